// SPDX-License-Identifier: GPL-2.0
/*
 * /proc/container/.events: how often the reader's container has been saved and
 * restarted, for programs that want to be told.
 *
 * The name is the same in every container, so that the file can be opened again
 * by it after a restart under another one.  A file that has just been opened is
 * one with news: so who waits in poll() is told of the restart, too.
 */
#include <linux/fs.h>
#include <linux/module.h>
#include <linux/poll.h>
#include <linux/slab.h>
#include <linux/wait.h>

#include "checkpoint/notice.h"
#include "container/container.h"

/* Their longest text. */
#define TEXT_MAX	96

/**
 * struct notice_file - an open file
 * @c: the container; referenced
 * @seen: what c->progress.events was when it was read last
 */
struct notice_file {
	struct ct_container *c;
	u64 seen;
};

/**
 * ct_notice - tell those who want to know
 * @p: of the container; its counters have changed
 *
 * Context: any but NMI.
 */
void ct_notice(struct ct_progress *p)
{
	/* Pairs with notice_read() and notice_poll(). */
	smp_store_release(&p->events, p->events + 1);
	wake_up_all(&p->notice);
}

static ssize_t notice_read(struct file *file, char __user *ubuf, size_t size,
			   loff_t *pos)
{
	struct notice_file *f = file->private_data;
	const struct ct_progress *p = &f->c->progress;
	char text[TEXT_MAX];
	u64 seen;
	int len;

	/* Pairs with ct_notice(): what is said is as new as that, or newer. */
	seen = smp_load_acquire(&p->events);
	len = scnprintf(text, sizeof(text), "checkpoints:\t%llu\nrestarts:\t%llu\n",
			READ_ONCE(p->checkpoints), READ_ONCE(p->restarts));
	if (!*pos)
		WRITE_ONCE(f->seen, seen);
	return simple_read_from_buffer(ubuf, size, pos, text, len);
}

static __poll_t notice_poll(struct file *file, poll_table *wait)
{
	struct notice_file *f = file->private_data;
	struct ct_progress *p = &f->c->progress;

	poll_wait(file, &p->notice, wait);
	/* Pairs with ct_notice(). */
	return smp_load_acquire(&p->events) == READ_ONCE(f->seen) ? 0 :
	       EPOLLIN | EPOLLRDNORM | EPOLLPRI;
}

static int notice_release(struct inode *inode, struct file *file)
{
	struct notice_file *f = file->private_data;

	ct_container_put(f->c);
	kfree(f);
	return 0;
}

static const struct file_operations notice_file_ops = {
	.owner = THIS_MODULE,
	.read = notice_read,
	.poll = notice_poll,
	.llseek = default_llseek,
	.release = notice_release,
};

/**
 * ct_notice_open - open it
 * @inode: its
 * @file: its
 *
 * Procfs would release what is open when the module goes, and somebody may wait
 * in it just then: the file holds the module, and procfs knows nothing of it.
 *
 * Return: 0; -ENXIO for who is in no container; -ENOMEM; -ENOENT when the module
 * goes.
 */
int ct_notice_open(struct inode *inode, struct file *file)
{
	struct ct_container *c = ct_current_container();
	struct notice_file *f;

	if (!c)
		return -ENXIO;
	if (!try_module_get(THIS_MODULE))
		return -ENOENT;
	f = kzalloc(sizeof(*f), GFP_KERNEL_ACCOUNT);
	if (!f) {
		module_put(THIS_MODULE);
		return -ENOMEM;
	}
	refcount_inc(&c->space.users);
	f->c = c;
	/* None that there has been: nothing has been read. */
	f->seen = U64_MAX;
	file->private_data = f;
	replace_fops(file, &notice_file_ops);
	return 0;
}

/**
 * ct_notice_match - is it such a file?
 * @file: any open file
 */
bool ct_notice_match(const struct file *file)
{
	return file->f_op == &notice_file_ops;
}
