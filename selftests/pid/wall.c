// SPDX-License-Identifier: GPL-2.0
/* modes: host */
/*
 * No call reaches a task outside by the number that it has there: inside, such
 * a task does not exist.  Each call is made for a task of one's own as well,
 * where it has to succeed.
 */
#include "ct.h"
#include <linux/capability.h>
#include <linux/futex.h>
#include <linux/kcmp.h>
#include <linux/perf_event.h>
#include <linux/sched.h>
#include <sys/pidfd.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/uio.h>
#include "ct-file.h"
#include "kselftest_harness.h"
#include "ct-wall.h"

#define CGROUP_ROOT	"/sys/fs/cgroup"

static char test_cgroup[64];
static long word = 1;

/* -- one call each: 0 or -errno, the rest is undone --------------------------- */

static long result(long ret)
{
	return ret < 0 ? -errno : 0;
}

static long close_fd(int fd)
{
	if (fd < 0)
		return -errno;
	close(fd);
	return 0;
}

#define CALL(name, expr) \
static long call_##name(pid_t pid) { return result(expr); }

CALL(kill, kill(pid, 0))
CALL(kill_group, kill(-pid, 0))
CALL(tkill, syscall(SYS_tkill, pid, 0))
CALL(tgkill, syscall(SYS_tgkill, pid, pid, 0))
CALL(wait4, waitpid(pid, NULL, WNOHANG))
CALL(wait4_group, waitpid(-pid, NULL, WNOHANG))
CALL(getpgid, getpgid(pid))
CALL(getsid, getsid(pid))
CALL(setpgid, setpgid(pid, pid))
CALL(getscheduler, sched_getscheduler(pid))
CALL(getpriority, (errno = 0, getpriority(PRIO_PROCESS, pid)))
CALL(setpriority, setpriority(PRIO_PROCESS, pid, 1))
CALL(getpriority_group, (errno = 0, getpriority(PRIO_PGRP, pid)))
CALL(setpriority_group, setpriority(PRIO_PGRP, pid, 1))
CALL(ioprio_get, syscall(SYS_ioprio_get, 1, pid))
CALL(ioprio_get_group, syscall(SYS_ioprio_get, 2, pid))
CALL(prlimit, prlimit(pid, RLIMIT_CORE, NULL, NULL))
CALL(kcmp_first, syscall(SYS_kcmp, pid, getpid(), KCMP_FILE, 0, 0))
CALL(kcmp_second, syscall(SYS_kcmp, getpid(), pid, KCMP_FILE, 0, 0))
CALL(migrate_pages, syscall(SYS_migrate_pages, pid, 64, &word, &word))
CALL(move_pages, syscall(SYS_move_pages, pid, 0, NULL, NULL, NULL, 0))
CALL(set_ptracer, prctl(PR_SET_PTRACER, pid))

static long call_sigqueue(pid_t pid)
{
	siginfo_t info = { .si_code = SI_QUEUE };

	return result(syscall(SYS_rt_sigqueueinfo, pid, 0, &info));
}

static long call_tgsigqueue(pid_t pid)
{
	siginfo_t info = { .si_code = SI_QUEUE };

	return result(syscall(SYS_rt_tgsigqueueinfo, pid, pid, 0, &info));
}

static long call_pidfd_open(pid_t pid)
{
	return close_fd(pidfd_open(pid, 0));
}

static long call_waitid(pid_t pid)
{
	siginfo_t info;

	return result(waitid(P_PID, pid, &info, WEXITED | WNOHANG));
}

static long call_setpgid_to(pid_t pid)
{
	pid_t old = getpgrp();
	long ret = result(setpgid(0, pid));

	if (!ret)
		CT_EQ(0, setpgid(0, old));
	return ret;
}

static long call_affinity(pid_t pid)
{
	cpu_set_t set;
	long ret = result(sched_getaffinity(pid, sizeof(set), &set));

	return ret ?: result(sched_setaffinity(pid, sizeof(set), &set));
}

static long call_setaffinity(pid_t pid)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(0, &set);
	return result(sched_setaffinity(pid, sizeof(set), &set));
}

static long call_setscheduler(pid_t pid)
{
	struct sched_param param = { 0 };

	return result(sched_setscheduler(pid, SCHED_BATCH, &param));
}

