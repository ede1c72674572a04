// SPDX-License-Identifier: GPL-2.0
/*
 * containerctl list and containerctl status: what the module's files say, for
 * people as it is, for programs as JSON.
 */
#include "compiler.h"

#include <ctype.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "containerctl.h"
#include "json.h"
#include "names.h"
#include "plain.h"
#include "proc.h"

#define COLUMNS_MAX 32

static const struct option show_options[] = {
	{ "json", no_argument, NULL, 'j' },
	{ "help", no_argument, NULL, 'h' },
	{ NULL, 0, NULL, 0 }
};

/* Return: an exit status if the command is over already, otherwise -1. */
static int show_parse(const struct command *cmd, int argc, char **argv, bool *json)
{
	int c;

	while ((c = getopt_long(argc, argv, "jh", show_options, NULL)) >= 0) {
		switch (c) {
		case 'j':
			*json = true;
			break;
		case 'h':
			command_help(cmd, stdout);
			return finish_output();
		default:
			return bad_option(cmd);
		}
	}
	return -1;
}

static bool is_number(const char *text)
{
	return text[0] && strspn(text, "0123456789") == strlen(text);
}

/* A name can consist of digits; it is a string all the same. */
static void value_to_json(struct json *j, const char *key, const char *text)
{
	static const char *const numbers[] = { "id", "init", "tasks" };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(numbers); i++) {
		if (!strcmp(key, numbers[i]) && is_number(text)) {
			json_number(j, key, strtol(text, NULL, 10));
			return;
		}
	}
	json_string(j, key, text);
}

static void lower(char *text)
{
	for (; *text; text++)
		*text = tolower((unsigned char)*text);
}

/* Splits a line at its blanks, in place. */
static int split(char *line, char *words[COLUMNS_MAX])
{
	char *save, *word;
	int n = 0;

	for (word = strtok_r(line, " \t", &save); word && n < COLUMNS_MAX;
	     word = strtok_r(NULL, " \t", &save))
		words[n++] = word;
	return n;
}

/* The same word as in a container's status. */
static void parent_to_json(struct json *j, const char *path)
{
	char *parent = name_parent(path);

	if (parent)
		json_string(j, "parent", parent[0] ? parent : "/");
	free(parent);
}

static void list_to_json(char *text)
{
	struct json j = { .out = stdout };
	char *keys[COLUMNS_MAX], *words[COLUMNS_MAX];
	char *save, *line = strtok_r(text, "\n", &save);
	int nr_keys = split(line ? line : text, keys), n, i;

	for (i = 0; i < nr_keys; i++)
		lower(keys[i]);
	json_open(&j, NULL, '[');
	while ((line = strtok_r(NULL, "\n", &save))) {
		json_open(&j, NULL, '{');
		n = split(line, words);
		for (i = 0; i < n && i < nr_keys; i++)
			value_to_json(&j, keys[i], words[i]);
		if (n)
			parent_to_json(&j, words[0]);
		json_close(&j, '}');
	}
	json_close(&j, ']');
}

static void add_line(FILE *out, const char *path, const char *status)
{
	static const char *const keys[] = { "id", "init", "tasks", "created" };
	char *value;
	size_t i;

	fprintf(out, "%-24s ", path);
	for (i = 0; i < ARRAY_SIZE(keys); i++) {
		value = status_value(status, keys[i]);
		fprintf(out, i < ARRAY_SIZE(keys) - 1 ? "%8s " : "%s\n", value ? value : "-");
		free(value);
	}
}

/* One that ends meanwhile is left out. */
static void add_lines(FILE *out, const char *path)
{
	struct fault why;
	char *status = path[0] ? proc_read_status(path, &why) : NULL;
	char **children;
	int n, i;

	if (status)
		add_line(out, path, status);
	free(status);
	n = container_children(path, &children);
	for (i = 0; i < n; i++) {
		add_lines(out, children[i]);
		free(children[i]);
	}
	free(children);
}

