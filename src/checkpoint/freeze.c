// SPDX-License-Identifier: GPL-2.0
/*
 * Holding the tasks of a container still.
 *
 * A task work is queued to each thread, which sleeps in it until all may go on.
 * It runs in get_signal(), that is at the border to user space, and before the
 * restart of an interrupted system call is decided: to the program nothing has
 * happened, and a system call that was interrupted goes on by itself.
 *
 * Tasks come and go meanwhile, so they are gathered again until no new one is
 * found: one that is parked does not fork.
 */
#include <linux/hashtable.h>
#include <linux/kernel.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/pid.h>
#include <linux/sched/signal.h>
#include <linux/sched/task.h>
#include <linux/slab.h>
#include <linux/task_work.h>
#include <linux/wait.h>
#include <linux/xarray.h>

#include "checkpoint/freeze.h"
#include "checkpoint/gather.h"
#include "checkpoint/restart.h"
#include "checkpoint/signal.h"
#include "hook/hook.h"
#include "hook/symbols.h"
#include "pidspace/move.h"
#include "pidspace/space.h"

/* How long a task may take to come out of the kernel. */
#define FREEZE_TIMEOUT	(20 * HZ)

/* How often those are looked at that do not say when they are still. */
#define LOOK_AGAIN	(HZ / 50 + 1)
/* How often without a pause, when there is nobody to wait for. */
#define MAX_LOOKS	8

/* Killable; no load; no hindrance to a suspend. */
#define PARKED_STATE	(TASK_KILLABLE | TASK_NOLOAD | TASK_FREEZABLE)

/**
 * struct member - a task that is, or was, to be held
 * @work: in the task's list until it has run
 * @frozen: the set; @work holds a reference while it is in that list
 * @task: referenced
 * @how: valid once the set is complete
 * @asked: @work was queued
 * @parked: it sleeps in @work
 * @link: entry of parked_members, while it does
 * @let_stop: it may go on before the others, to its stop
 */
struct member {
	struct callback_head work;
	struct ct_frozen *frozen;
	struct task_struct *task;
	struct hlist_node link;
	enum ct_still how;
	bool asked;
	bool parked;
	bool let_stop;
};

/**
 * struct ct_frozen - a set of tasks held still
 * @users: the owner, and one for each work that is queued
 * @parked: where the tasks wait for @thawed
 * @arrival: where the owner waits for the tasks
 * @thawed: they may go on
 * @broken: a parked one was killed
 * @nr_asked: how many works were queued
 * @nr_parked: how many tasks wait
 * @by_task: struct member, by the address of the task; its lock protects it
 * @order: parents before children, threads behind the first of their process
 * @count: how many those are
 */
struct ct_frozen {
	refcount_t users;
	wait_queue_head_t parked;
	wait_queue_head_t arrival;
	bool thawed;
	bool broken;
	atomic_t nr_asked;
	atomic_t nr_parked;
	struct xarray by_task;
	struct member **order;
	unsigned int count;
};

/*
 * Those that are parked, by the address of the task: it may be a member of several
 * sets, of a checkpoint and of a frozen group.
 */
static DEFINE_HASHTABLE(parked_members, 8);
/* Protects parked_members; a leaf. */
static DEFINE_SPINLOCK(parked_lock);

static unsigned long task_index(const struct task_struct *task)
{
	return (unsigned long)task / L1_CACHE_BYTES;
}

/**
 * ct_frozen_alloc - a set without tasks
 *
 * Context: may sleep.
 * Return: the set, with a reference for ct_frozen_put(); NULL without memory.
 */
struct ct_frozen *ct_frozen_alloc(void)
{
	struct ct_frozen *f = kzalloc(sizeof(*f), GFP_KERNEL_ACCOUNT);

	if (!f)
		return NULL;
	refcount_set(&f->users, 1);
	init_waitqueue_head(&f->parked);
	init_waitqueue_head(&f->arrival);
	xa_init(&f->by_task);
	return f;
}

/**
 * ct_frozen_put - drop a reference to a set
 * @f: the set; may be freed by this
 *
 * Does not let the tasks go: see ct_thaw().
 *
 * Context: may sleep.
 */
