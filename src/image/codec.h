/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The records of an image: making them, and taking them from a stream.
 *
 * Pure logic: the module, the tools and the unit tests have the same.
 */
#ifndef CT_IMAGE_CODEC_H
#define CT_IMAGE_CODEC_H

#include <container/image.h>

#include "image/env.h"

/* Room for a sentence about what is wrong with an image. */
#define CT_IMAGE_WHY_MAX	192

/* Bytes of zeros behind a payload. */
#define CT_IMAGE_PADDING(length)	(-(length) & 7)

/* Bytes of a whole record. */
#define CT_IMAGE_RECORD_SIZE(length)					\
	(sizeof(struct container_image_record) + (length) +		\
	 CT_IMAGE_PADDING(length) + sizeof(struct container_image_tail))

__u32 ct_crc32c(__u32 crc, const void *data, size_t size);
__u32 ct_crc32c_by_table(__u32 crc, const void *data, size_t size);

void ct_image_begin(struct container_image_record *rec, __u32 type, __u32 flags,
		    __u32 id, __u64 length);
void ct_image_tail(struct container_image_tail *tail, __u32 crc, __u32 sequence);

/**
 * enum ct_image_state - what a reader is about to read
 */
enum ct_image_state {
	CT_IMAGE_RECORD,
	CT_IMAGE_PAYLOAD,
	CT_IMAGE_TAIL,
	CT_IMAGE_DONE,
};

/**
 * struct ct_image_reader - takes records from a stream that comes in pieces
 * @state: what comes next
 * @rec: head of the record being read
 * @tail: what follows it
 * @payload: where its payload goes; the owner provides it in @alloc, and frees it
 *	     if the reader is given up while this is not NULL
 * @done: bytes of the current part that are there
 * @size: bytes of the payload and the zeros behind it
 * @offset: bytes of the image so far
 * @crc: of the payload so far
 * @sequence: number of the current record
 * @err: what the first error was
 * @memory: CONTAINER_IMAGE_MEMORY has been there
 * @skip: the payload goes nowhere: its type is unknown, and it may be left out
 * @nowhere: where that is
 * @where: where ct_image_room() has said that the next bytes go
 * @pages: pages of memory so far
 * @ops: the owner's
 * @why: after an error a sentence
 */
struct ct_image_reader {
	enum ct_image_state state;
	struct container_image_record rec;
	struct container_image_tail tail;
	void *payload;
	__u64 done;
	__u64 size;
	__u64 offset;
	__u32 crc;
	__u32 sequence;
	int err;
	bool memory;
	bool skip;
	__u8 nowhere[256];
	__u8 *where;
	__u64 pages;
	const struct ct_image_ops *ops;
	char why[CT_IMAGE_WHY_MAX];
};

/**
 * struct ct_image_ops - what the owner of a reader does
 * @alloc: memory for a payload, with the zeros behind it; NULL if there is none.
 *	   Not called for records without a payload
 * @record: a record is there, and is what it was when it was made. The owner has
 *	    @reader->payload from now on, which is NULL if @reader->rec.length is
 *	    0. 0 or a negative errno, with a sentence in @why
 * @place: where the byte @reader->done of the payload goes, for who does not want
 *	   all of it behind each other; @room is how many are missing yet, to be
 *	   lowered to how many go there. What the codec looks at itself has to be at
 *	   its place in @reader->payload: the fixed part, and records that are not of
 *	   pages. NULL: all of it is
 */
struct ct_image_ops {
	void *(*alloc)(struct ct_image_reader *reader, __u64 size);
	int (*record)(struct ct_image_reader *reader);
	void *(*place)(struct ct_image_reader *reader, size_t *room);
};

void ct_image_reader_init(struct ct_image_reader *reader,
			  const struct ct_image_ops *ops);
int ct_image_feed(struct ct_image_reader *reader, const void *data, size_t size);
void *ct_image_room(struct ct_image_reader *reader, size_t *room);
int ct_image_filled(struct ct_image_reader *reader, size_t size);
int ct_image_finish(struct ct_image_reader *reader);

#endif
