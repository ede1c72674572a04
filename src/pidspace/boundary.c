// SPDX-License-Identifier: GPL-2.0
/*
 * Numbers that the kernel hands out without its translation functions.
 *
 * It has written a global number, as text or into a structure, and what is left
 * is to put the number that the reader knows in its place.  Where there is no
 * such place the reader is refused: refuse.c.
 */
#include <keys/request_key_auth-type.h>
#include <linux/ctype.h>
#include <linux/kernel.h>
#include <linux/kstrtox.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netlink.h>
#include <linux/pgtable.h>
#include <linux/pid.h>
#include <linux/pid_namespace.h>
#include <linux/sched.h>
#include <linux/seq_file.h>
#include <linux/skbuff.h>
#include <linux/socket.h>
#include <linux/string.h>
#include <linux/threads.h>
#include <net/genetlink.h>
#include <net/netlink.h>
#include <net/sock.h>

#include "compat/netdev.h"
#include "compat/task.h"
#include "hook/handlers.h"
#include "hook/hook.h"
#include "pidspace/address.h"
#include "pidspace/views.h"

DEFINE_STATIC_CALL_NULL(ct_orig___set_task_comm, __set_task_comm);
DEFINE_STATIC_CALL_NULL(ct_orig_vhost_task_create, vhost_task_create);
DEFINE_STATIC_CALL_NULL(ct_orig_io_uring_show_fdinfo, io_uring_show_fdinfo);
DEFINE_STATIC_CALL_NULL(ct_orig_task_numa_group_id, task_numa_group_id);
DEFINE_STATIC_CALL_NULL(ct_orig_netlink_seq_show, netlink_seq_show);
DEFINE_STATIC_CALL_NULL(ct_orig_request_key_auth_describe,
			request_key_auth_describe);
DEFINE_STATIC_CALL_NULL(ct_orig_put_cmsg, put_cmsg);
DEFINE_STATIC_CALL_NULL(ct_orig_netdev_nl_napi_fill_one,
			netdev_nl_napi_fill_one);
DEFINE_STATIC_CALL_NULL(ct_orig_netlink_unicast, netlink_unicast);
DEFINE_STATIC_CALL_NULL(ct_orig_skb_recv_datagram, skb_recv_datagram);

/* What a global number is to the contained current; 0 if it cannot see it. */
static pid_t number_inside(pid_t global)
{
	struct pid *pid;
	pid_t nr = 0;

	rcu_read_lock();
	pid = find_pid_ns(global, &init_pid_ns);
	if (pid)
		nr = pid_vnr(pid);
	rcu_read_unlock();
	return nr;
}

/*
 * The threads that io_uring and vhost add to a process are named after it, as
 * in iou-wrk-4711.  The name belongs to all who look: it gets the number that
 * the process itself knows.
 */
static bool rename_worker(char *name, const char *from)
{
	const char *dash = strrchr(from, '-');
	int global;

	if (!dash || kstrtoint(dash + 1, 10, &global))
		return false;
	snprintf(name, TASK_COMM_LEN, "%.*s-%d", (int)(dash - from), from,
		 number_inside(global));
	return true;
}

void ct_hook___set_task_comm(struct task_struct *tsk, const char *from,
			     bool exec)
{
	char name[TASK_COMM_LEN];

	ct_hook_enter();
	if ((tsk->flags & CT_PF_WORKER) && rename_worker(name, from))
		from = name;
	static_call(ct_orig___set_task_comm)(tsk, from, exec);
	ct_hook_leave();
}

/* vhost's have their name from the beginning. */
struct vhost_task *ct_hook_vhost_task_create(bool (*fn)(void *),
					     void (*handle_sigkill)(void *),
					     void *arg, const char *from)
{
	char name[TASK_COMM_LEN];
	struct vhost_task *vtsk;

	ct_hook_enter();
	if (rename_worker(name, from))
		from = name;
	vtsk = static_call(ct_orig_vhost_task_create)(fn, handle_sigkill, arg,
						      from);
	ct_hook_leave();
	return vtsk;
}

/* The number of the digits at @at, 0 without one; @len is how many there are. */
static unsigned int digits(const char *at, const char *end, size_t *len)
{
	unsigned int value = 0;

	for (*len = 0; at + *len < end && isdigit(at[*len]); ++*len)
		value = value * 10 + (at[*len] - '0');
	return value;
}

/*
 * Replace the number of @len digits at @at, which is in the text of @m, with
 * @nr; if that is longer what follows moves.
 */
static void replace_number(struct seq_file *m, char *at, size_t len, pid_t nr)
{
	char text[16];
	size_t new = snprintf(text, sizeof(text), "%d", nr);
	char *end = m->buf + m->count;

	/* Reported as an overflow, upon which seq_read() gives more room. */
	if (m->count - len + new >= m->size) {
		m->count = m->size;
		return;
	}
	memmove(at + new, at + len, end - (at + len));
	memcpy(at, text, new);
	m->count = m->count - len + new;
}

