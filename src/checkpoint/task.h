/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the files about processes and threads have among themselves: task.c,
 * cred.c, zombie.c, sched.c, cpu.c, xstate.c, resume.c.
 */
#ifndef CT_CHECKPOINT_TASK_H
#define CT_CHECKPOINT_TASK_H

#include <linux/dcache.h>
#include <linux/fs_struct.h>
#include <linux/regset.h>
#include <linux/restart_block.h>
#include <linux/sched.h>
#include <linux/seccomp.h>
#include <linux/static_call.h>

#include "checkpoint/checkpoint.h"

int ct_block_thread(struct ct_save *s, struct task_struct *task,
		    const char *what, const char *why, const char *help);
const struct ct_record *ct_thread_record(const struct ct_rtask *t, u32 type);

/* cred.c */
int ct_save_credentials(struct ct_save *s, struct task_struct *task);
int ct_save_zombie_credentials(struct ct_save *s, struct task_struct *leader);
int ct_restore_credentials(struct ct_rtask *t);

/* zombie.c */
int ct_save_zombie(struct ct_save *s, struct task_struct *leader,
		   struct container_image_process *rec);
int ct_save_remains(struct ct_save *s, struct task_struct *leader);
int ct_restore_remains(struct ct_rtask *t);

/* fs.c */
int ct_restore_thread_fs(struct ct_rtask *t);

/* seccomp.c */
int ct_save_seccomp(struct ct_save *s, struct task_struct *task, u32 *flags);
int ct_restore_seccomp(struct ct_rtask *t);

/* sched.c */
int ct_save_schedule(struct task_struct *task,
		     struct container_image_thread *rec);
int ct_save_processors(struct task_struct *task, u64 *words,
		       unsigned int max);
int ct_restore_schedule(struct ct_rtask *t);

/* cpu.c */
const struct user_regset *ct_regset(struct task_struct *task,
				    unsigned int note);

/* xstate.c */
int ct_block_xstate(struct ct_save *s, struct task_struct *task);
int ct_save_xstate(struct ct_save *s, struct task_struct *task);
int ct_restore_xstate(struct ct_rtask *t);

/* resume.c */
int ct_save_resume(struct ct_save *s, struct task_struct *task,
		   struct container_image_cpu *cpu);

/* Private to the kernel's files, so that no header of its has them. */
int regset_tls_get(struct task_struct *target, const struct user_regset *regset,
		   struct membuf to);
int regset_tls_set(struct task_struct *target, const struct user_regset *regset,
		   unsigned int pos, unsigned int count, const void *kbuf,
		   const void __user *ubuf);
long hrtimer_nanosleep_restart(struct restart_block *restart);
long alarm_timer_nsleep_restart(struct restart_block *restart);
long posix_cpu_nsleep_restart(struct restart_block *restart);
long futex_wait_restart(struct restart_block *restart);
long do_restart_poll(struct restart_block *restart);

/* Bound by the table in task.c. */
DECLARE_STATIC_CALL(ct_task_user_regset_view, task_user_regset_view);
DECLARE_STATIC_CALL(ct_regset_tls_get, regset_tls_get);
DECLARE_STATIC_CALL(ct_regset_tls_set, regset_tls_set);
DECLARE_STATIC_CALL(ct_hrtimer_nanosleep_restart, hrtimer_nanosleep_restart);
DECLARE_STATIC_CALL(ct_alarm_timer_nsleep_restart, alarm_timer_nsleep_restart);
DECLARE_STATIC_CALL(ct_posix_cpu_nsleep_restart, posix_cpu_nsleep_restart);
DECLARE_STATIC_CALL(ct_futex_wait_restart, futex_wait_restart);
DECLARE_STATIC_CALL(ct_do_restart_poll, do_restart_poll);
DECLARE_STATIC_CALL(ct_alloc_uid, alloc_uid);
DECLARE_STATIC_CALL(ct_set_cred_ucounts, set_cred_ucounts);
DECLARE_STATIC_CALL(ct_set_dumpable, set_dumpable);
DECLARE_STATIC_CALL(ct_sched_setattr, sched_setattr);
DECLARE_STATIC_CALL(ct_sched_setaffinity, sched_setaffinity);
DECLARE_STATIC_CALL(ct_seccomp_get_filter, seccomp_get_filter);
DECLARE_STATIC_CALL(ct_seccomp_get_metadata, seccomp_get_metadata);
DECLARE_STATIC_CALL(ct_d_absolute_path, d_absolute_path);
DECLARE_STATIC_CALL(ct_free_fs_struct, free_fs_struct);

#endif
