// SPDX-License-Identifier: GPL-2.0
/*
 * Open files: what all of them have, and which kind one is.
 *
 * A file description is saved once, whoever has it: processes, mappings, or a
 * message in a socket. It is made in process 1, by its kind, and from there goes
 * to all who had it.
 */
#include <linux/cred.h>
#include <linux/fcntl.h>
#include <linux/fdtable.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/net.h>
#include <linux/slab.h>
#include <linux/static_call.h>
#include <linux/task_work.h>
#include <linux/xarray.h>
#include <net/sock.h>

#include "checkpoint/checkpoint.h"
#include "checkpoint/files.h"
#include "checkpoint/outside.h"
#include "checkpoint/syscall.h"
#include "compat/file.h"

DECLARE_STATIC_CALL(ct_task_work_run, task_work_run);

/* What F_SETFL changes; the rest is said when a file is opened. */
#define SETFL_FLAGS	(O_APPEND | O_NONBLOCK | O_DIRECT | O_NOATIME)

/* What f_flags may have that matters to a program. */
#define FILE_FLAGS	(O_ACCMODE | SETFL_FLAGS | FASYNC | O_DSYNC | __O_SYNC |	\
			 O_LARGEFILE | O_DIRECTORY | O_NOFOLLOW | O_PATH)

const struct ct_file_kind ct_file_kinds[] = {
	{
		.kind = CONTAINER_IMAGE_FILE_PIPE,
		.name = "pipe",
		.match = ct_file_pipe_match,
		.save = ct_file_pipe_save,
		.restore = ct_file_pipe_restore,
	}, {
		.kind = CONTAINER_IMAGE_FILE_FIFO,
		.name = "fifo",
		.match = ct_file_fifo_match,
		.save = ct_file_fifo_save,
		.restore = ct_file_fifo_restore,
		.link = ct_file_fifo_link,
	}, {
		.kind = CONTAINER_IMAGE_FILE_INODE,
		.name = "file without a name",
		.match = ct_file_inode_match,
		.save = ct_file_inode_save,
		.restore = ct_file_inode_restore,
	}, {
		.kind = CONTAINER_IMAGE_FILE_PATH,
		.name = "file",
		.match = ct_file_path_match,
		.save = ct_file_path_save,
		.restore = ct_file_path_restore,
		.reopened = true,
	},
	{}
};

static const struct ct_file_kind * const tables[] = {
	ct_file_kinds,
	ct_file_kinds_special,
};

static const struct ct_file_kind *kind_of_file(const struct file *file)
{
	const struct ct_file_kind *kind;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(tables); i++)
		for (kind = tables[i]; kind->name; kind++)
			if (kind->match(file))
				return kind;
	return NULL;
}

static const struct ct_file_kind *kind_of_record(const struct container_image_file *rec)
{
	const struct ct_file_kind *kind;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(tables); i++)
		for (kind = tables[i]; kind->name; kind++)
			if (kind->kind == rec->kind)
				return kind;
	return NULL;
}

/* ---- saving ---- */

static const char *socket_family(int family)
{
	switch (family) {
	case AF_UNIX:
		return "AF_UNIX";
	case AF_INET:
		return "AF_INET";
	case AF_INET6:
		return "AF_INET6";
	case AF_NETLINK:
		return "AF_NETLINK";
	case AF_PACKET:
		return "AF_PACKET";
	case AF_VSOCK:
		return "AF_VSOCK";
	case AF_ALG:
		return "AF_ALG";
	case AF_XDP:
		return "AF_XDP";
	}
	return NULL;
}

static void name_socket(const struct file *file, char *name, size_t size)
{
	struct socket *sock = sock_from_file((struct file *)file);
	const char *family = sock ? socket_family(sock->ops->family) : NULL;

	if (family)
		snprintf(name, size, "socket %s", family);
	else
		snprintf(name, size, "socket of family %d",
			 sock ? sock->ops->family : 0);
}

