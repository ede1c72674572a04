// SPDX-License-Identifier: GPL-2.0
/* kernels: stock */
/* modules: bluetooth@6.12 crc32_generic dummy ib_uverbs l2tp_ppp rdma_rxe veth vhost_net */
/*
 * Numbers in parts of the network that are modules, and of what needs them: who
 * has something, or has done something, for a reader in a container.
 */
#include "ct.h"
#include "ct-netlink.h"
#include "ct-link.h"
#include <dirent.h>
#include <linux/ethtool.h>
#include <linux/if_pppox.h>
#include <linux/in6.h>
#include <linux/vhost.h>
#include <rdma/ib_user_verbs.h>
#include <rdma/rdma_netlink.h>
#include "kselftest_harness.h"
#include "ct-wall.h"

/* -- labels of flows -------------------------------------------------------------- */

#define LABEL_OUTSIDE	0x12345
#define LABEL_INSIDE	0x54321

static void lease_label(int sock, unsigned int label)
{
	struct in6_flowlabel_req request = {
		.flr_dst = IN6ADDR_LOOPBACK_INIT, .flr_label = htonl(label),
		.flr_action = IPV6_FL_A_GET, .flr_share = IPV6_FL_S_PROCESS,
		.flr_flags = IPV6_FL_F_CREATE | IPV6_FL_F_EXCL,
	};

	CT_EQ(0, setsockopt(sock, IPPROTO_IPV6, IPV6_FLOWLABEL_MGR, &request,
			    sizeof(request)));
}

/* Whose it is. */
static long long owner_of_label(unsigned int label)
{
	unsigned int found, share;
	long long owner, ret = -1;
	char line[256];
	FILE *file = fopen("/proc/net/ip6_flowlabel", "re");

	CT_CHECK(file);
	while (fgets(line, sizeof(line), file))
		if (sscanf(line, "%x %u %lld", &found, &share, &owner) == 3 &&
		    found == label)
			ret = owner;
	fclose(file);
	return ret;
}

static void look_at_labels(int fd, void *arg)
{
	int sock = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	(void)arg;
	CT_CHECK(sock >= 0);
	lease_label(sock, LABEL_INSIDE);
	CT_EQ(getpid(), owner_of_label(LABEL_INSIDE));
	CT_EQ(0, owner_of_label(LABEL_OUTSIDE));
	ct_send(fd, 0);
	ct_wait_hangup(fd);
}

TEST_F(wall, flow_labels)
{
	struct ct_child child;
	int sock;

	CT_NEED_BOX(variant);
	ASSERT_EQ(0, unshare(CLONE_NEWNET));
	sock = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	ASSERT_LE(0, sock);
	lease_label(sock, LABEL_OUTSIDE);
	child = ct_spawn(variant->box, look_at_labels, NULL);
	ct_recv(child.fd);
	EXPECT_EQ(getpid(), owner_of_label(LABEL_OUTSIDE));
	EXPECT_EQ(child.pid, owner_of_label(LABEL_INSIDE));
	close(sock);
	EXPECT_EQ(0, ct_finish(&child));
}

/* -- threads of devices --------------------------------------------------------------- */

/* <linux/netdev.h>, which Debian 12's headers lack. */
#define FAMILY_NETDEV		"netdev"
#define CMD_NAPI_GET		11
#define ATTR_NAPI_IFINDEX	1
#define ATTR_NAPI_ID		2
#define ATTR_NAPI_PID		4

#define NAPI_NAME		"ct-napi"

/* A device whose packets are received by a thread. */
static void make_threaded_device(void)
{
	struct ethtool_value merge = { .cmd = ETHTOOL_SGRO, .data = 1 };
	struct ifreq request = {
		.ifr_name = NAPI_NAME, .ifr_data = (void *)&merge,
	};
	int sock = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	CT_CHECK(sock >= 0);
	/* A test that has failed may have left it. */
	ct_link_remove(NAPI_NAME);
	CT_EQ(0, ct_link_make(NAPI_NAME, "veth", IFF_UP));
	CT_EQ(0, ioctl(sock, SIOCETHTOOL, &request));
	CT_EQ(0, ct_write_file("/sys/class/net/" NAPI_NAME "/threaded", "1"));
	close(sock);
}

