// SPDX-License-Identifier: GPL-2.0
/*
 * How the memory of a process is laid out: making it again, in the process.
 *
 * What an image says is done by the system calls a program would use, so that
 * the kernel's checks apply; only what no system call can set is written.
 */
#include <linux/fcntl.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/magic.h>
#include <linux/membarrier.h>
#include <linux/mm.h>
#include <linux/mman.h>
#include <linux/mutex.h>
#include <linux/prctl.h>
#include <linux/sched/mm.h>
#include <linux/security.h>
#include <linux/shmem_fs.h>

#include "checkpoint/mm.h"
#include "checkpoint/syscall.h"
#include "compat/mm.h"
#include "hook/symbols.h"

/* Numbers of 6.3 and 6.4. */
#ifndef PR_SET_MDWE
#define PR_SET_MDWE			65
#define PR_GET_MDWE			66
#define PR_MDWE_REFUSE_EXEC_GAIN	BIT(0)
#endif
#ifndef PR_MDWE_NO_INHERIT
#define PR_MDWE_NO_INHERIT		BIT(1)
#endif
#ifndef PR_SET_MEMORY_MERGE
#define PR_SET_MEMORY_MERGE		67
#endif

/**
 * struct area_walk - goes through the areas of a memory
 * @rec: the record, NULL at the end
 * @i: of the area in that
 */
struct area_walk {
	const struct ct_record *rec;
	u64 i;
};

static const struct container_image_area *next_area(struct area_walk *walk)
{
	const struct container_image_area *area;

	while (walk->rec &&
	       walk->i >= walk->rec->rec.length / sizeof(*area)) {
		walk->rec = ct_in_next(walk->rec);
		walk->i = 0;
	}
	if (!walk->rec)
		return NULL;
	area = walk->rec->payload;
	return &area[walk->i++];
}

static struct area_walk first_area(struct ct_rtask *t)
{
	return (struct area_walk) {
		.rec = ct_in_find(&t->r->in, CONTAINER_IMAGE_AREAS, t->prec->mm),
	};
}

static bool area_valid(const struct container_image_area *area)
{
	const struct ct_area_flag *flag;
	u32 known = 0;

	for (flag = ct_area_flags; flag->image; flag++)
		if (flag->vm)
			known |= flag->image;
	if (!ct_range_valid(area->start, area->end) ||
	    area->kind > CONTAINER_IMAGE_AREA_KIND_VVAR ||
	    area->pkey >= 16 || !PAGE_ALIGNED(area->offset) ||
	    area->offset > S64_MAX - (area->end - area->start))
		return false;
	if (area->kind != CONTAINER_IMAGE_AREA_KIND_MEMORY)
		return !area->file;
	if ((area->flags & CONTAINER_IMAGE_AREA_SHARED) && !area->file)
		return false;
	return !(area->flags & ~known);
}

static int check_areas(struct ct_rtask *t, const struct container_image_mm *image)
{
	struct area_walk walk = first_area(t);
	const struct container_image_area *area;
	unsigned long end = 0;
	u32 n = 0;

	while ((area = next_area(&walk))) {
		if (!area_valid(area) || area->start < end)
			return ct_restart_fail(t->r, -EINVAL,
					       "the memory of process %d at %llx is not sound",
					       t->nr, area->start);
		end = area->end;
		n++;
	}
	if (n != image->areas)
		return ct_restart_fail(t->r, -EINVAL,
				       "process %d has %u areas of memory, but %u are in the image",
				       t->nr, image->areas, n);
	return 0;
}

static bool layout_valid(const struct container_image_mm *image)
{
	const u64 *address = &image->start_code;
	unsigned int i;

	/* From @start_code to @vdso_base. */
	for (i = 0; &address[i] <= &image->vdso_base; i++)
		if (address[i] > TASK_SIZE_MAX)
			return false;
	return image->start_code <= image->end_code &&
	       image->start_data <= image->end_data &&
	       image->start_brk <= image->brk &&
	       image->arg_start <= image->arg_end &&
	       image->env_start <= image->env_end &&
	       PAGE_ALIGNED(image->mmap_base) &&
	       PAGE_ALIGNED(image->vdso_base) &&
	       image->dump_filter < BIT(MMF_DUMP_FILTER_BITS) &&
	       image->pkeys < BIT(16) && image->execute_pkey >= -1 &&
	       image->execute_pkey < 16;
}

