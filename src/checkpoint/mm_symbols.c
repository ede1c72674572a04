// SPDX-License-Identifier: GPL-2.0
/* The kernel's functions about memory that modules do not get. */
#include "checkpoint/mm.h"
#include "compat/mm.h"
#include "hook/symbols.h"

DEFINE_STATIC_CALL_NULL(ct_anon_vma_fork, anon_vma_fork);
DEFINE_STATIC_CALL_NULL(ct_anon_vma_prepare, __anon_vma_prepare);
DEFINE_STATIC_CALL_NULL(ct_arch_pick_mmap_layout, arch_pick_mmap_layout);
DEFINE_STATIC_CALL_NULL(ct_copy_page_range, copy_page_range);
DEFINE_STATIC_CALL_NULL(ct_flush_tlb_mm_range, flush_tlb_mm_range);
DEFINE_STATIC_CALL_NULL(ct_get_mm_exe_file, get_mm_exe_file);
DEFINE_STATIC_CALL_NULL(ct_mem_cgroup_charge, __mem_cgroup_charge);
DEFINE_STATIC_CALL_NULL(ct_mfill_atomic_install_pte, mfill_atomic_install_pte);
DEFINE_STATIC_CALL_NULL(ct_mm_alloc, mm_alloc);
DEFINE_STATIC_CALL_NULL(ct_replace_mm_exe_file, replace_mm_exe_file);
DEFINE_STATIC_CALL_NULL(ct_vm_enough_memory, __vm_enough_memory);
DEFINE_STATIC_CALL_NULL(ct_unlink_anon_vmas, unlink_anon_vmas);
DEFINE_STATIC_CALL_NULL(ct_vm_area_alloc, vm_area_alloc);
DEFINE_STATIC_CALL_NULL(ct_vm_area_dup, vm_area_dup);
DEFINE_STATIC_CALL_NULL(ct_vm_area_free, vm_area_free);
DEFINE_STATIC_CALL_NULL(ct_vma_interval_tree_insert_after,
			vma_interval_tree_insert_after);
DEFINE_STATIC_CALL_NULL(ct_walk_page_range, walk_page_range);

#define FLUSH_TLB_MM_RANGE \
	"void (struct mm_struct *, unsigned long, unsigned long, unsigned int, bool)"
#define VMA_INTERVAL_TREE_INSERT_AFTER \
	"void (struct vm_area_struct *, struct vm_area_struct *, struct rb_root_cached *)"
#define WALK_PAGE_RANGE \
	"int (struct mm_struct *, unsigned long, unsigned long, const struct mm_walk_ops *, void *)"

const struct ct_symbol ct_symbols_mm[] = {
	CT_SYMBOL(anon_vma_fork, ct_anon_vma_fork,
		  "int (struct vm_area_struct *, struct vm_area_struct *)"),
	CT_SYMBOL(__anon_vma_prepare, ct_anon_vma_prepare,
		  "int (struct vm_area_struct *)"),
	CT_SYMBOL(arch_pick_mmap_layout, ct_arch_pick_mmap_layout,
		  "void (struct mm_struct *, struct rlimit *)"),
	CT_SYMBOL(copy_page_range, ct_copy_page_range,
		  "int (struct vm_area_struct *, struct vm_area_struct *)"),
	CT_SYMBOL(flush_tlb_mm_range, ct_flush_tlb_mm_range,
		  FLUSH_TLB_MM_RANGE),
	CT_SYMBOL(get_mm_exe_file, ct_get_mm_exe_file,
		  "struct file *(struct mm_struct *)"),
	CT_SYMBOL(__mem_cgroup_charge, ct_mem_cgroup_charge,
		  "int (struct folio *, struct mm_struct *, gfp_t)"),
	CT_SYMBOL(mfill_atomic_install_pte, ct_mfill_atomic_install_pte,
		  CT_MFILL_ATOMIC_INSTALL_PTE),
	CT_SYMBOL(mm_alloc, ct_mm_alloc,
		  "struct mm_struct *(void)"),
	CT_SYMBOL(replace_mm_exe_file, ct_replace_mm_exe_file,
		  "int (struct mm_struct *, struct file *)"),
	CT_SYMBOL(__vm_enough_memory, ct_vm_enough_memory,
		  "int (struct mm_struct *, long, int)"),
	CT_SYMBOL(unlink_anon_vmas, ct_unlink_anon_vmas,
		  "void (struct vm_area_struct *)"),
	CT_SYMBOL(vm_area_alloc, ct_vm_area_alloc,
		  "struct vm_area_struct *(struct mm_struct *)"),
	CT_SYMBOL(vm_area_dup, ct_vm_area_dup,
		  "struct vm_area_struct *(struct vm_area_struct *)"),
	CT_SYMBOL(vm_area_free, ct_vm_area_free,
		  "void (struct vm_area_struct *)"),
	CT_SYMBOL(vma_interval_tree_insert_after, ct_vma_interval_tree_insert_after,
		  VMA_INTERVAL_TREE_INSERT_AFTER),
	CT_SYMBOL(walk_page_range, ct_walk_page_range,
		  WALK_PAGE_RANGE),
	{}
};
