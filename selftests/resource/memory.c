// SPDX-License-Identifier: GPL-2.0
/* modes: host */
/*
 * The controller memory: what is counted and limited, and that a limit is kept by
 * reclaim, or else by killing those who are in the group, and nobody else.
 *
 * The oracle is the kernel's controller: the same in a control group.
 */
#include "ct-tree.h"
#include "ct-memory.h"

#include <dirent.h>

#include "kselftest_harness.h"

#define MIB		(1LL << 20)
#define LIMIT		(8 * MIB)
/* The kernel charges each processor's stock in advance. */
#define SLACK		(2 * MIB)

FIXTURE(memory) {
	struct ct_tree tree;
	char control[64];	/* control groups, where they are mounted */
};

FIXTURE_SETUP(memory)
{
	CT_NEED_MODULE();
	strcpy(self->control, "/tmp/ct-control-XXXXXX");
	CT_CHECK(mkdtemp(self->control));
	CT_EQ(0, mount("none", self->control, "cgroup2", 0, NULL));
	CT_EQ(0, ct_tree_mount(&self->tree, "container", "memory"));
	ct_group_make(&self->tree, "a");
	ct_group_make(&self->tree, "a/b");
	ct_group_make(&self->tree, "c");
}

/* Nothing is left in the kernel's hierarchy, either. */
FIXTURE_TEARDOWN(memory)
{
	char path[128];

	ct_tree_umount(&self->tree);
	snprintf(path, sizeof(path), "%s/container.memory", self->control);
	CT_EQ(-1, access(path, F_OK));
	CT_EQ(0, umount(self->control));
	CT_EQ(0, rmdir(self->control));
}

/* -- who uses memory ------------------------------------------------------------ */

/* A number of mebibytes more, filled; less than 0: all back. */
static void eater(int fd, void *arg)
{
	long long mib, nr = 0;
	char *area[64];
	size_t size[64];

	while (recv(fd, &mib, sizeof(mib), 0) == sizeof(mib)) {
		if (mib < 0) {
			while (nr) {
				nr--;
				CT_EQ(0, munmap(area[nr], size[nr]));
			}
		} else {
			CT_CHECK(nr < 64);
			size[nr] = mib * MIB;
			area[nr] = anonymous(size[nr], PROT_READ | PROT_WRITE, 0);
			/* Or the kernel's threads come later with larger pages. */
			CT_EQ(0, madvise(area[nr], size[nr], MADV_NOHUGEPAGE));
			memset(area[nr], 1, size[nr]);
			nr++;
		}
		ct_send(fd, 0);
	}
}

static void eat(struct ct_child *child, long long mib)
{
	ct_send(child->fd, mib);
	ct_recv(child->fd);
}

/* The same, given back to whoever needs it: a limit does not kill. */
static void lavish(int fd, void *arg)
{
	int i;

	ct_recv(fd);
	for (i = 0; i < 8; i++) {
		char *p = anonymous(4 * MIB, PROT_READ | PROT_WRITE, 0);

		CT_EQ(0, madvise(p, 4 * MIB, MADV_NOHUGEPAGE));
		memset(p, 1, 4 * MIB);
		CT_EQ(0, madvise(p, 4 * MIB, MADV_FREE));
	}
	ct_send(fd, 0);
	ct_wait_hangup(fd);
}

static long long current(struct ct_tree *t, const char *group)
{
	return ct_group_number(t, group, "current");
}

static struct ct_child eater_in(struct ct_tree *t, const char *group)
{
	struct ct_child child = ct_spawn(CT_PLAIN, eater, NULL);

	CT_EQ(0, ct_group_move(t, group, child.pid));
	return child;
}

/* -- files ----------------------------------------------------------------------- */

TEST_F(memory, files)
{
	static const struct {
		const char *file, *text, *shown;
		int err;
	} row[] = {
		{ "max", "max", "max\n", 0 },
		{ "max", "8M", "8388608\n", 0 },
		{ "max", "8191", "4096\n", 0 },
		{ "max", "x", "4096\n", -EINVAL },
		{ "max", "max", "max\n", 0 },
		{ "high", "1G", "1073741824\n", 0 },
		{ "high", "max", "max\n", 0 },
		{ "low", "4096", "4096\n", 0 },
		{ "min", "4096", "4096\n", 0 },
		{ "swap.max", "0", "0\n", 0 },
	};
	struct ct_tree *t = &self->tree;
	unsigned int i;

	for (i = 0; i < sizeof(row) / sizeof(*row); i++) {
		EXPECT_EQ(row[i].err, ct_group_set(t, "a", row[i].file, row[i].text))
			TH_LOG("row %u", i);
		EXPECT_STREQ(row[i].shown, ct_group_text(t, "a", row[i].file))
			TH_LOG("row %u", i);
	}
	EXPECT_EQ(-EACCES, ct_group_set(t, "a", "current", "0"));
	EXPECT_STREQ("max\n", ct_group_text(t, "a/b", "max"));
	EXPECT_EQ(0, ct_group_number(t, "a/b", "peak"));
	EXPECT_EQ(0, ct_group_word(t, "a/b", "stat", "anon"));
	EXPECT_EQ(0, ct_group_word(t, "a/b", "events", "oom_kill"));
	EXPECT_EQ(-1, access(ct_group_path(t, ".", "max"), F_OK));
	EXPECT_EQ(-1, access(ct_group_path(t, ".", "current"), F_OK));
}

