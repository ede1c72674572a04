// SPDX-License-Identifier: GPL-2.0
/*
 * The module's files under /proc: reading, writing, and telling a person why
 * that did not work.
 */
#include "compiler.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "names.h"
#include "proc.h"

void fault_set(struct fault *why, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vsnprintf(why->text, sizeof(why->text), fmt, args);
	va_end(args);
}

static bool module_is_there(struct fault *why)
{
	struct statfs fs;

	if (!access(PROC_CONTAINER, F_OK))
		return true;
	if (statfs("/proc", &fs) || fs.f_type != PROC_SUPER_MAGIC)
		fault_set(why, "/proc is not mounted: mount -t proc none /proc");
	else
		fault_set(why, "the container module is not loaded: load it with 'modprobe container' or 'insmod container.ko'");
	return false;
}

/**
 * proc_explain() - why one of the module's files could not be opened
 * @why: filled in
 * @what: what cannot be done then
 * @err: errno of that
 */
void proc_explain(struct fault *why, const char *what, int err)
{
	if (!module_is_there(why))
		return;
	if (err == ENOENT)
		fault_set(why, "%s: the container module cannot do that: a newer one can",
			  what);
	else
		fault_set(why, "%s: %s%s", what, strerror(err),
			  err == EACCES || err == EPERM ?
			  ": this takes root (CAP_SYS_ADMIN)" : "");
}

/* @err came from opening the file of one container. */
static void explain_open(struct fault *why, const char *name, int err)
{
	if (!module_is_there(why))
		return;
	switch (err) {
	case ENOENT:
	case ENOTDIR:
		fault_set(why, "there is no container '%s' (or none that can be seen from here)",
			  name);
		break;
	case EACCES:
	case EPERM:
		fault_set(why, "no permission for container '%s': this takes root (CAP_SYS_ADMIN)",
			  name);
		break;
	default:
		fault_set(why, "cannot open the files of container '%s': %s",
			  name, strerror(err));
	}
}

/**
 * container_open() - open a file of a container
 * @name: its path, which has passed name_is_valid()
 * @leaf: which file
 * @flags: for open(2)
 * @why: filled in on failure, after which errno is as open(2) left it
 *
 * Return: a descriptor or -1.
 */
int container_open(const char *name, const char *leaf, int flags, struct fault *why)
{
	char *path;
	int fd, err;

	if (asprintf(&path, "%s%s/%s", PROC_CONTAINER_DIR, name, leaf) < 0) {
		fault_set(why, "no memory");
		errno = ENOMEM;
		return -1;
	}
	fd = open(path, flags | O_CLOEXEC);
	err = errno;
	free(path);
	if (fd < 0)
		explain_open(why, name, err);
	errno = err;
	return fd;
}

/* Everything a descriptor has to give, as a string; closes it. */
char *proc_read_all(int fd)
{
	size_t size = 0, len = 0;
	char *text = NULL, *bigger;
	ssize_t n;
	int err;

	for (;;) {
		if (size - len < 2) {
			size = size ? size * 2 : 4096;
			bigger = realloc(text, size);
			if (!bigger)
				break;
			text = bigger;
		}
		n = read(fd, text + len, size - len - 1);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			break;
		if (!n) {
			text[len] = '\0';
			close(fd);
			return text;
		}
		len += n;
	}
	err = errno;
	free(text);
	close(fd);
	errno = err;
	return NULL;
}

/**
 * proc_read_control() - what /proc/container has to say
 * @why: filled in on failure
 *
 * Return: the text, for the caller to free, or NULL.
 */
char *proc_read_control(struct fault *why)
{
	int fd = open(PROC_CONTAINER, O_RDONLY | O_CLOEXEC);
	char *text;

	if (fd < 0) {
		if (module_is_there(why))
			fault_set(why, "cannot open %s: %s", PROC_CONTAINER, strerror(errno));
		return NULL;
	}
	text = proc_read_all(fd);
	if (!text)
		fault_set(why, "cannot read %s: %s", PROC_CONTAINER, strerror(errno));
	return text;
}

/* Same for /proc/container/NAME/status. */
char *proc_read_status(const char *name, struct fault *why)
{
	int fd = container_open(name, "status", O_RDONLY, why);
	char *text;

	if (fd < 0)
		return NULL;
	text = proc_read_all(fd);
	if (!text)
		fault_set(why, "cannot read the status of container '%s': %s",
			  name, strerror(errno));
	return text;
}

/**
 * status_value() - a value from what proc_read_status() returned
 * @text: that
 * @key: which value
 *
 * Return: the value, for the caller to free, or NULL if there is none.
 */
