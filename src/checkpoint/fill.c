// SPDX-License-Identifier: GPL-2.0
/*
 * Pages of an image, on their way into memory.
 *
 * What an image says is in a page is read into a page once, and that becomes the
 * memory's own: no buffer is in between, and no page fault.  It is read before its
 * checksum is known.  That is sound, since nothing of the container runs before the
 * end of the image, and one wrong checksum is the end of all of it.
 *
 * A page is filled first and mapped then: nobody sees what was in it before.  Where
 * there is something already, or is to be a huge page, what is there is filled
 * instead, which has been cleared.
 */
#include <linux/highmem.h>
#include <linux/memcontrol.h>
#include <linux/mm.h>
#include <linux/sched/mm.h>

#include "checkpoint/fill.h"
#include "checkpoint/mm.h"
#include "compat/mm.h"

#define ADDRESSES(n)							\
	(sizeof(struct container_image_pages) + (n) * sizeof(u64))

static const u64 *addresses(const void *payload)
{
	return payload + sizeof(struct container_image_pages);
}

static bool may_fill(struct vm_area_struct *vma, u64 addr, u64 end)
{
	return vma && vma->vm_start <= addr && end <= vma->vm_end && ct_may_fill(vma);
}

/* The entry for a table of pages, or for a huge page; NULL: there are no tables. */
static pmd_t *pmd_at(struct mm_struct *mm, u64 addr)
{
	pgd_t *pgd = pgd_offset(mm, addr);
	p4d_t *p4d;
	pud_t *pud;

	if (pgd_none(*pgd))
		return NULL;
	p4d = p4d_offset(pgd, addr);
	if (p4d_none(*p4d))
		return NULL;
	pud = pud_offset(p4d, addr);
	if (!pud_present(*pud) || pud_leaf(*pud))
		return NULL;
	return pmd_offset(pud, addr);
}

/* ---- pages that the memory has ---- */

/* Is there a huge page, or will be one as soon as somebody looks? */
static bool is_huge(struct mm_struct *mm, struct vm_area_struct *vma, u64 addr)
{
	pmd_t *at = pmd_at(mm, addr);
	pmd_t pmd = at ? READ_ONCE(*at) : __pmd(0);
	u64 start = ALIGN_DOWN(addr, PMD_SIZE);

	if (!pmd_none(pmd))
		return pmd_present(pmd) && pmd_trans_huge(pmd);
	return vma->vm_flags & VM_HUGEPAGE && vma->vm_start <= start &&
	       start + PMD_SIZE <= vma->vm_end;
}

/* How many addresses from the first one follow each other? */
static unsigned int run_length(const u64 *address, unsigned int n)
{
	unsigned int i = 1;

	while (i < n && address[i] == address[0] + i * PAGE_SIZE)
		i++;
	return i;
}

/* Return: how many pages are to be filled where they are; 0: new ones are better. */
static long take_huge(struct ct_fill *fill, const u64 *address, unsigned int n)
{
	struct mm_struct *mm = fill->mm;
	u64 addr = address[0];
	struct vm_area_struct *vma;
	long got = 0;

	n = run_length(address, n);
	if (!ct_range_valid(addr, addr + n * PAGE_SIZE))
		return 0;
	if (mmap_read_lock_killable(mm))
		return -EINTR;
	vma = find_vma(mm, addr);
	if (may_fill(vma, addr, addr + n * PAGE_SIZE) && is_huge(mm, vma, addr))
		got = ct_get_user_pages_remote(mm, addr, n, FOLL_WRITE | FOLL_FORCE,
					       fill->page, NULL) ?: -EFAULT;
	mmap_read_unlock(mm);
	return got;
}

static void put_filled(struct page *page)
{
	set_page_dirty_lock(page);
	put_page(page);
}

/* ---- pages that it gets ---- */

static unsigned int take_new(struct ct_fill *fill, unsigned int n)
{
	unsigned int got;

	memset(fill->page, 0, n * sizeof(fill->page[0]));
	got = alloc_pages_bulk_array(GFP_HIGHUSER_MOVABLE, n, fill->page);
	if (!got) {
		fill->page[0] = alloc_page(GFP_HIGHUSER_MOVABLE);
		got = !!fill->page[0];
	}
	return got;
}

/*
 * The way of userfaultfd's UFFDIO_COPY.  Return: 0: it belongs to the memory now;
 * otherwise that has to look for itself.
 */
static int map_new(struct vm_area_struct *vma, u64 addr, struct page *page)
{
	pmd_t *at = pmd_at(vma->vm_mm, addr);
	pmd_t pmd = at ? READ_ONCE(*at) : __pmd(0);
	int err;

	if (!pmd_present(pmd) || pmd_trans_huge(pmd) || pmd_devmap(pmd) ||
	    !vma->anon_vma || vma->vm_flags & VM_MIXEDMAP ||
	    !(vma_is_anonymous(vma) || vma->vm_file))
		return -EAGAIN;
	if (!mem_cgroup_disabled()) {
		err = static_call(ct_mem_cgroup_charge)(page_folio(page), vma->vm_mm,
							GFP_KERNEL);
		if (err)
			return err;
	}
	/* What is in it is there before it is seen. */
	__folio_mark_uptodate(page_folio(page));
	return ct_install_new_page(at, vma, addr, page);
}

