// SPDX-License-Identifier: GPL-2.0
/* modes: host */
/*
 * Descriptors that cross the wall: what a contained task gets from a file that
 * someone outside has opened, and the other way round.  What differs from a pid
 * namespace says so; Documentation/isolation.md has it all in a table.
 */
#include "ct.h"
#include <dirent.h>
#include <linux/userfaultfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/pidfd.h>
#include <sys/signalfd.h>
#include <sys/uio.h>
#include <sys/un.h>
#include "ct-file.h"
#include "ct-pass.h"
#include "ct-ring.h"
#include "kselftest_harness.h"
#include "ct-wall.h"

#ifndef SO_PEERPIDFD
#define SO_PEERPIDFD 77
#endif

/* For the bodies: in what they run. */
static enum ct_box box_kind;
/* Of someone outside. */
static pid_t victim_pid;
/* At the same address in all of them; a page of its own. */
static volatile long word __attribute__((aligned(4096))) = 4711;

/*
 * What a procfs that was mounted outside says of a number there: with pid
 * namespaces it belongs to the mount, with a container to the one who looks.
 */
static pid_t seen(pid_t outside)
{
	return box_kind == CT_CONTAINER ? 0 : outside;
}

static long long number_after(const char *text, const char *key)
{
	const char *at = strstr(text, key);

	if (!at)
		CT_FAIL("there is no \"%s\" in \"%s\"", key, text);
	return atoll(at + strlen(key));
}

static void read_whole(int fd, char *text, size_t size)
{
	ssize_t len = pread(fd, text, size - 1, 0);

	CT_CHECK(len > 0);
	text[len] = 0;
}

static int fdinfo_pid(int fd)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", fd);
	return ct_keyed_number(path, "Pid");
}

/* -- pidfds ------------------------------------------------------------------------ */

static void check_rights(int pidfd)
{
	struct iovec page = { (void *)&word, 4096 };
	pid_t pid;

	/* It is a key to what the holder's rights open anyway. */
	CT_CHECK(pidfd_getfd(pidfd, 0, 0) >= 0);
	CT_CHECK(process_madvise(pidfd, &page, 1, MADV_COLD, 0) >= 0);
	CT_EQ(0, setns(pidfd, CLONE_NEWUTS));
	CT_ERRNO(EINVAL, setns(pidfd, CLONE_NEWPID));
	pid = fork();
	if (!pid) {
		ct_become_user();
		CT_ERRNO(EPERM, pidfd_getfd(pidfd, 0, 0));
		CT_ERRNO(EACCES, process_madvise(pidfd, &page, 1, MADV_COLD, 0));
		CT_ERRNO(EPERM, setns(pidfd, CLONE_NEWUTS));
		CT_ERRNO(EINVAL, pidfd_send_signal(pidfd, 0, NULL, 0));
		_exit(0);
	}
	CT_EQ(0, ct_reap(pid));
}

static void use_pidfd(int fd, void *arg)
{
	int pidfd = ct_take(fd);
	struct pollfd wait = { .fd = pidfd, .events = POLLIN };
	siginfo_t info;

	(void)arg;
	CT_EQ(0, fdinfo_pid(pidfd));
	CT_ERRNO(EINVAL, pidfd_send_signal(pidfd, 0, NULL, 0));
	CT_ERRNO(EINVAL, pidfd_send_signal(pidfd, SIGKILL, NULL, 0));
	CT_ERRNO(ECHILD, waitid(P_PIDFD, pidfd, &info, WEXITED | WNOHANG));
	check_rights(pidfd);
	CT_EQ(0, poll(&wait, 1, 0));
	ct_send(fd, 0);
	/* Its end is told. */
	CT_EQ(1, poll(&wait, 1, CT_PATIENCE_MS));
}

