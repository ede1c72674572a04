// SPDX-License-Identifier: GPL-2.0
/* modes: host */
/*
 * The controller numtasks: what it counts, what it refuses, what it reserves.
 */
#include "ct-tree.h"
#include "ct-module.h"
#include "kselftest_harness.h"

#define PARAMETERS "/sys/module/container/parameters/"
#define CROWD 64

FIXTURE(numtasks) { struct ct_tree tree; };

FIXTURE_SETUP(numtasks)
{
	CT_NEED_MODULE();
	CT_EQ(0, ct_tree_mount(&self->tree, "container", "numtasks"));
}

FIXTURE_TEARDOWN(numtasks)
{
	ct_write_file(PARAMETERS "total_numtasks", "2147483647");
	ct_write_file(PARAMETERS "forkrate", "2147483647");
	ct_write_file(PARAMETERS "forkrate_interval", "1");
	ct_write_file(PARAMETERS "numtasks_enospc", "0");
	ct_tree_umount(&self->tree);
}

/* -- a process in a group that does as it is told ------------------------------ */

enum order { FORK, FORK_ZOMBIE, REAP, FORK_MANY, REAP_ALL };

/* The answer is an errno or 0; of FORK_MANY, how many there are. */
static int obey(long long order, pid_t *pid, int *nr)
{
	switch (order) {
	case FORK:
	case FORK_ZOMBIE:
		CT_CHECK(*nr < CROWD);
		pid[*nr] = fork();
		if (pid[*nr] < 0)
			return errno;
		if (!pid[*nr]) {
			prctl(PR_SET_PDEATHSIG, SIGKILL);
			while (order == FORK)
				pause();
			_exit(0);
		}
		if (order == FORK_ZOMBIE) {
			siginfo_t info;

			CT_EQ(0, waitid(P_PID, pid[*nr], &info,
					WEXITED | WNOWAIT));
		}
		++*nr;
		return 0;
	case REAP:
		CT_CHECK(*nr > 0);
		kill(pid[--*nr], SIGKILL);
		CT_CHECK(ct_reap(pid[*nr]) >= 0);
		return 0;
	case FORK_MANY:
		while (*nr < CROWD && !obey(FORK, pid, nr))
			;
		return *nr;
	case REAP_ALL:
		while (*nr)
			obey(REAP, pid, nr);
		return 0;
	}
	CT_FAIL("unknown order %lld", order);
}

static void worker(int fd, void *arg)
{
	pid_t pid[CROWD];
	long long order;
	int nr = 0;

	while (recv(fd, &order, sizeof(order), 0) == sizeof(order))
		ct_send(fd, obey(order, pid, &nr));
	obey(REAP_ALL, pid, &nr);
}

static struct ct_child hire(struct ct_tree *tree, const char *group)
{
	struct ct_child child = ct_spawn(CT_PLAIN, worker, NULL);

	CT_EQ(0, ct_group_move(tree, group, child.pid));
	return child;
}

static int tell(struct ct_child *child, enum order order)
{
	ct_send(child->fd, order);
	return ct_recv(child->fd);
}

static long long current(struct ct_tree *tree, const char *group)
{
	return ct_group_number(tree, group, "current");
}

/* -- the tests ------------------------------------------------------------------- */

