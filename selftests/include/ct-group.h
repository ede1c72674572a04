/* SPDX-License-Identifier: GPL-2.0 */
/* Resource containers: the file system, and the sample subsystem "count". */
#ifndef CT_GROUP_H
#define CT_GROUP_H

#include "ct.h"
#include <dirent.h>

#define CT_COUNT_MODULE	"/lib/modules/container_count.ko"
#define CT_GROUP_PATH	192

#define CT_NEED_COUNT() do {						\
	CT_NEED_MODULE();						\
	if (access(CT_COUNT_MODULE, R_OK))				\
		SKIP(return, "the sample module is not there");		\
} while (0)

static inline void ct_count_load(const char *params)
{
	int fd = open(CT_COUNT_MODULE, O_RDONLY | O_CLOEXEC);

	CT_CHECK(fd >= 0);
	CT_EQ(0, syscall(SYS_finit_module, fd, params, 0));
	close(fd);
}

static inline int ct_count_try_unload(void)
{
	return syscall(SYS_delete_module, "container_count", O_NONBLOCK);
}

/* Nothing holds it: nothing has leaked. */
static inline void ct_count_unload(void)
{
	CT_UNTIL(!ct_count_try_unload());
}

/* 0 or -errno. */
static inline int ct_group_mount(const char *dir, const char *options)
{
	return mount("container", dir, "container", 0, options) ? -errno : 0;
}

/* A place of one's own to mount at. */
static inline void ct_group_dir(char *dir)
{
	strcpy(dir, "/tmp/ct-group-XXXXXX");
	CT_CHECK(mkdtemp(dir));
}

/* Returns @path. */
static inline char *ct_group_path(char *path, const char *dir, const char *group,
				  const char *file)
{
	snprintf(path, CT_GROUP_PATH, "%s/%s%s%s", dir, group,
		 *group ? "/" : "", file);
	return path;
}

static inline int ct_group_mkdir(const char *dir, const char *group)
{
	char path[CT_GROUP_PATH];

	return mkdir(ct_group_path(path, dir, group, ""), 0755) ? -errno : 0;
}

static inline int ct_group_rmdir(const char *dir, const char *group)
{
	char path[CT_GROUP_PATH];

	return rmdir(ct_group_path(path, dir, group, "")) ? -errno : 0;
}

static inline int ct_group_write(const char *dir, const char *group,
				 const char *file, const char *text)
{
	char path[CT_GROUP_PATH];

	return ct_write_file(ct_group_path(path, dir, group, file), text);
}

static inline int ct_group_put(const char *dir, const char *group,
			       const char *file, pid_t pid)
{
	char text[16];

	snprintf(text, sizeof(text), "%d\n", pid);
	return ct_group_write(dir, group, file, text);
}

static inline char *ct_group_read(const char *dir, const char *group,
				  const char *file, char *text, size_t size)
{
	char path[CT_GROUP_PATH];
	ssize_t len;

	len = ct_read_file(ct_group_path(path, dir, group, file), text, size);
	if (len < 0)
		CT_FAIL("%s: %s", path, strerror(-len));
	return text;
}

static inline long long ct_group_number(const char *dir, const char *group,
					const char *file)
{
	char path[CT_GROUP_PATH];

	return ct_read_number(ct_group_path(path, dir, group, file));
}

/* The number after "KEY " in a file of such lines. */
static inline long long ct_group_key(const char *dir, const char *group,
				     const char *file, const char *key)
{
	char text[1024], *line, *save;
	size_t len = strlen(key);

	ct_group_read(dir, group, file, text, sizeof(text));
	for (line = strtok_r(text, "\n", &save); line;
	     line = strtok_r(NULL, "\n", &save))
		if (!strncmp(line, key, len) && line[len] == ' ')
			return atoll(line + len + 1);
	CT_FAIL("%s/%s has no %s", group, file, key);
}

static inline bool ct_group_populated(const char *dir, const char *group)
{
	return ct_group_key(dir, group, "events", "populated");
}

/* How many lines; they are sorted, and @pid is among them @found times. */
static inline int ct_group_list(const char *dir, const char *group,
				const char *file, pid_t pid, int *found)
{
	char path[CT_GROUP_PATH];
	int nr, last = 0, lines = 0;
	FILE *list;

	*found = 0;
	list = fopen(ct_group_path(path, dir, group, file), "re");
	CT_CHECK(list);
	while (fscanf(list, "%d\n", &nr) == 1) {
		CT_CHECK(nr > last);
		last = nr;
		lines++;
		*found += nr == pid;
	}
	CT_CHECK(feof(list));
	fclose(list);
	return lines;
}

static inline bool ct_group_has(const char *dir, const char *group,
				const char *file, pid_t pid)
{
	int found;

	ct_group_list(dir, group, file, pid, &found);
	return found;
}

static inline int ct_group_lines(const char *dir, const char *group,
				 const char *file)
{
	int found;

	return ct_group_list(dir, group, file, 0, &found);
}

/* The line of /proc/containers that says @names; -1: there is none. */
static inline int ct_group_hierarchy(const char *names)
{
	char text[4096], want[256], *line, *save;
	int id = -1, nr;

	CT_CHECK(ct_read_file("/proc/containers", text, sizeof(text)) > 0);
	snprintf(want, sizeof(want), "(%s)", names);
	for (line = strtok_r(text, "\n", &save); line;
	     line = strtok_r(NULL, "\n", &save))
		if (sscanf(line, "%d: topcount=", &nr) == 1 && nr &&
		    strstr(line, want))
			id = nr;
	return id;
}

/* -- a hierarchy with count ------------------------------------------------- */

struct ct_count {
	char dir[32];
};

static inline struct ct_count ct_count_begin(void)
{
	struct ct_count c;

	ct_count_load("");
	ct_group_dir(c.dir);
	CT_EQ(0, ct_group_mount(c.dir, "count"));
	return c;
}

/* All groups are removed already. */
static inline void ct_count_end(struct ct_count *c)
{
	CT_EQ(0, umount(c->dir));
	CT_EQ(0, rmdir(c->dir));
	CT_EQ(-1, ct_group_hierarchy("count"));
	ct_count_unload();
}

#endif
