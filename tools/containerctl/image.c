// SPDX-License-Identifier: GPL-2.0
/*
 * Going through an image from its beginning to its end, and noting what there is
 * to know about the whole.
 */
#include "compiler.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <container/image_mm.h>
#include <container/image_task.h>

#include "image.h"
#include "image/fields.h"
#include "source.h"

/* What an image says about itself is for people to read, but not to believe. */
static const char *text_field(const struct ct_record_type *row, const char *name,
			      const void *payload)
{
	const struct ct_field *field;

	for (field = row->fields; field && field->name; field++)
		if (field->kind == CT_FIELD_TEXT && !strcmp(field->name, name))
			return (const char *)payload + field->offset;
	return NULL;
}

static struct image_process *find_process(struct image *image, uint32_t pid)
{
	size_t i;

	/* The one that comes last is asked for most. */
	for (i = image->nr_processes; i-- > 0;)
		if (image->processes[i].pid == pid)
			return &image->processes[i];
	return NULL;
}

__printf(3, 4)
static int bad(struct image *image, int err, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vsnprintf(image->reader.why, sizeof(image->reader.why), fmt, args);
	va_end(args);
	return err;
}

static int add_process(struct image *image, uint32_t pid,
		       const struct container_image_process *process)
{
	struct image_process *all;

	if (find_process(image, pid))
		return bad(image, -EINVAL, "process %u is there twice", pid);
	if (process->parent ? !find_process(image, process->parent) : pid != 1)
		return bad(image, -EINVAL, "process %u comes before its parent, %u", pid,
			   process->parent);
	if (!(image->nr_processes & (image->nr_processes - 1))) {
		all = realloc(image->processes, (2 * image->nr_processes + 1) * sizeof(*all));
		if (!all)
			return -ENOMEM;
		image->processes = all;
	}
	image->processes[image->nr_processes++] = (struct image_process){
		.pid = pid,
		.parent = process->parent,
		.pgrp = process->pgrp,
		.session = process->session,
		.flags = process->flags,
		.threads = process->threads,
	};
	return 0;
}

static int add_thread(struct image *image, uint32_t tid,
		      const struct container_image_thread *thread)
{
	const struct ct_record_type *row = ct_record_type(CONTAINER_IMAGE_THREAD);
	struct image_process *process = find_process(image, thread->process);
	const char *comm = text_field(row, "comm", thread);

	if (!process)
		return bad(image, -EINVAL, "thread %u is of process %u, which is not there",
			   tid, thread->process);
	image->threads++;
	process->found++;
	if (comm && tid == process->pid)
		snprintf(process->comm, sizeof(process->comm), "%s", comm);
	return 0;
}

/* Of one that has ended, which has no thread. */
static void note_comm(struct image *image, uint32_t pid,
		      const struct container_image_comm *name)
{
	struct image_process *process = find_process(image, pid);

	if (process)
		snprintf(process->comm, sizeof(process->comm), "%s", name->comm);
}

/* As many addresses, and as many pages, as it says. */
static int check_pages(struct image *image, const struct container_image_pages *pages)
{
	uint64_t each = sizeof(__u64) + image->header.page_size;

	if (image->reader.rec.length == sizeof(*pages) + pages->count * each)
		return 0;
	return bad(image, -EINVAL, "record %u has not the %u pages that it says",
		   image->reader.sequence, pages->count);
}

/*
 * Each page counts as one of the image, until it is said that it is there already.
 * Nobody has to believe it: it moves a bar, and nothing else.
 */
static void note_same(struct image *image)
{
	uint64_t length = image->reader.rec.length;
	uint64_t pages = length / sizeof(struct container_image_same);
	uint64_t saved = pages * (sizeof(__u64) + image->header.page_size);

	if (image->total > saved)
		image->total -= saved - length;
}

static int note(struct image *image, const void *payload)
{
	const struct container_image_record *rec = &image->reader.rec;

	switch (rec->type) {
	case CONTAINER_IMAGE_HEADER:
		memcpy(&image->header, payload, sizeof(image->header));
		return 0;
	case CONTAINER_IMAGE_PROCESS:
		return add_process(image, rec->id, payload);
	case CONTAINER_IMAGE_THREAD:
		return add_thread(image, rec->id, payload);
	case CONTAINER_IMAGE_COMM:
		note_comm(image, rec->id, payload);
		return 0;
	case CONTAINER_IMAGE_PAGES:
		return check_pages(image, payload);
	case CONTAINER_IMAGE_TOTAL:
		image->total = ((const struct container_image_total *)payload)->bytes;
		return 0;
	case CONTAINER_IMAGE_SAME:
		note_same(image);
		return 0;
	default:
		return 0;
	}
}

