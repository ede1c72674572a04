// SPDX-License-Identifier: GPL-2.0
/*
 * A reader of BTF that knows just enough to write down a function's prototype.
 *
 * The blob is looked at as if it were hostile: ct_btf_open() walks it once and
 * checks every length and the offset of every type's name, so that later walks
 * need not; type ids are checked where they are followed.  What a type refers
 * to may form a loop, hence the limits below.
 */
#include <linux/btf.h>
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/slab.h>
#include <linux/string.h>
#include "btf.h"

#define CT_BTF_STRIDE		32
/* Pointers, qualifiers and so on between a declaration and its named type. */
#define CT_BTF_MAX_CHAIN	16
/* Functions whose arguments are pointers to functions whose arguments... */
#define CT_BTF_MAX_DEPTH	6
/* Of the filter that finds the few names looked for among all functions'. */
#define CT_BTF_FILTER_BITS	2048
#define CT_BTF_FILTER_CHARS	16
/* Of a prototype that is compared with another one of the same name. */
#define CT_BTF_MAX_TEXT		1024

/**
 * struct ct_btf_text - a text being written
 * @buf: where to
 * @len: size of @buf
 * @used: length of the text so far, without its NUL
 * @err: the first error; nothing is written any more after it
 */
struct ct_btf_text {
	char *buf;
	size_t len;
	size_t used;
	int err;
};

/* Size of @t with what follows it, 0 if its kind is unknown. */
static size_t ct_btf_type_size(const struct btf_type *t)
{
	size_t vlen = BTF_INFO_VLEN(t->info);

	switch (BTF_INFO_KIND(t->info)) {
	case BTF_KIND_PTR:
	case BTF_KIND_FWD:
	case BTF_KIND_TYPEDEF:
	case BTF_KIND_VOLATILE:
	case BTF_KIND_CONST:
	case BTF_KIND_RESTRICT:
	case BTF_KIND_FUNC:
	case BTF_KIND_FLOAT:
	case BTF_KIND_TYPE_TAG:
		return sizeof(*t);
	case BTF_KIND_INT:
		return sizeof(*t) + sizeof(u32);
	case BTF_KIND_ARRAY:
		return sizeof(*t) + sizeof(struct btf_array);
	case BTF_KIND_STRUCT:
	case BTF_KIND_UNION:
		return sizeof(*t) + vlen * sizeof(struct btf_member);
	case BTF_KIND_ENUM:
		return sizeof(*t) + vlen * sizeof(struct btf_enum);
	case BTF_KIND_ENUM64:
		return sizeof(*t) + vlen * sizeof(struct btf_enum64);
	case BTF_KIND_FUNC_PROTO:
		return sizeof(*t) + vlen * sizeof(struct btf_param);
	case BTF_KIND_VAR:
		return sizeof(*t) + sizeof(struct btf_var);
	case BTF_KIND_DATASEC:
		return sizeof(*t) + vlen * sizeof(struct btf_var_secinfo);
	case BTF_KIND_DECL_TAG:
		return sizeof(*t) + sizeof(struct btf_decl_tag);
	default:
		return 0;
	}
}

static const char *ct_btf_name(const struct ct_btf *btf,
			       const struct btf_type *t)
{
	return btf->strings + t->name_off;
}

/* The type of @id, which must not be void; NULL if there is none. */
static const struct btf_type *ct_btf_type(const struct ct_btf *btf, u32 id)
{
	const void *p;
	u32 i;

	if (!id || id > btf->nr_types)
		return NULL;
	id--;
	p = btf->types + btf->marks[id / CT_BTF_STRIDE];
	for (i = id % CT_BTF_STRIDE; i; i--)
		p += ct_btf_type_size(p);
	return p;
}

/* Whether the blob of @size has a section of @len at @off after its header. */
static bool ct_btf_section_ok(const struct btf_header *h, size_t size,
			      u32 off, u32 len)
{
	return (u64)h->hdr_len + off + len <= size;
}

