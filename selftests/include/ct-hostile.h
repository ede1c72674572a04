/* SPDX-License-Identifier: GPL-2.0 */
/*
 * For tests that give wrong images to a restart: a right one, of somebody who has a
 * little of everything, and what of the host must be as it was afterwards.
 */
#ifndef CT_HOSTILE_H
#define CT_HOSTILE_H

#include "ct-image.h"
#include "ct-nest.h"

#include <dirent.h>
#include <linux/futex.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/timerfd.h>

/* -- somebody who has a little of everything -------------------------------------------- */

static volatile int thread_there;

static inline void *waits(void *arg)
{
	thread_there = 1;
	while (!cr_told())
		usleep(2000);
	return arg;
}

static inline void in_session(void *arg)
{
	(void)arg;
	CT_CHECK(setsid() > 0);
	cr_settled();
	cr_await();
}

static inline void open_things(void)
{
	struct epoll_event event = { .events = EPOLLIN };
	struct itimerspec later = { .it_value = { .tv_sec = 3600 } };
	int fd[2], watch, timer;

	CT_EQ(0, pipe(fd));
	CT_EQ(5, write(fd[1], "hello", 5));
	CT_EQ(0, socketpair(AF_UNIX, SOCK_STREAM, 0, fd));
	CT_EQ(5, write(fd[1], "hello", 5));
	watch = epoll_create1(0);
	CT_CHECK(watch >= 0);
	CT_EQ(0, epoll_ctl(watch, EPOLL_CTL_ADD, eventfd(7, 0), &event));
	timer = timerfd_create(CLOCK_MONOTONIC, 0);
	CT_EQ(0, timerfd_settime(timer, 0, &later, NULL));
	CT_CHECK(open(cr_file("file"), O_RDWR | O_CREAT, 0600) >= 0);
	CT_CHECK(open("/dev/zero", O_RDONLY) >= 0);
}

