// SPDX-License-Identifier: GPL-2.0
/* modes: host */
/* kernels: all */
/*
 * Everything at once: groups are made, renamed and removed, tasks and processes
 * with threads are attached to and fro while they fork, exec and exit, files are
 * read, and the hierarchy is mounted and unmounted. In the end nothing is charged
 * and nothing is left.
 */
#include "ct-group.h"
#include "kselftest_harness.h"

#define GROUPS	4
#define FORKERS	3

static struct shared {
	bool stop;
	pid_t forker[FORKERS];
	long rounds[8];
} *shared;

static char dir[32], dir2[32];

static bool stopped(void)
{
	return __atomic_load_n(&shared->stop, __ATOMIC_RELAXED);
}

static void after_exec(const char *word)
{
	_exit(0);
}

CT_AFTER_EXEC(after_exec)

static void *exec_thread(void *arg)
{
	ct_exec_self("x");
	return NULL;
}

static void *short_thread(void *arg)
{
	return NULL;
}

/* Forks may fail, as the groups have limits. */
static void fork_one(unsigned int seed)
{
	pthread_t thread;
	pid_t pid = fork();

	if (pid < 0)
		return;
	if (!pid) {
		if (seed % 4 == 0 && !pthread_create(&thread, NULL, exec_thread,
						     NULL))
			pthread_join(thread, NULL);
		if (seed % 4 == 1 && !pthread_create(&thread, NULL, short_thread,
						     NULL))
			pthread_join(thread, NULL);
		if (seed % 4 == 2) {
			pid = fork();
			if (!pid)
				_exit(0);
			if (pid > 0)
				ct_reap(pid);
		}
		_exit(0);
	}
	ct_reap(pid);
}

static void forker(int fd, void *arg)
{
	int me = (long)arg;
	unsigned int seed = me;
	struct ct_thread thread;

	ct_thread_start(&thread);
	shared->forker[me] = getpid();
	ct_send(fd, 0);
	while (!stopped()) {
		fork_one(rand_r(&seed));
		__atomic_fetch_add(&shared->rounds[0], 1, __ATOMIC_RELAXED);
	}
	ct_thread_end(&thread);
}

static void name_group(char *name, unsigned int n)
{
	sprintf(name, n % 2 ? "g%u" : "g%u/x", n / 2 % GROUPS);
}

/* Whom and where may both have just gone. */
static void attacher(int fd, void *arg)
{
	unsigned int seed = 77 + (long)arg;
	char group[32];
	int err;

	while (!stopped()) {
		pid_t pid = shared->forker[rand_r(&seed) % FORKERS];

		name_group(group, rand_r(&seed));
		if (rand_r(&seed) % 4 == 0)
			*group = 0;
		err = ct_group_put(rand_r(&seed) % 2 ? dir : dir2, group,
				   rand_r(&seed) % 2 ? "procs" : "tasks", pid);
		CT_CHECK(!err || err == -ENOENT || err == -ENODEV || err == -ESRCH);
		__atomic_fetch_add(&shared->rounds[1], !err, __ATOMIC_RELAXED);
	}
}

static void maker(int fd, void *arg)
{
	char group[32], from[CT_GROUP_PATH], to[CT_GROUP_PATH];
	unsigned int seed = 99 + (long)arg;
	const char *where = arg ? dir2 : dir;
	int err;

	while (!stopped()) {
		name_group(group, rand_r(&seed));
		switch (rand_r(&seed) % 4) {
		case 0:
		case 1:
			err = ct_group_mkdir(where, group);
			CT_CHECK(!err || err == -EEXIST || err == -ENOENT);
			if (!err && !arg)
				ct_group_write(where, group, "count.limit", "9");
			__atomic_fetch_add(&shared->rounds[2], !err,
					   __ATOMIC_RELAXED);
			break;
		case 2:
			err = ct_group_rmdir(where, group);
			CT_CHECK(!err || err == -EBUSY || err == -ENOENT);
			break;
		default:
			snprintf(from, sizeof(from), "%s/g%u", where,
				 rand_r(&seed) % GROUPS);
			snprintf(to, sizeof(to), "%s/g%u", where,
				 rand_r(&seed) % GROUPS);
			CT_CHECK(!rename(from, to) || errno == EEXIST ||
				 errno == ENOENT);
		}
	}
}

