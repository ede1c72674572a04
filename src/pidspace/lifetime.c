// SPDX-License-Identifier: GPL-2.0
/*
 * Numbers come and go with the kernel's: the hooks on fork and exit.
 *
 * The trampolines come here only when current (fork, exit) or the struct pid
 * (free) is contained.
 */
#include <linux/err.h>
#include <linux/sched/signal.h>
#include <linux/user_namespace.h>

#include "hook/handlers.h"
#include "hook/hook.h"
#include "pidspace/space.h"

DEFINE_STATIC_CALL_NULL(ct_orig_alloc_pid, alloc_pid);
DEFINE_STATIC_CALL_NULL(ct_orig_sched_post_fork, sched_post_fork);
DEFINE_STATIC_CALL_NULL(ct_orig_free_pid, free_pid);
DEFINE_STATIC_CALL_NULL(ct_orig_proc_flush_pid, proc_flush_pid);
DEFINE_STATIC_CALL_NULL(ct_orig_disassociate_ctty, disassociate_ctty);

/* clone3's set_tid, with the checks and errors of alloc_pid(). */
static int wished_number(const struct ct_space *space, const pid_t *set_tid,
			 size_t set_tid_size, pid_t *want)
{
	*want = CT_NR_ANY;
	if (!set_tid_size)
		return 0;
	if (set_tid_size > 1 || set_tid[0] < 1 ||
	    set_tid[0] >= ct_pid_limit())
		return -EINVAL;
	if (!checkpoint_restore_ns_capable(space->token->user_ns))
		return -EPERM;
	*want = set_tid[0];
	return 0;
}

static struct pid *alloc_numbered_pid(struct pid_namespace *ns, pid_t *set_tid,
				      size_t set_tid_size)
{
	struct ct_space *space = ct_current_space();
	struct pid *pid;
	pid_t want;
	int err;

	if (!space)
		return static_call(ct_orig_alloc_pid)(ns, set_tid, set_tid_size);

	err = wished_number(space, set_tid, set_tid_size, &want);
	if (err)
		return ERR_PTR(err);
	if (READ_ONCE(space->dead))
		return ERR_PTR(-ENOMEM);

	pid = static_call(ct_orig_alloc_pid)(ns, NULL, 0);
	if (IS_ERR(pid))
		return pid;
	err = ct_number_add(space, pid, want);
	if (err) {
		static_call(ct_orig_free_pid)(pid);
		return ERR_PTR(err);
	}
	return pid;
}

struct pid *ct_hook_alloc_pid(struct pid_namespace *ns, pid_t *set_tid,
			      size_t set_tid_size)
{
	struct pid *pid;

	ct_hook_enter();
	pid = alloc_numbered_pid(ns, set_tid, set_tid_size);
	ct_hook_leave();
	return pid;
}

/*
 * A fork that had passed alloc_pid() when its parent, a thread of an entering
 * process, was not numbered yet.  The child has not run.
 */
static int number_late(struct ct_space *space, struct task_struct *child)
{
	struct pid *pid = task_pid(child);
	struct ct_slot slot;
	int err;

	if (ct_slot_read(pid->numbers[0].nr, pid, &slot))
		return 0;
	do {
		err = ct_number_add(space, pid, CT_NR_ANY);
		if (err == -ENOMEM && !READ_ONCE(space->dead))
			schedule_timeout_uninterruptible(1);
	} while (err == -ENOMEM && !READ_ONCE(space->dead));
	return err;
}

void ct_hook_sched_post_fork(struct task_struct *p)
{
	struct ct_space *space;
	int err;

	ct_hook_enter();
	static_call(ct_orig_sched_post_fork)(p);
	space = ct_current_space();
	if (space) {
		err = number_late(space, p);
		/*
		 * Pairs with the barrier in ct_space_zap(): the child was
		 * linked before this, the space marked dead before the
		 * children are looked through there.
		 */
		smp_mb();
		if (err || READ_ONCE(space->dead))
			send_sig(SIGKILL, p, 1);
	}
	ct_hook_leave();
}

void ct_hook_free_pid(struct pid *pid)
{
	struct ct_number *num = ct_number_retire(pid);

	static_call(ct_orig_free_pid)(pid);
	if (num)
		ct_number_bury(num);
}

void ct_hook_proc_flush_pid(struct pid *pid)
{
	ct_hook_enter();
	/*
	 * release_task() has freed the number, unless the pid lives on as a
	 * process group or session.
	 */
	ct_number_uncount(pid);
	static_call(ct_orig_proc_flush_pid)(pid);
	ct_hook_leave();
}

void ct_hook_disassociate_ctty(int on_exit)
{
	struct ct_space *space;

	ct_hook_enter();
	static_call(ct_orig_disassociate_ctty)(on_exit);
	/*
	 * do_exit() calls this for the last thread of a process, and can sleep
	 * here: the place to end the container with its process 1.
	 */
	if (on_exit) {
		space = ct_current_space();
		if (space && current->signal == READ_ONCE(space->reaper))
			ct_space_zap(space);
	}
	ct_hook_leave();
}
