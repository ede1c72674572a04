// SPDX-License-Identifier: GPL-2.0
/*
 * containerctl check: what stands in the way of a checkpoint.
 */
#include "compiler.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "containerctl.h"
#include "json.h"
#include "names.h"
#include "plain.h"
#include "snapshot.h"

#define BLOCKER_FIELDS	5

static const char *const titles[BLOCKER_FIELDS] = { "PID", "WHERE", "WHAT", "WHY", "HELP" };

static const struct option check_options[] = {
	{ "json", no_argument, NULL, 'j' },
	{ "help", no_argument, NULL, 'h' },
	{ NULL, 0, NULL, 0 }
};

/**
 * blockers_read() - what cannot be saved of a container
 * @name: its path
 * @why: filled in on failure
 *
 * Return: lines as the kernel has them, none if all can be saved, for the caller
 * to free; NULL on failure.
 */
char *blockers_read(const char *name, struct fault *why)
{
	int fd = container_open(name, "check", O_RDONLY, why);
	char *text;

	if (fd < 0) {
		if (errno == EDEADLK)
			fault_set(why, "container '%s' cannot be checked from inside it", name);
		else if (errno == ENOENT && container_exists(name))
			fault_set(why, "the container module cannot take checkpoints: a newer one can");
		return NULL;
	}
	text = proc_read_all(fd);
	if (!text)
		fault_set(why, "cannot read what stands in the way of a checkpoint of container '%s': %s",
			  name, strerror(errno));
	return text;
}

/* Splits a line at its tabs, in place; all fields are there afterwards. */
static void split_fields(char *line, const char *fields[BLOCKER_FIELDS])
{
	char *tab;
	int i;

	for (i = 0; i < BLOCKER_FIELDS; i++) {
		fields[i] = line;
		tab = i < BLOCKER_FIELDS - 1 ? strchr(line, '\t') : NULL;
		line += strlen(line);
		if (tab) {
			*tab = '\0';
			line = tab + 1;
		}
	}
}

static void measure(const char *const fields[BLOCKER_FIELDS], int widths[BLOCKER_FIELDS])
{
	int i, len;

	for (i = 0; i < BLOCKER_FIELDS; i++) {
		len = strlen(fields[i]);
		if (len > widths[i])
			widths[i] = len;
	}
}

static void print_fields(FILE *out, const char *const fields[BLOCKER_FIELDS],
			 const int widths[BLOCKER_FIELDS])
{
	int i;

	for (i = 0; i < BLOCKER_FIELDS - 1; i++)
		fprintf(out, "%-*s  ", widths[i], fields[i]);
	fprintf(out, "%s\n", fields[i]);
}

static void table_print_lines(char *text, FILE *out)
{
	const char *fields[BLOCKER_FIELDS];
	int widths[BLOCKER_FIELDS] = {};
	char *copy = strdup(text), *line, *save;

	if (!copy || !text[0]) {
		fputs(text, out);
		free(copy);
		return;
	}
	measure(titles, widths);
	for (line = strtok_r(copy, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		split_fields(line, fields);
		measure(fields, widths);
	}
	free(copy);
	print_fields(out, titles, widths);
	for (line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		split_fields(line, fields);
		print_fields(out, fields, widths);
	}
}

/* As a table; nothing if there are none. */
void blockers_print(const char *text, FILE *out)
{
	char *plain = NULL;
	size_t size;
	/* Before columns are measured: names of files can have anything in them. */
	FILE *escaped = open_memstream(&plain, &size);

	if (escaped)
		print_plain(escaped, text);
	if (escaped && !fclose(escaped))
		table_print_lines(plain, out);
	else
		print_plain(out, text);
	free(plain);
}

/**
 * blockers_pass() - has what was in the way of a checkpoint gone by itself?
 * @name: of the container
 *
 * A process that is just about to start another one cannot be saved, a moment
 * later it can; a container in which that happens all the time needs a few tries.
 *
 * Return: whether it is worth while to try again.
 */
bool blockers_pass(const char *name)
{
	static const struct timespec pause = { .tv_nsec = 10000000 };
	struct fault ignored;
	bool free_way = false;
	int tries = 20;
	char *text;

	while (!free_way && tries--) {
		nanosleep(&pause, NULL);
		text = blockers_read(name, &ignored);
		if (!text)
			return false;
		free_way = !text[0];
		free(text);
	}
	return free_way;
}

/* For who wanted a checkpoint. Return: whether something is in the way. */
bool blockers_complain(const char *name)
{
	struct fault why;
	char *text = blockers_read(name, &why);
	bool blocked = text && text[0];

	if (!text)
		complain("%s", why.text);
	if (blocked) {
		complain("container '%s' has what cannot be saved:", name);
		blockers_print(text, stderr);
	}
	free(text);
	return !text || blocked;
}

static void blockers_to_json(char *text)
{
	static const char *const keys[] = { "pid", "where", "what", "why", "help" };
	struct json j = { .out = stdout };
	const char *fields[BLOCKER_FIELDS];
	char *line, *save;
	int i;

	json_open(&j, NULL, '[');
	for (line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		split_fields(line, fields);
		json_open(&j, NULL, '{');
		json_number(&j, keys[0], strtol(fields[0], NULL, 10));
		for (i = 1; i < BLOCKER_FIELDS; i++)
			json_string(&j, keys[i], fields[i]);
		json_close(&j, '}');
	}
	json_close(&j, ']');
}

static int check(const char *name, bool json)
{
	struct fault why;
	char *text = blockers_read(name, &why);
	bool blocked;

	if (!text) {
		complain("%s", why.text);
		return EXIT_SELF;
	}
	blocked = text[0];
	if (json)
		blockers_to_json(text);
	else
		blockers_print(text, stdout);
	free(text);
	if (finish_output())
		return EXIT_SELF;
	return blocked ? EXIT_BLOCKED : 0;
}

static int check_run(int argc, char **argv)
{
	bool json = false;
	const char *name;
	int c;

	while ((c = getopt_long(argc, argv, "jh", check_options, NULL)) >= 0) {
		switch (c) {
		case 'j':
			json = true;
			break;
		case 'h':
			command_help(&cmd_check, stdout);
			return finish_output();
		default:
			return bad_option(&cmd_check);
		}
	}
	if (optind >= argc)
		return usage_error(&cmd_check, "which container?");
	if (optind + 1 < argc)
		return usage_error(&cmd_check, "'%s' is too much: one name at a time",
				   argv[optind + 1]);
	name = name_from_line(&cmd_check, argv[optind]);
	return name ? check(name, json) : EXIT_SELF;
}

const struct command cmd_check = {
	.name = "check",
	.synopsis = "[--json] NAME",
	.summary = "say what stands in the way of a checkpoint",
	.help =
	"Lists what the container NAME has that a checkpoint cannot save: the process, by\n"
	"its number inside, where it has it, what it is, why it cannot be saved, and what\n"
	"would help.  The container is not stopped for that.  No output: it can be saved.\n"
	"\n"
	"  -j, --json   an array of objects with the columns as keys\n"
	"  -h, --help   print this\n"
	"\n"
	"Exit status: 0 if all can be saved, 1 if not, 125 if that cannot be said.\n",
	.run = check_run,
};
