// SPDX-License-Identifier: GPL-2.0
/*
 * The controller "cpuset": the tasks of a group run on its processors only, and take
 * memory from its nodes only.  Documentation/resource-cpuset.md has the files.
 *
 * This half is about the groups: what was written, and what of it is in force.  That
 * is, from the root down, what the group above has and what was written have in
 * common, or what the group above has if that is nothing.  Processors that are
 * offline and nodes without memory are not in the root.
 *
 * What is in force is read under RCU, also by the scheduler, so there is room for it
 * twice, and a change of many groups is prepared in the other half, where it can still
 * be refused, before it is published.  Then it is written into the tasks
 * (cpuset_tasks.c).
 *
 * Locks: container_lock(), then that of CPU hotplug, of which callbacks only queue
 * work.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/cpu.h>
#include <linux/cpuhotplug.h>
#include <linux/jump_label.h>
#include <linux/kernel.h>
#include <linux/memory.h>
#include <linux/module.h>
#include <linux/nodemask.h>
#include <linux/notifier.h>
#include <linux/sched.h>
#include <linux/seq_file.h>
#include <linux/slab.h>
#include <linux/workqueue.h>

#include <container/subsys.h>

#include "compat/affinity.h"
#include "hook/hook.h"
#include "hook/symbols.h"
#include "resource/controllers.h"
#include "resource/cpuset.h"

/* When there was no memory to go through a group's tasks. */
#define RETRY	(HZ / 10 + 1)

/* Of the hierarchy, or NULL; under container_lock(). */
static struct ct_cpuset *cpuset_root;

/* What makes the page allocator look at sets at all, in this order. */
static const char * const key_names[] = {
	"cpusets_pre_enable_key",
	"cpusets_enabled_key",
};

static struct static_key *keys[ARRAY_SIZE(key_names)];

/* The state of the callbacks for processors; under container_lock(). */
static enum cpuhp_state hotplug_state;

static const struct container_file cpuset_files[];
enum { FILE_CPUS, FILE_MEMS, FILE_EFFECTIVE_CPUS, FILE_EFFECTIVE_MEMS };

static void refresh(struct work_struct *work);

static DECLARE_DELAYED_WORK(refresh_work, refresh);

/* -- what is in force -------------------------------------------------------------- */

static struct ct_cpuset_masks *now_of(struct ct_cpuset *cs)
{
	container_assert_locked();
	return rcu_dereference_protected(cs->now, true);
}

/* What is or, of a group that has been staged, will be. */
static struct ct_cpuset_masks *then_of(struct ct_cpuset *cs)
{
	return cs->next ?: now_of(cs);
}

/* Kernel memory needs a node that is not only for what can be moved. */
static bool enough(const nodemask_t *mems)
{
	return nodes_intersects(*mems, node_states[N_NORMAL_MEMORY]);
}

static void work_out(struct ct_cpuset *cs, struct ct_cpuset_masks *out)
{
	struct ct_cpuset *above = ct_cpuset_above(cs);

	if (!above) {
		cpumask_copy(out->cpus, cpu_online_mask);
		out->mems = node_states[N_MEMORY];
		return;
	}
	if (!cpumask_and(out->cpus, cs->own.cpus, then_of(above)->cpus))
		cpumask_copy(out->cpus, then_of(above)->cpus);
	nodes_and(out->mems, cs->own.mems, then_of(above)->mems);
	if (!enough(&out->mems))
		out->mems = then_of(above)->mems;
}

/* Prepare what follows, in @top and below, from what has been written. */
static void stage(struct ct_cpuset *top)
{
	struct container_css *css;

	container_for_each_pre(css, &top->css) {
		struct ct_cpuset *cs = ct_cpuset_of(css);
		struct ct_cpuset_masks *now = now_of(cs), *spare;

		spare = &cs->masks[now == &cs->masks[0]];
		/* Somebody may still read what it was before the last change. */
		cond_synchronize_rcu(cs->since);
		work_out(cs, spare);
		cs->next = spare;
		if (cpumask_equal(spare->cpus, now->cpus) &&
		    nodes_equal(spare->mems, now->mems))
			cs->next = NULL;
	}
}

