// SPDX-License-Identifier: GPL-2.0
/* modes: host */
/* timeout: 900 */
/*
 * Checkpoint and restart in the middle of a system call that waits: it goes on
 * waiting for what it waited for, for as long as was left of it, and no program
 * sees that it was interrupted.
 */
#include "ct-checkpoint.h"

#include <linux/futex.h>
#include <sys/epoll.h>
#include <sys/select.h>
#include <sys/uio.h>
#include <sys/un.h>

/* -- a thread in a call ------------------------------------------------------------- */

struct caller {
	pthread_t thread;
	pid_t tid;
	long (*call)(void);
	volatile int done;
	long result;
	int error;
};

static void *calls(void *arg)
{
	struct caller *me = arg;

	me->tid = ct_gettid();
	errno = 0;
	me->result = me->call();
	me->error = errno;
	me->done = 1;
	return NULL;
}

static void start_call(struct caller *caller, long (*call)(void), long nr)
{
	caller->call = call;
	CT_EQ(0, pthread_create(&caller->thread, NULL, calls, caller));
	CT_UNTIL(caller->tid);
	cr_until_in_call(1, caller->tid, nr);
}

/* It is still there: nothing has come that it could have taken for an event. */
static void still_waits(struct caller *caller)
{
	usleep(20000);
	if (caller->done)
		CT_FAIL("the call has ended with %ld, %s", caller->result,
			strerror(caller->error));
}

static void ends_call(struct caller *caller, long result)
{
	CT_UNTIL(caller->done);
	if (caller->result != result)
		CT_FAIL("the call gives %ld, %s", caller->result,
			strerror(caller->error));
	CT_EQ(0, pthread_join(caller->thread, NULL));
}

/* -- without a limit of time ----------------------------------------------------------- */

static int ends[2];
static volatile int word;

static long reads(void)
{
	char byte;

	return read(ends[0], &byte, 1);
}

CR_ROW(read_pipe)
{
	struct caller caller = { 0 };

	CT_EQ(0, pipe(ends));
	start_call(&caller, reads, SYS_read);
	cr_ready();
	still_waits(&caller);
	CT_EQ(1, write(ends[1], "x", 1));
	ends_call(&caller, 1);
}

/* A socket with a limit of time says EINTR where others let the call go on. */
static void limit_time(int fd, int option)
{
	struct timeval limit = { .tv_sec = 100 };

	CT_EQ(0, setsockopt(fd, SOL_SOCKET, option, &limit, sizeof(limit)));
}

static long reads_vector(void)
{
	char byte;
	struct iovec iov = { &byte, 1 };

	return preadv2(ends[0], &iov, 1, -1, 0);
}

CR_ROW(preadv2_socket)
{
	struct caller caller = { 0 };

	CT_EQ(0, socketpair(AF_UNIX, SOCK_STREAM, 0, ends));
	limit_time(ends[0], SO_RCVTIMEO);
	start_call(&caller, reads_vector, SYS_preadv2);
	cr_ready();
	still_waits(&caller);
	CT_EQ(1, write(ends[1], "x", 1));
	ends_call(&caller, 1);
}

static struct sockaddr_un server = { .sun_family = AF_UNIX };

static long connects(void)
{
	return connect(ends[1], (struct sockaddr *)&server, sizeof(server));
}

/* There is room for one connection that waits. */
CR_ROW(connect_unix, .without = CR_COPY)
{
	int first = socket(AF_UNIX, SOCK_STREAM, 0);
	struct caller caller = { 0 };

	strcpy(server.sun_path, cr_file("s"));
	ends[0] = socket(AF_UNIX, SOCK_STREAM, 0);
	ends[1] = socket(AF_UNIX, SOCK_STREAM, 0);
	CT_EQ(0, bind(ends[0], (struct sockaddr *)&server, sizeof(server)));
	CT_EQ(0, listen(ends[0], 0));
	CT_EQ(0, connect(first, (struct sockaddr *)&server, sizeof(server)));
	limit_time(ends[1], SO_SNDTIMEO);
	start_call(&caller, connects, SYS_connect);
	cr_ready();
	still_waits(&caller);
	CT_CHECK(accept(ends[0], NULL, NULL) >= 0);
	ends_call(&caller, 0);
	CT_CHECK(accept(ends[0], NULL, NULL) >= 0);
}

