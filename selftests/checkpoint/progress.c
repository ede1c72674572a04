// SPDX-License-Identifier: GPL-2.0
/* modes: host */
/*
 * How far a checkpoint is, and how long it is going to be: in the status, and in
 * the image itself.
 */
#include "ct-image.h"
#include "ct-nest.h"

#define PAGES	600

/* No two of its pages are the same, and none is zeros. */
static volatile long *memory(void)
{
	volatile long *at = mmap(NULL, PAGES * 4096, PROT_READ | PROT_WRITE,
				 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	long i;

	CT_CHECK(at != MAP_FAILED);
	for (i = 0; i < PAGES; i++)
		at[i * 512] = i + 1;
	return at;
}

CR_SUBJECT(alone)
{
	memory();
	cr_ready();
}

static void waits(void *arg)
{
	(void)arg;
	cr_settled();
	cr_await();
}

/* All pages are in three memories, and in the image once. */
CR_SUBJECT(family)
{
	pid_t first, second;

	memory();
	cr_gathering();
	first = cr_child(waits, NULL);
	second = cr_child(waits, NULL);
	cr_gather(2);
	cr_ready();
	CT_EQ(0, ct_reap(first));
	CT_EQ(0, ct_reap(second));
}

/* What the status said at the beginning, and all that there was. */
struct course {
	long total, bytes;
};

static long status_of(const struct cr_life *life, const char *key)
{
	char path[128];

	ct_path(path, sizeof(path), life->name, "status");
	return ct_keyed_number(path, key);
}

static struct course read_image(const struct cr_life *life)
{
	static char data[CR_PIECE];
	struct course course = { 0 };
	char path[128];
	long total, last;
	ssize_t ret;
	int fd;

	ct_path(path, sizeof(path), life->name, "checkpoint");
	fd = open(path, O_RDONLY | O_CLOEXEC);
	CT_CHECK(fd >= 0);
	course.total = status_of(life, "checkpoint-total");
	last = course.total;
	while ((ret = read(fd, data, sizeof(data))) > 0) {
		course.bytes += ret;
		CT_EQ(course.bytes, status_of(life, "checkpoint-bytes"));
		total = status_of(life, "checkpoint-total");
		/* The frame of a record or two is not foreseen. */
		if (total < course.bytes || total > last + 1024)
			CT_FAIL("%ld bytes of %ld, which were %ld",
				course.bytes, total, last);
		last = total;
	}
	CT_EQ(0, ret);
	close(fd);
	CT_EQ(course.bytes, last);
	CT_EQ(course.bytes, status_of(life, "checkpoint-total"));
	return course;
}

TEST(total_of_one_memory)
{
	struct cr_guard guard;
	struct cr_life life;
	struct course course;

	CT_NEED_MODULE();
	guard = cr_guard();
	life = cr_start(&alone_row);
	CT_EQ(-1, status_of(&life, "checkpoint-total"));
	course = read_image(&life);
	/* Some of its pages are zeros, or they would be the same. */
	if (course.total < course.bytes - 1024 ||
	    course.total > course.bytes + course.bytes / 2)
		CT_FAIL("%ld bytes were announced, and %ld came", course.total,
			course.bytes);
	cr_finish(&life);
	cr_guard_end(&guard);
}

TEST(total_comes_down)
{
	struct cr_guard guard;
	struct cr_life life;
	struct course course;

	CT_NEED_MODULE();
	guard = cr_guard();
	life = cr_start(&family_row);
	course = read_image(&life);
	if (course.total < course.bytes + PAGES * 4096)
		CT_FAIL("%ld bytes were announced, and %ld came", course.total,
			course.bytes);
	cr_finish(&life);
	cr_guard_end(&guard);
}

/* Closed before its end: what was left is still known. */
TEST(incomplete)
{
	struct cr_guard guard;
	struct cr_life life;
	char path[128], byte;
	int fd;

	CT_NEED_MODULE();
	guard = cr_guard();
	life = cr_start(&alone_row);
	ct_path(path, sizeof(path), life.name, "checkpoint");
	fd = open(path, O_RDONLY | O_CLOEXEC);
	CT_CHECK(fd >= 0);
	CT_EQ(1, read(fd, &byte, 1));
	close(fd);
	CT_EQ(1, status_of(&life, "checkpoint-bytes"));
	CT_CHECK(status_of(&life, "checkpoint-total") > PAGES * 4096);
	cr_finish(&life);
	cr_guard_end(&guard);
}

TEST(image_says_it)
{
	const struct container_image_total *total;
	struct cr_guard guard;
	struct cr_records all;
	struct cr_image image;
	struct cr_life life;
	size_t i;

	CT_NEED_MODULE();
	guard = cr_guard();
	life = cr_start(&alone_row);
	image = cr_take(&life);
	all = cr_take_apart(&image);
	for (i = 0; all.record[i].rec.type != CONTAINER_IMAGE_TOTAL; i++)
		CT_CHECK(i + 1 < all.count);
	/* Early enough to be of use, and nobody has to know it. */
	CT_CHECK(i < 4);
	CT_EQ(CONTAINER_IMAGE_OPTIONAL, all.record[i].rec.flags);
	total = (const void *)all.record[i].payload;
	CT_CHECK(total->pages >= PAGES);
	CT_CHECK(total->bytes > total->pages * 4096);
	CT_CHECK(total->bytes + 1024 > image.size);
	cr_records_free(&all);
	cr_image_free(&image);
	cr_finish(&life);
	cr_guard_end(&guard);
}

CR_MAIN
