// SPDX-License-Identifier: GPL-2.0
/* modes: host */
/* kernels: stock */
/* machine: cpus=4 numa=2 */
/*
 * The controller cpuset where there is a choice: four processors, and two nodes of
 * memory, of which the pages of a process really come.
 */
#include "ct-cpus.h"
#include "ct-tree.h"

#include <linux/io_uring.h>
#include <linux/mempolicy.h>
#include <sys/mman.h>

#include "kselftest_harness.h"

#define PAGES	8

static struct ct_tree *tree;

FIXTURE(machine)
{
	struct ct_tree tree;
};

FIXTURE_SETUP(machine)
{
	CT_NEED_MODULE();
	if (ct_cpus_of(0) != 15 || access("/sys/devices/system/node/node1", F_OK))
		SKIP(return, "this is for four processors in two nodes");
	CT_EQ(0, ct_tree_mount(&self->tree, "container", "cpuset"));
	tree = &self->tree;
	ct_group_make(tree, "a");
	ct_group_make(tree, "a/b");
	ct_group_make(tree, "a/b/c");
	ct_group_make(tree, "d");
}

FIXTURE_TEARDOWN(machine)
{
	int cpu;

	for (cpu = 1; cpu < 4; cpu++)
		ct_cpu_online(cpu, true);
	ct_tree_umount(&self->tree);
}

static void set(const char *group, const char *file, const char *text)
{
	int err = ct_group_set(tree, group, file, text);

	if (err)
		CT_FAIL("\"%s\" to %s of %s: %s", text, file, group, strerror(-err));
}

static bool effective(const char *group, const char *file, const char *list)
{
	char want[64];

	snprintf(want, sizeof(want), "%s\n", list);
	return !strcmp(want, ct_group_text(tree, group, file));
}

/* -- processors --------------------------------------------------------------- */

TEST_F(machine, levels)
{
	static const struct {
		const char *a, *b, *c;		/* written */
		const char *in_a, *in_b, *in_c;	/* in force */
	} row[] = {
		{ "", "", "", "0-3", "0-3", "0-3" },
		{ "0-2", "", "", "0-2", "0-2", "0-2" },
		{ "0-2", "1-3", "", "0-2", "1-2", "1-2" },
		{ "0-2", "1-3", "2-3", "0-2", "1-2", "2" },
		{ "0-2", "1-3", "0", "0-2", "1-2", "1-2" },
		{ "0-2", "3", "0,2", "0-2", "0-2", "0,2" },
		{ "0,3", "3", "0,2", "0,3", "3", "3" },
		{ "0-3:1/2", "", "2-3", "0,2", "0,2", "2" },
	};
	struct ct_child child = ct_spawn(CT_PLAIN, ct_idle, NULL);
	unsigned int i;

	CT_EQ(0, ct_group_move(tree, "a/b/c", child.pid));
	for (i = 0; i < sizeof(row) / sizeof(*row); i++) {
		set("a", "cpus", row[i].a);
		set("a/b", "cpus", row[i].b);
		set("a/b/c", "cpus", row[i].c);
		EXPECT_TRUE(effective("a", "effective_cpus", row[i].in_a))
			TH_LOG("row %u", i);
		EXPECT_TRUE(effective("a/b", "effective_cpus", row[i].in_b))
			TH_LOG("row %u", i);
		EXPECT_TRUE(effective("a/b/c", "effective_cpus", row[i].in_c))
			TH_LOG("row %u", i);
		EXPECT_STREQ(row[i].in_c,
			     ct_status_text(child.pid, "Cpus_allowed_list"))
			TH_LOG("row %u", i);
	}
	EXPECT_EQ(0, ct_finish(&child));
}

