// SPDX-License-Identifier: GPL-2.0
/* modes: host contained pidns */
/* kernels: stock */
/* modules: autofs4 crc32c_generic fuse nbd netlink_diag nf_tables nfnetlink_log nfnetlink_queue snd_timer */
/*
 * Numbers in parts of the kernel that are modules.
 */
#include "ct.h"
#include "ct-netlink.h"
#include <arpa/inet.h>
#include <linux/fuse.h>
#include <linux/nbd.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/sock_diag.h>
#include <sys/ioctl.h>
#include "kselftest_harness.h"

static bool contained(void)
{
	return ct_mode() == CT_MODE_CONTAINED;
}

/* -- nftables ------------------------------------------------------------------- */

static pid_t who_asks(void)
{
	struct nfgenmsg head = { .nfgen_family = AF_UNSPEC };
	int sock = ct_netlink(NETLINK_NETFILTER);
	struct ct_message msg;
	uint32_t *number;

	ct_message_init(&msg, NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_GETGEN, 0);
	ct_message_add(&msg, &head, sizeof(head));
	CT_EQ(0, ct_ask(sock, &msg));
	number = ct_answer_attr(&msg, sizeof(head), NFTA_GEN_PROC_PID);
	CT_CHECK(number);
	close(sock);
	return ntohl(*number);
}

TEST(nftables)
{
	int group = NFNLGRP_NFTABLES, sock = ct_netlink(NETLINK_NETFILTER);

	errno = 0;
	setsockopt(sock, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, &group,
		   sizeof(group));
	EXPECT_EQ(contained() ? EPERM : 0, errno);
	group = NFNLGRP_CONNTRACK_NEW;
	EXPECT_EQ(0, setsockopt(sock, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP,
				&group, sizeof(group)));
	close(sock);
	/* A pid namespace shows the host's number. */
	EXPECT_EQ(ct_mode() != CT_MODE_PIDNS, getpid() == who_asks());
}

TEST(list_of_netlink_sockets)
{
	struct sock_diag_req request = { .sdiag_family = AF_NETLINK };
	struct {
		struct sock_diag_req request;
		char rest[24];
	} full = { .request = request };
	int sock = ct_netlink(NETLINK_SOCK_DIAG);
	struct ct_message msg;

	ct_message_init(&msg, SOCK_DIAG_BY_FAMILY, NLM_F_DUMP);
	ct_message_add(&msg, &full, sizeof(full));
	EXPECT_EQ(contained() ? -EPERM : 0, ct_ask(sock, &msg));
	close(sock);
}

/* -- filesystems ------------------------------------------------------------------ */

static void stat_file(int fd, void *arg)
{
	struct stat stat_buf;

	(void)fd;
	CT_ERRNO(ECONNABORTED, stat(arg, &stat_buf));
}

static void answer_init(int fuse, const struct fuse_in_header *request)
{
	struct {
		struct fuse_out_header head;
		struct fuse_init_out init;
	} answer = {
		.head = { .len = sizeof(answer), .unique = request->unique },
		.init = { .major = 7, .minor = 31, .max_write = 4096 },
	};

	CT_EQ(FUSE_INIT, request->opcode);
	CT_EQ(sizeof(answer), write(fuse, &answer, sizeof(answer)));
}

TEST(fuse)
{
	char dir[] = "/tmp/ct-fuse-XXXXXX", path[64], options[128];
	union {
		struct fuse_in_header head;
		char buf[65536];
	} request;
	struct ct_child child;
	int fuse;

	ASSERT_NE(NULL, mkdtemp(dir));
	fuse = open("/dev/fuse", O_RDWR | O_CLOEXEC);
	ASSERT_LE(0, fuse);
	snprintf(options, sizeof(options),
		 "fd=%d,rootmode=40000,user_id=0,group_id=0", fuse);
	ASSERT_EQ(0, mount("ct", dir, "fuse", 0, options));
	ASSERT_LT(0, read(fuse, &request, sizeof(request)));
	answer_init(fuse, &request.head);
	snprintf(path, sizeof(path), "%s/file", dir);
	child = ct_spawn(CT_PLAIN, stat_file, path);
	ASSERT_LT(0, read(fuse, &request, sizeof(request)));
	EXPECT_EQ(FUSE_LOOKUP, request.head.opcode);
	EXPECT_EQ((uint32_t)child.pid, request.head.pid);
	/* That ends the connection, and the child's call. */
	EXPECT_EQ(0, umount2(dir, MNT_FORCE | MNT_DETACH));
	close(fuse);
	EXPECT_EQ(0, ct_finish(&child));
	EXPECT_EQ(0, rmdir(dir));
}

TEST(autofs)
{
	char dir[] = "/tmp/ct-autofs-XXXXXX", options[128];
	int fd[2];

	ASSERT_NE(NULL, mkdtemp(dir));
	ASSERT_EQ(0, pipe2(fd, O_DIRECT));
	snprintf(options, sizeof(options),
		 "fd=%d,pgrp=%d,minproto=5,maxproto=5,direct", fd[1], getpgrp());
	errno = 0;
	mount("ct", dir, "autofs", 0, options);
	EXPECT_EQ(contained() ? EPERM : 0, errno);
	if (!contained())
		EXPECT_EQ(0, umount2(dir, MNT_DETACH));
	close(fd[0]);
	close(fd[1]);
	EXPECT_EQ(0, rmdir(dir));
}

static int open_error(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return errno;
	close(fd);
	return 0;
}

/* -- devices ---------------------------------------------------------------------- */

static void *serve_nbd(void *arg)
{
	/* Until it is disconnected. */
	ioctl(*(int *)arg, NBD_DO_IT);
	return NULL;
}

TEST(network_block_device)
{
	char path[] = "/sys/block/nbd0/pid";
	int nbd = open("/dev/nbd0", O_RDWR | O_CLOEXEC), fd[2];
	pthread_t thread;

	ASSERT_LE(0, nbd);
	ASSERT_EQ(0, socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fd));
	ASSERT_EQ(0, ioctl(nbd, NBD_SET_SOCK, fd[0]));
	ASSERT_EQ(0, pthread_create(&thread, NULL, serve_nbd, &nbd));
	CT_UNTIL(access(path, F_OK) == 0);
	EXPECT_EQ(contained() ? EPERM : 0, open_error(path));
	EXPECT_EQ(0, open_error("/sys/block/nbd0/size"));
	EXPECT_EQ(0, ioctl(nbd, NBD_DISCONNECT));
	close(fd[1]);
	EXPECT_EQ(0, pthread_join(thread, NULL));
	close(fd[0]);
	close(nbd);
}

/* Who gets packets, by the address of its socket. */
TEST(receivers_of_packets)
{
	EXPECT_EQ(contained() ? EPERM : 0,
		  open_error("/proc/net/netfilter/nfnetlink_log"));
	EXPECT_EQ(contained() ? EPERM : 0,
		  open_error("/proc/net/netfilter/nfnetlink_queue"));
	EXPECT_EQ(0, open_error("/proc/net/netfilter/nf_log"));
}

TEST(sound_timers)
{
	EXPECT_EQ(contained() ? EPERM : 0, open_error("/proc/asound/timers"));
	EXPECT_EQ(0, open_error("/proc/asound/version"));
}

TEST_HARNESS_MAIN