/* What a file is that is of no kind we know. */
static void name_unknown(const struct file *file, char *name, size_t size)
{
	const struct path *path = ct_file_path(file);
	const struct inode *inode = d_backing_inode(path->dentry);
	char *buf = kmalloc(PATH_MAX, GFP_KERNEL);
	const char *at = buf ? d_path(path, buf, PATH_MAX) : "?";

	if (IS_ERR(at))
		at = "?";
	switch (inode->i_mode & S_IFMT) {
	case S_IFSOCK:
		name_socket(file, name, size);
		break;
	case S_IFCHR:
		snprintf(name, size, "device %s (%u:%u)", at,
			 imajor(inode), iminor(inode));
		break;
	case S_IFBLK:
		snprintf(name, size, "block device %s (%u:%u)", at,
			 imajor(inode), iminor(inode));
		break;
	case S_IFREG:
	case S_IFDIR:
	case S_IFLNK:
		snprintf(name, size, "%s, a file of %s", at,
			 inode->i_sb->s_type->name);
		break;
	default:
		/* "anon_inode:[io_uring]" */
		if (strchr(at, '['))
			at = strchr(at, '[') + 1;
		else if (strstarts(at, "anon_inode:"))
			at += strlen("anon_inode:");
		snprintf(name, size, "%.*s", (int)strcspn(at, "]"), at);
	}
	kfree(buf);
}

static int block_unknown(struct ct_save *s, const struct file *file,
			 const char *where)
{
	char name[128];

	name_unknown(file, name, sizeof(name));
	return ct_block(s, where, name,
			"files of this kind cannot be saved", "close it");
}

/* Who gets signals about it. */
static int save_owner(struct ct_save *s, struct file *file, const char *where,
		      struct container_image_file *rec)
{
	struct fown_struct *owner = ct_file_owner(file);
	enum pid_type type;
	struct pid *pid;
	bool alive;

	if (!owner)
		return 0;
	read_lock_irq(&owner->lock);
	pid = get_pid(owner->pid);
	type = owner->pid_type;
	rec->owner_uid = from_kuid(&init_user_ns, owner->uid);
	rec->owner_euid = from_kuid(&init_user_ns, owner->euid);
	rec->signal = owner->signum;
	read_unlock_irq(&owner->lock);

	rcu_read_lock();
	alive = pid && pid_task(pid, type);
	rcu_read_unlock();
	if (alive) {
		rec->owner = ct_save_nr(s, pid);
		rec->owner_type = type == PIDTYPE_PID ? CONTAINER_IMAGE_OWNER_THREAD :
			type == PIDTYPE_TGID ? CONTAINER_IMAGE_OWNER_PROCESS :
					       CONTAINER_IMAGE_OWNER_GROUP;
	}
	put_pid(pid);
	if (alive && S_ISDIR(file_inode(file)->i_mode))
		return ct_block(s, where, "dnotify",
				"notifications about a directory cannot be saved",
				"use inotify");
	if (alive && !rec->owner)
		return ct_block(s, where, "F_SETOWN",
				"who gets the signals is outside of the container",
				"F_SETOWN to a process inside");
	return 0;
}

static void save_common(struct file *file, struct container_image_file *rec)
{
	const struct cred *cred = file->f_cred;
	u32 flags = file->f_flags;

	/* O_TMPFILE, which includes O_DIRECTORY, was about creating it. */
	if (flags & __O_TMPFILE)
		flags &= ~O_DIRECTORY;
	rec->flags = flags & FILE_FLAGS;
	rec->position = file->f_pos;
	rec->mode = file_inode(file)->i_mode;
	rec->uid = from_kuid(&init_user_ns, cred->fsuid);
	rec->gid = from_kgid(&init_user_ns, cred->fsgid);
	memcpy(&rec->capabilities, &cred->cap_effective,
	       sizeof(rec->capabilities));
}

/* A file that is found for the first time. */
static int save_new(struct ct_save *s, const struct ct_file_kind *kind,
		    struct file *file, u32 id, const char *where)
{
	struct container_image_file *rec, common = { .kind = kind->kind };
	int object, err;

