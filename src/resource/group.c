// SPDX-License-Identifier: GPL-2.0
/* Groups: their life, and whether they have tasks. */
#include <linux/dcache.h>
#include <linux/rculist.h>
#include <linux/slab.h>

#include "resource/entry.h"
#include "resource/resource.h"

/**
 * ct_rgroup_get - take a reference
 * @group: a group that the caller has one on, or finds under a lock
 */
void ct_rgroup_get(struct ct_rgroup *group)
{
	refcount_inc(&group->refs);
}

/**
 * ct_rgroup_put - give a reference back
 * @group: a group
 *
 * Context: any but NMI.
 */
void ct_rgroup_put(struct ct_rgroup *group)
{
	while (group && refcount_dec_and_test(&group->refs)) {
		struct ct_rgroup *parent = group->parent;

		kfree_rcu(group, rcu);
		group = parent;
	}
}

static struct ct_rgroup *group_alloc(struct ct_hierarchy *h,
				     struct ct_rgroup *parent,
				     struct ct_container *container)
{
	struct ct_rgroup *group = kzalloc(sizeof(*group), GFP_KERNEL);

	if (!group)
		return NULL;
	refcount_set(&group->refs, 1);
	group->hierarchy = h;
	group->number = h->id;
	group->container = container;
	group->self.group = group;
	INIT_LIST_HEAD(&group->children);
	INIT_LIST_HEAD(&group->sibling);
	INIT_LIST_HEAD(&group->sets);
	INIT_WORK(&group->work, ct_rgroup_work);
	if (parent) {
		ct_rgroup_get(parent);
		group->parent = parent;
		group->notify_on_release = READ_ONCE(parent->notify_on_release);
		group->clone_children = READ_ONCE(parent->clone_children);
	}
	return group;
}

/**
 * ct_rgroup_create - make a group, with all its states
 * @h: a hierarchy
 * @parent: a group of it, not removed; NULL: make the root
 * @container: the pid container that it is for, or NULL
 *
 * Context: ct_rmutex held.
 * Return: the group, for ct_rgroup_online() or ct_rgroup_abandon(); or ERR_PTR.
 */
struct ct_rgroup *ct_rgroup_create(struct ct_hierarchy *h,
				   struct ct_rgroup *parent,
				   struct ct_container *container)
{
	struct ct_rgroup *group = group_alloc(h, parent, container);
	struct container_subsys *ss;
	unsigned int id;

	if (!group)
		return ERR_PTR(-ENOMEM);
	for_each_subsys(ss, id, h->subsys) {
		struct container_css *css = ct_css_create(ss, group);

		if (IS_ERR(css)) {
			ct_rgroup_abandon(group);
			return ERR_CAST(css);
		}
		group->css[id] = css;
	}
	return group;
}

/**
 * ct_rgroup_abandon - give up a group that is not online
 * @group: it; the caller's reference goes
 *
 * Context: ct_rmutex held.
 */
void ct_rgroup_abandon(struct ct_rgroup *group)
{
	unsigned int id;

	group->dead = true;
	for (id = 0; id < CONTAINER_SUBSYS_MAX; id++)
		if (group->css[id])
			ct_css_kill(group->css[id]);
	ct_rgroup_put(group);
}

static int states_online(struct ct_rgroup *group, unsigned long *done)
{
	bool clone = group->container ||
		     (group->parent && group->parent->clone_children);
	struct container_subsys *ss;
	unsigned int id;
	int err = 0;

	for_each_subsys(ss, id, group->hierarchy->subsys) {
		struct container_css *css = group->css[id];

		if (ss->online)
			err = ss->online(css);
		if (err)
			return err;
		__set_bit(id, done);
		if (clone && ss->post_clone)
			err = ss->post_clone(css);
		if (err)
			return err;
	}
	return 0;
}

/**
 * ct_rgroup_online - put a group into the tree
 * @group: a group that is not the root
 *
 * Context: ct_rmutex held.
 * Return: 0, or what a subsystem says; then the group is to be abandoned.
 */
