// SPDX-License-Identifier: GPL-2.0
/*
 * Where an image goes to: a file that has its name only once all of it is on the
 * disk, standard output, or a pipe; through zstd(1) if that is wanted.
 */
#include "compiler.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "move.h"
#include "pack.h"
#include "source.h"
#include "target.h"

/* For who ends us by a key. */
static const char *volatile unfinished;

static void remove_unfinished(int sig)
{
	if (unfinished)
		unlink(unfinished);
	signal(sig, SIG_DFL);
	raise(sig);
}

static void remove_on_signals(const char *path)
{
	static const int signals[] = { SIGHUP, SIGINT, SIGTERM, SIGQUIT };
	struct sigaction action = { .sa_handler = remove_unfinished }, old;
	size_t i;

	unfinished = path;
	for (i = 0; i < ARRAY_SIZE(signals); i++)
		if (!sigaction(signals[i], NULL, &old) && old.sa_handler != SIG_IGN)
			sigaction(signals[i], &action, NULL);
}

static int failed(const struct target *t, const char *what, struct fault *why)
{
	fault_set(why, "cannot %s %s: %s", what, t->name, strerror(errno));
	return -1;
}

/*
 * An image has all that the processes had in their memory, secrets too: it is for
 * its owner only.
 */
static int open_temporary(struct target *t, struct fault *why)
{
	if (asprintf(&t->temporary, "%s.tmp", t->path) < 0) {
		t->temporary = NULL;
		fault_set(why, "no memory");
		return -1;
	}
	t->file = open(t->temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (t->file >= 0) {
		remove_on_signals(t->temporary);
		return 0;
	}
	if (errno == EEXIST)
		fault_set(why, "%s is there: another checkpoint is being written to it, or one has been interrupted; then remove it",
			  t->temporary);
	else
		fault_set(why, "cannot create %s: %s", t->temporary, strerror(errno));
	free(t->temporary);
	t->temporary = NULL;
	return -1;
}

static int open_file(struct target *t, const char *path, struct fault *why)
{
	struct stat st;

	t->name = path;
	if (!strcmp(path, "-")) {
		t->name = "standard output";
		t->file = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
	} else if (!stat(path, &st) && !S_ISREG(st.st_mode)) {
		/* A pipe, a device: nothing to be put in its place. */
		t->file = open(path, O_WRONLY | O_CLOEXEC);
	} else {
		t->path = path;
		return open_temporary(t, why);
	}
	if (t->file < 0)
		return failed(t, "open", why);
	if (isatty(t->file)) {
		fault_set(why, "%s is a terminal, which an image is not for", t->name);
		return -1;
	}
	return 0;
}

static int put_zstd_between(struct target *t, struct fault *why)
{
	int ends[2];

	if (pipe2(ends, O_CLOEXEC)) {
		fault_set(why, "cannot make a pipe: %s", strerror(errno));
		return -1;
	}
	t->zstd = pack_start(true, ends[0], t->file, why);
	close(ends[0]);
	t->fd = ends[1];
	if (t->zstd > 0)
		return 0;
	t->zstd = 0;
	return -1;
}

static int begin(struct target *t, bool compress, struct fault *why)
{
	/* Writing says what is wrong, too. */
	signal(SIGPIPE, SIG_IGN);
	if (compress)
		return put_zstd_between(t, why);
	t->fd = t->file;
	t->file = -1;
	return 0;
}

/**
 * target_open() - begin to write an image
 * @t: filled in; for target_finish() or target_drop() in any case
 * @path: file, or "-"
 * @compress: with zstd(1)
 * @why: filled in on failure
 *
 * Return: 0 or -1.
 */
int target_open(struct target *t, const char *path, bool compress, struct fault *why)
{
	memset(t, 0, sizeof(*t));
	t->fd = -1;
	t->file = -1;
	return open_file(t, path, why) ? -1 : begin(t, compress, why);
}

/* The same with a descriptor, which is closed in the end. */
int target_from(struct target *t, const char *name, int fd, bool compress,
		struct fault *why)
{
	memset(t, 0, sizeof(*t));
	t->name = name;
	t->fd = -1;
	t->file = fd;
	return begin(t, compress, why);
}

int target_write(struct target *t, const void *data, size_t size, struct fault *why)
{
	return write_all(t->fd, data, size) ? failed(t, "write", why) : 0;
}

/* The same with what has been taken by move_take(). */
int target_move(struct target *t, struct mover *m, size_t size, struct fault *why)
{
	return move_give(m, t->fd, size) ? failed(t, "write", why) : 0;
}

static int end_zstd(struct target *t, struct fault *why)
{
	pid_t pid = t->zstd;

	if (!pid)
		return 0;
	close(t->fd);
	t->fd = t->file;
	t->file = -1;
	t->zstd = 0;
	return pack_wait(pid, why);
}

/* The name is on the disk once the directory is. */
static int sync_directory(const char *path)
{
	char *copy = strdup(path);
	int fd = copy ? open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
	int ret = fd >= 0 ? fsync(fd) : -1;

	/* Not every file system can do that. */
	if (ret && errno == EINVAL)
		ret = 0;
	if (fd >= 0)
		close(fd);
	free(copy);
	return ret;
}

/**
 * target_finish() - all has been written
 * @t: ended in any case
 * @why: filled in on failure, after which there is no file
 *
 * Return: 0 once it is safe on the disk, or -1.
 */
int target_finish(struct target *t, struct fault *why)
{
	int ret = end_zstd(t, why);

	if (!ret && t->temporary && fsync(t->fd))
		ret = failed(t, "write", why);
	/* A file system elsewhere may find out only now. */
	if (close(t->fd) && !ret)
		ret = failed(t, "write", why);
	t->fd = -1;
	if (!ret && t->temporary) {
		if (rename(t->temporary, t->path)) {
			ret = failed(t, "create", why);
		} else {
			unfinished = NULL;
			free(t->temporary);
			t->temporary = NULL;
			if (sync_directory(t->path))
				ret = failed(t, "write", why);
		}
	}
	target_drop(t);
	return ret;
}

/* It has come to nothing: no file is left. */
void target_drop(struct target *t)
{
	struct fault why;

	/* At the end of its input it would write something. */
	if (t->zstd)
		kill(t->zstd, SIGKILL);
	if (t->fd >= 0)
		close(t->fd);
	if (t->zstd)
		pack_wait(t->zstd, &why);
	if (t->file >= 0)
		close(t->file);
	if (t->temporary)
		unlink(t->temporary);
	unfinished = NULL;
	free(t->temporary);
	memset(t, 0, sizeof(*t));
	t->fd = -1;
	t->file = -1;
}
