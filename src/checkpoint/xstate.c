// SPDX-License-Identifier: GPL-2.0
/*
 * The extended state of a thread: x87, SSE, AVX, AVX-512, protection keys.
 *
 * ptrace's form of it is the area that XSAVE stores, where each component's
 * place depends on the processor.  An image has each component by itself, so
 * that it can be put where another processor has it.
 */
#include <linux/elf.h>
#include <linux/mutex.h>
#include <linux/regset.h>
#include <linux/slab.h>

#include <asm/cpufeature.h>
#include <asm/fpu/types.h>
#include <asm/fpu/xcr.h>
#include <asm/fpu/xstate.h>
#include <asm/processor.h>

#include "checkpoint/checkpoint.h"
#include "checkpoint/task.h"

#define COMPONENTS	63		/* the last bit of XCR0 is no component */
#define LEGACY_SIZE	sizeof(struct fxregs_state)
#define HEADER_OFFSET	LEGACY_SIZE

/* Access to memory with key 0, which all memory has that is given none. */
#define PKRU_KEY_0	3

/**
 * struct xstate_layout - where this processor has the components
 * @known: it has been asked
 * @have: a bit for each that programs may use without asking for it
 * @offset: in the area, by component
 * @size: in bytes
 */
struct xstate_layout {
	bool known;
	u64 have;
	u32 offset[COMPONENTS];
	u32 size[COMPONENTS];
};

static struct xstate_layout layout;
static DEFINE_MUTEX(layout_lock);

static const char *component_name(u32 component)
{
	static const char * const names[] = {
		[XFEATURE_FP] = "x87",
		[XFEATURE_SSE] = "SSE",
		[XFEATURE_YMM] = "AVX",
		[XFEATURE_BNDREGS] = "MPX",
		[XFEATURE_BNDCSR] = "MPX",
		[XFEATURE_OPMASK] = "AVX-512",
		[XFEATURE_ZMM_Hi256] = "AVX-512",
		[XFEATURE_Hi16_ZMM] = "AVX-512",
		[XFEATURE_PKRU] = "memory protection keys",
		[XFEATURE_XTILE_CFG] = "AMX",
		[XFEATURE_XTILE_DATA] = "AMX",
	};

	if (component < ARRAY_SIZE(names) && names[component])
		return names[component];
	return "an extension";
}

/* CPUID is slow in virtual machines, so it is asked once. */
static const struct xstate_layout *get_layout(void)
{
	u32 eax, ebx, ecx, edx;
	unsigned int i;

	mutex_lock(&layout_lock);
	if (layout.known)
		goto out;
	layout.have = XFEATURE_MASK_FPSSE;
	if (boot_cpu_has(X86_FEATURE_XSAVE))
		layout.have |= xgetbv(XCR_XFEATURE_ENABLED_MASK);
	layout.have &= ~XFEATURE_MASK_USER_DYNAMIC;
	/* A kernel that does not use keys does not keep them for threads either. */
	if (!boot_cpu_has(X86_FEATURE_OSPKE))
		layout.have &= ~XFEATURE_MASK_PKRU;
	for (i = XFEATURE_YMM; i < COMPONENTS; i++) {
		if (!(layout.have & BIT_ULL(i)))
			continue;
		cpuid_count(XSTATE_CPUID, i, &eax, &ebx, &ecx, &edx);
		layout.size[i] = eax;
		layout.offset[i] = ebx;
	}
	layout.known = true;
out:
	mutex_unlock(&layout_lock);
	return &layout;
}

static const struct user_regset *xstate_regset(struct task_struct *task)
{
	return ct_regset(task, boot_cpu_has(X86_FEATURE_XSAVE) ?
			 NT_X86_XSTATE : NT_PRFPREG);
}

static size_t regset_size(const struct user_regset *regset)
{
	return (size_t)regset->n * regset->size;
}

static bool in_area(const struct xstate_layout *at, unsigned int i, size_t area)
{
	return at->size[i] && at->offset[i] <= area &&
	       at->size[i] <= area - at->offset[i];
}

/**
 * ct_block_xstate - say what of the extended state cannot be saved
 * @s: the checkpoint
 * @task: thread; need not be at rest
 *
 * Return: 0 or a negative errno.
 */
int ct_block_xstate(struct ct_save *s, struct task_struct *task)
{
	u64 perm = READ_ONCE(task->group_leader->thread.fpu.perm.__state_perm);

	if (!(perm & XFEATURE_MASK_USER_DYNAMIC))
		return 0;
	return ct_block_thread(s, task, "AMX",
			       "the process has asked for the tile registers, which cannot be saved",
			       "let the program run without AMX");
}

static int save_component(struct ct_save *s, struct task_struct *task,
			  unsigned int component, const void *data, u32 size)
{
	struct container_image_xstate *rec;

	rec = ct_out_record(&s->out, CONTAINER_IMAGE_XSTATE,
			    ct_save_nr(s, task_pid(task)), sizeof(*rec) + size);
	if (!rec)
		return -ENOMEM;
	rec->component = component;
	rec->size = size;
	memcpy(rec + 1, data, size);
	return 0;
}