TEST_F(machine, hotplug)
{
	struct ct_child child = ct_spawn(CT_PLAIN, ct_idle, NULL);

	CT_EQ(0, ct_group_move(tree, "a/b", child.pid));
	set("a", "cpus", "1-3");
	set("a/b", "cpus", "2-3");
	CT_EQ(0, ct_cpus_ask(child.pid, 1 << 2 | 1 << 0));
	EXPECT_EQ(1 << 2, ct_cpus_of(child.pid));
	/* What it has asked for has gone, what the group has not. */
	CT_EQ(0, ct_cpu_online(2, false));
	CT_UNTIL(effective("a/b", "effective_cpus", "3"));
	CT_UNTIL(ct_cpus_of(child.pid) == 1 << 3);
	/* The last one: the group above. */
	CT_EQ(0, ct_cpu_online(3, false));
	CT_UNTIL(effective("a/b", "effective_cpus", "1"));
	CT_UNTIL(ct_cpus_of(child.pid) == 1 << 1);
	/* The last one there, too. */
	CT_EQ(0, ct_cpu_online(1, false));
	CT_UNTIL(effective("a/b", "effective_cpus", "0"));
	CT_UNTIL(ct_cpus_of(child.pid) == 1 << 0);
	CT_EQ(0, ct_cpu_online(3, true));
	CT_UNTIL(effective("a/b", "effective_cpus", "3"));
	CT_UNTIL(ct_cpus_of(child.pid) == 1 << 3);
	CT_EQ(0, ct_cpu_online(2, true));
	CT_UNTIL(effective("a/b", "effective_cpus", "2-3"));
	CT_UNTIL(ct_cpus_of(child.pid) == 1 << 2);
	CT_EQ(0, ct_cpu_online(1, true));
	CT_EQ(0, ct_group_move(tree, ".", child.pid));
	EXPECT_EQ(1 << 2 | 1 << 0, ct_cpus_of(child.pid));
	EXPECT_EQ(0, ct_finish(&child));
}

/* A processor that was not there when the task left is its own again. */
TEST_F(machine, came_later)
{
	struct ct_child child = ct_spawn(CT_PLAIN, ct_idle, NULL);

	set("a", "cpus", "0-1");
	CT_EQ(0, ct_group_move(tree, "a", child.pid));
	CT_EQ(0, ct_cpu_online(3, false));
	CT_EQ(0, ct_group_move(tree, ".", child.pid));
	EXPECT_EQ(7, ct_cpus_of(child.pid));
	CT_EQ(0, ct_cpu_online(3, true));
	EXPECT_EQ(15, ct_cpus_of(child.pid));
	EXPECT_EQ(0, ct_finish(&child));
}

/* The thread that polls a ring may ask for a processor. */
static void poll_ring(int fd, void *arg)
{
	struct io_uring_params params = {
		.flags = IORING_SETUP_SQPOLL | IORING_SETUP_SQ_AFF,
		.sq_thread_cpu = 3, .sq_thread_idle = 60000,
	};
	int ring = syscall(SYS_io_uring_setup, 4, &params);

	ct_send(fd, ring >= 0 ? 0 : -errno);
	ct_wait_hangup(fd);
}

TEST_F(machine, ring)
{
	struct ct_child child;
	char path[64];
	pid_t tid;
	long err;
	FILE *list;

	set("a", "cpus", "0-1");
	CT_EQ(0, ct_group_move(tree, "a", getpid()));
	child = ct_spawn(CT_PLAIN, poll_ring, NULL);
	CT_EQ(0, ct_group_move(tree, ".", getpid()));
	err = ct_recv(child.fd);
	if (!err) {
		snprintf(path, sizeof(path), "ls /proc/%d/task", child.pid);
		list = popen(path, "re");
		CT_CHECK(list);
		while (fscanf(list, "%d", &tid) == 1)
			EXPECT_EQ(3, ct_cpus_of(tid) | 3);
		pclose(list);
	} else {
		/* Newer kernels look first whether it may. */
		EXPECT_EQ(-EINVAL, err);
	}
	EXPECT_EQ(0, ct_finish(&child));
}

/* -- memory ------------------------------------------------------------------------ */

