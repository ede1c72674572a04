// SPDX-License-Identifier: GPL-2.0
/*
 * A checkpoint: look for what is in the way, hold the tasks still, save what
 * there is to be known of them, make copies of their memory that are copied on
 * write, let them go, and then be read at leisure.
 */
#include <linux/math64.h>
#include <linux/seq_file.h>
#include <linux/slab.h>
#include <linux/timekeeping.h>
#include <linux/utsname.h>
#include <asm/fpu/xcr.h>

#include "checkpoint/blockers.h"
#include "checkpoint/checkpoint.h"
#include "checkpoint/emit.h"
#include "checkpoint/files.h"
#include "checkpoint/freeze.h"
#include "checkpoint/notice.h"
#include "checkpoint/oom.h"
#include "checkpoint/out.h"
#include "checkpoint/progress.h"
#include "checkpoint/save.h"

/* How often to look for what is in the way, until there is nothing. */
#define LOOKS		5
#define LOOKS_FROZEN	3

/* Why there is no image when the machine was out of memory (oom.c). */
#define GIVEN_UP							\
	"the machine, or a control group, was out of memory, and what has changed since had to be kept twice: read the image faster, or use the option stop"

/* Leaf of CPUID about the extended state. */
#define CPUID_XSTATE	0xd

/* For ct_progress.error. */
static DEFINE_MUTEX(error_mutex);

static void object_table_init(struct ct_objects *objects)
{
	xa_init(&objects->ids);
	objects->next = 1;
}

/**
 * ct_object_id - the id of something that tasks may share
 * @objects: of its sort
 * @object: its address; aligned like a pointer
 * @id: set
 *
 * Return: 1 if it is new, and has to be saved; 0 if it is there already; -ENOMEM.
 */
int ct_object_id(struct ct_objects *objects, const void *object, u32 *id)
{
	unsigned long index = (unsigned long)object / sizeof(void *);
	void *entry = xa_load(&objects->ids, index);
	int err;

	if (entry) {
		*id = xa_to_value(entry);
		return 0;
	}
	err = xa_err(xa_store(&objects->ids, index, xa_mk_value(objects->next),
			      GFP_KERNEL_ACCOUNT));
	if (err)
		return err;
	*id = objects->next++;
	return 1;
}

static struct ct_save *save_alloc(struct ct_container *c)
{
	struct ct_save *s = kvzalloc(sizeof(*s), GFP_KERNEL_ACCOUNT);

	if (!s)
		return NULL;
	refcount_inc(&c->space.users);
	s->c = c;
	ct_out_init(&s->out);
	ct_blockers_init(&s->blockers);
	object_table_init(&s->mms);
	object_table_init(&s->families);
	object_table_init(&s->files);
	object_table_init(&s->tables);
	object_table_init(&s->fss);
	object_table_init(&s->sighands);
	object_table_init(&s->pipes);
	object_table_init(&s->inodes);
	INIT_LIST_HEAD(&s->snapshots);
	INIT_LIST_HEAD(&s->open);
	return s;
}

static void save_free(struct ct_save *s)
{
	ct_memory_release(s);
	ct_save_leaks_release(s);
	ct_emit_free(&s->emit);
	ct_out_free(&s->out);
	ct_blockers_free(&s->blockers);
	xa_destroy(&s->mms.ids);
	xa_destroy(&s->families.ids);
	xa_destroy(&s->files.ids);
	xa_destroy(&s->tables.ids);
	xa_destroy(&s->fss.ids);
	xa_destroy(&s->sighands.ids);
	xa_destroy(&s->pipes.ids);
	xa_destroy(&s->inodes.ids);
	if (s->tasks)
		ct_frozen_put(s->tasks);
	ct_container_put(s->c);
	kvfree(s);
}

static int save_header(struct ct_save *s)
{
	struct container_image_header *h;
	u32 eax, ebx = 0, ecx, edx;

	h = ct_out_record(&s->out, CONTAINER_IMAGE_HEADER, 0, sizeof(*h));
	if (!h)
		return -ENOMEM;
	h->version = CONTAINER_IMAGE_VERSION;
	h->page_size = PAGE_SIZE;
	if (boot_cpu_has(X86_FEATURE_XSAVE)) {
		h->xfeatures = xgetbv(XCR_XFEATURE_ENABLED_MASK);
		cpuid_count(CPUID_XSTATE, 0, &eax, &ebx, &ecx, &edx);
		h->xsize = ebx;
	}
	h->flags = (s->c->keep ? CONTAINER_IMAGE_KEEP : 0) |
		   (s->c->no_reaper ? CONTAINER_IMAGE_NO_REAPER : 0);
	h->realtime = s->now_real;
	h->monotonic = s->now_mono;
	h->boottime = s->now_boot;
	strscpy(h->name, s->c->name, sizeof(h->name));
	strscpy(h->release, init_utsname()->release, sizeof(h->release));
	return 0;
}

