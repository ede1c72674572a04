// SPDX-License-Identifier: GPL-2.0
/* modes: host */
/* Checkpoint and restart: unix sockets. */
#include "ct-checkpoint.h"

#include <stddef.h>
#include <sys/un.h>

static void put(int fd, const char *text)
{
	CT_EQ(strlen(text), send(fd, text, strlen(text), MSG_NOSIGNAL));
}

/* What arrives next, as text. */
static const char *get(int fd)
{
	static char text[256];
	ssize_t n = recv(fd, text, sizeof(text) - 1, MSG_DONTWAIT);

	if (n < 0)
		return strerror(errno);
	text[n] = '\0';
	return text;
}

static void pair(int type, int fd[2])
{
	CT_EQ(0, socketpair(AF_UNIX, type, 0, fd));
}

static void both_ways(int fd[2])
{
	put(fd[0], "there");
	CT_STREQ("there", get(fd[1]));
	put(fd[1], "back");
	CT_STREQ("back", get(fd[0]));
}

CR_ROW(pairs)
{
	int stream[2], dgram[2], packet[2];

	pair(SOCK_STREAM, stream);
	pair(SOCK_DGRAM, dgram);
	pair(SOCK_SEQPACKET, packet);
	put(stream[0], "one");
	put(stream[0], "two");
	put(stream[1], "three");
	put(dgram[0], "four");
	put(dgram[0], "");
	put(dgram[0], "five");
	put(packet[1], "six");
	put(packet[1], "seven");
	cr_ready();
	CT_STREQ("onetwo", get(stream[1]));
	CT_STREQ("three", get(stream[0]));
	CT_STREQ("four", get(dgram[1]));
	CT_STREQ("", get(dgram[1]));
	CT_STREQ("five", get(dgram[1]));
	CT_STREQ("six", get(packet[0]));
	CT_STREQ("seven", get(packet[0]));
	CT_STREQ(strerror(EAGAIN), get(packet[0]));
	both_ways(stream);
	both_ways(dgram);
	both_ways(packet);
}

static char pattern(size_t i)
{
	return (i * 7 + i / 251) & 0x7f;
}

/* As much as fits, read from the middle of a message on. */
CR_ROW(full)
{
	size_t sent = 0, seen = 1000, i;
	static char buf[3000];
	int fd[2], flags;
	ssize_t n;

	pair(SOCK_STREAM, fd);
	flags = fcntl(fd[0], F_GETFL);
	CT_EQ(0, fcntl(fd[0], F_SETFL, flags | O_NONBLOCK));
	for (;;) {
		for (i = 0; i < sizeof(buf); i++)
			buf[i] = pattern(sent + i);
		n = write(fd[0], buf, sizeof(buf));
		if (n < 0)
			break;
		sent += n;
	}
	CT_EQ(EAGAIN, errno);
	CT_EQ(1000, recv(fd[1], buf, 1000, 0));
	cr_ready();
	while (seen < sent) {
		n = recv(fd[1], buf, sizeof(buf), MSG_DONTWAIT);
		CT_CHECK(n > 0);
		for (i = 0; i < (size_t)n; i++)
			CT_EQ(pattern(seen + i), buf[i]);
		seen += n;
	}
	CT_STREQ(strerror(EAGAIN), get(fd[1]));
	both_ways(fd);
}

CR_ROW(closed)
{
	int left[2], shut[2], dgram[2], unread[2];
	char c;

	pair(SOCK_STREAM, left);
	put(left[0], "last words");
	CT_EQ(0, close(left[0]));
	pair(SOCK_STREAM, shut);
	put(shut[0], "before");
	CT_EQ(0, shutdown(shut[0], SHUT_WR));
	pair(SOCK_DGRAM, dgram);
	put(dgram[0], "bye");
	CT_EQ(0, close(dgram[0]));
	pair(SOCK_STREAM, unread);
	put(unread[1], "never read");
	CT_EQ(0, close(unread[0]));
	cr_ready();
	CT_STREQ("last words", get(left[1]));
	CT_EQ(0, recv(left[1], &c, 1, 0));
	CT_ERRNO(EPIPE, send(left[1], "x", 1, MSG_NOSIGNAL));
	CT_STREQ("before", get(shut[1]));
	CT_EQ(0, recv(shut[1], &c, 1, 0));
	put(shut[1], "after");
	CT_STREQ("after", get(shut[0]));
	CT_ERRNO(EPIPE, send(shut[0], "x", 1, MSG_NOSIGNAL));
	CT_STREQ("bye", get(dgram[1]));
	CT_ERRNO(ECONNREFUSED, send(dgram[1], "x", 1, MSG_NOSIGNAL));
	CT_ERRNO(ECONNRESET, recv(unread[1], &c, 1, 0));
	CT_EQ(0, recv(unread[1], &c, 1, 0));
}

