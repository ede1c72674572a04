/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/* Records of an image about processes and threads. */
#ifndef _UAPI_CONTAINER_IMAGE_TASK_H
#define _UAPI_CONTAINER_IMAGE_TASK_H

#include <container/image.h>

/* A process; the id is its number. Parents come before their children. */
#define CONTAINER_IMAGE_PROCESS	CONTAINER_IMAGE_TYPE('P', 'R', 'O', 'C')
/* A thread, the first of a process included; the id is its number. */
#define CONTAINER_IMAGE_THREAD	CONTAINER_IMAGE_TYPE('T', 'H', 'R', 'D')
/*
 * Who a thread acts as, or a process that has ended did; the id is its number, here
 * and below.
 */
#define CONTAINER_IMAGE_CREDENTIALS CONTAINER_IMAGE_TYPE('C', 'R', 'E', 'D')
/* What a process is called that has ended. Optional. */
#define CONTAINER_IMAGE_COMM	CONTAINER_IMAGE_TYPE('C', 'O', 'M', 'M')
/* General registers of a thread, and what it has told the kernel. */
#define CONTAINER_IMAGE_CPU	CONTAINER_IMAGE_TYPE('C', 'P', 'U', ' ')
/* A component of the extended state; several of a thread, in order. */
#define CONTAINER_IMAGE_XSTATE	CONTAINER_IMAGE_TYPE('X', 'S', 'T', 'A')
/* Segments that a thread has made with set_thread_area(2); if it has any. */
#define CONTAINER_IMAGE_TLS	CONTAINER_IMAGE_TYPE('T', 'L', 'S', ' ')
/* A system call that a thread is to go on with; if there is one. */
#define CONTAINER_IMAGE_RESUME	CONTAINER_IMAGE_TYPE('R', 'S', 'U', 'M')
/* A filter of system calls; several of a thread, the oldest first. */
#define CONTAINER_IMAGE_FILTER	CONTAINER_IMAGE_TYPE('S', 'E', 'C', 'C')
/* Root and working directory; the id is what processes refer to. */
#define CONTAINER_IMAGE_FS	CONTAINER_IMAGE_TYPE('F', 'S', ' ', ' ')

/**
 * struct container_image_process - payload of CONTAINER_IMAGE_PROCESS
 * @parent: number of the process that is its parent; 0: outside, which process 1
 *	    alone has
 * @pgrp: number of its process group, 0: one outside
 * @session: number of its session, 0: one outside
 * @flags: CONTAINER_IMAGE_ZOMBIE and the others
 * @exit_code: of a zombie, as wait(2) tells it
 * @exit_signal: what its parent gets when it ends
 * @mm: id of its memory; 0: none (a zombie)
 * @files: id of its table of descriptors
 * @fs: id of its directories
 * @sighand: id of its signal handlers
 * @threads: how many, the first included
 * @stop_signal: of one that is stopped, what did it, as long as its parent has
 *		 not been told; otherwise 0
 * @oom_score_adj: -1000 to 1000
 * @oom_score_adj_min: what it may go down to without CAP_SYS_RESOURCE
 * @dumpable: 0, 1 or 2: may it leave a core, and may it be traced?
 * @reserved: 0
 *
 * Followed by a struct container_image_rlimit for each resource, in the order of
 * their numbers in setrlimit(2); by none if it is a zombie.
 */
struct container_image_process {
	__u32 parent;
	__u32 pgrp;
	__u32 session;
	__u32 flags;
	__u32 exit_code;
	__u32 exit_signal;
	__u32 mm;
	__u32 files;
	__u32 fs;
	__u32 sighand;
	__u32 threads;
	__u32 stop_signal;
	__s32 oom_score_adj;
	__s32 oom_score_adj_min;
	__u32 dumpable;
	__u32 reserved;
};

#define CONTAINER_IMAGE_ZOMBIE		1
#define CONTAINER_IMAGE_SUBREAPER	2	/* PR_SET_CHILD_SUBREAPER */
#define CONTAINER_IMAGE_STOPPED		4	/* by a signal; goes on with SIGCONT */
#define CONTAINER_IMAGE_LEADER		8	/* leads its session */

/**
 * struct container_image_rlimit - a limit on a resource
 * @soft: what counts; all ones: unlimited
 * @hard: how far @soft may be raised
 */
struct container_image_rlimit {
	__u64 soft;
	__u64 hard;
};

#define CONTAINER_IMAGE_RLIMITS	16

