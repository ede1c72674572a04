// SPDX-License-Identifier: GPL-2.0
/*
 * /proc/container/NAME/checkpoint and check, and /proc/container/restart: the
 * files. What they do is in checkpoint/.
 */
#include <linux/capability.h>
#include <linux/errno.h>
#include <linux/fs.h>
#include <linux/module.h>
#include <linux/proc_fs.h>
#include <linux/seq_file.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "checkpoint/notice.h"
#include "checkpoint/restart.h"
#include "checkpoint/save.h"
#include "procfs/procfs.h"

const u8 ct_common_mark = 'c';

/* Enough for the words that say how. */
#define WORDS_MAX	63

/* Those outside of the container that may look into all of its processes. */
static int may_save(const struct ct_container *c)
{
	if (!capable(CAP_SYS_ADMIN))
		return -EPERM;
	/* It would wait for itself. */
	return ct_space_within(ct_current_space(), &c->space) ? -EDEADLK : 0;
}

/* -- checkpoint -- */

/**
 * struct image_file - an open file of an image being read
 * @c: the container; referenced
 * @lock: for taking it, which locks the pipes that the container has
 * @stream: one reader at a time. Separate, as it may be taken with a pipe locked
 * @flags: CT_SAVE_...
 * @save: the checkpoint, once it has been taken
 * @err: it has failed; the same to all who go on reading
 */
struct image_file {
	struct ct_container *c;
	struct mutex lock;	/* see above */
	struct mutex stream;	/* see above */
	unsigned int flags;
	struct ct_save *save;
	int err;
};

/* Called with f->lock held. */
static int image_take(struct image_file *f)
{
	struct ct_save *save;

	if (!f->save && !f->err) {
		f->err = may_save(f->c) ?: ct_save_take(f->c, f->flags, &save);
		if (!f->err)
			/* Pairs with the acquire in image_splice_read(). */
			smp_store_release(&f->save, save);
	}
	return f->err;
}

static void image_free(struct image_file *f)
{
	if (f->save)
		ct_save_end(f->save);
	ct_container_put(f->c);
	kfree(f);
}

static ssize_t image_read(struct file *file, char __user *ubuf, size_t size,
			  loff_t *pos)
{
	struct image_file *f = file->private_data;
	ssize_t ret;

	if (mutex_lock_interruptible(&f->lock))
		return -ERESTARTSYS;
	ret = image_take(f);
	mutex_unlock(&f->lock);
	if (ret)
		return ret;
	if (mutex_lock_interruptible(&f->stream))
		return -ERESTARTSYS;
	ret = ct_save_read(f->save, ubuf, size);
	mutex_unlock(&f->stream);
	return ret;
}

/*
 * The pipe is locked, so it is too late to take a checkpoint: it may be one that
 * the container has.
 */
static ssize_t image_splice_read(struct file *file, loff_t *pos,
				 struct pipe_inode_info *pipe, size_t size,
				 unsigned int flags)
{
	struct image_file *f = file->private_data;
	/* Pairs with the release in image_take(). */
	struct ct_save *save = smp_load_acquire(&f->save);
	ssize_t ret;

	if (!save)
		return -EINVAL;
	if (mutex_lock_interruptible(&f->stream))
		return -ERESTARTSYS;
	ret = ct_save_splice(save, pipe, size);
	mutex_unlock(&f->stream);
	return ret;
}

static int parse_flags(char *words, unsigned int *flags)
{
	char *word;

	while ((word = strsep(&words, " \t\n"))) {
		if (!strcmp(word, "stop"))
			*flags |= CT_SAVE_STOP;
		else if (!strcmp(word, "kill"))
			*flags |= CT_SAVE_STOP | CT_SAVE_KILL;
		else if (!strcmp(word, "ignore=pipes"))
			*flags |= CT_SAVE_IGNORE_PIPES;
		else if (*word)
			return -EINVAL;
	}
	return 0;
}

