/* SPDX-License-Identifier: GPL-2.0 */
/* Ways out of a container that the translation of numbers does not close. */
#ifndef CT_PIDSPACE_ISOLATION_H
#define CT_PIDSPACE_ISOLATION_H

#include <linux/types.h>

struct pid_namespace;
struct task_struct;

void ct_keep_orphans(struct task_struct *father,
		     const struct pid_namespace *token);
bool ct_shares_handlers(struct task_struct *task);

#endif
