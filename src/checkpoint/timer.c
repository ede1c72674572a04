// SPDX-License-Identifier: GPL-2.0
/*
 * Interval timers (setitimer(2), alarm(2)) and those of timer_create(2): saving
 * them, and making them anew.  timer_start.c starts them.
 *
 * Those that count time used have absolute expiry times, as that time is restored
 * as well (used.c).
 */
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "checkpoint/freeze.h"
#include "checkpoint/signal.h"
#include "checkpoint/syscall.h"
#include "compat/timer.h"

/* In one record, so that no single piece of memory gets large. */
#define TIMER_CHUNK	512

/**
 * ct_timer_find - the timer that has an id
 * @sig: of the process
 * @id: as programs know it
 *
 * Context: with the siglock held.
 * Return: the timer, which is not freed for an RCU grace period; NULL: none.
 */
struct k_itimer *ct_timer_find(struct signal_struct *sig, int id)
{
	struct k_itimer *timer;

	ct_for_each_posix_timer(timer, sig) {
		if (timer->it_id == id)
			return timer;
	}
	return NULL;
}

/* ---- interval timers ---- */

/**
 * ct_itimers_save - how the interval timers of a process are set
 * @s: the checkpoint
 * @sig: of the process
 * @to: where that goes
 *
 * ITIMER_REAL sends its signal under the siglock, so it is either to come or
 * waits, even if the clock goes on. Repeated, it is set anew when the signal
 * is taken, from the time when it expired.
 *
 * Context: with the siglock held.
 */
void ct_itimers_save(struct ct_save *s, struct signal_struct *sig,
		     struct container_image_sigprocess *to)
{
	struct hrtimer *real = &sig->real_timer;

	if (hrtimer_active(real))
		to->flags |= CONTAINER_IMAGE_SIG_REAL;
	if (hrtimer_active(real) || sig->it_real_incr)
		to->real = ktime_sub(hrtimer_get_expires(real), s->now_mono);
	to->real_interval = sig->it_real_incr;
	to->virt = sig->it[CPUCLOCK_VIRT].expires;
	to->virt_interval = sig->it[CPUCLOCK_VIRT].incr;
	to->prof = sig->it[CPUCLOCK_PROF].expires;
	to->prof_interval = sig->it[CPUCLOCK_PROF].incr;
}

/* ---- saving those of timer_create(2) ---- */

static bool is_alarm(const struct k_itimer *timer)
{
	return timer->it_clock == CLOCK_REALTIME_ALARM ||
	       timer->it_clock == CLOCK_BOOTTIME_ALARM;
}

/*
 * When it expires.  A time of the day stays what it is; a span of it is counted
 * by the kernel as one of CLOCK_MONOTONIC.
 */
static void save_expiry(struct ct_save *s, const struct k_itimer *timer,
			struct container_image_timer *to)
{
	const struct hrtimer *hr = &timer->it.real.timer;

	if (is_alarm(timer)) {
		to->expires = timer->it.alarm.alarmtimer.node.expires;
		if (timer->it_clock == CLOCK_REALTIME_ALARM)
			to->flags |= CONTAINER_IMAGE_TIMER_ABSOLUTE;
		else
			to->expires -= s->now_boot;
		return;
	}
	to->expires = hrtimer_get_expires(hr);
	switch (hr->base->clockid) {
	case CLOCK_REALTIME:
	case CLOCK_TAI:
		to->flags |= CONTAINER_IMAGE_TIMER_ABSOLUTE;
		break;
	case CLOCK_BOOTTIME:
		to->expires -= s->now_boot;
		break;
	default:
		to->expires -= s->now_mono;
	}
}

static void save_hrtimer(struct ct_save *s, const struct k_itimer *timer,
			 struct container_image_timer *to)
{
	save_expiry(s, timer, to);
	if (timer->it_active)
		to->flags |= CONTAINER_IMAGE_TIMER_ARMED;
	else if (timer->it_sigev_notify == SIGEV_NONE &&
		 (timer->it_interval || to->expires > 0))
		to->flags |= CONTAINER_IMAGE_TIMER_SET;
}

/* Returns false if it counts the time of a process outside. */
static bool save_cpu_timer(struct ct_save *s, struct k_itimer *timer,
			   struct container_image_timer *to)
{
	enum pid_type type = CPUCLOCK_PERTHREAD(timer->it_clock) ? PIDTYPE_PID :
								   PIDTYPE_TGID;

	to->expires = cpu_timer_getexpires(&timer->it.cpu);
	to->flags |= CONTAINER_IMAGE_TIMER_ABSOLUTE;
	if (cpu_timer_queued(&timer->it.cpu))
		to->flags |= CONTAINER_IMAGE_TIMER_ARMED;
	else if (timer->it_sigev_notify == SIGEV_NONE && to->expires)
		to->flags |= CONTAINER_IMAGE_TIMER_SET;
	if (!pid_task(timer->it.cpu.pid, type))
		return true;
	to->target = ct_save_nr(s, timer->it.cpu.pid);
	return to->target;
}

