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

#include "checkpoint/mm.h"
#include "compat/mm.h"

/* Pages that are looked up at a time. */
#define RUN	32

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

/* Return: how many pages there are at @addr, pinned; or a negative errno. */
static long get_pages(struct mm_struct *mm, u64 addr, unsigned int n,
		      struct page **pages)
{
	long ret = -EINVAL;

	if (mmap_read_lock_killable(mm))
		return -EINTR;
	if (may_fill(mm, addr, addr + n * PAGE_SIZE))
		ret = ct_get_user_pages_remote(mm, addr, n,
					       FOLL_WRITE | FOLL_FORCE, pages,
					       NULL);
	mmap_read_unlock(mm);
	return ret ?: -EFAULT;
}

static void put_filled(struct page *page)
{
	set_page_dirty_lock(page);
	put_page(page);
}

static int fill_run(struct mm_struct *mm, u64 addr, unsigned int n,
		    const void *data)
{
	struct page *pages[RUN];
	long got, i;

	while (n) {
		got = get_pages(mm, addr, n, pages);
		if (got < 0)
			return got;
		for (i = 0; i < got; i++, data += PAGE_SIZE) {
			memcpy_to_page(pages[i], 0, data, PAGE_SIZE);
			put_filled(pages[i]);
		}
		addr += got * PAGE_SIZE;
		n -= got;
	}
	return 0;
}

/* How many addresses from the first one follow each other? */
static unsigned int run_length(const u64 *address, unsigned int n)
{
	unsigned int i = 1;

	while (i < n && i < RUN && address[i] == address[0] + i * PAGE_SIZE)
		i++;
	return i;
}

static int restore_pages(struct ct_restart *r, struct mm_struct *mm,
			 const struct container_image_record *rec,
			 const struct container_image_pages *pages)
{
	const u64 *address = (const u64 *)(pages + 1);
	const void *data = address + pages->count;
	unsigned int i, n;
	int err;

	if (!pages->count || pages->count > CONTAINER_IMAGE_PAGES_MAX ||
	    rec->length != sizeof(*pages) +
			   pages->count * (sizeof(*address) + PAGE_SIZE))
		return ct_restart_fail(r, -EINVAL,
				       "a record of pages of memory %u is not sound",
				       rec->id);
	for (i = 0; i < pages->count; i += n) {
		n = run_length(&address[i], pages->count - i);
		err = -EINVAL;
		/* Several are in one area, or in two that are side by side. */
		if (ct_range_valid(address[i], address[i] + n * PAGE_SIZE))
			err = fill_run(mm, address[i], n, data + i * PAGE_SIZE);
		while (err == -EINVAL && n > 1) {
			n = 1;
			err = fill_run(mm, address[i], n, data + i * PAGE_SIZE);
		}
		if (err)
			return ct_restart_fail(r, err,
					       "memory %u at %llx cannot be filled",
					       rec->id, address[i]);
	}
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
	n = get_pages(mm, same->address, 1, &to);
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
 * @rec: head of the record
 * @payload: what it says; its length has been compared with its type's
 *
 * Context: process context, in the writer.
 * Return: 0, or a negative errno after ct_restart_fail().
 */
int ct_restore_memory(struct ct_restart *r,
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
		err = restore_pages(r, mm, rec, payload);
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
