// SPDX-License-Identifier: GPL-2.0
/*
 * The records of an image; see codec.h.
 *
 * A reader believes nothing: every byte of an image is either covered by a
 * checksum or compared with what it must be, so that no damage goes unnoticed.
 * That an image has not been made up is more than it can know.
 */
#include "image/codec.h"
#include "image/env.h"
#include "image/fields.h"

static __u32 record_crc(const struct container_image_record *rec)
{
	struct container_image_record copy = *rec;

	copy.crc = 0;
	return ct_crc32c(0, &copy, sizeof(copy));
}

/**
 * ct_image_begin - make the head of a record
 * @rec: this one
 * @type: CONTAINER_IMAGE_TYPE()
 * @flags: CONTAINER_IMAGE_OPTIONAL or 0
 * @id: which one of that type
 * @length: of its payload
 */
void ct_image_begin(struct container_image_record *rec, __u32 type, __u32 flags,
		    __u32 id, __u64 length)
{
	rec->type = type;
	rec->flags = flags;
	rec->id = id;
	rec->length = length;
	rec->crc = record_crc(rec);
}

/**
 * ct_image_tail - make the tail of a record
 * @tail: this one
 * @crc: ct_crc32c() of the payload and of the zeros behind it
 * @sequence: number of the record in the image, from 0
 */
void ct_image_tail(struct container_image_tail *tail, __u32 crc, __u32 sequence)
{
	tail->crc = crc;
	tail->sequence = sequence;
}

/**
 * ct_image_reader_init - get ready for an image
 * @reader: what reads it
 * @ops: what is to happen with the records
 */
void ct_image_reader_init(struct ct_image_reader *reader,
			  const struct ct_image_ops *ops)
{
	memset(reader, 0, sizeof(*reader));
	reader->ops = ops;
}

/* "record 12 (THRD 5): " and what is wrong with it. */
__printf(3, 4)
static int fail(struct ct_image_reader *r, int err, const char *fmt, ...)
{
	char letters[CT_TYPE_LETTERS];
	va_list args;
	int n;

	ct_type_letters(r->rec.type, letters);
	n = snprintf(r->why, sizeof(r->why), "record %u (%s %u): ", r->sequence,
		     letters, r->rec.id);
	va_start(args, fmt);
	vsnprintf(r->why + n, sizeof(r->why) - n, fmt, args);
	va_end(args);
	return err;
}

static int no_image(struct ct_image_reader *r)
{
	/* The first bytes of what zstd, gzip and xz write. */
	const char *packed = r->rec.type == 0xfd2fb528 ? "zstd" :
			     (r->rec.type & 0xffff) == 0x8b1f ? "gzip" :
			     r->rec.type == 0x587a37fd ? "xz" : NULL;

	if (packed)
		snprintf(r->why, sizeof(r->why),
			 "this has been compressed with %s, and must be decompressed first",
			 packed);
	else
		snprintf(r->why, sizeof(r->why),
			 "this is no image of a container");
	return -EINVAL;
}

/* Is this the place for a record of this type? */
static int check_place(struct ct_image_reader *r)
{
	const struct ct_record_type *row = ct_record_type(r->rec.type);
	__u32 type = r->rec.type;
	bool single = type == CONTAINER_IMAGE_HEADER ||
		      type == CONTAINER_IMAGE_MEMORY || type == CONTAINER_IMAGE_END;

	if (single && (r->rec.id || r->rec.flags))
		return fail(r, -EINVAL, "there is only one of these");
	if (type == CONTAINER_IMAGE_HEADER && r->sequence)
		return fail(r, -EINVAL, "an image begins within the image");
	if (type == CONTAINER_IMAGE_MEMORY && r->memory)
		return fail(r, -EINVAL, "there are two of these");
	if (type == CONTAINER_IMAGE_END && !r->memory)
		return fail(r, -EINVAL, "the memory is missing");
	if (row && !single && row->memory != r->memory)
		return fail(r, -EINVAL, row->memory ?
			    "memory comes before its place" :
			    "only memory can come here");
	return 0;
}

