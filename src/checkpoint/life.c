// SPDX-License-Identifier: GPL-2.0
/*
 * Making a container from an image: what its tasks do themselves, between
 * being made and being parked.
 */
#include <linux/mm.h>
#include <linux/sched/mm.h>
#include <linux/sched/signal.h>
#include <linux/sched/task.h>
#include <linux/signal.h>

#include "checkpoint/checkpoint.h"
#include "checkpoint/freeze.h"
#include "checkpoint/restart.h"
#include "checkpoint/syscall.h"
#include "checkpoint/task.h"
#include "hook/hook.h"
#include "hook/symbols.h"

DEFINE_STATIC_CALL_NULL(ct_kernel_clone, kernel_clone);
DEFINE_STATIC_CALL_NULL(ct_do_exit, do_exit);

const struct ct_symbol ct_symbols_restart[] = {
	CT_SYMBOL(kernel_clone, ct_kernel_clone,
		  "pid_t (struct kernel_clone_args *)"),
	CT_SYMBOL(do_exit, ct_do_exit, "void (long)"),
	CT_SYMBOL(wait_task_inactive, ct_wait_task_inactive,
		  "unsigned long (struct task_struct *, unsigned int)"),
	CT_SYMBOL(change_pid, ct_change_pid,
		  "void (struct task_struct *, enum pid_type, struct pid *)"),
	{}
};

#define THREAD_FLAGS	(CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | \
			 CLONE_THREAD | CLONE_SYSVSEM)

static int live(void *arg);

static int make(struct ct_rtask *t, u64 flags, int exit_signal, bool numbered)
{
	struct ct_restart *r = t->r;
	struct kernel_clone_args args = {
		.flags = flags | CLONE_UNTRACED,
		.exit_signal = exit_signal,
		.set_tid = numbered ? &t->nr : NULL,
		.set_tid_size = numbered,
		.fn = live,
		.fn_arg = t,
	};
	pid_t pid;

	refcount_inc(&r->users);
	pid = static_call(ct_kernel_clone)(&args);
	if (pid > 0)
		return 0;
	/* It did not come to life, so it is not the last one. */
	refcount_dec(&r->users);
	if (fatal_signal_pending(current))
		return -EINTR;
	return ct_restart_fail(r, pid, "task %d cannot be made (error %d)",
			       t->nr, -pid);
}

/**
 * ct_life_begin - make process 1, which makes the others
 * @r: planned
 *
 * Context: may sleep; current becomes the parent.
 * Return: 0 or a negative errno with a sentence.
 */
int ct_life_begin(struct ct_restart *r)
{
	return make(r->root, 0, SIGCHLD, false);
}

static int make_threads(struct list_head *threads)
{
	struct ct_rtask *thread;
	int err;

	list_for_each_entry(thread, threads, thread) {
		err = make(thread, THREAD_FLAGS, 0, true);
		if (err)
			return err;
	}
	return 0;
}

/* Those who are to end at once do not tell; see ct_tree_zombies(). */
static int make_children(struct ct_rtask *t)
{
	struct ct_rtask *child;
	int err;

	list_for_each_entry(child, &t->children, sibling) {
		err = make(child, 0, child->rec ? child->prec->exit_signal : 0,
			   true);
		if (err)
			return err;
	}
	return 0;
}

/* Get rid of what the writer had. */
static int strip(struct ct_rtask *t)
{
	int err;

	/* What memory is mapped by; each thread gets its own later. */
	current->personality = PER_LINUX;
	err = ct_sys(close_range, 0, ~0U, 0);
	return err ?: vm_munmap(0, TASK_SIZE);
}

/* What its programs are told, before any of them can ask. */
static void count(struct ct_restart *r)
{
	struct ct_progress *p = &r->c->progress;
	const struct container_image_counts *counts;
	const struct ct_record *record;

	record = ct_in_find(&r->in, CONTAINER_IMAGE_COUNTS, 0);
	counts = record ? record->payload : NULL;
	p->checkpoints = counts ? counts->checkpoints : 1;
	p->restarts = (counts ? counts->restarts : 0) + 1;
}

