// SPDX-License-Identifier: GPL-2.0
/* modes: host */
/* kernels: all */
/*
 * Groups and who is in them: files, attaching, fork, exec, exit.
 */
#include "ct-group.h"
#include "kselftest_harness.h"

FIXTURE(groups) {
	struct ct_count c;
	char *dir;
};

FIXTURE_SETUP(groups)
{
	CT_NEED_COUNT();
	self->c = ct_count_begin();
	self->dir = self->c.dir;
	CT_EQ(0, ct_group_mkdir(self->dir, "a"));
}

FIXTURE_TEARDOWN(groups)
{
	if (!self->dir)
		return;
	CT_UNTIL(!ct_group_rmdir(self->dir, "a"));
	ct_count_end(&self->c);
}

TEST_F(groups, files)
{
	static const struct {
		const char *group, *file;
		mode_t mode;
	} table[] = {
		{ "", "tasks", 0644 }, { "a", "tasks", 0644 },
		{ "", "procs", 0644 }, { "a", "procs", 0644 },
		{ "", "notify_on_release", 0644 },
		{ "a", "notify_on_release", 0644 },
		{ "a", "clone_children", 0644 },
		{ "", "release_agent", 0644 }, { "a", "release_agent", 0 },
		{ "", "events", 0 }, { "a", "events", 0444 },
		{ "", "count.stat", 0444 }, { "a", "count.stat", 0444 },
		{ "", "count.tasks", 0 }, { "a", "count.tasks", 0444 },
		{ "a", "count.limit", 0644 }, { "a", "count.use", 0200 },
		{ "", "count.states", 0444 }, { "a", "count.states", 0 },
		{ "a", "stat", 0 },
	};
	char path[CT_GROUP_PATH];
	struct stat st;
	size_t i;

	for (i = 0; i < sizeof(table) / sizeof(*table); i++) {
		mode_t mode = 0;

		if (!stat(ct_group_path(path, self->dir, table[i].group,
					table[i].file), &st))
			mode = st.st_mode & 07777;
		if (mode != table[i].mode)
			CT_FAIL("%s: mode %o, not %o", path, mode, table[i].mode);
	}
	CT_EQ(-EACCES, ct_group_write(self->dir, "a", "count.stat", "1"));
	ct_group_path(path, self->dir, "a", "count.use");
	CT_ERRNO(EACCES, open(path, O_RDONLY));
	CT_ERRNO(EACCES, open(path, O_RDWR));
	/* No other files, and nothing but groups is made or removed. */
	ct_group_path(path, self->dir, "a", "mine");
	CT_ERRNO(EACCES, open(path, O_RDWR | O_CREAT, 0600));
	CT_ERRNO(EPERM, symlink("a", path));
	CT_ERRNO(EPERM, mknod(path, S_IFIFO | 0600, 0));
	CT_ERRNO(EPERM, unlink(ct_group_path(path, self->dir, "a", "tasks")));
}

TEST_F(groups, flags)
{
	static const char * const file[] = { "notify_on_release", "clone_children" };
	char long_text[5000];
	int i;

	for (i = 0; i < 2; i++) {
		EXPECT_EQ(0, ct_group_number(self->dir, "a", file[i]));
		EXPECT_EQ(0, ct_group_write(self->dir, "a", file[i], " 1\n"));
		EXPECT_EQ(1, ct_group_number(self->dir, "a", file[i]));
		EXPECT_EQ(-EINVAL, ct_group_write(self->dir, "a", file[i], "2"));
		EXPECT_EQ(-EINVAL, ct_group_write(self->dir, "a", file[i], "yes"));
		EXPECT_EQ(-EINVAL, ct_group_write(self->dir, "a", file[i], "\n"));
		/* Inherited. */
		EXPECT_EQ(0, ct_group_mkdir(self->dir, "a/b"));
		EXPECT_EQ(1, ct_group_number(self->dir, "a/b", file[i]));
		EXPECT_EQ(0, ct_group_rmdir(self->dir, "a/b"));
		EXPECT_EQ(0, ct_group_write(self->dir, "a", file[i], "0"));
	}
	memset(long_text, '1', sizeof(long_text));
	long_text[sizeof(long_text) - 1] = 0;
	EXPECT_EQ(-E2BIG, ct_group_write(self->dir, "a", file[0], long_text));
}

