/* SPDX-License-Identifier: GPL-2.0 */
/* Records on their way to the reader of an image, in pieces of his choice. */
#ifndef CT_CHECKPOINT_EMIT_H
#define CT_CHECKPOINT_EMIT_H

#include <linux/types.h>

#include <container/image.h>

struct ct_out_record;

/**
 * struct ct_emit - the record being read
 * @rec: its head
 * @tail: what follows it
 * @payload: what it says, with its padding
 * @buffer: for payloads that are built when they are wanted
 * @owned: memory of @payload, to be freed
 * @size: bytes of the whole record; 0: there is none
 * @done: how many of them have been read
 * @sequence: of the record to come
 */
struct ct_emit {
	struct container_image_record rec;
	struct container_image_tail tail;
	const void *payload;
	void *buffer;
	struct ct_out_record *owned;
	size_t size;
	size_t done;
	u32 sequence;
};

int ct_emit_init(struct ct_emit *e);
void ct_emit_free(struct ct_emit *e);
void ct_emit_record(struct ct_emit *e, struct ct_out_record *r);
void ct_emit_payload(struct ct_emit *e, u32 type, u32 id, size_t length);
ssize_t ct_emit_copy(struct ct_emit *e, char __user *ubuf, size_t size);

#endif
