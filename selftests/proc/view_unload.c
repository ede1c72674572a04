// SPDX-License-Identifier: GPL-2.0
/* modes: host */
/* timeout: 240 */
/*
 * The module goes although somebody still has hold of what was in a container's
 * /proc, of the directory below it, or of a /proc/PID/container, and while others
 * look for all that.
 */
#include "ct-module.h"
#include <dirent.h>
#include <linux/userfaultfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/statfs.h>
#include "kselftest_harness.h"

#define CYCLES		3
#define CHURN_MS	700

struct shared {
	bool stop, churn;
	long churning, looks, containers;
};

static struct shared *shared;

static bool flag(bool *flag)
{
	return __atomic_load_n(flag, __ATOMIC_SEQ_CST);
}

static void add(long *counter, long value)
{
	__atomic_fetch_add(counter, value, __ATOMIC_SEQ_CST);
}

/* -- the load -------------------------------------------------------------- */

static void look_at_views(void)
{
	char path[512], text[1024];
	struct dirent *entry;
	DIR *dir = opendir(CT_FILE "/");

	while (dir && (entry = readdir(dir))) {
		if (entry->d_name[0] == '.')
			continue;
		snprintf(path, sizeof(path), CT_FILE "/%s/proc/1/container",
			 entry->d_name);
		if (ct_read_file(path, text, sizeof(text)) > 0)
			CT_STREQ("path:\t/\npid:\t1\n", text);
		snprintf(path, sizeof(path), CT_FILE "/%s/proc/self/stat",
			 entry->d_name);
		if (ct_read_file(path, text, sizeof(text)) > 0)
			CT_EQ(getpid(), atoi(text));
	}
	if (dir)
		closedir(dir);
}

static void look_at_self(void)
{
	struct dirent *entry;
	DIR *dir = opendir("/proc/self");
	char text[256];
	int listed = 0;

	CT_CHECK(dir);
	while ((entry = readdir(dir)))
		listed += !strcmp(entry->d_name, "container");
	CT_CHECK(listed <= 1);
	closedir(dir);
	if (ct_read_file("/proc/self/container", text, sizeof(text)) >= 0)
		CT_EQ(0, strncmp("path:\t/\npid:\t", text, 13));
	ct_read_file("/proc/self/arch_status", text, sizeof(text));
}

static void look_on(int fd, void *arg)
{
	while (!flag(&shared->stop)) {
		look_at_views();
		look_at_self();
		add(&shared->looks, 1);
	}
}

static void make_containers(int fd, void *arg)
{
	struct ct_child box;

	while (!flag(&shared->stop)) {
		add(&shared->churning, 1);
		/* It may have been told to stop in between. */
		if (flag(&shared->churn)) {
			box = ct_spawn(CT_CONTAINER, ct_idle, NULL);
			usleep(10000);
			CT_EQ(0, ct_finish(&box));
			add(&shared->containers, 1);
		}
		add(&shared->churning, -1);
		if (!flag(&shared->churn))
			usleep(5000);
	}
}

/* -- what outlives the container and the module --------------------------------- */

struct remains {
	char dir[32];
	int point, above, view, self, stat, own, its;
};

static void leave_remains(struct remains *r)
{
	struct ct_child box = ct_spawn(CT_CONTAINER, ct_idle, NULL);
	char path[128];

	strcpy(r->dir, "/tmp/ct-view-XXXXXX");
	CT_CHECK(mkdtemp(r->dir));
	ct_path(path, sizeof(path), box.name, "");
	r->above = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	ct_path(path, sizeof(path), box.name, "proc");
	/* The directory itself: this does not go in. */
	r->point = open(path, O_PATH | O_CLOEXEC);
	r->view = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	CT_EQ(0, mount(path, r->dir, NULL, MS_BIND, NULL));
	r->self = openat(r->view, "self/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	r->stat = openat(r->view, "1/stat", O_RDONLY | O_CLOEXEC);
	r->its = openat(r->view, "1/container", O_RDONLY | O_CLOEXEC);
	r->own = open("/proc/self/container", O_RDONLY | O_CLOEXEC);
	CT_CHECK(r->above >= 0 && r->point >= 0 && r->view >= 0 &&
		 r->self >= 0 && r->stat >= 0 && r->its >= 0 && r->own >= 0);
	CT_EQ(0, ct_finish(&box));
}

/* Without the module: nothing there does anything, and nothing breaks. */
static void use_remains(struct remains *r)
{
	char text[1024], path[64];
	struct statfs statfs_buf;
	struct stat stat_buf;

	CT_ERRNO(ENOENT, access("/proc/self/container", F_OK));
	CT_EQ(0, fstat(r->point, &stat_buf));
	CT_EQ(0, fstatfs(r->point, &statfs_buf));
	CT_ERRNO(ENOENT, openat(r->point, "1", O_RDONLY));
	snprintf(path, sizeof(path), "/proc/self/fd/%d", r->point);
	CT_CHECK(readlink(path, text, sizeof(text)) > 0);
	close(open(path, O_RDONLY | O_DIRECTORY));
	/* Its name is gone; to look it up is safe. */
	close(openat(r->above, "proc", O_RDONLY | O_DIRECTORY));
	syscall(SYS_getdents64, r->above, text, sizeof(text));
	CT_ERRNO(ENOENT, openat(r->view, "1", O_RDONLY));
	CT_ERRNO(ENOENT, openat(r->view, "self/stat", O_RDONLY));
	CT_CHECK(syscall(SYS_getdents64, r->view, text, sizeof(text)) > 0);
	CT_ERRNO(ESRCH, read(r->stat, text, sizeof(text)));
	CT_ERRNO(ESRCH, read(r->its, text, sizeof(text)));
	CT_EQ(0, faccessat(r->self, "stat", R_OK, 0));
	CT_CHECK(syscall(SYS_getdents64, r->self, text, sizeof(text)) > 0);
	CT_CHECK(read(r->own, text, sizeof(text)) >= 0);
	CT_EQ(0, statfs(r->dir, &statfs_buf));
	CT_EQ(0, umount(r->dir));
	CT_EQ(0, rmdir(r->dir));
	close(r->point);
	close(r->above);
	close(r->view);
	close(r->self);
	close(r->stat);
	close(r->its);
	close(r->own);
}

FIXTURE(unload) { int unused; };

FIXTURE_SETUP(unload)
{
	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE,
		      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, shared);
}

