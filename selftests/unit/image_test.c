// SPDX-License-Identifier: GPL-2.0
/* Images: making records, reading them, and refusing what is none. */
/* sources: src/image/crc32c.c src/image/fields*.c */
#include <check.h>
#include <stdint.h>
#include <container/image_mm.h>
#include "image/codec.h"
#include "image/fields.h"
#include "image_make.h"

#define MUTATIONS	100000

static struct ct_image_reader reader;
static struct image image;

/* Small enough to try all that can be done to it. */
static void make_small(void)
{
	memset(&image, 0, sizeof(image));
	image_header(&image);
	image_add(&image, TYPE_UNKNOWN, CONTAINER_IMAGE_OPTIONAL, 7, "unknown", 7);
	image_add(&image, CONTAINER_IMAGE_MEMORY, 0, 0, NULL, 0);
	image_end(&image);
}

static void make_all_types(void)
{
	memset(&image, 0, sizeof(image));
	image_header(&image);
	image_all_types(&image, false);
	image_add(&image, CONTAINER_IMAGE_MEMORY, 0, 0, NULL, 0);
	image_all_types(&image, true);
	image_end(&image);
}

static void begin(void)
{
	memset(&image, 0, sizeof(image));
	image_header(&image);
}

static void finish(void)
{
	free(image.data);
	image.data = NULL;
}

static int read_image(size_t piece)
{
	return image_read(&reader, image.data, image.size, piece);
}

#define assert_refused(error, sentence)					\
do {									\
	ck_assert_int_eq(read_image(0), error);				\
	ck_assert_msg(strstr(reader.why, sentence), "said: %s", reader.why); \
} while (0)

START_TEST(test_crc)
{
	static unsigned char data[3 * 4096 + 100];
	size_t i, size, skip;

	ck_assert_uint_eq(ct_crc32c(0, "123456789", 9), 0xe3069283);
	ck_assert_uint_eq(ct_crc32c_by_table(0, "123456789", 9), 0xe3069283);
	ck_assert_uint_eq(ct_crc32c(0, NULL, 0), 0);
	/* RFC 3720, B.4: 32 zeros, and 32 bytes of ones */
	ck_assert_uint_eq(ct_crc32c(0, data, 32), 0x8a9136aa);
	memset(data, 255, 32);
	ck_assert_uint_eq(ct_crc32c(0, data, 32), 0x62a8ab43);
	for (i = 0; i < sizeof(data); i++)
		data[i] = i * i >> 3;
	for (skip = 0; skip < 9; skip++)
		for (size = 0; size < sizeof(data) - skip; size += 1 + size / 50)
			ck_assert_uint_eq(ct_crc32c(size, data + skip, size),
					  ct_crc32c_by_table(size, data + skip, size));
	for (size = 0; size < sizeof(data); size += 1 + size / 50)
		ck_assert_uint_eq(ct_crc32c(ct_crc32c(0, data, size), data + size,
					    sizeof(data) - size),
				  ct_crc32c(0, data, sizeof(data)));
}
END_TEST

START_TEST(test_good)
{
	make_small();
	ck_assert_int_eq(read_image(0), 0);
	ck_assert_str_eq(reader.why, "");
	ck_assert_uint_eq(seen_records, 3);
	ck_assert_uint_eq(reader.sequence, 4);
	ck_assert_uint_eq(reader.offset, image.size);
	finish();
	make_all_types();
	ck_assert_int_eq(read_image(0), 0);
	ck_assert_uint_eq(seen_records, image.records);
	finish();
}
END_TEST

START_TEST(test_pieces)
{
	size_t piece, cut;

	make_all_types();
	for (piece = 1; piece < 300; piece++) {
		ck_assert_int_eq(read_image(piece), 0);
		ck_assert_uint_eq(seen_records, image.records);
	}
	finish();
	make_small();
	for (cut = 0; cut <= image.size; cut++) {
		ct_image_reader_init(&reader, &seen_ops);
		ck_assert_int_eq(ct_image_feed(&reader, image.data, cut), 0);
		ck_assert_int_eq(ct_image_feed(&reader, image.data + cut,
					       image.size - cut), 0);
		ck_assert_int_eq(ct_image_finish(&reader), 0);
	}
	finish();
}
END_TEST

