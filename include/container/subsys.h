/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Resource controllers: what a subsystem of the "container" filesystem gives
 * and gets.  Documentation/resource.md tells it at length; samples/count is a
 * small one in a module of its own.
 *
 * A subsystem is mounted on a hierarchy, alone or with others.  For each group
 * of that hierarchy (a directory) it has a state, struct container_css, which
 * is normally embedded in something larger.
 *
 * A task that has never been moved out of the root of any hierarchy costs
 * nothing and is nowhere recorded.  So callbacks about tasks are not called for
 * tasks in the root of the subsystem's hierarchy: what belongs to the root is
 * what no other group has.  Attaching to or from the root is told, with the
 * root's state as @to or @from.
 *
 * Locks, from the outside in: container_lock(), tasklist_lock, the lock of the
 * core that is held where this file says "atomic", whatever a subsystem has of
 * its own.
 */
#ifndef _CONTAINER_SUBSYS_H
#define _CONTAINER_SUBSYS_H

#include <linux/atomic.h>
#include <linux/bits.h>
#include <linux/list.h>
#include <linux/rcupdate.h>
#include <linux/types.h>

struct container_css;
struct container_file;
struct container_subsys;
struct ct_rgroup;
struct module;
struct seq_file;
struct task_struct;

/* How many subsystems there can be at a time, and how long their names. */
#define CONTAINER_SUBSYS_MAX		16
#define CONTAINER_SUBSYS_NAME_MAX	31
/* How long the name of a file can be, without the subsystem's before it. */
#define CONTAINER_FILE_NAME_MAX		63
/* What can be written to a file at once, the final NUL included. */
#define CONTAINER_WRITE_MAX		4096

/**
 * struct container_css - the state of a subsystem in one group
 * @ss: the subsystem; set by the core
 * @parent: the state of the group above, NULL in the root; this one holds a
 *	    reference, so it can be followed as long as this one exists
 * @group: the group; valid as long as the state
 * @refs: who needs the memory; internal
 * @users: who keeps the group from being removed; -1: it is; internal
 * @id: a number that no other state of the subsystem has while this one exists
 * @work: for the last put; internal
 *
 * Made by the subsystem's create callback, zeroed; the core fills it.
 */
struct container_css {
	struct container_subsys *ss;
	struct container_css *parent;
	struct ct_rgroup *group;
	atomic_t refs;
	atomic_t users;
	unsigned int id;
	struct list_head work;
};

#define CONTAINER_FILE_NO_ROOT		BIT(0)	/* not in the root */
#define CONTAINER_FILE_ROOT_ONLY	BIT(1)	/* there only */

/**
 * struct container_file - a file that a subsystem has in each group
 * @name: shown as SUBSYS.NAME, or NAME in a hierarchy with noprefix
 * @mode: permissions; 0: 0444 with @show only, 0200 with @write only, else 0644
 * @flags: CONTAINER_FILE_*
 * @private: the subsystem's own, to share callbacks
 * @show: print the whole; process context, no locks of the core but one per
 *	  open file, may sleep. @css exists, and its group may just be being
 *	  removed. A read after removal gives ENODEV without this.
 * @write: the same for what was written, NUL-terminated, blanks at both ends
 *	   stripped, less than %CONTAINER_WRITE_MAX (else E2BIG). 0 or an errno
 *
 * Tables of these end with an entry without a name, and stay as long as the
 * subsystem is registered.
 */
struct container_file {
	const char *name;
	umode_t mode;
	unsigned int flags;
	unsigned long private;
	int (*show)(struct seq_file *m, struct container_css *css,
		    const struct container_file *file);
	int (*write)(struct container_css *css, char *buf,
		     const struct container_file *file);
};

/**
 * struct container_subsys - a subsystem
 * @name: letters, digits, '_' and '-'; not "all", nor an option of the mount
 * @owner: THIS_MODULE; held while mounted and while a state exists
 * @files: see struct container_file; may be NULL
 *
 * @create: make the state of a new group (@parent NULL: of the root, when the
 *	    hierarchy is mounted). The css, zeroed, or ERR_PTR. container_lock
 *	    held, may sleep. Mandatory.
 * @online: the group can be found from now on, in lists and by name; an error
 *	    makes mkdir (or mount) fail with it, and destroy follows.
 *	    container_lock held, may sleep.
 * @offline: the group is being removed: no task is in it, none will come, no
 *	     group is below. Zombies may still hold the state, so charges may
 *	     come back later. container_lock held, may sleep.
 * @destroy: free the state; nothing refers to it any more, readers under RCU
 *	     included. container_lock held, may sleep. Mandatory. Only when
 *	     container.ko itself goes, and with it subsystems that are part of
 *	     it, zombies may still have been charged to it.
 * @post_clone: take over the settings of the parent: the new group shall be
 *	     usable as it is (the file clone_children of its parent says 1, or
 *	     it is made for a pid container). After online; container_lock
 *	     held, may sleep. An error makes mkdir fail.
 * @bind: @root is that of a hierarchy that now has the subsystem, or NULL: none
 *	  has it any more (and offline and destroy of the root follow).
 *	  container_lock held, may sleep.
 * @populate: add files besides @files with container_add_files(). 0 or an errno,
 *	     which makes mkdir fail. container_lock held, may sleep.
 *
 * @can_attach: may the task move? 0 or an errno, which the writer gets. Called
 *	     for all tasks of a process before any of them is moved. Not for fork,
 *	     nor for what has been forked since, nor for the tasks of a pid
 *	     container that gets its group when the hierarchy is mounted.
 *	     container_lock held, may sleep. The task may begin to exit at any
 *	     time; it cannot fork into or out of the move unnoticed.
 * @cancel_attach: after can_attach said yes: it will not move (another one was
 *	     refused, or it exits). The same context.
 * @attach: it moves, now: atomic, with irqs off, in one step with its change of
 *	     group for container_walk(). Cannot fail. @to and @from are never
 *	     the same. Also without can_attach, see there.
 * @post_attach: after attach, for what has to sleep. container_lock held. The
 *	     task may have begun to exit or have been released since. For a child
 *	     whose parent was moved during fork, current is the parent; if the
 *	     hierarchy that it leaves has ended, @to is what was its root.
 *
 * @can_fork: current wants a child, which would be in @css: 0, or an errno for
 *	     fork to fail with. The child has a pid and is not visible. No lock,
 *	     may sleep.
 * @cancel_fork: after can_fork said yes: the fork failed otherwise. May sleep.
 * @fork: the child is there, and does not run yet. No lock, may sleep. @css is
 *	     that of can_fork, or the one that it was attached to since.
 * @exit: a task exits: no longer shown in files, no longer keeps the group from
 *	     being removed. Called by the task. No lock, may sleep.
 * @release: a task, dead already, has been waited for: gives back what can_fork
 *	     or attach charged. @css may be offline. Atomic, irqs off, in one
 *	     step with leaving the group for container_walk().
 *
 * The callbacks of fork, exit and release come once for a task each, in this
 * order; a callback that is NULL costs nothing.
 */
