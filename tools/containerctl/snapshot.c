// SPDX-License-Identifier: GPL-2.0
/*
 * Taking an image out of the kernel: /proc/container/NAME/checkpoint.
 */
#include "compiler.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "containerctl.h"
#include "image.h"
#include "move.h"
#include "names.h"
#include "snapshot.h"

/**
 * snapshot_open() - get ready for a checkpoint; nothing is stopped yet
 * @s: @name and @how are set; for snapshot_close() in any case
 * @why: filled in on failure
 *
 * Return: 0 or -1.
 */
int snapshot_open(struct snapshot *s, struct fault *why)
{
	int fd = container_open(s->name, "checkpoint", O_RDWR, why);

	source_from(&s->source, "the checkpoint", fd);
	if (fd < 0) {
		if (errno == EDEADLK)
			fault_set(why, "a checkpoint of container '%s' cannot be taken from inside it",
				  s->name);
		else if (errno == ENOENT && container_exists(s->name))
			fault_set(why, "the container module cannot take checkpoints: a newer one can");
		return -1;
	}
	if (!s->how[0] || write(fd, s->how, strlen(s->how)) == (ssize_t)strlen(s->how))
		return 0;
	fault_set(why, "the container module does not know the option '%s': %s", s->how,
		  strerror(errno));
	return -1;
}

/* The module leaves the reason in the container's status. */
static void explain(const struct snapshot *s, int err, struct fault *why)
{
	struct fault ignored;
	char *status, *reason;

	if (err == EBUSY) {
		fault_set(why, "another checkpoint of container '%s' is being taken", s->name);
		return;
	}
	status = proc_read_status(s->name, &ignored);
	reason = status ? status_value(status, "checkpoint-error") : NULL;
	fault_set(why, "no checkpoint of container '%s': %s", s->name,
		  reason ? reason : status ? strerror(err) : "it has ended");
	free(reason);
	free(status);
}

static int take(struct image *image, const void *data, size_t size, struct fault *why)
{
	struct snapshot *s = image->owner;

	return target_write(&s->target, data, size, why);
}

/* The last record of an image, which the kernel never gives along with another. */
struct last {
	struct container_image_record rec;
	struct container_image_end end;
	struct container_image_tail tail;
};

static bool is_last(const struct last *last)
{
	struct container_image_record rec;

	ct_image_begin(&rec, CONTAINER_IMAGE_END, 0, 0, sizeof(last->end));
	return !memcmp(&rec, &last->rec, sizeof(rec)) &&
	       last->tail.crc == ct_crc32c(0, &last->end, sizeof(last->end));
}

/* Return: 1: that was the end of the image; 0: it goes on; -1. */
static int move_one(struct snapshot *s, struct mover *m, size_t size, struct fault *why)
{
	struct last last;

	s->bytes += size;
	if (size != sizeof(last))
		return target_move(&s->target, m, size, why);
	if (move_read(m, &last, size)) {
		fault_set(why, "cannot read from a pipe: %s", strerror(errno));
		return -1;
	}
	if (target_write(&s->target, &last, size, why))
		return -1;
	return is_last(&last);
}

/* Return: 0 at the end of the image; 1: it cannot be had so; -1. */
static int move_memory(struct snapshot *s, struct mover *m, struct progress *progress,
		       struct fault *why)
{
	unsigned long long before = s->bytes;
	ssize_t n;
	int ret;

	for (;;) {
		n = move_take(m, s->source.fd);
		if (n < 0 && errno == EINVAL && s->bytes == before)
			return 1;
		if (n < 0)
			s->source.err = errno;
		if (!n)
			fault_set(why, "%s: the image ends early", s->source.name);
		ret = n > 0 ? move_one(s, m, n, why) : -1;
		if (ret)
			return ret < 0 ? -1 : 0;
		progress_step(progress, s->bytes);
	}
}

/*
 * What there is about the processes is looked at on the way: it is known to be good
 * then.  Memory is only moved; the kernel makes its checksums from the pages that
 * are moved.
 */
static int stream(struct snapshot *s, struct image *image, struct progress *progress,
		  struct fault *why)
{
	int ret = image_pass(image, &s->source, progress, why);
	struct mover m;

	s->bytes = image->reader.offset;
	if (ret || image->reader.state == CT_IMAGE_DONE)
		return ret;
	if (move_begin(&m, why))
		return -1;
	ret = move_memory(s, &m, progress, why);
	progress_end(progress);
	move_end(&m);
	if (ret <= 0)
		return ret;
	image->until_memory = false;
	ret = image_pass(image, &s->source, progress, why);
	s->bytes = image->reader.offset;
	return ret;
}

/**
 * snapshot_stream() - take the checkpoint, and write it to the target
 * @s: open, and its target too
 * @why: filled in on failure
 *
 * Return: 0 or -1; EXIT_BLOCKED if something cannot be saved.
 */
int snapshot_stream(struct snapshot *s, struct fault *why)
{
	struct image image = {
		.take = take, .owner = s, .leave_end = true, .until_memory = true,
	};
	struct progress progress;
	int ret;

	progress_begin(&progress, s->name, s->always);
	ret = stream(s, &image, &progress, why);
	image_free(&image);
	if (s->source.err == EOPNOTSUPP)
		ret = EXIT_BLOCKED;
	else if (ret)
		ret = -1;
	if (s->source.err)
		explain(s, s->source.err, why);
	return ret;
}

/**
 * snapshot_end() - the image is safe: the container may end, if it was to
 * @s: has been streamed
 * @why: filled in on failure
 *
 * The kernel takes it for complete only if its end has been seen.
 *
 * Return: 0 or -1.
 */
int snapshot_end(struct snapshot *s, struct fault *why)
{
	char more;
	ssize_t n = source_read(&s->source, &more, 1, why);

	if (n > 0)
		fault_set(why, "the kernel has more to say than an image");
	snapshot_close(s);
	return n ? -1 : 0;
}

/* Whatever has become of it; a container that was stopped goes on. */
void snapshot_close(struct snapshot *s)
{
	struct fault ignored;

	if (s->source.fd >= 0)
		source_close(&s->source, &ignored);
}