static inline void has_memory(void)
{
	char *at = mmap(NULL, 65536, PROT_READ | PROT_WRITE,
			MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	CT_CHECK(at != MAP_FAILED);
	memset(at, 7, 8192);
	at = mmap(NULL, 1 << 20, PROT_READ | PROT_WRITE,
		  MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	CT_CHECK(at != MAP_FAILED);
	memset(at + 4096, 8, 20000);
	CT_EQ(0, mprotect(at, 4096, PROT_NONE));
}

CR_SUBJECT(rich)
{
	struct sigaction act = { .sa_handler = SIG_IGN };
	pthread_t thread;
	pid_t zombie;

	open_things();
	has_memory();
	CT_EQ(0, sigaction(SIGUSR1, &act, NULL));
	ct_block(SIGUSR2);
	CT_EQ(0, raise(SIGUSR2));
	CT_EQ(0, pthread_create(&thread, NULL, waits, NULL));
	CT_UNTIL(thread_there);
	cr_gathering();
	cr_child(in_session, NULL);
	cr_gather(1);
	zombie = fork();
	if (!zombie)
		_exit(3);
	CT_UNTIL(ct_state(zombie) == 'Z');
	cr_ready();
}

/* -- nothing is left ---------------------------------------------------------------------- */

/* What a restart must not change. */
struct host {
	int processes, descriptors, containers;
};

static inline int entries(const char *path)
{
	DIR *dir = opendir(path);
	int count = 0;

	CT_CHECK(dir);
	while (readdir(dir))
		count++;
	closedir(dir);
	return count;
}

/* Without those of the kernel, which come and go. */
static inline int processes(void)
{
	DIR *dir = opendir("/proc");
	struct dirent *entry;
	char path[300];
	int count = 0;

	CT_CHECK(dir);
	while ((entry = readdir(dir))) {
		if (entry->d_name[0] < '1' || entry->d_name[0] > '9')
			continue;
		snprintf(path, sizeof(path), "/proc/%s/stat", entry->d_name);
		count += ct_stat_field(path, 4) != 2;
	}
	closedir(dir);
	return count;
}

static inline struct host host_now(void)
{
	struct host host = {
		.processes = processes(),
		.descriptors = entries("/proc/self/fd"),
		.containers = entries(CT_FILE),
	};

	return host;
}

static inline bool same_host(struct host then)
{
	struct host now = host_now();

	return !memcmp(&then, &now, sizeof(now));
}

/* The same at less cost: what there would be for us alone. */
static inline bool same_for_us(struct host then)
{
	return entries("/proc/self/fd") == then.descriptors &&
	       entries(CT_FILE) == then.containers &&
	       waitpid(-1, NULL, __WALL | WNOHANG) == -1 && errno == ECHILD;
}

/* -- one attempt --------------------------------------------------------------------------- */

static char name[CT_NAME_MAX + 1];

/* 0 or -errno; a container that comes of it is ended at once. */
static inline int attempt(const struct cr_image *image, char *why, size_t size)
{
	int ret = cr_restart(image, name, why, size), status;
	pid_t pid;

	if (ret)
		return ret;
	/* It may have ended by itself: its registers may be anything. */
	ct_kill_container(name, "KILL");
	pid = waitpid(-1, &status, __WALL);
	CT_CHECK(pid > 0);
	CT_UNTIL(ct_task_count(name) == -1);
	return 0;
}

static inline void take_image(int fd)
{
	struct cr_guard guard = cr_guard();
	struct cr_life life = cr_start(&rich_row);
	struct cr_image image = cr_take(&life);

	cr_end(&life);
	CT_EQ(0, cr_write_all(fd, cr_dir, sizeof(cr_dir)));
	CT_EQ(0, cr_write_all(fd, image.data, image.size));
	/* The files have to stay. */
	CT_EQ(0, kill(guard.pid, SIGKILL));
	CT_EQ(128 + SIGKILL, ct_reap(guard.pid));
	_exit(0);
}

/* By somebody else: the tests wait for all children that there may be. */
static inline struct cr_image rich_image(void)
{
	struct cr_image image = { 0 };
	ssize_t ret;
	int fd[2];
	pid_t pid;

	ct_unique_name(name);
	CT_EQ(0, pipe2(fd, O_CLOEXEC));
	pid = fork();
	CT_CHECK(pid >= 0);
	if (!pid)
		take_image(fd[1]);
	close(fd[1]);
	if (read(fd[0], cr_dir, sizeof(cr_dir)) != sizeof(cr_dir))
		CT_FAIL("there is no image");
	do {
		image.data = realloc(image.data, image.size + CR_PIECE);
		CT_CHECK(image.data);
		ret = read(fd[0], image.data + image.size, CR_PIECE);
		CT_CHECK(ret >= 0);
		image.size += ret;
	} while (ret);
	close(fd[0]);
	CT_EQ(0, ct_reap(pid));
	return image;
}

FIXTURE(image) {
	struct cr_image image;
	struct host host;
};

FIXTURE_SETUP(image)
{
	char why[512];

	if (!ct_module_loaded())
		SKIP(return, "the module is not loaded");
	self->image = rich_image();
	self->host = host_now();
	/* As it is it is good. */
	if (attempt(&self->image, why, sizeof(why)))
		CT_FAIL("the image itself: %s", why);
	CT_UNTIL(same_host(self->host));
}

FIXTURE_TEARDOWN(image)
{
	if (self->image.data)
		nftw(cr_dir, cr_remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

/* END counts the records, and does so again. */
static inline void count_records(struct cr_records *all)
{
	struct container_image_end *end;

	if (!all->count || all->record[all->count - 1].rec.type !=
	    CONTAINER_IMAGE_END)
		return;
	end = (void *)all->record[all->count - 1].payload;
	end->records = all->count - 1;
	all->record[all->count - 1].summed = false;
}

#endif
