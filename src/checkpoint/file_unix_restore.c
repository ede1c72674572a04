// SPDX-License-Identifier: GPL-2.0
/*
 * Making unix sockets again.
 *
 * Each socket is made and bound when its file is restored.  When all are there
 * they are connected, and what waits in them is sent once more (file_unix_send.c).
 */
#include <linux/cred.h>
#include <linux/file.h>
#include <linux/limits.h>
#include <linux/namei.h>
#include <linux/net.h>
#include <linux/pid.h>
#include <linux/rcupdate.h>
#include <linux/skbuff.h>
#include <linux/slab.h>
#include <linux/un.h>
#include <net/af_unix.h>
#include <net/sock.h>
#include <net/tcp_states.h>

#include "checkpoint/special.h"
#include "checkpoint/syscall.h"
#include "checkpoint/unix.h"

#define SUN_PATH	offsetof(struct sockaddr_un, sun_path)

/**
 * struct known - a record with what follows it
 * @rec: the record
 * @name: @rec->name bytes
 * @path: text, NULL: none
 * @other: @rec->peer_name bytes
 */
struct known {
	const struct container_image_unix *rec;
	const char *name;
	const char *path;
	const char *other;
};

static bool rec_ok(const struct container_image_unix *rec, u64 length)
{
	if (rec->type != SOCK_STREAM && rec->type != SOCK_DGRAM &&
	    rec->type != SOCK_SEQPACKET)
		return false;
	if (rec->name > CT_UNIX_NAME_MAX || rec->peer_name > CT_UNIX_NAME_MAX ||
	    rec->path > PATH_MAX ||
	    rec->name + rec->path + rec->peer_name != length - sizeof(*rec))
		return false;
	if (rec->state > CONTAINER_IMAGE_UNIX_LISTENING ||
	    rec->shutdown & ~SHUTDOWN_MASK || rec->error > MAX_ERRNO ||
	    rec->mode & ~S_IALLUGO)
		return false;
	/* Only what has a name listens, and only these types do. */
	if (rec->state == CONTAINER_IMAGE_UNIX_LISTENING &&
	    (!rec->name || rec->type == SOCK_DGRAM))
		return false;
	return !(rec->flags & CONTAINER_IMAGE_UNIX_BOUND) || rec->name;
}

static int get_known(struct ct_rtask *t, u32 id, struct known *k)
{
	const struct ct_record *record;
	const char *at;

	record = ct_in_find(&t->r->in, CONTAINER_IMAGE_UNIX, id);
	k->rec = record ? record->payload : NULL;
	if (!record || record->rec.length < sizeof(*k->rec) ||
	    !rec_ok(k->rec, record->rec.length))
		goto bad;
	at = (const char *)(k->rec + 1);
	k->name = at;
	k->path = k->rec->path ? at + k->rec->name : NULL;
	k->other = at + k->rec->name + k->rec->path;
	if (k->path && (strnlen(k->path, k->rec->path) != k->rec->path - 1 ||
			k->path[0] != '/'))
		goto bad;
	return 0;
bad:
	return ct_restart_fail(t->r, -EINVAL,
		"the image does not say what file %u, a unix socket, is", id);
}

/* ---- names ---- */

static struct unix_address *make_addr(const char *name, u32 length)
{
	struct unix_address *addr;

	/* As unix_create_addr() does, with room for a 0 behind it. */
	addr = kzalloc(sizeof(*addr) + SUN_PATH + length + 1, GFP_KERNEL);
	if (!addr)
		return NULL;
	refcount_set(&addr->refcnt, 1);
	addr->len = SUN_PATH + length;
	addr->name->sun_family = AF_UNIX;
	memcpy(addr->name->sun_path, name, length);
	return addr;
}

/**
 * ct_unix_set_name - give a socket a name by which it is not found
 * @sk: the socket; if it has one already, that only gets another text
 * @name: what follows the family; not terminated
 * @length: of it; 0: nothing is changed
 *
 * In the kernel a name does not change any more; there are those who look at it twice
 * under the lock of the table (/proc/net/unix), and those who have none (sock_diag).
 *
 * Context: may sleep.
 * Return: 0 or -ENOMEM.
 */
