// SPDX-License-Identifier: GPL-2.0
/* modes: host */
/* timeout: 900 */
/*
 * Checkpoint and restart: what a process is allowed, is limited to, and is
 * called.  Subjects are process 1 themselves: they may look at themselves even
 * when they have given up their rights.
 */
#include "ct-checkpoint.h"

#include <linux/audit.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/ioprio.h>
#include <linux/seccomp.h>
#include <linux/securebits.h>
#include <stddef.h>
#include <sys/fsuid.h>
#include <sys/personality.h>
#include <sys/resource.h>

/* -- who --------------------------------------------------------------------------- */

CR_ROW(uids)
{
	uid_t r, e, s;

	CT_EQ(0, setresgid(2001, 2002, 2003));
	CT_EQ(0, setresuid(1001, 0, 1003));
	setfsgid(2004);
	setfsuid(1004);
	cr_ready();
	CT_EQ(0, getresuid(&r, &e, &s));
	CT_EQ(1001, r);
	CT_EQ(0, e);
	CT_EQ(1003, s);
	CT_EQ(0, getresgid(&r, &e, &s));
	CT_EQ(2001, r);
	CT_EQ(2002, e);
	CT_EQ(2003, s);
	CT_EQ(1004, setfsuid(-1));
	CT_EQ(2004, setfsgid(-1));
}

/* As a user without rights, who cannot get any afterwards. */
CR_ROW(user)
{
	ct_become_user();
	prctl(PR_SET_PDEATHSIG, 0);
	cr_ready();
	CT_EQ(CT_UID, getuid());
	CT_EQ(CT_UID, geteuid());
	CT_ERRNO(EPERM, setuid(0));
	CT_ERRNO(EPERM, setgroups(0, NULL));
	CT_ERRNO(EPERM, setgid(0));
	CT_EQ(0, getgroups(0, NULL));
}

static void ends_as_other_user(void *arg)
{
	CT_EQ(0, setresuid(CT_UID + 1, CT_UID + 1, CT_UID + 1));
	_exit(*(int *)arg);
}

static void ends_at_once(void *arg)
{
	_exit(*(int *)arg);
}

/* Whose a process is that has ended is told, and decides over who may signal it. */
CR_ROW(zombies_of_users)
{
	int code = 3;
	pid_t other = cr_child(ends_as_other_user, &code), own;
	siginfo_t info = {};

	prctl(PR_SET_PDEATHSIG, 0);
	CT_EQ(0, setresuid(CT_UID, CT_UID, CT_UID));
	own = cr_child(ends_at_once, &code);
	CT_EQ(0, waitid(P_PID, own, &info, WEXITED | WNOWAIT));
	CT_EQ(0, waitid(P_PID, other, &info, WEXITED | WNOWAIT));
	cr_ready();
	CT_EQ(0, kill(own, 0));
	CT_ERRNO(EPERM, kill(other, 0));
	memset(&info, 0, sizeof(info));
	CT_EQ(0, waitid(P_PID, other, &info, WEXITED));
	CT_EQ(CT_UID + 1, info.si_uid);
	CT_EQ(3, info.si_status);
	CT_EQ(0, waitid(P_PID, own, &info, WEXITED));
	CT_EQ(CT_UID, info.si_uid);
}

CR_ROW(groups)
{
	gid_t set[] = { 10, 20, 5000, 1 }, now[8];

	CT_EQ(0, setgroups(4, set));
	/* The kernel sorts them. */
	CT_EQ(4, getgroups(4, set));
	cr_ready();
	CT_EQ(4, getgroups(8, now));
	CT_EQ(0, memcmp(set, now, sizeof(set)));
}

CR_ROW(many_groups)
{
	static gid_t set[5000], now[5000];
	int i;

	for (i = 0; i < 5000; i++)
		set[i] = 100 + i;
	CT_EQ(0, setgroups(5000, set));
	cr_ready();
	CT_EQ(5000, getgroups(5000, now));
	CT_EQ(0, memcmp(set, now, sizeof(set)));
}

/* Threads may differ; glibc's functions change all, the kernel's only one. */
static volatile int thread_is;

static void *other_user(void *arg)
{
	CT_EQ(0, syscall(SYS_setresuid, 1001, 1002, 1003));
	thread_is = 1;
	/* It is not allowed to look into other processes; into this one it is. */
	while (!cr_note.go)
		usleep(1000);
	CT_EQ(1001, getuid());
	CT_EQ(1002, geteuid());
	return arg;
}

