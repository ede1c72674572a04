// SPDX-License-Identifier: GPL-2.0
/* modes: host */
/* Checkpoint and restart: pseudo terminals, and sessions that have one. */
#include "ct-checkpoint.h"

#include <sys/ioctl.h>
#include <termios.h>

/* A pty that has the same number again; the copy of a running one cannot. */
#define PTY_MODES	.without = CR_COPY

static int new_master(char *name, size_t size)
{
	int fd = posix_openpt(O_RDWR | O_NOCTTY);

	CT_CHECK(fd >= 0);
	CT_EQ(0, grantpt(fd));
	CT_EQ(0, unlockpt(fd));
	CT_EQ(0, ptsname_r(fd, name, size));
	return fd;
}

static int open_slave(const char *name)
{
	int fd = open(name, O_RDWR | O_NOCTTY);

	CT_CHECK(fd >= 0);
	return fd;
}

static struct termios settings(int fd)
{
	struct termios t = {};

	CT_EQ(0, tcgetattr(fd, &t));
	return t;
}

static void put(int fd, const char *text)
{
	CT_EQ(strlen(text), write(fd, text, strlen(text)));
}

/* All that there is to read, within a moment. */
static const char *get(int fd)
{
	static char text[4][8192];
	static unsigned int next;
	char *to = text[next++ % 4];
	struct pollfd p = { .fd = fd, .events = POLLIN };
	size_t have = 0;
	ssize_t n;

	while (poll(&p, 1, 300) == 1 && p.revents & POLLIN) {
		n = read(fd, to + have, sizeof(text[0]) - 1 - have);
		CT_CHECK(n >= 0);
		if (!n)
			break;
		have += n;
	}
	to[have] = '\0';
	return to;
}

static int waiting(int fd)
{
	int n = -1;

	CT_EQ(0, ioctl(fd, FIONREAD, &n));
	return n;
}

CR_ROW(pty, PTY_MODES)
{
	char name[64], now[64];
	int other = posix_openpt(O_RDWR | O_NOCTTY);
	int master = new_master(name, sizeof(name)), slave;
	struct winsize size = { 33, 101, 7, 9 }, got = {};
	struct termios t;

	/* One below its number is free. */
	CT_EQ(0, close(other));
	slave = open_slave(name);
	t = settings(slave);
	t.c_lflag &= ~(ICANON | ECHO | ISIG);
	t.c_oflag &= ~OPOST;
	t.c_cc[VMIN] = 1;
	t.c_cc[VINTR] = 'X';
	CT_EQ(0, tcsetattr(slave, TCSANOW, &t));
	CT_EQ(0, ioctl(slave, TIOCSWINSZ, &size));
	put(master, "in\n\3");
	put(slave, "out\n");
	CT_UNTIL(waiting(slave) == 4 && waiting(master) == 4);
	cr_ready();
	CT_EQ(0, ptsname_r(master, now, sizeof(now)));
	CT_STREQ(name, now);
	CT_STREQ(name, ttyname(slave));
	CT_EQ(0, ioctl(master, TIOCGWINSZ, &got));
	CT_EQ(0, memcmp(&size, &got, sizeof(size)));
	t = settings(slave);
	CT_EQ(0, (int)(t.c_lflag & (ICANON | ECHO | ISIG)));
	CT_EQ(0, (int)(t.c_oflag & OPOST));
	CT_EQ('X', t.c_cc[VINTR]);
	CT_STREQ("in\n\3", get(slave));
	CT_STREQ("out\n", get(master));
	put(master, "more");
	CT_STREQ("more", get(slave));
	put(slave, "less");
	CT_STREQ("less", get(master));
	CT_CHECK(open_slave(name) >= 0);
}

/* Lines that are there, and one that is being typed. */
CR_ROW(lines, PTY_MODES)
{
	char name[64], text[64];
	int master = new_master(name, sizeof(name)), slave = open_slave(name);

	put(master, "first\nsecond\npart");
	CT_UNTIL(waiting(master) == 19);
	cr_ready();
	CT_STREQ("first\r\nsecond\r\npart", get(master));
	CT_EQ(6, read(slave, text, sizeof(text)));
	CT_EQ(0, memcmp(text, "first\n", 6));
	/* Takes two letters back. */
	put(master, "\177\177ck\n");
	CT_EQ(7, read(slave, text, sizeof(text)));
	CT_EQ(0, memcmp(text, "second\n", 7));
	CT_EQ(5, read(slave, text, sizeof(text)));
	CT_EQ(0, memcmp(text, "pack\n", 5));
	CT_STREQ("\b \b\b \bck\r\n", get(master));
}

