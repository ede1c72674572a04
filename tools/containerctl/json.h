/* SPDX-License-Identifier: GPL-2.0 */
#ifndef CONTAINERCTL_JSON_H
#define CONTAINERCTL_JSON_H

#include <stdbool.h>
#include <stdio.h>

/**
 * struct json - a JSON text being written
 * @out: where to
 * @depth: how many arrays and objects are open
 * @filled: for each depth, whether something has been written in it
 */
struct json {
	FILE *out;
	int depth;
	bool filled[8];
};

void json_open(struct json *j, const char *key, char bracket);
void json_close(struct json *j, char bracket);
void json_string(struct json *j, const char *key, const char *text);
void json_number(struct json *j, const char *key, long number);
void json_unsigned(struct json *j, const char *key, unsigned long long number);
void json_decimal(struct json *j, const char *key, double number);
void json_bool(struct json *j, const char *key, bool value);

int utf8_length(const unsigned char *s);
int utf8_printable(const unsigned char *s);

#endif
