// SPDX-License-Identifier: GPL-2.0
/*
 * What is written to /proc/container/restart: a line of options, if it begins
 * with that word, and an image.  What there is to be known of the processes is
 * kept until there is all of it; then they are made, and their memory is filled
 * while it comes.
 */
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/uaccess.h>
#include <linux/uio.h>

#include "checkpoint/checkpoint.h"
#include "checkpoint/fill.h"
#include "checkpoint/in.h"
#include "checkpoint/restart.h"

/* Bytes between two looks whether there is a reason to stop. */
#define PIECE		((size_t)64 << 10)
#define OPTIONS		"options "
/* The names of containers nested as deep as can be, and some more. */
#define OPTIONS_MAX	4095

/**
 * struct ct_writer - an image being written
 * @reader: takes the records
 * @r: the restart; NULL: ended, well or not
 * @pages: the payload of records of memory
 * @fill: where the pages of such a record go instead
 * @begun: the image has
 * @built: the tasks are there
 * @done: they run
 * @err: of the first write that failed; that of all that follow
 * @why: a sentence about it
 */
struct ct_writer {
	struct ct_image_reader reader;
	struct ct_restart *r;
	void *pages;
	struct ct_fill fill;
	bool begun;
	bool built;
	bool done;
	int err;
	char why[CT_WHY_MAX];
};

static struct ct_writer *writer_of(struct ct_image_reader *reader)
{
	return container_of(reader, struct ct_writer, reader);
}

/* What is kept may take a quarter of the memory, if the user's limits have it. */
static bool fits(const struct ct_writer *w, u64 size)
{
	return w->r->in.bytes + size <= (u64)totalram_pages() << PAGE_SHIFT >> 2;
}

static void *alloc_payload(struct ct_image_reader *reader, u64 size)
{
	struct ct_writer *w = writer_of(reader);

	if (w->built) {
		if (reader->rec.type == CONTAINER_IMAGE_PAGES)
			ct_fill_begin(&w->fill, w->r, &reader->rec);
		return w->pages;
	}
	return fits(w, size) ? kvzalloc(max_t(u64, size, 8), GFP_KERNEL_ACCOUNT) :
			       NULL;
}

static void *place_payload(struct ct_image_reader *reader, size_t *room)
{
	return ct_fill_place(&writer_of(reader)->fill, reader->payload, reader->done,
			     room);
}

static int keep(struct ct_writer *w)
{
	int err = ct_in_add(&w->r->in, &w->reader.rec, w->reader.payload);

	if (err)
		kvfree(w->reader.payload);
	return err;
}

static int build(struct ct_writer *w)
{
	int err;

	w->pages = kvmalloc(CONTAINER_IMAGE_LENGTH_MAX, GFP_KERNEL_ACCOUNT);
	if (!w->pages)
		return -ENOMEM;
	err = ct_restart_build(w->r);
	w->built = !err;
	return err;
}

static int take_memory(struct ct_writer *w)
{
	int err = ct_restore_memory(w->r, &w->fill, &w->reader.rec,
				    w->reader.payload);

	ct_fill_drop(&w->fill);
	return err;
}

static int take_record(struct ct_image_reader *reader)
{
	struct ct_writer *w = writer_of(reader);

	switch (reader->rec.type) {
	case CONTAINER_IMAGE_MEMORY:
		kvfree(reader->payload);
		return build(w);
	case CONTAINER_IMAGE_END:
		w->done = true;
		return 0;
	default:
		return w->built ? take_memory(w) : keep(w);
	}
}

static const struct ct_image_ops reader_ops = {
	.alloc = alloc_payload,
	.record = take_record,
	.place = place_payload,
};

/**
 * ct_writer_alloc - get ready for an image
 *
 * Return: to be ended with ct_writer_free(); or an ERR_PTR().
 */
struct ct_writer *ct_writer_alloc(void)
{
	struct ct_writer *w = kzalloc(sizeof(*w), GFP_KERNEL_ACCOUNT);

	if (!w)
		return ERR_PTR(-ENOMEM);
	ct_image_reader_init(&w->reader, &reader_ops);
	w->r = ct_restart_alloc();
	if (!w->r) {
		ct_writer_free(w);
		return ERR_PTR(-ENOMEM);
	}
	return w;
}

/* The payload that is being read belongs to the reader until it is complete. */
static void drop_payload(struct ct_writer *w)
{
	if (w->reader.payload != w->pages)
		kvfree(w->reader.payload);
	w->reader.payload = NULL;
	ct_fill_drop(&w->fill);
}

/* No more of this image: what there is of it goes. */
static void give_up(struct ct_writer *w, int err)
{
	const char *why = w->r->why[0] ? w->r->why : w->reader.why;

	w->err = err;
	strscpy(w->why, why[0] ? why : err == -ENOMEM ?
		"there is not enough memory" : "the restart was interrupted",
		sizeof(w->why));
	drop_payload(w);
	ct_restart_abort(w->r);
	ct_restart_put(w->r);
	w->r = NULL;
}

/**
 * ct_writer_free - the file is closed
 * @w: a container that was not complete goes with it
 *
 * Context: may sleep.
 */
void ct_writer_free(struct ct_writer *w)
{
	if (w->r)
		give_up(w, -ENODATA);
	kvfree(w->pages);
	kfree(w);
}

