// SPDX-License-Identifier: GPL-2.0
/*
 * Containers come and go.
 *
 * A container is made with the process that becomes its process 1, inside the
 * one of that process, and ends with its last task: ct_space_uncount()
 * calls container_emptied() under tasklist_lock, the rest is done by a work item
 * when the containers inside have ended, too.
 *
 * The hooks that translate are armed with the first container and disarmed a
 * second after the last one, so that a host without containers pays nothing.
 */
#include <linux/hashtable.h>
#include <linux/jhash.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/pid.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/timekeeping.h>
#include <linux/xarray.h>

#include "container/container.h"
#include "hook/hook.h"

static unsigned int max_containers = 65536;
module_param(max_containers, uint, 0644);
MODULE_PARM_DESC(max_containers, "how many containers there may be at a time");

/*
 * Serialises creating with ending, and arming with disarming. Outermost: the
 * hook engine's mutex and procfs' locks are taken inside.
 */
static DEFINE_MUTEX(ct_mutex);

/* Under ct_mutex; by_id is read under RCU. */
static DEFINE_XARRAY_ALLOC1(by_id);
static DEFINE_HASHTABLE(by_name, 8);
static unsigned int nr_containers;
/* Those whose numbers have not been taken off yet. */
static unsigned int nr_open;
static bool armed;

/* The struct pids of processes 1, against who is just putting one. A leaf. */
static DEFINE_SPINLOCK(init_lock);

static struct workqueue_struct *ct_wq;
static const struct ct_entry_ops *entry_ops;
static const struct ct_group_ops *group_ops;

#define DISARM_DELAY	HZ
static void disarm(struct work_struct *work);
static DECLARE_DELAYED_WORK(disarm_work, disarm);

/* Names are unique among those with the same parent. */
static u32 name_hash(const struct ct_container *parent, const char *name)
{
	return jhash(name, strlen(name), parent ? parent->id : 0);
}

/* Called with ct_mutex held. */
static struct ct_container *find_name(const struct ct_container *parent,
				      const char *name)
{
	struct ct_container *c;

	hash_for_each_possible(by_name, c, by_name, name_hash(parent, name))
		if (ct_container_parent(c) == parent && !strcmp(c->name, name))
			return c;
	return NULL;
}

/**
 * ct_container_get - find a container by its id
 * @id: from ct_container.id
 *
 * Context: any but NMI.
 * Return: the container with a reference for the caller, or NULL.
 */
struct ct_container *ct_container_get(u32 id)
{
	struct ct_container *c;

	rcu_read_lock();
	c = xa_load(&by_id, id);
	if (c && !refcount_inc_not_zero(&c->space.users))
		c = NULL;
	rcu_read_unlock();
	return c;
}

/**
 * ct_container_get_next - the container with the next higher id
 * @id: where to begin; set to the id of the one found
 *
 * Context: any but NMI.
 * Return: the container with a reference for the caller, or NULL at the end.
 */
struct ct_container *ct_container_get_next(u32 *id)
{
	unsigned long index = *id;
	struct ct_container *c;

	rcu_read_lock();
	xa_for_each_start(&by_id, index, c, *id) {
		if (ct_container_alive(c) &&
		    refcount_inc_not_zero(&c->space.users)) {
			*id = index;
			break;
		}
	}
	rcu_read_unlock();
	return c;
}

/**
 * ct_container_put - drop a reference
 * @c: maybe freed by this
 *
 * Context: any but NMI.
 */
void ct_container_put(struct ct_container *c)
{
	ct_space_put(&c->space);
}

/* Process 1 of @c is, or is no longer, this one. Takes a reference. */
static void set_init(struct ct_container *c, struct pid *pid)
{
	struct pid *old;

	spin_lock(&init_lock);
	old = c->init;
	WRITE_ONCE(c->init, get_pid(pid));
	spin_unlock(&init_lock);
	put_pid(old);
}

