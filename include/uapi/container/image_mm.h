/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/*
 * Records of an image about memory: how it is laid out, and what is in it.
 */
#ifndef _UAPI_CONTAINER_IMAGE_MM_H
#define _UAPI_CONTAINER_IMAGE_MM_H

#include <container/image.h>

/*
 * The memory of a process; the id is its own.  Behind the structure there are
 * 64 bit numbers: the auxiliary vector, in pairs.
 */
#define CONTAINER_IMAGE_MM	CONTAINER_IMAGE_TYPE('M', 'M', ' ', ' ')
/*
 * Its areas, by ascending address: struct container_image_area and nothing else;
 * the id is that of the memory. Several records, if there are many of them.
 */
#define CONTAINER_IMAGE_AREAS	CONTAINER_IMAGE_TYPE('A', 'R', 'E', 'A')
/*
 * Which of its areas may share pages with areas of other memories, by ascending
 * address: struct container_image_kin and nothing else; the id is that of the
 * memory. It is optional: without it each memory has pages of its own.
 */
#define CONTAINER_IMAGE_KIN	CONTAINER_IMAGE_TYPE('K', 'I', 'N', ' ')
/* The code that the kernel lends to programs. */
#define CONTAINER_IMAGE_VDSO	CONTAINER_IMAGE_TYPE('V', 'D', 'S', 'O')

/* After CONTAINER_IMAGE_MEMORY: */

/* Pages of a memory, whose id it has. */
#define CONTAINER_IMAGE_PAGES	CONTAINER_IMAGE_TYPE('P', 'A', 'G', 'E')
/*
 * Pages that are the same as others before them: struct container_image_same
 * and nothing else; the id is that of the memory.
 */
#define CONTAINER_IMAGE_SAME	CONTAINER_IMAGE_TYPE('S', 'A', 'M', 'E')

/**
 * struct container_image_mm - payload of CONTAINER_IMAGE_MM
 * @start_code: and so on: as in /proc/PID/stat, and as PR_SET_MM_MAP takes them
 * @end_code: see there
 * @start_data: see there
 * @end_data: see there
 * @start_brk: see there
 * @brk: see there
 * @start_stack: see there
 * @arg_start: see there
 * @arg_end: see there
 * @env_start: see there
 * @env_end: see there
 * @mmap_base: where the kernel begins to look for room
 * @vdso_base: where the code of @vdso is; 0: nowhere
 * @exe: id of the file that is executed; 0: none
 * @vdso: id of CONTAINER_IMAGE_VDSO; 0: there is none
 * @flags: CONTAINER_IMAGE_MM_...
 * @dump_filter: as in /proc/PID/coredump_filter
 * @membarrier: CONTAINER_IMAGE_MEMBARRIER_...: what the process has registered for
 * @pkeys: bit mask of the protection keys that are given out
 * @execute_pkey: the one for memory that can only be executed; -1: none
 * @areas: how many there are in all CONTAINER_IMAGE_AREAS of this memory
 */
struct container_image_mm {
	__u64 start_code;
	__u64 end_code;
	__u64 start_data;
	__u64 end_data;
	__u64 start_brk;
	__u64 brk;
	__u64 start_stack;
	__u64 arg_start;
	__u64 arg_end;
	__u64 env_start;
	__u64 env_end;
	__u64 mmap_base;
	__u64 vdso_base;
	__u32 exe;
	__u32 vdso;
	__u32 flags;
	__u32 dump_filter;
	__u32 membarrier;
	__u32 pkeys;
	__s32 execute_pkey;
	__u32 areas;
};

/* Room is looked for from @mmap_base upwards, not downwards. */
#define CONTAINER_IMAGE_MM_LEGACY	1
#define CONTAINER_IMAGE_MM_LOCK_FUTURE	2	/* mlockall(MCL_FUTURE) */
#define CONTAINER_IMAGE_MM_LOCK_ONFAULT	4	/* the same with MCL_ONFAULT */
#define CONTAINER_IMAGE_MM_THP_DISABLE	8	/* PR_SET_THP_DISABLE */
#define CONTAINER_IMAGE_MM_MDWE		16	/* PR_SET_MDWE */
#define CONTAINER_IMAGE_MM_MDWE_ONCE	32	/* the same, not for children */
#define CONTAINER_IMAGE_MM_MERGE_ANY	64	/* PR_SET_MEMORY_MERGE */
/* A thread is in the code of the vdso, so it cannot be replaced. */
#define CONTAINER_IMAGE_MM_VDSO_BUSY	128

#define CONTAINER_IMAGE_MEMBARRIER_PRIVATE	1
#define CONTAINER_IMAGE_MEMBARRIER_GLOBAL	2
#define CONTAINER_IMAGE_MEMBARRIER_SYNC_CORE	4
#define CONTAINER_IMAGE_MEMBARRIER_RSEQ		8

