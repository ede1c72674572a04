// SPDX-License-Identifier: GPL-2.0
/*
 * Saving terminals.
 *
 * A pseudo terminal whose master is in the container is saved with all that is
 * in it.  Of any other terminal, which is somebody else's, only that it was
 * there: a restart takes the terminal of whoever asks for it.
 */
#include <linux/fdtable.h>
#include <linux/file.h>
#include <linux/kdev_t.h>
#include <linux/major.h>
#include <linux/namei.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/tty.h>
#include <linux/tty_driver.h>
#include <linux/tty_flip.h>
#include <linux/tty_ldisc.h>

#include "checkpoint/freeze.h"
#include "checkpoint/special.h"
#include "checkpoint/tty.h"

/**
 * ct_tty_of - the terminal behind a file
 * @file: any
 *
 * Return: it, NULL if there is none.
 */
struct tty_struct *ct_tty_of(const struct file *file)
{
	const struct inode *inode = file_inode(file);
	struct tty_file_private *private = file->private_data;
	unsigned int major = imajor(inode);

	if (file->f_mode & FMODE_PATH || !S_ISCHR(inode->i_mode) || !private)
		return NULL;
	if (major != TTY_MAJOR && (major != TTYAUX_MAJOR || iminor(inode) > 2) &&
	    (major < UNIX98_PTY_MASTER_MAJOR ||
	     major >= UNIX98_PTY_SLAVE_MAJOR + UNIX98_PTY_MAJOR_COUNT))
		return NULL;
	return private->tty;
}

static bool is_master(const struct tty_struct *tty)
{
	return tty->driver->type == TTY_DRIVER_TYPE_PTY &&
	       tty->driver->subtype == PTY_TYPE_MASTER;
}

static bool is_slave(const struct tty_struct *tty)
{
	return tty->driver->type == TTY_DRIVER_TYPE_PTY &&
	       tty->driver->subtype == PTY_TYPE_SLAVE;
}

bool ct_ptm_match(const struct file *file)
{
	const struct tty_struct *tty = ct_tty_of(file);

	return tty && is_master(tty);
}

bool ct_tty_match(const struct file *file)
{
	const struct tty_struct *tty = ct_tty_of(file);

	return tty && !is_master(tty);
}

/* ---- where the other side is ---- */

static int is_it(const void *file, struct file *other, unsigned int fd)
{
	return file == other;
}

static bool is_inside(struct ct_save *s, const struct file *file)
{
	unsigned int i, n = ct_frozen_count(s->tasks);
	bool found = false;

	for (i = 0; i < n && !found; i++) {
		struct task_struct *task = ct_frozen_task(s->tasks, i, NULL);

		task_lock(task);
		if (task->files)
			found = iterate_fd(task->files, 0, is_it, file);
		task_unlock(task);
	}
	return found;
}

/* The master of a pseudo terminal, referenced; NULL: it is not in the container. */
static struct file *master_inside(struct ct_save *s, struct tty_struct *slave)
{
	struct tty_struct *master = slave->link;
	struct tty_file_private *private;
	struct file *file = NULL;

	if (!is_slave(slave) || !master)
		return NULL;
	spin_lock(&master->files_lock);
	private = list_first_entry_or_null(&master->tty_files,
					   struct tty_file_private, list);
	if (private && atomic_long_inc_not_zero(&private->file->f_count))
		file = private->file;
	spin_unlock(&master->files_lock);
	if (!file || is_inside(s, file))
		return file;
	fput(file);
	return NULL;
}

/* ---- what is in it ---- */

static void save_settings(struct ct_save *s, struct tty_struct *tty,
			  struct container_image_pty *rec)
{
	struct ktermios *termios = &tty->termios;

	down_read(&tty->termios_rwsem);
	rec->iflag = termios->c_iflag;
	rec->oflag = termios->c_oflag;
	rec->cflag = termios->c_cflag;
	rec->lflag = termios->c_lflag;
	rec->line = termios->c_line;
	memcpy(rec->cc, termios->c_cc, sizeof(rec->cc));
	rec->ispeed = termios->c_ispeed;
	rec->ospeed = termios->c_ospeed;
	up_read(&tty->termios_rwsem);
	mutex_lock(&tty->winsize_mutex);
	rec->rows = tty->winsize.ws_row;
	rec->columns = tty->winsize.ws_col;
	rec->xpixels = tty->winsize.ws_xpixel;
	rec->ypixels = tty->winsize.ws_ypixel;
	mutex_unlock(&tty->winsize_mutex);
	spin_lock_irq(&tty->ctrl.lock);
	rec->session = ct_save_nr(s, tty->ctrl.session);
	rec->pgrp = ct_save_nr(s, tty->ctrl.pgrp);
	rec->packet = tty->ctrl.pktstatus;
	spin_unlock_irq(&tty->ctrl.lock);
	if (READ_ONCE(tty->flow.tco_stopped))
		rec->flags |= CONTAINER_IMAGE_PTY_HELD;
	else if (READ_ONCE(tty->flow.stopped))
		rec->flags |= CONTAINER_IMAGE_PTY_STOPPED;
	if (test_bit(TTY_EXCLUSIVE, &tty->flags))
		rec->flags |= CONTAINER_IMAGE_PTY_EXCLUSIVE;
}

