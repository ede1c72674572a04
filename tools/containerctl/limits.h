/* SPDX-License-Identifier: GPL-2.0 */
#ifndef CONTAINERCTL_LIMITS_H
#define CONTAINERCTL_LIMITS_H

#include <stdbool.h>

#include "proc.h"

/**
 * struct limits - what a container that is made may use
 * @numtasks: how many tasks, or "max"; NULL: not given
 * @cpus: list of CPUs; NULL: not given
 * @mems: list of memory nodes; NULL: not given
 * @dir: the hierarchy with pidspace, after limits_prepare()
 */
struct limits {
	const char *numtasks;
	const char *cpus;
	const char *mems;
	int dir;
};

bool limits_given(const struct limits *limits);
int limits_prepare(struct limits *limits, struct fault *why);
int limits_set(const struct limits *limits, struct fault *why);

#endif
