/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Copies of what is in net/netlink/af_netlink.h and af_netlink.c, which modules
 * do not get; the table is compared with BTF at load,
 * and the key tried out.
 */
#ifndef CT_PIDSPACE_NETLINK_TABLE_H
#define CT_PIDSPACE_NETLINK_TABLE_H

#include <linux/rhashtable.h>
#include <linux/types.h>

struct listeners;
struct net;

/* The last pointers differ between kernels, and are as many. */
struct netlink_table {
	struct rhashtable hash;
	struct hlist_head mc_list;
	struct listeners __rcu *listeners;
	unsigned int flags;
	unsigned int groups;
	struct mutex *cb_mutex;		/* of the protocol */
	struct module *module;
	void *callbacks[3];
	int registered;
};

/*
 * What a socket is looked up by. Which of the two says the network namespace is
 * not the same in all releases of a series.
 */
struct netlink_compare_arg {
	union {
		u64 net_cookie;
		const struct net *net;
	};
	u32 portid;
};

extern struct netlink_table *nl_table;

#endif
