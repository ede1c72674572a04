// SPDX-License-Identifier: GPL-2.0
/*
 * What it costs to make groups and to move tasks, in a machine whose clock counts
 * instructions: of this module as well as of the kernel's control groups.
 *
 *	resource attach NUMBER PROCS PROCS
 *			NUMBER sleeping processes go from one group to the other,
 *			each by one write of its pid to that file
 *	resource mkdir DIR
 *	resource rmdir DIR	groups are made and removed in DIR
 *
 * Prints how many instructions one of it takes, the median of several rounds.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define ROUNDS		11
#define NR_GROUPS	100

static void __attribute__((noreturn)) die(const char *what)
{
	fprintf(stderr, "resource: %s: %s\n", what, strerror(errno));
	exit(EXIT_FAILURE);
}

static long long now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000LL + t.tv_nsec;
}

static int compare(const void *a, const void *b)
{
	long long x = *(const long long *)a, y = *(const long long *)b;

	return (x > y) - (x < y);
}

static int report(long long *took, int number)
{
	qsort(took, ROUNDS, sizeof(*took), compare);
	printf("%.1f\n", (double)took[ROUNDS / 2] / number);
	return EXIT_SUCCESS;
}

static pid_t *start(int number)
{
	pid_t *pids = calloc(number, sizeof(*pids));
	int i;

	if (!pids)
		die("memory");
	for (i = 0; i < number; i++) {
		pids[i] = fork();
		if (pids[i] < 0)
			die("fork");
		if (!pids[i]) {
			prctl(PR_SET_PDEATHSIG, SIGKILL);
			for (;;)
				pause();
		}
	}
	return pids;
}

static int attach(int number, char **procs)
{
	pid_t *pids = start(number);
	long long took[ROUNDS], begin;
	int fd[2], round, i, len;
	char line[16];

	for (i = 0; i < 2; i++) {
		fd[i] = open(procs[i], O_WRONLY | O_CLOEXEC);
		if (fd[i] < 0)
			die(procs[i]);
	}
	/* The first one takes them out of the root, and is not counted. */
	for (round = -1; round < ROUNDS; round++) {
		begin = now();
		for (i = 0; i < number; i++) {
			len = snprintf(line, sizeof(line), "%d", pids[i]);
			if (write(fd[round & 1], line, len) != len)
				die(procs[round & 1]);
		}
		if (round >= 0)
			took[round] = now() - begin;
	}
	for (i = 0; i < number; i++)
		kill(pids[i], SIGKILL);
	while (wait(NULL) > 0)
		;
	free(pids);
	return report(took, number);
}

static int directories(const char *dir, bool making)
{
	long long took[ROUNDS], begin, between;
	char path[256];
	int round, i;

	for (round = -2; round < ROUNDS; round++) {
		begin = now();
		for (i = 0; i < NR_GROUPS; i++) {
			snprintf(path, sizeof(path), "%s/bench-%d", dir, i);
			if (mkdir(path, 0755))
				die(path);
		}
		between = now();
		for (i = 0; i < NR_GROUPS; i++) {
			snprintf(path, sizeof(path), "%s/bench-%d", dir, i);
			if (rmdir(path))
				die(path);
		}
		if (round >= 0)
			took[round] = making ? between - begin : now() - between;
	}
	return report(took, NR_GROUPS);
}

int main(int argc, char **argv)
{
	if (argc == 5 && !strcmp(argv[1], "attach") && atoi(argv[2]) > 0)
		return attach(atoi(argv[2]), argv + 3);
	if (argc == 3 && !strcmp(argv[1], "mkdir"))
		return directories(argv[2], true);
	if (argc == 3 && !strcmp(argv[1], "rmdir"))
		return directories(argv[2], false);
	fputs("usage: resource attach NUMBER PROCS PROCS | mkdir DIR | rmdir DIR\n", stderr);
	return EXIT_FAILURE;
}
