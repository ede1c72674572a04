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

#include "hook/btf.h"

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
 * struct ct_symbol - an unexported function
 * @name: the kernel's; NULL ends a table
 * @proto: its prototype, as ct_btf_render() has it
 * @key: static call to bind to it
 * @tramp: trampoline of that
 */
struct ct_symbol {
	const char *name;
	const char *proto;
	struct static_call_key *key;
	void *tramp;
};

#define CT_SYMBOL(func, call, prototype) {				\
	.name = #func,							\
	.proto = prototype,						\
	.key = &STATIC_CALL_KEY(call),					\
	.tramp = STATIC_CALL_TRAMP_ADDR(call),				\
}

/* Tables of the rooms that have their own. */
extern const struct ct_symbol ct_symbols_syscall[];
extern const struct ct_symbol ct_symbols_restart[];
extern const struct ct_symbol ct_symbols_task[];
extern const struct ct_symbol ct_symbols_signal[];
extern const struct ct_symbol ct_symbols_mm[];
extern const struct ct_symbol ct_symbols_oom[];
extern const struct ct_symbol ct_symbols_file[];
extern const struct ct_symbol ct_symbols_special[];
extern const struct ct_symbol ct_symbols_closing[];
extern const struct ct_symbol ct_symbols_cpuacct[];
extern const struct ct_symbol ct_symbols_meter[];
extern const struct ct_symbol ct_symbols_memcg[];
extern const struct ct_symbol ct_symbols_cpuset[];

/* Structures that a room has a copy of. */
#define CT_MEMBER(structure_name, member_name) {			\
	.structure = #structure_name,					\
	.name = #member_name,						\
	.offset = offsetof(struct structure_name, member_name),		\
}

extern const struct ct_member ct_members_special[];
extern const struct ct_member ct_members_address[];

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
