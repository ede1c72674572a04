// SPDX-License-Identifier: GPL-2.0
/*
 * The file system type "container".
 *
 *	mount -t container -o SUBSYS,... NAME DIR
 *
 * A super block is a hierarchy.  Each group but the root holds it active, so a
 * hierarchy with groups outlives its last mount; mounting the same subsystems
 * finds it again.
 */
#include <linux/fs_context.h>
#include <linux/fs_parser.h>
#include <linux/module.h>
#include <linux/mount.h>
#include <linux/seq_file.h>
#include <linux/slab.h>
#include <linux/statfs.h>

#include "container/container.h"
#include "resource/controllers.h"
#include "resource/entry.h"
#include "resource/resource.h"

#define CT_FS_MAGIC	0x636f6e74

/**
 * struct options - of a mount
 * @subsys: bits of those named
 * @gone: what %ct_subsys_gone was when the first of them was looked up
 * @all: every one
 * @noprefix: see struct ct_hierarchy
 * @agent: release_agent=; NULL: not given
 */
struct options {
	unsigned long subsys;
	unsigned int gone;
	bool all;
	bool noprefix;
	char *agent;
};

static struct kmem_cache *inode_cache;
/* Counts, and wakes: somebody has got his file system, or got rid of it. */
static atomic_t sb_changes = ATOMIC_INIT(0);
static DECLARE_WAIT_QUEUE_HEAD(sb_wait);

static void sb_changed(void)
{
	atomic_inc(&sb_changes);
	wake_up_all(&sb_wait);
}

/* -- inodes ---------------------------------------------------------------------- */

static struct inode *fs_alloc_inode(struct super_block *sb)
{
	struct ct_rinode *ri = alloc_inode_sb(sb, inode_cache, GFP_KERNEL);

	if (!ri)
		return NULL;
	ri->group = NULL;
	ri->css = NULL;
	ri->file = NULL;
	ri->event = 0;
	ri->changed = false;
	init_waitqueue_head(&ri->poll);
	return &ri->vfs;
}

static void fs_free_inode(struct inode *inode)
{
	kmem_cache_free(inode_cache, ct_rinode(inode));
}

static void fs_evict_inode(struct inode *inode)
{
	struct ct_rinode *ri = ct_rinode(inode);

	truncate_inode_pages_final(&inode->i_data);
	clear_inode(inode);
	if (S_ISDIR(inode->i_mode) && ri->group) {
		kfree(ri->group->files);
		ri->group->files = NULL;
	}
	if (ri->css)
		container_css_put(ri->css);
	if (ri->group)
		ct_rgroup_put(ri->group);
}

static void inode_once(void *p)
{
	inode_init_once(&((struct ct_rinode *)p)->vfs);
}

static int fs_show_options(struct seq_file *m, struct dentry *root)
{
	struct ct_hierarchy *h = root->d_sb->s_fs_info;
	const char *agent;

	/* Not ct_rmutex: the caller may hold locks that are inside of it. */
	rcu_read_lock();
	if (READ_ONCE(h->subsys))
		seq_putc(m, ',');
	ct_hierarchy_names(m, READ_ONCE(h->subsys), ",");
	agent = READ_ONCE(h->agent);
	if (h->noprefix)
		seq_puts(m, ",noprefix");
	if (agent)
		seq_show_option(m, "release_agent", agent);
	rcu_read_unlock();
	return 0;
}

static const struct super_operations fs_super_ops = {
	.alloc_inode = fs_alloc_inode,
	.free_inode = fs_free_inode,
	.evict_inode = fs_evict_inode,
	.statfs = simple_statfs,
	.drop_inode = generic_delete_inode,
	.show_options = fs_show_options,
};

/* -- options ------------------------------------------------------------------------ */

static int add_subsys(struct fs_context *fc, const char *name)
{
	struct options *o = fc->fs_private;
	int id;

	mutex_lock(&ct_rmutex);
	id = ct_subsys_find(name);
	if (!o->subsys)
		o->gone = ct_subsys_gone;
	mutex_unlock(&ct_rmutex);
	if (id < 0) {
		errorf(fc, "there is no subsystem %s", name);
		return -ENOENT;
	}
	__set_bit(id, &o->subsys);
	return 0;
}

