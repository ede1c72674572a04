// SPDX-License-Identifier: GPL-2.0
/*
 * What is outside, and is to be: pipes that are the input and output of a program.
 *
 * A checkpoint that has been told to ignore them leaves them where they are
 * (leaks.c), and says so in the image.  Whoever restarts it says what takes their
 * place: his own descriptors 0, 1 and 2, or /dev/null.
 */
#include <linux/fcntl.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/magic.h>

#include "checkpoint/checkpoint.h"
#include "checkpoint/files.h"
#include "checkpoint/in.h"
#include "checkpoint/out.h"
#include "checkpoint/outside.h"

/* ---- saving ---- */

/**
 * ct_outside_save - say that a pipe is left outside
 * @s: the checkpoint
 * @pipe: id of it
 *
 * Return: 0, also if that has been said; -ENOMEM.
 */
int ct_outside_save(struct ct_save *s, u32 pipe)
{
	struct container_image_outside *outside;
	const struct ct_out_record *r;

	list_for_each_entry(r, &s->out.first, list)
		if (r->rec.type == CONTAINER_IMAGE_OUTSIDE && r->rec.id == pipe)
			return 0;
	outside = ct_out_record(&s->out, CONTAINER_IMAGE_OUTSIDE, pipe,
				sizeof(*outside));
	if (!outside)
		return -ENOMEM;
	outside->kind = CONTAINER_IMAGE_OUTSIDE_PIPE;
	return 0;
}

/**
 * ct_outside_standard - is a file the input or output of a process?
 * @s: the checkpoint, which has the descriptors of all
 * @file: id of the file
 *
 * Return: true if it is descriptor 0, 1 or 2 somewhere.
 */
bool ct_outside_standard(const struct ct_save *s, u32 file)
{
	const struct container_image_fdtable *table;
	const struct container_image_fd *fd;
	const struct ct_out_record *r;
	u32 i;

	list_for_each_entry(r, &s->out.first, list) {
		if (r->rec.type != CONTAINER_IMAGE_FDTABLE)
			continue;
		table = (const void *)r->payload;
		fd = (const void *)(table + 1);
		for (i = 0; i < table->count && fd[i].fd < CT_STDIO; i++)
			if (fd[i].file == file)
				return true;
	}
	return false;
}

/* ---- restarting: the writer ---- */

static int parse_word(unsigned int *outside, const char *word)
{
	unsigned int n;

	if (!strcmp(word, "null")) {
		*outside |= CT_OUTSIDE_NULL;
		return 0;
	}
	if (kstrtouint(word, 10, &n) || n >= CT_STDIO)
		return -EINVAL;
	*outside |= CT_OUTSIDE_FD(n);
	return 0;
}

/**
 * ct_outside_parse - what a writer says takes the place of what is outside
 * @outside: set to bits of CT_OUTSIDE_...
 * @words: "0", "1", "2" and "null", with commas between; changed
 *
 * Return: 0 or -EINVAL.
 */
int ct_outside_parse(unsigned int *outside, char *words)
{
	char *word;
	int err = 0;

	*outside = 0;
	while (!err && (word = strsep(&words, ",")))
		err = parse_word(outside, word);
	return err;
}

/*
 * One of current's descriptors, if it may be the container's.  That which the
 * image is written to may not, as any of /proc: it would keep itself open.
 */
static struct file *take(unsigned int fd)
{
	struct file *file = fget(fd);

	if (file && file_inode(file)->i_sb->s_magic == PROC_SUPER_MAGIC) {
		fput(file);
		file = NULL;
	}
	return file;
}

/**
 * ct_outside_begin - take hold of the descriptors that a writer has offered
 * @r: the restart
 *
 * Context: process context, in the writer; ct_outside_end() is due.
 */
void ct_outside_begin(struct ct_restart *r)
{
	unsigned int i;

	for (i = 0; i < CT_STDIO; i++)
		if (r->outside & CT_OUTSIDE_FD(i))
			r->stdio[i] = take(i);
}

/**
 * ct_outside_end - let go of them; the processes have them now, or are gone
 * @r: the restart, whose tasks do not look for files any more
 *
 * What they are may hold, in a message of a socket, the file that the image is
 * written to; so only the processes may have them while more of it is awaited,
 * which can be killed.
 *
 * Context: may sleep.
 */
