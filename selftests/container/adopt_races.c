// SPDX-License-Identifier: GPL-2.0
/* modes: host */
/* timeout: 400 */
/*
 * Processes are moved into containers while they fork, exec, exit and are
 * traced, while somebody else moves them, and while the containers end.
 */
#include "ct.h"
#include "ct-nest.h"
#include <sys/ptrace.h>
#include "kselftest_harness.h"

#define ROUNDS	12
/* A kernel that checks itself all the time may make fewer of them. */
#define LIMIT_MS 60000
/* More than kernel.pid_max can be. */
#define PID_LIMIT (4 << 20)

struct shared {
	bool stop, ending;
	long forks, failures, alive;
};

static struct shared *shared;

static void map_shared(void)
{
	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE,
		      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	CT_CHECK(shared != MAP_FAILED);
}

static bool stopped(void)
{
	return __atomic_load_n(&shared->stop, __ATOMIC_SEQ_CST);
}

/* A fork is refused while the container is ending, as in a pid namespace. */
static void note_failure(void)
{
	if (!__atomic_load_n(&shared->ending, __ATOMIC_SEQ_CST))
		__atomic_add_fetch(&shared->failures, 1, __ATOMIC_SEQ_CST);
}

/* Nobody has the other end of the line any more: all of the family are gone. */
static bool hung_up(int fd)
{
	struct pollfd wait = { .fd = fd, .events = POLLIN };

	return poll(&wait, 1, CT_PATIENCE_MS) == 1 && wait.revents & POLLHUP;
}

/* -- forks ------------------------------------------------------------------------ */

#define BOMB_DEPTH	3
#define BOMB_WIDTH	3
/* How one ends that could not fork. */
#define NO_FORK		100

/*
 * A tree of processes in which all the time somebody forks; each waits for its
 * own children.  None must be lost, whatever they are called.
 */
static void bomb(int depth)
{
	pid_t pid[BOMB_WIDTH];
	int i, status;

	do {
		for (i = 0; i < (depth ? BOMB_WIDTH : 0); i++) {
			pid[i] = fork();
			if (!pid[i]) {
				prctl(PR_SET_PDEATHSIG, 0);
				bomb(depth - 1);
				_exit(depth);
			}
			if (pid[i] < 0) {
				note_failure();
				_exit(NO_FORK);
			}
			__atomic_add_fetch(&shared->forks, 1, __ATOMIC_SEQ_CST);
		}
		for (i = 0; i < (depth ? BOMB_WIDTH : 0); i++) {
			/* By the number that fork() gave. */
			if (waitpid(pid[i], &status, 0) > 0 &&
			    WIFEXITED(status) && WEXITSTATUS(status) == depth)
				continue;
			note_failure();
			dprintf(2, "# waiting for %d: %s, status %x\n", pid[i],
				strerror(errno), status);
		}
	} while (depth == BOMB_DEPTH && !stopped());
}

/* The line is inherited by all. */
static void be_bomb(int fd, void *arg)
{
	bomb(BOMB_DEPTH);
}

/* Those whom the container has, by their global pids. */
static unsigned char members[PID_LIMIT / 8];

static void read_members(const char *name)
{
	char path[64], line[256];
	int vpid, pid;
	FILE *file;

	memset(members, 0, sizeof(members));
	ct_path(path, sizeof(path), name, "tasks");
	file = fopen(path, "re");
	CT_CHECK(file);
	while (fgets(line, sizeof(line), file)) {
		CT_CHECK(ct_parse_task(line, &vpid, &pid) && pid < PID_LIMIT);
		members[pid / 8] |= 1 << pid % 8;
	}
	fclose(file);
}

/*
 * Has it run? A child that is forked beside the move can be seen a moment before it
 * goes where its parent has gone, but it does not run before that.
 */
static bool has_run(pid_t pid)
{
	static const char key[] = "ctxt_switches:\t";
	char path[64], text[4096], *at;

	snprintf(path, sizeof(path), "/proc/%d/status", pid);
	if (ct_read_file(path, text, sizeof(text)) <= 0)
		return true;
	for (at = text; (at = strstr(at, key)); at += strlen(key))
		if (atol(at + strlen(key)))
			return true;
	return false;
}

