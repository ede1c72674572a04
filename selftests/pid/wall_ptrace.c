// SPDX-License-Identifier: GPL-2.0
/* modes: host */
/*
 * A tracer outside sees its tracees' numbers as they are outside, whatever
 * they are inside.
 */
#include "ct.h"
#include "ct-trace.h"
#include "kselftest_harness.h"
#include "ct-wall.h"

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
	ct_wait_event(box.pid, PTRACE_EVENT_FORK);
	pid = ct_trace_message(box.pid);
	EXPECT_EQ(box.pid, ct_status(pid, "PPid"));
	EXPECT_EQ(getpid(), ct_status(pid, "TracerPid"));
	EXPECT_EQ(PTRACE_EVENT_STOP, ct_wait_stop(pid) >> 16);
	ct_use_tracee(pid);
	ct_go_on(pid);
	ct_go_on(box.pid);

	/* Inside, it is another number. */
	EXPECT_EQ(2, ct_recv(box.fd));
	ct_wait_event(pid, PTRACE_EVENT_EXIT);
	ct_go_on(pid);
	memset(&info, 0, sizeof(info));
	ASSERT_EQ(0, waitid(P_PID, pid, &info, WEXITED | __WALL));
	EXPECT_EQ(pid, info.si_pid);
	/* The tracee's view is in the signal that it is to have. */
	EXPECT_EQ(SIGCHLD, WSTOPSIG(ct_wait_stop(box.pid)));
	ASSERT_EQ(0, ptrace(PTRACE_GETSIGINFO, box.pid, 0, &info));
	EXPECT_EQ(SIGCHLD, info.si_signo);
	EXPECT_EQ(2, info.si_pid);
	ct_go_on(box.pid);
	ct_wait_event(box.pid, PTRACE_EVENT_EXIT);
	ct_go_on(box.pid);
	EXPECT_EQ(0, ct_finish(&box));
}

/* -- exec ------------------------------------------------------------------------ */

TEST_F(wall, exec_event_of_a_thread)
{
	struct ct_child box;

	CT_NEED_BOX(variant);
	box = ct_spawn(variant->box, ct_exec_by_thread, NULL);
	ct_trace_exec_by_thread(&box, 1, 2);
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