CR_ROW(user_of_thread)
{
	pthread_t thread;

	CT_EQ(0, pthread_create(&thread, NULL, other_user, NULL));
	CT_UNTIL(thread_is);
	cr_ready();
	CT_EQ(0, getuid());
	CT_EQ(0, geteuid());
	CT_EQ(0, pthread_join(thread, NULL));
}

/* -- capabilities -------------------------------------------------------------------- */

struct caps {
	struct __user_cap_data_struct data[2];
};

static struct caps capget_self(void)
{
	struct __user_cap_header_struct head = {
		.version = _LINUX_CAPABILITY_VERSION_3,
	};
	struct caps caps;

	CT_EQ(0, syscall(SYS_capget, &head, caps.data));
	return caps;
}

static void capset_self(const struct caps *caps)
{
	struct __user_cap_header_struct head = {
		.version = _LINUX_CAPABILITY_VERSION_3,
	};

	CT_EQ(0, syscall(SYS_capset, &head, caps->data));
}

CR_ROW(capabilities)
{
	struct caps set = { 0 }, now;

	CT_EQ(0, prctl(PR_CAPBSET_DROP, CAP_SYS_BOOT));
	set.data[0].permitted = 1 << CAP_KILL | 1 << CAP_CHOWN |
				1 << CAP_SYS_PTRACE;
	set.data[0].effective = 1 << CAP_KILL | 1 << CAP_SYS_PTRACE;
	set.data[0].inheritable = 1 << CAP_CHOWN;
	set.data[1].permitted = 1 << (CAP_SYSLOG - 32);
	capset_self(&set);
	CT_EQ(0, prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_CHOWN, 0, 0));
	cr_ready();
	now = capget_self();
	CT_EQ(0, memcmp(&set, &now, sizeof(set)));
	CT_EQ(0, prctl(PR_CAPBSET_READ, CAP_SYS_BOOT));
	CT_EQ(1, prctl(PR_CAPBSET_READ, CAP_SYS_TIME));
	CT_EQ(1, prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_IS_SET, CAP_CHOWN, 0, 0));
	CT_EQ(0, prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_IS_SET, CAP_KILL, 0, 0));
}

CR_ROW(securebits)
{
	int bits = SECBIT_NOROOT | SECBIT_NOROOT_LOCKED | SECBIT_KEEP_CAPS |
		   SECBIT_NO_SETUID_FIXUP;

	CT_EQ(0, prctl(PR_SET_SECUREBITS, bits));
	cr_ready();
	CT_EQ(bits, prctl(PR_GET_SECUREBITS));
}

CR_ROW(no_new_privs)
{
	CT_EQ(0, prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0));
	cr_ready();
	CT_EQ(1, prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0));
	CT_ERRNO(EINVAL, prctl(PR_SET_NO_NEW_PRIVS, 0, 0, 0, 0));
}

/* A filter, and another on top of it. */
static void deny(int call, int error)
{
	struct sock_filter filter[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
			 offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, call, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | error),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = {
		.len = sizeof(filter) / sizeof(*filter), .filter = filter,
	};

	CT_EQ(0, prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0));
	CT_EQ(0, prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program));
}

CR_ROW(seccomp)
{
	deny(SYS_getppid, EXDEV);
	deny(SYS_getpgrp, EDOM);
	CT_ERRNO(EXDEV, syscall(SYS_getppid));
	cr_ready();
	CT_ERRNO(EXDEV, syscall(SYS_getppid));
	CT_ERRNO(EDOM, syscall(SYS_getpgrp));
	CT_EQ(2, prctl(PR_GET_SECCOMP));
	CT_EQ(1, getpid());
}

/* -- limits ----------------------------------------------------------------------------- */

CR_ROW(rlimits)
{
	struct rlimit set[RLIM_NLIMITS], now;
	int i;

	for (i = 0; i < RLIM_NLIMITS; i++) {
		CT_EQ(0, getrlimit(i, &set[i]));
		/* Small ones, but such that we can live with. */
		if (set[i].rlim_max == RLIM_INFINITY)
			set[i].rlim_max = (1UL << 40) + 4096 * i;
		if (set[i].rlim_cur > set[i].rlim_max)
			set[i].rlim_cur = set[i].rlim_max - 4096;
		CT_EQ(0, setrlimit(i, &set[i]));
	}
	cr_ready();
	for (i = 0; i < RLIM_NLIMITS; i++) {
		CT_EQ(0, getrlimit(i, &now));
		CT_EQ(set[i].rlim_cur, now.rlim_cur);
		CT_EQ(set[i].rlim_max, now.rlim_max);
	}
}

