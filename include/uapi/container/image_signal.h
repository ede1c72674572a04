/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/*
 * Records of an image about signals, timers, and the time that processes used.
 *
 * A set of signals is a number with bit N - 1 for signal N.  Times are in
 * nanoseconds.  A time that is relative counts from the moment when all was
 * frozen, and from the moment when all goes on: it is below 0 for what was over
 * then.  Arrays may be divided: more records of the same type and id follow.
 */
#ifndef _UAPI_CONTAINER_IMAGE_SIGNAL_H
#define _UAPI_CONTAINER_IMAGE_SIGNAL_H

#include <container/image.h>

/*
 * What is done about signals; the id is the one processes have in @sighand.
 * struct container_image_sighand and an array of struct container_image_sigaction
 */
#define CONTAINER_IMAGE_SIGHAND		CONTAINER_IMAGE_TYPE('S', 'I', 'G', 'H')
/* Signals and interval timers of a process; the id is its number. */
#define CONTAINER_IMAGE_SIGPROCESS	CONTAINER_IMAGE_TYPE('S', 'I', 'G', 'P')
/* Signals of a thread; the id is its number. */
#define CONTAINER_IMAGE_SIGTHREAD	CONTAINER_IMAGE_TYPE('S', 'I', 'G', 'T')
/*
 * Signals that wait for any thread of a process, whose number is the id, and for
 * a certain one: arrays of struct container_image_siginfo, the first one first.
 */
#define CONTAINER_IMAGE_PENDING_PROCESS	CONTAINER_IMAGE_TYPE('S', 'I', 'Q', 'P')
#define CONTAINER_IMAGE_PENDING_THREAD	CONTAINER_IMAGE_TYPE('S', 'I', 'Q', 'T')
/* timer_create(2): an array of struct container_image_timer; the id is the process's. */
#define CONTAINER_IMAGE_TIMERS		CONTAINER_IMAGE_TYPE('P', 'T', 'M', 'R')
/* Time used, and other counters; the id is the number of the process or thread. */
#define CONTAINER_IMAGE_USED_PROCESS	CONTAINER_IMAGE_TYPE('U', 'S', 'E', 'P')
#define CONTAINER_IMAGE_USED_THREAD	CONTAINER_IMAGE_TYPE('U', 'S', 'E', 'T')

/**
 * struct container_image_sighand - payload of CONTAINER_IMAGE_SIGHAND
 * @actions: how many signals follow; the others are as after execve(2)
 * @reserved: 0
 */
struct container_image_sighand {
	__u32 actions;
	__u32 reserved;
};

/**
 * struct container_image_sigaction - what is done about a signal
 * @signo: which, neither SIGKILL nor SIGSTOP
 * @reserved: 0
 * @handler: address; 0: SIG_DFL, 1: SIG_IGN
 * @flags: SA_...
 * @restorer: address of what the handler returns to
 * @mask: signals that are blocked meanwhile
 */
struct container_image_sigaction {
	__u32 signo;
	__u32 reserved;
	__u64 handler;
	__u64 flags;
	__u64 restorer;
	__u64 mask;
};

/**
 * struct container_image_sigprocess - payload of CONTAINER_IMAGE_SIGPROCESS
 * @flags: CONTAINER_IMAGE_SIG_...
 * @stop_signal: what stopped it last; 0: nothing did
 * @stop_code: that signal, as long as no wait(2) has told of it; 0 then
 * @next_timer: id that timer_create(2) tries next
 * @pending: what waits for any thread; signals that are not in the
 *	     CONTAINER_IMAGE_PENDING_PROCESS came without a siginfo
 * @real: when ITIMER_REAL expires, relative; counts with
 *	  CONTAINER_IMAGE_SIG_REAL, and with @real_interval
 * @real_interval: of that, 0: once
 * @virt: user time of the process at which ITIMER_VIRTUAL expires; 0: never
 * @virt_interval: of that
 * @prof: time of the process at which ITIMER_PROF expires; 0: never
 * @prof_interval: of that
 */
struct container_image_sigprocess {
	__u32 flags;
	__u32 stop_signal;
	__u32 stop_code;
	__u32 next_timer;
	__u64 pending;
	__s64 real;
	__u64 real_interval;
	__u64 virt;
	__u64 virt_interval;
	__u64 prof;
	__u64 prof_interval;
};

#define CONTAINER_IMAGE_SIG_STOPPED	1	/* by a signal */
#define CONTAINER_IMAGE_SIG_STOPPING	2	/* some threads have yet to stop */
#define CONTAINER_IMAGE_SIG_CONTINUED	4	/* and wait(2) has not told of it */
#define CONTAINER_IMAGE_SIG_TELL_STOP	8	/* the parent is to get a SIGCHLD: it stopped */
#define CONTAINER_IMAGE_SIG_TELL_CONT	16	/* the same: it went on */
#define CONTAINER_IMAGE_SIG_REAL	32	/* ITIMER_REAL runs */

/**
 * struct container_image_sigthread - payload of CONTAINER_IMAGE_SIGTHREAD
 * @flags: CONTAINER_IMAGE_SIG_YET_TO_STOP, CONTAINER_IMAGE_SIG_GO_BACK
 * @altstack_flags: SS_DISABLE, SS_AUTODISARM
 * @altstack: address of the stack for handlers
 * @altstack_size: of that, in bytes
 * @blocked: signals that are blocked
 * @saved: with CONTAINER_IMAGE_SIG_GO_BACK: what is blocked when the system call
 *	   has ended, such as sigsuspend(2) or ppoll(2)
 * @pending: what waits for this thread; see @pending of a process
 */
