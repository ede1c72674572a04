// SPDX-License-Identifier: GPL-2.0
/*
 * The whole of a terminal as a picture that changes: keys, window size, and what
 * happens when one is stopped or ended meanwhile.
 */
#include "compiler.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "screen.h"
#include "table.h"

/* Another screen, without a cursor, so that what was there comes back. */
#define ENTER	"\033[?1049h\033[?25l"
#define LEAVE	"\033[?25h\033[?1049l"
#define HOME	"\033[H"
#define TO_END	"\033[K"
#define BELOW	"\033[J"
#define INVERSE	"\033[7m"
#define NORMAL	"\033[m"

static const int signals[] = { SIGWINCH, SIGTSTP, SIGCONT, SIGINT, SIGTERM, SIGHUP, SIGQUIT };

static volatile sig_atomic_t window_changed, ended_by, stopped, continued;

static void note(int sig)
{
	if (sig == SIGWINCH)
		window_changed = 1;
	else if (sig == SIGCONT)
		continued = 1;
	else if (sig == SIGTSTP)
		stopped = 1;
	else
		ended_by = sig;
}

/* A terminal that knows how to go to a place; all but "dumb" do today. */
bool screen_is_possible(void)
{
	const char *term = getenv("TERM");

	return isatty(STDOUT_FILENO) && term && term[0] && strcmp(term, "dumb");
}

static void put(const char *text)
{
	fputs(text, stdout);
	fflush(stdout);
}

/* In the background this stops us, which is what a shell expects. */
static void set_modes(const struct screen *s)
{
	struct termios modes = s->saved;

	if (s->taken) {
		/* Keys that send signals go on doing so. */
		modes.c_lflag &= ~(ICANON | ECHO);
		modes.c_cc[VMIN] = 1;
		modes.c_cc[VTIME] = 0;
		tcsetattr(STDIN_FILENO, TCSADRAIN, &modes);
	}
	put(ENTER);
}

static void take(struct screen *s)
{
	if (s->keys && !s->taken)
		s->taken = !tcgetattr(STDIN_FILENO, &s->saved);
	set_modes(s);
}

static void give_back(struct screen *s)
{
	put(LEAVE);
	if (s->taken)
		tcsetattr(STDIN_FILENO, TCSADRAIN, &s->saved);
	s->taken = false;
}

void screen_begin(struct screen *s)
{
	struct sigaction action = { .sa_handler = note }, old;
	sigset_t ours;
	size_t i;

	memset(s, 0, sizeof(*s));
	s->keys = isatty(STDIN_FILENO);
	sigemptyset(&ours);
	for (i = 0; i < ARRAY_SIZE(signals); i++) {
		if (sigaction(signals[i], NULL, &old) || old.sa_handler == SIG_IGN)
			continue;
		sigaddset(&ours, signals[i]);
		sigaction(signals[i], &action, NULL);
	}
	sigprocmask(SIG_BLOCK, &ours, &s->mask);
	take(s);
}

void screen_end(struct screen *s)
{
	give_back(s);
	sigprocmask(SIG_SETMASK, &s->mask, NULL);
}

/* As if there were no handler. */
static void obey(struct screen *s, int sig)
{
	struct sigaction action = { .sa_handler = SIG_DFL }, old;
	sigset_t one;

	sigemptyset(&one);
	sigaddset(&one, sig);
	give_back(s);
	sigaction(sig, &action, &old);
	raise(sig);
	sigprocmask(SIG_UNBLOCK, &one, NULL);
	/* After a stop. */
	sigprocmask(SIG_BLOCK, &one, NULL);
	sigaction(sig, &old, NULL);
	take(s);
}

/* Return: whether there is something to be drawn anew. */
static bool handle_signals(struct screen *s)
{
	bool changed = window_changed || continued;

	if (ended_by)
		obey(s, ended_by);
	if (stopped) {
		stopped = 0;
		obey(s, SIGTSTP);
		changed = true;
	} else if (continued) {
		/*
		 * After a stop that we did not see coming the modes are the shell's;
		 * those saved earlier stay.
		 */
		set_modes(s);
	}
	window_changed = 0;
	continued = 0;
	return changed;
}

static uint64_t now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000ull + t.tv_nsec;
}

static int read_key(struct screen *s)
{
	unsigned char key;

	if (read(STDIN_FILENO, &key, 1) == 1)
		return key;
	/* The terminal has gone, or there will be no more keys. */
	s->keys = false;
	return SCREEN_CHANGED;
}

/**
 * screen_wait() - wait for a key
 * @s: the screen
 * @until: a time of CLOCK_MONOTONIC, in nanoseconds
 *
 * Return: the key, SCREEN_TIME or SCREEN_CHANGED.
 */
int screen_wait(struct screen *s, uint64_t until)
{
	struct pollfd fd = { .fd = STDIN_FILENO, .events = POLLIN };
	struct timespec t;
	uint64_t time;
	int ret;

	for (;;) {
		time = now();
		time = until > time ? until - time : 0;
		t.tv_sec = time / 1000000000ull;
		t.tv_nsec = time % 1000000000ull;
		ret = ppoll(&fd, s->keys ? 1 : 0, &t, &s->mask);
		if (handle_signals(s))
			return SCREEN_CHANGED;
		if (ret > 0)
			return read_key(s);
		if (!ret)
			return SCREEN_TIME;
	}
}

static struct winsize window_size(void)
{
	struct winsize size = { 0 };

	ioctl(STDOUT_FILENO, TIOCGWINSZ, &size);
	if (!size.ws_row)
		size.ws_row = 24;
	if (!size.ws_col)
		size.ws_col = 80;
	return size;
}

/* How wide the window is. */
size_t screen_columns(void)
{
	return window_size().ws_col;
}

/**
 * screen_draw() - show a text, as much of it as there is room for
 * @text: its lines
 * @heading: this line, counted from 0, stands out
 */
void screen_draw(const char *text, size_t heading)
{
	struct winsize size = window_size();
	size_t rows = size.ws_row, columns = size.ws_col, line, len;

	fputs(HOME, stdout);
	for (line = 0; *text && line < rows; line++) {
		len = strcspn(text, "\n");
		printf("%s%s%.*s%s", line ? "\r\n" : "", line == heading ? INVERSE : "",
		       (int)text_cut(text, len, columns), text,
		       line == heading ? NORMAL : "");
		/* In the last column there is nothing behind the cursor to be cleared. */
		if (text_width(text, len) < columns)
			fputs(TO_END, stdout);
		text += len;
		text += !!*text;
	}
	if (line < rows)
		fputs("\r\n" BELOW, stdout);
	fflush(stdout);
}
