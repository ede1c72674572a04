// SPDX-License-Identifier: GPL-2.0
/*
 * "self" for who looks at a container from outside.
 *
 * In the procfs of another pid namespace the kernel has no self for a reader, and
 * then ps(1) and top(1) give up at once, as does all that goes through /dev/fd.
 * In a container's procfs self leads such a reader to where it leads him in the
 * host's: to his own directory. readlink(2) still says ENOENT, as there is no
 * number to tell.
 *
 * The host's procfs is a mount of our own, which appears in no mount namespace. As
 * everywhere a contained reader sees it in his own numbers. What the reader gets is
 * a mount of his directory alone: ".." must lead no further, since the reader may be
 * one who is not to see the host's processes.
 */
#include <linux/err.h>
#include <linux/fs.h>
#include <linux/fs_context.h>
#include <linux/mount.h>
#include <linux/pid_namespace.h>
#include <linux/proc_fs.h>
#include <linux/sched.h>

#include "compat/namei.h"
#include "hook/handlers.h"
#include "hook/hook.h"
#include "hook/symbols.h"
#include "pidspace/space.h"
#include "procfs/view.h"

DEFINE_STATIC_CALL_NULL(ct_orig_proc_self_get_link, proc_self_get_link);
DEFINE_STATIC_CALL_NULL(ct_orig_proc_thread_self_get_link,
			proc_thread_self_get_link);

static struct vfsmount *host_proc;

/* A mount of @dentry that nobody else has, and of what is below it. */
static struct vfsmount *mount_alone(struct dentry *dentry)
{
	struct super_block *sb = dentry->d_sb;
	struct vfsmount *mnt;
	struct fs_context *fc;

	fc = fs_context_for_mount(sb->s_type, SB_KERNMOUNT);
	if (IS_ERR(fc))
		return ERR_CAST(fc);
	/* What vfs_get_tree() would do for a new superblock. */
	atomic_inc(&sb->s_active);
	fc->root = dget(dentry);
	mnt = vfs_create_mount(fc);
	put_fs_context(fc);
	return mnt;
}

/*
 * Go to current's directory in the host's procfs. Returns NULL after that, as
 * get_link() does when there is no text to follow.
 */
static const char *jump(bool thread)
{
	bool inside = ct_current_ns();
	struct path path, alone;
	char name[32];
	int err;

	snprintf(name, sizeof(name), thread ? "%d/task/%d" : "%d",
		 inside ? task_tgid_vnr(current) : current->tgid,
		 inside ? task_pid_vnr(current) : current->pid);
	err = vfs_path_lookup(host_proc->mnt_root, host_proc, name, 0, &path);
	if (err)
		return ERR_PTR(err);
	alone.mnt = mount_alone(path.dentry);
	path_put(&path);
	if (IS_ERR(alone.mnt))
		return ERR_CAST(alone.mnt);
	alone.dentry = dget(alone.mnt->mnt_root);
	return ERR_PTR(static_call(ct_nd_jump_link)(&alone));
}

/* Has current no number in the container that a procfs belongs to? */
static bool is_outsider(const struct inode *inode)
{
	return !task_tgid_nr_ns(current, proc_pid_ns(inode->i_sb));
}

/* Reached in the procfs of a container only. */
const char *ct_hook_proc_self_get_link(struct dentry *dentry,
				       struct inode *inode,
				       struct delayed_call *done)
{
	const char *ret;

	ct_hook_enter();
	if (!is_outsider(inode) || !current->nameidata)
		ret = static_call(ct_orig_proc_self_get_link)(dentry, inode,
							      done);
	else if (!dentry)
		ret = ERR_PTR(-ECHILD);		/* RCU-walk */
	else
		ret = jump(false);
	ct_hook_leave();
	return ret;
}

/* The same. */
const char *ct_hook_proc_thread_self_get_link(struct dentry *dentry,
					      struct inode *inode,
					      struct delayed_call *done)
{
	const char *ret;

	ct_hook_enter();
	if (!is_outsider(inode) || !current->nameidata)
		ret = static_call(ct_orig_proc_thread_self_get_link)(dentry,
								     inode,
								     done);
	else if (!dentry)
		ret = ERR_PTR(-ECHILD);
	else
		ret = jump(true);
	ct_hook_leave();
	return ret;
}

/**
 * ct_self_init - get hold of the host's procfs
 * @type: procfs
 *
 * Context: may sleep; at load.
 * Return: 0 or -ENOMEM.
 */
int ct_self_init(struct file_system_type *type)
{
	struct vfsmount *mnt = kern_mount(type);
	struct proc_fs_info *info;
	struct pid_namespace *old;

	if (IS_ERR(mnt))
		return PTR_ERR(mnt);
	/* Whoever loads us may be in a pid namespace. */
	info = proc_sb_info(mnt->mnt_sb);
	old = info->pid_ns;
	info->pid_ns = &init_pid_ns;
	put_pid_ns(old);
	host_proc = mnt;
	return 0;
}

/**
 * ct_self_exit - let go of it
 *
 * Context: may sleep; after ct_hooks_exit().
 */
void ct_self_exit(void)
{
	if (host_proc)
		kern_unmount(host_proc);
}
