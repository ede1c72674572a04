// SPDX-License-Identifier: GPL-2.0
/* inotify instances: their watches, under the same numbers, and unread events. */
#include <linux/fdtable.h>
#include <linux/file.h>
#include <linux/fsnotify_backend.h>
#include <linux/idr.h>
#include <linux/inotify.h>
#include <linux/namei.h>
#include <linux/slab.h>

#include "checkpoint/private.h"
#include "checkpoint/special.h"
#include "checkpoint/syscall.h"
#include "compat/notify.h"

#define USER_MASK	(IN_ALL_EVENTS | IN_EXCL_UNLINK | IN_ONESHOT)

DEFINE_STATIC_CALL_NULL(ct_fsnotify_insert_event, fsnotify_insert_event);

/**
 * struct watch - one, while it is looked at
 * @inode: referenced
 * @wd: its number
 * @mask: as a program has given it
 */
struct watch {
	struct inode *inode;
	u32 wd;
	u32 mask;
};

bool ct_inotify_match(const struct file *file)
{
	return ct_is_anon(file, "inotify");
}

static void look(struct fsnotify_mark *mark, struct watch *to)
{
	to->wd = container_of(mark, struct inotify_inode_mark, fsn_mark)->wd;
	to->mask = mark->mask & IN_ALL_EVENTS;
	if (mark->flags & FSNOTIFY_MARK_FLAG_EXCL_UNLINK)
		to->mask |= IN_EXCL_UNLINK;
	if (mark->flags & FSNOTIFY_MARK_FLAG_IN_ONESHOT)
		to->mask |= IN_ONESHOT;
}

static int collect(struct fsnotify_group *group, struct watch **watches)
{
	struct fsnotify_mark *mark;
	int n = 0, i = 0;

	fsnotify_group_lock(group);
	list_for_each_entry(mark, &group->marks_list, g_list)
		n++;
	*watches = n ? kvcalloc(n, sizeof(**watches), GFP_KERNEL) : NULL;
	if (n && !*watches)
		i = -ENOMEM;
	else
		list_for_each_entry(mark, &group->marks_list, g_list) {
			struct inode *inode;

			inode = igrab(ct_marked_inode(mark->connector));
			if (!inode)
				continue;
			look(mark, &(*watches)[i]);
			(*watches)[i++].inode = inode;
		}
	fsnotify_group_unlock(group);
	return i;
}

static int save_watch(struct ct_save *s, u32 id, const char *where,
		      const struct watch *watch, char *buf)
{
	struct container_image_watch *rec;
	char why[80];
	size_t length;
	char *name;

	name = ct_inode_path(watch->inode, buf, PATH_MAX);
	if (name == ERR_PTR(-ENOENT) || name == ERR_PTR(-ENAMETOOLONG)) {
		snprintf(why, sizeof(why),
			 "no path is known to what its watch %u is on",
			 watch->wd);
		return ct_block(s, where, "inotify", why,
				"remove watches of deleted files");
	}
	if (IS_ERR(name))
		return PTR_ERR(name);
	length = strlen(name) + 1;
	rec = ct_out_record(&s->out, CONTAINER_IMAGE_WATCH, id,
			    sizeof(*rec) + length);
	if (!rec)
		return -ENOMEM;
	rec->wd = watch->wd;
	rec->mask = watch->mask;
	memcpy(rec + 1, name, length);
	return 0;
}

static int save_watches(struct ct_save *s, u32 id, const char *where,
			struct fsnotify_group *group)
{
	struct watch *watches = NULL;
	int n, i, err = 0;
	char *buf;

	buf = kmalloc(PATH_MAX, GFP_KERNEL);
	if (!buf)
		return -ENOMEM;
	n = collect(group, &watches);
	for (i = 0; i < n; i++) {
		if (!err)
			err = save_watch(s, id, where, &watches[i], buf);
		iput(watches[i].inode);
	}
	kvfree(watches);
	kfree(buf);
	return n < 0 ? n : err;
}

/* How long its record is. */
static size_t event_length(const struct inotify_event_info *event)
{
	return sizeof(struct container_image_watch_event) + event->name_len +
	       (event->name_len ? 1 : 0);
}

/* Its record, at @to. */
static void copy_event(const struct inotify_event_info *event,
		       struct container_image_watch_event *to)
{
	to->wd = event->wd;
	to->mask = event->mask;
	to->cookie = event->sync_cookie;
	memcpy(to + 1, event->name, event->name_len);
}

static struct inotify_event_info *event_of(struct fsnotify_event *entry)
{
	return container_of(entry, struct inotify_event_info, fse);
}

/*
 * All events as records in @buf, each with its length in 8 bytes before it.
 * Returns how much room they need.
 */
static size_t copy_events(struct fsnotify_group *group, void *buf, size_t size)
{
	struct fsnotify_event *entry;
	size_t need = 0;

	spin_lock(&group->notification_lock);
	list_for_each_entry(entry, &group->notification_list, list) {
		size_t length = event_length(event_of(entry));

		if (need + sizeof(u64) + ALIGN(length, 8) <= size) {
			*(u64 *)(buf + need) = length;
			copy_event(event_of(entry), buf + need + sizeof(u64));
		}
		need += sizeof(u64) + ALIGN(length, 8);
	}
	spin_unlock(&group->notification_lock);
	return need;
}

