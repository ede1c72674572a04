// SPDX-License-Identifier: GPL-2.0
/*
 * timerfds.
 *
 * One that runs is saved with what is left of its time, and goes on from there
 * when all tasks start: until then it is far away.  One that was set to a point
 * of time of the world's clock expires at that, or at once if it has passed.
 */
#include <linux/alarmtimer.h>
#include <linux/file.h>
#include <linux/hrtimer.h>
#include <linux/math64.h>
#include <linux/timekeeping.h>
#include <linux/timerfd.h>

#include "checkpoint/private.h"
#include "checkpoint/special.h"
#include "checkpoint/syscall.h"

/* 30 years: far away, and nothing overflows. */
#define FAR_AWAY_SEC	(30LL * 365 * 24 * 3600)

#define SETTIME_FLAGS	(TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET)
#define KNOWN_FLAGS	(SETTIME_FLAGS | CONTAINER_IMAGE_TIMERFD_ARMED | \
			 CONTAINER_IMAGE_TIMERFD_CANCELED)

static bool is_alarm(u32 clock)
{
	return clock == CLOCK_REALTIME_ALARM || clock == CLOCK_BOOTTIME_ALARM;
}

static bool is_world(u32 clock)
{
	return clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_ALARM;
}

bool ct_timerfd_match(const struct file *file)
{
	return ct_is_anon(file, "[timerfd]");
}

/* When it expires next, and what time that clock shows now. */
static ktime_t expiry(struct timerfd_ctx *ctx, ktime_t *now)
{
	if (is_alarm(ctx->clockid)) {
		*now = ctx->clockid == CLOCK_REALTIME_ALARM ?
		       ktime_get_real() : ktime_get_boottime();
		return ctx->t.alarm.node.expires;
	}
	*now = hrtimer_cb_get_time(&ctx->t.tmr);
	return hrtimer_get_expires(&ctx->t.tmr);
}

/*
 * One that is just going off is not queued any more, and has not been marked yet: its
 * function waits for the lock that we hold.
 */
static bool is_armed(struct timerfd_ctx *ctx)
{
	if (ctx->expired)
		return ctx->tintv;	/* is started again when it is read */
	return is_alarm(ctx->clockid) ?
	       ctx->t.alarm.state & ALARMTIMER_STATE_ENQUEUED ||
	       hrtimer_active(&ctx->t.alarm.timer) :
	       hrtimer_active(&ctx->t.tmr);
}

static void look(struct timerfd_ctx *ctx, struct container_image_timerfd *rec)
{
	ktime_t at, now;

	rec->clock = ctx->clockid;
	rec->flags = ctx->settime_flags & SETTIME_FLAGS;
	rec->ticks = ctx->ticks;
	rec->interval = ctx->tintv;
	if (ctx->might_cancel && ctx->moffs == KTIME_MAX)
		rec->flags |= CONTAINER_IMAGE_TIMERFD_CANCELED;
	if (!is_armed(ctx))
		return;
	rec->flags |= CONTAINER_IMAGE_TIMERFD_ARMED;
	at = expiry(ctx, &now);
	if (ctx->expired && at <= now) {
		/* What a read would find: see timerfd_read(). */
		u64 missed = div64_u64(now - at, ctx->tintv);

		rec->ticks += missed;
		at = ktime_add_safe(at, (missed + 1) * ctx->tintv);
	}
	rec->value = is_world(ctx->clockid) &&
		     ctx->settime_flags & TFD_TIMER_ABSTIME ? at : at - now;
}

int ct_timerfd_save(struct ct_save *s, struct file *file, u32 id,
		    const char *where)
{
	struct timerfd_ctx *ctx = file->private_data;
	struct container_image_timerfd *rec;

	rec = ct_out_record(&s->out, CONTAINER_IMAGE_TIMERFD, id, sizeof(*rec));
	if (!rec)
		return -ENOMEM;
	spin_lock_irq(&ctx->wqh.lock);
	look(ctx, rec);
	spin_unlock_irq(&ctx->wqh.lock);
	return 0;
}

/* Any value: the past is now, and "never" is a time that programs like to set. */
static bool rec_ok(const struct container_image_timerfd *rec)
{
	if (rec->flags & ~KNOWN_FLAGS || rec->interval > KTIME_MAX)
		return false;
	switch (rec->clock) {
	case CLOCK_REALTIME:
	case CLOCK_MONOTONIC:
	case CLOCK_BOOTTIME:
	case CLOCK_REALTIME_ALARM:
	case CLOCK_BOOTTIME_ALARM:
		return true;
	}
	return false;
}

