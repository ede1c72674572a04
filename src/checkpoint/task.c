// SPDX-License-Identifier: GPL-2.0
/*
 * Processes and threads: what they are, and what they have told the kernel about
 * themselves.
 *
 * Not kept: when they started; who may trace them by PR_SET_PTRACER; control
 * groups and the login session, which are those of who restarts.
 */
#include <linux/capability.h>
#include <linux/nsproxy.h>
#include <linux/oom.h>
#include <linux/personality.h>
#include <linux/prctl.h>
#include <linux/resource.h>
#include <linux/sched/coredump.h>
#include <linux/sched/mm.h>
#include <linux/sched/signal.h>
#include <linux/sched/task.h>
#include <linux/seccomp.h>
#include <linux/thread_info.h>
#include <linux/uaccess.h>
#include <linux/uprobes.h>

#include <asm/prctl.h>

#include "checkpoint/checkpoint.h"
#include "checkpoint/save.h"
#include "checkpoint/syscall.h"
#include "checkpoint/task.h"
#include "compat/task.h"
#include "hook/symbols.h"

#define RESTART_PROTO	"long (struct restart_block *)"
#define REGSET_PROTO	"int (struct task_struct *, const struct user_regset *, "

const struct ct_symbol ct_symbols_task[] = {
	CT_SYMBOL(task_user_regset_view, ct_task_user_regset_view,
		  "const struct user_regset_view *(struct task_struct *)"),
	CT_SYMBOL(regset_tls_get, ct_regset_tls_get,
		  REGSET_PROTO "struct membuf)"),
	CT_SYMBOL(regset_tls_set, ct_regset_tls_set,
		  REGSET_PROTO
		  "unsigned int, unsigned int, const void *, const void *)"),
	CT_SYMBOL(hrtimer_nanosleep_restart, ct_hrtimer_nanosleep_restart,
		  RESTART_PROTO),
	CT_SYMBOL(alarm_timer_nsleep_restart, ct_alarm_timer_nsleep_restart,
		  RESTART_PROTO),
	CT_SYMBOL(posix_cpu_nsleep_restart, ct_posix_cpu_nsleep_restart,
		  RESTART_PROTO),
	CT_SYMBOL(futex_wait_restart, ct_futex_wait_restart, RESTART_PROTO),
	CT_SYMBOL(do_restart_poll, ct_do_restart_poll, RESTART_PROTO),
	CT_SYMBOL(alloc_uid, ct_alloc_uid, "struct user_struct *(kuid_t)"),
	CT_SYMBOL(set_cred_ucounts, ct_set_cred_ucounts, "int (struct cred *)"),
	CT_SYMBOL(set_dumpable, ct_set_dumpable,
		  "void (struct mm_struct *, int)"),
	CT_SYMBOL(sched_setattr, ct_sched_setattr,
		  "int (struct task_struct *, const struct sched_attr *)"),
	CT_SYMBOL(sched_setaffinity, ct_sched_setaffinity,
		  "long (pid_t, const struct cpumask *)"),
	CT_SYMBOL(seccomp_get_filter, ct_seccomp_get_filter,
		  "long (struct task_struct *, unsigned long, void *)"),
	CT_SYMBOL(seccomp_get_metadata, ct_seccomp_get_metadata,
		  "long (struct task_struct *, unsigned long, void *)"),
	CT_SYMBOL(d_absolute_path, ct_d_absolute_path,
		  "char *(const struct path *, char *, int)"),
	CT_SYMBOL(free_fs_struct, ct_free_fs_struct,
		  "void (struct fs_struct *)"),
	{}
};

/**
 * ct_block_thread - say what stands in the way, of a thread
 * @s: the checkpoint
 * @task: thread
 * @what: see ct_block(), as are the others
 * @why: a sentence
 * @help: another one
 *
 * Return: 0 or -ENOMEM.
 */
