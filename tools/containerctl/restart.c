// SPDX-License-Identifier: GPL-2.0
/*
 * containerctl restart: a container from an image.
 */
#include "compiler.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "containerctl.h"
#include "image.h"
#include "move.h"
#include "names.h"
#include "proc.h"
#include "source.h"

#define PROC_RESTART	PROC_CONTAINER_DIR "restart"

/* Without --outside, for who waits for the container: it has what we have. */
#define OUTSIDE_ALL	"0,1,2"
/* The image comes from standard input. */
#define OUTSIDE_OUTPUT	"1,2"

enum { OPT_REPORT = 256, OPT_OUTSIDE };

static const struct option restart_options[] = {
	{ "name", required_argument, NULL, 'n' },
	{ "detach", no_argument, NULL, 'd' },
	{ "progress", no_argument, NULL, 'p' },
	{ "outside", required_argument, NULL, OPT_OUTSIDE },
	{ "report", no_argument, NULL, OPT_REPORT },
	{ "help", no_argument, NULL, 'h' },
	{ NULL, 0, NULL, 0 }
};

/**
 * struct restart - a restart
 * @path: of the image
 * @name: what to call the container; NULL: as it was called
 * @outside: what takes the place of pipes that were outside; NULL: nothing
 * @detach: do not wait for it
 * @report: another containerctl waits for words on standard output
 * @always: show how far it is even where standard error is no terminal
 * @fd: of the kernel's file
 */
struct restart {
	const char *path;
	const char *name;
	const char *outside;
	bool detach;
	bool report;
	bool always;
	int fd;
};

/*
 * The module leaves the reason of a failed write in the open file.  What is wrong
 * with the image is said of that.
 */
static void explain(const struct restart *r, const char *image, int err,
		    struct fault *why)
{
	char text[sizeof(why->text) / 2];
	ssize_t n = read(r->fd, text, sizeof(text) - 1);

	text[n > 0 ? n : 0] = '\0';
	text[strcspn(text, "\n")] = '\0';
	if (image && !strncmp(text, "record ", strlen("record ")))
		fault_set(why, "%.200s: %s", image, text);
	else
		fault_set(why, "cannot restart the container: %s",
			  text[0] ? text : strerror(err));
}

static int restart_open(struct restart *r, struct fault *why)
{
	char *line;
	int len, ret;

	r->fd = open(PROC_RESTART, O_RDWR | O_CLOEXEC);
	if (r->fd < 0) {
		proc_explain(why, "cannot restart containers", errno);
		return -1;
	}
	if (!r->name && !r->outside)
		return 0;
	len = asprintf(&line, "options %s%s %s%s\n",
		       r->name ? "name=" : "", r->name ? r->name : "",
		       r->outside ? "outside=" : "", r->outside ? r->outside : "");
	if (len < 0) {
		fault_set(why, "no memory");
		return -1;
	}
	ret = write(r->fd, line, len) == len ? 0 : -1;
	if (ret)
		explain(r, NULL, errno, why);
	free(line);
	return ret;
}

static int take(struct image *image, const void *data, size_t size, struct fault *why)
{
	const struct restart *r = image->owner;

	if (!write_all(r->fd, data, size))
		return 0;
	explain(r, NULL, errno, why);
	return -1;
}

/* Return: as move_take(); what splice(2) cannot take goes through memory. */
static ssize_t take_some(struct mover *m, struct source *s, struct fault *why)
{
	ssize_t n = move_take(m, s->fd);
	char *data;

	if (n < 0 && errno == EINVAL) {
		data = malloc(MOVE_SAFE);
		n = data ? source_read(s, data, MOVE_SAFE, why) : -1;
		if (n > 0 && write_all(m->in, data, n))
			n = -1;
		free(data);
	}
	if (n < 0)
		fault_set(why, "cannot read %s: %s", s->name, strerror(errno));
	return n;
}