static int save_events(struct ct_save *s, u32 id, struct fsnotify_group *group)
{
	size_t size = 0, need, at;
	void *buf = NULL, *rec;

	/* More may come while the container is not frozen. */
	while ((need = copy_events(group, buf, size)) > size) {
		kvfree(buf);
		size = need;
		buf = kvzalloc(size, GFP_KERNEL);
		if (!buf)
			return -ENOMEM;
	}
	for (at = 0; at < need; ) {
		u64 length = *(u64 *)(buf + at);

		rec = ct_out_record(&s->out, CONTAINER_IMAGE_WATCH_EVENT, id,
				    length);
		if (!rec)
			break;
		memcpy(rec, buf + at + sizeof(u64), length);
		at += sizeof(u64) + ALIGN(length, 8);
	}
	kvfree(buf);
	return at < need ? -ENOMEM : 0;
}

int ct_inotify_save(struct ct_save *s, struct file *file, u32 id,
		    const char *where)
{
	struct fsnotify_group *group = file->private_data;
	struct container_image_inotify *rec;
	int err;

	rec = ct_out_record(&s->out, CONTAINER_IMAGE_INOTIFY, id, sizeof(*rec));
	if (!rec)
		return -ENOMEM;
	spin_lock(&group->inotify_data.idr_lock);
	rec->next = idr_get_cursor(&group->inotify_data.idr);
	spin_unlock(&group->inotify_data.idr_lock);
	err = save_watches(s, id, where, group);
	return err ?: save_events(s, id, group);
}

struct file *ct_inotify_restore(struct ct_rtask *t, u32 id)
{
	return ct_take_fd(t, ct_sys(inotify_init1, 0), "an inotify instance");
}

/* Does text of at least a byte, up to a 0 at its end, follow? */
static bool text_ok(const struct ct_record *record, size_t fixed)
{
	const char *text = record->payload + fixed;
	size_t length = record->rec.length - fixed;

	return record->rec.length > fixed && length <= PATH_MAX &&
	       strnlen(text, length) == length - 1;
}

static int add_watch(struct ct_rtask *t, int fd, const struct ct_record *record)
{
	const struct container_image_watch *rec = record->payload;
	const char *name = (const char *)(rec + 1);
	void __user *arg;
	int ret;

	if (record->rec.length < sizeof(*rec) || !text_ok(record, sizeof(*rec)) ||
	    rec->mask & ~USER_MASK || rec->wd < 1 || rec->wd > INT_MAX)
		return ct_restart_fail(t->r, -EINVAL,
			"the image has a watch of an inotify instance that there cannot be");
	arg = ct_scratch(t, 0, name, strlen(name) + 1);
	if (IS_ERR(arg))
		return PTR_ERR(arg);
	ret = ct_sys(ioctl, fd, INOTIFY_IOC_SETNEXTWD, rec->wd);
	if (!ret)
		ret = ct_sys(inotify_add_watch, fd, arg,
			     rec->mask | IN_DONT_FOLLOW);
	if (ret < 0)
		return ct_restart_fail(t->r, ret, "cannot watch %.128s", name);
	if (ret != rec->wd)
		return ct_restart_fail(t->r, -EEXIST,
			"%.128s is the same file as another one that is watched",
			name);
	return 0;
}

static int add_event(struct ct_rtask *t, struct fsnotify_group *group,
		     const struct ct_record *record)
{
	const struct container_image_watch_event *rec = record->payload;
	struct inotify_event_info *event;
	size_t length = 0;

	if (record->rec.length < sizeof(*rec) ||
	    (record->rec.length > sizeof(*rec) && !text_ok(record, sizeof(*rec))))
		return ct_restart_fail(t->r, -EINVAL,
			"the image has an event of an inotify instance that there cannot be");
	if (record->rec.length > sizeof(*rec))
		length = record->rec.length - sizeof(*rec) - 1;
	event = kzalloc(sizeof(*event) + length + 1, GFP_KERNEL_ACCOUNT);
	if (!event)
		return -ENOMEM;
	fsnotify_init_event(&event->fse);
	event->wd = rec->wd;
	event->mask = rec->mask;
	event->sync_cookie = rec->cookie;
	event->name_len = length;
	memcpy(event->name, rec + 1, length);
	/* The queue may be shorter here; then it tells so. */
	if (static_call(ct_fsnotify_insert_event)(group, &event->fse, NULL, NULL))
		kfree(event);
	return 0;
}

static int add_watches(struct ct_rtask *t, u32 id, int fd, u32 next)
{
	const struct ct_record *record;
	int err;

	for (record = ct_in_find(&t->r->in, CONTAINER_IMAGE_WATCH, id); record;
	     record = ct_in_next(record)) {
		err = add_watch(t, fd, record);
		if (err)
			return err;
	}
	if (!next)
		return 0;
	if (next > INT_MAX || ct_sys(ioctl, fd, INOTIFY_IOC_SETNEXTWD, next))
		return ct_restart_fail(t->r, -EINVAL,
			"the image has an inotify instance that there cannot be");
	return 0;
}

/* Once all files have been opened, which is nothing that the program has done. */
int ct_inotify_link(struct ct_rtask *t, u32 id, struct file *file)
{
	const struct container_image_inotify *rec;
	const struct ct_record *record;
	int fd, err;

	rec = ct_find_payload(t, CONTAINER_IMAGE_INOTIFY, id, sizeof(*rec),
			      "an inotify instance");
	if (IS_ERR(rec))
		return PTR_ERR(rec);
	for (record = ct_in_find(&t->r->in, CONTAINER_IMAGE_WATCH_EVENT, id);
	     record; record = ct_in_next(record)) {
		err = add_event(t, file->private_data, record);
		if (err)
			return err;
	}
	fd = ct_put_fd(file);
	if (fd < 0)
		return fd;
	err = add_watches(t, id, fd, rec->next);
	close_fd(fd);
	return err;
}
