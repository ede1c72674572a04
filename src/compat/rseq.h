/* SPDX-License-Identifier: GPL-2.0 */
/* 6.3 made struct rseq extensible; since then a thread says how long its is. */
#ifndef CT_COMPAT_RSEQ_H
#define CT_COMPAT_RSEQ_H

#include <linux/align.h>
#include <linux/rseq.h>
#include <linux/sched.h>
#include <linux/version.h>

/* What it was in the beginning, and a multiple of what it is aligned to. */
#define CT_RSEQ_SIZE	32

#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 3, 0)
static inline u32 ct_rseq_length(const struct task_struct *task)
{
	return task->rseq ? task->rseq_len : 0;
}

static inline bool ct_rseq_length_ok(u32 length)
{
	return length == CT_RSEQ_SIZE || length >= offsetof(struct rseq, end);
}

static inline void ct_rseq_set_length(struct task_struct *task, u32 length)
{
	task->rseq_len = length;
}
#else
static inline u32 ct_rseq_length(const struct task_struct *task)
{
	return task->rseq ? CT_RSEQ_SIZE : 0;
}

static inline bool ct_rseq_length_ok(u32 length)
{
	return length == CT_RSEQ_SIZE;
}

static inline void ct_rseq_set_length(struct task_struct *task, u32 length)
{
}
#endif

#endif
