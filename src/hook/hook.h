/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Hooks on kernel functions.  The table is in table.c, the machinery in
 * engine.c, the unexported kernel functions that we call in symbols.c.
 */
#ifndef CT_HOOK_HOOK_H
#define CT_HOOK_HOOK_H

#include <linux/ftrace.h>
#include <linux/percpu.h>
#include <linux/static_call.h>

/**
 * enum ct_hook_when - when a hook is armed; bits
 * @CT_HOOK_LOADED: as long as the module is loaded; not on hot paths
 * @CT_HOOK_ACTIVE: only while there are containers
 * @CT_HOOK_RESOURCE: only while there are hierarchies of resource containers
 * @CT_HOOK_MEMORY: only while one of these has the controller memory
 * @CT_HOOK_CPUSET: only while one of these has the controller cpuset
 * @CT_HOOK_EITHER: with containers or with hierarchies
 */
enum ct_hook_when {
	CT_HOOK_LOADED = 1,
	CT_HOOK_ACTIVE = 2,
	CT_HOOK_RESOURCE = 4,
	CT_HOOK_MEMORY = 8,
	CT_HOOK_CPUSET = 16,
	CT_HOOK_EITHER = CT_HOOK_ACTIVE | CT_HOOK_RESOURCE,
};

/**
 * enum ct_hook_how - how control gets from the function to us
 * @CT_HOOK_DIRECT: the call at the function's entry goes straight to a
 *		    trampoline of ours (trampoline.S), which lets uninteresting
 *		    callers go on after about ten instructions
 * @CT_HOOK_REDIRECT: an ftrace handler sets the instruction pointer
 *		    (IPMODIFY, as livepatch does); about 100 instructions
 */
enum ct_hook_how {
	CT_HOOK_DIRECT,
	CT_HOOK_REDIRECT,
};

/**
 * struct ct_original - how to call a hooked function past its hook
 * @key: static call that is pointed behind the function's fentry
 * @tramp: trampoline of that static call
 *
 * A static call is patched to a direct CALL, which also reaches functions that
 * the kernel has sealed against indirect calls on CPUs with IBT.
 */
struct ct_original {
	struct static_call_key *key;
	void *tramp;
};

/**
 * struct ct_hook - one hook
 * @func: kernel function
 * @proto: its prototype, compared with the kernel's BTF before anything is
 *	   patched
 * @why: what goes wrong without it
 * @handler: trampoline (DIRECT) or replacement with @proto (REDIRECT)
 * @when: see enum ct_hook_when
 * @how: see enum ct_hook_how
 * @optional: the kernel may lack the function, or have it inlined
 * @original: static call to bind to the original; may be empty
 * @addr: address of @func; 0 when an optional one is missing
 * @ops: ftrace's side
 * @armed: registered with ftrace
 */
struct ct_hook {
	const char *func;
	const char *proto;
	const char *why;
	void *handler;
	enum ct_hook_when when;
	enum ct_hook_how how;
	bool optional;
	struct ct_original original;
	unsigned long addr;
	struct ftrace_ops ops;
	bool armed;
};

extern struct ct_hook ct_hooks[];
extern const unsigned int ct_nr_hooks;

int ct_hooks_init(void);
void ct_hooks_exit(void);
int ct_hooks_arm(enum ct_hook_when when);
void ct_hooks_disarm(enum ct_hook_when when);

/*
 * A replacement that may sleep is counted while it runs, so that unloading
 * can wait for it.  The instructions before and after the count never sleep
 * and are covered by RCU-tasks.
 */
DECLARE_PER_CPU(long, ct_hook_sleepers);

static inline void ct_hook_enter(void)
{
	this_cpu_inc(ct_hook_sleepers);
}

static inline void ct_hook_leave(void)
{
	this_cpu_dec(ct_hook_sleepers);
}

#endif