static void pass(int to, const int *fds, int n, const char *text)
{
	char control[CMSG_SPACE(8 * sizeof(int))] = {};
	struct iovec data = { (void *)text, strlen(text) };
	struct msghdr msg = { .msg_iov = &data, .msg_iovlen = 1,
			      .msg_control = control,
			      .msg_controllen = CMSG_SPACE(n * sizeof(int)) };
	struct cmsghdr *cmsg = CMSG_FIRSTHDR(&msg);

	cmsg->cmsg_level = SOL_SOCKET;
	cmsg->cmsg_type = SCM_RIGHTS;
	cmsg->cmsg_len = CMSG_LEN(n * sizeof(int));
	memcpy(CMSG_DATA(cmsg), fds, n * sizeof(int));
	CT_EQ(strlen(text), sendmsg(to, &msg, 0));
}

/* A message with its descriptors; returns how many. */
static int unpack(int from, int *fds, const char *want)
{
	char control[CMSG_SPACE(8 * sizeof(int))] = {}, text[64] = "";
	struct iovec data = { text, sizeof(text) - 1 };
	struct msghdr msg = { .msg_iov = &data, .msg_iovlen = 1,
			      .msg_control = control,
			      .msg_controllen = sizeof(control) };
	struct cmsghdr *cmsg;
	int n;

	CT_CHECK(recvmsg(from, &msg, MSG_DONTWAIT) >= 0);
	CT_STREQ(want, text);
	cmsg = CMSG_FIRSTHDR(&msg);
	if (!cmsg)
		return 0;
	CT_EQ(SCM_RIGHTS, cmsg->cmsg_type);
	n = (cmsg->cmsg_len - CMSG_LEN(0)) / sizeof(int);
	memcpy(fds, CMSG_DATA(cmsg), n * sizeof(int));
	return n;
}

CR_ROW(passed)
{
	int outer[2], inner[2], pipes[2], got[8], again[8], circle[2];
	char c;

	pair(SOCK_STREAM, outer);
	pair(SOCK_STREAM, inner);
	pair(SOCK_DGRAM, circle);
	CT_EQ(0, pipe(pipes));
	/* A pipe's end in a socket's message in a socket's message. */
	pass(inner[0], &pipes[0], 1, "pipe");
	pass(outer[0], &inner[1], 1, "socket");
	put(outer[0], "plain");
	pass(outer[0], pipes, 2, "two");
	/* A socket that waits in itself. */
	pass(circle[0], &circle[1], 1, "self");
	CT_EQ(0, close(pipes[0]));
	CT_EQ(0, close(inner[1]));
	cr_ready();
	CT_EQ(1, unpack(outer[1], got, "socket"));
	CT_EQ(1, unpack(got[0], again, "pipe"));
	CT_EQ(1, write(pipes[1], "p", 1));
	CT_EQ(1, read(again[0], &c, 1));
	CT_EQ('p', c);
	put(inner[0], "through");
	CT_STREQ("through", get(got[0]));
	/* Bytes without descriptors are read together with what follows. */
	CT_EQ(2, unpack(outer[1], got, "plaintwo"));
	CT_EQ(1, write(got[1], "q", 1));
	CT_EQ(1, read(again[0], &c, 1));
	CT_EQ(1, unpack(circle[1], got, "self"));
	put(circle[0], "self again");
	CT_STREQ("self again", get(got[0]));
}

static struct sockaddr_un address(const char *path, socklen_t *length)
{
	struct sockaddr_un sun = { .sun_family = AF_UNIX };

