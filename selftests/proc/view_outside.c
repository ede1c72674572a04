// SPDX-License-Identifier: GPL-2.0
/* modes: host */
/*
 * /proc/container/NAME/proc: from outside it shows what the container's own /proc
 * shows inside, to nobody more than that, and no longer than the container lives.
 */
#include "ct.h"
#include <dirent.h>
#include <sys/mman.h>
#include "kselftest_harness.h"

#define TEXT_SIZE	16384
#define CHURN_MS	3000

/* -- what a /proc shows ----------------------------------------------------- */

struct text {
	size_t len;
	char text[TEXT_SIZE];
};

static void __attribute__((format(printf, 2, 3)))
add(struct text *t, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	t->len += vsnprintf(t->text + t->len, TEXT_SIZE - t->len, fmt, ap);
	va_end(ap);
	CT_CHECK(t->len < TEXT_SIZE);
}

static int is_number(const struct dirent *entry)
{
	return atoi(entry->d_name) > 0;
}

static int by_number(const struct dirent **a, const struct dirent **b)
{
	return atoi((*a)->d_name) - atoi((*b)->d_name);
}

static void add_file(struct text *t, const char *dir, const char *file)
{
	char path[600], text[1024];
	ssize_t len;

	snprintf(path, sizeof(path), "%s/%s", dir, file);
	len = ct_read_file(path, text, sizeof(text));
	add(t, " %s: %s", file, len < 0 ? strerror(-len) : text);
}

static void add_task(struct text *t, const char *dir)
{
	static const char * const keys[] = { "Tgid", "Pid", "PPid", "TracerPid" };
	char path[600], link[256] = { 0 };
	size_t i;
	int field;

	add_file(t, dir, "comm");
	add_file(t, dir, "cmdline");
	add_file(t, dir, "children");
	add_file(t, dir, "container");
	snprintf(path, sizeof(path), "%s/stat", dir);
	add(t, " stat: %d", atoi(ct_read_file(path, link, sizeof(link)) > 0 ?
				 link : "-1"));
	/* Parent, process group, session, terminal and its group. */
	for (field = 4; field <= 8; field++)
		add(t, " %lld", ct_stat_field(path, field));
	snprintf(path, sizeof(path), "%s/status", dir);
	for (i = 0; i < sizeof(keys) / sizeof(*keys); i++)
		add(t, " %s: %lld", keys[i], ct_keyed_number(path, keys[i]));
	snprintf(path, sizeof(path), "%s/exe", dir);
	memset(link, 0, sizeof(link));
	add(t, " exe: %zd", readlink(path, link, sizeof(link) - 1));
	add(t, " %s\n", link);
}

static void add_tasks(struct text *t, const char *dir, int depth)
{
	struct dirent **entries;
	char path[512];
	int n = scandir(dir, &entries, is_number, by_number), i;

	CT_CHECK(n >= 0);
	add(t, "%s%d tasks\n", depth ? " " : "", n);
	for (i = 0; i < n; i++) {
		snprintf(path, sizeof(path), "%s/%s", dir, entries[i]->d_name);
		add(t, "%s:", entries[i]->d_name);
		add_task(t, path);
		if (!depth) {
			strcat(path, "/task");
			add_tasks(t, path, 1);
		}
		free(entries[i]);
	}
	free(entries);
}

/* Everything that does not change by itself. */
static void describe(struct text *t, const char *proc)
{
	t->len = 0;
	add_tasks(t, proc, 0);
}

static int numbers_in(const char *path)
{
	struct dirent **entries;
	int n = scandir(path, &entries, is_number, NULL), i;

	for (i = 0; i < n; i++)
		free(entries[i]);
	if (n >= 0)
		free(entries);
	return n;
}

/* How often a path occurs in mountinfo as a mount point. */
static int mounted_at(const char *path)
{
	char line[1024], point[512];
	int count = 0;
	FILE *file = fopen("/proc/self/mountinfo", "re");

	CT_CHECK(file);
	while (fgets(line, sizeof(line), file))
		if (sscanf(line, "%*s %*s %*s %*s %511s", point) == 1 &&
		    !strcmp(point, path))
			count++;
	fclose(file);
	return count;
}

/* -- the fixture: a container with a small family ---------------------------- */

static void be_child(int fd, void *arg)
{
	struct ct_child grandchild;

	CT_CHECK(setsid() > 0);
	grandchild = ct_spawn(CT_PLAIN, ct_idle, NULL);
	ct_send(fd, 0);
	ct_wait_hangup(fd);
	CT_EQ(0, ct_finish(&grandchild));
}

