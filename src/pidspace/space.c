// SPDX-License-Identifier: GPL-2.0
/* Pid spaces and their numbers; see space.h. */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/errno.h>
#include <linux/hash.h>
#include <linux/hashtable.h>
#include <linux/idr.h>
#include <linux/rculist.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/wait.h>
#include <linux/workqueue.h>
#include <uapi/linux/wait.h>

#include "compat/pid.h"
#include "hook/symbols.h"
#include "pidspace/space.h"

/**
 * struct ct_number - a number that a struct pid has in a space
 * @space: where; the number holds a reference
 * @pid: whose. No reference while the pid is alive, as free_pid() retires the
 *	 number first; a reference while it lingers
 * @nr: the number
 * @flags: see below
 * @linger: entry of the table of dead but remembered pids
 * @rcu: to wait until nobody can find @pid any more
 */
struct ct_number {
	struct ct_space *space;
	struct pid *pid;
	pid_t nr;
	unsigned long flags;
	struct hlist_node linger;
	struct rcu_head rcu;
};

#define CT_NUMBER_TASK		0	/* counted in space->nr_tasks */
#define CT_NUMBER_HASHED	1	/* in the table of dead pids */
#define CT_NUMBER_SETTLED	2	/* lingers until the scan drops it */
#define CT_NUMBER_ALIAS		3	/* the global number names it inside, too */
#define CT_NUMBER_RESERVED	4	/* ...and is allocated, to nobody */

static struct kmem_cache *number_cache;
/* kernel.pid_max; the kernel does not export it. */
static typeof(pid_max) *ct_pid_max;

/*
 * A struct pid outlives free_pid() as long as somebody holds it (SO_PEERCRED,
 * System V IPC, fanotify, ...), and its holders go on printing its number.
 * Retired numbers are kept here until theirs is the only reference.
 *
 * linger_lock is a leaf; it is taken under tasklist_lock with interrupts off.
 */
static DEFINE_HASHTABLE(lingering, 8);
static DEFINE_SPINLOCK(linger_lock);
atomic_t ct_nr_lingering = ATOMIC_INIT(0);

#define LINGER_SCAN	HZ
static void linger_scan(struct work_struct *work);
static DECLARE_DELAYED_WORK(linger_work, linger_scan);

/**
 * ct_number_space - the space of a number
 * @num: from a slot
 *
 * Context: any; the caller keeps @num from going away.
 */
struct ct_space *ct_number_space(const struct ct_number *num)
{
	return num->space;
}

/**
 * ct_pid_linger - what a dead struct pid was inside a container
 * @pid: not freed
 * @out: filled on success
 *
 * Context: as ct_pid_lookup(), which see.
 */
bool ct_pid_linger(const struct pid *pid, struct ct_slot *out)
{
	struct ct_number *num;
	bool found = false;

	rcu_read_lock();
	hash_for_each_possible_rcu(lingering, num, linger, (unsigned long)pid) {
		if (num->pid != pid)
			continue;
		out->ns = num->space->token;
		out->pid = num->pid;
		out->num = num;
		out->nr = num->nr;
		found = true;
		break;
	}
	rcu_read_unlock();
	return found;
}

/**
 * ct_pid_limit - kernel.pid_max
 *
 * Return: the first number that is too large.
 */
int ct_pid_limit(void)
{
	return READ_ONCE(*ct_pid_max);
}

/* Let the number go that was given back last. With space->lock held. */
static void release_retired(struct ct_space *space)
{
	if (space->retired)
		idr_remove(&space->token->idr, space->retired);
	space->retired = 0;
}

/*
 * Take a number out of use. With space->lock held.
 *
 * It stays allocated, to nobody, until another one is taken or given back. The
 * next number is mostly its neighbour, so a container that forks now and then
 * does not make and free the nodes of the idr each time.
 */
static void retire(struct ct_space *space, pid_t nr)
{
	idr_replace(&space->token->idr, NULL, nr);
	release_retired(space);
	space->retired = nr;
}

/* Allocate a number for @pid, which can be found by it from now on. */
static int take(struct ct_space *space, struct pid *pid, pid_t want)
{
	struct idr *idr = &space->token->idr;
	int min = 1;

	if (want != CT_NR_ANY)
		return idr_alloc(idr, pid, want, want + 1, GFP_ATOMIC);
	/* As the kernel: the first numbers are given out once. */
	if (idr_get_cursor(idr) > RESERVED_PIDS)
		min = RESERVED_PIDS;
	return idr_alloc_cyclic(idr, pid, min, ct_pid_limit(), GFP_ATOMIC);
}

