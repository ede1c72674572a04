// SPDX-License-Identifier: GPL-2.0
/* modes: host */
/*
 * Containers in containers: names, and /proc/container as each level has it.
 */
#include "ct.h"
#include "ct-nest.h"
#include "kselftest_harness.h"

#define DEPTH_MAX 32

/* Only these, in whatever order, are in a directory. */
static void expect_names(const char *path, const char *names)
{
	DIR *dir = opendir(path);
	struct dirent *entry;
	char wanted[300];
	int count = 0;
	const char *c;

	CT_CHECK(dir);
	while ((entry = readdir(dir))) {
		if (entry->d_name[0] == '.')
			continue;
		snprintf(wanted, sizeof(wanted), " %s ", entry->d_name);
		if (!strstr(names, wanted))
			CT_FAIL("%s has %s", path, entry->d_name);
		count++;
	}
	closedir(dir);
	for (c = names + 1; *c; c++)
		count -= *c == ' ';
	CT_EQ(0, count);
}

static bool has_name(const char *path, const char *name)
{
	DIR *dir = opendir(path);
	struct dirent *entry;
	bool found = false;

	CT_CHECK(dir);
	while ((entry = readdir(dir)))
		found |= !strcmp(entry->d_name, name);
	closedir(dir);
	return found;
}

/* The last sentence that creating through one file gives. */
static const char *sentence(const char *line)
{
	static char text[256];
	int fd = open(CT_FILE, O_RDWR | O_CLOEXEC);
	ssize_t len;

	CT_CHECK(fd >= 0);
	CT_CHECK(write(fd, line, strlen(line)) < 0);
	len = read(fd, text, sizeof(text) - 1);
	CT_CHECK(len > 0);
	text[len] = 0;
	close(fd);
	return text;
}

/* -- one tree, seen from everywhere -------------------------------------------------- */

static void look_from_b(int fd, void *arg)
{
	struct ct_child child = ct_spawn(CT_PLAIN, ct_idle, NULL);
	char text[64];

	expect_names("/proc/container/", " b ");
	expect_names("/proc/container/b", " tasks status kill checkpoint check proc ");
	CT_EQ(2, ct_task_count("b"));
	CT_EQ(1, ct_inside("b", 1));
	CT_EQ(2, ct_inside("b", child.pid));
	CT_EQ(1, ct_keyed_number("/proc/container/b/status", "init"));
	CT_STREQ("/", ct_status_text("b", "parent"));
	CT_EQ(-1, ct_task_count("a"));
	CT_EQ(-1, ct_task_count("a/b"));
	CT_EQ(-1, ct_task_count("b/b"));
	CT_CHECK(ct_read_file(CT_FILE, text, sizeof(text)) > 0);
	CT_STREQ("b\n", text);
	ct_block(SIGUSR1);
	ct_send(fd, 0);
	CT_EQ(0, ct_signal(SIGUSR1).si_pid);
	ct_send(fd, 0);
	CT_EQ(0, ct_signal(SIGUSR1).si_pid);
	ct_send(fd, 0);
	ct_wait_hangup(fd);
}

static void look_from_a(int fd, void *arg)
{
	struct ct_child b;
	char text[64];

	ct_next_pid(50);
	b = ct_spawn_named("b", look_from_b, NULL);
	ct_recv(b.fd);
	expect_names("/proc/container/", " a ");
	expect_names("/proc/container/a", " tasks status kill checkpoint check proc b ");
	expect_names("/proc/container/a/b", " tasks status kill checkpoint check proc ");
	CT_EQ(2, ct_task_count("a/b"));
	CT_EQ(3, ct_task_count("a"));
	CT_EQ(1, ct_inside("a/b", 50));
	CT_EQ(2, ct_inside("a/b", 51));
	CT_EQ(51, ct_inside("a", 51));
	CT_EQ(50, ct_keyed_number("/proc/container/a/b/status", "init"));
	CT_STREQ("a", ct_status_text("a/b", "parent"));
	CT_STREQ("/", ct_status_text("a", "parent"));
	CT_STREQ("b", ct_status_text("a/b", "name"));
	CT_EQ(-1, ct_task_count("b"));
	CT_CHECK(ct_read_file(CT_FILE, text, sizeof(text)) > 0);
	CT_STREQ("a\n", text);
	signal(SIGUSR1, SIG_IGN);
	CT_EQ(0, ct_kill_container("a/b", "USR1"));
	ct_recv(b.fd);
	ct_send(fd, 0);
	/* That was the host. */
	ct_recv(b.fd);
	ct_send(fd, 0);
	ct_recv(fd);
	CT_EQ(0, ct_finish(&b));
	CT_EQ(-1, ct_task_count("a/b"));
	/* The directory goes a moment later. */
	CT_UNTIL(!has_name("/proc/container/a", "b"));
	expect_names("/proc/container/a", " tasks status kill checkpoint check proc ");
	ct_send(fd, 0);
	ct_wait_hangup(fd);
}