static int set_exe(struct ct_rtask *t, u32 id)
{
	struct file *file = xa_load(&t->r->files, id);
	int err = -EINVAL;

	if (file && S_ISREG(file_inode(file)->i_mode))
		err = file_permission(file, MAY_EXEC);
	if (!err)
		err = static_call(ct_replace_mm_exe_file)(current->mm, file);
	if (err)
		return ct_restart_fail(t->r, err,
				       "the executable of process %d cannot be set",
				       t->nr);
	return 0;
}

static void set_auxv(struct mm_struct *mm, const struct ct_record *rec)
{
	const struct container_image_mm *image = rec->payload;
	const u64 *auxv = (const u64 *)(image + 1);
	u64 n = (rec->rec.length - sizeof(*image)) / sizeof(*auxv);
	unsigned int i;

	/* The last pair is AT_NULL. */
	n = min_t(u64, n & ~1ULL, AT_VECTOR_SIZE - 2);
	memset(mm->saved_auxv, 0, sizeof(mm->saved_auxv));
	for (i = 0; i < n; i++)
		mm->saved_auxv[i] = auxv[i];
}

static void set_addresses(struct mm_struct *mm,
			  const struct container_image_mm *image)
{
	struct rlimit stack = {
		.rlim_cur = image->flags & CONTAINER_IMAGE_MM_LEGACY ?
			RLIM_INFINITY : _STK_LIM,
		.rlim_max = RLIM_INFINITY,
	};

	spin_lock(&mm->arg_lock);
	mm->start_code = image->start_code;
	mm->end_code = image->end_code;
	mm->start_data = image->start_data;
	mm->end_data = image->end_data;
	mm->start_brk = image->start_brk;
	mm->brk = image->brk;
	mm->start_stack = image->start_stack;
	mm->arg_start = image->arg_start;
	mm->arg_end = image->arg_end;
	mm->env_start = image->env_start;
	mm->env_end = image->env_end;
	spin_unlock(&mm->arg_lock);

	/* The direction first, which an unlimited stack reverses. */
	static_call(ct_arch_pick_mmap_layout)(mm, &stack);
	mm->mmap_base = image->mmap_base;
	if (image->flags & CONTAINER_IMAGE_MM_LEGACY)
		mm->mmap_legacy_base = image->mmap_base;
	else if (mm->mmap_legacy_base == mm->mmap_base)
		mm->mmap_legacy_base = 0;
}

static int set_layout(struct ct_rtask *t, const struct ct_record *rec)
{
	const struct container_image_mm *image = rec->payload;
	struct mm_struct *mm = current->mm;

	if ((image->pkeys & ~1U) && !boot_cpu_has(X86_FEATURE_OSPKE))
		return ct_restart_fail(t->r, -EOPNOTSUPP,
				       "process %d uses protection keys, which this processor lacks",
				       t->nr);
	mmap_write_lock(mm);
	set_addresses(mm, image);
	set_auxv(mm, rec);
	mm->flags = (mm->flags & ~MMF_DUMP_FILTER_MASK) |
		    (unsigned long)image->dump_filter << MMF_DUMP_FILTER_SHIFT;
	ct_mm_set_pkeys(mm, image->pkeys | 1, image->execute_pkey);
	mmap_write_unlock(mm);
	return image->exe ? set_exe(t, image->exe) : 0;
}

static unsigned long protection(u32 flags)
{
	return (flags & CONTAINER_IMAGE_AREA_READ ? PROT_READ : 0) |
	       (flags & CONTAINER_IMAGE_AREA_WRITE ? PROT_WRITE : 0) |
	       (flags & CONTAINER_IMAGE_AREA_EXEC ? PROT_EXEC : 0);
}