/*
 * Is @nr, just allocated, the old number of a pid in the space? Then it stays
 * allocated, to nobody, as long as that has it (see ct_number_alias()).
 */
static bool reserve_alias(struct ct_space *space, pid_t nr)
{
	struct pid *pid = ct_find_alias(nr, space->token);
	struct ct_slot slot;

	if (!pid || !ct_slot_read(nr, pid, &slot))
		return false;
	idr_replace(&space->token->idr, NULL, nr);
	set_bit(CT_NUMBER_RESERVED, &slot.num->flags);
	return true;
}

/* Take a number that nobody has. Called with space->lock held. */
static int number_alloc(struct ct_space *space, struct pid *pid, pid_t want)
{
	int nr;

	if (space->dead)
		return -ENOMEM;		/* as alloc_pid() in a dying namespace */
	if (want == CT_NR_ANY && space->keeping)
		want = pid->numbers[0].nr;
	/* ns_last_pid has been set back: the number may be the next one. */
	if (idr_get_cursor(&space->token->idr) <= space->retired)
		release_retired(space);
	do {
		nr = take(space, pid, want);
		release_retired(space);
		if (nr == -ENOSPC)
			nr = take(space, pid, want);	/* it may have been the one */
	} while (nr > 0 && reserve_alias(space, nr));
	if (nr == -ENOSPC)
		return want == CT_NR_ANY ? -EAGAIN : -EEXIST;
	return nr;
}

/**
 * ct_space_keep - begin or end to give out the numbers that pids have outside
 * @space: without numbers at the beginning
 * @keep: begin or end
 *
 * Global numbers differ from one another, so they cannot collide. At the end
 * the usual allocation goes on behind the highest.
 *
 * Context: may sleep.
 */
void ct_space_keep(struct ct_space *space, bool keep)
{
	struct idr *idr = &space->token->idr;
	struct pid *pid;
	int nr = 0, last = 0;

	spin_lock_irq(&space->lock);
	space->keeping = keep;
	if (!keep) {
		idr_for_each_entry(idr, pid, nr)
			last = nr;
		idr_set_cursor(idr, last + 1);
	}
	spin_unlock_irq(&space->lock);
}

/**
 * ct_number_add - give the struct pid of a task a number in a space
 * @space: where
 * @pid: not numbered yet. The caller keeps it from being freed by free_pid()
 *	 meanwhile: it is its own, or of a task that has not run yet.
 * @want: the number, or CT_NR_ANY for the next free one
 *
 * Context: may sleep.
 * Return: 0; -EAGAIN no number is free, -EEXIST @want is taken, -ENOMEM also
 * when the space is dying. On success the number holds a reference on @space.
 */
int ct_number_add(struct ct_space *space, struct pid *pid, pid_t want)
{
	pid_t gnr = pid->numbers[0].nr;
	struct ct_number *num;
	int nr, err;

	num = kmem_cache_alloc(number_cache, GFP_KERNEL);
	if (!num)
		return -ENOMEM;
	err = ct_slot_reserve(gnr);
	if (err)
		goto err_free;

	num->space = space;
	num->pid = pid;
	num->flags = BIT(CT_NUMBER_TASK);

	idr_preload(GFP_KERNEL);
	spin_lock_irq(&space->lock);
	nr = number_alloc(space, pid, want);
	if (nr > 0) {
		struct ct_slot slot = {
			.ns = space->token, .pid = pid, .num = num, .nr = nr,
		};

		num->nr = nr;
		refcount_inc(&space->users);
		atomic_inc(&space->nr_tasks);
		/*
		 * Who finds the pid by its number before this sees one that
		 * has no number, and no task yet or one that is not contained.
		 */
		ct_slot_set(gnr, &slot);
	}
	spin_unlock_irq(&space->lock);
	idr_preload_end();

	if (nr > 0)
		return 0;
	err = nr;
	ct_slot_unreserve(gnr);
err_free:
	kmem_cache_free(number_cache, num);
	return err;
}

/**
 * ct_number_alias - let a pid's old number go on naming it inside
 * @space: where @pid has a number
 * @pid: of a process that has just entered
 *
 * A program remembers its pid: a shell gives the terminal back to the process
 * group that it was when it started. So whoever says the number that it had
 * until now in the container means @pid. What the kernel says is always the new
 * one. The allocation steps over the old one when it comes there; if it is taken
 * already there is no alias.
 *
 * Context: may sleep.
 */
