// SPDX-License-Identifier: GPL-2.0
/*
 * A subsystem in a module of its own: counts tasks and what happens to them.
 *
 *	mount -t container -o count container /mnt
 *	mkdir /mnt/a; echo $$ > /mnt/a/tasks; cat /mnt/a/count.stat
 *
 * It has every callback that there is.  count.tasks is how many tasks a group
 * has and all below it, from what the callbacks have told; count.limit is how
 * many it may have (0: any number), count.deny refuses whoever is attached.
 *
 * The module's parameter extra registers further subsystems, extra0, extra1...,
 * that have nothing but what is mandatory.
 */
#include <linux/atomic.h>
#include <linux/kernel.h>
#include <linux/kstrtox.h>
#include <linux/module.h>
#include <linux/seq_file.h>
#include <linux/slab.h>

#include <container/subsys.h>

/* What count.stat shows, in this order. */
enum {
	ONLINE, CLONED, POPULATED, CAN_ATTACH, CANCEL_ATTACH, ATTACHED, LEFT,
	POST_ATTACH, CAN_FORK, CANCEL_FORK, FORK, EXIT, RELEASE, NR_EVENTS
};

static const char * const event_name[] = {
	"online", "cloned", "populated", "can_attach", "cancel_attach",
	"attached", "left", "post_attach", "can_fork", "cancel_fork", "fork",
	"exit", "release",
};

/**
 * struct count - the state of a group
 * @css: the core's part
 * @tasks: how many are in it and below
 * @limit: how many there may be; 0: any number
 * @deny: errno for those that are attached; 0: none
 * @used: the group is kept from being removed; under container_lock()
 * @event: how often which callback was called for this group
 */
struct count {
	struct container_css css;
	atomic_t tasks;
	int limit;
	int deny;
	bool used;
	atomic_t event[NR_EVENTS];
};

static int nr_states;	/* under container_lock() */
static int nr_binds;	/* likewise */

static struct count *count_of(struct container_css *css)
{
	return container_of(css, struct count, css);
}

static void tell(struct container_css *css, int event)
{
	atomic_inc(&count_of(css)->event[event]);
}

/* The root is not counted: nothing is told about who is in it alone. */
static void uncharge(struct container_css *css)
{
	for (; css->parent; css = css->parent)
		atomic_dec(&count_of(css)->tasks);
}

static void charge(struct container_css *css)
{
	for (; css->parent; css = css->parent)
		atomic_inc(&count_of(css)->tasks);
}

/* -- groups ------------------------------------------------------------------- */

static struct container_css *count_create(struct container_subsys *ss,
					  struct container_css *parent)
{
	struct count *c = kzalloc(sizeof(*c), GFP_KERNEL);

	container_assert_locked();
	if (!c)
		return ERR_PTR(-ENOMEM);
	nr_states++;
	return &c->css;
}

static int count_online(struct container_css *css)
{
	tell(css, ONLINE);
	return 0;
}

static void count_offline(struct container_css *css)
{
	struct count *c = count_of(css);

	/* Tasks that have exited may still be counted, in it and above. */
	WARN_ON(container_css_next_child(css, NULL));
	WRITE_ONCE(c->limit, 0);
}

static void count_destroy(struct container_css *css)
{
	struct count *c = count_of(css);

	container_assert_locked();
	WARN_ON(atomic_read(&c->tasks));
	nr_states--;
	kfree(c);
}

static int count_post_clone(struct container_css *css)
{
	count_of(css)->limit = count_of(css->parent)->limit;
	count_of(css)->deny = count_of(css->parent)->deny;
	tell(css, CLONED);
	return 0;
}

static void count_bind(struct container_subsys *ss, struct container_css *root)
{
	nr_binds += root ? 1 : -1;
}

/* -- tasks ---------------------------------------------------------------------- */

static int count_can_attach(struct container_css *to,
			    struct container_css *from,
			    struct task_struct *task)
{
	tell(to, CAN_ATTACH);
	return -READ_ONCE(count_of(to)->deny);
}

static void count_cancel_attach(struct container_css *to,
				struct container_css *from,
				struct task_struct *task)
{
	tell(to, CANCEL_ATTACH);
}

