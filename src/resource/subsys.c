// SPDX-License-Identifier: GPL-2.0
/* Subsystems, and the life of their states. */
#include <linux/ctype.h>
#include <linux/module.h>
#include <linux/slab.h>

#include "resource/entry.h"
#include "resource/resource.h"

struct container_subsys *ct_subsys[CONTAINER_SUBSYS_MAX];
unsigned int ct_subsys_gone;

/* States whose last reference has gone, perhaps where nothing may sleep. */
static LIST_HEAD(dead_states);
static DEFINE_SPINLOCK(dead_lock);	/* a leaf */

/**
 * ct_subsys_module - what has to be held for a subsystem
 * @ss: a subsystem
 *
 * Return: its module; NULL if it is this one, which file systems hold.
 */
struct module *ct_subsys_module(const struct container_subsys *ss)
{
	return ss->owner == THIS_MODULE ? NULL : ss->owner;
}

static void destroy_one(struct container_css *css)
{
	struct container_css *parent = css->parent;
	struct ct_rgroup *group = css->group;
	struct container_subsys *ss = css->ss;

	ss->destroy(css);
	if (parent)
		container_css_put(parent);
	ct_rgroup_put(group);
	atomic_dec(&ss->nr_css);
	module_put(ct_subsys_module(ss));
}

static void destroy_dead(struct work_struct *work)
{
	struct container_css *css, *next;
	LIST_HEAD(list);

	for (;;) {
		spin_lock_irq(&dead_lock);
		list_splice_init(&dead_states, &list);
		spin_unlock_irq(&dead_lock);
		if (list_empty(&list))
			return;
		/* Readers under RCU may still have found them. */
		synchronize_rcu();
		mutex_lock(&ct_rmutex);
		list_for_each_entry_safe(css, next, &list, work)
			destroy_one(css);
		mutex_unlock(&ct_rmutex);
		INIT_LIST_HEAD(&list);
	}
}

static DECLARE_WORK(dead_work, destroy_dead);

/**
 * ct_css_flush - wait until all states that nobody needs have been destroyed
 *
 * Context: may sleep, without ct_rmutex.
 */
void ct_css_flush(void)
{
	/* Sets free theirs at once, under ct_set_lock: nothing else is due. */
	flush_work(&dead_work);
}

/**
 * container_css_get - keep the memory of a state
 * @css: a state that is kept already, or found under RCU or container_lock()
 *	 as that of a task, a group or an open file
 *
 * That does not keep the group from being removed; see container_css_tryuse().
 *
 * Context: any.
 */
void container_css_get(struct container_css *css)
{
	if (css->ss)
		atomic_inc(&css->refs);
	else
		ct_rgroup_get(css->group);
}
EXPORT_SYMBOL_GPL(container_css_get);

/**
 * container_css_put - undo container_css_get()
 * @css: a state; may be destroyed, not before all locks are released
 *
 * Context: any but NMI.
 */
void container_css_put(struct container_css *css)
{
	unsigned long flags;

	if (!css->ss) {
		ct_rgroup_put(css->group);
		return;
	}
	if (!atomic_dec_and_test(&css->refs))
		return;
	spin_lock_irqsave(&dead_lock, flags);
	list_add_tail(&css->work, &dead_states);
	spin_unlock_irqrestore(&dead_lock, flags);
	queue_work(ct_rwq, &dead_work);
}
EXPORT_SYMBOL_GPL(container_css_put);

/**
 * container_css_tryuse - keep a group from being removed
 * @css: a state of it
 *
 * rmdir gives EBUSY until container_css_unuse().
 *
 * Context: any.
 * Return: false: it is being removed. After true @css is kept, too.
 */
bool container_css_tryuse(struct container_css *css)
{
	if (!atomic_inc_unless_negative(&css->users))
		return false;
	container_css_get(css);
	return true;
}
EXPORT_SYMBOL_GPL(container_css_tryuse);

/**
 * container_css_unuse - undo container_css_tryuse()
 * @css: the state
 *
 * Context: any but NMI.
 */
void container_css_unuse(struct container_css *css)
{
	atomic_dec(&css->users);
	container_css_put(css);
}
EXPORT_SYMBOL_GPL(container_css_unuse);

/**
 * container_css_online - is its group there?
 * @css: a state
 *
 * Context: any; stays so under container_lock() only.
 * Return: false: removed, or being removed.
 */
bool container_css_online(const struct container_css *css)
{
	return !READ_ONCE(css->group->dead);
}
EXPORT_SYMBOL_GPL(container_css_online);

/**
 * container_css_path - where a group is
 * @css: a state of it
 * @buf: for the path from the hierarchy's root, NUL-terminated
 * @size: of @buf
 *
 * Context: any but NMI.
 * Return: its length, -ENODEV: removed, -ENAMETOOLONG.
 */
int container_css_path(struct container_css *css, char *buf, size_t size)
{
	return ct_rgroup_path(css->group, buf, size);
}
EXPORT_SYMBOL_GPL(container_css_path);

