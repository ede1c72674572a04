// SPDX-License-Identifier: GPL-2.0
/*
 * Options of sockets: read and set as getsockopt(2) and setsockopt(2) do.  Only
 * those of the table are taken from an image, and only where a new socket has
 * another value, as setting one may have effects beyond that.
 */
#include <linux/net.h>
#include <linux/slab.h>
#include <linux/sockptr.h>
#include <linux/tcp.h>
#include <linux/udp.h>
#include <net/ip.h>
#include <net/ipv6.h>
#include <net/sock.h>
#include <net/tcp.h>

#include "checkpoint/special.h"

DEFINE_STATIC_CALL_NULL(ct_sk_getsockopt, sk_getsockopt);
DEFINE_STATIC_CALL_NULL(ct_do_ip_getsockopt, do_ip_getsockopt);
DEFINE_STATIC_CALL_NULL(ct_do_ipv6_getsockopt, do_ipv6_getsockopt);
DEFINE_STATIC_CALL_NULL(ct_do_tcp_getsockopt, do_tcp_getsockopt);

/**
 * struct option - one that is saved
 * @level: SOL_...
 * @name: by which it is read
 * @set: by which it is set
 * @size: of its value
 * @halved: what is set is doubled by the kernel
 * @off: the value with which it does nothing, if that is not 0
 */
struct option {
	u16 level;
	u16 name;
	u16 set;
	u8 size;
	bool halved;
	int off;
};

#define INT(level, name)	{ SOL_##level, name, name, sizeof(int) }
#define LONG(level, name, size)	{ SOL_##level, name, name, size }

