// SPDX-License-Identifier: GPL-2.0
/* modes: host */
/*
 * A program that asks to be told of checkpoints and restarts is: in poll(), which
 * it is in when it is saved, and by numbers.
 */
#include "ct-checkpoint.h"
#include "ct-nest.h"
#include "ct-pass.h"

#define EVENTS	CT_FILE "/.events"

/* What the subject has been told; read from outside. */
struct told {
	int fd, pad;
	long checkpoints, restarts;
};

static volatile struct told told;

static bool has_news(int fd, int timeout)
{
	struct pollfd wait = { .fd = fd, .events = POLLIN | POLLPRI };
	int ret = poll(&wait, 1, timeout);

	CT_CHECK(ret >= 0);
	if (ret)
		CT_EQ(POLLIN | POLLPRI, wait.revents);
	return ret;
}

static void read_events(int fd, long *checkpoints, long *restarts)
{
	char text[256];
	ssize_t len = pread(fd, text, sizeof(text) - 1, 0);

	CT_CHECK(len > 0);
	text[len] = 0;
	if (sscanf(text, "checkpoints:\t%ld\nrestarts:\t%ld\n", checkpoints,
		   restarts) != 2)
		CT_FAIL("not two numbers: %s", text);
}

static void *asks(void *arg)
{
	long checkpoints, restarts;

	for (;;) {
		CT_CHECK(has_news(told.fd, -1));
		read_events(told.fd, &checkpoints, &restarts);
		told.checkpoints = checkpoints;
		told.restarts = restarts;
	}
	return arg;
}

static void begin_asking(void)
{
	pthread_t thread;

	told.checkpoints = -1;
	told.restarts = -1;
	told.fd = open(EVENTS, O_RDONLY);
	CT_CHECK(told.fd >= 0);
	CT_EQ(0, pthread_create(&thread, NULL, asks, NULL));
	CT_UNTIL(told.restarts == 0);
}

CR_SUBJECT(asking)
{
	begin_asking();
	cr_ready();
}

/* What is opened later has the same numbers; what has been read is no news. */
CR_SUBJECT(reading)
{
	long checkpoints, restarts;
	int fd = open(EVENTS, O_RDONLY), late;

	CT_CHECK(fd >= 0);
	CT_CHECK(has_news(fd, 0));
	read_events(fd, &checkpoints, &restarts);
	CT_EQ(0, checkpoints);
	CT_EQ(0, restarts);
	CT_CHECK(!has_news(fd, 0));
	/* A part of it is not the beginning. */
	CT_EQ(12, lseek(fd, 12, SEEK_SET));
	cr_ready();
	CT_EQ(12, lseek(fd, 0, SEEK_CUR));
	CT_CHECK(has_news(fd, 0));
	late = open(EVENTS, O_RDONLY);
	CT_CHECK(late >= 0);
	read_events(late, &checkpoints, &restarts);
	CT_EQ(1, checkpoints);
	CT_EQ(1, restarts);
	CT_CHECK(has_news(fd, 0));
	read_events(fd, &checkpoints, &restarts);
	CT_EQ(1, checkpoints);
	CT_EQ(1, restarts);
	CT_CHECK(!has_news(fd, 0));
	CT_CHECK(!has_news(late, 0));
}

static struct told told_of(const struct cr_life *life)
{
	struct told now;
	struct iovec here = { &now, sizeof(now) };
	struct iovec there = { (void *)&told, sizeof(told) };

	CT_EQ(sizeof(now), process_vm_readv(life->pid, &here, 1, &there, 1, 0));
	return now;
}

static bool has_been_told(const struct cr_life *life, long checkpoints, long restarts)
{
	struct told now = told_of(life);

	return now.checkpoints == checkpoints && now.restarts == restarts;
}

static void is_told(const struct cr_life *life, long checkpoints, long restarts)
{
	CT_UNTIL(has_been_told(life, checkpoints, restarts));
}

FIXTURE(subject) {
	struct cr_guard guard;
	struct cr_life life;
};

FIXTURE_SETUP(subject)
{
	if (!ct_module_loaded())
		SKIP(return, "the module is not loaded");
	self->guard = cr_guard();
	self->life = cr_start(&asking_row);
	is_told(&self->life, 0, 0);
}

