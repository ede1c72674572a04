/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Saving a container to an image, and making one from it.
 *
 * One room per concern, with both directions next to each other: ct_save_X()
 * looks at a task that is frozen and appends records; ct_restore_X() runs in a
 * task that has been made for it, or works on one that is parked.
 *
 * The same ct_save_X() say what stands in the way of a checkpoint: they run on a
 * container that is not frozen, and what they append is thrown away.  They must
 * hold what locks it takes for that, and must not sleep on a task's doings.
 */
#ifndef CT_CHECKPOINT_CHECKPOINT_H
#define CT_CHECKPOINT_CHECKPOINT_H

#include <linux/list.h>
#include <linux/mm_types.h>
#include <linux/mutex.h>
#include <linux/refcount.h>
#include <linux/sched.h>
#include <linux/types.h>
#include <linux/wait.h>
#include <linux/xarray.h>

#include <container/image.h>
#include <container/image_task.h>

#include "checkpoint/emit.h"
#include "checkpoint/outside.h"
#include "container/container.h"
#include "image/codec.h"

struct file;
struct ct_fill;
struct ct_frozen;
struct ct_held;
struct ct_run;
struct ct_stream;

/* ---- what is being written (out.c) ---- */

/**
 * struct ct_out - records in memory, until they are read
 * @first: chunks, in order
 * @bytes: of those that are there
 * @records: how many have been appended
 */
struct ct_out {
	struct list_head first;
	u64 bytes;
	u32 records;
};

void *ct_out_record(struct ct_out *out, u32 type, u32 id, size_t length);
void *ct_out_optional(struct ct_out *out, u32 type, u32 id, size_t length);

/* ---- blockers (blockers.c) ---- */

/**
 * struct ct_blockers - what stands in the way of a checkpoint
 * @list: struct ct_blocker, in the order in which they were found
 * @count: how many
 */
struct ct_blockers {
	struct list_head list;
	unsigned int count;
};

/* ---- saving ---- */

/**
 * struct ct_objects - what several tasks share, and which id the image gives it
 * @ids: by address, divided by its alignment
 * @next: the id to come, from 1
 */
struct ct_objects {
	struct xarray ids;
	u32 next;
};

/**
 * enum ct_fate - what becomes of a checkpoint
 * @CT_FATE_OPEN: it is being read
 * @CT_FATE_DONE: nobody needs the copies of the memory any more
 * @CT_FATE_GIVEN_UP: the machine was out of memory (oom.c)
 */
enum ct_fate {
	CT_FATE_OPEN,
	CT_FATE_DONE,
	CT_FATE_GIVEN_UP,
};

/**
 * struct ct_save - a checkpoint being taken, or a look for what stands in its way
 * @c: the container; referenced
 * @frozen: its tasks, parked; NULL: only a look
 * @out: the records
 * @blockers: what has been found
 * @pid: number of the process that is being looked at
 * @depth: how many files the one that is being looked at is inside of
 * @mms: &struct mm_struct
 * @families: &struct anon_vma, the eldest of areas that may share pages (mm.c)
 * @files: &struct file
 * @tables: &struct files_struct
 * @fss: &struct fs_struct
 * @sighands: &struct sighand_struct
 * @pipes: &struct pipe_inode_info, sockets, ptys and other things behind files
 * @inodes: &struct inode of shared memory and of deleted files
 * @held: what may be shared with tasks outside, and how often it has been found
 *	  inside (leaks.c)
 * @leaks: how many of @blockers are about that
 * @snapshots: of the memory (memory.c)
 * @stream: how far they have been read (stream.c)
 * @now_mono: CLOCK_MONOTONIC, taken once, when all were frozen; ns
 * @now_boot: CLOCK_BOOTTIME
 * @now_real: CLOCK_REALTIME
 * @tasks: all of them, frozen or not; the checkpoint holds a reference
 * @root: the first of them
 * @flags: CT_SAVE_... (save.h)
 * @frozen_at: CLOCK_MONOTONIC, before they were; 0: only a look
 * @emit: the record that is being read
 * @in_memory: what is to be known about processes has been read
 * @at_end: the memory has been read, too
 * @lost: something has been given to a pipe that did not take it
 * @pages: how many of its pages; ct_memory_next() counts
 * @total: the record that says how long the image will be (total.c)
 * @expected: pages of the copies
 * @looked: how many of them it is known of what becomes of them
 * @open: entry of those that may be given up (oom.c)
 * @fate: enum ct_fate
 */
