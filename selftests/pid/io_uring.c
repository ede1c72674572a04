// SPDX-License-Identifier: GPL-2.0
/* modes: host contained pidns */
/*
 * What io_uring does for a process, its worker threads included, it does in
 * the process's view.
 */
#include "ct.h"
#include <linux/io_uring.h>
#include "kselftest_harness.h"

/* Linux 6.7 */
#define OP_WAITID 50

struct ring {
	int fd;
	unsigned int *sq_tail, *sq_mask, *sq_array, *cq_head, *cq_tail, *cq_mask;
	struct io_uring_sqe *sqes;
	struct io_uring_cqe *cqes;
};

/* 0 or -errno. */
static int open_ring(struct ring *ring)
{
	struct io_uring_params params = { .flags = 0 };
	char *rings;
	size_t size;

	ring->fd = syscall(SYS_io_uring_setup, 4, &params);
	if (ring->fd < 0)
		return -errno;
	CT_CHECK(params.features & IORING_FEAT_SINGLE_MMAP);
	size = params.cq_off.cqes +
	       params.cq_entries * sizeof(struct io_uring_cqe);
	if (size < params.sq_off.array + params.sq_entries * sizeof(int))
		size = params.sq_off.array + params.sq_entries * sizeof(int);
	rings = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, ring->fd,
		     IORING_OFF_SQ_RING);
	CT_CHECK(rings != MAP_FAILED);
	ring->sqes = mmap(NULL, params.sq_entries * sizeof(*ring->sqes),
			  PROT_READ | PROT_WRITE, MAP_SHARED, ring->fd,
			  IORING_OFF_SQES);
	CT_CHECK(ring->sqes != MAP_FAILED);
	ring->sq_tail = (void *)(rings + params.sq_off.tail);
	ring->sq_mask = (void *)(rings + params.sq_off.ring_mask);
	ring->sq_array = (void *)(rings + params.sq_off.array);
	ring->cq_head = (void *)(rings + params.cq_off.head);
	ring->cq_tail = (void *)(rings + params.cq_off.tail);
	ring->cq_mask = (void *)(rings + params.cq_off.ring_mask);
	ring->cqes = (void *)(rings + params.cq_off.cqes);
	return 0;
}

/* Does one thing and gives its result. */
static int run(struct ring *ring, const struct io_uring_sqe *sqe)
{
	unsigned int tail = *ring->sq_tail, slot = tail & *ring->sq_mask, head;
	int result;

	ring->sqes[slot] = *sqe;
	ring->sq_array[slot] = slot;
	__atomic_store_n(ring->sq_tail, tail + 1, __ATOMIC_RELEASE);
	CT_EQ(1, syscall(SYS_io_uring_enter, ring->fd, 1, 1,
			 IORING_ENTER_GETEVENTS, NULL, 0));
	head = *ring->cq_head;
	CT_CHECK(head != __atomic_load_n(ring->cq_tail, __ATOMIC_ACQUIRE));
	result = ring->cqes[head & *ring->cq_mask].res;
	__atomic_store_n(ring->cq_head, head + 1, __ATOMIC_RELEASE);
	return result;
}

static int open_by_worker(struct ring *ring, const char *path)
{
	struct io_uring_sqe sqe = {
		.opcode = IORING_OP_OPENAT, .flags = IOSQE_ASYNC,
		.fd = AT_FDCWD, .addr = (uintptr_t)path,
		.open_flags = O_RDONLY | O_CLOEXEC,
	};

	return run(ring, &sqe);
}

/* The first number in a file that a worker has opened. */
static int number_by_worker(struct ring *ring, const char *path)
{
	int fd = open_by_worker(ring, path);
	char text[256] = { 0 };

	CT_CHECK(fd >= 0);
	CT_CHECK(read(fd, text, sizeof(text) - 1) > 0);
	close(fd);
	return atoi(text);
}

FIXTURE(ring) {
	struct ring ring;
	int error;
};

FIXTURE_SETUP(ring)
{
	self->error = open_ring(&self->ring);
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
	EXPECT_EQ(-ENOENT, open_by_worker(&self->ring, path));
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
	result = run(&self->ring, &sqe);
	if (result == -EINVAL) {
		EXPECT_EQ(0, ct_reap(child.pid));
		SKIP(return, "this kernel's io_uring has no waitid");
	}
	EXPECT_EQ(0, result);
	EXPECT_EQ(child.pid, info.si_pid);
	EXPECT_EQ(-ECHILD, run(&self->ring, &sqe));
}

TEST_HARNESS_MAIN
