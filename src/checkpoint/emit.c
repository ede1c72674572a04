// SPDX-License-Identifier: GPL-2.0
/* Records on their way to the reader of an image, in pieces of his choice. */
#include <linux/highmem.h>
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
	e->buffer = kvmalloc(CT_EMIT_BUFFER, GFP_KERNEL_ACCOUNT);
	return e->buffer ? 0 : -ENOMEM;
}

/**
 * ct_emit_end - the record has been read
 * @e: there is none now
 */
void ct_emit_end(struct ct_emit *e)
{
	while (e->nr_pages)
		put_page(e->page[--e->nr_pages]);
	kvfree(e->owned);
	e->owned = NULL;
	e->size = 0;
	e->done = 0;
}

/**
 * ct_emit_free - no more is to be read
 * @e: initialised, or zeros
 */
void ct_emit_free(struct ct_emit *e)
{
	ct_emit_end(e);
	ct_emit_pipe_free(e);
	kvfree(e->buffer);
	e->buffer = NULL;
}

static u32 payload_crc(const struct ct_emit *e)
{
	u32 crc = ct_crc32c(0, e->payload, e->front);
	unsigned int i;

	for (i = 0; i < e->nr_pages; i++) {
		void *data = kmap_local_page(e->page[i]);

		crc = ct_crc32c(crc, data, PAGE_SIZE);
		kunmap_local(data);
	}
	return crc;
}

static void start(struct ct_emit *e, const void *payload)
{
	e->payload = payload;
	e->front = e->rec.length + CT_IMAGE_PADDING(e->rec.length) -
		   e->nr_pages * PAGE_SIZE;
	ct_image_tail(&e->tail, payload_crc(e), e->sequence++);
	e->size = CT_IMAGE_RECORD_SIZE(e->rec.length);
	e->done = 0;
}

/**
 * ct_emit_record - a record is next
 * @e: there is none
 * @r: belongs to @e from now on
 */
void ct_emit_record(struct ct_emit *e, struct ct_out_record *r)
{
	e->owned = r;
	e->rec = r->rec;
	start(e, r->payload);
}

/**
 * ct_emit_payload - what is in the buffer is next
 * @e: there is none
 * @type: of the record
 * @id: which one
 * @length: of what is in @e->buffer, less than %CT_EMIT_BUFFER
 */
void ct_emit_payload(struct ct_emit *e, u32 type, u32 id, size_t length)
{
	memset(e->buffer + length, 0, CT_IMAGE_PADDING(length));
	ct_image_begin(&e->rec, type, 0, id, length);
	start(e, e->buffer);
}

/**
 * ct_emit_pages - pages are next
 * @e: there is none; struct container_image_pages and the
 *     addresses are in @e->buffer. The pages in @e->page belong to @e from now on,
 *     and nobody may be able to write to them any more, ever
 * @id: of the memory
 * @n: how many there are
 */
void ct_emit_pages(struct ct_emit *e, u32 id, unsigned int n)
{
	size_t front = sizeof(struct container_image_pages) + n * sizeof(u64);

	e->nr_pages = n;
	ct_image_begin(&e->rec, CONTAINER_IMAGE_PAGES, 0, id, front + n * PAGE_SIZE);
	start(e, e->buffer);
}

/**
 * ct_emit_part - what comes next
 * @e: the record
 *
 * Return: its bytes from @e->done on, as far as they are in one place; valid until
 * the next record is begun.
 */
struct ct_part ct_emit_part(const struct ct_emit *e)
{
	size_t head = sizeof(e->rec), body = e->size - sizeof(e->tail);
	size_t at = e->done;

	if (at == e->size)
		return (struct ct_part) {};
	if (at < head)
		return (struct ct_part) {
			.data = (const u8 *)&e->rec + at, .length = head - at,
		};
	if (at >= body)
		return (struct ct_part) {
			.data = (const u8 *)&e->tail + (at - body),
			.length = e->size - at,
		};
	at -= head;
	if (at < e->front)
		return (struct ct_part) {
			.data = e->payload + at, .length = e->front - at,
		};
	at -= e->front;
	return (struct ct_part) {
		.page = e->page[at >> PAGE_SHIFT],
		.offset = offset_in_page(at),
		.length = PAGE_SIZE - offset_in_page(at),
	};
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
	struct ct_part part = ct_emit_part(e);
	size_t n = min(size, part.length);
	unsigned long missing;

	if (part.page) {
		void *data = kmap_local_page(part.page);

		missing = copy_to_user(ubuf, data + part.offset, n);
		kunmap_local(data);
	} else {
		missing = copy_to_user(ubuf, part.data, n);
	}
	if (missing)
		return -EFAULT;
	e->done += n;
	return n;
}