/* Who puts the bytes there on their own. */
START_TEST(test_room)
{
	size_t at = 0, room;
	void *to;

	make_small();
	ct_image_reader_init(&reader, &seen_ops);
	while (at < image.size) {
		to = ct_image_room(&reader, &room);
		ck_assert_uint_ne(room, 0);
		if (room > image.size - at)
			room = image.size - at;
		memcpy(to, image.data + at, room);
		ck_assert_int_eq(ct_image_filled(&reader, room), 0);
		at += room;
	}
	ck_assert_int_eq(ct_image_finish(&reader), 0);
	ck_assert_ptr_nonnull(ct_image_room(&reader, &room));
	ck_assert_int_eq(ct_image_filled(&reader, 0), 0);
	ck_assert_int_eq(ct_image_filled(&reader, 1), -EINVAL);
	ck_assert_ptr_nonnull(strstr(reader.why, "follows the end"));
	finish();
}
END_TEST

START_TEST(test_truncated)
{
	size_t size;

	make_all_types();
	for (size = 0; size < image.size; size++) {
		ck_assert_int_eq(image_read(&reader, image.data, size, 0), -ENODATA);
		ck_assert_ptr_nonnull(strstr(reader.why, size ? "ends early" : "empty"));
	}
	finish();
}
END_TEST

START_TEST(test_truncated_sentences)
{
	make_small();
	image_read(&reader, image.data, 10, 0);
	ck_assert_str_eq(reader.why,
			 "the image ends early, after 10 bytes of the head of record 0");
	image_read(&reader, image.data, CT_IMAGE_RECORD_SIZE(sizeof(struct container_image_header)),
		   0);
	ck_assert_str_eq(reader.why, "the image ends early, after record 0 (CTIM 0)");
	image_read(&reader, image.data, 100, 0);
	ck_assert_str_eq(reader.why,
			 "the image ends early, after 100 bytes of record 0 (CTIM 0)");
	image_read(&reader, image.data, image.size - 1, 0);
	ck_assert_str_eq(reader.why,
			 "the image ends early, after 47 bytes of record 3 (END 0)");
	finish();
}
END_TEST

START_TEST(test_flipped)
{
	size_t bit;

	make_small();
	for (bit = 0; bit < image.size * 8; bit++) {
		image.data[bit / 8] ^= 1 << bit % 8;
		ck_assert_msg(read_image(0) < 0, "bit %zu", bit);
		ck_assert_str_ne(reader.why, "");
		image.data[bit / 8] ^= 1 << bit % 8;
	}
	ck_assert_int_eq(read_image(0), 0);
	finish();
}
END_TEST

START_TEST(test_no_image)
{
	static const char *const files[] = {
		"#!/bin/sh\necho hello\n", "\177ELF\2\1\1", "CTIN.......................",
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(files); i++) {
		ck_assert_int_eq(image_read(&reader, files[i], strlen(files[i]), 0),
				 -EINVAL);
		ck_assert_str_eq(reader.why, "this is no image of a container");
	}
	ck_assert_int_eq(image_read(&reader, "\x28\xb5\x2f\xfd", 4, 0), -EINVAL);
	ck_assert_ptr_nonnull(strstr(reader.why, "compressed with zstd"));
	ck_assert_int_eq(image_read(&reader, "\x1f\x8b\x08\x00", 4, 0), -EINVAL);
	ck_assert_ptr_nonnull(strstr(reader.why, "compressed with gzip"));
}
END_TEST

