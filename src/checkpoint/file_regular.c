// SPDX-License-Identifier: GPL-2.0
/*
 * Files that are opened by their names: regular ones, directories, the devices that
 * every machine has, and all that O_PATH can refer to.
 *
 * The image has nothing of what is in them. A name is as the process sees it that
 * takes the checkpoint, and must lead to the file for it, or else the file would be
 * another one after a restart.
 */
#include <linux/cred.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/kdev_t.h>
#include <linux/magic.h>
#include <linux/major.h>
#include <linux/module.h>
#include <linux/mount.h>
#include <linux/namei.h>
#include <linux/pid.h>
#include <linux/printk.h>
#include <linux/slab.h>
#include <linux/stringhash.h>

#include "checkpoint/checkpoint.h"
#include "checkpoint/files.h"
#include "checkpoint/notice.h"
#include "compat/file.h"

/*
 * Filesystems where a name is all there is to an open file. Those on devices are
 * such; others are listed. (In tracefs, for one, reading takes away what is read,
 * and in mqueue there is somebody who wants to be told.)
 */
static const char * const plain_types[] = {
	"9p", "bcachefs", "ceph", "cgroup", "cgroup2", "cifs", "devtmpfs", "fuse",
	"nfs", "nfs4", "overlay", "proc", "ramfs", "rootfs", "smb3", "sysfs",
	"tmpfs", "ubifs", "virtiofs", "zfs",
};

static bool is_plain(const struct super_block *sb)
{
	unsigned int i;

	if (sb->s_type->fs_flags & FS_REQUIRES_DEV)
		return true;
	for (i = 0; i < ARRAY_SIZE(plain_types); i++)
		if (!strcmp(sb->s_type->name, plain_types[i]))
			return true;
	return false;
}

/* null, zero, full, random and urandom: they have no state. */
static bool is_plain_device(dev_t dev)
{
	switch (MAJOR(dev) == MEM_MAJOR ? MINOR(dev) : 0) {
	case 3:
	case 5:
	case 7:
	case 8:
	case 9:
		return true;
	}
	return false;
}

bool ct_file_path_match(const struct file *file)
{
	const struct inode *inode = d_backing_inode(ct_file_path(file)->dentry);

	/* An image that is on its way. */
	if (file->f_op->owner == THIS_MODULE && !ct_notice_match(file))
		return false;
	if (S_ISCHR(inode->i_mode) && is_plain_device(inode->i_rdev))
		return true;
	if (!is_plain(inode->i_sb))
		return false;
	return file->f_mode & FMODE_PATH || S_ISREG(inode->i_mode) ||
	       S_ISDIR(inode->i_mode);
}

/* ---- saving ---- */

/* Does the name lead the caller to it? 0, or why not. */
static const char *verify_path(const struct path *path, const char *name)
{
	struct path found;
	bool same;

	if (kern_path(name, 0, &found))
		return "its name leads nowhere (another mount namespace or root directory?)";
	same = d_backing_inode(found.dentry) == d_backing_inode(path->dentry);
	path_put(&found);
	return same ? NULL :
		"its name leads to something else (mounted over? another mount namespace?)";
}

/* Why a name that is no more is an obstacle. */
static const char *deleted(const struct path *path)
{
	const struct inode *inode = d_backing_inode(path->dentry);

	if (S_ISDIR(inode->i_mode))
		return "the directory has been removed";
	if (inode->i_sb->s_magic == PROC_SUPER_MAGIC)
		return "the process has ended";
	return inode->i_nlink ? "the name has been removed, and the file has another" :
				"it has been removed";
}

/*
 * The name of a file below /proc/NUMBER is one that a contained task sees, or, if
 * it was opened before the container was made, one that the host sees. Dentries of
 * the former have hashes that no others have (procfs/root.c). Returns the number in
 * the container; 0: none; -1: it is not below a number.
 */
