// SPDX-License-Identifier: GPL-2.0
/*
 * What processes use, from their files under /proc, and how much of that since the
 * last look.
 *
 * When a process ends, what it has used becomes part of what the children of its
 * parent have.  So the sum over both, children included, goes on as if nothing had
 * happened, and processes that begin and end between two looks are in it too.
 */
#include "compiler.h"

#include <ctype.h>
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "proc.h"
#include "usage.h"

/**
 * stat_parse() - understand /proc/PID/stat
 * @text: what that has
 * @page_size: in bytes
 * @u: filled in
 *
 * Return: 0 or -1: that is not what it should be.
 */
int stat_parse(const char *text, size_t page_size, struct usage *u)
{
	unsigned long long user, system, start;
	long long children_user, children_system, pages;
	/* There can be anything in the name but a NUL. */
	const char *rest = strrchr(text, ')');

	memset(u, 0, sizeof(*u));
	if (!rest || sscanf(text, "%d (", &u->pid) != 1)
		return -1;
	/* State, parent, fields 5 to 13, the times, 18 to 21, start, size, pages. */
	if (sscanf(rest + 1,
		   " %*c %d %*d %*d %*d %*d %*u %*u %*u %*u %*u %llu %llu %lld %lld %*d %*d %*d %*d %llu %*u %lld",
		   &u->ppid, &user, &system, &children_user, &children_system, &start,
		   &pages) != 7)
		return -1;
	u->start = start;
	u->own = user + system;
	u->all = u->own + children_user + children_system;
	u->memory = pages > 0 ? pages * page_size : 0;
	return 0;
}

int pids_compare(const void *a, const void *b)
{
	pid_t x = *(const pid_t *)a, y = *(const pid_t *)b;

	return (x > y) - (x < y);
}

/* Sorts them, and leaves each once. Return: how many are left. */
size_t pids_unique(pid_t *pids, size_t nr)
{
	size_t i, k = 0;

	qsort(pids, nr, sizeof(*pids), pids_compare);
	for (i = 0; i < nr; i++)
		if (!k || pids[k - 1] != pids[i])
			pids[k++] = pids[i];
	return k;
}

/**
 * processes_read() - the numbers of all processes that can be seen
 * @pids: set to a sorted array of them, to be freed
 *
 * Return: how many, or -1.
 */
ssize_t processes_read(pid_t **pids)
{
	DIR *dir = opendir("/proc");
	size_t nr = 0, room = 0;
	struct dirent *entry;
	pid_t *bigger;

	*pids = NULL;
	while (dir && (entry = readdir(dir))) {
		if (!isdigit((unsigned char)entry->d_name[0]))
			continue;
		if (nr == room) {
			room = room ? room * 2 : 256;
			bigger = realloc(*pids, room * sizeof(**pids));
			if (!bigger) {
				closedir(dir);
				return -1;
			}
			*pids = bigger;
		}
		(*pids)[nr++] = atoi(entry->d_name);
	}
	if (!dir)
		return -1;
	closedir(dir);
	return pids_unique(*pids, nr);
}

static int read_usage(pid_t pid, size_t page_size, struct usage *u)
{
	char path[32], text[4096];
	ssize_t n;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -1;
	n = read(fd, text, sizeof(text) - 1);
	close(fd);
	if (n <= 0)
		return -1;
	text[n] = '\0';
	return stat_parse(text, page_size, u) || u->pid != pid ? -1 : 0;
}

static uint64_t ticks_now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_BOOTTIME, &t);
	return t.tv_sec * sysconf(_SC_CLK_TCK) +
	       t.tv_nsec / (1000000000 / sysconf(_SC_CLK_TCK));
}

/**
 * sample_take() - look at processes
 * @s: filled in; those that have gone are left out
 * @pids: their numbers, in any order and more than once; sorted by this
 * @nr: how many
 *
 * Return: 0 or -1: no memory.
 */
int sample_take(struct sample *s, pid_t *pids, size_t nr)
{
	size_t page_size = sysconf(_SC_PAGESIZE), i;

	nr = pids_unique(pids, nr);
	s->nr = 0;
	s->list = malloc((nr + 1) * sizeof(*s->list));
	if (!s->list)
		return -1;
	/* Before the first of them: what is started from now on is new next time. */
	s->boot = ticks_now();
	for (i = 0; i < nr; i++)
		if (!read_usage(pids[i], page_size, &s->list[s->nr]))
			s->nr++;
	return 0;
}

void sample_free(struct sample *s)
{
	free(s->list);
	memset(s, 0, sizeof(*s));
}

const struct usage *sample_find(const struct sample *s, pid_t pid)
{
	size_t low = 0, high = s->nr, middle;

	while (low < high) {
		middle = (low + high) / 2;
		if (s->list[middle].pid == pid)
			return &s->list[middle];
		if (s->list[middle].pid < pid)
			low = middle + 1;
		else
			high = middle;
	}
	return NULL;
}

/* The same process in another sample. */
static const struct usage *find_same(const struct sample *s, const struct usage *u)
{
	const struct usage *other = sample_find(s, u->pid);

	return other && other->start == u->start ? other : NULL;
}

/* Who has waited for one that has ended: the next above it that is still there. */
static struct usage *find_heir(const struct sample *now, const struct sample *before,
			       const struct usage *dead)
{
	const struct usage *above = dead, *heir = NULL;
	size_t steps;

	/* Numbers are read one after the other: a ring is possible. */
	for (steps = 0; !heir && steps < before->nr; steps++) {
		above = sample_find(before, above->ppid);
		if (!above)
			return NULL;
		heir = find_same(now, above);
	}
	return (struct usage *)heir;
}

/**
 * sample_inherit() - find what those have left who have ended
 * @now: a sample, whose @inherited are filled in
 * @before: the one before
 */
void sample_inherit(struct sample *now, const struct sample *before)
{
	struct usage *heir;
	size_t i;

	for (i = 0; i < now->nr; i++)
		now->list[i].inherited = 0;
	for (i = 0; i < before->nr; i++) {
		if (find_same(now, &before->list[i]))
			continue;
		heir = find_heir(now, before, &before->list[i]);
		if (heir)
			heir->inherited += before->list[i].all;
	}
}

/**
 * spent_add() - add what a process has used since the sample before
 * @spent: added to
 * @u: the process now, after sample_inherit()
 * @before: that sample
 *
 * Of one that is older than that sample but was not in it nothing is known.
 */
void spent_add(struct spent *spent, const struct usage *u, const struct sample *before)
{
	const struct usage *old = find_same(before, u);

	if (old) {
		spent->own += u->own > old->own ? u->own - old->own : 0;
		spent->all += (int64_t)(u->all - old->all) - (int64_t)u->inherited;
	} else if (u->start >= before->boot) {
		spent->own += u->own;
		spent->all += (int64_t)u->all - (int64_t)u->inherited;
	}
}

/* What is certain at least, and no more than the CPUs can have given. */
uint64_t spent_ticks(const struct spent *spent, uint64_t limit)
{
	uint64_t ticks = spent->own;

	if (spent->all > 0 && (uint64_t)spent->all > ticks)
		ticks = spent->all;
	return ticks < limit ? ticks : limit;
}
