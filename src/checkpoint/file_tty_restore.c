// SPDX-License-Identifier: GPL-2.0
/*
 * Making pseudo terminals again, under the numbers that they had, and taking
 * the place of other terminals by that of whoever asks for the restart.
 */
#include <linux/fdtable.h>
#include <linux/file.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/tty.h>
#include <linux/tty_flip.h>
#include <linux/workqueue.h>
#include <asm/ioctls.h>

#include "checkpoint/signal.h"
#include "checkpoint/special.h"
#include "checkpoint/syscall.h"
#include "checkpoint/tty.h"

/*
 * Masters, in ct_restart.files while files are made, by their numbers: those on
 * the way to the one that is wanted are kept so that they are not found again.
 */
#define BEHIND_PTY	0xc0000000u
#define MASTERS_MAX	4096

#define OBJECT_FLAGS	(CONTAINER_IMAGE_PTY_FOREIGN | CONTAINER_IMAGE_PTY_LOCKED | \
			 CONTAINER_IMAGE_PTY_UNUSED | CONTAINER_IMAGE_PTY_PACKET | \
			 CONTAINER_IMAGE_PTY_HELD | CONTAINER_IMAGE_PTY_STOPPED | \
			 CONTAINER_IMAGE_PTY_EXCLUSIVE)

static const struct container_image_pty *get_pty(struct ct_rtask *t, u32 id)
{
	const struct container_image_file *file = ct_file_record(t, id);
	const struct container_image_pty *rec;

	rec = ct_find_payload(t, CONTAINER_IMAGE_PTY, file ? file->object : 0,
			      sizeof(*rec), "a terminal");
	if (!IS_ERR(rec) &&
	    (rec->flags & ~OBJECT_FLAGS || rec->index >= MASTERS_MAX))
		return ERR_PTR(ct_restart_fail(t->r, -EINVAL,
			"the image has a terminal that there cannot be"));
	return rec;
}

/* ---- masters ---- */

static long file_ioctl(struct file *file, unsigned int cmd, const void __user *arg)
{
	int fd = ct_put_fd(file);
	long ret;

	if (fd < 0)
		return fd;
	ret = ct_sys(ioctl, fd, cmd, arg);
	close_fd(fd);
	return ret;
}

static int number_of(const struct file *master)
{
	const struct tty_struct *tty = ct_tty_of(master);

	return tty ? tty->index : -ENOTTY;
}

static struct file *open_path(struct ct_rtask *t, const char *path, int flags)
{
	void __user *arg = ct_scratch(t, 0, path, strlen(path) + 1);

	if (IS_ERR(arg))
		return ERR_CAST(arg);
	return ct_take_fd(t, ct_sys(openat, AT_FDCWD, arg, flags), path);
}

/* One more master; which number it has is the kernel's choice. */
static int open_master(struct ct_rtask *t)
{
	struct file *file = open_path(t, "/dev/ptmx", O_RDWR | O_NOCTTY);
	int number, err;

	if (IS_ERR(file))
		return PTR_ERR(file);
	number = number_of(file);
	err = number < 0 ? number :
	      xa_insert(&t->r->files, BEHIND_PTY + number, file, GFP_KERNEL);
	if (!err)
		return number;
	fput(file);
	return err;
}

/*
 * The master with a number. The kernel gives out the lowest one that is free, so
 * those below are taken first.
 */
static struct file *master_of(struct ct_rtask *t,
			      const struct container_image_pty *pty)
{
	struct file *file;
	int number;

	for (;;) {
		file = xa_load(&t->r->files, BEHIND_PTY + pty->index);
		if (file)
			return file;
		number = open_master(t);
		if (number < 0)
			return ERR_PTR(ct_restart_fail(t->r, number,
				"cannot make /dev/pts/%u", pty->index));
		if (number > pty->index)
			return ERR_PTR(ct_restart_fail(t->r, -EADDRINUSE,
				"/dev/pts/%u is in use", pty->index));
	}
}

struct file *ct_ptm_restore(struct ct_rtask *t, u32 id)
{
	const struct container_image_pty *pty = get_pty(t, id);
	struct file *file;

	if (IS_ERR(pty))
		return ERR_CAST(pty);
	if (pty->flags & CONTAINER_IMAGE_PTY_FOREIGN)
		return ERR_PTR(ct_restart_fail(t->r, -EINVAL,
			"the image has a terminal that there cannot be"));
	file = master_of(t, pty);
	return IS_ERR(file) ? file : get_file(file);
}

/* ---- the other side ---- */

