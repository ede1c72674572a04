// SPDX-License-Identifier: GPL-2.0
/* modes: host */
/* kernels: all */
/*
 * The controller cpuset on a machine with two processors: files, what is in force,
 * and that tasks keep to it whatever they, their cgroup and the machine do.
 * cpuset_machine.c has what needs a larger one.
 */
#include "ct-cpus.h"
#include "ct-tree.h"

#include <sys/mman.h>

#include "kselftest_harness.h"

FIXTURE(cpuset)
{
	struct ct_tree tree;
	struct shared *shared;
};

struct shared {
	struct ct_runner runner[2];
	/* What children have to have, in a/b and in d; 0: it is just being changed. */
	unsigned long want[2];
	unsigned long changes;
	unsigned long wrong;
	unsigned long checked[4];
	bool stop;
};

static struct ct_tree *tree;

FIXTURE_SETUP(cpuset)
{
	CT_NEED_MODULE();
	self->shared = mmap(NULL, sizeof(*self->shared), PROT_READ | PROT_WRITE,
			    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, (void *)self->shared);
	if (ct_cpus_of(0) != 3)
		SKIP(return, "this is for two processors");
	CT_EQ(0, ct_tree_mount(&self->tree, "container", "cpuset"));
	tree = &self->tree;
	ct_group_make(tree, "a");
	ct_group_make(tree, "a/b");
	ct_group_make(tree, "a/b/c");
	ct_group_make(tree, "d");
}

FIXTURE_TEARDOWN(cpuset)
{
	ct_cpu_online(1, true);
	ct_tree_umount(&self->tree);
}

static void set(const char *group, const char *file, const char *text)
{
	int err = ct_group_set(tree, group, file, text);

	if (err)
		CT_FAIL("\"%s\" to %s of %s: %s", text, file, group, strerror(-err));
}

static void effective(const char *group, const char *cpus)
{
	CT_STREQ(cpus, ct_group_text(tree, group, "effective_cpus"));
}

static struct ct_child idle_in(const char *group)
{
	struct ct_child child = ct_spawn(CT_PLAIN, ct_idle, NULL);

	CT_EQ(0, ct_group_move(tree, group, child.pid));
	return child;
}

TEST_F(cpuset, formats)
{
	static const struct {
		const char *text, *shown;
		int err;
	} row[] = {
		{ "0", "0\n", 0 },
		{ "0-1", "0-1\n", 0 },
		{ "  1\n", "1\n", 0 },
		{ "1,0", "0-1\n", 0 },
		{ "0 1", "0-1\n", 0 },
		{ "0-1:1/2", "0\n", 0 },
		{ "", "\n", 0 },
		{ "1\n", "1\n", 0 },
		{ "\n", "\n", 0 },
		{ "1", "1\n", 0 },
		/* The last one that was right stays. */
		{ "x", "1\n", EINVAL },
		{ "1-0", "1\n", EINVAL },
		{ "-1", "1\n", EINVAL },
		{ "0x1", "1\n", EINVAL },
		{ "0-", "1\n", EINVAL },
		{ "99999", "1\n", ERANGE },
		{ "0-99999", "1\n", ERANGE },
	};
	unsigned int i;
	int err;

	for (i = 0; i < sizeof(row) / sizeof(*row); i++) {
		err = ct_group_set(tree, "a", "cpus", row[i].text);
		EXPECT_EQ(-row[i].err, err) TH_LOG("row %u", i);
		EXPECT_STREQ(row[i].shown, ct_group_text(tree, "a", "cpus"))
			TH_LOG("row %u", i);
	}
	/* One that may be thought of, but is not there. */
	err = ct_group_set(tree, "a", "cpus", "7");
	EXPECT_TRUE(err == -EINVAL || err == -ERANGE);

	set("a", "mems", "0");
	EXPECT_STREQ("0\n", ct_group_text(tree, "a", "mems"));
	EXPECT_EQ(-EINVAL, ct_group_set(tree, "a", "mems", "zero"));
	EXPECT_EQ(-ERANGE, ct_group_set(tree, "a", "mems", "99999"));
	set("a", "mems", "");
	EXPECT_STREQ("0\n", ct_group_text(tree, "a", "effective_mems"));

	EXPECT_EQ(-EINVAL, ct_group_set(tree, "a", "cpu_exclusive", "2"));
	EXPECT_EQ(-EINVAL, ct_group_set(tree, "a", "cpu_exclusive", ""));
}

