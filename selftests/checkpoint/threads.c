// SPDX-License-Identifier: GPL-2.0
/* modes: host */
/* timeout: 600 */
/*
 * Checkpoint and restart: threads, and what processes and threads share that
 * others have for themselves.
 */
#include "ct-checkpoint.h"

#include <linux/futex.h>
#include <linux/sched.h>
#include <sys/mman.h>

#define THREADS 4

struct fellow {
	pthread_t thread;
	pid_t tid;
	int number;
	volatile int settled;
};

static __thread int of_the_thread;
static struct fellow fellows[THREADS];
static volatile int dismissed;

static void same_thread(struct fellow *me)
{
	char path[64];

	CT_EQ(me->tid, ct_gettid());
	CT_EQ(1, getpid());
	CT_EQ(me->number, of_the_thread);
	CT_CHECK(pthread_equal(me->thread, pthread_self()));
	snprintf(path, sizeof(path), "/proc/self/task/%d/stat", me->tid);
	CT_EQ(me->tid, ct_read_number(path));
}

static void *fellow(void *arg)
{
	struct fellow *me = arg;

	me->tid = ct_gettid();
	of_the_thread = me->number;
	me->settled = 1;
	cr_await();
	same_thread(me);
	CT_UNTIL(dismissed);
	return me;
}

static void start_fellows(void *(*fn)(void *arg))
{
	int i;

	for (i = 0; i < THREADS; i++) {
		fellows[i].number = 100 + i;
		CT_EQ(0, pthread_create(&fellows[i].thread, NULL, fn, &fellows[i]));
	}
	for (i = 0; i < THREADS; i++)
		CT_UNTIL(fellows[i].settled);
}

static void join_fellows(void)
{
	void *result;
	int i;

	for (i = 0; i < THREADS; i++) {
		CT_EQ(0, pthread_join(fellows[i].thread, &result));
		CT_CHECK(result == &fellows[i]);
	}
}

CR_ROW(threads)
{
	of_the_thread = 1;
	start_fellows(fellow);
	cr_ready();
	CT_EQ(1, of_the_thread);
	CT_EQ(THREADS + 1, ct_status(1, "Threads"));
	dismissed = 1;
	join_fellows();
	CT_UNTIL(ct_status(1, "Threads") == 1);
	/* More can be made. */
	start_fellows(fellow);
	join_fellows();
}

/* -- signals to one of them -------------------------------------------------------- */

static volatile pid_t signalled[2];

static void note_signal(int sig)
{
	signalled[sig == SIGUSR2] = ct_gettid();
}

static void *wait_for_signal(void *arg)
{
	struct fellow *me = arg;

	me->tid = ct_gettid();
	me->settled = 1;
	while (!cr_told() || !signalled[0])
		usleep(1000);
	return me;
}

CR_ROW(thread_signals)
{
	struct sigaction act = { .sa_handler = note_signal };

	CT_EQ(0, sigaction(SIGUSR1, &act, NULL));
	CT_EQ(0, sigaction(SIGUSR2, &act, NULL));
	start_fellows(wait_for_signal);
	cr_ready();
	CT_EQ(0, pthread_kill(fellows[1].thread, SIGUSR2));
	CT_UNTIL(signalled[1] == fellows[1].tid);
	CT_EQ(0, syscall(SYS_tgkill, 1, fellows[2].tid, SIGUSR1));
	CT_UNTIL(signalled[0] == fellows[2].tid);
	join_fellows();
}

/* -- locks ------------------------------------------------------------------------- */

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t cond = PTHREAD_COND_INITIALIZER;
static pthread_mutex_t robust, robust_inherit;
static int turns, open_door;

static void *waits_at_door(void *arg)
{
	struct fellow *me = arg;

	me->settled = 1;
	CT_EQ(0, pthread_mutex_lock(&mutex));
	while (!open_door)
		CT_EQ(0, pthread_cond_wait(&cond, &mutex));
	turns++;
	CT_EQ(0, pthread_mutex_unlock(&mutex));
	return me;
}

