// SPDX-License-Identifier: GPL-2.0
/*
 * Signals: what is done about them, what is blocked, and stops.
 *
 * A restored task blocks all it can until ct_restore_start(): nothing that waits
 * for it, or comes meanwhile, is delivered, thrown away, or ends it, before all
 * is as it was.
 */
#include <linux/mm.h>
#include <linux/signal.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "checkpoint/freeze.h"
#include "checkpoint/signal.h"
#include "hook/symbols.h"

#define ALTSTACK_FLAGS	(SS_ONSTACK | SS_DISABLE | SS_AUTODISARM)

DEFINE_STATIC_CALL_NULL(ct_lock_task_sighand, __lock_task_sighand);
DEFINE_STATIC_CALL_NULL(ct_send_signal_locked, send_signal_locked);
DEFINE_STATIC_CALL_NULL(ct_set_process_cpu_timer, set_process_cpu_timer);
DEFINE_STATIC_CALL_NULL(ct_common_timer_set, common_timer_set);
DEFINE_STATIC_CALL_NULL(ct_posix_cpu_timer_set, posix_cpu_timer_set);
DEFINE_STATIC_CALL_NULL(ct_thread_group_cputime, thread_group_cputime);

#define TIMER_SET \
	"int (struct k_itimer *, int, struct itimerspec64 *, struct itimerspec64 *)"

const struct ct_symbol ct_symbols_signal[] = {
	CT_SYMBOL(__lock_task_sighand, ct_lock_task_sighand,
		  "struct sighand_struct *(struct task_struct *, unsigned long *)"),
	CT_SYMBOL(send_signal_locked, ct_send_signal_locked,
		  "int (int, struct kernel_siginfo *, struct task_struct *, enum pid_type)"),
	CT_SYMBOL(set_process_cpu_timer, ct_set_process_cpu_timer,
		  "void (struct task_struct *, unsigned int, u64 *, u64 *)"),
	CT_SYMBOL(common_timer_set, ct_common_timer_set, TIMER_SET),
	CT_SYMBOL(posix_cpu_timer_set, ct_posix_cpu_timer_set, TIMER_SET),
	CT_SYMBOL(thread_group_cputime, ct_thread_group_cputime,
		  "void (struct task_struct *, struct task_cputime *)"),
	{}
};

static const u64 never_blocked = sigmask(SIGKILL) | sigmask(SIGSTOP);

/**
 * ct_signal_record - a record that has to be there
 * @r: the restart
 * @type: which
 * @id: of that
 *
 * Return: its payload; NULL after ct_restart_fail().
 */
const void *ct_signal_record(struct ct_restart *r, u32 type, u32 id)
{
	const struct ct_record *rec = ct_in_find(&r->in, type, id);

	if (rec)
		return rec->payload;
	ct_restart_fail(r, -EINVAL, "the image has no %.4s record for %u",
			(const char *)&type, id);
	return NULL;
}

/* ---- what is done about signals ---- */

static int block_compat(struct ct_save *s, int sig)
{
	char where[16];

	snprintf(where, sizeof(where), "signal %d", sig);
	return ct_block(s, where, "32-bit signal handler",
			"handlers of 32-bit system calls are not saved",
			"use the 64-bit sigaction(2)");
}

static bool is_default(const struct k_sigaction *ka)
{
	return ka->sa.sa_handler == SIG_DFL && !ka->sa.sa_flags &&
	       !ka->sa.sa_mask.sig[0] && !ka->sa.sa_restorer;
}

static unsigned int fill_actions(const struct k_sigaction *ka,
				 struct container_image_sigaction *to)
{
	unsigned int i, n = 0;

	for (i = 0; i < _NSIG; i++) {
		if (is_default(&ka[i]))
			continue;
		to[n].signo = i + 1;
		to[n].handler = (unsigned long)ka[i].sa.sa_handler;
		to[n].flags = ka[i].sa.sa_flags & UAPI_SA_FLAGS;
		to[n].restorer = (unsigned long)ka[i].sa.sa_restorer;
		to[n].mask = ka[i].sa.sa_mask.sig[0];
		n++;
	}
	return n;
}

