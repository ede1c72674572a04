// SPDX-License-Identifier: GPL-2.0
/*
 * containerctl: the table of commands, help and messages.
 */
#include "compiler.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "containerctl.h"
#include "plain.h"

static const struct command *const commands[] = {
	&cmd_run,
	&cmd_exec,
	&cmd_adopt,
	&cmd_list,
	&cmd_status,
	&cmd_ps,
	&cmd_kill,
	&cmd_top,
	&cmd_hierarchy,
	&cmd_checkpoint,
	&cmd_restart,
	&cmd_check,
	&cmd_show,
	&cmd_verify,
	&cmd_migrate,
};

static void print_message(const char *fmt, va_list args)
{
	char *text;

	if (vasprintf(&text, fmt, args) < 0) {
		fputs("no memory\n", stderr);
		return;
	}
	print_plain(stderr, text);
	free(text);
	fputc('\n', stderr);
}

void complain(const char *fmt, ...)
{
	va_list args;

	fputs("containerctl: ", stderr);
	va_start(args, fmt);
	print_message(fmt, args);
	va_end(args);
}

static void print_usage(const struct command *cmd, FILE *out)
{
	fprintf(out, "usage: containerctl %s %s\n", cmd->name, cmd->synopsis);
	fprintf(out, "Try 'containerctl %s --help'.\n", cmd->name);
}

int usage_error(const struct command *cmd, const char *fmt, ...)
{
	va_list args;

	fprintf(stderr, "containerctl %s: ", cmd->name);
	va_start(args, fmt);
	print_message(fmt, args);
	va_end(args);
	print_usage(cmd, stderr);
	return EXIT_SELF;
}

/* After getopt_long() has said what was wrong. */
int bad_option(const struct command *cmd)
{
	print_usage(cmd, stderr);
	return EXIT_SELF;
}

/* An option with two values. Return: -1, or the exit status for any other value. */
int choose(const struct command *cmd, const char *option, const char *value, const char *a,
	   const char *b)
{
	if (!strcmp(value, a) || !strcmp(value, b))
		return -1;
	return usage_error(cmd, "%s is '%s' or '%s', not '%s'", option, a, b, value);
}

/* A full disk or a closed pipe must not pass for success. */
int finish_output(void)
{
	if (!fflush(stdout) && !ferror(stdout))
		return 0;
	complain("cannot write the output: %s", strerror(errno));
	return EXIT_SELF;
}

void command_help(const struct command *cmd, FILE *out)
{
	fprintf(out, "usage: containerctl %s %s\n\n%s", cmd->name, cmd->synopsis, cmd->help);
}

static void print_help(FILE *out)
{
	size_t i;

	fputs("usage: containerctl COMMAND [ARGUMENT...]\n\nCommands:\n", out);
	for (i = 0; i < ARRAY_SIZE(commands); i++)
		fprintf(out, "  %-10s %s\n", commands[i]->name, commands[i]->summary);
	fputs("\n"
	      "'containerctl COMMAND --help' (or 'containerctl help COMMAND') explains one.\n"
	      "'containerctl --version' prints the version.\n"
	      "\n"
	      "Exit status: 125 if containerctl itself failed, 126 if the command cannot be\n"
	      "run, 127 if it was not found, 128+N if it died of signal N, otherwise its own.\n",
	      out);
}

static const struct command *find_command(const char *name)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(commands); i++)
		if (!strcmp(commands[i]->name, name))
			return commands[i];
	complain("'%s' is not a command; 'containerctl --help' lists them", name);
	return NULL;
}

static int help_command(int argc, char **argv)
{
	const struct command *cmd;

	if (argc < 2) {
		print_help(stdout);
		return finish_output();
	}
	cmd = find_command(argv[1]);
	if (!cmd)
		return EXIT_SELF;
	command_help(cmd, stdout);
	return finish_output();
}

/*
 * A caller may have closed a standard descriptor; the next open() would then
 * become it, and a message would go into, say, /proc/container.
 */
static void fill_standard_fds(void)
{
	int fd;

	do
		fd = open("/dev/null", O_RDWR);
	while (fd >= 0 && fd <= STDERR_FILENO);
	if (fd >= 0)
		close(fd);
}

int main(int argc, char **argv)
{
	const struct command *cmd;
	const char *word;

	fill_standard_fds();
	if (argc < 2) {
		print_help(stderr);
		return EXIT_SELF;
	}
	word = argv[1];
	if (!strcmp(word, "--help") || !strcmp(word, "-h") || !strcmp(word, "help"))
		return help_command(argc - 1, argv + 1);
	if (!strcmp(word, "--version") || !strcmp(word, "-V")) {
		puts("containerctl " CONTAINERCTL_VERSION);
		return finish_output();
	}
	if (word[0] == '-') {
		complain("option '%s' is unknown; 'containerctl --help' helps", word);
		return EXIT_SELF;
	}
	cmd = find_command(word);
	if (!cmd)
		return EXIT_SELF;
	if (asprintf(&argv[1], "containerctl %s", cmd->name) < 0) {
		complain("no memory");
		return EXIT_SELF;
	}
	return cmd->run(argc - 1, argv + 1);
}
