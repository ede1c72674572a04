// SPDX-License-Identifier: GPL-2.0
/*
 * Addresses of netlink sockets, which by default are numbers of processes, as
 * those learn them who share a network with others. Each test has a network of
 * its own; "the host" is this process.
 */
#include "ct.h"
#include "ct-netlink.h"
#include "ct-link.h"
#include <linux/filter.h>
#include "kselftest_harness.h"
#include "ct-wall.h"

#define SAID		"something"

static uint32_t address_of(int sock)
{
	struct sockaddr_nl address;
	socklen_t len = sizeof(address);

	CT_EQ(0, getsockname(sock, (struct sockaddr *)&address, &len));
	return address.nl_pid;
}

/* A socket with this address, 0: that the kernel chooses, in this group. */
static int bound(int protocol, uint32_t address, unsigned int group)
{
	struct sockaddr_nl self = {
		.nl_family = AF_NETLINK, .nl_pid = address,
		.nl_groups = group ? 1 << (group - 1) : 0,
	};
	int sock = ct_netlink(protocol);

	CT_EQ(0, bind(sock, (struct sockaddr *)&self, sizeof(self)));
	return sock;
}

/* No process can have it as its number. */
static bool is_stand_in(long long address)
{
	return address >= 0x80000000LL && address <= 0xffffffffLL - 4096;
}

static ssize_t receive(int sock, struct ct_message *msg, uint32_t *from,
		       int flags)
{
	struct sockaddr_nl name = { .nl_pid = -1 };
	struct iovec data = { msg, sizeof(*msg) };
	struct msghdr all = {
		.msg_name = &name, .msg_namelen = sizeof(name),
		.msg_iov = &data, .msg_iovlen = 1,
	};
	ssize_t len = recvmsg(sock, &all, flags);

	if (from)
		*from = name.nl_pid;
	return len;
}

/* -- who has changed something -------------------------------------------------- */

#define LISTEN_TO	RTNLGRP_IPV4_IFADDR

/* Another address for the machine itself. */
static void change(int sock, unsigned int number, int flags)
{
	uint32_t address = htonl(INADDR_LOOPBACK + number);
	struct ifaddrmsg head = {
		.ifa_family = AF_INET, .ifa_prefixlen = 32,
		.ifa_scope = RT_SCOPE_HOST, .ifa_index = ct_link_index("lo"),
	};
	struct ct_message msg;

	ct_message_init(&msg, RTM_NEWADDR, NLM_F_CREATE | flags);
	ct_message_add(&msg, &head, sizeof(head));
	ct_message_attr(&msg, IFA_LOCAL, &address, sizeof(address));
	CT_EQ(0, ct_ask(sock, &msg));
	CT_EQ(address_of(sock), msg.head.nlmsg_pid);
}

/* Who has made the next change. */
static long long who_has_changed(int sock, int flags)
{
	struct ct_message msg;
	uint32_t from;

	CT_CHECK(receive(sock, &msg, &from, flags) > 0);
	CT_EQ(RTM_NEWADDR, msg.head.nlmsg_type);
	CT_EQ(0, from);
	return msg.head.nlmsg_pid;
}

/* All answers to a question, of which there is more than one. */
static void ask_for_all(int sock)
{
	struct ifaddrmsg head = { .ifa_family = AF_INET };
	struct nlmsghdr *at;
	struct ct_message msg;
	bool done = false;
	int answers = 0;
	ssize_t len;

	ct_message_init(&msg, RTM_GETADDR, NLM_F_DUMP);
	ct_message_add(&msg, &head, sizeof(head));
	CT_EQ(msg.head.nlmsg_len, send(sock, &msg, msg.head.nlmsg_len, 0));
	while (!done) {
		len = recv(sock, &msg, sizeof(msg), 0);
		CT_CHECK(len > 0);
		for (at = &msg.head; NLMSG_OK(at, len); at = NLMSG_NEXT(at, len)) {
			CT_EQ(address_of(sock), at->nlmsg_pid);
			answers++;
			done = at->nlmsg_type == NLMSG_DONE;
		}
	}
	CT_CHECK(answers >= 5);
}