/**
 * struct container_image_thread - payload of CONTAINER_IMAGE_THREAD
 * @process: number of its process
 * @flags: CONTAINER_IMAGE_NO_TSC and the others
 * @comm: its name, with a 0 at its end
 * @policy: SCHED_OTHER and the others; this and what follows as in
 *	    struct sched_attr
 * @nice: -20 to 19
 * @rt_priority: 1 to 99 where the policy has priorities, otherwise 0
 * @sched_flags: SCHED_FLAG_RESET_ON_FORK and the others
 * @sched_runtime: ns; with SCHED_DEADLINE, and where a length of slices has been
 *		   asked for
 * @sched_deadline: ns; with SCHED_DEADLINE
 * @sched_period: ns; the same
 * @timer_slack: ns, as prctl(PR_GET_TIMERSLACK) has it
 * @timer_slack_default: ns, what PR_SET_TIMERSLACK goes back to
 * @personality: as personality(2) has it
 * @ioprio: as ioprio_get(2) has it; 0: follows from @nice
 * @pdeath_signal: what it gets when its parent ends; 0: nothing
 * @reserved: 0
 *
 * Followed by 64-bit words with a bit for each processor that it may run on; by
 * none if it may run on any.
 */
struct container_image_thread {
	__u32 process;
	__u32 flags;
	char comm[16];
	__u32 policy;
	__s32 nice;
	__u32 rt_priority;
	__u32 sched_flags;
	__u64 sched_runtime;
	__u64 sched_deadline;
	__u64 sched_period;
	__u64 timer_slack;
	__u64 timer_slack_default;
	__u32 personality;
	__u32 ioprio;
	__u32 pdeath_signal;
	__u32 reserved;
};

#define CONTAINER_IMAGE_NO_TSC		0x1	/* PR_SET_TSC: PR_TSC_SIGSEGV */
#define CONTAINER_IMAGE_NO_CPUID	0x2	/* ARCH_SET_CPUID: 0 */
#define CONTAINER_IMAGE_IO_FLUSHER	0x4	/* PR_SET_IO_FLUSHER */
#define CONTAINER_IMAGE_MCE_EARLY	0x8	/* PR_MCE_KILL_EARLY */
#define CONTAINER_IMAGE_MCE_LATE	0x10	/* PR_MCE_KILL_LATE */
#define CONTAINER_IMAGE_NO_SSB		0x20	/* PR_SPEC_STORE_BYPASS: DISABLE */
#define CONTAINER_IMAGE_NO_SSB_FORCE	0x40	/* the same: FORCE_DISABLE */
#define CONTAINER_IMAGE_NO_SSB_NOEXEC	0x80	/* the same: DISABLE_NOEXEC */
#define CONTAINER_IMAGE_NO_IB		0x100	/* PR_SPEC_INDIRECT_BRANCH: DISABLE */
#define CONTAINER_IMAGE_NO_IB_FORCE	0x200	/* the same: FORCE_DISABLE */
#define CONTAINER_IMAGE_L1D_FLUSH	0x400	/* PR_SPEC_L1D_FLUSH: ENABLE */
#define CONTAINER_IMAGE_NO_EXEC_YET	0x800	/* has not called execve(2) */
#define CONTAINER_IMAGE_SECCOMP_STRICT	0x1000	/* SECCOMP_MODE_STRICT */
#define CONTAINER_IMAGE_SECCOMP_FIRST	0x2000	/* filters of the first thread */

/**
 * struct container_image_comm - payload of CONTAINER_IMAGE_COMM
 * @comm: of its first thread, with a 0 at its end
 */
struct container_image_comm {
	char comm[16];
};

/**
 * struct container_image_credentials - payload of CONTAINER_IMAGE_CREDENTIALS
 * @uid: all ids as the initial user namespace has them
 * @euid: effective
 * @suid: saved
 * @fsuid: for file systems
 * @gid: and the same for groups
 * @egid: effective
 * @sgid: saved
 * @fsgid: for file systems
 * @securebits: as prctl(PR_GET_SECUREBITS) has them
 * @flags: CONTAINER_IMAGE_NO_NEW_PRIVS
 * @cap_inheritable: a bit for each capability, here and below
 * @cap_permitted: at most those
 * @cap_effective: those that count
 * @cap_bounding: at most those after execve(2)
 * @cap_ambient: kept by execve(2)
 *
 * Followed by the supplementary groups, 32 bits each.
 */
struct container_image_credentials {
	__u32 uid;
	__u32 euid;
	__u32 suid;
	__u32 fsuid;
	__u32 gid;
	__u32 egid;
	__u32 sgid;
	__u32 fsgid;
	__u32 securebits;
	__u32 flags;
	__u64 cap_inheritable;
	__u64 cap_permitted;
	__u64 cap_effective;
	__u64 cap_bounding;
	__u64 cap_ambient;
};

#define CONTAINER_IMAGE_NO_NEW_PRIVS	1	/* PR_SET_NO_NEW_PRIVS */

/**
 * struct container_image_cpu - payload of CONTAINER_IMAGE_CPU
 * @r15: the registers, in the order of the kernel's struct user_regs_struct
 * @r14: register
 * @r13: register
 * @r12: register
 * @bp: register
 * @bx: register
 * @r11: register
 * @r10: register
 * @r9: register
 * @r8: register
 * @ax: what a system call is about to return; a negative number of those that
 *	user space does not get to see: it is to be restarted
 * @cx: register
 * @dx: register
 * @si: register
 * @di: register
 * @orig_ax: number of the system call it is in; -1: none
 * @ip: where it goes on
 * @cs: selector; of 64-bit code
 * @flags: of the processor
 * @sp: stack
 * @ss: selector
 * @fs_base: thread-local storage
 * @gs_base: the other base
 * @ds: selector
 * @es: selector
 * @fs: selector
 * @gs: selector
 * @clear_child_tid: address of what is cleared when it ends; 0: none
 * @robust_list: address of its list of futexes; 0: none
 * @rseq: address of its struct rseq; 0: none
 * @rseq_length: of that; 0: none
 * @rseq_signature: what it said when it registered that
 */
