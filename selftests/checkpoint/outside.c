// SPDX-License-Identifier: GPL-2.0
/* modes: host */
/* timeout: 400 */
/*
 * What is left outside: a terminal, and pipes that are input and output; and what
 * takes their place.
 */
#include "ct-checkpoint.h"
#include "ct-image.h"

#include <container/image_file.h>
#include <sys/ioctl.h>
#include <termios.h>

/* The end that stays outside. */
static int other_end;

static int give_to_read(void)
{
	int fd[2];

	CT_EQ(0, pipe2(fd, O_CLOEXEC));
	other_end = fd[1];
	return fd[0];
}

static int give_to_write(void)
{
	int fd[2];

	CT_EQ(0, pipe2(fd, O_CLOEXEC));
	other_end = fd[0];
	return fd[1];
}

static int new_pty(int *slave)
{
	int master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
	char name[64];

	CT_CHECK(master >= 0);
	CT_EQ(0, unlockpt(master));
	CT_EQ(0, ptsname_r(master, name, sizeof(name)));
	*slave = open(name, O_RDWR | O_NOCTTY | O_CLOEXEC);
	CT_CHECK(*slave >= 0);
	return master;
}

/* Held by us as well, so that it is not the container's alone. */
static int shared_slave;

static int give_terminal(void)
{
	other_end = new_pty(&shared_slave);
	return dup(shared_slave);
}

/* Says what it reads to a file, since it may be /dev/null where it writes. */
static void report(const char *text, ssize_t size)
{
	int fd = open(cr_file("said"), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);

	CT_CHECK(fd >= 0);
	CT_EQ(size, write(fd, text, size));
	close(fd);
}

CR_SUBJECT(reads, .give = give_to_read)
{
	char text[64] = "";
	ssize_t n;

	CT_EQ(0, dup2(3, 0));
	/* The same description, under another number. */
	CT_EQ(0, fcntl(0, F_SETFL, O_NONBLOCK));
	cr_ready();
	CT_EQ(0, fcntl(3, F_GETFL) & O_ACCMODE);
	CT_EQ(0, fcntl(3, F_SETFL, 0));
	n = read(3, text, sizeof(text));
	CT_CHECK(n >= 0);
	report("got ", 4);
	report(text, n);
}

CR_SUBJECT(writes, .give = give_to_write)
{
	pid_t child;

	CT_EQ(1, dup2(3, 1));
	CT_EQ(0, close(3));
	child = fork();
	CT_CHECK(child >= 0);
	if (!child) {
		cr_await();
		CT_EQ(6, write(1, "child ", 6));
		_exit(0);
	}
	cr_ready();
	CT_EQ(0, ct_reap(child));
	CT_EQ(6, write(1, "parent", 6));
}

CR_SUBJECT(elsewhere, .give = give_to_write)
{
	cr_ready();
}

CR_SUBJECT(talks, .give = give_terminal)
{
	CT_EQ(0, dup2(3, 0));
	CT_EQ(1, dup2(3, 1));
	CT_EQ(0, close(3));
	CT_CHECK(isatty(0));
	cr_ready();
	report(isatty(0) ? "tty " : "none ", isatty(0) ? 4 : 5);
	CT_EQ(5, write(1, "hello", 5));
}

/* ---- restarting ---- */

/* The harness writes to it. */
static void put_back(int kept, int fd)
{
	if (kept < 0) {
		close(fd);
		return;
	}
	CT_EQ(fd, dup2(kept, fd));
	close(kept);
}

/* With @at as descriptor @fd, if @fd is not -1; 0 or -errno. */
static int restart_as(const struct cr_image *image, const char *options, int fd,
		      int at, char *why, size_t size)
{
	int restart = open(CR_RESTART, O_RDWR | O_CLOEXEC), kept = -1, ret;
	ssize_t len;

	CT_CHECK(restart >= 0);
	fflush(NULL);
	if (fd >= 0) {
		kept = fcntl(fd, F_DUPFD_CLOEXEC, 10);
		CT_EQ(fd, dup2(at < 0 ? restart : at, fd));
	}
	why[0] = 0;
	ret = cr_write_all(restart, options, strlen(options));
	if (!ret)
		ret = cr_write_all(restart, image->data, image->size);
	if (ret) {
		len = read(restart, why, size - 1);
		why[len > 0 ? len : 0] = 0;
	}
	if (fd >= 0)
		put_back(kept, fd);
	close(restart);
	return ret;
}

static void refused(const struct cr_image *image, const char *options, int fd,
		    int at, int err, const char *about)
{
	char why[512];
	int ret = restart_as(image, options, fd, at, why, sizeof(why));

	if (ret != -err || !strstr(why, about))
		CT_FAIL("'%s' gives %d, not %d: %s", options, ret, -err, why);
}

static void revived(struct cr_life *life, const struct cr_image *image,
		    const char *options, int fd, int at)
{
	char why[512];
	int ret = restart_as(image, options, fd, at, why, sizeof(why));

	if (ret)
		CT_FAIL("'%s' gives %d: %s", options, ret, why);
	life->pid = cr_first(life->name);
	CT_CHECK(life->pid);
}

