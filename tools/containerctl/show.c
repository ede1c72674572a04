// SPDX-License-Identifier: GPL-2.0
/*
 * containerctl show: what is in an image, by the tables that the module has of
 * its records.
 */
#include "compiler.h"

#include <ctype.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include <container/image_task.h>

#include "containerctl.h"
#include "image.h"
#include "image/fields.h"
#include "json.h"

static const struct option show_options[] = {
	{ "json", no_argument, NULL, 'j' },
	{ "summary", no_argument, NULL, 's' },
	{ "format", no_argument, NULL, 'f' },
	{ "help", no_argument, NULL, 'h' },
	{ NULL, 0, NULL, 0 }
};

/* There is only one at a time, and callbacks have no room for more. */
static struct {
	FILE *text;
	struct json json;
} output;

static uint64_t number(const struct ct_field *field, const unsigned char *at)
{
	uint64_t value = 0;
	uint32_t i;

	for (i = field->size; i-- > 0;)
		value = value << 8 | at[field->offset + i];
	/* The sign counts from the field's first bit. */
	if (field->kind == CT_FIELD_SIGNED && field->size < 8 &&
	    value >> (8 * field->size - 1))
		value |= ~0ull << 8 * field->size;
	return value;
}

static bool is_number(const struct ct_field *field)
{
	return field->kind != CT_FIELD_TEXT && field->kind != CT_FIELD_BYTES &&
	       field->size <= 8;
}

/* Bytes as they are to be seen on a terminal. */
static void print_text(FILE *out, const char *text, size_t size)
{
	size_t i;

	fputc('"', out);
	for (i = 0; i < size && text[i]; i++) {
		if (text[i] == '"' || text[i] == '\\')
			fprintf(out, "\\%c", text[i]);
		else if (isprint((unsigned char)text[i]))
			fputc(text[i], out);
		else
			fprintf(out, "\\x%02x", (unsigned char)text[i]);
	}
	fputc('"', out);
}

static bool all_zero(const unsigned char *at, size_t size)
{
	while (size--)
		if (*at++)
			return false;
	return true;
}

static void print_value(FILE *out, const struct ct_field *field, const unsigned char *at)
{
	if (field->kind == CT_FIELD_TEXT)
		print_text(out, (const char *)at + field->offset, field->size);
	else if (!is_number(field))
		fprintf(out, "%u bytes%s", field->size,
			all_zero(at + field->offset, field->size) ? " of zeros" : "");
	else if (field->kind == CT_FIELD_HEX)
		fprintf(out, "0x%" PRIx64, number(field, at));
	else if (field->kind == CT_FIELD_SIGNED)
		fprintf(out, "%" PRId64, (int64_t)number(field, at));
	else
		fprintf(out, "%" PRIu64, number(field, at));
}

/* A name or a path, as far as one can tell. */
static bool is_text(const unsigned char *at, size_t size)
{
	if (size && !at[size - 1])
		size--;
	if (!size)
		return false;
	while (size--)
		if (!isprint(*at++))
			return false;
	return true;
}

static void print_element(FILE *out, const struct ct_field *field, const unsigned char *at,
			  size_t n)
{
	fprintf(out, "    [%zu]", n);
	for (; field->name; field++) {
		fprintf(out, " %s ", field->name);
		print_value(out, field, at);
	}
	fputc('\n', out);
}

static void print_rest(FILE *out, const struct ct_record_type *row,
		       const unsigned char *payload, size_t length)
{
	size_t at = row->size, n = 0;

	if (at == length)
		return;
	if (row->element > 1) {
		for (; at < length; at += row->element)
			print_element(out, row->element_fields, payload + at, n++);
	} else if (is_text(payload + at, length - at)) {
		fputs("    ", out);
		print_text(out, (const char *)payload + at, length - at);
		fputc('\n', out);
	} else {
		fprintf(out, "    %zu bytes\n", length - at);
	}
}

static void text_record(struct image *image, const void *payload)
{
	const struct container_image_record *rec = &image->reader.rec;
	const struct ct_record_type *row = ct_record_type(rec->type);
	const struct ct_field *field;
	char letters[CT_TYPE_LETTERS];
	FILE *out = output.text;

	ct_type_letters(rec->type, letters);
	fprintf(out, "\n%u: %s %u (%s), %llu bytes\n", image->reader.sequence, letters,
		rec->id, row->name, (unsigned long long)rec->length);
	for (field = row->fields; field && field->name; field++) {
		fprintf(out, "    %-20s ", field->name);
		print_value(out, field, payload);
		fputc('\n', out);
	}
	print_rest(out, row, payload, rec->length);
}

