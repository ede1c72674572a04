// SPDX-License-Identifier: GPL-2.0
/* modes: host */
/*
 * A tracer outside sees its tracees' numbers as they are outside, whatever
 * they are inside.
 */
#include "ct.h"
#include <elf.h>
#include <sys/ptrace.h>
#include <sys/uio.h>
#include <sys/user.h>
#include "kselftest_harness.h"
#include "ct-wall.h"

#define TALK_FD 100

static void tell(const char *word)
{
	(void)word;
	ct_send(TALK_FD, getpid());
	ct_send(TALK_FD, ct_gettid());
	ct_wait_hangup(TALK_FD);
}

CT_AFTER_EXEC(tell)

static unsigned long message_of(pid_t pid)
{
	unsigned long message = 0;

	CT_EQ(0, ptrace(PTRACE_GETEVENTMSG, pid, 0, &message));
	return message;
}

static void wait_event(pid_t pid, int event)
{
	int status;

	CT_EQ(pid, waitpid(pid, &status, __WALL));
	CT_CHECK(WIFSTOPPED(status));
	CT_EQ(SIGTRAP | event << 8, status >> 8);
}

static void wait_stop(pid_t pid, int event)
{
	int status;

	CT_EQ(pid, waitpid(pid, &status, __WALL));
	CT_CHECK(WIFSTOPPED(status));
	CT_EQ(event, status >> 16);
}

static void go_on(pid_t pid)
{
	CT_EQ(0, ptrace(PTRACE_CONT, pid, 0, 0));
}

static void use_tracee(pid_t pid)
{
	struct user_regs_struct regs;
	struct iovec vector = { &regs, sizeof(regs) };

	CT_EQ(0, ptrace(PTRACE_GETREGS, pid, 0, &regs));
	CT_EQ(0, ptrace(PTRACE_GETREGSET, pid, NT_PRSTATUS, &vector));
	message_of(pid);
}

/* -- fork ------------------------------------------------------------------------ */

static void fork_once(int fd, void *arg)
{
	pid_t pid;

	(void)arg;
	ct_recv(fd);
	CT_EQ(0, ct_status(1, "TracerPid"));
	pid = fork();
	if (!pid) {
		CT_EQ(2, getpid());
		_exit(3);
	}
	ct_send(fd, pid);
	CT_EQ(3, ct_reap(pid));
}

TEST_F(wall, fork_event)
{
	struct ct_child box;
	siginfo_t info;
	pid_t pid;

	CT_NEED_BOX(variant);
	box = ct_spawn(variant->box, fork_once, NULL);
	ASSERT_EQ(0, ptrace(PTRACE_SEIZE, box.pid, 0, PTRACE_O_TRACEFORK |
			    PTRACE_O_TRACEEXIT | PTRACE_O_EXITKILL));
	EXPECT_EQ(getpid(), ct_status(box.pid, "TracerPid"));
	ct_send(box.fd, 0);
	wait_event(box.pid, PTRACE_EVENT_FORK);
	pid = message_of(box.pid);
	EXPECT_EQ(box.pid, ct_status(pid, "PPid"));
	EXPECT_EQ(getpid(), ct_status(pid, "TracerPid"));
	wait_stop(pid, PTRACE_EVENT_STOP);
	use_tracee(pid);
	go_on(pid);
	go_on(box.pid);

	/* Inside, it is another number. */
	EXPECT_EQ(2, ct_recv(box.fd));
	wait_event(pid, PTRACE_EVENT_EXIT);
	go_on(pid);
	memset(&info, 0, sizeof(info));
	ASSERT_EQ(0, waitid(P_PID, pid, &info, WEXITED | __WALL));
	EXPECT_EQ(pid, info.si_pid);
	/* The tracee's view is in the signal that it is to have. */
	wait_stop(box.pid, 0);
	ASSERT_EQ(0, ptrace(PTRACE_GETSIGINFO, box.pid, 0, &info));
	EXPECT_EQ(SIGCHLD, info.si_signo);
	EXPECT_EQ(2, info.si_pid);
	go_on(box.pid);
	wait_event(box.pid, PTRACE_EVENT_EXIT);
	go_on(box.pid);
	EXPECT_EQ(0, ct_finish(&box));
}

