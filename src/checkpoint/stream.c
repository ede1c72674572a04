// SPDX-License-Identifier: GPL-2.0
/*
 * The pages of the copies of memory, on their way into an image.
 *
 * Nobody but us uses a copy, so that its pages are what they were; the kernel
 * may still swap them out, move them and split huge ones.  Page tables are read
 * directly, since that is what costs least; what is not there is brought in.
 *
 * Pages that several memories share since a fork() are in the image once.
 * Whether they do is seen from the page itself: from our copies it cannot go
 * away, but it may be moved, so that a page seen before is looked for again
 * where it was seen.
 */
#include <linux/highmem.h>
#include <linux/mm.h>
#include <linux/pagewalk.h>
#include <linux/sched/mm.h>
#include <linux/slab.h>
#include <linux/xarray.h>

#include "checkpoint/emit.h"
#include "checkpoint/mm.h"
#include "compat/mm.h"
#include "hook/symbols.h"

#define BATCH	CONTAINER_IMAGE_PAGES_MAX
/* How many references wait until they are worth a record. */
#define SAMES	(4 * BATCH)

/**
 * struct found_page - a page on its way
 * @address: where it is in the memory
 * @page: with a reference
 * @anonymous: there is nothing below it, so that zeros need not be said
 */
struct found_page {
	u64 address;
	struct page *page;
	bool anonymous;
};

/**
 * struct ct_stream - how far we are
 * @at: the copy whose turn it is; NULL: all done
 * @pos: the next address
 * @absent: there is something at @pos that has to be brought in
 * @several: there are several memories
 * @seen: by page frame number: seen_at() of its place
 * @by_index: the copies, in order
 * @index: of @at
 * @n: how many there are in @found
 * @found: pages of the record to come
 * @nr_same: how many there are in @same
 * @same: pages that are in the image already
 */
struct ct_stream {
	struct ct_snapshot *at;
	unsigned long pos;
	bool absent;
	bool several;
	struct xarray seen;
	struct ct_snapshot **by_index;
	unsigned int index;
	unsigned int n;
	struct found_page found[BATCH];
	unsigned int nr_same;
	struct container_image_same same[SAMES];
};

/* ---- which pages there are ---- */

static void add_page(struct ct_stream *st, unsigned long addr, struct page *page,
		     const struct vm_area_struct *vma)
{
	struct found_page *found = &st->found[st->n++];

	found->address = addr;
	found->page = page;
	found->anonymous = !vma->vm_file;
}

/* Return: 1: enough for a record, or it has to be brought in. */
static int walk_pte(pte_t *ptep, unsigned long addr, unsigned long next,
		    struct mm_walk *walk)
{
	struct ct_stream *st = walk->private;
	pte_t pte = ptep_get(ptep);
	struct page *page;

	if (pte_none(pte))
		return 0;
	if (!pte_present(pte)) {
		st->absent = true;
		st->pos = addr;
		return 1;
	}
	if (pte_special(pte))	/* the page of zeros */
		return 0;
	page = pfn_to_page(pte_pfn(pte));
	if (!PageAnon(page))	/* a file's */
		return 0;
	get_page(page);
	add_page(st, addr, page, walk->vma);
	if (st->n < BATCH)
		return 0;
	st->pos = next;
	return 1;
}

static int add_huge(struct ct_stream *st, pmd_t pmd, unsigned long addr,
		    unsigned long next, const struct vm_area_struct *vma)
{
	struct page *head = pmd_page(pmd);

	if (!PageAnon(head))	/* the huge page of zeros */
		return 0;
	for (; addr < next; addr += PAGE_SIZE) {
		struct page *page = head + ((addr & ~PMD_MASK) >> PAGE_SHIFT);

		get_page(page);
		add_page(st, addr, page, vma);
		if (st->n < BATCH)
			continue;
		st->pos = addr + PAGE_SIZE;
		return 1;
	}
	return 0;
}

/* Huge pages stay in one piece. */
static int walk_pmd(pmd_t *pmdp, unsigned long addr, unsigned long next,
		    struct mm_walk *walk)
{
	struct ct_stream *st = walk->private;
	spinlock_t *ptl = pmd_lock(walk->mm, pmdp);
	pmd_t pmd = READ_ONCE(*pmdp);
	int ret = 0;

