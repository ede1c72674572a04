// SPDX-License-Identifier: GPL-2.0
/* modes: host */
/* timeout: 300 */
/*
 * Images that are moved by splice(2): the pages of a snapshot go into a pipe, and
 * what is in a pipe goes into the pages of a restart.
 */
#include "ct-image.h"
#include "ct-nest.h"
#include "ct-word.h"

#include <container/image_mm.h>
#include <fcntl.h>

#define SIZE		(4UL << 20)
#define PIPE_SIZE	(1 << 20)
#define PIPES		8
#define END_SIZE	(sizeof(struct container_image_record) +		\
			 sizeof(struct container_image_end) +			\
			 sizeof(struct container_image_tail))

/* -- who has memory, and writes to all of it when told so -------------------------- */

static void invert(char *at)
{
	unsigned long *p = (unsigned long *)at, *end = (unsigned long *)(at + SIZE);

	for (; p < end; p++)
		*p = ~*p;
}

CR_SUBJECT(holder)
{
	char *p = in_halves(SIZE);

	fill(p, SIZE);
	cr_announce();
	while (!cr_told()) {
		if (word.order) {
			invert(p);
			word_kept();
		}
		usleep(1000);
	}
	if (word.done)
		invert(p);
	is_filled(p, SIZE);
}

/* -- one for each test ------------------------------------------------------------- */

FIXTURE(moved) {
	struct cr_guard guard;
	struct cr_life life;
	char path[128];
};

FIXTURE_SETUP(moved)
{
	if (!ct_module_loaded())
		SKIP(return, "the module is not loaded");
	self->guard = cr_guard();
	self->life = cr_start(&holder_row);
	ct_path(self->path, sizeof(self->path), self->life.name, "checkpoint");
}

FIXTURE_TEARDOWN(moved)
{
	if (self->life.pid)
		cr_finish(&self->life);
	if (self->guard.pid)
		cr_guard_end(&self->guard);
}

struct pipe {
	int out, in;
};

static struct pipe make_pipe(void)
{
	struct pipe pipe;
	int fd[2];

	CT_EQ(0, pipe2(fd, O_CLOEXEC));
	pipe.out = fd[0];
	pipe.in = fd[1];
	CT_CHECK(fcntl(pipe.in, F_SETPIPE_SZ, PIPE_SIZE) >= PIPE_SIZE);
	return pipe;
}

static void close_pipe(struct pipe *pipe)
{
	close(pipe->out);
	close(pipe->in);
}

static char *room_for(struct cr_image *image, size_t more)
{
	if (image->size + more > image->room) {
		image->room = 2 * image->room + more;
		image->data = realloc(image->data, image->room);
		CT_CHECK(image->data);
	}
	return image->data + image->size;
}

static void read_pipe(int fd, struct cr_image *image, size_t size)
{
	char *at = room_for(image, size);
	ssize_t n;

	for (image->size += size; size; size -= n, at += n) {
		n = read(fd, at, size);
		CT_CHECK(n > 0);
	}
}

static size_t odd_size(unsigned int i)
{
	static const size_t sizes[] = {
		1, 7, 4096, 5001, 65536, 13, 300007, 48, 4095, 2080, 131072,
	};

	return sizes[i % ARRAY_SIZE(sizes)];
}

/* Every third piece by read(2); with the last record alone, if that is moved. */
static void take_mixed(int fd, struct cr_image *image)
{
	struct pipe pipe = make_pipe();
	unsigned int i;
	ssize_t n = 1;

	memset(image, 0, sizeof(*image));
	image->before = ct_now_ms();
	for (i = 0; i < 4 || n > 0; i++) {
		if (i % 3 == 0) {
			n = read(fd, room_for(image, odd_size(i)), odd_size(i));
			image->size += n > 0 ? n : 0;
		} else {
			n = splice(fd, NULL, pipe.in, NULL, odd_size(i), 0);
			if (n > 0)
				read_pipe(pipe.out, image, n);
		}
		CT_CHECK(n >= 0);
	}
	image->after = ct_now_ms();
	close_pipe(&pipe);
}

