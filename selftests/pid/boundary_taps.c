// SPDX-License-Identifier: GPL-2.0
/* kernels: stock */
/* modules: crc32c_generic dummy nf_tables nlmon sch_ingress */
/*
 * Taps of netlink, which hear the messages of everybody in a network namespace.
 * Each test has one of its own; "the host" is this process.
 */
#include "ct.h"
#include "ct-netlink.h"
#include "ct-link.h"
#include "ct-pass.h"
#include <arpa/inet.h>
#include <linux/if_packet.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/pkt_sched.h>
#include <net/ethernet.h>
#include <sys/mman.h>
#include "kselftest_harness.h"
#include "ct-wall.h"

#define TAP		"ct-tap"
#define OTHER		"ct-other"
#define SECRET		"the host's own business"

/* -- messages --------------------------------------------------------- */

static void new_network(void)
{
	CT_EQ(0, unshare(CLONE_NEWNET));
}

/* That goes from one process to itself; taps have it when send() returns. */
static void say_secret(void)
{
	struct sockaddr_nl to = { .nl_family = AF_NETLINK };
	int sock = ct_netlink(NETLINK_USERSOCK);
	socklen_t len = sizeof(to);
	struct ct_message msg;

	CT_EQ(0, bind(sock, (struct sockaddr *)&to, len));
	CT_EQ(0, getsockname(sock, (struct sockaddr *)&to, &len));
	ct_message_init(&msg, NLMSG_MIN_TYPE, 0);
	msg.head.nlmsg_pid = to.nl_pid;
	ct_message_add(&msg, SECRET, sizeof(SECRET));
	CT_EQ(msg.head.nlmsg_len, sendto(sock, &msg, msg.head.nlmsg_len, 0,
					 (struct sockaddr *)&to, len));
	close(sock);
}

/* -- who listens ------------------------------------------------------------------- */

enum how { ALL, BOUND, RING, OLD, GROUP, HOWS };

#define RING_FRAME	8192
#define RING_FRAMES	16

struct listener {
	enum how how;
	int sock;
	char *ring;
};

static void bind_to(int sock, const char *device)
{
	struct sockaddr_ll address = {
		.sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL),
		.sll_ifindex = ct_link_index(device),
	};

	CT_EQ(0, bind(sock, (struct sockaddr *)&address, sizeof(address)));
}

static void add_ring(struct listener *listener)
{
	struct tpacket_req request = {
		.tp_block_size = RING_FRAME, .tp_block_nr = RING_FRAMES,
		.tp_frame_size = RING_FRAME, .tp_frame_nr = RING_FRAMES,
	};

	CT_EQ(0, setsockopt(listener->sock, SOL_PACKET, PACKET_RX_RING,
			    &request, sizeof(request)));
	listener->ring = mmap(NULL, RING_FRAME * RING_FRAMES,
			      PROT_READ | PROT_WRITE, MAP_SHARED,
			      listener->sock, 0);
	CT_CHECK(listener->ring != MAP_FAILED);
}

static struct listener listen_by(enum how how)
{
	struct listener listener = { .how = how };
	int fanout = 4711 | PACKET_FANOUT_HASH << 16;

	/* The last but one is what was there before AF_PACKET. */
	listener.sock = socket(AF_PACKET, how == OLD ? SOCK_PACKET : SOCK_RAW,
			       htons(ETH_P_ALL));
	CT_CHECK(listener.sock >= 0);
	if (how == BOUND || how == GROUP)
		bind_to(listener.sock, TAP);
	if (how == RING)
		add_ring(&listener);
	if (how == GROUP)
		CT_EQ(0, setsockopt(listener.sock, SOL_PACKET, PACKET_FANOUT,
				    &fanout, sizeof(fanout)));
	return listener;
}

