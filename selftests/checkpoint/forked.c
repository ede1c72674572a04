// SPDX-License-Identifier: GPL-2.0
/* modes: host */
/* timeout: 400 */
/*
 * Pages that processes have in common since a fork(): in common still after a
 * restart, and copied by whoever writes first.
 */
#include "ct-checkpoint.h"
#include "ct-memory.h"

#define CHILDREN	5
#define SIZE		(1UL << 20)

/* An area that is one by itself, whatever is beside it. */
static char *area(size_t size)
{
	char *p = anonymous(size + 2 * PAGE, PROT_NONE, 0);

	CT_EQ(0, mprotect(p + PAGE, size, PROT_READ | PROT_WRITE));
	CT_EQ(0, madvise(p + PAGE, size, MADV_NOHUGEPAGE));
	return p + PAGE;
}

/* An image being read has its own part in what it has not copied yet. */
static void shares(const void *p, size_t pages, size_t own, int users)
{
	long most = (pages - own) * 4 / users + own * 4 + 4;
	long pss = smaps_kb(p, "Pss");

	if (pss < 0 || pss > most)
		CT_FAIL("%p: %ld kB, not at most %ld, are its part of %zu pages", p,
			pss, most, pages);
}

/* What is there for all; a process waits until the last writer has closed it. */
static int gate[2];

static void open_gate(void)
{
	close(gate[1]);
}

static void pass_gate(void)
{
	char c;

	close(gate[1]);
	CT_EQ(0, read(gate[0], &c, 1));
}

struct child {
	char *p;
	size_t size;
	int nr;
};

static void own_page(void *arg)
{
	struct child *child = arg;
	char *p = child->p;

	memset(p, child->nr, PAGE);
	close(gate[1]);
	cr_settled();
	cr_await();
	pass_gate();
	/* Neither the parent's writes nor the others' are ours. */
	is_filled(p + PAGE, child->size - PAGE);
	CT_EQ((char)child->nr, p[0]);
	CT_EQ((char)child->nr, p[PAGE - 1]);
	memset(p + (1 + child->nr) * PAGE, child->nr, PAGE);
	is_filled(p + (2 + child->nr) * PAGE,
		  child->size - (2 + child->nr) * PAGE);
}

static void fork_all(char *p, size_t size, pid_t *pid)
{
	int i;

	CT_EQ(0, pipe2(gate, O_CLOEXEC));
	cr_gathering();
	for (i = 0; i < CHILDREN; i++)
		pid[i] = cr_child(own_page, &(struct child) { p, size, i + 1 });
	cr_gather(CHILDREN);
}

static void reap_all(const pid_t *pid)
{
	int i;

	for (i = 0; i < CHILDREN; i++)
		CT_EQ(0, ct_reap(pid[i]));
}

CR_ROW(family)
{
	size_t n = SIZE / PAGE;
	char *p = area(SIZE);
	pid_t pid[CHILDREN];

	fill(p, SIZE);
	fork_all(p, SIZE, pid);
	shares(p, n, 1, CHILDREN + 1);
	cr_ready();
	shares(p, n, 1, CHILDREN + 1);
	is_filled(p, SIZE);
	memset(p + 20 * PAGE, 99, 10 * PAGE);
	open_gate();
	reap_all(pid);
	is_filled(p, 20 * PAGE);
	CT_EQ(99, p[20 * PAGE]);
	is_filled(p + 30 * PAGE, SIZE - 30 * PAGE);
}

