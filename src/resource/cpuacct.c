// SPDX-License-Identifier: GPL-2.0
/*
 * The controller "cpuacct": the processor time that the tasks of a group have
 * used while they were in it.  Documentation/resource-cpuacct.md has the files.
 *
 * Nothing is done when time is used: the scheduler counts it for each task
 * anyway.  meter.c gives it to the group, by processor: whoever reads has the tasks'
 * meters give what there is, and then sums up what was given.
 *
 * User and system time are no matter of processors.  Of these a group has
 *
 *	the counters of the tasks in it now + a rest
 *
 * and the rest changes by a task's counters when it comes (less) or goes (more),
 * so a task's time before and after does not count, and there is nothing to be
 * kept for each task.
 *
 * A task may be released, by itself even, before it has left its processor for
 * the last time.  Such a one is kept among the dying until it has, so that its
 * last steps count, too.
 *
 * A removed group lives on while it has zombies, and counts for the group above.
 */
#include <linux/kernel.h>
#include <linux/list.h>
#include <linux/math64.h>
#include <linux/module.h>
#include <linux/sched/cputime.h>
#include <linux/sched/task.h>
#include <linux/seq_file.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/static_call.h>

#include <container/subsys.h>

#include "compat/cputime.h"
#include "hook/symbols.h"
#include "resource/controllers.h"
#include "resource/entry.h"
#include "resource/meter.h"
#include "resource/resource.h"

DEFINE_STATIC_CALL_NULL(ct_cputime_adjust, cputime_adjust);
CT_DEFINE_TASK_CPUTIME;

const struct ct_symbol ct_symbols_cpuacct[] = {
	CT_SYMBOL(cputime_adjust, ct_cputime_adjust,
		  "void (struct task_cputime *, struct prev_cputime *, u64 *, u64 *)"),
	CT_SYMBOL_TASK_CPUTIME
	{}
};

/**
 * struct cpuacct - the state of a group
 * @css: the core's part
 * @below: groups right below, removed ones that are not destroyed included;
 *	   under container_lock()
 * @sibling: entry there
 * @usage: what the meters have given, by processor; in @zero what there was, with
 *	   groups below, when 0 was written to usage, under container_lock()
 * @rest: user and system time, see above; under cpuacct_lock
 * @dying: tasks with a struct ct_dying; under cpuacct_lock
 * @shown: what has been shown as user and system time; has its own lock
 */
struct cpuacct {
	struct container_css css;
	struct list_head below;
	struct list_head sibling;
	struct ct_usage *usage;
	struct task_cputime rest;
	struct list_head dying;
	struct prev_cputime shown;
};

/* Inside of the core's; outside of those of the scheduler. Interrupts are off. */
static DEFINE_SPINLOCK(cpuacct_lock);

static struct cpuacct *cpuacct_of(struct container_css *css)
{
	return container_of(css, struct cpuacct, css);
}

static void add(struct task_cputime *sum, const struct task_cputime *time)
{
	sum->utime += time->utime;
	sum->stime += time->stime;
}

/* What a rest is in between may be below 0; a sum never is. */
static void subtract(struct task_cputime *sum, const struct task_cputime *time)
{
	sum->utime -= time->utime;
	sum->stime -= time->stime;
}

static struct task_cputime counters(struct task_struct *task)
{
	struct task_cputime time = {};

	ct_task_cputime_of(task, &time.utime, &time.stime);
	return time;
}

/**
 * ct_cpuacct_usage - where the time of the tasks of a set goes
 * @set: the set, or NULL
 *
 * Context: the set is kept.
 * Return: a group's; NULL: they are in the root, or there is no hierarchy.
 */
struct ct_usage *ct_cpuacct_usage(const struct ct_rset *set)
{
	struct container_css *css = set ? set->css[ct_cpuacct.id] : NULL;

	return css ? cpuacct_of(css)->usage : NULL;
}

/* -- tasks that go ------------------------------------------------------------ */

/* What they have used belongs to the rest as soon as it is final. */
static void settle(struct cpuacct *c, bool all)
{
	struct ct_dying *d, *next;

	lockdep_assert_held(&cpuacct_lock);
	list_for_each_entry_safe(d, next, &c->dying, node) {
		struct task_cputime time;

		if (!all && !ct_has_left(d->task))
			continue;
		time = counters(d->task);
		add(&c->rest, &time);
		list_del(&d->node);
		ct_dying_end(d);
	}
}

static void cpuacct_release(struct container_css *css, struct task_struct *task)
{
	struct cpuacct *c = cpuacct_of(css);
	struct task_cputime time;
	struct ct_dying *d;

	spin_lock(&cpuacct_lock);
	settle(c, false);
	d = ct_dying_find(task);
	if (d) {
		list_add_tail(&d->node, &c->dying);
	} else {
		time = counters(task);
		add(&c->rest, &time);
	}
	spin_unlock(&cpuacct_lock);
}