/* What it says within the test's time, @n bytes; then the rest, if any. */
static void hears(int fd, const char *text)
{
	size_t n = strlen(text), have = 0;
	struct pollfd p = { .fd = fd, .events = POLLIN };
	char got[64] = "";
	ssize_t ret;

	while (have < n) {
		CT_EQ(1, poll(&p, 1, CT_PATIENCE_MS));
		ret = read(fd, got + have, n - have);
		CT_CHECK(ret > 0);
		have += ret;
	}
	CT_STREQ(text, got);
}

static void said(const char *text)
{
	char got[128] = "";

	CT_CHECK(ct_read_file(cr_file("said"), got, sizeof(got)) >= 0);
	CT_STREQ(text, got);
	CT_EQ(0, unlink(cr_file("said")));
}

FIXTURE(outside) {
	struct cr_guard guard;
	struct cr_life life;
	struct cr_image image;
};

FIXTURE_SETUP(outside)
{
	if (!ct_module_loaded())
		SKIP(return, "the module is not loaded");
	self->guard = cr_guard();
}

FIXTURE_TEARDOWN(outside)
{
	cr_image_free(&self->image);
	if (self->guard.pid)
		cr_guard_end(&self->guard);
}

/* Blocked without the word; the blocker says that there is one. */
static void kill_it(struct cr_life *life, struct cr_image *image)
{
	char path[128], text[4096];

	ct_path(path, sizeof(path), life->name, "check");
	CT_CHECK(ct_read_file(path, text, sizeof(text)) > 0);
	if (!strstr(text, "ignore=pipes"))
		CT_FAIL("no help in: %s", text);
	CT_EQ(-EOPNOTSUPP, cr_save(life->name, "kill", image));
	cr_image_free(image);
	CT_EQ(0, cr_save(life->name, "kill ignore=pipes", image));
	CT_EQ(128 + SIGKILL, cr_reap(life));
	CT_UNTIL(ct_task_count(life->name) == -1);
}

TEST_F(outside, input)
{
	int fd[2], null = open("/dev/null", O_WRONLY | O_CLOEXEC);
	struct cr_image *image = &self->image;

	self->life = cr_start(&reads_row);
	kill_it(&self->life, image);
	refused(image, "", -1, -1, ENXIO, "outside=0");
	refused(image, "options outside=1,2\n", -1, -1, ENXIO, "descriptor 0");
	/* It cannot be read; it is the image's own file. */
	refused(image, "options outside=0\n", 0, null, EBADF, "descriptor 0");
	refused(image, "options outside=0\n", 0, -1, EBADF, "descriptor 0");
	CT_EQ(0, pipe2(fd, O_CLOEXEC));
	CT_EQ(4, write(fd[1], "more", 4));
	revived(&self->life, image, "options outside=0,null\n", 0, fd[0]);
	cr_finish(&self->life);
	said("got more");
	/* Nothing is to be read where there is nothing. */
	revived(&self->life, image, "options outside=null\n", -1, -1);
	cr_finish(&self->life);
	said("got ");
	close(null);
	close(other_end);
}

TEST_F(outside, output)
{
	struct cr_image *image = &self->image;
	int fd[2], rest[2];
	char c;

	self->life = cr_start(&writes_row);
	kill_it(&self->life, image);
	refused(image, "options outside=0,2\n", -1, -1, ENXIO, "descriptor 1");
	CT_EQ(0, pipe2(rest, O_CLOEXEC | O_NONBLOCK));
	refused(image, "options outside=1\n", 1, rest[0], EBADF, "descriptor 1");
	CT_EQ(0, pipe2(fd, O_CLOEXEC));
	revived(&self->life, image, "options outside=0,1,2\n", 1, fd[1]);
	/* From now on only the container has it. */
	close(fd[1]);
	cr_finish(&self->life);
	hears(fd[0], "child parent");
	CT_EQ(0, read(fd[0], &c, 1));
	revived(&self->life, image, "options outside=null\n", 1, rest[1]);
	cr_finish(&self->life);
	CT_ERRNO(EAGAIN, read(rest[0], &c, 1));
	close(other_end);
}

/* The original goes on with what it has, the copy with what it is given. */
TEST_F(outside, beside_the_original)
{
	struct cr_life copy;
	char name[CT_NAME_MAX + 1], line[128];
	int fd[2];

	self->life = cr_start(&writes_row);
	CT_EQ(0, cr_save(self->life.name, "ignore=pipes", &self->image));
	copy = self->life;
	ct_unique_name(name);
	strcpy(copy.name, name);
	copy.copy = true;
	snprintf(line, sizeof(line), "options name=%s outside=1\n", name);
	CT_EQ(0, pipe2(fd, O_CLOEXEC));
	revived(&copy, &self->image, line, 1, fd[1]);
	cr_finish(&copy);
	hears(fd[0], "child parent");
	cr_finish(&self->life);
	hears(other_end, "child parent");
	close(other_end);
}

