// SPDX-License-Identifier: GPL-2.0
/* modes: host */
/*
 * The system container sees all containers, and each of those sees itself
 * only, also while both sides look for the same names at the same time.
 */
#include "ct.h"
#include <dirent.h>
#include "kselftest_harness.h"

#define LOOK_MS 1000

/* The names in /proc/container/, in one string, in their order. */
static void listing(char *text, size_t size)
{
	struct dirent *entry;
	DIR *dir = opendir(CT_FILE "/");
	size_t len = 0;

	CT_CHECK(dir);
	text[0] = 0;
	while ((entry = readdir(dir)) && len < size)
		if (entry->d_name[0] != '.')
			len += snprintf(text + len, size - len, "%s ",
					entry->d_name);
	closedir(dir);
}

static bool exists(const char *name, const char *file)
{
	char path[128];

	ct_path(path, sizeof(path), name, file);
	return access(path, F_OK) == 0;
}

struct names {
	char own[CT_NAME_MAX + 1], other[CT_NAME_MAX + 1];
};

static void check_inside(const struct names *names)
{
	char text[1024], wanted[CT_NAME_MAX + 2], path[128];
	struct stat stat_buf;

	snprintf(wanted, sizeof(wanted), "%s ", names->own);
	listing(text, sizeof(text));
	CT_STREQ(wanted, text);
	CT_CHECK(exists(names->own, "status"));
	CT_CHECK(!exists(names->other, "status"));
	CT_CHECK(!exists(names->other, "tasks"));
	CT_CHECK(!exists(names->other, ""));
	ct_path(path, sizeof(path), names->other, "");
	CT_ERRNO(ENOENT, stat(path, &stat_buf));
	CT_ERRNO(ENOENT, open(path, O_RDONLY | O_DIRECTORY));
	CT_ERRNO(ENOENT, chdir(path));
	CT_EQ(-ENOENT, ct_join(names->other));
	CT_EQ(-ENOENT, ct_kill_container(names->other, "KILL"));
	CT_EQ(0, ct_join(names->own));
}

static void look_inside(int fd, void *arg)
{
	struct names *names = arg;
	long long end;

	CT_CHECK(ct_read_file(CT_FILE, names->own, sizeof(names->own)) > 0);
	names->own[strcspn(names->own, "\n")] = 0;
	CT_CHECK(strcmp(names->own, names->other));
	check_inside(names);
	ct_send(fd, 0);
	for (end = ct_now_ms() + LOOK_MS; ct_now_ms() < end; )
		check_inside(names);
	ct_send(fd, 0);
	ct_wait_hangup(fd);
}

TEST(only_oneself)
{
	struct ct_child other, box;
	struct names names = { .own = "" };
	struct pollfd done = { .events = POLLIN };
	char text[1024];

	CT_NEED_MODULE();
	other = ct_spawn(CT_CONTAINER, ct_idle, NULL);
	strcpy(names.other, other.name);
	/* Once looked up by us, it is in the cache. */
	ASSERT_TRUE(exists(other.name, "tasks"));
	box = ct_spawn(CT_CONTAINER, look_inside, &names);
	ct_recv(box.fd);
	done.fd = box.fd;
	do {
		ASSERT_TRUE(exists(other.name, "status"));
		ASSERT_TRUE(exists(box.name, "tasks"));
		listing(text, sizeof(text));
		ASSERT_NE(NULL, strstr(text, other.name));
		ASSERT_NE(NULL, strstr(text, box.name));
	} while (poll(&done, 1, 0) == 0);
	EXPECT_EQ(0, ct_recv(box.fd));
	EXPECT_EQ(0, ct_finish(&box));
	EXPECT_EQ(0, ct_finish(&other));
}

/* -- files of another container that were opened outside ------------------------------ */

struct files {
	int tasks, status, kill_file, dir;
};

static void use_files(int fd, void *arg)
{
	struct files *files = arg;
	char text[512] = { 0 };
	int len;

	/* Its tasks have no numbers here. */
	len = pread(files->tasks, text, sizeof(text) - 1, 0);
	if (len > 0) {
		CT_EQ(1, strtol(text, NULL, 10));
		CT_EQ(0, strtol(strchr(text, '\t'), NULL, 10));
	}
	memset(text, 0, sizeof(text));
	len = pread(files->status, text, sizeof(text) - 1, 0);
	if (len > 0)
		CT_CHECK(strstr(text, "\ninit:\t0\n"));
	CT_ERRNO(EPERM, write(files->tasks, "0", 1));
	CT_CHECK(write(files->kill_file, "KILL", 4) < 0);
	CT_ERRNO(ENOENT, openat(files->dir, "status", O_RDONLY));
}

TEST(files_from_outside)
{
	struct ct_child other, box;
	struct files files;
	char path[128];

	CT_NEED_MODULE();
	other = ct_spawn(CT_CONTAINER, ct_idle, NULL);
	ct_path(path, sizeof(path), other.name, "");
	files.dir = open(path, O_RDONLY | O_DIRECTORY);
	files.tasks = openat(files.dir, "tasks", O_RDWR);
	files.status = openat(files.dir, "status", O_RDONLY);
	files.kill_file = openat(files.dir, "kill", O_WRONLY);
	ASSERT_LE(0, files.kill_file);
	box = ct_spawn(CT_CONTAINER, use_files, &files);
	EXPECT_EQ(0, ct_finish(&box));
	EXPECT_EQ(0, ct_finish(&other));
}

/* Two containers that do not know of each other may not share a name. */
TEST(names_are_the_hosts)
{
	struct ct_child a, b;
	int ret;

	CT_NEED_MODULE();
	a = ct_spawn(CT_CONTAINER, ct_idle, NULL);
	b.pid = fork();
	ASSERT_LE(0, b.pid);
	if (!b.pid) {
		ret = ct_enter(a.name);
		_exit(ret == -EEXIST ? 0 : 1);
	}
	EXPECT_EQ(0, ct_reap(b.pid));
	EXPECT_EQ(0, ct_finish(&a));
}

TEST_HARNESS_MAIN
