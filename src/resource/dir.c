// SPDX-License-Identifier: GPL-2.0
/*
 * Directories are groups.  Their dentries, and those of their files, are held as
 * long as the group is there, as in ramfs.
 *
 * Locks: the VFS holds that of the parent directory's inode, ct_rmutex is inside.
 */
#include <linux/fsnotify.h>
#include <linux/namei.h>
#include <linux/poll.h>
#include <linux/slab.h>

#include "compat/inode.h"
#include "container/container.h"
#include "resource/entry.h"
#include "resource/resource.h"

/**
 * struct ct_rbuild - files on their way into a directory
 * @dir: the directory's dentry; may be negative yet
 * @dentry: theirs
 * @inode: theirs; they go together in ct_files_show()
 * @nr: how many
 * @room: for how many there is
 */
struct ct_rbuild {
	struct dentry *dir;
	struct dentry **dentry;
	struct inode **inode;
	unsigned int nr;
	unsigned int room;
};

/**
 * ct_inode_create - an inode of ours
 * @sb: the file system
 * @group: the group that it belongs to; it gets a reference
 * @mode: type and permissions
 *
 * Return: the inode, current's, with one reference; or NULL: no memory.
 */
struct inode *ct_inode_create(struct super_block *sb, struct ct_rgroup *group,
			      umode_t mode)
{
	struct inode *inode = new_inode(sb);

	if (!inode)
		return NULL;
	inode->i_ino = get_next_ino();
	inode->i_mode = mode;
	/* A pid container's group is root's, whoever goes in first. */
	inode->i_uid = group->container ? GLOBAL_ROOT_UID : current_fsuid();
	inode->i_gid = group->container ? GLOBAL_ROOT_GID : current_fsgid();
	ct_inode_init_times(inode);
	ct_rgroup_get(group);
	ct_rinode(inode)->group = group;
	if (S_ISDIR(mode)) {
		inode->i_op = &ct_dir_inode_ops;
		inode->i_fop = &simple_dir_operations;
		/* Of "." */
		inc_nlink(inode);
	} else {
		inode->i_fop = &ct_file_ops;
	}
	return inode;
}

static umode_t file_mode(const struct container_file *file)
{
	if (file->mode)
		return file->mode;
	if (!file->write)
		return 0444;
	return file->show ? 0644 : 0200;
}

static int build_room(struct ct_rbuild *b)
{
	unsigned int room = max(32u, b->room * 2);
	struct dentry **dentry;
	struct inode **inode;

	if (b->nr < b->room)
		return 0;
	dentry = krealloc(b->dentry, room * sizeof(*dentry), GFP_KERNEL);
	if (!dentry)
		return -ENOMEM;
	b->dentry = dentry;
	inode = krealloc(b->inode, room * sizeof(*inode), GFP_KERNEL);
	if (!inode)
		return -ENOMEM;
	b->inode = inode;
	b->room = room;
	return 0;
}

static bool has_file(const struct container_file *files, const char *name)
{
	for (; files && files->name; files++)
		if (!strcmp(files->name, name))
			return true;
	return false;
}

/*
 * With noprefix, what would be called like a file of ours, or of another
 * subsystem of the hierarchy, keeps its prefix: in the root, too, where the other
 * one may be missing.
 */
static bool is_prefixed(const struct container_css *css,
			const struct container_file *file)
{
	const struct ct_hierarchy *h = css->group->hierarchy;
	const struct container_file * const *own;
	struct container_subsys *ss;
	unsigned long others;
	unsigned int id;

	if (!css->ss || !h->noprefix)
		return css->ss;
	for (own = ct_own_files; *own; own++)
		if (!strcmp((*own)->name, file->name))
			return true;
	others = READ_ONCE(h->subsys) & ~BIT(css->ss->id);
	for_each_subsys(ss, id, others)
		if (has_file(ss->files, file->name))
			return true;
	return false;
}

#define NAME_SIZE	(CONTAINER_SUBSYS_NAME_MAX + CONTAINER_FILE_NAME_MAX + 2)

/* Both lengths were checked when the subsystem was registered. */
static void file_name(char name[NAME_SIZE], const struct container_css *css,
		      const struct container_file *file)
{
	size_t len = 0;

	/* A group has a dozen and more files: snprintf() is several times as dear. */
	if (is_prefixed(css, file)) {
		len = strlen(css->ss->name);
		memcpy(name, css->ss->name, len);
		name[len++] = '.';
	}
	strscpy(name + len, file->name, NAME_SIZE - len);
}

