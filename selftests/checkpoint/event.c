// SPDX-License-Identifier: GPL-2.0
/* modes: host */
/* Checkpoint and restart: eventfd, timerfd, signalfd, epoll, inotify, pidfd. */
#include "ct-checkpoint.h"

#include <limits.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <sys/signalfd.h>
#include <sys/timerfd.h>

static bool readable(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };

	return poll(&p, 1, 0) == 1;
}

static uint64_t take(int fd)
{
	uint64_t value;

	CT_EQ(sizeof(value), read(fd, &value, sizeof(value)));
	return value;
}

CR_ROW(eventfd)
{
	int plain = eventfd(7, EFD_NONBLOCK), empty = eventfd(0, EFD_NONBLOCK);
	int semaphore = eventfd(3, EFD_SEMAPHORE | EFD_NONBLOCK);
	int high = eventfd(0, EFD_NONBLOCK);
	uint64_t value = 0xfffffffffffffffeULL;

	CT_CHECK(plain >= 0 && empty >= 0 && semaphore >= 0 && high >= 0);
	CT_EQ(sizeof(value), write(high, &value, sizeof(value)));
	cr_ready();
	CT_EQ(7, take(plain));
	CT_ERRNO(EAGAIN, read(plain, &value, sizeof(value)));
	CT_ERRNO(EAGAIN, read(empty, &value, sizeof(value)));
	CT_EQ(1, take(semaphore));
	CT_EQ(1, take(semaphore));
	CT_EQ(1, take(semaphore));
	CT_ERRNO(EAGAIN, read(semaphore, &value, sizeof(value)));
	value = 1;
	CT_ERRNO(EAGAIN, write(high, &value, sizeof(value)));
	CT_EQ((long long)(ULLONG_MAX - 1), (long long)take(high));
}

static int timer(int clock, int flags, long long value_ms, long long every_ms)
{
	int fd = timerfd_create(clock, TFD_NONBLOCK);
	struct itimerspec its = {
		.it_value = { value_ms / 1000, value_ms % 1000 * 1000000 },
		.it_interval = { every_ms / 1000, every_ms % 1000 * 1000000 },
	};
	struct timespec now;

	CT_CHECK(fd >= 0);
	if (flags & TFD_TIMER_ABSTIME) {
		CT_EQ(0, clock_gettime(clock, &now));
		its.it_value.tv_sec += now.tv_sec;
		its.it_value.tv_nsec = now.tv_nsec;
	}
	CT_EQ(0, timerfd_settime(fd, flags, &its, NULL));
	return fd;
}

static long long left_ms(int fd)
{
	struct itimerspec its;

	CT_EQ(0, timerfd_gettime(fd, &its));
	return its.it_value.tv_sec * 1000LL + its.it_value.tv_nsec / 1000000;
}

/* What is left when it is away is left when it is back. */
CR_ROW(timerfd, .away_ms = 1500, .without = CR_MOVED)
{
	int relative = timer(CLOCK_MONOTONIC, 0, 100000, 0);
	int absolute = timer(CLOCK_MONOTONIC, TFD_TIMER_ABSTIME, 100000, 0);
	int boot = timer(CLOCK_BOOTTIME, 0, 100000, 0);
	int wall = timer(CLOCK_REALTIME, 0, 100000, 0);
	int at = timer(CLOCK_REALTIME, TFD_TIMER_ABSTIME, 100000, 0);
	int moving[] = { relative, absolute, boot, wall };
	struct timespec now, date;
	long long start, ran, left;
	unsigned int i;

	CT_EQ(0, clock_gettime(CLOCK_REALTIME, &date));
	start = ct_now_ms();
	cr_ready();
	ran = ct_now_ms() - start;
	for (i = 0; i < 4; i++) {
		left = left_ms(moving[i]);
		if (left < 100000 - ran + cr_away_min() - 300 ||
		    left > 100000 - ran + cr_away_max() + 300)
			CT_FAIL("timer %u: %lld ms left after %lld ms, away for %lld to %lld",
				i, left, ran, cr_away_min(), cr_away_max());
	}
	CT_EQ(0, clock_gettime(CLOCK_REALTIME, &now));
	left = left_ms(at);
	ran = (now.tv_sec - date.tv_sec) * 1000LL +
	      (now.tv_nsec - date.tv_nsec) / 1000000;
	if (left < 100000 - ran - 300 || left > 100000 - ran + 300)
		CT_FAIL("wall: %lld ms left after %lld ms", left, ran);
}

