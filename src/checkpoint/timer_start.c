// SPDX-License-Identifier: GPL-2.0
/*
 * Starting the timers of a restored process, from outside: all of its threads are
 * parked, so none of them sees a timer that does not run yet.
 *
 * They may be killed, though, and the last thread to exit deletes the timers.  It
 * takes them off the process's list first, and then locks each of them to stop
 * it; so a timer that is locked and on the list can be started, as it will be
 * stopped.
 */
#include <linux/alarmtimer.h>
#include <linux/hrtimer.h>
#include <linux/signal.h>

#include "checkpoint/signal.h"

/* Far enough not to expire before it is cancelled, near enough to be added to. */
#define LATER	(KTIME_MAX / 4)

/**
 * ct_itimers_start - start the interval timers of a process
 * @t: its first thread
 * @from: how they are set
 *
 * Context: with the siglock held.
 */
void ct_itimers_start(struct ct_rtask *t,
		      const struct container_image_sigprocess *from)
{
	struct signal_struct *sig = t->task->signal;
	struct hrtimer *real = &sig->real_timer;
	u64 expires;

	sig->it_real_incr = from->real_interval;
	if (from->flags & CONTAINER_IMAGE_SIG_REAL)
		hrtimer_start(real, max_t(s64, from->real, 1), HRTIMER_MODE_REL);
	else
		hrtimer_set_expires(real, ktime_add(ktime_get(), from->real));

	/* A time that is passed already expires with the next tick. */
	sig->it[CPUCLOCK_VIRT].incr = from->virt_interval;
	sig->it[CPUCLOCK_VIRT].expires = from->virt;
	sig->it[CPUCLOCK_PROF].incr = from->prof_interval;
	sig->it[CPUCLOCK_PROF].expires = from->prof;
	expires = from->virt;
	if (expires)
		static_call(ct_set_process_cpu_timer)(t->task, CPUCLOCK_VIRT,
						      &expires, NULL);
	expires = from->prof;
	if (expires)
		static_call(ct_set_process_cpu_timer)(t->task, CPUCLOCK_PROF,
						      &expires, NULL);
}

/* ---- those of timer_create(2) ---- */

static bool is_alarm(const struct k_itimer *timer)
{
	return timer->it_clock == CLOCK_REALTIME_ALARM ||
	       timer->it_clock == CLOCK_BOOTTIME_ALARM;
}

/* With it_lock held. */
static int set_timer(struct k_itimer *timer, bool absolute, s64 expires,
		     s64 interval)
{
	struct itimerspec64 to = {
		.it_value = ns_to_timespec64(max_t(s64, expires, 1)),
		.it_interval = ns_to_timespec64(interval),
	};
	int flags = absolute ? TIMER_ABSTIME : 0;

	if (timer->it_clock < 0)
		return static_call(ct_posix_cpu_timer_set)(timer, flags, &to, NULL);
	return static_call(ct_common_timer_set)(timer, flags, &to, NULL);
}

/*
 * Set, and yet not running: it runs again when its signal is taken, or tells how
 * long it would run. That counts from when it expired, which may be long ago.
 */
static int set_expired(struct k_itimer *timer, bool absolute,
		       const struct container_image_timer *from)
{
	struct hrtimer *hr = &timer->it.real.timer;
	struct alarm *alarm = &timer->it.alarm.alarmtimer;
	ktime_t expires = from->expires;
	int err;

	if (timer->it_clock < 0) {
		timer->it_interval = from->interval;
		cpu_timer_setexpires(&timer->it.cpu, max_t(s64, expires, 0));
		return 0;
	}
	/* This chooses the clock, so it is never left out. */
	err = set_timer(timer, absolute, LATER, from->interval);
	if (err)
		return err;
	timer->it_active = 0;
	if (is_alarm(timer)) {
		if (alarm_try_to_cancel(alarm) < 0)
			return -EAGAIN;
		if (!absolute)
			expires = ktime_add(ktime_get_boottime(), expires);
		alarm->node.expires = expires;
		return 0;
	}
	if (hrtimer_try_to_cancel(hr) < 0)
		return -EAGAIN;
	if (!absolute)
		expires = ktime_add(hrtimer_cb_get_time(hr), expires);
	hrtimer_set_expires(hr, expires);
	return 0;
}

