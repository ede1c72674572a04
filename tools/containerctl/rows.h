/* SPDX-License-Identifier: GPL-2.0 */
#ifndef CONTAINERCTL_ROWS_H
#define CONTAINERCTL_ROWS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "hierarchies.h"
#include "usage.h"

/**
 * struct row - a container or a group, and what it uses
 * @name: its path, of a group with the subsystems before it
 * @group: which of the two
 * @parent: of a group: 1 + index of the group above; 0: of the root
 * @tasks: how many threads
 * @pids: its processes; of a group without those below
 * @nr_pids: how many
 * @has_usage: it has a count of its own
 * @usage: that, in nanoseconds
 * @cpu: per cent of a CPU; negative: not known yet
 * @time: CPU time, in nanoseconds
 * @memory: resident, in bytes
 * @spent: for @cpu
 */
struct row {
	char *name;
	bool group;
	size_t parent;
	size_t tasks;
	pid_t *pids;
	size_t nr_pids;
	bool has_usage;
	uint64_t usage;
	double cpu;
	uint64_t time;
	uint64_t memory;
	struct spent spent;
};

/**
 * struct rows - a look at all containers and groups
 * @list: containers, then groups, each before those below
 * @nr: how many
 * @sample: their processes
 * @ns: when that was taken
 */
struct rows {
	struct row *list;
	size_t nr;
	struct sample sample;
	uint64_t ns;
};

enum rows_order {
	ROWS_BY_CPU,
	ROWS_BY_MEMORY,
	ROWS_BY_TASKS,
	ROWS_BY_NAME,
	ROWS_ORDERS,
};

int rows_read(struct rows *rows, struct fault *why);
void rows_free(struct rows *rows);
void rows_evaluate(struct rows *now, const struct rows *before, unsigned int ticks,
		   unsigned int cpus);
void rows_sort(struct rows *rows, enum rows_order order);
void rows_print(const struct rows *rows, size_t room, FILE *out);
void rows_to_json(const struct rows *rows, FILE *out);

struct row *row_add(struct rows *rows);
ssize_t container_tasks_parse(const char *text, pid_t **pids);

#endif