TEST_F(wall, pidfd_of_one_outside)
{
	struct ct_child victim, box;
	int pidfd;

	CT_NEED_BOX(variant);
	victim = ct_spawn(CT_PLAIN, ct_idle, NULL);
	pidfd = pidfd_open(victim.pid, 0);
	ASSERT_LE(0, pidfd);
	box = ct_spawn(variant->box, use_pidfd, NULL);
	ct_pass(box.fd, pidfd);
	ct_recv(box.fd);
	EXPECT_EQ(0, ct_finish(&victim));
	EXPECT_EQ(0, ct_finish(&box));
	close(pidfd);
}

static void give_pidfd(int fd, void *arg)
{
	struct ct_child child = ct_spawn(CT_PLAIN, ct_idle, NULL);

	(void)arg;
	ct_pass(fd, pidfd_open(child.pid, 0));
	CT_EQ(128 + SIGKILL, ct_reap(child.pid));
}

TEST_F(wall, pidfd_of_one_inside)
{
	char path[64], text[64];
	struct ct_child box;
	siginfo_t info;
	int pidfd;

	CT_NEED_BOX(variant);
	box = ct_spawn(variant->box, give_pidfd, NULL);
	pidfd = ct_take(box.fd);
	snprintf(path, sizeof(path), "/proc/%d/task/%d/children", box.pid,
		 box.pid);
	ASSERT_LT(0, ct_read_file(path, text, sizeof(text)));
	EXPECT_EQ(atoi(text), fdinfo_pid(pidfd));
	EXPECT_EQ(-1, waitid(P_PIDFD, pidfd, &info, WEXITED | WNOHANG));
	EXPECT_EQ(ECHILD, errno);
	EXPECT_EQ(0, pidfd_send_signal(pidfd, SIGKILL, NULL, 0));
	EXPECT_EQ(0, ct_finish(&box));
	close(pidfd);
}

/* Newer kernels make one of a socket's peer. */
static void ask_peer(int fd, void *arg)
{
	int sock = *(int *)arg, pidfd;
	socklen_t len = sizeof(pidfd);

	(void)fd;
	CT_EQ(0, ct_peer(sock));
	if (getsockopt(sock, SOL_SOCKET, SO_PEERPIDFD, &pidfd, &len)) {
		CT_EQ(ENOPROTOOPT, errno);
		return;
	}
	CT_EQ(0, fdinfo_pid(pidfd));
	CT_ERRNO(EINVAL, pidfd_send_signal(pidfd, 0, NULL, 0));
}

TEST_F(wall, peer_outside)
{
	struct ct_child box;
	int fd[2];

	CT_NEED_BOX(variant);
	ASSERT_EQ(0, socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fd));
	box = ct_spawn(variant->box, ask_peer, fd);
	EXPECT_EQ(0, ct_finish(&box));
	close(fd[0]);
	close(fd[1]);
}

/* -- directories of /proc -------------------------------------------------------------- */

static int proc_dir, victim_dir;

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

/* A file of the victim, below its directory. */
static void read_below(int dir, const char *name, char *text, size_t size)
{
	int file = openat(dir, name, O_RDONLY | O_CLOEXEC);

	CT_CHECK(file >= 0);
	read_whole(file, text, size);
	close(file);
}

static int count_entries(int dir, const char *name)
{
	DIR *stream = fdopendir(openat(dir, name, O_RDONLY | O_DIRECTORY));
	struct dirent *entry;
	int count = 0;

	CT_CHECK(stream);
	while ((entry = readdir(stream)))
		count += entry->d_name[0] != '.';
	closedir(stream);
	return count;
}

static void check_status(const char *text)
{
	CT_EQ(seen(victim_pid), number_after(text, "\nTgid:\t"));
	CT_EQ(seen(victim_pid), number_after(text, "\nPid:\t"));
	CT_EQ(seen(victim_pid), number_after(text, "\nNSpid:\t"));
	CT_EQ(seen(victim_pid), number_after(text, "\nNStgid:\t"));
	CT_EQ(seen(victim_pid), number_after(text, "\nNSpgid:\t"));
	/* It lives in its parent's session. */
	if (box_kind == CT_CONTAINER) {
		CT_EQ(0, number_after(text, "\nPPid:\t"));
		CT_EQ(0, number_after(text, "\nNSsid:\t"));
	}
}

