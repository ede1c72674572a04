// SPDX-License-Identifier: GPL-2.0
/*
 * containerctl hierarchy: /proc/containers, mountinfo, the walk through groups, and
 * what it says when a hierarchy cannot be mounted.
 */
/* sources: tools/containerctl/hierarchies.c tools/containerctl/groups.c */
/* sources: tools/containerctl/mount.c tools/containerctl/json.c */
/* sources: tools/containerctl/table.c tools/containerctl/proc.c */
/* sources: tools/containerctl/names.c tools/containerctl/plain.c */
#include "../../tools/containerctl/compiler.h"

#include <check.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>
#include "../../tools/containerctl/containerctl.h"
#include "../../tools/containerctl/groups.h"
#include "../../tools/containerctl/hierarchies.h"
#include "../../tools/containerctl/hierarchy.h"
#include "../../tools/containerctl/plain.h"
#include "../../tools/containerctl/table.h"

/* What these have of main.c and hierarchy.c. */
const struct command cmd_hierarchy;

void complain(const char *fmt, ...)
{
}

int usage_error(const struct command *cmd, const char *fmt, ...)
{
	return EXIT_SELF;
}

int bad_option(const struct command *cmd)
{
	return EXIT_SELF;
}

int finish_output(void)
{
	return 0;
}

void command_help(const struct command *cmd, FILE *out)
{
}

const char *names_or_none(const struct hierarchy *h)
{
	return h->names[0] ? h->names : "-";
}

static const char containers[] =
	"Hierarchies:\n"
	"0: topcount=0 bits=10 containers=1 (freezer)\n"
	"1: topcount=57 bits=3 containers=4 (cpuset, numtasks) s_active=4\n"
	"3: topcount=60 bits=4 containers=2 (cpuacct)\n"
	"Subsystems:\n"
	"0: name=cpuset hierarchy=1\n"
	"1: name=numtasks hierarchy=1\n"
	"2: name=cpuacct hierarchy=3\n"
	"4: name=freezer hierarchy=0\n";

static struct hierarchies all;
static struct fault why;

static int parse(const char *text)
{
	memset(&why, 0, sizeof(why));
	return hierarchies_parse(&all, text, &why);
}

START_TEST(test_containers)
{
	ck_assert_int_eq(parse(containers), 0);
	ck_assert_uint_eq(all.nr, 3);
	ck_assert_uint_eq(all.list[0].number, 0);
	ck_assert_str_eq(all.list[0].names, "freezer");
	ck_assert_uint_eq(all.list[1].number, 1);
	ck_assert_uint_eq(all.list[1].tasks, 57);
	ck_assert_uint_eq(all.list[1].groups, 4);
	ck_assert_str_eq(all.list[1].names, "cpuset,numtasks");
	ck_assert_uint_eq(all.list[2].number, 3);
	ck_assert_str_eq(all.list[2].names, "cpuacct");
	ck_assert_ptr_eq(hierarchies_find(&all, "numtasks", 8), &all.list[1]);
	ck_assert_ptr_eq(hierarchies_find(&all, "freezer", 7), &all.list[0]);
	ck_assert_ptr_null(hierarchies_find(&all, "numtask", 7));
	ck_assert_ptr_null(hierarchies_find(&all, "", 0));
	hierarchies_free(&all);
}
END_TEST

START_TEST(test_no_subsystems)
{
	ck_assert_int_eq(parse("Hierarchies:\n0: topcount=0 bits=0 containers=1 ()\n"
			       "Subsystems:\n"), 0);
	ck_assert_uint_eq(all.nr, 1);
	ck_assert_str_eq(all.list[0].names, "");
	hierarchies_free(&all);
	ck_assert_int_eq(parse("Hierarchies:\n"), 0);
	ck_assert_uint_eq(all.nr, 0);
	hierarchies_free(&all);
}
END_TEST

static const char *const bad_containers[] = {
	"",
	"something else\n",
	"Hierarchies:\nx\n",
	"Hierarchies:\n1: topcount=1 bits=1 containers=1 (a\n2: x)\n",
	/* What is missing in a line must not be taken out of the next one. */
	"Hierarchies:\n1: topcount=1 bits=1\ncontainers=1 (a)\n",
	"Hierarchies:\n1: topcount=1 bits=1 containers=1\n(a)\n",
};

START_TEST(test_bad_containers)
{
	ck_assert_int_eq(parse(bad_containers[_i]), -1);
	ck_assert_str_ne(why.text, "");
	hierarchies_free(&all);
}
END_TEST