struct ct_save {
	struct ct_container *c;
	struct ct_frozen *frozen;
	struct ct_out out;
	struct ct_blockers blockers;
	pid_t pid;
	unsigned int depth;
	struct ct_objects mms;
	struct ct_objects families;
	struct ct_objects files;
	struct ct_objects tables;
	struct ct_objects fss;
	struct ct_objects sighands;
	struct ct_objects pipes;
	struct ct_objects inodes;
	struct ct_held *held;
	unsigned int leaks;
	struct list_head snapshots;
	struct ct_stream *stream;
	s64 now_mono;
	s64 now_boot;
	s64 now_real;
	struct ct_frozen *tasks;
	struct task_struct *root;
	unsigned int flags;
	u64 frozen_at;
	struct ct_emit emit;
	bool in_memory;
	bool at_end;
	bool lost;
	u64 pages;
	struct container_image_total *total;
	u64 expected;
	u64 looked;
	struct list_head open;
	int fate;
};

int ct_block(struct ct_save *s, const char *where, const char *what,
	     const char *why, const char *help);

int ct_object_id(struct ct_objects *objects, const void *object, u32 *id);

static inline pid_t ct_save_nr_rcu(const struct ct_save *s, struct pid *pid)
{
	return pid ? pid_nr_ns(pid, s->c->space.token) : 0;
}

/*
 * Tasks that are only looked at, or killed, may lose their pid at any time: so @pid,
 * where it is read from one of them, is looked up here under RCU.
 */
#define ct_save_nr(s, pid) ({				\
	pid_t nr_;					\
							\
	rcu_read_lock();				\
	nr_ = ct_save_nr_rcu(s, pid);			\
	rcu_read_unlock();				\
	nr_;						\
})

/*
 * Under RCU. NULL: the task has been released meanwhile, and nobody keeps the one
 * that was its parent.
 */
static inline struct task_struct *ct_save_parent(const struct task_struct *task)
{
	return pid_alive(task) ? rcu_dereference(task->real_parent) : NULL;
}

/*
 * Of one thread (task.c, cpu.c, signal.c, timer.c), of one process, of what
 * processes share.  All: 0, or a negative errno that ends the checkpoint.
 */
int ct_save_thread(struct ct_save *s, struct task_struct *task);	/* task.c */
int ct_save_process(struct ct_save *s, struct task_struct *leader);	/* task.c */
int ct_save_fs(struct ct_save *s, struct task_struct *task, u32 *id);	/* fs.c */
int ct_save_cpu(struct ct_save *s, struct task_struct *task);		/* cpu.c */
int ct_save_thread_signals(struct ct_save *s, struct task_struct *task); /* signal.c */
int ct_save_process_signals(struct ct_save *s, struct task_struct *leader);
int ct_save_sighand(struct ct_save *s, struct task_struct *task, u32 *id);
int ct_save_timers(struct ct_save *s, struct task_struct *leader);	/* timer.c */
int ct_save_mm(struct ct_save *s, struct task_struct *leader, u32 *id);	/* mm.c */
int ct_save_files(struct ct_save *s, struct task_struct *task, u32 *id); /* files.c */
/* One open file, and what is behind it; also for mappings. */
int ct_save_file(struct ct_save *s, struct file *file, const char *where, u32 *id);
/* After all tasks: what is shared with others outside (leaks.c). */
int ct_save_leaks(struct ct_save *s);
void ct_save_leaks_release(struct ct_save *s);

/* ---- memory while it is streamed (memory.c) ---- */

/* Freeze-time: copies of all mms, copy-on-write. */
int ct_memory_snapshot(struct ct_save *s);
void ct_memory_release(struct ct_save *s);
/*
 * The next record of pages: its payload is built into @buf, which has
 * CONTAINER_IMAGE_LENGTH_MAX bytes; sets the type, id and length; counts s->pages.
 * 0: that was all; >0: there is one; <0: errno.
 */
