// SPDX-License-Identifier: GPL-2.0
/* modes: host */
/* timeout: 900 */
/*
 * Checkpoint and restart: interval timers, those of timer_create(2), and the
 * clocks of the time used.  While a container is away no time passes for its
 * timers, but for those that name a time of the day.
 */
#include "ct-checkpoint.h"

#include <sys/resource.h>
#include <sys/time.h>
#include <sys/times.h>

#define AWAY	.away_ms = 400
/* The machine may be busy, and slow. */
#define LATE_MS	1500

static long long ms_of_timeval(struct timeval tv)
{
	return tv.tv_sec * 1000LL + tv.tv_usec / 1000;
}

static long long ms_of(struct timespec ts)
{
	return ts.tv_sec * 1000LL + ts.tv_nsec / 1000000;
}

static struct timespec to_ms(long long ms)
{
	return (struct timespec){ ms / 1000, ms % 1000 * 1000000L };
}

static long long clock_ms(clockid_t clock)
{
	struct timespec ts;

	CT_EQ(0, clock_gettime(clock, &ts));
	return ms_of(ts);
}

/* Uses time, and more of the user's than of the system's. */
static void use_until(clockid_t clock, long long ms)
{
	volatile int i;

	do {
		for (i = 0; i < 100000; i++)
			;
	} while (clock_ms(clock) < ms);
}

/* What was left of @left at @begun, without the time that it was away. */
static void still_left(long long begun, long long left, long long now)
{
	long long passed = ct_now_ms() - begun;
	long long least = left - (passed - cr_away_min());
	long long most = left - (passed - cr_away_max());

	if (now < least - 20 || now > most + 20)
		CT_FAIL("of %lld ms %lld are left after %lld, of which away %lld to %lld",
			left, now, passed, cr_away_min(), cr_away_max());
}

/* -- interval timers -------------------------------------------------------------- */

static void set_itimer(int which, long long ms, long long interval)
{
	struct itimerval it = {
		.it_value = { ms / 1000, ms % 1000 * 1000 },
		.it_interval = { interval / 1000, interval % 1000 * 1000 },
	};

	CT_EQ(0, setitimer(which, &it, NULL));
}

static struct itimerval get_itimer(int which)
{
	struct itimerval it;

	CT_EQ(0, getitimer(which, &it));
	return it;
}

CR_ROW(real, AWAY)
{
	long long begun = ct_now_ms();
	struct itimerval it;

	ct_block(SIGALRM);
	set_itimer(ITIMER_REAL, 30000, 2500);
	cr_ready();
	it = get_itimer(ITIMER_REAL);
	still_left(begun, 30000, ms_of_timeval(it.it_value));
	CT_EQ(2500, ms_of_timeval(it.it_interval));
	CT_CHECK(!ct_signal_pending(SIGALRM));
}

CR_ROW(alarm, AWAY)
{
	long long begun = ct_now_ms(), took;
	siginfo_t info;

	ct_block(SIGALRM);
	alarm(2);
	cr_ready();
	info = ct_signal(SIGALRM);
	CT_EQ(SI_KERNEL, info.si_code);
	took = ct_now_ms() - begun;
	if (took < 2000 + cr_away_min() - 20 ||
	    took > 2000 + cr_away_max() + LATE_MS)
		CT_FAIL("2000 ms took %lld", took);
	CT_EQ(0, alarm(0));
}

/* Its signal waits: it runs again only when that is taken. */
CR_ROW(real_expired, AWAY)
{
	struct itimerval it;
	int i;

	ct_block(SIGALRM);
	set_itimer(ITIMER_REAL, 20, 150);
	CT_UNTIL(ct_signal_pending(SIGALRM));
	cr_ready();
	for (i = 0; i < 3; i++)
		ct_signal(SIGALRM);
	it = get_itimer(ITIMER_REAL);
	CT_EQ(150, ms_of_timeval(it.it_interval));
}

