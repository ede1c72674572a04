// SPDX-License-Identifier: GPL-2.0
/*
 * Pages that several memories share copy-on-write: sharing them again.
 *
 * A page is put into the first memory like any other; to the next ones it comes
 * the way fork() brings it to a child, by copy_page_range(), for the few pages
 * that it is about.  What makes that sound is what fork() would have seen to:
 *
 * - both areas have the same root, and the page's anon_vma is that (family.c);
 *   the page is given to the root first, as the kernel does with a page that is
 *   swapped in for several (__page_set_anon_rmap(), __folio_set_anon());
 * - they are alike: the same offset for the same address, the same protection,
 *   the same file.  So an entry of the one's page table is right in the other's;
 * - nothing is there yet in the second;
 * - both memories are locked for writing, so that no page fault, no khugepaged
 *   and no ksmd is under way.  A page may still be unmapped or moved; it keeps
 *   its anon_vma then, and entries that say so can be copied as well.
 *
 * Where one of these does not hold nothing is shared, and whoever asked makes a
 * copy: nobody but the machine's memory notices.
 */
#include <linux/bitmap.h>
#include <linux/highmem.h>
#include <linux/mm.h>
#include <linux/pagemap.h>
#include <linux/pagewalk.h>
#include <linux/rmap.h>
#include <linux/sched/mm.h>
#include <linux/slab.h>

#include "checkpoint/mm.h"
#include "compat/mm.h"
#include "hook/symbols.h"

/**
 * struct ct_run - pages at successive addresses, which one page table has
 * @from: the area that has them
 * @to: the area that is to have them
 * @start: the first address
 * @end: behind the last one
 * @whole: they are all of a page table, of which @to has none: so they may be
 *	   one huge page, and stay one
 * @page: that @from has there, referenced; NULL: none that can be shared, or @to
 *	  has something there
 */
struct ct_run {
	struct vm_area_struct *from;
	struct vm_area_struct *to;
	unsigned long start;
	unsigned long end;
	bool whole;
	struct page *page[CT_RUN_MAX];
};

/**
 * ct_run_free - forget what ct_share_pages() works with
 * @run: may be NULL
 */
void ct_run_free(struct ct_run *run)
{
	kvfree(run);
}

static unsigned int run_pages(const struct ct_run *run)
{
	return (run->end - run->start) >> PAGE_SHIFT;
}

static struct page **slot(struct ct_run *run, unsigned long addr)
{
	return &run->page[(addr - run->start) >> PAGE_SHIFT];
}

/* ---- what is in both ---- */

static void take(struct ct_run *run, unsigned long addr, struct page *page)
{
	get_page(page);
	*slot(run, addr) = page;
}

static int from_pte(pte_t *ptep, unsigned long addr, unsigned long next,
		    struct mm_walk *walk)
{
	pte_t pte = ptep_get(ptep);
	struct page *page;

	if (!pte_present(pte) || pte_special(pte))
		return 0;
	page = pfn_to_page(pte_pfn(pte));
	if (PageAnon(page))
		take(walk->private, addr, page);
	return 0;
}

/* A huge page of which the run is a part is mapped in pieces from now on. */
static int from_pmd(pmd_t *pmdp, unsigned long addr, unsigned long next,
		    struct mm_walk *walk)
{
	struct ct_run *run = walk->private;
	spinlock_t *ptl = pmd_lock(walk->mm, pmdp);
	pmd_t pmd = READ_ONCE(*pmdp);

	if (run->whole && pmd_present(pmd) && pmd_trans_huge(pmd) && PageAnon(pmd_page(pmd))) {
		for (; addr < next; addr += PAGE_SIZE)
			take(run, addr, pmd_page(pmd) +
			     ((addr & ~PMD_MASK) >> PAGE_SHIFT));
		walk->action = ACTION_CONTINUE;
	}
	spin_unlock(ptl);
	return 0;
}

static int to_pte(pte_t *ptep, unsigned long addr, unsigned long next,
		  struct mm_walk *walk)
{
	struct page **page = slot(walk->private, addr);

	if (pte_none(ptep_get(ptep)) || !*page)
		return 0;
	put_page(*page);
	*page = NULL;
	return 0;
}

static int to_pmd(pmd_t *pmdp, unsigned long addr, unsigned long next,
		  struct mm_walk *walk)
{
	struct ct_run *run = walk->private;

	run->whole = false;
	return 0;
}

static int no_pte(pte_t *ptep, unsigned long addr, unsigned long next,
		  struct mm_walk *walk)
{
	return 0;
}

