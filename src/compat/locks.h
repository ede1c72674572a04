/* SPDX-License-Identifier: GPL-2.0 */
/*
 * File locks: 6.3 gave them a header, 6.9 split struct file_lock;
 * locks_translate_pid() takes the core.
 */
#ifndef CT_COMPAT_LOCKS_H
#define CT_COMPAT_LOCKS_H

#include <linux/fs.h>
#include <linux/version.h>

#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 3, 0)
#include <linux/filelock.h>
#endif

#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 9, 0)
#define CT_FILE_LOCK	"file_lock_core"
#define ct_lease		file_lease
#define ct_lock_entry		c.flc_list
#define ct_lock_file(fl)	((fl)->c.flc_file)
#define ct_lock_owner(fl)	((fl)->c.flc_owner)
#define ct_lock_flags(fl)	((fl)->c.flc_flags)
#define ct_lock_type(fl)	((fl)->c.flc_type)
#else
#define CT_FILE_LOCK	"file_lock"
#define ct_lease		file_lock
#define ct_lock_entry		fl_list
#define ct_lock_file(fl)	((fl)->fl_file)
#define ct_lock_owner(fl)	((fl)->fl_owner)
#define ct_lock_flags(fl)	((fl)->fl_flags)
#define ct_lock_type(fl)	((fl)->fl_type)
#endif

#endif
