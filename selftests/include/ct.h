/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the kernel-behaviour tests share, beside the kselftest harness.
 *
 * A test program runs in one or more modes, told by CT_MODE:
 *
 *	host		plain, in the system container
 *	contained	below a launcher that made itself process 1 of a new
 *			container
 *	pidns		below the same launcher as process 1 of a new kernel
 *			pid namespace: what contained has to agree with
 *
 * A test that looks at both sides of a container's wall runs in mode host and
 * builds the container itself, with ct_spawn().  It gets the same oracle from
 * ct-wall.h: the same test body runs with CT_CONTAINER and with CT_NAMESPACE.
 *
 * The harness's ASSERT and EXPECT work in the test's own process only.
 * Everything below it, and the helpers here, use CT_CHECK and its relatives,
 * which end the process that runs them with a line that says why; the test
 * sees it in ct_reap()'s result.
 */
#ifndef CT_H
#define CT_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/wait.h>

/* Longer than anything takes under an emulator, shorter than the harness. */
#define CT_PATIENCE_MS	30000
#define CT_NAME_MAX	63
#define CT_FILE		"/proc/container"

/* -- failing -------------------------------------------------------------- */

static inline void __attribute__((noreturn, format(printf, 3, 4)))
ct_fail(const char *file, int line, const char *fmt, ...)
{
	char text[512];
	va_list ap;
	int len;

	len = snprintf(text, sizeof(text), "# %s:%d: pid %d: ", file, line,
		       getpid());
	va_start(ap, fmt);
	vsnprintf(text + len, sizeof(text) - len, fmt, ap);
	va_end(ap);
	/* One write: several processes may fail at the same time. */
	dprintf(STDERR_FILENO, "%s\n", text);
	_exit(1);
}

#define CT_FAIL(fmt, ...) ct_fail(__FILE__, __LINE__, fmt, ##__VA_ARGS__)

#define CT_CHECK(cond) do {						\
	if (!(cond))							\
		CT_FAIL("not so: %s (errno: %s)", #cond, strerror(errno)); \
} while (0)

#define CT_EQ(want, got) do {						\
	long long __ct_want = (want), __ct_got = (got);			\
									\
	if (__ct_want != __ct_got)					\
		CT_FAIL("%s is %lld, not %s = %lld (errno: %s)", #got,	\
			__ct_got, #want, __ct_want, strerror(errno));	\
} while (0)

/* The call fails, and with this error. */
#define CT_ERRNO(want, call) do {					\
	long long __ct_ret;						\
									\
	errno = 0;							\
	__ct_ret = (long long)(call);					\
	if (__ct_ret != -1 || errno != (want))				\
		CT_FAIL("%s gives %lld (%s), not -1 (%s)", #call,	\
			__ct_ret, strerror(errno), strerror(want));	\
} while (0)

#define CT_STREQ(want, got) do {					\
	const char *__ct_want = (want), *__ct_got = (got);		\
									\
	if (strcmp(__ct_want, __ct_got))				\
		CT_FAIL("%s is \"%s\", not \"%s\"", #got, __ct_got,	\
			__ct_want);					\
} while (0)

/* -- where we are --------------------------------------------------------- */

enum ct_mode { CT_MODE_HOST, CT_MODE_CONTAINED, CT_MODE_PIDNS };

static inline enum ct_mode ct_mode(void)
{
	const char *mode = getenv("CT_MODE");

	if (!mode || !strcmp(mode, "host"))
		return CT_MODE_HOST;
	if (!strcmp(mode, "contained"))
		return CT_MODE_CONTAINED;
	if (!strcmp(mode, "pidns"))
		return CT_MODE_PIDNS;
	CT_FAIL("unknown CT_MODE \"%s\"", mode);
}

/* Numbers begin at 1 here, and nobody outside can be named. */
static inline bool ct_isolated(void)
{
	return ct_mode() != CT_MODE_HOST;
}

static inline bool ct_module_loaded(void)
{
	char line[256];
	bool found = false;
	FILE *file = fopen("/proc/modules", "re");

	while (file && !found && fgets(line, sizeof(line), file))
		found = !strncmp(line, "container ", 10);
	if (file)
		fclose(file);
	return found;
}

/* -- files ---------------------------------------------------------------- */

/* The file's length, or -errno.  The text is terminated. */
static inline ssize_t ct_read_file(const char *path, char *buf, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	size_t len = 0;
	ssize_t ret;

	if (fd < 0)
		return -errno;
	do {
		ret = read(fd, buf + len, size - 1 - len);
		if (ret < 0)
			ret = -errno;
		else
			len += ret;
	} while (ret > 0 && len < size - 1);
	close(fd);
	buf[len] = 0;
	return ret < 0 ? ret : (ssize_t)len;
}

