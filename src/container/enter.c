// SPDX-License-Identifier: GPL-2.0
/*
 * Moving the running current into a container.
 *
 * No fork and no exec: its struct pid gets a number, and from that instant on
 * all hooks see a contained task.
 */
#include <linux/capability.h>
#include <linux/nsproxy.h>
#include <linux/sched/signal.h>

#include "container/container.h"
#include "pidspace/space.h"

/**
 * ct_enter_check - may current enter a container?
 * @keep: it wants to keep its pids
 * @why: on failure a sentence
 *
 * Return: 0, -EPERM or -EINVAL.
 */
int ct_enter_check(bool keep, char *why)
{
	if (!capable(CAP_SYS_ADMIN)) {
		snprintf(why, CT_WHY_MAX,
			 "entering a container takes CAP_SYS_ADMIN in the initial user namespace");
		return -EPERM;
	}
	if (ct_current_ns()) {
		snprintf(why, CT_WHY_MAX,
			 "the process is in a container already");
		return -EPERM;
	}
	if (task_active_pid_ns(current) != &init_pid_ns ||
	    current->nsproxy->pid_ns_for_children != &init_pid_ns) {
		snprintf(why, CT_WHY_MAX,
			 "the process, or its children to come, are in a pid namespace");
		return -EINVAL;
	}
	if (!keep && !thread_group_empty(current)) {
		snprintf(why, CT_WHY_MAX,
			 "the process has several threads, whose pids would change under them; the option pids=keep keeps them");
		return -EINVAL;
	}
	return 0;
}

/*
 * Orphans go to process 1, found by walking up the parents for a subreaper
 * first. If one is outside it must not be reached.
 */
static void wall_off_reapers(bool first)
{
	struct signal_struct *sig = current->signal;

	if (!sig->has_child_subreaper)
		return;
	if (first)
		sig->is_child_subreaper = 1;
	else
		sig->has_child_subreaper = 0;
}

/*
 * Number the thread behind @pid, which may exit meanwhile: then its free_pid()
 * may have come before the number, and nobody else would give that back.
 */
static int number_thread(struct ct_space *space, struct pid *pid)
{
	struct ct_number *num;
	enum pid_type type;
	int err = ct_number_add(space, pid, CT_NR_ANY);

	if (err)
		return err;
	/*
	 * free_pid() is called with all lists empty. Either it finds the slot
	 * filled, or we find the lists empty; if both, one of us retires it.
	 */
	smp_mb();
	for (type = 0; type < PIDTYPE_MAX; type++)
		if (!hlist_empty(&pid->tasks[type]))
			return 0;
	num = ct_number_retire(pid);
	if (num)
		ct_number_bury(num);
	return 0;
}

/* A thread of current's process without a number; with a reference. */
static struct pid *next_unnumbered(void)
{
	struct task_struct *t;
	struct ct_slot slot;
	struct pid *pid;

	rcu_read_lock();
	for_each_thread(current, t) {
		pid = READ_ONCE(t->thread_pid);
		if (pid && !ct_pid_lookup(pid, &slot)) {
			get_pid(pid);
			rcu_read_unlock();
			return pid;
		}
	}
	rcu_read_unlock();
	return NULL;
}

/*
 * Number all threads as they are, the leader first. Threads that others of
 * them create meanwhile keep their numbers too, as long as the space says so;
 * those whose fork was past that point, once they are linked
 * (ct_hook_sched_post_fork()).
 *
 * After the leader there is no way back, as numbered threads may have forked:
 * what is left can only fail for lack of memory, and is tried again.
 */
static int number_all_threads(struct ct_space *space)
{
	struct pid *pid;
	int err;

	ct_space_keep(space, true);
	err = ct_number_add(space, task_tgid(current), CT_NR_ANY);
	while (!err && (pid = next_unnumbered())) {
		if (number_thread(space, pid) && !READ_ONCE(space->dead))
			schedule_timeout_uninterruptible(1);
		put_pid(pid);
		if (READ_ONCE(space->dead))
			break;
	}
	ct_space_keep(space, false);
	return err;
}

/**
 * ct_enter_first - current becomes process 1
 * @c: a container without tasks
 * @why: on failure a sentence
 *
 * Context: may sleep; ct_enter_check() has passed.
 * Return: 0 and the container is alive, or an error and it is as before.
 */
int ct_enter_first(struct ct_container *c, char *why)
{
	struct sighand_struct *sighand =
		rcu_dereference_protected(current->sighand, true);
	struct ct_space *space = &c->space;
	int err;

	c->init = get_pid(task_tgid(current));
	space->token->child_reaper = current->group_leader;
	WRITE_ONCE(space->reaper, current->signal);

	if (c->keep)
		err = number_all_threads(space);
	else
		err = ct_number_add(space, task_pid(current), CT_NR_ANY);
	if (err) {
		put_pid(c->init);
		c->init = NULL;
		return err;
	}
	ct_number_alias(space, task_pid(current));
	wall_off_reapers(true);
	spin_lock_irq(&sighand->siglock);
	current->signal->flags |= SIGNAL_UNKILLABLE;
	spin_unlock_irq(&sighand->siglock);
	return 0;
}

/**
 * ct_enter_more - current becomes one more process of a container
 * @c: the container
 * @why: on failure a sentence
 *
 * Context: may sleep; ct_enter_check() has passed.
 * Return: 0, -ESRCH, -EAGAIN, -ENOMEM.
 */
int ct_enter_more(struct ct_container *c, char *why)
{
	int err = ct_number_add(&c->space, task_pid(current), CT_NR_ANY);

	if (err == -ENOMEM && READ_ONCE(c->space.dead)) {
		snprintf(why, CT_WHY_MAX, "the container is ending");
		return -ESRCH;
	}
	if (err)
		return err;
	ct_number_alias(&c->space, task_pid(current));
	wall_off_reapers(false);
	return 0;
}
