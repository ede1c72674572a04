// SPDX-License-Identifier: GPL-2.0
/*
 * What the container shares with tasks outside.
 *
 * The kernel counts who uses a pipe or a file description; we count how often we
 * have found it in the container's tasks. Who is missing is outside.
 *
 * While tasks run these numbers change; then a thing counts as shared only if it
 * was so each time that it was looked at, and the answer is only as good as the
 * moment. When they are frozen it is exact.
 */
#include <linux/kernel.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/xarray.h>

#include "checkpoint/checkpoint.h"
#include "checkpoint/files.h"
#include "checkpoint/outside.h"
#include "checkpoint/save.h"

/**
 * struct hold - one thing
 * @name: what it is
 * @pid: number of the process where it was found first
 * @where: in there
 * @found: users inside
 * @all: users that the kernel knows
 * @pipe: of a file description: the id of the pipe that it is an end of; else 0
 */
struct hold {
	const char *name;
	pid_t pid;
	char where[CT_WHERE_MAX];
	long found;
	long all;
	u32 pipe;
};

/**
 * struct ct_held - all of them
 * @by_id: struct hold, of each sort, by the id that the image gives it
 */
struct ct_held {
	struct xarray by_id[CT_HOLD_KINDS];
};

static struct ct_held *get_held(struct ct_save *s)
{
	unsigned int i;

	if (s->held)
		return s->held;
	s->held = kzalloc(sizeof(*s->held), GFP_KERNEL);
	if (!s->held)
		return NULL;
	for (i = 0; i < CT_HOLD_KINDS; i++)
		xa_init(&s->held->by_id[i]);
	return s->held;
}

static struct hold *add_hold(struct ct_save *s, struct xarray *holds, u32 id,
			     const char *name, const char *where, long all)
{
	struct hold *h = kzalloc(sizeof(*h), GFP_KERNEL);

	if (!h)
		return NULL;
	h->name = name;
	h->pid = s->pid;
	strscpy(h->where, where, sizeof(h->where));
	h->all = all;
	if (xa_err(xa_store(holds, id, h, GFP_KERNEL))) {
		kfree(h);
		return NULL;
	}
	return h;
}

/**
 * ct_hold - something is used by a task of the container
 * @s: the checkpoint
 * @what: sort of thing
 * @id: of the thing, in the image
 * @name: for a blocker; stays
 * @where: the task has it
 * @found: how many users these are
 * @all: how many there are, in and outside
 *
 * Return: 0 or -ENOMEM.
 */
int ct_hold(struct ct_save *s, enum ct_hold_kind what, u32 id, const char *name,
	    const char *where, long found, long all)
{
	struct ct_held *held = get_held(s);
	struct hold *h;

	if (!held)
		return -ENOMEM;
	h = xa_load(&held->by_id[what], id);
	if (!h)
		h = add_hold(s, &held->by_id[what], id, name, where, all);
	if (!h)
		return -ENOMEM;
	h->found += found;
	h->all = min(h->all, all);
	return 0;
}

/**
 * ct_hold_pipe_end - a file description is an end of a pipe
 * @s: the checkpoint
 * @file: id of it, for which ct_hold() has been called
 * @pipe: id of the pipe
 */
void ct_hold_pipe_end(struct ct_save *s, u32 file, u32 pipe)
{
	struct hold *h;

	h = s->held ? xa_load(&s->held->by_id[CT_HOLD_FILE], file) : NULL;
	if (h)
		h->pipe = pipe;
}

static const struct {
	const char *why;
	const char *help;
} sentences[CT_HOLD_KINDS] = {
	[CT_HOLD_FILE] = {
		"it is shared with a task outside of the container",
		"start the container with its input and output redirected to files",
	},
	[CT_HOLD_TABLE] = {
		"it is shared with a task outside of the container",
		"end that task",
	},
	[CT_HOLD_PIPE] = {
		"a task outside of the container has one of its ends",
		"start the container with its input and output redirected to files",
	},
	[CT_HOLD_INODE] = {
		"it is shared with a task outside of the container",
		"end that task",
	},
};

/*
 * Is a pipe that leads outside nothing but the input or output of processes? Only
 * that has a counterpart with whoever restarts.
 */
static bool is_stdio(struct ct_save *s, u32 pipe)
{
	struct hold *h = xa_load(&s->held->by_id[CT_HOLD_PIPE], pipe);
	bool found = false;
	unsigned long id;

	if (!h || h->all <= h->found)
		return false;
	xa_for_each(&s->held->by_id[CT_HOLD_FILE], id, h) {
		if (h->pipe != pipe)
			continue;
		if (!ct_outside_standard(s, id))
			return false;
		found = true;
	}
	return found;
}

/* Something is shared with tasks outside: it is left there, or in the way. */
static int leak(struct ct_save *s, enum ct_hold_kind what, const struct hold *h,
		u32 id)
{
	u32 pipe = what == CT_HOLD_PIPE ? id : what == CT_HOLD_FILE ? h->pipe : 0;
	bool may_stay = pipe && is_stdio(s, pipe);

	if (may_stay && s->flags & CT_SAVE_IGNORE_PIPES)
		return ct_outside_save(s, pipe);
	s->pid = h->pid;
	return ct_block(s, h->where, h->name, sentences[what].why, may_stay ?
			"leave it outside, with ignore=pipes" :
			sentences[what].help);
}

/* One blocker for a pipe, not another for each description of its ends. */
static bool is_named_by_pipe(struct ct_held *held, enum ct_hold_kind what,
			     const struct hold *h)
{
	struct hold *other;
	unsigned long id;

	if (what != CT_HOLD_FILE)
		return false;
	xa_for_each(&held->by_id[CT_HOLD_PIPE], id, other)
		if (other->all > other->found && other->pid == h->pid &&
		    !strcmp(other->where, h->where))
			return true;
	return false;
}

/**
 * ct_save_leaks - block what is shared with tasks outside
 * @s: the checkpoint, to which all tasks of the container have been added
 *
 * Return: 0 or -ENOMEM.
 */
int ct_save_leaks(struct ct_save *s)
{
	unsigned int others = s->blockers.count, i;
	pid_t pid = s->pid;
	struct hold *h;
	unsigned long id;
	int err = 0;

	for (i = 0; s->held && i < CT_HOLD_KINDS; i++) {
		xa_for_each(&s->held->by_id[i], id, h) {
			if (err || h->all <= h->found ||
			    is_named_by_pipe(s->held, i, h))
				continue;
			err = leak(s, i, h, id);
		}
	}
	s->pid = pid;
	s->leaks = s->blockers.count - others;
	return err;
}

/**
 * ct_save_leaks_release - free what ct_save_leaks() needs
 * @s: the checkpoint, at its end, however that came
 */
void ct_save_leaks_release(struct ct_save *s)
{
	struct hold *h;
	unsigned long id;
	unsigned int i;

	for (i = 0; s->held && i < CT_HOLD_KINDS; i++) {
		xa_for_each(&s->held->by_id[i], id, h)
			kfree(h);
		xa_destroy(&s->held->by_id[i]);
	}
	kfree(s->held);
	s->held = NULL;
}
