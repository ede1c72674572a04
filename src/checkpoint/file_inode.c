// SPDX-License-Identifier: GPL-2.0
/*
 * Files without a name: memfds, memory shared by mappings of no file, and files
 * that have been deleted. What is in them goes into the image, and comes back as
 * shared memory, whatever filesystem it was on.
 *
 * It is copied while the container is frozen: copy-on-write does not cover what is
 * shared. So there is a limit.
 */
#include <linux/cred.h>
#include <linux/fcntl.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/magic.h>
#include <linux/memfd.h>
#include <linux/mm.h>
#include <linux/namei.h>
#include <linux/shmem_fs.h>
#include <linux/slab.h>

#include "checkpoint/checkpoint.h"
#include "checkpoint/files.h"
#include "checkpoint/syscall.h"
#include "compat/file.h"

/* Bytes of one file. They are in the kernel's memory until they are read. */
#define CONTENT_MAX	(256ull << 20)

/* Bytes of a record. */
#define PIECE		(64u << 10)

bool ct_file_inode_match(const struct file *file)
{
	const struct dentry *dentry = ct_file_path(file)->dentry;
	const struct inode *inode = d_backing_inode(dentry);
	const struct file_system_type *type = inode->i_sb->s_type;

	return S_ISREG(inode->i_mode) && !inode->i_nlink &&
	       (type->fs_flags & FS_REQUIRES_DEV ||
		inode->i_sb->s_magic == TMPFS_MAGIC ||
		inode->i_sb->s_magic == OVERLAYFS_SUPER_MAGIC);
}

/* ---- saving ---- */

static bool is_shmem(const struct inode *inode)
{
	return inode->i_sb->s_magic == TMPFS_MAGIC;
}

/* Like kernel_read(), and what cannot be read because the file ends are zeros. */
static int save_piece(struct ct_save *s, struct file *file, u32 id, loff_t pos,
		      size_t size)
{
	struct container_image_content *rec;
	size_t done = 0;
	ssize_t n;
	char *to;

	rec = ct_out_record(&s->out, CONTAINER_IMAGE_CONTENT, id,
			    sizeof(*rec) + size);
	if (!rec)
		return -ENOMEM;
	rec->offset = pos;
	to = (char *)(rec + 1);
	while (done < size) {
		n = kernel_read(file, to + done, size - done, &pos);
		if (n <= 0)
			return n;
		done += n;
	}
	return 0;
}

/* What is between holes. -EFBIG: it is too much. */
static int save_content(struct ct_save *s, struct file *file, u32 id, loff_t size)
{
	loff_t data = 0, hole;
	u64 all = 0;
	size_t n;
	int err;

	while (data < size) {
		data = vfs_llseek(file, data, SEEK_DATA);
		if (data == -ENXIO)
			return 0;
		hole = data < 0 ? data : vfs_llseek(file, data, SEEK_HOLE);
		if (hole < 0)
			return hole;
		for (hole = min(hole, size); data < hole; data += n) {
			n = min_t(loff_t, hole - data, PIECE);
			all += n;
			if (all > CONTENT_MAX)
				return -EFBIG;
			err = save_piece(s, file, id, data, n);
			if (err)
				return err;
			cond_resched();
		}
	}
	return 0;
}

static int save_attributes(struct ct_save *s, const struct path *path, u32 id)
{
	struct inode *inode = d_backing_inode(path->dentry);
	struct container_image_inode *rec;
	char *buf, *name, *end;

	buf = kmalloc(PATH_MAX, GFP_KERNEL);
	if (!buf)
		return -ENOMEM;
	name = d_path(path, buf, PATH_MAX);
	if (IS_ERR(name))
		name = strcpy(buf, "/deleted");
	/* As it is shown again, when the file has no name again. */
	end = name + strlen(name) - strlen(" (deleted)");
	if (end > name && !strcmp(end, " (deleted)"))
		*end = '\0';
	name += *name == '/';

	rec = ct_out_record(&s->out, CONTAINER_IMAGE_INODE, id,
			    sizeof(*rec) + strlen(name) + 1);
	if (rec) {
		rec->size = i_size_read(inode);
		rec->mode = inode->i_mode & S_IALLUGO;
		rec->uid = from_kuid(&init_user_ns, inode->i_uid);
		rec->gid = from_kgid(&init_user_ns, inode->i_gid);
		if (is_shmem(inode)) {
			rec->seals = SHMEM_I(inode)->seals;
			if (SHMEM_I(inode)->flags & VM_NORESERVE)
				rec->flags |= CONTAINER_IMAGE_INODE_NORESERVE;
		} else {
			rec->seals = F_SEAL_SEAL;
		}
		if (IS_PRIVATE(inode))
			rec->flags |= CONTAINER_IMAGE_INODE_PRIVATE;
		strcpy((char *)(rec + 1), name);
	}
	kfree(buf);
	return rec ? 0 : -ENOMEM;
}