static void use_directories(int fd, void *arg)
{
	bool outside = box_kind != CT_CONTAINER;
	char text[8192], mine[64];

	(void)fd;
	(void)arg;
	read_below(victim_dir, "stat", text, sizeof(text));
	CT_EQ(seen(victim_pid), atoi(text));
	read_below(victim_dir, "status", text, sizeof(text));
	check_status(text);
	CT_EQ(outside, is_there(victim_dir, "task/%d", victim_pid));
	CT_EQ(outside, count_entries(victim_dir, "task"));
	CT_ERRNO(EINVAL, pidfd_send_signal(victim_dir, SIGKILL, NULL, 0));
	/* What is no number is there for those who have the right. */
	CT_CHECK(is_there(victim_dir, "fd/0", 0));
	CT_CHECK(is_there(victim_dir, "ns/net", 0));

	CT_EQ(outside, is_there(proc_dir, "%d", victim_pid));
	CT_EQ(outside, is_there(victim_dir, "../%d/stat", victim_pid));
	if (!outside) {
		read_below(victim_dir, "../1/comm", text, sizeof(text));
		CT_CHECK(ct_read_file("/proc/self/comm", mine, sizeof(mine)) > 0);
		CT_STREQ(mine, text);
		read_below(proc_dir, "self/stat", text, sizeof(text));
		CT_EQ(1, atoi(text));
	}
	/* As a working directory it is the same. */
	CT_EQ(0, fchdir(victim_dir));
	read_below(AT_FDCWD, "stat", text, sizeof(text));
	CT_EQ(seen(victim_pid), atoi(text));
	CT_EQ(outside, is_there(AT_FDCWD, "task/%d/stat", victim_pid));
}

TEST_F(wall, directories_of_proc)
{
	struct ct_child victim, box;
	char path[64];

	CT_NEED_BOX(variant);
	box_kind = variant->box;
	victim = ct_spawn(CT_PLAIN, ct_idle, NULL);
	ASSERT_EQ(0, setpgid(victim.pid, victim.pid));
	victim_pid = victim.pid;
	snprintf(path, sizeof(path), "/proc/%d", victim.pid);
	victim_dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	proc_dir = open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	ASSERT_TRUE(victim_dir >= 0 && proc_dir >= 0);
	box = ct_spawn(variant->box, use_directories, NULL);
	EXPECT_EQ(0, ct_finish(&box));
	/* For those outside it is all there. */
	EXPECT_TRUE(is_there(victim_dir, "task/%d", victim_pid));
	EXPECT_TRUE(is_there(proc_dir, "%d", victim_pid));
	EXPECT_EQ(0, ct_finish(&victim));
	close(victim_dir);
	close(proc_dir);
}

/* -- files of /proc --------------------------------------------------------------------- */

struct opened {
	int stat, status, maps, mem, oom;
};

static void use_files(int fd, void *arg)
{
	struct opened *opened = arg;
	char text[8192];
	long value = 0;

	(void)fd;
	read_whole(opened->stat, text, sizeof(text));
	CT_EQ(seen(victim_pid), atoi(text));
	read_whole(opened->status, text, sizeof(text));
	check_status(text);
	/* These have no numbers, and go with the right to open them. */
	read_whole(opened->maps, text, sizeof(text));
	ct_become_user();
	CT_EQ(sizeof(value), pread(opened->mem, &value, sizeof(value),
				   (uintptr_t)&word));
	CT_EQ(4711, value);
	CT_EQ(1, pwrite(opened->oom, "0", 1, 0));
}

