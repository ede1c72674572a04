// SPDX-License-Identifier: GPL-2.0
/*
 * The module's files under /proc: reading, writing, and telling a person why
 * that did not work.
 */
#include "compiler.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "proc.h"

#define NAME_LENGTH_MAX 63

void fault_set(struct fault *why, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vsnprintf(why->text, sizeof(why->text), fmt, args);
	va_end(args);
}

/*
 * The kernel checks names too.  Checking here keeps a blank from smuggling in
 * an option, and a slash from leading out of /proc/container/.
 */
bool name_is_valid(const char *name, struct fault *why)
{
	size_t len = strlen(name);
	size_t i;

	if (!len || len > NAME_LENGTH_MAX) {
		fault_set(why, "a container's name has 1 to %d characters, not %zu",
			  NAME_LENGTH_MAX, len);
		return false;
	}
	if (name[0] == '.' || name[0] == '-') {
		fault_set(why, "'%s' is no name for a container: it begins with '%c'",
			  name, name[0]);
		return false;
	}
	for (i = 0; i < len; i++) {
		if (isascii(name[i]) && (isalnum(name[i]) || strchr("._-", name[i])))
			continue;
		fault_set(why, "'%s' is no name for a container: only letters, digits, '.', '_' and '-' can be in one",
			  name);
		return false;
	}
	return true;
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

/* @err came from opening the file of one container. */
static void explain_open(struct fault *why, const char *name, int err)
{
	if (!module_is_there(why))
		return;
	switch (err) {
	case ENOENT:
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

/* The name must have passed name_is_valid(). */
static int open_container_file(const char *name, const char *leaf, int flags,
			       struct fault *why)
{
	char path[sizeof(PROC_CONTAINER_DIR) + NAME_LENGTH_MAX + 16];
	int fd;

	snprintf(path, sizeof(path), "%s%s/%s", PROC_CONTAINER_DIR, name, leaf);
	fd = open(path, flags | O_CLOEXEC);
	if (fd < 0 && why)
		explain_open(why, name, errno);
	return fd;
}

/* Everything a descriptor has to give, as a string; closes it. */
static char *slurp(int fd)
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
 * proc_read_list() - what /proc/container has to say
 * @why: filled in on failure
 *
 * Return: the text, for the caller to free, or NULL.
 */
char *proc_read_list(struct fault *why)
{
	int fd = open(PROC_CONTAINER, O_RDONLY | O_CLOEXEC);
	char *text;

	if (fd < 0) {
		if (module_is_there(why))
			fault_set(why, "cannot open %s: %s", PROC_CONTAINER, strerror(errno));
		return NULL;
	}
	text = slurp(fd);
	if (!text)
		fault_set(why, "cannot read %s: %s", PROC_CONTAINER, strerror(errno));
	return text;
}

/* Same for /proc/container/NAME/status. */
char *proc_read_status(const char *name, struct fault *why)
{
	char *text;
	int fd;

	if (!name_is_valid(name, why))
		return NULL;
	fd = open_container_file(name, "status", O_RDONLY, why);
	if (fd < 0)
		return NULL;
	text = slurp(fd);
	if (!text)
		fault_set(why, "cannot read the status of container '%s': %s",
			  name, strerror(errno));
	return text;
}

/* The number that tells two containers of one name apart, or -1. */
long container_id(const char *name)
{
	struct fault why;
	char *text = proc_read_status(name, &why);
	char *line = text ? strstr(text, "\nid:") : NULL;
	long id = line ? strtol(line + strlen("\nid:"), NULL, 10) : -1;

	free(text);
	return id;
}

/* The module leaves the reason of a failed write in the open file. */
static void explain_create(int fd, const char *name, int err, struct fault *why)
{
	char text[sizeof(why->text)];
	ssize_t n = pread(fd, text, sizeof(text) - 1, 0);

	if (n > 0) {
		text[n] = '\0';
		text[strcspn(text, "\n")] = '\0';
		fault_set(why, "%s", text);
		return;
	}
	fault_set(why, "cannot create container '%s': %s", name, strerror(err));
}

/**
 * container_create() - become process 1 of a new container
 * @name: its name
 * @options: the options, separated by blanks; can be empty
 * @why: filled in on failure
 *
 * Return: 0 or -1.
 */
int container_create(const char *name, const char *options, struct fault *why)
{
	char *line;
	int fd, len;

	fd = open(PROC_CONTAINER, O_RDWR | O_CLOEXEC);
	if (fd < 0) {
		if (!module_is_there(why))
			return -1;
		fault_set(why, "cannot create containers: %s%s", strerror(errno),
			  errno == EACCES || errno == EPERM ?
			  ": this takes root (CAP_SYS_ADMIN)" : "");
		return -1;
	}
	len = asprintf(&line, "%s%s%s\n", name, options[0] ? " " : "", options);
	if (len < 0) {
		fault_set(why, "no memory");
		close(fd);
		return -1;
	}
	if (write(fd, line, len) != len) {
		explain_create(fd, name, errno, why);
		len = -1;
	}
	free(line);
	close(fd);
	return len < 0 ? -1 : 0;
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
		fault_set(why, "not allowed to enter container '%s': this takes root (CAP_SYS_ADMIN) and a caller that is not in a container itself",
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
	int fd = open_container_file(name, "tasks", O_WRONLY, why);
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
	char text[16];
	int fd, len, ret = 0;

	if (!name_is_valid(name, why))
		return -1;
	fd = open_container_file(name, "kill", O_WRONLY, why);
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