static int head_done(struct ct_image_reader *r)
{
	int err;

	if (r->rec.crc != record_crc(&r->rec))
		return fail(r, -EINVAL, "the checksum of its head is wrong");
	if (r->rec.length > CONTAINER_IMAGE_LENGTH_MAX)
		return fail(r, -EINVAL, "a length of %llu bytes",
			    (unsigned long long)r->rec.length);
	err = check_place(r);
	if (err)
		return err;
	/* The header may be another version's: first_record() looks at that. */
	if (r->sequence)
		err = ct_record_check(&r->rec, r->why);
	if (err < 0)
		return err;
	r->skip = err;
	r->done = 0;
	r->crc = 0;
	r->size = r->rec.length + CT_IMAGE_PADDING(r->rec.length);
	if (!r->size) {
		r->state = CT_IMAGE_TAIL;
		return 0;
	}
	r->state = CT_IMAGE_PAYLOAD;
	if (r->skip)
		return 0;
	r->payload = r->ops->alloc(r, r->size);
	return r->payload ? 0 : fail(r, -ENOMEM, "no memory for it");
}

/* The header says whether all the rest can be understood. */
static int first_record(struct ct_image_reader *r)
{
	const struct container_image_header *header = r->payload;
	int err;

	if (r->rec.length < sizeof(header->version))
		return no_image(r);
	if (header->version != CONTAINER_IMAGE_VERSION) {
		snprintf(r->why, sizeof(r->why),
			 "this is an image of version %u; only version %u is known here",
			 header->version, CONTAINER_IMAGE_VERSION);
		return -EOPNOTSUPP;
	}
	err = ct_record_check(&r->rec, r->why);
	if (err)
		return err;
	if (header->page_size != 4096)
		return fail(r, -EOPNOTSUPP, "pages of %u bytes", header->page_size);
	return 0;
}

static int last_record(struct ct_image_reader *r)
{
	const struct container_image_end *end = r->payload;

	if (end->records != r->sequence)
		return fail(r, -EINVAL, "%llu records are missing",
			    (unsigned long long)(end->records - r->sequence));
	if (end->pages != r->pages)
		return fail(r, -EINVAL, "there must be %llu pages of memory, not %llu",
			    (unsigned long long)end->pages,
			    (unsigned long long)r->pages);
	return 0;
}

static int check_payload(struct ct_image_reader *r)
{
	int err = 0;

	if (!r->sequence)
		err = first_record(r);
	if (!err)
		err = ct_payload_check(&r->rec, r->payload, r->why);
	if (!err && r->rec.type == CONTAINER_IMAGE_END)
		err = last_record(r);
	return err;
}

static int tail_done(struct ct_image_reader *r)
{
	bool last = r->rec.type == CONTAINER_IMAGE_END;
	int err = 0;

	if (r->tail.crc != r->crc)
		return fail(r, -EINVAL, "its checksum is wrong");
	if (r->tail.sequence != r->sequence)
		return fail(r, -EINVAL, "record %u is in its place",
			    r->tail.sequence);
	if (!r->skip) {
		err = check_payload(r);
		if (err)
			return err;
		if (r->rec.type == CONTAINER_IMAGE_MEMORY)
			r->memory = true;
		r->pages += ct_image_pages(&r->rec, r->payload);
		r->why[0] = '\0';
		err = r->ops->record(r);
		/* It is the owner's now, whatever has become of it. */
		r->payload = NULL;
	}
	if (err && !r->why[0])
		fail(r, err, "it cannot be used (error %d)", -err);
	if (err)
		return err;
	r->sequence++;
	r->done = 0;
	r->state = last ? CT_IMAGE_DONE : CT_IMAGE_RECORD;
	return 0;
}

/* Where the next bytes go; @room is how many of them at most. */
static void *next_place(struct ct_image_reader *r, size_t *room)
{
	if (r->err || r->state == CT_IMAGE_DONE) {
		*room = sizeof(r->nowhere);
		return r->nowhere;
	}
	if (r->state == CT_IMAGE_RECORD) {
		*room = sizeof(r->rec) - r->done;
		return (__u8 *)&r->rec + r->done;
	}
	if (r->state == CT_IMAGE_TAIL) {
		*room = sizeof(r->tail) - r->done;
		return (__u8 *)&r->tail + r->done;
	}
	*room = r->size - r->done;
	if (!r->skip)
		return r->ops->place ? r->ops->place(r, room) :
				       (__u8 *)r->payload + r->done;
	if (*room > sizeof(r->nowhere))
		*room = sizeof(r->nowhere);
	return r->nowhere;
}

