/* SPDX-License-Identifier: GPL-2.0 */
/* What a mark of fsnotify is on: 6.10 stores the object, not a pointer in it. */
#ifndef CT_COMPAT_NOTIFY_H
#define CT_COMPAT_NOTIFY_H

#include <linux/fsnotify_backend.h>
#include <linux/version.h>

static inline struct inode *
ct_marked_inode(const struct fsnotify_mark_connector *conn)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 10, 0)
	return conn->obj;
#else
	return container_of(conn->obj, struct inode, i_fsnotify_marks);
#endif
}

#endif
