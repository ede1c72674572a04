// SPDX-License-Identifier: GPL-2.0
/*
 * The controller "freezer": all tasks of a group are held still, or go on.
 * Documentation/resource-freezer.md has the files.
 *
 * Tasks are held as a checkpoint holds them (checkpoint/freeze.c): each sleeps in
 * a task work at the border to user space.  Here each is a set of its own, so that
 * it can be let go by itself when it is moved elsewhere.
 *
 * A task that comes into a frozen group is held before it can do anything there in
 * user space.  One that is moved from one frozen group to another is held for the
 * new one before the old one lets it go.
 *
 * Locks: container_lock(), then freezer_mutex.
 */
#include <linux/kernel.h>
#include <linux/list.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/sched.h>
#include <linux/seq_file.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/workqueue.h>
#include <linux/xarray.h>

#include <container/subsys.h>

#include "checkpoint/freeze.h"
#include "resource/controllers.h"

/* How often groups are looked at that are not still yet: at first, and later. */
#define LOOK_FIRST	1
#define LOOK_LAST	(HZ / 10 + 1)

/**
 * struct freezer - the state of a group
 * @css: the core's part
 * @self: it is to be frozen itself; under container_lock()
 * @frozen: it is to be, itself or because of a group above; under
 *	    container_lock(), read without by tasks that fork
 * @complete: all tasks in it and below were found still; the same lock
 */
struct freezer {
	struct container_css css;
	bool self;
	bool frozen;
	bool complete;
};

/* Protects held. */
static DEFINE_MUTEX(freezer_mutex);
/* Task -> what holds it; there is nobody in it who has gone through exit. */
static DEFINE_XARRAY(held);

/* Of the hierarchy, or NULL; under container_lock(). */
static struct freezer *freezer_root;

static const struct container_file freezer_files[];
enum { FILE_EVENTS };

static void look_at_all(struct work_struct *work);
static DECLARE_DELAYED_WORK(look_work, look_at_all);
/* Until the next look; under container_lock(). */
static unsigned long look_delay = LOOK_FIRST;

static struct freezer *freezer_of(struct container_css *css)
{
	return container_of(css, struct freezer, css);
}

static struct freezer *above(const struct freezer *f)
{
	return f->css.parent ? freezer_of(f->css.parent) : NULL;
}

static unsigned long index_of(const struct task_struct *task)
{
	return (unsigned long)task / L1_CACHE_BYTES;
}

/* -- holding ------------------------------------------------------------------ */

static void let_go(struct task_struct *task)
{
	struct ct_frozen *hold;

	lockdep_assert_held(&freezer_mutex);
	hold = xa_erase(&held, index_of(task));
	if (hold)
		ct_thaw_one(hold);
}

/*
 * Its exit callback takes the mutex, after PF_EXITING is set: either that is seen
 * here, or the callback comes later and finds the task.
 */
static int hold(struct task_struct *task, bool anew)
{
	struct ct_frozen *new;
	int err;

	lockdep_assert_held(&freezer_mutex);
	/* That the group is frozen has been written; pairs with freezer_exit(). */
	smp_mb();
	if (READ_ONCE(task->flags) & PF_EXITING)
		return 0;
	if (!anew && xa_load(&held, index_of(task)))
		return 0;
	new = ct_freeze_one(task);
	if (!new)
		return -ENOMEM;
	let_go(task);
	err = xa_err(xa_store(&held, index_of(task), new, GFP_KERNEL));
	if (err)
		ct_thaw_one(new);
	return err;
}

/* Hold those that are there, or let them go. */
static int apply(struct freezer *f)
{
	struct container_task_list *list;
	unsigned int i;
	int err = 0;

	list = container_tasks(&f->css, CONTAINER_TASKS_LIVE);
	if (IS_ERR(list))
		return PTR_ERR(list);
	mutex_lock(&freezer_mutex);
	for (i = 0; i < list->nr; i++) {
		if (!f->frozen)
			let_go(list->task[i]);
		else
			err = hold(list->task[i], false) ?: err;
	}
	mutex_unlock(&freezer_mutex);
	container_tasks_free(list);
	return err;
}