/* "Never": how programs ask to be told that the clock has been set. */
CR_ROW(timerfd_never)
{
	const struct itimerspec never = { .it_value.tv_sec = LONG_MAX };
	const struct itimerspec rarely = { .it_value.tv_sec = 100,
					   .it_interval.tv_sec = LONG_MAX };
	int clock = timerfd_create(CLOCK_REALTIME, TFD_NONBLOCK);
	int away = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK);
	int once = timerfd_create(CLOCK_BOOTTIME, TFD_NONBLOCK);
	struct itimerspec its;

	CT_EQ(0, timerfd_settime(clock, TFD_TIMER_ABSTIME |
					TFD_TIMER_CANCEL_ON_SET, &never, NULL));
	CT_EQ(0, timerfd_settime(away, 0, &never, NULL));
	CT_EQ(0, timerfd_settime(once, 0, &rarely, NULL));
	cr_ready();
	CT_CHECK(left_ms(clock) > 0 && left_ms(away) > 0 && left_ms(once) > 0);
	CT_EQ(0, timerfd_gettime(once, &its));
	CT_CHECK(its.it_interval.tv_sec > 200LL * 365 * 24 * 3600);
	CT_CHECK(!readable(clock) && !readable(away) && !readable(once));
}

CR_ROW(timerfd_ticks)
{
	int once = timer(CLOCK_MONOTONIC, 0, 1, 0), often, unset;
	uint64_t value;
	struct itimerspec its;

	often = timer(CLOCK_MONOTONIC, 0, 1, 100000);
	unset = timerfd_create(CLOCK_REALTIME, TFD_NONBLOCK);
	CT_CHECK(unset >= 0);
	CT_UNTIL(readable(once) && readable(often));
	cr_ready();
	CT_EQ(1, take(once));
	CT_ERRNO(EAGAIN, read(once, &value, sizeof(value)));
	CT_EQ(0, left_ms(once));
	CT_EQ(1, take(often));
	CT_EQ(0, timerfd_gettime(often, &its));
	CT_EQ(100, its.it_interval.tv_sec);
	CT_CHECK(left_ms(often) > 50000 && left_ms(often) <= 100000);
	CT_EQ(0, left_ms(unset));
	CT_ERRNO(EAGAIN, read(unset, &value, sizeof(value)));
}

/* One that runs out goes on to do so. */
CR_ROW(timerfd_goes_off)
{
	int fd = timer(CLOCK_MONOTONIC, 0, 3000, 10);
	struct pollfd p = { .fd = fd, .events = POLLIN };

	cr_ready();
	CT_EQ(1, poll(&p, 1, 10000));
	CT_CHECK(take(fd) >= 1);
	CT_EQ(1, poll(&p, 1, 10000));
}

CR_ROW(signalfd)
{
	struct signalfd_siginfo info;
	sigset_t set;
	int fd;

	ct_block(SIGUSR1);
	ct_block(SIGRTMAX);
	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	sigaddset(&set, SIGRTMAX);
	fd = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
	CT_CHECK(fd >= 0);
	cr_ready();
	CT_CHECK(!readable(fd));
	CT_EQ(0, kill(getpid(), SIGRTMAX));
	CT_EQ(sizeof(info), read(fd, &info, sizeof(info)));
	CT_EQ(SIGRTMAX, (int)info.ssi_signo);
	CT_EQ(0, kill(getpid(), SIGUSR1));
	CT_EQ(sizeof(info), read(fd, &info, sizeof(info)));
	CT_EQ(SIGUSR1, (int)info.ssi_signo);
	CT_ERRNO(EAGAIN, read(fd, &info, sizeof(info)));
}

