/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Reading the kernel's description of its own types (BTF), to learn whether a
 * function that is to be hooked still has the prototype its hook was written
 * for.  Pure logic: also built for the unit tests.
 */
#ifndef CT_HOOK_BTF_H
#define CT_HOOK_BTF_H

#include <linux/limits.h>
#include <linux/types.h>

/**
 * struct ct_btf - an open BTF blob
 * @types: its type section
 * @strings: its string section, which ends with a NUL
 * @strings_len: size of @strings
 * @nr_types: types have the ids 1 to this; 0 is void
 * @marks: offset in @types of every CT_BTF_STRIDE-th type
 *
 * Types are of various lengths, so one is found by its id by walking from the
 * mark before it.  The marks of a vmlinux with 150,000 types take 20-50 KB.
 */
struct ct_btf {
	const void *types;
	const char *strings;
	u32 strings_len;
	u32 nr_types;
	u32 *marks;
};

/* The id of a name that several functions have, with differing prototypes. */
#define CT_BTF_AMBIGUOUS	U32_MAX

int ct_btf_open(struct ct_btf *btf, const void *data, size_t size);
void ct_btf_close(struct ct_btf *btf);

int ct_btf_find_funcs(const struct ct_btf *btf, const char *const *names,
		      u32 *ids, unsigned int n);
int ct_btf_render(const struct ct_btf *btf, u32 id, char *buf, size_t len);

/**
 * struct ct_member - a member of a structure that is private to the kernel
 * @structure: its name; NULL ends a table
 * @name: the member's
 * @offset: where we believe it to be, in bytes
 */
struct ct_member {
	const char *structure;
	const char *name;
	u32 offset;
};

void ct_btf_find_members(const struct ct_btf *btf,
			 const struct ct_member *members, bool *found);

int ct_btf_func_proto(const void *data, size_t size, const char *name,
		      char *buf, size_t len);

#endif