static void json_field(struct json *j, const struct ct_field *field,
		       const unsigned char *at)
{
	char text[32];

	if (field->kind == CT_FIELD_TEXT) {
		json_string(j, field->name, (const char *)at + field->offset);
	} else if (!is_number(field)) {
		json_open(j, field->name, '{');
		json_unsigned(j, "bytes", field->size);
		json_close(j, '}');
	} else if (field->kind == CT_FIELD_HEX) {
		/* Not all that reads JSON has numbers of 64 bits. */
		snprintf(text, sizeof(text), "0x%" PRIx64, number(field, at));
		json_string(j, field->name, text);
	} else if (field->kind == CT_FIELD_SIGNED) {
		json_number(j, field->name, (int64_t)number(field, at));
	} else {
		json_unsigned(j, field->name, number(field, at));
	}
}

static void json_fields(struct json *j, const char *key, const struct ct_field *field,
			const unsigned char *at)
{
	json_open(j, key, '{');
	for (; field && field->name; field++)
		json_field(j, field, at);
	json_close(j, '}');
}

static void json_rest(struct json *j, const struct ct_record_type *row,
		      const unsigned char *payload, size_t length)
{
	size_t at = row->size;
	char *text;

	if (row->element > 1) {
		json_open(j, "elements", '[');
		for (; at < length; at += row->element)
			json_fields(j, NULL, row->element_fields, payload + at);
		json_close(j, ']');
	} else if (row->element && is_text(payload + at, length - at)) {
		text = strndup((const char *)payload + at, length - at);
		if (text)
			json_string(j, "text", text);
		free(text);
	} else if (row->element) {
		json_unsigned(j, "bytes", length - at);
	}
}

/* The first record is the header: what it has to say comes first. */
static void json_header(struct json *j, const struct image *image)
{
	char time[32];

	json_open(j, NULL, '{');
	json_string(j, "name", image->header.name);
	json_unsigned(j, "version", image->header.version);
	json_string(j, "release", image->header.release);
	json_string(j, "taken", image_time(image, time));
	json_open(j, "records", '[');
}

static void json_record(struct image *image, const void *payload)
{
	const struct container_image_record *rec = &image->reader.rec;
	const struct ct_record_type *row = ct_record_type(rec->type);
	struct json *j = &output.json;
	char letters[CT_TYPE_LETTERS];

	if (!j->depth)
		json_header(j, image);
	ct_type_letters(rec->type, letters);
	json_open(j, NULL, '{');
	json_unsigned(j, "record", image->reader.sequence);
	json_string(j, "type", letters);
	json_string(j, "name", row->name);
	json_unsigned(j, "id", rec->id);
	json_unsigned(j, "length", rec->length);
	json_fields(j, "fields", row->fields, payload);
	json_rest(j, row, payload, rec->length);
	json_close(j, '}');
}

static void json_processes(struct json *j, const struct image *image)
{
	const struct image_process *p = image->processes;
	size_t i;

	json_open(j, "processes", '[');
	for (i = 0; i < image->nr_processes; i++, p++) {
		json_open(j, NULL, '{');
		json_unsigned(j, "pid", p->pid);
		json_unsigned(j, "ppid", p->parent);
		json_unsigned(j, "pgrp", p->pgrp);
		json_unsigned(j, "session", p->session);
		json_unsigned(j, "threads", p->threads);
		json_bool(j, "zombie", p->flags & CONTAINER_IMAGE_ZOMBIE);
		json_string(j, "comm", p->comm);
		json_close(j, '}');
	}
	json_close(j, ']');
}

static int show_json(const char *path)
{
	struct image image = { .record = json_record };
	struct json *j = &output.json;
	struct fault why;
	int ret;

	j->out = stdout;
	ret = image_scan(&image, path, NULL, &why);
	if (ret)
		complain("%s", why.text);
	if (j->depth) {
		json_close(j, ']');
		json_processes(j, &image);
		json_unsigned(j, "threads", image.threads);
		json_unsigned(j, "pages", image.reader.pages);
		json_unsigned(j, "bytes", image.reader.offset);
		json_bool(j, "complete", !ret);
		if (ret)
			json_string(j, "error", image.reader.why);
		json_close(j, '}');
	}
	image_free(&image);
	return ret;
}

static const char *state_of(const struct image_process *p)
{
	if (p->flags & CONTAINER_IMAGE_ZOMBIE)
		return "zombie";
	return p->flags & CONTAINER_IMAGE_STOPPED ? "stopped" : "-";
}

static void print_summary(const struct image *image)
{
	const struct image_process *p = image->processes;
	char time[32], memory[BYTES_TEXT], size[BYTES_TEXT];
	size_t i;

	printf("container:  ");
	print_text(stdout, image->header.name, sizeof(image->header.name));
	printf("\ntaken:      %s\nkernel:     ", image_time(image, time));
	print_text(stdout, image->header.release, sizeof(image->header.release));
	printf("\nversion:    %u\nprocesses:  %zu\nthreads:    %zu\n",
	       image->header.version, image->nr_processes, image->threads);
	printf("memory:     %s in %llu pages\n",
	       bytes_text(image->reader.pages * image->header.page_size, memory),
	       (unsigned long long)image->reader.pages);
	printf("image:      %s in %u records\n", bytes_text(image->reader.offset, size),
	       image->reader.sequence);
	if (!image->nr_processes)
		return;
	printf("\n%8s %8s %8s %8s %7s %-8s %s\n", "PID", "PPID", "PGRP", "SESSION", "THREADS",
	       "STATE", "NAME");
	for (i = 0; i < image->nr_processes; i++, p++) {
		printf("%8u %8u %8u %8u %7u %-8s ", p->pid, p->parent, p->pgrp, p->session,
		       p->threads, state_of(p));
		print_text(stdout, p->comm, sizeof(p->comm));
		putchar('\n');
	}
}