static long writes(void)
{
	static char much[200000];

	return write(ends[1], much, sizeof(much));
}

/*
 * Much of it is written already: whatever stops a thread then makes it a short
 * write, but no byte is lost, and none is written twice.
 */
CR_ROW(write_pipe)
{
	struct caller caller = { 0 };
	char buf[4096];
	long total = 0;
	ssize_t ret;

	CT_EQ(0, pipe(ends));
	CT_EQ(0, fcntl(ends[0], F_SETFL, O_NONBLOCK));
	start_call(&caller, writes, SYS_write);
	usleep(20000);
	cr_ready();
	CT_CHECK(!caller.done || caller.result > 0);
	do {
		bool done = caller.done;

		ret = read(ends[0], buf, sizeof(buf));
		if (ret > 0)
			total += ret;
		else if (done)
			break;
	} while (1);
	ends_call(&caller, total);
	CT_CHECK(total > 0);
}

static long polls(void)
{
	struct pollfd fds = { .fd = ends[0], .events = POLLIN };

	return poll(&fds, 1, -1);
}

CR_ROW(poll_pipe)
{
	struct caller caller = { 0 };

	CT_EQ(0, pipe(ends));
	start_call(&caller, polls, SYS_poll);
	cr_ready();
	still_waits(&caller);
	CT_EQ(1, write(ends[1], "x", 1));
	ends_call(&caller, 1);
}

static long ppolls(void)
{
	struct pollfd fds = { .fd = ends[0], .events = POLLIN };
	sigset_t set;

	sigfillset(&set);
	return ppoll(&fds, 1, NULL, &set);
}

CR_ROW(ppoll_pipe)
{
	struct caller caller = { 0 };

	CT_EQ(0, pipe(ends));
	start_call(&caller, ppolls, SYS_ppoll);
	cr_ready();
	still_waits(&caller);
	CT_EQ(1, write(ends[1], "x", 1));
	ends_call(&caller, 1);
}

static long selects(void)
{
	fd_set set;

	FD_ZERO(&set);
	FD_SET(ends[0], &set);
	return select(ends[0] + 1, &set, NULL, NULL, NULL);
}

CR_ROW(select_pipe)
{
	struct caller caller = { 0 };

	CT_EQ(0, pipe(ends));
	/* What glibc makes of select(). */
	start_call(&caller, selects, SYS_pselect6);
	cr_ready();
	still_waits(&caller);
	CT_EQ(1, write(ends[1], "x", 1));
	ends_call(&caller, 1);
}

static int watcher;

static long epolls(void)
{
	struct epoll_event event;

	return epoll_wait(watcher, &event, 1, -1);
}

CR_ROW(epoll_pipe)
{
	struct epoll_event event = { .events = EPOLLIN };
	struct caller caller = { 0 };

	CT_EQ(0, pipe(ends));
	watcher = epoll_create1(0);
	CT_EQ(0, epoll_ctl(watcher, EPOLL_CTL_ADD, ends[0], &event));
	start_call(&caller, epolls, SYS_epoll_wait);
	cr_ready();
	still_waits(&caller);
	CT_EQ(1, write(ends[1], "x", 1));
	ends_call(&caller, 1);
}

static long futex_waits(void)
{
	return syscall(SYS_futex, &word, FUTEX_WAIT_PRIVATE, 0, NULL, NULL, 0);
}

CR_ROW(futex)
{
	struct caller caller = { 0 };

	start_call(&caller, futex_waits, SYS_futex);
	cr_ready();
	still_waits(&caller);
	CT_UNTIL(syscall(SYS_futex, &word, FUTEX_WAKE_PRIVATE, 1, NULL, NULL,
			 0) == 1);
	ends_call(&caller, 0);
}

/* A handler for what does end these calls, as it should. */
static volatile int handled;

static void handler(int sig)
{
	handled = sig;
}

static void handle(int sig)
{
	struct sigaction act = { .sa_handler = handler };

	CT_EQ(0, sigaction(sig, &act, NULL));
}

static long pauses(void)
{
	return pause();
}