/**
 * ct_save_sighand - what a process does about signals
 * @s: the checkpoint
 * @task: a thread of it
 * @id: the id of that in the image; processes may share it
 *
 * Return: 0 or a negative errno.
 */
int ct_save_sighand(struct ct_save *s, struct task_struct *task, u32 *id)
{
	struct container_image_sighand *to;
	struct k_sigaction *actions;
	unsigned long flags;
	unsigned int i, n;
	void *sighand;
	int err = 0;

	*id = 0;
	actions = kmalloc(sizeof(task->sighand->action), GFP_KERNEL);
	if (!actions)
		return -ENOMEM;
	if (!ct_lock_sighand(task, &flags))
		goto out;	/* gone */
	sighand = ct_sighand(task);
	memcpy(actions, ct_sighand(task)->action, sizeof(task->sighand->action));
	ct_unlock_sighand(task, &flags);

	err = ct_object_id(&s->sighands, sighand, id);
	if (err <= 0)
		goto out;
	for (i = 0, n = 0, err = 0; i < _NSIG && !err; i++) {
		if (actions[i].sa.sa_flags & (SA_IA32_ABI | SA_X32_ABI))
			err = block_compat(s, i + 1);
		n += !is_default(&actions[i]);
	}
	if (err)
		goto out;
	err = -ENOMEM;
	to = ct_out_record(&s->out, CONTAINER_IMAGE_SIGHAND, *id, sizeof(*to) +
			   n * sizeof(struct container_image_sigaction));
	if (to) {
		to->actions = fill_actions(actions, (void *)(to + 1));
		err = 0;
	}
out:
	kfree(actions);
	return err;
}

/* Any address will do: one that is not the program's is as wrong as before. */
static bool restore_action(const struct container_image_sigaction *from)
{
	struct k_sigaction *ka;

	if (from->signo < 1 || from->signo > _NSIG || sig_kernel_only(from->signo) ||
	    from->flags & ~(u64)UAPI_SA_FLAGS)
		return false;
	ka = &ct_sighand(current)->action[from->signo - 1];
	ka->sa.sa_handler = (__sighandler_t)from->handler;
	ka->sa.sa_flags = from->flags;
	ka->sa.sa_restorer = (__sigrestore_t)from->restorer;
	ka->sa.sa_mask.sig[0] = from->mask & ~never_blocked;
	return true;
}

/**
 * ct_restore_process_signals - do about signals what has been done
 * @t: first thread of the process, current's
 *
 * All is set at once and not by sigaction(2), which would throw away what
 * waits; processes that share it set the same.
 *
 * Return: 0 or a negative errno after ct_restart_fail().
 */
int ct_restore_process_signals(struct ct_rtask *t)
{
	const struct container_image_sigaction *from;
	const struct container_image_sighand *head;
	const struct ct_record *rec;
	bool valid = true;
	unsigned int i;

	rec = ct_in_find(&t->r->in, CONTAINER_IMAGE_SIGHAND, t->prec->sighand);
	if (!rec)
		return ct_restart_fail(t->r, -EINVAL,
				       "the image lacks the signal handlers of process %d",
				       t->nr);
	head = rec->payload;
	from = (const void *)(head + 1);
	if (rec->rec.length != sizeof(*head) + head->actions * sizeof(*from))
		return ct_restart_fail(t->r, -EINVAL,
				       "the signal handlers of process %d are not as many as they should be",
				       t->nr);

	spin_lock_irq(&ct_sighand(current)->siglock);
	memset(ct_sighand(current)->action, 0, sizeof(current->sighand->action));
	for (i = 0; i < head->actions && valid; i++)
		valid = restore_action(&from[i]);
	spin_unlock_irq(&ct_sighand(current)->siglock);
	if (!valid)
		return ct_restart_fail(t->r, -EINVAL,
				       "what process %d does about signal %u is not valid",
				       t->nr, from[i - 1].signo);
	return 0;
}

/* ---- of a process ---- */