static void watch(int ep, int fd, uint32_t events, uint64_t data)
{
	struct epoll_event event = { .events = events, .data.u64 = data };

	CT_EQ(0, epoll_ctl(ep, EPOLL_CTL_ADD, fd, &event));
}

/* Waits for exactly one event. */
static void expect(int ep, uint32_t events, uint64_t data)
{
	struct epoll_event event[4];

	CT_EQ(1, epoll_wait(ep, event, 4, 5000));
	CT_EQ(events, event[0].events);
	CT_EQ((long long)data, (long long)event[0].data.u64);
}

static void expect_none(int ep)
{
	struct epoll_event event;

	CT_EQ(0, epoll_wait(ep, &event, 1, 0));
}

static void add(int fd, uint64_t value)
{
	CT_EQ(sizeof(value), write(fd, &value, sizeof(value)));
}

CR_ROW(epoll)
{
	int ep = epoll_create1(EPOLL_CLOEXEC), fd = eventfd(0, EFD_NONBLOCK);
	int high = 700, pipes[2];
	struct epoll_event event = { .events = EPOLLIN };

	CT_CHECK(ep >= 0 && fd >= 0);
	CT_EQ(0, pipe(pipes));
	CT_EQ(high, dup2(fd, high));
	watch(ep, fd, EPOLLIN, 0x123456789abcdefULL);
	watch(ep, high, EPOLLIN | EPOLLET, 5);
	watch(ep, pipes[0], EPOLLIN | EPOLLRDHUP, 6);
	cr_ready();
	expect_none(ep);
	CT_ERRNO(EEXIST, epoll_ctl(ep, EPOLL_CTL_ADD, fd, &event));
	CT_EQ(0, epoll_ctl(ep, EPOLL_CTL_DEL, high, NULL));
	add(fd, 1);
	expect(ep, EPOLLIN, 0x123456789abcdefULL);
	expect(ep, EPOLLIN, 0x123456789abcdefULL);
	take(fd);
	expect_none(ep);
	CT_EQ(1, write(pipes[1], "x", 1));
	expect(ep, EPOLLIN, 6);
}

/* An edge is told once, and a one-shot target fires once. */
CR_ROW(epoll_once)
{
	int ep = epoll_create1(0), edge = eventfd(1, EFD_NONBLOCK);
	int shot = eventfd(1, EFD_NONBLOCK), news = eventfd(0, EFD_NONBLOCK);
	int hung[2], armed = eventfd(0, EFD_NONBLOCK);
	struct epoll_event event = { .events = EPOLLIN | EPOLLONESHOT,
				     .data.u64 = 2 };

	CT_CHECK(ep >= 0 && edge >= 0 && shot >= 0 && news >= 0 && armed >= 0);
	CT_EQ(0, pipe(hung));
	watch(ep, edge, EPOLLIN | EPOLLET, 1);
	expect(ep, EPOLLIN, 1);
	watch(ep, shot, EPOLLIN | EPOLLONESHOT, 2);
	expect(ep, EPOLLIN, 2);
	CT_EQ(0, close(hung[1]));
	watch(ep, hung[0], EPOLLIN | EPOLLONESHOT | EPOLLET, 3);
	expect(ep, EPOLLHUP, 3);
	watch(ep, armed, EPOLLIN | EPOLLONESHOT, 4);
	watch(ep, news, EPOLLIN | EPOLLET, 5);
	add(news, 1);
	cr_ready();
	expect(ep, EPOLLIN, 5);
	expect_none(ep);
	add(armed, 1);
	expect(ep, EPOLLIN, 4);
	add(armed, 1);
	expect_none(ep);
	CT_EQ(0, epoll_ctl(ep, EPOLL_CTL_MOD, shot, &event));
	expect(ep, EPOLLIN, 2);
	add(edge, 1);
	expect(ep, EPOLLIN, 1);
	expect_none(ep);
}

