// SPDX-License-Identifier: GPL-2.0
/* modes: host contained pidns */
/*
 * Signals between processes that see each other: whom a number reaches, and
 * whose number the receiver is told.
 */
#include "ct.h"
#include <sys/pidfd.h>
#include "kselftest_harness.h"

#ifndef SI_TKILL
#define SI_TKILL (-6)
#endif

/* -- who sent it ------------------------------------------------------------ */

enum way {
	BY_KILL, BY_TKILL, BY_TGKILL, BY_SIGQUEUE, BY_TGSIGQUEUE, BY_PIDFD,
	BY_PIDFD_INFO, BY_GROUP,
};

static int send_by(enum way way, pid_t pid)
{
	siginfo_t info = ct_queued(SIGUSR1);
	int fd, ret;

	switch (way) {
	case BY_KILL:
		return kill(pid, SIGUSR1);
	case BY_TKILL:
		return syscall(SYS_tkill, pid, SIGUSR1);
	case BY_TGKILL:
		return syscall(SYS_tgkill, pid, pid, SIGUSR1);
	case BY_SIGQUEUE:
		return syscall(SYS_rt_sigqueueinfo, pid, SIGUSR1, &info);
	case BY_TGSIGQUEUE:
		return syscall(SYS_rt_tgsigqueueinfo, pid, pid, SIGUSR1, &info);
	case BY_GROUP:
		return kill(-getpgid(pid), SIGUSR1);
	case BY_PIDFD:
	case BY_PIDFD_INFO:
		fd = pidfd_open(pid, 0);
		if (fd < 0)
			return -1;
		ret = pidfd_send_signal(fd, SIGUSR1,
					way == BY_PIDFD ? NULL : &info, 0);
		close(fd);
		return ret;
	}
	return -1;
}

static int code_of(enum way way)
{
	switch (way) {
	case BY_TKILL:
	case BY_TGKILL:
		return SI_TKILL;
	case BY_SIGQUEUE:
	case BY_TGSIGQUEUE:
	case BY_PIDFD_INFO:
		return SI_QUEUE;
	default:
		return SI_USER;
	}
}

struct errand {
	enum way way;
	pid_t target;
};

static void run_errand(int fd, void *arg)
{
	struct errand *errand = arg;

	(void)fd;
	/* Not in the group of the target. */
	CT_EQ(0, setpgid(0, 0));
	CT_EQ(0, send_by(errand->way, errand->target));
}

FIXTURE(sender) {
	struct errand errand;
};

FIXTURE_VARIANT(sender) {
	enum way way;
};

FIXTURE_VARIANT_ADD(sender, kill) { .way = BY_KILL };
FIXTURE_VARIANT_ADD(sender, tkill) { .way = BY_TKILL };
FIXTURE_VARIANT_ADD(sender, tgkill) { .way = BY_TGKILL };
FIXTURE_VARIANT_ADD(sender, sigqueue) { .way = BY_SIGQUEUE };
FIXTURE_VARIANT_ADD(sender, tgsigqueue) { .way = BY_TGSIGQUEUE };
FIXTURE_VARIANT_ADD(sender, pidfd) { .way = BY_PIDFD };
FIXTURE_VARIANT_ADD(sender, pidfd_info) { .way = BY_PIDFD_INFO };
FIXTURE_VARIANT_ADD(sender, group) { .way = BY_GROUP };

FIXTURE_SETUP(sender)
{
	self->errand.way = variant->way;
	self->errand.target = getpid();
	ct_block(SIGUSR1);
}

FIXTURE_TEARDOWN(sender)
{
}

TEST_F(sender, is_told)
{
	struct ct_child child;
	siginfo_t info;

	child = ct_spawn(CT_PLAIN, run_errand, &self->errand);
	info = ct_signal(SIGUSR1);
	EXPECT_EQ(child.pid, info.si_pid);
	EXPECT_EQ(getuid(), info.si_uid);
	EXPECT_EQ(code_of(variant->way), info.si_code);
	if (code_of(variant->way) == SI_QUEUE)
		EXPECT_EQ(4711, info.si_value.sival_int);
	EXPECT_EQ(0, ct_finish(&child));
	EXPECT_FALSE(ct_signal_pending(SIGUSR1));
}

