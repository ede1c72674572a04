// SPDX-License-Identifier: GPL-2.0
/*
 * What waits in unix sockets is sent once more, by the sockets that sent it; where
 * those are gone, by one that lives as long as that takes.
 */
#include <linux/fdtable.h>
#include <linux/file.h>
#include <linux/net.h>
#include <linux/pid.h>
#include <linux/skbuff.h>
#include <linux/slab.h>
#include <net/af_unix.h>
#include <net/scm.h>
#include <net/sock.h>

#include "checkpoint/special.h"
#include "checkpoint/syscall.h"
#include "checkpoint/unix.h"

/* Enough for whatever a socket may hold. */
#define PLENTY		(64 << 20)

/* What keeps a message from being sent is out of the way meanwhile. */
struct obstacles {
	struct sock *from;
	struct sock *to;
	unsigned int from_shutdown;
	unsigned int to_shutdown;
	unsigned int backlog;
	int sndbuf;
	int from_error;
};

static void lift(struct obstacles *o)
{
	o->from_shutdown = o->from->sk_shutdown;
	o->to_shutdown = o->to->sk_shutdown;
	o->backlog = o->to->sk_max_ack_backlog;
	o->sndbuf = o->from->sk_sndbuf;
	o->from_error = o->from->sk_err;
	WRITE_ONCE(o->from->sk_shutdown, 0);
	WRITE_ONCE(o->to->sk_shutdown, 0);
	WRITE_ONCE(o->to->sk_max_ack_backlog, INT_MAX);
	WRITE_ONCE(o->from->sk_sndbuf, PLENTY);
	WRITE_ONCE(o->from->sk_err, 0);
}

static void put_back(struct obstacles *o)
{
	WRITE_ONCE(o->from->sk_shutdown, o->from_shutdown);
	WRITE_ONCE(o->to->sk_shutdown, o->to_shutdown);
	WRITE_ONCE(o->to->sk_max_ack_backlog, o->backlog);
	WRITE_ONCE(o->from->sk_sndbuf, o->sndbuf);
	WRITE_ONCE(o->from->sk_err, o->from_error);
}

/* Who sent it; what the sender's own socket has said about current is replaced. */
static void set_creds(struct ct_rtask *t, struct sk_buff *skb,
		      const struct container_image_unix_message *m)
{
	kuid_t uid = INVALID_UID;
	kgid_t gid = INVALID_GID;

	put_pid(UNIXCB(skb).pid);
	UNIXCB(skb).pid = NULL;
	if (m->flags & CONTAINER_IMAGE_UNIX_CREDS) {
		uid = make_kuid(&init_user_ns, m->uid);
		gid = make_kgid(&init_user_ns, m->gid);
		UNIXCB(skb).pid = ct_pid_of(t->r, m->nr);
	}
	UNIXCB(skb).uid = uid;
	UNIXCB(skb).gid = gid;
}

/*
 * Of what has come after @last only what @from has sent: a socket that has a name may
 * be sent something by anybody, who must not get the rights of somebody else.
 */
static void set_all_creds(struct ct_rtask *t, const struct sock *from,
			  struct sock *to, const struct sk_buff *last,
			  const struct container_image_unix_message *m)
{
	struct sk_buff_head *queue = &to->sk_receive_queue;
	struct sk_buff *skb;

	spin_lock(&queue->lock);
	skb_queue_reverse_walk(queue, skb) {
		if (skb == last)
			break;
		if (skb->sk == from)
			set_creds(t, skb, m);
	}
	spin_unlock(&queue->lock);
}

/* Descriptors for the files that come with it, as a control message. */
static struct cmsghdr *make_rights(struct ct_rtask *t, const u32 *ids, u32 n)
{
	struct cmsghdr *cmsg;
	int *fds;
	u32 i;

	cmsg = kzalloc(CMSG_SPACE(n * sizeof(int)), GFP_KERNEL);
	if (!cmsg)
		return ERR_PTR(-ENOMEM);
	cmsg->cmsg_level = SOL_SOCKET;
	cmsg->cmsg_type = SCM_RIGHTS;
	cmsg->cmsg_len = CMSG_LEN(n * sizeof(int));
	fds = CMSG_DATA(cmsg);
	for (i = 0; i < n; i++) {
		struct file *file = xa_load(&t->r->files, ids[i]);
		int fd = file ? ct_put_fd(file) : -EINVAL;

		if (fd >= 0) {
			fds[i] = fd;
			continue;
		}
		while (i--)
			close_fd(fds[i]);
		kfree(cmsg);
		return ERR_PTR(fd);
	}
	return cmsg;
}

