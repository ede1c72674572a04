// SPDX-License-Identifier: GPL-2.0
/*
 * containerctl top: what containers and groups use, again and again.
 */
#include "compiler.h"

#include <ctype.h>
#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "containerctl.h"
#include "rows.h"
#include "screen.h"

#define SECOND_NS	1000000000ull
#define INTERVAL_MIN	0.1
#define INTERVAL_MAX	3600.0

/* In the order of enum rows_order; the first letters are keys. */
static const char *const orders[ROWS_ORDERS] = { "cpu", "memory", "tasks", "name" };

/**
 * struct top - what is wanted
 * @once: one table, and the end
 * @json: as an array
 * @order: of the rows
 * @interval: between two looks, in nanoseconds
 * @ticks: of a second, in which /proc counts
 * @cpus: how many there are
 */
struct top {
	bool once;
	bool json;
	enum rows_order order;
	uint64_t interval;
	unsigned int ticks;
	unsigned int cpus;
};

/* Return: an order, or -1. */
static int find_order(const char *word)
{
	int i;

	for (i = 0; i < ROWS_ORDERS; i++)
		if (!strcmp(word, orders[i]))
			return i;
	return -1;
}

static void pause_until(uint64_t ns)
{
	struct timespec t = { .tv_sec = ns / SECOND_NS, .tv_nsec = ns % SECOND_NS };

	while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t, NULL) == EINTR)
		;
}

/* Looks again. @before: the look before, or empty; freed. */
static int look(const struct top *top, struct rows *rows, struct rows *before,
		struct fault *why)
{
	int ret = rows_read(rows, why);

	if (!ret) {
		rows_evaluate(rows, before->ns ? before : NULL, top->ticks, top->cpus);
		rows_sort(rows, top->order);
	}
	rows_free(before);
	return ret;
}

/* -- where there is no terminal ------------------------------------------------ */

/* A table after each interval, an empty line between two. */
static int run_plain(const struct top *top, struct fault *why)
{
	struct rows rows = { 0 }, before = { 0 };
	bool first = true;
	int ret;

	ret = look(top, &before, &rows, why);
	while (!ret) {
		pause_until(before.ns + top->interval);
		ret = look(top, &rows, &before, why);
		if (ret)
			break;
		if (!first)
			putchar('\n');
		first = false;
		if (top->json)
			rows_to_json(&rows, stdout);
		else
			rows_print(&rows, 0, stdout);
		ret = finish_output();
		if (ret || top->once) {
			rows_free(&rows);
			return ret;
		}
		before = rows;
		memset(&rows, 0, sizeof(rows));
	}
	rows_free(&before);
	rows_free(&rows);
	complain("%s", why->text);
	return EXIT_SELF;
}

/* -- on a terminal --------------------------------------------------------------- */

static void draw(const struct top *top, const struct rows *rows)
{
	size_t containers = 0, size, i;
	char *text = NULL, clock[16];
	time_t now = time(NULL);
	struct tm tm;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		return;
	for (i = 0; i < rows->nr; i++)
		containers += !rows->list[i].group;
	strftime(clock, sizeof(clock), "%H:%M:%S", localtime_r(&now, &tm));
	fprintf(out, "%s  containers %zu, groups %zu; by %s; sort by c m t n, q quits\n", clock,
		containers, rows->nr - containers, orders[top->order]);
	rows_print(rows, screen_columns(), out);
	if (!fclose(out))
		screen_draw(text, 1);
	free(text);
}

/* Return: false: it is enough. */
static bool obey_key(struct top *top, int key)
{
	int i;

	key = tolower(key);
	if (key == 'q')
		return false;
	for (i = 0; i < ROWS_ORDERS; i++)
		if (key == orders[i][0])
			top->order = i;
	return true;
}

/* Keys and the window, until it is time to look again. Return: false: it is enough. */
static bool wait_at_screen(struct top *top, struct screen *screen, struct rows *rows)
{
	int key;

	for (;;) {
		draw(top, rows);
		key = screen_wait(screen, rows->ns + top->interval);
		if (key == SCREEN_TIME || key == ' ')
			return true;
		if (key == SCREEN_CHANGED)
			continue;
		if (!obey_key(top, key))
			return false;
		rows_sort(rows, top->order);
	}
}