/* Has it heard this, among whatever else it has? */
static bool has_heard(struct listener *listener, const char *text)
{
	struct tpacket_hdr *head;
	bool heard = false;
	char buf[8192];
	ssize_t len;
	int frame;

	for (frame = 0; listener->ring && frame < RING_FRAMES; frame++) {
		head = (void *)(listener->ring + frame * RING_FRAME);
		if (head->tp_status & TP_STATUS_USER)
			heard |= !!memmem(head, RING_FRAME, text, strlen(text));
	}
	while (!listener->ring &&
	       (len = recv(listener->sock, buf, sizeof(buf), MSG_DONTWAIT)) > 0)
		heard |= !!memmem(buf, len, text, strlen(text));
	return heard;
}

/* What all sockets hear that are not bound to the tap. */
#define NOISE	"what everybody may hear"

static void make_noise(void)
{
	struct sockaddr_ll to = {
		.sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_IP),
		.sll_ifindex = ct_link_index(OTHER),
	};
	struct {
		struct ethhdr head;
		char text[64];
	} frame = {
		.head = { .h_proto = htons(ETH_P_IP) }, .text = NOISE,
	};
	int sock = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);

	CT_CHECK(sock >= 0);
	CT_EQ(sizeof(frame), sendto(sock, &frame, sizeof(frame), 0,
				    (struct sockaddr *)&to, sizeof(to)));
	close(sock);
}

static void listen_inside(int fd, void *arg)
{
	struct listener listeners[HOWS];
	enum how how;

	(void)arg;
	for (how = 0; how < HOWS; how++)
		listeners[how] = listen_by(how);
	ct_send(fd, 0);
	ct_recv(fd);
	for (how = 0; how < HOWS; how++) {
		ct_send(fd, has_heard(&listeners[how], SECRET));
		close(listeners[how].sock);
	}
	for (how = 0; how < HOWS; how++)
		if (listeners[how].ring)
			munmap(listeners[how].ring, RING_FRAME * RING_FRAMES);
	/* And of other devices all that there is. */
	listeners[0] = listen_by(ALL);
	listeners[1] = listen_by(RING);
	ct_send(fd, 0);
	ct_recv(fd);
	ct_send(fd, has_heard(&listeners[0], NOISE));
	ct_send(fd, has_heard(&listeners[1], NOISE));
}

TEST_F(wall, taps_of_the_host)
{
	bool inside = variant->box == CT_CONTAINER;
	struct ct_child child;
	enum how how;

	CT_NEED_BOX(variant);
	new_network();
	ASSERT_EQ(0, ct_link_make(TAP, "nlmon", IFF_UP));
	ASSERT_EQ(0, ct_link_make(OTHER, "dummy", IFF_UP));
	child = ct_spawn(variant->box, listen_inside, NULL);
	ct_recv(child.fd);
	say_secret();
	ct_send(child.fd, 0);
	for (how = 0; how < HOWS; how++)
		EXPECT_EQ(!inside, ct_recv(child.fd)) TH_LOG("way %d", how);
	ct_recv(child.fd);
	make_noise();
	ct_send(child.fd, 0);
	EXPECT_EQ(true, ct_recv(child.fd));
	EXPECT_EQ(true, ct_recv(child.fd));
	EXPECT_EQ(0, ct_finish(&child));
}

static void take_listener(int fd, void *arg)
{
	struct listener listener = { .how = ALL };

	(void)arg;
	listener.sock = ct_take(fd);
	ct_send(fd, has_heard(&listener, SECRET));
	close(listener.sock);
	listener = listen_by(ALL);
	ct_pass(fd, listener.sock);
	ct_wait_hangup(fd);
}

/*
 * Whoever passes in a socket passes on what it hears. One that comes out has
 * been made inside, and goes on not to hear.
 */
