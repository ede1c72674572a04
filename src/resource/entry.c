// SPDX-License-Identifier: GPL-2.0
/* The entries of tasks; see entry.h. */
#include <linux/rcupdate.h>
#include <linux/seqlock.h>
#include <linux/slab.h>

#include "resource/entry.h"

/**
 * struct page_desc - a page of the directory
 * @slots: it
 * @used: how many entries have room in it, those that are not published too
 * @rcu: to wait until no trampoline looks at it
 */
struct page_desc {
	struct ct_rentry **slots;
	unsigned int used;
	struct rcu_head rcu;
};

DEFINE_SPINLOCK(ct_set_lock);
struct ct_rentry **ct_rdir[CT_RDIR_PAGES];

/* What follows is under ct_set_lock. */
static struct page_desc *descs[CT_RDIR_PAGES];
static unsigned int nr_entries;
static seqcount_spinlock_t exchanges =
	SEQCNT_SPINLOCK_ZERO(exchanges, &ct_set_lock);

/*
 * Empty pages are kept, as in pidspace/slots.c: who forks comes by again.  This
 * many (256 KiB) are enough for the default kernel.pid_max of 32768.
 */
#define SPARE	64
static unsigned int nr_empty;

static struct kmem_cache *entry_cache;

static void desc_free(struct page_desc *desc)
{
	if (desc)
		kfree(desc->slots);
	kfree(desc);
}

static void desc_free_rcu(struct rcu_head *rcu)
{
	desc_free(container_of(rcu, struct page_desc, rcu));
}

static struct page_desc *desc_alloc(gfp_t gfp)
{
	struct page_desc *desc = kzalloc(sizeof(*desc), gfp);

	if (!desc)
		return NULL;
	desc->slots = kcalloc(CT_RDIR_PER_PAGE, sizeof(*desc->slots), gfp);
	if (!desc->slots) {
		kfree(desc);
		return NULL;
	}
	return desc;
}

/*
 * Trampolines look at slots outside of RCU read-side sections and may be
 * preempted there; only RCU-tasks waits for them. It waits for such sections, too:
 * there are those of idle tasks, for which it would not.
 */
static void trim_locked(void)
{
	unsigned int i;

	for (i = 0; i < CT_RDIR_PAGES && nr_empty; i++) {
		struct page_desc *desc = descs[i];

		if (!desc || desc->used)
			continue;
		descs[i] = NULL;
		WRITE_ONCE(ct_rdir[i], NULL);
		nr_empty--;
		call_rcu_tasks(&desc->rcu, desc_free_rcu);
	}
}

static int reserve(pid_t nr, gfp_t gfp)
{
	unsigned int i = (unsigned int)nr >> CT_RDIR_SHIFT;
	struct page_desc *new = NULL;
	unsigned long flags;

	for (;;) {
		spin_lock_irqsave(&ct_set_lock, flags);
		if (!descs[i] && new) {
			descs[i] = new;
			/* The zeroed page is visible before its address. */
			smp_store_release(&ct_rdir[i], new->slots);
			nr_empty++;
			new = NULL;
		}
		if (descs[i]) {
			if (!descs[i]->used++)
				nr_empty--;
			spin_unlock_irqrestore(&ct_set_lock, flags);
			desc_free(new);
			return 0;
		}
		spin_unlock_irqrestore(&ct_set_lock, flags);
		new = desc_alloc(gfp);
		if (!new)
			return -ENOMEM;
	}
}

static void unreserve_locked(pid_t nr)
{
	lockdep_assert_held(&ct_set_lock);
	if (!--descs[(unsigned int)nr >> CT_RDIR_SHIFT]->used &&
	    ++nr_empty > SPARE)
		trim_locked();
}

static struct ct_rentry **slot_of(pid_t nr)
{
	return &ct_rdir[(unsigned int)nr >> CT_RDIR_SHIFT][nr & CT_RDIR_MASK];
}

/**
 * ct_rentry_alloc - make an entry for a task
 * @nr: its pid
 * @tgid: the pid of its process
 * @gfp: how to get memory; may sleep
 *
 * Return: the entry, and there is room for it in the table; NULL: no memory.
 */
struct ct_rentry *ct_rentry_alloc(pid_t nr, pid_t tgid, gfp_t gfp)
{
	struct ct_rentry *e = kmem_cache_alloc(entry_cache, gfp);
	unsigned long flags;

	if (!e)
		return NULL;
	if (reserve(nr, gfp))
		goto err_free;
	if (reserve(tgid, gfp))
		goto err_unreserve;
	/* Readers who still believe that this is another task's look at @task. */
	WRITE_ONCE(e->task, NULL);
	WRITE_ONCE(e->set, NULL);
	INIT_LIST_HEAD(&e->node);
	e->nr = nr;
	e->tgid = tgid;
	e->state = CT_RENTRY_NEW;
	return e;

err_unreserve:
	spin_lock_irqsave(&ct_set_lock, flags);
	unreserve_locked(nr);
	spin_unlock_irqrestore(&ct_set_lock, flags);
err_free:
	kmem_cache_free(entry_cache, e);
	return NULL;
}

static void free_locked(struct ct_rentry *e)
{
	unreserve_locked(e->nr);
	unreserve_locked(e->tgid);
	kmem_cache_free(entry_cache, e);
}

/**
 * ct_rentry_abandon - free an entry that has not been published
 * @e: an entry or NULL
 *
 * Context: any but NMI; takes ct_set_lock.
 */
