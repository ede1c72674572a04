// SPDX-License-Identifier: GPL-2.0
/* modes: host */
/* timeout: 900 */
/*
 * Images that somebody has cut, damaged or forged: a restart gives an error and
 * leaves nothing behind, or it gives a container that can be killed.
 *
 * How many are forged: CR_MUTATIONS (300), from CR_SEED (1) on.  For many of them
 * outside of the test runner:
 *
 *	tools/vm/run --kernel debug --timeout 0 --in build/selftests -- sh -c \
 *	'CR_MUTATIONS=100000 /in/checkpoint/hostile'
 */
#include "ct-image.h"
#include "ct-nest.h"

#include <dirent.h>
#include <linux/futex.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/timerfd.h>

#define MUTATIONS 300

/* -- somebody who has a little of everything -------------------------------------------- */

static volatile int thread_there;

static void *waits(void *arg)
{
	thread_there = 1;
	while (!cr_told())
		usleep(2000);
	return arg;
}

static void in_session(void *arg)
{
	(void)arg;
	CT_CHECK(setsid() > 0);
	cr_settled();
	cr_await();
}

static void open_things(void)
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

static void has_memory(void)
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

static int entries(const char *path)
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
static int processes(void)
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

static struct host host_now(void)
{
	struct host host = {
		.processes = processes(),
		.descriptors = entries("/proc/self/fd"),
		.containers = entries(CT_FILE),
	};

	return host;
}

static bool same_host(struct host then)
{
	struct host now = host_now();

	return !memcmp(&then, &now, sizeof(now));
}

/* The same at less cost: what there would be for us alone. */
static bool same_for_us(struct host then)
{
	return entries("/proc/self/fd") == then.descriptors &&
	       entries(CT_FILE) == then.containers &&
	       waitpid(-1, NULL, __WALL | WNOHANG) == -1 && errno == ECHILD;
}

/* -- one attempt --------------------------------------------------------------------------- */

static char name[CT_NAME_MAX + 1];

/* 0 or -errno; a container that comes of it is ended at once. */
static int attempt(const struct cr_image *image, char *why, size_t size)
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

/* An error, with a sentence of one line, and nothing is left. */
static void refused(const struct cr_image *image, struct host host,
		    const char *what, size_t where)
{
	char why[512];
	int ret = attempt(image, why, sizeof(why));

	if (!ret)
		CT_FAIL("%s at %zu is not noticed", what, where);
	if (ret != -EINVAL && ret != -EOPNOTSUPP && ret != -ENOMEM &&
	    ret != -EBADMSG && ret != -ENODATA)
		CT_FAIL("%s at %zu: %s (%s)", what, where, strerror(-ret), why);
	if (strlen(why) < 2 || strchr(why, '\n') != why + strlen(why) - 1)
		CT_FAIL("%s at %zu: no sentence: '%s'", what, where, why);
	CT_UNTIL(same_for_us(host));
}

static void take_image(int fd)
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
static struct cr_image rich_image(void)
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

/* -- cut ------------------------------------------------------------------------------------- */

static void cut(const struct cr_image *image, size_t size, struct host host)
{
	int fd = open(CR_RESTART, O_RDWR | O_CLOEXEC);

	CT_CHECK(fd >= 0);
	CT_EQ(0, cr_write_all(fd, image->data, size));
	if (size)
		CT_ERRNO(ENODATA, close(fd));
	else
		CT_EQ(0, close(fd));
	CT_UNTIL(same_for_us(host));
}

TEST_F_TIMEOUT(image, cut_between_records, 600)
{
	struct cr_records all = cr_take_apart(&self->image);
	size_t i, at = 0;

	for (i = 0; i < all.count; i++) {
		cut(&self->image, at, self->host);
		/* In the middle of every fourth. */
		if (i % 4 == 0)
			cut(&self->image, at + 9, self->host);
		at += cr_record_size(all.record[i].rec.length);
	}
	cut(&self->image, self->image.size - 1, self->host);
}

/* -- damaged ------------------------------------------------------------------------------------ */

static void damage(struct cr_image *image, size_t at, int bit, struct host host)
{
	image->data[at] ^= 1 << bit;
	refused(image, host, "a bit that is not right", at);
	image->data[at] ^= 1 << bit;
}

/* A bit of every part of every record. */
TEST_F_TIMEOUT(image, bits, 600)
{
	struct cr_records all = cr_take_apart(&self->image);
	size_t i, at = 0;

	for (i = 0; i < all.count; i++) {
		uint64_t length = all.record[i].rec.length;
		size_t size = cr_record_size(length);

		damage(&self->image, at + i % 24, i % 8, self->host);
		if (length)
			damage(&self->image, at + 24 + i * 7919 % length, i % 8,
			       self->host);
		damage(&self->image, at + size - 1 - i % 8, i % 8, self->host);
		at += size;
	}
}

/* -- forged: what is wrong has a right sum ---------------------------------------------------------- */

static void without(struct cr_records *all, size_t at, struct host host)
{
	struct cr_image image;

	cr_delete(all, at);
	image = cr_put_together(all);
	refused(&image, host, "a record that is missing", at);
	cr_image_free(&image);
}

/* END counts the records, so all are missed; without END it is one cut off. */
TEST_F_TIMEOUT(image, missing, 600)
{
	struct cr_records all = cr_take_apart(&self->image);
	size_t i, count = all.count;

	for (i = 0; i + 1 < count; i++) {
		without(&all, i, self->host);
		cr_records_free(&all);
		all = cr_take_apart(&self->image);
	}
}