static long call_setparam(pid_t pid)
{
	struct sched_param param = { 0 };

	return result(sched_setparam(pid, &param));
}

static long call_getparam(pid_t pid)
{
	struct sched_param param;

	return result(sched_getparam(pid, &param));
}

static long call_rr_interval(pid_t pid)
{
	struct timespec time;

	return result(sched_rr_get_interval(pid, &time));
}

static long call_sched_attr(pid_t pid)
{
	char attr[128];
	long ret = result(syscall(SYS_sched_getattr, pid, attr, sizeof(attr),
				  0));

	return ret ?: result(syscall(SYS_sched_setattr, pid, attr, 0));
}

static long call_sched_setattr(pid_t pid)
{
	uint32_t attr[12] = { sizeof(attr) };

	return result(syscall(SYS_sched_setattr, pid, attr, 0));
}

static long call_capget(pid_t pid)
{
	struct __user_cap_header_struct header = {
		_LINUX_CAPABILITY_VERSION_3, pid
	};
	struct __user_cap_data_struct data[2];

	return result(syscall(SYS_capget, &header, data));
}

static long call_seize(pid_t pid)
{
	int status;

	if (ptrace(PTRACE_SEIZE, pid, 0, 0))
		return -errno;
	CT_EQ(0, ptrace(PTRACE_INTERRUPT, pid, 0, 0));
	CT_EQ(pid, waitpid(pid, &status, __WALL));
	return result(ptrace(PTRACE_DETACH, pid, 0, 0));
}

static long call_attach(pid_t pid)
{
	int status;

	if (ptrace(PTRACE_ATTACH, pid, 0, 0))
		return -errno;
	CT_EQ(pid, waitpid(pid, &status, __WALL));
	return result(ptrace(PTRACE_DETACH, pid, 0, 0));
}

static long call_vm_readv(pid_t pid)
{
	long copy;
	struct iovec local = { &copy, sizeof(copy) };
	struct iovec remote = { &word, sizeof(word) };

	return result(process_vm_readv(pid, &local, 1, &remote, 1, 0));
}

static long call_vm_writev(pid_t pid)
{
	long copy = 1;
	struct iovec local = { &copy, sizeof(copy) };
	struct iovec remote = { &word, sizeof(word) };

	return result(process_vm_writev(pid, &local, 1, &remote, 1, 0));
}

static long call_robust_list(pid_t pid)
{
	void *head;
	size_t len;

	return result(syscall(SYS_get_robust_list, pid, &head, &len));
}

static long call_clock(pid_t pid)
{
	clockid_t clock;

	return -clock_getcpuclockid(pid, &clock);
}

static long set_owner(int cmd, long arg)
{
	int fd[2];
	long ret;

	CT_EQ(0, pipe2(fd, O_CLOEXEC));
	ret = result(fcntl(fd[0], cmd, arg));
	close(fd[0]);
	close(fd[1]);
	return ret;
}

static long set_owner_ex(int type, pid_t pid)
{
	struct f_owner_ex owner = { type, pid };

	return set_owner(F_SETOWN_EX, (long)&owner);
}

CALL(owner, set_owner(F_SETOWN, pid) ? -1 : 0)
CALL(owner_group, set_owner(F_SETOWN, -pid) ? -1 : 0)
CALL(owner_tid, set_owner_ex(F_OWNER_TID, pid) ? -1 : 0)
CALL(owner_pid, set_owner_ex(F_OWNER_PID, pid) ? -1 : 0)
CALL(owner_pgrp, set_owner_ex(F_OWNER_PGRP, pid) ? -1 : 0)

static long call_send_creds(pid_t pid)
{
	int fd[2];
	long ret;

	CT_EQ(0, socketpair(AF_UNIX, SOCK_DGRAM, 0, fd));
	ret = result(ct_send_creds(fd[0], pid));
	close(fd[0]);
	close(fd[1]);
	return ret;
}

static long call_perf(pid_t pid)
{
	struct perf_event_attr attr = {
		.size = sizeof(attr), .type = PERF_TYPE_SOFTWARE,
		.config = PERF_COUNT_SW_CPU_CLOCK, .disabled = 1,
	};

	return close_fd(syscall(SYS_perf_event_open, &attr, pid, -1, -1, 0));
}

