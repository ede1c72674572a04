// SPDX-License-Identifier: GPL-2.0
/*
 * Text that others have chosen, so that no terminal obeys it.
 */
#include "compiler.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "json.h"
#include "plain.h"

/**
 * print_plain() - print a text of others, so that no terminal obeys it
 * @out: where to
 * @text: what the kernel, a file or the command line says; names in it are those that
 *	  a process in a container, or who has made an image, has chosen
 */
void print_plain(FILE *out, const char *text)
{
	const unsigned char *s = (const unsigned char *)text;
	int len;

	while (*s) {
		len = *s == '\n' || *s == '\t' ? 1 : utf8_printable(s);
		if (len)
			fwrite(s, 1, len, out);
		else
			fprintf(out, "\\%03o", *s);
		s += len ? len : 1;
	}
}

/* As /proc writes it: a word, and nothing that a terminal would obey. */
char *path_escaped(const char *path)
{
	const unsigned char *s = (const unsigned char *)path;
	char *text = malloc(strlen(path) * 4 + 1), *p = text;
	int len;

	if (!text)
		return NULL;
	while (*s) {
		len = *s == ' ' || *s == '\\' ? 0 : utf8_printable(s);
		if (len)
			p = mempcpy(p, s, len);
		else
			p += sprintf(p, "\\%03o", *s);
		s += len ? len : 1;
	}
	*p = '\0';
	return text;
}