/* -- counting --------------------------------------------------------------------- */

#define EXPECT_ABOUT(bytes, seen) do {					\
	long long seen_ = seen;						\
									\
	EXPECT_LE((bytes) - SLACK, seen_);				\
	EXPECT_GE((bytes) + SLACK, seen_);				\
} while (0)

TEST_F(memory, counts)
{
	struct ct_tree *t = &self->tree;
	struct ct_child child = eater_in(t, "a/b"), other;

	eat(&child, 16);
	EXPECT_ABOUT(16 * MIB, current(t, "a/b"));
	EXPECT_ABOUT(16 * MIB, current(t, "a"));
	EXPECT_ABOUT(16 * MIB, ct_group_word(t, "a/b", "stat", "anon"));
	EXPECT_ABOUT(0, current(t, "c"));
	eat(&child, -1);
	EXPECT_ABOUT(0, current(t, "a/b"));
	EXPECT_ABOUT(16 * MIB, ct_group_number(t, "a/b", "peak"));
	EXPECT_EQ(0, ct_finish(&child));

	/* Who is in no group is not counted. */
	other = ct_spawn(CT_PLAIN, eater, NULL);
	eat(&other, 16);
	EXPECT_ABOUT(0, current(t, "a"));
	/* What one had before stays where it is, and so it does afterwards. */
	EXPECT_EQ(0, ct_group_move(t, "c", other.pid));
	EXPECT_ABOUT(0, current(t, "c"));
	eat(&other, 8);
	EXPECT_ABOUT(8 * MIB, current(t, "c"));
	EXPECT_EQ(0, ct_group_move(t, ".", other.pid));
	eat(&other, 8);
	EXPECT_ABOUT(8 * MIB, current(t, "c"));
	EXPECT_EQ(0, ct_finish(&other));
	EXPECT_ABOUT(0, current(t, "c"));
}

/* A group that is removed gives up what is still charged to it. */
TEST_F(memory, outlived)
{
	struct ct_tree *t = &self->tree;
	struct ct_child child = eater_in(t, "a/b");

	eat(&child, 8);
	EXPECT_EQ(0, ct_group_move(t, "c", child.pid));
	EXPECT_EQ(0, rmdir(ct_group_path(t, "a/b", NULL)));
	EXPECT_ABOUT(8 * MIB, current(t, "a"));
	eat(&child, 8);
	EXPECT_ABOUT(8 * MIB, current(t, "c"));
	EXPECT_EQ(0, ct_finish(&child));
	EXPECT_ABOUT(0, current(t, "a"));
	EXPECT_ABOUT(0, current(t, "c"));
}

