// SPDX-License-Identifier: GPL-2.0
/* modes: host */
/* timeout: 240 */
/*
 * A program with threads that know their tids, as runtimes do, is moved while
 * all of them work.  With pids=keep none of them notices.
 */
#include "ct.h"
#include "ct-nest.h"
#include "kselftest_harness.h"

#define NR_THREADS	6
#define BEFORE_MS	300
#define AFTER_MS	1200

struct locks {
	pthread_mutex_t plain, recursive, checked, robust, pi, pi_robust;
	pthread_mutex_t queue_lock;
	pthread_cond_t queue_cond;
	int queue;
	long inside;	/* who is in the part that only one may be in */
};

struct worker {
	pthread_t thread;
	pid_t tid;
	timer_t timer;
	volatile long rounds, ticks, signals;
};

static struct locks locks;
static struct worker workers[NR_THREADS];
static pid_t pid;
static bool stop;
static pthread_barrier_t all_stopped;

static void init_mutex(pthread_mutex_t *mutex, int type, int robust, int protocol)
{
	pthread_mutexattr_t attr;

	pthread_mutexattr_init(&attr);
	CT_EQ(0, pthread_mutexattr_settype(&attr, type));
	CT_EQ(0, pthread_mutexattr_setrobust(&attr, robust));
	CT_EQ(0, pthread_mutexattr_setprotocol(&attr, protocol));
	CT_EQ(0, pthread_mutex_init(mutex, &attr));
}

static void init_locks(void)
{
	init_mutex(&locks.plain, PTHREAD_MUTEX_NORMAL, PTHREAD_MUTEX_STALLED,
		   PTHREAD_PRIO_NONE);
	init_mutex(&locks.queue_lock, PTHREAD_MUTEX_NORMAL,
		   PTHREAD_MUTEX_STALLED, PTHREAD_PRIO_NONE);
	init_mutex(&locks.recursive, PTHREAD_MUTEX_RECURSIVE,
		   PTHREAD_MUTEX_STALLED, PTHREAD_PRIO_NONE);
	init_mutex(&locks.checked, PTHREAD_MUTEX_ERRORCHECK,
		   PTHREAD_MUTEX_STALLED, PTHREAD_PRIO_NONE);
	init_mutex(&locks.robust, PTHREAD_MUTEX_NORMAL, PTHREAD_MUTEX_ROBUST,
		   PTHREAD_PRIO_NONE);
	init_mutex(&locks.pi, PTHREAD_MUTEX_ERRORCHECK, PTHREAD_MUTEX_STALLED,
		   PTHREAD_PRIO_INHERIT);
	init_mutex(&locks.pi_robust, PTHREAD_MUTEX_NORMAL, PTHREAD_MUTEX_ROBUST,
		   PTHREAD_PRIO_INHERIT);
	CT_EQ(0, pthread_cond_init(&locks.queue_cond, NULL));
	CT_EQ(0, pthread_barrier_init(&all_stopped, NULL, NR_THREADS));
}

static void hold(pthread_mutex_t *mutex, pid_t tid)
{
	CT_EQ(0, pthread_mutex_lock(mutex));
	__atomic_store_n(&locks.inside, tid, __ATOMIC_SEQ_CST);
	sched_yield();
	CT_EQ(tid, __atomic_load_n(&locks.inside, __ATOMIC_SEQ_CST));
	CT_EQ(0, pthread_mutex_unlock(mutex));
}

static void use_locks(pid_t tid)
{
	/* One after the other, so that only one is in hold() at a time. */
	CT_EQ(0, pthread_mutex_lock(&locks.plain));
	CT_EQ(0, pthread_mutex_lock(&locks.recursive));
	hold(&locks.recursive, tid);
	CT_EQ(0, pthread_mutex_unlock(&locks.recursive));
	CT_EQ(0, pthread_mutex_unlock(&locks.plain));
	CT_EQ(0, pthread_mutex_lock(&locks.checked));
	CT_EQ(EDEADLK, pthread_mutex_lock(&locks.checked));
	CT_EQ(0, pthread_mutex_unlock(&locks.checked));
	CT_EQ(EPERM, pthread_mutex_unlock(&locks.checked));
	CT_EQ(0, pthread_mutex_lock(&locks.pi));
	CT_EQ(EDEADLK, pthread_mutex_lock(&locks.pi));
	CT_EQ(tid, locks.pi.__data.__lock & 0x3fffffff);
	sched_yield();
	CT_EQ(0, pthread_mutex_unlock(&locks.pi));
	CT_EQ(0, pthread_mutex_lock(&locks.robust));
	CT_EQ(tid, locks.robust.__data.__lock & 0x3fffffff);
	CT_EQ(0, pthread_mutex_lock(&locks.pi_robust));
	sched_yield();
	CT_EQ(0, pthread_mutex_unlock(&locks.pi_robust));
	CT_EQ(0, pthread_mutex_unlock(&locks.robust));
}