void ct_number_alias(struct ct_space *space, struct pid *pid)
{
	pid_t gnr = pid->numbers[0].nr;
	struct ct_slot slot;

	spin_lock_irq(&space->lock);
	if (ct_slot_read(gnr, pid, &slot) && slot.nr != gnr &&
	    !idr_find(&space->token->idr, gnr))
		set_bit(CT_NUMBER_ALIAS, &slot.num->flags);
	spin_unlock_irq(&space->lock);
}

/**
 * ct_find_alias - the pid whose old number this is
 * @nr: a number that nobody has inside
 * @ns: token of the viewer
 *
 * Context: RCU read-side section, any but NMI.
 * Return: the struct pid, or NULL.
 */
struct pid *ct_find_alias(int nr, struct pid_namespace *ns)
{
	struct ct_number *num;
	struct ct_slot *slot;

	if (nr <= 0 || nr >= PID_MAX_LIMIT)
		return NULL;
	slot = ct_slot_of(nr);
	if (!slot || READ_ONCE(slot->ns) != ns)
		return NULL;
	num = READ_ONCE(slot->num);
	if (!num || !test_bit(CT_NUMBER_ALIAS, &num->flags))
		return NULL;
	return READ_ONCE(slot->pid);
}

/* A task of the space has been released. */
static void uncount(struct ct_number *num)
{
	struct ct_space *space = num->space;

	if (!test_and_clear_bit(CT_NUMBER_TASK, &num->flags))
		return;
	if (atomic_dec_and_test(&space->nr_tasks))
		space->ops->emptied(space);
	else if (READ_ONCE(space->dead))
		wake_up(&space->zap_wait);
}

/**
 * ct_number_uncount - note that the task of a struct pid has been released
 * @pid: its struct pid, which may live on as process group or session
 *
 * Context: any but NMI; RCU or a reference keeps @pid.
 */
void ct_number_uncount(struct pid *pid)
{
	struct ct_slot slot;

	rcu_read_lock();
	if (ct_pid_lookup(pid, &slot))
		uncount(slot.num);
	rcu_read_unlock();
}

/* Remember the number of a dead pid. Called with linger_lock held. */
static void linger_add(struct ct_number *num)
{
	set_bit(CT_NUMBER_HASHED, &num->flags);
	hash_add_rcu(lingering, &num->linger, (unsigned long)num->pid);
	atomic_inc(&ct_nr_lingering);
}

/**
 * ct_number_retire - give a number back, as free_pid() does
 * @pid: about to be freed
 *
 * Context: as free_pid(): tasklist_lock held for writing, interrupts off; or
 * from a failed fork.
 * Return: the number, to be passed to ct_number_bury() when the kernel's
 * free_pid() has run; NULL if @pid has none.
 */
struct ct_number *ct_number_retire(struct pid *pid)
{
	struct ct_number *num;
	struct ct_space *space;
	struct ct_slot slot;
	unsigned long flags;
	bool mine;

	rcu_read_lock();	/* against ct_space_close(), which frees */
	if (!ct_slot_read(pid->numbers[0].nr, pid, &slot)) {
		rcu_read_unlock();
		return NULL;
	}
	num = slot.num;
	space = num->space;

	spin_lock_irqsave(&space->lock, flags);
	mine = idr_find(&space->token->idr, num->nr) == pid;
	if (mine) {
		retire(space, num->nr);
		if (test_bit(CT_NUMBER_RESERVED, &num->flags))
			idr_remove(&space->token->idr, pid->numbers[0].nr);
		/*
		 * Does anybody hold the pid besides the kernel's reference,
		 * which free_pid() is about to drop, and release_task()?
		 */
		if (refcount_read(&pid->count) > 2) {
			spin_lock(&linger_lock);
			linger_add(num);
			spin_unlock(&linger_lock);
		}
		get_pid(pid);
		ct_slot_clear(pid->numbers[0].nr);
	}
	spin_unlock_irqrestore(&space->lock, flags);
	if (mine)
		uncount(num);
	rcu_read_unlock();
	return mine ? num : NULL;
}

/* Forget a lingering number. Called with linger_lock held. */
static void linger_drop(struct ct_number *num)
{
	hash_del_rcu(&num->linger);
	atomic_dec(&ct_nr_lingering);
}

static void number_free_rcu(struct rcu_head *rcu)
{
	struct ct_number *num = container_of(rcu, struct ct_number, rcu);

	ct_space_put(num->space);
	kmem_cache_free(number_cache, num);
}

/* Free what linger_drop() has taken out of the table. */
static void number_free(struct ct_number *num)
{
	put_pid(num->pid);
	call_rcu(&num->rcu, number_free_rcu);
}

