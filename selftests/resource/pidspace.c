// SPDX-License-Identifier: GPL-2.0
/* modes: host */
/* kernels: all */
/*
 * Pid containers have groups: see Documentation/resource-pidspace.md.
 */
#include "ct-group.h"
#include "ct-nest.h"
#include <sys/inotify.h>
#include "kselftest_harness.h"

#define SUBSYS	"numtasks,count,pidspace"
#define NAMES	"numtasks,pidspace,count"
/* The same in /proc/containers. */
#define LISTED	"numtasks, pidspace, count"
/* Room for the path of a group in a container's. */
#define SUB	(CT_NAME_MAX + 16)

FIXTURE(pidspace) {
	char dir[32];
	struct ct_child c;
	char sub[SUB];
};

/* A container with process 1 in the hierarchy. */
FIXTURE_SETUP(pidspace)
{
	CT_NEED_COUNT();
	ct_count_load("");
	ct_group_dir(self->dir);
	CT_EQ(0, ct_group_mount(self->dir, SUBSYS));
	self->c = ct_spawn(CT_CONTAINER, ct_idle, NULL);
	snprintf(self->sub, sizeof(self->sub), "%s/sub", self->c.name);
}

static bool there(const char *dir, const char *group)
{
	char path[CT_GROUP_PATH];

	return !access(ct_group_path(path, dir, group, ""), F_OK);
}

static bool gone(void)
{
	return ct_group_hierarchy(LISTED) < 0;
}

FIXTURE_TEARDOWN(pidspace)
{
	if (!*self->dir)
		return;
	CT_EQ(0, ct_finish(&self->c));
	CT_UNTIL(!there(self->dir, self->c.name));
	CT_EQ(0, umount2(self->dir, MNT_DETACH));
	CT_UNTIL(gone());
	CT_EQ(0, rmdir(self->dir));
	ct_count_unload();
}

/* The path in the line of the hierarchy in /proc/PID/container. */
static bool is_in(pid_t pid, const char *group)
{
	char path[64], text[1024], want[CT_GROUP_PATH];

	snprintf(path, sizeof(path), "/proc/%d/container", pid);
	CT_CHECK(ct_read_file(path, text, sizeof(text)) > 0);
	snprintf(want, sizeof(want), "\n" NAMES ":/%s\n", group);
	return strstr(text, want);
}

static int move_group(const char *dir, const char *from, const char *to)
{
	char a[CT_GROUP_PATH], b[CT_GROUP_PATH];

	return rename(ct_group_path(a, dir, from, ""),
		      ct_group_path(b, dir, to, "")) ? -errno : 0;
}

TEST_F(pidspace, comes_and_goes)
{
	struct ct_child c = ct_spawn(CT_CONTAINER, ct_idle, NULL);

	CT_CHECK(there(self->dir, c.name));
	CT_CHECK(is_in(c.pid, c.name));
	CT_EQ(1, ct_group_lines(self->dir, c.name, "tasks"));
	CT_CHECK(ct_group_has(self->dir, c.name, "tasks", c.pid));
	CT_CHECK(!ct_group_has(self->dir, "", "tasks", c.pid));
	CT_EQ(c.pid, ct_group_number(self->dir, c.name, "pidspace.init"));
	CT_EQ(1, ct_group_number(self->dir, c.name, "count.tasks"));
	/* As if clone_children were set: it is usable at once. */
	CT_EQ(1, ct_group_key(self->dir, c.name, "count.stat", "cloned"));
	CT_EQ(1, ct_group_key(self->dir, c.name, "count.stat", "can_attach"));
	CT_EQ(1, ct_group_key(self->dir, c.name, "count.stat", "post_attach"));
	CT_EQ(0, ct_finish(&c));
	CT_UNTIL(!there(self->dir, c.name));
}

TEST_F(pidspace, seen_from_inside)
{
	char path[CT_GROUP_PATH], text[16] = "";
	int fd[2];
	pid_t pid;

	ct_group_path(path, self->dir, self->c.name, "pidspace.init");
	CT_EQ(0, pipe(fd));
	pid = fork();
	if (!pid) {
		CT_EQ(0, ct_join(self->c.name));
		CT_CHECK(ct_read_file(path, text, sizeof(text)) > 0);
		CT_EQ(sizeof(text), write(fd[1], text, sizeof(text)));
		_exit(0);
	}
	CT_EQ(sizeof(text), read(fd[0], text, sizeof(text)));
	CT_STREQ("1\n", text);
	CT_EQ(0, ct_reap(pid));
	close(fd[0]);
	close(fd[1]);
}