/* Asks for an instance, or with 0 for all of a device; gives the thread. */
static long long thread_of_napi(uint32_t *id)
{
	struct genlmsghdr command = { .cmd = CMD_NAPI_GET, .version = 1 };
	uint32_t index = ct_link_index(NAPI_NAME), *number;
	int sock = ct_netlink(NETLINK_GENERIC);
	int family = ct_family(sock, FAMILY_NETDEV);
	struct ct_message msg;

	ct_message_init(&msg, family, *id ? 0 : NLM_F_DUMP);
	ct_message_add(&msg, &command, sizeof(command));
	if (*id)
		ct_message_attr(&msg, ATTR_NAPI_ID, id, sizeof(*id));
	else
		ct_message_attr(&msg, ATTR_NAPI_IFINDEX, &index, sizeof(index));
	CT_EQ(0, ct_ask(sock, &msg));
	CT_EQ(family, msg.head.nlmsg_type);
	close(sock);
	number = ct_answer_attr(&msg, sizeof(command), ATTR_NAPI_ID);
	CT_CHECK(number);
	*id = *number;
	number = ct_answer_attr(&msg, sizeof(command), ATTR_NAPI_PID);
	return number ? (long long)*number : -1;
}

static void look_at_threads(int fd, void *arg)
{
	uint32_t id = 0;

	(void)arg;
	ct_send(fd, thread_of_napi(&id));
	ct_send(fd, thread_of_napi(&id));
	ct_wait_hangup(fd);
}

static bool has_family(const char *name)
{
	struct genlmsghdr command = { .cmd = CTRL_CMD_GETFAMILY, .version = 1 };
	int sock = ct_netlink(NETLINK_GENERIC), ret;
	struct ct_message msg;

	ct_message_init(&msg, GENL_ID_CTRL, 0);
	ct_message_add(&msg, &command, sizeof(command));
	ct_message_string(&msg, CTRL_ATTR_FAMILY_NAME, name);
	ret = ct_ask(sock, &msg);
	close(sock);
	return !ret;
}

TEST_F(wall, threads_of_devices)
{
	struct ct_child child;
	long long thread;
	uint32_t id = 0;

	CT_NEED_BOX(variant);
	if (!has_family(FAMILY_NETDEV))
		SKIP(return, "this kernel does not tell of them");
	make_threaded_device();
	thread = thread_of_napi(&id);
	EXPECT_LT(0, thread);
	EXPECT_EQ(thread, thread_of_napi(&id));
	child = ct_spawn(variant->box, look_at_threads, NULL);
	/* A pid namespace is told the host's number. */
	if (variant->box == CT_CONTAINER)
		thread = 0;
	EXPECT_EQ(thread, ct_recv(child.fd));
	EXPECT_EQ(thread, ct_recv(child.fd));
	EXPECT_EQ(0, ct_finish(&child));
	EXPECT_EQ(0, ct_link_remove(NAPI_NAME));
}

/* Threads that a process gets for its virtual machines, named after it. */
static void look_at_workers(int fd, void *arg)
{
	int vhost = open("/dev/vhost-net", O_RDWR | O_CLOEXEC), found = 0;
	DIR *dir = opendir("/proc/self/task");
	char path[300], name[32];
	struct dirent *entry;

	(void)arg;
	CT_CHECK(vhost >= 0 && dir);
	CT_EQ(0, ioctl(vhost, VHOST_SET_OWNER));
	while ((entry = readdir(dir))) {
		snprintf(path, sizeof(path), "/proc/self/task/%s/comm",
			 entry->d_name);
		if (ct_read_file(path, name, sizeof(name)) > 0 &&
		    !strncmp(name, "vhost-", 6))
			found = atoi(name + 6);
	}
	closedir(dir);
	ct_send(fd, found);
	ct_send(fd, getpid());
	close(vhost);
}

TEST_F(wall, workers_of_vhost)
{
	struct ct_child child;
	long long found, own;

	CT_NEED_BOX(variant);
	child = ct_spawn(variant->box, look_at_workers, NULL);
	found = ct_recv(child.fd);
	own = ct_recv(child.fd);
	EXPECT_EQ(0, ct_finish(&child));
	if (!found)
		SKIP(return, "they are not the process' own in this kernel");
	/* In a pid namespace it is the host's number. */
	EXPECT_EQ(variant->box == CT_CONTAINER ? own : child.pid, found);
}