/**
 * ct_container_init - the number of process 1
 * @c: a container; referenced. It may be ending
 *
 * Context: process context.
 * Return: as current sees it; 0 when it has gone, or is outside for current.
 */
pid_t ct_container_init(const struct ct_container *c)
{
	struct pid *pid;
	pid_t nr = 0;

	spin_lock(&init_lock);
	pid = get_pid(c->init);
	spin_unlock(&init_lock);
	if (pid && pid_has_task(pid, PIDTYPE_TGID))
		nr = pid_vnr(pid);
	put_pid(pid);
	return nr;
}

/* The next name of a path. Return: its length; 0 if it is none. */
static size_t next_name(const char *path, size_t len, char *name)
{
	const char *slash = memchr(path, '/', len);
	size_t n = slash ? slash - path : len;

	if (!ct_name_ok(path, n))
		return 0;
	memcpy(name, path, n);
	name[n] = '\0';
	return n;
}

/* Called with ct_mutex held. A name at the beginning is that of current's own. */
static struct ct_container *find_step(const struct ct_container *c, bool first,
				      const char *name)
{
	struct ct_container *own = ct_current_container();

	if (first && own)
		return strcmp(own->name, name) ? NULL : own;
	return find_name(c, name);
}

/**
 * ct_container_find - find a container by its path
 * @path: as current has it behind /proc/container/; not terminated
 * @len: its length
 * @why: on failure a sentence
 *
 * Context: may sleep.
 * Return: the container with a reference for the caller; NULL if there is none.
 */
struct ct_container *ct_container_find(const char *path, size_t len, char *why)
{
	char name[CT_NAME_MAX + 1];
	struct ct_container *c = NULL;
	size_t at = 0, n;

	mutex_lock(&ct_mutex);
	do {
		n = next_name(path + at, len - at, name);
		c = n ? find_step(c, !at, name) : NULL;
		at += n + 1;
	} while (c && at < len);
	if (c && ct_container_alive(c))
		refcount_inc(&c->space.users);
	else
		c = NULL;
	mutex_unlock(&ct_mutex);
	if (!c)
		snprintf(why, CT_WHY_MAX, "there is no container '%.*s'",
			 (int)min(at - 1, len), path);
	return c;
}

static void disarm(struct work_struct *work)
{
	mutex_lock(&ct_mutex);
	if (armed && !nr_open) {
		entry_ops->watch(false);
		ct_hooks_disarm(CT_HOOK_ACTIVE);
		ct_slots_trim();
		armed = false;
	}
	mutex_unlock(&ct_mutex);
}

/* Called with ct_mutex held. */
static int arm(char *why)
{
	int err;

	if (armed)
		return 0;
	err = ct_hooks_arm(CT_HOOK_ACTIVE);
	if (err) {
		snprintf(why, CT_WHY_MAX,
			 "a kernel function could not be hooked; the kernel log says which");
		return err;
	}
	entry_ops->watch(true);
	armed = true;
	return 0;
}

/* The tasks, or a container inside, have gone. Any context but NMI. */
static void drop_life(struct ct_container *c)
{
	if (atomic_dec_and_test(&c->lives))
		queue_work(ct_wq, &c->end);
}

/* Under tasklist_lock with interrupts off. */
static void container_emptied(struct ct_space *space)
{
	drop_life(ct_container_of(space));
}

static void container_free(struct ct_space *space)
{
	struct ct_container *c = container_of(space, struct ct_container, space);

	kfree(c->progress.error);
	kfree_rcu(c, rcu);
}

static const struct ct_space_ops space_ops = {
	.emptied = container_emptied,
	.free = container_free,
};

/* Undo publish(). Called with ct_mutex held. */
static void unpublish(struct ct_container *c)
{
	hash_del(&c->by_name);
	xa_erase(&by_id, c->id);
	nr_containers--;
}

/*
 * A container that was published has closed its space. Until then free_pid() has to
 * be hooked, as a pid may have a number there. Called with ct_mutex held.
 */
