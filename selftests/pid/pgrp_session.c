// SPDX-License-Identifier: GPL-2.0
/* modes: host contained pidns */
/*
 * Process groups and sessions: the numbers that the calls take and give, and
 * what they refuse.
 */
#include "ct.h"
#include "kselftest_harness.h"

static void say_and_wait(const char *word)
{
	char c;

	CT_EQ(1, write(1, word, 1));
	CT_EQ(0, read(0, &c, 1));
}

CT_AFTER_EXEC(say_and_wait)

FIXTURE(group) {
	struct ct_child a, b;
};

FIXTURE_SETUP(group)
{
	self->a = ct_spawn(CT_PLAIN, ct_idle, NULL);
	self->b = ct_spawn(CT_PLAIN, ct_idle, NULL);
}

FIXTURE_TEARDOWN(group)
{
	EXPECT_EQ(0, ct_finish(&self->a));
	EXPECT_EQ(0, ct_finish(&self->b));
}

TEST_F(group, of_children)
{
	pid_t a = self->a.pid, b = self->b.pid;

	EXPECT_EQ(getpgrp(), getpgid(a));
	EXPECT_EQ(0, setpgid(a, 0));
	EXPECT_EQ(a, getpgid(a));
	EXPECT_EQ(0, setpgid(b, a));
	EXPECT_EQ(a, getpgid(b));
	EXPECT_EQ(0, setpgid(b, b));
	EXPECT_EQ(b, getpgid(b));
	EXPECT_EQ(0, setpgid(b, getpgrp()));
	EXPECT_EQ(getpgrp(), getpgid(b));
	EXPECT_EQ(0, setpgid(getpid(), a));
	EXPECT_EQ(a, getpgrp());
	EXPECT_EQ(0, setpgid(0, 0));
	EXPECT_EQ(getpid(), getpgrp());
	EXPECT_EQ(getpid(), ct_stat_field("/proc/self/stat", 5));
}

TEST_F(group, refusals)
{
	pid_t a = self->a.pid, b = self->b.pid, unused = ct_unused_pid();

	CT_ERRNO(EINVAL, setpgid(a, -1));
	CT_ERRNO(EINVAL, setpgid(-1, 0));
	CT_ERRNO(ESRCH, setpgid(-1, a));
	CT_ERRNO(ESRCH, setpgid(unused, 0));
	/* Neither ourselves nor our child. */
	CT_ERRNO(ESRCH, setpgid(getppid(), 0));
	CT_ERRNO(ESRCH, setpgid(1, 0));
	/* Groups that do not exist. */
	CT_ERRNO(EPERM, setpgid(a, unused));
	CT_ERRNO(EPERM, setpgid(a, b));
	CT_ERRNO(EPERM, setpgid(0, unused));
	EXPECT_EQ(getpgrp(), getpgid(a));
}

static void lead_session(int fd, void *arg)
{
	pid_t self = getpid();

	(void)arg;
	CT_EQ(self, setsid());
	CT_EQ(self, getsid(0));
	CT_EQ(self, getsid(self));
	CT_EQ(self, getpgrp());
	CT_EQ(self, ct_stat_field("/proc/self/stat", 5));
	CT_EQ(self, ct_stat_field("/proc/self/stat", 6));
	CT_ERRNO(EPERM, setsid());
	/* A session's leader stays in its group. */
	CT_ERRNO(EPERM, setpgid(0, 0));
	ct_send(fd, self);
	ct_wait_hangup(fd);
}

TEST_F(group, session)
{
	struct ct_child leader = ct_spawn(CT_PLAIN, lead_session, NULL);

	EXPECT_EQ(leader.pid, ct_recv(leader.fd));
	EXPECT_EQ(leader.pid, getsid(leader.pid));
	EXPECT_EQ(leader.pid, getpgid(leader.pid));
	EXPECT_NE(leader.pid, getsid(0));
	/* Groups do not reach across sessions. */
	CT_ERRNO(EPERM, setpgid(self->a.pid, leader.pid));
	CT_ERRNO(EPERM, setpgid(0, leader.pid));
	CT_ERRNO(EPERM, setpgid(leader.pid, getpgrp()));
	EXPECT_EQ(0, ct_finish(&leader));
	CT_ERRNO(ESRCH, getsid(leader.pid));
}