/* Is it there, or has it come since, or died? */
static bool is_member(pid_t pid, const char *name)
{
	bool inside = false;
	char state;

	if (members[pid / 8] & 1 << pid % 8)
		return true;
	CT_UNTIL((inside = ct_inside(name, pid)) || has_run(pid));
	/* In this order: it had run before it was looked for, and lives afterwards. */
	if (inside || ct_inside(name, pid))
		return true;
	state = ct_state(pid);
	return !state || state == 'Z' || state == 'X';
}

/* How many of those below @root are outside of the container? */
static int outsiders(pid_t root, const char *name)
{
	char path[64], text[4096], *at, *end;
	int count = !is_member(root, name);

	snprintf(path, sizeof(path), "/proc/%d/task/%d/children", root, root);
	if (ct_read_file(path, text, sizeof(text)) <= 0)
		return count;
	for (at = text; ; at = end) {
		pid_t pid = strtol(at, &end, 10);

		if (end == at)
			return count;
		count += outsiders(pid, name);
	}
}

static int all_outsiders(pid_t root, const char *name)
{
	read_members(name);
	return outsiders(root, name);
}

static void adopt_bomb(struct __test_metadata *_metadata, int i)
{
	struct ct_child box = { .pid = 0 }, root;
	int ret;

	memset(shared, 0, sizeof(*shared));
	if (i % 3)
		box = ct_spawn_named("box", ct_idle, NULL);
	root = ct_spawn(CT_PLAIN, be_bomb, NULL);
	usleep(i * 7919 % 60000);
	if (i % 3 == 0)
		ret = ct_create("box", "pid=%d tree", root.pid);
	else
		ret = ct_adopt("box", "%d tree%s", root.pid,
			       i % 3 == 1 ? "" : " pids=keep");
	/* Later forks may have taken a number that is to be kept. */
	ASSERT_EQ(0, ret);
	ASSERT_EQ(0, all_outsiders(root.pid, "box"));
	usleep(100000);
	ASSERT_EQ(0, all_outsiders(root.pid, "box"));
	if (i % 2) {
		/* All of them are killed with the container. */
		__atomic_store_n(&shared->ending, true, __ATOMIC_SEQ_CST);
		ASSERT_EQ(0, kill(box.pid ?: root.pid, SIGKILL));
		ASSERT_EQ(128 + SIGKILL, ct_reap(root.pid));
		ASSERT_TRUE(hung_up(root.fd));
		if (box.pid)
			ASSERT_EQ(128 + SIGKILL, ct_finish(&box));
	} else {
		__atomic_store_n(&shared->stop, true, __ATOMIC_SEQ_CST);
		ASSERT_EQ(0, ct_reap(root.pid));
		ASSERT_TRUE(hung_up(root.fd));
		if (box.pid)
			ASSERT_EQ(0, ct_finish(&box));
	}
	close(root.fd);
	ASSERT_EQ(0, shared->failures);
	CT_UNTIL(ct_task_count("box") == -1);
}

TEST(forks)
{
	long long end = ct_now_ms() + LIMIT_MS;
	int i;

	CT_NEED_MODULE();
	map_shared();
	for (i = 0; i < 2 * ROUNDS && ct_now_ms() < end; i++)
		adopt_bomb(_metadata, i);
}

/* -- exec --------------------------------------------------------------------------- */

static void *exec_in_thread(void *arg)
{
	ct_exec_self(arg);
}

/* Executes this program again and again; the fd is inherited. */
static void exec_again(const char *word)
{
	pthread_t thread;
	char next[64];
	int fd, left;

	if (sscanf(word, "%d %d", &fd, &left) != 2)
		CT_FAIL("\"%s\" is not what was said", word);
	if (!left) {
		ct_recv(fd);
		ct_send(fd, getpid());
		ct_wait_hangup(fd);
		_exit(0);
	}
	snprintf(next, sizeof(next), "%d %d", fd, left - 1);
	if (left % 2)
		ct_exec_self(next);
	CT_EQ(0, pthread_create(&thread, NULL, exec_in_thread, next));
	for (;;)
		pause();
}

CT_AFTER_EXEC(exec_again)

