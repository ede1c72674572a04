// SPDX-License-Identifier: GPL-2.0
/*
 * System calls that go on for what was left of them.
 *
 * When a sleep, a poll or a wait for a futex that has a timeout is interrupted
 * and no handler runs, the thread calls restart_syscall(2), which finds what to
 * do in the thread's restart block: a function of the kernel, and when it ends.
 * In an image the function is a number, and the end is how long it goes on.
 */
#include <linux/ktime.h>
#include <linux/mm.h>
#include <linux/ptrace.h>
#include <linux/restart_block.h>
#include <linux/sched/task_stack.h>
#include <linux/time64.h>
#include <linux/timekeeping.h>

#include <asm/syscall.h>
#include <asm/unistd.h>

#include "checkpoint/checkpoint.h"
#include "checkpoint/task.h"
#include "compat/futex.h"

DEFINE_STATIC_CALL_NULL(ct_hrtimer_nanosleep_restart,
			hrtimer_nanosleep_restart);
DEFINE_STATIC_CALL_NULL(ct_alarm_timer_nsleep_restart,
			alarm_timer_nsleep_restart);
DEFINE_STATIC_CALL_NULL(ct_posix_cpu_nsleep_restart, posix_cpu_nsleep_restart);
DEFINE_STATIC_CALL_NULL(ct_futex_wait_restart, futex_wait_restart);
DEFINE_STATIC_CALL_NULL(ct_do_restart_poll, do_restart_poll);

typedef long (*restart_fn)(struct restart_block *);

/*
 * The kernel stores their addresses itself, so they may be called by pointer;
 * the static calls are here for their addresses only.
 */
static restart_fn function_of(u32 call)
{
	switch (call) {
	case CONTAINER_IMAGE_NANOSLEEP:
		return static_call_query(ct_hrtimer_nanosleep_restart);
	case CONTAINER_IMAGE_ALARM_SLEEP:
		return static_call_query(ct_alarm_timer_nsleep_restart);
	case CONTAINER_IMAGE_FUTEX_WAIT:
		return static_call_query(ct_futex_wait_restart);
	case CONTAINER_IMAGE_POLL:
		return static_call_query(ct_do_restart_poll);
	case CONTAINER_IMAGE_CPU_SLEEP:
		return static_call_query(ct_posix_cpu_nsleep_restart);
	default:
		return NULL;
	}
}

static u32 call_of(restart_fn fn)
{
	u32 call;

	for (call = CONTAINER_IMAGE_NANOSLEEP; call <= CONTAINER_IMAGE_CPU_SLEEP;
	     call++)
		if (function_of(call) == fn)
			return call;
	return 0;
}

/* What a clock said when all were frozen; those that a sleep can be by. */
static bool clock_then(const struct ct_save *s, u32 clock, s64 *then)
{
	switch (clock) {
	case CLOCK_MONOTONIC:
		*then = s->now_mono;
		return true;
	case CLOCK_BOOTTIME:
		*then = s->now_boot;
		return true;
	case CLOCK_REALTIME:
		*then = s->now_real;
		return true;
	case CLOCK_TAI:
		*then = s->now_real +
			ktime_sub(ktime_get_clocktai(), ktime_get_real());
		return true;
	default:
		return false;
	}
}

/* The same now, as all tasks of a restart have it. */
static bool clock_now(const struct ct_restart *r, u32 clock, s64 *now)
{
	switch (clock) {
	case CLOCK_MONOTONIC:
		*now = (s64)r->header->monotonic + r->delta_mono;
		return true;
	case CLOCK_BOOTTIME:
		*now = (s64)r->header->boottime + r->delta_boot;
		return true;
	case CLOCK_REALTIME:
		*now = ktime_get_real();
		return true;
	case CLOCK_TAI:
		*now = ktime_get_clocktai();
		return true;
	default:
		return false;
	}
}

/* An alarm's type is the number of one of two clocks. */
static u32 alarm_clock(clockid_t type)
{
	return type == ALARM_BOOTTIME ? CLOCK_BOOTTIME : CLOCK_REALTIME;
}

