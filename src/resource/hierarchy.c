// SPDX-License-Identifier: GPL-2.0
/*
 * Hierarchies: which subsystems are together in one, from mount to the last
 * unmount, and what /proc tells about them.
 *
 * The hooks are armed while there is a hierarchy, or an entry that is left of one.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/module.h>
#include <linux/proc_fs.h>
#include <linux/sched/signal.h>
#include <linux/seq_file.h>
#include <linux/slab.h>

#include "hook/hook.h"
#include "resource/controllers.h"
#include "resource/entry.h"
#include "resource/resource.h"

/* See resource.h. */
DEFINE_MUTEX(ct_rmutex);
struct ct_hierarchy *ct_hierarchies[CT_HIERARCHIES_MAX + 1];
struct workqueue_struct *ct_rwq;

/* Under ct_rmutex. */
static unsigned int nr_hierarchies;
static bool armed;

static struct proc_dir_entry *proc_file;

/* -- hooks --------------------------------------------------------------------- */

static int hooks_on(void)
{
	int err = 0;

	lockdep_assert_held(&ct_rmutex);
	if (!armed)
		err = ct_hooks_arm(CT_HOOK_RESOURCE);
	armed = armed || !err;
	return err;
}

/*
 * Without a hierarchy and without entries none can come into being: a child gets
 * one only if its parent still has one.
 */
static void settle(struct work_struct *work)
{
	mutex_lock(&ct_rmutex);
	if (armed && !nr_hierarchies && !ct_rentries()) {
		ct_hooks_disarm(CT_HOOK_RESOURCE);
		armed = false;
	}
	mutex_unlock(&ct_rmutex);
}

static DECLARE_WORK(settle_work, settle);

/**
 * ct_resource_settle - there are no entries any more
 *
 * Context: any but NMI.
 */
void ct_resource_settle(void)
{
	/* Looked at without a lock: ct_hierarchy_end() looks again. */
	if (!READ_ONCE(nr_hierarchies))
		queue_work(ct_rwq, &settle_work);
}

/* -- subsystems coming and going --------------------------------------------------- */

static void subsys_bind(struct container_subsys *ss, struct ct_hierarchy *h)
{
	ss->hierarchy = h->id;
	WRITE_ONCE(ss->root, h->root->css[ss->id]);
	if (ss->bind)
		ss->bind(ss, ss->root);
}

static void subsys_unbind(struct container_subsys *ss, struct ct_hierarchy *h)
{
	struct container_css *root = ss->root;

	if (ss->bind)
		ss->bind(ss, NULL);
	ss->hierarchy = 0;
	WRITE_ONCE(ss->root, NULL);
	WRITE_ONCE(h->root->css[ss->id], NULL);
	ct_css_offline(root);
	/* The hierarchy's; the state has its own. */
	module_put(ct_subsys_module(ss));
}

static int root_state(struct container_subsys *ss, struct ct_rgroup *root)
{
	struct container_css *css;
	int err = 0;

	if (!try_module_get(ct_subsys_module(ss)))
		return -ENOENT;
	css = ct_css_create(ss, root);
	if (IS_ERR(css)) {
		err = PTR_ERR(css);
		goto err_module;
	}
	if (ss->online)
		err = ss->online(css);
	if (err) {
		ct_css_kill(css);
		goto err_module;
	}
	WRITE_ONCE(root->css[ss->id], css);
	return 0;

err_module:
	module_put(ct_subsys_module(ss));
	return err;
}

/**
 * ct_hierarchy_add - put subsystems into a hierarchy that has only its root
 * @h: the hierarchy
 * @bits: subsystems that are in none
 *
 * Context: ct_rmutex held.
 * Return: 0; -ENOENT: a subsystem is just being unregistered; or what one says.
 */
int ct_hierarchy_add(struct ct_hierarchy *h, unsigned long bits)
{
	struct container_subsys *ss;
	unsigned long done = 0;
	unsigned int id;
	int err = 0;

	for_each_subsys(ss, id, bits) {
		err = root_state(ss, h->root);
		if (err)
			break;
		__set_bit(id, &done);
	}
	for_each_subsys(ss, id, done) {
		if (!err) {
			subsys_bind(ss, h);
			continue;
		}
		ct_css_offline(h->root->css[id]);
		WRITE_ONCE(h->root->css[id], NULL);
		module_put(ct_subsys_module(ss));
	}
	if (!err)
		WRITE_ONCE(h->subsys, h->subsys | bits);
	return err;
}

