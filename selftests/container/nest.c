// SPDX-License-Identifier: GPL-2.0
/* modes: host */
/*
 * Containers in containers: who sees whom, and under which number.  The same
 * tests run with pid namespaces in pid namespaces.
 */
#include "ct.h"
#include "ct-file.h"
#include "ct-nest.h"
#include "ct-trace.h"
#include <mqueue.h>
#include <sys/un.h>
#include "kselftest_harness.h"
#include "ct-wall.h"

/* What runs on each level, for the functions that know only their argument. */
struct level {
	enum ct_box box;
	ct_fn fn;
	int number;
};

/* -- numbers ------------------------------------------------------------------ */

static void with_a_child(int fd, void *arg)
{
	struct ct_child child;

	CT_EQ(1, getpid());
	CT_EQ(0, getppid());
	child = ct_spawn(CT_PLAIN, ct_idle, NULL);
	CT_EQ(2, child.pid);
	CT_EQ(1, ct_status(2, "PPid"));
	CT_EQ(0, ct_status(1, "PPid"));
	CT_EQ(2, ct_proc_count());
	CT_EQ(2, ct_only_child(1));
	/* What the next one out has for a number is nobody's here. */
	CT_ERRNO(ESRCH, kill(51, 0));
	ct_send(fd, 0);
	ct_recv(fd);
	CT_EQ(0, ct_finish(&child));
	_exit(7);
}

static void around_that(int fd, void *arg)
{
	struct level *level = arg;
	struct ct_child box;
	siginfo_t info;

	ct_next_pid(50);
	box = ct_spawn(level->box, with_a_child, NULL);
	ct_recv(box.fd);
	CT_EQ(50, box.pid);
	CT_EQ(51, ct_only_child(50));
	CT_EQ(3, ct_proc_count());
	CT_EQ(1, ct_status(50, "PPid"));
	CT_EQ(50, ct_status(51, "PPid"));
	CT_EQ(51, ct_status(51, "Pid"));
	CT_EQ(0, kill(51, 0));
	CT_EQ(getsid(0), getsid(51));
	CT_EQ(getpgrp(), getpgid(51));
	CT_ERRNO(ESRCH, kill(2, 0));
	ct_send(fd, 0);
	ct_recv(fd);
	ct_send(box.fd, 0);
	CT_EQ(0, waitid(P_PID, 50, &info, WEXITED | WNOWAIT));
	CT_EQ(50, info.si_pid);
	CT_EQ(7, info.si_status);
	CT_EQ(50, wait(NULL));
	CT_ERRNO(ESRCH, kill(51, 0));
	/* Both have been given back. */
	CT_EQ(52, ct_unused_pid());
	ct_next_pid(50);
	CT_EQ(50, ct_unused_pid());
}

TEST_F(wall, numbers)
{
	struct level level = { .box = variant->box };
	struct ct_child box;
	pid_t inner, child;

	CT_NEED_BOX(variant);
	box = ct_spawn(variant->box, around_that, &level);
	ct_recv(box.fd);
	inner = ct_only_child(box.pid);
	EXPECT_LT(0, inner);
	child = ct_only_child(inner);
	EXPECT_LT(0, child);
	EXPECT_EQ(inner, ct_status(child, "PPid"));
	EXPECT_EQ(0, kill(child, 0));
	EXPECT_EQ(getpgrp(), getpgid(child));
	ct_send(box.fd, 0);
	EXPECT_EQ(0, ct_finish(&box));
	EXPECT_EQ(-1, kill(child, 0));
}

/* -- signals -------------------------------------------------------------------- */

static void take_signals(int fd, void *arg)
{
	siginfo_t info;

	ct_block(SIGUSR1);
	ct_send(fd, 0);
	for (;;) {
		info = ct_signal(SIGUSR1);
		ct_send(fd, info.si_pid);
		ct_send(fd, info.si_code);
	}
}

static void signal_inside(int fd, void *arg)
{
	struct level *level = arg;
	struct ct_child box;

	ct_block(SIGCHLD);
	box = ct_spawn(level->box, take_signals, NULL);
	ct_recv(box.fd);
	CT_EQ(0, kill(box.pid, SIGUSR1));
	CT_EQ(0, ct_recv(box.fd));
	CT_EQ(SI_USER, ct_recv(box.fd));
	CT_EQ(0, sigqueue(box.pid, SIGUSR1, (union sigval){}));
	CT_EQ(0, ct_recv(box.fd));
	CT_EQ(SI_QUEUE, ct_recv(box.fd));
	ct_send(fd, 0);
	/* Now one from further out. */
	CT_EQ(0, ct_recv(box.fd));
	CT_EQ(SI_USER, ct_recv(box.fd));
	/* To the one here its process 1 is like any other. */
	CT_EQ(0, kill(box.pid, SIGTERM));
	CT_EQ(0, ct_status(box.pid, "SigCgt"));
	CT_EQ(0, kill(box.pid, SIGKILL));
	ct_expect_chld(box.pid, CLD_KILLED, SIGKILL);
	CT_EQ(128 + SIGKILL, ct_reap(box.pid));
	ct_send(fd, 0);
}

