// SPDX-License-Identifier: GPL-2.0
/*
 * Moving tasks into another group: first everything that can fail, for all of
 * them, then the move, which cannot.
 *
 * Nobody else changes where a task is meanwhile: that takes ct_rmutex.  A task may
 * begin to exit, and is then not moved; a child that a task is just making comes
 * after it (ct_attach_child()); execve() by a thread may give it the pid of its
 * process, which ct_rentry_alloc() has seen coming.
 */
#include <linux/sched/signal.h>
#include <linux/sched/task.h>
#include <linux/slab.h>

#include "pidspace/move.h"
#include "resource/entry.h"
#include "resource/resource.h"

/**
 * struct mover - a task on its way
 * @task: with a reference
 * @from: its set, with a reference, or NULL
 * @to: its set to be, with a reference, or NULL
 * @entry: a new one if it may need it
 * @asked: how many subsystems have said yes
 * @moved: it has been
 */
struct mover {
	struct task_struct *task;
	struct ct_rset *from;
	struct ct_rset *to;
	struct ct_rentry *entry;
	unsigned int asked;
	bool moved;
};

/**
 * struct ct_rmove - tasks on their way into one group
 * @group: which
 * @gfp: how to get memory
 * @room: for how many there is
 * @nr: how many there are
 * @wanted: how many there were before those were left out that are there already
 * @mover: they
 */
struct ct_rmove {
	struct ct_rgroup *group;
	gfp_t gfp;
	unsigned int room;
	unsigned int nr;
	unsigned int wanted;
	struct mover mover[];
};

/**
 * ct_rmove_begin - plan a move
 * @to: the group, not removed
 * @room: for so many tasks
 * @gfp: how to get memory; may sleep
 *
 * Context: ct_rmutex held until ct_rmove_end().
 * Return: the plan, or NULL: no memory.
 */
struct ct_rmove *ct_rmove_begin(struct ct_rgroup *to, unsigned int room,
				gfp_t gfp)
{
	struct ct_rmove *move;

	lockdep_assert_held(&ct_rmutex);
	move = kvzalloc(struct_size(move, mover, room), gfp);
	if (!move)
		return NULL;
	move->group = to;
	move->gfp = gfp;
	move->room = room;
	return move;
}

/**
 * ct_rmove_end - forget a plan, after all is done, or nothing has been
 * @move: it
 */
void ct_rmove_end(struct ct_rmove *move)
{
	unsigned int i;

	for (i = 0; i < move->nr; i++) {
		struct mover *m = &move->mover[i];

		ct_rentry_abandon(m->entry);
		ct_rset_put(m->from);
		ct_rset_put(m->to);
		put_task_struct(m->task);
	}
	kvfree(move);
}

/**
 * ct_rmove_add - one more
 * @move: the plan
 * @task: a task that is not freed meanwhile
 *
 * Return: false: there is no room for it.
 */
bool ct_rmove_add(struct ct_rmove *move, struct task_struct *task)
{
	/* One that exits leaves its group anyway, and these stay in the root. */
	if (READ_ONCE(task->flags) & (PF_EXITING | PF_KTHREAD))
		return true;
	if (move->nr == move->room)
		return false;
	move->mover[move->nr++].task = get_task_struct(task);
	return true;
}

/*
 * All threads of a process.  Those that it is just making are linked, and found,
 * or follow the thread that makes them.
 */
static struct ct_rmove *collect(struct ct_rgroup *to, struct task_struct *task,
				bool process, gfp_t gfp)
{
	unsigned int room = 0, nr;
	struct ct_rmove *move;
	struct task_struct *t;
	bool all;

	for (;;) {
		nr = process ? READ_ONCE(task->signal->nr_threads) + 4 : 1;
		room = max(nr, room * 2);
		move = ct_rmove_begin(to, room, gfp);
		if (!move)
			return NULL;
		all = true;
		ct_tasklist_read_lock();
		if (!process) {
			ct_rmove_add(move, task);
		} else if (pid_alive(task)) {
			for_each_thread(task, t)
				all = ct_rmove_add(move, t) && all;
		}
		ct_tasklist_read_unlock();
		if (all)
			return move;
		ct_rmove_end(move);
	}
}

