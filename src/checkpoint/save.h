/* SPDX-License-Identifier: GPL-2.0 */
/* Taking a checkpoint, and reading it. */
#ifndef CT_CHECKPOINT_SAVE_H
#define CT_CHECKPOINT_SAVE_H

#include <linux/types.h>

struct ct_container;
struct ct_save;
struct pipe_inode_info;
struct seq_file;

/* The tasks stay where they are until the image is closed. */
#define CT_SAVE_STOP	1
/* They are killed once the image has been read to its end; implies STOP. */
#define CT_SAVE_KILL	2
/* Pipes that lead outside are left there, if they are input or output. */
#define CT_SAVE_IGNORE_PIPES	4
/* A look right before they are frozen: what that waits for is no blocker. */
#define CT_SAVE_SOON	8

int ct_save_take(struct ct_container *c, unsigned int flags,
		 struct ct_save **save);
ssize_t ct_save_read(struct ct_save *s, char __user *ubuf, size_t size);
ssize_t ct_save_splice(struct ct_save *s, struct pipe_inode_info *pipe, size_t size);
void ct_save_end(struct ct_save *s);

int ct_save_look(struct ct_container *c, struct ct_save **save);
void ct_save_show_blockers(struct seq_file *m, const struct ct_save *s);

#endif