CR_ROW(real_off)
{
	struct itimerval it;

	cr_ready();
	it = get_itimer(ITIMER_REAL);
	CT_EQ(0, ms_of_timeval(it.it_value));
	CT_EQ(0, ms_of_timeval(it.it_interval));
}

static volatile int expired;

static void expires(int sig)
{
	expired++;
}

/* Such a timer takes time of the process, and nothing else. */
static void counts_used(int which, int sig)
{
	long long before, after, clock = clock_ms(CLOCK_PROCESS_CPUTIME_ID);
	struct itimerval it;

	CT_CHECK(signal(sig, expires) == SIG_DFL);
	set_itimer(which, 1500, 100);
	use_until(CLOCK_PROCESS_CPUTIME_ID, clock + 300);
	before = ms_of_timeval(get_itimer(which).it_value);
	CT_CHECK(before > 0 && before < 1400);
	cr_ready();
	it = get_itimer(which);
	after = ms_of_timeval(it.it_value);
	CT_EQ(100, ms_of_timeval(it.it_interval));
	if (after > before || after < before - 1000)
		CT_FAIL("%lld ms are left, and were %lld", after, before);
	CT_EQ(0, expired);
	while (expired < 3)
		use_until(CLOCK_PROCESS_CPUTIME_ID, 0);
}

CR_ROW(virtual)
{
	counts_used(ITIMER_VIRTUAL, SIGVTALRM);
}

CR_ROW(prof)
{
	counts_used(ITIMER_PROF, SIGPROF);
}

/* -- timer_create(2), without what libc adds ------------------------------------------- */

static int create(clockid_t clock, int notify, int sig, int value, pid_t tid)
{
	struct sigevent event = { .sigev_notify = notify, .sigev_signo = sig };
	int id = -1;

	event.sigev_value.sival_int = value;
	event._sigev_un._tid = tid;
	CT_EQ(0, syscall(SYS_timer_create, clock, &event, &id));
	return id;
}

static int simple(clockid_t clock, int sig, int value)
{
	return create(clock, SIGEV_SIGNAL, sig, value, 0);
}

static void set(int id, int flags, long long ms, long long interval)
{
	struct itimerspec it = { to_ms(interval), to_ms(ms) };

	CT_EQ(0, syscall(SYS_timer_settime, id, flags, &it, NULL));
}

static struct itimerspec get(int id)
{
	struct itimerspec it;

	CT_EQ(0, syscall(SYS_timer_gettime, id, &it));
	return it;
}

static void get_info(siginfo_t *info, int sig, int ms)
{
	if (!ct_take_signal(sig, info, ms))
		CT_FAIL("signal %d does not come", sig);
}

static void from_timer(const siginfo_t *info, int id, int value)
{
	CT_EQ(SI_TIMER, info->si_code);
	CT_EQ(id, info->si_timerid);
	CT_EQ(value, info->si_value.sival_int);
}

/* Programs know them by their numbers: also those to come. */
CR_ROW(timer_ids)
{
	struct itimerspec it;
	int id[9], i, next;

	for (i = 0; i < 9; i++)
		id[i] = simple(CLOCK_MONOTONIC, SIGRTMIN, i);
	for (i = 1; i < 9; i += 2)
		CT_EQ(0, syscall(SYS_timer_delete, id[i]));
	cr_ready();
	for (i = 0; i < 9; i++) {
		if (i % 2)
			CT_ERRNO(EINVAL, syscall(SYS_timer_gettime, id[i], &it));
		else
			CT_EQ(0, ms_of(get(id[i]).it_value));
	}
	next = simple(CLOCK_MONOTONIC, SIGRTMIN, 0);
	CT_EQ(id[8] + 1, next);
}

