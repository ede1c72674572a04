// SPDX-License-Identifier: GPL-2.0
/* modes: host */
/*
 * Signals across a container's wall: they arrive, and a sender that the
 * receiver cannot see has the number 0.
 */
#include "ct.h"
#include <sys/pidfd.h>
#include "kselftest_harness.h"
#include "ct-wall.h"

/* Says of each SIGUSR1 whose it is, until there is no more question. */
static void listen_usr1(int fd, void *arg)
{
	(void)arg;
	ct_block(SIGUSR1);
	ct_send(fd, getpid());
	while (ct_recv(fd))
		ct_send(fd, ct_signal(SIGUSR1).si_pid);
}

static pid_t heard(struct ct_child *box)
{
	ct_send(box->fd, 1);
	return ct_recv(box->fd);
}

TEST_F(wall, from_outside)
{
	siginfo_t info = ct_queued(SIGUSR1);
	struct ct_child box;
	int pidfd;

	CT_NEED_BOX(variant);
	box = ct_spawn(variant->box, listen_usr1, NULL);
	EXPECT_EQ(1, ct_recv(box.fd));

	EXPECT_EQ(0, kill(box.pid, SIGUSR1));
	EXPECT_EQ(0, heard(&box));
	EXPECT_EQ(0, syscall(SYS_tkill, box.pid, SIGUSR1));
	EXPECT_EQ(0, heard(&box));
	EXPECT_EQ(0, syscall(SYS_tgkill, box.pid, box.pid, SIGUSR1));
	EXPECT_EQ(0, heard(&box));
	EXPECT_EQ(0, syscall(SYS_rt_sigqueueinfo, box.pid, SIGUSR1, &info));
	EXPECT_EQ(0, heard(&box));
	EXPECT_EQ(0, syscall(SYS_rt_tgsigqueueinfo, box.pid, box.pid, SIGUSR1,
			     &info));
	EXPECT_EQ(0, heard(&box));
	pidfd = pidfd_open(box.pid, 0);
	ASSERT_LE(0, pidfd);
	EXPECT_EQ(0, pidfd_send_signal(pidfd, SIGUSR1, NULL, 0));
	EXPECT_EQ(0, heard(&box));
	EXPECT_EQ(0, pidfd_send_signal(pidfd, SIGUSR1, &info, 0));
	EXPECT_EQ(0, heard(&box));
	close(pidfd);

	ct_send(box.fd, 0);
	EXPECT_EQ(0, ct_finish(&box));
}

static void member_of_box(int fd, void *arg)
{
	struct ct_child inner = ct_spawn(CT_PLAIN, listen_usr1, NULL);

	(void)arg;
	ct_send(fd, ct_recv(inner.fd));
	while (ct_recv(fd))
		ct_send(fd, heard(&inner));
	ct_send(inner.fd, 0);
	CT_EQ(0, ct_finish(&inner));
}

/* The listener inside was born in the test's group, and is still there. */
TEST_F(wall, to_a_group_that_spans)
{
	struct ct_child box;

	CT_NEED_BOX(variant);
	box = ct_spawn(variant->box, member_of_box, NULL);
	EXPECT_LT(1, ct_recv(box.fd));
	ASSERT_EQ(0, setpgid(box.pid, box.pid));
	ct_block(SIGUSR1);
	EXPECT_EQ(0, kill(0, SIGUSR1));
	ct_signal(SIGUSR1);
	EXPECT_EQ(0, heard(&box));
	/* Process 1 has no handler and is not killed. */
	EXPECT_EQ(0, kill(-box.pid, SIGUSR1));
	EXPECT_EQ(0, kill(0, SIGUSR1));
	EXPECT_EQ(0, heard(&box));
	ct_send(box.fd, 0);
	EXPECT_EQ(0, ct_finish(&box));
}

/* -- out of the box -------------------------------------------------------------- */

static void signal_group(int fd, void *arg)
{
	(void)arg;
	CT_EQ(0, getpgrp());
	ct_block(SIGUSR1);
	CT_EQ(0, kill(0, SIGUSR1));
	CT_EQ(1, ct_signal(SIGUSR1).si_pid);
	ct_send(fd, 0);
	ct_wait_hangup(fd);
}

/*
 * A group may span the wall, and a signal to it does, too.  The number is then
 * that which the sender has on its own side, as from a pid namespace.
 */
