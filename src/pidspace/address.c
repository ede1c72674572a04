// SPDX-License-Identifier: GPL-2.0
/*
 * Addresses of netlink sockets. A process' first one has its number, so who
 * listens in the network namespace of others learns numbers: the sender's
 * address, in what recvmsg(2) says and in the messages; who owns a table of
 * nftables; where Open vSwitch sends packets.
 *
 * What was sent in a container is marked with it, in bits of the message that
 * the kernel does not use. Where a reader's container is another one, a stand-in
 * takes the place of the address: always the same for the same sender, so that
 * they can be told apart, and of a range that no number is in. That it was not
 * asked at reading whose address it is has a reason: the reader may have taken
 * that address meanwhile, to try whether it was this one.
 *
 * A socket that was made outside and brought along goes on as it was.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/filter.h>
#include <linux/genetlink.h>
#include <linux/idr.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netlink.h>
#include <linux/pfkeyv2.h>
#include <linux/pid.h>
#include <linux/preempt.h>
#include <linux/random.h>
#include <linux/rhashtable.h>
#include <linux/sched.h>
#include <linux/sched/signal.h>
#include <linux/siphash.h>
#include <linux/threads.h>
#include <net/genetlink.h>
#include <net/net_namespace.h>
#include <net/netlink.h>

#include "hook/handlers.h"
#include "hook/hook.h"
#include "hook/symbols.h"
#include "pidspace/address.h"
#include "pidspace/netlink_table.h"
#include "pidspace/space.h"

DEFINE_STATIC_CALL_NULL(ct_orig_netlink_broadcast, netlink_broadcast);
DEFINE_STATIC_CALL_NULL(ct_orig_netlink_broadcast_filtered,
			netlink_broadcast_filtered);
DEFINE_STATIC_CALL_NULL(ct_orig___get_filter, __get_filter);

/*
 * In the flags of a message, of which the kernel has NETLINK_SKB_DST only: one
 * that says that there is a mark, and the number of the container's token, which
 * is one of 28 bits upon 0xf0000000.
 */
#define MARK_SHIFT	4
#define MARK_THERE	1U
#define MARK_MASK	(~0U << MARK_SHIFT | MARK_THERE)
static_assert(!(NETLINK_SKB_DST & MARK_MASK));

static siphash_key_t stand_in_key __ro_after_init;
static struct idr *families __ro_after_init;
static bool key_has_cookie __ro_after_init;

const struct ct_member ct_members_address[] = {
	CT_MEMBER(netlink_table, hash),
	CT_MEMBER(netlink_table, mc_list),
	CT_MEMBER(netlink_table, cb_mutex),
	CT_MEMBER(netlink_table, registered),
	CT_MEMBER(netlink_compare_arg, portid),
	{}
};

/* The socket with an address, in an RCU read-side section; NULL: none. */
static struct sock *find_socket(struct net *net, int protocol, u32 address)
{
	struct rhashtable *hash = &nl_table[protocol].hash;
	struct netlink_compare_arg arg;

	memset(&arg, 0, sizeof(arg));
	if (key_has_cookie)
		arg.net_cookie = net->net_cookie;
	else
		arg.net = net;
	arg.portid = address;
	return rhashtable_lookup(hash, &arg, hash->p);
}

/* Does that find what is always there, the kernel's socket for routes? */
static bool __init finds_sockets(void)
{
	struct sock *sk;

	rcu_read_lock();
	sk = find_socket(&init_net, NETLINK_ROUTE, 0);
	rcu_read_unlock();
	return sk && sk == init_net.rtnl;
}

/**
 * ct_address_init - prepare for hiding addresses
 *
 * Context: may sleep; at load, after ct_symbols_init().
 * Return: 0, or an error after a message that says what is missing.
 */
int __init ct_address_init(void)
{
	families = (struct idr *)ct_symbol("genl_fam_idr");
	if (!families) {
		pr_err("this kernel lacks genl_fam_idr, the families of generic netlink\n");
		return -ENOENT;
	}
	key_has_cookie = !finds_sockets();
	if (key_has_cookie && !finds_sockets()) {
		pr_err("this kernel looks netlink sockets up in another way\n");
		return -EINVAL;
	}
	get_random_bytes(&stand_in_key, sizeof(stand_in_key));
	return 0;
}

