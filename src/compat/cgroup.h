/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The file system cgroup2: 6.3 has id mappings in the VFS, later versions have more
 * mount options.
 */
#ifndef CT_COMPAT_CGROUP_H
#define CT_COMPAT_CGROUP_H

#include <linux/cgroup.h>
#include <linux/fs.h>
#include <linux/mount.h>
#include <linux/version.h>

#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 3, 0)
#define ct_mount_idmap(mnt)	mnt_idmap(mnt)
#else
#define ct_mount_idmap(mnt)	mnt_user_ns(mnt)
#endif

/**
 * struct ct_cgroup_option - an option of cgroup2's mounts
 * @flag: of the hierarchy
 * @name: the option that sets it
 */
struct ct_cgroup_option {
	unsigned int flag;
	const char *name;
};

static const struct ct_cgroup_option ct_cgroup_options[] = {
	{ CGRP_ROOT_NS_DELEGATE, "nsdelegate" },
	{ CGRP_ROOT_FAVOR_DYNMODS, "favordynmods" },
	{ CGRP_ROOT_MEMORY_LOCAL_EVENTS, "memory_localevents" },
	{ CGRP_ROOT_MEMORY_RECURSIVE_PROT, "memory_recursiveprot" },
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 12, 0)
	{ CGRP_ROOT_MEMORY_HUGETLB_ACCOUNTING, "memory_hugetlb_accounting" },
	{ CGRP_ROOT_PIDS_LOCAL_EVENTS, "pids_localevents" },
#endif
};

#endif
