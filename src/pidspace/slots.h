/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The forward table: global pid -> who it is inside a container.
 *
 * Two levels, indexed by the global number, so that "is this task contained,
 * where, and under which number?" takes two dependent loads and no lock.  A
 * page of slots comes with the first of its numbers that is used; empty ones are
 * freed when there are many.
 *
 * The reverse direction, number -> struct pid, is the idr of the container's
 * token namespace (see space.h): the kernel's own lookups read that.
 *
 * Pure logic: also built for the unit tests.
 */
#ifndef CT_PIDSPACE_SLOTS_H
#define CT_PIDSPACE_SLOTS_H

#define CT_SLOT_SHIFT		8
#define CT_SLOTS_PER_PAGE	256
#define CT_SLOT_MASK		255
/* That these fit together is asserted in slots.c. */
#define CT_SLOT_SIZE_SHIFT	5

#ifndef __ASSEMBLY__

#include <linux/rcupdate.h>
#include <linux/threads.h>
#include <linux/types.h>

struct ct_number;
struct pid;
struct pid_namespace;

#define CT_SLOT_PAGES		(PID_MAX_LIMIT >> CT_SLOT_SHIFT)

/**
 * struct ct_slot - what a global number is inside a container
 * @ns:  token namespace of the innermost container; NULL: not contained
 * @pid: the struct pid that holds the global number
 * @num: the record behind it (see number.h)
 * @nr:  its number in the innermost container
 *
 * @ns and @nr are the view of the task: in whose numbers it sees, and its own
 * there.  They repeat what @num says, except while it is being moved, when @num
 * comes first: then they are still those of one further out, or none.  Who asks
 * about another one takes @num: that is one word, so it is true at any time.
 *
 * @pid is written last when a slot is taken and first when it is given up: see
 * ct_slot_num() for who pairs with that.
 */
struct ct_slot {
	struct pid_namespace *ns;
	struct pid *pid;
	struct ct_number *num;
	pid_t nr;
};

struct ct_slot_page {
	struct rcu_head rcu;
	unsigned int used;
	struct ct_slot slots[CT_SLOTS_PER_PAGE];
};

extern struct ct_slot_page *ct_slot_dir[CT_SLOT_PAGES];

/**
 * ct_slot_of - the slot of a global number
 * @gnr: a global pid, 0 included
 *
 * Context: any, NMI included. The slot stays valid while the number is in use
 * in a container, else until the end of the RCU-tasks grace period, that is
 * until the caller sleeps.
 * Return: the slot, or NULL when no number near @gnr is contained.
 */
static inline struct ct_slot *ct_slot_of(pid_t gnr)
{
	struct ct_slot_page *page;

	page = READ_ONCE(ct_slot_dir[(unsigned int)gnr >> CT_SLOT_SHIFT]);
	if (!page)
		return NULL;
	return &page->slots[gnr & CT_SLOT_MASK];
}

/**
 * ct_slot_num - the record of a struct pid, from its number's slot
 * @gnr: the global number of @pid
 * @pid: a struct pid that cannot be freed meanwhile
 *
 * A dead struct pid's number may be in use by another one, which may even be
 * moving in while we look.  @pid never comes back to a slot it has left (its
 * memory is held by the caller), so it owning the slot before and after the
 * record was read proves that this is its own.
 *
 * Context: RCU read-side section, in which the record may be used; NMI included.
 * Return: the record, NULL if the slot is not @pid's.
 */
static __always_inline struct ct_number *ct_slot_num(pid_t gnr,
						     const struct pid *pid)
{
	struct ct_slot *slot = ct_slot_of(gnr);
	struct ct_number *num;

	if (!slot)
		return NULL;
	/* Pairs with the release in ct_slot_set(). */
	if (smp_load_acquire(&slot->pid) != pid)
		return NULL;
	num = READ_ONCE(slot->num);
	/* Pairs with the barrier in ct_slot_clear(). */
	smp_rmb();
	return READ_ONCE(slot->pid) == pid ? num : NULL;
}

/**
 * ct_slot_ns - the view of a task
 * @gnr: the global number of its struct pid @pid
 * @pid: a struct pid that cannot be freed meanwhile
 *
 * Context: any, NMI included.
 * Return: the token of its container, NULL if the slot is not @pid's or it sees
 * as the host does.
 */
static __always_inline struct pid_namespace *ct_slot_ns(pid_t gnr,
							const struct pid *pid)
{
	struct ct_slot *slot = ct_slot_of(gnr);
	struct pid_namespace *ns;

	/* As ct_slot_num(). */
	if (!slot || smp_load_acquire(&slot->pid) != pid)
		return NULL;
	ns = READ_ONCE(slot->ns);
	/* Pairs with the barrier in ct_slot_clear(). */
	smp_rmb();
	return READ_ONCE(slot->pid) == pid ? ns : NULL;
}

int ct_slot_reserve(pid_t gnr, gfp_t gfp);
void ct_slot_unreserve(pid_t gnr);
void ct_slot_set(pid_t gnr, const struct ct_slot *val);
void ct_slot_change(pid_t gnr, const struct ct_slot *val);
void ct_slot_clear(pid_t gnr);
void ct_slots_trim(void);
unsigned int ct_slots_pages(void);

#endif /* __ASSEMBLY__ */
#endif
