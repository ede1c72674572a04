/* SPDX-License-Identifier: GPL-2.0 */
/* A shim for building the module's pure logic as an ordinary program. */
#ifndef CT_SHIM_KERNEL_H
#define CT_SHIM_KERNEL_H

#include_next <linux/kernel.h>
#include <linux/bug.h>
#include <linux/limits.h>
#include <linux/types.h>
#include <stdio.h>

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))

#define IS_ALIGNED(x, a)	(((x) & ((__typeof__(x))(a) - 1)) == 0)
#define ALIGN(x, a)	(((x) + (__typeof__(x))(a) - 1) & ~((__typeof__(x))(a) - 1))
#define DIV_ROUND_UP(n, d)	(((n) + (d) - 1) / (d))

#define container_of(ptr, type, member) \
	((type *)((char *)(ptr) - offsetof(type, member)))

#define min(a, b) ({			\
	__typeof__(a) min_a = (a);	\
	__typeof__(b) min_b = (b);	\
					\
	(void)(&min_a == &min_b);	\
	min_a < min_b ? min_a : min_b;	\
})
#define max(a, b) ({			\
	__typeof__(a) max_a = (a);	\
	__typeof__(b) max_b = (b);	\
					\
	(void)(&max_a == &max_b);	\
	max_a > max_b ? max_a : max_b;	\
})
#define min_t(type, a, b)	min((type)(a), (type)(b))
#define max_t(type, a, b)	max((type)(a), (type)(b))

#define fallthrough	__attribute__((__fallthrough__))
#define likely(x)	__builtin_expect(!!(x), 1)
#define unlikely(x)	__builtin_expect(!!(x), 0)

#endif
