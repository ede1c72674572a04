/* SPDX-License-Identifier: GPL-2.0 */
#ifndef CTL_PLAIN_H
#define CTL_PLAIN_H

#include <stdio.h>

void print_plain(FILE *out, const char *text);
char *path_escaped(const char *path);

#endif
