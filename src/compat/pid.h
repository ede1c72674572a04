/* SPDX-License-Identifier: GPL-2.0 */
/* Until 6.9 private to kernel/pid.c. */
#ifndef CT_COMPAT_PID_H
#define CT_COMPAT_PID_H

#include <linux/pid.h>
#include <linux/pid_namespace.h>

/* After the first wrap the numbers below are not given out again. */
#ifndef RESERVED_PIDS
#define RESERVED_PIDS	300
#endif

#endif
