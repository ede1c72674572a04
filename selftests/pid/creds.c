// SPDX-License-Identifier: GPL-2.0
/* modes: host contained pidns */
/*
 * Numbers in the credentials of a socket's peer and of a message's sender.
 */
#include "ct.h"
#include <sys/un.h>
#include "ct-file.h"
#include "kselftest_harness.h"

#ifndef SO_PEERPIDFD
#define SO_PEERPIDFD 77
#endif

FIXTURE(message) {
	int fd[2];
};

FIXTURE_SETUP(message)
{
	int yes = 1;

	ASSERT_EQ(0, socketpair(AF_UNIX, SOCK_DGRAM, 0, self->fd));
	ASSERT_EQ(0, setsockopt(self->fd[0], SOL_SOCKET, SO_PASSCRED, &yes,
				sizeof(yes)));
}

FIXTURE_TEARDOWN(message)
{
	close(self->fd[0]);
	close(self->fd[1]);
}

static void send_two(int fd, void *arg)
{
	int out = *(int *)arg;

	CT_EQ(1, send(out, "x", 1, 0));
	CT_EQ(1, ct_send_creds(out, getpid()));
	ct_send(fd, 0);
	ct_wait_hangup(fd);
}

TEST_F(message, from_a_child)
{
	struct ct_child child = ct_spawn(CT_PLAIN, send_two, &self->fd[1]);

	EXPECT_EQ(child.pid, ct_receive_creds(self->fd[0]));
	EXPECT_EQ(child.pid, ct_receive_creds(self->fd[0]));
	ct_recv(child.fd);
	EXPECT_EQ(0, ct_finish(&child));
}

TEST_F(message, from_the_dead)
{
	struct ct_child child = ct_spawn(CT_PLAIN, send_two, &self->fd[1]);

	ct_recv(child.fd);
	EXPECT_EQ(0, ct_finish(&child));
	CT_ERRNO(ESRCH, kill(child.pid, 0));
	/* It still says who it was. */
	EXPECT_EQ(child.pid, ct_receive_creds(self->fd[0]));
	EXPECT_EQ(child.pid, ct_receive_creds(self->fd[0]));
}

TEST_F(message, from_oneself)
{
	ASSERT_EQ(1, send(self->fd[1], "x", 1, 0));
	EXPECT_EQ(getpid(), ct_receive_creds(self->fd[0]));
	ASSERT_EQ(1, ct_send_creds(self->fd[1], getpid()));
	EXPECT_EQ(getpid(), ct_receive_creds(self->fd[0]));
}

/* With the right to do so one may name another process, but it must exist. */
TEST_F(message, in_the_name_of_another)
{
	struct ct_child child = ct_spawn(CT_PLAIN, ct_idle, NULL);

	ASSERT_EQ(1, ct_send_creds(self->fd[1], child.pid));
	EXPECT_EQ(child.pid, ct_receive_creds(self->fd[0]));
	EXPECT_EQ(0, ct_finish(&child));
	CT_ERRNO(ESRCH, ct_send_creds(self->fd[1], child.pid));
}

static void forge(int fd, void *arg)
{
	int out = *(int *)arg;

	(void)fd;
	ct_become_user();
	CT_ERRNO(EPERM, ct_send_creds(out, getppid()));
	CT_ERRNO(EPERM, ct_send_creds(out, 1));
	CT_EQ(1, ct_send_creds(out, getpid()));
}

TEST_F(message, without_the_right)
{
	struct ct_child child = ct_spawn(CT_PLAIN, forge, &self->fd[1]);

	EXPECT_EQ(0, ct_finish(&child));
	EXPECT_EQ(child.pid, ct_receive_creds(self->fd[0]));
}

/* -- peers ---------------------------------------------------------------------- */

TEST(peer_of_a_pair)
{
	int fd[2];

	ASSERT_EQ(0, socketpair(AF_UNIX, SOCK_STREAM, 0, fd));
	EXPECT_EQ(getpid(), ct_peer(fd[0]));
	EXPECT_EQ(getpid(), ct_peer(fd[1]));
}

static void connect_to(int fd, void *arg)
{
	struct sockaddr_un *address = arg;
	int sock = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	CT_CHECK(sock >= 0);
	CT_EQ(0, connect(sock, (struct sockaddr *)address, sizeof(*address)));
	/* The listener is who called listen(). */
	CT_EQ(getppid(), ct_peer(sock));
	ct_send(fd, 0);
	ct_wait_hangup(fd);
}

/* The pidfd that newer kernels give of a peer. */
static void check_peer_pidfd(int fd, pid_t pid)
{
	socklen_t len = sizeof(int);
	char path[64];
	int pidfd;

	if (getsockopt(fd, SOL_SOCKET, SO_PEERPIDFD, &pidfd, &len)) {
		CT_EQ(ENOPROTOOPT, errno);
		return;
	}
	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", pidfd);
	CT_EQ(pid, ct_keyed_number(path, "Pid"));
	close(pidfd);
}

TEST(peer_of_a_connection)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int sock, connection;
	struct ct_child child;

	snprintf(address.sun_path + 1, sizeof(address.sun_path) - 1,
		 "ct-creds-%d-%d", ct_mode(), getpid());
	sock = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	ASSERT_LE(0, sock);
	ASSERT_EQ(0, bind(sock, (struct sockaddr *)&address, sizeof(address)));
	ASSERT_EQ(0, listen(sock, 1));
	child = ct_spawn(CT_PLAIN, connect_to, &address);
	connection = accept(sock, NULL, NULL);
	ASSERT_LE(0, connection);
	ct_recv(child.fd);
	EXPECT_EQ(child.pid, ct_peer(connection));
	check_peer_pidfd(connection, child.pid);
	EXPECT_EQ(0, ct_finish(&child));
	/* A peer keeps its number in death. */
	EXPECT_EQ(child.pid, ct_peer(connection));
}

TEST_HARNESS_MAIN
