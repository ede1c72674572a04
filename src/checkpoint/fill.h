/* SPDX-License-Identifier: GPL-2.0 */
/* Pages of an image, on their way into memory (fill.c). */
#ifndef CT_CHECKPOINT_FILL_H
#define CT_CHECKPOINT_FILL_H

#include <linux/types.h>

#include <container/image.h>

struct ct_restart;
struct mm_struct;
struct page;

/* Pages that are filled before they are given to the memory. */
#define CT_FILL_BATCH	32

/**
 * struct ct_fill - a record of pages that is being read
 * @active: they are filled where they will be; otherwise all of the record is kept,
 *	    until it is known what is wrong with it
 * @in_place: those of the batch are the memory's own already
 * @err: why a page could not be filled; 0: they could
 * @count: pages of the record
 * @first: number of the first page of the batch
 * @n: how many the batch has
 * @bad: address of the page that @err is about
 * @mm: the memory; referenced
 * @page: the batch; referenced
 */
struct ct_fill {
	bool active;
	bool in_place;
	int err;
	unsigned int count;
	unsigned int first;
	unsigned int n;
	u64 bad;
	struct mm_struct *mm;
	struct page *page[CT_FILL_BATCH];
};

void ct_fill_begin(struct ct_fill *fill, struct ct_restart *r,
		   const struct container_image_record *rec);
void *ct_fill_place(struct ct_fill *fill, void *payload, u64 done, size_t *room);
int ct_fill_end(struct ct_fill *fill, const void *payload);
void ct_fill_drop(struct ct_fill *fill);

#endif