TEST_F(wall, passed_in_and_out)
{
	struct listener listener = { .how = ALL };
	struct ct_child child;

	CT_NEED_BOX(variant);
	new_network();
	ASSERT_EQ(0, ct_link_make(TAP, "nlmon", IFF_UP));
	child = ct_spawn(variant->box, take_listener, NULL);
	listener = listen_by(ALL);
	say_secret();
	ct_pass(child.fd, listener.sock);
	EXPECT_EQ(true, ct_recv(child.fd));
	close(listener.sock);
	listener.sock = ct_take(child.fd);
	say_secret();
	EXPECT_EQ(variant->box != CT_CONTAINER, has_heard(&listener, SECRET));
	close(listener.sock);
	EXPECT_EQ(0, ct_finish(&child));
}

/* -- taps of one's own ---------------------------------------------------------------- */

static void set_up_taps(int fd, void *arg)
{
	(void)arg;
	ct_send(fd, ct_link_make("ct-up", "nlmon", IFF_UP));
	ct_send(fd, ct_link_make(TAP, "nlmon", 0));
	ct_send(fd, ct_link_raise(TAP));
	ct_send(fd, ct_link_make(OTHER, "dummy", IFF_UP));
	ct_wait_hangup(fd);
}

TEST_F(wall, of_ones_own)
{
	int error = variant->box == CT_CONTAINER ? -EPERM : 0;
	struct ct_child child;

	CT_NEED_BOX(variant);
	new_network();
	child = ct_spawn(variant->box, set_up_taps, NULL);
	EXPECT_EQ(error, ct_recv(child.fd));
	/* It may be there: it is deaf. */
	EXPECT_EQ(0, ct_recv(child.fd));
	EXPECT_EQ(error, ct_recv(child.fd));
	EXPECT_EQ(0, ct_recv(child.fd));
	/* The host can. */
	EXPECT_EQ(0, ct_link_raise(TAP));
	EXPECT_EQ(0, ct_finish(&child));
}

/* -- sending elsewhere what goes to a tap ------------------------------------------------ */

/* A place for filters, at a device. */
static int add_qdisc(const char *device)
{
	struct tcmsg request = {
		.tcm_ifindex = ct_link_index(device),
		.tcm_parent = TC_H_CLSACT, .tcm_handle = TC_H_MAKE(TC_H_CLSACT, 0),
	};
	int sock = ct_netlink(NETLINK_ROUTE), ret;
	struct ct_message msg;

	ct_message_init(&msg, RTM_NEWQDISC,
			NLM_F_CREATE | NLM_F_EXCL | NLM_F_ACK);
	ct_message_add(&msg, &request, sizeof(request));
	ct_message_string(&msg, TCA_KIND, "clsact");
	ret = ct_ask(sock, &msg);
	close(sock);
	return ret;
}

/* A filter of a kind that there is not, where there is a place for one. */
static int add_filter(const char *device)
{
	struct tcmsg request = {
		.tcm_ifindex = ct_link_index(device),
		.tcm_parent = TC_H_MAKE(TC_H_CLSACT, TC_H_MIN_EGRESS),
		.tcm_info = TC_H_MAKE(1 << 16, htons(ETH_P_ALL)),
	};
	int sock = ct_netlink(NETLINK_ROUTE), ret;
	struct ct_message msg;

	ct_message_init(&msg, RTM_NEWTFILTER,
			NLM_F_CREATE | NLM_F_EXCL | NLM_F_ACK);
	ct_message_add(&msg, &request, sizeof(request));
	ct_message_string(&msg, TCA_KIND, "ct-none");
	ret = ct_ask(sock, &msg);
	close(sock);
	return ret;
}

/* One command of nftables' transactions. */
static void nft_command(struct ct_message *msg, int command, int flags)
{
	struct nfgenmsg head = { .nfgen_family = NFPROTO_NETDEV };

	ct_message_init(msg, NFNL_SUBSYS_NFTABLES << 8 | command, flags);
	ct_message_add(msg, &head, sizeof(head));
}

static void nft_batch(struct ct_message *msg, int type)
{
	struct nfgenmsg head = { .res_id = htons(NFNL_SUBSYS_NFTABLES) };

	ct_message_init(msg, type, 0);
	ct_message_add(msg, &head, sizeof(head));
}

