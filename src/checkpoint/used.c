// SPDX-License-Identifier: GPL-2.0
/*
 * The time that processes have used, and what else getrusage(2) tells of them:
 * clocks such as CLOCK_PROCESS_CPUTIME_ID must not go backwards in a program, and
 * timers and limits refer to them.
 */
#include <linux/mm.h>
#include <linux/sched/cputime.h>
#include <linux/sched/mm.h>
#include <linux/seqlock.h>
#include <linux/slab.h>

#include "checkpoint/signal.h"

/* No counter can be as high, and sums of them do not overflow. */
#define USED_MAX	BIT_ULL(56)

struct thread {
	u32 nr;
	struct container_image_used_thread used;
};

static u64 sane(u64 counter)
{
	return min(counter, USED_MAX);
}

static void save_thread(struct container_image_used_thread *to,
			const struct task_struct *from)
{
	to->utime = from->utime;
	to->stime = from->stime;
	to->gtime = from->gtime;
	to->nvcsw = from->nvcsw;
	to->nivcsw = from->nivcsw;
	to->min_flt = from->min_flt;
	to->maj_flt = from->maj_flt;
	to->runtime = from->se.sum_exec_runtime;
}

/* In pages: that of programs it was before, and of the one that it is. */
static unsigned long most_memory(struct task_struct *leader)
{
	unsigned long most = leader->signal->maxrss;
	struct mm_struct *mm = get_task_mm(leader);

	if (mm) {
		setmax_mm_hiwater_rss(&most, mm);
		mmput(mm);
	}
	return most;
}

static int save_process(struct ct_save *s, u32 id, struct task_struct *leader)
{
	const struct signal_struct *from = leader->signal;
	struct container_image_used_process *to;

	to = ct_out_record(&s->out, CONTAINER_IMAGE_USED_PROCESS, id, sizeof(*to));
	if (!to)
		return -ENOMEM;
	to->utime = from->utime;
	to->stime = from->stime;
	to->gtime = from->gtime;
	to->nvcsw = from->nvcsw;
	to->nivcsw = from->nivcsw;
	to->min_flt = from->min_flt;
	to->maj_flt = from->maj_flt;
	to->inblock = from->inblock;
	to->oublock = from->oublock;
	to->maxrss = most_memory(leader);
	to->cutime = from->cutime;
	to->cstime = from->cstime;
	to->cgtime = from->cgtime;
	to->cnvcsw = from->cnvcsw;
	to->cnivcsw = from->cnivcsw;
	to->cmin_flt = from->cmin_flt;
	to->cmaj_flt = from->cmaj_flt;
	to->cinblock = from->cinblock;
	to->coublock = from->coublock;
	to->cmaxrss = from->cmaxrss;
	to->runtime = from->sum_sched_runtime;
	return 0;
}

/* Returns how many there are; no more than @room of them are saved. */
static unsigned int take_threads(struct ct_save *s, struct task_struct *leader,
				 struct thread *threads, unsigned int room)
{
	struct task_struct *task;
	unsigned int n = 0;

	rcu_read_lock();
	for_each_thread(leader, task) {
		if (n < room) {
			threads[n].nr = ct_save_nr(s, task_pid(task));
			save_thread(&threads[n].used, task);
		}
		n++;
	}
	rcu_read_unlock();
	return n;
}

/**
 * ct_used_save - append what a process and its threads have used
 * @s: the checkpoint; all is frozen
 * @leader: first thread of the process
 *
 * Return: 0 or -ENOMEM.
 */