static int block_content(struct ct_save *s, const char *where, int err)
{
	if (err == -ENOMEM)
		return err;
	if (err == -EFBIG)
		return ct_block(s, where, "file without a name",
				"more is in it than goes into an image (256 MiB)",
				"use a file with a name");
	return ct_block(s, where, "file without a name",
			"what is in it cannot be read", "close it");
}

/* A file of our own, whose position we can move. */
static int save_inode(struct ct_save *s, const struct path *path, u32 id,
		      const char *where)
{
	struct inode *inode = d_backing_inode(path->dentry);
	struct file *file;
	int err;

	/* Not all filesystems know. */
	if ((u64)inode->i_blocks << 9 > CONTENT_MAX)
		return block_content(s, where, -EFBIG);
	err = save_attributes(s, path, id);
	if (err || !s->frozen)
		return err;
	file = dentry_open(path, O_RDONLY | O_LARGEFILE, current_cred());
	if (IS_ERR(file))
		return block_content(s, where, PTR_ERR(file));
	err = save_content(s, file, id, i_size_read(inode));
	fput(file);
	return err ? block_content(s, where, err) : 0;
}

/*
 * Memory that is shared must be shared with nobody outside. Of a file that nobody
 * writes to, such as a library that has been replaced, everybody can have a copy.
 */
static int hold_inode(struct ct_save *s, const struct path *path, u32 id,
		      const char *where)
{
	struct inode *inode = d_backing_inode(path->dentry);

	if (!is_shmem(inode) && !inode_is_open_for_write(inode))
		return 0;
	return ct_hold(s, CT_HOLD_INODE, id, "file without a name", where, 1,
		       d_count(path->dentry));
}

int ct_file_inode_save(struct ct_save *s, struct file *file, u32 id,
		       const char *where)
{
	const struct path *path = ct_file_path(file);
	struct inode *inode = d_backing_inode(path->dentry);
	int is_new, err;
	u32 object;

	/* A segment's file has operations of its own. */
	if (is_shmem(inode) && !(file->f_mode & FMODE_PATH) &&
	    file->f_op != inode->i_fop)
		return ct_block(s, where, "System V shared memory",
				"segments cannot be saved",
				"use mmap(MAP_SHARED) or a memfd");
	is_new = ct_object_id(&s->inodes, inode, &object);
	if (is_new < 0)
		return is_new;
	err = hold_inode(s, path, object, where);
	if (!err && is_new)
		err = save_inode(s, path, object, where);
	return err < 0 ? err : object;
}

/* ---- restoring ---- */

static int restore_content(struct ct_rtask *t, struct file *file, u32 id, u64 size)
{
	const struct container_image_content *rec;
	const struct ct_record *record;
	size_t length;
	ssize_t n;
	loff_t pos;

	record = ct_in_find(&t->r->in, CONTAINER_IMAGE_CONTENT, id);
	for (; record; record = ct_in_next(record)) {
		rec = record->payload;
		length = record->rec.length - sizeof(*rec);
		if (rec->offset > size || length > size - rec->offset)
			return ct_restart_fail(t->r, -EINVAL,
					       "inode %u is shorter than what is in it",
					       id);
		pos = rec->offset;
		n = kernel_write(file, rec + 1, length, &pos);
		if (n != length)
			return ct_restart_fail(t->r, n < 0 ? n : -ENOSPC,
					       "what is in inode %u cannot be written",
					       id);
		cond_resched();
	}
	return 0;
}

