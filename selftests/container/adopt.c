// SPDX-License-Identifier: GPL-2.0
/* modes: host */
/*
 * Running processes are moved into containers: "PID [pids=...] [tree]" written
 * to tasks, and pid=PID where a container is made.
 */
#include "ct.h"
#include "ct-nest.h"
#include <sys/ptrace.h>
#include "kselftest_harness.h"

/* -- a process that answers ------------------------------------------------------ */

enum question { PID, TID, PPID, GROUP, SESSION, CHILDREN, FORK, NEXT, THREAD };

static long long answer(enum question question)
{
	static struct ct_thread threads[4];
	static int nr_threads;
	pid_t pid;

	switch (question) {
	case PID:
		return getpid();
	case TID:
		return ct_gettid();
	case PPID:
		return getppid();
	case GROUP:
		return getpgrp();
	case SESSION:
		return getsid(0);
	case CHILDREN:
		return waitpid(-1, NULL, WNOHANG) < 0 ? -errno : 0;
	case FORK:
		pid = fork();
		while (!pid)
			pause();
		return pid;
	case NEXT:
		return ct_unused_pid();
	case THREAD:
		ct_thread_start(&threads[nr_threads]);
		return threads[nr_threads++].tid;
	}
	CT_FAIL("what does %d mean?", question);
}

static void answer_all(int fd, void *arg)
{
	struct pollfd wait = { .fd = fd, .events = POLLIN };
	long long question;

	for (;;) {
		poll(&wait, 1, -1);
		if (recv(fd, &question, sizeof(question), 0) <= 0)
			_exit(0);
		ct_send(fd, answer(question));
	}
}

/* It leads its group, so that we know that. */
static void answer_as_leader(int fd, void *arg)
{
	CT_EQ(0, setpgid(0, 0));
	answer_all(fd, arg);
}

static long long ask(const struct ct_child *child, enum question question)
{
	ct_send(child->fd, question);
	return ct_recv(child->fd);
}

FIXTURE(adopt) {
	struct ct_child box, child;
};

FIXTURE_SETUP(adopt)
{
	self->box.pid = 0;
	if (!ct_module_loaded())
		SKIP(return, "the module is not loaded");
	self->box = ct_spawn_named("box", answer_all, NULL);
	self->child = ct_spawn(CT_PLAIN, answer_as_leader, NULL);
	ask(&self->child, PID);
}

FIXTURE_TEARDOWN(adopt)
{
	if (!self->box.pid)
		return;
	kill(self->child.pid, SIGKILL);
	ct_finish(&self->child);
	kill(self->box.pid, SIGKILL);
	ct_finish(&self->box);
	CT_UNTIL(ct_task_count("box") == -1);
}

/* -- into one that exists ------------------------------------------------------------ */

TEST_F(adopt, fresh_numbers)
{
	pid_t inside, child;

	child = ask(&self->child, FORK);
	ASSERT_EQ(0, ct_adopt("box", "%d", self->child.pid));
	EXPECT_EQ(2, ct_task_count("box"));
	inside = ct_inside("box", self->child.pid);
	EXPECT_EQ(2, inside);
	EXPECT_EQ(inside, ask(&self->child, PID));
	EXPECT_EQ(inside, ask(&self->child, TID));
	EXPECT_EQ(0, ask(&self->child, PPID));
	EXPECT_EQ(inside, ask(&self->child, GROUP));
	EXPECT_EQ(0, ask(&self->child, SESSION));
	EXPECT_EQ(3, ask(&self->child, NEXT));
	/* The child has stayed outside, where it is seen as before. */
	EXPECT_EQ(0, ct_inside("box", child));
	EXPECT_EQ(-ECHILD, ask(&self->child, CHILDREN));
	EXPECT_EQ(self->child.pid, ct_status(child, "PPid"));
	EXPECT_EQ(getpid(), ct_status(self->child.pid, "PPid"));
	/* Once more is no error, and changes nothing. */
	EXPECT_EQ(0, ct_adopt("box", "%d pids=keep", self->child.pid));
	EXPECT_EQ(inside, ask(&self->child, PID));
	EXPECT_EQ(4, ask(&self->child, FORK));
	EXPECT_EQ(3, ct_task_count("box"));
	/* Its parent outside waits for it as before. */
	EXPECT_EQ(0, waitpid(self->child.pid, NULL, WNOHANG));
	EXPECT_EQ(0, kill(child, SIGKILL));
	EXPECT_EQ(0, kill(self->child.pid, SIGTERM));
	EXPECT_EQ(128 + SIGTERM, ct_reap(self->child.pid));
	/* Its child inside is process 1's now. */
	EXPECT_EQ(0, ask(&self->box, CHILDREN));
	EXPECT_EQ(2, ct_task_count("box"));
}