static bool save_sleep(struct ct_save *s, const struct restart_block *block,
		       struct container_image_resume *rec)
{
	s64 then = 0;

	if (block->nanosleep.type == TT_COMPAT)
		return false;
	rec->clock = block->nanosleep.clockid;
	rec->flags = CONTAINER_IMAGE_TIMED;
	if (rec->call == CONTAINER_IMAGE_ALARM_SLEEP)
		rec->clock = alarm_clock(rec->clock);
	/* The time that processes have used is restored. */
	if (rec->call == CONTAINER_IMAGE_CPU_SLEEP)
		rec->flags |= CONTAINER_IMAGE_ABSOLUTE;
	else if (!clock_then(s, rec->clock, &then))
		return false;
	rec->time = max_t(s64, block->nanosleep.expires - then, 0);
	if (block->nanosleep.type == TT_NATIVE) {
		rec->flags |= CONTAINER_IMAGE_REMAINDER;
		rec->address = (unsigned long)block->nanosleep.rmtp;
	}
	return true;
}

static bool save_futex(struct ct_save *s, const struct restart_block *block,
		       struct container_image_resume *rec)
{
	u32 flags = block->futex.flags;

	if ((flags & ~(CT_FUTEX_SHARED | CT_FUTEX_CLOCKRT | CT_FUTEX_TIMED)) !=
	    CT_FUTEX_ALWAYS)
		return false;
	rec->address = (unsigned long)block->futex.uaddr;
	rec->value = block->futex.val;
	rec->bitset = block->futex.bitset;
	if (flags & CT_FUTEX_SHARED)
		rec->flags |= CONTAINER_IMAGE_FUTEX_SHARED;
	if (!(flags & CT_FUTEX_TIMED))
		return true;
	rec->flags |= CONTAINER_IMAGE_TIMED;
	if (flags & CT_FUTEX_CLOCKRT) {
		rec->clock = CLOCK_REALTIME;
		rec->flags |= CONTAINER_IMAGE_ABSOLUTE;
		rec->time = block->futex.time;
	} else {
		rec->clock = CLOCK_MONOTONIC;
		rec->time = max_t(s64, block->futex.time - s->now_mono, 0);
	}
	return true;
}

static bool save_poll(struct ct_save *s, const struct restart_block *block,
		      struct container_image_resume *rec)
{
	struct timespec64 end = {
		.tv_sec = block->poll.tv_sec,
		.tv_nsec = block->poll.tv_nsec,
	};

	rec->address = (unsigned long)block->poll.ufds;
	rec->value = block->poll.nfds;
	rec->clock = CLOCK_MONOTONIC;
	if (block->poll.has_timeout) {
		rec->flags = CONTAINER_IMAGE_TIMED;
		rec->time = max_t(s64, timespec64_to_ns(&end) - s->now_mono, 0);
	}
	return true;
}

static bool save_call(struct ct_save *s, const struct restart_block *block,
		      struct container_image_resume *rec)
{
	rec->call = call_of(block->fn);
	switch (rec->call) {
	case CONTAINER_IMAGE_NANOSLEEP:
	case CONTAINER_IMAGE_ALARM_SLEEP:
	case CONTAINER_IMAGE_CPU_SLEEP:
		return save_sleep(s, block, rec);
	case CONTAINER_IMAGE_FUTEX_WAIT:
		return save_futex(s, block, rec);
	case CONTAINER_IMAGE_POLL:
		return save_poll(s, block, rec);
	default:
		return false;
	}
}

/*
 * A sleep until some moment is called again as it was.  The moments of these
 * clocks are others after a restart, so it becomes one for some time.
 */
static bool sleeps_until(struct task_struct *task, const struct pt_regs *regs)
{
	return syscall_get_nr(task, task_pt_regs(task)) == __NR_clock_nanosleep &&
	       (long)regs->ax == -ERESTARTNOHAND && regs->si & TIMER_ABSTIME &&
	       ((u32)regs->di == CLOCK_MONOTONIC ||
		(u32)regs->di == CLOCK_BOOTTIME);
}

