/* SPDX-License-Identifier: GPL-2.0 */
/* Records on their way to the reader of an image, in pieces of his choice. */
#ifndef CT_CHECKPOINT_EMIT_H
#define CT_CHECKPOINT_EMIT_H

#include <linux/types.h>

#include <container/image.h>
#include <container/image_mm.h>

struct ct_out_record;
struct ct_pieces;
struct page;
struct pipe_inode_info;

/* Bytes of what is built when it is wanted; pages are not among them. */
#define CT_EMIT_BUFFER	(32u << 10)

/**
 * struct ct_emit - the record being read
 * @rec: its head
 * @tail: what follows it
 * @payload: what it says, with its padding; of a record of pages what is in front
 *	     of these
 * @front: bytes of @payload
 * @buffer: for payloads that are built when they are wanted
 * @owned: memory of @payload, to be freed
 * @size: bytes of the whole record; 0: there is none
 * @done: how many of them have been read
 * @sequence: of the record to come
 * @pieces: what is about to be given to a pipe (emit_pipe.c); NULL: nothing ever was
 * @nr_pages: how many there are in @page
 * @page: behind @payload, with references; nobody writes to them any more
 */
struct ct_emit {
	struct container_image_record rec;
	struct container_image_tail tail;
	const void *payload;
	size_t front;
	void *buffer;
	struct ct_out_record *owned;
	size_t size;
	size_t done;
	u32 sequence;
	struct ct_pieces *pieces;
	unsigned int nr_pages;
	struct page *page[CONTAINER_IMAGE_PAGES_MAX];
};

/**
 * struct ct_part - bytes of a record that are in one place
 * @data: they; NULL: they are in a page
 * @page: that
 * @offset: where in it
 * @length: how many; 0: the record is at its end
 */
struct ct_part {
	const void *data;
	struct page *page;
	size_t offset;
	size_t length;
};

int ct_emit_init(struct ct_emit *e);
void ct_emit_free(struct ct_emit *e);
void ct_emit_end(struct ct_emit *e);
void ct_emit_record(struct ct_emit *e, struct ct_out_record *r);
void ct_emit_payload(struct ct_emit *e, u32 type, u32 id, size_t length);
void ct_emit_pages(struct ct_emit *e, u32 id, unsigned int n);
struct ct_part ct_emit_part(const struct ct_emit *e);
ssize_t ct_emit_copy(struct ct_emit *e, char __user *ubuf, size_t size);

/* emit_pipe.c: by reference */
int ct_emit_pipe_begin(struct ct_emit *e, struct pipe_inode_info *pipe);
ssize_t ct_emit_pipe_add(struct ct_emit *e, size_t size);
ssize_t ct_emit_pipe_end(struct ct_emit *e, struct pipe_inode_info *pipe);
void ct_emit_pipe_free(struct ct_emit *e);

#endif