TEST(seen_from_everywhere)
{
	char text[65536];
	struct ct_child a;
	pid_t b, child;

	CT_NEED_MODULE();
	a = ct_spawn_named("a", look_from_a, NULL);
	ct_recv(a.fd);
	b = ct_only_child(a.pid);
	child = ct_only_child(b);
	expect_names("/proc/container/a/b", " tasks status kill checkpoint check proc ");
	EXPECT_EQ(3, ct_task_count("a"));
	EXPECT_EQ(2, ct_task_count("a/b"));
	EXPECT_EQ(-1, ct_task_count("b"));
	EXPECT_EQ(1, ct_inside("a/b", b));
	EXPECT_EQ(2, ct_inside("a/b", child));
	EXPECT_EQ(50, ct_inside("a", b));
	EXPECT_EQ(51, ct_inside("a", child));
	EXPECT_EQ(b, ct_keyed_number("/proc/container/a/b/status", "init"));
	EXPECT_STREQ("a", ct_status_text("a/b", "parent"));
	EXPECT_LT(0, ct_read_file(CT_FILE, text, sizeof(text)));
	EXPECT_NE(NULL, strstr(text, "\na "));
	EXPECT_NE(NULL, strstr(text, "\na/b "));
	EXPECT_EQ(NULL, strstr(text, "\nb "));
	EXPECT_EQ(0, ct_kill_container("a/b", "USR1"));
	ct_recv(a.fd);
	ct_send(a.fd, 0);
	ct_recv(a.fd);
	EXPECT_EQ(-1, ct_task_count("a/b"));
	EXPECT_EQ(1, ct_task_count("a"));
	EXPECT_EQ(0, ct_finish(&a));
}

/* -- the same name twice ------------------------------------------------------------------ */

static long long id_of(const char *name)
{
	char path[128];

	ct_path(path, sizeof(path), name, "status");
	return ct_keyed_number(path, "id");
}

/* Says the id that "same" has here, and goes on looking at it. */
static void look_at_same(int fd, void *arg)
{
	struct pollfd hangup = { .fd = fd, .events = POLLIN };
	long long id = id_of("same");

	CT_CHECK(id > 0);
	ct_send(fd, id);
	do {
		CT_EQ(id, id_of("same"));
		CT_EQ(-1, id_of("outer"));
	} while (!poll(&hangup, 1, 0));
}

static void with_the_same(int fd, void *arg)
{
	/* "same" inside, and in that another one. */
	struct ct_child inner = ct_spawn_named("same", look_at_same, NULL);

	ct_send(fd, ct_recv(inner.fd));
	CT_EQ(-1, id_of("same"));
	ct_recv(fd);
	CT_EQ(0, ct_finish(&inner));
}

TEST(the_same_name_twice)
{
	struct ct_child top, outer;
	long long top_id, inner_id, end;
	int i;

	CT_NEED_MODULE();
	top = ct_spawn_named("same", look_at_same, NULL);
	top_id = ct_recv(top.fd);
	outer = ct_spawn_named("outer", with_the_same, NULL);
	inner_id = ct_recv(outer.fd);
	EXPECT_NE(top_id, inner_id);
	/* Well before those in there lose patience. */
	end = ct_now_ms() + CT_PATIENCE_MS / 3;
	for (i = 0; i < 300 && (i < 10 || ct_now_ms() < end); i++) {
		ASSERT_EQ(top_id, id_of("same"));
		ASSERT_EQ(inner_id, id_of("outer/same"));
	}
	EXPECT_EQ(-EEXIST, ct_enter("same"));
	ct_send(outer.fd, 0);
	EXPECT_EQ(0, ct_finish(&outer));
	EXPECT_EQ(0, ct_finish(&top));
}

/* -- names that are taken -------------------------------------------------------------------- */

static void reserved_inside(int fd, void *arg)
{
	static const char * const names[] = {
		"tasks", "status", "kill", "proc", "checkpoint", "restart",
		"freeze", "thaw", "limits", "events", "namespaces", "control",
	};
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(*names); i++)
		CT_EQ(-EINVAL, ct_enter(names[i]));
	CT_STREQ("'kill' is the name of a file of every container, so no container inside another one can have it\n",
		 sentence("kill"));
	CT_EQ(1, ct_task_count("tasks"));
}