	CT_CHECK(strlen(path) < sizeof(sun.sun_path));
	strcpy(sun.sun_path, path);
	*length = offsetof(struct sockaddr_un, sun_path) + strlen(path) + 1;
	/* "@x" for the abstract name */
	if (path[0] == '@') {
		sun.sun_path[0] = '\0';
		*length -= 1;
	}
	return sun;
}

static int bound(int type, const char *path)
{
	socklen_t length;
	struct sockaddr_un sun = address(path, &length);
	int fd = socket(AF_UNIX, type, 0);

	CT_CHECK(fd >= 0);
	CT_EQ(0, bind(fd, (struct sockaddr *)&sun, length));
	return fd;
}

static int connected(int type, const char *path)
{
	socklen_t length;
	struct sockaddr_un sun = address(path, &length);
	int fd = socket(AF_UNIX, type, 0);

	CT_CHECK(fd >= 0);
	CT_EQ(0, connect(fd, (struct sockaddr *)&sun, length));
	return fd;
}

static void expect_name(int fd, const char *path, bool peer)
{
	socklen_t want_length, length = sizeof(struct sockaddr_un);
	struct sockaddr_un want = address(path, &want_length), sun = {};

	CT_EQ(0, peer ? getpeername(fd, (struct sockaddr *)&sun, &length) :
			getsockname(fd, (struct sockaddr *)&sun, &length));
	CT_EQ(want_length, length);
	CT_EQ(0, memcmp(&want, &sun, length));
}

static void serves(const char *path)
{
	int listening = bound(SOCK_STREAM, path), client, server, waiting, later;
	int shy = socket(AF_UNIX, SOCK_STREAM, 0), pipes[2], got[8];
	int gone;

	CT_CHECK(shy >= 0);
	CT_EQ(0, pipe(pipes));
	CT_EQ(0, listen(listening, 5));
	client = connected(SOCK_STREAM, path);
	server = accept(listening, NULL, NULL);
	CT_CHECK(server >= 0);
	waiting = connected(SOCK_STREAM, path);
	put(waiting, "hello");
	pass(waiting, &pipes[1], 1, "fd");
	gone = connected(SOCK_STREAM, path);
	put(gone, "no answer, please");
	CT_EQ(0, close(gone));
	put(client, "request");
	cr_ready();
	CT_STREQ("request", get(server));
	put(server, "answer");
	CT_STREQ("answer", get(client));
	expect_name(client, path, true);
	expect_name(server, path, false);
	server = accept(listening, NULL, NULL);
	CT_CHECK(server >= 0);
	CT_EQ(1, unpack(server, got, "hellofd"));
	put(server, "welcome");
	CT_STREQ("welcome", get(waiting));
	server = accept(listening, NULL, NULL);
	CT_CHECK(server >= 0);
	CT_STREQ("no answer, please", get(server));
	CT_STREQ("", get(server));
	later = connected(SOCK_STREAM, path);
	server = accept(listening, NULL, NULL);
	CT_CHECK(server >= 0);
	put(later, "after");
	CT_STREQ("after", get(server));
}

/* The name is taken while the original has it. */
CR_ROW(path, .without = CR_COPY)
{
	struct stat st;
	const char *name = cr_file("socket");

	serves(name);
	CT_EQ(0, stat(name, &st));
	CT_CHECK(S_ISSOCK(st.st_mode));
	CT_EQ(0, unlink(name));
}

CR_ROW(abstract, .without = CR_COPY)
{
	serves("@selftest checkpoint abstract");
}

CR_ROW(datagrams, .without = CR_COPY)
{
	int server = bound(SOCK_DGRAM, "@selftest checkpoint server");
	int named = bound(SOCK_DGRAM, "@selftest checkpoint client"), client;
	struct sockaddr_un from = {}, sun;
	socklen_t length, want_length;
	char text[64] = "";

	client = connected(SOCK_DGRAM, "@selftest checkpoint server");
	sun = address("@selftest checkpoint server", &length);
	CT_EQ(4, sendto(named, "from", 4, 0, (struct sockaddr *)&sun, length));
	put(client, "unnamed");
	CT_EQ(0, close(named));
	named = bound(SOCK_DGRAM, "@selftest checkpoint client");
	cr_ready();
	length = sizeof(from);
	CT_EQ(4, recvfrom(server, text, sizeof(text), MSG_DONTWAIT,
			  (struct sockaddr *)&from, &length));
	sun = address("@selftest checkpoint client", &want_length);
	CT_EQ(want_length, length);
	CT_EQ(0, memcmp(&sun, &from, length));
	CT_STREQ("unnamed", get(server));
	put(client, "more");
	CT_STREQ("more", get(server));
	CT_EQ(5, sendto(server, "reply", 5, 0, (struct sockaddr *)&from, length));
	CT_STREQ("reply", get(named));
}

