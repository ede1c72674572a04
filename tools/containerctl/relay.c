// SPDX-License-Identifier: GPL-2.0
/*
 * Bytes between two terminals.  A queue is filled only when it is empty, so
 * whoever reads slowly holds up whoever writes, and nothing is lost.
 */
#include "compiler.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "relay.h"

enum { FD_IN, FD_OUT, FD_MASTER };

void relay_init(struct relay *r, struct terminal *t)
{
	memset(r, 0, sizeof(*r));
	r->t = t;
	r->in_open = true;
	r->out_open = true;
}

static bool is_empty(const struct queue *q)
{
	return q->start == q->end;
}

static bool is_transient(int err)
{
	return err == EAGAIN || err == EINTR;
}

/* Return: like read(). */
static ssize_t fill(struct queue *q, int fd)
{
	ssize_t n = read(fd, q->data, sizeof(q->data));

	q->start = 0;
	q->end = n > 0 ? n : 0;
	return n;
}

/* Return: false if @fd takes nothing any more. */
static bool drain(struct queue *q, int fd)
{
	ssize_t n;

	while (!is_empty(q)) {
		n = write(fd, q->data + q->start, q->end - q->start);
		if (n < 0)
			return is_transient(errno);
		q->start += n;
	}
	return true;
}

/*
 * The end of a pipe is for a terminal what its end-of-file key is; in a line
 * that has been begun the first one only hands over that line.
 */
static void type_end_of_file(struct relay *r)
{
	struct termios modes;
	char key = 4;

	if (!tcgetattr(r->t->slave, &modes))
		key = modes.c_cc[VEOF];
	r->keys.start = 0;
	r->keys.end = r->line_begun ? 2 : 1;
	memset(r->keys.data, key, r->keys.end);
}

static void input_ended(struct relay *r)
{
	r->in_open = false;
	if (r->t->in_is_tty)
		terminal_hang_up(r->t);
	else
		type_end_of_file(r);
}

static void read_keys(struct relay *r)
{
	ssize_t n = fill(&r->keys, r->t->in);

	if (n > 0)
		r->line_begun = r->keys.data[n - 1] != '\n';
	else if (!n || !is_transient(errno))
		input_ended(r);
}

static void write_keys(struct relay *r)
{
	if (r->t->master < 0 || !drain(&r->keys, r->t->master))
		r->keys.start = r->keys.end;
}

/* Output that nobody can see is thrown away: the command must not notice. */
static void write_screen(struct relay *r)
{
	if (r->out_open && !drain(&r->screen, r->t->out))
		r->out_open = false;
	if (!r->out_open)
		r->screen.start = r->screen.end;
}

static void watch(struct pollfd *p, int fd, int events)
{
	p->fd = events ? fd : -1;
	p->events = events;
	p->revents = 0;
}

/**
 * relay_prepare() - what to wait for
 * @r: the relay
 * @fds: filled in
 * @with_keys: whether the user's input may be read now
 */
void relay_prepare(const struct relay *r, struct pollfd fds[RELAY_FDS], bool with_keys)
{
	bool read_in = with_keys && r->in_open && is_empty(&r->keys);
	int master = 0;

	if (is_empty(&r->screen))
		master |= POLLIN;
	if (!is_empty(&r->keys))
		master |= POLLOUT;
	watch(&fds[FD_IN], r->t->in, read_in ? POLLIN : 0);
	watch(&fds[FD_OUT], r->t->out, is_empty(&r->screen) ? 0 : POLLOUT);
	watch(&fds[FD_MASTER], r->t->master, master);
}

void relay_transfer(struct relay *r, const struct pollfd fds[RELAY_FDS])
{
	if (fds[FD_IN].revents)
		read_keys(r);
	if (r->t->master >= 0 && is_empty(&r->screen) && fds[FD_MASTER].revents)
		fill(&r->screen, r->t->master);
	/* What does not go now waits for poll() to say that it will. */
	write_keys(r);
	write_screen(r);
}

/**
 * relay_finish() - show what is left when the command has ended
 * @r: the relay
 *
 * Everything the command wrote is in the terminal by now, and reading until
 * it has nothing to give flushes it through.
 *
 * Return: true if all is out, false if the user's side must be waited for.
 */
bool relay_finish(struct relay *r)
{
	ssize_t n;

	for (;;) {
		write_screen(r);
		if (!is_empty(&r->screen))
			return false;
		if (r->t->master < 0)
			return true;
		n = fill(&r->screen, r->t->master);
		if (n <= 0 && !(n < 0 && errno == EINTR))
			return true;
	}
}