static void listen_inside(int fd, void *arg)
{
	int ears = bound(NETLINK_ROUTE, 0, LISTEN_TO), sock;

	(void)arg;
	sock = bound(NETLINK_ROUTE, 0, 0);
	CT_EQ(getpid(), address_of(ears));
	ct_send(fd, 0);
	/* Twice this process, and another one. */
	ct_recv(fd);
	ct_send(fd, who_has_changed(ears, MSG_PEEK));
	ct_send(fd, who_has_changed(ears, 0));
	ct_send(fd, who_has_changed(ears, 0));
	ct_send(fd, who_has_changed(ears, 0));
	/* Oneself, by another socket. */
	change(sock, 4, NLM_F_ACK);
	CT_EQ(address_of(sock), who_has_changed(ears, 0));
	ask_for_all(sock);
	ct_send(fd, address_of(sock));
	close(sock);
	close(ears);
	ct_wait_hangup(fd);
}

static void change_once(int fd, void *arg)
{
	int sock = bound(NETLINK_ROUTE, 0, 0);

	change(sock, *(int *)arg, NLM_F_ACK);
	CT_EQ(getpid(), address_of(sock));
	ct_send(fd, 0);
	close(sock);
}

TEST_F(wall, who_changes_something)
{
	bool inside = variant->box == CT_CONTAINER;
	int ears, sock, number = 3;
	struct ct_child child, other;
	long long told;

	CT_NEED_BOX(variant);
	ASSERT_EQ(0, unshare(CLONE_NEWNET));
	sock = bound(NETLINK_ROUTE, 0, 0);
	ASSERT_EQ((uint32_t)getpid(), address_of(sock));
	ears = bound(NETLINK_ROUTE, 0, LISTEN_TO);
	child = ct_spawn(variant->box, listen_inside, NULL);
	ct_recv(child.fd);
	change(sock, 1, NLM_F_ACK);
	change(sock, 2, NLM_F_ACK);
	other = ct_spawn(CT_PLAIN, change_once, &number);
	EXPECT_EQ(0, ct_recv(other.fd));
	EXPECT_EQ(0, ct_finish(&other));
	ct_send(child.fd, 0);
	told = ct_recv(child.fd);
	/* In a pid namespace it is the host's number. */
	EXPECT_EQ(inside, is_stand_in(told));
	EXPECT_EQ(!inside, told == getpid());
	/* Always the same for the same socket. */
	EXPECT_EQ(told, ct_recv(child.fd));
	EXPECT_EQ(told, ct_recv(child.fd));
	told = ct_recv(child.fd) == told;
	EXPECT_EQ(false, told);
	told = ct_recv(child.fd);
	/* The host, whose message is the same one, knows all. */
	EXPECT_EQ(getpid(), who_has_changed(ears, MSG_PEEK));
	EXPECT_EQ(getpid(), who_has_changed(ears, 0));
	EXPECT_EQ(getpid(), who_has_changed(ears, 0));
	EXPECT_EQ(other.pid, who_has_changed(ears, 0));
	EXPECT_EQ(told, who_has_changed(ears, 0));
	close(sock);
	close(ears);
	EXPECT_EQ(0, ct_finish(&child));
}

/*
 * One may try to find out by taking addresses oneself: a listener without an
 * address hears something, and takes one afterwards.
 */
static void guess(int fd, void *arg)
{
	struct sockaddr_nl self = {
		.nl_family = AF_NETLINK, .nl_pid = *(uint32_t *)arg,
	};
	int ears = ct_netlink(NETLINK_ROUTE), group = LISTEN_TO;

	CT_EQ(0, setsockopt(ears, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, &group,
			    sizeof(group)));
	ct_send(fd, 0);
	ct_recv(fd);
	CT_EQ(0, bind(ears, (struct sockaddr *)&self, sizeof(self)));
	ct_send(fd, who_has_changed(ears, 0));
	close(ears);
	ct_wait_hangup(fd);
}

