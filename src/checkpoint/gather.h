/* SPDX-License-Identifier: GPL-2.0 */
/* Which tasks a container has. */
#ifndef CT_CHECKPOINT_GATHER_H
#define CT_CHECKPOINT_GATHER_H

struct ct_space;
struct task_struct;

/**
 * struct ct_gathering - the tasks of a space
 * @task: they, referenced; first those that lead processes, then in order
 * @count: how many are there
 * @room: for how many
 */
struct ct_gathering {
	struct task_struct **task;
	unsigned int count;
	unsigned int room;
};

int ct_gather(struct ct_gathering *g, struct ct_space *space);
void ct_gathering_free(struct ct_gathering *g);

#endif