void ct_frozen_put(struct ct_frozen *f)
{
	struct member *m;
	unsigned long i;

	if (!refcount_dec_and_test(&f->users))
		return;
	xa_for_each(&f->by_task, i, m) {
		put_task_struct(m->task);
		kfree(m);
	}
	xa_destroy(&f->by_task);
	kvfree(f->order);
	kfree(f);
}

/* Pairs with the stores in ct_thaw() and let_stop(). */
static bool may_go(const struct member *m)
{
	return READ_ONCE(m->frozen->thawed) || READ_ONCE(m->let_stop);
}

static void set_parked(struct member *m, bool parked)
{
	spin_lock(&parked_lock);
	if (parked)
		hash_add(parked_members, &m->link, task_index(m->task));
	else
		hash_del(&m->link);
	WRITE_ONCE(m->parked, parked);
	spin_unlock(&parked_lock);
}

/*
 * Also for another set: then our work is the next thing that the task does when
 * that one lets it go, before it is anywhere near user space.
 */
static bool is_parked(const struct member *m)
{
	const struct member *other;
	bool parked = false;

	if (READ_ONCE(m->parked) || !m->asked)
		return m->parked;
	spin_lock(&parked_lock);
	hash_for_each_possible(parked_members, other, link,
			       task_index(m->task))
		parked |= other->task == m->task;
	spin_unlock(&parked_lock);
	return parked;
}

/* Runs in the task, in get_signal(), or while it exits. */
static void park(struct callback_head *work)
{
	struct member *m = container_of(work, struct member, work);
	struct ct_frozen *f = m->frozen;

	ct_hook_enter();
	/*
	 * Others first: a file that it has closed is to be that when we look. The
	 * list that we are in is not looked at any more (task_work_run()).
	 */
	if (work->next && !(current->flags & PF_EXITING) &&
	    !task_work_add(current, work, TWA_RESUME)) {
		ct_hook_leave();
		return;
	}
	/* One that exits is not there to be looked at, nor for long. */
	if (!(current->flags & PF_EXITING) && !READ_ONCE(f->thawed)) {
		ct_call_again();
		set_parked(m, true);
		atomic_inc(&f->nr_parked);
		wake_up(&f->arrival);
		if (wait_event_state(f->parked, may_go(m), PARKED_STATE)) {
			WRITE_ONCE(f->broken, true);
			atomic_dec(&f->nr_parked);
		}
		set_parked(m, false);
	}
	wake_up(&f->arrival);
	ct_frozen_put(f);
	ct_hook_leave();
}

/* Find the member of a task, or make it. NULL without memory. */
static struct member *add_member(struct ct_frozen *f, struct task_struct *task)
{
	struct member *m = xa_load(&f->by_task, task_index(task));

	if (m)
		return m;
	m = kzalloc(sizeof(*m), GFP_KERNEL_ACCOUNT);
	if (!m)
		return NULL;
	init_task_work(&m->work, park);
	m->frozen = f;
	m->task = get_task_struct(task);
	if (xa_is_err(xa_store(&f->by_task, task_index(task), m,
			       GFP_KERNEL_ACCOUNT))) {
		put_task_struct(task);
		kfree(m);
		return NULL;
	}
	return m;
}

static void ask(struct ct_frozen *f, struct member *m)
{
	if (m->asked)
		return;
	refcount_inc(&f->users);
	atomic_inc(&f->nr_asked);
	m->asked = true;
	/* Fails for one that has gone through its last works. */
	if (task_work_add(m->task, &m->work, TWA_SIGNAL)) {
		atomic_dec(&f->nr_asked);
		ct_frozen_put(f);
	}
}

/* -- until they are all still -- */

static bool is_stopped(struct task_struct *task)
{
	return READ_ONCE(task->__state) & __TASK_STOPPED;
}

/*
 * The child of vfork() is let go on until it has given the memory back: its
 * parent cannot park before that.
 */
static bool vfork_pending(struct task_struct *task)
{
	return READ_ONCE(task->vfork_done);
}

