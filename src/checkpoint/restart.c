// SPDX-License-Identifier: GPL-2.0
/*
 * Making a container from an image: the writer's side.
 *
 * The writer makes process 1, which makes all others (life.c).  They wait for
 * each other where one needs what another has made; at the end they are parked
 * like those of a checkpoint, and start together.
 */
#include <linux/cred.h>
#include <linux/module.h>
#include <linux/pid.h>
#include <linux/sched/signal.h>
#include <linux/sched/task.h>
#include <linux/signal.h>
#include <linux/slab.h>
#include <linux/timekeeping.h>
#include <linux/wait.h>
#include <uapi/linux/wait.h>

#include "checkpoint/checkpoint.h"
#include "checkpoint/freeze.h"
#include "checkpoint/in.h"
#include "checkpoint/restart.h"
#include "hook/symbols.h"

DEFINE_STATIC_CALL_NULL(ct_wait_task_inactive, wait_task_inactive);

/**
 * ct_restart_alloc - a restart without an image
 *
 * Return: with a reference for ct_restart_put(); NULL without memory.
 */
struct ct_restart *ct_restart_alloc(void)
{
	struct ct_restart *r = kzalloc(sizeof(*r), GFP_KERNEL_ACCOUNT);

	if (!r)
		return NULL;
	refcount_set(&r->users, 1);
	xa_init(&r->tasks);
	xa_init(&r->files);
	ct_families_init(&r->families);
	INIT_LIST_HEAD(&r->stand_ins);
	spin_lock_init(&r->lock);
	init_waitqueue_head(&r->wait);
	init_waitqueue_head(&r->arrival);
	r->cred = get_current_cred();
	r->frozen = ct_frozen_alloc();
	/* Its tasks run our code before there is a container that holds us. */
	__module_get(THIS_MODULE);
	if (!r->frozen || ct_in_init(&r->in)) {
		ct_restart_put(r);
		return NULL;
	}
	return r;
}

/**
 * ct_restart_put - drop a reference
 * @r: may be freed by this
 *
 * Context: may sleep; in a hook's section (ct_hook_enter()) or where the module
 * is held otherwise.
 */
void ct_restart_put(struct ct_restart *r)
{
	if (!refcount_dec_and_test(&r->users))
		return;
	ct_outside_end(r);
	ct_restore_free_objects(r);
	ct_families_release(&r->families);
	ct_tree_free(r);
	ct_in_free(&r->in);
	if (r->frozen)
		ct_frozen_put(r->frozen);
	if (r->c)
		ct_container_put(r->c);
	if (r->place)
		ct_container_put(r->place);
	put_cred(r->cred);
	kfree(r);
	module_put(THIS_MODULE);
}

/**
 * ct_restart_fail - the restart fails
 * @r: the restart
 * @err: why
 * @fmt: a sentence about it; the first one counts
 *
 * Context: any but NMI.
 * Return: @err.
 */
int ct_restart_fail(struct ct_restart *r, int err, const char *fmt, ...)
{
	va_list ap;

	spin_lock(&r->lock);
	if (!r->err) {
		va_start(ap, fmt);
		vsnprintf(r->why, sizeof(r->why), fmt, ap);
		va_end(ap);
		/* Pairs with has_failed(). */
		smp_store_release(&r->err, err);
	}
	spin_unlock(&r->lock);
	wake_up_all(&r->wait);
	wake_up_all(&r->arrival);
	ct_frozen_break(r->frozen);
	return err;
}

/**
 * ct_restart_phase - let all go on
 * @r: the restart
 * @phase: so far
 */
void ct_restart_phase(struct ct_restart *r, enum ct_phase phase)
{
	/* Pairs with has_come_to(). */
	smp_store_release(&r->phase, phase);
	wake_up_all(&r->wait);
}

static bool has_failed(const struct ct_restart *r)
{
	/* Pairs with ct_restart_fail(). */
	return smp_load_acquire(&r->err);
}

static bool has_come_to(const struct ct_restart *r, enum ct_phase phase)
{
	/* Pairs with ct_restart_phase(). */
	return smp_load_acquire(&r->phase) >= phase;
}

