// SPDX-License-Identifier: GPL-2.0
/*
 * Writing JSON.
 */
#include "compiler.h"

#include <string.h>

#include "json.h"

/*
 * How many bytes the well-formed UTF-8 character at @s has, or 0: neither
 * overlong forms nor surrogates nor anything past U+10FFFF are well-formed.
 */
int utf8_length(const unsigned char *s)
{
	unsigned int low = 0x80, high = 0xbf;
	int len, i;

	if (s[0] < 0x80)
		return 1;
	if (s[0] < 0xc2 || s[0] > 0xf4)
		return 0;
	len = s[0] < 0xe0 ? 2 : s[0] < 0xf0 ? 3 : 4;
	if (s[0] == 0xe0)
		low = 0xa0;
	else if (s[0] == 0xed)
		high = 0x9f;
	else if (s[0] == 0xf0)
		low = 0x90;
	else if (s[0] == 0xf4)
		high = 0x8f;
	if (s[1] < low || s[1] > high)
		return 0;
	for (i = 2; i < len; i++)
		if ((s[i] & 0xc0) != 0x80)
			return 0;
	return len;
}

/* The same, but 0 for control characters, which can be written with two bytes, too. */
int utf8_printable(const unsigned char *s)
{
	int len = utf8_length(s);

	if (s[0] < ' ' || s[0] == 0x7f || (s[0] == 0xc2 && len == 2 && s[1] < 0xa0))
		return 0;
	return len;
}

static void quote(FILE *out, const char *text)
{
	const unsigned char *s = (const unsigned char *)text;
	int len;

	fputc('"', out);
	while (*s) {
		len = utf8_length(s);
		if (!len) {
			fputs("\\ufffd", out);
			len = 1;
		} else if (*s == '"' || *s == '\\') {
			fprintf(out, "\\%c", *s);
		} else if (!utf8_printable(s)) {
			/* Of two bytes the second is the character. */
			fprintf(out, "\\u%04x", s[len - 1]);
		} else {
			fwrite(s, 1, len, out);
		}
		s += len;
	}
	fputc('"', out);
}

static void begin_item(struct json *j, const char *key)
{
	if (j->filled[j->depth])
		fputc(',', j->out);
	if (j->depth)
		fprintf(j->out, "\n%*s", j->depth * 2, "");
	j->filled[j->depth] = true;
	if (!key)
		return;
	quote(j->out, key);
	fputs(": ", j->out);
}

/* @bracket is '[' or '{'; @key is NULL except in an object. */
void json_open(struct json *j, const char *key, char bracket)
{
	begin_item(j, key);
	fputc(bracket, j->out);
	j->depth++;
	j->filled[j->depth] = false;
}

void json_close(struct json *j, char bracket)
{
	bool filled = j->filled[j->depth];

	j->depth--;
	if (filled)
		fprintf(j->out, "\n%*s", j->depth * 2, "");
	fputc(bracket, j->out);
	if (!j->depth)
		fputc('\n', j->out);
}

void json_string(struct json *j, const char *key, const char *text)
{
	begin_item(j, key);
	quote(j->out, text);
}

void json_number(struct json *j, const char *key, long number)
{
	begin_item(j, key);
	fprintf(j->out, "%ld", number);
}

void json_unsigned(struct json *j, const char *key, unsigned long long number)
{
	begin_item(j, key);
	fprintf(j->out, "%llu", number);
}

void json_decimal(struct json *j, const char *key, double number)
{
	begin_item(j, key);
	fprintf(j->out, "%.2f", number);
}

void json_bool(struct json *j, const char *key, bool value)
{
	begin_item(j, key);
	fputs(value ? "true" : "false", j->out);
}
