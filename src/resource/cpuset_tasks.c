// SPDX-License-Identifier: GPL-2.0
/*
 * The controller "cpuset": tasks keep to the set of their group.
 *
 * What a task may use is what the kernel would let it use (its cgroup's cpuset),
 * cut by the set of its group, cut by what it has asked for itself: its wish, which
 * is in task->user_cpus_ptr.  The kernel asks for the first two, in
 * cpuset_cpus_allowed() and cpuset_mems_allowed(), and we answer.  Where it writes
 * into a task what is the first only, because a cgroup has changed or a processor
 * has gone, we cut that.
 *
 * A change of ours is written into the tasks one by one (ct_cpuset_apply()).
 * Nothing keeps the kernel from writing at the same time, or a task from asking for
 * something else.  So everybody changes what the answer depends on first, writes
 * the answer into the task, which is under the task's own locks, and then looks
 * whether the answer is still the same: who writes last has seen all changes.
 *
 * No lock of ours is taken in what the kernel calls, which may be under the lock of
 * a run queue: sets are read under RCU.
 */
#include <linux/cgroup.h>
#include <linux/cpuset.h>
#include <linux/mutex.h>
#include <linux/sched.h>
#include <linux/sched/mm.h>
#include <linux/sched/signal.h>
#include <linux/sched/task.h>
#include <linux/slab.h>

#include "compat/affinity.h"
#include "compat/nodes.h"
#include "hook/handlers.h"
#include "hook/hook.h"
#include "hook/symbols.h"
#include "resource/controllers.h"
#include "resource/cpuset.h"

DEFINE_STATIC_CALL_NULL(ct_orig_cpuset_cpus_allowed, cpuset_cpus_allowed);
DEFINE_STATIC_CALL_NULL(ct_orig_cpuset_cpus_allowed_fallback,
			cpuset_cpus_allowed_fallback);
DEFINE_STATIC_CALL_NULL(ct_orig_cpuset_mems_allowed, cpuset_mems_allowed);
DEFINE_STATIC_CALL_NULL(ct_orig_cpuset_change_task_nodemask,
			cpuset_change_task_nodemask);
DEFINE_STATIC_CALL_NULL(ct_orig_set_cpus_allowed_ptr, set_cpus_allowed_ptr);
DEFINE_STATIC_CALL_NULL(ct_orig___sched_setaffinity, __sched_setaffinity);
DEFINE_STATIC_CALL_NULL(ct_do_set_cpus_allowed, do_set_cpus_allowed);
CT_DEFINE_MPOL_REBIND_MM;
CT_DEFINE_CPUSET_WAIT_FOR_HOTPLUG;

const struct ct_symbol ct_symbols_cpuset[] = {
	CT_SYMBOL(do_set_cpus_allowed, ct_do_set_cpus_allowed,
		  "void (struct task_struct *, const struct cpumask *)"),
	CT_SYMBOL_MPOL_REBIND_MM
	CT_SYMBOL_CPUSET_WAIT_FOR_HOTPLUG
	{}
};

/* One wish at a time, where we keep them; outermost of all. */
static DEFINE_MUTEX(wish_mutex);

/* -- what a task may use --------------------------------------------------------- */

/* The group of a task; NULL if that is the root, or there is none. Under RCU. */
static struct ct_cpuset *group_of(struct task_struct *task)
{
	struct container_css *css = container_task_css(task, &ct_cpuset);

	return css && css->parent ? ct_cpuset_of(css) : NULL;
}

static bool limited(struct task_struct *task)
{
	bool is;

	rcu_read_lock();
	is = group_of(task);
	rcu_read_unlock();
	return is;
}

/* Is there a processor that tasks can run on in both? */
static bool usable(const struct cpumask *a, const struct cpumask *b)
{
	unsigned int cpu;

	for_each_cpu_and(cpu, a, b)
		if (cpu_active(cpu))
			return true;
	return false;
}

/*
 * Cut @mask, which is what the kernel allows, by the set of the task's group, or of
 * the next one above that leaves something. Never makes it empty.
 */
static void limit_cpus(struct task_struct *task, struct cpumask *mask)
{
	struct ct_cpuset *cs;

	rcu_read_lock();
	for (cs = group_of(task); cs; cs = ct_cpuset_above(cs)) {
		const struct ct_cpuset_masks *now = rcu_dereference(cs->now);

		if (usable(now->cpus, mask)) {
			cpumask_and(mask, mask, now->cpus);
			break;
		}
	}
	rcu_read_unlock();
}