CR_ROW(epoll_nested)
{
	int outer = epoll_create1(0), inner = epoll_create1(0);
	int fd = eventfd(0, EFD_NONBLOCK), copy = dup(fd);

	CT_CHECK(outer >= 0 && inner >= 0 && fd >= 0 && copy >= 0);
	watch(outer, inner, EPOLLIN, 1);
	watch(inner, fd, EPOLLIN, 2);
	/* The number stays although another file may have it now. */
	CT_EQ(0, close(fd));
	CT_EQ(fd, eventfd(5, 0));
	cr_ready();
	expect_none(outer);
	add(copy, 1);
	expect(outer, EPOLLIN, 1);
	expect(inner, EPOLLIN, 2);
	CT_EQ(5, take(fd));
}

static void signalled(void *arg)
{
	int ep = *(int *)arg;

	/* The signals of this process, not of the one that has made it. */
	sigset_t set;
	int fd;

	ct_block(SIGUSR2);
	sigemptyset(&set);
	sigaddset(&set, SIGUSR2);
	fd = signalfd(-1, &set, SFD_NONBLOCK);
	CT_CHECK(fd >= 0);
	watch(ep, fd, EPOLLIN, 9);
	CT_EQ(0, kill(getppid(), SIGUSR1));
	cr_await();
	expect_none(ep);
	CT_EQ(0, kill(getpid(), SIGUSR2));
	expect(ep, EPOLLIN, 9);
}

CR_ROW(epoll_signalfd)
{
	int ep = epoll_create1(0);
	pid_t child;

	ct_block(SIGUSR1);
	CT_CHECK(ep >= 0);
	child = cr_child(signalled, &ep);
	ct_signal(SIGUSR1);
	cr_ready();
	CT_EQ(0, ct_reap(child));
}

static int poll_forever(int ep)
{
	struct epoll_event event;

	CT_EQ(1, epoll_wait(ep, &event, 1, -1));
	return event.data.fd;
}

static void *feed(void *arg)
{
	cr_await();
	usleep(50000);
	add(*(int *)arg, 1);
	return NULL;
}

/* Somebody waits in epoll_wait(2) all the time. */
CR_ROW(epoll_waiting)
{
	int ep = epoll_create1(0), fd = eventfd(0, EFD_NONBLOCK), out[2];
	pid_t child;
	char c;

	CT_CHECK(ep >= 0 && fd >= 0);
	CT_EQ(0, pipe(out));
	watch(ep, fd, EPOLLIN, fd);
	child = fork();
	CT_CHECK(child >= 0);
	if (!child) {
		CT_EQ(fd, poll_forever(ep));
		CT_EQ(1, write(out[1], "!", 1));
		_exit(0);
	}
	cr_until_in_call(child, child, SYS_epoll_wait);
	cr_ready();
	feed(&fd);
	CT_EQ(1, read(out[0], &c, 1));
	CT_EQ(0, ct_reap(child));
}

static void touch(const char *path)
{
	int fd = open(path, O_CREAT | O_WRONLY, 0666);

	CT_CHECK(fd >= 0);
	CT_EQ(0, close(fd));
}

static struct inotify_event *next_event(int fd)
{
	static char buf[4096] __attribute__((aligned(8)));
	static ssize_t have, at;
	struct inotify_event *event;

	if (at >= have) {
		have = read(fd, buf, sizeof(buf));
		CT_CHECK(have > 0);
		at = 0;
	}
	event = (struct inotify_event *)(buf + at);
	at += sizeof(*event) + event->len;
	return event;
}

static void expect_inotify(int fd, int wd, uint32_t mask, const char *name)
{
	struct inotify_event *event = next_event(fd);

	CT_EQ(wd, event->wd);
	CT_EQ(mask, event->mask);
	CT_STREQ(name, event->len ? event->name : "");
}

/* Copies share the directory, so each takes a place of its own. */
static const char *place(void)
{
	static char dir[128];

	snprintf(dir, sizeof(dir), "%s", cr_file("watched"));
	CT_CHECK(!mkdir(dir, 0777) || errno == EEXIST);
	return dir;
}