static void runs_on(clockid_t clock)
{
	int id = simple(clock, SIGRTMIN, 77);
	int other = simple(clock, SIGRTMIN + 1, 88);
	long long begun = ct_now_ms();
	struct itimerspec it;
	siginfo_t info;

	ct_block(SIGRTMIN);
	ct_block(SIGRTMIN + 1);
	set(id, 0, 2000, 0);
	set(other, 0, 40000, 1700);
	cr_ready();
	it = get(other);
	still_left(begun, 40000, ms_of(it.it_value));
	CT_EQ(1700, ms_of(it.it_interval));
	get_info(&info, SIGRTMIN, CT_PATIENCE_MS);
	from_timer(&info, id, 77);
	CT_EQ(0, ms_of(get(id).it_value));
	CT_CHECK(!ct_signal_pending(SIGRTMIN + 1));
}

CR_ROW(timer_monotonic, AWAY)
{
	runs_on(CLOCK_MONOTONIC);
}

CR_ROW(timer_realtime, AWAY)
{
	runs_on(CLOCK_REALTIME);
}

CR_ROW(timer_boottime, AWAY)
{
	runs_on(CLOCK_BOOTTIME);
}

/* A time of the day comes when it comes. */
/* Elsewhere its time may be over. */
CR_ROW(timer_of_the_day, AWAY, .without = CR_MOVED)
{
	long long now = clock_ms(CLOCK_REALTIME), end;
	int id = simple(CLOCK_REALTIME, SIGRTMIN, 5);
	int late = simple(CLOCK_REALTIME, SIGRTMIN + 1, 6);
	siginfo_t info;

	ct_block(SIGRTMIN);
	ct_block(SIGRTMIN + 1);
	set(id, TIMER_ABSTIME, now + 1000, 0);
	set(late, TIMER_ABSTIME, now + 100000, 0);
	cr_ready();
	get_info(&info, SIGRTMIN, CT_PATIENCE_MS);
	from_timer(&info, id, 5);
	end = clock_ms(CLOCK_REALTIME);
	CT_CHECK(end >= now + 1000);
	now = now + 100000 - end - ms_of(get(late).it_value);
	CT_CHECK(now > -50 && now < 50);
}

/* Nobody is told, and yet it runs. */
CR_ROW(timer_silent, AWAY)
{
	int id = create(CLOCK_MONOTONIC, SIGEV_NONE, 0, 0, 0);
	int over = create(CLOCK_MONOTONIC, SIGEV_NONE, 0, 0, 0);
	int again = create(CLOCK_MONOTONIC, SIGEV_NONE, 0, 0, 0);
	long long begun = ct_now_ms(), left;

	set(id, 0, 30000, 0);
	set(over, 0, 1, 0);
	set(again, 0, 1, 500);
	cr_ready();
	still_left(begun, 30000, ms_of(get(id).it_value));
	CT_EQ(0, ms_of(get(over).it_value));
	left = ms_of(get(again).it_value);
	CT_CHECK(left >= 0 && left <= 500);
	CT_EQ(500, ms_of(get(again).it_interval));
}

/* Its signal waits, and it has expired more often since. */
CR_ROW(timer_overrun, AWAY)
{
	int id = simple(CLOCK_MONOTONIC, SIGRTMIN, 9);
	long long begun = ct_now_ms(), passed;
	siginfo_t info;

	ct_block(SIGRTMIN);
	set(id, 0, 50, 50);
	CT_UNTIL(ct_signal_pending(SIGRTMIN));
	usleep(300000);
	cr_ready();
	passed = ct_now_ms() - begun;
	get_info(&info, SIGRTMIN, 0);
	from_timer(&info, id, 9);
	if (info.si_overrun < 5 ||
	    info.si_overrun > (passed - cr_away_min()) / 50 + 2)
		CT_FAIL("%d overruns in %lld ms, of which away %lld to %lld",
			info.si_overrun, passed, cr_away_min(), cr_away_max());
	CT_EQ(info.si_overrun, syscall(SYS_timer_getoverrun, id));
	get_info(&info, SIGRTMIN, CT_PATIENCE_MS);
	from_timer(&info, id, 9);
	get_info(&info, SIGRTMIN, CT_PATIENCE_MS);
}

