// SPDX-License-Identifier: GPL-2.0
/*
 * containerctl top: /proc/PID/stat, who inherits what from processes that have
 * ended, and what comes of it for containers and groups.
 */
/* sources: tools/containerctl/usage.c tools/containerctl/rows.c */
/* sources: tools/containerctl/look.c tools/containerctl/json.c */
/* sources: tools/containerctl/hierarchies.c tools/containerctl/groups.c */
/* sources: tools/containerctl/table.c tools/containerctl/proc.c */
/* sources: tools/containerctl/names.c tools/containerctl/progress.c */
/* sources: tools/containerctl/plain.c */
#include "../../tools/containerctl/compiler.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "../../tools/containerctl/containerctl.h"
#include "../../tools/containerctl/rows.h"

#define SECOND_NS	1000000000ull
#define TICKS		100

int usage_error(const struct command *cmd, const char *fmt, ...)
{
	return EXIT_SELF;
}

START_TEST(test_stat)
{
	static const char text[] =
		"4711 (a) b) 1 (c) S 17 4711 4711 34816 4711 4194304 1 2 3 4 50 60 7 8 20 0 3 0 123456 1000000 25 18446744073709551615 1 1 0 0\n";
	struct usage u;

	ck_assert_int_eq(stat_parse(text, 4096, &u), 0);
	ck_assert_int_eq(u.pid, 4711);
	ck_assert_int_eq(u.ppid, 17);
	ck_assert_uint_eq(u.own, 110);
	ck_assert_uint_eq(u.all, 125);
	ck_assert_uint_eq(u.start, 123456);
	ck_assert_uint_eq(u.memory, 25 * 4096);
}
END_TEST

static const char *const bad_stat[] = {
	"", "12", "12 (a", "x (a) S 1", "12 (a) S 17 4711 4711 34816 4711 4194304 1 2 3 4 50 60",
};

START_TEST(test_bad_stat)
{
	struct usage u;

	ck_assert_int_eq(stat_parse(bad_stat[_i], 4096, &u), -1);
}
END_TEST

START_TEST(test_tasks)
{
	pid_t *pids;

	ck_assert_int_eq(container_tasks_parse("1\t4711\tsh\n2\t4712\ta\\012b\n", &pids), 2);
	ck_assert_int_eq(pids[0], 4711);
	ck_assert_int_eq(pids[1], 4712);
	free(pids);
	ck_assert_int_eq(container_tasks_parse("", &pids), 0);
	free(pids);
	ck_assert_int_eq(container_tasks_parse("nothing\n7\t8\n", &pids), 1);
	ck_assert_int_eq(pids[0], 8);
	free(pids);
}
END_TEST

START_TEST(test_own_process)
{
	pid_t twice[] = { getpid(), 0x7fffffff, getpid() }, *all;
	struct sample s;
	ssize_t nr;

	ck_assert_int_eq(sample_take(&s, twice, 3), 0);
	ck_assert_uint_eq(s.nr, 1);
	ck_assert_int_eq(s.list[0].pid, getpid());
	ck_assert_int_eq(s.list[0].ppid, getppid());
	ck_assert_uint_gt(s.list[0].memory, 0);
	ck_assert_uint_le(s.list[0].start, s.boot);
	sample_free(&s);
	nr = processes_read(&all);
	ck_assert_int_gt(nr, 0);
	ck_assert_ptr_nonnull(bsearch(&twice[0], all, nr, sizeof(*all), pids_compare));
	free(all);
}
END_TEST

/* -- two looks ---------------------------------------------------------------------- */

#define S(array) { .list = (array), .nr = ARRAY_SIZE(array), .boot = 1000 }

static uint64_t spent_by(struct sample *before, struct sample *now, const pid_t *pids,
			 size_t nr)
{
	struct spent spent = { 0 };
	size_t i;

	sample_inherit(now, before);
	for (i = 0; i < nr; i++)
		spent_add(&spent, sample_find(now, pids[i]), before);
	return spent_ticks(&spent, 100000);
}

#define SPENT(before, now, ...) \
	spent_by(&(struct sample)S(before), &(struct sample)S(now), (pid_t[]){ __VA_ARGS__ }, \
		 sizeof((pid_t[]){ __VA_ARGS__ }) / sizeof(pid_t))

/* pid, parent, start, own, all */
START_TEST(test_still_there)
{
	struct usage before[] = { { 5, 1, 10, 100, 150 } };
	struct usage now[] = { { 5, 1, 10, 130, 180 } };

	ck_assert_uint_eq(SPENT(before, now, 5), 30);
}
END_TEST

START_TEST(test_begun_and_ended_between)
{
	/* A child that no look has seen. */
	struct usage before[] = { { 5, 1, 10, 100, 100 } };
	struct usage now[] = { { 5, 1, 10, 101, 141 } };

	ck_assert_uint_eq(SPENT(before, now, 5), 41);
}
END_TEST

