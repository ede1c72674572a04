// SPDX-License-Identifier: GPL-2.0
/*
 * What is in the memory of processes, while they go on.
 *
 * While the tasks are held still, the page tables of each memory are copied, in
 * the way fork() does it but without a task: from then on a page that is written
 * to is copied first, and our copy keeps the old one.  Private areas that have
 * pages of their own are all that is copied; what is in files and in shared
 * memory is no business of ours.
 *
 * A copy belongs to nobody: it is not charged to anyone's score with the OOM
 * killer, and goes with the checkpoint at the latest.
 */
#include <linux/fs.h>
#include <linux/mempolicy.h>
#include <linux/mm.h>
#include <linux/rmap.h>
#include <linux/sched/mm.h>
#include <linux/sched/signal.h>
#include <linux/security.h>
#include <linux/slab.h>
#include <linux/userfaultfd_k.h>
#include <asm/tlbflush.h>

#include "checkpoint/mm.h"
#include "compat/mm.h"
#include "hook/symbols.h"

/*
 * Flags that our copy of an area has not: it is not to be locked in RAM, nor
 * scanned, nor charged before that has succeeded.
 */
#define NOT_COPIED							\
	(VM_LOCKED | VM_LOCKONFAULT | VM_MERGEABLE | VM_HUGEPAGE |	\
	 VM_ACCOUNT | VM_UFFD_MISSING | VM_UFFD_WP | VM_UFFD_MINOR)

/**
 * ct_snapshot_add - memory that is to be copied when all has been looked at
 * @s: the checkpoint; the tasks are frozen
 * @mm: the memory
 * @id: the image's
 *
 * Return: 0 or -ENOMEM.
 */
int ct_snapshot_add(struct ct_save *s, struct mm_struct *mm, u32 id)
{
	struct ct_snapshot *snapshot = kzalloc(sizeof(*snapshot),
					       GFP_KERNEL_ACCOUNT);

	if (!snapshot)
		return -ENOMEM;
	mmget(mm);
	snapshot->mm = mm;
	snapshot->id = id;
	list_add_tail(&snapshot->list, &s->snapshots);
	return 0;
}

/* Has it pages that are nowhere else? */
static bool has_own_pages(const struct vm_area_struct *vma)
{
	return vma->anon_vma &&
	       !(vma->vm_flags & (VM_SHARED | VM_HUGETLB | VM_PFNMAP | VM_IO |
				  VM_MIXEDMAP | VM_DROPPABLE));
}

static struct vm_area_struct *copy_area(struct mm_struct *copy,
					struct vm_area_struct *from)
{
	struct vm_area_struct *vma = static_call(ct_vm_area_dup)(from);

	if (!vma)
		return NULL;
	vma->vm_mm = copy;
	ct_area_flags_init(vma, from->vm_flags & ~NOT_COPIED);
	vma->vm_userfaultfd_ctx = NULL_VM_UFFD_CTX;
#ifdef CONFIG_NUMA
	vma->vm_policy = NULL;
#endif
	if (static_call(ct_anon_vma_fork)(vma, from)) {
		static_call(ct_vm_area_free)(vma);
		return NULL;
	}
	return vma;
}

/* From here on whoever frees the memory frees the area. */
static int link_area(struct vm_area_struct *vma, struct vm_area_struct *from)
{
	struct mm_struct *copy = vma->vm_mm;
	struct file *file = vma->vm_file;

	MA_STATE(mas, &copy->mm_mt, vma->vm_start, vma->vm_end - 1);

	if (mas_store_gfp(&mas, vma, GFP_KERNEL_ACCOUNT)) {
		static_call(ct_unlink_anon_vmas)(vma);
		static_call(ct_vm_area_free)(vma);
		return -ENOMEM;
	}
	copy->map_count++;
	copy->total_vm += vma_pages(vma);
	if (vma->vm_ops && vma->vm_ops->open)
		vma->vm_ops->open(vma);
	if (file) {
		struct address_space *mapping = file->f_mapping;

		get_file(file);
		i_mmap_lock_write(mapping);
		static_call(ct_vma_interval_tree_insert_after)(vma, from,
							       &mapping->i_mmap);
		i_mmap_unlock_write(mapping);
	}
	return 0;
}

