/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The entries of tasks: global pid -> entry -> set of groups.
 *
 * A directory of pages of pointers, so that the trampolines see with two
 * dependent loads that a task is in the root of everything, which it is when it
 * has no entry.  Only they and readers under RCU go without ct_set_lock.
 */
#ifndef CT_RESOURCE_ENTRY_H
#define CT_RESOURCE_ENTRY_H

#define CT_RDIR_SHIFT		9
#define CT_RDIR_PER_PAGE	512
#define CT_RDIR_MASK		511

#ifndef __ASSEMBLY__

#include <linux/list.h>
#include <linux/rcupdate.h>
#include <linux/sched.h>
#include <linux/spinlock.h>
#include <linux/threads.h>
#include <linux/types.h>

#include "resource/meter.h"

struct ct_rset;

#define CT_RDIR_PAGES		(PID_MAX_LIMIT >> CT_RDIR_SHIFT)

/**
 * enum ct_rentry_state - how far in its life a task is
 * @CT_RENTRY_NEW: being forked; on no list
 * @CT_RENTRY_LIVE: on its set's list of tasks
 * @CT_RENTRY_EXITED: on its set's list of those that have exited
 */
enum ct_rentry_state {
	CT_RENTRY_NEW,
	CT_RENTRY_LIVE,
	CT_RENTRY_EXITED,
};

/**
 * struct ct_rentry - a task that is not in the root of everything
 * @task: no reference: the entry goes when the task is released
 * @set: where it is, with a reference; read under RCU
 * @node: entry of a list of @set
 * @nr: the pid under which it is found
 * @tgid: the pid of its process, for which there is room in the table, too: it
 *	  gets that one when it calls execve()
 * @state: see enum ct_rentry_state
 * @lock: taken with ct_set_lock, or by who migrates the task, under the
 *	  scheduler's locks. Who finds @task to be his can use @meter
 * @meter: where its processor time goes; under @lock
 *
 * All else under ct_set_lock. The memory may become another task's entry at once,
 * also for readers under RCU (SLAB_TYPESAFE_BY_RCU).
 */
struct ct_rentry {
	struct task_struct *task;
	struct ct_rset *set;
	struct list_head node;
	pid_t nr;
	pid_t tgid;
	enum ct_rentry_state state;
	raw_spinlock_t lock;
	struct ct_meter meter;
};

/*
 * Protects entries, the lists of sets and who is populated.  Inside of
 * tasklist_lock; a subsystem's locks are inside of this one.
 */
extern spinlock_t ct_set_lock;
extern struct ct_rentry **ct_rdir[CT_RDIR_PAGES];

static inline struct ct_rentry *ct_rentry_at(pid_t nr)
{
	struct ct_rentry **page;

	page = READ_ONCE(ct_rdir[(unsigned int)nr >> CT_RDIR_SHIFT]);
	return page ? READ_ONCE(page[nr & CT_RDIR_MASK]) : NULL;
}

/* The entry of a task; ct_set_lock is held. */
static inline struct ct_rentry *ct_rentry_of(const struct task_struct *task)
{
	return ct_rentry_at(task->pid);
}

struct ct_rentry *ct_rentry_alloc(pid_t nr, pid_t tgid, gfp_t gfp);
void ct_rentry_abandon(struct ct_rentry *e);
void ct_rentry_publish(struct ct_rentry *e, struct task_struct *task,
		       struct ct_rset *set);
void ct_rentry_remove(struct ct_rentry *e);
void ct_rentry_exchange(struct ct_rentry *e, pid_t nr);
struct ct_rset *ct_rentry_set(const struct task_struct *task);
void ct_rentries_begin_exchange(void);
void ct_rentries_end_exchange(void);
unsigned int ct_rentries(void);
struct ct_rentry *ct_rentry_first(void);
int ct_rentries_init(void);
void ct_rentries_exit(void);

#endif /* __ASSEMBLY__ */
#endif
