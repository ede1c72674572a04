// SPDX-License-Identifier: GPL-2.0
/*
 * The vdso: code that the kernel maps into every program.
 *
 * A program remembers where its functions are, so they have to be at the same
 * addresses after a restart.  The kernel maps its own vdso there if that has the
 * same layout.  Another kernel's has not: the program then keeps the code it
 * had, as memory of its own, with plain system calls in place of the functions,
 * since these would read data that is not there.
 */
#include <linux/elf.h>
#include <linux/mm.h>
#include <linux/mman.h>
#include <linux/sched/signal.h>
#include <linux/sched/task_stack.h>
#include <linux/slab.h>
#include <linux/uaccess.h>
#include <asm/prctl.h>
#include <asm/vdso.h>

#include "checkpoint/freeze.h"
#include "checkpoint/mm.h"
#include "checkpoint/syscall.h"
#include "hook/symbols.h"

/* No vdso is larger; one has 2 or 3 pages. */
#define VDSO_SIZE_MAX	(64 * PAGE_SIZE)

/* Room that the longest replacement takes. */
#define STUB_MAX	32

#define SYSCALL_STUB(nr)						\
	{ 0xb8, (nr) & 255, (nr) >> 8, 0, 0,	/* mov $nr, %eax */	\
	  0x0f, 0x05,				/* syscall */		\
	  0xc3 }				/* ret */

/**
 * struct entry - a function of the vdso
 * @name: of its symbol
 * @size: bytes of @stub
 * @stub: what does the same by a system call
 */
struct entry {
	const char *name;
	unsigned int size;
	u8 stub[STUB_MAX];
};

static const struct entry entries[CONTAINER_IMAGE_VDSO_ENTRIES] = {
	[CONTAINER_IMAGE_VDSO_CLOCK_GETTIME] = {
		"__vdso_clock_gettime", 8, SYSCALL_STUB(__NR_clock_gettime) },
	[CONTAINER_IMAGE_VDSO_GETTIMEOFDAY] = {
		"__vdso_gettimeofday", 8, SYSCALL_STUB(__NR_gettimeofday) },
	[CONTAINER_IMAGE_VDSO_CLOCK_GETRES] = {
		"__vdso_clock_getres", 8, SYSCALL_STUB(__NR_clock_getres) },
	[CONTAINER_IMAGE_VDSO_TIME] = {
		"__vdso_time", 8, SYSCALL_STUB(__NR_time) },
	[CONTAINER_IMAGE_VDSO_GETCPU] = {
		"__vdso_getcpu", 8, SYSCALL_STUB(__NR_getcpu) },
	/*
	 * It has two arguments more than the system call, for a state that the
	 * caller keeps.  A caller that asks how large that is (-1 as the fifth)
	 * learns that there is no such function.
	 */
	[CONTAINER_IMAGE_VDSO_GETRANDOM] = {
		"__vdso_getrandom", 22, {
			0x49, 0x83, 0xf8, 0xff,		/* cmp $-1, %r8 */
			0x74, 0x08,			/* je 1f */
			0xb8, __NR_getrandom & 255, __NR_getrandom >> 8, 0, 0,
			0x0f, 0x05,			/* syscall */
			0xc3,				/* ret */
			0x48, 0xc7, 0xc0, 0xda, 0xff, 0xff, 0xff,
			0xc3,		/* 1: mov $-ENOSYS, %rax; ret */
		} },
};

/* The dynamic symbols of our kernel's vdso; @n is set to their number. */
static const struct elf64_sym *symbols(const struct vdso_image *vdso,
				       unsigned int *n, const char **names)
{
	const struct elf64_hdr *elf = vdso->data;
	const struct elf64_shdr *sections = vdso->data + elf->e_shoff;
	unsigned int i;

	*n = 0;
	if (elf->e_shentsize != sizeof(*sections) ||
	    elf->e_shoff + elf->e_shnum * sizeof(*sections) > vdso->size)
		return NULL;
	for (i = 0; i < elf->e_shnum; i++) {
		const struct elf64_shdr *sh = &sections[i];

		if (sh->sh_type != SHT_DYNSYM || sh->sh_link >= elf->e_shnum ||
		    sh->sh_offset + sh->sh_size > vdso->size)
			continue;
		*n = sh->sh_size / sizeof(struct elf64_sym);
		*names = vdso->data + sections[sh->sh_link].sh_offset;
		return vdso->data + sh->sh_offset;
	}
	return NULL;
}