/*
 * With it_lock and siglock held, so that its signal is to come, or waits, or has
 * been taken, and not something between.
 */
static bool save_timer(struct ct_save *s, struct k_itimer *timer,
		       struct container_image_timer *to)
{
	const struct sigqueue *q = timer->sigq;
	bool inside = true;

	memset(to, 0, sizeof(*to));
	to->id = timer->it_id;
	to->clock = timer->it_clock;
	to->notify = timer->it_sigev_notify;
	to->signo = q->info.si_signo;
	to->value = (unsigned long)q->info.si_value.sival_ptr;
	if (to->notify & SIGEV_THREAD_ID && pid_task(timer->it_pid, PIDTYPE_PID))
		to->thread = ct_save_nr(s, timer->it_pid);
	to->interval = timer->it_interval;
	to->overrun = timer->it_overrun;
	to->overrun_last = timer->it_overrun_last;
	if (timer->it_clock < 0)
		inside = save_cpu_timer(s, timer, to);
	else
		save_hrtimer(s, timer, to);
	if (!list_empty(&q->list)) {
		to->flags |= CONTAINER_IMAGE_TIMER_QUEUED;
		to->overruns = q->info.si_overrun;
		if (q->info.si_sys_private &&
		    q->info.si_sys_private == timer->it_requeue_pending)
			to->flags |= CONTAINER_IMAGE_TIMER_REARM;
	}
	if (timer->it_requeue_pending & REQUEUE_PENDING &&
	    !(to->flags & CONTAINER_IMAGE_TIMER_REARM))
		to->flags |= CONTAINER_IMAGE_TIMER_LOST;
	return inside;
}

/**
 * struct timers - the timers of a process
 * @list: them; the kernel has the newest first
 * @to: what is saved
 * @count: how many
 */
struct timers {
	struct k_itimer **list;
	struct container_image_timer *to;
	unsigned int count;
};

static void free_timers(struct timers *timers)
{
	kvfree(timers->list);
	kvfree(timers->to);
}

static unsigned int count_timers(struct task_struct *leader)
{
	struct k_itimer *timer;
	unsigned int n = 0;
	unsigned long flags;

	if (!ct_lock_sighand(leader, &flags))
		return 0;
	ct_for_each_posix_timer(timer, leader->signal)
		n++;
	ct_unlock_sighand(leader, &flags);
	return n;
}

static int alloc_timers(struct timers *timers, unsigned int count)
{
	timers->count = count;
	timers->list = kvcalloc(count, sizeof(*timers->list), GFP_KERNEL);
	timers->to = kvcalloc(count, sizeof(*timers->to), GFP_KERNEL);
	return timers->list && timers->to ? 0 : -ENOMEM;
}

static void list_timers(struct task_struct *leader, struct timers *timers)
{
	struct k_itimer *timer;
	unsigned int n = 0;
	unsigned long flags;

	if (ct_lock_sighand(leader, &flags)) {
		ct_for_each_posix_timer(timer, leader->signal) {
			if (n < timers->count)
				timers->list[n++] = timer;
		}
		ct_unlock_sighand(leader, &flags);
	}
	timers->count = n;
}

/*
 * A timer's lock is taken before the siglock, so the list is copied first, and
 * what is not in it any more after that is skipped.
 */
static int save_timers(struct ct_save *s, struct task_struct *leader,
		       struct timers *timers)
{
	unsigned long flags, nested;
	unsigned int i, n = 0;
	struct k_itimer *timer;
	int outside = -1;

	rcu_read_lock();
	list_timers(leader, timers);
	for (i = timers->count; i--;) {
		timer = timers->list[i];
		spin_lock_irqsave(&timer->it_lock, flags);
		if (ct_lock_sighand(leader, &nested)) {
			if (ct_timer_find(leader->signal, timer->it_id) == timer &&
			    !save_timer(s, timer, &timers->to[n++]))
				outside = timer->it_id;
			ct_unlock_sighand(leader, &nested);
		}
		spin_unlock_irqrestore(&timer->it_lock, flags);
	}
	rcu_read_unlock();
	timers->count = n;
	return outside;
}

static int append_timers(struct ct_save *s, u32 id, const struct timers *timers)
{
	unsigned int i, n;
	void *to;

	for (i = 0; i < timers->count; i += n) {
		n = min_t(unsigned int, timers->count - i, TIMER_CHUNK);
		to = ct_out_record(&s->out, CONTAINER_IMAGE_TIMERS, id,
				   n * sizeof(*timers->to));
		if (!to)
			return -ENOMEM;
		memcpy(to, timers->to + i, n * sizeof(*timers->to));
	}
	return 0;
}

static int block_outside(struct ct_save *s, int id)
{
	char where[24];

	snprintf(where, sizeof(where), "timer %d", id);
	return ct_block(s, where, "POSIX timer",
			"it counts the time of a process outside of the container",
			"timer_delete(2)");
}

