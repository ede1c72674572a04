// SPDX-License-Identifier: GPL-2.0
/* Recognising callers by their return address; see views.h. */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/bitmap.h>
#include <linux/kernel.h>
#include <linux/sort.h>

#include "hook/symbols.h"
#include "pidspace/views.h"

struct caller {
	const char *func;
	enum ct_view_caller kind;
	bool optional;		/* inlined into another one in some kernel */
};

#define PROCFS(f)	{ f, CT_CALLER_PROCFS, false }
#define PROCFS_MAYBE(f)	{ f, CT_CALLER_PROCFS, true }

static const struct caller callers[] = {
	/* the tree: lookup, readdir, self */
	PROCFS("proc_pid_lookup"),
	PROCFS("proc_pid_readdir"),
	PROCFS_MAYBE("next_tgid"),
	PROCFS("proc_task_lookup"),
	PROCFS("proc_task_readdir"),
	PROCFS_MAYBE("first_tid"),
	PROCFS("proc_self_get_link"),
	PROCFS("proc_thread_self_get_link"),
	/* the files */
	PROCFS("proc_pid_status"),
	PROCFS("do_task_stat"),
	PROCFS_MAYBE("get_children_pid"),
	PROCFS_MAYBE("children_seq_show"),
	PROCFS_MAYBE("show_timer"),
	PROCFS_MAYBE("proc_timers_open"),
	PROCFS_MAYBE("pidfd_show_fdinfo"),
	PROCFS_MAYBE("sched_show"),
	PROCFS_MAYBE("proc_sched_show_task"),
	PROCFS_MAYBE("sysvipc_msg_proc_show"),
	PROCFS_MAYBE("sysvipc_shm_proc_show"),
	PROCFS_MAYBE("request_key_auth_describe"),
	PROCFS_MAYBE("ip6fl_seq_show"),
	/* The namespace of /proc/PID/ns/pid, which is the host's to all. */
	PROCFS_MAYBE("ns_ioctl"),
	/*
	 * A function graph tracer has put its own return address there; to
	 * take the caller for procfs cannot show a global number inside.
	 */
	PROCFS_MAYBE("return_to_handler"),

	/* clone(CLONE_THREAD): active namespace == that for children? */
	{ "copy_process", CT_CALLER_REAL, false },
	/* /proc/PID/ns/pid and the pidfd ioctl hand the namespace out */
	{ "pidns_get", CT_CALLER_REAL, false },
	{ "pidns_get_parent", CT_CALLER_REAL, true },
	{ "pidfd_ioctl", CT_CALLER_REAL, true },

	{ "validate_nsset", CT_CALLER_SETNS, true },
	{ "__do_sys_setns", CT_CALLER_SETNS, true },
	{ "__x64_sys_setns", CT_CALLER_SETNS, true },
	{ "__ia32_sys_setns", CT_CALLER_SETNS, true },

	{ "do_exit", CT_CALLER_EXIT, false },

	{ "__do_notify", CT_CALLER_MQUEUE, true },
	{ "netlink_recvmsg", CT_CALLER_NETLINK, true },

	{ "__do_sys_pidfd_send_signal", CT_CALLER_PIDFD_SIGNAL, true },
	{ "__x64_sys_pidfd_send_signal", CT_CALLER_PIDFD_SIGNAL, true },
	{ "__ia32_sys_pidfd_send_signal", CT_CALLER_PIDFD_SIGNAL, true },
};

struct known {
	struct ct_text_range range;
	enum ct_view_caller kind;
};

/* Sorted by address. Two tables, as a hook is interested in one of them. */
struct known_table {
	struct known known[ARRAY_SIZE(callers)];
	unsigned int nr;
};

/* The second is that of procfs. */
static struct known_table tables[2] __ro_after_init;
unsigned long ct_view_filter[2][BITS_TO_LONGS(CT_VIEW_FILTER_BITS)] __ro_after_init;

static int known_cmp(const void *a, const void *b)
{
	const struct known *x = a, *y = b;

	if (x->range.start == y->range.start)
		return 0;
	return x->range.start < y->range.start ? -1 : 1;
}

static void __init add_to_filter(bool procfs, const struct ct_text_range *range)
{
	unsigned long i = range->start >> CT_VIEW_FILTER_SHIFT;

	for (; i <= (range->end - 1) >> CT_VIEW_FILTER_SHIFT; i++)
		__set_bit(i % CT_VIEW_FILTER_BITS, ct_view_filter[procfs]);
}

/**
 * ct_views_init - find the callers
 *
 * Context: may sleep; at load, after ct_symbols_init().
 * Return: 0, or -ENOENT after a message that names what is missing.
 */
int __init ct_views_init(void)
{
	unsigned int i;
	int err = 0;

	for (i = 0; i < ARRAY_SIZE(callers); i++) {
		bool procfs = callers[i].kind == CT_CALLER_PROCFS;
		struct known_table *table = &tables[procfs];
		struct known *k = &table->known[table->nr];

		if (!ct_symbol_range(callers[i].func, &k->range)) {
			k->kind = callers[i].kind;
			table->nr++;
			add_to_filter(procfs, &k->range);
		} else if (!callers[i].optional) {
			pr_err("this kernel lacks the function %s, whose calls must be told apart\n",
			       callers[i].func);
			err = -ENOENT;
		}
	}
	for (i = 0; i < ARRAY_SIZE(tables); i++)
		sort(tables[i].known, tables[i].nr, sizeof(struct known),
		     known_cmp, NULL);
	return err;
}

/**
 * ct_view_lookup - what kind of caller an address belongs to
 * @procfs: look for procfs, or for the others
 * @ip: return address
 *
 * Context: any, NMI included.
 */
enum ct_view_caller ct_view_lookup(bool procfs, unsigned long ip)
{
	const struct known_table *table = &tables[procfs];
	unsigned int lo = 0, hi = table->nr;

	while (lo < hi) {
		unsigned int mid = (lo + hi) / 2;

		if (ip >= table->known[mid].range.end)
			lo = mid + 1;
		else
			hi = mid;
	}
	if (lo < table->nr && ip > table->known[lo].range.start)
		return table->known[lo].kind;
	return CT_CALLER_OTHER;
}