int ct_block_thread(struct ct_save *s, struct task_struct *task,
		    const char *what, const char *why, const char *help)
{
	pid_t nr = ct_save_nr(s, task_pid(task));
	char where[32] = "-";

	if (nr != s->pid)
		snprintf(where, sizeof(where), "thread %d", nr);
	return ct_block(s, where, what, why, help);
}

/**
 * ct_thread_record - a thread's record of some type
 * @t: thread
 * @type: CONTAINER_IMAGE_CPU and the like, of which there is one
 *
 * Return: it, or NULL.
 */
const struct ct_record *ct_thread_record(const struct ct_rtask *t, u32 type)
{
	return ct_in_find(&t->r->in, type, t->nr);
}

/* ---- saving: what stands in the way ---- */

static bool is_worker(struct ct_save *s, struct task_struct *task)
{
	return task->flags & (PF_KTHREAD | PF_IO_WORKER | CT_PF_WORKER);
}

static bool is_traced(struct ct_save *s, struct task_struct *task)
{
	return READ_ONCE(task->ptrace);
}

static bool is_tracer(struct ct_save *s, struct task_struct *task)
{
	return !list_empty_careful(&task->ptraced);
}

static bool uses_io_uring(struct ct_save *s, struct task_struct *task)
{
#ifdef CONFIG_IO_URING
	return READ_ONCE(task->io_uring);
#else
	return false;
#endif
}

static bool has_dispatch(struct ct_save *s, struct task_struct *task)
{
	return test_task_syscall_work(task, SYSCALL_USER_DISPATCH);
}

/*
 * Every process with threads has a list, mostly empty.  Its type is private to
 * the kernel's file, and nothing keeps the list of a task that runs, which may
 * end at this moment: so it is copied with care.
 */
static bool has_semaphore_undo(struct ct_save *s, struct task_struct *task)
{
#ifdef CONFIG_SYSVIPC
	struct undo_list {
		refcount_t refcnt;
		spinlock_t lock;	/* the kernel's */
		struct list_head semaphores;
	} copy, *list = (void *)READ_ONCE(task->sysvsem.undo_list);

	return list && !copy_from_kernel_nofault(&copy, list, sizeof(copy)) &&
	       copy.semaphores.next != &list->semaphores;
#else
	return false;
#endif
}

static bool has_memory_policy(struct ct_save *s, struct task_struct *task)
{
#ifdef CONFIG_NUMA
	return READ_ONCE(task->mempolicy);
#else
	return false;
#endif
}

static bool has_core_cookie(struct ct_save *s, struct task_struct *task)
{
#ifdef CONFIG_SCHED_CORE
	return READ_ONCE(task->core_cookie);
#else
	return false;
#endif
}

static bool has_user_events(struct ct_save *s, struct task_struct *task)
{
#ifdef CONFIG_USER_EVENTS
	return READ_ONCE(task->user_event_mm);
#else
	return false;
#endif
}

/* The thread's own part of it goes away with the thread, so it has to rest. */
static bool in_uprobe(struct ct_save *s, struct task_struct *task)
{
#ifdef CONFIG_UPROBES
	return s->frozen && task->utask &&
	       (task->utask->state != UTASK_RUNNING || task->utask->depth);
#else
	return false;
#endif
}

/* To be frozen it has to be over. */
static bool made_by_vfork(struct ct_save *s, struct task_struct *task)
{
	return READ_ONCE(task->vfork_done) && !(s->flags & CT_SAVE_SOON);
}

static bool has_own_fs(struct ct_save *s, struct task_struct *task)
{
	const void *its = READ_ONCE(task->fs);
	const void *process = READ_ONCE(task->group_leader->fs);

	return its && process && its != process;
}

