// SPDX-License-Identifier: GPL-2.0
/* kernels: stock */
/* modules: af_key crc32c_generic nf_tables openvswitch */
/*
 * Owners of things in the network, who are known by the address of a netlink
 * socket: tables of nftables, and bridges of Open vSwitch; and who says himself
 * who he is: managers of keys.
 */
#include "ct.h"
#include "ct-netlink.h"
#include "ct-link.h"
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/openvswitch.h>
#include <linux/pfkeyv2.h>
#include "kselftest_harness.h"
#include "ct-wall.h"

static uint32_t address_of(int sock)
{
	struct sockaddr_nl address;
	socklen_t len = sizeof(address);

	CT_EQ(0, getsockname(sock, (struct sockaddr *)&address, &len));
	return address.nl_pid;
}

/* No process can have it. */
static bool is_stand_in(long long address)
{
	return address >= 0x80000000LL && address <= 0xffffffffLL - 4096;
}

/* -- nftables ---------------------------------------------------------------- */

static void nft_batch(struct ct_message *msg, int type)
{
	struct nfgenmsg head = { .res_id = htons(NFNL_SUBSYS_NFTABLES) };

	ct_message_init(msg, type, 0);
	ct_message_add(msg, &head, sizeof(head));
}

static void nft_table(struct ct_message *msg, int command, int flags,
		      const char *name)
{
	struct nfgenmsg head = { .nfgen_family = NFPROTO_IPV4 };

	ct_message_init(msg, NFNL_SUBSYS_NFTABLES << 8 | command, flags);
	ct_message_add(msg, &head, sizeof(head));
	ct_message_string(msg, NFTA_TABLE_NAME, name);
}

/* A table that goes with the socket which this gives. */
static int own_table(const char *name)
{
	uint32_t flags = htonl(NFT_TABLE_F_OWNER);
	int sock = ct_netlink(NETLINK_NETFILTER);
	struct ct_message part[3];
	struct iovec data[3];
	struct msghdr all = { .msg_iov = data, .msg_iovlen = 3 };
	struct nlmsgerr *error = (void *)part[0].body;
	unsigned int i;

	nft_batch(&part[0], NFNL_MSG_BATCH_BEGIN);
	nft_table(&part[1], NFT_MSG_NEWTABLE, NLM_F_CREATE | NLM_F_ACK, name);
	ct_message_attr(&part[1], NFTA_TABLE_FLAGS, &flags, sizeof(flags));
	nft_batch(&part[2], NFNL_MSG_BATCH_END);
	for (i = 0; i < 3; i++) {
		data[i].iov_base = &part[i];
		data[i].iov_len = NLMSG_ALIGN(part[i].head.nlmsg_len);
		part[i].head.nlmsg_len = data[i].iov_len;
	}
	CT_CHECK(sendmsg(sock, &all, 0) > 0);
	CT_CHECK(recv(sock, &part[0], sizeof(part[0]), 0) > 0);
	CT_EQ(NLMSG_ERROR, part[0].head.nlmsg_type);
	CT_EQ(0, error->error);
	return sock;
}

static long long owner_of_table(const char *name)
{
	int sock = ct_netlink(NETLINK_NETFILTER);
	struct ct_message msg;
	uint32_t *owner;

	nft_table(&msg, NFT_MSG_GETTABLE, 0, name);
	CT_EQ(0, ct_ask(sock, &msg));
	CT_EQ(NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_NEWTABLE,
	      msg.head.nlmsg_type);
	CT_EQ(address_of(sock), msg.head.nlmsg_pid);
	owner = ct_answer_attr(&msg, sizeof(struct nfgenmsg), NFTA_TABLE_OWNER);
	CT_CHECK(owner);
	close(sock);
	return ntohl(*owner);
}

static void look_at_tables(int fd, void *arg)
{
	int sock = own_table("inside");

	(void)arg;
	CT_EQ(getpid(), address_of(sock));
	ct_send(fd, owner_of_table("outside"));
	ct_send(fd, owner_of_table("inside"));
	ct_wait_hangup(fd);
	close(sock);
}

