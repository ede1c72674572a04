// SPDX-License-Identifier: GPL-2.0
/* modes: host */
/* Checkpoint and restart: TCP and UDP sockets without a connection. */
#include "ct-checkpoint.h"

#include <arpa/inet.h>
#include <netinet/tcp.h>

static struct sockaddr_in local(int port)
{
	return (struct sockaddr_in){
		.sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
		.sin_port = htons(port),
	};
}

static void raise_loopback(void)
{
	/* Nobody else has done so in a new machine. */
	CT_EQ(0, system("ip link set lo up 2>/dev/null || ifconfig lo up"));
}

static int bound(int type)
{
	struct sockaddr_in addr = local(0);
	int fd;

	raise_loopback();
	fd = socket(AF_INET, type, 0);
	CT_CHECK(fd >= 0);
	CT_EQ(0, bind(fd, (struct sockaddr *)&addr, sizeof(addr)));
	return fd;
}

static int port_of(int fd)
{
	struct sockaddr_in addr;
	socklen_t length = sizeof(addr);

	CT_EQ(0, getsockname(fd, (struct sockaddr *)&addr, &length));
	CT_EQ(htonl(INADDR_LOOPBACK), addr.sin_addr.s_addr);
	return ntohs(addr.sin_port);
}

static int option(int fd, int level, int name)
{
	int value = -1;
	socklen_t length = sizeof(value);

	CT_EQ(0, getsockopt(fd, level, name, &value, &length));
	return value;
}

static void set(int fd, int level, int name, int value)
{
	CT_EQ(0, setsockopt(fd, level, name, &value, sizeof(value)));
}

/* A port is the original's while that has it. */
CR_ROW(listens, .without = CR_COPY)
{
	int fd = bound(SOCK_STREAM), port = port_of(fd), client, server;
	struct sockaddr_in addr = local(port);
	char c = 0;

	set(fd, SOL_SOCKET, SO_REUSEADDR, 1);
	set(fd, SOL_SOCKET, SO_KEEPALIVE, 1);
	set(fd, IPPROTO_TCP, TCP_NODELAY, 1);
	CT_EQ(0, listen(fd, 7));
	cr_ready();
	CT_EQ(port, port_of(fd));
	CT_EQ(1, option(fd, SOL_SOCKET, SO_REUSEADDR));
	CT_EQ(1, option(fd, SOL_SOCKET, SO_KEEPALIVE));
	CT_EQ(1, option(fd, IPPROTO_TCP, TCP_NODELAY));
	CT_EQ(1, option(fd, SOL_SOCKET, SO_ACCEPTCONN));
	client = socket(AF_INET, SOCK_STREAM, 0);
	CT_CHECK(client >= 0);
	CT_EQ(0, connect(client, (struct sockaddr *)&addr, sizeof(addr)));
	server = accept(fd, NULL, NULL);
	CT_CHECK(server >= 0);
	CT_EQ(1, write(client, "x", 1));
	CT_EQ(1, read(server, &c, 1));
	CT_EQ('x', c);
}

CR_ROW(listens_v6, .without = CR_COPY)
{
	struct sockaddr_in6 addr = { .sin6_family = AF_INET6,
				     .sin6_port = htons(7779) }, got;
	int fd = socket(AF_INET6, SOCK_STREAM, 0);
	socklen_t length = sizeof(got);

	CT_CHECK(fd >= 0);
	set(fd, IPPROTO_IPV6, IPV6_V6ONLY, 1);
	CT_EQ(0, bind(fd, (struct sockaddr *)&addr, sizeof(addr)));
	CT_EQ(0, listen(fd, 1));
	cr_ready();
	CT_EQ(0, getsockname(fd, (struct sockaddr *)&got, &length));
	CT_EQ(htons(7779), got.sin6_port);
	CT_EQ(1, option(fd, IPPROTO_IPV6, IPV6_V6ONLY));
	CT_EQ(1, option(fd, SOL_SOCKET, SO_ACCEPTCONN));
}

