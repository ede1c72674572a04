/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the hook table points to.  A replacement is called ct_hook_FUNC, the
 * trampoline before it ct_tramp_FUNC, the way to the original
 * static_call(ct_orig_FUNC).
 *
 * Replacements of functions that a kernel header declares get their type from
 * there, so a change of the prototype breaks the build.
 */
#ifndef CT_HOOK_HANDLERS_H
#define CT_HOOK_HANDLERS_H

#include <linux/dcache.h>
#include <linux/fs.h>
#include <linux/fs_context.h>
#include <linux/pid.h>
#include <linux/pid_namespace.h>
#include <linux/proc_fs.h>
#include <linux/ptrace.h>
#include <linux/sched/task.h>
#include <linux/signal.h>
#include <linux/static_call.h>
#include <linux/tty.h>

/* Not declared in any header for modules; compared with BTF at load. */
struct dentry *proc_lookup(struct inode *dir, struct dentry *dentry,
			   unsigned int flags);
int proc_readdir(struct file *file, struct dir_context *ctx);
struct dentry *proc_root_lookup(struct inode *dir, struct dentry *dentry,
				unsigned int flags);
int proc_misc_d_revalidate(struct dentry *dentry, unsigned int flags);
int proc_fill_super(struct super_block *s, struct fs_context *fc);
long __x64_sys_pidfd_open(const struct pt_regs *regs);
long __ia32_sys_pidfd_open(const struct pt_regs *regs);

/* The lock is only handed on; its type depends on the kernel. */
pid_t locks_translate_pid(void *lock, struct pid_namespace *ns);
struct wait_opts;
int wait_consider_task(struct wait_opts *wo, int ptrace, struct task_struct *p);

#define CT_HANDLER(func)	typeof(func) ct_hook_##func

/* pidspace/translate.c */
CT_HANDLER(__task_pid_nr_ns);
CT_HANDLER(pid_nr_ns);
CT_HANDLER(pid_vnr);
CT_HANDLER(find_vpid);
CT_HANDLER(find_task_by_vpid);
CT_HANDLER(find_get_task_by_vpid);
CT_HANDLER(find_get_pid);
CT_HANDLER(find_task_by_pid_ns);
CT_HANDLER(find_ge_pid);
CT_HANDLER(task_active_pid_ns);

CT_HANDLER(wait_consider_task);
CT_HANDLER(do_send_sig_info);
CT_HANDLER(locks_translate_pid);
DECLARE_STATIC_CALL(ct_orig_wait_consider_task, wait_consider_task);
DECLARE_STATIC_CALL(ct_orig_do_send_sig_info, do_send_sig_info);
DECLARE_STATIC_CALL(ct_orig_locks_translate_pid, locks_translate_pid);

/* pidspace/pidfd.c */
CT_HANDLER(__x64_sys_pidfd_open);
CT_HANDLER(__ia32_sys_pidfd_open);
CT_HANDLER(pidfd_pid);
CT_HANDLER(tgid_pidfd_to_pid);
DECLARE_STATIC_CALL(ct_orig_pidfd_pid, pidfd_pid);
DECLARE_STATIC_CALL(ct_orig_tgid_pidfd_to_pid, tgid_pidfd_to_pid);

/* pidspace/lifetime.c */
CT_HANDLER(alloc_pid);
CT_HANDLER(sched_post_fork);
CT_HANDLER(free_pid);
CT_HANDLER(proc_flush_pid);
CT_HANDLER(disassociate_ctty);
DECLARE_STATIC_CALL(ct_orig_alloc_pid, alloc_pid);
DECLARE_STATIC_CALL(ct_orig_sched_post_fork, sched_post_fork);
DECLARE_STATIC_CALL(ct_orig_free_pid, free_pid);
DECLARE_STATIC_CALL(ct_orig_proc_flush_pid, proc_flush_pid);
DECLARE_STATIC_CALL(ct_orig_disassociate_ctty, disassociate_ctty);

/* procfs/root.c, procfs/entries.c */
CT_HANDLER(proc_root_lookup);
CT_HANDLER(proc_misc_d_revalidate);
CT_HANDLER(proc_fill_super);
CT_HANDLER(proc_lookup);
CT_HANDLER(proc_readdir);
DECLARE_STATIC_CALL(ct_orig_proc_root_lookup, proc_root_lookup);
DECLARE_STATIC_CALL(ct_orig_proc_misc_d_revalidate, proc_misc_d_revalidate);
DECLARE_STATIC_CALL(ct_orig_proc_fill_super, proc_fill_super);
DECLARE_STATIC_CALL(ct_orig_proc_lookup, proc_lookup);
DECLARE_STATIC_CALL(ct_orig_proc_readdir, proc_readdir);

/* hook/trampoline.S; addresses only, never called from C */
void ct_tramp___task_pid_nr_ns(void);
void ct_tramp_pid_nr_ns(void);
void ct_tramp_pid_vnr(void);
void ct_tramp_find_vpid(void);
void ct_tramp_find_task_by_vpid(void);
void ct_tramp_find_get_task_by_vpid(void);
void ct_tramp_find_get_pid(void);
void ct_tramp_find_task_by_pid_ns(void);
void ct_tramp_find_ge_pid(void);
void ct_tramp_task_active_pid_ns(void);
void ct_tramp___x64_sys_pidfd_open(void);
void ct_tramp___ia32_sys_pidfd_open(void);
void ct_tramp_pidfd_pid(void);
void ct_tramp_tgid_pidfd_to_pid(void);
void ct_tramp_wait_consider_task(void);
void ct_tramp_do_send_sig_info(void);
void ct_tramp_locks_translate_pid(void);
void ct_tramp_alloc_pid(void);
void ct_tramp_sched_post_fork(void);
void ct_tramp_free_pid(void);
void ct_tramp_proc_flush_pid(void);
void ct_tramp_disassociate_ctty(void);
void ct_tramp_proc_misc_d_revalidate(void);
void ct_tramp_proc_lookup(void);
void ct_tramp_proc_readdir(void);

#endif
