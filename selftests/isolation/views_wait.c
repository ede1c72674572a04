// SPDX-License-Identifier: GPL-2.0
/* modes: host */
/*
 * A parent outside waits for a child inside: by the number that it has outside,
 * and that is what it is told.
 */
#include "ct.h"
#include <sys/pidfd.h>
#include <sys/resource.h>
#include "ct-trace.h"
#include "kselftest_harness.h"
#include "ct-wall.h"

static siginfo_t wait_info(idtype_t type, id_t id, int options)
{
	siginfo_t info;

	memset(&info, 0, sizeof(info));
	CT_EQ(0, waitid(type, id, &info, options));
	return info;
}

static void check_info(siginfo_t info, pid_t pid, int code, int status)
{
	CT_EQ(SIGCHLD, info.si_signo);
	CT_EQ(pid, info.si_pid);
	CT_EQ(code, info.si_code);
	CT_EQ(status, info.si_status);
}

/* -- the ways to say which ------------------------------------------------------- */

static void exit_7(int fd, void *arg)
{
	(void)arg;
	/* A group of its own, of which the number inside is 1. */
	CT_EQ(0, setpgid(0, 0));
	CT_EQ(1, getpgrp());
	ct_send(fd, 0);
	ct_wait_hangup(fd);
	_exit(7);
}

enum way { ANY, BY_PID, BY_GROUP, BY_PIDFD, BY_WAIT4, NR_WAYS };

static void reap_by(enum way way, pid_t pid)
{
	struct rusage usage;
	int status, pidfd;

	switch (way) {
	case ANY:
		CT_EQ(pid, waitpid(-1, &status, 0));
		break;
	case BY_PID:
		CT_EQ(pid, waitpid(pid, &status, 0));
		break;
	case BY_GROUP:
		CT_EQ(pid, waitpid(-pid, &status, 0));
		break;
	case BY_PIDFD:
		pidfd = pidfd_open(pid, 0);
		CT_CHECK(pidfd >= 0);
		check_info(wait_info(P_PIDFD, pidfd, WEXITED), pid, CLD_EXITED,
			   7);
		close(pidfd);
		return;
	default:
		CT_EQ(pid, wait4(pid, &status, __WALL, &usage));
		CT_CHECK(usage.ru_maxrss > 0);
		break;
	}
	CT_CHECK(WIFEXITED(status));
	CT_EQ(7, WEXITSTATUS(status));
}

TEST_F(wall, by_every_way)
{
	struct ct_child box;
	enum way way;
	int status;

	CT_NEED_BOX(variant);
	for (way = ANY; way < NR_WAYS; way++) {
		box = ct_spawn(variant->box, exit_7, NULL);
		ct_recv(box.fd);
		EXPECT_EQ(0, waitpid(box.pid, &status, WNOHANG));
		EXPECT_EQ(0, waitpid(-box.pid, &status, WNOHANG));
		EXPECT_EQ(0, wait_info(P_ALL, 0, WEXITED | WNOHANG).si_pid);
		/* Not by the number inside. */
		CT_ERRNO(ECHILD, waitpid(1, &status, WNOHANG));
		ct_release(&box);
		/* Looked at, and left. */
		check_info(wait_info(P_PID, box.pid, WEXITED | WNOWAIT),
			   box.pid, CLD_EXITED, 7);
		check_info(wait_info(P_PGID, box.pid, WEXITED | WNOWAIT),
			   box.pid, CLD_EXITED, 7);
		check_info(wait_info(P_ALL, 0, WEXITED | WNOWAIT), box.pid,
			   CLD_EXITED, 7);
		reap_by(way, box.pid);
		CT_ERRNO(ECHILD, waitpid(-1, &status, WNOHANG));
	}
}

/* -- stops ------------------------------------------------------------------------ */

static void stop_and_go(struct __test_metadata *_metadata, pid_t pid)
{
	int status;

	ASSERT_EQ(0, kill(pid, SIGSTOP));
	check_info(wait_info(P_PID, pid, WSTOPPED | WNOWAIT), pid, CLD_STOPPED,
		   SIGSTOP);
	EXPECT_EQ(pid, waitpid(pid, &status, WUNTRACED));
	EXPECT_TRUE(WIFSTOPPED(status) && WSTOPSIG(status) == SIGSTOP);
	EXPECT_EQ(0, waitpid(pid, &status, WUNTRACED | WNOHANG));
	ASSERT_EQ(0, kill(pid, SIGCONT));
	check_info(wait_info(P_ALL, 0, WCONTINUED | WNOWAIT), pid,
		   CLD_CONTINUED, SIGCONT);
	EXPECT_EQ(pid, waitpid(-1, &status, WCONTINUED));
	EXPECT_TRUE(WIFCONTINUED(status));
}

