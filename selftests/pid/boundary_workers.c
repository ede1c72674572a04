// SPDX-License-Identifier: GPL-2.0
/* modes: host contained */
/*
 * Numbers that the kernel writes without asking who reads: of io_uring's
 * threads, and of netlink sockets.  A pid namespace is no oracle here: it shows
 * the global ones.
 */
#include "ct.h"
#include "ct-netlink.h"
#include <dirent.h>
#include <linux/io_uring.h>
#include <sys/mman.h>
#include "kselftest_harness.h"

/* The threads of this process whose names begin so; the last one's number. */
static int find_threads(const char *begin, pid_t *tid, char *name)
{
	char path[64], text[64];
	struct dirent *entry;
	DIR *dir = opendir("/proc/self/task");
	int found = 0;

	CT_CHECK(dir);
	while ((entry = readdir(dir))) {
		snprintf(path, sizeof(path), "/proc/self/task/%.16s/comm",
			 entry->d_name);
		if (ct_read_file(path, text, sizeof(text)) <= 0 ||
		    strncmp(text, begin, strlen(begin)))
			continue;
		text[strcspn(text, "\n")] = 0;
		*tid = atoi(entry->d_name);
		strcpy(name, text);
		found++;
	}
	closedir(dir);
	return found;
}

static long long shown(int fd, const char *key)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", fd);
	return ct_keyed_number(path, key);
}

TEST(thread_that_polls)
{
	struct io_uring_params params = {
		.flags = IORING_SETUP_SQPOLL, .sq_thread_idle = 60000,
	};
	int ring = syscall(SYS_io_uring_setup, 4, &params);
	char name[64] = "", wanted[64];
	pid_t tid = 0;

	if (ring < 0 && errno == EPERM)
		SKIP(return, "io_uring is turned off");
	ASSERT_LE(0, ring);
	CT_UNTIL(find_threads("iou-sqp-", &tid, name) == 1);
	snprintf(wanted, sizeof(wanted), "iou-sqp-%d", getpid());
	EXPECT_STREQ(wanted, name);
	EXPECT_EQ(tid, shown(ring, "SqThread"));
	/* What follows is still there. */
	EXPECT_EQ(0, shown(ring, "UserFiles"));
	EXPECT_EQ(0, shown(ring, "UserBufs"));
	close(ring);
}

TEST(ring_without_a_thread)
{
	struct io_uring_params params = { .flags = 0 };
	int ring = syscall(SYS_io_uring_setup, 4, &params);

	if (ring < 0 && errno == EPERM)
		SKIP(return, "io_uring is turned off");
	ASSERT_LE(0, ring);
	EXPECT_EQ(-1, shown(ring, "SqThread"));
	EXPECT_EQ(0, shown(ring, "UserFiles"));
	close(ring);
}

/* A read from an empty pipe that a worker is to do. */
TEST(thread_that_works)
{
	struct io_uring_params params = { .flags = 0 };
	int ring = syscall(SYS_io_uring_setup, 4, &params), fd[2];
	char name[64] = "", wanted[64], byte;
	struct io_uring_sqe *sqe;
	pid_t tid = 0;
	char *rings;

	if (ring < 0 && errno == EPERM)
		SKIP(return, "io_uring is turned off");
	ASSERT_LE(0, ring);
	ASSERT_EQ(0, pipe2(fd, O_CLOEXEC));
	rings = mmap(NULL, params.sq_off.array + 4 * sizeof(int),
		     PROT_READ | PROT_WRITE, MAP_SHARED, ring,
		     IORING_OFF_SQ_RING);
	ASSERT_NE(MAP_FAILED, rings);
	sqe = mmap(NULL, 4 * sizeof(*sqe), PROT_READ | PROT_WRITE, MAP_SHARED,
		   ring, IORING_OFF_SQES);
	ASSERT_NE(MAP_FAILED, sqe);
	*sqe = (struct io_uring_sqe){
		.opcode = IORING_OP_READ, .flags = IOSQE_ASYNC, .fd = fd[0],
		.addr = (uintptr_t)&byte, .len = 1,
	};
	*(unsigned int *)(rings + params.sq_off.array) = 0;
	__atomic_store_n((unsigned int *)(rings + params.sq_off.tail), 1,
			 __ATOMIC_RELEASE);
	ASSERT_EQ(1, syscall(SYS_io_uring_enter, ring, 1, 0, 0, NULL, 0));
	snprintf(wanted, sizeof(wanted), "iou-wrk-%d", getpid());
	CT_UNTIL(find_threads("iou-wrk-", &tid, name) >= 1);
	EXPECT_STREQ(wanted, name);
	EXPECT_EQ(1, write(fd[1], "x", 1));
	ASSERT_EQ(0, syscall(SYS_io_uring_enter, ring, 0, 1,
			     IORING_ENTER_GETEVENTS, NULL, 0));
	close(ring);
}

/* A name that looks like one of those, but is a program's own. */
TEST(names_of_ones_own_choice)
{
	char name[16] = "";

	ASSERT_EQ(0, prctl(PR_SET_NAME, "iou-wrk-1"));
	ASSERT_EQ(0, prctl(PR_GET_NAME, name));
	EXPECT_STREQ("iou-wrk-1", name);
}

/* -- netlink ---------------------------------------------------------------- */

TEST(addresses_of_ones_own)
{
	struct ct_child child = ct_spawn(CT_PLAIN, ct_own_port, NULL);

	ASSERT_EQ(child.pid, ct_recv(child.fd));
	EXPECT_EQ(1, ct_count_port(child.pid));
	EXPECT_EQ(0, ct_finish(&child));
	EXPECT_EQ(0, ct_count_port(child.pid));
}

TEST_HARNESS_MAIN
