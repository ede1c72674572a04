// SPDX-License-Identifier: GPL-2.0
/*
 * The reader of the kernel's type descriptions: what it writes, and that no
 * blob, however broken, makes it read outside of the blob or never end.
 * Blobs are copied into allocations of exactly their size, so that the address
 * sanitizer sees one byte too much.
 */
#include <check.h>
#include <linux/btf.h>
#include <linux/errno.h>
#include <linux/kernel.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "hook/btf.h"

#define TEXT 512

int shim_alloc_countdown = -1;

/* A blob in the making: types and strings grow apart and are joined at last. */
struct maker {
	u32 types[8192];
	u32 n;
	u32 ids;
	char strings[16384];
	u32 strings_len;
};

static struct maker mk;

struct blob {
	char *data;
	size_t size;
};

static void reset(void)
{
	memset(&mk, 0, sizeof(mk));
	mk.strings_len = 1;
	shim_alloc_countdown = -1;
}

static u32 string(const char *s)
{
	u32 at = mk.strings_len;

	if (!*s)
		return 0;
	ck_assert_uint_lt(at + strlen(s) + 1, sizeof(mk.strings));
	strcpy(mk.strings + at, s);
	mk.strings_len += strlen(s) + 1;
	return at;
}

static void word(u32 w)
{
	ck_assert_uint_lt(mk.n, ARRAY_SIZE(mk.types));
	mk.types[mk.n++] = w;
}

static u32 type(const char *name, u32 kind, u32 vlen, u32 ref)
{
	word(string(name));
	word(kind << 24 | vlen);
	word(ref);
	return ++mk.ids;
}

static u32 integer(const char *name)
{
	u32 id = type(name, BTF_KIND_INT, 0, 4);

	word(32);
	return id;
}

static u32 ptr(u32 to)
{
	return type("", BTF_KIND_PTR, 0, to);
}

static u32 constant(u32 of)
{
	return type("", BTF_KIND_CONST, 0, of);
}

static u32 structure(const char *name, u32 members)
{
	u32 id = type(name, BTF_KIND_STRUCT, members, 8), i;

	for (i = 0; i < 3 * members; i++)
		word(0);
	return id;
}

static u32 array(u32 of, u32 n)
{
	u32 id = type("", BTF_KIND_ARRAY, 0, 0);

	word(of);
	word(1);
	word(n);
	return id;
}

static u32 proto(u32 ret, u32 n, const u32 *params)
{
	u32 id = type("", BTF_KIND_FUNC_PROTO, n, ret), i;

	for (i = 0; i < n; i++) {
		word(0);
		word(params[i]);
	}
	return id;
}

#define PROTO(ret, ...) \
	proto(ret, sizeof((u32[]){__VA_ARGS__}) / sizeof(u32), (u32[]){__VA_ARGS__})

static u32 func(const char *name, u32 of)
{
	return type(name, BTF_KIND_FUNC, 1, of);
}

static struct blob finish(void)
{
	struct btf_header h = {
		.magic = BTF_MAGIC,
		.version = BTF_VERSION,
		.hdr_len = sizeof(h),
		.type_len = mk.n * sizeof(u32),
		.str_off = mk.n * sizeof(u32),
		.str_len = mk.strings_len,
	};
	struct blob b = { .size = sizeof(h) + h.type_len + h.str_len };

	b.data = malloc(b.size);
	ck_assert_ptr_nonnull(b.data);
	memcpy(b.data, &h, sizeof(h));
	memcpy(b.data + sizeof(h), mk.types, h.type_len);
	memcpy(b.data + sizeof(h) + h.type_len, mk.strings, h.str_len);
	return b;
}

static struct btf_header *header(struct blob b)
{
	return (struct btf_header *)b.data;
}

/* The n-th word of the type section. */
static u32 *type_word(struct blob b, u32 n)
{
	return (u32 *)(b.data + sizeof(struct btf_header)) + n;
}

static int look(struct blob b, const char *name, char *text)
{
	return ct_btf_func_proto(b.data, b.size, name, text, TEXT);
}

static void expect(const char *name, const char *prototype)
{
	struct blob b = finish();
	char text[TEXT];

	ck_assert_int_eq(look(b, name, text), 0);
	ck_assert_str_eq(text, prototype);
	free(b.data);
}