CR_ROW(fresh)
{
	int tcp = socket(AF_INET, SOCK_STREAM, 0);
	int udp = socket(AF_INET6, SOCK_DGRAM, 0);
	struct sockaddr_in addr = local(1);

	CT_CHECK(tcp >= 0 && udp >= 0);
	raise_loopback();
	cr_ready();
	CT_EQ(SOCK_STREAM, option(tcp, SOL_SOCKET, SO_TYPE));
	CT_EQ(SOCK_DGRAM, option(udp, SOL_SOCKET, SO_TYPE));
	CT_ERRNO(ECONNREFUSED, connect(tcp, (struct sockaddr *)&addr,
				       sizeof(addr)));
}

/* None of these is what a new socket has. */
CR_ROW(more_options)
{
	int udp = socket(AF_INET6, SOCK_DGRAM, 0), size;
	int tcp = socket(AF_INET6, SOCK_STREAM, 0);
	unsigned long rate = 123456789, got = 0;
	socklen_t length = sizeof(got);

	CT_CHECK(udp >= 0 && tcp >= 0);
	set(udp, IPPROTO_UDP, 1 /* UDP_CORK */, 1);
	set(udp, IPPROTO_UDP, 101 /* UDP_NO_CHECK6_TX */, 1);
	set(udp, IPPROTO_UDP, 103 /* UDP_SEGMENT */, 1200);
	set(udp, IPPROTO_UDP, 104 /* UDP_GRO */, 1);
	set(udp, SOL_SOCKET, 37 /* SO_TIMESTAMPING */, 1 << 3 | 1 << 4);
	set(udp, IPPROTO_IPV6, 62 /* IPV6_DONTFRAG */, 1);
	set(udp, IPPROTO_IPV6, 74 /* IPV6_RECVORIGDSTADDR */, 1);
	set(udp, IPPROTO_IPV6, IPV6_2292PKTINFO, 1);
	set(tcp, SOL_SOCKET, 60 /* SO_ZEROCOPY */, 1);
	set(tcp, IPPROTO_TCP, 34 /* TCP_FASTOPEN_NO_COOKIE */, 1);
	CT_EQ(0, setsockopt(tcp, SOL_SOCKET, 47 /* SO_MAX_PACING_RATE */, &rate,
			    sizeof(rate)));
	size = option(tcp, SOL_SOCKET, SO_SNDBUF);
	set(tcp, SOL_SOCKET, 72 /* SO_BUF_LOCK */, 1);
	cr_ready();
	CT_EQ(1, option(udp, IPPROTO_UDP, 1));
	CT_EQ(1, option(udp, IPPROTO_UDP, 101));
	CT_EQ(1200, option(udp, IPPROTO_UDP, 103));
	CT_EQ(1, option(udp, IPPROTO_UDP, 104));
	CT_EQ(1 << 3 | 1 << 4, option(udp, SOL_SOCKET, 37));
	CT_EQ(1, option(udp, IPPROTO_IPV6, 62));
	CT_EQ(1, option(udp, IPPROTO_IPV6, 74));
	CT_EQ(1, option(udp, IPPROTO_IPV6, IPV6_2292PKTINFO));
	CT_EQ(1, option(tcp, SOL_SOCKET, 60));
	CT_EQ(1, option(tcp, IPPROTO_TCP, 34));
	CT_EQ(0, getsockopt(tcp, SOL_SOCKET, 47, &got, &length));
	CT_EQ(rate, got);
	CT_EQ(size, option(tcp, SOL_SOCKET, SO_SNDBUF));
	CT_EQ(1, option(tcp, SOL_SOCKET, 72));
}

CR_ROW(udp, .without = CR_COPY)
{
	int server = bound(SOCK_DGRAM), port = port_of(server);
	int client = bound(SOCK_DGRAM), own = port_of(client);
	struct sockaddr_in addr = local(port), from;
	socklen_t length = sizeof(from);
	char c = 0;

	CT_EQ(0, connect(client, (struct sockaddr *)&addr, sizeof(addr)));
	cr_ready();
	CT_EQ(port, port_of(server));
	CT_EQ(own, port_of(client));
	CT_EQ(1, send(client, "u", 1, 0));
	CT_EQ(1, recvfrom(server, &c, 1, 0, (struct sockaddr *)&from, &length));
	CT_EQ('u', c);
	CT_EQ(htons(own), from.sin_port);
	CT_EQ(1, sendto(server, "v", 1, 0, (struct sockaddr *)&from, length));
	CT_EQ(1, recv(client, &c, 1, 0));
	CT_EQ('v', c);
}

CR_MAIN