static int run_screen(struct top *top, struct fault *why)
{
	struct rows rows = { 0 }, before = { 0 };
	struct screen screen;
	int ret;

	/* What is wrong from the beginning is said without a screen. */
	ret = look(top, &rows, &before, why);
	if (ret) {
		rows_free(&rows);
		complain("%s", why->text);
		return EXIT_SELF;
	}
	screen_begin(&screen);
	while (!ret && wait_at_screen(top, &screen, &rows) && !ferror(stdout)) {
		before = rows;
		ret = look(top, &rows, &before, why);
	}
	screen_end(&screen);
	rows_free(&rows);
	if (!ret)
		return finish_output();
	complain("%s", why->text);
	return EXIT_SELF;
}

/* -- the command line --------------------------------------------------------------- */

static int parse_interval(struct top *top, const char *word)
{
	double seconds;
	char *end;

	errno = 0;
	seconds = strtod(word, &end);
	/* The comparison is false for what is no number, too. */
	if (end == word || *end || errno || !(seconds >= INTERVAL_MIN && seconds <= INTERVAL_MAX))
		return usage_error(&cmd_top, "'%s' is no interval: it has %g to %g seconds",
				   word, INTERVAL_MIN, INTERVAL_MAX);
	top->interval = seconds * SECOND_NS;
	return -1;
}

static int parse_order(struct top *top, const char *word)
{
	int order = find_order(word);

	if (order < 0)
		return usage_error(&cmd_top,
				   "'%s' is nothing to sort by: there are cpu, memory, tasks and name",
				   word);
	top->order = order;
	return -1;
}

/* Return: an exit status if the command is over already, otherwise -1. */
static int parse(struct top *top, int argc, char **argv)
{
	static const struct option options[] = {
		{ "once", no_argument, NULL, 'o' },
		{ "interval", required_argument, NULL, 'i' },
		{ "sort", required_argument, NULL, 's' },
		{ "json", no_argument, NULL, 'j' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 }
	};
	int c, ret = -1;

	while (ret < 0 && (c = getopt_long(argc, argv, "oi:s:jh", options, NULL)) >= 0) {
		switch (c) {
		case 'o':
			top->once = true;
			break;
		case 'i':
			ret = parse_interval(top, optarg);
			break;
		case 's':
			ret = parse_order(top, optarg);
			break;
		case 'j':
			top->json = true;
			top->once = true;
			break;
		case 'h':
			command_help(&cmd_top, stdout);
			return finish_output();
		default:
			return bad_option(&cmd_top);
		}
	}
	if (ret < 0 && optind < argc)
		return usage_error(&cmd_top, "'%s' is too much: top takes no names",
				   argv[optind]);
	return ret;
}

static int top_run(int argc, char **argv)
{
	struct top top = { .interval = SECOND_NS };
	struct fault why;
	int ret;

	ret = parse(&top, argc, argv);
	if (ret >= 0)
		return ret;
	top.ticks = sysconf(_SC_CLK_TCK);
	top.cpus = sysconf(_SC_NPROCESSORS_ONLN);
	if (top.once || !screen_is_possible())
		return run_plain(&top, &why);
	return run_screen(&top, &why);
}

const struct command cmd_top = {
	.name = "top",
	.synopsis = "[OPTION...]",
	.summary = "show what containers and groups use, again and again",
	.help =
	"Shows how many tasks each container has, and each group of the hierarchies that\n"
	"are mounted, how many per cent of a CPU they use, how much CPU time they have\n"
	"used, and how much memory.  On a terminal the picture is renewed until it is\n"
	"enough; elsewhere a table is printed after each interval.\n"
	"\n"
	"  -o, --once         one table, for what happens during one interval\n"
	"  -i, --interval=S   how many seconds an interval has: 0.1 to 3600; 1 if not given\n"
	"  -s, --sort=KEY     cpu, memory, tasks or name\n"
	"  -j, --json         once, as an array of objects\n"
	"  -h, --help         print this\n"
	"\n"
	"Keys: c, m, t and n sort by CPU, memory, tasks and name, the space bar looks\n"
	"again at once, q quits.\n",
	.run = top_run,
};