/* -- exec ------------------------------------------------------------------------ */

static void exec_now(int fd)
{
	CT_EQ(TALK_FD, dup2(fd, TALK_FD));
	ct_exec_self("-");
}

static void *exec_in_thread(void *arg)
{
	int fd = *(int *)arg;

	ct_send(fd, ct_gettid());
	ct_recv(fd);
	exec_now(fd);
	return NULL;
}

static void exec_by_thread(int fd, void *arg)
{
	pthread_t thread;

	(void)arg;
	CT_EQ(0, prctl(PR_SET_PDEATHSIG, 0));
	ct_recv(fd);
	CT_EQ(0, pthread_create(&thread, NULL, exec_in_thread, &fd));
	for (;;)
		pause();
}

TEST_F(wall, exec_event_of_a_thread)
{
	struct ct_child box;
	pid_t tid;

	CT_NEED_BOX(variant);
	box = ct_spawn(variant->box, exec_by_thread, NULL);
	ASSERT_EQ(0, ptrace(PTRACE_SEIZE, box.pid, 0, PTRACE_O_TRACEEXEC |
			    PTRACE_O_TRACECLONE | PTRACE_O_EXITKILL));
	ct_send(box.fd, 0);
	wait_event(box.pid, PTRACE_EVENT_CLONE);
	tid = message_of(box.pid);
	EXPECT_EQ(0, syscall(SYS_tgkill, box.pid, tid, 0));
	wait_stop(tid, PTRACE_EVENT_STOP);
	use_tracee(tid);
	go_on(tid);
	go_on(box.pid);
	EXPECT_EQ(2, ct_recv(box.fd));
	ct_send(box.fd, 0);

	wait_event(box.pid, PTRACE_EVENT_EXEC);
	EXPECT_EQ(tid, message_of(box.pid));
	use_tracee(box.pid);
	go_on(box.pid);
	EXPECT_EQ(1, ct_recv(box.fd));
	EXPECT_EQ(1, ct_recv(box.fd));
	ASSERT_EQ(0, ptrace(PTRACE_INTERRUPT, box.pid, 0, 0));
	wait_stop(box.pid, PTRACE_EVENT_STOP);
	use_tracee(box.pid);
	ASSERT_EQ(0, ptrace(PTRACE_DETACH, box.pid, 0, 0));
	EXPECT_EQ(0, ct_finish(&box));
}

/* -- a tracer inside, too ---------------------------------------------- */

/* One tracer at a time, also when it is outside. */
static void hold_a_member(int fd, void *arg)
{
	struct ct_child member = ct_spawn(CT_PLAIN, ct_idle, NULL);

	(void)arg;
	ct_send(fd, member.pid);
	ct_recv(fd);
	CT_EQ(0, ct_status(member.pid, "TracerPid"));
	CT_ERRNO(EPERM, ptrace(PTRACE_SEIZE, member.pid, 0, 0));
	CT_EQ(0, ct_finish(&member));
}

TEST_F(wall, one_tracer)
{
	char path[64], text[64];
	struct ct_child box;
	pid_t pid;

	CT_NEED_BOX(variant);
	box = ct_spawn(variant->box, hold_a_member, NULL);
	EXPECT_EQ(2, ct_recv(box.fd));
	snprintf(path, sizeof(path), "/proc/%d/task/%d/children", box.pid,
		 box.pid);
	ASSERT_LT(0, ct_read_file(path, text, sizeof(text)));
	pid = atoi(text);
	ASSERT_EQ(0, ptrace(PTRACE_SEIZE, pid, 0, 0));
	EXPECT_EQ(getpid(), ct_status(pid, "TracerPid"));
	ct_send(box.fd, 0);
	EXPECT_EQ(pid, waitpid(pid, NULL, __WALL));
	EXPECT_EQ(0, ct_finish(&box));
}

TEST_HARNESS_MAIN
