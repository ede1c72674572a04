// SPDX-License-Identifier: GPL-2.0
/* Files: those of subsystems, and those that every group has. */
#include <linux/capability.h>
#include <linux/ctype.h>
#include <linux/poll.h>
#include <linux/seq_file.h>
#include <linux/slab.h>
#include <linux/uaccess.h>
#include <linux/user_namespace.h>

#include "resource/entry.h"
#include "resource/resource.h"

/**
 * struct open_file - one that is open
 * @ri: its inode
 * @event: how often it had changed when it was last read from the beginning
 * @pids: what such a read of tasks or procs has found
 */
struct open_file {
	struct ct_rinode *ri;
	unsigned int event;
	struct ct_rpids *pids;
};

static bool is_list(const struct ct_rinode *ri)
{
	return ri->file == &ct_tasks_file || ri->file == &ct_procs_file;
}

static void *file_start(struct seq_file *m, loff_t *pos)
{
	struct open_file *of = m->private;
	struct ct_rinode *ri = of->ri;

	if (READ_ONCE(ri->group->dead))
		return ERR_PTR(-ENODEV);
	if (!*pos)
		/* Before the contents: a change after that wakes poll(2). */
		of->event = READ_ONCE(ri->event);
	if (!is_list(ri))
		return *pos ? NULL : of;
	if (!*pos || !of->pids) {
		struct ct_rpids *pids;

		pids = ct_rpids_take(ri->group, ri->file == &ct_procs_file);
		if (IS_ERR(pids))
			return pids;
		kvfree(of->pids);
		of->pids = pids;
	}
	return *pos < of->pids->nr ? of : NULL;
}

static void *file_next(struct seq_file *m, void *v, loff_t *pos)
{
	struct open_file *of = v;

	++*pos;
	return is_list(of->ri) && *pos < of->pids->nr ? of : NULL;
}

static void file_stop(struct seq_file *m, void *v)
{
}

static int file_show(struct seq_file *m, void *v)
{
	struct open_file *of = v;
	struct ct_rinode *ri = of->ri;

	if (!is_list(ri))
		return ri->file->show(m, ri->css, ri->file);
	seq_printf(m, "%d\n", of->pids->pid[m->index]);
	return 0;
}

static const struct seq_operations file_seq_ops = {
	.start = file_start,
	.next = file_next,
	.stop = file_stop,
	.show = file_show,
};

static int file_open(struct inode *inode, struct file *file)
{
	struct ct_rinode *ri = ct_rinode(inode);
	struct open_file *of;

	/* Also for root, who may ignore the permissions. */
	if ((file->f_mode & FMODE_READ && !ri->file->show && !is_list(ri)) ||
	    (file->f_mode & FMODE_WRITE && !ri->file->write && !is_list(ri)))
		return -EACCES;
	of = __seq_open_private(file, &file_seq_ops, sizeof(*of));
	if (!of)
		return -ENOMEM;
	of->ri = ri;
	of->event = READ_ONCE(ri->event);
	return 0;
}

static int file_release(struct inode *inode, struct file *file)
{
	struct seq_file *m = file->private_data;
	struct open_file *of = m->private;

	kvfree(of->pids);
	return seq_release_private(inode, file);
}

static __poll_t file_poll(struct file *file, poll_table *wait)
{
	struct seq_file *m = file->private_data;
	struct open_file *of = m->private;
	struct ct_rinode *ri = of->ri;

	poll_wait(file, &ri->poll, wait);
	if (READ_ONCE(ri->group->dead) ||
	    READ_ONCE(of->event) != READ_ONCE(ri->event))
		return DEFAULT_POLLMASK | EPOLLERR | EPOLLPRI;
	return DEFAULT_POLLMASK;
}

static int parse_flag(const char *buf, bool *flag)
{
	if (strcmp(buf, "0") && strcmp(buf, "1"))
		return -EINVAL;
	WRITE_ONCE(*flag, *buf == '1');
	return 0;
}

static int notify_write(struct container_css *css, char *buf,
			const struct container_file *file)
{
	return parse_flag(buf, &css->group->notify_on_release);
}

static int notify_show(struct seq_file *m, struct container_css *css,
		       const struct container_file *file)
{
	seq_printf(m, "%d\n", READ_ONCE(css->group->notify_on_release));
	return 0;
}