/* As much memory may be needed again, and fork() would ask for it as well. */
static int charge_area(struct vm_area_struct *vma, struct vm_area_struct *from)
{
	int err;

	if (!(from->vm_flags & VM_ACCOUNT))
		return 0;
	/* As for one who has CAP_SYS_ADMIN, as whoever takes a checkpoint. */
	err = static_call(ct_vm_enough_memory)(vma->vm_mm, vma_pages(vma), 1);
	if (!err)
		ct_area_flags_set(vma, VM_ACCOUNT);
	return err;
}

static int copy_areas(struct mm_struct *copy, struct mm_struct *mm)
{
	struct vm_area_struct *from, *vma;
	int err;

	VMA_ITERATOR(vmi, mm, 0);

	for_each_vma(vmi, from) {
		if (!has_own_pages(from))
			continue;
		if (fatal_signal_pending(current))
			return -EINTR;
		ct_area_start_write(from);
		vma = copy_area(copy, from);
		if (!vma)
			return -ENOMEM;
		err = link_area(vma, from) ?: charge_area(vma, from) ?:
		      static_call(ct_copy_page_range)(vma, from);
		if (err)
			return err;
	}
	return 0;
}

static int copy_mm(struct mm_struct *copy, struct mm_struct *mm)
{
	int err;

	if (mmap_write_lock_killable(mm))
		return -EINTR;
	/* Nobody has seen it, so there is no deadlock. */
	mmap_write_lock_nested(copy, SINGLE_DEPTH_NESTING);
	err = copy_areas(copy, mm);
	mmap_write_unlock(copy);
	/* Processors may remember that pages could be written to. */
	static_call(ct_flush_tlb_mm_range)(mm, 0, TLB_FLUSH_ALL, 0, false);
	mmap_write_unlock(mm);
	return err;
}

static int take_snapshot(struct ct_snapshot *snapshot)
{
	struct mm_struct *copy = static_call(ct_mm_alloc)();
	int err;

	if (!copy)
		return -ENOMEM;
#ifdef CONFIG_MEMCG
	/*
	 * It would be us, who may end before the copy does, since nobody would
	 * tell it.
	 */
	WRITE_ONCE(copy->owner, NULL);
#endif
	err = copy_mm(copy, snapshot->mm);
	snapshot->copy = copy;
	mmput(snapshot->mm);
	snapshot->mm = NULL;
	return err;
}

/**
 * ct_memory_snapshot - copies of all memories that have been saved
 * @s: the checkpoint; the tasks are frozen
 *
 * Context: process context; takes the locks of the memories.
 * Return: 0, or -ENOMEM or -EINTR; ct_memory_release() is due in any case.
 */
int ct_memory_snapshot(struct ct_save *s)
{
	struct ct_snapshot *snapshot;
	int err;

	list_for_each_entry(snapshot, &s->snapshots, list) {
		err = take_snapshot(snapshot);
		if (err)
			return err;
		cond_resched();
	}
	return 0;
}

/**
 * ct_memory_release - let the copies go
 * @s: the checkpoint
 *
 * Context: may sleep.
 */
void ct_memory_release(struct ct_save *s)
{
	struct ct_snapshot *snapshot, *next;

	ct_stream_free(s);
	list_for_each_entry_safe(snapshot, next, &s->snapshots, list) {
		if (snapshot->mm)
			mmput(snapshot->mm);
		if (snapshot->copy)
			mmput(snapshot->copy);
		list_del(&snapshot->list);
		kfree(snapshot);
	}
}
