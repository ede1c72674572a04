// SPDX-License-Identifier: GPL-2.0
/*
 * /proc/container/NAME/proc: the container's /proc, for who looks from outside.
 *
 * It is an ordinary, empty directory, whose dentry is made an automount point
 * when it is found: the first who goes in has a procfs mounted there that belongs
 * to the container's token, as if it had been mounted from inside. Being a mount
 * it can be bound elsewhere, over /proc for instance. It goes away when it has
 * not been used for a while, and with the container.
 *
 * An automount point takes dentry operations of ours. What must not happen is
 * that a dentry still has them when our text is gone, so we keep track of those
 * dentries, and hold each (and its superblock) until it has its old operations
 * back. That is at the latest when the container ends, which the module outlives.
 * Dentries that have no mount on them any more are let go earlier: they would
 * keep the superblocks of procfs mounts that are long gone.
 *
 * Only in procfs mounts of the initial pid namespace: the view of a container
 * shows no views again, or a walk through all of /proc would never end.
 */
#include <linux/delay.h>
#include <linux/fs.h>
#include <linux/hashtable.h>
#include <linux/jiffies.h>
#include <linux/mount.h>
#include <linux/mutex.h>
#include <linux/pid_namespace.h>
#include <linux/proc_fs.h>
#include <linux/rcupdate.h>
#include <linux/slab.h>
#include <linux/workqueue.h>

#include "hook/handlers.h"
#include "hook/hook.h"
#include "procfs/procfs.h"
#include "procfs/view.h"

/* A mount that nobody has used between two looks goes away. */
#define LOOK_INTERVAL	(10 * HZ)

/**
 * struct view - a dentry that is an automount point
 * @by_id: entry of the table
 * @gone: entry of a list of those that are no more
 * @dentry: the directory; referenced, and its superblock is kept active
 * @ops: the dentry's own operations
 * @id: of the container
 * @used: jiffies when somebody was on the way in last
 */
struct view {
	struct hlist_node by_id;
	struct list_head gone;
	struct dentry *dentry;
	const struct dentry_operations *ops;
	u32 id;
	unsigned long used;
};

/*
 * Protects the tables. Taken in path walks, inside of directories' locks;
 * nothing but the allocator's locks inside.
 */
static DEFINE_MUTEX(views_mutex);
static DEFINE_HASHTABLE(views, 8);
static LIST_HEAD(gone_views);

/* The mounts; the VFS protects the list. */
static LIST_HEAD(view_mounts);

static void look(struct work_struct *work);
static DECLARE_DELAYED_WORK(look_work, look);
static void release_gone(struct work_struct *work);
static DECLARE_WORK(release_work, release_gone);

static struct vfsmount *view_automount(struct path *path);

/*
 * The operations that procfs gives its dentries, and one more. d_delete is about
 * the last reference, which is ours as long as the dentry has these.
 */
static const struct dentry_operations view_ops = {
	.d_revalidate = ct_hook_proc_misc_d_revalidate,
	.d_delete = always_delete_dentry,
	.d_automount = view_automount,
};

/* Names of procfs' entries never change. */
static bool is_view(const struct dentry *dentry)
{
	const struct inode *dir = d_inode(READ_ONCE(dentry->d_parent));

	return d_is_dir(dentry) && !pde_data(d_inode(dentry)) && dir &&
	       pde_data(dir) == ct_entry_data(ct_entry_id(dir)) &&
	       !strcmp(dentry->d_name.name, CT_VIEW_NAME);
}

/* The container of a view. */
static u32 view_id(const struct dentry *dentry)
{
	return ct_entry_id(d_inode(READ_ONCE(dentry->d_parent)));
}

static bool is_automount(const struct dentry *dentry)
{
	return READ_ONCE(dentry->d_flags) & DCACHE_NEED_AUTOMOUNT;
}

/* Called with views_mutex held. */
static struct view *find_view(const struct dentry *dentry)
{
	struct view *v;

	hash_for_each_possible(views, v, by_id, view_id(dentry))
		if (v->dentry == dentry)
			return v;
	return NULL;
}

/**
 * ct_view_mkdir - make the directory
 * @c: the container, whose own directory is there
 *
 * It is of the kind that is always empty: otherwise a mount on it would keep
 * user namespaces from mounting a procfs, as if it hid something. That kind is
 * made by its path from the root of procfs.
 *
 * Context: may sleep.
 * Return: 0 or -ENOMEM.
 */
