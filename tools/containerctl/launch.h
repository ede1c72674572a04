/* SPDX-License-Identifier: GPL-2.0 */
#ifndef CONTAINERCTL_LAUNCH_H
#define CONTAINERCTL_LAUNCH_H

#include <signal.h>
#include <stdbool.h>
#include <sys/types.h>

#include "compiler.h"
#include "limits.h"

/**
 * struct launch - a command to be run in a container
 * @name: the container, by its path
 * @create: it is to be created; otherwise it exists and is joined
 * @init: for @create, the container has a process 1 that it ends with
 * @options: for @create, the module's options separated by blanks
 * @supervise: containerctl stays in the container as the command's parent
 * @detach: come back as soon as the command runs
 * @tty: the command gets a terminal of its own
 * @limits: for @create, what the container may use
 * @argv: the command, NULL-terminated
 */
struct launch {
	const char *name;
	bool create;
	bool init;
	const char *options;
	bool supervise;
	bool detach;
	bool tty;
	struct limits limits;
	char *const *argv;
};

/**
 * struct inherited - what the command gets back as containerctl found it
 * @mask: blocked signals
 * @chld: what to do about SIGCHLD
 */
struct inherited {
	sigset_t mask;
	struct sigaction chld;
};

/**
 * struct inside - what the process that goes into the container needs
 * @launch: what to run
 * @saved: see struct inherited
 * @report: write end of the pipe to the process outside
 * @slave: the command's terminal, or -1
 */
struct inside {
	const struct launch *launch;
	const struct inherited *saved;
	int report;
	int slave;
};

/* The value sent along with a signal that is meant for the whole group. */
#define FORWARD_TO_GROUP 1

/* launch.c */
int launch(const struct launch *l);

/* inside.c */
__noreturn void inside_main(const struct inside *in);
__noreturn void inside_exec(const struct inside *in, int report);

/* init.c */
__noreturn void supervise(const struct inside *in);

#endif
