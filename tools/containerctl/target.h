/* SPDX-License-Identifier: GPL-2.0 */
#ifndef CONTAINERCTL_TARGET_H
#define CONTAINERCTL_TARGET_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "proc.h"

struct mover;

/**
 * struct target - where an image goes to
 * @name: what to call it
 * @fd: what is to be written to
 * @file: what that ends in, if zstd(1) is between, or -1
 * @zstd: pid of that, or 0
 * @path: of the file, once it is complete; NULL: it has no other name until then
 * @temporary: of the file until then
 */
struct target {
	const char *name;
	int fd;
	int file;
	pid_t zstd;
	const char *path;
	char *temporary;
};

int target_open(struct target *t, const char *path, bool compress, struct fault *why);
int target_from(struct target *t, const char *name, int fd, bool compress,
		struct fault *why);
int target_write(struct target *t, const void *data, size_t size, struct fault *why);
int target_move(struct target *t, struct mover *m, size_t size, struct fault *why);
int target_finish(struct target *t, struct fault *why);
void target_drop(struct target *t);

#endif
