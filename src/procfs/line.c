// SPDX-License-Identifier: GPL-2.0
/*
 * Lines that people write, and the sentences that they get: after a write that
 * failed, a read through the same open file tells what was wrong.
 */
#include <linux/capability.h>
#include <linux/errno.h>
#include <linux/fs.h>
#include <linux/seq_file.h>
#include <linux/string.h>
#include <linux/uaccess.h>
#include <linux/user_namespace.h>

#include "procfs/procfs.h"

/**
 * ct_copy_line - fetch a line that a user has written
 * @ubuf: from where
 * @len: how much
 * @line: to here; %CT_LINE_MAX + 1 bytes; terminated
 * @why: on failure a sentence; %CT_WHY_MAX bytes
 *
 * Return: its length, -E2BIG when it is longer than %CT_LINE_MAX, -EFAULT.
 */
ssize_t ct_copy_line(const char __user *ubuf, size_t len, char *line, char *why)
{
	if (len > CT_LINE_MAX) {
		snprintf(why, CT_WHY_MAX, "more than %u bytes were written at once",
			 CT_LINE_MAX);
		return -E2BIG;
	}
	if (copy_from_user(line, ubuf, len))
		return -EFAULT;
	line[len] = '\0';
	return len;
}

/**
 * ct_check_opener - might who has opened a file have moved processes, too?
 * @file: that is being written to
 * @why: on failure a sentence; %CT_WHY_MAX bytes
 *
 * A program with more rights than its caller writes what that wants to where that
 * wants: sudo(8), its prompt to standard error.
 *
 * Return: 0 or -EPERM.
 */
int ct_check_opener(const struct file *file, char *why)
{
	if (file_ns_capable(file, &init_user_ns, CAP_SYS_ADMIN))
		return 0;
	snprintf(why, CT_WHY_MAX,
		 "the file was opened without CAP_SYS_ADMIN in the initial user namespace");
	return -EPERM;
}

/* For errors that need no more words than these. */
static const char *errno_sentence(int err)
{
	switch (err) {
	case -ENOMEM:
		return "there is not enough memory";
	case -EAGAIN:
		return "no number is free in the container";
	case -ENOSPC:
		return "there are too many containers";
	default:
		return "the container could not be entered";
	}
}

/**
 * ct_why_show - show the sentence, if there is one
 * @m: to here
 * @why: of the open file
 *
 * Return: true if there is.
 */
bool ct_why_show(struct seq_file *m, struct ct_why *why)
{
	bool given;

	mutex_lock(&why->lock);
	given = ct_why_given(why);
	if (given)
		seq_printf(m, "%s\n", why->text);
	mutex_unlock(&why->lock);
	return given;
}

/**
 * ct_why_set - let the next read start with a sentence, or no more
 * @file: an open seq_file
 * @why: of the open file
 * @text: a sentence, or nothing
 * @err: what the write has come to
 */
void ct_why_set(struct file *file, struct ct_why *why, const char *text, int err)
{
	struct seq_file *m = file->private_data;

	mutex_lock(&m->lock);
	mutex_lock(&why->lock);
	strscpy(why->text, err && !text[0] ? errno_sentence(err) : text,
		sizeof(why->text));
	mutex_unlock(&why->lock);
	/* What was rendered before is void. */
	m->read_pos = 0;
	m->index = 0;
	m->count = 0;
	m->from = 0;
	mutex_unlock(&m->lock);
	if (err)
		file->f_pos = 0;
}