/* -- looking ------------------------------------------------------------------ */

/* Of the group itself; false also without memory to look. */
static bool own_still(struct freezer *f)
{
	struct container_task_list *list;
	bool still = true;
	unsigned int i;

	list = container_tasks(&f->css, CONTAINER_TASKS_LIVE);
	if (IS_ERR(list))
		return false;
	mutex_lock(&freezer_mutex);
	for (i = 0; i < list->nr && still; i++) {
		struct ct_frozen *hold;

		hold = xa_load(&held, index_of(list->task[i]));
		still = hold && ct_still_one(hold);
	}
	mutex_unlock(&freezer_mutex);
	container_tasks_free(list);
	return still;
}

static bool all_still(struct freezer *f)
{
	struct container_css *css;

	container_for_each_pre(css, &f->css)
		if (!own_still(freezer_of(css)))
			return false;
	return true;
}

static void set_complete(struct freezer *f, bool complete)
{
	container_assert_locked();
	if (f->complete == complete)
		return;
	f->complete = complete;
	container_file_notify(&f->css, &freezer_files[FILE_EVENTS]);
}

/* Somebody is to be held: watch until all are still. */
static void look_soon(void)
{
	container_assert_locked();
	look_delay = LOOK_FIRST;
	mod_delayed_work(system_wq, &look_work, look_delay);
}

/* Some may not be on hold yet: the child of vfork(), or for want of memory. */
static bool look_at(struct freezer *f)
{
	if (f->complete)
		return true;
	apply(f);
	set_complete(f, all_still(f));
	return f->complete;
}

static void look_at_all(struct work_struct *work)
{
	struct container_css *css;
	bool wait = false;

	container_lock();
	if (freezer_root) {
		container_for_each_pre(css, &freezer_root->css) {
			struct freezer *f = freezer_of(css);

			if (f->frozen && !look_at(f))
				wait = true;
		}
	}
	if (wait) {
		look_delay = min_t(unsigned long, look_delay * 2, LOOK_LAST);
		mod_delayed_work(system_wq, &look_work, look_delay);
	}
	container_unlock();
}

/* -- freezing ----------------------------------------------------------------- */

/* What is to be changes in a group and, because of it, below. */
static int update(struct freezer *top)
{
	struct container_css *css;
	int err = 0;

	container_assert_locked();
	container_for_each_pre(css, &top->css) {
		struct freezer *f = freezer_of(css);
		bool frozen = f->self || (above(f) && above(f)->frozen);

		if (frozen == f->frozen)
			continue;
		/*
		 * Before those who are there are gathered: a child that is put on
		 * the list later is held by the fork callback.
		 */
		WRITE_ONCE(f->frozen, frozen);
		set_complete(f, false);
		err = apply(f) ?: err;
	}
	look_soon();
	return err;
}

/* A task has come into a frozen group: it, and those above, are not complete. */
static void disturbed(struct freezer *f)
{
	for (; f; f = above(f))
		set_complete(f, false);
	look_soon();
}

static int freezer_set(struct freezer *f, bool self)
{
	int err = -ENODEV;

	container_lock();
	if (container_css_online(&f->css)) {
		f->self = self;
		err = update(f);
	}
	container_unlock();
	return err;
}

/* -- tasks that come and go ---------------------------------------------------- */

static void freezer_post_attach(struct container_css *to,
				struct container_css *from,
				struct task_struct *task)
{
	struct freezer *f = freezer_of(to);

	if (!f->frozen && !freezer_of(from)->frozen)
		return;
	mutex_lock(&freezer_mutex);
	if (f->frozen)
		/* If there is no memory, the next look tries again. */
		hold(task, true);
	else
		let_go(task);
	mutex_unlock(&freezer_mutex);
	if (f->frozen)
		disturbed(f);
}

/*
 * Nobody waits for the child to be held: its parent is not still before it is back
 * from fork, and looks go on until then.
 */
