// SPDX-License-Identifier: GPL-2.0
/*
 * Tasks that come and go: the hooks.
 *
 * A child gets its entry in cgroup_can_fork(), where the fork can still fail, and
 * is put on lists in cgroup_post_fork(), when it is linked, so that everything
 * that is on a list is a task that others can find.  If its parent has been
 * moved in between the child is moved after it; see ct_attach_child().
 *
 * An entry goes in cgroup_release(), when its task has been waited for.
 */
#include <linux/cgroup.h>
#include <linux/sched/signal.h>

#include "hook/handlers.h"
#include "hook/hook.h"
#include "resource/entry.h"
#include "resource/resource.h"

DEFINE_STATIC_CALL_NULL(ct_orig_cgroup_can_fork, cgroup_can_fork);
DEFINE_STATIC_CALL_NULL(ct_orig_cgroup_cancel_fork, cgroup_cancel_fork);
DEFINE_STATIC_CALL_NULL(ct_orig_cgroup_post_fork, cgroup_post_fork);
DEFINE_STATIC_CALL_NULL(ct_orig_cgroup_exit, cgroup_exit);
DEFINE_STATIC_CALL_NULL(ct_orig_cgroup_release, cgroup_release);
DEFINE_STATIC_CALL_NULL(ct_orig_exchange_tids, exchange_tids);

static void set_enter(struct ct_rset *set)
{
	unsigned int i;

	lockdep_assert_held(&ct_set_lock);
	if (set->nr_tasks++)
		return;
	for (i = 1; i <= CT_HIERARCHIES_MAX; i++)
		if (set->group[i])
			ct_rgroup_populated(set->group[i], 1);
}

static void set_leave(struct ct_rset *set)
{
	unsigned int i;

	lockdep_assert_held(&ct_set_lock);
	if (--set->nr_tasks)
		return;
	for (i = 1; i <= CT_HIERARCHIES_MAX; i++)
		if (set->group[i])
			ct_rgroup_populated(set->group[i], -1);
}

/**
 * ct_rentry_list - put a task on the list of its set
 * @e: its entry, on no list
 *
 * Context: ct_set_lock held.
 */
void ct_rentry_list(struct ct_rentry *e)
{
	set_enter(e->set);
	e->state = CT_RENTRY_LIVE;
	list_add_tail(&e->node, &e->set->tasks);
}

/**
 * ct_rentry_relist - put a task on the list of another set
 * @e: its entry, live or new
 * @to: the set; its reference goes to the entry, and that of the old one to the
 *	caller
 *
 * Context: ct_set_lock held.
 */
void ct_rentry_relist(struct ct_rentry *e, struct ct_rset *to)
{
	struct ct_rset *from = e->set;
	bool was_live = e->state == CT_RENTRY_LIVE;

	/* First, so that groups above both do not seem to be empty between. */
	set_enter(to);
	WRITE_ONCE(e->set, to);
	e->state = CT_RENTRY_LIVE;
	list_move_tail(&e->node, &to->tasks);
	if (was_live)
		set_leave(from);
}

/**
 * ct_rentry_unlist - take a task off any list that it is on
 * @e: its entry
 *
 * Context: ct_set_lock held.
 */
void ct_rentry_unlist(struct ct_rentry *e)
{
	lockdep_assert_held(&ct_set_lock);
	list_del_init(&e->node);
	if (e->state != CT_RENTRY_LIVE)
		return;
	e->state = CT_RENTRY_NEW;
	set_leave(e->set);
}

/* Nothing is charged any more for those below @end. */
static void cancel(struct ct_rset *set, struct task_struct *child,
		   unsigned int end)
{
	unsigned int id;

	for_each_set_bit(id, &set->cancel_fork, end)
		set->css[id]->ss->cancel_fork(set->css[id], child);
}

static int charge(struct ct_rset *set, struct task_struct *child)
{
	unsigned int id;
	int err;

	for_each_set_bit(id, &set->can_fork, CONTAINER_SUBSYS_MAX) {
		err = set->css[id]->ss->can_fork(set->css[id], child);
		if (err) {
			cancel(set, child, id);
			return err;
		}
	}
	return 0;
}

