// SPDX-License-Identifier: GPL-2.0
/* modes: host */
/* timeout: 300 */
/*
 * Someone inside tries every number with every call that takes one, with all
 * rights, with fewer, and with none.  A number that only somebody outside has
 * must give to the byte what a number gives that nobody has, and those outside
 * must not notice.
 */
#include "ct.h"
#include <dirent.h>
#include <linux/bpf.h>
#include <linux/genetlink.h>
#include <linux/taskstats.h>
#include <sys/mman.h>
#include "ct-file.h"
#include "ct-calls.h"
#include "ct-victim.h"
#include "kselftest_harness.h"
#include "ct-wall.h"

#define MAX_OUTSIDE	1024
/* Of the numbers that nobody has, one in so many is tried with slow calls. */
#define STEP		251

/* Numbers in use outside, of tasks, groups and sessions; from outside. */
static pid_t outside[MAX_OUTSIDE];
static int nr_outside;
static pid_t pid_limit;
/* The number that process 1 inside has outside. */
static pid_t box_outside;
static enum ct_box box_kind;

/* -- calls that hit ---------------------------------------------------------- */

CT_CALL(hit_kill, kill(pid, SIGUSR1))
CT_CALL(hit_group, kill(-pid, SIGUSR1))
CT_CALL(hit_tkill, syscall(SYS_tkill, pid, SIGUSR1))
CT_CALL(hit_tgkill, syscall(SYS_tgkill, pid, pid, SIGUSR1))
CT_CALL(hit_my_group, syscall(SYS_tgkill, getpid(), pid, SIGUSR1))
CT_CALL(hit_his_group, syscall(SYS_tgkill, pid, ct_gettid(), SIGUSR1))
CT_CALL(hit_sigqueue, ct_sigqueue(pid, SIGUSR1))
CT_CALL(hit_tgsigqueue, ct_tgsigqueue(pid, pid, SIGUSR1))
CT_CALL(hit_priority, setpriority(PRIO_PROCESS, pid, 19))
CT_CALL(hit_priority_group, setpriority(PRIO_PGRP, pid, 19))
CT_CALL(hit_ioprio, syscall(SYS_ioprio_set, 1, pid, 3 << 13))
CT_CALL(hit_ioprio_group, syscall(SYS_ioprio_set, 2, pid, 3 << 13))

static long ct_call_hit_limit(pid_t pid)
{
	struct rlimit64 limit = { 77, 77 };

	return ct_result(prlimit64(pid, RLIMIT_NOFILE, &limit, NULL));
}

static long ct_call_hit_memory(pid_t pid)
{
	long value = 0xbad;

	return ct_vm_copy(pid, true, &value);
}

static long ct_call_hit_oom(pid_t pid)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/oom_score_adj", pid);
	return ct_write_file(path, "999");
}

static long ct_call_hit_capset(pid_t pid)
{
	struct __user_cap_header_struct header = {
		_LINUX_CAPABILITY_VERSION_3, pid
	};
	struct __user_cap_data_struct data[2] = { 0 };

	return ct_result(syscall(SYS_capset, &header, data));
}

static long ct_call_cad_pid(pid_t pid)
{
	char text[16];

	snprintf(text, sizeof(text), "%d", pid);
	return ct_write_file("/proc/sys/kernel/cad_pid", text);
}

/* -- calls that have to be made in another way --------------------------------- */

/* Timers: a thread to tell, and processes' and threads' clocks. */
static long try_timer(clockid_t clock, int notify, pid_t tid)
{
	struct sigevent event = {
		.sigev_notify = notify, .sigev_signo = SIGUSR1,
	};
	int timer;
	long ret;

	event._sigev_un._tid = tid;
	ret = ct_result(syscall(SYS_timer_create, clock, &event, &timer));
	if (!ret)
		syscall(SYS_timer_delete, timer);
	return ret;
}

/* As the kernel codes a pid in a clock; bit 2 says that it is a thread. */
static clockid_t clock_of(pid_t pid, int thread)
{
	return ~(unsigned int)pid << 3 | thread << 2 | 2;
}

static long ct_call_timer_thread(pid_t pid)
{
	return try_timer(CLOCK_MONOTONIC, SIGEV_THREAD_ID, pid);
}

static long ct_call_timer_clock(pid_t pid)
{
	return try_timer(clock_of(pid, 0), SIGEV_SIGNAL, 0);
}

CT_CALL(clock_of_process, syscall(SYS_clock_gettime, clock_of(pid, 0),
				  ct_output.bytes))