	if (pmd_none(pmd)) {
		walk->action = ACTION_CONTINUE;
	} else if (!pmd_present(pmd)) {
		st->absent = true;
		st->pos = addr;
		ret = 1;
	} else if (pmd_trans_huge(pmd)) {
		ret = add_huge(st, pmd, addr, next, walk->vma);
		walk->action = ACTION_CONTINUE;
	}
	spin_unlock(ptl);
	return ret;
}

static const struct mm_walk_ops walk_ops = {
	.pmd_entry = walk_pmd,
	.pte_entry = walk_pte,
	CT_WALK_READ_LOCKED
};

/* A page that was swapped out or is being moved. */
static int bring_in(struct ct_stream *st)
{
	struct mm_struct *mm = st->at->copy;
	struct vm_area_struct *vma = find_vma(mm, st->pos);
	struct page *page;
	long n;

	st->absent = false;
	n = ct_get_user_pages_remote(mm, st->pos, 1, FOLL_FORCE, &page, NULL);
	if (n != 1)
		return n < 0 ? n : -EFAULT;
	if (vma && PageAnon(page))
		add_page(st, st->pos, page, vma);
	else
		put_page(page);
	st->pos += PAGE_SIZE;
	return st->n == BATCH;
}

/* Return: 1: @found is full; 0: that was the last of it. */
static int collect_locked(struct ct_stream *st)
{
	int ret;

	while (st->pos < TASK_SIZE_MAX) {
		ret = static_call(ct_walk_page_range)(st->at->copy, st->pos,
						      TASK_SIZE_MAX, &walk_ops,
						      st);
		if (ret < 0)
			return ret;
		if (!ret) {
			st->pos = TASK_SIZE_MAX;
			break;
		}
		ret = st->absent ? bring_in(st) : 1;
		if (ret)
			return ret;
	}
	return 0;
}

static int collect(struct ct_stream *st)
{
	struct mm_struct *mm = st->at->copy;
	int ret;

	if (mmap_read_lock_killable(mm))
		return -EINTR;
	ret = collect_locked(st);
	mmap_read_unlock(mm);
	return ret;
}

/* ---- which of them have to be told ---- */

/* A place in one of the copies, as an entry of an xarray, which has 63 bits. */
#define INDEX_BITS	26
#define SEEN_MAX	BIT(63 - INDEX_BITS + PAGE_SHIFT)

static void *seen_at(unsigned int index, unsigned long addr)
{
	return xa_mk_value((addr >> PAGE_SHIFT) << INDEX_BITS | index);
}

static bool is_zero(struct page *page)
{
	void *data = kmap_local_page(page);
	bool zero = !memchr_inv(data, 0, PAGE_SIZE);

	kunmap_local(data);
	return zero;
}

/* Is that page still where it was seen? It may have been moved, and this be another. */
static bool is_there(struct mm_struct *mm, unsigned long addr, struct page *page)
{
	struct page *there = NULL;
	long n;

	if (mmap_read_lock_killable(mm))
		return false;
	n = ct_get_user_pages_remote(mm, addr, 1, FOLL_FORCE, &there, NULL);
	mmap_read_unlock(mm);
	if (n != 1)
		return false;
	put_page(there);
	return there == page;
}

/*
 * Is it the same as one before? What cannot be remembered for want of memory is
 * there once more when another has it.
 */
static bool look_up(struct ct_stream *st, const struct found_page *found)
{
	unsigned long pfn = page_to_pfn(found->page);
	void *entry = xa_load(&st->seen, pfn);

	if (entry) {
		unsigned long value = xa_to_value(entry);
		unsigned int index = value & (BIT(INDEX_BITS) - 1);
		unsigned long from = value >> INDEX_BITS << PAGE_SHIFT;
		struct ct_snapshot *other = st->by_index[index];

		if (is_there(other->copy, from, found->page)) {
			st->same[st->nr_same++] = (struct container_image_same) {
				.address = found->address,
				.from = from,
				.mm = other->id,
			};
			return true;
		}
	}
	xa_store(&st->seen, pfn, seen_at(st->index, found->address), GFP_KERNEL);
	return false;
}

static bool may_be_shared(const struct ct_stream *st,
			  const struct found_page *found)
{
	return st->several && found->address < SEEN_MAX &&
	       ct_page_mapcount(found->page) > 1;
}

static void put_found(struct ct_stream *st)
{
	while (st->n)
		put_page(st->found[--st->n].page);
}