CR_ROW(pause_call)
{
	struct caller caller = { 0 };

	handle(SIGUSR1);
	start_call(&caller, pauses, SYS_pause);
	cr_ready();
	still_waits(&caller);
	CT_EQ(0, pthread_kill(caller.thread, SIGUSR1));
	ends_call(&caller, -1);
	CT_EQ(EINTR, caller.error);
	CT_EQ(SIGUSR1, handled);
}

static long suspends(void)
{
	sigset_t set, now;
	long ret;

	sigemptyset(&set);
	sigaddset(&set, SIGUSR2);
	CT_EQ(0, pthread_sigmask(SIG_BLOCK, &set, NULL));
	sigemptyset(&set);
	ret = sigsuspend(&set);
	CT_EQ(0, pthread_sigmask(SIG_BLOCK, NULL, &now));
	/* The mask is again what it was before the call. */
	CT_CHECK(sigismember(&now, SIGUSR2));
	CT_CHECK(!sigismember(&now, SIGUSR1));
	errno = EINTR;
	return ret;
}

/* A mask for the time of the call. */
CR_ROW(sigsuspend_call)
{
	struct caller caller = { 0 };

	handle(SIGUSR2);
	start_call(&caller, suspends, SYS_rt_sigsuspend);
	cr_ready();
	still_waits(&caller);
	CT_EQ(0, pthread_kill(caller.thread, SIGUSR2));
	ends_call(&caller, -1);
	CT_EQ(EINTR, caller.error);
	CT_EQ(SIGUSR2, handled);
}

static long sigwaits(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	return sigwaitinfo(&set, NULL);
}

CR_ROW(sigwait_call)
{
	struct caller caller = { 0 };

	ct_block(SIGUSR1);
	start_call(&caller, sigwaits, SYS_rt_sigtimedwait);
	cr_ready();
	still_waits(&caller);
	CT_EQ(0, pthread_kill(caller.thread, SIGUSR1));
	ends_call(&caller, SIGUSR1);
}

static pid_t child;

static long waits4(void)
{
	int status;

	CT_EQ(child, wait4(child, &status, 0, NULL));
	return WEXITSTATUS(status);
}

static long waits_id(void)
{
	siginfo_t info;

	CT_EQ(0, waitid(P_ALL, 0, &info, WEXITED));
	CT_EQ(child, info.si_pid);
	return info.si_status;
}

static void ends_on_signal(void *arg)
{
	(void)arg;
	ct_block(SIGUSR1);
	cr_settled();
	ct_signal(SIGUSR1);
	_exit(9);
}

static void waiting_parent(long (*call)(void), long nr)
{
	struct caller caller = { 0 };

	cr_gathering();
	child = cr_child(ends_on_signal, NULL);
	cr_gather(1);
	start_call(&caller, call, nr);
	cr_ready();
	still_waits(&caller);
	CT_EQ(0, kill(child, SIGUSR1));
	ends_call(&caller, 9);
}

CR_ROW(wait4_call)
{
	waiting_parent(waits4, SYS_wait4);
}

CR_ROW(waitid_call)
{
	waiting_parent(waits_id, SYS_waitid);
}

/* -- for some time ----------------------------------------------------------------------- */

#define LIMIT_MS	2000
#define BEFORE_MS	1000	/* of it, before the checkpoint */
#define LATE_MS		700

static struct timespec in_ms(clockid_t clock, long ms)
{
	struct timespec ts = { 0 };
	long long ns;

	if (clock >= 0)
		clock_gettime(clock, &ts);
	ns = ts.tv_nsec + ms * 1000000LL;
	ts.tv_sec += ns / 1000000000;
	ts.tv_nsec = ns % 1000000000;
	return ts;
}

static long sleeps_nano(void)
{
	struct timespec ts = in_ms(-1, LIMIT_MS);

	return syscall(SYS_nanosleep, &ts, NULL);
}

static long sleeps_clock(void)
{
	struct timespec ts = in_ms(-1, LIMIT_MS);

	return syscall(SYS_clock_nanosleep, CLOCK_BOOTTIME, 0, &ts, NULL);
}

static long sleeps_until(void)
{
	struct timespec ts = in_ms(CLOCK_MONOTONIC, LIMIT_MS);

	return syscall(SYS_clock_nanosleep, CLOCK_MONOTONIC, TIMER_ABSTIME, &ts,
		       NULL);
}

static long polls_for(void)
{
	struct pollfd fds = { .fd = ends[0], .events = POLLIN };

	return poll(&fds, 1, LIMIT_MS);
}