/* What makes a tree of processes that a restart could not build. */
static int check_place(struct ct_save *s, struct task_struct *leader)
{
	struct ct_space *space = NULL;
	struct task_struct *parent;
	bool outside = false;

	rcu_read_lock();
	parent = ct_save_parent(leader);
	if (parent) {
		space = ct_pid_space(task_pid(leader));
		outside = !ct_pid_sees(s->c->space.token, task_tgid(parent));
	}
	rcu_read_unlock();
	if (space && space != &s->c->space)
		return ct_block(s, "-", "container", "it is in a container inside",
				"end that one, or take its checkpoint");
	if (outside && leader != s->root)
		return ct_block(s, "-", "parent",
				"its parent is outside of the container",
				"end it, or start it from inside");
	return 0;
}

static int save_process(struct ct_save *s, struct task_struct *leader, bool gone)
{
	int err;

	s->pid = ct_save_nr(s, task_tgid(leader));
	err = check_place(s, leader);
	if (!err && gone && !thread_group_empty(leader))
		return ct_block(s, "-", "thread",
				"its first thread has ended before the others", "-");
	if (!err)
		err = ct_save_process(s, leader);
	if (err || gone)
		return err;
	err = ct_save_process_signals(s, leader);
	return err ?: ct_save_timers(s, leader);
}

static int save_thread(struct ct_save *s, struct task_struct *task)
{
	int err = ct_save_thread(s, task);

	err = err ?: ct_save_cpu(s, task);
	return err ?: ct_save_thread_signals(s, task);
}

/* The tasks one after the other; those that run may be gone meanwhile. */
static int save_tasks(struct ct_save *s)
{
	unsigned int n = ct_frozen_count(s->tasks), i;
	struct task_struct *task;
	enum ct_still how;
	int err = 0;

	if (n)
		s->root = ct_frozen_task(s->tasks, 0, NULL);
	for (i = 0; i < n && !err; i++) {
		task = ct_frozen_task(s->tasks, i, &how);
		if (thread_group_leader(task))
			err = save_process(s, task, how == CT_GONE);
		if (!err && how != CT_GONE)
			err = save_thread(s, task);
		cond_resched();
		if (fatal_signal_pending(current))
			err = -EINTR;
	}
	return err ?: ct_save_leaks(s);
}

static void take_time(struct ct_save *s)
{
	s->now_mono = ktime_get_ns();
	s->now_boot = ktime_get_boottime_ns();
	s->now_real = ktime_get_real_ns();
}

/* What those will read who come back from this image, but for the restart. */
static int save_counts(struct ct_save *s)
{
	const struct ct_progress *p = &s->c->progress;
	struct container_image_counts *counts;

	counts = ct_out_optional(&s->out, CONTAINER_IMAGE_COUNTS, 0,
				 sizeof(*counts));
	if (!counts)
		return -ENOMEM;
	counts->checkpoints = p->checkpoints + 1;
	counts->restarts = p->restarts;
	return 0;
}

static int save_next(struct ct_save *s)
{
	struct container_image_next *next;

	next = ct_out_record(&s->out, CONTAINER_IMAGE_NEXT, 0, sizeof(*next));
	if (!next)
		return -ENOMEM;
	next->number = ct_space_next(&s->c->space);
	return 0;
}

static int save_all(struct ct_save *s)
{
	int err;

	take_time(s);
	err = save_header(s) ?: ct_total_begin(s) ?: save_counts(s) ?:
	      save_next(s);
	return err ?: save_tasks(s);
}

static int look(struct ct_container *c, unsigned int flags, struct ct_save **save)
{
	struct ct_save *s = save_alloc(c);
	int err;

	if (!s)
		return -ENOMEM;
	s->flags = flags;
	err = ct_frozen_look(&c->space, &s->tasks) ?: save_all(s);
	ct_out_free(&s->out);
	/* What was closed while we had it is not to seem shared with us. */
	ct_close_now();
	if (err)
		save_free(s);
	else
		*save = s;
	return err;
}

