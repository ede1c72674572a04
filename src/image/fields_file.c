// SPDX-License-Identifier: GPL-2.0
/* What the records about open files look like. */
#include <linux/stddef.h>

#include <container/image_file.h>

#include "image/fields.h"

static const struct ct_field fdtable[] = {
	CT_FIELD(struct container_image_fdtable, count, DEC),
	{}
};

static const struct ct_field fd[] = {
	CT_FIELD(struct container_image_fd, fd, DEC),
	CT_FIELD(struct container_image_fd, file, DEC),
	CT_FIELD(struct container_image_fd, flags, HEX),
	{}
};

static const struct ct_field file[] = {
	CT_FIELD(struct container_image_file, kind, DEC),
	CT_FIELD(struct container_image_file, flags, HEX),
	CT_FIELD(struct container_image_file, position, DEC),
	CT_FIELD(struct container_image_file, mode, HEX),
	CT_FIELD(struct container_image_file, object, DEC),
	CT_FIELD(struct container_image_file, uid, DEC),
	CT_FIELD(struct container_image_file, gid, DEC),
	CT_FIELD(struct container_image_file, capabilities, HEX),
	CT_FIELD(struct container_image_file, owner_type, DEC),
	CT_FIELD(struct container_image_file, owner, DEC),
	CT_FIELD(struct container_image_file, owner_uid, DEC),
	CT_FIELD(struct container_image_file, owner_euid, DEC),
	CT_FIELD(struct container_image_file, signal, DEC),
	CT_FIELD(struct container_image_file, state, HEX),
	{}
};

static const struct ct_field path[] = {
	CT_FIELD(struct container_image_path, size, DEC),
	CT_FIELD(struct container_image_path, device, HEX),
	{}
};

static const struct ct_field inode[] = {
	CT_FIELD(struct container_image_inode, size, DEC),
	CT_FIELD(struct container_image_inode, mode, HEX),
	CT_FIELD(struct container_image_inode, uid, DEC),
	CT_FIELD(struct container_image_inode, gid, DEC),
	CT_FIELD(struct container_image_inode, seals, HEX),
	CT_FIELD(struct container_image_inode, flags, HEX),
	{}
};

static const struct ct_field content[] = {
	CT_FIELD(struct container_image_content, offset, DEC),
	{}
};

static const struct ct_field pipe[] = {
	CT_FIELD(struct container_image_pipe, size, DEC),
	CT_FIELD(struct container_image_pipe, mode, HEX),
	CT_FIELD(struct container_image_pipe, uid, DEC),
	CT_FIELD(struct container_image_pipe, gid, DEC),
	{}
};

static const struct ct_field pipebuf[] = {
	CT_FIELD(struct container_image_pipebuf, flags, HEX),
	{}
};

static const struct ct_field outside[] = {
	CT_FIELD(struct container_image_outside, kind, DEC),
	{}
};

static const struct ct_field lock[] = {
	CT_FIELD(struct container_image_lock, start, DEC),
	CT_FIELD(struct container_image_lock, end, DEC),
	CT_FIELD(struct container_image_lock, file, DEC),
	CT_FIELD(struct container_image_lock, kind, DEC),
	CT_FIELD(struct container_image_lock, exclusive, DEC),
	{}
};

const struct ct_record_type ct_records_file[] = {
	{
		.type = CONTAINER_IMAGE_FDTABLE, .name = "fdtable",
		.fields = fdtable, .size = sizeof(struct container_image_fdtable),
		.element = sizeof(struct container_image_fd),
		.element_fields = fd,
	}, {
		.type = CONTAINER_IMAGE_FILE, .name = "file",
		.fields = file, .size = sizeof(struct container_image_file),
	}, {
		.type = CONTAINER_IMAGE_PATH, .name = "path",
		.fields = path, .size = sizeof(struct container_image_path),
		.element = 1,
	}, {
		.type = CONTAINER_IMAGE_INODE, .name = "inode",
		.fields = inode, .size = sizeof(struct container_image_inode),
		.element = 1,
	}, {
		.type = CONTAINER_IMAGE_CONTENT, .name = "content",
		.fields = content, .size = sizeof(struct container_image_content),
		.element = 1,
	}, {
		.type = CONTAINER_IMAGE_PIPE, .name = "pipe",
		.fields = pipe, .size = sizeof(struct container_image_pipe),
	}, {
		.type = CONTAINER_IMAGE_PIPEBUF, .name = "pipebuf",
		.fields = pipebuf, .size = sizeof(struct container_image_pipebuf),
		.element = 1,
	}, {
		.type = CONTAINER_IMAGE_OUTSIDE, .name = "outside",
		.fields = outside, .size = sizeof(struct container_image_outside),
	}, {
		.type = CONTAINER_IMAGE_FLOCK, .name = "flock",
		.fields = lock, .size = sizeof(struct container_image_lock),
	}, {
		.type = CONTAINER_IMAGE_PLOCK, .name = "plock",
		.fields = lock, .size = sizeof(struct container_image_lock),
	},
	{}
};
