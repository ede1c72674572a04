// SPDX-License-Identifier: GPL-2.0
/*
 * containerctl run and exec: the command lines of what launch() does.
 */
#include "compiler.h"

#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "containerctl.h"
#include "launch.h"
#include "proc.h"

enum { OPT_PIDS = 256, OPT_NO_INIT };

static const struct option run_options[] = {
	{ "pids", required_argument, NULL, OPT_PIDS },
	{ "option", required_argument, NULL, 'o' },
	{ "no-init", no_argument, NULL, OPT_NO_INIT },
	{ "detach", no_argument, NULL, 'd' },
	{ "tty", no_argument, NULL, 't' },
	{ "no-tty", no_argument, NULL, 'T' },
	{ "help", no_argument, NULL, 'h' },
	{ NULL, 0, NULL, 0 }
};

/* exec has those that do not make a container. */
static const struct option exec_options[] = {
	{ "detach", no_argument, NULL, 'd' },
	{ "tty", no_argument, NULL, 't' },
	{ "no-tty", no_argument, NULL, 'T' },
	{ "help", no_argument, NULL, 'h' },
	{ NULL, 0, NULL, 0 }
};

/**
 * struct parse - a command line being read
 * @cmd: whose
 * @short_options: for getopt_long(), with a '+' in front
 * @long_options: likewise
 * @l: what comes of it
 * @options: the module's options
 * @no_init: --no-init was given
 * @tty: 1 for --tty, 0 for --no-tty, -1 for neither
 */
struct parse {
	const struct command *cmd;
	const char *short_options;
	const struct option *long_options;
	struct launch *l;
	char options[1024];
	bool no_init;
	int tty;
};

/* Return: an exit status if the command is over already, otherwise -1. */
static int add_option(struct parse *p, const char *prefix, const char *option)
{
	size_t len = strlen(p->options);
	int n;

	if (!option[0] || strpbrk(option, " \t\n"))
		return usage_error(p->cmd, "'%s' is not an option of the module: it is empty or has a blank in it",
				   option);
	n = snprintf(p->options + len, sizeof(p->options) - len, "%s%s%s",
		     len ? " " : "", prefix, option);
	if ((size_t)n >= sizeof(p->options) - len)
		return usage_error(p->cmd, "too many options for the module");
	return -1;
}

static int add_pids(struct parse *p, const char *value)
{
	if (strcmp(value, "keep") && strcmp(value, "new"))
		return usage_error(p->cmd, "--pids is 'keep' or 'new', not '%s'", value);
	return add_option(p, "pids=", value);
}

static int parse_one(struct parse *p, int c)
{
	switch (c) {
	case OPT_PIDS:
		return add_pids(p, optarg);
	case 'o':
		return add_option(p, "", optarg);
	case OPT_NO_INIT:
		p->no_init = true;
		return -1;
	case 'd':
		p->l->detach = true;
		return -1;
	case 't':
		p->tty = 1;
		return -1;
	case 'T':
		p->tty = 0;
		return -1;
	case 'h':
		command_help(p->cmd, stdout);
		return finish_output();
	default:
		return bad_option(p->cmd);
	}
}

/* Options up to the first word that is none; optind is its index then. */
static int parse_options(struct parse *p, int argc, char **argv)
{
	int c, ret;

	optind = 0;
	while ((c = getopt_long(argc, argv, p->short_options, p->long_options, NULL)) >= 0) {
		ret = parse_one(p, c);
		if (ret >= 0)
			return ret;
	}
	return -1;
}

static int check_name(const struct command *cmd, const char *name)
{
	struct fault why;

	if (name_is_valid(name, &why))
		return -1;
	return usage_error(cmd, "%s", why.text);
}