/* Process 1 makes the container and enters it. */
static int found(struct ct_rtask *t)
{
	struct ct_restart *r = t->r;
	struct ct_request req = {
		.number = t->nr,
		.keep = r->header->flags & CONTAINER_IMAGE_KEEP,
		.no_reaper = r->header->flags & CONTAINER_IMAGE_NO_REAPER,
	};
	char why[CT_WHY_MAX] = "";
	int err;

	strscpy(req.name, r->name, sizeof(req.name));
	err = ct_container_create_in(r->place, &req, why);
	if (err)
		return ct_restart_fail(r, err, "%s", why[0] ? why :
				       "the container cannot be made");
	r->c = ct_current_container();
	refcount_inc(&r->c->space.users);
	count(r);
	/* No checkpoint before it runs. */
	WRITE_ONCE(r->c->progress.busy, true);
	return 0;
}

/* The writer's; it is not mapped here. */
static void forget_rseq(void)
{
#ifdef CONFIG_RSEQ
	current->rseq = NULL;
	current->rseq_event_mask = 0;
#endif
}

/* All signals are blocked from the beginning, as they are in the writer. */
static int be_born(struct ct_rtask *t)
{
	int err = 0;

	forget_rseq();
	if (t == t->r->root)
		err = strip(t) ?: found(t) ?: make_threads(&t->r->stand_ins);
	if (!err && t->rec && t->process == t)
		err = make_threads(&t->threads) ?: make_children(t);
	if (err)
		return err;
	atomic_inc(&t->r->nr_here);
	wake_up_all(&t->r->arrival);
	return 0;
}

/* In the first thread; the others wait for its lock. */
static int restore_process(struct ct_rtask *t)
{
	int err = 0;

	if (t == t->r->root) {
		err = ct_scratch_map(t) ?: ct_restore_objects(t);
		ct_scratch_unmap(t);
		if (!err)
			ct_restart_phase(t->r, CT_PHASE_SELVES);
	}
	err = err ?: ct_restart_await(t->r, CT_PHASE_SELVES);
	err = err ?: ct_restore_mm(t);
	err = err ?: ct_scratch_map(t);
	err = err ?: ct_restore_files(t);
	err = err ?: ct_restore_fs(t);
	err = err ?: ct_restore_process_signals(t);
	err = err ?: ct_restore_timers(t);
	return err ?: ct_restore_process(t);
}

/* Threads one after the other: they share the scratch page. */
static int restore_thread(struct ct_rtask *t)
{
	int err = 0;

	if (t->process != t && mutex_lock_killable(&t->process->lock))
		return -EINTR;
	err = t->r->err ?: ct_restore_thread_signals(t);
	if (!err && !--t->process->left)
		ct_scratch_unmap(t);
	/* With the credentials goes the right to do all that. */
	err = err ?: ct_restore_thread(t);
	if (t->process != t)
		mutex_unlock(&t->process->lock);
	return err;
}

static int restore_self(struct ct_rtask *t)
{
	int err = ct_restart_await(t->r, CT_PHASE_OBJECTS);

	if (err)
		return err;
	if (t->process == t)
		err = restore_process(t);
	err = err ?: restore_thread(t);
	return err ?: ct_park_current(t->r->frozen);
}

/* One that has ended is whose it was; a stand-in is nobody's. */
static int end_well(struct ct_rtask *t)
{
	int err = ct_restart_await(t->r, CT_PHASE_OBJECTS);

	return err || !t->prec ? err : ct_restore_remains(t);
}

/* Return: false: it has no life in front of it, and is to end in peace. */
static bool live_on(struct ct_rtask *t)
{
	int err;

	get_task_struct(current);
	/* Pairs with nothing: the writer looks after nr_here has been counted. */
	WRITE_ONCE(t->task, current);
	if (t->process == t)
		mutex_lock(&t->lock);
	err = be_born(t);
	if (t->rec)
		err = err ?: restore_self(t);
	else
		err = err ?: end_well(t);
	if (t->process == t)
		mutex_unlock(&t->lock);
	if (err) {
		ct_restart_fail(t->r, err, "task %d cannot be restored (error %d)",
				t->nr, -err);
		send_sig(SIGKILL, current, 1);
	}
	return err || t->rec;
}

/*
 * The whole life of a task of the image up to the point where it goes on, which
 * it does when this returns: to user space, and into its park on the way.
 */
static int live(void *arg)
{
	struct ct_rtask *t = arg;
	long code = t->prec ? t->prec->exit_code : 0;
	bool on;

	ct_hook_enter();
	on = live_on(t);
	ct_restart_put(t->r);
	ct_hook_leave();
	if (!on)
		static_call(ct_do_exit)(code);
	return 0;
}
