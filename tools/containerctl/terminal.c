// SPDX-License-Identifier: GPL-2.0
/*
 * The user's terminal and its modes, and the terminal made for the command.
 */
#include "compiler.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "terminal.h"

/*
 * A non-blocking descriptor for the user's side.  The one we inherited shares
 * its flags with the caller's shell, so a terminal is opened once more; what
 * cannot be is used as it is.
 */
static int reopen(int fd, int flags)
{
	char path[32];
	int new = -1;

	if (isatty(fd)) {
		snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
		new = open(path, flags | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	}
	return new >= 0 ? new : fcntl(fd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
}

static int open_pair(struct terminal *t, struct fault *why)
{
	t->master = posix_openpt(O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
	if (t->master < 0 || unlockpt(t->master)) {
		fault_set(why, "cannot make a terminal for the command: %s (is devpts mounted? -T does without)",
			  strerror(errno));
		return -1;
	}
	t->slave = ioctl(t->master, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (t->slave < 0) {
		fault_set(why, "cannot open the terminal made for the command: %s",
			  strerror(errno));
		return -1;
	}
	return 0;
}

/**
 * terminal_open() - make a terminal like the user's
 * @t: filled in
 * @why: filled in on failure
 *
 * Return: 0 or -1.
 */
int terminal_open(struct terminal *t, struct fault *why)
{
	if (open_pair(t, why))
		return -1;
	t->in = reopen(STDIN_FILENO, O_RDONLY);
	t->out = reopen(STDOUT_FILENO, O_WRONLY);
	if (t->in < 0 || t->out < 0) {
		fault_set(why, "cannot use the terminal: %s", strerror(errno));
		return -1;
	}
	t->in_is_tty = isatty(t->in);
	if (t->in_is_tty && !tcgetattr(t->in, &t->saved))
		tcsetattr(t->slave, TCSANOW, &t->saved);
	terminal_resize(t);
	return 0;
}

/* Without job control there is neither foreground nor background. */
static bool in_foreground(const struct terminal *t)
{
	pid_t group = tcgetpgrp(t->in);

	return group < 0 || group == getpgrp();
}

static void set_raw(struct terminal *t)
{
	struct termios raw = t->saved;

	cfmakeraw(&raw);
	t->raw = !tcsetattr(t->in, TCSADRAIN, &raw);
}

/**
 * terminal_take() - get hold of the user's keys if that is allowed now
 * @t: the terminal
 *
 * In the background the keys belong to somebody else, and so do the modes.
 *
 * Return: whether the user's input can be read.
 */
bool terminal_take(struct terminal *t)
{
	if (!t->in_is_tty || t->raw)
		return true;
	if (!in_foreground(t))
		return false;
	if (!tcgetattr(t->in, &t->saved))
		set_raw(t);
	terminal_resize(t);
	return true;
}

void terminal_give_back(struct terminal *t)
{
	if (t->raw && in_foreground(t))
		tcsetattr(t->in, TCSADRAIN, &t->saved);
	t->raw = false;
}

/*
 * After a stop that we did not see coming a shell has set its own modes; what
 * the terminal has now can be anything, so the modes saved earlier stay.
 */
void terminal_continued(struct terminal *t)
{
	if (t->raw) {
		t->raw = false;
		if (in_foreground(t))
			set_raw(t);
	}
	terminal_resize(t);
}

/* The command's foreground group gets a SIGWINCH if this is a change. */
void terminal_resize(const struct terminal *t)
{
	struct winsize size;

	if (!ioctl(t->out, TIOCGWINSZ, &size) || !ioctl(t->in, TIOCGWINSZ, &size))
		ioctl(t->master, TIOCSWINSZ, &size);
}

/* The user's terminal is gone: so is the command's. */
void terminal_hang_up(struct terminal *t)
{
	if (t->master < 0)
		return;
	close(t->master);
	t->master = -1;
}