enum what { MKDIR, RMDIR, RENAME, PUT };

/* What can be done by hand: C stands for the container's name. */
TEST_F(pidspace, rules)
{
	struct ct_child out = ct_spawn(CT_PLAIN, ct_idle, NULL);
	const struct {
		enum what what;
		const char *a, *b;
		pid_t pid;
		int want;
	} *r, rules[] = {
		{ RMDIR, "C", NULL, 0, -EPERM },
		{ RENAME, "C", "other", 0, -EPERM },
		{ MKDIR, "hand", NULL, 0, 0 },
		{ RENAME, "hand", "C", 0, -EEXIST },
		{ PUT, "hand", NULL, out.pid, 0 },
		{ PUT, "C", NULL, out.pid, -EPERM },
		{ PUT, "hand", NULL, self->c.pid, -EPERM },
		{ PUT, "", NULL, self->c.pid, -EPERM },
		{ PUT, "C", NULL, self->c.pid, 0 },
		{ MKDIR, "C/sub", NULL, 0, 0 },
		{ PUT, "C/sub", NULL, out.pid, -EPERM },
		{ PUT, "C/sub", NULL, self->c.pid, 0 },
		{ RENAME, "C/sub", "C/renamed", 0, 0 },
		{ RMDIR, "C/renamed", NULL, 0, -EBUSY },
		{ PUT, "", NULL, self->c.pid, -EPERM },
		{ PUT, "C", NULL, self->c.pid, 0 },
		{ RMDIR, "C/renamed", NULL, 0, 0 },
		{ PUT, "", NULL, out.pid, 0 },
		{ RMDIR, "hand", NULL, 0, 0 },
	};
	char a[SUB], b[SUB];
	int got = 0;

	for (r = rules; r < rules + sizeof(rules) / sizeof(*rules); r++) {
		snprintf(a, sizeof(a), "%s%s", *r->a == 'C' ? self->c.name : r->a,
			 *r->a == 'C' ? r->a + 1 : "");
		snprintf(b, sizeof(b), "%s%s", r->b && *r->b == 'C' ?
			 self->c.name : r->b ?: "",
			 r->b && *r->b == 'C' ? r->b + 1 : "");
		switch (r->what) {
		case MKDIR:
			got = ct_group_mkdir(self->dir, a);
			break;
		case RMDIR:
			got = ct_group_rmdir(self->dir, a);
			break;
		case RENAME:
			got = move_group(self->dir, a, b);
			break;
		case PUT:
			got = ct_group_put(self->dir, a, "procs", r->pid);
			break;
		}
		if (got != r->want)
			CT_FAIL("rule %d: %d, not %d", (int)(r - rules), got,
				r->want);
	}
	CT_EQ(0, ct_finish(&out));
}

/* A container is made by somebody who is in another one, in a group made by hand. */
TEST_F(pidspace, nested)
{
	struct ct_child in;
	char inner[SUB];

	snprintf(inner, sizeof(inner), "%s/inner", self->c.name);
	CT_EQ(0, ct_group_mkdir(self->dir, self->sub));
	in = ct_spawn(CT_PLAIN, ct_idle, NULL);
	CT_EQ(0, ct_adopt(self->c.name, "%d", in.pid));
	CT_CHECK(is_in(in.pid, self->c.name));
	CT_EQ(0, ct_group_put(self->dir, self->sub, "tasks", in.pid));
	CT_CHECK(is_in(in.pid, self->sub));
	/* It is made by somebody outside, for it. */
	CT_EQ(0, ct_create("inner", "pid=%d", in.pid));
	CT_CHECK(is_in(in.pid, inner));
	CT_EQ(in.pid, ct_group_number(self->dir, inner, "pidspace.init"));
	CT_EQ(2, ct_group_number(self->dir, self->c.name, "count.tasks"));
	/* In one direction only, as between pid containers. */
	CT_EQ(-EPERM, ct_group_put(self->dir, self->sub, "tasks", in.pid));
	CT_EQ(-EPERM, ct_group_put(self->dir, self->c.name, "tasks", in.pid));
	CT_EQ(-EPERM, ct_group_rmdir(self->dir, inner));
	CT_EQ(0, ct_finish(&in));
	CT_UNTIL(!there(self->dir, inner));
	CT_CHECK(there(self->dir, self->sub));
	/* What was made by hand goes with the container: see the teardown. */
}