/* Has it a page table there? Walked first. */
static const struct mm_walk_ops table_ops = {
	.pmd_entry = to_pmd,
	CT_WALK_READ_LOCKED
};

static const struct mm_walk_ops from_ops = {
	.pmd_entry = from_pmd,
	.pte_entry = from_pte,
	CT_WALK_READ_LOCKED
};

static const struct mm_walk_ops to_ops = {
	.pte_entry = to_pte,
	CT_WALK_READ_LOCKED
};

/* With nothing to be done for an entry, a walk only splits what is huge. */
static const struct mm_walk_ops split_ops = {
	.pte_entry = no_pte,
	CT_WALK_READ_LOCKED
};

static int walk(struct ct_run *run, struct vm_area_struct *vma,
		const struct mm_walk_ops *ops)
{
	return static_call(ct_walk_page_range)(vma->vm_mm, run->start, run->end,
					       ops, run);
}

/* Gathers the pages that can be shared. */
static int look(struct ct_run *run)
{
	int err;

	memset(run->page, 0, run_pages(run) * sizeof(run->page[0]));
	run->whole = run_pages(run) == PTRS_PER_PTE &&
		     IS_ALIGNED(run->start, PMD_SIZE);
	err = walk(run, run->to, &table_ops);
	if (!err)
		err = walk(run, run->from, &from_ops);
	if (!err)
		err = walk(run, run->to, &to_ops);
	return err;
}

/* ---- making them common ---- */

/*
 * The page belongs to an anon_vma of @run->from, which cannot go while that
 * memory is locked.  It may be the area's own; then nobody else has the page.
 */
static bool give_to_root(struct ct_run *run, struct page *page)
{
	struct anon_vma *root = run->from->anon_vma->root;
	struct folio *folio = page_folio(page);
	unsigned long mapping;
	bool ok;

	folio_lock(folio);
	mapping = (unsigned long)READ_ONCE(folio->mapping);
	/* Those of KSM have another bit, and stay as they are. */
	ok = (mapping & PAGE_MAPPING_FLAGS) == PAGE_MAPPING_ANON;
	if (ok) {
		struct anon_vma *now = (void *)(mapping - PAGE_MAPPING_ANON);

		ok = now->root == root;
		/* As folio_move_anon_rmap() does it, the other way round. */
		if (ok && now != root)
			WRITE_ONCE(folio->mapping,
				   (void *)root + PAGE_MAPPING_ANON);
	}
	folio_unlock(folio);
	return ok;
}

static void give_all(struct ct_run *run)
{
	struct folio *last = NULL;
	unsigned int i;

	for (i = 0; i < run_pages(run); i++) {
		if (!run->page[i] || page_folio(run->page[i]) == last)
			continue;
		if (give_to_root(run, run->page[i])) {
			last = page_folio(run->page[i]);
			continue;
		}
		put_page(run->page[i]);
		run->page[i] = NULL;
		run->whole = false;
	}
}

/* @part: a copy of @run->from that is nowhere, and gets the range */
static int copy_part(struct ct_run *run, struct vm_area_struct *part,
		     unsigned int first, unsigned int n)
{
	part->vm_start = run->start + first * PAGE_SIZE;
	part->vm_end = part->vm_start + n * PAGE_SIZE;
	part->vm_pgoff = linear_page_index(run->from, part->vm_start);
	return static_call(ct_copy_page_range)(run->to, part);
}

static int copy_parts(struct ct_run *run, struct vm_area_struct *part,
		      unsigned long *done)
{
	unsigned int i, n, all = run_pages(run);
	int err = 0;

	for (i = 0; i < all && !err; i += n) {
		for (n = 0; i + n < all && run->page[i + n]; n++)
			;
		if (n) {
			err = copy_part(run, part, i, n);
			bitmap_set(done, i, n);
		} else {
			n = 1;
		}
	}
	/* Processors may remember that @run->from could be written to. */
	static_call(ct_flush_tlb_mm_range)(run->from->vm_mm, run->start, run->end,
					   PAGE_SHIFT, false);
	return err;
}

static int share(struct ct_run *run, unsigned long *done)
{
	struct vm_area_struct *part;
	int err;

	give_all(run);
	/* What was one huge page for the first look is none for the copy. */
	if (!run->whole) {
		err = walk(run, run->from, &split_ops);
		if (err)
			return err;
	}
	part = static_call(ct_vm_area_dup)(run->from);
	if (!part)
		return -ENOMEM;
	ct_area_start_write(part);
	err = copy_parts(run, part, done);
	static_call(ct_vm_area_free)(part);
	return err;
}