/* -- addresses of tunnels ---------------------------------------------------------------- */

union tunnel_address {
	struct sockaddr any;
	struct sockaddr_pppol2tp l2tp;
};

/* Two ends of a tunnel that goes to itself. */
static int make_tunnel(int id, int *udp)
{
	struct sockaddr_in address = {
		.sin_family = AF_INET, .sin_addr = { htonl(INADDR_LOOPBACK) },
	};
	union tunnel_address tunnel = {
		.l2tp = {
			.sa_family = AF_PPPOX, .sa_protocol = PX_PROTO_OL2TP,
			.pppol2tp = { .s_tunnel = id, .d_tunnel = id },
		},
	};
	int sock = socket(AF_PPPOX, SOCK_DGRAM | SOCK_CLOEXEC, PX_PROTO_OL2TP);
	socklen_t len = sizeof(address);

	*udp = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	CT_CHECK(sock >= 0 && *udp >= 0);
	CT_EQ(0, bind(*udp, (struct sockaddr *)&address, len));
	CT_EQ(0, getsockname(*udp, (struct sockaddr *)&address, &len));
	CT_EQ(0, connect(*udp, (struct sockaddr *)&address, len));
	tunnel.l2tp.pppol2tp.fd = *udp;
	tunnel.l2tp.pppol2tp.addr = address;
	CT_EQ(0, connect(sock, &tunnel.any, sizeof(tunnel.l2tp)));
	return sock;
}

typedef int (*name_of)(int sock, struct sockaddr *address, socklen_t *len);

/* The number in an address, or the error. */
static long long number_in_name(name_of call, int sock)
{
	union tunnel_address address;
	socklen_t len = sizeof(address);

	memset(&address, 0, sizeof(address));
	if (call(sock, &address.any, &len))
		return -errno;
	return address.l2tp.pppol2tp.pid;
}

static void look_at_tunnel(int fd, void *arg)
{
	int udp, sock = make_tunnel(2, &udp), outside = *(int *)arg;

	ct_send(fd, number_in_name(getsockname, outside));
	ct_send(fd, number_in_name(getpeername, outside));
	ct_send(fd, number_in_name(getsockname, sock));
	/* Other sockets have their addresses. */
	ct_send(fd, number_in_name(getsockname, udp) < 0);
	close(sock);
	close(udp);
	ct_wait_hangup(fd);
}

TEST_F(wall, addresses_of_tunnels)
{
	bool inside = variant->box == CT_CONTAINER;
	struct ct_child child;
	int sock, udp;

	CT_NEED_BOX(variant);
	ASSERT_EQ(0, unshare(CLONE_NEWNET));
	ASSERT_EQ(0, ct_link_raise("lo"));
	sock = make_tunnel(1, &udp);
	EXPECT_EQ(getpid(), number_in_name(getsockname, sock));
	EXPECT_EQ(getpid(), number_in_name(getpeername, sock));
	child = ct_spawn(variant->box, look_at_tunnel, &sock);
	/* A pid namespace shows the host's numbers. */
	EXPECT_EQ(inside ? -EPERM : getpid(), ct_recv(child.fd));
	EXPECT_EQ(inside ? -EPERM : getpid(), ct_recv(child.fd));
	EXPECT_EQ(inside ? -EPERM : child.pid, ct_recv(child.fd));
	EXPECT_EQ(0, ct_recv(child.fd));
	close(sock);
	close(udp);
	EXPECT_EQ(0, ct_finish(&child));
}

/* -- Bluetooth ------------------------------------------------------------------------------ */

/* Of <bluetooth/hci.h>, which is not the kernel's. */
#define BTPROTO_HCI		1
#define HCI_DEV_NONE		0xffff
#define HCI_CHANNEL_MONITOR	2
#define HCI_CHANNEL_CONTROL	3
#define HCI_MON_CTRL_OPEN	14

struct sockaddr_hci {
	sa_family_t hci_family;
	unsigned short hci_dev;
	unsigned short hci_channel;
};

