// SPDX-License-Identifier: GPL-2.0
/* modes: host contained pidns */
/*
 * What one process may do to another is a matter of rights, and of the same
 * ones wherever they are: those without them get the same errors in a container
 * as on the host.
 */
#include "ct.h"
#include "ct-file.h"
#include "ct-calls.h"
#include "kselftest_harness.h"

#define YAMA_FILE	"/proc/sys/kernel/yama/ptrace_scope"
#define OTHER_UID	(CT_UID + 1)
#define TALK_FD		100

/* -- no right to touch another's process ------------------------------------------- */

CT_CALL(signal, kill(pid, SIGUSR1))
CT_CALL(limit, prlimit64(pid, RLIMIT_CORE, &ct_output.limits[0], NULL))

static long ct_call_getfd(pid_t pid)
{
	int pidfd = pidfd_open(pid, 0);
	long ret;

	CT_CHECK(pidfd >= 0);
	ret = ct_result(pidfd_getfd(pidfd, 0, 0));
	close(pidfd);
	return ret;
}

static long ct_call_mem(pid_t pid)
{
	return ct_proc_open("/proc/%d/mem", pid);
}

static long ct_call_environ(pid_t pid)
{
	return ct_proc_open("/proc/%d/environ", pid);
}

static long ct_call_namespace(pid_t pid)
{
	return ct_proc_open("/proc/%d/ns/net", pid);
}

static const struct ct_call forbidden[] = {
	CT_FAST(seize, EPERM), CT_FAST(attach, EPERM),
	CT_FAST(vm_readv, EPERM), CT_FAST(vm_writev, EPERM),
	CT_FAST(kcmp_first, EPERM), CT_FAST(kcmp_second, EPERM),
	CT_FAST(robust_list, EPERM), CT_FAST(getfd, EPERM),
	CT_FAST(move_pages, EPERM), CT_FAST(migrate_pages, EPERM),
	CT_FAST(mem, EACCES), CT_FAST(environ, EACCES),
	CT_FAST(namespace, EACCES), CT_FAST(signal, EPERM),
	CT_FAST(setpriority, EPERM), CT_FAST(ioprio_set, EPERM),
	CT_FAST(setaffinity, EPERM), CT_FAST(setscheduler, EPERM),
	CT_FAST(limit, EPERM), CT_FAST(send_creds, EPERM),
};

static void expect_nothing(pid_t pid)
{
	long ret;
	size_t i;

	for (i = 0; i < sizeof(forbidden) / sizeof(*forbidden); i++) {
		memset(&ct_output, 0, sizeof(ct_output));
		ret = forbidden[i].call(pid);
		if (ret != -forbidden[i].error && ret != -ct_no_such_call())
			CT_FAIL("%s gives %ld, not %d", forbidden[i].name, ret,
				-forbidden[i].error);
	}
}

static void be_user(int fd, void *arg)
{
	uid_t uid = *(uid_t *)arg;

	CT_EQ(0, setgroups(0, NULL));
	CT_EQ(0, setresgid(uid, uid, uid));
	CT_EQ(0, setresuid(uid, uid, uid));
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	/* Which the change of users has taken. */
	prctl(PR_SET_DUMPABLE, 1);
	ct_send(fd, 0);
	ct_wait_hangup(fd);
}

static struct ct_child spawn_user(uid_t uid)
{
	struct ct_child child = ct_spawn(CT_PLAIN, be_user, &uid);

	ct_recv(child.fd);
	return child;
}

static void try_as_user(int fd, void *arg)
{
	(void)fd;
	ct_become_user();
	expect_nothing(*(pid_t *)arg);
}

TEST(a_user_and_roots_process)
{
	struct ct_child target = ct_spawn(CT_PLAIN, ct_idle, NULL);
	struct ct_child user = ct_spawn(CT_PLAIN, try_as_user, &target.pid);

	EXPECT_EQ(0, ct_finish(&user));
	EXPECT_EQ(0, ct_finish(&target));
}

TEST(a_user_and_another_users_process)
{
	struct ct_child target = spawn_user(OTHER_UID);
	struct ct_child user = ct_spawn(CT_PLAIN, try_as_user, &target.pid);

	EXPECT_EQ(0, ct_finish(&user));
	EXPECT_EQ(0, ct_finish(&target));
}

/* It is the capabilities that count, not the name. */
static void try_without_rights(int fd, void *arg)
{
	struct __user_cap_header_struct header = {
		_LINUX_CAPABILITY_VERSION_3, 0
	};
	struct __user_cap_data_struct data[2] = { 0 };

	(void)fd;
	CT_EQ(0, syscall(SYS_capset, &header, data));
	expect_nothing(*(pid_t *)arg);
}