/* Sets, entries and memory; those that are there already are left out. */
static int prepare(struct ct_rmove *move)
{
	unsigned int h = move->group->hierarchy->id, i, k = 0;

	for (i = 0; i < move->nr; i++) {
		struct mover *m = &move->mover[i];
		struct ct_rset *to;

		m->from = ct_rset_of(m->task);
		to = ct_rset_find(m->from, h, move->group, move->gfp);
		if (IS_ERR(to))
			return PTR_ERR(to);
		m->to = to;
		if (to && !m->from) {
			m->entry = ct_rentry_alloc(READ_ONCE(m->task->pid),
						   m->task->tgid, move->gfp);
			if (!m->entry)
				return -ENOMEM;
		}
	}
	for (i = 0; i < move->nr; i++) {
		struct mover *m = &move->mover[i];

		if (m->from != m->to) {
			swap(move->mover[k], *m);
			k++;
		}
	}
	/* The others go now, so that nobody is asked about them. */
	for (i = k; i < move->nr; i++) {
		ct_rset_put(move->mover[i].from);
		ct_rset_put(move->mover[i].to);
		put_task_struct(move->mover[i].task);
	}
	move->nr = k;
	return 0;
}

static void cancel(struct ct_rmove *move, struct mover *m)
{
	struct container_subsys *ss;
	unsigned int id, k = 0;

	for_each_subsys(ss, id, move->group->hierarchy->subsys) {
		if (k++ == m->asked)
			break;
		if (ss->cancel_attach)
			ss->cancel_attach(ct_rset_css(m->to, id),
					  ct_rset_css(m->from, id), m->task);
	}
	m->asked = 0;
}

static int ask(struct ct_rmove *move, struct mover *m)
{
	struct container_subsys *ss;
	unsigned int id;
	int err;

	for_each_subsys(ss, id, move->group->hierarchy->subsys) {
		if (ss->can_attach) {
			err = ss->can_attach(ct_rset_css(m->to, id),
					     ct_rset_css(m->from, id), m->task);
			if (err) {
				cancel(move, m);
				return err;
			}
		}
		m->asked++;
	}
	return 0;
}

static int ask_all(struct ct_rmove *move)
{
	unsigned int i;
	int err;

	for (i = 0; i < move->nr; i++) {
		err = ask(move, &move->mover[i]);
		if (!err)
			continue;
		while (i--)
			cancel(move, &move->mover[i]);
		return err;
	}
	return 0;
}

static struct container_css *top_of(struct container_css *css)
{
	while (css->parent)
		css = css->parent;
	return css;
}

static bool same_tree(struct container_css *a, struct container_css *b)
{
	return top_of(a) == top_of(b);
}

/*
 * Change the states of a task that has gone from @from to @to; ct_set_lock is held.
 *
 * A child that is being forked can come from a group whose hierarchy has ended
 * since: then it leaves the one and comes into the other.
 */
static void tell(struct ct_rset *from, struct ct_rset *to,
		 struct task_struct *task)
{
	unsigned int id;

	for (id = 0; id < CONTAINER_SUBSYS_MAX; id++) {
		struct container_css *old = ct_rset_css(from, id);
		struct container_css *new = ct_rset_css(to, id);

		if (!old || old == new)
			continue;
		if (new && same_tree(old, new)) {
			if (new->ss->attach)
				new->ss->attach(new, old, task);
			continue;
		}
		if (old->parent && old->ss->release)
			old->ss->release(old, task);
		if (new && new->parent && new->ss->attach)
			new->ss->attach(new, new->ss->root, task);
	}
}

/* It has no entry; false: it exits. ct_set_lock is held. */
static bool enter_locked(struct task_struct *task, struct ct_rset *to,
			 struct ct_rentry **entry)
{
	struct ct_rentry *e = *entry;

	*entry = NULL;
	ct_rset_get(to);
	ct_rentry_publish(e, task, to);
	/*
	 * Pairs with what is between exit_signals() and cgroup_exit(): if that
	 * flag is not seen here, the hook sees the entry.
	 */
	smp_mb();
	if (READ_ONCE(task->flags) & PF_EXITING) {
		ct_rentry_remove(e);
		ct_rset_put_locked(to);
		return false;
	}
	ct_rentry_list(e);
	ct_meter_set(e, to);
	return true;
}

