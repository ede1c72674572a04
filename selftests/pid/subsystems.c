// SPDX-License-Identifier: GPL-2.0
/* modes: host contained pidns */
/*
 * Numbers in subsystems of their own: control groups, seccomp's and fanotify's
 * events, perf's records, netlink's addresses.
 */
#include "ct.h"
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/netlink.h>
#include <linux/perf_event.h>
#include <linux/seccomp.h>
#include <sys/fanotify.h>
#include <sys/ioctl.h>
#include <sys/pidfd.h>
#include "kselftest_harness.h"

/* -- control groups ------------------------------------------------------------- */

static void join_by_zero(int fd, void *arg)
{
	char path[128];

	snprintf(path, sizeof(path), "%s/cgroup.procs", (char *)arg);
	CT_EQ(0, ct_write_file(path, "0"));
	ct_send(fd, 0);
	ct_wait_hangup(fd);
}

TEST(control_group)
{
	char dir[64], path[128], text[64], wanted[64];
	struct ct_child a, b;
	pid_t low, high;

	snprintf(dir, sizeof(dir), "/sys/fs/cgroup/ct-%d-%d", ct_mode(),
		 getpid());
	ASSERT_EQ(0, mkdir(dir, 0755));
	a = ct_spawn(CT_PLAIN, ct_idle, NULL);
	b = ct_spawn(CT_PLAIN, join_by_zero, dir);
	ct_recv(b.fd);
	snprintf(path, sizeof(path), "%s/cgroup.procs", dir);
	snprintf(text, sizeof(text), "%d", a.pid);
	ASSERT_EQ(0, ct_write_file(path, text));
	snprintf(text, sizeof(text), "%d", ct_unused_pid());
	EXPECT_EQ(-ESRCH, ct_write_file(path, text));

	ASSERT_LT(0, ct_read_file(path, text, sizeof(text)));
	low = a.pid < b.pid ? a.pid : b.pid;
	high = a.pid + b.pid - low;
	/* In which order is the kernel's affair. */
	snprintf(wanted, sizeof(wanted), "%d\n%d\n", low, high);
	if (strcmp(wanted, text))
		snprintf(wanted, sizeof(wanted), "%d\n%d\n", high, low);
	EXPECT_STREQ(wanted, text);
	EXPECT_EQ(0, ct_finish(&a));
	EXPECT_EQ(0, ct_finish(&b));
	/* The last of a group leaves it a little after it is reaped. */
	CT_UNTIL(rmdir(dir) == 0);
}

/* -- seccomp -------------------------------------------------------------------- */

static void be_supervised(int fd, void *arg)
{
	struct sock_filter filter[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
			 offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_getppid, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_USER_NOTIF),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = { 4, filter };
	int listener;

	(void)arg;
	listener = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER,
			   SECCOMP_FILTER_FLAG_NEW_LISTENER, &program);
	CT_CHECK(listener >= 0);
	ct_send(fd, listener);
	CT_EQ(4711, syscall(SYS_getppid));
}

TEST(seccomp_notification)
{
	struct ct_child child = ct_spawn(CT_PLAIN, be_supervised, NULL);
	struct seccomp_notif request = { 0 };
	struct seccomp_notif_resp answer = { .val = 4711 };
	int listener, pidfd = pidfd_open(child.pid, 0);

	ASSERT_LE(0, pidfd);
	listener = pidfd_getfd(pidfd, ct_recv(child.fd), 0);
	ASSERT_LE(0, listener);
	ASSERT_EQ(0, ioctl(listener, SECCOMP_IOCTL_NOTIF_RECV, &request));
	EXPECT_EQ(child.pid, request.pid);
	answer.id = request.id;
	ASSERT_EQ(0, ioctl(listener, SECCOMP_IOCTL_NOTIF_SEND, &answer));
	EXPECT_EQ(0, ct_finish(&child));
	close(listener);
	close(pidfd);
}

/* -- fanotify ------------------------------------------------------------------- */