int ct_view_mkdir(const struct ct_container *c)
{
	const struct ct_container *names[CT_DEPTH_MAX];
	struct proc_dir_entry *entry;
	size_t size, len;
	char *path;
	int n = 0;

	for (; c; c = ct_container_parent(c))
		names[n++] = c;
	size = 2 * sizeof(CT_PROC_NAME) + n * (CT_NAME_MAX + 1) +
	       sizeof(CT_VIEW_NAME) + 1;
	path = kmalloc(size, GFP_KERNEL);
	if (!path)
		return -ENOMEM;
	/* The directory of containers is below the file, see root.c. */
	len = scnprintf(path, size, CT_PROC_NAME "/" CT_PROC_NAME);
	while (n--)
		len += scnprintf(path + len, size - len, "/%s", names[n]->name);
	scnprintf(path + len, size - len, "/" CT_VIEW_NAME);
	entry = proc_create_mount_point(path);
	kfree(path);
	return entry ? 0 : -ENOMEM;
}

/* Make @dentry an automount point. Called with views_mutex held. */
static void view_add(struct dentry *dentry, u32 id)
{
	struct view *v;

	if (d_unhashed(dentry) || is_automount(dentry))
		return;
	/* Who walks through the dentry tries again. */
	v = kzalloc(sizeof(*v), GFP_KERNEL);
	if (!v)
		return;
	if (!atomic_inc_not_zero(&dentry->d_sb->s_active)) {
		kfree(v);
		return;
	}
	v->dentry = dget(dentry);
	v->id = id;
	v->used = jiffies;
	v->ops = dentry->d_op;
	hash_add(views, &v->by_id, id);

	spin_lock(&dentry->d_lock);
	WRITE_ONCE(dentry->d_op, &view_ops);
	/* Walkers test the flag and then use the pointer. */
	smp_wmb();
	WRITE_ONCE(dentry->d_flags, dentry->d_flags | DCACHE_NEED_AUTOMOUNT);
	spin_unlock(&dentry->d_lock);
	queue_delayed_work(system_unbound_wq, &look_work, LOOK_INTERVAL);
}

/**
 * ct_view_found - a walk has found an entry of procfs
 * @dentry: positive, with an inode of a struct proc_dir_entry
 *
 * Called for every use of a dentry, so that an automount point is one before
 * anybody goes in.
 *
 * Context: may sleep; path walk, but not RCU-walk.
 */
void ct_view_found(struct dentry *dentry)
{
	struct ct_container *c;
	u32 id;

	if (!is_view(dentry) || is_automount(dentry) ||
	    proc_pid_ns(dentry->d_sb) != &init_pid_ns)
		return;

	ct_hook_enter();
	id = view_id(dentry);
	c = ct_container_get(id);
	if (c) {
		mutex_lock(&views_mutex);
		/*
		 * A container that is alive here will be removed later, and
		 * what is added now be found then.
		 */
		if (ct_container_alive(c))
			view_add(dentry, id);
		mutex_unlock(&views_mutex);
		ct_container_put(c);
	}
	ct_hook_leave();
}

/* Where @dentry is the mount point. */
static struct vfsmount *mount_view(struct dentry *dentry,
				   struct pid_namespace *token)
{
	const struct proc_fs_info *above = proc_sb_info(dentry->d_sb);
	struct pid_namespace *old;
	struct proc_fs_info *info;
	struct vfsmount *mnt;

	mnt = vfs_submount(dentry, dentry->d_sb->s_type, "proc", NULL);
	if (IS_ERR(mnt))
		return mnt;
	/* procfs has taken it from current's pid namespace. */
	if (mnt->mnt_sb->s_user_ns != &init_user_ns) {
		mntput(mnt);
		return ERR_PTR(-EPERM);
	}
	/* Nobody has seen the superblock yet. */
	info = proc_sb_info(mnt->mnt_sb);
	old = info->pid_ns;
	info->pid_ns = get_pid_ns(token);
	put_pid_ns(old);
	/* It must not show what the /proc it is in hides. */
	info->hide_pid = above->hide_pid;
	info->pid_gid = above->pid_gid;
	return mnt;
}

/* The VFS calls this for who goes into the directory. */
static struct vfsmount *view_automount(struct path *path)
{
	struct vfsmount *mnt = ERR_PTR(-ENOENT);
	struct ct_container *c;
	struct view *v;

