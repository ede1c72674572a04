// SPDX-License-Identifier: GPL-2.0
/*
 * /proc/container/NAME/{tasks,status,kill}, and who gets to see NAME; the files
 * about checkpoints are in checkpoint.c.
 *
 * The entries are ordinary procfs entries, so that procfs takes care of their
 * users when they go.  They find their container by its id, which they hold as
 * data: it may be gone while they are still open.
 */
#include <linux/errno.h>
#include <linux/idr.h>
#include <linux/proc_fs.h>
#include <linux/sched/task.h>
#include <linux/seq_file.h>
#include <linux/string_helpers.h>

#include "hook/handlers.h"
#include "hook/hook.h"
#include "hook/symbols.h"
#include "procfs/procfs.h"
#include "procfs/view.h"

DEFINE_STATIC_CALL_NULL(ct_orig_proc_lookup, proc_lookup);
DEFINE_STATIC_CALL_NULL(ct_orig_proc_readdir, proc_readdir);

/* Their addresses are what matters. */
const u8 ct_file_mark = 'f';
const u8 ct_dir_mark = 'd';

static struct proc_dir_entry *entries_dir;

/**
 * ct_show_path - print where a container is in the tree
 * @m: to here
 * @c: which; NULL: the system container
 *
 * As current could say it behind /proc/container/: from the outermost
 * container that it sees. What is further out is "/".
 */
void ct_show_path(struct seq_file *m, const struct ct_container *c)
{
	const struct ct_container *path[CT_DEPTH_MAX];
	struct ct_container *own = ct_current_container();
	int n = 0;

	if (!c || !ct_space_within(&c->space, ct_current_space())) {
		seq_putc(m, '/');
		return;
	}
	for (; c; c = c == own ? NULL : ct_container_parent(c))
		path[n++] = c;
	while (n--)
		seq_printf(m, "%s%s", path[n]->name, n ? "/" : "");
}

/**
 * ct_visible - may current see a container?
 * @c: referenced, or under RCU
 *
 * Return: true in the system container, for one's own and for those inside.
 */
bool ct_visible(const struct ct_container *c)
{
	return ct_container_alive(c) &&
	       ct_space_within(&c->space, ct_current_space());
}

/**
 * ct_entry_container - the container of an entry
 * @inode: of something in the container's directory
 *
 * Return: it, if current may see it, with a reference; or NULL.
 */
struct ct_container *ct_entry_container(const struct inode *inode)
{
	struct ct_container *c = ct_container_get(ct_entry_id(inode));

	if (c && !ct_visible(c)) {
		ct_container_put(c);
		c = NULL;
	}
	return c;
}

/* tasks: *pos is the lowest number to come. */

/**
 * struct tasks_file - an open file of a container's tasks
 * @c: the container; referenced
 * @why: what was wrong with the last write
 */
struct tasks_file {
	struct ct_container *c;
	struct ct_why why;
};

static void *tasks_find(struct seq_file *m, loff_t *pos)
{
	struct ct_container *c = ((struct tasks_file *)m->private)->c;
	struct pid *pid = NULL;
	int nr = *pos;

	if (*pos > INT_MAX)
		return NULL;
	rcu_read_lock();
	for (;; nr++) {
		pid = idr_get_next(&c->space.token->idr, &nr);
		if (!pid || pid_task(pid, PIDTYPE_PID))
			break;
	}
	get_pid(pid);
	rcu_read_unlock();
	*pos = nr;
	return pid;
}

/* The reader may be another one than the opener, or have gone further in. */
static void *tasks_start(struct seq_file *m, loff_t *pos)
{
	struct tasks_file *t = m->private;

	/* After a failed write there is but one line. */
	if (ct_why_given(&t->why))
		return *pos ? NULL : SEQ_START_TOKEN;
	return ct_visible(t->c) ? tasks_find(m, pos) : NULL;
}

static void tasks_stop(struct seq_file *m, void *v)
{
	if (v != SEQ_START_TOKEN)
		put_pid(v);
}

static void *tasks_next(struct seq_file *m, void *v, loff_t *pos)
{
	tasks_stop(m, v);
	++*pos;
	return tasks_start(m, pos);
}

static int tasks_show(struct seq_file *m, void *v)
{
	struct tasks_file *t = m->private;
	struct task_struct *task;
	char comm[TASK_COMM_LEN];

	if (v == SEQ_START_TOKEN) {
		ct_why_show(m, &t->why);
		return 0;
	}
	task = get_pid_task(v, PIDTYPE_PID);
	if (!task)
		return 0;
	get_task_comm(comm, task);
	put_task_struct(task);
	seq_printf(m, "%d\t%d\t", pid_nr_ns(v, t->c->space.token), pid_vnr(v));
	seq_escape(m, comm, " " CT_CONTROLS);
	seq_putc(m, '\n');
	return 0;
}

static const struct seq_operations tasks_ops = {
	.start = tasks_start,
	.next = tasks_next,
	.stop = tasks_stop,
	.show = tasks_show,
};