START_TEST(test_header)
{
	struct container_image_header header = { .version = 2, .page_size = 4096 };

	memset(&image, 0, sizeof(image));
	image_add(&image, CONTAINER_IMAGE_HEADER, 0, 0, &header, 12);
	assert_refused(-EOPNOTSUPP, "of version 2; only version 1 is known");
	finish();
	memset(&image, 0, sizeof(image));
	header.version = 1;
	image_add(&image, CONTAINER_IMAGE_HEADER, 0, 0, &header, 12);
	assert_refused(-EINVAL, "type CTIM cannot have 12 bytes");
	finish();
	memset(&image, 0, sizeof(image));
	image_add(&image, CONTAINER_IMAGE_HEADER, 0, 0, &header, 2);
	assert_refused(-EINVAL, "no image");
	finish();
	memset(&image, 0, sizeof(image));
	memset(header.name, 'x', sizeof(header.name));
	image_add(&image, CONTAINER_IMAGE_HEADER, 0, 0, &header, sizeof(header));
	assert_refused(-EINVAL, "has no end");
	finish();
	memset(&image, 0, sizeof(image));
	header.page_size = 65536;
	image_add(&image, CONTAINER_IMAGE_HEADER, 0, 0, &header, sizeof(header));
	assert_refused(-EOPNOTSUPP, "pages of 65536 bytes");
	finish();
}
END_TEST

START_TEST(test_order)
{
	struct container_image_end end = { .records = 9 };
	static const char zeros[8];

	begin();
	image_end(&image);
	assert_refused(-EINVAL, "record 1 (END 0): the memory is missing");
	finish();
	begin();
	image_header(&image);
	assert_refused(-EINVAL, "an image begins within the image");
	finish();
	begin();
	image_add(&image, CONTAINER_IMAGE_MEMORY, 0, 0, NULL, 0);
	image_add(&image, CONTAINER_IMAGE_MEMORY, 0, 0, NULL, 0);
	assert_refused(-EINVAL, "two of these");
	finish();
	begin();
	image_add(&image, CONTAINER_IMAGE_MEMORY, 0, 3, NULL, 0);
	assert_refused(-EINVAL, "only one");
	finish();
	begin();
	image_add(&image, CONTAINER_IMAGE_PAGES, 0, 3, zeros, 8);
	assert_refused(-EINVAL, "record 1 (PAGE 3): memory comes before its place");
	finish();
	begin();
	image_add(&image, CONTAINER_IMAGE_MEMORY, 0, 0, NULL, 0);
	image_add(&image, CONTAINER_IMAGE_MM, 0, 3, NULL, 400);
	assert_refused(-EINVAL, "only memory can come here");
	finish();
	begin();
	image_add(&image, CONTAINER_IMAGE_MEMORY, 0, 0, NULL, 0);
	image_add(&image, CONTAINER_IMAGE_END, 0, 0, &end, sizeof(end));
	assert_refused(-EINVAL, "7 records are missing");
	finish();
	begin();
	image_add(&image, CONTAINER_IMAGE_MEMORY, 0, 0, NULL, 0);
	end.records = 2;
	end.pages = 5;
	image_add(&image, CONTAINER_IMAGE_END, 0, 0, &end, sizeof(end));
	assert_refused(-EINVAL, "5 pages of memory, not 0");
	finish();
	make_small();
	image.data = realloc(image.data, image.size + 1);
	image.data[image.size++] = 0;
	assert_refused(-EINVAL, "follows the end");
	finish();
}
END_TEST

/* A record is missing, or is there twice. */
START_TEST(test_sequence)
{
	size_t first = CT_IMAGE_RECORD_SIZE(sizeof(struct container_image_header));
	size_t second = CT_IMAGE_RECORD_SIZE(7);

	make_small();
	memmove(image.data + first, image.data + first + second,
		image.size - first - second);
	image.size -= second;
	assert_refused(-EINVAL, "record 2 is in its place");
	finish();
	make_small();
	memcpy(image.data + first + second, image.data + first, 32);
	ck_assert_int_eq(read_image(0), -EINVAL);
	finish();
}
END_TEST

