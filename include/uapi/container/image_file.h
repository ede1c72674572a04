/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/*
 * Records of an image about open files: tables of descriptors, file
 * descriptions, and what is behind them.
 *
 * A file description has one CONTAINER_IMAGE_FILE, whose kind says which other
 * records there are with the same id; what several file descriptions have in
 * common, a pipe for instance, has an id and records of its own.
 */
#ifndef _UAPI_CONTAINER_IMAGE_FILE_H
#define _UAPI_CONTAINER_IMAGE_FILE_H

#include <container/image.h>

/*
 * A table of descriptors; the id is the table's, which processes refer to. A
 * table with many descriptors is several records, in order.
 */
#define CONTAINER_IMAGE_FDTABLE	CONTAINER_IMAGE_TYPE('F', 'D', 'T', 'B')
/* A file description; the id is the file's, from 1 and without gaps. */
#define CONTAINER_IMAGE_FILE	CONTAINER_IMAGE_TYPE('F', 'I', 'L', 'E')
/* Its name; the id is the file's. */
#define CONTAINER_IMAGE_PATH	CONTAINER_IMAGE_TYPE('P', 'A', 'T', 'H')
/* A file without a name: memfd, shared memory, deleted; the id is the inode's. */
#define CONTAINER_IMAGE_INODE	CONTAINER_IMAGE_TYPE('I', 'N', 'O', 'D')
/* A piece of what is in it, in ascending order; the id is the inode's. */
#define CONTAINER_IMAGE_CONTENT	CONTAINER_IMAGE_TYPE('C', 'O', 'N', 'T')
/* A pipe or a fifo; the id is the pipe's. */
#define CONTAINER_IMAGE_PIPE	CONTAINER_IMAGE_TYPE('P', 'I', 'P', 'E')
/* Something that has been written to it and not been read, oldest first. */
#define CONTAINER_IMAGE_PIPEBUF	CONTAINER_IMAGE_TYPE('P', 'B', 'U', 'F')
/* A lock that belongs to a file description; the id is the file's. */
#define CONTAINER_IMAGE_FLOCK	CONTAINER_IMAGE_TYPE('F', 'L', 'C', 'K')
/* A lock that belongs to a process; the id is that of its table. */
#define CONTAINER_IMAGE_PLOCK	CONTAINER_IMAGE_TYPE('P', 'L', 'C', 'K')

/* A pipe that leads outside, and is left there; the id is the pipe's. */
#define CONTAINER_IMAGE_OUTSIDE	CONTAINER_IMAGE_TYPE('O', 'U', 'T', 'S')

/**
 * struct container_image_fdtable - payload of CONTAINER_IMAGE_FDTABLE
 * @count: how many &struct container_image_fd follow
 * @reserved: 0
 */
struct container_image_fdtable {
	__u32 count;
	__u32 reserved;
};

/**
 * struct container_image_fd - a descriptor
 * @fd: its number; ascending
 * @file: id of the file description
 * @flags: CONTAINER_IMAGE_FD_CLOEXEC or 0
 * @reserved: 0
 */
struct container_image_fd {
	__u32 fd;
	__u32 file;
	__u32 flags;
	__u32 reserved;
};

#define CONTAINER_IMAGE_FD_CLOEXEC	1

/**
 * struct container_image_file - payload of CONTAINER_IMAGE_FILE
 * @kind: CONTAINER_IMAGE_FILE_PATH and the others
 * @flags: as open(2) and F_GETFL have them, without those for creating it
 * @position: where the next read or write goes
 * @mode: type and permissions of the inode
 * @object: id of what is behind it, where the kind has that; else 0
 * @uid: of who opened it, as far as the filesystem is concerned
 * @gid: the same
 * @capabilities: that who opened it could use then
 * @owner_type: who gets signals about it: CONTAINER_IMAGE_OWNER_NONE or others
 * @owner: number of that thread, process or process group
 * @owner_uid: in whose name, the real user
 * @owner_euid: the effective one
 * @signal: F_SETSIG
 * @state: CONTAINER_IMAGE_FILE_UNHEARD or 0
 */
struct container_image_file {
	__u32 kind;
	__u32 flags;
	__u64 position;
	__u32 mode;
	__u32 object;
	__u32 uid;
	__u32 gid;
	__u64 capabilities;
	__u32 owner_type;
	__u32 owner;
	__u32 owner_uid;
	__u32 owner_euid;
	__u32 signal;
	__u32 state;
};

