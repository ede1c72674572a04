/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Shim: the kernel's accesses and barriers in terms of C11's.  What each barrier
 * pairs with, its users say.
 */
#ifndef SHIM_LINUX_COMPILER_H
#define SHIM_LINUX_COMPILER_H

#define READ_ONCE(x)		__atomic_load_n(&(x), __ATOMIC_RELAXED)
#define WRITE_ONCE(x, v)	__atomic_store_n(&(x), (v), __ATOMIC_RELAXED)
#define smp_load_acquire(p)	__atomic_load_n((p), __ATOMIC_ACQUIRE) /* load */
#define smp_store_release(p, v)	__atomic_store_n((p), (v), __ATOMIC_RELEASE) /* store */
#define smp_mb()		__atomic_thread_fence(__ATOMIC_SEQ_CST) /* full */
#define smp_rmb()		__atomic_thread_fence(__ATOMIC_ACQUIRE) /* read */
#define smp_wmb()		__atomic_thread_fence(__ATOMIC_RELEASE) /* write */

#endif