/* Text that waits to be printed. */
struct waiting {
	char *text;
	size_t size;
	size_t room;
};

/* Unlike that of open_memstream(3) it says when memory lacks, to fclose(3). */
static ssize_t waiting_write(void *cookie, const char *data, size_t size)
{
	struct waiting *w = cookie;
	size_t room = w->room;
	char *bigger;

	if (w->size + size > room) {
		room = 2 * room + size;
		bigger = realloc(w->text, room);
		if (!bigger)
			return 0;
		w->text = bigger;
		w->room = room;
	}
	memcpy(w->text + w->size, data, size);
	w->size += size;
	return size;
}

/* The summary comes first, but is known last. */
static int show_text(const char *path, bool summary)
{
	struct image image = { .record = summary ? NULL : text_record };
	struct fault why = {};
	cookie_io_functions_t io = { .write = waiting_write };
	struct waiting records = {};
	bool failed;
	int ret;

	output.text = fopencookie(&records, "w", io);
	if (!output.text) {
		complain("no memory");
		return -1;
	}
	ret = image_scan(&image, path, NULL, &why);
	/* What could not be written before is no error of the last piece. */
	failed = ferror(output.text);
	if (fclose(output.text) || failed) {
		fault_set(&why, "no memory");
		ret = -1;
	} else if (image.reader.sequence) {
		print_summary(&image);
		if (records.size)
			fwrite(records.text, 1, records.size, stdout);
	}
	if (ret && !finish_output())
		complain("%s", why.text);
	free(records.text);
	image_free(&image);
	return ret;
}

static const char *kind_of(const struct ct_field *field)
{
	switch (field->kind) {
	case CT_FIELD_TEXT:
		return "text";
	case CT_FIELD_SIGNED:
		return "signed";
	case CT_FIELD_HEX:
		return is_number(field) ? "hex" : "bytes";
	case CT_FIELD_BYTES:
		return "bytes";
	default:
		return "number";
	}
}

static void print_format(const char *what, const struct ct_field *field)
{
	for (; field && field->name; field++)
		printf("%s %u %u %s %s\n", what, field->offset, field->size, kind_of(field),
		       field->name);
}

/* For programs, and for Documentation/image-format.md. */
static void show_format(void)
{
	const struct ct_record_type *row;
	char letters[CT_TYPE_LETTERS];
	unsigned int n;

	for (n = 0; (row = ct_record_type_at(n)); n++) {
		ct_type_letters(row->type, letters);
		printf("record %s %u %u %s %s\n", letters, row->size, row->element,
		       row->memory ? "memory" : "-", row->name);
		print_format("field", row->fields);
		print_format("element", row->element_fields);
	}
}

static int show_run(int argc, char **argv)
{
	bool json = false, summary = false;
	int c, ret;

	while ((c = getopt_long(argc, argv, "jsfh", show_options, NULL)) >= 0) {
		switch (c) {
		case 'j':
			json = true;
			break;
		case 's':
			summary = true;
			break;
		case 'f':
			show_format();
			return finish_output();
		case 'h':
			command_help(&cmd_show, stdout);
			return finish_output();
		default:
			return bad_option(&cmd_show);
		}
	}
	if (optind >= argc)
		return usage_error(&cmd_show, "which image?");
	if (optind + 1 < argc)
		return usage_error(&cmd_show, "'%s' is too much: one image at a time",
				   argv[optind + 1]);
	if (json && summary)
		return usage_error(&cmd_show, "--json and --summary exclude each other");
	ret = json ? show_json(argv[optind]) : show_text(argv[optind], summary);
	if (ret < 0 || finish_output())
		return EXIT_SELF;
	return ret;
}

const struct command cmd_show = {
	.name = "show",
	.synopsis = "[--json | --summary] FILE | --format",
	.summary = "show what is in an image",
	.help =
	"Shows what is in the image FILE (-: standard input; it can be compressed with\n"
	"zstd): first what can be said about the whole, then all records.  Takes neither\n"
	"root nor the module.\n"
	"\n"
	"  -j, --json     one object\n"
	"  -s, --summary  only what can be said about the whole\n"
	"  -f, --format   the fields of all records that there can be, instead of an image\n"
	"  -h, --help     print this\n"
	"\n"
	"Exit status: 0 if the image is good, 1 if not, 125 if it cannot be read.\n",
	.run = show_run,
};
