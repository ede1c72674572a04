/* SPDX-License-Identifier: GPL-2.0 */
/* ftrace's interface for redirecting functions, under the names of 6.12. */
#ifndef CT_COMPAT_FTRACE_H
#define CT_COMPAT_FTRACE_H

#include <linux/ftrace.h>
#include <linux/version.h>

/*
 * register_ftrace_direct_multi() lost its suffix in 6.4, when the form that
 * takes a single address went away; unregistering learned to free filters.
 */
static inline int ct_register_direct(struct ftrace_ops *ops, unsigned long addr)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 4, 0)
	return register_ftrace_direct(ops, addr);
#else
	return register_ftrace_direct_multi(ops, addr);
#endif
}

static inline int ct_unregister_direct(struct ftrace_ops *ops,
				       unsigned long addr)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 4, 0)
	return unregister_ftrace_direct(ops, addr, false);
#else
	return unregister_ftrace_direct_multi(ops, addr);
#endif
}

static __always_inline void ct_set_ip(struct ftrace_regs *fregs,
				      unsigned long ip)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 12, 0)
	ftrace_regs_set_instruction_pointer(fregs, ip);
#else
	ftrace_instruction_pointer_set(fregs, ip);
#endif
}

#endif
