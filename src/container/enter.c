// SPDX-License-Identifier: GPL-2.0
/* Who may put which process into a container. */
#include <linux/capability.h>
#include <linux/sched/signal.h>

#include "container/container.h"
#include "pidspace/space.h"

/**
 * ct_enter_check - may current move processes into containers?
 * @why: on failure a sentence
 *
 * Return: 0 or -EPERM.
 */
int ct_enter_check(char *why)
{
	if (capable(CAP_SYS_ADMIN))
		return 0;
	snprintf(why, CT_WHY_MAX,
		 "entering a container takes CAP_SYS_ADMIN in the initial user namespace");
	return -EPERM;
}

/**
 * ct_enter_process - the process that a request is about
 * @req: as current wrote it
 * @space: set to the space that it is in, with a reference; NULL: the host's
 * @why: on failure a sentence
 *
 * Any of its threads names a process.
 *
 * Context: may sleep.
 * Return: the struct pid of its leader, with a reference, or NULL if current
 * sees no such process.
 */
struct pid *ct_enter_process(const struct ct_request *req,
			     struct ct_space **space, char *why)
{
	struct task_struct *task;
	struct ct_number *num;
	struct pid *pid = NULL;

	*space = NULL;
	rcu_read_lock();
	task = req->pid ? pid_task(find_vpid(req->pid), PIDTYPE_PID) : current;
	if (task)
		pid = get_pid(task_tgid(task));
	num = pid ? ct_number_of(pid) : NULL;
	if (num) {
		*space = num->level[num->depth - 1].space;
		if (!refcount_inc_not_zero(&(*space)->users)) {
			*space = NULL;
			put_pid(pid);
			pid = NULL;
		}
	}
	rcu_read_unlock();
	if (!pid)
		snprintf(why, CT_WHY_MAX, "there is no process %d", req->pid);
	return pid;
}
