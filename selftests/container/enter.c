// SPDX-License-Identifier: GPL-2.0
/* modes: host */
/*
 * A running process enters a container: it stays what it is, gets the number
 * 1, and what it has named so far is outside.
 */
#include "ct.h"
#include <sys/pidfd.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/time.h>
#include "kselftest_harness.h"

/* Enters a container of its own, which the caller does not know by name. */
static void enter(void)
{
	char name[CT_NAME_MAX + 1];

	ct_unique_name(name);
	CT_EQ(0, ct_enter(name));
}

static void run(struct __test_metadata *_metadata, ct_fn fn)
{
	struct ct_child child = ct_spawn(CT_PLAIN, fn, NULL);

	EXPECT_EQ(0, ct_finish(&child));
}

/* -- what stays -------------------------------------------------------------------- */

static volatile sig_atomic_t handled;

static void handler(int sig)
{
	handled = sig;
}

static void keep_everything(int fd, void *arg)
{
	int file = open("/tmp", O_TMPFILE | O_RDWR, 0600);
	struct itimerval timer = { .it_value.tv_usec = 100000 };
	char text[16] = { 0 }, *memory = strdup("in memory"), cwd[64];

	CT_CHECK(file >= 0);
	CT_EQ(10, write(file, "0123456789", 10));
	CT_EQ(4, lseek(file, 4, SEEK_SET));
	CT_EQ(0, setenv("CT_WORD", "a word", 1));
	CT_EQ(0, chdir("/proc/sys/kernel"));
	signal(SIGUSR1, handler);
	ct_block(SIGALRM);
	CT_EQ(0, fcntl(file, F_SETOWN, getpid()));
	CT_EQ(0, setitimer(ITIMER_REAL, &timer, NULL));
	CT_EQ(0, setpriority(PRIO_PROCESS, 0, 3));

	enter();
	CT_EQ(1, getpid());
	CT_EQ(1, ct_gettid());
	CT_EQ(0, getppid());
	CT_EQ(3, read(file, text, 3));
	CT_STREQ("456", text);
	CT_STREQ("a word", getenv("CT_WORD"));
	CT_STREQ("in memory", memory);
	CT_STREQ("/proc/sys/kernel", getcwd(cwd, sizeof(cwd)));
	CT_EQ(0, raise(SIGUSR1));
	CT_EQ(SIGUSR1, handled);
	CT_EQ(1, fcntl(file, F_GETOWN));
	CT_EQ(3, getpriority(PRIO_PROCESS, 1));
	ct_signal(SIGALRM);
	CT_STREQ("/proc/sys/kernel", getcwd(cwd, sizeof(cwd)));
}

TEST(everything_else_stays)
{
	CT_NEED_MODULE();
	run(_metadata, keep_everything);
}

static void lead_both(int fd, void *arg)
{
	CT_EQ(getpid(), setsid());
	enter();
	CT_EQ(1, getpgrp());
	CT_EQ(1, getsid(0));
	CT_EQ(1, getpgid(1));
	CT_EQ(1, ct_stat_field("/proc/self/stat", 5));
	CT_EQ(1, ct_stat_field("/proc/self/stat", 6));
	CT_ERRNO(EPERM, setsid());
}

static void lead_group(int fd, void *arg)
{
	CT_EQ(0, setpgid(0, 0));
	enter();
	CT_EQ(1, getpgrp());
	CT_EQ(0, getsid(0));
	CT_EQ(0, kill(0, 0));
}

static void lead_none(int fd, void *arg)
{
	enter();
	CT_EQ(0, getpgrp());
	CT_EQ(0, getsid(0));
	CT_EQ(0, setpgid(0, 0));
	CT_EQ(1, getpgrp());
	CT_EQ(0, getsid(0));
	CT_ERRNO(EPERM, setsid());
}

TEST(group_and_session)
{
	CT_NEED_MODULE();
	run(_metadata, lead_both);
	run(_metadata, lead_group);
	run(_metadata, lead_none);
}

