// SPDX-License-Identifier: GPL-2.0
/* The files tasks and procs: who is in a group, and attaching. */
#include <linux/capability.h>
#include <linux/cred.h>
#include <linux/kstrtox.h>
#include <linux/mm.h>
#include <linux/pid.h>
#include <linux/sched/signal.h>
#include <linux/sched/task.h>
#include <linux/slab.h>
#include <linux/sort.h>
#include <linux/user_namespace.h>

#include "resource/entry.h"
#include "resource/resource.h"

/* -- walking ----------------------------------------------------------------- */

typedef void (*walk_fn)(struct task_struct *task, void *data);

static void walk_list(struct list_head *list, walk_fn fn, void *data)
{
	struct ct_rentry *e;

	list_for_each_entry(e, list, node)
		fn(e->task, data);
}

/* Not the root; ct_set_lock is held. */
static void walk_group(struct ct_rgroup *group, unsigned int h,
		       unsigned int which, walk_fn fn, void *data)
{
	struct ct_rset *set;

	lockdep_assert_held(&ct_set_lock);
	list_for_each_entry(set, &group->sets, link[h]) {
		if (which & CONTAINER_TASKS_LIVE)
			walk_list(&set->tasks, fn, data);
		if (which & CONTAINER_TASKS_EXITED)
			walk_list(&set->exited, fn, data);
	}
}

static bool in_root(struct task_struct *task, unsigned int h,
		    unsigned int which)
{
	bool exited = READ_ONCE(task->flags) & PF_EXITING;
	struct ct_rset *set;

	if (!(which & (exited ? CONTAINER_TASKS_EXITED : CONTAINER_TASKS_LIVE)))
		return false;
	set = ct_rentry_set(task);
	return !set || !set->group[h];
}

/* All tasks that are nowhere else. */
static void walk_root(unsigned int h, unsigned int which, walk_fn fn,
		      void *data)
{
	struct task_struct *process, *task;

	rcu_read_lock();
	for_each_process_thread(process, task)
		if (in_root(task, h, which))
			fn(task, data);
	rcu_read_unlock();
}

static void walk(struct ct_rgroup *group, unsigned int which, walk_fn fn,
		 void *data)
{
	/* A group that is removed has zombies, if anything. */
	unsigned int h = group->number;

	if (group->parent) {
		spin_lock_irq(&ct_set_lock);
		walk_group(group, h, which, fn, data);
		spin_unlock_irq(&ct_set_lock);
	} else if (!group->dead) {
		walk_root(h, which, fn, data);
	}
}

/**
 * container_walk - look at the tasks of a group, not those of groups below
 * @css: a state
 * @which: CONTAINER_TASKS_LIVE, _EXITED, or both
 * @fn: called for each, atomic; irqs are off but for the root's
 * @data: for @fn
 *
 * But for the root this is one moment: no task moves, is forked into or leaves
 * the group meanwhile, in the sense of attach, fork and release, nor gets from
 * live to exited.
 *
 * Context: may sleep; with or without container_lock().
 */
void container_walk(struct container_css *css, unsigned int which,
		    void (*fn)(struct task_struct *task, void *data),
		    void *data)
{
	walk(css->group, which, fn, data);
}
EXPORT_SYMBOL_GPL(container_walk);

struct taking {
	struct container_task_list *list;
	unsigned int room;
	unsigned int wanted;
};

static void take_task(struct task_struct *task, void *data)
{
	struct taking *t = data;

	if (t->wanted++ < t->room)
		t->list->task[t->list->nr++] = get_task_struct(task);
}

/**
 * container_tasks - get the tasks of a group, not those of groups below
 * @css: a state
 * @which: CONTAINER_TASKS_LIVE, _EXITED, or both
 *
 * With container_lock() held, only those that fork and exit can differ later.
 *
 * Context: may sleep.
 * Return: them, for container_tasks_free(); or ERR_PTR(-ENOMEM).
 */
struct container_task_list *container_tasks(struct container_css *css,
					    unsigned int which)
{
	struct taking t = { .wanted = 64 };

	do {
		t.room = t.wanted + t.wanted / 4;
		t.wanted = 0;
		if (t.list)
			container_tasks_free(t.list);
		t.list = kvzalloc(struct_size(t.list, task, t.room), GFP_KERNEL);
		if (!t.list)
			return ERR_PTR(-ENOMEM);
		walk(css->group, which, take_task, &t);
	} while (t.wanted > t.room);
	return t.list;
}
EXPORT_SYMBOL_GPL(container_tasks);