/**
 * ct_css_create - make the state of a subsystem in a group
 * @ss: the subsystem, which cannot be unregistered meanwhile
 * @group: the group; the one above has its state
 *
 * Context: ct_rmutex held.
 * Return: the state, with a reference for ct_css_offline() or ct_css_kill(); or
 * what the subsystem says, as ERR_PTR.
 */
struct container_css *ct_css_create(struct container_subsys *ss,
				    struct ct_rgroup *group)
{
	struct container_css *parent = NULL, *css;

	if (group->parent)
		parent = group->parent->css[ss->id];
	css = ss->create(ss, parent);
	if (!css)
		return ERR_PTR(-ENOMEM);
	if (IS_ERR(css))
		return css;
	/* The caller keeps the subsystem registered, so it is not going. */
	__module_get(ct_subsys_module(ss));
	atomic_inc(&ss->nr_css);
	css->ss = ss;
	css->parent = parent;
	css->group = group;
	css->id = ++ss->next_css;
	atomic_set(&css->refs, 1);
	atomic_set(&css->users, 0);
	if (parent)
		container_css_get(parent);
	ct_rgroup_get(group);
	return css;
}

/**
 * ct_css_offline - take a state out of use
 * @css: a state that was online
 *
 * Context: ct_rmutex held. Tasks that are zombies keep it until they go.
 */
void ct_css_offline(struct container_css *css)
{
	if (css->ss->offline)
		css->ss->offline(css);
	container_css_put(css);
}

/**
 * ct_css_kill - give up a state that has never been online
 * @css: a state
 *
 * Context: ct_rmutex held.
 */
void ct_css_kill(struct container_css *css)
{
	container_css_put(css);
}

/* -- the tree -------------------------------------------------------------- */

static struct container_css *state_in(struct ct_rgroup *group,
				      const struct container_subsys *ss)
{
	return READ_ONCE(group->css[ss->id]);
}

/**
 * container_css_next_child - for container_for_each_child()
 * @parent: a state
 * @pos: the one before, NULL: the first one
 *
 * Context: under container_lock() or rcu_read_lock().
 * Return: the next one, or NULL.
 */
struct container_css *container_css_next_child(struct container_css *parent,
					       struct container_css *pos)
{
	struct list_head *head = &parent->group->children;
	struct list_head *at = pos ? &pos->group->sibling : head;
	struct container_css *css;

	for (;;) {
		struct ct_rgroup *group;

		at = rcu_dereference_raw(list_next_rcu(at));
		if (at == head)
			return NULL;
		group = list_entry(at, struct ct_rgroup, sibling);
		css = state_in(group, parent->ss);
		if (css)
			return css;
	}
}
EXPORT_SYMBOL_GPL(container_css_next_child);

/**
 * container_css_next_pre - for container_for_each_pre()
 * @top: where to begin
 * @pos: the one before, NULL: the first one
 *
 * Context: under container_lock() or rcu_read_lock().
 * Return: the next one, or NULL.
 */
struct container_css *container_css_next_pre(struct container_css *top,
					     struct container_css *pos)
{
	struct container_css *next;

	if (!pos)
		return top;
	next = container_css_next_child(pos, NULL);
	for (; !next && pos != top; pos = pos->parent)
		next = container_css_next_child(pos->parent, pos);
	return next;
}
EXPORT_SYMBOL_GPL(container_css_next_pre);

static struct container_css *leftmost(struct container_css *css)
{
	struct container_css *child;

	while ((child = container_css_next_child(css, NULL)))
		css = child;
	return css;
}

/**
 * container_css_next_post - for container_for_each_post()
 * @top: where to end
 * @pos: the one before, NULL: the first one
 *
 * Context: under container_lock().
 * Return: the next one, or NULL.
 */
struct container_css *container_css_next_post(struct container_css *top,
					      struct container_css *pos)
{
	struct container_css *next;

	if (!pos)
		return leftmost(top);
	if (pos == top)
		return NULL;
	next = container_css_next_child(pos->parent, pos);
	return next ? leftmost(next) : pos->parent;
}
EXPORT_SYMBOL_GPL(container_css_next_post);

/**
 * container_task_css - the state that a task is in
 * @task: a task that cannot be freed meanwhile
 * @ss: a registered subsystem
 *
 * Context: RCU read-side section, in which the state can be used; any but NMI.
 * Return: the state; the root's for a task that has been released; NULL if the
 * subsystem is in no hierarchy.
 */
struct container_css *container_task_css(struct task_struct *task,
					 const struct container_subsys *ss)
{
	return ct_rset_css(ct_rentry_set(task), ss->id);
}
EXPORT_SYMBOL_GPL(container_task_css);

/* -- registration ----------------------------------------------------------- */

/**
 * ct_subsys_find - a subsystem by its name
 * @name: as in the mount's options
 *
 * Context: ct_rmutex held.
 * Return: its id, or -ENOENT.
 */
