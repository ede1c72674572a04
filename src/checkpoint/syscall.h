/* SPDX-License-Identifier: GPL-2.0 */
/*
 * System calls that a task makes while it restores itself: what a program would
 * do, with the kernel's own checks.
 */
#ifndef CT_CHECKPOINT_SYSCALL_H
#define CT_CHECKPOINT_SYSCALL_H

#include <linux/ptrace.h>
#include <linux/static_call.h>

/* A kernel may be built without these. */
#ifdef CONFIG_X86_INTEL_MEMORY_PROTECTION_KEYS
#define CT_SYSCALLS_PKEYS(X)	X(pkey_mprotect)
#else
#define CT_SYSCALLS_PKEYS(X)
#endif

/* Those that are used; in alphabetical order. */
#define CT_SYSCALLS(X)							\
	X(arch_prctl)							\
	X(chdir)							\
	X(chmod)							\
	X(chroot)							\
	X(close_range)							\
	X(dup3)								\
	X(epoll_create1)						\
	X(epoll_ctl)							\
	X(epoll_wait)							\
	X(eventfd2)							\
	X(fcntl)							\
	X(flock)							\
	X(inotify_add_watch)						\
	X(inotify_init1)						\
	X(ioctl)							\
	X(ioprio_set)							\
	X(lchown)							\
	X(madvise)							\
	X(membarrier)							\
	X(mlock2)							\
	X(mprotect)							\
	X(openat)							\
	X(pidfd_open)							\
	CT_SYSCALLS_PKEYS(X)						\
	X(prctl)							\
	X(seccomp)							\
	X(setrlimit)							\
	X(signalfd4)							\
	X(socket)							\
	X(timer_create)							\
	X(timer_settime)						\
	X(timerfd_create)						\
	X(timerfd_settime)						\
	X(unlink)

long ct_syscall_proto(const struct pt_regs *regs);

#define CT_DECLARE_SYSCALL(name)					\
	DECLARE_STATIC_CALL(ct_sys_##name, ct_syscall_proto);
CT_SYSCALLS(CT_DECLARE_SYSCALL)
#undef CT_DECLARE_SYSCALL

#define __ct_sys(name, a, b, c, d, e, f, ...)				\
	static_call(ct_sys_##name)(&(const struct pt_regs){		\
		.di = (unsigned long)(a), .si = (unsigned long)(b),	\
		.dx = (unsigned long)(c), .r10 = (unsigned long)(d),	\
		.r8 = (unsigned long)(e), .r9 = (unsigned long)(f) })

/*
 * ct_sys(setitimer, ITIMER_REAL, user_pointer, NULL): arguments are numbers or
 * pointers into user space (see ct_scratch()); what the call returns.
 */
#define ct_sys(name, ...) __ct_sys(name, ##__VA_ARGS__, 0, 0, 0, 0, 0, 0, 0)

#endif