static void fill_process(struct container_image_sigprocess *to,
			 const struct task_struct *leader)
{
	const struct signal_struct *sig = leader->signal;

	if (sig->flags & SIGNAL_STOP_STOPPED)
		to->flags |= CONTAINER_IMAGE_SIG_STOPPED;
	else if (sig->group_stop_count)
		to->flags |= CONTAINER_IMAGE_SIG_STOPPING;
	if (sig->flags & SIGNAL_STOP_CONTINUED)
		to->flags |= CONTAINER_IMAGE_SIG_CONTINUED;
	if (sig->flags & SIGNAL_CLD_STOPPED)
		to->flags |= CONTAINER_IMAGE_SIG_TELL_STOP;
	if (sig->flags & SIGNAL_CLD_CONTINUED)
		to->flags |= CONTAINER_IMAGE_SIG_TELL_CONT;
	to->stop_signal = leader->jobctl & JOBCTL_STOP_SIGMASK;
	to->stop_code = sig->group_exit_code;
	to->next_timer = sig->next_posix_timer_id;
}

/**
 * ct_save_process_signals - what waits for a process, its stop and its timers
 * @s: the checkpoint
 * @leader: its first thread
 *
 * The interval timers belong to this, as they and what waits have to be looked
 * at together: SIGALRM must be either to come or there.
 *
 * Return: 0 or a negative errno.
 */
int ct_save_process_signals(struct ct_save *s, struct task_struct *leader)
{
	u32 id = ct_save_nr(s, task_tgid(leader));
	struct container_image_sigprocess now, *to;
	struct ct_pending copy = {};
	unsigned long flags;
	bool done;
	int err;

	if (!s->frozen)
		return 0;	/* nothing of it stands in the way */
	do {
		err = ct_pending_more(&copy);
		if (err)
			return err;
		if (!ct_lock_sighand(leader, &flags))
			goto out;	/* killed meanwhile */
		memset(&now, 0, sizeof(now));
		done = ct_pending_take(&copy, &leader->signal->shared_pending);
		ct_itimers_save(s, leader->signal, &now);
		fill_process(&now, leader);
		ct_unlock_sighand(leader, &flags);
	} while (!done);

	err = -ENOMEM;
	to = ct_out_record(&s->out, CONTAINER_IMAGE_SIGPROCESS, id, sizeof(*to));
	if (!to)
		goto out;
	now.pending = copy.bits;
	*to = now;
	err = ct_pending_save(s, CONTAINER_IMAGE_PENDING_PROCESS, id, &copy);
out:
	kvfree(copy.info);
	return err;
}

/* ---- of a thread ---- */

static void fill_thread(struct container_image_sigthread *to,
			const struct task_struct *task)
{
	if (task->jobctl & JOBCTL_STOP_CONSUME)
		to->flags |= CONTAINER_IMAGE_SIG_YET_TO_STOP;
	if (task->restore_sigmask) {
		to->flags |= CONTAINER_IMAGE_SIG_GO_BACK;
		to->saved = task->saved_sigmask.sig[0];
	}
	to->altstack = task->sas_ss_sp;
	to->altstack_size = task->sas_ss_size;
	to->altstack_flags = task->sas_ss_flags;
	to->blocked = task->blocked.sig[0];
}

/**
 * ct_save_thread_signals - what a thread blocks, what waits for it, its stack
 * @s: the checkpoint
 * @task: the thread
 *
 * A system call that blocks signals of its own meanwhile (ppoll(2),
 * sigsuspend(2)) was interrupted by the freeze, and has not been told yet: it
 * is decided after the thaw whether the call begins anew or a handler runs.
 *
 * Return: 0 or a negative errno.
 */