/* Once in, a second time leads further in. */
static void enter_twice(int fd, void *arg)
{
	enter();
	CT_EQ(0, ct_enter("another"));
	CT_EQ(1, getpid());
	CT_EQ(0, getppid());
	CT_ERRNO(ESRCH, kill(2, 0));
}

TEST(further_in)
{
	CT_NEED_MODULE();
	run(_metadata, enter_twice);
}

/* -- children ------------------------------------------------------------------------ */

static void fork_and_wait(int fd, void *arg)
{
	int status, i;
	pid_t pid;

	enter();
	for (i = 2; i < 6; i++) {
		pid = fork();
		if (!pid)
			_exit(getpid() == i && getppid() == 1 ? i : 0);
		CT_EQ(i, pid);
		CT_EQ(i, waitpid(pid, &status, 0));
		CT_EQ(i, WEXITSTATUS(status));
	}
}

TEST(first_child_is_2)
{
	CT_NEED_MODULE();
	run(_metadata, fork_and_wait);
}

/*
 * Who is outside does not exist, one's own child included: there is nobody to
 * wait for, neither while it lives nor afterwards.
 */
static void no_children(pid_t pid, int pidfd)
{
	siginfo_t info;

	CT_ERRNO(ECHILD, waitpid(-1, NULL, WNOHANG));
	CT_ERRNO(ECHILD, waitpid(-1, NULL, 0));
	CT_ERRNO(ECHILD, waitpid(0, NULL, WUNTRACED | WCONTINUED));
	CT_ERRNO(ECHILD, waitpid(pid, NULL, 0));
	CT_ERRNO(ECHILD, waitid(P_ALL, 0, &info, WEXITED | WSTOPPED));
	CT_ERRNO(ECHILD, waitid(P_ALL, 0, &info, WEXITED | WNOWAIT | WNOHANG));
	CT_ERRNO(ECHILD, waitid(P_PIDFD, pidfd, &info, WEXITED | WNOHANG));
}

static void leave_children_outside(int fd, void *arg)
{
	struct ct_child child = ct_spawn(CT_PLAIN, ct_idle, NULL), inside;
	struct pollfd end = { .events = POLLIN };

	end.fd = pidfd_open(child.pid, 0);
	CT_CHECK(end.fd >= 0);
	ct_block(SIGCHLD);
	ct_send(fd, child.pid);
	enter();
	CT_ERRNO(ESRCH, kill(child.pid, 0));
	no_children(child.pid, end.fd);
	/* One that is ours is found beside it. */
	inside = ct_spawn(CT_PLAIN, ct_idle, NULL);
	CT_EQ(0, waitpid(-1, NULL, WNOHANG));
	ct_release(&inside);
	CT_EQ(inside.pid, ct_signal(SIGCHLD).si_pid);
	CT_EQ(inside.pid, wait(NULL));

	/* Stopped, continued and dead, from outside. */
	ct_send(fd, 0);
	ct_recv(fd);
	no_children(child.pid, end.fd);
	ct_send(fd, 0);
	ct_recv(fd);
	no_children(child.pid, end.fd);
	ct_release(&child);
	CT_EQ(1, poll(&end, 1, CT_PATIENCE_MS));
	no_children(child.pid, end.fd);
	/* The rest of us is well. */
	CT_EQ(3, ct_unused_pid());
	ct_send(fd, 0);
	ct_wait_hangup(fd);
}

TEST(children_stay_outside)
{
	struct ct_child box;
	pid_t pid;

	CT_NEED_MODULE();
	box = ct_spawn(CT_PLAIN, leave_children_outside, NULL);
	pid = ct_recv(box.fd);
	EXPECT_EQ(pid, ct_status(pid, "Pid"));
	ct_recv(box.fd);
	ASSERT_EQ(0, kill(pid, SIGSTOP));
	CT_UNTIL(ct_state(pid) == 'T');
	ct_send(box.fd, 0);
	ct_recv(box.fd);
	ASSERT_EQ(0, kill(pid, SIGCONT));
	ct_send(box.fd, 0);
	ct_recv(box.fd);
	EXPECT_EQ(0, ct_finish(&box));
	/* Nobody is left as a zombie for ever. */
	CT_UNTIL(kill(pid, 0) < 0);
}

