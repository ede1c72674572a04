// SPDX-License-Identifier: GPL-2.0
/* modes: host contained pidns */
/*
 * Odd places where one's own numbers go in or come out.
 */
#include "ct.h"
#include "ct-netlink.h"
#include <linux/bpf.h>
#include <linux/filter.h>
#include <linux/net_namespace.h>
#include <linux/nsfs.h>
#include <linux/rtnetlink.h>
#include <linux/seccomp.h>
#include <linux/taskstats.h>
#include <linux/userfaultfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/pidfd.h>
#include <sys/ptrace.h>
#include "kselftest_harness.h"

/* Linux 6.10 */
#ifndef NS_GET_PID_FROM_PIDNS
#define NS_GET_PID_FROM_PIDNS	_IOR(NSIO, 0x6, int)
#define NS_GET_TGID_FROM_PIDNS	_IOR(NSIO, 0x7, int)
#define NS_GET_PID_IN_PIDNS	_IOR(NSIO, 0x8, int)
#define NS_GET_TGID_IN_PIDNS	_IOR(NSIO, 0x9, int)
#endif

/* Between oneself and one's own namespace nothing changes. */
TEST(numbers_of_a_namespace)
{
	int ns = open("/proc/self/ns/pid", O_RDONLY | O_CLOEXEC);
	pid_t unused = ct_unused_pid();
	struct ct_thread thread;

	ASSERT_LE(0, ns);
	if (ioctl(ns, NS_GET_PID_IN_PIDNS, getpid()) < 0 && errno == ENOTTY)
		SKIP(return, "this kernel does not translate numbers");
	ct_thread_start(&thread);
	EXPECT_EQ(thread.tid, ioctl(ns, NS_GET_PID_IN_PIDNS, thread.tid));
	EXPECT_EQ(getpid(), ioctl(ns, NS_GET_TGID_IN_PIDNS, thread.tid));
	EXPECT_EQ(thread.tid, ioctl(ns, NS_GET_PID_FROM_PIDNS, thread.tid));
	EXPECT_EQ(getpid(), ioctl(ns, NS_GET_TGID_FROM_PIDNS, thread.tid));
	CT_ERRNO(ESRCH, ioctl(ns, NS_GET_PID_IN_PIDNS, unused));
	CT_ERRNO(ESRCH, ioctl(ns, NS_GET_PID_FROM_PIDNS, unused));
	ct_thread_end(&thread);
	close(ns);
}

/* There are no real pid namespaces inside, neither new ones nor the host's. */
TEST(no_namespace_inside)
{
	int ns = open("/proc/self/ns/pid", O_RDONLY | O_CLOEXEC);
	bool contained = ct_mode() == CT_MODE_CONTAINED;
	struct stat stat;
	pid_t pid;

	ASSERT_LE(0, ns);
	/* The one that the kernel begins with. */
	ASSERT_EQ(0, fstat(ns, &stat));
	EXPECT_EQ(ct_mode() != CT_MODE_PIDNS, stat.st_ino == 0xeffffffcU);
	pid = fork();
	if (!pid) {
		CT_EQ(contained ? -1 : 0, unshare(CLONE_NEWPID));
		CT_EQ(contained ? EINVAL : 0, contained ? errno : 0);
		_exit(0);
	}
	EXPECT_EQ(0, ct_reap(pid));
	pid = fork();
	if (!pid) {
		CT_EQ(contained ? -1 : 0, setns(ns, CLONE_NEWPID));
		CT_EQ(contained ? EINVAL : 0, contained ? errno : 0);
		_exit(0);
	}
	EXPECT_EQ(0, ct_reap(pid));
	EXPECT_EQ(getpid(), ct_status(getpid(), "Pid"));
	close(ns);
}

/* Linux 6.3: whether memory may be executed is a namespace's choice. */
TEST(memory_files)
{
	int fd = memfd_create("ct", MFD_CLOEXEC);

	EXPECT_LE(0, fd);
	close(fd);
	if (access("/proc/sys/vm/memfd_noexec", F_OK))
		SKIP(return, "this kernel does not ask");
	EXPECT_EQ(0, ct_read_number("/proc/sys/vm/memfd_noexec"));
}

