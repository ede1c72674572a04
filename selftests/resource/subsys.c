// SPDX-License-Identifier: GPL-2.0
/* modes: host */
/* kernels: all */
/*
 * What a subsystem in a module of its own is told: samples/count.
 */
#include "ct-group.h"
#include "ct-module.h"
#include "kselftest_harness.h"

FIXTURE(subsys) {
	struct ct_count c;
	char *dir;
};

FIXTURE_SETUP(subsys)
{
	CT_NEED_COUNT();
	self->c = ct_count_begin();
	self->dir = self->c.dir;
	CT_EQ(0, ct_group_mkdir(self->dir, "a"));
	CT_EQ(0, ct_group_mkdir(self->dir, "a/b"));
}

FIXTURE_TEARDOWN(subsys)
{
	if (!self->dir)
		return;
	CT_EQ(0, ct_group_rmdir(self->dir, "a/b"));
	CT_EQ(0, ct_group_rmdir(self->dir, "a"));
	ct_count_end(&self->c);
}

/* How often which callback was called for a group, in the order of count.stat. */
static void expect_stat(const char *dir, const char *group, const char *want)
{
	char text[512], got[128] = "", *line, *save;

	ct_group_read(dir, group, "count.stat", text, sizeof(text));
	for (line = strtok_r(text, "\n", &save); line;
	     line = strtok_r(NULL, "\n", &save)) {
		strcat(got, *got ? " " : "");
		strcat(got, strchr(line, ' ') + 1);
	}
	CT_STREQ(want, got);
}

static void fork_some(int fd, void *arg)
{
	int i;

	for (i = 0; i < 5; i++) {
		pid_t pid;

		ct_recv(fd);
		pid = fork();
		CT_CHECK(pid >= 0);
		if (!pid)
			_exit(0);
		CT_EQ(0, ct_reap(pid));
		ct_send(fd, 0);
	}
	ct_wait_hangup(fd);
}

static void let_fork(struct ct_child *task)
{
	ct_send(task->fd, 0);
	ct_recv(task->fd);
}

/*
 * online cloned populated, can_attach cancel_attach attached left post_attach,
 * can_fork cancel_fork fork exit release
 */
TEST_F(subsys, callbacks)
{
	struct ct_child task = ct_spawn(CT_PLAIN, fork_some, NULL);
	char *dir = self->dir;

	expect_stat(dir, "a", "1 0 1 0 0 0 0 0 0 0 0 0 0");
	/* The root hears of no task but of those that come from below. */
	let_fork(&task);
	expect_stat(dir, "", "1 0 1 0 0 0 0 0 0 0 0 0 0");

	CT_EQ(0, ct_group_put(dir, "a", "procs", task.pid));
	expect_stat(dir, "a", "1 0 1 1 0 1 0 1 0 0 0 0 0");
	expect_stat(dir, "", "1 0 1 0 0 0 1 0 0 0 0 0 0");
	/* Where it is already. */
	CT_EQ(0, ct_group_put(dir, "a", "procs", task.pid));
	expect_stat(dir, "a", "1 0 1 1 0 1 0 1 0 0 0 0 0");
	let_fork(&task);
	let_fork(&task);
	expect_stat(dir, "a", "1 0 1 1 0 1 0 1 2 0 2 2 2");
	CT_EQ(0, ct_group_put(dir, "a/b", "tasks", task.pid));
	expect_stat(dir, "a", "1 0 1 1 0 1 1 1 2 0 2 2 2");
	expect_stat(dir, "a/b", "1 0 1 1 0 1 0 1 0 0 0 0 0");
	EXPECT_EQ(1, ct_group_number(dir, "a", "count.tasks"));
	let_fork(&task);
	CT_EQ(0, ct_group_put(dir, "", "tasks", task.pid));
	expect_stat(dir, "a/b", "1 0 1 1 0 1 1 1 1 0 1 1 1");
	expect_stat(dir, "", "1 0 1 1 0 1 1 1 0 0 0 0 0");
	let_fork(&task);
	expect_stat(dir, "", "1 0 1 1 0 1 1 1 0 0 0 0 0");
	EXPECT_EQ(0, ct_group_number(dir, "a", "count.tasks"));
	EXPECT_EQ(0, ct_finish(&task));
	expect_stat(dir, "", "1 0 1 1 0 1 1 1 0 0 0 0 0");
}