static void unstage(struct ct_cpuset *top)
{
	struct container_css *css;

	container_for_each_pre(css, &top->css)
		ct_cpuset_of(css)->next = NULL;
}

struct narrowed {
	const struct cpumask *cpus;
	bool found;
};

static void find_narrowed(struct task_struct *task, void *data)
{
	struct narrowed *narrowed = data;

	if (ct_cpuset_narrows(task, narrowed->cpus))
		narrowed->found = true;
}

/* Would what was staged take processors from tasks with deadlines? */
static bool narrows(struct ct_cpuset *top)
{
	struct narrowed narrowed = {};
	struct container_css *css;

	container_for_each_pre(css, &top->css) {
		struct ct_cpuset *cs = ct_cpuset_of(css);

		if (!cs->next)
			continue;
		narrowed.cpus = cs->next->cpus;
		container_walk(css, CONTAINER_TASKS_LIVE, find_narrowed,
			       &narrowed);
	}
	return narrowed.found;
}

static void publish(struct ct_cpuset *top)
{
	struct container_css *css;

	container_for_each_pre(css, &top->css) {
		struct ct_cpuset *cs = ct_cpuset_of(css);

		if (!cs->next)
			continue;
		rcu_assign_pointer(cs->now, cs->next);
		cs->since = get_state_synchronize_rcu();
		container_file_notify(css, &cpuset_files[FILE_EFFECTIVE_CPUS]);
		container_file_notify(css, &cpuset_files[FILE_EFFECTIVE_MEMS]);
	}
}

static void apply_to_tasks(struct ct_cpuset *cs)
{
	struct container_task_list *list;
	unsigned int i;

	list = container_tasks(&cs->css, CONTAINER_TASKS_LIVE);
	if (IS_ERR(list)) {
		mod_delayed_work(system_wq, &refresh_work, RETRY);
		return;
	}
	for (i = 0; i < list->nr; i++) {
		ct_cpuset_apply(list->task[i]);
		cond_resched();
	}
	container_tasks_free(list);
}

/* Write what was published into the tasks: @all, or where it has changed. */
static void apply(struct ct_cpuset *top, bool all)
{
	struct container_css *css;

	container_for_each_pre(css, &top->css) {
		struct ct_cpuset *cs = ct_cpuset_of(css);

		/* Nobody is told about tasks in the root. */
		if (css->parent && (cs->next || all))
			apply_to_tasks(cs);
		cs->next = NULL;
	}
}

/* What was written has changed. -EBUSY: that must not be, and is to be undone. */
static int update(struct ct_cpuset *top)
{
	container_assert_locked();
	stage(top);
	if (narrows(top)) {
		unstage(top);
		return -EBUSY;
	}
	publish(top);
	apply(top, false);
	return 0;
}

/*
 * A processor, or memory, has come or gone. The kernel may have written into tasks
 * before we knew, so all are gone through.
 */
static void refresh(struct work_struct *work)
{
	/*
	 * Until it is really there, or gone, and then until the kernel's cpusets know
	 * it too: what they say is part of what tasks get. If another one follows
	 * meanwhile, so does another refresh. That takes locks of cgroup, so outside
	 * of ours.
	 */
	cpus_read_lock();
	cpus_read_unlock();
	ct_cpuset_wait_for_hotplug();

	container_lock();
	if (cpuset_root) {
		cpus_read_lock();
		stage(cpuset_root);
		cpus_read_unlock();
		publish(cpuset_root);
		apply(cpuset_root, true);
	}
	container_unlock();
}

static int cpu_changed(unsigned int cpu)
{
	mod_delayed_work(system_wq, &refresh_work, 0);
	return 0;
}