/* Of the container that current is in; no two that are alive have the same. */
static u32 mark_of_current(void)
{
	struct pid_namespace *ns;
	u32 mark = 0;

	ct_read_lock();
	ns = ct_current_ns();
	if (ns)
		mark = ns->ns.inum << MARK_SHIFT | MARK_THERE;
	ct_read_unlock();
	return mark;
}

/**
 * ct_address_mark - current, in a container, sends a netlink message
 * @skb: the message, or what the kernel has to say about a request
 *
 * Context: any; in an interrupt current is not who sends it.
 */
void ct_address_mark(struct sk_buff *skb)
{
	u32 *flags = &NETLINK_CB(skb).flags;

	if (in_task())
		*flags = (*flags & ~MARK_MASK) | mark_of_current();
}

/*
 * netlink takes the next of these addresses when the first choice is not free,
 * from a random one on.
 */
static u32 stand_in(u32 address, u32 sender, u32 reader)
{
	u32 hash = siphash_3u32(address, sender, reader, &stand_in_key);

	return 0x80000000U + hash % (0x80000000U - 4096);
}

static bool is_foreign(const struct sock *near, u32 address)
{
	const struct sock *sk;
	bool foreign;

	rcu_read_lock();
	sk = find_socket(sock_net(near), near->sk_protocol, address);
	foreign = sk && !ct_made_inside(sk);
	rcu_read_unlock();
	return foreign;
}

/**
 * ct_address_known - may current, in a container, know a socket's address?
 * @sk: netlink socket
 * @address: its address, not 0
 *
 * That is so if it was made inside, or is the process' that had this number
 * when it came in.
 *
 * Context: any.
 */
bool ct_address_known(const struct sock *sk, u32 address)
{
	struct pid *pid;
	bool known;

	if (ct_made_inside(sk) && address > PID_MAX_LIMIT)
		return true;
	rcu_read_lock();
	pid = address <= PID_MAX_LIMIT ? find_vpid(address) : NULL;
	known = pid && (ct_made_inside(sk) || pid->numbers[0].nr == address);
	rcu_read_unlock();
	return known;
}

/* -- Open vSwitch ----------------------------------------------------- */

/*
 * Its answers have addresses in them in many places, in actions within actions.
 * It is for the host to configure.
 */
static bool is_switch_family(u16 type)
{
	const struct genl_family *family;
	bool is_switch;

	if (type < GENL_MIN_ID)
		return false;
	genl_lock();
	family = idr_find(families, type);
	is_switch = family && !strncmp(family->name, "ovs_", 4);
	genl_unlock();
	return is_switch;
}

static bool asks_switch(const struct sk_buff *skb)
{
	const struct nlmsghdr *nlh = nlmsg_hdr(skb);
	int len = skb->len;

	for (; nlmsg_ok(nlh, len); nlh = nlmsg_next(nlh, &len))
		if (is_switch_family(nlh->nlmsg_type))
			return true;
	return false;
}

/* -- sending -------------------------------------------------------------------- */

/**
 * ct_address_refuses - may current, in a container, not send this?
 * @from: the socket
 * @skb: the message
 * @to: the address
 *
 * Sending to a socket of the host would tell whether there is one, and so
 * whether there is a process of this number.
 *
 * Context: may sleep if @from was made inside, which sockets of the kernel have
 * not been.
 * Return: 0, or the error.
 */
int ct_address_refuses(struct sock *from, const struct sk_buff *skb, u32 to)
{
	if (!ct_made_inside(from))
		return 0;
	if (to)
		return is_foreign(from, to) ? -ECONNREFUSED : 0;
	return from->sk_protocol == NETLINK_GENERIC && asks_switch(skb) ?
	       -EPERM : 0;
}

int ct_hook_netlink_broadcast(struct sock *ssk, struct sk_buff *skb,
			      u32 portid, u32 group, gfp_t allocation)
{
	int ret;

	ct_hook_enter();
	ct_address_mark(skb);
	ret = static_call(ct_orig_netlink_broadcast)(ssk, skb, portid, group,
						     allocation);
	ct_hook_leave();
	return ret;
}

int ct_hook_netlink_broadcast_filtered(struct sock *ssk, struct sk_buff *skb,
				       u32 portid, u32 group, gfp_t allocation,
				       netlink_filter_fn filter, void *data)
{
	int ret;

	ct_hook_enter();
	ct_address_mark(skb);
	ret = static_call(ct_orig_netlink_broadcast_filtered)(ssk, skb, portid,
							      group, allocation,
							      filter, data);
	ct_hook_leave();
	return ret;
}

