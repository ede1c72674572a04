// SPDX-License-Identifier: GPL-2.0
/* modes: host contained pidns */
/*
 * Numbers that the kernel keeps: the owner of a file's signals, the holder of
 * a lock, the groups of a terminal.
 */
#include "ct.h"
#include "ct-file.h"
#include "kselftest_harness.h"

#ifndef SIOCSPGRP
#define SIOCSPGRP	0x8902
#define SIOCGPGRP	0x8904
#endif

static int temporary_file(void)
{
	int fd = open("/tmp", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);

	CT_CHECK(fd >= 0);
	return fd;
}

/* -- owners ------------------------------------------------------------------- */

FIXTURE(owner) {
	int fd[2];
	struct ct_child child;
};

static void tell_signals(int fd, void *arg)
{
	siginfo_t info;

	(void)arg;
	ct_block(SIGIO);
	ct_block(SIGRTMIN);
	ct_send(fd, 0);
	while (ct_recv(fd)) {
		info = ct_signal(SIGIO);
		ct_send(fd, info.si_signo);
	}
}

FIXTURE_SETUP(owner)
{
	ASSERT_EQ(0, socketpair(AF_UNIX, SOCK_STREAM, 0, self->fd));
	ASSERT_EQ(0, fcntl(self->fd[0], F_SETFL, O_ASYNC | O_RDWR));
	self->child = ct_spawn(CT_PLAIN, tell_signals, NULL);
	ct_recv(self->child.fd);
	ct_block(SIGIO);
	ct_block(SIGRTMIN);
}

FIXTURE_TEARDOWN(owner)
{
	ct_send(self->child.fd, 0);
	EXPECT_EQ(0, ct_finish(&self->child));
}

/* Whether the child has one, too. */
static bool child_hears(struct ct_child *child)
{
	ct_send(child->fd, 1);
	return ct_recv(child->fd) == SIGIO;
}

TEST_F(owner, a_process)
{
	int word = 0;

	EXPECT_EQ(0, fcntl(self->fd[0], F_GETOWN));
	ASSERT_EQ(0, fcntl(self->fd[0], F_SETOWN, self->child.pid));
	EXPECT_EQ(self->child.pid, fcntl(self->fd[0], F_GETOWN));
	EXPECT_EQ(0, ioctl(self->fd[0], SIOCGPGRP, &word));
	EXPECT_EQ(self->child.pid, word);
	ASSERT_EQ(1, write(self->fd[1], "x", 1));
	EXPECT_TRUE(child_hears(&self->child));
	EXPECT_FALSE(ct_signal_pending(SIGIO));

	word = getpid();
	ASSERT_EQ(0, ioctl(self->fd[0], SIOCSPGRP, &word));
	EXPECT_EQ(word, fcntl(self->fd[0], F_GETOWN));
	ASSERT_EQ(1, write(self->fd[1], "x", 1));
	ct_signal(SIGIO);
}

TEST_F(owner, a_group)
{
	pid_t group = self->child.pid;

	ASSERT_EQ(0, setpgid(group, group));
	ASSERT_EQ(0, fcntl(self->fd[0], F_SETOWN, -group));
	EXPECT_EQ(-group, fcntl(self->fd[0], F_GETOWN));
	ASSERT_EQ(1, write(self->fd[1], "x", 1));
	EXPECT_TRUE(child_hears(&self->child));
	EXPECT_FALSE(ct_signal_pending(SIGIO));
}

TEST_F(owner, extended)
{
	struct f_owner_ex owner = { F_OWNER_TID, ct_gettid() }, got;
	siginfo_t info;

	ASSERT_EQ(0, fcntl(self->fd[0], F_SETSIG, SIGRTMIN));
	ASSERT_EQ(0, fcntl(self->fd[0], F_SETOWN_EX, &owner));
	ASSERT_EQ(0, fcntl(self->fd[0], F_GETOWN_EX, &got));
	EXPECT_EQ(F_OWNER_TID, got.type);
	EXPECT_EQ(owner.pid, got.pid);
	EXPECT_EQ(owner.pid, fcntl(self->fd[0], F_GETOWN));
	ASSERT_EQ(1, write(self->fd[1], "x", 1));
	info = ct_signal(SIGRTMIN);
	EXPECT_EQ(self->fd[0], info.si_fd);

	ASSERT_EQ(0, setpgid(self->child.pid, self->child.pid));
	owner.type = F_OWNER_PGRP;
	owner.pid = self->child.pid;
	ASSERT_EQ(0, fcntl(self->fd[0], F_SETOWN_EX, &owner));
	ASSERT_EQ(0, fcntl(self->fd[0], F_GETOWN_EX, &got));
	EXPECT_EQ(F_OWNER_PGRP, got.type);
	EXPECT_EQ(owner.pid, got.pid);
}

TEST_F(owner, that_is_not)
{
	pid_t unused = ct_unused_pid();
	struct f_owner_ex owner = { F_OWNER_PID, unused };
	struct ct_child other;

	CT_ERRNO(ESRCH, fcntl(self->fd[0], F_SETOWN, unused));
	CT_ERRNO(ESRCH, fcntl(self->fd[0], F_SETOWN, -unused));
	CT_ERRNO(ESRCH, fcntl(self->fd[0], F_SETOWN_EX, &owner));
	EXPECT_EQ(0, fcntl(self->fd[0], F_GETOWN));
	/* One that dies is none any more. */
	other = ct_spawn(CT_PLAIN, ct_idle, NULL);
	ASSERT_EQ(0, fcntl(self->fd[0], F_SETOWN, other.pid));
	ASSERT_EQ(0, ct_finish(&other));
	EXPECT_EQ(0, fcntl(self->fd[0], F_GETOWN));
}

