// SPDX-License-Identifier: GPL-2.0
/* modes: host */
/* timeout: 300 */
/*
 * Containers in containers: how they end, and who gets the orphans.
 */
#include "ct.h"
#include "ct-nest.h"
#include "kselftest_harness.h"

/* -- all that is inside goes along ---------------------------------------------- */

static void idle_with_child(int fd, void *arg)
{
	struct ct_child child = ct_spawn(CT_PLAIN, ct_idle, NULL);

	ct_wait_hangup(fd);
	ct_release(&child);
	ct_reap(child.pid);
}

static void three_deep(int fd, void *arg)
{
	struct ct_child b;

	if (arg) {
		b = ct_spawn_named("b", three_deep, NULL);
		ct_recv(b.fd);
		ct_send(fd, 0);
		/* When it is gone we are still there. */
		ct_recv(fd);
		CT_EQ(0, kill(b.pid, SIGKILL));
		CT_EQ(128 + SIGKILL, ct_reap(b.pid));
		CT_EQ(1, ct_proc_count());
		CT_EQ(-1, ct_task_count("a/b"));
		CT_EQ(1, ct_task_count("a"));
		/* The name can be had again. */
		b = ct_spawn_named("b", three_deep, NULL);
		ct_recv(b.fd);
		ct_send(fd, 0);
		ct_wait_hangup(fd);
		_exit(4);
	}
	ct_spawn_named("c", idle_with_child, NULL);
	ct_send(fd, 0);
	ct_wait_hangup(fd);
}

TEST(the_end_takes_along_what_is_inside)
{
	struct ct_child a;
	pid_t b, c;

	CT_NEED_MODULE();
	a = ct_spawn_named("a", three_deep, "outer");
	ct_recv(a.fd);
	CT_UNTIL(ct_task_count("a/b/c") == 2);
	EXPECT_EQ(4, ct_task_count("a"));
	b = ct_only_child(a.pid);
	c = ct_only_child(b);
	EXPECT_LT(0, ct_only_child(c));
	ct_send(a.fd, 0);
	ct_recv(a.fd);
	EXPECT_EQ(-1, kill(b, 0));
	EXPECT_EQ(-1, kill(c, 0));
	CT_UNTIL(ct_task_count("a/b/c") == 2);
	b = ct_only_child(a.pid);
	c = ct_only_child(b);
	EXPECT_EQ(0, kill(a.pid, SIGKILL));
	EXPECT_EQ(128 + SIGKILL, ct_reap(a.pid));
	EXPECT_EQ(-1, kill(b, 0));
	EXPECT_EQ(-1, kill(c, 0));
	EXPECT_EQ(-1, ct_task_count("a/b/c"));
	EXPECT_EQ(-1, ct_task_count("a/b"));
	EXPECT_EQ(-1, ct_task_count("a"));
	a = ct_spawn_named("a", ct_idle, NULL);
	EXPECT_EQ(0, ct_finish(&a));
}

/* -- process 1 of two -------------------------------------------------------------- */

static void enter_twice(int fd, void *arg)
{
	struct ct_child left = ct_spawn(CT_PLAIN, ct_idle, NULL), child;

	CT_EQ(2, left.pid);
	CT_EQ(0, ct_enter("b"));
	CT_EQ(1, getpid());
	child = ct_spawn(CT_PLAIN, ct_idle, NULL);
	CT_EQ(2, child.pid);
	CT_ERRNO(ECHILD, waitpid(3, NULL, WNOHANG));
	CT_EQ(2, ct_proc_count());
	ct_send(fd, 0);
	ct_recv(fd);
	_exit(6);
}

TEST(process_1_of_two)
{
	struct ct_child a;
	char name[64];
	int i;

	CT_NEED_MODULE();
	for (i = 0; i < 20; i++) {
		a = ct_spawn_named("a", enter_twice, NULL);
		ct_recv(a.fd);
		ASSERT_EQ(3, ct_task_count("a"));
		ASSERT_EQ(2, ct_task_count("a/b"));
		ASSERT_EQ(1, ct_inside("a/b", a.pid));
		ASSERT_EQ(1, ct_inside("a", a.pid));
		strcpy(name, "a");
		if (i % 2) {
			ct_send(a.fd, 0);
			ASSERT_EQ(6, ct_reap(a.pid));
		} else {
			ASSERT_EQ(0, kill(a.pid, SIGKILL));
			ASSERT_EQ(128 + SIGKILL, ct_reap(a.pid));
		}
		/* The child in the outer one is nobody's who waits. */
		CT_UNTIL(ct_task_count("a") == -1);
		ASSERT_EQ(-1, ct_task_count("a/b"));
		close(a.fd);
	}
}

