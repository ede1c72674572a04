// SPDX-License-Identifier: GPL-2.0
/* modes: host contained pidns */
/*
 * /proc as one process sees it: which processes are there, by which numbers,
 * and what their files say.
 */
#include "ct.h"
#include <dirent.h>
#include "kselftest_harness.h"

#define MANY 256

struct numbers {
	int count;
	pid_t pid[MANY];
};

static bool has(const struct numbers *list, pid_t pid)
{
	int i;

	for (i = 0; i < list->count; i++)
		if (list->pid[i] == pid)
			return true;
	return false;
}

static bool exists(const char *fmt, pid_t a, pid_t b)
{
	char path[64];

	snprintf(path, sizeof(path), fmt, a, b);
	return access(path, F_OK) == 0;
}

/*
 * The numbers in a directory, which have to be in order and once each.  Of one
 * that has died since it was found the kernel does not know any more what it is.
 */
static struct numbers list(const char *path)
{
	struct numbers found = { 0 };
	struct dirent *entry;
	DIR *dir = opendir(path);
	pid_t pid;

	CT_CHECK(dir);
	while ((entry = readdir(dir))) {
		pid = atoi(entry->d_name);
		if (!pid)
			continue;
		CT_CHECK(found.count < MANY);
		if (entry->d_type != DT_DIR) {
			CT_EQ(DT_UNKNOWN, entry->d_type);
			CT_CHECK(!exists("/proc/%d", pid, 0));
		}
		if (found.count)
			CT_CHECK(pid > found.pid[found.count - 1]);
		found.pid[found.count++] = pid;
	}
	closedir(dir);
	return found;
}

/* -- which processes there are ---------------------------------------------------- */

#define CHILDREN 3

FIXTURE(family) {
	struct ct_child child[CHILDREN];
};

FIXTURE_SETUP(family)
{
	int i;

	for (i = 0; i < CHILDREN; i++)
		self->child[i] = ct_spawn(CT_PLAIN, ct_idle, NULL);
}

FIXTURE_TEARDOWN(family)
{
	int i;

	for (i = 0; i < CHILDREN; i++)
		EXPECT_EQ(0, ct_finish(&self->child[i]));
}

TEST_F(family, all_that_are_listed)
{
	struct numbers all = list("/proc");
	int i;

	EXPECT_TRUE(has(&all, 1));
	EXPECT_TRUE(has(&all, getppid()));
	EXPECT_TRUE(has(&all, getpid()));
	for (i = 0; i < CHILDREN; i++)
		EXPECT_TRUE(has(&all, self->child[i].pid));
	/* Inside: process 1, the harness, the test and its children. */
	if (ct_isolated())
		EXPECT_EQ(3 + CHILDREN, all.count);
}

/*
 * What is not listed is not found by name either, but for the number that the
 * container's process 1 had before, which goes on meaning it.
 */
TEST_F(family, no_others_by_name)
{
	struct numbers all = list("/proc");
	int aliases = 0;
	pid_t pid;

	if (!ct_isolated())
		SKIP(return, "other programs come and go");
	for (pid = 0; pid < 2000; pid++) {
		if (has(&all, pid) == exists("/proc/%d", pid, 0))
			continue;
		if (has(&all, pid))
			CT_FAIL("%d is listed and not found", pid);
		if (ct_status(pid, "Pid") != 1)
			CT_FAIL("%d is found and not listed", pid);
		aliases++;
	}
	EXPECT_LE(aliases, ct_mode() == CT_MODE_CONTAINED);
}

TEST_F(family, gone_with_its_process)
{
	pid_t pid = ct_unused_pid();
	struct numbers all = list("/proc");

	EXPECT_FALSE(has(&all, pid));
	EXPECT_FALSE(exists("/proc/%d", pid, 0));
	EXPECT_FALSE(exists("/proc/%d/task/%d", getpid(), self->child[0].pid));
}

