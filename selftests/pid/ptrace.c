// SPDX-License-Identifier: GPL-2.0
/* modes: host contained pidns */
/*
 * Tracing, and the other calls that look into a task named by its number.
 */
#include "ct.h"
#include <elf.h>
#include <linux/kcmp.h>
#include <sys/ptrace.h>
#include <sys/uio.h>
#include <sys/user.h>
#include "kselftest_harness.h"

#define STACK_SIZE (64 * 1024)

/* What the tracee says about itself, before and after an exec. */
#define TALK_FD 100

static void tell(const char *word)
{
	(void)word;
	ct_send(TALK_FD, getpid());
	ct_send(TALK_FD, ct_gettid());
	ct_wait_hangup(TALK_FD);
}

CT_AFTER_EXEC(tell)

static long trace(enum __ptrace_request request, pid_t pid, unsigned long addr,
		  unsigned long data)
{
	return ptrace(request, pid, addr, data);
}

static unsigned long message_of(pid_t pid)
{
	unsigned long message = 0;

	CT_EQ(0, trace(PTRACE_GETEVENTMSG, pid, 0, (unsigned long)&message));
	return message;
}

static int wait_stop(pid_t pid)
{
	int status;

	CT_EQ(pid, waitpid(pid, &status, __WALL));
	CT_CHECK(WIFSTOPPED(status));
	return status;
}

static void wait_event(pid_t pid, int event)
{
	CT_EQ(SIGTRAP | event << 8, wait_stop(pid) >> 8);
}

static void go_on(pid_t pid)
{
	CT_EQ(0, trace(PTRACE_CONT, pid, 0, 0));
}

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

	ASSERT_EQ(0, trace(PTRACE_SEIZE, parent, 0, options));
	EXPECT_EQ(getpid(), ct_status(parent, "TracerPid"));
	ct_send(self->child.fd, 0);
	wait_event(parent, fork_event[variant->kind]);
	pid = message_of(parent);
	EXPECT_EQ(parent, ct_status(pid, "PPid"));
	EXPECT_EQ(getpid(), ct_status(pid, "TracerPid"));

	/* The new one starts in a stop, and then ends. */
	EXPECT_EQ(pid, waitpid(pid, &status, __WALL));
	EXPECT_EQ(PTRACE_EVENT_STOP, status >> 16);
	go_on(pid);
	go_on(parent);
	EXPECT_EQ(pid, waitpid(pid, &status, __WALL));
	EXPECT_EQ(SIGTRAP | PTRACE_EVENT_EXIT << 8, status >> 8);
	EXPECT_EQ(3, message_of(pid) >> 8);
	go_on(pid);
	if (variant->kind == VFORK) {
		EXPECT_EQ(parent, waitpid(parent, &status, __WALL));
		EXPECT_EQ(SIGTRAP | PTRACE_EVENT_VFORK_DONE << 8, status >> 8);
		EXPECT_EQ(pid, message_of(parent));
		go_on(parent);
	}
	EXPECT_EQ(pid, waitid(P_PID, pid, &info, WEXITED | __WALL) ?: info.si_pid);

	/* Its parent has its SIGCHLD, too, if the clone was to send one. */
	if (variant->kind != CLONE) {
		EXPECT_EQ(SIGCHLD, WSTOPSIG(wait_stop(parent)));
		memset(&info, 0, sizeof(info));
		EXPECT_EQ(0, trace(PTRACE_GETSIGINFO, parent, 0,
				   (unsigned long)&info));
		EXPECT_EQ(pid, info.si_pid);
		go_on(parent);
	}
	EXPECT_EQ(pid, ct_recv(self->child.fd));
	wait_event(parent, PTRACE_EVENT_EXIT);
	go_on(parent);
	EXPECT_EQ(0, ct_finish(&self->child));
}

/* -- exec ----------------------------------------------------------------------- */

