/* SPDX-License-Identifier: GPL-2.0 */
#ifndef CONTAINERCTL_NAMES_H
#define CONTAINERCTL_NAMES_H

#include <stdbool.h>
#include <sys/types.h>

#include "proc.h"

struct command;

/*
 * A container is named by its path: A/B is the container B inside the container
 * A, and its files are in /proc/container/A/B/.
 */
bool name_is_valid(const char *path, struct fault *why);
const char *own_name(void);
char *name_path(const char *word, struct fault *why);
const char *name_from_line(const struct command *cmd, const char *word);
const char *name_leaf(const char *path);
char *name_parent(const char *path);

bool container_exists(const char *path);
int container_children(const char *path, char ***children);
char *container_of_process(pid_t pid);

#endif
