// SPDX-License-Identifier: GPL-2.0
/*
 * pidfds: the one place that finds a struct pid without any of the helpers,
 * and the one system call that compares namespaces.
 */
#include <linux/err.h>
#include <linux/file.h>
#include <linux/pid.h>
#include <uapi/linux/pidfd.h>

#include "hook/handlers.h"
#include "hook/hook.h"
#include "hook/symbols.h"
#include "pidspace/space.h"
#include "pidspace/views.h"

DEFINE_STATIC_CALL_NULL(ct_orig_pidfd_pid, pidfd_pid);
DEFINE_STATIC_CALL_NULL(ct_orig_tgid_pidfd_to_pid, tgid_pidfd_to_pid);

#ifdef PIDFD_THREAD
#define PIDFD_OPEN_FLAGS	(PIDFD_NONBLOCK | PIDFD_THREAD)
#else
#define PIDFD_OPEN_FLAGS	PIDFD_NONBLOCK
#endif

/* pidfd_open(2) for a contained caller; the compiler inlined the lookup. */
static long contained_pidfd_open(pid_t nr, unsigned int flags)
{
	struct file *file;
	struct pid *pid;
	int fd;

	if (flags & ~PIDFD_OPEN_FLAGS)
		return -EINVAL;
	if (nr <= 0)
		return -EINVAL;
	pid = find_get_pid(nr);
	if (!pid)
		return -ESRCH;
	fd = static_call(ct_pidfd_prepare)(pid, flags, &file);
	if (fd >= 0)
		fd_install(fd, file);
	put_pid(pid);
	return fd;
}

long ct_hook___x64_sys_pidfd_open(const struct pt_regs *regs)
{
	long ret;

	ct_hook_enter();
	ret = contained_pidfd_open(regs->di, regs->si);
	ct_hook_leave();
	return ret;
}

long ct_hook___ia32_sys_pidfd_open(const struct pt_regs *regs)
{
	long ret;

	ct_hook_enter();
	ret = contained_pidfd_open(regs->bx, regs->cx);
	ct_hook_leave();
	return ret;
}

/* Is current contained, and does not see @pid? */
static bool is_foreign(struct pid *pid)
{
	struct pid_namespace *ns = ct_current_ns();
	bool foreign;

	if (!ns)
		return false;
	rcu_read_lock();
	foreign = !ct_pid_sees(ns, pid);
	rcu_read_unlock();
	return foreign;
}

/*
 * pidfd_send_signal(2) refuses a process outside of the caller's namespace
 * with EINVAL.  task_active_pid_ns() has told it the real namespace, which all
 * containers share, so the refusal comes from here: first from pidfd_pid(),
 * upon which the kernel tries whether the file is a /proc/PID directory.
 */
struct pid *ct_hook_pidfd_pid(const struct file *file)
{
	bool ours = ct_active_caller(_RET_IP_) == CT_CALLER_PIDFD_SIGNAL;
	struct pid *pid = static_call(ct_orig_pidfd_pid)(file);

	if (ours && !IS_ERR(pid) && is_foreign(pid))
		return ERR_PTR(-EINVAL);
	return pid;
}

struct pid *ct_hook_tgid_pidfd_to_pid(const struct file *file)
{
	bool ours = ct_active_caller(_RET_IP_) == CT_CALLER_PIDFD_SIGNAL;
	struct pid *pid = static_call(ct_orig_tgid_pidfd_to_pid)(file);

	if (!ours)
		return pid;
	if (IS_ERR(pid)) {
		/* A pidfd that was refused above, or no pidfd at all. */
		if (!IS_ERR(static_call(ct_orig_pidfd_pid)(file)))
			return ERR_PTR(-EINVAL);
	} else if (is_foreign(pid)) {
		return ERR_PTR(-EINVAL);
	}
	return pid;
}
