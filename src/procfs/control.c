// SPDX-License-Identifier: GPL-2.0
/*
 * The file /proc/container: write a name to enter a new container, read the
 * list.  After a write that failed, a read through the same open file tells
 * what was wrong.
 */
#include <linux/errno.h>
#include <linux/mutex.h>
#include <linux/pid.h>
#include <linux/proc_fs.h>
#include <linux/seq_file.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "procfs/procfs.h"

/**
 * struct opener - one open file
 * @id: of the container shown last
 * @lock: protects @why
 * @why: what was wrong with the last write; empty: nothing
 */
struct opener {
	u32 id;
	struct mutex lock;	/* see above */
	char why[CT_WHY_MAX];
};

/* The list; *pos is the lowest id to come, 0 the header. */
static void *list_find(struct opener *o, loff_t *pos)
{
	struct ct_container *c;

	if (*pos > U32_MAX)
		return NULL;
	o->id = *pos;
	c = ct_container_get_next(&o->id);
	if (c)
		*pos = o->id;
	return c;
}

static void *list_start(struct seq_file *m, loff_t *pos)
{
	if (!*pos)
		return SEQ_START_TOKEN;
	/* Inside, and after a failed write, the one line was the header. */
	if (ct_current_ns() || READ_ONCE(((struct opener *)m->private)->why[0]))
		return NULL;
	return list_find(m->private, pos);
}

static void *list_next(struct seq_file *m, void *v, loff_t *pos)
{
	if (v != SEQ_START_TOKEN)
		ct_container_put(v);
	++*pos;
	if (ct_current_ns() || READ_ONCE(((struct opener *)m->private)->why[0]))
		return NULL;
	return list_find(m->private, pos);
}

static void list_stop(struct seq_file *m, void *v)
{
	if (v && v != SEQ_START_TOKEN)
		ct_container_put(v);
}

static void show_header(struct seq_file *m)
{
	struct opener *o = m->private;
	struct ct_container *c = ct_current_container();

	mutex_lock(&o->lock);
	if (o->why[0])
		seq_printf(m, "%s\n", o->why);
	else if (c)
		seq_printf(m, "%s\n", c->name);
	else
		seq_printf(m, "%-24s %8s %8s %8s %s\n", "NAME", "ID", "INIT",
			   "TASKS", "CREATED");
	mutex_unlock(&o->lock);
}

static int list_show(struct seq_file *m, void *v)
{
	struct ct_container *c = v;

	if (v == SEQ_START_TOKEN) {
		show_header(m);
		return 0;
	}
	seq_setwidth(m, 24);
	ct_show_path(m, c);
	seq_pad(m, ' ');
	seq_printf(m, "%8u %8d %8d %ptT%c\n", c->id, pid_vnr(c->init),
		   atomic_read(&c->space.nr_tasks), &c->created, 'Z');
	return 0;
}

static const struct seq_operations list_ops = {
	.start = list_start,
	.next = list_next,
	.stop = list_stop,
	.show = list_show,
};

static int control_open(struct inode *inode, struct file *file)
{
	struct opener *o = __seq_open_private(file, &list_ops, sizeof(*o));

	if (!o)
		return -ENOMEM;
	mutex_init(&o->lock);
	return 0;
}

/* For errors that need no more words than these. */
static const char *errno_sentence(int err)
{
	switch (err) {
	case -ENOMEM:
		return "there is not enough memory";
	case -EAGAIN:
		return "no number is free in the container";
	case -ENOSPC:
		return "there are too many containers";
	default:
		return "the container could not be entered";
	}
}

/* Let the next read start with the sentence. */
static void set_why(struct file *file, const char *why, int err)
{
	struct seq_file *m = file->private_data;
	struct opener *o = m->private;

	mutex_lock(&m->lock);
	mutex_lock(&o->lock);
	strscpy(o->why, err && !why[0] ? errno_sentence(err) : why,
		sizeof(o->why));
	mutex_unlock(&o->lock);
	/* What was rendered before is void. */
	m->read_pos = 0;
	m->index = 0;
	m->count = 0;
	m->from = 0;
	mutex_unlock(&m->lock);
	if (err)
		file->f_pos = 0;
}

/**
 * ct_copy_line - fetch a line that a user has written
 * @ubuf: from where
 * @len: how much
 * @line: to here; %CT_LINE_MAX + 1 bytes; terminated
 *
 * Return: its length, -E2BIG when it is longer than %CT_LINE_MAX, -EFAULT.
 */
ssize_t ct_copy_line(const char __user *ubuf, size_t len, char *line)
{
	if (len > CT_LINE_MAX)
		return -E2BIG;
	if (copy_from_user(line, ubuf, len))
		return -EFAULT;
	line[len] = '\0';
	return len;
}

static int control_enter(const char __user *ubuf, size_t len, char *why)
{
	char line[CT_LINE_MAX + 1];
	struct ct_request req;
	ssize_t n = ct_copy_line(ubuf, len, line);
	int err;

	if (n == -E2BIG)
		snprintf(why, CT_WHY_MAX, "more than %u bytes were written at once",
			 CT_LINE_MAX);
	if (n < 0)
		return n;
	err = ct_parse_request(line, n, &req, why);
	return err ?: ct_container_create(&req, why);
}

static ssize_t control_write(struct file *file, const char __user *ubuf,
			     size_t len, loff_t *ppos)
{
	char why[CT_WHY_MAX] = "";
	int err;

	if (!len)
		return 0;
	err = control_enter(ubuf, len, why);
	set_why(file, why, err);
	return err ?: len;
}

const struct proc_ops ct_control_ops = {
	.proc_open = control_open,
	.proc_read = seq_read,
	.proc_write = control_write,
	.proc_lseek = seq_lseek,
	.proc_release = seq_release_private,
};