static void open_file(int fd, void *arg)
{
	int file = open(arg, O_RDONLY | O_CLOEXEC);

	(void)fd;
	CT_CHECK(file >= 0);
}

TEST(fanotify_event)
{
	struct fanotify_event_metadata event;
	char path[] = "/tmp/ct-fanotify-XXXXXX";
	int group, file = mkstemp(path);
	struct ct_child child;

	ASSERT_LE(0, file);
	group = fanotify_init(FAN_CLASS_NOTIF | FAN_CLOEXEC, O_RDONLY);
	ASSERT_LE(0, group);
	ASSERT_EQ(0, fanotify_mark(group, FAN_MARK_ADD, FAN_OPEN, AT_FDCWD,
				   path));
	child = ct_spawn(CT_PLAIN, open_file, path);
	ASSERT_EQ(sizeof(event), read(group, &event, sizeof(event)));
	EXPECT_EQ(FAN_OPEN, event.mask);
	EXPECT_EQ(child.pid, event.pid);
	EXPECT_EQ(0, ct_finish(&child));
	close(event.fd);
	close(group);
	EXPECT_EQ(0, unlink(path));
}

/* -- perf ----------------------------------------------------------------------- */

#define RECORD_PAGES 4

struct fork_record {
	struct perf_event_header header;
	uint32_t pid, ppid, tid, ptid;
	uint64_t time;
	/* PERF_SAMPLE_TID, whose event it is. */
	uint32_t sample_pid, sample_tid;
};

static bool find_fork(struct perf_event_mmap_page *page, pid_t child,
		      struct fork_record *found)
{
	char *data = (char *)page + getpagesize();
	uint64_t at, head = __atomic_load_n(&page->data_head, __ATOMIC_ACQUIRE);
	struct perf_event_header *header;

	/* It never wraps, as there is little of it. */
	for (at = 0; at < head; at += header->size) {
		header = (void *)(data + at);
		if (header->type != PERF_RECORD_FORK)
			continue;
		memcpy(found, header, sizeof(*found));
		if (found->pid == (uint32_t)child)
			return true;
	}
	return false;
}

TEST(perf_records)
{
	struct perf_event_attr attr = {
		.size = sizeof(attr), .type = PERF_TYPE_SOFTWARE,
		.config = PERF_COUNT_SW_DUMMY, .task = 1, .sample_id_all = 1,
		.sample_type = PERF_SAMPLE_TID,
	};
	struct perf_event_mmap_page *page;
	struct fork_record record;
	int event;
	pid_t pid;

	event = syscall(SYS_perf_event_open, &attr, 0, -1, -1,
			PERF_FLAG_FD_CLOEXEC);
	ASSERT_LE(0, event);
	page = mmap(NULL, (RECORD_PAGES + 1) * getpagesize(),
		    PROT_READ | PROT_WRITE, MAP_SHARED, event, 0);
	ASSERT_NE(MAP_FAILED, page);
	pid = ct_unused_pid();
	ASSERT_TRUE(find_fork(page, pid, &record));
	EXPECT_EQ(getpid(), record.ppid);
	EXPECT_EQ(pid, record.tid);
	EXPECT_EQ(getpid(), record.ptid);
	EXPECT_EQ(getpid(), record.sample_pid);
	EXPECT_EQ(getpid(), record.sample_tid);
	close(event);
}

/* -- netlink -------------------------------------------------------------------- */

/* A process's first socket has its number as its address. */
TEST(netlink_address)
{
	struct sockaddr_nl address = { .nl_family = AF_NETLINK };
	int sock = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
	socklen_t len = sizeof(address);

	ASSERT_LE(0, sock);
	ASSERT_EQ(0, bind(sock, (struct sockaddr *)&address, len));
	ASSERT_EQ(0, getsockname(sock, (struct sockaddr *)&address, &len));
	EXPECT_EQ(getpid(), address.nl_pid);
	close(sock);
}

TEST_HARNESS_MAIN