CT_CALL(clock_of_thread, syscall(SYS_clock_gettime, clock_of(pid, 1),
				 ct_output.bytes))
CT_CALL(clock_resolution, syscall(SYS_clock_getres, clock_of(pid, 0),
				  ct_output.bytes))

static long ct_call_clock_sleep(pid_t pid)
{
	struct timespec past = { 0, 1 };

	return ct_result(syscall(SYS_clock_nanosleep, clock_of(pid, 0),
				 TIMER_ABSTIME, &past, NULL));
}

static long ct_call_bpf_query(pid_t pid)
{
	union bpf_attr attr = { .task_fd_query.pid = pid };

	attr.task_fd_query.buf = (uintptr_t)ct_output.bytes;
	attr.task_fd_query.buf_len = sizeof(ct_output);
	return ct_result(syscall(SYS_bpf, BPF_TASK_FD_QUERY, &attr,
				 sizeof(attr)));
}

/* A new process may have the number, as nobody inside has it. */
static long ct_call_set_tid(pid_t pid)
{
	struct clone_args args = {
		.exit_signal = SIGCHLD, .set_tid = (uintptr_t)&pid,
		.set_tid_size = 1,
	};
	long ret = ct_result(syscall(SYS_clone3, &args, sizeof(args)));

	if (!ret)
		_exit(getpid() == pid ? 0 : 1);
	if (ret < 0)
		return ret;
	CT_EQ(pid, ret);
	return ct_reap(ret);
}

static long ct_call_proc_self_task(pid_t pid)
{
	return ct_proc_open("/proc/self/task/%d", pid);
}

static long ct_call_proc_init_task(pid_t pid)
{
	return ct_proc_open("/proc/1/task/%d", pid);
}

static long ct_call_proc_namespace(pid_t pid)
{
	return ct_proc_open("/proc/%d/ns/net", pid);
}

static long ct_call_proc_memory(pid_t pid)
{
	return ct_proc_open("/proc/%d/mem", pid);
}

/* -- a terminal that is ours ------------------------------------------------------ */

static int tty;

CT_CALL(foreground, tty ? ioctl(tty, TIOCSPGRP, &pid) : 0)

/* -- taskstats --------------------------------------------------------------------- */

struct genl_message {
	struct nlmsghdr head;
	struct genlmsghdr genl;
	struct nlattr attr;
	union {
		uint32_t number;
		char name[16];
	};
};

/* Sends one attribute; what comes back is in @answer. */
static long genl_ask(int type, int cmd, int attr, const void *data, int len,
		     void *answer, size_t size)
{
	static int sock;
	struct genl_message message = {
		.head = {
			.nlmsg_len = offsetof(struct genl_message, number) +
				     NLA_ALIGN(len),
			.nlmsg_type = type, .nlmsg_flags = NLM_F_REQUEST,
		},
		.genl = { .cmd = cmd, .version = 1 },
		.attr = { sizeof(message.attr) + len, attr },
	};
	struct nlmsghdr *head = answer;

	memcpy(message.name, data, len);
	if (!sock) {
		sock = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC,
			      NETLINK_GENERIC);
		CT_CHECK(sock > 0);
	}
	CT_CHECK(send(sock, &message, message.head.nlmsg_len, 0) > 0);
	CT_CHECK(recv(sock, answer, size, 0) > 0);
	return head->nlmsg_type == NLMSG_ERROR ?
	       ((struct nlmsgerr *)NLMSG_DATA(head))->error : 0;
}

static int taskstats_family(void)
{
	static int family;
	char answer[1024];
	struct nlattr *attr = (void *)(answer + NLMSG_HDRLEN + GENL_HDRLEN);
	struct nlmsghdr *head = (void *)answer;

	if (family)
		return family;
	if (genl_ask(GENL_ID_CTRL, CTRL_CMD_GETFAMILY, CTRL_ATTR_FAMILY_NAME,
		     TASKSTATS_GENL_NAME, sizeof(TASKSTATS_GENL_NAME), answer,
		     sizeof(answer)))
		return -1;
	while ((char *)attr < answer + head->nlmsg_len &&
	       attr->nla_type != CTRL_ATTR_FAMILY_ID)
		attr = (void *)((char *)attr + NLA_ALIGN(attr->nla_len));
	family = *(uint16_t *)(attr + 1);
	return family;
}

