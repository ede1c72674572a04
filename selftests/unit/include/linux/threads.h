/* SPDX-License-Identifier: GPL-2.0 */
/* Shim. */
#ifndef SHIM_LINUX_THREADS_H
#define SHIM_LINUX_THREADS_H

#define PID_MAX_LIMIT	(4 * 1024 * 1024)

#endif
