/* SPDX-License-Identifier: GPL-2.0 */
/* As much of io_uring as the tests need: one request at a time. */
#ifndef CT_RING_H
#define CT_RING_H

#include <linux/io_uring.h>
#include <sys/mman.h>

struct ct_ring {
	int fd;
	unsigned int *sq_tail, *sq_mask, *sq_array, *cq_head, *cq_tail, *cq_mask;
	struct io_uring_sqe *sqes;
	struct io_uring_cqe *cqes;
};

/* 0 or -errno. */
static inline int ct_ring_start(struct ct_ring *ring, unsigned int flags)
{
	struct io_uring_params params = { .flags = flags };
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
static inline int ct_ring_run(struct ct_ring *ring,
			      const struct io_uring_sqe *sqe)
{
	unsigned int tail = *ring->sq_tail, slot = tail & *ring->sq_mask, head;
	int result;

	ring->sqes[slot] = *sqe;
	ring->sq_array[slot] = slot;
	__atomic_store_n(ring->sq_tail, tail + 1, __ATOMIC_RELEASE);
	/* The second flag is for a ring that a thread polls. */
	CT_EQ(1, syscall(SYS_io_uring_enter, ring->fd, 1, 1,
			 IORING_ENTER_GETEVENTS | IORING_ENTER_SQ_WAKEUP, NULL,
			 0));
	head = *ring->cq_head;
	CT_CHECK(head != __atomic_load_n(ring->cq_tail, __ATOMIC_ACQUIRE));
	result = ring->cqes[head & *ring->cq_mask].res;
	__atomic_store_n(ring->cq_head, head + 1, __ATOMIC_RELEASE);
	return result;
}

/* The open descriptor, or -errno; by a worker thread. */
static inline int ct_ring_open_path(struct ct_ring *ring, const char *path)
{
	struct io_uring_sqe sqe = {
		.opcode = IORING_OP_OPENAT, .flags = IOSQE_ASYNC,
		.fd = AT_FDCWD, .addr = (uintptr_t)path,
		.open_flags = O_RDONLY | O_CLOEXEC,
	};

	return ct_ring_run(ring, &sqe);
}

#endif
