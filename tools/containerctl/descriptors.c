// SPDX-License-Identifier: GPL-2.0
/*
 * Letting go of the caller's descriptors.
 *
 * A pipe's reader must see its end when the command has closed it, and a
 * writer that nobody reads any more.  So what stays around a command, inside
 * or outside, keeps only what it works with.
 */
#include "compiler.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "containerctl.h"

static int compare_int(const void *a, const void *b)
{
	return *(const int *)a - *(const int *)b;
}

/**
 * keep_descriptors() - close all descriptors but some
 * @keep: those, in any order, none of them a standard one; -1 stands for none
 * @n: how many
 *
 * The standard ones become /dev/null.
 */
void keep_descriptors(int *keep, size_t n)
{
	int first = 0, fd;
	size_t i;

	qsort(keep, n, sizeof(*keep), compare_int);
	for (i = 0; i < n; i++) {
		if (keep[i] > first)
			close_range(first, keep[i] - 1, 0);
		if (keep[i] >= first)
			first = keep[i] + 1;
	}
	close_range(first, ~0U, 0);
	do
		fd = open("/dev/null", O_RDWR);
	while (fd >= 0 && fd < STDERR_FILENO);
}