static void exec_on_demand(int fd, void *arg)
{
	(void)arg;
	CT_EQ(TALK_FD, dup2(fd, TALK_FD));
	ct_recv(fd);
	ct_exec_self("-");
}

/* Every kind of request still finds the tracee. */
static void use_tracee(pid_t pid)
{
	struct user_regs_struct regs;
	struct iovec vector = { &regs, sizeof(regs) };
	struct __ptrace_syscall_info info;

	message_of(pid);
	CT_EQ(0, trace(PTRACE_GETREGS, pid, 0, (unsigned long)&regs));
	CT_EQ(0, trace(PTRACE_GETREGSET, pid, NT_PRSTATUS,
		       (unsigned long)&vector));
	CT_CHECK(trace(PTRACE_GET_SYSCALL_INFO, pid, sizeof(info),
		       (unsigned long)&info) > 0);
	errno = 0;
	trace(PTRACE_PEEKUSER, pid, 0, 0);
	CT_EQ(0, errno);
}

TEST(event_of_an_exec)
{
	struct ct_child child = ct_spawn(CT_PLAIN, exec_on_demand, NULL);

	ASSERT_EQ(0, trace(PTRACE_SEIZE, child.pid, 0,
			   PTRACE_O_TRACEEXEC | PTRACE_O_EXITKILL));
	ct_send(child.fd, 0);
	wait_event(child.pid, PTRACE_EVENT_EXEC);
	EXPECT_EQ(child.pid, message_of(child.pid));
	use_tracee(child.pid);
	go_on(child.pid);
	EXPECT_EQ(child.pid, ct_recv(child.fd));
	EXPECT_EQ(child.pid, ct_recv(child.fd));
	EXPECT_EQ(0, ct_finish(&child));
}

static void *exec_in_thread(void *arg)
{
	int fd = *(int *)arg;

	ct_send(fd, ct_gettid());
	exec_on_demand(fd, NULL);
	return NULL;
}

static void exec_by_thread(int fd, void *arg)
{
	pthread_t thread;

	(void)arg;
	CT_EQ(0, prctl(PR_SET_PDEATHSIG, 0));
	ct_recv(fd);
	CT_EQ(0, pthread_create(&thread, NULL, exec_in_thread, &fd));
	pause();
}

/*
 * The thread takes its leader's place under the tracer's eyes.  The message is
 * the number that it had.
 */
TEST(event_of_an_exec_by_a_thread)
{
	struct ct_child child = ct_spawn(CT_PLAIN, exec_by_thread, NULL);
	pid_t tid;

	ASSERT_EQ(0, trace(PTRACE_SEIZE, child.pid, 0, PTRACE_O_TRACEEXEC |
			   PTRACE_O_TRACECLONE | PTRACE_O_EXITKILL));
	ct_send(child.fd, 0);
	wait_event(child.pid, PTRACE_EVENT_CLONE);
	tid = message_of(child.pid);
	EXPECT_EQ(0, syscall(SYS_tgkill, child.pid, tid, 0));
	EXPECT_EQ(PTRACE_EVENT_STOP, wait_stop(tid) >> 16);
	use_tracee(tid);
	go_on(tid);
	go_on(child.pid);
	EXPECT_EQ(tid, ct_recv(child.fd));
	ct_send(child.fd, 0);

	wait_event(child.pid, PTRACE_EVENT_EXEC);
	EXPECT_EQ(tid, message_of(child.pid));
	use_tracee(child.pid);
	CT_ERRNO(ESRCH, trace(PTRACE_CONT, tid, 0, 0));
	go_on(child.pid);
	EXPECT_EQ(child.pid, ct_recv(child.fd));
	EXPECT_EQ(child.pid, ct_recv(child.fd));
	EXPECT_EQ(0, ct_finish(&child));
}

/* -- attaching ------------------------------------------------------------------ */

static volatile long secret = 0x5ec7e7;

