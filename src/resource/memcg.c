// SPDX-License-Identifier: GPL-2.0
/*
 * The kernel's control groups, as the controller "memory" uses them: directories of
 * cgroup2 in a mount of our own, that have limits and no tasks.
 *
 * Everything is done as the kernel, whoever's call it is.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/cred.h>
#include <linux/err.h>
#include <linux/fs.h>
#include <linux/fs_context.h>
#include <linux/lockdep.h>
#include <linux/memcontrol.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/namei.h>
#include <linux/sched/task.h>
#include <linux/seq_file.h>
#include <linux/slab.h>
#include <linux/workqueue.h>

#include "compat/cgroup.h"
#include "hook/symbols.h"
#include "resource/memory.h"

DEFINE_STATIC_CALL_NULL(ct_css_tryget_online_from_dir,
			css_tryget_online_from_dir);

const struct ct_symbol ct_symbols_memcg[] = {
	CT_SYMBOL(css_tryget_online_from_dir, ct_css_tryget_online_from_dir,
		  "struct cgroup_subsys_state *(struct dentry *, struct cgroup_subsys *)"),
	{}
};

/**
 * ct_memcg_possible - does this kernel have control groups of memory?
 *
 * Return: false: they have been disabled at boot.
 */
bool ct_memcg_possible(void)
{
	return !mem_cgroup_disabled();
}

/* -- the mount ----------------------------------------------------------------- */

/*
 * A mount sets the options of the one hierarchy that there is, for all its mounts:
 * say those that it has.
 */
static int keep_options(struct fs_context *fc)
{
	unsigned int i, flags = READ_ONCE(cgrp_dfl_root.flags);
	int err = 0;

	for (i = 0; i < ARRAY_SIZE(ct_cgroup_options) && !err; i++)
		if (flags & ct_cgroup_options[i].flag)
			err = vfs_parse_fs_string(fc, ct_cgroup_options[i].name,
						  NULL, 0);
	return err;
}

static struct vfsmount *mount_here(void)
{
	struct file_system_type *type = get_fs_type("cgroup2");
	struct vfsmount *mnt;
	struct fs_context *fc;
	int err;

	if (!type)
		return ERR_PTR(-ENODEV);
	fc = fs_context_for_mount(type, 0);
	module_put(type->owner);
	if (IS_ERR(fc))
		return ERR_CAST(fc);
	err = keep_options(fc);
	mnt = err ? ERR_PTR(err) : fc_mount(fc);
	put_fs_context(fc);
	return mnt;
}

/* A mount by somebody in a cgroup namespace would show that one's part only. */
struct mount_work {
	struct work_struct work;
	struct vfsmount *mnt;
};

static void mount_work_fn(struct work_struct *work)
{
	struct mount_work *mw = container_of(work, struct mount_work, work);

	mw->mnt = mount_here();
}

static struct vfsmount *mount_as_kernel(void)
{
	struct mount_work mw;

	INIT_WORK_ONSTACK(&mw.work, mount_work_fn);
	schedule_work(&mw.work);
	flush_work(&mw.work);
	destroy_work_on_stack(&mw.work);
	return mw.mnt;
}

/* -- files --------------------------------------------------------------------- */

/* Returns what to give to end_as_kernel(). */
static const struct cred *begin_as_kernel(void)
{
	struct cred *cred = prepare_kernel_cred(&init_task);

	return cred ? override_creds(cred) : NULL;
}

static void end_as_kernel(const struct cred *old)
{
	const struct cred *cred = current_cred();

	revert_creds(old);
	put_cred(cred);
}

static struct file *open_file(const struct path *dir, const char *name, int flags)
{
	const struct cred *old = begin_as_kernel();
	struct file *file;

	if (!old)
		return ERR_PTR(-ENOMEM);
	file = file_open_root(dir, name, flags, 0);
	end_as_kernel(old);
	/* Somebody else has removed the directory. */
	return file == ERR_PTR(-ENOENT) ? ERR_PTR(-ENODEV) : file;
}

