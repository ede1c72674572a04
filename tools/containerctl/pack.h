/* SPDX-License-Identifier: GPL-2.0 */
#ifndef CONTAINERCTL_PACK_H
#define CONTAINERCTL_PACK_H

#include <stdbool.h>
#include <sys/types.h>

#include "proc.h"

/* What zstd(1) writes begins with this, as a little-endian number. */
#define PACK_MAGIC	0xfd2fb528

pid_t pack_start(bool compress, int in, int out, struct fault *why);
int pack_wait(pid_t pid, struct fault *why);

#endif
