// SPDX-License-Identifier: GPL-2.0
/* modes: host contained pidns */
/* kernels: stock */
/*
 * What is about nothing but global numbers is refused inside: the kernel's log,
 * its debugging and tracing, BPF programs, messages about all processes.
 *
 * Where a pid namespace is refused the same it is the oracle; of the rest it
 * shows that the refusal is the container's.
 */
#include "ct.h"
#include "ct-netlink.h"
#include <dirent.h>
#include <linux/android/binder.h>
#include <linux/audit.h>
#include <linux/auto_dev-ioctl.h>
#include <linux/bpf.h>
#include <linux/connector.h>
#include <linux/kvm.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/perf_event.h>
#include <linux/sock_diag.h>
#include <linux/taskstats.h>
#include <sys/ioctl.h>
#include <sys/klog.h>
#include "kselftest_harness.h"

static bool contained(void)
{
	return ct_mode() == CT_MODE_CONTAINED;
}

/* The error of opening a file; 0 when it can be opened. */
static int open_error(const char *path, int flags)
{
	int fd = open(path, flags | O_CLOEXEC | O_NONBLOCK);

	if (fd < 0)
		return errno;
	close(fd);
	return 0;
}

#define EXPECT_REFUSED(error) \
	EXPECT_EQ(contained() ? EPERM : 0, error)

TEST(kernel_log)
{
	char text[4096];

	errno = 0;
	EXPECT_EQ(contained(), klogctl(3, text, sizeof(text)) <= 0);
	EXPECT_REFUSED(errno);
	EXPECT_REFUSED(open_error("/dev/kmsg", O_RDONLY));
	EXPECT_REFUSED(open_error("/dev/kmsg", O_RDWR));
	EXPECT_REFUSED(open_error("/proc/kmsg", O_RDONLY));
	/* To say something, and to ask how much there is, is free. */
	EXPECT_EQ(0, open_error("/dev/kmsg", O_WRONLY));
	EXPECT_LT(0, klogctl(10, NULL, 0));
}

TEST(debugging_and_tracing)
{
	EXPECT_REFUSED(open_error("/sys/kernel/debug", O_DIRECTORY));
	EXPECT_REFUSED(open_error("/sys/kernel/debug/sched/debug", O_RDONLY));
	EXPECT_REFUSED(open_error("/sys/kernel/debug/sleep_time", O_RDONLY));
	EXPECT_REFUSED(open_error("/sys/kernel/tracing", O_DIRECTORY));
	EXPECT_REFUSED(open_error("/sys/kernel/tracing/trace", O_RDONLY));
	EXPECT_REFUSED(open_error("/sys/kernel/tracing/set_event_pid",
				  O_WRONLY));
	EXPECT_REFUSED(open_error("/proc/kcore", O_RDONLY));
	/* And nothing else. */
	EXPECT_EQ(0, open_error("/sys/kernel", O_DIRECTORY));
	EXPECT_EQ(0, open_error("/proc/self/stat", O_RDONLY));
	EXPECT_EQ(0, open_error("/proc/timer_list", O_RDONLY));
}

/* DAMON is not in 6.1. */
TEST(pids_in_sysfs)
{
	char base[] = "/sys/kernel/mm/damon/admin/kdamonds", path[128];

	snprintf(path, sizeof(path), "%s/nr_kdamonds", base);
	if (access(path, F_OK))
		SKIP(return, "this kernel has no DAMON");
	ASSERT_EQ(0, ct_write_file(path, "1"));
	snprintf(path, sizeof(path), "%s/0/pid", base);
	EXPECT_REFUSED(open_error(path, O_RDONLY));
	snprintf(path, sizeof(path), "%s/0/state", base);
	EXPECT_EQ(0, open_error(path, O_RDONLY));
	snprintf(path, sizeof(path), "%s/nr_kdamonds", base);
	EXPECT_EQ(0, ct_write_file(path, "0"));
}

