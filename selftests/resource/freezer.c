// SPDX-License-Identifier: GPL-2.0
/* modes: host */
/*
 * The controller freezer: who is held, when, and that nobody notices.
 */
#include "ct-tree.h"

#include <sys/mman.h>

#include "kselftest_harness.h"

FIXTURE(freezer)
{
	struct ct_tree tree;
	volatile unsigned long *count;
};

FIXTURE_SETUP(freezer)
{
	CT_NEED_MODULE();
	self->count = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
			   MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, (void *)self->count);
	CT_EQ(0, ct_tree_mount(&self->tree, "container", "freezer"));
	ct_group_make(&self->tree, "a");
	ct_group_make(&self->tree, "a/b");
	ct_group_make(&self->tree, "c");
}

FIXTURE_TEARDOWN(freezer)
{
	ct_tree_umount(&self->tree);
}

static void counter(int fd, void *arg)
{
	volatile unsigned long *count = arg;

	for (;;)
		++*count;
}

static bool state_is(struct ct_tree *t, const char *group, const char *state)
{
	const char *text = ct_group_text(t, group, "state");

	return !strncmp(text, state, strlen(state)) &&
	       !strcmp(text + strlen(state), "\n");
}

static void freeze(struct ct_tree *t, const char *group)
{
	CT_EQ(0, ct_group_set(t, group, "state", "FROZEN"));
	CT_UNTIL(state_is(t, group, "FROZEN"));
}

static void thaw(struct ct_tree *t, const char *group)
{
	CT_EQ(0, ct_group_set(t, group, "state", "THAWED\n"));
}

/* Others get the processors often enough for it to count. */
static bool counts(volatile unsigned long *count)
{
	unsigned long before = *count;
	int i;

	for (i = 0; i < 20; i++) {
		pid_t pid = fork();

		CT_CHECK(pid >= 0);
		if (!pid)
			_exit(0);
		CT_EQ(0, ct_reap(pid));
		usleep(1000);
	}
	return *count != before;
}

static void end(struct ct_child *child)
{
	CT_EQ(0, kill(child->pid, SIGKILL));
	CT_EQ(128 + SIGKILL, ct_reap(child->pid));
	close(child->fd);
}

