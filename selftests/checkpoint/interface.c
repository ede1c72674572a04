// SPDX-License-Identifier: GPL-2.0
/* modes: host */
/* timeout: 600 */
/*
 * The files of checkpoint and restart: who may use them, in which order, what
 * happens to those who stop in the middle, and what their errors say.
 */
#include "ct-checkpoint.h"
#include "ct-nest.h"

#include <libgen.h>
#include <sys/prctl.h>

/* -- subjects ----------------------------------------------------------------------- */

CR_SUBJECT(plain)
{
	cr_ready();
}

CR_SUBJECT(status_of_42)
{
	cr_ready();
	_exit(42);
}

/* Counts as long as it runs, in process 1 and in another. */
struct ticks {
	unsigned long first, second;
};

static volatile struct ticks ticks;

static void counts(void *arg)
{
	(void)arg;
	while (!cr_told()) {
		ticks.second++;
		usleep(500);
	}
}

CR_SUBJECT(ticking)
{
	pid_t child = cr_child(counts, NULL);

	cr_announce();
	while (!cr_told()) {
		ticks.first++;
		usleep(500);
	}
	CT_EQ(0, ct_reap(child));
}

/* Memory to be saved that does not fit into any buffer on the way. */
#define BIG	(24UL << 20)
#define PAGES	(BIG / 4096)

static unsigned long word_of(unsigned long page)
{
	return page * 0x9e3779b97f4a7c15UL + 1;
}

