/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The flags that an interrupted futex wait keeps, which are private to the
 * kernel's futex code; 6.7 renumbered them and added a size.
 */
#ifndef CT_COMPAT_FUTEX_H
#define CT_COMPAT_FUTEX_H

#include <linux/version.h>

#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 7, 0)
#define CT_FUTEX_ALWAYS		0x0002	/* 32 bits */
#define CT_FUTEX_SHARED		0x0010
#define CT_FUTEX_CLOCKRT	0x0020
#define CT_FUTEX_TIMED		0x0040
#else
#define CT_FUTEX_ALWAYS		0
#define CT_FUTEX_SHARED		0x01
#define CT_FUTEX_CLOCKRT	0x02
#define CT_FUTEX_TIMED		0x04
#endif

#endif