/* Bytes that have arrived at one side; the line discipline may have seen them. */
struct input {
	u8 *seen;		/* and behind them as many flags */
	struct container_image_pty_input rec;
	u8 *unseen;
	size_t nr_unseen;
};

/* What the line discipline has, with the marks at the ends of lines. */
static int copy_seen(struct tty_struct *tty, struct input *in)
{
	struct n_tty_data *n = tty->disc_data;
	size_t tail = n->read_tail, size, i;

	size = min_t(size_t, n->read_head - tail, N_TTY_BUF_SIZE);
	in->seen = kzalloc(2 * size + 1, GFP_KERNEL);
	if (!in->seen)
		return -ENOMEM;
	for (i = 0; i < size; i++) {
		size_t at = (tail + i) & (N_TTY_BUF_SIZE - 1);

		in->seen[i] = n->read_buf[at];
		in->seen[size + i] = test_bit(at, n->read_flags);
	}
	in->rec.size = size;
	if (n->icanon) {
		in->rec.canon = min(n->canon_head - tail, size);
		in->rec.line = min(n->line_start - tail, size);
	}
	in->rec.column = n->column;
	in->rec.canon_column = n->canon_column;
	if (n->lnext)
		in->rec.flags |= CONTAINER_IMAGE_PTY_LNEXT;
	if (n->erasing)
		in->rec.flags |= CONTAINER_IMAGE_PTY_ERASING;
	if (n->push)
		in->rec.flags |= CONTAINER_IMAGE_PTY_PUSH;
	return 0;
}

static int copy_unseen(struct tty_port *port, struct input *in)
{
	struct tty_buffer *b;
	size_t size = 0;

	for (b = port->buf.head; b; b = b->next)
		size += READ_ONCE(b->commit) - b->read;
	in->unseen = kvmalloc(size + 1, GFP_KERNEL);
	if (!in->unseen)
		return -ENOMEM;
	for (b = port->buf.head; b; b = b->next) {
		size_t n = min_t(size_t, READ_ONCE(b->commit) - b->read,
				 size - in->nr_unseen);

		memcpy(in->unseen + in->nr_unseen, char_buf_ptr(b, b->read), n);
		in->nr_unseen += n;
	}
	return 0;
}

/*
 * -EBUSY: it has no line discipline that we know. Somebody may hang it up, or give it
 * another one, at any time while tasks run: what the line discipline has is there as
 * long as there is a reference on that.
 */
static int get_input(struct tty_struct *tty, struct input *in)
{
	struct tty_ldisc *ldisc = tty_ldisc_ref(tty);
	int err = -EBUSY;

	if (!ldisc)
		return err;
	if (ldisc->ops->num != N_TTY || !tty->disc_data)
		goto out;
	/* Nothing moves from one place to the other meanwhile. */
	tty_buffer_lock_exclusive(tty->port);
	down_read(&tty->termios_rwsem);
	err = copy_seen(tty, in);
	up_read(&tty->termios_rwsem);
	if (!err)
		err = copy_unseen(tty->port, in);
	tty_buffer_unlock_exclusive(tty->port);
out:
	tty_ldisc_deref(ldisc);
	return err;
}

static void free_input(struct input *in)
{
	kfree(in->seen);
	kvfree(in->unseen);
}

static int save_data(struct ct_save *s, u32 id, bool to_master,
		     const void *data, size_t size)
{
	struct container_image_pty_data *rec;

	if (!size)
		return 0;
	rec = ct_out_record(&s->out, CONTAINER_IMAGE_PTY_DATA, id,
			    sizeof(*rec) + size);
	if (!rec)
		return -ENOMEM;
	rec->to_master = to_master;
	rec->size = size;
	memcpy(rec + 1, data, size);
	return 0;
}