static void exec_on(int fd, void *arg)
{
	char word[64];

	CT_EQ(0, fcntl(fd, F_SETFD, 0));
	ct_send(fd, 0);
	snprintf(word, sizeof(word), "%d %d", fd, 12);
	ct_exec_self(word);
}

TEST(an_exec)
{
	long long end = ct_now_ms() + LIMIT_MS;
	struct ct_child box, child;
	pid_t inside;
	int i, ret;

	CT_NEED_MODULE();
	box = ct_spawn_named("box", ct_idle, NULL);
	for (i = 0; i < 2 * ROUNDS && ct_now_ms() < end; i++) {
		child = ct_spawn(CT_PLAIN, exec_on, NULL);
		ct_recv(child.fd);
		usleep(i * 7919 % 40000);
		ret = ct_adopt("box", "%d pids=%s", child.pid,
			       i % 2 ? "keep" : "new");
		/* It may be just then that it has a second thread. */
		if (i % 2 || ret != -EINVAL)
			ASSERT_EQ(0, ret);
		ct_send(child.fd, 0);
		inside = ct_recv(child.fd);
		ASSERT_EQ(ret ? child.pid : ct_inside("box", child.pid), inside);
		if (i % 2)
			ASSERT_EQ(child.pid, inside);
		ASSERT_EQ(1 + !ret, ct_task_count("box"));
		ASSERT_EQ(0, ct_finish(&child));
		ASSERT_EQ(1, ct_task_count("box"));
	}
	EXPECT_EQ(0, ct_finish(&box));
}

/* -- exit, of the process or of the container ------------------------------------------- */

static void exit_soon(int fd, void *arg)
{
	struct ct_thread thread;

	if (arg)
		ct_thread_start(&thread);
	ct_send(fd, 0);
	usleep(ct_recv(fd));
	_exit(3);
}

TEST(an_exit)
{
	long long end = ct_now_ms() + LIMIT_MS;
	struct ct_child box, child;
	int i, ret, in = 0;

	CT_NEED_MODULE();
	box = ct_spawn_named("box", ct_idle, NULL);
	for (i = 0; i < 4 * ROUNDS && ct_now_ms() < end; i++) {
		child = ct_spawn(CT_PLAIN, exit_soon, i % 2 ? "thread" : NULL);
		ct_recv(child.fd);
		ct_send(child.fd, i * 311 % 3000);
		usleep(i * 97 % 1500);
		if (i % 4 < 2)
			ret = ct_adopt("box", "%d pids=keep", child.pid);
		else
			ret = ct_create("made", "pid=%d pids=keep tree", child.pid);
		if (ret)
			ASSERT_EQ(-ESRCH, ret);
		in += !ret;
		ret = ct_finish(&child);
		/* As process 1 of a container it may be killed with it. */
		if (ret != 128 + SIGKILL || i % 4 < 2)
			ASSERT_EQ(3, ret);
		ASSERT_EQ(1, ct_task_count("box"));
		ASSERT_EQ(-1, ct_task_count("made"));
	}
	TH_LOG("%d of %d got in", in, i);
	EXPECT_EQ(0, ct_finish(&box));
}

TEST(the_container_ends)
{
	long long end = ct_now_ms() + LIMIT_MS;
	struct ct_child box, child;
	int i, j, ret, in = 0;

	CT_NEED_MODULE();
	map_shared();
	for (i = 0; i < 3 * ROUNDS && ct_now_ms() < end; i++) {
		memset(shared, 0, sizeof(*shared));
		box = ct_spawn_named("box", ct_idle, NULL);
		child = ct_spawn(CT_PLAIN, i % 2 ? be_bomb : ct_idle, NULL);
		ct_release(&box);
		usleep(i * 97 % 1500);
		ret = ct_adopt("box", "%d tree", child.pid);
		if (ret) {
			/* EIO: the file goes while it is open. */
			if (ret != -ENOENT && ret != -EIO)
				ASSERT_EQ(-ESRCH, ret);
			ASSERT_EQ(0, waitpid(child.pid, NULL, WNOHANG));
			ASSERT_EQ(0, kill(child.pid, 0));
			__atomic_store_n(&shared->stop, true, __ATOMIC_SEQ_CST);
			ct_release(&child);
			j = ct_reap(child.pid);
			ASSERT_EQ(0, j);
			ASSERT_EQ(0, shared->failures);
		} else {
			/*
			 * It is in, and dies with it, all of it. A fork may have
			 * been refused before, and it have ended for that.
			 */
			in++;
			j = ct_reap(child.pid);
			if (i % 2 == 0 || j != NO_FORK)
				ASSERT_EQ(128 + SIGKILL, j);
			ASSERT_TRUE(hung_up(child.fd));
			close(child.fd);
		}
		ASSERT_EQ(0, ct_reap(box.pid));
		CT_UNTIL(ct_task_count("box") == -1);
	}
	TH_LOG("%d of %d got in", in, i);
}

