/* SPDX-License-Identifier: GPL-2.0 */
/* Since 6.12 a thread may ask for the length of its slices. */
#ifndef CT_COMPAT_SCHED_H
#define CT_COMPAT_SCHED_H

#include <linux/sched.h>
#include <linux/version.h>

/* In ns; 0: it has not. */
static inline u64 ct_sched_slice(const struct task_struct *task)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 12, 0)
	return task->se.custom_slice ? task->se.slice : 0;
#else
	return 0;
#endif
}

#endif
