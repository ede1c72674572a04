// SPDX-License-Identifier: GPL-2.0
/*
 * epoll instances: what they watch.
 *
 * Targets are added again as a program would do it.  There are two states of a target
 * that no call sets: a one-shot target that has fired loses its events, as the kernel
 * would take them away, and an edge that has been told is told once more, to nobody.
 */
#include <linux/file.h>
#include <linux/fdtable.h>
#include <linux/poll.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>

#include "checkpoint/private.h"
#include "checkpoint/signal.h"
#include "checkpoint/special.h"
#include "checkpoint/syscall.h"

/* In one record. */
#define TARGETS_MAX	4096
/* What remains of a one-shot target that has fired. */
#define KEPT_BITS	((__force u32)(EPOLLWAKEUP | EPOLLONESHOT | EPOLLET | EPOLLEXCLUSIVE))

/**
 * struct watched - a target, while it is looked at
 * @file: referenced
 * @target: as the image has it, but for @target.file
 */
struct watched {
	struct file *file;
	struct container_image_epoll_target target;
};

bool ct_epoll_match(const struct file *file)
{
	return ct_is_anon(file, "[eventpoll]");
}

/* The process whose signals the poll of a signalfd waits for. */
static u32 owner_of(struct ct_save *s, const struct epitem *epi)
{
	const struct eppoll_entry *entry = epi->pwqlist;
	struct task_struct *task;
	u32 nr = 0;

	if (!entry)
		return 0;
	rcu_read_lock();
	for_each_process(task) {
		struct sighand_struct *sighand = rcu_dereference(task->sighand);

		if (!sighand || entry->whead != &sighand->signalfd_wqh)
			continue;
		nr = ct_save_nr(s, task_tgid(task));
		if (nr)
			break;
	}
	rcu_read_unlock();
	return nr;
}

static void look(struct ct_save *s, struct epitem *epi, struct watched *to)
{
	to->file = epi->ffd.file;
	to->target.fd = epi->ffd.fd;
	to->target.events = (__force u32)epi->event.events;
	to->target.data = epi->event.data;
	if (!list_empty(&epi->rdllink))
		to->target.flags = CONTAINER_IMAGE_EPOLL_READY;
	if (ct_signalfd_match(epi->ffd.file))
		to->target.owner = owner_of(s, epi);
}

/*
 * All that is watched, each with a reference on its file. Who takes events may hold the
 * lock for as long as he keeps the kernel waiting for his memory (FUSE, userfaultfd).
 */
static int collect(struct ct_save *s, struct eventpoll *ep,
		   struct watched **targets)
{
	struct rb_node *node;
	int n = 0, i = 0;

	if (mutex_lock_interruptible(&ep->mtx))
		return -EINTR;
	for (node = rb_first_cached(&ep->rbr); node; node = rb_next(node))
		n++;
	*targets = n ? kvcalloc(n, sizeof(**targets), GFP_KERNEL) : NULL;
	if (n && !*targets) {
		mutex_unlock(&ep->mtx);
		return -ENOMEM;
	}
	for (node = rb_first_cached(&ep->rbr); node; node = rb_next(node)) {
		struct epitem *epi = rb_entry(node, struct epitem, rbn);

		/* One whose file is being closed is about to go, too. */
		if (!atomic_long_inc_not_zero(&epi->ffd.file->f_count))
			continue;
		look(s, epi, &(*targets)[i++]);
	}
	mutex_unlock(&ep->mtx);
	return i;
}

static int append(struct ct_save *s, u32 id, const struct watched *targets,
		  unsigned int n)
{
	struct container_image_epoll_target *to;
	struct container_image_epoll *rec;
	unsigned int i;

	rec = ct_out_record(&s->out, CONTAINER_IMAGE_EPOLL, id,
			    sizeof(*rec) + n * sizeof(*to));
	if (!rec)
		return -ENOMEM;
	rec->targets = n;
	to = (void *)(rec + 1);
	for (i = 0; i < n; i++)
		to[i] = targets[i].target;
	return 0;
}

int ct_epoll_save(struct ct_save *s, struct file *file, u32 id,
		  const char *where)
{
	struct watched *targets = NULL;
	int n, i, err = 0;

	n = collect(s, file->private_data, &targets);
	if (n < 0)
		return n;
	for (i = 0; i < n; i++) {
		char inner[48];

		snprintf(inner, sizeof(inner), "epoll target %u of %s",
			 targets[i].target.fd, where);
		if (!err)
			err = ct_save_within(s, targets[i].file, inner, false,
					     &targets[i].target.file);
		fput(targets[i].file);
	}
	for (i = 0; !err && i < n; i += TARGETS_MAX)
		err = append(s, id, targets + i, min(n - i, TARGETS_MAX));
	if (!err && !n)
		err = append(s, id, NULL, 0);
	kvfree(targets);
	return err;
}

struct file *ct_epoll_restore(struct ct_rtask *t, u32 id)
{
	return ct_take_fd(t, ct_sys(epoll_create1, 0), "an epoll instance");
}

/* Take one event that is there, and tell nobody. */
static int swallow(struct ct_rtask *t, int epfd)
{
	void __user *to = ct_scratch(t, 64, NULL, sizeof(struct epoll_event));

	return IS_ERR(to) ? PTR_ERR(to) : ct_sys(epoll_wait, epfd, to, 1, 0);
}

static bool has_fired(const struct container_image_epoll_target *target)
{
	return target->events & (__force u32)EPOLLONESHOT &&
	       !(target->events & ~KEPT_BITS);
}

