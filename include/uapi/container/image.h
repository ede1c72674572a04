/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/*
 * The image of a checkpointed container: what a checkpoint writes, and what a
 * restart reads.
 *
 * An image is a sequence of records, written and read in one pass.  All numbers
 * are little-endian, all structures are naturally aligned, every record begins
 * at a multiple of 8 bytes:
 *
 *	struct container_image_record	24 bytes
 *	payload				@length bytes
 *	zeros				up to a multiple of 8 bytes
 *	struct container_image_tail	8 bytes
 *
 * The first record is CONTAINER_IMAGE_HEADER, the last one CONTAINER_IMAGE_END;
 * an image without the latter is incomplete.  Between them there is all that is
 * to be known about the processes, then CONTAINER_IMAGE_MEMORY, and then what is
 * in their memory.  Documentation/image-format.md has it all.
 */
#ifndef _UAPI_CONTAINER_IMAGE_H
#define _UAPI_CONTAINER_IMAGE_H

#include <linux/types.h>

/* Four letters, so that a reader can name what it does not know. */
#define CONTAINER_IMAGE_TYPE(a, b, c, d)				\
	((__u32)(a) | (__u32)(b) << 8 | (__u32)(c) << 16 | (__u32)(d) << 24)

/**
 * struct container_image_record - in front of every payload
 * @type: CONTAINER_IMAGE_TYPE(); says what the payload is
 * @flags: CONTAINER_IMAGE_OPTIONAL or 0
 * @id: which one of that type: a number in the container (pid, tid), or one that
 *	the image gives to what several records refer to; 0 where there is one
 * @crc: CRC32C of this structure with 0 in this place
 * @length: bytes of the payload, at most CONTAINER_IMAGE_LENGTH_MAX
 */
struct container_image_record {
	__u32 type;
	__u32 flags;
	__u32 id;
	__u32 crc;
	__u64 length;
};

/* A reader that does not know the type may go on without it. */
#define CONTAINER_IMAGE_OPTIONAL	1

/* Enough for 256 pages and what is said about them. */
#define CONTAINER_IMAGE_LENGTH_MAX	(2u << 20)

/**
 * struct container_image_tail - behind every payload
 * @crc: CRC32C of the payload and the zeros behind it
 * @sequence: number of the record, from 0
 */
struct container_image_tail {
	__u32 crc;
	__u32 sequence;
};

/* What it begins with: an image, and no other file. */
#define CONTAINER_IMAGE_HEADER	CONTAINER_IMAGE_TYPE('C', 'T', 'I', 'M')
/* How long it is about to be. */
#define CONTAINER_IMAGE_TOTAL	CONTAINER_IMAGE_TYPE('T', 'O', 'T', 'L')
/* What programs can ask for that want to be told of checkpoints. */
#define CONTAINER_IMAGE_COUNTS	CONTAINER_IMAGE_TYPE('C', 'N', 'T', 'S')
/* Which number a new process gets. */
#define CONTAINER_IMAGE_NEXT	CONTAINER_IMAGE_TYPE('N', 'E', 'X', 'T')
/* No more about processes; what follows is memory. No payload. */
#define CONTAINER_IMAGE_MEMORY	CONTAINER_IMAGE_TYPE('M', 'E', 'M', ' ')
#define CONTAINER_IMAGE_END	CONTAINER_IMAGE_TYPE('E', 'N', 'D', ' ')

#define CONTAINER_IMAGE_VERSION	1
#define CONTAINER_IMAGE_NAME	64	/* with the 0 at its end */
#define CONTAINER_IMAGE_RELEASE	64	/* the same */

/**
 * struct container_image_header - payload of CONTAINER_IMAGE_HEADER
 * @version: CONTAINER_IMAGE_VERSION
 * @page_size: 4096
 * @xfeatures: components of the extended state of the processor that may be in
 *	       use (the bits of XCR0), and
 * @xsize: bytes of that, as ptrace's NT_X86_XSTATE has them
 * @flags: CONTAINER_IMAGE_KEEP, CONTAINER_IMAGE_NO_REAPER
 * @realtime: when it was taken: nanoseconds since the epoch
 * @monotonic: the same by CLOCK_MONOTONIC, which timers refer to
 * @boottime: the same by CLOCK_BOOTTIME
 * @name: of the container
 * @release: of the kernel, as uname -r has it
 */
struct container_image_header {
	__u32 version;
	__u32 page_size;
	__u64 xfeatures;
	__u32 xsize;
	__u32 flags;
	__u64 realtime;
	__u64 monotonic;
	__u64 boottime;
	char name[CONTAINER_IMAGE_NAME];
	char release[CONTAINER_IMAGE_RELEASE];
};

#define CONTAINER_IMAGE_KEEP		1	/* made with pids=keep */
#define CONTAINER_IMAGE_NO_REAPER	2	/* made with init=off */

/**
 * struct container_image_total - payload of CONTAINER_IMAGE_TOTAL, for who shows how
 * far an image has come
 * @bytes: of the whole image, estimated: pages of zeros, and those that several
 *	   memories have in common, count as if they were in it each time
 * @pages: how many pages that estimate has
 */
struct container_image_total {
	__u64 bytes;
	__u64 pages;
};

/**
 * struct container_image_counts - payload of CONTAINER_IMAGE_COUNTS
 * @checkpoints: how many have been taken of the container, this one included
 * @restarts: how often it has been restarted
 */
struct container_image_counts {
	__u64 checkpoints;
	__u64 restarts;
};

/**
 * struct container_image_next - payload of CONTAINER_IMAGE_NEXT
 * @number: the first one that is tried; they are given out in a circle
 * @reserved: 0
 */
struct container_image_next {
	__u32 number;
	__u32 reserved;
};

/**
 * struct container_image_end - payload of CONTAINER_IMAGE_END
 * @records: how many there are before it
 * @pages: how many pages of memory are among them
 */
struct container_image_end {
	__u64 records;
	__u64 pages;
};

#endif
