// SPDX-License-Identifier: GPL-2.0
/* modes: host */
/*
 * Ways out of a container, or into another place than one's own: namespaces,
 * reapers, mounts of /proc, and files of /proc/container that were opened before.
 */
#include "ct.h"
#include <dirent.h>
#include <linux/nsfs.h>
#include <linux/sched.h>
#include <sys/ioctl.h>
#include <sys/pidfd.h>
#include "kselftest_harness.h"
#include "ct-wall.h"

/* For the bodies: in what they run. */
static enum ct_box box_kind;
/* Of someone outside. */
static pid_t victim_pid;
static int victim_pidfd;

/* -- pid namespaces ------------------------------------------------------------ */

/* Children still get numbers of ours, and the kernel's own are theirs alone. */
static void check_fork(void)
{
	pid_t pid = fork(), group;

	CT_CHECK(pid >= 0);
	if (!pid) {
		CT_CHECK(getpid() > 1);
		_exit(kill(getpid(), 0) || getppid() != 1);
	}
	CT_EQ(0, ct_reap(pid));
	group = ct_unused_pid();
	CT_ERRNO(ESRCH, kill(group, 0));
}

static int set_namespace(int fd, int type)
{
	int ret = setns(fd, type) ? -errno : 0;

	if (fd >= 0)
		close(fd);
	return ret;
}

/*
 * Natively one may enter the namespace that one is in, which changes nothing.
 * A container has none that could be named, so that is refused; in no case may
 * it put children anywhere.
 */
static void enter_namespaces(int fd, void *arg)
{
	int own = box_kind == CT_CONTAINER ? -EINVAL : 0;

	(void)fd;
	(void)arg;
	CT_EQ(own, set_namespace(pidfd_open(getpid(), 0), CLONE_NEWPID));
	check_fork();
	CT_EQ(own, set_namespace(open("/proc/self/ns/pid", O_RDONLY),
				 CLONE_NEWPID));
	check_fork();
	CT_EQ(own, set_namespace(open("/proc/self/ns/pid_for_children",
				      O_RDONLY), CLONE_NEWPID));
	CT_EQ(-EINVAL, set_namespace(dup(victim_pidfd), CLONE_NEWPID));
	check_fork();
	/* With others that may be entered. */
	CT_EQ(own, set_namespace(pidfd_open(getpid(), 0),
				 CLONE_NEWPID | CLONE_NEWUTS));
	CT_EQ(0, set_namespace(pidfd_open(getpid(), 0), CLONE_NEWUTS));
	check_fork();
}

TEST_F(wall, entering_pid_namespaces)
{
	struct ct_child victim, box;

	CT_NEED_BOX(variant);
	box_kind = variant->box;
	victim = ct_spawn(CT_PLAIN, ct_idle, NULL);
	victim_pidfd = pidfd_open(victim.pid, 0);
	ASSERT_LE(0, victim_pidfd);
	box = ct_spawn(variant->box, enter_namespaces, NULL);
	EXPECT_EQ(0, ct_finish(&box));
	EXPECT_EQ(0, ct_finish(&victim));
	close(victim_pidfd);
}

/* From newer headers: numbers here of tasks there, and the other way round. */
#ifndef NS_GET_PID_FROM_PIDNS
#define NS_GET_PID_FROM_PIDNS	_IOR(NSIO, 0x6, int)
#define NS_GET_PID_IN_PIDNS	_IOR(NSIO, 0x8, int)
#endif

static void ask_namespace(int fd, void *arg)
{
	int file = open("/proc/self/ns/pid", O_RDONLY | O_CLOEXEC), i;
	unsigned long request[] = {
		NS_GET_PID_FROM_PIDNS, NS_GET_PID_IN_PIDNS,
	};
	struct ct_child child = ct_spawn(CT_PLAIN, ct_idle, NULL);

	(void)fd;
	(void)arg;
	CT_CHECK(file >= 0);
	for (i = 0; i < 2; i++) {
		if (ioctl(file, request[i], 1) < 0 && errno == ENOTTY)
			break;
		CT_EQ(1, ioctl(file, request[i], 1));
		CT_EQ(child.pid, ioctl(file, request[i], child.pid));
		CT_ERRNO(ESRCH, ioctl(file, request[i], victim_pid));
	}
	CT_EQ(0, ct_finish(&child));
}

TEST_F(wall, numbers_in_a_namespace)
{
	struct ct_child victim, box;

	CT_NEED_BOX(variant);
	victim = ct_spawn(CT_PLAIN, ct_idle, NULL);
	victim_pid = victim.pid;
	box = ct_spawn(variant->box, ask_namespace, NULL);
	EXPECT_EQ(0, ct_finish(&box));
	EXPECT_EQ(0, ct_finish(&victim));
}

