// SPDX-License-Identifier: GPL-2.0
/* modes: host contained pidns */
/*
 * What the fork family returns and stores is the number that the new task
 * knows itself by.
 */
#include "ct.h"
#include <linux/sched.h>
#include "kselftest_harness.h"

#define STACK_SIZE (64 * 1024)

static volatile pid_t seen_pid, seen_ppid;

static pid_t clone3(struct clone_args *args)
{
	return syscall(SYS_clone3, args, sizeof(*args));
}

/* Exits with 0 if the number in the word is the child's own. */
static void __attribute__((noreturn)) check_word(const pid_t *word)
{
	_exit(*word == getpid() ? 0 : 1);
}

TEST(fork_returns_the_childs_number)
{
	pid_t *shared, pid;

	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE,
		      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, shared);
	pid = fork();
	if (!pid) {
		*shared = getpid();
		_exit(0);
	}
	ASSERT_EQ(0, ct_reap(pid));
	EXPECT_EQ(*shared, pid);
}

TEST(vfork_returns_the_childs_number)
{
	pid_t pid;

	pid = vfork();
	if (!pid) {
		seen_pid = syscall(SYS_getpid);
		seen_ppid = syscall(SYS_getppid);
		_exit(0);
	}
	EXPECT_EQ(pid, seen_pid);
	EXPECT_EQ(getpid(), seen_ppid);
	EXPECT_EQ(0, ct_reap(pid));
}

TEST(clone_stores_numbers)
{
	pid_t parent_word = -1, child_word = -1, pid;

	pid = syscall(SYS_clone, CLONE_PARENT_SETTID | CLONE_CHILD_SETTID |
		      SIGCHLD, NULL, &parent_word, &child_word, 0UL);
	ASSERT_LE(0, pid);
	if (!pid)
		check_word(&child_word);
	EXPECT_EQ(pid, parent_word);
	/* The child's word is in the child's memory. */
	EXPECT_EQ(-1, child_word);
	EXPECT_EQ(0, ct_reap(pid));
}

static int copy_word(void *arg)
{
	pid_t *word = arg;

	seen_pid = *word;
	seen_ppid = syscall(SYS_getpid);
	return 0;
}

TEST(clone_clears_the_childs_word)
{
	pid_t word = -1, pid;
	char *stack = malloc(STACK_SIZE);

	ASSERT_NE(NULL, stack);
	pid = clone(copy_word, stack + STACK_SIZE, CLONE_VM | CLONE_VFORK |
		    CLONE_CHILD_SETTID | CLONE_CHILD_CLEARTID | SIGCHLD,
		    &word, NULL, NULL, &word);
	ASSERT_LT(0, pid);
	EXPECT_EQ(pid, seen_pid);
	EXPECT_EQ(pid, seen_ppid);
	EXPECT_EQ(0, word);
	EXPECT_EQ(0, ct_reap(pid));
	free(stack);
}

TEST(clone3_stores_numbers)
{
	pid_t parent_word = -1, child_word = -1, pid;
	struct clone_args args = {
		.flags = CLONE_PARENT_SETTID | CLONE_CHILD_SETTID | CLONE_PIDFD,
		.exit_signal = SIGCHLD,
		.parent_tid = (uintptr_t)&parent_word,
		.child_tid = (uintptr_t)&child_word,
	};
	int pidfd = -1;
	char path[64];

	args.pidfd = (uintptr_t)&pidfd;
	pid = clone3(&args);
	ASSERT_LE(0, pid);
	if (!pid)
		check_word(&child_word);
	EXPECT_EQ(pid, parent_word);
	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", pidfd);
	EXPECT_EQ(pid, ct_keyed_number(path, "Pid"));
	EXPECT_EQ(0, ct_reap(pid));
	/* Nothing is left to have a number. */
	EXPECT_EQ(-1, ct_keyed_number(path, "Pid"));
	close(pidfd);
}

/* A clone that is not a thread but waits for no SIGCHLD. */
TEST(clone_without_exit_signal)
{
	pid_t pid;

	pid = syscall(SYS_clone, 0, NULL, NULL, NULL, 0UL);
	ASSERT_LE(0, pid);
	if (!pid)
		_exit(3);
	errno = 0;
	EXPECT_EQ(-1, waitpid(pid, NULL, 0));
	EXPECT_EQ(ECHILD, errno);
	EXPECT_EQ(pid, waitpid(pid, NULL, __WALL));
}

