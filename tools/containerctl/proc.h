/* SPDX-License-Identifier: GPL-2.0 */
#ifndef CONTAINERCTL_PROC_H
#define CONTAINERCTL_PROC_H

#include <stdbool.h>
#include <stddef.h>

#include "compiler.h"

/* The module's file, and the directory of the same name. */
#define PROC_CONTAINER		"/proc/container"
#define PROC_CONTAINER_DIR	PROC_CONTAINER "/"

/**
 * struct fault - why something could not be done, in a sentence for a person
 */
struct fault {
	char text[512];
};

__printf(2, 3) void fault_set(struct fault *why, const char *fmt, ...);

bool name_is_valid(const char *name, struct fault *why);
char *proc_read_list(struct fault *why);
char *proc_read_status(const char *name, struct fault *why);
long container_id(const char *name);
int container_create(const char *name, const char *options, struct fault *why);
int container_enter(const char *name, struct fault *why);
int container_signal(const char *name, int sig, struct fault *why);

#endif
