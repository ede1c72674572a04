// SPDX-License-Identifier: GPL-2.0
/* What the records about memory look like. */
#ifdef __KERNEL__
#include <linux/stddef.h>
#else
#include <stddef.h>
#endif

#include <container/image_mm.h>

#include "image/fields.h"

#define MM(field, what)		CT_FIELD(struct container_image_mm, field, what)
#define AREA(field, what)	CT_FIELD(struct container_image_area, field, what)
#define KIN(field, what)	CT_FIELD(struct container_image_kin, field, what)
#define SAME(field, what)	CT_FIELD(struct container_image_same, field, what)

static const struct ct_field none[] = {
	{}
};

static const struct ct_field mm[] = {
	MM(start_code, HEX),
	MM(end_code, HEX),
	MM(start_data, HEX),
	MM(end_data, HEX),
	MM(start_brk, HEX),
	MM(brk, HEX),
	MM(start_stack, HEX),
	MM(arg_start, HEX),
	MM(arg_end, HEX),
	MM(env_start, HEX),
	MM(env_end, HEX),
	MM(mmap_base, HEX),
	MM(vdso_base, HEX),
	MM(exe, DEC),
	MM(vdso, DEC),
	MM(flags, HEX),
	MM(dump_filter, HEX),
	MM(membarrier, HEX),
	MM(pkeys, HEX),
	MM(execute_pkey, SIGNED),
	MM(areas, DEC),
	{}
};

static const struct ct_field auxv[] = {
	{ .name = "auxv", .kind = CT_FIELD_HEX, .offset = 0, .size = 8 },
	{}
};

static const struct ct_field area[] = {
	AREA(start, HEX),
	AREA(end, HEX),
	AREA(offset, HEX),
	AREA(flags, HEX),
	AREA(kind, DEC),
	AREA(file, DEC),
	AREA(pkey, DEC),
	{}
};

static const struct ct_field kin[] = {
	KIN(start, HEX),
	KIN(family, DEC),
	{}
};

static const struct ct_field vdso[] = {
	CT_FIELD(struct container_image_vdso, size, DEC),
	CT_FIELD(struct container_image_vdso, vvar, DEC),
	CT_FIELD(struct container_image_vdso, entries, BYTES),
	{}
};

static const struct ct_field pages[] = {
	CT_FIELD(struct container_image_pages, count, DEC),
	{}
};

static const struct ct_field same[] = {
	SAME(address, HEX),
	SAME(from, HEX),
	SAME(mm, DEC),
	{}
};

const struct ct_record_type ct_records_mm[] = {
	{ CONTAINER_IMAGE_MM, "memory", mm,
	  sizeof(struct container_image_mm), 8, auxv },
	{ CONTAINER_IMAGE_AREAS, "areas", none,
	  0, sizeof(struct container_image_area), area },
	{ CONTAINER_IMAGE_KIN, "kin", none,
	  0, sizeof(struct container_image_kin), kin },
	{ CONTAINER_IMAGE_VDSO, "vdso", vdso,
	  sizeof(struct container_image_vdso), 1, NULL },
	{ CONTAINER_IMAGE_PAGES, "pages", pages,
	  sizeof(struct container_image_pages), 1, NULL, true },
	{ CONTAINER_IMAGE_SAME, "same pages", none,
	  0, sizeof(struct container_image_same), same, true },
	{}
};