static const struct {
	bool (*found)(struct ct_save *s, struct task_struct *task);
	const char *what;
	const char *why;
	const char *help;
} checks[] = {
	{ is_worker, "kernel worker",
	  "it is a thread of the kernel in the process (io_uring, vhost)",
	  "have the program give up what it works for" },
	{ is_traced, "traced",
	  "a debugger traces it",
	  "detach the debugger" },
	{ is_tracer, "tracer",
	  "it traces another process",
	  "end the debugger, or have it detach" },
	{ uses_io_uring, "io_uring",
	  "it has used io_uring, which cannot be saved",
	  "let the program run without io_uring" },
	{ has_dispatch, "system call user dispatch",
	  "it has its system calls handed to itself (PR_SET_SYSCALL_USER_DISPATCH)",
	  "let the program run without that" },
	{ has_semaphore_undo, "semaphore undo",
	  "it has used semop(2) with SEM_UNDO, and System V semaphores are shared with the host",
	  "let the program run without SEM_UNDO" },
	{ has_memory_policy, "memory policy",
	  "it has a NUMA policy by set_mempolicy(2)",
	  "have it go back to MPOL_DEFAULT, or start it without numactl" },
	{ has_core_cookie, "core scheduling",
	  "it has a cookie of core scheduling (PR_SCHED_CORE)",
	  "let the program run without that" },
	{ has_user_events, "user events",
	  "it has registered user events for tracing",
	  "let the program run without them" },
	{ in_uprobe, "uprobe",
	  "it is at a probe of a tracing tool",
	  "end the tracing and try again" },
	{ made_by_vfork, "vfork",
	  "it has been made by vfork(2) and has not called execve(2) yet",
	  "try again" },
	{ has_own_fs, "own directories",
	  "the thread does not share its working directory with the others",
	  "end the thread" },
};

/* The namespace that is not the initial one, or NULL. */
static const char *other_namespace(struct task_struct *task)
{
	const struct nsproxy *init = init_task.nsproxy;
	const struct nsproxy *ns;
	const char *name = NULL;

	task_lock(task);
	ns = task->nsproxy;
	if (!ns || ns == init)
		name = NULL;
	else if (ns->mnt_ns != init->mnt_ns)
		name = "mount namespace";
	else if (ns->net_ns != init->net_ns)
		name = "network namespace";
	else if (ns->uts_ns != init->uts_ns)
		name = "UTS namespace";
	else if (ns->ipc_ns != init->ipc_ns)
		name = "IPC namespace";
	else if (ns->pid_ns_for_children != init->pid_ns_for_children)
		name = "pid namespace";
	else if (ns->cgroup_ns != init->cgroup_ns)
		name = "cgroup namespace";
	else if (ns->time_ns != init->time_ns ||
		 ns->time_ns_for_children != init->time_ns_for_children)
		name = "time namespace";
	task_unlock(task);
	return name;
}

/*
 * PR_SET_PDEATHSIG is about the thread that forked the process. A restart has all
 * children made by first threads.
 */
static int block_death_signal(struct ct_save *s, struct task_struct *task)
{
	struct task_struct *parent;
	bool other;

	if (!task->pdeath_signal)
		return 0;
	rcu_read_lock();
	parent = ct_save_parent(task);
	other = parent && !thread_group_leader(parent);
	rcu_read_unlock();
	return other ? ct_block(s, "-", "PR_SET_PDEATHSIG",
				"it waits for the end of one thread of its parent",
				"have the first thread of the parent fork") : 0;
}

static int block_task(struct ct_save *s, struct task_struct *task)
{
	const char *ns = other_namespace(task);
	unsigned int i;
	int err = 0;

	if (ns)
		err = ct_block_thread(s, task, ns,
				      "it is in a namespace other than the initial one, which cannot be made again",
				      "run the program without unshare(1) and the like");
	for (i = 0; !err && i < ARRAY_SIZE(checks); i++)
		if (checks[i].found(s, task))
			err = ct_block_thread(s, task, checks[i].what,
					      checks[i].why, checks[i].help);
	return err;
}