static int save_to_slave(struct ct_save *s, u32 id, struct tty_struct *slave)
{
	struct container_image_pty_input *rec;
	struct input in = {};
	int err;

	err = get_input(slave, &in);
	if (!err) {
		rec = ct_out_record(&s->out, CONTAINER_IMAGE_PTY_INPUT, id,
				    sizeof(*rec) + 2 * in.rec.size);
		err = rec ? 0 : -ENOMEM;
		if (rec) {
			*rec = in.rec;
			memcpy(rec + 1, in.seen, 2 * in.rec.size);
		}
	}
	if (!err)
		err = save_data(s, id, false, in.unseen, in.nr_unseen);
	free_input(&in);
	return err;
}

static int save_to_master(struct ct_save *s, u32 id, struct tty_struct *master)
{
	struct input in = {};
	int err;

	err = get_input(master, &in);
	if (!err)
		err = save_data(s, id, true, in.seen, in.rec.size);
	if (!err)
		err = save_data(s, id, true, in.unseen, in.nr_unseen);
	free_input(&in);
	return err;
}

/* Whose controlling terminal it is. */
static int save_users(struct ct_save *s, u32 id, const struct tty_struct *tty)
{
	unsigned int i, n = ct_frozen_count(s->tasks);
	struct container_image_pty_user *rec;

	for (i = 0; i < n; i++) {
		struct task_struct *task = ct_frozen_task(s->tasks, i, NULL);

		if (!thread_group_leader(task) ||
		    READ_ONCE(task->signal->tty) != tty)
			continue;
		rec = ct_out_record(&s->out, CONTAINER_IMAGE_PTY_USER, id,
				    sizeof(*rec));
		if (!rec)
			return -ENOMEM;
		rec->nr = ct_save_nr(s, task_tgid(task));
	}
	return 0;
}

/* Is it one of those that /dev/pts shows here? */
static bool is_devpts_ours(struct tty_struct *slave)
{
	struct dentry *dentry = slave->driver_data;
	struct path path;
	bool ours;

	if (!dentry || kern_path("/dev/pts", 0, &path))
		return false;
	ours = path.dentry->d_sb == dentry->d_sb;
	path_put(&path);
	return ours;
}

/* @inside: the master is in the container, and held, so that the name stays. */
static int save_pty(struct ct_save *s, struct tty_struct *slave,
		    const char *where, u32 id, bool inside)
{
	struct tty_struct *master = slave->link;
	struct container_image_pty *rec;
	int err;

	rec = ct_out_record(&s->out, CONTAINER_IMAGE_PTY, id, sizeof(*rec));
	if (!rec)
		return -ENOMEM;
	save_settings(s, slave, rec);
	err = save_users(s, id, slave);
	if (!inside) {
		rec->flags |= CONTAINER_IMAGE_PTY_FOREIGN;
		return err;
	}
	rec->index = slave->index;
	if (test_bit(TTY_PTY_LOCK, &master->flags))
		rec->flags |= CONTAINER_IMAGE_PTY_LOCKED;
	if (test_bit(TTY_OTHER_CLOSED, &master->flags))
		rec->flags |= CONTAINER_IMAGE_PTY_UNUSED;
	if (READ_ONCE(master->ctrl.packet))
		rec->flags |= CONTAINER_IMAGE_PTY_PACKET;
	if (err)
		return err;
	if (!is_devpts_ours(slave))
		return ct_block(s, where, "pseudo terminal",
				"it is not one of those in /dev/pts",
				"close it");
	err = save_to_slave(s, id, slave);
	if (!err)
		err = save_to_master(s, id, master);
	if (err == -EBUSY)
		err = ct_block(s, where, "pseudo terminal",
			       "it has another line discipline than usual",
			       "close it");
	return err;
}

int ct_ptm_save(struct ct_save *s, struct file *file, u32 id, const char *where)
{
	struct tty_struct *slave = ct_tty_of(file)->link;
	int ret;
	u32 pty;

	ret = ct_object_id(&s->pipes, slave, &pty);
	if (ret > 0)
		ret = save_pty(s, slave, where, pty, true);
	return ret < 0 ? ret : pty;
}

int ct_tty_save(struct ct_save *s, struct file *file, u32 id, const char *where)
{
	struct tty_struct *tty = ct_tty_of(file);
	struct file *master;
	int ret;
	u32 pty;

	/* Nothing comes from it any more, and nothing goes there. */
	if (tty_hung_up_p(file))
		return 0;
	ret = ct_object_id(&s->pipes, tty, &pty);
	if (ret > 0) {
		master = master_inside(s, tty);
		ret = save_pty(s, tty, where, pty, master);
		if (master)
			fput(master);
	}
	return ret < 0 ? ret : pty;
}