START_TEST(test_ended)
{
	/* 6 had 70 and its child 7 had 20; they have used 10 more. */
	struct usage before[] = { { 5, 1, 10, 100, 100 }, { 6, 5, 20, 70, 70 },
				  { 7, 6, 30, 20, 20 } };
	struct usage now[] = { { 5, 1, 10, 100, 200 } };

	ck_assert_uint_eq(SPENT(before, now, 5), 10);
}
END_TEST

START_TEST(test_number_used_again)
{
	struct usage before[] = { { 5, 1, 10, 100, 100 }, { 6, 5, 20, 70, 70 } };
	struct usage now[] = { { 5, 1, 10, 100, 175 }, { 6, 5, 1001, 3, 3 } };

	ck_assert_uint_eq(SPENT(before, now, 5, 6), 8);
}
END_TEST

START_TEST(test_new)
{
	struct usage before[] = { { 5, 1, 10, 100, 100 } };
	struct usage now[] = { { 5, 1, 10, 100, 100 }, { 6, 5, 1000, 12, 12 } };

	ck_assert_uint_eq(SPENT(before, now, 5, 6), 12);
}
END_TEST

START_TEST(test_come_from_elsewhere)
{
	/* Older than the look before: what it had used then nobody knows. */
	struct usage before[] = { { 5, 1, 10, 100, 100 } };
	struct usage now[] = { { 5, 1, 10, 100, 100 }, { 6, 5, 999, 5000, 5000 } };

	ck_assert_uint_eq(SPENT(before, now, 5, 6), 0);
}
END_TEST

START_TEST(test_not_waited_for)
{
	/* 6 has ended, and its parent wants to know nothing of it. */
	struct usage before[] = { { 5, 1, 10, 100, 100 }, { 6, 5, 20, 70, 70 } };
	struct usage now[] = { { 5, 1, 10, 107, 107 } };

	ck_assert_uint_eq(SPENT(before, now, 5), 7);
}
END_TEST

START_TEST(test_parent_elsewhere)
{
	/* 6 was started from outside. */
	struct usage before[] = { { 5, 1, 10, 100, 100 }, { 6, 3, 20, 70, 70 } };
	struct usage now[] = { { 5, 1, 10, 104, 104 } };

	ck_assert_uint_eq(SPENT(before, now, 5), 4);
}
END_TEST

START_TEST(test_ring_of_parents)
{
	struct usage before[] = { { 5, 6, 10, 1, 1 }, { 6, 5, 20, 2, 2 } };
	struct usage now[] = { { 7, 1, 1000, 3, 3 } };

	ck_assert_uint_eq(SPENT(before, now, 7), 3);
}
END_TEST

START_TEST(test_limit)
{
	struct spent spent = { .own = 500, .all = -20 };

	ck_assert_uint_eq(spent_ticks(&spent, 400), 400);
	ck_assert_uint_eq(spent_ticks(&spent, 600), 500);
	spent.all = 550;
	ck_assert_uint_eq(spent_ticks(&spent, 600), 550);
}
END_TEST

/* -- rows ----------------------------------------------------------------------------- */

static void add_row(struct rows *rows, const char *name, size_t parent, size_t tasks,
		    pid_t pid, int64_t usage)
{
	struct row *row = row_add(rows);

	ck_assert_ptr_nonnull(row);
	row->name = strdup(name);
	row->group = strchr(name, ':');
	row->parent = parent;
	row->tasks = tasks;
	row->pids = malloc(sizeof(pid));
	*row->pids = pid;
	row->nr_pids = 1;
	row->has_usage = usage >= 0;
	row->usage = usage >= 0 ? usage : 0;
}

static void make_rows(struct rows *rows, uint64_t ns, uint64_t more)
{
	struct usage *list = calloc(3, sizeof(*list));

	memset(rows, 0, sizeof(*rows));
	rows->ns = ns;
	rows->sample = (struct sample){ .list = list, .nr = 3, .boot = 1000 };
	list[0] = (struct usage){ 5, 1, 10, 100, 100, 1 << 20 };
	list[1] = (struct usage){ 6, 1, 10, 200 + more, 200 + more, 2 << 20 };
	list[2] = (struct usage){ 7, 1, 10, 300 + 2 * more, 300 + 2 * more, 3 << 20 };
	add_row(rows, "web", 0, 2, 5, -1);
	add_row(rows, "db", 0, 9, 6, -1);
	add_row(rows, "numtasks:/a", 0, 1, 5, -1);
	add_row(rows, "numtasks:/a/b", 3, 2, 6, -1);
	add_row(rows, "numtasks:/a/b/c", 4, 3, 7, -1);
	add_row(rows, "cpuacct:/x", 0, 3, 7, 7 * SECOND_NS + more * 1000000);
}

