// SPDX-License-Identifier: GPL-2.0
/*
 * Locks on files: flock(2) and F_OFD_SETLK belong to a file description, F_SETLK
 * to a table of descriptors.
 */
#include <linux/fcntl.h>
#include <linux/fdtable.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/slab.h>

#include "checkpoint/checkpoint.h"
#include "checkpoint/files.h"
#include "checkpoint/syscall.h"
#include "compat/file.h"
#include "compat/locks.h"

/* ---- saving ---- */

/**
 * struct found - locks that have been found
 * @file: through which they were asked for
 * @owner: whose they are, of those with ranges
 * @flags: FL_POSIX, FL_OFDLCK or FL_FLOCK
 * @locks: them
 * @count: how many
 * @room: in @locks
 */
struct found {
	const struct file *file;
	const void *owner;
	unsigned int flags;
	struct container_image_lock *locks;
	unsigned int count;
	unsigned int room;
};

static bool is_wanted(struct file_lock *fl, const struct found *f)
{
	if (ct_lock_file(fl) != f->file)
		return false;
	if (f->flags == FL_FLOCK)
		return true;
	return ct_lock_owner(fl) == f->owner &&
	       !(ct_lock_flags(fl) & FL_OFDLCK) == !(f->flags & FL_OFDLCK);
}

/* With the locks' lock held. */
static void collect(struct list_head *list, struct found *f)
{
	struct container_image_lock *rec;
	struct file_lock *fl;

	f->count = 0;
	list_for_each_entry(fl, list, ct_lock_entry) {
		if (!is_wanted(fl, f))
			continue;
		if (f->count++ >= f->room)
			continue;
		rec = &f->locks[f->count - 1];
		rec->start = fl->fl_start;
		rec->end = fl->fl_end;
		rec->exclusive = ct_lock_type(fl) == F_WRLCK;
	}
}

/* Into @f->locks, which the caller frees. */
static int find_locks(struct file_lock_context *ctx, struct list_head *list,
		      struct found *f)
{
	do {
		kvfree(f->locks);
		f->room = f->count;
		f->locks = kvcalloc(max(f->room, 1u), sizeof(*f->locks),
				    GFP_KERNEL);
		if (!f->locks)
			return -ENOMEM;
		spin_lock(&ctx->flc_lock);
		collect(list, f);
		spin_unlock(&ctx->flc_lock);
	} while (f->count > f->room);
	return 0;
}

static int save_found(struct ct_save *s, struct file_lock_context *ctx,
		      struct list_head *list, struct found *f, u32 type, u32 id,
		      u32 kind, u32 file)
{
	struct container_image_lock *rec;
	unsigned int i;
	int err;

	if (list_empty_careful(list))
		return 0;
	err = find_locks(ctx, list, f);
	for (i = 0; !err && i < f->count; i++) {
		rec = ct_out_record(&s->out, type, id, sizeof(*rec));
		if (rec) {
			*rec = f->locks[i];
			rec->kind = kind;
			rec->file = file;
		} else {
			err = -ENOMEM;
		}
	}
	kvfree(f->locks);
	return err;
}

static bool has_lease(struct file_lock_context *ctx, const struct file *file)
{
	struct ct_lease *fl;
	bool found = false;

	spin_lock(&ctx->flc_lock);
	list_for_each_entry(fl, &ctx->flc_lease, ct_lock_entry)
		found |= ct_lock_file(fl) == file;
	spin_unlock(&ctx->flc_lock);
	return found;
}

static struct file_lock_context *lock_context(const struct inode *inode)
{
	/* Pairs with the cmpxchg() in locks_get_lock_context(). */
	return smp_load_acquire(&inode->i_flctx);
}

/**
 * ct_save_file_locks - save the locks of a file description
 * @s: the checkpoint
 * @file: the file
 * @id: its id
 * @where: for blockers
 *
 * Return: 0, also where something blocks, or a negative errno.
 */
int ct_save_file_locks(struct ct_save *s, struct file *file, u32 id,
		       const char *where)
{
	struct file_lock_context *ctx = lock_context(file_inode(file));
	struct found flocks = { .file = file, .flags = FL_FLOCK };
	struct found ofd = { .file = file, .owner = file, .flags = FL_OFDLCK };
	int err;

	if (!ctx)
		return 0;
	if (has_lease(ctx, file)) {
		err = ct_block(s, where, "lease", "leases cannot be saved",
			       "F_SETLEASE with F_UNLCK");
		if (err)
			return err;
	}
	err = save_found(s, ctx, &ctx->flc_flock, &flocks, CONTAINER_IMAGE_FLOCK,
			 id, CONTAINER_IMAGE_LOCK_FLOCK, id);
	return err ?: save_found(s, ctx, &ctx->flc_posix, &ofd,
				 CONTAINER_IMAGE_FLOCK, id,
				 CONTAINER_IMAGE_LOCK_OFD, id);
}