/*
 * Is nothing in the way but what seems to be shared with others outside? Of tasks
 * that run that is not sure: one that has just been made is not known to us yet.
 */
static bool only_leaks(const struct ct_save *s)
{
	return s->leaks && s->leaks == s->blockers.count;
}

/*
 * Several times: what is shared is not sure, and much else lasts for a moment only,
 * as where processes are made, execute something, and end.
 */
static int look_again(struct ct_container *c, unsigned int flags,
		      struct ct_save **save)
{
	unsigned int tries = LOOKS;
	int err;

	for (;;) {
		err = look(c, flags, save);
		if (err || !(*save)->blockers.count || !--tries)
			return err;
		save_free(*save);
		schedule_timeout_killable(1);
	}
}

/**
 * ct_save_look - what would stand in the way of a checkpoint?
 * @c: the container; referenced
 * @save: set on success, for ct_save_show_blockers(); freed by ct_save_end()
 *
 * The tasks are looked at while they run.
 *
 * Context: may sleep.
 * Return: 0 or a negative errno.
 */
int ct_save_look(struct ct_container *c, struct ct_save **save)
{
	return look_again(c, 0, save);
}

/**
 * ct_save_show_blockers - a line for each thing that is in the way
 * @m: to here
 * @s: from ct_save_look()
 */
void ct_save_show_blockers(struct seq_file *m, const struct ct_save *s)
{
	ct_blockers_show(m, &s->blockers);
}

/* In the words that a person gets. */
static void set_error(struct ct_container *c, const char *why)
{
	char *text = why ? kstrdup(why, GFP_KERNEL_ACCOUNT) : NULL, *old;

	mutex_lock(&error_mutex);
	old = c->progress.error;
	c->progress.error = text;
	mutex_unlock(&error_mutex);
	kfree(old);
}

/* How many things are in the way? Without stopping anything. */
static int look_first(struct ct_container *c, unsigned int flags, char *why)
{
	struct ct_save *look;
	int err = look_again(c, flags | CT_SAVE_SOON, &look);

	if (err)
		return err;
	/* When all are frozen it is sure. */
	if (look->blockers.count && !only_leaks(look)) {
		snprintf(why, CT_WHY_MAX,
			 "there are %u things that cannot be saved; the file check lists them; the first: %s",
			 look->blockers.count,
			 list_first_entry(&look->blockers.list, struct ct_blocker,
					  list)->text);
		err = -EOPNOTSUPP;
	}
	save_free(look);
	return err;
}

static void thaw(struct ct_save *s)
{
	struct ct_progress *p = &s->c->progress;

	if (!s->frozen)
		return;
	ct_thaw(s->frozen);
	WRITE_ONCE(p->pause, ktime_get_ns() - s->frozen_at);
	s->frozen = NULL;
}

static int take_frozen(struct ct_save *s, char *why)
{
	int err = save_all(s);

	if (err)
		return err;
	if (only_leaks(s)) {
		snprintf(why, CT_WHY_MAX,
			 "%u things are shared with tasks outside; the file check lists them",
			 s->leaks);
		return -EOPNOTSUPP;
	}
	if (s->blockers.count) {
		snprintf(why, CT_WHY_MAX,
			 "something cannot be saved that was not there a moment ago: %s",
			 list_first_entry(&s->blockers.list, struct ct_blocker,
					  list)->text);
		return -EOPNOTSUPP;
	}
	err = ct_memory_snapshot(s);
	if (!err && !ct_frozen_still(s->frozen)) {
		snprintf(why, CT_WHY_MAX,
			 "a process was killed or continued meanwhile");
		err = -EAGAIN;
	}
	if (!err)
		ct_total_known(s);
	return err;
}

static int take(struct ct_save *s, unsigned int flags, char *why)
{
	int err = ct_emit_init(&s->emit) ?: look_first(s->c, flags, why);

	if (err)
		return err;
	s->frozen_at = ktime_get_ns();
	err = ct_freeze(&s->c->space, &s->tasks, why);
	if (err)
		return err;
	s->frozen = s->tasks;
	err = take_frozen(s, why);
	if (err || !(flags & (CT_SAVE_STOP | CT_SAVE_KILL)))
		thaw(s);
	return err;
}

/*
 * Whoever looks at a task's files holds them for a moment (/proc/PID/fd), so what
 * seems to be shared with others outside is looked at again.
 */
static int take_again(struct ct_container *c, unsigned int flags,
		      struct ct_save **save, char *why)
{
	unsigned int tries = LOOKS_FROZEN;
	struct ct_save *s;
	int err;