static void pass_something(void)
{
	struct timespec end;

	clock_gettime(CLOCK_REALTIME, &end);
	end.tv_nsec += 2000000;
	if (end.tv_nsec >= 1000000000) {
		end.tv_nsec -= 1000000000;
		end.tv_sec++;
	}
	CT_EQ(0, pthread_mutex_lock(&locks.queue_lock));
	locks.queue++;
	CT_EQ(0, pthread_cond_broadcast(&locks.queue_cond));
	pthread_cond_timedwait(&locks.queue_cond, &locks.queue_lock, &end);
	CT_EQ(0, pthread_mutex_unlock(&locks.queue_lock));
}

/* Two: one that comes while another waits that has the same number is lost. */
static void take_signals(struct worker *me)
{
	siginfo_t info;

	if (ct_take_signal(SIGUSR1, &info, 0)) {
		CT_EQ(SI_TIMER, info.si_code);
		me->ticks++;
	}
	if (ct_take_signal(SIGUSR2, &info, 0)) {
		CT_EQ(SI_TKILL, info.si_code);
		CT_EQ(pid, info.si_pid);
		me->signals++;
	}
}

static void start_timer(struct worker *me)
{
	struct itimerspec every = { { 0, 1000000 }, { 0, 1000000 } };
	struct sigevent event;

	memset(&event, 0, sizeof(event));
	event.sigev_notify = SIGEV_THREAD_ID;
	event.sigev_signo = SIGUSR1;
	event._sigev_un._tid = me->tid;
	CT_EQ(0, timer_create(CLOCK_MONOTONIC, &event, &me->timer));
	CT_EQ(0, timer_settime(me->timer, 0, &every, NULL));
}

static void *work(void *arg)
{
	struct worker *me = arg, *other = me + 1;
	struct timespec time;
	char name[16];
	clockid_t clock;

	if (other == workers + NR_THREADS)
		other = workers;
	start_timer(me);
	while (!__atomic_load_n(&stop, __ATOMIC_SEQ_CST)) {
		CT_EQ(pid, syscall(SYS_getpid));
		CT_EQ(me->tid, ct_gettid());
		use_locks(me->tid);
		pass_something();
		CT_EQ(0, pthread_kill(other->thread, SIGUSR2));
		CT_EQ(0, syscall(SYS_tgkill, pid, other->tid, 0));
		CT_EQ(0, pthread_getcpuclockid(other->thread, &clock));
		CT_EQ(0, clock_gettime(clock, &time));
		CT_EQ(0, pthread_getname_np(other->thread, name, sizeof(name)));
		take_signals(me);
		me->rounds++;
	}
	/* The others may still want to name us. */
	pthread_barrier_wait(&all_stopped);
	return NULL;
}

static void *start(void *arg)
{
	struct worker *me = arg;

	__atomic_store_n(&me->tid, ct_gettid(), __ATOMIC_SEQ_CST);
	while (!__atomic_load_n(&pid, __ATOMIC_SEQ_CST))
		usleep(1000);
	return work(me);
}

static void *leave_locked(void *arg)
{
	CT_EQ(0, pthread_mutex_lock(&locks.robust));
	CT_EQ(0, pthread_mutex_lock(&locks.pi_robust));
	return NULL;
}

/* Threads that come and go meanwhile. */
static void churn_until(long long end)
{
	pthread_t thread;

	while (ct_now_ms() < end) {
		CT_EQ(0, pthread_create(&thread, NULL, leave_locked, NULL));
		CT_EQ(0, pthread_join(thread, NULL));
		CT_EQ(EOWNERDEAD, pthread_mutex_lock(&locks.robust));
		CT_EQ(0, pthread_mutex_consistent(&locks.robust));
		CT_EQ(EOWNERDEAD, pthread_mutex_lock(&locks.pi_robust));
		CT_EQ(0, pthread_mutex_consistent(&locks.pi_robust));
		CT_EQ(0, pthread_mutex_unlock(&locks.pi_robust));
		CT_EQ(0, pthread_mutex_unlock(&locks.robust));
	}
}

static bool all_have_worked(const struct worker *before)
{
	int i;

	for (i = 0; i < NR_THREADS; i++)
		if (workers[i].rounds < before[i].rounds + 2 ||
		    workers[i].ticks == before[i].ticks ||
		    workers[i].signals == before[i].signals)
			return false;
	return true;
}

