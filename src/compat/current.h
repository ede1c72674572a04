/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Where the current task's pointer lives, for assembly.  6.2 moved it from a
 * variable of its own into struct pcpu_hot.
 */
#ifndef CT_COMPAT_CURRENT_H
#define CT_COMPAT_CURRENT_H

#include <linux/version.h>

#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 2, 0)
#define CT_CURRENT_TASK	pcpu_hot	/* current_task is its first member */
#else
#define CT_CURRENT_TASK	current_task
#endif

#endif