/* Tighter ones than what is in use, which is allowed. */
CR_ROW(rlimits_exceeded)
{
	struct rlimit none = { 0, 0 }, few = { 2, 2 }, now;

	CT_EQ(0, setrlimit(RLIMIT_NPROC, &none));
	CT_EQ(0, setrlimit(RLIMIT_AS, &few));
	CT_EQ(0, setrlimit(RLIMIT_DATA, &few));
	CT_EQ(0, setrlimit(RLIMIT_NOFILE, &few));
	CT_EQ(0, setrlimit(RLIMIT_SIGPENDING, &none));
	cr_ready();
	CT_EQ(0, getrlimit(RLIMIT_NOFILE, &now));
	CT_EQ(2, now.rlim_max);
	CT_EQ(0, fcntl(2, F_GETFD));
	CT_CHECK(fcntl(2, F_DUPFD, 0) < 0);
	CT_CHECK(mmap(NULL, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
		 == MAP_FAILED);
}

/* -- scheduling ------------------------------------------------------------------------- */

CR_ROW(nice_value)
{
	CT_EQ(0, setpriority(PRIO_PROCESS, 0, -7));
	cr_ready();
	CT_EQ(-7, getpriority(PRIO_PROCESS, 0));
}

CR_ROW(policies)
{
	static const int policies[] = { SCHED_BATCH, SCHED_IDLE, SCHED_OTHER };
	struct sched_param param = { .sched_priority = 0 };
	size_t i;

	for (i = 0; i < 3; i++) {
		CT_EQ(0, sched_setscheduler(0, policies[i], &param));
		CT_EQ(policies[i], sched_getscheduler(0));
	}
	CT_EQ(0, sched_setscheduler(0, SCHED_BATCH, &param));
	CT_EQ(0, setpriority(PRIO_PROCESS, 0, 3));
	cr_ready();
	CT_EQ(SCHED_BATCH, sched_getscheduler(0));
	CT_EQ(3, getpriority(PRIO_PROCESS, 0));
}

CR_ROW(realtime)
{
	struct sched_param param = { .sched_priority = 13 }, now;

	CT_EQ(0, sched_setscheduler(0, SCHED_RR | SCHED_RESET_ON_FORK, &param));
	cr_ready();
	CT_EQ(SCHED_RR | SCHED_RESET_ON_FORK, sched_getscheduler(0));
	CT_EQ(0, sched_getparam(0, &now));
	CT_EQ(13, now.sched_priority);
}

static void *on_another(void *arg)
{
	struct sched_param param = { .sched_priority = 0 };
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(0, &set);
	CT_EQ(0, sched_setaffinity(0, sizeof(set), &set));
	CT_EQ(0, sched_setscheduler(0, SCHED_IDLE, &param));
	CT_EQ(0, prctl(PR_SET_NAME, "the other one"));
	CT_EQ(0, prctl(PR_SET_TIMERSLACK, 123456));
	thread_is = 1;
	cr_await();
	CT_EQ(0, sched_getaffinity(0, sizeof(set), &set));
	CT_EQ(1, CPU_COUNT(&set));
	CT_CHECK(CPU_ISSET(0, &set));
	CT_EQ(SCHED_IDLE, sched_getscheduler(0));
	CT_EQ(123456, prctl(PR_GET_TIMERSLACK));
	/* The name of one that has ended is nowhere. */
	CT_UNTIL(!thread_is);
	return arg;
}

/* All that threads have each for themselves. */
CR_ROW(of_thread)
{
	char name[16], other[16];
	cpu_set_t set, now;
	pthread_t thread;

	CT_EQ(0, sched_getaffinity(0, sizeof(set), &set));
	CT_EQ(0, pthread_create(&thread, NULL, on_another, NULL));
	CT_UNTIL(thread_is);
	CT_EQ(0, prctl(PR_SET_NAME, "the one"));
	cr_ready();
	CT_EQ(0, prctl(PR_GET_NAME, name));
	CT_STREQ("the one", name);
	CT_EQ(0, pthread_getname_np(thread, other, sizeof(other)));
	CT_STREQ("the other one", other);
	thread_is = 0;
	CT_EQ(SCHED_OTHER, sched_getscheduler(0));
	CT_EQ(0, sched_getaffinity(0, sizeof(now), &now));
	CT_CHECK(CPU_EQUAL(&set, &now));
	CT_EQ(0, pthread_join(thread, NULL));
}

CR_ROW(io_priority)
{
	int prio = IOPRIO_PRIO_VALUE(IOPRIO_CLASS_BE, 6);

	CT_EQ(0, syscall(SYS_ioprio_set, IOPRIO_WHO_PROCESS, 0, prio));
	cr_ready();
	CT_EQ(prio, syscall(SYS_ioprio_get, IOPRIO_WHO_PROCESS, 0));
}

CR_ROW(oom)
{
	CT_EQ(0, ct_write_file("/proc/self/oom_score_adj", "321"));
	cr_ready();
	CT_EQ(321, ct_read_number("/proc/self/oom_score_adj"));
}

/* -- where ------------------------------------------------------------------------------- */

CR_ROW(directory_and_umask)
{
	char cwd[128];

	CT_EQ(0, mkdir(cr_file("here"), 0755));
	CT_EQ(0, chdir(cr_file("here")));
	umask(0157);
	cr_ready();
	CT_CHECK(getcwd(cwd, sizeof(cwd)));
	CT_STREQ(cr_file("here"), cwd);
	CT_EQ(0157, umask(0));
}

CR_ROW(root_directory)
{
	struct stat st;

	CT_EQ(0, mkdir(cr_file("root"), 0755));
	CT_EQ(0, mkdir(cr_file("root/inner"), 0755));
	CT_EQ(0, chroot(cr_file("root")));
	CT_EQ(0, chdir("/inner"));
	cr_ready();
	CT_EQ(0, stat("/inner", &st));
	CT_ERRNO(ENOENT, stat("/proc", &st));
	CT_EQ(0, stat("../inner", &st));
}

/* -- what it is called ----------------------------------------------------------------------- */

static void read_link(const char *path, char *to, size_t size)
{
	ssize_t len = readlink(path, to, size - 1);

	CT_CHECK(len > 0);
	to[len] = 0;
}

CR_ROW(names)
{
	static char line[4096], line_now[4096], env[4096], env_now[4096];
	char exe[256], exe_now[256], comm[16];
	ssize_t len, env_len;

	CT_EQ(0, prctl(PR_SET_NAME, "odd ) name"));
	read_link("/proc/self/exe", exe, sizeof(exe));
	len = ct_read_file("/proc/self/cmdline", line, sizeof(line));
	env_len = ct_read_file("/proc/self/environ", env, sizeof(env));
	CT_CHECK(len > 0);
	cr_ready();
	CT_EQ(0, prctl(PR_GET_NAME, comm));
	CT_STREQ("odd ) name", comm);
	read_link("/proc/self/exe", exe_now, sizeof(exe_now));
	CT_STREQ(exe, exe_now);
	CT_EQ(len, ct_read_file("/proc/self/cmdline", line_now, sizeof(line)));
	CT_EQ(0, memcmp(line, line_now, len));
	CT_EQ(env_len, ct_read_file("/proc/self/environ", env_now, sizeof(env)));
	CT_EQ(0, memcmp(env, env_now, sizeof(env)));
}

CR_ROW(auxv)
{
	static char then[2048], now[2048];
	ssize_t len = ct_read_file("/proc/self/auxv", then, sizeof(then));

	CT_CHECK(len > 0);
	cr_ready();
	CT_EQ(len, ct_read_file("/proc/self/auxv", now, sizeof(now)));
	CT_EQ(0, memcmp(then, now, len));
}

/* -- the rest ------------------------------------------------------------------------------ */

CR_ROW(personality_bits)
{
	int bits = ADDR_NO_RANDOMIZE | UNAME26 | MMAP_PAGE_ZERO;

	CT_CHECK(personality(bits) >= 0);
	cr_ready();
	CT_EQ(bits, personality(0xffffffff));
}

/* It goes when a process changes its user, and that must not bring it back. */
CR_ROW(not_dumpable)
{
	CT_EQ(0, prctl(PR_SET_DUMPABLE, 0));
	cr_ready();
	CT_EQ(0, prctl(PR_GET_DUMPABLE));
}

CR_ROW(dumpable_user)
{
	ct_become_user();
	prctl(PR_SET_PDEATHSIG, 0);
	CT_EQ(0, prctl(PR_SET_DUMPABLE, 1));
	cr_ready();
	CT_EQ(1, prctl(PR_GET_DUMPABLE));
}

CR_ROW(keep_caps)
{
	CT_EQ(0, prctl(PR_SET_KEEPCAPS, 1));
	cr_ready();
	CT_EQ(1, prctl(PR_GET_KEEPCAPS));
}

CR_ROW(time_stamp_counter)
{
	int mode = 0;

	CT_EQ(0, prctl(PR_SET_TSC, PR_TSC_SIGSEGV));
	cr_ready();
	CT_EQ(0, prctl(PR_GET_TSC, &mode));
	CT_EQ(PR_TSC_SIGSEGV, mode);
}

CR_ROW(no_huge_pages)
{
	CT_EQ(0, prctl(PR_SET_THP_DISABLE, 1, 0, 0, 0));
	cr_ready();
	CT_EQ(1, prctl(PR_GET_THP_DISABLE, 0, 0, 0, 0));
}

static void has_parent_signal(void *arg)
{
	int sig = 0;

	(void)arg;
	ct_block(SIGUSR1);
	CT_EQ(0, prctl(PR_SET_PDEATHSIG, SIGUSR1));
	cr_settled();
	cr_await();
	CT_EQ(0, prctl(PR_GET_PDEATHSIG, &sig));
	CT_EQ(SIGUSR1, sig);
	ct_signal(SIGUSR1);
	_exit(8);
}

static void dies_first(void *arg)
{
	(void)arg;
	cr_child(has_parent_signal, NULL);
	cr_await();
}

CR_ROW(parent_death_signal)
{
	pid_t parent, orphan;
	int status;

	cr_gathering();
	parent = cr_child(dies_first, NULL);
	cr_gather(1);
	cr_ready();
	CT_EQ(0, ct_reap(parent));
	orphan = wait(&status);
	CT_CHECK(orphan > 0);
	CT_EQ(8, WEXITSTATUS(status));
}

/* The parent may not move it into another group after an exec. */
static void execs(void *arg)
{
	(void)arg;
	ct_exec_self("sleep");
}

static void after_exec(const char *word)
{
	(void)word;
	pause();
}
CT_AFTER_EXEC(after_exec)

CR_ROW(has_executed)
{
	pid_t child = cr_child(execs, NULL);

	cr_until_in_call(child, child, SYS_pause);
	cr_ready();
	CT_ERRNO(EACCES, setpgid(child, child));
	CT_EQ(0, kill(child, SIGKILL));
	CT_EQ(128 + SIGKILL, ct_reap(child));
}

/* -- and all that the kernel says of a process at once ------------------------------------------ */

static bool changes(const char *line)
{
	static const char * const key[] = {
		"Vm", "Rss", "voluntary", "nonvoluntary", "Hugetlb", "FDSize",
		"State", "Ngid",
	};
	size_t i;

	for (i = 0; i < sizeof(key) / sizeof(*key); i++)
		if (!strncmp(line, key[i], strlen(key[i])))
			return true;
	return false;
}

static void tell_status(char *text, size_t size)
{
	char line[1024];
	size_t len = 0;
	FILE *file = fopen("/proc/self/status", "re");

	CT_CHECK(file);
	while (fgets(line, sizeof(line), file)) {
		if (changes(line))
			continue;
		CT_CHECK(len + strlen(line) < size);
		strcpy(text + len, line);
		len += strlen(line);
	}
	fclose(file);
}

/* Another kernel has other lines. */
CR_ROW(status, .without = CR_MOVED)
{
	static char then[8192], now[8192];
	char *old, *new, *old_rest, *new_rest;

	tell_status(then, sizeof(then));
	cr_ready();
	tell_status(now, sizeof(now));
	old = strtok_r(then, "\n", &old_rest);
	new = strtok_r(now, "\n", &new_rest);
	while (old && new) {
		CT_STREQ(old, new);
		old = strtok_r(NULL, "\n", &old_rest);
		new = strtok_r(NULL, "\n", &new_rest);
	}
	CT_CHECK(!old && !new);
}

CR_MAIN
