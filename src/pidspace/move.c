// SPDX-License-Identifier: GPL-2.0
/*
 * Moving running processes into a pid space; see move.h.
 *
 * All numbers are taken before the first task is moved, so nothing can fail
 * half-way.  The tasks are moved with tasklist_lock held for reading: nobody is
 * forked into the scene or released from it meanwhile.  What was forked since
 * the numbers were taken gets them then and there, without sleeping.
 *
 * Lock order: move_mutex, tasklist_lock, move_lock, a space's lock.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/errno.h>
#include <linux/mutex.h>
#include <linux/nsproxy.h>
#include <linux/sched/signal.h>
#include <linux/sched/task.h>
#include <linux/xarray.h>

#include "hook/symbols.h"
#include "pidspace/move.h"
#include "pidspace/space.h"

/* One at a time. */
static DEFINE_MUTEX(move_mutex);
/* The last step of a move, and that of a child that was forked beside it. */
static DEFINE_SPINLOCK(move_lock);
/* The kernel does not export it. */
static rwlock_t *tasks_lock;

/*
 * How often memory may be lacking without sleeping, or those whose numbers were
 * in the way have died meanwhile, until we say so.
 */
#define MAX_TRIES	16

/**
 * struct mover - a move under way
 * @move: what goes where
 * @nums: prepared records by global number, each with a reference on its pid
 * @moved: those that are published; in the order of the visits
 * @last: where the next one is to be put
 * @why: on failure a sentence
 */
struct mover {
	const struct ct_move *move;
	struct xarray nums;
	struct ct_number *moved, **last;
	char *why;
};

typedef int visit_fn(struct mover *m, struct task_struct *t, struct pid *pid);

/*
 * Is the destination further in than where @pid is? And does the one who moves
 * see it? Under RCU.
 */
static bool can_go(const struct ct_space *to, const struct ct_space *viewer,
		   const struct pid *pid, unsigned int *depth)
{
	const struct ct_space *space = ct_pid_space(pid);

	*depth = space ? space->depth + 1 : 0;
	return space != to && ct_space_within(to, space) &&
	       ct_space_within(space, viewer);
}

static bool is_to_go(const struct mover *m, const struct pid *pid,
		     unsigned int *depth)
{
	return can_go(m->move->to, m->move->viewer, pid, depth);
}

static int visit_threads(struct mover *m, struct task_struct *p, visit_fn *visit)
{
	struct task_struct *t;
	unsigned int depth;
	struct pid *pid;
	int err;

	for_each_thread(p, t) {
		pid = READ_ONCE(t->thread_pid);
		if (!pid || !is_to_go(m, pid, &depth))
			continue;
		err = visit(m, t, pid);
		if (err)
			return err;
	}
	return 0;
}

static bool is_below(struct task_struct *p, const struct task_struct *root)
{
	while (p != &init_task) {
		p = rcu_dereference(p->real_parent)->group_leader;
		if (p == root)
			return true;
	}
	return false;
}

/*
 * Visit all tasks that are to be moved, the process's leader first. Under RCU
 * at least; with tasklist_lock held the picture is complete.
 */
static int visit_all(struct mover *m, visit_fn *visit)
{
	struct task_struct *root = pid_task(m->move->pid, PIDTYPE_TGID), *p;
	int err;

	if (!root) {
		snprintf(m->why, CT_MOVE_WHY_MAX, "there is no such process");
		return -ESRCH;
	}
	err = visit_threads(m, root, visit);
	if (!m->move->tree)
		return err;
	for_each_process(p) {
		if (err)
			break;
		if (p != root && is_below(p, root))
			err = visit_threads(m, p, visit);
	}
	return err;
}

/* Note a task whose numbers are to be taken. */
static int note(struct mover *m, struct task_struct *t, struct pid *pid)
{
	unsigned long gnr = pid->numbers[0].nr;
	int err;

	if (xa_load(&m->nums, gnr))
		return 0;
	err = xa_err(xa_store(&m->nums, gnr, xa_tag_pointer(get_pid(pid), 1),
			      GFP_NOWAIT));
	if (err)
		put_pid(pid);
	return err;
}