TEST_F(groups, attach)
{
	struct ct_child task = ct_spawn(CT_PLAIN, ct_idle, NULL);
	char *dir = self->dir;

	EXPECT_TRUE(ct_group_has(dir, "", "tasks", task.pid));
	EXPECT_EQ(0, ct_group_put(dir, "a", "tasks", task.pid));
	EXPECT_TRUE(ct_group_has(dir, "a", "tasks", task.pid));
	EXPECT_FALSE(ct_group_has(dir, "", "tasks", task.pid));
	EXPECT_TRUE(ct_group_populated(dir, "a"));
	/* Once more is no error. */
	EXPECT_EQ(0, ct_group_put(dir, "a", "procs", task.pid));
	EXPECT_EQ(-EBUSY, ct_group_rmdir(dir, "a"));
	EXPECT_EQ(0, ct_group_put(dir, "", "procs", task.pid));
	EXPECT_TRUE(ct_group_has(dir, "", "procs", task.pid));
	EXPECT_EQ(0, ct_group_lines(dir, "a", "tasks"));
	EXPECT_FALSE(ct_group_populated(dir, "a"));
	EXPECT_EQ(0, ct_finish(&task));
}

TEST_F(groups, attach_errors)
{
	static const char * const bad[] = {
		"", "\n", "x", "-1", "1x", "1 2", "99999999999", "0x10",
	};
	struct ct_child zombie;
	char text[16];
	size_t i;

	for (i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		if (*bad[i])
			EXPECT_EQ(-EINVAL, ct_group_write(self->dir, "a", "tasks",
							  bad[i]));
	EXPECT_EQ(-ESRCH, ct_group_put(self->dir, "a", "tasks", ct_unused_pid()));
	EXPECT_EQ(-ESRCH, ct_group_put(self->dir, "a", "procs", ct_unused_pid()));
	snprintf(text, sizeof(text), "%d", ct_pid_max() + 5);
	EXPECT_EQ(-ESRCH, ct_group_write(self->dir, "a", "tasks", text));
	/* Exiting, or dead. */
	zombie = ct_spawn(CT_PLAIN, ct_idle, NULL);
	ct_release(&zombie);
	CT_UNTIL(ct_state(zombie.pid) == 'Z');
	EXPECT_EQ(-ESRCH, ct_group_put(self->dir, "a", "tasks", zombie.pid));
	EXPECT_EQ(-ESRCH, ct_group_put(self->dir, "a", "procs", zombie.pid));
	EXPECT_EQ(0, ct_reap(zombie.pid));
	/* kthreadd, whose children the kernel needs where they are. */
	EXPECT_EQ(-EINVAL, ct_group_write(self->dir, "a", "tasks", "2"));
	EXPECT_EQ(0, ct_group_lines(self->dir, "a", "tasks"));
}

struct try_other {
	const char *dir;
	pid_t pid;
};

static void try_others(int fd, void *arg)
{
	struct try_other *t = arg;

	ct_become_user();
	/* He may write the file, but not move others' tasks. */
	CT_EQ(-EACCES, ct_group_put(t->dir, "a", "tasks", t->pid));
	CT_EQ(-EACCES, ct_group_put(t->dir, "a", "procs", t->pid));
	CT_EQ(0, ct_group_write(t->dir, "a", "tasks", "0"));
	CT_EQ(0, ct_group_put(t->dir, "a", "procs", getpid()));
	CT_CHECK(ct_group_has(t->dir, "a", "tasks", getpid()));
	CT_EQ(-EACCES, ct_group_write(t->dir, "", "tasks", "0"));
	CT_EQ(-EACCES, ct_group_mkdir(t->dir, "b"));
}

TEST_F(groups, other_users)
{
	struct ct_child task = ct_spawn(CT_PLAIN, ct_idle, NULL), user;
	struct try_other t = { self->dir, task.pid };
	char path[CT_GROUP_PATH];

	CT_EQ(0, chmod(self->dir, 0755));
	CT_EQ(0, chmod(ct_group_path(path, self->dir, "a", "tasks"), 0666));
	CT_EQ(0, chmod(ct_group_path(path, self->dir, "a", "procs"), 0666));
	user = ct_spawn(CT_PLAIN, try_others, &t);
	EXPECT_EQ(0, ct_finish(&user));
	EXPECT_EQ(0, ct_finish(&task));
}

/* -- reading ------------------------------------------------------------------- */

#define MANY	300

static void many(int fd, void *arg)
{
	int i;

	for (i = 0; i < MANY; i++) {
		pid_t pid = fork();

		CT_CHECK(pid >= 0);
		if (!pid) {
			prctl(PR_SET_PDEATHSIG, SIGKILL);
			ct_wait_hangup(fd);
			_exit(0);
		}
	}
	ct_send(fd, 0);
	for (i = 0; i < MANY; i++)
		CT_EQ(0, ct_reap(-1));
}

TEST_F(groups, big_reads)
{
	struct ct_child child;
	char path[CT_GROUP_PATH], buf[7], all[MANY * 12];
	int fd, found;
	size_t len = 0;
	ssize_t ret;

	CT_EQ(0, ct_group_write(self->dir, "a", "procs", "0"));
	child = ct_spawn(CT_PLAIN, many, NULL);
	ct_recv(child.fd);
	EXPECT_EQ(MANY + 2, ct_group_list(self->dir, "a", "procs", getpid(),
					  &found));
	EXPECT_EQ(1, found);
	/* In small pieces, while those that come later have gone. */
	fd = open(ct_group_path(path, self->dir, "a", "tasks"),
		  O_RDONLY | O_CLOEXEC);
	CT_CHECK(fd >= 0);
	while ((ret = read(fd, buf, sizeof(buf))) > 0) {
		CT_CHECK(len + ret < sizeof(all));
		memcpy(all + len, buf, ret);
		if (!len)
			CT_EQ(0, ct_finish(&child));
		len += ret;
	}
	for (found = 0, ret = 0; (size_t)ret < len; ret++)
		found += all[ret] == '\n';
	EXPECT_EQ(MANY + 2, found);
	/* From the beginning: as it is now. */
	CT_EQ(0, lseek(fd, 0, SEEK_SET));
	ret = read(fd, all, sizeof(all));
	CT_CHECK(ret > 0);
	all[ret] = 0;
	EXPECT_EQ(getpid(), atoi(all));
	EXPECT_EQ(NULL, strchr(strchr(all, '\n') + 1, '\n'));
	close(fd);
	CT_EQ(0, ct_group_write(self->dir, "", "procs", "0"));
}

/* -- fork, threads, exec, exit -------------------------------------------------- */

static void fork_tree(int fd, void *arg)
{
	const char *dir = arg;
	struct ct_thread thread;
	pid_t pid;

	CT_EQ(0, ct_group_write(dir, "a", "procs", "0"));
	ct_thread_start(&thread);
	CT_CHECK(ct_group_has(dir, "a", "tasks", thread.tid));
	CT_CHECK(!ct_group_has(dir, "a", "procs", thread.tid));
	pid = fork();
	CT_CHECK(pid >= 0);
	if (!pid) {
		CT_CHECK(ct_group_has(dir, "a", "procs", getpid()));
		pid = vfork();
		if (!pid)
			_exit(ct_group_has(dir, "a", "procs", getpid()) ? 0 : 1);
		_exit(ct_reap(pid));
	}
	CT_EQ(0, ct_reap(pid));
	CT_CHECK(!ct_group_has(dir, "a", "tasks", pid));
	ct_thread_end(&thread);
	/* A detached or joined thread is gone by and by. */
	CT_UNTIL(!ct_group_has(dir, "a", "tasks", thread.tid));
	CT_EQ(1, ct_group_lines(dir, "a", "tasks"));
}

TEST_F(groups, inherited)
{
	struct ct_child child = ct_spawn(CT_PLAIN, fork_tree, self->dir);

	EXPECT_EQ(0, ct_finish(&child));
}

static void split(int fd, void *arg)
{
	const char *dir = arg;
	struct ct_thread thread;

	ct_thread_start(&thread);
	/* One thread alone: the process is in both groups. */
	CT_EQ(0, ct_group_put(dir, "a", "tasks", thread.tid));
	CT_CHECK(ct_group_has(dir, "a", "tasks", thread.tid));
	CT_CHECK(!ct_group_has(dir, "a", "tasks", getpid()));
	CT_CHECK(ct_group_has(dir, "a", "procs", getpid()));
	CT_CHECK(ct_group_has(dir, "", "procs", getpid()));
	/* All of it, named by any thread. */
	CT_EQ(0, ct_group_put(dir, "a", "procs", thread.tid));
	CT_CHECK(ct_group_has(dir, "a", "tasks", getpid()));
	CT_CHECK(!ct_group_has(dir, "", "procs", getpid()));
	ct_thread_end(&thread);
}

TEST_F(groups, threads)
{
	struct ct_child child = ct_spawn(CT_PLAIN, split, self->dir);

	EXPECT_EQ(0, ct_finish(&child));
}

/* execve() by a thread, which becomes the process: it takes its group along. */
static const char *exec_dir;
static bool exec_thread_inside;

static void after_exec(const char *dir)
{
	bool inside = *dir == '+';

	dir++;
	CT_EQ(inside, ct_group_has(dir, "a", "tasks", getpid()));
	CT_EQ(inside ? 1 : 0, ct_group_lines(dir, "a", "tasks"));
	CT_EQ(inside ? 1 : 0, ct_group_number(dir, "a", "count.tasks"));
	_exit(0);
}

CT_AFTER_EXEC(after_exec)

static void *exec_thread(void *arg)
{
	char word[64];

	snprintf(word, sizeof(word), "%c%s", exec_thread_inside ? '+' : '-',
		 exec_dir);
	CT_EQ(0, ct_group_put(exec_dir, exec_thread_inside ? "a" : "", "tasks",
			      ct_gettid()));
	CT_EQ(0, ct_group_put(exec_dir, exec_thread_inside ? "" : "a", "tasks",
			      getpid()));
	execl("/proc/self/exe", "groups", CT_EXEC_WORD, word, NULL);
	CT_FAIL("exec: %s", strerror(errno));
}

static void exec_from_thread(int fd, void *arg)
{
	pthread_t thread;

	exec_dir = arg;
	CT_EQ(0, pthread_create(&thread, NULL, exec_thread, NULL));
	pthread_join(thread, NULL);
}

TEST_F(groups, exec_of_a_thread)
{
	struct ct_child child;
	int i;

	for (i = 0; i < 2; i++) {
		exec_thread_inside = i;
		child = ct_spawn(CT_PLAIN, exec_from_thread, self->dir);
		EXPECT_EQ(0, ct_reap(child.pid));
		EXPECT_EQ(0, ct_group_number(self->dir, "a", "count.tasks"));
	}
}

TEST_F(groups, zombies)
{
	struct ct_child task = ct_spawn(CT_PLAIN, ct_idle, NULL);
	char text[64], *dir = self->dir;

	CT_EQ(0, ct_group_mkdir(dir, "b"));
	CT_EQ(0, ct_group_put(dir, "b", "tasks", task.pid));
	EXPECT_EQ(1, ct_group_number(dir, "b", "count.tasks"));
	ct_release(&task);
	CT_UNTIL(ct_state(task.pid) == 'Z');
	/* Not in the list, but charged until it is waited for. */
	EXPECT_EQ(0, ct_group_lines(dir, "b", "tasks"));
	EXPECT_FALSE(ct_group_has(dir, "", "tasks", task.pid));
	EXPECT_FALSE(ct_group_populated(dir, "b"));
	EXPECT_EQ(1, ct_group_number(dir, "b", "count.tasks"));
	EXPECT_STREQ("0 1 0\n", ct_group_read(dir, "b", "count.walk", text,
					      sizeof(text)));
	/* It does not keep the group. */
	EXPECT_EQ(0, ct_group_rmdir(dir, "b"));
	EXPECT_EQ(0, strcmp("3 1\n", ct_group_read(dir, "", "count.states", text,
						    sizeof(text))));
	EXPECT_EQ(0, ct_reap(task.pid));
	CT_UNTIL(!strcmp("2 1\n", ct_group_read(dir, "", "count.states", text,
						sizeof(text))));
}

/* -- the tree ------------------------------------------------------------------- */

TEST_F(groups, rmdir)
{
	char path[CT_GROUP_PATH], text[64], *dir = self->dir;
	int fd;

	CT_EQ(0, ct_group_mkdir(dir, "a/b"));
	EXPECT_EQ(-EBUSY, ct_group_rmdir(dir, "a"));
	EXPECT_EQ(-EEXIST, ct_group_mkdir(dir, "a/b"));
	EXPECT_EQ(-EEXIST, ct_group_mkdir(dir, "a/tasks"));
	EXPECT_EQ(-EINVAL, ct_group_mkdir(dir, "a/b\nc"));
	/* Open files stay, and say so. */
	fd = open(ct_group_path(path, dir, "a/b", "tasks"), O_RDWR | O_CLOEXEC);
	CT_CHECK(fd >= 0);
	EXPECT_EQ(0, ct_group_rmdir(dir, "a/b"));
	CT_ERRNO(ENODEV, read(fd, text, sizeof(text)));
	CT_ERRNO(ENODEV, write(fd, "0", 1));
	close(fd);
	EXPECT_EQ(-ENOENT, ct_group_rmdir(dir, "a/b"));
	/* And a directory that somebody is in. */
	CT_EQ(0, ct_group_mkdir(dir, "a/b"));
	fd = open(ct_group_path(path, dir, "a/b", ""), O_RDONLY | O_DIRECTORY);
	CT_CHECK(fd >= 0);
	EXPECT_EQ(0, ct_group_rmdir(dir, "a/b"));
	CT_ERRNO(ENOENT, mkdirat(fd, "c", 0755));
	CT_ERRNO(ENOENT, openat(fd, "tasks", O_RDONLY));
	close(fd);
}

TEST_F(groups, rename)
{
	char from[CT_GROUP_PATH], to[CT_GROUP_PATH], *dir = self->dir;
	struct ct_child task = ct_spawn(CT_PLAIN, ct_idle, NULL);

	CT_EQ(0, ct_group_mkdir(dir, "b"));
	CT_EQ(0, ct_group_mkdir(dir, "c"));
	CT_EQ(0, ct_group_put(dir, "b", "tasks", task.pid));
	ct_group_path(from, dir, "b", "");
	from[strlen(from) - 1] = 0;
	snprintf(to, sizeof(to), "%s/d", dir);
	EXPECT_EQ(0, rename(from, to));
	EXPECT_TRUE(ct_group_has(dir, "d", "tasks", task.pid));
	CT_ERRNO(ENOENT, rename(from, to));
	/* Only within its directory, only to a free name. */
	snprintf(from, sizeof(from), "%s/d", dir);
	snprintf(to, sizeof(to), "%s/a/d", dir);
	CT_ERRNO(EPERM, rename(from, to));
	snprintf(to, sizeof(to), "%s/c", dir);
	CT_ERRNO(EEXIST, rename(from, to));
	snprintf(to, sizeof(to), "%s/e\nf", dir);
	CT_ERRNO(EINVAL, rename(from, to));
	snprintf(from, sizeof(from), "%s/a/tasks", dir);
	snprintf(to, sizeof(to), "%s/a/jobs", dir);
	CT_ERRNO(ENOTDIR, rename(from, to));
	EXPECT_EQ(0, ct_finish(&task));
	CT_EQ(0, ct_group_rmdir(dir, "c"));
	CT_EQ(0, ct_group_rmdir(dir, "d"));
}

TEST_HARNESS_MAIN
