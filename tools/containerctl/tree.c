// SPDX-License-Identifier: GPL-2.0
/*
 * containerctl hierarchy tree: the groups, how many tasks each has, and what its
 * controllers say.
 */
#include "compiler.h"

#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>

#include "containerctl.h"
#include "groups.h"
#include "hierarchies.h"
#include "hierarchy.h"
#include "json.h"
#include "plain.h"
#include "table.h"

/* The main figures of controllers, as columns; "a/b" if there is a second file. */
static const struct figure {
	const char *subsys;
	const char *file;
	const char *second;
	const char *title;
} figures[] = {
	{ "numtasks", "current", "max", "NUMTASKS" },
	{ "cpuacct", "usage", NULL, "CPUTIME" },
	{ "freezer", "state", NULL, "FREEZER" },
	{ "cpuset", "cpus", NULL, "CPUS" },
};

#define NR_FIGURES ARRAY_SIZE(figures)

/**
 * struct node - what there is to say about a group
 * @tasks: how many it has, those below not counted
 * @value: of @figures; NULL: there is no such file
 * @second: the same
 */
struct node {
	size_t tasks;
	char *value[NR_FIGURES];
	char *second[NR_FIGURES];
};

/**
 * struct tree - a hierarchy or a part of it
 * @h: which
 * @dir: where
 * @groups: what is there
 * @nodes: one for each of these
 * @nr_nodes: how many
 */
struct tree {
	const struct hierarchy *h;
	const char *dir;
	struct groups groups;
	struct node *nodes;
	size_t nr_nodes;
};

static bool has_figure(const struct hierarchy *h, size_t i)
{
	return names_have(h->names, figures[i].subsys, strlen(figures[i].subsys));
}

static int visit(const struct group *group, void *owner, struct fault *why)
{
	struct tree *tree = owner;
	struct node *bigger, *node;
	ssize_t tasks;
	pid_t *pids;
	size_t i;

	bigger = realloc(tree->nodes, (tree->nr_nodes + 1) * sizeof(*bigger));
	if (bigger)
		tree->nodes = bigger;
	tasks = bigger ? group_pids(group, "tasks", &pids) : -1;
	if (tasks < 0) {
		fault_set(why, "no memory");
		return -1;
	}
	free(pids);
	node = &tree->nodes[tree->nr_nodes++];
	memset(node, 0, sizeof(*node));
	node->tasks = tasks;
	for (i = 0; i < NR_FIGURES; i++) {
		if (!has_figure(tree->h, i))
			continue;
		node->value[i] = group_value(group, figures[i].subsys, figures[i].file);
		if (figures[i].second)
			node->second[i] = group_value(group, figures[i].subsys,
						      figures[i].second);
	}
	return 0;
}

static void tree_free(struct tree *tree)
{
	size_t i, k;

	for (i = 0; i < tree->nr_nodes; i++) {
		for (k = 0; k < NR_FIGURES; k++) {
			free(tree->nodes[i].value[k]);
			free(tree->nodes[i].second[k]);
		}
	}
	free(tree->nodes);
	groups_free(&tree->groups);
}

/* The lines that lead from those above to what is below this one. */
static void lines_print(FILE *out, const struct groups *groups, size_t i)
{
	const struct group *group = &groups->list[i];

	if (!group->depth)
		return;
	lines_print(out, groups, group->parent);
	fputs(group->last ? "   " : "|  ", out);
}

static void branches_print(FILE *out, const struct groups *groups, size_t i)
{
	const struct group *group = &groups->list[i];

	if (!group->depth)
		return;
	lines_print(out, groups, group->parent);
	fputs(group->last ? "`- " : "|- ", out);
}

static void figure_print(FILE *out, const struct node *node, size_t i)
{
	char time[TIME_TEXT];

	if (!node->value[i] || !node->value[i][0])
		fputs("-", out);
	else if (!strcmp(figures[i].subsys, "cpuacct"))
		fputs(time_text(strtoull(node->value[i], NULL, 10), time), out);
	else if (node->second[i])
		fprintf(out, "%s/%s", node->value[i], node->second[i]);
	else
		fputs(node->value[i], out);
}

