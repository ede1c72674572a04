// SPDX-License-Identifier: GPL-2.0
/* modes: host */
/*
 * Writes to /proc/container that do not make a container: each has its error,
 * and a sentence that the same open file gives to its next reader.
 */
#include "ct.h"
#include "kselftest_harness.h"

/* Name, blanks and options together. */
#define LINE_MAX_LEN 255

static int open_control(void)
{
	int fd = open(CT_FILE, O_RDWR | O_CLOEXEC);

	CT_CHECK(fd >= 0);
	return fd;
}

/* One sentence of printable characters, and nothing after it. */
static void check_sentence(int fd, const char *about)
{
	char text[512] = { 0 };
	ssize_t len = read(fd, text, sizeof(text) - 1);
	ssize_t i;

	if (len < 10 || text[len - 1] != '\n')
		CT_FAIL("%s: no sentence: \"%s\"", about, text);
	for (i = 0; i < len - 1; i++)
		if (text[i] < ' ' || text[i] > '~')
			CT_FAIL("%s: character %d in \"%s\"", about, text[i],
				text);
	if (!strchr(text, ' ') || !strncmp(text, "NAME ", 5))
		CT_FAIL("%s: no sentence: \"%s\"", about, text);
	CT_EQ(0, read(fd, text, sizeof(text)));
}

/* The write fails with this error and leaves the writer where it is. */
static void refused(int error, const char *text, size_t len)
{
	pid_t pid = getpid();
	int fd = open_control();

	errno = 0;
	if (write(fd, text, len) != -1 || errno != error)
		CT_FAIL("\"%.80s\": %s, not %s", text, strerror(errno),
			strerror(error));
	check_sentence(fd, text);
	CT_EQ(pid, getpid());
	close(fd);
}

/* -- what is written -------------------------------------------------------------- */

TEST(bad_names)
{
	static const char * const names[] = {
		"", "\n", " ", " \t\n", ".", "..", ".a", "-", "-a", "--help",
		"a/b", "/", "a:b", "a,b", "a=b", "a*", "a\001", "a\177",
		"\303\244", "a'b", "a\"b", "a\\b", "pids=keep",
	};
	char name[CT_NAME_MAX + 2];
	size_t i;

	CT_NEED_MODULE();
	/* Nothing at all is nothing wrong. */
	EXPECT_EQ(0, write(open_control(), "", 0));
	for (i = 1; i < sizeof(names) / sizeof(*names); i++)
		refused(EINVAL, names[i], strlen(names[i]));
	memset(name, 'n', sizeof(name));
	refused(EINVAL, name, CT_NAME_MAX + 1);
	refused(EINVAL, "a\0b", 3);
	refused(EINVAL, "a\0", 2);
	refused(EINVAL, "\0", 1);
}

TEST(bad_options)
{
	static const char * const lines[] = {
		"name b", "name pids", "name pids=", "name pids=kee",
		"name pids=keepx", "name PIDS=keep", "name pids=keep b",
		"name -pids", "name pids=keep,pids=new", "a b c",
	};
	size_t i;

	CT_NEED_MODULE();
	for (i = 0; i < sizeof(lines) / sizeof(*lines); i++)
		refused(EINVAL, lines[i], strlen(lines[i]));
}

TEST(long_lines)
{
	static char line[1 << 20];

	CT_NEED_MODULE();
	memset(line, ' ', sizeof(line));
	line[0] = 'n';
	refused(E2BIG, line, LINE_MAX_LEN + 1);
	refused(E2BIG, line, 4096);
	refused(E2BIG, line, sizeof(line));
	memset(line, 'n', sizeof(line));
	refused(EINVAL, line, LINE_MAX_LEN);
	refused(E2BIG, line, sizeof(line));
}

TEST(bad_address)
{
	char *nowhere;
	int fd;

	CT_NEED_MODULE();
	nowhere = mmap(NULL, getpagesize(), PROT_NONE,
		       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, nowhere);
	fd = open_control();
	CT_ERRNO(EFAULT, write(fd, nowhere, 5));
	check_sentence(fd, "a bad address");
	fd = open(CT_FILE, O_RDONLY);
	CT_ERRNO(EBADF, write(fd, "name", 4));
}

