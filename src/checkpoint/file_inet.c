// SPDX-License-Identifier: GPL-2.0
/*
 * TCP and UDP sockets that are connected with nobody, or only in their own
 * belief: those that listen, are bound, are new, and UDP's that have a peer.
 *
 * Datagrams that wait in a UDP socket are lost, as any may be.
 */
#include <linux/file.h>
#include <linux/in.h>
#include <linux/in6.h>
#include <linux/net.h>
#include <linux/udp.h>
#include <net/if_inet6.h>
#include <net/inet_connection_sock.h>
#include <net/inet_sock.h>
#include <net/sock.h>
#include <net/sock_reuseport.h>
#include <net/tcp.h>
#include <net/tcp_states.h>

#include "checkpoint/special.h"
#include "checkpoint/syscall.h"

static struct socket *inet_of(const struct file *file)
{
	struct socket *sock;

	if (file->f_mode & FMODE_PATH)
		return NULL;
	sock = sock_from_file((struct file *)file);
	if (!sock || !sock->sk)
		return NULL;
	if (sock->sk->sk_family != AF_INET && sock->sk->sk_family != AF_INET6)
		return NULL;
	if ((sock->type == SOCK_STREAM && sock->sk->sk_protocol == IPPROTO_TCP) ||
	    (sock->type == SOCK_DGRAM && sock->sk->sk_protocol == IPPROTO_UDP))
		return sock;
	return NULL;
}

bool ct_inet_match(const struct file *file)
{
	return inet_of(file);
}

static bool has_groups(const struct sock *sk)
{
	if (rcu_access_pointer(inet_sk(sk)->mc_list))
		return true;
	return sk->sk_family == AF_INET6 && inet6_sk(sk) &&
	       (rcu_access_pointer(inet6_sk(sk)->ipv6_mc_list) ||
		inet6_sk(sk)->ipv6_ac_list);
}

static bool has_selector(const struct sock *sk)
{
	struct sock_reuseport *group;
	bool has;

	rcu_read_lock();
	group = rcu_dereference(sk->sk_reuseport_cb);
	has = group && rcu_access_pointer(group->prog);
	rcu_read_unlock();
	return has;
}

static bool is_tcp(const struct sock *sk)
{
	return sk->sk_protocol == IPPROTO_TCP;
}

/* Has it keys of TCP_MD5SIG? Without them it would accept what it must not. */
static bool has_keys(const struct sock *sk)
{
	bool has = false;
#ifdef CONFIG_TCP_MD5SIG
	const struct tcp_md5sig_info *info;

	rcu_read_lock();
	info = rcu_dereference(tcp_sk(sk)->md5sig_info);
	has = info && !hlist_empty(&info->head);
	rcu_read_unlock();
#endif
	return has;
}

/* What is set for packets that are sent; NULL: nothing that would be lost. */
static const char *sent_with(const struct sock *sk)
{
	const struct ipv6_pinfo *v6 = sk->sk_family == AF_INET6 ? inet6_sk(sk) : NULL;

	if (rcu_access_pointer(inet_sk(sk)->inet_opt))
		return "it sends options of IP (IP_OPTIONS)";
	if (inet_sk(sk)->mc_index || inet_sk(sk)->mc_addr)
		return "it has an interface for multicast (IP_MULTICAST_IF)";
	if (sock_flag(sk, SOCK_TXTIME))
		return "it sends at times that it is told (SO_TXTIME)";
	if (v6 && rcu_access_pointer(v6->opt))
		return "it sends extension headers of IPv6 (IPV6_RTHDR and the like)";
	if (v6 && rcu_access_pointer(v6->ipv6_fl_list))
		return "it has flow labels of IPv6";
	return NULL;
}

/* Why it cannot be saved, and what would help; NULL: it can. */
static const char *obstacle(struct sock *sk, const char **help)
{
	int state = READ_ONCE(sk->sk_state);

	*help = "close it";
	if (has_groups(sk))
		return "it is a member of groups (multicast, anycast)";
	if (has_selector(sk))
		return "a program selects among sockets of its port";
	if (sent_with(sk))
		return sent_with(sk);
	if (is_tcp(sk)) {
		if (has_keys(sk))
			return "it has keys (TCP_MD5SIG)";
		if (inet_csk(sk)->icsk_ulp_ops)
			return "an upper layer protocol (TLS, for instance) is on top of it";
		if (state == TCP_LISTEN && READ_ONCE(sk->sk_ack_backlog)) {
			*help = "accept it";
			return "a TCP connection waits to be accepted";
		}
		if (state != TCP_LISTEN && state != TCP_CLOSE) {
			*help = "end the connection";
			return "its TCP connection cannot be saved";
		}
		return NULL;
	}
	if (udp_sk(sk)->encap_type)
		return "it carries another protocol (UDP_ENCAP)";
	if (READ_ONCE(udp_sk(sk)->pending)) {
		*help = "send it";
		return "a datagram is being put together in it (MSG_MORE)";
	}
	return NULL;
}

static void get_name(struct socket *sock, bool peer, void *to)
{
	struct sockaddr_storage addr = {};
	int length;

	length = sock->ops->getname(sock, (struct sockaddr *)&addr, peer);
	if (length > 0)
		memcpy(to, &addr, min_t(int, length, CONTAINER_IMAGE_INET_ADDRESS));
}

