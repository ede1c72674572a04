// SPDX-License-Identifier: GPL-2.0
/*
 * Files that current was the last to let go of.
 *
 * The kernel closes them when current returns to user space. Until then they count:
 * a pipe whose other end the program has closed while we were looking at it would
 * seem to have somebody outside.
 */
#include <linux/sched.h>
#include <linux/static_call.h>
#include <linux/task_work.h>

#include "checkpoint/files.h"
#include "hook/symbols.h"

DEFINE_STATIC_CALL_NULL(ct_task_work_cancel_match, task_work_cancel_match);

#define MATCH_PROTO	"bool (*)(struct callback_head *, void *)"

const struct ct_symbol ct_symbols_closing[] = {
	CT_SYMBOL(task_work_cancel_match, ct_task_work_cancel_match,
		  "struct callback_head *(struct task_struct *, " MATCH_PROTO ", void *)"),
	{}
};

static bool does(struct callback_head *work, void *func)
{
	return (void *)work->func == func;
}

/* What fput() leaves to be done. Kernels have it, or have no such work. */
static void *closing_func(void)
{
	static void *func;

	if (!READ_ONCE(func))
		WRITE_ONCE(func, (void *)ct_symbol("____fput"));
	return func;
}

/**
 * ct_close_now - close what current has let go of
 *
 * Only that of all that current has to do on its way to user space: there may be
 * something that only works there, such as a park.
 *
 * Context: process context without locks; current is not a kernel thread.
 */
void ct_close_now(void)
{
	struct callback_head *work;
	void *func = closing_func();

	if (!func)
		return;
	for (;;) {
		work = static_call(ct_task_work_cancel_match)(current, does, func);
		if (!work)
			return;
		work->func(work);
	}
}