int ct_unix_set_name(struct sock *sk, const char *name, u32 length)
{
	struct unix_address *addr, *old = unix_sk(sk)->addr;
	spinlock_t *lock;	/* of those names in the table that have our hash */

	if (!length || (old && old->len == SUN_PATH + length &&
			!memcmp(old->name->sun_path, name, length)))
		return 0;
	addr = make_addr(name, length);
	if (!addr)
		return -ENOMEM;
	lock = &sock_net(sk)->unx.table.locks[sk->sk_hash];
	spin_lock(lock);
	/* As unix_bind() does, for those who look at sockets without a lock. */
	smp_store_release(&unix_sk(sk)->addr, addr);
	spin_unlock(lock);
	if (old && refcount_dec_and_test(&old->refcnt)) {
		synchronize_rcu();
		kfree(old);
	}
	return 0;
}

/*
 * The address by which others connect: of a name in the filesystem the last
 * component, as paths may be longer than addresses.  Current's directory becomes
 * the one where that is; it gets its own back later.
 */
static int address_of(struct ct_rtask *t, const struct known *k,
		      struct sockaddr_un *sun, int *length)
{
	const char *name = k->name, *slash;
	u32 size = k->rec->name;
	void __user *dir;
	int err;

	if (k->path) {
		slash = strrchr(k->path, '/');
		name = slash + 1;
		size = strlen(name);
		if (!size || size >= CT_UNIX_NAME_MAX)
			return -ENAMETOOLONG;
		dir = ct_scratch(t, 0, k->path, slash - k->path + 1);
		if (IS_ERR(dir))
			return PTR_ERR(dir);
		/* What follows the slash is cut off. */
		if (put_user(0, (char __user *)dir + (slash - k->path) + 1))
			return -EFAULT;
		err = ct_sys(chdir, dir);
		if (err)
			return err;
	}
	memset(sun, 0, sizeof(*sun));
	sun->sun_family = AF_UNIX;
	memcpy(sun->sun_path, name, size);
	*length = SUN_PATH + size + (k->path ? 1 : 0);
	return 0;
}

/* Does a socket that is open have this name? */
static bool in_use(const struct sockaddr_un *sun, int length)
{
	struct sockaddr_storage addr = {};
	struct socket *probe;
	int err;

	if (sock_create(AF_UNIX, SOCK_DGRAM, 0, &probe))
		return true;
	memcpy(&addr, sun, length);
	/* Those of other types are seen, and are left alone. */
	err = probe->ops->connect(probe, (struct sockaddr *)&addr, length, 0);
	sock_release(probe);
	return err != -ECONNREFUSED;
}

/* What is left of a socket in a directory is taken away, as a program would do it. */
static int clear_way(struct ct_rtask *t, const struct known *k,
		     const struct sockaddr_un *sun, int length)
{
	struct path path;
	void __user *name;
	bool is_socket;

	if (kern_path(k->path, 0, &path))
		return 0;
	is_socket = S_ISSOCK(d_backing_inode(path.dentry)->i_mode);
	path_put(&path);
	if (!is_socket)
		return ct_restart_fail(t->r, -EEXIST,
			"%.128s is there, and is no socket", k->path);
	if (in_use(sun, length))
		return ct_restart_fail(t->r, -EADDRINUSE,
			"another socket has the name %.128s", k->path);
	name = ct_scratch(t, 0, sun->sun_path, strlen(sun->sun_path) + 1);
	return IS_ERR(name) ? PTR_ERR(name) : ct_sys(unlink, name);
}

/* Owner and permissions of what bind(2) has made. */
static int own(struct ct_rtask *t, const struct container_image_unix *rec,
	       const struct sockaddr_un *sun)
{
	void __user *name;
	int err;

	name = ct_scratch(t, 0, sun->sun_path, strlen(sun->sun_path) + 1);
	if (IS_ERR(name))
		return PTR_ERR(name);
	err = ct_sys(lchown, name, rec->uid, rec->gid);
	return err ?: ct_sys(chmod, name, rec->mode);
}

static int bind_name(struct ct_rtask *t, const struct known *k,
		     struct socket *sock)
{
	struct sockaddr_storage addr = {};
	struct sockaddr_un sun;
	int length, err;

	err = address_of(t, k, &sun, &length);
	if (!err && k->path)
		err = clear_way(t, k, &sun, length);
	if (err)
		return err;
	memcpy(&addr, &sun, sizeof(sun));
	err = sock->ops->bind(sock, (struct sockaddr *)&addr, length);
	if (err == -EADDRINUSE)
		return ct_restart_fail(t->r, err,
			"another socket has the abstract name %.*s",
			(int)k->rec->name - 1, k->name + 1);
	if (!err && k->path)
		err = own(t, k->rec, &sun);
	return err;
}

struct file *ct_unix_restore(struct ct_rtask *t, u32 id)
{
	struct socket *sock;
	struct file *file;
	struct known k;
	int err;