static int memory_changed(struct notifier_block *nb, unsigned long action,
			  void *data)
{
	if (action == MEM_ONLINE || action == MEM_OFFLINE)
		mod_delayed_work(system_wq, &refresh_work, 0);
	return NOTIFY_OK;
}

static struct notifier_block memory_notifier = {
	.notifier_call = memory_changed,
};

/* -- changing what was written --------------------------------------------------------- */

/* Do they have something that one of them wants for itself? */
static bool conflict(struct ct_cpuset *a, struct ct_cpuset *b)
{
	if ((a->cpu_exclusive || b->cpu_exclusive) &&
	    cpumask_intersects(a->own.cpus, b->own.cpus))
		return true;
	return (a->mem_exclusive || b->mem_exclusive) &&
	       nodes_intersects(a->own.mems, b->own.mems);
}

static bool conflicts(struct ct_cpuset *cs)
{
	struct container_css *css;

	container_for_each_child(css, cs->css.parent)
		if (css != &cs->css && conflict(cs, ct_cpuset_of(css)))
			return true;
	return false;
}

/* May it be written to? container_lock() is held. */
static int writable(struct ct_cpuset *cs)
{
	container_assert_locked();
	if (!container_css_online(&cs->css))
		return -ENODEV;
	return cs->css.parent ? 0 : -EACCES;
}

/* @old is room for what it was. */
static int set_cpus(struct ct_cpuset *cs, const struct cpumask *cpus,
		    struct cpumask *old)
{
	int err = writable(cs);

	if (err)
		return err;
	cpumask_copy(old, cs->own.cpus);
	cpumask_copy(cs->own.cpus, cpus);
	err = conflicts(cs) ? -EINVAL : update(cs);
	if (err)
		cpumask_copy(cs->own.cpus, old);
	return err;
}

/* One group more, or less, has nodes of its own. */
static void heed_mems(bool more)
{
	int i;

	if (more)
		for (i = 0; i < ARRAY_SIZE(keys); i++)
			static_key_slow_inc(keys[i]);
	else
		for (i = ARRAY_SIZE(keys) - 1; i >= 0; i--)
			static_key_slow_dec(keys[i]);
}

static int set_mems(struct ct_cpuset *cs, const nodemask_t *mems)
{
	nodemask_t old = cs->own.mems;
	int err = writable(cs);

	if (err)
		return err;
	cs->own.mems = *mems;
	if (conflicts(cs)) {
		cs->own.mems = old;
		return -EINVAL;
	}
	/* The allocator has to look before tasks rely on it, and as long. */
	if (!nodes_empty(*mems))
		heed_mems(true);
	err = update(cs);
	if (err)
		swap(cs->own.mems, old);
	if (!nodes_empty(old))
		heed_mems(false);
	return err;
}

static int cpus_write(struct container_css *css, char *buf,
		      const struct container_file *file)
{
	cpumask_var_t cpus, old;
	int err = -ENOMEM;

	if (!zalloc_cpumask_var(&cpus, GFP_KERNEL))
		return -ENOMEM;
	if (!alloc_cpumask_var(&old, GFP_KERNEL))
		goto out;
	err = *buf ? cpulist_parse(buf, cpus) : 0;
	if (!err && !cpumask_subset(cpus, cpu_possible_mask))
		err = -EINVAL;
	if (!err) {
		container_lock();
		err = set_cpus(ct_cpuset_of(css), cpus, old);
		container_unlock();
	}
	free_cpumask_var(old);
out:
	free_cpumask_var(cpus);
	return err;
}

static int mems_write(struct container_css *css, char *buf,
		      const struct container_file *file)
{
	nodemask_t mems = NODE_MASK_NONE;
	int err = *buf ? nodelist_parse(buf, mems) : 0;

	if (!err && !nodes_subset(mems, node_possible_map))
		err = -EINVAL;
	if (err)
		return err;
	container_lock();
	err = set_mems(ct_cpuset_of(css), &mems);
	container_unlock();
	return err;
}