	object = kind->save(s, file, id, where);
	if (object < 0)
		return object;
	save_common(file, &common);
	common.object = object;
	if (kind->kind == CONTAINER_IMAGE_FILE_FIFO)
		common.state = ct_file_fifo_state(file);
	err = save_owner(s, file, where, &common);
	if (!err)
		err = ct_save_file_locks(s, file, id, where);
	if (err)
		return err;
	rec = ct_out_record(&s->out, CONTAINER_IMAGE_FILE, id, sizeof(*rec));
	if (!rec)
		return -ENOMEM;
	*rec = common;
	return 0;
}

/**
 * ct_save_file_held - ct_save_file() of a file that others hold meanwhile
 * @s: as there
 * @file: as there
 * @where: as there
 * @found: how many references of the container's these are: 1, or 0 for what
 *	   looks at a file without one
 * @own: references that are not the task's: the caller's
 * @id: as there
 *
 * Return: as there.
 */
int ct_save_file_held(struct ct_save *s, struct file *file, const char *where,
		      unsigned int found, unsigned int own, u32 *id)
{
	const struct ct_file_kind *kind = kind_of_file(file);
	int is_new, err = 0;

	is_new = ct_object_id(&s->files, file, id);
	if (is_new < 0)
		return is_new;
	if (!kind)
		return is_new ? block_unknown(s, file, where) : 0;
	if (!kind->reopened)
		err = ct_hold(s, CT_HOLD_FILE, *id, kind->name, where,
			      found, file_count(file) - own);
	if (!err && is_new)
		err = save_new(s, kind, file, *id, where);
	return err;
}

/**
 * ct_save_file - save an open file, unless it has been saved
 * @s: the checkpoint
 * @file: that a task has, and cannot lose now: what refers to it is locked
 * @where: it was found, for blockers
 * @id: set to what the image calls it
 *
 * To be called once for each reference that tasks of the container have, each
 * descriptor, mapping, message, so that it is seen whether there are others.
 *
 * Return: 0, also where something blocks, or a negative errno.
 */
int ct_save_file(struct ct_save *s, struct file *file, const char *where, u32 *id)
{
	return ct_save_file_held(s, file, where, 1, 0, id);
}

/* ---- restoring ---- */

/**
 * ct_file_record - what all files have, of one
 * @t: process 1
 * @id: the file's
 *
 * Return: the record, which exists for all files whose kind is asked to restore
 * them.
 */
const struct container_image_file *ct_file_record(struct ct_rtask *t, u32 id)
{
	const struct ct_record *rec;

	rec = ct_in_find(&t->r->in, CONTAINER_IMAGE_FILE, id);
	return rec ? rec->payload : NULL;
}

/**
 * ct_file_fcntl - fcntl(2) on a file without a descriptor
 * @file: not O_PATH
 * @cmd: as in fcntl(2)
 * @arg: number, or pointer to user space
 *
 * Context: process context, current's table is its own.
 * Return: as fcntl(2).
 */
long ct_file_fcntl(struct file *file, unsigned int cmd, unsigned long arg)
{
	int fd = get_unused_fd_flags(O_CLOEXEC);
	long ret;

	if (fd < 0)
		return fd;
	fd_install(fd, get_file(file));
	ret = ct_sys(fcntl, fd, cmd, arg);
	close_fd(fd);
	return ret;
}

/* The rights that a file carries from when it was opened, and no others. */
static int restore_cred(const struct container_image_file *rec,
			struct file *file)
{
	const struct cred *old = file->f_cred;
	kuid_t uid = make_kuid(&init_user_ns, rec->uid);
	kgid_t gid = make_kgid(&init_user_ns, rec->gid);
	kernel_cap_t caps;
	struct cred *new;

	if (!uid_valid(uid) || !gid_valid(gid))
		return -EINVAL;
	memcpy(&caps, &rec->capabilities, sizeof(rec->capabilities));
	caps = cap_intersect(old->cap_effective, caps);
	if (uid_eq(uid, old->fsuid) && gid_eq(gid, old->fsgid) &&
	    cap_issubset(old->cap_effective, caps))
		return 0;
	new = prepare_creds();
	if (!new)
		return -ENOMEM;
	new->uid = uid;
	new->euid = uid;
	new->suid = uid;
	new->fsuid = uid;
	new->gid = gid;
	new->egid = gid;
	new->sgid = gid;
	new->fsgid = gid;
	new->cap_effective = caps;
	new->cap_permitted = caps;
	new->cap_inheritable = cap_intersect(new->cap_inheritable, caps);
	cap_clear(new->cap_ambient);
	/* Nobody else has the file yet. */
	file->f_cred = new;
	put_cred(old);
	return 0;
}