TEST_F(wall, signals_inwards)
{
	struct level level = { .box = variant->box };
	struct ct_child box;

	CT_NEED_BOX(variant);
	box = ct_spawn(variant->box, signal_inside, &level);
	ct_recv(box.fd);
	EXPECT_EQ(0, kill(ct_only_child(box.pid), SIGUSR1));
	ct_recv(box.fd);
	EXPECT_EQ(0, ct_finish(&box));
}

/* Sends a message as number 2 inside; it is number 51 around. */
static void send_message(int fd, void *arg)
{
	mqd_t queue = *(mqd_t *)arg;
	pid_t pid = fork();

	CT_CHECK(pid >= 0);
	if (!pid) {
		CT_EQ(2, getpid());
		CT_EQ(0, mq_send(queue, "x", 1, 0));
		/* The group's other member is outside. */
		signal(SIGUSR2, SIG_IGN);
		CT_EQ(0, kill(0, SIGUSR2));
		_exit(0);
	}
	signal(SIGUSR2, SIG_IGN);
	CT_EQ(0, ct_reap(pid));
	ct_send(fd, 0);
	ct_wait_hangup(fd);
}

static void take_message(int fd, void *arg)
{
	struct level *level = arg;
	struct mq_attr attr = { .mq_maxmsg = 1, .mq_msgsize = 1 };
	struct sigevent event = {
		.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGUSR1,
	};
	struct ct_child box;
	siginfo_t info;
	mqd_t queue;

	CT_EQ(0, setpgid(0, 0));
	CT_EQ(0, unshare(CLONE_NEWIPC));
	queue = mq_open("/ct-nest", O_RDWR | O_CREAT | O_EXCL, 0600, &attr);
	CT_CHECK(queue >= 0);
	ct_block(SIGUSR1);
	ct_block(SIGUSR2);
	CT_EQ(0, mq_notify(queue, &event));
	ct_next_pid(50);
	box = ct_spawn(level->box, send_message, &queue);
	info = ct_signal(SIGUSR1);
	CT_EQ(SI_MESGQ, info.si_code);
	CT_EQ(51, info.si_pid);
	ct_recv(box.fd);
	/* The kernel takes the sender's own number for this. */
	info = ct_signal(SIGUSR2);
	CT_EQ(SI_USER, info.si_code);
	CT_EQ(2, info.si_pid);
	CT_EQ(0, ct_finish(&box));
}

TEST_F(wall, signals_outwards)
{
	struct level level = { .box = variant->box };
	struct ct_child box;

	CT_NEED_BOX(variant);
	box = ct_spawn(variant->box, take_message, &level);
	EXPECT_EQ(0, ct_finish(&box));
}

/* -- sockets ---------------------------------------------------------------------- */

static int unix_socket(struct sockaddr_un *addr, socklen_t *len, int number)
{
	memset(addr, 0, sizeof(*addr));
	addr->sun_family = AF_UNIX;
	*len = offsetof(struct sockaddr_un, sun_path) + 1 +
	       sprintf(addr->sun_path + 1, "ct-nest-%d", number);
	return socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
}

static int connect_to(int number)
{
	struct sockaddr_un addr;
	socklen_t len;
	int fd = unix_socket(&addr, &len, number);

	CT_CHECK(fd >= 0);
	CT_EQ(0, connect(fd, (struct sockaddr *)&addr, len));
	return fd;
}

static int listen_as(int number)
{
	struct sockaddr_un addr;
	socklen_t len;
	int fd = unix_socket(&addr, &len, number), on = 1;

	CT_CHECK(fd >= 0);
	CT_EQ(0, setsockopt(fd, SOL_SOCKET, SO_PASSCRED, &on, sizeof(on)));
	CT_EQ(0, bind(fd, (struct sockaddr *)&addr, len));
	CT_EQ(0, listen(fd, 5));
	return fd;
}

/* Takes a connection from number @pid, 0 if it is outside. */
static void accept_from(int listener, pid_t pid)
{
	int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);

	CT_CHECK(fd >= 0);
	CT_EQ(pid, ct_peer(fd));
	CT_EQ(pid, ct_receive_creds(fd));
	close(fd);
}