static struct file *open_slave(struct ct_rtask *t,
			       const struct container_image_pty *pty, int flags)
{
	struct file *master = master_of(t, pty);
	void __user *arg;
	int unlocked = 0, err;

	if (IS_ERR(master))
		return master;
	arg = ct_scratch(t, 0, &unlocked, sizeof(unlocked));
	if (IS_ERR(arg))
		return ERR_CAST(arg);
	err = file_ioctl(master, TIOCSPTLCK, arg);
	if (err)
		return ERR_PTR(err);
	return ct_take_fd(t, file_ioctl(master, TIOCGPTPEER,
					(void __user *)(long)(flags | O_NOCTTY)),
			  "a pseudo terminal");
}

/*
 * The terminal of whoever asks for the restart, who is the parent; referenced.
 * With @take he loses it, if he leads the session that has it; else NULL.
 */
static struct tty_struct *writers_tty(bool take)
{
	struct tty_struct *tty = NULL;
	struct task_struct *writer;
	unsigned long flags;

	rcu_read_lock();
	writer = rcu_dereference(current->real_parent);
	if (ct_lock_sighand(writer, &flags)) {
		struct signal_struct *signal = writer->signal;

		if (!take) {
			tty = tty_kref_get(signal->tty);
		} else if (signal->leader && signal->tty &&
			   signal->tty->ctrl.session == task_session(writer)) {
			tty = signal->tty;
			signal->tty = NULL;
		}
		ct_unlock_sighand(writer, &flags);
	}
	rcu_read_unlock();
	return tty;
}

/*
 * Make a terminal a task's, with the reference on it; returns what is to be put:
 * the one it had, or the new one if the task has ended.
 */
static struct tty_struct *change_tty(struct task_struct *task,
				     struct tty_struct *tty)
{
	unsigned long flags;

	if (ct_lock_sighand(task, &flags)) {
		swap(task->signal->tty, tty);
		ct_unlock_sighand(task, &flags);
	}
	return tty;
}

static struct file *open_foreign(struct ct_rtask *t, int flags)
{
	struct tty_struct *tty = writers_tty(false), *old;
	struct file *file;
	void __user *arg;
	long fd = -ENXIO;

	if (tty) {
		arg = ct_scratch(t, 0, "/dev/tty", sizeof("/dev/tty"));
		if (IS_ERR(arg)) {
			tty_kref_put(tty);
			return ERR_CAST(arg);
		}
		old = change_tty(current, tty);
		fd = ct_sys(openat, AT_FDCWD, arg, flags | O_NOCTTY);
		tty_kref_put(change_tty(current, old));
	}
	if (fd < 0)
		return open_path(t, "/dev/null", flags);
	file = ct_take_fd(t, fd, "a terminal");
	return file;
}

/* Is a number that of a pseudo terminal in the image? */
static bool is_wanted(struct ct_rtask *t, u32 number)
{
	const struct container_image_file *file;
	const struct container_image_pty *pty;
	u32 id;

	for (id = 1; (file = ct_file_record(t, id)); id++) {
		if (file->kind != CONTAINER_IMAGE_FILE_PTM)
			continue;
		pty = get_pty(t, id);
		if (!IS_ERR(pty) && pty->index == number)
			return true;
	}
	return false;
}

/* One whose master has gone: the master of a new one goes with this function. */
static struct file *open_hung_up(struct ct_rtask *t, int flags)
{
	struct container_image_pty pty = {};
	struct file *master, *file;
	int number;

	do {
		number = open_master(t);
	} while (number >= 0 && is_wanted(t, number));
	if (number < 0)
		return ERR_PTR(number);
	pty.index = number;
	file = open_slave(t, &pty, flags);
	master = xa_erase(&t->r->files, BEHIND_PTY + number);
	fput(master);
	return file;
}

struct file *ct_tty_restore(struct ct_rtask *t, u32 id)
{
	const struct container_image_file *rec = ct_file_record(t, id);
	const struct container_image_pty *pty;
	int flags = rec->flags & O_ACCMODE;

	if (flags == O_ACCMODE)
		flags = O_RDWR;
	if (!rec->object)
		return open_hung_up(t, flags | O_NONBLOCK);
	pty = get_pty(t, id);
	if (IS_ERR(pty))
		return ERR_CAST(pty);
	if (pty->flags & CONTAINER_IMAGE_PTY_FOREIGN)
		return open_foreign(t, flags | O_NONBLOCK);
	return open_slave(t, pty, flags | O_NONBLOCK);
}

/* ---- settings ---- */

