/* SPDX-License-Identifier: GPL-2.0 */
/* Processors that tasks may run on, as masks of the first 64. */
#ifndef CT_CPUS_H
#define CT_CPUS_H

#include "ct.h"

/* 0 or -errno. */
static inline int ct_cpus_ask(pid_t pid, unsigned long cpus)
{
	return syscall(SYS_sched_setaffinity, pid, sizeof(cpus), &cpus) < 0 ?
	       -errno : 0;
}

/* Of those that are online. */
static inline unsigned long ct_cpus_of(pid_t pid)
{
	unsigned long cpus[1024 / sizeof(long)] = {};

	CT_CHECK(syscall(SYS_sched_getaffinity, pid, sizeof(cpus), cpus) > 0);
	return cpus[0];
}

/* What follows "KEY:\t" in /proc/PID/status, without the end of the line. */
static inline const char *ct_status_text(pid_t pid, const char *key)
{
	static __thread char text[8192];
	char path[64], *at, *end;

	snprintf(path, sizeof(path), "/proc/%d/status", pid);
	CT_CHECK(ct_read_file(path, text, sizeof(text)) > 0);
	for (at = text; at; at = strchr(at, '\n') ? strchr(at, '\n') + 1 : NULL) {
		if (strncmp(at, key, strlen(key)) || at[strlen(key)] != ':')
			continue;
		at += strlen(key) + 2;
		end = strchr(at, '\n');
		if (end)
			*end = 0;
		return at;
	}
	CT_FAIL("%s has no %s", path, key);
}

static inline int ct_cpu_online(int cpu, bool online)
{
	char path[64];

	snprintf(path, sizeof(path), "/sys/devices/system/cpu/cpu%d/online", cpu);
	return ct_write_file(path, online ? "1" : "0");
}

/* A task that runs all the time, and counts where it was found. */
struct ct_runner {
	volatile unsigned long seen;	/* processors, since it was last cleared */
	volatile unsigned long rounds;
};

static inline void ct_run_on(int fd, void *arg)
{
	struct ct_runner *runner = arg;
	unsigned int cpu;

	(void)fd;
	for (;;) {
		CT_EQ(0, syscall(SYS_getcpu, &cpu, NULL, NULL));
		__atomic_fetch_or(&runner->seen, 1UL << cpu, __ATOMIC_SEQ_CST);
		runner->rounds++;
	}
}

#endif
