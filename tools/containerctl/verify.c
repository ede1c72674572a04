// SPDX-License-Identifier: GPL-2.0
/*
 * containerctl verify: is an image complete, and what it was when it was made?
 */
#include "compiler.h"

#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "containerctl.h"
#include "image.h"
#include "plain.h"

static const struct option verify_options[] = {
	{ "quiet", no_argument, NULL, 'q' },
	{ "help", no_argument, NULL, 'h' },
	{ NULL, 0, NULL, 0 }
};

static void say_good(const struct image *image, const char *path)
{
	char size[BYTES_TEXT], memory[BYTES_TEXT], time[32];
	/* That it is undamaged does not mean that the module has made it. */
	char *name = path_escaped(image->header.name);

	printf("%s: good: container %s of %s, %zu process%s, %s of memory, %s in %u records\n",
	       path, name ? name : "?", image_time(image, time), image->nr_processes,
	       image->nr_processes == 1 ? "" : "es",
	       bytes_text(image->reader.pages * image->header.page_size, memory),
	       bytes_text(image->reader.offset, size), image->reader.sequence);
	free(name);
}

static int verify(const char *path, bool quiet)
{
	struct image image = {};
	struct progress progress;
	struct fault why;
	int ret;

	progress_begin(&progress, "verify", false);
	ret = image_scan(&image, path, &progress, &why);
	if (ret)
		complain("%s", why.text);
	else if (!quiet)
		say_good(&image, strcmp(path, "-") ? path : "standard input");
	image_free(&image);
	if (!ret)
		return finish_output();
	return ret < 0 ? EXIT_SELF : ret;
}

static int verify_run(int argc, char **argv)
{
	bool quiet = false;
	int c;

	while ((c = getopt_long(argc, argv, "qh", verify_options, NULL)) >= 0) {
		switch (c) {
		case 'q':
			quiet = true;
			break;
		case 'h':
			command_help(&cmd_verify, stdout);
			return finish_output();
		default:
			return bad_option(&cmd_verify);
		}
	}
	if (optind >= argc)
		return usage_error(&cmd_verify, "which image?");
	if (optind + 1 < argc)
		return usage_error(&cmd_verify, "'%s' is too much: one image at a time",
				   argv[optind + 1]);
	return verify(argv[optind], quiet);
}

const struct command cmd_verify = {
	.name = "verify",
	.synopsis = "[--quiet] FILE",
	.summary = "look whether an image is complete and undamaged",
	.help =
	"Reads the image FILE (-: standard input; it can be compressed with zstd) to its\n"
	"end, with all its checksums.  Takes neither root nor the module.\n"
	"\n"
	"  -q, --quiet  say nothing if it is good\n"
	"  -h, --help   print this\n"
	"\n"
	"Exit status: 0 if it is good, 1 if not, 125 if it cannot be read.\n",
	.run = verify_run,
};
