// SPDX-License-Identifier: GPL-2.0
/*
 * Sets: the groups that a task is in, one of each hierarchy.
 *
 * A set refers to the groups and states in it, so they outlive the last zombie
 * that was in them.
 */
#include <linux/hash.h>
#include <linux/rculist.h>
#include <linux/slab.h>

#include "resource/entry.h"
#include "resource/resource.h"

#define HASH_BITS	7
/* Under ct_set_lock. */
static struct hlist_head sets[1 << HASH_BITS];

static struct hlist_head *bucket(struct ct_rgroup * const *group)
{
	unsigned long sum = 0;
	unsigned int i;

	for (i = 1; i <= CT_HIERARCHIES_MAX; i++)
		sum = sum * 31 + (unsigned long)group[i];
	return &sets[hash_long(sum, HASH_BITS)];
}

static struct ct_rset *find_locked(struct ct_rgroup * const *group)
{
	struct ct_rset *set;

	lockdep_assert_held(&ct_set_lock);
	hlist_for_each_entry(set, bucket(group), hash)
		if (!memcmp(set->group, group, sizeof(set->group)) &&
		    refcount_inc_not_zero(&set->refs))
			return set;
	return NULL;
}

static void fill_masks(struct ct_rset *set, unsigned int id)
{
	struct container_subsys *ss = set->css[id]->ss;

	if (ss->can_fork)
		__set_bit(id, &set->can_fork);
	if (ss->cancel_fork)
		__set_bit(id, &set->cancel_fork);
	if (ss->fork)
		__set_bit(id, &set->fork);
	if (ss->exit)
		__set_bit(id, &set->exit);
	if (ss->release)
		__set_bit(id, &set->release);
}

static struct ct_rset *set_alloc(struct ct_rgroup * const *group, gfp_t gfp)
{
	struct ct_rset *set = kzalloc(sizeof(*set), gfp);
	unsigned int i, id;

	if (!set)
		return NULL;
	refcount_set(&set->refs, 1);
	INIT_LIST_HEAD(&set->tasks);
	INIT_LIST_HEAD(&set->exited);
	memcpy(set->group, group, sizeof(set->group));
	for (i = 1; i <= CT_HIERARCHIES_MAX; i++) {
		if (!group[i])
			continue;
		ct_rgroup_get(group[i]);
		for (id = 0; id < CONTAINER_SUBSYS_MAX; id++) {
			if (!group[i]->css[id])
				continue;
			set->css[id] = group[i]->css[id];
			container_css_get(set->css[id]);
			fill_masks(set, id);
		}
	}
	return set;
}

static void set_free(struct ct_rset *set)
{
	unsigned int i;

	for (i = 0; i < CONTAINER_SUBSYS_MAX; i++)
		if (set->css[i])
			container_css_put(set->css[i]);
	for (i = 1; i <= CT_HIERARCHIES_MAX; i++)
		if (set->group[i])
			ct_rgroup_put(set->group[i]);
	kfree_rcu(set, rcu);
}

static void set_publish(struct ct_rset *set)
{
	unsigned int i;

	hlist_add_head(&set->hash, bucket(set->group));
	for (i = 1; i <= CT_HIERARCHIES_MAX; i++)
		if (set->group[i])
			list_add_tail(&set->link[i], &set->group[i]->sets);
}

/**
 * ct_rset_find - the set that differs from another one in one hierarchy
 * @from: a set, or NULL: everything is the root
 * @hierarchy: its number
 * @group: a group of it that is not being removed; the root, too
 * @gfp: how to get memory; may sleep
 *
 * Context: ct_rmutex held, may sleep.
 * Return: the set, with a reference; NULL: it is the one where everything is the
 * root; or ERR_PTR(-ENOMEM).
 */
struct ct_rset *ct_rset_find(const struct ct_rset *from, unsigned int hierarchy,
			     struct ct_rgroup *group, gfp_t gfp)
{
	struct ct_rgroup *groups[CT_HIERARCHIES_MAX + 1] = {};
	struct ct_rset *set, *new;
	unsigned int i;

	lockdep_assert_held(&ct_rmutex);
	/*
	 * A child that is just being forked may still be in a group that was
	 * removed after its parent had left it.
	 */
	for (i = 1; from && i <= CT_HIERARCHIES_MAX; i++)
		if (from->group[i] && !from->group[i]->dead)
			groups[i] = from->group[i];
	groups[hierarchy] = group->parent ? group : NULL;
	if (!memchr_inv(groups, 0, sizeof(groups)))
		return NULL;

	spin_lock_irq(&ct_set_lock);
	set = find_locked(groups);
	spin_unlock_irq(&ct_set_lock);
	if (set)
		return set;

	/* Sets are made under ct_rmutex only, so this one is not made twice. */
	new = set_alloc(groups, gfp);
	if (!new)
		return ERR_PTR(-ENOMEM);
	spin_lock_irq(&ct_set_lock);
	set_publish(new);
	spin_unlock_irq(&ct_set_lock);
	return new;
}

/**
 * ct_rset_get - take a reference
 * @set: a set that the caller has one on; or NULL
 */
void ct_rset_get(struct ct_rset *set)
{
	if (set)
		refcount_inc(&set->refs);
}

/**
 * ct_rset_put_locked - give a reference back
 * @set: a set or NULL
 *
 * Context: ct_set_lock held.
 */
void ct_rset_put_locked(struct ct_rset *set)
{
	unsigned int i;

	lockdep_assert_held(&ct_set_lock);
	if (!set || !refcount_dec_and_test(&set->refs))
		return;
	WARN_ON_ONCE(!list_empty(&set->tasks) || !list_empty(&set->exited));
	hlist_del(&set->hash);
	for (i = 1; i <= CT_HIERARCHIES_MAX; i++)
		if (set->group[i])
			list_del(&set->link[i]);
	set_free(set);
}

/**
 * ct_rset_put - give a reference back
 * @set: a set or NULL
 *
 * Context: any but NMI; takes ct_set_lock.
 */
void ct_rset_put(struct ct_rset *set)
{
	unsigned long flags;

	if (!set)
		return;
	spin_lock_irqsave(&ct_set_lock, flags);
	ct_rset_put_locked(set);
	spin_unlock_irqrestore(&ct_set_lock, flags);
}

/**
 * ct_rset_of - the set of a task, to keep
 * @task: a task that cannot be freed meanwhile
 *
 * Context: any but NMI.
 * Return: the set, with a reference; NULL: everything is the root.
 */
struct ct_rset *ct_rset_of(const struct task_struct *task)
{
	struct ct_rset *set;

	rcu_read_lock();
	/* One that is just going has been replaced. */
	do {
		set = ct_rentry_set(task);
	} while (set && !refcount_inc_not_zero(&set->refs));
	rcu_read_unlock();
	return set;
}

/**
 * ct_rset_css - a state of a set
 * @set: a set, or NULL: everything is the root
 * @id: the subsystem's
 *
 * Context: RCU read-side section, or ct_rmutex held.
 * Return: the state, NULL if the subsystem is in no hierarchy.
 */
struct container_css *ct_rset_css(const struct ct_rset *set, unsigned int id)
{
	struct container_subsys *ss;

	if (set && set->css[id])
		return set->css[id];
	ss = READ_ONCE(ct_subsys[id]);
	return ss ? READ_ONCE(ss->root) : NULL;
}
