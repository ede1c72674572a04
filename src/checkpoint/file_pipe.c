// SPDX-License-Identifier: GPL-2.0
/* Pipes and fifos, with what is in them. */
#include <linux/cred.h>
#include <linux/fcntl.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/highmem.h>
#include <linux/magic.h>
#include <linux/pipe_fs_i.h>
#include <linux/slab.h>
#include <linux/static_call.h>

#include "checkpoint/checkpoint.h"
#include "checkpoint/files.h"
#include "checkpoint/outside.h"
#include "checkpoint/syscall.h"
#include "compat/file.h"

DECLARE_STATIC_CALL(ct_create_pipe_files, create_pipe_files);

static bool is_pipe(const struct file *file, bool named)
{
	const struct inode *inode = file_inode(file);

	return S_ISFIFO(inode->i_mode) && !(file->f_mode & FMODE_PATH) &&
	       inode->i_pipe && named == (inode->i_sb->s_magic != PIPEFS_MAGIC);
}

bool ct_file_pipe_match(const struct file *file)
{
	return is_pipe(file, false);
}

bool ct_file_fifo_match(const struct file *file)
{
	return is_pipe(file, true);
}

/* ---- saving ---- */

static int save_buffer(struct ct_save *s, struct pipe_inode_info *pipe,
		       struct pipe_buffer *buf, u32 id)
{
	struct container_image_pipebuf *rec;
	int err;

	if (!buf->len)
		return 0;
	/* Of a file that was spliced into it, the page may not be read yet. */
	err = pipe_buf_confirm(pipe, buf);
	if (err)
		return err;
	rec = ct_out_record(&s->out, CONTAINER_IMAGE_PIPEBUF, id,
			    sizeof(*rec) + buf->len);
	if (!rec)
		return -ENOMEM;
	if (buf->flags & PIPE_BUF_FLAG_PACKET)
		rec->flags = CONTAINER_IMAGE_PIPEBUF_PACKET;
	memcpy_from_page((char *)(rec + 1), buf->page, buf->offset, buf->len);
	return 0;
}

/* With the pipe locked. */
static int save_buffers(struct ct_save *s, struct pipe_inode_info *pipe, u32 id,
			const char *where)
{
	unsigned int mask = pipe->ring_size - 1, i;
	struct pipe_buffer *buf;
	int err;

	for (i = pipe->tail; i != pipe->head; i++) {
		buf = &pipe->bufs[i & mask];
		if (buf->offset + buf->len > PAGE_SIZE)
			return ct_block(s, where, "pipe",
					"larger things than a page have been spliced into it",
					"read what is in it");
		err = save_buffer(s, pipe, buf, id);
		if (err == -ENOMEM)
			return err;
		if (err)
			return ct_block(s, where, "pipe",
					"what has been spliced into it cannot be read",
					"read what is in it");
	}
	return 0;
}

static int save_pipe(struct ct_save *s, struct inode *inode, u32 id,
		     const char *where)
{
	struct pipe_inode_info *pipe = inode->i_pipe;
	struct container_image_pipe *rec;
	int err;

	rec = ct_out_record(&s->out, CONTAINER_IMAGE_PIPE, id, sizeof(*rec));
	if (!rec)
		return -ENOMEM;
	rec->size = READ_ONCE(pipe->max_usage) * PAGE_SIZE;
	rec->mode = inode->i_mode & S_IALLUGO;
	rec->uid = from_kuid(&init_user_ns, inode->i_uid);
	rec->gid = from_kgid(&init_user_ns, inode->i_gid);
	/* A running task may hold the lock while it waits for its own memory. */
	if (!s->frozen)
		return 0;
	pipe_lock(pipe);
	err = save_buffers(s, pipe, id, where);
	pipe_unlock(pipe);
	return err;
}

static int save_end(struct ct_save *s, struct file *file, const char *name,
		    const char *where)
{
	struct inode *inode = file_inode(file);
	struct pipe_inode_info *pipe = inode->i_pipe;
	int is_new, err;
	u32 object;

	is_new = ct_object_id(&s->pipes, pipe, &object);
	if (is_new < 0)
		return is_new;
	err = ct_hold(s, CT_HOLD_PIPE, object, name, where, 1,
		      READ_ONCE(pipe->files));
	if (!err && is_new)
		err = save_pipe(s, inode, object, where);
	return err < 0 ? err : object;
}

int ct_file_pipe_save(struct ct_save *s, struct file *file, u32 id,
		      const char *where)
{
	int object = save_end(s, file, "pipe", where);

	if (object > 0)
		ct_hold_pipe_end(s, id, object);
	return object;
}

int ct_file_fifo_save(struct ct_save *s, struct file *file, u32 id,
		      const char *where)
{
	int ret = ct_save_path(s, ct_file_path(file), id, where);

	return ret < 0 ? ret : save_end(s, file, "fifo", where);
}

u32 ct_file_fifo_state(struct file *file)
{
	struct pipe_inode_info *pipe = file_inode(file)->i_pipe;
	u64 unheard = *ct_file_unheard(file);

	return unheard && unheard == READ_ONCE(pipe->w_counter) ?
	       CONTAINER_IMAGE_FILE_UNHEARD : 0;
}

/* ---- restoring ---- */