static void cpuacct_attach(struct container_css *to, struct container_css *from,
			   struct task_struct *task)
{
	struct task_cputime now = counters(task);

	spin_lock(&cpuacct_lock);
	add(&cpuacct_of(from)->rest, &now);
	subtract(&cpuacct_of(to)->rest, &now);
	spin_unlock(&cpuacct_lock);
}

/* -- summing up --------------------------------------------------------------- */

/**
 * struct sum - of the tasks of a group
 * @of: the group
 * @live: the user and system time of the live ones
 * @rest: the group's at the same moment, with that of the dying
 * @taken: @rest has been
 */
struct sum {
	struct cpuacct *of;
	bool taken;
	struct task_cputime live;
	struct task_cputime rest;
};

static void take_rest(struct sum *sum)
{
	struct cpuacct *c = sum->of;
	struct ct_dying *d;

	lockdep_assert_held(&cpuacct_lock);
	settle(c, false);
	sum->rest = c->rest;
	sum->taken = true;
	list_for_each_entry(d, &c->dying, node) {
		struct task_cputime time = counters(d->task);

		ct_dying_read(d);
		add(&sum->rest, &time);
	}
}

static void take_task(struct task_struct *task, void *data)
{
	struct task_cputime time = counters(task);
	struct sum *sum = data;

	/* In a walk of a group but the root ct_set_lock is held. */
	ct_meter_read(ct_rentry_of(task));
	add(&sum->live, &time);
}

/*
 * The last one of those that are walked is as good as any: from the first to the
 * last none is released.
 */
static void take_task_and_rest(struct task_struct *task, void *data)
{
	struct sum *sum = data;

	take_task(task, data);
	spin_lock(&cpuacct_lock);
	take_rest(sum);
	spin_unlock(&cpuacct_lock);
}

/*
 * What was given is looked at last, and grows only, so that no time is missed, or
 * counted twice, of a task that is migrated or released meanwhile.
 */
static void add_usage(struct task_cputime *total, struct cpuacct *c, u64 *percpu)
{
	int cpu;

	for_each_possible_cpu(cpu) {
		u64 ns = atomic64_read(&c->usage[cpu].ns);

		total->sum_exec_runtime += ns;
		if (percpu)
			percpu[cpu] += ns;
	}
}

/* Only this group's own; container_lock() keeps tasks from moving. */
static void add_group(struct task_cputime *total, struct cpuacct *c, u64 *percpu)
{
	struct sum sum = { .of = c };

	container_walk(&c->css, CONTAINER_TASKS_LIVE | CONTAINER_TASKS_EXITED,
		       take_task_and_rest, &sum);
	if (!sum.taken) {
		/* No tasks. Not before: one that went since would be missed. */
		spin_lock_irq(&cpuacct_lock);
		take_rest(&sum);
		spin_unlock_irq(&cpuacct_lock);
	}
	add(total, &sum.rest);
	add(total, &sum.live);
	add_usage(total, c, percpu);
}

static struct cpuacct *next_below(struct cpuacct *c, struct cpuacct *top)
{
	if (!list_empty(&c->below))
		return list_first_entry(&c->below, struct cpuacct, sibling);
	for (; c != top; c = cpuacct_of(c->css.parent)) {
		struct cpuacct *parent = cpuacct_of(c->css.parent);

		if (!list_is_last(&c->sibling, &parent->below))
			return list_next_entry(c, sibling);
	}
	return NULL;
}

/*
 * Of a group and all below; container_lock() is held.  @percpu: zeroed, gets what
 * each processor has of sum_exec_runtime; or NULL.
 */
static struct task_cputime total_of(struct cpuacct *top, u64 *percpu)
{
	struct task_cputime total = {};
	struct cpuacct *c;

	container_assert_locked();
	for (c = top; c; c = next_below(c, top))
		add_group(&total, c, percpu);
	return total;
}

/* -- files -------------------------------------------------------------------- */

static u64 zero_of(struct cpuacct *c)
{
	u64 zero = 0;
	int cpu;

	for_each_possible_cpu(cpu)
		zero += c->usage[cpu].zero;
	return zero;
}

static int usage_show(struct seq_file *m, struct container_css *css,
		      const struct container_file *file)
{
	struct cpuacct *c = cpuacct_of(css);
	u64 usage;

	container_lock();
	usage = total_of(c, NULL).sum_exec_runtime - zero_of(c);
	container_unlock();
	seq_printf(m, "%llu\n", usage);
	return 0;
}

