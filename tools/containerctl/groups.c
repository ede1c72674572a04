// SPDX-License-Identifier: GPL-2.0
/*
 * The groups of a hierarchy: its directories, and what is in their files.
 *
 * They come and go meanwhile: one that has gone is left out, as is a file.
 */
#include "compiler.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "groups.h"

/**
 * struct walk - on its way through a hierarchy
 * @groups: what has been found
 * @dev: the hierarchy's; something else may be mounted in it
 * @visit: see groups_walk()
 * @owner: for @visit
 * @why: filled in on failure
 */
struct walk {
	struct groups *groups;
	dev_t dev;
	group_visit visit;
	void *owner;
	struct fault *why;
};

static int no_memory(struct fault *why)
{
	fault_set(why, "no memory");
	return -1;
}

static int is_group(const struct dirent *entry)
{
	return entry->d_type == DT_DIR && strcmp(entry->d_name, ".") &&
	       strcmp(entry->d_name, "..");
}

static int walk_dir(struct walk *w, int dir, const char *path, size_t parent,
		    unsigned int depth);

/* Some are not entered: gone, or something that has been mounted there. */
static int enter(struct walk *w, int above, const char *name)
{
	int dir = openat(above, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	struct stat st;

	if (dir < 0 || (!fstat(dir, &st) && st.st_dev == w->dev))
		return dir;
	close(dir);
	errno = ENOENT;
	return -1;
}

static int walk_child(struct walk *w, int above, size_t parent, const char *name)
{
	const char *path = w->groups->list[parent].path;
	int dir = enter(w, above, name), ret;
	char *own;

	if (dir < 0) {
		if (errno == ENOENT || errno == ENODEV || errno == ENOTDIR)
			return 0;
		fault_set(w->why, "cannot look at group '%s' in '%s': %s", name, path,
			  strerror(errno));
		return -1;
	}
	if (asprintf(&own, "%s/%s", strcmp(path, "/") ? path : "", name) < 0) {
		close(dir);
		return no_memory(w->why);
	}
	ret = walk_dir(w, dir, own, parent, w->groups->list[parent].depth + 1);
	free(own);
	close(dir);
	return ret;
}

static int walk_children(struct walk *w, int dir, size_t parent)
{
	struct dirent **entries;
	int n, i, ret = 0;
	size_t before, last = 0;

	n = scandirat(dir, ".", &entries, is_group, alphasort);
	if (n < 0)
		return errno == ENOENT ? 0 : no_memory(w->why);
	for (i = 0; i < n; i++) {
		before = w->groups->nr;
		if (!ret)
			ret = walk_child(w, dir, parent, entries[i]->d_name);
		if (w->groups->nr > before)
			last = before;
		free(entries[i]);
	}
	free(entries);
	if (last)
		w->groups->list[last].last = true;
	return ret;
}

static struct group *add_group(struct groups *groups, const char *path)
{
	struct group *bigger;

	bigger = realloc(groups->list, (groups->nr + 1) * sizeof(*bigger));
	if (!bigger)
		return NULL;
	groups->list = bigger;
	bigger += groups->nr;
	memset(bigger, 0, sizeof(*bigger));
	bigger->path = strdup(path);
	if (!bigger->path)
		return NULL;
	groups->nr++;
	return bigger;
}

static int walk_dir(struct walk *w, int dir, const char *path, size_t parent,
		    unsigned int depth)
{
	size_t nr = w->groups->nr;
	struct group *group = add_group(w->groups, path);
	int ret;

	if (!group)
		return no_memory(w->why);
	group->depth = depth;
	group->parent = parent;
	group->dir = dir;
	group->noprefix = w->groups->list[0].noprefix;
	ret = w->visit(group, w->owner, w->why);
	w->groups->list[nr].dir = -1;
	return ret ? ret : walk_children(w, dir, nr);
}

/**
 * groups_walk() - look at a group and all below it
 * @groups: filled in; for groups_free() in any case
 * @dir: directory of the first
 * @path: what it is called in the hierarchy
 * @noprefix: of the hierarchy
 * @visit: called for each
 * @owner: for that
 * @why: filled in on failure
 *
 * Return: 0 or -1.
 */
int groups_walk(struct groups *groups, const char *dir, const char *path, bool noprefix,
		group_visit visit, void *owner, struct fault *why)
{
	struct walk w = { .groups = groups, .visit = visit, .owner = owner, .why = why };
	struct group *first;
	struct stat st;
	int fd, ret;

	memset(groups, 0, sizeof(*groups));
	fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st)) {
		fault_set(why, "cannot look at '%s': %s", dir, strerror(errno));
		if (fd >= 0)
			close(fd);
		return -1;
	}
	w.dev = st.st_dev;
	first = add_group(groups, path);
	if (first) {
		first->noprefix = noprefix;
		first->last = true;
		first->dir = fd;
		ret = visit(first, owner, why);
		groups->list[0].dir = -1;
		if (!ret)
			ret = walk_children(&w, fd, 0);
	} else {
		ret = no_memory(why);
	}
	close(fd);
	return ret;
}

void groups_free(struct groups *groups)
{
	size_t i;

	for (i = 0; i < groups->nr; i++)
		free(groups->list[i].path);
	free(groups->list);
	memset(groups, 0, sizeof(*groups));
}

/**
 * group_value() - the first line of a file of a group
 * @group: the group, which is being visited
 * @subsys: whose file; NULL: one that all groups have
 * @file: which
 *
 * Return: it, for the caller to free; NULL: there is none.
 */
char *group_value(const struct group *group, const char *subsys, const char *file)
{
	char *name, *text;
	int fd;

	if (asprintf(&name, "%s%s%s", subsys && !group->noprefix ? subsys : "",
		     subsys && !group->noprefix ? "." : "", file) < 0)
		return NULL;
	fd = openat(group->dir, name, O_RDONLY | O_CLOEXEC);
	free(name);
	text = fd >= 0 ? proc_read_all(fd) : NULL;
	if (text)
		text[strcspn(text, "\n")] = '\0';
	return text;
}

/**
 * pids_parse() - understand a list of numbers, one a line
 * @text: that
 * @pids: set to an array of them, to be freed
 *
 * Return: how many; -1: no memory.
 */
ssize_t pids_parse(const char *text, pid_t **pids)
{
	size_t room = 1, nr = 0;
	const char *p;
	char *end;

	for (p = text; *p; p++)
		room += *p == '\n';
	*pids = malloc(room * sizeof(**pids));
	if (!*pids)
		return -1;
	for (p = text; *p && nr < room; p = end) {
		(*pids)[nr] = strtol(p, &end, 10);
		if (end == p)
			break;
		nr++;
		end += strcspn(end, "\n");
		end += !!*end;
	}
	return nr;
}

/* Those in the file tasks or procs of a group. Return: as above, 0 if it has gone. */
ssize_t group_pids(const struct group *group, const char *file, pid_t **pids)
{
	int fd = openat(group->dir, file, O_RDONLY | O_CLOEXEC);
	char *text = fd >= 0 ? proc_read_all(fd) : NULL;
	ssize_t nr;

	*pids = NULL;
	if (!text)
		return 0;
	nr = pids_parse(text, pids);
	free(text);
	return nr;
}

/* The last of the names in a path; of the root "/". */
const char *path_leaf(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash && slash[1] ? slash + 1 : path;
}
