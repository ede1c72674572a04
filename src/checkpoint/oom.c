// SPDX-License-Identifier: GPL-2.0
/*
 * When memory ends.
 *
 * The copy of a container's memory belongs to no task, and grows while the
 * container goes on. So the OOM killer would kill one process after the other and
 * not get it. Therefore it is given back before a process is looked for: the
 * checkpoint fails, and nobody dies for it.
 *
 * The same is done for a control group that has no memory left: what a container
 * writes is charged to its own, and so is what had been there, which is the copy's
 * now. About a group the kernel tells nobody, so there is a hook.
 *
 * All this happens in whoever asks for memory, with any locks held: it may be the
 * reader, who holds the locks of a copy, or of the pipe that he reads into. So nothing
 * here asks for memory, or waits for somebody who may. Locks of copies are tried;
 * open_mutex is held by nobody who asks for memory.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/memcontrol.h>
#include <linux/notifier.h>
#include <linux/oom.h>
#include <linux/sizes.h>
#include <linux/swap.h>
#include <linux/swapops.h>

#include "checkpoint/freeze.h"
#include "checkpoint/mm.h"
#include "checkpoint/oom.h"
#include "compat/mm.h"
#include "hook/handlers.h"
#include "hook/hook.h"
#include "hook/symbols.h"

DEFINE_STATIC_CALL_NULL(ct_orig_out_of_memory, out_of_memory);
DEFINE_STATIC_CALL_NULL(ct_swap_count, __swap_count);

const struct ct_symbol ct_symbols_oom[] = {
	CT_SYMBOL(__swap_count, ct_swap_count, "int (swp_entry_t)"),
	{}
};

/* Less than that is no help. */
#define PAGES_MIN	(SZ_1M >> PAGE_SHIFT)

/* A page is counted in so many parts. */
#define PARTS		1024

static DEFINE_MUTEX(open_mutex);
/* struct ct_save.open; under that, as are the copies of those that are there. */
static LIST_HEAD(open_saves);

/* ---- what there is to be had ---- */

/**
 * struct cost - what a checkpoint takes
 * @group: pages that are charged to this, or below; NULL: all
 * @memories: how many copies it has
 * @parts: of pages that nobody else has
 */
struct cost {
	struct mem_cgroup *group;
	unsigned int memories;
	u64 parts;
};

/*
 * A page, or a place in swap, that @users memories have. It is ours alone if they all
 * are copies: then each of them counts its part.
 */
static void count(struct cost *cost, int users)
{
	if (users > 0 && users <= cost->memories)
		cost->parts += PARTS / users;
}

static bool is_charged(struct page *page, struct mem_cgroup *group)
{
	struct mem_cgroup *to;
	bool ret;

	if (!group)
		return true;
	rcu_read_lock();
	to = folio_memcg(page_folio(page));
	ret = to && mem_cgroup_is_descendant(to, group);
	rcu_read_unlock();
	return ret;
}

/* Some of the pages behind the first one. Called with the lock of their table held. */
static void count_pages(struct cost *cost, struct page *page, unsigned int n)
{
	if (!PageAnon(page) || !is_charged(page, cost->group))
		return;
	for (; n; n--, page++)
		count(cost, ct_page_users(page));
}

/* Swap space is no group's: if it has been used up, nobody has any. */
static void count_swap(struct cost *cost, swp_entry_t entry)
{
	if (!cost->group && !non_swap_entry(entry))
		count(cost, static_call(ct_swap_count)(entry));
}

static int count_pte(pte_t *ptep, unsigned long addr, unsigned long next,
		     struct mm_walk *walk)
{
	struct cost *cost = walk->private;
	pte_t pte = ptep_get(ptep);

	if (pte_none(pte))
		return 0;
	if (!pte_present(pte))
		count_swap(cost, pte_to_swp_entry(pte));
	else if (!pte_special(pte))
		count_pages(cost, pte_page(pte), 1);
	return 0;
}

static int count_pmd(pmd_t *pmdp, unsigned long addr, unsigned long next,
		     struct mm_walk *walk)
{
	spinlock_t *ptl = pmd_lock(walk->mm, pmdp);
	pmd_t pmd = READ_ONCE(*pmdp);

	if (pmd_none(pmd) || !pmd_present(pmd)) {
		walk->action = ACTION_CONTINUE;
	} else if (pmd_trans_huge(pmd)) {
		count_pages(walk->private, pmd_page(pmd), HPAGE_PMD_NR);
		walk->action = ACTION_CONTINUE;
	}
	spin_unlock(ptl);
	/* There may be a lot of them. */
	cond_resched();
	return 0;
}

static const struct mm_walk_ops cost_ops = {
	.pmd_entry = count_pmd,
	.pte_entry = count_pte,
	CT_WALK_READ_LOCKED
};

/*
 * About how many pages it would free. While the processes are held they have them
 * all, too. With a single memory it is exact; with several, a page that one of them
 * shares with its copy looks like one that two copies share.
 */