/* A file in memory, and pages that others have brought in. */
TEST_F(memory, shared)
{
	struct ct_tree *t = &self->tree;
	char *p = mmap(NULL, 8 * MIB, PROT_READ | PROT_WRITE,
		       MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	pid_t pid;

	CT_CHECK(p != MAP_FAILED);
	pid = fork();
	if (!pid) {
		CT_EQ(0, ct_group_move(t, "a", getpid()));
		memset(p, 1, 4 * MIB);
		_exit(0);
	}
	EXPECT_EQ(0, ct_reap(pid));
	/* Who was first is charged, and it stays after him. */
	memset(p, 2, 8 * MIB);
	EXPECT_ABOUT(4 * MIB, current(t, "a"));
	EXPECT_EQ(0, munmap(p, 8 * MIB));
	EXPECT_ABOUT(0, current(t, "a"));
}

/* -- limits ------------------------------------------------------------------------ */

/* Memory can be had again: nobody is killed, in ours as in the kernel's. */
TEST_F(memory, reclaims)
{
	struct ct_tree *t = &self->tree;
	struct ct_child child = ct_spawn(CT_PLAIN, lavish, NULL);

	EXPECT_EQ(0, ct_group_set_number(t, "a", "max", LIMIT));
	EXPECT_EQ(0, ct_group_move(t, "a/b", child.pid));
	ct_send(child.fd, 0);
	ct_recv(child.fd);
	EXPECT_GE(LIMIT, current(t, "a"));
	EXPECT_LT(0, ct_group_word(t, "a", "events", "max"));
	EXPECT_EQ(0, ct_group_word(t, "a", "events", "oom_kill"));
	/* By hand, and by a lower limit. */
	EXPECT_EQ(0, ct_group_set(t, "a/b", "max", "5M"));
	EXPECT_GE(5 * MIB, current(t, "a/b"));
	EXPECT_EQ(0, ct_group_set(t, "a/b", "reclaim", "2M"));
	EXPECT_GE(4 * MIB, current(t, "a/b"));
	EXPECT_EQ(0, ct_finish(&child));
}

/* Otherwise who has most is killed, of those in the group or below. */
TEST_F(memory, kills)
{
	struct ct_tree *t = &self->tree;
	struct ct_child outside = ct_spawn(CT_PLAIN, eater, NULL);
	struct ct_child beside = eater_in(t, "c");
	struct ct_child small = eater_in(t, "a");
	struct ct_child large = eater_in(t, "a/b");

	EXPECT_EQ(0, ct_group_set_number(t, "a", "max", LIMIT));
	eat(&outside, 24);
	eat(&beside, 24);
	eat(&small, 1);
	ct_send(large.fd, 24);
	EXPECT_EQ(128 + SIGKILL, ct_reap(large.pid));
	close(large.fd);
	EXPECT_EQ(1, ct_group_word(t, "a/b", "events", "oom_kill"));
	EXPECT_EQ(1, ct_group_word(t, "a", "events", "oom_kill"));
	EXPECT_EQ(0, ct_group_word(t, "c", "events", "oom_kill"));
	EXPECT_ABOUT(1 * MIB, current(t, "a"));
	eat(&small, 2);
	eat(&beside, 1);
	eat(&outside, 1);
	EXPECT_EQ(0, ct_finish(&small));
	EXPECT_EQ(0, ct_finish(&beside));
	EXPECT_EQ(0, ct_finish(&outside));
}

/* Its threads, and what it forks, are held to the same. */
static void family(int fd, void *arg)
{
	struct ct_thread thread;
	pid_t pid;

	ct_thread_start(&thread);
	ct_recv(fd);
	pid = fork();
	CT_CHECK(pid >= 0);
	if (!pid) {
		memset(anonymous(24 * MIB, PROT_READ | PROT_WRITE, 0), 1, 24 * MIB);
		_exit(0);
	}
	ct_send(fd, ct_reap(pid));
	ct_wait_hangup(fd);
	ct_thread_end(&thread);
}

TEST_F(memory, forks)
{
	struct ct_tree *t = &self->tree;
	struct ct_child child = ct_spawn(CT_PLAIN, family, NULL);

	EXPECT_EQ(0, ct_group_set_number(t, "a", "max", LIMIT));
	EXPECT_EQ(0, ct_group_move(t, "a/b", child.pid));
	ct_send(child.fd, 0);
	EXPECT_EQ(128 + SIGKILL, ct_recv(child.fd));
	EXPECT_EQ(0, ct_finish(&child));
}

/* -- beside the kernel's ------------------------------------------------------------ */

/* @tree: ours or the kernel's. What happened to one who eats @mib with a limit. */
struct outcome {
	int status;
	long long oom_kill;
	long long current;
};

static struct outcome meal(struct ct_tree *t, long long mib)
{
	struct ct_child child = ct_spawn(CT_PLAIN, eater, NULL);
	struct outcome o;

	ct_group_make(t, "meal");
	CT_EQ(0, ct_group_set_number(t, "meal", "max", LIMIT));
	CT_EQ(0, ct_group_move(t, "meal", child.pid));
	ct_send(child.fd, mib);
	if (mib * MIB < LIMIT) {
		ct_recv(child.fd);
		o.current = current(t, "meal");
		o.status = ct_finish(&child);
	} else {
		o.status = ct_reap(child.pid);
		close(child.fd);
		o.current = 0;
	}
	o.oom_kill = ct_group_word(t, "meal", "events", "oom_kill");
	CT_UNTIL(!rmdir(ct_group_path(t, "meal", NULL)));
	return o;
}

TEST_F(memory, differential)
{
	struct ct_tree theirs = { .prefix = "memory" };
	int mib;

	strcpy(theirs.dir, self->control);
	for (mib = 1; mib < 24; mib += 6) {
		struct outcome a = meal(&self->tree, mib), b = meal(&theirs, mib);

		EXPECT_EQ(b.status, a.status) TH_LOG("%d MiB", mib);
		EXPECT_EQ(b.oom_kill, a.oom_kill) TH_LOG("%d MiB", mib);
		EXPECT_ABOUT(b.current, a.current);
	}
}

/* The task itself stays in its control group, which has its own limit. */
TEST_F(memory, control_groups)
{
	struct ct_tree theirs = { .prefix = "memory" };
	struct ct_child child = ct_spawn(CT_PLAIN, eater, NULL);
	char path[64], before[512], after[512];

	strcpy(theirs.dir, self->control);
	ct_group_make(&theirs, "theirs");
	CT_EQ(0, ct_group_move(&theirs, "theirs", child.pid));
	snprintf(path, sizeof(path), "/proc/%d/cgroup", child.pid);
	CT_CHECK(ct_read_file(path, before, sizeof(before)) > 0);
	EXPECT_EQ(0, ct_group_move(&self->tree, "a", child.pid));
	CT_CHECK(ct_read_file(path, after, sizeof(after)) > 0);
	EXPECT_STREQ(before, after);
	eat(&child, 16);
	EXPECT_ABOUT(16 * MIB, current(&self->tree, "a"));
	EXPECT_ABOUT(0, ct_group_word(&theirs, "theirs", "stat", "anon"));
	EXPECT_EQ(0, ct_finish(&child));
	CT_UNTIL(!rmdir(ct_group_path(&theirs, "theirs", NULL)));
}

/* Options of cgroup2 are of all its mounts, and ours changes none. */
TEST(options)
{
	static const char * const option[] = {
		"nsdelegate,memory_recursiveprot", "memory_localevents", "",
	};
	char dir[] = "/tmp/ct-control-XXXXXX", line[512];
	struct ct_tree tree;
	unsigned int i;

	CT_NEED_MODULE();
	CT_CHECK(mkdtemp(dir));
	CT_EQ(0, mount("none", dir, "cgroup2", 0, NULL));
	for (i = 0; i < sizeof(option) / sizeof(*option); i++) {
		bool found = false;
		FILE *f;

		CT_EQ(0, mount("none", dir, "cgroup2", MS_REMOUNT, option[i]));
		EXPECT_EQ(0, ct_tree_mount(&tree, "container", "memory"));
		f = fopen("/proc/self/mounts", "re");
		CT_CHECK(f);
		while (fgets(line, sizeof(line), f)) {
			if (!strstr(line, dir))
				continue;
			found = true;
			EXPECT_EQ(!!*option[i], !!strstr(line, "memory_"))
				TH_LOG("%s", line);
			EXPECT_TRUE(strstr(line, option[i])) TH_LOG("%s", line);
		}
		fclose(f);
		EXPECT_TRUE(found);
		ct_tree_umount(&tree);
	}
	CT_EQ(0, umount(dir));
	CT_EQ(0, rmdir(dir));
}

/* The name is taken in the kernel's hierarchy: nothing is mounted. */
TEST_F(memory, taken)
{
	struct ct_tree theirs = { .prefix = "memory" }, again;

	ct_tree_umount(&self->tree);
	strcpy(theirs.dir, self->control);
	ct_group_make(&theirs, "container.memory");
	EXPECT_EQ(-EBUSY, ct_tree_mount(&again, "container", "memory"));
	CT_EQ(0, rmdir(ct_group_path(&theirs, "container.memory", NULL)));
}

/* The control group of the group that was made last, of those below the root. */
static const char *underneath(const struct ct_tree *theirs)
{
	static char group[64];
	struct dirent *entry;
	int last = 0;
	DIR *dir = opendir(ct_group_path(theirs, "container.memory", NULL));

	CT_CHECK(dir);
	while ((entry = readdir(dir)))
		if (entry->d_type == DT_DIR && atoi(entry->d_name) > last)
			last = atoi(entry->d_name);
	closedir(dir);
	snprintf(group, sizeof(group), "container.memory/%d", last);
	return group;
}

/* Somebody removes the control group from under it: no limit, and no harm. */
TEST_F(memory, pulled_away)
{
	struct ct_tree theirs = { .prefix = "memory" };
	struct ct_tree *t = &self->tree;
	struct ct_child child = eater_in(t, "c");

	strcpy(theirs.dir, self->control);
	eat(&child, 4);
	EXPECT_EQ(0, rmdir(ct_group_path(&theirs, underneath(&theirs), NULL)));
	eat(&child, 4);
	EXPECT_EQ(-ENODEV, ct_group_set(t, "c", "max", "1M"));
	EXPECT_EQ(0, ct_finish(&child));
	EXPECT_EQ(0, rmdir(ct_group_path(t, "c", NULL)));
}

TEST_HARNESS_MAIN
