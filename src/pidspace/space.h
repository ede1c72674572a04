/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A pid space: the numbers of one container.
 *
 * Its tasks stay in the kernel's initial pid namespace.  The space adds a
 * token: a struct pid_namespace that no struct pid belongs to, which stands
 * for "as this container sees it" wherever the kernel passes a namespace.  The
 * token's idr maps the container's numbers to struct pid, so find_pid_ns() and
 * the code on top of it need no help; the way back is the table of slots.h.
 */
#ifndef CT_PIDSPACE_SPACE_H
#define CT_PIDSPACE_SPACE_H

#include <linux/atomic.h>
#include <linux/list.h>
#include <linux/pid.h>
#include <linux/pid_namespace.h>
#include <linux/refcount.h>
#include <linux/sched.h>
#include <linux/spinlock.h>
#include <linux/wait.h>

#include "pidspace/slots.h"

struct ct_space;

/**
 * struct ct_space_ops - what the owner of a space is told
 * @emptied: the last task has gone. Called once, in atomic context, under
 *	     tasklist_lock. The owner calls ct_space_close() later.
 * @free: the last reference has gone; in any context but NMI
 */
struct ct_space_ops {
	void (*emptied)(struct ct_space *space);
	void (*free)(struct ct_space *space);
};

/**
 * struct ct_space - the numbers of one container
 * @token: its namespace token; the space holds a reference
 * @lock: protects the token's idr, @retired, @dead and @keeping against
 *	  writers.
 *	  Taken inside tasklist_lock; interrupts are off. ct_slots_lock
 *	  nests inside.
 * @retired: the number that was given back last; still allocated, to nobody
 * @nr_tasks: numbered threads that have not been released yet
 * @dead: no more numbers are given out
 * @keeping: numbers are given out equal to the global ones
 * @closed: ct_space_close() has been called: nobody is left who could ask for
 *	    a number, so dead pids need not be remembered
 * @reaper: the thread group of process 1, to compare with, not to follow
 * @zap_wait: where process 1 waits, when it exits, for the others to go
 * @ops: the owner's
 * @users: one of the owner, one for each number
 */
struct ct_space {
	struct pid_namespace *token;
	spinlock_t lock;	/* see above */
	pid_t retired;
	atomic_t nr_tasks;
	bool dead;
	bool keeping;
	bool closed;
	struct signal_struct *reaper;
	wait_queue_head_t zap_wait;
	const struct ct_space_ops *ops;
	refcount_t users;
};

/* What a wish for a number looks like in ct_number_add(). */
#define CT_NR_ANY	0

int ct_space_init(struct ct_space *space, const struct ct_space_ops *ops);
void ct_space_put(struct ct_space *space);
void ct_space_close(struct ct_space *space);
void ct_space_kill(struct ct_space *space, int sig);
void ct_space_zap(struct ct_space *space);
void ct_space_keep(struct ct_space *space, bool keep);

int ct_number_add(struct ct_space *space, struct pid *pid, pid_t want);
void ct_number_alias(struct ct_space *space, struct pid *pid);
struct pid *ct_find_alias(int nr, struct pid_namespace *ns);
struct ct_number *ct_number_retire(struct pid *pid);
void ct_number_bury(struct ct_number *num);
void ct_number_uncount(struct pid *pid);
struct ct_space *ct_number_space(const struct ct_number *num);

extern atomic_t ct_nr_lingering;
bool ct_pid_linger(const struct pid *pid, struct ct_slot *out);

/**
 * ct_pid_lookup - what a struct pid is inside a container
 * @pid: alive or dead, but not freed
 * @out: filled on success
 *
 * Context: any, NMI included. @out->num may be followed in an RCU read-side
 * section only.
 * Return: true if @pid has, or had, a number in some space.
 */
static inline bool ct_pid_lookup(const struct pid *pid, struct ct_slot *out)
{
	if (ct_slot_read(pid->numbers[0].nr, pid, out))
		return true;
	/* Pairs with the release in ct_slot_clear(). */
	smp_rmb();
	return unlikely(atomic_read(&ct_nr_lingering)) &&
	       ct_pid_linger(pid, out);
}

int ct_pid_limit(void);

int ct_pidspace_init(void);
void ct_pidspace_exit(void);

/**
 * ct_current_ns - the token of the container that current is in
 *
 * Context: any, NMI included. A contained task's own slot cannot go away
 * under it.
 * Return: the token, NULL in the system container.
 */
static __always_inline struct pid_namespace *ct_current_ns(void)
{
	struct ct_slot *slot = ct_slot_of(current->pid);

	return slot ? READ_ONCE(slot->ns) : NULL;
}

/**
 * ct_current_space - the space that current is in
 *
 * Context: any, NMI included.
 * Return: the space, which exists at least as long as current is not released;
 * NULL in the system container.
 */
static inline struct ct_space *ct_current_space(void)
{
	struct ct_slot slot;
	struct pid *pid = task_pid(current);

	if (!pid || !ct_slot_read(pid->numbers[0].nr, pid, &slot))
		return NULL;
	return ct_number_space(slot.num);
}

/**
 * ct_is_token - does a namespace stand for a container?
 * @ns: a pid namespace
 *
 * Every real namespace but the initial one has a level above 0.
 */
static __always_inline bool ct_is_token(const struct pid_namespace *ns)
{
	return ns->level == 0 && ns != &init_pid_ns;
}

#endif
