// SPDX-License-Identifier: GPL-2.0
/* Ways out of a container that the translation of numbers does not close. */
#include <linux/sched.h>
#include <linux/sched/signal.h>

#include "pidspace/isolation.h"
#include "pidspace/space.h"

static bool is_alive(struct task_struct *task)
{
	struct task_struct *t;

	for_each_thread(task, t)
		if (!(t->flags & PF_EXITING))
			return true;
	return false;
}

/* tasklist_lock is held, but not exported to say so. */
static struct task_struct *parent_of(struct task_struct *task)
{
	return rcu_dereference_protected(task->real_parent, true);
}

/**
 * ct_keep_orphans - see to it that no subreaper outside gets what is inside
 * @father: a contained task in do_exit(), which asks for the reaper
 * @token: of the container whose reaper it gets
 *
 * The kernel walks up from the father to the nearest subreaper and stops where
 * the level of pid namespaces changes, which at a container's wall it does not.
 * What is marked here is the father, who has only this left to do: without the
 * mark there is no walk, and process 1 is the reaper. A mark at the time of
 * entering would not do, because someone outside may become a subreaper later,
 * and process 1 may say that it is none.
 *
 * Context: tasklist_lock held for writing, RCU read-side section.
 */
void ct_keep_orphans(struct task_struct *father,
		     const struct pid_namespace *token)
{
	struct task_struct *reaper;

	/* Another thread is the reaper; and the flags are its to change. */
	if (!father->signal->has_child_subreaper || is_alive(father))
		return;
	for (reaper = parent_of(father); ct_pid_sees(token, task_pid(reaper));
	     reaper = parent_of(reaper))
		if (reaper->signal->is_child_subreaper && is_alive(reaper))
			return;
	father->signal->has_child_subreaper = 0;
}

/**
 * ct_shares_handlers - has a process its signal handlers in common with another?
 * @task: of the process: current, or one that cannot exit meanwhile
 *
 * clone(CLONE_NEWPID) does not go with CLONE_SIGHAND, and a container does not
 * either: its process 1 ignores SIGCHLD when it ends, which would become the
 * handler of a process outside.
 *
 * Context: any but NMI.
 * Return: true if so.
 */
bool ct_shares_handlers(struct task_struct *task)
{
	struct sighand_struct *sighand;
	struct task_struct *p;
	bool shared = false;

	rcu_read_lock();
	sighand = rcu_dereference(task->sighand);
	/* A thread on its way out counts there for longer than here. */
	if (!sighand ||
	    refcount_read(&sighand->count) <= get_nr_threads(task))
		goto out;
	for_each_process(p) {
		if (!same_thread_group(p, task) &&
		    rcu_access_pointer(p->sighand) == sighand) {
			shared = true;
			break;
		}
	}
out:
	rcu_read_unlock();
	return shared;
}