	for (;;) {
		s = save_alloc(c);
		if (!s)
			return -ENOMEM;
		s->flags = flags;
		err = take(s, flags, why);
		if (!err) {
			*save = s;
			return 0;
		}
		if (!only_leaks(s))
			tries = 1;
		save_free(s);
		if (!--tries)
			return err;
		schedule_timeout_killable(1);
	}
}

/**
 * ct_save_take - take a checkpoint
 * @c: the container; referenced
 * @flags: CT_SAVE_...
 * @save: set on success; ended by ct_save_end()
 *
 * Context: may sleep; current is not in the container.
 * Return: 0; -EBUSY there is one under way; -EOPNOTSUPP something cannot be
 * saved; -EAGAIN, -EINTR, -ESRCH, -ENOMEM. On failure the container goes on and
 * its status has a sentence.
 */
int ct_save_take(struct ct_container *c, unsigned int flags,
		 struct ct_save **save)
{
	struct ct_progress *p = &c->progress;
	char why[CT_WHY_MAX] = "";
	int err;

	if (xchg(&p->busy, true))
		return -EBUSY;
	p->started = ktime_get_ns();
	p->bytes = 0;
	p->pages = 0;
	p->total = 0;
	p->pause = 0;
	p->done = false;
	p->failed = false;
	err = take_again(c, flags, save, why);
	set_error(c, err ? why : NULL);
	WRITE_ONCE(p->taken, !err);
	if (err) {
		/* Pairs with the xchg() of the next one. */
		smp_store_release(&p->busy, false);
		return err;
	}
	ct_oom_add(*save);
	WRITE_ONCE(p->checkpoints, p->checkpoints + 1);
	ct_notice(p);
	return 0;
}

/* Has it been given up? Then the status says so from now on. One at a time. */
static bool given_up(struct ct_save *s)
{
	struct ct_progress *p = &s->c->progress;

	if (!ct_oom_given_up(s))
		return false;
	if (!p->failed) {
		set_error(s->c, GIVEN_UP);
		WRITE_ONCE(p->failed, true);
	}
	return true;
}

/* Of what is in the copies, unless they had to be given back. 0: that was all. */
static int next_of_memory(struct ct_save *s)
{
	int ret = ct_memory_next(s);

	if (ret ? !ct_oom_given_up(s) : ct_oom_done(s))
		return ret;
	/* There may be pages missing. */
	given_up(s);
	ct_emit_end(&s->emit);
	return -ENOMEM;
}

/* The next record: metadata, the border, memory, the end. 0: that was all. */
static int next_record(struct ct_save *s)
{
	struct ct_emit *e = &s->emit;
	struct ct_out_record *r = ct_out_take(&s->out);
	struct container_image_end *end = e->buffer;
	int ret;

	ct_emit_end(e);
	if (r) {
		ct_emit_record(e, r);
		return 1;
	}
	if (!s->in_memory) {
		s->in_memory = true;
		ct_emit_payload(e, CONTAINER_IMAGE_MEMORY, 0, 0);
		return 1;
	}
	if (s->at_end)
		return 0;
	ret = next_of_memory(s);
	if (!ret) {
		s->at_end = true;
		end->records = e->sequence;
		end->pages = s->pages;
		ct_emit_payload(e, CONTAINER_IMAGE_END, 0, sizeof(*end));
		ret = 1;
	}
	return ret;
}

/* That much has been read; @end: and there was no more. */
static void note_read(struct ct_save *s, size_t done, bool end)
{
	struct ct_progress *p = &s->c->progress;

	WRITE_ONCE(p->bytes, p->bytes + done);
	WRITE_ONCE(p->pages, s->pages);
	WRITE_ONCE(p->total, ct_total(s));
	if (!done && end && !p->done) {
		WRITE_ONCE(p->duration, ktime_get_ns() - p->started);
		WRITE_ONCE(p->done, true);
	}
}

/**
 * ct_save_read - read the image
 * @s: the checkpoint
 * @ubuf: to here
 * @size: at most so much
 *
 * Context: may sleep; one at a time.
 * Return: how many bytes; 0 at the end; -EFAULT, -EINTR; -ENOMEM, also if the
 * checkpoint has been given up (oom.c); -EIO after ct_save_splice() has said so.
 */