static void connect_out(int fd, void *arg)
{
	struct level *level = arg;
	int out;

	out = connect_to(level->number);
	/* The listener is out there. */
	CT_EQ(0, ct_peer(out));
	CT_EQ(1, ct_send_creds(out, getpid()));
	close(out);
	out = connect_to(level->number + 1);
	CT_EQ(0, ct_peer(out));
	CT_EQ(1, ct_send_creds(out, getpid()));
	close(out);
	ct_wait_hangup(fd);
}

static void listen_inside(int fd, void *arg)
{
	struct level *level = arg;
	int listener = listen_as(level->number + 1);
	struct ct_child box;

	box = ct_spawn(level->box, connect_out, level);
	accept_from(listener, box.pid);
	ct_send(fd, 0);
	ct_recv(fd);
	CT_EQ(0, ct_finish(&box));
}

TEST_F(wall, sockets)
{
	struct level level = { .box = variant->box, .number = getpid() * 2 };
	struct ct_child box;
	int listener;

	CT_NEED_BOX(variant);
	listener = listen_as(level.number);
	box = ct_spawn(variant->box, listen_inside, &level);
	ct_recv(box.fd);
	accept_from(listener, ct_only_child(box.pid));
	ct_send(box.fd, 0);
	EXPECT_EQ(0, ct_finish(&box));
}

/* -- tracing ------------------------------------------------------------------------ */

static void trace_inside(int fd, void *arg)
{
	struct level *level = arg;
	struct ct_child box;

	ct_next_pid(50);
	box = ct_spawn(level->box, ct_exec_by_thread, NULL);
	ct_trace_exec_by_thread(&box, 1, 2);
}

TEST_F(wall, tracing)
{
	struct level level = { .box = variant->box };
	struct ct_child box;

	CT_NEED_BOX(variant);
	box = ct_spawn(variant->box, trace_inside, &level);
	EXPECT_EQ(0, ct_finish(&box));
}

/* -- groups and sessions --------------------------------------------------------------- */

static void lead_inside(int fd, void *arg)
{
	/* Their leader is outside. */
	CT_EQ(0, getpgrp());
	CT_EQ(0, getsid(0));
	CT_EQ(0, ct_stat_field("/proc/self/stat", 5));
	CT_EQ(1, setsid());
	CT_EQ(1, getpgrp());
	CT_EQ(1, getsid(0));
	ct_send(fd, 0);
	ct_wait_hangup(fd);
}

static void look_at_groups(int fd, void *arg)
{
	struct level *level = arg;
	struct ct_child box;

	CT_EQ(1, setsid());
	box = ct_spawn(level->box, lead_inside, NULL);
	ct_recv(box.fd);
	CT_EQ(box.pid, getsid(box.pid));
	CT_EQ(box.pid, getpgid(box.pid));
	CT_EQ(0, kill(-box.pid, 0));
	CT_EQ(0, ct_finish(&box));
}

TEST_F(wall, groups)
{
	struct level level = { .box = variant->box };
	struct ct_child box;

	CT_NEED_BOX(variant);
	box = ct_spawn(variant->box, look_at_groups, &level);
	EXPECT_EQ(0, ct_finish(&box));
}

/* -- siblings ------------------------------------------------------------------------------ */

/* @arg: a pidfd of somebody outside. */
static void alone(int fd, void *arg)
{
	char path[32];
	int other;

	ct_send(fd, 0);
	other = ct_recv(fd);
	CT_EQ(1, ct_proc_count());
	CT_ERRNO(ESRCH, kill(2, 0));
	CT_ERRNO(ESRCH, kill(other, 0));
	snprintf(path, sizeof(path), "/proc/%d/stat", other);
	CT_ERRNO(ENOENT, open(path, O_RDONLY));
	CT_ERRNO(EINVAL, syscall(SYS_pidfd_send_signal, *(int *)arg, 0, NULL, 0));
	ct_wait_hangup(fd);
}

static void two_beside(int fd, void *arg)
{
	struct level *level = arg;
	struct ct_child box[2];
	int i, own = syscall(SYS_pidfd_open, getpid(), 0);

	CT_CHECK(own >= 0);
	for (i = 0; i < 2; i++) {
		ct_next_pid(50 + i * 10);
		box[i] = ct_spawn(level->box, alone, &own);
		ct_recv(box[i].fd);
	}
	CT_EQ(3, ct_proc_count());
	for (i = 0; i < 2; i++)
		ct_send(box[i].fd, box[!i].pid);
	for (i = 0; i < 2; i++)
		CT_EQ(0, ct_finish(&box[i]));
}

TEST_F(wall, siblings)
{
	struct level level = { .box = variant->box };
	struct ct_child box;

	CT_NEED_BOX(variant);
	box = ct_spawn(variant->box, two_beside, &level);
	EXPECT_EQ(0, ct_finish(&box));
}

/* -- numbers that are asked for --------------------------------------------------------- */