/* [OPTION...] NAME [OPTION...] [--] COMMAND [ARGUMENT...] */
static int parse_line(struct parse *p, int argc, char **argv)
{
	char *self = argv[0];
	int ret = parse_options(p, argc, argv);

	if (ret >= 0)
		return ret;
	if (optind >= argc)
		return usage_error(p->cmd, "which container?");
	argc -= optind;
	argv += optind;
	p->l->name = argv[0];
	ret = check_name(p->cmd, p->l->name);
	if (ret >= 0)
		return ret;
	argv[0] = self;
	ret = parse_options(p, argc, argv);
	if (ret >= 0)
		return ret;
	if (optind >= argc)
		return usage_error(p->cmd, "which command?");
	p->l->argv = argv + optind;
	return -1;
}

/*
 * What a person sits in front of gets a terminal of its own unless they say
 * otherwise.
 */
static int decide_tty(struct parse *p)
{
	if (p->l->detach && p->tty > 0)
		return usage_error(p->cmd, "--detach and --tty exclude each other");
	if (p->tty >= 0)
		p->l->tty = p->tty;
	else
		p->l->tty = !p->l->detach && isatty(STDIN_FILENO) && isatty(STDOUT_FILENO);
	return -1;
}

static int run_run(int argc, char **argv)
{
	struct launch l = { .create = true };
	struct parse p = {
		.cmd = &cmd_run,
		.short_options = "+o:dtTh",
		.long_options = run_options,
		.l = &l,
		.tty = -1,
	};
	int ret;

	ret = parse_line(&p, argc, argv);
	if (ret < 0)
		ret = decide_tty(&p);
	if (ret >= 0)
		return ret;
	l.options = p.options;
	l.supervise = !p.no_init;
	return launch(&l);
}

static int exec_run(int argc, char **argv)
{
	struct launch l = { .create = false };
	struct parse p = {
		.cmd = &cmd_exec,
		.short_options = "+dtTh",
		.long_options = exec_options,
		.l = &l,
		.tty = -1,
	};
	int ret;

	ret = parse_line(&p, argc, argv);
	if (ret < 0)
		ret = decide_tty(&p);
	if (ret >= 0)
		return ret;
	/* Only the terminal's ^Z needs a parent for the command inside. */
	l.supervise = l.tty;
	return launch(&l);
}

const struct command cmd_run = {
	.name = "run",
	.synopsis = "[OPTION...] NAME [OPTION...] [--] COMMAND [ARGUMENT...]",
	.summary = "create a container and run a command in it",
	.help =
	"Creates the container NAME, runs COMMAND in it, waits for it and ends with its\n"
	"status.  Process 1 of the container is a small init, COMMAND its child; when\n"
	"COMMAND ends, so does the container.\n"
	"\n"
	"  -d, --detach       come back as soon as COMMAND runs\n"
	"      --no-init      make COMMAND itself process 1\n"
	"      --pids=new     number processes from 1 (what happens anyway)\n"
	"      --pids=keep    keep the number the first process has now\n"
	"  -o, --option=WORD  pass an option to the module as it is\n"
	"  -t, --tty          give COMMAND a terminal of its own, as it gets without this\n"
	"                     option if standard input and output are terminals\n"
	"  -T, --no-tty       let it use what containerctl was given\n"
	"  -h, --help         print this\n"
	"\n"
	"Example: containerctl run web -- bash\n",
	.run = run_run,
};

const struct command cmd_exec = {
	.name = "exec",
	.synopsis = "[OPTION...] NAME [OPTION...] [--] COMMAND [ARGUMENT...]",
	.summary = "run a command in an existing container",
	.help =
	"Runs COMMAND in the container NAME, waits for it and ends with its status.\n"
	"\n"
	"  -d, --detach   come back as soon as COMMAND runs\n"
	"  -t, --tty      give COMMAND a terminal of its own, as it gets without this\n"
	"                 option if standard input and output are terminals\n"
	"  -T, --no-tty   let it use what containerctl was given\n"
	"  -h, --help     print this\n"
	"\n"
	"Example: containerctl exec web -- sh -c 'kill -HUP 1'\n",
	.run = exec_run,
};