static void expect_error(const char *name, int error)
{
	struct blob b = finish();
	char text[TEXT];

	ck_assert_int_eq(look(b, name, text), error);
	free(b.data);
}

/* Rendered as the type of the only argument of a function. */
static void expect_type(u32 id, const char *written)
{
	char whole[TEXT];

	func("f", PROTO(0, id));
	snprintf(whole, sizeof(whole), "void (%s)", written);
	expect("f", whole);
}

START_TEST(test_prototypes)
{
	u32 inode, dentry, uint, i, file, ctx, pid;

	reset();
	i = integer("int");
	uint = integer("unsigned int");
	inode = ptr(structure("inode", 3));
	dentry = ptr(type("dentry", BTF_KIND_FWD, 0, 0));
	file = ptr(structure("file", 0));
	ctx = ptr(structure("dir_context", 2));
	pid = ptr(structure("pid", 1));
	func("proc_root_lookup", PROTO(dentry, inode, dentry, uint));
	func("proc_pid_readdir", PROTO(i, file, ctx));
	func("free_pid", PROTO(0, pid));
	func("nothing", proto(0, 0, NULL));
	func("_printk", PROTO(i, ptr(constant(integer("char"))), 0));
	expect("proc_root_lookup",
	       "struct dentry *(struct inode *, struct dentry *, unsigned int)");
	expect("proc_pid_readdir", "int (struct file *, struct dir_context *)");
	expect("free_pid", "void (struct pid *)");
	expect("nothing", "void (void)");
	expect("_printk", "int (const char *, ...)");
}
END_TEST

START_TEST(test_named_types)
{
	static const struct {
		const char *name;
		u32 kind, flag;
		const char *written;
	} named[] = {
		{ "inode",	BTF_KIND_STRUCT,	0, "struct inode" },
		{ "sigval",	BTF_KIND_UNION,		0, "union sigval" },
		{ "pid_type",	BTF_KIND_ENUM,		0, "enum pid_type" },
		{ "big",	BTF_KIND_ENUM64,	0, "enum big" },
		{ "later",	BTF_KIND_FWD,		0, "struct later" },
		{ "later_u",	BTF_KIND_FWD,		1, "union later_u" },
		{ "pid_t",	BTF_KIND_TYPEDEF,	0, "pid_t" },
		{ "double",	BTF_KIND_FLOAT,		0, "double" },
		{ "",		BTF_KIND_STRUCT,	0, "struct <anonymous>" },
		{ "",		BTF_KIND_UNION,		0, "union <anonymous>" },
		{ "",		BTF_KIND_ENUM,		0, "enum <anonymous>" },
	};
	static const char *const ints[][2] = {
		{ "int",			"int" },
		{ "char",			"char" },
		{ "_Bool",			"_Bool" },
		{ "unsigned char",		"unsigned char" },
		{ "long int",			"long" },
		{ "long unsigned int",		"unsigned long" },
		{ "unsigned long",		"unsigned long" },
		{ "long long int",		"long long" },
		{ "long long unsigned int",	"unsigned long long" },
		{ "short int",			"short" },
		{ "short unsigned int",		"unsigned short" },
	};
	u32 i;

	for (i = 0; i < ARRAY_SIZE(named); i++) {
		reset();
		expect_type(type(named[i].name, named[i].kind | named[i].flag << 7,
				 0, 0), named[i].written);
	}
	for (i = 0; i < ARRAY_SIZE(ints); i++) {
		reset();
		expect_type(integer(ints[i][0]), ints[i][1]);
	}
}
END_TEST

