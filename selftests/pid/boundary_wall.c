// SPDX-License-Identifier: GPL-2.0
/* modes: host */
/*
 * Numbers whose reader is not who made them, and the two are on different sides
 * of the wall: what the host listens to it gets in its own numbers, and of the
 * host there is nothing to be seen inside.
 */
#include "ct.h"
#include "ct-file.h"
#include "ct-netlink.h"
#include <linux/acct.h>
#include <linux/cn_proc.h>
#include <linux/connector.h>
#include <linux/perf_event.h>
#include <linux/taskstats.h>
#include <poll.h>
#include <sys/fanotify.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/pidfd.h>
#include "kselftest_harness.h"
#include "ct-wall.h"

#ifndef SO_PEERPIDFD
#define SO_PEERPIDFD 77
#endif

/* Forks when told to, waits for the child, and tells its number. */
static void fork_when_told(int fd, void *arg)
{
	(void)arg;
	ct_recv(fd);
	ct_send(fd, ct_unused_pid());
	ct_wait_hangup(fd);
}

/* -- listeners of the host ------------------------------------------------------- */

#define RECORD_PAGES 4

/* The record of a fork by @parent. */
static struct perf_event_header *find_fork(struct perf_event_mmap_page *page)
{
	uint64_t at, head = __atomic_load_n(&page->data_head, __ATOMIC_ACQUIRE);
	struct perf_event_header *header;

	for (at = 0; at < head; at += header->size) {
		header = (void *)((char *)page + getpagesize() + at);
		if (header->type == PERF_RECORD_FORK)
			return header;
	}
	return NULL;
}

TEST_F(wall, perf_from_the_host)
{
	struct perf_event_attr attr = {
		.size = sizeof(attr), .type = PERF_TYPE_SOFTWARE,
		.config = PERF_COUNT_SW_DUMMY, .task = 1, .sample_id_all = 1,
		.sample_type = PERF_SAMPLE_TID,
	};
	struct ct_child child = ct_spawn(variant->box, fork_when_told, NULL);
	struct perf_event_mmap_page *page;
	struct {
		struct perf_event_header header;
		uint32_t pid, ppid, tid, ptid;
		uint64_t time;
		uint32_t sample_pid, sample_tid;
	} *record;
	int event;

	event = syscall(SYS_perf_event_open, &attr, child.pid, -1, -1,
			PERF_FLAG_FD_CLOEXEC);
	ASSERT_LE(0, event);
	page = mmap(NULL, (RECORD_PAGES + 1) * getpagesize(),
		    PROT_READ | PROT_WRITE, MAP_SHARED, event, 0);
	ASSERT_NE(MAP_FAILED, page);
	ct_send(child.fd, 0);
	EXPECT_EQ(2, ct_recv(child.fd));
	record = (void *)find_fork(page);
	ASSERT_NE(NULL, record);
	EXPECT_LT(child.pid, record->pid);
	EXPECT_EQ(record->pid, record->tid);
	EXPECT_EQ(child.pid, record->ppid);
	EXPECT_EQ(child.pid, record->ptid);
	EXPECT_EQ(child.pid, record->sample_pid);
	EXPECT_EQ(child.pid, record->sample_tid);
	close(event);
	EXPECT_EQ(0, ct_finish(&child));
}

static void connector_control(int sock, enum proc_cn_mcast_op op)
{
	struct cn_msg control = {
		.id = { CN_IDX_PROC, CN_VAL_PROC }, .len = sizeof(op),
	};
	struct ct_message msg;

	ct_message_init(&msg, NLMSG_DONE, 0);
	ct_message_add(&msg, &control, sizeof(control));
	/* It follows without a gap. */
	memcpy((char *)&msg + msg.head.nlmsg_len, &op, sizeof(op));
	msg.head.nlmsg_len += sizeof(op);
	CT_EQ(msg.head.nlmsg_len, send(sock, &msg, msg.head.nlmsg_len, 0));
}

TEST_F(wall, connector_of_the_host)
{
	struct sockaddr_nl address = {
		.nl_family = AF_NETLINK, .nl_groups = CN_IDX_PROC,
	};
	struct ct_child child = ct_spawn(variant->box, fork_when_told, NULL);
	int sock = ct_netlink(NETLINK_CONNECTOR);
	struct proc_event *event;
	struct ct_message msg;

	ASSERT_EQ(0, bind(sock, (struct sockaddr *)&address, sizeof(address)));
	connector_control(sock, PROC_CN_MCAST_LISTEN);
	ct_send(child.fd, 0);
	do {
		ASSERT_LT(0, recv(sock, &msg, sizeof(msg), 0));
		event = (void *)((struct cn_msg *)msg.body)->data;
	} while (event->what != PROC_EVENT_FORK ||
		 event->event_data.fork.parent_pid != child.pid);
	EXPECT_EQ(child.pid, event->event_data.fork.parent_tgid);
	EXPECT_LT(child.pid, event->event_data.fork.child_pid);
	EXPECT_EQ(2, ct_recv(child.fd));
	connector_control(sock, PROC_CN_MCAST_IGNORE);
	close(sock);
	EXPECT_EQ(0, ct_finish(&child));
}

