/* SPDX-License-Identifier: GPL-2.0 */
#ifndef CONTAINERCTL_H
#define CONTAINERCTL_H

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "compiler.h"

#ifndef CONTAINERCTL_VERSION
#define CONTAINERCTL_VERSION "0.1"
#endif

/* Exit statuses, those of env(1), nohup(1) and their kin. */
enum {
	EXIT_SELF = 125,	/* containerctl itself failed */
	EXIT_CANNOT = 126,	/* the command was found but cannot be run */
	EXIT_NO_COMMAND = 127,	/* the command was not found */
	EXIT_SIGNALLED = 128,	/* plus the signal the command died of */
};

/**
 * struct command - one word a user can type after "containerctl"
 * @name: the word
 * @synopsis: what follows the word
 * @summary: half a line for the list of commands
 * @help: the rest of --help, newline-terminated
 * @run: does it; argv[0] is "containerctl WORD", for getopt_long()'s messages;
 *	returns the exit status
 *
 * A new command is one of these, and its line in the table in main.c.
 */
struct command {
	const char *name;
	const char *synopsis;
	const char *summary;
	const char *help;
	int (*run)(int argc, char **argv);
};

extern const struct command cmd_adopt;
extern const struct command cmd_check;
extern const struct command cmd_checkpoint;
extern const struct command cmd_exec;
extern const struct command cmd_hierarchy;
extern const struct command cmd_kill;
extern const struct command cmd_list;
extern const struct command cmd_migrate;
extern const struct command cmd_ps;
extern const struct command cmd_restart;
extern const struct command cmd_run;
extern const struct command cmd_show;
extern const struct command cmd_status;
extern const struct command cmd_top;
extern const struct command cmd_verify;

/* main.c */
void command_help(const struct command *cmd, FILE *out);
__printf(2, 3) int usage_error(const struct command *cmd, const char *fmt, ...);
int bad_option(const struct command *cmd);
__printf(1, 2) void complain(const char *fmt, ...);
int choose(const struct command *cmd, const char *option, const char *value, const char *a,
	   const char *b);
int finish_output(void);

/* descriptors.c */
void keep_descriptors(int *keep, size_t n);

/* signals.c */
int signal_number(const char *text);
const char *signal_name(int sig, char *buf, size_t size);
void signals_list(FILE *out);
void signals_relayed(sigset_t *set);

#endif
