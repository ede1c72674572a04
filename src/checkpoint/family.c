// SPDX-License-Identifier: GPL-2.0
/*
 * Areas of memory that are relatives: since a fork() they may have pages in
 * common.
 *
 * The kernel finds the areas that map an anonymous page through the page's
 * anon_vma: an area can have a page only if it is in the list of that.  fork()
 * puts the child's areas into the lists of the parent's; all that descend from
 * one area have the same root.  So what has no common root cannot share, and
 * what has is a family in the image.
 *
 * At a restart nobody forks with memory.  Each family gets an ancestor: an area
 * in a memory of its own that nobody runs in.  Every area of the family is made
 * a child of it, before it has any page, as fork() would do it; so they are what
 * the children of a process that has ended are to each other.  Pages that
 * several of them are to have go to the ancestor's list, which has all of them
 * (share.c).  The ancestor goes when the restart is over.
 */
#include <linux/mm.h>
#include <linux/rmap.h>
#include <linux/sched/mm.h>
#include <linux/slab.h>

#include "checkpoint/mm.h"
#include "compat/mm.h"
#include "hook/symbols.h"

/* Areas in a record. */
#define KIN_PER_RECORD	1024

/* ---- saving ---- */

/**
 * ct_family_of - which family an area belongs to
 * @s: the checkpoint
 * @vma: the area; its memory's lock is held
 * @family: set; 0: it has no relatives
 *
 * Return: 0 or -ENOMEM.
 */
int ct_family_of(struct ct_save *s, const struct vm_area_struct *vma, u32 *family)
{
	const struct anon_vma *own = READ_ONCE(vma->anon_vma);
	int err;

	*family = 0;
	/* A root counts itself. One that has lost its children is as one without. */
	if (!own || (own == own->root && READ_ONCE(own->num_children) < 2))
		return 0;
	err = ct_object_id(&s->families, own->root, family);
	return min(err, 0);
}

/**
 * ct_save_families - say which areas of a memory are relatives of others
 * @s: the checkpoint
 * @area: the areas
 * @family: of each; 0: none
 * @n: how many there are
 * @id: of the memory
 *
 * Return: 0 or -ENOMEM.
 */
int ct_save_families(struct ct_save *s, const struct container_image_area *area,
		     const u32 *family, unsigned int n, u32 id)
{
	struct container_image_kin *kin = NULL;
	unsigned int left = 0, used = 0, i;

	for (i = 0; i < n; i++)
		left += !!family[i];
	for (i = 0; i < n; i++) {
		if (!family[i])
			continue;
		if (!(used % KIN_PER_RECORD))
			kin = ct_out_optional(&s->out, CONTAINER_IMAGE_KIN, id,
					      min(left - used, KIN_PER_RECORD + 0U) *
					      sizeof(*kin));
		if (!kin)
			return -ENOMEM;
		kin[used % KIN_PER_RECORD] = (struct container_image_kin) {
			.start = area[i].start,
			.family = family[i],
		};
		used++;
	}
	return 0;
}

/* ---- restarting ---- */

/**
 * ct_families_init - no families yet
 * @families: to be ended with ct_families_release()
 */
void ct_families_init(struct ct_families *families)
{
	mutex_init(&families->lock);
	xa_init(&families->areas);
}

/**
 * ct_families_release - let the ancestors go
 * @families: of a restart that has no users any more
 *
 * Context: may sleep.
 */
void ct_families_release(struct ct_families *families)
{
	xa_destroy(&families->areas);
	if (families->mm)
		mmput(families->mm);
	families->mm = NULL;
	ct_run_free(families->run);
	families->run = NULL;
}

/* From here on whoever frees the memory frees the area. */
static int insert_ancestor(struct vm_area_struct *vma)
{
	struct mm_struct *mm = vma->vm_mm;
	int err;

	MA_STATE(mas, &mm->mm_mt, vma->vm_start, vma->vm_end - 1);

	mmap_write_lock(mm);
	if (mas_store_gfp(&mas, vma, GFP_KERNEL_ACCOUNT)) {
		static_call(ct_vm_area_free)(vma);
		err = -ENOMEM;
	} else {
		mm->map_count++;
		mm->total_vm += vma_pages(vma);
		err = static_call(ct_anon_vma_prepare)(vma);
	}
	mmap_write_unlock(mm);
	return err;
}

/*
 * There is room between any two, so that none takes the anon_vma of the one
 * beside it.
 */
static struct vm_area_struct *make_ancestor(struct mm_struct *mm, u32 n)
{
	struct vm_area_struct *vma = static_call(ct_vm_area_alloc)(mm);
	int err;