TEST_F(numtasks, starts_without_limits)
{
	struct ct_tree *t = &self->tree;

	ct_group_make(t, "a");
	EXPECT_STREQ("max\n", ct_group_text(t, "a", "max"));
	EXPECT_EQ(0, current(t, "a"));
	EXPECT_EQ(0, ct_group_number(t, "a", "peak"));
	EXPECT_STREQ("max 1000000\n", ct_group_text(t, "a", "forkrate"));
	EXPECT_STREQ("max 0\nforkrate 0\nfailed 0\n",
		     ct_group_text(t, "a", "events"));
	EXPECT_STREQ("res=numtasks,min_shares=-3,max_shares=-3,child_shares_divisor=100\n",
		     ct_group_text(t, "a", "shares"));
	EXPECT_STREQ("numtasks: Current usage 0\n"
		     "numtasks: Number of successes 0\n"
		     "numtasks: Number of failures 0\n"
		     "numtasks: Number of forkrate failures 0\n",
		     ct_group_text(t, "a", "stats"));
	/* What is in the root is not counted. */
	EXPECT_EQ(-1, access(ct_group_path(t, ".", "max"), F_OK));
	EXPECT_EQ(-1, access(ct_group_path(t, ".", "current"), F_OK));
	EXPECT_EQ(0, access(ct_group_path(t, ".", "shares"), F_OK));
}

TEST_F(numtasks, what_may_be_written)
{
	static const struct {
		const char *file, *text;
		int err;
		const char *then;
	} row[] = {
		{ "max", "17", 0, "17\n" },
		{ "max", " 0x10\n", 0, "16\n" },
		{ "max", "0", 0, "0\n" },
		{ "max", "4194304", 0, "4194304\n" },
		{ "max", "4194305", -EINVAL, "4194304\n" },
		{ "max", "-1", -EINVAL, "4194304\n" },
		{ "max", "many", -EINVAL, "4194304\n" },
		{ "max", "9223372036854775808", -ERANGE, "4194304\n" },
		{ "max", "max\n", 0, "max\n" },
		{ "forkrate", "5", 0, "5 1000000\n" },
		{ "forkrate", "6 2000", 0, "6 2000\n" },
		{ "forkrate", "7", 0, "7 2000\n" },
		{ "forkrate", "0", -EINVAL, "7 2000\n" },
		{ "forkrate", "-4", -EINVAL, "7 2000\n" },
		{ "forkrate", "4294967295", -EINVAL, "7 2000\n" },
		{ "forkrate", "1 999", -EINVAL, "7 2000\n" },
		{ "forkrate", "1 3600000001", -EINVAL, "7 2000\n" },
		{ "forkrate", "1 2 3", -EINVAL, "7 2000\n" },
		{ "forkrate", "max 5000", 0, "max 5000\n" },
		{ "forkrate", "default 5", -EINVAL, "max 5000\n" },
		{ "forkrate", "default", 0, "max 1000000\n" },
		{ "current", "1", -EACCES, "0\n" },
		{ "events", "1", -EACCES, NULL },
	};
	struct ct_tree *t = &self->tree;
	unsigned int i;

	ct_group_make(t, "a");
	for (i = 0; i < sizeof(row) / sizeof(*row); i++) {
		int err = ct_group_set(t, "a", row[i].file, row[i].text);

		/* Root may open what nobody can write: then that fails. */
		if (row[i].err == -EACCES && err)
			err = -EACCES;
		EXPECT_EQ(row[i].err, err)
			TH_LOG("%s < \"%s\"", row[i].file, row[i].text);
		if (row[i].then)
			EXPECT_STREQ(row[i].then,
				     ct_group_text(t, "a", row[i].file));
	}
}

/* Zombies count, as they have a pid; what is reaped does not. */
TEST_F(numtasks, counts_until_release)
{
	struct ct_tree *t = &self->tree;
	struct ct_child w;

	ct_group_make(t, "a");
	w = hire(t, "a");
	EXPECT_EQ(1, current(t, "a"));
	EXPECT_EQ(0, tell(&w, FORK));
	EXPECT_EQ(0, tell(&w, FORK_ZOMBIE));
	EXPECT_EQ(3, current(t, "a"));
	EXPECT_EQ(0, tell(&w, REAP));
	EXPECT_EQ(2, current(t, "a"));
	EXPECT_EQ(0, tell(&w, REAP));
	EXPECT_EQ(1, current(t, "a"));
	EXPECT_EQ(3, ct_group_number(t, "a", "peak"));
	EXPECT_EQ(0, ct_finish(&w));
	EXPECT_EQ(0, current(t, "a"));
	EXPECT_EQ(3, ct_group_number(t, "a", "peak"));
}