/* -- seen from outside ----------------------------------------------------------------- */

static void enter_on_demand(int fd, void *arg)
{
	pid_t pid;

	ct_recv(fd);
	enter();
	ct_send(fd, 0);
	pid = fork();
	if (!pid)
		_exit(0);
	CT_EQ(2, pid);
	CT_EQ(0, ct_reap(pid));
	ct_wait_hangup(fd);
}

TEST(to_the_host_nothing_changes)
{
	struct ct_child box;
	siginfo_t info;
	int pidfd;

	CT_NEED_MODULE();
	ct_block(SIGCHLD);
	box = ct_spawn(CT_PLAIN, enter_on_demand, NULL);
	pidfd = pidfd_open(box.pid, 0);
	ASSERT_LE(0, pidfd);
	ct_send(box.fd, 0);
	ct_recv(box.fd);
	EXPECT_EQ(0, kill(box.pid, 0));
	EXPECT_EQ(box.pid, ct_status(box.pid, "Pid"));
	EXPECT_EQ(getpid(), ct_status(box.pid, "PPid"));
	EXPECT_EQ(box.pid, ct_status(box.pid, "Tgid"));
	EXPECT_EQ(0, pidfd_send_signal(pidfd, 0, NULL, 0));
	EXPECT_EQ(0, waitpid(box.pid, NULL, WNOHANG));
	ct_release(&box);
	info = ct_signal(SIGCHLD);
	EXPECT_EQ(box.pid, info.si_pid);
	EXPECT_EQ(box.pid, waitpid(-1, NULL, 0));
	CT_ERRNO(ESRCH, pidfd_send_signal(pidfd, 0, NULL, 0));
	close(pidfd);
}

TEST(a_tracer_goes_on)
{
	unsigned long message;
	struct ct_child box;
	int status;
	pid_t pid;

	CT_NEED_MODULE();
	box = ct_spawn(CT_PLAIN, enter_on_demand, NULL);
	ASSERT_EQ(0, ptrace(PTRACE_SEIZE, box.pid, 0, PTRACE_O_TRACEFORK |
			    PTRACE_O_EXITKILL));
	ct_send(box.fd, 0);
	ct_recv(box.fd);
	EXPECT_EQ(box.pid, waitpid(box.pid, &status, __WALL));
	EXPECT_EQ(SIGTRAP | PTRACE_EVENT_FORK << 8, status >> 8);
	ASSERT_EQ(0, ptrace(PTRACE_GETEVENTMSG, box.pid, 0, &message));
	pid = message;
	EXPECT_EQ(box.pid, ct_status(pid, "PPid"));
	EXPECT_EQ(pid, waitpid(pid, &status, __WALL));
	ASSERT_EQ(0, ptrace(PTRACE_DETACH, pid, 0, 0));
	ASSERT_EQ(0, ptrace(PTRACE_DETACH, box.pid, 0, 0));
	EXPECT_EQ(0, ct_finish(&box));
}

/* A tracer that enters leaves those that it traces outside. */
static void trace_and_enter(int fd, void *arg)
{
	struct ct_child child = ct_spawn(CT_PLAIN, ct_idle, NULL);

	CT_EQ(0, ptrace(PTRACE_SEIZE, child.pid, 0, PTRACE_O_EXITKILL));
	ct_send(fd, child.pid);
	enter();
	CT_ERRNO(ECHILD, waitpid(-1, NULL, __WALL | WNOHANG));
	CT_ERRNO(ESRCH, ptrace(PTRACE_INTERRUPT, child.pid, 0, 0));
	ct_send(fd, 0);
	ct_recv(fd);
	CT_ERRNO(ECHILD, waitpid(-1, NULL, __WALL));
	ct_send(fd, 0);
	ct_wait_hangup(fd);
}

TEST(a_tracer_that_enters)
{
	struct ct_child box;
	pid_t pid;

	CT_NEED_MODULE();
	box = ct_spawn(CT_PLAIN, trace_and_enter, NULL);
	pid = ct_recv(box.fd);
	ct_recv(box.fd);
	/* It stops for its tracer, who cannot see it. */
	ASSERT_EQ(0, kill(pid, SIGUSR1));
	CT_UNTIL(strchr("tZ", ct_state(pid) ?: 'Z'));
	ct_send(box.fd, 0);
	ct_recv(box.fd);
	EXPECT_EQ(0, ct_finish(&box));
	CT_UNTIL(kill(pid, 0) < 0);
}