TEST_F(wall, stops)
{
	struct ct_child box;

	CT_NEED_BOX(variant);
	box = ct_spawn(variant->box, ct_idle, NULL);
	stop_and_go(_metadata, box.pid);
	EXPECT_EQ(0, ct_finish(&box));
}

/* Killed, and dead of a fault. */
static void fault(int fd, void *arg)
{
	(void)fd;
	(void)arg;
	*(volatile int *)NULL = 0;
}

TEST_F(wall, killed)
{
	struct ct_child box;

	CT_NEED_BOX(variant);
	box = ct_spawn(variant->box, ct_idle, NULL);
	ASSERT_EQ(0, kill(box.pid, SIGKILL));
	check_info(wait_info(P_PID, box.pid, WEXITED), box.pid, CLD_KILLED,
		   SIGKILL);
	ct_release(&box);
	box = ct_spawn(variant->box, fault, NULL);
	check_info(wait_info(P_ALL, 0, WEXITED), box.pid, CLD_KILLED, SIGSEGV);
	ct_release(&box);
}

/* -- children that say nothing at their end ------------------------------------------ */

static void wait_in_clone(int fd, void *arg)
{
	(void)arg;
	ct_wait_hangup(fd);
	_exit(5);
}

/* A clone() without a signal, which becomes process 1 of a container. */
TEST(a_clone_child)
{
	char name[CT_NAME_MAX + 1];
	int status, line[2];
	pid_t pid;

	CT_NEED_MODULE();
	ct_unique_name(name);
	ASSERT_EQ(0, socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0,
				line));
	pid = syscall(SYS_clone, 0, NULL, NULL, NULL, 0UL);
	if (!pid) {
		close(line[0]);
		CT_EQ(0, ct_enter(name));
		ct_send(line[1], 0);
		wait_in_clone(line[1], NULL);
	}
	close(line[1]);
	ct_recv(line[0]);
	CT_ERRNO(ECHILD, waitpid(pid, &status, WNOHANG));
	EXPECT_EQ(0, waitpid(pid, &status, WNOHANG | __WCLONE));
	EXPECT_EQ(0, waitpid(-1, &status, WNOHANG | __WALL));
	close(line[0]);
	EXPECT_EQ(pid, waitpid(-1, &status, __WCLONE));
	EXPECT_EQ(5, WEXITSTATUS(status));
}

/* -- tracees -------------------------------------------------------------------------- */

static void spawn_one(int fd, void *arg)
{
	struct ct_child child = ct_spawn(CT_PLAIN, ct_idle, NULL);

	(void)arg;
	ct_send(fd, child.pid);
	ct_wait_hangup(fd);
	CT_EQ(0, ct_finish(&child));
}

static pid_t first_child(pid_t pid)
{
	char path[64], text[64];

	snprintf(path, sizeof(path), "/proc/%d/task/%d/children", pid, pid);
	CT_CHECK(ct_read_file(path, text, sizeof(text)) > 0);
	return atoi(text);
}

/* Somebody else's child, as a tracee. */
TEST_F(wall, a_tracee)
{
	struct ct_child box;
	int status;
	pid_t pid;

	CT_NEED_BOX(variant);
	box = ct_spawn(variant->box, spawn_one, NULL);
	EXPECT_EQ(2, ct_recv(box.fd));
	pid = first_child(box.pid);
	CT_ERRNO(ECHILD, waitpid(pid, &status, WNOHANG));
	ASSERT_EQ(0, ptrace(PTRACE_ATTACH, pid, 0, 0));
	check_info(wait_info(P_PID, pid, WSTOPPED | WNOWAIT), pid, CLD_TRAPPED,
		   SIGSTOP);
	EXPECT_EQ(pid, waitpid(-1, &status, __WALL));
	EXPECT_EQ(SIGSTOP, WSTOPSIG(status));
	ct_use_tracee(pid);
	/* Process 1 goes on meanwhile; it is our child in earnest. */
	stop_and_go(_metadata, box.pid);
	ct_go_on(pid);
	ASSERT_EQ(0, kill(pid, SIGUSR1));
	check_info(wait_info(P_ALL, 0, WSTOPPED | __WALL), pid, CLD_TRAPPED,
		   SIGUSR1);
	ASSERT_EQ(0, ptrace(PTRACE_DETACH, pid, 0, 0));
	CT_ERRNO(ECHILD, waitpid(pid, &status, WNOHANG));
	EXPECT_EQ(0, ct_finish(&box));
}

TEST_HARNESS_MAIN