static struct ct_number *prepare(const struct mover *m, struct pid *pid,
				 gfp_t gfp)
{
	pid_t wishes[CT_DEPTH_MAX + 1], nr = pid->numbers[0].nr;
	struct ct_number *num;
	unsigned int i;

	if (m->move->number) {
		for (i = 0; i < ARRAY_SIZE(wishes); i++)
			wishes[i] = i ? CT_NR_ANY : m->move->number;
		return ct_number_prepare(m->move->to, pid, wishes, true, gfp);
	}
	if (!m->move->keep)
		return ct_number_prepare(m->move->to, pid, NULL, true, gfp);
	rcu_read_lock();
	num = ct_slot_num(nr, pid);
	if (num)
		nr = num->level[num->depth - 1].nr;
	rcu_read_unlock();
	for (i = 0; i < ARRAY_SIZE(wishes); i++)
		wishes[i] = nr;
	return ct_number_prepare(m->move->to, pid, wishes, true, gfp);
}

/* Say more than the error does. */
static int explain(const struct mover *m, int err)
{
	if (err == -ENOMEM && ct_space_dying(m->move->to)) {
		snprintf(m->why, CT_MOVE_WHY_MAX, "the container is ending");
		return -ESRCH;
	}
	if (err == -EEXIST)
		snprintf(m->why, CT_MOVE_WHY_MAX,
			 "a number that is to be kept is taken in the container");
	return err;
}

/* Take the numbers of a noted task. May sleep. */
static int prepare_noted(struct mover *m, unsigned long gnr)
{
	void *entry = xa_load(&m->nums, gnr);
	struct ct_number *num;

	if (!entry || !xa_pointer_tag(entry))
		return 0;
	num = prepare(m, xa_untag_pointer(entry), GFP_KERNEL);
	if (IS_ERR(num))
		return PTR_ERR(num);
	/* The entry is there: nothing is allocated. */
	xa_store(&m->nums, gnr, num, GFP_KERNEL);
	return 0;
}

static int prepare_all(struct mover *m)
{
	unsigned long gnr;
	void *entry;
	int err;

	rcu_read_lock();
	err = visit_all(m, note);
	rcu_read_unlock();
	/* Who could not be noted is when the numbers are used. */
	if (err == -ENOMEM)
		err = 0;
	/* Process 1 takes the first number. */
	if (!err)
		err = prepare_noted(m, m->move->pid->numbers[0].nr);
	if (err)
		return err;
	xa_for_each(&m->nums, gnr, entry) {
		err = prepare_noted(m, gnr);
		if (err)
			return err;
		cond_resched();
	}
	return 0;
}

static void drop_entry(void *entry)
{
	struct ct_number *num = entry;
	struct pid *pid;

	if (xa_pointer_tag(entry)) {
		put_pid(xa_untag_pointer(entry));
		return;
	}
	pid = num->pid;
	ct_number_abandon(num);
	put_pid(pid);
}

/* Give back the numbers that were not used: their tasks have gone. */
static void drop_rest(struct mover *m)
{
	unsigned long gnr;
	void *entry;

	xa_for_each(&m->nums, gnr, entry)
		drop_entry(entry);
	xa_destroy(&m->nums);
}

/*
 * Give back the numbers of those who have died since they were noted. What is
 * taken for a dead pid is not what it had: it may be in the way of somebody who
 * is to go, or somebody who stays may have it.
 *
 * Return: was there any?
 */
static bool drop_gone(struct mover *m)
{
	struct ct_number *num;
	unsigned long gnr;
	bool any = false;
	struct pid *pid;
	void *entry;

	xa_for_each(&m->nums, gnr, entry) {
		num = entry;
		pid = xa_pointer_tag(entry) ? xa_untag_pointer(entry) : num->pid;
		if (pid_has_task(pid, PIDTYPE_PID))
			continue;
		xa_erase(&m->nums, gnr);
		drop_entry(entry);
		any = true;
	}
	return any;
}

/*
 * The same as note() and prepare_noted() without sleeping, for tasks that were
 * forked since, and have a pid that somebody else had, or have moved.
 */