static int restore_seals(struct ct_rtask *t, struct file *file, u32 id, u32 seals)
{
	int err;

	/* What can be sealed is not sealed against being sealed (memfd_create). */
	SHMEM_I(file_inode(file))->seals = 0;
	if (!seals)
		return 0;
	err = ct_file_fcntl(file, F_ADD_SEALS, seals);
	if (err)
		return ct_restart_fail(t->r, err, "inode %u cannot have seals %#x",
				       id, seals);
	return 0;
}

static int restore_attributes(struct ct_rtask *t, struct file *file, u32 id,
			      const struct container_image_inode *rec)
{
	struct inode *inode = file_inode(file);
	kuid_t uid = make_kuid(&init_user_ns, rec->uid);
	kgid_t gid = make_kgid(&init_user_ns, rec->gid);

	if (!uid_valid(uid) || !gid_valid(gid) || rec->mode & ~S_IALLUGO)
		return ct_restart_fail(t->r, -EINVAL,
				       "inode %u has no such owner or mode", id);
	/* Nobody else has it yet. */
	inode->i_mode = S_IFREG | rec->mode;
	inode->i_uid = uid;
	inode->i_gid = gid;
	if (rec->flags & CONTAINER_IMAGE_INODE_PRIVATE)
		inode->i_flags |= S_PRIVATE;
	return restore_seals(t, file, id, rec->seals);
}

static const char *inode_name(const struct ct_record *record)
{
	size_t size = record->rec.length - sizeof(struct container_image_inode);
	const char *name = record->payload + sizeof(struct container_image_inode);

	return size && size <= PATH_MAX && strnlen(name, size) == size - 1 ?
	       name : NULL;
}

static struct file *make_inode(struct ct_rtask *t, u32 id)
{
	const struct container_image_inode *rec;
	const struct ct_record *record;
	struct file *file;
	int err;

	record = ct_in_find(&t->r->in, CONTAINER_IMAGE_INODE, id);
	if (!record || !inode_name(record))
		return ERR_PTR(ct_restart_fail(t->r, -EINVAL,
					       "there is no inode %u", id));
	rec = record->payload;
	if (rec->size > MAX_LFS_FILESIZE ||
	    rec->flags & ~(CONTAINER_IMAGE_INODE_NORESERVE |
			   CONTAINER_IMAGE_INODE_PRIVATE))
		return ERR_PTR(ct_restart_fail(t->r, -EINVAL,
					       "inode %u has no such size or flags",
					       id));
	file = shmem_file_setup(inode_name(record), rec->size,
				rec->flags & CONTAINER_IMAGE_INODE_NORESERVE ?
				VM_NORESERVE : 0);
	if (IS_ERR(file))
		return file;
	/* As memfd_create() does; without the one it ends at 2 GiB. */
	file->f_flags |= O_LARGEFILE;
	file->f_mode |= FMODE_LSEEK | FMODE_PREAD | FMODE_PWRITE;
	err = restore_content(t, file, id, rec->size);
	if (!err)
		err = restore_attributes(t, file, id, rec);
	if (!err)
		err = xa_insert(&t->r->files, CT_BEHIND_INODE | id, file,
				GFP_KERNEL);
	if (err) {
		fput(file);
		return ERR_PTR(err);
	}
	return file;
}

struct file *ct_file_inode_restore(struct ct_rtask *t, u32 id)
{
	const struct container_image_file *rec = ct_file_record(t, id);
	struct file *behind;

	behind = xa_load(&t->r->files, CT_BEHIND_INODE | rec->object);
	if (!behind)
		behind = make_inode(t, rec->object);
	if (IS_ERR(behind))
		return behind;
	/* Not all filesystems have O_DIRECT, and of memory it means nothing. */
	return dentry_open(&behind->f_path,
			   rec->flags & ~(FASYNC | O_DIRECT | O_DIRECTORY),
			   t->r->cred);
}