TEST(root_without_capabilities)
{
	struct ct_child target = spawn_user(OTHER_UID);
	struct ct_child root = ct_spawn(CT_PLAIN, try_without_rights,
					&target.pid);

	EXPECT_EQ(0, ct_finish(&root));
	EXPECT_EQ(0, ct_finish(&target));
}

/* -- processes that are nobody's to look into --------------------------------------- */

static void be_undumpable(int fd, void *arg)
{
	(void)arg;
	ct_become_user();
	CT_EQ(0, prctl(PR_SET_DUMPABLE, 0));
	ct_send(fd, 0);
	ct_wait_hangup(fd);
}

static void look_into(int fd, void *arg)
{
	pid_t pid = *(pid_t *)arg;

	(void)fd;
	ct_become_user();
	CT_EQ(-EPERM, ct_call_seize(pid));
	CT_EQ(-EPERM, ct_call_vm_readv(pid));
	CT_EQ(-EACCES, ct_call_mem(pid));
	CT_EQ(-EPERM, ct_call_getfd(pid));
	/* But it is one's own to signal. */
	CT_EQ(0, kill(pid, 0));
}

TEST(not_dumpable)
{
	struct ct_child target = ct_spawn(CT_PLAIN, be_undumpable, NULL), user;

	ct_recv(target.fd);
	user = ct_spawn(CT_PLAIN, look_into, &target.pid);
	EXPECT_EQ(0, ct_finish(&user));
	/* Root may. */
	EXPECT_EQ(0, ct_call_seize(target.pid));
	EXPECT_EQ(0, ct_finish(&target));
}

/* -- Yama: only descendants, and who is allowed ---------------------------------------- */

static void be_traceable(int fd, void *arg)
{
	long long tracer;

	(void)arg;
	ct_become_user();
	prctl(PR_SET_DUMPABLE, 1);
	ct_send(fd, 0);
	while ((tracer = ct_recv(fd)))
		ct_send(fd, prctl(PR_SET_PTRACER, (unsigned long)tracer) ?
			    -errno : 0);
}

static void trace_sibling(int fd, void *arg)
{
	pid_t pid = *(pid_t *)arg;
	struct ct_child child;

	ct_become_user();
	prctl(PR_SET_DUMPABLE, 1);
	child = ct_spawn(CT_PLAIN, ct_idle, NULL);
	CT_EQ(0, ct_call_seize(child.pid));
	CT_EQ(0, ct_finish(&child));
	CT_EQ(-EPERM, ct_call_seize(pid));
	CT_EQ(-EACCES, ct_call_mem(pid));
	ct_send(fd, 0);
	/* Now it has been allowed. */
	ct_recv(fd);
	CT_EQ(0, ct_call_seize(pid));
	ct_send(fd, 0);
	/* And no longer. */
	ct_recv(fd);
	CT_EQ(-EPERM, ct_call_seize(pid));
}

static int allow(struct ct_child *target, long long tracer)
{
	ct_send(target->fd, tracer);
	return ct_recv(target->fd);
}

TEST(yama)
{
	struct ct_child target, tracer, other;
	char old[16];

	if (ct_read_file(YAMA_FILE, old, sizeof(old)) <= 0)
		SKIP(return, "the kernel has no Yama");
	ASSERT_EQ(0, ct_write_file(YAMA_FILE, "1"));
	target = ct_spawn(CT_PLAIN, be_traceable, NULL);
	ct_recv(target.fd);
	tracer = ct_spawn(CT_PLAIN, trace_sibling, &target.pid);
	ct_recv(tracer.fd);
	EXPECT_EQ(-EINVAL, allow(&target, ct_unused_pid()));
	EXPECT_EQ(0, allow(&target, tracer.pid));
	ct_send(tracer.fd, 0);
	ct_recv(tracer.fd);
	/* One other, who exists. */
	other = ct_spawn(CT_PLAIN, ct_idle, NULL);
	EXPECT_EQ(0, allow(&target, other.pid));
	ct_send(tracer.fd, 0);
	EXPECT_EQ(0, ct_finish(&tracer));
	EXPECT_EQ(0, ct_finish(&other));
	ct_send(target.fd, 0);
	EXPECT_EQ(0, ct_finish(&target));
	EXPECT_EQ(0, ct_write_file(YAMA_FILE, old));
}

/* -- programs that change the user ------------------------------------------------------ */

static char setuid_program[64];