int ct_subsys_find(const char *name)
{
	unsigned int i;

	for (i = 0; i < CONTAINER_SUBSYS_MAX; i++)
		if (ct_subsys[i] && !strcmp(ct_subsys[i]->name, name))
			return i;
	return -ENOENT;
}

/** ct_subsys_all - the bits of all subsystems; ct_rmutex held */
unsigned long ct_subsys_all(void)
{
	unsigned long bits = 0;
	unsigned int i;

	for (i = 0; i < CONTAINER_SUBSYS_MAX; i++)
		if (ct_subsys[i])
			__set_bit(i, &bits);
	return bits;
}

static bool name_ok(const char *name)
{
	/* What mount(8) and the VFS take for themselves, or we do. */
	static const char * const taken[] = {
		"all", "none", "noprefix", "release_agent", "source",
		"ro", "rw", "sync", "async", "dirsync", "mand", "nomand",
		"lazytime", "nolazytime", "silent", "defaults", "remount",
	};
	const char *c;

	if (!name || !*name || strlen(name) > CONTAINER_SUBSYS_NAME_MAX)
		return false;
	for (c = name; *c; c++)
		if (!isalnum(*c) && *c != '_' && *c != '-')
			return false;
	return match_string(taken, ARRAY_SIZE(taken), name) < 0;
}

static bool files_ok(const struct container_file *file)
{
	for (; file && file->name; file++) {
		if (!*file->name || strchr(file->name, '/') ||
		    strlen(file->name) > CONTAINER_FILE_NAME_MAX ||
		    (!file->show && !file->write) || file->mode & ~0777)
			return false;
	}
	return true;
}

/**
 * container_register_subsys - make a subsystem known
 * @ss: the subsystem; stays until container_unregister_subsys()
 *
 * It is in no hierarchy at first.
 *
 * Context: may sleep; takes container_lock().
 * Return: 0; -EINVAL: a name, callback or file that is not as it should be;
 * -EEXIST: the name is taken; -ENOSPC: there are %CONTAINER_SUBSYS_MAX.
 */
int container_register_subsys(struct container_subsys *ss)
{
	int err = -ENOSPC;
	unsigned int i;

	if (!name_ok(ss->name) || !ss->create || !ss->destroy ||
	    !files_ok(ss->files))
		return -EINVAL;
	mutex_lock(&ct_rmutex);
	if (ct_subsys_find(ss->name) >= 0) {
		err = -EEXIST;
		goto out;
	}
	for (i = 0; i < CONTAINER_SUBSYS_MAX && err; i++) {
		if (ct_subsys[i])
			continue;
		ss->id = i;
		ss->hierarchy = 0;
		ss->next_css = 0;
		ss->root = NULL;
		atomic_set(&ss->nr_css, 0);
		WRITE_ONCE(ct_subsys[i], ss);
		err = 0;
	}
out:
	mutex_unlock(&ct_rmutex);
	return err;
}
EXPORT_SYMBOL_GPL(container_register_subsys);

/**
 * container_unregister_subsys - forget a subsystem
 * @ss: a registered one
 *
 * A hierarchy, and each state, holds the module that owns the subsystem; so at
 * that module's exit this cannot fail.
 *
 * Context: may sleep; takes container_lock().
 * Return: 0; -EBUSY: it is in a hierarchy, or zombies still have its states;
 * -ENOENT: it is not registered. After 0 nothing calls or reads it any more.
 */
int container_unregister_subsys(struct container_subsys *ss)
{
	int err = 0;

	mutex_lock(&ct_rmutex);
	if (ss->id >= CONTAINER_SUBSYS_MAX || ct_subsys[ss->id] != ss)
		err = -ENOENT;
	else if (ss->hierarchy || atomic_read(&ss->nr_css))
		err = -EBUSY;
	if (!err) {
		WRITE_ONCE(ct_subsys[ss->id], NULL);
		ct_subsys_gone++;
	}
	mutex_unlock(&ct_rmutex);
	if (!err)
		synchronize_rcu();
	return err;
}
EXPORT_SYMBOL_GPL(container_unregister_subsys);

/**
 * container_lock - keep all hierarchies, and who is in which group, as they are
 *
 * Forks and exits go on, but a task that is moved while it forks waits for this
 * lock before it returns from fork: whoever holds it must not wait for tasks to
 * do anything.
 *
 * Context: may sleep; callbacks say whether they have it already.
 */
void container_lock(void)
{
	mutex_lock(&ct_rmutex);
}
EXPORT_SYMBOL_GPL(container_lock);

/** container_unlock - undo container_lock() */
void container_unlock(void)
{
	mutex_unlock(&ct_rmutex);
}
EXPORT_SYMBOL_GPL(container_unlock);

/** container_assert_locked - for lockdep */
void container_assert_locked(void)
{
	lockdep_assert_held(&ct_rmutex);
}
EXPORT_SYMBOL_GPL(container_assert_locked);
