// SPDX-License-Identifier: GPL-2.0
/*
 * Which hierarchies of resource containers there are, and where they are mounted:
 * /proc/containers and /proc/self/mountinfo.
 */
#include "compiler.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>

#include "hierarchies.h"

static int no_memory(struct fault *why)
{
	fault_set(why, "no memory");
	return -1;
}

/* One more element, zeroed. */
static void *add_element(void *list, size_t *nr, size_t size)
{
	char *bigger = realloc(list, (*nr + 1) * size);

	if (bigger)
		memset(bigger + (*nr)++ * size, 0, size);
	return bigger;
}

/* "cpuset, numtasks" without the blanks. */
static char *join_names(const char *text, size_t len)
{
	char *names = malloc(len + 1), *p = names;
	size_t i;

	if (!names)
		return NULL;
	for (i = 0; i < len; i++)
		if (text[i] != ' ')
			*p++ = text[i];
	*p = '\0';
	return names;
}

static int parse_line(struct hierarchies *all, const char *line, size_t len, struct fault *why)
{
	struct hierarchy h = { 0 }, *bigger;
	const char *end = line + len, *close;
	int names = -1;

	/* A string of its own: sscanf() would go on in the next line. */
	if (sscanf(line, "%u: topcount=%lu bits=%*x containers=%lu (%n", &h.number, &h.tasks,
		   &h.groups, &names) < 3 || names < 0 || line + names > end)
		goto bad;
	close = memchr(line + names, ')', end - line - names);
	if (!close)
		goto bad;
	h.names = join_names(line + names, close - line - names);
	if (!h.names)
		return no_memory(why);
	bigger = add_element(all->list, &all->nr, sizeof(h));
	if (!bigger) {
		free(h.names);
		return no_memory(why);
	}
	all->list = bigger;
	bigger[all->nr - 1] = h;
	return 0;

bad:
	fault_set(why, "%s has a line that is not known here: '%.*s'", PROC_CONTAINERS, (int)len,
		  line);
	return -1;
}

/**
 * hierarchies_parse() - understand /proc/containers
 * @all: filled in; for hierarchies_free() in any case
 * @text: what that file has
 * @why: filled in on failure
 *
 * Return: 0 or -1.
 */
int hierarchies_parse(struct hierarchies *all, const char *text, struct fault *why)
{
	static const char title[] = "Hierarchies:\n";
	const char *line, *end;
	int ret = 0;

	memset(all, 0, sizeof(*all));
	if (strncmp(text, title, strlen(title))) {
		fault_set(why, "%s does not begin as it should", PROC_CONTAINERS);
		return -1;
	}
	for (line = text + strlen(title); *line && !ret; line = end + !!*end) {
		end = line + strcspn(line, "\n");
		/* The subsystems say nothing that the hierarchies do not. */
		if (!strncmp(line, "Subsystems:", 11))
			break;
		ret = parse_line(all, line, end - line, why);
	}
	return ret;
}

/* Is this one of names with commas between them? */
bool names_have(const char *names, const char *name, size_t len)
{
	size_t n;

	for (; len && *names; names += n + (names[n] == ',')) {
		n = strcspn(names, ",");
		if (n == len && !memcmp(names, name, len))
			return true;
	}
	return false;
}

/* The hierarchy that a subsystem is in; number 0: in none. NULL: no such subsystem. */
const struct hierarchy *hierarchies_find(const struct hierarchies *all, const char *name,
					 size_t len)
{
	size_t i;

	for (i = 0; i < all->nr; i++)
		if (names_have(all->list[i].names, name, len))
			return &all->list[i];
	return NULL;
}

/* A subsystem is in one hierarchy at most, so the first that is found tells. */
static struct hierarchy *hierarchy_of_options(struct hierarchies *all, const char *options)
{
	size_t i, n;

	for (; *options; options += n + (options[n] == ',')) {
		n = strcspn(options, ",");
		for (i = 0; i < all->nr; i++)
			if (all->list[i].number && names_have(all->list[i].names, options, n))
				return &all->list[i];
	}
	return NULL;
}

/* What /proc writes as \ooo. */
static char *unescape(const char *text)
{
	char *plain = strdup(text), *p = plain;

	if (!plain)
		return NULL;
	while (*text) {
		if (text[0] == '\\' && text[1] >= '0' && text[1] <= '3' &&
		    text[2] >= '0' && text[2] <= '7' && text[3] >= '0' && text[3] <= '7') {
			*p++ = (text[1] - '0') << 6 | (text[2] - '0') << 3 | (text[3] - '0');
			text += 4;
		} else {
			*p++ = *text++;
		}
	}
	*p = '\0';
	return plain;
}