static int overwrite(struct mm_struct *mm, u64 addr, struct page *from)
{
	struct page *to;
	long n = ct_get_user_pages_remote(mm, addr, 1, FOLL_WRITE | FOLL_FORCE, &to,
					  NULL);

	if (n != 1)
		return n ?: -EFAULT;
	copy_highpage(to, from);
	put_filled(to);
	return 0;
}

/* Only memory of its own may be written to, whatever the image says. */
static int give(struct ct_fill *fill, u64 addr, struct vm_area_struct **vma,
		struct page **page)
{
	if (!ct_range_valid(addr, addr + PAGE_SIZE))
		return -EINVAL;
	if (!*vma || addr < (*vma)->vm_start || addr >= (*vma)->vm_end)
		*vma = find_vma(fill->mm, addr);
	if (!may_fill(*vma, addr, addr + PAGE_SIZE))
		return -EINVAL;
	if (map_new(*vma, addr, *page))
		return overwrite(fill->mm, addr, *page);
	*page = NULL;
	return 0;
}

static int give_all(struct ct_fill *fill, const u64 *address)
{
	struct vm_area_struct *vma = NULL;
	unsigned int i;
	int err = 0;

	if (mmap_read_lock_killable(fill->mm))
		return -EINTR;
	for (i = 0; i < fill->n && !err; i++) {
		err = give(fill, address[i], &vma, &fill->page[i]);
		if (err)
			fill->bad = address[i];
	}
	mmap_read_unlock(fill->mm);
	return err;
}

/* ---- batches ---- */

static void put_batch(struct ct_fill *fill)
{
	while (fill->n) {
		struct page *page = fill->page[--fill->n];

		if (page && fill->in_place)
			put_filled(page);
		else if (page)
			put_page(page);
	}
}

/* They have been filled. */
static void end_batch(struct ct_fill *fill, const u64 *address)
{
	if (fill->n && !fill->in_place)
		fill->err = give_all(fill, address + fill->first);
	put_batch(fill);
}

static void begin_batch(struct ct_fill *fill, const u64 *address, unsigned int first)
{
	unsigned int n = min_t(unsigned int, fill->count - first, CT_FILL_BATCH);
	long got;

	fill->first = first;
	fill->bad = address[first];
	got = take_huge(fill, address + first, n);
	fill->in_place = got > 0;
	if (!got)
		got = take_new(fill, n) ?: -ENOMEM;
	fill->n = max(got, 0L);
	fill->err = min(got, 0L);
}

/**
 * ct_fill_begin - a record of pages begins
 * @fill: none is under way
 * @r: the restart; all tasks are parked
 * @rec: head of the record
 */
void ct_fill_begin(struct ct_fill *fill, struct ct_restart *r,
		   const struct container_image_record *rec)
{
	u64 count = div64_u64(rec->length, sizeof(u64) + PAGE_SIZE);

	fill->active = false;
	fill->err = 0;
	fill->n = 0;
	fill->first = 0;
	fill->count = count;
	if (!count || count > CONTAINER_IMAGE_PAGES_MAX ||
	    rec->length != ADDRESSES(count) + count * PAGE_SIZE)
		return;
	fill->mm = ct_restart_mm(r, rec->id);
	fill->active = fill->mm;
}

/**
 * ct_fill_place - where do the next bytes of the record go?
 * @fill: the record
 * @payload: what is in front of the pages is here, and there is room for all of it
 * @done: bytes of the payload that are there
 * @room: how many are missing; lowered to how many go there
 *
 * Context: may sleep.
 * Return: the place. There is one if something is wrong, too: that will be said when
 * the checksum says that it is what was written.
 */
void *ct_fill_place(struct ct_fill *fill, void *payload, u64 done, size_t *room)
{
	const struct container_image_pages *pages = payload;
	size_t front = ADDRESSES(fill->count);
	unsigned int i;

	if (!fill->active)
		return payload + done;
	if (done < front) {
		*room = front - done;
		return payload + done;
	}
	i = (done - front) >> PAGE_SHIFT;
	if (!i && pages->count != fill->count)
		fill->active = false;
	if (fill->active && !fill->err && i >= fill->first + fill->n) {
		end_batch(fill, addresses(payload));
		if (!fill->err)
			begin_batch(fill, addresses(payload), i);
	}
	if (!fill->active || fill->err)
		return payload + done;
	*room = PAGE_SIZE - offset_in_page(done - front);
	return page_address(fill->page[i - fill->first]) + offset_in_page(done - front);
}

/**
 * ct_fill_end - all of the record is there, and its checksum is right
 * @fill: the record
 * @payload: what is in front of the pages
 *
 * Return: 0; -EINVAL it is not sound, or says that pages belong where none can be;
 * -ENOMEM, -EINTR, -EFAULT. @fill->bad is the address, unless it is not @fill->active.
 */
int ct_fill_end(struct ct_fill *fill, const void *payload)
{
	if (!fill->active)
		return -EINVAL;
	if (!fill->err)
		end_batch(fill, addresses(payload));
	return fill->err;
}

/**
 * ct_fill_drop - no record is under way any more
 * @fill: ended or not, or zeros
 *
 * Context: may sleep.
 */
void ct_fill_drop(struct ct_fill *fill)
{
	put_batch(fill);
	if (fill->mm)
		mmput(fill->mm);
	fill->mm = NULL;
	fill->active = false;
}
