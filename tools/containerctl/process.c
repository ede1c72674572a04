// SPDX-License-Identifier: GPL-2.0
/*
 * What /proc says about a process: why it cannot be moved into a container.
 */
#include "compiler.h"

#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "names.h"
#include "process.h"

/* <linux/sched.h>; the flags in /proc/PID/stat are the kernel's. */
#define PF_KTHREAD 0x00200000

/* As the kernel reads them. Return: the number, or -1. */
pid_t process_number(const char *word)
{
	size_t len = strlen(word);
	pid_t pid;

	if (!len || len > 9 || strspn(word, "0123456789") != len)
		return -1;
	pid = strtol(word, NULL, 10);
	return pid > 0 ? pid : -1;
}

bool process_exists(pid_t pid)
{
	return !kill(pid, 0) || errno == EPERM;
}

/* Its state and the kernel's flags. Return: false if it has gone. */
static bool read_stat(pid_t pid, char *state, unsigned int *flags)
{
	char path[64], line[512], *end;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	file = fopen(path, "r");
	if (!file)
		return false;
	/* Whatever its name has in it, the last parenthesis is behind that. */
	end = fgets(line, sizeof(line), file) ? strrchr(line, ')') : NULL;
	fclose(file);
	return end && sscanf(end, ") %c %*d %*d %*d %*d %*d %u", state, flags) == 2;
}

/*
 * Is this namespace of the process another one than our pid namespace?  One
 * that has no process yet has no link either.
 */
static bool is_elsewhere(pid_t pid, const char *namespace)
{
	char path[64], own[64], its[64];
	ssize_t n = readlink("/proc/self/ns/pid", own, sizeof(own)), m;

	snprintf(path, sizeof(path), "/proc/%d/ns/%s", pid, namespace);
	m = readlink(path, its, sizeof(its));
	if (n > 0 && m < 0)
		return errno == ENOENT;
	return n > 0 && (n != m || memcmp(own, its, n));
}

static int is_thread(const struct dirent *entry)
{
	return process_number(entry->d_name) > 0;
}

/* The numbers of its threads. Return: how many; @threads is to be freed. */
static int list_threads(pid_t pid, pid_t **threads)
{
	struct dirent **entries;
	char path[64];
	int n, i;

	*threads = NULL;
	snprintf(path, sizeof(path), "/proc/%d/task", pid);
	n = scandir(path, &entries, is_thread, NULL);
	if (n < 0)
		return 0;
	*threads = calloc(n + 1, sizeof(**threads));
	for (i = 0; i < n; i++) {
		if (*threads)
			(*threads)[i] = process_number(entries[i]->d_name);
		free(entries[i]);
	}
	free(entries);
	return *threads ? n : 0;
}

static const char *problem(pid_t pid, int nr_threads, bool keep)
{
	unsigned int flags;
	char state;

	if (!read_stat(pid, &state, &flags) || state == 'Z')
		return NULL;
	if (pid == 1 && !own_name()[0])
		return "is the system's init";
	if (flags & PF_KTHREAD)
		return "is a kernel thread";
	if (is_elsewhere(pid, "pid"))
		return "is in a pid namespace";
	if (is_elsewhere(pid, "pid_for_children"))
		return "has its children to come in a pid namespace";
	if (!keep && nr_threads > 1)
		return "has several threads, whose numbers would change under them; --pids=keep keeps them";
	return NULL;
}

static bool refused_below(pid_t pid, pid_t thread, bool keep, struct fault *why)
{
	bool found = false;
	char path[64];
	FILE *file;
	int child;

	snprintf(path, sizeof(path), "/proc/%d/task/%d/children", pid, thread);
	file = fopen(path, "r");
	while (file && !found && fscanf(file, "%d", &child) == 1)
		found = process_refusal(child, true, keep, why);
	if (file)
		fclose(file);
	return found;
}

/**
 * process_refusal() - why the kernel will never have a process in a container
 * @pid: the process
 * @tree: its descendants were to go along
 * @keep: they were to keep their numbers
 * @why: filled in if that is so
 *
 * Return: whether there is a reason.
 */
bool process_refusal(pid_t pid, bool tree, bool keep, struct fault *why)
{
	pid_t *threads;
	int n = list_threads(pid, &threads), i;
	const char *text = problem(pid, n, keep);
	bool refused = text;

	if (text)
		fault_set(why, "process %d %s", pid, text);
	for (i = 0; tree && !refused && i < n; i++)
		refused = refused_below(pid, threads[i], keep, why);
	free(threads);
	return refused;
}