/**
 * ct_save_timers - timers of timer_create(2), and the time used
 * @s: the checkpoint
 * @leader: first thread of the process
 *
 * Return: 0 or a negative errno.
 */
int ct_save_timers(struct ct_save *s, struct task_struct *leader)
{
	u32 id = ct_save_nr(s, task_tgid(leader));
	struct timers timers = {};
	int err, outside;

	err = alloc_timers(&timers, count_timers(leader));
	if (err)
		goto out;
	outside = save_timers(s, leader, &timers);
	if (outside >= 0)
		err = block_outside(s, outside);
	if (!err)
		err = append_timers(s, id, &timers);
	if (!err && s->frozen)
		err = ct_used_save(s, leader);
out:
	free_timers(&timers);
	return err;
}

/* ---- making them ---- */

static int check_timer(struct ct_rtask *t, const struct container_image_timer *from)
{
	const u32 known = 2 * CONTAINER_IMAGE_TIMER_LOST - 1;
	const u32 again = CONTAINER_IMAGE_TIMER_REARM | CONTAINER_IMAGE_TIMER_LOST;

	if (from->id < 0 || from->signo > _NSIG || from->flags & ~known ||
	    (from->flags & CONTAINER_IMAGE_TIMER_ARMED && from->flags & again) ||
	    (from->flags & CONTAINER_IMAGE_TIMER_REARM &&
	     !(from->flags & CONTAINER_IMAGE_TIMER_QUEUED)) ||
	    from->overruns > INT_MAX || from->interval < 0 ||
	    from->expires > KTIME_MAX / 2 || from->expires < -KTIME_MAX / 2 ||
	    from->overrun < -1 || from->overrun > S64_MAX / 2 ||
	    from->overrun_last < -1 || from->overrun_last > S64_MAX / 2 ||
	    (from->clock < 0 && CPUCLOCK_WHICH(from->clock) >= CPUCLOCK_MAX))
		return ct_restart_fail(t->r, -EINVAL,
				       "timer %d of process %d is not valid",
				       from->id, t->nr);
	return 0;
}

/*
 * Whose time it counts is in the clock: an ended one's, which never expires, is
 * made with our own. A thread's own clock names no thread, and is not made by
 * that thread here.
 */
static clockid_t clock_to_create(const struct container_image_timer *from)
{
	if (from->clock >= 0)
		return from->clock;
	if (!from->target)
		return make_process_cpuclock(0, CPUCLOCK_WHICH(from->clock));
	return make_process_cpuclock(from->target, from->clock & CLOCKFD_MASK);
}

static int create_timer(struct ct_rtask *t, const struct container_image_timer *from)
{
	struct sigevent event = {
		.sigev_value.sival_ptr = (void __user *)from->value,
		.sigev_signo = from->signo,
		.sigev_notify = from->notify,
	};
	void __user *uevent, *uid;
	struct k_itimer *timer;
	timer_t id;
	int err;

	if (from->notify & SIGEV_THREAD_ID && from->thread)
		event._sigev_un._tid = from->thread;
	else if (from->notify & SIGEV_THREAD_ID)
		event.sigev_notify = SIGEV_NONE;	/* nobody gets it */
	uid = ct_scratch(t, 0, NULL, sizeof(id));
	uevent = ct_scratch(t, sizeof(u64), &event, sizeof(event));
	if (IS_ERR(uid) || IS_ERR(uevent))
		return -EFAULT;

	current->signal->next_posix_timer_id = from->id;
	err = ct_sys(timer_create, clock_to_create(from), uevent, uid);
	if (err)
		return err;
	if (get_user(id, (timer_t __user *)uid))
		return -EFAULT;
	if (id != from->id)
		return -EEXIST;
	spin_lock_irq(&ct_sighand(current)->siglock);
	timer = ct_timer_find(current->signal, id);
	if (timer && from->clock < 0)
		timer->it_clock = from->clock;
	spin_unlock_irq(&ct_sighand(current)->siglock);
	return timer ? 0 : -EINVAL;
}

/**
 * ct_restore_timers - make the timers of timer_create(2), which do not run yet
 * @t: first thread of the process, current's
 *
 * The kernel gives out their ids in turn, beginning with one that can be set.
 *
 * Return: 0 or a negative errno after ct_restart_fail().
 */
int ct_restore_timers(struct ct_rtask *t)
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
			err = check_timer(t, &from[i]);
			if (err)
				return err;
			err = create_timer(t, &from[i]);
			if (err)
				return ct_restart_fail(t->r, err,
						       "timer %d of process %d on clock %d cannot be created",
						       from[i].id, t->nr, from[i].clock);
			if (fatal_signal_pending(current))
				return ct_restart_fail(t->r, -EINTR,
						       "process %d was killed",
						       t->nr);
		}
	}
	return 0;
}