/* The memory: it is the module that looks at it, and says whether it is complete. */
static int move_memory(struct restart *r, struct mover *m, struct source *s,
		       uint64_t done, struct progress *progress, struct fault *why)
{
	ssize_t n;

	while ((n = take_some(m, s, why)) > 0) {
		if (move_give(m, r->fd, n)) {
			explain(r, s->name, errno, why);
			return -1;
		}
		done += n;
		progress_step(progress, s->size ? source_position(s) : done);
	}
	if (n < 0 || !fsync(r->fd))
		return n;
	if (errno == ENODATA)
		fault_set(why, "%s: the image ends early, after %llu bytes", s->name,
			  (unsigned long long)done);
	else
		explain(r, NULL, errno, why);
	return -1;
}

/* Return: 0, or -1; then nothing is left of the container. @name: its path. */
static int stream(struct restart *r, struct source *s, char **name, struct fault *why)
{
	struct image image = { .take = take, .owner = r, .until_memory = true };
	/* The path of a name has that at its beginning already. */
	const char *own = r->name ? "" : own_name();
	struct progress progress;
	struct mover m;
	int ret;

	progress_begin(&progress, "restart", r->always);
	ret = image_pass(&image, s, &progress, why);
	if (!ret && image.reader.state != CT_IMAGE_DONE) {
		ret = move_begin(&m, why);
		if (!ret) {
			ret = move_memory(r, &m, s, image.reader.offset, &progress, why);
			move_end(&m);
		}
		progress_end(&progress);
	}
	if (!ret && asprintf(name, "%s%s%s", own, own[0] ? "/" : "",
			     r->name ? r->name : image.header.name) < 0) {
		fault_set(why, "no memory");
		*name = NULL;
		ret = -1;
	}
	image_free(&image);
	return ret ? -1 : 0;
}

/* A word for the containerctl that has been waiting for it. */
static int say(const char *word, const char *name)
{
	printf("%s%s%s\n", word, name ? " " : "", name ? name : "");
	return finish_output();
}

/* Our only child: the others have been waited for. */
static pid_t only_child(void)
{
	char path[64];
	int pid = 0;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/self/task/%d/children", getpid());
	file = fopen(path, "re");
	if (file && fscanf(file, "%d", &pid) != 1)
		pid = 0;
	if (file)
		fclose(file);
	return pid;
}

static void block_signals(void)
{
	sigset_t set;

	signals_relayed(&set);
	/* To stop us, and nobody else, is the business of the shell. */
	sigdelset(&set, SIGTSTP);
	sigdelset(&set, SIGCONT);
	sigprocmask(SIG_BLOCK, &set, NULL);
}

/* The name is free a moment after process 1 has been waited for. */
static void wait_until_gone(const char *name, long id)
{
	static const struct timespec pause = { .tv_nsec = 2000000 };
	int tries = 1000;

	while (id >= 0 && tries-- && container_id(name) == id)
		nanosleep(&pause, NULL);
}

/* Stand in for process 1: what we are told goes to it, its status is ours. */
static int stand_in(const char *name)
{
	long id = container_id(name);
	pid_t child = only_child();
	int status, sig;
	sigset_t set;

	block_signals();
	sigprocmask(SIG_BLOCK, NULL, &set);
	for (;;) {
		pid_t pid = waitpid(child ? child : -1, &status, WNOHANG);

		if (pid > 0)
			break;
		if (pid < 0) {
			complain("container '%s' has no process 1 that could be waited for",
				 name);
			return EXIT_SELF;
		}
		if (!sigwait(&set, &sig) && sig != SIGCHLD && child)
			kill(child, sig);
	}
	wait_until_gone(name, id);
	return WIFSIGNALED(status) ? EXIT_SIGNALLED + WTERMSIG(status) :
				     WEXITSTATUS(status);
}

static int start(struct restart *r, char **name, struct fault *why)
{
	struct fault unpacking;
	struct source s;
	int ret;

	if (r->report && say("ready", NULL))
		return -1;
	ret = source_open(&s, r->path, why) ? -1 : stream(r, &s, name, why);
	if (source_close(&s, &unpacking) && !ret)
		complain("%s", unpacking.text);
	return ret;
}