FIXTURE_TEARDOWN(unload)
{
}

TEST_F_TIMEOUT(unload, while_held, 200)
{
	static const ct_fn load_of[] = {
		look_on, look_on, make_containers, make_containers,
	};
	const int count = sizeof(load_of) / sizeof(*load_of);
	struct ct_child child[count];
	struct remains remains;
	int i;

	if (!ct_module_removable())
		SKIP(return, "no module to play with");
	for (i = 0; i < count; i++)
		child[i] = ct_spawn(CT_PLAIN, load_of[i], NULL);
	for (i = 0; i < CYCLES; i++) {
		__atomic_store_n(&shared->churn, true, __ATOMIC_SEQ_CST);
		usleep(CHURN_MS * 1000);
		leave_remains(&remains);
		__atomic_store_n(&shared->churn, false, __ATOMIC_SEQ_CST);
		CT_UNTIL(!__atomic_load_n(&shared->churning, __ATOMIC_SEQ_CST));
		TH_LOG("unloading took %lld ms", ct_module_unload());
		use_remains(&remains);
		ct_module_load();
	}
	__atomic_store_n(&shared->stop, true, __ATOMIC_SEQ_CST);
	for (i = 0; i < count; i++)
		EXPECT_EQ(0, ct_finish(&child[i]));
	TH_LOG("%ld looks, %ld containers", shared->looks, shared->containers);
	EXPECT_LT(0, shared->looks);
	EXPECT_LE(CYCLES, shared->containers);
}

/* -- a reader who takes his time ------------------------------------------------ */

/* Memory that is not there until somebody says so; NULL if there is no such. */
static char *slow_memory(int *uffd, size_t size)
{
	struct uffdio_register reg = { .mode = UFFDIO_REGISTER_MODE_MISSING };
	struct uffdio_api api = { .api = UFFD_API };
	char *page;

	*uffd = syscall(SYS_userfaultfd, O_CLOEXEC);
	if (*uffd < 0)
		return NULL;
	CT_EQ(0, ioctl(*uffd, UFFDIO_API, &api));
	page = mmap(NULL, size, PROT_READ | PROT_WRITE,
		    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	CT_CHECK(page != MAP_FAILED);
	reg.range.start = (unsigned long)page;
	reg.range.len = size;
	CT_EQ(0, ioctl(*uffd, UFFDIO_REGISTER, &reg));
	return page;
}

static void provide_memory(int uffd, char *page, size_t size)
{
	struct uffdio_zeropage zero = {
		.range = { .start = (unsigned long)page, .len = size },
	};

	CT_EQ(0, ioctl(uffd, UFFDIO_ZEROPAGE, &zero));
}

struct reading {
	int dir;
	char *page;
	size_t size;
	long len;
};

static void *read_slowly(void *arg)
{
	struct reading *r = arg;

	r->len = syscall(SYS_getdents64, r->dir, r->page, r->size);
	return NULL;
}

/*
 * Who lists /proc/PID may be kept waiting for his own memory. If that is in our
 * part of it the module is in use meanwhile; it must not be waited for.
 */
TEST_F_TIMEOUT(unload, while_listing, 100)
{
	struct reading r = { .size = sysconf(_SC_PAGESIZE) };
	struct pollfd fault = { .events = POLLIN };
	static char others[32768];
	struct dirent64 *entry;
	pthread_t thread;
	struct ct_child box;

	if (!ct_module_removable())
		SKIP(return, "no module to play with");
	r.page = slow_memory(&fault.fd, r.size);
	if (!r.page)
		SKIP(return, "no userfaultfd");
	box = ct_spawn(CT_CONTAINER, ct_idle, NULL);
	r.dir = open("/proc/self", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	ASSERT_LE(0, r.dir);
	/* All but ours. */
	ASSERT_LT(0, syscall(SYS_getdents64, r.dir, others, sizeof(others)));
	ASSERT_EQ(0, pthread_create(&thread, NULL, read_slowly, &r));
	ASSERT_EQ(1, poll(&fault, 1, CT_PATIENCE_MS));
	EXPECT_EQ(0, ct_finish(&box));
	/* Longer than hooks stay armed. */
	sleep(2);
	EXPECT_EQ(-1, syscall(SYS_delete_module, "container", O_NONBLOCK));
	EXPECT_EQ(EWOULDBLOCK, errno);
	provide_memory(fault.fd, r.page, r.size);
	ASSERT_EQ(0, pthread_join(thread, NULL));
	ASSERT_LT(0, r.len);
	entry = (struct dirent64 *)r.page;
	EXPECT_STREQ("container", entry->d_name);
	close(fault.fd);
	ct_module_unload();
	EXPECT_EQ(0, syscall(SYS_getdents64, r.dir, others, sizeof(others)));
	ct_module_load();
	close(r.dir);
}

TEST_HARNESS_MAIN
