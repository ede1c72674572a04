/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Structures that the kernel keeps to the files that use them, as 6.1 and 6.12
 * have them: fs/eventfd.c, fs/timerfd.c, fs/signalfd.c, fs/eventpoll.c,
 * fs/notify/inotify/inotify.h.  Of those whose ends differ only the beginning
 * is here.
 */
#ifndef CT_CHECKPOINT_PRIVATE_H
#define CT_CHECKPOINT_PRIVATE_H

#include <linux/alarmtimer.h>
#include <linux/fsnotify_backend.h>
#include <linux/hrtimer.h>
#include <linux/kref.h>
#include <linux/mutex.h>
#include <linux/rbtree.h>
#include <linux/signal_types.h>
#include <linux/wait.h>
#include <uapi/linux/eventpoll.h>

struct eventfd_ctx {
	struct kref kref;
	wait_queue_head_t wqh;
	__u64 count;
	unsigned int flags;
	int id;
};

struct timerfd_ctx {
	union {
		struct hrtimer tmr;
		struct alarm alarm;
	} t;
	ktime_t tintv;
	ktime_t moffs;
	wait_queue_head_t wqh;
	u64 ticks;
	int clockid;
	unsigned short expired;
	unsigned short settime_flags;
	struct rcu_head rcu;
	struct list_head clist;
	spinlock_t cancel_lock;	/* its own */
	bool might_cancel;
};

struct signalfd_ctx {
	sigset_t sigmask;
};

struct epoll_filefd {
	struct file *file;
	int fd;
} __packed;

struct eppoll_entry {
	struct eppoll_entry *next;
	struct epitem *base;
	wait_queue_entry_t wait;
	wait_queue_head_t *whead;
};

struct epitem {
	union {
		struct rb_node rbn;
		struct rcu_head rcu;
	};
	struct list_head rdllink;
	struct epitem *next;
	struct epoll_filefd ffd;
	bool dying;
	struct eppoll_entry *pwqlist;
	struct eventpoll *ep;
	struct hlist_node fllink;
	struct wakeup_source __rcu *ws;
	struct epoll_event event;
};

struct eventpoll {
	struct mutex mtx;	/* its own */
	wait_queue_head_t wq;
	wait_queue_head_t poll_wait;
	struct list_head rdllist;
	spinlock_t lock;	/* its own */
	struct rb_root_cached rbr;
	struct epitem *ovflist;
};

struct inotify_event_info {
	struct fsnotify_event fse;
	u32 mask;
	int wd;
	u32 sync_cookie;
	int name_len;
	char name[];
};

struct inotify_inode_mark {
	struct fsnotify_mark fsn_mark;
	int wd;
};

#endif
