// SPDX-License-Identifier: GPL-2.0
/* modes: host contained */
/*
 * /proc/PID/container: each reader is told the containers from his own down, and
 * the numbers that go with them.
 */
#include "ct.h"
#include <dirent.h>
#include "kselftest_harness.h"

/* What the file says. */
static void expect(const char *file, const char *where, const char *numbers)
{
	char text[256], want[256];
	ssize_t len = ct_read_file(file, text, sizeof(text));

	if (len < 0)
		CT_FAIL("%s: %s", file, strerror(-len));
	snprintf(want, sizeof(want), "path:\t%s\npid:\t%s\n", where, numbers);
	CT_STREQ(want, text);
}

static void expect_self(void)
{
	char number[16];

	snprintf(number, sizeof(number), "%d", getpid());
	expect("/proc/self/container", "/", number);
	expect("/proc/thread-self/../../container", "/", number);
	expect("/proc/thread-self/container", "/", number);
}

/* Does a directory list the name, and how many others? By and by. */
static int list(int dir, size_t size, int *others)
{
	char buf[1024];
	int found = 0, len, at;

	*others = 0;
	CT_EQ(0, lseek(dir, 0, SEEK_SET));
	while ((len = syscall(SYS_getdents64, dir, buf, size)) > 0) {
		for (at = 0; at < len; ) {
			struct dirent64 *entry = (void *)(buf + at);

			if (strcmp(entry->d_name, "container"))
				++*others;
			else
				found++;
			at += entry->d_reclen;
		}
	}
	CT_EQ(0, len);
	return found;
}

FIXTURE(file) {
	struct ct_child box;
	char where[CT_NAME_MAX + 2];
};

/* In the host it takes a container for the file to be there. */
FIXTURE_SETUP(file)
{
	self->box.fd = -1;
	CT_NEED_MODULE();
	if (ct_mode() == CT_MODE_HOST) {
		self->box = ct_spawn(CT_CONTAINER, ct_idle, NULL);
		snprintf(self->where, sizeof(self->where), "/%s", self->box.name);
	}
}

FIXTURE_TEARDOWN(file)
{
	if (self->box.fd >= 0)
		EXPECT_EQ(0, ct_finish(&self->box));
}

TEST_F(file, ones_own)
{
	expect_self();
}

static void say_where(int fd, void *arg)
{
	expect_self();
	ct_recv(fd);
}

TEST_F(file, a_childs)
{
	struct ct_child child = ct_spawn(CT_PLAIN, say_where, NULL);
	char path[64], number[16];

	snprintf(path, sizeof(path), "/proc/%d/container", child.pid);
	snprintf(number, sizeof(number), "%d", child.pid);
	expect(path, "/", number);
	ct_send(child.fd, 0);
	EXPECT_EQ(0, ct_finish(&child));
	EXPECT_EQ(-ENOENT, ct_read_file(path, number, sizeof(number)));
}

TEST_F(file, from_outside)
{
	char path[64], view[128], numbers[32];

	if (self->box.fd < 0)
		SKIP(return, "this is about the host");
	snprintf(path, sizeof(path), "/proc/%d/container", self->box.pid);
	snprintf(numbers, sizeof(numbers), "%d\t1", self->box.pid);
	expect(path, self->where, numbers);
	/* Seen with the container's eyes. */
	ct_path(view, sizeof(view), self->box.name, "proc/1/container");
	expect(view, "/", "1");
	expect_self();
}

static void read_inside(int fd, void *arg)
{
	int *dirs = arg, file;
	char text[64];

	expect("/proc/1/container", "/", "1");
	CT_EQ(1, fork() ? 1 : (expect("/proc/self/container", "/", "2"), _exit(0), 0));
	CT_EQ(0, ct_reap(2));
	/* Where those outside are is not told, whoever has opened the file. */
	CT_CHECK(read(dirs[0], text, sizeof(text)) < 0);
	CT_EQ(ESRCH, errno);
	file = openat(dirs[1], "container", O_RDONLY | O_CLOEXEC);
	if (file >= 0) {
		CT_CHECK(read(file, text, sizeof(text)) < 0);
		CT_EQ(ESRCH, errno);
	}
}