TEST_F(numtasks, limit)
{
	struct ct_tree *t = &self->tree;
	struct ct_child w;

	ct_group_make(t, "a");
	EXPECT_EQ(0, ct_group_set(t, "a", "max", "3"));
	w = hire(t, "a");
	EXPECT_EQ(0, tell(&w, FORK));
	EXPECT_EQ(0, tell(&w, FORK_ZOMBIE));
	EXPECT_EQ(EAGAIN, tell(&w, FORK));
	EXPECT_EQ(EAGAIN, tell(&w, FORK));
	EXPECT_EQ(3, current(t, "a"));
	EXPECT_STREQ("max 2\nforkrate 0\nfailed 2\n",
		     ct_group_text(t, "a", "events"));
	EXPECT_EQ(0, ct_write_file(PARAMETERS "numtasks_enospc", "1"));
	EXPECT_EQ(ENOSPC, tell(&w, FORK));
	EXPECT_EQ(0, ct_write_file(PARAMETERS "numtasks_enospc", "0"));
	EXPECT_EQ(0, tell(&w, REAP));
	EXPECT_EQ(0, tell(&w, FORK));
	EXPECT_STREQ("numtasks: Current usage 3\n"
		     "numtasks: Number of successes 3\n"
		     "numtasks: Number of failures 3\n"
		     "numtasks: Number of forkrate failures 0\n",
		     ct_group_text(t, "a", "stats"));
	EXPECT_EQ(0, ct_group_set(t, "a", "max", "max"));
	EXPECT_EQ(0, tell(&w, FORK));
	EXPECT_EQ(0, ct_finish(&w));
	EXPECT_EQ(0, current(t, "a"));
}

/* The limit of a group holds for all below, and that is where the event is. */
TEST_F(numtasks, limit_above)
{
	struct ct_tree *t = &self->tree;
	struct ct_child v, w;

	ct_group_make(t, "a");
	ct_group_make(t, "a/b");
	ct_group_make(t, "a/b/c");
	ct_group_make(t, "a/d");
	EXPECT_EQ(0, ct_group_set(t, "a", "max", "5"));
	EXPECT_EQ(0, ct_group_set(t, "a/b/c", "max", "10"));
	v = hire(t, "a/b/c");
	w = hire(t, "a/d");
	EXPECT_EQ(0, tell(&v, FORK));
	EXPECT_EQ(0, tell(&v, FORK));
	EXPECT_EQ(0, tell(&w, FORK));
	EXPECT_EQ(EAGAIN, tell(&v, FORK));
	EXPECT_EQ(EAGAIN, tell(&w, FORK));
	EXPECT_EQ(5, current(t, "a"));
	EXPECT_EQ(3, current(t, "a/b"));
	EXPECT_EQ(3, current(t, "a/b/c"));
	EXPECT_EQ(2, current(t, "a/d"));
	EXPECT_EQ(2, ct_group_word(t, "a", "events", "max"));
	EXPECT_EQ(0, ct_group_word(t, "a", "events", "failed"));
	EXPECT_EQ(0, ct_group_word(t, "a/b/c", "events", "max"));
	EXPECT_EQ(1, ct_group_word(t, "a/b/c", "events", "failed"));
	EXPECT_EQ(0, tell(&v, REAP));
	EXPECT_EQ(0, tell(&w, FORK));
	EXPECT_EQ(EAGAIN, tell(&v, FORK));
	EXPECT_EQ(0, ct_finish(&v));
	EXPECT_EQ(0, ct_finish(&w));
	EXPECT_EQ(0, current(t, "a"));
	EXPECT_EQ(5, ct_group_number(t, "a", "peak"));
}