static int ct_btf_check_header(const struct btf_header *h, size_t size)
{
	const char *strings;

	if (!IS_ALIGNED((unsigned long)h, sizeof(u32)) || size < sizeof(*h))
		return -EINVAL;
	if (h->magic != BTF_MAGIC || h->version != BTF_VERSION)
		return -EINVAL;
	if (h->hdr_len < sizeof(*h) || !IS_ALIGNED(h->hdr_len, sizeof(u32)) ||
	    !IS_ALIGNED(h->type_off, sizeof(u32)))
		return -EINVAL;
	if (!ct_btf_section_ok(h, size, h->type_off, h->type_len) ||
	    !ct_btf_section_ok(h, size, h->str_off, h->str_len))
		return -EINVAL;
	strings = (const char *)h + h->hdr_len + h->str_off;
	if (!h->str_len || strings[0] || strings[h->str_len - 1])
		return -EINVAL;
	return 0;
}

/* Checks all types and notes where every CT_BTF_STRIDE-th is. */
static int ct_btf_walk(struct ct_btf *btf, u32 types_len)
{
	const struct btf_type *t;
	size_t size;
	u32 off;

	for (off = 0; off < types_len; off += size) {
		if (types_len - off < sizeof(*t))
			return -EINVAL;
		t = btf->types + off;
		size = ct_btf_type_size(t);
		if (!size || size > types_len - off ||
		    t->name_off >= btf->strings_len)
			return -EINVAL;
		if (btf->nr_types % CT_BTF_STRIDE == 0)
			btf->marks[btf->nr_types / CT_BTF_STRIDE] = off;
		btf->nr_types++;
	}
	return 0;
}

/**
 * ct_btf_open() - check a blob and make it ready to be read
 * @btf: filled in; to be given to ct_btf_close()
 * @data: the blob, as in /sys/kernel/btf/vmlinux; must outlive @btf
 * @size: its size
 *
 * Return: 0, -EINVAL if it is malformed or has a kind of type that this reader
 * does not know, -ENOMEM.
 */
int ct_btf_open(struct ct_btf *btf, const void *data, size_t size)
{
	const struct btf_header *h = data;
	u32 max_types;
	int err;

	err = ct_btf_check_header(h, size);
	if (err)
		return err;

	max_types = h->type_len / sizeof(struct btf_type);
	btf->types = data + h->hdr_len + h->type_off;
	btf->strings = data + h->hdr_len + h->str_off;
	btf->strings_len = h->str_len;
	btf->nr_types = 0;
	btf->marks = kvmalloc_array(max_types / CT_BTF_STRIDE + 1,
				    sizeof(*btf->marks), GFP_KERNEL);
	if (!btf->marks)
		return -ENOMEM;
	err = ct_btf_walk(btf, h->type_len);
	if (err)
		ct_btf_close(btf);
	return err;
}

/**
 * ct_btf_close() - free what ct_btf_open() allocated
 * @btf: what it filled in
 */
void ct_btf_close(struct ct_btf *btf)
{
	kvfree(btf->marks);
	btf->marks = NULL;
	btf->nr_types = 0;
}

static void ct_btf_putc(struct ct_btf_text *text, char c)
{
	if (text->err)
		return;
	if (text->used + 1 >= text->len) {
		text->err = -E2BIG;
		return;
	}
	text->buf[text->used++] = c;
}

static void ct_btf_puts(struct ct_btf_text *text, const char *s)
{
	while (*s && !text->err)
		ct_btf_putc(text, *s++);
}

/* The last character written, for the decision whether a blank is needed. */
static char ct_btf_last(const struct ct_btf_text *text)
{
	return text->used ? text->buf[text->used - 1] : '\0';
}

/* A blank, unless the last character is one of @unless. */
static void ct_btf_blank(struct ct_btf_text *text, const char *unless)
{
	char last = ct_btf_last(text);

	if (last && !strchr(unless, last))
		ct_btf_putc(text, ' ');
}

static void ct_btf_put_number(struct ct_btf_text *text, u32 number)
{
	char digits[12];

	snprintf(digits, sizeof(digits), "%u", number);
	ct_btf_puts(text, digits);
}