static int open_bluetooth(int channel)
{
	struct sockaddr_hci address = {
		.hci_family = AF_BLUETOOTH, .hci_dev = HCI_DEV_NONE,
		.hci_channel = channel,
	};
	int sock = socket(AF_BLUETOOTH, SOCK_RAW | SOCK_CLOEXEC, BTPROTO_HCI);

	CT_CHECK(sock >= 0);
	CT_EQ(0, bind(sock, (struct sockaddr *)&address, sizeof(address)));
	return sock;
}

/* Whom the next message names that tells of somebody who controls it. */
static long long who_opens(int sock)
{
	struct {
		uint16_t opcode, index, len;
		char rest[512];
	} data;
	union {
		struct cmsghdr head;
		char space[256];
	} control;
	struct iovec iov = { &data, sizeof(data) };
	struct pollfd wait = { .fd = sock, .events = POLLIN };
	struct msghdr msg;
	struct cmsghdr *at;
	struct ucred creds;

	do {
		msg = (struct msghdr){
			.msg_iov = &iov, .msg_iovlen = 1,
			.msg_control = &control, .msg_controllen = sizeof(control),
		};
		CT_EQ(1, poll(&wait, 1, CT_PATIENCE_MS));
		CT_CHECK(recvmsg(sock, &msg, 0) > 0);
	} while (data.opcode != HCI_MON_CTRL_OPEN);
	for (at = CMSG_FIRSTHDR(&msg); at; at = CMSG_NXTHDR(&msg, at)) {
		if (at->cmsg_level == SOL_SOCKET &&
		    at->cmsg_type == SCM_CREDENTIALS) {
			memcpy(&creds, CMSG_DATA(at), sizeof(creds));
			return creds.pid;
		}
	}
	return -1;
}

static void monitor_bluetooth(int fd, void *arg)
{
	int sock = open_bluetooth(HCI_CHANNEL_MONITOR), one = 1;

	(void)arg;
	CT_EQ(0, setsockopt(sock, SOL_SOCKET, SO_PASSCRED, &one, sizeof(one)));
	ct_send(fd, 0);
	ct_send(fd, who_opens(sock));
	close(sock);
}

TEST_F(wall, who_controls_bluetooth)
{
	struct ct_child child;
	int sock;

	CT_NEED_BOX(variant);
	/* 6.1's tells nobody who it is. */
	if (access("/sys/module/bluetooth", F_OK))
		SKIP(return, "the module is not loaded");
	child = ct_spawn(variant->box, monitor_bluetooth, NULL);
	ct_recv(child.fd);
	sock = open_bluetooth(HCI_CHANNEL_CONTROL);
	/* A pid namespace is told the host's number. */
	EXPECT_EQ(variant->box == CT_CONTAINER ? 0 : getpid(),
		  ct_recv(child.fd));
	close(sock);
	EXPECT_EQ(0, ct_finish(&child));
}

/* -- RDMA -------------------------------------------------------------------------------------- */

#define RDMA_NAME	"ct-rdma"
#define RDMA_LINK	"ct-rdma-link"

static int rdma_ask(struct ct_message *msg)
{
	int sock = ct_netlink(NETLINK_RDMA), ret = ct_ask(sock, msg);

	close(sock);
	return ret;
}

static void rdma_message(struct ct_message *msg, int command, int flags)
{
	ct_message_init(msg, RDMA_NL_GET_TYPE(RDMA_NL_NLDEV, command), flags);
}

/* A device that needs no hardware, upon one that needs none either. */
static void make_rdma(void)
{
	struct ct_message msg;

	/* A test that has failed may have left it; the other goes with it. */
	ct_link_remove(RDMA_LINK);
	CT_EQ(0, ct_link_make(RDMA_LINK, "dummy", IFF_UP));
	rdma_message(&msg, RDMA_NLDEV_CMD_NEWLINK, NLM_F_ACK);
	ct_message_string(&msg, RDMA_NLDEV_ATTR_DEV_NAME, RDMA_NAME);
	ct_message_string(&msg, RDMA_NLDEV_ATTR_LINK_TYPE, "rxe");
	ct_message_string(&msg, RDMA_NLDEV_ATTR_NDEV_NAME, RDMA_LINK);
	CT_EQ(0, rdma_ask(&msg));
}

