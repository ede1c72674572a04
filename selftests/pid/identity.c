// SPDX-License-Identifier: GPL-2.0
/* modes: host contained pidns */
/*
 * A task's own numbers and its parent's, from every call that tells them, and
 * who becomes the parent of an orphan.
 */
#include "ct.h"
#include "kselftest_harness.h"

static pid_t raw(long number)
{
	return syscall(number);
}

TEST(own_numbers_agree)
{
	pid_t max = ct_pid_max();

	EXPECT_LT(0, getpid());
	EXPECT_LT(getpid(), max);
	EXPECT_EQ(getpid(), raw(SYS_getpid));
	EXPECT_EQ(getpid(), ct_gettid());
	EXPECT_EQ(getpid(), syscall(SYS_set_tid_address, NULL));
	/* The harness makes each test a group of its own. */
	EXPECT_EQ(getpid(), getpgrp());
	EXPECT_EQ(getpid(), getpgid(0));
	EXPECT_EQ(getpid(), getpgid(getpid()));
	EXPECT_EQ(getsid(0), getsid(getpid()));
	EXPECT_LE(0, getsid(0));
	EXPECT_LT(getsid(0), max);
	EXPECT_LT(0, getppid());
	EXPECT_NE(getpid(), getppid());
}

TEST(numbers_that_nobody_has)
{
	pid_t max = ct_pid_max(), gone = ct_unused_pid();
	pid_t none[] = { gone, max, max + 1, 0x7fffffff, -1, -gone };
	size_t i;

	for (i = 0; i < sizeof(none) / sizeof(*none); i++) {
		errno = 0;
		EXPECT_EQ(-1, getpgid(none[i]));
		EXPECT_EQ(ESRCH, errno);
		errno = 0;
		EXPECT_EQ(-1, getsid(none[i]));
		EXPECT_EQ(ESRCH, errno);
	}
}

static void tell_numbers(int fd, void *arg)
{
	(void)arg;
	ct_send(fd, getpid());
	ct_send(fd, getppid());
	ct_send(fd, getpgrp());
	ct_send(fd, getsid(0));
	ct_wait_hangup(fd);
}

TEST(parent_and_child_agree)
{
	struct ct_child child;
	int i;

	for (i = 0; i < 8; i++) {
		child = ct_spawn(CT_PLAIN, tell_numbers, NULL);
		EXPECT_EQ(child.pid, ct_recv(child.fd));
		EXPECT_EQ(getpid(), ct_recv(child.fd));
		EXPECT_EQ(getpgrp(), ct_recv(child.fd));
		EXPECT_EQ(getsid(0), ct_recv(child.fd));
		EXPECT_EQ(getpgrp(), getpgid(child.pid));
		EXPECT_EQ(getsid(0), getsid(child.pid));
		EXPECT_EQ(0, kill(child.pid, 0));
		EXPECT_EQ(0, ct_finish(&child));
		errno = 0;
		EXPECT_EQ(-1, kill(child.pid, 0));
		EXPECT_EQ(ESRCH, errno);
	}
}

#define THREADS 8

struct thread {
	pthread_t handle;
	pthread_barrier_t *all;
	pid_t pid, ppid, tid;
};

static void *thread_numbers(void *arg)
{
	struct thread *me = arg;

	me->pid = getpid();
	me->ppid = getppid();
	me->tid = ct_gettid();
	pthread_barrier_wait(me->all);
	pthread_barrier_wait(me->all);
	return NULL;
}

TEST(threads)
{
	struct thread threads[THREADS];
	pthread_barrier_t all;
	char path[64];
	int i, j;

	ASSERT_EQ(0, pthread_barrier_init(&all, NULL, THREADS + 1));
	for (i = 0; i < THREADS; i++) {
		threads[i].all = &all;
		ASSERT_EQ(0, pthread_create(&threads[i].handle, NULL,
					    thread_numbers, &threads[i]));
	}
	pthread_barrier_wait(&all);
	for (i = 0; i < THREADS; i++) {
		EXPECT_EQ(getpid(), threads[i].pid);
		EXPECT_EQ(getppid(), threads[i].ppid);
		EXPECT_LT(0, threads[i].tid);
		EXPECT_NE(getpid(), threads[i].tid);
		EXPECT_EQ(getpgrp(), getpgid(threads[i].tid));
		EXPECT_EQ(0, syscall(SYS_tgkill, getpid(), threads[i].tid, 0));
		snprintf(path, sizeof(path), "/proc/self/task/%d",
			 threads[i].tid);
		EXPECT_EQ(0, access(path, F_OK));
		for (j = 0; j < i; j++)
			EXPECT_NE(threads[j].tid, threads[i].tid);
	}
	pthread_barrier_wait(&all);
	for (i = 0; i < THREADS; i++)
		ASSERT_EQ(0, pthread_join(threads[i].handle, NULL));
	/* A thread is joined a little before it is gone. */
	for (i = 0; i < THREADS; i++) {
		CT_UNTIL(syscall(SYS_tgkill, getpid(), threads[i].tid, 0) < 0);
		EXPECT_EQ(ESRCH, errno);
	}
}

