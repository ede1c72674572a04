/* SPDX-License-Identifier: GPL-2.0 */
/* Unix sockets: what saving and restoring them have in common. */
#ifndef CT_CHECKPOINT_UNIX_H
#define CT_CHECKPOINT_UNIX_H

#include <linux/fs.h>
#include <linux/net.h>
#include <linux/un.h>
#include <net/sock.h>

struct ct_rtask;

/* As much data as there is in one record. */
#define CT_UNIX_PIECE	BIT(20)

#define CT_UNIX_NAME_MAX sizeof_field(struct sockaddr_un, sun_path)

/* "other end of fd 2147483647", and so on */
#define CT_WHERE_INNER	64

/* The unix socket behind a file; NULL if there is none. */
static inline struct socket *ct_unix_of(const struct file *file)
{
	struct socket *sock;

	if (file->f_mode & FMODE_PATH)
		return NULL;
	sock = sock_from_file((struct file *)file);
	return sock && sock->sk && sock->sk->sk_family == AF_UNIX ? sock : NULL;
}

/* file_unix_restore.c */
int ct_unix_set_name(struct sock *sk, const char *name, u32 length);

/* file_unix_send.c */
struct socket *ct_unix_stand_in(int type, const char *name, u32 length);
int ct_unix_fill(struct ct_rtask *t, u32 id, u32 pending, struct socket *from,
		 struct sock *to);

#endif
