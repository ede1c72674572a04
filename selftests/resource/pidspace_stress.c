// SPDX-License-Identifier: GPL-2.0
/* modes: host */
/* kernels: all */
/*
 * Pid containers and their groups, all at once: containers come and go, nested
 * ones, too; families that fork all the time are adopted; the hierarchy is mounted
 * and unmounted; and somebody makes, renames and removes groups by hand and
 * moves tasks.  Whenever a family has been adopted and is quiet, all of it is in
 * the container's group.
 */
#include "ct-group.h"
#include "ct-nest.h"
#include "kselftest_harness.h"

#define ROUNDS	12
#define OPTIONS	"numtasks,pidspace"

static struct shared {
	bool stop;	/* the test is over */
	bool quiet;	/* the family does not fork */
	pid_t family;
	int busy;	/* how many of it may still fork */
} *shared;

static char dir[32], dir2[32];

static bool get(bool *flag)
{
	return __atomic_load_n(flag, __ATOMIC_SEQ_CST);
}

static void set(bool *flag, bool value)
{
	__atomic_store_n(flag, value, __ATOMIC_SEQ_CST);
}

static void *short_thread(void *arg)
{
	return NULL;
}

/* Forks, makes threads, and stays until it is told to go. */
static void relative(int fd, void *arg)
{
	long depth = (long)arg;

	while (!get(&shared->quiet)) {
		pthread_t thread;
		pid_t pid = fork();

		if (!pid) {
			if (!pthread_create(&thread, NULL, short_thread, NULL))
				pthread_join(thread, NULL);
			_exit(0);
		}
		if (pid > 0)
			ct_reap(pid);
	}
	__atomic_sub_fetch(&shared->busy, 1, __ATOMIC_SEQ_CST);
	/* The others may be told to go before they are here. */
	if (!depth)
		ct_send(fd, 0);
	ct_wait_hangup(fd);
}

static void family(int fd, void *arg)
{
	struct ct_child a = ct_spawn(CT_PLAIN, relative, (void *)1L);
	struct ct_child b = ct_spawn(CT_PLAIN, relative, (void *)1L);

	ct_send(fd, 0);
	relative(fd, NULL);
	/* Without tree they have stayed outside, where we do not see them. */
	ct_release(&a);
	ct_release(&b);
	while (wait(NULL) > 0)
		;
}

/* All tasks of the container are in its group, if it has one, and nobody else. */
static bool all_in(const char *name)
{
	char path[128], line[256], group[CT_GROUP_PATH];
	int vpid, pid, tasks = 0;
	bool right = true;
	FILE *file;

	ct_group_path(group, dir, name, "tasks");
	if (access(group, F_OK))
		return false;
	ct_path(path, sizeof(path), name, "tasks");
	file = fopen(path, "re");
	CT_CHECK(file);
	while (fgets(line, sizeof(line), file)) {
		if (!ct_parse_task(line, &vpid, &pid))
			continue;
		tasks++;
		right = right && ct_group_has(dir, name, "tasks", pid);
	}
	fclose(file);
	return right && ct_group_lines(dir, name, "tasks") == tasks;
}

/* Other containers, with one inside. */
static void comer(int fd, void *arg)
{
	long me = (long)arg;

	while (!get(&shared->stop)) {
		struct ct_child c = ct_spawn(CT_CONTAINER, ct_idle, NULL);
		pid_t pid = fork();

		if (!pid) {
			int ret = me ? ct_join(c.name) : 0;

			if (!ret)
				ret = ct_enter("in pids=keep");
			/* The one around may have ended. */
			CT_CHECK(!ret || me);
			pid = fork();
			if (!pid)
				_exit(0);
			if (pid > 0)
				ct_reap(pid);
			_exit(0);
		}
		CT_CHECK(pid > 0);
		if (me) {
			/* Whoever ends first. */
			ct_release(&c);
			ct_reap(pid);
			ct_reap(c.pid);
		} else {
			ct_reap(pid);
			CT_EQ(0, ct_finish(&c));
		}
	}
}

/* By hand; some of it is refused. */
static void meddler(int fd, void *arg)
{
	char a[CT_GROUP_PATH], b[CT_GROUP_PATH];

	while (!get(&shared->stop)) {
		pid_t pid = __atomic_load_n(&shared->family, __ATOMIC_SEQ_CST);

		ct_group_mkdir(dir, "box/hand");
		ct_group_mkdir(dir, "hand");
		if (pid) {
			ct_group_put(dir, "hand", "tasks", pid);
			ct_group_put(dir, "", "procs", pid);
			ct_group_put(dir, "box", "tasks", pid);
		}
		ct_group_put(dir, "hand", "tasks", getpid());
		rename(ct_group_path(a, dir, "box/hand", ""),
		       ct_group_path(b, dir, "box/other", ""));
		ct_group_rmdir(dir, "box");
		ct_group_put(dir, "", "tasks", getpid());
		ct_group_rmdir(dir, "hand");
		ct_group_rmdir(dir, "box/hand");
		ct_group_rmdir(dir, "box/other");
	}
	ct_group_rmdir(dir, "hand");
}

static void mounter(int fd, void *arg)
{
	while (!get(&shared->stop)) {
		if (ct_group_mount(dir2, OPTIONS))
			continue;
		umount2(dir2, MNT_DETACH);
		sched_yield();
	}
}

FIXTURE(pidspace_stress) {
};

FIXTURE_SETUP(pidspace_stress)
{
	CT_NEED_MODULE();
	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE,
		      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	CT_CHECK(shared != MAP_FAILED);
	ct_group_dir(dir);
	ct_group_dir(dir2);
}

