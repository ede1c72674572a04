/* SPDX-License-Identifier: GPL-2.0 */
#ifndef CONTAINERCTL_HIERARCHY_H
#define CONTAINERCTL_HIERARCHY_H

#include "hierarchies.h"

/* Hierarchies are called by this in messages and headings. */
const char *names_or_none(const struct hierarchy *h);

int hierarchy_mount(int argc, char **argv);
int hierarchy_tree(int argc, char **argv);

void mount_explain(struct fault *why, const char *names, const char *dir,
		   const struct hierarchies *all, int err);

#endif