/* Leave those in @found that the record will have. */
static void sift(struct ct_stream *st)
{
	unsigned int i, n = 0;

	for (i = 0; i < st->n; i++) {
		struct found_page *found = &st->found[i];

		if ((found->anonymous && is_zero(found->page)) ||
		    (may_be_shared(st, found) && look_up(st, found)))
			put_page(found->page);
		else
			st->found[n++] = *found;
	}
	st->n = n;
}

/* ---- records ---- */

/* The references go with the pages. */
static void emit_pages(struct ct_save *s, struct ct_stream *st)
{
	struct container_image_pages *pages = s->emit.buffer;
	u64 *address = (u64 *)(pages + 1);
	unsigned int i;

	pages->count = st->n;
	pages->reserved = 0;
	for (i = 0; i < st->n; i++) {
		address[i] = st->found[i].address;
		s->emit.page[i] = st->found[i].page;
	}
	s->pages += st->n;
	st->n = 0;
	ct_emit_pages(&s->emit, st->at->id, i);
}

static void emit_same(struct ct_save *s, struct ct_stream *st)
{
	size_t size = st->nr_same * sizeof(st->same[0]);

	BUILD_BUG_ON(sizeof(st->same) > CT_EMIT_BUFFER);
	memcpy(s->emit.buffer, st->same, size);
	st->nr_same = 0;
	ct_emit_payload(&s->emit, CONTAINER_IMAGE_SAME, st->at->id, size);
}

static void next_memory(struct ct_save *s, struct ct_stream *st)
{
	st->pos = 0;
	st->index++;
	st->at = list_is_last(&st->at->list, &s->snapshots) ? NULL :
		 list_next_entry(st->at, list);
}

static struct ct_stream *stream_start(struct ct_save *s)
{
	struct ct_snapshot *snapshot;
	struct ct_stream *st;
	size_t n = 0;

	list_for_each_entry(snapshot, &s->snapshots, list)
		n++;
	st = kvzalloc(sizeof(*st), GFP_KERNEL_ACCOUNT);
	if (!st)
		return NULL;
	st->by_index = kvcalloc(n + 1, sizeof(*st->by_index), GFP_KERNEL_ACCOUNT);
	if (!st->by_index) {
		kvfree(st);
		return NULL;
	}
	xa_init(&st->seen);
	st->several = n > 1;
	n = 0;
	list_for_each_entry(snapshot, &s->snapshots, list)
		st->by_index[n++] = snapshot;
	st->at = st->by_index[0];
	return st;
}

/**
 * ct_stream_free - forget what has been streamed
 * @s: the checkpoint
 */
void ct_stream_free(struct ct_save *s)
{
	struct ct_stream *st = s->stream;

	if (!st)
		return;
	s->stream = NULL;
	put_found(st);
	xa_destroy(&st->seen);
	kvfree(st->by_index);
	kvfree(st);
}

/* Return: 1: the next record about this memory is there; 0: there is none yet. */
static int advance(struct ct_save *s, struct ct_stream *st)
{
	int err;

	if (st->nr_same > SAMES - BATCH ||
	    (st->nr_same && st->pos == TASK_SIZE_MAX)) {
		emit_same(s, st);
		return 1;
	}
	if (st->pos == TASK_SIZE_MAX) {
		next_memory(s, st);
		return 0;
	}
	err = min(collect(st), 0);
	/*
	 * Whoever reads on after an error is to get what was found before it:
	 * we are past that. The error comes again, if it is still there.
	 */
	if (!st->n)
		return err;
	s->looked += st->n;
	sift(st);
	if (!st->n)
		return 0;
	emit_pages(s, st);
	return 1;
}

/**
 * ct_memory_next - the next record about memory
 * @s: the checkpoint, after ct_memory_snapshot(); there is no record in @s->emit, which
 *     gets this one
 *
 * Context: may sleep; one at a time.
 * Return: 1; 0 after the last one; or a negative errno, -EINTR and -ENOMEM among
 * them.
 */
int ct_memory_next(struct ct_save *s)
{
	struct ct_stream *st = s->stream;
	int ret = 0;

	if (!st) {
		st = stream_start(s);
		s->stream = st;
	}
	if (!st)
		return -ENOMEM;
	while (st->at && !ret) {
		ret = advance(s, st);
		cond_resched();
	}
	return ret;
}
