// SPDX-License-Identifier: GPL-2.0
/*
 * containerctl adopt: a process that runs already into a container.
 */
#include "compiler.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "containerctl.h"
#include "names.h"
#include "process.h"

enum { OPT_PIDS = 256, OPT_INIT, OPT_TREE };

static const struct option adopt_options[] = {
	{ "pids", required_argument, NULL, OPT_PIDS },
	{ "init", required_argument, NULL, OPT_INIT },
	{ "tree", no_argument, NULL, OPT_TREE },
	{ "help", no_argument, NULL, 'h' },
	{ NULL, 0, NULL, 0 }
};

/**
 * struct adoption - what is to be moved, and where
 * @path: the container
 * @pid: the process
 * @tree: its descendants go along
 * @keep: it keeps its number
 * @init: what was said about process 1, or NULL
 */
struct adoption {
	const char *path;
	pid_t pid;
	bool tree;
	bool keep;
	const char *init;
};

/* Return: an exit status if the command is over already, otherwise -1. */
static int parse_option(struct adoption *a, int c)
{
	switch (c) {
	case OPT_PIDS:
		a->keep = !strcmp(optarg, "keep");
		return choose(&cmd_adopt, "--pids", optarg, "keep", "new");
	case OPT_INIT:
		a->init = optarg;
		return choose(&cmd_adopt, "--init", optarg, "on", "off");
	case OPT_TREE:
		a->tree = true;
		return -1;
	case 'h':
		command_help(&cmd_adopt, stdout);
		return finish_output();
	default:
		return bad_option(&cmd_adopt);
	}
}

static int parse_line(struct adoption *a, int argc, char **argv)
{
	int c, ret;

	while ((c = getopt_long(argc, argv, "h", adopt_options, NULL)) >= 0) {
		ret = parse_option(a, c);
		if (ret >= 0)
			return ret;
	}
	if (optind >= argc)
		return usage_error(&cmd_adopt, "which container?");
	if (optind + 1 >= argc)
		return usage_error(&cmd_adopt, "which process?");
	if (optind + 2 < argc)
		return usage_error(&cmd_adopt, "'%s' is too much: one process at a time, --tree takes its descendants along",
				   argv[optind + 2]);
	a->path = name_from_line(&cmd_adopt, argv[optind]);
	if (!a->path)
		return EXIT_SELF;
	a->pid = process_number(argv[optind + 1]);
	if (a->pid < 0)
		return usage_error(&cmd_adopt, "'%s' is not the number of a process",
				   argv[optind + 1]);
	return -1;
}

/* Is @outer the container @inner, or one around it? */
static bool is_within(const char *inner, const char *outer)
{
	size_t len = strlen(outer);

	return !strncmp(inner, outer, len) && (!len || !inner[len] || inner[len] == '/');
}

static void explain_permission(const struct adoption *a, struct fault *why)
{
	char *where = container_of_process(a->pid);

	if (where && !is_within(a->path, where))
		fault_set(why, "process %d is in container '%s', and from there it can only go further in, not to '%s'",
			  a->pid, where, a->path);
	else
		fault_set(why, "not allowed to move process %d: this takes root (CAP_SYS_ADMIN)",
			  a->pid);
	free(where);
}

/* The file tasks gives no more than a number; @err is it. */
static void explain_join(const struct adoption *a, int err, struct fault *why)
{
	/* What will always be so comes before what happens to be so. */
	if ((err == EINVAL || err == EEXIST) &&
	    process_refusal(a->pid, a->tree, a->keep, why))
		return;
	switch (err) {
	case ESRCH:
	case ENOENT:
		if (process_exists(a->pid))
			fault_set(why, "container '%s' is just ending", a->path);
		else
			fault_set(why, "there is no process %d", a->pid);
		break;
	case EPERM:
		explain_permission(a, why);
		break;
	case EINVAL:
		fault_set(why, "process %d%s cannot be in a container", a->pid,
			  a->tree ? " or one of its descendants" : "");
		break;
	case EEXIST:
		fault_set(why, "a number that is to be kept is taken in container '%s'; --pids=new gives others",
			  a->path);
		break;
	case EAGAIN:
		fault_set(why, "no number is free in container '%s'", a->path);
		break;
	default:
		fault_set(why, "cannot move process %d to container '%s': %s", a->pid, a->path,
			  strerror(err));
	}
}