static void limit_mems(struct task_struct *task, nodemask_t *mask)
{
	struct ct_cpuset *cs;

	rcu_read_lock();
	for (cs = group_of(task); cs; cs = ct_cpuset_above(cs)) {
		const struct ct_cpuset_masks *now = rcu_dereference(cs->now);

		if (nodes_intersects(now->mems, *mask)) {
			nodes_and(*mask, *mask, now->mems);
			break;
		}
	}
	rcu_read_unlock();
}

static void cpus_of(struct task_struct *task, struct cpumask *mask)
{
	static_call(ct_orig_cpuset_cpus_allowed)(task, mask);
	limit_cpus(task, mask);
}

static nodemask_t mems_of(struct task_struct *task)
{
	nodemask_t mask = static_call(ct_orig_cpuset_mems_allowed)(task);

	limit_mems(task, &mask);
	return mask;
}

/* Cut @mask by what the task has asked for, unless nothing would be left. */
static void limit_by_wish(struct task_struct *task, struct cpumask *mask)
{
	unsigned long flags;

	raw_spin_lock_irqsave(&task->pi_lock, flags);
	if (task->user_cpus_ptr && usable(mask, task->user_cpus_ptr))
		cpumask_and(mask, mask, task->user_cpus_ptr);
	raw_spin_unlock_irqrestore(&task->pi_lock, flags);
}

/*
 * What a task is to be given. A task that is in no cpuset of the kernel's either has
 * also the processors that are not there yet, as nobody tells it when they come.
 */
static void answer(struct task_struct *task, struct cpumask *mask)
{
	static_call(ct_orig_cpuset_cpus_allowed)(task, mask);
	rcu_read_lock();
	if (!task_css(task, cpuset_cgrp_id)->parent &&
	    cpumask_subset(cpu_online_mask, mask))
		cpumask_copy(mask, cpu_possible_mask);
	rcu_read_unlock();
	limit_cpus(task, mask);
	limit_by_wish(task, mask);
}

/* -- wishes ------------------------------------------------------------------------ */

/* @wish, which may be NULL, is the task's from now on. */
static void wish_set(struct task_struct *task, struct cpumask *wish)
{
	unsigned long flags;

	raw_spin_lock_irqsave(&task->pi_lock, flags);
	swap(task->user_cpus_ptr, wish);
	raw_spin_unlock_irqrestore(&task->pi_lock, flags);
	kfree(wish);
}

static void wish_forget(struct task_struct *task)
{
	if (!CT_KERNEL_KEEPS_WISHES)
		wish_set(task, NULL);
}

/* The task is not in a group yet: what it is restricted to is what it wants. */
static int wish_learn(struct task_struct *task)
{
	struct cpumask *wish;

	if (CT_KERNEL_KEEPS_WISHES || READ_ONCE(task->user_cpus_ptr))
		return 0;
	wish = kmalloc(cpumask_size(), GFP_KERNEL);
	if (!wish)
		return -ENOMEM;
	static_call(ct_orig_cpuset_cpus_allowed)(task, wish);
	if (cpumask_subset(wish, &task->cpus_mask)) {
		kfree(wish);
		return 0;
	}
	cpumask_copy(wish, &task->cpus_mask);
	wish_set(task, wish);
	return 0;
}

/*
 * The child's was taken over in the middle of fork, and the wish of its parent,
 * current, may have been learnt since.
 */
static void wish_inherit(struct task_struct *child)
{
	unsigned long flags;
	struct cpumask *wish;

	if (CT_KERNEL_KEEPS_WISHES || !READ_ONCE(current->user_cpus_ptr) ||
	    READ_ONCE(child->user_cpus_ptr))
		return;
	/* There is no way back for the fork. */
	wish = kmalloc(cpumask_size(), GFP_KERNEL | __GFP_NOFAIL);
	raw_spin_lock_irqsave(&current->pi_lock, flags);
	if (current->user_cpus_ptr)
		cpumask_copy(wish, current->user_cpus_ptr);
	else
		cpumask_setall(wish);
	raw_spin_unlock_irqrestore(&current->pi_lock, flags);
	wish_set(child, wish);
}

/* -- making a task keep to it -------------------------------------------------------- */

