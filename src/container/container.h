/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The container: a name and a pid space, alive as long as it has tasks.
 * Containers nest: one is made inside that of its first process.
 */
#ifndef CT_CONTAINER_CONTAINER_H
#define CT_CONTAINER_CONTAINER_H

#include <linux/list.h>
#include <linux/time64.h>
#include <linux/types.h>
#include <linux/workqueue.h>

#include "checkpoint/progress.h"
#include "container/parse.h"
#include "pidspace/move.h"
#include "pidspace/space.h"

struct ct_rgroup;
struct proc_dir_entry;

/* A file of /proc/container/, and so no name for a container there. */
#define CT_RESTART_NAME	"restart"
/* Another one. */
#define CT_EVENTS_NAME	".events"

/**
 * struct ct_container - one container
 * @space: its numbers; its reference count is the container's
 * @name: see ct_name_ok()
 * @id: not used again until the counter wraps
 * @keep: its first process kept its pids
 * @no_reaper: its first process is like the others: no init
 * @lives: one for its tasks, one for each container right inside; it ends when
 *	   all have gone
 * @created: seconds since the epoch
 * @init: struct pid of process 1; the container holds a reference until it ends,
 *	  see ct_container_init()
 * @by_name: entry of the table of names; under ct_mutex
 * @dir: /proc/container/NAME
 * @progress: of its checkpoints
 * @group: of resource containers, see struct ct_group_ops; that room's, under
 *	   container_lock()
 * @ended: it will get no group any more; under ct_mutex, and read after it was
 *	   set under container_lock()
 * @end: runs when the last task has gone, and the containers inside
 * @rcu: readers find containers under RCU
 */
struct ct_container {
	struct ct_space space;
	char name[CT_NAME_MAX + 1];
	u32 id;
	bool keep;
	bool no_reaper;
	atomic_t lives;
	time64_t created;
	struct pid *init;
	struct hlist_node by_name;
	struct proc_dir_entry *dir;
	struct ct_progress progress;
	struct ct_rgroup *group;
	bool ended;
	struct work_struct end;
	struct rcu_head rcu;
};

/**
 * struct ct_entry_ops - what a container shows of itself
 * @add: make its directory; may sleep; 0, -ENOMEM or -ENODEV
 * @remove: take it away and wait for its users; may sleep
 * @watch: there are containers from now on, or none any more; under ct_mutex
 *
 * Set by procfs/, which stands above this room.
 */
struct ct_entry_ops {
	int (*add)(struct ct_container *c);
	void (*remove)(struct ct_container *c);
	void (*watch)(bool on);
};

/**
 * struct ct_group_ops - the groups of resource containers that containers have
 * @make: make its group; may sleep; ct_mutex held; 0 or an error, with a sentence
 * @move: ct_move() into it, and into the group with that; may sleep
 * @remove: take it away; may sleep
 *
 * Set by resource/, which stands above this room.
 */
struct ct_group_ops {
	int (*make)(struct ct_container *c, char *why);
	int (*move)(struct ct_container *c, const struct ct_move *move,
		    char *why);
	void (*remove)(struct ct_container *c);
};

/*
 * To be escaped in names that others have chosen, so that they stay in their line and
 * field, and no terminal obeys them.
 */
#define CT_CONTROLS \
	"\001\002\003\004\005\006\007\010\011\012\013\014\015\016\017\020" \
	"\021\022\023\024\025\026\027\030\031\032\033\034\035\036\037\177\\"

void ct_containers_lock(void);
void ct_containers_unlock(void);
int ct_containers_each(int (*fn)(struct ct_container *c, void *data),
		       void *data);
int ct_containers_init(const struct ct_entry_ops *ops,
		       const struct ct_group_ops *groups);
void ct_containers_exit(void);

int ct_container_create(const struct ct_request *req, char *why);
int ct_container_create_in(struct ct_container *place,
			   const struct ct_request *req, char *why);
int ct_container_adopt(struct ct_container *c, const struct ct_request *req,
		       char *why);

struct ct_container *ct_container_find(const char *path, size_t len, char *why);
struct ct_container *ct_container_get(u32 id);
struct ct_container *ct_container_get_next(u32 *id);
void ct_container_put(struct ct_container *c);
pid_t ct_container_init(const struct ct_container *c);

/**
 * ct_container_alive - does it still have tasks?
 * @c: a container, referenced or under RCU
 */
static inline bool ct_container_alive(const struct ct_container *c)
{
	return atomic_read(&c->space.nr_tasks) > 0;
}

/* The container of a space; NULL is the system container. */
static inline struct ct_container *ct_container_of(struct ct_space *space)
{
	return space ? container_of(space, struct ct_container, space) : NULL;
}

/**
 * ct_container_parent - the container around
 * @c: a container
 *
 * Return: it, as long as @c exists; NULL is the system container.
 */
static inline struct ct_container *
ct_container_parent(const struct ct_container *c)
{
	return ct_container_of(c->space.parent);
}

/**
 * ct_current_container - the container that current is in
 *
 * Return: it, valid as long as current runs; NULL in the system container.
 */
static inline struct ct_container *ct_current_container(void)
{
	return ct_container_of(ct_current_space());
}

/* enter.c */
int ct_enter_check(char *why);
struct pid *ct_enter_process(const struct ct_request *req,
			     struct ct_space **space, char *why);

#endif