/* 0 only: counting begins anew, for this group. */
static int usage_write(struct container_css *css, char *buf,
		       const struct container_file *file)
{
	struct cpuacct *c = cpuacct_of(css);
	u64 value, *percpu;
	int err = kstrtoull(buf, 0, &value), cpu;

	if (err)
		return err;
	if (value)
		return -EINVAL;
	percpu = kcalloc(nr_cpu_ids, sizeof(*percpu), GFP_KERNEL);
	if (!percpu)
		return -ENOMEM;
	container_lock();
	total_of(c, percpu);
	for_each_possible_cpu(cpu)
		c->usage[cpu].zero = percpu[cpu];
	container_unlock();
	kfree(percpu);
	return 0;
}

/* A blank after each, and all possible ones, as the kernel's own file has it. */
static int percpu_show(struct seq_file *m, struct container_css *css,
		       const struct container_file *file)
{
	u64 *percpu = kcalloc(nr_cpu_ids, sizeof(*percpu), GFP_KERNEL);
	struct cpuacct *c = cpuacct_of(css);
	int cpu;

	if (!percpu)
		return -ENOMEM;
	container_lock();
	total_of(c, percpu);
	for_each_possible_cpu(cpu)
		percpu[cpu] -= c->usage[cpu].zero;
	container_unlock();
	for_each_possible_cpu(cpu)
		seq_printf(m, "%llu ", percpu[cpu]);
	seq_putc(m, '\n');
	kfree(percpu);
	return 0;
}

static int stat_show(struct seq_file *m, struct container_css *css,
		     const struct container_file *file)
{
	struct cpuacct *c = cpuacct_of(css);
	struct task_cputime total;
	u64 user, system;

	container_lock();
	total = total_of(c, NULL);
	/* By ticks, and scaled to the exact sum, as the kernel does it. */
	static_call(ct_cputime_adjust)(&total, &c->shown, &user, &system);
	container_unlock();
	seq_printf(m, "user %llu\nsystem %llu\n",
		   div_u64(user, NSEC_PER_SEC / USER_HZ),
		   div_u64(system, NSEC_PER_SEC / USER_HZ));
	return 0;
}

static const struct container_file cpuacct_files[] = {
	{
		.name = "usage",
		.flags = CONTAINER_FILE_NO_ROOT,
		.show = usage_show,
		.write = usage_write,
	},
	{
		.name = "usage_percpu",
		.flags = CONTAINER_FILE_NO_ROOT,
		.show = percpu_show,
	},
	{
		.name = "stat",
		.flags = CONTAINER_FILE_NO_ROOT,
		.show = stat_show,
	},
	{}
};

/* -- life --------------------------------------------------------------------- */

static struct container_css *cpuacct_create(struct container_subsys *ss,
					    struct container_css *parent)
{
	struct cpuacct *c = kzalloc(sizeof(*c), GFP_KERNEL);

	if (!c)
		return ERR_PTR(-ENOMEM);
	c->usage = kvcalloc(nr_cpu_ids, sizeof(*c->usage), GFP_KERNEL);
	/* All below refer to the root, so it goes last. */
	if (!c->usage || (!parent && ct_meter_on())) {
		kvfree(c->usage);
		kfree(c);
		return ERR_PTR(-ENOMEM);
	}
	INIT_LIST_HEAD(&c->below);
	INIT_LIST_HEAD(&c->sibling);
	INIT_LIST_HEAD(&c->dying);
	prev_cputime_init(&c->shown);
	return &c->css;
}

static int cpuacct_online(struct container_css *css)
{
	if (css->parent)
		list_add_tail(&cpuacct_of(css)->sibling,
			      &cpuacct_of(css->parent)->below);
	return 0;
}

/* What it has used stays with the group above; no task is in it. */
static void give_up(struct cpuacct *c, struct cpuacct *parent)
{
	struct ct_dying *d;
	int cpu;

	lockdep_assert_held(&cpuacct_lock);
	settle(c, false);
	add(&parent->rest, &c->rest);
	list_for_each_entry(d, &c->dying, node)
		ct_dying_move(d, parent->usage);
	list_splice(&c->dying, &parent->dying);
	for_each_possible_cpu(cpu)
		atomic64_add(atomic64_read(&c->usage[cpu].ns),
			     &parent->usage[cpu].ns);
}

static void cpuacct_destroy(struct container_css *css)
{
	struct cpuacct *c = cpuacct_of(css);

	list_del(&c->sibling);
	spin_lock_irq(&cpuacct_lock);
	if (css->parent)
		give_up(c, cpuacct_of(css->parent));
	else
		settle(c, true);
	spin_unlock_irq(&cpuacct_lock);
	if (!css->parent)
		ct_meter_off();
	kvfree(c->usage);
	kfree(c);
}

struct container_subsys ct_cpuacct = {
	.name = "cpuacct",
	.owner = THIS_MODULE,
	.files = cpuacct_files,
	.create = cpuacct_create,
	.online = cpuacct_online,
	.destroy = cpuacct_destroy,
	.attach = cpuacct_attach,
	.release = cpuacct_release,
};