TEST_F(adopt, kept_numbers)
{
	pid_t pid = self->child.pid, tid;

	tid = ask(&self->child, THREAD);
	EXPECT_EQ(-EINVAL, ct_adopt("box", "%d", pid));
	EXPECT_EQ(-EINVAL, ct_adopt("box", "%d pids=new", pid));
	EXPECT_EQ(1, ct_task_count("box"));
	/* By the number of any of its threads. */
	ASSERT_EQ(0, ct_adopt("box", "%d pids=keep", tid));
	EXPECT_EQ(3, ct_task_count("box"));
	EXPECT_EQ(pid, ct_inside("box", pid));
	EXPECT_EQ(tid, ct_inside("box", tid));
	EXPECT_EQ(pid, ask(&self->child, PID));
	EXPECT_EQ(pid, ask(&self->child, TID));
	EXPECT_EQ(pid, ask(&self->child, GROUP));
	EXPECT_EQ(0, ask(&self->child, PPID));
	/* New ones are as the container has them. */
	EXPECT_EQ(2, ask(&self->child, THREAD));
	EXPECT_EQ(3, ask(&self->child, NEXT));
	EXPECT_EQ(4, ask(&self->box, NEXT));
}

/* Takes a number in the container, of a thread and of the process. */
static void take_number(int fd, void *arg)
{
	pid_t number = *(pid_t *)arg, pid;

	CT_EQ(0, ct_join("box"));
	pid = ct_fork_as(&number, 1);
	if (!pid)
		for (;;)
			pause();
	CT_EQ(number, pid);
	ct_send(fd, 0);
	ct_wait_hangup(fd);
	CT_EQ(0, kill(pid, SIGKILL));
	CT_EQ(128 + SIGKILL, ct_reap(pid));
}

TEST_F(adopt, a_kept_number_is_taken)
{
	pid_t pid = self->child.pid, numbers[2];
	struct ct_child taker;
	int i;

	numbers[0] = pid;
	numbers[1] = ask(&self->child, THREAD);
	for (i = 0; i < 2; i++) {
		taker = ct_spawn(CT_PLAIN, take_number, &numbers[i]);
		ct_recv(taker.fd);
		EXPECT_EQ(3, ct_task_count("box"));
		EXPECT_EQ(-EEXIST, ct_adopt("box", "%d pids=keep", pid));
		EXPECT_EQ(3, ct_task_count("box"));
		EXPECT_EQ(0, ct_inside("box", pid));
		EXPECT_EQ(getpid(), ask(&self->child, PPID));
		EXPECT_EQ(0, ct_finish(&taker));
	}
	EXPECT_EQ(0, ct_adopt("box", "%d pids=keep", pid));
	EXPECT_EQ(3, ct_task_count("box"));
	EXPECT_EQ(0, ask(&self->child, PPID));
}

/* -- groups and sessions -------------------------------------------------------------- */

static void follow(int fd, void *arg)
{
	CT_EQ(0, setpgid(0, *(pid_t *)arg));
	answer_all(fd, NULL);
}

TEST_F(adopt, groups_across_the_wall)
{
	struct ct_child member = ct_spawn(CT_PLAIN, follow, &self->child.pid);
	pid_t leader;

	EXPECT_EQ(self->child.pid, ask(&member, GROUP));
	ASSERT_EQ(0, ct_adopt("box", "%d", member.pid));
	/* Its leader is outside. */
	EXPECT_EQ(0, ask(&member, GROUP));
	EXPECT_EQ(self->child.pid, getpgid(member.pid));
	ASSERT_EQ(0, ct_adopt("box", "%d", self->child.pid));
	leader = ask(&self->child, PID);
	EXPECT_EQ(leader, ask(&self->child, GROUP));
	EXPECT_EQ(leader, ask(&member, GROUP));
	EXPECT_EQ(self->child.pid, getpgid(member.pid));
	EXPECT_EQ(0, ct_finish(&member));
}

