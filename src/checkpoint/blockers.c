// SPDX-License-Identifier: GPL-2.0
/* What stands in the way of a checkpoint: a list for people. */
#include <linux/seq_file.h>
#include <linux/slab.h>
#include <linux/string_helpers.h>

#include "checkpoint/blockers.h"
#include "checkpoint/checkpoint.h"

/* More than anybody reads. */
#define BLOCKERS_MAX	10000

/**
 * ct_blockers_init - none yet
 * @blockers: to be ended with ct_blockers_free()
 */
void ct_blockers_init(struct ct_blockers *blockers)
{
	INIT_LIST_HEAD(&blockers->list);
	blockers->count = 0;
}

/**
 * ct_blockers_free - forget them
 * @blockers: empty afterwards
 */
void ct_blockers_free(struct ct_blockers *blockers)
{
	struct ct_blocker *b, *next;

	list_for_each_entry_safe(b, next, &blockers->list, list)
		kfree(b);
	ct_blockers_init(blockers);
}

static bool is_known(const struct ct_blockers *blockers, const char *text)
{
	const struct ct_blocker *b;

	list_for_each_entry_reverse(b, &blockers->list, list)
		if (!strcmp(b->text, text))
			return true;
	return false;
}

/* Names of files and of threads can have anything in them. */
static char *escaped(const char *text)
{
	size_t size = strlen(text);
	char *copy = kmalloc(4 * size + 1, GFP_KERNEL_ACCOUNT);

	if (copy) {
		size = string_escape_mem(text, size, copy, 4 * size,
					 ESCAPE_OCTAL, CT_CONTROLS);
		copy[size] = '\0';
	}
	return copy;
}

/**
 * ct_block - say that something cannot be saved
 * @s: the checkpoint; its @pid says which process this is about
 * @where: "fd 3", "address 7f0012340000", or "-"
 * @what: it is, in the field's words
 * @why: that is in the way
 * @help: what the user can do about it; "-": nothing
 *
 * Saving goes on, so that all that is in the way is found.
 *
 * Context: may sleep.
 * Return: 0 or -ENOMEM.
 */
int ct_block(struct ct_save *s, const char *where, const char *what,
	     const char *why, const char *help)
{
	struct ct_blocker *b;
	char *text, *name;
	size_t size;

	if (s->blockers.count >= BLOCKERS_MAX)
		return 0;
	name = escaped(what);
	if (!name)
		return -ENOMEM;
	text = kasprintf(GFP_KERNEL_ACCOUNT, "%d\t%s\t%s\t%s\t%s", s->pid, where,
			 name, why, help);
	kfree(name);
	if (!text)
		return -ENOMEM;
	if (is_known(&s->blockers, text)) {
		kfree(text);
		return 0;
	}
	size = strlen(text) + 1;
	b = kmalloc(struct_size(b, text, size), GFP_KERNEL_ACCOUNT);
	if (b) {
		memcpy(b->text, text, size);
		list_add_tail(&b->list, &s->blockers.list);
		s->blockers.count++;
	}
	kfree(text);
	return b ? 0 : -ENOMEM;
}

/**
 * ct_blockers_show - a line for each
 * @m: to here
 * @blockers: from a look
 */
void ct_blockers_show(struct seq_file *m, const struct ct_blockers *blockers)
{
	const struct ct_blocker *b;

	list_for_each_entry(b, &blockers->list, list) {
		seq_puts(m, b->text);
		seq_putc(m, '\n');
	}
}
