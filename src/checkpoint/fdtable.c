// SPDX-License-Identifier: GPL-2.0
/* Tables of descriptors. */
#include <linux/fcntl.h>
#include <linux/fdtable.h>
#include <linux/file.h>
#include <linux/pipe_fs_i.h>
#include <linux/resource.h>
#include <linux/sched/signal.h>
#include <linux/sched/task.h>
#include <linux/slab.h>
#include <linux/task_work.h>

#include "checkpoint/checkpoint.h"
#include "checkpoint/files.h"
#include "checkpoint/outside.h"
#include "checkpoint/syscall.h"
#include "hook/symbols.h"

DEFINE_STATIC_CALL_NULL(ct_create_pipe_files, create_pipe_files);
DEFINE_STATIC_CALL_NULL(ct_put_files_struct, put_files_struct);
DEFINE_STATIC_CALL_NULL(ct_replace_fd, replace_fd);
DEFINE_STATIC_CALL_NULL(ct_task_work_run, task_work_run);

const struct ct_symbol ct_symbols_file[] = {
	CT_SYMBOL(create_pipe_files, ct_create_pipe_files,
		  "int (struct file **, int)"),
	CT_SYMBOL(put_files_struct, ct_put_files_struct,
		  "void (struct files_struct *)"),
	CT_SYMBOL(replace_fd, ct_replace_fd,
		  "int (unsigned int, struct file *, unsigned int)"),
	CT_SYMBOL(task_work_run, ct_task_work_run, "void (void)"),
	{}
};

/* Descriptors in one record. */
#define BATCH	256

/* ---- saving ---- */

/**
 * struct batch - descriptors on their way into a record
 * @table: id of the table
 * @count: how many
 * @fds: these
 */
struct batch {
	u32 table;
	unsigned int count;
	struct container_image_fd fds[BATCH];
};

static int flush_batch(struct ct_save *s, struct batch *b)
{
	size_t size = b->count * sizeof(b->fds[0]);
	struct container_image_fdtable *rec;

	rec = ct_out_record(&s->out, CONTAINER_IMAGE_FDTABLE, b->table,
			    sizeof(*rec) + size);
	if (!rec)
		return -ENOMEM;
	rec->count = b->count;
	memcpy(rec + 1, b->fds, size);
	b->count = 0;
	return 0;
}

/*
 * The first open descriptor from @fd->fd on. A running task may have another table
 * by now, or none: then there is nothing more.
 */
static struct file *next_fd(struct task_struct *task, struct files_struct *files,
			    struct container_image_fd *fd)
{
	struct file *file = NULL;
	struct fdtable *fdt;

	task_lock(task);
	if (task->files != files)
		goto out;
	spin_lock(&files->file_lock);
	fdt = files_fdtable(files);
	for (; fd->fd < fdt->max_fds; fd->fd++) {
		file = rcu_dereference_protected(fdt->fd[fd->fd], true);
		if (!file)
			continue;
		get_file(file);
		fd->flags = test_bit(fd->fd, fdt->close_on_exec) ?
			    CONTAINER_IMAGE_FD_CLOEXEC : 0;
		break;
	}
	spin_unlock(&files->file_lock);
out:
	task_unlock(task);
	return file;
}

static int save_fd(struct ct_save *s, struct files_struct *files,
		   struct batch *b, struct container_image_fd *fd,
		   struct file *file)
{
	char where[CT_WHERE_MAX];
	int err = 0;

	if (b->count == BATCH)
		err = flush_batch(s, b);
	snprintf(where, sizeof(where), "fd %u", fd->fd);
	if (!err)
		err = ct_save_file_held(s, file, where, 1, 1, &fd->file);
	if (!err)
		err = ct_save_table_locks(s, files, b->table, file, fd->file);
	if (!err)
		b->fds[b->count++] = *fd;
	return err;
}

static int save_table(struct ct_save *s, struct task_struct *task,
		      struct files_struct *files, u32 id)
{
	struct container_image_fd fd = {};
	struct batch *b = kzalloc(sizeof(*b), GFP_KERNEL);
	struct file *file;
	int err = 0;