/* Some of a file's pages are the process's own, and its children's. */
CR_ROW(private_file)
{
	int fd = open(cr_file("file"), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	pid_t pid[CHILDREN];
	size_t n = SIZE / PAGE;
	char *p;

	CT_CHECK(fd >= 0);
	CT_EQ(0, ftruncate(fd, SIZE));
	p = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
	CT_CHECK(p != MAP_FAILED);
	close(fd);
	fill(p, SIZE);
	fork_all(p, SIZE, pid);
	cr_ready();
	shares(p, n, 1, CHILDREN + 1);
	is_filled(p, SIZE);
	open_gate();
	reap_all(pid);
	is_filled(p, SIZE);
}

CR_ROW(huge_pages)
{
	size_t size = 4 * HUGE;
	char *p = anonymous(size + 2 * HUGE, PROT_NONE, 0);
	pid_t pid[CHILDREN];

	p = (char *)(((unsigned long)p + 2 * HUGE - 1) & ~(HUGE - 1));
	CT_EQ(0, mprotect(p, size, PROT_READ | PROT_WRITE));
	CT_EQ(0, madvise(p, size, MADV_HUGEPAGE));
	fill(p, size);
	fork_all(p, size, pid);
	cr_ready();
	shares(p, size / PAGE, HUGE / PAGE, CHILDREN + 1);
	CT_CHECK(smaps_kb(p, "AnonHugePages") >= 2048);
	is_filled(p, size);
	open_gate();
	reap_all(pid);
	is_filled(p, size);
}

/* ---- generations ---- */

static char *inherited;
static int looked[2];

/* They outlive the one who wrote what they have. */
static void grandchild(void *arg)
{
	char *p = arg, byte = p[0];

	close(gate[1]);
	cr_settled();
	cr_await();
	/* With its sibling, or with its parent. */
	shares(p, SIZE / PAGE, 0, 2);
	CT_EQ(1, write(looked[1], "", 1));
	pass_gate();
	is_filled(p + PAGE, SIZE - PAGE);
	CT_EQ(byte, p[0]);
	memset(p, 1, SIZE / 2);
	is_filled(p + SIZE / 2, SIZE / 2);
	is_filled(inherited, SIZE);
}

static void have_looked(int n)
{
	char c;

	while (n--)
		CT_EQ(1, read(looked[0], &c, 1));
}

static void dies_early(void *arg)
{
	char *p = arg;

	fill(p, SIZE);
	p[0] = 7;
	cr_child(grandchild, p);
	cr_child(grandchild, p);
}

/* The one that made two of them has ended by the time of the checkpoint. */
CR_ROW(orphans)
{
	char *p = area(SIZE);

	inherited = area(SIZE);
	fill(inherited, SIZE);
	memset(p, 5, SIZE);
	CT_EQ(0, pipe2(gate, O_CLOEXEC));
	CT_EQ(0, pipe2(looked, O_CLOEXEC));
	cr_gathering();
	CT_EQ(0, ct_reap(cr_child(dies_early, p)));
	cr_gather(2);
	cr_ready();
	CT_EQ(5, p[0]);
	CT_EQ(5, p[SIZE - 1]);
	shares(inherited, SIZE / PAGE, 0, 3);
	have_looked(2);
	open_gate();
	CT_EQ(0, ct_reap(-1));
	CT_EQ(0, ct_reap(-1));
	is_filled(inherited, SIZE);
}

static void ends_first(void *arg)
{
	char *p = arg;

	fill(p + SIZE / 2, SIZE / 2);
	p[SIZE / 2] ^= 1;
	p[SIZE / 2] ^= 1;
	p[0] = 9;
	cr_child(grandchild, p);
	close(gate[1]);
	cr_settled();
	cr_await();
	have_looked(1);
	is_filled(p + PAGE, SIZE - PAGE);
}

/* The one between ends afterwards, before the last. */
CR_ROW(generations)
{
	char *p = area(SIZE);
	pid_t pid;

	inherited = area(SIZE);
	fill(inherited, SIZE);
	fill(p, SIZE);
	CT_EQ(0, pipe2(gate, O_CLOEXEC));
	CT_EQ(0, pipe2(looked, O_CLOEXEC));
	cr_gathering();
	pid = cr_child(ends_first, p);
	cr_gather(2);
	cr_ready();
	CT_EQ(0, ct_reap(pid));
	memset(p, 3, SIZE);
	open_gate();
	CT_EQ(0, ct_reap(-1));
	CT_EQ(3, p[SIZE - 1]);
	is_filled(inherited, SIZE);
}

/* ---- relatives that are not alike any more ---- */

static char *room;

static void moves(void *arg)
{
	char *p = arg, *q;

	q = mremap(p, SIZE, SIZE, MREMAP_MAYMOVE | MREMAP_FIXED, room);
	CT_CHECK(q == room);
	cr_settled();
	cr_await();
	CT_EQ(0, memcmp(q, inherited, SIZE));
	memset(q, 4, SIZE);
	is_filled(inherited, SIZE);
}

static void protects(void *arg)
{
	char *p = arg;

	CT_EQ(0, mprotect(p, SIZE / 4, PROT_READ));
	CT_EQ(0, mprotect(p + SIZE / 4, SIZE / 4, PROT_NONE));
	CT_EQ(0, mprotect(p + SIZE / 2, SIZE / 4, PROT_READ | PROT_EXEC));
	cr_settled();
	cr_await();
	CT_EQ(0, mprotect(p, SIZE, PROT_READ | PROT_WRITE));
	CT_EQ(0, memcmp(p, inherited, SIZE));
	memset(p, 2, SIZE);
}

static void locks(void *arg)
{
	char *p = arg;

	CT_EQ(0, mlock(p, SIZE / 2));
	CT_EQ(0, munmap(p + SIZE / 2, SIZE / 4));
	cr_settled();
	cr_await();
	CT_EQ(0, memcmp(p, inherited, SIZE / 2));
	CT_EQ(0, munlock(p, SIZE / 2));
	memset(p, 2, SIZE / 2);
}

CR_ROW(apart)
{
	static void (*const act[])(void *) = { moves, protects, locks };
	char *p = area(SIZE);
	unsigned int i;

	room = area(SIZE);
	inherited = area(SIZE);
	fill(inherited, SIZE);
	memcpy(p, inherited, SIZE);
	cr_gathering();
	for (i = 0; i < ARRAY_SIZE(act); i++)
		cr_child(act[i], p);
	cr_gather(ARRAY_SIZE(act));
	cr_ready();
	for (i = 0; i < ARRAY_SIZE(act); i++)
		CT_EQ(0, ct_reap(-1));
	CT_EQ(0, memcmp(p, inherited, SIZE));
	is_filled(inherited, SIZE);
}

CR_MAIN
