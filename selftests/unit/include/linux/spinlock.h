/* SPDX-License-Identifier: GPL-2.0 */
/* Shim: a mutex. */
#ifndef SHIM_LINUX_SPINLOCK_H
#define SHIM_LINUX_SPINLOCK_H

#include <pthread.h>

#define DEFINE_SPINLOCK(name)	pthread_mutex_t name = PTHREAD_MUTEX_INITIALIZER
#define spin_lock_irq(l)	pthread_mutex_lock(l)
#define spin_unlock_irq(l)	pthread_mutex_unlock(l)
#define spin_lock_irqsave(l, flags)		\
	do {					\
		(flags) = 0;			\
		pthread_mutex_lock(l);		\
	} while (0)
#define spin_unlock_irqrestore(l, flags)	\
	do {					\
		(void)(flags);			\
		pthread_mutex_unlock(l);	\
	} while (0)

#endif