static void enter_as(int fd, void *arg)
{
	int file = open_control();
	size_t len = strlen(arg);
	char text[128];

	CT_EQ(len, write(file, arg, len));
	/* It reads as the name, and not as a sentence. */
	memset(text, 0, sizeof(text));
	CT_CHECK(read(file, text, sizeof(text) - 1) > 0);
	ct_send(fd, strlen(text));
	ct_wait_hangup(fd);
}

/* Everything that is not wrong. */
TEST(good_lines)
{
	static const char * const lines[] = {
		"a\n", "a", " a", "\ta\t\n", "  a  pids=new\t\n", "a pids=keep",
		"a pids=keep\n", "a\tpids=keep\tpids=new\n", "a\n\n", "0", "_",
		"A.b-C_9", "a..", "a-",
	};
	char name[CT_NAME_MAX + 1] = { 0 }, line[LINE_MAX_LEN + 1] = { 0 };
	struct ct_child box;
	size_t i;

	CT_NEED_MODULE();
	for (i = 0; i < sizeof(lines) / sizeof(*lines); i++) {
		box = ct_spawn(CT_PLAIN, enter_as, (void *)lines[i]);
		EXPECT_LE(2, ct_recv(box.fd));
		EXPECT_EQ(0, ct_finish(&box));
	}
	memset(name, 'n', CT_NAME_MAX);
	box = ct_spawn(CT_PLAIN, enter_as, name);
	EXPECT_EQ(CT_NAME_MAX + 1, ct_recv(box.fd));
	EXPECT_EQ(CT_NAME_MAX, strlen(name));
	ct_path(line, sizeof(line), name, "status");
	EXPECT_EQ(0, access(line, F_OK));
	EXPECT_EQ(0, ct_finish(&box));
	memset(line, ' ', sizeof(line) - 1);
	line[0] = 'a';
	box = ct_spawn(CT_PLAIN, enter_as, line);
	EXPECT_EQ(2, ct_recv(box.fd));
	EXPECT_EQ(0, ct_finish(&box));
}

/* -- who writes --------------------------------------------------------------------- */

static void refuse(int error)
{
	refused(error, "a-name", 6);
}

static void as_user(int fd, void *arg)
{
	char text[4096];

	ct_become_user();
	refuse(EPERM);
	/* Reading is for everybody. */
	CT_CHECK(ct_read_file(CT_FILE, text, sizeof(text)) > 0);
}

/* Root, but only of a user namespace. */
static void as_other_root(int fd, void *arg)
{
	CT_EQ(0, unshare(CLONE_NEWUSER));
	refuse(EPERM);
}

static void contained(int fd, void *arg)
{
	static const char * const files[] = {
		"tasks", "status", "kill", "proc", "checkpoint pids=keep",
	};
	pid_t pid;
	size_t i;

	/* Beside the files of its own container there is no room for these. */
	for (i = 0; i < sizeof(files) / sizeof(*files); i++)
		refused(EINVAL, files[i], strlen(files[i]));
	/* It takes the same privilege as outside. */
	pid = fork();
	if (!pid) {
		ct_become_user();
		refuse(EPERM);
		_exit(0);
	}
	CT_EQ(0, ct_reap(pid));
}

static void in_namespace(int fd, void *arg)
{
	refuse(EINVAL);
}

/* Its children would be in a namespace, whose numbers are another matter. */
static void before_namespace(int fd, void *arg)
{
	CT_EQ(0, unshare(CLONE_NEWPID));
	refuse(EINVAL);
}

static void *refuse_in_thread(void *arg)
{
	refuse(EINVAL);
	return NULL;
}

static void with_threads(int fd, void *arg)
{
	pthread_t thread;

	CT_EQ(0, pthread_create(&thread, NULL, refuse_in_thread, NULL));
	CT_EQ(0, pthread_join(thread, NULL));
	/* Alone again, it may, once the thread has quite gone. */
	CT_UNTIL(ct_status(getpid(), "Threads") == 1);
	ct_unique_name(arg);
	CT_EQ(0, ct_enter(arg));
	CT_EQ(1, getpid());
}