static volatile unsigned long *big_memory(void)
{
	volatile unsigned long *at = mmap(NULL, BIG, PROT_READ | PROT_WRITE,
					  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	unsigned long page;

	CT_CHECK(at != MAP_FAILED);
	for (page = 0; page < PAGES; page++)
		at[page * 512] = word_of(page);
	return at;
}

static void same_memory(volatile unsigned long *at, const char *who)
{
	unsigned long page;

	for (page = 0; page < PAGES; page++)
		if (at[page * 512] != word_of(page))
			CT_FAIL("%s: page %lu has %#lx", who, page, at[page * 512]);
}

CR_SUBJECT(big)
{
	volatile unsigned long *at = big_memory();

	cr_ready();
	same_memory(at, "big");
}

/* While it is saved it forks, maps, unmaps and ends processes all the time. */
static void changes_all(void *arg)
{
	volatile unsigned long *at = arg, page;

	for (page = 0; page < PAGES; page += 7)
		at[page * 512] = 0;
	CT_EQ(0, munmap((void *)(at + PAGES / 2 * 512), BIG / 2));
}

CR_SUBJECT(stormy)
{
	volatile unsigned long *at = big_memory();

	cr_announce();
	while (!cr_told()) {
		pid_t child = cr_child(changes_all, (void *)at);

		CT_EQ(0, ct_reap(child));
		ticks.first++;
	}
	same_memory(at, "stormy");
}

static struct ticks ticks_of(const struct cr_life *life)
{
	struct ticks now;
	struct iovec here = { &now, sizeof(now) };
	struct iovec there = { (void *)&ticks, sizeof(ticks) };

	CT_EQ(sizeof(now), process_vm_readv(life->pid, &here, 1, &there, 1, 0));
	return now;
}

static void it_runs(const struct cr_life *life)
{
	unsigned long then = ticks_of(life).first;

	CT_UNTIL(ticks_of(life).first > then + 2);
}

/* An address where nothing is; the compiler must not know. */
static void *nowhere(void)
{
	void *volatile at = (void *)8;

	return at;
}

/* -- one subject for each test ---------------------------------------------------------- */

FIXTURE(subject) {
	struct cr_guard guard;
	struct cr_life life;
	char path[128], why[512];
};

FIXTURE_SETUP(subject)
{
	if (!ct_module_loaded())
		SKIP(return, "the module is not loaded");
	self->guard = cr_guard();
	self->life = cr_start(&ticking_row);
	ct_path(self->path, sizeof(self->path), self->life.name, "checkpoint");
}

FIXTURE_TEARDOWN(subject)
{
	if (self->life.pid)
		cr_finish(&self->life);
	if (self->guard.pid)
		cr_guard_end(&self->guard);
}

static int open_image(const char *path, const char *option)
{
	int fd = open(path, (option ? O_RDWR : O_RDONLY) | O_CLOEXEC);

	CT_CHECK(fd >= 0);
	if (option)
		CT_EQ(strlen(option), write(fd, option, strlen(option)));
	return fd;
}

/* Until the end; how much. */
static long drain(int fd)
{
	static char buf[CR_PIECE];
	long total = 0;
	ssize_t ret;

	while ((ret = read(fd, buf, sizeof(buf))) > 0)
		total += ret;
	CT_EQ(0, ret);
	return total;
}

TEST_F(subject, one_at_a_time)
{
	char byte;
	int fd, other;

	fd = open_image(self->path, NULL);
	CT_ERRNO(EBUSY, open(self->path, O_RDONLY));
	CT_EQ(1, read(fd, &byte, 1));
	CT_ERRNO(EBUSY, open(self->path, O_RDONLY));
	/* To say how comes before it is begun. */
	other = open_image(self->path, "stop");
	CT_ERRNO(EBUSY, read(other, &byte, 1));
	close(other);
	it_runs(&self->life);
	drain(fd);
	CT_ERRNO(EBUSY, open(self->path, O_RDONLY));
	close(fd);
	fd = open_image(self->path, NULL);
	close(fd);
}

TEST_F(subject, closed_early)
{
	char buf[1000];
	int fd, i;

	for (i = 0; i < 20; i++) {
		fd = open_image(self->path, NULL);
		if (i % 3)
			CT_EQ(i * 40, read(fd, buf, i * 40));
		close(fd);
		CT_STREQ("incomplete",
			 ct_status_text(self->life.name, "checkpoint"));
		it_runs(&self->life);
	}
	/* Not killed either. */
	fd = open_image(self->path, "kill");
	CT_EQ(1000, read(fd, buf, 1000));
	close(fd);
	it_runs(&self->life);
}

TEST_F(subject, stop)
{
	struct ticks then, now;
	int fd;

	fd = open_image(self->path, "stop\n");
	it_runs(&self->life);
	CT_CHECK(drain(fd) > 4096);
	then = ticks_of(&self->life);
	usleep(50000);
	now = ticks_of(&self->life);
	CT_EQ(then.first, now.first);
	CT_EQ(then.second, now.second);
	close(fd);
	it_runs(&self->life);
}

TEST_F(subject, stop_and_killed)
{
	int fd = open_image(self->path, "stop");

	drain(fd);
	cr_end(&self->life);
	close(fd);
	self->life.pid = 0;
}

TEST_F(subject, kill_when_read)
{
	struct cr_image image;

	CT_EQ(0, cr_save(self->life.name, "kill", &image));
	CT_EQ(128 + SIGKILL, cr_reap(&self->life));
	CT_UNTIL(ct_task_count(self->life.name) == -1);
	self->life = cr_bring_back(&self->life, &image, NULL);
	it_runs(&self->life);
	cr_image_free(&image);
}

TEST_F(subject, options)
{
	static const char * const bad[] = {
		"stopp", "stop,kill", "-", "kill stop x",
		"stop                                                             ",
	};
	size_t i;
	char c;
	int fd;

	fd = open(self->path, O_RDWR);
	CT_CHECK(fd >= 0);
	for (i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		CT_ERRNO(EINVAL, write(fd, bad[i], strlen(bad[i])));
	CT_ERRNO(EFAULT, write(fd, nowhere(), 4));
	CT_EQ(4, write(fd, "stop", 4));
	/* The last ones count. */
	CT_EQ(1, write(fd, "\n", 1));
	CT_EQ(1, read(fd, &c, 1));
	CT_ERRNO(EBUSY, write(fd, "stop", 4));
	it_runs(&self->life);
	close(fd);
	fd = open(self->path, O_RDONLY);
	CT_ERRNO(EBADF, write(fd, "stop", 4));
	close(fd);
	CT_EQ(4, write(open(self->path, O_WRONLY), "stop", 4));
}

TEST_F(subject, is_a_stream)
{
	int fd = open_image(self->path, NULL);
	char c;

	CT_ERRNO(ESPIPE, lseek(fd, 0, SEEK_SET));
	CT_ERRNO(ESPIPE, pread(fd, &c, 1, 0));
	CT_ERRNO(EFAULT, read(fd, nowhere(), 4096));
	CT_EQ(0, read(fd, &c, 0));
	close(fd);
	fd = open(CR_RESTART, O_RDWR);
	CT_ERRNO(ESPIPE, lseek(fd, 0, SEEK_SET));
	CT_ERRNO(ESPIPE, pwrite(fd, "", 1, 0));
	close(fd);
}

/* What EFAULT did not take is there still. */
TEST_F(subject, fault_in_between)
{
	static char data[CR_PIECE];
	struct cr_image image = { 0 };
	int fd = open_image(self->path, NULL);
	ssize_t ret;

	do {
		CT_ERRNO(EFAULT, read(fd, nowhere(), 100));
		ret = read(fd, data, sizeof(data));
		CT_CHECK(ret >= 0);
		image.data = realloc(image.data, image.size + ret + 1);
		memcpy(image.data + image.size, data, ret);
		image.size += ret;
	} while (image.size < 10000);
	while ((ret = read(fd, data, sizeof(data))) > 0) {
		image.data = realloc(image.data, image.size + ret + 1);
		memcpy(image.data + image.size, data, ret);
		image.size += ret;
	}
	close(fd);
	cr_end(&self->life);
	self->life = cr_bring_back(&self->life, &image, NULL);
	it_runs(&self->life);
}

TEST_F(subject, status_tells)
{
	const char *name = self->life.name;
	struct cr_image image;
	char path[128];

	ct_path(path, sizeof(path), name, "status");
	CT_STREQ("-", ct_status_text(name, "checkpoint"));
	CT_EQ(-1, ct_keyed_number(path, "checkpoint-pause-us"));
	image = cr_take(&self->life);
	CT_STREQ("complete", ct_status_text(name, "checkpoint"));
	CT_EQ(image.size, ct_keyed_number(path, "checkpoint-bytes"));
	CT_CHECK(ct_keyed_number(path, "checkpoint-pages") > 10);
	CT_CHECK(ct_keyed_number(path, "checkpoint-pages") * 4096 < (long)image.size);
	CT_CHECK(ct_keyed_number(path, "checkpoint-pause-us") > 0);
	CT_CHECK(ct_keyed_number(path, "checkpoint-duration-us") >
		 ct_keyed_number(path, "checkpoint-pause-us"));
	cr_image_free(&image);
}

/* -- rights ------------------------------------------------------------------------------- */

static void as_user(int fd, void *arg)
{
	char path[128];

	(void)fd;
	ct_become_user();
	CT_ERRNO(EACCES, open(arg, O_RDONLY));
	CT_ERRNO(EACCES, open(arg, O_RDWR));
	snprintf(path, sizeof(path), "%.*s/check",
		 (int)(strrchr(arg, '/') - (char *)arg), (char *)arg);
	CT_ERRNO(EACCES, open(path, O_RDONLY));
	CT_ERRNO(EACCES, open(CR_RESTART, O_RDWR));
}

/* Root, but without the capability: in another user namespace. */
static void as_other_root(int fd, void *arg)
{
	char path[128];

	(void)fd;
	CT_EQ(0, unshare(CLONE_NEWUSER));
	CT_ERRNO(EPERM, open(arg, O_RDONLY));
	CT_ERRNO(EPERM, open(arg, O_RDWR));
	snprintf(path, sizeof(path), "%.*s/check",
		 (int)(strrchr(arg, '/') - (char *)arg), (char *)arg);
	CT_ERRNO(EPERM, open(path, O_RDONLY));
	CT_ERRNO(EPERM, open(CR_RESTART, O_RDWR));
}

/* With a file that somebody else has opened for it. */
static void with_others_files(int fd, void *arg)
{
	int image = open(arg, O_RDWR), restart = open(CR_RESTART, O_RDWR);
	char c;

	(void)fd;
	CT_CHECK(image >= 0 && restart >= 0);
	CT_EQ(0, unshare(CLONE_NEWUSER));
	CT_ERRNO(EPERM, read(image, &c, 1));
	CT_ERRNO(EPERM, write(restart, "x", 1));
}

TEST_F(subject, rights)
{
	static const ct_fn who[] = { as_user, as_other_root, with_others_files };
	struct ct_child child;
	size_t i;

	for (i = 0; i < sizeof(who) / sizeof(*who); i++) {
		child = ct_spawn(CT_PLAIN, who[i], self->path);
		CT_EQ(0, ct_finish(&child));
	}
	it_runs(&self->life);
}

/* Whoever is inside would wait for itself. */
static void from_inside(int fd, void *arg)
{
	int image = open(arg, O_RDWR);
	char c;

	(void)fd;
	CT_CHECK(image >= 0);
	CT_EQ(0, ct_join(strrchr(dirname(strdupa((char *)arg)), '/') + 1));
	CT_ERRNO(EDEADLK, read(image, &c, 1));
	CT_CHECK(open(arg, O_RDONLY) < 0);
}

TEST_F(subject, from_inside)
{
	struct ct_child child = ct_spawn(CT_PLAIN, from_inside, self->path);

	CT_EQ(0, ct_finish(&child));
	it_runs(&self->life);
}

/* -- readers that do not live -------------------------------------------------------------- */

static void reads_slowly(int fd, void *arg)
{
	int image = open_image(arg, "stop");
	char c;

	CT_EQ(1, read(image, &c, 1));
	ct_send(fd, 0);
	pause();
}

TEST_F(subject, killed_reader)
{
	struct ct_child child = ct_spawn(CT_PLAIN, reads_slowly, self->path);
	struct cr_image image;

	ct_recv(child.fd);
	CT_ERRNO(EBUSY, open(self->path, O_RDONLY));
	CT_EQ(0, kill(child.pid, SIGKILL));
	CT_EQ(128 + SIGKILL, ct_finish(&child));
	it_runs(&self->life);
	image = cr_take(&self->life);
	cr_image_free(&image);
}

/* -- what happens while it is read ----------------------------------------------------------- */

/* Reads the rest of an image of which @have bytes are there. */
static void read_rest(int fd, struct cr_image *image)
{
	ssize_t ret;

	do {
		image->room = image->size + CR_PIECE;
		image->data = realloc(image->data, image->room);
		CT_CHECK(image->data);
		ret = read(fd, image->data + image->size, CR_PIECE);
		CT_CHECK(ret >= 0);
		image->size += ret;
	} while (ret);
}

static struct cr_image begin_image(const struct cr_life *life, int *fd)
{
	struct cr_image image = { .before = ct_now_ms() };
	char path[128];

	ct_path(path, sizeof(path), life->name, "checkpoint");
	*fd = open_image(path, NULL);
	image.after = ct_now_ms();
	image.data = malloc(100);
	image.size = 100;
	CT_EQ(100, read(*fd, image.data, 100));
	return image;
}

/* The container ends, and its memory with it; the image does not. */
TEST(killed_while_read)
{
	struct cr_guard guard;
	struct cr_image image;
	struct cr_life life;
	char name[CT_NAME_MAX + 1];
	int fd;

	CT_NEED_MODULE();
	guard = cr_guard();
	life = cr_start(&big_row);
	image = begin_image(&life, &fd);
	CT_EQ(0, ct_kill_container(life.name, "KILL"));
	CT_EQ(128 + SIGKILL, cr_reap(&life));
	read_rest(fd, &image);
	close(fd);
	CT_UNTIL(ct_task_count(life.name) == -1);
	CT_CHECK(image.size > BIG);
	ct_unique_name(name);
	life = cr_bring_back(&life, &image, name);
	cr_finish(&life);
	cr_guard_end(&guard);
}

TEST(stormy_while_read)
{
	struct cr_guard guard;
	struct cr_image image;
	struct cr_life life, copy;
	char name[CT_NAME_MAX + 1];
	unsigned long then;
	int fd;

	CT_NEED_MODULE();
	guard = cr_guard();
	life = cr_start(&stormy_row);
	image = begin_image(&life, &fd);
	then = ticks_of(&life).first;
	CT_UNTIL(ticks_of(&life).first >= then + 3);
	read_rest(fd, &image);
	close(fd);
	ct_unique_name(name);
	copy = cr_bring_back(&life, &image, name);
	cr_image_free(&image);
	cr_finish(&copy);
	cr_finish(&life);
	cr_guard_end(&guard);
}

/* -- writing ------------------------------------------------------------------------------------ */

/* What writes of that give, and the sentence. */
static int write_pieces(int fd, const char *data, size_t size, size_t piece)
{
	size_t done, n;

	for (done = 0; done < size; done += n) {
		n = size - done < piece ? size - done : piece;
		if (write(fd, data + done, n) < 0)
			return -errno;
	}
	return 0;
}

static void sentence_has(int fd, const char *part)
{
	char why[512];
	ssize_t len = read(fd, why, sizeof(why) - 1);

	CT_CHECK(len > 1);
	why[len] = 0;
	CT_EQ('\n', why[len - 1]);
	CT_CHECK(!memchr(why, '\n', len - 1));
	if (!strstr(why, part))
		CT_FAIL("no \"%s\" in: %s", part, why);
	CT_EQ(0, read(fd, why, sizeof(why)));
}

static int open_restart(void)
{
	int fd = open(CR_RESTART, O_RDWR | O_CLOEXEC);

	CT_CHECK(fd >= 0);
	return fd;
}

TEST_F(subject, pieces)
{
	static const size_t sizes[] = { 61, 4099, 1 << 20 };
	struct cr_image image = cr_take(&self->life);
	size_t i;
	int fd;

	for (i = 0; i < 3; i++) {
		cr_end(&self->life);
		fd = open_restart();
		CT_EQ(0, write_pieces(fd, image.data, image.size, sizes[i]));
		/* It runs now, and with the file it has nothing to do. */
		self->life.pid = cr_first(self->life.name);
		it_runs(&self->life);
		CT_ERRNO(EINVAL, write(fd, "x", 1));
		sentence_has(fd, "behind the end");
		close(fd);
		it_runs(&self->life);
	}
	cr_image_free(&image);
}

TEST_F(subject, nothing_written)
{
	int fd = open_restart();
	char c;

	CT_EQ(0, read(fd, &c, 1));
	CT_EQ(0, write(fd, "", 0));
	close(fd);
}

TEST_F(subject, not_an_image)
{
	static char zeros[4096], noise[4096];
	size_t i;
	int fd;

	for (i = 0; i < sizeof(noise); i++)
		noise[i] = i * i >> 4 ^ i;
	fd = open_restart();
	CT_ERRNO(EINVAL, write(fd, zeros, sizeof(zeros)));
	sentence_has(fd, " ");
	/* It does not get better. */
	CT_ERRNO(EINVAL, write(fd, zeros, sizeof(zeros)));
	close(fd);
	fd = open_restart();
	CT_ERRNO(EINVAL, write(fd, noise, sizeof(noise)));
	sentence_has(fd, " ");
	close(fd);
	fd = open_restart();
	CT_ERRNO(EFAULT, write(fd, nowhere(), 4096));
	close(fd);
}

TEST_F(subject, name_is_taken)
{
	struct cr_image image = cr_take(&self->life);
	int fd = open_restart();

	CT_EQ(-EEXIST, write_pieces(fd, image.data, image.size, CR_PIECE));
	sentence_has(fd, self->life.name);
	close(fd);
	it_runs(&self->life);
	cr_image_free(&image);
}

/* What every process made by it would have for ever. */
TEST_F(subject, writer_without_new_privileges)
{
	struct cr_image image = cr_take(&self->life);
	char name[CT_NAME_MAX + 1];
	pid_t pid;

	ct_unique_name(name);
	pid = fork();
	CT_CHECK(pid >= 0);
	if (!pid) {
		CT_EQ(0, prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0));
		CT_EQ(-EPERM, cr_restart(&image, name, self->why, sizeof(self->why)));
		CT_CHECK(strstr(self->why, "no_new_privs"));
		_exit(0);
	}
	CT_EQ(0, ct_reap(pid));
	CT_UNTIL(ct_task_count(name) == -1);
	it_runs(&self->life);
	cr_image_free(&image);
}

TEST_F(subject, options_of_restart)
{
	int fd = open_restart();

	CT_ERRNO(EINVAL, write(fd, "options color=blue\n", 19));
	sentence_has(fd, "color=blue");
	CT_ERRNO(EINVAL, write(fd, "options name=a/../b\n", 20));
	sentence_has(fd, "a/../b");
	CT_ERRNO(EINVAL, write(fd, "options name=\n", 14));
	sentence_has(fd, "name");
	close(fd);
}

/* Nothing is left of one that is not written to its end. */
TEST_F(subject, half_an_image)
{
	static const int parts[] = { 1, 10, 50, 90, 99 };
	struct cr_image image = cr_take(&self->life);
	char name[CT_NAME_MAX + 1], line[128];
	size_t i;
	int fd;

	for (i = 0; i < 5; i++) {
		ct_unique_name(name);
		snprintf(line, sizeof(line), "options name=%s\n", name);
		fd = open_restart();
		CT_EQ(strlen(line), write(fd, line, strlen(line)));
		CT_EQ(0, write_pieces(fd, image.data, image.size / 100 * parts[i],
				      CR_PIECE));
		close(fd);
		CT_UNTIL(ct_task_count(name) == -1);
	}
	/* Nor did it become a child that somebody has to wait for. */
	CT_EQ(0, waitpid(self->life.pid, NULL, WNOHANG));
	cr_end(&self->life);
	CT_EQ(0, kill(self->guard.pid, 0));
	self->life.pid = 0;
	cr_image_free(&image);
}

/* All but the end: it waits, can be looked at, and can be killed. */
TEST_F(subject, killed_when_half_restored)
{
	struct cr_image image = cr_take(&self->life);
	char path[128], text[4096];
	pid_t first;
	int fd;

	cr_end(&self->life);
	fd = open_restart();
	CT_EQ(0, write_pieces(fd, image.data, image.size - 40, CR_PIECE));
	first = cr_first(self->life.name);
	CT_CHECK(first > 0);
	CT_EQ(2, ct_task_count(self->life.name));
	ct_path(path, sizeof(path), self->life.name, "tasks");
	CT_CHECK(ct_read_file(path, text, sizeof(text)) > 0);
	snprintf(path, sizeof(path), "/proc/%d/maps", first);
	CT_CHECK(ct_read_file(path, text, sizeof(text)) >= 0);
	snprintf(path, sizeof(path), "/proc/%d/status", first);
	CT_CHECK(ct_read_file(path, text, sizeof(text)) > 0);
	if (!ct_state(first) || !strchr("SDI", ct_state(first)))
		CT_FAIL("half restored it is in state %c", ct_state(first));
	CT_EQ(-EBUSY, cr_save(self->life.name, NULL, &image));

	CT_EQ(0, ct_kill_container(self->life.name, "KILL"));
	CT_UNTIL(ct_state(first) == 'Z' || !ct_state(first));
	close(fd);
	CT_UNTIL(ct_task_count(self->life.name) == -1);
	self->life.pid = 0;
}

/* -- who has the restored ------------------------------------------------------------------------- */

TEST(exit_status)
{
	struct cr_guard guard;
	struct cr_image image;
	struct cr_life life;

	CT_NEED_MODULE();
	guard = cr_guard();
	life = cr_start(&status_of_42_row);
	image = cr_take(&life);
	cr_end(&life);
	life = cr_bring_back(&life, &image, NULL);
	cr_go(&life);
	CT_EQ(42, cr_reap(&life));
	life = cr_bring_back(&life, &image, NULL);
	CT_EQ(0, kill(life.pid, SIGKILL));
	CT_EQ(128 + SIGKILL, cr_reap(&life));
	cr_image_free(&image);
	cr_guard_end(&guard);
}

/* A writer that goes leaves a container that goes on. */
struct given {
	struct cr_image *image;
	struct cr_life *life;
};

static void writes_and_goes(int fd, void *arg)
{
	struct given *given = arg;
	struct cr_life life = cr_bring_back(given->life, given->image, NULL);

	ct_send(fd, life.pid);
}

TEST_F(subject, writer_goes)
{
	struct cr_image image = cr_take(&self->life);
	struct given given = { &image, &self->life };
	struct ct_child child;
	pid_t first;

	cr_end(&self->life);
	child = ct_spawn(CT_PLAIN, writes_and_goes, &given);
	first = ct_recv(child.fd);
	CT_EQ(0, ct_finish(&child));
	self->life.pid = first;
	it_runs(&self->life);
	CT_EQ(0, ct_kill_container(self->life.name, "KILL"));
	CT_UNTIL(ct_task_count(self->life.name) == -1);
	self->life.pid = 0;
}

/* -- containers in containers --------------------------------------------------------------------- */

/* Inside, a container is called by the names of all that it is in. */
static void know_name(void)
{
	ssize_t len = ct_read_file(CT_FILE, cr_inside, sizeof(cr_inside) - 1);

	CT_CHECK(len > 1 && cr_inside[len - 1] == '\n');
	cr_inside[len - 1] = '/';
}

static void saves_inner(int fd, void *arg)
{
	struct cr_image image;
	struct cr_life life;

	(void)fd;
	(void)arg;
	know_name();
	life = cr_start(&ticking_row);
	image = cr_take(&life);
	CT_CHECK(image.size > 4096);
	it_runs(&life);
	cr_finish(&life);
}

/* Who is in a container may save those that are in it. */
TEST(nested)
{
	struct cr_guard guard;
	struct ct_child outer;

	CT_NEED_MODULE();
	guard = cr_guard();
	outer = ct_spawn(CT_CONTAINER, saves_inner, NULL);
	CT_EQ(0, ct_finish(&outer));
	cr_guard_end(&guard);
}

static void starts_inner(int fd, void *arg)
{
	struct cr_life life;

	(void)arg;
	know_name();
	life = cr_start(&ticking_row);
	CT_EQ(sizeof(life), send(fd, &life, sizeof(life), 0));
	ct_wait_hangup(fd);
	cr_finish(&life);
}

/* And who is outside of both; it comes back where the writer is. */
TEST(nested_from_outside)
{
	char name[CT_NAME_MAX + 1];
	struct cr_guard guard;
	struct cr_image image;
	struct cr_life life, inner;
	struct ct_child outer;

	CT_NEED_MODULE();
	guard = cr_guard();
	outer = ct_spawn(CT_CONTAINER, starts_inner, NULL);
	CT_EQ(sizeof(inner), recv(outer.fd, &inner, sizeof(inner), 0));
	CT_EQ(2, ct_task_count(inner.name));
	image = cr_take(&inner);
	ct_unique_name(name);
	life = cr_bring_back(&inner, &image, name);
	it_runs(&life);
	cr_finish(&life);
	cr_image_free(&image);
	CT_EQ(0, ct_finish(&outer));
	cr_guard_end(&guard);
}

CR_MAIN