/*
 * GCC's debugging information has its own names of the integer types; here
 * they are called what the kernel's source calls them.
 */
static const char *ct_btf_int_name(const char *name)
{
	static const char *const spelt[][2] = {
		{ "long int",			"long" },
		{ "long unsigned int",		"unsigned long" },
		{ "long long int",		"long long" },
		{ "long long unsigned int",	"unsigned long long" },
		{ "short int",			"short" },
		{ "short unsigned int",		"unsigned short" },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(spelt); i++)
		if (!strcmp(name, spelt[i][0]))
			return spelt[i][1];
	return name;
}

static void ct_btf_put_tagged(struct ct_btf_text *text, const char *tag,
			      const char *name)
{
	ct_btf_puts(text, tag);
	ct_btf_puts(text, *name ? name : "<anonymous>");
}

/* Writes the type at the end of a chain; @t is NULL for void. */
static void ct_btf_put_base(const struct ct_btf *btf, struct ct_btf_text *text,
			    const struct btf_type *t)
{
	const char *name;

	if (!t) {
		ct_btf_puts(text, "void");
		return;
	}
	name = ct_btf_name(btf, t);
	switch (BTF_INFO_KIND(t->info)) {
	case BTF_KIND_STRUCT:
		ct_btf_put_tagged(text, "struct ", name);
		break;
	case BTF_KIND_UNION:
		ct_btf_put_tagged(text, "union ", name);
		break;
	case BTF_KIND_ENUM:
	case BTF_KIND_ENUM64:
		ct_btf_put_tagged(text, "enum ", name);
		break;
	case BTF_KIND_FWD:
		ct_btf_put_tagged(text, BTF_INFO_KFLAG(t->info) ?
				  "union " : "struct ", name);
		break;
	case BTF_KIND_INT:
		name = ct_btf_int_name(name);
		fallthrough;
	case BTF_KIND_TYPEDEF:
	case BTF_KIND_FLOAT:
		ct_btf_puts(text, name);
		if (*name)
			break;
		fallthrough;
	default:
		text->err = -EINVAL;
	}
}

/**
 * struct ct_btf_chain - a declaration, from the outside in
 * @step: pointers, qualifiers, arrays and functions
 * @n: number of @step
 * @base: the named type they end in, NULL for void
 */
struct ct_btf_chain {
	const struct btf_type *step[CT_BTF_MAX_CHAIN];
	unsigned int n;
	const struct btf_type *base;
};

/* What @t is a pointer to, an array of, a function returning... */
static u32 ct_btf_inner(const struct btf_type *t)
{
	const struct btf_array *array = (const void *)(t + 1);

	return BTF_INFO_KIND(t->info) == BTF_KIND_ARRAY ? array->type : t->type;
}

static int ct_btf_follow(const struct ct_btf *btf, u32 id,
			 struct ct_btf_chain *chain)
{
	const struct btf_type *t;
	unsigned int steps;

	chain->n = 0;
	chain->base = NULL;
	for (steps = 0; id; steps++, id = ct_btf_inner(t)) {
		t = ct_btf_type(btf, id);
		if (!t || steps == CT_BTF_MAX_CHAIN)
			return -EINVAL;
		switch (BTF_INFO_KIND(t->info)) {
		case BTF_KIND_PTR:
		case BTF_KIND_CONST:
		case BTF_KIND_VOLATILE:
		case BTF_KIND_RESTRICT:
		case BTF_KIND_ARRAY:
		case BTF_KIND_FUNC_PROTO:
			chain->step[chain->n++] = t;
			break;
		case BTF_KIND_TYPE_TAG:
			/* __user and the like, which only Clang writes down. */
			break;
		default:
			chain->base = t;
			return 0;
		}
	}
	return 0;
}

static bool ct_btf_is_qualifier(const struct btf_type *t)
{
	switch (BTF_INFO_KIND(t->info)) {
	case BTF_KIND_CONST:
	case BTF_KIND_VOLATILE:
	case BTF_KIND_RESTRICT:
		return true;
	default:
		return false;
	}
}

