// SPDX-License-Identifier: GPL-2.0
/* modes: host contained pidns */
/*
 * Tracing, and the other calls that look into a task named by its number.
 */
#include "ct.h"
#include <linux/kcmp.h>
#include "ct-trace.h"
#include "kselftest_harness.h"

#define STACK_SIZE (64 * 1024)

/* -- the events of forks ------------------------------------------------------- */

enum kind { FORK, VFORK, CLONE };

static int exit_soon(void *arg)
{
	return (uintptr_t)arg;
}

/* Makes one child when told, and says what the call gave. */
static void fork_on_demand(int fd, void *arg)
{
	enum kind kind = *(enum kind *)arg;
	static char stack[STACK_SIZE];
	pid_t pid = -1;

	ct_recv(fd);
	switch (kind) {
	case FORK:
		pid = fork();
		break;
	case VFORK:
		pid = clone(exit_soon, stack + STACK_SIZE,
			    CLONE_VM | CLONE_VFORK | SIGCHLD, (void *)3);
		break;
	case CLONE:
		/* Without SIGCHLD it is a clone to the tracer. */
		pid = clone(exit_soon, stack + STACK_SIZE, 0, (void *)3);
		break;
	}
	if (!pid)
		_exit(3);
	ct_send(fd, pid);
	CT_EQ(pid, waitpid(pid, NULL, __WALL));
}

static const int fork_event[] = {
	[FORK] = PTRACE_EVENT_FORK, [VFORK] = PTRACE_EVENT_VFORK,
	[CLONE] = PTRACE_EVENT_CLONE,
};

FIXTURE(forker) {
	enum kind kind;
	struct ct_child child;
};

FIXTURE_VARIANT(forker) {
	enum kind kind;
};

FIXTURE_VARIANT_ADD(forker, fork) { .kind = FORK };
FIXTURE_VARIANT_ADD(forker, vfork) { .kind = VFORK };
FIXTURE_VARIANT_ADD(forker, clone) { .kind = CLONE };

FIXTURE_SETUP(forker)
{
	self->kind = variant->kind;
	self->child = ct_spawn(CT_PLAIN, fork_on_demand, &self->kind);
}

FIXTURE_TEARDOWN(forker)
{
}

TEST_F(forker, tells_the_childs_number)
{
	unsigned long options = PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK |
		PTRACE_O_TRACECLONE | PTRACE_O_TRACEVFORKDONE |
		PTRACE_O_TRACEEXIT | PTRACE_O_EXITKILL;
	pid_t parent = self->child.pid, pid;
	siginfo_t info;
	int status;

	ASSERT_EQ(0, ct_trace(PTRACE_SEIZE, parent, 0, options));
	EXPECT_EQ(getpid(), ct_status(parent, "TracerPid"));
	ct_send(self->child.fd, 0);
	ct_wait_event(parent, fork_event[variant->kind]);
	pid = ct_trace_message(parent);
	EXPECT_EQ(parent, ct_status(pid, "PPid"));
	EXPECT_EQ(getpid(), ct_status(pid, "TracerPid"));

	/* The new one starts in a stop, and then ends. */
	EXPECT_EQ(pid, waitpid(pid, &status, __WALL));
	EXPECT_EQ(PTRACE_EVENT_STOP, status >> 16);
	ct_go_on(pid);
	ct_go_on(parent);
	EXPECT_EQ(pid, waitpid(pid, &status, __WALL));
	EXPECT_EQ(SIGTRAP | PTRACE_EVENT_EXIT << 8, status >> 8);
	EXPECT_EQ(3, ct_trace_message(pid) >> 8);
	ct_go_on(pid);
	if (variant->kind == VFORK) {
		EXPECT_EQ(parent, waitpid(parent, &status, __WALL));
		EXPECT_EQ(SIGTRAP | PTRACE_EVENT_VFORK_DONE << 8, status >> 8);
		EXPECT_EQ(pid, ct_trace_message(parent));
		ct_go_on(parent);
	}
	EXPECT_EQ(pid, waitid(P_PID, pid, &info, WEXITED | __WALL) ?: info.si_pid);

	/* Its parent has its SIGCHLD, too, if the clone was to send one. */
	if (variant->kind != CLONE) {
		EXPECT_EQ(SIGCHLD, WSTOPSIG(ct_wait_stop(parent)));
		memset(&info, 0, sizeof(info));
		EXPECT_EQ(0, ct_trace(PTRACE_GETSIGINFO, parent, 0,
				   (unsigned long)&info));
		EXPECT_EQ(pid, info.si_pid);
		ct_go_on(parent);
	}
	EXPECT_EQ(pid, ct_recv(self->child.fd));
	ct_wait_event(parent, PTRACE_EVENT_EXIT);
	ct_go_on(parent);
	EXPECT_EQ(0, ct_finish(&self->child));
}