static ssize_t image_write(struct file *file, const char __user *ubuf,
			   size_t size, loff_t *pos)
{
	struct image_file *f = file->private_data;
	char words[WORDS_MAX + 1];
	unsigned int flags = 0;
	int err;

	if (size > WORDS_MAX)
		return -EINVAL;
	if (copy_from_user(words, ubuf, size))
		return -EFAULT;
	words[size] = '\0';
	err = parse_flags(words, &flags);
	if (err)
		return err;
	mutex_lock(&f->lock);
	/* It is too late once it has been taken. */
	if (f->save || f->err)
		err = -EBUSY;
	else
		f->flags = flags;
	mutex_unlock(&f->lock);
	return err ?: size;
}

static int image_release(struct inode *inode, struct file *file)
{
	image_free(file->private_data);
	return 0;
}

static const struct file_operations image_file_ops = {
	.owner = THIS_MODULE,
	.read = image_read,
	.splice_read = image_splice_read,
	.write = image_write,
	.release = image_release,
};

/* Whoever opens it to write as well wants to say how first. */
static int image_open(struct inode *inode, struct file *file)
{
	struct image_file *f;
	int err = 0;

	f = kzalloc(sizeof(*f), GFP_KERNEL_ACCOUNT);
	if (!f)
		return -ENOMEM;
	mutex_init(&f->lock);
	mutex_init(&f->stream);
	f->c = ct_entry_container(inode);
	if (!f->c) {
		kfree(f);
		return -ENOENT;
	}
	mutex_lock(&f->lock);
	if (file->f_mode & FMODE_WRITE)
		err = may_save(f->c);
	else
		err = image_take(f);
	mutex_unlock(&f->lock);
	if (err) {
		image_free(f);
		return err;
	}
	file->private_data = f;
	/*
	 * procfs closes what is open when an entry goes, as it does with the
	 * container; the image outlives that.
	 */
	__module_get(THIS_MODULE);
	replace_fops(file, &image_file_ops);
	return stream_open(inode, file);
}

static const struct proc_ops image_proc_ops = {
	.proc_open = image_open,
};

/* -- check -- */

static int check_show(struct seq_file *m, void *v)
{
	ct_save_show_blockers(m, m->private);
	return 0;
}

static int check_open(struct inode *inode, struct file *file)
{
	struct ct_container *c = ct_entry_container(inode);
	struct ct_save *look;
	int err;

	if (!c)
		return -ENOENT;
	err = may_save(c) ?: ct_save_look(c, &look);
	ct_container_put(c);
	if (err)
		return err;
	err = single_open(file, check_show, look);
	if (err)
		ct_save_end(look);
	return err;
}

static int check_release(struct inode *inode, struct file *file)
{
	struct seq_file *m = file->private_data;

	ct_save_end(m->private);
	return single_release(inode, file);
}

static const struct proc_ops check_proc_ops = {
	.proc_open = check_open,
	.proc_read = seq_read,
	.proc_lseek = seq_lseek,
	.proc_release = check_release,
};

/* -- restart -- */

/**
 * struct restart_file - an open file of an image being written
 * @lock: one at a time
 * @writer: takes the image
 * @taken: for what comes by splice(); NULL: nothing has yet
 * @said: how much of the sentence has been read
 */
struct restart_file {
	struct mutex lock;	/* see above */
	struct ct_writer *writer;
	struct ct_taken *taken;
	size_t said;
};

static ssize_t restart_write(struct file *file, const char __user *ubuf,
			     size_t size, loff_t *pos)
{
	struct restart_file *f = file->private_data;
	ssize_t ret;

	if (!capable(CAP_SYS_ADMIN))
		return -EPERM;
	if (mutex_lock_interruptible(&f->lock))
		return -ERESTARTSYS;
	ret = ct_writer_write(f->writer, ubuf, size);
	f->said = 0;
	mutex_unlock(&f->lock);
	return ret;
}

static ssize_t restart_splice_write(struct pipe_inode_info *pipe, struct file *file,
				    loff_t *pos, size_t size, unsigned int flags)
{
	struct restart_file *f = file->private_data;
	ssize_t ret = -ENOMEM;

	if (!capable(CAP_SYS_ADMIN))
		return -EPERM;
	if (mutex_lock_interruptible(&f->lock))
		return -ERESTARTSYS;
	if (!f->taken)
		f->taken = ct_taken_alloc();
	if (f->taken)
		ret = ct_writer_splice(f->writer, f->taken, pipe, size, flags);
	f->said = 0;
	mutex_unlock(&f->lock);
	return ret;
}

