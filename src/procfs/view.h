/* SPDX-License-Identifier: GPL-2.0 */
/* /proc/container/NAME/proc, see view.c and self.c. */
#ifndef CT_PROCFS_VIEW_H
#define CT_PROCFS_VIEW_H

#include <linux/dcache.h>
#include <linux/types.h>

/* The directory's name; it has no pde_data(), but the one it is in. */
#define CT_VIEW_NAME	"proc"

struct file_system_type;

/* view.c */
struct ct_container;
int ct_view_mkdir(const struct ct_container *c);
void ct_view_found(struct dentry *dentry);
void ct_views_remove(u32 id);
void ct_views_exit(void);

/* self.c */
int ct_self_init(struct file_system_type *type);
void ct_self_exit(void);

#endif
