// SPDX-License-Identifier: GPL-2.0
/* modes: host */
/*
 * init=off: a container in which process 1 is like the others.
 */
#include "ct.h"
#include "ct-nest.h"
#include <sys/reboot.h>
#include "kselftest_harness.h"

/* -- process 1 ---------------------------------------------------------------- */

static void be_killed_from_inside(int fd, void *arg)
{
	pid_t pid = fork();

	CT_CHECK(pid >= 0);
	if (!pid) {
		CT_EQ(1, getppid());
		CT_EQ(0, kill(1, SIGTERM));
		CT_UNTIL(getppid() == 0);
		/* The others go on without it, and fork. */
		CT_UNTIL(kill(1, 0) && errno == ESRCH);
		CT_CHECK(ct_unused_pid() > 2);
		CT_EQ(1, ct_task_count("off"));
		CT_EQ(0, ct_keyed_number("/proc/container/off/status", "init"));
		ct_send(fd, 0);
		ct_wait_hangup(fd);
		_exit(3);
	}
	CT_STREQ("init=off", ct_status_text("off", "options"));
	CT_EQ(0, ct_reap(pid));
}

TEST(process_1_can_be_killed)
{
	struct ct_child box;
	pid_t child;
	int status;

	CT_NEED_MODULE();
	ASSERT_EQ(0, prctl(PR_SET_CHILD_SUBREAPER, 1));
	box = ct_spawn_named("off init=off", be_killed_from_inside, NULL);
	EXPECT_EQ(128 + SIGTERM, ct_reap(box.pid));
	ct_recv(box.fd);
	EXPECT_EQ(1, ct_task_count("off"));
	/* The orphan is ours; it has no parent inside. */
	ct_release(&box);
	child = waitpid(-1, &status, 0);
	EXPECT_LT(0, child);
	EXPECT_EQ(3, WEXITSTATUS(status));
	/* The container has gone with its last task. */
	EXPECT_EQ(-1, ct_task_count("off"));
	EXPECT_EQ(-ENOENT, ct_join("off"));
}

static void with_a_parent(int fd, void *arg)
{
	pid_t pid;

	CT_EQ(SIG_DFL == signal(SIGTERM, SIG_DFL), true);
	pid = fork();
	CT_CHECK(pid >= 0);
	if (pid) {
		ct_recv(fd);
		_exit(0);
	}
	ct_send(fd, 0);
	CT_UNTIL(getppid() == 0);
	CT_EQ(0, ct_status(getpid(), "PPid"));
	CT_EQ(0, ct_stat_field("/proc/self/stat", 4));
	ct_send(fd, 0);
	ct_wait_hangup(fd);
	_exit(5);
}

static void named_inside(int fd, void *arg)
{
	struct ct_child off;
	int status;
	pid_t pid;

	ct_next_pid(50);
	off = ct_spawn_named("off init=off", with_a_parent, NULL);
	ct_recv(off.fd);
	CT_STREQ("init=off", ct_status_text("a/off", "options"));
	ct_send(off.fd, 0);
	CT_EQ(0, ct_reap(off.pid));
	ct_recv(off.fd);
	/* We are the next reaper outside. */
	CT_EQ(1, ct_task_count("a/off"));
	CT_EQ(1, ct_status(51, "PPid"));
	ct_release(&off);
	pid = waitpid(-1, &status, 0);
	CT_EQ(51, pid);
	CT_EQ(5, WEXITSTATUS(status));
	CT_EQ(-1, ct_task_count("a/off"));
}

TEST(orphans_go_to_the_next_reaper)
{
	struct ct_child a;

	CT_NEED_MODULE();
	ASSERT_EQ(0, prctl(PR_SET_CHILD_SUBREAPER, 1));
	a = ct_spawn_named("a", named_inside, NULL);
	EXPECT_EQ(0, ct_finish(&a));
	errno = 0;
	EXPECT_EQ(-1, waitpid(-1, NULL, WNOHANG));
	EXPECT_EQ(ECHILD, errno);
}