/* It is nobody's input or output, so there is nothing to take its place. */
TEST_F(outside, another_descriptor)
{
	self->life = cr_start(&elsewhere_row);
	CT_EQ(-EOPNOTSUPP, cr_save(self->life.name, "ignore=pipes",
				   &self->image));
	cr_finish(&self->life);
	close(other_end);
}

struct with_terminal {
	struct cr_life *life;
	const struct cr_image *image;
	int slave;
	int told;
};

/*
 * Leads the session of another terminal, which that of the container becomes.
 * Process 1 is its child: it waits for it.
 */
static int in_session(struct with_terminal *with)
{
	CT_CHECK(setsid() > 0);
	CT_EQ(0, ioctl(with->slave, TIOCSCTTY, 0));
	revived(with->life, with->image, "", -1, -1);
	cr_finish(with->life);
	return 0;
}

TEST_F(outside, terminal)
{
	struct with_terminal with = { .life = &self->life, .image = &self->image };
	int master;
	pid_t pid;

	self->life = cr_start(&talks_row);
	/* It is never in the way. */
	CT_EQ(0, cr_save(self->life.name, "kill", &self->image));
	CT_EQ(128 + SIGKILL, cr_reap(&self->life));
	CT_UNTIL(ct_task_count(self->life.name) == -1);
	/* A test leads a session that has none. */
	revived(&self->life, &self->image, "", -1, -1);
	cr_finish(&self->life);
	said("none ");
	master = new_pty(&with.slave);
	fflush(NULL);
	pid = fork();
	CT_CHECK(pid >= 0);
	if (!pid)
		_exit(in_session(&with));
	CT_EQ(0, ct_reap(pid));
	hears(master, "hello");
	said("tty ");
	close(other_end);
}

TEST_F(outside, wrong_words)
{
	static const char * const save[] = {
		"ignore=", "ignore", "ignore=pipe", "ignore=pipes,", "ignore=,pipes",
		"ignore=pipes terminal", "ignore=stop", "ignore=terminal",
	};
	static const char * const restart[] = {
		"options outside=\n", "options outside=3\n", "options outside=-1\n",
		"options outside=0,,1\n", "options outside=0 1\n",
		"options outside=nul\n", "options outside=99999999999999999999\n",
	};
	char path[128], text[512];
	size_t i;
	int fd;

	self->life = cr_start(&elsewhere_row);
	ct_path(path, sizeof(path), self->life.name, "checkpoint");
	fd = open(path, O_RDWR | O_CLOEXEC);
	CT_CHECK(fd >= 0);
	for (i = 0; i < ARRAY_SIZE(save); i++)
		CT_ERRNO(EINVAL, write(fd, save[i], strlen(save[i])));
	close(fd);
	cr_finish(&self->life);
	close(other_end);
	for (i = 0; i < ARRAY_SIZE(restart); i++) {
		fd = open(CR_RESTART, O_RDWR | O_CLOEXEC);
		CT_CHECK(fd >= 0);
		CT_ERRNO(EINVAL, write(fd, restart[i], strlen(restart[i])));
		CT_CHECK(read(fd, text, sizeof(text)) > 0);
		close(fd);
	}
}

/* -- forged ---- */

static struct cr_record *outside_of(struct cr_records *all)
{
	size_t i;

	for (i = 0; i < all->count; i++)
		if (all->record[i].rec.type == CONTAINER_IMAGE_OUTSIDE)
			return &all->record[i];
	CT_FAIL("nothing is outside");
}

static void forged(const struct cr_image *image, unsigned int kind,
		   unsigned int reserved)
{
	struct cr_records all = cr_take_apart(image);
	struct container_image_outside *outside;
	struct cr_image other;

	outside = (void *)outside_of(&all)->payload;
	outside->kind = kind;
	outside->reserved = reserved;
	other = cr_put_together(&all);
	refused(&other, "options outside=null\n", -1, -1, EINVAL,
		"outside in a way");
	cr_image_free(&other);
	cr_records_free(&all);
}

static void moved(const struct cr_image *image)
{
	struct cr_records all = cr_take_apart(image);
	struct cr_image other;
	char why[512];

	outside_of(&all)->rec.id = 0x7fffffff;
	other = cr_put_together(&all);
	CT_EQ(0, restart_as(&other, "", -1, -1, why, sizeof(why)));
	cr_image_free(&other);
	cr_records_free(&all);
}

TEST_F(outside, forged)
{
	self->life = cr_start(&writes_row);
	kill_it(&self->life, &self->image);
	forged(&self->image, 0, 0);
	forged(&self->image, 2, 0);
	forged(&self->image, 0xffffffff, 0);
	forged(&self->image, CONTAINER_IMAGE_OUTSIDE_PIPE, 1);
	/* Of another object it says nothing: the pipe is one of the container's. */
	moved(&self->image);
	self->life.pid = cr_first(self->life.name);
	CT_CHECK(self->life.pid);
	cr_end(&self->life);
	close(other_end);
}

CR_MAIN
