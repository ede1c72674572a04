// SPDX-License-Identifier: GPL-2.0
/*
 * Which containers and groups there are, and which processes are in them.
 */
#include "compiler.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "groups.h"
#include "names.h"
#include "plain.h"
#include "rows.h"

/**
 * struct looking - on the way
 * @rows: what has been found
 * @processes: all that can be seen, sorted
 * @nr_processes: how many
 * @h: whose groups are being looked at
 * @base: how many rows there were before these
 */
struct looking {
	struct rows *rows;
	pid_t *processes;
	size_t nr_processes;
	const struct hierarchy *h;
	size_t base;
};

static int no_memory(struct fault *why)
{
	fault_set(why, "no memory");
	return -1;
}

/**
 * container_tasks_parse() - understand /proc/container/NAME/tasks
 * @text: what that has: number inside, number here, name
 * @pids: set to an array of the numbers here, to be freed
 *
 * Return: how many; -1: no memory.
 */
ssize_t container_tasks_parse(const char *text, pid_t **pids)
{
	size_t room = 1, nr = 0;
	const char *p;

	for (p = text; *p; p++)
		room += *p == '\n';
	*pids = malloc(room * sizeof(**pids));
	if (!*pids)
		return -1;
	for (p = text; *p && nr < room; p += strcspn(p, "\n"), p += !!*p)
		if (sscanf(p, "%*d %d", &(*pids)[nr]) == 1)
			nr++;
	return nr;
}

/* Numbers of threads are known by no directory that shows. */
static size_t only_processes(const struct looking *l, pid_t *pids, size_t nr)
{
	size_t i, k = 0;

	for (i = 0; i < nr; i++)
		if (bsearch(&pids[i], l->processes, l->nr_processes, sizeof(*pids),
			    pids_compare))
			pids[k++] = pids[i];
	return k;
}

/* One that ends meanwhile is left out. */
static int look_at_container(struct looking *l, const char *path, struct fault *why)
{
	int fd = container_open(path, "tasks", O_RDONLY, why);
	char *text = fd >= 0 ? proc_read_all(fd) : NULL;
	struct row *row;
	ssize_t nr;

	if (!text)
		return 0;
	row = row_add(l->rows);
	nr = row ? container_tasks_parse(text, &row->pids) : -1;
	free(text);
	if (row)
		row->name = strdup(path);
	if (nr < 0 || !row->name)
		return no_memory(why);
	row->tasks = nr;
	row->nr_pids = only_processes(l, row->pids, nr);
	return 0;
}

static int look_at_containers(struct looking *l, const char *path, struct fault *why)
{
	char **children;
	int n, i, ret = 0;

	if (path[0])
		ret = look_at_container(l, path, why);
	n = container_children(path, &children);
	for (i = 0; i < n; i++) {
		if (!ret)
			ret = look_at_containers(l, children[i], why);
		free(children[i]);
	}
	free(children);
	return ret;
}

/* As in /proc/PID/container. */
static char *group_name(const struct looking *l, const char *path)
{
	char *escaped = path_escaped(path), *name = NULL;

	if (escaped && asprintf(&name, "%s:%s", l->h->names, escaped) < 0)
		name = NULL;
	free(escaped);
	return name;
}

/* Not the root: that is the whole machine. */
static int look_at_group(const struct group *group, void *owner, struct fault *why)
{
	struct looking *l = owner;
	struct row *row;
	ssize_t nr, tasks;
	pid_t *threads;
	char *usage;

	if (!group->depth)
		return 0;
	row = row_add(l->rows);
	if (!row)
		return no_memory(why);
	row->group = true;
	/* Rows follow in the order of the groups, without the first of these. */
	row->parent = group->parent ? l->base + group->parent : 0;
	row->name = group_name(l, group->path);
	tasks = group_pids(group, "tasks", &threads);
	free(threads);
	nr = group_pids(group, "procs", &row->pids);
	if (!row->name || tasks < 0 || nr < 0)
		return no_memory(why);
	row->tasks = tasks;
	row->nr_pids = nr;
	if (names_have(l->h->names, "cpuacct", strlen("cpuacct"))) {
		usage = group_value(group, "cpuacct", "usage");
		row->has_usage = usage;
		row->usage = usage ? strtoull(usage, NULL, 10) : 0;
		free(usage);
	}
	return 0;
}

static int look_at_hierarchies(struct looking *l, struct fault *why)
{
	const struct hierarchy_mount *m;
	struct hierarchies all;
	struct groups groups;
	size_t i;
	int ret;

	ret = hierarchies_read(&all, why);
	/* A module without hierarchies has containers all the same. */
	if (ret && errno == ENOENT)
		ret = 0;
	for (i = 0; i < all.nr && !ret; i++) {
		m = all.list[i].number ? hierarchy_place(&all.list[i]) : NULL;
		if (!m)
			continue;
		l->h = &all.list[i];
		l->base = l->rows->nr;
		ret = groups_walk(&groups, m->dir, "/", m->noprefix, look_at_group, l, why);
		groups_free(&groups);
	}
	hierarchies_free(&all);
	return ret;
}

static int sample_all(struct rows *rows, struct fault *why)
{
	size_t nr = 0, i;
	pid_t *pids;
	int ret;

	for (i = 0; i < rows->nr; i++)
		nr += rows->list[i].nr_pids;
	pids = malloc((nr + 1) * sizeof(*pids));
	if (!pids)
		return no_memory(why);
	for (i = 0, nr = 0; i < rows->nr; i++) {
		/* Without any there may be no array. */
		if (rows->list[i].nr_pids)
			memcpy(pids + nr, rows->list[i].pids,
			       rows->list[i].nr_pids * sizeof(*pids));
		nr += rows->list[i].nr_pids;
	}
	ret = sample_take(&rows->sample, pids, nr);
	free(pids);
	return ret ? no_memory(why) : 0;
}

/**
 * rows_read() - look at all containers and groups
 * @rows: filled in; for rows_free() in any case
 * @why: filled in on failure
 *
 * Return: 0 or -1.
 */
int rows_read(struct rows *rows, struct fault *why)
{
	struct looking l = { .rows = rows };
	struct timespec t;
	ssize_t nr;
	char *text;
	int ret;

	memset(rows, 0, sizeof(*rows));
	/* Whether the module is there; without it there is nothing to be seen. */
	text = proc_read_control(why);
	if (!text)
		return -1;
	free(text);
	clock_gettime(CLOCK_MONOTONIC, &t);
	rows->ns = t.tv_sec * 1000000000ull + t.tv_nsec;
	nr = processes_read(&l.processes);
	if (nr < 0) {
		fault_set(why, "cannot read /proc: %s", strerror(errno));
		free(l.processes);
		return -1;
	}
	l.nr_processes = nr;
	ret = look_at_containers(&l, "", why);
	if (!ret)
		ret = look_at_hierarchies(&l, why);
	free(l.processes);
	return ret ? ret : sample_all(rows, why);
}