/**
 * struct container_image_area - a range of memory of one kind
 * @start: its first address
 * @end: the first address behind it
 * @offset: in the file, in bytes
 * @flags: CONTAINER_IMAGE_AREA_...
 * @kind: CONTAINER_IMAGE_AREA_KIND_...
 * @file: id of the file that is mapped; 0: none
 * @pkey: its protection key
 */
struct container_image_area {
	__u64 start;
	__u64 end;
	__u64 offset;
	__u32 flags;
	__u32 kind;
	__u32 file;
	__u32 pkey;
};

#define CONTAINER_IMAGE_AREA_KIND_MEMORY	0
#define CONTAINER_IMAGE_AREA_KIND_VDSO		1	/* the vdso's code */
#define CONTAINER_IMAGE_AREA_KIND_VVAR		2	/* and its data */

#define CONTAINER_IMAGE_AREA_READ		1
#define CONTAINER_IMAGE_AREA_WRITE		2
#define CONTAINER_IMAGE_AREA_EXEC		4
#define CONTAINER_IMAGE_AREA_SHARED		8	/* MAP_SHARED */
#define CONTAINER_IMAGE_AREA_GROWSDOWN		0x10
#define CONTAINER_IMAGE_AREA_NORESERVE		0x20
#define CONTAINER_IMAGE_AREA_LOCKED		0x40
#define CONTAINER_IMAGE_AREA_LOCKONFAULT	0x80
#define CONTAINER_IMAGE_AREA_HUGEPAGE		0x100	/* MADV_HUGEPAGE, and */
#define CONTAINER_IMAGE_AREA_NOHUGEPAGE		0x200	/* so on */
#define CONTAINER_IMAGE_AREA_MERGEABLE		0x400
#define CONTAINER_IMAGE_AREA_DONTFORK		0x800
#define CONTAINER_IMAGE_AREA_DONTDUMP		0x1000
#define CONTAINER_IMAGE_AREA_WIPEONFORK		0x2000
#define CONTAINER_IMAGE_AREA_SEQUENTIAL		0x4000
#define CONTAINER_IMAGE_AREA_RANDOM		0x8000
#define CONTAINER_IMAGE_AREA_SEALED		0x10000	/* mseal() */
#define CONTAINER_IMAGE_AREA_DROPPABLE		0x20000	/* MAP_DROPPABLE */
/* Counts as committed memory: it is writable, or was. */
#define CONTAINER_IMAGE_AREA_ACCOUNT		0x40000

/**
 * struct container_image_kin - an area that has relatives since a fork()
 * @start: its first address
 * @family: which areas can have pages in common: those with the same number; not 0
 * @reserved: 0
 */
struct container_image_kin {
	__u64 start;
	__u32 family;
	__u32 reserved;
};

/* Places in struct container_image_vdso.entries. */
#define CONTAINER_IMAGE_VDSO_CLOCK_GETTIME	0
#define CONTAINER_IMAGE_VDSO_GETTIMEOFDAY	1
#define CONTAINER_IMAGE_VDSO_CLOCK_GETRES	2
#define CONTAINER_IMAGE_VDSO_TIME		3
#define CONTAINER_IMAGE_VDSO_GETCPU		4
#define CONTAINER_IMAGE_VDSO_GETRANDOM		5
#define CONTAINER_IMAGE_VDSO_ENTRIES		8

/**
 * struct container_image_vdso - payload of CONTAINER_IMAGE_VDSO
 * @size: bytes of code, which follow the structure
 * @vvar: bytes of data in front of it, which are not in the image
 * @entries: where in the code the functions begin; 0: it does not have that one
 */
struct container_image_vdso {
	__u64 size;
	__u64 vvar;
	__u64 entries[CONTAINER_IMAGE_VDSO_ENTRIES];
};

#define CONTAINER_IMAGE_PAGES_MAX	256

/**
 * struct container_image_pages - payload of CONTAINER_IMAGE_PAGES
 * @count: how many pages there are, at most CONTAINER_IMAGE_PAGES_MAX; behind
 *	   the structure there are so many 64 bit addresses, and then so many pages
 *	   of 4096 bytes
 * @reserved: 0
 */
struct container_image_pages {
	__u32 count;
	__u32 reserved;
};

/**
 * struct container_image_same - a page that is the same as another
 * @address: where it is
 * @from: where in memory @mm the other one is; it comes earlier in the image
 * @mm: id of that memory
 * @reserved: 0
 */
struct container_image_same {
	__u64 address;
	__u64 from;
	__u32 mm;
	__u32 reserved;
};

#endif
