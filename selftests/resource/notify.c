// SPDX-License-Identifier: GPL-2.0
/* modes: host */
/* kernels: all */
/*
 * Being told: the events file by poll and inotify, and the release agent, which is
 * this program, run by the kernel with the group's path.
 */
#include "ct-group.h"
#include <sys/inotify.h>
#include "kselftest_harness.h"

#define AGENT_LOG	"/tmp/ct-agent-log"

/* The agent: one write for each run. */
static void __attribute__((constructor)) agent(int argc, char **argv)
{
	char line[256];
	int fd;

	if (argc != 2 || *argv[1] != '/' || getppid() == 1 ||
	    access(AGENT_LOG, W_OK))
		return;
	fd = open(AGENT_LOG, O_WRONLY | O_APPEND | O_CLOEXEC);
	snprintf(line, sizeof(line), "%s\n", argv[1]);
	if (fd < 0 || write(fd, line, strlen(line)) < 0)
		_exit(1);
	_exit(0);
}

FIXTURE(notify) {
	struct ct_count c;
	char *dir;
};

FIXTURE_SETUP(notify)
{
	char self_path[256];
	ssize_t len;

	CT_NEED_COUNT();
	self->c = ct_count_begin();
	self->dir = self->c.dir;
	CT_EQ(0, ct_group_mkdir(self->dir, "a"));
	len = readlink("/proc/self/exe", self_path, sizeof(self_path) - 1);
	CT_CHECK(len > 0);
	self_path[len] = 0;
	CT_EQ(0, ct_group_write(self->dir, "", "release_agent", self_path));
	close(open(AGENT_LOG, O_CREAT | O_TRUNC | O_WRONLY | O_CLOEXEC, 0600));
}

FIXTURE_TEARDOWN(notify)
{
	if (!self->dir)
		return;
	ct_group_rmdir(self->dir, "a");
	ct_count_end(&self->c);
	unlink(AGENT_LOG);
}

static bool log_is(const char *want)
{
	char text[1024];

	CT_CHECK(ct_read_file(AGENT_LOG, text, sizeof(text)) >= 0);
	return !strcmp(text, want);
}

/* Is this process still running for a test's sake? Then wait for another run. */
static void agent_settles(const char *dir, const char *want)
{
	char text[1024];

	/* What would be run too often comes before this. */
	CT_EQ(0, ct_group_mkdir(dir, "mark"));
	CT_EQ(0, ct_group_write(dir, "mark", "notify_on_release", "1"));
	CT_EQ(0, ct_group_mkdir(dir, "mark/x"));
	CT_EQ(0, ct_group_rmdir(dir, "mark/x"));
	snprintf(text, sizeof(text), "%s/mark\n", want);
	CT_UNTIL(log_is(text));
	CT_EQ(0, ct_group_rmdir(dir, "mark"));
}

static void put_and_end(const char *dir, const char *group)
{
	struct ct_child task = ct_spawn(CT_PLAIN, ct_idle, NULL);

	CT_EQ(0, ct_group_put(dir, group, "procs", task.pid));
	CT_EQ(0, ct_finish(&task));
}

TEST_F(notify, agent_on_exit)
{
	CT_EQ(0, ct_group_write(self->dir, "a", "notify_on_release", "1"));
	put_and_end(self->dir, "a");
	CT_UNTIL(log_is("/a\n"));
	put_and_end(self->dir, "a");
	CT_UNTIL(log_is("/a\n/a\n"));
	agent_settles(self->dir, "/a\n/a\n");
}

TEST_F(notify, agent_on_leaving)
{
	struct ct_child task = ct_spawn(CT_PLAIN, ct_idle, NULL);
	char *dir = self->dir;

	CT_EQ(0, ct_group_put(dir, "a", "procs", task.pid));
	CT_EQ(0, ct_group_write(dir, "a", "notify_on_release", "1"));
	CT_EQ(0, ct_group_put(dir, "", "procs", task.pid));
	CT_UNTIL(log_is("/a\n"));
	EXPECT_EQ(0, ct_finish(&task));
	agent_settles(dir, "/a\n");
}

TEST_F(notify, agent_waits_for_children)
{
	char *dir = self->dir;

	CT_EQ(0, ct_group_write(dir, "a", "notify_on_release", "1"));
	CT_EQ(0, ct_group_mkdir(dir, "a/b"));
	/* There is a group below: only that one is told of, it has the flag, too. */
	put_and_end(dir, "a");
	put_and_end(dir, "a/b");
	CT_UNTIL(log_is("/a/b\n"));
	CT_EQ(0, ct_group_rmdir(dir, "a/b"));
	CT_UNTIL(log_is("/a/b\n/a\n"));
	agent_settles(dir, "/a/b\n/a\n");
}

TEST_F(notify, no_agent_unless_wanted)
{
	char *dir = self->dir;

	put_and_end(dir, "a");
	CT_EQ(0, ct_group_mkdir(dir, "a/b"));
	CT_EQ(0, ct_group_rmdir(dir, "a/b"));
	agent_settles(dir, "");
}

TEST_F(notify, agent_file)
{
	char text[256], *dir = self->dir;

	CT_EQ(0, ct_group_write(dir, "", "release_agent", "\n"));
	EXPECT_STREQ("\n", ct_group_read(dir, "", "release_agent", text,
					 sizeof(text)));
	CT_EQ(0, ct_group_write(dir, "", "release_agent", " /bin/x y\n"));
	EXPECT_STREQ("/bin/x y\n", ct_group_read(dir, "", "release_agent", text,
						 sizeof(text)));
}