TEST_F(cpuset, root)
{
	EXPECT_STREQ("0-1\n", ct_group_text(tree, ".", "cpus"));
	EXPECT_STREQ("0-1\n", ct_group_text(tree, ".", "effective_cpus"));
	EXPECT_STREQ("0\n", ct_group_text(tree, ".", "mems"));
	EXPECT_EQ(1, ct_group_number(tree, ".", "cpu_exclusive"));
	EXPECT_EQ(1, ct_group_number(tree, ".", "mem_exclusive"));
	EXPECT_EQ(-EACCES, ct_group_set(tree, ".", "cpus", "0"));
	EXPECT_EQ(-EACCES, ct_group_set(tree, ".", "mems", "0"));
	EXPECT_EQ(-EACCES, ct_group_set(tree, ".", "cpu_exclusive", "0"));
	EXPECT_EQ(-EACCES, ct_group_set(tree, ".", "mem_exclusive", "1"));
}

TEST_F(cpuset, levels)
{
	effective("a/b/c", "0-1\n");
	set("a/b", "cpus", "1");
	effective("a", "0-1\n");
	effective("a/b", "1\n");
	effective("a/b/c", "1\n");
	/* It need not be within that above. */
	set("a/b/c", "cpus", "0");
	effective("a/b/c", "1\n");
	set("a/b", "cpus", "0-1");
	effective("a/b/c", "0\n");
	set("a", "cpus", "1");
	effective("a/b", "1\n");
	effective("a/b/c", "1\n");
	set("a", "cpus", "");
	effective("a/b", "0-1\n");
	effective("a/b/c", "0\n");
}

TEST_F(cpuset, exclusive)
{
	set("a", "cpus", "0");
	set("d", "cpus", "0-1");
	EXPECT_EQ(-EACCES, ct_group_set(tree, "a/b", "cpu_exclusive", "1"));
	EXPECT_EQ(-EINVAL, ct_group_set(tree, "a", "cpu_exclusive", "1"));
	EXPECT_EQ(0, ct_group_number(tree, "a", "cpu_exclusive"));
	set("d", "cpus", "1");
	set("a", "cpu_exclusive", "1");
	EXPECT_EQ(1, ct_group_number(tree, "a", "cpu_exclusive"));
	EXPECT_EQ(-EINVAL, ct_group_set(tree, "d", "cpus", "0-1"));
	EXPECT_STREQ("1\n", ct_group_text(tree, "d", "cpus"));
	EXPECT_EQ(-EINVAL, ct_group_set(tree, "a", "cpus", "0-1"));
	/* What is not written is not compared, nor is what is below. */
	set("d", "cpus", "");
	effective("d", "0-1\n");
	set("a/b", "cpus", "0-1");
	set("a/b", "cpu_exclusive", "1");
	EXPECT_EQ(-EBUSY, ct_group_set(tree, "a", "cpu_exclusive", "0"));
	set("a/b", "cpu_exclusive", "0");
	set("a", "cpu_exclusive", "0");
	set("d", "cpus", "0-1");

	set("a", "mems", "0");
	set("a", "mem_exclusive", "1");
	EXPECT_EQ(-EINVAL, ct_group_set(tree, "d", "mems", "0"));
	set("a", "mem_exclusive", "0");
	set("d", "mems", "0");
	EXPECT_EQ(-EINVAL, ct_group_set(tree, "a", "mem_exclusive", "1"));
}

/* When the write has returned they are where they have to be. */
TEST_F(cpuset, running)
{
	struct ct_runner *runner = self->shared->runner;
	struct ct_child child[2];
	unsigned long rounds;
	int i, k, cpu;

	for (i = 0; i < 2; i++) {
		child[i] = ct_spawn(CT_PLAIN, ct_run_on, &runner[i]);
		CT_EQ(0, ct_group_move(tree, i ? "a/b" : "a", child[i].pid));
	}
	for (k = 0; k < 6; k++) {
		cpu = k & 1;
		set("a", "cpus", cpu ? "1" : "0");
		for (i = 0; i < 2; i++) {
			/* What it had found out before may still be noted down. */
			rounds = runner[i].rounds;
			CT_UNTIL(runner[i].rounds > rounds + 1);
			__atomic_store_n(&runner[i].seen, 0, __ATOMIC_SEQ_CST);
			rounds = runner[i].rounds;
			CT_UNTIL(runner[i].rounds > rounds + 100);
			EXPECT_EQ(1UL << cpu, runner[i].seen);
			EXPECT_EQ(1UL << cpu, ct_cpus_of(child[i].pid));
		}
	}
	for (i = 0; i < 2; i++) {
		kill(child[i].pid, SIGKILL);
		EXPECT_EQ(128 + SIGKILL, ct_finish(&child[i]));
	}
}

