/* SPDX-License-Identifier: GPL-2.0 */
/* Addresses of netlink sockets, which by default are numbers of processes. */
#ifndef CT_PIDSPACE_ADDRESS_H
#define CT_PIDSPACE_ADDRESS_H

#include <linux/bits.h>
#include <linux/skbuff.h>
#include <net/sock.h>

/*
 * In sk_flags of a packet or netlink socket: it was made inside. The kernel
 * numbers its own flags from 0, and has used about thirty. The mark stays when
 * the module goes.
 */
#define CT_SOCK_MADE_INSIDE	(BITS_PER_LONG - 1)

/**
 * ct_made_inside - was a socket made by a contained task?
 * @sk: of AF_PACKET or AF_NETLINK
 *
 * Context: any.
 */
static inline bool ct_made_inside(const struct sock *sk)
{
	return test_bit(CT_SOCK_MADE_INSIDE, &sk->sk_flags);
}

int ct_address_init(void);
void ct_address_mark(struct sk_buff *skb);
int ct_address_refuses(struct sock *from, const struct sk_buff *skb, u32 to);
struct sk_buff *ct_address_hide(struct sock *sk, struct sk_buff *skb, int *err);
struct sk_buff *ct_address_hide_key(struct sk_buff *skb, int *err);
bool ct_address_known(const struct sock *sk, u32 address);

#endif
