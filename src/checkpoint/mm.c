// SPDX-License-Identifier: GPL-2.0
/*
 * How the memory of a process is laid out: what a checkpoint says about it.
 *
 * What an image can express is listed; an area that has anything else stands in
 * the way of a checkpoint.
 */
#include <linux/fs.h>
#include <linux/hugetlb_inline.h>
#include <linux/magic.h>
#include <linux/mempolicy.h>
#include <linux/mm.h>
#include <linux/mm_inline.h>
#include <linux/rmap.h>
#include <linux/sched/mm.h>
#include <linux/sched/signal.h>
#include <linux/security.h>
#include <linux/slab.h>
#include <linux/userfaultfd_k.h>

#include "checkpoint/files.h"
#include "checkpoint/freeze.h"
#include "checkpoint/mm.h"
#include "pidspace/move.h"
#include "compat/mm.h"
#include "hook/symbols.h"

/* Areas in a record. */
#define AREAS_PER_RECORD	1024

const struct ct_area_flag ct_area_flags[] = {
	{ VM_READ, CONTAINER_IMAGE_AREA_READ },
	{ VM_WRITE, CONTAINER_IMAGE_AREA_WRITE },
	{ VM_EXEC, CONTAINER_IMAGE_AREA_EXEC },
	{ VM_MAYSHARE, CONTAINER_IMAGE_AREA_SHARED },
	{ VM_GROWSDOWN, CONTAINER_IMAGE_AREA_GROWSDOWN },
	{ VM_NORESERVE, CONTAINER_IMAGE_AREA_NORESERVE },
	{ VM_LOCKED, CONTAINER_IMAGE_AREA_LOCKED },
	{ VM_LOCKONFAULT, CONTAINER_IMAGE_AREA_LOCKONFAULT },
	{ VM_HUGEPAGE, CONTAINER_IMAGE_AREA_HUGEPAGE },
	{ VM_NOHUGEPAGE, CONTAINER_IMAGE_AREA_NOHUGEPAGE },
	{ VM_MERGEABLE, CONTAINER_IMAGE_AREA_MERGEABLE },
	{ VM_DONTCOPY, CONTAINER_IMAGE_AREA_DONTFORK },
	{ VM_DONTDUMP, CONTAINER_IMAGE_AREA_DONTDUMP },
	{ VM_WIPEONFORK, CONTAINER_IMAGE_AREA_WIPEONFORK },
	{ VM_SEQ_READ, CONTAINER_IMAGE_AREA_SEQUENTIAL },
	{ VM_RAND_READ, CONTAINER_IMAGE_AREA_RANDOM },
	{ VM_SEALED, CONTAINER_IMAGE_AREA_SEALED },
	{ VM_DROPPABLE, CONTAINER_IMAGE_AREA_DROPPABLE },
	{ VM_ACCOUNT, CONTAINER_IMAGE_AREA_ACCOUNT },
	{}
};

/* These follow from the others, from the file, or are of no consequence. */
#define DERIVED_FLAGS							\
	(VM_MAYREAD | VM_MAYWRITE | VM_MAYEXEC | VM_SHARED |		\
	 VM_SOFTDIRTY | CT_VM_PKEY)

/**
 * struct obstacle - why something about memory cannot be saved
 * @what: it is
 * @why: it cannot
 * @help: what would help
 */
struct obstacle {
	const char *what;
	const char *why;
	const char *help;
};

/**
 * struct areas - the areas of a process, noted while its memory is locked
 * @n: how many there are
 * @area: as the image has them
 * @file: that are mapped, or NULL
 * @family: which others they may share pages with; 0: none
 * @held: those files, by address; each is referenced once
 */
struct areas {
	unsigned int n;
	struct container_image_area *area;
	struct file **file;
	u32 *family;
	struct xarray held;
};

static bool is_vdso(const struct mm_struct *mm, const struct vm_area_struct *vma)
{
	unsigned long vdso = (unsigned long)mm->context.vdso;

	return vdso && mm->context.vdso_image && vma->vm_start == vdso &&
	       vma->vm_end == vdso + mm->context.vdso_image->size &&
	       vma->vm_ops && !vma->vm_file;
}