static bool *flag_of(struct ct_cpuset *cs, const struct container_file *file)
{
	return file->private ? &cs->mem_exclusive : &cs->cpu_exclusive;
}

/* What is exclusive here has to be that above, or cousins could have it. */
static int set_exclusive(struct ct_cpuset *cs, const struct container_file *file,
			 bool exclusive)
{
	bool *flag = flag_of(cs, file), old = *flag;
	struct container_css *css;
	int err = writable(cs);

	if (err)
		return err;
	if (exclusive && !*flag_of(ct_cpuset_above(cs), file))
		return -EACCES;
	if (!exclusive)
		container_for_each_child(css, &cs->css)
			if (*flag_of(ct_cpuset_of(css), file))
				return -EBUSY;
	*flag = exclusive;
	if (conflicts(cs)) {
		*flag = old;
		return -EINVAL;
	}
	return 0;
}

static int exclusive_write(struct container_css *css, char *buf,
			   const struct container_file *file)
{
	bool exclusive;
	int err;

	if (strcmp(buf, "0") && strcmp(buf, "1"))
		return -EINVAL;
	exclusive = *buf == '1';
	container_lock();
	err = set_exclusive(ct_cpuset_of(css), file, exclusive);
	container_unlock();
	return err;
}

/* -- files ------------------------------------------------------------------------------ */

static void show_cpus(struct seq_file *m, const struct ct_cpuset_masks *masks)
{
	seq_printf(m, "%*pbl\n", cpumask_pr_args(masks->cpus));
}

static void show_mems(struct seq_file *m, const struct ct_cpuset_masks *masks)
{
	seq_printf(m, "%*pbl\n", nodemask_pr_args(&masks->mems));
}

/* The root has what there is. */
static int own_show(struct seq_file *m, struct container_css *css,
		    const struct container_file *file)
{
	struct ct_cpuset *cs = ct_cpuset_of(css);
	struct ct_cpuset_masks *masks;

	container_lock();
	masks = css->parent ? &cs->own : now_of(cs);
	if (file->private)
		show_mems(m, masks);
	else
		show_cpus(m, masks);
	container_unlock();
	return 0;
}

static int effective_show(struct seq_file *m, struct container_css *css,
			  const struct container_file *file)
{
	container_lock();
	if (file->private)
		show_mems(m, now_of(ct_cpuset_of(css)));
	else
		show_cpus(m, now_of(ct_cpuset_of(css)));
	container_unlock();
	return 0;
}

static int exclusive_show(struct seq_file *m, struct container_css *css,
			  const struct container_file *file)
{
	seq_printf(m, "%d\n", READ_ONCE(*flag_of(ct_cpuset_of(css), file)));
	return 0;
}

/* @private: 1: about memory. */
static const struct container_file cpuset_files[] = {
	[FILE_CPUS] = {
		.name = "cpus",
		.show = own_show,
		.write = cpus_write,
	},
	[FILE_MEMS] = {
		.name = "mems",
		.private = 1,
		.show = own_show,
		.write = mems_write,
	},
	[FILE_EFFECTIVE_CPUS] = {
		.name = "effective_cpus",
		.show = effective_show,
	},
	[FILE_EFFECTIVE_MEMS] = {
		.name = "effective_mems",
		.private = 1,
		.show = effective_show,
	},
	{
		.name = "cpu_exclusive",
		.show = exclusive_show,
		.write = exclusive_write,
	},
	{
		.name = "mem_exclusive",
		.private = 1,
		.show = exclusive_show,
		.write = exclusive_write,
	},
	{}
};

/* -- life ------------------------------------------------------------------------------- */

static void cpuset_free(struct ct_cpuset *cs)
{
	free_cpumask_var(cs->own.cpus);
	free_cpumask_var(cs->masks[0].cpus);
	free_cpumask_var(cs->masks[1].cpus);
	kfree(cs);
}

static struct container_css *cpuset_create(struct container_subsys *ss,
					   struct container_css *parent)
{
	struct ct_cpuset *cs = kzalloc(sizeof(*cs), GFP_KERNEL);

