// SPDX-License-Identifier: GPL-2.0
/*
 * Shares of the controller "numtasks": what a group is guaranteed, and may have, as
 * parts of what the group above has; and the parameter that says what all have.
 */
#include <linux/kernel.h>
#include <linux/math64.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/rcupdate.h>
#include <linux/seq_file.h>
#include <linux/string.h>
#include <linux/workqueue.h>

#include "resource/controllers.h"
#include "resource/numtasks.h"

/* Of shares. The patches that this follows call it so. */
#define DONT_CARE	(-3)
#define DIVISOR		100

/*
 * From shares to numbers: one at a time, and numtasks_root.  Inside of
 * container_lock(), which whoever writes a parameter cannot take: a sysfs file is
 * locked then, and others lock one of those under container_lock().
 */
static DEFINE_MUTEX(shares_mutex);
/* Of the hierarchy, if there is one. */
static struct numtasks *numtasks_root;

static int total_numtasks = INT_MAX;

static s64 part(s64 whole, int share, int divisor)
{
	return div_s64(whole * share, divisor);
}

/* From the shares to numbers of tasks; the group above has its own already. */
static void apply_shares(struct numtasks *n)
{
	struct numtasks *parent = above(n);
	s64 guarantee, limit, before;

	lockdep_assert_held(&shares_mutex);
	if (!parent) {
		guarantee = READ_ONCE(total_numtasks);
		limit = guarantee;
	} else {
		guarantee = n->shares.min == DONT_CARE ? 0 :
			part(parent->guarantee, n->shares.min,
			     parent->shares.divisor);
		limit = n->shares.max == DONT_CARE ? parent->limit :
			part(parent->limit, n->shares.max,
			     parent->shares.divisor);
	}

	spin_lock_irq(&ct_numtasks_lock);
	before = ct_numtasks_taken(n);
	n->guarantee = guarantee;
	n->limit = limit;
	ct_numtasks_claim(parent, ct_numtasks_taken(n) - before);
	spin_unlock_irq(&ct_numtasks_lock);
}

/* And for all below. Those that are just made or removed may be left out. */
static void apply_shares_tree(struct numtasks *top)
{
	struct container_css *css;

	rcu_read_lock();
	container_for_each_pre(css, &top->css)
		apply_shares(numtasks_of(css));
	rcu_read_unlock();
}

/* With container_lock() none is. */
static void apply_total(struct work_struct *work)
{
	container_lock();
	mutex_lock(&shares_mutex);
	if (numtasks_root)
		apply_shares_tree(numtasks_root);
	mutex_unlock(&shares_mutex);
	container_unlock();
}

static DECLARE_WORK(total_work, apply_total);

/* Of what groups below @n are guaranteed, but for that of @except. */
static s64 shares_given(struct numtasks *n, struct numtasks *except)
{
	struct container_css *css;
	s64 sum = 0;

	container_for_each_child(css, &n->css) {
		struct numtasks *child = numtasks_of(css);

		if (child != except && child->shares.min != DONT_CARE)
			sum += child->shares.min;
	}
	return sum;
}

static int largest_max_below(struct numtasks *n)
{
	struct container_css *css;
	int largest = 0;

	container_for_each_child(css, &n->css)
		largest = max(largest, numtasks_of(css)->shares.max);
	return largest;
}

static bool shares_ok(struct numtasks *n, const struct shares *new)
{
	struct numtasks *parent = above(n);
	int min = new->min == DONT_CARE ? 0 : new->min;
	int max = new->max;

	if (min < 0 || (max < 0 && max != DONT_CARE) || new->divisor < 1)
		return false;
	if (max != DONT_CARE && min > max)
		return false;
	if (new->divisor < largest_max_below(n) ||
	    new->divisor < shares_given(n, NULL))
		return false;
	/* The root has everything. */
	if (!parent)
		return new->min == DONT_CARE && max == DONT_CARE;
	return max <= parent->shares.divisor &&
	       min <= parent->shares.divisor - shares_given(parent, n);
}

