// SPDX-License-Identifier: GPL-2.0
/* modes: host */
/*
 * Process 1: nobody inside can end it, orphans are its, and everything inside
 * ends with it.
 */
#include "ct.h"
#include <linux/reboot.h>
#include "kselftest_harness.h"
#include "ct-wall.h"

/* -- immunity ---------------------------------------------------------------------- */

static void signals_from_inside(int fd, void *arg)
{
	static const int fatal[] = {
		SIGHUP, SIGINT, SIGTERM, SIGKILL, SIGSTOP, SIGTSTP, SIGSEGV,
		SIGUSR1, SIGABRT,
	};
	pid_t pid;
	size_t i;

	(void)fd;
	(void)arg;
	CT_EQ(1, getpid());
	for (i = 0; i < sizeof(fatal) / sizeof(*fatal); i++) {
		CT_EQ(0, kill(1, fatal[i]));
		CT_EQ(0, raise(fatal[i]));
	}
	pid = fork();
	if (!pid) {
		for (i = 0; i < sizeof(fatal) / sizeof(*fatal); i++) {
			CT_EQ(0, kill(1, fatal[i]));
			CT_EQ(0, syscall(SYS_tgkill, 1, 1, fatal[i]));
		}
		_exit(0);
	}
	CT_EQ(0, ct_reap(pid));
	/* What it wants to have, it has, and from whom. */
	ct_block(SIGUSR2);
	pid = fork();
	if (!pid)
		_exit(kill(1, SIGUSR2));
	CT_EQ(pid, ct_signal(SIGUSR2).si_pid);
	CT_EQ(0, ct_reap(pid));
}

TEST_F(wall, nobody_inside_can_kill_it)
{
	struct ct_child box;

	CT_NEED_BOX(variant);
	box = ct_spawn(variant->box, signals_from_inside, NULL);
	EXPECT_EQ(0, ct_finish(&box));
}

TEST_F(wall, from_outside_only_sigkill_and_sigstop)
{
	struct ct_child box;
	int status;

	CT_NEED_BOX(variant);
	box = ct_spawn(variant->box, ct_idle, NULL);
	EXPECT_EQ(0, kill(box.pid, SIGTERM));
	EXPECT_EQ(0, kill(box.pid, SIGINT));
	ASSERT_EQ(0, kill(box.pid, SIGSTOP));
	EXPECT_EQ(box.pid, waitpid(box.pid, &status, WUNTRACED));
	EXPECT_TRUE(WIFSTOPPED(status));
	EXPECT_EQ(0, kill(box.pid, SIGCONT));
	EXPECT_EQ(0, kill(box.pid, SIGKILL));
	EXPECT_EQ(128 + SIGKILL, ct_finish(&box));
}

/* A fault of its own ends it like anybody. */
static void fault(int fd, void *arg)
{
	(void)fd;
	(void)arg;
	*(volatile int *)NULL = 0;
}

TEST_F(wall, a_fault_kills_it)
{
	struct ct_child box;

	CT_NEED_BOX(variant);
	box = ct_spawn(variant->box, fault, NULL);
	EXPECT_EQ(128 + SIGSEGV, ct_finish(&box));
}

/* -- the end of everything ------------------------------------------------------------ */

#define MEMBERS 5

/* A chain of processes, each the next one's parent; the last speaks. */
static void chain(int fd)
{
	int i;

	signal(SIGTERM, SIG_IGN);
	for (i = 1; i < MEMBERS; i++)
		if (fork())
			break;
	if (i == MEMBERS)
		ct_send(fd, getpid());
	for (;;)
		pause();
}

static void start_chain(int fd, void *arg)
{
	pid_t pid = fork();

	(void)arg;
	if (!pid)
		chain(fd);
	CT_EQ(1, ct_recv(fd));
	_exit(9);
}

/* The members' numbers outside, from the host's /proc. */
static int children_of(pid_t pid, pid_t *children)
{
	char path[64], text[256], *at = text;
	int count = 0, used;

	snprintf(path, sizeof(path), "/proc/%d/task/%d/children", pid, pid);
	if (ct_read_file(path, text, sizeof(text)) <= 0)
		return 0;
	while (sscanf(at, "%d%n", &children[count], &used) == 1) {
		at += used;
		count++;
	}
	return count;
}

static void check_end(struct __test_metadata *_metadata, enum ct_box kind,
		      bool by_exit)
{
	pid_t members[MEMBERS], children[64], parent;
	struct ct_child box;
	int i;

	box = ct_spawn(kind, start_chain, NULL);
	EXPECT_EQ(MEMBERS + 1, ct_recv(box.fd));
	for (i = 0, parent = box.pid; i < MEMBERS; i++, parent = members[i - 1]) {
		ASSERT_EQ(1, children_of(parent, children));
		members[i] = children[0];
	}
	if (by_exit)
		ct_send(box.fd, 1);
	else
		ASSERT_EQ(0, kill(box.pid, SIGKILL));
	EXPECT_EQ(by_exit ? 9 : 128 + SIGKILL, ct_reap(box.pid));
	/* Not one has outlived it. */
	for (i = 0; i < MEMBERS; i++) {
		CT_ERRNO(ESRCH, kill(members[i], 0));
		EXPECT_EQ(0, ct_state(members[i]));
	}
	ct_release(&box);
}

TEST_F(wall, everybody_dies_with_it)
{
	CT_NEED_BOX(variant);
	check_end(_metadata, variant->box, false);
	check_end(_metadata, variant->box, true);
}