TEST(fdinfo_of_a_pidfd)
{
	struct ct_child child = ct_spawn(CT_PLAIN, ct_idle, NULL);
	int pidfd = pidfd_open(child.pid, 0);
	char path[64];

	ASSERT_LE(0, pidfd);
	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", pidfd);
	EXPECT_EQ(child.pid, ct_keyed_number(path, "Pid"));
	EXPECT_EQ(child.pid, ct_keyed_number(path, "NSpid"));
	EXPECT_EQ(0, ct_finish(&child));
	EXPECT_EQ(-1, ct_keyed_number(path, "Pid"));
	close(pidfd);
}

/* "notify: signal/tid.5" in /proc/PID/timers. */
TEST(timers_of_a_process)
{
	struct sigevent event = {
		.sigev_notify = SIGEV_THREAD_ID, .sigev_signo = SIGUSR1,
	};
	char text[512], wanted[64];
	struct ct_thread thread;
	timer_t timer;

	ct_thread_start(&thread);
	event._sigev_un._tid = thread.tid;
	ASSERT_EQ(0, timer_create(CLOCK_MONOTONIC, &event, &timer));
	ASSERT_LT(0, ct_read_file("/proc/self/timers", text, sizeof(text)));
	snprintf(wanted, sizeof(wanted), "notify: signal/tid.%d\n", thread.tid);
	EXPECT_NE(NULL, strstr(text, wanted));
	EXPECT_EQ(0, timer_delete(timer));
	ct_thread_end(&thread);
}

/* What a tracer reads of an event comes from the tracee. */
TEST(siginfo_of_an_event)
{
	struct ct_child child = ct_spawn(CT_PLAIN, ct_idle, NULL);
	siginfo_t info;
	int status;

	ASSERT_EQ(0, ptrace(PTRACE_SEIZE, child.pid, NULL, NULL));
	ASSERT_EQ(0, ptrace(PTRACE_INTERRUPT, child.pid, NULL, NULL));
	ASSERT_EQ(child.pid, waitpid(child.pid, &status, __WALL));
	ASSERT_EQ(0, ptrace(PTRACE_GETSIGINFO, child.pid, NULL, &info));
	EXPECT_EQ(SIGTRAP | PTRACE_EVENT_STOP << 8, info.si_code);
	EXPECT_EQ(child.pid, info.si_pid);
	EXPECT_EQ(0, ptrace(PTRACE_DETACH, child.pid, NULL, NULL));
	EXPECT_EQ(0, ct_finish(&child));
}

static int query_error(pid_t pid)
{
	union bpf_attr attr = { .task_fd_query = { .pid = pid, .fd = -1 } };

	CT_EQ(-1, syscall(SYS_bpf, BPF_TASK_FD_QUERY, &attr, sizeof(attr)));
	return errno;
}

/* What BPF has at a descriptor of a process, or that there is no process. */
TEST(bpf_of_a_process)
{
	EXPECT_EQ(EBADF, query_error(getpid()));
	EXPECT_EQ(EBADF, query_error(getppid()));
	EXPECT_EQ(ENOENT, query_error(ct_unused_pid()));
}

/* -- seccomp -------------------------------------------------------------------- */

static void *take_own_filter(void *arg)
{
	struct sock_filter filter[] = {
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = { 1, filter };
	struct ct_thread *me = arg;

	CT_EQ(0, syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program));
	return ct_thread_idle(me);
}

/* Who stands in the way of a filter for all threads. */
TEST(seccomp_of_all_threads)
{
	struct sock_filter filter[] = {
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = { 1, filter };
	struct ct_thread thread;

	ASSERT_EQ(0, prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0));
	pthread_barrier_init(&thread.step, NULL, 2);
	ASSERT_EQ(0, pthread_create(&thread.thread, NULL, take_own_filter,
				    &thread));
	pthread_barrier_wait(&thread.step);
	EXPECT_EQ(thread.tid, syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER,
				      SECCOMP_FILTER_FLAG_TSYNC, &program));
	ct_thread_end(&thread);
}

