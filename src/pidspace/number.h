/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The numbers of a struct pid: one in the container that it is in, and one in
 * each container around that.
 *
 * All of them are one record, which its slot (see slots.h) points to.  A task
 * that goes into a container gets a new record in one step; what a record says
 * does not change, but that its inner levels end when their containers do.
 */
#ifndef CT_PIDSPACE_NUMBER_H
#define CT_PIDSPACE_NUMBER_H

#include <linux/atomic.h>
#include <linux/pid.h>
#include <linux/preempt.h>
#include <linux/rcupdate.h>
#include <linux/types.h>

#include "pidspace/slots.h"

struct ct_space;

/**
 * struct ct_level - a number in one container
 * @space: the container's; the level holds a reference
 * @ns: its token
 * @nr: the number
 * @flags: below; protected by the space's lock, read without
 */
struct ct_level {
	struct ct_space *space;
	struct pid_namespace *ns;
	pid_t nr;
	unsigned int flags;
};

#define CT_LEVEL_ALIAS		1	/* the number one level out names it, too */
#define CT_LEVEL_RESERVED	2	/* ...and is allocated, to nobody */

/**
 * struct ct_number - all numbers of a struct pid
 * @pid: whose. No reference while the pid is alive, as free_pid() retires the
 *	 record first; a reference while it lingers
 * @flags: below; atomic
 * @linger: entry of the table of dead but remembered pids
 * @next: in a list of those that wait for a grace period, or of those that are
 *	  published in a move
 * @rcu: to wait until nobody has the record any more, where it goes alone
 * @depth: how many levels there are
 * @live: how many of them, the outer ones, belong to containers that have not
 *	  ended; decreases
 * @outer: how many of them the pid had before, from the record that this one
 *	   replaces
 * @level: outermost first
 */
struct ct_number {
	struct pid *pid;
	unsigned long flags;
	struct hlist_node linger;
	union {
		struct rcu_head rcu;
		struct ct_number *next;
	};
	unsigned int depth;
	unsigned int live;
	unsigned int outer;
	struct ct_level level[];
};

#define CT_NUMBER_TASK		0	/* counted in its spaces' nr_tasks */
#define CT_NUMBER_RETIRED	1	/* whoever set this frees it */
#define CT_NUMBER_HASHED	2	/* in the table of dead pids */
#define CT_NUMBER_SETTLED	3	/* lingers until the scan drops it */
#define CT_NUMBER_DROPPED	4	/* taken out of that table */
#define CT_NUMBER_LISTED	5	/* somebody goes through the numbers, and asks for it */

/* What a wish for a number looks like that is none. */
#define CT_NR_ANY	0

/*
 * The read-side section of the hooks.  It is one of RCU, too, and is entered and
 * left with a few instructions, where rcu_read_lock() is a call.
 */
#define ct_read_lock()		preempt_disable_notrace()
#define ct_read_unlock()	preempt_enable_notrace()

extern atomic_t ct_nr_lingering;
struct ct_number *ct_linger_find(const struct pid *pid);

/**
 * ct_number_of - the numbers of a struct pid
 * @pid: alive or dead, but not freed
 *
 * Context: RCU read-side section, in which the record may be used; NMI included.
 * Return: the record, or NULL if @pid is not, and never was, contained.
 */
static __always_inline struct ct_number *ct_number_of(const struct pid *pid)
{
	struct ct_number *num = ct_slot_num(pid->numbers[0].nr, pid);

	if (likely(num))
		return num;
	/* Pairs with the release in ct_slot_clear(). */
	smp_rmb();
	return unlikely(atomic_read(&ct_nr_lingering)) ? ct_linger_find(pid) :
							 NULL;
}

/**
 * ct_number_level - a record's level in a container
 * @num: a record
 * @ns: the container's token
 *
 * Context: as ct_number_of().
 * Return: the level, or NULL: a viewer there does not see this pid.
 */
static __always_inline struct ct_level *
ct_number_level(struct ct_number *num, const struct pid_namespace *ns)
{
	unsigned int i = READ_ONCE(num->live);

	while (i--)
		if (num->level[i].ns == ns)
			return &num->level[i];
	return NULL;
}

/**
 * ct_pid_sees - does a viewer see a struct pid?
 * @ns: token of the viewer
 * @pid: not freed; may be NULL
 *
 * Context: as ct_number_of().
 */
static inline bool ct_pid_sees(const struct pid_namespace *ns,
			       const struct pid *pid)
{
	struct ct_number *num = pid ? ct_number_of(pid) : NULL;

	return num && ct_number_level(num, ns);
}

int ct_pid_limit(void);

struct ct_number *ct_number_prepare(struct ct_space *space, struct pid *pid,
				    const pid_t *wishes, bool hidden,
				    gfp_t gfp);
void ct_number_abandon(struct ct_number *num);
void ct_number_publish(struct ct_number *num, bool alias);
void ct_number_switch(struct ct_number *num);
int ct_number_add(struct ct_space *space, struct pid *pid, const pid_t *wishes);
bool ct_number_listed(struct pid *pid);
struct ct_number *ct_number_retire(struct pid *pid);
void ct_number_close(struct pid *pid, struct ct_space *space);
void ct_number_uncount(struct pid *pid);
void ct_number_free(struct ct_number *num);
struct pid *ct_find_alias(int nr, struct pid_namespace *ns);

int ct_numbers_init(void);
void ct_numbers_exit(void);

/* linger.c */
void ct_linger_add(struct ct_number *num);
void ct_number_bury(struct ct_number *num);
void ct_linger_close(struct ct_space *space);
void ct_linger_exit(void);

#endif
