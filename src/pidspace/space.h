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
#include <linux/pid.h>
#include <linux/pid_namespace.h>
#include <linux/refcount.h>
#include <linux/sched.h>
#include <linux/spinlock.h>
#include <linux/wait.h>

#include "pidspace/number.h"

/* As many as the kernel nests pid namespaces. */
#define CT_DEPTH_MAX	MAX_PID_NS_LEVEL

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
 * @parent: the space around it, on which it holds a reference; NULL: the host
 * @depth: how many there are around it
 * @lock: protects the token's idr, @kept, @highest_alias, the flags of
 *	  levels and @dead against writers.
 *	  Taken inside tasklist_lock, and only one of them at a time; interrupts
 *	  are off. ct_slots_lock nests inside.
 * @kept: a number that was given back, still allocated, to nobody
 * @highest_alias: no old number that names a pid inside is higher
 * @nr_tasks: numbered threads that have not been released yet
 * @dead: no more numbers are given out
 * @closed: ct_space_close() has been called: nobody is left who could ask for
 *	    a number, so dead pids need not be remembered
 * @reaper: the thread group of process 1, to compare with, not to follow; NULL
 *	    where process 1 is like the others
 * @zap_wait: where process 1 waits, when it exits, for the others to go
 * @ops: the owner's
 * @users: one of the owner, one for each number
 */
struct ct_space {
	struct pid_namespace *token;
	struct ct_space *parent;
	unsigned int depth;
	spinlock_t lock;	/* see above */
	pid_t kept;
	pid_t highest_alias;
	atomic_t nr_tasks;
	bool dead;
	bool closed;
	struct signal_struct *reaper;
	wait_queue_head_t zap_wait;
	const struct ct_space_ops *ops;
	refcount_t users;
};

int ct_space_init(struct ct_space *space, struct ct_space *parent,
		  const struct ct_space_ops *ops);
void ct_space_put(struct ct_space *space);
void ct_space_close(struct ct_space *space);
void ct_space_kill(struct ct_space *space, int sig);
void ct_space_visit(struct ct_space *space,
		    void (*fn)(struct task_struct *task, void *data),
		    void *data);
void ct_space_zap(struct ct_space *space);
void ct_space_end(struct ct_space *space);
void ct_space_uncount(struct ct_space *space);
void ct_space_skip_used(struct ct_space *space);
pid_t ct_space_next(struct ct_space *space);
void ct_space_set_next(struct ct_space *space, pid_t nr);
bool ct_space_dying(const struct ct_space *space);

/* refuse.c */
void ct_refuse_init(void);

/* reaper.c */
bool ct_shares_handlers(struct task_struct *task);
void ct_reaper_crown(struct ct_space *space, struct task_struct *root);
struct pid_namespace *ct_reaper_view(struct task_struct *tsk,
				     const struct ct_space *own);

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
 * ct_pid_space - the space that a struct pid is in
 * @pid: of a task that is not released meanwhile; may be NULL
 *
 * Context: RCU read-side section, NMI included. The space exists as long as the
 * task.
 * Return: the innermost space, NULL in the system container.
 */
static inline struct ct_space *ct_pid_space(const struct pid *pid)
{
	struct ct_number *num;

	num = pid ? ct_slot_num(pid->numbers[0].nr, pid) : NULL;
	return num ? num->level[num->depth - 1].space : NULL;
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
	struct ct_space *space;

	ct_read_lock();
	space = ct_pid_space(task_pid(current));
	ct_read_unlock();
	return space;
}

/**
 * ct_space_within - is a space another one, or somewhere inside?
 * @space: which; NULL is the host's
 * @outer: of what; NULL is the host's
 *
 * Context: any; @space is not freed, which keeps those around it.
 */
static inline bool ct_space_within(const struct ct_space *space,
				   const struct ct_space *outer)
{
	while (space && space != outer)
		space = space->parent;
	return space == outer;
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

int ct_pidspace_init(void);
void ct_pidspace_exit(void);

#endif
