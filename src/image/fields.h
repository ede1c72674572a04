/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the payloads of an image look like, as tables: for checking their
 * lengths, and for showing them.  Pure logic, as codec.h.
 *
 * Each room has its own table (fields_task.c, fields_mm.c, ...), which
 * fields.c puts together.
 */
#ifndef CT_IMAGE_FIELDS_H
#define CT_IMAGE_FIELDS_H

#include <container/image.h>

#include "image/env.h"

enum ct_field_kind {
	CT_FIELD_DEC,		/* unsigned */
	CT_FIELD_SIGNED,
	CT_FIELD_HEX,
	CT_FIELD_TEXT,		/* with a 0 at its end */
	CT_FIELD_BYTES,		/* shown as its size */
};

/**
 * struct ct_field - one field of a payload
 * @name: as in the UAPI header
 * @kind: how to show it
 * @offset: in the payload
 * @size: in bytes
 */
struct ct_field {
	const char *name;
	enum ct_field_kind kind;
	__u32 offset;
	__u32 size;
};

/**
 * struct ct_record_type - one type of record
 * @type: CONTAINER_IMAGE_TYPE()
 * @name: for people and for JSON; of one type only
 * @fields: of the fixed part; up to one without a name
 * @size: bytes of the fixed part, which all of them have
 * @element: what follows is an array of elements of so many bytes each; 1 for
 *	     text and other bytes; 0: nothing may follow
 * @element_fields: of one of them; NULL where @element is 1
 * @memory: comes behind CONTAINER_IMAGE_MEMORY, not before it
 */
struct ct_record_type {
	__u32 type;
	const char *name;
	const struct ct_field *fields;
	__u32 size;
	__u32 element;
	const struct ct_field *element_fields;
	bool memory;
};

#define CT_FIELD(structure, field, what) {				\
	.name = #field,							\
	.kind = CT_FIELD_##what,					\
	.offset = offsetof(structure, field),				\
	.size = sizeof(((structure *)0)->field),			\
}

/* Tables of the rooms; each ends with one whose type is 0. */
extern const struct ct_record_type ct_records_base[];
extern const struct ct_record_type ct_records_task[];
extern const struct ct_record_type ct_records_signal[];
extern const struct ct_record_type ct_records_mm[];
extern const struct ct_record_type ct_records_file[];
extern const struct ct_record_type ct_records_special[];

/* Room for what ct_type_letters() gives. */
#define CT_TYPE_LETTERS	12

const struct ct_record_type *ct_record_type(__u32 type);
const struct ct_record_type *ct_record_type_at(unsigned int n);
void ct_type_letters(__u32 type, char letters[CT_TYPE_LETTERS]);
int ct_record_check(const struct container_image_record *rec, char *why);
int ct_payload_check(const struct container_image_record *rec, const void *payload,
		     char *why);
__u64 ct_image_pages(const struct container_image_record *rec, const void *payload);

#endif
