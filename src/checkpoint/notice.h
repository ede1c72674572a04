/* SPDX-License-Identifier: GPL-2.0 */
/* For programs that want to know of checkpoints and restarts. */
#ifndef CT_CHECKPOINT_NOTICE_H
#define CT_CHECKPOINT_NOTICE_H

#include <linux/types.h>

struct ct_progress;
struct file;
struct inode;

void ct_notice(struct ct_progress *p);
int ct_notice_open(struct inode *inode, struct file *file);
bool ct_notice_match(const struct file *file);

#endif
