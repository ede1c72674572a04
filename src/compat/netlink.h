/* SPDX-License-Identifier: GPL-2.0 */
/* Messages to a group can be filtered by their sender since 6.6. */
#ifndef CT_COMPAT_NETLINK_H
#define CT_COMPAT_NETLINK_H

#include <linux/netlink.h>
#include <linux/version.h>

#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 6, 0)
typedef int (*netlink_filter_fn)(struct sock *dsk, struct sk_buff *skb,
				 void *data);
int netlink_broadcast_filtered(struct sock *ssk, struct sk_buff *skb,
			       u32 portid, u32 group, gfp_t allocation,
			       netlink_filter_fn filter, void *filter_data);
#endif

#endif