/* -- receiving -------------------------------------------------------------------- */

/**
 * struct reading - a message that is received inside
 * @sk: by which socket
 * @skb: the message
 * @mark: of the reader's container
 * @from: of the sender's; 0: the host's, or the kernel by itself
 * @sender: the address of who sent it; 0: the kernel
 * @own: @sk's, if this may be an answer; otherwise 0
 * @write: hide what is to be hidden, and not only say that there is something
 */
struct reading {
	struct sock *sk;
	struct sk_buff *skb;
	u32 mark;
	u32 from;
	u32 sender;
	u32 own;
	bool write;
};

static u32 address_of(struct sock *sk)
{
	struct sockaddr_nl address = {};

	if (kernel_getsockname(sk->sk_socket, (struct sockaddr *)&address) < 0)
		return 0;
	return address.nl_pid;
}

/*
 * Whose request a message answers, or is about. One to all is never an answer;
 * if it is about the reader it is marked. In what a program says itself only
 * its address is looked for.
 */
static bool hide_requester(const struct reading *r, struct nlmsghdr *nlh)
{
	u32 address = nlh->nlmsg_pid;

	if (r->from == r->mark || !address || address == r->own ||
	    (r->sender && address != r->sender))
		return false;
	if (r->write)
		nlh->nlmsg_pid = stand_in(address, r->from, r->mark);
	return true;
}

/* Who owns a table of nftables; that socket is there as long as the table. */
static bool hide_owner(const struct reading *r, struct nlmsghdr *nlh)
{
	struct nlattr *attr;
	__be32 *owner;

	if (r->sk->sk_protocol != NETLINK_NETFILTER || r->sender ||
	    (nlh->nlmsg_type != ((NFNL_SUBSYS_NFTABLES << 8) | NFT_MSG_NEWTABLE) &&
	     nlh->nlmsg_type != ((NFNL_SUBSYS_NFTABLES << 8) | NFT_MSG_DELTABLE)))
		return false;
	attr = nlmsg_find_attr(nlh, sizeof(struct nfgenmsg), NFTA_TABLE_OWNER);
	if (!attr || nla_len(attr) != sizeof(*owner))
		return false;
	owner = nla_data(attr);
	if (!is_foreign(r->sk, ntohl(*owner)))
		return false;
	if (r->write)
		*owner = htonl(stand_in(ntohl(*owner), 0, r->mark));
	return true;
}

/* What Open vSwitch tells all listeners: that there was something. */
static bool hide_switch(const struct reading *r, struct nlmsghdr *nlh)
{
	if (r->sk->sk_protocol != NETLINK_GENERIC || r->sender ||
	    nlmsg_len(nlh) <= GENL_HDRLEN || !is_switch_family(nlh->nlmsg_type))
		return false;
	if (r->write) {
		nlh->nlmsg_len = nlmsg_msg_size(GENL_HDRLEN);
		skb_trim(r->skb, (u8 *)nlh + nlh->nlmsg_len - r->skb->data);
	}
	return true;
}

static bool hide_all(const struct reading *r)
{
	struct nlmsghdr *nlh = (struct nlmsghdr *)r->skb->data;
	int len = skb_headlen(r->skb);
	bool hidden = false;

	if (r->sender && r->from != r->mark) {
		hidden = true;
		if (r->write)
			NETLINK_CB(r->skb).portid = stand_in(r->sender, r->from,
							     r->mark);
	}
	/* Text, and whatever udev says. */
	if (r->sk->sk_protocol == NETLINK_KOBJECT_UEVENT)
		return hidden;
	for (; nlmsg_ok(nlh, len); nlh = nlmsg_next(nlh, &len)) {
		hidden |= hide_requester(r, nlh);
		hidden |= hide_owner(r, nlh);
		if (hide_switch(r, nlh))
			return true;
	}
	return hidden;
}

/* Others may have it, too, or who only peeks will. Return: one to write to. */
static struct sk_buff *make_private(struct sk_buff *skb, int *err)
{
	struct sk_buff *copy;

	if (!skb_shared(skb) && !skb_cloned(skb))
		return skb;
	copy = skb_copy(skb, GFP_KERNEL);
	consume_skb(skb);
	if (!copy)
		*err = -ENOBUFS;
	return copy;
}