static void family(int fd, void *arg)
{
	struct ct_thread thread;
	struct ct_child child;

	(void)arg;
	child = ct_spawn(CT_PLAIN, ct_idle, NULL);
	ct_thread_start(&thread);
	ct_send(fd, child.pid);
	ct_send(fd, thread.tid);
	ct_wait_hangup(fd);
	ct_thread_end(&thread);
	CT_EQ(0, ct_finish(&child));
}

/* With threads and a tree. */
TEST_F(pidspace, adoption)
{
	struct ct_child out = ct_spawn(CT_PLAIN, family, NULL);
	pid_t child = ct_recv(out.fd), tid = ct_recv(out.fd);

	CT_EQ(0, ct_adopt(self->c.name, "%d pids=keep", out.pid));
	CT_EQ(3, ct_group_lines(self->dir, self->c.name, "tasks"));
	CT_CHECK(ct_group_has(self->dir, self->c.name, "tasks", tid));
	CT_CHECK(is_in(out.pid, self->c.name));
	CT_CHECK(is_in(child, ""));
	CT_EQ(0, ct_adopt(self->c.name, "%d pids=keep tree", out.pid));
	CT_CHECK(is_in(child, self->c.name));
	CT_EQ(4, ct_group_lines(self->dir, self->c.name, "tasks"));
	CT_EQ(4, ct_group_number(self->dir, self->c.name, "count.tasks"));
	CT_EQ(0, ct_finish(&out));
	CT_UNTIL(ct_group_lines(self->dir, self->c.name, "tasks") == 1);
}

/* -- what fails leaves nothing behind ----------------------------------------- */

static void expect_refused(const char *dir, const char *name, int want)
{
	struct ct_child out = ct_spawn(CT_PLAIN, ct_idle, NULL);

	CT_EQ(want, ct_create(name, "pid=%d", out.pid));
	CT_CHECK(is_in(out.pid, ""));
	CT_EQ(-1, ct_task_count(name));
	CT_EQ(0, ct_finish(&out));
}

TEST_F(pidspace, name_is_taken)
{
	CT_EQ(0, ct_group_mkdir(self->dir, "hand"));
	expect_refused(self->dir, "hand", -EEXIST);
	CT_CHECK(there(self->dir, "hand"));
	CT_EQ(0, ct_group_rmdir(self->dir, "hand"));
	expect_refused(self->dir, "notify_on_release", -EEXIST);
	expect_refused(self->dir, "count.stat", -EEXIST);
}

TEST_F(pidspace, subsystem_refuses)
{
	struct ct_child out = ct_spawn(CT_PLAIN, ct_idle, NULL);

	/* New groups take it over. */
	CT_EQ(0, ct_group_write(self->dir, "", "count.deny", "44"));
	expect_refused(self->dir, "denied", -44);
	CT_CHECK(!there(self->dir, "denied"));
	CT_EQ(0, ct_group_write(self->dir, "", "count.deny", "0"));

	CT_EQ(0, ct_group_write(self->dir, self->c.name, "count.deny", "44"));
	CT_EQ(-44, ct_adopt(self->c.name, "%d", out.pid));
	CT_CHECK(is_in(out.pid, ""));
	CT_EQ(1, ct_task_count(self->c.name));
	CT_EQ(0, ct_group_write(self->dir, self->c.name, "count.deny", "0"));
	CT_EQ(0, ct_adopt(self->c.name, "%d", out.pid));
	CT_CHECK(is_in(out.pid, self->c.name));
	CT_EQ(0, ct_finish(&out));
}

