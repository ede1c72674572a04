/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What people write to /proc/container and its files.
 * Pure logic: also built for the unit tests.
 */
#ifndef CT_CONTAINER_PARSE_H
#define CT_CONTAINER_PARSE_H

#include <linux/types.h>

#define CT_NAME_MAX	63
/* The longest line that /proc/container takes. */
#define CT_LINE_MAX	255
/* Room for a sentence that says what was wrong. */
#define CT_WHY_MAX	192

/**
 * struct ct_request - a parsed line
 * @name: of the container to be created; empty in a line written to tasks
 * @pid: the process that is to go there, as the writer sees it; 0: the writer
 * @keep: the process keeps its pids (pids=keep)
 * @tree: its descendants go along (tree)
 * @no_reaper: process 1 is like the others (init=off)
 * @number: the number that process 1 is to have, for a restart; 0: any. Cannot
 *	    be written
 */
struct ct_request {
	char name[CT_NAME_MAX + 1];
	int pid;
	bool keep;
	bool tree;
	bool no_reaper;
	int number;
};

bool ct_name_ok(const char *name, size_t len);
bool ct_name_reserved(const char *name);
int ct_parse_request(const char *line, size_t len, struct ct_request *req,
		     char *why);
int ct_parse_adoption(const char *line, size_t len, struct ct_request *req,
		      char *why);
int ct_parse_signal(const char *line, size_t len);

#endif
