/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Control groups of memory: 6.3 has id mappings in the VFS, 6.6 says whether a scan
 * of tasks was cut short to nobody any more, later versions have more mount options.
 */
#ifndef CT_COMPAT_MEMCG_H
#define CT_COMPAT_MEMCG_H

#include <linux/cgroup.h>
#include <linux/fs.h>
#include <linux/memcontrol.h>
#include <linux/mount.h>
#include <linux/version.h>

#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 3, 0)
#define ct_mount_idmap(mnt)	mnt_idmap(mnt)
#else
#define ct_mount_idmap(mnt)	mnt_user_ns(mnt)
#endif

#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 6, 0)
#define CT_PROTO_SCAN_TASKS						\
	"void (struct mem_cgroup *, int (*)(struct task_struct *, void *), void *)"
#define CT_SCAN_RESULT(scan)	((void)(scan))
typedef void ct_scan_result_t;
#else
#define CT_PROTO_SCAN_TASKS						\
	"int (struct mem_cgroup *, int (*)(struct task_struct *, void *), void *)"
#define CT_SCAN_RESULT(scan)	return (scan)
typedef int ct_scan_result_t;
#endif

/* X(flag of the hierarchy, option of cgroup2 that sets it) */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 12, 0)
#define CT_CGROUP_OPTIONS_LATER(X)					\
	X(CGRP_ROOT_MEMORY_HUGETLB_ACCOUNTING, "memory_hugetlb_accounting") \
	X(CGRP_ROOT_PIDS_LOCAL_EVENTS, "pids_localevents")
#else
#define CT_CGROUP_OPTIONS_LATER(X)
#endif

#define CT_CGROUP_OPTIONS(X)						\
	X(CGRP_ROOT_NS_DELEGATE, "nsdelegate")				\
	X(CGRP_ROOT_FAVOR_DYNMODS, "favordynmods")			\
	X(CGRP_ROOT_MEMORY_LOCAL_EVENTS, "memory_localevents")		\
	X(CGRP_ROOT_MEMORY_RECURSIVE_PROT, "memory_recursiveprot")	\
	CT_CGROUP_OPTIONS_LATER(X)

#endif
