// SPDX-License-Identifier: GPL-2.0
/* modes: host */
/* timeout: 400 */
/*
 * Memory over a checkpoint: what is in it, how it is laid out, how it may be
 * used, and what it does afterwards.
 */
#include "ct-checkpoint.h"
#include "ct-memory.h"

#include <linux/membarrier.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/auxv.h>
#include <time.h>

#ifndef MADV_COLLAPSE
#define MADV_COLLAPSE	25
#endif

static bool has_flag(const void *p, const char *flag)
{
	char text[512], word[8];

	CT_CHECK(smaps_line(p, "VmFlags", text, sizeof(text)));
	snprintf(word, sizeof(word), " %s", flag);
	return strstr(text, word);
}

static void lacks_flag(const void *p, const char *flag)
{
	if (has_flag(p, flag))
		CT_FAIL("%p has %s", p, flag);
}

static void wants_flag(const void *p, const char *flag)
{
	if (!has_flag(p, flag))
		CT_FAIL("%p lacks %s", p, flag);
}

/* Addresses, protection, offset and name of all areas but those given. */
static void layout(char *text, size_t size)
{
	char line[512];
	FILE *f = fopen("/proc/self/maps", "r");
	size_t n = 0;

	CT_CHECK(f);
	while (fgets(line, sizeof(line), f)) {
		/* Device and inode of memory without a file are new. */
		unsigned long start, end, offset;
		char prot[8], device[16], name[256] = "";
		unsigned long inode;

		CT_CHECK(sscanf(line, "%lx-%lx %7s %lx %15s %lu %255s", &start, &end,
				prot, &offset, device, &inode, name) >= 6);
		n += snprintf(text + n, size - n, "%lx-%lx %s %lx %s\n", start, end,
			      prot, offset, name);
		CT_CHECK(n < size);
	}
	fclose(f);
}

static void same_lines(const char *a, const char *b)
{
	while (*a || *b) {
		size_t n = strcspn(a, "\n") + 1, m = strcspn(b, "\n") + 1;

		if (n != m || memcmp(a, b, n))
			CT_FAIL("was: %.*s, is: %.*s", (int)n - 1, a, (int)m - 1, b);
		a += n;
		b += n;
	}
}

CR_ROW(contents)
{
	size_t size = 8 << 20;
	char *p = anonymous(size, PROT_READ | PROT_WRITE, 0);

	fill(p, size);
	cr_ready();
	is_filled(p, size);
	fill(p + PAGE, PAGE);
	is_filled(p, size);
}

CR_ROW(sparse)
{
	size_t size = 16UL << 30, step = 1UL << 30, at;
	char *p = anonymous(size, PROT_READ | PROT_WRITE, MAP_NORESERVE);

	madvise(p, size, MADV_NOHUGEPAGE);
	for (at = 0; at < size; at += step)
		fill(p + at, PAGE);
	/* Read, but never written. */
	is_zero(p + 5 * PAGE, 4 * PAGE);
	cr_ready();
	for (at = 0; at < size; at += step)
		is_filled(p + at, PAGE);
	CT_CHECK(smaps_kb(p, "Rss") <= (long)(size / step + 4) * 4);
	is_zero(p + PAGE, 4 * PAGE);
	wants_flag(p, "nr");
}

/* The vdso of another kernel has other areas beside it. */
CR_ROW(protections, .without = CR_MOVED)
{
	static const int prots[] = {
		PROT_NONE, PROT_READ, PROT_READ | PROT_WRITE, PROT_READ | PROT_EXEC,
		PROT_WRITE, PROT_EXEC | PROT_READ | PROT_WRITE,
	};
	static char before[65536], after[65536];
	char *p[6];
	unsigned int i;

	for (i = 0; i < 6; i++) {
		p[i] = anonymous(4 * PAGE, PROT_READ | PROT_WRITE, 0);
		fill(p[i], 3 * PAGE);
		CT_EQ(0, mprotect(p[i], 4 * PAGE, prots[i]));
	}
	layout(before, sizeof(before));
	cr_ready();
	layout(after, sizeof(after));
	same_lines(before, after);
	for (i = 0; i < 6; i++) {
		CT_EQ(0, mprotect(p[i], 4 * PAGE, PROT_READ | PROT_WRITE));
		is_filled(p[i], 3 * PAGE);
		is_zero(p[i] + 3 * PAGE, PAGE);
	}
}