static int write_file(const struct path *dir, const char *name, const char *text)
{
	struct file *file = open_file(dir, name, O_WRONLY);
	size_t len = strlen(text);
	loff_t pos = 0;
	ssize_t done;

	if (IS_ERR(file))
		return PTR_ERR(file);
	done = kernel_write(file, text, len, &pos);
	fput(file);
	if (done < 0)
		return done;
	return done == len ? 0 : -EIO;
}

/**
 * ct_memcg_write - write to a file of a control group
 * @cg: it
 * @file: as "memory.max"
 * @text: what to write
 *
 * Context: may sleep for long: a lower limit waits until memory has been freed.
 * Return: 0, or what the kernel says; -ENODEV: the control group was removed.
 */
int ct_memcg_write(const struct ct_memcg *cg, const char *file, const char *text)
{
	return write_file(&cg->dir, file, text);
}

/**
 * ct_memcg_show - what a file of a control group has
 * @m: where to
 * @cg: the control group
 * @file: as "memory.stat"
 *
 * Context: may sleep.
 * Return: 0, or an error as of ct_memcg_write().
 */
int ct_memcg_show(struct seq_file *m, const struct ct_memcg *cg, const char *file)
{
	struct file *from = open_file(&cg->dir, file, O_RDONLY);
	struct seq_file *seq;
	loff_t pos = 0;
	ssize_t len;
	char *buf;

	if (IS_ERR(from))
		return PTR_ERR(from);
	/* All files of cgroup2 are such, and nobody else has this one. */
	seq = from->private_data;
	/* It is read while @m is. */
	lockdep_set_subclass(&seq->lock, SINGLE_DEPTH_NESTING);
	buf = kmalloc(PAGE_SIZE, GFP_KERNEL);
	len = -ENOMEM;
	while (buf && (len = kernel_read(from, buf, PAGE_SIZE, &pos)) > 0)
		seq_write(m, buf, len);
	kfree(buf);
	fput(from);
	return len;
}

/* -- directories --------------------------------------------------------------- */

/*
 * cgroup2 makes the directory and leaves the dentry negative: it is looked up again.
 * Returns it.
 */
static struct dentry *make_locked(const struct path *under, const char *name)
{
	struct inode *dir = d_inode(under->dentry);
	struct dentry *dentry;
	int err;

	dentry = lookup_one_len(name, under->dentry, strlen(name));
	if (IS_ERR(dentry))
		return dentry;
	err = d_is_positive(dentry) ? -EBUSY :
	      vfs_mkdir(ct_mount_idmap(under->mnt), dir, dentry, 0755);
	dput(dentry);
	if (err)
		return ERR_PTR(err);
	dentry = lookup_one_len(name, under->dentry, strlen(name));
	if (!IS_ERR(dentry) && d_is_negative(dentry)) {
		dput(dentry);
		dentry = ERR_PTR(-ENODEV);
	}
	return dentry;
}

static struct dentry *make_dir(const struct path *under, const char *name)
{
	const struct cred *old = begin_as_kernel();
	struct dentry *dentry;
	int err;

	if (!old)
		return ERR_PTR(-ENOMEM);
	err = mnt_want_write(under->mnt);
	if (err) {
		dentry = ERR_PTR(err);
		goto out;
	}
	inode_lock_nested(d_inode(under->dentry), I_MUTEX_PARENT);
	dentry = make_locked(under, name);
	inode_unlock(d_inode(under->dentry));
	mnt_drop_write(under->mnt);
out:
	end_as_kernel(old);
	return dentry;
}