static bool ended(const struct task_struct *task)
{
	return READ_ONCE(task->exit_state) ||
	       (READ_ONCE(task->flags) & PF_EXITING);
}

/* ---- saving: threads ---- */

static u32 save_flags(struct task_struct *task)
{
	u32 flags = 0;

	if (test_tsk_thread_flag(task, TIF_NOTSC))
		flags |= CONTAINER_IMAGE_NO_TSC;
	if (test_tsk_thread_flag(task, TIF_NOCPUID))
		flags |= CONTAINER_IMAGE_NO_CPUID;
	if (task->flags & PF_LOCAL_THROTTLE)
		flags |= CONTAINER_IMAGE_IO_FLUSHER;
	if (task->flags & PF_MCE_PROCESS)
		flags |= task->flags & PF_MCE_EARLY ? CONTAINER_IMAGE_MCE_EARLY :
						      CONTAINER_IMAGE_MCE_LATE;
	if (task_spec_ssb_force_disable(task))
		flags |= CONTAINER_IMAGE_NO_SSB_FORCE;
	else if (task_spec_ssb_noexec(task))
		flags |= CONTAINER_IMAGE_NO_SSB_NOEXEC;
	else if (task_spec_ssb_disable(task))
		flags |= CONTAINER_IMAGE_NO_SSB;
	if (task_spec_ib_force_disable(task))
		flags |= CONTAINER_IMAGE_NO_IB_FORCE;
	else if (task_spec_ib_disable(task))
		flags |= CONTAINER_IMAGE_NO_IB;
	if (test_tsk_thread_flag(task, TIF_SPEC_L1D_FLUSH))
		flags |= CONTAINER_IMAGE_L1D_FLUSH;
	if (task->flags & PF_FORKNOEXEC)
		flags |= CONTAINER_IMAGE_NO_EXEC_YET;
	return flags;
}

/**
 * ct_save_thread - save what a thread has of its own
 * @s: the checkpoint
 * @task: thread; what it has in the processor and in signals is not saved here
 *
 * Context: may sleep.
 * Return: 0 or a negative errno.
 */
int ct_save_thread(struct ct_save *s, struct task_struct *task)
{
	struct container_image_thread *rec;
	int err, words;

	if (ended(task))
		return 0;
	err = block_task(s, task) ?: block_death_signal(s, task);
	if (err)
		return err;
	words = ct_save_processors(task, NULL, 0);
	if (words < 0)
		return words;
	rec = ct_out_record(&s->out, CONTAINER_IMAGE_THREAD,
			    ct_save_nr(s, task_pid(task)),
			    sizeof(*rec) + words * sizeof(u64));
	if (!rec)
		return -ENOMEM;
	rec->process = s->pid;
	rec->flags = save_flags(task);
	get_task_comm(rec->comm, task);
	rec->personality = task->personality;
	rec->pdeath_signal = task->pdeath_signal;
	ct_save_schedule(task, rec);
	if (words) {
		err = ct_save_processors(task, (u64 *)(rec + 1), words);
		if (err < 0)
			return err;
	}
	err = ct_save_seccomp(s, task, &rec->flags);
	return err ?: ct_save_credentials(s, task);
}

/* ---- saving: processes ---- */

static void save_relations(struct ct_save *s, struct task_struct *leader,
			   struct container_image_process *rec)
{
	struct task_struct *t;

	rcu_read_lock();
	t = ct_save_parent(leader);
	rec->parent = t ? ct_save_nr(s, task_tgid(t)) : 0;
	rec->pgrp = ct_save_nr(s, task_pgrp(leader));
	rec->session = ct_save_nr(s, task_session(leader));
	for_each_thread(leader, t)
		if (!READ_ONCE(t->exit_state))
			rec->threads++;
	rcu_read_unlock();
	rec->exit_signal = leader->exit_signal;
}

static void save_signal_struct(struct task_struct *leader,
			       struct container_image_process *rec)
{
	const struct signal_struct *signal = leader->signal;