	if (!b)
		return -ENOMEM;
	b->table = id;
	while (!err && (file = next_fd(task, files, &fd))) {
		err = save_fd(s, files, b, &fd, file);
		fput(file);
		fd.fd++;
		cond_resched();
	}
	/* An empty table has a record, too. */
	if (!err)
		err = flush_batch(s, b);
	kfree(b);
	return err;
}

/**
 * struct users - who has a process's table
 * @task: a thread that has it; referenced
 * @files: the table, to compare with
 * @threads: how many of the process
 * @all: how many there are
 * @others: threads of the process that have another one
 */
struct users {
	struct task_struct *task;
	struct files_struct *files;
	long threads;
	long all;
	long others;
};

static void find_users(struct task_struct *leader, struct users *u)
{
	struct task_struct *thread;

	rcu_read_lock();
	for_each_thread(leader, thread) {
		struct files_struct *files;

		task_lock(thread);
		files = thread->files;
		if (files && !u->files) {
			u->files = files;
			u->task = get_task_struct(thread);
			u->all = atomic_read(&files->count);
		}
		if (files)
			u->threads += files == u->files;
		if (files && files != u->files)
			u->others++;
		task_unlock(thread);
	}
	rcu_read_unlock();
}

static int save_users(struct ct_save *s, const struct users *u, u32 id, bool known)
{
	int err = 0;

	if (u->others)
		err = ct_block(s, "-", "unshare(CLONE_FILES)",
			       "its threads do not have the same table of descriptors",
			       "-");
	if (!err && known && u->threads > 1)
		err = ct_block(s, "-", "clone(CLONE_FILES)",
			       "it has threads, and its table of descriptors is also another process's",
			       "-");
	return err ?: ct_hold(s, CT_HOLD_TABLE, id, "table of descriptors", "-",
			      u->threads, u->all);
}

/**
 * ct_save_files - save a process's descriptors
 * @s: the checkpoint
 * @task: one of its threads
 * @id: set to the id of its table; 0: it has none any more
 *
 * Return: 0, also where something blocks, or a negative errno.
 */
int ct_save_files(struct ct_save *s, struct task_struct *task, u32 *id)
{
	struct users u = {};
	int is_new, err;

	*id = 0;
	find_users(task, &u);
	if (!u.task)
		return 0;
	is_new = ct_object_id(&s->tables, u.files, id);
	err = is_new < 0 ? is_new : save_users(s, &u, *id, !is_new);
	if (!err && is_new)
		err = save_table(s, u.task, u.files, *id);
	put_task_struct(u.task);
	return err;
}

/* ---- restoring ---- */

/* Lets all descriptors be made that the image has: its limit comes later. */
static unsigned long set_limit(unsigned long limit)
{
	struct rlimit *rlim = &current->signal->rlim[RLIMIT_NOFILE];
	unsigned long old;

	task_lock(current->group_leader);
	old = rlim->rlim_cur;
	rlim->rlim_cur = limit;
	task_unlock(current->group_leader);
	return old;
}

/*
 * Signals for input and output name the descriptor that they were asked for with.
 * We take the first that we see.
 */
static int restore_async(struct ct_rtask *t, const struct container_image_fd *fd,
			 struct file *file)
{
	const struct container_image_file *rec = ct_file_record(t, fd->file);
	long err;

	if (!(rec->flags & FASYNC) || file->f_flags & (FASYNC | O_PATH) ||
	    ct_outside_is_pipe(t, rec))
		return 0;
	/* What else that sets is as it should be already. */
	err = ct_sys(fcntl, fd->fd, F_SETFL, file->f_flags | FASYNC);
	if (err)
		return ct_restart_fail(t->r, err,
				       "descriptor %u of process %d cannot have O_ASYNC",
				       fd->fd, t->nr);
	return 0;
}