/* A user's, who may look at it, although it was root's. */
static void be_users(int fd, void *arg)
{
	ct_become_user();
	CT_EQ(0, prctl(PR_SET_DUMPABLE, 1));
	ct_send(fd, 0);
	ct_wait_hangup(fd);
}

/* Describes its /proc as often as it is told to. */
static void be_family(int fd, void *arg)
{
	struct ct_child first, second;
	struct ct_thread thread;
	long long word;

	CT_EQ(0, prctl(PR_SET_NAME, "head of family"));
	first = ct_spawn(CT_PLAIN, be_child, NULL);
	ct_recv(first.fd);
	second = ct_spawn(CT_PLAIN, be_users, NULL);
	ct_recv(second.fd);
	ct_thread_start(&thread);
	describe(arg, "/proc");
	ct_send(fd, 0);
	while (recv(fd, &word, sizeof(word), 0) == sizeof(word)) {
		describe(arg, "/proc");
		ct_send(fd, 0);
	}
	ct_thread_end(&thread);
	CT_EQ(0, ct_finish(&second));
	CT_EQ(0, ct_finish(&first));
}

FIXTURE(view) {
	struct text *inside, *outside;
	struct ct_child box;
	char path[128];
	char dir[32];
};

FIXTURE_SETUP(view)
{
	self->box.fd = -1;
	CT_NEED_MODULE();
	self->inside = mmap(NULL, 2 * sizeof(struct text),
			    PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
			    -1, 0);
	ASSERT_NE(MAP_FAILED, self->inside);
	self->outside = self->inside + 1;
	strcpy(self->dir, "/tmp/ct-view-XXXXXX");
	ASSERT_NE(NULL, mkdtemp(self->dir));
	self->box = ct_spawn(CT_CONTAINER, be_family, self->inside);
	ct_recv(self->box.fd);
	ct_path(self->path, sizeof(self->path), self->box.name, "proc");
}

FIXTURE_TEARDOWN(view)
{
	if (self->box.fd >= 0)
		EXPECT_EQ(0, ct_finish(&self->box));
	EXPECT_EQ(0, rmdir(self->dir));
}

/* -- what it shows ------------------------------------------------------------- */

TEST_F(view, as_inside)
{
	EXPECT_NE(NULL, strstr(self->inside->text, "4 tasks\n1: comm: head of"));
	describe(self->outside, self->path);
	EXPECT_STREQ(self->inside->text, self->outside->text);
	/* Once more, with what is cached on both sides. */
	ct_send(self->box.fd, 0);
	ct_recv(self->box.fd);
	describe(self->outside, self->path);
	EXPECT_STREQ(self->inside->text, self->outside->text);
}

TEST_F(view, bound_elsewhere)
{
	ASSERT_EQ(0, mount(self->path, self->dir, NULL, MS_BIND, NULL));
	describe(self->outside, self->dir);
	EXPECT_STREQ(self->inside->text, self->outside->text);
	EXPECT_EQ(0, umount(self->dir));
}

static void bind_over_proc(int fd, void *arg)
{
	char text[64];

	CT_EQ(0, unshare(CLONE_NEWNS));
	CT_EQ(0, mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL));
	CT_EQ(0, mount(arg, "/proc", NULL, MS_BIND, NULL));
	CT_EQ(4, numbers_in("/proc"));
	CT_EQ(1, ct_status(1, "Pid"));
	CT_EQ(2, ct_status(3, "PPid"));
	/* There is no number for us, but a way to ourselves. */
	CT_CHECK(readlink("/proc/self", text, sizeof(text)) < 0);
	CT_EQ(ENOENT, errno);
	CT_EQ(getppid(), ct_stat_field("/proc/self/stat", 4));
	CT_EQ(getppid(), ct_stat_field("/proc/thread-self/stat", 4));
	CT_EQ(0, prctl(PR_SET_NAME, "a looker"));
	CT_CHECK(ct_read_file("/proc/self/comm", text, sizeof(text)) > 0);
	CT_STREQ("a looker\n", text);
	CT_EQ(0, numbers_in("/proc/self/.."));
	CT_EQ(0, access("/proc/self/../fd", F_OK));
	CT_ERRNO(ENOENT, access("/proc/self/../1", F_OK));
	CT_ERRNO(ENOENT, access("/proc/thread-self/../task", F_OK));
}

TEST_F(view, over_proc)
{
	struct ct_child looker = ct_spawn(CT_PLAIN, bind_over_proc, self->path);

	EXPECT_EQ(0, ct_finish(&looker));
}

