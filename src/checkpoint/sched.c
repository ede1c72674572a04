// SPDX-License-Identifier: GPL-2.0
/*
 * When and where a thread gets a processor: policy, priority, affinity, I/O
 * priority, slack of its timers.
 */
#include <linux/cpumask.h>
#include <linux/iocontext.h>
#include <linux/ioprio.h>
#include <linux/sched/prio.h>
#include <linux/sched/task.h>
#include <linux/slab.h>
#include <uapi/linux/sched/types.h>

#include "checkpoint/checkpoint.h"
#include "checkpoint/syscall.h"
#include "checkpoint/task.h"
#include "compat/sched.h"
#include "hook/symbols.h"

DEFINE_STATIC_CALL_NULL(ct_sched_setattr, sched_setattr);
DEFINE_STATIC_CALL_NULL(ct_sched_setaffinity, sched_setaffinity);

#define SCHED_FLAGS							\
	(SCHED_FLAG_RESET_ON_FORK | SCHED_FLAG_RECLAIM |		\
	 SCHED_FLAG_DL_OVERRUN)

/**
 * ct_save_schedule - save how a thread is scheduled
 * @task: thread
 * @rec: its record, of which a part is filled in
 *
 * Return: 0.
 */
int ct_save_schedule(struct task_struct *task,
		     struct container_image_thread *rec)
{
	rec->policy = task->policy;
	rec->nice = PRIO_TO_NICE(task->static_prio);
	rec->rt_priority = task->rt_priority;
	if (task->sched_reset_on_fork)
		rec->sched_flags = SCHED_FLAG_RESET_ON_FORK;
	if (task->policy == SCHED_DEADLINE) {
		rec->sched_flags |= task->dl.flags & SCHED_FLAGS;
		rec->sched_runtime = task->dl.dl_runtime;
		rec->sched_deadline = task->dl.dl_deadline;
		rec->sched_period = task->dl.dl_period;
	} else {
		rec->sched_runtime = ct_sched_slice(task);
	}
	rec->timer_slack = task->timer_slack_ns;
	rec->timer_slack_default = task->default_timer_slack_ns;

	task_lock(task);
	if (task->io_context)
		rec->ioprio = task->io_context->ioprio;
	task_unlock(task);
	return 0;
}

/* Without a mask that the thread asked for, what the kernel has for it counts. */
static void get_processors(struct task_struct *task, struct cpumask *mask)
{
	unsigned long flags;

	raw_spin_lock_irqsave(&task->pi_lock, flags);
	if (task->user_cpus_ptr)
		cpumask_copy(mask, task->user_cpus_ptr);
	else
		cpumask_copy(mask, &task->cpus_mask);
	raw_spin_unlock_irqrestore(&task->pi_lock, flags);
}

/**
 * ct_save_processors - save on which processors a thread may run
 * @task: thread
 * @words: filled in with a bit for each processor; NULL: only count
 * @max: room there
 *
 * Return: the number of words, 0: on any; or a negative errno.
 */
int ct_save_processors(struct task_struct *task, u64 *words, unsigned int max)
{
	unsigned int cpu, n = 0;
	cpumask_var_t mask;

	if (!zalloc_cpumask_var(&mask, GFP_KERNEL))
		return -ENOMEM;
	get_processors(task, mask);
	if (!cpumask_subset(cpu_online_mask, mask)) {
		n = cpumask_last(mask) / 64 + 1;
		for_each_cpu(cpu, mask)
			if (words && cpu / 64 < max)
				words[cpu / 64] |= BIT_ULL(cpu % 64);
	}
	free_cpumask_var(mask);
	return n;
}

/* It may run on any, and so may current, by the writer of the image. */
static bool is_anywhere(void)
{
	unsigned long flags;
	bool anywhere;

	/* Somebody else may be giving it another mask. */
	raw_spin_lock_irqsave(&current->pi_lock, flags);
	anywhere = cpumask_subset(cpu_online_mask, current->user_cpus_ptr ?:
						   &current->cpus_mask);
	raw_spin_unlock_irqrestore(&current->pi_lock, flags);
	return anywhere;
}

static int restore_processors(struct ct_rtask *t)
{
	const struct container_image_thread *rec = t->rec->payload;
	const u64 *words = (const u64 *)(rec + 1);
	u64 n = (t->rec->rec.length - sizeof(*rec)) / sizeof(*words), i;
	cpumask_var_t mask;
	long err;

	if (!n && is_anywhere())
		return 0;
	if (!zalloc_cpumask_var(&mask, GFP_KERNEL))
		return -ENOMEM;
	if (!n)
		cpumask_copy(mask, cpu_possible_mask);
	for (i = 0; i < n * 64 && i < nr_cpu_ids; i++)
		if (words[i / 64] & BIT_ULL(i % 64) && cpu_possible(i))
			cpumask_set_cpu(i, mask);
	err = static_call(ct_sched_setaffinity)(0, mask);
	free_cpumask_var(mask);
	if (err)
		return ct_restart_fail(t->r, err,
				       "thread %d cannot run on any processor that it is bound to (%ld)",
				       t->nr, err);
	return 0;
}

/* By itself, for policies with priorities keep it, but do not set it. */
static int restore_nice(const struct container_image_thread *rec)
{
	if (rec->nice < MIN_NICE || rec->nice > MAX_NICE ||
	    rec->sched_flags & ~SCHED_FLAGS)
		return -EINVAL;
	if (rec->nice < task_nice(current) && !capable(CAP_SYS_NICE))
		return -EPERM;
	set_user_nice(current, rec->nice);
	return 0;
}

/**
 * ct_restore_schedule - have current scheduled as it was
 * @t: current's
 *
 * The kernel checks that the writer of the image may have it so.
 *
 * Context: process context, in the task; before it gives up rights.
 * Return: 0 or a negative errno.
 */
int ct_restore_schedule(struct ct_rtask *t)
{
	const struct container_image_thread *rec = t->rec->payload;
	struct sched_attr attr = {
		.size = sizeof(attr),
		.sched_policy = rec->policy,
		.sched_flags = rec->sched_flags,
		.sched_nice = rec->nice,
		.sched_priority = rec->rt_priority,
		.sched_runtime = rec->sched_runtime,
		.sched_deadline = rec->sched_deadline,
		.sched_period = rec->sched_period,
	};
	int err = restore_processors(t);

	if (err)
		return err;
	err = restore_nice(rec);
	if (!err)
		err = static_call(ct_sched_setattr)(current, &attr);
	if (!err && (rec->ioprio || current->io_context))
		err = ct_sys(ioprio_set, IOPRIO_WHO_PROCESS, 0, rec->ioprio);
	if (err)
		return ct_restart_fail(t->r, err,
				       "thread %d cannot be scheduled as it was (policy %u, nice %d, priority %u, I/O priority %u; %d)",
				       t->nr, rec->policy, rec->nice,
				       rec->rt_priority, rec->ioprio, err);
	current->default_timer_slack_ns = rec->timer_slack_default;
	current->timer_slack_ns = rec->timer_slack;
	return 0;
}