/* Among others that wait, in the order in which they came. */
CR_ROW(timer_in_queue)
{
	union sigval value = { .sival_int = 1 };
	int first = simple(CLOCK_MONOTONIC, SIGRTMIN, 100);
	int second = simple(CLOCK_MONOTONIC, SIGRTMIN, 200);
	siginfo_t info;

	ct_block(SIGRTMIN);
	CT_EQ(0, sigqueue(getpid(), SIGRTMIN, value));
	set(second, 0, 1, 0);
	usleep(20000);
	CT_EQ(0, sigqueue(getpid(), SIGRTMIN, value));
	set(first, 0, 1, 0);
	usleep(20000);
	cr_ready();
	get_info(&info, SIGRTMIN, 0);
	CT_EQ(SI_QUEUE, info.si_code);
	get_info(&info, SIGRTMIN, 0);
	from_timer(&info, second, 200);
	get_info(&info, SIGRTMIN, 0);
	CT_EQ(SI_QUEUE, info.si_code);
	get_info(&info, SIGRTMIN, 0);
	from_timer(&info, first, 100);
	CT_CHECK(!ct_signal_pending(SIGRTMIN));
	set(first, 0, 10, 0);
	get_info(&info, SIGRTMIN, CT_PATIENCE_MS);
	from_timer(&info, first, 100);
}

static void leave_signals(void)
{
	int id[2], i;

	for (i = 0; i < 2; i++) {
		id[i] = simple(CLOCK_MONOTONIC, SIGALRM, i);
		set(id[i], 0, 1, 0);
	}
	usleep(50000);
	CT_CHECK(ct_signal_pending(SIGALRM));
	for (i = 0; i < 2; i++)
		CT_EQ(0, syscall(SYS_timer_delete, id[i]));
}

static int take_signals(void)
{
	siginfo_t info;
	int n = 0;

	while (ct_take_signal(SIGALRM, &info, 0)) {
		CT_EQ(SI_TIMER, info.si_code);
		n++;
	}
	return n;
}

/* Whether signals wait on without their timers is the kernel's business. */
CR_ROW(timer_deleted)
{
	int usual;

	ct_block(SIGALRM);
	leave_signals();
	usual = take_signals();
	leave_signals();
	cr_ready();
	CT_EQ(usual, take_signals());
}

/* -- of threads --------------------------------------------------------------------------- */

struct hand {
	pthread_t thread;
	volatile pid_t tid;
	volatile int own;
	int value;
	volatile bool spin;
};

static volatile bool told;

static void *takes(void *arg)
{
	struct hand *me = arg;
	siginfo_t info;

	ct_block(SIGRTMIN + 2);
	me->tid = ct_gettid();
	while (!told)
		usleep(2000);
	get_info(&info, SIGRTMIN + 2, CT_PATIENCE_MS);
	CT_EQ(SI_TIMER, info.si_code);
	CT_EQ(me->value, info.si_value.sival_int);
	CT_CHECK(!ct_signal_pending(SIGRTMIN + 2));
	return NULL;
}

CR_ROW(timer_for_threads)
{
	struct hand hand[3] = { { .value = 10 }, { .value = 20 }, { .value = 30 } };
	int i;

	ct_block(SIGRTMIN + 2);
	for (i = 0; i < 3; i++) {
		CT_EQ(0, pthread_create(&hand[i].thread, NULL, takes, &hand[i]));
		CT_UNTIL(hand[i].tid);
		set(create(CLOCK_MONOTONIC, SIGEV_THREAD_ID, SIGRTMIN + 2,
			   hand[i].value, hand[i].tid), 0, i ? 1500 : 1, 0);
	}
	usleep(20000);
	cr_ready();
	told = true;
	for (i = 0; i < 3; i++)
		CT_EQ(0, pthread_join(hand[i].thread, NULL));
	CT_CHECK(!ct_signal_pending(SIGRTMIN + 2));
}

