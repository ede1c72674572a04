// SPDX-License-Identifier: GPL-2.0
/*
 * How far a long transfer has got: a bar on a terminal if it is known how long it
 * will be, otherwise something that turns.
 */
#include "compiler.h"

#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "progress.h"

#define TERMINAL_NS	100000000ull
#define LINES_NS	1000000000ull
#define BAR_MAX		40

static uint64_t now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000ull + t.tv_nsec;
}

/* "12 B", "3.4 MiB" */
const char *bytes_text(uint64_t bytes, char text[BYTES_TEXT])
{
	static const char *const units[] = { "B", "KiB", "MiB", "GiB", "TiB", "PiB" };
	double value = bytes;
	size_t i = 0;

	while (value >= 1023.95 && i < ARRAY_SIZE(units) - 1) {
		value /= 1024;
		i++;
	}
	snprintf(text, BYTES_TEXT, i ? "%.1f %s" : "%.0f %s", value, units[i]);
	return text;
}

/**
 * progress_begin() - something long begins
 * @p: filled in
 * @what: a word or two about it
 * @always: tell also where standard error is no terminal
 */
void progress_begin(struct progress *p, const char *what, bool always)
{
	memset(p, 0, sizeof(*p));
	p->what = what;
	p->terminal = isatty(STDERR_FILENO);
	p->lines = always && !p->terminal;
	p->began = now();
	p->last = p->began;
}

static int columns(void)
{
	struct winsize size;

	if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) || size.ws_col < 20)
		return 80;
	return size.ws_col;
}

/* Never more than a line: it could not be taken back. */
static void show(struct progress *p, const char *text, int percent)
{
	int width = columns() - 1, bar, full;
	char filled[BAR_MAX + 1];

	bar = width - (int)strlen(text) - 3;
	if (bar > BAR_MAX)
		bar = BAR_MAX;
	if (percent < 0 || bar < 8) {
		fprintf(stderr, "\r%.*s %c\033[K", width - 2, text,
			"|/-\\"[p->turns++ % 4]);
	} else {
		full = bar * percent / 100;
		memset(filled, '#', full);
		memset(filled + full, '.', bar - full);
		filled[bar] = '\0';
		fprintf(stderr, "\r%s [%s]\033[K", text, filled);
	}
	fflush(stderr);
	p->shown = true;
}

static void tell(struct progress *p, uint64_t done, uint64_t time)
{
	char so_far[BYTES_TEXT], rate[BYTES_TEXT], total[BYTES_TEXT] = "", text[256];
	char share[16] = "";
	int percent = -1;

	if (p->total) {
		percent = done >= p->total ? 100 : (double)done / p->total * 100;
		bytes_text(p->total, total);
		snprintf(share, sizeof(share), " (%d%%)", percent);
	}
	snprintf(text, sizeof(text), "%s: %s%s%s%s, %s/s", p->what,
		 bytes_text(done, so_far), total[0] ? " of " : "", total, share,
		 bytes_text(time > p->began ? done * 1e9 / (time - p->began) : 0, rate));
	if (p->terminal)
		show(p, text, percent);
	else
		fprintf(stderr, "%s\n", text);
}

/**
 * progress_step() - so many bytes are done
 * @p: what; the owner may have set @total
 * @done: bytes
 */
void progress_step(struct progress *p, uint64_t done)
{
	uint64_t time;

	if (!p->terminal && !p->lines)
		return;
	time = now();
	if (time - p->last < (p->terminal ? TERMINAL_NS : LINES_NS))
		return;
	p->last = time;
	tell(p, done, time);
}

/* It is over, well or not: away with the bar. */
void progress_end(struct progress *p)
{
	if (p->shown)
		fputs("\r\033[K", stderr);
	p->shown = false;
}
