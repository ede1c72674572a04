// SPDX-License-Identifier: GPL-2.0
/*
 * The file /proc/container: write a name to enter a new container, read the
 * list.  After a write that failed, a read through the same open file tells
 * what was wrong.
 */
#include <linux/errno.h>
#include <linux/pid.h>
#include <linux/proc_fs.h>
#include <linux/seq_file.h>
#include <linux/slab.h>

#include "procfs/procfs.h"

/**
 * struct opener - one open file
 * @id: of the container shown last
 * @why: what was wrong with the last write
 */
struct opener {
	u32 id;
	struct ct_why why;
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
	struct opener *o = m->private;

	if (!*pos)
		return SEQ_START_TOKEN;
	/* Inside, and after a failed write, the one line was the header. */
	if (ct_current_ns() || ct_why_given(&o->why))
		return NULL;
	return list_find(m->private, pos);
}

static void *list_next(struct seq_file *m, void *v, loff_t *pos)
{
	struct opener *o = m->private;

	if (v != SEQ_START_TOKEN)
		ct_container_put(v);
	++*pos;
	if (ct_current_ns() || ct_why_given(&o->why))
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

	if (ct_why_show(m, &o->why))
		return;
	if (c)
		seq_printf(m, "%s\n", c->name);
	else
		seq_printf(m, "%-24s %8s %8s %8s %s\n", "NAME", "ID", "INIT",
			   "TASKS", "CREATED");
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
	seq_printf(m, "%8u %8d %8d %ptT%c\n", c->id, ct_container_init(c),
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
	mutex_init(&o->why.lock);
	return 0;
}

static int control_enter(const struct file *file, const char __user *ubuf,
			 size_t len, char *why)
{
	char line[CT_LINE_MAX + 1];
	struct ct_request req;
	ssize_t n = ct_copy_line(ubuf, len, line, why);
	int err;

	if (n < 0)
		return n;
	err = ct_parse_request(line, n, &req, why) ?: ct_enter_check(why) ?:
	      ct_check_opener(file, why);
	return err ?: ct_container_create(&req, why);
}

static ssize_t control_write(struct file *file, const char __user *ubuf,
			     size_t len, loff_t *ppos)
{
	struct seq_file *m = file->private_data;
	struct opener *o = m->private;
	char why[CT_WHY_MAX] = "";
	int err;

	if (!len)
		return 0;
	err = control_enter(file, ubuf, len, why);
	ct_why_set(file, &o->why, why, err);
	return err ?: len;
}

const struct proc_ops ct_control_ops = {
	.proc_open = control_open,
	.proc_read = seq_read,
	.proc_write = control_write,
	.proc_lseek = seq_lseek,
	.proc_release = seq_release_private,
};