static void *ends(void *arg)
{
	*(volatile pid_t *)arg = ct_gettid();
	while (!told)
		usleep(1000);
	return NULL;
}

/* Nobody is there to get what it sends; it can be set and deleted. */
CR_ROW(timer_for_nobody)
{
	volatile pid_t tid = 0;
	pthread_t thread;
	int id;

	CT_EQ(0, pthread_create(&thread, NULL, ends, (void *)&tid));
	CT_UNTIL(tid);
	id = create(CLOCK_MONOTONIC, SIGEV_THREAD_ID, SIGUSR1, 0, tid);
	told = true;
	CT_EQ(0, pthread_join(thread, NULL));
	cr_ready();
	set(id, 0, 20, 0);
	usleep(50000);
	CT_EQ(0, syscall(SYS_timer_delete, id));
}

/* -- of the time used ------------------------------------------------------------------------ */

static void *counts(void *arg)
{
	struct hand *me = arg;
	siginfo_t info;

	ct_block(SIGRTMIN + 3);
	me->own = create(CLOCK_THREAD_CPUTIME_ID, SIGEV_THREAD_ID, SIGRTMIN + 3,
			 me->value, ct_gettid());
	set(me->own, 0, me->value, 0);
	me->tid = ct_gettid();
	while (!told)
		usleep(2000);
	use_until(CLOCK_THREAD_CPUTIME_ID, me->value - 80);
	CT_CHECK(!ct_signal_pending(SIGRTMIN + 3));
	use_until(CLOCK_THREAD_CPUTIME_ID, me->value + 50);
	get_info(&info, SIGRTMIN + 3, 0);
	from_timer(&info, me->own, me->value);
	return NULL;
}

CR_ROW(timer_thread_time)
{
	struct hand hand[2] = { { .value = 300 }, { .value = 600 } };
	int i;

	for (i = 0; i < 2; i++) {
		CT_EQ(0, pthread_create(&hand[i].thread, NULL, counts, &hand[i]));
		CT_UNTIL(hand[i].tid);
	}
	cr_ready();
	told = true;
	for (i = 0; i < 2; i++)
		CT_EQ(0, pthread_join(hand[i].thread, NULL));
}

CR_ROW(timer_process_time)
{
	int id = simple(CLOCK_PROCESS_CPUTIME_ID, SIGRTMIN, 3);
	int again = simple(CLOCK_PROCESS_CPUTIME_ID, SIGRTMIN + 1, 4);
	long long left, end = clock_ms(CLOCK_PROCESS_CPUTIME_ID) + 900;
	siginfo_t info;

	ct_block(SIGRTMIN);
	ct_block(SIGRTMIN + 1);
	set(id, TIMER_ABSTIME, end, 0);
	set(again, 0, 30, 30);
	use_until(CLOCK_PROCESS_CPUTIME_ID, end - 700);
	cr_ready();
	left = end - clock_ms(CLOCK_PROCESS_CPUTIME_ID);
	CT_CHECK(left > 100 && left <= 700);
	left -= ms_of(get(id).it_value);
	CT_CHECK(left > -50 && left < 50);
	use_until(CLOCK_PROCESS_CPUTIME_ID, end - 50);
	CT_CHECK(!ct_signal_pending(SIGRTMIN));
	use_until(CLOCK_PROCESS_CPUTIME_ID, end + 50);
	get_info(&info, SIGRTMIN, 0);
	from_timer(&info, id, 3);
	get_info(&info, SIGRTMIN + 1, 0);
	from_timer(&info, again, 4);
	CT_CHECK(info.si_overrun >= 20 && info.si_overrun < 200);
	use_until(CLOCK_PROCESS_CPUTIME_ID, end + 150);
	get_info(&info, SIGRTMIN + 1, 0);
}

