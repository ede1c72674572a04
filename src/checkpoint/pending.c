// SPDX-License-Identifier: GPL-2.0
/*
 * Signals that wait.
 *
 * A timer has a queue entry of its own, made with it.  Which of them wait is
 * known best from the timers, as a clock may tick between looking here and
 * there; what is saved here of them is their place.
 */
#include <linux/mm.h>
#include <linux/signal.h>
#include <linux/slab.h>

#include "checkpoint/signal.h"

/* In one record, so that no single piece of memory gets large. */
#define PENDING_CHUNK	1024

static_assert(sizeof(kernel_siginfo_t) == sizeof(struct container_image_siginfo));
static_assert(offsetof(kernel_siginfo_t, _sifields) ==
	      offsetof(struct container_image_siginfo, fields));
static_assert(_NSIG == 64);

/**
 * ct_pending_take - copy what waits
 * @copy: where to
 * @pending: what
 *
 * Context: with the siglock held.
 * Return: false if there was no room for all; ct_pending_more() gives more.
 */
bool ct_pending_take(struct ct_pending *copy, const struct sigpending *pending)
{
	struct container_image_siginfo *to;
	const struct sigqueue *q;

	copy->bits = pending->signal.sig[0];
	copy->count = 0;
	list_for_each_entry(q, &pending->list, list) {
		if (copy->count == copy->room)
			return false;
		to = &copy->info[copy->count++];
		to->signo = q->info.si_signo;
		to->error = q->info.si_errno;
		to->code = q->info.si_code;
		to->flags = q->flags & SIGQUEUE_PREALLOC ?
			    CONTAINER_IMAGE_SIGINFO_TIMER : 0;
		memcpy(to->fields, &q->info._sifields, sizeof(to->fields));
	}
	return true;
}

/**
 * ct_pending_more - make room for more
 * @copy: for what; all zeros the first time
 *
 * Return: 0 or -ENOMEM.
 */
int ct_pending_more(struct ct_pending *copy)
{
	unsigned int room = copy->room ? 2 * copy->room : 32;

	kvfree(copy->info);
	copy->room = 0;
	copy->info = kvcalloc(room, sizeof(*copy->info), GFP_KERNEL);
	if (!copy->info)
		return -ENOMEM;
	copy->room = room;
	return 0;
}

/**
 * ct_pending_save - append records of what waits
 * @s: the checkpoint
 * @type: CONTAINER_IMAGE_PENDING_PROCESS or CONTAINER_IMAGE_PENDING_THREAD
 * @id: of what
 * @copy: what waits
 *
 * Return: 0 or -ENOMEM.
 */
int ct_pending_save(struct ct_save *s, u32 type, u32 id, struct ct_pending *copy)
{
	unsigned int i, n;
	void *to;

	for (i = 0; i < copy->count; i += n) {
		n = min_t(unsigned int, copy->count - i, PENDING_CHUNK);
		to = ct_out_record(&s->out, type, id, n * sizeof(*copy->info));
		if (!to)
			return -ENOMEM;
		memcpy(to, copy->info + i, n * sizeof(*copy->info));
	}
	return 0;
}

/* The timer has the entry; its signal has what the image says of it. */
static int queue_timer(struct sigpending *pending, struct signal_struct *sig,
		       const kernel_siginfo_t *info)
{
	struct k_itimer *timer = ct_timer_find(sig, info->si_tid);

	if (!timer || timer->sigq->info.si_signo != info->si_signo ||
	    !list_empty(&timer->sigq->list))
		return -EINVAL;
	timer->sigq->info.si_overrun = info->si_overrun;
	list_add_tail(&timer->sigq->list, &pending->list);
	sigaddset(&pending->signal, info->si_signo);
	return 0;
}

/*
 * The kernel's own function allocates and counts the entry.  It thinks that we
 * send the signal, and takes the sender's number for one that the receiver
 * cannot see; all of them were translated when they were sent.
 *
 * Several entries of one of the signals below SIGRTMIN may wait: those of timers
 * that were deleted meanwhile.
 */
static int queue_signal(struct task_struct *task, struct sigpending *pending,
			enum pid_type type, const kernel_siginfo_t *info)
{
	bool waits = sigismember(&pending->signal, info->si_signo);
	struct list_head *last = pending->list.prev;
	kernel_siginfo_t copy = *info;
	struct sigqueue *q;
	int err;

	sigdelset(&pending->signal, info->si_signo);
	err = static_call(ct_send_signal_locked)(info->si_signo, &copy, task, type);
	if (waits)
		sigaddset(&pending->signal, info->si_signo);
	if (err)
		return err;
	q = list_last_entry(&pending->list, struct sigqueue, list);
	if (list_empty(&pending->list) || &q->list == last)
		return task->signal->flags & SIGNAL_GROUP_EXIT ? 0 : -EAGAIN;
	q->info = *info;
	return 0;
}

static int queue_one(struct task_struct *task, enum pid_type type,
		     const struct container_image_siginfo *from)
{
	struct sigpending *pending;
	kernel_siginfo_t info;
	unsigned long flags;
	int err;

	if (from->signo < 1 || from->signo > _NSIG || from->signo == SIGKILL ||
	    from->flags & ~CONTAINER_IMAGE_SIGINFO_TIMER)
		return -EINVAL;
	clear_siginfo(&info);
	info.si_signo = from->signo;
	info.si_errno = from->error;
	info.si_code = from->code;
	memcpy(&info._sifields, from->fields, sizeof(from->fields));

	if (!ct_lock_sighand(task, &flags))
		return 0;	/* killed meanwhile */
	pending = type == PIDTYPE_PID ? &task->pending :
					&task->signal->shared_pending;
	if (from->flags & CONTAINER_IMAGE_SIGINFO_TIMER)
		err = queue_timer(pending, task->signal, &info);
	else
		err = queue_signal(task, pending, type, &info);
	ct_unlock_sighand(task, &flags);
	return err;
}

/**
 * ct_pending_queue - let signals wait for a restored process or thread
 * @t: the thread, or the first one of the process
 * @type: CONTAINER_IMAGE_PENDING_PROCESS or CONTAINER_IMAGE_PENDING_THREAD
 * @task: its task; parked, and blocks all signals
 *
 * Context: may sleep; not in the task.
 * Return: 0 or a negative errno after ct_restart_fail().
 */
int ct_pending_queue(struct ct_rtask *t, u32 type, struct task_struct *task)
{
	enum pid_type to = type == CONTAINER_IMAGE_PENDING_THREAD ? PIDTYPE_PID :
								    PIDTYPE_TGID;
	const struct container_image_siginfo *info;
	const struct ct_record *rec;
	size_t i, n;
	int err;

	for (rec = ct_in_find(&t->r->in, type, t->nr); rec; rec = ct_in_next(rec)) {
		info = rec->payload;
		n = rec->rec.length / sizeof(*info);
		for (i = 0; i < n; i++) {
			err = queue_one(task, to, &info[i]);
			if (err == -EAGAIN)
				return ct_restart_fail(t->r, err,
						       "the signals that wait for %d are more than RLIMIT_SIGPENDING allows",
						       t->nr);
			if (err)
				return ct_restart_fail(t->r, err,
						       "signal %d that waits for %d is not a valid one",
						       info[i].signo, t->nr);
			cond_resched();
		}
	}
	return 0;
}