static unsigned long map_flags(const struct container_image_area *area)
{
	unsigned long flags = MAP_FIXED_NOREPLACE;

	if (!area->file)
		flags |= MAP_ANONYMOUS;
	if (area->flags & CONTAINER_IMAGE_AREA_SHARED)
		flags |= MAP_SHARED;
	else if (area->flags & CONTAINER_IMAGE_AREA_DROPPABLE)
		flags |= MAP_DROPPABLE;
	else
		flags |= MAP_PRIVATE;
	if (area->flags & CONTAINER_IMAGE_AREA_GROWSDOWN)
		flags |= MAP_GROWSDOWN;
	if (area->flags & CONTAINER_IMAGE_AREA_NORESERVE)
		flags |= MAP_NORESERVE;
	return flags;
}

/*
 * What is sealed against being mapped to be written to (F_SEAL_FUTURE_WRITE) may have
 * been mapped before that. Nobody else maps such a file while it is not sealed: then he
 * could make his area one that can be written to.
 */
static unsigned long map_shared(struct file *file, unsigned long prot,
				const struct container_image_area *area)
{
	static DEFINE_MUTEX(seals_mutex);
	struct shmem_inode_info *info = SHMEM_I(file_inode(file));
	unsigned int lifted;
	unsigned long addr;

	mutex_lock(&seals_mutex);
	lifted = prot & PROT_WRITE ? info->seals & F_SEAL_FUTURE_WRITE : 0;
	info->seals &= ~lifted;
	addr = vm_mmap(file, area->start, area->end - area->start, prot,
		       map_flags(area), area->offset);
	info->seals |= lifted;
	mutex_unlock(&seals_mutex);
	return addr;
}

static int map_area(struct ct_rtask *t, const struct container_image_area *area)
{
	unsigned long prot = protection(area->flags), first = prot;
	struct file *file = NULL;
	unsigned long addr;
	long err = 0;

	/* What could be written to once is committed for good. */
	if ((area->flags & CONTAINER_IMAGE_AREA_ACCOUNT) &&
	    !(area->flags & CONTAINER_IMAGE_AREA_SHARED) && !(prot & PROT_WRITE))
		first = PROT_READ | PROT_WRITE;
	if (area->file) {
		file = xa_load(&t->r->files, area->file);
		if (!file)
			return ct_restart_fail(t->r, -EINVAL,
					       "process %d maps file %u, which is not in the image",
					       t->nr, area->file);
	}
	if (file && area->flags & CONTAINER_IMAGE_AREA_SHARED &&
	    file_inode(file)->i_sb->s_magic == TMPFS_MAGIC)
		addr = map_shared(file, first, area);
	else
		addr = vm_mmap(file, area->start, area->end - area->start,
			       first, map_flags(area), area->offset);
	if (IS_ERR_VALUE(addr))
		err = (long)addr;
	else if (first != prot)
		err = ct_sys(mprotect, area->start, area->end - area->start,
			     prot);
	if (err)
		return ct_restart_fail(t->r, err,
				       "the memory of process %d at %llx cannot be mapped",
				       t->nr, area->start);
	return 0;
}

static int advise_area(struct ct_rtask *t, const struct container_image_area *area)
{
	static const struct {
		u32 flag;
		int advice;
	} advices[] = {
		{ CONTAINER_IMAGE_AREA_HUGEPAGE, MADV_HUGEPAGE },
		{ CONTAINER_IMAGE_AREA_NOHUGEPAGE, MADV_NOHUGEPAGE },
		{ CONTAINER_IMAGE_AREA_MERGEABLE, MADV_MERGEABLE },
		{ CONTAINER_IMAGE_AREA_DONTFORK, MADV_DONTFORK },
		{ CONTAINER_IMAGE_AREA_DONTDUMP, MADV_DONTDUMP },
		{ CONTAINER_IMAGE_AREA_WIPEONFORK, MADV_WIPEONFORK },
		{ CONTAINER_IMAGE_AREA_SEQUENTIAL, MADV_SEQUENTIAL },
		{ CONTAINER_IMAGE_AREA_RANDOM, MADV_RANDOM },
	};
	/* Such memory has these by itself, and they cannot be asked for. */
	u32 implied = area->flags & CONTAINER_IMAGE_AREA_DROPPABLE ?
		CONTAINER_IMAGE_AREA_WIPEONFORK | CONTAINER_IMAGE_AREA_DONTDUMP : 0;
	unsigned int i;
	long err;

	for (i = 0; i < ARRAY_SIZE(advices); i++) {
		if (!(area->flags & ~implied & advices[i].flag))
			continue;
		err = ct_sys(madvise, area->start, area->end - area->start,
			     advices[i].advice);
		if (err)
			return ct_restart_fail(t->r, err,
					       "madvise(%d) failed for the memory of process %d at %llx",
					       advices[i].advice, t->nr,
					       area->start);
	}
	return 0;
}

