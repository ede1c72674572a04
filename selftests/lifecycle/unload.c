// SPDX-License-Identifier: GPL-2.0
/* modes: host */
/* timeout: 400 */
/*
 * The module is unloaded and loaded again, while processes fork and read all
 * over /proc, and right after containers have ended.
 */
#include "ct-module.h"
#include <dirent.h>
#include "kselftest_harness.h"

#define CYCLES		3
/* A kernel that checks itself all the time may make fewer of them. */
#define LIMIT_MS	60000
#define CHURN_MS	700

struct shared {
	bool stop, churn;
	long churning, forks, reads, containers;
	char mount[32];
};

static struct shared *shared;

static bool flag(bool *flag)
{
	return __atomic_load_n(flag, __ATOMIC_SEQ_CST);
}

static void set_flag(bool *flag, bool value)
{
	__atomic_store_n(flag, value, __ATOMIC_SEQ_CST);
}

static void add(long *counter, long value)
{
	__atomic_fetch_add(counter, value, __ATOMIC_SEQ_CST);
}

static long get(long *counter)
{
	return __atomic_load_n(counter, __ATOMIC_SEQ_CST);
}

/* -- the load ------------------------------------------------------------------------- */

static void fork_on(int fd, void *arg)
{
	while (!flag(&shared->stop)) {
		CT_CHECK(ct_unused_pid() > 1);
		add(&shared->forks, 1);
	}
}

static void look_at(const char *proc)
{
	static const char * const files[] = {
		"container", "container/", "container/no-such/tasks", "1/stat",
		"self/status", "thread-self/stat", "loadavg", "locks",
	};
	char path[128], text[4096];
	struct dirent *entry;
	struct stat stat_buf;
	size_t i;
	DIR *dir;

	for (i = 0; i < sizeof(files) / sizeof(*files); i++) {
		snprintf(path, sizeof(path), "%s/%s", proc, files[i]);
		stat(path, &stat_buf);
		ct_read_file(path, text, sizeof(text));
	}
	snprintf(path, sizeof(path), "%s/container", proc);
	if (chdir(path) == 0)
		CT_EQ(0, chdir("/"));
	dir = opendir(proc);
	CT_CHECK(dir);
	i = 0;
	while ((entry = readdir(dir)))
		i += atoi(entry->d_name) == getpid();
	closedir(dir);
	CT_EQ(1, i);
}

static void read_on(int fd, void *arg)
{
	while (!flag(&shared->stop)) {
		look_at("/proc");
		look_at(shared->mount);
		add(&shared->reads, 1);
	}
}

static void live(int fd, void *arg)
{
	if (fork() == 0)
		for (;;)
			pause();
	CT_EQ(3, ct_unused_pid());
}

static void make_containers(int fd, void *arg)
{
	struct ct_child box;

	while (!flag(&shared->stop)) {
		if (!flag(&shared->churn)) {
			usleep(5000);
			continue;
		}
		add(&shared->churning, 1);
		/* It may have been told to stop in between. */
		if (flag(&shared->churn)) {
			box = ct_spawn(CT_CONTAINER, live, NULL);
			CT_EQ(0, ct_finish(&box));
			add(&shared->containers, 1);
		}
		add(&shared->churning, -1);
	}
}

/* -- what outlives a container and the module ------------------------------------------- */

static void mount_inside(int fd, void *arg)
{
	CT_EQ(0, mount("proc", arg, "proc", 0, NULL));
}

struct remains {
	char mount[32];
	int control, dir, pidfd;
};