static long policy(int mode, unsigned long nodes)
{
	return syscall(SYS_set_mempolicy, mode, &nodes, 64) ? -errno : 0;
}

static unsigned long allowed_nodes(void)
{
	unsigned long nodes[1024 / sizeof(long)] = {};

	CT_EQ(0, syscall(SYS_get_mempolicy, NULL, nodes, sizeof(nodes) * 8, NULL,
			 MPOL_F_MEMS_ALLOWED));
	return nodes[0];
}

/* On which nodes are they? A bit each. */
static unsigned long nodes_of(char *pages)
{
	unsigned long nodes = 0;
	void *page[PAGES];
	int status[PAGES], i;

	for (i = 0; i < PAGES; i++)
		page[i] = pages + i * 4096;
	CT_EQ(0, syscall(SYS_move_pages, 0, PAGES, page, NULL, status, 0));
	for (i = 0; i < PAGES; i++) {
		CT_CHECK(status[i] >= 0);
		nodes |= 1UL << status[i];
	}
	return nodes;
}

static char *some_pages(void)
{
	char *pages = mmap(NULL, PAGES * 4096, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	CT_CHECK(pages != MAP_FAILED);
	return pages;
}

static unsigned long fresh_nodes(void)
{
	char *pages = some_pages();
	unsigned long nodes;

	memset(pages, 1, PAGES * 4096);
	nodes = nodes_of(pages);
	munmap(pages, PAGES * 4096);
	return nodes;
}

static void everywhere(int node)
{
	int cpu;

	for (cpu = 0; cpu < 4; cpu++) {
		CT_EQ(0, ct_cpus_ask(0, 1 << cpu));
		CT_EQ(1 << node, fresh_nodes());
	}
	CT_EQ(0, ct_cpus_ask(0, 15));
}

static void asks_for_memory(int fd, void *arg)
{
	unsigned long zero = 1, one = 2, both = 3, got = 0;
	void *pages;
	int node = 0, status;

	/* In the root. */
	CT_EQ(3, allowed_nodes());
	CT_EQ(0, policy(MPOL_BIND, zero));
	CT_EQ(zero, fresh_nodes());
	CT_EQ(0, policy(MPOL_DEFAULT, 0));

	CT_EQ(0, ct_group_set(tree, "a", "mems", "1"));
	CT_EQ(0, ct_group_move(tree, "a", getpid()));
	CT_EQ(one, allowed_nodes());
	everywhere(1);

	CT_EQ(-EINVAL, policy(MPOL_BIND, zero));
	CT_EQ(-EINVAL, policy(MPOL_INTERLEAVE, zero));
	CT_EQ(0, policy(MPOL_BIND, both));
	CT_EQ(0, syscall(SYS_get_mempolicy, NULL, &got, 64, NULL, 0) ?
	      errno == EINVAL ? 0 : errno : 0);
	CT_EQ(one, fresh_nodes());
	CT_EQ(0, policy(MPOL_DEFAULT, 0));

	pages = some_pages();
	CT_ERRNO(EINVAL, syscall(SYS_mbind, pages, PAGES * 4096, MPOL_BIND, &zero,
				 64, 0));
	CT_EQ(0, syscall(SYS_mbind, pages, PAGES * 4096, MPOL_BIND, &both, 64, 0));
	memset(pages, 1, PAGES * 4096);
	CT_EQ(one, nodes_of(pages));
	CT_ERRNO(EACCES, syscall(SYS_move_pages, 0, 1, &pages, &node, &status, 0));
	CT_ERRNO(EINVAL, syscall(SYS_migrate_pages, 0, 64, &one, &zero));
	CT_EQ(one, nodes_of(pages));

	/* The set changes: what is there stays, what comes is of the new one. */
	CT_EQ(0, ct_group_set(tree, "a", "mems", "0"));
	CT_EQ(zero, allowed_nodes());
	everywhere(0);
	CT_EQ(one, nodes_of(pages));
	/* Some of a process stay: those that others have, too. */
	CT_CHECK(syscall(SYS_migrate_pages, 0, 64, &one, &zero) >= 0);
	CT_EQ(zero, nodes_of(pages));

	/* What was asked for, and kept. */
	CT_EQ(0, ct_group_set(tree, "a", "mems", "0-1"));
	CT_EQ(0, policy(MPOL_BIND | MPOL_F_STATIC_NODES, one));
	CT_EQ(one, fresh_nodes());
	CT_EQ(0, ct_group_set(tree, "a", "mems", "0"));
	CT_EQ(zero, fresh_nodes());
	CT_EQ(0, ct_group_set(tree, "a", "mems", ""));
	CT_EQ(one, fresh_nodes());
	CT_EQ(0, policy(MPOL_DEFAULT, 0));

	CT_EQ(0, ct_group_set(tree, "a", "mems", "0"));
	CT_EQ(0, ct_group_move(tree, ".", getpid()));
	CT_EQ(both, allowed_nodes());
	CT_EQ(0, policy(MPOL_BIND, one));
	CT_EQ(one, fresh_nodes());
}

TEST_F(machine, memory)
{
	struct ct_child child = ct_spawn(CT_PLAIN, asks_for_memory, NULL);

	EXPECT_EQ(0, ct_finish(&child));
}

/* Of one's parent, also where that has only just been changed. */
TEST_F(machine, inherited)
{
	struct ct_child child;

	set("a", "mems", "1");
	CT_EQ(0, ct_group_move(tree, "a", getpid()));
	child = ct_spawn(CT_PLAIN, ct_idle, NULL);
	EXPECT_STREQ("1", ct_status_text(child.pid, "Mems_allowed_list"));
	set("a", "mems", "0");
	EXPECT_STREQ("0", ct_status_text(child.pid, "Mems_allowed_list"));
	CT_EQ(0, ct_group_move(tree, ".", getpid()));
	EXPECT_STREQ("0-1", ct_status_text(getpid(), "Mems_allowed_list"));
	EXPECT_EQ(0, ct_finish(&child));
}

#define CGROUP	"/sys/fs/cgroup"
#define OWN	CGROUP "/ct-cpuset"

TEST_F(machine, cgroup)
{
	struct ct_child child = ct_spawn(CT_PLAIN, ct_idle, NULL);
	char pid[16];

	sprintf(pid, "%d", child.pid);
	CT_EQ(0, ct_write_file(CGROUP "/cgroup.subtree_control", "+cpuset"));
	CT_CHECK(!mkdir(OWN, 0755) || errno == EEXIST);
	CT_EQ(0, ct_write_file(OWN "/cpuset.cpus", "1-2"));
	CT_EQ(0, ct_write_file(OWN "/cpuset.mems", "0-1"));
	set("a", "cpus", "2-3");
	set("a", "mems", "1");
	CT_EQ(0, ct_group_move(tree, "a", child.pid));
	CT_EQ(0, ct_write_file(OWN "/cgroup.procs", pid));
	EXPECT_EQ(1 << 2, ct_cpus_of(child.pid));
	EXPECT_STREQ("1", ct_status_text(child.pid, "Mems_allowed_list"));
	CT_EQ(0, ct_write_file(OWN "/cpuset.cpus", "0-3"));
	EXPECT_EQ(3 << 2, ct_cpus_of(child.pid));
	CT_EQ(0, ct_write_file(OWN "/cpuset.mems", "0"));
	EXPECT_STREQ("0", ct_status_text(child.pid, "Mems_allowed_list"));
	CT_EQ(0, ct_write_file(OWN "/cpuset.mems", "0-1"));
	EXPECT_STREQ("1", ct_status_text(child.pid, "Mems_allowed_list"));
	CT_EQ(0, ct_write_file(OWN "/cpuset.cpus", "0,3"));
	/* The kernel, too, writes into all when a processor comes or goes. */
	CT_EQ(0, ct_cpu_online(1, false));
	CT_EQ(0, ct_cpu_online(1, true));
	CT_UNTIL(effective(".", "effective_cpus", "0-3"));
	EXPECT_EQ(1 << 3, ct_cpus_of(child.pid));
	CT_EQ(0, ct_group_move(tree, ".", child.pid));
	EXPECT_EQ(1 << 3 | 1 << 0, ct_cpus_of(child.pid));
	EXPECT_STREQ("0-1", ct_status_text(child.pid, "Mems_allowed_list"));
	EXPECT_EQ(0, ct_finish(&child));
	CT_UNTIL(!rmdir(OWN) || errno == ENOENT);
	ct_write_file(CGROUP "/cgroup.subtree_control", "-cpuset");
}

/* -- everything at once ---------------------------------------------------------------- */

static void busy(int fd, void *arg)
{
	bool *stop = arg;
	unsigned int seed = getpid();
	pid_t pid;

	while (!__atomic_load_n(stop, __ATOMIC_SEQ_CST)) {
		/* What it wants may not be there. */
		ct_cpus_ask(0, 1 + rand_r(&seed) % 15);
		pid = fork();
		CT_CHECK(pid >= 0);
		if (!pid) {
			ct_cpus_ask(0, 1 + rand_r(&seed) % 15);
			_exit(0);
		}
		CT_EQ(0, ct_reap(pid));
	}
	CT_CHECK(ct_cpus_ask(0, 15) != -EINVAL);
	ct_send(fd, 0);
	ct_wait_hangup(fd);
}

TEST_F(machine, stress)
{
	static const char * const list[] = { "", "0", "1", "0-1", "2-3", "0,2", "3" };
	static const char * const group[] = { ".", "a", "a/b", "a/b/c", "d" };
	struct ct_child child[3];
	unsigned int seed = 1;
	bool *stop;
	int i, k;

	stop = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
		    -1, 0);
	ASSERT_NE(MAP_FAILED, (void *)stop);
	for (i = 0; i < 3; i++)
		child[i] = ct_spawn(CT_PLAIN, busy, stop);
	for (k = 0; k < 150; k++) {
		i = rand_r(&seed);
		if (k % 30 == 9)
			CT_EQ(0, ct_cpu_online(2 + k / 30 % 2, false));
		else if (k % 30 == 19)
			CT_EQ(0, ct_cpu_online(2 + k / 30 % 2, true));
		else if (i % 3 == 0)
			set(group[1 + rand_r(&seed) % 4], "cpus",
			    list[rand_r(&seed) % 7]);
		else if (i % 3 == 1)
			set(group[1 + rand_r(&seed) % 4], "mems",
			    list[rand_r(&seed) % 4]);
		else
			CT_EQ(0, ct_group_move(tree, group[rand_r(&seed) % 5],
					       child[rand_r(&seed) % 3].pid));
	}
	/* Wherever all of that has led to, it is still right. */
	set("a", "cpus", "1,3");
	set("a/b", "cpus", "");
	set("a/b", "mems", "1");
	set("a", "mems", "");
	for (i = 0; i < 3; i++)
		CT_EQ(0, ct_group_move(tree, "a/b", child[i].pid));
	__atomic_store_n(stop, true, __ATOMIC_SEQ_CST);
	for (i = 0; i < 3; i++) {
		ct_recv(child[i].fd);
		EXPECT_EQ(1 << 3 | 1 << 1, ct_cpus_of(child[i].pid));
		EXPECT_STREQ("1", ct_status_text(child[i].pid, "Mems_allowed_list"));
		CT_EQ(0, ct_group_move(tree, ".", child[i].pid));
		EXPECT_EQ(15, ct_cpus_of(child[i].pid));
		EXPECT_STREQ("0-1",
			     ct_status_text(child[i].pid, "Mems_allowed_list"));
		EXPECT_EQ(0, ct_finish(&child[i]));
	}
}

TEST_HARNESS_MAIN
