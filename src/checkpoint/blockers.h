/* SPDX-License-Identifier: GPL-2.0 */
/* What stands in the way of a checkpoint. */
#ifndef CT_CHECKPOINT_BLOCKERS_H
#define CT_CHECKPOINT_BLOCKERS_H

#include <linux/list.h>

struct ct_blockers;
struct seq_file;

/**
 * struct ct_blocker - one thing in the way
 * @list: entry in ct_blockers.list
 * @text: pid, where, what, why and what would help, with tabs between them
 */
struct ct_blocker {
	struct list_head list;
	char text[];
};

void ct_blockers_init(struct ct_blockers *blockers);
void ct_blockers_free(struct ct_blockers *blockers);
void ct_blockers_show(struct seq_file *m, const struct ct_blockers *blockers);

#endif