static void be_runtime(int fd, void *arg)
{
	struct worker before[NR_THREADS];
	bool churn = arg;
	int i;

	ct_block(SIGUSR1);
	ct_block(SIGUSR2);
	init_locks();
	for (i = 0; i < NR_THREADS; i++)
		CT_EQ(0, pthread_create(&workers[i].thread, NULL, start,
					&workers[i]));
	for (i = 0; i < NR_THREADS; i++)
		CT_UNTIL(__atomic_load_n(&workers[i].tid, __ATOMIC_SEQ_CST));
	/*
	 * While others lock the two in this order nobody may die with them but
	 * the one who is waited for.
	 */
	if (churn) {
		ct_send(fd, 0);
		churn_until(ct_now_ms() + BEFORE_MS + AFTER_MS);
		ct_recv(fd);
	}
	__atomic_store_n(&pid, getpid(), __ATOMIC_SEQ_CST);
	if (!churn) {
		usleep(BEFORE_MS * 1000);
		ct_send(fd, 0);
		ct_recv(fd);
	}
	memcpy(before, workers, sizeof(before));
	usleep(AFTER_MS * 1000);
	CT_UNTIL(all_have_worked(before));
	__atomic_store_n(&stop, true, __ATOMIC_SEQ_CST);
	for (i = 0; i < NR_THREADS; i++)
		CT_EQ(0, pthread_join(workers[i].thread, NULL));
	churn_until(ct_now_ms() + 50);
	ct_send(fd, 0);
	ct_wait_hangup(fd);
}

static void move_runtime(struct __test_metadata *_metadata, bool first, bool churn)
{
	struct ct_child box = { .pid = 0 }, child;

	if (!first)
		box = ct_spawn_named("box", ct_idle, NULL);
	child = ct_spawn(CT_PLAIN, be_runtime, churn ? "" : NULL);
	ct_recv(child.fd);
	if (churn)
		usleep(BEFORE_MS * 1000);
	if (first) {
		ASSERT_EQ(0, ct_create("box", "pids=keep pid=%d", child.pid));
	} else {
		EXPECT_EQ(-EINVAL, ct_adopt("box", "%d", child.pid));
		ASSERT_EQ(0, ct_adopt("box", "%d pids=keep", child.pid));
	}
	EXPECT_EQ(child.pid, ct_inside("box", child.pid));
	EXPECT_LE(NR_THREADS + 1, ct_task_count("box"));
	ct_send(child.fd, 0);
	ct_recv(child.fd);
	EXPECT_EQ(0, ct_finish(&child));
	if (!first)
		EXPECT_EQ(0, ct_finish(&box));
	EXPECT_EQ(-1, ct_task_count("box"));
}

TEST(into_one_that_exists)
{
	CT_NEED_MODULE();
	move_runtime(_metadata, false, false);
}

TEST(as_process_1)
{
	CT_NEED_MODULE();
	move_runtime(_metadata, true, false);
}

TEST(while_threads_come_and_go)
{
	CT_NEED_MODULE();
	move_runtime(_metadata, false, true);
	move_runtime(_metadata, true, true);
}

/* -- a process whose first thread has gone ---------------------------------------- */

static void *survive(void *arg)
{
	int fd = *(int *)arg;
	pid_t child, orphan;

	CT_UNTIL(ct_state(getpid()) == 'Z');
	ct_send(fd, 0);
	ct_recv(fd);
	CT_EQ(0, getppid());
	/* A child's child becomes ours. */
	child = fork();
	CT_CHECK(child >= 0);
	if (!child) {
		orphan = fork();
		if (!orphan)
			for (;;)
				pause();
		_exit(0);
	}
	CT_EQ(0, ct_reap(child));
	orphan = ct_only_child(getpid()) ?: child + 1;
	CT_EQ(getpid(), ct_status(orphan, "PPid"));
	CT_EQ(0, kill(orphan, SIGKILL));
	CT_EQ(128 + SIGKILL, ct_reap(orphan));
	ct_send(fd, 0);
	ct_wait_hangup(fd);
	_exit(9);
}

static void lose_first_thread(int fd, void *arg)
{
	static int line;
	pthread_t thread;

	CT_EQ(0, prctl(PR_SET_PDEATHSIG, 0));
	line = fd;
	CT_EQ(0, pthread_create(&thread, NULL, survive, &line));
	pthread_exit(NULL);
}

TEST(without_its_first_thread)
{
	struct ct_child child;

	CT_NEED_MODULE();
	child = ct_spawn(CT_PLAIN, lose_first_thread, NULL);
	ct_recv(child.fd);
	ASSERT_EQ(0, ct_create("box", "pids=keep pid=%d", child.pid));
	ct_send(child.fd, 0);
	ct_recv(child.fd);
	EXPECT_EQ(9, ct_finish(&child));
	EXPECT_EQ(-1, ct_task_count("box"));
}

TEST_HARNESS_MAIN