static void send_mask(int sock, int family, int attribute)
{
	struct genlmsghdr command = { .cmd = TASKSTATS_CMD_GET, .version = 1 };
	char mask[32] = "";
	struct ct_message msg;

	snprintf(mask, sizeof(mask), "0-%ld", sysconf(_SC_NPROCESSORS_ONLN) - 1);
	ct_message_init(&msg, family, 0);
	ct_message_add(&msg, &command, sizeof(command));
	ct_message_attr(&msg, attribute, mask, strlen(mask) + 1);
	CT_EQ(msg.head.nlmsg_len, send(sock, &msg, msg.head.nlmsg_len, 0));
}

/* The statistics of the next exit. */
static struct taskstats next_exit(int sock)
{
	struct taskstats stats;
	struct ct_message msg;
	char *outer = NULL;
	uint16_t length;
	int at;

	while (!outer) {
		CT_CHECK(recv(sock, &msg, sizeof(msg), 0) > 0);
		outer = ct_answer_attr(&msg, sizeof(struct genlmsghdr),
				       TASKSTATS_TYPE_AGGR_PID);
	}
	/* The number, then the figures, perhaps after an empty attribute. */
	memcpy(&length, outer, sizeof(length));
	at = NLA_ALIGN(length);
	while (((struct nlattr *)(outer + at))->nla_type != TASKSTATS_TYPE_STATS)
		at += NLA_ALIGN(((struct nlattr *)(outer + at))->nla_len);
	memcpy(&stats, outer + at + NLA_HDRLEN, sizeof(stats));
	return stats;
}

TEST_F(wall, statistics_for_the_host)
{
	struct ct_child child = ct_spawn(variant->box, fork_when_told, NULL);
	int sock = ct_netlink(NETLINK_GENERIC);
	int family = ct_family(sock, TASKSTATS_GENL_NAME);
	struct taskstats stats;

	send_mask(sock, family, TASKSTATS_CMD_ATTR_REGISTER_CPUMASK);
	ct_send(child.fd, 0);
	EXPECT_EQ(2, ct_recv(child.fd));
	do {
		stats = next_exit(sock);
	} while ((pid_t)stats.ac_ppid != child.pid);
	EXPECT_LT((unsigned int)child.pid, stats.ac_pid);
	send_mask(sock, family, TASKSTATS_CMD_ATTR_DEREGISTER_CPUMASK);
	close(sock);
	EXPECT_EQ(0, ct_finish(&child));
}

static void keep_accounts(int fd, void *arg)
{
	char path[64];

	snprintf(path, sizeof(path), "%s/inside", (char *)arg);
	CT_CHECK(mknod(path, S_IFREG | 0600, 0) == 0);
	CT_EQ(0, acct(path));
	ct_send(fd, ct_unused_pid());
	ct_wait_hangup(fd);
}

/* The record of the process with this number; its parent's. */
static pid_t account_of(const char *path, pid_t pid)
{
	FILE *file = fopen(path, "re");
	struct acct_v3 record;
	pid_t parent = -1;

	CT_CHECK(file);
	while (fread(&record, sizeof(record), 1, file) == 1) {
		CT_EQ(3, record.ac_version & 0xf);
		if ((pid_t)record.ac_pid == pid)
			parent = record.ac_ppid;
	}
	fclose(file);
	return parent;
}

