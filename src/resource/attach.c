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

struct move {
	struct ct_rgroup *group;
	unsigned int nr;
	struct mover mover[];
};

static void move_free(struct move *move)
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

static void add(struct move *move, struct task_struct *task, unsigned int room)
{
	/* One that exits leaves its group anyway. */
	if (move->nr < room && !(READ_ONCE(task->flags) & PF_EXITING))
		move->mover[move->nr].task = get_task_struct(task);
	else
		return;
	move->nr++;
}

/*
 * All threads of a process.  Those that it is just making are linked, and found,
 * or follow the thread that makes them.
 */
static struct move *collect(struct task_struct *task, bool process)
{
	unsigned int room = 0, nr;
	struct task_struct *t;
	struct move *move;

	for (;;) {
		nr = process ? READ_ONCE(task->signal->nr_threads) + 4 : 1;
		room = max(nr, room * 2);
		move = kvzalloc(struct_size(move, mover, room), GFP_KERNEL);
		if (!move)
			return ERR_PTR(-ENOMEM);
		nr = 0;
		ct_tasklist_read_lock();
		if (!process) {
			nr = 1;
			add(move, task, room);
		} else if (pid_alive(task)) {
			for_each_thread(task, t) {
				nr++;
				add(move, t, room);
			}
		}
		ct_tasklist_read_unlock();
		if (nr <= room)
			return move;
		move_free(move);
	}
}

/* Sets, entries and memory; those that are there already are left out. */
static int prepare(struct move *move)
{
	unsigned int h = move->group->hierarchy->id, i, k = 0;

	for (i = 0; i < move->nr; i++) {
		struct mover *m = &move->mover[i];
		struct ct_rset *to;

		m->from = ct_rset_of(m->task);
		to = ct_rset_find(m->from, h, move->group);
		if (IS_ERR(to))
			return PTR_ERR(to);
		m->to = to;
		if (to && !m->from) {
			m->entry = ct_rentry_alloc(READ_ONCE(m->task->pid),
						   m->task->tgid, GFP_KERNEL);
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

static void cancel(struct move *move, struct mover *m)
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

static int ask(struct move *move, struct mover *m)
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

static int ask_all(struct move *move)
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

static bool same_tree(struct container_css *a, struct container_css *b)
{
	while (a->parent)
		a = a->parent;
	while (b->parent)
		b = b->parent;
	return a == b;
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
	return true;
}

/* It has an entry; ct_set_lock is held. */
static void change_locked(struct ct_rentry *e, struct ct_rset *to)
{
	struct ct_rset *from = e->set;

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

static void finish(struct move *move, struct mover *m)
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

static int move_all(struct move *move)
{
	unsigned int i, wanted = move->nr, moved = 0;
	int err;

	if (!wanted)
		return -ESRCH;
	err = prepare(move);
	if (err)
		return err;
	if (!move->nr)
		return 0;
	err = ask_all(move);
	if (err)
		return err;
	for (i = 0; i < move->nr; i++)
		commit(&move->mover[i]);
	for (i = 0; i < move->nr; i++) {
		finish(move, &move->mover[i]);
		moved += move->mover[i].moved;
	}
	return moved || move->nr < wanted ? 0 : -ESRCH;
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
	struct move *move;
	int err;

	lockdep_assert_held(&ct_rmutex);
	if (task->flags & PF_KTHREAD)
		return -EINVAL;
	move = collect(task, process);
	if (IS_ERR(move))
		return PTR_ERR(move);
	move->group = to;
	err = move_all(move);
	move_free(move);
	return err;
}

/**
 * ct_attach_child - have a child follow its parent, which was moved during fork
 * @child: linked, and not running yet; current makes it
 *
 * Nobody is asked: the parent has been. The child is charged for where it goes,
 * even beyond a limit, as attaching always is.
 *
 * Context: may sleep; takes ct_rmutex.
 */
void ct_attach_child(struct task_struct *child)
{
	struct ct_rentry *e, *entry;
	struct ct_rset *to;

	/* There is no way back for the fork. */
	entry = ct_rentry_alloc(child->pid, child->tgid,
				GFP_KERNEL | __GFP_NOFAIL);

	mutex_lock(&ct_rmutex);
	to = ct_rset_of(current);
	spin_lock_irq(&ct_set_lock);
	e = ct_rentry_of(child);
	if (e && e->state != CT_RENTRY_NEW)
		;	/* moved like any other task in between */
	else if (e && e->set == to)
		ct_rentry_list(e);
	else if (e || to)
		move_locked(child, to, &entry);
	spin_unlock_irq(&ct_set_lock);
	mutex_unlock(&ct_rmutex);
	ct_rset_put(to);
	ct_rentry_abandon(entry);
}