TEST(names_that_are_no_numbers)
{
	static const char * const names[] = {
		"0", "-1", "+1", "01", "1x", "1.", "0x1", "4294967297",
		"99999999999999999999",
	};
	char path[64];
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(*names); i++) {
		snprintf(path, sizeof(path), "/proc/%s", names[i]);
		errno = 0;
		EXPECT_EQ(-1, access(path, F_OK));
		EXPECT_EQ(ENOENT, errno);
		snprintf(path, sizeof(path), "/proc/self/task/%s", names[i]);
		EXPECT_EQ(-1, access(path, F_OK));
	}
}

/* -- reading the directory in pieces ------------------------------------------------ */

struct entry {
	uint64_t ino;
	int64_t next;
	unsigned short len;
	unsigned char type;
	char name[];
};

/* A few entries at a time, and once more from each position. */
TEST_F(family, in_small_pieces)
{
	struct numbers all = list("/proc"), found = { 0 };
	int fd = open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct entry *entry;
	int len, used, pass;
	char buf[64];
	int64_t at;

	ASSERT_LE(0, fd);
	if (!ct_isolated())
		SKIP(return, "other programs come and go");
	for (pass = 0; ; pass ^= 1) {
		at = lseek(fd, 0, SEEK_CUR);
		len = syscall(SYS_getdents64, fd, buf, sizeof(buf));
		ASSERT_LE(0, len);
		if (!len)
			break;
		for (used = 0; used < len; used += entry->len) {
			entry = (void *)(buf + used);
			if (!atoi(entry->name))
				continue;
			if (pass)
				CT_CHECK(has(&found, atoi(entry->name)));
			else
				found.pid[found.count++] = atoi(entry->name);
		}
		if (!pass)
			ASSERT_EQ(at, lseek(fd, at, SEEK_SET));
	}
	EXPECT_EQ(all.count, found.count);
	EXPECT_EQ(0, memcmp(all.pid, found.pid,
			    all.count * sizeof(*all.pid)));
	close(fd);
}

/* Those that stay are listed whatever others do. */
static void churn(int fd, void *arg)
{
	struct pollfd wait = { .fd = fd, .events = POLLIN };

	while (poll(&wait, 1, 0) == 0)
		ct_unused_pid();
}

TEST_F(family, beside_others_that_come_and_go)
{
	struct ct_child other[2];
	struct numbers all;
	int i, j;

	for (i = 0; i < 2; i++)
		other[i] = ct_spawn(CT_PLAIN, churn, NULL);
	for (i = 0; i < 300; i++) {
		all = list("/proc");
		ASSERT_TRUE(has(&all, getpid()));
		for (j = 0; j < 2; j++)
			ASSERT_TRUE(has(&all, other[j].pid));
		for (j = 0; j < CHILDREN; j++)
			ASSERT_TRUE(has(&all, self->child[j].pid));
	}
	for (i = 0; i < 2; i++)
		EXPECT_EQ(0, ct_finish(&other[i]));
}

/* -- what the files say --------------------------------------------------------------- */

static long long stat_of(pid_t pid, int field)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	return ct_stat_field(path, field);
}

static int first_number(const char *path)
{
	char text[64] = "-1";

	ct_read_file(path, text, sizeof(text));
	return atoi(text);
}

/* A line of one number only: there is no other view to be shown. */
static long long only_number(pid_t pid, const char *key)
{
	char path[64], line[256], *end;
	size_t len = strlen(key);
	long long value = -1;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/status", pid);
	file = fopen(path, "re");
	CT_CHECK(file);
	while (fgets(line, sizeof(line), file)) {
		if (strncmp(line, key, len) || line[len] != ':')
			continue;
		value = strtoll(line + len + 1, &end, 10);
		CT_STREQ("\n", end);
	}
	fclose(file);
	return value;
}

