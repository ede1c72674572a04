// SPDX-License-Identifier: GPL-2.0
/*
 * containerctl show and verify at images that have been changed: whatever is in
 * them, they end in one of the ways that they are documented to end in.
 */
/* sources: src/image/[a-z]*.c tools/containerctl/image.c tools/containerctl/json.c */
/* sources: tools/containerctl/show.c tools/containerctl/verify.c */
/* sources: tools/containerctl/source.c tools/containerctl/pack.c */
/* sources: tools/containerctl/progress.c tools/containerctl/descriptors.c */
/* sources: tools/containerctl/plain.c */
#include "../../tools/containerctl/compiler.h"

#include <check.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdarg.h>
#include <sys/mman.h>
#include <unistd.h>
#include "../../tools/containerctl/containerctl.h"
#include "../../tools/containerctl/proc.h"
#include "image_make.h"

#define IMAGES	3000

/* What these have of main.c and proc.c: said is counted, and not seen. */
static unsigned int complaints;

void complain(const char *fmt, ...)
{
	complaints++;
}

void fault_set(struct fault *why, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vsnprintf(why->text, sizeof(why->text), fmt, args);
	va_end(args);
}

int finish_output(void)
{
	return fflush(stdout) || ferror(stdout) ? EXIT_SELF : 0;
}

int usage_error(const struct command *cmd, const char *fmt, ...)
{
	return EXIT_SELF;
}

int bad_option(const struct command *cmd)
{
	return EXIT_SELF;
}

void command_help(const struct command *cmd, FILE *out)
{
}

static int run(const struct command *cmd, const char *option, int fd)
{
	char path[64], word[] = "test";
	char *argv[] = { word, (char *)option, path, NULL };
	int ret;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	complaints = 0;
	optind = 0;
	ret = cmd->run(3, argv);
	ck_assert_int_eq(!!complaints, !!ret);
	return ret;
}

/* What is printed is read by nobody, but has to be made. */
static int run_all(const unsigned char *data, size_t size)
{
	int fd = memfd_create("image", 0), ret, i;
	static const struct {
		const struct command *cmd;
		const char *option;
	} runs[] = {
		{ &cmd_show, "--" }, { &cmd_show, "--json" }, { &cmd_show, "--summary" },
	};

	ck_assert_int_eq(write(fd, data, size), size);
	ret = run(&cmd_verify, "--quiet", fd);
	for (i = 0; i < 3; i++)
		ck_assert_int_eq(run(runs[i].cmd, runs[i].option, fd), ret);
	close(fd);
	return ret;
}

static __u64 seed = 88172645463325252ull;

static __u32 any(__u32 below)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return seed % below;
}

/* All types with 0, 1 or 2 elements, in a process tree of one. */
static void make(struct image *image)
{
	const struct ct_record_type *row;
	unsigned int n;
	char *zeros = calloc(1, CONTAINER_IMAGE_LENGTH_MAX);

	image_header(image);
	for (n = 0; (row = ct_record_type_at(n)); n++)
		if (!row->memory && row->type != CONTAINER_IMAGE_HEADER &&
		    row->type != CONTAINER_IMAGE_MEMORY && row->type != CONTAINER_IMAGE_END)
			image_add(image, row->type, 0, 1, zeros,
				  row->size + row->element * any(3));
	image_add(image, CONTAINER_IMAGE_MEMORY, 0, 0, NULL, 0);
	image_all_types(image, true);
	image_end(image);
	free(zeros);
}

START_TEST(test_changed)
{
	unsigned int i, k, good = 0, bad = 0;
	struct image image = {};
	unsigned char *data;
	int ret;

	ck_assert_ptr_nonnull(freopen("/dev/null", "w", stdout));
	make(&image);
	data = malloc(image.size);
	for (i = 0; i < IMAGES; i++) {
		memcpy(data, image.data, image.size);
		for (k = any(30); k; k--)
			data[any(image.size)] = any(4) ? any(256) : 255;
		image_repair(data, image.size);
		ret = run_all(data, any(8) ? image.size : any(image.size));
		ck_assert(!ret || ret == 1);
		good += !ret;
		bad += !!ret;
	}
	/* Whatever has been changed at random, some is still an image. */
	ck_assert_uint_gt(good + bad, 0);
	ck_assert_uint_gt(bad, IMAGES / 10);
	free(data);
	free(image.data);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("show");
	TCase *tc = tcase_create("show");
	SRunner *runner;
	int failed;

	tcase_set_timeout(tc, 300);
	tcase_add_test(tc, test_changed);
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed != 0;
}
