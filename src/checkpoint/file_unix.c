// SPDX-License-Identifier: GPL-2.0
/*
 * Saving unix sockets: their names, whom they are connected with, and what has
 * been sent to them and waits there, with the descriptors that it carries.
 */
#include <linux/dcache.h>
#include <linux/file.h>
#include <linux/namei.h>
#include <linux/net.h>
#include <linux/skbuff.h>
#include <linux/slab.h>
#include <net/af_unix.h>
#include <net/scm.h>
#include <net/sock.h>
#include <net/tcp_states.h>

#include "checkpoint/special.h"
#include "checkpoint/unix.h"

/**
 * struct end - the socket at the other end
 * @file: of it, referenced; NULL: it has none
 * @gone: it is closed
 * @waits: for accept(2): @file is that of the socket where it does
 * @sk: referenced; NULL: there is none
 */
struct end {
	struct sock *sk;
	struct file *file;
	bool gone;
	bool waits;
};

bool ct_unix_match(const struct file *file)
{
	return ct_unix_of(file);
}

/* Its file, referenced. sock_orphan() takes it away under the lock, which is held. */
static struct file *file_of(const struct sock *sk)
{
	struct file *file = sk->sk_socket ? sk->sk_socket->file : NULL;

	return file && atomic_long_inc_not_zero(&file->f_count) ? file : NULL;
}

/* What a socket is connected with. */
static void get_end(struct sock *sk, struct end *end)
{
	struct sock *listener = NULL;

	*end = (struct end){ .sk = unix_peer_get(sk) };
	if (!end->sk)
		return;
	unix_state_lock(end->sk);
	end->gone = sock_flag(end->sk, SOCK_DEAD);
	end->file = file_of(end->sk);
	/* Who listens releases its connections before it goes. */
	if (!end->gone && !end->file)
		listener = unix_sk(end->sk)->listener;
	if (listener)
		sock_hold(listener);
	unix_state_unlock(end->sk);
	if (!listener)
		return;
	unix_state_lock(listener);
	end->file = file_of(listener);
	unix_state_unlock(listener);
	end->waits = true;
	sock_put(listener);
}

static void put_end(struct end *end)
{
	if (end->file)
		fput(end->file);
	if (end->sk)
		sock_put(end->sk);
}

/* Bytes of a name, 0: none; it does not change once it is there. */
static size_t name_of(const struct sock *sk, const char **name)
{
	const struct unix_address *addr;

	/* Pairs with unix_bind(): what it points to is complete. */
	addr = smp_load_acquire(&unix_sk(sk)->addr);
	*name = addr ? addr->name->sun_path : NULL;
	return addr ? addr->len - offsetof(struct sockaddr_un, sun_path) : 0;
}

/* Do those who connect to its name find this one? */
static bool is_bound(const struct sock *sk)
{
	return !hlist_unhashed(&sk->sk_bind_node) ||
	       READ_ONCE(sk->sk_hash) > UNIX_HASH_MOD;
}

/*
 * Where its name is in the filesystem. Returns the text in @buf, NULL if it is
 * nowhere, and an ERR_PTR() if a name cannot be found for it.
 */
static char *path_of(struct sock *sk, struct container_image_unix *rec,
		     char *buf)
{
	struct path path = {};
	struct inode *inode;
	char *name;

	unix_state_lock(sk);
	if (unix_sk(sk)->path.dentry && is_bound(sk)) {
		path = unix_sk(sk)->path;
		path_get(&path);
	}
	unix_state_unlock(sk);
	if (!path.dentry)
		return NULL;
	inode = d_backing_inode(path.dentry);
	name = NULL;
	if (!d_unlinked(path.dentry)) {
		name = d_path(&path, buf, PATH_MAX);
		if (!IS_ERR(name) && !ct_leads_to(name, inode))
			name = ERR_PTR(-ENOENT);
		rec->mode = inode->i_mode & S_IALLUGO;
		rec->uid = from_kuid(&init_user_ns, inode->i_uid);
		rec->gid = from_kgid(&init_user_ns, inode->i_gid);
	}
	path_put(&path);
	return name;
}