static void count_records(struct cr_records *all)
{
	struct container_image_end *end;

	if (!all->count || all->record[all->count - 1].rec.type !=
	    CONTAINER_IMAGE_END)
		return;
	end = (void *)all->record[all->count - 1].payload;
	end->records = all->count - 1;
}

TEST_F(image, unknown)
{
	struct container_image_record rec = {
		.type = CONTAINER_IMAGE_TYPE('?', '?', '?', '?'), .length = 5,
	};
	struct cr_records all = cr_take_apart(&self->image);
	struct cr_image image;
	char why[512];

	cr_insert(&all, 1, &rec, "12345");
	count_records(&all);
	image = cr_put_together(&all);
	CT_EQ(-EOPNOTSUPP, attempt(&image, why, sizeof(why)));
	/* It is named. */
	CT_CHECK(strstr(why, "????"));
	cr_image_free(&image);
	/* One that may be left out is. */
	all.record[1].rec.flags = CONTAINER_IMAGE_OPTIONAL;
	image = cr_put_together(&all);
	if (attempt(&image, why, sizeof(why)))
		CT_FAIL("an optional record: %s", why);
	CT_UNTIL(same_host(self->host));
}

/* A sequence of numbers that depends on nothing but where it begins. */
static uint64_t seed;

static uint64_t any(uint64_t below)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return seed % below;
}

static uint64_t odd_number(void)
{
	static const uint64_t numbers[] = {
		0, 1, 2, 3, 7, 8, 63, 64, 65, 255, 256, 4095, 4096, 4097, 65535,
		65536, 0x7fffffff, 0x80000000, 0xffffffff, 1UL << 32,
		0x00007ffffffff000, 0x0000800000000000, 0xffffffff81000000,
		0x7fffffffffffffff, 0x8000000000000000, 0xffffffffffffffff,
		0xfffffffffffff000,
	};

	return numbers[any(sizeof(numbers) / sizeof(*numbers))];
}

/* What is in memory is nobody's business: a record of it only now and then. */
static size_t any_record(const struct cr_records *all)
{
	size_t at, tries;

	for (tries = 0; tries < 20; tries++) {
		at = any(all->count);
		if (all->record[at].rec.length < 4096 || !any(50))
			break;
	}
	return at;
}

static void change_payload(struct cr_record *record)
{
	uint64_t length = record->rec.length, number = odd_number(), at;
	size_t size = 1 << any(4);

	if (!length)
		return;
	if (size > length)
		size = 1;
	at = any(length);
	/* The beginning has what counts. */
	if (any(2))
		at = any(length < 256 ? length : 256);
	at -= at % size;
	if (at + size > length)
		at = length - size;
	if (!any(3))
		record->payload[at] ^= 1 << any(8);
	else
		memcpy(record->payload + at, &number, size);
}

static void change_length(struct cr_record *record)
{
	uint64_t length = any(4) ? any(record->rec.length + 1) :
				   record->rec.length + 8 * (1 + any(100));
	unsigned char *payload = calloc(1, cr_padded(length) + 8);

	CT_CHECK(payload);
	memcpy(payload, record->payload,
	       length < record->rec.length ? length : record->rec.length);
	free(record->payload);
	record->payload = payload;
	record->rec.length = length;
}

static void mutate(struct cr_records *all)
{
	size_t at = any_record(all), other = any_record(all);
	struct cr_record record = all->record[at];

	switch (any(12)) {
	case 0:
		if (all->count > 2)
			cr_delete(all, at);
		break;
	case 1:
		cr_insert(all, other, &record.rec, record.payload);
		break;
	case 2:
		all->record[at] = all->record[other];
		all->record[other] = record;
		break;
	case 3:
		all->record[at].rec.id = any(2) ? odd_number() : any(12);
		break;
	case 4:
		all->record[at].rec.type = all->record[other].rec.type;
		break;
	case 5:
		change_length(&all->record[at]);
		break;
	default:
		change_payload(&all->record[at]);
		break;
	}
	count_records(all);
}

static long number_from(const char *key, long other)
{
	const char *text = getenv(key);

	return text ? atol(text) : other;
}

static int forge(const struct cr_image *from, char *why, size_t size)
{
	struct cr_records all = cr_take_apart(from);
	struct cr_image image;
	int ret, times;

	for (times = 1 + any(3); times; times--)
		mutate(&all);
	image = cr_put_together(&all);
	ret = attempt(&image, why, size);
	cr_image_free(&image);
	cr_records_free(&all);
	return ret;
}

/* One that upsets the kernel can be had again: CR_SEED is its number. */
TEST_F_TIMEOUT(image, forged, 1000000)
{
	long mutations = number_from("CR_MUTATIONS", MUTATIONS), i, good = 0;
	long first = number_from("CR_SEED", 1);
	long long end;
	char why[512];
	int ret;

	for (i = first; i < first + mutations; i++) {
		seed = i * 0x9e3779b97f4a7c15;
		ret = forge(&self->image, why, sizeof(why));
		good += !ret;
		if (ret && strlen(why) < 2)
			CT_FAIL("seed %ld: %s without a sentence", i,
				strerror(-ret));
		end = ct_now_ms() + CT_PATIENCE_MS;
		while (!same_for_us(self->host) ||
		       (i % 50 == 0 && !same_host(self->host))) {
			if (ct_now_ms() > end)
				CT_FAIL("seed %ld leaves something behind: %s", i,
					why);
			usleep(500);
		}
		if (i % 1000 == 0)
			dprintf(1, "# %ld images forged\n", i);
	}
	CT_UNTIL(same_host(self->host));
	dprintf(1, "# of %ld forged images %ld were restored\n", mutations, good);
}

CR_MAIN