TEST_F(wall, guesses)
{
	uint32_t address = getpid();
	struct ct_child child;
	int sock;

	CT_NEED_BOX(variant);
	ASSERT_EQ(0, unshare(CLONE_NEWNET));
	child = ct_spawn(variant->box, guess, &address);
	ct_recv(child.fd);
	sock = bound(NETLINK_ROUTE, address, 0);
	/* With an echo; otherwise who has no address yet is left out. */
	change(sock, 1, NLM_F_ECHO);
	close(sock);
	ct_send(child.fd, 0);
	EXPECT_EQ(variant->box == CT_CONTAINER, is_stand_in(ct_recv(child.fd)));
	EXPECT_EQ(0, ct_finish(&child));
}

/* -- who says something --------------------------------------------------------- */

/* Says something, as if from @pretended, to an address or, with 0, a group. */
static long long say(int sock, uint32_t pretended, uint32_t to)
{
	struct sockaddr_nl name = {
		.nl_family = AF_NETLINK, .nl_pid = to, .nl_groups = !to,
	};
	struct ct_message msg;

	ct_message_init(&msg, NLMSG_MIN_TYPE, 0);
	msg.head.nlmsg_pid = pretended;
	ct_message_add(&msg, SAID, sizeof(SAID));
	if (sendto(sock, &msg, msg.head.nlmsg_len, 0, (struct sockaddr *)&name,
		   sizeof(name)) < 0)
		return -errno;
	return 0;
}

/* Tells what it hears: from whom, and who it says that it is. */
static void tell_both(int fd, int sock)
{
	struct ct_message msg;
	uint32_t from;

	CT_CHECK(receive(sock, &msg, &from, 0) > 0);
	CT_EQ(0, strcmp(msg.body, SAID));
	ct_send(fd, from);
	ct_send(fd, msg.head.nlmsg_pid);
}

static void hear(int fd, void *arg)
{
	int ears = bound(NETLINK_USERSOCK, 0, 1), sock, other;
	struct ct_message msg;
	uint32_t from;

	(void)arg;
	ct_send(fd, address_of(ears));
	ct_recv(fd);
	tell_both(fd, ears);
	tell_both(fd, ears);
	tell_both(fd, ears);
	/* Among themselves they know each other, and can answer. */
	sock = bound(NETLINK_USERSOCK, 0, 0);
	CT_EQ(0, say(sock, address_of(sock), address_of(ears)));
	CT_CHECK(receive(ears, &msg, &from, 0) > 0);
	CT_EQ(address_of(sock), from);
	CT_EQ(address_of(sock), msg.head.nlmsg_pid);
	CT_EQ(0, say(ears, 0, from));
	CT_CHECK(receive(sock, &msg, &from, 0) > 0);
	CT_EQ(address_of(ears), from);
	/* Also if one of them has closed it. */
	other = bound(NETLINK_USERSOCK, 4711, 0);
	say(other, 0, 0);
	close(other);
	CT_CHECK(receive(ears, &msg, &from, 0) > 0);
	CT_EQ(4711, from);
	close(sock);
	close(ears);
	ct_wait_hangup(fd);
}