CR_ROW(heap)
{
	char *old = sbrk(0), *p;

	CT_CHECK(old != (void *)-1);
	p = sbrk(100 * PAGE + 123);
	CT_CHECK(p == old);
	fill(p, 100 * PAGE);
	cr_ready();
	CT_CHECK(sbrk(0) == old + 100 * PAGE + 123);
	is_filled(p, 100 * PAGE);
	CT_CHECK(sbrk(10 * PAGE) == old + 100 * PAGE + 123);
	old[105 * PAGE] = 1;
	CT_EQ(0, brk(old + PAGE));
	CT_CHECK(sbrk(0) == old + PAGE);
	is_filled(p, PAGE);
}

static void deep(int levels)
{
	volatile char page[PAGE];

	page[0] = levels;
	page[PAGE - 1] = levels;
	if (levels)
		deep(levels - 1);
	CT_EQ((char)levels, page[0]);
	CT_EQ((char)levels, page[PAGE - 1]);
}

CR_ROW(stack)
{
	deep(20);
	cr_ready();
	/* It grows. */
	deep(600);
}

CR_ROW(grows_down)
{
	char *p = anonymous(64 * PAGE, PROT_NONE, 0);

	CT_EQ(0, munmap(p, 64 * PAGE));
	p = mmap(p + 60 * PAGE, 4 * PAGE, PROT_READ | PROT_WRITE,
		 MAP_PRIVATE | MAP_ANONYMOUS | MAP_GROWSDOWN | MAP_FIXED_NOREPLACE,
		 -1, 0);
	CT_CHECK(p != MAP_FAILED);
	fill(p, 4 * PAGE);
	cr_ready();
	is_filled(p, 4 * PAGE);
	fill(p - PAGE, PAGE);
	is_filled(p - PAGE, 5 * PAGE);
	wants_flag(p, "gd");
}

CR_ROW(advice)
{
	static const struct {
		int advice;
		const char *flag;
	} rows[] = {
		{ MADV_HUGEPAGE, "hg" }, { MADV_NOHUGEPAGE, "nh" },
		{ MADV_MERGEABLE, "mg" }, { MADV_DONTFORK, "dc" },
		{ MADV_DONTDUMP, "dd" }, { MADV_WIPEONFORK, "wf" },
		{ MADV_SEQUENTIAL, "sr" }, { MADV_RANDOM, "rr" },
	};
	unsigned int i, k, n = ARRAY_SIZE(rows);
	char *p[n];
	bool done[n];

	for (i = 0; i < n; i++) {
		p[i] = anonymous(2 * PAGE, PROT_READ | PROT_WRITE, 0);
		fill(p[i], 2 * PAGE);
		/* Neither is in every kernel. */
		done[i] = !madvise(p[i], 2 * PAGE, rows[i].advice);
		if (!done[i] && i > 2)
			CT_FAIL("madvise(%d): %s", rows[i].advice, strerror(errno));
	}
	cr_ready();
	for (i = 0; i < n; i++) {
		is_filled(p[i], 2 * PAGE);
		for (k = 0; k < n; k++)
			if (k == i && done[i])
				wants_flag(p[i], rows[k].flag);
			else
				lacks_flag(p[i], rows[k].flag);
	}
}

CR_ROW(locked)
{
	char *p = anonymous(8 * PAGE, PROT_READ | PROT_WRITE, 0);
	char *q = anonymous(8 * PAGE, PROT_READ | PROT_WRITE, 0);
	char *r;

	fill(p, PAGE);
	fill(q, PAGE);
	CT_EQ(0, mlock(p, 8 * PAGE));
	CT_EQ(0, mlock2(q, 8 * PAGE, MLOCK_ONFAULT));
	cr_ready();
	is_filled(p, PAGE);
	is_filled(q, PAGE);
	wants_flag(p, "lo");
	wants_flag(q, "lo");
	CT_EQ(32, smaps_kb(p, "Rss"));
	CT_EQ(4, smaps_kb(q, "Rss"));
	CT_EQ(0, munlock(p, 8 * PAGE));
	lacks_flag(p, "lo");
	r = anonymous(PAGE, PROT_READ | PROT_WRITE, 0);
	lacks_flag(r, "lo");
}