/**
 * ct_address_hide - current, in a container, receives a netlink message
 * @sk: by which socket
 * @skb: the message; consumed if another one is returned
 * @err: set to -ENOBUFS, which says that something was lost, if there is no
 *	 memory
 *
 * Context: may sleep; in recvmsg(2).
 * Return: the message as the container may see it, or NULL.
 */
struct sk_buff *ct_address_hide(struct sock *sk, struct sk_buff *skb, int *err)
{
	struct reading r = {
		.sk = sk, .skb = skb,
		.mark = mark_of_current(),
		.from = NETLINK_CB(skb).flags & MARK_MASK,
		.sender = NETLINK_CB(skb).portid,
	};

	if (!ct_made_inside(sk))
		return skb;
	if (r.from != r.mark && !NETLINK_CB(skb).dst_group)
		r.own = address_of(sk);
	if (!hide_all(&r))
		return skb;
	skb = make_private(skb, err);
	if (skb) {
		r.skb = skb;
		r.write = true;
		hide_all(&r);
	}
	return skb;
}

/**
 * ct_address_hide_key - current, in a container, receives a message of PF_KEY
 * @skb: the message; consumed if another one is returned
 * @err: as for ct_address_hide()
 *
 * Whoever changes keys says in his request which process he is, and all others
 * are told. That is 0 where it is not the reader itself, whose view it was.
 *
 * Context: may sleep; in recvmsg(2).
 * Return: the message as the container may see it, or NULL.
 */
struct sk_buff *ct_address_hide_key(struct sk_buff *skb, int *err)
{
	const struct sadb_msg *msg = (struct sadb_msg *)skb->data;
	bool own;

	if (skb_headlen(skb) < sizeof(*msg) || !msg->sadb_msg_pid)
		return skb;
	rcu_read_lock();
	own = find_vpid(msg->sadb_msg_pid) == task_tgid(current);
	rcu_read_unlock();
	if (own)
		return skb;
	skb = make_private(skb, err);
	if (skb)
		((struct sadb_msg *)skb->data)->sadb_msg_pid = 0;
	return skb;
}

/* -- filters ------------------------------------------------------------------------- */

/*
 * Filters run before anything is hidden: what passes one tells what it has
 * looked at. Where the address of who has asked is in a header, and up to where
 * it is known what the others can look at.
 */
#define HEADER_ADDRESS		offsetof(struct nlmsghdr, nlmsg_pid)

static u32 known_up_to(int protocol)
{
	switch (protocol) {
	case NETLINK_KOBJECT_UEVENT:
		return 40;	/* udev's header; text is no shorter */
	case NETLINK_NETFILTER:
	case NETLINK_GENERIC:
		return NLMSG_HDRLEN + 4;	/* which kind of message it is */
	default:
		return U32_MAX;
	}
}

static bool looks_at_address(const struct sock_filter *insn, int protocol)
{
	u32 from = insn->k, size;

	/* At a place that was computed, or a length that was read. */
	if (BPF_CLASS(insn->code) == BPF_LDX)
		return BPF_MODE(insn->code) == BPF_MSH;
	if (BPF_CLASS(insn->code) != BPF_LD)
		return false;
	if (BPF_MODE(insn->code) == BPF_IND)
		return true;
	if (BPF_MODE(insn->code) != BPF_ABS || from >= (u32)SKF_AD_OFF)
		return false;
	size = BPF_SIZE(insn->code) == BPF_W ? 4 :
	       BPF_SIZE(insn->code) == BPF_H ? 2 : 1;
	/* From another end of it. */
	if (from > S32_MAX || from + size > known_up_to(protocol))
		return true;
	return protocol != NETLINK_KOBJECT_UEVENT &&
	       from < HEADER_ADDRESS + sizeof(u32) &&
	       from + size > HEADER_ADDRESS;
}

struct bpf_prog *ct_hook___get_filter(struct sock_fprog *fprog, struct sock *sk)
{
	const struct sock_fprog_kern *text;
	struct bpf_prog *prog;
	unsigned int i;

	ct_hook_enter();
	prog = static_call(ct_orig___get_filter)(fprog, sk);
	if (IS_ERR(prog) || sk->sk_family != AF_NETLINK || !ct_made_inside(sk))
		goto out;
	text = prog->orig_prog;
	for (i = 0; i < text->len; i++) {
		if (looks_at_address(&text->filter[i], sk->sk_protocol)) {
			bpf_prog_destroy(prog);
			prog = ERR_PTR(-EPERM);
			break;
		}
	}
out:
	ct_hook_leave();
	return prog;
}
