// SPDX-License-Identifier: GPL-2.0
/*
 * Taking bytes from one descriptor to another without looking at them: splice(2),
 * which copies them once at most, and where that cannot be read(2) and write(2).
 */
#include "compiler.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "move.h"
#include "source.h"

/**
 * move_begin() - get ready
 * @m: filled in; for move_end() if this succeeds
 * @why: filled in on failure
 *
 * Return: 0 or -1.
 */
int move_begin(struct mover *m, struct fault *why)
{
	int ends[2];

	if (pipe2(ends, O_CLOEXEC)) {
		fault_set(why, "cannot make a pipe: %s", strerror(errno));
		return -1;
	}
	m->in = ends[1];
	m->out = ends[0];
	/* It is slower if it stays as it is, and nothing else. */
	(void)!fcntl(m->in, F_SETPIPE_SZ, SOURCE_PIECE);
	return 0;
}

/**
 * move_take() - take the next bytes
 * @m: all that has been taken has been given
 * @from: from here
 *
 * Return: how many, at most SOURCE_PIECE; 0 at the end; -1 with errno, which is
 * EINVAL where only read(2) can do it.
 */
ssize_t move_take(struct mover *m, int from)
{
	ssize_t n;

	do
		n = splice(from, NULL, m->in, NULL, SOURCE_PIECE, 0);
	while (n < 0 && errno == EINTR);
	return n;
}

static int give_copy(struct mover *m, int to, size_t size)
{
	char *data = malloc(size);
	int ret = -1;

	if (data)
		ret = move_read(m, data, size) ? -1 : write_all(to, data, size);
	free(data);
	return ret;
}

/* Who cannot take it by splice(2) has not taken anything out of the pipe. */
static bool is_untouched(const struct mover *m, size_t size)
{
	int left, err = errno;
	bool same = !ioctl(m->out, FIONREAD, &left) && left >= 0 &&
		    (size_t)left == size;

	errno = err;
	return same;
}

/**
 * move_give() - give what has been taken
 * @m: has it
 * @to: to here
 * @size: so much of it
 *
 * Return: 0, or -1 with errno.
 */
int move_give(struct mover *m, int to, size_t size)
{
	ssize_t n;

	while (size) {
		n = splice(m->out, NULL, to, NULL, size, 0);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EINVAL && is_untouched(m, size))
			return give_copy(m, to, size);
		if (n <= 0)
			return -1;
		size -= n;
	}
	return 0;
}

/* Look at what has been taken, instead. Return: 0, or -1 with errno. */
int move_read(struct mover *m, void *data, size_t size)
{
	char *at = data;
	ssize_t n;

	while (size) {
		n = read(m->out, at, size);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return -1;
		at += n;
		size -= n;
	}
	return 0;
}

/* What has been taken and not given is gone. */
void move_end(struct mover *m)
{
	close(m->in);
	close(m->out);
}