static int save_area(struct ct_save *s, struct task_struct *task, void *area,
		     size_t size)
{
	const struct xstate_layout *at = get_layout();
	struct fxregs_state *legacy = area;
	u64 used = 0;
	unsigned int i;
	int err;

	if (size > HEADER_OFFSET)
		used = *(u64 *)(area + HEADER_OFFSET) & at->have;

	/* What the kernel tells of the area's form is of no use elsewhere. */
	memset(&legacy->sw_reserved, 0, sizeof(legacy->sw_reserved));
	err = save_component(s, task, XFEATURE_FP, area, LEGACY_SIZE);
	for (i = XFEATURE_YMM; !err && i < COMPONENTS; i++) {
		/* Its value is elsewhere while the thread does not run. */
		if (i == XFEATURE_PKRU && at->have & BIT_ULL(i)) {
			u64 pkru = task->thread.pkru;

			err = save_component(s, task, i, &pkru,
					     sizeof(pkru));
		} else if (used & BIT_ULL(i) && in_area(at, i, size)) {
			err = save_component(s, task, i, area + at->offset[i],
					     at->size[i]);
		}
	}
	return err;
}

/**
 * ct_save_xstate - save the extended state of a thread
 * @s: the checkpoint
 * @task: thread at rest, not current
 *
 * Return: 0 or a negative errno.
 */
int ct_save_xstate(struct ct_save *s, struct task_struct *task)
{
	const struct user_regset *regset = xstate_regset(task);
	size_t size;
	void *area;
	int err;

	if (!regset)
		return -EOPNOTSUPP;
	size = regset_size(regset);
	if (size < LEGACY_SIZE)
		return -EOPNOTSUPP;
	area = kvzalloc(size, GFP_KERNEL);
	if (!area)
		return -ENOMEM;
	err = regset_get(task, regset, size, area);
	if (err >= 0)
		err = save_area(s, task, area, size);
	kvfree(area);
	return err;
}

/* What a component that the processor lacks says may not matter. */
static int lacks(struct ct_rtask *t, const struct container_image_xstate *rec)
{
	if (rec->component == XFEATURE_PKRU &&
	    !(*(const u32 *)(rec + 1) & PKRU_KEY_0))
		return 0;
	return ct_restart_fail(t->r, -EOPNOTSUPP,
			       "thread %d uses %s (component %u of the extended state), which this machine's processor does not have",
			       t->nr, component_name(rec->component),
			       rec->component);
}

static int restore_component(struct ct_rtask *t,
			     const struct container_image_xstate *rec,
			     void *area, size_t size, u64 *seen)
{
	const struct xstate_layout *at = get_layout();
	u32 i = rec->component;

	if (i >= COMPONENTS || i == XFEATURE_SSE || *seen & BIT_ULL(i) ||
	    rec->size < sizeof(u32))
		return ct_restart_fail(t->r, -EINVAL,
				       "the image has an impossible extended state of thread %d",
				       t->nr);
	if (!(at->have & BIT_ULL(i)))
		return lacks(t, rec);
	if (i == XFEATURE_FP ? rec->size != LEGACY_SIZE :
	    rec->size != at->size[i] || !in_area(at, i, size))
		return ct_restart_fail(t->r, -EOPNOTSUPP,
				       "thread %d uses %s in another form than this machine's processor has it",
				       t->nr, component_name(i));
	memcpy(area + (i == XFEATURE_FP ? 0 : at->offset[i]), rec + 1,
	       rec->size);
	*seen |= BIT_ULL(i);
	return 0;
}

static int fill_area(struct ct_rtask *t, void *area, size_t size)
{
	const struct xstate_layout *at = get_layout();
	struct fxregs_state *legacy = area;
	const struct ct_record *record;
	u64 seen = 0;
	int err;

	for (record = ct_in_find(&t->r->in, CONTAINER_IMAGE_XSTATE, t->nr);
	     record; record = ct_in_next(record)) {
		const struct container_image_xstate *rec = record->payload;

		if (record->rec.length != sizeof(*rec) + (u64)rec->size)
			return ct_restart_fail(t->r, -EINVAL,
					       "the image has a component of the wrong size of thread %d",
					       t->nr);
		err = restore_component(t, rec, area, size, &seen);
		if (err)
			return err;
	}
	if (!(seen & BIT_ULL(XFEATURE_FP)))
		return ct_restart_fail(t->r, -EINVAL,
				       "the image lacks the extended state of thread %d",
				       t->nr);

	memset(&legacy->sw_reserved, 0, sizeof(legacy->sw_reserved));
	/* Made where there are no keys: what a new program has. */
	if (at->have & XFEATURE_MASK_PKRU & ~seen) {
		if (!in_area(at, XFEATURE_PKRU, size))
			return -EOPNOTSUPP;
		*(u32 *)(area + at->offset[XFEATURE_PKRU]) =
			t->task->thread.pkru;
		seen |= XFEATURE_MASK_PKRU;
	}
	if (size > HEADER_OFFSET)
		*(u64 *)(area + HEADER_OFFSET) = seen | XFEATURE_MASK_FPSSE;
	return 0;
}

/**
 * ct_restore_xstate - give a thread its extended state
 * @t: parked, and not current
 *
 * Return: 0 or a negative errno.
 */
int ct_restore_xstate(struct ct_rtask *t)
{
	const struct user_regset *regset = xstate_regset(t->task);
	size_t size;
	void *area;
	int err;

	if (!regset || regset_size(regset) < LEGACY_SIZE)
		return -EOPNOTSUPP;
	size = regset_size(regset);
	area = kvzalloc(size, GFP_KERNEL);
	if (!area)
		return -ENOMEM;
	err = fill_area(t, area, size);
	if (!err) {
		err = regset->set(t->task, regset, 0, size, area, NULL);
		if (err)
			ct_restart_fail(t->r, err,
					"the processor cannot have the extended state of thread %d",
					t->nr);
	}
	kvfree(area);
	return err;
}
