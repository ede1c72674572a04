// SPDX-License-Identifier: GPL-2.0
/* The numbers of a struct pid; see number.h. */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/errno.h>
#include <linux/idr.h>
#include <linux/radix-tree.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>

#include "compat/pid.h"
#include "hook/symbols.h"
#include "pidspace/number.h"
#include "pidspace/space.h"

/* Records of one level: those of containers that are not nested. */
static struct kmem_cache *number_cache;
/* kernel.pid_max; the kernel does not export it. */
static typeof(pid_max) *ct_pid_max;

/**
 * ct_pid_limit - kernel.pid_max
 *
 * Return: the first number that is too large.
 */
int ct_pid_limit(void)
{
	return READ_ONCE(*ct_pid_max);
}

/* Let the number go that keeps its node. With space->lock held. */
static void release_kept(struct ct_space *space)
{
	if (space->kept)
		idr_remove(&space->token->idr, space->kept);
	space->kept = 0;
}

/* Do two numbers share a node of the idr? */
static bool same_node(pid_t a, pid_t b)
{
	return a >> RADIX_TREE_MAP_SHIFT == b >> RADIX_TREE_MAP_SHIFT;
}

/*
 * Take a level's number out of use.
 *
 * The last of a node stays allocated, to nobody, until another node's takes its
 * place. The next number is mostly in the same node, so a container that forks
 * now and then does not make and free it each time.
 */
static void level_retire(struct ct_level *level, pid_t outer_nr)
{
	struct ct_space *space = level->space;
	struct idr *idr = &level->ns->idr;
	unsigned long flags;

	spin_lock_irqsave(&space->lock, flags);
	if (space->kept && same_node(space->kept, level->nr)) {
		idr_remove(idr, level->nr);
	} else {
		idr_replace(idr, NULL, level->nr);
		release_kept(space);
		space->kept = level->nr;
	}
	if (unlikely(level->flags & CT_LEVEL_RESERVED))
		idr_remove(idr, outer_nr);
	spin_unlock_irqrestore(&space->lock, flags);
}

/* What the level around, or the host, calls the pid of a record. */
static pid_t outer_nr(const struct ct_number *num, unsigned int level)
{
	return level ? num->level[level - 1].nr : num->pid->numbers[0].nr;
}

/* The struct pid of a number at a level, as if it were said there. Under RCU. */
static struct pid *find_at(int nr, const struct pid_namespace *ns)
{
	struct ct_slot *slot;

	if (nr <= 0 || nr >= PID_MAX_LIMIT)
		return NULL;
	if (ns != &init_pid_ns)
		return idr_find(&ns->idr, nr);
	slot = ct_slot_of(nr);
	return slot ? READ_ONCE(slot->pid) : NULL;
}

/*
 * The level in @ns of the pid that was called @nr further out, if all levels on
 * the way in let the old number through. @direct: it was that right outside.
 */
static struct ct_level *find_alias_level(int nr, struct pid_namespace *ns,
					 struct pid **pid, bool *direct)
{
	struct pid_namespace *outer = ns;
	struct ct_level *level, *l;
	struct ct_number *num;

	do {
		outer = outer->parent;
		*pid = find_at(nr, outer);
	} while (!*pid && outer != &init_pid_ns);
	*direct = outer == ns->parent;
	num = *pid ? ct_number_of(*pid) : NULL;
	level = num ? ct_number_level(num, ns) : NULL;
	if (!level)
		return NULL;
	for (l = level; l >= num->level && l->ns != outer; l--)
		if (!(READ_ONCE(l->flags) & CT_LEVEL_ALIAS))
			return NULL;
	return level;
}

/**
 * ct_find_alias - the pid whose old number this is
 * @nr: a number that nobody has inside
 * @ns: token of the viewer
 *
 * A program remembers its pid: a shell gives the terminal back to the process
 * group that it was when it started. So whoever says in a container the number
 * that a process had just outside when it came in means that process. What the
 * kernel says is always the new one. The same goes for what it was called before
 * that, further out.
 *
 * Context: RCU read-side section, any but NMI.
 * Return: the struct pid, or NULL.
 */