static long set_key(const struct container_image_area *area)
{
#ifdef CONFIG_X86_INTEL_MEMORY_PROTECTION_KEYS
	return ct_sys(pkey_mprotect, area->start, area->end - area->start,
		      protection(area->flags), area->pkey);
#else
	return -EOPNOTSUPP;
#endif
}

/* Locking, keys: after the areas are there, and before they are filled. */
static int protect_area(struct ct_rtask *t, const struct container_image_area *area)
{
	unsigned long size = area->end - area->start;
	u32 flags = area->flags;
	long err = 0;

	if (area->pkey)
		err = set_key(area);
	if (!err && (flags & (CONTAINER_IMAGE_AREA_LOCKED |
			      CONTAINER_IMAGE_AREA_LOCKONFAULT))) {
		err = ct_sys(mlock2, area->start, size,
			     flags & CONTAINER_IMAGE_AREA_LOCKONFAULT ?
			     MLOCK_ONFAULT : 0);
		/* It is locked, but some of it cannot be filled yet, or ever. */
		if (err == -ENOMEM || err == -EAGAIN)
			err = 0;
	}
	if (err)
		return ct_restart_fail(t->r, err,
				       "the memory of process %d at %llx cannot be locked or protected",
				       t->nr, area->start);
	return 0;
}

static int restore_area(struct ct_rtask *t, const struct container_image_mm *image,
			const struct container_image_area *area,
			struct ct_family_walk *families)
{
	int err;

	switch (area->kind) {
	case CONTAINER_IMAGE_AREA_KIND_VDSO:
		return ct_restore_vdso(t, image, area);
	case CONTAINER_IMAGE_AREA_KIND_VVAR:
		return 0;	/* comes with the code */
	}
	err = map_area(t, area);
	/* Before there are pages in it, and before it can be one with the next. */
	if (!err)
		err = ct_family_join(t, families, area);
	if (!err)
		err = advise_area(t, area);
	if (!err)
		err = protect_area(t, area);
	return err;
}

static int register_membarriers(struct ct_rtask *t, u32 bits)
{
	static const int commands[] = {
		MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED,
		MEMBARRIER_CMD_REGISTER_GLOBAL_EXPEDITED,
		MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED_SYNC_CORE,
		MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED_RSEQ,
	};
	unsigned int i;
	long err;

	for (i = 0; i < ARRAY_SIZE(commands); i++) {
		if (!(bits & BIT(i)))
			continue;
		err = ct_sys(membarrier, commands[i], 0, 0);
		if (err)
			return ct_restart_fail(t->r, err,
					       "membarrier() of process %d cannot be registered",
					       t->nr);
	}
	return 0;
}

/* What current has from the writer, whose memory its own was a copy of. */
static int forget_options(struct ct_rtask *t)
{
	long err;

	if (ct_sys(prctl, PR_GET_MDWE, 0, 0, 0, 0) > 0)
		return ct_restart_fail(t->r, -EPERM,
				       "the image is written by a program that must not have memory to be written and executed (PR_SET_MDWE)");
	err = ct_sys(prctl, PR_SET_THP_DISABLE, 0, 0, 0, 0);
	if (!err)
		err = ct_sys(prctl, PR_SET_MEMORY_MERGE, 0, 0, 0, 0);
	/* There is none before 6.4. */
	if (err && err != -EINVAL)
		return ct_restart_fail(t->r, err,
				       "process %d cannot get rid of the writer's memory options (%ld)",
				       t->nr, err);
	return 0;
}