static bool is_vvar(const struct mm_struct *mm, const struct vm_area_struct *vma)
{
	unsigned long vdso = (unsigned long)mm->context.vdso;

	return vdso && mm->context.vdso_image && vma->vm_end == vdso &&
	       vma->vm_start == vdso + mm->context.vdso_image->sym_vvar_start &&
	       vma->vm_ops && !vma->vm_file;
}

/* Files whose mappings are more than a view of a file. */
static const struct obstacle *file_obstacle(const struct vm_area_struct *vma)
{
	static const struct obstacle aio = {
		"asynchronous I/O", "its rings live in the kernel",
		"io_destroy() it first, or use threads"
	}, anon = {
		"mapping of a kernel object",
		"rings and buffers of io_uring, perf and the like live in the kernel",
		"close it first"
	}, device = {
		"mapping of a device", "a device's memory is not saved",
		"unmap it first"
	};
	const struct file *file = vma->vm_file;
	const struct inode *inode = file_inode(file);

	if (!strcmp(inode->i_sb->s_type->name, "aio"))
		return &aio;
	if (inode->i_sb->s_magic == ANON_INODE_FS_MAGIC)
		return &anon;
	/* A private mapping of /dev/zero is memory like any other. */
	if (!S_ISREG(inode->i_mode) && vma->vm_ops)
		return &device;
	return NULL;
}

static const struct obstacle *area_obstacle(const struct mm_struct *mm,
					    const struct vm_area_struct *vma)
{
	static const struct obstacle huge = {
		"hugetlbfs memory", "its pages come from a reserve of huge pages",
		"use transparent huge pages"
	}, uffd = {
		"userfaultfd", "another program answers its page faults",
		"unregister it first"
	}, shadow = {
		"shadow stack", "the processor guards it",
		"start the program with GLIBC_TUNABLES=glibc.cpu.x86_shstk=off"
	}, special = {
		"special mapping", "the kernel keeps it for a purpose of its own",
		"end tracing and probes of this process"
	}, vdso = {
		"modified vdso", "it has been written to", "end debuggers"
	}, policy = {
		"NUMA policy of memory", "mbind() is not saved",
		"use set_mempolicy(), or numactl for the whole process"
	}, name = {
		"named anonymous memory", "such names are not saved",
		"do without PR_SET_VMA"
	};

	if (is_vdso(mm, vma))
		return vma->anon_vma ? &vdso : NULL;
	if (is_vvar(mm, vma))
		return NULL;
	if (is_vm_hugetlb_page((struct vm_area_struct *)vma))
		return &huge;
	if (userfaultfd_armed((struct vm_area_struct *)vma))
		return &uffd;
	if (vma->vm_flags & VM_SHADOW_STACK)
		return &shadow;
	if (!vma->vm_file && vma->vm_ops)
		return &special;
	if (vma_policy((struct vm_area_struct *)vma))
		return &policy;
	if (anon_vma_name((struct vm_area_struct *)vma))
		return &name;
	return vma->vm_file ? file_obstacle(vma) : NULL;
}

static u32 image_flags(unsigned long vm_flags, unsigned long *rest)
{
	const struct ct_area_flag *flag;
	u32 image = 0;

	for (flag = ct_area_flags; flag->image; flag++) {
		if (!(vm_flags & flag->vm))
			continue;
		image |= flag->image;
		vm_flags &= ~flag->vm;
	}
	*rest = vm_flags & ~DERIVED_FLAGS;
	return image;
}

static int block_area(struct ct_save *s, const struct vm_area_struct *vma,
		      const struct obstacle *obstacle)
{
	char where[32];

	snprintf(where, sizeof(where), "address %lx", vma->vm_start);
	return ct_block(s, where, obstacle->what, obstacle->why, obstacle->help);
}

static int check_flags(struct ct_save *s, const struct vm_area_struct *vma,
		       unsigned long rest)
{
	static const struct obstacle device = {
		"device memory", "it is not made of pages of RAM",
		"unmap it first"
	};
	char what[48];
	const struct obstacle unknown = {
		what, "the image cannot express them", "unmap it first"
	};

	if (rest & (VM_PFNMAP | VM_IO | VM_MIXEDMAP))
		return block_area(s, vma, &device);
	snprintf(what, sizeof(what), "memory with flags %lx", rest);
	return block_area(s, vma, &unknown);
}

