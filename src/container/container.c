// SPDX-License-Identifier: GPL-2.0
/*
 * Containers come and go.
 *
 * A container is made by the process that becomes its process 1, and ends with
 * its last task: uncount() in pidspace/ calls container_emptied() under
 * tasklist_lock, the rest is done by a work item.
 *
 * The hooks that translate are armed with the first container and disarmed a
 * second after the last one, so that a host without containers pays nothing.
 */
#include <linux/hashtable.h>
#include <linux/jhash.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/slab.h>
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
static bool armed;

static struct workqueue_struct *ct_wq;
static const struct ct_entry_ops *entry_ops;

#define DISARM_DELAY	HZ
static void disarm(struct work_struct *work);
static DECLARE_DELAYED_WORK(disarm_work, disarm);

static u32 name_hash(const char *name, size_t len)
{
	return jhash(name, len, 0);
}

/* Called with ct_mutex held. */
static struct ct_container *find_name(const char *name, size_t len)
{
	struct ct_container *c;

	hash_for_each_possible(by_name, c, by_name, name_hash(name, len))
		if (strlen(c->name) == len && !memcmp(c->name, name, len))
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
 * ct_container_by_name - find a container by its name
 * @name: not terminated
 * @len: its length
 *
 * Context: may sleep.
 * Return: the container with a reference for the caller, or NULL.
 */
struct ct_container *ct_container_by_name(const char *name, size_t len)
{
	struct ct_container *c;

	mutex_lock(&ct_mutex);
	c = find_name(name, len);
	if (c)
		refcount_inc(&c->space.users);
	mutex_unlock(&ct_mutex);
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

static void disarm(struct work_struct *work)
{
	mutex_lock(&ct_mutex);
	if (armed && !nr_containers) {
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

/* Under tasklist_lock with interrupts off. */
static void container_emptied(struct ct_space *space)
{
	struct ct_container *c = container_of(space, struct ct_container, space);

	queue_work(ct_wq, &c->end);
}

static void container_free(struct ct_space *space)
{
	struct ct_container *c = container_of(space, struct ct_container, space);

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
	if (!--nr_containers)
		queue_delayed_work(ct_wq, &disarm_work, DISARM_DELAY);
}

static void container_end(struct work_struct *work)
{
	struct ct_container *c = container_of(work, struct ct_container, end);

	/*
	 * The name stays taken until the directory is gone; who wants it
	 * waits in create_locked().
	 */
	entry_ops->remove(c);
	mutex_lock(&ct_mutex);
	unpublish(c);
	mutex_unlock(&ct_mutex);

	put_pid(c->init);
	ct_space_close(&c->space);
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
	hash_add(by_name, &c->by_name, name_hash(c->name, strlen(c->name)));
	nr_containers++;
	return 0;
}

static struct ct_container *container_alloc(const struct ct_request *req,
					    char *why)
{
	struct ct_container *c = kzalloc(sizeof(*c), GFP_KERNEL_ACCOUNT);
	int err;

	if (!c)
		return ERR_PTR(-ENOMEM);
	strscpy(c->name, req->name, sizeof(c->name));
	c->keep = req->keep;
	c->created = ktime_get_real_seconds();
	INIT_WORK(&c->end, container_end);
	err = ct_space_init(&c->space, &space_ops);
	if (err) {
		if (err == -ENOSPC)
			snprintf(why, CT_WHY_MAX,
				 "the limit on pid namespaces is reached (user.max_pid_namespaces)");
		kfree(c);
		return ERR_PTR(err);
	}
	return c;
}

/*
 * Make the container and move current in. Called with ct_mutex held.
 * The steps before the last can be undone without a trace; after the last the
 * container is alive and ends by itself.
 */
static int create_locked(const struct ct_request *req, char *why)
{
	struct ct_container *c;
	int err;

	c = container_alloc(req, why);
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
	err = ct_enter_first(c, why);
	if (err)
		goto err_remove;
	return 0;

err_remove:
	entry_ops->remove(c);
err_unpublish:
	unpublish(c);
err_close:
	ct_space_close(&c->space);
	return err;
}

/* Wait until a dead container has given back its name, or see that it lives. */
static int claim_name(const struct ct_request *req, char *why)
{
	size_t len = strlen(req->name);
	struct ct_container *c;

	for (;;) {
		mutex_lock(&ct_mutex);
		c = find_name(req->name, len);
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
		flush_work(&c->end);
		ct_container_put(c);
	}
}

/**
 * ct_container_create - make a container and move current into it
 * @req: name and options
 * @why: on failure a sentence, if there is more to say than the error does
 *
 * Context: may sleep.
 * Return: 0, or EPERM, EINVAL, EEXIST, ENOSPC, ENOMEM, EBUSY (a hook) as in
 * Documentation/interface.md; then nothing has changed.
 */
int ct_container_create(const struct ct_request *req, char *why)
{
	int err = ct_enter_check(req->keep, why);

	if (err)
		return err;
	if (!try_module_get(THIS_MODULE)) {
		snprintf(why, CT_WHY_MAX, "the module is being unloaded");
		return -ENODEV;
	}
	err = claim_name(req, why);
	if (!err) {
		err = create_locked(req, why);
		mutex_unlock(&ct_mutex);
	}
	if (err)
		module_put(THIS_MODULE);
	return err;
}

/**
 * ct_container_join - move current into a container that exists
 * @c: where; referenced
 * @why: on failure a sentence, if there is more to say than the error does
 *
 * Context: may sleep.
 * Return: 0, or EPERM, EINVAL, ENOMEM, EAGAIN (no free number), ESRCH (the
 * container is ending).
 */
int ct_container_join(struct ct_container *c, char *why)
{
	int err = ct_enter_check(false, why);

	return err ?: ct_enter_more(c, why);
}

/**
 * ct_containers_init - get ready for containers
 * @ops: how they show themselves
 *
 * Context: may sleep; at load.
 * Return: 0 or -ENOMEM.
 */
int ct_containers_init(const struct ct_entry_ops *ops)
{
	entry_ops = ops;
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