/* Numbers are given in a circle: a number just freed is not the next one. */
TEST(numbers_are_not_reused_at_once)
{
	pid_t pid, last = ct_unused_pid();
	int i;

	for (i = 0; i < 20; i++) {
		pid = ct_unused_pid();
		EXPECT_NE(last, pid);
		/* Nobody else forks here, but outside somebody may. */
		if (ct_isolated())
			EXPECT_EQ(last + 1, pid);
		last = pid;
	}
}

TEST(last_pid)
{
	const char *last_pid = "/proc/sys/kernel/ns_last_pid";
	char text[128], *last;
	pid_t pid;

	if (!ct_isolated())
		SKIP(return, "other programs fork, too");
	pid = ct_unused_pid();
	EXPECT_EQ(pid, ct_read_number(last_pid));
	ASSERT_LT(0, ct_read_file("/proc/loadavg", text, sizeof(text)));
	last = strrchr(text, ' ');
	ASSERT_NE(NULL, last);
	EXPECT_EQ(pid, atoi(last));

	ASSERT_EQ(0, ct_write_file(last_pid, "3000"));
	EXPECT_EQ(3001, ct_unused_pid());
	/* A number in use is passed over. */
	snprintf(text, sizeof(text), "%d", getpid() - 1);
	ASSERT_EQ(0, ct_write_file(last_pid, text));
	EXPECT_LT(getpid(), ct_unused_pid());
}

/* The number of a leader that is gone is not free while its group lives. */
TEST(group_keeps_its_number)
{
	char text[32];
	pid_t leader, pid;
	int fd[2];

	if (!ct_isolated())
		SKIP(return, "needs ns_last_pid for itself");
	ASSERT_EQ(0, pipe2(fd, O_CLOEXEC));
	leader = fork();
	ASSERT_LE(0, leader);
	if (!leader) {
		CT_EQ(0, setpgid(0, 0));
		pid = fork();
		if (!pid) {
			close(fd[1]);
			ct_wait_hangup(fd[0]);
		}
		_exit(0);
	}
	close(fd[0]);
	ASSERT_EQ(0, ct_reap(leader));
	snprintf(text, sizeof(text), "%d", leader - 1);
	ASSERT_EQ(0, ct_write_file("/proc/sys/kernel/ns_last_pid", text));
	EXPECT_LT(leader, ct_unused_pid());
	EXPECT_EQ(0, kill(-leader, 0));
	close(fd[1]);
	CT_UNTIL(kill(-leader, 0) < 0 && errno == ESRCH);
	ASSERT_EQ(0, ct_write_file("/proc/sys/kernel/ns_last_pid", text));
	EXPECT_EQ(leader, ct_unused_pid());
}

/*
 * The orphan waits for its parent's death, with a signal that the kernel sends
 * after it has chosen the new parent.
 */
static void orphan(int fd, int ready, pid_t parent)
{
	siginfo_t info;

	CT_EQ(parent, getppid());
	ct_block(SIGUSR1);
	CT_EQ(0, prctl(PR_SET_PDEATHSIG, SIGUSR1));
	close(ready);
	info = ct_signal(SIGUSR1);
	CT_EQ(SI_USER, info.si_code);
	CT_EQ(parent, info.si_pid);
	ct_send(fd, getpid());
	ct_send(fd, getppid());
	ct_wait_hangup(fd);
	_exit(7);
}

/* Leaves a grandchild of the caller, and gives its number. */
static pid_t make_orphan(int *fd)
{
	int line[2], ready[2];
	pid_t parent, pid;

	CT_EQ(0, socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, line));
	*fd = line[0];
	parent = fork();
	CT_CHECK(parent >= 0);
	if (!parent) {
		close(line[0]);
		CT_EQ(0, pipe2(ready, O_CLOEXEC));
		parent = getpid();
		pid = fork();
		CT_CHECK(pid >= 0);
		if (!pid)
			orphan(line[1], ready[1], parent);
		close(ready[1]);
		ct_wait_hangup(ready[0]);
		_exit(0);
	}
	close(line[1]);
	CT_EQ(0, ct_reap(parent));
	return ct_recv(*fd);
}

TEST(orphan_gets_process_1)
{
	int fd;

	make_orphan(&fd);
	EXPECT_EQ(1, ct_recv(fd));
	close(fd);
}

TEST(orphan_gets_subreaper)
{
	pid_t pid;
	int fd;

	ASSERT_EQ(0, prctl(PR_SET_CHILD_SUBREAPER, 1));
	ct_block(SIGCHLD);
	pid = make_orphan(&fd);
	EXPECT_EQ(getpid(), ct_recv(fd));
	/* That of the process we knew. */
	ct_signal(SIGCHLD);
	close(fd);
	ct_expect_chld(pid, CLD_EXITED, 7);
	EXPECT_EQ(7, ct_reap(pid));
}

TEST_HARNESS_MAIN