static bool gone(void)
{
	return ct_group_hierarchy("numtasks, pidspace") < 0;
}

FIXTURE_TEARDOWN(pidspace_stress)
{
	if (!*dir)
		return;
	umount2(dir, MNT_DETACH);
	umount2(dir2, MNT_DETACH);
	CT_UNTIL(gone());
	CT_EQ(0, rmdir(dir));
	CT_EQ(0, rmdir(dir2));
}

static void adopt_one(const char *how)
{
	struct ct_child f;
	int i, ret;

	__atomic_store_n(&shared->busy, 3, __ATOMIC_SEQ_CST);
	set(&shared->quiet, false);
	f = ct_spawn(CT_PLAIN, family, NULL);
	ct_recv(f.fd);
	__atomic_store_n(&shared->family, f.pid, __ATOMIC_SEQ_CST);
	for (i = 0; i < 3; i++) {
		ret = ct_adopt("box", "%d %s", f.pid, how);
		/* A child that was noted has died, or a process has a thread. */
		CT_CHECK(!ret || ret == -EINVAL || ret == -EEXIST ||
			 ret == -EAGAIN);
	}
	set(&shared->quiet, true);
	CT_UNTIL(!__atomic_load_n(&shared->busy, __ATOMIC_SEQ_CST));
	__atomic_store_n(&shared->family, 0, __ATOMIC_SEQ_CST);
	ct_recv(f.fd);
	CT_EQ(0, ct_finish(&f));
}

/* The container outlives many families and mounts. */
TEST_F(pidspace_stress, everything)
{
	struct ct_child other[4], box, stays;
	int i;

	CT_EQ(0, ct_group_mount(dir, OPTIONS));
	box = ct_spawn_named("box", ct_idle, NULL);
	other[0] = ct_spawn(CT_PLAIN, comer, (void *)0L);
	other[1] = ct_spawn(CT_PLAIN, comer, (void *)1L);
	other[2] = ct_spawn(CT_PLAIN, meddler, NULL);
	other[3] = ct_spawn(CT_PLAIN, mounter, NULL);
	for (i = 0; i < ROUNDS; i++)
		adopt_one(i % 2 ? "pids=keep tree" : "pids=keep");
	set(&shared->stop, true);
	for (i = 0; i < 4; i++)
		CT_EQ(0, ct_finish(&other[i]));
	stays = ct_spawn(CT_PLAIN, ct_idle, NULL);
	CT_EQ(0, ct_adopt("box", "%d", stays.pid));
	CT_UNTIL(all_in("box"));
	CT_EQ(2, ct_group_lines(dir, "box", "tasks"));
	CT_EQ(0, ct_finish(&stays));
	CT_EQ(0, ct_finish(&box));
}

/* With nobody else in the way: nobody stays behind. */
TEST_F(pidspace_stress, nobody_stays_behind)
{
	struct ct_child box = ct_spawn_named("box", ct_idle, NULL);
	struct ct_child f;
	int i, ret;

	CT_EQ(0, ct_group_mount(dir, OPTIONS));
	for (i = 0; i < ROUNDS; i++) {
		__atomic_store_n(&shared->busy, 3, __ATOMIC_SEQ_CST);
		set(&shared->quiet, false);
		f = ct_spawn(CT_PLAIN, family, NULL);
		ct_recv(f.fd);
		ret = ct_adopt("box", "%d pids=keep %s", f.pid,
			       i % 2 ? "tree" : "");
		if (i % 3 == 0) {
			/* And with all of that in it. */
			CT_EQ(0, umount2(dir, MNT_DETACH));
			CT_EQ(0, ct_group_mount(dir, OPTIONS));
		}
		set(&shared->quiet, true);
		CT_UNTIL(!__atomic_load_n(&shared->busy, __ATOMIC_SEQ_CST));
		/* The last of the short-lived may still be zombies of somebody. */
		CT_UNTIL(all_in("box"));
		CT_EQ(ret ? 1 : i % 2 ? 4 : 2,
		      ct_group_lines(dir, "box", "tasks"));
		ct_recv(f.fd);
		CT_EQ(0, ct_finish(&f));
	}
	CT_EQ(0, ct_finish(&box));
}

/* A container whose tasks fork while the hierarchy comes. */
TEST_F(pidspace_stress, mounted_beside_forks)
{
	struct ct_child box, f;
	int i;

	box = ct_spawn_named("box", ct_idle, NULL);
	for (i = 0; i < ROUNDS; i++) {
		__atomic_store_n(&shared->busy, 3, __ATOMIC_SEQ_CST);
		set(&shared->quiet, false);
		f = ct_spawn(CT_PLAIN, family, NULL);
		ct_recv(f.fd);
		CT_CHECK(!ct_adopt("box", "%d pids=keep tree", f.pid) ||
			 ct_task_count("box") == 1);
		CT_EQ(0, ct_group_mount(dir, OPTIONS));
		set(&shared->quiet, true);
		CT_UNTIL(!__atomic_load_n(&shared->busy, __ATOMIC_SEQ_CST));
		CT_UNTIL(all_in("box"));
		ct_recv(f.fd);
		CT_EQ(0, ct_finish(&f));
		CT_EQ(0, umount2(dir, MNT_DETACH));
		/* A new one each time. */
		CT_EQ(0, ct_finish(&box));
		CT_UNTIL(gone());
		box = ct_spawn_named("box", ct_idle, NULL);
	}
	CT_EQ(0, ct_finish(&box));
	CT_EQ(0, ct_group_mount(dir, OPTIONS));
}

TEST_HARNESS_MAIN