static int build_one(struct ct_rbuild *b, struct container_css *css,
		     const struct container_file *file)
{
	struct ct_rgroup *group = css->group;
	char name[NAME_SIZE];
	struct inode *inode;

	if (file->flags & (group->parent ? CONTAINER_FILE_ROOT_ONLY :
					   CONTAINER_FILE_NO_ROOT))
		return 0;
	if (build_room(b))
		return -ENOMEM;
	file_name(name, css, file);
	inode = ct_inode_create(b->dir->d_sb, group,
				S_IFREG | file_mode(file));
	if (!inode)
		return -ENOMEM;
	ct_rinode(inode)->file = file;
	ct_rinode(inode)->css = css;
	container_css_get(css);
	b->dentry[b->nr] = d_alloc_name(b->dir, name);
	if (!b->dentry[b->nr]) {
		iput(inode);
		return -ENOMEM;
	}
	b->inode[b->nr++] = inode;
	return 0;
}

/* Names that are the same have the same sum. */
static bool is_called(const struct dentry *dentry, const struct dentry *dir,
		      const struct qstr *name)
{
	return dentry->d_name.hash_len == name->hash_len &&
	       d_same_name(dentry, dir, name);
}

static bool built(const struct ct_rgroup *group, const struct ct_rbuild *b)
{
	const struct qstr *name = &b->dentry[b->nr - 1]->d_name;
	unsigned int i;

	for (i = 0; i < group->nr_files; i++)
		if (is_called(group->files[i], b->dir, name))
			return true;
	for (i = 0; i < b->nr - 1; i++)
		if (is_called(b->dentry[i], b->dir, name))
			return true;
	return false;
}

static int build_file(struct container_css *css,
		      const struct container_file *file)
{
	struct ct_rbuild *b = css->group->build;
	unsigned int before = b->nr;
	int err = build_one(b, css, file);

	if (err)
		return err;
	return b->nr > before && built(css->group, b) ? -EEXIST : 0;
}

/**
 * container_add_files - add files to a group
 * @css: its state
 * @files: a table, as &container_subsys.files
 *
 * Context: in the populate callback of @css's subsystem only.
 * Return: 0; -EINVAL: not in populate; -EEXIST: a name is taken; -ENOMEM.
 */
int container_add_files(struct container_css *css,
			const struct container_file *files)
{
	const struct container_file *file;
	int err = 0;

	lockdep_assert_held(&ct_rmutex);
	if (!css->group->build)
		return -EINVAL;
	for (file = files; file->name && !err; file++)
		err = build_file(css, file);
	return err;
}
EXPORT_SYMBOL_GPL(container_add_files);

/**
 * ct_files_build - make the files of a group, which nobody sees yet
 * @group: a group
 * @dir: dentry of its directory
 * @subsys: those of these subsystems
 * @own: and those that every group has
 *
 * Context: ct_rmutex held.
 * Return: 0, and ct_files_show() or ct_files_abandon() has to follow; or
 * -EEXIST: two have the same name; -ENOMEM; what populate says.
 */
int ct_files_build(struct ct_rgroup *group, struct dentry *dir,
		   unsigned long subsys, bool own)
{
	const struct container_file * const *file;
	struct container_subsys *ss;
	unsigned int id;
	int err = 0;

	lockdep_assert_held(&ct_rmutex);
	group->build = kzalloc(sizeof(*group->build), GFP_KERNEL);
	if (!group->build)
		return -ENOMEM;
	group->build->dir = dir;
	for (file = ct_own_files; own && *file && !err; file++)
		err = build_file(&group->self, *file);
	for_each_subsys(ss, id, subsys) {
		if (!err && ss->files)
			err = container_add_files(group->css[id], ss->files);
		if (!err && ss->populate)
			err = ss->populate(group->css[id]);
	}
	if (!err) {
		/* Room, so that ct_files_show() cannot fail. */
		struct dentry **files;

		files = krealloc(group->files,
				 (group->nr_files + group->build->nr) *
				 sizeof(*files), GFP_KERNEL);
		if (files)
			group->files = files;
		else
			err = -ENOMEM;
	}
	if (err)
		ct_files_abandon(group);
	return err;
}

static void build_free(struct ct_rgroup *group)
{
	kfree(group->build->dentry);
	kfree(group->build->inode);
	kfree(group->build);
	group->build = NULL;
}

/**
 * ct_files_abandon - free files that nobody has seen
 * @group: the group
 *
 * Context: ct_rmutex held.
 */
void ct_files_abandon(struct ct_rgroup *group)
{
	struct ct_rbuild *b = group->build;
	unsigned int i;

	for (i = 0; i < b->nr; i++) {
		dput(b->dentry[i]);
		iput(b->inode[i]);
	}
	build_free(group);
}

/**
 * ct_files_show - put the files into the directory
 * @group: the group, whose directory is positive by now
 *
 * Context: ct_rmutex held.
 */