static bool is_told(const struct container_image_epoll_target *target)
{
	return target->events & (__force u32)EPOLLET &&
	       !has_fired(target) &&
	       !(target->flags & CONTAINER_IMAGE_EPOLL_READY);
}

/* The item that watches @file, of the number @fd; ep->mtx is held. */
static struct epitem *find_item(struct eventpoll *ep, const struct file *file,
				u32 fd)
{
	struct rb_node *node;

	for (node = rb_first_cached(&ep->rbr); node; node = rb_next(node)) {
		struct epitem *epi = rb_entry(node, struct epitem, rbn);

		if (epi->ffd.file == file && epi->ffd.fd == fd)
			return epi;
	}
	return NULL;
}

/*
 * What ep_send_events() leaves of a one-shot target that it has told.  If it is to be
 * told something already, the next look at the list finds nothing and takes it off.
 */
static int disarm(struct ct_rtask *t, int epfd, struct file *epoll,
		  const struct file *file, u32 fd)
{
	struct eventpoll *ep = epoll->private_data;
	struct epitem *epi;

	mutex_lock(&ep->mtx);
	epi = find_item(ep, file, fd);
	if (epi)
		epi->event.events &= (__force __poll_t)KEPT_BITS;
	mutex_unlock(&ep->mtx);
	return epi ? min(swallow(t, epfd), 0) : -EINVAL;
}

/*
 * The signals that a signalfd is polled for are those of whoever has added it:
 * that is process 1 now.
 */
static int give_to(struct ct_rtask *t, struct file *epoll,
		   const struct file *file,
		   const struct container_image_epoll_target *target)
{
	struct ct_rtask *owner = xa_load(&t->r->tasks, target->owner);
	struct eventpoll *ep = epoll->private_data;
	struct eppoll_entry *entry;
	struct epitem *epi;
	int err = -EINVAL;

	if (!owner || !owner->task || !owner->task->sighand ||
	    !ct_signalfd_match(file))
		return -EINVAL;
	if (owner->task->sighand == current->sighand)
		return 0;
	mutex_lock(&ep->mtx);
	epi = find_item(ep, file, target->fd);
	entry = epi ? epi->pwqlist : NULL;
	if (entry) {
		remove_wait_queue(entry->whead, &entry->wait);
		entry->whead = &ct_sighand(owner->task)->signalfd_wqh;
		add_wait_queue(entry->whead, &entry->wait);
		err = 0;
	}
	mutex_unlock(&ep->mtx);
	return err;
}

/* With descriptors in current's table for both. */
static int add_at(struct ct_rtask *t, int epfd, struct file *epoll,
		  struct file *file,
		  const struct container_image_epoll_target *target)
{
	struct epoll_event event = {
		.events = (__force __poll_t)target->events,
		.data = target->data };
	void __user *arg = ct_scratch(t, 0, &event, sizeof(event));
	int err;

	if (IS_ERR(arg))
		return PTR_ERR(arg);
	err = ct_sys(epoll_ctl, epfd, EPOLL_CTL_ADD, target->fd, arg);
	if (!err && target->owner)
		err = give_to(t, epoll, file, target);
	if (!err && has_fired(target))
		err = disarm(t, epfd, epoll, file, target->fd);
	else if (!err && is_told(target))
		err = min(swallow(t, epfd), 0);
	return err;
}

static int add_target(struct ct_rtask *t, struct file *epoll,
		      const struct container_image_epoll_target *target)
{
	struct file *file = xa_load(&t->r->files, target->file);
	/* Out of the way of the number that the target had. */
	unsigned int epfd = target->fd ? 0 : 1;
	int err;

	if (!file || file == epoll || target->fd > INT_MAX)
		return -EINVAL;
	err = ct_place_fd(epoll, epfd);
	if (!err)
		err = ct_place_fd(file, target->fd);
	if (!err) {
		err = add_at(t, epfd, epoll, file, target);
		close_fd(target->fd);
	}
	close_fd(epfd);
	return err;
}

/* In which order they have to be added; see the top. */
static int step_of(const struct container_image_epoll_target *target)
{
	if (has_fired(target))
		return 0;
	return is_told(target) ? 1 : 2;
}

static int add_step(struct ct_rtask *t, struct file *epoll, u32 id, int step)
{
	const struct container_image_epoll_target *target;
	const struct container_image_epoll *rec;
	const struct ct_record *record;
	u32 i;
	int err;

	for (record = ct_in_find(&t->r->in, CONTAINER_IMAGE_EPOLL, id); record;
	     record = ct_in_next(record)) {
		rec = record->payload;
		target = (const void *)(rec + 1);
		if (record->rec.length < sizeof(*rec) ||
		    (record->rec.length - sizeof(*rec)) / sizeof(*target) <
		    rec->targets)
			return ct_restart_fail(t->r, -EINVAL,
				"the image has an epoll instance with less targets than it should");
		for (i = 0; i < rec->targets; i++, target++) {
			if (step_of(target) != step)
				continue;
			err = add_target(t, epoll, target);
			if (err)
				return ct_restart_fail(t->r, err,
					"cannot add descriptor %u to an epoll instance again",
					target->fd);
		}
	}
	return 0;
}

int ct_epoll_link(struct ct_rtask *t, u32 id, struct file *file)
{
	int step, err = 0;

	for (step = 0; !err && step < 3; step++)
		err = add_step(t, file, id, step);
	return err;
}
