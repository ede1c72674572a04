// SPDX-License-Identifier: GPL-2.0
/*
 * Numbers of dead pids.
 *
 * A struct pid outlives free_pid() as long as somebody holds it (SO_PEERCRED,
 * System V IPC, fanotify, ...), and its holders go on printing its number.
 * Retired numbers are kept here until theirs is the only reference.
 */
#include <linux/hashtable.h>
#include <linux/rculist.h>
#include <linux/workqueue.h>

#include "pidspace/number.h"
#include "pidspace/space.h"

/* A leaf; taken under tasklist_lock with interrupts off. */
static DEFINE_SPINLOCK(linger_lock);
static DEFINE_HASHTABLE(lingering, 8);
atomic_t ct_nr_lingering = ATOMIC_INIT(0);

#define LINGER_SCAN	HZ
static void linger_scan(struct work_struct *work);
static DECLARE_DELAYED_WORK(linger_work, linger_scan);

/*
 * Numbers that wait for a grace period, all that have come since the last one
 * began together: callbacks of their own would hold up those of the kernel,
 * which give back the stacks of dead tasks. Under linger_lock.
 */
static struct ct_number *arrived, *waiting;
static struct rcu_head batch_rcu;
static void batch_done(struct rcu_head *rcu);

/**
 * ct_linger_find - what a dead struct pid was
 * @pid: not freed
 *
 * Context: as ct_number_of(), which see.
 * Return: its record, or NULL.
 */
struct ct_number *ct_linger_find(const struct pid *pid)
{
	struct ct_number *num;

	hash_for_each_possible_rcu(lingering, num, linger, (unsigned long)pid)
		if (num->pid == pid)
			return num;
	return NULL;
}

/* Called with linger_lock held. */
static void add_locked(struct ct_number *num)
{
	set_bit(CT_NUMBER_HASHED, &num->flags);
	hash_add_rcu(lingering, &num->linger, (unsigned long)num->pid);
	atomic_inc(&ct_nr_lingering);
}

/**
 * ct_linger_add - remember a pid that is about to leave its slot
 * @num: its record, which the caller is retiring
 *
 * Context: any but NMI.
 */
void ct_linger_add(struct ct_number *num)
{
	unsigned long flags;

	spin_lock_irqsave(&linger_lock, flags);
	add_locked(num);
	spin_unlock_irqrestore(&linger_lock, flags);
}

/* Called with linger_lock held. */
static void start_batch(void)
{
	waiting = arrived;
	arrived = NULL;
	call_rcu(&batch_rcu, batch_done);
}

/* Called with linger_lock held. */
static void wait_for_readers(struct ct_number *num)
{
	num->next = arrived;
	arrived = num;
	if (!waiting)
		start_batch();
}

/*
 * Forget a number in the table. Nobody else has it any more but for readers.
 * Called with linger_lock held.
 */
static void drop_locked(struct ct_number *num)
{
	hash_del_rcu(&num->linger);
	atomic_dec(&ct_nr_lingering);
	set_bit(CT_NUMBER_DROPPED, &num->flags);
	wait_for_readers(num);
}

/* Is nobody left who could ask for the number? */
static bool forgotten(const struct ct_number *num)
{
	return refcount_read(&num->pid->count) == 1 ||
	       num->level[0].space->closed;
}

/*
 * A grace period after free_pid(): who has no reference by now gets none. Who
 * found the pid by its number just before it was freed, and took one since
 * ct_number_retire() looked, has it remembered from here on.
 *
 * Called with linger_lock held. Return: free it now.
 */
static bool settle_locked(struct ct_number *num)
{
	bool hashed = test_bit(CT_NUMBER_HASHED, &num->flags);

	if (test_bit(CT_NUMBER_DROPPED, &num->flags))
		return true;
	if (forgotten(num)) {
		if (hashed)
			drop_locked(num);
		return !hashed;
	}
	if (!hashed)
		add_locked(num);
	set_bit(CT_NUMBER_SETTLED, &num->flags);
	schedule_delayed_work(&linger_work, LINGER_SCAN);
	return false;
}

static void batch_done(struct rcu_head *rcu)
{
	struct ct_number *num, *next, *done = NULL;
	unsigned long flags;

	spin_lock_irqsave(&linger_lock, flags);
	for (num = waiting; num; num = next) {
		next = num->next;
		if (settle_locked(num)) {
			num->next = done;
			done = num;
		}
	}
	waiting = NULL;
	if (arrived)
		start_batch();
	spin_unlock_irqrestore(&linger_lock, flags);
	for (num = done; num; num = next) {
		next = num->next;
		put_pid(num->pid);
		ct_number_free(num);
	}
}

/**
 * ct_number_bury - remember a retired number as long as its pid is held
 * @num: from ct_number_retire()
 *
 * Call after the kernel's own free_pid(): its RCU callback, which drops the
 * kernel's reference, then mostly comes before ours.
 *
 * Context: any but NMI.
 */
void ct_number_bury(struct ct_number *num)
{
	unsigned long flags;

	spin_lock_irqsave(&linger_lock, flags);
	wait_for_readers(num);
	spin_unlock_irqrestore(&linger_lock, flags);
}

/* Drop the settled numbers that nobody else holds. */
static bool sweep(void)
{
	struct ct_number *num;
	struct hlist_node *tmp;
	bool left = false;
	int bkt;

	spin_lock_irq(&linger_lock);
	hash_for_each_safe(lingering, bkt, tmp, num, linger) {
		if (!test_bit(CT_NUMBER_SETTLED, &num->flags))
			continue;
		if (forgotten(num))
			drop_locked(num);
		else
			left = true;
	}
	spin_unlock_irq(&linger_lock);
	return left;
}

static void linger_scan(struct work_struct *work)
{
	if (sweep())
		schedule_delayed_work(&linger_work, LINGER_SCAN);
}

/**
 * ct_linger_close - forget the dead pids of a container
 * @space: its space; a container around it may go on seeing them
 *
 * Context: may sleep.
 */
void ct_linger_close(struct ct_space *space)
{
	spin_lock_irq(&linger_lock);
	space->closed = true;
	spin_unlock_irq(&linger_lock);
	sweep();
}

/* Is any number on its way? */
static bool under_way(void)
{
	bool any;

	spin_lock_irq(&linger_lock);
	any = waiting || arrived;
	spin_unlock_irq(&linger_lock);
	return any;
}

/**
 * ct_linger_exit - wait for all that is still under way
 *
 * Context: may sleep; all spaces are closed and all hooks off.
 */
void ct_linger_exit(void)
{
	/* As their spaces are closed, they start no scan and do not stay. */
	while (under_way())
		rcu_barrier();
	cancel_delayed_work_sync(&linger_work);
	/* Records that were freed by a callback of their own. */
	rcu_barrier();
}
