// SPDX-License-Identifier: GPL-2.0
/* modes: host contained pidns */
/*
 * Waiting for children: every way to choose one, and the number that comes
 * back.
 */
#include "ct.h"
#include <sys/pidfd.h>
#include <sys/resource.h>
#include "kselftest_harness.h"

#ifndef P_PIDFD
#define P_PIDFD 3
#endif

/*
 * Three children: the first two in a group led by the first, the third in the
 * test's own.  Each ends with its index when its pipe is closed.
 */
FIXTURE(wait) {
	struct ct_child child[3];
};

static void child(int fd, void *arg)
{
	ct_wait_hangup(fd);
	_exit((uintptr_t)arg);
}

FIXTURE_SETUP(wait)
{
	uintptr_t i;

	for (i = 0; i < 3; i++)
		self->child[i] = ct_spawn(CT_PLAIN, child, (void *)i);
	ASSERT_EQ(0, setpgid(self->child[0].pid, self->child[0].pid));
	ASSERT_EQ(0, setpgid(self->child[1].pid, self->child[0].pid));
}

FIXTURE_TEARDOWN(wait)
{
	int i;

	for (i = 0; i < 3; i++) {
		kill(self->child[i].pid, SIGKILL);
		waitpid(self->child[i].pid, NULL, 0);
	}
}

TEST_F(wait, wait4_by_number)
{
	struct ct_child *c = self->child;
	struct rusage usage;
	int status;

	EXPECT_EQ(0, waitpid(c[1].pid, &status, WNOHANG));
	ct_release(&c[0]);
	ct_release(&c[1]);
	EXPECT_EQ(c[1].pid, wait4(c[1].pid, &status, 0, &usage));
	EXPECT_EQ(1, WEXITSTATUS(status));
	EXPECT_EQ(c[0].pid, waitpid(c[0].pid, &status, 0));
	EXPECT_EQ(0, WEXITSTATUS(status));
	EXPECT_EQ(0, waitpid(c[2].pid, &status, WNOHANG));
	errno = 0;
	EXPECT_EQ(-1, waitpid(c[1].pid, &status, 0));
	EXPECT_EQ(ECHILD, errno);
}

TEST_F(wait, wait4_by_group)
{
	struct ct_child *c = self->child;
	int status;

	EXPECT_EQ(0, waitpid(-c[0].pid, &status, WNOHANG));
	ct_release(&c[2]);
	/* Our own group: the third only. */
	EXPECT_EQ(c[2].pid, waitpid(0, &status, 0));
	EXPECT_EQ(2, WEXITSTATUS(status));
	errno = 0;
	EXPECT_EQ(-1, waitpid(0, &status, 0));
	EXPECT_EQ(ECHILD, errno);
	EXPECT_EQ(-1, waitpid(-getpid(), &status, 0));
	EXPECT_EQ(ECHILD, errno);

	/* The group outlives its leader. */
	ct_release(&c[0]);
	EXPECT_EQ(c[0].pid, waitpid(-c[0].pid, &status, 0));
	ct_release(&c[1]);
	EXPECT_EQ(c[1].pid, waitpid(-c[0].pid, &status, 0));
	EXPECT_EQ(1, WEXITSTATUS(status));
	errno = 0;
	EXPECT_EQ(-1, waitpid(-c[0].pid, &status, 0));
	EXPECT_EQ(ECHILD, errno);
}

TEST_F(wait, wait4_for_any)
{
	struct ct_child *c = self->child;
	int status, i;

	EXPECT_EQ(0, waitpid(-1, &status, WNOHANG));
	for (i = 2; i >= 0; i--) {
		ct_release(&c[i]);
		EXPECT_EQ(c[i].pid, waitpid(-1, &status, 0));
		EXPECT_EQ(i, WEXITSTATUS(status));
	}
	errno = 0;
	EXPECT_EQ(-1, wait(&status));
	EXPECT_EQ(ECHILD, errno);
}

static pid_t waitid_pid(idtype_t type, id_t id, int options)
{
	siginfo_t info = { .si_signo = 0 };

	if (waitid(type, id, &info, options))
		return -errno;
	if (info.si_pid && info.si_signo != SIGCHLD)
		return -EBADMSG;
	return info.si_pid;
}

TEST_F(wait, waitid_selectors)
{
	struct ct_child *c = self->child;
	int pidfd, i;

	EXPECT_EQ(0, waitid_pid(P_PID, c[0].pid, WEXITED | WNOHANG));
	EXPECT_EQ(0, waitid_pid(P_ALL, 0, WEXITED | WNOHANG));
	for (i = 0; i < 3; i++)
		ct_release(&c[i]);

	/* Looking does not take it. */
	for (i = 0; i < 2; i++)
		EXPECT_EQ(c[1].pid,
			  waitid_pid(P_PID, c[1].pid, WEXITED | WNOWAIT));
	EXPECT_EQ(c[1].pid, waitid_pid(P_PID, c[1].pid, WEXITED));
	EXPECT_EQ(-ECHILD, waitid_pid(P_PID, c[1].pid, WEXITED));

	EXPECT_EQ(c[0].pid, waitid_pid(P_PGID, c[0].pid, WEXITED | WNOWAIT));
	EXPECT_EQ(c[2].pid, waitid_pid(P_PGID, 0, WEXITED | WNOWAIT));
	EXPECT_EQ(c[2].pid, waitid_pid(P_PGID, getpgrp(), WEXITED));

	pidfd = pidfd_open(c[0].pid, 0);
	ASSERT_LE(0, pidfd);
	EXPECT_EQ(c[0].pid, waitid_pid(P_PIDFD, pidfd, WEXITED));
	EXPECT_EQ(-ECHILD, waitid_pid(P_PIDFD, pidfd, WEXITED));
	close(pidfd);
	EXPECT_EQ(-ECHILD, waitid_pid(P_ALL, 0, WEXITED));
}