/* All hang in a futex. */
CR_ROW(condition)
{
	start_fellows(waits_at_door);
	cr_ready();
	CT_EQ(0, turns);
	CT_EQ(0, pthread_mutex_lock(&mutex));
	open_door = 1;
	CT_EQ(0, pthread_cond_broadcast(&cond));
	CT_EQ(0, pthread_mutex_unlock(&mutex));
	join_fellows();
	CT_EQ(THREADS, turns);
}

CR_ROW(mutex_held)
{
	CT_EQ(0, pthread_mutex_lock(&mutex));
	open_door = 1;
	start_fellows(waits_at_door);
	cr_ready();
	CT_EQ(0, turns);
	CT_EQ(0, pthread_mutex_unlock(&mutex));
	join_fellows();
	CT_EQ(THREADS, turns);
}

static void *dies_with_locks(void *arg)
{
	struct fellow *me = arg;

	CT_EQ(0, pthread_mutex_lock(&robust));
	CT_EQ(0, pthread_mutex_lock(&robust_inherit));
	me->settled = 1;
	cr_await();
	return me;
}

/* The list of its locks, which the kernel looks at when a thread ends. */
CR_ROW(robust_list)
{
	struct fellow *me = &fellows[0];
	pthread_mutexattr_t attr;

	CT_EQ(0, pthread_mutexattr_init(&attr));
	CT_EQ(0, pthread_mutexattr_setrobust(&attr, PTHREAD_MUTEX_ROBUST));
	CT_EQ(0, pthread_mutex_init(&robust, &attr));
	CT_EQ(0, pthread_mutexattr_setprotocol(&attr, PTHREAD_PRIO_INHERIT));
	CT_EQ(0, pthread_mutex_init(&robust_inherit, &attr));
	CT_EQ(0, pthread_create(&me->thread, NULL, dies_with_locks, me));
	CT_UNTIL(me->settled);
	CT_EQ(EBUSY, pthread_mutex_trylock(&robust));
	cr_ready();
	CT_EQ(EOWNERDEAD, pthread_mutex_lock(&robust));
	CT_EQ(0, pthread_mutex_consistent(&robust));
	CT_EQ(0, pthread_mutex_unlock(&robust));
	CT_EQ(EOWNERDEAD, pthread_mutex_lock(&robust_inherit));
	CT_EQ(0, pthread_mutex_consistent(&robust_inherit));
	CT_EQ(0, pthread_mutex_unlock(&robust_inherit));
	CT_EQ(0, pthread_join(me->thread, NULL));
}

/* A lock with priority inheritance that somebody waits for, in the kernel. */
static void *waits_for_heir(void *arg)
{
	struct fellow *me = arg;

	me->tid = ct_gettid();
	me->settled = 1;
	CT_EQ(0, pthread_mutex_lock(&robust_inherit));
	turns++;
	CT_EQ(0, pthread_mutex_unlock(&robust_inherit));
	return me;
}

CR_ROW(priority_inheritance)
{
	struct fellow *me = &fellows[0];
	pthread_mutexattr_t attr;

	CT_EQ(0, pthread_mutexattr_init(&attr));
	CT_EQ(0, pthread_mutexattr_setprotocol(&attr, PTHREAD_PRIO_INHERIT));
	CT_EQ(0, pthread_mutex_init(&robust_inherit, &attr));
	CT_EQ(0, pthread_mutex_lock(&robust_inherit));
	CT_EQ(0, pthread_create(&me->thread, NULL, waits_for_heir, me));
	CT_UNTIL(me->settled);
	cr_until_in_call(1, me->tid, SYS_futex);
	cr_ready();
	CT_EQ(0, turns);
	CT_EQ(0, pthread_mutex_unlock(&robust_inherit));
	CT_EQ(0, pthread_join(me->thread, NULL));
	CT_EQ(1, turns);
}

/* -- many ------------------------------------------------------------------------------ */

#define MANY 32

static struct fellow many[MANY];