int ct_used_save(struct ct_save *s, struct task_struct *leader)
{
	unsigned int i, n, room = take_threads(s, leader, NULL, 0);
	struct container_image_used_thread *to;
	struct thread *threads;
	int err;

	err = save_process(s, ct_save_nr(s, task_tgid(leader)), leader);
	if (err)
		return err;
	threads = kvcalloc(room, sizeof(*threads), GFP_KERNEL);
	if (!threads)
		return -ENOMEM;
	n = min(take_threads(s, leader, threads, room), room);
	for (i = 0; i < n && !err; i++) {
		if (!threads[i].nr)
			continue;	/* killed meanwhile */
		to = ct_out_record(&s->out, CONTAINER_IMAGE_USED_THREAD,
				   threads[i].nr, sizeof(*to));
		if (to)
			*to = threads[i].used;
		else
			err = -ENOMEM;
	}
	kvfree(threads);
	return err;
}

static void restore_thread(struct task_struct *to,
			   const struct container_image_used_thread *from)
{
	to->utime = sane(from->utime);
	to->stime = sane(from->stime);
	to->gtime = sane(from->gtime);
	to->nvcsw = sane(from->nvcsw);
	to->nivcsw = sane(from->nivcsw);
	to->min_flt = sane(from->min_flt);
	to->maj_flt = sane(from->maj_flt);
	to->se.sum_exec_runtime = sane(from->runtime);
}

static void restore_process(struct task_struct *leader,
			    const struct container_image_used_process *from)
{
	struct signal_struct *to = leader->signal;
	unsigned long flags;

	if (!ct_lock_sighand(leader, &flags))
		return;		/* killed meanwhile */
	write_seqlock(&to->stats_lock);
	to->utime = sane(from->utime);
	to->stime = sane(from->stime);
	to->gtime = sane(from->gtime);
	to->nvcsw = sane(from->nvcsw);
	to->nivcsw = sane(from->nivcsw);
	to->min_flt = sane(from->min_flt);
	to->maj_flt = sane(from->maj_flt);
	to->inblock = sane(from->inblock);
	to->oublock = sane(from->oublock);
	to->maxrss = sane(from->maxrss);
	to->cutime = sane(from->cutime);
	to->cstime = sane(from->cstime);
	to->cgtime = sane(from->cgtime);
	to->cnvcsw = sane(from->cnvcsw);
	to->cnivcsw = sane(from->cnivcsw);
	to->cmin_flt = sane(from->cmin_flt);
	to->cmaj_flt = sane(from->cmaj_flt);
	to->cinblock = sane(from->cinblock);
	to->coublock = sane(from->coublock);
	to->cmaxrss = sane(from->cmaxrss);
	to->sum_sched_runtime = sane(from->runtime);
	write_sequnlock(&to->stats_lock);
	ct_unlock_sighand(leader, &flags);
}

/* What process timers go by, as soon as there are some, or an RLIMIT_CPU. */
static void restore_sample(struct task_struct *leader)
{
	struct task_cputime_atomic *to = &leader->signal->cputimer.cputime_atomic;
	struct task_cputime sum;

	static_call(ct_thread_group_cputime)(leader, &sum);
	atomic64_set(&to->utime, sum.utime);
	atomic64_set(&to->stime, sum.stime);
	atomic64_set(&to->sum_exec_runtime, sum.sum_exec_runtime);
}

/**
 * ct_used_restore - set what all processes have used
 * @r: the restart
 *
 * What they have used in the kernel to restore themselves does not count.  They
 * are parked, so nothing of it changes meanwhile; in one that has just been
 * killed it does no harm to be wrong.
 *
 * Context: process context, not in one of them.
 */
void ct_used_restore(struct ct_restart *r)
{
	const struct ct_record *rec;
	struct ct_rtask *t;
	unsigned long nr;

	xa_for_each(&r->tasks, nr, t) {
		rec = ct_in_find(&r->in, CONTAINER_IMAGE_USED_THREAD, nr);
		if (rec && t->task)
			restore_thread(t->task, rec->payload);
	}
	xa_for_each(&r->tasks, nr, t) {
		if (!t->task || t->process != t)
			continue;
		rec = ct_in_find(&r->in, CONTAINER_IMAGE_USED_PROCESS, nr);
		if (rec)
			restore_process(t->task, rec->payload);
		restore_sample(t->task);
	}
}