/* A look at the directory itself mounts nothing; going in does. */
TEST_F(view, mounted_when_used)
{
	char inner[512];
	struct stat stat_buf;
	dev_t outer;

	EXPECT_EQ(0, mounted_at(self->path));
	ASSERT_EQ(0, stat(self->path, &stat_buf));
	EXPECT_TRUE(S_ISDIR(stat_buf.st_mode));
	EXPECT_EQ(0555, stat_buf.st_mode & 07777);
	outer = stat_buf.st_dev;
	EXPECT_EQ(0, mounted_at(self->path));
	EXPECT_EQ(4, numbers_in(self->path));
	EXPECT_EQ(1, mounted_at(self->path));
	ASSERT_EQ(0, stat(self->path, &stat_buf));
	EXPECT_NE(outer, stat_buf.st_dev);
	EXPECT_EQ(4, numbers_in(self->path));
	EXPECT_EQ(1, mounted_at(self->path));
	/* No views in views, or a walk through /proc would have no end. */
	snprintf(inner, sizeof(inner), "%s/container/%s/proc", self->path,
		 self->box.name);
	EXPECT_EQ(0, numbers_in(inner));
	EXPECT_EQ(0, mounted_at(inner));
	/* It comes back. */
	EXPECT_EQ(0, umount(self->path));
	EXPECT_EQ(0, mounted_at(self->path));
	EXPECT_EQ(4, numbers_in(self->path));
}

/* Each mount of procfs has views of its own. */
TEST_F(view, in_another_procfs)
{
	char path[256];

	ASSERT_EQ(0, mount("proc", self->dir, "proc", 0, NULL));
	snprintf(path, sizeof(path), "%s/container/%s/proc", self->dir,
		 self->box.name);
	describe(self->outside, path);
	EXPECT_STREQ(self->inside->text, self->outside->text);
	/* It does not keep what it is in. */
	EXPECT_EQ(0, umount(self->dir));
	EXPECT_EQ(0, mounted_at(path));
}

/* -- to whom ------------------------------------------------------------------- */

static void look_as_user(int fd, void *arg)
{
	char path[256];

	ct_become_user();
	snprintf(path, sizeof(path), "%s/1/comm", (char *)arg);
	CT_EQ(0, access(path, R_OK));
	snprintf(path, sizeof(path), "%s/1/fd", (char *)arg);
	CT_CHECK(!opendir(path));
	CT_EQ(EACCES, errno);
	snprintf(path, sizeof(path), "%s/1/environ", (char *)arg);
	CT_ERRNO(EACCES, access(path, R_OK));
}

TEST_F(view, for_a_user)
{
	struct ct_child user = ct_spawn(CT_PLAIN, look_as_user, self->path);

	EXPECT_EQ(0, ct_finish(&user));
}

static void look_at_hidden(int fd, void *arg)
{
	char path[300];

	ct_become_user();
	/* His own process, number 4, and no other. */
	CT_EQ(1, numbers_in(arg));
	snprintf(path, sizeof(path), "%s/1", (char *)arg);
	CT_ERRNO(ENOENT, access(path, F_OK));
	snprintf(path, sizeof(path), "%s/4", (char *)arg);
	CT_EQ(0, access(path, F_OK));
}

/* Where processes are hidden the view hides them. */
TEST_F(view, hidepid)
{
	struct ct_child user;
	char path[256];

	ASSERT_EQ(0, mount("proc", self->dir, "proc", 0, "hidepid=2"));
	snprintf(path, sizeof(path), "%s/container/%s/proc", self->dir,
		 self->box.name);
	EXPECT_EQ(4, numbers_in(path));
	user = ct_spawn(CT_PLAIN, look_at_hidden, path);
	EXPECT_EQ(0, ct_finish(&user));
	EXPECT_EQ(0, umount(self->dir));
}

struct looker {
	const char *other, *dir;
	char name[CT_NAME_MAX + 1];
};

