// SPDX-License-Identifier: GPL-2.0
/*
 * Signals by name and number, and which of them a supervisor passes on.
 */
#include "compiler.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "containerctl.h"

/*
 * The kernel's numbers: the C library keeps the first two real-time signals
 * to itself and counts SIGRTMIN from 34, as kill(1) does.
 */
#define SIG_LAST 64

static int realtime_number(const char *text)
{
	char *end;
	int base;
	long n;

	if (!strncasecmp(text, "RTMIN", 5))
		base = SIGRTMIN;
	else if (!strncasecmp(text, "RTMAX", 5))
		base = SIGRTMAX;
	else
		return -1;
	if (!text[5])
		return base;
	if (text[5] != (base == SIGRTMIN ? '+' : '-'))
		return -1;
	n = strtol(text + 5, &end, 10);
	if (end == text + 6 || *end)
		return -1;
	n += base;
	return n >= SIGRTMIN && n <= SIGRTMAX ? (int)n : -1;
}

/**
 * signal_number() - the number of a signal that a person named
 * @text: a number, or a name with or without its SIG, in any case
 *
 * Return: the number, or -1 if there is no such signal.
 */
int signal_number(const char *text)
{
	const char *name;
	char *end;
	int sig;

	if (text[0] >= '0' && text[0] <= '9') {
		long n = strtol(text, &end, 10);

		return *end || n > SIG_LAST ? -1 : (int)n;
	}
	if (!strncasecmp(text, "SIG", 3))
		text += 3;
	for (sig = 1; sig < SIGRTMIN; sig++) {
		name = sigabbrev_np(sig);
		if (name && !strcasecmp(text, name))
			return sig;
	}
	if (!strcasecmp(text, "IOT"))
		return SIGABRT;
	if (!strcasecmp(text, "CLD"))
		return SIGCHLD;
	if (!strcasecmp(text, "IO"))
		return SIGIO;
	return realtime_number(text);
}

/* The name without its SIG; @buf holds it where it has to be made. */
const char *signal_name(int sig, char *buf, size_t size)
{
	const char *name = sig < SIGRTMIN ? sigabbrev_np(sig) : NULL;

	if (name)
		return name;
	if (sig == SIGRTMIN)
		return "RTMIN";
	if (sig == SIGRTMAX)
		return "RTMAX";
	if (sig > SIGRTMIN && sig < SIGRTMAX)
		snprintf(buf, size, "RTMIN+%d", sig - SIGRTMIN);
	else
		snprintf(buf, size, "%d", sig);
	return buf;
}

void signals_list(FILE *out)
{
	char buf[16];
	int sig;

	for (sig = 1; sig <= SIG_LAST; sig++)
		fprintf(out, "%2d %s\n", sig, signal_name(sig, buf, sizeof(buf)));
}

/*
 * Not passed on: what cannot be caught, what a process does to itself (a
 * fault), what tells about this process's own children, terminal and pipes.
 * Stopping and continuing is passed on too, but needs more than that.
 */
static bool is_forwarded(int sig)
{
	switch (sig) {
	case SIGKILL:
	case SIGSTOP:
	case SIGILL:
	case SIGTRAP:
	case SIGBUS:
	case SIGFPE:
	case SIGSEGV:
	case SIGSYS:
	case SIGPIPE:
	case SIGCHLD:
	case SIGCONT:
	case SIGTSTP:
	case SIGTTIN:
	case SIGTTOU:
	case SIGURG:
	case SIGWINCH:
		return false;
	default:
		/* 32 and 33 are the C library's own. */
		return sig < 32 || (sig >= SIGRTMIN && sig <= SIGRTMAX);
	}
}

/**
 * signals_relayed() - the signals that a process between two others reads
 * @set: set to those that it passes on, stops, and the news of its children
 */
void signals_relayed(sigset_t *set)
{
	int sig;

	sigemptyset(set);
	for (sig = 1; sig <= SIGRTMAX; sig++)
		if (is_forwarded(sig))
			sigaddset(set, sig);
	sigaddset(set, SIGCHLD);
	sigaddset(set, SIGCONT);
	sigaddset(set, SIGTSTP);
}