	if (signal->is_child_subreaper)
		rec->flags |= CONTAINER_IMAGE_SUBREAPER;
	if (signal->leader)
		rec->flags |= CONTAINER_IMAGE_LEADER;
	rec->oom_score_adj = signal->oom_score_adj;
	rec->oom_score_adj_min = signal->oom_score_adj_min;
	/*
	 * Some threads may have stopped already, and the others been told to.
	 * Someone outside may let it go on at this moment, which may as well be
	 * before or after.
	 */
	if (READ_ONCE(signal->flags) & SIGNAL_STOP_STOPPED ||
	    READ_ONCE(signal->group_stop_count)) {
		rec->flags |= CONTAINER_IMAGE_STOPPED;
		rec->stop_signal = READ_ONCE(signal->group_exit_code) & 0x7f;
	}
}

static void save_rlimits(struct task_struct *leader,
			 struct container_image_rlimit *limits)
{
	unsigned int i;

	BUILD_BUG_ON(RLIM_NLIMITS != CONTAINER_IMAGE_RLIMITS);
	task_lock(leader);
	for (i = 0; i < RLIM_NLIMITS; i++) {
		limits[i].soft = leader->signal->rlim[i].rlim_cur;
		limits[i].hard = leader->signal->rlim[i].rlim_max;
	}
	task_unlock(leader);
}

static int save_dumpable(struct ct_save *s, struct task_struct *leader,
			 struct container_image_process *rec)
{
	struct mm_struct *mm = get_task_mm(leader);
	bool probed;

	if (!mm)
		return 0;
	rec->dumpable = get_dumpable(mm);
	probed = test_bit(MMF_HAS_UPROBES, &mm->flags);
	mmput_async(mm);
	if (!probed)
		return 0;
	return ct_block(s, "-", "uprobes",
			"a tracing tool has put probes into the program",
			"end the tracing, and start the program anew if that is not enough");
}

/* What it has, by ids of records of their own. */
static int save_parts(struct ct_save *s, struct task_struct *leader,
		      struct container_image_process *rec)
{
	int err = ct_save_mm(s, leader, &rec->mm);

	if (!err)
		err = ct_save_files(s, leader, &rec->files);
	if (!err)
		err = ct_save_fs(s, leader, &rec->fs);
	if (!err)
		err = ct_save_sighand(s, leader, &rec->sighand);
	if (!err)
		err = save_dumpable(s, leader, rec);
	return err;
}

/**
 * ct_save_process - save what the threads of a process share
 * @s: the checkpoint
 * @leader: its first thread, possibly a zombie
 *
 * Context: may sleep.
 * Return: 0 or a negative errno.
 */
int ct_save_process(struct ct_save *s, struct task_struct *leader)
{
	bool zombie = READ_ONCE(leader->exit_state);
	struct container_image_process rec = {}, *out;
	size_t limits;
	int err;

	limits = zombie ? 0 : RLIM_NLIMITS *
			      sizeof(struct container_image_rlimit);
	save_relations(s, leader, &rec);
	save_signal_struct(leader, &rec);
	err = zombie ? ct_save_zombie(s, leader, &rec) :
		       save_parts(s, leader, &rec);
	if (err)
		return err;
	out = ct_out_record(&s->out, CONTAINER_IMAGE_PROCESS,
			    ct_save_nr(s, task_tgid(leader)),
			    sizeof(rec) + limits);
	if (!out)
		return -ENOMEM;
	*out = rec;
	if (zombie)
		return ct_save_remains(s, leader);
	save_rlimits(leader, (struct container_image_rlimit *)(out + 1));
	return 0;
}

/* ---- restarting ---- */

