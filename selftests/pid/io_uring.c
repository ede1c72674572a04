// SPDX-License-Identifier: GPL-2.0
/* modes: host contained pidns */
/*
 * What io_uring does for a process, its worker threads included, it does in
 * the process's view.
 */
#include "ct.h"
#include "ct-ring.h"
#include "kselftest_harness.h"

/* Linux 6.7 */
#define OP_WAITID 50

/* The first number in a file that a worker has opened. */
static int number_by_worker(struct ct_ring *ring, const char *path)
{
	int fd = ct_ring_open_path(ring, path);
	char text[256] = { 0 };

	CT_CHECK(fd >= 0);
	CT_CHECK(read(fd, text, sizeof(text) - 1) > 0);
	close(fd);
	return atoi(text);
}

FIXTURE(ring) {
	struct ct_ring ring;
	int error;
};

FIXTURE_SETUP(ring)
{
	self->error = ct_ring_start(&self->ring, 0);
}

FIXTURE_TEARDOWN(ring)
{
	if (!self->error)
		close(self->ring.fd);
}

/* Only what an administrator may have turned off. */
#define NEED_RING() do {						\
	if (self->error == -EPERM)					\
		SKIP(return, "io_uring is turned off");			\
	ASSERT_EQ(0, self->error);					\
} while (0)

TEST_F(ring, a_worker_opens_a_path_of_the_view)
{
	char path[64];

	NEED_RING();
	snprintf(path, sizeof(path), "/proc/%d/stat", getpid());
	EXPECT_EQ(getpid(), number_by_worker(&self->ring, path));
	EXPECT_EQ(getpid(), number_by_worker(&self->ring, "/proc/self/stat"));
	snprintf(path, sizeof(path), "/proc/%d/stat", ct_unused_pid());
	EXPECT_EQ(-ENOENT, ct_ring_open_path(&self->ring, path));
}

TEST_F(ring, a_workers_own_number)
{
	char path[64];
	int tid;

	NEED_RING();
	tid = number_by_worker(&self->ring, "/proc/thread-self/stat");
	/* A thread of ours, with a number like any other's. */
	EXPECT_NE(getpid(), tid);
	snprintf(path, sizeof(path), "/proc/self/task/%d", tid);
	EXPECT_EQ(0, access(path, F_OK));
	EXPECT_EQ(0, syscall(SYS_tgkill, getpid(), tid, 0));
}

TEST_F(ring, waitid)
{
	struct io_uring_sqe sqe = { .opcode = OP_WAITID, .len = P_PID };
	struct ct_child child = ct_spawn(CT_PLAIN, ct_idle, NULL);
	siginfo_t info = { .si_pid = -1 };
	int result;

	NEED_RING();
	sqe.fd = child.pid;
	sqe.addr2 = (uintptr_t)&info;
	/* Where the options are. */
	sqe.file_index = WEXITED;
	ct_release(&child);
	result = ct_ring_run(&self->ring, &sqe);
	if (result == -EINVAL) {
		EXPECT_EQ(0, ct_reap(child.pid));
		SKIP(return, "this kernel's io_uring has no waitid");
	}
	EXPECT_EQ(0, result);
	EXPECT_EQ(child.pid, info.si_pid);
	EXPECT_EQ(-ECHILD, ct_ring_run(&self->ring, &sqe));
}

TEST_HARNESS_MAIN
