// SPDX-License-Identifier: GPL-2.0
/*
 * What containers and groups use: arithmetic, order, output.
 */
#include "compiler.h"

#include <stdlib.h>
#include <string.h>

#include "json.h"
#include "progress.h"
#include "rows.h"
#include "table.h"

#define SECOND_NS	1000000000ull

struct row *row_add(struct rows *rows)
{
	struct row *bigger = realloc(rows->list, (rows->nr + 1) * sizeof(*bigger));

	if (!bigger)
		return NULL;
	rows->list = bigger;
	bigger += rows->nr++;
	memset(bigger, 0, sizeof(*bigger));
	return bigger;
}

void rows_free(struct rows *rows)
{
	size_t i;

	for (i = 0; i < rows->nr; i++) {
		free(rows->list[i].pids);
		free(rows->list[i].name);
	}
	free(rows->list);
	sample_free(&rows->sample);
	memset(rows, 0, sizeof(*rows));
}

static void add_processes(struct row *row, const struct sample *now,
			  const struct sample *before, unsigned int ticks)
{
	const struct usage *u;
	size_t i;

	for (i = 0; i < row->nr_pids; i++) {
		u = sample_find(now, row->pids[i]);
		if (!u)
			continue;
		row->memory += u->memory;
		row->time += u->all * (SECOND_NS / ticks);
		if (before)
			spent_add(&row->spent, u, before);
	}
}

/* Those above a group have what it has. */
static void add_to_parents(struct rows *rows)
{
	struct row *row, *parent;
	size_t i;

	for (i = rows->nr; i--;) {
		row = &rows->list[i];
		if (!row->parent)
			continue;
		parent = &rows->list[row->parent - 1];
		parent->tasks += row->tasks;
		parent->memory += row->memory;
		parent->time += row->time;
		parent->spent.own += row->spent.own;
		parent->spent.all += row->spent.all;
	}
}

static int compare_names(const void *a, const void *b)
{
	const struct row *x = *(const struct row **)a, *y = *(const struct row **)b;

	return x->group != y->group ? x->group - y->group : strcmp(x->name, y->name);
}

/* The rows in the order of their names, to find one. */
static const struct row **index_names(const struct rows *rows)
{
	const struct row **index = malloc((rows->nr + 1) * sizeof(*index));
	size_t i;

	for (i = 0; index && i < rows->nr; i++)
		index[i] = &rows->list[i];
	if (index)
		qsort(index, rows->nr, sizeof(*index), compare_names);
	return index;
}

/* It can be set to zero. */
static uint64_t since(uint64_t now, uint64_t before)
{
	return now < before ? now : now - before;
}

static double percent_of(const struct row *row, const struct row *old, uint64_t ns,
			 unsigned int ticks, unsigned int cpus)
{
	uint64_t used;

	if (row->has_usage && old && old->has_usage)
		used = since(row->usage, old->usage);
	else
		used = spent_ticks(&row->spent, cpus * (ns * ticks / SECOND_NS + 1)) *
		       (SECOND_NS / ticks);
	return 100.0 * used / ns;
}

static void evaluate_cpu(struct rows *now, const struct rows *before, unsigned int ticks,
			 unsigned int cpus)
{
	const struct row **index = index_names(before), **found, *key;
	size_t i;

	for (i = 0; i < now->nr; i++) {
		key = &now->list[i];
		found = index ? bsearch(&key, index, before->nr, sizeof(*index),
					compare_names) : NULL;
		now->list[i].cpu = percent_of(key, found ? *found : NULL,
					      now->ns - before->ns, ticks, cpus);
	}
	free(index);
}

/**
 * rows_evaluate() - from what has been read to what is shown
 * @now: a look at them, as read
 * @before: the one before; NULL: this is the first
 * @ticks: of a second, in which /proc counts
 * @cpus: how many there are
 */
void rows_evaluate(struct rows *now, const struct rows *before, unsigned int ticks,
		   unsigned int cpus)
{
	size_t i;

	if (before)
		sample_inherit(&now->sample, &before->sample);
	for (i = 0; i < now->nr; i++) {
		now->list[i].cpu = -1;
		add_processes(&now->list[i], &now->sample, before ? &before->sample : NULL,
			      ticks);
	}
	add_to_parents(now);
	for (i = 0; i < now->nr; i++)
		if (now->list[i].has_usage)
			now->list[i].time = now->list[i].usage;
	if (before && now->ns > before->ns)
		evaluate_cpu(now, before, ticks, cpus);
}

static int compare_numbers(double x, double y)
{
	return (x < y) - (x > y);
}

static int compare_rows(const void *a, const void *b, void *order)
{
	const struct row *x = a, *y = b;
	int ret = 0;

	/* Groups have names of another kind. */
	if (x->group != y->group)
		return x->group - y->group;
	switch (*(enum rows_order *)order) {
	case ROWS_BY_CPU:
		ret = compare_numbers(x->cpu, y->cpu);
		break;
	case ROWS_BY_MEMORY:
		ret = compare_numbers(x->memory, y->memory);
		break;
	case ROWS_BY_TASKS:
		ret = compare_numbers(x->tasks, y->tasks);
		break;
	default:
		break;
	}
	return ret ? ret : strcmp(x->name, y->name);
}

/* The largest first; after this @parent has no meaning any more. */
void rows_sort(struct rows *rows, enum rows_order order)
{
	qsort_r(rows->list, rows->nr, sizeof(*rows->list), compare_rows, &order);
}

/* A word of its own: "3.4MiB". */
static const char *memory_text(uint64_t bytes, char text[BYTES_TEXT])
{
	char *blank;

	bytes_text(bytes, text);
	blank = strchr(text, ' ');
	if (blank)
		memmove(blank, blank + 1, strlen(blank));
	return text;
}

/* @room: how wide it can be, or 0 */
void rows_print(const struct rows *rows, size_t room, FILE *out)
{
	char memory[BYTES_TEXT], time[TIME_TEXT];
	char *text = NULL;
	size_t size, i;
	FILE *cells = open_memstream(&text, &size);

	if (!cells)
		return;
	fputs("NAME\tTASKS\t%CPU\tCPUTIME\tMEMORY\n", cells);
	for (i = 0; i < rows->nr; i++) {
		const struct row *row = &rows->list[i];

		fprintf(cells, "%s\t%zu\t", row->name, row->tasks);
		if (row->cpu < 0)
			fputc('-', cells);
		else
			fprintf(cells, "%.1f", row->cpu);
		fprintf(cells, "\t%s\t%s\n", time_text(row->time, time),
			memory_text(row->memory, memory));
	}
	if (!fclose(cells))
		table_print(text, room, out);
	free(text);
}

void rows_to_json(const struct rows *rows, FILE *out)
{
	struct json j = { .out = out };
	size_t i;

	json_open(&j, NULL, '[');
	for (i = 0; i < rows->nr; i++) {
		const struct row *row = &rows->list[i];

		json_open(&j, NULL, '{');
		json_string(&j, "name", row->name);
		json_string(&j, "kind", row->group ? "group" : "container");
		json_unsigned(&j, "tasks", row->tasks);
		json_decimal(&j, "cpu", row->cpu < 0 ? 0 : row->cpu);
		json_unsigned(&j, "cputime", row->time);
		json_unsigned(&j, "memory", row->memory);
		json_close(&j, '}');
	}
	json_close(&j, ']');
}
