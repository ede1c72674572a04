/* SPDX-License-Identifier: GPL-2.0 */
/* Exported, but declared for modules only since some version after 6.1. */
#ifndef CT_COMPAT_NAMEI_H
#define CT_COMPAT_NAMEI_H

#include <linux/namei.h>

int vfs_path_lookup(struct dentry *dentry, struct vfsmount *mnt,
		    const char *name, unsigned int flags, struct path *path);

#endif