static int add_mount(struct hierarchy *h, const struct hierarchy_mount *m)
{
	struct hierarchy_mount *bigger = add_element(h->mounts, &h->nr_mounts, sizeof(*m));
	struct hierarchy_mount *new;

	if (!bigger)
		return -1;
	h->mounts = bigger;
	new = &bigger[h->nr_mounts - 1];
	*new = *m;
	new->dir = unescape(m->dir);
	new->root = unescape(m->root);
	return new->dir && new->root ? 0 : -1;
}

/*
 * 36 25 0:32 / /foo rw,relatime shared:1 - container NAME rw,cpuset,numtasks
 * Words of the middle can be missing.  Other lines are passed over.
 */
static int parse_mount(struct hierarchies *all, char *line)
{
	enum { DEV = 2, ROOT, DIR, FIXED };
	struct hierarchy_mount m = { 0 };
	char *words[FIXED], *save, *word, *options;
	unsigned int major, minor;
	struct hierarchy *h;
	size_t n;

	word = strtok_r(line, " ", &save);
	for (n = 0; word && n < FIXED; n++, word = strtok_r(NULL, " ", &save))
		words[n] = word;
	while (word && strcmp(word, "-"))
		word = strtok_r(NULL, " ", &save);
	if (!word || n < FIXED || sscanf(words[DEV], "%u:%u", &major, &minor) != 2)
		return 0;
	word = strtok_r(NULL, " ", &save);
	if (!word || strcmp(word, "container"))
		return 0;
	/* An empty source leaves nothing between two blanks. */
	options = strrchr(save, ' ');
	options = options ? options + 1 : save;
	h = hierarchy_of_options(all, options);
	if (!h)
		return 0;
	m.dir = words[DIR];
	m.root = words[ROOT];
	m.dev = makedev(major, minor);
	m.noprefix = names_have(options, "noprefix", strlen("noprefix"));
	return add_mount(h, &m);
}

/**
 * hierarchies_parse_mounts() - find in mountinfo where hierarchies are mounted
 * @all: what hierarchies_parse() has found
 * @text: what /proc/self/mountinfo has
 * @why: filled in on failure
 *
 * Return: 0 or -1.
 */
int hierarchies_parse_mounts(struct hierarchies *all, const char *text, struct fault *why)
{
	char *copy = strdup(text), *save, *line;
	int ret = copy ? 0 : -1;

	for (line = copy ? strtok_r(copy, "\n", &save) : NULL; line && !ret;
	     line = strtok_r(NULL, "\n", &save))
		ret = parse_mount(all, line);
	free(copy);
	return ret ? no_memory(why) : 0;
}

static char *read_file(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	return fd >= 0 ? proc_read_all(fd) : NULL;
}

/**
 * hierarchies_read() - find out which there are now
 * @all: filled in; for hierarchies_free() in any case
 * @why: filled in on failure, after which errno is ENOENT if the module has none
 *
 * Return: 0 or -1.
 */
int hierarchies_read(struct hierarchies *all, struct fault *why)
{
	char *text;
	int err, ret;

	memset(all, 0, sizeof(*all));
	text = read_file(PROC_CONTAINERS);
	if (!text) {
		err = errno;
		proc_explain(why, "cannot look at hierarchies", err);
		errno = err;
		return -1;
	}
	ret = hierarchies_parse(all, text, why);
	free(text);
	if (ret)
		goto failed;
	/* After the list: what is mounted in between is not on that. */
	text = read_file("/proc/self/mountinfo");
	if (!text) {
		fault_set(why, "cannot read /proc/self/mountinfo: %s", strerror(errno));
		goto failed;
	}
	ret = hierarchies_parse_mounts(all, text, why);
	free(text);
	if (!ret)
		return 0;
failed:
	errno = EINVAL;
	return -1;
}

void hierarchies_free(struct hierarchies *all)
{
	size_t i, k;

	for (i = 0; i < all->nr; i++) {
		for (k = 0; k < all->list[i].nr_mounts; k++) {
			free(all->list[i].mounts[k].dir);
			free(all->list[i].mounts[k].root);
		}
		free(all->list[i].mounts);
		free(all->list[i].names);
	}
	free(all->list);
	memset(all, 0, sizeof(*all));
}

/* Something else may have been mounted over it. */
static bool is_reached(const struct hierarchy_mount *m)
{
	struct statfs fs;
	struct stat st;

	return !stat(m->dir, &st) && st.st_dev == m->dev && !statfs(m->dir, &fs) &&
	       fs.f_type == HIERARCHY_MAGIC;
}

/**
 * hierarchy_place() - where all of a hierarchy can be looked at
 * @h: it
 *
 * Return: the place, or NULL: it is not mounted, or only parts of it.
 */
const struct hierarchy_mount *hierarchy_place(const struct hierarchy *h)
{
	size_t i;

	for (i = 0; i < h->nr_mounts; i++)
		if (!strcmp(h->mounts[i].root, "/") && is_reached(&h->mounts[i]))
			return &h->mounts[i];
	return NULL;
}