/**
 * container_tasks_free - undo container_tasks()
 * @list: what that gave
 *
 * Context: may sleep.
 */
void container_tasks_free(struct container_task_list *list)
{
	unsigned int i;

	for (i = 0; i < list->nr; i++)
		put_task_struct(list->task[i]);
	kvfree(list);
}
EXPORT_SYMBOL_GPL(container_tasks_free);

/* -- reading ------------------------------------------------------------------ */

struct reading {
	struct ct_rpids *pids;
	unsigned int wanted;
	bool procs;
};

static void take_pid(struct task_struct *task, void *data)
{
	struct reading *r = data;
	pid_t nr = r->procs ? task_tgid_vnr(task) : task_pid_vnr(task);

	/* 0: the reader does not see it. */
	if (nr > 0 && r->wanted++ < r->pids->room)
		r->pids->pid[r->pids->nr++] = nr;
}

static int compare_pids(const void *a, const void *b)
{
	return *(const pid_t *)a - *(const pid_t *)b;
}

static void drop_twins(struct ct_rpids *pids)
{
	unsigned int i, k = 0;

	for (i = 0; i < pids->nr; i++)
		if (!k || pids->pid[k - 1] != pids->pid[i])
			pids->pid[k++] = pids->pid[i];
	pids->nr = k;
}

/**
 * ct_rpids_take - who is in a group now
 * @group: the group
 * @procs: processes that have a thread in it, rather than threads
 *
 * Context: may sleep.
 * Return: the numbers, as current sees them, for kvfree(); or ERR_PTR(-ENOMEM).
 */
struct ct_rpids *ct_rpids_take(struct ct_rgroup *group, bool procs)
{
	struct reading r = { .procs = procs, .wanted = 64 };
	unsigned int room;

	do {
		room = r.wanted + r.wanted / 4;
		r.wanted = 0;
		kvfree(r.pids);
		r.pids = kvmalloc(struct_size(r.pids, pid, room), GFP_KERNEL);
		if (!r.pids)
			return ERR_PTR(-ENOMEM);
		r.pids->nr = 0;
		r.pids->room = room;
		walk(group, CONTAINER_TASKS_LIVE, take_pid, &r);
	} while (r.wanted > room);
	sort(r.pids->pid, r.pids->nr, sizeof(pid_t), compare_pids, NULL);
	drop_twins(r.pids);
	return r.pids;
}

/* -- writing ------------------------------------------------------------------ */

static int may_attach(struct file *file, struct task_struct *task)
{
	const struct cred *cred = file->f_cred;
	const struct cred *tcred = get_task_cred(task);
	int err = 0;

	if (!uid_eq(cred->euid, GLOBAL_ROOT_UID) &&
	    !uid_eq(cred->euid, tcred->uid) &&
	    !uid_eq(cred->euid, tcred->suid) &&
	    !file_ns_capable(file, tcred->user_ns, CAP_SYS_NICE))
		err = -EACCES;
	put_cred(tcred);
	return err;
}

/* As the writer sees it; find_vpid() is hooked where that differs. */
static struct task_struct *find_task(pid_t nr)
{
	struct task_struct *task;

	if (!nr)
		return get_task_struct(current);
	rcu_read_lock();
	task = pid_task(find_vpid(nr), PIDTYPE_PID);
	if (task)
		get_task_struct(task);
	rcu_read_unlock();
	return task;
}

/**
 * ct_tasks_write - move somebody into a group
 * @file: as whose opener
 * @group: the group
 * @buf: a number; 0 is the writer
 * @procs: the whole process
 *
 * Context: may sleep; takes ct_rmutex.
 * Return: 0 or an errno, see Documentation/resource.md.
 */
int ct_tasks_write(struct file *file, struct ct_rgroup *group, char *buf,
		   bool procs)
{
	struct task_struct *task;
	pid_t nr;
	int err;

	if (kstrtoint(buf, 10, &nr) || nr < 0)
		return -EINVAL;
	task = find_task(nr);
	if (!task)
		return -ESRCH;
	err = may_attach(file, task);
	if (!err) {
		mutex_lock(&ct_rmutex);
		err = group->dead ? -ENODEV : ct_attach(group, task, procs);
		mutex_unlock(&ct_rmutex);
	}
	put_task_struct(task);
	return err;
}