static const struct option options[] = {
	/* What others refer to comes first. */
	INT(SOCKET, SO_REUSEADDR),
	INT(SOCKET, SO_REUSEPORT),
	{ SOL_SOCKET, SO_SNDBUF, SO_SNDBUFFORCE, sizeof(int), true },
	{ SOL_SOCKET, SO_RCVBUF, SO_RCVBUFFORCE, sizeof(int), true },
	INT(SOCKET, SO_KEEPALIVE),
	INT(SOCKET, SO_BROADCAST),
	INT(SOCKET, SO_OOBINLINE),
	INT(SOCKET, SO_DONTROUTE),
	INT(SOCKET, SO_DEBUG),
	LONG(SOCKET, SO_LINGER, sizeof(struct linger)),
	INT(SOCKET, SO_PRIORITY),
	INT(SOCKET, SO_RCVLOWAT),
	LONG(SOCKET, SO_RCVTIMEO_NEW, sizeof(struct __kernel_sock_timeval)),
	LONG(SOCKET, SO_SNDTIMEO_NEW, sizeof(struct __kernel_sock_timeval)),
	INT(SOCKET, SO_PASSCRED),
	INT(SOCKET, SO_PASSSEC),
#ifdef SO_PASSPIDFD
	INT(SOCKET, SO_PASSPIDFD),
#endif
	INT(SOCKET, SO_TIMESTAMP_OLD),
	INT(SOCKET, SO_TIMESTAMPNS_OLD),
	INT(SOCKET, SO_TIMESTAMP_NEW),
	INT(SOCKET, SO_TIMESTAMPNS_NEW),
	/* The old one always reads as the new one does, and comes first. */
	LONG(SOCKET, SO_TIMESTAMPING_OLD, sizeof(struct so_timestamping)),
	LONG(SOCKET, SO_TIMESTAMPING_NEW, sizeof(struct so_timestamping)),
	INT(SOCKET, SO_RXQ_OVFL),
	INT(SOCKET, SO_NOFCS),
	INT(SOCKET, SO_NO_CHECK),
	INT(SOCKET, SO_MARK),
	INT(SOCKET, SO_BINDTOIFINDEX),
	INT(SOCKET, SO_BUSY_POLL),
	{ SOL_SOCKET, SO_PEEK_OFF, SO_PEEK_OFF, sizeof(int), .off = -1 },
	INT(SOCKET, SO_SELECT_ERR_QUEUE),
	INT(SOCKET, SO_PREFER_BUSY_POLL),
	INT(SOCKET, SO_ZEROCOPY),
	LONG(SOCKET, SO_MAX_PACING_RATE, sizeof(long)),
	/* To set a size sets that the kernel leaves it alone. */
	INT(SOCKET, SO_BUF_LOCK),
	INT(IP, IP_TOS),
	INT(IP, IP_TTL),
	INT(IP, IP_FREEBIND),
	INT(IP, IP_TRANSPARENT),
	INT(IP, IP_BIND_ADDRESS_NO_PORT),
	INT(IP, IP_NODEFRAG),
	INT(IP, IP_MTU_DISCOVER),
	INT(IP, IP_RECVERR),
	INT(IP, IP_PKTINFO),
	INT(IP, IP_RECVTTL),
	INT(IP, IP_RECVTOS),
	INT(IP, IP_RECVOPTS),
	INT(IP, IP_RETOPTS),
	INT(IP, IP_RECVORIGDSTADDR),
	INT(IP, IP_MINTTL),
	INT(IP, IP_MULTICAST_TTL),
	INT(IP, IP_MULTICAST_LOOP),
	INT(IP, IP_MULTICAST_ALL),
	INT(IP, IP_UNICAST_IF),
	INT(IP, IP_CHECKSUM),
	INT(IP, IP_PASSSEC),
	INT(IP, IP_RECVFRAGSIZE),
	INT(IP, IP_RECVERR_RFC4884),
#ifdef IP_LOCAL_PORT_RANGE
	INT(IP, IP_LOCAL_PORT_RANGE),
#endif
	INT(IPV6, IPV6_V6ONLY),
	INT(IPV6, IPV6_TCLASS),
	INT(IPV6, IPV6_UNICAST_HOPS),
	INT(IPV6, IPV6_MULTICAST_HOPS),
	INT(IPV6, IPV6_MULTICAST_LOOP),
	INT(IPV6, IPV6_MULTICAST_ALL),
	INT(IPV6, IPV6_MTU_DISCOVER),
	INT(IPV6, IPV6_RECVERR),
	INT(IPV6, IPV6_RECVPKTINFO),
	INT(IPV6, IPV6_RECVHOPLIMIT),
	INT(IPV6, IPV6_RECVTCLASS),
	INT(IPV6, IPV6_RECVERR_RFC4884),
	INT(IPV6, IPV6_RECVORIGDSTADDR),
	INT(IPV6, IPV6_RECVRTHDR),
	INT(IPV6, IPV6_RECVHOPOPTS),
	INT(IPV6, IPV6_RECVDSTOPTS),
	INT(IPV6, IPV6_RECVPATHMTU),
	INT(IPV6, IPV6_RECVFRAGSIZE),
	INT(IPV6, IPV6_2292PKTINFO),
	INT(IPV6, IPV6_2292HOPLIMIT),
	INT(IPV6, IPV6_2292RTHDR),
	INT(IPV6, IPV6_2292HOPOPTS),
	INT(IPV6, IPV6_2292DSTOPTS),
	INT(IPV6, IPV6_FLOWINFO),
	INT(IPV6, IPV6_FLOWINFO_SEND),
	INT(IPV6, IPV6_AUTOFLOWLABEL),
	INT(IPV6, IPV6_MULTICAST_IF),
	INT(IPV6, IPV6_UNICAST_IF),
	INT(IPV6, IPV6_MINHOPCOUNT),
	INT(IPV6, IPV6_DONTFRAG),
	INT(IPV6, IPV6_FREEBIND),
	INT(IPV6, IPV6_TRANSPARENT),
	INT(TCP, TCP_NODELAY),
	INT(TCP, TCP_MAXSEG),
	INT(TCP, TCP_CORK),
	INT(TCP, TCP_KEEPIDLE),
	INT(TCP, TCP_KEEPINTVL),
	INT(TCP, TCP_KEEPCNT),
	INT(TCP, TCP_SYNCNT),
	INT(TCP, TCP_LINGER2),
	INT(TCP, TCP_DEFER_ACCEPT),
	INT(TCP, TCP_WINDOW_CLAMP),
	LONG(TCP, TCP_CONGESTION, TCP_CA_NAME_MAX),
	INT(TCP, TCP_USER_TIMEOUT),
	INT(TCP, TCP_FASTOPEN),
	INT(TCP, TCP_NOTSENT_LOWAT),
	INT(TCP, TCP_SAVE_SYN),
	INT(TCP, TCP_INQ),
	INT(TCP, TCP_THIN_LINEAR_TIMEOUTS),
	INT(TCP, TCP_FASTOPEN_CONNECT),
	INT(TCP, TCP_FASTOPEN_NO_COOKIE),
	INT(UDP, UDP_CORK),
	INT(UDP, UDP_NO_CHECK6_TX),
	INT(UDP, UDP_NO_CHECK6_RX),
	INT(UDP, UDP_SEGMENT),
	INT(UDP, UDP_GRO),
};