/* Such a program says who it has become. */
static void tell_user(const char *word)
{
	(void)word;
	ct_send(TALK_FD, geteuid());
	ct_send(TALK_FD, prctl(PR_GET_DUMPABLE));
	ct_wait_hangup(TALK_FD);
}

CT_AFTER_EXEC(tell_user)

static void make_setuid_program(void)
{
	char buffer[65536];
	int in = open("/proc/self/exe", O_RDONLY | O_CLOEXEC), out;
	ssize_t len;

	/* Not in /tmp, where such programs may be forbidden. */
	snprintf(setuid_program, sizeof(setuid_program), "/ct-setuid-%d-%d",
		 ct_mode(), getpid());
	out = open(setuid_program, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC,
		   0755);
	CT_CHECK(in >= 0 && out >= 0);
	while ((len = read(in, buffer, sizeof(buffer))) > 0)
		CT_EQ(len, write(out, buffer, len));
	CT_EQ(0, fchmod(out, 04755));
	close(in);
	close(out);
}

static void run_setuid(int fd, void *arg)
{
	(void)arg;
	CT_EQ(TALK_FD, dup2(fd, TALK_FD));
	ct_send(fd, 0);
	ct_recv(fd);
	execl(setuid_program, "test", CT_EXEC_WORD, "-", NULL);
	CT_FAIL("cannot run %s", setuid_program);
}

static void run_setuid_as_user(int fd, void *arg)
{
	ct_become_user();
	prctl(PR_SET_DUMPABLE, 1);
	run_setuid(fd, arg);
}

static int wait_stop(pid_t pid)
{
	int status;

	CT_EQ(pid, waitpid(pid, &status, __WALL));
	CT_CHECK(WIFSTOPPED(status));
	return status;
}

/* Lets it run, and gives the user that it has become. */
static uid_t setuid_result(struct ct_child *child, bool traced, int dumpable)
{
	uid_t uid;

	if (traced)
		CT_EQ(0, ptrace(PTRACE_SEIZE, child->pid, 0,
				PTRACE_O_TRACEEXEC | PTRACE_O_EXITKILL));
	ct_recv(child->fd);
	ct_send(child->fd, 0);
	if (traced) {
		CT_EQ(SIGTRAP | PTRACE_EVENT_EXEC << 8,
		      wait_stop(child->pid) >> 8);
		CT_EQ(0, ptrace(PTRACE_DETACH, child->pid, 0, 0));
	}
	uid = ct_recv(child->fd);
	CT_EQ(dumpable, ct_recv(child->fd));
	return uid;
}

/* A user who traces it does not get hold of root's rights. */
static void trace_setuid(int fd, void *arg)
{
	struct ct_child child;

	(void)fd;
	(void)arg;
	ct_become_user();
	prctl(PR_SET_DUMPABLE, 1);
	child = ct_spawn(CT_PLAIN, run_setuid, NULL);
	CT_EQ(CT_UID, setuid_result(&child, true, 1));
	CT_EQ(0, ct_finish(&child));
}

static void fail_to_trace(int fd, void *arg)
{
	(void)fd;
	ct_become_user();
	CT_EQ(-EPERM, ct_call_seize(*(pid_t *)arg));
	CT_EQ(-EPERM, ct_call_vm_readv(*(pid_t *)arg));
	CT_EQ(-EACCES, ct_call_mem(*(pid_t *)arg));
}

FIXTURE(setuid) {
	int unused;
};

FIXTURE_SETUP(setuid)
{
	make_setuid_program();
}

FIXTURE_TEARDOWN(setuid)
{
	EXPECT_EQ(0, unlink(setuid_program));
}

TEST_F(setuid, run_by_a_user)
{
	struct ct_child child = ct_spawn(CT_PLAIN, run_setuid_as_user, NULL);
	struct ct_child user;

	EXPECT_EQ(0, setuid_result(&child, false, 0));
	user = ct_spawn(CT_PLAIN, fail_to_trace, &child.pid);
	EXPECT_EQ(0, ct_finish(&user));
	EXPECT_EQ(0, ct_finish(&child));
}

TEST_F(setuid, traced_by_a_user)
{
	struct ct_child user = ct_spawn(CT_PLAIN, trace_setuid, NULL);

	EXPECT_EQ(0, ct_finish(&user));
}

TEST_F(setuid, traced_by_root)
{
	struct ct_child child = ct_spawn(CT_PLAIN, run_setuid_as_user, NULL);

	/* Who traces it may do all that it could. */
	EXPECT_EQ(0, setuid_result(&child, true, 0));
	EXPECT_EQ(0, ct_finish(&child));
}

TEST_HARNESS_MAIN