static void peercred(struct ct_save *s, struct sock *sk, u32 *nr, u32 *uid,
		     u32 *gid, u32 *has)
{
	const struct cred *cred;
	struct pid *pid;

	spin_lock(&sk->sk_peer_lock);
	pid = get_pid(sk->sk_peer_pid);
	cred = sk->sk_peer_cred ? get_cred(sk->sk_peer_cred) : NULL;
	spin_unlock(&sk->sk_peer_lock);
	if (cred) {
		if (has)
			*has |= CONTAINER_IMAGE_UNIX_PEERCRED;
		*nr = ct_save_nr(s, pid);
		*uid = from_kuid(&init_user_ns, cred->euid);
		*gid = from_kgid(&init_user_ns, cred->egid);
		put_cred(cred);
	}
	put_pid(pid);
}

/* ---- messages ---- */

/**
 * struct queue - where a message belongs
 * @id: of the file of the socket, and
 * @pending: as in the record
 * @stream: messages have no bounds
 * @where: for blockers
 */
struct queue {
	u32 id;
	u32 pending;
	bool stream;
	const char *where;
};

/**
 * struct message - one, kept while it is looked at
 * @skb: referenced
 * @nr_files: how many come with it
 * @files: each referenced; a reader may take them from the message meanwhile
 */
struct message {
	struct sk_buff *skb;
	int nr_files;
	struct file **files;
};

static int save_passed(struct ct_save *s, const struct queue *q,
		       const struct message *m, u32 *ids)
{
	int i, err;

	for (i = 0; i < m->nr_files; i++) {
		char inner[CT_WHERE_INNER];

		snprintf(inner, sizeof(inner), "in a message to %s", q->where);
		err = ct_save_within(s, m->files[i], inner, true, &ids[i]);
		if (err)
			return err;
	}
	return 0;
}

/* A piece of a message; what comes with it comes with the first. */
static int save_piece(struct ct_save *s, const struct queue *q,
		      struct sk_buff *skb, u32 offset, u32 size,
		      const u32 *ids, u32 files)
{
	struct container_image_unix_message *rec;
	size_t length;
	const char *name;
	void *at;

	length = skb->sk ? name_of(skb->sk, &name) : 0;
	rec = ct_out_record(&s->out, CONTAINER_IMAGE_UNIX_MESSAGE, q->id,
			    sizeof(*rec) + files * sizeof(*ids) + length + size);
	if (!rec)
		return -ENOMEM;
	rec->pending = q->pending;
	if (UNIXCB(skb).pid || uid_valid(UNIXCB(skb).uid)) {
		rec->flags = CONTAINER_IMAGE_UNIX_CREDS;
		rec->nr = ct_save_nr(s, UNIXCB(skb).pid);
		rec->uid = from_kuid(&init_user_ns, UNIXCB(skb).uid);
		rec->gid = from_kgid(&init_user_ns, UNIXCB(skb).gid);
	}
	rec->files = files;
	rec->name = length;
	rec->size = size;
	at = rec + 1;
	memcpy(at, ids, files * sizeof(*ids));
	at += files * sizeof(*ids);
	memcpy(at, name, length);
	return skb_copy_bits(skb, offset, at + length, size);
}

static int save_message(struct ct_save *s, const struct queue *q,
			const struct message *m)
{
	u32 offset = q->stream ? READ_ONCE(UNIXCB(m->skb).consumed) : 0;
	u32 left = m->skb->len - min(offset, m->skb->len);
	u32 *ids, files = m->nr_files;
	int err;

	if (q->stream && !left)
		return 0;
	if (!q->stream && left > CT_UNIX_PIECE)
		return ct_block(s, q->where, "unix socket",
				"a message of more than a megabyte waits in it",
				"receive it");
	ids = kcalloc(files + 1, sizeof(*ids), GFP_KERNEL);
	if (!ids)
		return -ENOMEM;
	err = save_passed(s, q, m, ids);
	do {
		u32 size = min_t(u32, left, CT_UNIX_PIECE);

		if (!err)
			err = save_piece(s, q, m->skb, offset, size, ids, files);
		files = 0;
		offset += size;
		left -= size;
	} while (left && !err);
	kfree(ids);
	return err;
}

/* References on all messages of a socket, NULL where there is none. */
static int get_skbs(struct sock *sk, struct sk_buff ***skbs)
{
	struct sk_buff_head *queue = &sk->sk_receive_queue;
	struct sk_buff *skb;
	u32 room = 0, n;

	*skbs = NULL;
	for (;;) {
		spin_lock(&queue->lock);
		n = skb_queue_len(queue);
		if (n <= room)
			break;
		spin_unlock(&queue->lock);
		kvfree(*skbs);
		room = n;
		*skbs = kvcalloc(room, sizeof(**skbs), GFP_KERNEL);
		if (!*skbs)
			return -ENOMEM;
	}
	n = 0;
	skb_queue_walk(queue, skb)
		(*skbs)[n++] = skb_get(skb);
	spin_unlock(&queue->lock);
	return n;
}