static long ask_taskstats(int attr, pid_t pid)
{
	char answer[4096];
	uint32_t number = pid;
	int family = taskstats_family();

	if (family < 0)
		return -EOPNOTSUPP;
	return genl_ask(family, TASKSTATS_CMD_GET, attr, &number,
			sizeof(number), answer, sizeof(answer));
}

static long ct_call_taskstats(pid_t pid)
{
	return ask_taskstats(TASKSTATS_CMD_ATTR_PID, pid);
}

static long ct_call_taskstats_group(pid_t pid)
{
	return ask_taskstats(TASKSTATS_CMD_ATTR_TGID, pid);
}

/* -- 32-bit entries ------------------------------------------------------------------ */

static long int80(long nr, long a, long b, long c, long d)
{
	long ret;

	asm volatile("int $0x80" : "=a" (ret)
		     : "a" (nr), "b" (a), "c" (b), "d" (c), "S" (d), "D" (0)
		     : "memory", "r8", "r9", "r10", "r11");
	return (int)ret;
}

#define OUT	((long)(uintptr_t)&ct_output)

#define CT_CALL32(name, nr, a, b, c, d)					\
static long ct_call_##name(pid_t pid)					\
{									\
	(void)pid;							\
	return int80(nr, a, b, c, d);					\
}

CT_CALL32(kill32, 37, pid, 0, 0, 0)
CT_CALL32(wait32, 114, pid, OUT, WNOHANG, 0)
CT_CALL32(waitpid32, 7, pid, OUT, WNOHANG, 0)
CT_CALL32(waitid32, 284, P_PID, pid, OUT, WEXITED | WNOHANG)
CT_CALL32(tkill32, 238, pid, 0, 0, 0)
CT_CALL32(tgkill32, 270, pid, pid, 0, 0)
CT_CALL32(getpgid32, 132, pid, 0, 0, 0)
CT_CALL32(getsid32, 147, pid, 0, 0, 0)
CT_CALL32(setpgid32, 57, pid, pid, 0, 0)
CT_CALL32(getpriority32, 96, PRIO_PROCESS, pid, 0, 0)
CT_CALL32(getaffinity32, 242, pid, 8, OUT, 0)
CT_CALL32(setaffinity32, 241, pid, 8, OUT, 0)
CT_CALL32(getscheduler32, 157, pid, 0, 0, 0)
CT_CALL32(rr_interval32, 161, pid, OUT, 0, 0)
CT_CALL32(robust32, 312, pid, OUT, OUT + 8, 0)
CT_CALL32(prlimit32, 340, pid, RLIMIT_CORE, 0, OUT)
CT_CALL32(ptrace32, 26, PTRACE_SEIZE, pid, 0, 0)
CT_CALL32(attach32, 26, PTRACE_ATTACH, pid, 0, 0)
CT_CALL32(pidfd_open32, 434, pid, 0, 0, 0)
CT_CALL32(kcmp32, 349, pid, pid, KCMP_FILE, 0)
CT_CALL32(clock32, 265, clock_of(pid, 0), OUT, 0, 0)

/* Does this kernel have them? */
static bool has_int80(void)
{
	pid_t pid = fork();

	if (!pid)
		_exit(int80(20, 0, 0, 0, 0) == getpid() ? 0 : 1);
	return ct_reap(pid) == 0;
}

/* -- the tables ------------------------------------------------------------------------ */

/* These are only made for numbers that are not in use inside. */
static const struct ct_call more_calls[] = {
	CT_FAST(timer_thread, EINVAL), CT_FAST(timer_clock, EINVAL),
	CT_FAST(clock_of_process, EINVAL), CT_FAST(clock_of_thread, EINVAL),
	CT_FAST(clock_resolution, EINVAL), CT_FAST(clock_sleep, EINVAL),
	CT_FAST(foreground, ESRCH), CT_FAST(bpf_query, ENOENT),
	CT_SLOW(proc_self_task, ENOENT), CT_SLOW(proc_init_task, ENOENT),
	CT_SLOW(proc_namespace, ENOENT), CT_SLOW(proc_memory, ENOENT),
	CT_SLOW(set_tid, 0), CT_SLOW(cad_pid, ESRCH),
	CT_SLOW(taskstats, ESRCH), CT_SLOW(taskstats_group, ESRCH),
	CT_SLOW(hit_kill, ESRCH), CT_SLOW(hit_group, ESRCH),
	CT_SLOW(hit_tkill, ESRCH), CT_SLOW(hit_tgkill, ESRCH),
	CT_SLOW(hit_my_group, ESRCH), CT_SLOW(hit_his_group, ESRCH),
	CT_SLOW(hit_sigqueue, ESRCH), CT_SLOW(hit_tgsigqueue, ESRCH),
	CT_SLOW(hit_priority, ESRCH), CT_SLOW(hit_priority_group, ESRCH),
	CT_SLOW(hit_ioprio, ESRCH), CT_SLOW(hit_ioprio_group, ESRCH),
	CT_SLOW(hit_limit, ESRCH), CT_SLOW(hit_memory, ESRCH),
	CT_SLOW(hit_oom, ENOENT), CT_SLOW(hit_capset, EPERM),
};