/**
 * ct_save_table_locks - save the locks of a process on a file
 * @s: the checkpoint
 * @files: the table of descriptors, whose they are
 * @table: its id
 * @file: in the table, through which they were asked for
 * @id: of that
 *
 * Return: 0 or a negative errno.
 */
int ct_save_table_locks(struct ct_save *s, struct files_struct *files, u32 table,
			struct file *file, u32 id)
{
	struct file_lock_context *ctx = lock_context(file_inode(file));
	struct found f = { .file = file, .owner = files, .flags = FL_POSIX };

	if (!ctx)
		return 0;
	return save_found(s, ctx, &ctx->flc_posix, &f, CONTAINER_IMAGE_PLOCK,
			  table, CONTAINER_IMAGE_LOCK_POSIX, id);
}

/* ---- restoring ---- */

static long set_flock(struct file *file, const struct container_image_lock *rec)
{
	int fd = get_unused_fd_flags(O_CLOEXEC);
	long ret;

	if (fd < 0)
		return fd;
	fd_install(fd, get_file(file));
	ret = ct_sys(flock, fd, (rec->exclusive ? LOCK_EX : LOCK_SH) | LOCK_NB);
	close_fd(fd);
	return ret;
}

/* The argument of F_SETLK; ERR_PTR(). */
static void __user *put_range(struct ct_rtask *t,
			      const struct container_image_lock *rec)
{
	struct flock fl = {
		.l_type = rec->exclusive ? F_WRLCK : F_RDLCK,
		.l_whence = SEEK_SET,
		.l_start = rec->start,
		.l_len = rec->end == OFFSET_MAX ? 0 : rec->end - rec->start + 1,
	};

	if (rec->end > OFFSET_MAX || rec->start > rec->end)
		return (__force void __user *)ERR_PTR(-EINVAL);
	return ct_scratch(t, 0, &fl, sizeof(fl));
}

static int lock_failed(struct ct_rtask *t, u32 id, long err)
{
	if (err == -EAGAIN)
		return ct_restart_fail(t->r, err,
				       "file %u is locked by somebody else", id);
	return ct_restart_fail(t->r, err, "file %u cannot be locked", id);
}

/**
 * ct_restore_file_locks - give a file description its locks
 * @t: process 1
 * @id: of the file
 * @file: the file
 *
 * Return: 0 or a negative errno, after ct_restart_fail().
 */
int ct_restore_file_locks(struct ct_rtask *t, u32 id, struct file *file)
{
	const struct container_image_lock *rec;
	const struct ct_record *record;
	void __user *arg;
	long err;

	record = ct_in_find(&t->r->in, CONTAINER_IMAGE_FLOCK, id);
	for (; record; record = ct_in_next(record)) {
		rec = record->payload;
		switch (rec->kind) {
		case CONTAINER_IMAGE_LOCK_FLOCK:
			err = set_flock(file, rec);
			break;
		case CONTAINER_IMAGE_LOCK_OFD:
			arg = put_range(t, rec);
			err = IS_ERR(arg) ? PTR_ERR(arg) :
				ct_file_fcntl(file, F_OFD_SETLK,
					      (unsigned long)arg);
			break;
		default:
			err = -EINVAL;
		}
		if (err)
			return lock_failed(t, id, err);
	}
	return 0;
}

/* A descriptor of current's that is of the file. */
static int find_fd(struct ct_rtask *t, u32 file)
{
	const struct container_image_fdtable *table;
	const struct container_image_fd *fd;
	const struct ct_record *record;
	u32 i;

	record = ct_in_find(&t->r->in, CONTAINER_IMAGE_FDTABLE, t->prec->files);
	for (; record; record = ct_in_next(record)) {
		table = record->payload;
		fd = (const void *)(table + 1);
		for (i = 0; i < table->count; i++)
			if (fd[i].file == file)
				return fd[i].fd;
	}
	return -EINVAL;
}

/**
 * ct_restore_table_locks - lock what a process had locked
 * @t: current's; it has its descriptors
 *
 * Return: 0 or a negative errno, after ct_restart_fail().
 */
int ct_restore_table_locks(struct ct_rtask *t)
{
	const struct container_image_lock *rec;
	const struct ct_record *record;
	void __user *arg;
	long err;
	int fd;

	record = ct_in_find(&t->r->in, CONTAINER_IMAGE_PLOCK, t->prec->files);
	for (; record; record = ct_in_next(record)) {
		rec = record->payload;
		fd = find_fd(t, rec->file);
		arg = put_range(t, rec);
		if (fd < 0 || rec->kind != CONTAINER_IMAGE_LOCK_POSIX)
			err = -EINVAL;
		else
			err = IS_ERR(arg) ? PTR_ERR(arg) :
					    ct_sys(fcntl, fd, F_SETLK, arg);
		if (err)
			return lock_failed(t, rec->file, err);
	}
	return 0;
}
