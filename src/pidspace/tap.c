// SPDX-License-Identifier: GPL-2.0
/*
 * Taps of netlink. A device of the driver nlmon gets a copy of every netlink
 * message in its network namespace, addresses of the host's sockets and all that
 * processes of the host say or are told, with their numbers in it.
 *
 * Only packet sockets read such a device; and traffic control and netfilter can
 * send what goes to it elsewhere. A contained task cannot set up a tap, nor
 * divert one; and packet sockets that were made inside hear nothing of those
 * that the host has. One that was made outside and brought along does.
 */
#include <linux/if_arp.h>
#include <linux/netdevice.h>
#include <linux/netfilter.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <linux/skbuff.h>
#include <linux/socket.h>
#include <net/netlink.h>
#include <net/sock.h>

#include "hook/handlers.h"
#include "hook/hook.h"
#include "pidspace/address.h"

DEFINE_STATIC_CALL_NULL(ct_orig_rtnetlink_rcv_msg, rtnetlink_rcv_msg);
DEFINE_STATIC_CALL_NULL(ct_orig_nf_register_net_hook, nf_register_net_hook);
DEFINE_STATIC_CALL_NULL(ct_orig_sk_alloc, sk_alloc);
DEFINE_STATIC_CALL_NULL(ct_orig_packet_rcv, packet_rcv);
DEFINE_STATIC_CALL_NULL(ct_orig_tpacket_rcv, tpacket_rcv);
DEFINE_STATIC_CALL_NULL(ct_orig_packet_rcv_spkt, packet_rcv_spkt);

int ct_hook_netlink_add_tap(struct netlink_tap *nt)
{
	return -EPERM;
}

/* From the beginning: it may hear something before anybody knows its number. */
struct sock *ct_hook_sk_alloc(struct net *net, int family, gfp_t priority,
			      struct proto *prot, int kern)
{
	struct sock *sk;

	ct_hook_enter();
	sk = static_call(ct_orig_sk_alloc)(net, family, priority, prot, kern);
	/* Nobody else has it yet. The kernel's own are for everybody. */
	if (sk && !kern)
		__set_bit(CT_SOCK_MADE_INSIDE, &sk->sk_flags);
	ct_hook_leave();
	return sk;
}

/*
 * The packet comes from a tap, whoever is current: the sender of the message, in
 * whose call this runs.
 */
static bool is_made_inside(const struct packet_type *pt)
{
	return ct_made_inside(pt->af_packet_priv);
}

/* Not as a loss, which is counted, and which drop monitors show. */
static int not_received(struct sk_buff *skb)
{
	consume_skb(skb);
	return 0;
}

int ct_hook_packet_rcv(struct sk_buff *skb, struct net_device *dev,
		       struct packet_type *pt, struct net_device *orig_dev)
{
	if (is_made_inside(pt))
		return not_received(skb);
	return static_call(ct_orig_packet_rcv)(skb, dev, pt, orig_dev);
}

int ct_hook_tpacket_rcv(struct sk_buff *skb, struct net_device *dev,
			struct packet_type *pt, struct net_device *orig_dev)
{
	if (is_made_inside(pt))
		return not_received(skb);
	return static_call(ct_orig_tpacket_rcv)(skb, dev, pt, orig_dev);
}

int ct_hook_packet_rcv_spkt(struct sk_buff *skb, struct net_device *dev,
			    struct packet_type *pt, struct net_device *orig_dev)
{
	if (is_made_inside(pt))
		return not_received(skb);
	return static_call(ct_orig_packet_rcv_spkt)(skb, dev, pt, orig_dev);
}

/* Is it a request for a rule of traffic control, on a tap? */
static bool diverts_tap(const struct sock *sk, const struct nlmsghdr *nlh)
{
	const struct tcmsg *tcm = nlmsg_data(nlh);
	const struct net_device *dev;
	bool is_tap;

	switch (nlh->nlmsg_type) {
	case RTM_NEWQDISC:
	case RTM_NEWTCLASS:
	case RTM_NEWTFILTER:
	case RTM_NEWCHAIN:
		break;
	default:
		return false;
	}
	if (nlmsg_len(nlh) < (int)sizeof(*tcm))
		return false;
	rcu_read_lock();
	dev = dev_get_by_index_rcu(sock_net(sk), tcm->tcm_ifindex);
	is_tap = dev && dev->type == ARPHRD_NETLINK;
	rcu_read_unlock();
	return is_tap;
}

int ct_hook_rtnetlink_rcv_msg(struct sk_buff *skb, struct nlmsghdr *nlh,
			      struct netlink_ext_ack *extack)
{
	int ret = -EPERM;

	ct_hook_enter();
	if (!diverts_tap(skb->sk, nlh))
		ret = static_call(ct_orig_rtnetlink_rcv_msg)(skb, nlh, extack);
	ct_hook_leave();
	return ret;
}

/* Is it about what goes to a tap? */
static bool filters_tap(const struct nf_hook_ops *ops)
{
#ifdef CONFIG_NETFILTER
	return ops->pf == NFPROTO_NETDEV && ops->dev &&
	       ops->dev->type == ARPHRD_NETLINK;
#else
	return false;	/* there is nobody who would ask */
#endif
}

int ct_hook_nf_register_net_hook(struct net *net, const struct nf_hook_ops *ops)
{
	int ret = -EPERM;

	ct_hook_enter();
	if (!filters_tap(ops))
		ret = static_call(ct_orig_nf_register_net_hook)(net, ops);
	ct_hook_leave();
	return ret;
}
