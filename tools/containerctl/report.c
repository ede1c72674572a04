// SPDX-License-Identifier: GPL-2.0
/*
 * Reports from inside the container to outside.
 */
#include "compiler.h"

#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

#include "report.h"

_Static_assert(sizeof(struct report) <= PIPE_BUF, "a report must be written in one piece");

void report_forward(int fd, const struct report *r)
{
	ssize_t n;

	/* Nobody listens any more if the process outside has died. */
	do
		n = write(fd, r, sizeof(*r));
	while (n < 0 && errno == EINTR);
}

void report_send(int fd, enum report_kind kind, long value)
{
	struct report r = { .kind = kind, .value = value };

	report_forward(fd, &r);
}

/* Says why the command will not run, and ends this process. */
void report_failure(int fd, int status, const char *fmt, ...)
{
	struct report r = { .kind = REPORT_FAILED, .value = status };
	va_list args;

	va_start(args, fmt);
	vsnprintf(r.why.text, sizeof(r.why.text), fmt, args);
	va_end(args);
	report_forward(fd, &r);
	_exit(status);
}

/**
 * report_receive() - the next report
 * @fd: read end of the pipe
 * @r: filled in
 *
 * Return: 1 for a report, 0 if there will be none any more, -1 if there is
 * none just now (on a non-blocking descriptor).
 */
int report_receive(int fd, struct report *r)
{
	ssize_t n;

	do
		n = read(fd, r, sizeof(*r));
	while (n < 0 && errno == EINTR);
	if (n == sizeof(*r))
		return 1;
	return n < 0 && errno == EAGAIN ? -1 : 0;
}
