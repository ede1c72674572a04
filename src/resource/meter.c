// SPDX-License-Identifier: GPL-2.0
/*
 * Whose processor time goes to which group, by processor; see meter.h.
 *
 * Of what the scheduler does only migrating is watched, and only while cpuacct is
 * mounted.  The kernel's tracepoint is in set_task_cpu(), before the change, and
 * nothing else changes the processor of a task that has ever run.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/hashtable.h>
#include <linux/sched/cputime.h>
#include <linux/sched/task.h>
#include <linux/slab.h>
#include <linux/static_call.h>
#include <linux/tracepoint.h>
#include <trace/events/sched.h>

#include "hook/symbols.h"
#include "resource/entry.h"
#include "resource/meter.h"
#include "resource/resource.h"

DEFINE_STATIC_CALL_NULL(ct_task_sched_runtime, task_sched_runtime);

const struct ct_symbol ct_symbols_meter[] = {
	CT_SYMBOL(task_sched_runtime, ct_task_sched_runtime,
		  "unsigned long long (struct task_struct *)"),
	{}
};

/* Taken under the scheduler's locks, and an entry's; a leaf. */
static DEFINE_RAW_SPINLOCK(dying_lock);
static DEFINE_HASHTABLE(dying, 6);

/* Under ct_rmutex, but for the first, which does not change. */
static struct tracepoint *migrating;
static unsigned int nr_users;

/*
 * Up to now, for one that is running.  That takes the lock of its run queue, under
 * which a migration waits for those here.
 */
static void refresh(struct task_struct *task)
{
	static_call(ct_task_sched_runtime)(task);
}

/*
 * The meter's lock is held, so whoever would migrate the task waits, or has given
 * what there was and may not have changed its processor yet.  Then there is no more
 * until it runs on the new one: that is seen by who sees what was used there.
 */
static void give(struct ct_meter *meter, const struct task_struct *task)
{
	u64 now = READ_ONCE(task->se.sum_exec_runtime);

	if (now == meter->given)
		return;
	/* Pairs with the locks between __set_task_cpu() and update_curr(). */
	smp_rmb();
	atomic64_add(now - meter->given, &meter->to[task_cpu(task)].ns);
	meter->given = now;
}

/**
 * ct_meter_set - a task's time goes elsewhere from now on
 * @e: its entry, published
 * @set: where it is, as referred to by the entry; NULL: the root of everything
 *
 * Context: ct_set_lock held.
 */
void ct_meter_set(struct ct_rentry *e, const struct ct_rset *set)
{
	struct ct_usage *to = ct_cpuacct_usage(set);
	struct ct_meter *meter = &e->meter;

	lockdep_assert_held(&ct_set_lock);
	if (meter->to == to)
		return;
	refresh(e->task);
	raw_spin_lock(&e->lock);
	if (meter->to)
		give(meter, e->task);
	else
		meter->given = READ_ONCE(e->task->se.sum_exec_runtime);
	meter->to = to;
	raw_spin_unlock(&e->lock);
}

/**
 * ct_meter_read - give the group what the task has used until now
 * @e: its entry
 *
 * Context: ct_set_lock held.
 */
void ct_meter_read(struct ct_rentry *e)
{
	lockdep_assert_held(&ct_set_lock);
	refresh(e->task);
	raw_spin_lock(&e->lock);
	if (e->meter.to)
		give(&e->meter, e->task);
	raw_spin_unlock(&e->lock);
}

static struct ct_dying *dying_alloc(struct task_struct *task)
{
	struct ct_dying *d = kmalloc(sizeof(*d), GFP_ATOMIC);

	if (!d)
		return NULL;
	INIT_LIST_HEAD(&d->node);
	d->task = get_task_struct(task);
	return d;
}

/**
 * ct_meter_end - a task is released
 * @e: its entry, still in the table
 *
 * If it is still on its processor it is found by ct_dying_find() from now on, and
 * cpuacct has to call ct_dying_end(). Without memory its last steps are lost.
 *
 * Context: ct_set_lock held.
 */
void ct_meter_end(struct ct_rentry *e)
{
	struct ct_dying *d = NULL;

	lockdep_assert_held(&ct_set_lock);
	if (!e->meter.to)
		return;
	refresh(e->task);
	/* One that is just being forked is freed if that fails, whoever has it. */
	if (e->state != CT_RENTRY_NEW && !ct_has_left(e->task))
		d = dying_alloc(e->task);
	raw_spin_lock(&e->lock);
	give(&e->meter, e->task);
	if (d) {
		d->meter = e->meter;
		raw_spin_lock(&dying_lock);
		hash_add(dying, &d->hash, (unsigned long)d->task);
		raw_spin_unlock(&dying_lock);
	}
	e->meter.to = NULL;
	raw_spin_unlock(&e->lock);
}