START_TEST(test_qualifiers)
{
	u32 c, vol, p;

	reset();
	c = integer("char");
	expect_type(ptr(constant(c)), "const char *");
	reset();
	c = integer("char");
	expect_type(constant(ptr(c)), "char *const");
	reset();
	c = integer("char");
	expect_type(ptr(constant(ptr(constant(c)))), "const char *const *");
	reset();
	expect_type(ptr(constant(0)), "const void *");
	/* Either order is the same type. */
	reset();
	c = integer("char");
	vol = type("", BTF_KIND_VOLATILE, 0, constant(c));
	expect_type(ptr(vol), "const volatile char *");
	reset();
	c = integer("char");
	vol = type("", BTF_KIND_VOLATILE, 0, c);
	expect_type(ptr(constant(vol)), "const volatile char *");
	reset();
	p = ptr(integer("char"));
	expect_type(type("", BTF_KIND_RESTRICT, 0, p), "char *restrict");
	reset();
	p = ptr(integer("char"));
	p = type("", BTF_KIND_RESTRICT, 0, p);
	expect_type(constant(p), "char *const restrict");
	/* An annotation is no part of the type. */
	reset();
	c = integer("char");
	expect_type(ptr(type("user", BTF_KIND_TYPE_TAG, 0, constant(c))),
		    "const char *");
}
END_TEST

START_TEST(test_declarators)
{
	u32 i, f, v;

	reset();
	i = integer("int");
	expect_type(ptr(PROTO(i, i, ptr(0))), "int (*)(int, void *)");
	reset();
	i = integer("int");
	expect_type(ptr(ptr(PROTO(ptr(i), i))), "int *(**)(int)");
	reset();
	i = integer("int");
	expect_type(constant(ptr(proto(i, 0, NULL))), "int (*const)(void)");
	reset();
	i = integer("int");
	expect_type(ptr(array(i, 4)), "int (*)[4]");
	reset();
	i = integer("int");
	expect_type(ptr(array(constant(array(ptr(i), 4294967295u)), 2)),
		    "int *const (*)[2][4294967295]");
	reset();
	i = integer("int");
	expect_type(array(i, 3), "int [3]");
	/* A function that takes and one that returns pointers to functions. */
	reset();
	i = integer("int");
	f = ptr(PROTO(0, i));
	expect_type(ptr(PROTO(f, f)), "void (*(*)(void (*)(int)))(int)");
	reset();
	i = integer("int");
	v = ptr(PROTO(i, i, 0));
	func("pick", PROTO(v, i));
	expect("pick", "int (*(int))(int, ...)");
}
END_TEST

START_TEST(test_absent)
{
	reset();
	func("f", proto(0, 0, NULL));
	integer("g");
	expect_error("g", -ENOENT);
	expect_error("ff", -ENOENT);
	expect_error("", -ENOENT);
	reset();
	expect_error("f", -ENOENT);
}
END_TEST

START_TEST(test_same_name)
{
	u32 i;

	/* Described twice, but nothing of the difference shows. */
	reset();
	func("f", PROTO(0, ptr(structure("s", 1))));
	func("f", PROTO(0, ptr(structure("s", 2))));
	func("f", PROTO(0, ptr(structure("s", 3))));
	expect("f", "void (struct s *)");
	func("f", PROTO(0, ptr(type("s", BTF_KIND_UNION, 0, 8))));
	expect_error("f", -ENOTUNIQ);
	func("f", PROTO(0, ptr(structure("s", 3))));
	expect_error("f", -ENOTUNIQ);
	/* One of the two is nonsense. */
	reset();
	i = integer("int");
	func("f", PROTO(0, i));
	func("f", i);
	expect_error("f", -ENOTUNIQ);
}
END_TEST

START_TEST(test_buffer)
{
	static const char whole[] = "int (const char *)";
	struct ct_btf btf;
	struct blob b;
	size_t len;
	char *text;

	reset();
	func("f", PROTO(integer("int"), ptr(constant(integer("char")))));
	b = finish();
	ck_assert_int_eq(ct_btf_open(&btf, b.data, b.size), 0);
	for (len = 0; len <= sizeof(whole) + 1; len++) {
		text = malloc(len ? len : 1);
		ck_assert_ptr_nonnull(text);
		if (len >= sizeof(whole)) {
			ck_assert_int_eq(ct_btf_render(&btf, mk.ids, text, len), 0);
			ck_assert_str_eq(text, whole);
		} else {
			ck_assert_int_eq(ct_btf_render(&btf, mk.ids, text, len),
					 -E2BIG);
			ck_assert(!len || (strlen(text) == len - 1 &&
					   !strncmp(text, whole, len - 1)));
		}
		free(text);
	}
	ct_btf_close(&btf);
	free(b.data);
}
END_TEST