static unsigned long file_index(const struct file *file)
{
	return (unsigned long)file / sizeof(void *);
}

static int hold_file(struct areas *areas, struct file *file)
{
	int err = xa_insert(&areas->held, file_index(file), file, GFP_KERNEL);

	if (!err)
		get_file(file);
	return err == -EBUSY ? 0 : err;
}

/* Note one area; the memory's lock is held. */
static int note_area(struct ct_save *s, struct areas *areas,
		     struct vm_area_struct *vma)
{
	struct container_image_area *area = &areas->area[areas->n];
	const struct mm_struct *mm = vma->vm_mm;
	const struct obstacle *obstacle = area_obstacle(mm, vma);
	unsigned long rest;
	int err = 0;

	if (obstacle)
		return block_area(s, vma, obstacle);

	area->start = vma->vm_start;
	area->end = vma->vm_end;
	area->flags = image_flags(vma->vm_flags, &rest);
	area->pkey = ct_area_pkey(vma);
	if (is_vdso(mm, vma)) {
		area->kind = CONTAINER_IMAGE_AREA_KIND_VDSO;
		rest = 0;
	} else if (is_vvar(mm, vma)) {
		area->kind = CONTAINER_IMAGE_AREA_KIND_VVAR;
		rest = 0;
	}
	if (rest)
		err = check_flags(s, vma, rest);
	if (vma->vm_file) {
		area->offset = (u64)vma->vm_pgoff << PAGE_SHIFT;
		areas->file[areas->n] = vma->vm_file;
		err = err ?: hold_file(areas, vma->vm_file);
	}
	err = err ?: ct_family_of(s, vma, &areas->family[areas->n]);
	areas->n++;
	return err;
}

static void put_areas(struct areas *areas)
{
	struct file *file;
	unsigned long i;

	xa_for_each(&areas->held, i, file)
		fput(file);
	xa_destroy(&areas->held);
	kvfree(areas->family);
	kvfree(areas->file);
	kvfree(areas->area);
}

/* Files are looked at later: theirs are locks that come before memory's. */
static int note_areas(struct ct_save *s, struct mm_struct *mm,
		      struct areas *areas)
{
	VMA_ITERATOR(vmi, mm, 0);
	struct vm_area_struct *vma;
	int err = 0;

	if (mmap_read_lock_killable(mm))
		return -EINTR;
	areas->area = kvcalloc(mm->map_count + 1, sizeof(*areas->area),
			       GFP_KERNEL_ACCOUNT);
	areas->file = kvcalloc(mm->map_count + 1, sizeof(*areas->file),
			       GFP_KERNEL_ACCOUNT);
	areas->family = kvcalloc(mm->map_count + 1, sizeof(*areas->family),
				 GFP_KERNEL_ACCOUNT);
	if (!areas->area || !areas->file || !areas->family)
		err = -ENOMEM;
	for_each_vma(vmi, vma) {
		if (err)
			break;
		err = note_area(s, areas, vma);
	}
	mmap_read_unlock(mm);
	return err;
}

static int save_areas(struct ct_save *s, struct areas *areas, u32 id)
{
	struct container_image_area *to = NULL;
	char where[32];
	unsigned int i;
	int err;

	for (i = 0; i < areas->n; i++) {
		struct container_image_area *area = &areas->area[i];
		unsigned int n = i % AREAS_PER_RECORD;

		if (areas->file[i]) {
			snprintf(where, sizeof(where), "address %llx",
				 area->start);
			err = ct_save_file_held(s, areas->file[i], where, 1, 1,
						&area->file);
			if (err)
				return err;
		}
		if (!n)
			to = ct_out_record(&s->out, CONTAINER_IMAGE_AREAS, id,
					   min(areas->n - i, AREAS_PER_RECORD + 0U) *
					   sizeof(*to));
		if (!to)
			return -ENOMEM;
		to[n] = *area;
	}
	return 0;
}