int ct_save_thread_signals(struct ct_save *s, struct task_struct *task)
{
	struct container_image_sigthread now, *to;
	u32 id = ct_save_nr(s, task_pid(task));
	struct ct_pending copy = {};
	unsigned long flags;
	bool done;
	int err;

	if (!s->frozen)
		return 0;	/* nothing of it stands in the way */
	do {
		err = ct_pending_more(&copy);
		if (err)
			return err;
		if (!ct_lock_sighand(task, &flags))
			goto out;	/* killed meanwhile */
		memset(&now, 0, sizeof(now));
		done = ct_pending_take(&copy, &task->pending);
		fill_thread(&now, task);
		ct_unlock_sighand(task, &flags);
	} while (!done);

	err = -ENOMEM;
	to = ct_out_record(&s->out, CONTAINER_IMAGE_SIGTHREAD, id, sizeof(*to));
	if (!to)
		goto out;
	now.pending = copy.bits;
	*to = now;
	err = ct_pending_save(s, CONTAINER_IMAGE_PENDING_THREAD, id, &copy);
out:
	kvfree(copy.info);
	return err;
}

/**
 * ct_restore_thread_signals - give a thread its stack for handlers, and block all
 * @t: current's
 *
 * What it is to block is set by ct_restore_start().
 *
 * Return: 0 or a negative errno after ct_restart_fail().
 */
int ct_restore_thread_signals(struct ct_rtask *t)
{
	const struct container_image_sigthread *from;

	from = ct_signal_record(t->r, CONTAINER_IMAGE_SIGTHREAD, t->nr);
	if (!from)
		return -EINVAL;
	if (from->flags & ~(CONTAINER_IMAGE_SIG_YET_TO_STOP |
			    CONTAINER_IMAGE_SIG_GO_BACK) ||
	    from->altstack_flags & ~ALTSTACK_FLAGS)
		return ct_restart_fail(t->r, -EINVAL,
				       "the signals of thread %d are not valid",
				       t->nr);
	spin_lock_irq(&ct_sighand(current)->siglock);
	current->sas_ss_sp = from->altstack;
	current->sas_ss_size = from->altstack_size;
	current->sas_ss_flags = from->altstack_flags;
	current->saved_sigmask.sig[0] = from->saved & ~never_blocked;
	current->restore_sigmask = !!(from->flags & CONTAINER_IMAGE_SIG_GO_BACK);
	current->blocked.sig[0] = ~never_blocked;
	spin_unlock_irq(&ct_sighand(current)->siglock);
	return 0;
}

/* ---- right before they start ---- */

static u32 stop_signal(const struct container_image_sigprocess *from)
{
	return from->stop_signal ?: SIGSTOP;
}

static int check_process(struct ct_rtask *t,
			 const struct container_image_sigprocess *from)
{
	u32 stop = from->flags & (CONTAINER_IMAGE_SIG_STOPPED |
				  CONTAINER_IMAGE_SIG_STOPPING);

	if (from->flags & ~(2 * CONTAINER_IMAGE_SIG_REAL - 1) ||
	    stop == (CONTAINER_IMAGE_SIG_STOPPED | CONTAINER_IMAGE_SIG_STOPPING) ||
	    !valid_signal(from->stop_signal) || !sig_kernel_stop(stop_signal(from)) ||
	    !valid_signal(from->stop_code) ||
	    from->next_timer > INT_MAX || from->real_interval > KTIME_MAX ||
	    from->real > KTIME_MAX / 2 || from->real < -KTIME_MAX / 2 ||
	    from->virt > S64_MAX || from->virt_interval > S64_MAX ||
	    from->prof > S64_MAX || from->prof_interval > S64_MAX)
		return ct_restart_fail(t->r, -EINVAL,
				       "the signals of process %d are not valid",
				       t->nr);
	return 0;
}

/*
 * A thread that is to stop does so when it goes on, as one does that is made in
 * a process that has stopped: the parent has been told already, and what waits
 * for it says so.
 */
static void stop_thread(struct task_struct *task,
			const struct container_image_sigprocess *from, u32 flags)
{
	if (!(from->flags & (CONTAINER_IMAGE_SIG_STOPPED |
			     CONTAINER_IMAGE_SIG_STOPPING)))
		return;
	task->jobctl &= ~JOBCTL_STOP_SIGMASK;
	task->jobctl |= JOBCTL_STOP_PENDING | stop_signal(from);
	if (!(from->flags & CONTAINER_IMAGE_SIG_STOPPING) ||
	    !(flags & CONTAINER_IMAGE_SIG_YET_TO_STOP))
		return;
	task->jobctl |= JOBCTL_STOP_CONSUME;
	task->signal->group_stop_count++;
}