/*
 * Translate the number behind the first @key that was written since @start,
 * which is not there for a negative one.
 */
static void translate_after(struct seq_file *m, size_t start, const char *key)
{
	pid_t global;
	size_t len;
	char *at;

	if (seq_has_overflowed(m))
		return;
	at = strnstr(m->buf + start, key, m->count - start);
	if (!at)
		return;
	at += strlen(key);
	global = digits(at, m->buf + m->count, &len);
	if (global)
		replace_number(m, at, len, number_inside(global));
}

/* fdinfo of a ring: the thread that polls its submissions, or -1. */
void ct_hook_io_uring_show_fdinfo(struct seq_file *m, struct file *f)
{
	size_t start = m->count;

	ct_hook_enter();
	static_call(ct_orig_io_uring_show_fdinfo)(m, f);
	translate_after(m, start, "SqThread:\t");
	ct_hook_leave();
}

/* Whether a kernel keeps no struct pid of who requests a key, but a number. */
#define KEY_PID_IS_RAW \
	__same_type(((struct request_key_auth *)NULL)->pid, pid_t)

/* /proc/keys: for whom a key is made. */
void ct_hook_request_key_auth_describe(const struct key *key,
				       struct seq_file *m)
{
	size_t start = m->count;

	ct_hook_enter();
	static_call(ct_orig_request_key_auth_describe)(key, m);
	if (KEY_PID_IS_RAW)
		translate_after(m, start, " pid:");
	ct_hook_leave();
}

/* Ngid in /proc/PID/status: the global pid of who founded the group. */
pid_t ct_hook_task_numa_group_id(struct task_struct *p)
{
	return number_inside(static_call(ct_orig_task_numa_group_id)(p));
}

/*
 * A netlink socket's address is by default its owner's number, which is a
 * process's of the host if that one has made it.  Addresses that are not to be
 * known here are shown as 0, in as many columns.
 */
static void hide_port(struct seq_file *m, size_t start, const struct sock *sk)
{
	char *at = m->buf + start, *end = m->buf + m->count;
	unsigned int port;
	size_t len;
	int word;

	/* sk Eth Pid ... */
	for (word = 0; word < 2; word++) {
		while (at < end && *at != ' ')
			at++;
		while (at < end && *at == ' ')
			at++;
	}
	port = digits(at, end, &len);
	/* 0 is the kernel's. */
	if (!port || ct_address_known(sk, port))
		return;
	memset(at, ' ', len);
	*at = '0';
}

int ct_hook_netlink_seq_show(struct seq_file *m, void *v)
{
	size_t start = m->count;
	int ret;

	ct_hook_enter();
	ret = static_call(ct_orig_netlink_seq_show)(m, v);
	if (!ret && v != SEQ_START_TOKEN && !seq_has_overflowed(m))
		hide_port(m, start, v);
	ct_hook_leave();
	return ret;
}

/*
 * SCM_CREDENTIALS of a netlink message, or of what is told to those who monitor
 * Bluetooth, the only module that has any: what is stored is the sender's own
 * number, without a hint whose view that was.
 */
static bool has_no_view(unsigned long caller)
{
	return (caller >= MODULES_VADDR && caller < MODULES_END) ||
	       ct_active_caller(caller) == CT_CALLER_NETLINK;
}

int ct_hook_put_cmsg(struct msghdr *msg, int level, int type, int len,
		     void *data)
{
	struct ucred creds;
	int ret;

	ct_hook_enter();
	if (level == SOL_SOCKET && type == SCM_CREDENTIALS &&
	    len == sizeof(creds) && has_no_view(_RET_IP_)) {
		creds = *(struct ucred *)data;
		creds.pid = 0;
		data = &creds;
	}
	ret = static_call(ct_orig_put_cmsg)(msg, level, type, len, data);
	ct_hook_leave();
	return ret;
}

/*
 * The thread of a NAPI instance, one of the kernel's, in an answer of the family
 * netdev.
 */
int ct_hook_netdev_nl_napi_fill_one(struct sk_buff *rsp,
				    struct napi_struct *napi,
				    const struct genl_info *info)
{
	unsigned int start = rsp->len;
	struct nlattr *attr = NULL;
	u32 *number;
	int ret;

	ct_hook_enter();
	ret = static_call(ct_orig_netdev_nl_napi_fill_one)(rsp, napi, info);
	/* One that is down has no answer. */
	if (!ret && rsp->len > start)
		attr = nlmsg_find_attr((struct nlmsghdr *)(rsp->data + start),
				       GENL_HDRLEN, NETDEV_A_NAPI_PID);
	if (attr && nla_len(attr) == sizeof(*number)) {
		number = nla_data(attr);
		*number = number_inside(*number);
	}
	ct_hook_leave();
	return ret;
}

