/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Copies of what is in net/netlink/af_netlink.h and af_netlink.c, which modules
 * do not get; the table is compared with BTF at load.
 */
#ifndef CT_PIDSPACE_NETLINK_TABLE_H
#define CT_PIDSPACE_NETLINK_TABLE_H

#include <linux/rhashtable.h>
#include <net/net_namespace.h>

struct listeners;

/* The last pointers differ between kernels, and are as many. */
struct netlink_table {
	struct rhashtable hash;
	struct hlist_head mc_list;
	struct listeners __rcu *listeners;
	unsigned int flags;
	unsigned int groups;
	struct mutex *cb_mutex;
	struct module *module;
	void *callbacks[3];
	int registered;
};

/* What a socket is looked up by. */
struct netlink_compare_arg {
	possible_net_t pnet;
	u32 portid;
};

extern struct netlink_table *nl_table;

#endif