CR_ROW(many_threads)
{
	pthread_attr_t attr;
	int i;

	CT_EQ(0, pthread_attr_init(&attr));
	CT_EQ(0, pthread_attr_setstacksize(&attr, 65536));
	for (i = 0; i < MANY; i++) {
		many[i].number = i;
		CT_EQ(0, pthread_create(&many[i].thread, &attr, fellow, &many[i]));
	}
	for (i = 0; i < MANY; i++)
		CT_UNTIL(many[i].settled);
	cr_ready();
	dismissed = 1;
	for (i = 0; i < MANY; i++)
		CT_EQ(0, pthread_join(many[i].thread, NULL));
}

static void threaded_child(void *arg)
{
	long children = (long)arg;
	pid_t child = 0;

	start_fellows(wait_for_signal);
	if (children)
		child = cr_child(threaded_child, (void *)(children - 1));
	cr_settled();
	cr_await();
	signalled[0] = 1;
	join_fellows();
	if (child)
		CT_EQ(0, ct_reap(child));
}

/* Numbers of threads and of processes in turns. */
CR_ROW(threads_and_processes, .below = true)
{
	pid_t child;

	cr_gathering();
	child = cr_child(threaded_child, (void *)1L);
	cr_gather(2);
	cr_ready();
	CT_EQ(0, ct_reap(child));
}

/* -- children that belong to a thread --------------------------------------------------- */

static void *forks(void *arg)
{
	pid_t child = fork();

	(void)arg;
	if (!child) {
		cr_settled();
		for (;;)
			pause();
	}
	fellows[0].tid = child;
	cr_await();
	return NULL;
}

CR_ROW(child_of_thread)
{
	pthread_t thread;

	cr_gathering();
	CT_EQ(0, pthread_create(&thread, NULL, forks, NULL));
	CT_UNTIL(fellows[0].tid);
	cr_gather(1);
	cr_ready();
	CT_EQ(0, pthread_join(thread, NULL));
	/* It is the child of all of us, with or without that thread. */
	CT_EQ(1, ct_status(fellows[0].tid, "PPid"));
	CT_EQ(0, kill(fellows[0].tid, SIGTERM));
	CT_EQ(128 + SIGTERM, ct_reap(fellows[0].tid));
}

/* -- processes that share what threads share ---------------------------------------------- */

static char *other_stack(void)
{
	char *stack = mmap(NULL, 65536, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	CT_CHECK(stack != MAP_FAILED);
	return stack + 65536;
}

static int opens_file(void *arg)
{
	(void)arg;
	cr_settled();
	cr_await();
	/* Next to 0, 1 and 2. */
	CT_EQ(3, open("/dev/null", O_RDONLY));
	return 0;
}

/* Descriptors. */
CR_ROW(shared_table)
{
	pid_t child;

	cr_gathering();
	child = clone(opens_file, other_stack(), CLONE_FILES | SIGCHLD, NULL);
	CT_CHECK(child > 0);
	/* It has closed the pipe for both of us. */
	CT_UNTIL(fcntl(3, F_GETFD) < 0 && fcntl(4, F_GETFD) < 0);
	cr_ready();
	CT_EQ(0, ct_reap(child));
	CT_EQ(0, fcntl(3, F_GETFD));
}

static int changes_directory(void *arg)
{
	(void)arg;
	cr_settled();
	cr_await();
	CT_EQ(0, chdir("/proc"));
	umask(0123);
	return 0;
}

/* Directories and the umask. */
CR_ROW(shared_fs)
{
	char cwd[64];
	pid_t child;

	cr_gathering();
	child = clone(changes_directory, other_stack(), CLONE_FS | SIGCHLD, NULL);
	CT_CHECK(child > 0);
	cr_gather(1);
	cr_ready();
	CT_EQ(0, ct_reap(child));
	CT_CHECK(getcwd(cwd, sizeof(cwd)));
	CT_STREQ("/proc", cwd);
	CT_EQ(0123, umask(0));
}

/* What glibc left at the beginning of threads: to be told when one is gone. */
CR_ROW(tid_address)
{
	int *address = NULL;

	CT_EQ(0, prctl(PR_GET_TID_ADDRESS, &address));
	CT_CHECK(address);
	cr_ready();
	CT_EQ(0, prctl(PR_GET_TID_ADDRESS, &address));
	CT_CHECK(address);
	CT_EQ(1, *address);
}

CR_MAIN
