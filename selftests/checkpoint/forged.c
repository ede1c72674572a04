// SPDX-License-Identifier: GPL-2.0
/* modes: host */
/* timeout: 900 */
/*
 * Images that somebody has forged, with sums that are right: a restart gives an
 * error and leaves nothing behind, or it gives a container that can be killed.
 *
 * How many: CR_MUTATIONS (300), from CR_SEED (1) on. CR_LATE per cent of them (100)
 * have up to three changes, so that a third can be restored and many fail late, which
 * takes long; the others have more, and mostly fail before anything is made. For many
 * of them outside of the test runner:
 *
 *	tools/vm/run --kernel debug --timeout 0 --in build/selftests -- \
 *	env CR_MUTATIONS=100000 CR_LATE=10 /in/checkpoint/forged
 */
#include "ct-hostile.h"

#include <malloc.h>

#define MUTATIONS 300

/* A sequence of numbers that depends on nothing but where it begins. */
static uint64_t seed;

static uint64_t any(uint64_t below)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return seed % below;
}

static uint64_t odd_number(void)
{
	static const uint64_t numbers[] = {
		0, 1, 2, 3, 7, 8, 63, 64, 65, 255, 256, 4095, 4096, 4097, 65535,
		65536, 0x7fffffff, 0x80000000, 0xffffffff, 1UL << 32,
		0x00007ffffffff000, 0x0000800000000000, 0xffffffff81000000,
		0x7fffffffffffffff, 0x8000000000000000, 0xffffffffffffffff,
		0xfffffffffffff000,
	};

	return numbers[any(sizeof(numbers) / sizeof(*numbers))];
}

/* What is in memory is nobody's business: a record of it only now and then. */
static size_t any_record(const struct cr_records *all)
{
	size_t at, tries;

	for (tries = 0; tries < 20; tries++) {
		at = any(all->count);
		if (all->record[at].rec.length < 4096 || !any(50))
			break;
	}
	return at;
}

static void change_payload(struct cr_record *record)
{
	uint64_t length = record->rec.length, number = odd_number(), at;
	size_t size = 1 << any(4);

	if (!length)
		return;
	record->summed = false;
	if (size > length)
		size = 1;
	at = any(length);
	/* The beginning has what counts. */
	if (any(2))
		at = any(length < 256 ? length : 256);
	at -= at % size;
	if (at + size > length)
		at = length - size;
	if (!any(3))
		record->payload[at] ^= 1 << any(8);
	else
		memcpy(record->payload + at, &number, size);
}

static void change_length(struct cr_record *record)
{
	uint64_t length = any(4) ? any(record->rec.length + 1) :
				   record->rec.length + 8 * (1 + any(100));
	unsigned char *payload = calloc(1, cr_padded(length) + 8);

	CT_CHECK(payload);
	memcpy(payload, record->payload,
	       length < record->rec.length ? length : record->rec.length);
	free(record->payload);
	record->payload = payload;
	record->summed = false;
	record->rec.length = length;
}

static void mutate(struct cr_records *all)
{
	size_t at = any_record(all), other = any_record(all);
	struct cr_record record = all->record[at];

	switch (any(12)) {
	case 0:
		if (all->count > 2)
			cr_delete(all, at);
		break;
	case 1:
		cr_insert(all, other, &record.rec, record.payload);
		break;
	case 2:
		all->record[at] = all->record[other];
		all->record[other] = record;
		break;
	case 3:
		all->record[at].rec.id = any(2) ? odd_number() : any(12);
		break;
	case 4:
		all->record[at].rec.type = all->record[other].rec.type;
		break;
	case 5:
		change_length(&all->record[at]);
		break;
	default:
		change_payload(&all->record[at]);
		break;
	}
	count_records(all);
}

static long number_from(const char *key, long other)
{
	const char *text = getenv(key);

	return text ? atol(text) : other;
}

/* The sums of what is not changed need not be made again. */
static struct cr_records take_apart(const struct cr_image *image)
{
	struct cr_records all = cr_take_apart(image);
	size_t i, at = 0;

	for (i = 0; i < all.count; i++) {
		struct container_image_tail tail;

		at += cr_record_size(all.record[i].rec.length);
		memcpy(&tail, image->data + at - sizeof(tail), sizeof(tail));
		all.record[i].sum = tail.crc;
		all.record[i].summed = true;
	}
	return all;
}

static long late;

static int forge(const struct cr_image *from, char *why, size_t size)
{
	struct cr_records all = take_apart(from);
	struct cr_image image;
	int ret, times = 1 + any(3);

	/* So many that one of them is noticed before anything is made. */
	if (any(100) >= (uint64_t)late)
		times = 8 + any(24);
	for (; times; times--)
		mutate(&all);
	image = cr_put_together(&all);
	ret = attempt(&image, why, size);
	cr_image_free(&image);
	cr_records_free(&all);
	return ret;
}

/* One that upsets the kernel can be had again: CR_SEED is its number. */
TEST_F_TIMEOUT(image, forged, 1000000)
{
	long mutations = number_from("CR_MUTATIONS", MUTATIONS), i, good = 0;
	long first = number_from("CR_SEED", 1);
	long long end;
	char why[512];
	int ret;

	late = number_from("CR_LATE", 100);
	/* Memory that is given back is had again without asking the kernel. */
	mallopt(M_MMAP_THRESHOLD, 256 << 20);
	mallopt(M_TRIM_THRESHOLD, 256 << 20);
	for (i = first; i < first + mutations; i++) {
		seed = i * 0x9e3779b97f4a7c15;
		ret = forge(&self->image, why, sizeof(why));
		good += !ret;
		if (ret && strlen(why) < 2)
			CT_FAIL("seed %ld: %s without a sentence", i,
				strerror(-ret));
		end = ct_now_ms() + CT_PATIENCE_MS;
		while (!same_for_us(self->host) ||
		       (i % 50 == 0 && !same_host(self->host))) {
			if (ct_now_ms() > end)
				CT_FAIL("seed %ld leaves something behind: %s", i,
					why);
			usleep(500);
		}
		if (i % 500 == 0)
			dprintf(1, "# %ld images forged\n", i);
	}
	CT_UNTIL(same_host(self->host));
	dprintf(1, "# of %ld forged images (%zu bytes) %ld were restored\n", mutations,
		self->image.size, good);
}

CR_MAIN
