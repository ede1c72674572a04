// SPDX-License-Identifier: GPL-2.0
/* Which tasks a container has. */
#include <linux/idr.h>
#include <linux/kernel.h>
#include <linux/mm.h>
#include <linux/pid.h>
#include <linux/sched/signal.h>
#include <linux/sched/task.h>
#include <linux/slab.h>

#include "checkpoint/gather.h"
#include "pidspace/move.h"
#include "pidspace/space.h"

/**
 * ct_gathering_free - let go of tasks that were gathered
 * @g: from ct_gather()
 *
 * Context: any but NMI.
 */
void ct_gathering_free(struct ct_gathering *g)
{
	while (g->count)
		put_task_struct(g->task[--g->count]);
	kvfree(g->task);
	g->task = NULL;
}

static void gather_one(struct ct_gathering *g, struct task_struct *task)
{
	if (g->count < g->room)
		g->task[g->count] = get_task_struct(task);
	g->count++;
}

/* Processes whose parents are outside: where the trees begin. */
static void gather_roots(struct ct_gathering *g, struct ct_space *space)
{
	struct task_struct *task, *parent;
	struct pid *pid;
	int nr = 0;

	idr_for_each_entry(&space->token->idr, pid, nr) {
		task = pid_task(pid, PIDTYPE_TGID);
		if (!task)
			continue;
		parent = rcu_dereference_protected(task->real_parent, true);
		if (!ct_pid_sees(space->token, task_tgid(parent)))
			gather_one(g, task);
	}
}

/*
 * Process by process, each with its threads and then, further behind, its
 * children.  @first is the index of a process that has its threads behind it.
 */
static void gather_family(struct ct_gathering *g, struct ct_space *space,
			  struct task_struct *leader)
{
	struct task_struct *thread, *child;

	for_each_thread(leader, thread)
		list_for_each_entry(child, &thread->children, sibling)
			if (ct_pid_sees(space->token, task_tgid(child)))
				gather_one(g, child);
}

/* Leaders first; false if there is not enough room. */
static bool gather_leaders(struct ct_gathering *g, struct ct_space *space)
{
	unsigned int i;

	gather_roots(g, space);
	for (i = 0; i < min(g->count, g->room); i++)
		gather_family(g, space, g->task[i]);
	return g->count <= g->room;
}

/* All threads behind each leader. */
static bool gather_threads(struct ct_gathering *to, const struct ct_gathering *leaders)
{
	struct task_struct *thread;
	unsigned int i;

	for (i = 0; i < leaders->count; i++) {
		gather_one(to, leaders->task[i]);
		for_each_thread(leaders->task[i], thread)
			if (thread != leaders->task[i])
				gather_one(to, thread);
	}
	return to->count <= to->room;
}

static int gathering_alloc(struct ct_gathering *g, unsigned int room)
{
	g->count = 0;
	g->room = room;
	g->task = kvmalloc_array(room, sizeof(*g->task), GFP_KERNEL_ACCOUNT);
	return g->task ? 0 : -ENOMEM;
}

/**
 * ct_gather - all tasks of a space in order, zombies included
 * @g: filled on success; for ct_gathering_free()
 * @space: the space
 *
 * Processes whose parents are outside first, then generation by generation, each
 * with its threads behind it.
 *
 * Context: may sleep.
 * Return: 0 or -ENOMEM.
 */
int ct_gather(struct ct_gathering *g, struct ct_space *space)
{
	struct ct_gathering leaders = { };
	unsigned int room;
	bool done;
	int err;

	do {
		room = atomic_read(&space->nr_tasks) + 16;
		err = gathering_alloc(&leaders, room);
		if (err)
			return err;
		err = gathering_alloc(g, room);
		if (err) {
			ct_gathering_free(&leaders);
			return err;
		}
		/*
		 * tasklist_lock keeps the tree and the lists of threads; what
		 * the idr has is freed under RCU.
		 */
		rcu_read_lock();
		ct_tasklist_read_lock();
		done = gather_leaders(&leaders, space) &&
		       gather_threads(g, &leaders);
		ct_tasklist_read_unlock();
		rcu_read_unlock();
		leaders.count = min(leaders.count, leaders.room);
		ct_gathering_free(&leaders);
		if (!done) {
			g->count = min(g->count, g->room);
			ct_gathering_free(g);
			cond_resched();
		}
	} while (!done);
	return 0;
}
