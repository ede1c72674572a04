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
void proc_explain(struct fault *why, const char *what, int err);

/* Containers are named by their paths here; see names.h. */
int container_open(const char *name, const char *leaf, int flags, struct fault *why);
char *proc_read_all(int fd);
char *proc_read_control(struct fault *why);
int proc_write_control(const char *name, const char *options, struct fault *why);
char *proc_read_status(const char *name, struct fault *why);
char *status_value(const char *text, const char *key);
long container_id(const char *name);
int container_create(const char *name, const char *options, struct fault *why);
int container_enter(const char *name, struct fault *why);
int container_signal(const char *name, int sig, struct fault *why);

#endif