struct pid *ct_find_alias(int nr, struct pid_namespace *ns)
{
	struct pid *pid;
	bool direct;

	return find_alias_level(nr, ns, &pid, &direct) ? pid : NULL;
}

/*
 * Is @nr, just allocated, the old number of a pid in the space? Then that keeps it.
 * One from right outside stays allocated, to nobody, as long as the pid has it;
 * the few from further out are passed over each time. With space->lock held.
 */
static bool reserve_alias(struct ct_space *space, pid_t nr)
{
	struct ct_level *level;
	struct pid *pid;
	bool direct;

	if (likely(nr > space->highest_alias))
		return false;
	ct_read_lock();
	level = find_alias_level(nr, space->token, &pid, &direct);
	if (level && direct) {
		idr_replace(&space->token->idr, NULL, nr);
		WRITE_ONCE(level->flags, level->flags | CT_LEVEL_RESERVED);
	} else if (level) {
		idr_remove(&space->token->idr, nr);
	}
	ct_read_unlock();
	return level;
}

/* Allocate a number, by which @pid can be found from now on. */
static int take_one(struct ct_space *space, struct pid *pid, pid_t want)
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

/* Take a number that nobody has. Called with space->lock held. */
static int take_locked(struct ct_space *space, struct pid *pid, pid_t want)
{
	int nr, passed = 0;

	if (space->dead)
		return -ENOMEM;		/* as alloc_pid() in a dying namespace */
	/* It may be the next one, or the one wished for, or the last. */
	if (want == space->kept ||
	    idr_get_cursor(&space->token->idr) <= space->kept)
		release_kept(space);
	do {
		nr = take_one(space, pid, want);
		if (nr == -ENOSPC && space->kept) {
			release_kept(space);
			nr = take_one(space, pid, want);
		}
		if (nr < 0 || !reserve_alias(space, nr))
			break;
		nr = -ENOSPC;
	} while (want == CT_NR_ANY && ++passed < ct_pid_limit());
	if (nr == -ENOSPC)
		return want == CT_NR_ANY ? -EAGAIN : -EEXIST;
	return nr;
}

/* Fill in a level: a number and a reference. */
static int level_take(struct ct_level *level, struct ct_space *space,
		      struct pid *pid, pid_t want, gfp_t gfp)
{
	bool preload = gfpflags_allow_blocking(gfp);
	unsigned long flags;
	int nr;

	if (preload)
		idr_preload(gfp);
	spin_lock_irqsave(&space->lock, flags);
	nr = take_locked(space, pid, want);
	spin_unlock_irqrestore(&space->lock, flags);
	if (preload)
		idr_preload_end();
	if (nr < 0)
		return nr;

	level->space = space;
	level->ns = space->token;
	level->nr = nr;
	level->flags = 0;
	refcount_inc(&space->users);
	return 0;
}

static void level_give_back(struct ct_level *level)
{
	struct ct_space *space = level->space;
	unsigned long flags;

	spin_lock_irqsave(&space->lock, flags);
	idr_remove(&space->token->idr, level->nr);
	spin_unlock_irqrestore(&space->lock, flags);
	ct_space_put(space);
}

static struct ct_number *number_alloc(unsigned int depth, gfp_t gfp)
{
	struct ct_number *num;

	if (depth == 1)
		num = kmem_cache_alloc(number_cache, gfp);
	else
		num = kmalloc(struct_size(num, level, depth), gfp);
	if (!num)
		return NULL;
	num->depth = depth;
	num->live = depth;
	return num;
}

static void number_free_memory(struct ct_number *num)
{
	if (num->depth == 1)
		kmem_cache_free(number_cache, num);
	else
		kfree(num);
}

/**
 * ct_number_free - free a record that nobody can find any more
 * @num: not published, or a grace period after it went
 *
 * Context: any but NMI. Drops the levels' references on their spaces.
 */
void ct_number_free(struct ct_number *num)
{
	unsigned int i = num->depth;

	while (i--)
		ct_space_put(num->level[i].space);
	number_free_memory(num);
}