/* -- exec ----------------------------------------------------------------------- */

static void exec_on_demand(int fd, void *arg)
{
	(void)arg;
	ct_recv(fd);
	ct_exec_and_tell(fd);
}

TEST(event_of_an_exec)
{
	struct ct_child child = ct_spawn(CT_PLAIN, exec_on_demand, NULL);

	ASSERT_EQ(0, ct_trace(PTRACE_SEIZE, child.pid, 0,
			   PTRACE_O_TRACEEXEC | PTRACE_O_EXITKILL));
	ct_send(child.fd, 0);
	ct_wait_event(child.pid, PTRACE_EVENT_EXEC);
	EXPECT_EQ(child.pid, ct_trace_message(child.pid));
	ct_use_tracee(child.pid);
	ct_go_on(child.pid);
	EXPECT_EQ(child.pid, ct_recv(child.fd));
	EXPECT_EQ(child.pid, ct_recv(child.fd));
	EXPECT_EQ(0, ct_finish(&child));
}

/* The thread takes its leader's place under the tracer's eyes. */
TEST(event_of_an_exec_by_a_thread)
{
	struct ct_child child = ct_spawn(CT_PLAIN, ct_exec_by_thread, NULL);

	ct_trace_exec_by_thread(&child, child.pid, 0);
}

/* -- attaching ------------------------------------------------------------------ */

static volatile long secret = 0x5ec7e7;

TEST(attach)
{
	struct ct_child child = ct_spawn(CT_PLAIN, ct_idle, NULL);
	siginfo_t info;

	ASSERT_EQ(0, ct_trace(PTRACE_ATTACH, child.pid, 0, 0));
	EXPECT_EQ(SIGSTOP, WSTOPSIG(ct_wait_stop(child.pid)));
	EXPECT_EQ(getpid(), ct_status(child.pid, "TracerPid"));
	EXPECT_EQ(0, ct_status(getpid(), "TracerPid"));
	EXPECT_EQ(secret, ct_trace(PTRACE_PEEKDATA, child.pid,
				(unsigned long)&secret, 0));
	EXPECT_EQ(0, ct_trace(PTRACE_GETSIGINFO, child.pid, 0,
			   (unsigned long)&info));
	ct_use_tracee(child.pid);
	CT_ERRNO(EPERM, ct_trace(PTRACE_ATTACH, child.pid, 0, 0));
	EXPECT_EQ(0, ct_trace(PTRACE_DETACH, child.pid, 0, 0));
	EXPECT_EQ(0, ct_status(child.pid, "TracerPid"));
	EXPECT_EQ(0, ct_finish(&child));
}

TEST(seize_and_interrupt)
{
	struct ct_child child = ct_spawn(CT_PLAIN, ct_idle, NULL);

	ASSERT_EQ(0, ct_trace(PTRACE_SEIZE, child.pid, 0, 0));
	EXPECT_EQ(0, ct_trace(PTRACE_INTERRUPT, child.pid, 0, 0));
	EXPECT_EQ(PTRACE_EVENT_STOP, ct_wait_stop(child.pid) >> 16);
	ct_use_tracee(child.pid);
	EXPECT_EQ(0, ct_trace(PTRACE_DETACH, child.pid, 0, 0));
	EXPECT_EQ(0, ct_finish(&child));
}

