/* SPDX-License-Identifier: GPL-2.0 */
#ifndef CONTAINERCTL_TERMINAL_H
#define CONTAINERCTL_TERMINAL_H

#include <stdbool.h>
#include <termios.h>

#include "proc.h"

/**
 * struct terminal - the user's terminal and the command's
 * @in: where the user types
 * @out: where the user reads
 * @master: our end of the command's terminal, non-blocking
 * @slave: the command's end; open here too, so that a command which closes
 *	its terminal and opens it again does not end the connection
 * @in_is_tty: @in is a terminal and not, say, a pipe
 * @raw: the user's terminal is in raw mode because we put it there
 * @saved: the modes to go back to
 */
struct terminal {
	int in;
	int out;
	int master;
	int slave;
	bool in_is_tty;
	bool raw;
	struct termios saved;
};

int terminal_open(struct terminal *t, struct fault *why);
bool terminal_take(struct terminal *t);
void terminal_give_back(struct terminal *t);
void terminal_continued(struct terminal *t);
void terminal_resize(const struct terminal *t);
void terminal_hang_up(struct terminal *t);

#endif
