// SPDX-License-Identifier: GPL-2.0
/*
 * The controller "numtasks": how many tasks a group has, how many it may have,
 * is sure to get, and may fork in an interval.  Documentation/resource-numtasks.md
 * has the files.
 *
 * A task is counted in its group and all above, from fork (or attach) until it
 * has been waited for.  What is reserved for a group by its guarantee counts as
 * if it were used where it is taken from: a group claims from the one above
 *
 *	its tasks + what those below claim from it, but not less than its guarantee
 *
 * so a fork within the guarantee takes nothing from above, one beyond it borrows.
 * A limit holds against both, tasks and claims; without guarantees they are the
 * same.
 *
 * All counts are under one lock.  It is taken once for a fork, however deep the
 * group, instead of an atomic operation for each level; and nobody ever sees a
 * count above a limit that is then taken back.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/kernel.h>
#include <linux/ktime.h>
#include <linux/module.h>
#include <linux/seq_file.h>
#include <linux/slab.h>
#include <linux/string.h>

#include <container/subsys.h>

#include "resource/controllers.h"
#include "resource/numtasks.h"

/* Of a number of tasks; more than there can be. */
#define UNLIMITED	((s64)INT_MAX)
/* The most that can be written: as many pids as a 64-bit kernel can have. */
#define MAX_MAX		4194304
#define INTERVAL_MIN_US	1000ULL
#define INTERVAL_MAX_US	(3600ULL * USEC_PER_SEC)

enum refusal { ALLOWED, BY_MAX, BY_RATE };

DEFINE_SPINLOCK(ct_numtasks_lock);
static int forkrate = INT_MAX;
static int forkrate_interval = 1;
static bool numtasks_enospc;

static const struct container_file numtasks_files[];
enum { FILE_EVENTS };

/* -- counting --------------------------------------------------------------- */

/**
 * ct_numtasks_claim - change the claims of a group, and what follows from that above
 * @n: the group; NULL: that above the root
 * @delta: how many more are taken from it
 *
 * Context: ct_numtasks_lock held.
 */
void ct_numtasks_claim(struct numtasks *n, s64 delta)
{
	lockdep_assert_held(&ct_numtasks_lock);
	for (; n && delta; n = above(n)) {
		s64 before = ct_numtasks_taken(n);

		n->claim += delta;
		delta = ct_numtasks_taken(n) - before;
	}
}

/* What is in the root of the hierarchy is not counted anywhere. */
static void charge(struct numtasks *n, int delta)
{
	struct numtasks *p;

	lockdep_assert_held(&ct_numtasks_lock);
	if (!above(n))
		return;
	for (p = n; p; p = above(p)) {
		p->tasks += delta;
		WARN_ON_ONCE(p->tasks < 0);
		if (p->tasks > p->peak)
			p->peak = p->tasks;
	}
	ct_numtasks_claim(n, delta);
}

static u64 rate_forks(const struct rate *rate)
{
	return rate->forks ? rate->forks : READ_ONCE(forkrate);
}

static u64 rate_interval_us(const struct rate *rate)
{
	if (rate->forks)
		return rate->interval_us;
	return (u64)READ_ONCE(forkrate_interval) * USEC_PER_SEC;
}

static bool rate_set(const struct numtasks *n)
{
	return rate_forks(&n->rate) < INT_MAX;
}

static bool rate_reached(struct numtasks *n, u64 now)
{
	struct rate *rate = &n->rate;

	if (!rate_set(n))
		return false;
	if (now - rate->start >= rate_interval_us(rate) * NSEC_PER_USEC) {
		rate->start = now;
		rate->count = 0;
	}
	return rate->count >= rate_forks(rate);
}

/* Which group, this one or one above, does not let it fork? */
static struct numtasks *refused_by(struct numtasks *n, u64 now,
				   enum refusal *why)
{
	bool borrow = true;

	for (; n; n = above(n)) {
		s64 limit = min(n->max, n->limit);

		*why = BY_RATE;
		if (rate_reached(n, now))
			return n;
		*why = BY_MAX;
		if (n->tasks >= limit || (borrow && n->claim >= limit))
			return n;
		if (n->claim < n->guarantee)
			borrow = false;
	}
	*why = ALLOWED;
	return NULL;
}

static void count_success(struct numtasks *n)
{
	n->successes++;
	for (; n; n = above(n))
		if (rate_set(n))
			n->rate.count++;
}

static void count_refusal(struct numtasks *n, struct numtasks *by,
			  enum refusal why)
{
	if (why == BY_RATE) {
		n->rate_failures++;
		by->hit_rate++;
	} else {
		n->failures++;
		by->hit_max++;
	}
}

static int numtasks_can_fork(struct container_css *css,
			     struct task_struct *child)
{
	struct numtasks *n = numtasks_of(css), *by;
	u64 now = ktime_get_ns();
	enum refusal why;

