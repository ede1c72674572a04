// SPDX-License-Identifier: GPL-2.0
/* modes: host contained pidns */
/*
 * A process keeps its number when it runs another program, whichever of its
 * threads asks for that.
 */
#include "ct.h"
#include <sys/pidfd.h>
#include "kselftest_harness.h"

#define TALK_FD 100

/* What the new program knows of itself, in this order. */
enum { PID, TID, PPID, PGRP, SID, SELF, THREADS, NUMBERS };

static void tell(const char *word)
{
	char link[32] = { 0 };

	(void)word;
	ct_send(TALK_FD, getpid());
	ct_send(TALK_FD, ct_gettid());
	ct_send(TALK_FD, getppid());
	ct_send(TALK_FD, getpgrp());
	ct_send(TALK_FD, getsid(0));
	CT_CHECK(readlink("/proc/self", link, sizeof(link) - 1) > 0);
	ct_send(TALK_FD, atoi(link));
	ct_send(TALK_FD, ct_status(getpid(), "Threads"));
	/* As long as the other side wants us. */
	ct_wait_hangup(TALK_FD);
}

CT_AFTER_EXEC(tell)

static void receive_numbers(int fd, pid_t *numbers)
{
	int i;

	for (i = 0; i < NUMBERS; i++)
		numbers[i] = ct_recv(fd);
}

static void exec_at_once(int fd, void *arg)
{
	(void)arg;
	CT_EQ(TALK_FD, dup2(fd, TALK_FD));
	ct_exec_self("-");
}

TEST(everything_stays)
{
	struct ct_child child = ct_spawn(CT_PLAIN, exec_at_once, NULL);
	pid_t numbers[NUMBERS];

	receive_numbers(child.fd, numbers);
	EXPECT_EQ(child.pid, numbers[PID]);
	EXPECT_EQ(child.pid, numbers[TID]);
	EXPECT_EQ(getpid(), numbers[PPID]);
	EXPECT_EQ(getpgrp(), numbers[PGRP]);
	EXPECT_EQ(getsid(0), numbers[SID]);
	EXPECT_EQ(child.pid, numbers[SELF]);
	EXPECT_EQ(1, numbers[THREADS]);
	EXPECT_EQ(0, ct_finish(&child));
}

/* -- by another thread than the leader ------------------------------------------ */

struct execer {
	int fd;
	pthread_barrier_t ready;
};

static void *exec_in_thread(void *arg)
{
	struct execer *me = arg;

	ct_send(me->fd, ct_gettid());
	pthread_barrier_wait(&me->ready);
	/* Not before the other side has looked at our number. */
	ct_recv(me->fd);
	exec_at_once(me->fd, NULL);
	return NULL;
}

static void *sleep_in_thread(void *arg)
{
	struct execer *me = arg;

	pthread_barrier_wait(&me->ready);
	pause();
	return NULL;
}

/* A child that is there before the exec is the new program's. */
static void threads_and_exec(int fd, void *arg)
{
	struct execer execer = { .fd = fd };
	pthread_t thread[2];
	pid_t child;

	(void)arg;
	CT_EQ(0, prctl(PR_SET_PDEATHSIG, 0));
	child = fork();
	if (!child) {
		pause();
		_exit(0);
	}
	ct_send(fd, child);
	pthread_barrier_init(&execer.ready, NULL, 3);
	CT_EQ(0, pthread_create(&thread[0], NULL, sleep_in_thread, &execer));
	CT_EQ(0, pthread_create(&thread[1], NULL, exec_in_thread, &execer));
	pthread_barrier_wait(&execer.ready);
	pause();
}

