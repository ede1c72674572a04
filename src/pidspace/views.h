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

#include <linux/bits.h>
#include <linux/types.h>

/**
 * enum ct_view_caller - callers that need another answer
 * @CT_CALLER_PROCFS: passes the namespace of a procfs superblock. The host's
 *		      /proc carries &init_pid_ns, yet a contained reader wants
 *		      its own view.
 * @CT_CALLER_REAL: compares the active namespace with, or stores it beside,
 *		    real ones; a token would be refused or become a real one.
 * @CT_CALLER_SETNS: setns(2) with a pidfd, which enters what it is told: the
 *		    token must not become a namespace for children
 * @CT_CALLER_EXIT: do_exit(), looking for a reaper
 * @CT_CALLER_PIDFD_SIGNAL: pidfd_send_signal(2)
 * @CT_CALLER_MQUEUE: mq_notify(3)'s signal
 * @CT_CALLER_NETLINK: credentials of a netlink message
 */
enum ct_view_caller {
	CT_CALLER_OTHER,
	CT_CALLER_PROCFS,
	CT_CALLER_REAL,
	CT_CALLER_SETNS,
	CT_CALLER_EXIT,
	CT_CALLER_PIDFD_SIGNAL,
	CT_CALLER_MQUEUE,
	CT_CALLER_NETLINK,
};

/*
 * Most callers are of no kind: a bit for the stretches of kernel text that have
 * one that is keeps the search for those that may be.
 */
#define CT_VIEW_FILTER_BITS	1024
#define CT_VIEW_FILTER_SHIFT	10
extern unsigned long ct_view_filter[2][BITS_TO_LONGS(CT_VIEW_FILTER_BITS)];

int ct_views_init(void);
enum ct_view_caller ct_view_lookup(bool procfs, unsigned long ip);

static __always_inline bool ct_view_filtered(bool procfs, unsigned long ip)
{
	unsigned long bit = (ip >> CT_VIEW_FILTER_SHIFT) % CT_VIEW_FILTER_BITS;

	return !(ct_view_filter[procfs][BIT_WORD(bit)] & BIT_MASK(bit));
}

/**
 * ct_from_procfs - does an address belong to procfs?
 * @ip: return address
 *
 * Context: any, NMI included.
 */
static __always_inline bool ct_from_procfs(unsigned long ip)
{
	return !ct_view_filtered(true, ip) &&
	       ct_view_lookup(true, ip) == CT_CALLER_PROCFS;
}

/**
 * ct_active_caller - what kind of caller asks, procfs aside
 * @ip: return address
 *
 * Context: any, NMI included.
 */
static __always_inline enum ct_view_caller ct_active_caller(unsigned long ip)
{
	if (likely(ct_view_filtered(false, ip)))
		return CT_CALLER_OTHER;
	return ct_view_lookup(false, ip);
}

#endif