static int restore_fd(struct ct_rtask *t, const struct container_image_fd *fd)
{
	struct file *file = NULL;
	int err;

	if (fd->file < CT_BEHIND_INODE)
		file = xa_load(&t->r->files, fd->file);
	if (!file)
		return ct_restart_fail(t->r, -EINVAL,
				       "descriptor %u of process %d is of no file",
				       fd->fd, t->nr);
	if (fd->flags & ~CONTAINER_IMAGE_FD_CLOEXEC)
		return ct_restart_fail(t->r, -EINVAL,
				       "descriptor %u of process %d has unknown flags %#x",
				       fd->fd, t->nr, fd->flags);
	err = static_call(ct_replace_fd)(fd->fd, file,
					 fd->flags ? O_CLOEXEC : 0);
	if (err < 0)
		return ct_restart_fail(t->r, err,
				       "descriptor %u of process %d cannot be made (fs.nr_open?)",
				       fd->fd, t->nr);
	return restore_async(t, fd, file);
}

/* Ascending numbers, so that none is there twice. @next: the least that may come. */
static int restore_fds(struct ct_rtask *t, const struct ct_record *record, u64 *next)
{
	const struct container_image_fdtable *rec = record->payload;
	const struct container_image_fd *fd = (const void *)(rec + 1);
	u32 i;
	int err;

	if (rec->count != (record->rec.length - sizeof(*rec)) / sizeof(*fd))
		return ct_restart_fail(t->r, -EINVAL,
				       "the table of descriptors %u is of the wrong length",
				       record->rec.id);
	for (i = 0; i < rec->count; i++, fd++) {
		if (fd->fd < *next)
			return ct_restart_fail(t->r, -EINVAL,
					       "descriptor %u of process %d is out of order",
					       fd->fd, t->nr);
		*next = (u64)fd->fd + 1;
		err = restore_fd(t, fd);
		if (err)
			return err;
	}
	return 0;
}

static int restore_table(struct ct_rtask *t, const struct ct_record *rec)
{
	unsigned long limit = set_limit(RLIM_INFINITY);
	u64 next = 0;
	int err = 0;

	for (; rec && !err; rec = ct_in_next(rec))
		err = restore_fds(t, rec, &next);
	set_limit(limit);
	return err ?: ct_restore_table_locks(t);
}

/* The process that makes a table: the first that has it. */
static struct ct_rtask *table_owner(struct ct_rtask *t)
{
	struct ct_rtask *other;
	unsigned long nr;

	xa_for_each(&t->r->tasks, nr, other)
		if (other->prec && other->prec->files == t->prec->files)
			return other;
	return t;
}

/*
 * Have the table of another process, which fills it, or has filled it, or fails.
 */
static int share_table(struct ct_rtask *t, struct ct_rtask *owner)
{
	struct files_struct *files, *old;

	if (!list_empty(&t->threads))
		return ct_restart_fail(t->r, -EINVAL,
				       "process %d has threads and the table of descriptors of process %d",
				       t->nr, owner->nr);
	task_lock(owner->task);
	files = owner->task->files;
	if (files)
		atomic_inc(&files->count);
	task_unlock(owner->task);
	if (!files)
		return ct_restart_fail(t->r, -ESRCH,
				       "process %d has gone, whose descriptors are also those of process %d",
				       owner->nr, t->nr);
	task_lock(current);
	old = current->files;
	current->files = files;
	task_unlock(current);
	static_call(ct_put_files_struct)(old);
	return 0;
}

/**
 * ct_restore_files - give current the descriptors of the image
 * @t: current's; the first thread of its process
 *
 * Context: process context, in the task, after ct_restore_objects() in process 1.
 * Return: 0 or a negative errno, after ct_restart_fail().
 */
int ct_restore_files(struct ct_rtask *t)
{
	const struct ct_record *rec;
	struct ct_rtask *owner;

	rec = ct_in_find(&t->r->in, CONTAINER_IMAGE_FDTABLE, t->prec->files);
	if (!rec)
		return ct_restart_fail(t->r, -EINVAL,
				       "process %d has no table of descriptors",
				       t->nr);
	owner = table_owner(t);
	return owner == t ? restore_table(t, rec) : share_table(t, owner);
}
