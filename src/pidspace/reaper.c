// SPDX-License-Identifier: GPL-2.0
/*
 * Who gets the orphans, and what reboot(2) does: the two things for which the
 * kernel follows a namespace's child_reaper.
 */
#include <linux/init_task.h>
#include <linux/sched/signal.h>
#include <uapi/linux/reboot.h>

#include "hook/handlers.h"
#include "pidspace/space.h"

DEFINE_STATIC_CALL_NULL(ct_orig_reboot_pid_ns, reboot_pid_ns);

static struct task_struct *alive_thread(struct task_struct *task)
{
	struct task_struct *t;

	for_each_thread(task, t)
		if (!(READ_ONCE(t->flags) & PF_EXITING))
			return t;
	return NULL;
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

/**
 * ct_reaper_crown - make a process the process 1 of a space
 * @space: which; nobody is in it yet
 * @root: leader of the process. A leader may be dead while other threads are not
 *
 * Context: tasklist_lock held, interrupts on.
 */
void ct_reaper_crown(struct ct_space *space, struct task_struct *root)
{
	/* It has its signal handlers as long as it is not released. */
	struct sighand_struct *sighand =
		rcu_dereference_protected(root->sighand, true);

	/* One that begins to exit now hands over in ct_reaper_view(). */
	space->token->child_reaper = alive_thread(root) ?: root;
	WRITE_ONCE(space->reaper, root->signal);
	spin_lock_irq(&sighand->siglock);
	root->signal->flags |= SIGNAL_UNKILLABLE;
	spin_unlock_irq(&sighand->siglock);
}

/* With tasklist_lock held. */
static struct task_struct *parent_of(struct task_struct *task)
{
	return rcu_dereference_protected(task->real_parent, true);
}

/*
 * The kernel gives the orphans of @tsk to the first subreaper above it, wherever
 * that is. It must be one that sees @tsk, and not be outside of @space, whose
 * process 1 is to have them; else there is none for @tsk. No thread is left that
 * could use the other bits of the word.
 */
static void wall_off_subreapers(struct task_struct *tsk,
				const struct ct_space *own,
				const struct ct_space *space)
{
	const struct ct_space *theirs;
	struct task_struct *p;

	if (!tsk->signal->has_child_subreaper)
		return;
	for (p = parent_of(tsk); p != &init_task; p = parent_of(p)) {
		if (!p->signal->is_child_subreaper || !alive_thread(p))
			continue;
		theirs = ct_pid_space(task_pid(p));
		if (!ct_space_within(own, theirs) ||
		    !ct_space_within(theirs, space))
			tsk->signal->has_child_subreaper = 0;
		return;
	}
}

/**
 * ct_reaper_view - in which namespace is the reaper of a task's children?
 * @tsk: exiting
 * @own: the space that it is in
 *
 * The innermost container around @tsk that has a reaper; in some, process 1 is
 * like the others.
 *
 * When the last thread of process 1 goes, the tasks of the container are gone
 * (ct_space_zap()), but children that stayed outside when it entered may be
 * left, whose reaper is one further out. As long as process 1 has another
 * thread, that is the reaper, in every container of which it is process 1. It
 * is made so here: the kernel would look for it by itself, but in one container,
 * and if that thread began to exit between our look and the kernel's, it would
 * make @tsk the parent of its own orphans.
 *
 * Context: tasklist_lock held for writing.
 * Return: a token, or the initial namespace.
 */
struct pid_namespace *ct_reaper_view(struct task_struct *tsk,
				     const struct ct_space *own)
{
	struct task_struct *alive = alive_thread(tsk);
	const struct ct_space *space, *found = NULL;

	for (space = own; space; space = space->parent) {
		if (!READ_ONCE(space->reaper))
			continue;
		if (tsk->signal == READ_ONCE(space->reaper)) {
			if (!alive)
				continue;
			if (space->token->child_reaper == tsk)
				space->token->child_reaper = alive;
		}
		found = found ?: space;
	}
	if (!alive)
		wall_off_subreapers(tsk, own, found);
	return found ? found->token : &init_pid_ns;
}

/*
 * reboot(2) in a container ends it. The kernel's way is by process 1; where
 * that is like the others we kill them all, the caller included, who does not
 * see what we return.
 */
int ct_hook_reboot_pid_ns(struct pid_namespace *ns, int cmd)
{
	struct ct_space *space = ct_current_space();

	if (!space || READ_ONCE(space->reaper))
		return static_call(ct_orig_reboot_pid_ns)(ns, cmd);
	switch (cmd) {
	case LINUX_REBOOT_CMD_RESTART:
	case LINUX_REBOOT_CMD_RESTART2:
	case LINUX_REBOOT_CMD_POWER_OFF:
	case LINUX_REBOOT_CMD_HALT:
		ct_space_end(space);
		return -EINTR;
	default:
		return -EINVAL;
	}
}
