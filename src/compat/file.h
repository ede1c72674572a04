/* SPDX-License-Identifier: GPL-2.0 */
/* struct file: what later versions than 6.1 have elsewhere. */
#ifndef CT_COMPAT_FILE_H
#define CT_COMPAT_FILE_H

#include <linux/fs.h>
#include <linux/version.h>

/*
 * The file that a mapping or a descriptor shows: of an overlay, a mapping's file is
 * since 6.5 one of the layer below.
 */
static inline const struct path *ct_file_path(const struct file *file)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 8, 0)
	return file_user_path((struct file *)file);
#else
	return &file->f_path;
#endif
}

/* Who gets its signals; NULL: nobody, and nobody ever has. Since 6.12 allocated. */
static inline struct fown_struct *ct_file_owner(struct file *file)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 12, 0)
	return file_f_owner(file);
#else
	return &file->f_owner;
#endif
}

/* Of a fifo: how many writers there had been when this reader came and found none. */
static inline u64 *ct_file_unheard(struct file *file)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 12, 0)
	return &file->f_pipe;
#else
	return &file->f_version;
#endif
}

#endif