static int set_agent(struct fs_context *fc, struct fs_parameter *param)
{
	struct options *o = fc->fs_private;

	if (o->agent)
		return invalf(fc, "release_agent is given twice");
	if (strlen(param->string) >= CT_AGENT_MAX)
		return -ENAMETOOLONG;
	o->agent = param->string;
	param->string = NULL;
	return 0;
}

static int fs_parse_param(struct fs_context *fc, struct fs_parameter *param)
{
	struct options *o = fc->fs_private;
	int err = vfs_parse_fs_param_source(fc, param);

	if (err != -ENOPARAM)
		return err;
	if (!strcmp(param->key, "release_agent")) {
		if (param->type != fs_value_is_string)
			return invalf(fc, "release_agent= wants a path");
		return set_agent(fc, param);
	}
	/* mount(2) gives words without a value as empty strings. */
	if (param->type != fs_value_is_flag &&
	    !(param->type == fs_value_is_string && !*param->string))
		return invalf(fc, "%s takes no value", param->key);
	if (!strcmp(param->key, "all"))
		o->all = true;
	else if (!strcmp(param->key, "noprefix"))
		o->noprefix = true;
	else
		return add_subsys(fc, param->key);
	return 0;
}

/* As the kernel's own, which overlooks a word that is missing. */
static int fs_parse_monolithic(struct fs_context *fc, void *data)
{
	const char *s = data;

	if (s && *s && (*s == ',' || strstr(s, ",,") || s[strlen(s) - 1] == ','))
		return invalf(fc, "an empty word among the options");
	return generic_parse_monolithic(fc, data);
}

/* What is asked for; ct_rmutex is held. */
static int wanted_subsys(struct fs_context *fc, unsigned long *subsys)
{
	struct options *o = fc->fs_private;

	if (o->all && o->subsys)
		return invalf(fc, "all, or some?");
	*subsys = o->subsys ?: ct_subsys_all();
	if (!*subsys) {
		errorf(fc, "there are no subsystems");
		return -ENOENT;
	}
	if (o->subsys && o->gone != ct_subsys_gone) {
		errorf(fc, "a subsystem has been unregistered meanwhile");
		return -ENOENT;
	}
	return 0;
}

/* -- mounting ------------------------------------------------------------------------- */

/*
 * The hierarchy with exactly these subsystems.
 *
 * ct_rmutex is held.  Return: it; NULL: none has any of them; -EBUSY: one has
 * some of them.
 */
static struct ct_hierarchy *find_hierarchy(unsigned long subsys)
{
	unsigned int i;

	for (i = 1; i <= CT_HIERARCHIES_MAX; i++) {
		struct ct_hierarchy *h = ct_hierarchies[i];

		if (!h || !(h->subsys & subsys))
			continue;
		return h->subsys == subsys ? h : ERR_PTR(-EBUSY);
	}
	return NULL;
}

static int fill_root(struct super_block *sb, struct ct_hierarchy *h)
{
	struct inode *inode;
	int err;

	inode = ct_inode_create(sb, h->root, S_IFDIR | 0755);
	if (!inode)
		return -ENOMEM;
	/* Whoever mounts it first: root's. */
	inode->i_uid = GLOBAL_ROOT_UID;
	inode->i_gid = GLOBAL_ROOT_GID;
	sb->s_root = d_make_root(inode);
	if (!sb->s_root)
		return -ENOMEM;
	mutex_lock(&ct_rmutex);
	err = ct_files_build(h->root, sb->s_root, h->subsys, true);
	if (!err) {
		ct_files_show(h->root);
		WRITE_ONCE(h->root->dentry, sb->s_root);
		h->sb = sb;
	}
	mutex_unlock(&ct_rmutex);
	return err;
}

static int pid_groups(struct fs_context *fc, struct ct_hierarchy *h)
{
	int err = ct_pid_groups_make(h);

	if (err == -EEXIST)
		errorf(fc, "a pid container has the name of a file of all groups");
	return err;
}