static int tasks_open(struct inode *inode, struct file *file)
{
	struct ct_container *c = ct_entry_container(inode);
	struct tasks_file *t;

	if (!c)
		return -ENOENT;
	t = __seq_open_private(file, &tasks_ops, sizeof(*t));
	if (!t) {
		ct_container_put(c);
		return -ENOMEM;
	}
	mutex_init(&t->why.lock);
	t->c = c;
	return 0;
}

static int tasks_release(struct inode *inode, struct file *file)
{
	struct seq_file *m = file->private_data;

	ct_container_put(((struct tasks_file *)m->private)->c);
	return seq_release_private(inode, file);
}

static int tasks_adopt(const struct file *file, struct ct_container *c,
		       const char __user *ubuf, size_t len, char *why)
{
	char line[CT_LINE_MAX + 1];
	struct ct_request req;
	ssize_t n = ct_copy_line(ubuf, len, line, why);
	int err;

	if (n < 0)
		return n;
	err = ct_parse_adoption(line, n, &req, why) ?: ct_enter_check(why) ?:
	      ct_check_opener(file, why);
	return err ?: ct_container_adopt(c, &req, why);
}

static ssize_t tasks_write(struct file *file, const char __user *ubuf,
			   size_t len, loff_t *ppos)
{
	struct seq_file *m = file->private_data;
	struct tasks_file *t = m->private;
	char why[CT_WHY_MAX] = "";
	int err = tasks_adopt(file, t->c, ubuf, len, why);

	ct_why_set(file, &t->why, why, err);
	return err ?: len;
}

static const struct proc_ops tasks_proc_ops = {
	.proc_open = tasks_open,
	.proc_read = seq_read,
	.proc_lseek = seq_lseek,
	.proc_write = tasks_write,
	.proc_release = tasks_release,
};

/* status */

static int status_show(struct seq_file *m, void *v)
{
	struct ct_container *c = m->private;

	seq_printf(m, "name:\t%s\n", c->name);
	seq_printf(m, "id:\t%u\n", c->id);
	seq_printf(m, "init:\t%d\n", ct_container_init(c));
	seq_printf(m, "tasks:\t%d\n", atomic_read(&c->space.nr_tasks));
	seq_printf(m, "created:\t%ptT%c\n", &c->created, 'Z');
	seq_puts(m, "parent:\t");
	ct_show_path(m, ct_container_parent(c));
	seq_printf(m, "\noptions:\t%s%s%s\n", c->keep ? "pids=keep" : "",
		   c->keep && c->no_reaper ? " " : "",
		   c->no_reaper ? "init=off" : c->keep ? "" : "-");
	ct_progress_show(m, &c->progress);
	return 0;
}

static int status_open(struct inode *inode, struct file *file)
{
	struct ct_container *c = ct_entry_container(inode);
	int err;

	if (!c)
		return -ENOENT;
	err = single_open(file, status_show, c);
	if (err)
		ct_container_put(c);
	return err;
}

static int status_release(struct inode *inode, struct file *file)
{
	struct seq_file *m = file->private_data;

	ct_container_put(m->private);
	return single_release(inode, file);
}

static const struct proc_ops status_proc_ops = {
	.proc_open = status_open,
	.proc_read = seq_read,
	.proc_lseek = seq_lseek,
	.proc_release = status_release,
};

/* kill */

static ssize_t kill_write(struct file *file, const char __user *ubuf,
			  size_t len, loff_t *ppos)
{
	struct ct_container *c;
	char line[CT_LINE_MAX + 1], why[CT_WHY_MAX];
	ssize_t n = ct_copy_line(ubuf, len, line, why);
	int sig;

	if (n < 0)
		return n == -E2BIG ? -EINVAL : n;
	sig = ct_parse_signal(line, n);
	if (sig < 0)
		return sig;
	if (!capable(CAP_KILL))
		return -EPERM;
	c = ct_entry_container(file_inode(file));
	if (!c)
		return -ESRCH;
	if (sig)
		ct_space_kill(&c->space, sig);
	ct_container_put(c);
	return len;
}

static const struct proc_ops kill_proc_ops = {
	.proc_write = kill_write,
};

/* The directory of a container. */

static void entry_remove(struct ct_container *c)
{
	proc_remove(c->dir);
	c->dir = NULL;
	ct_views_remove(c->id);
}

static int entry_add(struct ct_container *c)
{
	struct ct_container *outer = ct_container_parent(c);
	struct proc_dir_entry *parent = outer ? outer->dir :
						READ_ONCE(entries_dir);
	void *data = ct_entry_data(c->id);

	/* The file is there a moment before the directory. */
	if (!parent)
		return -ENODEV;
	c->dir = proc_mkdir_data(c->name, 0555, parent, data);
	if (!c->dir)
		return -ENOMEM;
	if (!proc_create_data("tasks", 0644, c->dir, &tasks_proc_ops, data) ||
	    !proc_create_data("status", 0444, c->dir, &status_proc_ops, data) ||
	    !proc_create_data("kill", 0200, c->dir, &kill_proc_ops, data) ||
	    ct_checkpoint_mkfiles(c->dir, data) || ct_view_mkdir(c)) {
		entry_remove(c);
		return -ENOMEM;
	}
	return 0;
}