/* -- memory ---------------------------------------------------------------------- */

struct faulter {
	char *page;
	pid_t tid;
};

static void *fault(void *arg)
{
	struct faulter *me = arg;

	me->tid = ct_gettid();
	*(volatile char *)me->page = 1;
	return NULL;
}

TEST(who_faults)
{
	struct uffdio_api api = {
		.api = UFFD_API, .features = UFFD_FEATURE_THREAD_ID,
	};
	struct uffdio_register range = { .mode = UFFDIO_REGISTER_MODE_MISSING };
	struct uffdio_zeropage fill;
	struct faulter faulter;
	struct uffd_msg msg;
	pthread_t thread;
	int fd;

	fd = syscall(SYS_userfaultfd, O_CLOEXEC);
	ASSERT_LE(0, fd);
	ASSERT_EQ(0, ioctl(fd, UFFDIO_API, &api));
	faulter.page = mmap(NULL, getpagesize(), PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, faulter.page);
	range.range.start = (uintptr_t)faulter.page;
	range.range.len = getpagesize();
	ASSERT_EQ(0, ioctl(fd, UFFDIO_REGISTER, &range));
	ASSERT_EQ(0, pthread_create(&thread, NULL, fault, &faulter));
	ASSERT_EQ(sizeof(msg), read(fd, &msg, sizeof(msg)));
	EXPECT_EQ(UFFD_EVENT_PAGEFAULT, msg.event);
	memset(&fill, 0, sizeof(fill));
	fill.range = range.range;
	ASSERT_EQ(0, ioctl(fd, UFFDIO_ZEROPAGE, &fill));
	ASSERT_EQ(0, pthread_join(thread, NULL));
	EXPECT_EQ((uint32_t)faulter.tid, msg.arg.pagefault.feat.ptid);
	close(fd);
}

/* -- netlink --------------------------------------------------------------------- */

/* The statistics of a task that one asks for by number. */
static int ask_statistics(int sock, int family, int attribute, pid_t pid,
			  struct taskstats *stats)
{
	struct genlmsghdr command = { .cmd = TASKSTATS_CMD_GET, .version = 1 };
	struct ct_message msg;
	uint32_t number = pid;
	char *outer, *at;
	int error;

	ct_message_init(&msg, family, 0);
	ct_message_add(&msg, &command, sizeof(command));
	ct_message_attr(&msg, attribute, &number, sizeof(number));
	error = ct_ask(sock, &msg);
	if (error)
		return error;
	outer = ct_answer_attr(&msg, sizeof(command),
			       attribute == TASKSTATS_CMD_ATTR_PID ?
			       TASKSTATS_TYPE_AGGR_PID :
			       TASKSTATS_TYPE_AGGR_TGID);
	CT_CHECK(outer);
	at = outer + NLA_HDRLEN;
	CT_EQ(pid, *(pid_t *)at);
	at = outer + NLA_ALIGN(((struct nlattr *)outer)->nla_len);
	while (((struct nlattr *)at)->nla_type != TASKSTATS_TYPE_STATS)
		at += NLA_ALIGN(((struct nlattr *)at)->nla_len);
	memcpy(stats, at + NLA_HDRLEN, sizeof(*stats));
	return 0;
}

TEST(statistics_by_number)
{
	int sock = ct_netlink(NETLINK_GENERIC);
	int family = ct_family(sock, TASKSTATS_GENL_NAME);
	struct taskstats stats = { 0 };
	struct ct_child child;

	child = ct_spawn(CT_PLAIN, ct_idle, NULL);
	ASSERT_EQ(0, ask_statistics(sock, family, TASKSTATS_CMD_ATTR_PID,
				    child.pid, &stats));
	EXPECT_EQ((uint32_t)child.pid, stats.ac_pid);
	EXPECT_EQ((uint32_t)getpid(), stats.ac_ppid);
	EXPECT_EQ(0, ask_statistics(sock, family, TASKSTATS_CMD_ATTR_TGID,
				    child.pid, &stats));
	EXPECT_EQ(0, ct_finish(&child));
	EXPECT_EQ(-ESRCH, ask_statistics(sock, family, TASKSTATS_CMD_ATTR_PID,
					 child.pid, &stats));
	close(sock);
}