/* The owner in a PI futex: the lock is taken from nobody, or waited for. */
static long call_futex(pid_t pid)
{
	struct timespec past = { 1, 0 };
	uint32_t futex = pid;
	long ret = result(syscall(SYS_futex, &futex, FUTEX_LOCK_PI, 0, &past,
				  NULL, 0));

	return ret == -ETIMEDOUT ? 0 : ret;
}

static long call_cgroup(pid_t pid)
{
	char path[128], text[16];

	snprintf(path, sizeof(path), "%s/cgroup.procs", test_cgroup);
	snprintf(text, sizeof(text), "%d", pid);
	return ct_write_file(path, text);
}

static long call_proc(pid_t pid)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	return close_fd(open(path, O_RDONLY));
}

static long call_proc_task(pid_t pid)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/task/%d/stat", pid, pid);
	return close_fd(open(path, O_RDONLY));
}

#define ENTRY(name, error) { #name, call_##name, error }

static const struct {
	const char *name;
	long (*call)(pid_t pid);
	int error;
} calls[] = {
	ENTRY(kill, ESRCH), ENTRY(kill_group, ESRCH), ENTRY(tkill, ESRCH),
	ENTRY(tgkill, ESRCH), ENTRY(sigqueue, ESRCH),
	ENTRY(tgsigqueue, ESRCH), ENTRY(pidfd_open, ESRCH),
	ENTRY(wait4, ECHILD), ENTRY(wait4_group, ECHILD),
	ENTRY(waitid, ECHILD), ENTRY(getpgid, ESRCH), ENTRY(getsid, ESRCH),
	ENTRY(setpgid, ESRCH), ENTRY(setpgid_to, EPERM),
	ENTRY(affinity, ESRCH), ENTRY(setaffinity, ESRCH),
	ENTRY(getscheduler, ESRCH), ENTRY(setscheduler, ESRCH),
	ENTRY(getparam, ESRCH), ENTRY(setparam, ESRCH),
	ENTRY(rr_interval, ESRCH), ENTRY(sched_attr, ESRCH),
	ENTRY(sched_setattr, ESRCH), ENTRY(getpriority, ESRCH),
	ENTRY(setpriority, ESRCH), ENTRY(getpriority_group, ESRCH),
	ENTRY(setpriority_group, ESRCH), ENTRY(ioprio_get, ESRCH),
	ENTRY(ioprio_get_group, ESRCH), ENTRY(prlimit, ESRCH),
	ENTRY(capget, ESRCH), ENTRY(seize, ESRCH), ENTRY(attach, ESRCH),
	ENTRY(vm_readv, ESRCH), ENTRY(vm_writev, ESRCH),
	ENTRY(kcmp_first, ESRCH), ENTRY(kcmp_second, ESRCH),
	ENTRY(robust_list, ESRCH), ENTRY(clock, ESRCH),
	ENTRY(migrate_pages, ESRCH), ENTRY(move_pages, ESRCH),
	ENTRY(set_ptracer, EINVAL), ENTRY(owner, ESRCH),
	ENTRY(owner_group, ESRCH), ENTRY(owner_tid, ESRCH),
	ENTRY(owner_pid, ESRCH), ENTRY(owner_pgrp, ESRCH),
	ENTRY(send_creds, ESRCH), ENTRY(perf, ESRCH), ENTRY(futex, ESRCH),
	ENTRY(cgroup, ESRCH), ENTRY(proc, ENOENT), ENTRY(proc_task, ENOENT),
};

#define CALLS (sizeof(calls) / sizeof(*calls))

/* -- the tests ------------------------------------------------------------------ */

/* What a call gives that the kernel does not have. */
static int no_such_call(void)
{
	syscall(-1);
	return errno;
}

