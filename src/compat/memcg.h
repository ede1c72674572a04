/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Control groups of memory: 6.6 does not tell any more whether a scan of tasks was
 * cut short.
 */
#ifndef CT_COMPAT_MEMCG_H
#define CT_COMPAT_MEMCG_H

#include <linux/version.h>

#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 6, 0)
#define CT_PROTO_SCAN_TASKS						\
	"void (struct mem_cgroup *, int (*)(struct task_struct *, void *), void *)"
#else
#define CT_PROTO_SCAN_TASKS						\
	"int (struct mem_cgroup *, int (*)(struct task_struct *, void *), void *)"
#endif

#endif
