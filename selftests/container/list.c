// SPDX-License-Identifier: GPL-2.0
/* modes: host */
/*
 * Reading /proc/container and the files of a container.
 */
#include "ct.h"
#include <dirent.h>
#include "kselftest_harness.h"

struct row {
	char name[CT_NAME_MAX + 1], created[64];
	int id, init, tasks;
};

#define ROW "%63s %d %d %d %63s"

static bool parse_row(const char *line, struct row *r)
{
	int count = sscanf(line, ROW, r->name, &r->id, &r->init, &r->tasks, r->created);

	return count == 5;
}

/* The row of a container in a text that read like /proc/container. */
static bool find_row(const char *text, const char *name, struct row *row)
{
	const char *line;

	for (line = text; line; line = strchr(line, '\n')) {
		line += *line == '\n';
		if (parse_row(line, row) && !strcmp(row->name, name))
			return true;
	}
	return false;
}

static bool listed(const char *name, struct row *row)
{
	static char text[65536];

	CT_CHECK(ct_read_file(CT_FILE, text, sizeof(text)) > 0);
	return find_row(text, name, row);
}

static void with_two_children(int fd, void *arg)
{
	struct ct_child child[2];

	child[0] = ct_spawn(CT_PLAIN, ct_idle, NULL);
	child[1] = ct_spawn(CT_PLAIN, ct_idle, NULL);
	ct_send(fd, 0);
	ct_wait_hangup(fd);
	CT_EQ(0, ct_finish(&child[0]));
	CT_EQ(0, ct_finish(&child[1]));
}

TEST(header)
{
	char text[4096], word[5][16];
	int words;

	CT_NEED_MODULE();
	ASSERT_LT(0, ct_read_file(CT_FILE, text, sizeof(text)));
	words = sscanf(text, "%15s %15s %15s %15s %15s\n", word[0], word[1],
		       word[2], word[3], word[4]);
	ASSERT_EQ(5, words);
	EXPECT_STREQ("NAME", word[0]);
	EXPECT_STREQ("ID", word[1]);
	EXPECT_STREQ("INIT", word[2]);
	EXPECT_STREQ("TASKS", word[3]);
	EXPECT_STREQ("CREATED", word[4]);
}

TEST(rows)
{
	struct row row, other;
	struct ct_child box, next;
	struct tm tm = { 0 };
	time_t now = time(NULL);
	char *end;

	CT_NEED_MODULE();
	box = ct_spawn(CT_CONTAINER, with_two_children, NULL);
	ct_recv(box.fd);
	ASSERT_TRUE(listed(box.name, &row));
	EXPECT_EQ(box.pid, row.init);
	EXPECT_EQ(3, row.tasks);
	/* UTC, as in 2026-11-22T02:40:00Z */
	end = strptime(row.created, "%Y-%m-%dT%H:%M:%SZ", &tm);
	ASSERT_NE(NULL, end);
	EXPECT_EQ(0, *end);
	EXPECT_LE(now - 1, timegm(&tm));
	EXPECT_LE(timegm(&tm), time(NULL) + 1);

	next = ct_spawn(CT_CONTAINER, ct_idle, NULL);
	ASSERT_TRUE(listed(next.name, &other));
	EXPECT_EQ(1, other.tasks);
	/* Numbers of containers grow, and are not those of dead ones. */
	EXPECT_LT(row.id, other.id);
	EXPECT_EQ(0, ct_finish(&next));
	EXPECT_FALSE(listed(next.name, &other));
	EXPECT_TRUE(listed(box.name, &row));
	EXPECT_EQ(0, ct_finish(&box));
	EXPECT_FALSE(listed(box.name, &row));
}

/* -- status and tasks -------------------------------------------------------------- */

static const char * const keys[] = {
	"name", "id", "init", "tasks", "created", "parent", "options",
	"checkpoint",
};

#define KEYS (sizeof(keys) / sizeof(*keys))

/* The values of a status file, checking its form. */
static void read_status(const char *name, char values[KEYS][128])
{
	char path[128], line[256];
	FILE *file;
	size_t i, len;

	ct_path(path, sizeof(path), name, "status");
	file = fopen(path, "re");
	CT_CHECK(file);
	for (i = 0; i < KEYS; i++) {
		len = strlen(keys[i]);
		CT_CHECK(fgets(line, sizeof(line), file));
		CT_CHECK(!strncmp(line, keys[i], len));
		CT_CHECK(!strncmp(line + len, ":\t", 2));
		line[strcspn(line, "\n")] = 0;
		strcpy(values[i], line + len + 2);
	}
	CT_CHECK(!fgets(line, sizeof(line), file));
	fclose(file);
}