static int set_settings(struct ct_rtask *t, struct file *master,
			const struct container_image_pty *pty)
{
	struct winsize size = { .ws_row = pty->rows, .ws_col = pty->columns,
				.ws_xpixel = pty->xpixels,
				.ws_ypixel = pty->ypixels };
	struct termios2 termios = {
		.c_iflag = pty->iflag, .c_oflag = pty->oflag,
		.c_cflag = pty->cflag, .c_lflag = pty->lflag,
		.c_line = N_TTY,
		.c_ispeed = pty->ispeed, .c_ospeed = pty->ospeed };
	void __user *arg = ct_scratch(t, 0, &size, sizeof(size));
	int err;

	if (IS_ERR(arg))
		return PTR_ERR(arg);
	err = file_ioctl(master, TIOCSWINSZ, arg);
	if (err)
		return err;
	memcpy(termios.c_cc, pty->cc, sizeof(termios.c_cc));
	arg = ct_scratch(t, 0, &termios, sizeof(termios));
	if (IS_ERR(arg))
		return PTR_ERR(arg);
	/* On a master it is about the other side. */
	return file_ioctl(master, TCSETS2, arg);
}

static void set_state(struct tty_struct *master,
		      const struct container_image_pty *pty)
{
	struct tty_struct *slave = master->link;
	bool held = pty->flags & CONTAINER_IMAGE_PTY_HELD;

	spin_lock_irq(&slave->flow.lock);
	slave->flow.tco_stopped = held;
	slave->flow.stopped = held || pty->flags & CONTAINER_IMAGE_PTY_STOPPED;
	spin_unlock_irq(&slave->flow.lock);
	spin_lock_irq(&master->ctrl.lock);
	master->ctrl.packet = pty->flags & CONTAINER_IMAGE_PTY_PACKET;
	spin_unlock_irq(&master->ctrl.lock);
	spin_lock_irq(&slave->ctrl.lock);
	slave->ctrl.pktstatus = pty->packet;
	spin_unlock_irq(&slave->ctrl.lock);
	if (pty->flags & CONTAINER_IMAGE_PTY_EXCLUSIVE)
		set_bit(TTY_EXCLUSIVE, &slave->flags);
	if (pty->flags & CONTAINER_IMAGE_PTY_UNUSED)
		set_bit(TTY_OTHER_CLOSED, &master->flags);
	if (pty->flags & CONTAINER_IMAGE_PTY_LOCKED)
		set_bit(TTY_PTY_LOCK, &master->flags);
	else
		clear_bit(TTY_PTY_LOCK, &master->flags);
}

/* ---- what is in it ---- */

static void set_seen(struct n_tty_data *n,
		     const struct container_image_pty_input *in)
{
	const u8 *data = (const u8 *)(in + 1), *marks = data + in->size;
	u32 i;

	bitmap_zero(n->read_flags, N_TTY_BUF_SIZE);
	memcpy(n->read_buf, data, in->size);
	for (i = 0; i < in->size; i++)
		if (marks[i])
			__set_bit(i, n->read_flags);
	n->read_tail = 0;
	n->lookahead_count = 0;
	n->line_start = in->line;
	n->canon_head = in->canon;
	n->commit_head = in->size;
	n->column = in->column;
	n->canon_column = in->canon_column;
	n->lnext = !!(in->flags & CONTAINER_IMAGE_PTY_LNEXT);
	n->erasing = !!(in->flags & CONTAINER_IMAGE_PTY_ERASING);
	n->push = !!(in->flags & CONTAINER_IMAGE_PTY_PUSH);
	/* Those who poll do not wait for the lock. */
	smp_store_release(&n->read_head, in->size);
}

static int restore_seen(struct ct_rtask *t, u32 pty, struct tty_struct *slave)
{
	const struct container_image_pty_input *in;
	const struct ct_record *record;
	struct tty_ldisc *ldisc;

	record = ct_in_find(&t->r->in, CONTAINER_IMAGE_PTY_INPUT, pty);
	in = record ? record->payload : NULL;
	if (!record || record->rec.length < sizeof(*in) ||
	    in->size > N_TTY_BUF_SIZE || in->canon > in->size ||
	    in->line > in->size ||
	    record->rec.length != sizeof(*in) + 2 * in->size)
		return ct_restart_fail(t->r, -EINVAL,
			"the image does not say what is in pseudo terminal %u",
			pty);
	/* It has a name: somebody else may open it, and change that at any time. */
	ldisc = tty_ldisc_ref(slave);
	if (!ldisc || ldisc->ops->num != N_TTY || !slave->disc_data) {
		if (ldisc)
			tty_ldisc_deref(ldisc);
		return ct_restart_fail(t->r, -EBUSY,
			"somebody else has changed pseudo terminal %u", pty);
	}
	tty_buffer_lock_exclusive(slave->port);
	down_write(&slave->termios_rwsem);
	set_seen(slave->disc_data, in);
	up_write(&slave->termios_rwsem);
	tty_buffer_unlock_exclusive(slave->port);
	tty_ldisc_deref(ldisc);
	return 0;
}