/*
 * Process 1 of both has threads, the first of which goes: those who become
 * orphans later, in either, go to one that is there.
 */
static void *other_thread(void *arg)
{
	int fd = *(int *)arg;

	/* The leader has gone, and with it the first reaper. */
	CT_UNTIL(ct_state(getpid()) == 'Z');
	ct_send(fd, 0);
	ct_recv(fd);
	/* /proc/self is the first thread, which has no program any more. */
	execl("/proc/thread-self/exe", "test", CT_EXEC_WORD, "-", NULL);
	CT_FAIL("exec: %s", strerror(errno));
}

static void after_exec(const char *word)
{
	pause();
}

CT_AFTER_EXEC(after_exec)

/* Leaves an orphan when it is told, which says who it belongs to. */
static void leave_orphan(int fd, void *arg)
{
	pid_t parent = getpid(), pid = fork();

	CT_CHECK(pid >= 0);
	if (pid) {
		ct_recv(fd);
		_exit(0);
	}
	CT_UNTIL(getppid() != parent);
	ct_send(fd, getppid());
	pause();
}

static void enter_twice_with_threads(int fd, void *arg)
{
	pthread_t thread;
	int *line = malloc(sizeof(*line));

	/* Its death would be taken for ours. */
	prctl(PR_SET_PDEATHSIG, 0);
	*line = fd;
	CT_EQ(0, ct_enter("b"));
	CT_EQ(0, pthread_create(&thread, NULL, other_thread, line));
	pthread_exit(NULL);
}

static void join_and_leave(int fd, void *arg)
{
	CT_EQ(0, ct_join(arg));
	ct_send(fd, 0);
	leave_orphan(fd, NULL);
}

static void hand_over(struct __test_metadata *_metadata, bool exec)
{
	struct ct_child a, in_a, in_b;

	a = ct_spawn_named("a", enter_twice_with_threads, NULL);
	ct_recv(a.fd);
	in_a = ct_spawn(CT_PLAIN, join_and_leave, "a");
	ct_recv(in_a.fd);
	in_b = ct_spawn(CT_PLAIN, join_and_leave, "a/b");
	ct_recv(in_b.fd);
	if (exec) {
		ct_send(a.fd, 1);
		CT_UNTIL(ct_state(a.pid) == 'S');
	}
	ct_send(in_a.fd, 0);
	EXPECT_EQ(0, ct_reap(in_a.pid));
	EXPECT_EQ(1, ct_recv(in_a.fd));
	ct_send(in_b.fd, 0);
	EXPECT_EQ(0, ct_reap(in_b.pid));
	EXPECT_EQ(1, ct_recv(in_b.fd));
	EXPECT_EQ(0, kill(a.pid, SIGKILL));
	EXPECT_EQ(128 + SIGKILL, ct_reap(a.pid));
	CT_UNTIL(ct_task_count("a") == -1);
	close(a.fd);
	close(in_a.fd);
	close(in_b.fd);
}

TEST(process_1_of_two_loses_its_first_thread)
{
	CT_NEED_MODULE();
	hand_over(_metadata, false);
}

TEST(process_1_of_two_execs_in_another_thread)
{
	CT_NEED_MODULE();
	hand_over(_metadata, true);
}

/* -- subreapers --------------------------------------------------------------------------- */

static void make_orphan(int fd, void *arg)
{
	struct ct_child child = ct_spawn(CT_PLAIN, leave_orphan, NULL);
	int status;

	CT_EQ(2, child.pid);
	ct_send(fd, 0);
	ct_recv(fd);
	ct_send(child.fd, 0);
	CT_EQ(0, ct_reap(child.pid));
	CT_EQ(1, ct_recv(child.fd));
	CT_EQ(0, kill(3, SIGKILL));
	CT_EQ(3, waitpid(-1, &status, 0));
	ct_send(fd, 0);
	ct_wait_hangup(fd);
}