/* Moving is not refused, and what was in a group before counts elsewhere. */
TEST_F(numtasks, attach_beyond_the_limit)
{
	struct ct_tree *t = &self->tree;
	struct ct_child v, w;

	ct_group_make(t, "a");
	ct_group_make(t, "b");
	EXPECT_EQ(0, ct_group_set(t, "a", "max", "1"));
	v = hire(t, "a");
	w = hire(t, "a");
	EXPECT_EQ(2, current(t, "a"));
	EXPECT_EQ(EAGAIN, tell(&w, FORK));
	EXPECT_EQ(0, ct_group_move(t, "b", v.pid));
	EXPECT_EQ(1, current(t, "a"));
	EXPECT_EQ(1, current(t, "b"));
	EXPECT_EQ(EAGAIN, tell(&w, FORK));
	EXPECT_EQ(0, tell(&v, FORK));
	EXPECT_EQ(0, ct_group_move(t, ".", w.pid));
	EXPECT_EQ(0, current(t, "a"));
	EXPECT_EQ(0, tell(&w, FORK));
	EXPECT_EQ(0, current(t, "a"));
	EXPECT_EQ(2, ct_group_number(t, "a", "peak"));
	EXPECT_EQ(0, ct_finish(&v));
	EXPECT_EQ(0, ct_finish(&w));
}

/* An hour: it does not pass during the test. */
TEST_F(numtasks, forkrate)
{
	struct ct_tree *t = &self->tree;
	struct ct_child w;
	int i;

	ct_group_make(t, "a");
	ct_group_make(t, "a/b");
	w = hire(t, "a/b");
	EXPECT_EQ(0, ct_group_set(t, "a", "forkrate", "4 3600000000"));
	for (i = 0; i < 4; i++) {
		EXPECT_EQ(0, tell(&w, FORK));
		EXPECT_EQ(0, tell(&w, REAP));
	}
	EXPECT_EQ(EAGAIN, tell(&w, FORK));
	EXPECT_STREQ("max 0\nforkrate 1\nfailed 0\n",
		     ct_group_text(t, "a", "events"));
	EXPECT_STREQ("max 0\nforkrate 0\nfailed 1\n",
		     ct_group_text(t, "a/b", "events"));
	/* Another interval. */
	EXPECT_EQ(0, ct_group_set(t, "a", "forkrate", "1 3600000000"));
	EXPECT_EQ(0, tell(&w, FORK));
	EXPECT_EQ(EAGAIN, tell(&w, FORK));
	/* One that passes soon. */
	EXPECT_EQ(0, ct_group_set(t, "a", "forkrate", "1 1000"));
	CT_UNTIL(!tell(&w, FORK));
	CT_UNTIL(!tell(&w, FORK));
	EXPECT_EQ(0, ct_group_set(t, "a", "forkrate", "max"));
	EXPECT_EQ(0, tell(&w, FORK));
	EXPECT_EQ(0, ct_finish(&w));
}

TEST_F(numtasks, forkrate_of_the_module)
{
	struct ct_tree *t = &self->tree;
	struct ct_child w;

	ct_group_make(t, "a");
	w = hire(t, "a");
	EXPECT_EQ(-EINVAL, ct_write_file(PARAMETERS "forkrate", "0"));
	EXPECT_EQ(-EINVAL, ct_write_file(PARAMETERS "forkrate_interval", "-1"));
	EXPECT_EQ(-EINVAL, ct_write_file(PARAMETERS "total_numtasks", "0"));
	EXPECT_EQ(0, ct_write_file(PARAMETERS "forkrate_interval", "3600"));
	EXPECT_EQ(0, ct_write_file(PARAMETERS "forkrate", "2"));
	EXPECT_STREQ("2 3600000000\n", ct_group_text(t, "a", "forkrate"));
	EXPECT_EQ(0, tell(&w, FORK));
	EXPECT_EQ(0, tell(&w, FORK));
	EXPECT_EQ(EAGAIN, tell(&w, FORK));
	EXPECT_EQ(3, ct_group_word(t, "a", "stats", "numtasks: Current usage"));
	EXPECT_EQ(1, ct_group_word(t, "a", "stats",
				   "numtasks: Number of forkrate failures"));
	EXPECT_EQ(0, ct_group_set(t, "a", "forkrate", "max"));
	EXPECT_EQ(0, tell(&w, FORK));
	EXPECT_EQ(0, ct_finish(&w));
}

