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

/**
 * snapshot_stream() - take the checkpoint, and write it to the target
 * @s: open, and its target too
 * @why: filled in on failure
 *
 * What the kernel gives is looked at on the way: it is known to be good then.
 *
 * Return: 0 or -1; EXIT_BLOCKED if something cannot be saved.
 */
int snapshot_stream(struct snapshot *s, struct fault *why)
{
	struct image image = { .take = take, .owner = s, .leave_end = true };
	struct progress progress;
	int ret;

	progress_begin(&progress, s->name, s->always);
	ret = image_pass(&image, &s->source, &progress, why);
	s->bytes = image.reader.offset;
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
