// SPDX-License-Identifier: GPL-2.0
/* kernels: stock */
/* modules: autofs4 */
/*
 * Numbers in files and mounts that not every kernel has, or only with a module:
 * who serves an automounter, what DAMON watches, what TOMOYO knows.
 */
#include "ct.h"
#include "kselftest_harness.h"
#include "ct-wall.h"

/* -- automounters -------------------------------------------------------------------- */

/* The number behind pgrp= in the line of a mount. */
static long long group_of_mount(const char *dir)
{
	char line[1024], *at;
	long long group = -1;
	FILE *file = fopen("/proc/self/mountinfo", "re");

	CT_CHECK(file);
	while (fgets(line, sizeof(line), file)) {
		at = strstr(line, ",pgrp=");
		if (at && strstr(line, dir))
			group = strtoll(at + 6, NULL, 10);
	}
	fclose(file);
	return group;
}

static void look_at_mount(int fd, void *arg)
{
	ct_send(fd, group_of_mount(arg));
	ct_wait_hangup(fd);
}

TEST_F(wall, group_of_an_automounter)
{
	char dir[] = "/tmp/ct-autofs-XXXXXX", options[128];
	struct ct_child child;
	int fd[2];

	CT_NEED_BOX(variant);
	ASSERT_NE(NULL, mkdtemp(dir));
	ASSERT_EQ(0, pipe2(fd, O_DIRECT | O_CLOEXEC));
	snprintf(options, sizeof(options),
		 "fd=%d,pgrp=%d,minproto=5,maxproto=5,direct", fd[1], getpgrp());
	ASSERT_EQ(0, mount("ct", dir, "autofs", 0, options));
	EXPECT_EQ(getpgrp(), group_of_mount(dir));
	child = ct_spawn(variant->box, look_at_mount, dir);
	EXPECT_EQ(0, ct_recv(child.fd));
	EXPECT_EQ(0, ct_finish(&child));
	EXPECT_EQ(0, umount2(dir, MNT_DETACH));
	close(fd[0]);
	close(fd[1]);
	EXPECT_EQ(0, rmdir(dir));
}

/* -- the scheduler's figures ------------------------------------------------------------ */

/* The first line of /proc/PID/sched is "NAME (PID, #threads: N)". */
static long long number_in_sched(const char *pid)
{
	char path[64], text[256], *at;

	snprintf(path, sizeof(path), "/proc/%s/sched", pid);
	CT_CHECK(ct_read_file(path, text, sizeof(text)) > 0);
	at = strstr(text, ", #threads:");
	CT_CHECK(at);
	while (at[-1] != '(')
		at--;
	return strtoll(at, NULL, 10);
}

static void look_at_sched(int fd, void *arg)
{
	(void)arg;
	CT_EQ(getpid(), number_in_sched("self"));
	CT_EQ(getpid(), number_in_sched("1"));
	ct_send(fd, 0);
	ct_wait_hangup(fd);
}

TEST_F(wall, scheduling)
{
	struct ct_child child;
	char pid[16];

	CT_NEED_BOX(variant);
	EXPECT_EQ(getpid(), number_in_sched("self"));
	child = ct_spawn(variant->box, look_at_sched, NULL);
	EXPECT_EQ(0, ct_recv(child.fd));
	snprintf(pid, sizeof(pid), "%d", child.pid);
	EXPECT_EQ(child.pid, number_in_sched(pid));
	EXPECT_EQ(0, ct_finish(&child));
}

/* -- DAMON -------------------------------------------------------------------------------- */

#define DAMON	"/sys/kernel/mm/damon/admin/kdamonds"

/* 0 or -errno. */
static int damon_set(const char *file, const char *text)
{
	char path[160];

	snprintf(path, sizeof(path), DAMON "/%s", file);
	return ct_write_file(path, text);
}

