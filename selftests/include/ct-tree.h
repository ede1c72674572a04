/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Hierarchies of groups, for the tests of controllers: ours and the kernel's
 * control groups (v1, where a controller is mounted by itself, too).
 */
#ifndef CT_TREE_H
#define CT_TREE_H

#include "ct.h"

#include <ftw.h>

#define CT_GROUP_PATH	192

struct ct_tree {
	char dir[64];		/* where it is mounted */
	const char *prefix;	/* of the controller's files */
};

/* 0 or -errno. */
static inline int ct_tree_mount(struct ct_tree *tree, const char *type,
				const char *prefix)
{
	strcpy(tree->dir, "/tmp/ct-tree-XXXXXX");
	tree->prefix = prefix;
	if (!mkdtemp(tree->dir))
		CT_FAIL("mkdtemp: %s", strerror(errno));
	if (!mount("none", tree->dir, type, 0, prefix))
		return 0;
	int err = -errno;

	rmdir(tree->dir);
	tree->dir[0] = 0;
	return err;
}

static inline int ct_tree_remove_one(const char *path, const struct stat *st,
				     int type, struct FTW *at)
{
	if (type == FTW_DP && at->level > 0)
		CT_UNTIL(!rmdir(path) || errno != EBUSY);
	return 0;
}

/* Groups and all; what is in them has been killed. */
static inline void ct_tree_umount(struct ct_tree *tree)
{
	if (!tree->dir[0])
		return;
	nftw(tree->dir, ct_tree_remove_one, 16, FTW_DEPTH | FTW_PHYS | FTW_MOUNT);
	CT_EQ(0, umount(tree->dir));
	CT_EQ(0, rmdir(tree->dir));
	tree->dir[0] = 0;
}

/* The path of a group's file; without PREFIX. if @file has a '/' before it. */
static inline const char *ct_group_path(const struct ct_tree *tree,
					const char *group, const char *file)
{
	static __thread char path[2][CT_GROUP_PATH];
	static __thread int turn;
	char *to = path[turn ^= 1];

	if (!file)
		snprintf(to, CT_GROUP_PATH, "%s/%s", tree->dir, group);
	else if (*file == '/')
		snprintf(to, CT_GROUP_PATH, "%s/%s%s", tree->dir, group, file);
	else
		snprintf(to, CT_GROUP_PATH, "%s/%s/%s.%s", tree->dir, group,
			 tree->prefix, file);
	return to;
}

static inline void ct_group_make(const struct ct_tree *tree, const char *group)
{
	if (mkdir(ct_group_path(tree, group, NULL), 0755))
		CT_FAIL("mkdir %s: %s", group, strerror(errno));
}

/* 0 or -errno. */
static inline int ct_group_set(const struct ct_tree *tree, const char *group,
			       const char *file, const char *text)
{
	return ct_write_file(ct_group_path(tree, group, file), text);
}

static inline int ct_group_set_number(const struct ct_tree *tree,
				      const char *group, const char *file,
				      long long value)
{
	char text[32];

	snprintf(text, sizeof(text), "%lld", value);
	return ct_group_set(tree, group, file, text);
}

static inline const char *ct_group_text(const struct ct_tree *tree,
					const char *group, const char *file)
{
	static __thread char text[2][4096];
	static __thread int turn;
	char *to = text[turn ^= 1];
	ssize_t len;

	len = ct_read_file(ct_group_path(tree, group, file), to, sizeof(*text));
	if (len < 0)
		CT_FAIL("%s of %s: %s", file, group, strerror(-len));
	return to;
}

static inline long long ct_group_number(const struct ct_tree *tree,
					const char *group, const char *file)
{
	char *end;
	const char *text = ct_group_text(tree, group, file);
	long long value = strtoll(text, &end, 10);

	if (end == text || strcmp(end, "\n"))
		CT_FAIL("%s of %s is \"%s\"", file, group, text);
	return value;
}

/* The number after "WORD " at the beginning of a line. */
static inline long long ct_group_word(const struct ct_tree *tree,
				      const char *group, const char *file,
				      const char *word)
{
	const char *line = ct_group_text(tree, group, file);
	size_t len = strlen(word);

	for (; line; line = strchr(line, '\n') ? strchr(line, '\n') + 1 : NULL)
		if (!strncmp(line, word, len) && line[len] == ' ')
			return strtoll(line + len + 1, NULL, 10);
	CT_FAIL("%s of %s has no %s", file, group, word);
}

/* A process into a group, 0 or -errno. */
static inline int ct_group_move(const struct ct_tree *tree, const char *group,
				pid_t pid)
{
	bool ours = !access(ct_group_path(tree, group, "/procs"), F_OK);

	return ct_group_set_number(tree, group,
				   ours ? "/procs" : "/cgroup.procs", pid);
}

#endif
