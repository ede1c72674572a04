/* SPDX-License-Identifier: GPL-2.0 */
/* What becomes of a checkpoint when memory ends (oom.c). */
#ifndef CT_CHECKPOINT_OOM_H
#define CT_CHECKPOINT_OOM_H

#include "checkpoint/checkpoint.h"

int ct_oom_init(void);
void ct_oom_exit(void);

void ct_oom_add(struct ct_save *s);
void ct_oom_remove(struct ct_save *s);
bool ct_oom_done(struct ct_save *s);

/**
 * ct_oom_given_up - has its memory been given back?
 * @s: the checkpoint
 *
 * A reader asks after each look into the copies: what it has seen there is right
 * if they have not.
 *
 * Context: any.
 */
static inline bool ct_oom_given_up(const struct ct_save *s)
{
	/*
	 * Pairs with give_up(): who finds nothing where something was has had the
	 * lock of a page table after that.
	 */
	return READ_ONCE(s->fate) == CT_FATE_GIVEN_UP;
}

#endif