/* Whether it can watch the process of that number. */
static int damon_watch(long long pid)
{
	char text[32];
	int ret;

	CT_EQ(0, damon_set("nr_kdamonds", "1"));
	CT_EQ(0, damon_set("0/contexts/nr_contexts", "1"));
	CT_EQ(0, damon_set("0/contexts/0/operations", "vaddr"));
	CT_EQ(0, damon_set("0/contexts/0/targets/nr_targets", "1"));
	snprintf(text, sizeof(text), "%lld", pid);
	CT_EQ(0, damon_set("0/contexts/0/targets/0/pid_target", text));
	ret = damon_set("0/state", "on");
	if (!ret)
		CT_EQ(0, damon_set("0/state", "off"));
	CT_EQ(0, damon_set("nr_kdamonds", "0"));
	return ret;
}

static void watch_processes(int fd, void *arg)
{
	CT_EQ(0, damon_watch(getpid()));
	/* Nobody has that number here. */
	CT_EQ(-EINVAL, damon_watch(*(pid_t *)arg));
	ct_send(fd, 0);
	ct_wait_hangup(fd);
}

TEST_F(wall, watched_by_damon)
{
	pid_t outside = getpid();
	struct ct_child child;

	CT_NEED_BOX(variant);
	if (access(DAMON, F_OK))
		SKIP(return, "this kernel has no DAMON");
	EXPECT_EQ(0, damon_watch(getpid()));
	child = ct_spawn(variant->box, watch_processes, &outside);
	EXPECT_EQ(0, ct_recv(child.fd));
	EXPECT_EQ(0, damon_watch(child.pid));
	EXPECT_EQ(0, ct_finish(&child));
}

/* -- TOMOYO --------------------------------------------------------------------------------- */

static int open_error(const char *dir, const char *file)
{
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "%s/tomoyo/%s", dir, file);
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0)
		return errno;
	close(fd);
	return 0;
}

/* What it says of a process by its global number; -1: of nobody. */
static long long status_by_number(const char *dir, pid_t pid)
{
	char path[64], text[256];
	ssize_t len;
	int fd;

	snprintf(path, sizeof(path), "%s/tomoyo/.process_status", dir);
	fd = open(path, O_RDWR | O_CLOEXEC | O_NONBLOCK);
	CT_CHECK(fd >= 0);
	len = snprintf(text, sizeof(text), "global-pid %d\n", pid);
	CT_EQ(len, write(fd, text, len));
	len = read(fd, text, sizeof(text) - 1);
	close(fd);
	if (len <= 0)
		return -1;
	text[len] = 0;
	return strtoll(text, NULL, 10);
}

static void look_at_tomoyo(int fd, void *arg)
{
	static const char * const files[] = {
		"audit", "query", ".process_status", "domain_policy",
	};
	unsigned int i;

	for (i = 0; i < sizeof(files) / sizeof(*files); i++)
		ct_send(fd, open_error(arg, files[i]));
	ct_send(fd, open_error(arg, "version"));
	ct_send(fd, open_error(arg, "self_domain"));
	ct_wait_hangup(fd);
}

TEST_F(wall, what_tomoyo_knows)
{
	int error = variant->box == CT_CONTAINER ? EPERM : 0, i;
	char dir[] = "/tmp/ct-security-XXXXXX";
	struct ct_child child;

	CT_NEED_BOX(variant);
	ASSERT_NE(NULL, mkdtemp(dir));
	ASSERT_EQ(0, mount("ct", dir, "securityfs", 0, NULL));
	if (open_error(dir, "version")) {
		umount2(dir, MNT_DETACH);
		rmdir(dir);
		SKIP(return, "TOMOYO is not active");
	}
	EXPECT_EQ(getpid(), status_by_number(dir, getpid()));
	child = ct_spawn(variant->box, look_at_tomoyo, dir);
	for (i = 0; i < 4; i++)
		EXPECT_EQ(error, ct_recv(child.fd)) TH_LOG("file %d", i);
	EXPECT_EQ(0, ct_recv(child.fd));
	EXPECT_EQ(0, ct_recv(child.fd));
	EXPECT_EQ(0, ct_finish(&child));
	EXPECT_EQ(0, umount2(dir, MNT_DETACH));
	EXPECT_EQ(0, rmdir(dir));
}

TEST_HARNESS_MAIN