/* Each keeps its own; the inner file is closed with the container. */
TEST_F(wall, process_accounting)
{
	char dir[] = "/tmp/ct-acct-XXXXXX", outside[64], inside[64];
	struct ct_child child;
	int file;

	ASSERT_NE(NULL, mkdtemp(dir));
	ASSERT_EQ(0, mount("acct", dir, "tmpfs", 0, NULL));
	snprintf(outside, sizeof(outside), "%s/outside", dir);
	snprintf(inside, sizeof(inside), "%s/inside", dir);
	ASSERT_EQ(0, mknod(outside, S_IFREG | 0600, 0));
	ASSERT_EQ(0, acct(outside));
	child = ct_spawn(variant->box, keep_accounts, dir);
	EXPECT_EQ(2, ct_recv(child.fd));
	EXPECT_EQ(1, account_of(inside, 2));
	EXPECT_EQ(0, ct_finish(&child));
	EXPECT_EQ(getpid(), account_of(outside, child.pid));
	EXPECT_EQ(-1, account_of(outside, 1));
	EXPECT_EQ(0, acct(NULL));
	/* As long as somebody has it open for writing there is no lease. */
	file = open(inside, O_RDONLY | O_CLOEXEC);
	ASSERT_LE(0, file);
	CT_UNTIL(fcntl(file, F_SETLEASE, F_RDLCK) == 0);
	close(file);
	EXPECT_EQ(0, umount(dir));
	EXPECT_EQ(0, rmdir(dir));
}

static void open_when_told(int fd, void *arg)
{
	ct_recv(fd);
	close(open(arg, O_RDONLY));
	ct_wait_hangup(fd);
}

static int watch(const char *path)
{
	int group = fanotify_init(FAN_CLASS_NOTIF | FAN_CLOEXEC, O_RDONLY);

	CT_CHECK(group >= 0);
	CT_EQ(0, fanotify_mark(group, FAN_MARK_ADD, FAN_OPEN, AT_FDCWD, path));
	return group;
}

static pid_t next_opener(int group)
{
	struct fanotify_event_metadata event;

	CT_EQ(sizeof(event), read(group, &event, sizeof(event)));
	close(event.fd);
	return event.pid;
}

static void tell_opener(int fd, void *arg)
{
	int group = watch(arg);

	ct_send(fd, 0);
	ct_send(fd, next_opener(group));
}

TEST_F(wall, fanotify)
{
	char path[] = "/tmp/ct-fanotify-XXXXXX";
	struct ct_child child;
	int group;

	close(mkstemp(path));
	group = watch(path);
	child = ct_spawn(variant->box, open_when_told, path);
	ct_send(child.fd, 0);
	EXPECT_EQ(child.pid, next_opener(group));
	EXPECT_EQ(0, ct_finish(&child));
	close(group);

	child = ct_spawn(variant->box, tell_opener, path);
	ct_recv(child.fd);
	close(open(path, O_RDONLY));
	EXPECT_EQ(0, ct_recv(child.fd));
	EXPECT_EQ(0, ct_finish(&child));
	EXPECT_EQ(0, unlink(path));
}

/* -- what is to be seen inside ---------------------------------------------------- */

static void read_number(int fd, void *arg)
{
	ct_send(fd, ct_read_number(arg));
}

TEST_F(wall, who_gets_ctrl_alt_del)
{
	char path[] = "/proc/sys/kernel/cad_pid";
	struct ct_child child = ct_spawn(variant->box, read_number, path);

	EXPECT_EQ(1, ct_read_number(path));
	EXPECT_EQ(0, ct_recv(child.fd));
	EXPECT_EQ(0, ct_finish(&child));
}

static void send_file(int fd, void *arg)
{
	char text[512] = "";
	ssize_t len = ct_read_file(arg, text, sizeof(text));

	CT_CHECK(len >= 0);
	CT_EQ(len + 1, send(fd, text, len + 1, 0));
}

static void receive_text(int fd, char *text, size_t size)
{
	CT_CHECK(recv(fd, text, size, 0) > 0);
}

TEST_F(wall, members_of_a_control_group)
{
	char dir[64], path[128], text[512];
	struct ct_child member, child;

	snprintf(dir, sizeof(dir), "/sys/fs/cgroup/ct-wall-%d-%d", variant->box,
		 getpid());
	ASSERT_EQ(0, mkdir(dir, 0755));
	member = ct_spawn(CT_PLAIN, ct_idle, NULL);
	snprintf(path, sizeof(path), "%s/cgroup.procs", dir);
	snprintf(text, sizeof(text), "%d", member.pid);
	ASSERT_EQ(0, ct_write_file(path, text));
	child = ct_spawn(variant->box, send_file, path);
	receive_text(child.fd, text, sizeof(text));
	EXPECT_STREQ("0\n", text);
	EXPECT_EQ(0, ct_finish(&child));
	EXPECT_EQ(0, ct_finish(&member));
	CT_UNTIL(rmdir(dir) == 0);
}

