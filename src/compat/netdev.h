/* SPDX-License-Identifier: GPL-2.0 */
/* NAPI instances came to generic netlink with 6.8. */
#ifndef CT_COMPAT_NETDEV_H
#define CT_COMPAT_NETDEV_H

#include <linux/version.h>

#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 8, 0)
#include <uapi/linux/netdev.h>
#else
/* There is nothing to look for it in. */
#define NETDEV_A_NAPI_PID	4
#endif

#endif
