// SPDX-License-Identifier: GPL-2.0
/* modes: host */
/*
 * The option pids=keep: a process enters with the numbers that it and its
 * threads have, so that nothing it remembers is wrong, even while its threads
 * make more threads and processes.
 */
#include "ct.h"
#include <dirent.h>
#include "kselftest_harness.h"

#define ROUNDS	8
#define SPINNERS 3

static int enter_keeping(char *name)
{
	char line[CT_NAME_MAX + 16];

	ct_unique_name(name);
	snprintf(line, sizeof(line), "%s pids=keep", name);
	return ct_enter(line);
}

/* -- one thread --------------------------------------------------------------------- */

static void keep_alone(int fd, void *arg)
{
	char name[CT_NAME_MAX + 1], text[128];
	pid_t self = getpid(), pid;
	int status;

	CT_EQ(0, enter_keeping(name));
	CT_EQ(self, getpid());
	CT_EQ(self, ct_gettid());
	CT_EQ(0, getppid());
	CT_EQ(self, ct_status(self, "Pid"));
	CT_EQ(self, ct_read_number("/proc/self/stat"));
	/* Nobody has the number 1. */
	CT_ERRNO(ESRCH, kill(1, 0));
	CT_EQ(self, ct_inside(name, self));
	ct_path(text, sizeof(text), name, "status");
	CT_EQ(self, ct_keyed_number(text, "init"));

	/* It is what process 1 is elsewhere. */
	CT_EQ(0, kill(self, SIGTERM));
	CT_EQ(0, kill(self, SIGKILL));
	pid = fork();
	if (!pid) {
		CT_EQ(self, getppid());
		pid = getpid();
		if (fork())
			_exit(0);
		CT_UNTIL(getppid() != pid);
		_exit(getppid() == self ? 6 : 7);
	}
	CT_CHECK(pid > self);
	CT_EQ(0, ct_reap(pid));
	CT_CHECK(wait(&status) > pid);
	CT_EQ(6, WEXITSTATUS(status));
}

TEST(alone)
{
	struct ct_child child;

	CT_NEED_MODULE();
	child = ct_spawn(CT_PLAIN, keep_alone, NULL);
	EXPECT_EQ(0, ct_finish(&child));
}

/* -- threads that stand still -------------------------------------------------------- */

#define STANDING 5

struct standing {
	pthread_t thread;
	pthread_barrier_t *step;
	pid_t before, after;
};

static void *stand(void *arg)
{
	struct standing *me = arg;

	me->before = ct_gettid();
	pthread_barrier_wait(me->step);
	pthread_barrier_wait(me->step);
	me->after = ct_gettid();
	pthread_barrier_wait(me->step);
	pthread_barrier_wait(me->step);
	return NULL;
}

/* How many of our threads have a number, in /proc and in our container. */
static int threads_in(const char *path, bool lines)
{
	struct dirent *entry;
	char line[128];
	int count = 0;
	FILE *file;
	DIR *dir;

	if (lines) {
		file = fopen(path, "re");
		CT_CHECK(file);
		while (fgets(line, sizeof(line), file)) {
			CT_CHECK(atoi(line) > 0);
			count++;
		}
		fclose(file);
	} else {
		dir = opendir(path);
		CT_CHECK(dir);
		while ((entry = readdir(dir)))
			count += atoi(entry->d_name) > 0;
		closedir(dir);
	}
	return count;
}

static void keep_standing(int fd, void *arg)
{
	struct standing standing[STANDING];
	char name[CT_NAME_MAX + 1], path[128];
	pid_t self = getpid();
	pthread_barrier_t step;
	int i;

	pthread_barrier_init(&step, NULL, STANDING + 1);
	for (i = 0; i < STANDING; i++) {
		standing[i].step = &step;
		CT_EQ(0, pthread_create(&standing[i].thread, NULL, stand,
					&standing[i]));
	}
	pthread_barrier_wait(&step);
	ct_unique_name(name);
	CT_EQ(-EINVAL, ct_enter(name));
	CT_EQ(0, enter_keeping(name));
	pthread_barrier_wait(&step);
	pthread_barrier_wait(&step);
	CT_EQ(self, getpid());
	ct_path(path, sizeof(path), name, "tasks");
	CT_EQ(STANDING + 1, threads_in(path, true));
	CT_EQ(STANDING + 1, threads_in("/proc/self/task", false));
	for (i = 0; i < STANDING; i++) {
		CT_EQ(standing[i].before, standing[i].after);
		CT_EQ(standing[i].before, ct_inside(name, standing[i].before));
		CT_EQ(0, syscall(SYS_tgkill, self, standing[i].before, 0));
		CT_EQ(self, ct_status(standing[i].before, "Tgid"));
	}
	pthread_barrier_wait(&step);
	for (i = 0; i < STANDING; i++)
		CT_EQ(0, pthread_join(standing[i].thread, NULL));
	CT_UNTIL(ct_task_count(name) == 1);
}

TEST(threads_that_stand_still)
{
	struct ct_child child;

	CT_NEED_MODULE();
	child = ct_spawn(CT_PLAIN, keep_standing, NULL);
	EXPECT_EQ(0, ct_finish(&child));
}

/* -- threads that do not --------------------------------------------------------------- */

struct storm {
	pid_t process;
	bool inside;	/* all that starts now is inside for sure */
	bool stop;
	pthread_barrier_t start;
	long done;
};