/* The lists of version 1 are cached; the viewers must not share them. */
TEST_F(wall, members_of_an_old_control_group)
{
	char dir[] = "/tmp/ct-cgroup-XXXXXX", path[128], text[512], wanted[64];
	struct ct_child child;

	ASSERT_NE(NULL, mkdtemp(dir));
	if (mount("cgroup", dir, "cgroup", 0, "none,name=ct-wall"))
		SKIP(return, "this kernel has no control groups of version 1");
	snprintf(path, sizeof(path), "%s/group", dir);
	ASSERT_EQ(0, mkdir(path, 0755));
	snprintf(path, sizeof(path), "%s/group/tasks", dir);
	ASSERT_EQ(0, ct_write_file(path, "0"));
	snprintf(wanted, sizeof(wanted), "%d\n", getpid());
	ASSERT_LT(0, ct_read_file(path, text, sizeof(text)));
	EXPECT_STREQ(wanted, text);
	child = ct_spawn(variant->box, send_file, path);
	receive_text(child.fd, text, sizeof(text));
	EXPECT_STREQ("1\n", text);
	EXPECT_EQ(0, ct_finish(&child));
	snprintf(path, sizeof(path), "%s/tasks", dir);
	EXPECT_EQ(0, ct_write_file(path, "0"));
	snprintf(path, sizeof(path), "%s/group", dir);
	CT_UNTIL(rmdir(path) == 0);
	EXPECT_EQ(0, umount(dir));
	EXPECT_EQ(0, rmdir(dir));
}

static void count_ports(int fd, void *arg)
{
	ct_send(fd, ct_count_port(*(int *)arg));
	ct_send(fd, ct_count_port(0));
}

/*
 * A container sees that the host has a socket, but not whose number it has. A
 * pid namespace shows it.
 */
TEST(addresses_of_netlink)
{
	struct ct_child owner = ct_spawn(CT_PLAIN, ct_own_port, NULL), reader;
	int port = ct_recv(owner.fd), kernels = ct_count_port(0);

	ASSERT_EQ(owner.pid, port);
	EXPECT_EQ(1, ct_count_port(port));
	reader = ct_spawn(CT_CONTAINER, count_ports, &port);
	EXPECT_EQ(0, ct_recv(reader.fd));
	EXPECT_LT(kernels, ct_recv(reader.fd));
	EXPECT_EQ(0, ct_finish(&reader));
	EXPECT_EQ(0, ct_finish(&owner));
}

static void tell_sender(int fd, void *arg)
{
	struct sockaddr_nl address = { .nl_family = AF_NETLINK };
	int sock = ct_netlink(NETLINK_USERSOCK), on = 1;
	socklen_t len = sizeof(address);
	union ct_creds_control control;
	struct ucred creds;
	char byte;
	struct iovec data = { &byte, 1 };
	struct msghdr msg = {
		.msg_iov = &data, .msg_iovlen = 1,
		.msg_control = &control, .msg_controllen = sizeof(control),
	};

	(void)arg;
	CT_EQ(0, setsockopt(sock, SOL_SOCKET, SO_PASSCRED, &on, sizeof(on)));
	CT_EQ(0, bind(sock, (struct sockaddr *)&address, len));
	CT_EQ(0, getsockname(sock, (struct sockaddr *)&address, &len));
	ct_send(fd, address.nl_pid);
	CT_EQ(1, recvmsg(sock, &msg, 0));
	CT_CHECK(CMSG_FIRSTHDR(&msg));
	CT_EQ(SCM_CREDENTIALS, control.head.cmsg_type);
	memcpy(&creds, CMSG_DATA(&control.head), sizeof(creds));
	CT_EQ(getuid(), creds.uid);
	ct_send(fd, creds.pid);
}

/* A pid namespace gives the number that the sender has in its own view. */
TEST_F(wall, senders_of_netlink)
{
	struct ct_child child = ct_spawn(variant->box, tell_sender, NULL);
	struct sockaddr_nl to = { .nl_family = AF_NETLINK };
	int sock = ct_netlink(NETLINK_USERSOCK);

	to.nl_pid = ct_recv(child.fd);
	EXPECT_EQ(1, to.nl_pid);
	ASSERT_EQ(1, sendto(sock, "x", 1, 0, (struct sockaddr *)&to,
			    sizeof(to)));
	EXPECT_EQ(variant->box == CT_CONTAINER ? 0 : getpid(),
		  ct_recv(child.fd));
	EXPECT_EQ(0, ct_finish(&child));
	close(sock);
}

static void ask_for_peer(int fd, void *arg)
{
	socklen_t len = sizeof(int);
	char path[64];
	int pidfd;

	(void)arg;
	if (getsockopt(fd, SOL_SOCKET, SO_PEERPIDFD, &pidfd, &len)) {
		ct_send(fd, -errno);
		return;
	}
	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", pidfd);
	ct_send(fd, ct_keyed_number(path, "Pid"));
	CT_ERRNO(EINVAL, pidfd_send_signal(pidfd, 0, NULL, 0));
}