/* What was wrong with the last write; nothing if nothing was. */
static ssize_t restart_read(struct file *file, char __user *ubuf, size_t size,
			    loff_t *pos)
{
	struct restart_file *f = file->private_data;
	char line[CT_WHY_MAX + 1];
	size_t length;
	int err = 0;

	if (mutex_lock_interruptible(&f->lock))
		return -ERESTARTSYS;
	ct_writer_why(f->writer, line, sizeof(line));
	length = strlen(line);
	size = min(size, length - min(length, f->said));
	if (copy_to_user(ubuf, line + f->said, size))
		err = -EFAULT;
	else
		f->said += size;
	mutex_unlock(&f->lock);
	return err ?: size;
}

static int restart_release(struct inode *inode, struct file *file)
{
	struct restart_file *f = file->private_data;

	ct_writer_free(f->writer);
	ct_taken_free(f->taken);
	kfree(f);
	return 0;
}

/*
 * close(2) says so if the end of the image has not come. As long as others have
 * the file, too, they may have the rest of it.
 */
static int restart_flush(struct file *file, fl_owner_t id)
{
	struct restart_file *f = file->private_data;

	if (file_count(file) > 1)
		return 0;
	return ct_writer_incomplete(f->writer) ? -ENODATA : 0;
}

/* For who cannot know whether others have the file too. */
static int restart_fsync(struct file *file, loff_t start, loff_t end, int datasync)
{
	struct restart_file *f = file->private_data;
	int err;

	if (mutex_lock_interruptible(&f->lock))
		return -ERESTARTSYS;
	err = ct_writer_incomplete(f->writer) ? -ENODATA : 0;
	mutex_unlock(&f->lock);
	return err;
}

static const struct file_operations restart_file_ops = {
	.owner = THIS_MODULE,
	.read = restart_read,
	.write = restart_write,
	.splice_write = restart_splice_write,
	.flush = restart_flush,
	.fsync = restart_fsync,
	.release = restart_release,
};

static int restart_open(struct inode *inode, struct file *file)
{
	struct restart_file *f;
	int err = -ENOMEM;

	if (!capable(CAP_SYS_ADMIN))
		return -EPERM;
	/* No container is needed to get here, so the module may just be going. */
	if (!try_module_get(THIS_MODULE))
		return -ENOENT;
	f = kzalloc(sizeof(*f), GFP_KERNEL_ACCOUNT);
	if (!f)
		goto err_module;
	mutex_init(&f->lock);
	f->writer = ct_writer_alloc();
	if (IS_ERR(f->writer)) {
		err = PTR_ERR(f->writer);
		goto err_free;
	}
	file->private_data = f;
	/* What procfs opens has no flush; the reference is put with the file. */
	replace_fops(file, &restart_file_ops);
	return stream_open(inode, file);

err_free:
	kfree(f);
err_module:
	module_put(THIS_MODULE);
	return err;
}

static const struct proc_ops restart_proc_ops = {
	.proc_open = restart_open,
};

/* -- events -- */

static const struct proc_ops events_proc_ops = {
	.proc_open = ct_notice_open,
	/* Or else procfs takes the file for one without positions. */
	.proc_lseek = default_llseek,
};

/**
 * ct_checkpoint_mkfiles - the files of a container about checkpoints
 * @dir: its directory
 * @data: ct_entry_data() of the container
 *
 * Return: 0 or -ENOMEM.
 */
int ct_checkpoint_mkfiles(struct proc_dir_entry *dir, void *data)
{
	if (!proc_create_data("checkpoint", 0600, dir, &image_proc_ops, data) ||
	    !proc_create_data("check", 0400, dir, &check_proc_ops, data))
		return -ENOMEM;
	return 0;
}

/**
 * ct_restart_mkfiles - /proc/container/restart and .events
 * @dir: /proc/container/
 *
 * Return: 0 or -ENOMEM.
 */
int ct_restart_mkfiles(struct proc_dir_entry *dir)
{
	void *mark = (void *)&ct_common_mark;

	if (!proc_create_data(CT_RESTART_NAME, 0600, dir, &restart_proc_ops, mark) ||
	    !proc_create_data(CT_EVENTS_NAME, 0444, dir, &events_proc_ops, mark))
		return -ENOMEM;
	return 0;
}