static void fork_limited(int fd, void *arg)
{
	struct ct_thread thread;
	pid_t pid;

	ct_recv(fd);
	CT_ERRNO(EAGAIN, fork());
	CT_EQ(EAGAIN, pthread_create(&thread.thread, NULL, ct_thread_idle, &thread));
	CT_EQ(0, ct_group_write(arg, "a", "count.limit", "2"));
	pid = fork();
	CT_CHECK(pid >= 0);
	if (!pid)
		_exit(0);
	/* A zombie still counts. */
	CT_UNTIL(ct_state(pid) == 'Z');
	CT_ERRNO(EAGAIN, fork());
	CT_EQ(0, ct_reap(pid));
	pid = fork();
	CT_CHECK(pid >= 0);
	if (!pid)
		_exit(0);
	CT_EQ(0, ct_reap(pid));
}

/* can_fork makes fork fail, also that of a group further up. */
TEST_F(subsys, limit)
{
	struct ct_child task = ct_spawn(CT_PLAIN, fork_limited, self->dir);

	CT_EQ(0, ct_group_write(self->dir, "a", "count.limit", "1"));
	CT_EQ(0, ct_group_put(self->dir, "a/b", "procs", task.pid));
	ct_send(task.fd, 0);
	EXPECT_EQ(0, ct_finish(&task));
	EXPECT_EQ(0, ct_group_number(self->dir, "a", "count.tasks"));
	EXPECT_EQ(0, ct_group_key(self->dir, "a/b", "count.stat", "cancel_fork"));
}

#define CLONE3_INTO_CGROUP	0x200000000ULL

/* As linux/sched.h has it, which does not go with sched.h. */
struct clone3_args {
	uint64_t flags, pidfd, child_tid, parent_tid, exit_signal, stack;
	uint64_t stack_size, tls, set_tid, set_tid_size, cgroup;
};

static void fork_doomed(int fd, void *arg)
{
	struct clone3_args args = {
		.flags = CLONE3_INTO_CGROUP,
		.exit_signal = SIGCHLD,
		.cgroup = fd,
	};

	ct_recv(fd);
	CT_EQ(-1, syscall(SYS_clone3, &args, sizeof(args)));
}

/* clone3() into a cgroup by a descriptor of something else fails in cgroup_can_fork() itself. */
TEST_F(subsys, fork_fails_otherwise)
{
	struct ct_child task = ct_spawn(CT_PLAIN, fork_doomed, NULL);
	char *dir = self->dir;

	CT_EQ(0, ct_group_put(dir, "a/b", "procs", task.pid));
	ct_send(task.fd, 0);
	EXPECT_EQ(0, ct_finish(&task));
	EXPECT_EQ(1, ct_group_key(dir, "a/b", "count.stat", "can_fork"));
	EXPECT_EQ(1, ct_group_key(dir, "a/b", "count.stat", "cancel_fork"));
	EXPECT_EQ(0, ct_group_key(dir, "a/b", "count.stat", "fork"));
	EXPECT_EQ(0, ct_group_number(dir, "a", "count.tasks"));
}

static void four_threads(int fd, void *arg)
{
	struct ct_thread thread[3];
	int i;

	for (i = 0; i < 3; i++)
		ct_thread_start(&thread[i]);
	ct_send(fd, 0);
	ct_wait_hangup(fd);
	for (i = 0; i < 3; i++)
		ct_thread_end(&thread[i]);
}

TEST_F(subsys, refuses)
{
	struct ct_child task = ct_spawn(CT_PLAIN, four_threads, NULL);
	char text[64], *dir = self->dir;

	ct_recv(task.fd);
	CT_EQ(0, ct_group_write(dir, "a", "count.deny", "28"));
	EXPECT_EQ(-ENOSPC, ct_group_put(dir, "a", "procs", task.pid));
	expect_stat(dir, "a", "1 0 1 1 0 0 0 0 0 0 0 0 0");
	EXPECT_EQ(0, ct_group_lines(dir, "a", "tasks"));
	CT_EQ(0, ct_group_write(dir, "a", "count.deny", "0"));
	EXPECT_EQ(0, ct_group_put(dir, "a", "procs", task.pid));
	expect_stat(dir, "a", "1 0 1 5 0 4 0 4 0 0 0 0 0");
	EXPECT_EQ(4, ct_group_lines(dir, "a", "tasks"));
	EXPECT_EQ(1, ct_group_lines(dir, "a", "procs"));
	EXPECT_STREQ("4 0 4\n", ct_group_read(dir, "a", "count.walk", text,
					      sizeof(text)));
	EXPECT_EQ(0, ct_finish(&task));
	EXPECT_EQ(0, ct_group_number(dir, "a", "count.tasks"));
}