TEST_F(numtasks, what_shares_may_be)
{
	static const struct {
		const char *group, *text;
		int err;
	} row[] = {
		{ "a", "min_shares=50", 0 },
		{ "a", "res=numtasks,min_shares=60,max_shares=80", 0 },
		{ "a", "res=cpu,min_shares=1", -EINVAL },
		{ "a", "min_shares", -EINVAL },
		{ "a", "min_shares=", -EINVAL },
		{ "a", "min_shares=1,,", -EINVAL },
		{ "a", "min=1", -EINVAL },
		{ "a", "min_shares=81", -EINVAL },	/* more than max */
		{ "a", "max_shares=59", -EINVAL },	/* less than min */
		{ "a", "max_shares=101", -EINVAL },	/* than the divisor */
		{ "a", "min_shares=-1", -EINVAL },
		{ "a", "max_shares=-2", -EINVAL },
		{ "a", "child_shares_divisor=0", -EINVAL },
		{ "b", "min_shares=41", -EINVAL },	/* 40 are left */
		{ "b", "min_shares=40", 0 },
		{ "a", "min_shares=61", -EINVAL },
		{ "b", "min_shares=10", 0 },
		{ "a", "min_shares=70", 0 },
		{ "b", "max_shares=90", 0 },
		{ ".", "child_shares_divisor=89", -EINVAL },
		{ ".", "child_shares_divisor=90", 0 },
		{ ".", "min_shares=10", -EINVAL },	/* has everything */
		{ "a", "min_shares=-3,max_shares=-3", 0 },
	};
	struct ct_tree *t = &self->tree;
	unsigned int i;

	ct_group_make(t, "a");
	ct_group_make(t, "b");
	for (i = 0; i < sizeof(row) / sizeof(*row); i++)
		EXPECT_EQ(row[i].err, ct_group_set(t, row[i].group, "shares",
						   row[i].text))
			TH_LOG("row %u", i);
	EXPECT_STREQ("res=numtasks,min_shares=10,max_shares=90,child_shares_divisor=100\n",
		     ct_group_text(t, "b", "shares"));
	/* All or nothing. */
	EXPECT_EQ(-EINVAL, ct_group_set(t, "b", "shares",
					"min_shares=5,max_shares=1000"));
	EXPECT_STREQ("res=numtasks,min_shares=10,max_shares=90,child_shares_divisor=100\n",
		     ct_group_text(t, "b", "shares"));
	/* What a removed group was given can be given to another. */
	EXPECT_EQ(0, rmdir(ct_group_path(t, "b", NULL)));
	EXPECT_EQ(0, ct_group_set(t, "a", "shares", "min_shares=90"));
}