static void own_name_inside(int fd, void *arg)
{
	struct ct_child box = ct_spawn_named("own", ct_idle, NULL);

	CT_EQ(2, ct_task_count("own"));
	CT_EQ(1, ct_task_count("own/own"));
	CT_EQ(-EEXIST, ct_enter("own"));
	CT_EQ(0, ct_finish(&box));
	/* It can be had again at once. */
	box = ct_spawn_named("own", ct_idle, NULL);
	CT_EQ(0, ct_finish(&box));
}

TEST(names)
{
	struct ct_child box;

	CT_NEED_MODULE();
	/* At the top these are names like others. */
	box = ct_spawn_named("tasks", reserved_inside, NULL);
	EXPECT_EQ(0, ct_finish(&box));
	box = ct_spawn_named("own", own_name_inside, NULL);
	EXPECT_EQ(0, ct_finish(&box));
}

/* -- how deep --------------------------------------------------------------------------------- */

static void go_down(int fd, void *arg)
{
	struct ct_child child;
	pid_t pid;
	int i;

	for (i = 1; i < DEPTH_MAX; i++) {
		CT_EQ(0, ct_enter("d"));
		CT_EQ(1, getpid());
		CT_EQ(2, ct_unused_pid());
	}
	CT_EQ(-ENOSPC, ct_enter("d"));
	CT_STREQ("containers nest at most 32 deep\n", sentence("d"));
	CT_EQ(-1, ct_task_count("d/d"));
	child = ct_spawn(CT_PLAIN, ct_idle, NULL);
	CT_EQ(3, child.pid);
	CT_EQ(2, ct_proc_count());
	ct_send(fd, 0);
	ct_recv(fd);
	CT_EQ(0, ct_finish(&child));
	pid = fork();
	CT_CHECK(pid >= 0);
	if (!pid) {
		/* The child cannot go further in, either. */
		CT_EQ(-ENOSPC, ct_enter("e"));
		_exit(3);
	}
	CT_EQ(3, ct_reap(pid));
}

TEST(depth)
{
	char name[DEPTH_MAX * 2 + 2] = "top";
	struct ct_child box;
	pid_t child;
	int i;

	CT_NEED_MODULE();
	box = ct_spawn_named("top", go_down, NULL);
	ct_recv(box.fd);
	child = ct_only_child(box.pid);
	for (i = 1; i <= DEPTH_MAX; i++) {
		EXPECT_EQ(2, ct_task_count(name));
		EXPECT_EQ(1, ct_inside(name, box.pid));
		/* One was forked on each level but the first. */
		EXPECT_EQ(i == 1 ? DEPTH_MAX + 1 : DEPTH_MAX + 3 - i,
			  ct_inside(name, child));
		if (i < DEPTH_MAX)
			strcat(name, "/d");
	}
	ct_send(box.fd, 0);
	EXPECT_EQ(0, ct_finish(&box));
	EXPECT_EQ(-1, ct_task_count("top"));
}

/* -- what a program remembers -------------------------------------------------------------------- */

static void remember(int fd, void *arg)
{
	pid_t old = getpid(), in_a, pid;
	char text[64];

	CT_EQ(0, setpgid(0, 0));
	CT_EQ(0, ct_join("a"));
	in_a = getpid();
	CT_CHECK(in_a != old);
	CT_EQ(0, ct_enter("b"));
	CT_EQ(1, getpid());
	/* All three name it; what the kernel says is the last. */
	CT_EQ(0, kill(in_a, 0));
	CT_EQ(0, kill(old, 0));
	CT_EQ(0, kill(-old, 0));
	CT_EQ(1, getpgid(old));
	CT_EQ(1, ct_status(old, "Pid"));
	CT_EQ(1, ct_status(in_a, "Pid"));
	/* Nobody else gets the numbers. */
	snprintf(text, sizeof(text), "%d", old - 1);
	CT_EQ(0, ct_write_file("/proc/sys/kernel/ns_last_pid", text));
	pid = ct_unused_pid();
	CT_EQ(old + 1, pid);
	CT_EQ(-EEXIST, ct_fork_as(&old, 1));
	snprintf(text, sizeof(text), "%d", in_a - 1);
	CT_EQ(0, ct_write_file("/proc/sys/kernel/ns_last_pid", text));
	pid = ct_unused_pid();
	CT_EQ(in_a + 1, pid);
	CT_EQ(0, kill(old, 0));
	ct_send(fd, old);
	ct_wait_hangup(fd);
}

TEST(old_numbers)
{
	struct ct_child box, child;
	pid_t old;

	CT_NEED_MODULE();
	box = ct_spawn_named("a", ct_idle, NULL);
	child = ct_spawn(CT_PLAIN, remember, NULL);
	old = ct_recv(child.fd);
	EXPECT_EQ(child.pid, old);
	EXPECT_EQ(0, ct_finish(&child));
	EXPECT_EQ(0, ct_finish(&box));
}

TEST_HARNESS_MAIN