static void look_from_container(int fd, void *arg)
{
	const struct looker *looker = arg;
	char path[256], link[32] = { 0 };

	/* The other one is not there, mounted or not. */
	CT_ERRNO(ENOENT, access(looker->other, F_OK));
	CT_ERRNO(ENOENT, open(looker->other, O_RDONLY | O_DIRECTORY));
	snprintf(path, sizeof(path), "%s/1/stat", looker->other);
	CT_ERRNO(ENOENT, open(path, O_RDONLY));
	CT_ERRNO(ENOENT, mount(looker->other, looker->dir, NULL, MS_BIND, NULL));
	/* Nor in a copy of the whole tree. */
	CT_EQ(0, unshare(CLONE_NEWNS));
	CT_EQ(0, mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL));
	CT_EQ(0, mount("/proc", looker->dir, NULL, MS_BIND | MS_REC, NULL));
	snprintf(path, sizeof(path), "%s%s", looker->dir,
		 looker->other + strlen("/proc"));
	CT_ERRNO(ENOENT, access(path, F_OK));
	/* One's own is. */
	CT_CHECK(ct_read_file(CT_FILE, link, sizeof(link)) > 0);
	link[strcspn(link, "\n")] = 0;
	ct_path(path, sizeof(path), link, "proc");
	CT_EQ(1, numbers_in(path));
	strcat(path, "/self");
	memset(link, 0, sizeof(link));
	CT_CHECK(readlink(path, link, sizeof(link) - 1) > 0);
	CT_EQ(getpid(), atoi(link));
}

TEST_F(view, another_container)
{
	struct looker looker = { .other = self->path, .dir = self->dir };
	struct ct_child box;

	box = ct_spawn(CT_CONTAINER, look_from_container, &looker);
	EXPECT_EQ(0, ct_finish(&box));
	EXPECT_EQ(4, numbers_in(self->path));
	box = ct_spawn(CT_CONTAINER, look_from_container, &looker);
	EXPECT_EQ(0, ct_finish(&box));
}

static void mount_as_user(int fd, void *arg)
{
	pid_t pid;

	ct_become_user();
	CT_EQ(0, unshare(CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID));
	pid = fork();
	if (!pid) {
		CT_EQ(0, mount("proc", arg, "proc", 0, NULL));
		_exit(0);
	}
	CT_EQ(0, ct_reap(pid));
}

/* What is mounted in /proc must not look as if it hid a part of it. */
TEST_F(view, user_namespaces)
{
	struct ct_child user;

	ASSERT_EQ(0, chmod(self->dir, 0777));
	user = ct_spawn(CT_PLAIN, mount_as_user, self->dir);
	/* Kernels that do not allow that at all tell nothing. */
	if (ct_finish(&user))
		SKIP(return, "users cannot mount a procfs here");
	EXPECT_EQ(4, numbers_in(self->path));
	EXPECT_EQ(1, mounted_at(self->path));
	user = ct_spawn(CT_PLAIN, mount_as_user, self->dir);
	EXPECT_EQ(0, ct_finish(&user));
}

static void look_from_namespace(int fd, void *arg)
{
	pid_t pid;

	ct_become_user();
	CT_EQ(0, unshare(CLONE_NEWUSER | CLONE_NEWPID));
	pid = fork();
	if (!pid) {
		/* The superblock would belong to that user. */
		CT_ERRNO(EPERM, open(arg, O_RDONLY | O_DIRECTORY));
		CT_EQ(0, access(arg, F_OK));
		_exit(0);
	}
	CT_EQ(0, ct_reap(pid));
}

TEST_F(view, from_a_namespace)
{
	struct ct_child user = ct_spawn(CT_PLAIN, look_from_namespace, self->path);

	EXPECT_EQ(0, ct_finish(&user));
	EXPECT_EQ(0, mounted_at(self->path));
	EXPECT_EQ(4, numbers_in(self->path));
}

/* -- the end ------------------------------------------------------------------- */

static bool is_gone(const char *path)
{
	return access(path, F_OK) && errno == ENOENT;
}

