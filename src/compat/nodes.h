/* SPDX-License-Identifier: GPL-2.0 */
/* Policies of memory are there only where the kernel knows of nodes. */
#ifndef CT_COMPAT_NODES_H
#define CT_COMPAT_NODES_H

#include <linux/mempolicy.h>
#include <linux/static_call.h>

#ifdef CONFIG_NUMA

DECLARE_STATIC_CALL(ct_mpol_rebind_mm, mpol_rebind_mm);
#define CT_DEFINE_MPOL_REBIND_MM					\
	DEFINE_STATIC_CALL_NULL(ct_mpol_rebind_mm, mpol_rebind_mm)
#define CT_SYMBOL_MPOL_REBIND_MM					\
	CT_SYMBOL(mpol_rebind_mm, ct_mpol_rebind_mm,			\
		  "void (struct mm_struct *, nodemask_t *)"),
#define ct_mpol_rebind(mm, mems)					\
	static_call(ct_mpol_rebind_mm)(mm, mems)

#else

#define CT_DEFINE_MPOL_REBIND_MM
#define CT_SYMBOL_MPOL_REBIND_MM
#define ct_mpol_rebind(mm, mems)	((void)(mm))

#endif
#endif
