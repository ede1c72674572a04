/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What a task has asked for with sched_setaffinity(): task->user_cpus_ptr.  Since 6.2
 * the kernel keeps it there itself.  6.1 does so only on processors of which some
 * cannot run 32-bit programs, but hands it on to children, and frees it, for all.
 */
#ifndef CT_COMPAT_AFFINITY_H
#define CT_COMPAT_AFFINITY_H

#include <linux/cpumask.h>
#include <linux/version.h>

#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 2, 0)

struct affinity_context;
#define CT_AFFINITY			"struct affinity_context"
#define ct_affinity_t			struct affinity_context
#define CT_KERNEL_KEEPS_WISHES		1

/* What is asked for; of use only if the kernel does not keep it. */
static inline const struct cpumask *ct_affinity_mask(ct_affinity_t *wanted)
{
	return NULL;
}

#else

#define CT_AFFINITY			"const struct cpumask"
#define ct_affinity_t			const struct cpumask
#define CT_KERNEL_KEEPS_WISHES		0

static inline const struct cpumask *ct_affinity_mask(ct_affinity_t *wanted)
{
	return wanted;
}

#endif
#endif