TEST(bpf_programs)
{
	struct bpf_insn program[] = {
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0 },
		{ .code = BPF_JMP | BPF_EXIT },
	};
	union bpf_attr attr = {
		.prog_type = BPF_PROG_TYPE_SOCKET_FILTER,
		.insns = (uintptr_t)program, .insn_cnt = 2,
		.license = (uintptr_t)"GPL",
	};
	int fd;

	errno = 0;
	fd = syscall(SYS_bpf, BPF_PROG_LOAD, &attr, sizeof(attr));
	EXPECT_EQ(contained(), fd < 0);
	EXPECT_REFUSED(errno);
	close(fd);
	/* Maps hold what is put into them. */
	memset(&attr, 0, sizeof(attr));
	attr.map_type = BPF_MAP_TYPE_ARRAY;
	attr.key_size = 4;
	attr.value_size = 4;
	attr.max_entries = 1;
	fd = syscall(SYS_bpf, BPF_MAP_CREATE, &attr, sizeof(attr));
	EXPECT_LE(0, fd);
	close(fd);
}

static int open_perf_error(struct perf_event_attr *attr)
{
	int fd = syscall(SYS_perf_event_open, attr, 0, -1, -1,
			 PERF_FLAG_FD_CLOEXEC);

	if (fd < 0)
		return errno;
	close(fd);
	return 0;
}

static int perf_error(int type, int sample)
{
	struct perf_event_attr attr = {
		.size = sizeof(attr), .type = type, .sample_type = sample,
		.config = PERF_COUNT_SW_DUMMY,
	};

	return open_perf_error(&attr);
}

TEST(trace_events_by_perf)
{
	EXPECT_EQ(0, perf_error(PERF_TYPE_SOFTWARE, PERF_SAMPLE_TID));
	EXPECT_REFUSED(perf_error(PERF_TYPE_SOFTWARE, PERF_SAMPLE_RAW));
	/* There is no tracepoint with this number. */
	EXPECT_EQ(contained() ? EPERM : EINVAL,
		  perf_error(PERF_TYPE_TRACEPOINT, 0));
}

/* The error of a probe of a function, or of the beginning of a file. */
static int probe_error(const char *kind, const char *what)
{
	struct perf_event_attr attr = {
		.size = sizeof(attr), .disabled = 1,
		.config1 = (uintptr_t)what,
	};
	char path[128], text[32];

	snprintf(path, sizeof(path), "/sys/bus/event_source/devices/%s/type",
		 kind);
	CT_CHECK(ct_read_file(path, text, sizeof(text)) > 0);
	attr.type = atoi(text);
	return open_perf_error(&attr);
}

/* They have the filters of tracepoints, which know common_pid. */
TEST(probes_by_perf)
{
	EXPECT_REFUSED(probe_error("kprobe", "vfs_read"));
	EXPECT_REFUSED(probe_error("uprobe", "/proc/self/exe"));
}

/* The error of joining a group, by number and by the mask in an address. */
static int join_error(int protocol, int group)
{
	struct sockaddr_nl address = {
		.nl_family = AF_NETLINK, .nl_groups = 1U << (group - 1),
	};
	int sock = ct_netlink(protocol), error;

	errno = 0;
	setsockopt(sock, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, &group,
		   sizeof(group));
	error = errno;
	errno = 0;
	bind(sock, (struct sockaddr *)&address, sizeof(address));
	CT_EQ(error, errno);
	close(sock);
	return error;
}

TEST(groups_of_messages)
{
	struct sockaddr_nl address = { .nl_family = AF_NETLINK };
	int sock;

	EXPECT_REFUSED(join_error(NETLINK_CONNECTOR, CN_IDX_PROC));
	EXPECT_REFUSED(join_error(NETLINK_AUDIT, AUDIT_NLGRP_READLOG));
	EXPECT_EQ(0, join_error(NETLINK_KOBJECT_UEVENT, 1));
	EXPECT_EQ(0, join_error(NETLINK_ROUTE, 1));
	/* To be there without listening to a group is free. */
	sock = ct_netlink(NETLINK_CONNECTOR);
	EXPECT_EQ(0, bind(sock, (struct sockaddr *)&address, sizeof(address)));
	close(sock);
}