static int catch_up(struct mover *m, struct task_struct *t, struct pid *pid)
{
	unsigned long gnr = pid->numbers[0].nr;
	void *entry = xa_load(&m->nums, gnr);
	struct ct_number *num = entry;
	unsigned int depth;

	is_to_go(m, pid, &depth);
	if (entry && !xa_pointer_tag(entry) && num->pid == pid &&
	    num->outer == depth)
		return 0;
	num = prepare(m, pid, GFP_ATOMIC);
	if (IS_ERR(num))
		return PTR_ERR(num);
	if (xa_is_err(xa_store(&m->nums, gnr, num, GFP_ATOMIC))) {
		ct_number_abandon(num);
		return -ENOMEM;
	}
	get_pid(pid);
	if (entry)
		drop_entry(entry);
	return 0;
}

/* Does a container end with this process? In an RCU read-side section. */
static bool is_reaper(struct task_struct *p)
{
	struct ct_space *space;

	for (space = ct_pid_space(task_pid(p)); space; space = space->parent)
		if (READ_ONCE(space->reaper) == p->signal)
			return true;
	return false;
}

/* Is this process one that can be contained? tasklist_lock is held. */
static int check_process(const struct mover *m, struct task_struct *p)
{
	const char *problem = NULL;

	if (p->flags & PF_KTHREAD) {
		problem = "is a kernel thread";
	} else if (is_global_init(p)) {
		problem = "is the system's init";
	} else if (ns_of_pid(task_pid(p)) != &init_pid_ns) {
		problem = "is in a pid namespace";
	} else if (is_reaper(p) && !(m->move->first && m->move->reaper &&
				     task_tgid(p) == m->move->pid)) {
		/* It and the other one would wait for each other's end. */
		problem = "is process 1 of a container, which can go further in only as process 1";
	} else if (m->move->first && m->move->reaper &&
		   task_tgid(p) == m->move->pid && ct_shares_handlers(p)) {
		problem = "shares its signal handlers with another one";
	} else if (!m->move->keep && !thread_group_empty(p)) {
		problem = "has several threads, whose pids would change under them; "
			  "the option pids=keep keeps them";
	} else {
		task_lock(p);
		if (p->nsproxy &&
		    p->nsproxy->pid_ns_for_children != &init_pid_ns)
			problem = "has its children to come in a pid namespace";
		task_unlock(p);
	}
	if (!problem)
		return 0;
	snprintf(m->why, CT_MOVE_WHY_MAX, "the process %d %s",
		 pid_vnr(task_pid(p)), problem);
	return -EINVAL;
}

static int check(struct mover *m, struct task_struct *t, struct pid *pid)
{
	return thread_group_leader(t) ? check_process(m, t) : 0;
}

static bool is_exiting(struct task_struct *p)
{
	struct task_struct *t;

	for_each_thread(p, t)
		if (!(READ_ONCE(t->flags) & PF_EXITING))
			return false;
	return true;
}

/* May the process go in, or be where it is, as the root of a tree? */
static bool root_can_go(const struct mover *m, struct task_struct *root)
{
	unsigned int depth;

	if (is_to_go(m, task_pid(root), &depth))
		return true;
	return m->move->tree &&
	       ct_space_within(ct_pid_space(task_pid(root)), m->move->to);
}

/* Is there anything to be said against it? tasklist_lock is held. */
static int check_all(struct mover *m)
{
	struct task_struct *root = pid_task(m->move->pid, PIDTYPE_TGID);

	if (!root || is_exiting(root)) {
		snprintf(m->why, CT_MOVE_WHY_MAX, "there is no such process");
		return -ESRCH;
	}
	if (!root_can_go(m, root)) {
		snprintf(m->why, CT_MOVE_WHY_MAX,
			 "the process is in another container already");
		return -EPERM;
	}
	return visit_all(m, check);
}

/* Before any number is taken. */
static int check_first(struct mover *m)
{
	int err;

	read_lock(tasks_lock);
	rcu_read_lock();
	err = check_all(m);
	rcu_read_unlock();
	read_unlock(tasks_lock);
	return err;
}

static int publish(struct mover *m, struct task_struct *t, struct pid *pid)
{
	struct ct_number *num = xa_erase(&m->nums, pid->numbers[0].nr);

	ct_number_publish(num, thread_group_leader(t) && !m->move->number);
	num->next = NULL;
	*m->last = num;
	m->last = &num->next;
	return 0;
}