ssize_t ct_save_read(struct ct_save *s, char __user *ubuf, size_t size)
{
	size_t done = 0;
	ssize_t n = 0;

	if (s->lost || given_up(s))
		return s->lost ? -EIO : -ENOMEM;
	while (done < size) {
		n = ct_emit_copy(&s->emit, ubuf + done, size - done);
		if (n > 0) {
			done += n;
			continue;
		}
		if (n < 0)
			break;
		n = fatal_signal_pending(current) ? -EINTR : next_record(s);
		if (n <= 0)
			break;
	}
	note_read(s, done, !n && size);
	return done ?: n;
}

/* The end comes alone, so that who does not see what they move knows it. */
static int gather(struct ct_save *s, size_t size)
{
	size_t done = 0;
	ssize_t n;
	int ret;

	for (;;) {
		n = ct_emit_pipe_add(&s->emit, size - done);
		if (n < 0)
			return n;
		done += n;
		if (n)
			continue;
		if (ct_emit_part(&s->emit).length || (done && s->at_end))
			return 1;
		ret = fatal_signal_pending(current) ? -EINTR : next_record(s);
		if (ret <= 0 || (done && s->at_end))
			return ret;
	}
}

/**
 * ct_save_splice - give the image to a pipe
 * @s: the checkpoint
 * @pipe: to here; locked
 * @size: at most so much
 *
 * Pages of memory are not copied. The last record, %CONTAINER_IMAGE_END, is never
 * given along with what comes before it.
 *
 * Context: may sleep; one at a time, and with ct_save_read().
 * Return: how many bytes; 0 at the end; -EAGAIN, -EPIPE, -EINTR, -ENOMEM; -EIO the
 * pipe has lost something, and there is no more of the image.
 */
ssize_t ct_save_splice(struct ct_save *s, struct pipe_inode_info *pipe, size_t size)
{
	ssize_t n;
	int ret;

	if (s->lost || given_up(s))
		return s->lost ? -EIO : -ENOMEM;
	ret = ct_emit_pipe_begin(&s->emit, pipe);
	if (ret)
		return ret;
	ret = gather(s, size);
	n = ct_emit_pipe_end(&s->emit, pipe);
	s->lost = n < 0;
	if (n >= 0)
		note_read(s, n, !ret && size);
	return n ?: min(ret, 0);
}

/**
 * ct_save_end - the image is closed
 * @s: from ct_save_take() or ct_save_look(); freed
 *
 * Context: may sleep.
 */
void ct_save_end(struct ct_save *s)
{
	struct ct_progress *p = &s->c->progress;
	bool taken = !!s->frozen_at;

	ct_oom_remove(s);
	if (taken && p->done && (s->flags & CT_SAVE_KILL))
		ct_space_kill(&s->c->space, SIGKILL);
	thaw(s);
	if (taken) {
		given_up(s);
		if (!p->done)
			WRITE_ONCE(p->duration, ktime_get_ns() - p->started);
		/* Nobody takes the next one before this. */
		smp_store_release(&p->busy, false);
	}
	save_free(s);
}

/**
 * ct_progress_show - lines for a container's status
 * @m: to here
 * @p: the container's
 */
void ct_progress_show(struct seq_file *m, struct ct_progress *p)
{
	const char *state = READ_ONCE(p->busy) ? "running" :
			    READ_ONCE(p->done) ? "complete" :
			    READ_ONCE(p->taken) ? "incomplete" : "-";
	u64 duration = READ_ONCE(p->busy) ? ktime_get_ns() - p->started :
					    READ_ONCE(p->duration);
	bool failed;

	mutex_lock(&error_mutex);
	failed = p->error && (!p->busy || READ_ONCE(p->failed));
	if (failed)
		state = "failed";
	seq_printf(m, "checkpoint:\t%s\n", state);
	if (failed) {
		seq_puts(m, "checkpoint-error:\t");
		/* The name of a thread in it can have anything in it. */
		seq_escape(m, p->error, CT_CONTROLS);
		seq_putc(m, '\n');
	}
	mutex_unlock(&error_mutex);
	if (!READ_ONCE(p->taken))
		return;
	seq_printf(m, "checkpoint-pause-us:\t%llu\n",
		   div_u64(READ_ONCE(p->pause), NSEC_PER_USEC));
	seq_printf(m, "checkpoint-duration-us:\t%llu\n",
		   div_u64(duration, NSEC_PER_USEC));
	seq_printf(m, "checkpoint-bytes:\t%llu\n", READ_ONCE(p->bytes));
	seq_printf(m, "checkpoint-total:\t%llu\n", READ_ONCE(p->total));
	seq_printf(m, "checkpoint-pages:\t%llu\n", READ_ONCE(p->pages));
}