static const char mountinfo[] =
	"21 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw\n"
	"40 21 0:40 / /a\\040b rw,nosuid shared:2 master:3 - container demo rw,cpuset,numtasks,noprefix\n"
	"41 21 0:40 /x\\134y /part rw - container name\\040d rw,cpuset,numtasks,noprefix\n"
	"42 21 0:41 / /tmp/cpuacct rw - tmpfs cpuacct rw,cpuacct\n"
	"43 21 0:42 / /nosource rw -  container  ro,cpuset\n"
	"44 21 0:43 / /other rw - container demo rw,unknown,release_agent=/cpuacct\n"
	"45 21 0:44 / /empty rw - container\x20\n"
	"short line\n";

START_TEST(test_mounts)
{
	const struct hierarchy *h;

	ck_assert_int_eq(parse(containers), 0);
	h = &all.list[1];
	ck_assert_int_eq(hierarchies_parse_mounts(&all, mountinfo, &why), 0);
	ck_assert_uint_eq(h->nr_mounts, 3);
	ck_assert_str_eq(h->mounts[0].dir, "/a b");
	ck_assert_str_eq(h->mounts[0].root, "/");
	ck_assert(h->mounts[0].noprefix);
	ck_assert(h->mounts[0].dev == makedev(0, 40));
	ck_assert_str_eq(h->mounts[1].dir, "/part");
	ck_assert_str_eq(h->mounts[1].root, "/x\\y");
	ck_assert_str_eq(h->mounts[2].dir, "/nosource");
	ck_assert(!h->mounts[2].noprefix);
	ck_assert_uint_eq(all.list[0].nr_mounts, 0);
	ck_assert_uint_eq(all.list[2].nr_mounts, 0);
	ck_assert_ptr_null(hierarchy_place(h));
	hierarchies_free(&all);
}
END_TEST

/* What is to be mounted, the errno, and what must be in the sentence. */
static const struct {
	const char *names;
	int err;
	const char *sentence;
} errors[] = {
	{ "cpuset", EBUSY, "'cpuset' is in hierarchy 1, with the subsystems cpuset,numtasks" },
	{ "freezer,cpuacct", EBUSY, "'cpuacct' is in hierarchy 3" },
	{ "numtasks,cpuset", EBUSY, "hierarchy 1 is there already" },
	{ "all", EBUSY, "not all subsystems are free: hierarchy 1 has cpuset,numtasks" },
	{ "freezer", EBUSY, "'/' is in use" },
	{ "freezer", ENOSPC, "there are 2 hierarchies" },
	{ "freezer", EPERM, "this takes root (CAP_SYS_ADMIN)" },
	{ "freezer", ENODEV, "the container module is not loaded" },
	{ "freezer", ENOTDIR, "'/' is not a directory" },
	{ "freezer", ENOENT, "has just gone" },
	{ "freezer", EEXIST, "files of the same name" },
	{ "freezer", EINVAL, "does not take these options" },
	{ "freezer", ENOMEM, "Cannot allocate memory" },
};

START_TEST(test_errors)
{
	ck_assert_int_eq(parse(containers), 0);
	mount_explain(&why, errors[_i].names, "/", &all, errors[_i].err);
	ck_assert_msg(strstr(why.text, errors[_i].sentence), "%s", why.text);
	hierarchies_free(&all);
}
END_TEST

START_TEST(test_no_directory)
{
	ck_assert_int_eq(parse(containers), 0);
	mount_explain(&why, "freezer", "/no/such/directory", &all, ENOENT);
	ck_assert_str_eq(why.text, "there is no directory '/no/such/directory'");
	hierarchies_free(&all);
}
END_TEST

/* -- groups --------------------------------------------------------------------- */

static char top_dir[64];
static char seen[1024];

static void put(const char *path, const char *text)
{
	char *name;
	FILE *file;

	ck_assert_int_gt(asprintf(&name, "%s/%s", top_dir, path), 0);
	if (!text) {
		ck_assert_int_eq(mkdir(name, 0755), 0);
	} else {
		file = fopen(name, "w");
		ck_assert_ptr_nonnull(file);
		fputs(text, file);
		ck_assert_int_eq(fclose(file), 0);
	}
	free(name);
}

