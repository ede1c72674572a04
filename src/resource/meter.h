/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Whose processor time goes to which group, by processor.
 *
 * The scheduler counts a task's time in one number, se.sum_exec_runtime.  A meter
 * remembers up to where that has been given to the task's group of cpuacct; what
 * has come since was used on one processor, the task's, as a migration gives first
 * what there is.  So do attaching, the end, and who wants to read.
 */
#ifndef CT_RESOURCE_METER_H
#define CT_RESOURCE_METER_H

#include <linux/atomic.h>
#include <linux/cache.h>
#include <linux/list.h>
#include <linux/sched.h>
#include <linux/types.h>

struct ct_rentry;
struct ct_rset;

/**
 * struct ct_usage - what a group has used on one processor
 * @ns: processor time; grows only
 * @zero: for cpuacct, which see
 *
 * A group has an array of nr_cpu_ids, not a percpu variable, which is dearer to make.
 */
struct ct_usage {
	atomic64_t ns;
	u64 zero;
} ____cacheline_aligned_in_smp;

/**
 * struct ct_meter - how much of a task's time has been given to its group
 * @to: the group's; NULL: none is given
 * @given: of se.sum_exec_runtime, with what does not count
 */
struct ct_meter {
	struct ct_usage *to;
	u64 given;
};

/**
 * struct ct_dying - a task that was released and is still on its processor
 * @hash: where those who migrate it find it; under dying_lock
 * @meter: under dying_lock
 * @node: entry of a list of cpuacct
 * @task: with a reference
 */
struct ct_dying {
	struct hlist_node hash;
	struct ct_meter meter;
	struct list_head node;
	struct task_struct *task;
};

/*
 * Has it left its processor for the last time?  It says that it is dead with
 * preemption off, then schedules, and the task after it clears on_cpu when all is
 * counted.
 */
static inline bool ct_has_left(struct task_struct *task)
{
	if (READ_ONCE(task->__state) != TASK_DEAD)
		return false;
	/* Pairs with smp_store_release() in finish_task(). */
	return !smp_load_acquire(&task->on_cpu);
}

void ct_meter_set(struct ct_rentry *e, const struct ct_rset *set);
void ct_meter_read(struct ct_rentry *e);
void ct_meter_end(struct ct_rentry *e);

struct ct_dying *ct_dying_find(const struct task_struct *task);
void ct_dying_read(struct ct_dying *d);
void ct_dying_move(struct ct_dying *d, struct ct_usage *to);
void ct_dying_end(struct ct_dying *d);

int ct_meter_on(void);
void ct_meter_off(void);
int ct_meter_init(void);

/* cpuacct.c */
struct ct_usage *ct_cpuacct_usage(const struct ct_rset *set);

#endif