int ct_memory_next(struct ct_save *s);

/* How long the image will be (total.c). */
int ct_total_begin(struct ct_save *s);
void ct_total_known(struct ct_save *s);
u64 ct_total(const struct ct_save *s);

/* ---- restarting ---- */

/**
 * struct ct_record - a record of an image in memory
 * @list: all of them, in the order of the image
 * @hash: those that are first with their type and id
 * @next: the next one with the same type and id
 * @last: of the first one: the last with the same type and id
 * @rec: its head
 * @payload: what it says; @rec.length bytes, padded with zeros
 */
struct ct_record {
	struct list_head list;
	struct hlist_node hash;
	struct ct_record *next;
	struct ct_record *last;
	struct container_image_record rec;
	void *payload;
};

/**
 * struct ct_in - all records of an image but memory
 * @all: in their order
 * @table: by type and id
 * @bytes: of all payloads
 */
struct ct_in {
	struct list_head all;
	struct hlist_head *table;
	u64 bytes;
};

const struct ct_record *ct_in_find(const struct ct_in *in, u32 type, u32 id);
const struct ct_record *ct_in_next(const struct ct_record *record);

/**
 * struct ct_rtask - a thread to be, or made
 * @r: the restart
 * @process: the thread that is first in the process; itself if it is that
 * @parent: first thread of the parent process; NULL: process 1
 * @children: struct ct_rtask.sibling of child processes
 * @sibling: entry in @parent's children
 * @threads: struct ct_rtask.thread of further threads, in a first thread
 * @thread: entry in the first one's threads
 * @nr: its number in the container
 * @rec: CONTAINER_IMAGE_THREAD; NULL: a zombie
 * @prec: CONTAINER_IMAGE_PROCESS, in a first thread
 * @task: the task, referenced, once it exists
 * @scratch: of a first thread: scratch page of the process (syscall.c)
 * @lock: of a first thread: its threads restore themselves one at a time, and it
 *	  is the first
 * @left: of a first thread: how many threads have not done so yet
 * @stand_in: lends its number to a group or a session, and ends then
 */
struct ct_rtask {
	struct ct_restart *r;
	struct ct_rtask *process;
	struct ct_rtask *parent;
	struct list_head children;
	struct list_head sibling;
	struct list_head threads;
	struct list_head thread;
	pid_t nr;
	const struct ct_record *rec;
	const struct container_image_process *prec;
	struct task_struct *task;
	unsigned long scratch;
	struct mutex lock;	/* see above */
	unsigned int left;
	bool stand_in;
};

/**
 * struct ct_families - areas that may share pages (family.c, share.c)
 * @lock: protects the others; comes before the lock of any memory
 * @mm: a memory that nobody uses, whose areas the others descend from, as if by
 *	fork(); NULL: not needed yet
 * @areas: &struct vm_area_struct in @mm, by number of the family
 * @n: how many there are
 * @run: what share.c works with; the writer's
 */
struct ct_families {
	struct mutex lock;	/* see above */
	struct mm_struct *mm;
	struct xarray areas;
	u32 n;
	struct ct_run *run;
};

/**
 * struct ct_restart - a container being made from an image
 * @users: the writer's, and one for each task
 * @in: the image
 * @header: its first record
 * @tasks: by number: struct ct_rtask
 * @root: process 1
 * @stand_ins: struct ct_rtask.thread of those who lend numbers
 * @c: the container, once it exists; referenced
 * @frozen: its tasks
 * @files: by id: &struct file, referenced, made by process 1
 * @name: of the container to be
 * @place: the one that it is to be inside of; referenced. NULL: the writer's
 * @outside: what takes the place of what was outside: CT_OUTSIDE_...
 * @stdio: descriptors of the writer that may; referenced; only while tasks are made
 * @nr_tasks: how many threads there are to be, without zombies
 * @nr_zombies: how many zombies
 * @nr_stand_ins: how many lend their numbers for a while
 * @nr_here: how many have come to life
 * @err: what went wrong first; 0: nothing yet
 * @why: a sentence about it
 * @lock: protects @why, and @err while it is set
 * @phase: how far all may go: enum ct_phase
 * @wait: where tasks wait for @phase
 * @arrival: where the writer waits for tasks
 * @families: areas that may share pages
 * @mm_owner: see ct_restart_mm_owner(); found last
 * @delta_mono: CLOCK_MONOTONIC now minus then, taken once; ns
 * @delta_boot: the same for CLOCK_BOOTTIME
 * @cred: of the writer, whose rights files are opened with
 */