static void note_closed(void)
{
	if (!--nr_open)
		mod_delayed_work(ct_wq, &disarm_work, DISARM_DELAY);
}

static void container_end(struct work_struct *work)
{
	struct ct_container *c = container_of(work, struct ct_container, end);
	struct ct_container *parent = ct_container_parent(c);

	/*
	 * The name stays taken until the directories are gone; who wants it
	 * waits in create_locked().
	 */
	entry_ops->remove(c);
	mutex_lock(&ct_mutex);
	c->ended = true;
	mutex_unlock(&ct_mutex);
	group_ops->remove(c);
	mutex_lock(&ct_mutex);
	unpublish(c);
	mutex_unlock(&ct_mutex);

	set_init(c, NULL);
	ct_space_close(&c->space);
	mutex_lock(&ct_mutex);
	note_closed();
	mutex_unlock(&ct_mutex);
	if (parent)
		drop_life(parent);
	/* Whoever unloads us waits for this very work item to return. */
	module_put(THIS_MODULE);
}

/* Give the container an id and its name. Called with ct_mutex held. */
static int publish(struct ct_container *c, char *why)
{
	static u32 next;
	int err;

	if (nr_containers >= READ_ONCE(max_containers)) {
		snprintf(why, CT_WHY_MAX,
			 "there are %u containers already, as many as the module's parameter max_containers allows",
			 nr_containers);
		return -ENOSPC;
	}
	err = xa_alloc_cyclic(&by_id, &c->id, c, XA_LIMIT(1, INT_MAX), &next,
			      GFP_KERNEL);
	if (err < 0)
		return err == -EBUSY ? -ENOSPC : err;
	hash_add(by_name, &c->by_name,
		 name_hash(ct_container_parent(c), c->name));
	nr_containers++;
	nr_open++;
	return 0;
}

static struct ct_container *container_alloc(const struct ct_request *req,
					    struct ct_container *parent,
					    char *why)
{
	struct ct_container *c = kzalloc(sizeof(*c), GFP_KERNEL_ACCOUNT);
	int err;

	if (!c)
		return ERR_PTR(-ENOMEM);
	strscpy(c->name, req->name, sizeof(c->name));
	c->keep = req->keep;
	c->no_reaper = req->no_reaper;
	c->created = ktime_get_real_seconds();
	atomic_set(&c->lives, 1);
	init_waitqueue_head(&c->progress.notice);
	INIT_WORK(&c->end, container_end);
	err = ct_space_init(&c->space, parent ? &parent->space : NULL,
			    &space_ops);
	if (err) {
		if (err == -ENOSPC)
			snprintf(why, CT_WHY_MAX,
				 "the limit on pid namespaces is reached (user.max_pid_namespaces)");
		kfree(c);
		return ERR_PTR(err);
	}
	return c;
}

/* Move the first process in. With that the container is alive. */
static int enter_first(struct ct_container *c, const struct ct_request *req,
		       struct pid *pid, char *why)
{
	struct ct_move move = {
		.to = &c->space, .viewer = ct_current_space(), .pid = pid,
		.keep = req->keep,
		.tree = req->tree, .first = true, .reaper = !req->no_reaper,
		.number = req->number,
	};
	int err;

	set_init(c, pid);
	err = group_ops->move(c, &move, why);
	if (err)
		set_init(c, NULL);
	else if (req->keep)
		ct_space_skip_used(&c->space);
	return err;
}

/*
 * Make the container and move its first process in. Called with ct_mutex held.
 * The steps before the last can be undone without a trace; after the last the
 * container is alive and ends by itself.
 */
static int create_locked(const struct ct_request *req,
			 struct ct_container *parent, struct pid *pid, char *why)
{
	struct ct_container *c;
	int err;