/* It has an entry; ct_set_lock is held. */
static void change_locked(struct ct_rentry *e, struct ct_rset *to)
{
	struct ct_rset *from = e->set;

	ct_meter_set(e, to);
	if (to) {
		ct_rset_get(to);
		ct_rentry_relist(e, to);
	} else {
		ct_rentry_unlist(e);
		ct_rentry_remove(e);
	}
	ct_rset_put_locked(from);
}

/*
 * Put a task where @to says.  @entry is used up if it has none yet.
 *
 * ct_set_lock is held.  False: it exits, nothing has been done.
 */
static bool move_locked(struct task_struct *task, struct ct_rset *to,
			struct ct_rentry **entry)
{
	struct ct_rentry *e = ct_rentry_of(task);
	struct ct_rset *from = e ? e->set : NULL;

	lockdep_assert_held(&ct_set_lock);
	if (READ_ONCE(task->flags) & PF_EXITING)
		return false;
	ct_rset_get(from);
	if (e)
		change_locked(e, to);
	else if (!enter_locked(task, to, entry))
		return false;
	tell(from, to, task);
	ct_rset_put_locked(from);
	return true;
}

static void commit(struct mover *m)
{
	spin_lock_irq(&ct_set_lock);
	m->moved = move_locked(m->task, m->to, &m->entry);
	spin_unlock_irq(&ct_set_lock);
}

static void finish(struct ct_rmove *move, struct mover *m)
{
	struct container_subsys *ss;
	unsigned int id;

	if (!m->moved) {
		cancel(move, m);
		return;
	}
	for_each_subsys(ss, id, move->group->hierarchy->subsys)
		if (ss->post_attach)
			ss->post_attach(ct_rset_css(m->to, id),
					ct_rset_css(m->from, id), m->task);
}

/**
 * ct_rmove_ask - get everything that a move needs, and ask the subsystems
 * @move: the plan
 *
 * Context: ct_rmutex held, may sleep.
 * Return: 0, and ct_rmove_commit() or ct_rmove_cancel() has to follow; or
 * -ENOMEM, or what a subsystem says.
 */
int ct_rmove_ask(struct ct_rmove *move)
{
	int err;

	move->wanted = move->nr;
	err = prepare(move);
	return err ?: ask_all(move);
}

/**
 * ct_rmove_cancel - do not move after all
 * @move: a plan that everybody has agreed to
 *
 * Context: ct_rmutex held, may sleep.
 */
void ct_rmove_cancel(struct ct_rmove *move)
{
	unsigned int i;

	for (i = 0; i < move->nr; i++)
		cancel(move, &move->mover[i]);
}

/**
 * ct_rmove_commit - move
 * @move: a plan that everybody has agreed to
 * @goes: does this one go indeed? NULL: all
 * @data: for @goes
 *
 * Context: ct_rmutex held, may sleep; @goes is called so, too.
 * Return: 0; -ESRCH: all of them exit.
 */
int ct_rmove_commit(struct ct_rmove *move,
		    bool (*goes)(struct task_struct *task, void *data),
		    void *data)
{
	unsigned int i, moved = 0;

	for (i = 0; i < move->nr; i++)
		if (!goes || goes(move->mover[i].task, data))
			commit(&move->mover[i]);
	for (i = 0; i < move->nr; i++) {
		finish(move, &move->mover[i]);
		moved += move->mover[i].moved;
	}
	return moved || move->nr < move->wanted ? 0 : -ESRCH;
}

/**
 * ct_attach_unasked - move tasks to where they belong
 * @move: a plan with %__GFP_NOFAIL; it ends with this
 *
 * As with children that follow their parents no subsystem is asked.
 *
 * Context: ct_rmutex held, may sleep.
 * Return: was there any that was not there?
 */
bool ct_attach_unasked(struct ct_rmove *move)
{
	bool any = false;

	/* Cannot fail with that. */
	if (!prepare(move)) {
		any = move->nr;
		ct_rmove_commit(move, NULL, NULL);
	}
	ct_rmove_end(move);
	return any;
}

