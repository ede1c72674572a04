// SPDX-License-Identifier: GPL-2.0
/*
 * The subsystem "pidspace": each pid container has a group in its hierarchy.
 * Documentation/resource-pidspace.md has the rules.
 *
 * The hierarchy comes and goes under ct_mutex (container/container.c) as far as
 * this is concerned, so nobody makes a pid container while the groups of those
 * that are there are made.  Which container a task is in changes under ct_rmutex:
 * all moves between containers go through group_move().  Only a child that is
 * just being forked may come into the container of its parent at any time; see
 * ct_attach_child().
 *
 * Locks: ct_mutex, locks of inodes, ct_rmutex.
 */
#include <linux/module.h>
#include <linux/seq_file.h>
#include <linux/slab.h>

#include "container/container.h"
#include "resource/controllers.h"
#include "resource/entry.h"
#include "resource/resource.h"

/* How many tasks are brought to where they belong at a time. */
#define BATCH	32

/* A move between containers is asked about; under ct_rmutex. */
static bool moving;

/**
 * ct_rgroup_owner - the pid container that a group belongs to
 * @group: a group
 *
 * Context: ct_rmutex held.
 * Return: the container whose group it is or is below of; NULL: the system
 * container.
 */
struct ct_container *ct_rgroup_owner(const struct ct_rgroup *group)
{
	lockdep_assert_held(&ct_rmutex);
	for (; group; group = group->parent)
		if (group->container)
			return group->container;
	return NULL;
}

/* The container is kept by the task, which is not released meanwhile. */
static struct ct_container *container_of_task(struct task_struct *task)
{
	struct ct_container *c;

	rcu_read_lock();
	c = ct_container_of(ct_pid_space(READ_ONCE(task->thread_pid)));
	rcu_read_unlock();
	return c;
}

/* -- callbacks ----------------------------------------------------------------- */

static struct container_css *pidspace_create(struct container_subsys *ss,
					     struct container_css *parent)
{
	return kzalloc(sizeof(struct container_css), GFP_KERNEL);
}

static void pidspace_destroy(struct container_css *css)
{
	kfree(css);
}

static int pidspace_online(struct container_css *css)
{
	if (css->group->container)
		css->group->container->group = css->group;
	return 0;
}

/* From here on it is like any other group. */
static void disown(struct ct_rgroup *group)
{
	lockdep_assert_held(&ct_rmutex);
	if (group->container)
		group->container->group = NULL;
	WRITE_ONCE(group->container, NULL);
}

static void pidspace_offline(struct container_css *css)
{
	disown(css->group);
}

/* By hand a task gets to other groups of its container only. */
static int pidspace_can_attach(struct container_css *to,
			       struct container_css *from,
			       struct task_struct *task)
{
	if (moving || ct_rgroup_owner(to->group) == container_of_task(task))
		return 0;
	return -EPERM;
}

static int init_show(struct seq_file *m, struct container_css *css,
		     const struct container_file *file)
{
	struct ct_container *c;
	pid_t nr = 0;

	mutex_lock(&ct_rmutex);
	c = ct_rgroup_owner(css->group);
	/* Not yet, while the group is made for it. */
	if (c && READ_ONCE(c->init))
		nr = ct_container_init(c);
	mutex_unlock(&ct_rmutex);
	seq_printf(m, "%d\n", nr);
	return 0;
}

static const struct container_file pidspace_files[] = {
	{ .name = "init", .flags = CONTAINER_FILE_NO_ROOT, .show = init_show },
	{ }
};

struct container_subsys ct_pidspace = {
	.name = "pidspace",
	.owner = THIS_MODULE,
	.files = pidspace_files,
	.create = pidspace_create,
	.online = pidspace_online,
	.offline = pidspace_offline,
	.destroy = pidspace_destroy,
	.can_attach = pidspace_can_attach,
};

/* -- groups come and go --------------------------------------------------------- */

/*
 * The group in which that of a container is, which stays as long as there is the
 * container around, and holds the hierarchy.  NULL: there is no hierarchy.
 * ct_mutex is held.
 */
static struct ct_rgroup *hold_parent(struct ct_container *c)
{
	struct ct_container *around = ct_container_parent(c);
	struct ct_rgroup *group = NULL;