TEST_F(wall, who_says_something)
{
	bool inside = variant->box == CT_CONTAINER;
	struct ct_child child;
	long long from;
	uint32_t to;
	int sock;

	CT_NEED_BOX(variant);
	ASSERT_EQ(0, unshare(CLONE_NEWNET));
	sock = bound(NETLINK_USERSOCK, 0, 0);
	ASSERT_EQ((uint32_t)getpid(), address_of(sock));
	child = ct_spawn(variant->box, hear, NULL);
	to = ct_recv(child.fd);
	/* A group has a listener, and then 0, the kernel, has none. */
	EXPECT_EQ(-ECONNREFUSED, say(sock, getpid(), 0));
	EXPECT_EQ(0, say(sock, getpid(), to));
	/* What somebody says beside the address is his business. */
	EXPECT_EQ(0, say(sock, 17, to));
	ct_send(child.fd, 0);
	from = ct_recv(child.fd);
	EXPECT_EQ(inside, is_stand_in(from));
	EXPECT_EQ(!inside, from == getpid());
	EXPECT_EQ(from, ct_recv(child.fd));
	EXPECT_EQ(from, ct_recv(child.fd));
	EXPECT_EQ(from, ct_recv(child.fd));
	EXPECT_EQ(from, ct_recv(child.fd));
	EXPECT_EQ(17, ct_recv(child.fd));
	close(sock);
	EXPECT_EQ(0, ct_finish(&child));
}

/* -- whether there is somebody ----------------------------------------------------- */

static void try_to_reach(int fd, void *arg)
{
	int sock = bound(NETLINK_USERSOCK, 0, 0), ears;
	uint32_t *to = arg;

	ct_send(fd, say(sock, 0, to[0]));
	ct_send(fd, say(sock, 0, to[1]));
	ears = bound(NETLINK_USERSOCK, 0, 0);
	ct_send(fd, say(sock, 0, address_of(ears)));
	close(ears);
	close(sock);
	ct_wait_hangup(fd);
}

TEST_F(wall, whether_somebody_is_there)
{
	struct ct_child child;
	uint32_t to[2];
	int sock;

	CT_NEED_BOX(variant);
	ASSERT_EQ(0, unshare(CLONE_NEWNET));
	sock = bound(NETLINK_USERSOCK, 0, 0);
	to[0] = address_of(sock);
	to[1] = ct_unused_pid();
	child = ct_spawn(variant->box, try_to_reach, to);
	EXPECT_EQ(variant->box == CT_CONTAINER ? -ECONNREFUSED : 0,
		  ct_recv(child.fd));
	EXPECT_EQ(-ECONNREFUSED, ct_recv(child.fd));
	EXPECT_EQ(0, ct_recv(child.fd));
	/* The other way it is nothing special. */
	EXPECT_EQ(0, say(sock, 0, to[0]));
	close(sock);
	EXPECT_EQ(0, ct_finish(&child));
}

/* One's own number, if it is free, and the error of wanting this one. */
static void take_address(int fd, void *arg)
{
	struct sockaddr_nl wanted = {
		.nl_family = AF_NETLINK, .nl_pid = *(uint32_t *)arg,
	};
	int sock = ct_netlink(NETLINK_USERSOCK), other;

	ct_send(fd, bind(sock, (struct sockaddr *)&wanted, sizeof(wanted)) ?
		-errno : 0);
	/* This process' own is free; then there are others. */
	other = bound(NETLINK_USERSOCK, 0, 0);
	CT_EQ(getpid(), address_of(other));
	close(sock);
	sock = bound(NETLINK_USERSOCK, 0, 0);
	ct_send(fd, address_of(sock));
	close(sock);
	close(other);
	ct_wait_hangup(fd);
}

TEST_F(wall, taken_addresses)
{
	uint32_t address = getpid();
	struct ct_child child;
	int sock;

	CT_NEED_BOX(variant);
	ASSERT_EQ(0, unshare(CLONE_NEWNET));
	sock = bound(NETLINK_USERSOCK, address, 0);
	child = ct_spawn(variant->box, take_address, &address);
	EXPECT_EQ(-EADDRINUSE, ct_recv(child.fd));
	EXPECT_EQ(true, is_stand_in(ct_recv(child.fd)));
	close(sock);
	EXPECT_EQ(0, ct_finish(&child));
}

/* What a common library uses: its process' number, and something above it. */
#define ABOVE	(5U << 22)

static void count_address(int fd, void *arg)
{
	int sock = bound(NETLINK_USERSOCK, ABOVE | getpid(), 0);

	ct_send(fd, ct_count_port(*(uint32_t *)arg));
	ct_send(fd, ct_count_port(ABOVE | getpid()));
	close(sock);
	ct_wait_hangup(fd);
}