TEST_F(sender, is_oneself)
{
	siginfo_t info;

	ASSERT_EQ(0, send_by(variant->way, getpid()));
	info = ct_signal(SIGUSR1);
	EXPECT_EQ(getpid(), info.si_pid);
}

TEST_F(sender, reaches_nobody)
{
	pid_t pid = ct_unused_pid();

	errno = 0;
	/* A group without a process: a way of its own to find nobody. */
	EXPECT_EQ(-1, variant->way == BY_GROUP ? kill(-pid, SIGUSR1) :
						 send_by(variant->way, pid));
	EXPECT_EQ(ESRCH, errno);
	EXPECT_FALSE(ct_signal_pending(SIGUSR1));
}

/* -- details of the calls ----------------------------------------------------- */

TEST(numbers_and_signals_that_are_not)
{
	pid_t pid = getpid(), tid;

	ct_block(SIGUSR1);
	CT_ERRNO(EINVAL, kill(pid, 65));
	CT_ERRNO(EINVAL, kill(pid, -1));
	CT_ERRNO(EINVAL, syscall(SYS_tkill, 0, SIGUSR1));
	CT_ERRNO(EINVAL, syscall(SYS_tkill, -1, SIGUSR1));
	CT_ERRNO(EINVAL, syscall(SYS_tgkill, pid, 0, SIGUSR1));
	CT_ERRNO(EINVAL, syscall(SYS_tgkill, 0, pid, SIGUSR1));
	CT_ERRNO(EINVAL, pidfd_open(0, 0));
	CT_ERRNO(EINVAL, pidfd_open(-1, 0));
	CT_ERRNO(EINVAL, pidfd_open(pid, ~0U));
	/* Both numbers exist, but not as that pair. */
	tid = getppid();
	CT_ERRNO(ESRCH, syscall(SYS_tgkill, pid, tid, SIGUSR1));
	CT_ERRNO(ESRCH, syscall(SYS_tgkill, tid, pid, SIGUSR1));
	EXPECT_FALSE(ct_signal_pending(SIGUSR1));
}

static pid_t exited_child(void)
{
	siginfo_t info;
	pid_t pid = fork();

	CT_CHECK(pid >= 0);
	if (!pid)
		_exit(0);
	CT_EQ(0, waitid(P_PID, pid, &info, WEXITED | WNOWAIT));
	return pid;
}

TEST(a_zombie_is_still_there)
{
	pid_t pid = exited_child();
	struct pollfd wait = { .events = POLLIN };

	EXPECT_EQ(0, kill(pid, 0));
	EXPECT_EQ(0, kill(pid, SIGKILL));
	wait.fd = pidfd_open(pid, 0);
	ASSERT_LE(0, wait.fd);
	EXPECT_EQ(1, poll(&wait, 1, CT_PATIENCE_MS));
	EXPECT_EQ(0, ct_reap(pid));
	CT_ERRNO(ESRCH, kill(pid, 0));
	CT_ERRNO(ESRCH, pidfd_open(pid, 0));
	CT_ERRNO(ESRCH, pidfd_send_signal(wait.fd, 0, NULL, 0));
	close(wait.fd);
}

TEST(a_pidfd_tells_of_the_end)
{
	struct ct_child child = ct_spawn(CT_PLAIN, ct_idle, NULL);
	struct pollfd wait = { .events = POLLIN };
	char path[64];

	wait.fd = pidfd_open(child.pid, 0);
	ASSERT_LE(0, wait.fd);
	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", wait.fd);
	EXPECT_EQ(child.pid, ct_keyed_number(path, "Pid"));
	EXPECT_EQ(0, poll(&wait, 1, 0));
	ct_release(&child);
	EXPECT_EQ(1, poll(&wait, 1, CT_PATIENCE_MS));
	EXPECT_EQ(0, ct_reap(child.pid));
	EXPECT_EQ(-1, ct_keyed_number(path, "Pid"));
	close(wait.fd);
}