TEST_F(file, about_outsiders)
{
	struct ct_child box;
	char path[64];
	int fds[2];

	if (self->box.fd < 0)
		SKIP(return, "this is about the host");
	fds[0] = open("/proc/self/container", O_RDONLY | O_CLOEXEC);
	snprintf(path, sizeof(path), "/proc/%d/", self->box.pid);
	fds[1] = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	ASSERT_LE(0, fds[0]);
	ASSERT_LE(0, fds[1]);
	box = ct_spawn(CT_CONTAINER, read_inside, fds);
	EXPECT_EQ(0, ct_finish(&box));
	close(fds[0]);
	close(fds[1]);
}

/* In the list once, behind what is there anyway, however little is read at a time. */
TEST_F(file, listed)
{
	int dir = open("/proc/self", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int others, again;

	ASSERT_LE(0, dir);
	EXPECT_EQ(1, list(dir, 1024, &others));
	EXPECT_LT(20, others);
	EXPECT_EQ(1, list(dir, 48, &again));
	EXPECT_EQ(others, again);
	close(dir);
	/* Those of threads have it, too. */
	dir = open("/proc/thread-self", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	ASSERT_LE(0, dir);
	EXPECT_EQ(1, list(dir, 1024, &others));
	EXPECT_LT(20, others);
	EXPECT_EQ(1, list(dir, 48, &again));
	EXPECT_EQ(others, again);
	close(dir);
	/* Others that procfs makes in the same way have not. */
	dir = open("/proc/self/attr", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir >= 0)
		EXPECT_EQ(0, list(dir, 1024, &others));
	close(dir);
}

TEST_F(file, an_ordinary_file)
{
	struct stat stat_buf;
	char text[256];

	ASSERT_EQ(0, stat("/proc/self/container", &stat_buf));
	EXPECT_EQ(S_IFREG | 0444, stat_buf.st_mode);
	EXPECT_EQ(-1, access("/proc/self/attr/container", F_OK));
	EXPECT_EQ(-1, access("/proc/self/containes", F_OK));
	EXPECT_EQ(-1, access("/proc/self/container/", F_OK));
	EXPECT_EQ(ENOTDIR, errno);
	/* The kernel shows both by the same function. */
	ASSERT_LE(0, ct_read_file("/proc/self/arch_status", text, sizeof(text)));
	EXPECT_EQ(NULL, strstr(text, "path:"));
}

TEST_F(file, of_the_dead)
{
	struct ct_child child = ct_spawn(CT_PLAIN, ct_idle, NULL);
	char path[64], text[64], number[16];
	int fd, dir, others;

	snprintf(path, sizeof(path), "/proc/%d", child.pid);
	dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	ASSERT_LE(0, dir);
	strcat(path, "/container");
	fd = open(path, O_RDONLY | O_CLOEXEC);
	ASSERT_LE(0, fd);
	ct_release(&child);
	CT_UNTIL(ct_state(child.pid) == 'Z');
	snprintf(number, sizeof(number), "%d", child.pid);
	expect(path, "/", number);
	EXPECT_EQ(1, list(dir, 1024, &others));
	EXPECT_EQ(0, ct_reap(child.pid));
	EXPECT_EQ(-1, read(fd, text, sizeof(text)));
	EXPECT_EQ(ESRCH, errno);
	EXPECT_EQ(-1, syscall(SYS_getdents64, dir, text, sizeof(text)));
	EXPECT_EQ(-1, openat(dir, "container", O_RDONLY));
	close(fd);
	close(dir);
}

static bool container_is_there(void)
{
	char line[256];
	FILE *file = fopen(CT_FILE, "re");
	int lines = 0;

	CT_CHECK(file);
	while (fgets(line, sizeof(line), file))
		lines++;
	fclose(file);
	return lines > 1;
}

/* Without containers there is no such file, nor one that somebody remembers. */
TEST(gone_with_the_last)
{
	struct ct_child box;
	char text[64];
	int fd;

	CT_NEED_MODULE();
	if (ct_mode() != CT_MODE_HOST || container_is_there())
		SKIP(return, "there are containers");
	box = ct_spawn(CT_CONTAINER, ct_idle, NULL);
	expect_self();
	fd = open("/proc/self/container", O_RDONLY | O_CLOEXEC);
	ASSERT_LE(0, fd);
	EXPECT_EQ(0, ct_finish(&box));
	CT_UNTIL(access("/proc/self/container", F_OK));
	EXPECT_EQ(ENOENT, errno);
	/* One that is open goes on saying the truth. */
	ASSERT_LT(0, read(fd, text, sizeof(text) - 1));
	EXPECT_EQ(0, strncmp(text, "path:\t/\npid:\t", 13));
	close(fd);
}

TEST_HARNESS_MAIN