static void row_print(FILE *out, const struct tree *tree, size_t i)
{
	const struct group *group = &tree->groups.list[i];
	char *name = path_escaped(group->depth ? path_leaf(group->path) : group->path);
	size_t k;

	branches_print(out, &tree->groups, i);
	fprintf(out, "%s\t%zu", name ? name : "?", tree->nodes[i].tasks);
	free(name);
	for (k = 0; k < NR_FIGURES; k++) {
		if (!has_figure(tree->h, k))
			continue;
		fputc('\t', out);
		figure_print(out, &tree->nodes[i], k);
	}
	fputc('\n', out);
}

static int tree_print(const struct tree *tree, struct fault *why)
{
	char *text = NULL, *dir;
	size_t size, i;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		goto failed;
	fputs("GROUP\tTASKS", out);
	for (i = 0; i < NR_FIGURES; i++)
		if (has_figure(tree->h, i))
			fprintf(out, "\t%s", figures[i].title);
	fputc('\n', out);
	for (i = 0; i < tree->groups.nr; i++)
		row_print(out, tree, i);
	if (fclose(out))
		goto failed;
	dir = path_escaped(tree->dir);
	printf("hierarchy %u: %s, on %s\n", tree->h->number, names_or_none(tree->h),
	       dir ? dir : "?");
	free(dir);
	table_print(text, 0, stdout);
	free(text);
	return 0;

failed:
	free(text);
	fault_set(why, "no memory");
	return -1;
}

static void file_to_json(struct json *j, size_t i, const char *file, const char *value)
{
	char key[64];

	if (!value)
		return;
	snprintf(key, sizeof(key), "%s.%s", figures[i].subsys, file);
	/* "max" is no number. */
	if (value[0] && strspn(value, "0123456789") == strlen(value) &&
	    strcmp(figures[i].subsys, "cpuset"))
		json_unsigned(j, key, strtoull(value, NULL, 10));
	else
		json_string(j, key, value);
}

static void tree_to_json(struct json *j, const struct tree *tree)
{
	const struct node *node;
	size_t i, k;

	for (i = 0; i < tree->groups.nr; i++) {
		node = &tree->nodes[i];
		json_open(j, NULL, '{');
		json_unsigned(j, "hierarchy", tree->h->number);
		json_string(j, "subsystems", tree->h->names);
		json_string(j, "path", tree->groups.list[i].path);
		json_unsigned(j, "tasks", node->tasks);
		for (k = 0; k < NR_FIGURES; k++) {
			file_to_json(j, k, figures[k].file, node->value[k]);
			if (figures[k].second)
				file_to_json(j, k, figures[k].second, node->second[k]);
		}
		json_close(j, '}');
	}
}

/**
 * show() - show a hierarchy or a part of it
 * @h: which
 * @m: a mount of it
 * @dir: directory of the first group
 * @path: what that is called in the hierarchy
 * @j: where to; NULL: a table
 * @why: filled in on failure
 */
static int show(const struct hierarchy *h, const struct hierarchy_mount *m, const char *dir,
		const char *path, struct json *j, struct fault *why)
{
	struct tree tree = { .h = h, .dir = dir };
	int ret;

	ret = groups_walk(&tree.groups, dir, path, m->noprefix, visit, &tree, why);
	if (!ret && j)
		tree_to_json(j, &tree);
	else if (!ret)
		ret = tree_print(&tree, why);
	tree_free(&tree);
	return ret;
}

static int show_hierarchy(const struct hierarchy *h, struct json *j, struct fault *why)
{
	const struct hierarchy_mount *m = hierarchy_place(h);

	if (m)
		return show(h, m, m->dir, "/", j, why);
	fault_set(why, "hierarchy %u is not mounted: containerctl hierarchy mount %s DIR",
		  h->number, names_or_none(h));
	return -1;
}

/* What is not mounted has no directories to be looked at, but is there. */
static int show_all(const struct hierarchies *all, struct json *j, struct fault *why)
{
	const struct hierarchy *h;
	bool first = true;
	size_t i;

	for (i = 0; i < all->nr; i++) {
		h = &all->list[i];
		if (!h->number)
			continue;
		if (!first && !j)
			putchar('\n');
		first = false;
		if (hierarchy_place(h)) {
			if (show_hierarchy(h, j, why))
				return -1;
		} else if (!j) {
			printf("hierarchy %u: %s, not mounted, %lu group%s\n", h->number,
			       names_or_none(h), h->groups, h->groups == 1 ? "" : "s");
		}
	}
	return 0;
}

