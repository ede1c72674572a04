// SPDX-License-Identifier: GPL-2.0
/* Finding unexported functions and checking that they are what we think. */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/kernel.h>
#include <linux/kprobes.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "hook/btf.h"
#include "hook/hook.h"
#include "hook/symbols.h"

DEFINE_STATIC_CALL_NULL(ct_kallsyms_lookup_name, kallsyms_lookup_name);
DEFINE_STATIC_CALL_NULL(ct_kallsyms_lookup_size_offset,
			kallsyms_lookup_size_offset);
DEFINE_STATIC_CALL_NULL(ct_ftrace_location_call, ftrace_location);
DEFINE_STATIC_CALL_NULL(ct_acct_exit_ns, acct_exit_ns);
DEFINE_STATIC_CALL_NULL(ct_copy_pid_ns, copy_pid_ns);
DEFINE_STATIC_CALL_NULL(ct_kernel_wait4, kernel_wait4);
DEFINE_STATIC_CALL_NULL(ct_nd_jump_link, nd_jump_link);
DEFINE_STATIC_CALL_NULL(ct_pidfd_prepare, pidfd_prepare);
DEFINE_STATIC_CALL_NULL(ct_proc_lookup_de, proc_lookup_de);

#define COPY_PID_NS \
	"struct pid_namespace *(unsigned long, struct user_namespace *, struct pid_namespace *)"

static const struct ct_symbol symbols[] = {
	CT_SYMBOL(kallsyms_lookup_size_offset, ct_kallsyms_lookup_size_offset,
		  "int (unsigned long, unsigned long *, unsigned long *)"),
	CT_SYMBOL(ftrace_location, ct_ftrace_location_call,
		  "unsigned long (unsigned long)"),
	CT_SYMBOL(acct_exit_ns, ct_acct_exit_ns, "void (struct pid_namespace *)"),
	CT_SYMBOL(copy_pid_ns, ct_copy_pid_ns, COPY_PID_NS),
	CT_SYMBOL(kernel_wait4, ct_kernel_wait4,
		  "long (pid_t, int *, int, struct rusage *)"),
	CT_SYMBOL(nd_jump_link, ct_nd_jump_link, "int (const struct path *)"),
	CT_SYMBOL(pidfd_prepare, ct_pidfd_prepare,
		  "int (struct pid *, unsigned int, struct file **)"),
	CT_SYMBOL(proc_lookup_de, ct_proc_lookup_de,
		  "struct dentry *(struct inode *, struct dentry *, struct proc_dir_entry *)"),
	{}
};

/* Those of other rooms. */
static const struct ct_symbol * const tables[] = {
	symbols,
	ct_symbols_syscall,
	ct_symbols_restart,
	ct_symbols_task,
	ct_symbols_signal,
	ct_symbols_mm,
	ct_symbols_oom,
	ct_symbols_file,
	ct_symbols_special,
	ct_symbols_closing,
	ct_symbols_cpuacct,
	ct_symbols_meter,
	ct_symbols_memcg,
	ct_symbols_cpuset,
};

static const struct ct_symbol *next_symbol(const struct ct_symbol *sym,
					   unsigned int *table)
{
	for (sym++; !sym->name; sym = tables[*table]) {
		if (++*table == ARRAY_SIZE(tables))
			return NULL;
	}
	return sym;
}

/* The first table is not empty. */
#define for_each_symbol(sym, i)						\
	for (i = 0, sym = tables[0]; sym; sym = next_symbol(sym, &(i)))

/**
 * ct_symbol - the address of a kernel symbol
 * @name: function or variable, static ones included
 *
 * Context: may sleep; after ct_symbols_init().
 * Return: the address, 0 if there is none.
 */
unsigned long ct_symbol(const char *name)
{
	return static_call(ct_kallsyms_lookup_name)(name);
}

/**
 * ct_ftrace_location - where a function calls ftrace
 * @addr: address of a function
 *
 * Return: the address of its fentry, 0 if it cannot be traced.
 */
unsigned long ct_ftrace_location(unsigned long addr)
{
	return static_call(ct_ftrace_location_call)(addr);
}

/**
 * ct_symbol_range - where a function begins and ends
 * @name: function
 * @range: filled on success
 *
 * Return: 0, or -ENOENT.
 */
int ct_symbol_range(const char *name, struct ct_text_range *range)
{
	unsigned long addr = ct_symbol(name), size, offset;

	if (!addr ||
	    !static_call(ct_kallsyms_lookup_size_offset)(addr, &size, &offset))
		return -ENOENT;
	range->start = addr;
	range->end = addr + size;
	return 0;
}

