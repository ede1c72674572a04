// SPDX-License-Identifier: GPL-2.0
/* modes: host */
/* timeout: 240 */
/*
 * A storm of forks, inside containers and outside, while other processes enter
 * new containers or join old ones, and whole containers die.
 *
 * CT_FORKS is how many forks there are altogether, 10000 if it is not set.  A
 * kernel that checks itself all the time may make fewer, as the time is limited.
 */
#include "ct.h"
#include "kselftest_harness.h"

#define WORKERS	8
#define LIMIT_MS 90000

struct shared {
	long long end;
	long left;	/* forks to be made */
	long made;
	long entered, joined, killed;
	char home[CT_NAME_MAX + 1];
};

static struct shared *shared;

/*
 * A child tells its number by its exit status: 7 bits of it are enough to find
 * a wrong one.
 */
static void fork_once(void)
{
	int status;
	pid_t pid;

	pid = fork();
	CT_CHECK(pid >= 0);
	if (!pid)
		_exit(syscall(SYS_getpid) & 0x7f);
	CT_EQ(pid, waitpid(pid, &status, 0));
	CT_CHECK(WIFEXITED(status));
	CT_EQ(pid & 0x7f, WEXITSTATUS(status));
	__atomic_fetch_add(&shared->made, 1, __ATOMIC_RELAXED);
}

static bool more(void)
{
	return __atomic_load_n(&shared->left, __ATOMIC_RELAXED) > 0;
}

static void fork_on(int fd, void *arg)
{
	pid_t self = getpid();

	while (__atomic_fetch_sub(&shared->left, 1, __ATOMIC_RELAXED) > 0) {
		if (ct_now_ms() > shared->end)
			__atomic_store_n(&shared->left, 0, __ATOMIC_RELAXED);
		fork_once();
		CT_EQ(self, syscall(SYS_getpid));
	}
}

/* Process 1 of the container in which several others fork. */
static void home(int fd, void *arg)
{
	ct_send(fd, 0);
	ct_wait_hangup(fd);
}

static void join_and_fork_on(int fd, void *arg)
{
	CT_EQ(0, ct_join(shared->home));
	CT_EQ(0, getppid());
	fork_on(fd, arg);
}

static void enter_and_fork_on(int fd, void *arg)
{
	char name[CT_NAME_MAX + 1];

	ct_unique_name(name);
	CT_EQ(0, ct_enter(name));
	CT_EQ(1, getpid());
	fork_on(fd, arg);
}

/* -- those that come and go ---------------------------------------------------------- */

static void live_shortly(int fd, void *arg)
{
	char name[CT_NAME_MAX + 1];
	int i;

	ct_unique_name(name);
	CT_EQ(0, ct_enter(name));
	CT_EQ(1, getpid());
	/* One that we wait for, and some that our end ends. */
	fork_once();
	for (i = 0; i < 3; i++)
		if (fork() == 0)
			for (;;)
				pause();
}

static void keep_entering(int fd, void *arg)
{
	struct ct_child child;

	while (more()) {
		child = ct_spawn(CT_PLAIN, live_shortly, NULL);
		CT_EQ(0, ct_finish(&child));
		__atomic_fetch_add(&shared->entered, 1, __ATOMIC_RELAXED);
	}
}

static void visit(int fd, void *arg)
{
	CT_EQ(0, ct_join(shared->home));
	fork_once();
	/* An orphan for process 1, who does not look. */
	if (fork() == 0)
		_exit(0);
}

static void keep_joining(int fd, void *arg)
{
	struct ct_child child;

	while (more()) {
		child = ct_spawn(CT_PLAIN, visit, NULL);
		CT_EQ(0, ct_finish(&child));
		__atomic_fetch_add(&shared->joined, 1, __ATOMIC_RELAXED);
	}
}

static void fork_for_ever(int fd, void *arg)
{
	signal(SIGCHLD, SIG_IGN);
	ct_send(fd, 0);
	for (;;)
		if (fork() == 0)
			_exit(0);
}

static void keep_killing(int fd, void *arg)
{
	struct ct_child box;

	while (more()) {
		box = ct_spawn(CT_CONTAINER, fork_for_ever, NULL);
		ct_recv(box.fd);
		CT_EQ(0, kill(box.pid, SIGKILL));
		CT_EQ(128 + SIGKILL, ct_finish(&box));
		CT_EQ(-1, ct_task_count(box.name));
		__atomic_fetch_add(&shared->killed, 1, __ATOMIC_RELAXED);
	}
}

/* -- all together --------------------------------------------------------------------- */

FIXTURE(storm) { int unused; };
FIXTURE_SETUP(storm) { }
FIXTURE_TEARDOWN(storm) { }

TEST_F_TIMEOUT(storm, of_forks, 220)
{
	static const ct_fn workers[WORKERS] = {
		fork_on, fork_on, enter_and_fork_on, enter_and_fork_on,
		join_and_fork_on, join_and_fork_on, join_and_fork_on,
		join_and_fork_on,
	};
	static const ct_fn others[] = {
		keep_entering, keep_joining, keep_killing,
	};
	const int count = WORKERS + sizeof(others) / sizeof(*others);
	const char *forks = getenv("CT_FORKS");
	struct ct_child box, child[count];
	long forks_wanted;
	int i;

	CT_NEED_MODULE();
	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE,
		      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, shared);
	forks_wanted = forks ? atol(forks) : 10000;
	shared->left = forks_wanted;
	shared->end = ct_now_ms() + LIMIT_MS;
	box = ct_spawn(CT_CONTAINER, home, NULL);
	ct_recv(box.fd);
	strcpy(shared->home, box.name);
	for (i = 0; i < count; i++)
		child[i] = ct_spawn(CT_PLAIN, i < WORKERS ? workers[i] :
				    others[i - WORKERS], NULL);
	for (i = 0; i < count; i++)
		EXPECT_EQ(0, ct_finish(&child[i]));
	/* What is left at home are zombies that process 1 does not look at. */
	EXPECT_EQ(0, ct_finish(&box));
	EXPECT_EQ(-1, ct_task_count(box.name));
	TH_LOG("%ld forks; entered %ld, joined %ld, killed %ld", shared->made,
	       shared->entered, shared->joined, shared->killed);
	EXPECT_TRUE(shared->made >= forks_wanted || ct_now_ms() > shared->end);
	EXPECT_LT(0, shared->entered);
	EXPECT_LT(0, shared->joined);
	EXPECT_LT(0, shared->killed);
}

TEST_HARNESS_MAIN