TEST(a_thread_takes_the_leaders_number)
{
	struct ct_child child = ct_spawn(CT_PLAIN, threads_and_exec, NULL);
	pid_t grandchild = ct_recv(child.fd), tid = ct_recv(child.fd);
	pid_t numbers[NUMBERS];
	char path[64];
	int pidfd;

	EXPECT_NE(child.pid, tid);
	EXPECT_EQ(0, syscall(SYS_tgkill, child.pid, tid, 0));
	pidfd = pidfd_open(child.pid, 0);
	ASSERT_LE(0, pidfd);
	ct_send(child.fd, 0);

	receive_numbers(child.fd, numbers);
	EXPECT_EQ(child.pid, numbers[PID]);
	EXPECT_EQ(child.pid, numbers[TID]);
	EXPECT_EQ(getpid(), numbers[PPID]);
	EXPECT_EQ(child.pid, numbers[SELF]);
	EXPECT_EQ(1, numbers[THREADS]);
	/* The number that the thread had is nobody's. */
	CT_ERRNO(ESRCH, kill(tid, 0));
	CT_ERRNO(ESRCH, syscall(SYS_tkill, tid, 0));
	snprintf(path, sizeof(path), "/proc/%d", tid);
	CT_ERRNO(ENOENT, access(path, F_OK));
	snprintf(path, sizeof(path), "/proc/%d/task/%d", child.pid, tid);
	CT_ERRNO(ENOENT, access(path, F_OK));
	EXPECT_EQ(0, syscall(SYS_tgkill, child.pid, child.pid, 0));
	EXPECT_EQ(child.pid, ct_status(grandchild, "PPid"));
	EXPECT_EQ(0, pidfd_send_signal(pidfd, 0, NULL, 0));

	ASSERT_EQ(0, kill(grandchild, SIGKILL));
	EXPECT_EQ(0, pidfd_send_signal(pidfd, SIGTERM, NULL, 0));
	EXPECT_EQ(128 + SIGTERM, ct_finish(&child));
	CT_ERRNO(ESRCH, pidfd_send_signal(pidfd, 0, NULL, 0));
	close(pidfd);
}

/* -- beside threads that come and go -------------------------------------------- */

static void *end_at_once(void *arg)
{
	return arg;
}

static void *spin_threads(void *arg)
{
	pthread_t thread;

	for (;;) {
		if (!pthread_create(&thread, NULL, end_at_once, NULL))
			pthread_join(thread, NULL);
	}
	return arg;
}

static void *exec_soon(void *arg)
{
	sched_yield();
	exec_at_once(*(int *)arg, NULL);
	return NULL;
}

static void churn_and_exec(int fd, void *arg)
{
	pthread_t thread[2];

	(void)arg;
	CT_EQ(0, pthread_create(&thread[0], NULL, spin_threads, NULL));
	CT_EQ(0, pthread_create(&thread[1], NULL, exec_soon, &fd));
	pause();
}

TEST(beside_churning_threads)
{
	struct ct_child child;
	pid_t numbers[NUMBERS];
	int i;

	for (i = 0; i < 20; i++) {
		child = ct_spawn(CT_PLAIN, churn_and_exec, NULL);
		receive_numbers(child.fd, numbers);
		EXPECT_EQ(child.pid, numbers[PID]);
		EXPECT_EQ(child.pid, numbers[TID]);
		EXPECT_EQ(child.pid, numbers[SELF]);
		EXPECT_EQ(1, numbers[THREADS]);
		ASSERT_EQ(0, ct_finish(&child));
	}
}

/* -- a program that others wrote ------------------------------------------------- */

TEST(a_shells_variables)
{
	char text[64];
	int out[2];
	pid_t pid;

	ASSERT_EQ(0, pipe2(out, O_CLOEXEC));
	pid = fork();
	ASSERT_LE(0, pid);
	if (!pid) {
		dup2(out[1], 1);
		execl("/bin/sh", "sh", "-c", "echo $$ $PPID; exec sh -c 'echo $$'",
		      NULL);
		_exit(127);
	}
	close(out[1]);
	EXPECT_EQ(0, ct_reap(pid));
	memset(text, 0, sizeof(text));
	ASSERT_LT(0, read(out[0], text, sizeof(text) - 1));
	EXPECT_EQ(pid, strtol(text, NULL, 10));
	EXPECT_EQ(getpid(), strtol(strchr(text, ' '), NULL, 10));
	EXPECT_EQ(pid, strtol(strchr(text, '\n'), NULL, 10));
}

TEST_HARNESS_MAIN
