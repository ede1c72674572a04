// SPDX-License-Identifier: GPL-2.0
/* modes: host */
/*
 * /proc/container/NAME/kill: a signal for everybody in a container.
 */
#include "ct.h"
#include "kselftest_harness.h"

#define MEMBERS 3

/* Takes SIGUSR1 and says from whom, as often as it is asked. */
static void listen_usr1(int fd, void *arg)
{
	ct_block(SIGUSR1);
	ct_send(fd, 0);
	while (ct_recv(fd))
		ct_send(fd, ct_signal(SIGUSR1).si_pid);
}

static void listeners(int fd, void *arg)
{
	struct ct_child member[MEMBERS];
	int i;

	ct_block(SIGUSR1);
	for (i = 0; i < MEMBERS; i++) {
		member[i] = ct_spawn(CT_PLAIN, listen_usr1, NULL);
		ct_recv(member[i].fd);
	}
	ct_send(fd, 0);
	while (ct_recv(fd)) {
		CT_EQ(0, ct_signal(SIGUSR1).si_pid);
		for (i = 0; i < MEMBERS; i++) {
			ct_send(member[i].fd, 1);
			CT_EQ(0, ct_recv(member[i].fd));
		}
		ct_send(fd, 0);
	}
	for (i = 0; i < MEMBERS; i++) {
		ct_send(member[i].fd, 0);
		CT_EQ(0, ct_finish(&member[i]));
	}
}

TEST(everybody_gets_it)
{
	static const char * const ways[] = {
		"USR1", "SIGUSR1", "10", "USR1\n", " SIGUSR1\t\n", "10\n",
	};
	struct ct_child box;
	size_t i;

	CT_NEED_MODULE();
	ct_block(SIGUSR1);
	box = ct_spawn(CT_CONTAINER, listeners, NULL);
	ct_recv(box.fd);
	for (i = 0; i < sizeof(ways) / sizeof(*ways); i++) {
		EXPECT_EQ(0, ct_kill_container(box.name, ways[i]));
		ct_send(box.fd, 1);
		ct_recv(box.fd);
	}
	/* We are not in it. */
	EXPECT_FALSE(ct_signal_pending(SIGUSR1));
	ct_send(box.fd, 0);
	EXPECT_EQ(0, ct_finish(&box));
}

TEST(what_is_no_signal)
{
	static const char * const lines[] = {
		"\n", " ", "65", "-1", "-9", "+9", "9x", "0x9", "1000", "NONE",
		"SIG", "KILL TERM", "9 9", "KILL,TERM", "SIGSIGKILL", "9.",
	};
	static char large[4096];
	struct ct_child box;
	char path[128];
	size_t i;
	int fd;

	CT_NEED_MODULE();
	box = ct_spawn(CT_CONTAINER, ct_idle, NULL);
	for (i = 0; i < sizeof(lines) / sizeof(*lines); i++)
		if (ct_kill_container(box.name, lines[i]) != -EINVAL)
			CT_FAIL("\"%s\" is taken for a signal", lines[i]);
	memset(large, '9', sizeof(large));
	ct_path(path, sizeof(path), box.name, "kill");
	fd = open(path, O_WRONLY);
	ASSERT_LE(0, fd);
	CT_ERRNO(EINVAL, write(fd, large, sizeof(large)));
	/* Asking only. */
	EXPECT_EQ(1, write(fd, "0", 1));
	EXPECT_EQ(2, write(fd, "0\n", 2));
	CT_ERRNO(EACCES, (seteuid(CT_UID), open(path, O_WRONLY)));
	/* Opened by root, used by another. */
	CT_ERRNO(EPERM, write(fd, "KILL", 4));
	ASSERT_EQ(0, seteuid(0));
	EXPECT_EQ(0, kill(box.pid, 0));
	EXPECT_EQ(0, ct_finish(&box));
	EXPECT_EQ(-ENOENT, ct_kill_container(box.name, "0"));
	/* procfs has its own error for files of what is gone. */
	EXPECT_EQ(-1, write(fd, "KILL", 4));
	EXPECT_EQ(-1, write(fd, "0", 1));
	close(fd);
}

