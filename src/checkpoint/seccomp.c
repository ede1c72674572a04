// SPDX-License-Identifier: GPL-2.0
/*
 * Filters of system calls.
 *
 * The kernel keeps the programs that it was given, for checkpoints, and hands
 * them out to user space: so there is a piece of the user memory of who takes
 * the checkpoint for them to pass through.  They are given back by seccomp(2).
 *
 * Threads of a process mostly have the same filters, and may add further ones
 * for all of them as long as the kernel sees that they are the same.  So the
 * first thread installs them for all.
 */
#include <linux/filter.h>
#include <linux/mman.h>
#include <linux/seccomp.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/uaccess.h>
#include <uapi/linux/ptrace.h>

#include "checkpoint/checkpoint.h"
#include "checkpoint/syscall.h"
#include "checkpoint/task.h"
#include "hook/symbols.h"

DEFINE_STATIC_CALL_NULL(ct_seccomp_get_filter, seccomp_get_filter);
DEFINE_STATIC_CALL_NULL(ct_seccomp_get_metadata, seccomp_get_metadata);

#define PROGRAM_SIZE	(BPF_MAXINSNS * sizeof(struct sock_filter))
/* What else passes through, behind it. */
#define ROOM		(PROGRAM_SIZE + PAGE_SIZE)

static void __user *map_room(void)
{
	unsigned long addr = vm_mmap(NULL, 0, ROOM, PROT_READ | PROT_WRITE,
				     MAP_PRIVATE | MAP_ANONYMOUS, 0);

	return (void __user *)addr;
}

static void unmap_room(void __user *room)
{
	vm_munmap((unsigned long)room, ROOM);
}

/* ---- saving ---- */

/*
 * A filter may leave it to another process what becomes of a call, and that is
 * connected to the filter itself.
 */
static bool may_notify(const struct sock_filter *program, long length)
{
	long i;

	for (i = 0; i < length; i++) {
		if (BPF_CLASS(program[i].code) != BPF_RET)
			continue;
		if (BPF_RVAL(program[i].code) == BPF_A ||
		    (program[i].k & SECCOMP_RET_ACTION_FULL) ==
		    SECCOMP_RET_USER_NOTIF)
			return true;
	}
	return false;
}

static int get_flags(struct task_struct *task, unsigned long n,
		     void __user *room, struct container_image_filter *rec)
{
	struct seccomp_metadata data = { .filter_off = n };
	void __user *arg = room + PROGRAM_SIZE;
	long err;

	if (copy_to_user(arg, &data, sizeof(data)))
		return -EFAULT;
	err = static_call(ct_seccomp_get_metadata)(task, sizeof(data), arg);
	if (err < 0)
		return err;
	if (copy_from_user(&data, arg, sizeof(data)))
		return -EFAULT;
	if (data.flags & SECCOMP_FILTER_FLAG_LOG)
		rec->flags = CONTAINER_IMAGE_FILTER_LOG;
	return 0;
}

/* Return: 0; -ENOENT: that was all. */
static long save_filter(struct ct_save *s, struct task_struct *task,
			unsigned long n, void __user *room)
{
	struct container_image_filter *rec;
	long length, err;

	length = static_call(ct_seccomp_get_filter)(task, n, room);
	if (length < 0)
		return length;
	rec = ct_out_record(&s->out, CONTAINER_IMAGE_FILTER,
			    ct_save_nr(s, task_pid(task)),
			    sizeof(*rec) + length * sizeof(struct sock_filter));
	if (!rec)
		return -ENOMEM;
	rec->length = length;
	if (copy_from_user(rec + 1, room, length * sizeof(struct sock_filter)))
		return -EFAULT;
	err = get_flags(task, n, room, rec);
	if (err)
		return err;
	if (may_notify((struct sock_filter *)(rec + 1), length))
		return ct_block_thread(s, task, "seccomp filter",
				       "a filter of its system calls may ask another process what to do",
				       "let the program run without its supervisor");
	return 0;
}

static int save_filters(struct ct_save *s, struct task_struct *task)
{
	void __user *room = map_room();
	unsigned long n = 0;
	long err;

	if (IS_ERR(room))
		return PTR_ERR(room);
	do {
		err = save_filter(s, task, n++, room);
	} while (!err);
	unmap_room(room);
	if (err == -EMEDIUMTYPE)
		return ct_block_thread(s, task, "seccomp filter",
				       "a filter of its system calls is of a kind that cannot be read",
				       "let the program run without its sandbox");
	return err == -ENOENT ? 0 : err;
}