TEST_F(wall, owners_of_tables)
{
	bool inside = variant->box == CT_CONTAINER;
	struct ct_child child;
	long long owner;
	int sock;

	CT_NEED_BOX(variant);
	ASSERT_EQ(0, unshare(CLONE_NEWNET));
	sock = own_table("outside");
	ASSERT_EQ((uint32_t)getpid(), address_of(sock));
	child = ct_spawn(variant->box, look_at_tables, NULL);
	owner = ct_recv(child.fd);
	/* In a pid namespace it is the host's number. */
	EXPECT_EQ(inside, is_stand_in(owner));
	EXPECT_EQ(!inside, owner == getpid());
	owner = ct_recv(child.fd);
	EXPECT_EQ(owner, owner_of_table("inside"));
	EXPECT_EQ(getpid(), owner_of_table("outside"));
	EXPECT_EQ(0, ct_finish(&child));
	close(sock);
}

/* -- Open vSwitch ------------------------------------------------------------- */

#define BRIDGE	"ct-bridge"

/* A message about a bridge, or its ports; for 0 the one of that name. */
static void ovs_message(struct ct_message *msg, int family, int command,
			int flags, int index)
{
	struct genlmsghdr head = { .cmd = command, .version = 1 };
	struct ovs_header bridge = { .dp_ifindex = index };

	ct_message_init(msg, family, flags);
	ct_message_add(msg, &head, sizeof(head));
	ct_message_add(msg, &bridge, sizeof(bridge));
}

static void make_bridge(int sock)
{
	uint32_t address = address_of(sock);
	struct ct_message msg;

	ovs_message(&msg, ct_family(sock, OVS_DATAPATH_FAMILY), OVS_DP_CMD_NEW,
		    NLM_F_ACK, 0);
	ct_message_string(&msg, OVS_DP_ATTR_NAME, BRIDGE);
	ct_message_attr(&msg, OVS_DP_ATTR_UPCALL_PID, &address, sizeof(address));
	CT_EQ(0, ct_ask(sock, &msg));
}

/* Who gets what comes in, or the error; of the port with the bridge's name. */
static long long who_gets_packets(int family)
{
	int sock = ct_netlink(NETLINK_GENERIC), ret;
	struct ct_message msg;
	uint32_t *address;

	ovs_message(&msg, family, OVS_VPORT_CMD_GET, 0, 0);
	ct_message_string(&msg, OVS_VPORT_ATTR_NAME, BRIDGE);
	ret = send(sock, &msg, msg.head.nlmsg_len, 0) < 0 ? -errno : 0;
	if (!ret && recv(sock, &msg, sizeof(msg), 0) < 0)
		ret = -errno;
	close(sock);
	if (ret)
		return ret;
	CT_EQ(family, msg.head.nlmsg_type);
	address = ct_answer_attr(&msg, sizeof(struct genlmsghdr) +
				 sizeof(struct ovs_header),
				 OVS_VPORT_ATTR_UPCALL_PID);
	CT_CHECK(address);
	return *address;
}

/* The number of the group of messages that a family has. */
static int only_group(int sock, const char *family)
{
	struct genlmsghdr command = { .cmd = CTRL_CMD_GETFAMILY, .version = 1 };
	struct nlattr *groups, *group, *attr;
	struct ct_message msg;
	char *end;

	ct_message_init(&msg, GENL_ID_CTRL, 0);
	ct_message_add(&msg, &command, sizeof(command));
	ct_message_string(&msg, CTRL_ATTR_FAMILY_NAME, family);
	CT_EQ(0, ct_ask(sock, &msg));
	groups = ct_answer_attr(&msg, sizeof(command), CTRL_ATTR_MCAST_GROUPS);
	CT_CHECK(groups);
	group = groups;
	end = (char *)group + group->nla_len;
	for (attr = group + 1; (char *)attr < end;
	     attr = (void *)((char *)attr + NLA_ALIGN(attr->nla_len)))
		if ((attr->nla_type & NLA_TYPE_MASK) == CTRL_ATTR_MCAST_GRP_ID)
			return *(int *)(attr + 1);
	CT_FAIL("the family has no group");
}

/* How much of the next message is more than that there was something. */
static long long how_much_is_said(int sock, int family)
{
	struct ct_message msg;
	ssize_t len = recv(sock, &msg, sizeof(msg), 0);

	CT_CHECK(len >= (ssize_t)(NLMSG_HDRLEN + GENL_HDRLEN));
	CT_EQ(family, msg.head.nlmsg_type);
	CT_EQ(len, msg.head.nlmsg_len);
	return len - (NLMSG_HDRLEN + GENL_HDRLEN);
}