static void write_agent(int fd, void *arg)
{
	ct_become_user();
	CT_EQ(-EPERM, ct_group_write(arg, "", "release_agent", "/bin/false"));
}

TEST_F(notify, agent_is_for_root)
{
	char path[CT_GROUP_PATH], text[256];
	struct ct_child user;

	CT_EQ(0, chmod(self->dir, 0755));
	CT_EQ(0, chmod(ct_group_path(path, self->dir, "", "release_agent"), 0666));
	user = ct_spawn(CT_PLAIN, write_agent, self->dir);
	EXPECT_EQ(0, ct_finish(&user));
	ct_group_read(self->dir, "", "release_agent", text, sizeof(text));
	EXPECT_EQ(NULL, strstr(text, "false"));
}

/* Waits until the kernel says that it has changed, and reads what it says then. */
static void expect_change(int fd, const char *want)
{
	struct pollfd wait = { .fd = fd, .events = POLLPRI };
	char text[64];
	ssize_t len;

	CT_EQ(1, poll(&wait, 1, CT_PATIENCE_MS));
	CT_CHECK(wait.revents & POLLPRI);
	CT_EQ(0, lseek(fd, 0, SEEK_SET));
	len = read(fd, text, sizeof(text) - 1);
	CT_CHECK(len > 0);
	text[len] = 0;
	CT_STREQ(want, text);
	CT_EQ(0, poll(&wait, 1, 0));
}

TEST_F(notify, poll)
{
	struct ct_child task = ct_spawn(CT_PLAIN, ct_idle, NULL);
	struct pollfd wait = { .events = POLLPRI };
	char path[CT_GROUP_PATH], *dir = self->dir;
	int a, b;

	CT_EQ(0, ct_group_mkdir(dir, "a/b"));
	a = open(ct_group_path(path, dir, "a", "events"), O_RDONLY | O_CLOEXEC);
	b = open(ct_group_path(path, dir, "a/b", "events"), O_RDONLY | O_CLOEXEC);
	CT_CHECK(a >= 0 && b >= 0);
	wait.fd = a;
	EXPECT_EQ(0, poll(&wait, 1, 0));
	CT_EQ(0, ct_group_put(dir, "a/b", "procs", task.pid));
	expect_change(a, "populated 1\n");
	expect_change(b, "populated 1\n");
	/* Nothing new for the upper one. */
	CT_EQ(0, ct_group_put(dir, "a", "procs", task.pid));
	expect_change(b, "populated 0\n");
	EXPECT_EQ(0, poll(&wait, 1, 0));
	EXPECT_TRUE(ct_group_populated(dir, "a"));
	EXPECT_EQ(0, ct_finish(&task));
	CT_UNTIL(!ct_group_populated(dir, "a"));
	expect_change(a, "populated 0\n");
	/* Removal, too. */
	CT_EQ(0, ct_group_rmdir(dir, "a/b"));
	wait.fd = b;
	EXPECT_EQ(1, poll(&wait, 1, CT_PATIENCE_MS));
	CT_ERRNO(ENODEV, pread(b, path, sizeof(path), 0));
	close(a);
	close(b);
}

static void expect_inotify(int fd, uint32_t mask)
{
	char buf[sizeof(struct inotify_event) + NAME_MAX + 1]
		__attribute__((aligned(__alignof__(struct inotify_event))));
	struct pollfd wait = { .fd = fd, .events = POLLIN };
	struct inotify_event *event = (void *)buf;

	CT_EQ(1, poll(&wait, 1, CT_PATIENCE_MS));
	CT_CHECK(read(fd, buf, sizeof(buf)) >= (ssize_t)sizeof(*event));
	CT_EQ(mask, event->mask);
}

TEST_F(notify, inotify)
{
	struct ct_child task = ct_spawn(CT_PLAIN, ct_idle, NULL);
	char path[CT_GROUP_PATH], *dir = self->dir;
	int fd = inotify_init1(IN_CLOEXEC), wd;

	CT_CHECK(fd >= 0);
	wd = inotify_add_watch(fd, ct_group_path(path, dir, "a", "events"),
			       IN_MODIFY | IN_DELETE_SELF);
	CT_CHECK(wd >= 0);
	CT_EQ(0, ct_group_put(dir, "a", "procs", task.pid));
	expect_inotify(fd, IN_MODIFY);
	EXPECT_EQ(0, ct_finish(&task));
	expect_inotify(fd, IN_MODIFY);
	EXPECT_EQ(0, ct_group_rmdir(dir, "a"));
	expect_inotify(fd, IN_DELETE_SELF);
	close(fd);
}

/* A file of a subsystem, when that says so: count does when it is written. */
TEST_F(notify, subsystem_file)
{
	char path[CT_GROUP_PATH];
	int fd;

	fd = open(ct_group_path(path, self->dir, "a", "count.limit"),
		  O_RDONLY | O_CLOEXEC);
	CT_CHECK(fd >= 0);
	CT_EQ(0, ct_group_write(self->dir, "a", "count.deny", "1"));
	EXPECT_EQ(0, poll(&(struct pollfd){ fd, POLLPRI, 0 }, 1, 0));
	CT_EQ(0, ct_group_write(self->dir, "a", "count.limit", "7"));
	expect_change(fd, "7\n");
	close(fd);
}

TEST_HARNESS_MAIN