/**
 * ct_image_room - where do the next bytes of the image go?
 * @reader: the reader
 * @room: set to how many go there at most; never 0
 *
 * For who can put them there directly; then ct_image_filled() has to be called.
 *
 * Return: the place.
 */
void *ct_image_room(struct ct_image_reader *reader, size_t *room)
{
	reader->where = next_place(reader, room);
	return reader->where;
}

static int payload_filled(struct ct_image_reader *r, size_t size)
{
	size_t i = r->rec.length > r->done ? r->rec.length - r->done : 0;

	for (; i < size; i++)
		if (r->where[i])
			return fail(r, -EINVAL, "there is something behind it");
	r->crc = ct_crc32c(r->crc, r->where, size);
	r->where += size;
	r->done += size;
	if (r->done == r->size) {
		r->done = 0;
		r->state = CT_IMAGE_TAIL;
	}
	return 0;
}

static int filled(struct ct_image_reader *r, size_t size)
{
	switch (r->state) {
	case CT_IMAGE_RECORD:
		r->done += size;
		/* Do not wait for more of what is no image. */
		if (!r->sequence && r->done >= sizeof(r->rec.type) &&
		    r->rec.type != CONTAINER_IMAGE_HEADER)
			return no_image(r);
		return r->done == sizeof(r->rec) ? head_done(r) : 0;
	case CT_IMAGE_PAYLOAD:
		return payload_filled(r, size);
	case CT_IMAGE_TAIL:
		r->done += size;
		return r->done == sizeof(r->tail) ? tail_done(r) : 0;
	case CT_IMAGE_DONE:
		break;
	}
	snprintf(r->why, sizeof(r->why), "something follows the end of the image");
	return -EINVAL;
}

/**
 * ct_image_filled - bytes of the image have been put where they go
 * @reader: the reader
 * @size: how many, at most what ct_image_room() has said since the last time
 *
 * Calls ops->record() if that was the last of a record.
 *
 * Return: 0 or a negative errno, with a sentence in @reader->why; the first one
 * stays.
 */
int ct_image_filled(struct ct_image_reader *reader, size_t size)
{
	if (!reader->err && size) {
		reader->err = filled(reader, size);
		reader->offset += size;
	}
	return reader->err;
}

/**
 * ct_image_feed - take the next bytes of an image
 * @reader: the reader
 * @data: the bytes; any number, records need not be whole
 * @size: how many
 *
 * Return: as ct_image_filled().
 */
int ct_image_feed(struct ct_image_reader *reader, const void *data, size_t size)
{
	const __u8 *from = data;

	while (size && !reader->err) {
		size_t room;
		void *to = ct_image_room(reader, &room);

		if (room > size)
			room = size;
		memcpy(to, from, room);
		from += room;
		size -= room;
		ct_image_filled(reader, room);
	}
	return reader->err;
}

/**
 * ct_image_finish - no more bytes come: is the image complete?
 * @reader: the reader
 *
 * Return: 0; -ENODATA if it is not, with a sentence in @reader->why; or the error
 * that there was before.
 */
int ct_image_finish(struct ct_image_reader *reader)
{
	struct ct_image_reader *r = reader;
	char letters[CT_TYPE_LETTERS];

	if (r->err || r->state == CT_IMAGE_DONE)
		return r->err;
	r->err = -ENODATA;
	ct_type_letters(r->rec.type, letters);
	if (!r->offset)
		snprintf(r->why, sizeof(r->why), "the image is empty");
	else if (r->state == CT_IMAGE_RECORD && !r->done)
		snprintf(r->why, sizeof(r->why),
			 "the image ends early, after record %u (%s %u)",
			 r->sequence - 1, letters, r->rec.id);
	else if (r->state == CT_IMAGE_RECORD)
		snprintf(r->why, sizeof(r->why),
			 "the image ends early, after %llu bytes of the head of record %u",
			 (unsigned long long)r->done, r->sequence);
	else
		snprintf(r->why, sizeof(r->why),
			 "the image ends early, after %llu bytes of record %u (%s %u)",
			 (unsigned long long)r->done +
			 (r->state == CT_IMAGE_TAIL ? r->size : 0) + sizeof(r->rec),
			 r->sequence, letters, r->rec.id);
	return r->err;
}