	mutex_lock(&ct_rmutex);
	if (around)
		group = around->group;
	else if (ct_pidspace.root)
		group = ct_pidspace.root->group;
	/* It may have been unmounted a moment ago. */
	if (group && (!group->hierarchy->sb ||
		      !atomic_inc_not_zero(&group->hierarchy->sb->s_active)))
		group = NULL;
	mutex_unlock(&ct_rmutex);
	return group;
}

/* Make the group of a container, if there is a hierarchy. ct_mutex is held. */
static int group_make(struct ct_container *c, char *why)
{
	struct ct_rgroup *parent = hold_parent(c);
	struct super_block *sb;
	int err;

	if (!parent)
		return 0;
	sb = parent->hierarchy->sb;
	err = ct_dir_make(parent, c);
	deactivate_super(sb);
	if (err == -EEXIST)
		snprintf(why, CT_WHY_MAX,
			 "'%s' is the name of a file or of a group made by hand, where the hierarchy with pidspace would have the container's group",
			 c->name);
	else if (err)
		snprintf(why, CT_WHY_MAX,
			 "its group in the hierarchy with pidspace cannot be made");
	return err;
}

/* Remove the group of a container, or one below it. False: all are gone. */
static bool remove_one(struct ct_container *c)
{
	struct ct_rgroup *group;
	struct super_block *sb;
	struct dentry *dentry;
	int err;

	mutex_lock(&ct_rmutex);
	group = c->group;
	if (!group) {
		mutex_unlock(&ct_rmutex);
		return false;
	}
	while (!list_empty(&group->children))
		group = list_first_entry(&group->children, struct ct_rgroup,
					 sibling);
	dentry = dget(group->dentry);
	sb = dentry->d_sb;
	atomic_inc(&sb->s_active);
	mutex_unlock(&ct_rmutex);

	err = ct_dir_remove(dentry);
	dput(dentry);
	if (err == -EBUSY) {
		/* A subsystem uses it: leave it to who does, as if made by hand. */
		mutex_lock(&ct_rmutex);
		if (c->group)
			disown(c->group);
		mutex_unlock(&ct_rmutex);
	}
	/* Maybe the last one. */
	deactivate_super(sb);
	return true;
}

/* The container has ended, or could not be made. */
static void group_remove(struct ct_container *c)
{
	while (remove_one(c))
		cond_resched();
}

/* -- tasks come ------------------------------------------------------------------ */

struct settling {
	struct ct_container *c;
	struct ct_rmove *move;
};

static void collect_stray(struct task_struct *task, void *data)
{
	struct settling *s = data;
	struct container_css *css;

	css = ct_rset_css(ct_rentry_set(task), ct_pidspace.id);
	if (ct_rgroup_owner(css->group) != s->c)
		ct_rmove_add(s->move, task);
}

/*
 * Bring all tasks of a container that are not in one of its groups to the first.
 *
 * A task can have been forked by one that was there already before that was in the
 * group.  So it goes on until nobody is found: then all are in, and so are their
 * children.  ct_rmutex is held.
 */
static void settle(struct ct_container *c)
{
	struct settling s = { .c = c };

	do {
		s.move = ct_rmove_begin(c->group, BATCH,
					GFP_KERNEL | __GFP_NOFAIL);
		ct_space_visit(&c->space, collect_stray, &s);
	} while (ct_attach_unasked(s.move));
}

static void count_task(struct task_struct *task, void *data)
{
	++*(unsigned int *)data;
}

struct planning {
	struct ct_rmove *move;
	bool all;
};

static void plan_task(struct task_struct *task, void *data)
{
	struct planning *p = data;

	p->all = ct_rmove_add(p->move, task) && p->all;
}

/* Those that are to go into the container, with a plan for their way. */
static struct ct_rmove *plan(struct ct_container *c, const struct ct_move *move)
{
	struct planning p;

	for (;;) {
		unsigned int room = 4;

		ct_move_visit(move, count_task, &room);
		p.all = true;
		p.move = ct_rmove_begin(c->group, room + room / 4, GFP_KERNEL);
		if (!p.move)
			return NULL;
		ct_move_visit(move, plan_task, &p);
		if (p.all)
			return p.move;
		ct_rmove_end(p.move);
	}
}