const struct ct_entry_ops ct_entry_ops = {
	.add = entry_add,
	.remove = entry_remove,
	.watch = ct_roots_watch,
};

/**
 * ct_entries_set_dir - tell where containers show themselves
 * @dir: the directory /proc/container/
 */
void ct_entries_set_dir(struct proc_dir_entry *dir)
{
	WRITE_ONCE(entries_dir, dir);
}

/*
 * What a contained task calls /proc/container/NAME is its own container,
 * wherever that is in the tree; to the host the name is of one that is not
 * inside another.
 */
static bool is_top(const struct ct_container *c)
{
	struct ct_container *own = ct_current_container();

	return own ? c == own : !ct_container_parent(c);
}

static bool is_name(const struct qstr *name, const char *text)
{
	return name->len == strlen(text) &&
	       !memcmp(name->name, text, name->len);
}

/* One of the files that are there for all. */
static bool is_common(const struct qstr *name)
{
	return is_name(name, CT_RESTART_NAME) || is_name(name, CT_EVENTS_NAME);
}

static bool is_own_name(const struct qstr *name)
{
	const struct ct_container *own = ct_current_container();

	return own && is_name(name, own->name);
}

/* Is this the directory of a container in another one that has no tasks? */
static bool has_ended(const struct dentry *dentry, const struct inode *parent)
{
	struct ct_container *c, *outer;
	bool ended;

	if (!parent || !((unsigned long)pde_data(parent) & 1) ||
	    !((unsigned long)pde_data(d_inode(dentry)) & 1) ||
	    pde_data(parent) == pde_data(d_inode(dentry)))
		return false;
	c = ct_container_get(ct_entry_id(d_inode(dentry)));
	if (!c)
		return false;
	outer = ct_container_parent(c);
	ended = outer && outer->id == ct_entry_id(parent) &&
		!ct_container_alive(c);
	ct_container_put(c);
	return ended;
}

/**
 * ct_entry_revalidate - may current use a cached name of a container?
 * @dentry: of any procfs entry, positive
 *
 * Context: path walk, not RCU-walk.
 * Return: 1 yes; -ENOENT, which leaves the dentry to those who may; 0 where the
 * same name means another container to current.
 */
int ct_entry_revalidate(struct dentry *dentry)
{
	const struct inode *parent = d_inode(READ_ONCE(dentry->d_parent));
	struct ct_container *c;
	int ret = 1;

	if (!parent || pde_data(parent) != &ct_dir_mark) {
		ct_view_found(dentry);
		return has_ended(dentry, parent) ? -ENOENT : 1;
	}
	if (pde_data(d_inode(dentry)) == &ct_common_mark)
		return 1;
	c = ct_container_get(ct_entry_id(d_inode(dentry)));
	if (!c || !ct_container_alive(c))
		ret = -ENOENT;
	else if (!is_top(c))
		ret = ct_current_ns() && !is_own_name(&dentry->d_name) ?
		      -ENOENT : 0;
	if (c)
		ct_container_put(c);
	return ret;
}

struct dentry *ct_hook_proc_lookup(struct inode *dir, struct dentry *dentry,
				   unsigned int flags)
{
	struct ct_container *c = ct_current_container();
	struct dentry *ret;

	ct_hook_enter();
	if (pde_data(dir) != &ct_dir_mark || !c || is_common(&dentry->d_name))
		ret = static_call(ct_orig_proc_lookup)(dir, dentry, flags);
	else if (!is_own_name(&dentry->d_name))
		ret = ERR_PTR(-ENOENT);
	else if (ct_container_parent(c))
		ret = static_call(ct_proc_lookup_de)(dir, dentry,
						     ct_container_parent(c)->dir);
	else
		ret = static_call(ct_orig_proc_lookup)(dir, dentry, flags);
	if (!IS_ERR(ret))
		ct_view_found(ret ?: dentry);
	ct_hook_leave();
	return ret;
}

/* Reached by contained tasks only. */
int ct_hook_proc_readdir(struct file *file, struct dir_context *ctx)
{
	struct ct_container *c = ct_current_container();
	int ret = 0;

	ct_hook_enter();
	if (pde_data(file_inode(file)) != &ct_dir_mark)
		ret = static_call(ct_orig_proc_readdir)(file, ctx);
	else if (dir_emit_dots(file, ctx) && c && ctx->pos == 2 &&
		 dir_emit(ctx, c->name, strlen(c->name), c->id, DT_DIR))
		ctx->pos++;
	ct_hook_leave();
	return ret;
}
