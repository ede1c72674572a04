// SPDX-License-Identifier: GPL-2.0
/* modes: host */
/* timeout: 240 */
/*
 * The module stays as long as somebody reads a checkpoint or writes one, or a
 * restored container is there; and goes afterwards.
 */
#include "ct-checkpoint.h"
#include "ct-module.h"

CR_SUBJECT(plain)
{
	cr_ready();
}

static int unload(void)
{
	return syscall(SYS_delete_module, "container", O_NONBLOCK);
}

static void stays(const char *when)
{
	if (!unload() || errno != EWOULDBLOCK)
		CT_FAIL("%s: the module goes (%s)", when, strerror(errno));
}

static void goes(void)
{
	ct_module_unload();
	ct_module_load();
}

static void read_and_stay(struct cr_life *life, struct cr_image *image)
{
	char path[128], buf[1000];
	int fd;

	ct_path(path, sizeof(path), life->name, "checkpoint");
	fd = open(path, O_RDWR | O_CLOEXEC);
	CT_CHECK(fd >= 0);
	stays("to be read");
	CT_EQ(1000, read(fd, buf, 1000));
	stays("being read");
	/* All that is left of the container is what is being read. */
	cr_end(life);
	stays("of one that has ended");
	while (read(fd, buf, 1000) > 0)
		;
	stays("to be closed");
	close(fd);
	goes();
	*life = cr_start(&plain_row);
	*image = cr_take(life);
	cr_end(life);
}

static void write_and_stay(struct cr_life *life, const struct cr_image *image)
{
	size_t half = image->size / 2;
	int fd;

	fd = open(CR_RESTART, O_RDWR | O_CLOEXEC);
	CT_CHECK(fd >= 0);
	CT_EQ(0, cr_write_all(fd, image->data, 1000));
	stays("being written");
	close(fd);
	goes();

	fd = open(CR_RESTART, O_RDWR | O_CLOEXEC);
	CT_CHECK(fd >= 0);
	CT_EQ(0, cr_write_all(fd, image->data, half));
	stays("half of it is written");
	CT_EQ(0, cr_write_all(fd, image->data + half, image->size - half - 40));
	stays("nearly all of it is written");
	close(fd);
	CT_UNTIL(ct_task_count(life->name) == -1);
	goes();
}

TEST(stays_while_needed)
{
	struct cr_guard guard;
	struct cr_image image;
	struct cr_life life;

	if (!ct_module_removable())
		SKIP(return, "there is no module to be loaded again");
	guard = cr_guard();
	life = cr_start(&plain_row);
	read_and_stay(&life, &image);
	write_and_stay(&life, &image);

	life = cr_bring_back(&life, &image, NULL);
	stays("a restored container");
	cr_finish(&life);
	goes();
	/* An image has nothing to do with the module that it was made by. */
	life = cr_bring_back(&life, &image, NULL);
	cr_finish(&life);
	goes();
	cr_image_free(&image);
	cr_guard_end(&guard);
}

/* Whoever opens it just then has it, and the module stays, or does not find it. */
static void opens(const volatile bool *stop)
{
	int fd;

	while (!*stop) {
		fd = open(CR_RESTART, O_RDWR | O_CLOEXEC);
		if (fd < 0) {
			CT_EQ(ENOENT, errno);
			continue;
		}
		CT_EQ(0, cr_write_all(fd, "options name=x\n", 15));
		CT_EQ(0, close(fd));
		usleep(100);
	}
	_exit(0);
}

TEST(opened_while_it_goes)
{
	long long end = ct_now_ms() + 20000;
	volatile bool *stop;
	pid_t child;
	int i;

	if (!ct_module_removable())
		SKIP(return, "there is no module to be loaded again");
	stop = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
		    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	CT_CHECK(stop != MAP_FAILED);
	child = fork();
	CT_CHECK(child >= 0);
	if (!child)
		opens(stop);
	/* A kernel with checkers takes half a minute for one. */
	for (i = 0; i < 10 && (i < 1 || ct_now_ms() < end); i++)
		goes();
	*stop = true;
	CT_EQ(0, ct_reap(child));
}

CR_MAIN
