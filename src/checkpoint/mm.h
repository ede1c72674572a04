/* SPDX-License-Identifier: GPL-2.0 */
/* What the files about memory share with each other. */
#ifndef CT_CHECKPOINT_MM_H
#define CT_CHECKPOINT_MM_H

#include <linux/memcontrol.h>
#include <linux/mm.h>
#include <linux/pagewalk.h>
#include <linux/rmap.h>
#include <linux/sched/coredump.h>
#include <linux/sched/mm.h>
#include <linux/security.h>
#include <linux/static_call.h>
#include <linux/userfaultfd_k.h>
#include <asm/tlbflush.h>

#include <container/image_mm.h>

#include "checkpoint/checkpoint.h"

/**
 * struct ct_snapshot - memory that is streamed while its owner goes on
 * @list: entry in struct ct_save.snapshots
 * @id: the image's
 * @mm: of the process, until the copy has been made
 * @copy: what was in it then; ours alone
 */
struct ct_snapshot {
	struct list_head list;
	u32 id;
	struct mm_struct *mm;
	struct mm_struct *copy;
};

int ct_snapshot_add(struct ct_save *s, struct mm_struct *mm, u32 id); /* memory.c */

/* One flag of an area, in the kernel and in the image (mm.c). */
struct ct_area_flag {
	unsigned long vm;
	u32 image;
};

extern const struct ct_area_flag ct_area_flags[];

/* vdso.c */
int ct_save_vdso(struct ct_save *s, struct task_struct *leader,
		 struct mm_struct *mm, u32 *id, u32 *flags);
int ct_restore_vdso(struct ct_rtask *t, const struct container_image_mm *image,
		    const struct container_image_area *area);

/**
 * struct ct_family_walk - goes through what an image says of relatives
 * @rec: the record, NULL at the end
 * @i: of the area in that
 */
struct ct_family_walk {
	const struct ct_record *rec;
	u64 i;
};

/* family.c */
int ct_family_of(struct ct_save *s, const struct vm_area_struct *vma, u32 *family);
int ct_save_families(struct ct_save *s, const struct container_image_area *area,
		     const u32 *family, unsigned int n, u32 id);
struct ct_family_walk ct_family_first(struct ct_rtask *t);
int ct_family_join(struct ct_rtask *t, struct ct_family_walk *walk,
		   const struct container_image_area *area);

/* Pages of a run: those that one table has, so that a huge one is a whole one. */
#define CT_RUN_MAX	PTRS_PER_PTE

/* share.c */
int ct_share_pages(struct ct_restart *r, struct mm_struct *mm,
		   const struct container_image_same *same, unsigned int n,
		   unsigned long *done);
void ct_run_free(struct ct_run *run);

/* restore_memory.c */
struct mm_struct *ct_restart_mm(struct ct_restart *r, u32 id);
bool ct_may_fill(const struct vm_area_struct *vma);

/* stream.c */
void ct_stream_free(struct ct_save *s);

/* Not declared for modules. */
void flush_tlb_mm_range(struct mm_struct *mm, unsigned long start,
			unsigned long end, unsigned int stride_shift,
			bool freed_tables);

/* Unexported functions (mm_symbols.c). */
DECLARE_STATIC_CALL(ct_anon_vma_fork, anon_vma_fork);
DECLARE_STATIC_CALL(ct_anon_vma_prepare, __anon_vma_prepare);
DECLARE_STATIC_CALL(ct_arch_pick_mmap_layout, arch_pick_mmap_layout);
DECLARE_STATIC_CALL(ct_copy_page_range, copy_page_range);
DECLARE_STATIC_CALL(ct_flush_tlb_mm_range, flush_tlb_mm_range);
DECLARE_STATIC_CALL(ct_get_mm_exe_file, get_mm_exe_file);
DECLARE_STATIC_CALL(ct_mem_cgroup_charge, __mem_cgroup_charge);
DECLARE_STATIC_CALL(ct_mfill_atomic_install_pte, mfill_atomic_install_pte);
DECLARE_STATIC_CALL(ct_mm_alloc, mm_alloc);
DECLARE_STATIC_CALL(ct_replace_mm_exe_file, replace_mm_exe_file);
DECLARE_STATIC_CALL(ct_vm_enough_memory, __vm_enough_memory);
DECLARE_STATIC_CALL(ct_unlink_anon_vmas, unlink_anon_vmas);
DECLARE_STATIC_CALL(ct_vm_area_alloc, vm_area_alloc);
DECLARE_STATIC_CALL(ct_vm_area_dup, vm_area_dup);
DECLARE_STATIC_CALL(ct_vm_area_free, vm_area_free);
DECLARE_STATIC_CALL(ct_vma_interval_tree_insert_after, vma_interval_tree_insert_after);
DECLARE_STATIC_CALL(ct_walk_page_range, walk_page_range);

/* Addresses as far as programs have them, in whole pages. */
static inline bool ct_range_valid(u64 start, u64 end)
{
	return start < end && end <= TASK_SIZE_MAX &&
	       PAGE_ALIGNED(start) && PAGE_ALIGNED(end);
}

#endif