TEST_F(cpuset, asked_for)
{
	struct ct_child child = idle_in("a");

	/* Nobody has asked for anything: all, again and again. */
	set("a", "cpus", "0");
	EXPECT_EQ(1, ct_cpus_of(child.pid));
	set("a", "cpus", "1");
	EXPECT_EQ(2, ct_cpus_of(child.pid));
	EXPECT_STREQ("1", ct_status_text(child.pid, "Cpus_allowed_list"));
	set("a", "cpus", "");
	EXPECT_EQ(3, ct_cpus_of(child.pid));

	/* In the set, in part, outside. */
	set("a", "cpus", "0");
	EXPECT_EQ(0, ct_cpus_ask(child.pid, 1));
	EXPECT_EQ(0, ct_cpus_ask(child.pid, 3));
	EXPECT_EQ(1, ct_cpus_of(child.pid));
	EXPECT_EQ(-EINVAL, ct_cpus_ask(child.pid, 2));
	EXPECT_EQ(1, ct_cpus_of(child.pid));
	/* That was remembered. */
	set("a", "cpus", "0-1");
	EXPECT_EQ(3, ct_cpus_of(child.pid));
	EXPECT_EQ(0, ct_cpus_ask(child.pid, 2));
	set("a", "cpus", "0");
	EXPECT_EQ(1, ct_cpus_of(child.pid));
	set("a", "cpus", "0-1");
	EXPECT_EQ(2, ct_cpus_of(child.pid));
	set("a", "cpus", "0");
	CT_EQ(0, ct_group_move(tree, "d", child.pid));
	EXPECT_EQ(2, ct_cpus_of(child.pid));
	CT_EQ(0, ct_group_move(tree, "a/b", child.pid));
	EXPECT_EQ(1, ct_cpus_of(child.pid));
	CT_EQ(0, ct_group_move(tree, ".", child.pid));
	EXPECT_EQ(2, ct_cpus_of(child.pid));
	EXPECT_EQ(0, ct_cpus_ask(child.pid, 3));
	EXPECT_EQ(3, ct_cpus_of(child.pid));
	EXPECT_EQ(0, ct_finish(&child));
}

/* What it had before it came. */
TEST_F(cpuset, restored)
{
	struct ct_child child = ct_spawn(CT_PLAIN, ct_idle, NULL);
	char before[64];
	int i;

	set("a", "cpus", "0");
	strcpy(before, ct_status_text(child.pid, "Cpus_allowed"));
	for (i = 0; i < 2; i++) {
		CT_EQ(0, ct_group_move(tree, "a", child.pid));
		EXPECT_EQ(1, ct_cpus_of(child.pid));
		CT_EQ(0, ct_group_move(tree, ".", child.pid));
		EXPECT_STREQ(before, ct_status_text(child.pid, "Cpus_allowed"));
	}
	EXPECT_EQ(0, ct_cpus_ask(child.pid, 2));
	for (i = 0; i < 2; i++) {
		CT_EQ(0, ct_group_move(tree, "a", child.pid));
		EXPECT_EQ(1, ct_cpus_of(child.pid));
		CT_EQ(0, ct_group_move(tree, ".", child.pid));
		EXPECT_EQ(2, ct_cpus_of(child.pid));
	}
	EXPECT_EQ(0, ct_finish(&child));
}

static void parent_of_one(int fd, void *arg)
{
	struct ct_child child;

	CT_EQ(0, ct_cpus_ask(0, 3));
	child = ct_spawn(CT_PLAIN, ct_idle, NULL);
	ct_send(fd, child.pid);
	ct_wait_hangup(fd);
	CT_EQ(0, ct_finish(&child));
}

