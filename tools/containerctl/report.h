/* SPDX-License-Identifier: GPL-2.0 */
#ifndef CONTAINERCTL_REPORT_H
#define CONTAINERCTL_REPORT_H

#include "proc.h"

/*
 * What the process in the container tells the one outside, through a pipe
 * that closes when a command is executed.  A report is smaller than PIPE_BUF,
 * so it arrives whole or not at all.
 */
enum report_kind {
	REPORT_ENTERED = 1,	/* value: the id of the container, or -1 */
	REPORT_STARTED,		/* the command has been executed */
	REPORT_FAILED,		/* value: the exit status; why: the reason */
	REPORT_STOPPED,		/* value: the signal that stopped the command */
};

struct report {
	enum report_kind kind;
	long value;
	struct fault why;
};

void report_send(int fd, enum report_kind kind, long value);
__printf(3, 4) __noreturn void report_failure(int fd, int status, const char *fmt, ...);
void report_forward(int fd, const struct report *r);
int report_receive(int fd, struct report *r);

#endif