/* -- the end --------------------------------------------------------------------- */

static void leave_group(int fd, void *arg)
{
	struct ct_child child = ct_spawn(CT_PLAIN, ct_idle, NULL);

	ct_send(fd, 0);
	ct_recv(fd);
	CT_EQ(0, prctl(PR_SET_PDEATHSIG, 0));
	ct_release(&child);
	CT_EQ(0, ct_reap(child.pid));
	_exit(0);
}

TEST(ends_with_the_last_task)
{
	struct ct_child box, more;
	int i;

	CT_NEED_MODULE();
	for (i = 0; i < 10; i++) {
		box = ct_spawn_named("off init=off", leave_group, NULL);
		ct_recv(box.fd);
		more = ct_spawn(CT_PLAIN, ct_idle, NULL);
		ASSERT_EQ(0, ct_adopt("off", "%d", more.pid));
		ASSERT_EQ(3, ct_task_count("off"));
		ct_send(box.fd, 0);
		ASSERT_EQ(0, ct_reap(box.pid));
		close(box.fd);
		/* Process 1 has not waited for anybody. */
		ASSERT_EQ(1, ct_task_count("off"));
		ASSERT_EQ(0, ct_keyed_number("/proc/container/off/status", "init"));
		ASSERT_EQ(-EEXIST, ct_enter("off"));
		if (i % 2) {
			ASSERT_EQ(0, ct_kill_container("off", "KILL"));
			ASSERT_EQ(128 + SIGKILL, ct_reap(more.pid));
			close(more.fd);
		} else {
			ASSERT_EQ(0, ct_finish(&more));
		}
		ASSERT_EQ(-1, ct_task_count("off"));
	}
}

/* Of one inside the other, the outer one ends. */
static void off_inside(int fd, void *arg)
{
	struct ct_child off = ct_spawn_named("off init=off", ct_idle, NULL);
	struct ct_child more = ct_spawn(CT_PLAIN, ct_idle, NULL);

	CT_EQ(0, ct_adopt("a/off", "%d", more.pid));
	CT_EQ(0, kill(off.pid, SIGKILL));
	CT_EQ(128 + SIGKILL, ct_reap(off.pid));
	CT_EQ(1, ct_task_count("a/off"));
	ct_send(fd, 0);
	ct_recv(fd);
	_exit(0);
}

TEST(goes_with_the_one_around)
{
	struct ct_child a;

	CT_NEED_MODULE();
	a = ct_spawn_named("a", off_inside, NULL);
	ct_recv(a.fd);
	EXPECT_EQ(2, ct_task_count("a"));
	EXPECT_EQ(1, ct_task_count("a/off"));
	ct_send(a.fd, 0);
	EXPECT_EQ(0, ct_reap(a.pid));
	EXPECT_EQ(-1, ct_task_count("a"));
	EXPECT_EQ(-1, ct_task_count("a/off"));
}

/* One inside, forking while process 1 of the one around ends. */
static void fork_without_end(int fd, void *arg)
{
	pid_t pid;

	ct_send(fd, 0);
	for (;;) {
		pid = fork();
		if (!pid)
			continue;	/* and the parent goes */
		if (pid > 0)
			_exit(0);
		usleep(100);
	}
}

static void fork_in_off(int fd, void *arg)
{
	struct ct_child off = ct_spawn_named("off init=off", fork_without_end, NULL);

	ct_recv(off.fd);
	ct_send(fd, 0);
	ct_recv(fd);
	_exit(0);
}

TEST(no_fork_escapes_the_end_around)
{
	struct ct_child a;
	int i;

	CT_NEED_MODULE();
	for (i = 0; i < 40; i++) {
		a = ct_spawn_named("a", fork_in_off, NULL);
		ct_recv(a.fd);
		usleep(i * 311 % 10000);
		ct_send(a.fd, 0);
		ASSERT_EQ(0, ct_reap(a.pid));
		ASSERT_EQ(-1, ct_task_count("a/off"));
		ASSERT_EQ(-1, ct_task_count("a"));
		close(a.fd);
	}
}

