/* SPDX-License-Identifier: GPL-2.0 */
/* Images for tests: making them, changing them, and reading them in pieces. */
#ifndef UNIT_IMAGE_MAKE_H
#define UNIT_IMAGE_MAKE_H

#include <stdlib.h>
#include "image/codec.h"
#include "image/fields.h"

/* Nobody knows this one. */
#define TYPE_UNKNOWN	CONTAINER_IMAGE_TYPE('X', 'Y', 'Z', '9')

struct image {
	unsigned char *data;
	size_t size;
	unsigned int records;
};

static inline void image_add(struct image *image, __u32 type, __u32 flags, __u32 id,
			     const void *payload, size_t length)
{
	size_t padded = length + CT_IMAGE_PADDING(length);
	struct container_image_record rec;
	struct container_image_tail tail;
	unsigned char *at;

	image->data = realloc(image->data, image->size + CT_IMAGE_RECORD_SIZE(length));
	at = image->data + image->size;
	ct_image_begin(&rec, type, flags, id, length);
	memcpy(at, &rec, sizeof(rec));
	at += sizeof(rec);
	memset(at, 0, padded);
	if (payload)
		memcpy(at, payload, length);
	ct_image_tail(&tail, ct_crc32c(0, at, padded), image->records++);
	memcpy(at + padded, &tail, sizeof(tail));
	image->size += CT_IMAGE_RECORD_SIZE(length);
}

static inline void image_header(struct image *image)
{
	struct container_image_header header = {
		.version = CONTAINER_IMAGE_VERSION,
		.page_size = 4096,
		.name = "unit",
		.release = "6.1.0",
	};

	image_add(image, CONTAINER_IMAGE_HEADER, 0, 0, &header, sizeof(header));
}

static inline void image_end(struct image *image)
{
	struct container_image_end end = { .records = image->records };

	image_add(image, CONTAINER_IMAGE_END, 0, 0, &end, sizeof(end));
}

/* One record of each type of one half of an image, full of zeros. */
static inline void image_all_types(struct image *image, bool memory)
{
	const struct ct_record_type *row;
	unsigned int n;

	for (n = 0; (row = ct_record_type_at(n)); n++)
		if (row->type != CONTAINER_IMAGE_HEADER &&
		    row->type != CONTAINER_IMAGE_MEMORY &&
		    row->type != CONTAINER_IMAGE_END && row->memory == memory)
			image_add(image, row->type, 0, n + 1, NULL,
				  row->size + row->element * (n % 3));
}

/* Make the checksums and numbers of what has been changed right again. */
static inline void image_repair(unsigned char *data, size_t size)
{
	struct container_image_record rec;
	struct container_image_tail tail;
	__u32 sequence = 0;

	while (size >= sizeof(rec) + sizeof(tail)) {
		__u64 padded;

		memcpy(&rec, data, sizeof(rec));
		padded = rec.length + CT_IMAGE_PADDING(rec.length);
		ct_image_begin(&rec, rec.type, rec.flags, rec.id, rec.length);
		memcpy(data, &rec, sizeof(rec));
		data += sizeof(rec);
		size -= sizeof(rec) + sizeof(tail);
		if (rec.length > size || padded > size)
			return;
		ct_image_tail(&tail, ct_crc32c(0, data, padded), sequence++);
		memcpy(data + padded, &tail, sizeof(tail));
		data += padded + sizeof(tail);
		size -= padded;
	}
}

/* What the owner of a reader has seen. */
static unsigned int seen_records;

static inline void *seen_alloc(struct ct_image_reader *reader, __u64 size)
{
	/* Exactly that: the sanitizer sees a byte too far. */
	return size > CONTAINER_IMAGE_LENGTH_MAX ? NULL : malloc(size);
}

static inline int seen_record(struct ct_image_reader *reader)
{
	seen_records++;
	free(reader->payload);
	return 0;
}

static const struct ct_image_ops seen_ops = {
	.alloc = seen_alloc,
	.record = seen_record,
};

/* Reads an image in pieces of so many bytes, 0: at once. */
static inline int image_read(struct ct_image_reader *reader, const void *data,
			     size_t size, size_t piece)
{
	const unsigned char *at = data;
	int err;

	seen_records = 0;
	ct_image_reader_init(reader, &seen_ops);
	while (size) {
		size_t n = piece && piece < size ? piece : size;
		/* Again so that a byte too far is seen. */
		void *exact = malloc(n);

		memcpy(exact, at, n);
		err = ct_image_feed(reader, exact, n);
		free(exact);
		if (err)
			break;
		at += n;
		size -= n;
	}
	err = ct_image_finish(reader);
	free(reader->payload);
	reader->payload = NULL;
	return err;
}

#endif