/* A process outside cannot put its children into a container like that. */
TEST(a_container_is_no_namespace)
{
	struct ct_child box;
	pid_t pid;

	CT_NEED_MODULE();
	box = ct_spawn(CT_CONTAINER, ct_idle, NULL);
	EXPECT_EQ(-EINVAL, set_namespace(pidfd_open(box.pid, 0), CLONE_NEWPID));
	pid = ct_unused_pid();
	EXPECT_EQ(0, ct_inside(box.name, pid));
	EXPECT_EQ(0, ct_finish(&box));
}

static void make_namespaces(int fd, void *arg)
{
	struct clone_args args = {
		.flags = CLONE_NEWPID, .exit_signal = SIGCHLD,
	};

	(void)fd;
	(void)arg;
	CT_ERRNO(EINVAL, unshare(CLONE_NEWPID));
	CT_ERRNO(EINVAL, syscall(SYS_clone3, &args, sizeof(args)));
	CT_ERRNO(EINVAL, unshare(CLONE_NEWPID | CLONE_NEWUSER));
	check_fork();
	/* The others are free to be had. */
	CT_EQ(0, unshare(CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWNET |
			 CLONE_NEWCGROUP | CLONE_NEWTIME));
	check_fork();
	CT_EQ(0, unshare(CLONE_NEWUSER));
	CT_EQ(1, getpid());
	check_fork();
	CT_ERRNO(EINVAL, unshare(CLONE_NEWPID));
}

TEST(making_namespaces)
{
	struct ct_child box;

	CT_NEED_MODULE();
	box = ct_spawn(CT_CONTAINER, make_namespaces, NULL);
	EXPECT_EQ(0, ct_finish(&box));
}

/* -- reapers ----------------------------------------------------------------------- */

/* The number of the parent that an orphan of a child of ours gets. */
static pid_t orphans_parent(void)
{
	int line[2];
	pid_t middle, parent;

	CT_EQ(0, socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, line));
	middle = fork();
	CT_CHECK(middle >= 0);
	if (!middle) {
		middle = getpid();
		if (fork())
			_exit(0);
		CT_UNTIL(getppid() != middle);
		ct_send(line[1], getppid());
		_exit(0);
	}
	CT_EQ(0, ct_reap(middle));
	parent = ct_recv(line[0]);
	close(line[0]);
	close(line[1]);
	return parent;
}

static void make_orphans(int fd, void *arg)
{
	(void)arg;
	while (ct_recv(fd)) {
		CT_EQ(0, prctl(PR_SET_CHILD_SUBREAPER, 0));
		CT_EQ(1, orphans_parent());
		CT_CHECK(waitpid(-1, NULL, 0) > 1);
		CT_ERRNO(ECHILD, waitpid(-1, NULL, 0));
		ct_send(fd, 0);
	}
}

/* Whatever process 1 and those outside say about subreapers. */
TEST_F(wall, orphans_stay_inside)
{
	struct ct_child early, late;

	CT_NEED_BOX(variant);
	early = ct_spawn(variant->box, make_orphans, NULL);
	ASSERT_EQ(0, prctl(PR_SET_CHILD_SUBREAPER, 1));
	late = ct_spawn(variant->box, make_orphans, NULL);
	ct_send(early.fd, 1);
	ct_recv(early.fd);
	ct_send(late.fd, 1);
	ct_recv(late.fd);
	ct_send(early.fd, 0);
	ct_send(late.fd, 0);
	EXPECT_EQ(0, ct_finish(&early));
	EXPECT_EQ(0, ct_finish(&late));
	CT_ERRNO(ECHILD, waitpid(-1, NULL, WNOHANG));
	ASSERT_EQ(0, prctl(PR_SET_CHILD_SUBREAPER, 0));
}

/* One inside may be a subreaper, and is the nearest. */
static void reap_inside(int fd, void *arg)
{
	pid_t pid = fork();

	(void)fd;
	(void)arg;
	if (!pid) {
		CT_EQ(0, prctl(PR_SET_CHILD_SUBREAPER, 1));
		_exit(orphans_parent() == getpid() ? 0 : 1);
	}
	CT_EQ(0, ct_reap(pid));
}

TEST_F(wall, a_subreaper_inside)
{
	struct ct_child box;

	CT_NEED_BOX(variant);
	ASSERT_EQ(0, prctl(PR_SET_CHILD_SUBREAPER, 1));
	box = ct_spawn(variant->box, reap_inside, NULL);
	EXPECT_EQ(0, ct_finish(&box));
	ASSERT_EQ(0, prctl(PR_SET_CHILD_SUBREAPER, 0));
}