	err = get_known(t, id, &k);
	if (err)
		return ERR_PTR(err);
	file = ct_take_fd(t, ct_sys(socket, AF_UNIX, k.rec->type, 0),
			  "a unix socket");
	if (IS_ERR(file))
		return file;
	sock = ct_unix_of(file);
	if (k.rec->flags & CONTAINER_IMAGE_UNIX_BOUND)
		err = bind_name(t, &k, sock);
	if (!err)
		err = ct_unix_set_name(sock->sk, k.name, k.rec->name);
	if (!err && k.rec->state == CONTAINER_IMAGE_UNIX_LISTENING)
		err = sock->ops->listen(sock, min_t(u32, k.rec->backlog, INT_MAX));
	if (!err)
		return file;
	fput(file);
	return ERR_PTR(ct_restart_fail(t->r, err,
		"cannot give a unix socket its name%s%.128s",
		k.path ? " " : "", k.path ?: ""));
}

/* ---- connections ---- */

/* Takes both references. */
static void give_peercred(struct sock *sk, struct pid *pid, const struct cred *cred)
{
	spin_lock(&sk->sk_peer_lock);
	swap(sk->sk_peer_pid, pid);
	swap(sk->sk_peer_cred, cred);
	spin_unlock(&sk->sk_peer_lock);
	put_pid(pid);
	put_cred(cred);
}

static int set_peercred(struct ct_rtask *t, struct sock *sk, u32 nr, u32 uid,
			u32 gid)
{
	struct cred *cred = prepare_creds();

	if (!cred)
		return -ENOMEM;
	cred->euid = make_kuid(&init_user_ns, uid);
	cred->egid = make_kgid(&init_user_ns, gid);
	give_peercred(sk, ct_pid_of(t->r, nr), cred);
	return 0;
}

/* What connecting and sending have changed; the last step. */
static int finish(struct ct_rtask *t, const struct known *k, struct sock *sk)
{
	const struct container_image_unix *rec = k->rec;

	WRITE_ONCE(sk->sk_shutdown, rec->shutdown);
	WRITE_ONCE(sk->sk_err, rec->error);
	WRITE_ONCE(sk->sk_max_ack_backlog, rec->backlog);
	if (!(rec->flags & CONTAINER_IMAGE_UNIX_PEERCRED))
		return 0;
	return set_peercred(t, sk, rec->peer_nr, rec->peer_uid, rec->peer_gid);
}

static void join_datagram(struct sock *sk, struct sock *other)
{
	sock_hold(other);
	unix_peer(sk) = other;
	WRITE_ONCE(sk->sk_state, TCP_ESTABLISHED);
	WRITE_ONCE(other->sk_state, TCP_ESTABLISHED);
}

/* Connect it with the socket of another file, which may have been done from there. */
static int join(struct ct_rtask *t, u32 id, const struct known *k,
		struct socket *sock)
{
	struct file *file = xa_load(&t->r->files, k->rec->peer);
	struct socket *other = file ? ct_unix_of(file) : NULL;
	struct known back;
	int err;

	if (!other || other->type != sock->type)
		return -EINVAL;
	if (sock->type == SOCK_DGRAM) {
		join_datagram(sock->sk, other->sk);
		return 0;
	}
	if (unix_peer(sock->sk))
		return unix_peer(sock->sk) == other->sk ? 0 : -EINVAL;
	err = get_known(t, k->rec->peer, &back);
	if (err)
		return err;
	if (back.rec->peer != id || other == sock ||
	    back.rec->state != CONTAINER_IMAGE_UNIX_CONNECTED ||
	    unix_peer(other->sk))
		return -EINVAL;
	return sock->ops->socketpair(sock, other);
}

/* Connect it with one that is about to go, and has this name. */
static struct socket *join_gone(const struct known *k, struct socket *sock)
{
	struct socket *gone;
	int err = 0;

	if (unix_peer(sock->sk))
		return ERR_PTR(-EINVAL);
	gone = ct_unix_stand_in(k->rec->type, k->other, k->rec->peer_name);
	if (IS_ERR(gone))
		return gone;
	if (sock->type == SOCK_DGRAM)
		join_datagram(sock->sk, gone->sk);
	else
		err = sock->ops->socketpair(sock, gone);
	if (!err)
		return gone;
	sock_release(gone);
	return ERR_PTR(err);
}

static int link_connected(struct ct_rtask *t, u32 id, const struct known *k,
			  struct socket *sock)
{
	struct socket *gone = NULL, *from = NULL;
	struct file *file;
	int err = 0;