/* 20 tasks: 10 are a's for sure, b may have 12 at most, and 10 are left to all. */
TEST_F(numtasks, guarantee_and_borrowing)
{
	struct ct_tree *t = &self->tree;
	struct ct_child v, w;

	ct_group_make(t, "a");
	ct_group_make(t, "b");
	v = hire(t, "a");
	w = hire(t, "b");
	EXPECT_EQ(0, ct_write_file(PARAMETERS "total_numtasks", "20"));
	EXPECT_EQ(0, ct_group_set(t, "a", "shares", "min_shares=50"));
	EXPECT_EQ(0, ct_group_set(t, "b", "shares", "max_shares=60"));
	/* What is reserved for a cannot be had by b. */
	EXPECT_EQ(9, tell(&w, FORK_MANY));
	EXPECT_EQ(10, current(t, "b"));
	/* And a has it. */
	EXPECT_EQ(9, tell(&v, FORK_MANY));
	EXPECT_EQ(10, current(t, "a"));
	EXPECT_EQ(EAGAIN, tell(&w, FORK));
	/* a borrows beyond its guarantee what b does not use. */
	EXPECT_EQ(0, tell(&w, REAP));
	EXPECT_EQ(0, tell(&w, REAP));
	EXPECT_EQ(11, tell(&v, FORK_MANY));
	EXPECT_EQ(12, current(t, "a"));
	EXPECT_EQ(EAGAIN, tell(&w, FORK));
	EXPECT_EQ(0, tell(&v, REAP_ALL));
	EXPECT_EQ(9, tell(&w, FORK_MANY));
	/* Nothing reserved: b's own limit. */
	EXPECT_EQ(0, ct_group_set(t, "a", "shares", "min_shares=-3"));
	EXPECT_EQ(11, tell(&w, FORK_MANY));
	EXPECT_EQ(12, current(t, "b"));
	EXPECT_EQ(0, ct_write_file(PARAMETERS "total_numtasks", "2147483647"));
	EXPECT_EQ(0, tell(&w, FORK));
	EXPECT_EQ(0, ct_finish(&v));
	EXPECT_EQ(0, ct_finish(&w));
	EXPECT_EQ(0, current(t, "a"));
	EXPECT_EQ(0, current(t, "b"));
}

/* A guarantee within a guarantee; max holds nevertheless. */
TEST_F(numtasks, guarantee_below)
{
	struct ct_tree *t = &self->tree;
	struct ct_child u, v, w;

	ct_group_make(t, "a");
	ct_group_make(t, "a/b");
	ct_group_make(t, "a/c");
	ct_group_make(t, "d");
	u = hire(t, "a/b");
	v = hire(t, "a/c");
	w = hire(t, "d");
	EXPECT_EQ(0, ct_write_file(PARAMETERS "total_numtasks", "40"));
	EXPECT_EQ(0, ct_group_set(t, "a", "shares",
				  "min_shares=50,child_shares_divisor=4"));
	EXPECT_EQ(0, ct_group_set(t, "a/b", "shares", "min_shares=1"));
	/* d: all but the 20 of a; c: those but the 5 of b. */
	EXPECT_EQ(19, tell(&w, FORK_MANY));
	EXPECT_EQ(14, tell(&v, FORK_MANY));
	EXPECT_EQ(4, tell(&u, FORK_MANY));
	EXPECT_EQ(20, current(t, "a"));
	EXPECT_EQ(EAGAIN, tell(&w, FORK));
	EXPECT_EQ(0, tell(&u, REAP_ALL));
	EXPECT_EQ(EAGAIN, tell(&v, FORK));
	EXPECT_EQ(0, ct_group_set(t, "a", "max", "17"));
	EXPECT_EQ(1, tell(&u, FORK_MANY));
	EXPECT_EQ(17, current(t, "a"));
	EXPECT_EQ(0, ct_finish(&u));
	EXPECT_EQ(0, ct_finish(&v));
	EXPECT_EQ(0, ct_finish(&w));
}

TEST_F(numtasks, events_can_be_waited_for)
{
	struct ct_tree *t = &self->tree;
	struct pollfd events;
	struct ct_child w;
	char text[128];

	ct_group_make(t, "a");
	EXPECT_EQ(0, ct_group_set(t, "a", "max", "1"));
	w = hire(t, "a");
	events.fd = open(ct_group_path(t, "a", "events"), O_RDONLY | O_CLOEXEC);
	events.events = POLLPRI;
	ASSERT_LE(0, events.fd);
	EXPECT_LT(0, read(events.fd, text, sizeof(text)));
	EXPECT_EQ(0, poll(&events, 1, 0));
	EXPECT_EQ(EAGAIN, tell(&w, FORK));
	EXPECT_EQ(1, poll(&events, 1, CT_PATIENCE_MS));
	EXPECT_NE(0, events.revents & POLLPRI);
	close(events.fd);
	EXPECT_EQ(0, ct_finish(&w));
}