static int parse_shares(char *buf, struct shares *shares)
{
	char *word;

	while ((word = strsep(&buf, ","))) {
		char *value = strchr(word, '=');
		int *number;

		if (!value)
			return -EINVAL;
		*value++ = 0;
		if (!strcmp(word, "res")) {
			if (strcmp(value, "numtasks"))
				return -EINVAL;
			continue;
		}
		if (!strcmp(word, "min_shares"))
			number = &shares->min;
		else if (!strcmp(word, "max_shares"))
			number = &shares->max;
		else if (!strcmp(word, "child_shares_divisor"))
			number = &shares->divisor;
		else
			return -EINVAL;
		if (kstrtoint(value, 10, number))
			return -EINVAL;
	}
	return 0;
}

/**
 * ct_shares_write - the file shares is written to
 * @css: the state
 * @buf: what to, res=numtasks,min_shares=N,max_shares=N,child_shares_divisor=N or
 *	 some of these
 * @file: not used
 *
 * Context: may sleep; takes container_lock().
 * Return: 0; -EINVAL; -ENODEV: the group has been removed.
 */
int ct_shares_write(struct container_css *css, char *buf,
		    const struct container_file *file)
{
	struct numtasks *n = numtasks_of(css);
	struct shares new;
	int err;

	container_lock();
	new = n->shares;
	err = -ENODEV;
	if (!container_css_online(css))
		goto out;
	err = parse_shares(buf, &new);
	if (!err && !shares_ok(n, &new))
		err = -EINVAL;
	if (err)
		goto out;
	mutex_lock(&shares_mutex);
	n->shares = new;
	apply_shares_tree(n);
	mutex_unlock(&shares_mutex);
out:
	container_unlock();
	return err;
}

/**
 * ct_shares_show - the file shares is read
 * @m: where to
 * @css: the state
 * @file: not used
 *
 * Context: may sleep; takes container_lock().
 * Return: 0.
 */
int ct_shares_show(struct seq_file *m, struct container_css *css,
		   const struct container_file *file)
{
	struct shares shares;

	container_lock();
	shares = numtasks_of(css)->shares;
	container_unlock();
	seq_printf(m, "res=numtasks,min_shares=%d,max_shares=%d,child_shares_divisor=%d\n",
		   shares.min, shares.max, shares.divisor);
	return 0;
}

/**
 * ct_shares_init - the shares of a new group
 * @n: the group
 * @parent: the one above; NULL: it is the root
 *
 * Context: container_lock() held.
 */
void ct_shares_init(struct numtasks *n, const struct numtasks *parent)
{
	n->limit = parent ? parent->limit : READ_ONCE(total_numtasks);
	n->guarantee = parent ? 0 : n->limit;
	n->shares = (struct shares){ DONT_CARE, DONT_CARE, DIVISOR };
}

/**
 * ct_shares_drop - what was guaranteed to a group can be given to others
 * @n: the group, which is being removed
 *
 * Context: may sleep; container_lock() held.
 */
void ct_shares_drop(struct numtasks *n)
{
	mutex_lock(&shares_mutex);
	n->shares.min = DONT_CARE;
	n->shares.max = DONT_CARE;
	apply_shares(n);
	mutex_unlock(&shares_mutex);
}

/**
 * ct_shares_bind - which hierarchy it is about
 * @root: the root of that, NULL: none
 *
 * Context: may sleep; container_lock() held.
 */
void ct_shares_bind(struct numtasks *root)
{
	mutex_lock(&shares_mutex);
	numtasks_root = root;
	mutex_unlock(&shares_mutex);
}

/**
 * ct_numtasks_exit - nothing of the controller runs any more
 *
 * Context: may sleep; at unload, when there is no hierarchy.
 */
void ct_numtasks_exit(void)
{
	cancel_work_sync(&total_work);
}

/* -- the parameter --------------------------------------------------------------- */

static int set_total(const char *text, const struct kernel_param *kp)
{
	int value, err = kstrtoint(text, 0, &value);

	if (err)
		return err;
	if (value < 1)
		return -EINVAL;
	WRITE_ONCE(total_numtasks, value);
	mutex_lock(&shares_mutex);
	if (numtasks_root) {
		apply_shares_tree(numtasks_root);
		/* Once more, for those that are just being made. */
		schedule_work(&total_work);
	}
	mutex_unlock(&shares_mutex);
	return 0;
}

static const struct kernel_param_ops total_ops = {
	.set = set_total,
	.get = param_get_int,
};

module_param_cb(total_numtasks, &total_ops, &total_numtasks, 0644);
MODULE_PARM_DESC(total_numtasks,
		 "numtasks: how many tasks there may be outside of the root group (default: any)");
