// SPDX-License-Identifier: GPL-2.0
/*
 * Kinds of open files that are no files: the table of them, and what they share.
 */
#include <linux/dcache.h>
#include <linux/file.h>
#include <linux/fdtable.h>
#include <linux/fs_struct.h>
#include <linux/magic.h>
#include <linux/namei.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>

#include "checkpoint/special.h"
#include "checkpoint/syscall.h"
#include "hook/symbols.h"

/* How many files may be inside of each other; each takes half a KiB of stack. */
#define CT_FILES_DEPTH	6

DEFINE_STATIC_CALL_NULL(ct_collect_mounts, collect_mounts);
DEFINE_STATIC_CALL_NULL(ct_drop_collected_mounts, drop_collected_mounts);
DEFINE_STATIC_CALL_NULL(ct_iterate_mounts, iterate_mounts);

#define EVENT_ARGS "(struct fsnotify_group *, struct fsnotify_event *"
#define INSERT_EVENT							\
	"int " EVENT_ARGS ", int (*)" EVENT_ARGS "), void (*)" EVENT_ARGS "))"
#define GETSOCKOPT "int (struct sock *, int, int, sockptr_t, sockptr_t)"

const struct ct_symbol ct_symbols_special[] = {
	CT_SYMBOL(collect_mounts, ct_collect_mounts,
		  "struct vfsmount *(const struct path *)"),
	CT_SYMBOL(drop_collected_mounts, ct_drop_collected_mounts,
		  "void (struct vfsmount *)"),
	CT_SYMBOL(do_ip_getsockopt, ct_do_ip_getsockopt, GETSOCKOPT),
	CT_SYMBOL(do_ipv6_getsockopt, ct_do_ipv6_getsockopt, GETSOCKOPT),
	CT_SYMBOL(do_tcp_getsockopt, ct_do_tcp_getsockopt, GETSOCKOPT),
	CT_SYMBOL(fsnotify_insert_event, ct_fsnotify_insert_event,
		  INSERT_EVENT),
	CT_SYMBOL(iterate_mounts, ct_iterate_mounts,
		  "int (int (*)(struct vfsmount *, void *), void *, struct vfsmount *)"),
	CT_SYMBOL(sk_getsockopt, ct_sk_getsockopt, GETSOCKOPT),
	{}
};

#define KIND(number, what, prefix) {					\
	.kind = CONTAINER_IMAGE_FILE_##number,				\
	.name = what,							\
	.match = ct_##prefix##_match,					\
	.save = ct_##prefix##_save,					\
	.restore = ct_##prefix##_restore,				\
}

#define KIND_LINKED(number, what, prefix) {				\
	.kind = CONTAINER_IMAGE_FILE_##number,				\
	.name = what,							\
	.match = ct_##prefix##_match,					\
	.save = ct_##prefix##_save,					\
	.restore = ct_##prefix##_restore,				\
	.link = ct_##prefix##_link,					\
}

const struct ct_file_kind ct_file_kinds_special[] = {
	KIND(EVENTFD, "eventfd", eventfd),
	KIND(TIMERFD, "timerfd", timerfd),
	KIND(SIGNALFD, "signalfd", signalfd),
	KIND(PIDFD, "pidfd", pidfd),
	KIND_LINKED(INOTIFY, "inotify", inotify),
	KIND_LINKED(EPOLL, "epoll", epoll),
	KIND(INET, "socket", inet),
	KIND_LINKED(UNIX, "unix socket", unix),
	KIND_LINKED(PTM, "pseudo terminal", ptm),
	{
		.kind = CONTAINER_IMAGE_FILE_TTY,
		.name = "terminal",
		.match = ct_tty_match,
		.save = ct_tty_save,
		.restore = ct_tty_restore,
		.link = ct_tty_link,
		/* Whoever has started the container has it open, too. */
		.reopened = true,
	},
	{}
};

/**
 * ct_is_anon - is a file an anonymous inode's of that name?
 * @file: any
 * @name: as in /proc/PID/fd
 */
bool ct_is_anon(const struct file *file, const char *name)
{
	const struct dentry *dentry = file->f_path.dentry;

	return dentry->d_sb->s_magic == ANON_INODE_FS_MAGIC &&
	       !(file->f_mode & FMODE_PATH) &&
	       !strcmp(dentry->d_name.name, name);
}

/**
 * ct_save_within - save a file that is part of another one
 * @s: the checkpoint
 * @file: what an epoll instance watches, or what waits in a socket; the caller has
 *	  a reference of his own
 * @where: for blockers
 * @held: does what it is part of hold a reference? A message does, an instance
 *	  that watches it does not; nor does the other end of a socket
 * @id: set to its id
 *
 * Files may be passed inside of each other without an end, and the stack has
 * one.
 *
 * Return: as ct_save_file().
 */
int ct_save_within(struct ct_save *s, struct file *file, const char *where,
		   bool held, u32 *id)
{
	int err;

	if (s->depth >= CT_FILES_DEPTH)
		return ct_block(s, where, "open files",
				"they are inside of each other, too deep",
				"take the messages with descriptors from their sockets");
	s->depth++;
	err = ct_save_file_held(s, file, where, held, 1, id);
	s->depth--;
	return err;
}

/**
 * ct_take_fd - the file behind a descriptor that a system call has returned
 * @t: current's
 * @fd: its number, or the call's error
 * @what: for the sentence about that
 *
 * The descriptor is closed.
 *
 * Context: process context, in the task.
 * Return: the file with a reference, or an ERR_PTR() after ct_restart_fail().
 */