static void look_inside(int fd, void *arg)
{
	struct ct_child child = ct_spawn(CT_PLAIN, ct_idle, NULL);
	char values[KEYS][128], path[128], text[256], name[CT_NAME_MAX + 2];

	CT_EQ(0, prctl(PR_SET_NAME, "first\33 one"));
	CT_CHECK(ct_read_file(CT_FILE, name, sizeof(name)) > 0);
	name[strcspn(name, "\n")] = 0;
	read_status(name, values);
	CT_STREQ(name, values[0]);
	CT_STREQ("1", values[2]);
	CT_STREQ("2", values[3]);
	ct_path(path, sizeof(path), name, "tasks");
	CT_CHECK(ct_read_file(path, text, sizeof(text)) > 0);
	/* A blank in a name would be another column, and a terminal obeys an escape. */
	CT_CHECK(!strncmp(text, "1\t1\tfirst\\033\\040one\n2\t2\t", 25));
	ct_send(fd, 0);
	ct_wait_hangup(fd);
	CT_EQ(0, ct_finish(&child));
}

TEST(status_and_tasks)
{
	char values[KEYS][128], path[128], line[128];
	struct ct_child box;
	struct row row;
	int vpid, pid;
	FILE *tasks;

	CT_NEED_MODULE();
	box = ct_spawn(CT_CONTAINER, look_inside, NULL);
	ct_recv(box.fd);
	ASSERT_TRUE(listed(box.name, &row));
	read_status(box.name, values);
	EXPECT_STREQ(box.name, values[0]);
	EXPECT_EQ(row.id, atoi(values[1]));
	EXPECT_EQ(box.pid, atoi(values[2]));
	EXPECT_STREQ("2", values[3]);
	EXPECT_STREQ(row.created, values[4]);
	EXPECT_STREQ("/", values[5]);
	EXPECT_STREQ("-", values[6]);

	ct_path(path, sizeof(path), box.name, "tasks");
	tasks = fopen(path, "re");
	ASSERT_NE(NULL, tasks);
	ASSERT_NE(NULL, fgets(line, sizeof(line), tasks));
	ASSERT_TRUE(ct_parse_task(line, &vpid, &pid));
	EXPECT_EQ(1, vpid);
	EXPECT_EQ(box.pid, pid);
	EXPECT_STREQ("\tfirst\\033\\040one\n", strrchr(line, '\t'));
	ASSERT_NE(NULL, fgets(line, sizeof(line), tasks));
	ASSERT_TRUE(ct_parse_task(line, &vpid, &pid));
	EXPECT_EQ(2, vpid);
	EXPECT_EQ(box.pid, ct_status(pid, "PPid"));
	EXPECT_EQ(NULL, fgets(line, sizeof(line), tasks));
	fclose(tasks);
	EXPECT_EQ(0, ct_finish(&box));
}

/* -- tasks: one line for each thread ------------------------------------------------- */

#define THREADS 3

static void with_threads(int fd, void *arg)
{
	struct ct_thread thread[THREADS];
	int i;

	for (i = 0; i < THREADS; i++)
		ct_thread_start(&thread[i]);
	ct_send(fd, 0);
	ct_wait_hangup(fd);
	for (i = 0; i < THREADS; i++)
		ct_thread_end(&thread[i]);
}

TEST(threads_are_tasks)
{
	struct ct_child box;
	char path[128], line[128];
	int vpid, pid, count = 0;
	struct row row;
	FILE *tasks;

	CT_NEED_MODULE();
	box = ct_spawn(CT_CONTAINER, with_threads, NULL);
	ct_recv(box.fd);
	ASSERT_TRUE(listed(box.name, &row));
	EXPECT_EQ(1 + THREADS, row.tasks);
	ct_path(path, sizeof(path), box.name, "tasks");
	tasks = fopen(path, "re");
	ASSERT_NE(NULL, tasks);
	while (fgets(line, sizeof(line), tasks)) {
		ASSERT_TRUE(ct_parse_task(line, &vpid, &pid));
		EXPECT_EQ(++count, vpid);
		EXPECT_EQ(0, syscall(SYS_tgkill, box.pid, pid, 0));
	}
	EXPECT_EQ(1 + THREADS, count);
	fclose(tasks);
	EXPECT_EQ(0, ct_finish(&box));
}

/* -- reading in pieces ------------------------------------------------------------------ */

#define BOXES 40

static void enter_and_wait(int fd, void *arg)
{
	ct_wait_hangup(fd);
}

/* All of a file, some bytes at a time. */
static size_t read_pieces(const char *path, size_t piece, char *text,
			  size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	size_t len = 0;
	ssize_t ret;

	CT_CHECK(fd >= 0);
	while ((ret = read(fd, text + len, piece)) > 0) {
		len += ret;
		CT_CHECK(len + piece < size);
	}
	CT_EQ(0, ret);
	text[len] = 0;
	close(fd);
	return len;
}