static void check_order(const struct rows *rows, const char *wanted)
{
	char got[256] = "";
	size_t i;

	for (i = 0; i < rows->nr; i++)
		snprintf(got + strlen(got), sizeof(got) - strlen(got), "%s ",
			 rows->list[i].name);
	ck_assert_str_eq(got, wanted);
}

START_TEST(test_rows)
{
	struct rows before, now;

	make_rows(&before, SECOND_NS, 0);
	rows_evaluate(&before, NULL, TICKS, 4);
	ck_assert(before.list[0].cpu < 0);
	ck_assert_uint_eq(before.list[0].time, SECOND_NS);
	make_rows(&now, 3 * SECOND_NS, 50);
	rows_evaluate(&now, &before, TICKS, 4);
	ck_assert_double_eq(now.list[0].cpu, 0);
	ck_assert_double_eq(now.list[1].cpu, 25);
	ck_assert_double_eq(now.list[2].cpu, 75);
	ck_assert_double_eq(now.list[3].cpu, 75);
	ck_assert_double_eq(now.list[4].cpu, 50);
	ck_assert_double_eq_tol(now.list[5].cpu, 2.5, 1e-9);
	ck_assert_uint_eq(now.list[5].time, 7 * SECOND_NS + 50000000);
	ck_assert_uint_eq(now.list[2].tasks, 6);
	ck_assert_uint_eq(now.list[3].tasks, 5);
	ck_assert_uint_eq(now.list[2].memory, 6 << 20);
	ck_assert_uint_eq(now.list[2].time, 7 * SECOND_NS + SECOND_NS / 2);

	rows_sort(&now, ROWS_BY_CPU);
	check_order(&now, "db web numtasks:/a numtasks:/a/b numtasks:/a/b/c cpuacct:/x ");
	rows_sort(&now, ROWS_BY_NAME);
	check_order(&now, "db web cpuacct:/x numtasks:/a numtasks:/a/b numtasks:/a/b/c ");
	rows_sort(&now, ROWS_BY_TASKS);
	check_order(&now, "db web numtasks:/a numtasks:/a/b cpuacct:/x numtasks:/a/b/c ");
	rows_sort(&now, ROWS_BY_MEMORY);
	check_order(&now, "db web numtasks:/a numtasks:/a/b cpuacct:/x numtasks:/a/b/c ");
	rows_free(&before);
	rows_free(&now);
}
END_TEST

START_TEST(test_usage_set_to_zero)
{
	struct rows before, now;

	make_rows(&before, SECOND_NS, 50);
	rows_evaluate(&before, NULL, TICKS, 4);
	make_rows(&now, 2 * SECOND_NS, 50);
	now.list[5].usage = SECOND_NS / 10;
	rows_evaluate(&now, &before, TICKS, 4);
	ck_assert_double_eq_tol(now.list[5].cpu, 10, 1e-9);
	rows_free(&before);
	rows_free(&now);
}
END_TEST

START_TEST(test_output)
{
	struct rows rows;
	char *text;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	make_rows(&rows, SECOND_NS, 0);
	rows_evaluate(&rows, NULL, TICKS, 4);
	rows.nr = 1;
	rows_print(&rows, 0, out);
	rows.list[0].cpu = 12.34;
	rows_to_json(&rows, out);
	fclose(out);
	ck_assert_str_eq(text,
			 "NAME  TASKS  %CPU  CPUTIME  MEMORY\n"
			 "web       2     -  0:01.00  1.0MiB\n"
			 "[\n  {\n    \"name\": \"web\",\n    \"kind\": \"container\",\n"
			 "    \"tasks\": 2,\n    \"cpu\": 12.34,\n"
			 "    \"cputime\": 1000000000,\n    \"memory\": 1048576\n  }\n]\n");
	free(text);
	rows.nr = 6;
	rows_free(&rows);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("top");
	TCase *tcase = tcase_create("top");
	SRunner *runner;
	int failed;

	tcase_add_test(tcase, test_stat);
	tcase_add_loop_test(tcase, test_bad_stat, 0, ARRAY_SIZE(bad_stat));
	tcase_add_test(tcase, test_tasks);
	tcase_add_test(tcase, test_own_process);
	tcase_add_test(tcase, test_still_there);
	tcase_add_test(tcase, test_begun_and_ended_between);
	tcase_add_test(tcase, test_ended);
	tcase_add_test(tcase, test_number_used_again);
	tcase_add_test(tcase, test_new);
	tcase_add_test(tcase, test_come_from_elsewhere);
	tcase_add_test(tcase, test_not_waited_for);
	tcase_add_test(tcase, test_parent_elsewhere);
	tcase_add_test(tcase, test_ring_of_parents);
	tcase_add_test(tcase, test_limit);
	tcase_add_test(tcase, test_rows);
	tcase_add_test(tcase, test_usage_set_to_zero);
	tcase_add_test(tcase, test_output);
	suite_add_tcase(suite, tcase);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