#define NFT_NEWGEN	((NFNL_SUBSYS_NFTABLES << 8) | NFT_MSG_NEWGEN)

/*
 * nftables tells who asks, or who has changed the rules and wants to hear of it,
 * his own number.  The message may be shared with listeners of the host.
 */
static int tell_own_number(struct sk_buff *skb)
{
	struct nlmsghdr *nlh = nlmsg_hdr(skb);
	struct nlattr *attr;
	__be32 *number;

	if (!nlmsg_ok(nlh, skb->len) || nlh->nlmsg_type != NFT_NEWGEN)
		return 0;
	if (skb_cloned(skb) && pskb_expand_head(skb, 0, 0, GFP_ATOMIC))
		return -ENOMEM;
	attr = nlmsg_find_attr(nlmsg_hdr(skb), sizeof(struct nfgenmsg),
			       NFTA_GEN_PROC_PID);
	if (attr && nla_len(attr) == sizeof(*number)) {
		number = nla_data(attr);
		*number = htonl(number_inside(ntohl(*number)));
	}
	return 0;
}

int ct_hook_netlink_unicast(struct sock *ssk, struct sk_buff *skb, u32 portid,
			    int nonblock)
{
	int ret = 0;

	ct_hook_enter();
	ct_address_mark(skb);
	if (ssk->sk_protocol == NETLINK_NETFILTER)
		ret = tell_own_number(skb);
	if (!ret)
		ret = ct_address_refuses(ssk, skb, portid);
	if (ret)
		kfree_skb(skb);
	else
		ret = static_call(ct_orig_netlink_unicast)(ssk, skb, portid,
							   nonblock);
	ct_hook_leave();
	return ret;
}

/* How a uevent about a virtual machine begins, behind the action. */
#define VM_UEVENT	"@/devices/virtual/misc/kvm"

static bool is_vm_uevent(const struct sk_buff *skb)
{
	const char *at = memchr(skb->data, '@', skb_headlen(skb));

	return at && skb_tail_pointer(skb) - (u8 *)at >= sizeof(VM_UEVENT) &&
	       !memcmp(at, VM_UEVENT, sizeof(VM_UEVENT));
}

/*
 * Write the variables of a uevent to @to, as current may see them. That can be
 * longer by UEVENT_ROOM: programs can have uevents sent, too, and of what they
 * say only one number is believed. Return: how long it is.
 */
#define UEVENT_ROOM	sizeof("PID=2147483647")

static size_t copy_variables(char *to, const char *from, const char *end)
{
	size_t len, nr_len;
	char *start = to;
	pid_t global = 0;

	for (; from < end; from += len) {
		len = strnlen(from, end - from);
		if (from + len < end)
			len++;
		/* A path of debugfs, refused inside, that has the number, too. */
		if (len > 11 && !memcmp(from, "STATS_PATH=", 11))
			continue;
		if (len > 4 && !memcmp(from, "PID=", 4)) {
			if (global)
				continue;
			global = digits(from + 4, from + len, &nr_len) ?: -1;
			to += sprintf(to, "PID=%d", number_inside(global)) + 1;
			continue;
		}
		memcpy(to, from, len);
		to += len;
	}
	return to - start;
}

/* The message is shared with listeners of the host. */
static struct sk_buff *vm_uevent_inside(const struct sk_buff *skb)
{
	struct sk_buff *copy = skb_copy_expand(skb, skb_headroom(skb),
					       UEVENT_ROOM, GFP_KERNEL);

	if (!copy)
		return NULL;
	skb_trim(copy, 0);
	skb_put(copy, copy_variables(copy->data, skb->data,
				     skb_tail_pointer(skb)));
	return copy;
}

/*
 * KVM tells all listeners the global number of who has a virtual machine; and
 * all messages have addresses.
 */
struct sk_buff *ct_hook_skb_recv_datagram(struct sock *sk, unsigned int flags,
					  int *err)
{
	struct sk_buff *skb, *copy;

	ct_hook_enter();
	skb = static_call(ct_orig_skb_recv_datagram)(sk, flags, err);
	if (skb && sk->sk_family == AF_KEY)
		skb = ct_address_hide_key(skb, err);
	if (!skb || sk->sk_family != AF_NETLINK)
		goto out;
	if (sk->sk_protocol == NETLINK_KOBJECT_UEVENT && is_vm_uevent(skb)) {
		copy = vm_uevent_inside(skb);
		consume_skb(skb);
		if (!copy)
			*err = -ENOBUFS;	/* as if there had been no room */
		skb = copy;
	}
	if (skb)
		skb = ct_address_hide(sk, skb, err);
out:
	ct_hook_leave();
	return skb;
}