FIXTURE_TEARDOWN(subject)
{
	if (!self->guard.pid)
		return;
	cr_finish(&self->life);
	cr_guard_end(&self->guard);
}

TEST_F(subject, goes_on)
{
	struct cr_image image = cr_take(&self->life);

	is_told(&self->life, 1, 0);
	cr_image_free(&image);
	image = cr_take(&self->life);
	is_told(&self->life, 2, 0);
	cr_image_free(&image);
}

TEST_F(subject, killed_and_back)
{
	struct cr_image image;

	CT_EQ(0, cr_save(self->life.name, "kill", &image));
	CT_EQ(128 + SIGKILL, cr_reap(&self->life));
	CT_UNTIL(ct_task_count(self->life.name) == -1);
	self->life = cr_bring_back(&self->life, &image, NULL);
	is_told(&self->life, 1, 1);
	cr_image_free(&image);
}

/* The name of its container is another one: each has its own numbers. */
TEST_F(subject, copy)
{
	struct cr_image image = cr_take(&self->life), later;
	char name[CT_NAME_MAX + 1];
	struct cr_life copy;

	ct_unique_name(name);
	copy = cr_bring_back(&self->life, &image, name);
	is_told(&copy, 1, 1);
	is_told(&self->life, 1, 0);
	later = cr_take(&copy);
	is_told(&copy, 2, 1);
	is_told(&self->life, 1, 0);
	cr_finish(&copy);
	cr_image_free(&later);
	cr_image_free(&image);
}

TEST_F(subject, chain)
{
	int i;

	for (i = 1; i <= 3; i++) {
		cr_die_and_return(&self->life);
		is_told(&self->life, i, i);
	}
}

/* That fails, and one that is only looked for, are nothing to be told of. */
TEST_F(subject, not_told)
{
	char path[128], text[256];
	struct cr_image image;

	ct_path(path, sizeof(path), self->life.name, "check");
	CT_EQ(0, ct_read_file(path, text, sizeof(text)));
	image = cr_take(&self->life);
	is_told(&self->life, 1, 0);
	cr_image_free(&image);
}

TEST(numbers)
{
	struct cr_guard guard;
	struct cr_life life;

	CT_NEED_MODULE();
	guard = cr_guard();
	life = cr_start(&reading_row);
	cr_die_and_return(&life);
	cr_finish(&life);
	cr_guard_end(&guard);
}

/* -- who else has it ---------------------------------------------------------------------- */

static void opens(int fd, void *arg)
{
	long checkpoints, restarts;
	int file;

	(void)arg;
	ct_become_user();
	file = open(EVENTS, O_RDONLY);
	CT_CHECK(file >= 0);
	read_events(file, &checkpoints, &restarts);
	CT_EQ(0, checkpoints);
	CT_EQ(0, restarts);
	CT_ERRNO(EACCES, open(EVENTS, O_RDWR));
	ct_send(fd, 0);
	ct_wait_hangup(fd);
}

/* No rights are needed inside; outside there is nothing to be told. */
TEST(rights)
{
	struct ct_child child;

	CT_NEED_MODULE();
	child = ct_spawn(CT_CONTAINER, opens, NULL);
	ct_recv(child.fd);
	CT_ERRNO(ENXIO, open(EVENTS, O_RDONLY));
	CT_EQ(0, ct_finish(&child));
}

static void passes(int fd, void *arg)
{
	int *pair = arg, file = open(EVENTS, O_RDONLY);

	(void)fd;
	CT_CHECK(file >= 0);
	ct_pass(pair[1], file);
}

/* It outlives its container, in the hands of somebody outside. */
TEST(outlives)
{
	long checkpoints, restarts;
	struct ct_child child;
	int pair[2], file;

	CT_NEED_MODULE();
	CT_EQ(0, socketpair(AF_UNIX, SOCK_STREAM, 0, pair));
	child = ct_spawn(CT_CONTAINER, passes, pair);
	file = ct_take(pair[0]);
	CT_EQ(0, ct_finish(&child));
	CT_UNTIL(ct_task_count(child.name) == -1);
	CT_CHECK(has_news(file, 0));
	read_events(file, &checkpoints, &restarts);
	CT_CHECK(!has_news(file, 0));
	close(file);
}

CR_MAIN