#define FORK_AS(...) fork_as((pid_t[]){ __VA_ARGS__ }, \
			     sizeof((pid_t[]){ __VA_ARGS__ }) / sizeof(pid_t))

/* The child's number, or -errno; the child waits for us to hang up. */
static pid_t fork_as(const pid_t *numbers, size_t count)
{
	pid_t pid = ct_fork_as(numbers, count);

	if (!pid) {
		CT_EQ(numbers[0], getpid());
		CT_EQ(numbers[0], ct_gettid());
		pause();
	}
	return pid;
}

static void end(pid_t pid)
{
	CT_EQ(0, kill(pid, SIGKILL));
	CT_EQ(128 + SIGKILL, ct_reap(pid));
}

static void wish_inside(int fd, void *arg)
{
	pid_t global = ct_recv(fd), pid;

	pid = FORK_AS(700);
	CT_EQ(700, pid);
	end(pid);
	pid = FORK_AS(700, 800);
	CT_EQ(700, pid);
	ct_send(fd, 800);
	ct_recv(fd);
	end(pid);
	pid = FORK_AS(701, 801, global);
	CT_EQ(701, pid);
	ct_send(fd, 801);
	ct_recv(fd);
	CT_EQ(-EEXIST, FORK_AS(701));
	CT_EQ(-EEXIST, FORK_AS(702, 801));
	CT_EQ(-EEXIST, FORK_AS(702, 802, global));
	end(pid);
	/* What failed at one level has left nothing at the others. */
	pid = FORK_AS(702, 802, global);
	CT_EQ(702, pid);
	end(pid);
	CT_EQ(-EINVAL, FORK_AS(702, 802, global, 900));
	CT_EQ(-EINVAL, FORK_AS(702, 0));
	CT_EQ(-EINVAL, FORK_AS(702, 802, -1));
	CT_EQ(-EINVAL, FORK_AS(702, ct_pid_max()));
	ct_become_user();
	CT_EQ(-EPERM, FORK_AS(702));
	CT_EQ(-EPERM, FORK_AS(702, 802, global));
}

static void wish_around(int fd, void *arg)
{
	struct level *level = arg;
	struct ct_child box = ct_spawn(level->box, wish_inside, NULL);
	int i;

	ct_send(box.fd, level->number);
	for (i = 0; i < 2; i++) {
		CT_EQ(box.pid, ct_status(ct_recv(box.fd), "PPid"));
		if (i == 1)
			ct_send(fd, 0), ct_recv(fd);
		ct_send(box.fd, 0);
	}
	CT_EQ(0, ct_reap(box.pid));
}

TEST_F(wall, set_tid)
{
	struct level level = { .box = variant->box };
	struct ct_child box;

	CT_NEED_BOX(variant);
	level.number = ct_free_pid(ct_unused_pid() + 1000);
	box = ct_spawn(variant->box, wish_around, &level);
	ct_recv(box.fd);
	EXPECT_EQ(ct_only_child(box.pid), ct_status(level.number, "PPid"));
	ct_send(box.fd, 0);
	EXPECT_EQ(0, ct_finish(&box));
}

/* -- numbers given again ------------------------------------------------------------------ */

static void reuse_inside(int fd, void *arg)
{
	CT_EQ(1, ct_read_number(CT_LAST_PID));
	CT_EQ(0, ct_write_file(CT_LAST_PID, "500"));
	CT_EQ(501, ct_unused_pid());
	CT_EQ(0, ct_write_file(CT_LAST_PID, "500"));
	CT_EQ(501, ct_unused_pid());
	CT_EQ(501, ct_read_number(CT_LAST_PID));
	ct_send(fd, 0);
	ct_recv(fd);
	CT_EQ(502, ct_unused_pid());
	ct_send(fd, 0);
	ct_wait_hangup(fd);
}

static void reuse_around(int fd, void *arg)
{
	struct level *level = arg;
	struct ct_child box = ct_spawn(level->box, reuse_inside, NULL);

	/* Two were forked inside. */
	ct_recv(box.fd);
	CT_EQ(2, box.pid);
	CT_EQ(4, ct_read_number(CT_LAST_PID));
	CT_EQ(0, ct_write_file(CT_LAST_PID, "2"));
	CT_EQ(3, ct_unused_pid());
	CT_EQ(0, ct_write_file(CT_LAST_PID, "2"));
	ct_send(box.fd, 0);
	ct_recv(box.fd);
	CT_EQ(3, ct_read_number(CT_LAST_PID));
	CT_EQ(0, ct_finish(&box));
}

TEST_F(wall, reuse)
{
	struct level level = { .box = variant->box };
	struct ct_child box;

	CT_NEED_BOX(variant);
	box = ct_spawn(variant->box, reuse_around, &level);
	EXPECT_EQ(0, ct_finish(&box));
}

TEST_HARNESS_MAIN