static int parse_outside(struct ct_writer *w, char *words)
{
	int err = ct_outside_parse(&w->r->outside, words);

	if (err)
		snprintf(w->why, sizeof(w->why),
			 "outside= takes 0, 1, 2 and null, with commas between");
	return err;
}

static bool is_path(const char *path)
{
	size_t n;

	for (;; path += n + 1) {
		n = strcspn(path, "/");
		if (!ct_name_ok(path, n))
			return false;
		if (!path[n])
			return true;
	}
}

/* PATH/NAME: inside the container that is there for the writer. */
static int parse_name(struct ct_writer *w, const char *path)
{
	const char *slash = strrchr(path, '/');
	const char *name = slash ? slash + 1 : path;
	struct ct_container *place = NULL;

	if (!is_path(path)) {
		snprintf(w->why, sizeof(w->why),
			 "'%.63s' is no name for a container", path);
		return -EINVAL;
	}
	if (slash) {
		place = ct_container_find(path, slash - path, w->why);
		if (!place)
			return -ENOENT;
	}
	if (w->r->place)
		ct_container_put(w->r->place);
	w->r->place = place;
	strscpy(w->r->name, name, sizeof(w->r->name));
	return 0;
}

static int parse_option(struct ct_writer *w, char *word)
{
	if (!*word)
		return 0;
	if (strstarts(word, "outside="))
		return parse_outside(w, word + strlen("outside="));
	if (!strstarts(word, "name=")) {
		snprintf(w->why, sizeof(w->why),
			 "unknown option '%.32s'; there are name=[PATH/]NAME and outside=WHAT",
			 word);
		return -EINVAL;
	}
	return parse_name(w, word + strlen("name="));
}

/* A line of options in front of the image. 1: it was one. */
static int take_options(struct ct_writer *w, const char __user *ubuf, size_t size)
{
	char *line, *rest, *word;
	int err = 0;

	if (w->begun || size < strlen(OPTIONS) || size > OPTIONS_MAX)
		return 0;
	line = memdup_user_nul(ubuf, size);
	if (IS_ERR(line))
		return PTR_ERR(line);
	rest = line + strlen(OPTIONS);
	if (strstarts(line, OPTIONS)) {
		while (!err && (word = strsep(&rest, " \t\n")))
			err = parse_option(w, word);
		err = err ?: 1;
	}
	kfree(line);
	return err;
}

/* Straight to where it goes: there is a lot of it. */
static int feed(struct ct_writer *w, struct iov_iter *from)
{
	size_t n;
	void *to;
	int err = 0;

	while (iov_iter_count(from) && !err) {
		to = ct_image_room(&w->reader, &n);
		n = min3(n, iov_iter_count(from), PIECE);
		if (!copy_from_iter_full(to, n, from))
			return -EFAULT;
		err = ct_image_filled(&w->reader, n);
		if (!err && fatal_signal_pending(current))
			err = -EINTR;
		cond_resched();
	}
	return err;
}

/**
 * ct_writer_feed - more of the image
 * @w: where it goes
 * @from: it
 *
 * The bytes that bring the end of the image let the container run.
 *
 * Context: may sleep; one at a time. The tasks become children of current's
 * process.
 * Return: how many bytes @from had, or a negative errno, with a sentence for
 * ct_writer_why(); then nothing is left of the container.
 */
ssize_t ct_writer_feed(struct ct_writer *w, struct iov_iter *from)
{
	size_t size = iov_iter_count(from);
	int err;

	if (w->err)
		return w->err;
	if (!w->r && size) {
		snprintf(w->why, sizeof(w->why),
			 "there is something behind the end of the image");
		return -EINVAL;
	}
	w->begun = w->begun || size;
	err = feed(w, from);
	if (!err && w->done && w->r) {
		err = ct_restart_go(w->r);
		if (!err) {
			drop_payload(w);
			ct_restart_put(w->r);
			w->r = NULL;
		}
	}
	if (err)
		give_up(w, err);
	return err ?: size;
}

/**
 * ct_writer_write - more of the image, or options in front of it
 * @w: where it goes
 * @ubuf: it
 * @size: so much
 *
 * Context: as ct_writer_feed().
 * Return: as ct_writer_feed(); -EINVAL or -EFAULT for options, after which there may
 * be others.
 */
ssize_t ct_writer_write(struct ct_writer *w, const char __user *ubuf, size_t size)
{
	struct iov_iter from;
	int err = 0;

	if (!w->err && w->r)
		err = take_options(w, ubuf, size);
	if (err)
		return err < 0 ? err : size;
	iov_iter_ubuf(&from, ITER_SOURCE, (void __user *)ubuf, size);
	return ct_writer_feed(w, &from);
}

/**
 * ct_writer_incomplete - has an image begun that has not come to its end?
 * @w: the image; nobody writes
 *
 * Return: false also if it was refused, which has been said.
 */
bool ct_writer_incomplete(const struct ct_writer *w)
{
	return w->begun && w->r;
}

/**
 * ct_writer_why - what was wrong with the last write
 * @w: the image
 * @text: a line, or nothing
 * @size: of @text
 */
void ct_writer_why(struct ct_writer *w, char *text, size_t size)
{
	snprintf(text, size, w->why[0] ? "%s\n" : "", w->why);
}
