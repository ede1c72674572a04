/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The calls that take the number of a process, thread or group: one function
 * each, and a table of them.  To be included after ct-file.h.
 *
 * A function gives the call's result or -errno, and undoes what it has done.
 * What the call hands out goes to ct_output, so that a caller can compare it.
 */
#ifndef CT_CALLS_H
#define CT_CALLS_H

#include <linux/capability.h>
#include <linux/futex.h>
#include <linux/kcmp.h>
#include <linux/net_namespace.h>
#include <linux/perf_event.h>
#include <linux/rtnetlink.h>
#include <linux/sched.h>
#include <linux/sockios.h>
#include <sys/ioctl.h>
#include <sys/pidfd.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/uio.h>

#define CT_CGROUPS	"/sys/fs/cgroup"

/* What a call wrote; below 4 GB, where 32-bit calls can reach it. */
static union {
	char bytes[256];
	long words[32];
	cpu_set_t cpus;
	siginfo_t info;
	struct rlimit64 limits[2];
} ct_output;

/* Read and written in other processes, where it has the same address. */
static volatile long ct_word = 1;
/* To be moved into; set by the test. */
static char ct_cgroup[64];

static long ct_result(long ret)
{
	return ret < 0 ? -errno : ret;
}

static long ct_close_fd(int fd)
{
	if (fd < 0)
		return -errno;
	close(fd);
	return 0;
}

#define CT_CALL(name, expr) \
static long ct_call_##name(pid_t pid) { return ct_result(expr); }

/* -- signals, waiting, groups ------------------------------------------------ */

CT_CALL(kill, kill(pid, 0))
CT_CALL(kill_group, kill(-pid, 0))
CT_CALL(tkill, syscall(SYS_tkill, pid, 0))
CT_CALL(tgkill, syscall(SYS_tgkill, pid, pid, 0))
CT_CALL(wait4, wait4(pid, (int *)ct_output.bytes, WNOHANG,
		     (struct rusage *)&ct_output.words[1]))
CT_CALL(wait4_group, wait4(-pid, (int *)ct_output.bytes, WNOHANG,
			   (struct rusage *)&ct_output.words[1]))
CT_CALL(waitid, waitid(P_PID, pid, &ct_output.info, WEXITED | WNOHANG))
CT_CALL(waitid_group, waitid(P_PGID, pid, &ct_output.info,
			     WEXITED | WNOHANG))
CT_CALL(getpgid, getpgid(pid))
CT_CALL(getsid, getsid(pid))
CT_CALL(setpgid, setpgid(pid, pid))

static long ct_sigqueue(pid_t pid, int sig)
{
	siginfo_t info = ct_queued(sig);

	return ct_result(syscall(SYS_rt_sigqueueinfo, pid, sig, &info));
}

static long ct_tgsigqueue(pid_t tgid, pid_t pid, int sig)
{
	siginfo_t info = ct_queued(sig);

	return ct_result(syscall(SYS_rt_tgsigqueueinfo, tgid, pid, sig, &info));
}

static long ct_call_sigqueue(pid_t pid)
{
	return ct_sigqueue(pid, 0);
}

static long ct_call_tgsigqueue(pid_t pid)
{
	return ct_tgsigqueue(pid, pid, 0);
}

static long ct_call_pidfd_open(pid_t pid)
{
	return ct_close_fd(pidfd_open(pid, 0));
}

static long ct_call_setpgid_to(pid_t pid)
{
	pid_t old = getpgrp();
	long ret = ct_result(setpgid(0, pid));

	if (!ret)
		CT_EQ(0, setpgid(0, old));
	return ret;
}

/* -- scheduling, limits ------------------------------------------------------- */