static void count_attach(struct container_css *to, struct container_css *from,
			 struct task_struct *task)
{
	charge(to);
	uncharge(from);
	tell(to, ATTACHED);
	tell(from, LEFT);
}

static void count_post_attach(struct container_css *to,
			      struct container_css *from,
			      struct task_struct *task)
{
	might_sleep();
	tell(to, POST_ATTACH);
}

static int count_can_fork(struct container_css *css, struct task_struct *child)
{
	struct container_css *c;
	int limit;

	tell(css, CAN_FORK);
	charge(css);
	for (c = css; c->parent; c = c->parent) {
		limit = READ_ONCE(count_of(c)->limit);
		if (limit && atomic_read(&count_of(c)->tasks) > limit) {
			uncharge(css);
			return -EAGAIN;
		}
	}
	return 0;
}

static void count_cancel_fork(struct container_css *css,
			      struct task_struct *child)
{
	uncharge(css);
	tell(css, CANCEL_FORK);
}

static void count_fork(struct container_css *css, struct task_struct *child)
{
	tell(css, FORK);
}

static void count_exit(struct container_css *css, struct task_struct *task)
{
	tell(css, EXIT);
}

static void count_release(struct container_css *css, struct task_struct *task)
{
	uncharge(css);
	tell(css, RELEASE);
}

/* -- files ------------------------------------------------------------------------ */

static int stat_show(struct seq_file *m, struct container_css *css,
		     const struct container_file *file)
{
	int i;

	for (i = 0; i < NR_EVENTS; i++)
		seq_printf(m, "%s %d\n", event_name[i],
			   atomic_read(&count_of(css)->event[i]));
	return 0;
}

static int tasks_show(struct seq_file *m, struct container_css *css,
		      const struct container_file *file)
{
	seq_printf(m, "%d\n", atomic_read(&count_of(css)->tasks));
	return 0;
}

static void count_one(struct task_struct *task, void *data)
{
	++*(int *)data;
}

/* What the core says: live, exited, and live as a list. */
static int walk_show(struct seq_file *m, struct container_css *css,
		     const struct container_file *file)
{
	struct container_task_list *list;
	int live = 0, exited = 0;

	container_walk(css, CONTAINER_TASKS_LIVE, count_one, &live);
	container_walk(css, CONTAINER_TASKS_EXITED, count_one, &exited);
	list = container_tasks(css, CONTAINER_TASKS_LIVE);
	if (IS_ERR(list))
		return PTR_ERR(list);
	seq_printf(m, "%d %d %u\n", live, exited, list->nr);
	container_tasks_free(list);
	return 0;
}

/* The groups of the tree from here, before and after those below them. */
static int tree_show(struct seq_file *m, struct container_css *css,
		     const struct container_file *file)
{
	struct container_css *pos;
	char *path = kmalloc(PATH_MAX, GFP_KERNEL);

	if (!path)
		return -ENOMEM;
	container_lock();
	container_for_each_pre(pos, css)
		if (container_css_path(pos, path, PATH_MAX) > 0)
			seq_printf(m, "+%s\n", path);
	container_for_each_post(pos, css)
		if (container_css_path(pos, path, PATH_MAX) > 0)
			seq_printf(m, "-%s\n", path);
	container_unlock();
	kfree(path);
	return 0;
}

/* The states and binds of the whole subsystem. */
static int states_show(struct seq_file *m, struct container_css *css,
		       const struct container_file *file)
{
	container_lock();
	seq_printf(m, "%d %d\n", nr_states, nr_binds);
	container_unlock();
	return 0;
}

static int *value_of(struct container_css *css,
		     const struct container_file *file)
{
	return (void *)count_of(css) + file->private;
}

static int value_show(struct seq_file *m, struct container_css *css,
		      const struct container_file *file)
{
	seq_printf(m, "%d\n", READ_ONCE(*value_of(css, file)));
	return 0;
}

static int value_write(struct container_css *css, char *buf,
		       const struct container_file *file)
{
	int value;

	if (kstrtoint(buf, 10, &value) || value < 0 || value > 4095)
		return -EINVAL;
	WRITE_ONCE(*value_of(css, file), value);
	container_file_notify(css, file);
	return 0;
}

