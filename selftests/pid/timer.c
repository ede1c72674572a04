// SPDX-License-Identifier: GPL-2.0
/* modes: host contained pidns */
/*
 * Timers that signal one thread, and clocks of other tasks, which code a
 * number into the clock.
 */
#include "ct.h"
#include "kselftest_harness.h"

#ifndef sigev_notify_thread_id
#define sigev_notify_thread_id _sigev_un._tid
#endif

static long long read_clock(clockid_t clock)
{
	struct timespec now;

	CT_EQ(0, clock_gettime(clock, &now));
	return now.tv_sec * 1000000000LL + now.tv_nsec;
}

/* Uses the processor until the clock shows it, which may tick slowly. */
static void spin(clockid_t clock)
{
	long long start = read_clock(clock);

	while (read_clock(clock) == start)
		;
}

static int make_timer(pid_t tid, timer_t *timer)
{
	struct sigevent event = {
		.sigev_notify = SIGEV_THREAD_ID, .sigev_signo = SIGRTMIN,
	};

	event.sigev_notify_thread_id = tid;
	return timer_create(CLOCK_MONOTONIC, &event, timer);
}

static void start_timer(timer_t timer)
{
	struct itimerspec in = { .it_value.tv_nsec = 1000000 };

	CT_EQ(0, timer_settime(timer, 0, &in, NULL));
}

struct target {
	pthread_barrier_t step;
	pid_t tid;
	bool got;
};

static void *await_timer(void *arg)
{
	struct target *me = arg;
	siginfo_t info;

	me->tid = ct_gettid();
	pthread_barrier_wait(&me->step);
	me->got = ct_take_signal(SIGRTMIN, &info, CT_PATIENCE_MS) &&
		  info.si_code == SI_TIMER;
	return NULL;
}

/* /proc/PID/timers names the thread to be told. */
static bool timer_is_listed(pid_t tid)
{
	char text[1024], wanted[64];

	if (ct_read_file("/proc/self/timers", text, sizeof(text)) <= 0)
		return false;
	snprintf(wanted, sizeof(wanted), "notify: signal/tid.%d\n", tid);
	return strstr(text, wanted);
}

TEST(timer_for_a_thread)
{
	struct target target = { .got = false };
	pthread_t thread;
	timer_t timer;

	ct_block(SIGRTMIN);
	pthread_barrier_init(&target.step, NULL, 2);
	ASSERT_EQ(0, pthread_create(&thread, NULL, await_timer, &target));
	pthread_barrier_wait(&target.step);
	ASSERT_EQ(0, make_timer(target.tid, &timer));
	EXPECT_TRUE(timer_is_listed(target.tid));
	start_timer(timer);
	ASSERT_EQ(0, pthread_join(thread, NULL));
	EXPECT_TRUE(target.got);
	EXPECT_EQ(0, timer_delete(timer));
}

TEST(timer_for_oneself)
{
	timer_t timer;

	ct_block(SIGRTMIN);
	ASSERT_EQ(0, make_timer(ct_gettid(), &timer));
	EXPECT_TRUE(timer_is_listed(ct_gettid()));
	start_timer(timer);
	EXPECT_EQ(SI_TIMER, ct_signal(SIGRTMIN).si_code);
	EXPECT_EQ(0, timer_delete(timer));
}

TEST(timer_for_others)
{
	struct ct_child child = ct_spawn(CT_PLAIN, ct_idle, NULL);
	timer_t timer;

	CT_ERRNO(EINVAL, make_timer(child.pid, &timer));
	CT_ERRNO(EINVAL, make_timer(getppid(), &timer));
	CT_ERRNO(EINVAL, make_timer(ct_unused_pid(), &timer));
	EXPECT_EQ(0, ct_finish(&child));
}

static void use_cpu(int fd, void *arg)
{
	while (ct_recv(fd)) {
		spin(CLOCK_PROCESS_CPUTIME_ID);
		ct_send(fd, 0);
	}
}

TEST(clock_of_a_process)
{
	struct ct_child child = ct_spawn(CT_PLAIN, use_cpu, NULL);
	long long before, after;
	struct timespec res;
	clockid_t clock;

	ASSERT_EQ(0, clock_getcpuclockid(child.pid, &clock));
	EXPECT_EQ(0, clock_getres(clock, &res));
	before = read_clock(clock);
	ct_send(child.fd, 1);
	ct_recv(child.fd);
	after = read_clock(clock);
	EXPECT_LT(before, after);
	ct_send(child.fd, 0);
	EXPECT_EQ(0, ct_finish(&child));

	CT_ERRNO(EINVAL, clock_gettime(clock, &res));
	EXPECT_EQ(ESRCH, clock_getcpuclockid(child.pid, &clock));
}

TEST(own_clock_by_number)
{
	long long before, after;
	clockid_t clock;

	ASSERT_EQ(0, clock_getcpuclockid(getpid(), &clock));
	before = read_clock(CLOCK_PROCESS_CPUTIME_ID);
	spin(clock);
	after = read_clock(clock);
	EXPECT_LT(before, after);
	EXPECT_LE(after, read_clock(CLOCK_PROCESS_CPUTIME_ID));
}

struct worker {
	pthread_barrier_t step;
	pid_t tid;
};

static void *work(void *arg)
{
	struct worker *me = arg;

	me->tid = ct_gettid();
	pthread_barrier_wait(&me->step);
	pthread_barrier_wait(&me->step);
	spin(CLOCK_THREAD_CPUTIME_ID);
	pthread_barrier_wait(&me->step);
	pthread_barrier_wait(&me->step);
	return NULL;
}

TEST(clock_of_a_thread)
{
	struct worker worker;
	long long before;
	pthread_t thread;
	clockid_t clock;

	pthread_barrier_init(&worker.step, NULL, 2);
	ASSERT_EQ(0, pthread_create(&thread, NULL, work, &worker));
	pthread_barrier_wait(&worker.step);
	ASSERT_EQ(0, pthread_getcpuclockid(thread, &clock));
	before = read_clock(clock);
	pthread_barrier_wait(&worker.step);
	pthread_barrier_wait(&worker.step);
	EXPECT_LT(before, read_clock(clock));
	pthread_barrier_wait(&worker.step);
	ASSERT_EQ(0, pthread_join(thread, NULL));
}

/* A timer on the clock of the process itself, and a sleep until it shows. */
static void *burn(void *arg)
{
	while (!__atomic_load_n((bool *)arg, __ATOMIC_SEQ_CST))
		spin(CLOCK_THREAD_CPUTIME_ID);
	return NULL;
}

TEST(sleep_on_own_clock)
{
	struct timespec end;
	bool stop = false;
	pthread_t thread;
	clockid_t clock;
	long long until;

	ASSERT_EQ(0, clock_getcpuclockid(getpid(), &clock));
	ASSERT_EQ(0, pthread_create(&thread, NULL, burn, &stop));
	until = read_clock(clock) + 20000000;
	end.tv_sec = until / 1000000000;
	end.tv_nsec = until % 1000000000;
	EXPECT_EQ(0, clock_nanosleep(clock, TIMER_ABSTIME, &end, NULL));
	EXPECT_LE(until, read_clock(clock));
	__atomic_store_n(&stop, true, __ATOMIC_SEQ_CST);
	ASSERT_EQ(0, pthread_join(thread, NULL));
}

TEST_HARNESS_MAIN
