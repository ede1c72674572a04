/* SPDX-License-Identifier: GPL-2.0 */
#ifndef CONTAINERCTL_HIERARCHIES_H
#define CONTAINERCTL_HIERARCHIES_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "proc.h"

/* The list of all hierarchies, and what statfs(2) says of a group. */
#define PROC_CONTAINERS		"/proc/containers"
#define HIERARCHY_MAGIC		0x636f6e74

/**
 * struct hierarchy_mount - a place where a hierarchy is mounted
 * @dir: the mount point
 * @root: the group that is there; "/" is the whole
 * @dev: of its file system
 * @noprefix: files are called FILE, not SUBSYS.FILE
 */
struct hierarchy_mount {
	char *dir;
	char *root;
	dev_t dev;
	bool noprefix;
};

/**
 * struct hierarchy - one of them
 * @number: its number; 0: what is in no hierarchy
 * @tasks: how many are in its root group
 * @groups: how many groups it has, the root included
 * @names: its subsystems, commas between them; empty: none
 * @mounts: where it is mounted, as the caller sees it
 * @nr_mounts: in how many places
 */
struct hierarchy {
	unsigned int number;
	unsigned long tasks;
	unsigned long groups;
	char *names;
	struct hierarchy_mount *mounts;
	size_t nr_mounts;
};

/**
 * struct hierarchies - all of them
 * @list: they
 * @nr: how many
 */
struct hierarchies {
	struct hierarchy *list;
	size_t nr;
};

int hierarchies_parse(struct hierarchies *all, const char *text, struct fault *why);
int hierarchies_parse_mounts(struct hierarchies *all, const char *text, struct fault *why);
int hierarchies_read(struct hierarchies *all, struct fault *why);
void hierarchies_free(struct hierarchies *all);

bool names_have(const char *names, const char *name, size_t len);
const struct hierarchy *hierarchies_find(const struct hierarchies *all, const char *name,
					 size_t len);
const struct hierarchy_mount *hierarchy_place(const struct hierarchy *h);

#endif