CR_ROW(locked_future)
{
	char *p;

	CT_EQ(0, mlockall(MCL_FUTURE | MCL_ONFAULT));
	cr_ready();
	p = anonymous(2 * PAGE, PROT_READ | PROT_WRITE, 0);
	wants_flag(p, "lo");
	CT_EQ(0, munlockall());
	lacks_flag(p, "lo");
}

CR_ROW(huge)
{
	char *p = anonymous(3 * HUGE, PROT_READ | PROT_WRITE, 0);
	char *a = (char *)(((unsigned long)p + HUGE - 1) & ~(HUGE - 1));

	CT_EQ(0, madvise(a, 2 * HUGE, MADV_HUGEPAGE));
	fill(a, HUGE + PAGE);
	CT_CHECK(smaps_kb(a, "AnonHugePages") >= 2048);
	cr_ready();
	is_filled(a, HUGE + PAGE);
	is_zero(a + HUGE + PAGE, PAGE);
	CT_CHECK(smaps_kb(a, "AnonHugePages") >= 2048);
	a[PAGE * 7] ^= 1;
	a[PAGE * 7] ^= 1;
	is_filled(a, HUGE + PAGE);
}

static void *map_file(const char *path, size_t size, int prot, int flags)
{
	int fd = open(path, O_RDWR | O_CREAT, 0600);
	void *p;

	CT_CHECK(fd >= 0);
	CT_EQ(0, ftruncate(fd, size));
	p = mmap(NULL, size, prot, flags, fd, 0);
	CT_CHECK(p != MAP_FAILED);
	close(fd);
	return p;
}

CR_ROW(private_file)
{
	char *p = map_file(cr_file("private"), 8 * PAGE, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE);

	fill(p + PAGE, PAGE);
	/* Zeros that hide what the file has. */
	memset(p + 2 * PAGE, 1, PAGE);
	memset(p + 2 * PAGE, 0, PAGE);
	memset(p + 3 * PAGE, 1, PAGE);
	CT_EQ(0, mprotect(p, 8 * PAGE, PROT_READ));
	cr_ready();
	is_filled(p + PAGE, PAGE);
	is_zero(p + 2 * PAGE, PAGE);
	CT_EQ(1, p[3 * PAGE]);
	is_zero(p + 4 * PAGE, 4 * PAGE);
}

CR_ROW(shared_file)
{
	char *p = map_file(cr_file("shared"), 4 * PAGE, PROT_READ | PROT_WRITE,
			   MAP_SHARED);
	unsigned long word;
	int fd;

	p[0] = 1;
	fill(p + PAGE, PAGE);
	cr_ready();
	is_filled(p + PAGE, PAGE);
	p[5] = 77;
	fd = open(cr_file("shared"), O_RDONLY);
	CT_CHECK(fd >= 0);
	CT_EQ(8, pread(fd, &word, 8, PAGE));
	CT_EQ(value(p + PAGE), word);
	CT_EQ(8, pread(fd, &word, 8, 0));
	CT_EQ(77, (int)(word >> 40 & 255));
}