struct container_image_cpu {
	__u64 r15;
	__u64 r14;
	__u64 r13;
	__u64 r12;
	__u64 bp;
	__u64 bx;
	__u64 r11;
	__u64 r10;
	__u64 r9;
	__u64 r8;
	__u64 ax;
	__u64 cx;
	__u64 dx;
	__u64 si;
	__u64 di;
	__u64 orig_ax;
	__u64 ip;
	__u64 cs;
	__u64 flags;
	__u64 sp;
	__u64 ss;
	__u64 fs_base;
	__u64 gs_base;
	__u64 ds;
	__u64 es;
	__u64 fs;
	__u64 gs;
	__u64 clear_child_tid;
	__u64 robust_list;
	__u64 rseq;
	__u32 rseq_length;
	__u32 rseq_signature;
};

/**
 * struct container_image_xstate - payload of CONTAINER_IMAGE_XSTATE
 * @component: its number, the bit in XCR0; 0: x87 and SSE, 512 bytes as FXSAVE
 *	       stores them, which every thread has
 * @size: bytes of it, which follow. As they are in the area that XSAVE stores;
 *	  where that has them depends on the processor, so there is a record for
 *	  each. One that is not there is as it is after a reset
 */
struct container_image_xstate {
	__u32 component;
	__u32 size;
};

/**
 * struct container_image_segment - element of CONTAINER_IMAGE_TLS
 * @number: of the entry in the table of the processor
 * @base: address
 * @limit: size
 * @flags: the bits of struct user_desc, in its order
 */
struct container_image_segment {
	__u32 number;
	__u32 base;
	__u32 limit;
	__u32 flags;
};

#define CONTAINER_IMAGE_SEGMENTS	3

/**
 * struct container_image_resume - payload of CONTAINER_IMAGE_RESUME
 * @call: CONTAINER_IMAGE_NANOSLEEP and the others
 * @flags: CONTAINER_IMAGE_TIMED and the others
 * @clock: which one @time is about: CLOCK_MONOTONIC and the others; with
 *	   CONTAINER_IMAGE_CPU_SLEEP a clock of processor time, of a process or a
 *	   thread, as clock_getcpuclockid(3) has them
 * @value: what a futex was expected to be; number of struct pollfd
 * @bitset: of a futex
 * @reserved: 0
 * @time: ns: how long it goes on; with CONTAINER_IMAGE_ABSOLUTE when it ends
 * @address: of the futex, of the struct pollfd; where a sleep that is interrupted
 *	     tells what is left of it, or 0
 */
struct container_image_resume {
	__u32 call;
	__u32 flags;
	__u32 clock;
	__u32 value;
	__u32 bitset;
	__u32 reserved;
	__s64 time;
	__u64 address;
};

#define CONTAINER_IMAGE_NANOSLEEP	1	/* and clock_nanosleep(2) */
#define CONTAINER_IMAGE_ALARM_SLEEP	2	/* the same by CLOCK_..._ALARM */
#define CONTAINER_IMAGE_FUTEX_WAIT	3
#define CONTAINER_IMAGE_POLL		4
#define CONTAINER_IMAGE_CPU_SLEEP	5	/* by a clock of processor time */

#define CONTAINER_IMAGE_TIMED		1	/* it ends some time */
#define CONTAINER_IMAGE_ABSOLUTE	2	/* @time is when it ends */
#define CONTAINER_IMAGE_FUTEX_SHARED	4	/* not FUTEX_PRIVATE_FLAG */
#define CONTAINER_IMAGE_REMAINDER	8	/* what is left of a sleep is told */

/**
 * struct container_image_filter - payload of CONTAINER_IMAGE_FILTER
 * @flags: CONTAINER_IMAGE_FILTER_LOG
 * @length: number of instructions
 *
 * Followed by them, as seccomp(2) takes them: struct sock_filter.
 */
struct container_image_filter {
	__u32 flags;
	__u32 length;
};

#define CONTAINER_IMAGE_FILTER_LOG	1	/* SECCOMP_FILTER_FLAG_LOG */

/**
 * struct container_image_fs - payload of CONTAINER_IMAGE_FS
 * @umask: for new files
 * @root_size: bytes of the path of the root directory, with the 0 at its end
 * @cwd_size: the same of the working directory
 * @reserved: 0
 *
 * Followed by the two paths, as they are from the root of the file systems.
 */
struct container_image_fs {
	__u32 umask;
	__u32 root_size;
	__u32 cwd_size;
	__u32 reserved;
};

#endif
