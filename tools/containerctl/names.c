// SPDX-License-Identifier: GPL-2.0
/*
 * Names of containers: which there can be, what they mean to the caller, and
 * the tree that they make.
 */
#include "compiler.h"

#include <ctype.h>
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "containerctl.h"
#include "names.h"

#define NAME_LENGTH_MAX 63
/* As deep as the kernel lets anything with pids be nested. */
#define DEPTH_MAX 32

static bool part_is_valid(const char *path, const char *part, size_t len, struct fault *why)
{
	size_t i;

	if (!len || len > NAME_LENGTH_MAX) {
		fault_set(why, "'%s' is no name for a container: one has 1 to %d characters, not %zu",
			  path, NAME_LENGTH_MAX, len);
		return false;
	}
	if (part[0] == '.' || part[0] == '-') {
		fault_set(why, "'%s' is no name for a container: '%.*s' begins with '%c'",
			  path, (int)len, part, part[0]);
		return false;
	}
	for (i = 0; i < len; i++) {
		if (isascii(part[i]) && (isalnum(part[i]) || strchr("._-", part[i])))
			continue;
		fault_set(why, "'%s' is no name for a container: only letters, digits, '.', '_' and '-' can be in one, and '/' between the names of one and of another inside it",
			  path);
		return false;
	}
	return true;
}

/**
 * name_is_valid() - can a container be called this?
 * @path: its name, or those on the way to it with slashes between them
 * @why: filled in if not
 *
 * The kernel checks names too.  Checking here keeps a blank from smuggling in
 * an option, and dots from leading out of /proc/container/.
 */
bool name_is_valid(const char *path, struct fault *why)
{
	const char *part = path;
	int depth = 0;
	size_t len;

	for (;;) {
		len = strcspn(part, "/");
		if (!part_is_valid(path, part, len, why))
			return false;
		if (++depth > DEPTH_MAX) {
			fault_set(why, "'%s' is no name for a container: they nest at most %d deep",
				  path, DEPTH_MAX);
			return false;
		}
		if (!part[len])
			return true;
		part += len + 1;
	}
}

/**
 * own_name() - the container that we are in
 *
 * Return: its name; empty outside of all containers, and without the module.
 */
const char *own_name(void)
{
	static bool known;
	static char name[NAME_LENGTH_MAX + 1];
	struct fault why;
	char *text;
	size_t len;

	if (known)
		return name;
	known = true;
	text = proc_read_control(&why);
	len = text ? strcspn(text, "\n") : 0;
	/* Outside it is a table. */
	if (len && len < sizeof(name) && strcspn(text, " \t") > len)
		memcpy(name, text, len);
	free(text);
	return name;
}

/**
 * name_path() - where a container that somebody has named is
 * @word: what they called it
 * @why: filled in on failure
 *
 * In a container everything begins with that container's own name: the name of
 * another one is taken to be inside it.
 *
 * Return: its path below /proc/container/, for the caller to free, or NULL.
 */
char *name_path(const char *word, struct fault *why)
{
	const char *own = own_name();
	size_t len = strlen(own);
	char *path;
	int ret;

	if (!name_is_valid(word, why))
		return NULL;
	if (!len || (!strncmp(word, own, len) && (!word[len] || word[len] == '/')))
		ret = asprintf(&path, "%s", word);
	else
		ret = asprintf(&path, "%s/%s", own, word);
	if (ret >= 0)
		return path;
	fault_set(why, "no memory");
	return NULL;
}

/* The same for a word of the command line. Return: NULL after a message. */
const char *name_from_line(const struct command *cmd, const char *word)
{
	struct fault why;
	const char *path = name_path(word, &why);

	if (!path)
		usage_error(cmd, "%s", why.text);
	return path;
}

/* What the container calls itself. */
const char *name_leaf(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

/* The path of the container around; empty: none.  NULL: no memory. */
char *name_parent(const char *path)
{
	const char *slash = strrchr(path, '/');

	return strndup(path, slash ? slash - path : 0);
}

bool container_exists(const char *path)
{
	struct fault why;
	int fd = container_open(path, "status", O_RDONLY, &why);

	if (fd < 0)
		return false;
	close(fd);
	return true;
}

static int is_directory(const struct dirent *entry)
{
	return entry->d_type == DT_DIR && entry->d_name[0] != '.';
}

/* Beside containers there is the /proc of the one around: no container's name. */
static bool is_child(const char *path, const char *name)
{
	return !path[0] || strcmp(name, "proc");
}

/**
 * container_children() - the containers inside one
 * @path: which; empty: those that are at the top of what we see
 * @children: set to an array of their paths, to be freed with its elements
 *
 * Return: how many, 0 also if @path has gone.
 */
int container_children(const char *path, char ***children)
{
	struct dirent **entries;
	int n, i, found = 0;
	char *dir;

	*children = NULL;
	if (asprintf(&dir, "%s%s", PROC_CONTAINER_DIR, path) < 0)
		return 0;
	n = scandir(dir, &entries, is_directory, alphasort);
	free(dir);
	if (n < 0)
		return 0;
	*children = calloc(n + 1, sizeof(**children));
	for (i = 0; i < n; i++) {
		if (*children && is_child(path, entries[i]->d_name) &&
		    asprintf(&(*children)[found], "%s%s%s", path,
			     path[0] ? "/" : "", entries[i]->d_name) >= 0)
			found++;
		free(entries[i]);
	}
	free(entries);
	return found;
}

/* A line of tasks: number inside, number here, name. */
static bool has_task(const char *path, pid_t pid)
{
	struct fault why;
	int fd = container_open(path, "tasks", O_RDONLY, &why);
	bool found = false;
	int here;
	FILE *file;

	file = fd >= 0 ? fdopen(fd, "r") : NULL;
	while (file && !found && fscanf(file, "%*d %d%*[^\n]", &here) == 1)
		found = here == pid;
	if (file)
		fclose(file);
	return found;
}

/**
 * container_of_process() - the container that a process is in
 * @pid: its number here
 *
 * Return: the path of the innermost, empty if there is none, for the caller to
 * free; NULL: no memory.
 */
char *container_of_process(pid_t pid)
{
	char *path = strdup(""), **children, *next;
	int n, i;

	while (path) {
		n = container_children(path, &children);
		next = NULL;
		for (i = 0; i < n; i++) {
			if (!next && has_task(children[i], pid))
				next = children[i];
			else
				free(children[i]);
		}
		free(children);
		if (!next)
			break;
		free(path);
		path = next;
	}
	return path;
}
