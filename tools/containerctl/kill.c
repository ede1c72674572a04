// SPDX-License-Identifier: GPL-2.0
/*
 * containerctl kill: a signal to every task of a container.
 */
#include "compiler.h"

#include <getopt.h>
#include <signal.h>

#include "containerctl.h"
#include "names.h"
#include "proc.h"

static const struct option kill_options[] = {
	{ "signal", required_argument, NULL, 's' },
	{ "list", no_argument, NULL, 'l' },
	{ "help", no_argument, NULL, 'h' },
	{ NULL, 0, NULL, 0 }
};

static int send(const char *name, const char *word)
{
	const char *path;
	struct fault why;
	int sig = SIGTERM;

	/* "-9" and "-KILL" are what fingers are used to. */
	if (word)
		sig = signal_number(word[0] == '-' ? word + 1 : word);
	if (sig < 0)
		return usage_error(&cmd_kill, "'%s' is not a signal; -l lists them", word);
	path = name_from_line(&cmd_kill, name);
	if (!path)
		return EXIT_SELF;
	if (container_signal(path, sig, &why)) {
		complain("%s", why.text);
		return EXIT_SELF;
	}
	return 0;
}

static int kill_run(int argc, char **argv)
{
	const char *word = NULL, *name;
	int c;

	while ((c = getopt_long(argc, argv, "+s:lh", kill_options, NULL)) >= 0) {
		switch (c) {
		case 's':
			word = optarg;
			break;
		case 'l':
			signals_list(stdout);
			return finish_output();
		case 'h':
			command_help(&cmd_kill, stdout);
			return finish_output();
		default:
			return bad_option(&cmd_kill);
		}
	}
	if (optind >= argc)
		return usage_error(&cmd_kill, "which container?");
	name = argv[optind++];
	if (optind < argc && !word)
		word = argv[optind++];
	if (optind < argc)
		return usage_error(&cmd_kill, "'%s' is too much", argv[optind]);
	return send(name, word);
}

const struct command cmd_kill = {
	.name = "kill",
	.synopsis = "[-s SIGNAL] NAME [SIGNAL] | -l",
	.summary = "send a signal to all tasks of a container",
	.help =
	"Sends SIGNAL (TERM unless given; a name with or without SIG, or a number) to\n"
	"every task of the container and of those inside it.  KILL always ends it.\n"
	"\n"
	"  -s, --signal=SIGNAL   the same as SIGNAL after the name\n"
	"  -l, --list            list the signals\n"
	"  -h, --help            print this\n",
	.run = kill_run,
};
