/* SPDX-License-Identifier: GPL-2.0 */
/* The records of an image that is being restored. */
#ifndef CT_CHECKPOINT_IN_H
#define CT_CHECKPOINT_IN_H

#include <linux/types.h>

#include <container/image.h>

struct ct_in;

#define CT_IN_BITS	12

int ct_in_init(struct ct_in *in);
int ct_in_add(struct ct_in *in, const struct container_image_record *rec,
	      void *payload);
void ct_in_free(struct ct_in *in);

/* All of them, in the order of the image. */
#define ct_in_for_each(in, record)					\
	list_for_each_entry(record, &(in)->all, list)

#endif