static const struct ct_call calls32[] = {
	CT_FAST(kill32, ESRCH), CT_FAST(wait32, ECHILD),
	CT_FAST(waitpid32, ECHILD), CT_FAST(waitid32, ECHILD),
	CT_FAST(tkill32, ESRCH), CT_FAST(tgkill32, ESRCH),
	CT_FAST(getpgid32, ESRCH), CT_FAST(getsid32, ESRCH),
	CT_FAST(setpgid32, ESRCH), CT_FAST(getpriority32, ESRCH),
	CT_FAST(getaffinity32, ESRCH), CT_FAST(setaffinity32, ESRCH),
	CT_FAST(getscheduler32, ESRCH), CT_FAST(rr_interval32, ESRCH),
	CT_FAST(robust32, ESRCH), CT_FAST(prlimit32, ESRCH),
	CT_FAST(ptrace32, ESRCH), CT_FAST(attach32, ESRCH),
	CT_FAST(pidfd_open32, ESRCH), CT_FAST(kcmp32, ESRCH),
	CT_FAST(clock32, EINVAL),
};

/* -- one who tries ------------------------------------------------------------------------ */

enum rights { EVERY_RIGHT, NO_SYS_ADMIN, NO_RIGHT, NR_RIGHTS };

static const char * const rights_name[] = {
	"root", "root without CAP_SYS_ADMIN", "a user",
};

static void drop_sys_admin(void)
{
	struct __user_cap_header_struct header = {
		_LINUX_CAPABILITY_VERSION_3, 0
	};
	struct __user_cap_data_struct data[2];

	CT_EQ(0, prctl(PR_CAPBSET_DROP, CAP_SYS_ADMIN));
	CT_EQ(0, syscall(SYS_capget, &header, data));
	data[0].effective &= ~(1U << CAP_SYS_ADMIN);
	data[0].permitted &= ~(1U << CAP_SYS_ADMIN);
	data[0].inheritable &= ~(1U << CAP_SYS_ADMIN);
	CT_EQ(0, syscall(SYS_capset, &header, data));
}

struct trier {
	enum rights rights;
	pid_t nobody;		/* a number that nobody has anywhere */
	char untouched[sizeof(ct_output)];
};

static bool is_inside(pid_t nr)
{
	/* Process 1's old number goes on naming it: that is no one else. */
	return nr == 1 || nr == getpid() ||
	       (box_kind == CT_CONTAINER && nr == box_outside);
}

static bool is_outside(pid_t nr)
{
	int i;

	for (i = 0; i < nr_outside; i++)
		if (outside[i] == nr)
			return true;
	return false;
}

static long make(const struct ct_call *call, pid_t nr, const void *before)
{
	memcpy(ct_output.bytes, before, sizeof(ct_output));
	return call->call(nr);
}

/* One call for many numbers: each as for the number that nobody has. */
static void try_call(const struct trier *me, const struct ct_call *call)
{
	char wanted[sizeof(ct_output)];
	long want = make(call, me->nobody, me->untouched), got;
	bool all = me->rights == EVERY_RIGHT && !call->slow;
	pid_t nr;

	memcpy(wanted, ct_output.bytes, sizeof(wanted));
	/* A call that succeeds for nobody would show nothing; set_tid does. */
	if (want >= 0 && call->error)
		CT_FAIL("%s for nobody gives %ld", call->name, want);
	/* Not another error for want of rights, of the call, or of Yama. */
	if (me->rights == EVERY_RIGHT && want != -call->error &&
	    want != -ct_no_such_call() && want != -EOPNOTSUPP)
		CT_FAIL("%s for nobody: %s, not %s", call->name,
			strerror(-want), strerror(call->error));
	for (nr = 2; nr < pid_limit; nr++) {
		if (is_inside(nr) ||
		    (!all && nr % STEP && !is_outside(nr)))
			continue;
		got = make(call, nr, me->untouched);
		if (got != want)
			CT_FAIL("%s by %s for %d (%s outside): %ld, for nobody: %ld",
				call->name, rights_name[me->rights], nr,
				is_outside(nr) ? "in use" : "not in use", got,
				want);
		if (memcmp(wanted, ct_output.bytes, sizeof(wanted)))
			CT_FAIL("%s by %s for %d hands something out",
				call->name, rights_name[me->rights], nr);
	}
}

