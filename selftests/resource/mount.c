// SPDX-License-Identifier: GPL-2.0
/* modes: host */
/* kernels: all */
/*
 * Mounting hierarchies: which sets of subsystems go together, and how long they
 * stay together.
 */
#include "ct-group.h"
#include "ct-module.h"
#include "kselftest_harness.h"

/* Of the sample, which registers extra0, extra1... as well. */
#define EXTRA	9

FIXTURE(mount) {
	char dir[3][32];
};

FIXTURE_SETUP(mount)
{
	int i;

	CT_NEED_COUNT();
	ct_count_load("extra=9");
	for (i = 0; i < 3; i++)
		ct_group_dir(self->dir[i]);
}

FIXTURE_TEARDOWN(mount)
{
	int i;

	if (!ct_module_loaded() || access(CT_COUNT_MODULE, R_OK))
		return;
	for (i = 0; i < 3; i++)
		CT_EQ(0, rmdir(self->dir[i]));
	ct_count_unload();
}

/* Each as the only mount. */
TEST_F(mount, options)
{
	static const struct {
		const char *options;
		int err;
	} table[] = {
		{ "count", 0 },
		{ "extra0", 0 },
		{ "count,extra1", 0 },
		{ "extra1,count", 0 },
		{ "count,count", 0 },
		{ "all", 0 },
		{ "", 0 },
		{ NULL, 0 },
		{ "noprefix", 0 },
		{ "count,noprefix", 0 },
		{ "release_agent=/bin/true", 0 },
		{ "count,release_agent=/bin/true", 0 },
		{ ",", -EINVAL },
		{ ",count", -EINVAL },
		{ "count,", -EINVAL },
		{ "count,,extra0", -EINVAL },
		{ "all,count", -EINVAL },
		{ "count,all", -EINVAL },
		{ "count=1", -EINVAL },
		{ "all=1", -EINVAL },
		{ "noprefix=1", -EINVAL },
		{ "release_agent", -EINVAL },
		{ "release_agent=/a,release_agent=/b", -EINVAL },
		{ "nothing", -ENOENT },
		{ "count,nothing", -ENOENT },
		{ "coun", -ENOENT },
		{ "counts", -ENOENT },
		{ "none", -ENOENT },
	};
	size_t i;

	for (i = 0; i < sizeof(table) / sizeof(*table); i++) {
		int err = ct_group_mount(self->dir[0], table[i].options);

		if (err != table[i].err)
			CT_FAIL("mount -o %s gives %d, not %d", table[i].options,
				err, table[i].err);
		if (!err)
			CT_EQ(0, umount(self->dir[0]));
		/* Nothing is left of it. */
		CT_EQ(-1, ct_group_hierarchy("count"));
	}
}

static void same_super(const char *a, const char *b)
{
	struct stat one, other;

	CT_EQ(0, stat(a, &one));
	CT_EQ(0, stat(b, &other));
	CT_EQ(one.st_dev, other.st_dev);
	CT_EQ(one.st_ino, other.st_ino);
}

TEST_F(mount, exact_set_is_shared)
{
	CT_EQ(0, ct_group_mount(self->dir[0], "count,extra3"));
	CT_EQ(0, ct_group_mount(self->dir[1], "extra3,count"));
	same_super(self->dir[0], self->dir[1]);
	CT_EQ(0, umount(self->dir[0]));
	/* It is still mounted, with all that is in it. */
	CT_EQ(0, ct_group_mkdir(self->dir[1], "a"));
	CT_EQ(0, ct_group_mount(self->dir[0], "count,extra3"));
	CT_EQ(0, ct_group_rmdir(self->dir[0], "a"));
	CT_EQ(-ENOENT, ct_group_rmdir(self->dir[1], "a"));
	/* What the files are called is a matter of the first mount. */
	CT_EQ(-EBUSY, ct_group_mount(self->dir[2], "count,extra3,noprefix"));
	CT_EQ(0, umount(self->dir[0]));
	CT_EQ(0, umount(self->dir[1]));
}

TEST_F(mount, overlap_is_busy)
{
	CT_EQ(0, ct_group_mount(self->dir[0], "count,extra3"));
	CT_EQ(-EBUSY, ct_group_mount(self->dir[1], "count"));
	CT_EQ(-EBUSY, ct_group_mount(self->dir[1], "extra3,extra4"));
	CT_EQ(-EBUSY, ct_group_mount(self->dir[1], "all"));
	CT_EQ(-EBUSY, ct_group_mount(self->dir[1], NULL));
	CT_EQ(0, ct_group_mount(self->dir[1], "extra4"));
	CT_EQ(0, umount(self->dir[0]));
	CT_EQ(0, ct_group_mount(self->dir[0], "count"));
	CT_EQ(0, umount(self->dir[0]));
	CT_EQ(0, umount(self->dir[1]));
}