/**
 * ct_hierarchy_take - take subsystems out of a hierarchy that has only its root
 * @h: the hierarchy
 * @bits: subsystems that are in it
 *
 * Context: ct_rmutex held.
 */
void ct_hierarchy_take(struct ct_hierarchy *h, unsigned long bits)
{
	struct container_subsys *ss;
	unsigned int id;

	for_each_subsys(ss, id, bits)
		subsys_unbind(ss, h);
	WRITE_ONCE(h->subsys, h->subsys & ~bits);
}

/**
 * ct_hierarchy_create - make a hierarchy
 * @subsys: bits of subsystems, none of which is in one
 * @noprefix: what its files are called
 *
 * Context: ct_rmutex held.
 * Return: the hierarchy, which is in the table and has no file system yet; or
 * ERR_PTR: -ENOSPC: there are enough; what a subsystem says; -EBUSY: a function
 * cannot be hooked; -ENOMEM.
 */
struct ct_hierarchy *ct_hierarchy_create(unsigned long subsys, bool noprefix)
{
	struct ct_hierarchy *h;
	unsigned int i;
	int err;

	lockdep_assert_held(&ct_rmutex);
	for (i = 1; i <= CT_HIERARCHIES_MAX && ct_hierarchies[i]; i++)
		;
	if (i > CT_HIERARCHIES_MAX)
		return ERR_PTR(-ENOSPC);
	h = kzalloc(sizeof(*h), GFP_KERNEL);
	if (!h)
		return ERR_PTR(-ENOMEM);
	h->id = i;
	h->noprefix = noprefix;
	h->nr_groups = 1;
	h->root = ct_rgroup_create(h, NULL, NULL);
	if (IS_ERR(h->root)) {
		err = PTR_ERR(h->root);
		goto err_free;
	}
	err = hooks_on();
	if (err)
		goto err_root;
	err = ct_hierarchy_add(h, subsys);
	if (err)
		goto err_root;
	nr_hierarchies++;
	WRITE_ONCE(ct_hierarchies[i], h);
	return h;

err_root:
	ct_rgroup_abandon(h->root);
	queue_work(ct_rwq, &settle_work);
err_free:
	kfree(h);
	return ERR_PTR(err);
}

/**
 * ct_hierarchy_end - free a hierarchy that has only its root
 * @h: it, whose file system has gone
 *
 * Context: may sleep; takes ct_rmutex. When this returns the states that no
 * zombie has are destroyed.
 */
void ct_hierarchy_end(struct ct_hierarchy *h)
{
	struct ct_rgroup *root = h->root;

	mutex_lock(&ct_rmutex);
	root->dead = true;
	ct_hierarchy_take(h, h->subsys);
	WRITE_ONCE(ct_hierarchies[h->id], NULL);
	nr_hierarchies--;
	mutex_unlock(&ct_rmutex);
	ct_css_flush();
	settle(NULL);
	ct_rgroup_put(root);
	/* /proc/PID/container and /proc/mounts may just have been looking. */
	synchronize_rcu();
	kfree(h->agent);
	kfree(h);
}

/* -- /proc ----------------------------------------------------------------------- */

/**
 * ct_hierarchy_names - show the subsystems of a hierarchy
 * @m: where
 * @bits: which
 * @between: what is put between two
 *
 * Context: ct_rmutex held, or RCU read-side section.
 */
void ct_hierarchy_names(struct seq_file *m, unsigned long bits,
			const char *between)
{
	struct container_subsys *ss;
	const char *sep = "";
	unsigned int id;

	for (id = 0; id < CONTAINER_SUBSYS_MAX; id++) {
		ss = READ_ONCE(ct_subsys[id]);
		if (!ss || !test_bit(id, &bits))
			continue;
		seq_printf(m, "%s%s", sep, ss->name);
		sep = between;
	}
}

static unsigned int count_root(struct ct_hierarchy *h)
{
	struct ct_rpids *pids = ct_rpids_take(h->root, false);
	unsigned int nr;

	if (IS_ERR(pids))
		return 0;
	nr = pids->nr;
	kvfree(pids);
	return nr;
}