/* Linux 6.5 */
TEST_F(wall, pidfd_of_a_peer)
{
	struct ct_child child = ct_spawn(variant->box, ask_for_peer, NULL);
	long long said = ct_recv(child.fd);

	EXPECT_EQ(0, ct_finish(&child));
	if (said == -ENOPROTOOPT)
		SKIP(return, "this kernel has no SO_PEERPIDFD");
	EXPECT_EQ(0, said);
}

/* -- uevents of virtual machines ----------------------------------------------------- */

#define VM_EVENT "change@/devices/virtual/misc/kvm"

/* As KVM makes one; from a program with privilege the kernel takes it as well. */
static void send_uevent(int sock, const char *first, pid_t pid)
{
	struct ct_message msg;
	char text[256];
	int len;

	len = snprintf(text, sizeof(text),
		       "%s%cACTION=change%cEVENT=create%cPID=%d%cSTATS_PATH=/sys/kernel/debug/kvm/%d-5%cCOUNT=1",
		       first, 0, 0, 0, pid, 0, pid, 0);
	ct_message_init(&msg, NLMSG_MIN_TYPE, 0);
	ct_message_add(&msg, text, len + 1);
	CT_EQ(msg.head.nlmsg_len, send(sock, &msg, msg.head.nlmsg_len, 0));
}

static int uevent_socket(void)
{
	struct sockaddr_nl address = { .nl_family = AF_NETLINK, .nl_groups = 1 };
	int sock = ct_netlink(NETLINK_KOBJECT_UEVENT);

	CT_EQ(0, bind(sock, (struct sockaddr *)&address, sizeof(address)));
	return sock;
}

/* The next message about such a device, with semicolons between its parts. */
static void take_uevent(int sock, int flags, char *text, size_t size)
{
	ssize_t len, i;

	do {
		len = recv(sock, text, size - 1, flags);
		CT_CHECK(len > 0);
		text[len] = 0;
		if (strncmp(text, VM_EVENT, strlen(VM_EVENT)) && flags)
			recv(sock, text, 1, 0);
	} while (strncmp(text, VM_EVENT, strlen(VM_EVENT)));
	for (i = 0; i < len; i++)
		if (!text[i])
			text[i] = ';';
	/* The kernel adds a number of its own. */
	*strstr(text, ";SEQNUM=") = 0;
}

static void hear_of_machines(int fd, void *arg)
{
	static const char begin[] = VM_EVENT ";ACTION=change;EVENT=create;PID=%d;COUNT=1";
	int sock = uevent_socket(), flags;
	char text[512], wanted[512];

	(void)arg;
	ct_send(fd, 0);
	/* Another's, twice; one's own; and one that is not KVM's. */
	for (flags = MSG_PEEK; flags >= 0; flags -= MSG_PEEK) {
		take_uevent(sock, flags, text, sizeof(text));
		snprintf(wanted, sizeof(wanted), begin, 0);
		CT_STREQ(wanted, text);
	}
	take_uevent(sock, 0, text, sizeof(text));
	snprintf(wanted, sizeof(wanted), begin, 1);
	CT_STREQ(wanted, text);
	take_uevent(sock, 0, text, sizeof(text));
	CT_STREQ(VM_EVENT "x;ACTION=change;EVENT=create;PID=77;STATS_PATH=/sys/kernel/debug/kvm/77-5;COUNT=1",
		 text);
}

TEST(uevents_of_virtual_machines)
{
	char text[512], wanted[512];
	int sock, heard;
	struct ct_child child;

	CT_NEED_MODULE();
	sock = ct_netlink(NETLINK_KOBJECT_UEVENT);
	heard = uevent_socket();
	child = ct_spawn(CT_CONTAINER, hear_of_machines, NULL);
	ct_recv(child.fd);
	send_uevent(sock, VM_EVENT, getpid());
	send_uevent(sock, VM_EVENT, child.pid);
	send_uevent(sock, VM_EVENT "x", 77);
	/* Whoever listens outside gets it as it was. */
	take_uevent(heard, 0, text, sizeof(text));
	snprintf(wanted, sizeof(wanted), VM_EVENT
		 ";ACTION=change;EVENT=create;PID=%d;STATS_PATH=/sys/kernel/debug/kvm/%d-5;COUNT=1",
		 getpid(), getpid());
	EXPECT_STREQ(wanted, text);
	EXPECT_EQ(0, ct_finish(&child));
	close(heard);
	close(sock);
}

TEST_HARNESS_MAIN