static int save_until(struct ct_save *s, struct task_struct *task,
		      struct container_image_cpu *cpu)
{
	const struct pt_regs *regs = task_pt_regs(task);
	struct container_image_resume *rec;
	struct timespec64 until;
	s64 then;

	/* The kernel has read it already; if it is gone, it is called again. */
	if (access_process_vm(task, regs->dx, &until, sizeof(until), 0) !=
	    sizeof(until) || !timespec64_valid(&until) ||
	    !clock_then(s, regs->di, &then))
		return 0;
	rec = ct_out_record(&s->out, CONTAINER_IMAGE_RESUME,
			    ct_save_nr(s, task_pid(task)), sizeof(*rec));
	if (!rec)
		return -ENOMEM;
	rec->call = CONTAINER_IMAGE_NANOSLEEP;
	rec->flags = CONTAINER_IMAGE_TIMED;
	rec->clock = regs->di;
	rec->time = max_t(s64, timespec64_to_ns(&until) - then, 0);
	cpu->ax = -ERESTART_RESTARTBLOCK;
	return 0;
}

/*
 * What the block says is old unless the thread is about to use it: it is decided
 * on the way to user space whether a handler runs or the system call goes on, or
 * that has been decided, and it makes the call next. Or it just happens to have
 * that number in its register, and the block does no harm.
 */
static bool uses_block(struct task_struct *task, const struct pt_regs *regs)
{
	if (regs->ax == __NR_restart_syscall)
		return call_of(task->restart_block.fn);
	return syscall_get_nr(task, (struct pt_regs *)regs) != -1 &&
	       (long)regs->ax == -ERESTART_RESTARTBLOCK;
}

/**
 * ct_save_resume - save what restart_syscall(2) would do
 * @s: the checkpoint
 * @task: thread at rest
 * @cpu: its registers, which may be changed
 *
 * Context: may sleep.
 * Return: 0 or a negative errno.
 */
int ct_save_resume(struct ct_save *s, struct task_struct *task,
		   struct container_image_cpu *cpu)
{
	struct pt_regs *regs = task_pt_regs(task);
	struct container_image_resume *rec;

	if (sleeps_until(task, regs))
		return save_until(s, task, cpu);
	if (!uses_block(task, regs))
		return 0;
	rec = ct_out_record(&s->out, CONTAINER_IMAGE_RESUME,
			    ct_save_nr(s, task_pid(task)), sizeof(*rec));
	if (!rec)
		return -ENOMEM;
	if (save_call(s, &task->restart_block, rec))
		return 0;
	return ct_block_thread(s, task, "system call",
			       "it is in a system call that goes on in a way that is not known",
			       "try again when it is over");
}

static int bad_call(struct ct_rtask *t)
{
	return ct_restart_fail(t->r, -EINVAL,
			       "the image has an impossible system call to go on with, of thread %d",
			       t->nr);
}

static bool restore_sleep(struct restart_block *block, s64 end,
			  const struct container_image_resume *rec)
{
	bool tell = rec->flags & CONTAINER_IMAGE_REMAINDER;

	if (!(rec->flags & CONTAINER_IMAGE_TIMED) || (!tell && rec->address))
		return false;
	/* Clocks of processor time are told from others by their sign. */
	if (rec->call == CONTAINER_IMAGE_CPU_SLEEP ?
	    (s32)rec->clock >= 0 || !(rec->flags & CONTAINER_IMAGE_ABSOLUTE) :
	    rec->flags & CONTAINER_IMAGE_ABSOLUTE)
		return false;
	block->nanosleep.clockid = rec->clock;
	if (rec->call == CONTAINER_IMAGE_ALARM_SLEEP) {
		if (rec->clock != CLOCK_BOOTTIME && rec->clock != CLOCK_REALTIME)
			return false;
		block->nanosleep.clockid = rec->clock == CLOCK_BOOTTIME ?
					   ALARM_BOOTTIME : ALARM_REALTIME;
	}
	block->nanosleep.type = tell ? TT_NATIVE : TT_NONE;
	block->nanosleep.rmtp = (void __user *)rec->address;
	block->nanosleep.expires = end;
	return true;
}

