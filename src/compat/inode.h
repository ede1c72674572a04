/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Inodes: 6.3 has id mappings where user namespaces were, 6.6 keeps the time of
 * change behind functions.
 */
#ifndef CT_COMPAT_INODE_H
#define CT_COMPAT_INODE_H

#include <linux/fs.h>
#include <linux/version.h>

#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 3, 0)
#define ct_idmap	mnt_idmap
#else
#define ct_idmap	user_namespace
#endif

static inline void ct_inode_init_times(struct inode *inode)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 7, 0)
	simple_inode_init_ts(inode);
#else
	inode->i_atime = current_time(inode);
	inode->i_mtime = inode->i_atime;
	inode->i_ctime = inode->i_atime;
#endif
}

/* Something came into the directory, or left it. */
static inline void ct_inode_touch(struct inode *dir)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 7, 0)
	inode_set_mtime_to_ts(dir, inode_set_ctime_current(dir));
#else
	dir->i_mtime = current_time(dir);
	dir->i_ctime = dir->i_mtime;
#endif
}

#endif
