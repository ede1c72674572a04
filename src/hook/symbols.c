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

struct symbol {
	const char *name;
	const char *proto;
	struct static_call_key *key;
	void *tramp;
};

#define SYMBOL(func, call, prototype) {					\
	.name = #func,							\
	.proto = prototype,						\
	.key = &STATIC_CALL_KEY(call),					\
	.tramp = STATIC_CALL_TRAMP_ADDR(call),				\
}

#define COPY_PID_NS \
	"struct pid_namespace *(unsigned long, struct user_namespace *, struct pid_namespace *)"

static const struct symbol symbols[] = {
	SYMBOL(kallsyms_lookup_size_offset, ct_kallsyms_lookup_size_offset,
	       "int (unsigned long, unsigned long *, unsigned long *)"),
	SYMBOL(ftrace_location, ct_ftrace_location_call,
	       "unsigned long (unsigned long)"),
	SYMBOL(acct_exit_ns, ct_acct_exit_ns, "void (struct pid_namespace *)"),
	SYMBOL(copy_pid_ns, ct_copy_pid_ns, COPY_PID_NS),
	SYMBOL(kernel_wait4, ct_kernel_wait4,
	       "long (pid_t, int *, int, struct rusage *)"),
	SYMBOL(nd_jump_link, ct_nd_jump_link, "int (const struct path *)"),
	SYMBOL(pidfd_prepare, ct_pidfd_prepare,
	       "int (struct pid *, unsigned int, struct file **)"),
	SYMBOL(proc_lookup_de, ct_proc_lookup_de,
	       "struct dentry *(struct inode *, struct dentry *, struct proc_dir_entry *)"),
};

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
	unsigned int i;
	int err = 0;

	if (!addr)
		return -ENOENT;
	/*
	 * On kernels built for IBT the probe sits behind the ENDBR, which a
	 * direct call may skip.
	 */
	static_call_update(ct_kallsyms_lookup_name, (void *)addr);

	for (i = 0; i < ARRAY_SIZE(symbols); i++) {
		addr = ct_symbol(symbols[i].name);
		if (!addr) {
			pr_err("this kernel lacks the function %s\n",
			       symbols[i].name);
			err = -ENOENT;
			continue;
		}
		__static_call_update(symbols[i].key, symbols[i].tramp,
				     (void *)addr);
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
	unsigned int n = ARRAY_SIZE(symbols) + ct_nr_hooks, i, k = 0;
	const char **names = kcalloc(n, sizeof(*names), GFP_KERNEL);
	const char **protos = kcalloc(n, sizeof(*protos), GFP_KERNEL);
	u32 *ids = kcalloc(n, sizeof(*ids), GFP_KERNEL);
	int err = -ENOMEM;

	if (!names || !protos || !ids)
		goto out;

	for (i = 0; i < ARRAY_SIZE(symbols); i++, k++) {
		names[k] = symbols[i].name;
		protos[k] = symbols[i].proto;
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

/**
 * ct_check_prototypes - compare our functions and hooks with the kernel's BTF
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
	err = check_all(&btf);
	ct_btf_close(&btf);
	return err;
}