	spin_lock_irq(&ct_numtasks_lock);
	by = refused_by(n, now, &why);
	if (by) {
		count_refusal(n, by, why);
	} else {
		charge(n, 1);
		count_success(n);
	}
	spin_unlock_irq(&ct_numtasks_lock);
	if (!by)
		return 0;

	container_file_notify(&by->css, &numtasks_files[FILE_EVENTS]);
	if (by != n)
		container_file_notify(&n->css, &numtasks_files[FILE_EVENTS]);
	return READ_ONCE(numtasks_enospc) ? -ENOSPC : -EAGAIN;
}

static void numtasks_cancel_fork(struct container_css *css,
				 struct task_struct *child)
{
	struct numtasks *n = numtasks_of(css);

	/* The rate is one of attempts: this one has been made. */
	spin_lock_irq(&ct_numtasks_lock);
	charge(n, -1);
	n->successes--;
	spin_unlock_irq(&ct_numtasks_lock);
}

static void numtasks_attach(struct container_css *to,
			    struct container_css *from,
			    struct task_struct *task)
{
	/* In this order, so that the peak of a group above both is right. */
	spin_lock(&ct_numtasks_lock);
	charge(numtasks_of(from), -1);
	charge(numtasks_of(to), 1);
	spin_unlock(&ct_numtasks_lock);
}

static void numtasks_release(struct container_css *css,
			     struct task_struct *task)
{
	spin_lock(&ct_numtasks_lock);
	charge(numtasks_of(css), -1);
	spin_unlock(&ct_numtasks_lock);
}

/* -- the other files ---------------------------------------------------------- */

/* A copy of the numbers of one moment. */
static struct numtasks numbers(struct container_css *css)
{
	struct numtasks *n = numtasks_of(css), copy = {};

	spin_lock_irq(&ct_numtasks_lock);
	copy.tasks = n->tasks;
	copy.peak = n->peak;
	copy.max = n->max;
	copy.rate = n->rate;
	copy.hit_max = n->hit_max;
	copy.hit_rate = n->hit_rate;
	copy.successes = n->successes;
	copy.failures = n->failures;
	copy.rate_failures = n->rate_failures;
	spin_unlock_irq(&ct_numtasks_lock);
	return copy;
}

static int max_show(struct seq_file *m, struct container_css *css,
		    const struct container_file *file)
{
	struct numtasks n = numbers(css);

	if (n.max == UNLIMITED)
		seq_puts(m, "max\n");
	else
		seq_printf(m, "%lld\n", n.max);
	return 0;
}

static int max_write(struct container_css *css, char *buf,
		     const struct container_file *file)
{
	s64 max = UNLIMITED;
	int err;

	if (strcmp(buf, "max")) {
		err = kstrtoll(buf, 0, &max);
		if (err)
			return err;
		if (max < 0 || max > MAX_MAX)
			return -EINVAL;
	}
	spin_lock_irq(&ct_numtasks_lock);
	numtasks_of(css)->max = max;
	spin_unlock_irq(&ct_numtasks_lock);
	return 0;
}

static int current_show(struct seq_file *m, struct container_css *css,
			const struct container_file *file)
{
	struct numtasks n = numbers(css);

	seq_printf(m, "%lld\n", n.tasks);
	return 0;
}

static int peak_show(struct seq_file *m, struct container_css *css,
		     const struct container_file *file)
{
	struct numtasks n = numbers(css);

	seq_printf(m, "%lld\n", n.peak);
	return 0;
}

static int events_show(struct seq_file *m, struct container_css *css,
		       const struct container_file *file)
{
	struct numtasks n = numbers(css);

	seq_printf(m, "max %llu\nforkrate %llu\nfailed %llu\n", n.hit_max,
		   n.hit_rate, n.failures + n.rate_failures);
	return 0;
}

static int stats_show(struct seq_file *m, struct container_css *css,
		      const struct container_file *file)
{
	struct numtasks n = numbers(css);

	seq_printf(m, "numtasks: Current usage %lld\n", n.tasks);
	seq_printf(m, "numtasks: Number of successes %llu\n", n.successes);
	seq_printf(m, "numtasks: Number of failures %llu\n", n.failures);
	seq_printf(m, "numtasks: Number of forkrate failures %llu\n",
		   n.rate_failures);
	return 0;
}

static int rate_show(struct seq_file *m, struct container_css *css,
		     const struct container_file *file)
{
	struct numtasks n = numbers(css);
	u64 forks = rate_forks(&n.rate);

	if (forks >= INT_MAX)
		seq_puts(m, "max");
	else
		seq_printf(m, "%llu", forks);
	seq_printf(m, " %llu\n", rate_interval_us(&n.rate));
	return 0;
}