/*
 * A thread that was made after all had been collected, by one that had not been
 * moved yet, stayed behind; so did those that it has made since.
 */
static void fetch(struct ct_rgroup *to, struct task_struct *process)
{
	struct ct_rmove *move;

	do {
		move = collect(to, process, true, GFP_KERNEL | __GFP_NOFAIL);
	} while (ct_attach_unasked(move));
}

/**
 * ct_attach - move a task, or a process, into a group
 * @to: the group, not removed
 * @task: the task
 * @process: all threads of it
 *
 * Context: ct_rmutex held, may sleep.
 * Return: 0, also if it is there already; -ESRCH: it exits; -EINVAL: kernel
 * threads are not moved; -ENOMEM; or what a subsystem says.
 */
int ct_attach(struct ct_rgroup *to, struct task_struct *task, bool process)
{
	struct ct_rmove *move;
	int err = -ESRCH;

	lockdep_assert_held(&ct_rmutex);
	if (task->flags & PF_KTHREAD)
		return -EINVAL;
	move = collect(to, task, process, GFP_KERNEL);
	if (!move)
		return -ENOMEM;
	if (move->nr)
		err = ct_rmove_ask(move);
	if (!err)
		err = ct_rmove_commit(move, NULL, NULL);
	ct_rmove_end(move);
	if (!err && process)
		fetch(to, task);
	return err;
}

/* Where a child belongs that is not where its parent is. With a reference. */
static struct ct_rset *destination(struct task_struct *child)
{
	bool moved;

	lockdep_assert_held(&ct_rmutex);
	/* It may have been moved like any other task in between, and so stays. */
	spin_lock_irq(&ct_set_lock);
	moved = ct_rentry_of(child) &&
		ct_rentry_of(child)->state != CT_RENTRY_NEW;
	spin_unlock_irq(&ct_set_lock);
	return ct_pid_groups_correct(ct_rset_of(moved ? child : current), child);
}

/*
 * What has to sleep after a child has followed its parent. If the hierarchy that it
 * comes from has ended, it has gone to the root of that.
 */
static void finish_child(struct task_struct *child, struct ct_rset *from,
			 struct ct_rset *to)
{
	unsigned int id;

	for (id = 0; id < CONTAINER_SUBSYS_MAX; id++) {
		struct container_css *old = ct_rset_css(from, id);
		struct container_css *new = ct_rset_css(to, id);

		if (!old)
			continue;
		if (!new || !same_tree(old, new))
			new = top_of(old);
		if (new != old && new->ss->post_attach)
			new->ss->post_attach(new, old, child);
	}
}

/**
 * ct_attach_child - have a child follow its parent, which was moved during fork
 * @child: linked, and not running yet; current makes it
 *
 * Nobody is asked: the parent has been. The child is charged for where it goes,
 * even beyond a limit, as attaching always is.
 *
 * It may be in another pid container than its parent, and then does not follow
 * into the group of that; and somebody may have put it elsewhere before it was
 * in its own.
 *
 * Context: may sleep; takes ct_rmutex.
 */
void ct_attach_child(struct task_struct *child)
{
	struct ct_rset *from, *to;
	struct ct_rentry *e, *entry;
	bool moved = false;

	/* There is no way back for the fork. */
	entry = ct_rentry_alloc(child->pid, child->tgid,
				GFP_KERNEL | __GFP_NOFAIL);

	mutex_lock(&ct_rmutex);
	from = ct_rset_of(child);
	to = destination(child);
	spin_lock_irq(&ct_set_lock);
	e = ct_rentry_of(child);
	if ((e ? e->set : NULL) != to)
		moved = move_locked(child, to, &entry);
	else if (e && e->state == CT_RENTRY_NEW)
		ct_rentry_list(e);
	spin_unlock_irq(&ct_set_lock);
	if (moved)
		finish_child(child, from, to);
	mutex_unlock(&ct_rmutex);
	ct_rset_put(from);
	ct_rset_put(to);
	ct_rentry_abandon(entry);
}
