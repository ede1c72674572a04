// SPDX-License-Identifier: GPL-2.0
/*
 * Where an image comes from: a file or standard input, through zstd(1) if it has
 * been compressed.
 */
#include "compiler.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "containerctl.h"
#include "pack.h"
#include "source.h"

/* Return: 0, or -1 with errno. */
int write_all(int fd, const void *data, size_t size)
{
	const char *at = data;
	ssize_t n;

	while (size) {
		n = write(fd, at, size);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -1;
		at += n;
		size -= n;
	}
	return 0;
}

static ssize_t read_some(int fd, void *data, size_t size)
{
	ssize_t n;

	do
		n = read(fd, data, size);
	while (n < 0 && errno == EINTR);
	return n;
}

/* A pipe gives what it has; the beginning is wanted whole. */
static int read_head(struct source *s, struct fault *why)
{
	ssize_t n;

	while (s->nr_head < sizeof(s->head)) {
		n = read_some(s->fd, s->head + s->nr_head, sizeof(s->head) - s->nr_head);
		if (n < 0) {
			fault_set(why, "cannot read %s: %s", s->name, strerror(errno));
			return -1;
		}
		if (!n)
			break;
		s->nr_head += n;
	}
	return 0;
}

static bool is_packed(const struct source *s)
{
	uint32_t magic;

	memcpy(&magic, s->head, sizeof(magic));
	return s->nr_head == sizeof(magic) && magic == PACK_MAGIC;
}

/* What has been read of a pipe cannot be put back: all goes through another. */
static __noreturn void feed(const struct source *s, int out)
{
	static char data[SOURCE_PIECE];
	int keep[] = { s->fd, out };
	ssize_t n;

	keep_descriptors(keep, ARRAY_SIZE(keep));
	if (write_all(out, s->head, s->nr_head))
		_exit(1);
	while ((n = read_some(s->fd, data, sizeof(data))) > 0)
		if (write_all(out, data, n))
			_exit(1);
	_exit(n < 0);
}

static int start_feeder(struct source *s, struct fault *why)
{
	int ends[2];

	if (lseek(s->fd, 0, SEEK_SET) == 0)
		return s->fd;
	if (pipe2(ends, O_CLOEXEC)) {
		fault_set(why, "cannot make a pipe: %s", strerror(errno));
		return -1;
	}
	s->feeder = fork();
	if (!s->feeder) {
		close(ends[0]);
		feed(s, ends[1]);
	}
	close(ends[1]);
	if (s->feeder > 0)
		return ends[0];
	fault_set(why, "cannot fork: %s", strerror(errno));
	close(ends[0]);
	return -1;
}

static int unpack(struct source *s, struct fault *why)
{
	int in = start_feeder(s, why), ends[2];

	if (in < 0)
		return -1;
	if (pipe2(ends, O_CLOEXEC)) {
		fault_set(why, "cannot make a pipe: %s", strerror(errno));
		return -1;
	}
	s->zstd = pack_start(false, in, ends[1], why);
	close(ends[1]);
	if (in != s->fd)
		close(in);
	s->file = s->fd;
	s->fd = ends[0];
	s->nr_head = 0;
	if (s->zstd > 0)
		return 0;
	s->zstd = 0;
	return -1;
}

static int open_file(struct source *s, const char *path, struct fault *why)
{
	struct stat st;

	if (!strcmp(path, "-")) {
		s->name = "standard input";
		s->fd = fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
	} else {
		s->name = path;
		s->fd = open(path, O_RDONLY | O_CLOEXEC);
	}
	if (s->fd < 0 || fstat(s->fd, &st)) {
		fault_set(why, "cannot open %s: %s", s->name, strerror(errno));
		return -1;
	}
	if (isatty(s->fd)) {
		fault_set(why, "%s is a terminal, and no image comes from there", s->name);
		return -1;
	}
	if (S_ISREG(st.st_mode))
		s->size = st.st_size;
	return 0;
}

/**
 * source_open() - begin to read an image
 * @s: filled in; for source_close() in any case
 * @path: file, or "-"
 * @why: filled in on failure
 *
 * Return: 0 or -1.
 */
int source_open(struct source *s, const char *path, struct fault *why)
{
	memset(s, 0, sizeof(*s));
	s->file = -1;
	if (open_file(s, path, why) || read_head(s, why))
		return -1;
	return is_packed(s) ? unpack(s, why) : 0;
}

/* The same with a descriptor that is no file; source_close() closes it. */
void source_from(struct source *s, const char *name, int fd)
{
	memset(s, 0, sizeof(*s));
	s->name = name;
	s->fd = fd;
	s->file = -1;
}

/* As read(2), with a sentence. */
ssize_t source_read(struct source *s, void *data, size_t size, struct fault *why)
{
	ssize_t n = s->nr_head;

	if (n) {
		memcpy(data, s->head, n);
		s->nr_head = 0;
		return n;
	}
	n = read_some(s->fd, data, size);
	if (n < 0) {
		s->err = errno;
		fault_set(why, "cannot read %s: %s", s->name, strerror(errno));
	}
	return n;
}

/* How far in the file we are, for comparing with @size. */
uint64_t source_position(const struct source *s)
{
	off_t at = s->size ? lseek(s->file >= 0 ? s->file : s->fd, 0, SEEK_CUR) : 0;

	return at > 0 ? at : 0;
}

/**
 * source_close() - no more of the image
 * @s: the source
 * @why: filled in on failure
 *
 * Only after all has been read it counts what became of zstd(1).
 *
 * Return: 0, or -1 if what has been read is not all that there was.
 */
int source_close(struct source *s, struct fault *why)
{
	int ret = 0;

	if (s->fd >= 0)
		close(s->fd);
	if (s->file >= 0)
		close(s->file);
	if (s->zstd)
		ret = pack_wait(s->zstd, why);
	if (s->feeder > 0) {
		/* It may wait for an input that nobody needs any more. */
		kill(s->feeder, SIGKILL);
		waitpid(s->feeder, NULL, 0);
	}
	s->fd = -1;
	s->file = -1;
	s->zstd = 0;
	s->feeder = 0;
	return ret;
}