TEST_F(mount, too_many)
{
	char dir[EXTRA][32], name[16];
	int i, n;

	for (n = 0; n < EXTRA; n++) {
		int err;

		ct_group_dir(dir[n]);
		snprintf(name, sizeof(name), "extra%d", n);
		err = ct_group_mount(dir[n], name);
		if (!err)
			continue;
		CT_EQ(-ENOSPC, err);
		rmdir(dir[n]);
		break;
	}
	EXPECT_EQ(8, n);
	/* One that is there can be mounted once more, and a place be freed. */
	EXPECT_EQ(0, ct_group_mount(self->dir[0], "extra0"));
	EXPECT_EQ(0, umount(self->dir[0]));
	EXPECT_EQ(0, umount(dir[3]));
	EXPECT_EQ(0, ct_group_mount(dir[3], "count"));
	for (i = 0; i < n; i++) {
		EXPECT_EQ(0, umount(dir[i]));
		EXPECT_EQ(0, rmdir(dir[i]));
	}
}

static void find_mount(const char *dir, char *options, size_t size)
{
	char line[512], at[128], opts[256];
	FILE *file = fopen("/proc/mounts", "re");

	CT_CHECK(file);
	*options = 0;
	while (fgets(line, sizeof(line), file))
		if (sscanf(line, "container %127s container %255s", at,
			   opts) == 2 && !strcmp(at, dir))
			snprintf(options, size, "%s", opts);
	fclose(file);
}

TEST_F(mount, shown)
{
	char text[256];

	CT_EQ(0, ct_group_mount(self->dir[0], "extra3,count,noprefix,release_agent=/x y"));
	find_mount(self->dir[0], text, sizeof(text));
	EXPECT_STREQ("rw,relatime,count,extra3,noprefix,release_agent=/x\\040y",
		     text);
	/* Without their prefix the files of both are there. */
	EXPECT_EQ(0, ct_group_number(self->dir[0], "", "deny"));
	CT_EQ(0, umount(self->dir[0]));
}

/* What would have the name of another file keeps its prefix. */
TEST_F(mount, names_without_prefix)
{
	CT_EQ(0, ct_group_mount(self->dir[0], "numtasks,noprefix"));
	CT_EQ(0, ct_group_mkdir(self->dir[0], "a"));
	EXPECT_FALSE(ct_group_populated(self->dir[0], "a"));
	EXPECT_EQ(0, ct_group_number(self->dir[0], "a", "current"));
	EXPECT_EQ(0, ct_group_key(self->dir[0], "a", "numtasks.events", "max"));
	CT_EQ(0, ct_group_rmdir(self->dir[0], "a"));
	CT_EQ(0, umount(self->dir[0]));
}

TEST_F(mount, proc_containers)
{
	char text[4096], want[256];
	int id;

	CT_EQ(0, ct_group_mount(self->dir[0], "count,extra3"));
	CT_EQ(0, ct_group_mkdir(self->dir[0], "a"));
	CT_EQ(0, ct_group_mkdir(self->dir[0], "a/b"));
	id = ct_group_hierarchy("count, extra3");
	ASSERT_LE(1, id);
	CT_CHECK(ct_read_file("/proc/containers", text, sizeof(text)) > 0);
	EXPECT_EQ(0, strncmp(text, "Hierarchies:\n0: topcount=0 bits=", 32));
	/* One for the mount, one for each group but the root. */
	snprintf(want, sizeof(want), " containers=3 (count, extra3) s_active=3\n");
	EXPECT_NE(NULL, strstr(text, want));
	snprintf(want, sizeof(want), ": name=count hierarchy=%d\n", id);
	EXPECT_NE(NULL, strstr(strstr(text, "\nSubsystems:\n"), want));
	EXPECT_NE(NULL, strstr(text, ": name=extra4 hierarchy=0\n"));
	CT_EQ(0, ct_group_rmdir(self->dir[0], "a/b"));
	CT_EQ(0, ct_group_rmdir(self->dir[0], "a"));
	CT_EQ(0, umount(self->dir[0]));
}

