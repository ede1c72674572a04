// SPDX-License-Identifier: GPL-2.0
/*
 * What is in the memory of processes: putting it there again, from outside,
 * while they are parked.
 *
 * Pages that several memories shared are shared again where that can be (share.c);
 * otherwise each gets its own.
 */
#include <linux/bitmap.h>
#include <linux/highmem.h>
#include <linux/mm.h>
#include <linux/sched/mm.h>

#include "checkpoint/fill.h"
#include "checkpoint/mm.h"
#include "compat/mm.h"

/**
 * ct_restart_mm - a memory of the image
 * @r: the restart; all tasks are parked
 * @id: the image's
 *
 * Return: it, for mmput(); NULL: nobody has it.
 */
struct mm_struct *ct_restart_mm(struct ct_restart *r, u32 id)
{
	struct ct_rtask *t = ct_restart_mm_owner(r, id);

	return t && t->task ? get_task_mm(t->task) : NULL;
}

/**
 * ct_may_fill - is that an area to put pages into?
 * @vma: the area; the memory's lock is held
 *
 * Only memory of its own may be written to, whatever the image says.
 */
bool ct_may_fill(const struct vm_area_struct *vma)
{
	return !(vma->vm_flags & (VM_MAYSHARE | VM_SHARED | VM_PFNMAP | VM_IO |
				  VM_HUGETLB));
}

static bool may_fill(struct mm_struct *mm, u64 addr, u64 end)
{
	struct vm_area_struct *vma = find_vma(mm, addr);

	return vma && vma->vm_start <= addr && end <= vma->vm_end &&
	       ct_may_fill(vma);
}

/* Return: 1: the page at @addr, referenced; or a negative errno. */
static long get_target(struct mm_struct *mm, u64 addr, struct page **page)
{
	long ret = -EINVAL;

	if (mmap_read_lock_killable(mm))
		return -EINTR;
	if (may_fill(mm, addr, addr + PAGE_SIZE))
		ret = ct_get_user_pages_remote(mm, addr, 1,
					       FOLL_WRITE | FOLL_FORCE, page,
					       NULL);
	mmap_read_unlock(mm);
	return ret ?: -EFAULT;
}

static void put_filled(struct page *page)
{
	set_page_dirty_lock(page);
	put_page(page);
}

static int restore_pages(struct ct_restart *r, struct ct_fill *fill,
			 const struct container_image_record *rec,
			 const struct container_image_pages *pages)
{
	int err = ct_fill_end(fill, pages);

	if (err && !fill->active)
		return ct_restart_fail(r, err,
				       "a record of pages of memory %u is not sound",
				       rec->id);
	if (err)
		return ct_restart_fail(r, err, "memory %u at %llx cannot be filled",
				       rec->id, fill->bad);
	return 0;
}

static struct page *get_source(struct ct_restart *r,
			       const struct container_image_same *same)
{
	struct mm_struct *mm = ct_restart_mm(r, same->mm);
	struct page *page = NULL;
	long n = -EINVAL;

	if (!mm)
		return ERR_PTR(-EINVAL);
	if (!mmap_read_lock_killable(mm)) {
		if (may_fill(mm, same->from, same->from + PAGE_SIZE))
			n = ct_get_user_pages_remote(mm, same->from, 1,
						     FOLL_FORCE, &page, NULL);
		mmap_read_unlock(mm);
	}
	mmput(mm);
	return n == 1 ? page : ERR_PTR(n ?: -EFAULT);
}

static int copy_one(struct ct_restart *r, struct mm_struct *mm,
		    const struct container_image_same *same)
{
	struct page *from, *to;
	long n;

	if (!ct_range_valid(same->address, same->address + PAGE_SIZE) ||
	    !ct_range_valid(same->from, same->from + PAGE_SIZE))
		return -EINVAL;
	from = get_source(r, same);
	if (IS_ERR(from))
		return PTR_ERR(from);
	n = get_target(mm, same->address, &to);
	if (n == 1) {
		copy_highpage(to, from);
		put_filled(to);
	}
	put_page(from);
	return min(n, 0L);
}

/* How many follow each other at the same addresses as in the other memory? */
static unsigned int same_length(const struct container_image_same *same, u64 n)
{
	u64 end = ALIGN(same->address + 1, PMD_SIZE);
	unsigned int i = 1;

	if (same->address != same->from)
		return 1;
	while (i < n && same[i].mm == same->mm &&
	       same[i].address == same->address + i * PAGE_SIZE &&
	       same[i].from == same[i].address && same[i].address < end)
		i++;
	return i;
}

static int restore_run(struct ct_restart *r, struct mm_struct *mm, u32 id,
		       const struct container_image_same *same, unsigned int n)
{
	DECLARE_BITMAP(done, CT_RUN_MAX);
	unsigned int i = 0;
	int err;

	bitmap_zero(done, CT_RUN_MAX);
	err = ct_share_pages(r, mm, same, n, done);
	for (; i < n && !err; i++)
		if (!test_bit(i, done))
			err = copy_one(r, mm, &same[i]);
	if (!err)
		return 0;
	i -= !!i;
	return ct_restart_fail(r, err,
			       "memory %u at %llx cannot be filled from memory %u",
			       id, same[i].address, same[i].mm);
}

static int restore_same(struct ct_restart *r, struct mm_struct *mm,
			const struct container_image_record *rec,
			const struct container_image_same *same)
{
	u64 left = rec->length / sizeof(*same);
	unsigned int n;
	int err;

	for (; left; left -= n, same += n) {
		n = same_length(same, left);
		err = restore_run(r, mm, rec->id, same, n);
		if (err)
			return err;
		cond_resched();
	}
	return 0;
}

/**
 * ct_restore_memory - put pages where they were
 * @r: the restart; all tasks are parked
 * @fill: if it is a record of pages, it has gone through this
 * @rec: head of the record
 * @payload: what it says; its length has been compared with its type's
 *
 * Context: process context, in the writer.
 * Return: 0, or a negative errno after ct_restart_fail().
 */
int ct_restore_memory(struct ct_restart *r, struct ct_fill *fill,
		      const struct container_image_record *rec,
		      const void *payload)
{
	struct mm_struct *mm = ct_restart_mm(r, rec->id);
	int err = -EINVAL;

	if (!mm)
		return ct_restart_fail(r, err,
				       "nobody has memory %u, of which there are pages",
				       rec->id);
	switch (rec->type) {
	case CONTAINER_IMAGE_PAGES:
		err = restore_pages(r, fill, rec, payload);
		break;
	case CONTAINER_IMAGE_SAME:
		err = restore_same(r, mm, rec, payload);
		break;
	default:
		ct_restart_fail(r, err, "a record is out of place behind memory");
	}
	mmput(mm);
	return err;
}