/**
 * ct_restart_await - wait until one may go on
 * @r: the restart
 * @phase: so far
 *
 * Context: may sleep; in a task of the restart.
 * Return: 0; -EINTR when current is killed; the error of the restart.
 */
int ct_restart_await(struct ct_restart *r, enum ct_phase phase)
{
	if (wait_event_killable(r->wait, has_come_to(r, phase) || has_failed(r)))
		return -EINTR;
	return r->err;
}

/* Until everyone has come to life. */
static int await_births(struct ct_restart *r)
{
	unsigned int all = r->nr_tasks + r->nr_zombies + r->nr_stand_ins;

	if (wait_event_killable(r->arrival, atomic_read(&r->nr_here) == all || has_failed(r)))
		return -EINTR;
	return r->err;
}

/* Until those have ended who were to. */
static int await_deaths(struct ct_restart *r)
{
	while (!ct_tree_settled(r)) {
		if (has_failed(r))
			return r->err;
		if (schedule_timeout_killable(1) && fatal_signal_pending(current))
			return -EINTR;
	}
	ct_tree_zombies(r);
	return 0;
}

static int await_parked(struct ct_restart *r)
{
	int err = ct_frozen_wait(r->frozen, r->nr_tasks);

	if (err == -ESRCH && !r->err)
		return ct_restart_fail(r, err, "a process was killed");
	return r->err ?: err;
}

static int restore_cpus(struct ct_restart *r)
{
	struct ct_rtask *t;
	unsigned long i;
	int err;

	xa_for_each(&r->tasks, i, t) {
		if (!t->rec)
			continue;
		err = ct_restore_cpu(t);
		if (err)
			return ct_restart_fail(r, err,
					       "the registers of thread %d cannot be set",
					       t->nr);
	}
	return 0;
}

static int build(struct ct_restart *r)
{
	int err = ct_life_begin(r);

	err = err ?: await_births(r);
	err = err ?: ct_tree_groups(r);
	if (!err)
		ct_restart_phase(r, CT_PHASE_OBJECTS);
	err = err ?: await_deaths(r);
	err = err ?: await_parked(r);
	return err ?: restore_cpus(r);
}

static int check_header(struct ct_restart *r)
{
	const struct ct_record *record;

	record = ct_in_find(&r->in, CONTAINER_IMAGE_HEADER, 0);
	if (!record)
		return ct_restart_fail(r, -EINVAL, "the image has no header");
	r->header = record->payload;
	if (r->header->page_size != PAGE_SIZE)
		return ct_restart_fail(r, -EINVAL, "the image has pages of %u bytes",
				       r->header->page_size);
	if (!r->name[0])
		strscpy(r->name, r->header->name, sizeof(r->name));
	if (!ct_name_ok(r->name, strlen(r->name)))
		return ct_restart_fail(r, -EINVAL,
				       "the image's container has no good name");
	r->delta_mono = ktime_get_ns() - r->header->monotonic;
	r->delta_boot = ktime_get_boottime_ns() - r->header->boottime;
	return 0;
}

/* What the tasks would inherit, and could not get rid of. */
static int check_writer(struct ct_restart *r)
{
	if (test_thread_flag(TIF_ADDR32))
		return ct_restart_fail(r, -EOPNOTSUPP,
				       "the image is written by a 32-bit program");
	if (current->seccomp.mode)
		return ct_restart_fail(r, -EPERM,
				       "the image is written by a program under seccomp");
	return 0;
}

/**
 * ct_restart_build - make all tasks of an image
 * @r: the restart; has all records but memory
 *
 * They are parked afterwards, with everything but what is in their memory.
 *
 * Context: may sleep; they become children of current's process.
 * Return: 0, or a negative errno with a sentence in @r->why.
 */