/* Every third piece by write(2). */
static void give_mixed(int fd, const struct cr_image *image)
{
	struct pipe pipe = make_pipe();
	size_t done = 0, size;
	unsigned int i;
	ssize_t n;

	for (i = 0; done < image->size; i++) {
		size = odd_size(i);
		if (size > image->size - done)
			size = image->size - done;
		if (i % 3 == 0) {
			CT_EQ(size, write(fd, image->data + done, size));
			done += size;
			continue;
		}
		CT_EQ(size, write(pipe.in, image->data + done, size));
		for (done += size; size; size -= n) {
			n = splice(pipe.out, NULL, fd, NULL, size, 0);
			CT_CHECK(n > 0);
		}
	}
	close_pipe(&pipe);
}

TEST_F(moved, in_odd_pieces)
{
	int fd = open(self->path, O_RDONLY | O_CLOEXEC);
	struct cr_image image;

	CT_CHECK(fd >= 0);
	take_mixed(fd, &image);
	close(fd);
	CT_STREQ("complete", ct_status_text(self->life.name, "checkpoint"));
	cr_end(&self->life);
	fd = open(CR_RESTART, O_RDWR | O_CLOEXEC);
	CT_CHECK(fd >= 0);
	give_mixed(fd, &image);
	CT_EQ(0, fsync(fd));
	/* Nothing behind the end is nothing. */
	CT_EQ(0, write(fd, "", 0));
	CT_EQ(0, close(fd));
	self->life.pid = cr_first(self->life.name);
	CT_CHECK(self->life.pid > 0);
	cr_image_free(&image);
}

/*
 * All of the image is in pipes when the program writes to all of its memory.
 * @closed: and nobody else has those pages any more.
 */
static void stays(struct cr_life *life, const char *path, bool closed)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC), i;
	struct cr_image image = { .before = ct_now_ms() };
	struct pipe pipe[PIPES];
	size_t size[PIPES] = { 0 };
	ssize_t n = 1;

	CT_CHECK(fd >= 0);
	for (i = 0; i < PIPES; i++) {
		pipe[i] = make_pipe();
		while ((n = splice(fd, NULL, pipe[i].in, NULL, PIPE_SIZE,
				   SPLICE_F_NONBLOCK)) > 0)
			size[i] += n;
		CT_CHECK(!n || errno == EAGAIN);
	}
	CT_EQ(0, n);
	image.after = ct_now_ms();
	if (closed)
		close(fd);
	let_it_write(life);
	for (i = 0; i < PIPES; i++) {
		read_pipe(pipe[i].out, &image, size[i]);
		close_pipe(&pipe[i]);
	}
	if (!closed)
		close(fd);
	CT_CHECK(image.size > SIZE);
	cr_finish(life);
	*life = cr_bring_back(life, &image, NULL);
	CT_EQ(0, word_of(life).done);
	cr_image_free(&image);
}

TEST_F(moved, stays_as_it_was)
{
	stays(&self->life, self->path, false);
}

TEST_F(moved, stays_without_the_snapshot)
{
	stays(&self->life, self->path, true);
}

TEST_F(moved, a_pipe_that_is_dropped)
{
	int fd = open(self->path, O_RDONLY | O_CLOEXEC);
	struct pipe pipe = make_pipe();

	CT_CHECK(fd >= 0);
	CT_CHECK(splice(fd, NULL, pipe.in, NULL, PIPE_SIZE, 0) > 0);
	close(fd);
	let_it_write(&self->life);
	close_pipe(&pipe);
}

/* -- nothing is lost ---------------------------------------------------------------- */

TEST_F(moved, not_before_it_is_taken)
{
	int fd = open(self->path, O_RDWR | O_CLOEXEC);
	struct pipe pipe = make_pipe();

	CT_CHECK(fd >= 0);
	CT_ERRNO(EINVAL, splice(fd, NULL, pipe.in, NULL, PIPE_SIZE, 0));
	CT_EQ(0, read(fd, NULL, 0));
	CT_CHECK(splice(fd, NULL, pipe.in, NULL, PIPE_SIZE, 0) > 0);
	close(fd);
	close_pipe(&pipe);
}