#define TRY_ALL(me, table) do {						\
	size_t __i;							\
									\
	for (__i = 0; __i < sizeof(table) / sizeof(*(table)); __i++)	\
		try_call(me, &(table)[__i]);				\
} while (0)

static void try_everything(enum rights rights)
{
	struct trier me = { .rights = rights, .nobody = pid_limit - 2 };
	struct ct_terminal terminal;
	bool has32 = has_int80();

	CT_CHECK(!is_outside(me.nobody));
	memset(me.untouched, 0xa5, sizeof(me.untouched));
	ct_block(SIGUSR1);
	if (rights == NO_SYS_ADMIN)
		drop_sys_admin();
	else if (rights == NO_RIGHT)
		ct_become_user();
	CT_CHECK(!is_outside(getpid()));
	/* In a session with some of those outside, and then in its own. */
	TRY_ALL(&me, ct_calls);
	ct_open_terminal(&terminal);
	tty = ct_lead_terminal(&terminal);
	TRY_ALL(&me, more_calls);
	if (has32)
		TRY_ALL(&me, calls32);
	/* None of it came back. */
	CT_CHECK(!ct_signal_pending(SIGUSR1));
}

static void try_inside(int fd, void *arg)
{
	pid_t mine = pid_limit / 2, pid;
	int rights;

	box_outside = ct_recv(fd);
	for (rights = 0; rights < NR_RIGHTS; rights++) {
		struct clone_args args = {
			.exit_signal = SIGCHLD, .set_tid = (uintptr_t)&mine,
			.set_tid_size = 1,
		};

		/* With a number that nobody outside has. */
		while (is_outside(mine))
			mine++;
		pid = syscall(SYS_clone3, &args, sizeof(args));
		CT_CHECK(pid >= 0);
		if (!pid) {
			try_everything(rights);
			_exit(0);
		}
		CT_EQ(mine, pid);
		CT_EQ(0, ct_reap(pid));
	}
	ct_send(fd, 0);
	(void)arg;
}

/* -- those outside ------------------------------------------------------------------------ */

static void note_outside(pid_t nr)
{
	if (nr <= 0 || is_outside(nr))
		return;
	CT_CHECK(nr_outside < MAX_OUTSIDE);
	outside[nr_outside++] = nr;
}

static void note_threads(pid_t pid)
{
	char path[64];
	struct dirent *entry;
	DIR *dir;

	snprintf(path, sizeof(path), "/proc/%d/task", pid);
	dir = opendir(path);
	while (dir && (entry = readdir(dir)))
		note_outside(atoi(entry->d_name));
	if (dir)
		closedir(dir);
	note_outside(getpgid(pid));
	note_outside(getsid(pid));
}

static void note_everybody(void)
{
	DIR *dir = opendir("/proc");
	struct dirent *entry;

	CT_CHECK(dir);
	nr_outside = 0;
	while ((entry = readdir(dir)))
		if (atoi(entry->d_name))
			note_threads(atoi(entry->d_name));
	closedir(dir);
}

TEST_F(wall, every_number_with_every_call)
{
	struct ct_victims *victims;
	struct ct_child box;

	CT_NEED_BOX(variant);
	pid_limit = ct_pid_max();
	box_kind = variant->box;
	victims = ct_victims_start(variant->box);
	snprintf(ct_cgroup, sizeof(ct_cgroup), CT_CGROUPS "/ct-sweep-%d",
		 getpid());
	ASSERT_EQ(0, mkdir(ct_cgroup, 0755));
	note_everybody();
	/* The kernel's threads, the machine's own programs, and the victims. */
	ASSERT_LT(20, nr_outside);

	box = ct_spawn(variant->box, try_inside, NULL);
	ct_send(box.fd, box.pid);
	/* It takes long; what goes wrong is in its status. */
	ct_wait_hangup(box.fd);
	EXPECT_EQ(0, ct_finish(&box));
	ct_victims_check(victims);
	ct_victims_stop(victims);
	EXPECT_EQ(0, rmdir(ct_cgroup));
}

TEST_HARNESS_MAIN