static bool is_still(struct member *m, enum ct_still *how)
{
	int state = READ_ONCE(m->task->exit_state);

	/* Nobody waits for it any more: in a moment it is not there. */
	if (state == EXIT_DEAD)
		return false;
	if (state)
		*how = CT_GONE;
	else if (is_parked(m))
		*how = CT_PARKED;
	else if (m->asked && is_stopped(m->task))
		*how = CT_STOPPED;
	else
		return false;
	return true;
}

/* Ask all that are there; how many are not still, and one of them. */
static int ask_all(struct ct_frozen *f, const struct ct_gathering *g,
		   unsigned int *restless, struct task_struct **one)
{
	struct member *m;
	unsigned int i;

	*restless = 0;
	for (i = 0; i < g->count; i++) {
		m = add_member(f, g->task[i]);
		if (!m)
			return -ENOMEM;
		if (!vfork_pending(m->task))
			ask(f, m);
		if (!is_still(m, &m->how)) {
			++*restless;
			*one = m->task;
		}
	}
	return 0;
}

static int set_order(struct ct_frozen *f, const struct ct_gathering *g)
{
	unsigned int i;

	f->order = kvmalloc_array(g->count, sizeof(*f->order), GFP_KERNEL_ACCOUNT);
	if (!f->order)
		return -ENOMEM;
	for (i = 0; i < g->count; i++)
		f->order[i] = xa_load(&f->by_task, task_index(g->task[i]));
	f->count = g->count;
	return 0;
}

static int not_still(struct ct_space *space, struct task_struct *task, char *why)
{
	char comm[TASK_COMM_LEN];

	get_task_comm(comm, task);
	snprintf(why, CT_MOVE_WHY_MAX,
		 vfork_pending(task) ?
		 "thread %d (%s) has not ended its vfork() within %d seconds" :
		 "thread %d (%s) does not come out of the kernel within %d seconds",
		 task_pid_nr_ns(task, space->token), comm, FREEZE_TIMEOUT / HZ);
	return -EBUSY;
}

/*
 * It says that it is parked before it sleeps; until it does, its registers are the
 * processor's. One that stops has yet to tell its parent.
 */
static void come_to_rest(struct member *m)
{
	while (is_parked(m) &&
	       !static_call(ct_wait_task_inactive)(m->task, TASK_UNINTERRUPTIBLE))
		cond_resched();
	while (is_stopped(m->task) &&
	       !static_call(ct_wait_task_inactive)(m->task, __TASK_STOPPED))
		cond_resched();
}

/* Everyone is parked as far as we know: let them come to rest. */
static void settle(struct ct_frozen *f)
{
	unsigned int i;

	for (i = 0; i < f->count; i++)
		if (f->order[i]->how != CT_GONE)
			come_to_rest(f->order[i]);
}

static bool all_arrived(struct ct_frozen *f)
{
	return atomic_read(&f->nr_parked) == atomic_read(&f->nr_asked);
}

/*
 * Until all who were asked have arrived. Who ends cannot be asked, and comes by
 * itself: a few looks later it is likely to be there; else there is time.
 */
static int await_arrivals(struct ct_frozen *f, unsigned int *looks)
{
	if (!all_arrived(f))
		*looks = 0;
	else if (++*looks > MAX_LOOKS)
		schedule_timeout_killable(1);
	else
		cond_resched();
	return wait_event_killable_timeout(f->arrival, all_arrived(f),
					   LOOK_AGAIN) < 0 ||
	       fatal_signal_pending(current) ? -EINTR : 0;
}

static int freeze_all(struct ct_frozen *f, struct ct_space *space, char *why)
{
	unsigned long end = jiffies + FREEZE_TIMEOUT;
	struct task_struct *one = NULL;
	unsigned int restless, looks = 0, n = 0;
	struct ct_gathering g;
	int err;

	for (;;) {
		err = ct_gather(&g, space);
		if (err)
			return err;
		err = ask_all(f, &g, &restless, &one);
		/* The same number once more: nobody has come meanwhile. */
		if (!err && !restless && n == g.count) {
			err = g.count ? set_order(f, &g) : -ESRCH;
			ct_gathering_free(&g);
			return err;
		}
		n = restless ? 0 : g.count;
		if (!err && time_after(jiffies, end))
			err = not_still(space, one ?: g.task[0], why);
		ct_gathering_free(&g);
		if (!err && restless)
			err = await_arrivals(f, &looks);
		if (err)
			return err;
	}
}

