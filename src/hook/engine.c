// SPDX-License-Identifier: GPL-2.0
/*
 * Installing and removing the hooks of table.c.
 *
 * All or nothing: everything that can be found missing is looked up and
 * reported when the module is loaded, before any function is touched; if
 * arming one hook fails, those armed before it are disarmed again.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/delay.h>
#include <linux/kernel.h>
#include <linux/mutex.h>
#include <linux/rcupdate.h>

#include "compat/ftrace.h"
#include "hook/hook.h"
#include "hook/symbols.h"

/* Serialises arming and disarming. Nothing is taken inside but ftrace's own. */
static DEFINE_MUTEX(ct_hook_mutex);

/* The bits of enum ct_hook_when whose hooks are armed; under ct_hook_mutex. */
static unsigned int states;

DEFINE_PER_CPU(long, ct_hook_sleepers);

static void notrace ct_redirect(unsigned long ip, unsigned long parent_ip,
				struct ftrace_ops *ops,
				struct ftrace_regs *fregs)
{
	struct ct_hook *hook = container_of(ops, struct ct_hook, ops);

	ct_set_ip(fregs, (unsigned long)hook->handler);
}

static int hook_register(struct ct_hook *hook)
{
	/*
	 * PERMANENT: kernel.ftrace_enabled=0 must not silently take the
	 * translation away. RECURSION: ct_redirect() calls nothing that could
	 * recurse, and must not be skipped.
	 */
	if (hook->how == CT_HOOK_DIRECT)
		return ct_register_direct(&hook->ops,
					  (unsigned long)hook->handler);

	hook->ops.func = ct_redirect;
	hook->ops.flags |= FTRACE_OPS_FL_IPMODIFY | FTRACE_OPS_FL_PERMANENT |
			   FTRACE_OPS_FL_RECURSION;
	return register_ftrace_function(&hook->ops);
}

static int hook_arm(struct ct_hook *hook)
{
	int err;

	if (!hook->addr || hook->armed)
		return 0;

	err = ftrace_set_filter_ip(&hook->ops, hook->addr, 0, 0);
	if (err) {
		pr_err("cannot hook %s: no ftrace location there (%d)\n",
		       hook->func, err);
		return err;
	}

	err = hook_register(hook);
	if (err) {
		pr_err("cannot hook %s (%d)%s\n", hook->func, err,
		       err == -EBUSY ?
		       ": a livepatch, kprobe or BPF trampoline is on it, or ftrace is disabled" :
		       "");
		ftrace_set_filter_ip(&hook->ops, hook->addr, 1, 0);
		return err;
	}
	hook->armed = true;
	return 0;
}

static void hook_disarm(struct ct_hook *hook)
{
	int err;

	if (!hook->armed)
		return;
	if (hook->how == CT_HOOK_DIRECT) {
		/*
		 * ftrace would wait for RCU-tasks after each one, seconds in
		 * all. It has nothing to free for a direct hook, and we wait
		 * before our own text goes, once (ct_hooks_exit()).
		 */
		hook->ops.flags &= ~FTRACE_OPS_FL_DYNAMIC;
		err = ct_unregister_direct(&hook->ops,
					   (unsigned long)hook->handler);
	} else {
		err = unregister_ftrace_function(&hook->ops);
	}
	WARN(err, "container: cannot unhook %s (%d)\n", hook->func, err);
	ftrace_set_filter_ip(&hook->ops, hook->addr, 1, 0);
	hook->armed = false;
}

/**
 * ct_hooks_disarm - take hooks off their functions
 * @when: which hooks; those that are armed for another reason, too, stay
 *
 * Tasks may still be inside of replacements when this returns; only
 * ct_hooks_exit() waits for them.
 *
 * Context: may sleep.
 */
void ct_hooks_disarm(enum ct_hook_when when)
{
	int i;

	mutex_lock(&ct_hook_mutex);
	states &= ~when;
	for (i = ct_nr_hooks - 1; i >= 0; i--)
		if (!(ct_hooks[i].when & states))
			hook_disarm(&ct_hooks[i]);
	mutex_unlock(&ct_hook_mutex);
}

/**
 * ct_hooks_arm - put hooks on their functions
 * @when: which hooks
 *
 * Context: may sleep.
 * Return: 0, or an error, and then none of them is armed.
 */
int ct_hooks_arm(enum ct_hook_when when)
{
	unsigned int i;
	int err = 0;

	mutex_lock(&ct_hook_mutex);
	states |= when;
	for (i = 0; i < ct_nr_hooks && !err; i++)
		if (ct_hooks[i].when & when)
			err = hook_arm(&ct_hooks[i]);
	mutex_unlock(&ct_hook_mutex);
	if (err)
		ct_hooks_disarm(when);
	return err;
}

/* Find the function and bind the way past its hook. */
static int hook_resolve(struct ct_hook *hook)
{
	unsigned long addr = ct_symbol(hook->func);
	unsigned long fentry = addr ? ct_ftrace_location(addr) : 0;

	hook->addr = 0;
	if (!fentry) {
		if (hook->optional)
			return 0;
		pr_err("this kernel %s the function %s, which must be hooked: %s\n",
		       addr ? "cannot trace" : "lacks", hook->func, hook->why);
		return -ENOENT;
	}
	hook->addr = fentry;
	if (hook->original.key)
		__static_call_update(hook->original.key, hook->original.tramp,
				     (void *)(fentry + MCOUNT_INSN_SIZE));
	return 0;
}

/**
 * ct_hooks_init - resolve every hook and arm those that stay on
 *
 * Context: may sleep; at load.
 * Return: 0, or an error after a message that says what does not fit.
 */
int ct_hooks_init(void)
{
	unsigned int i;
	int err = 0;

	/* Go through all, so that one attempt to load tells everything. */
	for (i = 0; i < ct_nr_hooks; i++) {
		int ret = hook_resolve(&ct_hooks[i]);

		err = err ?: ret;
	}
	if (err)
		return err;

	err = ct_check_prototypes();
	if (err)
		return err;

	return ct_hooks_arm(CT_HOOK_LOADED);
}

static long sleepers(void)
{
	long sum = 0;
	int cpu;

	/*
	 * Nobody enters any more, so the counters only go down, and reading
	 * them one after the other cannot give 0 too early.
	 */
	for_each_possible_cpu(cpu)
		sum += READ_ONCE(per_cpu(ct_hook_sleepers, cpu));
	return sum;
}

/**
 * ct_hooks_exit - disarm everything and wait until no task is in our text
 *
 * The replacements that may sleep do so for bounded times only (memory, a
 * directory's lock), so this comes to an end under any load.
 *
 * Context: may sleep; at unload, or after a failed load.
 */
void ct_hooks_exit(void)
{
	ct_hooks_disarm(CT_HOOK_MEMORY);
	ct_hooks_disarm(CT_HOOK_CPUSET);
	ct_hooks_disarm(CT_HOOK_RESOURCE);
	ct_hooks_disarm(CT_HOOK_ACTIVE);
	ct_hooks_disarm(CT_HOOK_LOADED);

	/* Everybody who has entered has counted himself, if he may sleep... */
	synchronize_rcu_tasks();
	/* ...and has left the counted part... */
	while (sleepers())
		msleep(20);
	/* ...and the text behind it; also interrupts that hit the idle task. */
	synchronize_rcu_tasks();
	synchronize_rcu();
}
