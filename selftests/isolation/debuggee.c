// SPDX-License-Identifier: GPL-2.0
/* modes: none */
/*
 * A program to be debugged: it has threads, and does what the lines say that it
 * reads.
 *
 *	tick	calls tick()
 *	fork	has a child, which calls in_child() and waits for a line, and
 *		waits for it
 */
#include "ct.h"

#define THREADS 2

__attribute__((noipa)) void tick(int count)
{
	asm volatile("" : : "r" (count) : "memory");
}

__attribute__((noipa)) void in_child(void)
{
	asm volatile("" : : : "memory");
}

/* Byte by byte, as a child takes over at the end of a line. */
static bool next_line(char *line, size_t size)
{
	size_t len = 0;

	while (len < size - 1 && read(STDIN_FILENO, line + len, 1) == 1) {
		if (line[len] == '\n') {
			line[len] = 0;
			return true;
		}
		len++;
	}
	return false;
}

static void have_child(void)
{
	char line[64];
	pid_t pid = fork();

	CT_CHECK(pid >= 0);
	if (!pid) {
		in_child();
		dprintf(STDOUT_FILENO, "child %d\n", getpid());
		next_line(line, sizeof(line));
		_exit(3);
	}
	CT_EQ(3, ct_reap(pid));
	dprintf(STDOUT_FILENO, "reaped %d\n", pid);
}

int main(void)
{
	static struct ct_thread threads[THREADS];
	int i, count = 0;
	char line[64];

	for (i = 0; i < THREADS; i++)
		ct_thread_start(&threads[i]);
	dprintf(STDOUT_FILENO, "ready %d %d %d\n", getpid(), threads[0].tid,
		threads[1].tid);
	while (next_line(line, sizeof(line))) {
		if (!strcmp(line, "tick")) {
			tick(++count);
			dprintf(STDOUT_FILENO, "ticked %d\n", count);
		} else if (!strcmp(line, "fork")) {
			have_child();
		}
	}
	for (i = 0; i < THREADS; i++)
		ct_thread_end(&threads[i]);
	return 0;
}