int ct_inet_save(struct ct_save *s, struct file *file, u32 id, const char *where)
{
	struct socket *sock = inet_of(file);
	struct sock *sk = sock->sk;
	struct container_image_inet *rec;
	const char *why, *help;

	why = obstacle(sk, &help);
	if (why)
		return ct_block(s, where, is_tcp(sk) ? "TCP socket" : "UDP socket",
				why, help);
	rec = ct_out_record(&s->out, CONTAINER_IMAGE_INET, id, sizeof(*rec));
	if (!rec)
		return -ENOMEM;
	rec->family = sk->sk_family;
	rec->type = sock->type;
	rec->shutdown = READ_ONCE(sk->sk_shutdown) & SHUTDOWN_MASK;
	/* The port may have been chosen by the kernel. */
	if (READ_ONCE(inet_sk(sk)->inet_num)) {
		rec->flags |= CONTAINER_IMAGE_INET_BOUND;
		get_name(sock, false, rec->address);
	}
	if (is_tcp(sk) && READ_ONCE(sk->sk_state) == TCP_LISTEN) {
		rec->flags |= CONTAINER_IMAGE_INET_LISTENING;
		rec->backlog = READ_ONCE(sk->sk_max_ack_backlog);
	} else if (!is_tcp(sk) && READ_ONCE(sk->sk_state) == TCP_ESTABLISHED) {
		rec->flags |= CONTAINER_IMAGE_INET_CONNECTED;
		get_name(sock, true, rec->peer);
	}
	return ct_save_sockopts(s, sk, id, where);
}

#define KNOWN_FLAGS	(CONTAINER_IMAGE_INET_BOUND |			\
			 CONTAINER_IMAGE_INET_LISTENING |		\
			 CONTAINER_IMAGE_INET_CONNECTED)

static bool rec_ok(const struct container_image_inet *rec)
{
	return (rec->family == AF_INET || rec->family == AF_INET6) &&
	       (rec->type == SOCK_STREAM || rec->type == SOCK_DGRAM) &&
	       !(rec->flags & ~KNOWN_FLAGS) &&
	       !(rec->shutdown & ~SHUTDOWN_MASK);
}

static int address_length(u32 family)
{
	return family == AF_INET ? sizeof(struct sockaddr_in) :
				   sizeof(struct sockaddr_in6);
}

static int bind_to(struct ct_rtask *t, struct socket *sock,
		   const struct container_image_inet *rec)
{
	struct sockaddr_storage addr = {};
	int err;

	memcpy(&addr, rec->address, sizeof(rec->address));
	err = sock->ops->bind(sock, (struct sockaddr *)&addr,
			      address_length(rec->family));
	if (!err)
		return 0;
	/* Ports are at the same place in both kinds of addresses. */
	return ct_restart_fail(t->r, err,
		err == -EADDRINUSE ?
			"%s port %u is in use" :
			"cannot bind a socket to %s port %u and its address",
		rec->type == SOCK_STREAM ? "TCP" : "UDP",
		ntohs(((struct sockaddr_in *)&addr)->sin_port));
}

static int set_up(struct ct_rtask *t, u32 id, struct socket *sock,
		  const struct container_image_inet *rec)
{
	struct sockaddr_storage addr = {};
	int err;

	/* Whether a port can be shared has to be known before it is bound. */
	err = ct_restore_sockopts(t, id, sock);
	if (!err && rec->flags & CONTAINER_IMAGE_INET_BOUND)
		err = bind_to(t, sock, rec);
	if (!err && rec->flags & CONTAINER_IMAGE_INET_CONNECTED) {
		memcpy(&addr, rec->peer, sizeof(rec->peer));
		err = sock->ops->connect(sock, (struct sockaddr *)&addr,
					 address_length(rec->family), 0);
	}
	if (!err && rec->flags & CONTAINER_IMAGE_INET_LISTENING)
		err = sock->ops->listen(sock, min_t(u32, rec->backlog, INT_MAX));
	if (!err && rec->shutdown &&
	    !(rec->flags & CONTAINER_IMAGE_INET_LISTENING))
		WRITE_ONCE(sock->sk->sk_shutdown, rec->shutdown);
	return err;
}

struct file *ct_inet_restore(struct ct_rtask *t, u32 id)
{
	const struct container_image_inet *rec;
	struct file *file;
	int err;

	rec = ct_find_payload(t, CONTAINER_IMAGE_INET, id, sizeof(*rec),
			      "a socket");
	if (IS_ERR(rec))
		return ERR_CAST(rec);
	if (!rec_ok(rec))
		return ERR_PTR(ct_restart_fail(t->r, -EINVAL,
			"the image has a socket that there cannot be"));
	file = ct_take_fd(t, ct_sys(socket, rec->family, rec->type, 0),
			  "a socket");
	if (IS_ERR(file))
		return file;
	err = set_up(t, id, sock_from_file(file), rec);
	if (!err)
		return file;
	fput(file);
	return ERR_PTR(ct_restart_fail(t->r, err,
				       "cannot set up file %u, a socket", id));
}
