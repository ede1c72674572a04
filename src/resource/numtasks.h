/* SPDX-License-Identifier: GPL-2.0 */
/* The controller "numtasks": what counting (numtasks.c) and shares have in common. */
#ifndef CT_RESOURCE_NUMTASKS_H
#define CT_RESOURCE_NUMTASKS_H

#include <linux/minmax.h>
#include <linux/spinlock.h>
#include <linux/types.h>

#include <container/subsys.h>

/**
 * struct shares - what a group gets of the one above
 * @min: guaranteed, in parts of the other one's divisor; or DONT_CARE
 * @max: the limit, the same
 * @divisor: what the shares of those below are parts of
 */
struct shares {
	int min;
	int max;
	int divisor;
};

/**
 * struct rate - how many forks there may be in an interval
 * @forks: that many; 0: what the module's parameters say
 * @interval_us: in that time
 * @start: when the interval began that is under way, in ns
 * @count: forks since then
 */
struct rate {
	unsigned int forks;
	u64 interval_us;
	u64 start;
	u64 count;
};

/**
 * struct numtasks - the state of a group
 * @css: the core's part
 * @shares: see there; changed under container_lock() and the lock of shares
 * @tasks: in it and below
 * @claim: its own tasks, and what those below take from it
 * @peak: the most @tasks has been
 * @max: written by somebody
 * @limit: according to shares
 * @guarantee: the same
 * @rate: see there
 * @hit_max: forks that @max or @limit refused, here and below
 * @hit_rate: forks that @rate refused, the same
 * @successes: forks of its own tasks
 * @failures: the same, refused by a limit here or above
 * @rate_failures: the same, by a rate
 *
 * All but @css and @shares under ct_numtasks_lock.
 */
struct numtasks {
	struct container_css css;
	struct shares shares;
	s64 tasks;
	s64 claim;
	s64 peak;
	s64 max;
	s64 limit;
	s64 guarantee;
	struct rate rate;
	u64 hit_max;
	u64 hit_rate;
	u64 successes;
	u64 failures;
	u64 rate_failures;
};

/* A leaf; interrupts are off. */
extern spinlock_t ct_numtasks_lock;

static inline struct numtasks *numtasks_of(struct container_css *css)
{
	return container_of(css, struct numtasks, css);
}

static inline struct numtasks *above(const struct numtasks *n)
{
	return n->css.parent ? numtasks_of(n->css.parent) : NULL;
}

/* What the group above has to set aside for it. */
static inline s64 ct_numtasks_taken(const struct numtasks *n)
{
	return max(n->claim, n->guarantee);
}

void ct_numtasks_claim(struct numtasks *n, s64 delta);

/* numtasks_shares.c */
void ct_shares_init(struct numtasks *n, const struct numtasks *parent);
void ct_shares_drop(struct numtasks *n);
void ct_shares_bind(struct numtasks *root);
int ct_shares_show(struct seq_file *m, struct container_css *css,
		   const struct container_file *file);
int ct_shares_write(struct container_css *css, char *buf,
		    const struct container_file *file);

#endif