START_TEST(test_types)
{
	static char big[CONTAINER_IMAGE_LENGTH_MAX + 8];

	begin();
	image_add(&image, TYPE_UNKNOWN, 0, 3, "x", 1);
	assert_refused(-EOPNOTSUPP, "records of type XYZ9 are not known here");
	finish();
	begin();
	image_add(&image, 0x01020304, 0, 3, "x", 1);
	assert_refused(-EOPNOTSUPP, "records of type 0x01020304 are not known here");
	finish();
	begin();
	image_add(&image, TYPE_UNKNOWN, 4, 3, "x", 1);
	assert_refused(-EOPNOTSUPP, "unknown flags 0x4");
	finish();
	begin();
	image_add(&image, CONTAINER_IMAGE_MEMORY, 0, 0, "x", 1);
	assert_refused(-EINVAL, "type MEM cannot have 1 bytes");
	finish();
	begin();
	image_add(&image, TYPE_UNKNOWN, CONTAINER_IMAGE_OPTIONAL, 0, big,
		  CONTAINER_IMAGE_LENGTH_MAX + 1);
	assert_refused(-EINVAL, "a length of 2097153 bytes");
	finish();
	begin();
	image_add(&image, TYPE_UNKNOWN, CONTAINER_IMAGE_OPTIONAL, 0, big,
		  CONTAINER_IMAGE_LENGTH_MAX);
	image_add(&image, CONTAINER_IMAGE_MEMORY, 0, 0, NULL, 0);
	image_end(&image);
	ck_assert_int_eq(read_image(0), 0);
	ck_assert_int_eq(read_image(1000), 0);
	finish();
}
END_TEST

/* What is behind a payload is under the checksum, but must be zeros as well. */
START_TEST(test_padding)
{
	unsigned char *behind;
	size_t piece;

	make_small();
	behind = image.data + CT_IMAGE_RECORD_SIZE(sizeof(struct container_image_header)) +
		 sizeof(struct container_image_record) + 7;
	*behind = 1;
	image_repair(image.data, image.size);
	for (piece = 0; piece < 10; piece++) {
		ck_assert_int_eq(read_image(piece), -EINVAL);
		ck_assert_ptr_nonnull(strstr(reader.why, "something behind it"));
	}
	finish();
}
END_TEST

static void *no_memory(struct ct_image_reader *r, __u64 size)
{
	return NULL;
}

static int refuse_silently(struct ct_image_reader *r)
{
	free(r->payload);
	return -E2BIG;
}

static int refuse_loudly(struct ct_image_reader *r)
{
	strcpy(r->why, "the owner says no");
	return refuse_silently(r);
}

START_TEST(test_owner)
{
	struct ct_image_ops ops = seen_ops;

	make_small();
	ops.alloc = no_memory;
	ct_image_reader_init(&reader, &ops);
	ck_assert_int_eq(ct_image_feed(&reader, image.data, image.size), -ENOMEM);
	ck_assert_ptr_null(reader.payload);
	ops.alloc = seen_alloc;
	ops.record = refuse_silently;
	ct_image_reader_init(&reader, &ops);
	ck_assert_int_eq(ct_image_feed(&reader, image.data, image.size), -E2BIG);
	ck_assert_ptr_nonnull(strstr(reader.why, "record 0 (CTIM 0)"));
	ck_assert_ptr_null(reader.payload);
	ops.record = refuse_loudly;
	ct_image_reader_init(&reader, &ops);
	ck_assert_int_eq(ct_image_feed(&reader, image.data, image.size), -E2BIG);
	ck_assert_str_eq(reader.why, "the owner says no");
	/* The first error stays. */
	ck_assert_int_eq(ct_image_feed(&reader, image.data, image.size), -E2BIG);
	ck_assert_int_eq(ct_image_finish(&reader), -E2BIG);
	finish();
}
END_TEST

static void check_fields(const struct ct_field *field, __u32 size)
{
	__u32 end = 0;

	for (; field && field->name; field++) {
		ck_assert_msg(field->offset >= end, "%s overlaps", field->name);
		end = field->offset + field->size;
		ck_assert_msg(end <= size, "%s is too far", field->name);
		if (field->kind != CT_FIELD_DEC && field->kind != CT_FIELD_SIGNED)
			continue;
		ck_assert_msg(field->size == 1 || field->size == 2 ||
			      field->size == 4 || field->size == 8,
			      "%s is a number of %u bytes", field->name, field->size);
	}
}