static int get_files(struct message *m)
{
	struct scm_fp_list *fp = UNIXCB(m->skb).fp;
	int i;

	if (!fp || !fp->count)
		return 0;
	m->files = kcalloc(fp->count, sizeof(*m->files), GFP_KERNEL);
	if (!m->files)
		return -ENOMEM;
	m->nr_files = fp->count;
	for (i = 0; i < fp->count; i++)
		m->files[i] = get_file(fp->fp[i]);
	return 0;
}

static void put_messages(struct message *messages, int n)
{
	int i, k;

	for (i = 0; messages && i < n; i++) {
		for (k = 0; k < messages[i].nr_files; k++)
			fput(messages[i].files[k]);
		kfree(messages[i].files);
		consume_skb(messages[i].skb);
	}
	kvfree(messages);
}

/*
 * Readers are locked out, but not for long: what is in the messages may be
 * other sockets with messages. They may have locked us out for as long as they keep the
 * kernel waiting for their memory (FUSE, userfaultfd).
 */
static int get_messages(struct sock *sk, struct message **messages)
{
	struct sk_buff **skbs;
	int n, i, err = 0;

	*messages = NULL;
	if (mutex_lock_interruptible(&unix_sk(sk)->iolock))
		return -EINTR;
	n = get_skbs(sk, &skbs);
	*messages = n > 0 ? kvcalloc(n, sizeof(**messages), GFP_KERNEL) : NULL;
	for (i = 0; i < n; i++) {
		if (!*messages) {
			consume_skb(skbs[i]);
			continue;
		}
		(*messages)[i].skb = skbs[i];
		err = err ?: get_files(&(*messages)[i]);
	}
	mutex_unlock(&unix_sk(sk)->iolock);
	kvfree(skbs);
	if (n <= 0 || (*messages && !err))
		return n;
	put_messages(*messages, n);
	*messages = NULL;
	return -ENOMEM;
}

static int save_queue(struct ct_save *s, struct sock *sk, const struct queue *q)
{
	struct message *messages;
	int n, i, err = 0;

#if IS_ENABLED(CONFIG_AF_UNIX_OOB)
	if (READ_ONCE(unix_sk(sk)->oob_skb))
		err = ct_block(s, q->where, "unix socket",
			       "urgent data (MSG_OOB) waits in it",
			       "receive it");
#endif
	n = get_messages(sk, &messages);
	for (i = 0; !err && i < n; i++)
		err = save_message(s, q, &messages[i]);
	put_messages(messages, n);
	return n < 0 ? n : err;
}

/* ---- connections that wait ---- */

static int save_connection(struct ct_save *s, struct sock *embryo,
			   struct queue *q)
{
	struct container_image_unix_pending pending = {}, *rec;
	char inner[CT_WHERE_INNER];
	struct end client;
	int err = 0;

	get_end(embryo, &client);
	pending.shutdown = READ_ONCE(embryo->sk_shutdown) & SHUTDOWN_MASK;
	pending.error = READ_ONCE(embryo->sk_err);
	peercred(s, embryo, &pending.nr, &pending.uid, &pending.gid, NULL);
	snprintf(inner, sizeof(inner), "waiting in %s", q->where);
	if (client.file)
		err = ct_save_within(s, client.file, inner, false,
				     &pending.client);
	put_end(&client);
	if (err)
		return err;
	rec = ct_out_record(&s->out, CONTAINER_IMAGE_UNIX_PENDING, q->id,
			    sizeof(*rec));
	if (!rec)
		return -ENOMEM;
	*rec = pending;
	q->pending++;
	return save_queue(s, embryo, q);
}

/* @named: those who connect to it find it. */
static int save_connections(struct ct_save *s, struct sock *sk, u32 id,
			    const char *where, bool named)
{
	struct queue q = { .id = id, .where = where,
			   .stream = sk->sk_type == SOCK_STREAM };
	struct sk_buff **connections;
	int n, i, err = 0;

	n = get_skbs(sk, &connections);
	if (n > 0 && !named)
		err = ct_block(s, where, "unix socket",
			       "connections wait in it, and its name is gone",
			       "accept them");
	for (i = 0; i < n; i++) {
		/* It is nobody's but the queue's, or has been accepted. */
		if (!err)
			err = save_connection(s, connections[i]->sk, &q);
		consume_skb(connections[i]);
	}
	kvfree(connections);
	return n < 0 ? n : err;
}