/* Whoever joined has ancestors outside; the orphans of its own are not theirs. */
static void join_and_orphan(int fd, void *arg)
{
	CT_EQ(0, ct_join(arg));
	ct_send(fd, 0);
	ct_recv(fd);
	CT_EQ(1, orphans_parent());
	CT_EQ(0, prctl(PR_SET_CHILD_SUBREAPER, 1));
	CT_EQ(getpid(), orphans_parent());
	CT_CHECK(waitpid(-1, NULL, 0) > 1);
}

static void reap_all(int fd, void *arg)
{
	(void)arg;
	signal(SIGCHLD, SIG_IGN);
	ct_wait_hangup(fd);
}

TEST(orphans_of_one_who_joined)
{
	struct ct_child box, member;

	CT_NEED_MODULE();
	box = ct_spawn(CT_CONTAINER, reap_all, NULL);
	member = ct_spawn(CT_PLAIN, join_and_orphan, box.name);
	ct_recv(member.fd);
	ASSERT_EQ(0, prctl(PR_SET_CHILD_SUBREAPER, 1));
	ct_send(member.fd, 0);
	EXPECT_EQ(0, ct_finish(&member));
	EXPECT_EQ(0, ct_finish(&box));
	CT_ERRNO(ECHILD, waitpid(-1, NULL, WNOHANG));
	ASSERT_EQ(0, prctl(PR_SET_CHILD_SUBREAPER, 0));
}

/* -- signal handlers shared with someone outside ---------------------------------------- */

static void handle(int sig)
{
	(void)sig;
}

static int enter_and_tell(void *arg)
{
	return -ct_enter(arg);
}

/*
 * Process 1 ignores SIGCHLD when it ends. As with clone(CLONE_NEWPID) that must
 * not be the handler of a process outside.
 */
TEST(shared_signal_handlers)
{
	struct sigaction action = { .sa_handler = handle }, after;
	static char stack[65536] __attribute__((aligned(16)));
	static char name[CT_NAME_MAX + 1];
	pid_t pid;

	CT_NEED_MODULE();
	ct_unique_name(name);
	ASSERT_EQ(0, sigaction(SIGCHLD, &action, NULL));
	pid = clone(enter_and_tell, stack + sizeof(stack),
		    CLONE_VM | CLONE_SIGHAND | SIGCHLD, name);
	ASSERT_LT(0, pid);
	EXPECT_EQ(EINVAL, ct_reap(pid));
	ASSERT_EQ(0, sigaction(SIGCHLD, NULL, &after));
	EXPECT_EQ((void *)handle, (void *)after.sa_handler);
	/* With handlers of its own it may, though it shares the memory. */
	pid = clone(enter_and_tell, stack + sizeof(stack), CLONE_VM | SIGCHLD,
		    name);
	EXPECT_EQ(0, ct_reap(pid));
	ASSERT_EQ(0, sigaction(SIGCHLD, NULL, &after));
	EXPECT_EQ((void *)handle, (void *)after.sa_handler);
}

/* -- mounts ------------------------------------------------------------------------- */

static bool is_there(int dir, const char *format, pid_t pid)
{
	char path[64];
	struct stat stat;

	snprintf(path, sizeof(path), format, pid);
	if (!fstatat(dir, path, &stat, 0))
		return true;
	CT_EQ(ENOENT, errno);
	return false;
}

static void look_around(const char *dir)
{
	int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	CT_CHECK(fd >= 0);
	CT_CHECK(is_there(fd, "%d", 1));
	CT_CHECK(is_there(fd, "%d/task/1", 1));
	CT_CHECK(!is_there(fd, "%d", victim_pid));
	CT_CHECK(is_there(fd, "self/status", 0));
	close(fd);
}

/* A /proc that was mounted inside, and the old one from where it is still. */
static void mount_proc(int fd, void *arg)
{
	char dir[] = "/tmp/ct-escape-XXXXXX", path[64];

	(void)fd;
	(void)arg;
	CT_EQ(0, unshare(CLONE_NEWNS));
	CT_EQ(0, mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL));
	CT_CHECK(mkdtemp(dir));
	CT_EQ(0, mount("proc", dir, "proc", 0, NULL));
	look_around(dir);
	CT_EQ(0, umount(dir));
	CT_EQ(0, mount("proc", dir, "proc", 0, "hidepid=invisible"));
	look_around(dir);
	CT_EQ(0, umount(dir));

	/* The one that was there, bound elsewhere, and below a new root. */
	CT_EQ(0, mount("tmpfs", dir, "tmpfs", 0, NULL));
	snprintf(path, sizeof(path), "%s/old", dir);
	CT_EQ(0, mkdir(path, 0755));
	CT_EQ(0, mount("/proc", path, NULL, MS_BIND, NULL));
	look_around(path);
	CT_EQ(0, chroot(dir));
	look_around("/old");
	CT_EQ(0, chroot("/old"));
	look_around("/");
	/* Upwards is the same as ever. */
	CT_EQ(0, chdir("/self"));
	look_around("..");
	_exit(0);
}