/* The number of a device of that name. */
static int rdma_index(void)
{
	struct ct_message msg;
	uint32_t index, *found;
	char *name;

	for (index = 0; index < 64; index++) {
		rdma_message(&msg, RDMA_NLDEV_CMD_GET, 0);
		ct_message_attr(&msg, RDMA_NLDEV_ATTR_DEV_INDEX, &index,
				sizeof(index));
		if (rdma_ask(&msg))
			continue;
		name = ct_answer_attr(&msg, 0, RDMA_NLDEV_ATTR_DEV_NAME);
		found = ct_answer_attr(&msg, 0, RDMA_NLDEV_ATTR_DEV_INDEX);
		if (name && found && !strcmp(name, RDMA_NAME))
			return *found;
	}
	CT_FAIL("there is no device " RDMA_NAME);
}

static int open_verbs(void)
{
	struct ib_uverbs_get_context_resp answer;
	struct {
		struct ib_uverbs_cmd_hdr head;
		struct ib_uverbs_get_context body;
	} request = {
		.head = {
			.command = IB_USER_VERBS_CMD_GET_CONTEXT,
			.in_words = sizeof(request) / 4,
			.out_words = sizeof(answer) / 4,
		},
		.body = { .response = (uintptr_t)&answer },
	};
	int verbs = open("/dev/infiniband/uverbs0", O_RDWR | O_CLOEXEC);

	CT_CHECK(verbs >= 0);
	CT_EQ(sizeof(request), write(verbs, &request, sizeof(request)));
	close(answer.async_fd);
	return verbs;
}

/* Whose the contexts are: the sum of the numbers, and how many have none. */
static long long owners_of_contexts(int *without)
{
	uint32_t index = rdma_index();
	struct nlattr *table, *entry, *attr;
	struct ct_message msg;
	long long sum = 0;
	bool has;

	*without = 0;
	rdma_message(&msg, RDMA_NLDEV_CMD_RES_CTX_GET, NLM_F_DUMP);
	ct_message_attr(&msg, RDMA_NLDEV_ATTR_DEV_INDEX, &index, sizeof(index));
	CT_EQ(0, rdma_ask(&msg));
	table = ct_answer_attr(&msg, 0, RDMA_NLDEV_ATTR_RES_CTX);
	CT_CHECK(table);
	table = (void *)((char *)table - NLA_HDRLEN);
#define EACH(at, nest)							\
	for (at = (void *)((char *)(nest) + NLA_HDRLEN);		\
	     (char *)at < (char *)(nest) + (nest)->nla_len;		\
	     at = (void *)((char *)at + NLA_ALIGN(at->nla_len)))
	EACH(entry, table) {
		has = false;
		EACH(attr, entry) {
			if ((attr->nla_type & NLA_TYPE_MASK) ==
			    RDMA_NLDEV_ATTR_RES_PID) {
				sum += *(uint32_t *)(attr + 1);
				has = true;
			}
		}
		*without += !has;
	}
	return sum;
}

static void look_at_contexts(int fd, void *arg)
{
	int verbs = open_verbs(), without;

	(void)arg;
	ct_send(fd, 0);
	ct_recv(fd);
	/* One's own; and the other is nobody's. */
	CT_EQ(getpid(), owners_of_contexts(&without));
	CT_EQ(1, without);
	ct_send(fd, 0);
	ct_wait_hangup(fd);
	close(verbs);
}

static void remove_rdma(void)
{
	uint32_t index = rdma_index();
	struct ct_message msg;

	rdma_message(&msg, RDMA_NLDEV_CMD_DELLINK, NLM_F_ACK);
	ct_message_attr(&msg, RDMA_NLDEV_ATTR_DEV_INDEX, &index, sizeof(index));
	CT_EQ(0, rdma_ask(&msg));
	CT_EQ(0, ct_link_remove(RDMA_LINK));
}

TEST_F(wall, owners_of_rdma)
{
	struct ct_child child;
	int verbs, without;

	CT_NEED_BOX(variant);
	make_rdma();
	verbs = open_verbs();
	child = ct_spawn(variant->box, look_at_contexts, NULL);
	ct_recv(child.fd);
	EXPECT_EQ(getpid() + child.pid, owners_of_contexts(&without));
	EXPECT_EQ(0, without);
	ct_send(child.fd, 0);
	EXPECT_EQ(0, ct_recv(child.fd));
	EXPECT_EQ(0, ct_finish(&child));
	close(verbs);
	remove_rdma();
}

TEST_HARNESS_MAIN
