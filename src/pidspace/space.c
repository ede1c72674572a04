// SPDX-License-Identifier: GPL-2.0
/* Pid spaces as a whole: their beginning and their end; see space.h. */
#include <linux/errno.h>
#include <linux/idr.h>
#include <linux/sched/signal.h>
#include <linux/wait.h>
#include <uapi/linux/wait.h>

#include "hook/symbols.h"
#include "pidspace/space.h"

/*
 * The token hangs below the one of the container around it, whose reference it
 * holds, although the writer may be further out.
 */
static void hang_below(struct pid_namespace *token, struct pid_namespace *parent)
{
	struct pid_namespace *old = token->parent;

	if (old == parent)
		return;
	token->parent = get_pid_ns(parent);
	put_pid_ns(old);
}

/**
 * ct_space_init - make a space without numbers
 * @space: zeroed memory of the owner's
 * @parent: the space around it, or NULL; a reference is taken
 * @ops: the owner's callbacks
 *
 * The token is built by the kernel itself, as a child of current's namespace
 * or token, so that its references, inode number, user accounting and RCU
 * freeing are the kernel's. At level 0 nothing takes it for a namespace that
 * could hold a struct pid.
 *
 * Context: may sleep; current is in the initial pid namespace.
 * Return: 0, -ENOSPC (limit on pid namespaces), -ENOMEM.
 */
int ct_space_init(struct ct_space *space, struct ct_space *parent,
		  const struct ct_space_ops *ops)
{
	struct pid_namespace *token, *ns;

	/* The kernel wants to be told current's own; somebody may move us. */
	do {
		ns = ct_current_ns() ?: &init_pid_ns;
		token = static_call(ct_copy_pid_ns)(CLONE_NEWPID,
						    current_user_ns(), ns);
	} while (token == ERR_PTR(-EINVAL) &&
		 ns != (ct_current_ns() ?: &init_pid_ns));
	if (IS_ERR(token))
		return PTR_ERR(token);
	token->level = 0;
	hang_below(token, parent ? parent->token : &init_pid_ns);

	space->token = token;
	space->parent = parent;
	if (parent) {
		refcount_inc(&parent->users);
		space->depth = parent->depth + 1;
	}
	spin_lock_init(&space->lock);
	atomic_set(&space->nr_tasks, 0);
	init_waitqueue_head(&space->zap_wait);
	space->ops = ops;
	refcount_set(&space->users, 1);
	return 0;
}

/**
 * ct_space_put - drop a reference
 * @space: maybe freed by this
 *
 * Context: any but NMI.
 */
void ct_space_put(struct ct_space *space)
{
	struct ct_space *parent;

	while (space && refcount_dec_and_test(&space->users)) {
		parent = space->parent;
		put_pid_ns(space->token);
		space->ops->free(space);
		space = parent;
	}
}

/**
 * ct_space_uncount - one task less
 * @space: where
 *
 * Context: any but NMI.
 */
void ct_space_uncount(struct ct_space *space)
{
	if (atomic_dec_and_test(&space->nr_tasks))
		space->ops->emptied(space);
	else if (READ_ONCE(space->dead))
		wake_up(&space->zap_wait);
}

/**
 * ct_space_skip_used - go on giving out numbers behind the highest
 * @space: some of whose numbers were wished for
 *
 * Context: may sleep.
 */
void ct_space_skip_used(struct ct_space *space)
{
	struct idr *idr = &space->token->idr;
	struct pid *pid;
	int nr = 0, last = 0;

	spin_lock_irq(&space->lock);
	idr_for_each_entry(idr, pid, nr)
		last = nr;
	idr_set_cursor(idr, last + 1);
	spin_unlock_irq(&space->lock);
}

/**
 * ct_space_next - the number that is tried first for a new task
 * @space: of a container
 *
 * Context: any but NMI.
 */