static void find_entries(const struct vdso_image *vdso, u64 *offsets)
{
	const char *names = NULL;
	unsigned int n, i, k;
	const struct elf64_sym *sym = symbols(vdso, &n, &names);

	for (i = 0; i < CONTAINER_IMAGE_VDSO_ENTRIES; i++) {
		offsets[i] = 0;
		for (k = 0; entries[i].name && k < n; k++)
			if (!strcmp(names + sym[k].st_name, entries[i].name))
				offsets[i] = sym[k].st_value;
	}
}

/* Is one of the threads, at rest, in its code? */
static bool is_busy(struct task_struct *leader, unsigned long start,
		    unsigned long end)
{
	struct task_struct *t;
	bool busy = false;

	rcu_read_lock();
	for_each_thread(leader, t) {
		unsigned long ip = task_pt_regs(t)->ip;

		if (!t->exit_state && ip >= start && ip < end)
			busy = true;
	}
	rcu_read_unlock();
	return busy;
}

/**
 * ct_save_vdso - which vdso a process has
 * @s: the checkpoint
 * @leader: its first thread
 * @mm: its memory
 * @id: on success that of the vdso's code; 0: it has none
 * @flags: CONTAINER_IMAGE_MM_VDSO_BUSY or 0
 *
 * All have the same, so its code is in the image once.
 *
 * Context: process context.
 * Return: 0 or a negative errno.
 */
int ct_save_vdso(struct ct_save *s, struct task_struct *leader,
		 struct mm_struct *mm, u32 *id, u32 *flags)
{
	const struct vdso_image *vdso = mm->context.vdso_image;
	unsigned long base = (unsigned long)mm->context.vdso;
	struct container_image_vdso *image;
	u32 before = s->mms.next;
	int err;

	*id = 0;
	*flags = 0;
	if (!vdso || !base)
		return 0;
	err = ct_object_id(&s->mms, vdso, id);
	if (err < 0)
		return err;
	if (s->frozen && is_busy(leader, base, base + vdso->size))
		*flags = CONTAINER_IMAGE_MM_VDSO_BUSY;
	if (s->mms.next == before)
		return 0;

	image = ct_out_record(&s->out, CONTAINER_IMAGE_VDSO, *id,
			      sizeof(*image) + vdso->size);
	if (!image)
		return -ENOMEM;
	image->size = vdso->size;
	image->vvar = -vdso->sym_vvar_start;
	find_entries(vdso, image->entries);
	memcpy(image + 1, vdso->data, vdso->size);
	return 0;
}

static int check_vdso(struct ct_rtask *t, const struct ct_record *rec,
		      const struct container_image_area *area)
{
	const struct container_image_vdso *vdso = rec->payload;
	unsigned int i;

	if (!vdso->size || vdso->size > VDSO_SIZE_MAX ||
	    !PAGE_ALIGNED(vdso->size) ||
	    rec->rec.length != sizeof(*vdso) + vdso->size ||
	    vdso->vvar > VDSO_SIZE_MAX || !PAGE_ALIGNED(vdso->vvar) ||
	    vdso->vvar > area->start ||
	    area->end - area->start != vdso->size)
		return ct_restart_fail(t->r, -EINVAL,
				       "the vdso of process %d is not sound",
				       t->nr);
	for (i = 0; i < CONTAINER_IMAGE_VDSO_ENTRIES; i++)
		if (vdso->entries[i] > vdso->size - STUB_MAX)
			return ct_restart_fail(t->r, -EINVAL,
					       "a function of the vdso of process %d is outside of it",
					       t->nr);
	return 0;
}