static int new_super(struct fs_context *fc, struct ct_hierarchy *h)
{
	struct super_block *sb;
	int err;

	fc->s_fs_info = h;
	sb = sget_fc(fc, NULL, set_anon_super_fc);
	if (IS_ERR(sb)) {
		fc->s_fs_info = NULL;
		ct_hierarchy_end(h);
		sb_changed();
		return PTR_ERR(sb);
	}
	/* From here on fs_kill_super() ends the hierarchy. */
	sb->s_blocksize = PAGE_SIZE;
	sb->s_blocksize_bits = PAGE_SHIFT;
	sb->s_magic = CT_FS_MAGIC;
	sb->s_op = &fs_super_ops;
	sb->s_time_gran = 1;
	sb->s_iflags |= SB_I_NOEXEC | SB_I_NODEV;
	err = fill_root(sb, h);
	if (!err)
		err = pid_groups(fc, h);
	if (err) {
		deactivate_locked_super(sb);
		return err;
	}
	sb->s_flags |= SB_ACTIVE;
	fc->root = dget(sb->s_root);
	sb_changed();
	return 0;
}

/* Nobody can end the hierarchy now. ct_rmutex is held. */
static bool hold_super(struct ct_hierarchy *h)
{
	return h->sb && atomic_inc_not_zero(&h->sb->s_active);
}

static int old_super(struct fs_context *fc, struct super_block *sb)
{
	struct options *o = fc->fs_private;
	struct ct_hierarchy *h = sb->s_fs_info;

	/* Waits for the one who has made it to be through. */
	down_write(&sb->s_umount);
	if (!sb->s_root || !(sb->s_flags & SB_ACTIVE)) {
		deactivate_locked_super(sb);
		return -EAGAIN;
	}
	if (o->noprefix != h->noprefix) {
		errorf(fc, "mounted already, %s noprefix",
		       h->noprefix ? "with" : "without");
		deactivate_locked_super(sb);
		return -EBUSY;
	}
	fc->root = dget(sb->s_root);
	return 0;
}

/*
 * One round: find or make it.  -EAGAIN: somebody is just making it, or unmounts
 * it for the last time.
 */
static int try_get_tree(struct fs_context *fc, int *changes)
{
	struct options *o = fc->fs_private;
	struct super_block *sb = NULL;
	struct ct_hierarchy *h;
	unsigned long subsys;
	int err;

	mutex_lock(&ct_rmutex);
	*changes = atomic_read(&sb_changes);
	err = wanted_subsys(fc, &subsys);
	if (err)
		goto out;
	h = find_hierarchy(subsys);
	if (IS_ERR(h)) {
		errorf(fc, "another hierarchy has some of these subsystems");
		err = PTR_ERR(h);
		goto out;
	}
	if (h) {
		sb = h->sb;
		err = hold_super(h) ? 0 : -EAGAIN;
		goto out;
	}
	h = ct_hierarchy_create(subsys, o->noprefix);
	err = PTR_ERR_OR_ZERO(h);
	if (err == -ENOSPC)
		errorf(fc, "there are %d hierarchies already",
		       CT_HIERARCHIES_MAX);
	if (!err) {
		h->agent = o->agent;
		o->agent = NULL;
	}
out:
	mutex_unlock(&ct_rmutex);
	if (err)
		return err;
	return sb ? old_super(fc, sb) : new_super(fc, h);
}

static int fs_get_tree(struct fs_context *fc)
{
	int err, changes;

	for (;;) {
		/* The groups of pid containers that there are belong to it. */
		ct_containers_lock();
		err = try_get_tree(fc, &changes);
		ct_containers_unlock();
		if (err != -EAGAIN)
			return err;
		err = wait_event_killable(sb_wait,
					  atomic_read(&sb_changes) != changes);
		if (err)
			return err;
	}
}

/*
 * The last user has gone, and there are no groups but the root; or it could not
 * be made.  s_umount is held.
 */
static void fs_kill_super(struct super_block *sb)
{
	struct ct_hierarchy *h = sb->s_fs_info;

	mutex_lock(&ct_rmutex);
	h->sb = NULL;
	h->root->dead = true;
	WRITE_ONCE(h->root->dentry, NULL);
	if (h->root->nr_files)
		ct_files_forget(h->root);
	mutex_unlock(&ct_rmutex);
	kill_litter_super(sb);
	ct_hierarchy_end(h);
	sb_changed();
}

/* -- remounting -------------------------------------------------------------------------- */