static u32 member(const char *name, u32 offset)
{
	word(string(name));
	word(0);
	word(offset);
	return mk.ids;
}

START_TEST(test_members)
{
	static const struct ct_member members[] = {
		{ "s", "first", 0 },
		{ "s", "second", 8 },
		{ "s", "second", 12 },
		{ "s", "none", 0 },
		{ "t", "first", 0 },
		{ "bits", "low", 4 },
		{}
	};
	static const bool want[] = { true, true, false, false, false, true };
	bool found[ARRAY_SIZE(want)] = {};
	struct ct_btf btf;
	struct blob b;

	reset();
	integer("int");
	type("s", BTF_KIND_STRUCT, 2, 16);
	member("first", 0);
	member("second", 64);
	/* A union of that name is another thing. */
	type("t", BTF_KIND_UNION, 1, 8);
	member("first", 0);
	/* With bit fields the upper byte is the size. */
	type("bits", BTF_KIND_STRUCT | 0x80, 1, 8);
	member("low", 3 << 24 | 32);
	b = finish();
	ck_assert_int_eq(ct_btf_open(&btf, b.data, b.size), 0);
	ct_btf_find_members(&btf, members, found);
	ck_assert_mem_eq(found, want, sizeof(want));
	ct_btf_close(&btf);
	free(b.data);
}
END_TEST

START_TEST(test_render_ids)
{
	struct ct_btf btf;
	struct blob b;
	char text[TEXT];

	reset();
	func("f", proto(0, 0, NULL));
	b = finish();
	ck_assert_int_eq(ct_btf_open(&btf, b.data, b.size), 0);
	ck_assert_uint_eq(btf.nr_types, 2);
	ck_assert_int_eq(ct_btf_render(&btf, 2, text, TEXT), 0);
	ck_assert_int_eq(ct_btf_render(&btf, 1, text, TEXT), -EINVAL);
	ck_assert_int_eq(ct_btf_render(&btf, 3, text, TEXT), -EINVAL);
	ck_assert_int_eq(ct_btf_render(&btf, U32_MAX - 1, text, TEXT), -EINVAL);
	ck_assert_str_eq(text, "");
	ck_assert_int_eq(ct_btf_render(&btf, 0, text, TEXT), -ENOENT);
	ck_assert_int_eq(ct_btf_render(&btf, CT_BTF_AMBIGUOUS, text, TEXT),
			 -ENOTUNIQ);
	ct_btf_close(&btf);
	free(b.data);
}
END_TEST

/* Enough types of differing lengths that marks and steps both matter. */
START_TEST(test_many)
{
	enum { FUNCS = 300 };
	static char names[FUNCS + 1][32];
	static const char *wanted[FUNCS + 1];
	static u32 made[FUNCS], ids[FUNCS + 1];
	char text[TEXT], right[TEXT];
	struct ct_btf btf;
	struct blob b;
	u32 i, s;

	reset();
	for (i = 0; i < FUNCS; i++) {
		snprintf(names[i], sizeof(names[i]), "a_function_with_name_%u", i);
		snprintf(text, sizeof(text), "s%u", i);
		s = structure(text, i % 3);
		if (i % 4 == 0)
			array(s, i);
		made[i] = func(names[i], PROTO(0, ptr(s)));
		wanted[FUNCS - i] = names[i];
	}
	wanted[0] = "a_function_with_name_";
	b = finish();
	ck_assert_int_eq(ct_btf_open(&btf, b.data, b.size), 0);
	ck_assert_uint_eq(btf.nr_types, mk.ids);
	ck_assert_int_eq(ct_btf_find_funcs(&btf, wanted, ids, FUNCS + 1), 0);
	ck_assert_uint_eq(ids[0], 0);
	for (i = 0; i < FUNCS; i++) {
		ck_assert_uint_eq(ids[FUNCS - i], made[i]);
		snprintf(right, sizeof(right), "void (struct s%u *)", i);
		ck_assert_int_eq(ct_btf_render(&btf, made[i], text, TEXT), 0);
		ck_assert_str_eq(text, right);
	}
	ct_btf_close(&btf);
	free(b.data);
}
END_TEST

