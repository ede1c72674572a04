// SPDX-License-Identifier: GPL-2.0
/* kernels: stock */
/* machine: cpus=4 numa=2 */
/*
 * Groups of threads that use the same memory, which the scheduler keeps near it:
 * they have the number of who founded them.
 */
#include "ct.h"
#include <pthread.h>
#include "kselftest_harness.h"
#include "ct-wall.h"

#define SHARED_SIZE	(4 << 20)
#define BALANCING	"/proc/sys/kernel/numa_balancing"

struct work {
	volatile char *shared;
	volatile bool enough;
	pid_t helper;
};

static void touch(volatile char *shared)
{
	size_t at;

	for (at = 0; at < SHARED_SIZE; at += getpagesize())
		shared[at]++;
}

/* In debugfs: the kernel looks a thousand times as often as by itself. */
#define PACE		"sched/numa_balancing/"

static const char * const pace[][2] = {
	{ PACE "scan_delay_ms", "1" },
	{ PACE "scan_period_min_ms", "20" },
	{ PACE "scan_period_max_ms", "40" },
};

static void set_pace(char *dir, char old[][16])
{
	unsigned int i;
	char path[128];

	strcpy(dir, "/tmp/ct-debugfs-XXXXXX");
	CT_CHECK(mkdtemp(dir));
	CT_EQ(0, mount("none", dir, "debugfs", 0, NULL));
	for (i = 0; i < sizeof(pace) / sizeof(*pace); i++) {
		snprintf(path, sizeof(path), "%s/%s", dir, pace[i][0]);
		CT_CHECK(ct_read_file(path, old[i], 16) > 0);
		CT_EQ(0, ct_write_file(path, pace[i][1]));
	}
}

static void reset_pace(const char *dir, char old[][16])
{
	unsigned int i;
	char path[128];

	for (i = 0; i < sizeof(pace) / sizeof(*pace); i++) {
		snprintf(path, sizeof(path), "%s/%s", dir, pace[i][0]);
		CT_EQ(0, ct_write_file(path, old[i]));
	}
	CT_EQ(0, umount(dir));
	CT_EQ(0, rmdir(dir));
}

static void run_on(int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	CT_EQ(0, sched_setaffinity(0, sizeof(set), &set));
}

static void *help(void *arg)
{
	struct work *work = arg;

	/* On the other node. */
	run_on(2);
	__atomic_store_n(&work->helper, ct_gettid(), __ATOMIC_RELEASE);
	while (!work->enough)
		touch(work->shared);
	return NULL;
}

/* The group of a thread, 0 without one. */
static long long group_of(pid_t pid, pid_t tid)
{
	char path[64], text[4096], *at;

	snprintf(path, sizeof(path), "/proc/%d/task/%d/status", pid, tid);
	CT_CHECK(ct_read_file(path, text, sizeof(text)) > 0);
	at = strstr(text, "\nNgid:\t");
	CT_CHECK(at);
	return atoll(at + 7);
}

/* Two threads share memory until they are a group. */
static void found_group(int fd, void *arg)
{
	struct work work = {};
	pthread_t helper;
	long long group;

	(void)arg;
	work.shared = mmap(NULL, SHARED_SIZE, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	CT_CHECK(work.shared != MAP_FAILED);
	run_on(0);
	CT_EQ(0, pthread_create(&helper, NULL, help, &work));
	CT_UNTIL(__atomic_load_n(&work.helper, __ATOMIC_ACQUIRE));
	CT_UNTIL((touch(work.shared), group = group_of(getpid(), getpid())) &&
		 group == group_of(getpid(), work.helper));
	/* Who does not use memory stays where it is. The founder is there. */
	work.enough = true;
	ct_send(fd, getpid());
	ct_send(fd, work.helper);
	ct_send(fd, group);
	ct_wait_hangup(fd);
	CT_EQ(0, pthread_join(helper, NULL));
}

TEST_F(wall, founder_of_a_group)
{
	bool inside = variant->box == CT_CONTAINER;
	long long leader, helper, group, seen;
	struct ct_child child;
	char text[16], dir[32], old[3][16];

	CT_NEED_BOX(variant);
	if (access("/sys/devices/system/node/node1", F_OK) ||
	    sysconf(_SC_NPROCESSORS_ONLN) < 2)
		SKIP(return, "this machine has one node of memory");
	ASSERT_LT(0, ct_read_file(BALANCING, text, sizeof(text)));
	ASSERT_EQ(0, ct_write_file(BALANCING, "1"));
	set_pace(dir, old);
	child = ct_spawn(variant->box, found_group, NULL);
	leader = ct_recv(child.fd);
	helper = ct_recv(child.fd);
	group = ct_recv(child.fd);
	seen = group_of(child.pid, child.pid);
	EXPECT_LE(child.pid, seen);
	/* The host's number of the same thread; and so in a pid namespace. */
	if (inside)
		seen = seen == child.pid ? leader : helper;
	EXPECT_EQ(seen, group);
	EXPECT_EQ(0, ct_finish(&child));
	reset_pace(dir, old);
	EXPECT_EQ(0, ct_write_file(BALANCING, text));
}

TEST_HARNESS_MAIN
