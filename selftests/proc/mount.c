// SPDX-License-Identifier: GPL-2.0
/* modes: host contained pidns */
/*
 * Further mounts of procfs, with their options, show the same as the first.
 */
#include "ct.h"
#include <dirent.h>
#include "kselftest_harness.h"

FIXTURE(mount) {
	char dir[32];
};

FIXTURE_SETUP(mount)
{
	strcpy(self->dir, "/tmp/ct-proc-XXXXXX");
	ASSERT_NE(NULL, mkdtemp(self->dir));
}

FIXTURE_TEARDOWN(mount)
{
	EXPECT_EQ(0, rmdir(self->dir));
}

static int open_in(const char *dir, const char *fmt, pid_t pid)
{
	char path[128], name[64];

	snprintf(name, sizeof(name), fmt, pid);
	snprintf(path, sizeof(path), "%s/%s", dir, name);
	return open(path, O_RDONLY | O_CLOEXEC);
}

static bool is_there(const char *dir, const char *fmt, pid_t pid)
{
	int fd = open_in(dir, fmt, pid);

	if (fd >= 0)
		close(fd);
	return fd >= 0;
}

/* All numbers of a procfs, in one string. */
static void numbers_of(const char *path, char *text, size_t size)
{
	struct dirent *entry;
	DIR *dir = opendir(path);
	size_t len = 0;

	CT_CHECK(dir);
	text[0] = 0;
	while ((entry = readdir(dir)) && len < size)
		if (atoi(entry->d_name))
			len += snprintf(text + len, size - len, "%s ",
					entry->d_name);
	closedir(dir);
}

TEST_F(mount, shows_the_same)
{
	struct ct_child child = ct_spawn(CT_PLAIN, ct_idle, NULL);
	char first[4096], second[4096], path[64], link[32] = { 0 };

	ASSERT_EQ(0, mount("proc", self->dir, "proc", 0, NULL));
	numbers_of("/proc", first, sizeof(first));
	numbers_of(self->dir, second, sizeof(second));
	EXPECT_STREQ(first, second);
	EXPECT_TRUE(is_there(self->dir, "%d/stat", child.pid));
	snprintf(path, sizeof(path), "%s/%d/stat", self->dir, child.pid);
	EXPECT_EQ(getpid(), ct_stat_field(path, 4));
	snprintf(path, sizeof(path), "%s/self", self->dir);
	EXPECT_LT(0, readlink(path, link, sizeof(link) - 1));
	EXPECT_EQ(getpid(), atoi(link));
	EXPECT_EQ(0, ct_finish(&child));
	EXPECT_FALSE(is_there(self->dir, "%d/stat", child.pid));
	EXPECT_EQ(0, umount(self->dir));
}

TEST_F(mount, bound)
{
	char first[4096], second[4096];

	ASSERT_EQ(0, mount("/proc", self->dir, NULL, MS_BIND, NULL));
	numbers_of("/proc", first, sizeof(first));
	numbers_of(self->dir, second, sizeof(second));
	EXPECT_STREQ(first, second);
	EXPECT_EQ(0, umount(self->dir));
}

static void look_as_user(int fd, void *arg)
{
	ct_become_user();
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	/* Its own it finds, but not root's. */
	CT_CHECK(is_there(arg, "%d/stat", getpid()));
	CT_CHECK(!is_there(arg, "%d/stat", getppid()));
	CT_CHECK(!is_there(arg, "%d/stat", 1));
	CT_CHECK(is_there("/proc", "%d/stat", 1));
}

TEST_F(mount, hidepid)
{
	struct ct_child child;

	ASSERT_EQ(0, mount("proc", self->dir, "proc", 0, "hidepid=2"));
	EXPECT_TRUE(is_there(self->dir, "%d/stat", 1));
	child = ct_spawn(CT_PLAIN, look_as_user, self->dir);
	EXPECT_EQ(0, ct_finish(&child));
	EXPECT_EQ(0, umount(self->dir));
}

TEST_F(mount, only_processes)
{
	ASSERT_EQ(0, mount("proc", self->dir, "proc", 0, "subset=pid"));
	EXPECT_TRUE(is_there(self->dir, "%d/stat", getpid()));
	EXPECT_FALSE(is_there(self->dir, "meminfo", 0));
	EXPECT_FALSE(is_there(self->dir, "container", 0));
	EXPECT_FALSE(is_there(self->dir, "container/", 0));
	EXPECT_EQ(0, umount(self->dir));
}

TEST_HARNESS_MAIN
