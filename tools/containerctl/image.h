/* SPDX-License-Identifier: GPL-2.0 */
#ifndef CONTAINERCTL_IMAGE_H
#define CONTAINERCTL_IMAGE_H

#include <stddef.h>
#include <stdint.h>

#include <container/image.h>

#include "image/codec.h"
#include "proc.h"
#include "progress.h"
#include "source.h"

/* Exit status for an image that is not what it should be. */
#define EXIT_BAD_IMAGE	1

/**
 * struct image_process - a process in an image
 * @pid: its number in the container
 * @parent: its parent's
 * @pgrp: its group's
 * @session: its session's
 * @flags: CONTAINER_IMAGE_ZOMBIE and so on
 * @threads: how many it has
 * @found: how many of these have been found
 * @comm: the name of the first
 */
struct image_process {
	uint32_t pid;
	uint32_t parent;
	uint32_t pgrp;
	uint32_t session;
	uint32_t flags;
	uint32_t threads;
	uint32_t found;
	char comm[32];
};

/**
 * struct image - an image that is being looked at
 * @reader: what takes it apart
 * @header: its header
 * @processes: what is known about its processes
 * @nr_processes: how many these are
 * @threads: how many threads there are
 * @total: how many bytes it will have, as far as it says so itself
 * @record: called for every record, with its payload; NULL: nothing is to be done
 * @take: called for all that is read, once it has been found good so far; -1 with
 *	  a sentence if it cannot be taken; NULL: as with @record
 * @owner: for @take and @record
 * @leave_end: do not try to read more than the image
 * @until_memory: go no farther than to where the memory begins, and some of it;
 *		  image_pass() can be called again without this for the rest
 */
struct image {
	struct ct_image_reader reader;
	struct container_image_header header;
	struct image_process *processes;
	size_t nr_processes;
	size_t threads;
	uint64_t total;
	void (*record)(struct image *image, const void *payload);
	int (*take)(struct image *image, const void *data, size_t size,
		    struct fault *why);
	void *owner;
	bool leave_end;
	bool until_memory;
};

int image_pass(struct image *image, struct source *s, struct progress *progress,
	       struct fault *why);
int image_scan(struct image *image, const char *path, struct progress *progress,
	       struct fault *why);
void image_free(struct image *image);
const char *image_time(const struct image *image, char text[32]);

#endif