static int restore_owner(struct ct_rtask *t, u32 id,
			 const struct container_image_file *rec,
			 struct file *file)
{
	static const int types[] = {
		[CONTAINER_IMAGE_OWNER_THREAD] = F_OWNER_TID,
		[CONTAINER_IMAGE_OWNER_PROCESS] = F_OWNER_PID,
		[CONTAINER_IMAGE_OWNER_GROUP] = F_OWNER_PGRP,
	};
	kuid_t uid = make_kuid(&init_user_ns, rec->owner_uid);
	kuid_t euid = make_kuid(&init_user_ns, rec->owner_euid);
	struct f_owner_ex ex = { .pid = rec->owner };
	struct fown_struct *owner;
	void __user *arg;
	long err = 0;

	if (rec->signal)
		err = ct_file_fcntl(file, F_SETSIG, rec->signal);
	if (err)
		return ct_restart_fail(t->r, err, "file %u: no signal %u", id,
				       rec->signal);
	if (rec->owner_type == CONTAINER_IMAGE_OWNER_NONE)
		return 0;
	if (rec->owner_type >= ARRAY_SIZE(types) || !uid_valid(uid) ||
	    !uid_valid(euid))
		return ct_restart_fail(t->r, -EINVAL,
				       "file %u has an owner of an unknown type",
				       id);
	ex.type = types[rec->owner_type];
	arg = ct_scratch(t, 0, &ex, sizeof(ex));
	err = IS_ERR(arg) ? PTR_ERR(arg) :
			    ct_file_fcntl(file, F_SETOWN_EX, (unsigned long)arg);
	if (err)
		return ct_restart_fail(t->r, err,
				       "file %u: its signals cannot go to %u",
				       id, rec->owner);
	owner = ct_file_owner(file);
	write_lock_irq(&owner->lock);
	owner->uid = uid;
	owner->euid = euid;
	write_unlock_irq(&owner->lock);
	return 0;
}

static int restore_position(struct ct_rtask *t, u32 id,
			    const struct container_image_file *rec,
			    struct file *file)
{
	umode_t mode = file_inode(file)->i_mode;
	loff_t pos;

	if (rec->position == file->f_pos || !(file->f_mode & FMODE_LSEEK))
		return 0;
	if (rec->position > LLONG_MAX)
		return ct_restart_fail(t->r, -EINVAL,
				       "file %u is at no position", id);
	pos = vfs_llseek(file, rec->position, SEEK_SET);
	/* That of a device is what its driver makes of it. */
	if (pos < 0 && (S_ISREG(mode) || S_ISDIR(mode)))
		return ct_restart_fail(t->r, pos,
				       "file %u cannot go to position %llu", id,
				       rec->position);
	return 0;
}

/* What all files have. FASYNC waits for a descriptor (fdtable.c). */
static int restore_common(struct ct_rtask *t, u32 id,
			  const struct container_image_file *rec,
			  struct file *file)
{
	u32 flags = rec->flags & SETFL_FLAGS;
	long err;

	/* Not before 6.6 in the shared memory that is in a deleted file's place. */
	if (rec->kind == CONTAINER_IMAGE_FILE_INODE &&
	    !(file->f_mode & FMODE_CAN_ODIRECT))
		flags &= ~O_DIRECT;
	err = restore_cred(rec, file);
	if (err)
		return ct_restart_fail(t->r, err, "file %u: no such user", id);
	if (file->f_mode & FMODE_PATH)
		return 0;
	if ((file->f_flags & SETFL_FLAGS) != flags) {
		err = ct_file_fcntl(file, F_SETFL, flags);
		if (err)
			return ct_restart_fail(t->r, err,
					       "file %u cannot have flags %#x",
					       id, rec->flags);
	}
	err = restore_position(t, id, rec, file);
	if (!err)
		err = restore_owner(t, id, rec, file);
	return err ?: ct_restore_file_locks(t, id, file);
}

