// SPDX-License-Identifier: GPL-2.0
/* modes: host contained pidns */
/*
 * Futexes that hold the number of their owner: the kernel reads and writes it,
 * so it has to be the one that the program knows.
 */
#include "ct.h"
#include <linux/futex.h>
#include "kselftest_harness.h"

struct shared {
	uint32_t word;
	pthread_mutex_t mutex;
};

static struct shared *map_shared(void)
{
	struct shared *shared = mmap(NULL, sizeof(*shared),
				     PROT_READ | PROT_WRITE,
				     MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	CT_CHECK(shared != MAP_FAILED);
	return shared;
}

static int futex(uint32_t *word, int op)
{
	struct timespec end;

	/* FUTEX_LOCK_PI's patience is a point in time. */
	clock_gettime(CLOCK_REALTIME, &end);
	end.tv_sec += CT_PATIENCE_MS / 1000;
	return syscall(SYS_futex, word, op, 0, &end, NULL, 0);
}

static uint32_t owner(uint32_t *word)
{
	return __atomic_load_n(word, __ATOMIC_SEQ_CST) & FUTEX_TID_MASK;
}

TEST(pi_lock_writes_our_number)
{
	struct shared *s = map_shared();

	ASSERT_EQ(0, futex(&s->word, FUTEX_LOCK_PI));
	EXPECT_EQ(ct_gettid(), s->word);
	CT_ERRNO(EDEADLK, futex(&s->word, FUTEX_LOCK_PI));
	CT_ERRNO(EDEADLK, futex(&s->word, FUTEX_TRYLOCK_PI));
	ASSERT_EQ(0, futex(&s->word, FUTEX_UNLOCK_PI));
	EXPECT_EQ(0, s->word);
	ASSERT_EQ(0, futex(&s->word, FUTEX_TRYLOCK_PI));
	EXPECT_EQ(ct_gettid(), s->word);
	ASSERT_EQ(0, futex(&s->word, FUTEX_UNLOCK_PI));
	CT_ERRNO(EPERM, futex(&s->word, FUTEX_UNLOCK_PI));
}

TEST(pi_lock_of_nobody)
{
	struct shared *s = map_shared();
	pid_t unused = ct_unused_pid();

	s->word = unused;
	CT_ERRNO(ESRCH, futex(&s->word, FUTEX_LOCK_PI));
	EXPECT_EQ(unused, owner(&s->word));
	s->word = getppid();
	CT_ERRNO(EPERM, futex(&s->word, FUTEX_UNLOCK_PI));
}

/* Takes the lock, shows that it has it, and gives it back when told. */
static void lock_pi(int fd, void *arg)
{
	struct shared *s = arg;

	CT_EQ(0, futex(&s->word, FUTEX_LOCK_PI));
	CT_EQ(getpid(), owner(&s->word));
	ct_send(fd, 0);
	ct_recv(fd);
	CT_EQ(0, futex(&s->word, FUTEX_UNLOCK_PI));
}

/* The waiter's lock is handed over by the kernel. */
TEST(pi_lock_between_processes)
{
	struct shared *s = map_shared();
	struct ct_child a, b;

	a = ct_spawn(CT_PLAIN, lock_pi, s);
	ct_recv(a.fd);
	EXPECT_EQ(a.pid, owner(&s->word));
	b = ct_spawn(CT_PLAIN, lock_pi, s);
	CT_UNTIL(s->word == (a.pid | FUTEX_WAITERS));
	ct_send(a.fd, 0);
	EXPECT_EQ(0, ct_finish(&a));
	ct_recv(b.fd);
	EXPECT_EQ(b.pid, owner(&s->word));
	ct_send(b.fd, 0);
	EXPECT_EQ(0, ct_finish(&b));
	EXPECT_EQ(0, s->word);
}

/* An owner that dies leaves the lock to the waiter. */
TEST(pi_lock_of_the_dead)
{
	struct shared *s = map_shared();
	struct ct_child a, b;

	a = ct_spawn(CT_PLAIN, lock_pi, s);
	ct_recv(a.fd);
	b = ct_spawn(CT_PLAIN, lock_pi, s);
	CT_UNTIL(s->word == (a.pid | FUTEX_WAITERS));
	ASSERT_EQ(0, kill(a.pid, SIGKILL));
	ct_recv(b.fd);
	EXPECT_EQ(b.pid, owner(&s->word));
	ct_send(b.fd, 0);
	EXPECT_EQ(0, ct_finish(&b));
	EXPECT_EQ(128 + SIGKILL, ct_finish(&a));
}

static void *lock_pi_in_thread(void *arg)
{
	struct shared *s = arg;
	pid_t tid;

	CT_EQ(0, futex(&s->word, FUTEX_LOCK_PI_PRIVATE));
	tid = ct_gettid();
	CT_EQ(tid, owner(&s->word));
	CT_EQ(0, futex(&s->word, FUTEX_UNLOCK_PI_PRIVATE));
	return (void *)(uintptr_t)tid;
}

TEST(pi_lock_between_threads)
{
	struct shared *s = map_shared();
	pthread_t thread;
	void *tid;

	ASSERT_EQ(0, futex(&s->word, FUTEX_LOCK_PI_PRIVATE));
	ASSERT_EQ(0, pthread_create(&thread, NULL, lock_pi_in_thread, s));
	CT_UNTIL(s->word == (ct_gettid() | FUTEX_WAITERS));
	ASSERT_EQ(0, futex(&s->word, FUTEX_UNLOCK_PI_PRIVATE));
	ASSERT_EQ(0, pthread_join(thread, &tid));
	EXPECT_NE(getpid(), (pid_t)(uintptr_t)tid);
	EXPECT_EQ(0, s->word);
}

/* -- libc's mutexes on top of it --------------------------------------------- */

FIXTURE(mutex) {
	struct shared *shared;
};

FIXTURE_VARIANT(mutex) {
	int protocol, robust;
};

FIXTURE_VARIANT_ADD(mutex, robust) {
	.protocol = PTHREAD_PRIO_NONE, .robust = PTHREAD_MUTEX_ROBUST,
};

FIXTURE_VARIANT_ADD(mutex, robust_pi) {
	.protocol = PTHREAD_PRIO_INHERIT, .robust = PTHREAD_MUTEX_ROBUST,
};

FIXTURE_SETUP(mutex)
{
	pthread_mutexattr_t attr;

	self->shared = map_shared();
	ASSERT_EQ(0, pthread_mutexattr_init(&attr));
	ASSERT_EQ(0, pthread_mutexattr_setpshared(&attr,
						  PTHREAD_PROCESS_SHARED));
	ASSERT_EQ(0, pthread_mutexattr_setrobust(&attr, variant->robust));
	ASSERT_EQ(0, pthread_mutexattr_setprotocol(&attr, variant->protocol));
	ASSERT_EQ(0, pthread_mutexattr_settype(&attr,
					       PTHREAD_MUTEX_ERRORCHECK));
	ASSERT_EQ(0, pthread_mutex_init(&self->shared->mutex, &attr));
}

FIXTURE_TEARDOWN(mutex)
{
	munmap(self->shared, sizeof(*self->shared));
}

static void hold_mutex(int fd, void *arg)
{
	struct shared *s = arg;

	CT_EQ(0, pthread_mutex_lock(&s->mutex));
	ct_send(fd, 0);
	ct_wait_hangup(fd);
}

TEST_F(mutex, of_one_that_exits)
{
	struct ct_child child = ct_spawn(CT_PLAIN, hold_mutex, self->shared);
	pthread_mutex_t *mutex = &self->shared->mutex;

	ct_recv(child.fd);
	EXPECT_EQ(EBUSY, pthread_mutex_trylock(mutex));
	EXPECT_EQ(0, ct_finish(&child));
	EXPECT_EQ(EOWNERDEAD, pthread_mutex_lock(mutex));
	EXPECT_EQ(0, pthread_mutex_consistent(mutex));
	EXPECT_EQ(EDEADLK, pthread_mutex_lock(mutex));
	EXPECT_EQ(0, pthread_mutex_unlock(mutex));
	EXPECT_EQ(0, pthread_mutex_lock(mutex));
	EXPECT_EQ(0, pthread_mutex_unlock(mutex));
}

static void wait_for_mutex(int fd, void *arg)
{
	struct shared *s = arg;

	ct_send(fd, 0);
	CT_EQ(EOWNERDEAD, pthread_mutex_lock(&s->mutex));
	CT_EQ(0, pthread_mutex_consistent(&s->mutex));
	CT_EQ(0, pthread_mutex_unlock(&s->mutex));
}

/* One that waits already is woken by the death. */
TEST_F(mutex, of_one_that_is_killed)
{
	struct ct_child owner = ct_spawn(CT_PLAIN, hold_mutex, self->shared);
	struct ct_child waiter;

	ct_recv(owner.fd);
	waiter = ct_spawn(CT_PLAIN, wait_for_mutex, self->shared);
	ct_recv(waiter.fd);
	CT_UNTIL(ct_state(waiter.pid) == 'S');
	ASSERT_EQ(0, kill(owner.pid, SIGKILL));
	EXPECT_EQ(128 + SIGKILL, ct_finish(&owner));
	EXPECT_EQ(0, ct_finish(&waiter));
}

static void *die_holding(void *arg)
{
	return (void *)(uintptr_t)pthread_mutex_lock(arg);
}

TEST_F(mutex, of_a_thread_that_ends)
{
	pthread_mutex_t *mutex = &self->shared->mutex;
	pthread_t thread;
	void *locked;

	ASSERT_EQ(0, pthread_create(&thread, NULL, die_holding, mutex));
	ASSERT_EQ(0, pthread_join(thread, &locked));
	EXPECT_EQ(NULL, locked);
	EXPECT_EQ(EOWNERDEAD, pthread_mutex_lock(mutex));
	EXPECT_EQ(0, pthread_mutex_consistent(mutex));
	EXPECT_EQ(0, pthread_mutex_unlock(mutex));
}

TEST(robust_lists)
{
	struct ct_child child = ct_spawn(CT_PLAIN, ct_idle, NULL);
	void *head = NULL;
	size_t len = 0;

	EXPECT_EQ(0, syscall(SYS_get_robust_list, 0, &head, &len));
	EXPECT_NE(NULL, head);
	/* A fork's is where its parent's is. */
	EXPECT_EQ(0, syscall(SYS_get_robust_list, child.pid, &head, &len));
	EXPECT_NE(NULL, head);
	EXPECT_EQ(0, ct_finish(&child));
	CT_ERRNO(ESRCH, syscall(SYS_get_robust_list, child.pid, &head, &len));
}

TEST_HARNESS_MAIN
