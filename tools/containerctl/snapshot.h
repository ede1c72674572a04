/* SPDX-License-Identifier: GPL-2.0 */
#ifndef CONTAINERCTL_SNAPSHOT_H
#define CONTAINERCTL_SNAPSHOT_H

#include <stdbool.h>
#include <stdio.h>

#include "proc.h"
#include "source.h"
#include "target.h"

/* How often a checkpoint is tried, where something is in the way that passes. */
#define SNAPSHOT_TRIES	10

/* Exit status of check if something cannot be saved. */
#define EXIT_BLOCKED	1

/**
 * struct snapshot - a checkpoint on its way from the kernel to a target
 * @name: of the container, by its path
 * @how: words for the kernel: "stop", "kill"; empty: none
 * @source: the kernel's file; what becomes of the container is decided when it is
 *	    closed
 * @target: where it goes
 * @bytes: of the image
 * @always: show how far it is even where standard error is no terminal
 */
struct snapshot {
	const char *name;
	const char *how;
	struct source source;
	struct target target;
	unsigned long long bytes;
	bool always;
};

int snapshot_open(struct snapshot *s, struct fault *why);
int snapshot_stream(struct snapshot *s, struct fault *why);
int snapshot_end(struct snapshot *s, struct fault *why);
void snapshot_close(struct snapshot *s);

char *blockers_read(const char *name, struct fault *why);
void blockers_print(const char *text, FILE *out);
bool blockers_pass(const char *name);
bool blockers_complain(const char *name);

#endif