TEST_F(wall, addresses_of_libraries)
{
	uint32_t address = ABOVE | getpid();
	struct ct_child child;
	int sock;

	CT_NEED_BOX(variant);
	ASSERT_EQ(0, unshare(CLONE_NEWNET));
	sock = bound(NETLINK_USERSOCK, address, 0);
	EXPECT_EQ(1, ct_count_port(address));
	child = ct_spawn(variant->box, count_address, &address);
	EXPECT_EQ(variant->box != CT_CONTAINER, ct_recv(child.fd));
	EXPECT_EQ(1, ct_recv(child.fd));
	close(sock);
	EXPECT_EQ(0, ct_finish(&child));
}

/* -- filters --------------------------------------------------------------------- */

/* A filter that looks at one place only; 0, or the error. */
static int look_at(int protocol, unsigned short load, unsigned int place)
{
	struct sock_filter text[] = {
		{ load, 0, 0, place },
		BPF_STMT(BPF_RET | BPF_K, 0xffff),
	};
	struct sock_fprog filter = { .len = 2, .filter = text };
	int sock = ct_netlink(protocol), ret;

	ret = setsockopt(sock, SOL_SOCKET, SO_ATTACH_FILTER, &filter,
			 sizeof(filter)) ? -errno : 0;
	close(sock);
	return ret;
}

#define WORD	(BPF_LD | BPF_W | BPF_ABS)
#define HALF	(BPF_LD | BPF_H | BPF_ABS)
#define BYTE	(BPF_LD | BPF_B | BPF_ABS)

static const struct {
	int protocol;
	unsigned short load;
	unsigned int place;
	bool secret;
} looks[] = {
	{ NETLINK_ROUTE, HALF, 4, false },
	{ NETLINK_ROUTE, WORD, 8, false },
	{ NETLINK_ROUTE, WORD, 9, true },
	{ NETLINK_ROUTE, WORD, 12, true },
	{ NETLINK_ROUTE, BYTE, 15, true },
	{ NETLINK_ROUTE, BYTE, 16, false },
	{ NETLINK_ROUTE, WORD, 100, false },
	{ NETLINK_ROUTE, BPF_LD | BPF_B | BPF_IND, 0, true },
	{ NETLINK_ROUTE, BPF_LDX | BPF_B | BPF_MSH, 0, true },
	{ NETLINK_ROUTE, BYTE, SKF_NET_OFF + 12, true },
	{ NETLINK_ROUTE, WORD, SKF_AD_OFF + SKF_AD_PROTOCOL, false },
	{ NETLINK_GENERIC, WORD, 16, false },
	{ NETLINK_GENERIC, WORD, 20, true },
	{ NETLINK_KOBJECT_UEVENT, WORD, 12, false },
	{ NETLINK_KOBJECT_UEVENT, WORD, 36, false },
	{ NETLINK_KOBJECT_UEVENT, BYTE, 40, true },
};

#ifndef ARRAY_SIZE
#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))
#endif

static void look_at_all(int fd, void *arg)
{
	size_t i;

	(void)arg;
	for (i = 0; i < ARRAY_SIZE(looks); i++)
		ct_send(fd, look_at(looks[i].protocol, looks[i].load,
				    looks[i].place));
	ct_wait_hangup(fd);
}

TEST_F(wall, filters)
{
	struct ct_child child;
	size_t i;

	CT_NEED_BOX(variant);
	child = ct_spawn(variant->box, look_at_all, NULL);
	for (i = 0; i < ARRAY_SIZE(looks); i++)
		EXPECT_EQ(variant->box == CT_CONTAINER && looks[i].secret ?
			  -EPERM : 0, ct_recv(child.fd))
			TH_LOG("look %zu", i);
	EXPECT_EQ(0, ct_finish(&child));
}

TEST_HARNESS_MAIN
