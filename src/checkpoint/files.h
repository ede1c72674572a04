/* SPDX-License-Identifier: GPL-2.0 */
/* Kinds of open files: each knows how to save and to restore its own. */
#ifndef CT_CHECKPOINT_FILES_H
#define CT_CHECKPOINT_FILES_H

#include <linux/fs.h>

#include <container/image_file.h>

#include "checkpoint/checkpoint.h"

/* Room for where something is: "fd 2147483647", "address 7fffffffffff". */
#define CT_WHERE_MAX	48

/**
 * struct ct_file_kind - a kind of open file
 * @kind: CONTAINER_IMAGE_FILE_..., in the record of the file
 * @name: as blockers name it
 * @match: is this file one of them?
 * @save: append what there is to be known beyond what all files have; blocks what
 *	  cannot be saved. @where is for ct_block(). A negative errno, 0, or the id
 *	  of what is behind it, for the file's record (@object)
 * @restore: make it, in process 1, with no position, flags or owner yet, which
 *	     the caller sets. A file with a reference, or ERR_PTR(), after
 *	     ct_restart_fail()
 * @link: all files are there: connect it with others (epoll's targets, files
 *	  that are passed through sockets); in process 1; may be NULL
 * @reopened: that a task outside has the same file description is no blocker: it
 *	      is opened anew, and has a position of its own from then on
 */
struct ct_file_kind {
	u32 kind;
	const char *name;
	bool (*match)(const struct file *file);
	int (*save)(struct ct_save *s, struct file *file, u32 id,
		    const char *where);
	struct file *(*restore)(struct ct_rtask *t, u32 id);
	int (*link)(struct ct_rtask *t, u32 id, struct file *file);
	bool reopened;
};

/* Tables of them; each ends with one without a name. */
extern const struct ct_file_kind ct_file_kinds[];		/* files.c */
extern const struct ct_file_kind ct_file_kinds_special[];	/* file_special.c */

/* files.c */
int ct_save_file_held(struct ct_save *s, struct file *file, const char *where,
		      unsigned int found, unsigned int own, u32 *id);
/* helpers for kinds */
const struct container_image_file *ct_file_record(struct ct_rtask *t, u32 id);
long ct_file_fcntl(struct file *file, unsigned int cmd, unsigned long arg);

/*
 * file_regular.c: the name of a file, verified, as CONTAINER_IMAGE_PATH with
 * @id (1: saved; 0: blocked), and opening what such a record names.
 */
int ct_save_path(struct ct_save *s, const struct path *path, u32 id,
		 const char *where);
struct file *ct_restore_path(struct ct_rtask *t, u32 id, int flags);

/*
 * In ct_restart.files, beside the files themselves: what is behind several of
 * them, while files are being made. Ids of files are lower.
 */
#define CT_BEHIND_INODE	0x40000000u
#define CT_BEHIND_PIPE	0x80000000u

/* file_regular.c */
bool ct_file_path_match(const struct file *file);
int ct_file_path_save(struct ct_save *s, struct file *file, u32 id,
		      const char *where);
struct file *ct_file_path_restore(struct ct_rtask *t, u32 id);

/* file_inode.c */
bool ct_file_inode_match(const struct file *file);
int ct_file_inode_save(struct ct_save *s, struct file *file, u32 id,
		       const char *where);
struct file *ct_file_inode_restore(struct ct_rtask *t, u32 id);

/* file_pipe.c */
bool ct_file_pipe_match(const struct file *file);
bool ct_file_fifo_match(const struct file *file);
int ct_file_pipe_save(struct ct_save *s, struct file *file, u32 id,
		      const char *where);
int ct_file_fifo_save(struct ct_save *s, struct file *file, u32 id,
		      const char *where);
u32 ct_file_fifo_state(struct file *file);
struct file *ct_file_pipe_restore(struct ct_rtask *t, u32 id);
struct file *ct_file_fifo_restore(struct ct_rtask *t, u32 id);
int ct_file_fifo_link(struct ct_rtask *t, u32 id, struct file *file);

/* file_locks.c */
int ct_save_file_locks(struct ct_save *s, struct file *file, u32 id,
		       const char *where);
int ct_save_table_locks(struct ct_save *s, struct files_struct *files, u32 table,
			struct file *file, u32 id);
int ct_restore_file_locks(struct ct_rtask *t, u32 id, struct file *file);
int ct_restore_table_locks(struct ct_rtask *t);

/**
 * enum ct_hold_kind - what may be shared with tasks outside
 * @CT_HOLD_FILE: a file description, by descriptors and mappings
 * @CT_HOLD_TABLE: a table of descriptors, by threads
 * @CT_HOLD_PIPE: a pipe, by file descriptions
 * @CT_HOLD_INODE: a file without a name, by file descriptions
 */
enum ct_hold_kind {
	CT_HOLD_FILE,
	CT_HOLD_TABLE,
	CT_HOLD_PIPE,
	CT_HOLD_INODE,
	CT_HOLD_KINDS,
};

/* closing.c */
void ct_close_now(void);

/* leaks.c */
void ct_hold_pipe_end(struct ct_save *s, u32 file, u32 pipe);
int ct_hold(struct ct_save *s, enum ct_hold_kind what, u32 id, const char *name,
	    const char *where, long found, long all);

#endif
