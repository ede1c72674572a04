/* SPDX-License-Identifier: GPL-2.0 */
/* Shim: the C library's. */
#ifndef SHIM_LINUX_SIGNAL_H
#define SHIM_LINUX_SIGNAL_H

#include <signal.h>

#undef _NSIG
#define _NSIG	64

#endif
