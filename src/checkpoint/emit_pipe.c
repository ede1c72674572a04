// SPDX-License-Identifier: GPL-2.0
/*
 * Records on their way into a pipe: pages go there themselves, not copies of them.
 *
 * A page of a snapshot was shared copy-on-write with the program, and it is not
 * marked as belonging to one memory alone (PG_anon_exclusive) since.  From then on
 * whoever maps it writes to it in place only if there is no reference to it but
 * their own: do_wp_page(), do_swap_page() and do_huge_pmd_wp_page() of both kernels
 * make a copy otherwise.  The pipe has a reference.  So what is in a pipe stays as
 * it is, though the snapshot may be gone by the time it is read; and the kernel's
 * own operations of pipe buffers are all that it needs, though the module may be.
 * They do not let anybody steal the page.
 */
#include <linux/highmem.h>
#include <linux/mm.h>
#include <linux/pipe_fs_i.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/splice.h>

#include "checkpoint/emit.h"

/* What a pipe of the size that anybody may have takes. */
#define PIECES	256

/**
 * struct ct_pieces - what is about to be given to a pipe
 * @n: how many
 * @max: there is room for so many
 * @open: the last one is a page of ours, and has room
 * @bytes: of all
 * @page: they, with references
 * @part: where in them
 */
struct ct_pieces {
	unsigned int n;
	unsigned int max;
	bool open;
	size_t bytes;
	struct page *page[PIECES];
	struct partial_page part[PIECES];
};

/**
 * ct_emit_pipe_free - forget what this works with
 * @e: nothing is on its way into a pipe
 */
void ct_emit_pipe_free(struct ct_emit *e)
{
	kvfree(e->pieces);
	e->pieces = NULL;
}

/**
 * ct_emit_pipe_begin - something is to be given to a pipe
 * @e: the record
 * @pipe: to here; locked until after ct_emit_pipe_end(), so that what there is room
 *	  for now is taken then
 *
 * Return: 0; -EAGAIN there is no room; -EPIPE nobody reads it, and there is the
 * signal; -ENOMEM.
 */
int ct_emit_pipe_begin(struct ct_emit *e, struct pipe_inode_info *pipe)
{
	unsigned int used = pipe_occupancy(pipe->head, pipe->tail);

	if (!pipe->readers) {
		send_sig(SIGPIPE, current, 0);
		return -EPIPE;
	}
	if (used >= pipe->max_usage)
		return -EAGAIN;
	if (!e->pieces)
		e->pieces = kvmalloc(sizeof(*e->pieces), GFP_KERNEL_ACCOUNT);
	if (!e->pieces)
		return -ENOMEM;
	e->pieces->n = 0;
	e->pieces->max = min_t(unsigned int, pipe->max_usage - used, PIECES);
	e->pieces->open = false;
	e->pieces->bytes = 0;
	return 0;
}

static void add_page(struct ct_pieces *p, const struct ct_part *part, size_t n)
{
	get_page(part->page);
	p->page[p->n] = part->page;
	p->part[p->n++] = (struct partial_page) {
		.offset = part->offset,
		.len = n,
	};
	p->open = false;
}

/* What is not in a page: into one of ours, with what comes before it if it fits. */
static ssize_t add_copy(struct ct_pieces *p, const void *data, size_t size)
{
	struct partial_page *part;

	if (!p->open) {
		struct page *page = alloc_page(GFP_KERNEL_ACCOUNT);

		if (!page)
			return -ENOMEM;
		p->page[p->n] = page;
		p->part[p->n++] = (struct partial_page) {};
	}
	part = &p->part[p->n - 1];
	size = min_t(size_t, size, PAGE_SIZE - part->len);
	memcpy_to_page(p->page[p->n - 1], part->len, data, size);
	part->len += size;
	p->open = part->len < PAGE_SIZE;
	return size;
}

/**
 * ct_emit_pipe_add - more of the record
 * @e: the record; after ct_emit_pipe_begin()
 * @size: at most so much
 *
 * Return: how many bytes; 0: the record is at its end, or there is no more room for
 * it, or @size is 0; -ENOMEM.
 */
ssize_t ct_emit_pipe_add(struct ct_emit *e, size_t size)
{
	struct ct_part part = ct_emit_part(e);
	struct ct_pieces *p = e->pieces;
	ssize_t n = min(size, part.length);

	if (!n || (p->n == p->max && (part.page || !p->open)))
		return 0;
	if (part.page)
		add_page(p, &part, n);
	else
		n = add_copy(p, part.data, n);
	if (n > 0) {
		e->done += n;
		p->bytes += n;
	}
	return n;
}

static void release_piece(struct splice_pipe_desc *spd, unsigned int i)
{
	put_page(spd->pages[i]);
}

/**
 * ct_emit_pipe_end - the pipe gets what has been added
 * @e: the record
 * @pipe: locked since ct_emit_pipe_begin()
 *
 * Return: how many bytes; 0: nothing has been added; -EIO: something has been lost,
 * so that nothing may be given any more.
 */
ssize_t ct_emit_pipe_end(struct ct_emit *e, struct pipe_inode_info *pipe)
{
	struct ct_pieces *p = e->pieces;
	struct splice_pipe_desc spd = {
		.pages = p->page,
		.partial = p->part,
		.nr_pages = p->n,
		.nr_pages_max = PIECES,
		.ops = &nosteal_pipe_buf_ops,
		.spd_release = release_piece,
	};
	size_t bytes = p->bytes;
	ssize_t n;

	n = p->n ? splice_to_pipe(pipe, &spd) : 0;
	p->n = 0;
	return n == bytes ? n : -EIO;
}
