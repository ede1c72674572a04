/* SPDX-License-Identifier: GPL-2.0 */
/* Kinds of open files that are no files: what their rooms have for each other. */
#ifndef CT_CHECKPOINT_SPECIAL_H
#define CT_CHECKPOINT_SPECIAL_H

#include <linux/fs.h>
#include <linux/fsnotify_backend.h>
#include <linux/mount.h>
#include <linux/static_call.h>
#include <net/ip.h>
#include <net/ipv6.h>
#include <net/sock.h>
#include <net/tcp.h>

#include <container/image_special.h>

#include "checkpoint/checkpoint.h"
#include "checkpoint/files.h"

/* What a kind is made of; see struct ct_file_kind. */
#define CT_DECLARE_KIND(kind)						\
	bool ct_##kind##_match(const struct file *file);		\
	int ct_##kind##_save(struct ct_save *s, struct file *file, u32 id, \
			     const char *where);			\
	struct file *ct_##kind##_restore(struct ct_rtask *t, u32 id);	\
	int ct_##kind##_link(struct ct_rtask *t, u32 id, struct file *file)

CT_DECLARE_KIND(eventfd);	/* file_event.c */
CT_DECLARE_KIND(signalfd);
CT_DECLARE_KIND(pidfd);
CT_DECLARE_KIND(timerfd);	/* file_timerfd.c */
CT_DECLARE_KIND(epoll);		/* file_epoll.c */
CT_DECLARE_KIND(inotify);	/* file_inotify.c */

CT_DECLARE_KIND(unix);		/* file_unix.c, file_unix_restore.c */
CT_DECLARE_KIND(inet);		/* file_inet.c */
CT_DECLARE_KIND(ptm);		/* file_tty.c, file_tty_restore.c */
CT_DECLARE_KIND(tty);

/* file_sockopt.c */
int ct_save_sockopts(struct ct_save *s, struct sock *sk, u32 id,
		     const char *where);
int ct_restore_sockopts(struct ct_rtask *t, u32 id, struct socket *sock);

/* file_special.c */
bool ct_is_anon(const struct file *file, const char *name);
struct file *ct_take_fd(struct ct_rtask *t, long fd, const char *what);
int ct_put_fd(struct file *file);
struct pid *ct_pid_of(struct ct_restart *r, pid_t nr);
int ct_save_within(struct ct_save *s, struct file *file, const char *where,
		   bool held, u32 *id);
bool ct_leads_to(const char *name, const struct inode *inode);
int ct_place_fd(struct file *file, unsigned int nr);
const void *ct_find_payload(struct ct_rtask *t, u32 type, u32 id, size_t size,
			    const char *what);
char *ct_inode_path(struct inode *inode, char *buf, size_t size);

DECLARE_STATIC_CALL(ct_collect_mounts, collect_mounts);
DECLARE_STATIC_CALL(ct_drop_collected_mounts, drop_collected_mounts);
DECLARE_STATIC_CALL(ct_fsnotify_insert_event, fsnotify_insert_event);
DECLARE_STATIC_CALL(ct_iterate_mounts, iterate_mounts);
DECLARE_STATIC_CALL(ct_sk_getsockopt, sk_getsockopt);
DECLARE_STATIC_CALL(ct_do_ip_getsockopt, do_ip_getsockopt);
DECLARE_STATIC_CALL(ct_do_ipv6_getsockopt, do_ipv6_getsockopt);
DECLARE_STATIC_CALL(ct_do_tcp_getsockopt, do_tcp_getsockopt);

#endif