static u32 membarrier_bits(const struct mm_struct *mm)
{
	int state = atomic_read(&mm->membarrier_state);
	u32 bits = 0;

	if (state & MEMBARRIER_STATE_PRIVATE_EXPEDITED_READY)
		bits |= CONTAINER_IMAGE_MEMBARRIER_PRIVATE;
	if (state & MEMBARRIER_STATE_GLOBAL_EXPEDITED_READY)
		bits |= CONTAINER_IMAGE_MEMBARRIER_GLOBAL;
	if (state & MEMBARRIER_STATE_PRIVATE_EXPEDITED_SYNC_CORE_READY)
		bits |= CONTAINER_IMAGE_MEMBARRIER_SYNC_CORE;
	if (state & MEMBARRIER_STATE_PRIVATE_EXPEDITED_RSEQ_READY)
		bits |= CONTAINER_IMAGE_MEMBARRIER_RSEQ;
	return bits;
}

static u32 mm_flags(const struct mm_struct *mm)
{
	u32 flags = 0;

	if (mm->mmap_base == mm->mmap_legacy_base)
		flags |= CONTAINER_IMAGE_MM_LEGACY;
	if (mm->def_flags & VM_LOCKED)
		flags |= CONTAINER_IMAGE_MM_LOCK_FUTURE;
	if (mm->def_flags & VM_LOCKONFAULT)
		flags |= CONTAINER_IMAGE_MM_LOCK_ONFAULT;
	if (test_bit(MMF_DISABLE_THP, &mm->flags))
		flags |= CONTAINER_IMAGE_MM_THP_DISABLE;
	if (mm->flags & CT_MMF_MDWE)
		flags |= CONTAINER_IMAGE_MM_MDWE;
	if (mm->flags & CT_MMF_MDWE_ONCE)
		flags |= CONTAINER_IMAGE_MM_MDWE_ONCE;
	if (mm->flags & CT_MMF_MERGE_ANY)
		flags |= CONTAINER_IMAGE_MM_MERGE_ANY;
	return flags;
}

static void fill_layout(struct container_image_mm *image, struct mm_struct *mm)
{
	spin_lock(&mm->arg_lock);
	image->start_code = mm->start_code;
	image->end_code = mm->end_code;
	image->start_data = mm->start_data;
	image->end_data = mm->end_data;
	image->start_brk = mm->start_brk;
	image->brk = mm->brk;
	image->start_stack = mm->start_stack;
	image->arg_start = mm->arg_start;
	image->arg_end = mm->arg_end;
	image->env_start = mm->env_start;
	image->env_end = mm->env_end;
	spin_unlock(&mm->arg_lock);
	image->mmap_base = mm->mmap_base;
	image->vdso_base = (unsigned long)mm->context.vdso;
	image->flags = mm_flags(mm);
	image->dump_filter = (mm->flags & MMF_DUMP_FILTER_MASK) >>
			     MMF_DUMP_FILTER_SHIFT;
	image->membarrier = membarrier_bits(mm);
	ct_mm_get_pkeys(mm, &image->pkeys, &image->execute_pkey);
}

/* The vector ends with a pair of zeros, or with the array. */
static unsigned int auxv_entries(const struct mm_struct *mm)
{
	unsigned int n = 0;

	while (n < AT_VECTOR_SIZE - 1 && mm->saved_auxv[n])
		n += 2;
	return n;
}

static int save_layout(struct ct_save *s, struct task_struct *leader,
		       struct mm_struct *mm, unsigned int areas, u32 id)
{
	unsigned int n = auxv_entries(mm), i;
	struct container_image_mm *image;
	u32 vdso = 0, vdso_flags = 0, exe = 0;
	struct file *file;
	u64 *auxv;
	int err = 0;

	file = static_call(ct_get_mm_exe_file)(mm);
	if (file) {
		err = ct_save_file_held(s, file, "executable", 1, 1,
					&exe);
		fput(file);
	}
	if (!err)
		err = ct_save_vdso(s, leader, mm, &vdso, &vdso_flags);
	if (err)
		return err;

	image = ct_out_record(&s->out, CONTAINER_IMAGE_MM, id,
			      sizeof(*image) + n * sizeof(u64));
	if (!image)
		return -ENOMEM;
	fill_layout(image, mm);
	image->exe = exe;
	image->vdso = vdso;
	image->flags |= vdso_flags;
	image->areas = areas;
	auxv = (u64 *)(image + 1);
	for (i = 0; i < n; i++)
		auxv[i] = mm->saved_auxv[i];
	return 0;
}

static int count_users(struct task_struct *process, const struct mm_struct *mm)
{
	struct task_struct *t;
	int n = 0;

	for_each_thread(process, t)
		n += READ_ONCE(t->mm) == mm;
	return n;
}