TEST_F(moved, after_errors)
{
	int fd = open(self->path, O_RDONLY | O_CLOEXEC);
	struct cr_image image = { 0 }, rest;
	struct pipe pipe = make_pipe();
	size_t size = 0;
	ssize_t n;

	CT_CHECK(fd >= 0);
	while ((n = splice(fd, NULL, pipe.in, NULL, 100000, SPLICE_F_NONBLOCK)) > 0)
		size += n;
	CT_EQ(-1, n);
	CT_EQ(EAGAIN, errno);
	read_pipe(pipe.out, &image, size);
	close(pipe.out);
	signal(SIGPIPE, SIG_IGN);
	CT_ERRNO(EPIPE, splice(fd, NULL, pipe.in, NULL, PIPE_SIZE, 0));
	close(pipe.in);
	take_mixed(fd, &rest);
	close(fd);
	memcpy(room_for(&image, rest.size), rest.data, rest.size);
	image.size += rest.size;
	image.before = rest.before;
	image.after = rest.after;
	cr_end(&self->life);
	self->life = cr_bring_back(&self->life, &image, NULL);
	cr_image_free(&image);
	cr_image_free(&rest);
}

/* Who moves it sees that the end has come, before that ends the program. */
TEST_F(moved, the_end_comes_alone)
{
	int fd = open(self->path, O_RDWR | O_CLOEXEC);
	struct cr_image image = { .before = ct_now_ms() };
	struct container_image_record rec = { 0 };
	struct pipe pipe = make_pipe();
	ssize_t n;

	CT_CHECK(fd >= 0);
	CT_EQ(4, write(fd, "kill", 4));
	CT_EQ(0, read(fd, NULL, 0));
	while (rec.type != CONTAINER_IMAGE_END) {
		n = splice(fd, NULL, pipe.in, NULL, PIPE_SIZE, 0);
		CT_CHECK(n > 0);
		read_pipe(pipe.out, &image, n);
		if (n == END_SIZE)
			memcpy(&rec, image.data + image.size - n, sizeof(rec));
	}
	image.after = ct_now_ms();
	CT_STREQ("running", ct_status_text(self->life.name, "checkpoint"));
	CT_EQ(0, splice(fd, NULL, pipe.in, NULL, PIPE_SIZE, 0));
	CT_STREQ("running", ct_status_text(self->life.name, "checkpoint"));
	close(fd);
	CT_EQ(128 + SIGKILL, cr_reap(&self->life));
	CT_UNTIL(ct_task_count(self->life.name) == -1);
	self->life = cr_bring_back(&self->life, &image, NULL);
	cr_image_free(&image);
	close_pipe(&pipe);
}

/* Only the end that is seen ends it. */
TEST_F(moved, no_end_no_kill)
{
	int fd = open(self->path, O_RDWR | O_CLOEXEC);
	struct pipe pipe = make_pipe();
	struct cr_image image = { 0 };
	ssize_t n;

	CT_CHECK(fd >= 0);
	CT_EQ(4, write(fd, "kill", 4));
	CT_EQ(0, read(fd, NULL, 0));
	do {
		n = splice(fd, NULL, pipe.in, NULL, PIPE_SIZE, 0);
		CT_CHECK(n > 0);
		read_pipe(pipe.out, &image, n);
	} while (n != END_SIZE);
	close(fd);
	CT_STREQ("incomplete", ct_status_text(self->life.name, "checkpoint"));
	let_it_write(&self->life);
	cr_image_free(&image);
	close_pipe(&pipe);
}

/* -- what is not right --------------------------------------------------------------- */