/* Children have the set, and what their parent has asked for. */
TEST_F(cpuset, children)
{
	struct ct_child parent;
	pid_t child;

	set("a", "cpus", "0");
	CT_EQ(0, ct_group_move(tree, "a", getpid()));
	parent = ct_spawn(CT_PLAIN, parent_of_one, NULL);
	child = ct_recv(parent.fd);
	EXPECT_EQ(1, ct_cpus_of(child));
	set("a", "cpus", "1");
	EXPECT_EQ(2, ct_cpus_of(child));
	set("a", "cpus", "");
	EXPECT_EQ(3, ct_cpus_of(child));
	CT_EQ(0, ct_group_move(tree, ".", getpid()));
	EXPECT_EQ(3, ct_cpus_of(0));
	EXPECT_EQ(0, ct_finish(&parent));
}

static void two_threads(int fd, void *arg)
{
	struct ct_thread thread;

	ct_thread_start(&thread);
	ct_send(fd, thread.tid);
	ct_wait_hangup(fd);
	ct_thread_end(&thread);
}

/* Threads one by one, also of one process in two groups. */
TEST_F(cpuset, threads)
{
	struct ct_child child = ct_spawn(CT_PLAIN, two_threads, NULL);
	pid_t tid = ct_recv(child.fd);

	set("a", "cpus", "0");
	set("d", "cpus", "1");
	CT_EQ(0, ct_group_set_number(tree, "a", "/tasks", tid));
	EXPECT_EQ(1, ct_cpus_of(tid));
	EXPECT_EQ(3, ct_cpus_of(child.pid));
	CT_EQ(0, ct_group_set_number(tree, "d", "/tasks", child.pid));
	EXPECT_EQ(1, ct_cpus_of(tid));
	EXPECT_EQ(2, ct_cpus_of(child.pid));
	CT_EQ(0, ct_group_move(tree, ".", child.pid));
	EXPECT_EQ(3, ct_cpus_of(tid));
	EXPECT_EQ(3, ct_cpus_of(child.pid));
	EXPECT_EQ(0, ct_finish(&child));
}

/* The last processor of a group goes, and comes back. */
TEST_F(cpuset, offline)
{
	struct ct_child child = idle_in("a/b");
	struct ct_child running = ct_spawn(CT_PLAIN, ct_run_on,
					   &self->shared->runner[0]);

	if (ct_cpu_online(1, false))
		SKIP(goto out, "processors stay");
	CT_EQ(0, ct_cpu_online(1, true));
	CT_EQ(0, ct_group_move(tree, "a/b", running.pid));
	set("a/b", "cpus", "1");
	EXPECT_EQ(0, ct_cpus_ask(child.pid, 2));
	CT_EQ(0, ct_cpu_online(1, false));
	CT_UNTIL(!strcmp(ct_group_text(tree, "a/b", "effective_cpus"), "0\n"));
	CT_UNTIL(ct_cpus_of(child.pid) == 1 && ct_cpus_of(running.pid) == 1);
	EXPECT_STREQ("1\n", ct_group_text(tree, "a/b", "cpus"));
	EXPECT_STREQ("0\n", ct_group_text(tree, ".", "cpus"));
	EXPECT_EQ(-EINVAL, ct_cpus_ask(running.pid, 2));
	CT_EQ(0, ct_cpu_online(1, true));
	CT_UNTIL(!strcmp(ct_group_text(tree, "a/b", "effective_cpus"), "1\n"));
	CT_UNTIL(ct_cpus_of(child.pid) == 2 && ct_cpus_of(running.pid) == 2);
	/* What it has asked for has survived. */
	set("a/b", "cpus", "");
	EXPECT_EQ(2, ct_cpus_of(child.pid));
	CT_EQ(0, ct_group_move(tree, ".", child.pid));
	EXPECT_EQ(2, ct_cpus_of(child.pid));
out:
	kill(running.pid, SIGKILL);
	EXPECT_EQ(128 + SIGKILL, ct_finish(&running));
	EXPECT_EQ(0, ct_finish(&child));
}

#define CGROUP	"/sys/fs/cgroup"
#define OWN	CGROUP "/ct-cpuset"