/* -- those that were released ------------------------------------------------- */

static struct ct_dying *find_locked(const struct task_struct *task)
{
	struct ct_dying *d;

	hash_for_each_possible(dying, d, hash, (unsigned long)task)
		if (d->task == task)
			return d;
	return NULL;
}

/**
 * ct_dying_find - the record of a task that was released before it has left
 * @task: the task
 *
 * Context: irqs off, under a lock that keeps it from ct_dying_end().
 * Return: the record, or NULL.
 */
struct ct_dying *ct_dying_find(const struct task_struct *task)
{
	struct ct_dying *d;

	raw_spin_lock(&dying_lock);
	d = find_locked(task);
	raw_spin_unlock(&dying_lock);
	return d;
}

/**
 * ct_dying_read - give the group what it has used until now
 * @d: the record
 *
 * Context: irqs off.
 */
void ct_dying_read(struct ct_dying *d)
{
	refresh(d->task);
	raw_spin_lock(&dying_lock);
	give(&d->meter, d->task);
	raw_spin_unlock(&dying_lock);
}

/**
 * ct_dying_move - the time goes elsewhere; what was given stays
 * @d: the record
 * @to: where
 *
 * Context: irqs off.
 */
void ct_dying_move(struct ct_dying *d, struct ct_usage *to)
{
	raw_spin_lock(&dying_lock);
	d->meter.to = to;
	raw_spin_unlock(&dying_lock);
}

/**
 * ct_dying_end - give what there is, and forget the task
 * @d: the record, on no list; freed
 *
 * Context: irqs off.
 */
void ct_dying_end(struct ct_dying *d)
{
	ct_dying_read(d);
	raw_spin_lock(&dying_lock);
	hash_del(&d->hash);
	raw_spin_unlock(&dying_lock);
	put_task_struct(d->task);
	kfree(d);
}

/* -- migrating ---------------------------------------------------------------- */

static bool entry_gives(struct ct_rentry *e, const struct task_struct *task)
{
	bool gives;

	raw_spin_lock(&e->lock);
	/* It may be another task's by now. Pairs with ct_rentry_publish(). */
	gives = smp_load_acquire(&e->task) == task && e->meter.to;
	if (gives)
		give(&e->meter, task);
	raw_spin_unlock(&e->lock);
	return gives;
}

static void dying_gives(const struct task_struct *task)
{
	struct ct_dying *d;

	raw_spin_lock(&dying_lock);
	d = find_locked(task);
	if (d)
		give(&d->meter, task);
	raw_spin_unlock(&dying_lock);
}

/*
 * The task does not run, and all that it has used is in its counter.  Under its
 * pi_lock or the lock of a run queue, with irqs off; an RCU read-side section, for
 * which pages and entries wait, too, on idle tasks as well.  The pid is the one
 * under which the entry is: who swaps his with another thread's is running, and the
 * other thread's entry has gone.
 */
static void migrates(void *data, struct task_struct *task, int cpu)
{
	struct ct_rentry *e = ct_rentry_at(READ_ONCE(task->pid));

	if (e && entry_gives(e, task))
		return;
	/*
	 * In ct_meter_end() it was hashed before its entry went; that was after it
	 * had said that it exits.
	 */
	smp_rmb();
	if (unlikely(READ_ONCE(task->exit_state)))
		dying_gives(task);
}

/**
 * ct_meter_on - migrations have to be seen from now on
 *
 * Context: ct_rmutex held, may sleep.
 * Return: 0, and ct_meter_off() has to follow; or -ENOMEM.
 */
int ct_meter_on(void)
{
	int err = 0;

	lockdep_assert_held(&ct_rmutex);
	check_trace_callback_type_sched_migrate_task(migrates);
	if (!nr_users)
		err = tracepoint_probe_register(migrating, migrates, NULL);
	if (!err)
		nr_users++;
	return err;
}

/**
 * ct_meter_off - undo ct_meter_on(), when there is no state of that hierarchy
 *
 * Context: ct_rmutex held, may sleep. With the last one none runs any more.
 */
void ct_meter_off(void)
{
	lockdep_assert_held(&ct_rmutex);
	if (--nr_users)
		return;
	tracepoint_probe_unregister(migrating, migrates, NULL);
	tracepoint_synchronize_unregister();
}

static void look_at(struct tracepoint *tp, void *data)
{
	if (!strcmp(tp->name, "sched_migrate_task"))
		migrating = tp;
}

/**
 * ct_meter_init - find the tracepoint
 *
 * Context: may sleep; at load.
 * Return: 0, or -ENOENT after a message.
 */
int ct_meter_init(void)
{
	for_each_kernel_tracepoint(look_at, NULL);
	if (migrating)
		return 0;
	pr_err("this kernel lacks the tracepoint sched_migrate_task\n");
	return -ENOENT;
}
