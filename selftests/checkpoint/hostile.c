// SPDX-License-Identifier: GPL-2.0
/* modes: host */
/* timeout: 900 */
/*
 * Images that somebody has cut or damaged: a restart gives an error and leaves
 * nothing behind. forged.c has those whose sums are right.
 */
#include "ct-hostile.h"

/* An error, with a sentence of one line, and nothing is left. */
static void refused(const struct cr_image *image, struct host host,
		    const char *what, size_t where)
{
	char why[512];
	int ret = attempt(image, why, sizeof(why));

	if (!ret)
		CT_FAIL("%s at %zu is not noticed", what, where);
	if (ret != -EINVAL && ret != -EOPNOTSUPP && ret != -ENOMEM &&
	    ret != -EBADMSG && ret != -ENODATA)
		CT_FAIL("%s at %zu: %s (%s)", what, where, strerror(-ret), why);
	if (strlen(why) < 2 || strchr(why, '\n') != why + strlen(why) - 1)
		CT_FAIL("%s at %zu: no sentence: '%s'", what, where, why);
	CT_UNTIL(same_for_us(host));
}

/* -- cut ------------------------------------------------------------------------------------- */

static void cut(const struct cr_image *image, size_t size, struct host host)
{
	int fd = open(CR_RESTART, O_RDWR | O_CLOEXEC);

	CT_CHECK(fd >= 0);
	CT_EQ(0, cr_write_all(fd, image->data, size));
	if (size)
		CT_ERRNO(ENODATA, close(fd));
	else
		CT_EQ(0, close(fd));
	CT_UNTIL(same_for_us(host));
}

TEST_F_TIMEOUT(image, cut_between_records, 600)
{
	struct cr_records all = cr_take_apart(&self->image);
	size_t i, at = 0;

	for (i = 0; i < all.count; i++) {
		cut(&self->image, at, self->host);
		/* In the middle of every fourth. */
		if (i % 4 == 0)
			cut(&self->image, at + 9, self->host);
		at += cr_record_size(all.record[i].rec.length);
	}
	cut(&self->image, self->image.size - 1, self->host);
}

/* -- damaged ------------------------------------------------------------------------------------ */

static void damage(struct cr_image *image, size_t at, int bit, struct host host)
{
	image->data[at] ^= 1 << bit;
	refused(image, host, "a bit that is not right", at);
	image->data[at] ^= 1 << bit;
}

/* A bit of every part of every record. */
TEST_F_TIMEOUT(image, bits, 600)
{
	struct cr_records all = cr_take_apart(&self->image);
	size_t i, at = 0;

	for (i = 0; i < all.count; i++) {
		uint64_t length = all.record[i].rec.length;
		size_t size = cr_record_size(length);

		damage(&self->image, at + i % 24, i % 8, self->host);
		if (length)
			damage(&self->image, at + 24 + i * 7919 % length, i % 8,
			       self->host);
		damage(&self->image, at + size - 1 - i % 8, i % 8, self->host);
		at += size;
	}
}

/* -- what is not there, and what should not be ----------------------------------------------------- */

static void without(struct cr_records *all, size_t at, struct host host)
{
	struct cr_image image;

	cr_delete(all, at);
	image = cr_put_together(all);
	refused(&image, host, "a record that is missing", at);
	cr_image_free(&image);
}

/* END counts the records, so all are missed; without END it is one cut off. */
TEST_F_TIMEOUT(image, missing, 600)
{
	struct cr_records all = cr_take_apart(&self->image);
	size_t i, count = all.count;

	for (i = 0; i + 1 < count; i++) {
		without(&all, i, self->host);
		cr_records_free(&all);
		all = cr_take_apart(&self->image);
	}
}

TEST_F(image, unknown)
{
	struct container_image_record rec = {
		.type = CONTAINER_IMAGE_TYPE('?', '?', '?', '?'), .length = 5,
	};
	struct cr_records all = cr_take_apart(&self->image);
	struct cr_image image;
	char why[512];

	cr_insert(&all, 1, &rec, "12345");
	count_records(&all);
	image = cr_put_together(&all);
	CT_EQ(-EOPNOTSUPP, attempt(&image, why, sizeof(why)));
	/* It is named. */
	CT_CHECK(strstr(why, "????"));
	cr_image_free(&image);
	/* One that may be left out is. */
	all.record[1].rec.flags = CONTAINER_IMAGE_OPTIONAL;
	image = cr_put_together(&all);
	if (attempt(&image, why, sizeof(why)))
		CT_FAIL("an optional record: %s", why);
	CT_UNTIL(same_host(self->host));
}

CR_MAIN