/* ---- sockets ---- */

static int save_end(struct ct_save *s, struct sock *sk,
		    struct container_image_unix *rec, const char *where,
		    struct end *end)
{
	char inner[CT_WHERE_INNER];
	u32 unused;

	get_end(sk, end);
	if (!end->sk)
		return 0;
	rec->state = CONTAINER_IMAGE_UNIX_CONNECTED;
	if (end->gone) {
		rec->flags |= CONTAINER_IMAGE_UNIX_PEER_GONE;
		return 0;
	}
	if (!end->file)
		return ct_block(s, where, "unix socket",
				"its other end is the kernel's", "close it");
	snprintf(inner, sizeof(inner), "other end of %s", where);
	if (!end->waits)
		return ct_save_within(s, end->file, inner, false, &rec->peer);
	rec->flags |= CONTAINER_IMAGE_UNIX_WAITING;
	return ct_save_within(s, end->file, inner, false, &unused);
}

/* All but the queue; @rec is what is known without sleeping. */
static int append(struct ct_save *s, struct sock *sk, u32 id,
		  const struct container_image_unix *rec, const char *path,
		  const struct sock *gone)
{
	const char *name, *other = NULL;
	size_t length = name_of(sk, &name);
	size_t path_length = path ? strlen(path) + 1 : 0;
	size_t other_length = gone ? name_of(gone, &other) : 0;
	struct container_image_unix *to;
	char *at;

	to = ct_out_record(&s->out, CONTAINER_IMAGE_UNIX, id,
			   sizeof(*to) + length + path_length + other_length);
	if (!to)
		return -ENOMEM;
	*to = *rec;
	to->name = length;
	to->path = path_length;
	to->peer_name = other_length;
	at = (char *)(to + 1);
	memcpy(at, name, length);
	memcpy(at + length, path, path_length);
	memcpy(at + length + path_length, other, other_length);
	return 0;
}

static void look(struct ct_save *s, struct sock *sk,
		 struct container_image_unix *rec)
{
	rec->type = sk->sk_type;
	rec->shutdown = READ_ONCE(sk->sk_shutdown) & SHUTDOWN_MASK;
	rec->backlog = READ_ONCE(sk->sk_max_ack_backlog);
	rec->error = READ_ONCE(sk->sk_err);
	if (READ_ONCE(sk->sk_state) == TCP_LISTEN)
		rec->state = CONTAINER_IMAGE_UNIX_LISTENING;
	peercred(s, sk, &rec->peer_nr, &rec->peer_uid, &rec->peer_gid,
		 &rec->flags);
}

/* @named: set to whether a restart gives it its name, by which it is found. */
static int save_socket(struct ct_save *s, struct sock *sk, u32 id,
		       const char *where, char *buf, bool *named)
{
	struct container_image_unix rec = {};
	struct end end = {};
	char *path;
	int err;

	look(s, sk, &rec);
	path = path_of(sk, &rec, buf);
	if (IS_ERR(path))
		return ct_block(s, where, "unix socket",
				"no path leads to its name",
				"close it, or mount the file system where it is");
	if (path || (is_bound(sk) && !unix_sk(sk)->path.dentry))
		rec.flags |= CONTAINER_IMAGE_UNIX_BOUND;
	*named = rec.flags & CONTAINER_IMAGE_UNIX_BOUND;
	err = save_end(s, sk, &rec, where, &end);
	if (!err)
		err = append(s, sk, id, &rec, path, end.gone ? end.sk : NULL);
	put_end(&end);
	return err;
}

int ct_unix_save(struct ct_save *s, struct file *file, u32 id,
		 const char *where)
{
	struct sock *sk = ct_unix_of(file)->sk;
	struct queue q = { .id = id, .where = where,
			   .stream = sk->sk_type == SOCK_STREAM };
	bool named = true;	/* one blocker is enough */
	char *buf;
	int err;

	buf = kmalloc(PATH_MAX, GFP_KERNEL);
	if (!buf)
		return -ENOMEM;
	err = save_socket(s, sk, id, where, buf, &named);
	kfree(buf);
	if (!err)
		err = ct_save_sockopts(s, sk, id, where);
	if (err)
		return err;
	if (READ_ONCE(sk->sk_state) == TCP_LISTEN)
		return save_connections(s, sk, id, where, named);
	return save_queue(s, sk, &q);
}
