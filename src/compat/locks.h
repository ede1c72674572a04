/* SPDX-License-Identifier: GPL-2.0 */
/* 6.9 split struct file_lock; locks_translate_pid() takes the core. */
#ifndef CT_COMPAT_LOCKS_H
#define CT_COMPAT_LOCKS_H

#include <linux/version.h>

#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 9, 0)
#define CT_FILE_LOCK	"file_lock_core"
#else
#define CT_FILE_LOCK	"file_lock"
#endif

#endif
