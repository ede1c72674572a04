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
#include "pidspace/move.h"
#include "pidspace/space.h"

DEFINE_STATIC_CALL_NULL(ct_orig_alloc_pid, alloc_pid);
DEFINE_STATIC_CALL_NULL(ct_orig_sched_post_fork, sched_post_fork);
DEFINE_STATIC_CALL_NULL(ct_orig_free_pid, free_pid);
DEFINE_STATIC_CALL_NULL(ct_orig_proc_flush_pid, proc_flush_pid);
DEFINE_STATIC_CALL_NULL(ct_orig_disassociate_ctty, disassociate_ctty);

/*
 * clone3's set_tid, with the checks and errors of alloc_pid(): a wish for each
 * level, innermost first; the last may be for the global number.
 */
static int check_wishes(const struct ct_space *space, const pid_t *set_tid,
			size_t set_tid_size)
{
	size_t i;

	if (set_tid_size > space->depth + 2)
		return -EINVAL;
	for (i = 0; i < set_tid_size && space; i++, space = space->parent) {
		if (set_tid[i] < 1 || set_tid[i] >= ct_pid_limit())
			return -EINVAL;
		if (!checkpoint_restore_ns_capable(space->token->user_ns))
			return -EPERM;
	}
	return 0;
}

/* With room for a wish for each level, which a fork mostly does without. */
static noinline int add_wished(struct ct_space *space, struct pid *pid,
			       const pid_t *set_tid, size_t set_tid_size)
{
	pid_t wishes[CT_DEPTH_MAX];
	size_t i;

	for (i = 0; i <= space->depth; i++)
		wishes[i] = i < set_tid_size ? set_tid[i] : CT_NR_ANY;
	return ct_number_add(space, pid, wishes);
}

static struct pid *alloc_numbered_pid(struct pid_namespace *ns, pid_t *set_tid,
				      size_t set_tid_size)
{
	struct ct_space *space = ct_current_space();
	struct pid *pid;
	int err;

	if (!space)
		return static_call(ct_orig_alloc_pid)(ns, set_tid, set_tid_size);

	err = check_wishes(space, set_tid, set_tid_size);
	if (err)
		return ERR_PTR(err);
	if (ct_space_dying(space))
		return ERR_PTR(-ENOMEM);

	if (set_tid_size > space->depth + 1)
		pid = static_call(ct_orig_alloc_pid)(ns, &set_tid[space->depth + 1],
						     1);
	else
		pid = static_call(ct_orig_alloc_pid)(ns, NULL, 0);
	if (IS_ERR(pid))
		return pid;
	if (set_tid_size)
		err = add_wished(space, pid, set_tid, set_tid_size);
	else
		err = ct_number_add(space, pid, NULL);
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

void ct_hook_sched_post_fork(struct task_struct *p)
{
	struct ct_space *space;
	int err;

	ct_hook_enter();
	static_call(ct_orig_sched_post_fork)(p);
	space = ct_current_space();
	if (space) {
		/*
		 * The parent may have been moved since alloc_pid(). The child
		 * has not run yet.
		 */
		err = ct_move_child(space, p);
		/*
		 * Pairs with the barrier in close_door(): the child was
		 * linked before this, the space marked dead before the
		 * children are looked through there.
		 */
		smp_mb();
		if (err || ct_space_dying(space))
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
	struct ct_space *space = NULL;

	ct_hook_enter();
	static_call(ct_orig_disassociate_ctty)(on_exit);
	/*
	 * do_exit() calls this for the last thread of a process, and can sleep
	 * here: the place to end a container with its process 1, which may have
	 * gone on into others inside.
	 */
	if (on_exit)
		space = ct_current_space();
	for (; space; space = space->parent)
		if (current->signal == READ_ONCE(space->reaper))
			ct_space_zap(space);
	ct_hook_leave();
}