/* Whether step @i points to something that is written behind the name. */
static bool ct_btf_needs_parens(const struct ct_btf_chain *chain,
				unsigned int i)
{
	do {
		if (++i == chain->n)
			return false;
	} while (ct_btf_is_qualifier(chain->step[i]));
	return BTF_INFO_KIND(chain->step[i]->info) != BTF_KIND_PTR;
}

/*
 * Writes the qualifiers that end before step @i, going outwards, in one order
 * whatever theirs is: before a named type, but behind a pointer.  Returns the
 * outermost one's step, @i if there is none.
 */
static unsigned int ct_btf_put_qualifiers(struct ct_btf_text *text,
					  const struct ct_btf_chain *chain,
					  unsigned int i, bool before)
{
	static const struct {
		unsigned int kind;
		const char *name;
	} known[] = {
		{ BTF_KIND_CONST,	"const" },
		{ BTF_KIND_VOLATILE,	"volatile" },
		{ BTF_KIND_RESTRICT,	"restrict" },
	};
	unsigned long seen = 0;
	unsigned int k;

	for (; i && ct_btf_is_qualifier(chain->step[i - 1]); i--)
		seen |= 1UL << BTF_INFO_KIND(chain->step[i - 1]->info);
	for (k = 0; k < ARRAY_SIZE(known); k++) {
		if (!(seen & (1UL << known[k].kind)))
			continue;
		if (!before)
			ct_btf_blank(text, "*");
		ct_btf_puts(text, known[k].name);
		if (before)
			ct_btf_putc(text, ' ');
	}
	return i;
}

/* The part of a declaration that stands before the name. */
static void ct_btf_put_front(const struct ct_btf *btf,
			     struct ct_btf_text *text,
			     const struct ct_btf_chain *chain)
{
	unsigned int i;

	i = ct_btf_put_qualifiers(text, chain, chain->n, true);
	ct_btf_put_base(btf, text, chain->base);
	while (i) {
		i--;
		if (BTF_INFO_KIND(chain->step[i]->info) == BTF_KIND_PTR) {
			ct_btf_blank(text, "*(");
			ct_btf_puts(text, ct_btf_needs_parens(chain, i) ?
				    "(*" : "*");
		}
		i = ct_btf_put_qualifiers(text, chain, i, false);
	}
}

static void ct_btf_put_type(const struct ct_btf *btf, struct ct_btf_text *text,
			    u32 id, unsigned int depth);

static void ct_btf_put_params(const struct ct_btf *btf,
			      struct ct_btf_text *text,
			      const struct btf_type *proto, unsigned int depth)
{
	const struct btf_param *param = (const void *)(proto + 1);
	unsigned int i, n = BTF_INFO_VLEN(proto->info);

	ct_btf_blank(text, "*)");
	ct_btf_putc(text, '(');
	if (!n)
		ct_btf_puts(text, "void");
	for (i = 0; i < n && !text->err; i++) {
		if (i)
			ct_btf_puts(text, ", ");
		if (param[i].type)
			ct_btf_put_type(btf, text, param[i].type, depth + 1);
		else if (i == n - 1)
			ct_btf_puts(text, "...");
		else
			text->err = -EINVAL;
	}
	ct_btf_putc(text, ')');
}

/* The part of a declaration that stands behind the name. */
static void ct_btf_put_back(const struct ct_btf *btf, struct ct_btf_text *text,
			    const struct ct_btf_chain *chain,
			    unsigned int depth)
{
	const struct btf_array *array;
	const struct btf_type *t;
	unsigned int i;

	for (i = 0; i < chain->n; i++) {
		t = chain->step[i];
		switch (BTF_INFO_KIND(t->info)) {
		case BTF_KIND_PTR:
			if (ct_btf_needs_parens(chain, i))
				ct_btf_putc(text, ')');
			break;
		case BTF_KIND_ARRAY:
			array = (const void *)(t + 1);
			ct_btf_blank(text, "*)]");
			ct_btf_putc(text, '[');
			ct_btf_put_number(text, array->nelems);
			ct_btf_putc(text, ']');
			break;
		case BTF_KIND_FUNC_PROTO:
			ct_btf_put_params(btf, text, t, depth);
			break;
		}
	}
}