TEST_F(freezer, files)
{
	static const char * const bad[] = {
		"", "FREEZING", "frozen", "1", "FROZEN THAWED",
	};
	struct ct_tree *t = &self->tree;
	unsigned int i;

	EXPECT_STREQ("THAWED\n", ct_group_text(t, "a", "state"));
	EXPECT_STREQ("0\n", ct_group_text(t, "a", "self"));
	EXPECT_STREQ("0\n", ct_group_text(t, "a", "parent"));
	EXPECT_STREQ("frozen 0\n", ct_group_text(t, "a", "events"));
	EXPECT_EQ(-1, access(ct_group_path(t, ".", "state"), F_OK));
	for (i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		EXPECT_GT(0, ct_group_set(t, "a", "state", bad[i]) ?: -!*bad[i])
			TH_LOG("row %u", i);
	EXPECT_EQ(-EINVAL, ct_group_set(t, "a", "state", "FREEZING"));
	EXPECT_STREQ("THAWED\n", ct_group_text(t, "a", "state"));
}

TEST_F(freezer, holds_and_lets_go)
{
	struct ct_child child = ct_spawn(CT_PLAIN, counter, (void *)self->count);
	struct ct_tree *t = &self->tree;
	int i;

	EXPECT_EQ(0, ct_group_move(t, "a", child.pid));
	for (i = 0; i < 3; i++) {
		CT_UNTIL(counts(self->count));
		freeze(t, "a");
		EXPECT_FALSE(counts(self->count));
		thaw(t, "a");
		EXPECT_STREQ("THAWED\n", ct_group_text(t, "a", "state"));
	}
	CT_UNTIL(counts(self->count));
	end(&child);
}

TEST_F(freezer, with_all_below)
{
	struct ct_child child = ct_spawn(CT_PLAIN, counter, (void *)self->count);
	struct ct_tree *t = &self->tree;

	EXPECT_EQ(0, ct_group_move(t, "a/b", child.pid));
	freeze(t, "a");
	EXPECT_FALSE(counts(self->count));
	EXPECT_STREQ("FROZEN\n", ct_group_text(t, "a/b", "state"));
	EXPECT_STREQ("1\n", ct_group_text(t, "a", "self"));
	EXPECT_STREQ("0\n", ct_group_text(t, "a", "parent"));
	EXPECT_STREQ("0\n", ct_group_text(t, "a/b", "self"));
	EXPECT_STREQ("1\n", ct_group_text(t, "a/b", "parent"));
	/* It stays so because of the one above, and then because of itself. */
	thaw(t, "a/b");
	EXPECT_STREQ("FROZEN\n", ct_group_text(t, "a/b", "state"));
	freeze(t, "a/b");
	thaw(t, "a");
	EXPECT_STREQ("THAWED\n", ct_group_text(t, "a", "state"));
	EXPECT_STREQ("FROZEN\n", ct_group_text(t, "a/b", "state"));
	EXPECT_FALSE(counts(self->count));
	thaw(t, "a/b");
	CT_UNTIL(counts(self->count));
	/* A new group below a frozen one. */
	freeze(t, "c");
	ct_group_make(t, "c/d");
	EXPECT_STREQ("FROZEN\n", ct_group_text(t, "c/d", "state"));
	EXPECT_EQ(0, ct_group_move(t, "c/d", child.pid));
	CT_UNTIL(state_is(t, "c", "FROZEN"));
	EXPECT_FALSE(counts(self->count));
	end(&child);
}

TEST_F(freezer, moves)
{
	struct ct_child child = ct_spawn(CT_PLAIN, counter, (void *)self->count);
	struct ct_tree *t = &self->tree;
	unsigned long before;

	freeze(t, "a");
	freeze(t, "c");
	EXPECT_EQ(0, ct_group_move(t, "a", child.pid));
	CT_UNTIL(state_is(t, "a", "FROZEN"));
	EXPECT_FALSE(counts(self->count));
	/* It never runs in between. */
	before = *self->count;
	EXPECT_EQ(0, ct_group_move(t, "c", child.pid));
	CT_UNTIL(state_is(t, "c", "FROZEN"));
	thaw(t, "a");
	EXPECT_FALSE(counts(self->count));
	EXPECT_EQ(before, *self->count);
	EXPECT_EQ(0, ct_group_move(t, "a", child.pid));
	CT_UNTIL(counts(self->count));
	EXPECT_EQ(0, ct_group_move(t, "c", child.pid));
	CT_UNTIL(state_is(t, "c", "FROZEN"));
	EXPECT_EQ(0, ct_group_move(t, ".", child.pid));
	CT_UNTIL(counts(self->count));
	end(&child);
}

TEST_F(freezer, killed_while_frozen)
{
	struct ct_child child = ct_spawn(CT_PLAIN, counter, (void *)self->count);
	struct ct_tree *t = &self->tree;

	EXPECT_EQ(0, ct_group_move(t, "a", child.pid));
	freeze(t, "a");
	end(&child);
	EXPECT_STREQ("FROZEN\n", ct_group_text(t, "a", "state"));
}

TEST_F(freezer, stopped)
{
	struct ct_child child = ct_spawn(CT_PLAIN, counter, (void *)self->count);
	struct ct_tree *t = &self->tree;
	int status;

	EXPECT_EQ(0, ct_group_move(t, "a", child.pid));
	EXPECT_EQ(0, kill(child.pid, SIGSTOP));
	EXPECT_EQ(child.pid, waitpid(child.pid, &status, WUNTRACED));
	freeze(t, "a");
	EXPECT_EQ(0, kill(child.pid, SIGCONT));
	EXPECT_FALSE(counts(self->count));
	thaw(t, "a");
	CT_UNTIL(counts(self->count));
	end(&child);
}

/* A system call goes on as if nothing had been. */
static void reader(int fd, void *arg)
{
	int pipe = *(int *)arg;
	char c;

	ct_send(fd, 0);
	CT_EQ(1, read(pipe, &c, 1));
	CT_EQ('x', c);
	ct_send(fd, 0);
	ct_wait_hangup(fd);
}

TEST_F(freezer, nobody_notices)
{
	struct ct_tree *t = &self->tree;
	struct ct_child child;
	int fd[2];

	ASSERT_EQ(0, pipe2(fd, O_CLOEXEC));
	child = ct_spawn(CT_PLAIN, reader, &fd[0]);
	ct_recv(child.fd);
	CT_UNTIL(ct_state(child.pid) == 'S');
	EXPECT_EQ(0, ct_group_move(t, "a", child.pid));
	freeze(t, "a");
	thaw(t, "a");
	CT_UNTIL(ct_state(child.pid) == 'S');
	freeze(t, "a");
	EXPECT_EQ(1, write(fd[1], "x", 1));
	thaw(t, "a");
	ct_recv(child.fd);
	EXPECT_EQ(0, ct_finish(&child));
	close(fd[0]);
	close(fd[1]);
}

/* Processes and threads come all the time, until there is no time. */
static void *thread_end(void *arg)
{
	return NULL;
}

static void breeder(int fd, void *arg)
{
	volatile unsigned long *count = arg;
	pthread_t thread;

	for (;;) {
		pid_t pid = fork();

		CT_CHECK(pid >= 0);
		if (!pid) {
			CT_EQ(0, pthread_create(&thread, NULL, thread_end, NULL));
			CT_EQ(0, pthread_join(thread, NULL));
			__atomic_fetch_add(count, 1, __ATOMIC_RELAXED);
			_exit(0);
		}
		CT_EQ(0, ct_reap(pid));
	}
}

TEST_F(freezer, those_that_fork)
{
	struct ct_tree *t = &self->tree;
	struct ct_child child[3];
	int i;

	for (i = 0; i < 3; i++) {
		child[i] = ct_spawn(CT_PLAIN, breeder, (void *)self->count);
		EXPECT_EQ(0, ct_group_move(t, i ? "a" : "a/b", child[i].pid));
	}
	for (i = 0; i < 5; i++) {
		CT_UNTIL(counts(self->count));
		freeze(t, "a");
		EXPECT_FALSE(counts(self->count));
		thaw(t, "a");
	}
	CT_EQ(0, ct_group_set(t, "a", "state", "FROZEN"));
	for (i = 0; i < 3; i++)
		kill(child[i].pid, SIGKILL);
	for (i = 0; i < 3; i++)
		ct_finish(&child[i]);
	/* Their children may be frozen, orphans. */
	thaw(t, "a");
	CT_UNTIL(!*ct_group_text(t, "a", "/procs") &&
		 !*ct_group_text(t, "a/b", "/procs"));
}

TEST_F(freezer, events)
{
	struct ct_child child = ct_spawn(CT_PLAIN, counter, (void *)self->count);
	struct ct_tree *t = &self->tree;
	struct pollfd events;
	char text[64];

	EXPECT_EQ(0, ct_group_move(t, "a/b", child.pid));
	events.fd = open(ct_group_path(t, "a", "events"), O_RDONLY | O_CLOEXEC);
	events.events = POLLPRI;
	ASSERT_LE(0, events.fd);
	EXPECT_EQ(9, read(events.fd, text, sizeof(text)));
	EXPECT_EQ(0, ct_group_set(t, "a", "state", "FROZEN"));
	EXPECT_EQ(1, poll(&events, 1, CT_PATIENCE_MS));
	EXPECT_STREQ("frozen 1\n", ct_group_text(t, "a", "events"));
	EXPECT_STREQ("FROZEN\n", ct_group_text(t, "a", "state"));
	thaw(t, "a");
	EXPECT_STREQ("frozen 0\n", ct_group_text(t, "a", "events"));
	close(events.fd);
	end(&child);
}

/* It freezes itself, and does not notice. */
static void freeze_oneself(int fd, void *arg)
{
	CT_EQ(0, ct_group_move(arg, "a", getpid()));
	CT_EQ(0, ct_group_set(arg, "a", "state", "FROZEN"));
	ct_send(fd, 0);
	ct_wait_hangup(fd);
}

TEST_F(freezer, oneself)
{
	struct ct_tree *t = &self->tree;
	struct ct_child child = ct_spawn(CT_PLAIN, freeze_oneself, t);
	struct pollfd said = { child.fd, POLLIN, 0 };

	CT_UNTIL(state_is(t, "a", "FROZEN"));
	EXPECT_EQ(0, poll(&said, 1, 0));
	thaw(t, "a");
	ct_recv(child.fd);
	EXPECT_EQ(0, ct_finish(&child));
}

/* Its parent cannot be held before it has given the memory back. */
static void vforker(int fd, void *arg)
{
	pid_t pid = vfork();

	CT_CHECK(pid >= 0);
	if (!pid) {
		char c;

		ct_send(fd, 0);
		while (recv(fd, &c, 1, 0) < 0)
			;
		_exit(0);
	}
	CT_EQ(0, ct_reap(pid));
	ct_wait_hangup(fd);
}

TEST_F(freezer, vfork)
{
	struct ct_tree *t = &self->tree;
	struct ct_child child = ct_spawn(CT_PLAIN, vforker, NULL);
	char procs[64];

	ct_recv(child.fd);
	EXPECT_EQ(0, ct_group_move(t, "a", child.pid));
	snprintf(procs, sizeof(procs), "/proc/%d/task/%d/children", child.pid,
		 child.pid);
	EXPECT_EQ(0, ct_group_move(t, "a", ct_read_number(procs)));
	EXPECT_EQ(0, ct_group_set(t, "a", "state", "FROZEN"));
	EXPECT_STREQ("FREEZING\n", ct_group_text(t, "a", "state"));
	EXPECT_STREQ("frozen 0\n", ct_group_text(t, "a", "events"));
	ct_send(child.fd, 0);
	CT_UNTIL(state_is(t, "a", "FROZEN"));
	thaw(t, "a");
	EXPECT_EQ(0, ct_finish(&child));
}

TEST_HARNESS_MAIN