pid_t ct_space_next(struct ct_space *space)
{
	return READ_ONCE(space->token->idr.idr_next);
}

/**
 * ct_space_set_next - go on giving out numbers at one
 * @space: of a container
 * @nr: the number, from 1
 *
 * Context: process context.
 */
void ct_space_set_next(struct ct_space *space, pid_t nr)
{
	spin_lock_irq(&space->lock);
	idr_set_cursor(&space->token->idr, nr);
	spin_unlock_irq(&space->lock);
}

/**
 * ct_space_close - forget all numbers of a space without tasks
 * @space: after its emptied() callback; the spaces in it are closed
 *
 * Numbers can outlive the last task: a process group or session with members
 * outside keeps its struct pid, and so do holders of dead pids. Nobody is left
 * to see them.
 *
 * Context: may sleep. Drops the owner's reference.
 */
void ct_space_close(struct ct_space *space)
{
	struct pid *pid;
	int nr = 0;

	spin_lock_irq(&space->lock);
	rcu_read_lock();
	space->dead = true;
	idr_for_each_entry(&space->token->idr, pid, nr) {
		idr_replace(&space->token->idr, NULL, nr);
		ct_number_close(pid, space);
	}
	rcu_read_unlock();
	spin_unlock_irq(&space->lock);

	/*
	 * acct(2)'s file holds no reference on its namespace. With process 1 it
	 * has gone already, where that ends the container.
	 */
	static_call(ct_acct_exit_ns)(space->token);
	ct_linger_close(space);
	ct_space_put(space);
}

/**
 * ct_space_kill - send a signal to all tasks of a space
 * @space: whose
 * @sig: SIGKILL and so on
 *
 * Each process gets it once, through its leader, as from the kernel.
 *
 * Context: any but NMI.
 */
void ct_space_kill(struct ct_space *space, int sig)
{
	struct task_struct *task;
	struct pid *pid;
	int nr = 0;

	rcu_read_lock();
	idr_for_each_entry(&space->token->idr, pid, nr) {
		task = pid_task(pid, PIDTYPE_TGID);
		if (task)
			kill_pid(pid, sig, 1);
	}
	rcu_read_unlock();
}

/**
 * ct_space_visit - look at the tasks of a space, not those further in
 * @space: whose
 * @fn: called for each; a task that is just being released may be among them
 * @data: for @fn
 *
 * Who comes or goes meanwhile may be missed.
 *
 * Context: any but NMI; @fn is called in an RCU read-side section.
 */
void ct_space_visit(struct ct_space *space,
		    void (*fn)(struct task_struct *task, void *data),
		    void *data)
{
	struct task_struct *task;
	struct pid *pid;
	int nr = 0;

	rcu_read_lock();
	idr_for_each_entry(&space->token->idr, pid, nr) {
		task = pid_task(pid, PIDTYPE_PID);
		if (task && ct_pid_space(pid) == space)
			fn(task, data);
	}
	rcu_read_unlock();
}

/*
 * Reap those of our children that died before SIGCHLD was ignored, if we see
 * them: we may be further in than @space, and they further out.
 */
static void zap_reap(struct ct_space *space)
{
	struct pid *pid;
	int nr = 0;

	for (;; nr++) {
		pid_t child = 0;

		rcu_read_lock();
		pid = idr_get_next(&space->token->idr, &nr);
		if (pid && pid_task(pid, PIDTYPE_TGID))
			child = pid_vnr(pid);
		rcu_read_unlock();
		if (!pid)
			return;
		if (child)
			static_call(ct_kernel_wait4)(child, NULL,
						     __WALL | WNOHANG, NULL);
		cond_resched();
	}
}

/*
 * Is there nobody left but zombies? Those are the business of parents that are
 * outside, or of ours, as they stayed behind when we went further in.
 */