static void try_all(int fd, void *arg)
{
	pid_t *outside = arg;
	struct ct_child inside = ct_spawn(CT_PLAIN, ct_idle, NULL);
	size_t i, j;
	long ret;

	(void)fd;
	CT_EQ(0, setpgid(0, 0));
	CT_EQ(0, setpgid(inside.pid, inside.pid));
	for (i = 0; i < CALLS; i++) {
		ret = calls[i].call(inside.pid);
		/* The kernel was built without the call, or without Yama. */
		if (ret == -no_such_call() ||
		    (ret == -EINVAL && calls[i].error == EINVAL))
			continue;
		if (ret)
			CT_FAIL("%s for a task inside: %s", calls[i].name,
				strerror(-ret));
		for (j = 0; j < 2; j++) {
			ret = calls[i].call(outside[j]);
			if (ret != -calls[i].error)
				CT_FAIL("%s for a task outside: %s, not %s",
					calls[i].name, strerror(-ret),
					strerror(calls[i].error));
		}
	}
	CT_EQ(0, ct_finish(&inside));
}

TEST_F(wall, nobody_outside_exists)
{
	struct ct_child plain, member, box;
	pid_t outside[2];

	CT_NEED_BOX(variant);
	snprintf(test_cgroup, sizeof(test_cgroup), CGROUP_ROOT "/ct-wall-%d",
		 getpid());
	ASSERT_EQ(0, mkdir(test_cgroup, 0755));
	plain = ct_spawn(CT_PLAIN, ct_idle, NULL);
	ASSERT_EQ(0, setpgid(plain.pid, plain.pid));
	member = ct_spawn(variant->box, ct_idle, NULL);
	ASSERT_EQ(0, setpgid(member.pid, member.pid));
	outside[0] = plain.pid;
	outside[1] = member.pid;

	box = ct_spawn(variant->box, try_all, outside);
	EXPECT_EQ(0, ct_finish(&box));
	/* Nothing has happened to them. */
	EXPECT_EQ(0, getpriority(PRIO_PROCESS, plain.pid));
	EXPECT_EQ(0, getpriority(PRIO_PROCESS, member.pid));
	EXPECT_EQ(0, ct_finish(&plain));
	EXPECT_EQ(0, ct_finish(&member));
	EXPECT_EQ(0, rmdir(test_cgroup));
}

/* The number of one outside is free inside, and then means another task. */
static void take_number(int fd, void *arg)
{
	pid_t number = *(pid_t *)arg, pid;
	struct clone_args args = {
		.exit_signal = SIGCHLD, .set_tid = (uintptr_t)&number,
		.set_tid_size = 1,
	};

	(void)fd;
	pid = syscall(SYS_clone3, &args, sizeof(args));
	if (!pid) {
		CT_EQ(number, getpid());
		pause();
	}
	CT_EQ(number, pid);
	CT_EQ(1, ct_status(number, "PPid"));
	CT_EQ(0, kill(number, SIGKILL));
	CT_EQ(128 + SIGKILL, ct_reap(number));
}

TEST_F(wall, a_number_means_the_task_of_ones_own_side)
{
	struct ct_child plain, box;

	CT_NEED_BOX(variant);
	plain = ct_spawn(CT_PLAIN, ct_idle, NULL);
	box = ct_spawn(variant->box, take_number, &plain.pid);
	EXPECT_EQ(0, ct_finish(&box));
	EXPECT_EQ(0, ct_finish(&plain));
}

/* Inside, a whole user is only the tasks inside. */
static void renice_user(int fd, void *arg)
{
	struct ct_child child;

	(void)fd;
	(void)arg;
	CT_ERRNO(ESRCH, setpriority(PRIO_USER, CT_UID, 5));
	CT_ERRNO(ESRCH, syscall(SYS_ioprio_get, 3, CT_UID));
	child = ct_spawn(CT_PLAIN, ct_idle_user, NULL);
	ct_recv(child.fd);
	CT_EQ(0, setpriority(PRIO_USER, CT_UID, 5));
	CT_EQ(5, getpriority(PRIO_PROCESS, child.pid));
	CT_EQ(0, ct_finish(&child));
}

TEST_F(wall, a_user_is_those_inside)
{
	struct ct_child user, box;

	CT_NEED_BOX(variant);
	user = ct_spawn(CT_PLAIN, ct_idle_user, NULL);
	ct_recv(user.fd);
	box = ct_spawn(variant->box, renice_user, NULL);
	EXPECT_EQ(0, ct_finish(&box));
	EXPECT_EQ(0, getpriority(PRIO_PROCESS, user.pid));
	EXPECT_EQ(0, ct_finish(&user));
}

TEST_HARNESS_MAIN