/* Give the levels from @first on back, and the record. */
static void number_unwind(struct ct_number *num, unsigned int first)
{
	unsigned int i;

	for (i = first; i < num->depth; i++)
		level_give_back(&num->level[i]);
	if (!num->outer)
		ct_slot_unreserve(num->pid->numbers[0].nr);
	number_free_memory(num);
}

/**
 * ct_number_prepare - take numbers for a struct pid
 * @space: the container that it goes to
 * @pid: not contained, or in a container around @space. Unless it still is when
 *	 the record is to be published, with as many levels as the record's
 *	 @outer, the caller abandons the record.
 * @wishes: the numbers, innermost first, or CT_NR_ANY for the next free one; NULL
 *	    for that in all levels
 * @hidden: @pid is not to be found by them before they are published
 * @gfp: how to get memory
 *
 * Context: may sleep if @gfp says so.
 * Return: the record, for ct_number_publish() or ct_number_abandon(); else
 * -EAGAIN no number is free, -EEXIST one wished for is taken, -ENOMEM, also when the
 * space is dying.
 */
struct ct_number *ct_number_prepare(struct ct_space *space, struct pid *pid,
				    const pid_t *wishes, bool hidden, gfp_t gfp)
{
	struct ct_number *num = number_alloc(space->depth + 1, gfp);
	struct ct_number *old;
	unsigned int i;
	int err;

	if (!num)
		return ERR_PTR(-ENOMEM);
	num->pid = pid;
	num->flags = BIT(CT_NUMBER_TASK);
	num->outer = 0;
	ct_read_lock();
	old = ct_slot_num(pid->numbers[0].nr, pid);
	if (old) {
		/* It may have gone elsewhere: then this is not used. */
		num->outer = min(old->depth, num->depth);
		memcpy(num->level, old->level,
		       num->outer * sizeof(num->level[0]));
	}
	ct_read_unlock();
	if (!num->outer) {
		err = ct_slot_reserve(pid->numbers[0].nr, gfp);
		if (err) {
			number_free_memory(num);
			return ERR_PTR(err);
		}
	}
	for (i = num->depth; i-- > num->outer; space = space->parent) {
		err = level_take(&num->level[i], space, hidden ? NULL : pid,
				 wishes ? *wishes++ : CT_NR_ANY, gfp);
		if (err) {
			number_unwind(num, i + 1);
			return ERR_PTR(err);
		}
	}
	return num;
}

/**
 * ct_number_abandon - undo ct_number_prepare()
 * @num: freed
 *
 * Context: any but NMI.
 */
void ct_number_abandon(struct ct_number *num)
{
	number_unwind(num, num->outer);
}

static void fill_slot(struct ct_slot *slot, struct ct_number *num)
{
	struct ct_level *inner = &num->level[num->depth - 1];

	slot->ns = inner->ns;
	slot->pid = num->pid;
	slot->num = num;
	slot->nr = inner->nr;
}

static void count(struct ct_number *num)
{
	unsigned int i;

	for (i = num->outer; i < num->depth; i++)
		atomic_inc(&num->level[i].space->nr_tasks);
}

/* Let the pid of a hidden record be found by its numbers. */
static void unhide(struct ct_number *num)
{
	struct ct_level *level;

	for (level = &num->level[num->outer]; level < &num->level[num->depth];
	     level++) {
		spin_lock_irq(&level->space->lock);
		idr_replace(&level->ns->idr, num->pid, level->nr);
		spin_unlock_irq(&level->space->lock);
	}
}

/* Of a record that is about to be published: let the old number name it, too. */
static void level_alias(struct ct_number *num, unsigned int i)
{
	struct ct_level *level = &num->level[i];
	struct ct_space *space = level->space;
	pid_t old = outer_nr(num, i), highest = old;

	if (old >= ct_pid_limit())
		return;
	/* Whatever goes on naming it outside does so here. */
	if (space->parent)
		highest = max(old, READ_ONCE(space->parent->highest_alias));
	spin_lock_irq(&space->lock);
	if (!idr_find(&level->ns->idr, old)) {
		level->flags |= CT_LEVEL_ALIAS;
		if (space->highest_alias < highest)
			WRITE_ONCE(space->highest_alias, highest);
	}
	spin_unlock_irq(&space->lock);
}