/* With it_lock and siglock held. The signals that wait were queued before. */
static void set_signal(struct k_itimer *timer, struct task_struct *leader,
		       const struct container_image_timer *from)
{
	struct sigqueue *q = timer->sigq;
	struct sigpending *pending = &leader->signal->shared_pending;
	struct task_struct *to;

	if (from->flags & (CONTAINER_IMAGE_TIMER_REARM | CONTAINER_IMAGE_TIMER_LOST))
		timer->it_requeue_pending |= REQUEUE_PENDING;
	if (!(from->flags & CONTAINER_IMAGE_TIMER_QUEUED))
		return;
	q->info.si_overrun = from->overruns;
	q->info.si_sys_private = from->flags & CONTAINER_IMAGE_TIMER_REARM ?
				 timer->it_requeue_pending : 0;
	if (!list_empty(&q->list))
		return;
	/* It expired between looking at what waits and looking at the timers. */
	if (timer->it_sigev_notify & SIGEV_THREAD_ID) {
		to = pid_task(timer->it_pid, PIDTYPE_PID);
		if (!to)
			return;
		pending = &to->pending;
	}
	list_add_tail(&q->list, &pending->list);
	sigaddset(&pending->signal, q->info.si_signo);
}

static int start_locked(struct k_itimer *timer, struct task_struct *leader,
			const struct container_image_timer *from)
{
	bool absolute = from->flags & CONTAINER_IMAGE_TIMER_ABSOLUTE;
	bool ended = from->clock < 0 && !from->target;
	unsigned long nested;
	int err = 0;

	if (from->flags & CONTAINER_IMAGE_TIMER_ARMED && !ended)
		err = set_timer(timer, absolute, from->expires, from->interval);
	else if (from->flags & (CONTAINER_IMAGE_TIMER_SET |
				CONTAINER_IMAGE_TIMER_REARM |
				CONTAINER_IMAGE_TIMER_LOST) && !ended)
		err = set_expired(timer, absolute, from);
	if (err)
		return err;
	timer->it_overrun = from->overrun;
	timer->it_overrun_last = from->overrun_last;
	if (ct_lock_sighand(leader, &nested)) {
		set_signal(timer, leader, from);
		ct_unlock_sighand(leader, &nested);
	}
	return 0;
}

/* Returns 0 also if the process has been killed. */
static int start_timer(struct task_struct *leader,
		       const struct container_image_timer *from)
{
	struct k_itimer *timer = NULL;
	unsigned long flags, nested;
	bool there = false;
	int err = 0;

	rcu_read_lock();
	if (ct_lock_sighand(leader, &flags)) {
		timer = ct_timer_find(leader->signal, from->id);
		ct_unlock_sighand(leader, &flags);
	}
	if (timer) {
		spin_lock_irqsave(&timer->it_lock, flags);
		if (ct_lock_sighand(leader, &nested)) {
			there = ct_timer_find(leader->signal, from->id) == timer;
			ct_unlock_sighand(leader, &nested);
		}
		if (there)
			err = start_locked(timer, leader, from);
		spin_unlock_irqrestore(&timer->it_lock, flags);
	}
	rcu_read_unlock();
	/* The process whose time it counts may have been killed. */
	return err == -ESRCH ? 0 : err;
}

/**
 * ct_timers_start - start the timers that ct_restore_timers() made
 * @t: first thread of the process
 *
 * Context: may sleep; not in the process.
 * Return: 0 or a negative errno after ct_restart_fail().
 */
int ct_timers_start(struct ct_rtask *t)
{
	const struct container_image_timer *from;
	const struct ct_record *rec;
	size_t i, n;
	int err;

	rec = ct_in_find(&t->r->in, CONTAINER_IMAGE_TIMERS, t->nr);
	for (; rec; rec = ct_in_next(rec)) {
		from = rec->payload;
		n = rec->rec.length / sizeof(*from);
		for (i = 0; i < n; i++) {
			err = start_timer(t->task, &from[i]);
			if (err)
				return ct_restart_fail(t->r, err,
						       "timer %d of process %d cannot be started",
						       from[i].id, t->nr);
			cond_resched();
		}
	}
	return 0;
}