/* What children share with their parent, and what they do not. */
CR_ROW(shared_anonymous)
{
	volatile int *word = mmap(NULL, 8 * PAGE, PROT_READ | PROT_WRITE,
				  MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	int status;
	pid_t pid;

	CT_CHECK(word != MAP_FAILED);
	fill((char *)word + PAGE, PAGE);
	cr_gathering();
	pid = fork();
	CT_CHECK(pid >= 0);
	if (!pid) {
		word[1] = 5;
		cr_settled();
		while (!__atomic_load_n(&word[0], __ATOMIC_ACQUIRE))
			usleep(1000);
		word[2] = word[0] + 1;
		_exit(0);
	}
	cr_gather(1);
	cr_ready();
	is_filled((char *)word + PAGE, PAGE);
	CT_EQ(5, word[1]);
	__atomic_store_n(&word[0], 41, __ATOMIC_RELEASE);
	CT_EQ(pid, waitpid(pid, &status, 0));
	CT_EQ(0, status);
	CT_EQ(42, word[2]);
}

static void look_at_own(char *p, size_t size, int nr)
{
	memset(p, nr, PAGE);
	cr_settled();
	cr_await();
	is_filled(p + PAGE, size - PAGE);
	CT_EQ((char)nr, p[0]);
	CT_EQ((char)nr, p[PAGE - 1]);
	p[PAGE] = nr;
}

/* Pages that several processes have since a fork are in the image once. */
CR_ROW(forked)
{
	size_t size = 4 << 20;
	char *p = anonymous(size, PROT_READ | PROT_WRITE, 0);
	pid_t pid[3];
	int i, status;

	madvise(p, size, MADV_NOHUGEPAGE);
	fill(p, size);
	cr_gathering();
	for (i = 0; i < 3; i++) {
		pid[i] = fork();
		CT_CHECK(pid[i] >= 0);
		if (!pid[i]) {
			look_at_own(p, size, i + 1);
			_exit(0);
		}
	}
	cr_gather(3);
	cr_ready();
	is_filled(p, size);
	for (i = 0; i < 3; i++) {
		CT_EQ(pid[i], waitpid(pid[i], &status, 0));
		CT_EQ(0, status);
	}
	is_filled(p, size);
}

CR_ROW(memfd)
{
	int fd = memfd_create("hello", MFD_ALLOW_SEALING | MFD_CLOEXEC);
	char *p, *q;

	CT_CHECK(fd >= 0);
	CT_EQ(0, ftruncate(fd, 16 * PAGE));
	p = mmap(NULL, 16 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	q = mmap(NULL, 2 * PAGE, PROT_READ, MAP_SHARED, fd, 4 * PAGE);
	CT_CHECK(p != MAP_FAILED && q != MAP_FAILED);
	fill(p + 4 * PAGE, 2 * PAGE);
	CT_EQ(0, fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK));
	cr_ready();
	is_filled(p + 4 * PAGE, 2 * PAGE);
	CT_EQ(0, memcmp(p + 4 * PAGE, q, 2 * PAGE));
	p[4 * PAGE] = 99;
	CT_EQ(99, q[0]);
	CT_EQ(F_SEAL_SHRINK, fcntl(fd, F_GET_SEALS));
	CT_EQ(-1, ftruncate(fd, PAGE));
}

CR_ROW(vdso)
{
	struct timespec a, b;
	unsigned long vdso = getauxval(AT_SYSINFO_EHDR);
	long long back;
	int i;

	CT_EQ(0, clock_gettime(CLOCK_MONOTONIC, &a));
	cr_ready();
	/* The clock of another machine may be behind. */
	back = cr_away_min() < 0 ? cr_away_min() / 1000 - 1 : 0;
	CT_EQ(vdso, getauxval(AT_SYSINFO_EHDR));
	for (i = 0; i < 1000; i++)
		CT_EQ(0, clock_gettime(CLOCK_MONOTONIC, &b));
	CT_CHECK(b.tv_sec >= a.tv_sec + back);
	CT_EQ(0, memcmp((void *)vdso, "\177ELF", 4));
	CT_CHECK(time(NULL) > 1000000000);
}

/* Fields 26 to 28 and 45 to 51 of /proc/PID/stat, which are addresses. */
static void stat_addresses(char *to)
{
	char text[4096], *s;
	int field;

	CT_CHECK(ct_read_file("/proc/self/stat", text, sizeof(text)) > 0);
	s = strrchr(text, ')');
	CT_CHECK(s);
	for (field = 2; *s; s++) {
		if (*s == ' ')
			field++;
		if ((field >= 26 && field <= 28) || (field >= 45 && field <= 51))
			*to++ = *s;
	}
	*to = 0;
}

struct about {
	char stat[4096], cmd[4096], env[4096], auxv[4096], exe[256];
};

static void learn(struct about *a)
{
	stat_addresses(a->stat);
	CT_CHECK(ct_read_file("/proc/self/auxv", a->auxv, 4096) > 0);
	CT_CHECK(ct_read_file("/proc/self/cmdline", a->cmd, 4096) > 0);
	CT_CHECK(ct_read_file("/proc/self/environ", a->env, 4096) >= 0);
	CT_CHECK(readlink("/proc/self/exe", a->exe, 255) > 0);
}

/* Where the kernel says the parts are, and how it looks for room. */
CR_ROW(addresses)
{
	static struct about before, after;
	char *p = anonymous(PAGE, PROT_READ, 0), *q;

	learn(&before);
	cr_ready();
	learn(&after);
	CT_EQ(0, strcmp(before.stat, after.stat));
	CT_EQ(0, memcmp(before.auxv, after.auxv, sizeof(after.auxv)));
	CT_EQ(0, strcmp(before.cmd, after.cmd));
	CT_EQ(0, strcmp(before.env, after.env));
	CT_EQ(0, strcmp(before.exe, after.exe));
	/* New memory comes near the old, as before. */
	q = anonymous(PAGE, PROT_NONE, 0);
	CT_CHECK((unsigned long)q >> 40 == (unsigned long)p >> 40);
}

CR_ROW(options)
{
	char text[64];

	CT_EQ(0, prctl(PR_SET_THP_DISABLE, 1, 0, 0, 0));
	CT_EQ(0, syscall(SYS_membarrier,
			 MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED, 0, 0));
	CT_EQ(0, syscall(SYS_membarrier,
			 MEMBARRIER_CMD_REGISTER_GLOBAL_EXPEDITED, 0, 0));
	CT_EQ(0, ct_write_file("/proc/self/coredump_filter", "5"));
	cr_ready();
	CT_EQ(1, prctl(PR_GET_THP_DISABLE, 0, 0, 0, 0));
	CT_EQ(0, syscall(SYS_membarrier, MEMBARRIER_CMD_PRIVATE_EXPEDITED, 0, 0));
	CT_EQ(-1, syscall(SYS_membarrier,
			  MEMBARRIER_CMD_PRIVATE_EXPEDITED_SYNC_CORE, 0, 0));
	CT_CHECK(ct_read_file("/proc/self/coredump_filter", text, 64) > 0);
	CT_EQ(5, (int)strtol(text, NULL, 16));
}

/* Also what it does not have any more. */
CR_ROW(most_memory)
{
	char *p = anonymous(8UL << 20, PROT_READ | PROT_WRITE, 0);
	struct rusage before, after;

	memset(p, 1, 8UL << 20);
	CT_EQ(0, munmap(p, 8UL << 20));
	CT_EQ(0, getrusage(RUSAGE_SELF, &before));
	CT_CHECK(before.ru_maxrss >= 7 << 10);
	cr_ready();
	CT_EQ(0, getrusage(RUSAGE_SELF, &after));
	CT_CHECK(after.ru_maxrss >= before.ru_maxrss);
}

/* Written to while it is being saved: the image has what was there before. */
static volatile unsigned long *counters;

CR_ROW(busy)
{
	size_t n = 256, i, round = 0;

	counters = (void *)anonymous(n * PAGE, PROT_READ | PROT_WRITE, 0);
	madvise((void *)counters, n * PAGE, MADV_NOHUGEPAGE);
	cr_announce();
	while (!cr_told()) {
		round++;
		for (i = 0; i < n; i++) {
			counters[i * 512] = round;
			/* Page by page in this order: at no moment do two
			 * differ by more than one, nor a later one lead.
			 */
			if (i && counters[(i - 1) * 512] != round)
				CT_FAIL("page %zu is of round %lu, not %zu", i - 1,
					counters[(i - 1) * 512], round);
			if (i + 1 < n && counters[(i + 1) * 512] != round - 1)
				CT_FAIL("page %zu is of round %lu, not %zu", i + 1,
					counters[(i + 1) * 512], round - 1);
		}
	}
}

/* Thousands of areas. */
CR_ROW(many_areas)
{
	/* A debugging kernel looks at all that there are each time one more is made. */
	unsigned int n = 1000, i;
	char *p = anonymous(2 * n * PAGE, PROT_READ | PROT_WRITE, 0);

	madvise(p, 2 * n * PAGE, MADV_NOHUGEPAGE);
	for (i = 0; i < 2 * n; i += 2) {
		fill(p + i * PAGE, PAGE);
		CT_EQ(0, mprotect(p + i * PAGE, PAGE, PROT_READ));
	}
	cr_ready();
	for (i = 0; i < 2 * n; i += 2) {
		is_filled(p + i * PAGE, PAGE);
		p[i * PAGE + PAGE] = 1;
	}
}

CR_MAIN