/* FORKS|max [MICROSECONDS], or "default". */
static int parse_rate(char *buf, struct rate *rate)
{
	char *word = strsep(&buf, " \t");
	int err;

	if (!strcmp(word, "default")) {
		rate->forks = 0;
		return buf ? -EINVAL : 0;
	}
	rate->interval_us = rate_interval_us(rate);
	if (!strcmp(word, "max")) {
		rate->forks = INT_MAX;
	} else {
		err = kstrtouint(word, 10, &rate->forks);
		if (err)
			return err;
		if (rate->forks < 1 || rate->forks > INT_MAX)
			return -EINVAL;
	}
	if (!buf)
		return 0;
	err = kstrtoull(skip_spaces(buf), 10, &rate->interval_us);
	if (err)
		return err;
	return rate->interval_us < INTERVAL_MIN_US ||
	       rate->interval_us > INTERVAL_MAX_US ? -EINVAL : 0;
}

static int rate_write(struct container_css *css, char *buf,
		      const struct container_file *file)
{
	struct rate rate = numbers(css).rate;
	int err = parse_rate(buf, &rate);

	if (err)
		return err;
	/* A new interval begins. */
	rate.start = ktime_get_ns();
	rate.count = 0;
	spin_lock_irq(&ct_numtasks_lock);
	numtasks_of(css)->rate = rate;
	spin_unlock_irq(&ct_numtasks_lock);
	return 0;
}

static const struct container_file numtasks_files[] = {
	[FILE_EVENTS] = {
		.name = "events",
		.flags = CONTAINER_FILE_NO_ROOT,
		.show = events_show,
	},
	{
		.name = "max",
		.flags = CONTAINER_FILE_NO_ROOT,
		.show = max_show,
		.write = max_write,
	},
	{
		.name = "current",
		.flags = CONTAINER_FILE_NO_ROOT,
		.show = current_show,
	},
	{
		.name = "peak",
		.flags = CONTAINER_FILE_NO_ROOT,
		.show = peak_show,
	},
	{
		.name = "forkrate",
		.flags = CONTAINER_FILE_NO_ROOT,
		.show = rate_show,
		.write = rate_write,
	},
	{
		.name = "stats",
		.flags = CONTAINER_FILE_NO_ROOT,
		.show = stats_show,
	},
	{
		.name = "shares",
		.show = ct_shares_show,
		.write = ct_shares_write,
	},
	{}
};

/* -- life --------------------------------------------------------------------- */

static struct container_css *numtasks_create(struct container_subsys *ss,
					     struct container_css *parent)
{
	struct numtasks *n = kzalloc(sizeof(*n), GFP_KERNEL);

	if (!n)
		return ERR_PTR(-ENOMEM);
	n->max = UNLIMITED;
	ct_shares_init(n, parent ? numtasks_of(parent) : NULL);
	/* The parameters are about groups. */
	n->rate.forks = parent ? 0 : INT_MAX;
	return &n->css;
}

/* What was guaranteed to it can be given to others. */
static void numtasks_offline(struct container_css *css)
{
	ct_shares_drop(numtasks_of(css));
}

static void numtasks_destroy(struct container_css *css)
{
	kfree(numtasks_of(css));
}

static void numtasks_bind(struct container_subsys *ss,
			  struct container_css *root)
{
	ct_shares_bind(root ? numtasks_of(root) : NULL);
}

struct container_subsys ct_numtasks = {
	.name = "numtasks",
	.owner = THIS_MODULE,
	.files = numtasks_files,
	.create = numtasks_create,
	.offline = numtasks_offline,
	.destroy = numtasks_destroy,
	.bind = numtasks_bind,
	.attach = numtasks_attach,
	.can_fork = numtasks_can_fork,
	.cancel_fork = numtasks_cancel_fork,
	.release = numtasks_release,
};

/* -- parameters ---------------------------------------------------------------- */

static int set_positive(const char *text, const struct kernel_param *kp)
{
	int value, err = kstrtoint(text, 0, &value);

	if (err)
		return err;
	if (value < 1)
		return -EINVAL;
	WRITE_ONCE(*(int *)kp->arg, value);
	return 0;
}

static const struct kernel_param_ops positive_ops = {
	.set = set_positive,
	.get = param_get_int,
};

module_param_cb(forkrate, &positive_ops, &forkrate, 0644);
MODULE_PARM_DESC(forkrate,
		 "numtasks: how many forks a group may make in an interval (default: any)");
module_param_cb(forkrate_interval, &positive_ops, &forkrate_interval, 0644);
MODULE_PARM_DESC(forkrate_interval,
		 "numtasks: the length of that interval in seconds (default: 1)");
module_param(numtasks_enospc, bool, 0644);
MODULE_PARM_DESC(numtasks_enospc,
		 "numtasks: refused forks fail with ENOSPC, as they once did, not EAGAIN");
