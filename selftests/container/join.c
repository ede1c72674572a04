// SPDX-License-Identifier: GPL-2.0
/* modes: host */
/*
 * Writing 0 to /proc/container/NAME/tasks: one more process for a container.
 */
#include "ct.h"
#include "kselftest_harness.h"

static char name[CT_NAME_MAX + 1];

static int write_tasks(const char *text)
{
	char path[128];

	ct_path(path, sizeof(path), name, "tasks");
	return ct_write_file(path, text);
}

/* -- the one who comes ---------------------------------------------------------------- */

static void join_and_look(int fd, void *arg)
{
	pid_t pid;

	CT_EQ(0, ct_join(name));
	CT_CHECK(getpid() > 1);
	CT_EQ(getpid(), ct_gettid());
	CT_EQ(0, getppid());
	CT_EQ(0, getpgrp());
	CT_EQ(0, getsid(0));
	CT_EQ(getpid(), ct_status(getpid(), "Pid"));
	CT_EQ(0, ct_status(getpid(), "PPid"));
	CT_EQ(0, ct_status(1, "PPid"));
	/* There it is already. */
	pid = getpid();
	CT_EQ(0, ct_join(name));
	CT_EQ(pid, getpid());
	/* It sees the others, and they are not its children. */
	CT_EQ(0, kill(1, 0));
	CT_ERRNO(ECHILD, waitpid(1, NULL, WNOHANG));
	CT_ERRNO(ECHILD, waitpid(-1, NULL, WNOHANG));
	pid = ct_unused_pid();
	CT_CHECK(pid > getpid());
	ct_send(fd, getpid());
	ct_wait_hangup(fd);
	_exit(8);
}

/* Process 1 looks at the numbers that it is told. */
static void look_at(int fd, void *arg)
{
	pid_t pid;

	while ((pid = ct_recv(fd)) > 0) {
		CT_EQ(0, kill(pid, 0));
		CT_EQ(pid, ct_status(pid, "Pid"));
		CT_EQ(0, ct_status(pid, "PPid"));
		CT_EQ(0, getpgid(pid));
		/* It is not our child. */
		CT_ERRNO(ECHILD, waitpid(pid, NULL, WNOHANG));
		ct_send(fd, 0);
	}
	ct_wait_hangup(fd);
}

TEST(a_new_number)
{
	struct ct_child box, child;
	pid_t inside, last = 1;
	int i;

	CT_NEED_MODULE();
	box = ct_spawn(CT_CONTAINER, look_at, NULL);
	strcpy(name, box.name);
	for (i = 0; i < 5; i++) {
		child = ct_spawn(CT_PLAIN, join_and_look, NULL);
		inside = ct_recv(child.fd);
		EXPECT_LT(last, inside);
		last = inside;
		EXPECT_EQ(inside, ct_inside(name, child.pid));
		EXPECT_EQ(2, ct_task_count(name));
		EXPECT_EQ(getpid(), ct_status(child.pid, "PPid"));
		ct_send(box.fd, inside);
		ct_recv(box.fd);
		/* Its parent outside has it as before. */
		EXPECT_EQ(0, waitpid(child.pid, NULL, WNOHANG));
		EXPECT_EQ(8, ct_finish(&child));
		EXPECT_EQ(1, ct_task_count(name));
	}
	ct_send(box.fd, 0);
	EXPECT_EQ(0, ct_finish(&box));
}

/* -- the end of either ------------------------------------------------------------------ */

static void join_and_idle(int fd, void *arg)
{
	CT_EQ(0, ct_join(name));
	ct_send(fd, 0);
	ct_wait_hangup(fd);
}

TEST(ends_with_process_1)
{
	struct ct_child box, child;

	CT_NEED_MODULE();
	box = ct_spawn(CT_CONTAINER, ct_idle, NULL);
	strcpy(name, box.name);
	child = ct_spawn(CT_PLAIN, join_and_idle, NULL);
	ct_recv(child.fd);
	ct_release(&box);
	/* Process 1 waits for it to go, but not for its parent to reap it. */
	EXPECT_EQ(128 + SIGKILL, ct_reap(child.pid));
	EXPECT_EQ(0, ct_reap(box.pid));
	EXPECT_EQ(-1, ct_task_count(name));
	ct_release(&child);
}