/* Both limits hold; the cgroup's is the outer one. */
TEST_F(cpuset, cgroup)
{
	struct ct_child child = idle_in("a");
	char pid[16];

	sprintf(pid, "%d", child.pid);
	if (ct_write_file(CGROUP "/cgroup.subtree_control", "+cpuset") ||
	    (mkdir(OWN, 0755) && errno != EEXIST))
		SKIP(goto out, "no cgroup with cpuset");
	CT_EQ(0, ct_write_file(OWN "/cpuset.cpus", "0-1"));
	set("a", "cpus", "0");
	CT_EQ(0, ct_write_file(OWN "/cgroup.procs", pid));
	EXPECT_EQ(1, ct_cpus_of(child.pid));
	/* It has changed, and is written into the task. */
	CT_EQ(0, ct_write_file(OWN "/cpuset.cpus", "0"));
	EXPECT_EQ(1, ct_cpus_of(child.pid));
	CT_EQ(0, ct_write_file(OWN "/cpuset.cpus", "0-1"));
	EXPECT_EQ(1, ct_cpus_of(child.pid));
	CT_EQ(0, ct_write_file(OWN "/cpuset.cpus", "1"));
	/* Nothing in common: the group above, which is our root, has it. */
	EXPECT_EQ(2, ct_cpus_of(child.pid));
	set("a", "cpus", "0-1");
	EXPECT_EQ(2, ct_cpus_of(child.pid));
	EXPECT_EQ(-EINVAL, ct_cpus_ask(child.pid, 1));
	CT_EQ(0, ct_write_file(OWN "/cpuset.cpus", "0-1"));
	EXPECT_EQ(3, ct_cpus_of(child.pid));
	CT_EQ(0, ct_write_file(OWN "/cpuset.cpus", "1"));
	CT_EQ(0, ct_group_move(tree, ".", child.pid));
	EXPECT_EQ(2, ct_cpus_of(child.pid));
	CT_EQ(0, ct_group_move(tree, "a", child.pid));
	set("a", "cpus", "0");
	CT_EQ(0, ct_write_file(CGROUP "/cgroup.procs", pid));
	EXPECT_EQ(1, ct_cpus_of(child.pid));
out:
	EXPECT_EQ(0, ct_finish(&child));
	CT_UNTIL(!rmdir(OWN) || errno == ENOENT);
	ct_write_file(CGROUP "/cgroup.subtree_control", "-cpuset");
}

struct attr {
	uint32_t size, policy;
	uint64_t flags;
	int32_t nice;
	uint32_t priority;
	uint64_t runtime, deadline, period;
};

static int get_deadline(pid_t pid)
{
	struct attr attr = {
		.size = sizeof(attr), .policy = 6,
		.runtime = 1000000, .deadline = 100000000, .period = 100000000,
	};

	return syscall(SYS_sched_setattr, pid, &attr, 0) ? -errno : 0;
}

TEST_F(cpuset, deadline)
{
	struct ct_child child = ct_spawn(CT_PLAIN, ct_idle, NULL);

	set("a", "cpus", "0");
	CT_EQ(0, get_deadline(child.pid));
	EXPECT_EQ(-EBUSY, ct_group_move(tree, "a", child.pid));
	EXPECT_EQ(0, ct_group_move(tree, "d", child.pid));
	EXPECT_EQ(-EBUSY, ct_group_set(tree, "d", "cpus", "1"));
	EXPECT_STREQ("\n", ct_group_text(tree, "d", "cpus"));
	effective("d", "0-1\n");
	EXPECT_EQ(3, ct_cpus_of(child.pid));
	EXPECT_EQ(0, ct_group_set(tree, "d", "cpus", "0-1"));
	EXPECT_EQ(0, ct_finish(&child));

	child = idle_in("a");
	EXPECT_EQ(-EPERM, get_deadline(child.pid));
	EXPECT_EQ(0, ct_finish(&child));
}

TEST_F(cpuset, groups_with_tasks)
{
	struct ct_child child = idle_in("a/b/c");
	char from[CT_GROUP_PATH];

	set("a/b/c", "cpus", "1");
	EXPECT_EQ(2, ct_cpus_of(child.pid));
	strcpy(from, ct_group_path(tree, "a/b", NULL));
	EXPECT_EQ(0, rename(from, ct_group_path(tree, "a/x", NULL)));
	EXPECT_STREQ("1\n", ct_group_text(tree, "a/x/c", "cpus"));
	set("a/x/c", "cpus", "0");
	EXPECT_EQ(1, ct_cpus_of(child.pid));
	EXPECT_EQ(-1, rmdir(ct_group_path(tree, "a/x/c", NULL)));
	EXPECT_EQ(EBUSY, errno);
	/* It stays in force while nobody has it mounted. */
	CT_EQ(0, umount(tree->dir));
	EXPECT_EQ(-EINVAL, ct_cpus_ask(child.pid, 2));
	EXPECT_EQ(1, ct_cpus_of(child.pid));
	CT_EQ(0, mount("none", tree->dir, "container", 0, "cpuset"));
	EXPECT_STREQ("0\n", ct_group_text(tree, "a/x/c", "cpus"));
	EXPECT_EQ(0, ct_finish(&child));
}