TEST_F(subsys, in_use)
{
	char *dir = self->dir;

	CT_EQ(0, ct_group_mkdir(dir, "c"));
	CT_EQ(0, ct_group_write(dir, "c", "count.use", "1"));
	EXPECT_EQ(-EBUSY, ct_group_rmdir(dir, "c"));
	CT_EQ(0, ct_group_write(dir, "c", "count.use", "0"));
	EXPECT_EQ(0, ct_group_rmdir(dir, "c"));
}

TEST_F(subsys, cloned)
{
	char *dir = self->dir;

	CT_EQ(0, ct_group_write(dir, "a", "count.limit", "7"));
	CT_EQ(0, ct_group_mkdir(dir, "a/c"));
	EXPECT_EQ(0, ct_group_number(dir, "a/c", "count.limit"));
	CT_EQ(0, ct_group_rmdir(dir, "a/c"));
	CT_EQ(0, ct_group_write(dir, "a", "clone_children", "1"));
	CT_EQ(0, ct_group_mkdir(dir, "a/c"));
	EXPECT_EQ(7, ct_group_number(dir, "a/c", "count.limit"));
	expect_stat(dir, "a/c", "1 1 1 0 0 0 0 0 0 0 0 0 0");
	CT_EQ(0, ct_group_rmdir(dir, "a/c"));
}

TEST_F(subsys, tree)
{
	char text[256], *dir = self->dir;

	CT_EQ(0, ct_group_mkdir(dir, "a/c"));
	CT_EQ(0, ct_group_mkdir(dir, "d"));
	EXPECT_STREQ("+/\n+/a\n+/a/b\n+/a/c\n+/d\n-/a/b\n-/a/c\n-/a\n-/d\n-/\n",
		     ct_group_read(dir, "", "count.tree", text, sizeof(text)));
	EXPECT_STREQ("+/a\n+/a/b\n+/a/c\n-/a/b\n-/a/c\n-/a\n",
		     ct_group_read(dir, "a", "count.tree", text, sizeof(text)));
	CT_EQ(0, ct_group_rmdir(dir, "d"));
	CT_EQ(0, ct_group_rmdir(dir, "a/c"));
}

/* The module is held while mounted, and while a zombie has a state of it. */
TEST_F(subsys, module)
{
	struct ct_child task = ct_spawn(CT_PLAIN, ct_idle, NULL);
	char *dir = self->dir;

	CT_ERRNO(EWOULDBLOCK, ct_count_try_unload());
	CT_EQ(0, ct_group_put(dir, "a/b", "procs", task.pid));
	ct_release(&task);
	CT_UNTIL(ct_state(task.pid) == 'Z');
	CT_EQ(0, ct_group_rmdir(dir, "a/b"));
	CT_EQ(0, ct_group_rmdir(dir, "a"));
	CT_EQ(0, umount(dir));
	EXPECT_EQ(-1, ct_group_hierarchy("count"));
	CT_ERRNO(EWOULDBLOCK, ct_count_try_unload());
	/* The subsystem itself can be mounted again. */
	CT_EQ(0, ct_group_mount(dir, "count"));
	CT_EQ(0, ct_group_mkdir(dir, "a"));
	CT_EQ(0, ct_group_mkdir(dir, "a/b"));
	EXPECT_EQ(0, ct_group_number(dir, "a", "count.tasks"));
	EXPECT_EQ(0, ct_reap(task.pid));
	EXPECT_EQ(0, ct_group_number(dir, "a", "count.tasks"));
}

/* The whole of it, under forks, and with a zombie that was in a group. */
TEST(unload)
{
	struct ct_child task;
	struct ct_count c;
	int i;

	CT_NEED_COUNT();
	if (!ct_module_removable())
		SKIP(return, "the module cannot be loaded again");
	for (i = 0; i < 3; i++) {
		c = ct_count_begin();
		CT_EQ(0, ct_group_mkdir(c.dir, "a"));
		task = ct_spawn(CT_PLAIN, ct_idle, NULL);
		CT_EQ(0, ct_group_put(c.dir, "a", "procs", task.pid));
		CT_ERRNO(EWOULDBLOCK, syscall(SYS_delete_module, "container",
					      O_NONBLOCK));
		EXPECT_EQ(0, ct_finish(&task));
		CT_EQ(0, ct_group_rmdir(c.dir, "a"));
		ct_count_end(&c);
		ct_module_unload();
		CT_ERRNO(ENOENT, access("/proc/containers", F_OK));
		ct_module_load();
	}
}

TEST_HARNESS_MAIN
