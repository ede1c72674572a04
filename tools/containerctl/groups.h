/* SPDX-License-Identifier: GPL-2.0 */
#ifndef CONTAINERCTL_GROUPS_H
#define CONTAINERCTL_GROUPS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>

#include "hierarchies.h"

/**
 * struct group - a group of a hierarchy
 * @path: from the root of the hierarchy; that is "/"
 * @depth: how far below the first
 * @parent: index of the one above; of the first its own
 * @last: none follows that is right below the same one
 * @dir: open while it is being visited
 * @noprefix: of the hierarchy
 */
struct group {
	char *path;
	unsigned int depth;
	size_t parent;
	bool last;
	int dir;
	bool noprefix;
};

/**
 * struct groups - a group and all below it, each before those below
 * @list: they
 * @nr: how many
 */
struct groups {
	struct group *list;
	size_t nr;
};

/*
 * Called for each group while its directory is open; what it was called for before
 * may have been moved.  -1 with a sentence ends the walk, 0 goes on.
 */
typedef int (*group_visit)(const struct group *group, void *owner, struct fault *why);

int groups_walk(struct groups *groups, const char *dir, const char *path, bool noprefix,
		group_visit visit, void *owner, struct fault *why);
void groups_free(struct groups *groups);

char *group_value(const struct group *group, const char *subsys, const char *file);
ssize_t group_pids(const struct group *group, const char *file, pid_t **pids);
ssize_t pids_parse(const char *text, pid_t **pids);

const char *path_leaf(const char *path);

#endif