/* -- locks -------------------------------------------------------------------- */

static void hold_lock(int fd, void *arg)
{
	CT_EQ(0, ct_lock(*(int *)arg, 10));
	ct_send(fd, 0);
	ct_wait_hangup(fd);
}

TEST(holder_of_a_lock)
{
	int file = temporary_file();
	struct ct_child child;

	child = ct_spawn(CT_PLAIN, hold_lock, &file);
	ct_recv(child.fd);
	EXPECT_EQ(child.pid, ct_lock_holder(file, 10));
	EXPECT_EQ(child.pid, ct_lock_listed(file, 10));
	CT_ERRNO(EAGAIN, ct_lock(file, 10));
	EXPECT_EQ(0, ct_finish(&child));
	EXPECT_EQ(-1, ct_lock_listed(file, 10));
	EXPECT_EQ(0, ct_lock(file, 10));
	EXPECT_EQ(getpid(), ct_lock_listed(file, 10));
}

/* -- terminals ------------------------------------------------------------------ */

/*
 * A session on a terminal of its own: the leader and, in another group, a job.
 * The test talks to the leader.
 */
static void session(int fd, void *arg)
{
	int tty = ct_lead_terminal(arg), word;
	struct ct_child job = ct_spawn(CT_PLAIN, ct_idle, NULL);

	CT_EQ(getpid(), tcgetpgrp(tty));
	CT_EQ(getpid(), tcgetsid(tty));
	CT_EQ(getpid(), ct_stat_field("/proc/self/stat", 8));
	CT_EQ(0, setpgid(job.pid, job.pid));
	CT_EQ(0, tcsetpgrp(tty, job.pid));
	CT_EQ(job.pid, tcgetpgrp(tty));
	CT_EQ(getpid(), tcgetsid(tty));
	CT_EQ(job.pid, ct_stat_field("/proc/self/stat", 8));
	ct_send(fd, job.pid);
	ct_recv(fd);

	/* Not a group, not of this session, not a number. */
	word = ct_unused_pid();
	CT_ERRNO(ESRCH, ioctl(tty, TIOCSPGRP, &word));
	word = getppid();
	CT_ERRNO(EPERM, ioctl(tty, TIOCSPGRP, &word));
	word = -1;
	CT_ERRNO(EINVAL, ioctl(tty, TIOCSPGRP, &word));
	CT_EQ(job.pid, tcgetpgrp(tty));
	CT_EQ(0, ct_finish(&job));
}

TEST(groups_of_a_terminal)
{
	struct ct_terminal terminal;
	struct ct_child leader;
	pid_t job, word;

	ct_open_terminal(&terminal);
	leader = ct_spawn(CT_PLAIN, session, &terminal);
	job = ct_recv(leader.fd);
	/* The terminal's other end may look, too. */
	EXPECT_EQ(0, ioctl(terminal.master, TIOCGPGRP, &word));
	EXPECT_EQ(job, word);
	EXPECT_EQ(0, ioctl(terminal.master, TIOCGSID, &word));
	EXPECT_EQ(leader.pid, word);
	EXPECT_EQ(leader.pid, getsid(job));
	ct_send(leader.fd, 0);
	EXPECT_EQ(0, ct_finish(&leader));
}

static void key_session(int fd, void *arg)
{
	struct ct_terminal *terminal = arg;
	int tty = ct_lead_terminal(terminal);
	struct ct_child job = ct_spawn(CT_PLAIN, ct_idle, NULL);
	int status;
	char c;

	(void)fd;
	ct_block(SIGINT);
	ct_block(SIGCHLD);
	CT_EQ(0, setpgid(job.pid, job.pid));
	CT_EQ(0, tcsetpgrp(tty, job.pid));

	/* ^Z and ^C are for the foreground. */
	CT_EQ(1, write(terminal->master, "\032", 1));
	CT_EQ(job.pid, waitpid(job.pid, &status, WUNTRACED));
	CT_CHECK(WIFSTOPPED(status) && WSTOPSIG(status) == SIGTSTP);
	ct_expect_chld(job.pid, CLD_STOPPED, SIGTSTP);
	CT_EQ(0, kill(-job.pid, SIGCONT));
	CT_EQ(1, write(terminal->master, "\003", 1));
	CT_EQ(128 + SIGINT, ct_reap(job.pid));
	ct_release(&job);
	CT_CHECK(!ct_signal_pending(SIGINT));

	CT_EQ(0, tcsetpgrp(tty, getpid()));
	CT_EQ(1, write(terminal->master, "\003", 1));
	ct_signal(SIGINT);

	/* In the background, reading stops. */
	job.pid = fork();
	CT_CHECK(job.pid >= 0);
	if (!job.pid) {
		setpgid(0, 0);
		_exit(read(tty, &c, 1) == 1 ? 0 : 1);
	}
	CT_EQ(job.pid, waitpid(job.pid, &status, WUNTRACED));
	CT_CHECK(WIFSTOPPED(status) && WSTOPSIG(status) == SIGTTIN);
	CT_EQ(0, tcsetpgrp(tty, job.pid));
	CT_EQ(0, kill(-job.pid, SIGCONT));
	CT_EQ(2, write(terminal->master, "x\n", 2));
	CT_EQ(0, ct_reap(job.pid));
}

TEST(keys_reach_the_foreground)
{
	struct ct_terminal terminal;
	struct ct_child leader;

	ct_open_terminal(&terminal);
	leader = ct_spawn(CT_PLAIN, key_session, &terminal);
	EXPECT_EQ(0, ct_finish(&leader));
}

TEST_HARNESS_MAIN
