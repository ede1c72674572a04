// SPDX-License-Identifier: GPL-2.0
/*
 * How long an image will be.
 *
 * All about the processes is there when the image begins; what is estimated is
 * their memory.  Each page of a copy counts as one of the image, until it has been
 * looked at: then it is known whether it is zeros, or one that is there already.
 * So the estimate comes down while the image is read, and is right at its end.
 */
#include <linux/math.h>

#include "checkpoint/mm.h"
#include "checkpoint/out.h"
#include "checkpoint/progress.h"
#include "compat/mm.h"

#define BATCH	CONTAINER_IMAGE_PAGES_MAX

static u64 pages_of(struct mm_struct *mm)
{
	return ct_mm_counted(mm, MM_ANONPAGES) + ct_mm_counted(mm, MM_SWAPENTS);
}

/* Records of so many pages. */
static u64 bytes_of(u64 pages)
{
	size_t frame = CT_IMAGE_RECORD_SIZE(sizeof(struct container_image_pages));

	return pages * (PAGE_SIZE + sizeof(u64)) +
	       DIV_ROUND_UP_ULL(pages, BATCH) * frame;
}

/**
 * ct_total - how long an image will be
 * @s: the checkpoint; its memory has been copied
 *
 * Context: any; by the reader of the image.
 * Return: bytes, those that have been read included.
 */
u64 ct_total(const struct ct_save *s)
{
	const struct ct_emit *e = &s->emit;
	u64 total = s->c->progress.bytes + (e->size - e->done) + s->out.bytes;

	if (!s->in_memory)
		total += CT_IMAGE_RECORD_SIZE(0);
	if (!s->at_end)
		total += bytes_of(s->expected - min(s->expected, s->looked)) +
			 CT_IMAGE_RECORD_SIZE(sizeof(struct container_image_end));
	return total;
}

/**
 * ct_total_begin - the record that says it, near the beginning of the image
 * @s: the checkpoint
 *
 * Return: 0 or -ENOMEM.
 */
int ct_total_begin(struct ct_save *s)
{
	s->total = ct_out_optional(&s->out, CONTAINER_IMAGE_TOTAL, 0,
				   sizeof(*s->total));
	return s->total ? 0 : -ENOMEM;
}

/**
 * ct_total_known - the memory has been copied
 * @s: the checkpoint; nothing of it has been read
 */
void ct_total_known(struct ct_save *s)
{
	struct ct_snapshot *snapshot;

	list_for_each_entry(snapshot, &s->snapshots, list)
		s->expected += pages_of(snapshot->copy);
	s->total->bytes = ct_total(s);
	s->total->pages = s->expected;
	WRITE_ONCE(s->c->progress.total, s->total->bytes);
}