static void subreaper_around(int fd, void *arg)
{
	struct ct_child b;

	ct_next_pid(50);
	/* Once before it is there, once afterwards. */
	if (arg)
		CT_EQ(0, prctl(PR_SET_CHILD_SUBREAPER, 1));
	b = ct_spawn_named("b", make_orphan, NULL);
	ct_recv(b.fd);
	CT_EQ(0, prctl(PR_SET_CHILD_SUBREAPER, 1));
	ct_send(fd, 0);
	ct_recv(fd);
	ct_send(b.fd, 0);
	ct_recv(b.fd);
	CT_EQ(0, waitpid(-1, NULL, WNOHANG));
	CT_EQ(0, ct_finish(&b));
	CT_ERRNO(ECHILD, waitpid(-1, NULL, WNOHANG));
}

TEST(subreapers_outside_get_nothing)
{
	struct ct_child a;
	int i;

	CT_NEED_MODULE();
	for (i = 0; i < 2; i++) {
		a = ct_spawn_named("a", subreaper_around, i ? "before" : NULL);
		ct_recv(a.fd);
		ASSERT_EQ(0, prctl(PR_SET_CHILD_SUBREAPER, 1));
		ct_send(a.fd, 0);
		EXPECT_EQ(0, ct_finish(&a));
		errno = 0;
		EXPECT_EQ(-1, waitpid(-1, NULL, WNOHANG));
		EXPECT_EQ(ECHILD, errno);
	}
}

/* One inside gets them, be it process 1's child or further down. */
static void subreaper_inside(int fd, void *arg)
{
	struct ct_child child;
	pid_t pid = fork();

	CT_CHECK(pid >= 0);
	if (pid) {
		CT_EQ(0, ct_reap(pid));
		return;
	}
	CT_EQ(2, getpid());
	CT_EQ(0, prctl(PR_SET_CHILD_SUBREAPER, 1));
	child = ct_spawn(CT_PLAIN, leave_orphan, NULL);
	ct_send(child.fd, 0);
	CT_EQ(0, ct_reap(child.pid));
	CT_EQ(2, ct_recv(child.fd));
	CT_EQ(0, kill(4, SIGKILL));
	CT_EQ(4, waitpid(-1, NULL, 0));
	_exit(0);
}

static void subreaper_in_b(int fd, void *arg)
{
	struct ct_child b;

	ct_next_pid(50);
	b = ct_spawn_named("b", subreaper_inside, NULL);
	CT_EQ(0, ct_finish(&b));
}

TEST(subreapers_inside)
{
	struct ct_child a;

	CT_NEED_MODULE();
	ASSERT_EQ(0, prctl(PR_SET_CHILD_SUBREAPER, 1));
	a = ct_spawn_named("a", subreaper_in_b, NULL);
	EXPECT_EQ(0, ct_finish(&a));
	EXPECT_EQ(-1, waitpid(-1, NULL, WNOHANG));
}

/* -- a pid that outlives its container ------------------------------------------------------- */

/* Leads a session in A, leaves a member there, and goes into B. */
static void lead_and_go(int fd, void *arg)
{
	pid_t member;

	CT_EQ(getpid(), setsid());
	member = fork();
	CT_CHECK(member >= 0);
	while (!member)
		pause();
	ct_send(fd, member);
	CT_EQ(0, ct_enter("b"));
	CT_EQ(1, getsid(0));
	ct_send(fd, 0);
	ct_recv(fd);
	_exit(0);
}

static void keep_session(int fd, void *arg)
{
	struct ct_child leader = ct_spawn(CT_PLAIN, lead_and_go, NULL);
	pid_t member = ct_recv(leader.fd);

	prctl(PR_SET_CHILD_SUBREAPER, 1);
	ct_recv(leader.fd);
	/* It gets SIGHUP otherwise, or us its end. */
	CT_EQ(leader.pid, getsid(member));
	CT_EQ(1, ct_task_count("a/b"));
	ct_send(leader.fd, 0);
	CT_EQ(0, ct_reap(leader.pid));
	CT_UNTIL(ct_task_count("a/b") == -1);
	CT_EQ(leader.pid, getsid(member));
	CT_EQ(leader.pid, getpgid(member));
	CT_EQ(leader.pid, ct_status(member, "NSsid"));
	CT_EQ(0, kill(-leader.pid, 0));
	CT_ERRNO(ESRCH, kill(leader.pid, 0));
	/* As long as that is so nobody else gets it. */
	ct_next_pid(leader.pid);
	CT_EQ(member + 1, ct_unused_pid());
	ct_next_pid(leader.pid);
	ct_send(fd, member);
	ct_recv(fd);
	CT_EQ(0, kill(member, SIGKILL));
	CT_EQ(128 + SIGKILL, ct_reap(member));
	ct_next_pid(leader.pid);
	CT_EQ(leader.pid, ct_unused_pid());
}

