// SPDX-License-Identifier: GPL-2.0
/* modes: host contained */
/*
 * /proc/container is a file, and with something behind it a directory.  Every
 * way to reach either gives the right one, on every mount of procfs.
 */
#include "ct.h"
#include <dirent.h>
#include <linux/openat2.h>
#include "kselftest_harness.h"

#define RACE_MS 700

enum kind { NOTHING, FILE_KIND, DIRECTORY };

static enum kind kind_of(const struct stat *stat)
{
	return S_ISDIR(stat->st_mode) ? DIRECTORY :
	       S_ISREG(stat->st_mode) ? FILE_KIND : NOTHING;
}

/* What an open gives. */
static enum kind open_gives(int dir, const char *path, int flags)
{
	int fd = openat(dir, path, flags | O_CLOEXEC);
	struct stat stat;

	if (fd < 0)
		return NOTHING;
	CT_EQ(0, fstat(fd, &stat));
	close(fd);
	return kind_of(&stat);
}

static enum kind stat_gives(int dir, const char *path, int flags)
{
	struct stat stat;

	return fstatat(dir, path, &stat, flags) ? NOTHING : kind_of(&stat);
}

/* The procfs to look at, and one container in it. */
FIXTURE(path) {
	char proc[32], name[CT_NAME_MAX + 1];
	struct ct_child box;
	int root;
};

FIXTURE_VARIANT(path) {
	bool second;
};

FIXTURE_VARIANT_ADD(path, usual_mount) { .second = false };
FIXTURE_VARIANT_ADD(path, other_mount) { .second = true };