static void switch_all(struct mover *m)
{
	struct ct_number *num, *next;

	for (num = m->moved; num; num = next) {
		next = num->next;
		ct_number_switch(num);
		put_pid(num->pid);
	}
}

/*
 * The last step, with all numbers at hand. tasklist_lock is held.
 *
 * All are given their numbers before the first of them sees the container: so
 * each, while they go on running, sees all the others at any time, be it by what
 * they were called before or by what they are now.
 */
static void move_all(struct mover *m)
{
	struct task_struct *root = pid_task(m->move->pid, PIDTYPE_TGID);
	struct ct_space *to = m->move->to, *space;

	if (m->move->first && m->move->reaper)
		ct_reaper_crown(to, root);
	m->last = &m->moved;
	visit_all(m, publish);
	switch_all(m);
	/*
	 * If process 1 is exiting, it may have been past the hook that ends the
	 * container with it. And who ends a container sees those who have come
	 * by now, or is seen here: pairs with the barrier in close_door().
	 */
	smp_mb();
	if (m->move->first && m->move->reaper && is_exiting(root))
		ct_space_end(to);
	for (space = to; space; space = space->parent)
		if (READ_ONCE(space->dead))
			ct_space_kill(space, SIGKILL);
}

static int move_locked(struct mover *m)
{
	int err;

	read_lock(tasks_lock);
	spin_lock(&move_lock);
	rcu_read_lock();	/* for the records */
	err = check_all(m);
	if (!err)
		err = visit_all(m, catch_up);
	if (!err)
		move_all(m);
	rcu_read_unlock();
	spin_unlock(&move_lock);
	read_unlock(tasks_lock);
	return err;
}

/* All of it but for the first checks; again as long as that may help. */
static int take_and_move(struct mover *m)
{
	unsigned int tries;
	bool taken;
	int err;

	for (tries = 0; tries < MAX_TRIES; tries++) {
		err = prepare_all(m);
		taken = !err;
		if (taken)
			err = move_locked(m);
		if (err == -EEXIST && drop_gone(m))
			continue;
		if (err != -ENOMEM || !taken || ct_space_dying(m->move->to))
			break;
	}
	return err;
}

/*
 * See to it that no container that gets a task is, or becomes, empty before. A
 * new one is: it ends when its first process does.
 */
static bool hold(const struct ct_move *move)
{
	struct ct_space *first = move->first ? move->to->parent : move->to;
	struct ct_space *space, *undo;

	for (space = first; space; space = space->parent) {
		if (atomic_inc_not_zero(&space->nr_tasks))
			continue;
		for (undo = first; undo != space; undo = undo->parent)
			ct_space_uncount(undo);
		return false;
	}
	return true;
}

static void unhold(const struct ct_move *move)
{
	struct ct_space *space = move->first ? move->to->parent : move->to;

	for (; space; space = space->parent)
		ct_space_uncount(space);
}

/**
 * ct_move - move a running process, or a tree of them, into a container
 * @move: what and where
 * @why: on failure a sentence, if there is more to say than the error does;
 *	 %CT_MOVE_WHY_MAX bytes
 *
 * The threads of a process are moved one after the other while they run. What
 * they are doing at that moment goes on with the pids that it has looked up.
 *
 * Context: may sleep.
 * Return: 0; else nothing has changed: -ESRCH the process or the container is
 * going, -EPERM the process is in another container, -EINVAL it cannot be
 * contained, -EEXIST a number to be kept is taken, -EAGAIN no number is free,
 * -ENOMEM.
 */
int ct_move(const struct ct_move *move, char *why)
{
	struct mover m = { .move = move, .why = why };
	int err;

	if (!hold(move)) {
		snprintf(why, CT_MOVE_WHY_MAX, "the container is ending");
		return -ESRCH;
	}
	mutex_lock(&move_mutex);
	xa_init(&m.nums);
	err = check_first(&m);
	if (!err)
		err = take_and_move(&m);
	drop_rest(&m);
	mutex_unlock(&move_mutex);
	unhold(move);
	return explain(&m, err);
}