CT_CALL(getscheduler, sched_getscheduler(pid))
CT_CALL(getpriority, syscall(SYS_getpriority, PRIO_PROCESS, pid))
CT_CALL(setpriority, setpriority(PRIO_PROCESS, pid, 1))
CT_CALL(getpriority_group, syscall(SYS_getpriority, PRIO_PGRP, pid))
CT_CALL(setpriority_group, setpriority(PRIO_PGRP, pid, 1))
CT_CALL(ioprio_get, syscall(SYS_ioprio_get, 1, pid))
CT_CALL(ioprio_get_group, syscall(SYS_ioprio_get, 2, pid))
/* The class of those who do not care, which is that of all. */
CT_CALL(ioprio_set, syscall(SYS_ioprio_set, 1, pid, 0))
CT_CALL(ioprio_set_group, syscall(SYS_ioprio_set, 2, pid, 0))
CT_CALL(prlimit, prlimit64(pid, RLIMIT_CORE, NULL, ct_output.limits))
CT_CALL(getparam, sched_getparam(pid, (void *)ct_output.bytes))
CT_CALL(rr_interval, sched_rr_get_interval(pid, (void *)ct_output.bytes))
CT_CALL(migrate_pages, syscall(SYS_migrate_pages, pid, 64, &ct_word, &ct_word))
CT_CALL(move_pages, syscall(SYS_move_pages, pid, 0, NULL, NULL, NULL, 0))

static long ct_call_affinity(pid_t pid)
{
	long ret = ct_result(sched_getaffinity(pid, sizeof(ct_output.cpus),
					       &ct_output.cpus));

	return ret < 0 ? ret : ct_result(sched_setaffinity(pid,
			sizeof(ct_output.cpus), &ct_output.cpus));
}

static long ct_call_setaffinity(pid_t pid)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(0, &set);
	return ct_result(sched_setaffinity(pid, sizeof(set), &set));
}

static long ct_call_setscheduler(pid_t pid)
{
	struct sched_param param = { 0 };

	return ct_result(sched_setscheduler(pid, SCHED_BATCH, &param));
}

static long ct_call_setparam(pid_t pid)
{
	struct sched_param param = { 0 };

	return ct_result(sched_setparam(pid, &param));
}

static long ct_call_sched_attr(pid_t pid)
{
	long ret = ct_result(syscall(SYS_sched_getattr, pid, ct_output.bytes,
				     sizeof(ct_output), 0));

	return ret ?: ct_result(syscall(SYS_sched_setattr, pid,
					ct_output.bytes, 0));
}

static long ct_call_sched_setattr(pid_t pid)
{
	uint32_t attr[12] = { sizeof(attr) };

	return ct_result(syscall(SYS_sched_setattr, pid, attr, 0));
}

/* -- looking into others ------------------------------------------------------- */

CT_CALL(kcmp_first, syscall(SYS_kcmp, pid, getpid(), KCMP_FILE, 0, 0))
CT_CALL(kcmp_second, syscall(SYS_kcmp, getpid(), pid, KCMP_FILE, 0, 0))
CT_CALL(set_ptracer, prctl(PR_SET_PTRACER, pid))
CT_CALL(robust_list, syscall(SYS_get_robust_list, pid, &ct_output.words[0],
			     &ct_output.words[1]))

static long ct_call_capget(pid_t pid)
{
	struct __user_cap_header_struct header = {
		_LINUX_CAPABILITY_VERSION_3, pid
	};

	return ct_result(syscall(SYS_capget, &header, ct_output.bytes));
}

static long ct_call_seize(pid_t pid)
{
	int status;

	if (ptrace(PTRACE_SEIZE, pid, 0, 0))
		return -errno;
	CT_EQ(0, ptrace(PTRACE_INTERRUPT, pid, 0, 0));
	CT_EQ(pid, waitpid(pid, &status, __WALL));
	return ct_result(ptrace(PTRACE_DETACH, pid, 0, 0));
}

static long ct_call_attach(pid_t pid)
{
	int status;

	if (ptrace(PTRACE_ATTACH, pid, 0, 0))
		return -errno;
	CT_EQ(pid, waitpid(pid, &status, __WALL));
	return ct_result(ptrace(PTRACE_DETACH, pid, 0, 0));
}

static long ct_vm_copy(pid_t pid, bool write, long *value)
{
	struct iovec local = { value, sizeof(*value) };
	struct iovec remote = { (void *)&ct_word, sizeof(ct_word) };

	return ct_result(write ?
			 process_vm_writev(pid, &local, 1, &remote, 1, 0) :
			 process_vm_readv(pid, &local, 1, &remote, 1, 0));
}

static long ct_call_vm_readv(pid_t pid)
{
	return ct_vm_copy(pid, false, &ct_output.words[0]);
}

static long ct_call_vm_writev(pid_t pid)
{
	long copy = ct_word;

	return ct_vm_copy(pid, true, &copy);
}

static long ct_call_clock(pid_t pid)
{
	clockid_t clock;

	return -clock_getcpuclockid(pid, &clock);
}