/* Return: 0, or -EINVAL if the processes are not as they say. */
static int check_processes(struct image *image)
{
	size_t i;

	for (i = 0; i < image->nr_processes; i++)
		if (image->processes[i].found != image->processes[i].threads)
			return bad(image, -EINVAL, "process %u has %u threads, but %u are there",
				   image->processes[i].pid, image->processes[i].threads,
				   image->processes[i].found);
	if (!find_process(image, 1))
		return bad(image, -EINVAL, "there is no process 1");
	return 0;
}

static void *image_alloc(struct ct_image_reader *reader, __u64 size)
{
	(void)reader;
	return malloc(size);
}

static int image_record(struct ct_image_reader *reader)
{
	struct image *image = (struct image *)reader;
	int err = note(image, reader->payload);

	if (!err && image->record)
		image->record(image, reader->payload);
	free(reader->payload);
	return err;
}

_Static_assert(!offsetof(struct image, reader), "image_record() takes one for the other");

static const struct ct_image_ops image_ops = {
	.alloc = image_alloc,
	.record = image_record,
};

/* Of a file it is known how much there is; elsewhere the image says it. */
static void step(const struct image *image, const struct source *s,
		 struct progress *progress)
{
	progress->total = s->size ? s->size : image->total;
	progress_step(progress, s->size ? source_position(s) : image->reader.offset);
}

/* Return: as image_pass(). */
static int pass_all(struct image *image, struct source *s, struct progress *progress,
		    char *data, struct fault *why)
{
	struct ct_image_reader *r = &image->reader;
	ssize_t n;

	while (!image->leave_end || r->state != CT_IMAGE_DONE) {
		if (image->until_memory && r->memory && r->state != CT_IMAGE_DONE)
			return 0;
		n = source_read(s, data, SOURCE_PIECE, why);
		if (n < 0)
			return -1;
		if (!n || ct_image_feed(r, data, n))
			break;
		if (image->take && image->take(image, data, n, why))
			return -1;
		if (progress)
			step(image, s, progress);
	}
	if (!ct_image_finish(r) && !check_processes(image))
		return 0;
	fault_set(why, "%s: %s", s->name, r->why);
	/* That there is no memory for it says nothing about the image. */
	return r->err == -ENOMEM ? -1 : EXIT_BAD_IMAGE;
}

/**
 * image_pass() - go through an image that comes from somewhere
 * @image: @record and so on are set, all else is 0 or as it was left by the call
 *	   before; for image_free() in any case
 * @s: open; stays open
 * @progress: shown meanwhile, or NULL
 * @why: filled in on failure
 *
 * Return: 0 if it is complete and right, EXIT_BAD_IMAGE if not, -1 if it cannot
 * be read, or not be taken.
 */
int image_pass(struct image *image, struct source *s, struct progress *progress,
	       struct fault *why)
{
	char *data = malloc(SOURCE_PIECE);
	int ret;

	if (!data) {
		fault_set(why, "no memory");
		return -1;
	}
	if (!image->reader.ops)
		ct_image_reader_init(&image->reader, &image_ops);
	ret = pass_all(image, s, progress, data, why);
	if (progress)
		progress_end(progress);
	free(data);
	return ret;
}

/* The same with a file, or "-". */
int image_scan(struct image *image, const char *path, struct progress *progress,
	       struct fault *why)
{
	struct fault unpacking;
	struct source s;
	int ret = -1;

	if (!source_open(&s, path, why))
		ret = image_pass(image, &s, progress, why);
	if (source_close(&s, &unpacking) && !ret) {
		*why = unpacking;
		ret = EXIT_BAD_IMAGE;
	}
	return ret;
}

void image_free(struct image *image)
{
	free(image->reader.payload);
	free(image->processes);
	memset(image, 0, sizeof(*image));
}

/* When it was taken, as the kernel tells the time in a container's status. */
const char *image_time(const struct image *image, char text[32])
{
	time_t time = image->header.realtime / 1000000000;
	struct tm tm;

	if (!gmtime_r(&time, &tm) || !strftime(text, 32, "%Y-%m-%dT%H:%M:%SZ", &tm))
		strcpy(text, "?");
	return text;
}