/* -errno, with a sentence. */
static int move_in(const struct cr_image *image, size_t size, char *why, size_t len)
{
	int fd = open(CR_RESTART, O_RDWR | O_CLOEXEC), ret = 0;
	struct pipe pipe = make_pipe();
	size_t done, n;
	ssize_t got;

	CT_CHECK(fd >= 0);
	CT_ERRNO(EAGAIN, splice(pipe.out, NULL, fd, NULL, PIPE_SIZE, SPLICE_F_NONBLOCK));
	for (done = 0; done < size && !ret; done += n) {
		n = size - done < PIPE_SIZE ? size - done : PIPE_SIZE;
		CT_EQ(n, write(pipe.in, image->data + done, n));
		got = splice(pipe.out, NULL, fd, NULL, n, 0);
		ret = got < 0 ? -errno : 0;
		CT_CHECK(ret || (size_t)got == n);
	}
	got = read(fd, why, len - 1);
	why[got > 0 ? got : 0] = 0;
	if (!ret && fsync(fd))
		ret = -errno;
	CT_EQ(ret == -ENODATA ? -1 : 0, close(fd));
	close_pipe(&pipe);
	return ret;
}

static size_t first_pages(const struct cr_image *image)
{
	const struct container_image_record *rec;
	size_t at = 0;

	for (;; at += cr_record_size(rec->length)) {
		rec = (const void *)(image->data + at);
		CT_CHECK(at < image->size);
		if (rec->type == CONTAINER_IMAGE_PAGES)
			return at;
	}
}

TEST_F(moved, what_is_not_right)
{
	struct cr_image image = cr_take(&self->life);
	size_t pages = first_pages(&image), i;
	/* Of the record: a checksum, how many pages, an address, a page. */
	static const size_t bad[] = { 12, 24, 34, 24 + 8 + 256 * 8 + 5000 };
	char why[512];

	cr_end(&self->life);
	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		image.data[pages + bad[i]] ^= 16;
		CT_EQ(-EINVAL, move_in(&image, image.size, why, sizeof(why)));
		CT_CHECK(strstr(why, "checksum"));
		CT_UNTIL(ct_task_count(self->life.name) == -1);
		image.data[pages + bad[i]] ^= 16;
	}
	CT_EQ(-ENODATA, move_in(&image, pages + 10000, why, sizeof(why)));
	CT_EQ(-ENODATA, move_in(&image, image.size - 1, why, sizeof(why)));
	CT_UNTIL(ct_task_count(self->life.name) == -1);
	self->life = cr_bring_back(&self->life, &image, NULL);
	cr_image_free(&image);
}

/* -- nothing stays -------------------------------------------------------------------- */

/* Of all programs, and what nobody has any more. */
static long anonymous_kb(void)
{
	long sum = 0, kb;
	char line[128];
	FILE *f = fopen("/proc/meminfo", "re");

	CT_CHECK(f);
	while (fgets(line, sizeof(line), f))
		if (sscanf(line, "Active(anon): %ld", &kb) == 1 ||
		    sscanf(line, "Inactive(anon): %ld", &kb) == 1)
			sum += kb;
	fclose(f);
	CT_CHECK(sum > 0);
	return sum;
}

static void save_and_bring_back(void)
{
	struct cr_life life = cr_start(&holder_row);
	struct cr_image image;
	char path[128];
	int fd;

	ct_path(path, sizeof(path), life.name, "checkpoint");
	fd = open(path, O_RDONLY | O_CLOEXEC);
	CT_CHECK(fd >= 0);
	take_mixed(fd, &image);
	close(fd);
	cr_end(&life);
	life = cr_bring_back(&life, &image, NULL);
	cr_image_free(&image);
	cr_end(&life);
}

/* Each round would cost as much as the program has. */
TEST(no_page_is_left)
{
	enum { ROUNDS = 4 };
	struct cr_guard guard;
	long before;
	int i;

	if (!ct_module_loaded())
		SKIP(return, "the module is not loaded");
	guard = cr_guard();
	save_and_bring_back();
	before = anonymous_kb();
	for (i = 0; i < ROUNDS; i++)
		save_and_bring_back();
	CT_UNTIL(anonymous_kb() < before + (long)(ROUNDS * SIZE / 2 >> 10));
	cr_guard_end(&guard);
}

CR_MAIN
