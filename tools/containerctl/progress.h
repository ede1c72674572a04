/* SPDX-License-Identifier: GPL-2.0 */
#ifndef CONTAINERCTL_PROGRESS_H
#define CONTAINERCTL_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

/**
 * struct progress - tells a person how far something has got
 * @what: a word or two about it
 * @total: bytes in all; 0: not known
 * @terminal: standard error is a terminal: one line that changes
 * @lines: it is not, but a line now and then has been asked for
 * @shown: there is something on the terminal
 * @turns: how often it has been shown
 * @began: when, in nanoseconds
 * @last: when it was shown last
 */
struct progress {
	const char *what;
	uint64_t total;
	bool terminal;
	bool lines;
	bool shown;
	unsigned int turns;
	uint64_t began;
	uint64_t last;
};

/* Room for what bytes_text() makes. */
#define BYTES_TEXT	32

const char *bytes_text(uint64_t bytes, char text[BYTES_TEXT]);
void progress_begin(struct progress *p, const char *what, bool always);
void progress_step(struct progress *p, uint64_t done);
void progress_end(struct progress *p);

#endif