TEST_F(family, stat_and_status)
{
	pid_t pid = self->child[0].pid;
	char path[64];

	ASSERT_EQ(0, setpgid(self->child[1].pid, self->child[1].pid));
	ASSERT_EQ(0, setpgid(pid, self->child[1].pid));
	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	EXPECT_EQ(pid, first_number(path));
	EXPECT_EQ(getpid(), stat_of(pid, 4));
	EXPECT_EQ(self->child[1].pid, stat_of(pid, 5));
	EXPECT_EQ(getsid(0), stat_of(pid, 6));
	EXPECT_EQ(getppid(), stat_of(getpid(), 4));

	EXPECT_EQ(pid, ct_status(pid, "Tgid"));
	EXPECT_EQ(0, ct_status(pid, "Ngid"));
	EXPECT_EQ(pid, ct_status(pid, "Pid"));
	EXPECT_EQ(getpid(), ct_status(pid, "PPid"));
	EXPECT_EQ(0, ct_status(pid, "TracerPid"));
	EXPECT_EQ(pid, only_number(pid, "NStgid"));
	EXPECT_EQ(pid, only_number(pid, "NSpid"));
	EXPECT_EQ(self->child[1].pid, only_number(pid, "NSpgid"));
	EXPECT_EQ(getsid(0), only_number(pid, "NSsid"));

	EXPECT_EQ(0, stat_of(1, 4));
	EXPECT_EQ(0, ct_status(1, "PPid"));
}

TEST_F(family, children)
{
	struct numbers found = { 0 };
	char path[64], text[256], *at = text;
	int used, i;
	pid_t pid;

	snprintf(path, sizeof(path), "/proc/%d/task/%d/children", getpid(),
		 getpid());
	ASSERT_LT(0, ct_read_file(path, text, sizeof(text)));
	while (sscanf(at, "%d%n", &pid, &used) == 1) {
		found.pid[found.count++] = pid;
		at += used;
	}
	EXPECT_EQ(CHILDREN, found.count);
	for (i = 0; i < CHILDREN; i++)
		EXPECT_TRUE(has(&found, self->child[i].pid));
}

static void take_name(int fd, void *arg)
{
	CT_EQ(0, prctl(PR_SET_NAME, arg));
	CT_EQ(0, chdir("/proc/sys"));
	ct_send(fd, 0);
	ct_wait_hangup(fd);
}

TEST(files_of_a_process)
{
	struct ct_child child = ct_spawn(CT_PLAIN, take_name, "a-child");
	char path[64], text[256], exe[256];
	ssize_t len;

	ct_recv(child.fd);
	snprintf(path, sizeof(path), "/proc/%d/comm", child.pid);
	ASSERT_LT(0, ct_read_file(path, text, sizeof(text)));
	EXPECT_STREQ("a-child\n", text);
	snprintf(path, sizeof(path), "/proc/%d/cwd", child.pid);
	len = readlink(path, text, sizeof(text) - 1);
	ASSERT_LT(0, len);
	text[len] = 0;
	EXPECT_STREQ("/proc/sys", text);
	snprintf(path, sizeof(path), "/proc/%d/exe", child.pid);
	ASSERT_EQ(len = readlink(path, text, sizeof(text)),
		  readlink("/proc/self/exe", exe, sizeof(exe)));
	EXPECT_EQ(0, memcmp(text, exe, len));
	snprintf(path, sizeof(path), "/proc/%d/fd/%d", child.pid, child.fd);
	EXPECT_EQ(0, ct_finish(&child));
	CT_ERRNO(ENOENT, access(path, F_OK));
}

/* -- oneself ---------------------------------------------------------------------------- */

static bool link_is(const char *path, const char *fmt, pid_t a, pid_t b)
{
	char text[64] = { 0 }, wanted[64];

	CT_CHECK(readlink(path, text, sizeof(text) - 1) > 0);
	snprintf(wanted, sizeof(wanted), fmt, a, b);
	return !strcmp(text, wanted);
}

