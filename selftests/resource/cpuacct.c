// SPDX-License-Identifier: GPL-2.0
/* modes: host */
/*
 * The controller cpuacct: its files, and that nothing is lost when tasks come and
 * go.  That it counts right is shown by cpuacct_differential.
 */
#include "ct-tree.h"
#include "kselftest_harness.h"

FIXTURE(cpuacct) { struct ct_tree tree; };

FIXTURE_SETUP(cpuacct)
{
	CT_NEED_MODULE();
	CT_EQ(0, ct_tree_mount(&self->tree, "container", "cpuacct"));
	ct_group_make(&self->tree, "a");
	ct_group_make(&self->tree, "a/b");
}

FIXTURE_TEARDOWN(cpuacct)
{
	ct_tree_umount(&self->tree);
}

static volatile unsigned long sink;

static void spin(void)
{
	unsigned long i;

	for (i = 0; i < 100000; i++)
		sink += i * i;
}

static void spin_on(int fd, void *arg)
{
	long long rounds;

	while (recv(fd, &rounds, sizeof(rounds), 0) == sizeof(rounds)) {
		while (rounds--)
			spin();
		ct_send(fd, 0);
	}
}

static long long usage(struct ct_tree *tree, const char *group)
{
	return ct_group_number(tree, group, "usage");
}

TEST_F(cpuacct, files)
{
	static const char * const bad[] = { "1", "-1", "", "x", "0 0" };
	struct ct_tree *t = &self->tree;
	unsigned int i;

	EXPECT_STREQ("0\n", ct_group_text(t, "a", "usage"));
	EXPECT_STREQ("user 0\nsystem 0\n", ct_group_text(t, "a", "stat"));
	for (i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		EXPECT_GT(0, ct_group_set(t, "a", "usage", bad[i]))
			TH_LOG("row %u", i);
	EXPECT_EQ(-EINVAL, ct_group_set(t, "a", "usage", "1"));
	EXPECT_EQ(0, ct_group_set(t, "a", "usage", "0"));
	/* There are none of the root. */
	EXPECT_EQ(-1, access(ct_group_path(t, ".", "usage"), F_OK));
	EXPECT_EQ(-1, access(ct_group_path(t, ".", "usage_percpu"), F_OK));
	EXPECT_EQ(-1, access(ct_group_path(t, ".", "stat"), F_OK));
}

/* Written 0, a group begins anew; the one above does not care. */
TEST_F(cpuacct, reset)
{
	struct ct_tree *t = &self->tree;
	struct ct_child child = ct_spawn(CT_PLAIN, spin_on, NULL);
	long long above, here;

	EXPECT_EQ(0, ct_group_move(t, "a/b", child.pid));
	ct_send(child.fd, 20);
	ct_recv(child.fd);
	EXPECT_EQ(0, ct_finish(&child));
	here = usage(t, "a/b");
	above = usage(t, "a");
	EXPECT_LT(0, here);
	EXPECT_LE(here, above);
	EXPECT_EQ(0, ct_group_set(t, "a/b", "usage", "0"));
	EXPECT_GT(here, usage(t, "a/b"));
	EXPECT_LE(above, usage(t, "a"));
}

/* A slow machine makes fewer rounds. */
#define CHURN_MS	15000

/* Never less than before, whoever comes and goes. */
static void churn(int fd, void *arg)
{
	long long end = ct_now_ms() + CHURN_MS;
	int i;

	for (i = 0; i < 150 && (i < 5 || ct_now_ms() < end); i++) {
		pid_t pid = fork();

		CT_CHECK(pid >= 0);
		if (!pid) {
			struct ct_thread thread;

			ct_thread_start(&thread);
			ct_thread_end(&thread);
			_exit(0);
		}
		CT_EQ(0, ct_reap(pid));
	}
	ct_send(fd, 0);
	ct_wait_hangup(fd);
}

TEST_F(cpuacct, only_grows)
{
	struct ct_tree *t = &self->tree;
	struct ct_child child[2];
	struct pollfd done[2];
	long long last = 0;
	int i, looks = 0;

	for (i = 0; i < 2; i++) {
		child[i] = ct_spawn(CT_PLAIN, churn, NULL);
		done[i] = (struct pollfd){ child[i].fd, POLLIN, 0 };
		EXPECT_EQ(0, ct_group_move(t, "a/b", child[i].pid));
	}
	while (poll(done, 2, 1) < 2) {
		long long now = usage(t, "a");

		if (now < last)
			CT_FAIL("%lld after %lld", now, last);
		last = now;
		/* Between groups, and with one that is removed. */
		CT_EQ(0, ct_group_move(t, looks & 1 ? "a/b" : "a",
				       child[looks / 2 & 1].pid));
		if (!(looks % 8)) {
			ct_group_make(t, "a/c");
			CT_EQ(0, ct_group_move(t, "a/c", child[0].pid));
			CT_EQ(0, ct_group_move(t, "a", child[0].pid));
			CT_UNTIL(!rmdir(ct_group_path(t, "a/c", NULL)));
		}
		looks++;
	}
	TH_LOG("%d looks, %lld ns", looks, last);
	EXPECT_LT(0, last);
	for (i = 0; i < 2; i++)
		EXPECT_EQ(0, ct_finish(&child[i]));
}

TEST_HARNESS_MAIN
