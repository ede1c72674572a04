// SPDX-License-Identifier: GPL-2.0
/* modes: host */
/*
 * The same tasks in groups of cpuacct and in the kernel's: at any moment when
 * they do not run both have counted the same, to the nanosecond, on each processor.
 */
#include "ct-cpus.h"
#include "ct-stopped.h"
#include "ct-tree.h"

#include <sys/mman.h>

#include "kselftest_harness.h"

FIXTURE(same_as_cpuacct) { struct ct_tree theirs, ours; };

FIXTURE_SETUP(same_as_cpuacct)
{
	static const char * const group[] = { "a", "a/b", "a/c" };
	unsigned int i;

	CT_NEED_MODULE();
	CT_EQ(0, ct_tree_mount(&self->theirs, "cgroup", "cpuacct"));
	CT_EQ(0, ct_tree_mount(&self->ours, "container", "cpuacct"));
	for (i = 0; i < sizeof(group) / sizeof(*group); i++) {
		ct_group_make(&self->theirs, group[i]);
		ct_group_make(&self->ours, group[i]);
	}
}

FIXTURE_TEARDOWN(same_as_cpuacct)
{
	ct_tree_umount(&self->ours);
	ct_tree_umount(&self->theirs);
}

/* -- work ----------------------------------------------------------------------- */

static volatile unsigned long sink;

/* Some user and some system time, on all processors; how much is no matter. */
static void work(int rounds)
{
	unsigned long i;

	while (rounds--) {
		/* There may be only one. */
		ct_cpus_ask(0, 1 << rounds % 2);
		for (i = 0; i < 200000; i++)
			sink += i * i;
		for (i = 0; i < 60; i++)
			close(open("/dev/null", O_RDONLY));
	}
}

static void *thread_work(void *arg)
{
	work(2);
	return NULL;
}

static void work_in_threads(void)
{
	pthread_t thread[3];
	int i;

	for (i = 0; i < 3; i++)
		CT_EQ(0, pthread_create(&thread[i], NULL, thread_work, NULL));
	for (i = 0; i < 3; i++)
		CT_EQ(0, pthread_join(thread[i], NULL));
}

static void work_in_children(void)
{
	int i;

	for (i = 0; i < 4; i++) {
		pid_t pid = fork();

		CT_CHECK(pid >= 0);
		if (!pid) {
			work(i);
			_exit(0);
		}
		CT_EQ(0, ct_reap(pid));
	}
}

/* Works, and stops itself, again and again. */
static void worker(int fd, void *arg)
{
	for (;;) {
		raise(SIGSTOP);
		work(2);
		work_in_threads();
		work_in_children();
	}
}

static struct ct_child start(void)
{
	struct ct_child child = ct_spawn(CT_PLAIN, worker, NULL);

	ct_wait_stopped(child.pid);
	return child;
}

static void go_on(struct ct_child *child)
{
	CT_EQ(0, kill(child->pid, SIGCONT));
	ct_wait_stopped(child->pid);
}

static void end(struct ct_child *child)
{
	CT_EQ(0, kill(child->pid, SIGKILL));
	CT_EQ(128 + SIGKILL, ct_reap(child->pid));
	close(child->fd);
}

static void move(struct ct_tree *theirs, struct ct_tree *ours,
		 const char *group, struct ct_child *child)
{
	CT_EQ(0, ct_group_move(theirs, group, child->pid));
	CT_EQ(0, ct_group_move(ours, group, child->pid));
}

static long long usage(struct ct_tree *tree, const char *group)
{
	return ct_group_number(tree, group, "usage");
}

/*
 * A thread can be joined, and a process waited for, a little before the processor
 * is left; the last steps are counted by both.
 */
#define SAME(group) CT_UNTIL(same(&self->theirs, &self->ours, group))

static bool same(struct ct_tree *theirs, struct ct_tree *ours, const char *group)
{
	return usage(theirs, group) == usage(ours, group) &&
	       !strcmp(ct_group_text(theirs, group, "usage_percpu"),
		       ct_group_text(ours, group, "usage_percpu"));
}

/* -- the tests ------------------------------------------------------------------- */