static void join_and_leave_orphan(int fd, void *arg)
{
	pid_t self, pid;

	CT_EQ(0, ct_join(name));
	self = getpid();
	pid = fork();
	CT_CHECK(pid >= 0);
	if (pid) {
		CT_CHECK(pid > self);
		ct_recv(fd);
		_exit(0);
	}
	CT_EQ(self, getppid());
	ct_block(SIGUSR1);
	CT_EQ(0, prctl(PR_SET_PDEATHSIG, SIGUSR1));
	ct_send(fd, getpid());
	CT_EQ(self, ct_signal(SIGUSR1).si_pid);
	ct_send(fd, getppid());
	_exit(4);
}

static void adopt_one(int fd, void *arg)
{
	int status;

	ct_recv(fd);
	CT_CHECK(waitpid(-1, &status, 0) > 1);
	CT_EQ(4, WEXITSTATUS(status));
	ct_send(fd, 0);
	ct_wait_hangup(fd);
}

/* Its orphans stay inside, although it has a subreaper outside above it. */
TEST(orphans_are_process_1s)
{
	struct ct_child box, child;

	CT_NEED_MODULE();
	ASSERT_EQ(0, prctl(PR_SET_CHILD_SUBREAPER, 1));
	box = ct_spawn(CT_CONTAINER, adopt_one, NULL);
	strcpy(name, box.name);
	child = ct_spawn(CT_PLAIN, join_and_leave_orphan, NULL);
	ct_recv(child.fd);
	ct_send(child.fd, 0);
	EXPECT_EQ(0, ct_reap(child.pid));
	EXPECT_EQ(1, ct_recv(child.fd));
	ct_send(box.fd, 0);
	ct_recv(box.fd);
	/* Of our two, one is left, and nobody has come to us. */
	EXPECT_EQ(0, waitpid(-1, NULL, WNOHANG));
	EXPECT_EQ(0, ct_finish(&box));
	CT_ERRNO(ECHILD, waitpid(-1, NULL, 0));
}

/* One that loses its parent outside still has its parent outside. */
static void join_and_lose_parent(int fd, void *arg)
{
	int line = *(int *)arg;

	CT_EQ(0, ct_join(name));
	ct_block(SIGUSR1);
	CT_EQ(0, prctl(PR_SET_PDEATHSIG, SIGUSR1));
	ct_send(fd, 0);
	CT_EQ(0, ct_signal(SIGUSR1).si_pid);
	ct_send(line, getppid());
}

TEST(a_parent_outside_dies)
{
	struct ct_child box, child;
	int line[2];
	pid_t pid;

	CT_NEED_MODULE();
	ASSERT_EQ(0, socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0,
				line));
	box = ct_spawn(CT_CONTAINER, ct_idle, NULL);
	strcpy(name, box.name);
	pid = fork();
	ASSERT_LE(0, pid);
	if (!pid) {
		child = ct_spawn(CT_PLAIN, join_and_lose_parent, &line[1]);
		ct_recv(child.fd);
		_exit(0);
	}
	EXPECT_EQ(0, ct_reap(pid));
	EXPECT_EQ(0, ct_recv(line[0]));
	CT_UNTIL(ct_task_count(name) == 1);
	EXPECT_EQ(0, ct_finish(&box));
}

/* -- refusals ----------------------------------------------------------------------------- */

static void *join_in_thread(void *arg)
{
	CT_EQ(-EINVAL, ct_join(name));
	return NULL;
}

static void with_threads(int fd, void *arg)
{
	pthread_t thread;

	CT_EQ(0, pthread_create(&thread, NULL, join_in_thread, NULL));
	CT_EQ(0, pthread_join(thread, NULL));
}

static void as_user(int fd, void *arg)
{
	char path[128];
	int file;

	ct_path(path, sizeof(path), name, "tasks");
	file = open(path, O_WRONLY | O_CLOEXEC);
	CT_CHECK(file >= 0);
	ct_become_user();
	CT_EQ(-EACCES, ct_join(name));
	/* Opened by root, used by another. */
	CT_ERRNO(EPERM, write(file, "0", 1));
}

