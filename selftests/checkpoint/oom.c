// SPDX-License-Identifier: GPL-2.0
/* modes: host */
/* timeout: 300 */
/* kernels: stock */
/*
 * When the machine or a control group is out of memory a checkpoint that is being read
 * is given up, and nobody is killed.
 *
 * Where that goes wrong the kernel kills this program, or says that it is out of
 * memory, which the runner takes for a failure.
 */
#include "ct-image.h"
#include "ct-nest.h"
#include "ct-word.h"

#include <fcntl.h>

#define SIZE	(128UL << 20)
#define SMALL	(8UL << 20)
/* What is left by who takes the rest; a good deal less than SIZE. */
#define LEFT	(40UL << 20)
#define STEP	(1UL << 20)
/* More than any machine of the tests has. */
#define ALL	(8UL << 30)
#define PIPE	(1 << 20)

/* -- who has memory, and writes to all of it when told so -------------------------- */

/* Each page differs from all others, in its first word and in its last. */
static void mark(char *p, size_t size, unsigned long with)
{
	unsigned long *first, *last;
	size_t at;

	for (at = 0; at < size; at += PAGE) {
		first = (unsigned long *)(p + at);
		last = (unsigned long *)(p + at + PAGE) - 1;
		*first = value(first) ^ with;
		*last = value(last) ^ with;
	}
}

static void is_marked(char *p, size_t size, unsigned long with)
{
	unsigned long *first, *last;
	size_t at;

	for (at = 0; at < size; at += PAGE) {
		first = (unsigned long *)(p + at);
		last = (unsigned long *)(p + at + PAGE) - 1;
		if (*first != (value(first) ^ with) || *last != (value(last) ^ with))
			CT_FAIL("%p: %lx and %lx, with %lx", first, *first, *last,
				with);
	}
}

static char *marked(size_t size)
{
	char *p = in_halves(size);

	mark(p, size, 0);
	return p;
}

static void holds(size_t size)
{
	char *p = marked(size);

	cr_announce();
	while (!cr_told()) {
		if (word.order) {
			is_marked(p, size, word.done);
			mark(p, size, word.done + 1);
			word_kept();
		}
		usleep(1000);
	}
	is_marked(p, size, word.done);
}

CR_SUBJECT(holder)
{
	holds(SIZE);
}

CR_SUBJECT(small_holder)
{
	holds(SMALL);
}

static void has_much(void *arg)
{
	(void)arg;
	marked(SIZE);
	cr_settled();
	for (;;)
		pause();
}

/* The memory is a child's, which is killed. */
CR_SUBJECT(parent)
{
	pid_t child;

	cr_gathering();
	child = cr_child(has_much, NULL);
	cr_gather(1);
	cr_ready();
	CT_EQ(128 + SIGKILL, ct_reap(child));
}

/* -- who needs memory ----------------------------------------------------------------- */

/* How much this program has taken, and where. */
static char *meal;
static size_t eaten;

static void eat(void)
{
	CT_CHECK(eaten < ALL);
	memset(meal + eaten, 1, STEP);
	eaten += STEP;
}

static void eat_but(size_t left)
{
	while (ct_keyed_number("/proc/meminfo", "MemAvailable") > (long)(left >> 10))
		eat();
}

static void digest(void)
{
	CT_EQ(0, madvise(meal, ALL, MADV_DONTNEED));
	eaten = 0;
}

/* -- one for each test ---------------------------------------------------------------- */

/* 0: the kernel does not count; but it tells the log, which the runner reads. */
static long nr_killed(void)
{
	FILE *file = fopen("/proc/vmstat", "re");
	char line[128];
	long count = 0;

	CT_CHECK(file);
	while (fgets(line, sizeof(line), file))
		if (sscanf(line, "oom_kill %ld", &count) == 1)
			break;
	fclose(file);
	return count;
}

FIXTURE(oom) {
	struct cr_guard guard;
	struct cr_life life;
	long killed;
};

FIXTURE_SETUP(oom)
{
	if (!ct_module_loaded())
		SKIP(return, "the module is not loaded");
	if (ct_keyed_number("/proc/meminfo", "SwapTotal") > 0)
		SKIP(return, "there is swap space, and memory would not end");
	self->guard = cr_guard();
	self->killed = nr_killed();
	meal = anonymous(ALL, PROT_READ | PROT_WRITE, MAP_NORESERVE);
}

