// SPDX-License-Identifier: GPL-2.0
/* Records in memory, between the moment of a checkpoint and its being read. */
#include <linux/slab.h>

#include "checkpoint/checkpoint.h"
#include "checkpoint/out.h"

/**
 * ct_out_init - no records yet
 * @out: to be ended with ct_out_free()
 */
void ct_out_init(struct ct_out *out)
{
	memset(out, 0, sizeof(*out));
	INIT_LIST_HEAD(&out->first);
}

static void *append(struct ct_out *out, u32 type, u32 flags, u32 id, size_t length)
{
	struct ct_out_record *r;

	if (WARN_ON_ONCE(length > CONTAINER_IMAGE_LENGTH_MAX))
		return NULL;
	r = kvzalloc(struct_size(r, payload, length + CT_IMAGE_PADDING(length)),
		     GFP_KERNEL_ACCOUNT);
	if (!r)
		return NULL;
	ct_image_begin(&r->rec, type, flags, id, length);
	list_add_tail(&r->list, &out->first);
	out->bytes += CT_IMAGE_RECORD_SIZE(length);
	out->records++;
	return r->payload;
}

/**
 * ct_out_record - append a record
 * @out: to here
 * @type: CONTAINER_IMAGE_TYPE()
 * @id: which one; see struct container_image_record
 * @length: bytes of the payload, at most %CONTAINER_IMAGE_LENGTH_MAX
 *
 * Context: may sleep.
 * Return: the payload, zeroed, to be filled in before anything is read; NULL
 * without memory.
 */
void *ct_out_record(struct ct_out *out, u32 type, u32 id, size_t length)
{
	return append(out, type, 0, id, length);
}

/**
 * ct_out_optional - append a record that a reader may go on without
 * @out: to here
 * @type: CONTAINER_IMAGE_TYPE()
 * @id: which one
 * @length: bytes of the payload, at most %CONTAINER_IMAGE_LENGTH_MAX
 *
 * Context: may sleep.
 * Return: as ct_out_record().
 */
void *ct_out_optional(struct ct_out *out, u32 type, u32 id, size_t length)
{
	return append(out, type, CONTAINER_IMAGE_OPTIONAL, id, length);
}

/**
 * ct_out_take - take the first record out
 * @out: from here
 *
 * Return: the record, to be freed with kvfree(); NULL: there is none.
 */
struct ct_out_record *ct_out_take(struct ct_out *out)
{
	struct ct_out_record *r;

	r = list_first_entry_or_null(&out->first, struct ct_out_record, list);
	if (r) {
		list_del(&r->list);
		out->bytes -= CT_IMAGE_RECORD_SIZE(r->rec.length);
	}
	return r;
}

/**
 * ct_out_free - forget all records
 * @out: empty afterwards
 */
void ct_out_free(struct ct_out *out)
{
	struct ct_out_record *r;

	while ((r = ct_out_take(out)))
		kvfree(r);
}