static int ask_network(int sock, pid_t pid)
{
	struct rtgenmsg head = { .rtgen_family = AF_UNSPEC };
	struct ct_message msg;
	uint32_t number = pid;

	ct_message_init(&msg, RTM_GETNSID, 0);
	/* Padded, as the attributes begin aligned. */
	ct_message_add(&msg, &head, sizeof(head));
	msg.head.nlmsg_len = NLMSG_ALIGN(msg.head.nlmsg_len);
	ct_message_attr(&msg, NETNSA_PID, &number, sizeof(number));
	return ct_ask(sock, &msg);
}

TEST(network_by_number)
{
	struct ct_child child = ct_spawn(CT_PLAIN, ct_idle, NULL);
	int sock = ct_netlink(NETLINK_ROUTE);

	EXPECT_EQ(0, ask_network(sock, getpid()));
	EXPECT_EQ(0, ask_network(sock, child.pid));
	EXPECT_EQ(0, ct_finish(&child));
	EXPECT_EQ(-ESRCH, ask_network(sock, child.pid));
	close(sock);
}

/* -- keys ------------------------------------------------------------------------- */

#define KEY_HELPER	"/sbin/request-key"
#define KEY_RELEASE	"/tmp/ct-keys-release"

/* A helper that makes no key, but takes its time to do so. */
FIXTURE(key) {
	pthread_t thread;
	pid_t tid;
};

FIXTURE_SETUP(key)
{
	static const char text[] =
		"#!/bin/sh\n"
		"until [ -e " KEY_RELEASE " ]; do sleep 0.05; done\n";
	int fd;

	unlink(KEY_HELPER);
	fd = open(KEY_HELPER, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0755);
	ASSERT_LE(0, fd);
	ASSERT_EQ((ssize_t)strlen(text), write(fd, text, strlen(text)));
	close(fd);
	unlink(KEY_RELEASE);
}

FIXTURE_TEARDOWN(key)
{
	close(open(KEY_RELEASE, O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
	EXPECT_EQ(0, pthread_join(self->thread, NULL));
	EXPECT_EQ(0, unlink(KEY_RELEASE));
	EXPECT_EQ(0, unlink(KEY_HELPER));
}

static void *request_key(void *arg)
{
	pid_t *tid = arg;
	char name[64];

	snprintf(name, sizeof(name), "ct-%d-%d", ct_mode(), getpid());
	*tid = ct_gettid();
	CT_ERRNO(ENOKEY, syscall(SYS_request_key, "user", name, "callout", 0));
	return NULL;
}

/* Whom the key is for that authorises the helper to make it. */
static int find_requester(void)
{
	char line[512], *at;
	FILE *file = fopen("/proc/keys", "re");
	int pid = -1;

	CT_CHECK(file);
	while (fgets(line, sizeof(line), file)) {
		at = strstr(line, " pid:");
		if (strstr(line, " .request_") && at)
			pid = atoi(at + strlen(" pid:"));
	}
	fclose(file);
	return pid;
}

TEST_F(key, who_requests_it)
{
	pid_t found;

	ASSERT_EQ(0, pthread_create(&self->thread, NULL, request_key,
				    &self->tid));
	CT_UNTIL(find_requester() >= 0);
	found = find_requester();
	/* 6.12 has stored a global number, and no oracle. */
	if (ct_mode() == CT_MODE_PIDNS && found != self->tid)
		SKIP(return, "a pid namespace shows the host's number");
	EXPECT_EQ(self->tid, found);
}

TEST_HARNESS_MAIN