static bool flag(bool *flag)
{
	return __atomic_load_n(flag, __ATOMIC_SEQ_CST);
}

static void *short_thread(void *arg)
{
	struct storm *storm = arg;
	pid_t tid = ct_gettid();

	CT_CHECK(tid > 0);
	CT_EQ(storm->process, syscall(SYS_getpid));
	CT_EQ(0, syscall(SYS_tgkill, storm->process, tid, 0));
	return (void *)(uintptr_t)tid;
}

/* Threads are made and end, each knowing its number. */
static void *thread_spinner(void *arg)
{
	struct storm *storm = arg;
	pid_t self = ct_gettid();
	pthread_t thread;
	void *tid;

	pthread_barrier_wait(&storm->start);
	while (!flag(&storm->stop)) {
		CT_EQ(0, pthread_create(&thread, NULL, short_thread, storm));
		CT_EQ(0, pthread_join(thread, &tid));
		CT_CHECK((uintptr_t)tid != (uintptr_t)self);
		CT_EQ(self, ct_gettid());
		__atomic_fetch_add(&storm->done, 1, __ATOMIC_SEQ_CST);
	}
	return NULL;
}

/*
 * Processes are made and waited for.  One that stayed outside cannot be waited
 * for any more, and is the host's; but fork() never gives 0 to the parent.
 */
static void *fork_spinner(void *arg)
{
	struct storm *storm = arg;
	pid_t self = ct_gettid(), pid;
	int line[2], status;
	pid_t seen;
	bool inside;

	pthread_barrier_wait(&storm->start);
	while (!flag(&storm->stop)) {
		CT_EQ(0, pipe2(line, O_CLOEXEC));
		inside = flag(&storm->inside);
		pid = fork();
		CT_CHECK(pid >= 0);
		if (!pid) {
			seen = syscall(SYS_getpid);
			CT_CHECK(seen != storm->process);
			CT_EQ(sizeof(seen), write(line[1], &seen, sizeof(seen)));
			_exit(7);
		}
		CT_EQ(self, ct_gettid());
		CT_EQ(sizeof(seen), read(line[0], &seen, sizeof(seen)));
		CT_EQ(seen, pid);
		close(line[0]);
		close(line[1]);
		errno = 0;
		if (waitpid(pid, &status, 0) == pid)
			CT_EQ(7, WEXITSTATUS(status));
		else
			CT_CHECK(!inside && errno == ECHILD);
		__atomic_fetch_add(&storm->done, 1, __ATOMIC_SEQ_CST);
	}
	return NULL;
}

static void keep_in_storm(int fd, void *arg)
{
	struct storm storm = { .process = getpid() };
	pthread_t threads[2 * SPINNERS];
	char name[CT_NAME_MAX + 1], path[128];
	long before;
	int i;

	pthread_barrier_init(&storm.start, NULL, 2 * SPINNERS + 1);
	for (i = 0; i < 2 * SPINNERS; i++)
		CT_EQ(0, pthread_create(&threads[i], NULL, i < SPINNERS ?
					thread_spinner : fork_spinner,
					&storm));
	pthread_barrier_wait(&storm.start);
	CT_UNTIL(__atomic_load_n(&storm.done, __ATOMIC_SEQ_CST) > 20);
	CT_EQ(0, enter_keeping(name));
	__atomic_store_n(&storm.inside, true, __ATOMIC_SEQ_CST);
	CT_EQ(storm.process, syscall(SYS_getpid));
	before = __atomic_load_n(&storm.done, __ATOMIC_SEQ_CST);
	CT_UNTIL(__atomic_load_n(&storm.done, __ATOMIC_SEQ_CST) > before + 40);
	__atomic_store_n(&storm.stop, true, __ATOMIC_SEQ_CST);
	for (i = 0; i < 2 * SPINNERS; i++)
		CT_EQ(0, pthread_join(threads[i], NULL));
	ct_path(path, sizeof(path), name, "tasks");
	CT_UNTIL(threads_in(path, true) == 1);
	CT_EQ(1, threads_in("/proc/self/task", false));
	CT_CHECK(ct_task_count(name) == 1);
}

FIXTURE(storm) { int unused; };
FIXTURE_SETUP(storm) { }
FIXTURE_TEARDOWN(storm) { }

TEST_F_TIMEOUT(storm, threads_that_multiply, 120)
{
	struct ct_child child;
	int i;

	CT_NEED_MODULE();
	for (i = 0; i < ROUNDS; i++) {
		child = ct_spawn(CT_PLAIN, keep_in_storm, NULL);
		ASSERT_EQ(0, ct_finish(&child));
	}
}

/* The numbers come from outside; inside they go on in the usual way. */
static void numbers_go_on(int fd, void *arg)
{
	char name[CT_NAME_MAX + 1];
	pid_t self = getpid(), first, second;

	CT_EQ(0, enter_keeping(name));
	first = ct_unused_pid();
	second = ct_unused_pid();
	CT_CHECK(first != self && second != self);
	CT_EQ(first + 1, second);
}

TEST(numbers_after_it)
{
	struct ct_child child;

	CT_NEED_MODULE();
	child = ct_spawn(CT_PLAIN, numbers_go_on, NULL);
	EXPECT_EQ(0, ct_finish(&child));
}

TEST_HARNESS_MAIN