/*
 * A grace period after free_pid(): who has no reference by now gets none. Who
 * found the pid by its number just before it was freed, and took one since
 * ct_number_retire() looked, has it remembered from here on.
 */
static void linger_settle(struct rcu_head *rcu)
{
	struct ct_number *num = container_of(rcu, struct ct_number, rcu);
	bool hashed = test_bit(CT_NUMBER_HASHED, &num->flags);
	unsigned long flags;
	bool drop;

	spin_lock_irqsave(&linger_lock, flags);
	drop = refcount_read(&num->pid->count) == 1 || num->space->closed;
	if (drop && hashed)
		linger_drop(num);
	if (!drop && !hashed)
		linger_add(num);
	if (!drop)
		set_bit(CT_NUMBER_SETTLED, &num->flags);
	spin_unlock_irqrestore(&linger_lock, flags);

	if (!drop) {
		schedule_delayed_work(&linger_work, LINGER_SCAN);
	} else if (hashed) {
		number_free(num);
	} else {
		put_pid(num->pid);
		number_free_rcu(&num->rcu);
	}
}

/**
 * ct_number_bury - remember a retired number as long as its pid is held
 * @num: from ct_number_retire()
 *
 * Call after the kernel's own free_pid(): its RCU callback, which drops the
 * kernel's reference, then comes before ours.
 *
 * Context: any but NMI.
 */
void ct_number_bury(struct ct_number *num)
{
	call_rcu(&num->rcu, linger_settle);
}

/* Drop the settled numbers of @space, or of all, that nobody else holds. */
static bool linger_sweep(const struct ct_space *space)
{
	struct ct_number *num;
	struct hlist_node *tmp;
	bool left = false;
	int bkt;

	spin_lock_irq(&linger_lock);
	hash_for_each_safe(lingering, bkt, tmp, num, linger) {
		if (!test_bit(CT_NUMBER_SETTLED, &num->flags))
			continue;
		if (num->space == space ||
		    refcount_read(&num->pid->count) == 1) {
			linger_drop(num);
			/* Nobody else touches a settled number. */
			number_free(num);
		} else {
			left = true;
		}
	}
	spin_unlock_irq(&linger_lock);
	return left;
}

static void linger_scan(struct work_struct *work)
{
	if (linger_sweep(NULL))
		schedule_delayed_work(&linger_work, LINGER_SCAN);
}

/**
 * ct_space_init - make a space without numbers
 * @space: zeroed memory of the owner's
 * @ops: the owner's callbacks
 *
 * The token is built by the kernel itself, as a child of the initial
 * namespace, so that its references, inode number, user accounting and RCU
 * freeing are the kernel's. At level 0 nothing takes it for a namespace that
 * could hold a struct pid.
 *
 * Context: may sleep; current is in the initial pid namespace.
 * Return: 0, -ENOSPC (limit on pid namespaces), -ENOMEM.
 */
int ct_space_init(struct ct_space *space, const struct ct_space_ops *ops)
{
	struct pid_namespace *token;

	token = static_call(ct_copy_pid_ns)(CLONE_NEWPID, current_user_ns(),
					    &init_pid_ns);
	if (IS_ERR(token))
		return PTR_ERR(token);
	token->level = 0;

	space->token = token;
	spin_lock_init(&space->lock);
	atomic_set(&space->nr_tasks, 0);
	init_waitqueue_head(&space->zap_wait);
	space->ops = ops;
	refcount_set(&space->users, 1);
	return 0;
}

/**
 * ct_space_put - drop a reference
 * @space: maybe freed by this
 *
 * Context: any but NMI.
 */
void ct_space_put(struct ct_space *space)
{
	if (!refcount_dec_and_test(&space->users))
		return;
	put_pid_ns(space->token);
	space->ops->free(space);
}

/**
 * ct_space_close - forget all numbers of a space without tasks
 * @space: after its emptied() callback
 *
 * Numbers can outlive the last task: a process group or session with members
 * outside keeps its struct pid, and so do holders of dead pids. Nobody is left
 * to see them.
 *
 * Context: may sleep. Drops the owner's reference.
 */
void ct_space_close(struct ct_space *space)
{
	struct pid *pid;
	int nr = 0;

	spin_lock_irq(&space->lock);
	space->dead = true;
	idr_for_each_entry(&space->token->idr, pid, nr) {
		struct ct_slot slot;

		if (!ct_slot_read(pid->numbers[0].nr, pid, &slot))
			continue;	/* never: it leaves both at once */
		idr_replace(&space->token->idr, NULL, nr);
		ct_slot_clear(pid->numbers[0].nr);
		call_rcu(&slot.num->rcu, number_free_rcu);
	}
	spin_unlock_irq(&space->lock);

	spin_lock_irq(&linger_lock);
	space->closed = true;
	spin_unlock_irq(&linger_lock);
	linger_sweep(space);
	ct_space_put(space);
}

