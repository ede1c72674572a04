/* SPDX-License-Identifier: GPL-2.0 */
/* 6.3 made kernel_cap_t a 64-bit number; before, it was two of 32 bits. */
#ifndef CT_COMPAT_CAPABILITY_H
#define CT_COMPAT_CAPABILITY_H

#include <linux/capability.h>
#include <linux/version.h>

#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 3, 0)
static inline u64 ct_cap_bits(kernel_cap_t cap)
{
	return cap.val;
}

static inline kernel_cap_t ct_cap_set(u64 bits)
{
	return (kernel_cap_t){ bits };
}
#else
static inline u64 ct_cap_bits(kernel_cap_t cap)
{
	return cap.cap[0] | (u64)cap.cap[1] << 32;
}

static inline kernel_cap_t ct_cap_set(u64 bits)
{
	return (kernel_cap_t){ .cap = { (u32)bits, (u32)(bits >> 32) } };
}
#endif

#endif