FIXTURE_SETUP(path)
{
	strcpy(self->proc, "/proc");
	self->box.pid = 0;
	if (!ct_module_loaded())
		return;
	if (variant->second) {
		strcpy(self->proc, "/tmp/ct-proc-XXXXXX");
		ASSERT_NE(NULL, mkdtemp(self->proc));
		ASSERT_EQ(0, mount("proc", self->proc, "proc", 0, NULL));
	}
	self->root = open(self->proc, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	ASSERT_LE(0, self->root);
	if (ct_mode() == CT_MODE_HOST) {
		self->box = ct_spawn(CT_CONTAINER, ct_idle, NULL);
		strcpy(self->name, self->box.name);
	} else {
		ASSERT_LT(0, ct_read_file(CT_FILE, self->name,
					  sizeof(self->name)));
		self->name[strcspn(self->name, "\n")] = 0;
	}
}

FIXTURE_TEARDOWN(path)
{
	if (self->box.pid)
		EXPECT_EQ(0, ct_finish(&self->box));
	if (self->root)
		close(self->root);
	if (strcmp(self->proc, "/proc")) {
		EXPECT_EQ(0, umount(self->proc));
		EXPECT_EQ(0, rmdir(self->proc));
	}
}

TEST_F(path, without_a_slash)
{
	int root = self->root;

	CT_NEED_MODULE();
	EXPECT_EQ(FILE_KIND, stat_gives(root, "container", 0));
	EXPECT_EQ(FILE_KIND, stat_gives(root, "container",
					AT_SYMLINK_NOFOLLOW));
	EXPECT_EQ(FILE_KIND, open_gives(root, "container", O_RDONLY));
	EXPECT_EQ(FILE_KIND, open_gives(root, "container", O_RDWR));
	EXPECT_EQ(FILE_KIND, open_gives(root, "container", O_PATH));
	/* As a shell opens it for > and >>. */
	EXPECT_EQ(FILE_KIND, open_gives(root, "container",
					O_WRONLY | O_CREAT | O_TRUNC));
	EXPECT_EQ(FILE_KIND, open_gives(root, "container",
					O_WRONLY | O_CREAT | O_APPEND));
	CT_ERRNO(EEXIST, openat(root, "container", O_CREAT | O_EXCL, 0600));
	EXPECT_EQ(0, faccessat(root, "container", R_OK | W_OK, 0));
	/* And still the directory, for those who ask for one. */
	EXPECT_EQ(DIRECTORY, open_gives(root, "container", O_DIRECTORY));
	EXPECT_EQ(DIRECTORY, open_gives(root, "container",
					O_DIRECTORY | O_PATH));
	EXPECT_EQ(FILE_KIND, open_gives(root, "container", O_RDONLY));
	EXPECT_EQ(FILE_KIND, stat_gives(root, "container", 0));
}

TEST_F(path, with_a_slash)
{
	int root = self->root;

	CT_NEED_MODULE();
	EXPECT_EQ(DIRECTORY, stat_gives(root, "container/", 0));
	EXPECT_EQ(DIRECTORY, stat_gives(root, "container/",
					AT_SYMLINK_NOFOLLOW));
	EXPECT_EQ(DIRECTORY, stat_gives(root, "container/.", 0));
	EXPECT_EQ(DIRECTORY, stat_gives(root, "container//", 0));
	EXPECT_EQ(DIRECTORY, stat_gives(root, "./container/", 0));
	EXPECT_EQ(DIRECTORY, stat_gives(root, "self/../container/", 0));
	EXPECT_EQ(DIRECTORY, open_gives(root, "container/", O_RDONLY));
	EXPECT_EQ(DIRECTORY, open_gives(root, "container/", O_PATH));
	EXPECT_EQ(DIRECTORY, open_gives(root, "container/.", O_DIRECTORY));
	CT_ERRNO(EISDIR, openat(root, "container/", O_RDWR));
	CT_ERRNO(EISDIR, openat(root, "container/", O_CREAT | O_WRONLY, 0600));
	EXPECT_EQ(DIRECTORY, stat_gives(root, "container/..", 0));
	EXPECT_EQ(FILE_KIND, stat_gives(root, "container/../container", 0));
}

TEST_F(path, below)
{
	char path[256];

	CT_NEED_MODULE();
	snprintf(path, sizeof(path), "container/%s", self->name);
	EXPECT_EQ(DIRECTORY, stat_gives(self->root, path, 0));
	EXPECT_EQ(DIRECTORY, open_gives(self->root, path, O_DIRECTORY));
	snprintf(path, sizeof(path), "container/%s/", self->name);
	EXPECT_EQ(DIRECTORY, stat_gives(self->root, path, 0));
	snprintf(path, sizeof(path), "container/%s/tasks", self->name);
	EXPECT_EQ(FILE_KIND, open_gives(self->root, path, O_RDWR));
	snprintf(path, sizeof(path), "container//%s//status", self->name);
	EXPECT_EQ(FILE_KIND, open_gives(self->root, path, O_RDONLY));
	snprintf(path, sizeof(path), "container/./%s/../%s/kill", self->name,
		 self->name);
	EXPECT_EQ(FILE_KIND, open_gives(self->root, path, O_WRONLY));
	CT_ERRNO(ENOTDIR, faccessat(self->root, strcat(path, "/x"), F_OK, 0));
}

TEST_F(path, nothing_else)
{
	static const char * const names[] = {
		"container/no-such", "container/no-such/", "containery",
		"container0", "contain", "container/no-such/tasks",
		"container/.hidden", "Container",
	};
	char path[128];
	size_t i;

	CT_NEED_MODULE();
	for (i = 0; i < sizeof(names) / sizeof(*names); i++) {
		errno = 0;
		EXPECT_EQ(-1, faccessat(self->root, names[i], F_OK, 0));
		EXPECT_EQ(ENOENT, errno);
	}
	snprintf(path, sizeof(path), "container/%s/no-such", self->name);
	CT_ERRNO(ENOENT, faccessat(self->root, path, F_OK, 0));
	/* Nobody makes or removes anything here. */
	EXPECT_EQ(-1, mkdirat(self->root, "container/new", 0755));
	EXPECT_EQ(-1, openat(self->root, "container/new", O_CREAT | O_RDWR,
			     0600));
	EXPECT_EQ(-1, unlinkat(self->root, "container", 0));
	EXPECT_EQ(-1, unlinkat(self->root, "container/", AT_REMOVEDIR));
	snprintf(path, sizeof(path), "container/%s", self->name);
	EXPECT_EQ(-1, unlinkat(self->root, path, AT_REMOVEDIR));
	strcat(path, "/tasks");
	EXPECT_EQ(-1, unlinkat(self->root, path, 0));
	EXPECT_EQ(FILE_KIND, stat_gives(self->root, path, 0));
}

TEST_F(path, as_working_directory)
{
	char cwd[128], wanted[128];

	CT_NEED_MODULE();
	ASSERT_EQ(0, fchdir(self->root));
	ASSERT_EQ(0, chdir("container"));
	snprintf(wanted, sizeof(wanted), "%s/container", self->proc);
	EXPECT_STREQ(wanted, getcwd(cwd, sizeof(cwd)));
	EXPECT_EQ(DIRECTORY, stat_gives(AT_FDCWD, self->name, 0));
	ASSERT_EQ(0, chdir(self->name));
	snprintf(wanted, sizeof(wanted), "%s/container/%s", self->proc,
		 self->name);
	EXPECT_STREQ(wanted, getcwd(cwd, sizeof(cwd)));
	EXPECT_EQ(FILE_KIND, open_gives(AT_FDCWD, "tasks", O_RDONLY));
	ASSERT_EQ(0, chdir("../../container/"));
	EXPECT_EQ(DIRECTORY, stat_gives(AT_FDCWD, self->name, 0));
	ASSERT_EQ(0, chdir(".."));
	EXPECT_STREQ(self->proc, getcwd(cwd, sizeof(cwd)));
	ASSERT_EQ(0, chdir("/"));
}

/* How often a name is in a directory; its type is checked, too. */
static int listed(int dir, const char *path, const char *name, int type)
{
	int fd = openat(dir, path, O_RDONLY | O_DIRECTORY), count = 0;
	struct dirent *entry;
	DIR *list;

	CT_CHECK(fd >= 0);
	list = fdopendir(fd);
	CT_CHECK(list);
	while ((entry = readdir(list))) {
		if (strcmp(entry->d_name, name))
			continue;
		CT_EQ(type, entry->d_type);
		count++;
	}
	closedir(list);
	return count;
}

TEST_F(path, in_listings)
{
	char path[128];

	CT_NEED_MODULE();
	EXPECT_EQ(1, listed(self->root, ".", "container", DT_REG));
	EXPECT_EQ(1, listed(self->root, "container", self->name, DT_DIR));
	EXPECT_EQ(1, listed(self->root, "container/", self->name, DT_DIR));
	EXPECT_EQ(1, listed(self->root, "container/", ".", DT_DIR));
	EXPECT_EQ(1, listed(self->root, "container/", "..", DT_DIR));
	snprintf(path, sizeof(path), "container/%s", self->name);
	EXPECT_EQ(1, listed(self->root, path, "tasks", DT_REG));
	EXPECT_EQ(1, listed(self->root, path, "status", DT_REG));
	EXPECT_EQ(1, listed(self->root, path, "kill", DT_REG));
}

/* Two names in the kernel's cache, and many who look for both at a time. */
struct racer {
	pthread_t thread;
	int root, number;
	const char *name;
	long rounds;
};

static void *race(void *arg)
{
	struct racer *me = arg;
	long long end = ct_now_ms() + RACE_MS;
	char path[128];

	snprintf(path, sizeof(path), "container/%s/status", me->name);
	for (; ct_now_ms() < end; me->rounds++) {
		switch ((me->number + me->rounds) % 5) {
		case 0:
			CT_EQ(FILE_KIND, open_gives(me->root, "container",
						    O_RDONLY));
			break;
		case 1:
			CT_EQ(DIRECTORY, open_gives(me->root, "container",
						    O_DIRECTORY));
			break;
		case 2:
			CT_EQ(DIRECTORY, stat_gives(me->root, "container/",
						    0));
			break;
		case 3:
			CT_EQ(FILE_KIND, stat_gives(me->root, "container", 0));
			break;
		case 4:
			CT_EQ(FILE_KIND, open_gives(me->root, path, O_RDONLY));
			break;
		}
	}
	return NULL;
}

TEST_F(path, many_at_the_same_time)
{
	struct racer racer[4];
	int i;

	CT_NEED_MODULE();
	for (i = 0; i < 4; i++) {
		racer[i] = (struct racer){ .root = self->root, .number = i,
					   .name = self->name };
		ASSERT_EQ(0, pthread_create(&racer[i].thread, NULL, race,
					    &racer[i]));
	}
	/* While the cache is emptied under them. */
	for (i = 0; i < 20; i++) {
		ct_write_file("/proc/sys/vm/drop_caches", "2");
		usleep(RACE_MS * 1000 / 20);
	}
	for (i = 0; i < 4; i++) {
		ASSERT_EQ(0, pthread_join(racer[i].thread, NULL));
		EXPECT_LT(5, racer[i].rounds);
	}
}

/* Calls that look at a path in special ways. */
TEST_F(path, resolved_with_care)
{
	struct open_how how = { .flags = O_RDONLY };
	int fd;

	CT_NEED_MODULE();
	how.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_XDEV;
	fd = syscall(SYS_openat2, self->root, "container/", &how, sizeof(how));
	ASSERT_LE(0, fd);
	EXPECT_EQ(1, listed(fd, ".", self->name, DT_DIR));
	close(fd);
	fd = syscall(SYS_openat2, self->root, "container", &how, sizeof(how));
	ASSERT_LE(0, fd);
	EXPECT_EQ(FILE_KIND, open_gives(self->root, "container", O_RDONLY));
	close(fd);
	/* What is not in the cache may not be known yet; then it says so. */
	how.resolve = RESOLVE_CACHED;
	fd = syscall(SYS_openat2, self->root, "container/", &how, sizeof(how));
	CT_CHECK(fd >= 0 || errno == EAGAIN || errno == EINVAL);
	if (fd >= 0)
		EXPECT_EQ(1, listed(fd, ".", self->name, DT_DIR));
}

TEST_HARNESS_MAIN
