// SPDX-License-Identifier: GPL-2.0
/*
 * The replacements of the kernel's translation functions.
 *
 * GCC has inlined them into one another, so each is hooked by itself.  The
 * trampolines come here only when current is contained or a token is passed.
 * All of this runs in any context, NMI included: no locks, no sleeping.
 */
#include <linux/pid.h>
#include <linux/pid_namespace.h>
#include <linux/sched.h>
#include <linux/sched/signal.h>

#include "hook/handlers.h"
#include "pidspace/space.h"
#include "pidspace/views.h"

DEFINE_STATIC_CALL_NULL(ct_orig_wait_consider_task, wait_consider_task);
DEFINE_STATIC_CALL_NULL(ct_orig_do_send_sig_info, do_send_sig_info);
DEFINE_STATIC_CALL_NULL(ct_orig_locks_translate_pid, locks_translate_pid);

/*
 * The namespace in whose numbers to answer: @ns as it was passed.  A contained
 * task that is being released has no slot any more; it gets NULL, and 0 for
 * every number, as natively.
 */
static __always_inline struct pid_namespace *
ct_view(struct pid_namespace *ns, unsigned long caller)
{
	if (!ns)
		return ct_current_ns();
	if (ns == &init_pid_ns && ct_from_procfs(caller))
		return ct_current_ns();
	return ns;
}

/* The number of @pid as seen by @ns. In an RCU read-side section. */
static pid_t ct_pid_nr(struct pid *pid, struct pid_namespace *ns)
{
	struct ct_number *num;
	struct ct_level *level;

	if (!pid || !ns)
		return 0;
	if (likely(ct_is_token(ns))) {
		num = ct_number_of(pid);
		level = num ? ct_number_level(num, ns) : NULL;
		return level ? level->nr : 0;
	}
	if (ns->level <= pid->level && pid->numbers[ns->level].ns == ns)
		return pid->numbers[ns->level].nr;
	return 0;
}

/* getpid() and gettid(): straight from current's slots. */
static __always_inline pid_t ct_own_nr(enum pid_type type)
{
	struct ct_slot *slot;

	if (type == PIDTYPE_TGID)
		slot = ct_slot_of(current->tgid);
	else if (type == PIDTYPE_PID)
		slot = ct_slot_of(current->pid);
	else
		return 0;
	/* A task that has been released reads 0. */
	if (!slot || !READ_ONCE(current->thread_pid))
		return 0;
	return READ_ONCE(slot->nr);
}

pid_t ct_hook___task_pid_nr_ns(struct task_struct *task, enum pid_type type,
			       struct pid_namespace *ns)
{
	unsigned long caller = _RET_IP_;
	struct pid *pid;
	pid_t nr;

	if (!ns && task == current) {
		nr = ct_own_nr(type);
		if (nr)
			return nr;
	}
	ct_read_lock();
	pid = type == PIDTYPE_PID ? READ_ONCE(task->thread_pid) :
				    READ_ONCE(task->signal->pids[type]);
	nr = ct_pid_nr(pid, ct_view(ns, caller));
	ct_read_unlock();
	return nr;
}

pid_t ct_hook_pid_nr_ns(struct pid *pid, struct pid_namespace *ns)
{
	unsigned long caller = _RET_IP_;
	pid_t nr;

	if (!ns)
		return 0;
	ct_read_lock();
	nr = ct_pid_nr(pid, ct_view(ns, caller));
	ct_read_unlock();
	return nr;
}

pid_t ct_hook_pid_vnr(struct pid *pid)
{
	pid_t nr;

	ct_read_lock();
	nr = ct_pid_nr(pid, ct_current_ns());
	ct_read_unlock();
	return nr;
}

/* A number that was said in the container of @ns. */
static struct pid *ct_find(int nr, struct pid_namespace *ns)
{
	struct pid *pid;

	if (!ns)
		return NULL;
	pid = find_pid_ns(nr, ns);
	return likely(pid) || !ct_is_token(ns) ? pid : ct_find_alias(nr, ns);
}

struct pid *ct_hook_find_vpid(int nr)
{
	return ct_find(nr, ct_current_ns());
}

struct task_struct *ct_hook_find_task_by_vpid(pid_t nr)
{
	RCU_LOCKDEP_WARN(!rcu_read_lock_held(),
			 "find_task_by_vpid() needs rcu_read_lock() protection");
	return pid_task(ct_hook_find_vpid(nr), PIDTYPE_PID);
}

struct task_struct *ct_hook_find_get_task_by_vpid(pid_t nr)
{
	struct task_struct *task;