/*
 * In a/b, in d, or -1: still in the root. One that was there when its parent was
 * moved has stayed where it was.
 */
static int which(void)
{
	char text[1024];

	CT_CHECK(ct_read_file("/proc/self/container", text, sizeof(text)) > 0);
	if (strstr(text, "cpuset:/a/b\n"))
		return 0;
	return strstr(text, "cpuset:/d\n") ? 1 : -1;
}

/* Has this child, which is in group @at, what it has to have? */
static void look(struct shared *shared, int at)
{
	unsigned long changes = __atomic_load_n(&shared->changes, __ATOMIC_SEQ_CST);
	unsigned long want = __atomic_load_n(&shared->want[at], __ATOMIC_SEQ_CST);
	unsigned long has = ct_cpus_of(0);

	if (!want || changes != __atomic_load_n(&shared->changes, __ATOMIC_SEQ_CST))
		return;
	if (has != want) {
		printf("# %lx in %s, not %lx, after change %lu\n", has,
		       at ? "d" : "a/b", want, changes);
		fflush(stdout);
		__atomic_fetch_add(&shared->wrong, 1, __ATOMIC_SEQ_CST);
	}
	__atomic_fetch_add(&shared->checked[want], 1, __ATOMIC_SEQ_CST);
}

/* Forks for as long as it may. */
static void forker(int fd, void *arg)
{
	struct shared *shared = arg;
	pid_t pid;
	int at;

	while (!__atomic_load_n(&shared->stop, __ATOMIC_SEQ_CST)) {
		pid = fork();
		CT_CHECK(pid >= 0);
		if (pid) {
			CT_EQ(0, ct_reap(pid));
			continue;
		}
		at = which();
		if (at >= 0)
			look(shared, at);
		_exit(0);
	}
}

/* The set changes, and processes move, while they fork: no child has what was before. */
TEST_F(cpuset, forks)
{
	static const char * const cpus[] = { "", "0", "1", "0-1" };
	struct shared *shared = self->shared;
	struct ct_child child[2];
	unsigned long seen, mask[2] = { 3, 3 };
	int i, k;

	for (i = 0; i < 2; i++) {
		child[i] = ct_spawn(CT_PLAIN, forker, shared);
		CT_EQ(0, ct_group_move(tree, "a/b", child[i].pid));
	}
	for (k = 0; k < 24; k++) {
		int to = 1 + k % 3, in = k >> 2 & 1;

		for (i = 0; i < 2; i++)
			__atomic_store_n(&shared->want[i], 0, __ATOMIC_SEQ_CST);
		__atomic_fetch_add(&shared->changes, 1, __ATOMIC_SEQ_CST);
		if (in) {
			set("d", "cpus", cpus[to]);
			for (i = 0; i < 2; i++)
				CT_EQ(0, ct_group_move(tree, "d", child[i].pid));
		} else {
			set("a", "cpus", cpus[to]);
			for (i = 0; i < 2; i++)
				CT_EQ(0, ct_group_move(tree, "a/b", child[i].pid));
		}
		mask[in] = to;
		for (i = 0; i < 2; i++)
			__atomic_store_n(&shared->want[i], mask[i], __ATOMIC_SEQ_CST);
		seen = shared->checked[to];
		CT_UNTIL(__atomic_load_n(&shared->checked[to], __ATOMIC_SEQ_CST) > seen + 1);
	}
	__atomic_store_n(&shared->stop, true, __ATOMIC_SEQ_CST);
	for (i = 0; i < 2; i++)
		EXPECT_EQ(0, ct_finish(&child[i]));
	EXPECT_EQ(0, shared->wrong);
}

TEST_HARNESS_MAIN