static void uses_time(void *arg)
{
	cr_settled();
	cr_await();
	use_until(CLOCK_PROCESS_CPUTIME_ID, 1000);
	for (;;)
		pause();
}

/* Another process's. */
CR_ROW(timer_others_time)
{
	clockid_t clock;
	siginfo_t info;
	pid_t child;
	int id;

	ct_block(SIGRTMIN);
	cr_gathering();
	child = cr_child(uses_time, NULL);
	cr_gather(1);
	CT_EQ(0, clock_getcpuclockid(child, &clock));
	id = simple(clock, SIGRTMIN, 6);
	set(id, TIMER_ABSTIME, 900, 0);
	CT_CHECK(!ct_signal_pending(SIGRTMIN));
	cr_ready();
	get_info(&info, SIGRTMIN, CT_PATIENCE_MS);
	from_timer(&info, id, 6);
	CT_CHECK(clock_ms(clock) >= 900);
	CT_EQ(0, kill(child, SIGKILL));
	CT_EQ(128 + SIGKILL, ct_reap(child));
}

/* -- clocks of the time used -------------------------------------------------------------------- */

static void *has_used(void *arg)
{
	struct hand *me = arg;
	long long before, after;

	use_until(CLOCK_THREAD_CPUTIME_ID, me->value);
	before = clock_ms(CLOCK_THREAD_CPUTIME_ID);
	me->tid = ct_gettid();
	while (!told)
		usleep(5000);
	after = clock_ms(CLOCK_THREAD_CPUTIME_ID);
	if (after < before || after > before + 1000)
		CT_FAIL("the clock shows %lld ms, and did %lld", after, before);
	return NULL;
}

static void *just_uses(void *arg)
{
	use_until(CLOCK_THREAD_CPUTIME_ID, 100);
	return NULL;
}

static void child_uses(void *arg)
{
	use_until(CLOCK_PROCESS_CPUTIME_ID, 200);
}

static long long used_ms(int who)
{
	struct rusage usage;

	CT_EQ(0, getrusage(who, &usage));
	return ms_of_timeval(usage.ru_utime) + ms_of_timeval(usage.ru_stime);
}

/* They go on from where they were, with what threads and children used that ended. */
CR_ROW(time_used)
{
	struct hand hand[2] = { { .value = 150 }, { .value = 300 } };
	long long clock, self, children;
	struct rusage before, after;
	pthread_t thread;
	int i;

	CT_EQ(0, pthread_create(&thread, NULL, just_uses, NULL));
	CT_EQ(0, pthread_join(thread, NULL));
	CT_EQ(0, ct_reap(cr_child(child_uses, NULL)));
	for (i = 0; i < 2; i++) {
		CT_EQ(0, pthread_create(&hand[i].thread, NULL, has_used, &hand[i]));
		CT_UNTIL(hand[i].tid);
	}
	clock = clock_ms(CLOCK_PROCESS_CPUTIME_ID);
	CT_CHECK(clock > 500);
	children = used_ms(RUSAGE_CHILDREN);
	CT_EQ(0, getrusage(RUSAGE_SELF, &before));
	self = used_ms(RUSAGE_SELF);
	cr_ready();
	CT_CHECK(clock_ms(CLOCK_PROCESS_CPUTIME_ID) >= clock);
	CT_CHECK(clock_ms(CLOCK_PROCESS_CPUTIME_ID) < clock + 1500);
	CT_CHECK(used_ms(RUSAGE_SELF) >= self);
	CT_EQ(children, used_ms(RUSAGE_CHILDREN));
	CT_EQ(0, getrusage(RUSAGE_SELF, &after));
	CT_CHECK(after.ru_minflt >= before.ru_minflt);
	CT_CHECK(after.ru_nvcsw >= before.ru_nvcsw);
	told = true;
	for (i = 0; i < 2; i++)
		CT_EQ(0, pthread_join(hand[i].thread, NULL));
}

CR_MAIN