static bool has_gone(struct task_struct *task, void *data)
{
	return container_of_task(task) == data;
}

/*
 * Both at once: everybody is asked first; then the move between the containers,
 * which may fail; then that of the groups, which cannot.
 */
static int move_both(struct ct_container *c, const struct ct_move *move,
		     char *why)
{
	struct ct_rmove *groups = plan(c, move);
	int err;

	if (!groups)
		return -ENOMEM;
	moving = true;
	err = ct_rmove_ask(groups);
	moving = false;
	if (err) {
		if (err != -ENOMEM)
			snprintf(why, CT_WHY_MAX,
				 "a subsystem of the hierarchy with pidspace refuses it");
		goto out;
	}
	err = ct_move(move, why);
	if (err) {
		ct_rmove_cancel(groups);
		goto out;
	}
	/* That all of them exit meanwhile is none of our business. */
	ct_rmove_commit(groups, has_gone, c);
	settle(c);
out:
	ct_rmove_end(groups);
	return err;
}

/* Move tasks into a container, and into its group if it has one. */
static int group_move(struct ct_container *c, const struct ct_move *move,
		      char *why)
{
	int err;

	mutex_lock(&ct_rmutex);
	err = c->group ? move_both(c, move, why) : ct_move(move, why);
	mutex_unlock(&ct_rmutex);
	return err;
}

/* For src/container, which this room stands above. */
const struct ct_group_ops ct_group_ops = {
	.make = group_make,
	.move = group_move,
	.remove = group_remove,
};

/**
 * ct_pid_groups_correct - see to it that a task goes to its container's group
 * @set: where a child would go; its reference goes to the result
 * @task: the child, which is linked
 *
 * Context: ct_rmutex held, may sleep.
 * Return: @set, or the one that differs in the hierarchy with pidspace, with a
 * reference.
 */
struct ct_rset *ct_pid_groups_correct(struct ct_rset *set,
				      struct task_struct *task)
{
	struct ct_container *c;
	struct ct_rgroup *group;
	struct ct_rset *to;

	if (!ct_pidspace.root)
		return set;
	group = ct_rset_css(set, ct_pidspace.id)->group;
	c = container_of_task(task);
	if (ct_rgroup_owner(group) == c)
		return set;
	/* None while the hierarchy is mounted: then settle() will find it. */
	group = c && c->group ? c->group : ct_pidspace.root->group;
	to = ct_rset_find(set, group->hierarchy->id, group,
			  GFP_KERNEL | __GFP_NOFAIL);
	ct_rset_put(set);
	return to;
}

/* -- mounting ---------------------------------------------------------------------- */

/* Those around first. */
static int make_with_parents(struct ct_container *c, void *data)
{
	char why[CT_WHY_MAX];
	struct ct_container *top;
	int err = 0;

	while (!err && !c->group) {
		top = c;
		while (ct_container_parent(top) &&
		       !ct_container_parent(top)->group)
			top = ct_container_parent(top);
		err = group_make(top, why);
		if (!err && !top->group)
			err = -ENODEV;
	}
	return err;
}

static int settle_one(struct ct_container *c, void *data)
{
	mutex_lock(&ct_rmutex);
	settle(c);
	mutex_unlock(&ct_rmutex);
	return 0;
}

static int remove_again(struct ct_container *c, void *data)
{
	group_remove(c);
	return 0;
}

/**
 * ct_pid_groups_make - give all pid containers that there are their groups
 * @h: a hierarchy that is being mounted, and whose super block nobody else has
 *
 * No subsystem is asked about the tasks: the groups are new.
 *
 * Context: may sleep; ct_mutex held.
 * Return: 0; or why a group cannot be made, and there is none: -EEXIST: a
 * container has the name of a file; -ENOMEM, or what a subsystem says.
 */
int ct_pid_groups_make(struct ct_hierarchy *h)
{
	int err;

	if (!test_bit(ct_pidspace.id, &h->subsys))
		return 0;
	err = ct_containers_each(make_with_parents, NULL);
	ct_containers_each(err ? remove_again : settle_one, NULL);
	return err;
}