TEST_F(wall, mounts_of_proc)
{
	struct ct_child victim, box;
	DIR *dir = opendir("/tmp");
	struct dirent *entry;

	CT_NEED_BOX(variant);
	victim = ct_spawn(CT_PLAIN, ct_idle, NULL);
	victim_pid = victim.pid;
	box = ct_spawn(variant->box, mount_proc, NULL);
	EXPECT_EQ(0, ct_finish(&box));
	EXPECT_EQ(0, ct_finish(&victim));
	while ((entry = readdir(dir)))
		if (!strncmp(entry->d_name, "ct-escape-", 10))
			unlinkat(dirfd(dir), entry->d_name, AT_REMOVEDIR);
	closedir(dir);
}

/* In a user namespace of one's own it takes rights over the container's. */
static void mount_as_user(int fd, void *arg)
{
	(void)fd;
	(void)arg;
	CT_EQ(0, unshare(CLONE_NEWUSER | CLONE_NEWNS));
	CT_ERRNO(EPERM, mount("proc", "/mnt", "proc", 0, NULL));
	CT_CHECK(is_there(AT_FDCWD, "/proc/%d", 1));
	CT_CHECK(!is_there(AT_FDCWD, "/proc/%d", victim_pid));
}

TEST_F(wall, mount_in_a_user_namespace)
{
	struct ct_child victim, box;

	CT_NEED_BOX(variant);
	mkdir("/mnt", 0755);
	victim = ct_spawn(CT_PLAIN, ct_idle, NULL);
	victim_pid = victim.pid;
	box = ct_spawn(variant->box, mount_as_user, NULL);
	EXPECT_EQ(0, ct_finish(&box));
	EXPECT_EQ(0, ct_finish(&victim));
}

/* -- files of /proc/container that were opened outside ----------------------------------- */

struct opened {
	int control, tasks, kill;
};

static int put(int fd, const char *text)
{
	return write(fd, text, strlen(text)) < 0 ? -errno : 0;
}

static void use_opened(int fd, void *arg)
{
	struct opened *opened = arg;
	char text[512];
	ssize_t len;

	(void)fd;
	CT_EQ(-ESRCH, put(opened->kill, "KILL"));
	CT_EQ(-ESRCH, put(opened->kill, "0"));
	/* Who is in the other one is none of its business. */
	CT_EQ(0, pread(opened->tasks, text, sizeof(text) - 1, 0));
	CT_EQ(-EPERM, put(opened->tasks, "0"));
	/* What it makes is inside its own, where files have this name. */
	CT_EQ(-EINVAL, put(opened->control, "tasks"));
	/* The list, not yet read, is that of one's own. */
	CT_EQ(0, lseek(opened->control, 0, SEEK_SET));
	len = pread(opened->control, text, sizeof(text) - 1, 0);
	CT_CHECK(len > 0);
	text[len] = 0;
	CT_CHECK(!strstr(text, "INIT"));
}

TEST(files_opened_outside)
{
	struct ct_child box, other;
	struct opened opened;
	char path[128];

	CT_NEED_MODULE();
	other = ct_spawn(CT_CONTAINER, ct_idle, NULL);
	opened.control = open(CT_FILE, O_RDWR | O_CLOEXEC);
	ct_path(path, sizeof(path), other.name, "tasks");
	opened.tasks = open(path, O_RDWR | O_CLOEXEC);
	ct_path(path, sizeof(path), other.name, "kill");
	opened.kill = open(path, O_WRONLY | O_CLOEXEC);
	ASSERT_TRUE(opened.control >= 0 && opened.tasks >= 0 &&
		    opened.kill >= 0);
	box = ct_spawn(CT_CONTAINER, use_opened, &opened);
	EXPECT_EQ(0, ct_finish(&box));
	EXPECT_EQ(1, ct_task_count(other.name));
	EXPECT_EQ(0, ct_finish(&other));
	close(opened.control);
	close(opened.tasks);
	close(opened.kill);
}

TEST_HARNESS_MAIN