static long ct_call_perf(pid_t pid)
{
	struct perf_event_attr attr = {
		.size = sizeof(attr), .type = PERF_TYPE_SOFTWARE,
		.config = PERF_COUNT_SW_CPU_CLOCK, .disabled = 1,
	};

	return ct_close_fd(syscall(SYS_perf_event_open, &attr, pid, -1, -1, 0));
}

/* The owner in a PI futex: the lock is taken from nobody, or waited for. */
static long ct_lock_pi(pid_t pid, int op)
{
	struct timespec past = { 1, 0 };
	uint32_t futex = pid;
	long ret = ct_result(syscall(SYS_futex, &futex, op, 0, &past, NULL, 0));

	return ret == -ETIMEDOUT ? 0 : ret;
}

static long ct_call_futex(pid_t pid)
{
	return ct_lock_pi(pid, FUTEX_LOCK_PI);
}

static long ct_call_futex_private(pid_t pid)
{
	return ct_lock_pi(pid, FUTEX_LOCK_PI | FUTEX_PRIVATE_FLAG);
}

/* -- owners, credentials ---------------------------------------------------------- */

static long ct_set_owner(int cmd, long arg)
{
	static int fd[2];

	if (!fd[0])
		CT_EQ(0, pipe2(fd, O_CLOEXEC));
	return ct_result(fcntl(fd[0], cmd, arg));
}

static long ct_set_owner_ex(int type, pid_t pid)
{
	struct f_owner_ex owner = { type, pid };

	return ct_set_owner(F_SETOWN_EX, (long)&owner);
}

static long ct_set_socket_owner(int cmd, int pid)
{
	static int fd;

	if (!fd) {
		fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
		CT_CHECK(fd > 0);
	}
	return ct_result(ioctl(fd, cmd, &pid));
}

static long ct_call_owner(pid_t pid)
{
	return ct_set_owner(F_SETOWN, pid);
}

static long ct_call_owner_group(pid_t pid)
{
	return ct_set_owner(F_SETOWN, -pid);
}

static long ct_call_owner_tid(pid_t pid)
{
	return ct_set_owner_ex(F_OWNER_TID, pid);
}

static long ct_call_owner_pid(pid_t pid)
{
	return ct_set_owner_ex(F_OWNER_PID, pid);
}

static long ct_call_owner_pgrp(pid_t pid)
{
	return ct_set_owner_ex(F_OWNER_PGRP, pid);
}

static long ct_call_socket_owner(pid_t pid)
{
	return ct_set_socket_owner(SIOCSPGRP, pid);
}

static long ct_call_socket_owner_group(pid_t pid)
{
	return ct_set_socket_owner(FIOSETOWN, -pid);
}

static long ct_call_send_creds(pid_t pid)
{
	int fd[2];
	long ret;

	CT_EQ(0, socketpair(AF_UNIX, SOCK_DGRAM, 0, fd));
	ret = ct_result(ct_send_creds(fd[0], pid));
	close(fd[0]);
	close(fd[1]);
	return ret;
}

/* -- files and messages with numbers in them ---------------------------------------- */

static long ct_call_cgroup(pid_t pid)
{
	char path[128], text[16];

	snprintf(path, sizeof(path), "%s/cgroup.procs", ct_cgroup);
	snprintf(text, sizeof(text), "%d", pid);
	return ct_write_file(path, text);
}

static long ct_proc_open(const char *format, pid_t pid)
{
	char path[64];

	snprintf(path, sizeof(path), format, pid, pid);
	return ct_close_fd(open(path, O_RDONLY | O_CLOEXEC));
}

static long ct_call_proc(pid_t pid)
{
	return ct_proc_open("/proc/%d/stat", pid);
}

static long ct_call_proc_dir(pid_t pid)
{
	return ct_proc_open("/proc/%d", pid);
}

static long ct_call_proc_task(pid_t pid)
{
	return ct_proc_open("/proc/%d/task/%d/stat", pid);
}