/* What would stand in the way of mapping, had it come earlier. */
static int restore_options(struct ct_rtask *t, const struct container_image_mm *image)
{
	u32 flags = image->flags;
	long err = 0;

	if (flags & CONTAINER_IMAGE_MM_THP_DISABLE)
		err = ct_sys(prctl, PR_SET_THP_DISABLE, 1, 0, 0, 0);
	if (!err && (flags & CONTAINER_IMAGE_MM_MERGE_ANY))
		err = ct_sys(prctl, PR_SET_MEMORY_MERGE, 1, 0, 0, 0);
	if (!err && (flags & CONTAINER_IMAGE_MM_MDWE))
		err = ct_sys(prctl, PR_SET_MDWE, PR_MDWE_REFUSE_EXEC_GAIN |
			     (flags & CONTAINER_IMAGE_MM_MDWE_ONCE ?
			      PR_MDWE_NO_INHERIT : 0), 0, 0, 0);
	if (err)
		return ct_restart_fail(t->r, err,
				       "an option of prctl() that process %d has is not known to this kernel",
				       t->nr);
	return register_membarriers(t, image->membarrier);
}

/**
 * ct_restore_mm - lay out the memory of current as it was
 * @t: current's, first thread of a process
 *
 * Context: process context, in the task, which has no memory.
 * Return: 0, or a negative errno after ct_restart_fail().
 */
int ct_restore_mm(struct ct_rtask *t)
{
	const struct ct_record *rec = ct_in_find(&t->r->in, CONTAINER_IMAGE_MM,
						 t->prec->mm);
	const struct container_image_mm *image = rec ? rec->payload : NULL;
	const struct container_image_area *area;
	struct area_walk walk = first_area(t);
	struct ct_family_walk families = ct_family_first(t);
	int err;

	if (!image || !layout_valid(image))
		return ct_restart_fail(t->r, -EINVAL,
				       "the memory of process %d is not in the image, or not sound",
				       t->nr);
	err = check_areas(t, image) ?: forget_options(t);
	if (!err)
		err = set_layout(t, rec);
	while (!err && (area = next_area(&walk)))
		err = restore_area(t, image, area, &families);
	return err ?: restore_options(t, image);
}

static void seal_area(struct mm_struct *mm, const struct container_image_area *area)
{
	struct vm_area_struct *vma;

	VMA_ITERATOR(vmi, mm, area->start);

	for_each_vma_range(vmi, vma, area->end)
		ct_area_flags_set(vma, VM_SEALED);
}

/* What mprotect() and munmap() would be refused by. */
static void seal_areas(struct ct_rtask *t, struct mm_struct *mm)
{
	struct area_walk walk = first_area(t);
	const struct container_image_area *area;

	while ((area = next_area(&walk))) {
		if (area->flags & CONTAINER_IMAGE_AREA_SEALED)
			seal_area(mm, area);
	}
}

/**
 * ct_restore_mm_end - what concerns all memory to come, and seals
 * @t: first thread of a process; parked, and all of its memory is there
 *
 * Context: process context, in the writer, when credentials have been set, and
 * before the tasks start.
 */
void ct_restore_mm_end(struct ct_rtask *t)
{
	const struct ct_record *rec = ct_in_find(&t->r->in, CONTAINER_IMAGE_MM,
						 t->prec->mm);
	const struct container_image_mm *image;
	struct mm_struct *mm = get_task_mm(t->task);
	unsigned long def_flags = 0;

	if (!rec || !mm)
		goto out;
	image = rec->payload;
	if (image->flags & CONTAINER_IMAGE_MM_LOCK_FUTURE)
		def_flags |= VM_LOCKED;
	if (image->flags & CONTAINER_IMAGE_MM_LOCK_ONFAULT)
		def_flags |= VM_LOCKED | VM_LOCKONFAULT;
	mmap_write_lock(mm);
	seal_areas(t, mm);
	mm->def_flags |= def_flags;
	mmap_write_unlock(mm);
out:
	if (mm)
		mmput(mm);
}