/*
 * False: the parent has gone to the root of everything meanwhile, and the child with
 * it.  Then its entry could be the only one, which nobody knows of who takes the
 * hooks off because there is none (settle() in hierarchy.c).
 */
static bool publish(struct ct_rentry *e, struct task_struct *child,
		    struct ct_rset *set)
{
	bool stays;

	spin_lock_irq(&ct_set_lock);
	stays = ct_rentry_of(current);
	if (stays) {
		ct_rentry_publish(e, child, set);
		ct_meter_set(e, set);
	}
	spin_unlock_irq(&ct_set_lock);
	return stays;
}

/* Record the child where its parent is, if that is not the root of everything. */
static int fork_begin(struct task_struct *child)
{
	struct ct_rset *set = ct_rset_of(current);
	struct ct_rentry *e;
	int err;

	/* Idle tasks have no pid. */
	if (!set || !child->pid)
		goto out;
	e = ct_rentry_alloc(child->pid, child->tgid, GFP_KERNEL);
	if (!e) {
		ct_rset_put(set);
		return -ENOMEM;
	}
	err = charge(set, child);
	if (err) {
		ct_rentry_abandon(e);
		ct_rset_put(set);
		return err;
	}
	if (publish(e, child, set))
		return 0;
	cancel(set, child, CONTAINER_SUBSYS_MAX);
	ct_rentry_abandon(e);
out:
	ct_rset_put(set);
	return 0;
}

static void fork_undo(struct task_struct *child)
{
	struct ct_rset *set = NULL;
	struct ct_rentry *e;

	spin_lock_irq(&ct_set_lock);
	e = ct_rentry_of(child);
	if (e) {
		/* Nobody but us has ever seen the task. */
		set = e->set;
		ct_rentry_remove(e);
	}
	spin_unlock_irq(&ct_set_lock);
	if (!set)
		return;
	cancel(set, child, CONTAINER_SUBSYS_MAX);
	ct_rset_put(set);
}

/* No locks are held, and everything may sleep, in the next three. */
int ct_hook_cgroup_can_fork(struct task_struct *child,
			    struct kernel_clone_args *kargs)
{
	int err;

	ct_hook_enter();
	err = fork_begin(child);
	if (!err) {
		err = static_call(ct_orig_cgroup_can_fork)(child, kargs);
		if (err)
			fork_undo(child);
	}
	ct_hook_leave();
	return err;
}

void ct_hook_cgroup_cancel_fork(struct task_struct *child,
				struct kernel_clone_args *kargs)
{
	ct_hook_enter();
	fork_undo(child);
	static_call(ct_orig_cgroup_cancel_fork)(child, kargs);
	ct_hook_leave();
}

/*
 * Put it on its list. False: it is not where its parent is now; being linked, it
 * may also have been moved by somebody like any other task.
 */
static bool fork_settle(struct task_struct *child)
{
	struct ct_rentry *e, *parent;
	bool settled;

	spin_lock_irq(&ct_set_lock);
	e = ct_rentry_of(child);
	parent = ct_rentry_of(current);
	settled = (e ? e->set : NULL) == (parent ? parent->set : NULL);
	if (settled && e && e->state == CT_RENTRY_NEW)
		ct_rentry_list(e);
	spin_unlock_irq(&ct_set_lock);
	return settled;
}

static void fork_call(struct task_struct *child)
{
	struct ct_rset *set = ct_rset_of(child);
	unsigned int id;

	if (!set)
		return;
	for_each_set_bit(id, &set->fork, CONTAINER_SUBSYS_MAX)
		set->css[id]->ss->fork(set->css[id], child);
	ct_rset_put(set);
}

void ct_hook_cgroup_post_fork(struct task_struct *child,
			      struct kernel_clone_args *kargs)
{
	ct_hook_enter();
	/* First, as it releases what cgroup_can_fork() has locked. */
	static_call(ct_orig_cgroup_post_fork)(child, kargs);
	if (child->pid) {
		if (!fork_settle(child))
			ct_attach_child(child);
		fork_call(child);
	}
	ct_hook_leave();
}

