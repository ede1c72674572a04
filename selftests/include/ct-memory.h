/* SPDX-License-Identifier: GPL-2.0 */
/* Memory of a test: getting it, knowing what is in it, and what the kernel says. */
#ifndef CT_MEMORY_H
#define CT_MEMORY_H

#include "ct.h"

#include <sys/mman.h>

#define PAGE	4096UL
#define HUGE	(2UL << 20)

static inline char *anonymous(size_t size, int prot, int flags)
{
	char *p = mmap(NULL, size, prot, MAP_PRIVATE | MAP_ANONYMOUS | flags, -1, 0);

	CT_CHECK(p != MAP_FAILED);
	return p;
}

/* A different value for each word. */
static inline unsigned long value(const void *p)
{
	return (unsigned long)p * 0x9e3779b97f4a7c15UL ^ 0x1234567;
}

static inline void fill(void *start, size_t size)
{
	unsigned long *p = start, *end = start + size;

	for (; p < end; p++)
		*p = value(p);
}

static inline void is_filled(void *start, size_t size)
{
	unsigned long *p = start, *end = start + size;

	for (; p < end; p++)
		if (*p != value(p))
			CT_FAIL("%p: %lx, not %lx", p, *p, value(p));
}

static inline void is_zero(void *start, size_t size)
{
	char *p = start, *end = start + size;

	for (; p < end; p++)
		if (*p)
			CT_FAIL("%p: %x, not 0", p, *p);
}

/* A line of /proc/self/smaps about the area that holds @p. */
static inline bool smaps_line(const void *p, const char *field, char *text, size_t size)
{
	char line[512];
	FILE *f = fopen("/proc/self/smaps", "r");
	unsigned long start, end;
	bool here = false, found = false;

	CT_CHECK(f);
	while (!found && fgets(line, sizeof(line), f)) {
		if (sscanf(line, "%lx-%lx ", &start, &end) == 2)
			here = start <= (unsigned long)p && (unsigned long)p < end;
		else if (here && !strncmp(line, field, strlen(field)) &&
			 line[strlen(field)] == ':')
			found = true;
	}
	fclose(f);
	if (found)
		snprintf(text, size, "%s", line + strlen(field) + 1);
	return found;
}

static inline long smaps_kb(const void *p, const char *field)
{
	char text[512];

	return smaps_line(p, field, text, sizeof(text)) ? atol(text) : -1;
}

#endif
