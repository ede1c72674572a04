/* SPDX-License-Identifier: GPL-2.0 */
#ifndef CONTAINERCTL_SOURCE_H
#define CONTAINERCTL_SOURCE_H

#include <stdint.h>
#include <sys/types.h>

#include "proc.h"

/* How much is read and written at a time. */
#define SOURCE_PIECE	(1 << 20)

/**
 * struct source - an image being read from a file, perhaps a compressed one
 * @name: what to call it
 * @fd: where the image comes from
 * @file: the file itself, if the image comes out of zstd(1), or -1
 * @size: of the file, if it is a regular one, otherwise 0
 * @zstd: pid of that, or 0
 * @feeder: pid of what feeds that, or 0
 * @head: what had to be read to see what it is
 * @nr_head: how many bytes of it there are still to be given out
 * @err: errno of a read that failed
 */
struct source {
	const char *name;
	int fd;
	int file;
	uint64_t size;
	pid_t zstd;
	pid_t feeder;
	unsigned char head[4];
	size_t nr_head;
	int err;
};

int source_open(struct source *s, const char *path, struct fault *why);
void source_from(struct source *s, const char *name, int fd);
ssize_t source_read(struct source *s, void *data, size_t size, struct fault *why);
uint64_t source_position(const struct source *s);
int source_close(struct source *s, struct fault *why);
int write_all(int fd, const void *data, size_t size);

#endif