struct file *ct_take_fd(struct ct_rtask *t, long fd, const char *what)
{
	struct file *file;

	if (fd < 0)
		return ERR_PTR(ct_restart_fail(t->r, fd, "cannot make %s",
					       what));
	file = fget(fd);
	close_fd(fd);
	if (!file)
		return ERR_PTR(ct_restart_fail(t->r, -EBADF, "%s has gone",
					       what));
	return file;
}

/**
 * ct_put_fd - give a file a descriptor, for a system call
 * @file: gets a reference more
 *
 * Context: process context, in the task, which closes it later.
 * Return: the number, or a negative errno.
 */
int ct_put_fd(struct file *file)
{
	int fd = get_unused_fd_flags(0);

	if (fd >= 0)
		fd_install(fd, get_file(file));
	return fd;
}

/**
 * ct_place_fd - give a file a certain descriptor, whatever the limit is
 * @file: gets a reference more
 * @nr: the number; what has been there is closed
 *
 * The limit may have been lowered after the number was given.
 *
 * Context: process context, in the task, which closes it later.
 * Return: 0 or a negative errno.
 */
int ct_place_fd(struct file *file, unsigned int nr)
{
	struct rlimit *limit = &current->signal->rlim[RLIMIT_NOFILE];
	unsigned long old = READ_ONCE(limit->rlim_cur);
	int fd = ct_put_fd(file);
	int ret;

	if (fd < 0 || fd == nr)
		return fd < 0 ? fd : 0;
	if (nr >= old)
		WRITE_ONCE(limit->rlim_cur, (unsigned long)nr + 1);
	ret = ct_sys(dup3, fd, nr, 0);
	WRITE_ONCE(limit->rlim_cur, old);
	close_fd(fd);
	return min(ret, 0);
}

/**
 * ct_pid_of - the struct pid of a number in the container that is made
 * @r: the restart
 * @nr: number; 0: of nobody
 *
 * Return: it with a reference; NULL: there is none.
 */
struct pid *ct_pid_of(struct ct_restart *r, pid_t nr)
{
	struct pid *pid;

	rcu_read_lock();
	pid = nr > 0 ? get_pid(find_pid_ns(nr, r->c->space.token)) : NULL;
	rcu_read_unlock();
	return pid;
}

/**
 * ct_find_payload - what an image says about a file
 * @t: current's
 * @type: of the record
 * @id: of the file
 * @size: of the payload at least
 * @what: for a sentence if there is none
 *
 * Return: the payload, or an ERR_PTR() after ct_restart_fail().
 */
const void *ct_find_payload(struct ct_rtask *t, u32 type, u32 id, size_t size,
			    const char *what)
{
	const struct ct_record *record = ct_in_find(&t->r->in, type, id);

	if (!record || record->rec.length < size)
		return ERR_PTR(ct_restart_fail(t->r, -EINVAL,
			"the image does not say what file %u, %s, is", id,
			what));
	return record->payload;
}

/**
 * struct place - looking for a path to an inode
 * @dentry: of it
 * @found: set to one of the mounts where it is
 */
struct place {
	struct dentry *dentry;
	struct vfsmount *found;
};

static int look_in_mount(struct vfsmount *mnt, void *arg)
{
	struct place *place = arg;

	if (mnt->mnt_sb != place->dentry->d_sb ||
	    !is_subdir(place->dentry, mnt->mnt_root))
		return 0;
	place->found = mnt;
	return 1;
}

/**
 * ct_leads_to - does a name lead to an inode, or has something taken its place?
 * @name: absolute
 * @inode: which
 */
bool ct_leads_to(const char *name, const struct inode *inode)
{
	struct path path;
	bool same;

	if (kern_path(name, 0, &path))
		return false;
	same = d_inode(path.dentry) == inode;
	path_put(&path);
	return same;
}

/**
 * ct_inode_path - a path that leads to an inode
 * @inode: referenced
 * @buf: room for it
 * @size: of @buf
 *
 * Of the names of an inode only those are found that have been in use.
 *
 * Context: process context; the path is from current's root.
 * Return: a place in @buf; ERR_PTR(-ENOENT): none.
 */
char *ct_inode_path(struct inode *inode, char *buf, size_t size)
{
	struct place place = { .dentry = d_find_alias(inode) };
	struct vfsmount *mounts;
	struct path root, path;
	char *name;

	if (!place.dentry)
		return ERR_PTR(-ENOENT);
	get_fs_root(current->fs, &root);
	mounts = static_call(ct_collect_mounts)(&root);
	if (IS_ERR(mounts)) {
		name = ERR_CAST(mounts);
		goto out;
	}
	static_call(ct_iterate_mounts)(look_in_mount, &place, mounts);
	name = ERR_PTR(-ENOENT);
	if (place.found && !d_unlinked(place.dentry)) {
		path.mnt = place.found;
		path.dentry = place.dentry;
		/* These are copies of the mounts, so they have no names above. */
		name = d_path(&path, buf, size);
	}
	static_call(ct_drop_collected_mounts)(mounts);
	if (!IS_ERR(name) && !ct_leads_to(name, inode))
		name = ERR_PTR(-ENOENT);
out:
	path_put(&root);
	dput(place.dentry);
	return name;
}