/* In which network namespace is it, seen from ours? */
static long ct_call_netlink(pid_t pid)
{
	static int sock;
	/* A header, the family with its padding, and one attribute. */
	struct {
		struct nlmsghdr head;
		uint32_t family;
		struct nlattr attr;
		int32_t pid;
	} request = {
		.head = { sizeof(request), RTM_GETNSID, NLM_F_REQUEST, 0, 0 },
		.attr = { sizeof(request.attr) + sizeof(pid), NETNSA_PID },
		.pid = pid,
	};
	char text[256];
	struct nlmsghdr *answer = (void *)text;

	if (!sock) {
		sock = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC,
			      NETLINK_ROUTE);
		CT_CHECK(sock > 0);
	}
	CT_CHECK(send(sock, &request, sizeof(request), 0) > 0);
	CT_CHECK(recv(sock, text, sizeof(text), 0) > 0);
	if (answer->nlmsg_type != NLMSG_ERROR) {
		memcpy(ct_output.bytes, text, sizeof(text));
		return 0;
	}
	/* It repeats the request. */
	return ((struct nlmsgerr *)NLMSG_DATA(answer))->error;
}

/* -- the table ------------------------------------------------------------------------ */

struct ct_call {
	const char *name;
	long (*call)(pid_t pid);
	int error;	/* for a number that nobody has */
	bool slow;	/* more than a system call or two */
};

#define CT_FAST(name, error) { #name, ct_call_##name, error, false }
#define CT_SLOW(name, error) { #name, ct_call_##name, error, true }

static const struct ct_call ct_calls[] = {
	CT_FAST(kill, ESRCH), CT_FAST(kill_group, ESRCH),
	CT_FAST(tkill, ESRCH), CT_FAST(tgkill, ESRCH),
	CT_FAST(sigqueue, ESRCH), CT_FAST(tgsigqueue, ESRCH),
	CT_FAST(pidfd_open, ESRCH), CT_FAST(wait4, ECHILD),
	CT_FAST(wait4_group, ECHILD), CT_FAST(waitid, ECHILD),
	CT_FAST(waitid_group, ECHILD), CT_FAST(getpgid, ESRCH),
	CT_FAST(getsid, ESRCH), CT_FAST(setpgid, ESRCH),
	CT_FAST(setpgid_to, EPERM), CT_FAST(affinity, ESRCH),
	CT_FAST(setaffinity, ESRCH), CT_FAST(getscheduler, ESRCH),
	CT_FAST(setscheduler, ESRCH), CT_FAST(getparam, ESRCH),
	CT_FAST(setparam, ESRCH), CT_FAST(rr_interval, ESRCH),
	CT_FAST(sched_attr, ESRCH), CT_FAST(sched_setattr, ESRCH),
	CT_FAST(getpriority, ESRCH), CT_FAST(setpriority, ESRCH),
	CT_FAST(getpriority_group, ESRCH), CT_FAST(setpriority_group, ESRCH),
	CT_FAST(ioprio_get, ESRCH), CT_FAST(ioprio_get_group, ESRCH),
	CT_FAST(ioprio_set, ESRCH), CT_FAST(ioprio_set_group, ESRCH),
	CT_FAST(prlimit, ESRCH), CT_FAST(capget, ESRCH),
	CT_FAST(seize, ESRCH), CT_FAST(attach, ESRCH),
	CT_FAST(vm_readv, ESRCH), CT_FAST(vm_writev, ESRCH),
	CT_FAST(kcmp_first, ESRCH), CT_FAST(kcmp_second, ESRCH),
	CT_FAST(robust_list, ESRCH), CT_FAST(clock, ESRCH),
	CT_FAST(migrate_pages, ESRCH), CT_FAST(move_pages, ESRCH),
	CT_FAST(set_ptracer, EINVAL), CT_FAST(owner, ESRCH),
	CT_FAST(owner_group, ESRCH), CT_FAST(owner_tid, ESRCH),
	CT_FAST(owner_pid, ESRCH), CT_FAST(owner_pgrp, ESRCH),
	CT_FAST(socket_owner, ESRCH), CT_FAST(socket_owner_group, ESRCH),
	CT_FAST(perf, ESRCH), CT_FAST(futex, ESRCH),
	CT_FAST(futex_private, ESRCH),
	CT_SLOW(send_creds, ESRCH), CT_SLOW(cgroup, ESRCH),
	CT_SLOW(proc, ENOENT), CT_SLOW(proc_dir, ENOENT),
	CT_SLOW(proc_task, ENOENT), CT_SLOW(netlink, ESRCH),
};

#define CT_CALLS (sizeof(ct_calls) / sizeof(*ct_calls))

#endif