static void ct_btf_put_type(const struct ct_btf *btf, struct ct_btf_text *text,
			    u32 id, unsigned int depth)
{
	struct ct_btf_chain chain;
	int err;

	err = depth > CT_BTF_MAX_DEPTH ? -EINVAL :
	      ct_btf_follow(btf, id, &chain);
	if (err) {
		text->err = err;
		return;
	}
	ct_btf_put_front(btf, text, &chain);
	ct_btf_put_back(btf, text, &chain, depth);
}

/**
 * ct_btf_render() - write a function's prototype as C has it, without names
 * @btf: where the function is described
 * @id: its id, from ct_btf_find_funcs()
 * @buf: filled in, e.g. with "struct dentry *(struct inode *, unsigned int)"
 * @len: size of @buf
 *
 * Qualifiers and the names of typedefs are kept. Integer types are called
 * "unsigned long" and so on. A pointer to a function is "int (*)(void *)", a
 * function without arguments "int (void)".
 *
 * Return: 0; -ENOENT if @id is 0 and -ENOTUNIQ if it is CT_BTF_AMBIGUOUS;
 * -EINVAL if there is no such function or its type makes no sense, which is
 * also said of one nested as no kernel function is; -E2BIG if it does not fit.
 * @buf has a terminated string in any case, unless @len is 0.
 */
int ct_btf_render(const struct ct_btf *btf, u32 id, char *buf, size_t len)
{
	struct ct_btf_text text = { .buf = buf, .len = len };
	const struct btf_type *func, *proto;

	if (len)
		buf[0] = '\0';
	if (!id)
		return -ENOENT;
	if (id == CT_BTF_AMBIGUOUS)
		return -ENOTUNIQ;
	func = ct_btf_type(btf, id);
	if (!func || BTF_INFO_KIND(func->info) != BTF_KIND_FUNC)
		return -EINVAL;
	proto = ct_btf_type(btf, func->type);
	if (!proto || BTF_INFO_KIND(proto->info) != BTF_KIND_FUNC_PROTO)
		return -EINVAL;

	ct_btf_put_type(btf, &text, func->type, 0);
	if (len)
		buf[text.used] = '\0';
	return text.err;
}

/* Of the first few characters, so that a long name costs no more. */
static u32 ct_btf_hash(const char *s)
{
	u32 hash = 2166136261u;
	unsigned int i;

	for (i = 0; i < CT_BTF_FILTER_CHARS && s[i]; i++)
		hash = (hash ^ (u8)s[i]) * 16777619u;
	return (hash ^ (hash >> 16)) % CT_BTF_FILTER_BITS;
}

/*
 * Static functions of different files may share a name, and one function may
 * be described twice because some type differs between files: only what can be
 * seen in the prototype counts.
 */
static int ct_btf_same_text(const struct ct_btf *btf, u32 a, u32 b, bool *same)
{
	char *text;
	int err;

	text = kmalloc(2 * CT_BTF_MAX_TEXT, GFP_KERNEL);
	if (!text)
		return -ENOMEM;
	err = ct_btf_render(btf, a, text, CT_BTF_MAX_TEXT);
	if (!err)
		err = ct_btf_render(btf, b, text + CT_BTF_MAX_TEXT,
				    CT_BTF_MAX_TEXT);
	*same = !err && !strcmp(text, text + CT_BTF_MAX_TEXT);
	kfree(text);
	return 0;
}

/* Enters @id for each of @names that is the function's. */
static int ct_btf_enter(const struct ct_btf *btf, u32 id, const char *name,
			const char *const *names, u32 *ids, unsigned int n)
{
	unsigned int i;
	bool same;
	int err;

	for (i = 0; i < n; i++) {
		if (strcmp(names[i], name))
			continue;
		if (!ids[i]) {
			ids[i] = id;
		} else if (ids[i] != CT_BTF_AMBIGUOUS) {
			err = ct_btf_same_text(btf, ids[i], id, &same);
			if (err)
				return err;
			if (!same)
				ids[i] = CT_BTF_AMBIGUOUS;
		}
	}
	return 0;
}