void ct_files_show(struct ct_rgroup *group)
{
	struct ct_rbuild *b = group->build;
	unsigned int i;

	for (i = 0; i < b->nr; i++)
		d_add(b->dentry[i], b->inode[i]);
	spin_lock_irq(&ct_notify_lock);
	for (i = 0; i < b->nr; i++)
		group->files[group->nr_files++] = b->dentry[i];
	spin_unlock_irq(&ct_notify_lock);
	build_free(group);
}

/**
 * ct_files_hide - begin to take files out of a directory
 * @group: the group
 * @subsys: those of these subsystems
 * @own: and those that every group has
 *
 * Context: ct_rmutex held, and the lock of the directory's inode.
 * Return: how many, for ct_files_remove().
 */
unsigned int ct_files_hide(struct ct_rgroup *group, unsigned long subsys,
			   bool own)
{
	unsigned int i, k = 0, nr = group->nr_files;

	spin_lock_irq(&ct_notify_lock);
	for (i = 0; i < nr; i++) {
		struct container_css *css;
		bool goes;

		css = ct_rinode(d_inode(group->files[i]))->css;
		goes = css->ss ? test_bit(css->ss->id, &subsys) : own;
		if (!goes) {
			swap(group->files[k], group->files[i]);
			k++;
		}
	}
	group->nr_files = k;
	spin_unlock_irq(&ct_notify_lock);
	return nr - k;
}

/**
 * ct_files_remove - end it
 * @group: the group
 * @nr: what ct_files_hide() said
 *
 * Context: the lock of the directory's inode held, but not ct_rmutex: what has
 * been mounted on the files goes, which takes locks that are outside of it.
 */
void ct_files_remove(struct ct_rgroup *group, unsigned int nr)
{
	unsigned int i;

	for (i = 0; i < nr; i++) {
		struct dentry *dentry = group->files[group->nr_files + i];
		struct inode *inode = d_inode(dentry);

		clear_nlink(inode);
		wake_up_interruptible_poll(&ct_rinode(inode)->poll,
					   EPOLLPRI | EPOLLERR);
		d_invalidate(dentry);
		dput(dentry);
	}
}

/**
 * ct_files_forget - the file system is about to go, with all dentries
 * @group: its root
 *
 * Context: ct_rmutex held.
 */
void ct_files_forget(struct ct_rgroup *group)
{
	spin_lock_irq(&ct_notify_lock);
	group->nr_files = 0;
	spin_unlock_irq(&ct_notify_lock);
}

/* -- operations of directories ---------------------------------------------- */

static int group_mkdir(struct ct_rgroup *parent, struct inode *dir,
		       struct dentry *dentry, umode_t mode,
		       struct ct_container *container)
{
	struct ct_hierarchy *h = parent->hierarchy;
	struct ct_container *owner;
	struct ct_rgroup *group;
	struct inode *inode;
	int err;

	if (parent->dead)
		return -ENODEV;
	/* The one that it would belong to is ending, and all its groups go. */
	owner = ct_rgroup_owner(parent);
	if (owner && owner->ended)
		return -ENODEV;
	group = ct_rgroup_create(h, parent, container);
	if (IS_ERR(group))
		return PTR_ERR(group);
	err = -ENOMEM;
	inode = ct_inode_create(dir->i_sb, group, S_IFDIR | mode);
	if (!inode)
		goto err_group;
	err = ct_files_build(group, dentry, h->subsys, true);
	if (err)
		goto err_inode;
	err = ct_rgroup_online(group);
	if (err)
		goto err_files;

	WRITE_ONCE(group->dentry, dentry);
	d_instantiate(dentry, inode);
	dget(dentry);
	ct_files_show(group);
	inc_nlink(dir);
	ct_inode_touch(dir);
	/* The group's own reference is the inode's. */
	ct_rgroup_put(group);
	/* A hierarchy with groups stays when it is unmounted. */
	atomic_inc(&dir->i_sb->s_active);
	return 0;

err_files:
	ct_files_abandon(group);
err_inode:
	iput(inode);
err_group:
	ct_rgroup_abandon(group);
	return err;
}

static int dir_mkdir(struct ct_idmap *idmap, struct inode *dir,
		     struct dentry *dentry, umode_t mode)
{
	int err;

	/* /proc/PID/container has a line for each path. */
	if (strchr(dentry->d_name.name, '\n'))
		return -EINVAL;
	mutex_lock(&ct_rmutex);
	err = group_mkdir(ct_rinode(dir)->group, dir, dentry, mode & 01777,
			  NULL);
	mutex_unlock(&ct_rmutex);
	return err;
}

