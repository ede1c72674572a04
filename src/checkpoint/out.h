/* SPDX-License-Identifier: GPL-2.0 */
/* Records in memory, until they are read. */
#ifndef CT_CHECKPOINT_OUT_H
#define CT_CHECKPOINT_OUT_H

#include <linux/list.h>

#include <container/image.h>

struct ct_out;

/**
 * struct ct_out_record - one of them
 * @list: entry in ct_out.first
 * @rec: its head
 * @payload: and what it says, padded with zeros
 */
struct ct_out_record {
	struct list_head list;
	struct container_image_record rec;
	u8 payload[] __aligned(8);
};

void ct_out_init(struct ct_out *out);
struct ct_out_record *ct_out_take(struct ct_out *out);
void ct_out_free(struct ct_out *out);

#endif