TEST_F(view, detached_at_the_end)
{
	char path[128], text[64];
	int dir, file, point;

	/* The directory below the mount, too. */
	point = open(self->path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	dir = open(self->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	ASSERT_LE(0, point);
	ASSERT_LE(0, dir);
	file = openat(dir, "1/stat", O_RDONLY | O_CLOEXEC);
	ASSERT_LE(0, file);
	ASSERT_EQ(0, mount(self->path, self->dir, NULL, MS_BIND, NULL));
	EXPECT_EQ(4, numbers_in(self->dir));

	EXPECT_EQ(0, ct_finish(&self->box));
	self->box.fd = -1;
	ct_path(path, sizeof(path), self->box.name, "");
	CT_UNTIL(is_gone(path));
	CT_UNTIL(!mounted_at(self->path));
	/* Who has it open has an empty one. */
	snprintf(path, sizeof(path), "/proc/self/fd/%d", dir);
	EXPECT_EQ(0, numbers_in(path));
	EXPECT_EQ(-1, openat(dir, "1", O_RDONLY));
	EXPECT_EQ(ENOENT, errno);
	EXPECT_EQ(-1, read(file, text, sizeof(text)));
	EXPECT_EQ(ESRCH, errno);
	EXPECT_EQ(0, numbers_in(self->dir));
	EXPECT_EQ(0, umount(self->dir));
	close(file);
	close(dir);
	close(point);
}

/* A mount that is in use stays, one that is not goes, and comes back. */
TEST_F_TIMEOUT(view, idle, 110)
{
	int dir = open(self->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	long long end;

	ASSERT_LE(0, dir);
	sleep(25);
	EXPECT_EQ(1, mounted_at(self->path));
	close(dir);
	for (end = ct_now_ms() + 60000; ct_now_ms() < end; usleep(200000))
		if (!mounted_at(self->path))
			break;
	EXPECT_EQ(0, mounted_at(self->path));
	describe(self->outside, self->path);
	EXPECT_STREQ(self->inside->text, self->outside->text);
	EXPECT_EQ(1, mounted_at(self->path));
}

struct churn {
	bool stop;
	volatile long containers, looks, binds;
};

static void make_containers(int fd, void *arg)
{
	struct churn *churn = arg;
	struct ct_child box;

	while (!__atomic_load_n(&churn->stop, __ATOMIC_SEQ_CST)) {
		box = ct_spawn(CT_CONTAINER, ct_idle, NULL);
		/* Somebody might look just now; now and then somebody can. */
		usleep(rand() % 4 ? rand() % 20000 : 200000);
		CT_EQ(0, ct_finish(&box));
		__atomic_add_fetch(&churn->containers, 1, __ATOMIC_SEQ_CST);
	}
}

/* What is found is right; it may be gone at any time. */
static void look_at_one(struct churn *churn, const char *name, const char *dir)
{
	char path[512], text[1024];
	ssize_t len;

	snprintf(path, sizeof(path), CT_FILE "/%s/proc/1/stat", name);
	len = ct_read_file(path, text, sizeof(text));
	if (len > 0) {
		CT_EQ(1, atoi(text));
		__atomic_add_fetch(&churn->looks, 1, __ATOMIC_SEQ_CST);
	} else {
		CT_CHECK(len == -ENOENT || len == -ESRCH);
	}
	snprintf(path, sizeof(path), CT_FILE "/%s/proc", name);
	if (rand() % 2)
		umount(path);
	if (mount(path, dir, NULL, MS_BIND, NULL))
		return;
	CT_CHECK(numbers_in(dir) <= 1);
	__atomic_add_fetch(&churn->binds, 1, __ATOMIC_SEQ_CST);
	CT_EQ(0, umount2(dir, MNT_DETACH));
}

static void look_at_all(int fd, void *arg)
{
	char point[] = "/tmp/ct-view-XXXXXX";
	struct churn *churn = arg;
	struct dirent *entry;
	DIR *dir;

	CT_CHECK(mkdtemp(point));
	while (!__atomic_load_n(&churn->stop, __ATOMIC_SEQ_CST)) {
		dir = opendir(CT_FILE "/");
		CT_CHECK(dir);
		while ((entry = readdir(dir)))
			/* There is a file, too. */
			if (entry->d_name[0] != '.' && entry->d_type == DT_DIR)
				look_at_one(churn, entry->d_name, point);
		closedir(dir);
	}
	CT_EQ(0, rmdir(point));
}

TEST(come_and_go)
{
	static const ct_fn load[] = {
		make_containers, make_containers, look_at_all, look_at_all,
	};
	struct ct_child child[sizeof(load) / sizeof(*load)];
	struct churn *churn;
	size_t i;

	CT_NEED_MODULE();
	churn = mmap(NULL, sizeof(*churn), PROT_READ | PROT_WRITE,
		     MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, churn);
	for (i = 0; i < sizeof(load) / sizeof(*load); i++)
		child[i] = ct_spawn(CT_PLAIN, load[i], churn);
	usleep(CHURN_MS * 1000);
	CT_UNTIL(churn->containers && churn->looks && churn->binds);
	__atomic_store_n(&churn->stop, true, __ATOMIC_SEQ_CST);
	for (i = 0; i < sizeof(load) / sizeof(*load); i++)
		EXPECT_EQ(0, ct_finish(&child[i]));
	TH_LOG("%ld containers, %ld looks, %ld binds", churn->containers,
	       churn->looks, churn->binds);
	EXPECT_LT(0, churn->containers);
	EXPECT_LT(0, churn->looks);
	EXPECT_LT(0, churn->binds);
}

TEST_HARNESS_MAIN