/* Which are in no hierarchy yet, and which no more; ct_rmutex is held. */
static int remount_check(struct fs_context *fc, struct ct_hierarchy *h,
			 unsigned long *add, unsigned long *take)
{
	struct options *o = fc->fs_private;
	struct container_subsys *ss;
	unsigned long subsys;
	unsigned int id;
	int err;

	*add = 0;
	*take = 0;
	if (o->noprefix && !h->noprefix)
		return invalf(fc, "noprefix cannot be changed");
	/* Only release_agent=, or flags of the mount: the rest stays. */
	if (!o->all && !o->subsys)
		return 0;
	err = wanted_subsys(fc, &subsys);
	if (err)
		return err;
	*add = subsys & ~h->subsys;
	*take = h->subsys & ~subsys;
	if (test_bit(ct_pidspace.id, add) || test_bit(ct_pidspace.id, take)) {
		errorf(fc, "pidspace comes and goes with its hierarchy");
		return -EBUSY;
	}
	if ((*add || *take) && h->nr_groups > 1) {
		errorf(fc, "the subsystems of a hierarchy with groups stay");
		return -EBUSY;
	}
	for_each_subsys(ss, id, *add) {
		if (ss->hierarchy) {
			errorf(fc, "%s is in another hierarchy",
			       ss->name);
			return -EBUSY;
		}
	}
	return 0;
}

static int remount_locked(struct fs_context *fc, struct ct_hierarchy *h,
			  unsigned int *gone)
{
	unsigned long add, take;
	int err;

	err = remount_check(fc, h, &add, &take);
	if (err)
		return err;
	err = ct_hierarchy_add(h, add);
	if (err)
		return err;
	err = ct_files_build(h->root, h->sb->s_root, add, false);
	if (err) {
		ct_hierarchy_take(h, add);
		return err;
	}
	ct_files_show(h->root);
	*gone = ct_files_hide(h->root, take, false);
	ct_hierarchy_take(h, take);
	return 0;
}

static int fs_reconfigure(struct fs_context *fc)
{
	struct super_block *sb = fc->root->d_sb;
	struct inode *dir = d_inode(sb->s_root);
	struct ct_hierarchy *h = sb->s_fs_info;
	struct options *o = fc->fs_private;
	unsigned int gone = 0;
	char *old = NULL;
	int err;

	inode_lock(dir);
	mutex_lock(&ct_rmutex);
	err = remount_locked(fc, h, &gone);
	if (!err && o->agent) {
		old = h->agent;
		WRITE_ONCE(h->agent, o->agent);
		o->agent = NULL;
	}
	mutex_unlock(&ct_rmutex);
	ct_files_remove(h->root, gone);
	inode_unlock(dir);
	ct_css_flush();
	if (old)
		synchronize_rcu();
	kfree(old);
	return err;
}

/* -- the type ---------------------------------------------------------------------------- */

static void fs_free_fc(struct fs_context *fc)
{
	struct options *o = fc->fs_private;

	if (o)
		kfree(o->agent);
	kfree(o);
}

static const struct fs_context_operations context_ops = {
	.free = fs_free_fc,
	.parse_param = fs_parse_param,
	.parse_monolithic = fs_parse_monolithic,
	.get_tree = fs_get_tree,
	.reconfigure = fs_reconfigure,
};

static int fs_init_context(struct fs_context *fc)
{
	struct options *o = kzalloc(sizeof(*o), GFP_KERNEL);

	if (!o)
		return -ENOMEM;
	fc->fs_private = o;
	fc->ops = &context_ops;
	return 0;
}

static struct file_system_type fs_type = {
	.owner = THIS_MODULE,
	.name = "container",
	.init_fs_context = fs_init_context,
	.kill_sb = fs_kill_super,
};
MODULE_ALIAS_FS("container");

/** ct_fs_init - at load; 0 or an error */
int ct_fs_init(void)
{
	int err;

	inode_cache = kmem_cache_create("container_inode",
					sizeof(struct ct_rinode), 0,
					SLAB_RECLAIM_ACCOUNT | SLAB_ACCOUNT,
					inode_once);
	if (!inode_cache)
		return -ENOMEM;
	err = register_filesystem(&fs_type);
	if (err)
		kmem_cache_destroy(inode_cache);
	return err;
}

/** ct_fs_unregister - at unload: nobody mounts it any more */
void ct_fs_unregister(void)
{
	unregister_filesystem(&fs_type);
}

/** ct_fs_exit - at unload, after rcu_barrier() */
void ct_fs_exit(void)
{
	kmem_cache_destroy(inode_cache);
}