/* Was it set to a point of time that does not move? */
static bool keeps_time(const struct container_image_timerfd *rec)
{
	return is_world(rec->clock) && rec->flags & TFD_TIMER_ABSTIME;
}

static struct __kernel_itimerspec
first_setting(const struct container_image_timerfd *rec)
{
	struct timespec64 interval = ns_to_timespec64(rec->interval);
	struct timespec64 value = { .tv_sec = FAR_AWAY_SEC };

	if (keeps_time(rec))
		value = ns_to_timespec64(max_t(s64, rec->value, 1));
	else if (rec->flags & TFD_TIMER_ABSTIME)
		value.tv_sec += rec->clock == CLOCK_MONOTONIC ?
				ktime_get_seconds() :
				ktime_get_boottime_seconds();
	if (!(rec->flags & CONTAINER_IMAGE_TIMERFD_ARMED))
		value = (struct timespec64){};
	return (struct __kernel_itimerspec){
		.it_interval = { interval.tv_sec, interval.tv_nsec },
		.it_value = { value.tv_sec, value.tv_nsec },
	};
}

static int set_up(struct ct_rtask *t, int fd,
		  const struct container_image_timerfd *rec)
{
	struct __kernel_itimerspec setting = first_setting(rec);
	void __user *arg = ct_scratch(t, 0, &setting, sizeof(setting));
	int err;

	if (IS_ERR(arg))
		return PTR_ERR(arg);
	err = ct_sys(timerfd_settime, fd, rec->flags & SETTIME_FLAGS, arg, NULL);
	if (err || !rec->ticks)
		return err;
	arg = ct_scratch(t, 0, &rec->ticks, sizeof(rec->ticks));
	if (IS_ERR(arg))
		return PTR_ERR(arg);
	return ct_sys(ioctl, fd, TFD_IOC_SET_TICKS, arg);
}

struct file *ct_timerfd_restore(struct ct_rtask *t, u32 id)
{
	const struct container_image_timerfd *rec;
	struct timerfd_ctx *ctx;
	struct file *file;
	int fd, err;

	rec = ct_find_payload(t, CONTAINER_IMAGE_TIMERFD, id, sizeof(*rec),
			      "a timerfd");
	if (IS_ERR(rec))
		return ERR_CAST(rec);
	if (!rec_ok(rec))
		return ERR_PTR(ct_restart_fail(t->r, -EINVAL,
			"the image has a timerfd that there cannot be"));
	fd = ct_sys(timerfd_create, rec->clock, 0);
	err = fd < 0 ? 0 : set_up(t, fd, rec);
	file = ct_take_fd(t, fd, "a timerfd");
	if (IS_ERR(file))
		return file;
	if (err) {
		fput(file);
		return ERR_PTR(ct_restart_fail(t->r, err,
					       "cannot set a timerfd"));
	}
	ctx = file->private_data;
	if (rec->flags & CONTAINER_IMAGE_TIMERFD_CANCELED) {
		spin_lock_irq(&ctx->wqh.lock);
		if (ctx->might_cancel)
			ctx->moffs = KTIME_MAX;
		spin_unlock_irq(&ctx->wqh.lock);
	}
	return file;
}

static void start(struct timerfd_ctx *ctx,
		  const struct container_image_timerfd *rec)
{
	ktime_t left = max_t(s64, rec->value, 1);

	/* With a point of time, it was made for a clock that shows such. */
	if (is_alarm(rec->clock))
		alarm_start_relative(&ctx->t.alarm, left);
	else
		hrtimer_start(&ctx->t.tmr, left, HRTIMER_MODE_REL);
}

/**
 * ct_restore_start_timerfds - let all timerfds of a restart run
 * @r: whose tasks are about to start
 *
 * Context: may sleep; all files of @r exist, and nobody has used them.
 * Return: 0 or a negative errno.
 */
int ct_restore_start_timerfds(struct ct_restart *r)
{
	const struct container_image_timerfd *rec;
	unsigned long id;
	struct file *file;

	xa_for_each(&r->files, id, file) {
		const struct ct_record *record;

		record = ct_in_find(&r->in, CONTAINER_IMAGE_TIMERFD, id);
		if (!record || !ct_timerfd_match(file))
			continue;
		rec = record->payload;
		if (rec->flags & CONTAINER_IMAGE_TIMERFD_ARMED &&
		    !keeps_time(rec))
			start(file->private_data, rec);
	}
	return 0;
}