/* -- storm: threads and processes at the limit -------------------------------------- */

#define STORM_MAX	12
#define STORM_FORKERS	4
#define STORM_TRIES	400
#define STORM_MS	15000	/* a slow machine makes fewer, but some */
#define STORM_LEAST	10

static void *do_nothing(void *arg)
{
	return NULL;
}

static pthread_barrier_t all_there;

static void *fork_and_reap(void *arg)
{
	long long end = ct_now_ms() + STORM_MS;
	int i, *refused = arg;

	pthread_barrier_wait(&all_there);
	for (i = 0; i < STORM_TRIES; i++) {
		pid_t pid = fork();
		pthread_t thread;

		if (!pid)
			_exit(0);
		if (pid < 0)
			__atomic_fetch_add(refused, errno == EAGAIN, __ATOMIC_RELAXED);
		if (!pthread_create(&thread, NULL, do_nothing, NULL))
			pthread_join(thread, NULL);
		if (pid > 0)
			CT_EQ(0, ct_reap(pid));
		if (i >= STORM_LEAST && ct_now_ms() > end)
			break;
	}
	return NULL;
}

static void storm(int fd, void *arg)
{
	pthread_t thread[STORM_FORKERS];
	int i, refused = 0;

	pthread_barrier_init(&all_there, NULL, STORM_FORKERS + 1);
	for (i = 0; i < STORM_FORKERS; i++)
		CT_EQ(0, pthread_create(&thread[i], NULL, fork_and_reap,
					&refused));
	ct_send(fd, 0);
	ct_recv(fd);
	pthread_barrier_wait(&all_there);
	for (i = 0; i < STORM_FORKERS; i++)
		CT_EQ(0, pthread_join(thread[i], NULL));
	/* One can be joined a little before it is released. */
	CT_UNTIL(ct_status(getpid(), "Threads") == 1);
	ct_send(fd, refused);
	ct_wait_hangup(fd);
}

TEST_F(numtasks, never_above_the_limit)
{
	static const char * const group[] = { "a/b", "a/c" };
	struct pollfd done[2] = { { .events = POLLIN }, { .events = POLLIN } };
	struct ct_tree *t = &self->tree;
	struct ct_child child[2];
	long long refused = 0;
	int i, looks = 0;

	ct_group_make(t, "a");
	ct_group_make(t, "a/b");
	ct_group_make(t, "a/c");
	for (i = 0; i < 2; i++) {
		child[i] = ct_spawn(CT_PLAIN, storm, NULL);
		done[i].fd = child[i].fd;
		ct_recv(child[i].fd);
		EXPECT_EQ(0, ct_group_move(t, group[i], child[i].pid));
	}
	/* Room for all the forkers, and one child or two. */
	EXPECT_EQ(0, ct_group_set_number(t, "a", "max", STORM_MAX));
	for (i = 0; i < 2; i++)
		ct_send(child[i].fd, 0);
	for (;;) {
		long long now = current(t, "a");

		looks++;
		if (now > STORM_MAX)
			CT_FAIL("%lld tasks", now);
		if (poll(done, 2, 1) == 2)
			break;
	}
	for (i = 0; i < 2; i++)
		refused += ct_recv(child[i].fd);
	TH_LOG("%d looks, %lld forks refused", looks, refused);
	EXPECT_LT(0, refused);
	EXPECT_LE(ct_group_number(t, "a", "peak"), STORM_MAX);
	EXPECT_EQ(2, current(t, "a"));
	EXPECT_EQ(0, ct_finish(&child[0]));
	EXPECT_EQ(0, ct_finish(&child[1]));
	EXPECT_EQ(0, current(t, "a"));
	EXPECT_EQ(0, current(t, "a/b"));
	EXPECT_EQ(0, current(t, "a/c"));
}

TEST_HARNESS_MAIN
