// SPDX-License-Identifier: GPL-2.0
/* Records on their way to the reader of an image, in pieces of his choice. */
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "checkpoint/emit.h"
#include "checkpoint/out.h"
#include "image/codec.h"

/**
 * ct_emit_init - nothing to be read yet
 * @e: zeros; to be ended with ct_emit_free()
 *
 * Return: 0 or -ENOMEM.
 */
int ct_emit_init(struct ct_emit *e)
{
	e->buffer = kvmalloc(CONTAINER_IMAGE_LENGTH_MAX, GFP_KERNEL_ACCOUNT);
	return e->buffer ? 0 : -ENOMEM;
}

/**
 * ct_emit_free - no more is to be read
 * @e: initialised, or zeros
 */
void ct_emit_free(struct ct_emit *e)
{
	kvfree(e->owned);
	kvfree(e->buffer);
	e->owned = NULL;
	e->buffer = NULL;
}

static void start(struct ct_emit *e, const void *payload)
{
	size_t padded = e->rec.length + CT_IMAGE_PADDING(e->rec.length);

	e->payload = payload;
	ct_image_tail(&e->tail, ct_crc32c(0, payload, padded), e->sequence++);
	e->size = CT_IMAGE_RECORD_SIZE(e->rec.length);
	e->done = 0;
}

/**
 * ct_emit_record - a record is next
 * @e: the one before it has been read
 * @r: belongs to @e from now on
 */
void ct_emit_record(struct ct_emit *e, struct ct_out_record *r)
{
	kvfree(e->owned);
	e->owned = r;
	e->rec = r->rec;
	start(e, r->payload);
}

/**
 * ct_emit_payload - what is in the buffer is next
 * @e: the one before it has been read
 * @type: of the record
 * @id: which one
 * @length: of what is in @e->buffer
 */
void ct_emit_payload(struct ct_emit *e, u32 type, u32 id, size_t length)
{
	memset(e->buffer + length, 0, CT_IMAGE_PADDING(length));
	ct_image_begin(&e->rec, type, 0, id, length);
	start(e, e->buffer);
}

static ssize_t copy_part(char __user *ubuf, size_t size, const void *part,
			 size_t length, size_t offset)
{
	size_t n = min(size, length - offset);

	return copy_to_user(ubuf, part + offset, n) ? -EFAULT : n;
}

/**
 * ct_emit_copy - read on
 * @e: the record
 * @ubuf: to here
 * @size: at most so much
 *
 * Return: how many bytes, of one part of the record; 0: it is at its end;
 * -EFAULT.
 */
ssize_t ct_emit_copy(struct ct_emit *e, char __user *ubuf, size_t size)
{
	size_t head = sizeof(e->rec), body = e->size - sizeof(e->tail);
	ssize_t n;

	if (e->done == e->size)
		return 0;
	if (e->done < head)
		n = copy_part(ubuf, size, &e->rec, head, e->done);
	else if (e->done < body)
		n = copy_part(ubuf, size, e->payload, body - head,
			      e->done - head);
	else
		n = copy_part(ubuf, size, &e->tail, sizeof(e->tail),
			      e->done - body);
	if (n > 0)
		e->done += n;
	return n;
}