static void freezer_fork(struct container_css *css, struct task_struct *child)
{
	if (!READ_ONCE(freezer_of(css)->frozen))
		return;
	mutex_lock(&freezer_mutex);
	/* Again: it may have been thawed, and its tasks gathered for that. */
	if (READ_ONCE(freezer_of(css)->frozen))
		hold(child, false);
	mutex_unlock(&freezer_mutex);
}

static void freezer_exit(struct container_css *css, struct task_struct *task)
{
	/* PF_EXITING has been set; pairs with hold(). */
	smp_mb();
	if (!xa_load(&held, index_of(task)) && !READ_ONCE(freezer_of(css)->frozen))
		return;
	mutex_lock(&freezer_mutex);
	let_go(task);
	mutex_unlock(&freezer_mutex);
}

/* -- files --------------------------------------------------------------------- */

static int state_show(struct seq_file *m, struct container_css *css,
		      const struct container_file *file)
{
	struct freezer *f = freezer_of(css);
	const char *state = "THAWED";

	container_lock();
	if (f->frozen)
		state = all_still(f) ? "FROZEN" : "FREEZING";
	container_unlock();
	seq_printf(m, "%s\n", state);
	return 0;
}

static int state_write(struct container_css *css, char *buf,
		       const struct container_file *file)
{
	if (!strcmp(buf, "FROZEN"))
		return freezer_set(freezer_of(css), true);
	if (!strcmp(buf, "THAWED"))
		return freezer_set(freezer_of(css), false);
	return -EINVAL;
}

static int self_show(struct seq_file *m, struct container_css *css,
		     const struct container_file *file)
{
	seq_printf(m, "%d\n", READ_ONCE(freezer_of(css)->self));
	return 0;
}

static int parent_show(struct seq_file *m, struct container_css *css,
		       const struct container_file *file)
{
	seq_printf(m, "%d\n", READ_ONCE(above(freezer_of(css))->frozen));
	return 0;
}

static int events_show(struct seq_file *m, struct container_css *css,
		       const struct container_file *file)
{
	seq_printf(m, "frozen %d\n", READ_ONCE(freezer_of(css)->complete));
	return 0;
}

static const struct container_file freezer_files[] = {
	[FILE_EVENTS] = {
		.name = "events",
		.flags = CONTAINER_FILE_NO_ROOT,
		.show = events_show,
	},
	{
		.name = "state",
		.flags = CONTAINER_FILE_NO_ROOT,
		.show = state_show,
		.write = state_write,
	},
	{
		.name = "self",
		.flags = CONTAINER_FILE_NO_ROOT,
		.show = self_show,
	},
	{
		.name = "parent",
		.flags = CONTAINER_FILE_NO_ROOT,
		.show = parent_show,
	},
	{}
};

/* -- life ---------------------------------------------------------------------- */

static struct container_css *freezer_create(struct container_subsys *ss,
					    struct container_css *parent)
{
	struct freezer *f = kzalloc(sizeof(*f), GFP_KERNEL);

	return f ? &f->css : ERR_PTR(-ENOMEM);
}

/* Empty, it is still at once. */
static int freezer_online(struct container_css *css)
{
	struct freezer *f = freezer_of(css);

	if (above(f)) {
		f->frozen = above(f)->frozen;
		f->complete = f->frozen;
	}
	return 0;
}

static void freezer_destroy(struct container_css *css)
{
	kfree(freezer_of(css));
}

static void freezer_bind(struct container_subsys *ss,
			 struct container_css *root)
{
	freezer_root = root ? freezer_of(root) : NULL;
}

/**
 * ct_freezer_exit - nothing of the freezer runs any more
 *
 * Context: may sleep; at unload, when there is no hierarchy.
 */
void ct_freezer_exit(void)
{
	cancel_delayed_work_sync(&look_work);
}

struct container_subsys ct_freezer = {
	.name = "freezer",
	.owner = THIS_MODULE,
	.files = freezer_files,
	.create = freezer_create,
	.online = freezer_online,
	.destroy = freezer_destroy,
	.bind = freezer_bind,
	.post_attach = freezer_post_attach,
	.fork = freezer_fork,
	.exit = freezer_exit,
};
