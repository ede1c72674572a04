/* SPDX-License-Identifier: GPL-2.0 */
/*
 * For the tests that trace: what a tracer does, and a tracee that runs this
 * program once more and then says its number.
 */
#ifndef CT_TRACE_H
#define CT_TRACE_H

#include <elf.h>
#include <sys/ptrace.h>
#include <sys/uio.h>
#include <sys/user.h>

#define CT_TALK_FD 100

/* What runs after the exec. */
static void ct_tell_numbers(const char *word)
{
	(void)word;
	ct_send(CT_TALK_FD, getpid());
	ct_send(CT_TALK_FD, ct_gettid());
	ct_wait_hangup(CT_TALK_FD);
}

CT_AFTER_EXEC(ct_tell_numbers)

static inline void __attribute__((noreturn)) ct_exec_and_tell(int fd)
{
	CT_EQ(CT_TALK_FD, dup2(fd, CT_TALK_FD));
	ct_exec_self("-");
}

/* Says its number, waits to be told, and execs: a thread for that. */
static inline void *ct_exec_in_thread(void *arg)
{
	int fd = *(int *)arg;

	ct_send(fd, ct_gettid());
	ct_recv(fd);
	ct_exec_and_tell(fd);
}

/* Its process: the leader is not who execs. */
static inline void ct_exec_by_thread(int fd, void *arg)
{
	pthread_t thread;

	(void)arg;
	/* This would come with the leader's end. */
	CT_EQ(0, prctl(PR_SET_PDEATHSIG, 0));
	ct_recv(fd);
	CT_EQ(0, pthread_create(&thread, NULL, ct_exec_in_thread, &fd));
	for (;;)
		pause();
}

static inline long ct_trace(enum __ptrace_request request, pid_t pid,
			    unsigned long addr, unsigned long data)
{
	return ptrace(request, pid, addr, data);
}

static inline void ct_go_on(pid_t pid)
{
	CT_EQ(0, ct_trace(PTRACE_CONT, pid, 0, 0));
}

static inline unsigned long ct_trace_message(pid_t pid)
{
	unsigned long message = 0;

	CT_EQ(0, ct_trace(PTRACE_GETEVENTMSG, pid, 0, (unsigned long)&message));
	return message;
}

static inline int ct_wait_stop(pid_t pid)
{
	int status;

	CT_EQ(pid, waitpid(pid, &status, __WALL));
	CT_CHECK(WIFSTOPPED(status));
	return status;
}

static inline void ct_wait_event(pid_t pid, int event)
{
	CT_EQ(SIGTRAP | event << 8, ct_wait_stop(pid) >> 8);
}

/* Every kind of request still finds the stopped tracee. */
static inline void ct_use_tracee(pid_t pid)
{
	struct user_regs_struct regs;
	struct iovec vector = { &regs, sizeof(regs) };
	struct __ptrace_syscall_info info;

	ct_trace_message(pid);
	CT_EQ(0, ct_trace(PTRACE_GETREGS, pid, 0, (unsigned long)&regs));
	CT_EQ(0, ct_trace(PTRACE_GETREGSET, pid, NT_PRSTATUS,
			  (unsigned long)&vector));
	CT_CHECK(ct_trace(PTRACE_GET_SYSCALL_INFO, pid, sizeof(info),
			  (unsigned long)&info) > 0);
	errno = 0;
	ct_trace(PTRACE_PEEKUSER, pid, 0, 0);
	CT_EQ(0, errno);
}

/*
 * Traces a ct_exec_by_thread() until it has run its new program.  In whose
 * numbers the tracer sees it is the caller's affair; inside they are these.
 */
static inline void ct_trace_exec_by_thread(struct ct_child *child,
					   pid_t pid_inside, pid_t tid_inside)
{
	pid_t pid = child->pid, tid;

	CT_EQ(0, ct_trace(PTRACE_SEIZE, pid, 0, PTRACE_O_TRACEEXEC |
			  PTRACE_O_TRACECLONE | PTRACE_O_EXITKILL));
	ct_send(child->fd, 0);
	ct_wait_event(pid, PTRACE_EVENT_CLONE);
	tid = ct_trace_message(pid);
	CT_EQ(0, syscall(SYS_tgkill, pid, tid, 0));
	CT_EQ(PTRACE_EVENT_STOP, ct_wait_stop(tid) >> 16);
	ct_use_tracee(tid);
	ct_go_on(tid);
	ct_go_on(pid);
	CT_EQ(tid_inside ?: tid, ct_recv(child->fd));
	ct_send(child->fd, 0);

	/* The message is the number that the thread had. */
	ct_wait_event(pid, PTRACE_EVENT_EXEC);
	CT_EQ(tid, ct_trace_message(pid));
	ct_use_tracee(pid);
	CT_ERRNO(ESRCH, ct_trace(PTRACE_CONT, tid, 0, 0));
	ct_go_on(pid);
	CT_EQ(pid_inside, ct_recv(child->fd));
	CT_EQ(pid_inside, ct_recv(child->fd));
	CT_EQ(0, ct_trace(PTRACE_INTERRUPT, pid, 0, 0));
	CT_EQ(PTRACE_EVENT_STOP, ct_wait_stop(pid) >> 16);
	ct_use_tracee(pid);
	CT_EQ(0, ct_trace(PTRACE_DETACH, pid, 0, 0));
	CT_EQ(0, ct_finish(child));
}

#endif