TEST(in_pieces)
{
	static const size_t pieces[] = { 1, 7, 100, 4096 };
	static char whole[65536], text[65536];
	struct ct_child box[BOXES];
	struct row row;
	size_t i;
	int fd;

	CT_NEED_MODULE();
	for (i = 0; i < BOXES; i++)
		box[i] = ct_spawn(CT_CONTAINER, enter_and_wait, NULL);
	ASSERT_LT(0, ct_read_file(CT_FILE, whole, sizeof(whole)));
	for (i = 0; i < BOXES; i++)
		EXPECT_TRUE(find_row(whole, box[i].name, &row));
	for (i = 0; i < sizeof(pieces) / sizeof(*pieces); i++) {
		read_pieces(CT_FILE, pieces[i], text, sizeof(text));
		EXPECT_STREQ(whole, text);
	}

	/* From the middle, and again from the start. */
	fd = open(CT_FILE, O_RDONLY | O_CLOEXEC);
	ASSERT_LE(0, fd);
	ASSERT_EQ(50, pread(fd, text, 50, 100));
	EXPECT_EQ(0, memcmp(text, whole + 100, 50));
	ASSERT_EQ(50, read(fd, text, 50));
	EXPECT_EQ(0, memcmp(text, whole, 50));
	ASSERT_EQ(0, lseek(fd, 0, SEEK_SET));
	ASSERT_EQ(60, read(fd, text, 60));
	EXPECT_EQ(0, memcmp(text, whole, 60));

	/* What ends meanwhile does no harm to those that are there. */
	EXPECT_EQ(0, ct_finish(&box[0]));
	i = read(fd, text, sizeof(text) - 1);
	text[i] = 0;
	close(fd);
	EXPECT_TRUE(find_row(text, box[BOXES - 1].name, &row));
	for (i = 1; i < BOXES; i++)
		EXPECT_EQ(0, ct_finish(&box[i]));
}

/* -- inside ------------------------------------------------------------------------------- */

static void read_own_name(int fd, void *arg)
{
	char text[128];
	int file = open(CT_FILE, O_RDWR | O_CLOEXEC);

	CT_CHECK(file >= 0);
	memset(text, 0, sizeof(text));
	CT_CHECK(read(file, text, sizeof(text)) > 0);
	CT_EQ('\n', text[strlen(text) - 1]);
	CT_EQ(0, read(file, text, sizeof(text)));
	CT_CHECK(ct_read_file(CT_FILE, text, sizeof(text)) > 0);
	ct_send(fd, strlen(text));
	ct_send(fd, strncmp(text, "test-", 5));
	/* And so for a child. */
	ct_wait_hangup(fd);
}

TEST(inside_it_is_the_name)
{
	struct ct_child box;

	CT_NEED_MODULE();
	box = ct_spawn(CT_CONTAINER, read_own_name, NULL);
	EXPECT_EQ(strlen(box.name) + 1, ct_recv(box.fd));
	EXPECT_EQ(0, ct_recv(box.fd));
	EXPECT_EQ(0, ct_finish(&box));
}

/* -- the end -------------------------------------------------------------------------------- */

static void enter_name(int fd, void *arg)
{
	CT_EQ(0, ct_enter(arg));
	ct_send(fd, 0);
	ct_wait_hangup(fd);
}

/* When its last task has been waited for, a container is gone. */
TEST(a_name_is_free_at_once)
{
	char name[CT_NAME_MAX + 1], path[128];
	struct ct_child box;
	int i;

	CT_NEED_MODULE();
	ct_unique_name(name);
	ct_path(path, sizeof(path), name, "status");
	for (i = 0; i < 20; i++) {
		box = ct_spawn(CT_PLAIN, enter_name, name);
		ct_recv(box.fd);
		EXPECT_EQ(0, access(path, F_OK));
		ASSERT_EQ(0, ct_finish(&box));
		CT_ERRNO(ENOENT, access(path, F_OK));
	}
}

/* Files that are still open then say so. */
TEST(open_files_of_the_dead)
{
	int tasks, status, kill_file, dir, len;
	struct ct_child box;
	char path[128], text[256];

	CT_NEED_MODULE();
	box = ct_spawn(CT_CONTAINER, ct_idle, NULL);
	snprintf(path, sizeof(path), CT_FILE "/%s", box.name);
	dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	ASSERT_LE(0, dir);
	tasks = openat(dir, "tasks", O_RDWR | O_CLOEXEC);
	status = openat(dir, "status", O_RDONLY | O_CLOEXEC);
	kill_file = openat(dir, "kill", O_WRONLY | O_CLOEXEC);
	ASSERT_TRUE(tasks >= 0 && status >= 0 && kill_file >= 0);
	ASSERT_EQ(0, ct_finish(&box));

	len = read(tasks, text, sizeof(text));
	EXPECT_TRUE(len == 0 || (len < 0 && (errno == EIO || errno == ENOENT)));
	EXPECT_EQ(-1, write(kill_file, "TERM", 4));
	EXPECT_EQ(-1, write(tasks, "0", 1));
	EXPECT_EQ(-1, openat(dir, "status", O_RDONLY));
	EXPECT_EQ(-1, access(path, F_OK));
	close(tasks);
	close(status);
	close(kill_file);
	close(dir);
}

TEST_HARNESS_MAIN