static void make_groups(void)
{
	char *link;

	snprintf(top_dir, sizeof(top_dir), "/tmp/hierarchy_test.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(top_dir));
	put("tasks", "1\n2\n30\n");
	put("b", NULL);
	put("b/tasks", "");
	put("a", NULL);
	put("a/numtasks.max", "max\n");
	put("a/max", "17");
	put("a/tasks", "7\n");
	put("a/z", NULL);
	put("a/y", NULL);
	/* No group. */
	ck_assert_int_gt(asprintf(&link, "%s/c", top_dir), 0);
	ck_assert_int_eq(symlink("a", link), 0);
	free(link);
}

static void remove_groups(void)
{
	char command[128];

	snprintf(command, sizeof(command), "rm -r %s", top_dir);
	ck_assert_int_eq(system(command), 0);
}

static int visit(const struct group *group, void *owner, struct fault *fault)
{
	char *max = group_value(group, "numtasks", "max");
	pid_t *pids;
	ssize_t nr = group_pids(group, "tasks", &pids);
	size_t len = strlen(seen);

	snprintf(seen + len, sizeof(seen) - len, "%s %u %zu %d %zd %s;", group->path,
		 group->depth, group->parent, group->last, nr, max ? max : "-");
	free(max);
	free(pids);
	return owner && !strcmp(group->path, owner) ? -1 : 0;
}

START_TEST(test_walk)
{
	struct groups groups;

	make_groups();
	seen[0] = '\0';
	ck_assert_int_eq(groups_walk(&groups, top_dir, "/", false, visit, NULL, &why), 0);
	/* Whether one is the last is known only later. */
	ck_assert_str_eq(seen, "/ 0 0 1 3 -;/a 1 0 0 1 max;/a/y 2 1 0 0 -;/a/z 2 1 0 0 -;"
			 "/b 1 0 0 0 -;");
	ck_assert_uint_eq(groups.nr, 5);
	ck_assert(!groups.list[1].last && !groups.list[2].last);
	ck_assert(groups.list[3].last && groups.list[4].last);
	groups_free(&groups);

	seen[0] = '\0';
	ck_assert_int_eq(groups_walk(&groups, top_dir, "/x", true, visit, "/x/a", &why), -1);
	ck_assert_str_eq(seen, "/x 0 0 1 3 -;/x/a 1 0 0 1 17;");
	groups_free(&groups);
	remove_groups();
	ck_assert_int_eq(groups_walk(&groups, top_dir, "/", false, visit, NULL, &why), -1);
	ck_assert_ptr_nonnull(strstr(why.text, "No such file"));
	groups_free(&groups);
}
END_TEST

static const struct {
	const char *path;
	const char *escaped;
} paths[] = {
	{ "/a/b-c.d", "/a/b-c.d" },
	{ "/a b\n\\", "/a\\040b\\012\\134" },
	{ "/\x1b[31m\x7f", "/\\033[31m\\177" },
	{ "/caf\xc3\xa9", "/caf\xc3\xa9" },
	/* A control character of two bytes, and half a character. */
	{ "/\302\23331m", "/\\302\\23331m" },
	{ "/\xc3", "/\\303" },
};

START_TEST(test_escaped)
{
	char *text = path_escaped(paths[_i].path);

	ck_assert_str_eq(text, paths[_i].escaped);
	free(text);
}
END_TEST

static void check_table(size_t room, const char *cells, const char *wanted)
{
	char *text;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	table_print(cells, room, out);
	fclose(out);
	ck_assert_str_eq(text, wanted);
	free(text);
}

START_TEST(test_table)
{
	static const char cells[] = "NAME\tN\n\xc3\xa9\t1000\nlonger-name\t-\n";

	check_table(0, cells, "NAME            N\n\xc3\xa9            1000\nlonger-name     -\n");
	check_table(17, cells, "NAME            N\n\xc3\xa9            1000\nlonger-name     -\n");
	check_table(16, cells, "NAME           N\n\xc3\xa9           1000\n<nger-name     -\n");
	check_table(1, cells, "NAME         N\n\xc3\xa9         1000\n<er-name     -\n");
	check_table(0, "", "");
	check_table(0, "a", "a\n");
	ck_assert_uint_eq(text_cut("a\303\251b", 4, 2), 3);
	ck_assert_uint_eq(text_cut("ab", 2, 5), 2);
	ck_assert_uint_eq(text_cut("ab", 2, 0), 0);
}
END_TEST

START_TEST(test_time)
{
	char text[TIME_TEXT];

	ck_assert_str_eq(time_text(0, text), "0:00.00");
	ck_assert_str_eq(time_text(187250000000ull, text), "3:07.25");
	ck_assert_str_eq(time_text(59999999999ull, text), "0:59.99");
	time_text(UINT64_MAX, text);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("hierarchy");
	TCase *tcase = tcase_create("hierarchy");
	SRunner *runner;
	int failed;

	tcase_add_test(tcase, test_containers);
	tcase_add_test(tcase, test_no_subsystems);
	tcase_add_loop_test(tcase, test_bad_containers, 0, ARRAY_SIZE(bad_containers));
	tcase_add_test(tcase, test_mounts);
	tcase_add_loop_test(tcase, test_errors, 0, ARRAY_SIZE(errors));
	tcase_add_test(tcase, test_no_directory);
	tcase_add_test(tcase, test_walk);
	tcase_add_loop_test(tcase, test_escaped, 0, ARRAY_SIZE(paths));
	tcase_add_test(tcase, test_table);
	tcase_add_test(tcase, test_time);
	suite_add_tcase(suite, tcase);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