static int check_file(struct ct_rtask *t, u32 id,
		      const struct container_image_file *rec)
{
	if (rec->flags & ~FILE_FLAGS)
		return ct_restart_fail(t->r, -EINVAL,
				       "file %u has unknown flags %#x", id,
				       rec->flags & ~FILE_FLAGS);
	if (rec->state & ~CONTAINER_IMAGE_FILE_UNHEARD)
		return ct_restart_fail(t->r, -EINVAL,
				       "file %u is in the unknown state %#x",
				       id, rec->state);
	if (id >= CT_BEHIND_INODE || rec->object >= CT_BEHIND_INODE)
		return ct_restart_fail(t->r, -EINVAL,
				       "file %u has too high an id", id);
	return 0;
}

static int restore_file(struct ct_rtask *t, u32 id)
{
	const struct container_image_file *rec = ct_file_record(t, id);
	const struct ct_file_kind *kind = kind_of_record(rec);
	struct file *file;
	int err;

	err = check_file(t, id, rec);
	if (err)
		return err;
	if (!kind)
		return ct_restart_fail(t->r, -EINVAL,
				       "file %u is of the unknown kind %u", id,
				       rec->kind);
	file = kind->restore(t, id);
	if (IS_ERR(file))
		return ct_restart_fail(t->r, PTR_ERR(file),
				       "file %u, a %s, cannot be opened", id,
				       kind->name);
	err = 0;
	if (!ct_outside_is_pipe(t, rec))
		err = restore_common(t, id, rec, file);
	if (!err)
		err = xa_insert(&t->r->files, id, file, GFP_KERNEL);
	if (err) {
		fput(file);
		return ct_restart_fail(t->r, err, "file %u is there twice", id);
	}
	return 0;
}

static int link_files(struct ct_rtask *t)
{
	const struct container_image_file *rec;
	const struct ct_file_kind *kind;
	int err = 0;
	u32 id;

	for (id = 1; !err && (rec = ct_file_record(t, id)); id++) {
		kind = kind_of_record(rec);
		if (kind->link)
			err = kind->link(t, id, xa_load(&t->r->files, id));
		if (err)
			ct_restart_fail(t->r, err,
					"file %u, a %s, cannot be restored", id,
					kind->name);
	}
	return err;
}

/*
 * Pipes and inodes that files were made from. They are closed at once, and not when
 * current returns to user space: who reads a pipe must find no writers but the
 * program's.
 */
static void drop_behind(struct ct_rtask *t)
{
	unsigned long id = CT_BEHIND_INODE;
	struct file *file;

	xa_for_each_start(&t->r->files, id, file, CT_BEHIND_INODE) {
		xa_erase(&t->r->files, id);
		fput(file);
	}
	static_call(ct_task_work_run)();
}

/**
 * ct_restore_objects - make all open files
 * @t: process 1
 *
 * Into the restart's @files.
 *
 * Context: process context, in process 1, which has an empty table of its own.
 * Return: 0 or a negative errno, after ct_restart_fail().
 */
int ct_restore_objects(struct ct_rtask *t)
{
	const struct cred *old = override_creds(t->r->cred);
	int err = 0;
	u32 id;

	for (id = 1; !err && ct_file_record(t, id); id++) {
		err = restore_file(t, id);
		cond_resched();
	}
	if (!err)
		err = link_files(t);
	drop_behind(t);
	revert_creds(old);
	return err;
}

/**
 * ct_restore_free_objects - let go of all open files
 * @r: the restart; its tasks have what they need, or nobody wants it any more
 *
 * As long as it has them the programs' closing them would not be the last.
 */
void ct_restore_free_objects(struct ct_restart *r)
{
	struct file *file;
	unsigned long id;

	xa_for_each(&r->files, id, file)
		fput(file);
	xa_destroy(&r->files);
}
