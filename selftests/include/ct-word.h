/* SPDX-License-Identifier: GPL-2.0 */
/* Two words by which a program that runs is told to write to its memory, and asked. */
#ifndef CT_WORD_H
#define CT_WORD_H

#include "ct-image.h"
#include "ct-memory.h"

#include <sys/uio.h>

struct word {
	int order;
	int done;
};

/* The program's own; in that of a test it is at the same address. */
static volatile struct word word;

/* For the program: memory, one half in small pages, the other in huge ones if any. */
static inline char *in_halves(size_t size)
{
	char *p = anonymous(size + HUGE, PROT_READ | PROT_WRITE, 0);

	p = (char *)(((unsigned long)p + HUGE - 1) & ~(HUGE - 1));
	madvise(p, size / 2, MADV_NOHUGEPAGE);
	madvise(p + size / 2, size / 2, MADV_HUGEPAGE);
	return p;
}

/* For the program, when it has done what it was told. */
static inline void word_kept(void)
{
	word.order = 0;
	word.done++;
}

static inline struct word word_of(const struct cr_life *life)
{
	struct word now;
	struct iovec here = { &now, sizeof(now) };
	struct iovec there = { (void *)&word, sizeof(word) };

	CT_EQ(sizeof(now), process_vm_readv(life->pid, &here, 1, &there, 1, 0));
	return now;
}

/* Returns how often it will have written then. */
static inline int order(const struct cr_life *life)
{
	struct word now = word_of(life);
	int done = now.done + 1;
	struct iovec here = { &now, sizeof(now) };
	struct iovec there = { (void *)&word, sizeof(word) };

	now.order = 1;
	CT_EQ(sizeof(now), process_vm_writev(life->pid, &here, 1, &there, 1, 0));
	return done;
}

static inline void let_it_write(const struct cr_life *life)
{
	int done = order(life);

	CT_UNTIL(word_of(life).done == done);
}

#endif