START_TEST(test_no_memory)
{
	struct blob b;
	char text[TEXT];

	reset();
	func("f", PROTO(0, ptr(structure("s", 1))));
	func("f", PROTO(0, ptr(structure("s", 2))));
	b = finish();
	shim_alloc_countdown = 0;
	ck_assert_int_eq(look(b, "f", text), -ENOMEM);
	shim_alloc_countdown = 1;
	ck_assert_int_eq(look(b, "f", text), -ENOMEM);
	shim_alloc_countdown = 2;
	ck_assert_int_eq(look(b, "f", text), 0);
	shim_alloc_countdown = -1;
	free(b.data);
}
END_TEST

enum broken {
	MAGIC, VERSION, HDR_SHORT, HDR_ODD, HDR_LONG, TYPES_ODD, TYPES_OUT,
	TYPES_LONG, TYPES_OVERFLOW, STRINGS_OUT, STRINGS_NONE, STRINGS_FIRST,
	STRINGS_OPEN, KIND_0, KIND_31, VLEN, NAME, MISALIGNED, TINY, BROKEN
};

static void break_header(struct blob *b, enum broken how)
{
	struct btf_header *h = header(*b);

	switch (how) {
	case MAGIC:
		h->magic = 0x9feb;
		break;
	case VERSION:
		h->version = 2;
		break;
	case HDR_SHORT:
		h->hdr_len -= 4;
		h->type_off += 4;
		h->str_off += 4;
		break;
	case HDR_ODD:
		h->hdr_len++;
		h->str_off--;
		break;
	case HDR_LONG:
		h->hdr_len = U32_MAX & ~3u;
		break;
	case TYPES_ODD:
		h->type_off = 2;
		break;
	case TYPES_OUT:
		h->type_off = (u32)b->size & ~3u;
		break;
	case TYPES_LONG:
		h->type_len = b->size;
		break;
	case TYPES_OVERFLOW:
		h->type_off = U32_MAX & ~3u;
		break;
	case STRINGS_OUT:
		h->str_off = U32_MAX - h->str_len;
		break;
	case STRINGS_NONE:
		h->str_len = 0;
		break;
	case STRINGS_FIRST:
		h->str_off++;
		h->str_len--;
		break;
	case STRINGS_OPEN:
		h->str_len--;
		break;
	case TINY:
		b->size = sizeof(*h) - 1;
		break;
	default:
		ck_abort_msg("no such way");
	}
}

START_TEST(test_broken)
{
	enum broken how = _i;
	char text[TEXT], *misaligned;
	struct ct_btf btf;
	struct blob b;

	reset();
	func("f", PROTO(0, integer("int")));
	b = finish();
	ck_assert_int_eq(look(b, "f", text), 0);
	switch (how) {
	case KIND_0:
		*type_word(b, 1) = 0;
		break;
	case KIND_31:
		*type_word(b, 1) = 31u << 24;
		break;
	case VLEN:
		*type_word(b, 1) = BTF_KIND_STRUCT << 24 | 0xffff;
		break;
	case NAME:
		*type_word(b, 0) = header(b)->str_len;
		break;
	case MISALIGNED:
		misaligned = malloc(b.size + 2);
		ck_assert_ptr_nonnull(misaligned);
		memcpy(misaligned + 2, b.data, b.size);
		ck_assert_int_eq(ct_btf_open(&btf, misaligned + 2, b.size), -EINVAL);
		free(misaligned);
		free(b.data);
		return;
	default:
		break_header(&b, how);
	}
	ck_assert_int_eq(look(b, "f", text), -EINVAL);
	free(b.data);
}
END_TEST

/* The types stand last, so that too much of them is too much of the blob. */
START_TEST(test_types_last)
{
	struct blob b, swapped;
	struct btf_header *h;
	char text[TEXT];
	u32 extra;

	reset();
	func("fun", PROTO(0, integer("int")));
	b = finish();
	for (extra = 0; extra <= 12; extra += 4) {
		swapped.size = ALIGN(b.size, 4) + extra;
		swapped.data = calloc(1, swapped.size);
		ck_assert_ptr_nonnull(swapped.data);
		h = header(swapped);
		*h = *header(b);
		h->str_off = 0;
		h->type_off = ALIGN(h->str_len, 4);
		memcpy(h + 1, mk.strings, h->str_len);
		memcpy((char *)(h + 1) + h->type_off, mk.types, h->type_len);
		h->type_len += extra;
		ck_assert_int_eq(look(swapped, "fun", text), extra ? -EINVAL : 0);
		free(swapped.data);
	}
	free(b.data);
}
END_TEST