TEST_F(wall, to_a_group_outside)
{
	struct ct_child box;

	CT_NEED_BOX(variant);
	ct_block(SIGUSR1);
	box = ct_spawn(variant->box, signal_group, NULL);
	ct_recv(box.fd);
	EXPECT_EQ(1, ct_signal(SIGUSR1).si_pid);
	EXPECT_EQ(0, ct_finish(&box));
}

TEST_F(wall, sigchld_of_process_1)
{
	struct ct_child box;

	CT_NEED_BOX(variant);
	ct_block(SIGCHLD);
	box = ct_spawn(variant->box, ct_idle, NULL);
	ASSERT_EQ(0, kill(box.pid, SIGSTOP));
	ct_expect_chld(box.pid, CLD_STOPPED, SIGSTOP);
	ASSERT_EQ(0, kill(box.pid, SIGCONT));
	ct_expect_chld(box.pid, CLD_CONTINUED, SIGCONT);
	ct_release(&box);
	ct_expect_chld(box.pid, CLD_EXITED, 0);
	EXPECT_EQ(0, ct_reap(box.pid));
}

/* -- kill(-1) --------------------------------------------------------------------- */

static void kill_all(int fd, void *arg)
{
	pid_t a, b;

	(void)arg;
	a = fork();
	if (!a)
		for (;;)
			pause();
	CT_CHECK(a > 0);
	b = fork();
	if (!b) {
		/* Process 1 and the caller are spared. */
		CT_EQ(0, kill(-1, SIGTERM));
		_exit(7);
	}
	CT_EQ(128 + SIGTERM, ct_reap(a));
	CT_EQ(7, ct_reap(b));
	/* Nobody is left. */
	CT_ERRNO(ESRCH, kill(-1, SIGTERM));
	ct_send(fd, 0);
}

TEST_F(wall, kill_all_is_all_inside)
{
	struct ct_child plain, box;

	CT_NEED_BOX(variant);
	plain = ct_spawn(CT_PLAIN, ct_idle, NULL);
	box = ct_spawn(variant->box, kill_all, NULL);
	ct_recv(box.fd);
	EXPECT_EQ(0, ct_finish(&box));
	EXPECT_EQ(0, ct_finish(&plain));
}

/* -- pidfds that cross ------------------------------------------------------------- */

static void use_pidfd(int fd, void *arg)
{
	int pidfd = *(int *)arg;
	siginfo_t info;
	char path[64];

	(void)fd;
	/* It can be waited for, but not signalled, and has no number. */
	CT_ERRNO(EINVAL, pidfd_send_signal(pidfd, 0, NULL, 0));
	CT_ERRNO(EINVAL, pidfd_send_signal(pidfd, SIGTERM, NULL, 0));
	CT_ERRNO(ECHILD, waitid(P_PIDFD, pidfd, &info, WEXITED | WNOHANG));
	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", pidfd);
	CT_EQ(0, ct_keyed_number(path, "Pid"));
}

TEST_F(wall, pidfd_from_outside)
{
	struct ct_child plain, box;
	int pidfd;

	CT_NEED_BOX(variant);
	plain = ct_spawn(CT_PLAIN, ct_idle, NULL);
	pidfd = pidfd_open(plain.pid, 0);
	ASSERT_LE(0, pidfd);
	box = ct_spawn(variant->box, use_pidfd, &pidfd);
	EXPECT_EQ(0, ct_finish(&box));
	EXPECT_EQ(0, ct_finish(&plain));
	close(pidfd);
}

/* -- a parent's death --------------------------------------------------------------- */

static void await_parents_death(int fd, void *arg)
{
	int line = *(int *)arg;

	ct_block(SIGUSR1);
	CT_EQ(0, prctl(PR_SET_PDEATHSIG, SIGUSR1));
	CT_EQ(0, getppid());
	ct_send(fd, 0);
	ct_send(line, ct_signal(SIGUSR1).si_pid);
	ct_send(line, getppid());
}

TEST_F(wall, death_of_a_parent_outside)
{
	struct ct_child box;
	int line[2];
	pid_t pid;

	CT_NEED_BOX(variant);
	ASSERT_EQ(0, socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0,
				line));
	pid = fork();
	ASSERT_LE(0, pid);
	if (!pid) {
		box = ct_spawn(variant->box, await_parents_death, &line[1]);
		ct_recv(box.fd);
		_exit(0);
	}
	EXPECT_EQ(0, ct_reap(pid));
	EXPECT_EQ(0, ct_recv(line[0]));
	EXPECT_EQ(0, ct_recv(line[0]));
}

TEST_HARNESS_MAIN