	if (!cs)
		return ERR_PTR(-ENOMEM);
	if (!zalloc_cpumask_var(&cs->own.cpus, GFP_KERNEL) ||
	    !zalloc_cpumask_var(&cs->masks[0].cpus, GFP_KERNEL) ||
	    !zalloc_cpumask_var(&cs->masks[1].cpus, GFP_KERNEL)) {
		/* Those that were not reached are NULL. */
		cpuset_free(cs);
		return ERR_PTR(-ENOMEM);
	}
	RCU_INIT_POINTER(cs->now, &cs->masks[0]);
	cs->since = get_state_synchronize_rcu();
	cs->cpu_exclusive = !parent;
	cs->mem_exclusive = !parent;
	return &cs->css;
}

/* The hierarchy begins: no task is in a group yet. */
static int root_online(struct ct_cpuset *cs)
{
	int err = ct_hooks_arm(CT_HOOK_CPUSET);

	if (err)
		return err;
	err = cpuhp_setup_state_nocalls(CPUHP_AP_ONLINE_DYN, "container:cpuset",
					cpu_changed, cpu_changed);
	if (err < 0)
		goto err_hooks;
	hotplug_state = err;
	err = register_memory_notifier(&memory_notifier);
	if (err)
		goto err_hotplug;
	return 0;

err_hotplug:
	cpuhp_remove_state_nocalls(hotplug_state);
err_hooks:
	ct_hooks_disarm(CT_HOOK_CPUSET);
	return err;
}

static int cpuset_online(struct container_css *css)
{
	struct ct_cpuset *cs = ct_cpuset_of(css);
	int err = css->parent ? 0 : root_online(cs);

	if (err)
		return err;
	/* Nobody reads it yet. What comes or goes from here on is told. */
	cpus_read_lock();
	work_out(cs, now_of(cs));
	cpus_read_unlock();
	return 0;
}

/* No task is in it; one that is being forked follows its parent. */
static void cpuset_offline(struct container_css *css)
{
	struct ct_cpuset *cs = ct_cpuset_of(css);

	if (!nodes_empty(cs->own.mems)) {
		nodes_clear(cs->own.mems);
		heed_mems(false);
	}
	if (css->parent)
		return;
	unregister_memory_notifier(&memory_notifier);
	cpuhp_remove_state_nocalls(hotplug_state);
	ct_hooks_disarm(CT_HOOK_CPUSET);
}

static void cpuset_destroy(struct container_css *css)
{
	cpuset_free(ct_cpuset_of(css));
}

static void cpuset_bind(struct container_subsys *ss, struct container_css *root)
{
	cpuset_root = root ? ct_cpuset_of(root) : NULL;
}

/**
 * ct_cpuset_init - find what is needed of the kernel
 *
 * Context: may sleep; at load.
 * Return: 0, or -ENOENT after a message.
 */
int ct_cpuset_init(void)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(keys); i++) {
		keys[i] = (struct static_key *)ct_symbol(key_names[i]);
		if (!keys[i]) {
			pr_err("this kernel lacks %s\n", key_names[i]);
			return -ENOENT;
		}
	}
	return 0;
}

/**
 * ct_cpuset_exit - nothing of the cpuset controller runs any more
 *
 * Context: may sleep; at unload, when there is no hierarchy.
 */
void ct_cpuset_exit(void)
{
	cancel_delayed_work_sync(&refresh_work);
}

struct container_subsys ct_cpuset = {
	.name = "cpuset",
	.owner = THIS_MODULE,
	.files = cpuset_files,
	.create = cpuset_create,
	.online = cpuset_online,
	.offline = cpuset_offline,
	.destroy = cpuset_destroy,
	.bind = cpuset_bind,
	.can_attach = ct_cpuset_can_attach,
	.cancel_attach = ct_cpuset_cancel_attach,
	.post_attach = ct_cpuset_post_attach,
	.fork = ct_cpuset_fork,
};