CR_ROW(inotify, .without = CR_COPY | CR_GOON)
{
	int fd = inotify_init1(IN_NONBLOCK), gone, dir, file;
	char name[160];

	CT_CHECK(fd >= 0);
	snprintf(name, sizeof(name), "%s/f", place());
	touch(name);
	gone = inotify_add_watch(fd, "/", IN_DELETE_SELF);
	dir = inotify_add_watch(fd, place(), IN_CREATE | IN_DELETE);
	CT_EQ(0, inotify_rm_watch(fd, gone));
	expect_inotify(fd, gone, IN_IGNORED, "");
	file = inotify_add_watch(fd, name, IN_ATTRIB | IN_ONESHOT);
	CT_EQ(1, gone);
	CT_EQ(2, dir);
	CT_EQ(3, file);
	cr_ready();
	CT_ERRNO(EAGAIN, read(fd, name, sizeof(name)));
	CT_EQ(0, chmod(name, 0600));
	expect_inotify(fd, file, IN_ATTRIB, "");
	expect_inotify(fd, file, IN_IGNORED, "");
	snprintf(name, sizeof(name), "%s/new", place());
	touch(name);
	CT_EQ(0, unlink(name));
	expect_inotify(fd, dir, IN_CREATE, "new");
	expect_inotify(fd, dir, IN_DELETE, "new");
	/* Numbers go on from where they were. */
	CT_EQ(4, inotify_add_watch(fd, "/", IN_DELETE_SELF));
}

CR_ROW(inotify_events, .without = CR_COPY | CR_GOON)
{
	int fd = inotify_init1(IN_NONBLOCK), dir, other;
	char from[160], to[160];
	struct inotify_event *event;
	uint32_t cookie;

	CT_CHECK(fd >= 0);
	snprintf(from, sizeof(from), "%s/a-name-of-many-letters", place());
	snprintf(to, sizeof(to), "%s/b", place());
	other = inotify_add_watch(fd, "/", IN_DELETE_SELF);
	dir = inotify_add_watch(fd, place(), IN_CREATE | IN_MOVE);
	CT_CHECK(other > 0 && dir > 0);
	touch(from);
	CT_EQ(0, rename(from, to));
	CT_EQ(0, inotify_rm_watch(fd, other));
	cr_ready();
	CT_CHECK(readable(fd));
	expect_inotify(fd, dir, IN_CREATE, "a-name-of-many-letters");
	event = next_event(fd);
	CT_EQ(IN_MOVED_FROM, event->mask);
	cookie = event->cookie;
	CT_CHECK(cookie);
	CT_STREQ("a-name-of-many-letters", event->name);
	event = next_event(fd);
	CT_EQ(IN_MOVED_TO, event->mask);
	CT_EQ(cookie, event->cookie);
	CT_STREQ("b", event->name);
	expect_inotify(fd, other, IN_IGNORED, "");
	CT_EQ(0, unlink(to));
}

static void until_told(void *arg)
{
	(void)arg;
	cr_await();
	usleep(200000);
}

CR_ROW(pidfd)
{
	pid_t child = cr_child(until_told, NULL), zombie = fork();
	int fd = syscall(SYS_pidfd_open, child, 0), dead;
	siginfo_t info = {};

	if (!zombie)
		_exit(7);
	dead = syscall(SYS_pidfd_open, zombie, 0);
	CT_CHECK(fd >= 0 && dead >= 0);
	CT_UNTIL(ct_state(zombie) == 'Z');
	cr_ready();
	CT_CHECK(readable(dead));
	CT_EQ(0, syscall(SYS_pidfd_send_signal, fd, 0, NULL, 0));
	CT_EQ(0, waitid(P_PIDFD, dead, &info, WEXITED));
	CT_EQ(zombie, info.si_pid);
	CT_EQ(7, info.si_status);
	CT_EQ(0, waitid(P_PIDFD, fd, &info, WEXITED));
	CT_EQ(child, info.si_pid);
	CT_CHECK(readable(fd));
}

CR_MAIN