static void nft_chain(struct ct_message *msg, const char *device)
{
	uint32_t hook = htonl(NF_NETDEV_EGRESS), priority = 0;
	size_t nest;

	nft_command(msg, NFT_MSG_NEWCHAIN, NLM_F_CREATE | NLM_F_ACK);
	ct_message_string(msg, NFTA_CHAIN_TABLE, "ct");
	ct_message_string(msg, NFTA_CHAIN_NAME, device);
	ct_message_string(msg, NFTA_CHAIN_TYPE, "filter");
	nest = ct_nest_begin(msg, NFTA_CHAIN_HOOK);
	ct_message_attr(msg, NFTA_HOOK_HOOKNUM, &hook, sizeof(hook));
	ct_message_attr(msg, NFTA_HOOK_PRIORITY, &priority, sizeof(priority));
	ct_message_string(msg, NFTA_HOOK_DEV, device);
	ct_nest_end(msg, nest);
}

/* A table, and in it a chain for what goes out by a device. */
static int add_chain(const char *device)
{
	int sock = ct_netlink(NETLINK_NETFILTER), ret;
	struct ct_message part[4];
	struct iovec data[4];
	struct msghdr all = { .msg_iov = data, .msg_iovlen = 4 };
	struct nlmsgerr *error = (void *)part[0].body;
	unsigned int i;

	nft_batch(&part[0], NFNL_MSG_BATCH_BEGIN);
	nft_command(&part[1], NFT_MSG_NEWTABLE, NLM_F_CREATE);
	ct_message_string(&part[1], NFTA_TABLE_NAME, "ct");
	nft_chain(&part[2], device);
	nft_batch(&part[3], NFNL_MSG_BATCH_END);
	for (i = 0; i < 4; i++) {
		part[i].head.nlmsg_len = NLMSG_ALIGN(part[i].head.nlmsg_len);
		data[i].iov_base = &part[i];
		data[i].iov_len = part[i].head.nlmsg_len;
	}
	CT_CHECK(sendmsg(sock, &all, 0) > 0);
	CT_CHECK(recv(sock, &part[0], sizeof(part[0]), 0) > 0);
	CT_EQ(NLMSG_ERROR, part[0].head.nlmsg_type);
	ret = error->error;
	close(sock);
	return ret;
}

static void divert(int fd, void *arg)
{
	(void)arg;
	ct_send(fd, add_chain(TAP));
	ct_send(fd, add_chain(OTHER));
	ct_send(fd, add_qdisc(TAP));
	ct_send(fd, add_qdisc(OTHER));
	ct_recv(fd);
	ct_send(fd, add_filter(TAP));
	ct_send(fd, add_filter(OTHER));
}

TEST_F(wall, diverted)
{
	bool inside = variant->box == CT_CONTAINER;
	struct ct_child child;

	CT_NEED_BOX(variant);
	new_network();
	ASSERT_EQ(0, ct_link_make(TAP, "nlmon", IFF_UP));
	ASSERT_EQ(0, ct_link_make(OTHER, "dummy", IFF_UP));
	child = ct_spawn(variant->box, divert, NULL);
	EXPECT_EQ(inside ? -EPERM : 0, ct_recv(child.fd));
	EXPECT_EQ(0, ct_recv(child.fd));
	EXPECT_EQ(inside ? -EPERM : 0, ct_recv(child.fd));
	EXPECT_EQ(0, ct_recv(child.fd));
	/* Where the host has a place for filters. */
	EXPECT_EQ(inside ? 0 : -EEXIST, add_qdisc(TAP));
	ct_send(child.fd, 0);
	EXPECT_EQ(inside ? -EPERM : -ENOENT, ct_recv(child.fd));
	EXPECT_EQ(-ENOENT, ct_recv(child.fd));
	EXPECT_EQ(0, ct_finish(&child));
}

TEST_HARNESS_MAIN