static void number_free_rcu(struct rcu_head *rcu)
{
	ct_number_free(container_of(rcu, struct ct_number, rcu));
}

/* The spaces of the outer levels are in the new record's hands. */
static void number_replaced_rcu(struct rcu_head *rcu)
{
	number_free_memory(container_of(rcu, struct ct_number, rcu));
}

/*
 * The pid leaves the record @old for @num; its view stays as it is. Whoever sets a
 * flag in an outer level looks the record up with the space's lock held: it was the
 * old one's before, or it is the new one's.
 */
static void replace(struct ct_number *num, struct ct_number *old)
{
	pid_t gnr = num->pid->numbers[0].nr;
	struct ct_slot slot;
	unsigned int i;

	fill_slot(&slot, old);
	slot.num = num;
	ct_slot_change(gnr, &slot);
	/* Pairs with the barrier in ct_number_listed(). */
	smp_mb();
	if (test_bit(CT_NUMBER_LISTED, &old->flags))
		set_bit(CT_NUMBER_LISTED, &num->flags);
	for (i = 0; i < num->outer; i++) {
		struct ct_space *space = num->level[i].space;

		spin_lock_irq(&space->lock);
		num->level[i].flags |= old->level[i].flags;
		spin_unlock_irq(&space->lock);
	}
	call_rcu(&old->rcu, number_replaced_rcu);
}

/**
 * ct_number_publish - a hidden record becomes its pid's
 * @num: from ct_number_prepare(), @hidden; the pid's record is still the same
 * @alias: what the pid was called outside goes on naming it
 *
 * From here on the pid is seen in the container. Its own task sees what it saw
 * before, until ct_number_switch().
 *
 * Context: tasklist_lock held until after that, interrupts on. Nothing can fail.
 */
void ct_number_publish(struct ct_number *num, bool alias)
{
	struct ct_slot slot = { .pid = num->pid, .num = num };
	pid_t gnr = num->pid->numbers[0].nr;
	struct ct_number *old;
	unsigned int i;

	for (i = num->outer; alias && i < num->depth; i++)
		level_alias(num, i);
	unhide(num);
	count(num);
	if (num->outer) {
		rcu_read_lock();
		old = ct_slot_num(gnr, num->pid);
		replace(num, old);
		rcu_read_unlock();
	} else {
		ct_slot_set(gnr, &slot);
	}
}

/**
 * ct_number_switch - the task of a pid sees the container from now on
 * @num: its record
 *
 * Context: tasklist_lock held.
 */
void ct_number_switch(struct ct_number *num)
{
	struct ct_slot slot;

	fill_slot(&slot, num);
	ct_slot_change(num->pid->numbers[0].nr, &slot);
}

/**
 * ct_number_add - give a fresh struct pid its numbers
 * @space: of its container
 * @pid: not contained, and of a task that has not run yet
 * @wishes: as in ct_number_prepare()
 *
 * Who finds the pid by a number before its slot is filled sees one that has no
 * number, and no task yet.
 *
 * Context: may sleep.
 * Return: 0, or an error of ct_number_prepare().
 */
int ct_number_add(struct ct_space *space, struct pid *pid, const pid_t *wishes)
{
	struct ct_number *num;
	struct ct_slot slot;

	num = ct_number_prepare(space, pid, wishes, false, GFP_KERNEL);
	if (IS_ERR(num))
		return PTR_ERR(num);
	count(num);
	fill_slot(&slot, num);
	ct_slot_set(pid->numbers[0].nr, &slot);
	return 0;
}

/* A task has been released: its container may have been emptied by that. */
static void uncount(struct ct_number *num)
{
	unsigned int i = num->depth;

	if (!test_and_clear_bit(CT_NUMBER_TASK, &num->flags))
		return;
	while (i--)
		ct_space_uncount(num->level[i].space);
}

/**
 * ct_number_uncount - note that the task of a struct pid has been released
 * @pid: its struct pid, which may live on as process group or session
 *
 * Context: any but NMI; RCU or a reference keeps @pid.
 */
void ct_number_uncount(struct pid *pid)
{
	struct ct_number *num;

	ct_read_lock();
	num = ct_number_of(pid);
	if (num)
		uncount(num);
	ct_read_unlock();
}

