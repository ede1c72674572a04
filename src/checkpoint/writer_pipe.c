// SPDX-License-Identifier: GPL-2.0
/*
 * An image that comes from a pipe by splice(2): straight from the pages that the
 * pipe has to where they go.
 *
 * They are taken out of the pipe first.  While processes are made it must not be
 * locked: it may be a named one, which one of them has open.
 */
#include <linux/bvec.h>
#include <linux/pipe_fs_i.h>
#include <linux/slab.h>
#include <linux/splice.h>
#include <linux/uio.h>

#include "checkpoint/restart.h"

/* What a pipe of the size that anybody may have holds. */
#define TAKEN	256

/**
 * struct ct_taken - what has been taken out of a pipe
 * @n: how many
 * @bytes: in all of them
 * @buf: they, with references of ours
 * @part: where in them
 */
struct ct_taken {
	unsigned int n;
	size_t bytes;
	struct pipe_buffer buf[TAKEN];
	struct bio_vec part[TAKEN];
};

/**
 * ct_taken_alloc - get ready
 *
 * Return: to be ended with ct_taken_free(), or NULL.
 */
struct ct_taken *ct_taken_alloc(void)
{
	return kvzalloc(sizeof(struct ct_taken), GFP_KERNEL_ACCOUNT);
}

/**
 * ct_taken_free - no more comes
 * @taken: may be NULL
 */
void ct_taken_free(struct ct_taken *taken)
{
	kvfree(taken);
}

/* Called with the pipe locked. */
static int take(struct pipe_inode_info *pipe, struct pipe_buffer *buf,
		struct splice_desc *sd)
{
	struct ct_taken *taken = sd->u.data;

	if (taken->n == TAKEN)
		return 0;
	if (!pipe_buf_get(pipe, buf))
		return -EFAULT;
	taken->buf[taken->n] = *buf;
	taken->part[taken->n++] = (struct bio_vec) {
		.bv_page = buf->page,
		.bv_len = sd->len,
		.bv_offset = buf->offset,
	};
	taken->bytes += sd->len;
	return sd->len;
}

static void release(struct ct_taken *taken, struct pipe_inode_info *pipe)
{
	pipe_lock(pipe);
	while (taken->n)
		pipe_buf_release(pipe, &taken->buf[--taken->n]);
	pipe_unlock(pipe);
}

/**
 * ct_writer_splice - more of the image
 * @w: where it goes
 * @taken: for one at a time
 * @pipe: where it comes from; not locked, and stays
 * @size: at most so much
 * @flags: SPLICE_F_...
 *
 * Waits until there is something.
 *
 * Context: as ct_writer_feed().
 * Return: as ct_writer_feed(); 0: nobody writes into the pipe any more; -EAGAIN and
 * -ERESTARTSYS, with nothing taken.
 */
ssize_t ct_writer_splice(struct ct_writer *w, struct ct_taken *taken,
			 struct pipe_inode_info *pipe, size_t size, unsigned int flags)
{
	struct splice_desc sd = {
		.total_len = size,
		.flags = flags,
		.u.data = taken,
	};
	struct iov_iter from;
	ssize_t ret;

	taken->n = 0;
	taken->bytes = 0;
	pipe_lock(pipe);
	ret = __splice_from_pipe(pipe, &sd, take);
	pipe_unlock(pipe);
	if (!taken->n)
		return ret;
	iov_iter_bvec(&from, ITER_SOURCE, taken->part, taken->n, taken->bytes);
	ret = ct_writer_feed(w, &from);
	release(taken, pipe);
	return ret;
}