/* 1: keep the group from being removed; 0: no more. */
static int use_write(struct container_css *css, char *buf,
		     const struct container_file *file)
{
	bool use = !strcmp(buf, "1");
	struct count *c = count_of(css);
	int err = 0;

	container_lock();
	if ((!use && strcmp(buf, "0")) || c->used == use)
		err = -EINVAL;
	else if (use && !container_css_tryuse(css))
		err = -ENODEV;
	else
		c->used = use;
	container_unlock();
	/* The file is open, so the state exists still. */
	if (!use && !err)
		container_css_unuse(css);
	return err;
}

static const struct container_file files[] = {
	{ .name = "stat", .show = stat_show },
	{ .name = "tasks", .show = tasks_show,
	  .flags = CONTAINER_FILE_NO_ROOT },
	{ .name = "walk", .show = walk_show },
	{ .name = "limit", .show = value_show, .write = value_write,
	  .private = offsetof(struct count, limit),
	  .flags = CONTAINER_FILE_NO_ROOT },
	{ .name = "deny", .show = value_show, .write = value_write,
	  .private = offsetof(struct count, deny) },
	{ .name = "use", .write = use_write },
	{}
};

static const struct container_file more_files[] = {
	{ .name = "tree", .show = tree_show },
	{ .name = "states", .show = states_show,
	  .flags = CONTAINER_FILE_ROOT_ONLY },
	{}
};

static int count_populate(struct container_css *css)
{
	tell(css, POPULATED);
	return container_add_files(css, more_files);
}

static struct container_subsys count_subsys = {
	.name = "count",
	.owner = THIS_MODULE,
	.files = files,
	.create = count_create,
	.online = count_online,
	.offline = count_offline,
	.destroy = count_destroy,
	.post_clone = count_post_clone,
	.bind = count_bind,
	.populate = count_populate,
	.can_attach = count_can_attach,
	.cancel_attach = count_cancel_attach,
	.attach = count_attach,
	.post_attach = count_post_attach,
	.can_fork = count_can_fork,
	.cancel_fork = count_cancel_fork,
	.fork = count_fork,
	.exit = count_exit,
	.release = count_release,
};

/* -- further ones -------------------------------------------------------------------- */

static unsigned int extra;
module_param(extra, uint, 0444);
MODULE_PARM_DESC(extra, "how many further subsystems to register");

static char extra_name[CONTAINER_SUBSYS_MAX][8];
static struct container_subsys extra_subsys[CONTAINER_SUBSYS_MAX];

static void extra_destroy(struct container_css *css)
{
	kfree(count_of(css));
}

static struct container_css *extra_create(struct container_subsys *ss,
					  struct container_css *parent)
{
	struct count *c = kzalloc(sizeof(*c), GFP_KERNEL);

	return c ? &c->css : ERR_PTR(-ENOMEM);
}

static void extra_unregister(unsigned int n)
{
	while (n--)
		WARN_ON(container_unregister_subsys(&extra_subsys[n]));
}

static int extra_register(void)
{
	unsigned int i;
	int err;

	if (extra > CONTAINER_SUBSYS_MAX)
		return -EINVAL;
	for (i = 0; i < extra; i++) {
		snprintf(extra_name[i], sizeof(extra_name[i]), "extra%u", i);
		extra_subsys[i].name = extra_name[i];
		extra_subsys[i].owner = THIS_MODULE;
		extra_subsys[i].create = extra_create;
		extra_subsys[i].destroy = extra_destroy;
		err = container_register_subsys(&extra_subsys[i]);
		if (err) {
			extra_unregister(i);
			return err;
		}
	}
	return 0;
}

static int __init count_init(void)
{
	int err = container_register_subsys(&count_subsys);

	if (err)
		return err;
	err = extra_register();
	if (err)
		WARN_ON(container_unregister_subsys(&count_subsys));
	return err;
}

/* Nothing is mounted, and no state is left: each holds the module. */
static void __exit count_exit_module(void)
{
	extra_unregister(extra);
	WARN_ON(container_unregister_subsys(&count_subsys));
}

module_init(count_init);
module_exit(count_exit_module);

MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("A sample subsystem for resource containers");
