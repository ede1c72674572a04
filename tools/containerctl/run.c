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
#include "names.h"

enum { OPT_PIDS = 256, OPT_INIT, OPT_NO_INIT, OPT_NUMTASKS, OPT_CPUS, OPT_MEMS };

static const struct option run_options[] = {
	{ "pids", required_argument, NULL, OPT_PIDS },
	{ "init", required_argument, NULL, OPT_INIT },
	{ "option", required_argument, NULL, 'o' },
	{ "no-init", no_argument, NULL, OPT_NO_INIT },
	{ "numtasks", required_argument, NULL, OPT_NUMTASKS },
	{ "cpus", required_argument, NULL, OPT_CPUS },
	{ "mems", required_argument, NULL, OPT_MEMS },
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
 * @init_off: the container is to have no init at all
 * @tty: 1 for --tty, 0 for --no-tty, -1 for neither
 */
struct parse {
	const struct command *cmd;
	const char *short_options;
	const struct option *long_options;
	struct launch l;
	char options[1024];
	bool no_init;
	bool init_off;
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
	/* This one matters to us, too. */
	if (!strncmp(p->options + len + !!len, "init=", strlen("init=")))
		p->init_off = !strcmp(p->options + len + !!len, "init=off");
	return -1;
}

static int add_pids(struct parse *p, const char *value)
{
	int ret = choose(p->cmd, "--pids", value, "keep", "new");

	return ret < 0 ? add_option(p, "pids=", value) : ret;
}

static int add_init(struct parse *p, const char *value)
{
	int ret = choose(p->cmd, "--init", value, "on", "off");

	return ret < 0 ? add_option(p, "init=", value) : ret;
}

/* What is right the module knows; an empty word it would take for nothing at all. */
static int add_limit(struct parse *p, const char *option, const char **limit)
{
	if (!optarg[0])
		return usage_error(p->cmd, "%s: the value is empty", option);
	*limit = optarg;
	return -1;
}

static int parse_one(struct parse *p, int c)
{
	switch (c) {
	case OPT_PIDS:
		return add_pids(p, optarg);
	case OPT_INIT:
		return add_init(p, optarg);
	case 'o':
		return add_option(p, "", optarg);
	case OPT_NO_INIT:
		p->no_init = true;
		return -1;
	case OPT_NUMTASKS:
		return add_limit(p, "--numtasks", &p->l.limits.numtasks);
	case OPT_CPUS:
		return add_limit(p, "--cpus", &p->l.limits.cpus);
	case OPT_MEMS:
		return add_limit(p, "--mems", &p->l.limits.mems);
	case 'd':
		p->l.detach = true;
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
	p->l.name = name_from_line(p->cmd, argv[0]);
	if (!p->l.name)
		return EXIT_SELF;
	argv[0] = self;
	ret = parse_options(p, argc, argv);
	if (ret >= 0)
		return ret;
	if (optind >= argc)
		return usage_error(p->cmd, "which command?");
	p->l.argv = argv + optind;
	return -1;
}

/*
 * What a person sits in front of gets a terminal of its own unless they say
 * otherwise.
 */
static int decide_tty(struct parse *p)
{
	if (p->l.detach && p->tty > 0)
		return usage_error(p->cmd, "--detach and --tty exclude each other");
	if (p->tty >= 0)
		p->l.tty = p->tty;
	else
		p->l.tty = !p->l.detach && isatty(STDIN_FILENO) && isatty(STDOUT_FILENO);
	return -1;
}

static int parse_launch(struct parse *p, int argc, char **argv)
{
	int ret;

	p->tty = -1;
	ret = parse_line(p, argc, argv);
	return ret < 0 ? decide_tty(p) : ret;
}

static int run_run(int argc, char **argv)
{
	struct parse p = { &cmd_run, "+o:dtTh", run_options, .l.create = true };
	int ret = parse_launch(&p, argc, argv);
	struct fault why;

	if (ret >= 0)
		return ret;
	if (limits_given(&p.l.limits) && limits_prepare(&p.l.limits, &why)) {
		complain("%s", why.text);
		return EXIT_SELF;
	}
	p.l.options = p.options;
	p.l.init = !p.init_off;
	p.l.supervise = p.l.init ? !p.no_init : p.l.tty;
	return launch(&p.l);
}

static int exec_run(int argc, char **argv)
{
	struct parse p = { &cmd_exec, "+dtTh", exec_options, .l.create = false };
	int ret = parse_launch(&p, argc, argv);

	if (ret >= 0)
		return ret;
	/* Only the terminal's ^Z needs a parent for the command inside. */
	p.l.supervise = p.l.tty;
	return launch(&p.l);
}

const struct command cmd_run = {
	.name = "run",
	.synopsis = "[OPTION...] NAME [OPTION...] [--] COMMAND [ARGUMENT...]",
	.summary = "create a container and run a command in it",
	.help =
	"Creates the container NAME, runs COMMAND in it, waits for it and ends with its\n"
	"status.  Process 1 of the container is a small init, COMMAND its child; when\n"
	"COMMAND ends, so does the container.  A/B is the container B inside A.\n"
	"\n"
	"  -d, --detach       come back as soon as COMMAND runs\n"
	"      --init=on      process 1 is an init (what happens anyway)\n"
	"      --init=off     COMMAND is the first process, but one like any other:\n"
	"                     the container lasts until its last process ends\n"
	"      --no-init      make COMMAND itself process 1\n"
	"      --pids=new     number processes from 1 (what happens anyway)\n"
	"      --pids=keep    keep the number the first process has now\n"
	"  -o, --option=WORD  pass an option to the module as it is\n"
	"  -t, --tty          give COMMAND a terminal of its own, as it gets without this\n"
	"                     option if standard input and output are terminals\n"
	"  -T, --no-tty       let it use what containerctl was given\n"
	"  -h, --help         print this\n"
	"\n"
	"Limits, which are in force before COMMAND runs:\n"
	"\n"
	"      --numtasks=N   so many processes and threads, the init included, or max\n"
	"      --cpus=LIST    only on these CPUs, as in 0-3,6\n"
	"      --mems=LIST    memory of these nodes only\n"
	"\n"
	"Example: containerctl run web -- bash\n"
	"         containerctl run --numtasks 100 --cpus 0-1 web -- bash\n",
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
