// SPDX-License-Identifier: GPL-2.0
/*
 * Limits of a container: they are those of its group in the hierarchy of resource
 * containers that has the subsystem pidspace.
 *
 * The hierarchy is mounted nowhere for that, only held open until the limits are
 * set: with a container in it, it stays by itself.
 */
#include "compiler.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <unistd.h>

#include "hierarchies.h"
#include "limits.h"

/* Others may just mount or unmount it. */
#define TRIES	5

/**
 * struct limit - one of them
 * @option: of containerctl run
 * @subsys: which subsystem it is a file of
 * @file: which
 * @value: what is to be written; NULL: not given
 */
struct limit {
	const char *option;
	const char *subsys;
	const char *file;
	const char *value;
};

#define NR_LIMITS 3

static void limits_list(const struct limits *limits, struct limit *list)
{
	list[0] = (struct limit){ "--numtasks", "numtasks", "max", limits->numtasks };
	list[1] = (struct limit){ "--cpus", "cpuset", "cpus", limits->cpus };
	list[2] = (struct limit){ "--mems", "cpuset", "mems", limits->mems };
}

/* Is there any? */
bool limits_given(const struct limits *limits)
{
	return limits->numtasks || limits->cpus || limits->mems;
}

static const struct hierarchy *find(const struct hierarchies *all, const char *subsys)
{
	return hierarchies_find(all, subsys, strlen(subsys));
}

/* Can this limit be given in the hierarchy with pidspace, or in the one to be? */
static bool can_be_given(const struct hierarchies *all, const struct limit *limit,
			 struct fault *why)
{
	const struct hierarchy *pidspace = find(all, "pidspace");
	const struct hierarchy *h = find(all, limit->subsys);

	if (!h)
		fault_set(why, "%s takes the subsystem '%s', which the module that is loaded does not have",
			  limit->option, limit->subsys);
	else if (h == pidspace)
		return true;
	else if (pidspace->number)
		fault_set(why, "%s takes the subsystem '%s' in the same hierarchy as pidspace, but that is hierarchy %u with %s, and stays so until it is unmounted and its containers have ended",
			  limit->option, limit->subsys, pidspace->number, pidspace->names);
	else
		fault_set(why, "%s takes the subsystem '%s' in the same hierarchy as pidspace, but it is in hierarchy %u with %s",
			  limit->option, limit->subsys, h->number, h->names);
	return false;
}

/* Those of the hierarchy that there is, or what is to be in a new one. */
static int names_of(const struct hierarchies *all, const struct limits *limits, char *names,
		    size_t size, struct fault *why)
{
	static const char *const wanted[] = { "numtasks", "cpuset" };
	const struct hierarchy *pidspace = find(all, "pidspace"), *h;
	struct limit list[NR_LIMITS];
	size_t i;

	if (!pidspace) {
		fault_set(why, "the module that is loaded does not have the subsystem 'pidspace', so containers cannot be given limits");
		return -1;
	}
	limits_list(limits, list);
	for (i = 0; i < NR_LIMITS; i++)
		if (list[i].value && !can_be_given(all, &list[i], why))
			return -1;
	if (pidspace->number) {
		snprintf(names, size, "%s", pidspace->names);
		return 0;
	}
	/* With what a later container may want: it cannot be added then. */
	snprintf(names, size, "pidspace");
	for (i = 0; i < ARRAY_SIZE(wanted); i++) {
		h = find(all, wanted[i]);
		if (h && !h->number)
			snprintf(names + strlen(names), size - strlen(names), ",%s", wanted[i]);
	}
	return 0;
}

static int set_options(int fs, const char *names, bool noprefix)
{
	char *copy = strdup(names), *name, *save;
	int ret = copy ? 0 : -1;

	for (name = copy ? strtok_r(copy, ",", &save) : NULL; name && !ret;
	     name = strtok_r(NULL, ",", &save))
		ret = fsconfig(fs, FSCONFIG_SET_FLAG, name, NULL, 0);
	free(copy);
	if (!ret && noprefix)
		ret = fsconfig(fs, FSCONFIG_SET_FLAG, "noprefix", NULL, 0);
	return ret ? ret : fsconfig(fs, FSCONFIG_CMD_CREATE, NULL, NULL, 0);
}