/* Well-formed blobs whose types make no sense, or refer to each other in loops. */
START_TEST(test_nonsense)
{
	static const u32 refs[] = {
		BTF_KIND_PTR, BTF_KIND_CONST, BTF_KIND_VOLATILE,
		BTF_KIND_RESTRICT, BTF_KIND_TYPE_TAG, BTF_KIND_FUNC_PROTO,
	};
	u32 i, id;

	for (i = 0; i < ARRAY_SIZE(refs); i++) {
		reset();
		func("f", PROTO(0, 3));
		ck_assert_uint_eq(type("", refs[i], 0, 3), 3);
		expect_error("f", -EINVAL);
	}
	reset();
	func("f", PROTO(0, array(1, 2)));
	mk.types[3] = 1;	/* of itself */
	expect_error("f", -EINVAL);
	/* A function whose argument is a pointer to itself. */
	reset();
	id = ptr(2);
	func("f", PROTO(0, id));
	expect_error("f", -EINVAL);
	/* One that returns a pointer to itself. */
	reset();
	id = ptr(2);
	func("f", PROTO(id, id));
	expect_error("f", -EINVAL);
	reset();
	func("f", PROTO(0, 77));
	expect_error("f", -EINVAL);
	reset();
	func("f", PROTO(U32_MAX, 0));
	expect_error("f", -EINVAL);
	reset();
	func("f", 0);
	expect_error("f", -EINVAL);
	reset();
	func("f", 77);
	expect_error("f", -EINVAL);
	reset();
	func("f", integer("int"));
	expect_error("f", -EINVAL);
	/* Only the last argument can be the dots. */
	reset();
	id = integer("int");
	func("f", PROTO(0, 0, id));
	expect_error("f", -EINVAL);
	reset();
	func("f", PROTO(0, integer("")));
	expect_error("f", -EINVAL);
	reset();
	func("f", PROTO(0, type("", BTF_KIND_TYPEDEF, 0, 0)));
	expect_error("f", -EINVAL);
	reset();
	func("f", PROTO(0, type("", BTF_KIND_DATASEC, 0, 0)));
	expect_error("f", -EINVAL);
	reset();
	id = func("g", proto(0, 0, NULL));
	func("f", PROTO(0, ptr(id)));
	expect_error("f", -EINVAL);
}
END_TEST

/* A blob with every kind of type in it. */
static struct blob every_kind(void)
{
	u32 i, s, f;

	reset();
	i = integer("long unsigned int");
	s = ptr(structure("inode", 3));
	type("u", BTF_KIND_UNION, 0, 4);
	type("v", BTF_KIND_VAR, 0, i);
	word(0);
	type(".data", BTF_KIND_DATASEC, 1, 8);
	word(4);
	word(0);
	word(8);
	type("tag", BTF_KIND_DECL_TAG, 0, s);
	word(U32_MAX);
	type("e", BTF_KIND_ENUM, 1, 4);
	word(0);
	word(1);
	type("e64", BTF_KIND_ENUM64, 1, 8);
	word(0);
	word(1);
	word(1);
	f = PROTO(s, constant(ptr(constant(i))), ptr(array(i, 3)),
		  type("", BTF_KIND_VOLATILE, 0, type("t", BTF_KIND_TYPEDEF, 0, i)));
	func("one", f);
	func("two", PROTO(ptr(f), type("", BTF_KIND_RESTRICT, 0, ptr(f)),
			  type("d", BTF_KIND_FLOAT, 0, 8), 0));
	func("two", PROTO(ptr(f), type("", BTF_KIND_RESTRICT, 0, ptr(f)),
			  type("x", BTF_KIND_FWD, 0, 0), 0));
	return finish();
}