TEST(clone_parent_makes_a_sibling)
{
	pid_t middle, sibling, self = getpid();
	int fd[2];

	ASSERT_EQ(0, socketpair(AF_UNIX, SOCK_SEQPACKET, 0, fd));
	middle = fork();
	ASSERT_LE(0, middle);
	if (!middle) {
		sibling = syscall(SYS_clone, CLONE_PARENT | SIGCHLD, NULL, NULL,
				  NULL, 0UL);
		if (!sibling)
			_exit(getppid() == self ? 5 : 6);
		CT_CHECK(sibling > 0);
		ct_send(fd[1], sibling);
		/* It is not ours. */
		CT_ERRNO(ECHILD, waitpid(sibling, NULL, 0));
		_exit(0);
	}
	sibling = ct_recv(fd[0]);
	EXPECT_EQ(0, ct_reap(middle));
	EXPECT_EQ(5, ct_reap(sibling));
}

/* -- clone3 with set_tid ---------------------------------------------------- */

/* The child's number, or -errno; the child has checked it and is reaped. */
static pid_t clone_with(const pid_t *numbers, size_t count)
{
	struct clone_args args = {
		.exit_signal = SIGCHLD,
		.set_tid = (uintptr_t)numbers,
		.set_tid_size = count,
	};
	pid_t pid = clone3(&args);

	if (pid < 0)
		return -errno;
	if (!pid)
		_exit(getpid() == numbers[0] ? 0 : 1);
	return ct_reap(pid) ? 0 : pid;
}

/*
 * A child gets the number, or a later one that is free, and when it is free again
 * so does another. 0 or -errno.
 *
 * On the host other programs fork, too, and may be quicker: then the next number
 * is as good.
 */
static int give(pid_t number)
{
	pid_t pid;
	int tries;

	for (tries = 0; tries < 100; tries++) {
		number = ct_free_pid(number + !!tries);
		pid = clone_with(&number, 1);
		if (pid == number)
			pid = clone_with(&number, 1);
		if (pid == number)
			return 0;
		if (pid != -EEXIST || ct_isolated())
			break;
	}
	return pid < 0 ? pid : -ECHILD;
}

TEST(set_tid_gives_the_number)
{
	pid_t number = ct_unused_pid();

	EXPECT_EQ(0, give(number));
	EXPECT_EQ(0, give(number + 500));
	/* The circle is not moved by it. */
	if (ct_isolated())
		EXPECT_EQ(number + 1, ct_unused_pid());
}

TEST(set_tid_refuses)
{
	pid_t max = ct_pid_max(), own = getpid(), one = 1, zero = 0, none = -1;

	EXPECT_EQ(-EEXIST, clone_with(&own, 1));
	EXPECT_EQ(-EEXIST, clone_with(&one, 1));
	EXPECT_EQ(-EINVAL, clone_with(&zero, 1));
	EXPECT_EQ(-EINVAL, clone_with(&none, 1));
	EXPECT_EQ(-EINVAL, clone_with(&max, 1));
	EXPECT_EQ(-EINVAL, clone_with(&own, 0));
}

TEST(set_tid_needs_a_capability)
{
	pid_t number = ct_unused_pid(), pid = fork();

	ASSERT_LE(0, pid);
	if (!pid) {
		ct_become_user();
		CT_EQ(-EPERM, clone_with(&number, 1));
		_exit(0);
	}
	EXPECT_EQ(0, ct_reap(pid));
}

static void *thread_with_number(void *arg)
{
	*(pid_t *)arg = ct_gettid();
	return NULL;
}

/* The next number is taken, so that a thread's passes it over. */
TEST(threads_share_the_numbers)
{
	pid_t number = ct_unused_pid() + 1, tid, pid;
	struct clone_args args = {
		.exit_signal = SIGCHLD,
		.set_tid = (uintptr_t)&number,
		.set_tid_size = 1,
	};
	pthread_t thread;
	int fd[2];

	if (!ct_isolated())
		SKIP(return, "other programs fork, too");
	ASSERT_EQ(0, pipe2(fd, O_CLOEXEC));
	pid = clone3(&args);
	ASSERT_LE(0, pid);
	if (!pid) {
		close(fd[1]);
		ct_wait_hangup(fd[0]);
		_exit(0);
	}
	EXPECT_EQ(number, pid);
	ASSERT_EQ(0, pthread_create(&thread, NULL, thread_with_number, &tid));
	ASSERT_EQ(0, pthread_join(thread, NULL));
	EXPECT_EQ(number + 1, tid);
	close(fd[1]);
	EXPECT_EQ(0, ct_reap(pid));
}

TEST_HARNESS_MAIN