	if (!vma)
		return ERR_PTR(-ENOMEM);
	vma_set_anonymous(vma);
	vma->vm_start = 2UL * n * PAGE_SIZE;
	vma->vm_end = vma->vm_start + PAGE_SIZE;
	vma->vm_pgoff = vma->vm_start >> PAGE_SHIFT;
	ct_area_flags_init(vma, VM_READ | VM_WRITE | VM_MAYREAD | VM_MAYWRITE);
	vma->vm_page_prot = vm_get_page_prot(VM_READ | VM_WRITE);
	err = insert_ancestor(vma);
	return err ? ERR_PTR(err) : vma;
}

static struct mm_struct *make_memory(void)
{
	struct mm_struct *mm = static_call(ct_mm_alloc)();

#ifdef CONFIG_MEMCG
	/* It would be us, who may end before it goes, since nobody would tell it. */
	if (mm)
		WRITE_ONCE(mm->owner, NULL);
#endif
	return mm;
}

static struct vm_area_struct *ancestor_of(struct ct_families *families, u32 family)
{
	struct vm_area_struct *vma = xa_load(&families->areas, family);
	int err;

	lockdep_assert_held(&families->lock);
	if (vma)
		return vma;
	if (!families->mm)
		families->mm = make_memory();
	if (!families->mm)
		return ERR_PTR(-ENOMEM);
	vma = make_ancestor(families->mm, ++families->n);
	if (IS_ERR(vma))
		return vma;
	err = xa_err(xa_store(&families->areas, family, vma, GFP_KERNEL_ACCOUNT));
	return err ? ERR_PTR(err) : vma;
}

/* What is in such memory can be shared copy-on-write. */
static bool may_have_kin(const struct vm_area_struct *vma)
{
	return ct_may_fill(vma) && !(vma->vm_flags & (VM_MIXEDMAP | VM_DROPPABLE)) &&
	       (vma->vm_file || vma_is_anonymous((struct vm_area_struct *)vma));
}

/*
 * The memory's lock is held for writing. An area that is there already, because
 * it has become one with the one before it, stays in the family that it is in.
 */
static int adopt(struct vm_area_struct *vma, struct vm_area_struct *ancestor)
{
	if (vma->anon_vma || !may_have_kin(vma))
		return 0;
	ct_area_start_write(vma);
	return static_call(ct_anon_vma_fork)(vma, ancestor);
}

/* Nobody but us, who hold @lock, knows the ancestor's memory, so it is not locked. */
static int join(struct ct_families *families, u32 family,
		const struct container_image_area *area)
{
	struct mm_struct *mm = current->mm;
	struct vm_area_struct *ancestor, *vma;
	int err = 0;

	VMA_ITERATOR(vmi, mm, area->start);

	ancestor = ancestor_of(families, family);
	if (IS_ERR(ancestor))
		return PTR_ERR(ancestor);
	if (mmap_write_lock_killable(mm))
		return -EINTR;
	for_each_vma_range(vmi, vma, area->end) {
		err = adopt(vma, ancestor);
		if (err)
			break;
	}
	mmap_write_unlock(mm);
	return err;
}

/**
 * ct_family_first - what there is to be known of the families of a memory
 * @t: first thread of the process that has it
 *
 * Return: where ct_family_join() begins.
 */
struct ct_family_walk ct_family_first(struct ct_rtask *t)
{
	return (struct ct_family_walk) {
		.rec = ct_in_find(&t->r->in, CONTAINER_IMAGE_KIN, t->prec->mm),
	};
}

/* Areas are gone through in ascending order; what is about none is passed over. */
static u32 next_family(struct ct_family_walk *walk, u64 start)
{
	const struct container_image_kin *kin;

	for (; walk->rec; walk->rec = ct_in_next(walk->rec), walk->i = 0) {
		kin = walk->rec->payload;
		for (; walk->i < walk->rec->rec.length / sizeof(*kin); walk->i++) {
			if (kin[walk->i].start == start)
				return kin[walk->i].family;
			if (kin[walk->i].start > start)
				return 0;
		}
	}
	return 0;
}

/**
 * ct_family_join - make an area of current's a relative of those it was one of
 * @t: current's
 * @walk: from ct_family_first(), for one area after the other
 * @area: it has just been mapped
 *
 * Context: process context; takes the memory's lock.
 * Return: 0, or a negative errno after ct_restart_fail().
 */
int ct_family_join(struct ct_rtask *t, struct ct_family_walk *walk,
		   const struct container_image_area *area)
{
	struct ct_families *families = &t->r->families;
	u32 family = next_family(walk, area->start);
	int err;

	if (!family)
		return 0;
	if (mutex_lock_killable(&families->lock))
		return -EINTR;
	err = join(families, family, area);
	mutex_unlock(&families->lock);
	if (err)
		return ct_restart_fail(t->r, err,
				       "the memory of process %d at %llx cannot be shared (error %d)",
				       t->nr, area->start, -err);
	return 0;
}