static void reader(int fd, void *arg)
{
	static const char * const file[] = {
		"tasks", "procs", "events", "notify_on_release", "count.stat",
		"count.walk", "count.tree",
	};
	char group[32], path[CT_GROUP_PATH], text[2048];
	unsigned int seed = 5;
	ssize_t len;

	while (!stopped()) {
		name_group(group, rand_r(&seed));
		len = ct_read_file(ct_group_path(path, dir, group,
						 file[rand_r(&seed) % 7]),
				   text, sizeof(text));
		CT_CHECK(len >= 0 || len == -ENOENT || len == -ENODEV);
		CT_CHECK(ct_read_file("/proc/containers", text,
				      sizeof(text)) > 0);
		snprintf(path, sizeof(path), "/proc/%d/container",
			 shared->forker[rand_r(&seed) % FORKERS]);
		len = ct_read_file(path, text, sizeof(text));
		CT_CHECK(len > 0 || stopped());
		__atomic_fetch_add(&shared->rounds[3], 1, __ATOMIC_RELAXED);
	}
}

/* A third hierarchy comes and goes, and the first is mounted elsewhere, too. */
static void mounter(int fd, void *arg)
{
	char third[32];

	ct_group_dir(third);
	while (!stopped()) {
		CT_EQ(0, ct_group_mount(third, "extra1"));
		CT_EQ(0, umount(third));
		CT_EQ(0, ct_group_mount(third, "count"));
		CT_EQ(0, umount(third));
		__atomic_fetch_add(&shared->rounds[4], 1, __ATOMIC_RELAXED);
	}
	CT_EQ(0, rmdir(third));
}

static void remove_all(const char *where)
{
	char group[32];
	int i;

	for (i = 0; i < GROUPS; i++) {
		sprintf(group, "g%d/x", i);
		ct_group_rmdir(where, group);
		sprintf(group, "g%d", i);
		CT_UNTIL(ct_group_rmdir(where, group) != -EBUSY);
	}
	CT_EQ(0, umount(where));
	CT_EQ(0, rmdir(where));
}

/* Enough has happened, however slow the machine is. */
static bool enough(void)
{
	static const long wanted[] = { 60, 60, 15, 15, 4 };
	size_t i;

	for (i = 0; i < sizeof(wanted) / sizeof(*wanted); i++)
		if (__atomic_load_n(&shared->rounds[i], __ATOMIC_RELAXED) <
		    wanted[i])
			return false;
	return true;
}

/* None ends before it is told to. */
static bool somebody_failed(void)
{
	siginfo_t info = {};

	CT_EQ(0, waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT));
	return info.si_pid;
}

TEST(everything_at_once)
{
	struct ct_child child[FORKERS + 6];
	int n = 0, i;
	long k;

	CT_NEED_COUNT();
	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE,
		      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	CT_CHECK(shared != MAP_FAILED);
	ct_count_load("extra=2");
	ct_group_dir(dir);
	ct_group_dir(dir2);
	CT_EQ(0, ct_group_mount(dir, "count"));
	CT_EQ(0, ct_group_mount(dir2, "extra0"));

	for (k = 0; k < FORKERS; k++) {
		child[n] = ct_spawn(CT_PLAIN, forker, (void *)k);
		ct_recv(child[n++].fd);
	}
	child[n++] = ct_spawn(CT_PLAIN, attacher, (void *)0);
	child[n++] = ct_spawn(CT_PLAIN, attacher, (void *)1);
	child[n++] = ct_spawn(CT_PLAIN, maker, (void *)0);
	child[n++] = ct_spawn(CT_PLAIN, maker, (void *)1);
	child[n++] = ct_spawn(CT_PLAIN, reader, NULL);
	child[n++] = ct_spawn(CT_PLAIN, mounter, NULL);

	while (!enough() && !somebody_failed())
		usleep(10000);
	__atomic_store_n(&shared->stop, true, __ATOMIC_RELAXED);
	for (i = 0; i < n; i++)
		EXPECT_EQ(0, ct_finish(&child[i]));

	remove_all(dir);
	remove_all(dir2);
	/* Whatever was charged has been given back: count looks at that, too. */
	ct_count_unload();
}

TEST_HARNESS_MAIN
