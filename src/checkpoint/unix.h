/* SPDX-License-Identifier: GPL-2.0 */
/* Unix sockets: what saving and restoring them have in common. */
#ifndef CT_CHECKPOINT_UNIX_H
#define CT_CHECKPOINT_UNIX_H

#include <linux/fs.h>
#include <linux/net.h>
#include <net/sock.h>

/* As much data as there is in one record. */
#define CT_UNIX_PIECE	BIT(20)

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

#endif