static void leave_remains(struct remains *remains)
{
	struct ct_child box;

	strcpy(remains->mount, "/tmp/ct-unload-XXXXXX");
	CT_CHECK(mkdtemp(remains->mount));
	box = ct_spawn(CT_CONTAINER, mount_inside, remains->mount);
	remains->pidfd = syscall(SYS_pidfd_open, box.pid, 0);
	CT_CHECK(remains->pidfd >= 0);
	CT_EQ(0, ct_finish(&box));
	remains->control = open(CT_FILE, O_RDWR | O_CLOEXEC);
	remains->dir = open(CT_FILE "/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	CT_CHECK(remains->control >= 0 && remains->dir >= 0);
}

/* Without the module: nothing there does anything, and nothing breaks. */
static void use_remains(struct remains *remains)
{
	char text[64], path[64];
	struct stat stat_buf;

	CT_CHECK(read(remains->control, text, sizeof(text)) < 0);
	CT_CHECK(write(remains->control, "name", 4) < 0);
	CT_EQ(0, fstat(remains->dir, &stat_buf));
	syscall(SYS_getdents64, remains->dir, text, sizeof(text));
	CT_CHECK(openat(remains->dir, "name", O_RDONLY) < 0);
	CT_ERRNO(ENOENT, access(CT_FILE, F_OK));
	CT_ERRNO(ENOENT, access(CT_FILE "/", F_OK));
	snprintf(path, sizeof(path), "%s/loadavg", remains->mount);
	ct_read_file(path, text, sizeof(text));
	snprintf(path, sizeof(path), "%s/1", remains->mount);
	CT_ERRNO(ENOENT, access(path, F_OK));
	CT_EQ(0, umount(remains->mount));
	CT_EQ(0, rmdir(remains->mount));
	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", remains->pidfd);
	CT_EQ(-1, ct_keyed_number(path, "Pid"));
	close(remains->control);
	close(remains->dir);
	close(remains->pidfd);
}

/* -- in and out -------------------------------------------------------------------------- */

FIXTURE(unload) { int unused; };

FIXTURE_SETUP(unload)
{
	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE,
		      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, shared);
	strcpy(shared->mount, "/tmp/ct-proc-XXXXXX");
	ASSERT_NE(NULL, mkdtemp(shared->mount));
	ASSERT_EQ(0, mount("proc", shared->mount, "proc", 0, NULL));
}

FIXTURE_TEARDOWN(unload)
{
	EXPECT_EQ(0, umount(shared->mount));
	EXPECT_EQ(0, rmdir(shared->mount));
}

TEST_F_TIMEOUT(unload, under_load, 600)
{
	static const ct_fn load_of[] = {
		fork_on, fork_on, read_on, read_on, make_containers,
		make_containers,
	};
	const int count = sizeof(load_of) / sizeof(*load_of);
	struct ct_child child[count], box;
	struct remains remains;
	long long took, end = ct_now_ms() + LIMIT_MS;
	long made;
	int i;

	if (!ct_module_removable())
		SKIP(return, "no module to play with");
	for (i = 0; i < count; i++)
		child[i] = ct_spawn(CT_PLAIN, load_of[i], NULL);
	for (i = 0; i < CYCLES && (!i || ct_now_ms() < end); i++) {
		made = get(&shared->containers);
		set_flag(&shared->churn, true);
		usleep(CHURN_MS * 1000);
		CT_UNTIL(get(&shared->containers) > made);
		leave_remains(&remains);
		set_flag(&shared->churn, false);
		CT_UNTIL(!get(&shared->churning));
		took = ct_module_unload();
		TH_LOG("unloading took %lld ms", took);
		EXPECT_FALSE(ct_module_loaded());
		use_remains(&remains);
		ct_module_load();
		EXPECT_TRUE(ct_module_loaded());
		box = ct_spawn(CT_CONTAINER, ct_idle, NULL);
		EXPECT_EQ(1, ct_task_count(box.name));
		EXPECT_EQ(0, ct_finish(&box));
	}
	set_flag(&shared->stop, true);
	for (i = 0; i < count; i++)
		EXPECT_EQ(0, ct_finish(&child[i]));
	TH_LOG("%ld forks, %ld reads, %ld containers", shared->forks,
	       shared->reads, shared->containers);
	EXPECT_LT(0, shared->forks);
	EXPECT_LT(0, shared->reads);
}

/* Idle, and at once, again and again. */
TEST_F_TIMEOUT(unload, when_idle, 300)
{
	struct ct_child box;
	int i;

	if (!ct_module_removable())
		SKIP(return, "no module to play with");
	for (i = 0; i < CYCLES; i++) {
		ct_module_unload();
		CT_ERRNO(ENOENT, access(CT_FILE, F_OK));
		ct_module_load();
		if (i % 2) {
			box = ct_spawn(CT_CONTAINER, ct_idle, NULL);
			EXPECT_EQ(0, ct_finish(&box));
		}
	}
}

TEST_HARNESS_MAIN