/*
 * Does another process use this memory? Its threads do, and we hold it, so that
 * most are done with soon.
 */
static bool is_shared(struct mm_struct *mm, struct task_struct *leader)
{
	struct task_struct *p;
	bool found = false;

	rcu_read_lock();
	if (atomic_read(&mm->mm_users) > count_users(leader, mm) + 1) {
		for_each_process(p) {
			if (same_thread_group(p, leader) ||
			    (p->flags & PF_KTHREAD))
				continue;
			found = count_users(p, mm);
			if (found)
				break;
		}
	}
	rcu_read_unlock();
	return found;
}

/*
 * vfork() is over in a moment, mostly: that one is under way while we look is no
 * reason. To be frozen all of them have to be.
 */
static bool may_pass(const struct ct_save *s, const struct mm_struct *mm,
		     struct task_struct *leader)
{
	struct task_struct *t, *child;
	bool found = READ_ONCE(leader->vfork_done);

	if (s->frozen)
		return false;
	ct_tasklist_read_lock();
	for_each_thread(leader, t)
		list_for_each_entry(child, &t->children, sibling)
			found |= READ_ONCE(child->vfork_done) &&
				 READ_ONCE(child->mm) == mm;
	ct_tasklist_read_unlock();
	return found;
}

static int check_mm(struct ct_save *s, struct mm_struct *mm,
		    struct task_struct *leader, bool known)
{
	int err = 0;

	if ((known || is_shared(mm, leader)) && !may_pass(s, mm, leader))
		err = ct_block(s, "-", "memory shared by processes",
			       "made with vfork() or CLONE_VM",
			       "wait until the child has called execve()");
#ifdef CONFIG_MODIFY_LDT_SYSCALL
	if (!err && READ_ONCE(mm->context.ldt))
		err = ct_block(s, "-", "local descriptor table",
			       "modify_ldt() is not saved", "do without it");
#endif
	if (!err && test_bit(MMF_HAS_UPROBES, &mm->flags))
		err = ct_block(s, "-", "uprobes", "there are breakpoints in its code",
			       "end tracing of this process");
	if (!err && ct_mm_masks_addresses(mm))
		err = ct_block(s, "-", "linear address masking",
			       "pointers with tags are not saved", "do without it");
	return err;
}

static int save_mm(struct ct_save *s, struct task_struct *leader,
		   struct mm_struct *mm, u32 id)
{
	struct areas areas = {};
	int err;

	xa_init(&areas.held);
	err = note_areas(s, mm, &areas);
	if (!err)
		err = save_layout(s, leader, mm, areas.n, id);
	if (!err)
		err = save_areas(s, &areas, id);
	if (!err)
		err = ct_save_families(s, areas.area, areas.family, areas.n, id);
	if (!err && s->frozen)
		err = ct_snapshot_add(s, mm, id);
	put_areas(&areas);
	return err;
}

/* A first thread that has ended has none, but others may go on. */
static struct mm_struct *process_mm(struct task_struct *leader)
{
	struct mm_struct *mm = get_task_mm(leader);
	struct task_struct *t;

	if (mm)
		return mm;
	rcu_read_lock();
	for_each_thread(leader, t) {
		mm = get_task_mm(t);
		if (mm)
			break;
	}
	rcu_read_unlock();
	return mm;
}

/**
 * ct_save_mm - what a process's memory looks like
 * @s: the checkpoint
 * @leader: the process's first thread
 * @id: on success that of the memory; 0: it has none, or has none any more
 *
 * What is in it comes later, see ct_memory_snapshot().
 *
 * Context: process context; takes the memory's lock.
 * Return: 0 or a negative errno.
 */
int ct_save_mm(struct ct_save *s, struct task_struct *leader, u32 *id)
{
	struct mm_struct *mm = process_mm(leader);
	u32 before = s->mms.next;
	bool known;
	int err;

	*id = 0;
	if (!mm)
		return 0;
	err = ct_object_id(&s->mms, mm, id);
	if (err < 0)
		goto out;
	known = s->mms.next == before;
	err = check_mm(s, mm, leader, known);
	if (!err && !known)
		err = save_mm(s, leader, mm, *id);
out:
	mmput(mm);
	return err;
}