static int thread_starts(struct ct_rtask *t,
			 const struct container_image_sigprocess *process)
{
	const struct container_image_sigthread *from;
	struct task_struct *task = t->task;
	unsigned long flags;

	from = ct_signal_record(t->r, CONTAINER_IMAGE_SIGTHREAD, t->nr);
	if (!from)
		return -EINVAL;
	if (!ct_lock_sighand(task, &flags))
		return 0;	/* killed meanwhile */
	if (!fatal_signal_pending(task) && !(task->flags & PF_EXITING) &&
	    !(task->signal->flags & SIGNAL_GROUP_EXIT)) {
		task->pending.signal.sig[0] |= from->pending & ~sigmask(SIGKILL);
		task->blocked.sig[0] = from->blocked & ~never_blocked;
		stop_thread(task, process, from->flags);
		/* It looks for itself what of all that it has to do. */
		set_tsk_thread_flag(task, TIF_SIGPENDING);
	}
	ct_unlock_sighand(task, &flags);
	return 0;
}

static void process_starts(struct ct_rtask *t,
			   const struct container_image_sigprocess *from)
{
	struct task_struct *task = t->task;
	struct signal_struct *sig;
	unsigned long flags;
	unsigned int set = 0;

	if (from->flags & CONTAINER_IMAGE_SIG_STOPPED)
		set |= SIGNAL_STOP_STOPPED;
	if (from->flags & CONTAINER_IMAGE_SIG_CONTINUED)
		set |= SIGNAL_STOP_CONTINUED;
	if (from->flags & CONTAINER_IMAGE_SIG_TELL_STOP)
		set |= SIGNAL_CLD_STOPPED;
	if (from->flags & CONTAINER_IMAGE_SIG_TELL_CONT)
		set |= SIGNAL_CLD_CONTINUED;

	if (!ct_lock_sighand(task, &flags))
		return;		/* killed meanwhile */
	sig = task->signal;
	if (!(sig->flags & SIGNAL_GROUP_EXIT)) {
		sig->shared_pending.signal.sig[0] |= from->pending &
						     ~sigmask(SIGKILL);
		sig->flags = (sig->flags & ~SIGNAL_STOP_MASK) | set;
		sig->group_exit_code = from->stop_code;
		sig->group_stop_count = 0;
		sig->next_posix_timer_id = from->next_timer;
		ct_itimers_start(t, from);
	}
	ct_unlock_sighand(task, &flags);
}

/**
 * ct_restore_start - let signals, stops and timers of a process begin
 * @t: its first thread
 *
 * In this order: what waits, so that it comes before what the timers will send;
 * the timers; and what the threads block, and that they stop.
 *
 * Context: may sleep; not in the process. All of its threads are parked, but may
 * be killed at any time.
 * Return: 0 or a negative errno after ct_restart_fail().
 */
int ct_restore_start(struct ct_rtask *t)
{
	const struct container_image_sigprocess *from;
	struct ct_rtask *thread;
	int err;

	if (!t->rec)
		return 0;	/* a zombie */
	/* Timers may refer to the time of any process. */
	if (t == t->r->root)
		ct_used_restore(t->r);

	from = ct_signal_record(t->r, CONTAINER_IMAGE_SIGPROCESS, t->nr);
	if (!from)
		return -EINVAL;
	err = check_process(t, from);
	if (!err)
		err = ct_pending_queue(t, CONTAINER_IMAGE_PENDING_PROCESS, t->task);
	if (!err)
		err = ct_pending_queue(t, CONTAINER_IMAGE_PENDING_THREAD, t->task);
	list_for_each_entry(thread, &t->threads, thread) {
		if (!err)
			err = ct_pending_queue(thread, CONTAINER_IMAGE_PENDING_THREAD,
					       thread->task);
	}
	if (!err)
		err = ct_timers_start(t);
	if (err)
		return err;

	process_starts(t, from);
	err = thread_starts(t, from);
	list_for_each_entry(thread, &t->threads, thread) {
		if (!err)
			err = thread_starts(thread, from);
	}
	return err;
}