static int remove_dir(const struct path *under, struct dentry *dentry)
{
	const struct cred *old = begin_as_kernel();
	int err;

	if (!old)
		return -ENOMEM;
	err = mnt_want_write(under->mnt);
	if (err)
		goto out;
	inode_lock_nested(d_inode(under->dentry), I_MUTEX_PARENT);
	/* Somebody else may have been faster. */
	if (dentry->d_parent == under->dentry && !d_unhashed(dentry))
		err = vfs_rmdir(ct_mount_idmap(under->mnt),
				d_inode(under->dentry), dentry);
	inode_unlock(d_inode(under->dentry));
	mnt_drop_write(under->mnt);
out:
	end_as_kernel(old);
	return err == -ENOENT ? 0 : err;
}

/**
 * ct_memcg_top - the control group of all
 * @top: filled on success: the root of cgroup2, for ct_memcg_put()
 *
 * Its memory is not asked for: it has no limits.
 *
 * Context: may sleep.
 * Return: 0; -EBUSY: the controller memory is in a hierarchy of cgroup v1; or
 * what keeps cgroup2 from being mounted.
 */
int ct_memcg_top(struct ct_memcg *top)
{
	struct vfsmount *mnt;
	int err;

	if (READ_ONCE(memory_cgrp_subsys.root) != &cgrp_dfl_root)
		return -EBUSY;
	mnt = mount_as_kernel();
	if (IS_ERR(mnt))
		return PTR_ERR(mnt);
	top->dir.mnt = mnt;
	top->dir.dentry = dget(mnt->mnt_root);
	top->memcg = NULL;
	err = write_file(&top->dir, "cgroup.subtree_control", "+memory");
	if (err)
		ct_memcg_put(top);
	return err;
}

/**
 * ct_memcg_make - make a control group
 * @under: the one that it shall be in
 * @new: filled on success, for ct_memcg_remove()
 * @name: of the directory
 *
 * Others can be made in it.
 *
 * Context: may sleep.
 * Return: 0; -EBUSY: there is one of this name; or what the kernel says.
 */
int ct_memcg_make(struct ct_memcg *under, struct ct_memcg *new, const char *name)
{
	struct dentry *dentry = make_dir(&under->dir, name);
	struct cgroup_subsys_state *css;
	int err;

	if (IS_ERR(dentry))
		return PTR_ERR(dentry);
	new->dir.mnt = mntget(under->dir.mnt);
	new->dir.dentry = dentry;
	new->memcg = NULL;
	err = write_file(&new->dir, "cgroup.subtree_control", "+memory");
	if (err)
		goto fail;
	css = static_call(ct_css_tryget_online_from_dir)(dentry,
							 &memory_cgrp_subsys);
	if (IS_ERR(css)) {
		err = PTR_ERR(css);
		goto fail;
	}
	new->memcg = mem_cgroup_from_css(css);
	return 0;
fail:
	ct_memcg_remove(under, new);
	ct_memcg_put(new);
	return err;
}

/**
 * ct_memcg_remove - remove a control group
 * @under: the one that it is in
 * @cg: it; stays until ct_memcg_put()
 *
 * Memory that is charged to it stays so, and counts above, until it is freed. If
 * somebody else uses it, too, it is left to him.
 *
 * Context: may sleep.
 */
void ct_memcg_remove(struct ct_memcg *under, struct ct_memcg *cg)
{
	int err = remove_dir(&under->dir, cg->dir.dentry);

	if (err)
		pr_warn("cannot remove the control group %pd (%d)%s\n",
			cg->dir.dentry, err,
			err == -EBUSY || err == -ENOTEMPTY ?
			": something else is in it" : "");
}

/**
 * ct_memcg_put - give references back
 * @cg: the last ones of ct_memcg_top() or ct_memcg_make(); may be empty
 *
 * Context: may sleep.
 */
void ct_memcg_put(struct ct_memcg *cg)
{
	struct vfsmount *mnt = cg->dir.mnt;

	if (cg->memcg)
		css_put(&cg->memcg->css);
	dput(cg->dir.dentry);
	if (mnt)
		mntput(mnt);
	*cg = (struct ct_memcg){};
}