/* Of a fifo: nobody has opened it for writing since, so poll(2) says no POLLHUP. */
#define CONTAINER_IMAGE_FILE_UNHEARD	1

/* Opened by its name: files, directories, /dev/null and the like, O_PATH. */
#define CONTAINER_IMAGE_FILE_PATH	1
/* Its content is in the image; @object is the inode. */
#define CONTAINER_IMAGE_FILE_INODE	2
/* An end of a pipe; @object is the pipe. */
#define CONTAINER_IMAGE_FILE_PIPE	3
/* The same with a name, which CONTAINER_IMAGE_PATH has. */
#define CONTAINER_IMAGE_FILE_FIFO	4
/* From here on those of image_special.h. */
#define CONTAINER_IMAGE_FILE_SPECIAL	16

#define CONTAINER_IMAGE_OWNER_NONE	0
#define CONTAINER_IMAGE_OWNER_THREAD	1
#define CONTAINER_IMAGE_OWNER_PROCESS	2
#define CONTAINER_IMAGE_OWNER_GROUP	3

/**
 * struct container_image_path - payload of CONTAINER_IMAGE_PATH
 * @size: of the file, when the image was made
 * @device: of a device node: major and minor number as stat(2) has them
 *
 * What follows is the absolute name, with a 0 at its end.
 */
struct container_image_path {
	__u64 size;
	__u64 device;
};

/**
 * struct container_image_inode - payload of CONTAINER_IMAGE_INODE
 * @size: of the file
 * @mode: permissions
 * @uid: owner
 * @gid: group
 * @seals: F_GET_SEALS
 * @flags: CONTAINER_IMAGE_INODE_...
 * @reserved: 0
 *
 * What follows is the name that it once had, without the leading slash and with
 * a 0 at its end.
 */
struct container_image_inode {
	__u64 size;
	__u32 mode;
	__u32 uid;
	__u32 gid;
	__u32 seals;
	__u32 flags;
	__u32 reserved;
};

#define CONTAINER_IMAGE_INODE_NORESERVE	1	/* MAP_NORESERVE, or a memfd */
#define CONTAINER_IMAGE_INODE_PRIVATE	2	/* of a shared mapping without a file */

/**
 * struct container_image_content - payload of CONTAINER_IMAGE_CONTENT
 * @offset: in the file; what is not covered are holes
 *
 * What follows are the bytes.
 */
struct container_image_content {
	__u64 offset;
};

/**
 * struct container_image_pipe - payload of CONTAINER_IMAGE_PIPE
 * @size: F_GETPIPE_SZ
 * @mode: permissions of a pipe
 * @uid: its owner
 * @gid: its group
 */
struct container_image_pipe {
	__u32 size;
	__u32 mode;
	__u32 uid;
	__u32 gid;
};

/**
 * struct container_image_pipebuf - payload of CONTAINER_IMAGE_PIPEBUF
 * @flags: CONTAINER_IMAGE_PIPEBUF_PACKET or 0
 * @reserved: 0
 *
 * What follows are the bytes, at most a page.
 */
struct container_image_pipebuf {
	__u32 flags;
	__u32 reserved;
};

#define CONTAINER_IMAGE_PIPEBUF_PACKET	1	/* one read gets this and no more */

/**
 * struct container_image_outside - payload of CONTAINER_IMAGE_OUTSIDE
 * @kind: CONTAINER_IMAGE_OUTSIDE_PIPE
 * @reserved: 0
 *
 * Which of its ends are inside is said by the files.  Each of those is descriptor
 * 0, 1 or 2 of a process, which says what takes its place.
 */
struct container_image_outside {
	__u32 kind;
	__u32 reserved;
};

#define CONTAINER_IMAGE_OUTSIDE_PIPE	1

/**
 * struct container_image_lock - payload of CONTAINER_IMAGE_FLOCK and _PLOCK
 * @start: first byte
 * @end: last byte; 0x7fffffffffffffff: to the end of the file, however long
 * @file: id of a file description of the locked file
 * @kind: CONTAINER_IMAGE_LOCK_...
 * @exclusive: 1: for writing; 0: shared
 * @reserved: 0
 */
struct container_image_lock {
	__u64 start;
	__u64 end;
	__u32 file;
	__u32 kind;
	__u32 exclusive;
	__u32 reserved;
};

#define CONTAINER_IMAGE_LOCK_FLOCK	1	/* flock(2) */
#define CONTAINER_IMAGE_LOCK_OFD	2	/* F_OFD_SETLK */
#define CONTAINER_IMAGE_LOCK_POSIX	3	/* F_SETLK */

#endif
