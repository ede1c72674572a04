// SPDX-License-Identifier: GPL-2.0
/*
 * The tree of processes of an image: what is to be made, checked before anything
 * is; and, once all are there, their groups and sessions.
 */
#include <linux/pid.h>
#include <linux/sched/signal.h>
#include <linux/sched/task.h>
#include <linux/slab.h>
#include <linux/tty.h>

#include "checkpoint/checkpoint.h"
#include "checkpoint/in.h"
#include "checkpoint/restart.h"
#include "checkpoint/signal.h"
#include "hook/symbols.h"
#include "pidspace/move.h"

DEFINE_STATIC_CALL_NULL(ct_change_pid, change_pid);

static struct ct_rtask *add_task(struct ct_restart *r, pid_t nr)
{
	struct ct_rtask *t;
	int err;

	if (nr < 1 || nr >= ct_pid_limit()) {
		err = ct_restart_fail(r, -EINVAL,
				      "%d is no number of a task here (kernel.pid_max)",
				      nr);
		return ERR_PTR(err);
	}
	if (xa_load(&r->tasks, nr)) {
		err = ct_restart_fail(r, -EINVAL,
				      "the image has several tasks %d", nr);
		return ERR_PTR(err);
	}
	t = kzalloc(sizeof(*t), GFP_KERNEL_ACCOUNT);
	if (!t)
		return ERR_PTR(-ENOMEM);
	t->r = r;
	t->nr = nr;
	t->process = t;
	mutex_init(&t->lock);
	INIT_LIST_HEAD(&t->children);
	INIT_LIST_HEAD(&t->threads);
	err = xa_err(xa_store(&r->tasks, nr, t, GFP_KERNEL_ACCOUNT));
	if (err) {
		kfree(t);
		return ERR_PTR(err);
	}
	return t;
}

static bool is_zombie(const struct ct_rtask *t)
{
	return t->prec && t->prec->flags & CONTAINER_IMAGE_ZOMBIE;
}

static int place(struct ct_restart *r, struct ct_rtask *t)
{
	struct ct_rtask *parent;

	if (!t->prec->parent) {
		if (r->root)
			return ct_restart_fail(r, -EINVAL,
					       "the processes %d and %d both have no parent",
					       r->root->nr, t->nr);
		if (is_zombie(t))
			return ct_restart_fail(r, -EINVAL,
					       "the first process has ended");
		r->root = t;
		return 0;
	}
	parent = xa_load(&r->tasks, t->prec->parent);
	if (!parent || !parent->prec || is_zombie(parent) || parent == t)
		return ct_restart_fail(r, -EINVAL,
				       "process %d has no parent %u before it",
				       t->nr, t->prec->parent);
	t->parent = parent;
	list_add_tail(&t->sibling, &parent->children);
	return 0;
}

static int plan_process(struct ct_restart *r, const struct ct_record *record)
{
	struct ct_rtask *t = add_task(r, record->rec.id);

	if (IS_ERR(t))
		return PTR_ERR(t);
	t->prec = record->payload;
	if (!valid_signal(t->prec->exit_signal))
		return ct_restart_fail(r, -EINVAL, "process %d has signal %u",
				       t->nr, t->prec->exit_signal);
	if (is_zombie(t)) {
		r->nr_zombies++;
		if (t->prec->threads || t->prec->mm)
			return ct_restart_fail(r, -EINVAL,
					       "process %d has ended, but has threads",
					       t->nr);
	}
	return place(r, t);
}

static int plan_thread(struct ct_restart *r, const struct ct_record *record)
{
	const struct container_image_thread *rec = record->payload;
	struct ct_rtask *process = xa_load(&r->tasks, rec->process), *t;

	if (!process || !process->prec || is_zombie(process))
		return ct_restart_fail(r, -EINVAL,
				       "thread %u has no process %u before it",
				       record->rec.id, rec->process);
	if (record->rec.id == rec->process) {
		if (process->rec)
			return ct_restart_fail(r, -EINVAL,
					       "the image has several threads %d",
					       process->nr);
		t = process;
	} else {
		t = add_task(r, record->rec.id);
		if (IS_ERR(t))
			return PTR_ERR(t);
		t->process = process;
		list_add_tail(&t->thread, &process->threads);
	}
	t->rec = record;
	process->left++;
	r->nr_tasks++;
	return 0;
}

/* A group or a session whose leader has gone: somebody has to lend the number. */
static int plan_stand_in(struct ct_restart *r, pid_t nr)
{
	struct ct_rtask *t;

	if (!nr || xa_load(&r->tasks, nr))
		return 0;
	t = add_task(r, nr);
	if (IS_ERR(t))
		return PTR_ERR(t);
	t->process = r->root;
	t->stand_in = true;
	list_add_tail(&t->thread, &r->stand_ins);
	r->nr_stand_ins++;
	return 0;
}