/**
 * ct_freeze - hold all tasks of a container still
 * @space: the container's; referenced
 * @frozen: set on success
 * @why: on failure a sentence; %CT_MOVE_WHY_MAX bytes
 *
 * Those inside of containers in it, too.
 *
 * Context: may sleep; current must not be among them.
 * Return: 0; -ESRCH if there is none any more; -EBUSY if one does not come to
 * rest; -EINTR if current is killed; -ENOMEM. On failure all go on.
 */
int ct_freeze(struct ct_space *space, struct ct_frozen **frozen, char *why)
{
	struct ct_frozen *f = ct_frozen_alloc();
	int err;

	if (!f)
		return -ENOMEM;
	err = freeze_all(f, space, why);
	if (err) {
		ct_thaw(f);
		ct_frozen_put(f);
		return err;
	}
	settle(f);
	*frozen = f;
	return 0;
}

/**
 * ct_frozen_look - the tasks of a container, as they are
 * @space: the container's; referenced
 * @frozen: set on success; they run, come and go
 *
 * Context: may sleep.
 * Return: 0 or -ENOMEM.
 */
int ct_frozen_look(struct ct_space *space, struct ct_frozen **frozen)
{
	struct ct_frozen *f = ct_frozen_alloc();
	struct ct_gathering g = { };
	unsigned int i;
	int err;

	if (!f)
		return -ENOMEM;
	err = ct_gather(&g, space);
	for (i = 0; !err && i < g.count; i++) {
		struct member *m = add_member(f, g.task[i]);

		if (!m)
			err = -ENOMEM;
		else if (READ_ONCE(m->task->exit_state))
			m->how = CT_GONE;
	}
	if (!err)
		err = set_order(f, &g);
	ct_gathering_free(&g);
	if (err)
		ct_frozen_put(f);
	else
		*frozen = f;
	return err;
}

/**
 * ct_thaw - let the tasks go on
 * @f: the set
 *
 * Context: any but NMI. May be called more than once.
 */
void ct_thaw(struct ct_frozen *f)
{
	WRITE_ONCE(f->thawed, true);
	wake_up_all(&f->parked);
}

/**
 * ct_frozen_count - how many tasks there are
 * @f: from ct_freeze() or ct_frozen_look()
 */
unsigned int ct_frozen_count(const struct ct_frozen *f)
{
	return f->count;
}

/**
 * ct_frozen_task - one of the tasks
 * @f: from ct_freeze() or ct_frozen_look()
 * @index: below ct_frozen_count(); parents come before children, and a process
 *	   begins with its first thread
 * @how: set to how it is held; may be NULL
 *
 * Return: the task; the set has a reference.
 */
struct task_struct *ct_frozen_task(const struct ct_frozen *f, unsigned int index,
				   enum ct_still *how)
{
	if (how)
		*how = f->order[index]->how;
	return f->order[index]->task;
}

/**
 * ct_frozen_still - were all still all the time?
 * @f: from ct_freeze()
 *
 * Return: false if one was killed, or one that was stopped has been continued.
 */
bool ct_frozen_still(const struct ct_frozen *f)
{
	unsigned int i;

	if (READ_ONCE(f->broken))
		return false;
	for (i = 0; i < f->count; i++)
		if (f->order[i]->how == CT_STOPPED &&
		    !is_stopped(f->order[i]->task))
			return false;
	return true;
}

/* -- one task by itself -- */

static struct member *only_member(struct ct_frozen *f)
{
	unsigned long i = 0;

	return xa_find(&f->by_task, &i, ULONG_MAX, XA_PRESENT);
}

/**
 * ct_hold - hold one task still, whatever others do
 * @task: the task, which may be current, and is referenced while it is held
 *
 * It is on its way; a child of vfork() is let go on until it has given the memory
 * back. It can be killed.
 *
 * Context: may sleep.
 * Return: the set, for ct_thaw_one(); NULL without memory.
 */
