/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Whose view does a caller want?
 *
 * The rule (see Documentation/architecture.md): no namespace means the
 * container of current, a token means its container, and &init_pid_ns means
 * global numbers.  Two kinds of kernel functions do not fit, and are told
 * apart by the return address of the hooked function.
 */
#ifndef CT_PIDSPACE_VIEWS_H
#define CT_PIDSPACE_VIEWS_H

#include <linux/types.h>

/**
 * enum ct_view_caller - callers that need another answer
 * @CT_CALLER_PROCFS: passes the namespace of a procfs superblock. The host's
 *		      /proc carries &init_pid_ns, yet a contained reader wants
 *		      its own view.
 * @CT_CALLER_REAL: compares the active namespace with, or stores it beside,
 *		    real ones; a token would be refused or become a real one.
 * @CT_CALLER_EXIT: do_exit(), looking for a reaper
 * @CT_CALLER_PIDFD_SIGNAL: pidfd_send_signal(2)
 * @CT_CALLER_MQUEUE: mq_notify(3)'s signal
 */
enum ct_view_caller {
	CT_CALLER_OTHER,
	CT_CALLER_PROCFS,
	CT_CALLER_REAL,
	CT_CALLER_EXIT,
	CT_CALLER_PIDFD_SIGNAL,
	CT_CALLER_MQUEUE,
};

int ct_views_init(void);
bool ct_from_procfs(unsigned long ip);
enum ct_view_caller ct_active_caller(unsigned long ip);

#endif