FIXTURE_TEARDOWN(oom)
{
	if (!meal)
		return;
	munmap(meal, ALL);
	if (self->life.pid)
		cr_finish(&self->life);
	cr_guard_end(&self->guard);
	EXPECT_EQ(self->killed, nr_killed());
}

static int open_image(const struct cr_life *life, const char *option)
{
	char path[128];
	int fd;

	ct_path(path, sizeof(path), life->name, "checkpoint");
	fd = open(path, (option ? O_RDWR : O_RDONLY) | O_CLOEXEC);
	CT_CHECK(fd >= 0);
	if (option)
		CT_EQ(strlen(option), write(fd, option, strlen(option)));
	return fd;
}

static void read_some(int fd)
{
	char data[1000];

	CT_EQ(sizeof(data), read(fd, data, sizeof(data)));
}

/* Returns how much came before the end, or before an error: -errno then. */
static long read_on(int fd)
{
	static char data[CR_PIECE];
	long size = 0;
	ssize_t n;

	while ((n = read(fd, data, sizeof(data))) > 0)
		size += n;
	return n ? -errno : size;
}

/* Takes memory until a checkpoint has been given up for it. */
static void eat_until_given_up(int fd)
{
	char byte;
	ssize_t n;

	while ((n = read(fd, &byte, 1)) == 1)
		eat();
	CT_EQ(-1, n);
	CT_EQ(ENOMEM, errno);
}

static void says(const struct cr_life *life, const char *what, bool why)
{
	char path[128], text[1024], state[64];

	ct_path(path, sizeof(path), life->name, "status");
	CT_CHECK(ct_read_file(path, text, sizeof(text)) > 0);
	snprintf(state, sizeof(state), "checkpoint:\t%s\n", what);
	if (!strstr(text, state))
		CT_FAIL("no \"checkpoint: %s\" in:\n%s", what, text);
	CT_EQ(why, !!strstr(text,
			     "checkpoint-error:\tthe machine, or a control group, was out of memory"));
}

static void can_be_saved(const struct cr_life *life)
{
	int fd = open_image(life, NULL);

	CT_CHECK(read_on(fd) > 0);
	close(fd);
	says(life, "complete", false);
}

/* -- it is given up --------------------------------------------------------------------- */

/* The container is who needs the memory. */
TEST_F(oom, the_container_writes)
{
	int fd, pipe[2];
	char byte;

	self->life = cr_start(&holder_row);
	fd = open_image(&self->life, NULL);
	read_some(fd);
	eat_but(LEFT);
	let_it_write(&self->life);
	CT_ERRNO(ENOMEM, read(fd, &byte, 1));
	CT_EQ(0, pipe2(pipe, O_CLOEXEC));
	CT_ERRNO(ENOMEM, splice(fd, NULL, pipe[1], NULL, PIPE, 0));
	CT_ERRNO(ENOMEM, read(fd, &byte, 1));
	says(&self->life, "failed", true);
	close(fd);
	says(&self->life, "failed", true);
	close(pipe[0]);
	close(pipe[1]);
	digest();
	can_be_saved(&self->life);
	let_it_write(&self->life);
}

/*
 * Somebody outside is. Of another container, which is held, there is nothing to be
 * had.
 */
TEST_F(oom, another_needs_it)
{
	struct cr_life held;
	int fd, other;

	self->life = cr_start(&holder_row);
	held = cr_start(&small_holder_row);
	other = open_image(&held, "kill");
	read_some(other);
	fd = open_image(&self->life, NULL);
	let_it_write(&self->life);
	eat_until_given_up(fd);
	digest();
	close(fd);
	says(&self->life, "failed", true);

	CT_CHECK(read_on(other) > (long)SMALL);
	says(&held, "running", false);
	close(other);
	CT_EQ(128 + SIGKILL, cr_reap(&held));
	CT_UNTIL(ct_task_count(held.name) == -1);
}

/* What has been read to its end is no loss. */
TEST_F(oom, one_that_has_been_read)
{
	char byte;
	int fd;

	self->life = cr_start(&holder_row);
	fd = open_image(&self->life, NULL);
	CT_CHECK(read_on(fd) > (long)SIZE);
	eat_but(LEFT);
	let_it_write(&self->life);
	let_it_write(&self->life);
	CT_EQ(0, read(fd, &byte, 1));
	close(fd);
	says(&self->life, "complete", false);
}