static int restore_rlimits(struct ct_rtask *t)
{
	const struct container_image_rlimit *limits;
	const struct ct_record *record;
	const void __user *arg;
	unsigned int i;
	long err;

	record = ct_thread_record(t, CONTAINER_IMAGE_PROCESS);
	if (record->rec.length != sizeof(struct container_image_process) +
				  RLIM_NLIMITS * sizeof(*limits))
		return ct_restart_fail(t->r, -EINVAL,
				       "the image lacks the limits of process %d",
				       t->nr);
	limits = record->payload + sizeof(struct container_image_process);
	for (i = 0; i < RLIM_NLIMITS; i++) {
		struct rlimit limit = { limits[i].soft, limits[i].hard };

		arg = ct_scratch(t, 0, &limit, sizeof(limit));
		if (IS_ERR(arg))
			return PTR_ERR(arg);
		err = ct_sys(setrlimit, i, arg);
		if (err)
			return ct_restart_fail(t->r, err,
					       "process %d cannot have its limit %u: soft %llu, hard %llu (%ld)",
					       t->nr, i, limits[i].soft,
					       limits[i].hard, err);
	}
	return 0;
}

static int restore_oom(struct ct_rtask *t)
{
	s32 adj = t->prec->oom_score_adj, min = t->prec->oom_score_adj_min;
	struct signal_struct *signal = current->signal;

	if (adj < OOM_SCORE_ADJ_MIN || adj > OOM_SCORE_ADJ_MAX ||
	    min < OOM_SCORE_ADJ_MIN || min > OOM_SCORE_ADJ_MAX)
		return ct_restart_fail(t->r, -EINVAL,
				       "the image has an impossible oom_score_adj of process %d",
				       t->nr);
	if (min_t(s32, adj, min) < signal->oom_score_adj_min &&
	    !capable(CAP_SYS_RESOURCE))
		return ct_restart_fail(t->r, -EPERM,
				       "process %d has an oom_score_adj that takes CAP_SYS_RESOURCE",
				       t->nr);
	signal->oom_score_adj = adj;
	signal->oom_score_adj_min = min;
	return 0;
}

/**
 * ct_restore_process - give current's process what its threads share
 * @t: current's, the first thread
 *
 * Memory, descriptors, directories and signals are restored elsewhere.
 *
 * Context: process context, in the task; before it gives up rights.
 * Return: 0 or a negative errno.
 */
int ct_restore_process(struct ct_rtask *t)
{
	int err;

	if (t->prec->flags & CONTAINER_IMAGE_ZOMBIE)
		return 0;
	err = restore_oom(t);
	/* Takes memory, which the limits may not allow. */
	if (!err)
		err = ct_restore_seccomp(t);
	if (!err)
		err = restore_rlimits(t);
	if (!err)
		err = ct_sys(prctl, PR_SET_CHILD_SUBREAPER,
			     !!(t->prec->flags & CONTAINER_IMAGE_SUBREAPER));
	return err;
}

/*
 * What the processor or the kernel here does not offer is no failure: a program
 * that is started here does not get it either.
 */
static long speculation(unsigned long which, unsigned long how)
{
	long err = ct_sys(prctl, PR_SET_SPECULATION_CTRL, which, how);

	return err == -ENXIO || err == -ENODEV || err == -EPERM ? 0 : err;
}

static long restore_speculation(u32 flags)
{
	long err;

	err = speculation(PR_SPEC_STORE_BYPASS,
			  flags & CONTAINER_IMAGE_NO_SSB_FORCE ?
				  PR_SPEC_FORCE_DISABLE :
			  flags & CONTAINER_IMAGE_NO_SSB_NOEXEC ?
				  PR_SPEC_DISABLE_NOEXEC :
			  flags & CONTAINER_IMAGE_NO_SSB ?
				  PR_SPEC_DISABLE : PR_SPEC_ENABLE);
	if (!err)
		err = speculation(PR_SPEC_INDIRECT_BRANCH,
				  flags & CONTAINER_IMAGE_NO_IB_FORCE ?
					  PR_SPEC_FORCE_DISABLE :
				  flags & CONTAINER_IMAGE_NO_IB ?
					  PR_SPEC_DISABLE : PR_SPEC_ENABLE);
	if (!err)
		err = speculation(PR_SPEC_L1D_FLUSH,
				  flags & CONTAINER_IMAGE_L1D_FLUSH ?
					  PR_SPEC_ENABLE : PR_SPEC_DISABLE);
	return err;
}

