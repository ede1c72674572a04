// SPDX-License-Identifier: GPL-2.0
/* All types of records there are; see fields.h. */
#include <container/image_mm.h>

#include "image/codec.h"
#include "image/env.h"
#include "image/fields.h"

static const struct ct_record_type *const tables[] = {
	ct_records_base,
	ct_records_task,
	ct_records_signal,
	ct_records_mm,
	ct_records_file,
	ct_records_special,
};

/**
 * ct_record_type - what is known about a type of record
 * @type: CONTAINER_IMAGE_TYPE()
 *
 * Return: its row; NULL if there is none.
 */
const struct ct_record_type *ct_record_type(__u32 type)
{
	const struct ct_record_type *row;
	size_t i;

	if (!type)
		return NULL;
	for (i = 0; i < ARRAY_SIZE(tables); i++)
		for (row = tables[i]; row->type; row++)
			if (row->type == type)
				return row;
	return NULL;
}

/**
 * ct_record_type_at - go through all types
 * @n: from 0
 *
 * Return: the row; NULL behind the last.
 */
const struct ct_record_type *ct_record_type_at(unsigned int n)
{
	const struct ct_record_type *row;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(tables); i++)
		for (row = tables[i]; row->type; row++)
			if (!n--)
				return row;
	return NULL;
}

/**
 * ct_type_letters - the four letters of a type, for a sentence
 * @type: CONTAINER_IMAGE_TYPE()
 * @letters: where they go; a number if they are no letters
 */
void ct_type_letters(__u32 type, char letters[CT_TYPE_LETTERS])
{
	int i, last = 3;

	while (last > 0 && (type >> 8 * last & 255) == ' ')
		last--;
	for (i = 0; i <= last; i++) {
		letters[i] = type >> 8 * i & 255;
		if (letters[i] <= ' ' || letters[i] > '~') {
			snprintf(letters, CT_TYPE_LETTERS, "0x%08x", type);
			return;
		}
	}
	letters[i] = '\0';
}

/**
 * ct_record_check - can this be the head of a record?
 * @rec: the head; its checksum is right
 * @why: set to a sentence if not; of CT_IMAGE_WHY_MAX
 *
 * Return: 0: of a known type, and of a length that it can have; 1: unknown, and
 * may be skipped; -EOPNOTSUPP: unknown; -EINVAL.
 */
int ct_record_check(const struct container_image_record *rec, char *why)
{
	const struct ct_record_type *row = ct_record_type(rec->type);
	char letters[CT_TYPE_LETTERS];
	__u64 more;

	ct_type_letters(rec->type, letters);
	if (rec->flags & ~CONTAINER_IMAGE_OPTIONAL) {
		snprintf(why, CT_IMAGE_WHY_MAX,
			 "a record of type %s has unknown flags 0x%x", letters,
			 rec->flags);
		return -EOPNOTSUPP;
	}
	if (rec->length > CONTAINER_IMAGE_LENGTH_MAX) {
		snprintf(why, CT_IMAGE_WHY_MAX,
			 "a record of type %s is longer than any may be, %llu bytes",
			 letters, (unsigned long long)rec->length);
		return -EINVAL;
	}
	if (!row && rec->flags & CONTAINER_IMAGE_OPTIONAL)
		return 1;
	if (!row) {
		snprintf(why, CT_IMAGE_WHY_MAX,
			 "records of type %s are not known here", letters);
		return -EOPNOTSUPP;
	}
	more = rec->length - row->size;
	if (rec->length < row->size || (more && !row->element) ||
	    (more && more % row->element)) {
		snprintf(why, CT_IMAGE_WHY_MAX,
			 "a record of type %s cannot have %llu bytes", letters,
			 (unsigned long long)rec->length);
		return -EINVAL;
	}
	return 0;
}

static bool texts_end(const struct ct_field *field, const char *at)
{
	for (; field && field->name; field++)
		if (field->kind == CT_FIELD_TEXT &&
		    !memchr(at + field->offset, '\0', field->size))
			return false;
	return true;
}

static bool has_text(const struct ct_field *field)
{
	for (; field && field->name; field++)
		if (field->kind == CT_FIELD_TEXT)
			return true;
	return false;
}

/**
 * ct_payload_check - do the texts in a payload end where they must?
 * @rec: its head, for which ct_record_check() was 0
 * @payload: what is to be looked at
 * @why: set to a sentence if not; of CT_IMAGE_WHY_MAX
 *
 * Return: 0 or -EINVAL.
 */
int ct_payload_check(const struct container_image_record *rec, const void *payload,
		     char *why)
{
	const struct ct_record_type *row = ct_record_type(rec->type);
	char letters[CT_TYPE_LETTERS];
	bool ok = texts_end(row->fields, payload);
	__u64 at;

	if (has_text(row->element_fields))
		for (at = row->size; ok && at < rec->length; at += row->element)
			ok = texts_end(row->element_fields,
				       (const char *)payload + at);
	if (ok)
		return 0;
	ct_type_letters(rec->type, letters);
	snprintf(why, CT_IMAGE_WHY_MAX,
		 "a text in a record of type %s has no end", letters);
	return -EINVAL;
}

/**
 * ct_image_pages - how many pages of memory are in a record
 * @rec: its head, for which ct_record_check() was 0
 * @payload: what is in it
 */
__u64 ct_image_pages(const struct container_image_record *rec, const void *payload)
{
	const struct container_image_pages *pages = payload;

	return rec->type == CONTAINER_IMAGE_PAGES ? pages->count : 0;
}