/* 0 or -errno. */
static inline int ct_write_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	ssize_t ret;

	if (fd < 0)
		return -errno;
	ret = write(fd, text, strlen(text));
	ret = ret < 0 ? -errno : 0;
	close(fd);
	return ret;
}

static inline long long ct_read_number(const char *path)
{
	char text[64];

	if (ct_read_file(path, text, sizeof(text)) <= 0)
		CT_FAIL("%s is not readable", path);
	return strtoll(text, NULL, 10);
}

/* The number after "KEY:" in a file of such lines; -1 without such a line. */
static inline long long ct_keyed_number(const char *path, const char *key)
{
	char line[256];
	size_t len = strlen(key);
	long long value = -1;
	FILE *file = fopen(path, "re");

	if (!file)
		return -1;
	while (fgets(line, sizeof(line), file)) {
		if (!strncmp(line, key, len) && line[len] == ':') {
			value = strtoll(line + len + 1, NULL, 10);
			break;
		}
	}
	fclose(file);
	return value;
}

static inline long long ct_status(pid_t pid, const char *key)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/status", pid);
	return ct_keyed_number(path, key);
}

/* /proc/PID/stat as it is numbered in proc(5), from field 4 on. */
static inline long long ct_stat_field(const char *path, int field)
{
	char text[1024], *at;

	if (ct_read_file(path, text, sizeof(text)) <= 0)
		return -1;
	at = strrchr(text, ')');
	if (!at)
		return -1;
	for (at += 2; field > 3; field--) {
		at = strchr(at, ' ');
		if (!at)
			return -1;
		at++;
	}
	return strtoll(at, NULL, 10);
}

/* The letter of a task's state; 0 when there is no such task. */
static inline char ct_state(pid_t pid)
{
	char path[64], text[1024], *at;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	if (ct_read_file(path, text, sizeof(text)) <= 0)
		return 0;
	at = strrchr(text, ')');
	return at ? at[2] : 0;
}

/* -- time and waiting ----------------------------------------------------- */

static inline long long ct_now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000LL + now.tv_nsec / 1000000;
}

/*
 * Repeats a look at something that no event announces, such as another task's
 * state.  Wherever there is an event, wait for that.
 */
#define CT_UNTIL(cond) do {						\
	long long __ct_end = ct_now_ms() + CT_PATIENCE_MS;		\
									\
	while (!(cond)) {						\
		if (ct_now_ms() > __ct_end)				\
			CT_FAIL("waited in vain for: %s", #cond);	\
		usleep(1000);						\
	}								\
} while (0)

/* Exit status, or 128 and the signal, or -errno when there is nothing. */
static inline int ct_reap(pid_t pid)
{
	int status;

	if (waitpid(pid, &status, 0) < 0)
		return -errno;
	return WIFEXITED(status) ? WEXITSTATUS(status) :
				   128 + WTERMSIG(status);
}

static inline void ct_block(int sig)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, sig);
	CT_CHECK(!pthread_sigmask(SIG_BLOCK, &set, NULL));
}

/*
 * Takes a blocked signal; false when it does not come.  Not through libc,
 * which turns SI_TKILL into SI_USER.
 */
static inline bool ct_take_signal(int sig, siginfo_t *info, int ms)
{
	struct timespec patience = { ms / 1000, ms % 1000 * 1000000L };
	sigset_t set;
	int ret;

	sigemptyset(&set);
	sigaddset(&set, sig);
	do {
		ret = syscall(SYS_rt_sigtimedwait, &set, info, &patience,
			      _NSIG / 8);
	} while (ret < 0 && errno == EINTR);
	return ret == sig;
}

static inline siginfo_t ct_signal(int sig)
{
	siginfo_t info;

	if (!ct_take_signal(sig, &info, CT_PATIENCE_MS))
		CT_FAIL("signal %d does not come", sig);
	return info;
}

/* As sigqueue() sends it, for the calls that take it. */
static inline siginfo_t ct_queued(int sig)
{
	siginfo_t info;

	memset(&info, 0, sizeof(info));
	info.si_signo = sig;
	info.si_code = SI_QUEUE;
	info.si_pid = getpid();
	info.si_uid = getuid();
	info.si_value.sival_int = 4711;
	return info;
}

static inline bool ct_signal_pending(int sig)
{
	sigset_t set;

	return !sigpending(&set) && sigismember(&set, sig) == 1;
}

/* The next SIGCHLD is about this child. */
static inline void ct_expect_chld(pid_t pid, int code, int status)
{
	siginfo_t info = ct_signal(SIGCHLD);

	CT_EQ(pid, info.si_pid);
	CT_EQ(code, info.si_code);
	CT_EQ(status, info.si_status);
}

