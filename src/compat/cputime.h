/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A task's user and system time, as ticks (or the borders to user space, on
 * processors without ticks) have counted it.  How that is asked for depends on
 * the kernel's configuration: where processors may go without ticks it is a
 * function, which is not exported.
 */
#ifndef CT_COMPAT_CPUTIME_H
#define CT_COMPAT_CPUTIME_H

#include <linux/sched/cputime.h>
#include <linux/static_call.h>

#ifdef CONFIG_VIRT_CPU_ACCOUNTING_GEN

DECLARE_STATIC_CALL(ct_task_cputime, task_cputime);
#define CT_DEFINE_TASK_CPUTIME						\
	DEFINE_STATIC_CALL_NULL(ct_task_cputime, task_cputime)
#define CT_SYMBOL_TASK_CPUTIME						\
	CT_SYMBOL(task_cputime, ct_task_cputime,			\
		  "bool (struct task_struct *, u64 *, u64 *)"),
#define ct_task_cputime_of(task, utime, stime)				\
	((void)static_call(ct_task_cputime)(task, utime, stime))

#else

#define CT_DEFINE_TASK_CPUTIME
#define CT_SYMBOL_TASK_CPUTIME
#define ct_task_cputime_of(task, utime, stime)				\
	((void)task_cputime(task, utime, stime))

#endif
#endif