/* All are held, but one has been killed; the other goes on all the same. */
TEST_F(oom, killed_while_held)
{
	struct cr_life life = cr_start(&parent_row);
	char path[128];
	pid_t child;
	int fd;

	self->life = life;
	snprintf(path, sizeof(path), "/proc/%d/task/%d/children", life.pid, life.pid);
	child = ct_read_number(path);
	fd = open_image(&life, "kill");
	read_some(fd);
	CT_EQ(0, kill(child, SIGKILL));
	CT_UNTIL(ct_state(child) == 'Z');
	eat_until_given_up(fd);
	digest();
	close(fd);
	says(&life, "failed", true);
}

/* -- a control group --------------------------------------------------------------------- */

#define CGROUPS	"/sys/fs/cgroup"

static void limit(const char *group, unsigned long size)
{
	char path[128], text[32];

	CT_EQ(0, ct_write_file(CGROUPS "/cgroup.subtree_control", "+memory"));
	CT_EQ(0, mkdir(group, 0755));
	snprintf(path, sizeof(path), "%s/memory.max", group);
	snprintf(text, sizeof(text), "%lu", size);
	CT_EQ(0, ct_write_file(path, text));
}

static void move_to(const char *group)
{
	char path[128];

	snprintf(path, sizeof(path), "%s/cgroup.procs", group);
	CT_EQ(0, ct_write_file(path, "0"));
}

/*
 * The container can have what it has, but not twice; with the option stop it need not.
 */
TEST_F(oom, a_group_is_full)
{
	char group[64], byte;
	int fd;

	snprintf(group, sizeof(group), CGROUPS "/oom-%d", getpid());
	limit(group, SIZE + SIZE / 2);
	move_to(group);
	self->life = cr_start(&holder_row);
	move_to(CGROUPS);
	fd = open_image(&self->life, NULL);
	read_some(fd);
	let_it_write(&self->life);
	CT_ERRNO(ENOMEM, read(fd, &byte, 1));
	close(fd);
	says(&self->life, "failed", true);
	let_it_write(&self->life);

	fd = open_image(&self->life, "stop");
	CT_CHECK(read_on(fd) > (long)SIZE);
	close(fd);
	says(&self->life, "complete", false);
	cr_finish(&self->life);
	self->life.pid = 0;
	CT_UNTIL(!rmdir(group));
	ct_write_file(CGROUPS "/cgroup.subtree_control", "-memory");
}

/* -- at any time ------------------------------------------------------------------------- */

static long splice_on(int fd)
{
	int null = open("/dev/null", O_WRONLY | O_CLOEXEC), pipe[2], err = 0;
	ssize_t n;
	long size = 0;

	CT_CHECK(null >= 0);
	CT_EQ(0, pipe2(pipe, O_CLOEXEC));
	while ((n = splice(fd, NULL, pipe[1], NULL, PIPE, 0)) > 0) {
		CT_EQ(n, splice(pipe[0], NULL, null, NULL, n, 0));
		size += n;
	}
	err = errno;
	close(pipe[0]);
	close(pipe[1]);
	close(null);
	return n ? -err : size;
}

/* Who reads while memory ends gets all of it, or is told. */
static void read_meanwhile(const struct cr_life *life, long (*reader)(int fd))
{
	int fd = open_image(life, NULL), done;
	long ret;

	read_some(fd);
	done = order(life);
	ret = reader ? reader(fd) : 0;
	if (ret != -ENOMEM && reader)
		CT_CHECK(ret > (long)SIZE);
	close(fd);
	if (reader)
		says(life, ret > 0 ? "complete" : "failed", ret < 0);
	CT_UNTIL(word_of(life).done == done);
}

TEST_F(oom, while_it_is_read)
{
	int i;

	self->life = cr_start(&holder_row);
	for (i = 0; i < 2; i++) {
		eat_but(LEFT);
		read_meanwhile(&self->life, read_on);
		read_meanwhile(&self->life, splice_on);
		read_meanwhile(&self->life, NULL);
	}
	digest();
	can_be_saved(&self->life);
}

CR_MAIN
