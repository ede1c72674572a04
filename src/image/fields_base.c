// SPDX-License-Identifier: GPL-2.0
/* The records that every image has: its beginning and its end. */
#include "image/fields.h"

static const struct ct_field header[] = {
	CT_FIELD(struct container_image_header, version, DEC),
	CT_FIELD(struct container_image_header, page_size, DEC),
	CT_FIELD(struct container_image_header, xfeatures, HEX),
	CT_FIELD(struct container_image_header, xsize, DEC),
	CT_FIELD(struct container_image_header, flags, HEX),
	CT_FIELD(struct container_image_header, realtime, DEC),
	CT_FIELD(struct container_image_header, monotonic, DEC),
	CT_FIELD(struct container_image_header, boottime, DEC),
	CT_FIELD(struct container_image_header, name, TEXT),
	CT_FIELD(struct container_image_header, release, TEXT),
	{}
};

static const struct ct_field end[] = {
	CT_FIELD(struct container_image_end, records, DEC),
	CT_FIELD(struct container_image_end, pages, DEC),
	{}
};

static const struct ct_field total[] = {
	CT_FIELD(struct container_image_total, bytes, DEC),
	CT_FIELD(struct container_image_total, pages, DEC),
	{}
};

static const struct ct_field counts[] = {
	CT_FIELD(struct container_image_counts, checkpoints, DEC),
	CT_FIELD(struct container_image_counts, restarts, DEC),
	{}
};

static const struct ct_field next[] = {
	CT_FIELD(struct container_image_next, number, DEC),
	CT_FIELD(struct container_image_next, reserved, DEC),
	{}
};

const struct ct_record_type ct_records_base[] = {
	{
		.type = CONTAINER_IMAGE_HEADER,
		.name = "header",
		.fields = header,
		.size = sizeof(struct container_image_header),
	},
	{
		.type = CONTAINER_IMAGE_TOTAL,
		.name = "total",
		.fields = total,
		.size = sizeof(struct container_image_total),
	},
	{
		.type = CONTAINER_IMAGE_COUNTS,
		.name = "counts",
		.fields = counts,
		.size = sizeof(struct container_image_counts),
	},
	{
		.type = CONTAINER_IMAGE_NEXT,
		.name = "next number",
		.fields = next,
		.size = sizeof(struct container_image_next),
	},
	{
		.type = CONTAINER_IMAGE_MEMORY,
		.name = "memory follows",
	},
	{
		.type = CONTAINER_IMAGE_END,
		.name = "end",
		.fields = end,
		.size = sizeof(struct container_image_end),
	},
	{}
};