static void in_namespace(int fd, void *arg)
{
	CT_EQ(-EINVAL, ct_join(name));
}

static void contained(int fd, void *arg)
{
	int file = *(int *)arg;

	CT_ERRNO(EPERM, write(file, "0", 1));
}

static void other_words(int fd, void *arg)
{
	static const char * const lines[] = {
		"", "\n", "x", "0x", "-1", "0 0", "1.0", "99999999999",
	};
	char own[16];
	size_t i;

	for (i = 1; i < sizeof(lines) / sizeof(*lines); i++)
		if (write_tasks(lines[i]) != -EINVAL)
			CT_FAIL("\"%s\" is taken for a number", lines[i]);
	/* Nobody, the system's init, a kernel thread. */
	snprintf(own, sizeof(own), "%d", ct_unused_pid());
	CT_EQ(-ESRCH, write_tasks(own));
	CT_EQ(-EINVAL, write_tasks("1"));
	CT_EQ(-EINVAL, write_tasks("2"));
	CT_EQ(-EINVAL, write_tasks("0 pids=some"));
	snprintf(own, sizeof(own), "%d\n", getpid());
	CT_EQ(0, write_tasks(own));
	CT_CHECK(ct_inside(name, getpid()));
	CT_EQ(0, getppid());
}

static void with_a_newline(int fd, void *arg)
{
	CT_EQ(0, write_tasks("0\n"));
	CT_EQ(0, getppid());
}

TEST(refusals)
{
	struct ct_child box, child;
	char path[128];
	struct {
		enum ct_box box;
		ct_fn fn;
	} who[] = {
		{ CT_PLAIN, with_threads }, { CT_PLAIN, as_user },
		{ CT_NAMESPACE, in_namespace }, { CT_CONTAINER, contained },
		{ CT_PLAIN, other_words }, { CT_PLAIN, with_a_newline },
	};
	size_t i;
	int fd;

	CT_NEED_MODULE();
	box = ct_spawn(CT_CONTAINER, ct_idle, NULL);
	strcpy(name, box.name);
	ct_path(path, sizeof(path), name, "tasks");
	fd = open(path, O_WRONLY);
	ASSERT_LE(0, fd);
	for (i = 0; i < sizeof(who) / sizeof(*who); i++) {
		child = ct_spawn(who[i].box, who[i].fn, &fd);
		EXPECT_EQ(0, ct_finish(&child));
	}
	EXPECT_EQ(1, ct_task_count(name));
	EXPECT_EQ(0, ct_finish(&box));
	EXPECT_EQ(-1, write(fd, "0", 1));
	EXPECT_EQ(-ENOENT, ct_join(name));
}

/* -- at the moment of the end ---------------------------------------------------------------- */

/* Either it gets in, and dies with the rest, or it is told why not. */
static void join_the_dying(int fd, void *arg)
{
	int ret;

	ct_send(fd, 0);
	ret = ct_join(name);
	if (!ret)
		for (;;)
			pause();
	if (ret != -ENOENT && ret != -ESRCH && ret != -EIO)
		CT_FAIL("joining gives %s", strerror(-ret));
	_exit(5);
}

TEST(races_with_the_end)
{
	struct ct_child box, child[2];
	int i, j, status, in = 0;

	CT_NEED_MODULE();
	for (i = 0; i < 40; i++) {
		box = ct_spawn(CT_CONTAINER, ct_idle, NULL);
		strcpy(name, box.name);
		for (j = 0; j < 2; j++) {
			child[j] = ct_spawn(CT_PLAIN, join_the_dying, NULL);
			ct_recv(child[j].fd);
		}
		usleep(i % 8 * 100);
		ct_release(&box);
		for (j = 0; j < 2; j++) {
			status = ct_finish(&child[j]);
			in += status != 5;
			if (status != 5)
				ASSERT_EQ(128 + SIGKILL, status);
		}
		ASSERT_EQ(0, ct_reap(box.pid));
		ASSERT_EQ(-1, ct_task_count(name));
	}
	TH_LOG("%d of 80 got in", in);
}

TEST_HARNESS_MAIN