/**
 * ct_number_listed - note that the numbers of a struct pid are about to be asked for
 * @pid: was found by a number, without a reference
 *
 * Who goes through all numbers, as a reader of /proc, takes each from the struct pid
 * that was found, and goes on behind it. With 0 for an answer it would begin anew. So
 * from here on the numbers are known until the caller's read-side section ends,
 * whatever becomes of the pid.
 *
 * Context: RCU read-side section; NMI included.
 * Return: false: it has no number yet, or none any more; pass it over.
 */
bool ct_number_listed(struct pid *pid)
{
	pid_t gnr = pid->numbers[0].nr;
	struct ct_number *num;

	while ((num = ct_slot_num(gnr, pid))) {
		if (!test_bit(CT_NUMBER_LISTED, &num->flags))
			set_bit(CT_NUMBER_LISTED, &num->flags);
		/*
		 * Pairs with test_and_set_bit() in ct_number_retire() and with the
		 * barrier in replace(): they see the mark, or we what they did.
		 */
		smp_mb();
		if (test_bit(CT_NUMBER_RETIRED, &num->flags))
			return false;
		if (ct_slot_num(gnr, pid) == num)
			return true;
	}
	return false;
}

/**
 * ct_number_retire - give the numbers of a struct pid back, as free_pid() does
 * @pid: about to be freed
 *
 * Context: as free_pid(): tasklist_lock held for writing, interrupts off; or
 * from a failed fork.
 * Return: the record, to be passed to ct_number_bury() when the kernel's
 * free_pid() has run; NULL if @pid has none.
 */
struct ct_number *ct_number_retire(struct pid *pid)
{
	pid_t gnr = pid->numbers[0].nr;
	struct ct_number *num;
	unsigned int i;

	ct_read_lock();	/* against ct_space_close(), which frees */
	num = ct_slot_num(gnr, pid);
	if (!num || test_and_set_bit(CT_NUMBER_RETIRED, &num->flags)) {
		ct_read_unlock();
		return NULL;
	}
	/*
	 * Does anybody hold the pid besides the kernel's reference, which
	 * free_pid() is about to drop, and release_task()? Or has it been found in a
	 * list, by somebody who may still ask?
	 */
	if (refcount_read(&pid->count) > 2 ||
	    test_bit(CT_NUMBER_LISTED, &num->flags))
		ct_linger_add(num);
	get_pid(pid);
	for (i = num->depth; i--;)
		level_retire(&num->level[i], outer_nr(num, i));
	ct_slot_clear(gnr);
	uncount(num);
	ct_read_unlock();
	return num;
}

/**
 * ct_number_close - the container of a number has ended
 * @pid: has a number there; no task
 * @space: of the container; containers in it have ended before
 *
 * Context: RCU read-side section; @space->lock held.
 */
void ct_number_close(struct pid *pid, struct ct_space *space)
{
	struct ct_number *num = ct_number_of(pid);

	if (!num)
		return;		/* free_pid() is retiring it */
	if (space->depth) {
		/* The container around may go on seeing it. */
		WRITE_ONCE(num->live, space->depth);
	} else if (!test_and_set_bit(CT_NUMBER_RETIRED, &num->flags)) {
		ct_slot_clear(pid->numbers[0].nr);
		call_rcu(&num->rcu, number_free_rcu);
	}
}

/**
 * ct_numbers_init - get ready for numbers
 *
 * Context: may sleep; at load, after ct_symbols_init().
 * Return: 0, -ENOMEM or -ENOENT.
 */
int ct_numbers_init(void)
{
	ct_pid_max = (void *)ct_symbol("pid_max");
	if (!ct_pid_max) {
		pr_err("this kernel lacks the variable pid_max\n");
		return -ENOENT;
	}
	number_cache = kmem_cache_create("ct_number",
					 struct_size_t(struct ct_number, level, 1),
					 0, 0, NULL);
	return number_cache ? 0 : -ENOMEM;
}

/**
 * ct_numbers_exit - the opposite
 *
 * Context: may sleep; no record is left.
 */
void ct_numbers_exit(void)
{
	kmem_cache_destroy(number_cache);
}