void ct_rentry_abandon(struct ct_rentry *e)
{
	unsigned long flags;

	if (!e)
		return;
	spin_lock_irqsave(&ct_set_lock, flags);
	free_locked(e);
	spin_unlock_irqrestore(&ct_set_lock, flags);
}

/**
 * ct_rentry_publish - make a task's entry known
 * @e: its entry
 * @task: the task, which has none; its pid is one of the two given before
 * @set: where it is; the entry takes over the reference
 *
 * Context: ct_set_lock held.
 */
void ct_rentry_publish(struct ct_rentry *e, struct task_struct *task,
		       struct ct_rset *set)
{
	lockdep_assert_held(&ct_set_lock);
	if (e->nr != task->pid) {
		/* execve() of a thread has come between: @tgid is its pid now. */
		unreserve_locked(e->nr);
		e->nr = e->tgid;
		descs[(unsigned int)e->nr >> CT_RDIR_SHIFT]->used++;
	}
	e->set = set;
	/* Pairs with the smp_rmb()s of ct_rentry_set(). */
	smp_store_release(&e->task, task);
	/* The entry is complete before others find it. */
	smp_store_release(slot_of(e->nr), e);
	nr_entries++;
}

/**
 * ct_rentry_remove - take an entry out of the table and free it
 * @e: an entry, on no list; whoever calls takes over its reference of the set
 *
 * Context: ct_set_lock held.
 */
void ct_rentry_remove(struct ct_rentry *e)
{
	lockdep_assert_held(&ct_set_lock);
	WRITE_ONCE(*slot_of(e->nr), NULL);
	/* For who migrates the task and has found the entry just before. */
	raw_spin_lock(&e->lock);
	WRITE_ONCE(e->task, NULL);
	e->meter.to = NULL;
	raw_spin_unlock(&e->lock);
	nr_entries--;
	free_locked(e);
}

/**
 * ct_rentries_begin_exchange - two threads are about to swap their pids
 *
 * Until ct_rentries_end_exchange() those who look for an entry by its task wait.
 *
 * Context: tasklist_lock held for writing, ct_set_lock held.
 */
void ct_rentries_begin_exchange(void)
{
	write_seqcount_begin(&exchanges);
}

/** ct_rentries_end_exchange - they have */
void ct_rentries_end_exchange(void)
{
	write_seqcount_end(&exchanges);
}

/**
 * ct_rentry_exchange - give an entry the pid of its process
 * @e: the entry of a thread
 * @nr: the pid of its process, which has no entry
 *
 * Context: between ct_rentries_begin_exchange() and _end_.
 */
void ct_rentry_exchange(struct ct_rentry *e, pid_t nr)
{
	WRITE_ONCE(*slot_of(e->nr), NULL);
	unreserve_locked(e->nr);
	/* There is room: e->tgid is @nr. Both are from here on. */
	e->nr = nr;
	descs[(unsigned int)nr >> CT_RDIR_SHIFT]->used++;
	/* As in ct_rentry_publish(). */
	smp_store_release(slot_of(nr), e);
}

/**
 * ct_rentry_set - where a task is
 * @task: a task that cannot be freed meanwhile
 *
 * Context: RCU read-side section, in which the set can be used; any but NMI.
 * Return: the set, NULL if the task is in the root of everything, or has been
 * released.
 */
struct ct_rset *ct_rentry_set(const struct task_struct *task)
{
	struct ct_rset *set;
	struct ct_rentry *e;
	unsigned int seq;

	do {
		seq = read_seqcount_begin(&exchanges);
		set = NULL;
		e = ct_rentry_at(READ_ONCE(task->pid));
		if (!e || READ_ONCE(e->task) != task)
			continue;
		/* Pairs with the release in ct_rentry_publish(). */
		smp_rmb();
		set = READ_ONCE(e->set);
		/*
		 * So does this: an entry that is another task's by now was
		 * @task's no more when it was given a set.
		 */
		smp_rmb();
		if (READ_ONCE(e->task) != task)
			set = NULL;
	} while (read_seqcount_retry(&exchanges, seq));
	return set;
}

/** ct_rentries - how many there are */
unsigned int ct_rentries(void)
{
	return READ_ONCE(nr_entries);
}

/**
 * ct_rentry_first - any entry
 *
 * Context: ct_set_lock held.
 * Return: an entry that is published, or NULL: there is none.
 */
struct ct_rentry *ct_rentry_first(void)
{
	unsigned int i, k;

	for (i = 0; i < CT_RDIR_PAGES && nr_entries; i++) {
		for (k = 0; descs[i] && k < CT_RDIR_PER_PAGE; k++)
			if (descs[i]->slots[k])
				return descs[i]->slots[k];
	}
	return NULL;
}

/* When the memory is new; its next user finds what the last one has left. */
static void entry_init(void *memory)
{
	struct ct_rentry *e = memory;

	raw_spin_lock_init(&e->lock);
	e->task = NULL;
	e->meter.to = NULL;
}

/** ct_rentries_init - at load; 0 or -ENOMEM */
int ct_rentries_init(void)
{
	entry_cache = kmem_cache_create("container_task",
					sizeof(struct ct_rentry), 0,
					SLAB_TYPESAFE_BY_RCU, entry_init);
	return entry_cache ? 0 : -ENOMEM;
}

/**
 * ct_rentries_exit - free the table
 *
 * Context: may sleep; nobody looks at the table any more.
 */
void ct_rentries_exit(void)
{
	spin_lock_irq(&ct_set_lock);
	trim_locked();
	spin_unlock_irq(&ct_set_lock);
	rcu_barrier_tasks();
	kmem_cache_destroy(entry_cache);
}
