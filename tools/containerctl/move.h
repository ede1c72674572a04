/* SPDX-License-Identifier: GPL-2.0 */
#ifndef CONTAINERCTL_MOVE_H
#define CONTAINERCTL_MOVE_H

#include <sys/types.h>

#include "proc.h"

/* Any pipe takes so much at a time. */
#define MOVE_SAFE	4096

/**
 * struct mover - takes bytes from one descriptor to another without looking at them
 * @in: end of the pipe that they go through; what is in it has been taken, and not
 *	yet given
 * @out: its other end
 */
struct mover {
	int in;
	int out;
};

int move_begin(struct mover *m, struct fault *why);
ssize_t move_take(struct mover *m, int from);
int move_give(struct mover *m, int to, size_t size);
int move_read(struct mover *m, void *data, size_t size);
void move_end(struct mover *m);

#endif