	rcu_read_lock();
	task = ct_hook_find_task_by_vpid(nr);
	if (task)
		get_task_struct(task);
	rcu_read_unlock();
	return task;
}

struct pid *ct_hook_find_get_pid(pid_t nr)
{
	struct pid *pid;

	rcu_read_lock();
	pid = get_pid(ct_hook_find_vpid(nr));
	rcu_read_unlock();
	return pid;
}

struct task_struct *ct_hook_find_task_by_pid_ns(pid_t nr,
						struct pid_namespace *ns)
{
	unsigned long caller = _RET_IP_;

	RCU_LOCKDEP_WARN(!rcu_read_lock_held(),
			 "find_task_by_pid_ns() needs rcu_read_lock() protection");
	return pid_task(ct_find(nr, ct_view(ns, caller)), PIDTYPE_PID);
}

struct pid *ct_hook_find_ge_pid(int nr, struct pid_namespace *ns)
{
	unsigned long caller = _RET_IP_;
	struct pid *pid;

	ns = ct_view(ns, caller);
	if (!ns)
		return NULL;
	for (;; nr++) {
		pid = idr_get_next(&ns->idr, &nr);
		/* The caller takes the number that it goes on behind from the pid. */
		if (!pid || !ct_is_token(ns) || ct_number_listed(pid))
			return pid;
	}
}

/*
 * A child that stayed outside when its parent entered is not waited for: it
 * has no number to be reported under, and the kernel takes 0 for "go on with
 * tasklist_lock still held", which at that point it is not.
 */
int ct_hook_wait_consider_task(struct wait_opts *wo, int ptrace,
			       struct task_struct *p)
{
	struct pid_namespace *ns = ct_current_ns();
	bool sees = true;

	if (ns) {
		ct_read_lock();
		sees = ct_pid_sees(ns, task_pid(p));
		ct_read_unlock();
	}
	return sees ? static_call(ct_orig_wait_consider_task)(wo, ptrace, p) : 0;
}

/* In whose numbers the task of a struct pid sees. Under RCU. */
static struct pid_namespace *view_of(struct pid *pid)
{
	struct pid_namespace *ns;

	ns = pid ? ct_slot_ns(pid->numbers[0].nr, pid) : NULL;
	return ns ?: ns_of_pid(pid);
}

/*
 * mq_notify(3) asks for the sender's number in the namespace of the owner's
 * struct pid, which is the initial one for every container.
 */
int ct_hook_do_send_sig_info(int sig, struct kernel_siginfo *info,
			     struct task_struct *p, enum pid_type type)
{
	if (ct_active_caller(_RET_IP_) == CT_CALLER_MQUEUE) {
		ct_read_lock();
		info->si_pid = ct_pid_nr(task_tgid(current),
					 view_of(task_pid(p)));
		ct_read_unlock();
	}
	return static_call(ct_orig_do_send_sig_info)(sig, info, p, type);
}

/*
 * For the initial namespace the stored global number is shown as it is. A
 * contained task passes that namespace only when it reads the host's /proc.
 */
pid_t ct_hook_locks_translate_pid(void *lock, struct pid_namespace *ns)
{
	if (ns == &init_pid_ns)
		ns = ct_current_ns() ?: ns;
	return static_call(ct_orig_locks_translate_pid)(lock, ns);
}

/* What the namespace of a task in @space is to a caller. Under RCU. */
static struct pid_namespace *answer(struct task_struct *tsk,
				    const struct ct_space *space,
				    enum ct_view_caller caller)
{
	switch (caller) {
	case CT_CALLER_SETNS:
		/* Neither a token nor, inside, the real one can be entered. */
		return ct_current_ns() ? &init_pid_ns : space->token;
	case CT_CALLER_EXIT:
		return ct_reaper_view(tsk, space);
	default:
		return space->token;
	}
}

struct pid_namespace *ct_hook_task_active_pid_ns(struct task_struct *tsk)
{
	enum ct_view_caller caller = ct_active_caller(_RET_IP_);
	struct pid *pid = task_pid(tsk);
	struct pid_namespace *ns = ns_of_pid(pid);
	struct ct_space *space;

	if (caller == CT_CALLER_REAL || caller == CT_CALLER_PIDFD_SIGNAL || !pid)
		return ns;
	ct_read_lock();
	if (likely(caller == CT_CALLER_OTHER)) {
		ns = view_of(pid);
	} else {
		space = ct_pid_space(pid);
		if (space)
			ns = answer(tsk, space, caller);
	}
	ct_read_unlock();
	return ns;
}