/* The kernel's own refusals for those who are not of the host. */
TEST(audit_control)
{
	struct audit_status status = { .mask = 0 };
	struct ct_message msg;
	int sock = ct_netlink(NETLINK_AUDIT);

	ct_message_init(&msg, AUDIT_GET, NLM_F_ACK);
	EXPECT_EQ(ct_isolated() ? -EPERM : 0, ct_ask(sock, &msg));
	close(sock);
	sock = ct_netlink(NETLINK_AUDIT);
	ct_message_init(&msg, AUDIT_SET, NLM_F_ACK);
	ct_message_add(&msg, &status, sizeof(status));
	EXPECT_EQ(ct_isolated() ? -EPERM : 0, ct_ask(sock, &msg));
	close(sock);
	sock = ct_netlink(NETLINK_AUDIT);
	ct_message_init(&msg, AUDIT_SIGNAL_INFO, NLM_F_ACK);
	EXPECT_EQ(ct_isolated() ? -EPERM : 0, ct_ask(sock, &msg));
	close(sock);
}

static int listen_to_exits(int sock, int family, int attribute)
{
	struct genlmsghdr command = { .cmd = TASKSTATS_CMD_GET, .version = 1 };
	struct ct_message msg;

	ct_message_init(&msg, family, NLM_F_ACK);
	ct_message_add(&msg, &command, sizeof(command));
	ct_message_attr(&msg, attribute, "0", 2);
	return ct_ask(sock, &msg);
}

TEST(statistics_of_exits)
{
	int sock = ct_netlink(NETLINK_GENERIC);
	int family = ct_family(sock, TASKSTATS_GENL_NAME);

	EXPECT_EQ(ct_isolated() ? -EINVAL : 0,
		  listen_to_exits(sock, family,
				  TASKSTATS_CMD_ATTR_REGISTER_CPUMASK));
	if (!ct_isolated())
		EXPECT_EQ(0, listen_to_exits(sock, family,
				TASKSTATS_CMD_ATTR_DEREGISTER_CPUMASK));
	close(sock);
}

TEST(list_of_netlink_sockets)
{
	struct sock_diag_req request = { .sdiag_family = AF_NETLINK };
	struct ct_message msg;
	int sock = ct_netlink(NETLINK_SOCK_DIAG), error;

	ct_message_init(&msg, SOCK_DIAG_BY_FAMILY, NLM_F_DUMP | NLM_F_ACK);
	ct_message_add(&msg, &request, sizeof(request));
	error = ct_ask(sock, &msg);
	/* Without its module the family is not known. */
	EXPECT_EQ(contained(), error == -EPERM);
	close(sock);
	sock = ct_netlink(NETLINK_SOCK_DIAG);
	request.sdiag_family = AF_MAX;
	ct_message_init(&msg, SOCK_DIAG_BY_FAMILY, NLM_F_ACK);
	ct_message_add(&msg, &request, sizeof(request));
	EXPECT_EQ(-EINVAL, ct_ask(sock, &msg));
	close(sock);
}

/* Of <linux/kfd_ioctl.h>, which takes libdrm's headers. */
struct kfd_smi_events {
	uint32_t gpu, fd;
};

struct kfd_criu {
	uint64_t pointers[3], size;
	uint32_t counts[3], pid, op;
};

#define AMDKFD_IOC_SMI_EVENTS	_IOWR('K', 0x1f, struct kfd_smi_events)
#define AMDKFD_IOC_CRIU_OP	_IOWR('K', 0x22, struct kfd_criu)

/* A pipe has none of these. */
TEST(control_by_number)
{
	static const unsigned long commands[] = {
		KVM_GET_STATS_FD, BINDER_FREEZE, BINDER_GET_FROZEN_INFO,
		AUTOFS_DEV_IOCTL_SETPIPEFD, AMDKFD_IOC_SMI_EVENTS,
		AMDKFD_IOC_CRIU_OP, 0,
	};
	const unsigned long *command;
	int fd[2];

	ASSERT_EQ(0, pipe2(fd, O_CLOEXEC));
	for (command = commands; *command; command++) {
		EXPECT_EQ(-1, ioctl(fd[0], *command, NULL));
		EXPECT_EQ(contained() ? EPERM : ENOTTY, errno);
	}
	EXPECT_EQ(-1, ioctl(fd[0], KVM_GET_API_VERSION, NULL));
	EXPECT_EQ(ENOTTY, errno);
	close(fd[0]);
	close(fd[1]);
}

TEST_HARNESS_MAIN
