/* SPDX-License-Identifier: GPL-2.0 */
/* A shim for building the module's pure logic as an ordinary program. */
#ifndef CT_SHIM_SLAB_H
#define CT_SHIM_SLAB_H

#include <linux/string.h>
#include <linux/types.h>
#include <stdlib.h>

#define GFP_KERNEL		0u
#define GFP_KERNEL_ACCOUNT	0u
#define GFP_ATOMIC		0u
#define __GFP_ZERO		1u
#define __GFP_NOWARN		0u

/*
 * How many allocations succeed before one fails; negative: none fails.  Each
 * test program defines it.
 */
extern int shim_alloc_countdown;

static inline void *kmalloc(size_t size, gfp_t flags)
{
	if (shim_alloc_countdown >= 0 && !shim_alloc_countdown--)
		return NULL;
	return flags & __GFP_ZERO ? calloc(1, size) : malloc(size);
}

static inline void *kmalloc_array(size_t n, size_t size, gfp_t flags)
{
	size_t bytes;

	if (__builtin_mul_overflow(n, size, &bytes))
		return NULL;
	return kmalloc(bytes, flags);
}

static inline void *kcalloc(size_t n, size_t size, gfp_t flags)
{
	return kmalloc_array(n, size, flags | __GFP_ZERO);
}

static inline void *kzalloc(size_t size, gfp_t flags)
{
	return kmalloc(size, flags | __GFP_ZERO);
}

static inline void kfree(const void *p)
{
	free((void *)p);
}

#define kvmalloc	kmalloc
#define kvzalloc	kzalloc
#define kvmalloc_array	kmalloc_array
#define kvcalloc	kcalloc
#define kvfree		kfree

#endif