	if (k->rec->flags & CONTAINER_IMAGE_UNIX_PEER_GONE) {
		gone = join_gone(k, sock);
		if (IS_ERR(gone))
			return PTR_ERR(gone);
		from = gone;
	} else if (k->rec->peer) {
		err = join(t, id, k, sock);
		file = xa_load(&t->r->files, k->rec->peer);
		from = file ? ct_unix_of(file) : NULL;
	} else if (!(k->rec->flags & CONTAINER_IMAGE_UNIX_WAITING)) {
		err = -EINVAL;
	}
	if (!err)
		err = ct_unix_fill(t, id, 0, from, sock->sk);
	if (gone)
		sock_release(gone);
	return err;
}

/* The connection that has been made last, which is nobody's yet. */
static struct sock *last_embryo(struct sock *sk)
{
	struct sk_buff *skb = skb_peek_tail(&sk->sk_receive_queue);

	return skb ? skb->sk : NULL;
}

static struct socket *client_of(struct ct_rtask *t, u32 id, int type)
{
	struct file *file = xa_load(&t->r->files, id);
	struct socket *sock = file ? ct_unix_of(file) : NULL;

	return sock && sock->type == type && !unix_peer(sock->sk) ?
	       sock : ERR_PTR(-EINVAL);
}

static int link_pending(struct ct_rtask *t, u32 id, u32 number,
			const struct container_image_unix_pending *pending,
			const struct known *k, struct socket *server)
{
	struct sockaddr_storage addr = {};
	struct socket *client;
	struct sock *embryo;
	struct known other;
	int length, err;

	client = pending->client ? client_of(t, pending->client, server->type) :
				   ct_unix_stand_in(server->type, NULL, 0);
	if (IS_ERR(client))
		return PTR_ERR(client);
	/* It may have got them already; connect() takes it that there are none. */
	give_peercred(client->sk, NULL, NULL);
	err = address_of(t, k, (struct sockaddr_un *)&addr, &length);
	if (!err)
		err = client->ops->connect(client, (struct sockaddr *)&addr,
					   length, O_NONBLOCK);
	embryo = err ? NULL : last_embryo(server->sk);
	if (!err && (!embryo || unix_peer(embryo) != client->sk))
		err = -EADDRINUSE;
	if (!err)
		err = ct_unix_fill(t, id, number, client, embryo);
	if (!err && pending->client)
		err = get_known(t, pending->client, &other) ?:
		      finish(t, &other, client->sk);
	if (!pending->client)
		sock_release(client);
	if (err)
		return err;
	WRITE_ONCE(embryo->sk_shutdown, pending->shutdown & SHUTDOWN_MASK);
	WRITE_ONCE(embryo->sk_err, pending->error & MAX_ERRNO);
	return set_peercred(t, embryo, pending->nr, pending->uid, pending->gid);
}

static int link_listening(struct ct_rtask *t, u32 id, const struct known *k,
			  struct socket *sock)
{
	const struct ct_record *record;
	u32 number = 0;
	int err = 0;

	WRITE_ONCE(sock->sk->sk_max_ack_backlog, INT_MAX);
	for (record = ct_in_find(&t->r->in, CONTAINER_IMAGE_UNIX_PENDING, id);
	     record && !err; record = ct_in_next(record)) {
		if (record->rec.length <
		    sizeof(struct container_image_unix_pending) ||
		    !(k->rec->flags & CONTAINER_IMAGE_UNIX_BOUND))
			return -EINVAL;
		err = link_pending(t, id, ++number, record->payload, k, sock);
	}
	return err;
}

int ct_unix_link(struct ct_rtask *t, u32 id, struct file *file)
{
	struct socket *sock = ct_unix_of(file);
	struct known k;
	int err;

	err = get_known(t, id, &k);
	if (err)
		return err;
	switch (k.rec->state) {
	case CONTAINER_IMAGE_UNIX_CONNECTED:
		err = link_connected(t, id, &k, sock);
		break;
	case CONTAINER_IMAGE_UNIX_LISTENING:
		err = link_listening(t, id, &k, sock);
		break;
	default:
		err = ct_unix_fill(t, id, 0, NULL, sock->sk);
	}
	if (!err)
		err = ct_restore_sockopts(t, id, sock);
	if (!err)
		err = finish(t, &k, sock->sk);
	if (err)
		return ct_restart_fail(t->r, err,
			"cannot connect file %u, a unix socket, as it was", id);
	return 0;
}