struct container_image_sigthread {
	__u32 flags;
	__u32 altstack_flags;
	__u64 altstack;
	__u64 altstack_size;
	__u64 blocked;
	__u64 saved;
	__u64 pending;
};

#define CONTAINER_IMAGE_SIG_YET_TO_STOP	1	/* while the process is stopping */
#define CONTAINER_IMAGE_SIG_GO_BACK	2	/* to @saved */

/* Bytes of siginfo_t behind si_code that a kernel keeps. */
#define CONTAINER_IMAGE_SIGINFO_FIELDS	32

/**
 * struct container_image_siginfo - a signal that waits
 * @signo: which, not SIGKILL
 * @error: si_errno
 * @code: si_code
 * @flags: CONTAINER_IMAGE_SIGINFO_TIMER
 * @fields: what else is in the siginfo_t
 */
struct container_image_siginfo {
	__s32 signo;
	__s32 error;
	__s32 code;
	__u32 flags;
	__u8 fields[CONTAINER_IMAGE_SIGINFO_FIELDS];
};

/* Comes from the timer that si_timerid names. */
#define CONTAINER_IMAGE_SIGINFO_TIMER	1

/**
 * struct container_image_timer - what timer_create(2) made
 * @id: as programs know it
 * @clock: its clock; for one that counts time used also with the number of a
 *	   process or thread in it, as clock_getcpuclockid(3) gives it
 * @notify: SIGEV_...
 * @signo: signal that it sends
 * @value: for si_value
 * @thread: number of the thread it sends the signal to, for SIGEV_THREAD_ID; 0: one
 *	    that has ended
 * @target: number of the process or thread whose time counts; 0: has ended, or
 *	    another kind of clock
 * @flags: CONTAINER_IMAGE_TIMER_...
 * @overruns: for timer_getoverrun(2), of the signal that waits; INT_MAX at most
 * @expires: relative; or a time of the clock, with CONTAINER_IMAGE_TIMER_ABSOLUTE
 * @interval: 0: once
 * @overrun: how often it has expired since its last signal, less 1
 * @overrun_last: the same before that
 */
struct container_image_timer {
	__s32 id;
	__s32 clock;
	__u32 notify;
	__u32 signo;
	__u64 value;
	__u32 thread;
	__u32 target;
	__u32 flags;
	__u32 overruns;
	__s64 expires;
	__s64 interval;
	__s64 overrun;
	__s64 overrun_last;
};

#define CONTAINER_IMAGE_TIMER_ABSOLUTE	1	/* @expires is */
#define CONTAINER_IMAGE_TIMER_ARMED	2	/* it is to expire */
#define CONTAINER_IMAGE_TIMER_SET	4	/* SIGEV_NONE: it has an expiry time */
#define CONTAINER_IMAGE_TIMER_QUEUED	8	/* its signal waits */
#define CONTAINER_IMAGE_TIMER_REARM	16	/* runs again when that has been taken */
#define CONTAINER_IMAGE_TIMER_LOST	32	/* would, but the signal was thrown away */

/**
 * struct container_image_used_process - payload of CONTAINER_IMAGE_USED_PROCESS
 * @utime: user time, of threads that have ended
 * @stime: system time
 * @gtime: time as a virtual processor
 * @runtime: both together, as the scheduler measured it
 * @nvcsw: switches to other tasks, voluntary
 * @nivcsw: and involuntary
 * @min_flt: page faults without reading from a disk
 * @maj_flt: page faults with it
 * @inblock: blocks read
 * @oublock: blocks written
 * @maxrss: most memory there was, in pages
 * @cutime: from here on the same for children that have been waited for
 * @cstime: as above
 * @cgtime: as above
 * @cnvcsw: as above
 * @cnivcsw: as above
 * @cmin_flt: as above
 * @cmaj_flt: as above
 * @cinblock: as above
 * @coublock: as above
 * @cmaxrss: as above
 */
struct container_image_used_process {
	__u64 utime;
	__u64 stime;
	__u64 gtime;
	__u64 runtime;
	__u64 nvcsw;
	__u64 nivcsw;
	__u64 min_flt;
	__u64 maj_flt;
	__u64 inblock;
	__u64 oublock;
	__u64 maxrss;
	__u64 cutime;
	__u64 cstime;
	__u64 cgtime;
	__u64 cnvcsw;
	__u64 cnivcsw;
	__u64 cmin_flt;
	__u64 cmaj_flt;
	__u64 cinblock;
	__u64 coublock;
	__u64 cmaxrss;
};

/**
 * struct container_image_used_thread - payload of CONTAINER_IMAGE_USED_THREAD
 * @utime: user time
 * @stime: system time
 * @gtime: time as a virtual processor
 * @runtime: both together, as the scheduler measured it
 * @nvcsw: switches to other tasks, voluntary
 * @nivcsw: and involuntary
 * @min_flt: page faults without reading from a disk
 * @maj_flt: page faults with it
 */
struct container_image_used_thread {
	__u64 utime;
	__u64 stime;
	__u64 gtime;
	__u64 runtime;
	__u64 nvcsw;
	__u64 nivcsw;
	__u64 min_flt;
	__u64 maj_flt;
};

#endif