TEST(a_groups_leader_makes_no_session)
{
	ASSERT_EQ(getpid(), getpgrp());
	CT_ERRNO(EPERM, setsid());
}

/* Number and group outlive the leader. */
static void member(int fd, void *arg)
{
	pid_t leader = *(pid_t *)arg, pid;
	int status;

	ct_send(fd, 0);
	CT_EQ(1, ct_recv(fd));
	CT_EQ(leader, getpgrp());
	CT_EQ(leader, getpgid(0));
	CT_EQ(leader, ct_stat_field("/proc/self/stat", 5));
	/* A child is born into it. */
	pid = fork();
	if (!pid)
		_exit(getpgrp() == leader ? 0 : 1);
	CT_EQ(pid, waitpid(-leader, &status, 0));
	CT_EQ(0, WEXITSTATUS(status));
}

TEST_F(group, without_its_leader)
{
	pid_t leader = self->a.pid;
	struct ct_child child = ct_spawn(CT_PLAIN, member, &leader);

	ct_recv(child.fd);
	ASSERT_EQ(0, setpgid(leader, leader));
	ASSERT_EQ(0, setpgid(child.pid, leader));
	ASSERT_EQ(0, ct_finish(&self->a));
	CT_ERRNO(ESRCH, kill(leader, 0));
	EXPECT_EQ(leader, getpgid(child.pid));
	EXPECT_EQ(0, kill(-leader, 0));
	ct_send(child.fd, 1);
	EXPECT_EQ(0, ct_finish(&child));
	CT_ERRNO(ESRCH, kill(-leader, 0));
	/* For the teardown. */
	self->a = ct_spawn(CT_PLAIN, ct_idle, NULL);
}

/* A session's number lives on with its members, too. */
static void session_member(int fd, void *arg)
{
	pid_t leader = setsid(), pid = fork();

	(void)arg;
	CT_CHECK(leader > 0 && pid >= 0);
	if (pid)
		_exit(0);
	CT_EQ(0, setpgid(0, 0));
	CT_EQ(0, prctl(PR_SET_PDEATHSIG, 0));
	ct_send(fd, getpid());
	ct_recv(fd);
	CT_EQ(leader, getsid(0));
	CT_EQ(leader, ct_stat_field("/proc/self/stat", 6));
	CT_EQ(getpid(), getpgrp());
	ct_send(fd, leader);
	ct_wait_hangup(fd);
}

TEST(session_without_its_leader)
{
	struct ct_child child = ct_spawn(CT_PLAIN, session_member, NULL);
	pid_t orphan = ct_recv(child.fd);

	ASSERT_EQ(0, ct_reap(child.pid));
	CT_ERRNO(ESRCH, getsid(child.pid));
	EXPECT_EQ(child.pid, getsid(orphan));
	ct_send(child.fd, 0);
	EXPECT_EQ(child.pid, ct_recv(child.fd));
	ct_release(&child);
}

/* A child is its parent's to group until it runs another program. */
TEST(not_after_exec)
{
	int in[2], out[2];
	pid_t pid;
	char c;

	ASSERT_EQ(0, pipe2(in, O_CLOEXEC));
	ASSERT_EQ(0, pipe2(out, O_CLOEXEC));
	pid = fork();
	ASSERT_LE(0, pid);
	if (!pid) {
		dup2(in[0], 0);
		dup2(out[1], 1);
		if (read(0, &c, 1) != 1)
			_exit(1);
		ct_exec_self("x");
	}
	EXPECT_EQ(0, setpgid(pid, pid));
	ASSERT_EQ(1, write(in[1], "x", 1));
	ASSERT_EQ(1, read(out[0], &c, 1));
	CT_ERRNO(EACCES, setpgid(pid, getpgrp()));
	EXPECT_EQ(pid, getpgid(pid));
	close(in[1]);
	EXPECT_EQ(0, ct_reap(pid));
}

TEST_HARNESS_MAIN
