/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Moving running processes into a pid space.
 *
 * No fork and no exec, and the processes are not stopped: their struct pids get
 * numbers, and from that instant on all hooks see contained tasks.
 */
#ifndef CT_PIDSPACE_MOVE_H
#define CT_PIDSPACE_MOVE_H

#include <linux/pid.h>
#include <linux/sched.h>
#include <linux/types.h>

struct ct_space;

/* Room for a sentence about what was wrong. */
#define CT_MOVE_WHY_MAX	192

/**
 * struct ct_move - what is to go where
 * @to: where; referenced
 * @viewer: who moves: nobody whom it does not see from there goes along; NULL:
 *	    the host
 * @pid: the process: struct pid of its leader; referenced
 * @keep: the numbers are to be those that the tasks have just outside
 * @tree: the process's descendants go along, except those in other containers;
 *	  the process itself may be there already
 * @first: @to is new, and the process becomes its process 1
 * @reaper: with @first: process 1 adopts orphans, and the container ends with it
 * @number: with @first: the number that process 1 is to have in @to; it has no
 *	    others there; 0: the next one that is free
 */
struct ct_move {
	struct ct_space *to;
	struct ct_space *viewer;
	struct pid *pid;
	bool keep;
	bool tree;
	bool first;
	bool reaper;
	pid_t number;
};

int ct_move(const struct ct_move *move, char *why);
void ct_move_visit(const struct ct_move *move,
		   void (*fn)(struct task_struct *task, void *data),
		   void *data);
int ct_move_child(struct ct_space *to, struct task_struct *child);
void ct_tasklist_read_lock(void);
void ct_tasklist_read_unlock(void);
void ct_tasklist_write_lock(void);
void ct_tasklist_write_unlock(void);
int ct_move_init(void);

#endif