/* The locks of both inodes are held, and @sb will not go with this group. */
static int group_rmdir(struct inode *dir, struct dentry *dentry, bool by_hand)
{
	struct inode *inode = d_inode(dentry);
	struct ct_rgroup *group = ct_rinode(inode)->group;
	unsigned int nr = 0;
	int err;

	mutex_lock(&ct_rmutex);
	err = by_hand && group->container ? -EPERM : ct_rgroup_remove(group);
	if (!err)
		nr = ct_files_hide(group, ~0UL, true);
	mutex_unlock(&ct_rmutex);
	if (err)
		return err;
	ct_files_remove(group, nr);
	clear_nlink(inode);
	drop_nlink(dir);
	ct_inode_touch(dir);
	dput(dentry);
	/* Not the last one: the caller has another. */
	deactivate_super(dir->i_sb);
	return 0;
}

/* The VFS came here through a mount. */
static int dir_rmdir(struct inode *dir, struct dentry *dentry)
{
	return group_rmdir(dir, dentry, true);
}

/*
 * The dentry of a directory to be; the lock of the parent's inode is held, and
 * everything that there is has a dentry.
 */
static struct dentry *new_dentry(struct dentry *parent, const char *name)
{
	struct qstr q = QSTR_INIT(name, strlen(name));
	struct dentry *dentry = d_hash_and_lookup(parent, &q);

	if (!dentry) {
		dentry = d_alloc(parent, &q);
		if (!dentry)
			return ERR_PTR(-ENOMEM);
		simple_lookup(d_inode(parent), dentry, 0);
	} else if (!IS_ERR(dentry) && d_is_positive(dentry)) {
		dput(dentry);
		return ERR_PTR(-EEXIST);
	}
	return dentry;
}

/**
 * ct_dir_make - make the group of a pid container, as mkdir would
 * @parent: the group above, which is not removed meanwhile
 * @container: it
 *
 * Context: may sleep; takes the lock of the parent's inode and ct_rmutex.
 * Return: 0; -EEXIST: the name is taken; -ENODEV, -ENOMEM, or what a subsystem
 * says.
 */
int ct_dir_make(struct ct_rgroup *parent, struct ct_container *container)
{
	struct dentry *dir = dget(parent->dentry), *dentry;
	struct inode *inode = d_inode(dir);
	int err;

	inode_lock_nested(inode, I_MUTEX_PARENT);
	dentry = new_dentry(dir, container->name);
	err = PTR_ERR_OR_ZERO(dentry);
	if (!err) {
		mutex_lock(&ct_rmutex);
		err = group_mkdir(parent, inode, dentry, 0755, container);
		mutex_unlock(&ct_rmutex);
		if (!err)
			fsnotify_mkdir(inode, dentry);
		dput(dentry);
	}
	inode_unlock(inode);
	dput(dir);
	return err;
}

/**
 * ct_dir_remove - remove a group, as rmdir would
 * @dentry: of its directory; the caller keeps it, and the super block
 *
 * Context: may sleep; takes the locks of both inodes and ct_rmutex.
 * Return: 0; -ENODEV: somebody else has; -EAGAIN: there are groups in it; -EBUSY:
 * it is in use.
 */
int ct_dir_remove(struct dentry *dentry)
{
	struct dentry *parent = dget_parent(dentry);
	struct inode *dir = d_inode(parent), *inode;
	struct ct_rgroup *group;
	int err = -ENODEV;

	inode_lock_nested(dir, I_MUTEX_PARENT);
	/* With this lock it stays as it is. */
	inode = d_inode(dentry);
	if (inode) {
		ihold(inode);
		group = ct_rinode(inode)->group;
		inode_lock(inode);
		err = group_rmdir(dir, dentry, false);
		if (err == -EBUSY && !list_empty(&group->children))
			err = -EAGAIN;
		if (!err) {
			inode->i_flags |= S_DEAD;
			dont_mount(dentry);
			/* With what is mounted on it. */
			d_invalidate(dentry);
			fsnotify_rmdir(dir, dentry);
		}
		inode_unlock(inode);
		iput(inode);
	}
	inode_unlock(dir);
	dput(parent);
	return err;
}

/* Within its directory a group may be called something else. */
static int dir_rename(struct ct_idmap *idmap, struct inode *old_dir,
		      struct dentry *old, struct inode *new_dir,
		      struct dentry *new, unsigned int flags)
{
	if (flags & ~RENAME_NOREPLACE)
		return -EINVAL;
	if (!d_is_dir(old))
		return -ENOTDIR;
	if (old_dir != new_dir)
		return -EPERM;
	/* Its name is that of the pid container. */
	if (READ_ONCE(ct_rinode(d_inode(old))->group->container))
		return -EPERM;
	if (d_is_positive(new))
		return -EEXIST;
	if (strchr(new->d_name.name, '\n'))
		return -EINVAL;
	ct_inode_touch(old_dir);
	return 0;
}

const struct inode_operations ct_dir_inode_ops = {
	.lookup = simple_lookup,
	.mkdir = dir_mkdir,
	.rmdir = dir_rmdir,
	.rename = dir_rename,
};