TEST_F(wall, files_of_proc)
{
	struct ct_child victim, box;
	struct opened opened;
	char path[64];
	int dir;

	CT_NEED_BOX(variant);
	box_kind = variant->box;
	victim = ct_spawn(CT_PLAIN, ct_idle, NULL);
	ASSERT_EQ(0, setpgid(victim.pid, victim.pid));
	victim_pid = victim.pid;
	snprintf(path, sizeof(path), "/proc/%d", victim.pid);
	dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	ASSERT_LE(0, dir);
	opened.stat = openat(dir, "stat", O_RDONLY | O_CLOEXEC);
	opened.status = openat(dir, "status", O_RDONLY | O_CLOEXEC);
	opened.maps = openat(dir, "maps", O_RDONLY | O_CLOEXEC);
	opened.mem = openat(dir, "mem", O_RDWR | O_CLOEXEC);
	opened.oom = openat(dir, "oom_score_adj", O_RDWR | O_CLOEXEC);
	ASSERT_TRUE(opened.stat >= 0 && opened.status >= 0 &&
		    opened.maps >= 0 && opened.mem >= 0 && opened.oom >= 0);
	close(dir);
	box = ct_spawn(variant->box, use_files, &opened);
	EXPECT_EQ(0, ct_finish(&box));
	EXPECT_EQ(0, ct_finish(&victim));
}

/* -- control groups ------------------------------------------------------------------------ */

static void use_cgroup(int fd, void *arg)
{
	int procs = *(int *)arg;
	char text[64];

	(void)fd;
	snprintf(text, sizeof(text), "%d", victim_pid);
	CT_ERRNO(ESRCH, write(procs, text, strlen(text)));
	CT_EQ(1, write(procs, "1", 1));
	read_whole(procs, text, sizeof(text));
	/* In which order is the kernel's affair. */
	CT_CHECK(!strcmp(text, "0\n1\n") || !strcmp(text, "1\n0\n"));
}

TEST_F(wall, control_group)
{
	char dir[64], path[128], text[16];
	struct ct_child victim, box;
	int procs;

	CT_NEED_BOX(variant);
	snprintf(dir, sizeof(dir), "/sys/fs/cgroup/ct-fd-%d", getpid());
	ASSERT_EQ(0, mkdir(dir, 0755));
	snprintf(path, sizeof(path), "%s/cgroup.procs", dir);
	procs = open(path, O_RDWR | O_CLOEXEC);
	ASSERT_LE(0, procs);
	victim = ct_spawn(CT_PLAIN, ct_idle, NULL);
	victim_pid = victim.pid;
	snprintf(text, sizeof(text), "%d", victim.pid);
	ASSERT_LT(0, write(procs, text, strlen(text)));
	box = ct_spawn(variant->box, use_cgroup, &procs);
	EXPECT_EQ(0, ct_finish(&box));
	EXPECT_EQ(0, ct_finish(&victim));
	close(procs);
	CT_UNTIL(rmdir(dir) == 0);
}

/* -- owners -------------------------------------------------------------------------------- */

static void share_owner(int fd, void *arg)
{
	int *pair = arg;

	/* The one outside is told of what we write... */
	CT_EQ(0, fcntl(pair[0], F_GETOWN));
	CT_EQ(1, write(pair[1], "x", 1));
	ct_recv(fd);
	/* ...by the signal that we choose... */
	CT_EQ(0, fcntl(pair[0], F_SETSIG, SIGUSR2));
	CT_EQ(1, write(pair[1], "x", 1));
	ct_recv(fd);
	CT_EQ(0, fcntl(pair[0], F_SETSIG, 0));
	/* ...and we, when we say so, of what it does. */
	ct_block(SIGIO);
	CT_ERRNO(ESRCH, fcntl(pair[0], F_SETOWN, victim_pid));
	CT_EQ(0, fcntl(pair[0], F_SETOWN, 1));
	ct_send(fd, 0);
	ct_signal(SIGIO);
}

