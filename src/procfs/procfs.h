/* SPDX-License-Identifier: GPL-2.0 */
/* /proc/container: the file, the directory, and what procfs must be taught. */
#ifndef CT_PROCFS_PROCFS_H
#define CT_PROCFS_PROCFS_H

#include <linux/fs.h>
#include <linux/mutex.h>
#include <linux/proc_fs.h>
#include <linux/types.h>

#include "container/container.h"

struct seq_file;

#define CT_PROC_NAME	"container"

/*
 * pde_data() of our entries: those below for the file, the directory and the file
 * restart in it, and for what belongs to a container its id, tagged so that it is
 * no pointer.
 */
extern const u8 ct_file_mark;
extern const u8 ct_dir_mark;
extern const u8 ct_common_mark;

static inline void *ct_entry_data(u32 id)
{
	return (void *)(((unsigned long)id << 1) | 1);
}

static inline u32 ct_entry_id(const struct inode *inode)
{
	return (unsigned long)pde_data(inode) >> 1;
}

/**
 * struct ct_why - what was wrong with the last write to an open file
 * @lock: protects @text
 * @text: a sentence; empty: nothing
 */
struct ct_why {
	struct mutex lock;	/* see above */
	char text[CT_WHY_MAX];
};

static inline bool ct_why_given(const struct ct_why *why)
{
	return READ_ONCE(why->text[0]);
}

/* line.c */
ssize_t ct_copy_line(const char __user *ubuf, size_t len, char *line, char *why);
int ct_check_opener(const struct file *file, char *why);
bool ct_why_show(struct seq_file *m, struct ct_why *why);
void ct_why_set(struct file *file, struct ct_why *why, const char *text, int err);

/* control.c */
extern const struct proc_ops ct_control_ops;

/* entries.c */
extern const struct ct_entry_ops ct_entry_ops;
void ct_entries_set_dir(struct proc_dir_entry *dir);
int ct_entry_revalidate(struct dentry *dentry);
struct ct_container *ct_entry_container(const struct inode *inode);
bool ct_visible(const struct ct_container *c);
void ct_show_path(struct seq_file *m, const struct ct_container *c);

/* checkpoint.c */
int ct_checkpoint_mkfiles(struct proc_dir_entry *dir, void *data);
int ct_restart_mkfiles(struct proc_dir_entry *dir);

/* root.c */
void ct_roots_watch(bool on);
int ct_procfs_init(void);
void ct_procfs_remove(void);
void ct_procfs_exit(void);

#endif
