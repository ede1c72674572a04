/* SPDX-License-Identifier: GPL-2.0 */
/* Memory management, under the names of 6.12. */
#ifndef CT_COMPAT_MM_H
#define CT_COMPAT_MM_H

#include <linux/mm.h>
#include <linux/pagewalk.h>
#include <linux/sched/coredump.h>
#include <linux/version.h>

/* 6.3: an area's flags are written through functions, which take its lock. */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 3, 0)
#define ct_area_flags_init(vma, flags)	vm_flags_init(vma, flags)
#define ct_area_flags_set(vma, flags)	vm_flags_set(vma, flags)
#else
#define ct_area_flags_init(vma, flags)	((vma)->vm_flags = (flags))
#define ct_area_flags_set(vma, flags)	((vma)->vm_flags |= (flags))
#endif

/* 6.4: a lock for each area, for page faults. */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 4, 0)
#define ct_area_start_write(vma)	vma_start_write(vma)
#else
#define ct_area_start_write(vma)	((void)(vma))
#endif

/*
 * 6.4: mapping a page that nobody has yet goes without the memory, which the area
 * has, and with flags.
 */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 4, 0)
#define CT_MFILL_ATOMIC_INSTALL_PTE \
	"int (pmd_t *, struct vm_area_struct *, unsigned long, struct page *, bool, uffd_flags_t)"
#define ct_install_new_page(pmd, vma, addr, page)			\
	static_call(ct_mfill_atomic_install_pte)(pmd, vma, addr, page, true, 0)
#else
#define CT_MFILL_ATOMIC_INSTALL_PTE \
	"int (struct mm_struct *, pmd_t *, struct vm_area_struct *, unsigned long, struct page *, bool, bool)"
#define ct_install_new_page(pmd, vma, addr, page)			\
	static_call(ct_mfill_atomic_install_pte)((vma)->vm_mm, pmd, vma, addr, page, \
						 true, false)
#endif

/* 6.5: no areas from get_user_pages_remote(), and a walk says how it locks. */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 5, 0)
#define ct_get_user_pages_remote(mm, start, n, flags, pages, locked)	\
	get_user_pages_remote(mm, start, n, flags, pages, locked)
#define CT_WALK_READ_LOCKED	.walk_lock = PGWALK_RDLOCK,
#else
#define ct_get_user_pages_remote(mm, start, n, flags, pages, locked)	\
	get_user_pages_remote(mm, start, n, flags, pages, NULL, locked)
#define CT_WALK_READ_LOCKED
#endif

/*
 * At least how often a page is mapped; 6.12 no longer tells it for the pages of
 * a large folio, and it is more than that there.
 */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 10, 0)
#define ct_page_mapcount(page)	folio_mapcount(page_folio(page))
#else
#define ct_page_mapcount(page)	page_mapcount(page)
#endif

/* In how many page tables a page is, also as a part of a larger one that is there. */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 10, 0)
static inline int ct_page_users(struct page *page)
{
	struct folio *folio = page_folio(page);
	int users = atomic_read(&page->_mapcount) + 1;

	return folio_test_large(folio) ? users + folio_entire_mapcount(folio) : users;
}
#else
#define ct_page_users(page)	page_mapcount(page)
#endif

/* 6.3: what takes everything out of an area is another function. */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 3, 0)
#define ct_zap_area(vma)						\
	zap_page_range_single(vma, (vma)->vm_start,			\
			      (vma)->vm_end - (vma)->vm_start, NULL)
#else
#define ct_zap_area(vma)						\
	zap_page_range(vma, (vma)->vm_start, (vma)->vm_end - (vma)->vm_start)
#endif

/* 6.2: each processor counts for itself. */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 2, 0)
#define ct_mm_counted(mm, member)					\
	percpu_counter_sum_positive(&(mm)->rss_stat[member])
#else
#define ct_mm_counted(mm, member)	get_mm_counter(mm, member)
#endif

/* Not on all kernels. */
#ifndef VM_SHADOW_STACK
#define VM_SHADOW_STACK		VM_NONE
#endif
#ifndef VM_SEALED
#define VM_SEALED		VM_NONE
#endif
#ifndef VM_DROPPABLE
#define VM_DROPPABLE		VM_NONE
#endif
#ifndef MAP_DROPPABLE
#define MAP_DROPPABLE		0
#endif

/* Bits of mm_struct.flags that came with 6.3, 6.6 and 6.4. */
#ifdef MMF_HAS_MDWE
#define CT_MMF_MDWE		BIT(MMF_HAS_MDWE)
#define CT_MMF_MDWE_ONCE	BIT(MMF_HAS_MDWE_NO_INHERIT)
#define CT_MMF_MERGE_ANY	BIT(MMF_VM_MERGE_ANY)
#else
#define CT_MMF_MDWE		0UL
#define CT_MMF_MDWE_ONCE	0UL
#define CT_MMF_MERGE_ANY	0UL
#endif

/* Protection keys, which a kernel may be built without. */
#ifdef CONFIG_X86_INTEL_MEMORY_PROTECTION_KEYS
#define CT_VM_PKEY							\
	(VM_PKEY_BIT0 | VM_PKEY_BIT1 | VM_PKEY_BIT2 | VM_PKEY_BIT3)
#define ct_area_pkey(vma)	(((vma)->vm_flags & CT_VM_PKEY) >> VM_PKEY_SHIFT)

static inline void ct_mm_get_pkeys(const struct mm_struct *mm, u32 *given,
				   s32 *execute)
{
	*given = mm->context.pkey_allocation_map;
	*execute = mm->context.execute_only_pkey;
}

static inline void ct_mm_set_pkeys(struct mm_struct *mm, u32 given, s32 execute)
{
	mm->context.pkey_allocation_map = given;
	mm->context.execute_only_pkey = execute;
}
#else
#define CT_VM_PKEY		0UL
#define ct_area_pkey(vma)	0

static inline void ct_mm_get_pkeys(const struct mm_struct *mm, u32 *given,
				   s32 *execute)
{
	*given = 1;
	*execute = -1;
}

static inline void ct_mm_set_pkeys(struct mm_struct *mm, u32 given, s32 execute)
{
}
#endif

/* 6.4: linear address masking, which makes pointers with tags valid. */
static inline bool ct_mm_masks_addresses(const struct mm_struct *mm)
{
#ifdef CONFIG_ADDRESS_MASKING
	return mm->context.lam_cr3_mask;
#else
	return false;
#endif
}

#endif