TEST(attach_to_nobody)
{
	pid_t unused = ct_unused_pid();

	CT_ERRNO(ESRCH, ct_trace(PTRACE_ATTACH, unused, 0, 0));
	CT_ERRNO(ESRCH, ct_trace(PTRACE_SEIZE, unused, 0, 0));
	CT_ERRNO(ESRCH, ct_trace(PTRACE_CONT, unused, 0, 0));
	/* It exists, but is not traced. */
	CT_ERRNO(ESRCH, ct_trace(PTRACE_CONT, getppid(), 0, 0));
	CT_ERRNO(EPERM, ct_trace(PTRACE_ATTACH, getpid(), 0, 0));
}

static void traced_by_parent(int fd, void *arg)
{
	(void)fd;
	(void)arg;
	CT_EQ(0, ct_trace(PTRACE_TRACEME, 0, 0, 0));
	raise(SIGUSR1);
}

/* The tracee is told about a signal that its tracer made. */
static void receive_signal(int fd, void *arg)
{
	siginfo_t info;

	(void)arg;
	ct_block(SIGUSR2);
	CT_EQ(0, ct_trace(PTRACE_TRACEME, 0, 0, 0));
	raise(SIGUSR1);
	info = ct_signal(SIGUSR2);
	ct_send(fd, info.si_pid);
}

TEST(traceme)
{
	struct ct_child child = ct_spawn(CT_PLAIN, traced_by_parent, NULL);
	siginfo_t info;

	EXPECT_EQ(SIGUSR1, WSTOPSIG(ct_wait_stop(child.pid)));
	ASSERT_EQ(0, ct_trace(PTRACE_GETSIGINFO, child.pid, 0,
			   (unsigned long)&info));
	EXPECT_EQ(child.pid, info.si_pid);
	EXPECT_EQ(getpid(), ct_status(child.pid, "TracerPid"));
	ct_go_on(child.pid);
	EXPECT_EQ(0, ct_finish(&child));
}

TEST(a_changed_signal_is_the_tracers)
{
	struct ct_child child = ct_spawn(CT_PLAIN, receive_signal, NULL);

	EXPECT_EQ(SIGUSR1, WSTOPSIG(ct_wait_stop(child.pid)));
	ASSERT_EQ(0, ct_trace(PTRACE_CONT, child.pid, 0, SIGUSR2));
	EXPECT_EQ(getpid(), ct_recv(child.fd));
	EXPECT_EQ(0, ct_finish(&child));
}

/* -- without tracing ------------------------------------------------------------- */

TEST(memory_of_another)
{
	struct ct_child child = ct_spawn(CT_PLAIN, ct_idle, NULL);
	long value = 0;
	struct iovec local = { &value, sizeof(value) };
	struct iovec remote = { (void *)&secret, sizeof(secret) };

	secret = 1;
	EXPECT_EQ(sizeof(value), process_vm_readv(child.pid, &local, 1, &remote,
						  1, 0));
	EXPECT_EQ(0x5ec7e7, value);
	value = 2;
	EXPECT_EQ(sizeof(value), process_vm_writev(child.pid, &local, 1,
						   &remote, 1, 0));
	value = 0;
	EXPECT_EQ(sizeof(value), process_vm_readv(child.pid, &local, 1, &remote,
						  1, 0));
	EXPECT_EQ(2, value);
	EXPECT_EQ(0, ct_finish(&child));
	CT_ERRNO(ESRCH, process_vm_readv(child.pid, &local, 1, &remote, 1, 0));
}

static long compare(pid_t a, pid_t b, int type)
{
	return syscall(SYS_kcmp, a, b, type, 0, 0);
}

TEST(comparison)
{
	struct ct_child child = ct_spawn(CT_PLAIN, ct_idle, NULL);

	EXPECT_EQ(0, compare(getpid(), getpid(), KCMP_VM));
	EXPECT_LT(0, compare(getpid(), child.pid, KCMP_VM));
	EXPECT_EQ(0, compare(getpid(), child.pid, KCMP_FILE));
	EXPECT_EQ(0, ct_finish(&child));
	CT_ERRNO(ESRCH, compare(getpid(), child.pid, KCMP_VM));
	CT_ERRNO(ESRCH, compare(child.pid, getpid(), KCMP_VM));
}

TEST_HARNESS_MAIN
