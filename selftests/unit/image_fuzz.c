// SPDX-License-Identifier: GPL-2.0
/*
 * libFuzzer at the reader of images: whatever a file has in it, it is read
 * without harm, the size of the pieces is no matter, and a refusal has a
 * sentence.
 */
/* sources: src/image/crc32c.c src/image/fields*.c */
#include "image/codec.h"
#include "image_make.h"

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);

static void read_both_ways(const unsigned char *data, size_t size)
{
	static struct ct_image_reader whole, pieces;
	int err = image_read(&whole, data, size, 0);

	if ((err < 0) != (whole.why[0] != '\0') || err > 0)
		abort();
	if (image_read(&pieces, data, size, 1 + size % 7) != err)
		abort();
	if (strcmp(whole.why, pieces.why))
		abort();
}

/*
 * Take what there is as changes to a good image, 4 bytes each: where, which bytes.
 * So the readers of what is far inside get their share.
 */
static void read_changed(const unsigned char *data, size_t size)
{
	static struct image good;
	unsigned char *copy;
	size_t at;

	if (!good.data) {
		image_header(&good);
		image_all_types(&good, false);
		image_add(&good, CONTAINER_IMAGE_MEMORY, 0, 0, NULL, 0);
		image_all_types(&good, true);
		image_end(&good);
	}
	copy = malloc(good.size);
	memcpy(copy, good.data, good.size);
	for (; size >= 4; data += 4, size -= 4) {
		at = data[0] | data[1] << 8;
		at %= good.size - 1;
		copy[at] = data[2];
		copy[at + 1] ^= data[3];
	}
	image_repair(copy, good.size);
	read_both_ways(copy, good.size);
	free(copy);
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
	unsigned char *copy = malloc(size ?: 1);

	read_both_ways(data, size);
	/* Checksums would keep nearly all that is changed at random outside. */
	memcpy(copy, data, size);
	image_repair(copy, size);
	read_both_ways(copy, size);
	free(copy);
	read_changed(data, size);
	return 0;
}