static int restore_buffer(struct ct_rtask *t, struct file *file, u32 id,
			  const struct ct_record *record)
{
	const struct container_image_pipebuf *rec = record->payload;
	struct pipe_inode_info *pipe = file_inode(file)->i_pipe;
	size_t length = record->rec.length - sizeof(*rec);
	bool packet = rec->flags & CONTAINER_IMAGE_PIPEBUF_PACKET;
	loff_t pos = 0;
	ssize_t n;

	if (!length || length > PAGE_SIZE ||
	    rec->flags & ~CONTAINER_IMAGE_PIPEBUF_PACKET)
		return ct_restart_fail(t->r, -EINVAL,
				       "something in pipe %u has no such length or flags",
				       id);
	/* A packet is not to be added to what is there. */
	if (packet && !pipe_empty(pipe->head, pipe->tail))
		pipe->bufs[(pipe->head - 1) & (pipe->ring_size - 1)].flags &=
			~PIPE_BUF_FLAG_CAN_MERGE;
	file->f_flags = (file->f_flags & ~O_DIRECT) | (packet ? O_DIRECT : 0);
	n = kernel_write(file, rec + 1, length, &pos);
	if (n != length)
		return ct_restart_fail(t->r, n < 0 ? n : -EINVAL,
				       "pipe %u has no room for what is in it", id);
	return 0;
}

static int restore_size(struct ct_rtask *t, struct file *file, u32 id, u32 size)
{
	long ret = 0;

	if (size != file_inode(file)->i_pipe->max_usage * PAGE_SIZE)
		ret = ct_file_fcntl(file, F_SETPIPE_SZ, size);
	if (ret < 0)
		return ct_restart_fail(t->r, ret, "pipe %u cannot have %u bytes",
				       id, size);
	return 0;
}

/* @file is nobody else's, can be read and written, and does not wait. */
static int fill_pipe(struct ct_rtask *t, struct file *file, u32 id, bool named)
{
	const struct container_image_pipe *rec;
	const struct ct_record *record;
	struct inode *inode = file_inode(file);
	kuid_t uid;
	kgid_t gid;
	int err;

	record = ct_in_find(&t->r->in, CONTAINER_IMAGE_PIPE, id);
	if (!record)
		return ct_restart_fail(t->r, -EINVAL, "there is no pipe %u", id);
	rec = record->payload;
	uid = make_kuid(&init_user_ns, rec->uid);
	gid = make_kgid(&init_user_ns, rec->gid);
	if (!uid_valid(uid) || !gid_valid(gid) || rec->mode & ~S_IALLUGO)
		return ct_restart_fail(t->r, -EINVAL,
				       "pipe %u has no such owner or mode", id);
	if (!named) {
		inode->i_mode = S_IFIFO | rec->mode;
		inode->i_uid = uid;
		inode->i_gid = gid;
	}
	err = restore_size(t, file, id, rec->size);
	record = ct_in_find(&t->r->in, CONTAINER_IMAGE_PIPEBUF, id);
	for (; record && !err; record = ct_in_next(record))
		err = restore_buffer(t, file, id, record);
	return err;
}

static struct file *make_pipe(struct ct_rtask *t)
{
	struct file *ends[2], *file;
	int err;

	err = static_call(ct_create_pipe_files)(ends, 0);
	if (err)
		return ERR_PTR(err);
	file = dentry_open(&ends[0]->f_path, O_RDWR | O_NONBLOCK, t->r->cred);
	fput(ends[0]);
	fput(ends[1]);
	return file;
}

static struct file *open_fifo(struct ct_rtask *t, u32 id)
{
	struct file *file = ct_restore_path(t, id, O_RDWR | O_NONBLOCK);

	if (IS_ERR(file))
		return file;
	if (ct_file_fifo_match(file) && file_inode(file)->i_pipe->files == 1)
		return file;
	fput(file);
	return ERR_PTR(ct_restart_fail(t->r, -EBUSY,
				       "the fifo of file %u is in use by others",
				       id));
}

/* What all ends of a pipe are opened from. */
static struct file *get_behind(struct ct_rtask *t, u32 id, u32 object, bool named)
{
	unsigned long behind = CT_BEHIND_PIPE | object;
	struct file *file = xa_load(&t->r->files, behind);
	int err;

	if (file && ct_file_fifo_match(file) != named)
		return ERR_PTR(ct_restart_fail(t->r, -EINVAL,
					       "pipe %u is a pipe and a fifo",
					       object));
	if (file)
		return file;
	file = named ? open_fifo(t, id) : make_pipe(t);
	if (IS_ERR(file))
		return file;
	err = fill_pipe(t, file, object, named);
	if (!err)
		err = xa_insert(&t->r->files, behind, file, GFP_KERNEL);
	if (err) {
		fput(file);
		return ERR_PTR(err);
	}
	return file;
}

static struct file *restore_end(struct ct_rtask *t, u32 id, bool named)
{
	const struct container_image_file *rec = ct_file_record(t, id);
	struct file *behind, *file;

	behind = get_behind(t, id, rec->object, named);
	if (IS_ERR(behind))
		return behind;
	/* Without O_NONBLOCK: there are a reader and a writer to be found. */
	file = dentry_open(&behind->f_path,
			   rec->flags & (O_ACCMODE | O_LARGEFILE), t->r->cred);
	return file;
}

struct file *ct_file_pipe_restore(struct ct_rtask *t, u32 id)
{
	const struct container_image_file *rec = ct_file_record(t, id);

	if (ct_outside_is_pipe(t, rec))
		return ct_outside_pipe(t, id);
	return restore_end(t, id, false);
}

struct file *ct_file_fifo_restore(struct ct_rtask *t, u32 id)
{
	return restore_end(t, id, true);
}

/* All have opened it that are going to. */
int ct_file_fifo_link(struct ct_rtask *t, u32 id, struct file *file)
{
	if (ct_file_record(t, id)->state & CONTAINER_IMAGE_FILE_UNHEARD)
		*ct_file_unheard(file) = file_inode(file)->i_pipe->w_counter;
	return 0;
}
