/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Images of checkpoints taken apart and put together again, for tests that give
 * wrong ones to a restart.  This is not the code that the module has.
 */
#ifndef CT_IMAGE_TEST_H
#define CT_IMAGE_TEST_H

#include "ct-checkpoint.h"

#include <container/image.h>

struct cr_record {
	struct container_image_record rec;
	unsigned char *payload;
	bool summed;	/* it has not been changed, and this is its sum: */
	uint32_t sum;
};

struct cr_records {
	struct cr_record *record;
	size_t count, room;
};

static inline uint32_t cr_crc32c(uint32_t crc, const void *data, size_t size)
{
	static uint32_t table[256];
	const unsigned char *at = data;
	uint32_t i, j, value;

	if (!table[1]) {
		for (i = 0; i < 256; i++) {
			for (value = i, j = 0; j < 8; j++)
				value = value >> 1 ^ (value & 1 ? 0x82f63b78 : 0);
			table[i] = value;
		}
	}
	for (crc = ~crc; size--; at++)
		crc = crc >> 8 ^ table[(crc ^ *at) & 255];
	return ~crc;
}

static inline size_t cr_padded(uint64_t length)
{
	return (length + 7) & ~7UL;
}

static inline size_t cr_record_size(uint64_t length)
{
	return sizeof(struct container_image_record) + cr_padded(length) +
	       sizeof(struct container_image_tail);
}

/* Puts a copy of a record at a place. */
static inline void cr_insert(struct cr_records *all, size_t at,
			     const struct container_image_record *rec,
			     const void *payload)
{
	struct cr_record *record;

	if (all->count == all->room) {
		all->room = 2 * all->room + 64;
		all->record = realloc(all->record,
				      all->room * sizeof(*all->record));
		CT_CHECK(all->record);
	}
	record = &all->record[at];
	memmove(record + 1, record, (all->count++ - at) * sizeof(*record));
	record->rec = *rec;
	record->summed = false;
	record->payload = calloc(1, cr_padded(rec->length) + 8);
	CT_CHECK(record->payload);
	memcpy(record->payload, payload, rec->length);
}

static inline void cr_delete(struct cr_records *all, size_t at)
{
	free(all->record[at].payload);
	all->count--;
	memmove(&all->record[at], &all->record[at + 1],
		(all->count - at) * sizeof(*all->record));
}

/* Takes an image apart, which must be a right one. */
static inline struct cr_records cr_take_apart(const struct cr_image *image)
{
	struct cr_records all = { 0 };
	size_t at = 0;

	while (at < image->size) {
		const struct container_image_record *rec;

		rec = (const void *)(image->data + at);
		CT_CHECK(image->size - at >= cr_record_size(0));
		CT_CHECK(rec->length <= CONTAINER_IMAGE_LENGTH_MAX);
		CT_CHECK(image->size - at >= cr_record_size(rec->length));
		cr_insert(&all, all.count, rec, rec + 1);
		at += cr_record_size(rec->length);
	}
	CT_CHECK(all.count > 3);
	CT_EQ(CONTAINER_IMAGE_HEADER, all.record[0].rec.type);
	CT_EQ(CONTAINER_IMAGE_END, all.record[all.count - 1].rec.type);
	return all;
}

static inline void cr_records_free(struct cr_records *all)
{
	while (all->count)
		cr_delete(all, all->count - 1);
	free(all->record);
	memset(all, 0, sizeof(*all));
}

/* Puts them together, with all sums and numbers as they have to be. */
static inline struct cr_image cr_put_together(const struct cr_records *all)
{
	struct container_image_tail tail;
	struct cr_image image = { 0 };
	size_t i, at = 0;

	for (i = 0; i < all->count; i++)
		image.size += cr_record_size(all->record[i].rec.length);
	image.data = malloc(image.size);
	CT_CHECK(image.data);
	for (i = 0; i < all->count; i++) {
		struct container_image_record rec = all->record[i].rec;
		size_t padded = cr_padded(rec.length);

		rec.crc = 0;
		rec.crc = cr_crc32c(0, &rec, sizeof(rec));
		memcpy(image.data + at, &rec, sizeof(rec));
		memcpy(image.data + at + sizeof(rec), all->record[i].payload, padded);
		tail.crc = all->record[i].summed ? all->record[i].sum :
			   cr_crc32c(0, all->record[i].payload, padded);
		tail.sequence = i;
		memcpy(image.data + at + sizeof(rec) + padded, &tail, sizeof(tail));
		at += cr_record_size(rec.length);
	}
	return image;
}

/* The four letters of a type. */
static inline const char *cr_type_name(uint32_t type)
{
	static char name[5];

	memcpy(name, &type, 4);
	return name;
}

#endif
