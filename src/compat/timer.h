/* SPDX-License-Identifier: GPL-2.0 */
/* POSIX timers of a process; 6.12 made the list's head a single pointer. */
#ifndef CT_COMPAT_TIMER_H
#define CT_COMPAT_TIMER_H

#include <linux/list.h>
#include <linux/posix-timers.h>
#include <linux/sched/signal.h>
#include <linux/version.h>

/* With the siglock held. */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 12, 0)
#define ct_for_each_posix_timer(timer, sig)				\
	hlist_for_each_entry(timer, &(sig)->posix_timers, list)
#else
#define ct_for_each_posix_timer(timer, sig)				\
	list_for_each_entry(timer, &(sig)->posix_timers, list)
#endif

#endif