static long ppolls_for(void)
{
	struct timespec ts = in_ms(-1, LIMIT_MS);
	struct pollfd fds = { .fd = ends[0], .events = POLLIN };

	return ppoll(&fds, 1, &ts, NULL);
}

static long selects_for(void)
{
	struct timeval tv = { .tv_sec = LIMIT_MS / 1000 };

	return syscall(SYS_select, 0, NULL, NULL, NULL, &tv);
}

static long epolls_for(void)
{
	struct epoll_event event;

	return epoll_wait(watcher, &event, 1, LIMIT_MS);
}

static long futex_for(void)
{
	struct timespec ts = in_ms(-1, LIMIT_MS);

	return syscall(SYS_futex, &word, FUTEX_WAIT_PRIVATE, 0, &ts, NULL, 0);
}

static long futex_until(void)
{
	struct timespec ts = in_ms(CLOCK_MONOTONIC, LIMIT_MS);

	return syscall(SYS_futex, &word, FUTEX_WAIT_BITSET_PRIVATE, 0, &ts, NULL,
		       FUTEX_BITSET_MATCH_ANY);
}

static long sigwaits_for(void)
{
	struct timespec ts = in_ms(-1, LIMIT_MS);
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	return sigtimedwait(&set, NULL, &ts);
}

/*
 * In a row of its own each.  The time for which a subject is away does not count
 * for a call that waits for some time: what was left of it is left.  One that
 * waits until a moment may end at that moment, as it was named, or later by what
 * the subject was away.  Some calls begin anew with each checkpoint (again.c in the
 * module): they take no less.
 */
static void for_some_time(long (*call)(void), long nr, long result, int error)
{
	struct caller caller = { 0 };
	bool moment = call == sleeps_until || call == futex_until;
	bool anew = call == epolls_for || call == sigwaits_for;
	long long most = LIMIT_MS * (anew ? CR_CHAIN + 1 : 1) + LATE_MS;
	long long begun, took, least;

	CT_EQ(0, pipe(ends));
	watcher = epoll_create1(0);
	begun = ct_now_ms();
	start_call(&caller, call, nr);
	CT_UNTIL(ct_now_ms() >= begun + BEFORE_MS);
	cr_ready();
	ends_call(&caller, result);
	took = ct_now_ms() - begun;
	if (error)
		CT_EQ(error, caller.error);
	/* The clock of another machine may be behind. */
	least = LIMIT_MS + (moment && cr_away_min() > 0 ? 0 : cr_away_min());
	if (took < least || took > most + cr_away_max())
		CT_FAIL("%d ms took %lld, of which away %lld to %lld", LIMIT_MS,
			took, cr_away_min(), cr_away_max());
}

#define AWAY .away_ms = 300

CR_ROW(nanosleep_for, AWAY)
{
	for_some_time(sleeps_nano, SYS_nanosleep, 0, 0);
}

CR_ROW(clock_nanosleep_for, AWAY)
{
	for_some_time(sleeps_clock, SYS_clock_nanosleep, 0, 0);
}

CR_ROW(clock_nanosleep_until, AWAY)
{
	for_some_time(sleeps_until, SYS_clock_nanosleep, 0, 0);
}

CR_ROW(poll_for, AWAY)
{
	for_some_time(polls_for, SYS_poll, 0, 0);
}

CR_ROW(ppoll_for, AWAY)
{
	for_some_time(ppolls_for, SYS_ppoll, 0, 0);
}

CR_ROW(select_for, AWAY)
{
	for_some_time(selects_for, SYS_select, 0, 0);
}

CR_ROW(epoll_for, AWAY)
{
	for_some_time(epolls_for, SYS_epoll_wait, 0, 0);
}

CR_ROW(futex_for, AWAY)
{
	for_some_time(futex_for, SYS_futex, -1, ETIMEDOUT);
}

CR_ROW(futex_until, AWAY)
{
	for_some_time(futex_until, SYS_futex, -1, ETIMEDOUT);
}

CR_ROW(sigtimedwait_for, AWAY)
{
	ct_block(SIGUSR1);
	for_some_time(sigwaits_for, SYS_rt_sigtimedwait, -1, EAGAIN);
}

CR_MAIN