	c = container_alloc(req, parent, why);
	if (IS_ERR(c))
		return PTR_ERR(c);
	err = publish(c, why);
	if (err)
		goto err_close;
	err = arm(why);
	if (err)
		goto err_unpublish;
	err = entry_ops->add(c);
	if (err)
		goto err_unpublish;
	err = group_ops->make(c, why);
	if (err)
		goto err_remove;
	/* The last task may be gone, and the container with it, right after. */
	refcount_inc(&c->space.users);
	err = enter_first(c, req, pid, why);
	ct_container_put(c);
	if (err)
		goto err_group;
	return 0;

err_group:
	c->ended = true;
	group_ops->remove(c);
err_remove:
	entry_ops->remove(c);
err_unpublish:
	unpublish(c);
	note_closed();
err_close:
	ct_space_close(&c->space);
	return err;
}

/* Wait until a dead container has given back its name, or see that it lives. */
static int claim_name(const struct ct_request *req,
		      const struct ct_container *parent, char *why)
{
	struct ct_container *c;

	for (;;) {
		mutex_lock(&ct_mutex);
		c = find_name(parent, req->name);
		if (!c)
			return 0;
		if (ct_container_alive(c)) {
			mutex_unlock(&ct_mutex);
			snprintf(why, CT_WHY_MAX,
				 "there is a container named '%s' already",
				 req->name);
			return -EEXIST;
		}
		refcount_inc(&c->space.users);
		mutex_unlock(&ct_mutex);
		/* It ends after those inside. */
		if (atomic_read(&c->lives))
			flush_workqueue(ct_wq);
		else
			flush_work(&c->end);
		ct_container_put(c);
	}
}

/* What has to be true of the place of a container to be. */
static int check_place(const struct ct_request *req,
		       struct ct_container *parent, char *why)
{
	if (!parent && !strcmp(req->name, CT_RESTART_NAME)) {
		snprintf(why, CT_WHY_MAX,
			 "'restart' is the name of a file of /proc/container, so no container can have it");
		return -EINVAL;
	}
	if (!parent)
		return 0;
	if (ct_name_reserved(req->name)) {
		snprintf(why, CT_WHY_MAX,
			 "'%s' is the name of a file of every container, so no container inside another one can have it",
			 req->name);
		return -EINVAL;
	}
	if (parent->space.depth + 1 >= CT_DEPTH_MAX) {
		snprintf(why, CT_WHY_MAX, "containers nest at most %d deep",
			 CT_DEPTH_MAX);
		return -ENOSPC;
	}
	return 0;
}

/* Make the container inside @parent, which stays until it has ended. */
static int create_inside(const struct ct_request *req,
			 struct ct_container *parent, struct pid *pid, char *why)
{
	int err = check_place(req, parent, why);

	if (err)
		return err;
	if (parent && !atomic_inc_not_zero(&parent->lives)) {
		snprintf(why, CT_WHY_MAX, "the container around it is ending");
		return -ESRCH;
	}
	err = claim_name(req, parent, why);
	if (!err) {
		err = create_locked(req, parent, pid, why);
		mutex_unlock(&ct_mutex);
	}
	if (err && parent)
		drop_life(parent);
	return err;
}

/**
 * ct_container_create_in - make a container inside another one
 * @place: where; referenced. NULL: in the one that the process is in
 * @req: name, process and options
 * @why: on failure a sentence, if there is more to say than the error does
 *
 * The process is moved into all those on the way in one step.
 *
 * Context: may sleep.
 * Return: as ct_container_create(); also EPERM if @place is not inside the one that
 * the process is in, ESRCH if it is ending.
 */
int ct_container_create_in(struct ct_container *place,
			   const struct ct_request *req, char *why)
{
	struct ct_space *space;
	struct pid *pid;
	int err = ct_enter_check(why);

	if (err)
		return err;
	/* Loading may yet fail, and would not wait for the end of a container. */
	if (READ_ONCE(THIS_MODULE->state) == MODULE_STATE_COMING) {
		snprintf(why, CT_WHY_MAX, "the module is being loaded");
		return -ENODEV;
	}
	pid = ct_enter_process(req, &space, why);
	if (!pid)
		return -ESRCH;
	if (try_module_get(THIS_MODULE)) {
		err = create_inside(req, place ?: ct_container_of(space), pid,
				    why);
		if (err)
			module_put(THIS_MODULE);
	} else {
		snprintf(why, CT_WHY_MAX, "the module is being unloaded");
		err = -ENODEV;
	}
	ct_space_put(space);
	put_pid(pid);
	return err;
}