/**
 * ct_space_kill - send a signal to all tasks of a space
 * @space: whose
 * @sig: SIGKILL and so on
 *
 * Each process gets it once, through its leader, as from the kernel.
 *
 * Context: any but NMI.
 */
void ct_space_kill(struct ct_space *space, int sig)
{
	struct task_struct *task;
	struct pid *pid;
	int nr = 0;

	rcu_read_lock();
	idr_for_each_entry(&space->token->idr, pid, nr) {
		task = pid_task(pid, PIDTYPE_TGID);
		if (task)
			kill_pid(pid, sig, 1);
	}
	rcu_read_unlock();
}

/* Reap those of our children that died before SIGCHLD was ignored. */
static void zap_reap(struct ct_space *space)
{
	struct pid *pid;
	int nr = 0;

	for (;; nr++) {
		bool dead;

		rcu_read_lock();
		pid = idr_get_next(&space->token->idr, &nr);
		dead = pid && !pid_task(pid, PIDTYPE_TGID);
		rcu_read_unlock();
		if (!pid)
			return;
		if (!dead)
			static_call(ct_kernel_wait4)(nr, NULL, __WALL | WNOHANG,
						     NULL);
		cond_resched();
	}
}

/**
 * ct_space_zap - end a container with its process 1
 * @space: current is the last thread of its process 1 and is exiting
 *
 * The counterpart of zap_pid_ns_processes(): kill all others and wait until
 * they are gone. That one would also wait for children that stayed outside
 * when process 1 entered, hence this.
 *
 * Context: may sleep; in do_exit() before exit_notify().
 */
void ct_space_zap(struct ct_space *space)
{
	struct sighand_struct *sighand =
		rcu_dereference_protected(current->sighand, true);
	struct task_struct *task;
	struct pid *pid;
	int nr = 0;

	spin_lock_irq(&space->lock);
	space->dead = true;
	spin_unlock_irq(&space->lock);

	/* Children that die from now on reap themselves. */
	spin_lock_irq(&sighand->siglock);
	sighand->action[SIGCHLD - 1].sa.sa_handler = SIG_IGN;
	spin_unlock_irq(&sighand->siglock);

	/*
	 * Pairs with the barrier in ct_hook_sched_post_fork(): a fork in
	 * flight is either found here or finds the space dead there.
	 */
	smp_mb();
	rcu_read_lock();
	idr_for_each_entry(&space->token->idr, pid, nr) {
		task = pid_task(pid, PIDTYPE_PID);
		if (task && !same_thread_group(task, current))
			send_sig(SIGKILL, task, 1);
	}
	rcu_read_unlock();

	/*
	 * Our own other threads go by themselves. Looking again now and then
	 * catches children that announce their end by another signal.
	 */
	do {
		zap_reap(space);
	} while (!wait_event_idle_timeout(space->zap_wait,
					  atomic_read(&space->nr_tasks) <=
					  get_nr_threads(current), HZ / 10));

	/* reboot(2) inside: the parent is told by the exit status. */
	if (space->token->reboot)
		current->signal->group_exit_code = space->token->reboot;
}

/**
 * ct_pidspace_init - get ready for spaces
 *
 * Context: may sleep; at load, after ct_symbols_init().
 * Return: 0, -ENOMEM or -ENOENT.
 */
int ct_pidspace_init(void)
{
	ct_pid_max = (void *)ct_symbol("pid_max");
	if (!ct_pid_max) {
		pr_err("this kernel lacks the variable pid_max\n");
		return -ENOENT;
	}
	number_cache = KMEM_CACHE(ct_number, 0);
	return number_cache ? 0 : -ENOMEM;
}

/**
 * ct_pidspace_exit - wait for all that is still under way
 *
 * Context: may sleep; all spaces are closed and all hooks off.
 */
void ct_pidspace_exit(void)
{
	/* Settling numbers, which start no scan: their spaces are closed... */
	rcu_barrier();
	cancel_delayed_work_sync(&linger_work);
	/* ...then the numbers freed by that, and pages of slots. */
	rcu_barrier();
	ct_slots_trim();
	rcu_barrier_tasks();
	WARN_ON(ct_slots_pages());
	kmem_cache_destroy(number_cache);
}