	ct_hook_enter();
	c = ct_container_get(view_id(path->dentry));
	if (c && ct_visible(c)) {
		mutex_lock(&views_mutex);
		v = find_view(path->dentry);
		if (v)
			v->used = jiffies;
		mutex_unlock(&views_mutex);
		mnt = mount_view(path->dentry, c->space.token);
	}
	if (c)
		ct_container_put(c);
	if (!IS_ERR(mnt)) {
		/* One reference for the VFS' caller, one for the tree. */
		mntget(mnt);
		mnt_set_expiry(mnt, &view_mounts);
		queue_delayed_work(system_unbound_wq, &look_work, LOOK_INTERVAL);
	}
	ct_hook_leave();
	return mnt;
}

/*
 * Give dentries back that are not used by walks any more. Those who saw the flag
 * have used the pointer when they have slept; see also ct_procfs_exit().
 */
static void release_gone(struct work_struct *work)
{
	struct view *v, *next;
	LIST_HEAD(list);

	mutex_lock(&views_mutex);
	list_splice_init(&gone_views, &list);
	mutex_unlock(&views_mutex);

	synchronize_rcu();
	synchronize_rcu_tasks();
	list_for_each_entry_safe(v, next, &list, gone) {
		struct super_block *sb = v->dentry->d_sb;

		WRITE_ONCE(v->dentry->d_op, v->ops);
		dput(v->dentry);
		deactivate_super(sb);
		kfree(v);
	}
}

/* No automount points any more; what is mounted there is detached. */
static void views_drop(struct list_head *list)
{
	struct view *v;

	if (list_empty(list))
		return;
	list_for_each_entry(v, list, gone) {
		struct dentry *dentry = v->dentry;

		/* From here on nothing can be mounted there... */
		d_invalidate(dentry);
		/* ...and nobody finds it, so the flag does not come back. */
		spin_lock(&dentry->d_lock);
		WRITE_ONCE(dentry->d_flags,
			   dentry->d_flags & ~DCACHE_NEED_AUTOMOUNT);
		spin_unlock(&dentry->d_lock);
	}
	mutex_lock(&views_mutex);
	list_splice(list, &gone_views);
	mutex_unlock(&views_mutex);
	queue_work(system_unbound_wq, &release_work);
}

/* Now and then: what has not been used for a while goes. */
static void look(struct work_struct *work)
{
	struct hlist_node *tmp;
	struct view *v;
	LIST_HEAD(idle);
	bool again;
	int bkt;

	mark_mounts_for_expiry(&view_mounts);
	mutex_lock(&views_mutex);
	hash_for_each_safe(views, bkt, tmp, v, by_id) {
		if (d_mountpoint(v->dentry) ||
		    time_before(jiffies, v->used + LOOK_INTERVAL))
			continue;
		hash_del(&v->by_id);
		list_add(&v->gone, &idle);
	}
	again = !hash_empty(views) || !list_empty(&view_mounts);
	mutex_unlock(&views_mutex);
	views_drop(&idle);
	if (again)
		queue_delayed_work(system_unbound_wq, &look_work, LOOK_INTERVAL);
}

/**
 * ct_views_remove - a container has come to its end
 * @id: of the container, which has no tasks any more
 *
 * Its views are detached wherever they are mounted; who has files open there
 * reads an empty container.
 *
 * Context: may sleep.
 */
void ct_views_remove(u32 id)
{
	struct hlist_node *tmp;
	struct view *v;
	LIST_HEAD(list);

	mutex_lock(&views_mutex);
	hash_for_each_possible_safe(views, v, tmp, by_id, id) {
		if (v->id != id)
			continue;
		hash_del(&v->by_id);
		list_add(&v->gone, &list);
	}
	mutex_unlock(&views_mutex);
	views_drop(&list);
}

/**
 * ct_views_exit - leave nothing of ours in the dentry cache
 *
 * Context: may sleep; after ct_hooks_exit(), so that nothing is added. The
 * caller waits for those who have read the operations.
 */
void ct_views_exit(void)
{
	cancel_delayed_work_sync(&look_work);
	/* A mount for which it was too late is thrown away by who made it. */
	while (!list_empty(&view_mounts)) {
		mark_mounts_for_expiry(&view_mounts);
		msleep(20);
	}
	flush_work(&release_work);
	WARN_ON(!hash_empty(views));
}