/* Does all there is to do with a blob; every answer must be a sane one. */
static void exercise(struct blob b)
{
	static const char *const names[] = { "one", "two", "three" };
	u32 ids[ARRAY_SIZE(names)], id;
	struct ct_btf btf;
	char text[128];
	int err;

	err = ct_btf_open(&btf, b.data, b.size);
	if (err) {
		ck_assert_int_eq(err, -EINVAL);
		return;
	}
	ck_assert_int_eq(ct_btf_find_funcs(&btf, names, ids, ARRAY_SIZE(ids)), 0);
	for (id = 1; id <= btf.nr_types; id++) {
		memset(text, 'x', sizeof(text));
		err = ct_btf_render(&btf, id, text, sizeof(text));
		ck_assert(!err || err == -EINVAL || err == -E2BIG);
		ck_assert_ptr_nonnull(memchr(text, '\0', sizeof(text)));
	}
	ct_btf_close(&btf);
}

START_TEST(test_truncated)
{
	struct blob whole = every_kind(), cut;
	char text[TEXT];

	ck_assert_int_eq(look(whole, "one", text), 0);
	ck_assert_str_eq(text,
			 "struct inode *(const unsigned long *const, unsigned long (*)[3], volatile t)");
	ck_assert_int_eq(look(whole, "two", text), -ENOTUNIQ);
	exercise(whole);
	for (cut.size = 0; cut.size < whole.size; cut.size++) {
		cut.data = malloc(cut.size ? cut.size : 1);
		ck_assert_ptr_nonnull(cut.data);
		memcpy(cut.data, whole.data, cut.size);
		ck_assert_int_eq(look(cut, "one", text), -EINVAL);
		free(cut.data);
	}
	free(whole.data);
}
END_TEST

START_TEST(test_bit_flips)
{
	struct blob b = every_kind();
	size_t bit;

	for (bit = 0; bit < b.size * 8; bit++) {
		b.data[bit / 8] ^= 1 << bit % 8;
		exercise(b);
		b.data[bit / 8] ^= 1 << bit % 8;
	}
	exercise(b);
	free(b.data);
}
END_TEST

/* Several words at a time become likely or unlikely values. */
START_TEST(test_garbage)
{
	struct blob whole = every_kind(), b = { .size = whole.size };
	u32 round, k, n = header(whole)->type_len / 4, value;

	b.data = malloc(b.size);
	ck_assert_ptr_nonnull(b.data);
	srand(20051215);
	for (round = 0; round < 30000; round++) {
		memcpy(b.data, whole.data, whole.size);
		for (k = 0; k < 1 + round % 5; k++) {
			value = (u32)rand();
			if (round % 3)
				value %= mk.ids + 2;
			*type_word(b, (u32)rand() % n) = value;
		}
		exercise(b);
	}
	free(b.data);
	free(whole.data);
}
END_TEST

/* The whole file, aligned as an allocation is; an empty blob if there is none. */
static struct blob load(const char *path)
{
	struct blob b = {};
	size_t room = 1 << 16, got;
	FILE *file = fopen(path, "r");

	if (!file)
		return b;
	b.data = malloc(room);
	while (b.data && (got = fread(b.data + b.size, 1, room - b.size, file))) {
		b.size += got;
		if (b.size == room)
			b.data = realloc(b.data, room *= 2);
	}
	ck_assert_ptr_nonnull(b.data);
	fclose(file);
	return b;
}

START_TEST(test_running_kernel)
{
	struct blob b = load("/sys/kernel/btf/vmlinux");
	u32 id, functions = 0;
	struct ct_btf btf;
	char text[1024];
	int err;

	if (!b.data) {
		puts("btf_test: the running kernel has no BTF to look at");
		return;
	}
	ck_assert_int_eq(look(b, "pid_vnr", text), 0);
	ck_assert_str_eq(text, "pid_t (struct pid *)");
	ck_assert_int_eq(look(b, "__task_pid_nr_ns", text), 0);
	ck_assert_str_eq(text, "pid_t (struct task_struct *, enum pid_type, struct pid_namespace *)");
	ck_assert_int_eq(look(b, "no_such_function_anywhere", text), -ENOENT);
	ck_assert_int_eq(ct_btf_open(&btf, b.data, b.size), 0);
	for (id = 1; id <= btf.nr_types; id++) {
		/* The ids of other types are refused at once. */
		err = ct_btf_render(&btf, id, text, sizeof(text));
		if (!err)
			functions++;
		else
			ck_assert_msg(err == -EINVAL && !*text,
				      "type %u: %d, '%s'", id, err, text);
	}
	ck_assert_uint_gt(functions, 10000);
	ct_btf_close(&btf);
	free(b.data);
}
END_TEST

