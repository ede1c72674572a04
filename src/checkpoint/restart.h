/* SPDX-License-Identifier: GPL-2.0 */
/* Making a container from an image. */
#ifndef CT_CHECKPOINT_RESTART_H
#define CT_CHECKPOINT_RESTART_H

#include <linux/sched.h>
#include <linux/sched/task.h>
#include <linux/static_call.h>
#include <linux/types.h>

struct ct_restart;
struct ct_taken;
struct ct_writer;
struct iov_iter;
struct pipe_inode_info;

DECLARE_STATIC_CALL(ct_kernel_clone, kernel_clone);
DECLARE_STATIC_CALL(ct_wait_task_inactive, wait_task_inactive);
DECLARE_STATIC_CALL(ct_change_pid, change_pid);

/* writer.c: what is written to /proc/container/restart */
struct ct_writer *ct_writer_alloc(void);
void ct_writer_free(struct ct_writer *w);
ssize_t ct_writer_write(struct ct_writer *w, const char __user *ubuf,
			size_t size);
ssize_t ct_writer_feed(struct ct_writer *w, struct iov_iter *from);
bool ct_writer_incomplete(const struct ct_writer *w);
void ct_writer_why(struct ct_writer *w, char *text, size_t size);

/* writer_pipe.c: the same by splice(2) */
struct ct_taken *ct_taken_alloc(void);
void ct_taken_free(struct ct_taken *taken);
ssize_t ct_writer_splice(struct ct_writer *w, struct ct_taken *taken,
			 struct pipe_inode_info *pipe, size_t size, unsigned int flags);

/**
 * enum ct_phase - how far the tasks of a restart may go
 * @CT_PHASE_BIRTH: all come into being
 * @CT_PHASE_OBJECTS: all are there, with groups and sessions; process 1 makes
 *		      what they share
 * @CT_PHASE_SELVES: each restores itself, and parks
 */
enum ct_phase {
	CT_PHASE_BIRTH,
	CT_PHASE_OBJECTS,
	CT_PHASE_SELVES,
};

/* restart.c */
struct ct_restart *ct_restart_alloc(void);
void ct_restart_put(struct ct_restart *r);
int ct_restart_build(struct ct_restart *r);
int ct_restart_go(struct ct_restart *r);
void ct_restart_abort(struct ct_restart *r);
void ct_restart_phase(struct ct_restart *r, enum ct_phase phase);
int ct_restart_await(struct ct_restart *r, enum ct_phase phase);

/* tree.c: from records to tasks to be, and their places in the tree */
int ct_tree_plan(struct ct_restart *r);
void ct_tree_free(struct ct_restart *r);
int ct_tree_groups(struct ct_restart *r);
void ct_tree_zombies(struct ct_restart *r);
bool ct_tree_settled(struct ct_restart *r);

/* life.c: what a task of a restart does itself */
int ct_life_begin(struct ct_restart *r);

#endif
