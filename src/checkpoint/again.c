// SPDX-License-Identifier: GPL-2.0
/*
 * System calls that take being parked for a signal.
 *
 * What makes a task come out of the kernel looks to a system call like a signal
 * until it is known that there is none.  Most then go on by themselves (they
 * return ERESTARTSYS and the like); some say EINTR, which a program that gets no
 * signals does not expect.  These are made to begin again.
 */
#include <linux/errno.h>
#include <linux/sched.h>
#include <linux/ptrace.h>
#include <linux/sched/signal.h>
#include <linux/sched/task_stack.h>
#include <asm/syscall.h>
#include <asm/unistd.h>

#include "checkpoint/freeze.h"

/*
 * They have done nothing when they return EINTR, so that to call them again is
 * no harm; but for connect(2), which goes on with what it has begun. A time limit
 * begins anew.
 */
static bool may_begin_again(long nr)
{
	switch (nr) {
	case __NR_epoll_wait:
	case __NR_epoll_pwait:
	case __NR_epoll_pwait2:
	case __NR_semop:
	case __NR_semtimedop:
	case __NR_io_getevents:
	case __NR_io_pgetevents:
	case __NR_rt_sigtimedwait:
	case __NR_read:
	case __NR_readv:
	case __NR_write:
	case __NR_writev:
	case __NR_pread64:
	case __NR_preadv:
	case __NR_preadv2:
	case __NR_pwrite64:
	case __NR_pwritev:
	case __NR_pwritev2:
	case __NR_recvfrom:
	case __NR_recvmsg:
	case __NR_recvmmsg:
	case __NR_sendto:
	case __NR_sendmsg:
	case __NR_sendmmsg:
	case __NR_accept:
	case __NR_accept4:
	case __NR_connect:
		return true;
	default:
		return false;
	}
}

/**
 * ct_call_again - let an interrupted system call begin again
 *
 * Context: in current's park, before its registers are looked at. A signal that
 * is there, or comes, has a handler that sees EINTR as ever.
 */
void ct_call_again(void)
{
	struct pt_regs *regs = current_pt_regs();

	if (task_sigpending(current) || !user_64bit_mode(regs))
		return;
	if (regs->ax == (unsigned long)-EINTR &&
	    may_begin_again(syscall_get_nr(current, regs)))
		regs->ax = -ERESTARTNOHAND;
}