/* Threads of process 1 are not enough to keep it, nor its leader to end it. */
static void *outlive(void *arg)
{
	pid_t pid;

	CT_EQ(1, getpid());
	CT_UNTIL(ct_state(1) == 'Z');
	pid = fork();
	if (!pid)
		_exit(getppid() == 1 ? 3 : 4);
	CT_EQ(3, ct_reap(pid));
	ct_send(*(int *)arg, 0);
	_exit(6);
	return NULL;
}

static void leader_ends(int fd, void *arg)
{
	pthread_t thread;

	(void)arg;
	CT_EQ(0, prctl(PR_SET_PDEATHSIG, 0));
	CT_EQ(0, pthread_create(&thread, NULL, outlive, &fd));
	/* Not exit(), which would end the process. */
	syscall(SYS_exit, 0);
}

TEST_F(wall, a_thread_carries_on)
{
	struct ct_child box;

	CT_NEED_BOX(variant);
	box = ct_spawn(variant->box, leader_ends, NULL);
	ct_recv(box.fd);
	EXPECT_EQ(6, ct_finish(&box));
}

/* -- reboot ---------------------------------------------------------------------------- */

static void reboot_inside(int fd, void *arg)
{
	pid_t pid;

	(void)fd;
	CT_ERRNO(EINVAL, syscall(SYS_reboot, LINUX_REBOOT_MAGIC1,
				 LINUX_REBOOT_MAGIC2, LINUX_REBOOT_CMD_CAD_ON,
				 NULL));
	pid = fork();
	if (!pid) {
		syscall(SYS_reboot, LINUX_REBOOT_MAGIC1, LINUX_REBOOT_MAGIC2,
			*(unsigned int *)arg, NULL);
		CT_FAIL("survives a reboot: %s", strerror(errno));
	}
	CT_EQ(0, ct_reap(pid));
}

TEST_F(wall, reboot_is_its_end)
{
	unsigned int restart = LINUX_REBOOT_CMD_RESTART;
	unsigned int halt = LINUX_REBOOT_CMD_HALT;
	struct ct_child box;

	CT_NEED_BOX(variant);
	box = ct_spawn(variant->box, reboot_inside, &restart);
	EXPECT_EQ(128 + SIGHUP, ct_finish(&box));
	box = ct_spawn(variant->box, reboot_inside, &halt);
	EXPECT_EQ(128 + SIGINT, ct_finish(&box));
}

/* -- orphans ---------------------------------------------------------------------------- */

static void adopt(int fd, void *arg)
{
	pid_t middle, orphan;
	int line[2];

	(void)arg;
	CT_EQ(0, socketpair(AF_UNIX, SOCK_SEQPACKET, 0, line));
	middle = fork();
	if (!middle) {
		middle = getpid();
		orphan = fork();
		if (orphan)
			_exit(0);
		CT_UNTIL(getppid() != middle);
		ct_send(line[1], getpid());
		_exit(getppid() == 1 ? 5 : 6);
	}
	CT_EQ(0, ct_reap(middle));
	orphan = ct_recv(line[0]);
	CT_EQ(5, ct_reap(orphan));
	CT_ERRNO(ECHILD, waitpid(-1, NULL, 0));
	ct_send(fd, 0);
}

/* Not even to a subreaper outside, who is nearer to the box than its init. */
TEST_F(wall, orphans_are_its)
{
	struct ct_child box;

	CT_NEED_BOX(variant);
	ASSERT_EQ(0, prctl(PR_SET_CHILD_SUBREAPER, 1));
	box = ct_spawn(variant->box, adopt, NULL);
	ct_recv(box.fd);
	EXPECT_EQ(0, ct_finish(&box));
	CT_ERRNO(ECHILD, waitpid(-1, NULL, 0));
}

/* -- the rest ----------------------------------------------------------------------------- */

static void be_process_1(int fd, void *arg)
{
	(void)fd;
	(void)arg;
	CT_EQ(1, getpid());
	CT_EQ(1, ct_gettid());
	CT_EQ(0, getppid());
	CT_EQ(0, ct_stat_field("/proc/self/stat", 4));
	CT_EQ(2, ct_unused_pid());
	CT_EQ(3, ct_unused_pid());
	/* Its siblings would be outside. */
	CT_ERRNO(EINVAL, syscall(SYS_clone, CLONE_PARENT | SIGCHLD, NULL, NULL,
				 NULL, 0UL));
	/* It leads neither its group nor its session, unless it wants to. */
	CT_EQ(0, getpgrp());
	CT_EQ(0, getpgid(1));
	CT_EQ(0, getsid(0));
	CT_EQ(0, ct_stat_field("/proc/self/stat", 5));
	CT_EQ(0, ct_stat_field("/proc/self/stat", 6));
	CT_EQ(1, setsid());
	CT_EQ(1, getpgrp());
	CT_EQ(1, getsid(0));
	CT_EQ(1, ct_stat_field("/proc/self/stat", 5));
	CT_EQ(1, ct_stat_field("/proc/self/stat", 6));
}

TEST_F(wall, what_it_sees_of_itself)
{
	struct ct_child box;

	CT_NEED_BOX(variant);
	box = ct_spawn(variant->box, be_process_1, NULL);
	EXPECT_EQ(0, ct_finish(&box));
}

TEST_HARNESS_MAIN
