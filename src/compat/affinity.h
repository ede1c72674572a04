/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What a task has asked for with sched_setaffinity(): task->user_cpus_ptr.  Since 6.2
 * the kernel keeps it there itself.  6.1 does so only on processors of which some
 * cannot run 32-bit programs, but hands it on to children, and frees it, for all.
 *
 * And when its cpusets know which processors there are.
 */
#ifndef CT_COMPAT_AFFINITY_H
#define CT_COMPAT_AFFINITY_H

#include <linux/cpumask.h>
#include <linux/cpuset.h>
#include <linux/static_call.h>
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

/*
 * Before 6.11 the kernel's cpusets learn of processors and nodes from a work of their
 * own, some time after the processor has come or gone.
 */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 11, 0)

#define CT_DEFINE_CPUSET_WAIT_FOR_HOTPLUG
#define CT_SYMBOL_CPUSET_WAIT_FOR_HOTPLUG
#define ct_cpuset_wait_for_hotplug()	((void)0)

#else

DECLARE_STATIC_CALL(ct_cpuset_wait_for_hotplug, cpuset_wait_for_hotplug);
#define CT_DEFINE_CPUSET_WAIT_FOR_HOTPLUG				\
	DEFINE_STATIC_CALL_NULL(ct_cpuset_wait_for_hotplug,		\
				cpuset_wait_for_hotplug)
#define CT_SYMBOL_CPUSET_WAIT_FOR_HOTPLUG				\
	CT_SYMBOL(cpuset_wait_for_hotplug, ct_cpuset_wait_for_hotplug,	\
		  "void (void)"),
#define ct_cpuset_wait_for_hotplug()					\
	static_call(ct_cpuset_wait_for_hotplug)()

#endif
#endif