/* -- the number from before ---------------------------------------------------------------- */

/*
 * What a program remembers of itself goes on meaning itself, though it is not
 * told that number any more, and nobody else gets it.
 */
static void use_old_number(int fd, void *arg)
{
	pid_t old = getpid(), pid;
	char text[16];

	CT_EQ(0, setpgid(0, 0));
	ct_block(SIGUSR1);
	enter();
	CT_EQ(0, kill(old, SIGUSR1));
	CT_EQ(1, ct_signal(SIGUSR1).si_pid);
	CT_EQ(0, kill(-old, SIGUSR1));
	CT_EQ(1, ct_signal(SIGUSR1).si_pid);
	CT_EQ(0, syscall(SYS_tkill, old, 0));
	CT_EQ(1, getpgid(old));
	CT_EQ(0, getpriority(PRIO_PROCESS, old));
	CT_EQ(0, setpgid(old, old));
	CT_EQ(1, getpgrp());
	CT_ERRNO(ECHILD, waitpid(old, NULL, 0));

	snprintf(text, sizeof(text), "%d", old - 1);
	CT_EQ(0, ct_write_file("/proc/sys/kernel/ns_last_pid", text));
	pid = fork();
	CT_CHECK(!pid || pid > old);
	if (!pid) {
		CT_EQ(0, setpgid(0, old));
		CT_EQ(1, getpgrp());
		CT_EQ(1, getppid());
		_exit(kill(old, SIGUSR1));
	}
	CT_EQ(pid, ct_signal(SIGUSR1).si_pid);
	CT_EQ(0, ct_reap(pid));
}

TEST(the_old_number_means_oneself)
{
	CT_NEED_MODULE();
	run(_metadata, use_old_number);
}

/* -- before and after -------------------------------------------------------------------- */

static void use_old_pidfd(int fd, void *arg)
{
	int own = pidfd_open(getpid(), 0), parent = pidfd_open(getppid(), 0);
	char path[64];

	CT_CHECK(own >= 0 && parent >= 0);
	ct_block(SIGUSR1);
	enter();
	CT_EQ(0, pidfd_send_signal(own, SIGUSR1, NULL, 0));
	CT_EQ(1, ct_signal(SIGUSR1).si_pid);
	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", own);
	CT_EQ(1, ct_keyed_number(path, "Pid"));
	CT_ERRNO(EINVAL, pidfd_send_signal(parent, 0, NULL, 0));
	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", parent);
	CT_EQ(0, ct_keyed_number(path, "Pid"));
}

TEST(pidfds_from_before)
{
	CT_NEED_MODULE();
	run(_metadata, use_old_pidfd);
}

static void exec_shell(int fd, void *arg)
{
	enter();
	execl("/bin/sh", "sh", "-c",
	      "test $$ = 1 && test $(sh -c 'echo $PPID') = 1", NULL);
	_exit(127);
}

TEST(and_run_a_program)
{
	CT_NEED_MODULE();
	run(_metadata, exec_shell);
}

/* The child of a vfork() lends its memory only: its parent stays outside. */
static void vfork_and_enter(int fd, void *arg)
{
	static char name[CT_NAME_MAX + 1];
	pid_t self = getpid(), pid;
	static volatile pid_t seen;

	ct_unique_name(name);
	pid = vfork();
	if (!pid) {
		seen = ct_enter(name) ? -1 : (pid_t)syscall(SYS_getpid);
		_exit(0);
	}
	CT_EQ(1, seen);
	CT_CHECK(pid > 1);
	CT_EQ(self, syscall(SYS_getpid));
	CT_EQ(0, ct_reap(pid));
}

TEST(by_vfork)
{
	CT_NEED_MODULE();
	run(_metadata, vfork_and_enter);
}

TEST_HARNESS_MAIN
