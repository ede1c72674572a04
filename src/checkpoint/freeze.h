/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Tasks held still: parked at the border to user space, inside get_signal() and
 * before it is decided whether a system call goes on, so that all of their
 * registers are saved, and nothing of it shows when they go on.
 */
#ifndef CT_CHECKPOINT_FREEZE_H
#define CT_CHECKPOINT_FREEZE_H

#include <linux/sched.h>
#include <linux/types.h>

struct ct_space;
struct ct_frozen;

/**
 * enum ct_still - how a task is held
 * @CT_PARKED: by us
 * @CT_STOPPED: by a signal, and left alone
 * @CT_GONE: a zombie
 */
enum ct_still {
	CT_PARKED,
	CT_STOPPED,
	CT_GONE,
};

int ct_freeze(struct ct_space *space, struct ct_frozen **frozen, char *why);
void ct_thaw(struct ct_frozen *frozen);
void ct_frozen_put(struct ct_frozen *frozen);
struct task_struct *ct_frozen_task(const struct ct_frozen *frozen,
				   unsigned int index, enum ct_still *how);
unsigned int ct_frozen_count(const struct ct_frozen *frozen);
bool ct_frozen_still(const struct ct_frozen *frozen);

/* A look at the same tasks that holds nothing still. */
int ct_frozen_look(struct ct_space *space, struct ct_frozen **frozen);

/* One task by itself. */
struct ct_frozen *ct_freeze_one(struct task_struct *task);
bool ct_still_one(struct ct_frozen *frozen);
void ct_thaw_one(struct ct_frozen *frozen);

/* again.c */
void ct_call_again(void);

/* For a restart. */
struct ct_frozen *ct_frozen_alloc(void);
int ct_park_current(struct ct_frozen *frozen);
void ct_frozen_break(struct ct_frozen *frozen);
int ct_frozen_wait(struct ct_frozen *frozen, unsigned int parked);
int ct_thaw_stopping(struct ct_frozen *frozen);

#endif