/* The tables are right in themselves. */
START_TEST(test_tables)
{
	const struct ct_record_type *row;
	unsigned int n, m;

	for (n = 0; (row = ct_record_type_at(n)); n++) {
		ck_assert_ptr_eq(ct_record_type(row->type), row);
		ck_assert_ptr_nonnull(row->name);
		for (m = 0; m < n; m++)
			ck_assert_str_ne(ct_record_type_at(m)->name, row->name);
		ck_assert_uint_le(row->size, CONTAINER_IMAGE_LENGTH_MAX);
		ck_assert_msg(row->size % 8 == 0, "%s has %u bytes", row->name, row->size);
		ck_assert_msg(!row->size == !(row->fields && row->fields->name),
			      "%s has no fields", row->name);
		ck_assert_msg((row->element > 1) == !!row->element_fields,
			      "%s: elements", row->name);
		check_fields(row->fields, row->size);
		check_fields(row->element_fields, row->element);
	}
	ck_assert_uint_gt(n, 30);
	ck_assert_ptr_null(ct_record_type(0));
	ck_assert_ptr_null(ct_record_type(TYPE_UNKNOWN));
}
END_TEST

static __u64 seed = 88172645463325252ull;

static __u32 any(__u32 below)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return seed % below;
}

static size_t mutate(unsigned char *data, size_t size)
{
	static const __u64 numbers[] = { 0, 1, 7, 8, 255, 4096, INT32_MAX, UINT32_MAX, UINT64_MAX };
	__u32 changes = 1 + any(4);
	size_t from, to;

	while (changes--) {
		from = any(size);
		to = any(size);
		switch (any(5)) {
		case 0:
			data[from] ^= 1 << any(8);
			break;
		case 1:
			data[from] = any(256);
			break;
		case 2:
			memcpy(data + (from & ~7ull) % (size - 8),
			       &numbers[any(ARRAY_SIZE(numbers))], 1 << any(4));
			break;
		case 3:
			memmove(data + to, data + from,
				any(size - (from > to ? from : to)));
			break;
		case 4:
			/* Mostly whole, so that the rest of the changes counts. */
			if (!any(8))
				size = from > 64 ? from : 64;
		}
	}
	return size;
}

START_TEST(test_mutated)
{
	unsigned int i, good = 0, refused = 0;
	unsigned char *data;
	size_t size;

	make_all_types();
	data = malloc(image.size);
	for (i = 0; i < MUTATIONS; i++) {
		memcpy(data, image.data, image.size);
		size = mutate(data, image.size);
		/* Half of them with checksums that are right. */
		if (i % 2)
			image_repair(data, size);
		if (!image_read(&reader, data, size, any(3) ? 0 : 1 + any(99))) {
			ck_assert_str_eq(reader.why, "");
			good++;
		} else {
			ck_assert_str_ne(reader.why, "");
			refused++;
		}
		ck_assert_ptr_nonnull(memchr(reader.why, 0, sizeof(reader.why)));
	}
	/* Otherwise this would have tried only one thing. */
	ck_assert_uint_gt(good, MUTATIONS / 50);
	ck_assert_uint_gt(refused, MUTATIONS / 2);
	free(data);
	finish();
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("image");
	TCase *tc = tcase_create("image");
	SRunner *runner;
	int failed;

	tcase_set_timeout(tc, 300);
	tcase_add_test(tc, test_crc);
	tcase_add_test(tc, test_good);
	tcase_add_test(tc, test_pieces);
	tcase_add_test(tc, test_room);
	tcase_add_test(tc, test_truncated);
	tcase_add_test(tc, test_truncated_sentences);
	tcase_add_test(tc, test_flipped);
	tcase_add_test(tc, test_no_image);
	tcase_add_test(tc, test_header);
	tcase_add_test(tc, test_order);
	tcase_add_test(tc, test_sequence);
	tcase_add_test(tc, test_types);
	tcase_add_test(tc, test_padding);
	tcase_add_test(tc, test_owner);
	tcase_add_test(tc, test_tables);
	tcase_add_test(tc, test_mutated);
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed != 0;
}