static void *look_from_thread(void *arg)
{
	CT_CHECK(link_is("/proc/self", "%d", getpid(), 0));
	CT_CHECK(link_is("/proc/thread-self", "%d/task/%d", getpid(),
			 ct_gettid()));
	CT_EQ(ct_gettid(), first_number("/proc/thread-self/stat"));
	CT_EQ(getpid(), first_number("/proc/self/stat"));
	return NULL;
}

TEST(self)
{
	pthread_t thread;
	pid_t pid;

	look_from_thread(NULL);
	ASSERT_EQ(0, pthread_create(&thread, NULL, look_from_thread, NULL));
	ASSERT_EQ(0, pthread_join(thread, NULL));
	ASSERT_EQ(0, chdir("/proc/self"));
	EXPECT_EQ(getpid(), first_number("stat"));
	/* Where we are stays the parent's directory in a child. */
	pid = fork();
	if (!pid) {
		CT_EQ(getppid(), first_number("stat"));
		look_from_thread(NULL);
		_exit(0);
	}
	EXPECT_EQ(0, ct_reap(pid));
	ASSERT_EQ(0, chdir("/"));
}

/* -- threads ------------------------------------------------------------------------------ */

#define THREADS 4

TEST(threads)
{
	struct ct_thread idle[THREADS];
	struct numbers tasks, all;
	char path[64];
	int i;

	for (i = 0; i < THREADS; i++)
		ct_thread_start(&idle[i]);
	snprintf(path, sizeof(path), "/proc/%d/task", getpid());
	tasks = list(path);
	all = list("/proc");
	EXPECT_EQ(THREADS + 1, tasks.count);
	EXPECT_TRUE(has(&tasks, getpid()));
	for (i = 0; i < THREADS; i++) {
		EXPECT_TRUE(has(&tasks, idle[i].tid));
		/* A thread is not listed as a process, but there by name. */
		EXPECT_FALSE(has(&all, idle[i].tid));
		EXPECT_EQ(getpid(), ct_status(idle[i].tid, "Tgid"));
		EXPECT_EQ(idle[i].tid, ct_status(idle[i].tid, "Pid"));
		snprintf(path, sizeof(path), "/proc/self/task/%d/stat",
			 idle[i].tid);
		EXPECT_EQ(idle[i].tid, first_number(path));
		EXPECT_EQ(getppid(), ct_stat_field(path, 4));
	}
	EXPECT_EQ(THREADS + 1, ct_status(getpid(), "Threads"));
	for (i = 0; i < THREADS; i++)
		ct_thread_end(&idle[i]);
}

/* -- a number that is used again ------------------------------------------------------------ */

TEST(a_directory_is_one_process_only)
{
	struct ct_child child = ct_spawn(CT_PLAIN, ct_idle, NULL);
	pid_t pid = child.pid, other;
	char path[64], text[64];
	int dir, fd[2];

	if (!ct_isolated())
		SKIP(return, "needs ns_last_pid for itself");
	snprintf(path, sizeof(path), "/proc/%d", pid);
	dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	ASSERT_LE(0, dir);
	EXPECT_EQ(0, faccessat(dir, "stat", F_OK, 0));
	ASSERT_EQ(0, ct_finish(&child));
	EXPECT_EQ(-1, openat(dir, "stat", O_RDONLY));

	ASSERT_EQ(0, pipe2(fd, O_CLOEXEC));
	snprintf(text, sizeof(text), "%d", pid - 1);
	ASSERT_EQ(0, ct_write_file("/proc/sys/kernel/ns_last_pid", text));
	other = fork();
	if (!other) {
		close(fd[1]);
		ct_wait_hangup(fd[0]);
		_exit(0);
	}
	ASSERT_EQ(pid, other);
	EXPECT_EQ(-1, openat(dir, "stat", O_RDONLY));
	EXPECT_EQ(getpid(), ct_status(pid, "PPid"));
	close(fd[1]);
	EXPECT_EQ(0, ct_reap(other));
	close(dir);
}

TEST_HARNESS_MAIN