/* -- reboot(2) -------------------------------------------------------------------------- */

static void reboot_inside(int fd, void *arg)
{
	int command = *(int *)arg;
	struct ct_child child;
	pid_t pid;

	pid = fork();
	CT_CHECK(pid >= 0);
	if (!pid) {
		prctl(PR_SET_PDEATHSIG, 0);
		child = ct_spawn(CT_PLAIN, ct_idle, NULL);
		CT_CHECK(child.pid > 0);
		ct_send(fd, 0);
		ct_recv(fd);
		CT_ERRNO(EINVAL, reboot(RB_ENABLE_CAD));
		CT_ERRNO(EINVAL, syscall(SYS_reboot, 0xfee1dead, 672274793, 7, NULL));
		reboot(command);
		CT_FAIL("there is life after it");
	}
	pause();
}

TEST(reboot_ends_it)
{
	static int commands[] = { RB_AUTOBOOT, RB_HALT_SYSTEM, RB_POWER_OFF };
	struct ct_child box, other;
	size_t i;

	CT_NEED_MODULE();
	for (i = 0; i < sizeof(commands) / sizeof(*commands); i++) {
		box = ct_spawn_named("off init=off", reboot_inside, &commands[i]);
		ct_recv(box.fd);
		other = ct_spawn(CT_PLAIN, ct_idle, NULL);
		ASSERT_EQ(0, ct_adopt("off", "%d", other.pid));
		ct_send(box.fd, 0);
		EXPECT_EQ(128 + SIGKILL, ct_reap(box.pid));
		EXPECT_EQ(128 + SIGKILL, ct_reap(other.pid));
		CT_UNTIL(ct_task_count("off") == -1);
		close(box.fd);
		close(other.fd);
	}
}

/* Where process 1 is one, the kernel's own way; in whichever is the inner. */
static void reboot_nested(int fd, void *arg)
{
	const char *text = arg;
	static int command = RB_AUTOBOOT;
	struct ct_child b;
	pid_t pid;
	int ret;

	prctl(PR_SET_CHILD_SUBREAPER, 1);
	b = ct_spawn_named(text, reboot_inside, &command);
	ct_recv(b.fd);
	ct_send(b.fd, 0);
	ret = ct_reap(b.pid);
	CT_EQ(128 + (strchr(text, ' ') ? SIGKILL : SIGHUP), ret);
	/* Those of one without an init are our orphans. */
	while ((pid = waitpid(-1, NULL, 0)) > 0)
		;
	CT_EQ(1, ct_proc_count());
	CT_EQ(-1, ct_task_count("a/b"));
}

TEST(reboot_ends_the_inner_one)
{
	static char *texts[] = { "b", "b init=off" };
	struct ct_child a;
	int i;

	CT_NEED_MODULE();
	for (i = 0; i < 4; i++) {
		a = ct_spawn_named(i < 2 ? "a" : "a init=off", reboot_nested,
				   texts[i % 2]);
		EXPECT_EQ(0, ct_finish(&a));
		EXPECT_EQ(-1, ct_task_count("a"));
	}
}

static void reboot_as_user(int fd, void *arg)
{
	ct_become_user();
	CT_ERRNO(EPERM, reboot(RB_AUTOBOOT));
	ct_send(fd, 0);
	ct_wait_hangup(fd);
}

TEST(reboot_takes_a_capability)
{
	struct ct_child box;

	CT_NEED_MODULE();
	box = ct_spawn_named("off init=off", reboot_as_user, NULL);
	ct_recv(box.fd);
	EXPECT_EQ(1, ct_task_count("off"));
	EXPECT_EQ(0, ct_finish(&box));
}

TEST_HARNESS_MAIN