/* -- containers ----------------------------------------------------------- */

static inline void ct_unique_name(char *name)
{
	static int count;

	snprintf(name, CT_NAME_MAX + 1, "test-%d-%d", getpid(), ++count);
}

/*
 * Each of the following gives 0 or -errno.  The text may carry options, as in
 * "NAME pids=keep".
 */
static inline int ct_enter(const char *text)
{
	return ct_write_file(CT_FILE, text);
}

static inline void ct_path(char *path, size_t size, const char *name,
			   const char *file)
{
	snprintf(path, size, "%s/%s/%s", CT_FILE, name, file);
}

static inline int ct_join(const char *name)
{
	char path[128];

	ct_path(path, sizeof(path), name, "tasks");
	return ct_write_file(path, "0");
}

static inline int ct_kill_container(const char *name, const char *signal)
{
	char path[128];

	ct_path(path, sizeof(path), name, "kill");
	return ct_write_file(path, signal);
}

/* How many tasks a container has; -1 when it does not exist. */
static inline long long ct_task_count(const char *name)
{
	char path[128];

	ct_path(path, sizeof(path), name, "status");
	return ct_keyed_number(path, "tasks");
}

/* The two numbers of a line in a container's tasks. */
static inline bool ct_parse_task(const char *line, int *vpid, int *pid)
{
	return sscanf(line, "%d\t%d\t", vpid, pid) == 2;
}

/* The number that a container's member has inside; 0 when it is none. */
static inline pid_t ct_inside(const char *name, pid_t global)
{
	char path[128], line[256];
	int vpid, pid, found = 0;
	FILE *file;

	ct_path(path, sizeof(path), name, "tasks");
	file = fopen(path, "re");
	while (file && !found && fgets(line, sizeof(line), file))
		if (ct_parse_task(line, &vpid, &pid) && pid == global)
			found = vpid;
	if (file)
		fclose(file);
	return found;
}

/* -- processes with a line to their parent --------------------------------- */

enum ct_box {
	CT_PLAIN,	/* an ordinary child */
	CT_CONTAINER,	/* process 1 of a new container */
	CT_NAMESPACE,	/* process 1 of a new kernel pid namespace */
};

struct ct_child {
	pid_t pid;	/* as the parent sees it */
	int fd;		/* the parent's end */
	char name[CT_NAME_MAX + 1];
};

typedef void (*ct_fn)(int fd, void *arg);

static inline void ct_send(int fd, long long value)
{
	CT_EQ(sizeof(value), send(fd, &value, sizeof(value), MSG_NOSIGNAL));
}

static inline long long ct_recv(int fd)
{
	struct pollfd wait = { .fd = fd, .events = POLLIN };
	long long value;

	if (poll(&wait, 1, CT_PATIENCE_MS) == 0)
		CT_FAIL("the other side says nothing");
	if (recv(fd, &value, sizeof(value), 0) != sizeof(value))
		CT_FAIL("the other side is gone");
	return value;
}

/* Until the other side ends the conversation. */
static inline void ct_wait_hangup(int fd)
{
	char c;

	while (read(fd, &c, 1) > 0)
		;
}

/* A /proc that shows the namespace we are in, for us and our children only. */
static inline void ct_private_proc(void)
{
	CT_EQ(0, unshare(CLONE_NEWNS));
	CT_EQ(0, mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL));
	CT_EQ(0, mount("proc", "/proc", "proc", 0, NULL));
}

/* fork(), with libc's own bookkeeping, into a new pid namespace. */
static inline pid_t ct_fork_namespace(void)
{
	int old = open("/proc/self/ns/pid", O_RDONLY | O_CLOEXEC);
	pid_t pid;

	CT_CHECK(old >= 0);
	CT_EQ(0, unshare(CLONE_NEWPID));
	pid = fork();
	if (pid)
		CT_EQ(0, setns(old, CLONE_NEWPID));
	close(old);
	return pid;
}

static inline struct ct_child ct_spawn(enum ct_box box, ct_fn fn, void *arg)
{
	struct ct_child child;
	int fd[2], ret;

	CT_EQ(0, socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fd));
	ct_unique_name(child.name);
	fflush(NULL);
	child.pid = box == CT_NAMESPACE ? ct_fork_namespace() : fork();
	CT_CHECK(child.pid >= 0);
	if (child.pid) {
		close(fd[1]);
		child.fd = fd[0];
		ct_recv(child.fd);
		return child;
	}

	close(fd[0]);
	/* A test that fails must not leave its containers behind. */
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (box == CT_CONTAINER) {
		ret = ct_enter(child.name);
		if (ret)
			CT_FAIL("entering %s: %s", child.name, strerror(-ret));
	} else if (box == CT_NAMESPACE) {
		ct_private_proc();
	}
	ct_send(fd[1], 0);
	fn(fd[1], arg);
	_exit(0);
}