static int check_processes(struct ct_restart *r)
{
	struct ct_rtask *t;
	unsigned long i;
	int err = 0;

	if (!r->root)
		return ct_restart_fail(r, -EINVAL, "the image has no processes");
	xa_for_each(&r->tasks, i, t) {
		if (!t->prec || is_zombie(t))
			continue;
		if (!t->rec || t->left != t->prec->threads)
			return ct_restart_fail(r, -EINVAL,
					       "threads of process %d are missing",
					       t->nr);
	}
	xa_for_each(&r->tasks, i, t) {
		if (t->prec)
			err = plan_stand_in(r, t->prec->pgrp) ?:
			      plan_stand_in(r, t->prec->session);
		if (err)
			return err;
	}
	return 0;
}

/**
 * ct_tree_plan - find out from the image which tasks there are to be
 * @r: the restart; has all records
 *
 * Return: 0; -EINVAL with a sentence; -ENOMEM.
 */
int ct_tree_plan(struct ct_restart *r)
{
	const struct ct_record *record;
	int err = 0;

	ct_in_for_each(&r->in, record) {
		if (record->rec.type == CONTAINER_IMAGE_PROCESS)
			err = plan_process(r, record);
		else if (record->rec.type == CONTAINER_IMAGE_THREAD)
			err = plan_thread(r, record);
		if (err)
			return err;
	}
	return check_processes(r);
}

/**
 * ct_tree_free - forget the tasks
 * @r: the restart; nobody uses them any more
 */
void ct_tree_free(struct ct_restart *r)
{
	struct ct_rtask *t;
	unsigned long i;

	xa_for_each(&r->tasks, i, t) {
		if (t->task)
			put_task_struct(t->task);
		kfree(t);
	}
	xa_destroy(&r->tasks);
}

/* -- groups and sessions -- */

/* tasklist_lock is held for writing. The struct pid's tasks keep it. */
static void put_into_group(struct ct_restart *r, struct task_struct *task,
			   enum pid_type type, pid_t nr)
{
	struct pid *pid = nr ? find_pid_ns(nr, r->c->space.token) : NULL;

	if (pid && task->signal->pids[type] != pid)
		static_call(ct_change_pid)(task, type, pid);
}

/*
 * Those who have a session of their own do not have the writer's terminal. It
 * is returned, to be put without the lock.
 */
static struct tty_struct *put_into_groups(struct ct_restart *r, struct ct_rtask *t)
{
	struct signal_struct *signal = t->task->signal;
	struct tty_struct *tty = NULL;

	put_into_group(r, t->task, PIDTYPE_SID, t->prec->session);
	put_into_group(r, t->task, PIDTYPE_PGID, t->prec->pgrp);
	if (t->prec->session) {
		spin_lock(&ct_sighand(t->task)->siglock);
		signal->leader = !!(t->prec->flags & CONTAINER_IMAGE_LEADER);
		tty = signal->tty;
		signal->tty = NULL;
		spin_unlock(&ct_sighand(t->task)->siglock);
	}
	return tty;
}

/**
 * ct_tree_groups - put all into their groups and sessions
 * @r: all of its tasks are there, and wait
 *
 * Context: may sleep.
 * Return: 0; -ESRCH: one was killed.
 */
int ct_tree_groups(struct ct_restart *r)
{
	struct tty_struct *tty;
	struct ct_rtask *t;
	unsigned long i;
	int err = 0;

	xa_for_each(&r->tasks, i, t) {
		if (!t->prec)
			continue;
		tty = NULL;
		ct_tasklist_write_lock();
		if (t->task->exit_state)
			err = -ESRCH;
		else
			tty = put_into_groups(r, t);
		ct_tasklist_write_unlock();
		tty_kref_put(tty);
		if (err)
			return ct_restart_fail(r, err,
					       "process %d was killed", t->nr);
		cond_resched();
	}
	return 0;
}

/**
 * ct_tree_settled - have those ended who were to end?
 * @r: the restart; CT_PHASE_OBJECTS at least
 *
 * Return: true when zombies are that, and stand-ins are no more.
 */
bool ct_tree_settled(struct ct_restart *r)
{
	struct ct_rtask *t;
	unsigned long i;

	xa_for_each(&r->tasks, i, t)
		if ((is_zombie(t) || t->stand_in) &&
		    !READ_ONCE(t->task->exit_state))
			return false;
	return true;
}

/**
 * ct_tree_zombies - let their parents wait for those who have ended
 * @r: the restart; ct_tree_settled()
 *
 * They have not told their parents: those have been told long ago.
 *
 * Context: may sleep.
 */
void ct_tree_zombies(struct ct_restart *r)
{
	struct ct_rtask *t;
	unsigned long i;

	if (!r->nr_zombies)
		return;
	ct_tasklist_write_lock();
	xa_for_each(&r->tasks, i, t)
		if (is_zombie(t))
			t->task->exit_signal = t->prec->exit_signal;
	ct_tasklist_write_unlock();
}
