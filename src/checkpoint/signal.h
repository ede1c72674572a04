/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the files about signals, timers and used time share.
 *
 * Locks: a timer's it_lock, then the process's siglock, then the stats_lock.
 */
#ifndef CT_CHECKPOINT_SIGNAL_H
#define CT_CHECKPOINT_SIGNAL_H

#include <linux/posix-timers.h>
#include <linux/sched/cputime.h>
#include <linux/sched/signal.h>
#include <linux/static_call.h>

#include <container/image_signal.h>

#include "checkpoint/checkpoint.h"

int common_timer_set(struct k_itimer *timer, int flags,
		     struct itimerspec64 *to, struct itimerspec64 *from);
int posix_cpu_timer_set(struct k_itimer *timer, int flags,
			struct itimerspec64 *to, struct itimerspec64 *from);

DECLARE_STATIC_CALL(ct_lock_task_sighand, __lock_task_sighand);
DECLARE_STATIC_CALL(ct_send_signal_locked, send_signal_locked);
DECLARE_STATIC_CALL(ct_set_process_cpu_timer, set_process_cpu_timer);
DECLARE_STATIC_CALL(ct_common_timer_set, common_timer_set);
DECLARE_STATIC_CALL(ct_posix_cpu_timer_set, posix_cpu_timer_set);
DECLARE_STATIC_CALL(ct_thread_group_cputime, thread_group_cputime);

/* Of current, of a task that is parked, or while its siglock is held. */
static inline struct sighand_struct *ct_sighand(struct task_struct *task)
{
	return rcu_dereference_protected(task->sighand, true);
}

/*
 * lock_task_sighand(), which needs a function that is not exported: false if
 * the task is gone. ct_unlock_sighand() undoes it.
 */
static inline bool ct_lock_sighand(struct task_struct *task, unsigned long *flags)
{
	return static_call(ct_lock_task_sighand)(task, flags);
}

static inline void ct_unlock_sighand(struct task_struct *task, unsigned long *flags)
{
	struct sighand_struct *sighand = ct_sighand(task);

	/* sparse cannot follow the call that has taken it. */
	__acquire(&sighand->siglock);
	spin_unlock_irqrestore(&sighand->siglock, *flags);
}

/**
 * struct ct_pending - what waits for a process or a thread, as in an image
 * @info: the signals, the first one first
 * @count: how many
 * @room: how many there is room for
 * @bits: the set of signals
 */
struct ct_pending {
	struct container_image_siginfo *info;
	unsigned int count;
	unsigned int room;
	u64 bits;
};

/* pending.c */
bool ct_pending_take(struct ct_pending *copy, const struct sigpending *pending);
int ct_pending_more(struct ct_pending *copy);
int ct_pending_save(struct ct_save *s, u32 type, u32 id, struct ct_pending *copy);
int ct_pending_queue(struct ct_rtask *t, u32 type, struct task_struct *task);

/* timer.c */
struct k_itimer *ct_timer_find(struct signal_struct *sig, int id);
void ct_itimers_save(struct ct_save *s, struct signal_struct *sig,
		     struct container_image_sigprocess *to);

/* timer_start.c */
int ct_timers_start(struct ct_rtask *t);
void ct_itimers_start(struct ct_rtask *t,
		      const struct container_image_sigprocess *from);

/* used.c */
int ct_used_save(struct ct_save *s, struct task_struct *leader);
void ct_used_restore(struct ct_restart *r);

/* The record of an id, with its type's fixed part; NULL after ct_restart_fail(). */
const void *ct_signal_record(struct ct_restart *r, u32 type, u32 id);

#endif