/*
 * Outside of all containers the file is the list.  In one it has only that
 * container's name, so the list is made from what the directories show.
 */
static char *read_list(struct fault *why)
{
	char *text = NULL;
	size_t size;
	FILE *out;

	if (!own_name()[0])
		return proc_read_control(why);
	out = open_memstream(&text, &size);
	if (out) {
		fprintf(out, "%-24s %8s %8s %8s %s\n", "NAME", "ID", "INIT", "TASKS", "CREATED");
		add_lines(out, "");
		if (!fclose(out))
			return text;
	}
	free(text);
	fault_set(why, "no memory");
	return NULL;
}

static int list_run(int argc, char **argv)
{
	bool json = false;
	struct fault why;
	char *text;
	int ret;

	ret = show_parse(&cmd_list, argc, argv, &json);
	if (ret >= 0)
		return ret;
	if (optind < argc)
		return usage_error(&cmd_list, "'%s' is too much: list takes no names", argv[optind]);
	text = read_list(&why);
	if (!text) {
		complain("%s", why.text);
		return EXIT_SELF;
	}
	if (json)
		list_to_json(text);
	else
		fputs(text, stdout);
	free(text);
	return finish_output();
}

/* "-" stands for no option at all. */
static void options_to_json(struct json *j, const char *key, char *text)
{
	char *words[COLUMNS_MAX];
	int n, i;

	json_open(j, key, '[');
	n = strcmp(text, "-") ? split(text, words) : 0;
	for (i = 0; i < n; i++)
		json_string(j, NULL, words[i]);
	json_close(j, ']');
}

static void status_to_json(const char *path, char *text)
{
	struct json j = { .out = stdout };
	char *save, *line, *value;

	json_open(&j, NULL, '{');
	for (line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		value = strchr(line, ':');
		if (!value)
			continue;
		*value++ = '\0';
		value += strspn(value, " \t");
		if (!strcmp(line, "name"))
			json_string(&j, line, path);
		else if (!strcmp(line, "options"))
			options_to_json(&j, line, value);
		else
			value_to_json(&j, line, value);
	}
	json_close(&j, '}');
}

static int status_run(int argc, char **argv)
{
	bool json = false;
	const char *path;
	struct fault why;
	char *text;
	int ret;

	ret = show_parse(&cmd_status, argc, argv, &json);
	if (ret >= 0)
		return ret;
	if (optind >= argc)
		return usage_error(&cmd_status, "which container?");
	if (optind + 1 < argc)
		return usage_error(&cmd_status, "'%s' is too much: one name at a time",
				   argv[optind + 1]);
	path = name_from_line(&cmd_status, argv[optind]);
	if (!path)
		return EXIT_SELF;
	text = proc_read_status(path, &why);
	if (!text) {
		complain("%s", why.text);
		return EXIT_SELF;
	}
	if (json)
		status_to_json(path, text);
	else
		print_plain(stdout, text);
	free(text);
	return finish_output();
}

const struct command cmd_list = {
	.name = "list",
	.synopsis = "[--json]",
	.summary = "list the containers",
	.help =
	"Lists the containers: name, number, the pid of process 1 as it is seen from\n"
	"here, how many tasks, and since when.  A/B is the container B inside A.  In a\n"
	"container: that one and those inside it.\n"
	"\n"
	"  -j, --json   an array of objects with the columns as keys, and \"parent\"\n"
	"  -h, --help   print this\n",
	.run = list_run,
};

const struct command cmd_status = {
	.name = "status",
	.synopsis = "[--json] NAME",
	.summary = "show everything about one container",
	.help =
	"Shows what the module knows about one container, a line for each fact.\n"
	"\n"
	"  -j, --json   one object; \"name\" is the path, \"options\" an array\n"
	"  -h, --help   print this\n",
	.run = status_run,
};