/* The number of the sender is what the receiver relies on. */
static void impersonate(int fd, void *arg)
{
	siginfo_t info = ct_queued(SIGUSR1);
	pid_t parent = getppid();

	(void)fd;
	(void)arg;
	info.si_code = SI_USER;
	CT_ERRNO(EPERM, syscall(SYS_rt_sigqueueinfo, parent, SIGUSR1, &info));
	CT_ERRNO(EPERM, syscall(SYS_rt_tgsigqueueinfo, parent, parent, SIGUSR1,
				&info));
	info.si_code = SI_TKILL;
	CT_ERRNO(EPERM, syscall(SYS_rt_sigqueueinfo, parent, SIGUSR1, &info));
	/* To oneself it is allowed. */
	ct_block(SIGUSR1);
	info.si_code = SI_USER;
	CT_EQ(0, syscall(SYS_rt_sigqueueinfo, getpid(), SIGUSR1, &info));
	CT_EQ(getpid(), ct_signal(SIGUSR1).si_pid);
}

TEST(nobody_can_be_impersonated)
{
	struct ct_child child;

	ct_block(SIGUSR1);
	child = ct_spawn(CT_PLAIN, impersonate, NULL);
	EXPECT_EQ(0, ct_finish(&child));
	EXPECT_FALSE(ct_signal_pending(SIGUSR1));
}

/* -- threads ------------------------------------------------------------------ */

struct listener {
	pthread_barrier_t ready;
	pid_t tid;
	siginfo_t info;
};

static void *listen_in_thread(void *arg)
{
	struct listener *me = arg;

	me->tid = ct_gettid();
	pthread_barrier_wait(&me->ready);
	me->info = ct_signal(SIGUSR2);
	return NULL;
}

TEST(to_a_thread)
{
	siginfo_t queue = ct_queued(SIGUSR2);
	struct listener listener;
	pthread_t thread;
	int i;

	ct_block(SIGUSR2);
	for (i = 0; i < 4; i++) {
		pthread_barrier_init(&listener.ready, NULL, 2);
		ASSERT_EQ(0, pthread_create(&thread, NULL, listen_in_thread,
					    &listener));
		pthread_barrier_wait(&listener.ready);
		CT_ERRNO(EINVAL, pidfd_open(listener.tid, 0));
		switch (i) {
		case 0:
			EXPECT_EQ(0, pthread_kill(thread, SIGUSR2));
			break;
		case 1:
			EXPECT_EQ(0, syscall(SYS_tkill, listener.tid, SIGUSR2));
			break;
		case 2:
			EXPECT_EQ(0, syscall(SYS_rt_tgsigqueueinfo, getpid(),
					     listener.tid, SIGUSR2, &queue));
			break;
		case 3:
			/* A thread's number stands for its process. */
			EXPECT_EQ(0, kill(listener.tid, SIGUSR2));
			break;
		}
		ASSERT_EQ(0, pthread_join(thread, NULL));
		EXPECT_EQ(getpid(), listener.info.si_pid);
		EXPECT_FALSE(ct_signal_pending(SIGUSR2));
	}
}

/* -- groups ------------------------------------------------------------------- */

static void listener(int fd, void *arg)
{
	siginfo_t info;

	(void)arg;
	ct_block(SIGUSR1);
	ct_block(SIGTERM);
	ct_send(fd, 0);
	while (ct_recv(fd)) {
		/* Asked: has one come, and from whom? */
		if (!ct_take_signal(SIGUSR1, &info, 0))
			info.si_pid = -1;
		ct_send(fd, info.si_pid);
	}
}