static const char sample[] =
	"typedef unsigned long size_t;\n"
	"struct inode; enum kind { A, B };\n"
	"int sum(const char *const *s, size_t n, ...) { return !s + n; }\n"
	"struct inode *get(struct inode *restrict i, enum kind k,\n"
	"	int (*f)(void *, unsigned long)) { return f(i, k) ? i : 0; }\n"
	"int (*pick(int (*a)[4]))(const char *) { return (void *)a; }\n"
	"long long most(short s, const volatile char *c) { return s + *c; }\n"
	"void none(void) { }\n";

/* What a compiler and pahole make of the source above. */
START_TEST(test_compiled)
{
	char dir[] = "/tmp/btf_test.XXXXXX", command[512], text[TEXT];
	struct blob b;
	FILE *cc;

	if (system("command -v gcc pahole >/dev/null")) {
		puts("btf_test: no gcc and pahole to make BTF with");
		return;
	}
	ck_assert_ptr_nonnull(mkdtemp(dir));
	ck_assert_int_eq(chdir(dir), 0);
	cc = popen("gcc -g -x c -c -o sample.o - && pahole --btf_encode_detached=sample.btf sample.o",
		   "w");
	ck_assert_ptr_nonnull(cc);
	ck_assert_int_ge(fputs(sample, cc), 0);
	ck_assert_int_eq(pclose(cc), 0);
	b = load("sample.btf");
	snprintf(command, sizeof(command), "rm -r %s", dir);
	ck_assert_int_eq(system(command), 0);

	ck_assert_int_eq(look(b, "sum", text), 0);
	ck_assert_str_eq(text, "int (const char *const *, size_t, ...)");
	ck_assert_int_eq(look(b, "get", text), 0);
	ck_assert_str_eq(text,
			 "struct inode *(struct inode *restrict, enum kind, int (*)(void *, unsigned long))");
	ck_assert_int_eq(look(b, "pick", text), 0);
	ck_assert_str_eq(text, "int (*(int (*)[4]))(const char *)");
	ck_assert_int_eq(look(b, "most", text), 0);
	ck_assert_str_eq(text, "long long (short, const volatile char *)");
	ck_assert_int_eq(look(b, "none", text), 0);
	ck_assert_str_eq(text, "void (void)");
	free(b.data);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("btf");
	TCase *write = tcase_create("write"), *hostile = tcase_create("hostile");
	TCase *real = tcase_create("real");

	tcase_add_test(write, test_prototypes);
	tcase_add_test(write, test_named_types);
	tcase_add_test(write, test_qualifiers);
	tcase_add_test(write, test_declarators);
	tcase_add_test(write, test_absent);
	tcase_add_test(write, test_same_name);
	tcase_add_test(write, test_buffer);
	tcase_add_test(write, test_render_ids);
	tcase_add_test(write, test_members);
	tcase_add_test(write, test_many);
	tcase_add_test(write, test_no_memory);
	suite_add_tcase(s, write);

	tcase_add_loop_test(hostile, test_broken, 0, BROKEN);
	tcase_add_test(hostile, test_types_last);
	tcase_add_test(hostile, test_nonsense);
	tcase_add_test(hostile, test_truncated);
	tcase_add_test(hostile, test_bit_flips);
	tcase_add_test(hostile, test_garbage);
	tcase_set_timeout(hostile, 60);
	suite_add_tcase(s, hostile);

	tcase_add_test(real, test_running_kernel);
	tcase_add_test(real, test_compiled);
	tcase_set_timeout(real, 60);
	suite_add_tcase(s, real);
	return s;
}

int main(void)
{
	SRunner *runner = srunner_create(suite());
	int failed;

	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