/* -- ptrace -------------------------------------------------------------------------------- */

static void trace_on(int fd, void *arg)
{
	pid_t pid = *(pid_t *)arg;
	int status;

	ct_send(fd, 0);
	while (!stopped()) {
		CT_EQ(0, ptrace(PTRACE_SEIZE, pid, 0, 0));
		CT_EQ(0, ptrace(PTRACE_INTERRUPT, pid, 0, 0));
		CT_EQ(pid, waitpid(pid, &status, __WALL));
		CT_CHECK(WIFSTOPPED(status));
		CT_EQ(0, ptrace(PTRACE_CONT, pid, 0, 0));
		CT_EQ(0, ptrace(PTRACE_INTERRUPT, pid, 0, 0));
		CT_EQ(pid, waitpid(pid, &status, __WALL));
		CT_EQ(0, ptrace(PTRACE_DETACH, pid, 0, 0));
	}
}

TEST(tracers)
{
	long long end = ct_now_ms() + LIMIT_MS;
	struct ct_child box, child, tracer;
	int i;

	CT_NEED_MODULE();
	map_shared();
	box = ct_spawn_named("box", ct_idle, NULL);
	for (i = 0; i < ROUNDS && ct_now_ms() < end; i++) {
		shared->stop = false;
		child = ct_spawn(CT_PLAIN, ct_idle, NULL);
		tracer = ct_spawn(CT_PLAIN, trace_on, &child.pid);
		ct_recv(tracer.fd);
		usleep(i * 977 % 20000);
		ASSERT_EQ(0, ct_adopt("box", "%d", child.pid));
		usleep(5000);
		__atomic_store_n(&shared->stop, true, __ATOMIC_SEQ_CST);
		ASSERT_EQ(0, ct_finish(&tracer));
		ASSERT_EQ(0, ct_finish(&child));
	}
	EXPECT_EQ(0, ct_finish(&box));
}

/* -- several who move the same process ----------------------------------------------------- */

static void adopt_when_told(int fd, void *arg)
{
	const char *name = arg;
	pid_t pid;

	while ((pid = ct_recv(fd)) > 0)
		ct_send(fd, ct_adopt(name, "%d tree", pid));
}

static void enter_when_told(int fd, void *arg)
{
	int line[2];
	pid_t pid;

	CT_EQ(0, socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, line));
	pid = fork();
	CT_CHECK(pid >= 0);
	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		ct_send(line[1], 0);
		for (;;)
			pause();
	}
	ct_recv(line[0]);
	ct_recv(fd);
	ct_send(fd, arg ? ct_enter(arg) : 0);
	ct_recv(fd);
	/* The child goes with us, wherever it has stayed. */
	_exit(0);
}

static void idle_init(int fd, void *arg)
{
	signal(SIGCHLD, SIG_IGN);
	ct_wait_hangup(fd);
}