static int clone_write(struct container_css *css, char *buf,
		       const struct container_file *file)
{
	return parse_flag(buf, &css->group->clone_children);
}

static int clone_show(struct seq_file *m, struct container_css *css,
		      const struct container_file *file)
{
	seq_printf(m, "%d\n", READ_ONCE(css->group->clone_children));
	return 0;
}

static int events_show(struct seq_file *m, struct container_css *css,
		       const struct container_file *file)
{
	seq_printf(m, "populated %d\n", !!READ_ONCE(css->group->populated));
	return 0;
}

static int agent_show(struct seq_file *m, struct container_css *css,
		      const struct container_file *file)
{
	mutex_lock(&ct_rmutex);
	if (!css->group->dead && css->group->hierarchy->agent)
		seq_printf(m, "%s\n", css->group->hierarchy->agent);
	else
		seq_putc(m, '\n');
	mutex_unlock(&ct_rmutex);
	return 0;
}

/* May the writer say what the kernel shall run as root? */
static int agent_allowed(struct file *file)
{
	if (file->f_cred->user_ns != &init_user_ns ||
	    !file_ns_capable(file, &init_user_ns, CAP_SYS_ADMIN))
		return -EPERM;
	return 0;
}

static int agent_write(struct container_css *css, char *buf,
		       const struct container_file *file)
{
	char *agent = NULL, *old;

	if (*buf) {
		agent = kstrdup(buf, GFP_KERNEL);
		if (!agent)
			return -ENOMEM;
	}
	mutex_lock(&ct_rmutex);
	if (css->group->dead) {
		mutex_unlock(&ct_rmutex);
		kfree(agent);
		return -ENODEV;
	}
	old = css->group->hierarchy->agent;
	WRITE_ONCE(css->group->hierarchy->agent, agent);
	mutex_unlock(&ct_rmutex);
	/* /proc/mounts shows it. */
	if (old)
		synchronize_rcu();
	kfree(old);
	return 0;
}

const struct container_file ct_tasks_file = { .name = "tasks", .mode = 0644 };
const struct container_file ct_procs_file = { .name = "procs", .mode = 0644 };

const struct container_file ct_events_file = {
	.name = "events",
	.flags = CONTAINER_FILE_NO_ROOT,
	.show = events_show,
};

static const struct container_file notify_file = {
	.name = "notify_on_release",
	.show = notify_show,
	.write = notify_write,
};

static const struct container_file clone_file = {
	.name = "clone_children",
	.show = clone_show,
	.write = clone_write,
};

static const struct container_file agent_file = {
	.name = "release_agent",
	.flags = CONTAINER_FILE_ROOT_ONLY,
	.show = agent_show,
	.write = agent_write,
};

const struct container_file * const ct_own_files[] = {
	&ct_tasks_file,
	&ct_procs_file,
	&notify_file,
	&clone_file,
	&ct_events_file,
	&agent_file,
	NULL
};

static int write_line(struct file *file, struct ct_rinode *ri, char *buf)
{
	int err = 0;

	if (is_list(ri))
		return ct_tasks_write(file, ri->group, buf,
				      ri->file == &ct_procs_file);
	if (ri->file == &agent_file)
		err = agent_allowed(file);
	return err ?: ri->file->write(ri->css, buf, ri->file);
}

static ssize_t file_write(struct file *file, const char __user *ubuf,
			  size_t len, loff_t *pos)
{
	struct ct_rinode *ri = ct_rinode(file_inode(file));
	char *buf;
	int err;

	if (len >= CONTAINER_WRITE_MAX)
		return -E2BIG;
	buf = memdup_user_nul(ubuf, len);
	if (IS_ERR(buf))
		return PTR_ERR(buf);
	/* A NUL inside would hide what is behind it. */
	if (strlen(buf) != len)
		err = -EINVAL;
	else if (READ_ONCE(ri->group->dead))
		err = -ENODEV;
	else
		err = write_line(file, ri, strim(buf));
	kfree(buf);
	return err ?: len;
}

const struct file_operations ct_file_ops = {
	.owner = THIS_MODULE,
	.open = file_open,
	.read = seq_read,
	.write = file_write,
	.llseek = seq_lseek,
	.poll = file_poll,
	.release = file_release,
};
