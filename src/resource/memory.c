// SPDX-License-Identifier: GPL-2.0
/*
 * The controller "memory": how much memory the tasks of a group may have.
 * Documentation/resource-memory.md has the files.
 *
 * The kernel's own control groups do it: they count, reclaim, and kill if need be.
 * Each group but the root has one underneath (memcg.c), with no task in it. Where
 * the kernel asks in which control group of memory a task is, it is told that one;
 * so the tasks stay in the control groups that they are in for all else.
 *
 *	get_mem_cgroup_from_mm		who is charged for a page
 *	mem_cgroup_from_task		whose pages a task uses, whose events count
 *	mem_cgroup_scan_tasks		who can be killed when there is no room
 *
 * The hooks are armed while a hierarchy has the controller.
 */
#include <linux/err.h>
#include <linux/kernel.h>
#include <linux/memcontrol.h>
#include <linux/module.h>
#include <linux/preempt.h>
#include <linux/sched/signal.h>
#include <linux/seq_file.h>
#include <linux/slab.h>

#include <container/subsys.h>

#include "hook/handlers.h"
#include "hook/hook.h"
#include "resource/controllers.h"
#include "resource/memory.h"

DEFINE_STATIC_CALL_NULL(ct_orig_get_mem_cgroup_from_mm, get_mem_cgroup_from_mm);
DEFINE_STATIC_CALL_NULL(ct_orig_mem_cgroup_from_task, mem_cgroup_from_task);
DEFINE_STATIC_CALL_NULL(ct_orig_mem_cgroup_scan_tasks, mem_cgroup_scan_tasks);

/* In the root of cgroup2; in it, each group has a number. */
#define TOP_NAME	"container.memory"

/**
 * struct memory - the state of a group
 * @css: the core's part
 * @above: in the root: the root of cgroup2
 * @cg: its control group; the root's memcg is not used for tasks. Complete before
 *	the group can be found, and until the state is destroyed
 */
struct memory {
	struct container_css css;
	struct ct_memcg above;
	struct ct_memcg cg;
};

static struct memory *memory_of(const struct container_css *css)
{
	return container_of(css, struct memory, css);
}

/* -- who is charged -------------------------------------------------------------- */

/* NULL: the kernel knows. Under RCU, as long as which it exists. */
static struct mem_cgroup *memcg_of(struct task_struct *task)
{
	struct container_css *css = container_task_css(task, &ct_memory);

	return css && css->parent ? memory_of(css)->cg.memcg : NULL;
}

static struct mem_cgroup *memcg_of_mm(struct mm_struct *mm)
{
	struct task_struct *owner;

	if (!mm) {
		/* For somebody else, whom the kernel knows; or for nobody. */
		if (!in_task() || current->active_memcg)
			return NULL;
		mm = current->mm;
		if (!mm)
			return NULL;
	}
	owner = rcu_dereference(mm->owner);
	return owner ? memcg_of(owner) : NULL;
}

struct mem_cgroup *ct_hook_get_mem_cgroup_from_mm(struct mm_struct *mm)
{
	struct mem_cgroup *memcg;

	rcu_read_lock();
	memcg = memcg_of_mm(mm);
	/* If somebody has removed it under us the kernel's is as good as any. */
	if (memcg && !css_tryget_online(&memcg->css))
		memcg = NULL;
	rcu_read_unlock();
	return memcg ?: static_call(ct_orig_get_mem_cgroup_from_mm)(mm);
}

/* The caller has whatever keeps the result, RCU at least. */
struct mem_cgroup *ct_hook_mem_cgroup_from_task(struct task_struct *task)
{
	struct mem_cgroup *memcg;

	rcu_read_lock();
	memcg = memcg_of(task);
	rcu_read_unlock();
	return memcg ?: static_call(ct_orig_mem_cgroup_from_task)(task);
}

/* -- who is killed --------------------------------------------------------------- */

/**
 * struct scan - looking at tasks
 * @fn: what to call; not 0: no more
 * @arg: for it
 * @stop: what it has said last
 */
struct scan {
	int (*fn)(struct task_struct *task, void *arg);
	void *arg;
	int stop;
};

static int scan_one(struct task_struct *task, void *data)
{
	struct scan *scan = data;

	scan->stop = scan->fn(task, scan->arg);
	return scan->stop;
}

/* Does the process have memory that is charged to it, or below? Under RCU. */
static bool is_under(struct task_struct *process, struct mem_cgroup *memcg)
{
	struct task_struct *thread;

	for_each_thread(process, thread) {
		struct mem_cgroup *its = memcg_of(thread);

		if (its && mem_cgroup_is_descendant(its, memcg))
			return true;
	}
	return false;
}

/*
 * As the kernel does it when the whole machine is out of memory: under RCU, without
 * memory for a list.
 */