static pid_t proc_number(struct ct_save *s, struct dentry *dentry)
{
	struct dentry *top;
	unsigned int nr;
	struct pid *pid;
	pid_t ret = -1;
	bool outside;

	if (dentry->d_sb->s_magic != PROC_SUPER_MAGIC || IS_ROOT(dentry))
		return -1;
	rcu_read_lock();
	for (top = dentry; !IS_ROOT(READ_ONCE(top->d_parent)); )
		top = READ_ONCE(top->d_parent);
	if (!kstrtouint(top->d_name.name, 10, &nr)) {
		outside = top->d_name.hash ==
			  full_name_hash(top->d_parent, top->d_name.name,
					 top->d_name.len);
		pid = find_pid_ns(nr, outside ? &init_pid_ns : s->c->space.token);
		ret = pid ? ct_save_nr(s, pid) : 0;
	}
	rcu_read_unlock();
	return ret;
}

/* "/proc/123/maps" with the container's number; within @buf, which has room. */
static char *renumber(char *name, char *buf, pid_t nr)
{
	char number[12];
	char *rest = strchr(name + 1, '/');
	size_t len = snprintf(number, sizeof(number), "%d", nr);

	/* Where procfs is mounted elsewhere its number cannot be told from others. */
	if (!strstarts(name, "/proc/"))
		return NULL;
	rest += 1 + strspn(rest + 1, "0123456789");
	rest -= len;
	if (rest - buf < (long)strlen("/proc/"))
		return NULL;
	memcpy(rest, number, len);
	rest -= strlen("/proc/");
	memcpy(rest, "/proc/", strlen("/proc/"));
	return rest;
}

/* The name, and why it cannot be saved. */
static char *find_name(struct ct_save *s, const struct path *path, char *buf,
		       const char **why)
{
	pid_t nr = proc_number(s, path->dentry);
	char *name, *renumbered;

	*why = d_unlinked(path->dentry) ? deleted(path) : NULL;
	/* Some room before the name, for renumber(). */
	name = d_path(path, buf + 16, PATH_MAX);
	if (IS_ERR(name)) {
		*why = "its name is too long";
		return buf;
	}
	if (*why)
		return name;
	if (nr < 0) {
		*why = verify_path(path, name);
		return name;
	}
	renumbered = nr > 0 ? renumber(name, buf, nr) : NULL;
	if (renumbered)
		return renumbered;
	*why = nr ? "it is in a procfs that is not mounted on /proc" :
		    "it belongs to a process outside of the container, or to one that has ended";
	return name;
}

static int block_path(struct ct_save *s, const char *where, const char *name,
		      const char *why)
{
	char what[160];
	size_t len = strlen(name);

	/* Of a long name the end says more. */
	if (len >= sizeof(what))
		name += len - sizeof(what) + 1;
	strscpy(what, name, sizeof(what));
	return ct_block(s, where, what, why, "close it");
}

/**
 * ct_save_path - save a name
 * @s: the checkpoint
 * @path: what is to be named
 * @id: of the record CONTAINER_IMAGE_PATH
 * @where: for blockers
 *
 * Return: 1, 0: it has no name that could be saved, which blocks, or a negative
 * errno.
 */
int ct_save_path(struct ct_save *s, const struct path *path, u32 id,
		 const char *where)
{
	const struct inode *inode = d_backing_inode(path->dentry);
	struct container_image_path *rec;
	const char *name, *why;
	char *buf;
	int ret;

	buf = kmalloc(PATH_MAX + 16, GFP_KERNEL);
	if (!buf)
		return -ENOMEM;
	name = find_name(s, path, buf, &why);
	if (why) {
		ret = block_path(s, where, name == buf ? "file" : name, why);
		goto out;
	}
	ret = -ENOMEM;
	rec = ct_out_record(&s->out, CONTAINER_IMAGE_PATH, id,
			    sizeof(*rec) + strlen(name) + 1);
	if (!rec)
		goto out;
	rec->size = S_ISREG(inode->i_mode) ? i_size_read(inode) : 0;
	rec->device = S_ISCHR(inode->i_mode) || S_ISBLK(inode->i_mode) ?
		      new_encode_dev(inode->i_rdev) : 0;
	strcpy((char *)(rec + 1), name);
	ret = 1;
out:
	kfree(buf);
	return ret;
}

