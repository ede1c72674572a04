// SPDX-License-Identifier: GPL-2.0
/* The forward table; see slots.h. */
#include <linux/build_bug.h>
#include <linux/compiler.h>
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/rcupdate.h>
#include <linux/slab.h>
#include <linux/spinlock.h>

#include "pidspace/slots.h"

struct ct_slot_page *ct_slot_dir[CT_SLOT_PAGES];

/*
 * Serialises writers.  A leaf: taken under tasklist_lock and under a space's
 * lock, with interrupts off.
 */
static DEFINE_SPINLOCK(ct_slots_lock);
static unsigned int nr_pages;

/*
 * Empty pages are kept for the next round: pids are given out in order, so a
 * container that forks comes by again and again, and a grace period of
 * RCU-tasks, which looks at every task there is, costs more than many forks.
 * This many (1 MiB) are enough for the default kernel.pid_max of 32768.
 */
#define CT_SLOT_SPARE	128
static unsigned int nr_empty;

static_assert(sizeof(struct ct_slot) == 1 << CT_SLOT_SIZE_SHIFT);
static_assert(CT_SLOTS_PER_PAGE == 1 << CT_SLOT_SHIFT);

static void page_free_rcu(struct rcu_head *rcu)
{
	kfree(container_of(rcu, struct ct_slot_page, rcu));
}

/*
 * Take a page out of the table. Called with ct_slots_lock held.
 *
 * The trampolines look at slots outside of any RCU read-side section and may
 * be preempted there; only RCU-tasks waits for them.
 */
static void page_drop(unsigned int index)
{
	struct ct_slot_page *page = ct_slot_dir[index];

	WRITE_ONCE(ct_slot_dir[index], NULL);
	nr_pages--;
	call_rcu_tasks(&page->rcu, page_free_rcu);
}

/* Called with ct_slots_lock held. */
static void trim_locked(void)
{
	unsigned int i;

	for (i = 0; i < CT_SLOT_PAGES && nr_empty; i++) {
		if (ct_slot_dir[i] && !ct_slot_dir[i]->used) {
			page_drop(i);
			nr_empty--;
		}
	}
}

/**
 * ct_slot_reserve - make sure that a slot can be taken without allocating
 * @gnr: global number
 * @gfp: how to get memory
 *
 * Context: any but NMI; may sleep if @gfp says so.
 * Return: 0 or -ENOMEM. After 0 the slot is counted as used: follow with
 * ct_slot_set() and one day ct_slot_clear(), or with ct_slot_unreserve().
 */
int ct_slot_reserve(pid_t gnr, gfp_t gfp)
{
	struct ct_slot_page **where = &ct_slot_dir[gnr >> CT_SLOT_SHIFT];
	struct ct_slot_page *page, *new = NULL;

	for (;;) {
		bool fresh = false;
		unsigned long flags;

		spin_lock_irqsave(&ct_slots_lock, flags);
		page = *where;
		if (!page && new) {
			fresh = true;
			page = new;
			new = NULL;
			nr_pages++;
			/* The zeroed page is visible before its address. */
			smp_store_release(where, page);
		}
		if (page && !page->used++ && !fresh)
			nr_empty--;
		if (nr_empty > CT_SLOT_SPARE)
			trim_locked();
		spin_unlock_irqrestore(&ct_slots_lock, flags);
		if (page)
			break;
		new = kzalloc(sizeof(*new), gfp);
		if (!new)
			return -ENOMEM;
	}
	kfree(new);
	return 0;
}

/* Called with ct_slots_lock held. */
static void page_put(pid_t gnr)
{
	if (!--ct_slot_dir[gnr >> CT_SLOT_SHIFT]->used)
		nr_empty++;
}

/**
 * ct_slots_trim - free the pages that are kept although they are empty
 *
 * Context: any but NMI.
 */
void ct_slots_trim(void)
{
	unsigned long flags;

	spin_lock_irqsave(&ct_slots_lock, flags);
	trim_locked();
	spin_unlock_irqrestore(&ct_slots_lock, flags);
}

/**
 * ct_slot_unreserve - undo ct_slot_reserve()
 * @gnr: global number
 *
 * Context: any but NMI.
 */
void ct_slot_unreserve(pid_t gnr)
{
	unsigned long flags;

	spin_lock_irqsave(&ct_slots_lock, flags);
	page_put(gnr);
	spin_unlock_irqrestore(&ct_slots_lock, flags);
}

/**
 * ct_slot_set - fill a reserved slot
 * @gnr: global number
 * @val: all fields
 *
 * Context: any but NMI. Nobody else fills, changes or clears the slot: it is
 * free, and @gnr is its struct pid's alone.
 */
void ct_slot_set(pid_t gnr, const struct ct_slot *val)
{
	struct ct_slot *slot = ct_slot_of(gnr);

	WRITE_ONCE(slot->num, val->num);
	WRITE_ONCE(slot->nr, val->nr);
	/* Who sees @ns and then takes @nr gets that. */
	smp_store_release(&slot->ns, val->ns);
	/* Pairs with smp_load_acquire() in ct_slot_num(). */
	smp_store_release(&slot->pid, val->pid);
}

/**
 * ct_slot_change - put a struct pid's new record into its slot
 * @gnr: global number
 * @val: all fields; the struct pid is the same as before
 *
 * Context: any but NMI. The caller sees to it that nobody else changes or
 * clears the slot meanwhile.
 */
void ct_slot_change(pid_t gnr, const struct ct_slot *val)
{
	struct ct_slot *slot = ct_slot_of(gnr);

	/* The record is complete before others see it. */
	smp_store_release(&slot->num, val->num);
	WRITE_ONCE(slot->nr, val->nr);
	/* A running task that is moved in sees @ns and then takes @nr. */
	smp_store_release(&slot->ns, val->ns);
}

/**
 * ct_slot_clear - give up a slot
 * @gnr: global number
 *
 * Context: any but NMI.
 */
void ct_slot_clear(pid_t gnr)
{
	struct ct_slot *slot = ct_slot_of(gnr);
	unsigned long flags;

	spin_lock_irqsave(&ct_slots_lock, flags);
	/*
	 * Released: whoever misses the pid here finds it where it was put
	 * before (see ct_number_of()).
	 */
	smp_store_release(&slot->pid, NULL);
	/* Pairs with smp_rmb() in ct_slot_num(): owner gone, then the rest. */
	smp_wmb();
	WRITE_ONCE(slot->ns, NULL);
	WRITE_ONCE(slot->num, NULL);
	WRITE_ONCE(slot->nr, 0);
	page_put(gnr);
	spin_unlock_irqrestore(&ct_slots_lock, flags);
}

/**
 * ct_slots_pages - how many pages of slots exist
 *
 * Context: any.
 * Return: the number of pages, for tests and the leak check at unload.
 */
unsigned int ct_slots_pages(void)
{
	return READ_ONCE(nr_pages);
}