/* A kprobe's address is the one way to a symbol that is left to modules. */
static unsigned long find_kallsyms(void)
{
	struct kprobe kp = { .symbol_name = "kallsyms_lookup_name" };
	unsigned long addr;
	int err = register_kprobe(&kp);

	if (err) {
		pr_err("cannot find kallsyms_lookup_name (%d): does the kernel have CONFIG_KPROBES?\n",
		       err);
		return 0;
	}
	addr = (unsigned long)kp.addr;
	unregister_kprobe(&kp);
	return addr;
}

/**
 * ct_symbols_init - bind the unexported functions
 *
 * Context: may sleep; at load.
 * Return: 0, or -ENOENT after a message for each that is missing.
 */
int ct_symbols_init(void)
{
	unsigned long addr = find_kallsyms();
	const struct ct_symbol *sym;
	unsigned int i;
	int err = 0;

	if (!addr)
		return -ENOENT;
	/*
	 * On kernels built for IBT the probe sits behind the ENDBR, which a
	 * direct call may skip.
	 */
	static_call_update(ct_kallsyms_lookup_name, (void *)addr);

	for_each_symbol(sym, i) {
		addr = ct_symbol(sym->name);
		if (!addr) {
			pr_err("this kernel lacks the function %s\n", sym->name);
			err = -ENOENT;
			continue;
		}
		__static_call_update(sym->key, sym->tramp, (void *)addr);
	}
	return err;
}

static int check_one(const struct ct_btf *btf, u32 id, const char *name,
		     const char *proto)
{
	char found[256];
	int err = 0;

	if (id == CT_BTF_AMBIGUOUS) {
		pr_err("this kernel has several functions named %s\n", name);
		return -EINVAL;
	}
	if (!id) {
		pr_err("this kernel does not describe the function %s\n", name);
		return -ENOENT;
	}
	err = ct_btf_render(btf, id, found, sizeof(found));
	if (err) {
		pr_err("the description of %s cannot be read (%d)\n", name, err);
		return err;
	}
	if (strcmp(found, proto)) {
		pr_err("%s has changed: wanted \"%s\", found \"%s\"\n", name,
		       proto, found);
		return -EINVAL;
	}
	return 0;
}

static int check_all(const struct ct_btf *btf)
{
	unsigned int n = ct_nr_hooks, i, k = 0;
	const struct ct_symbol *sym;
	const char **names, **protos;
	int err = -ENOMEM;
	u32 *ids;

	for_each_symbol(sym, i)
		n++;
	names = kcalloc(n, sizeof(*names), GFP_KERNEL);
	protos = kcalloc(n, sizeof(*protos), GFP_KERNEL);
	ids = kcalloc(n, sizeof(*ids), GFP_KERNEL);
	if (!names || !protos || !ids)
		goto out;

	for_each_symbol(sym, i) {
		names[k] = sym->name;
		protos[k++] = sym->proto;
	}
	for (i = 0; i < ct_nr_hooks; i++) {
		if (!ct_hooks[i].addr)
			continue;
		names[k] = ct_hooks[i].func;
		protos[k++] = ct_hooks[i].proto;
	}

	err = ct_btf_find_funcs(btf, names, ids, k);
	if (err) {
		pr_err("the kernel's BTF cannot be read (%d)\n", err);
		goto out;
	}
	for (i = 0; i < k; i++) {
		int ret = check_one(btf, ids[i], names[i], protos[i]);

		err = err ?: ret;
	}
out:
	kfree(ids);
	kfree(protos);
	kfree(names);
	return err;
}

static int check_members(const struct ct_btf *btf, const struct ct_member *table)
{
	unsigned int n = 0, i;
	bool *found;
	int err = 0;

	while (table[n].structure)
		n++;
	found = kcalloc(n, sizeof(*found), GFP_KERNEL);
	if (!found)
		return -ENOMEM;
	ct_btf_find_members(btf, table, found);
	for (i = 0; i < n; i++) {
		if (found[i])
			continue;
		pr_err("struct %s has changed: wanted %s at %u\n",
		       table[i].structure, table[i].name, table[i].offset);
		err = -EINVAL;
	}
	kfree(found);
	return err;
}

/**
 * ct_check_prototypes - compare our functions, hooks and structures with the
 * kernel's BTF
 *
 * Context: may sleep; at load, after the hooks have been resolved.
 * Return: 0, or an error after a message for each one that differs.
 */
int ct_check_prototypes(void)
{
	unsigned long start = ct_symbol("__start_BTF");
	unsigned long stop = ct_symbol("__stop_BTF");
	struct ct_btf btf;
	int err;

	if (!start || stop <= start) {
		pr_err("this kernel does not describe its functions (CONFIG_DEBUG_INFO_BTF)\n");
		return -ENOENT;
	}
	err = ct_btf_open(&btf, (const void *)start, stop - start);
	if (err) {
		pr_err("the kernel's BTF cannot be read (%d)\n", err);
		return err;
	}
	err = check_all(&btf) ?: check_members(&btf, ct_members_special) ?:
	      check_members(&btf, ct_members_address);
	ct_btf_close(&btf);
	return err;
}
