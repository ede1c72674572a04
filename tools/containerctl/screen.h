/* SPDX-License-Identifier: GPL-2.0 */
#ifndef CONTAINERCTL_SCREEN_H
#define CONTAINERCTL_SCREEN_H

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <termios.h>

#include "proc.h"

/**
 * struct screen - the user's terminal, used as a whole
 * @keys: standard input is a terminal too, and its modes can be changed
 * @taken: they are
 * @saved: what they were
 * @mask: signals that were blocked before; those that are ours come only while
 *	  screen_wait() waits
 */
struct screen {
	bool keys;
	bool taken;
	struct termios saved;
	sigset_t mask;
};

/* What screen_wait() returns where it is no key. */
enum {
	SCREEN_TIME = -1,	/* it is over */
	SCREEN_CHANGED = -2,	/* the window has another size, or must be drawn again */
};

bool screen_is_possible(void);
void screen_begin(struct screen *s);
void screen_end(struct screen *s);
int screen_wait(struct screen *s, uint64_t until);
size_t screen_columns(void);
void screen_draw(const char *text, size_t heading);

#endif