/* Into the container that @fd is the tasks of. */
static int join(const struct adoption *a, int fd, struct fault *why)
{
	char line[64];
	int len;

	if (a->init) {
		fault_set(why, "there is a container '%s' already: --init is for one that is made",
			  a->path);
		return -1;
	}
	len = snprintf(line, sizeof(line), "%d pids=%s%s\n", a->pid, a->keep ? "keep" : "new",
		       a->tree ? " tree" : "");
	if (write(fd, line, len) == len)
		return 0;
	explain_join(a, errno, why);
	return -1;
}

/*
 * The kernel makes a container inside the one that its first process is in.  If
 * that is not where this one is to be, nothing is done: of two steps the first
 * could not be taken back.
 */
static int check_place(const struct adoption *a, const char *parent, const char *where,
		       struct fault *why)
{
	if (!strcmp(parent, where))
		return 0;
	if (parent[0] && !container_exists(parent))
		fault_set(why, "there is no container '%s' in which '%s' could be made", parent,
			  name_leaf(a->path));
	else if (is_within(parent, where))
		fault_set(why, "process %d is not in container '%s', in which '%s' would be made; 'containerctl adopt %s %d' moves it there",
			  a->pid, parent, name_leaf(a->path), parent, a->pid);
	else
		fault_set(why, "process %d is in container '%s': one that is made of it would be '%s/%s', not '%s'",
			  a->pid, where, where, name_leaf(a->path), a->path);
	return -1;
}

static int found(const struct adoption *a, struct fault *why)
{
	char *parent = name_parent(a->path), *where = container_of_process(a->pid);
	char *options = NULL;
	int ret = -1;

	if (!process_exists(a->pid))
		fault_set(why, "there is no process %d", a->pid);
	else if (!parent || !where ||
		 asprintf(&options, "pid=%d pids=%s%s%s%s", a->pid, a->keep ? "keep" : "new",
			  a->tree ? " tree" : "", a->init ? " init=" : "",
			  a->init ? a->init : "") < 0)
		fault_set(why, "no memory");
	else if (!check_place(a, parent, where, why))
		ret = proc_write_control(name_leaf(a->path), options, why);
	free(options);
	free(where);
	free(parent);
	return ret;
}

static int adopt_run(int argc, char **argv)
{
	struct adoption a = { .keep = true };
	struct fault why;
	int ret, fd;

	ret = parse_line(&a, argc, argv);
	if (ret >= 0)
		return ret;
	fd = container_open(a.path, "tasks", O_WRONLY, &why);
	if (fd >= 0)
		ret = join(&a, fd, &why);
	else if (errno == ENOENT || errno == ENOTDIR)
		ret = found(&a, &why);
	if (!ret)
		return 0;
	complain("%s", why.text);
	return EXIT_SELF;
}

const struct command cmd_adopt = {
	.name = "adopt",
	.synopsis = "[OPTION...] NAME PID",
	.summary = "move a running process into a container",
	.help =
	"Moves the process PID, with all its threads, into the container NAME while it\n"
	"runs.  If there is none, one is made in which it is process 1.  It keeps its\n"
	"number, so that nothing it has remembered goes stale.\n"
	"\n"
	"      --tree        its descendants go along\n"
	"      --pids=keep   the processes keep their numbers (what happens anyway)\n"
	"      --pids=new    give them new ones; a process with threads cannot take that\n"
	"      --init=on     process 1 of a new container is its init (what happens anyway)\n"
	"      --init=off    it is a process like the others: the container lasts until\n"
	"                    its last process ends\n"
	"  -h, --help        print this\n"
	"\n"
	"Example: containerctl adopt --tree web \"$(cat /run/nginx.pid)\"\n",
	.run = adopt_run,
};