/* -- the usual ones ------------------------------------------------------------------- */

static void members(int fd, void *arg)
{
	struct ct_child member[MEMBERS];
	int i;

	for (i = 0; i < MEMBERS; i++)
		member[i] = ct_spawn(CT_PLAIN, ct_idle, NULL);
	ct_send(fd, 0);
	if (!arg) {
		ct_wait_hangup(fd);
		return;
	}
	for (i = 0; i < MEMBERS; i++)
		CT_EQ(128 + SIGTERM, ct_reap(member[i].pid));
	ct_send(fd, 0);
	ct_wait_hangup(fd);
}

TEST(kill_ends_it)
{
	struct ct_child box;

	CT_NEED_MODULE();
	box = ct_spawn(CT_CONTAINER, members, NULL);
	ct_recv(box.fd);
	EXPECT_EQ(1 + MEMBERS, ct_task_count(box.name));
	EXPECT_EQ(0, ct_kill_container(box.name, "KILL"));
	EXPECT_EQ(128 + SIGKILL, ct_finish(&box));
	EXPECT_EQ(-1, ct_task_count(box.name));
}

/* Process 1 is as safe from other signals as an init is. */
TEST(term_ends_all_but_process_1)
{
	struct ct_child box;

	CT_NEED_MODULE();
	box = ct_spawn(CT_CONTAINER, members, "");
	ct_recv(box.fd);
	EXPECT_EQ(0, ct_kill_container(box.name, "TERM"));
	ct_recv(box.fd);
	EXPECT_EQ(1, ct_task_count(box.name));
	EXPECT_EQ(0, ct_finish(&box));
}

static bool all_in_state(const char *name, const char *states)
{
	char path[128], line[128];
	bool all = true;
	int vpid, pid;
	FILE *tasks;

	ct_path(path, sizeof(path), name, "tasks");
	tasks = fopen(path, "re");
	CT_CHECK(tasks);
	while (fgets(line, sizeof(line), tasks)) {
		CT_CHECK(ct_parse_task(line, &vpid, &pid));
		all &= !!strchr(states, ct_state(pid));
	}
	fclose(tasks);
	return all;
}

TEST(stop_and_continue)
{
	struct ct_child box;

	CT_NEED_MODULE();
	box = ct_spawn(CT_CONTAINER, members, NULL);
	ct_recv(box.fd);
	EXPECT_EQ(0, ct_kill_container(box.name, "STOP"));
	CT_UNTIL(all_in_state(box.name, "T"));
	EXPECT_EQ(0, ct_kill_container(box.name, "CONT"));
	CT_UNTIL(all_in_state(box.name, "RS"));
	EXPECT_EQ(0, ct_finish(&box));
}

/* Those who fork all the time are reached, too. */
static void fork_for_ever(int fd, void *arg)
{
	int i;

	signal(SIGCHLD, SIG_IGN);
	for (i = 0; i < MEMBERS; i++)
		if (fork() == 0)
			break;
	if (i == MEMBERS) {
		ct_send(fd, 0);
		for (;;)
			pause();
	}
	/* Each leaves the work to its child. */
	for (;;)
		if (fork() > 0)
			_exit(0);
}

TEST(kill_is_faster_than_fork)
{
	struct ct_child box;
	int i;

	CT_NEED_MODULE();
	for (i = 0; i < 10; i++) {
		box = ct_spawn(CT_CONTAINER, fork_for_ever, NULL);
		ct_recv(box.fd);
		ASSERT_EQ(0, ct_kill_container(box.name, "KILL"));
		ASSERT_EQ(128 + SIGKILL, ct_finish(&box));
		ASSERT_EQ(-1, ct_task_count(box.name));
	}
}

TEST_HARNESS_MAIN