static int containers_show(struct seq_file *m, void *v)
{
	unsigned long rest = 0, bits;
	unsigned int i;

	mutex_lock(&ct_rmutex);
	for (i = 0; i < CONTAINER_SUBSYS_MAX; i++)
		if (ct_subsys[i] && !ct_subsys[i]->hierarchy)
			__set_bit(i, &rest);
	seq_puts(m, "Hierarchies:\n");
	for (i = 0; i <= CT_HIERARCHIES_MAX; i++) {
		struct ct_hierarchy *h = ct_hierarchies[i];

		if (i && !h)
			continue;
		bits = h ? h->subsys : rest;
		seq_printf(m, "%u: topcount=%u bits=%lx containers=%u (", i,
			   h ? count_root(h) : 0, bits, h ? h->nr_groups : 1);
		ct_hierarchy_names(m, bits, ", ");
		seq_putc(m, ')');
		if (h && h->sb)
			seq_printf(m, " s_active=%d",
				   atomic_read(&h->sb->s_active));
		seq_putc(m, '\n');
	}
	seq_puts(m, "Subsystems:\n");
	for (i = 0; i < CONTAINER_SUBSYS_MAX; i++)
		if (ct_subsys[i])
			seq_printf(m, "%u: name=%s hierarchy=%d\n", i,
				   ct_subsys[i]->name, ct_subsys[i]->hierarchy);
	mutex_unlock(&ct_rmutex);
	return 0;
}

static struct ct_rgroup *group_of(struct task_struct *task, unsigned int h)
{
	struct ct_rset *set = ct_rentry_set(task);

	if (set && set->group[h] && !set->group[h]->dead)
		return set->group[h];
	return ct_hierarchies[h]->root;
}

/**
 * ct_resource_show_task - the groups of a task, for /proc/PID/container
 * @m: where; a line SUBSYS,...:PATH for each hierarchy
 * @task: the task
 *
 * Context: may sleep; takes ct_rmutex.
 */
void ct_resource_show_task(struct seq_file *m, struct task_struct *task)
{
	unsigned int i;
	char *path;
	int len;

	if (!READ_ONCE(nr_hierarchies))
		return;
	path = kmalloc(PATH_MAX, GFP_KERNEL);
	if (!path)
		return;
	mutex_lock(&ct_rmutex);
	for (i = 1; i <= CT_HIERARCHIES_MAX; i++) {
		if (!ct_hierarchies[i] || !ct_hierarchies[i]->sb)
			continue;
		rcu_read_lock();
		len = ct_rgroup_path(group_of(task, i), path, PATH_MAX);
		rcu_read_unlock();
		ct_hierarchy_names(m, ct_hierarchies[i]->subsys, ",");
		seq_printf(m, ":%s\n", len < 0 ? "(too long)" : path);
	}
	mutex_unlock(&ct_rmutex);
	kfree(path);
}

/* -- loading and unloading ------------------------------------------------------------ */

/**
 * ct_resource_init - make the file system known
 *
 * Context: may sleep; at load, when hooks can be armed.
 * Return: 0 or an error, and nothing is left.
 */
int ct_resource_init(void)
{
	int err;

	ct_rwq = alloc_workqueue("container", WQ_UNBOUND, 0);
	if (!ct_rwq)
		return -ENOMEM;
	err = ct_rentries_init();
	if (err)
		goto err_queue;
	err = -ENOMEM;
	proc_file = proc_create_single("containers", 0444, NULL,
				       containers_show);
	if (!proc_file)
		goto err_entries;
	err = ct_controllers_init();
	if (!err)
		err = ct_fs_init();
	if (err)
		goto err_proc;
	return 0;

err_proc:
	proc_remove(proc_file);
err_entries:
	ct_rentries_exit();
err_queue:
	destroy_workqueue(ct_rwq);
	return err;
}

/**
 * ct_resource_remove - nobody can come any more
 *
 * Context: may sleep; at unload, first: there is no hierarchy.
 */
void ct_resource_remove(void)
{
	ct_fs_unregister();
	proc_remove(proc_file);
	ct_tasks_release();
}

/**
 * ct_resource_exit - free what is left, of zombies
 *
 * Context: may sleep; at unload, when no hook runs any more.
 */
void ct_resource_exit(void)
{
	ct_controllers_exit();
	ct_tasks_drop();
	ct_css_flush();
	/* What is due for groups, and for hooks that are off already. */
	destroy_workqueue(ct_rwq);
	/* Groups, sets, and inodes. */
	rcu_barrier();
	ct_fs_exit();
	ct_rentries_exit();
}
