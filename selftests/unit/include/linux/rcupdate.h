/* SPDX-License-Identifier: GPL-2.0 */
/* Shim: a callback waits in shim_rcu_pending until the test says so. */
#ifndef SHIM_LINUX_RCUPDATE_H
#define SHIM_LINUX_RCUPDATE_H

#include <linux/compiler.h>

struct rcu_head {
	struct rcu_head *next;
	void (*func)(struct rcu_head *head);
};

extern struct rcu_head *shim_rcu_pending;

static inline void call_rcu_tasks(struct rcu_head *head,
				  void (*func)(struct rcu_head *head))
{
	head->func = func;
	head->next = shim_rcu_pending;
	shim_rcu_pending = head;
}

#endif
