/* SPDX-License-Identifier: GPL-2.0 */
/* Threads that the kernel adds to a process; vhost's are such since 6.4. */
#ifndef CT_COMPAT_TASK_H
#define CT_COMPAT_TASK_H

#include <linux/sched.h>
#include <linux/version.h>

#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 4, 0)
#define CT_PF_WORKER	PF_USER_WORKER
#else
#define CT_PF_WORKER	PF_IO_WORKER
#endif

#endif