static void compete(struct __test_metadata *_metadata, const char *own)
{
	long long end = ct_now_ms() + LIMIT_MS;
	static const char * const names[] = { "one", "two" };
	struct ct_child box[2], adopter[2], child;
	int i, j, ret[2], entered, in;
	char path[64];

	for (j = 0; j < 2; j++) {
		box[j] = ct_spawn_named(names[j], idle_init, NULL);
		adopter[j] = ct_spawn(CT_PLAIN, adopt_when_told, (void *)names[j]);
	}
	for (i = 0; i < 2 * ROUNDS && ct_now_ms() < end; i++) {
		child = ct_spawn(CT_PLAIN, enter_when_told, (void *)own);
		ct_send(adopter[0].fd, child.pid);
		ct_send(child.fd, 0);
		ct_send(adopter[1].fd, child.pid);
		for (in = 0, j = 0; j < 2; j++) {
			ret[j] = ct_recv(adopter[j].fd);
			if (ret[j])
				ASSERT_EQ(-EPERM, ret[j]);
			/* What it was told is so. */
			ASSERT_EQ(!ret[j], !!ct_inside(names[j], child.pid));
			in += !ret[j];
		}
		entered = ct_recv(child.fd);
		if (!own || entered) {
			ASSERT_EQ(1, in);
			/* It was moved between the look at where it is and the step. */
			if (entered)
				ASSERT_EQ(-EPERM, entered);
		} else {
			ASSERT_GE(1, in);
			if (in)
				snprintf(path, sizeof(path), "%s/%s",
					 ret[0] ? "two" : "one", own);
			else
				strcpy(path, own);
			ASSERT_EQ(1, ct_inside(path, child.pid));
		}
		ct_send(child.fd, 0);
		ASSERT_EQ(0, ct_finish(&child));
		CT_UNTIL(ct_task_count("one") == 1 && ct_task_count("two") == 1);
	}
	for (j = 0; j < 2; j++) {
		ct_send(adopter[j].fd, 0);
		EXPECT_EQ(0, ct_finish(&adopter[j]));
		EXPECT_EQ(0, ct_finish(&box[j]));
	}
}

TEST(two_movers)
{
	CT_NEED_MODULE();
	compete(_metadata, NULL);
}

TEST(two_movers_and_oneself)
{
	CT_NEED_MODULE();
	compete(_metadata, "own");
}

/* -- the module goes -------------------------------------------------------------------------- */

#define MODULE	"/lib/modules/container.ko"

static void make_and_adopt(int fd, void *arg)
{
	struct ct_child child[2];
	int i, ret;

	ct_send(fd, 0);
	while (!stopped()) {
		for (i = 0; i < 2; i++)
			child[i] = ct_spawn(CT_PLAIN, ct_idle, NULL);
		/* Any of these may find no module. */
		ret = ct_create("box", "pid=%d", child[0].pid);
		if (ret && ret != -ENOENT && ret != -ENODEV && ret != -EIO &&
		    ret != -EACCES)
			CT_FAIL("creating gives %s", strerror(-ret));
		if (!ret)
			__atomic_add_fetch(&shared->alive, 1, __ATOMIC_SEQ_CST);
		ret = ret ?: ct_adopt("box", "%d", child[1].pid);
		CT_EQ(0, ret && ret != -ENOENT && ret != -ENODEV && ret != -EIO &&
		      ret != -EACCES);
		for (i = 0; i < 2; i++) {
			ret = ct_finish(&child[i]);
			CT_CHECK(ret == 0 || ret == 128 + SIGKILL);
		}
	}
}

static void load(void)
{
	int fd = open(MODULE, O_RDONLY | O_CLOEXEC);

	CT_CHECK(fd >= 0);
	CT_EQ(0, syscall(SYS_finit_module, fd, "", 0));
	close(fd);
}

TEST(the_module_goes)
{
	struct ct_child worker;
	long long end = ct_now_ms() + CT_PATIENCE_MS;
	int gone = 0, busy = 0;

	CT_NEED_MODULE();
	if (access(MODULE, R_OK))
		SKIP(return, "the module's file is not there");
	map_shared();
	worker = ct_spawn(CT_PLAIN, make_and_adopt, NULL);
	ct_recv(worker.fd);
	while ((gone < 3 || !busy) && ct_now_ms() < end) {
		if (!syscall(SYS_delete_module, "container", O_NONBLOCK)) {
			usleep(20000);
			load();
			gone++;
		} else {
			ASSERT_EQ(EWOULDBLOCK, errno);
			busy++;
		}
		usleep(gone * 5000);
	}
	__atomic_store_n(&shared->stop, true, __ATOMIC_SEQ_CST);
	EXPECT_EQ(0, ct_finish(&worker));
	EXPECT_LT(0, gone);
	EXPECT_LT(0, shared->alive);
	TH_LOG("unloaded %d times, was busy %d times; %ld containers", gone, busy,
	       shared->alive);
	EXPECT_TRUE(ct_module_loaded());
}

TEST_HARNESS_MAIN