struct ct_frozen *ct_freeze_one(struct task_struct *task)
{
	struct ct_frozen *f = ct_frozen_alloc();

	if (!f)
		return NULL;
	if (!add_member(f, task)) {
		ct_frozen_put(f);
		return NULL;
	}
	ct_still_one(f);
	return f;
}

/**
 * ct_still_one - is it?
 * @f: from ct_freeze_one()
 *
 * Has to be asked now and then, as the child of vfork() is held by this only.
 *
 * Context: may sleep; the caller sees to it that nobody does this, for the same
 * set, at the same time.
 * Return: true when it is parked, stopped, or a zombie.
 */
bool ct_still_one(struct ct_frozen *f)
{
	struct member *m = only_member(f);

	if (!vfork_pending(m->task))
		ask(f, m);
	return is_still(m, &m->how);
}

/**
 * ct_thaw_one - let it go on
 * @f: from ct_freeze_one(); the reference goes
 *
 * Context: may sleep.
 */
void ct_thaw_one(struct ct_frozen *f)
{
	ct_thaw(f);
	ct_frozen_put(f);
}

/* -- for a restart -- */

/**
 * ct_park_current - current is to park before it goes to user space
 * @f: the set that it belongs to then
 *
 * Context: may sleep; current is a task without a way back into the kernel's
 * caller, that is one that kernel_clone() has made.
 * Return: 0, or -ENOMEM.
 */
int ct_park_current(struct ct_frozen *f)
{
	struct member *m = add_member(f, current);

	if (!m)
		return -ENOMEM;
	m->how = CT_PARKED;
	ask(f, m);
	return 0;
}

/**
 * ct_frozen_break - nobody is to wait for the set any more
 * @f: the set
 *
 * Context: any but NMI.
 */
void ct_frozen_break(struct ct_frozen *f)
{
	WRITE_ONCE(f->broken, true);
	wake_up_all(&f->arrival);
}

/**
 * ct_frozen_wait - wait until tasks of a restart are parked
 * @f: the set
 * @parked: how many
 *
 * Context: may sleep.
 * Return: 0; -EINTR if current is killed; -ESRCH if one of them was.
 */
int ct_frozen_wait(struct ct_frozen *f, unsigned int parked)
{
	struct member *m;
	unsigned long i;

	if (wait_event_killable(f->arrival,
				READ_ONCE(f->broken) ||
				atomic_read(&f->nr_parked) >= parked))
		return -EINTR;
	if (READ_ONCE(f->broken))
		return -ESRCH;
	xa_for_each(&f->by_task, i, m)
		come_to_rest(m);
	return 0;
}

/* With siglock it is either that, or has stopped, or need not any more. */
static bool is_stopping(const struct member *m)
{
	unsigned long flags;
	bool stopping;

	if (!ct_lock_sighand(m->task, &flags))
		return false;
	stopping = m->task->jobctl & JOBCTL_STOP_PENDING;
	ct_unlock_sighand(m->task, &flags);
	return stopping;
}

/* Until it has stopped; SIGCONT and SIGKILL may come first. */
static int let_stop(struct member *m)
{
	/* Pairs with may_go(). */
	WRITE_ONCE(m->let_stop, true);
	wake_up_all(&m->frozen->parked);
	while (is_stopping(m)) {
		if (fatal_signal_pending(current))
			return -EINTR;
		schedule_timeout_killable(1);
	}
	come_to_rest(m);
	return 0;
}

/**
 * ct_thaw_stopping - let those go on to their stop that are to be stopped
 * @f: the set, of a restart
 *
 * So that nobody who goes on with ct_thaw() finds them running.
 *
 * Context: may sleep.
 * Return: 0; -EINTR if current is killed.
 */
int ct_thaw_stopping(struct ct_frozen *f)
{
	struct member *m;
	unsigned long i;
	int err = 0;

	xa_for_each(&f->by_task, i, m) {
		if (!err && is_stopping(m))
			err = let_stop(m);
	}
	return err;
}