TEST_F(wall, owner_of_a_shared_file)
{
	struct ct_child box;
	int pair[2];

	CT_NEED_BOX(variant);
	ASSERT_EQ(0, socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair));
	ASSERT_EQ(0, fcntl(pair[0], F_SETOWN, getpid()));
	ASSERT_EQ(0, fcntl(pair[0], F_SETFL, O_ASYNC));
	ct_block(SIGIO);
	ct_block(SIGUSR2);
	victim_pid = getpid();
	box = ct_spawn(variant->box, share_owner, pair);
	ct_signal(SIGIO);
	ct_send(box.fd, 0);
	ct_signal(SIGUSR2);
	ct_send(box.fd, 0);
	ct_recv(box.fd);
	EXPECT_EQ(box.pid, fcntl(pair[0], F_GETOWN));
	ASSERT_EQ(1, write(pair[1], "x", 1));
	EXPECT_EQ(0, ct_finish(&box));
	close(pair[0]);
	close(pair[1]);
}

/* -- signalfd -------------------------------------------------------------------------------- */

static void read_signals(int fd, void *arg)
{
	int file = *(int *)arg;
	struct signalfd_siginfo info;

	(void)fd;
	/* It shows the reader's own signals. */
	CT_ERRNO(EAGAIN, read(file, &info, sizeof(info)));
	CT_EQ(0, kill(1, SIGUSR1));
	CT_EQ(sizeof(info), read(file, &info, sizeof(info)));
	CT_EQ(1, info.ssi_pid);
}

TEST_F(wall, signalfd_of_one_outside)
{
	struct signalfd_siginfo info;
	struct ct_child box;
	sigset_t set;
	int file;

	CT_NEED_BOX(variant);
	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	ct_block(SIGUSR1);
	file = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
	ASSERT_LE(0, file);
	ASSERT_EQ(0, kill(getpid(), SIGUSR1));
	box = ct_spawn(variant->box, read_signals, &file);
	EXPECT_EQ(0, ct_finish(&box));
	ASSERT_EQ(sizeof(info), read(file, &info, sizeof(info)));
	EXPECT_EQ(getpid(), info.ssi_pid);
	close(file);
}

/* -- userfaultfd ------------------------------------------------------------------------------- */

struct region {
	int fd;
	char *at;
	size_t size;
};