/* Ends the conversation, although children born later have our end, too. */
static inline void ct_release(struct ct_child *child)
{
	shutdown(child->fd, SHUT_RDWR);
	close(child->fd);
	child->fd = -1;
}

/* The same, and gives the child's ct_reap(). */
static inline int ct_finish(struct ct_child *child)
{
	ct_release(child);
	return ct_reap(child->pid);
}

/* A process that does nothing until it is told to end or killed. */
static inline void ct_idle(int fd, void *arg)
{
	(void)arg;
	ct_wait_hangup(fd);
}

/* -- threads ---------------------------------------------------------------- */

/* One that does nothing but be there. */
struct ct_thread {
	pthread_t thread;
	pthread_barrier_t step;
	pid_t tid;
};

static inline void *ct_thread_idle(void *arg)
{
	struct ct_thread *me = arg;

	me->tid = syscall(SYS_gettid);
	pthread_barrier_wait(&me->step);
	pthread_barrier_wait(&me->step);
	return NULL;
}

static inline void ct_thread_start(struct ct_thread *thread)
{
	pthread_barrier_init(&thread->step, NULL, 2);
	CT_EQ(0, pthread_create(&thread->thread, NULL, ct_thread_idle, thread));
	pthread_barrier_wait(&thread->step);
}

static inline void ct_thread_end(struct ct_thread *thread)
{
	pthread_barrier_wait(&thread->step);
	CT_EQ(0, pthread_join(thread->thread, NULL));
}

/* -- odds and ends --------------------------------------------------------- */

static inline pid_t ct_gettid(void)
{
	return syscall(SYS_gettid);
}

static inline pid_t ct_pid_max(void)
{
	return ct_read_number("/proc/sys/kernel/pid_max");
}

/* A number that nobody has: that of a child which is dead and reaped. */
static inline pid_t ct_unused_pid(void)
{
	pid_t pid = fork();

	CT_CHECK(pid >= 0);
	if (!pid)
		_exit(0);
	CT_EQ(0, ct_reap(pid));
	return pid;
}

/*
 * The next number, from this one on, that can be wished for: it is in range, and
 * names nobody, not even as a process group or as what somebody was called
 * before.  On the host another program may take it at any time.
 */
static inline pid_t ct_free_pid(pid_t from)
{
	pid_t max = ct_pid_max(), first = max > 1000 ? 300 : 2, nr = from, i;

	for (i = 0; i < max; i++, nr++) {
		if (nr >= max)
			nr = first;
		if (kill(nr, 0) && errno == ESRCH &&
		    kill(-nr, 0) && errno == ESRCH)
			return nr;
	}
	CT_FAIL("all numbers are in use");
}

/* What a call gives that the kernel does not have. */
static inline int ct_no_such_call(void)
{
	syscall(-1);
	return errno;
}

/* A user without rights, whom nobody else is. */
#define CT_UID 12345

static inline void ct_become_user(void)
{
	CT_EQ(0, setgroups(0, NULL));
	CT_EQ(0, setresgid(CT_UID, CT_UID, CT_UID));
	CT_EQ(0, setresuid(CT_UID, CT_UID, CT_UID));
	/* That has cleared it. */
	prctl(PR_SET_PDEATHSIG, SIGKILL);
}

/* For ct_spawn(): says so when it is that user. */
static inline void ct_idle_user(int fd, void *arg)
{
	(void)arg;
	ct_become_user();
	ct_send(fd, 0);
	ct_wait_hangup(fd);
}

/*
 * A program may run itself: what follows an exec is the function given here,
 * with one word, instead of the tests.
 */
#define CT_EXEC_WORD	"after-exec"

#define CT_AFTER_EXEC(fn)						\
static void __attribute__((constructor))				\
ct_after_exec(int argc, char **argv)					\
{									\
	if (argc == 3 && !strcmp(argv[1], CT_EXEC_WORD)) {		\
		fn(argv[2]);						\
		_exit(0);						\
	}								\
}

static inline void __attribute__((noreturn)) ct_exec_self(const char *word)
{
	execl("/proc/self/exe", "test", CT_EXEC_WORD, word, NULL);
	_exit(127);
}

/* For the tests that need the module, in the bodies of TEST and TEST_F. */
#define CT_NEED_MODULE() do {						\
	if (!ct_module_loaded())					\
		SKIP(return, "the module is not loaded");		\
} while (0)

#define CT_NEED_BOX(variant) do {					\
	if ((variant)->box == CT_CONTAINER && !ct_module_loaded())	\
		SKIP(return, "the module is not loaded");		\
} while (0)

#endif