static bool zap_only_zombies(struct ct_space *space)
{
	struct task_struct *task;
	struct pid *pid;
	bool only = true;
	int nr = 0;

	rcu_read_lock();
	idr_for_each_entry(&space->token->idr, pid, nr) {
		task = pid_task(pid, PIDTYPE_PID);
		if (task && !same_thread_group(task, current) &&
		    READ_ONCE(task->exit_state) != EXIT_ZOMBIE) {
			only = false;
			break;
		}
	}
	rcu_read_unlock();
	return only;
}

/* Kill all tasks but our own threads, which go by themselves. */
static void zap_kill(struct ct_space *space)
{
	struct task_struct *task;
	struct pid *pid;
	int nr = 0;

	rcu_read_lock();
	idr_for_each_entry(&space->token->idr, pid, nr) {
		task = pid_task(pid, PIDTYPE_PID);
		if (task && !same_thread_group(task, current))
			send_sig(SIGKILL, task, 1);
	}
	rcu_read_unlock();
}

/* Let nobody in any more. */
static void close_door(struct ct_space *space)
{
	unsigned long flags;

	spin_lock_irqsave(&space->lock, flags);
	space->dead = true;
	spin_unlock_irqrestore(&space->lock, flags);
	/*
	 * Pairs with the barriers in ct_hook_sched_post_fork() and move_all():
	 * who is coming is either found after this or finds the space dead.
	 */
	smp_mb();
}

/**
 * ct_space_dying - is a container, or one around it, ending?
 * @space: its space
 *
 * Then nobody gets a number in it any more.
 *
 * Context: any; @space is not freed meanwhile.
 */
bool ct_space_dying(const struct ct_space *space)
{
	for (; space; space = space->parent)
		if (READ_ONCE(space->dead))
			return true;
	return false;
}

/**
 * ct_space_end - let nobody in any more, and kill all that are in
 * @space: whose
 *
 * Context: any but NMI.
 */
void ct_space_end(struct ct_space *space)
{
	close_door(space);
	ct_space_kill(space, SIGKILL);
}

/**
 * ct_space_zap - end a container with its process 1
 * @space: current is the last thread of its process 1 and is exiting
 *
 * The counterpart of zap_pid_ns_processes(): kill all others and wait until
 * they are gone. That one would also wait for children that stayed outside
 * when process 1 entered, hence this.
 *
 * Context: may sleep; in do_exit() before exit_notify().
 */
void ct_space_zap(struct ct_space *space)
{
	struct sighand_struct *sighand =
		rcu_dereference_protected(current->sighand, true);

	/* Children that die from now on reap themselves. */
	spin_lock_irq(&sighand->siglock);
	sighand->action[SIGCHLD - 1].sa.sa_handler = SIG_IGN;
	spin_unlock_irq(&sighand->siglock);
	close_door(space);
	zap_kill(space);
	/*
	 * Looking again now and then catches children that announce their end
	 * by another signal.
	 */
	do {
		zap_reap(space);
	} while (!wait_event_idle_timeout(space->zap_wait,
					  atomic_read(&space->nr_tasks) <=
					  get_nr_threads(current), HZ / 10) &&
		 !zap_only_zombies(space));

	static_call(ct_acct_exit_ns)(space->token);
	/* reboot(2) inside: the parent is told by the exit status. */
	if (space->token->reboot)
		current->signal->group_exit_code = space->token->reboot;
}

/**
 * ct_pidspace_init - get ready for spaces
 *
 * Context: may sleep; at load, after ct_symbols_init().
 * Return: 0, -ENOMEM or -ENOENT.
 */
int ct_pidspace_init(void)
{
	return ct_numbers_init();
}

/**
 * ct_pidspace_exit - wait for all that is still under way
 *
 * Context: may sleep; all spaces are closed and all hooks off.
 */
void ct_pidspace_exit(void)
{
	ct_linger_exit();
	ct_slots_trim();
	rcu_barrier_tasks();
	WARN_ON(ct_slots_pages());
	ct_numbers_exit();
}