static void apply_cpus(struct task_struct *task)
{
	cpumask_var_t mask, again;

	/* Small, and there is nobody who could be told. */
	alloc_cpumask_var(&mask, GFP_KERNEL | __GFP_NOFAIL);
	alloc_cpumask_var(&again, GFP_KERNEL | __GFP_NOFAIL);
	answer(task, mask);
	for (;;) {
		/* Processors may just be going: then all tasks are gone through. */
		if (static_call(ct_orig_set_cpus_allowed_ptr)(task, mask))
			break;
		answer(task, again);
		if (cpumask_equal(mask, again))
			break;
		cpumask_copy(mask, again);
	}
	free_cpumask_var(again);
	free_cpumask_var(mask);
}

static bool has_mems(struct task_struct *task, const nodemask_t *mems)
{
	bool has;

	task_lock(task);
	has = nodes_equal(task->mems_allowed, *mems);
	task_unlock(task);
	return has;
}

static void apply_mems(struct task_struct *task)
{
	nodemask_t mems = mems_of(task);
	struct mm_struct *mm;

	if (has_mems(task, &mems))
		return;
	do {
		static_call(ct_orig_cpuset_change_task_nodemask)(task, &mems);
		mems = mems_of(task);
	} while (!has_mems(task, &mems));

	/* As the kernel does: the policies of a process are those of its leader. */
	if (!thread_group_leader(task))
		return;
	mm = get_task_mm(task);
	if (!mm)
		return;
	ct_mpol_rebind(mm, &mems);
	mmput(mm);
}

/**
 * ct_cpuset_apply - give a task what its group, its cgroup and its wish say
 * @task: a task that the caller has a reference on, or makes
 *
 * When this returns it runs within that, unless a processor is just going.
 *
 * Context: may sleep, until the task has left its processor.
 */
void ct_cpuset_apply(struct task_struct *task)
{
	apply_cpus(task);
	apply_mems(task);
}

/**
 * ct_cpuset_narrows - would a set take processors from a task with a deadline?
 * @task: a task
 * @cpus: the set
 *
 * The scheduler has admitted it for all that it has.
 *
 * Context: any.
 * Return: true: it must not be.
 */
bool ct_cpuset_narrows(struct task_struct *task, const struct cpumask *cpus)
{
	unsigned int cpu;

	if (READ_ONCE(task->policy) != SCHED_DEADLINE)
		return false;
	for_each_cpu_and(cpu, &task->cpus_mask, cpu_online_mask)
		if (!cpumask_test_cpu(cpu, cpus))
			return true;
	return false;
}

/* -- tasks that come and go ----------------------------------------------------------- */

/**
 * ct_cpuset_can_attach - the callback
 * @to: the new group's state
 * @from: the old one's
 * @task: the task
 *
 * Return: 0; -EINVAL: the kernel has bound it to a processor; -EBUSY: it has a
 * deadline, and would lose processors; -ENOMEM.
 */
int ct_cpuset_can_attach(struct container_css *to, struct container_css *from,
			 struct task_struct *task)
{
	const struct ct_cpuset_masks *now;

	if (!to->parent)
		return 0;
	if (task->flags & PF_NO_SETAFFINITY)
		return -EINVAL;
	/* It changes under container_lock(), which we have. */
	now = rcu_dereference_protected(ct_cpuset_of(to)->now, true);
	if (ct_cpuset_narrows(task, now->cpus))
		return -EBUSY;
	return from->parent ? 0 : wish_learn(task);
}

/**
 * ct_cpuset_cancel_attach - the callback
 * @to: the group's state where it does not go
 * @from: where it stays
 * @task: the task
 */
void ct_cpuset_cancel_attach(struct container_css *to,
			     struct container_css *from,
			     struct task_struct *task)
{
	if (!from->parent)
		wish_forget(task);
}

/**
 * ct_cpuset_post_attach - the callback
 * @to: the new group's state
 * @from: the old one's
 * @task: the task
 */
void ct_cpuset_post_attach(struct container_css *to,
			   struct container_css *from,
			   struct task_struct *task)
{
	ct_cpuset_apply(task);
	if (!to->parent)
		wish_forget(task);
}

/**
 * ct_cpuset_fork - the callback
 * @css: the group's state
 * @child: has what its parent had in the middle of fork
 *
 * It is on the list of its group: who changes the set later finds it, and the set
 * that was changed before is seen here.
 */
void ct_cpuset_fork(struct container_css *css, struct task_struct *child)
{
	wish_inherit(child);
	ct_cpuset_apply(child);
}

/* -- hooks: processors ------------------------------------------------------------------ */

/* May be under any lock. */
void ct_hook_cpuset_cpus_allowed(struct task_struct *task, struct cpumask *mask)
{
	cpus_of(task, mask);
}