static pid_t heard(struct ct_child *child)
{
	ct_send(child->fd, 1);
	return ct_recv(child->fd);
}

FIXTURE(group) {
	struct ct_child in[2], out;
};

FIXTURE_SETUP(group)
{
	int i;

	ct_block(SIGUSR1);
	for (i = 0; i < 2; i++)
		self->in[i] = ct_spawn(CT_PLAIN, listener, NULL);
	self->out = ct_spawn(CT_PLAIN, listener, NULL);
	for (i = 0; i < 2; i++) {
		ct_recv(self->in[i].fd);
		ASSERT_EQ(0, setpgid(self->in[i].pid, self->in[0].pid));
	}
	ct_recv(self->out.fd);
}

FIXTURE_TEARDOWN(group)
{
	ct_send(self->out.fd, 0);
	EXPECT_EQ(0, ct_finish(&self->out));
	kill(-self->in[0].pid, SIGKILL);
	EXPECT_EQ(128 + SIGKILL, ct_finish(&self->in[0]));
	EXPECT_EQ(128 + SIGKILL, ct_finish(&self->in[1]));
}

TEST_F(group, by_its_number)
{
	EXPECT_EQ(0, kill(-self->in[0].pid, SIGUSR1));
	EXPECT_EQ(getpid(), heard(&self->in[0]));
	EXPECT_EQ(getpid(), heard(&self->in[1]));
	EXPECT_EQ(-1, heard(&self->out));
	EXPECT_FALSE(ct_signal_pending(SIGUSR1));
	/* Nobody leads a group of this number. */
	CT_ERRNO(ESRCH, kill(-self->in[1].pid, SIGUSR1));
	CT_ERRNO(ESRCH, kill(-self->out.pid, SIGUSR1));
}

TEST_F(group, our_own)
{
	EXPECT_EQ(0, kill(0, SIGUSR1));
	EXPECT_EQ(getpid(), heard(&self->out));
	EXPECT_EQ(-1, heard(&self->in[0]));
	EXPECT_EQ(-1, heard(&self->in[1]));
	EXPECT_EQ(getpid(), ct_signal(SIGUSR1).si_pid);
}

TEST_F(group, everybody_exists)
{
	EXPECT_EQ(0, kill(-1, 0));
}

/* -- SIGCHLD ------------------------------------------------------------------ */

TEST(sigchld_tells_the_child)
{
	struct ct_child child;

	ct_block(SIGCHLD);
	child = ct_spawn(CT_PLAIN, ct_idle, NULL);
	ASSERT_EQ(0, kill(child.pid, SIGSTOP));
	ct_expect_chld(child.pid, CLD_STOPPED, SIGSTOP);
	ASSERT_EQ(0, kill(child.pid, SIGCONT));
	ct_expect_chld(child.pid, CLD_CONTINUED, SIGCONT);
	ASSERT_EQ(0, kill(child.pid, SIGTERM));
	ct_expect_chld(child.pid, CLD_KILLED, SIGTERM);
	EXPECT_EQ(128 + SIGTERM, ct_finish(&child));

	child.pid = fork();
	ASSERT_LE(0, child.pid);
	if (!child.pid)
		_exit(6);
	ct_expect_chld(child.pid, CLD_EXITED, 6);
	EXPECT_EQ(6, ct_reap(child.pid));
}

/* What a clone sends at its end may be any signal. */
TEST(other_exit_signal)
{
	siginfo_t info;
	pid_t pid;

	ct_block(SIGUSR2);
	pid = syscall(SYS_clone, SIGUSR2, NULL, NULL, NULL, 0UL);
	ASSERT_LE(0, pid);
	if (!pid)
		_exit(6);
	info = ct_signal(SIGUSR2);
	EXPECT_EQ(pid, info.si_pid);
	EXPECT_EQ(pid, waitpid(pid, NULL, __WCLONE));
}

TEST_HARNESS_MAIN