void ct_outside_end(struct ct_restart *r)
{
	struct file *file;
	unsigned long id;
	unsigned int i;

	xa_for_each(&r->files, id, file) {
		for (i = 0; i < CT_STDIO && r->stdio[i] != file; i++)
			;
		if (i == CT_STDIO)
			continue;
		xa_erase(&r->files, id);
		fput(file);
	}
	for (i = 0; i < CT_STDIO; i++) {
		if (r->stdio[i])
			fput(r->stdio[i]);
		r->stdio[i] = NULL;
	}
}

/* ---- restarting: process 1 ---- */

/**
 * ct_outside_is_pipe - is that file an end of a pipe that leads outside?
 * @t: process 1, or another while it restores itself
 * @rec: the file
 *
 * What takes its place is not the container's own: its flags and its owner are
 * not to be changed.
 */
bool ct_outside_is_pipe(struct ct_rtask *t, const struct container_image_file *rec)
{
	return rec->kind == CONTAINER_IMAGE_FILE_PIPE &&
	       ct_in_find(&t->r->in, CONTAINER_IMAGE_OUTSIDE, rec->object);
}

/* Is @fd of a file like @rec: an end of the same pipe, for the same? */
static bool is_like(struct ct_rtask *t, const struct container_image_fd *fd,
		    const struct container_image_file *rec)
{
	const struct container_image_file *other = ct_file_record(t, fd->file);

	return other && other->kind == rec->kind && other->object == rec->object &&
	       !((other->flags ^ rec->flags) & O_ACCMODE);
}

/* The lowest descriptor that it was of any process; CT_STDIO: none of the three. */
static unsigned int standard_fd(struct ct_rtask *t,
				const struct container_image_file *rec)
{
	const struct container_image_fd *fd;
	const struct ct_record *record;
	unsigned int best = CT_STDIO;
	u64 i, n;

	ct_in_for_each(&t->r->in, record) {
		if (record->rec.type != CONTAINER_IMAGE_FDTABLE)
			continue;
		fd = record->payload + sizeof(struct container_image_fdtable);
		n = (record->rec.length - sizeof(struct container_image_fdtable)) /
		    sizeof(*fd);
		for (i = 0; i < n && fd[i].fd < best; i++)
			if (is_like(t, &fd[i], rec))
				best = fd[i].fd;
	}
	return best;
}

static bool fits(const struct file *file, u32 flags)
{
	u32 mode = flags & O_ACCMODE;

	return (mode == O_WRONLY || file->f_mode & FMODE_READ) &&
	       (mode == O_RDONLY || file->f_mode & FMODE_WRITE);
}

static int check(struct ct_rtask *t, u32 pipe)
{
	const struct container_image_outside *outside;

	outside = ct_in_find(&t->r->in, CONTAINER_IMAGE_OUTSIDE, pipe)->payload;
	if (outside->kind == CONTAINER_IMAGE_OUTSIDE_PIPE && !outside->reserved)
		return 0;
	return ct_restart_fail(t->r, -EINVAL,
			       "pipe %u was outside in a way that is not known",
			       pipe);
}

/**
 * ct_outside_pipe - what takes the place of an end of a pipe that leads outside
 * @t: process 1
 * @id: of the file, for which ct_outside_is_pipe()
 *
 * Return: a referenced file; an ERR_PTR() after ct_restart_fail().
 */
struct file *ct_outside_pipe(struct ct_rtask *t, u32 id)
{
	const struct container_image_file *rec = ct_file_record(t, id);
	unsigned int fd = standard_fd(t, rec);
	struct file *file = fd < CT_STDIO ? t->r->stdio[fd] : NULL;
	int err = check(t, rec->object);

	if (err)
		return ERR_PTR(err);
	if (file && fits(file, rec->flags))
		return get_file(file);
	if (t->r->outside & CT_OUTSIDE_NULL)
		return filp_open("/dev/null",
				 rec->flags & (O_ACCMODE | O_LARGEFILE), 0);
	if (fd == CT_STDIO)
		return ERR_PTR(ct_restart_fail(t->r, -ENXIO,
			"a pipe outside was no input or output (outside=null: /dev/null)"));
	if (t->r->outside & CT_OUTSIDE_FD(fd))
		return ERR_PTR(ct_restart_fail(t->r, -EBADF,
			"descriptor %u was a pipe that was outside; the writer's cannot take its place",
			fd));
	return ERR_PTR(ct_restart_fail(t->r, -ENXIO,
		"descriptor %u was a pipe to outside (outside=%u: the writer's, =null: /dev/null)",
		fd, fd));
}