/* The longest mount point that the directory is under is the one that it is on. */
static const struct hierarchy_mount *mount_of(const struct hierarchies *all, dev_t dev,
					      const char *dir, const struct hierarchy **owner)
{
	const struct hierarchy_mount *m, *best = NULL;
	size_t i, k, len;

	for (i = 0; i < all->nr; i++) {
		for (k = 0; k < all->list[i].nr_mounts; k++) {
			m = &all->list[i].mounts[k];
			len = strlen(m->dir);
			if (m->dev != dev || strncmp(m->dir, dir, len) ||
			    (dir[len] && dir[len] != '/'))
				continue;
			if (best && strlen(best->dir) > len)
				continue;
			best = m;
			*owner = &all->list[i];
		}
	}
	return best;
}

static int show_dir(const struct hierarchies *all, const char *word, struct json *j,
		    struct fault *why)
{
	const struct hierarchy *h = NULL;
	const struct hierarchy_mount *m = NULL;
	char *dir = realpath(word, NULL), *path;
	struct statfs fs;
	struct stat st;
	int ret;

	if (!dir || stat(dir, &st) || statfs(dir, &fs)) {
		fault_set(why, "cannot look at '%s': %s", word, strerror(errno));
		free(dir);
		return -1;
	}
	if (fs.f_type == HIERARCHY_MAGIC && S_ISDIR(st.st_mode))
		m = mount_of(all, st.st_dev, dir, &h);
	if (!m) {
		fault_set(why, "'%s' is not a directory of a hierarchy", word);
		free(dir);
		return -1;
	}
	if (asprintf(&path, "%s%s", strcmp(m->root, "/") ? m->root : "",
		     dir + strlen(m->dir)) < 0) {
		fault_set(why, "no memory");
		free(dir);
		return -1;
	}
	ret = show(h, m, dir, path[0] ? path : "/", j, why);
	free(path);
	free(dir);
	return ret;
}

static int show_word(const struct hierarchies *all, const char *word, struct json *j,
		     struct fault *why)
{
	const struct hierarchy *h;

	if (strchr(word, '/') || word[0] == '.')
		return show_dir(all, word, j, why);
	h = hierarchies_find(all, word, strlen(word));
	if (!h) {
		fault_set(why, "there is no subsystem '%s' (a directory is given with a slash: './%s')",
			  word, word);
		return -1;
	}
	if (!h->number) {
		fault_set(why, "subsystem '%s' is in no hierarchy: containerctl hierarchy mount %s DIR",
			  word, word);
		return -1;
	}
	return show_hierarchy(h, j, why);
}

static int tree_now(const char *word, struct json *j)
{
	struct hierarchies all;
	struct fault why;
	int ret;

	ret = hierarchies_read(&all, &why);
	if (!ret && word)
		ret = show_word(&all, word, j, &why);
	else if (!ret)
		ret = show_all(&all, j, &why);
	hierarchies_free(&all);
	if (!ret)
		return 0;
	complain("%s", why.text);
	return EXIT_SELF;
}

/* What has come to nothing is not printed: it would be half an array. */
static int tree_now_json(const char *word)
{
	struct json j = { 0 };
	char *text = NULL;
	size_t size;
	int ret;

	j.out = open_memstream(&text, &size);
	if (!j.out) {
		complain("no memory");
		return EXIT_SELF;
	}
	json_open(&j, NULL, '[');
	ret = tree_now(word, &j);
	json_close(&j, ']');
	if (fclose(j.out) && !ret) {
		complain("no memory");
		ret = EXIT_SELF;
	}
	if (!ret)
		fputs(text, stdout);
	free(text);
	return ret;
}

int hierarchy_tree(int argc, char **argv)
{
	static const struct option options[] = {
		{ "json", no_argument, NULL, 'j' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 }
	};
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
	if (optind + 1 < argc)
		return usage_error(&cmd_hierarchy,
				   "'%s' is too much: one subsystem or directory at a time",
				   argv[optind + 1]);
	c = json ? tree_now_json(argv[optind]) : tree_now(argv[optind], NULL);
	return c ? c : finish_output();
}
