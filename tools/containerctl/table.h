/* SPDX-License-Identifier: GPL-2.0 */
#ifndef CONTAINERCTL_TABLE_H
#define CONTAINERCTL_TABLE_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* Room for what time_text() makes. */
#define TIME_TEXT	32

const char *time_text(uint64_t ns, char text[TIME_TEXT]);
size_t text_width(const char *text, size_t len);
size_t text_cut(const char *text, size_t len, size_t width);
void table_print(const char *text, size_t room, FILE *out);

#endif
