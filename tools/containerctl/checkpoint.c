// SPDX-License-Identifier: GPL-2.0
/*
 * containerctl checkpoint: an image of a container into a file.
 */
#include "compiler.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "containerctl.h"
#include "names.h"
#include "progress.h"
#include "snapshot.h"

static const struct option checkpoint_options[] = {
	{ "stop", no_argument, NULL, 's' },
	{ "kill", no_argument, NULL, 'k' },
	{ "ignore", required_argument, NULL, 'i' },
	{ "compress", no_argument, NULL, 'z' },
	{ "progress", no_argument, NULL, 'p' },
	{ "help", no_argument, NULL, 'h' },
	{ NULL, 0, NULL, 0 }
};

/* Return: as snapshot_stream(). */
static int write_image(struct snapshot *s, struct fault *why)
{
	int ret = snapshot_stream(s, why);

	if (ret)
		target_drop(&s->target);
	else
		ret = target_finish(&s->target, why);
	/* Only now that it is safe the container may be ended. */
	return ret ? ret : snapshot_end(s, why);
}

/* For who wants to know how it went: what the module has measured. */
static void tell(const struct snapshot *s)
{
	struct fault why;
	char *status = proc_read_status(s->name, &why);
	char *pause = status ? status_value(status, "checkpoint-pause-us") : NULL;
	char bytes[BYTES_TEXT];

	fprintf(stderr, "%s: %s", s->name, bytes_text(s->bytes, bytes));
	if (pause)
		fprintf(stderr, ", stopped for %s us", pause);
	fputc('\n', stderr);
	free(pause);
	free(status);
}

/* Return: as snapshot_stream(). */
static int attempt(struct snapshot *s, const char *path, bool compress, struct fault *why)
{
	int ret = snapshot_open(s, why);

	if (!ret) {
		ret = target_open(&s->target, path, compress, why);
		if (ret)
			target_drop(&s->target);
		else
			ret = write_image(s, why);
	}
	snapshot_close(s);
	return ret;
}

static int checkpoint(struct snapshot *s, const char *path, bool compress)
{
	int tries = SNAPSHOT_TRIES, ret;
	struct fault why;

	do
		ret = attempt(s, path, compress, &why);
	while (ret > 0 && --tries && blockers_pass(s->name));
	if (ret > 0 && blockers_complain(s->name))
		return EXIT_SELF;
	if (ret) {
		complain("%s", why.text);
		return EXIT_SELF;
	}
	if (s->always)
		tell(s);
	return 0;
}

static int checkpoint_run(int argc, char **argv)
{
	struct snapshot s = { .how = "" };
	const char *ignore = NULL;
	bool compress = false;
	char how[64];
	int c;

	while ((c = getopt_long(argc, argv, "ski:zph", checkpoint_options, NULL)) >= 0) {
		switch (c) {
		case 's':
			s.how = s.how[0] ? s.how : "stop";
			break;
		case 'k':
			s.how = "kill";
			break;
		case 'i':
			if (strcmp(optarg, "pipes"))
				return usage_error(&cmd_checkpoint, "'%s' cannot be ignored; pipes can", optarg);
			ignore = optarg;
			break;
		case 'z':
			compress = true;
			break;
		case 'p':
			s.always = true;
			break;
		case 'h':
			command_help(&cmd_checkpoint, stdout);
			return finish_output();
		default:
			return bad_option(&cmd_checkpoint);
		}
	}
	if (optind >= argc)
		return usage_error(&cmd_checkpoint, "which container?");
	if (optind + 1 >= argc)
		return usage_error(&cmd_checkpoint, "to which file? ('-' is standard output)");
	if (optind + 2 < argc)
		return usage_error(&cmd_checkpoint, "'%s' is too much", argv[optind + 2]);
	s.name = name_from_line(&cmd_checkpoint, argv[optind]);
	if (!s.name)
		return EXIT_SELF;
	if (ignore) {
		snprintf(how, sizeof(how), "%s ignore=%s", s.how, ignore);
		s.how = how;
	}
	return checkpoint(&s, argv[optind + 1], compress);
}

const struct command cmd_checkpoint = {
	.name = "checkpoint",
	.synopsis = "[OPTION...] NAME FILE",
	.summary = "save a container to an image",
	.help =
	"Saves the container NAME, as it is at one moment, to FILE (-: standard output).\n"
	"Its processes are stopped only for that moment, and go on while it is written.\n"
	"FILE has its name once it is complete; if anything fails there is none.\n"
	"\n"
	"  -s, --stop      the processes go on only once FILE is complete\n"
	"  -k, --kill      the container is ended then, and only then\n"
	"  -i, --ignore=WHAT\n"
	"                  pipes: those that lead outside and are the input or output of a\n"
	"                  process are left there, and are no reason not to save it\n"
	"  -z, --compress  compress FILE with zstd(1)\n"
	"  -p, --progress  say how far it is even if standard error is no terminal, and\n"
	"                  in the end how long the processes were stopped\n"
	"  -h, --help      print this\n"
	"\n"
	"Example: containerctl checkpoint --kill web /var/tmp/web.img\n",
	.run = checkpoint_run,
};