struct container_subsys {
	const char *name;
	struct module *owner;
	const struct container_file *files;

	struct container_css *(*create)(struct container_subsys *ss,
					struct container_css *parent);
	int (*online)(struct container_css *css);
	void (*offline)(struct container_css *css);
	void (*destroy)(struct container_css *css);
	int (*post_clone)(struct container_css *css);
	void (*bind)(struct container_subsys *ss, struct container_css *root);
	int (*populate)(struct container_css *css);

	int (*can_attach)(struct container_css *to, struct container_css *from,
			  struct task_struct *task);
	void (*cancel_attach)(struct container_css *to,
			      struct container_css *from,
			      struct task_struct *task);
	void (*attach)(struct container_css *to, struct container_css *from,
		       struct task_struct *task);
	void (*post_attach)(struct container_css *to,
			    struct container_css *from,
			    struct task_struct *task);

	int (*can_fork)(struct container_css *css, struct task_struct *child);
	void (*cancel_fork)(struct container_css *css,
			    struct task_struct *child);
	void (*fork)(struct container_css *css, struct task_struct *child);
	void (*exit)(struct container_css *css, struct task_struct *task);
	void (*release)(struct container_css *css, struct task_struct *task);

	/* private: of the core */
	unsigned int id;
	int hierarchy;
	unsigned int next_css;
	struct container_css *root;
	atomic_t nr_css;
};

int container_register_subsys(struct container_subsys *ss);
int container_unregister_subsys(struct container_subsys *ss);

void container_lock(void);
void container_unlock(void);
void container_assert_locked(void);

int container_add_files(struct container_css *css,
			const struct container_file *files);
void container_file_notify(struct container_css *css,
			   const struct container_file *file);

void container_css_get(struct container_css *css);
void container_css_put(struct container_css *css);
bool container_css_tryuse(struct container_css *css);
void container_css_unuse(struct container_css *css);
bool container_css_online(const struct container_css *css);
int container_css_path(struct container_css *css, char *buf, size_t size);

struct container_css *container_css_next_child(struct container_css *parent,
					       struct container_css *pos);
struct container_css *container_css_next_pre(struct container_css *top,
					     struct container_css *pos);
struct container_css *container_css_next_post(struct container_css *top,
					      struct container_css *pos);

/* Under container_lock() or rcu_read_lock(); under RCU also those being removed. */
#define container_for_each_child(pos, parent)				\
	for ((pos) = container_css_next_child(parent, NULL); (pos);	\
	     (pos) = container_css_next_child(parent, pos))

/* A group before those below it, the top first; under container_lock() or RCU. */
#define container_for_each_pre(pos, top)				\
	for ((pos) = container_css_next_pre(top, NULL); (pos);		\
	     (pos) = container_css_next_pre(top, pos))

/* Those below a group before it, the top last; under container_lock(). */
#define container_for_each_post(pos, top)				\
	for ((pos) = container_css_next_post(top, NULL); (pos);	\
	     (pos) = container_css_next_post(top, pos))

struct container_css *container_task_css(struct task_struct *task,
					 const struct container_subsys *ss);

/* Which tasks container_walk() and container_tasks() shall give. */
#define CONTAINER_TASKS_LIVE	BIT(0)	/* those that `tasks` shows */
#define CONTAINER_TASKS_EXITED	BIT(1)	/* between exit and release */

void container_walk(struct container_css *css, unsigned int which,
		    void (*fn)(struct task_struct *task, void *data),
		    void *data);

/**
 * struct container_task_list - a group's tasks at one moment
 * @nr: how many
 * @task: each with a reference
 */
struct container_task_list {
	unsigned int nr;
	struct task_struct *task[];
};

struct container_task_list *container_tasks(struct container_css *css,
					    unsigned int which);
void container_tasks_free(struct container_task_list *list);

#endif
