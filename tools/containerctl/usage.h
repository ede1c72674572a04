/* SPDX-License-Identifier: GPL-2.0 */
#ifndef CONTAINERCTL_USAGE_H
#define CONTAINERCTL_USAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/**
 * struct usage - what a process has used
 * @pid: its number here
 * @ppid: its parent's; 0: none that is seen from here
 * @start: when it was started, in ticks since the machine was; tells two of one
 *	   number apart
 * @own: CPU time of its threads, in ticks
 * @all: that, and what the children have used that it has waited for
 * @memory: resident, in bytes
 * @inherited: how much of @all was counted as that of others in the sample before,
 *	       which have ended since
 */
struct usage {
	pid_t pid;
	pid_t ppid;
	uint64_t start;
	uint64_t own;
	uint64_t all;
	uint64_t memory;
	uint64_t inherited;
};

/**
 * struct sample - what some processes had used at one time
 * @list: they, sorted by their numbers
 * @nr: how many
 * @boot: the time, in ticks since the machine was started
 */
struct sample {
	struct usage *list;
	size_t nr;
	uint64_t boot;
};

/**
 * struct spent - what some processes have used from one sample to the next
 * @own: by themselves, in ticks
 * @all: with the children that have been waited for meanwhile; it can be less where
 *	 some have ended that nobody has waited for
 */
struct spent {
	uint64_t own;
	int64_t all;
};

int stat_parse(const char *text, size_t page_size, struct usage *u);
int sample_take(struct sample *s, pid_t *pids, size_t nr);
void sample_free(struct sample *s);
const struct usage *sample_find(const struct sample *s, pid_t pid);
void sample_inherit(struct sample *now, const struct sample *before);
void spent_add(struct spent *spent, const struct usage *u, const struct sample *before);
uint64_t spent_ticks(const struct spent *spent, uint64_t limit);

int pids_compare(const void *a, const void *b);
size_t pids_unique(pid_t *pids, size_t nr);
ssize_t processes_read(pid_t **pids);

#endif