static long restore_flags(u32 flags)
{
	bool io = flags & CONTAINER_IMAGE_IO_FLUSHER;
	long err;

	err = ct_sys(prctl, PR_SET_TSC, flags & CONTAINER_IMAGE_NO_TSC ?
					PR_TSC_SIGSEGV : PR_TSC_ENABLE);
	if (!err && (flags & CONTAINER_IMAGE_NO_CPUID ||
		     test_thread_flag(TIF_NOCPUID)))
		err = ct_sys(arch_prctl, ARCH_SET_CPUID,
			     !(flags & CONTAINER_IMAGE_NO_CPUID));
	if (!err && io != !!(current->flags & PF_LOCAL_THROTTLE))
		err = ct_sys(prctl, PR_SET_IO_FLUSHER, io);
	if (!err)
		err = ct_sys(prctl, PR_MCE_KILL, PR_MCE_KILL_SET,
			     flags & CONTAINER_IMAGE_MCE_EARLY ?
				     PR_MCE_KILL_EARLY :
			     flags & CONTAINER_IMAGE_MCE_LATE ?
				     PR_MCE_KILL_LATE : PR_MCE_KILL_DEFAULT);
	return err ?: restore_speculation(flags);
}

static bool thread_ok(const struct container_image_thread *rec)
{
	const u32 known = 2 * CONTAINER_IMAGE_SECCOMP_FIRST - 1;

	return !(rec->flags & ~known) && valid_signal(rec->pdeath_signal) &&
	       memchr(rec->comm, 0, sizeof(rec->comm));
}

/* What is left once it acts as who it was. */
static long restore_rest(const struct container_image_thread *rec)
{
	/* Not before: credentials that change clear it. */
	current->pdeath_signal = rec->pdeath_signal;
	if (!(rec->flags & CONTAINER_IMAGE_NO_EXEC_YET))
		current->flags &= ~PF_FORKNOEXEC;
	/* Counts when it enters the kernel, which it has done. */
	if (rec->flags & CONTAINER_IMAGE_SECCOMP_STRICT &&
	    current->seccomp.mode == SECCOMP_MODE_DISABLED)
		return ct_sys(prctl, PR_SET_SECCOMP, SECCOMP_MODE_STRICT);
	return 0;
}

/**
 * ct_restore_thread - give current what it had of its own
 * @t: current's
 *
 * Context: process context, in the task, as the last of ct_restore_*(): it may
 * have no rights afterwards.
 * Return: 0 or a negative errno.
 */
int ct_restore_thread(struct ct_rtask *t)
{
	const struct container_image_thread *rec = t->rec->payload;
	long err;

	if (!thread_ok(rec))
		return ct_restart_fail(t->r, -EINVAL,
				       "the image has an impossible thread %d",
				       t->nr);
	task_lock(current);
	strscpy_pad(current->comm, rec->comm, sizeof(current->comm));
	task_unlock(current);
	current->personality = rec->personality;

	err = t == t->process ? 0 : ct_restore_thread_fs(t);
	err = err ?: ct_restore_schedule(t);
	if (err)
		return err;
	err = restore_flags(rec->flags);
	if (err)
		return ct_restart_fail(t->r, err,
				       "thread %d cannot have what it asked the kernel for by prctl(2) (%ld)",
				       t->nr, err);
	err = t == t->process ? 0 : ct_restore_seccomp(t);
	err = err ?: ct_restore_credentials(t);
	return err ?: restore_rest(rec);
}
