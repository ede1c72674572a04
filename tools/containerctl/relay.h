/* SPDX-License-Identifier: GPL-2.0 */
#ifndef CONTAINERCTL_RELAY_H
#define CONTAINERCTL_RELAY_H

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>

#include "terminal.h"

#define RELAY_FDS 3

/**
 * struct queue - bytes on their way
 * @data: from @start up to @end
 * @start: what has been written
 * @end: what has been read
 */
struct queue {
	char data[8192];
	size_t start;
	size_t end;
};

/**
 * struct relay - the bytes between the user's terminal and the command's
 * @t: the two terminals
 * @keys: from the user to the command
 * @screen: from the command to the user
 * @in_open: the user's side may still give something
 * @out_open: the user's side still takes something
 * @line_begun: the last key was not the end of a line
 */
struct relay {
	struct terminal *t;
	struct queue keys;
	struct queue screen;
	bool in_open;
	bool out_open;
	bool line_begun;
};

void relay_init(struct relay *r, struct terminal *t);
void relay_prepare(const struct relay *r, struct pollfd fds[RELAY_FDS], bool with_keys);
void relay_transfer(struct relay *r, const struct pollfd fds[RELAY_FDS]);
bool relay_finish(struct relay *r);

#endif