TEST(attach)
{
	struct ct_child child = ct_spawn(CT_PLAIN, ct_idle, NULL);
	siginfo_t info;

	ASSERT_EQ(0, trace(PTRACE_ATTACH, child.pid, 0, 0));
	EXPECT_EQ(SIGSTOP, WSTOPSIG(wait_stop(child.pid)));
	EXPECT_EQ(getpid(), ct_status(child.pid, "TracerPid"));
	EXPECT_EQ(0, ct_status(getpid(), "TracerPid"));
	EXPECT_EQ(secret, trace(PTRACE_PEEKDATA, child.pid,
				(unsigned long)&secret, 0));
	EXPECT_EQ(0, trace(PTRACE_GETSIGINFO, child.pid, 0,
			   (unsigned long)&info));
	use_tracee(child.pid);
	CT_ERRNO(EPERM, trace(PTRACE_ATTACH, child.pid, 0, 0));
	EXPECT_EQ(0, trace(PTRACE_DETACH, child.pid, 0, 0));
	EXPECT_EQ(0, ct_status(child.pid, "TracerPid"));
	EXPECT_EQ(0, ct_finish(&child));
}

TEST(seize_and_interrupt)
{
	struct ct_child child = ct_spawn(CT_PLAIN, ct_idle, NULL);

	ASSERT_EQ(0, trace(PTRACE_SEIZE, child.pid, 0, 0));
	EXPECT_EQ(0, trace(PTRACE_INTERRUPT, child.pid, 0, 0));
	EXPECT_EQ(PTRACE_EVENT_STOP, wait_stop(child.pid) >> 16);
	use_tracee(child.pid);
	EXPECT_EQ(0, trace(PTRACE_DETACH, child.pid, 0, 0));
	EXPECT_EQ(0, ct_finish(&child));
}

TEST(attach_to_nobody)
{
	pid_t unused = ct_unused_pid();

	CT_ERRNO(ESRCH, trace(PTRACE_ATTACH, unused, 0, 0));
	CT_ERRNO(ESRCH, trace(PTRACE_SEIZE, unused, 0, 0));
	CT_ERRNO(ESRCH, trace(PTRACE_CONT, unused, 0, 0));
	/* It exists, but is not traced. */
	CT_ERRNO(ESRCH, trace(PTRACE_CONT, getppid(), 0, 0));
	CT_ERRNO(EPERM, trace(PTRACE_ATTACH, getpid(), 0, 0));
}

static void traced_by_parent(int fd, void *arg)
{
	(void)fd;
	(void)arg;
	CT_EQ(0, trace(PTRACE_TRACEME, 0, 0, 0));
	raise(SIGUSR1);
}

/* The tracee is told about a signal that its tracer made. */
static void receive_signal(int fd, void *arg)
{
	siginfo_t info;

	(void)arg;
	ct_block(SIGUSR2);
	CT_EQ(0, trace(PTRACE_TRACEME, 0, 0, 0));
	raise(SIGUSR1);
	info = ct_signal(SIGUSR2);
	ct_send(fd, info.si_pid);
}

TEST(traceme)
{
	struct ct_child child = ct_spawn(CT_PLAIN, traced_by_parent, NULL);
	siginfo_t info;

	EXPECT_EQ(SIGUSR1, WSTOPSIG(wait_stop(child.pid)));
	ASSERT_EQ(0, trace(PTRACE_GETSIGINFO, child.pid, 0,
			   (unsigned long)&info));
	EXPECT_EQ(child.pid, info.si_pid);
	EXPECT_EQ(getpid(), ct_status(child.pid, "TracerPid"));
	go_on(child.pid);
	EXPECT_EQ(0, ct_finish(&child));
}

TEST(a_changed_signal_is_the_tracers)
{
	struct ct_child child = ct_spawn(CT_PLAIN, receive_signal, NULL);

	EXPECT_EQ(SIGUSR1, WSTOPSIG(wait_stop(child.pid)));
	ASSERT_EQ(0, trace(PTRACE_CONT, child.pid, 0, SIGUSR2));
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