TEST(a_session_outlives_its_container)
{
	struct ct_child a;

	CT_NEED_MODULE();
	a = ct_spawn_named("a", keep_session, NULL);
	ct_recv(a.fd);
	ct_send(a.fd, 0);
	EXPECT_EQ(0, ct_finish(&a));
	EXPECT_EQ(-1, ct_task_count("a"));
}

/* -- a storm --------------------------------------------------------------------------------- */

#define STORM_MS 8000

static void fork_until(long long end)
{
	pid_t pid;

	while (ct_now_ms() < end) {
		pid = fork();
		CT_CHECK(pid >= 0);
		if (!pid)
			_exit(syscall(SYS_getpid) & 0x7f);
		CT_EQ(pid & 0x7f, ct_reap(pid));
	}
}

static void storm_forks(int fd, void *arg)
{
	fork_until(*(long long *)arg);
}

/* Containers that come and go, each with an end of its own. */
static void storm_churn(int fd, void *arg)
{
	long long end = *(long long *)arg;
	struct ct_child box;
	int i;

	for (i = 0; ct_now_ms() < end; i++) {
		box = ct_spawn(CT_CONTAINER, i % 3 ? idle_with_child : ct_idle,
			       NULL);
		switch (i % 4) {
		case 0:
			CT_EQ(0, ct_finish(&box));
			break;
		case 1:
			CT_EQ(0, kill(box.pid, SIGKILL));
			CT_EQ(128 + SIGKILL, ct_finish(&box));
			break;
		default:
			/* Its process 1 goes while others fork in it. */
			ct_release(&box);
			CT_CHECK(ct_reap(box.pid) >= 0);
		}
	}
}

static void storm_level(int fd, void *arg)
{
	long long end = *(long long *)arg;
	struct ct_child child[2], deeper = { .pid = 0 };

	child[0] = ct_spawn(CT_PLAIN, storm_forks, &end);
	child[1] = ct_spawn(CT_PLAIN, storm_churn, &end);
	if (ct_task_count("s") < 0 && ct_task_count("s/s") < 0)
		CT_FAIL("we do not see our container");
	if (getenv("CT_DEEPER")) {
		if (!strcmp(getenv("CT_DEEPER"), "1"))
			unsetenv("CT_DEEPER");
		else
			setenv("CT_DEEPER", "1", 1);
		deeper = ct_spawn_named("s", storm_level, &end);
	}
	CT_EQ(0, ct_finish(&child[0]));
	CT_EQ(0, ct_finish(&child[1]));
	if (deeper.pid)
		CT_EQ(0, ct_finish(&deeper));
}

TEST(storm)
{
	long long end = ct_now_ms() + STORM_MS;
	struct ct_child box;

	CT_NEED_MODULE();
	setenv("CT_DEEPER", "2", 1);
	box = ct_spawn_named("s", storm_level, &end);
	fork_until(end);
	EXPECT_EQ(0, ct_finish(&box));
	EXPECT_EQ(-1, ct_task_count("s"));
}

/* Somebody kills the outermost one while all of that goes on. */
TEST(storm_cut_short)
{
	long long end, limit = ct_now_ms() + 60000;
	struct ct_child box;
	int i;

	CT_NEED_MODULE();
	for (i = 0; i < 6 && ct_now_ms() < limit; i++) {
		end = ct_now_ms() + STORM_MS;
		setenv("CT_DEEPER", "2", 1);
		box = ct_spawn_named("s", storm_level, &end);
		CT_UNTIL(ct_task_count("s/s/s") > 0);
		usleep(i * 50000);
		ASSERT_EQ(0, kill(box.pid, SIGKILL));
		ASSERT_EQ(128 + SIGKILL, ct_reap(box.pid));
		ASSERT_EQ(-1, ct_task_count("s/s/s"));
		ASSERT_EQ(-1, ct_task_count("s"));
		close(box.fd);
	}
}

TEST_HARNESS_MAIN
