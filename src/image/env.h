/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The few things that the codec takes from where it runs: the kernel, a tool, a
 * test.
 */
#ifndef CT_IMAGE_ENV_H
#define CT_IMAGE_ENV_H

#ifdef __KERNEL__

#include <asm/cpufeature.h>
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/stddef.h>
#include <linux/string.h>
#include <linux/types.h>

#define ct_cpu_has_crc32c()	boot_cpu_has(X86_FEATURE_XMM4_2)

#else

#include <errno.h>
#include <linux/types.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

/* The kernel's build checks the formats. */
#ifndef __printf
#define __printf(fmt, args)
#endif
#ifndef ARRAY_SIZE
#define ARRAY_SIZE(array)	(sizeof(array) / sizeof((array)[0]))
#endif
#define ct_cpu_has_crc32c()	__builtin_cpu_supports("sse4.2")

#endif

#endif