/**
 * struct looker - somebody who only wants to know who would go
 * @m: a mover that does not move
 * @fn: what to call
 * @data: for @fn
 */
struct looker {
	struct mover m;
	void (*fn)(struct task_struct *task, void *data);
	void *data;
};

static int look(struct mover *m, struct task_struct *t, struct pid *pid)
{
	struct looker *l = container_of(m, struct looker, m);

	l->fn(t, l->data);
	return 0;
}

/**
 * ct_move_visit - look at all tasks that a move would move now
 * @move: what and where
 * @fn: called for each
 * @data: for @fn
 *
 * None if the process is not there any more: ct_move() will say so.
 *
 * Context: any but NMI; @fn is called with tasklist_lock held for reading.
 */
void ct_move_visit(const struct ct_move *move,
		   void (*fn)(struct task_struct *task, void *data),
		   void *data)
{
	char why[CT_MOVE_WHY_MAX];
	struct looker l = {
		.m = { .move = move, .why = why }, .fn = fn, .data = data,
	};

	read_lock(tasks_lock);
	rcu_read_lock();
	visit_all(&l.m, look);
	rcu_read_unlock();
	read_unlock(tasks_lock);
}

/* Take numbers for @pid, however long it takes. */
static struct ct_number *prepare_child(struct ct_space *to, struct pid *pid)
{
	struct ct_number *num;

	for (;;) {
		num = ct_number_prepare(to, pid, NULL, true, GFP_KERNEL);
		if (num != ERR_PTR(-ENOMEM) || ct_space_dying(to))
			return num;
		schedule_timeout_uninterruptible(1);
	}
}

/**
 * ct_move_child - move a child to where its parent has just been moved
 * @to: where its parent is
 * @child: linked, has not run
 *
 * Context: may sleep; current is forking it.
 * Return: 0, or -ENOMEM or -EAGAIN: it is not, or not fully, in the container.
 */
int ct_move_child(struct ct_space *to, struct task_struct *child)
{
	struct pid *pid = task_pid(child);
	struct ct_number *num;
	unsigned int depth;
	bool go, moved;

	do {
		rcu_read_lock();
		go = can_go(to, NULL, pid, &depth);
		rcu_read_unlock();
		if (!go)
			break;
		num = prepare_child(to, pid);
		if (IS_ERR(num))
			return PTR_ERR(num);

		read_lock(tasks_lock);
		spin_lock(&move_lock);
		rcu_read_lock();
		/* Somebody else may move it, too, maybe not as far. */
		go = can_go(to, NULL, pid, &depth);
		moved = go && depth == num->outer;
		if (moved) {
			ct_number_publish(num, false);
			ct_number_switch(num);
		}
		rcu_read_unlock();
		spin_unlock(&move_lock);
		read_unlock(tasks_lock);
		if (!moved)
			ct_number_abandon(num);
	} while (go && !moved);
	return 0;
}

/**
 * ct_tasklist_read_lock - hold the tree of processes still
 *
 * Context: outside of the locks of this room; see the top. In process context:
 * interrupts stay as they are.
 */
void ct_tasklist_read_lock(void)
	__acquires(tasks_lock)
{
	read_lock(tasks_lock);
}

/** ct_tasklist_read_unlock - and let it go */
void ct_tasklist_read_unlock(void)
	__releases(tasks_lock)
{
	read_unlock(tasks_lock);
}

/**
 * ct_tasklist_write_lock - change the tree of processes
 *
 * Context: as ct_tasklist_read_lock(); interrupts are off from here.
 */
void ct_tasklist_write_lock(void)
	__acquires(tasks_lock)
{
	write_lock_irq(tasks_lock);
}

/** ct_tasklist_write_unlock - changed */
void ct_tasklist_write_unlock(void)
	__releases(tasks_lock)
{
	write_unlock_irq(tasks_lock);
}

/**
 * ct_move_init - find what moving needs
 *
 * Context: may sleep; at load, after ct_symbols_init().
 * Return: 0, or -ENOENT after a message.
 */
int ct_move_init(void)
{
	tasks_lock = (void *)ct_symbol("tasklist_lock");
	if (tasks_lock)
		return 0;
	pr_err("this kernel lacks the variable tasklist_lock\n");
	return -ENOENT;
}