char *status_value(const char *text, const char *key)
{
	size_t len = strlen(key);
	const char *line = text, *end;

	for (; *line; line = end + !!*end) {
		end = line + strcspn(line, "\n");
		if (strncmp(line, key, len) || line[len] != ':')
			continue;
		line += len + 1;
		line += strspn(line, " \t");
		return strndup(line, end - line);
	}
	return NULL;
}

/* The number that tells two containers of one name apart, or -1. */
long container_id(const char *name)
{
	struct fault why;
	char *text = proc_read_status(name, &why);
	char *value = text ? status_value(text, "id") : NULL;
	long id = value ? strtol(value, NULL, 10) : -1;

	free(value);
	free(text);
	return id;
}

/* The module leaves the reason of a failed write in the open file. */
static void explain_control(int fd, int err, struct fault *why)
{
	char text[sizeof(why->text)];
	ssize_t n = pread(fd, text, sizeof(text) - 1, 0);

	if (n > 0) {
		text[n] = '\0';
		text[strcspn(text, "\n")] = '\0';
		fault_set(why, "%s", text);
		return;
	}
	fault_set(why, "cannot create a container: %s", strerror(err));
}

/**
 * proc_write_control() - have a container made
 * @name: its name; it will be inside the container of its first process
 * @options: the options, separated by blanks; can be empty
 * @why: filled in on failure
 *
 * Return: 0 or -1.
 */
int proc_write_control(const char *name, const char *options, struct fault *why)
{
	char *line;
	int fd, len;

	fd = open(PROC_CONTAINER, O_RDWR | O_CLOEXEC);
	if (fd < 0) {
		proc_explain(why, "cannot create containers", errno);
		return -1;
	}
	len = asprintf(&line, "%s%s%s\n", name, options[0] ? " " : "", options);
	if (len < 0) {
		fault_set(why, "no memory");
		close(fd);
		return -1;
	}
	if (write(fd, line, len) != len) {
		explain_control(fd, errno, why);
		len = -1;
	}
	free(line);
	close(fd);
	return len < 0 ? -1 : 0;
}

/**
 * container_create() - become process 1 of a new container
 * @name: its path; it is made in the last but one of the containers on it
 * @options: the options, separated by blanks; can be empty
 * @why: filled in on failure, after which we may be in the container around
 *
 * Return: 0 or -1.
 */
int container_create(const char *name, const char *options, struct fault *why)
{
	char *parent = name_parent(name);
	int ret = 0;

	if (!parent) {
		fault_set(why, "no memory");
		return -1;
	}
	if (parent[0]) {
		ret = container_enter(parent, why);
		if (ret && !container_exists(parent))
			fault_set(why, "there is no container '%s' in which '%s' could be made",
				  parent, name_leaf(name));
	}
	free(parent);
	return ret ? ret : proc_write_control(name_leaf(name), options, why);
}

static void explain_enter(const char *name, int err, struct fault *why)
{
	switch (err) {
	case ESRCH:
	case ENOENT:
	case ENODEV:
		fault_set(why, "container '%s' is just ending", name);
		break;
	case EPERM:
	case EACCES:
		fault_set(why, "not allowed to enter container '%s': this takes root (CAP_SYS_ADMIN)",
			  name);
		break;
	default:
		fault_set(why, "cannot enter container '%s': %s", name, strerror(err));
	}
}

/**
 * container_enter() - move the calling process into an existing container
 * @name: its name
 * @why: filled in on failure
 *
 * Return: 0 or -1.
 */
int container_enter(const char *name, struct fault *why)
{
	int fd = container_open(name, "tasks", O_WRONLY, why);
	int ret = 0;

	if (fd < 0)
		return -1;
	if (write(fd, "0", 1) != 1) {
		explain_enter(name, errno, why);
		ret = -1;
	}
	close(fd);
	return ret;
}

/* Sends @sig to every task of the container. */
int container_signal(const char *name, int sig, struct fault *why)
{
	int fd = container_open(name, "kill", O_WRONLY, why);
	char text[16];
	int len, ret = 0;

	if (fd < 0)
		return -1;
	len = snprintf(text, sizeof(text), "%d", sig);
	if (write(fd, text, len) != len) {
		if (errno == ESRCH)
			fault_set(why, "container '%s' has no task left: it is just ending", name);
		else
			fault_set(why, "cannot signal container '%s': %s", name, strerror(errno));
		ret = -1;
	}
	close(fd);
	return ret;
}
