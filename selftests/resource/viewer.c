// SPDX-License-Identifier: GPL-2.0
/* modes: host */
/* kernels: all */
/*
 * Groups as a contained task sees them, and a task in a pid namespace: its own
 * numbers, and nobody else. And the lines in /proc/PID/container.
 */
#include "ct-group.h"
#include "kselftest_harness.h"

FIXTURE(viewer) {
	struct ct_count c;
	char *dir;
	struct ct_child host;
};

FIXTURE_VARIANT(viewer) {
	enum ct_box box;
};

FIXTURE_VARIANT_ADD(viewer, container) { .box = CT_CONTAINER };
FIXTURE_VARIANT_ADD(viewer, namespace) { .box = CT_NAMESPACE };

FIXTURE_SETUP(viewer)
{
	CT_NEED_COUNT();
	self->c = ct_count_begin();
	self->dir = self->c.dir;
	CT_EQ(0, ct_group_mkdir(self->dir, "a"));
	self->host = ct_spawn(CT_PLAIN, ct_idle, NULL);
	CT_EQ(0, ct_group_put(self->dir, "a", "procs", self->host.pid));
}

FIXTURE_TEARDOWN(viewer)
{
	if (!self->dir)
		return;
	CT_EQ(0, ct_finish(&self->host));
	CT_EQ(0, ct_group_rmdir(self->dir, "a"));
	ct_count_end(&self->c);
}

struct inside {
	const char *dir;
	pid_t host;
};

static void look(int fd, void *arg)
{
	struct inside *in = arg;
	const char *dir = in->dir;
	char text[64];
	pid_t child;

	/* The host's task is there, but not for us. */
	CT_EQ(0, ct_group_lines(dir, "a", "tasks"));
	CT_EQ(-ESRCH, ct_group_put(dir, "a", "tasks", in->host));
	CT_EQ(0, ct_group_put(dir, "a", "procs", 1));
	CT_STREQ("1\n", ct_group_read(dir, "a", "tasks", text, sizeof(text)));
	child = fork();
	CT_CHECK(child >= 0);
	if (!child) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		ct_wait_hangup(fd);
		_exit(0);
	}
	CT_CHECK(ct_group_has(dir, "a", "procs", child));
	CT_EQ(2, ct_group_lines(dir, "a", "tasks"));
	CT_EQ(0, ct_group_put(dir, "", "tasks", child));
	CT_CHECK(ct_group_has(dir, "", "tasks", child));
	CT_EQ(1, ct_group_lines(dir, "", "tasks"));
	CT_EQ(0, ct_group_write(dir, "", "tasks", "0"));
	CT_EQ(2, ct_group_lines(dir, "", "procs"));
	ct_send(fd, 0);
	CT_EQ(0, ct_reap(child));
}

TEST_F(viewer, sees_its_own)
{
	struct inside in;
	struct ct_child box;

	in.dir = self->dir;
	in.host = self->host.pid;
	box = ct_spawn(variant->box, look, &in);
	ct_recv(box.fd);
	/* From outside all are seen. */
	EXPECT_TRUE(ct_group_has(self->dir, "a", "tasks", self->host.pid));
	EXPECT_TRUE(ct_group_has(self->dir, "", "tasks", box.pid));
	EXPECT_EQ(0, ct_finish(&box));
}

/* Mounts it itself: what it shows is the reader's view all the same. */
static void mount_inside(int fd, void *arg)
{
	struct inside *in = arg;
	char dir[32];

	ct_group_dir(dir);
	CT_EQ(0, ct_group_mount(dir, "count"));
	look(fd, &(struct inside){ dir, in->host });
	CT_EQ(0, umount(dir));
	CT_EQ(0, rmdir(dir));
}

TEST_F(viewer, mounts)
{
	struct inside in;
	struct ct_child box;

	in.dir = self->dir;
	in.host = self->host.pid;
	box = ct_spawn(variant->box, mount_inside, &in);
	ct_recv(box.fd);
	EXPECT_EQ(0, ct_finish(&box));
}

/* -- /proc/PID/container ----------------------------------------------------------- */

static bool says(const char *path, const char *line)
{
	char text[1024], want[128];

	if (ct_read_file(path, text, sizeof(text)) <= 0)
		return false;
	snprintf(want, sizeof(want), "\n%s\n", line);
	return strstr(text, want);
}

static void read_lines(int fd, void *arg)
{
	const char *dir = arg;
	struct ct_thread thread;
	char path[64];

	CT_CHECK(says("/proc/self/container", "count:/"));
	CT_EQ(0, ct_group_mkdir(dir, "a/b"));
	ct_thread_start(&thread);
	CT_EQ(0, ct_group_put(dir, "a/b", "tasks", thread.tid));
	snprintf(path, sizeof(path), "/proc/self/task/%d/container", thread.tid);
	CT_CHECK(says(path, "count:/a/b"));
	CT_CHECK(says("/proc/self/container", "count:/"));
	CT_CHECK(says("/proc/thread-self/container", "count:/"));
	CT_EQ(0, ct_group_put(dir, "a/b", "procs", 0));
	CT_CHECK(says("/proc/self/container", "count:/a/b"));
	CT_EQ(0, ct_group_put(dir, "", "procs", 0));
	CT_CHECK(says(path, "count:/"));
	ct_thread_end(&thread);
	CT_EQ(0, ct_group_rmdir(dir, "a/b"));
}

TEST_F(viewer, proc_lines)
{
	struct ct_child box = ct_spawn(variant->box, read_lines, self->dir);

	EXPECT_EQ(0, ct_finish(&box));
	EXPECT_TRUE(says("/proc/self/container", "count:/"));
}

static int listed(const char *dir)
{
	struct dirent *entry;
	DIR *list = opendir(dir);
	int n = 0;

	CT_CHECK(list);
	while ((entry = readdir(list)))
		n += !strcmp(entry->d_name, "container");
	closedir(list);
	return n;
}

TEST_F(viewer, proc_listed)
{
	char path[64];

	EXPECT_EQ(1, listed("/proc/self"));
	snprintf(path, sizeof(path), "/proc/self/task/%d", getpid());
	EXPECT_EQ(1, listed(path));
	EXPECT_FALSE(says("/proc/self/container", "count:/a"));
}

TEST_HARNESS_MAIN