static void lead_session(int fd, void *arg)
{
	CT_EQ(getpid(), setsid());
	answer_all(fd, arg);
}

TEST_F(adopt, sessions_across_the_wall)
{
	struct ct_child leader = ct_spawn(CT_PLAIN, lead_session, NULL);
	pid_t inside, member;

	ask(&leader, PID);
	member = ask(&leader, FORK);
	ASSERT_EQ(0, ct_adopt("box", "%d", leader.pid));
	inside = ask(&leader, PID);
	EXPECT_EQ(inside, ask(&leader, SESSION));
	EXPECT_EQ(leader.pid, getsid(member));
	ASSERT_EQ(0, ct_adopt("box", "%d", member));
	EXPECT_EQ(leader.pid, getsid(member));
	/* They are parent and child inside, too. */
	EXPECT_EQ(0, ask(&leader, CHILDREN));
	EXPECT_EQ(0, kill(leader.pid, SIGKILL));
	EXPECT_EQ(128 + SIGKILL, ct_reap(leader.pid));
	EXPECT_EQ(self->box.pid, ct_status(member, "PPid"));
	EXPECT_EQ(leader.pid, getsid(member));
	close(leader.fd);
}

/* -- trees ---------------------------------------------------------------------------------- */

enum { STOPPED, DEAD, TRACED, VFORKED, PLAIN, NR_FAMILY };

struct family {
	pid_t pid[NR_FAMILY], waiting;
	int fd;
};

static struct family *family;

static pid_t member(void (*fn)(void))
{
	pid_t pid = fork();

	CT_CHECK(pid >= 0);
	if (!pid) {
		fn();
		_exit(0);
	}
	return pid;
}

static void just_wait(void)
{
	for (;;)
		pause();
}

static void die(void)
{
	_exit(33);
}

/* The parent waits in the kernel until its child has gone. */
static void wait_for_vfork(void)
{
	pid_t pid = vfork();


	if (!pid) {
		family->waiting = syscall(SYS_getpid);
		while (!__atomic_load_n(&family->pid[DEAD], __ATOMIC_SEQ_CST) ||
		       family->fd)
			usleep(1000);
		_exit(22);
	}
	CT_CHECK(pid > 0);
	/* The number is the one that it had when it was forked. */
	CT_EQ(family->waiting, pid);
	CT_EQ(22, ct_reap(pid));
	_exit(44);
}

static void make_family(void)
{
	int status;
	pid_t pid;

	family->pid[STOPPED] = member(just_wait);
	CT_EQ(0, kill(family->pid[STOPPED], SIGSTOP));
	CT_EQ(family->pid[STOPPED],
	      waitpid(family->pid[STOPPED], &status, WUNTRACED));
	family->pid[TRACED] = member(just_wait);
	CT_EQ(0, ptrace(PTRACE_SEIZE, family->pid[TRACED], 0, 0));
	CT_EQ(0, ptrace(PTRACE_INTERRUPT, family->pid[TRACED], 0, 0));
	CT_EQ(family->pid[TRACED], waitpid(family->pid[TRACED], &status, 0));
	family->pid[PLAIN] = member(just_wait);
	family->pid[VFORKED] = member(wait_for_vfork);
	while (!family->waiting)
		usleep(1000);
	pid = member(die);
	CT_UNTIL(ct_state(pid) == 'Z');
	family->pid[DEAD] = pid;
}

/*
 * All members as their parent remembers them; what the kernel tells is what
 * they are called now.
 */