CR_ROW(packets, PTY_MODES)
{
	char name[64];
	int master = new_master(name, sizeof(name)), slave = open_slave(name);
	int on = 1;
	char c[8] = {};

	CT_EQ(0, ioctl(master, TIOCPKT, &on));
	CT_EQ(0, tcflush(slave, TCIFLUSH));
	cr_ready();
	CT_EQ(0, ioctl(master, TIOCGPKT, &on));
	CT_EQ(1, on);
	CT_EQ(1, read(master, c, sizeof(c)));
	CT_EQ(TIOCPKT_FLUSHREAD, c[0]);
	put(slave, "x");
	CT_EQ(2, read(master, c, sizeof(c)));
	CT_EQ(TIOCPKT_DATA, c[0]);
	CT_EQ('x', c[1]);
}

/* Nobody has the other side. */
CR_ROW(sides, PTY_MODES)
{
	char unused[64], left[64], gone[64], c;
	int fresh = new_master(unused, sizeof(unused));
	int alone = new_master(left, sizeof(left)), slave = open_slave(left);
	int master = new_master(gone, sizeof(gone)), orphan = open_slave(gone);
	struct pollfd p = { .fd = fresh };

	put(slave, "bye");
	CT_UNTIL(waiting(alone) == 3);
	CT_EQ(0, close(slave));
	CT_EQ(0, close(master));
	cr_ready();
	CT_EQ(0, poll(&p, 1, 0));
	CT_EQ(1, read(alone, &c, 1));
	CT_EQ('b', c);
	CT_EQ(2, read(alone, gone, 5));
	CT_ERRNO(EIO, read(alone, &c, 1));
	slave = open_slave(left);
	put(slave, "again");
	CT_STREQ("again", get(alone));
	CT_EQ(0, read(orphan, &c, 1));
	CT_ERRNO(EIO, write(orphan, "x", 1));
}

struct desk {
	int master;
	int report[2];
	int ready[2];
	char name[64];
};

/* A line without an end: all but the last of what does not fit any more is lost. */
CR_ROW(pty_full, PTY_MODES)
{
	char name[64], text[5001];
	int master = new_master(name, sizeof(name));
	int slave = open_slave(name);
	struct termios t = settings(slave);

	t.c_lflag &= ~ECHO;
	CT_EQ(0, tcsetattr(slave, TCSANOW, &t));
	memset(text, 'x', sizeof(text));
	text[5000] = '\0';
	put(master, text);
	put(master, "y");
	cr_ready();
	put(master, "\n");
	/* A work item of the kernel brings it there. */
	CT_UNTIL(waiting(slave) == 4096);
	CT_EQ('x', *get(slave));
}

static volatile sig_atomic_t interrupted;

static void on_int(int sig)
{
	(void)sig;
	interrupted++;
}

/* In the foreground: gets what the keyboard sends. */
static void foreground(void *arg)
{
	struct desk *desk = arg;

	CT_EQ(0, setpgid(0, 0));
	CT_CHECK(signal(SIGINT, on_int) != SIG_ERR);
	CT_EQ(1, write(desk->ready[1], "r", 1));
	while (!interrupted)
		usleep(10000);
	CT_EQ(1, write(desk->report[1], "i", 1));
}

static void shell(void *arg)
{
	struct desk *desk = arg;
	int tty, again;
	pid_t job;
	char c;

	CT_EQ(0, close(desk->master));
	CT_CHECK(setsid() > 0);
	tty = open(desk->name, O_RDWR);
	CT_CHECK(tty >= 0);
	CT_CHECK(signal(SIGTTOU, SIG_IGN) != SIG_ERR);
	job = cr_child(foreground, desk);
	CT_EQ(1, read(desk->ready[0], &c, 1));
	CT_EQ(0, tcsetpgrp(tty, job));
	CT_EQ(1, write(desk->report[1], "s", 1));
	cr_await();
	again = open("/dev/tty", O_RDWR);
	CT_CHECK(again >= 0);
	CT_EQ(job, tcgetpgrp(again));
	CT_EQ(getpid(), tcgetsid(tty));
	CT_EQ(0, ct_reap(job));
	CT_EQ(0, tcsetpgrp(tty, getpid()));
}

/* A shell with a job in the foreground, in a session of its own. */
CR_ROW(session, PTY_MODES)
{
	struct desk desk;
	char c = 0;
	pid_t leader;

	desk.master = new_master(desk.name, sizeof(desk.name));
	CT_EQ(0, pipe(desk.report));
	CT_EQ(0, pipe(desk.ready));
	leader = cr_child(shell, &desk);
	CT_EQ(1, read(desk.report[0], &c, 1));
	CT_EQ('s', c);
	cr_ready();
	put(desk.master, "\3");
	CT_EQ(1, read(desk.report[0], &c, 1));
	CT_EQ('i', c);
	CT_EQ(0, ct_reap(leader));
	CT_ERRNO(ENXIO, open("/dev/tty", O_RDWR));
}

CR_MAIN
