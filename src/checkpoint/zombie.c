// SPDX-License-Identifier: GPL-2.0
/*
 * Processes that have ended and have not been waited for: there is nothing in them
 * that goes on, but their parents will ask how they ended, whose they were and what
 * they used, and everybody can see what they are called.
 */
#include <linux/sched/signal.h>
#include <linux/string.h>

#include "checkpoint/restart.h"
#include "checkpoint/signal.h"
#include "checkpoint/task.h"

/**
 * ct_save_zombie - how a process has ended
 * @s: the checkpoint
 * @leader: its first thread
 * @rec: to here
 *
 * Context: may sleep.
 * Return: 0 or -ENOMEM.
 */
int ct_save_zombie(struct ct_save *s, struct task_struct *leader,
		   struct container_image_process *rec)
{
	const struct signal_struct *signal = leader->signal;

	rec->flags |= CONTAINER_IMAGE_ZOMBIE;
	/* The process's may be another than that of its first thread: see wait(2). */
	rec->exit_code = signal->flags & SIGNAL_GROUP_EXIT ?
			 signal->group_exit_code : leader->exit_code;
	if (thread_group_empty(leader))
		return 0;
	return ct_block(s, "-", "main thread ended",
			"the first thread of the process has ended, and others go on",
			"have the program keep its first thread");
}

static int save_name(struct ct_save *s, struct task_struct *leader)
{
	struct container_image_comm *rec;

	rec = ct_out_optional(&s->out, CONTAINER_IMAGE_COMM,
			      ct_save_nr(s, task_tgid(leader)), sizeof(*rec));
	if (!rec)
		return -ENOMEM;
	get_task_comm(rec->comm, leader);
	return 0;
}

/**
 * ct_save_remains - append what is left of a process that has ended
 * @s: the checkpoint
 * @leader: its first thread
 *
 * Context: may sleep.
 * Return: 0 or -ENOMEM.
 */
int ct_save_remains(struct ct_save *s, struct task_struct *leader)
{
	int err = ct_save_zombie_credentials(s, leader);

	if (!err)
		err = save_name(s, leader);
	if (!err && s->frozen)
		err = ct_used_save(s, leader);
	return err;
}

static int restore_name(struct ct_rtask *t)
{
	const struct ct_record *record = ct_thread_record(t, CONTAINER_IMAGE_COMM);
	const struct container_image_comm *rec;

	if (!record)
		return 0;
	rec = record->payload;
	if (!memchr(rec->comm, 0, sizeof(rec->comm)))
		return ct_restart_fail(t->r, -EINVAL,
				       "the image has an impossible name of process %d",
				       t->nr);
	task_lock(current);
	strscpy_pad(current->comm, rec->comm, sizeof(current->comm));
	task_unlock(current);
	return 0;
}

/**
 * ct_restore_remains - give current what is to be left of it
 * @t: current's, a process that is to end at once
 *
 * What it has used is set later, for all processes.
 *
 * Context: process context, in the task.
 * Return: 0 or a negative errno.
 */
int ct_restore_remains(struct ct_rtask *t)
{
	return restore_name(t) ?: ct_restore_credentials(t);
}