static int restart(struct restart *r)
{
	struct sigaction dfl = { .sa_handler = SIG_DFL };
	struct fault why = {};
	char *name = NULL;
	int ret;

	/* Who ignores it never hears of a child's end. */
	sigaction(SIGCHLD, &dfl, NULL);
	ret = restart_open(r, &why) ? -1 : start(r, &name, &why);
	if (r->fd >= 0)
		close(r->fd);
	if (ret) {
		if (why.text[0])
			complain("%s", why.text);
		return EXIT_SELF;
	}
	if (r->report)
		ret = say("restarted", name);
	else if (r->detach)
		ret = say(name, NULL);
	if (!ret && !r->detach)
		ret = stand_in(name);
	free(name);
	return ret;
}

static int parse(struct restart *r, int argc, char **argv)
{
	struct fault why;
	int c;

	while ((c = getopt_long(argc, argv, "n:dph", restart_options, NULL)) >= 0) {
		switch (c) {
		case 'n':
			/* It lives as long as we do. */
			r->name = name_path(optarg, &why);
			if (!r->name)
				return usage_error(&cmd_restart, "%s", why.text);
			if (!strcmp(r->name, own_name()))
				return usage_error(&cmd_restart, "'%s' is the container that containerctl is in",
						   optarg);
			break;
		case 'd':
			r->detach = true;
			break;
		case 'p':
			r->always = true;
			break;
		case OPT_OUTSIDE:
			if (!optarg[0] || strlen(optarg) > 32 ||
			    optarg[strspn(optarg, "012nul,")])
				return usage_error(&cmd_restart, "--outside takes 0, 1, 2 and null, with commas between, and not '%s'",
						   optarg);
			r->outside = optarg;
			break;
		case OPT_REPORT:
			r->report = true;
			break;
		case 'h':
			command_help(&cmd_restart, stdout);
			return finish_output();
		default:
			return bad_option(&cmd_restart);
		}
	}
	return -1;
}

static int restart_run(int argc, char **argv)
{
	struct restart r = { .fd = -1 };
	int ret = parse(&r, argc, argv);

	if (ret >= 0)
		return ret;
	if (optind >= argc)
		return usage_error(&cmd_restart, "from which file? ('-' is standard input)");
	if (optind + 1 < argc)
		return usage_error(&cmd_restart, "'%s' is too much: one image at a time",
				   argv[optind + 1]);
	r.path = argv[optind];
	if (!r.outside && !r.detach && !r.report)
		r.outside = strcmp(r.path, "-") ? OUTSIDE_ALL : OUTSIDE_OUTPUT;
	return restart(&r);
}

const struct command cmd_restart = {
	.name = "restart",
	.synopsis = "[OPTION...] FILE",
	.summary = "make a container from an image",
	.help =
	"Makes a container from the image FILE (-: standard input; it can be compressed\n"
	"with zstd), with all processes as they were and with their numbers.  Waits for\n"
	"its process 1, to which signals are passed on, and ends with its status.\n"
	"\n"
	"  -n, --name=NAME  call it NAME, and not as it was called; PATH/NAME: make it inside\n"
	"                   the container PATH\n"
	"  -d, --detach     print its name and come back as soon as it runs\n"
	"  -p, --progress   say how far it is even if standard error is no terminal\n"
	"      --outside=LIST\n"
	"                   what takes the place of pipes that were left outside: 0, 1, 2:\n"
	"                   our descriptor for what was that one; null: /dev/null for what\n"
	"                   else is missing.  Without this and -d: 0,1,2\n"
	"      --report     for programs: print 'ready' before anything of FILE is read,\n"
	"                   and 'restarted NAME' when it runs\n"
	"  -h, --help       print this\n"
	"\n"
	"Example: containerctl restart --detach /var/tmp/web.img\n",
	.run = restart_run,
};