static void scan_ours(struct mem_cgroup *memcg, struct scan *scan)
{
	struct task_struct *process;

	rcu_read_lock();
	for_each_process(process) {
		if (is_under(process, memcg) && scan_one(process, scan))
			break;
	}
	rcu_read_unlock();
}

/* The result is of no use to kernels whose function has none. */
int ct_hook_mem_cgroup_scan_tasks(struct mem_cgroup *memcg,
				  int (*fn)(struct task_struct *, void *),
				  void *arg)
{
	struct scan scan = { .fn = fn, .arg = arg };

	ct_hook_enter();
	/* Somebody may have put tasks into it all the same. */
	static_call(ct_orig_mem_cgroup_scan_tasks)(memcg, scan_one, &scan);
	if (!scan.stop)
		scan_ours(memcg, &scan);
	ct_hook_leave();
	return scan.stop;
}

/* -- files ----------------------------------------------------------------------- */

static const char * const names[] = {
	"memory.current", "memory.peak", "memory.min", "memory.low",
	"memory.high", "memory.max", "memory.events", "memory.stat",
	"memory.swap.current", "memory.swap.max", "memory.reclaim",
};

enum {
	FILE_CURRENT, FILE_PEAK, FILE_MIN, FILE_LOW, FILE_HIGH, FILE_MAX,
	FILE_EVENTS, FILE_STAT, FILE_SWAP_CURRENT, FILE_SWAP_MAX, FILE_RECLAIM,
};

static int memory_show(struct seq_file *m, struct container_css *css,
		       const struct container_file *file)
{
	return ct_memcg_show(m, &memory_of(css)->cg, names[file->private]);
}

static int memory_write(struct container_css *css, char *buf,
			const struct container_file *file)
{
	return ct_memcg_write(&memory_of(css)->cg, names[file->private], buf);
}

#define READ_FILE(file_name, number) {					\
	.name = file_name,						\
	.flags = CONTAINER_FILE_NO_ROOT,				\
	.private = number,						\
	.show = memory_show,						\
}

#define LIMIT_FILE(file_name, number) {					\
	.name = file_name,						\
	.flags = CONTAINER_FILE_NO_ROOT,				\
	.private = number,						\
	.show = memory_show,						\
	.write = memory_write,						\
}

static const struct container_file memory_files[] = {
	READ_FILE("current", FILE_CURRENT),
	READ_FILE("peak", FILE_PEAK),
	LIMIT_FILE("min", FILE_MIN),
	LIMIT_FILE("low", FILE_LOW),
	LIMIT_FILE("high", FILE_HIGH),
	LIMIT_FILE("max", FILE_MAX),
	READ_FILE("events", FILE_EVENTS),
	READ_FILE("stat", FILE_STAT),
	READ_FILE("swap.current", FILE_SWAP_CURRENT),
	LIMIT_FILE("swap.max", FILE_SWAP_MAX),
	{
		.name = "reclaim",
		.flags = CONTAINER_FILE_NO_ROOT,
		.private = FILE_RECLAIM,
		.write = memory_write,
	},
	{}
};

/* -- life ------------------------------------------------------------------------ */

static struct container_css *memory_create(struct container_subsys *ss,
					   struct container_css *parent)
{
	struct memory *mem = kzalloc(sizeof(*mem), GFP_KERNEL);

	return mem ? &mem->css : ERR_PTR(-ENOMEM);
}

static int root_online(struct memory *mem)
{
	int err = ct_memcg_top(&mem->above);

	if (err)
		return err;
	err = ct_memcg_make(&mem->above, &mem->cg, TOP_NAME);
	if (err)
		goto err_put;
	err = ct_hooks_arm(CT_HOOK_MEMORY);
	if (!err)
		return 0;
	ct_memcg_remove(&mem->above, &mem->cg);
	ct_memcg_put(&mem->cg);
err_put:
	ct_memcg_put(&mem->above);
	return err;
}

static int memory_online(struct container_css *css)
{
	struct memory *mem = memory_of(css);
	char name[16];

	if (!css->parent)
		return root_online(mem);
	snprintf(name, sizeof(name), "%u", css->id);
	return ct_memcg_make(&memory_of(css->parent)->cg, &mem->cg, name);
}

/* Those who still look find a control group that is offline. */
static void memory_offline(struct container_css *css)
{
	struct memory *mem = memory_of(css);

	if (!css->parent)
		ct_hooks_disarm(CT_HOOK_MEMORY);
	ct_memcg_remove(css->parent ? &memory_of(css->parent)->cg : &mem->above,
			&mem->cg);
}

static void memory_destroy(struct container_css *css)
{
	struct memory *mem = memory_of(css);

	ct_memcg_put(&mem->cg);
	ct_memcg_put(&mem->above);
	kfree(mem);
}

struct container_subsys ct_memory = {
	.name = "memory",
	.owner = THIS_MODULE,
	.files = memory_files,
	.create = memory_create,
	.online = memory_online,
	.offline = memory_offline,
	.destroy = memory_destroy,
};