struct ct_restart {
	refcount_t users;
	struct ct_in in;
	const struct container_image_header *header;
	struct xarray tasks;
	struct ct_rtask *root;
	struct list_head stand_ins;
	struct ct_container *c;
	struct ct_frozen *frozen;
	struct xarray files;
	char name[CT_NAME_MAX + 1];
	struct ct_container *place;
	unsigned int outside;
	struct file *stdio[CT_STDIO];
	unsigned int nr_tasks;
	unsigned int nr_zombies;
	unsigned int nr_stand_ins;
	atomic_t nr_here;
	int err;
	char why[CT_WHY_MAX];
	spinlock_t lock;	/* see above */
	int phase;
	wait_queue_head_t wait;
	wait_queue_head_t arrival;
	struct ct_families families;
	struct ct_rtask *mm_owner;
	s64 delta_mono;
	s64 delta_boot;
	const struct cred *cred;
};

/*
 * Say why a restart fails, with a sentence; the first one counts. Returns err.
 */
__printf(3, 4)
int ct_restart_fail(struct ct_restart *r, int err, const char *fmt, ...);

/*
 * In the new task itself, in this order; all tasks of the container exist by
 * then, with their numbers, groups and sessions.  Signals are blocked.  The
 * process has no memory but a scratch page, and no descriptors.
 *
 * First, in process 1, what is shared:
 */
int ct_restore_objects(struct ct_rtask *t);	/* files.c: all struct file */
void ct_restore_free_objects(struct ct_restart *r);	/* the last user has gone */
/* then, in the first thread of each process: */
int ct_restore_mm(struct ct_rtask *t);		/* mm.c; memory is filled later */
int ct_restore_files(struct ct_rtask *t);	/* files.c */
int ct_restore_fs(struct ct_rtask *t);		/* fs.c */
int ct_restore_process_signals(struct ct_rtask *t);	/* signal.c; with sighand */
int ct_restore_timers(struct ct_rtask *t);	/* timer.c */
int ct_restore_process(struct ct_rtask *t);	/* task.c: rlimits and so on */
/* and in every thread: */
int ct_restore_thread_signals(struct ct_rtask *t);	/* signal.c */
int ct_restore_thread(struct ct_rtask *t);	/* task.c; credentials come last */
/*
 * From outside, once all are parked.
 */
int ct_restore_cpu(struct ct_rtask *t);		/* cpu.c: registers, restart block */
/* A record of pages: CONTAINER_IMAGE_PAGES and the like */
int ct_restore_memory(struct ct_restart *r, struct ct_fill *fill,
		      const struct container_image_record *rec,
		      const void *payload);	/* restore_memory.c */
/* Areas that may share pages (family.c). */
void ct_families_init(struct ct_families *families);
void ct_families_release(struct ct_families *families);
/* When all of the memory is there: for the first thread of each process. */
void ct_restore_mm_end(struct ct_rtask *t);	/* restore_mm.c */
/* Right before all start together: what ticks. */
int ct_restore_start(struct ct_rtask *t);	/* timer.c */
/* The same for each thread: a system call that goes on. */
int ct_restore_resume(struct ct_rtask *t);	/* resume.c */
int ct_restore_start_timerfds(struct ct_restart *r);	/* file_timerfd.c; once */

/* The mm of an id, once its process has it; valid as long as that is parked. */
struct ct_rtask *ct_restart_mm_owner(struct ct_restart *r, u32 mm_id);

/* ---- the scratch page for system calls in the task itself (syscall.c) ---- */

/*
 * Put data into the task's scratch page, for system calls that take pointers.
 * Each call begins anew at the page's start + @offset.
 */
void __user *ct_scratch(struct ct_rtask *t, unsigned int offset, const void *data,
			size_t size);
int ct_scratch_map(struct ct_rtask *t);
void ct_scratch_unmap(struct ct_rtask *t);

#endif
