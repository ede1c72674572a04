// SPDX-License-Identifier: GPL-2.0
/* Open files that stand for events: eventfd, signalfd, pidfd. */
#include <linux/eventfd.h>
#include <linux/file.h>
#include <linux/pid.h>
#include <uapi/linux/pidfd.h>

#include "checkpoint/private.h"
#include "checkpoint/special.h"
#include "checkpoint/syscall.h"
#include "hook/handlers.h"

bool ct_eventfd_match(const struct file *file)
{
	return ct_is_anon(file, "[eventfd]");
}

int ct_eventfd_save(struct ct_save *s, struct file *file, u32 id,
		    const char *where)
{
	struct eventfd_ctx *ctx = file->private_data;
	struct container_image_eventfd *rec;

	rec = ct_out_record(&s->out, CONTAINER_IMAGE_EVENTFD, id, sizeof(*rec));
	if (!rec)
		return -ENOMEM;
	spin_lock_irq(&ctx->wqh.lock);
	rec->count = ctx->count;
	rec->flags = ctx->flags & EFD_SEMAPHORE ?
		     CONTAINER_IMAGE_EVENTFD_SEMAPHORE : 0;
	spin_unlock_irq(&ctx->wqh.lock);
	return 0;
}

struct file *ct_eventfd_restore(struct ct_rtask *t, u32 id)
{
	const struct container_image_eventfd *rec;
	struct eventfd_ctx *ctx;
	struct file *file;

	rec = ct_find_payload(t, CONTAINER_IMAGE_EVENTFD, id, sizeof(*rec),
			      "an eventfd");
	if (IS_ERR(rec))
		return ERR_CAST(rec);
	if (rec->flags & ~CONTAINER_IMAGE_EVENTFD_SEMAPHORE)
		return ERR_PTR(ct_restart_fail(t->r, -EINVAL,
			"the image has an eventfd with unknown flags"));
	file = ct_take_fd(t, ct_sys(eventfd2, 0, rec->flags ? EFD_SEMAPHORE : 0),
			  "an eventfd");
	if (IS_ERR(file))
		return file;
	/* The call takes 32 bits, and a write waits at the highest value. */
	ctx = file->private_data;
	ctx->count = rec->count;
	return file;
}

bool ct_signalfd_match(const struct file *file)
{
	return ct_is_anon(file, "[signalfd]");
}

int ct_signalfd_save(struct ct_save *s, struct file *file, u32 id,
		     const char *where)
{
	struct container_image_signalfd *rec;
	struct signalfd_ctx *ctx = file->private_data;

	rec = ct_out_record(&s->out, CONTAINER_IMAGE_SIGNALFD, id, sizeof(*rec));
	if (!rec)
		return -ENOMEM;
	/* The kernel has those that it does not take. */
	rec->mask = ~READ_ONCE(ctx->sigmask.sig[0]);
	return 0;
}

struct file *ct_signalfd_restore(struct ct_rtask *t, u32 id)
{
	const struct container_image_signalfd *rec;
	void __user *mask;

	rec = ct_find_payload(t, CONTAINER_IMAGE_SIGNALFD, id, sizeof(*rec),
			      "a signalfd");
	if (IS_ERR(rec))
		return ERR_CAST(rec);
	mask = ct_scratch(t, 0, &rec->mask, sizeof(rec->mask));
	if (IS_ERR(mask))
		return ERR_CAST(mask);
	return ct_take_fd(t, ct_sys(signalfd4, -1, mask, sizeof(rec->mask), 0),
			  "a signalfd");
}

/* pidfd_pid() is hooked for the sake of contained callers; this is not for one. */
static struct pid *pid_of(const struct file *file)
{
	return static_call(ct_orig_pidfd_pid)(file);
}

bool ct_pidfd_match(const struct file *file)
{
	return !(file->f_mode & FMODE_PATH) && !IS_ERR(pid_of(file));
}

int ct_pidfd_save(struct ct_save *s, struct file *file, u32 id,
		  const char *where)
{
	struct pid *pid = pid_of(file);
	struct container_image_pidfd *rec;
	bool gone;
	pid_t nr;

	nr = ct_save_nr(s, pid);
	rcu_read_lock();
	gone = !pid_task(pid, PIDTYPE_PID);
	rcu_read_unlock();
	if (gone)
		return ct_block(s, where, "pidfd",
				"it is of a process that has ended and been waited for",
				"close it");
	if (!nr)
		return ct_block(s, where, "pidfd",
				"it is of a process outside of the container",
				"close it");
	rec = ct_out_record(&s->out, CONTAINER_IMAGE_PIDFD, id, sizeof(*rec));
	if (!rec)
		return -ENOMEM;
	rec->nr = nr;
#ifdef PIDFD_THREAD
	if (file->f_flags & PIDFD_THREAD)
		rec->flags = CONTAINER_IMAGE_PIDFD_THREAD;
#endif
	return 0;
}

struct file *ct_pidfd_restore(struct ct_rtask *t, u32 id)
{
	const struct container_image_pidfd *rec;
	unsigned int flags = 0;

	rec = ct_find_payload(t, CONTAINER_IMAGE_PIDFD, id, sizeof(*rec),
			      "a pidfd");
	if (IS_ERR(rec))
		return ERR_CAST(rec);
	if (rec->flags & ~CONTAINER_IMAGE_PIDFD_THREAD ||
	    !xa_load(&t->r->tasks, rec->nr))
		return ERR_PTR(ct_restart_fail(t->r, -EINVAL,
			"the image has a pidfd of process %u, which it does not have",
			rec->nr));
	if (rec->flags) {
#ifdef PIDFD_THREAD
		flags = PIDFD_THREAD;
#else
		return ERR_PTR(ct_restart_fail(t->r, -EOPNOTSUPP,
			"the image has a pidfd of thread %u, and this kernel has only those of processes",
			rec->nr));
#endif
	}
	return ct_take_fd(t, ct_sys(pidfd_open, rec->nr, flags), "a pidfd");
}