/* Called by the task, which holds nothing. */
void ct_hook_cgroup_exit(struct task_struct *task)
{
	struct ct_rset *set = NULL;
	struct ct_rentry *e;
	unsigned int id;

	ct_hook_enter();
	static_call(ct_orig_cgroup_exit)(task);
	spin_lock_irq(&ct_set_lock);
	e = ct_rentry_of(task);
	if (e && e->state == CT_RENTRY_LIVE) {
		ct_rentry_unlist(e);
		e->state = CT_RENTRY_EXITED;
		list_add_tail(&e->node, &e->set->exited);
		/* The entry keeps it until the task is released. */
		set = e->set;
	}
	spin_unlock_irq(&ct_set_lock);
	if (set) {
		for_each_set_bit(id, &set->exit, CONTAINER_SUBSYS_MAX)
			set->css[id]->ss->exit(set->css[id], task);
	}
	ct_hook_leave();
}

static void release_locked(struct ct_rentry *e)
{
	struct task_struct *task = e->task;
	struct ct_rset *set = e->set;
	unsigned int id;

	lockdep_assert_held(&ct_set_lock);
	ct_meter_end(e);
	ct_rentry_unlist(e);
	ct_rentry_remove(e);
	for_each_set_bit(id, &set->release, CONTAINER_SUBSYS_MAX)
		set->css[id]->ss->release(set->css[id], task);
	ct_rset_put_locked(set);
}

/* Holds nothing; does not sleep. */
void ct_hook_cgroup_release(struct task_struct *task)
{
	struct ct_rentry *e;

	static_call(ct_orig_cgroup_release)(task);
	spin_lock_irq(&ct_set_lock);
	e = ct_rentry_of(task);
	if (e)
		release_locked(e);
	if (!ct_rentries())
		ct_resource_settle();
	spin_unlock_irq(&ct_set_lock);
}

/*
 * execve() by a thread: @thread takes over the pid of @leader, which is dead and
 * about to be released, so it is now.  tasklist_lock is held for writing, with
 * interrupts off.
 */
void ct_hook_exchange_tids(struct task_struct *thread,
			   struct task_struct *leader)
{
	struct ct_rentry *e;

	spin_lock(&ct_set_lock);
	e = ct_rentry_of(leader);
	if (e)
		release_locked(e);
	e = ct_rentry_of(thread);
	ct_rentries_begin_exchange();
	if (e)
		ct_rentry_exchange(e, leader->pid);
	static_call(ct_orig_exchange_tids)(thread, leader);
	ct_rentries_end_exchange();
	spin_unlock(&ct_set_lock);
}

/**
 * ct_tasks_release - give back what zombies are charged for
 *
 * While the hooks are armed a task with an entry has not been released. There is no
 * hierarchy, so those that have one are zombies, and children that are just being
 * forked: their hooks will find none.
 *
 * Context: may sleep; at unload, before the hooks go off.
 */
void ct_tasks_release(void)
{
	struct ct_rentry *e;

	do {
		spin_lock_irq(&ct_set_lock);
		e = ct_rentry_first();
		if (e)
			release_locked(e);
		spin_unlock_irq(&ct_set_lock);
		cond_resched();
	} while (e);
}

/**
 * ct_tasks_drop - forget all tasks that are left
 *
 * Children that were just getting their entry in ct_tasks_release(). They may have
 * come and gone since, so nobody is told: the states end with this, too.
 *
 * Context: at unload, when no hook runs any more.
 */
void ct_tasks_drop(void)
{
	struct ct_rentry *e;

	spin_lock_irq(&ct_set_lock);
	while ((e = ct_rentry_first())) {
		struct ct_rset *set = e->set;

		ct_rentry_unlist(e);
		ct_rentry_remove(e);
		ct_rset_put_locked(set);
	}
	spin_unlock_irq(&ct_set_lock);
}
