// SPDX-License-Identifier: GPL-2.0
/*
 * Tables: columns are as wide as they need to be.
 */
#include "compiler.h"

#include <string.h>

#include "table.h"

#define COLUMNS_MAX	16
#define GAP		"  "
/* Less of the first column would tell nothing. */
#define FIRST_MIN	8
#define MINUTE_NS	60000000000ull

/* "3:07.25", as top(1) has it: minutes, seconds. */
const char *time_text(uint64_t ns, char text[TIME_TEXT])
{
	uint64_t rest = ns % MINUTE_NS / 10000000;

	snprintf(text, TIME_TEXT, "%llu:%02llu.%02llu", (unsigned long long)(ns / MINUTE_NS),
		 (unsigned long long)(rest / 100), (unsigned long long)(rest % 100));
	return text;
}

/* Bytes in the middle of a character take no room of their own. */
static int is_start(char c)
{
	return ((unsigned char)c & 0xc0) != 0x80;
}

/* How many columns of a terminal the text takes. */
size_t text_width(const char *text, size_t len)
{
	size_t width = 0, i;

	for (i = 0; i < len; i++)
		width += is_start(text[i]);
	return width;
}

/* How many of its bytes fit into so many columns. */
size_t text_cut(const char *text, size_t len, size_t width)
{
	size_t i;

	for (i = 0; i < len; i++)
		if (is_start(text[i]) && !width--)
			break;
	return i;
}

static size_t cell_length(const char *cell)
{
	return strcspn(cell, "\t\n");
}

static void measure(const char *text, size_t widths[COLUMNS_MAX])
{
	size_t column = 0, len, width;

	memset(widths, 0, COLUMNS_MAX * sizeof(*widths));
	for (; *text; text += len + 1) {
		len = cell_length(text);
		width = text_width(text, len);
		if (column < COLUMNS_MAX && width > widths[column])
			widths[column] = width;
		column = text[len] == '\n' ? 0 : column + 1;
		if (!text[len])
			break;
	}
}

/* So many columns of the end of a text; what has been cut off is a '<'. */
static void print_end(const char *text, size_t len, size_t width, FILE *out)
{
	size_t cut = text_cut(text, len, text_width(text, len) + 1 - width);

	fprintf(out, "<%.*s", (int)(len - cut), text + cut);
}

static void print_first(const char *text, size_t len, size_t width, FILE *out)
{
	size_t own = text_width(text, len);

	if (own > width)
		print_end(text, len, width, out);
	else
		fprintf(out, "%.*s%*s", (int)len, text, (int)(width - own), "");
}

/* The first column gets what the others leave. */
static void fit(size_t widths[COLUMNS_MAX], size_t room)
{
	size_t others = 0, i;

	for (i = 1; i < COLUMNS_MAX; i++)
		if (widths[i])
			others += widths[i] + strlen(GAP);
	room = room > others + FIRST_MIN ? room - others : FIRST_MIN;
	if (widths[0] > room)
		widths[0] = room;
}

/**
 * table_print() - put the cells of a table below each other
 * @text: the cells, tabs between those of a line; the first column is set to the
 *	  left, the others to the right
 * @room: how wide it can be, at the cost of the first column; 0: as it wants
 * @out: where to
 */
void table_print(const char *text, size_t room, FILE *out)
{
	size_t widths[COLUMNS_MAX], column = 0, len;
	int fill;

	measure(text, widths);
	if (room)
		fit(widths, room);
	for (; *text; text += len + 1) {
		len = cell_length(text);
		fill = column < COLUMNS_MAX ? widths[column] - text_width(text, len) : 0;
		if (column)
			fprintf(out, GAP "%*s%.*s", fill, "", (int)len, text);
		else
			print_first(text, len, widths[0], out);
		if (text[len] != '\t')
			fputc('\n', out);
		column = text[len] == '\t' ? column + 1 : 0;
		if (!text[len])
			break;
	}
}