TEST_F(wait, waitid_tells_how)
{
	struct ct_child *c = self->child;
	siginfo_t info;

	ASSERT_EQ(0, kill(c[0].pid, SIGSTOP));
	ASSERT_EQ(0, waitid(P_PID, c[0].pid, &info, WSTOPPED | WNOWAIT));
	EXPECT_EQ(c[0].pid, info.si_pid);
	EXPECT_EQ(CLD_STOPPED, info.si_code);
	EXPECT_EQ(SIGSTOP, info.si_status);
	EXPECT_EQ(c[0].pid, waitid_pid(P_ALL, 0, WSTOPPED));

	ASSERT_EQ(0, kill(c[0].pid, SIGCONT));
	ASSERT_EQ(0, waitid(P_PGID, c[0].pid, &info, WCONTINUED));
	EXPECT_EQ(c[0].pid, info.si_pid);
	EXPECT_EQ(CLD_CONTINUED, info.si_code);

	ASSERT_EQ(0, kill(c[0].pid, SIGKILL));
	ASSERT_EQ(0, waitid(P_ALL, 0, &info, WEXITED));
	EXPECT_EQ(c[0].pid, info.si_pid);
	EXPECT_EQ(CLD_KILLED, info.si_code);
	EXPECT_EQ(SIGKILL, info.si_status);
	EXPECT_EQ(getuid(), info.si_uid);
}

TEST_F(wait, wait4_stopped_and_continued)
{
	struct ct_child *c = self->child;
	int status;

	ASSERT_EQ(0, kill(c[2].pid, SIGSTOP));
	EXPECT_EQ(c[2].pid, waitpid(-1, &status, WUNTRACED));
	EXPECT_TRUE(WIFSTOPPED(status));
	ASSERT_EQ(0, kill(c[2].pid, SIGCONT));
	EXPECT_EQ(c[2].pid, waitpid(0, &status, WCONTINUED));
	EXPECT_TRUE(WIFCONTINUED(status));
}

TEST_F(wait, not_ours)
{
	pid_t unused = ct_unused_pid(), none[] = {
		1, getpid(), getppid(), unused, -unused,
		self->child[0].pid + 100000,
	};
	size_t i;
	int fd;

	for (i = 0; i < sizeof(none) / sizeof(*none); i++) {
		errno = 0;
		EXPECT_EQ(-1, waitpid(none[i], NULL, 0));
		EXPECT_EQ(ECHILD, errno);
		if (none[i] < 0)
			continue;
		EXPECT_EQ(-ECHILD, waitid_pid(P_PID, none[i], WEXITED));
	}
	EXPECT_EQ(-EINVAL, waitid_pid(P_PID, 0, WEXITED));
	EXPECT_EQ(-EINVAL, waitid_pid(P_ALL, 0, 0));
	EXPECT_EQ(-EBADF, waitid_pid(P_PIDFD, 999, WEXITED));
	errno = 0;
	EXPECT_EQ(-1, wait4(INT32_MIN, NULL, 0, NULL));
	EXPECT_EQ(ESRCH, errno);

	/* A pidfd of one's parent shows it, but is not a child's. */
	fd = pidfd_open(getppid(), 0);
	ASSERT_LE(0, fd);
	EXPECT_EQ(-ECHILD, waitid_pid(P_PIDFD, fd, WEXITED));
	close(fd);
}

static void *wait_in_thread(void *arg)
{
	int *status = arg;

	return (void *)(uintptr_t)waitpid(-1, status, 0);
}

/* A child belongs to the process, and to its threads alike. */
TEST(a_thread_waits)
{
	struct ct_child c = ct_spawn(CT_PLAIN, child, (void *)9);
	pthread_t thread;
	int status;
	void *got;

	ASSERT_EQ(0, pthread_create(&thread, NULL, wait_in_thread, &status));
	ct_release(&c);
	ASSERT_EQ(0, pthread_join(thread, &got));
	EXPECT_EQ(c.pid, (pid_t)(uintptr_t)got);
	EXPECT_EQ(9, WEXITSTATUS(status));
}

struct forked {
	int fd[2];
	pid_t pid;
};

static void *fork_in_thread(void *arg)
{
	struct forked *forked = arg;

	forked->pid = fork();
	if (!forked->pid) {
		close(forked->fd[1]);
		ct_wait_hangup(forked->fd[0]);
		_exit(4);
	}
	return NULL;
}

/* When a thread ends, its children are its process's. */
TEST(a_child_of_a_thread)
{
	struct forked forked;
	pthread_t thread;
	int status;

	ASSERT_EQ(0, pipe2(forked.fd, O_CLOEXEC));
	ASSERT_EQ(0, pthread_create(&thread, NULL, fork_in_thread, &forked));
	ASSERT_EQ(0, pthread_join(thread, NULL));
	close(forked.fd[1]);
	/* A thread is joined a little before its children are passed on. */
	CT_UNTIL(waitpid(forked.pid, &status, __WNOTHREAD) == forked.pid);
	EXPECT_EQ(4, WEXITSTATUS(status));
}

TEST(children_that_nobody_waits_for)
{
	pid_t pid;

	ASSERT_NE(SIG_ERR, signal(SIGCHLD, SIG_IGN));
	pid = fork();
	ASSERT_LE(0, pid);
	if (!pid)
		_exit(0);
	errno = 0;
	EXPECT_EQ(-1, waitpid(pid, NULL, 0));
	EXPECT_EQ(ECHILD, errno);
	CT_UNTIL(kill(pid, 0) < 0);
	EXPECT_EQ(ESRCH, errno);
}

TEST_HARNESS_MAIN