/* The subsystems have agreed, and the pid container does not want it. */
TEST_F(pidspace, container_refuses)
{
	struct ct_child out = ct_spawn(CT_PLAIN, family, NULL);
	pid_t tid;

	ct_recv(out.fd);
	tid = ct_recv(out.fd);
	/* Threads, and new pids. */
	CT_EQ(-EINVAL, ct_adopt(self->c.name, "%d", out.pid));
	CT_EQ(2, ct_group_key(self->dir, self->c.name, "count.stat",
			      "cancel_attach"));
	CT_EQ(-EEXIST, ct_create(self->c.name, "pid=%d", out.pid));
	CT_CHECK(is_in(out.pid, ""));
	CT_CHECK(is_in(tid, ""));
	CT_EQ(1, ct_group_number(self->dir, self->c.name, "count.tasks"));
	CT_EQ(0, ct_finish(&out));
}

/* -- limits --------------------------------------------------------------------- */

static void forks_when_told(int fd, void *arg)
{
	long long n;

	(void)arg;
	while ((n = ct_recv(fd)) > 0) {
		struct ct_child child[4];
		int i, err = 0;

		for (i = 0; i < n && !err; i++) {
			pid_t pid = fork();

			if (pid < 0) {
				err = errno;
				break;
			}
			if (!pid) {
				pause();
				_exit(0);
			}
			child[i].pid = pid;
		}
		while (i--) {
			CT_EQ(0, kill(child[i].pid, SIGKILL));
			ct_reap(child[i].pid);
		}
		ct_send(fd, err);
	}
}

TEST_F(pidspace, limit_holds)
{
	struct ct_child out = ct_spawn(CT_PLAIN, forks_when_told, NULL);

	CT_EQ(0, ct_group_write(self->dir, self->c.name, "numtasks.max", "3"));
	ct_send(out.fd, 4);
	CT_EQ(0, ct_recv(out.fd));
	CT_EQ(0, ct_adopt(self->c.name, "%d", out.pid));
	ct_send(out.fd, 1);
	CT_EQ(0, ct_recv(out.fd));
	ct_send(out.fd, 2);
	CT_EQ(EAGAIN, ct_recv(out.fd));
	CT_EQ(2, ct_group_number(self->dir, self->c.name, "numtasks.current"));
	CT_EQ(0, ct_group_write(self->dir, self->c.name, "numtasks.max", "max"));
	ct_send(out.fd, 4);
	CT_EQ(0, ct_recv(out.fd));
	ct_send(out.fd, 0);
	CT_EQ(0, ct_finish(&out));
}

/* -- mounting ---------------------------------------------------------------------- */

FIXTURE(mount_later) {
	char dir[32];
	struct ct_child c, in;
	char inner[SUB];
};

/* A container with another one inside, and no hierarchy. */
FIXTURE_SETUP(mount_later)
{
	CT_NEED_COUNT();
	ct_count_load("");
	ct_group_dir(self->dir);
	self->c = ct_spawn(CT_CONTAINER, family, NULL);
	ct_recv(self->c.fd);
	ct_recv(self->c.fd);
	self->in = ct_spawn(CT_PLAIN, ct_idle, NULL);
	CT_EQ(0, ct_adopt(self->c.name, "%d", self->in.pid));
	CT_EQ(0, ct_create("inner", "pid=%d", self->in.pid));
	snprintf(self->inner, sizeof(self->inner), "%s/inner", self->c.name);
}

FIXTURE_TEARDOWN(mount_later)
{
	if (!*self->dir)
		return;
	if (self->in.pid)
		CT_EQ(0, ct_finish(&self->in));
	if (self->c.pid)
		CT_EQ(0, ct_finish(&self->c));
	CT_UNTIL(gone());
	CT_EQ(0, rmdir(self->dir));
	ct_count_unload();
}