CR_ROW(options)
{
	int fd[2], on = 1, size = 65536, got;
	struct timeval timeout = { 3, 500000 }, back = {};
	socklen_t length = sizeof(got);

	pair(SOCK_STREAM, fd);
	CT_EQ(0, setsockopt(fd[0], SOL_SOCKET, SO_PASSCRED, &on, sizeof(on)));
	CT_EQ(0, setsockopt(fd[0], SOL_SOCKET, SO_SNDBUF, &size, sizeof(size)));
	CT_EQ(0, setsockopt(fd[0], SOL_SOCKET, SO_RCVTIMEO, &timeout,
			    sizeof(timeout)));
	cr_ready();
	CT_EQ(0, getsockopt(fd[0], SOL_SOCKET, SO_PASSCRED, &got, &length));
	CT_EQ(1, got);
	CT_EQ(0, getsockopt(fd[1], SOL_SOCKET, SO_PASSCRED, &got, &length));
	CT_EQ(0, got);
	CT_EQ(0, getsockopt(fd[0], SOL_SOCKET, SO_SNDBUF, &got, &length));
	CT_EQ(2 * size, got);
	length = sizeof(back);
	CT_EQ(0, getsockopt(fd[0], SOL_SOCKET, SO_RCVTIMEO, &back, &length));
	CT_EQ(3, back.tv_sec);
	CT_EQ(500000, back.tv_usec);
}

static struct ucred creds(int fd)
{
	char control[CMSG_SPACE(sizeof(struct ucred))] = {}, text[16];
	struct iovec data = { text, sizeof(text) };
	struct msghdr msg = { .msg_iov = &data, .msg_iovlen = 1,
			      .msg_control = control,
			      .msg_controllen = sizeof(control) };
	struct cmsghdr *cmsg;
	struct ucred ucred;

	CT_CHECK(recvmsg(fd, &msg, MSG_DONTWAIT) > 0);
	cmsg = CMSG_FIRSTHDR(&msg);
	CT_CHECK(cmsg && cmsg->cmsg_type == SCM_CREDENTIALS);
	memcpy(&ucred, CMSG_DATA(cmsg), sizeof(ucred));
	return ucred;
}

static void sends_creds(void *arg)
{
	int *fd = arg;

	/* Still allowed to look at process 1. */
	CT_EQ(0, setregid(123, -1));
	CT_EQ(0, setreuid(CT_UID, -1));
	put(fd[1], "x");
}

CR_ROW(credentials)
{
	int fd[2], on = 1;
	struct ucred ucred;
	socklen_t length = sizeof(ucred);
	pid_t child;

	pair(SOCK_STREAM, fd);
	CT_EQ(0, setsockopt(fd[0], SOL_SOCKET, SO_PASSCRED, &on, sizeof(on)));
	child = fork();
	CT_CHECK(child >= 0);
	if (!child) {
		sends_creds(fd);
		cr_await();
		_exit(0);
	}
	CT_UNTIL(recv(fd[0], &on, 1, MSG_PEEK | MSG_DONTWAIT) == 1);
	cr_ready();
	ucred = creds(fd[0]);
	CT_EQ(child, ucred.pid);
	CT_EQ(CT_UID, ucred.uid);
	CT_EQ(123, ucred.gid);
	CT_EQ(0, getsockopt(fd[1], SOL_SOCKET, SO_PEERCRED, &ucred, &length));
	CT_EQ(getpid(), ucred.pid);
	CT_EQ(0, (int)ucred.uid);
	CT_EQ(0, ct_reap(child));
}

CR_MAIN
