// SPDX-License-Identifier: GPL-2.0
/*
 * The controller "cpuacct": the processor time that the tasks of a group have
 * used while they were in it.  Documentation/resource-cpuacct.md has the files.
 *
 * Nothing is done when time is used: the scheduler counts it for each task
 * anyway.  A group has
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

DEFINE_STATIC_CALL_NULL(ct_task_sched_runtime, task_sched_runtime);
DEFINE_STATIC_CALL_NULL(ct_cputime_adjust, cputime_adjust);
CT_DEFINE_TASK_CPUTIME;

const struct ct_symbol ct_symbols_cpuacct[] = {
	CT_SYMBOL(task_sched_runtime, ct_task_sched_runtime,
		  "unsigned long long (struct task_struct *)"),
	CT_SYMBOL(cputime_adjust, ct_cputime_adjust,
		  "void (struct task_cputime *, struct prev_cputime *, u64 *, u64 *)"),
	CT_SYMBOL_TASK_CPUTIME
	{}
};

/**
 * struct dying - a task that was released and may still be on its processor
 * @node: entry of the list of its group
 * @task: with a reference
 */
struct dying {
	struct list_head node;
	struct task_struct *task;
};

/**
 * struct cpuacct - the state of a group
 * @css: the core's part
 * @below: groups right below, removed ones that are not destroyed included;
 *	   under container_lock()
 * @sibling: entry there
 * @rest: see above; under cpuacct_lock
 * @dying: see struct dying; under cpuacct_lock
 * @zero: what usage was when 0 was written to it; under container_lock()
 * @shown: what has been shown as user and system time; has its own lock
 */
struct cpuacct {
	struct container_css css;
	struct list_head below;
	struct list_head sibling;
	struct task_cputime rest;
	struct list_head dying;
	u64 zero;
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
	sum->sum_exec_runtime += time->sum_exec_runtime;
}

/* What a rest is in between may be below 0; a sum never is. */
static void subtract(struct task_cputime *sum, const struct task_cputime *time)
{
	sum->utime -= time->utime;
	sum->stime -= time->stime;
	sum->sum_exec_runtime -= time->sum_exec_runtime;
}

static struct task_cputime counters(struct task_struct *task)
{
	struct task_cputime time = {};

	ct_task_cputime_of(task, &time.utime, &time.stime);
	time.sum_exec_runtime = static_call(ct_task_sched_runtime)(task);
	return time;
}

/* -- tasks that go ------------------------------------------------------------ */

/*
 * Has it left its processor for the last time?  It says that it is dead with
 * preemption off, then schedules, and the task after it clears on_cpu when all is
 * counted.
 */
static bool has_left(struct task_struct *task)
{
	if (READ_ONCE(task->__state) != TASK_DEAD)
		return false;
	/* Pairs with smp_store_release() in finish_task(). */
	return !smp_load_acquire(&task->on_cpu);
}

/* What they have used belongs to the rest as soon as it is final. */
static void settle(struct cpuacct *c, bool all)
{
	struct dying *d, *next;

	lockdep_assert_held(&cpuacct_lock);
	list_for_each_entry_safe(d, next, &c->dying, node) {
		struct task_cputime time;

		if (!all && !has_left(d->task))
			continue;
		time = counters(d->task);
		add(&c->rest, &time);
		list_del(&d->node);
		put_task_struct(d->task);
		kfree(d);
	}
}

static void cpuacct_release(struct container_css *css, struct task_struct *task)
{
	struct cpuacct *c = cpuacct_of(css);
	struct task_cputime time;
	struct dying *d = NULL;

	if (!has_left(task))
		d = kmalloc(sizeof(*d), GFP_ATOMIC);
	spin_lock(&cpuacct_lock);
	settle(c, false);
	if (d) {
		d->task = get_task_struct(task);
		list_add_tail(&d->node, &c->dying);
	} else {
		/* Without memory its last steps are lost. */
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
 * @live: what they have used
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
	struct dying *d;

	lockdep_assert_held(&cpuacct_lock);
	settle(c, false);
	sum->rest = c->rest;
	sum->taken = true;
	list_for_each_entry(d, &c->dying, node) {
		struct task_cputime time = counters(d->task);

		add(&sum->rest, &time);
	}
}

static void take_task(struct task_struct *task, void *data)
{
	struct task_cputime time = counters(task);
	struct sum *sum = data;

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

/* Only this group's own; container_lock() keeps tasks from moving. */
static void add_group(struct task_cputime *total, struct cpuacct *c)
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

/* Of a group and all below; container_lock() is held. */
static struct task_cputime total_of(struct cpuacct *top)
{
	struct task_cputime total = {};
	struct cpuacct *c;

	container_assert_locked();
	for (c = top; c; c = next_below(c, top))
		add_group(&total, c);
	return total;
}

/* -- files -------------------------------------------------------------------- */

static int usage_show(struct seq_file *m, struct container_css *css,
		      const struct container_file *file)
{
	struct cpuacct *c = cpuacct_of(css);
	u64 usage;

	container_lock();
	usage = total_of(c).sum_exec_runtime - c->zero;
	container_unlock();
	seq_printf(m, "%llu\n", usage);
	return 0;
}

/* 0 only: counting begins anew, for this group. */
static int usage_write(struct container_css *css, char *buf,
		       const struct container_file *file)
{
	struct cpuacct *c = cpuacct_of(css);
	u64 value;
	int err = kstrtoull(buf, 0, &value);

	if (err)
		return err;
	if (value)
		return -EINVAL;
	container_lock();
	c->zero = total_of(c).sum_exec_runtime;
	container_unlock();
	return 0;
}

static int stat_show(struct seq_file *m, struct container_css *css,
		     const struct container_file *file)
{
	struct cpuacct *c = cpuacct_of(css);
	struct task_cputime total;
	u64 user, system;

	container_lock();
	total = total_of(c);
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

/* What it has used stays with the group above. */
static void cpuacct_destroy(struct container_css *css)
{
	struct cpuacct *c = cpuacct_of(css);

	list_del(&c->sibling);
	spin_lock_irq(&cpuacct_lock);
	if (css->parent) {
		struct cpuacct *parent = cpuacct_of(css->parent);

		settle(c, false);
		add(&parent->rest, &c->rest);
		list_splice(&c->dying, &parent->dying);
	} else {
		settle(c, true);
	}
	spin_unlock_irq(&cpuacct_lock);
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