/**
 * ct_container_create - make a container and move its first process into it
 * @req: name, process and options
 * @why: on failure a sentence, if there is more to say than the error does
 *
 * The new container is inside the one that the process is in.
 *
 * Context: may sleep.
 * Return: 0, or EPERM, EINVAL, EEXIST, ESRCH, ENOSPC, ENOMEM, EBUSY (a hook) as
 * in Documentation/interface.md; then nothing has changed.
 */
int ct_container_create(const struct ct_request *req, char *why)
{
	return ct_container_create_in(NULL, req, why);
}

/**
 * ct_container_adopt - move a process into a container that exists
 * @c: where; referenced
 * @req: which and how; without a name
 * @why: on failure a sentence, if there is more to say than the error does
 *
 * Context: may sleep.
 * Return: 0, also when it is there already; or EPERM, EINVAL, ENOMEM, EAGAIN (no
 * free number), EEXIST (a number to be kept), ESRCH (no such process, or the
 * container is ending); then nothing has changed.
 */
int ct_container_adopt(struct ct_container *c, const struct ct_request *req,
		       char *why)
{
	struct ct_move move = {
		.to = &c->space, .viewer = ct_current_space(),
		.keep = req->keep, .tree = req->tree,
	};
	struct ct_space *space;
	int err = ct_enter_check(why);

	if (err)
		return err;
	move.pid = ct_enter_process(req, &space, why);
	if (!move.pid)
		return -ESRCH;
	if (space != &c->space || req->tree)
		err = group_ops->move(c, &move, why);
	ct_space_put(space);
	put_pid(move.pid);
	return err;
}

/**
 * ct_containers_lock - let no container be made, nor give back its name
 *
 * Context: may sleep; outermost.
 */
void ct_containers_lock(void)
{
	mutex_lock(&ct_mutex);
}

/** ct_containers_unlock - undo ct_containers_lock() */
void ct_containers_unlock(void)
{
	mutex_unlock(&ct_mutex);
}

/**
 * ct_containers_each - call a function for all containers that have not ended
 * @fn: what; 0 to go on
 * @data: for @fn
 *
 * Context: may sleep; ct_containers_lock() held.
 * Return: what @fn returned last.
 */
int ct_containers_each(int (*fn)(struct ct_container *c, void *data),
		       void *data)
{
	struct ct_container *c;
	unsigned long id;
	int err = 0;

	lockdep_assert_held(&ct_mutex);
	xa_for_each(&by_id, id, c) {
		/* One that is just ending will find that it has no group. */
		if (!c->ended && atomic_read(&c->lives))
			err = fn(c, data);
		if (err)
			break;
	}
	return err;
}

/**
 * ct_containers_init - get ready for containers
 * @ops: how they show themselves
 * @groups: see struct ct_group_ops
 *
 * Context: may sleep; at load.
 * Return: 0 or -ENOMEM.
 */
int ct_containers_init(const struct ct_entry_ops *ops,
		       const struct ct_group_ops *groups)
{
	entry_ops = ops;
	group_ops = groups;
	ct_wq = alloc_workqueue("container", WQ_UNBOUND, 0);
	return ct_wq ? 0 : -ENOMEM;
}

/**
 * ct_containers_exit - wait for the last of what dead containers left
 *
 * Context: may sleep; no container is left and none can be made.
 */
void ct_containers_exit(void)
{
	flush_workqueue(ct_wq);
	cancel_delayed_work_sync(&disarm_work);
	destroy_workqueue(ct_wq);
}
