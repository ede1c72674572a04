// SPDX-License-Identifier: GPL-2.0
/* modes: host */
/*
 * The option pids=keep while those who are to keep their numbers die.
 *
 * In container A others have the numbers that the host gives to short-lived
 * processes of A.  One of them who has died is called nothing in A any more; that
 * the host's number of it is taken there must not matter.
 */
#include "ct.h"
#include "ct-nest.h"
#include <sys/mman.h>
#include "kselftest_harness.h"

#define ROUNDS	60
/* A kernel that checks itself all the time may make fewer of them. */
#define LIMIT_MS 30000
/* They are noted before the short-lived one, and their numbers taken. */
#define SIBLINGS 60
#define FORKERS	4
/* That many of the host's numbers are taken in A. */
#define HOLDERS 150

static pid_t first_number;
static long *forks;

static void fork_on(int fd, void *arg)
{
	for (;;) {
		CT_CHECK(ct_unused_pid() > 1);
		__atomic_add_fetch(forks, 1, __ATOMIC_SEQ_CST);
	}
}

/* A process of A that is to be moved with those below it. */
static void family(int fd, void *arg)
{
	int i;

	for (i = 0; i < SIBLINGS + FORKERS; i++)
		ct_spawn(CT_PLAIN, i < SIBLINGS ? ct_idle : fork_on, NULL);
	ct_send(fd, 0);
	ct_wait_hangup(fd);
}

static void hold_numbers(void)
{
	pid_t number, pid;

	for (number = first_number; number < first_number + HOLDERS; number++) {
		pid = ct_fork_as(&number, 1);
		if (!pid)
			for (;;)
				pause();
		CT_EQ(number, pid);
	}
}

/* Process 1 of A; starts a family whenever it is told to, and buries it. */
static void around(int fd, void *arg)
{
	struct ct_child child;

	hold_numbers();
	ct_send(fd, 0);
	while (ct_recv(fd)) {
		child = ct_spawn(CT_PLAIN, family, NULL);
		ct_send(fd, child.pid);
		ct_recv(child.fd);
		ct_send(fd, 0);
		CT_EQ(128 + SIGKILL, ct_reap(child.pid));
		close(child.fd);
		ct_send(fd, 0);
	}
}

/* The process, as the host numbers it, that is called that in A. */
static pid_t outside(pid_t wanted)
{
	char line[256];
	FILE *file = fopen(CT_FILE "/a/tasks", "re");
	pid_t found = 0;
	int vpid, pid;

	CT_CHECK(file);
	while (!found && fgets(line, sizeof(line), file))
		if (ct_parse_task(line, &vpid, &pid) && vpid == wanted)
			found = pid;
	fclose(file);
	CT_CHECK(found);
	return found;
}

static void share_processor(void)
{
	cpu_set_t cpus;

	CPU_ZERO(&cpus);
	CPU_SET(sched_getcpu(), &cpus);
	CT_EQ(0, sched_setaffinity(0, sizeof(cpus), &cpus));
}

/*
 * Well away from the end, where numbers begin anew, and from those of the tests.
 * The numbers may be those of others on the host: these are left out.
 */
static pid_t choose_numbers(void)
{
	pid_t from = ct_unused_pid() + 4000;

	return ct_free_pid(from < ct_pid_max() - 2000 ? from : 8000);
}

static void wait_for_forks(void)
{
	long before = __atomic_load_n(forks, __ATOMIC_SEQ_CST);

	CT_UNTIL(__atomic_load_n(forks, __ATOMIC_SEQ_CST) > before + 3);
}

TEST(numbers_of_the_dead)
{
	long long end = ct_now_ms() + LIMIT_MS;
	struct ct_child a;
	pid_t family;
	int i;

	CT_NEED_MODULE();
	forks = mmap(NULL, sizeof(*forks), PROT_READ | PROT_WRITE,
		     MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, forks);
	first_number = choose_numbers();
	/* Who moves the others is interrupted by them. */
	share_processor();
	a = ct_spawn_named("a", around, NULL);
	ct_recv(a.fd);
	for (i = 0; i < ROUNDS && ct_now_ms() < end; i++) {
		ct_next_pid(first_number - SIBLINGS - FORKERS);
		ct_send(a.fd, 1);
		family = outside(ct_recv(a.fd));
		ct_recv(a.fd);
		wait_for_forks();
		ASSERT_EQ(0, ct_create("b", "pid=%d tree pids=keep", family));
		EXPECT_LT(SIBLINGS + FORKERS, ct_task_count("a/b"));
		ASSERT_EQ(0, ct_kill_container("a/b", "KILL"));
		ct_recv(a.fd);
	}
	ct_send(a.fd, 0);
	EXPECT_EQ(0, ct_finish(&a));
	TH_LOG("%d families, %ld short-lived processes", i, *forks);
}

TEST_HARNESS_MAIN
