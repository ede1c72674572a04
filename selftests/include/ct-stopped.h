/* SPDX-License-Identifier: GPL-2.0 */
/* Children that stop themselves, so that what they have used is final. */
#ifndef CT_STOPPED_H
#define CT_STOPPED_H

#include "ct.h"

static inline bool ct_on_processor(pid_t pid)
{
	char path[64], text[256];

	/* To show a system call the kernel waits until the task is off. */
	snprintf(path, sizeof(path), "/proc/%d/syscall", pid);
	CT_CHECK(ct_read_file(path, text, sizeof(text)) > 0);
	return !strncmp(text, "running", 7);
}

/* A stop is told a little before the processor is left. */
static inline void ct_wait_stopped(pid_t pid)
{
	int status;

	CT_EQ(pid, waitpid(pid, &status, WUNTRACED));
	CT_CHECK(WIFSTOPPED(status));
	CT_UNTIL(!ct_on_processor(pid));
}

#endif
