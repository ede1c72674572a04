/* SPDX-License-Identifier: GPL-2.0 */
/* A shim for building the module's pure logic as an ordinary program. */
#ifndef CT_SHIM_BUG_H
#define CT_SHIM_BUG_H

#include <linux/types.h>
#include <stdio.h>
#include <stdlib.h>

/* What would be a warning in the kernel's log is the end of a test. */
#define WARN_ON(condition) ({						\
	bool warn_failed = !!(condition);				\
									\
	if (warn_failed) {						\
		fprintf(stderr, "%s:%d: WARN_ON(%s)\n", __FILE__,	\
			__LINE__, #condition);				\
		abort();						\
	}								\
	warn_failed;							\
})
#define WARN_ON_ONCE(condition)	WARN_ON(condition)
#define BUG_ON(condition)	((void)WARN_ON(condition))

#endif
