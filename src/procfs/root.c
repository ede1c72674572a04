// SPDX-License-Identifier: GPL-2.0
/*
 * One name that is both a file and a directory, and numbers that mean another
 * process to another reader.
 *
 * The file is an ordinary entry of /proc, the directory one below the file, where
 * no path leads.  A walk that needs a directory there (a slash behind the name,
 * chdir, O_DIRECTORY) and comes upon the file's dentry has it rejected by
 * d_revalidate; the lookup that follows returns the directory's dentry instead,
 * which has the same name and another hash.
 *
 * While there are containers, the root dentry of every procfs mount, which has no
 * dentry operations of its own, gets one: d_hash. The VFS calls it for every
 * component right below /proc, in RCU-walk too:
 *
 *  - a number looked up by a contained task is mixed with its container, so that
 *    each viewer's "1" is a dentry of its own: no confusion, no eviction of one
 *    viewer's by another's;
 *  - "container" with a slash behind it gets the directory's hash right away, so
 *    that walks into the directory and uses of the file do not disturb each other.
 */
#include <linux/dcache.h>
#include <linux/fs.h>
#include <linux/fs_context.h>
#include <linux/hash.h>
#include <linux/namei.h>
#include <linux/proc_fs.h>
#include <linux/rcupdate.h>
#include <linux/rwsem.h>

#include "hook/handlers.h"
#include "hook/hook.h"
#include "hook/symbols.h"
#include "procfs/procfs.h"
#include "procfs/view.h"

DEFINE_STATIC_CALL_NULL(ct_orig_proc_root_lookup, proc_root_lookup);
DEFINE_STATIC_CALL_NULL(ct_orig_proc_misc_d_revalidate, proc_misc_d_revalidate);
DEFINE_STATIC_CALL_NULL(ct_orig_proc_fill_super, proc_fill_super);

#define NAME_LEN	(sizeof(CT_PROC_NAME) - 1)
/* Everybody may read; writing is refused by capability, with a sentence. */
#define CONTROL_MODE	0666
#define SLASH_SALT	0x5bd1e995U

/*
 * The file, and with it the directory; NULL before and after. Lookups that use
 * it hold the semaphore: the hook is armed before there is an entry, and for a
 * while after. Taken inside the root directory's lock; nothing but procfs' own
 * locks inside.
 */
static struct proc_dir_entry *control_file;
static DECLARE_RWSEM(control_sem);

static struct file_system_type *proc_type;