TEST_F(same_as_cpuacct, usage)
{
	struct ct_child child = start();
	long long before = 0;
	int i;

	move(&self->theirs, &self->ours, "a", &child);
	SAME("a");
	for (i = 0; i < 3; i++) {
		go_on(&child);
		SAME("a");
		EXPECT_LT(before, usage(&self->ours, "a"));
		before = usage(&self->ours, "a");
	}
	TH_LOG("%lld ns", before);
	/* Nobody runs: nothing changes. */
	EXPECT_EQ(before, usage(&self->ours, "a"));
	end(&child);
	SAME("a");
	EXPECT_LE(before, usage(&self->ours, "a"));
}

/* What was used before, and elsewhere, does not count. */
TEST_F(same_as_cpuacct, while_a_member)
{
	struct ct_child child = start();
	long long b, c;

	go_on(&child);
	move(&self->theirs, &self->ours, "a/b", &child);
	go_on(&child);
	SAME("a/b");
	b = usage(&self->ours, "a/b");
	move(&self->theirs, &self->ours, "a/c", &child);
	go_on(&child);
	SAME("a/b");
	SAME("a/c");
	SAME("a");
	EXPECT_EQ(b, usage(&self->ours, "a/b"));
	c = usage(&self->ours, "a/c");
	EXPECT_LT(0, c);
	EXPECT_EQ(usage(&self->ours, "a/b") + c, usage(&self->ours, "a"));
	move(&self->theirs, &self->ours, ".", &child);
	go_on(&child);
	SAME("a/b");
	SAME("a/c");
	SAME("a");
	end(&child);
	SAME("a");
}

TEST_F(same_as_cpuacct, several_processes)
{
	struct ct_child child[3];
	int i;

	for (i = 0; i < 3; i++) {
		child[i] = start();
		move(&self->theirs, &self->ours, i ? "a/b" : "a/c", &child[i]);
	}
	for (i = 0; i < 3; i++)
		CT_EQ(0, kill(child[i].pid, SIGCONT));
	for (i = 0; i < 3; i++)
		ct_wait_stopped(child[i].pid);
	SAME("a/b");
	SAME("a/c");
	SAME("a");
	for (i = 0; i < 3; i++)
		end(&child[i]);
	SAME("a/b");
	SAME("a");
}

/* By ticks: from the same ticks, and looked at equally often. */
TEST_F(same_as_cpuacct, stat)
{
	struct ct_child child = start();
	char theirs[128];
	int i;

	move(&self->theirs, &self->ours, "a", &child);
	for (i = 0; i < 3; i++) {
		go_on(&child);
		SAME("a");
		strcpy(theirs, ct_group_text(&self->theirs, "a", "stat"));
		EXPECT_STREQ(theirs, ct_group_text(&self->ours, "a", "stat"));
	}
	TH_LOG("%s", theirs);
	end(&child);
}

/* A removed group has not used less. */
TEST_F(same_as_cpuacct, removed_group)
{
	struct ct_child child = start();
	char percpu[128];
	siginfo_t info;
	long long before;

	move(&self->theirs, &self->ours, "a/b", &child);
	go_on(&child);
	SAME("a");
	/* A zombie is still in the group; it goes with what it has used. */
	CT_EQ(0, kill(child.pid, SIGKILL));
	CT_EQ(0, waitid(P_PID, child.pid, &info, WEXITED | WNOWAIT));
	SAME("a");
	before = usage(&self->ours, "a");
	strcpy(percpu, ct_group_text(&self->ours, "a", "usage_percpu"));
	CT_EQ(0, rmdir(ct_group_path(&self->ours, "a/b", NULL)));
	EXPECT_EQ(before, usage(&self->ours, "a"));
	CT_EQ(128 + SIGKILL, ct_reap(child.pid));
	close(child.fd);
	EXPECT_EQ(before, usage(&self->ours, "a"));
	/* It gives it to the one above when it is gone altogether. */
	ct_group_make(&self->ours, "a/d");
	CT_EQ(0, rmdir(ct_group_path(&self->ours, "a/d", NULL)));
	EXPECT_EQ(before, usage(&self->ours, "a"));
	EXPECT_STREQ(percpu, ct_group_text(&self->ours, "a", "usage_percpu"));
}

TEST_HARNESS_MAIN