/*
 * The scheduler has found no processor that the task may run on. task->pi_lock is
 * held, and perhaps the lock of its run queue. The work that follows a processor's
 * going (cpuset.c) puts right what is not: what is taken here is the set of the next
 * group above that has a processor.
 */
bool ct_hook_cpuset_cpus_allowed_fallback(struct task_struct *task)
{
	struct container_css *css;
	bool found = false;

	rcu_read_lock();
	css = container_task_css(task, &ct_cpuset);
	if (!css || !css->parent)
		goto out;
	for (; css && !found; css = css->parent) {
		const struct ct_cpuset_masks *now;
		struct cpumask *wish = NULL;

		now = rcu_dereference(ct_cpuset_of(css)->now);
		found = cpumask_intersects(now->cpus, cpu_active_mask);
		if (!found)
			continue;
		/* The kernel would forget it, and the processor may come back. */
		swap(wish, task->user_cpus_ptr);
		static_call(ct_do_set_cpus_allowed)(task, now->cpus);
		swap(wish, task->user_cpus_ptr);
	}
out:
	rcu_read_unlock();
	return found || static_call(ct_orig_cpuset_cpus_allowed_fallback)(task);
}

/* What the kernel wants to give a task, in the limits that are ours. */
static void within(struct task_struct *task, const struct cpumask *given,
		   struct cpumask *mask)
{
	cpus_of(task, mask);
	if (usable(mask, given))
		cpumask_and(mask, mask, given);
	limit_by_wish(task, mask);
}

static int set_within(struct task_struct *task, const struct cpumask *given)
{
	cpumask_var_t mask, again;
	int err;

	alloc_cpumask_var(&mask, GFP_KERNEL | __GFP_NOFAIL);
	alloc_cpumask_var(&again, GFP_KERNEL | __GFP_NOFAIL);
	within(task, given, mask);
	for (;;) {
		err = static_call(ct_orig_set_cpus_allowed_ptr)(task, mask);
		if (err)
			break;
		within(task, given, again);
		if (cpumask_equal(mask, again))
			break;
		cpumask_copy(mask, again);
	}
	free_cpumask_var(again);
	free_cpumask_var(mask);
	return err;
}

/* Sleeps. Also for the kernel's own threads; who cannot be moved is the kernel's. */
int ct_hook_set_cpus_allowed_ptr(struct task_struct *task,
				 const struct cpumask *given)
{
	int err;

	ct_hook_enter();
	if (task->flags & PF_NO_SETAFFINITY || !limited(task))
		err = static_call(ct_orig_set_cpus_allowed_ptr)(task, given);
	else
		err = set_within(task, given);
	ct_hook_leave();
	return err;
}

static int set_and_keep(struct task_struct *task, ct_affinity_t *wanted)
{
	struct cpumask *wish = kmemdup(ct_affinity_mask(wanted), cpumask_size(),
				       GFP_KERNEL);
	int err;

	if (!wish)
		return -ENOMEM;
	mutex_lock(&wish_mutex);
	err = static_call(ct_orig___sched_setaffinity)(task, wanted);
	if (err)
		kfree(wish);
	else
		wish_set(task, wish);
	mutex_unlock(&wish_mutex);
	if (err)
		return err;
	/* Others may have gone by the old one meanwhile. */
	if (limited(task))
		apply_cpus(task);
	else
		wish_forget(task);
	return 0;
}

/* Sleeps; nothing of ours is held. */
int ct_hook___sched_setaffinity(struct task_struct *task, ct_affinity_t *wanted)
{
	int err;

	ct_hook_enter();
	if (CT_KERNEL_KEEPS_WISHES || !limited(task))
		err = static_call(ct_orig___sched_setaffinity)(task, wanted);
	else
		err = set_and_keep(task, wanted);
	ct_hook_leave();
	return err;
}

/* -- hooks: memory ----------------------------------------------------------------------- */

nodemask_t ct_hook_cpuset_mems_allowed(struct task_struct *task)
{
	return mems_of(task);
}

/* Does not sleep. @given: what a cgroup gives. */
void ct_hook_cpuset_change_task_nodemask(struct task_struct *task,
					 nodemask_t *given)
{
	nodemask_t mems, again = *given;

	limit_mems(task, &again);
	do {
		mems = again;
		static_call(ct_orig_cpuset_change_task_nodemask)(task, &mems);
		again = *given;
		limit_mems(task, &again);
	} while (!nodes_equal(mems, again));
}