static bool is_our_name(const struct qstr *name)
{
	return name->len == NAME_LEN &&
	       !memcmp(name->name, CT_PROC_NAME, NAME_LEN);
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/*
 * @name is a component of a longer string, so the character behind it can be
 * read. No sleeping, no locks: RCU-walk.
 */
static int ct_d_hash(const struct dentry *root, struct qstr *name)
{
	struct pid_namespace *ns;

	if (is_digit(name->name[0])) {
		ns = ct_current_ns();
		if (ns)
			name->hash ^= hash_ptr(ns, 32);
	} else if (is_our_name(name) && name->name[NAME_LEN] == '/') {
		name->hash ^= SLASH_SALT;
	}
	return 0;
}

static const struct dentry_operations ct_root_ops = {
	.d_hash = ct_d_hash,
};

/* The hash of the directory's name below @root. */
static u32 dir_hash(const struct dentry *root)
{
	return full_name_hash(root, CT_PROC_NAME, NAME_LEN) ^ SLASH_SALT;
}

/*
 * The directory's dentry, for a caller that did not name it with a slash. Two
 * callers at a time may make two of it, which does no harm.
 */
static struct dentry *find_dir(struct inode *dir, struct dentry *root)
{
	struct qstr name = QSTR_INIT(CT_PROC_NAME, NAME_LEN);
	struct dentry *dentry, *ret;

	name.hash = dir_hash(root);
	dentry = d_lookup(root, &name);
	if (dentry) {
		/* It may be that of a module that was here before. */
		if (d_is_dir(dentry) &&
		    static_call(ct_orig_proc_misc_d_revalidate)(dentry, 0) > 0)
			return dentry;
		d_invalidate(dentry);
		dput(dentry);
	}
	dentry = d_alloc(root, &name);
	if (!dentry)
		return ERR_PTR(-ENOMEM);
	ret = static_call(ct_proc_lookup_de)(dir, dentry, control_file);
	if (!ret)
		return dentry;
	dput(dentry);
	return ret;
}

/* Look up the directory for @dentry. Return: -ENOENT if there is none. */
static struct dentry *lookup_dir(struct inode *dir, struct dentry *dentry)
{
	struct dentry *ret = ERR_PTR(-ENOENT);

	down_read(&control_sem);
	if (control_file) {
		if (dentry->d_name.hash == dir_hash(dentry->d_parent))
			ret = static_call(ct_proc_lookup_de)(dir, dentry,
							     control_file);
		else
			ret = find_dir(dir, dentry->d_parent);
	}
	up_read(&control_sem);
	return ret;
}

static struct dentry *root_lookup(struct inode *dir, struct dentry *dentry,
				  unsigned int flags)
{
	const struct proc_fs_info *info = proc_sb_info(dir->i_sb);

	if (is_our_name(&dentry->d_name) && info->pidonly != PROC_PIDONLY_ON &&
	    ((flags & (LOOKUP_DIRECTORY | LOOKUP_PARENT)) ||
	     dentry->d_name.hash == dir_hash(dentry->d_parent)))
		return lookup_dir(dir, dentry);
	return static_call(ct_orig_proc_root_lookup)(dir, dentry, flags);
}

struct dentry *ct_hook_proc_root_lookup(struct inode *dir,
					struct dentry *dentry,
					unsigned int flags)
{
	struct dentry *ret;

	ct_hook_enter();
	ret = root_lookup(dir, dentry, flags);
	ct_hook_leave();
	return ret;
}

int ct_hook_proc_misc_d_revalidate(struct dentry *dentry, unsigned int flags)
{
	int ret = static_call(ct_orig_proc_misc_d_revalidate)(dentry, flags);

	if (ret <= 0)
		return ret;
	if ((flags & (LOOKUP_DIRECTORY | LOOKUP_PARENT)) &&
	    pde_data(d_inode(dentry)) == &ct_file_mark)
		return 0;
	return ct_entry_revalidate(dentry);
}

/* Teach a procfs mount. Readers may be in its root already. */
static void root_install(struct super_block *sb, void *unused)
{
	struct dentry *root = sb->s_root;

	if (!root || (root->d_op && root->d_op != &ct_root_ops))
		return;
	spin_lock(&root->d_lock);
	WRITE_ONCE(root->d_op, &ct_root_ops);
	/* Readers test the flag and then use the pointer. */
	smp_wmb();
	WRITE_ONCE(root->d_flags, root->d_flags | DCACHE_OP_HASH);
	spin_unlock(&root->d_lock);
}

/* The pointer stays for those who have seen the flag. */
static void root_clear_flag(struct super_block *sb, void *unused)
{
	struct dentry *root = sb->s_root;

	if (!root || root->d_op != &ct_root_ops)
		return;
	spin_lock(&root->d_lock);
	WRITE_ONCE(root->d_flags, root->d_flags & ~DCACHE_OP_HASH);
	spin_unlock(&root->d_lock);
}

/**
 * ct_roots_watch - begin or end to tell viewers apart
 * @on: there are containers
 *
 * Context: may sleep. At the beginning the hook on proc_fill_super() is armed
 * already, so that no new mount is missed.
 */
void ct_roots_watch(bool on)
{
	iterate_supers_type(proc_type, on ? root_install : root_clear_flag, NULL);
}

static void root_clear_ops(struct super_block *sb, void *unused)
{
	struct dentry *root = sb->s_root;

	if (root && root->d_op == &ct_root_ops)
		WRITE_ONCE(root->d_op, NULL);
}

int ct_hook_proc_fill_super(struct super_block *s, struct fs_context *fc)
{
	int err;

	ct_hook_enter();
	err = static_call(ct_orig_proc_fill_super)(s, fc);
	if (!err)
		root_install(s, NULL);
	ct_hook_leave();
	return err;
}

/**
 * ct_procfs_init - show /proc/container
 *
 * Context: may sleep; at load, with the hooks of CT_HOOK_LOADED armed.
 * Return: 0 or -ENOMEM.
 */
int ct_procfs_init(void)
{
	struct proc_dir_entry *file, *dir;
	int err;

	proc_type = get_fs_type("proc");
	if (!proc_type)
		return -ENODEV;
	err = ct_self_init(proc_type);
	if (err)
		return err;

	file = proc_create_data(CT_PROC_NAME, CONTROL_MODE, NULL,
				&ct_control_ops, (void *)&ct_file_mark);
	if (!file)
		return -ENOMEM;
	dir = proc_mkdir_data(CT_PROC_NAME, 0555, file, (void *)&ct_dir_mark);
	if (!dir || ct_restart_mkfiles(dir)) {
		proc_remove(file);
		return -ENOMEM;
	}
	ct_entries_set_dir(dir);
	down_write(&control_sem);
	control_file = file;
	up_write(&control_sem);
	return 0;
}

/**
 * ct_procfs_remove - take /proc/container away
 *
 * Context: may sleep; waits for those who are using it. Before the hooks go.
 */
void ct_procfs_remove(void)
{
	struct proc_dir_entry *file;

	down_write(&control_sem);
	file = control_file;
	control_file = NULL;
	up_write(&control_sem);
	proc_remove(file);
}

/**
 * ct_procfs_exit - leave no operation of ours in the dentry cache
 *
 * Context: may sleep; after ct_hooks_exit(), so that no mount is added.
 */
void ct_procfs_exit(void)
{
	if (!proc_type)
		return;
	ct_views_exit();
	ct_self_exit();
	iterate_supers_type(proc_type, root_clear_flag, NULL);
	/* Those who saw the flag have used the pointer when they have left... */
	synchronize_rcu();
	synchronize_rcu_tasks();
	/* ...and nobody uses it from here on. */
	iterate_supers_type(proc_type, root_clear_ops, NULL);
}
