// SPDX-License-Identifier: GPL-2.0
/* The records of an image that is being restored, to be found by type and id. */
#include <linux/hash.h>
#include <linux/slab.h>

#include "checkpoint/checkpoint.h"
#include "checkpoint/in.h"

/*
 * Records with the same type and id are linked, in the order of the image; the
 * first is in the table. Types have four letters: 64 bits are enough for both.
 */
static unsigned int bucket_of(u32 type, u32 id)
{
	return hash_64((u64)type << 32 | id, CT_IN_BITS);
}

static struct ct_record *find(const struct ct_in *in, u32 type, u32 id)
{
	struct ct_record *record;

	hlist_for_each_entry(record, &in->table[bucket_of(type, id)], hash)
		if (record->rec.type == type && record->rec.id == id)
			return record;
	return NULL;
}

/**
 * ct_in_init - no records yet
 * @in: to be ended with ct_in_free()
 *
 * Return: 0 or -ENOMEM.
 */
int ct_in_init(struct ct_in *in)
{
	INIT_LIST_HEAD(&in->all);
	in->bytes = 0;
	in->table = kvcalloc(1 << CT_IN_BITS, sizeof(*in->table),
			     GFP_KERNEL_ACCOUNT);
	return in->table ? 0 : -ENOMEM;
}

/**
 * ct_in_add - a record has been read
 * @in: to here
 * @rec: its head
 * @payload: what it says; from kvmalloc(); belongs to @in on success
 *
 * Return: 0 or -ENOMEM.
 */
int ct_in_add(struct ct_in *in, const struct container_image_record *rec,
	      void *payload)
{
	struct ct_record *record = kzalloc(sizeof(*record), GFP_KERNEL_ACCOUNT);
	struct ct_record *first;

	if (!record)
		return -ENOMEM;
	record->rec = *rec;
	record->payload = payload;
	first = find(in, rec->type, rec->id);
	if (first) {
		first->last->next = record;
		first->last = record;
	} else {
		record->last = record;
		hlist_add_head(&record->hash,
			       &in->table[bucket_of(rec->type, rec->id)]);
	}
	list_add_tail(&record->list, &in->all);
	in->bytes += rec->length;
	return 0;
}

/**
 * ct_in_free - forget all records
 * @in: initialised, or zeros
 */
void ct_in_free(struct ct_in *in)
{
	struct ct_record *record, *next;

	if (!in->table)
		return;
	list_for_each_entry_safe(record, next, &in->all, list) {
		kvfree(record->payload);
		kfree(record);
	}
	kvfree(in->table);
	in->table = NULL;
}

/**
 * ct_in_find - find a record
 * @in: the image
 * @type: CONTAINER_IMAGE_TYPE()
 * @id: which one
 *
 * Return: the first one in the image, NULL if there is none. Its payload has at
 * least the fixed part that fields_*.c tells of, and a multiple of elements
 * behind it.
 */
const struct ct_record *ct_in_find(const struct ct_in *in, u32 type, u32 id)
{
	return find(in, type, id);
}

/**
 * ct_in_next - find the next record of the same type and id
 * @record: from ct_in_find() or ct_in_next()
 *
 * Return: it, NULL if there is none.
 */
const struct ct_record *ct_in_next(const struct ct_record *record)
{
	return record->next;
}