static void use_family(bool kept)
{
	siginfo_t info;
	int status;
	pid_t pid;

	CT_EQ('T', ct_state(family->pid[STOPPED]));
	CT_EQ(0, kill(family->pid[STOPPED], SIGCONT));
	pid = waitpid(family->pid[STOPPED], &status, WCONTINUED);
	CT_CHECK(WIFCONTINUED(status));
	CT_CHECK(kept == (pid == family->pid[STOPPED]));
	CT_EQ('t', ct_state(family->pid[TRACED]));
	CT_EQ(0, ptrace(PTRACE_CONT, family->pid[TRACED], 0, 0));
	CT_EQ(0, ptrace(PTRACE_INTERRUPT, family->pid[TRACED], 0, 0));
	pid = waitpid(family->pid[TRACED], &status, 0);
	CT_CHECK(WIFSTOPPED(status));
	CT_CHECK(kept == (pid == family->pid[TRACED]));
	CT_EQ(0, ptrace(PTRACE_DETACH, pid, 0, 0));
	CT_EQ(0, waitid(P_PID, family->pid[DEAD], &info, WEXITED));
	CT_EQ(33, info.si_status);
	CT_CHECK(kept == (info.si_pid == family->pid[DEAD]));
	__atomic_store_n(&family->fd, 0, __ATOMIC_SEQ_CST);
	CT_EQ(44, ct_reap(family->pid[VFORKED]));
	CT_EQ(getpid(), ct_status(family->pid[PLAIN], "PPid"));
	for (pid = 0; pid < NR_FAMILY; pid++)
		if (pid != DEAD && pid != VFORKED) {
			CT_EQ(0, kill(family->pid[pid], SIGKILL));
			CT_EQ(128 + SIGKILL, ct_reap(family->pid[pid]));
		}
	CT_ERRNO(ECHILD, waitpid(-1, NULL, 0));
}

static void be_family(int fd, void *arg)
{
	bool *kept = arg;

	make_family();
	ct_send(fd, 0);
	ct_recv(fd);
	CT_EQ(0, getppid());
	use_family(*kept);
	ct_send(fd, 0);
	ct_wait_hangup(fd);
}