int ct_rgroup_online(struct ct_rgroup *group)
{
	struct ct_hierarchy *h = group->hierarchy;
	struct container_subsys *ss;
	unsigned long done = 0;
	unsigned int id;
	int err;

	spin_lock_irq(&ct_set_lock);
	list_add_tail_rcu(&group->sibling, &group->parent->children);
	spin_unlock_irq(&ct_set_lock);
	err = states_online(group, &done);
	if (!err) {
		h->nr_groups++;
		return 0;
	}
	for_each_subsys(ss, id, done)
		if (ss->offline)
			ss->offline(group->css[id]);
	spin_lock_irq(&ct_set_lock);
	list_del_rcu(&group->sibling);
	spin_unlock_irq(&ct_set_lock);
	return err;
}

/* Nobody may begin to use a state; undone if somebody does already. */
static bool states_unused(struct ct_rgroup *group)
{
	unsigned int id;

	for (id = 0; id < CONTAINER_SUBSYS_MAX; id++) {
		struct container_css *css = group->css[id];

		if (css && atomic_cmpxchg(&css->users, 0, -1) != 0)
			break;
	}
	if (id == CONTAINER_SUBSYS_MAX)
		return true;
	while (id--)
		if (group->css[id])
			atomic_set(&group->css[id]->users, 0);
	return false;
}

/* The last group in another one has gone; ct_set_lock is held. */
static void check_emptied(struct ct_rgroup *group)
{
	lockdep_assert_held(&ct_set_lock);
	if (!group->parent || group->dead || group->populated ||
	    !list_empty(&group->children) ||
	    !READ_ONCE(group->notify_on_release))
		return;
	group->emptied = true;
	ct_rgroup_queue(group);
}

/**
 * ct_rgroup_remove - take a group out of the tree
 * @group: not the root
 *
 * Context: ct_rmutex held. The states may live on.
 * Return: 0; -EBUSY: it has tasks or children, or is in use; -ENODEV: removed.
 */
int ct_rgroup_remove(struct ct_rgroup *group)
{
	struct ct_hierarchy *h = group->hierarchy;
	unsigned int id;

	if (group->dead)
		return -ENODEV;
	if (!list_empty(&group->children))
		return -EBUSY;

	/*
	 * Under ct_rmutex nobody is attached, and no child comes to a task that
	 * is not there: one that is being forked into a group without tasks
	 * follows its parent in ct_attach_child().
	 */
	spin_lock_irq(&ct_set_lock);
	if (group->populated || !states_unused(group)) {
		spin_unlock_irq(&ct_set_lock);
		return -EBUSY;
	}
	group->dead = true;
	list_del_rcu(&group->sibling);
	check_emptied(group->parent);
	spin_unlock_irq(&ct_set_lock);

	WRITE_ONCE(group->dentry, NULL);
	h->nr_groups--;
	for (id = 0; id < CONTAINER_SUBSYS_MAX; id++)
		if (group->css[id])
			ct_css_offline(group->css[id]);
	return 0;
}

/**
 * ct_rgroup_populated - a set of a group got its first task, or lost its last
 * @group: a group, the root, too
 * @delta: 1 or -1
 *
 * Context: ct_set_lock held.
 */
void ct_rgroup_populated(struct ct_rgroup *group, int delta)
{
	struct ct_rgroup *g;

	lockdep_assert_held(&ct_set_lock);
	for (g = group; g && g->parent; g = g->parent) {
		bool was = g->populated;

		g->populated += delta;
		if (was == !!g->populated)
			break;
		if (!g->dead)
			container_file_notify(&g->self, &ct_events_file);
	}
	if (delta < 0)
		check_emptied(group);
}

/**
 * ct_rgroup_path - where a group is
 * @group: a group
 * @buf: for the path from the hierarchy's root
 * @size: of @buf
 *
 * Context: any but NMI.
 * Return: its length, -ENODEV: removed, -ENAMETOOLONG.
 */
int ct_rgroup_path(struct ct_rgroup *group, char *buf, size_t size)
{
	struct dentry *dentry;
	int len = -ENODEV;
	char *path;

	/* Directories are freed under RCU. */
	rcu_read_lock();
	dentry = READ_ONCE(group->dentry);
	if (dentry) {
		path = dentry_path_raw(dentry, buf, size);
		len = IS_ERR(path) ? PTR_ERR(path) : buf + size - 1 - path;
		if (len >= 0)
			memmove(buf, path, len + 1);
	}
	rcu_read_unlock();
	return len;
}