int ct_file_path_save(struct ct_save *s, struct file *file, u32 id,
		      const char *where)
{
	return min(ct_save_path(s, ct_file_path(file), id, where), 0);
}

/* ---- restoring ---- */

static const struct container_image_path *find_path(struct ct_rtask *t, u32 id)
{
	const struct ct_record *record;
	const char *name;
	size_t size;

	record = ct_in_find(&t->r->in, CONTAINER_IMAGE_PATH, id);
	if (!record)
		return NULL;
	size = record->rec.length - sizeof(struct container_image_path);
	name = record->payload + sizeof(struct container_image_path);
	if (!size || size > PATH_MAX || name[0] != '/' ||
	    strnlen(name, size) != size - 1)
		return NULL;
	return record->payload;
}

/*
 * Is what the name leads to now what it was? Asked before it is opened, as opening
 * a device can do something.
 */
static int check_inode(struct ct_rtask *t, u32 id, const char *name,
		       const struct container_image_path *rec,
		       const struct inode *inode)
{
	umode_t mode = ct_file_record(t, id)->mode;

	if ((inode->i_mode ^ mode) & S_IFMT)
		return ct_restart_fail(t->r, -ESTALE,
				       "%s is not of the type that it was when the image was made",
				       name);
	if ((S_ISCHR(mode) || S_ISBLK(mode)) &&
	    new_encode_dev(inode->i_rdev) != rec->device)
		return ct_restart_fail(t->r, -ESTALE,
				       "%s is not the device that it was when the image was made",
				       name);
	if (S_ISREG(mode) && i_size_read(inode) < rec->size)
		pr_info("restart: %s is shorter than it was when the image was made\n",
			name);
	return 0;
}

static struct file *open_name(struct ct_rtask *t, u32 id, const char *name,
			      const struct container_image_path *rec, int flags)
{
	struct path path;
	struct file *file;
	int err;

	err = kern_path(name, 0, &path);
	if (err) {
		ct_restart_fail(t->r, err, "%s cannot be found", name);
		return ERR_PTR(err);
	}
	err = check_inode(t, id, name, rec, d_backing_inode(path.dentry));
	file = err ? ERR_PTR(err) : filp_open(name, flags, 0);
	if (!err && IS_ERR(file))
		ct_restart_fail(t->r, PTR_ERR(file), "%s cannot be opened", name);
	if (!IS_ERR(file) && d_backing_inode(ct_file_path(file)->dentry) !=
			     d_backing_inode(path.dentry)) {
		fput(file);
		file = ERR_PTR(ct_restart_fail(t->r, -EAGAIN,
					       "%s has just been replaced", name));
	}
	path_put(&path);
	return file;
}

/**
 * ct_restore_path - open what a record CONTAINER_IMAGE_PATH names
 * @t: process 1
 * @id: of the record, and of the file
 * @flags: as in open(2)
 *
 * Context: process context, with the writer's credentials.
 * Return: a file, or ERR_PTR() after ct_restart_fail().
 */
struct file *ct_restore_path(struct ct_rtask *t, u32 id, int flags)
{
	const struct container_image_path *rec = find_path(t, id);

	if (!rec)
		return ERR_PTR(ct_restart_fail(t->r, -EINVAL,
					       "file %u has no name", id));
	return open_name(t, id, (const char *)(rec + 1), rec, flags);
}

struct file *ct_file_path_restore(struct ct_rtask *t, u32 id)
{
	const struct container_image_file *rec = ct_file_record(t, id);
	const struct container_image_path *path = find_path(t, id);
	bool plain = S_ISREG(rec->mode) || S_ISDIR(rec->mode) ||
		     rec->flags & O_PATH;

	if (!plain && !(path && S_ISCHR(rec->mode) &&
			is_plain_device(new_decode_dev(path->device))))
		return ERR_PTR(ct_restart_fail(t->r, -EINVAL,
					       "file %u is nothing that is opened by name",
					       id));
	return ct_restore_path(t, id, rec->flags & ~FASYNC);
}
