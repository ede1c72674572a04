/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The controller "cpuset", between its two halves: groups and their sets
 * (cpuset.c), and the tasks that have to keep to them (cpuset_tasks.c).
 */
#ifndef CT_RESOURCE_CPUSET_H
#define CT_RESOURCE_CPUSET_H

#include <linux/cpumask.h>
#include <linux/nodemask.h>
#include <linux/rcupdate.h>

#include <container/subsys.h>

struct task_struct;

/**
 * struct ct_cpuset_masks - processors and nodes
 * @cpus: processors
 * @mems: nodes of memory
 */
struct ct_cpuset_masks {
	cpumask_var_t cpus;
	nodemask_t mems;
};

/**
 * struct ct_cpuset - the state of a group
 * @css: the core's part
 * @own: what was written; empty: as the group above; under container_lock()
 * @cpu_exclusive: no sibling may have a processor of ours; the same lock
 * @mem_exclusive: nor a node; the same lock
 * @now: what is in force, one of @masks; never empty; read under RCU
 * @next: what will be, the other one; NULL: as now; under container_lock()
 * @masks: room for both
 * @since: when @now has changed, for cond_synchronize_rcu()
 */
struct ct_cpuset {
	struct container_css css;
	struct ct_cpuset_masks own;
	bool cpu_exclusive;
	bool mem_exclusive;
	struct ct_cpuset_masks __rcu *now;
	struct ct_cpuset_masks *next;
	struct ct_cpuset_masks masks[2];
	unsigned long since;
};

static inline struct ct_cpuset *ct_cpuset_of(struct container_css *css)
{
	return container_of(css, struct ct_cpuset, css);
}

/* NULL: @cs is the root. */
static inline struct ct_cpuset *ct_cpuset_above(const struct ct_cpuset *cs)
{
	return cs->css.parent ? ct_cpuset_of(cs->css.parent) : NULL;
}

/* cpuset_tasks.c */
void ct_cpuset_apply(struct task_struct *task);
int ct_cpuset_can_attach(struct container_css *to, struct container_css *from,
			 struct task_struct *task);
void ct_cpuset_cancel_attach(struct container_css *to,
			     struct container_css *from,
			     struct task_struct *task);
void ct_cpuset_post_attach(struct container_css *to,
			   struct container_css *from,
			   struct task_struct *task);
void ct_cpuset_fork(struct container_css *css, struct task_struct *child);
bool ct_cpuset_narrows(struct task_struct *task, const struct cpumask *cpus);

#endif