int ct_restart_build(struct ct_restart *r)
{
	sigset_t all, old;
	int err;

	err = check_writer(r) ?: check_header(r) ?: ct_tree_plan(r);
	if (err)
		return err;
	/* copy_process() gives way to signals; ours have to wait. */
	sigfillset(&all);
	/* Unlike sigprocmask(2), the function below takes what it gets. */
	sigdelset(&all, SIGKILL);
	sigprocmask(SIG_SETMASK, &all, &old);
	ct_outside_begin(r);
	err = build(r);
	if (!err)
		ct_outside_end(r);
	sigprocmask(SIG_SETMASK, &old, NULL);
	return err;
}

/* What begins to count now. */
static int start(struct ct_rtask *t)
{
	int err = 0;

	if (t->process == t) {
		ct_restore_mm_end(t);
		err = ct_restore_start(t);
	}
	if (err)
		return ct_restart_fail(t->r, err,
				       "the timers of process %d cannot be set",
				       t->nr);
	err = ct_restore_resume(t);
	if (err)
		return ct_restart_fail(t->r, err,
				       "thread %d cannot go on with its system call",
				       t->nr);
	return 0;
}

/* No number that programs remember is somebody else's before it would have been. */
static void set_next(struct ct_restart *r)
{
	const struct ct_record *record;
	const struct container_image_next *next;

	record = ct_in_find(&r->in, CONTAINER_IMAGE_NEXT, 0);
	next = record ? record->payload : NULL;
	if (next && next->number && next->number < ct_pid_limit())
		ct_space_set_next(&r->c->space, next->number);
	else
		ct_space_skip_used(&r->c->space);
}

/**
 * ct_restart_go - let all tasks run
 * @r: built, and all of its memory is there
 *
 * Context: may sleep.
 * Return: 0, or a negative errno with a sentence; then they wait still.
 */
int ct_restart_go(struct ct_restart *r)
{
	struct ct_rtask *t;
	unsigned long i;
	int err;

	r->delta_mono = ktime_get_ns() - r->header->monotonic;
	r->delta_boot = ktime_get_boottime_ns() - r->header->boottime;
	xa_for_each(&r->tasks, i, t) {
		err = t->rec ? start(t) : 0;
		if (err)
			return err;
	}
	err = ct_restore_start_timerfds(r);
	if (err)
		return ct_restart_fail(r, err, "the timerfds cannot be set");
	/* Whoever closes a file from now on is the last to have it. */
	ct_restore_free_objects(r);
	set_next(r);
	if (ct_thaw_stopping(r->frozen))
		return ct_restart_fail(r, -EINTR, "the restart was interrupted");
	/* Pairs with the xchg() of the next checkpoint, in ct_save_take(). */
	smp_store_release(&r->c->progress.busy, false);
	ct_thaw(r->frozen);
	return 0;
}

/**
 * ct_restart_abort - nothing is to be left
 * @r: the restart, at any point before it has been let go
 *
 * Context: may sleep.
 */
void ct_restart_abort(struct ct_restart *r)
{
	pid_t nr;

	ct_restart_fail(r, -EINTR, "the restart was interrupted");
	if (!r->root || !r->root->task)
		return;
	if (r->c)
		ct_space_kill(&r->c->space, SIGKILL);
	send_sig(SIGKILL, r->root->task, 1);
	/*
	 * It has been told, and is our child. Somebody may have waited for it already,
	 * and 0 would be any child of our group.
	 */
	nr = task_pid_vnr(r->root->task);
	if (nr)
		static_call(ct_kernel_wait4)(nr, NULL, __WALL, NULL);
}

/**
 * ct_restart_mm_owner - who has a memory
 * @r: the restart; all are parked
 * @mm_id: id of the memory
 *
 * Return: the first thread of a process that has it; NULL if there is none.
 */
struct ct_rtask *ct_restart_mm_owner(struct ct_restart *r, u32 mm_id)
{
	struct ct_rtask *t;
	unsigned long i;

	if (r->mm_owner && r->mm_owner->prec->mm == mm_id)
		return r->mm_owner;
	xa_for_each(&r->tasks, i, t)
		if (t->prec && t->rec && t->prec->mm == mm_id)
			return r->mm_owner = t;
	return NULL;
}
