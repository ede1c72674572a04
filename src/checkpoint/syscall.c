// SPDX-License-Identifier: GPL-2.0
/* System calls made in the kernel, and the page of user memory for what they point to. */
#include <linux/mm.h>
#include <linux/mman.h>
#include <linux/uaccess.h>

#include "checkpoint/checkpoint.h"
#include "checkpoint/syscall.h"
#include "hook/symbols.h"

#define DEFINE_SYSCALL(name)						\
	DEFINE_STATIC_CALL_NULL(ct_sys_##name, ct_syscall_proto);
CT_SYSCALLS(DEFINE_SYSCALL)

#define SYSCALL_SYMBOL(call)						\
	CT_SYMBOL(__x64_sys_##call, ct_sys_##call,			\
		  "long (const struct pt_regs *)"),

const struct ct_symbol ct_symbols_syscall[] = {
	CT_SYSCALLS(SYSCALL_SYMBOL)
	{}
};

/**
 * ct_scratch_map - give current's memory a page for the arguments of system calls
 * @t: current's
 *
 * Where nothing else is; it is the process's as long as ct_scratch_unmap() has
 * not been called.
 *
 * Context: process context, in the task.
 * Return: 0 or a negative errno.
 */
int ct_scratch_map(struct ct_rtask *t)
{
	unsigned long addr;

	addr = vm_mmap(NULL, 0, PAGE_SIZE, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS, 0);
	if (IS_ERR_VALUE(addr))
		return (long)addr;
	t->process->scratch = addr;
	return 0;
}

/**
 * ct_scratch_unmap - take the page away
 * @t: current's; may have none
 *
 * Context: process context, in the task.
 */
void ct_scratch_unmap(struct ct_rtask *t)
{
	if (t->process->scratch)
		vm_munmap(t->process->scratch, PAGE_SIZE);
	t->process->scratch = 0;
}

/**
 * ct_scratch - put something where a system call can read it, or write it
 * @t: current's; it has called ct_scratch_map()
 * @offset: in the page
 * @data: to copy; NULL: zeros
 * @size: bytes; with @offset no more than a page
 *
 * Threads of a process share the page, so one at a time uses it.
 *
 * Context: process context, in the task.
 * Return: the address in user space, or an ERR_PTR().
 */
void __user *ct_scratch(struct ct_rtask *t, unsigned int offset,
			const void *data, size_t size)
{
	void __user *to = (void __user *)(t->process->scratch + offset);

	if (!t->process->scratch || offset + size > PAGE_SIZE)
		return (__force void __user *)ERR_PTR(-EINVAL);
	if (data ? copy_to_user(to, data, size) : clear_user(to, size))
		return (__force void __user *)ERR_PTR(-EFAULT);
	return to;
}