/**
 * ct_btf_find_funcs() - look functions up by their names
 * @btf: where to look
 * @names: the names
 * @ids: filled in: for each name the id of the function, 0 if there is none,
 *	CT_BTF_AMBIGUOUS if there are several and their prototypes differ
 * @n: number of @names and of @ids
 *
 * Walks through the types once, however many names there are.
 *
 * Return: 0 or -ENOMEM.
 */
int ct_btf_find_funcs(const struct ct_btf *btf, const char *const *names,
		      u32 *ids, unsigned int n)
{
	u64 filter[CT_BTF_FILTER_BITS / 64] = {};
	const struct btf_type *t = btf->types;
	unsigned int i;
	u32 id, bit;
	int err;

	for (i = 0; i < n; i++) {
		bit = ct_btf_hash(names[i]);
		filter[bit / 64] |= 1ULL << (bit % 64);
		ids[i] = 0;
	}

	for (id = 1; id <= btf->nr_types; id++) {
		if (BTF_INFO_KIND(t->info) == BTF_KIND_FUNC) {
			bit = ct_btf_hash(ct_btf_name(btf, t));
			err = 0;
			if (filter[bit / 64] & (1ULL << (bit % 64)))
				err = ct_btf_enter(btf, id, ct_btf_name(btf, t),
						   names, ids, n);
			if (err)
				return err;
		}
		t = (const void *)t + ct_btf_type_size(t);
	}
	return 0;
}

/* Has the structure @t a member of that name at that place? */
static bool ct_btf_has_member(const struct ct_btf *btf, const struct btf_type *t,
			      const struct ct_member *member)
{
	const struct btf_member *m = (const void *)(t + 1);
	unsigned int i, n = BTF_INFO_VLEN(t->info);
	u32 offset;

	for (i = 0; i < n; i++, m++) {
		offset = BTF_INFO_KFLAG(t->info) ?
			 BTF_MEMBER_BIT_OFFSET(m->offset) : m->offset;
		if (m->name_off < btf->strings_len &&
		    !strcmp(btf->strings + m->name_off, member->name))
			return offset == member->offset * 8;
	}
	return false;
}

/**
 * ct_btf_find_members() - are members of structures where we believe them to be?
 * @btf: where to look
 * @members: of which structures; up to one without
 * @found: for each, false before; set if a structure of that name has it there
 *
 * Walks through the types once, however many members there are.
 */
void ct_btf_find_members(const struct ct_btf *btf,
			 const struct ct_member *members, bool *found)
{
	const struct btf_type *t = btf->types;
	unsigned int i;
	u32 id;

	for (id = 1; id <= btf->nr_types; id++) {
		if (BTF_INFO_KIND(t->info) == BTF_KIND_STRUCT)
			for (i = 0; members[i].structure; i++)
				if (!strcmp(ct_btf_name(btf, t),
					    members[i].structure) &&
				    ct_btf_has_member(btf, t, &members[i]))
					found[i] = true;
		t = (const void *)t + ct_btf_type_size(t);
	}
}

/**
 * ct_btf_func_proto() - write down the prototype of one function
 * @data: a BTF blob, as in /sys/kernel/btf/vmlinux
 * @size: its size
 * @name: the function's name
 * @buf: filled in as by ct_btf_render()
 * @len: size of @buf
 *
 * Return: 0; -EINVAL if the blob is malformed; -ENOENT if it has no such
 * function; -ENOTUNIQ if it has several with differing prototypes; -E2BIG if
 * @buf is too small; -ENOMEM.
 */
int ct_btf_func_proto(const void *data, size_t size, const char *name,
		      char *buf, size_t len)
{
	struct ct_btf btf;
	u32 id;
	int err;

	err = ct_btf_open(&btf, data, size);
	if (err)
		return err;
	err = ct_btf_find_funcs(&btf, &name, &id, 1);
	if (!err)
		err = ct_btf_render(&btf, id, buf, len);
	ct_btf_close(&btf);
	return err;
}