/* It arrives once more, and is treated as the settings say. */
static int restore_unseen(struct ct_rtask *t, u32 pty, struct tty_struct *master)
{
	const struct container_image_pty_data *rec;
	const struct ct_record *record;
	struct tty_port *port;
	u32 done, n;

	for (record = ct_in_find(&t->r->in, CONTAINER_IMAGE_PTY_DATA, pty);
	     record; record = ct_in_next(record)) {
		rec = record->payload;
		if (record->rec.length < sizeof(*rec) ||
		    rec->size != record->rec.length - sizeof(*rec))
			return -EINVAL;
		port = rec->to_master ? master->port : master->link->port;
		for (done = 0; done < rec->size; done += n) {
			n = tty_insert_flip_string(port,
						   (const u8 *)(rec + 1) + done,
						   min(rec->size - done, 2048u));
			tty_flip_buffer_push(port);
			if (!n)
				return -ENOSPC;
			flush_work(&port->buf.work);
		}
	}
	return 0;
}

/* ---- sessions ---- */

static void set_session(struct ct_restart *r, struct tty_struct *tty,
			const struct container_image_pty *pty)
{
	struct pid *session = ct_pid_of(r, pty->session);
	struct pid *pgrp = ct_pid_of(r, pty->pgrp);

	spin_lock_irq(&tty->ctrl.lock);
	swap(tty->ctrl.session, session);
	swap(tty->ctrl.pgrp, pgrp);
	spin_unlock_irq(&tty->ctrl.lock);
	put_pid(session);
	put_pid(pgrp);
}

/* Those whose controlling terminal it is: they are in its session. */
static int set_users(struct ct_rtask *t, u32 pty, struct tty_struct *tty)
{
	const struct container_image_pty_user *user;
	const struct ct_record *record;
	struct ct_rtask *other;

	for (record = ct_in_find(&t->r->in, CONTAINER_IMAGE_PTY_USER, pty);
	     record; record = ct_in_next(record)) {
		user = record->payload;
		other = record->rec.length < sizeof(*user) ? NULL :
			xa_load(&t->r->tasks, user->nr);
		if (!other || !other->task ||
		    task_session(other->task) != tty->ctrl.session)
			return ct_restart_fail(t->r, -EINVAL,
				"the image has a process with another session's terminal");
		tty_kref_put(change_tty(other->task, tty_kref_get(tty)));
	}
	return 0;
}

/*
 * The terminal of whoever asks for the restart becomes that of the session here
 * if he leads the one that has it: then he has nothing else to do with it.
 */
static int take_over(struct ct_rtask *t, u32 id,
		     const struct container_image_pty *pty)
{
	struct tty_struct *tty;
	int err;

	if (!pty->session)
		return 0;
	tty = writers_tty(true);
	if (!tty)
		return 0;
	set_session(t->r, tty, pty);
	err = set_users(t, id, tty);
	tty_kref_put(tty);
	return err;
}

int ct_tty_link(struct ct_rtask *t, u32 id, struct file *file)
{
	const struct container_image_file *rec = ct_file_record(t, id);
	const struct container_image_pty *pty;

	if (!rec->object)
		return 0;
	pty = get_pty(t, id);
	if (IS_ERR(pty))
		return PTR_ERR(pty);
	if (!(pty->flags & CONTAINER_IMAGE_PTY_FOREIGN))
		return 0;
	return take_over(t, rec->object, pty);
}

int ct_ptm_link(struct ct_rtask *t, u32 id, struct file *file)
{
	const struct container_image_file *rec = ct_file_record(t, id);
	const struct container_image_pty *pty = get_pty(t, id);
	struct tty_struct *master = ct_tty_of(file);
	int err;

	if (IS_ERR(pty))
		return PTR_ERR(pty);
	err = set_settings(t, file, pty);
	if (!err)
		err = restore_seen(t, rec->object, master->link);
	if (!err)
		err = restore_unseen(t, rec->object, master);
	if (!err) {
		set_session(t->r, master->link, pty);
		set_state(master, pty);
		err = set_users(t, rec->object, master->link);
	}
	if (err)
		return ct_restart_fail(t->r, err,
				       "cannot set up /dev/pts/%u as it was",
				       pty->index);
	return 0;
}