/* 0 or -errno. */
static int watch_region(struct region *region)
{
	struct uffdio_api api = {
		.api = UFFD_API, .features = UFFD_FEATURE_THREAD_ID,
	};
	struct uffdio_register area;

	region->fd = syscall(SYS_userfaultfd, O_CLOEXEC);
	if (region->fd < 0)
		return -errno;
	CT_EQ(0, ioctl(region->fd, UFFDIO_API, &api));
	region->size = getpagesize();
	region->at = mmap(NULL, region->size, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	CT_CHECK(region->at != MAP_FAILED);
	area = (struct uffdio_register) {
		.range = { (uintptr_t)region->at, region->size },
		.mode = UFFDIO_REGISTER_MODE_MISSING,
	};
	CT_EQ(0, ioctl(region->fd, UFFDIO_REGISTER, &area));
	return 0;
}

/* Whose fault it was. */
static pid_t resolve_fault(int fd, size_t size)
{
	struct uffd_msg message;
	struct uffdio_zeropage zero = { .mode = 0 };

	CT_EQ(sizeof(message), read(fd, &message, sizeof(message)));
	CT_EQ(UFFD_EVENT_PAGEFAULT, message.event);
	zero.range.start = message.arg.pagefault.address & ~(size - 1);
	zero.range.len = size;
	CT_EQ(0, ioctl(fd, UFFDIO_ZEROPAGE, &zero));
	return message.arg.pagefault.feat.ptid;
}

static void resolve_inside(int fd, void *arg)
{
	struct region *region = arg, mine;

	/* As in a pid namespace it is what the other calls itself. */
	CT_EQ(victim_pid, resolve_fault(region->fd, region->size));
	CT_EQ(0, ct_recv(fd));
	CT_EQ(0, watch_region(&mine));
	ct_pass(fd, mine.fd);
	CT_EQ(0, mine.at[0]);
}

TEST_F(wall, userfaultfd)
{
	struct region region;
	struct ct_child box;
	int ret, fd;

	CT_NEED_BOX(variant);
	ret = watch_region(&region);
	if (ret == -ct_no_such_call() || ret == -EPERM)
		SKIP(return, "userfaultfd is not to be had");
	ASSERT_EQ(0, ret);
	victim_pid = getpid();
	box = ct_spawn(variant->box, resolve_inside, &region);
	EXPECT_EQ(0, *(volatile char *)region.at);
	ct_send(box.fd, 0);
	fd = ct_take(box.fd);
	EXPECT_EQ(1, resolve_fault(fd, region.size));
	EXPECT_EQ(0, ct_finish(&box));
	close(fd);
	close(region.fd);
}

/* -- io_uring ------------------------------------------------------------------------------------ */

static struct ct_ring ring, polled;
/* Also where the thread that polls looks, which has its maker's memory. */
static char path[64];

static void use_rings(int fd, void *arg)
{
	int ret;

	(void)fd;
	(void)arg;
	/* What is submitted by us is done by us... */
	CT_EQ(-ENOENT, ct_ring_open_path(&ring, path));
	CT_CHECK(ct_ring_open_path(&ring, "/proc/1/stat") >= 0);
	/* ...but not what the maker of the ring fetches itself. */
	ret = ct_ring_open_path(&polled, path);
	if (ret < 0)
		CT_FAIL("the thread of the ring's maker: %s", strerror(-ret));
}

TEST_F(wall, rings)
{
	struct ct_child victim, box;
	int ret;

	CT_NEED_BOX(variant);
	ret = ct_ring_start(&ring, 0);
	if (ret == -EPERM || ret == -ct_no_such_call())
		SKIP(return, "io_uring is turned off");
	ASSERT_EQ(0, ret);
	ASSERT_EQ(0, ct_ring_start(&polled, IORING_SETUP_SQPOLL));
	victim = ct_spawn(CT_PLAIN, ct_idle, NULL);
	snprintf(path, sizeof(path), "/proc/%d/stat", victim.pid);
	box = ct_spawn(variant->box, use_rings, NULL);
	EXPECT_EQ(0, ct_finish(&box));
	EXPECT_EQ(0, ct_finish(&victim));
	close(ring.fd);
	close(polled.fd);
}

/* -- terminals -------------------------------------------------------------------------------------- */

static struct ct_terminal terminal;

static void lead_and_listen(int fd, void *arg)
{
	(void)arg;
	ct_block(SIGINT);
	ct_lead_terminal(&terminal);
	ct_send(fd, 0);
	CT_EQ(SI_KERNEL, ct_signal(SIGINT).si_code);
	ct_send(fd, 0);
	ct_wait_hangup(fd);
}

static void use_master(int fd, void *arg)
{
	int number = victim_pid;

	(void)fd;
	(void)arg;
	CT_EQ(0, ioctl(terminal.master, TIOCGPGRP, &number));
	CT_EQ(0, number);
	CT_EQ(0, ioctl(terminal.master, TIOCGSID, &number));
	CT_EQ(0, number);
	/* Who has the keyboard can type Ctrl-C. */
	CT_EQ(0, ioctl(terminal.master, TIOCSIG, SIGINT));
}

TEST_F(wall, master_of_a_terminal)
{
	struct ct_child leader, box;

	CT_NEED_BOX(variant);
	ct_open_terminal(&terminal);
	leader = ct_spawn(CT_PLAIN, lead_and_listen, NULL);
	ct_recv(leader.fd);
	box = ct_spawn(variant->box, use_master, NULL);
	EXPECT_EQ(0, ct_finish(&box));
	ct_recv(leader.fd);
	EXPECT_EQ(0, ct_finish(&leader));
	close(terminal.master);
}

TEST_HARNESS_MAIN