static void put_pages(struct ct_run *run)
{
	unsigned int i;

	for (i = 0; i < run_pages(run); i++)
		if (run->page[i])
			put_page(run->page[i]);
}

/* ---- may they be? ---- */

static struct vm_area_struct *area_of(struct mm_struct *mm, const struct ct_run *run)
{
	struct vm_area_struct *vma = find_vma(mm, run->start);

	return vma && vma->vm_start <= run->start && run->end <= vma->vm_end ?
	       vma : NULL;
}

static bool same_file(const struct vm_area_struct *a, const struct vm_area_struct *b)
{
	if (!a->vm_file || !b->vm_file)
		return a->vm_file == b->vm_file &&
		       vma_is_anonymous((struct vm_area_struct *)a) &&
		       vma_is_anonymous((struct vm_area_struct *)b);
	return a->vm_file->f_mapping == b->vm_file->f_mapping;
}

static bool alike(const struct ct_run *run)
{
	const struct vm_area_struct *from = run->from, *to = run->to;

	return from && to && ct_may_fill(from) && ct_may_fill(to) &&
	       is_cow_mapping(from->vm_flags) && is_cow_mapping(to->vm_flags) &&
	       from->anon_vma && to->anon_vma &&
	       from->anon_vma->root == to->anon_vma->root &&
	       linear_page_index((struct vm_area_struct *)from, run->start) ==
	       linear_page_index((struct vm_area_struct *)to, run->start) &&
	       pgprot_val(from->vm_page_prot) == pgprot_val(to->vm_page_prot) &&
	       same_file(from, to) &&
	       /* Locked pages are counted, which fork() has no need for. */
	       !(to->vm_flags & VM_LOCKED);
}

static int share_locked(struct ct_run *run, unsigned long *done)
{
	int err;

	if (!alike(run))
		return 0;
	ct_area_start_write(run->from);
	ct_area_start_write(run->to);
	err = look(run);
	if (!err)
		err = share(run, done);
	put_pages(run);
	return err;
}

/* What has been swapped out comes in; that it is still there is not sure. */
static int bring_in(struct ct_run *run, struct mm_struct *mm)
{
	struct vm_area_struct *vma;
	long n = 0;

	if (mmap_read_lock_killable(mm))
		return -EINTR;
	vma = area_of(mm, run);
	if (vma && ct_may_fill(vma))
		n = ct_get_user_pages_remote(mm, run->start, run_pages(run),
					     FOLL_FORCE, NULL, NULL);
	mmap_read_unlock(mm);
	return n == -ENOMEM ? n : 0;
}

/* Only the writer locks two of these memories, whose tasks are parked. */
static int share_run(struct ct_run *run, struct mm_struct *from,
		     struct mm_struct *to, unsigned long *done)
{
	int err = bring_in(run, from);

	if (err)
		return err;
	if (mmap_write_lock_killable(from))
		return -EINTR;
	mmap_write_lock_nested(to, SINGLE_DEPTH_NESTING);
	run->from = area_of(from, run);
	run->to = area_of(to, run);
	err = share_locked(run, done);
	mmap_write_unlock(to);
	mmap_write_unlock(from);
	return err;
}

/**
 * ct_share_pages - have a memory share pages with another, if that can be
 * @r: the restart; all tasks are parked
 * @mm: the memory
 * @same: which pages; at successive addresses of one page table, all in the same
 *	  memory and at the same place there
 * @n: how many
 * @done: bits of those that are shared now are set; the others have to be copied
 *
 * Context: process context, in the writer; takes the locks of both memories.
 * Return: 0; -ENOMEM or -EINTR.
 */
int ct_share_pages(struct ct_restart *r, struct mm_struct *mm,
		   const struct container_image_same *same, unsigned int n,
		   unsigned long *done)
{
	struct ct_run *run = r->families.run;
	struct mm_struct *from;
	int err = 0;

	if (same->address != same->from || n > CT_RUN_MAX ||
	    !ct_range_valid(same->address, same->address + n * PAGE_SIZE))
		return 0;
	if (!run) {
		run = kvzalloc(sizeof(*run), GFP_KERNEL_ACCOUNT);
		if (!run)
			return -ENOMEM;
		r->families.run = run;
	}
	from = ct_restart_mm(r, same->mm);
	if (!from)
		return 0;
	run->start = same->address;
	run->end = same->address + n * PAGE_SIZE;
	if (from != mm)
		err = share_run(run, from, mm, done);
	mmput(from);
	return err;
}
