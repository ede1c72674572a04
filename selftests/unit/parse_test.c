// SPDX-License-Identifier: GPL-2.0
/* Names, options and signals as people write them. */
#include <check.h>
#include <errno.h>
#include <linux/signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "container/parse.h"

static char why[CT_WHY_MAX];
static struct ct_request req;

static int parse(const char *line)
{
	char *copy = strndup(line, strlen(line));
	size_t len = strlen(line);
	char *exact = malloc(len ?: 1);
	int err;

	/* Exactly its size: the sanitizer sees a byte too far. */
	memcpy(exact, copy, len);
	why[0] = '\0';
	err = ct_parse_request(exact, len, &req, why);
	free(exact);
	free(copy);
	return err;
}

static const char *const good[] = {
	"a", "0", "_", "a.b", "a-b", "A_9", "9lives", "_.-",
	"123456789012345678901234567890123456789012345678901234567890123",
};

static const char *const bad[] = {
	".", "..", ".a", "-", "-a", "a/b", "a:b", "a\\", "\x01", "caf\xc3\xa9",
	"1234567890123456789012345678901234567890123456789012345678901234",
};

START_TEST(test_good_names)
{
	ck_assert_int_eq(parse(good[_i]), 0);
	ck_assert_str_eq(req.name, good[_i]);
	ck_assert(!req.keep);
	ck_assert_str_eq(why, "");
}
END_TEST

START_TEST(test_bad_names)
{
	ck_assert_int_eq(parse(bad[_i]), -EINVAL);
	ck_assert_ptr_nonnull(strstr(why, "cannot be a name"));
}
END_TEST

START_TEST(test_blanks)
{
	ck_assert_int_eq(parse("x\n"), 0);
	ck_assert_str_eq(req.name, "x");
	ck_assert_int_eq(parse(" \t x\t\n\n"), 0);
	ck_assert_str_eq(req.name, "x");
	ck_assert_int_eq(parse(""), -EINVAL);
	ck_assert_str_eq(why, "no name was given");
	ck_assert_int_eq(parse(" \t\n"), -EINVAL);
	ck_assert_str_eq(why, "no name was given");
}
END_TEST

START_TEST(test_options)
{
	ck_assert_int_eq(parse("x pids=keep\n"), 0);
	ck_assert(req.keep);
	ck_assert_int_eq(parse("x\tpids=keep pids=new"), 0);
	ck_assert(!req.keep);
	ck_assert_int_eq(parse("x pids=kee"), -EINVAL);
	ck_assert_ptr_nonnull(strstr(why, "unknown option 'pids=kee'"));
	ck_assert_int_eq(parse("x pids=keepx"), -EINVAL);
	ck_assert_int_eq(parse("x y"), -EINVAL);
	ck_assert_ptr_nonnull(strstr(why, "'y'"));
}
END_TEST

/* A word that is no text does not get into the message. */
START_TEST(test_message_is_text)
{
	size_t i;

	ck_assert_int_eq(parse("x a\x1b[2Jb"), -EINVAL);
	for (i = 0; why[i]; i++)
		ck_assert(why[i] >= ' ' && why[i] <= '~');
	ck_assert_ptr_nonnull(strstr(why, "'a'"));
}
END_TEST

static const struct {
	const char *text;
	int sig;
} signals[] = {
	{ "TERM", SIGTERM }, { "SIGTERM\n", SIGTERM }, { " 9\t\n", 9 },
	{ "0", 0 }, { "64", 64 }, { "65", -EINVAL }, { "KILL", SIGKILL },
	{ "USR1", SIGUSR1 }, { "SIGSYS", SIGSYS }, { "IOT", SIGABRT },
	{ "", -EINVAL }, { "\n", -EINVAL }, { "SIG", -EINVAL },
	{ "term", -EINVAL }, { "TERM KILL", -EINVAL }, { "-9", -EINVAL },
	{ "9x", -EINVAL }, { "099", -EINVAL }, { "SIGSIGTERM", -EINVAL },
	{ "SIG9", -EINVAL },
};

START_TEST(test_signals)
{
	size_t len = strlen(signals[_i].text);
	char *exact = malloc(len ?: 1);

	memcpy(exact, signals[_i].text, len);
	ck_assert_int_eq(ct_parse_signal(exact, len), signals[_i].sig);
	free(exact);
}
END_TEST

/* Any bytes: an answer, and never a name that is not one. */
START_TEST(test_noise)
{
	unsigned int seed = 1;
	int i, k;

	for (i = 0; i < 200000; i++) {
		size_t len = rand_r(&seed) % 80;
		char *line = malloc(len ?: 1);

		for (k = 0; k < (int)len; k++)
			line[k] = rand_r(&seed) % 4 ? 'a' + rand_r(&seed) % 26 :
						      rand_r(&seed);
		if (!ct_parse_request(line, len, &req, why))
			ck_assert(ct_name_ok(req.name, strlen(req.name)));
		ct_parse_signal(line, len);
		free(line);
	}
}
END_TEST

#define N(a) ((int)(sizeof(a) / sizeof((a)[0])))

int main(void)
{
	Suite *s = suite_create("parse");
	TCase *t = tcase_create("parse");
	SRunner *runner;
	int failed;

	tcase_set_timeout(t, 60);
	tcase_add_loop_test(t, test_good_names, 0, N(good));
	tcase_add_loop_test(t, test_bad_names, 0, N(bad));
	tcase_add_test(t, test_blanks);
	tcase_add_test(t, test_options);
	tcase_add_test(t, test_message_is_text);
	tcase_add_loop_test(t, test_signals, 0, N(signals));
	tcase_add_test(t, test_noise);
	suite_add_tcase(s, t);
	runner = srunner_create(s);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
