// SPDX-License-Identifier: GPL-2.0
/*
 * containerctl hierarchy: the words that can follow, and the first of them, list.
 */
#include "compiler.h"

#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "containerctl.h"
#include "groups.h"
#include "hierarchies.h"
#include "hierarchy.h"
#include "json.h"
#include "plain.h"

/**
 * struct action - a word that can follow "containerctl hierarchy"
 * @name: the word
 * @run: does it; argv[0] is all the words so far
 */
struct action {
	const char *name;
	int (*run)(int argc, char **argv);
};

const char *names_or_none(const struct hierarchy *h)
{
	return h->names[0] ? h->names : "-";
}

static void places_print(const struct hierarchy *h)
{
	char *dir, *root;
	size_t i;

	if (!h->number)
		fputs("in no hierarchy", stdout);
	else if (!h->nr_mounts)
		fputs("not mounted", stdout);
	for (i = 0; i < h->nr_mounts; i++) {
		dir = path_escaped(h->mounts[i].dir);
		root = path_escaped(h->mounts[i].root);
		printf("%s%s", i ? " " : "", dir ? dir : "?");
		/* Of a part, as bind mounts make it, say of which. */
		if (strcmp(h->mounts[i].root, "/"))
			printf("(%s)", root ? root : "?");
		free(root);
		free(dir);
	}
	putchar('\n');
}

static void list_print(const struct hierarchies *all)
{
	const struct hierarchy *h;
	int width = strlen("SUBSYSTEMS");
	size_t i;

	for (i = 0; i < all->nr; i++)
		if ((int)strlen(all->list[i].names) > width)
			width = strlen(all->list[i].names);
	printf("%6s %8s %8s  %-*s  %s\n", "NUMBER", "GROUPS", "TASKS", width, "SUBSYSTEMS",
	       "MOUNTED ON");
	for (i = 0; i < all->nr; i++) {
		h = &all->list[i];
		if (h->number) {
			printf("%6u %8lu %8lu", h->number, h->groups, h->tasks);
		} else {
			/* With everything in use it says nothing. */
			if (!h->names[0])
				continue;
			printf("%6s %8s %8s", "-", "-", "-");
		}
		printf("  %-*s  ", width, names_or_none(h));
		places_print(h);
	}
}

static void names_to_json(struct json *j, const char *names)
{
	char *copy = strdup(names), *save, *name;

	json_open(j, "subsystems", '[');
	for (name = copy ? strtok_r(copy, ",", &save) : NULL; name;
	     name = strtok_r(NULL, ",", &save))
		json_string(j, NULL, name);
	json_close(j, ']');
	free(copy);
}

static void list_to_json(const struct hierarchies *all)
{
	struct json j = { .out = stdout };
	const struct hierarchy *h;
	size_t i, k;

	json_open(&j, NULL, '[');
	for (i = 0; i < all->nr; i++) {
		h = &all->list[i];
		json_open(&j, NULL, '{');
		json_unsigned(&j, "number", h->number);
		json_unsigned(&j, "groups", h->number ? h->groups : 0);
		json_unsigned(&j, "tasks", h->tasks);
		names_to_json(&j, h->names);
		json_open(&j, "mounts", '[');
		for (k = 0; k < h->nr_mounts; k++) {
			json_open(&j, NULL, '{');
			json_string(&j, "directory", h->mounts[k].dir);
			json_string(&j, "group", h->mounts[k].root);
			json_close(&j, '}');
		}
		json_close(&j, ']');
		json_close(&j, '}');
	}
	json_close(&j, ']');
}

static int hierarchy_list(int argc, char **argv)
{
	static const struct option options[] = {
		{ "json", no_argument, NULL, 'j' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 }
	};
	struct hierarchies all;
	struct fault why;
	bool json = false;
	int c;

	while ((c = getopt_long(argc, argv, "jh", options, NULL)) >= 0) {
		if (c == 'h') {
			command_help(&cmd_hierarchy, stdout);
			return finish_output();
		}
		if (c != 'j')
			return bad_option(&cmd_hierarchy);
		json = true;
	}
	if (optind < argc)
		return usage_error(&cmd_hierarchy, "'%s' is too much: list takes no names",
				   argv[optind]);
	if (hierarchies_read(&all, &why)) {
		hierarchies_free(&all);
		complain("%s", why.text);
		return EXIT_SELF;
	}
	if (json)
		list_to_json(&all);
	else
		list_print(&all);
	hierarchies_free(&all);
	return finish_output();
}

static int hierarchy_run(int argc, char **argv)
{
	static const struct action actions[] = {
		{ "list", hierarchy_list },
		{ "mount", hierarchy_mount },
		{ "tree", hierarchy_tree },
	};
	size_t i;

	if (argc < 2)
		return usage_error(&cmd_hierarchy, "list, mount or tree?");
	if (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h")) {
		command_help(&cmd_hierarchy, stdout);
		return finish_output();
	}
	for (i = 0; i < ARRAY_SIZE(actions); i++) {
		if (strcmp(argv[1], actions[i].name))
			continue;
		if (asprintf(&argv[1], "%s %s", argv[0], actions[i].name) < 0) {
			complain("no memory");
			return EXIT_SELF;
		}
		return actions[i].run(argc - 1, argv + 1);
	}
	return usage_error(&cmd_hierarchy, "'%s' is unknown: there are list, mount and tree",
			   argv[1]);
}

const struct command cmd_hierarchy = {
	.name = "hierarchy",
	.synopsis = "list|mount|tree [ARGUMENT...]",
	.summary = "hierarchies of groups with controllers: list, mount, look at",
	.help =
	"  list [--json]\n"
	"      Lists the hierarchies: number, how many groups, how many tasks in the root\n"
	"      group, subsystems, and where it is mounted.\n"
	"  mount [--noprefix] [--release-agent=PATH] SUBSYS[,SUBSYS...] DIR\n"
	"      Mounts the hierarchy with exactly these subsystems, or \"all\", on DIR.  If\n"
	"      there is none yet it is made; DIR must be there.\n"
	"  tree [--json] [SUBSYS|DIR]\n"
	"      Shows the groups of all hierarchies that are mounted, of the one with\n"
	"      SUBSYS, or from the directory DIR down: how many tasks each has, and the\n"
	"      main figures of its controllers.  A word with a slash is a directory.\n"
	"\n"
	"  -j, --json                 an array of objects\n"
	"  -n, --noprefix             files are called FILE, not SUBSYS.FILE\n"
	"  -r, --release-agent=PATH   what is run when a group has become empty\n"
	"  -h, --help                 print this\n",
	.run = hierarchy_run,
};