static bool restore_futex(struct restart_block *block, s64 end,
			  const struct container_image_resume *rec)
{
	bool real = rec->flags & CONTAINER_IMAGE_ABSOLUTE;

	if (!rec->bitset ||
	    (rec->flags & CONTAINER_IMAGE_TIMED &&
	     rec->clock != (real ? CLOCK_REALTIME : CLOCK_MONOTONIC)))
		return false;
	block->futex.uaddr = (u32 __user *)rec->address;
	block->futex.val = rec->value;
	block->futex.bitset = rec->bitset;
	block->futex.flags = CT_FUTEX_ALWAYS;
	if (rec->flags & CONTAINER_IMAGE_FUTEX_SHARED)
		block->futex.flags |= CT_FUTEX_SHARED;
	if (rec->flags & CONTAINER_IMAGE_TIMED)
		block->futex.flags |= CT_FUTEX_TIMED |
				      (real ? CT_FUTEX_CLOCKRT : 0);
	block->futex.time = end;
	return true;
}

static bool restore_poll(struct restart_block *block, s64 end,
			 const struct container_image_resume *rec)
{
	struct timespec64 at = ns_to_timespec64(end);

	if (rec->clock != CLOCK_MONOTONIC || rec->value > INT_MAX)
		return false;
	block->poll.ufds = (void __user *)rec->address;
	block->poll.nfds = rec->value;
	block->poll.has_timeout = !!(rec->flags & CONTAINER_IMAGE_TIMED);
	block->poll.tv_sec = at.tv_sec;
	block->poll.tv_nsec = at.tv_nsec;
	return true;
}

static bool restore_call(struct restart_block *block, s64 end,
			 const struct container_image_resume *rec)
{
	switch (rec->call) {
	case CONTAINER_IMAGE_NANOSLEEP:
	case CONTAINER_IMAGE_ALARM_SLEEP:
	case CONTAINER_IMAGE_CPU_SLEEP:
		return restore_sleep(block, end, rec);
	case CONTAINER_IMAGE_FUTEX_WAIT:
		return restore_futex(block, end, rec);
	case CONTAINER_IMAGE_POLL:
		return restore_poll(block, end, rec);
	default:
		return false;
	}
}

/**
 * ct_restore_resume - have a thread go on with its system call
 * @t: parked; its registers say that it is to be restarted
 *
 * Right before it does, for the time that it takes begins here.
 *
 * Return: 0 or a negative errno.
 */
int ct_restore_resume(struct ct_rtask *t)
{
	const u32 known = CONTAINER_IMAGE_TIMED | CONTAINER_IMAGE_ABSOLUTE |
			  CONTAINER_IMAGE_FUTEX_SHARED |
			  CONTAINER_IMAGE_REMAINDER;
	const struct ct_record *record;
	const struct container_image_resume *rec;
	struct restart_block block = {};
	s64 end = 0;

	record = ct_thread_record(t, CONTAINER_IMAGE_RESUME);
	if (!record)
		return 0;
	rec = record->payload;
	if (rec->flags & ~known || rec->time < 0 ||
	    rec->address >= TASK_SIZE_MAX)
		return bad_call(t);
	if (rec->flags & CONTAINER_IMAGE_ABSOLUTE) {
		end = rec->time;
	} else if (rec->flags & CONTAINER_IMAGE_TIMED) {
		if (!clock_now(t->r, rec->clock, &end))
			return bad_call(t);
		end = ktime_add_safe(end, rec->time);
	}
	if (!restore_call(&block, end, rec))
		return bad_call(t);
	block.fn = function_of(rec->call);
	t->task->restart_block = block;
	return 0;
}