static void map_family(void)
{
	family = mmap(NULL, sizeof(*family), PROT_READ | PROT_WRITE,
		      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	CT_CHECK(family != MAP_FAILED);
	family->fd = 1;
}

static void move_family(struct __test_metadata *_metadata, const char *text,
			bool kept)
{
	struct ct_child root;
	int i, ret;
	pid_t pid;

	map_family();
	root = ct_spawn(CT_PLAIN, be_family, &kept);
	ct_recv(root.fd);
	ret = text ? ct_create("box", "pid=%d %s", root.pid, text) :
		     ct_adopt("box", "%d tree", root.pid);
	ASSERT_EQ(0, ret);
	/* With process 1, if that is not it, and the vforked one. */
	EXPECT_EQ(NR_FAMILY + 2 + !text, ct_task_count("box"));
	for (i = 0; i < NR_FAMILY; i++) {
		pid = ct_inside("box", family->pid[i]);
		EXPECT_LT(0, pid);
		EXPECT_EQ(kept, pid == family->pid[i]);
	}
	EXPECT_LT(0, ct_inside("box", family->waiting));
	ct_send(root.fd, 0);
	ct_recv(root.fd);
	EXPECT_EQ(0, ct_finish(&root));
}

TEST_F(adopt, a_tree)
{
	move_family(_metadata, NULL, false);
	EXPECT_EQ(1, ct_task_count("box"));
}

TEST(a_container_made_of_a_tree)
{
	CT_NEED_MODULE();
	move_family(_metadata, "tree", false);
	EXPECT_EQ(-1, ct_task_count("box"));
	move_family(_metadata, "tree pids=keep", true);
	EXPECT_EQ(-1, ct_task_count("box"));
}

TEST(a_container_made_of_a_process)
{
	struct ct_child child;
	pid_t left;

	CT_NEED_MODULE();
	child = ct_spawn(CT_PLAIN, answer_as_leader, NULL);
	left = ask(&child, FORK);
	ASSERT_EQ(0, ct_create("made", "pid=%d", child.pid));
	EXPECT_EQ(1, ask(&child, PID));
	EXPECT_EQ(1, ask(&child, GROUP));
	EXPECT_EQ(0, ask(&child, PPID));
	EXPECT_EQ(2, ask(&child, NEXT));
	EXPECT_EQ(-ECHILD, ask(&child, CHILDREN));
	EXPECT_EQ(1, ct_task_count("made"));
	/* We stay where we are, and our child is ours. */
	EXPECT_EQ(0, ct_inside("made", getpid()));
	EXPECT_EQ(getpid(), ct_status(child.pid, "PPid"));
	/* Those who were left come later: its root is there already. */
	EXPECT_EQ(0, ct_adopt("made", "%d", child.pid));
	EXPECT_EQ(1, ct_task_count("made"));
	EXPECT_EQ(0, ct_adopt("made", "%d tree", child.pid));
	EXPECT_EQ(2, ct_task_count("made"));
	EXPECT_EQ(3, ct_inside("made", left));
	EXPECT_EQ(0, ask(&child, CHILDREN));
	/* It is an init. */
	EXPECT_EQ(4, ask(&child, FORK));
	EXPECT_EQ(0, ct_finish(&child));
	EXPECT_EQ(-1, ct_task_count("made"));
	EXPECT_EQ(-1, kill(left, 0));
}

/* -- oneself ----------------------------------------------------------------------------------- */

static void go_with_child(int fd, void *arg)
{
	pid_t pid = member(just_wait), own = getpid();

	CT_EQ(0, ct_adopt("box", "0 tree pids=keep"));
	CT_EQ(own, getpid());
	CT_EQ(0, getppid());
	CT_EQ(own, ct_status(pid, "PPid"));
	CT_EQ(0, kill(pid, SIGKILL));
	CT_EQ(128 + SIGKILL, ct_reap(pid));
}

TEST_F(adopt, oneself_with_children)
{
	struct ct_child child = ct_spawn(CT_PLAIN, go_with_child, NULL);

	EXPECT_EQ(0, ct_finish(&child));
	EXPECT_EQ(1, ct_task_count("box"));
}

/* -- into one that is inside another ------------------------------------------------------------- */

static void around(int fd, void *arg)
{
	struct ct_child b, mine;
	pid_t left = ct_recv(fd);

	/* What it cannot see it cannot move. */
	CT_ERRNO(ESRCH, kill(left, 0));
	ct_next_pid(50);
	b = ct_spawn_named("b", answer_all, NULL);
	CT_EQ(-ESRCH, ct_adopt("a/b", "%d", left));
	mine = ct_spawn(CT_PLAIN, answer_all, NULL);
	CT_EQ(0, ct_adopt("a/b", "%d", mine.pid));
	CT_EQ(2, ask(&mine, PID));
	CT_EQ(0, ask(&mine, PPID));
	CT_EQ(mine.pid, ct_status(mine.pid, "Pid"));
	CT_EQ(2, ct_inside("a/b", mine.pid));
	/* Not back. */
	CT_EQ(-EPERM, ct_adopt("a", "%d", mine.pid));
	ct_send(fd, mine.pid);
	ct_recv(fd);
	CT_EQ(0, ct_finish(&mine));
	/* A tree has whom we see: the one outside stays there. */
	CT_EQ(0, ct_create("c", "pid=%d tree", (int)ct_recv(fd)));
	CT_EQ(1, ct_task_count("a/c"));
	ct_send(fd, 0);
	ct_wait_hangup(fd);
	ct_finish(&b);
}

TEST(nested)
{
	struct ct_child a, child, other;
	pid_t left;

	CT_NEED_MODULE();
	child = ct_spawn(CT_PLAIN, answer_as_leader, NULL);
	other = ct_spawn(CT_PLAIN, answer_as_leader, NULL);
	left = ask(&other, FORK);
	a = ct_spawn_named("a", around, NULL);
	ct_send(a.fd, left);
	ct_recv(a.fd);
	/* From the host straight in, under three numbers. */
	ASSERT_EQ(0, ct_adopt("a/b", "%d", child.pid));
	EXPECT_EQ(3, ask(&child, PID));
	EXPECT_EQ(3, ct_inside("a/b", child.pid));
	EXPECT_LT(50, ct_inside("a", child.pid));
	EXPECT_EQ(3, ask(&child, GROUP));
	EXPECT_EQ(0, ask(&child, PPID));
	/* Into the outer one first, then further. */
	ASSERT_EQ(0, ct_adopt("a", "%d", other.pid));
	EXPECT_LT(50, ask(&other, PID));
	EXPECT_EQ(ask(&other, PID), ct_inside("a", other.pid));
	EXPECT_EQ(-EPERM, ct_adopt("a", "%d", child.pid));
	ct_send(a.fd, 0);
	ct_send(a.fd, ct_inside("a", other.pid));
	ct_recv(a.fd);
	EXPECT_EQ(1, ask(&other, PID));
	EXPECT_EQ(1, ct_inside("a/c", other.pid));
	EXPECT_EQ(0, ct_inside("a", left));
	EXPECT_EQ(0, ct_adopt("a/c", "%d tree", other.pid));
	EXPECT_EQ(2, ct_inside("a/c", left));
	EXPECT_EQ(0, ct_finish(&a));
	EXPECT_EQ(128 + SIGKILL, ct_finish(&child));
	EXPECT_EQ(128 + SIGKILL, ct_finish(&other));
	EXPECT_EQ(-1, kill(left, 0));
}

/* -- refusals --------------------------------------------------------------------------------------- */

static void in_namespace_to_come(int fd, void *arg)
{
	CT_EQ(0, unshare(CLONE_NEWPID));
	ct_send(fd, 0);
	ct_wait_hangup(fd);
}

static void as_user(int fd, void *arg)
{
	char path[64], text[16];
	int file;

	ct_path(path, sizeof(path), "box", "tasks");
	file = open(path, O_WRONLY);
	CT_CHECK(file >= 0);
	ct_become_user();
	snprintf(text, sizeof(text), "%d", getpid());
	CT_ERRNO(EPERM, write(file, text, strlen(text)));
	CT_EQ(-EACCES, ct_adopt("box", "%d", getpid()));
	CT_EQ(-EPERM, ct_create("mine", "pid=%d", getpid()));
}

TEST_F(adopt, refusals)
{
	struct ct_child other;
	siginfo_t info;
	size_t i;
	static const char * const lines[] = {
		"x", "-1", "1 2", "1.5", "99999999999", "0 init=off",
		"0 pid=1", "0 pids=", "0 tree=1", "0 name", "tree",
	};

	for (i = 0; i < sizeof(lines) / sizeof(*lines); i++)
		EXPECT_EQ(-EINVAL, ct_adopt("box", "%s", lines[i]));
	/* The system's init, a kernel thread; with all that is below them. */
	for (i = 1; i <= 2; i++) {
		EXPECT_EQ(-EINVAL, ct_adopt("box", "%zu", i));
		EXPECT_EQ(-EINVAL, ct_adopt("box", "%zu pids=keep tree", i));
		EXPECT_EQ(-EINVAL, ct_create("new", "pid=%zu", i));
	}
	EXPECT_EQ(-ESRCH, ct_adopt("box", "%d", ct_unused_pid()));
	EXPECT_EQ(-ESRCH, ct_create("new", "pid=%d", ct_unused_pid()));
	EXPECT_EQ(-ESRCH, ct_adopt("box", "%d", 999999999));

	other = ct_spawn_named("other", ct_idle, NULL);
	EXPECT_EQ(-EPERM, ct_adopt("box", "%d", other.pid));
	EXPECT_EQ(-EPERM, ct_adopt("box", "%d tree", other.pid));
	EXPECT_EQ(-EEXIST, ct_create("box", "pid=%d", self->child.pid));
	EXPECT_EQ(0, ct_finish(&other));

	other = ct_spawn(CT_NAMESPACE, ct_idle, NULL);
	EXPECT_EQ(-EINVAL, ct_adopt("box", "%d", other.pid));
	EXPECT_EQ(-EINVAL, ct_adopt("box", "0 tree"));
	EXPECT_EQ(0, ct_finish(&other));
	other = ct_spawn(CT_PLAIN, in_namespace_to_come, NULL);
	ct_recv(other.fd);
	EXPECT_EQ(-EINVAL, ct_adopt("box", "%d", other.pid));
	EXPECT_EQ(0, ct_finish(&other));

	/* A zombie is no process that could go anywhere. */
	other = ct_spawn(CT_PLAIN, ct_idle, NULL);
	ct_release(&other);
	EXPECT_EQ(0, waitid(P_PID, other.pid, &info, WEXITED | WNOWAIT));
	EXPECT_EQ(-ESRCH, ct_adopt("box", "%d", other.pid));
	EXPECT_EQ(-ESRCH, ct_create("new", "pid=%d tree", other.pid));
	EXPECT_EQ(0, ct_reap(other.pid));

	other = ct_spawn(CT_PLAIN, as_user, NULL);
	EXPECT_EQ(0, ct_finish(&other));
	EXPECT_EQ(1, ct_task_count("box"));
	EXPECT_EQ(-1, ct_task_count("new"));
	EXPECT_EQ(getpid(), ask(&self->child, PPID));
}

/* What a read through the same open file says after a write that failed. */
static void expect_sentence(struct __test_metadata *_metadata, int fd,
			    const char *line, const char *sentence)
{
	char text[4096];
	ssize_t len;

	EXPECT_EQ(-1, write(fd, line, strlen(line)));
	len = read(fd, text, sizeof(text) - 1);
	ASSERT_LT(0, len);
	text[len] = 0;
	EXPECT_STREQ(sentence, text);
	EXPECT_EQ(0, read(fd, text, sizeof(text)));
}

TEST_F(adopt, sentences)
{
	char path[64], line[600], sentence[256], text[4096];
	pid_t pid = self->child.pid;
	ssize_t len;
	int fd;

	ct_path(path, sizeof(path), "box", "tasks");
	fd = open(path, O_RDWR | O_CLOEXEC);
	ASSERT_LE(0, fd);
	expect_sentence(_metadata, fd, "x", "'x' is not a process\n");
	expect_sentence(_metadata, fd, "0 init=off",
			"unknown option 'init=off'; there are pids=new|keep and tree\n");
	expect_sentence(_metadata, fd, "1", "the process 1 is the system's init\n");
	expect_sentence(_metadata, fd, "2", "the process 2 is a kernel thread\n");
	expect_sentence(_metadata, fd, "999999999", "there is no process 999999999\n");
	memset(line, 'x', sizeof(line));
	line[sizeof(line) - 1] = 0;
	expect_sentence(_metadata, fd, line, "more than 255 bytes were written at once\n");
	ask(&self->child, THREAD);
	snprintf(line, sizeof(line), "%d", pid);
	snprintf(sentence, sizeof(sentence),
		 "the process %d has several threads, whose pids would change under them; the option pids=keep keeps them\n",
		 pid);
	expect_sentence(_metadata, fd, line, sentence);
	/* One that succeeds ends that. */
	snprintf(line, sizeof(line), "%d pids=keep", pid);
	EXPECT_EQ(strlen(line), write(fd, line, strlen(line)));
	EXPECT_EQ(0, lseek(fd, 0, SEEK_SET));
	len = read(fd, text, sizeof(text) - 1);
	ASSERT_LT(0, len);
	text[len] = 0;
	EXPECT_EQ(0, strncmp(text, "1\t", 2));
	close(fd);
}

/* One of a tree cannot go: nobody does. */
TEST_F(adopt, all_of_a_tree_or_none)
{
	struct ct_child other;

	other = ct_spawn(CT_PLAIN, answer_all, NULL);
	EXPECT_LT(0, ask(&other, FORK));
	EXPECT_LT(0, ask(&other, THREAD));
	EXPECT_EQ(-EINVAL, ct_adopt("box", "%d tree", other.pid));
	EXPECT_EQ(1, ct_task_count("box"));
	EXPECT_EQ(getpid(), ask(&other, PPID));
	EXPECT_EQ(0, ask(&other, CHILDREN));
	EXPECT_EQ(0, ct_adopt("box", "%d tree pids=keep", other.pid));
	EXPECT_EQ(4, ct_task_count("box"));
	EXPECT_EQ(0, ask(&other, CHILDREN));
	EXPECT_EQ(0, kill(other.pid, SIGKILL));
	EXPECT_EQ(128 + SIGKILL, ct_finish(&other));
}

TEST_HARNESS_MAIN