static bool has_level(const struct sock *sk, unsigned int level)
{
	switch (level) {
	case SOL_SOCKET:
		return true;
	case SOL_IP:
		return sk->sk_family == AF_INET || sk->sk_family == AF_INET6;
	case SOL_IPV6:
		return sk->sk_family == AF_INET6;
	case SOL_TCP:
		return sk->sk_protocol == IPPROTO_TCP &&
		       sk->sk_family != AF_UNIX;
	case SOL_UDP:
		return sk->sk_protocol == IPPROTO_UDP &&
		       (sk->sk_family == AF_INET || sk->sk_family == AF_INET6);
	}
	return false;
}

/* The kernel's own function writes to user space only. */
static int read_udp(struct sock *sk, unsigned int name)
{
	switch (name) {
	case UDP_CORK:
		return udp_test_bit(CORK, sk);
	case UDP_NO_CHECK6_TX:
		return udp_test_bit(NO_CHECK6_TX, sk);
	case UDP_NO_CHECK6_RX:
		return udp_test_bit(NO_CHECK6_RX, sk);
	case UDP_SEGMENT:
		return READ_ONCE(udp_sk(sk)->gso_size);
	case UDP_GRO:
		return udp_test_bit(GRO_ENABLED, sk);
	}
	return 0;
}

/* Its value; false: this socket has no such option. */
static bool read_option(struct sock *sk, const struct option *o, void *value)
{
	int size = o->size, err = -ENOPROTOOPT;
	sockptr_t to = KERNEL_SOCKPTR(value), length = KERNEL_SOCKPTR(&size);

	memset(value, 0, CONTAINER_IMAGE_OPTION_SIZE);
	if (!has_level(sk, o->level))
		return false;
	switch (o->level) {
	case SOL_SOCKET:
		err = static_call(ct_sk_getsockopt)(sk, SOL_SOCKET, o->name,
						    to, length);
		break;
	case SOL_IP:
		err = static_call(ct_do_ip_getsockopt)(sk, SOL_IP, o->name, to,
						       length);
		break;
	case SOL_IPV6:
		err = static_call(ct_do_ipv6_getsockopt)(sk, SOL_IPV6, o->name,
							 to, length);
		break;
	case SOL_TCP:
		err = static_call(ct_do_tcp_getsockopt)(sk, SOL_TCP, o->name,
							to, length);
		break;
	case SOL_UDP:
		*(int *)value = read_udp(sk, o->name);
		err = 0;
		break;
	}
	return !err && size == o->size;
}

/**
 * ct_save_sockopts - append the options of a socket
 * @s: the checkpoint
 * @sk: of the socket, whose file is held
 * @id: of the file
 * @where: for blockers
 *
 * Context: may sleep.
 * Return: 0 or -ENOMEM.
 */