static void look_at_bridge(int fd, void *arg)
{
	int ears = ct_netlink(NETLINK_GENERIC);
	int family = ct_family(ears, OVS_DATAPATH_FAMILY);
	int group = only_group(ears, OVS_DATAPATH_FAMILY);

	(void)arg;
	CT_EQ(0, setsockopt(ears, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, &group,
			    sizeof(group)));
	ct_send(fd, 0);
	ct_recv(fd);
	ct_send(fd, how_much_is_said(ears, family));
	ct_send(fd, who_gets_packets(ct_family(ears, OVS_VPORT_FAMILY)));
	close(ears);
	ct_wait_hangup(fd);
}

static void remove_bridge(int sock)
{
	struct ct_message msg;

	ovs_message(&msg, ct_family(sock, OVS_DATAPATH_FAMILY), OVS_DP_CMD_DEL,
		    NLM_F_ACK, 0);
	ct_message_string(&msg, OVS_DP_ATTR_NAME, BRIDGE);
	CT_EQ(0, ct_ask(sock, &msg));
}

TEST_F(wall, who_gets_packets)
{
	bool inside = variant->box == CT_CONTAINER;
	struct ct_child child;
	int sock, family;
	long long said;

	CT_NEED_BOX(variant);
	ASSERT_EQ(0, unshare(CLONE_NEWNET));
	sock = ct_netlink(NETLINK_GENERIC);
	family = ct_family(sock, OVS_VPORT_FAMILY);
	ASSERT_EQ((uint32_t)getpid(), address_of(sock));
	child = ct_spawn(variant->box, look_at_bridge, NULL);
	ct_recv(child.fd);
	make_bridge(sock);
	EXPECT_EQ(getpid(), who_gets_packets(family));
	ct_send(child.fd, 0);
	said = ct_recv(child.fd);
	EXPECT_EQ(inside, said == 0);
	/* In a pid namespace it is the host's number. */
	EXPECT_EQ(inside ? -EPERM : getpid(), ct_recv(child.fd));
	EXPECT_EQ(0, ct_finish(&child));
	remove_bridge(sock);
	close(sock);
}

/* -- managers of keys ----------------------------------------------------------- */

static int open_keys(void)
{
	struct timeval patience = { .tv_sec = CT_PATIENCE_MS / 1000 };
	int sock = socket(AF_KEY, SOCK_RAW | SOCK_CLOEXEC, PF_KEY_V2);

	CT_CHECK(sock >= 0);
	CT_EQ(0, setsockopt(sock, SOL_SOCKET, SO_RCVTIMEO, &patience,
			    sizeof(patience)));
	return sock;
}

/* As this process; that goes to everybody. */
static void ask_for_nothing(int sock)
{
	struct sadb_msg msg = {
		.sadb_msg_version = PF_KEY_V2, .sadb_msg_type = SADB_X_PROMISC,
		.sadb_msg_len = sizeof(msg) / 8, .sadb_msg_pid = getpid(),
	};

	CT_EQ(sizeof(msg), send(sock, &msg, sizeof(msg), 0));
}

static long long who_asks(int sock, int flags)
{
	struct sadb_msg msg;

	CT_EQ(sizeof(msg), recv(sock, &msg, sizeof(msg), flags));
	CT_EQ(SADB_X_PROMISC, msg.sadb_msg_type);
	return msg.sadb_msg_pid;
}

static void look_at_keys(int fd, void *arg)
{
	int sock = open_keys();

	(void)arg;
	ct_send(fd, 0);
	ct_recv(fd);
	ct_send(fd, who_asks(sock, MSG_PEEK));
	ct_send(fd, who_asks(sock, 0));
	ask_for_nothing(sock);
	CT_EQ(getpid(), who_asks(sock, 0));
	ct_send(fd, getpid());
	close(sock);
	ct_wait_hangup(fd);
}

TEST_F(wall, who_manages_keys)
{
	struct ct_child child;
	long long who;
	int sock;

	CT_NEED_BOX(variant);
	ASSERT_EQ(0, unshare(CLONE_NEWNET));
	sock = open_keys();
	child = ct_spawn(variant->box, look_at_keys, NULL);
	ct_recv(child.fd);
	ask_for_nothing(sock);
	ct_send(child.fd, 0);
	/* In a pid namespace it is the host's number. */
	who = variant->box == CT_CONTAINER ? 0 : getpid();
	EXPECT_EQ(who, ct_recv(child.fd));
	EXPECT_EQ(who, ct_recv(child.fd));
	who = ct_recv(child.fd);
	EXPECT_EQ(getpid(), who_asks(sock, 0));
	EXPECT_EQ(who, who_asks(sock, 0));
	close(sock);
	EXPECT_EQ(0, ct_finish(&child));
}

TEST_HARNESS_MAIN