/* Can our kernel's be used where the image's was? */
static bool fits(const struct vdso_image *own,
		 const struct container_image_vdso *vdso, bool busy)
{
	u64 offsets[CONTAINER_IMAGE_VDSO_ENTRIES];

	if (!own || own->size != vdso->size || -own->sym_vvar_start != vdso->vvar)
		return false;
	if (!memcmp(own->data, vdso + 1, own->size))
		return true;
	/* The same functions, for a processor with other features. */
	find_entries(own, offsets);
	return !busy && !memcmp(offsets, vdso->entries, sizeof(offsets));
}

static int map_own(struct ct_rtask *t, const struct container_image_vdso *vdso,
		   const struct container_image_area *area)
{
	long ret = ct_sys(arch_prctl, ARCH_MAP_VDSO_64,
			  area->start - vdso->vvar);

	if (ret < 0)
		return ct_restart_fail(t->r, ret,
				       "the vdso of process %d cannot be mapped",
				       t->nr);
	if ((unsigned long)current->mm->context.vdso != area->start)
		return ct_restart_fail(t->r, -EBUSY,
				       "there is no room for the vdso of process %d at %llx",
				       t->nr, area->start);
	return 0;
}

static void patch(u8 *code, const struct container_image_vdso *vdso)
{
	unsigned int i;

	for (i = 0; i < CONTAINER_IMAGE_VDSO_ENTRIES; i++)
		if (vdso->entries[i] && entries[i].name)
			memcpy(code + vdso->entries[i], entries[i].stub,
			       entries[i].size);
}

static int map_foreign(struct ct_rtask *t,
		       const struct container_image_vdso *vdso,
		       const struct container_image_area *area)
{
	u8 *code = kvmalloc(vdso->size, GFP_KERNEL_ACCOUNT);
	unsigned long addr;
	long err = 0;

	if (!code)
		return -ENOMEM;
	memcpy(code, vdso + 1, vdso->size);
	patch(code, vdso);
	addr = vm_mmap(NULL, area->start, vdso->size, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, 0);
	if (IS_ERR_VALUE(addr))
		err = (long)addr;
	else if (copy_to_user((void __user *)addr, code, vdso->size))
		err = -EFAULT;
	if (!err)
		err = ct_sys(mprotect, addr, vdso->size, PROT_READ | PROT_EXEC);
	kvfree(code);
	if (err)
		return ct_restart_fail(t->r, err,
				       "the vdso of process %d cannot be put at %llx",
				       t->nr, area->start);
	current->mm->context.vdso = NULL;
	current->mm->context.vdso_image = NULL;
	return 0;
}

/**
 * ct_restore_vdso - give current a vdso like the one it had
 * @t: current's
 * @image: its memory's layout
 * @area: where the code was
 *
 * Context: process context, in the task.
 * Return: 0, or a negative errno after ct_restart_fail().
 */
int ct_restore_vdso(struct ct_rtask *t, const struct container_image_mm *image,
		    const struct container_image_area *area)
{
	const struct ct_record *rec = ct_in_find(&t->r->in, CONTAINER_IMAGE_VDSO,
						 image->vdso);
	bool busy = image->flags & CONTAINER_IMAGE_MM_VDSO_BUSY;
	const struct vdso_image *own = (void *)ct_symbol("vdso_image_64");
	const struct container_image_vdso *vdso;
	int err;

	if (!rec || area->start != image->vdso_base)
		return ct_restart_fail(t->r, -EINVAL,
				       "the vdso of process %d is not in the image",
				       t->nr);
	err = check_vdso(t, rec, area);
	if (err)
		return err;
	vdso = rec->payload;
	if (fits(own, vdso, busy))
		return map_own(t, vdso, area);
	if (busy)
		return ct_restart_fail(t->r, -EOPNOTSUPP,
				       "process %d was in the vdso of a kernel that is not this one; take another checkpoint",
				       t->nr);
	if (!vdso->entries[CONTAINER_IMAGE_VDSO_CLOCK_GETTIME])
		return ct_restart_fail(t->r, -EOPNOTSUPP,
				       "the vdso of process %d is of another kernel, and its functions are not known",
				       t->nr);
	return map_foreign(t, vdso, area);
}