static bool has_those_of_first(const struct task_struct *task)
{
	const struct task_struct *first = task->group_leader;

	return task != first && first->seccomp.mode == SECCOMP_MODE_FILTER &&
	       first->seccomp.filter == task->seccomp.filter;
}

/**
 * ct_save_seccomp - save what system calls a thread may not make
 * @s: the checkpoint
 * @task: thread
 * @flags: of its record; added to
 *
 * Context: may sleep; current has user memory.
 * Return: 0 or a negative errno.
 */
int ct_save_seccomp(struct ct_save *s, struct task_struct *task, u32 *flags)
{
	switch (READ_ONCE(task->seccomp.mode)) {
	case SECCOMP_MODE_DISABLED:
		return 0;
	case SECCOMP_MODE_STRICT:
		*flags |= CONTAINER_IMAGE_SECCOMP_STRICT;
		return 0;
	}
	if (current->seccomp.mode != SECCOMP_MODE_DISABLED)
		return ct_block_thread(s, task, "seccomp filter",
				       "its system calls are filtered, which who is under a filter may not read",
				       "take the checkpoint with a program that has no sandbox");
	if (!s->frozen)
		return 0;
	if (!has_those_of_first(task))
		return save_filters(s, task);
	*flags |= CONTAINER_IMAGE_SECCOMP_FIRST;
	return 0;
}

/* ---- restarting ---- */

static bool is_as_first(const struct ct_rtask *t)
{
	const struct container_image_thread *rec;

	if (!t->rec)
		return true;	/* lends its number, and ends */
	rec = t->rec->payload;
	return rec->flags & CONTAINER_IMAGE_SECCOMP_FIRST;
}

/* Do all threads of a process have the same? */
static bool are_same(const struct ct_rtask *first)
{
	const struct ct_rtask *thread;

	list_for_each_entry(thread, &first->threads, thread)
		if (!is_as_first(thread))
			return false;
	return true;
}

static long install(const struct ct_record *record, unsigned long how,
		    void __user *room)
{
	const struct container_image_filter *rec = record->payload;
	struct sock_fprog program = {
		.len = rec->length,
		.filter = (struct sock_filter __user *)room,
	};
	void __user *arg = room + PROGRAM_SIZE;

	if (!rec->length || rec->length > BPF_MAXINSNS ||
	    rec->flags & ~CONTAINER_IMAGE_FILTER_LOG ||
	    record->rec.length != sizeof(*rec) +
				  rec->length * sizeof(struct sock_filter))
		return -EINVAL;
	if (copy_to_user(room, rec + 1,
			 rec->length * sizeof(struct sock_filter)) ||
	    copy_to_user(arg, &program, sizeof(program)))
		return -EFAULT;
	if (rec->flags & CONTAINER_IMAGE_FILTER_LOG)
		how |= SECCOMP_FILTER_FLAG_LOG;
	return ct_sys(seccomp, SECCOMP_SET_MODE_FILTER, how, arg);
}

static int install_all(struct ct_rtask *t, const struct ct_record *record,
		       unsigned long how)
{
	void __user *room = map_room();
	long err = 0;

	if (IS_ERR(room))
		return ct_restart_fail(t->r, PTR_ERR(room),
				       "thread %d has no room for its seccomp filters",
				       t->nr);
	for (; record && !err; record = ct_in_next(record))
		err = install(record, how, room);
	unmap_room(room);
	if (err)
		return ct_restart_fail(t->r, err < 0 ? err : -EINVAL,
				       "thread %d cannot have its seccomp filters (%ld)",
				       t->nr, err);
	return 0;
}

/**
 * ct_restore_seccomp - give current its filters
 * @t: current's
 *
 * They count when a system call is entered, so not for what current still does
 * here.  What they do to speculation is restored by itself.
 *
 * Context: process context, in the task; in the first thread of a process before
 * its limits, and in all before their credentials.
 * Return: 0 or a negative errno.
 */
int ct_restore_seccomp(struct ct_rtask *t)
{
	unsigned long how = SECCOMP_FILTER_FLAG_SPEC_ALLOW;
	bool all = are_same(t->process);
	const struct ct_rtask *source = t;
	const struct ct_record *record;

	if (t != t->process && is_as_first(t)) {
		if (all)
			return 0;
		source = t->process;
	}
	record = ct_thread_record(source, CONTAINER_IMAGE_FILTER);
	if (!record)
		return 0;
	if (all && !list_empty(&t->threads))
		how |= SECCOMP_FILTER_FLAG_TSYNC;
	return install_all(t, record, how);
}