int ct_save_sockopts(struct ct_save *s, struct sock *sk, u32 id,
		     const char *where)
{
	struct container_image_sockopt *found;
	struct container_image_sockopts *rec;
	unsigned int i, n = 0;

	if (rcu_access_pointer(sk->sk_filter))
		return ct_block(s, where, "socket",
				"it has a filter (SO_ATTACH_FILTER), which cannot be saved",
				"detach it");
	found = kcalloc(ARRAY_SIZE(options), sizeof(*found), GFP_KERNEL);
	if (!found)
		return -ENOMEM;
	for (i = 0; i < ARRAY_SIZE(options); i++) {
		if (!read_option(sk, &options[i], found[n].value))
			continue;
		found[n].level = options[i].level;
		found[n].name = options[i].name;
		found[n++].size = options[i].size;
	}
	rec = ct_out_record(&s->out, CONTAINER_IMAGE_SOCKOPTS, id,
			    sizeof(*rec) + n * sizeof(*found));
	if (rec) {
		rec->options = n;
		memcpy(rec + 1, found, n * sizeof(*found));
	}
	kfree(found);
	return rec ? 0 : -ENOMEM;
}

static int write_option(struct socket *sock, const struct option *o, void *value)
{
	if (o->halved)
		*(int *)value /= 2;
	if (o->level == SOL_SOCKET)
		return sock_setsockopt(sock, SOL_SOCKET, o->set,
				       KERNEL_SOCKPTR(value), o->size);
	return sock->ops->setsockopt(sock, o->level, o->set,
				     KERNEL_SOCKPTR(value), o->size);
}

static const struct option *find_option(const struct container_image_sockopt *want)
{
	const struct option *o;

	for (o = options; o < options + ARRAY_SIZE(options); o++)
		if (o->level == want->level && o->name == want->name)
			return o;
	return NULL;
}

/*
 * Another kernel may have more options, or has one for more sockets: where it does
 * nothing there is nothing to be set.
 */
static bool is_off(const struct option *o, const struct container_image_sockopt *want)
{
	u8 off[CONTAINER_IMAGE_OPTION_SIZE] = { 0 };

	if (o && o->off)
		memcpy(off, &o->off, sizeof(o->off));
	return !memcmp(off, want->value, sizeof(want->value));
}

static int restore_option(struct ct_rtask *t, struct socket *sock,
			  const struct container_image_sockopt *want)
{
	u8 now[CONTAINER_IMAGE_OPTION_SIZE], value[CONTAINER_IMAGE_OPTION_SIZE];
	const struct option *o = find_option(want);
	int err;

	if (!o || o->size != want->size || !read_option(sock->sk, o, now)) {
		if (is_off(o, want))
			return 0;
		return ct_restart_fail(t->r, -EOPNOTSUPP,
			"a socket has option %u of level %u, which it cannot have here",
			want->name, want->level);
	}
	if (!memcmp(now, want->value, o->size))
		return 0;
	memcpy(value, want->value, sizeof(value));
	err = write_option(sock, o, value);
	if (err)
		return ct_restart_fail(t->r, err,
			"cannot set option %u of level %u of a socket",
			want->name, want->level);
	return 0;
}

/**
 * ct_restore_sockopts - set the options of a socket
 * @t: current's
 * @id: of its file
 * @sock: new
 *
 * Context: process context, in the task.
 * Return: 0, or a negative errno after ct_restart_fail().
 */
int ct_restore_sockopts(struct ct_rtask *t, u32 id, struct socket *sock)
{
	const struct container_image_sockopts *rec;
	const struct container_image_sockopt *want;
	const struct ct_record *record;
	u32 i;
	int err;

	rec = ct_find_payload(t, CONTAINER_IMAGE_SOCKOPTS, id, sizeof(*rec),
			      "a socket");
	if (IS_ERR(rec))
		return PTR_ERR(rec);
	record = ct_in_find(&t->r->in, CONTAINER_IMAGE_SOCKOPTS, id);
	if ((record->rec.length - sizeof(*rec)) / sizeof(*want) < rec->options)
		return ct_restart_fail(t->r, -EINVAL,
			"the image has a socket with less options than it should");
	want = (const void *)(rec + 1);
	for (i = 0; i < rec->options; i++, want++) {
		err = restore_option(t, sock, want);
		if (err)
			return err;
	}
	return 0;
}