static void drop_rights(struct cmsghdr *cmsg, u32 n)
{
	int *fds = CMSG_DATA(cmsg);

	while (n--)
		close_fd(fds[n]);
	kfree(cmsg);
}

static int send_one(struct ct_rtask *t, struct socket *from, struct sock *to,
		    const struct container_image_unix_message *m)
{
	struct obstacles o = { .from = from->sk, .to = to };
	const u32 *ids = (const u32 *)(m + 1);
	struct kvec data = {
		.iov_base = (void *)(ids + m->files) + m->name,
		.iov_len = m->size };
	struct msghdr msg = { .msg_flags = MSG_DONTWAIT | MSG_NOSIGNAL };
	/* It stays: those who could take it away wait for us. */
	const struct sk_buff *last = skb_peek_tail(&to->sk_receive_queue);
	struct cmsghdr *rights = NULL;
	int ret;

	if (m->files) {
		rights = make_rights(t, ids, m->files);
		if (IS_ERR(rights))
			return PTR_ERR(rights);
		msg.msg_control = rights;
		msg.msg_controllen = CMSG_SPACE(m->files * sizeof(int));
	}
	lift(&o);
	ret = kernel_sendmsg(from, &msg, &data, 1, m->size);
	put_back(&o);
	if (rights)
		drop_rights(rights, m->files);
	if (ret != m->size)
		return ret < 0 ? ret : -EIO;
	set_all_creds(t, from->sk, to, last, m);
	return 0;
}

static bool message_ok(const struct ct_record *record)
{
	const struct container_image_unix_message *m = record->payload;

	return record->rec.length >= sizeof(*m) && m->files <= SCM_MAX_FD &&
	       m->name <= CT_UNIX_NAME_MAX && m->size <= CT_UNIX_PIECE &&
	       record->rec.length == sizeof(*m) + m->files * sizeof(u32) +
				     m->name + m->size;
}

/**
 * ct_unix_stand_in - make a socket that sends what one sent that has gone
 * @type: SOCK_STREAM and the others
 * @name: that it had, and this is not found by
 * @length: of it; 0: none
 *
 * Context: process context, may sleep.
 * Return: the socket, to be given to sock_release(); or an ERR_PTR().
 */
struct socket *ct_unix_stand_in(int type, const char *name, u32 length)
{
	struct socket *sock;
	int err;

	err = sock_create(AF_UNIX, type, 0, &sock);
	if (err)
		return ERR_PTR(err);
	err = ct_unix_set_name(sock->sk, name, length);
	if (!err)
		return sock;
	sock_release(sock);
	return ERR_PTR(err);
}

/* Datagrams go to any socket: for a while it is the sender's, and has no other. */
static int send_datagram(struct ct_rtask *t, struct sock *to,
			 const struct container_image_unix_message *m)
{
	const char *name = (const char *)(m + 1) + m->files * sizeof(u32);
	struct socket *from = ct_unix_stand_in(SOCK_DGRAM, name, m->name);
	struct sock *peer = unix_peer(to);
	int err;

	if (IS_ERR(from))
		return PTR_ERR(from);
	unix_peer(to) = NULL;
	unix_peer(from->sk) = to;
	err = send_one(t, from, to, m);
	unix_peer(from->sk) = NULL;
	unix_peer(to) = peer;
	sock_release(from);
	return err;
}

/**
 * ct_unix_fill - send what waits in a socket, or in a connection that waits in it
 * @t: current's
 * @id: of the socket
 * @pending: number of the connection; 0: the socket itself
 * @from: who sends it; datagrams have senders of their own. NULL: there is none
 * @to: who gets it
 *
 * Context: process context, may sleep.
 * Return: 0, or a negative errno after ct_restart_fail().
 */
int ct_unix_fill(struct ct_rtask *t, u32 id, u32 pending, struct socket *from,
		 struct sock *to)
{
	const struct container_image_unix_message *m;
	const struct ct_record *record;
	int err;

	for (record = ct_in_find(&t->r->in, CONTAINER_IMAGE_UNIX_MESSAGE, id);
	     record; record = ct_in_next(record)) {
		m = record->payload;
		if (!message_ok(record))
			return ct_restart_fail(t->r, -EINVAL,
				"the image has a message in a unix socket that there cannot be");
		if (m->pending != pending)
			continue;
		if (to->sk_type == SOCK_DGRAM)
			err = send_datagram(t, to, m);
		else if (!from)
			err = -ENOTCONN;
		else
			err = send_one(t, from, to, m);
		if (err)
			return ct_restart_fail(t->r, err,
				"cannot put a message into a unix socket again");
	}
	return 0;
}