static unsigned long cost_of(struct ct_save *s, struct mem_cgroup *group)
{
	struct ct_snapshot *snapshot;
	struct cost cost = { .group = group };

	if (s->frozen && ct_frozen_still(s->frozen))
		return 0;
	list_for_each_entry(snapshot, &s->snapshots, list)
		cost.memories++;
	list_for_each_entry(snapshot, &s->snapshots, list) {
		if (!mmap_read_trylock(snapshot->copy))
			continue;
		static_call(ct_walk_page_range)(snapshot->copy, 0, TASK_SIZE_MAX,
						&cost_ops, &cost);
		mmap_read_unlock(snapshot->copy);
	}
	return cost.parts / PARTS;
}

/* The one that frees most; but first one whose image nobody waits for any more. */
static struct ct_save *choose(struct mem_cgroup *group, unsigned long *pages)
{
	struct ct_save *s, *best = NULL;
	unsigned long cost;

	*pages = 0;
	list_for_each_entry(s, &open_saves, open) {
		cost = cost_of(s, group);
		if (cost < PAGES_MIN)
			continue;
		if (READ_ONCE(s->fate) == CT_FATE_DONE) {
			*pages = cost;
			return s;
		}
		if (cost > *pages) {
			*pages = cost;
			best = s;
		}
	}
	return best;
}

/* ---- giving it back ---- */

/* As the kernel's own OOM reaper does it; tables of pages stay. */
static void unmap_all(struct mm_struct *mm)
{
	VMA_ITERATOR(vmi, mm, 0);
	struct vm_area_struct *vma;

	if (!mmap_read_trylock(mm))
		return;
	for_each_vma(vmi, vma)
		ct_zap_area(vma);
	mmap_read_unlock(mm);
}

static void give_up(struct ct_save *s, const char *who, unsigned long pages)
{
	struct ct_snapshot *snapshot;

	list_del_init(&s->open);
	/* A full barrier, unless it is done; pairs with ct_oom_given_up(). */
	if (cmpxchg(&s->fate, CT_FATE_OPEN, CT_FATE_GIVEN_UP) == CT_FATE_OPEN)
		pr_notice("%s is out of memory: the checkpoint of %s is given up, which has %lu kB\n",
			  who, s->c->name, pages << (PAGE_SHIFT - 10));
	list_for_each_entry(snapshot, &s->snapshots, list)
		unmap_all(snapshot->copy);
}

/* Called under the kernel's oom_lock. Returns how many pages there are now, about. */
static unsigned long make_room(struct mem_cgroup *group, const char *who)
{
	unsigned long pages;
	struct ct_save *s;

	mutex_lock(&open_mutex);
	s = choose(group, &pages);
	if (s)
		give_up(s, who, pages);
	mutex_unlock(&open_mutex);
	return pages;
}

/* Before a process is chosen; and none is if there are pages now. */
static int machine_is_out_of_memory(struct notifier_block *nb, unsigned long unused,
				    void *data)
{
	unsigned long *freed = data;

	*freed += make_room(NULL, "the machine");
	return NOTIFY_OK;
}

static struct notifier_block oom_notifier = {
	.notifier_call = machine_is_out_of_memory,
};

/**
 * ct_hook_out_of_memory - out_of_memory(): somebody gets no memory
 * @oc: why; only control groups are of interest, see the notifier for others
 *
 * Context: may sleep; under oom_lock.
 * Return: whether it is worth while to try again.
 */
bool ct_hook_out_of_memory(struct oom_control *oc)
{
	bool again;

	ct_hook_enter();
	again = (oc->memcg && make_room(oc->memcg, "a control group")) ||
		static_call(ct_orig_out_of_memory)(oc);
	ct_hook_leave();
	return again;
}

/* ---- whose it is ---- */

/**
 * ct_oom_add - a checkpoint may be given up from now on
 * @s: the checkpoint; its memory has been copied, and will stay as it is until
 *     ct_oom_remove()
 *
 * Context: may sleep.
 */
void ct_oom_add(struct ct_save *s)
{
	mutex_lock(&open_mutex);
	list_add_tail(&s->open, &open_saves);
	mutex_unlock(&open_mutex);
}

/**
 * ct_oom_remove - a checkpoint ends
 * @s: the checkpoint, whether ct_oom_add() has been called or not
 *
 * Context: may sleep, while a checkpoint is being given up.
 */
void ct_oom_remove(struct ct_save *s)
{
	mutex_lock(&open_mutex);
	list_del_init(&s->open);
	mutex_unlock(&open_mutex);
}

/**
 * ct_oom_done - all that was in the copies has been read
 * @s: the checkpoint
 *
 * Context: any; by the reader.
 * Return: true, and it will not be given up any more, whatever becomes of the
 * copies; false: it has been.
 */
bool ct_oom_done(struct ct_save *s)
{
	return cmpxchg(&s->fate, CT_FATE_OPEN, CT_FATE_DONE) != CT_FATE_GIVEN_UP;
}

/**
 * ct_oom_init - begin
 *
 * Context: may sleep.
 * Return: 0 or a negative errno.
 */
int ct_oom_init(void)
{
	return register_oom_notifier(&oom_notifier);
}

/**
 * ct_oom_exit - end
 *
 * Waits for those who are just being told.
 *
 * Context: may sleep; no checkpoint is open.
 */
void ct_oom_exit(void)
{
	unregister_oom_notifier(&oom_notifier);
}
