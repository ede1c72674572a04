/* SPDX-License-Identifier: GPL-2.0 */
/* Pipes that are input and output, and lead outside. */
#ifndef CT_CHECKPOINT_OUTSIDE_H
#define CT_CHECKPOINT_OUTSIDE_H

#include <linux/bits.h>
#include <linux/types.h>

struct container_image_file;
struct ct_restart;
struct ct_rtask;
struct ct_save;
struct file;

/* Standard input, output and error output. */
#define CT_STDIO	3

/* What takes the place of what is outside: ct_restart.outside. */
#define CT_OUTSIDE_FD(n)	BIT(n)		/* that descriptor of the writer */
#define CT_OUTSIDE_NULL		BIT(CT_STDIO)	/* else /dev/null */

int ct_outside_save(struct ct_save *s, u32 pipe);
bool ct_outside_standard(const struct ct_save *s, u32 file);

int ct_outside_parse(unsigned int *outside, char *words);
void ct_outside_begin(struct ct_restart *r);
void ct_outside_end(struct ct_restart *r);
bool ct_outside_is_pipe(struct ct_rtask *t, const struct container_image_file *rec);
struct file *ct_outside_pipe(struct ct_rtask *t, u32 id);

#endif