TEST_F(mount, persists_with_groups)
{
	struct ct_child task = ct_spawn(CT_PLAIN, ct_idle, NULL);

	CT_EQ(0, ct_group_mount(self->dir[0], "count,extra3"));
	CT_EQ(0, ct_group_mkdir(self->dir[0], "a"));
	CT_EQ(0, ct_group_put(self->dir[0], "a", "procs", task.pid));
	CT_EQ(0, umount(self->dir[0]));

	/* The subsystems are taken, and both modules are in use. */
	EXPECT_LE(1, ct_group_hierarchy("count, extra3"));
	CT_EQ(-EBUSY, ct_group_mount(self->dir[0], "count"));
	CT_ERRNO(EWOULDBLOCK, ct_count_try_unload());
	CT_ERRNO(EWOULDBLOCK, syscall(SYS_delete_module, "container", O_NONBLOCK));

	CT_EQ(0, ct_group_mount(self->dir[1], "extra3,count"));
	EXPECT_TRUE(ct_group_has(self->dir[1], "a", "tasks", task.pid));
	CT_EQ(0, ct_finish(&task));
	CT_EQ(0, ct_group_rmdir(self->dir[1], "a"));
	CT_EQ(0, umount(self->dir[1]));
	EXPECT_EQ(-1, ct_group_hierarchy("count, extra3"));
}

static int remount(const char *dir, const char *options)
{
	return mount(NULL, dir, NULL, MS_REMOUNT, options) ? -errno : 0;
}

TEST_F(mount, remount)
{
	char text[256], path[CT_GROUP_PATH];
	char *dir = self->dir[0];

	CT_EQ(0, ct_group_mount(dir, "count"));
	CT_EQ(0, ct_group_mount(self->dir[1], "extra4"));
	CT_EQ(0, remount(dir, "count,extra3"));
	EXPECT_LE(1, ct_group_hierarchy("count, extra3"));
	CT_EQ(0, remount(dir, "extra3"));
	EXPECT_LE(1, ct_group_hierarchy("extra3"));
	/* Its files have gone, too. */
	CT_EQ(-1, access(ct_group_path(path, dir, "", "count.stat"), F_OK));
	CT_EQ(0, remount(dir, "extra3,count,release_agent=/a"));
	CT_EQ(1, ct_group_key(dir, "", "count.stat", "online"));
	CT_EQ(0, remount(dir, "release_agent=/b"));
	EXPECT_STREQ("/b\n", ct_group_read(dir, "", "release_agent", text,
					   sizeof(text)));
	EXPECT_LE(1, ct_group_hierarchy("count, extra3"));

	CT_EQ(-EBUSY, remount(dir, "count,extra4"));
	CT_EQ(-ENOENT, remount(dir, "count,nothing"));
	CT_EQ(-EINVAL, remount(dir, "noprefix"));
	CT_EQ(0, ct_group_mkdir(dir, "a"));
	CT_EQ(-EBUSY, remount(dir, "count"));
	CT_EQ(-EBUSY, remount(dir, "count,extra3,extra5"));
	/* What it has already is no change. */
	CT_EQ(0, remount(dir, "count,extra3"));
	CT_EQ(0, ct_group_rmdir(dir, "a"));
	CT_EQ(0, remount(dir, "count"));
	CT_EQ(0, umount(dir));
	CT_EQ(0, umount(self->dir[1]));
}

static void try_mount(int fd, void *arg)
{
	ct_become_user();
	CT_EQ(-EPERM, ct_group_mount(arg, "count"));
	CT_EQ(0, unshare(CLONE_NEWUSER | CLONE_NEWNS));
	CT_EQ(-EPERM, ct_group_mount(arg, "count"));
}

TEST_F(mount, needs_capability)
{
	struct ct_child user = ct_spawn(CT_PLAIN, try_mount, self->dir[0]);

	EXPECT_EQ(0, ct_finish(&user));
}

/* Two at a time make and end the same hierarchy. */
static void churn(int fd, void *arg)
{
	int i;

	for (i = 0; i < 60; i++) {
		CT_EQ(0, ct_group_mount(arg, "count,extra3"));
		CT_EQ(0, umount(arg));
	}
}

TEST_F(mount, races)
{
	struct ct_child child[3];
	int i;

	for (i = 0; i < 3; i++)
		child[i] = ct_spawn(CT_PLAIN, churn, self->dir[i]);
	for (i = 0; i < 3; i++)
		EXPECT_EQ(0, ct_reap(child[i].pid));
	EXPECT_EQ(-1, ct_group_hierarchy("count, extra3"));
}

TEST_HARNESS_MAIN