/* Return: the root of the hierarchy, or -1 with errno. */
static int open_hierarchy(const char *names, bool noprefix)
{
	int fs = fsopen("container", FSOPEN_CLOEXEC), dir = -1, err;

	if (fs < 0)
		return -1;
	if (!set_options(fs, names, noprefix))
		dir = fsmount(fs, FSMOUNT_CLOEXEC, 0);
	err = errno;
	close(fs);
	errno = err;
	return dir;
}

static void explain_open(const char *names, struct fault *why)
{
	switch (errno) {
	case EPERM:
		fault_set(why, "not allowed to give a container limits: this takes root (CAP_SYS_ADMIN)");
		break;
	case EEXIST:
		fault_set(why, "the hierarchy %s cannot be made: a container that runs has the name of a file of its groups",
			  names);
		break;
	case ENOSPC:
		fault_set(why, "the hierarchy %s cannot be made: there are as many as there can be",
			  names);
		break;
	default:
		fault_set(why, "the hierarchy %s cannot be mounted: %s", names, strerror(errno));
	}
}

/**
 * limits_prepare() - find or make the hierarchy with pidspace
 * @limits: what is wanted; @dir is set
 * @why: filled in on failure
 *
 * The container that is made next has a group in it.
 *
 * Return: 0 or -1.
 */
int limits_prepare(struct limits *limits, struct fault *why)
{
	struct hierarchies all;
	char names[512];
	int tries, ret;

	for (tries = 0; tries < TRIES; tries++) {
		ret = hierarchies_read(&all, why);
		if (!ret)
			ret = names_of(&all, limits, names, sizeof(names), why);
		hierarchies_free(&all);
		if (ret)
			return -1;
		limits->dir = open_hierarchy(names, false);
		if (limits->dir < 0 && errno == EBUSY)
			limits->dir = open_hierarchy(names, true);
		if (limits->dir >= 0)
			return 0;
		if (errno != EBUSY)
			break;
	}
	explain_open(names, why);
	return -1;
}

/* The group that this process is in: from "...,pidspace:/PATH" in its own file. */
static char *own_group(struct fault *why)
{
	int fd = open("/proc/self/container", O_RDONLY | O_CLOEXEC);
	char *text = fd >= 0 ? proc_read_all(fd) : NULL, *line, *path, *save, *group = NULL;

	if (fd >= 0)
		close(fd);
	for (line = text ? strtok_r(text, "\n", &save) : NULL; line && !group;
	     line = strtok_r(NULL, "\n", &save)) {
		path = strchr(line, ':');
		if (!path)
			continue;
		*path = '\0';
		if (names_have(line, "pidspace", strlen("pidspace")))
			group = strdup(path + 1);
	}
	free(text);
	if (!group)
		fault_set(why, "the container has no group in the hierarchy with pidspace");
	return group;
}

static int write_file(int dir, const char *path, const char *value)
{
	int fd = openat(dir, path, O_WRONLY | O_CLOEXEC), err = 0;

	if (fd < 0)
		return -errno;
	if (write(fd, value, strlen(value)) < 0)
		err = -errno;
	close(fd);
	return err;
}

static int set_one(const struct limits *limits, const char *group, const struct limit *limit,
		   struct fault *why)
{
	char path[4096 + 256];
	int err;

	snprintf(path, sizeof(path), ".%s/%s.%s", group, limit->subsys, limit->file);
	err = write_file(limits->dir, path, limit->value);
	if (err == -ENOENT) {
		snprintf(path, sizeof(path), ".%s/%s", group, limit->file);
		err = write_file(limits->dir, path, limit->value);
	}
	if (!err)
		return 0;
	if (err == -EINVAL || err == -ERANGE)
		fault_set(why, "%s: '%s' is not what %s.%s takes", limit->option, limit->value,
			  limit->subsys, limit->file);
	else
		fault_set(why, "%s: '%s' cannot be written to %s.%s: %s", limit->option,
			  limit->value, limit->subsys, limit->file, strerror(-err));
	return -1;
}

/**
 * limits_set() - give them to the container that this process has just made
 * @limits: prepared
 * @why: filled in on failure
 *
 * Return: 0 or -1.
 */
int limits_set(const struct limits *limits, struct fault *why)
{
	struct limit list[NR_LIMITS];
	char *group = own_group(why);
	int i, ret = group ? 0 : -1;

	limits_list(limits, list);
	for (i = 0; i < NR_LIMITS && !ret; i++)
		if (list[i].value)
			ret = set_one(limits, group, &list[i], why);
	free(group);
	/* What the container has open shall not lead out of it. */
	close(limits->dir);
	return ret;
}
