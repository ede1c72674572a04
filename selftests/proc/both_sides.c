// SPDX-License-Identifier: GPL-2.0
/* modes: host */
/*
 * One /proc, looked at from several containers and from outside at the same
 * time: everybody finds his own processes by his own numbers, although the
 * names are the same and the directory is one.
 */
#include "ct.h"
#include <dirent.h>
#include "kselftest_harness.h"

#define CONTAINERS	3
#define MEMBERS		3
#define LOOK_MS		1500

static bool read_comm(int dir, const char *pid, char *comm, size_t size)
{
	char path[64];
	ssize_t len;
	int fd;

	snprintf(path, sizeof(path), "%s/comm", pid);
	fd = openat(dir, path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	len = read(fd, comm, size - 1);
	close(fd);
	if (len <= 0)
		return false;
	/* Without the end of the line. */
	comm[len - 1] = 0;
	return true;
}

static int number_in(const char *path)
{
	char text[64] = "-1";

	ct_read_file(path, text, sizeof(text));
	return atoi(text);
}

/* How many numbers are listed, and their sum. */
static int count_listed(const char *path, int *sum)
{
	struct dirent *entry;
	DIR *dir = opendir(path);
	int count = 0;

	CT_CHECK(dir);
	*sum = 0;
	while ((entry = readdir(dir))) {
		if (atoi(entry->d_name)) {
			count++;
			*sum += atoi(entry->d_name);
		}
	}
	closedir(dir);
	return count;
}

/* -- standing still ------------------------------------------------------------------ */

static void be_called(int fd, void *arg)
{
	CT_EQ(0, prctl(PR_SET_NAME, arg));
	ct_send(fd, 0);
	ct_wait_hangup(fd);
}

static void look_around(int container)
{
	char path[64], name[16], comm[32];
	int nr, sum;

	for (nr = 1; nr <= MEMBERS; nr++) {
		snprintf(path, sizeof(path), "/proc/%d", nr);
		snprintf(name, sizeof(name), "c%d-%d", container, nr);
		CT_CHECK(read_comm(AT_FDCWD, path, comm, sizeof(comm)));
		CT_STREQ(name, comm);
		snprintf(path, sizeof(path), "/proc/%d/stat", nr);
		CT_EQ(nr, number_in(path));
		snprintf(path, sizeof(path), "/proc/%d/task/%d/stat", nr, nr);
		CT_EQ(nr, number_in(path));
	}
	CT_EQ(1, number_in("/proc/self/stat"));
	CT_EQ(MEMBERS, count_listed("/proc", &sum));
	CT_EQ(MEMBERS * (MEMBERS + 1) / 2, sum);
	CT_ERRNO(ENOENT, access("/proc/4", F_OK));
}

static void stand_still(int fd, void *arg)
{
	struct ct_child member[MEMBERS + 1];
	int container = *(int *)arg, nr;
	char name[16];
	struct stat first, again;
	long long end;

	for (nr = 2; nr <= MEMBERS; nr++) {
		snprintf(name, sizeof(name), "c%d-%d", container, nr);
		member[nr] = ct_spawn(CT_PLAIN, be_called, name);
		CT_EQ(nr, member[nr].pid);
		ct_recv(member[nr].fd);
	}
	snprintf(name, sizeof(name), "c%d-1", container);
	CT_EQ(0, prctl(PR_SET_NAME, name));
	CT_EQ(0, stat("/proc/1", &first));
	ct_send(fd, first.st_ino);
	ct_recv(fd);
	for (end = ct_now_ms() + LOOK_MS; ct_now_ms() < end; ) {
		look_around(container);
		CT_EQ(0, stat("/proc/1", &again));
		CT_EQ(first.st_ino, again.st_ino);
	}
	ct_send(fd, 0);
	ct_wait_hangup(fd);
	for (nr = 2; nr <= MEMBERS; nr++)
		CT_EQ(0, ct_finish(&member[nr]));
}

struct member {
	pid_t pid;
	char name[16];
};

/* The members of all containers by their numbers outside. */
static void find_members(struct ct_child *box, struct member *members)
{
	char path[128], line[128];
	int container, vpid, nr;
	FILE *tasks;

	for (container = 0; container < CONTAINERS; container++) {
		ct_path(path, sizeof(path), box[container].name, "tasks");
		tasks = fopen(path, "re");
		CT_CHECK(tasks);
		for (vpid = 1; vpid <= MEMBERS; vpid++, members++) {
			CT_CHECK(fgets(line, sizeof(line), tasks));
			CT_CHECK(ct_parse_task(line, &nr, &members->pid));
			CT_EQ(vpid, nr);
			snprintf(members->name, sizeof(members->name), "c%d-%d",
				 container, vpid);
		}
		fclose(tasks);
	}
}

static void look_from_outside(const struct member *members, const char *init)
{
	char path[64], comm[32];
	int i;

	for (i = 0; i < CONTAINERS * MEMBERS; i++) {
		snprintf(path, sizeof(path), "/proc/%d", members[i].pid);
		CT_CHECK(read_comm(AT_FDCWD, path, comm, sizeof(comm)));
		CT_STREQ(members[i].name, comm);
		strcat(path, "/stat");
		CT_EQ(members[i].pid, number_in(path));
		CT_EQ(members[i].pid, ct_status(members[i].pid, "Pid"));
	}
	CT_CHECK(read_comm(AT_FDCWD, "/proc/1", comm, sizeof(comm)));
	CT_STREQ(init, comm);
	CT_EQ(getpid(), number_in("/proc/self/stat"));
}

TEST(several_at_the_same_time)
{
	struct member members[CONTAINERS * MEMBERS];
	struct ct_child box[CONTAINERS];
	ino_t inode[CONTAINERS];
	struct pollfd last;
	char init[32];
	int i, j;

	CT_NEED_MODULE();
	ASSERT_TRUE(read_comm(AT_FDCWD, "/proc/1", init, sizeof(init)));
	for (i = 0; i < CONTAINERS; i++) {
		box[i] = ct_spawn(CT_CONTAINER, stand_still, &i);
		inode[i] = ct_recv(box[i].fd);
		for (j = 0; j < i; j++)
			EXPECT_NE(inode[j], inode[i]);
	}
	find_members(box, members);
	for (i = 0; i < CONTAINERS; i++)
		ct_send(box[i].fd, 0);
	last.fd = box[CONTAINERS - 1].fd;
	last.events = POLLIN;
	do {
		look_from_outside(members, init);
	} while (poll(&last, 1, 0) == 0);
	for (i = 0; i < CONTAINERS; i++) {
		EXPECT_EQ(0, ct_recv(box[i].fd));
		EXPECT_EQ(0, ct_finish(&box[i]));
	}
	/* And the numbers are gone with them. */
	for (i = 0; i < CONTAINERS * MEMBERS; i++)
		EXPECT_EQ(0, ct_state(members[i].pid));
}

/* -- coming and going ------------------------------------------------------------------ */

/*
 * Whatever is found under a number has the name of the container's own, as
 * children inherit it.
 */
static void come_and_go(int fd, void *arg)
{
	char name[16], path[64], comm[32];
	long long end = ct_now_ms() + LOOK_MS;
	int nr, sum, found = 0;

	snprintf(name, sizeof(name), "c%d-", *(int *)arg);
	CT_EQ(0, prctl(PR_SET_NAME, name));
	signal(SIGCHLD, SIG_IGN);
	while (ct_now_ms() < end || !found) {
		/* Numbers stay low, so that all containers use the same. */
		CT_EQ(0, ct_write_file("/proc/sys/kernel/ns_last_pid", "1"));
		for (nr = 2; nr < 12; nr++) {
			if (fork())
				continue;
			count_listed("/proc", &sum);
			_exit(0);
		}
		for (nr = 2; nr < 16; nr++) {
			snprintf(path, sizeof(path), "/proc/%d", nr);
			if (!read_comm(AT_FDCWD, path, comm, sizeof(comm)))
				continue;
			CT_STREQ(name, comm);
			found++;
		}
	}
	ct_send(fd, found);
}

TEST(several_that_change)
{
	struct ct_child box[CONTAINERS];
	struct pollfd last;
	char path[64], comm[32];
	int i, nr;

	CT_NEED_MODULE();
	for (i = 0; i < CONTAINERS; i++)
		box[i] = ct_spawn(CT_CONTAINER, come_and_go, &i);
	last.fd = box[CONTAINERS - 1].fd;
	last.events = POLLIN;
	do {
		/* To the host these numbers are the kernel's own threads. */
		for (nr = 1; nr < 16; nr++) {
			snprintf(path, sizeof(path), "/proc/%d", nr);
			if (!read_comm(AT_FDCWD, path, comm, sizeof(comm)))
				continue;
			if (comm[0] == 'c' && comm[2] == '-')
				CT_FAIL("%s is %s", path, comm);
		}
	} while (poll(&last, 1, 0) == 0);
	for (i = 0; i < CONTAINERS; i++) {
		EXPECT_LT(0, ct_recv(box[i].fd));
		EXPECT_EQ(0, ct_finish(&box[i]));
	}
}

/* -- handles that cross ------------------------------------------------------------------ */

struct handles {
	int proc, outsider;
};

static void use_handles(int fd, void *arg)
{
	struct handles *handles = arg;
	char comm[32], text[64] = { 0 };
	int file;

	CT_EQ(0, prctl(PR_SET_NAME, "insider"));
	/* A directory is looked at by who reads it, not by who opened it. */
	CT_CHECK(read_comm(handles->proc, "1", comm, sizeof(comm)));
	CT_STREQ("insider", comm);
	CT_CHECK(read_comm(handles->proc, "self", comm, sizeof(comm)));
	CT_STREQ("insider", comm);
	CT_EQ(0, fchdir(handles->proc));
	CT_EQ(1, number_in("1/stat"));
	CT_EQ(1, number_in("self/stat"));
	CT_EQ(0, chdir("/"));

	/* One who is outside has no number to show. */
	file = openat(handles->outsider, "stat", O_RDONLY | O_CLOEXEC);
	if (file >= 0) {
		CT_CHECK(read(file, text, sizeof(text) - 1) > 0);
		CT_EQ(0, atoi(text));
	}
	/* Nor threads. */
	file = openat(handles->outsider, "task", O_RDONLY | O_DIRECTORY);
	if (file >= 0) {
		char path[64];
		int sum;

		snprintf(path, sizeof(path), "/proc/self/fd/%d", file);
		CT_EQ(0, count_listed(path, &sum));
	}
}

TEST(handles_from_outside)
{
	struct handles handles;
	struct ct_child box;

	CT_NEED_MODULE();
	handles.proc = open("/proc", O_RDONLY | O_DIRECTORY);
	handles.outsider = open("/proc/self/", O_RDONLY | O_DIRECTORY);
	ASSERT_LE(0, handles.proc);
	ASSERT_LE(0, handles.outsider);
	box = ct_spawn(CT_CONTAINER, use_handles, &handles);
	EXPECT_EQ(0, ct_finish(&box));
	EXPECT_EQ(getpid(), number_in("/proc/self/stat"));
}

/* -- a mount made inside, seen from outside ------------------------------------------------ */

static void mount_inside(int fd, void *arg)
{
	CT_EQ(0, prctl(PR_SET_NAME, "insider"));
	CT_EQ(0, mount("proc", arg, "proc", 0, NULL));
	ct_send(fd, 0);
	ct_wait_hangup(fd);
}

/* It belongs to the container that made it, for every reader. */
TEST(mounted_inside)
{
	char dir[] = "/tmp/ct-proc-XXXXXX", path[64], comm[32];
	struct ct_child box;
	int sum;

	CT_NEED_MODULE();
	ASSERT_NE(NULL, mkdtemp(dir));
	box = ct_spawn(CT_CONTAINER, mount_inside, dir);
	ct_recv(box.fd);
	snprintf(path, sizeof(path), "%s/1", dir);
	EXPECT_TRUE(read_comm(AT_FDCWD, path, comm, sizeof(comm)));
	EXPECT_STREQ("insider", comm);
	EXPECT_EQ(1, count_listed(dir, &sum));
	EXPECT_EQ(1, sum);
	/* We are not in it. */
	snprintf(path, sizeof(path), "%s/self", dir);
	EXPECT_EQ(-1, readlink(path, comm, sizeof(comm)));
	EXPECT_EQ(0, ct_finish(&box));
	EXPECT_EQ(0, count_listed(dir, &sum));
	EXPECT_EQ(0, umount(dir));
	EXPECT_EQ(0, rmdir(dir));
}

TEST_HARNESS_MAIN
