/* SPDX-License-Identifier: GPL-2.0 */
/* The kernel's control groups of memory, underneath the controller "memory". */
#ifndef CT_RESOURCE_MEMORY_H
#define CT_RESOURCE_MEMORY_H

#include <linux/path.h>
#include <linux/types.h>

struct mem_cgroup;
struct seq_file;

/**
 * struct ct_memcg - a control group that no task is in
 * @dir: its directory, with references; all zero: there is none
 * @memcg: its memory, with a reference
 */
struct ct_memcg {
	struct path dir;
	struct mem_cgroup *memcg;
};

bool ct_memcg_possible(void);
int ct_memcg_top(struct ct_memcg *top);
int ct_memcg_make(struct ct_memcg *under, struct ct_memcg *new,
		  const char *name);
void ct_memcg_remove(struct ct_memcg *under, struct ct_memcg *cg);
void ct_memcg_put(struct ct_memcg *cg);
int ct_memcg_show(struct seq_file *m, const struct ct_memcg *cg,
		  const char *file);
int ct_memcg_write(const struct ct_memcg *cg, const char *file,
		   const char *text);

#endif