TEST_F(mount_later, groups_are_made)
{
	CT_EQ(0, ct_group_mount(self->dir, SUBSYS));
	CT_EQ(3, ct_group_lines(self->dir, self->c.name, "tasks"));
	CT_EQ(1, ct_group_lines(self->dir, self->inner, "tasks"));
	CT_EQ(4, ct_group_number(self->dir, self->c.name, "count.tasks"));
	CT_CHECK(is_in(self->in.pid, self->inner));
	CT_CHECK(is_in(getpid(), ""));
	/* It stays as long as there are containers, and is found again. */
	CT_EQ(0, umount(self->dir));
	CT_CHECK(!gone());
	CT_CHECK(is_in(self->in.pid, self->inner));
	CT_EQ(0, ct_group_mount(self->dir, SUBSYS));
	CT_EQ(1, ct_group_lines(self->dir, self->inner, "tasks"));
	CT_EQ(0, umount(self->dir));
	CT_EQ(0, ct_finish(&self->in));
	CT_EQ(0, ct_finish(&self->c));
	self->in.pid = 0;
	self->c.pid = 0;
	/* With the last container: nobody has it mounted. */
	CT_UNTIL(gone());
}

TEST_F(mount_later, name_of_a_file)
{
	struct ct_child out = ct_spawn(CT_PLAIN, ct_idle, NULL);

	CT_EQ(0, ct_create("tasks", "pid=%d", out.pid));
	CT_EQ(-EEXIST, ct_group_mount(self->dir, SUBSYS));
	CT_CHECK(gone());
	CT_EQ(0, ct_finish(&out));
	CT_UNTIL(ct_task_count("tasks") < 0);
	CT_EQ(0, ct_group_mount(self->dir, SUBSYS));
	CT_CHECK(is_in(self->in.pid, self->inner));
	CT_EQ(0, umount(self->dir));
}

TEST_F(mount_later, remount)
{
	CT_EQ(0, ct_finish(&self->in));
	CT_EQ(0, ct_finish(&self->c));
	self->in.pid = 0;
	self->c.pid = 0;
	CT_EQ(0, ct_group_mount(self->dir, "count"));
	CT_ERRNO(EBUSY, mount(NULL, self->dir, NULL, MS_REMOUNT, SUBSYS));
	CT_EQ(0, umount(self->dir));
	CT_EQ(0, ct_group_mount(self->dir, SUBSYS));
	CT_UNTIL(!there(self->dir, self->c.name));
	CT_ERRNO(EBUSY, mount(NULL, self->dir, NULL, MS_REMOUNT, "count"));
	CT_EQ(0, umount(self->dir));
}

/* -- the end ------------------------------------------------------------------------- */

/* A subsystem keeps the group: it stays when the container ends. */
TEST_F(pidspace, in_use_at_the_end)
{
	struct ct_child c = ct_spawn(CT_CONTAINER, ct_idle, NULL);
	char sub[SUB];

	snprintf(sub, sizeof(sub), "%s/sub", c.name);
	CT_EQ(0, ct_group_mkdir(self->dir, sub));
	CT_EQ(0, ct_group_write(self->dir, sub, "count.use", "1"));
	CT_EQ(0, ct_finish(&c));
	CT_UNTIL(ct_task_count(c.name) < 0);
	CT_UNTIL(ct_group_rmdir(self->dir, c.name) != -EPERM);
	CT_EQ(-EBUSY, ct_group_rmdir(self->dir, sub));
	expect_refused(self->dir, c.name, -EEXIST);
	CT_CHECK(there(self->dir, c.name));
	CT_EQ(0, ct_group_write(self->dir, sub, "count.use", "0"));
	CT_EQ(0, ct_group_rmdir(self->dir, sub));
	CT_EQ(0, ct_group_rmdir(self->dir, c.name));
}

/* Who watches is told, and what is mounted there goes. */
TEST_F(pidspace, watched)
{
	struct ct_child c = ct_spawn(CT_CONTAINER, ct_idle, NULL);
	char path[CT_GROUP_PATH], events[1024];
	int fd = inotify_init1(IN_CLOEXEC);

	CT_CHECK(inotify_add_watch(fd, self->dir, IN_CREATE | IN_DELETE) >= 0);
	ct_group_path(path, self->dir, c.name, "");
	CT_EQ(0, mount("none", path, "tmpfs", 0, NULL));
	CT_EQ(0, ct_finish(&c));
	CT_UNTIL(!there(self->dir, c.name));
	CT_CHECK(read(fd, events, sizeof(events)) > 0);
	CT_STREQ(c.name, ((struct inotify_event *)events)->name);
	close(fd);
}

TEST_HARNESS_MAIN