TEST(who_may_not)
{
	char name[CT_NAME_MAX + 1];
	struct {
		enum ct_box box;
		ct_fn fn;
	} who[] = {
		{ CT_PLAIN, as_user }, { CT_PLAIN, as_other_root },
		{ CT_CONTAINER, contained }, { CT_NAMESPACE, in_namespace },
		{ CT_PLAIN, before_namespace }, { CT_PLAIN, with_threads },
	};
	struct ct_child child;
	size_t i;

	CT_NEED_MODULE();
	for (i = 0; i < sizeof(who) / sizeof(*who); i++) {
		child = ct_spawn(who[i].box, who[i].fn, name);
		EXPECT_EQ(0, ct_finish(&child));
	}
}

/* A file that was opened with fewer rights than the writer has. */
static int opened_as_user(void)
{
	int fd;

	CT_EQ(0, seteuid(65534));
	fd = open(CT_FILE, O_RDWR | O_CLOEXEC);
	CT_EQ(0, seteuid(0));
	CT_CHECK(fd >= 0);
	return fd;
}

static void write_for_user(int fd, void *arg)
{
	int file = opened_as_user();
	const char *name = arg;
	pid_t pid = getpid();

	CT_ERRNO(EPERM, write(file, name, strlen(name)));
	check_sentence(file, name);
	CT_EQ(pid, getpid());
	/* The writer's own rights are not the worse for it. */
	CT_EQ(0, ct_enter(name));
	CT_EQ(1, getpid());
}

/* Else one would have sudo's prompt written there. */
TEST(opened_by_who_may_not)
{
	char name[CT_NAME_MAX + 1];
	struct ct_child child;

	CT_NEED_MODULE();
	ct_unique_name(name);
	child = ct_spawn(CT_PLAIN, write_for_user, name);
	EXPECT_EQ(0, ct_finish(&child));
}

TEST(a_name_that_is_taken)
{
	struct ct_child box;
	char line[128];

	CT_NEED_MODULE();
	box = ct_spawn(CT_CONTAINER, ct_idle, NULL);
	refused(EEXIST, box.name, strlen(box.name));
	snprintf(line, sizeof(line), "  %s pids=keep\n", box.name);
	refused(EEXIST, line, strlen(line));
	EXPECT_EQ(0, ct_finish(&box));
}

/* -- the sentence --------------------------------------------------------------------- */

TEST(sentences)
{
	char text[512], other[512];
	int fd, second;

	CT_NEED_MODULE();
	fd = open_control();
	second = open_control();
	/* It is of the last write, and through this file only. */
	CT_ERRNO(EINVAL, write(fd, "bad/name", 8));
	CT_ERRNO(EINVAL, write(fd, "name colour=red", 15));
	memset(text, 0, sizeof(text));
	ASSERT_LT(0, read(fd, text, sizeof(text) - 1));
	EXPECT_NE(NULL, strstr(text, "colour=red"));
	EXPECT_EQ(NULL, strstr(text, "bad/name"));
	ASSERT_LT(0, read(second, text, sizeof(text) - 1));
	EXPECT_EQ(0, strncmp(text, "NAME", 4));

	/* It can be read again, and in pieces. */
	CT_ERRNO(EINVAL, write(fd, "bad/name", 8));
	memset(text, 0, sizeof(text));
	ASSERT_LT(0, read(fd, text, sizeof(text) - 1));
	EXPECT_NE(NULL, strstr(text, "bad/name"));
	ASSERT_EQ(0, lseek(fd, 0, SEEK_SET));
	ASSERT_EQ(5, read(fd, other, 5));
	ASSERT_EQ(strlen(text) - 5, read(fd, other + 5, sizeof(other) - 5));
	EXPECT_EQ(0, memcmp(text, other, strlen(text)));

	/* Reading half a list does not come between. */
	second = open_control();
	ASSERT_EQ(3, read(second, text, 3));
	CT_ERRNO(EINVAL, write(second, "..", 2));
	memset(text, 0, sizeof(text));
	ASSERT_LT(0, read(second, text, sizeof(text) - 1));
	EXPECT_NE(0, strncmp(text, "NAME", 4));
	EXPECT_NE(NULL, strstr(text, "'..'"));
}

TEST_HARNESS_MAIN
