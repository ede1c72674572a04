/* SPDX-License-Identifier: GPL-2.0 */
#ifndef CONTAINERCTL_COMPILER_H
#define CONTAINERCTL_COMPILER_H

/* Every file includes this one first, so that the C library shows everything. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif

/* What the kernel's headers call these, and the C library has no names for. */
#define ARRAY_SIZE(array)	(sizeof(array) / sizeof((array)[0]))
#define __noreturn		_Noreturn
#define __printf(fmt, args)	__attribute__((format(printf, fmt, args)))

#endif
