/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Kernel functions that are not exported to modules.  Each is bound once, when
 * the module is loaded, to a static call: static_call(ct_copy_pid_ns)(...).
 *
 * The prototype of a function that a kernel header declares is taken from that
 * header, so a change breaks the build.  The others are declared here and
 * compared with the kernel's BTF at load.
 */
#ifndef CT_HOOK_SYMBOLS_H
#define CT_HOOK_SYMBOLS_H

#include <linux/acct.h>
#include <linux/kallsyms.h>
#include <linux/ftrace.h>
#include <linux/namei.h>
#include <linux/pid.h>
#include <linux/pid_namespace.h>
#include <linux/sched/task.h>
#include <linux/static_call.h>

struct dentry;
struct inode;
struct proc_dir_entry;

struct dentry *proc_lookup_de(struct inode *dir, struct dentry *dentry,
			      struct proc_dir_entry *de);

DECLARE_STATIC_CALL(ct_acct_exit_ns, acct_exit_ns);
DECLARE_STATIC_CALL(ct_copy_pid_ns, copy_pid_ns);
DECLARE_STATIC_CALL(ct_kernel_wait4, kernel_wait4);
DECLARE_STATIC_CALL(ct_nd_jump_link, nd_jump_link);
DECLARE_STATIC_CALL(ct_pidfd_prepare, pidfd_prepare);
DECLARE_STATIC_CALL(ct_proc_lookup_de, proc_lookup_de);

/**
 * struct ct_text_range - the instructions of one kernel function
 * @start: first byte
 * @end: first byte behind
 */
struct ct_text_range {
	unsigned long start;
	unsigned long end;
};

int ct_symbols_init(void);
unsigned long ct_symbol(const char *name);
unsigned long ct_ftrace_location(unsigned long addr);
int ct_symbol_range(const char *name, struct ct_text_range *range);
int ct_check_prototypes(void);

#endif
