// SPDX-License-Identifier: GPL-2.0
/* modes: host */
/* timeout: 900 */
/*
 * Checkpoint and restart: descriptors, what they refer to, and what is shared
 * between them.
 */
#include "ct-checkpoint.h"

#include <dirent.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/sysmacros.h>

/* A file of ours with a text in it, opened again. */
static int open_with(const char *name, const char *text, int flags)
{
	int fd = open(cr_file(name), O_WRONLY | O_CREAT, 0644);

	CT_CHECK(fd >= 0);
	CT_EQ((ssize_t)strlen(text), write(fd, text, strlen(text)));
	close(fd);
	fd = open(cr_file(name), flags);
	CT_CHECK(fd >= 0);
	return fd;
}

static void reads(int fd, const char *text)
{
	char buf[64] = "";

	CT_EQ((ssize_t)strlen(text), read(fd, buf, strlen(text)));
	CT_STREQ(text, buf);
}

static off_t position(int fd)
{
	return lseek(fd, 0, SEEK_CUR);
}

/* Where /proc says that a descriptor leads to. */
static const char *leads_to(int fd)
{
	static char text[PATH_MAX];
	char path[64];
	ssize_t len;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	len = readlink(path, text, sizeof(text) - 1);
	CT_CHECK(len > 0);
	text[len] = 0;
	return text;
}

/* -- descriptors --------------------------------------------------------------------- */

CR_ROW(numbers)
{
	int fd = open_with("a", "text", O_RDONLY), i;
	static const int at[] = { 7, 63, 64, 300, 1000 };

	for (i = 0; i < 5; i++)
		CT_EQ(at[i], dup2(fd, at[i]));
	CT_EQ(0, fcntl(64, F_SETFD, FD_CLOEXEC));
	close(fd);
	cr_ready();
	CT_ERRNO(EBADF, fcntl(fd, F_GETFD));
	CT_ERRNO(EBADF, fcntl(8, F_GETFD));
	CT_ERRNO(EBADF, fcntl(301, F_GETFD));
	for (i = 0; i < 5; i++)
		CT_EQ(at[i] == 64 ? FD_CLOEXEC : 0, fcntl(at[i], F_GETFD));
	reads(7, "te");
	reads(1000, "xt");
	/* The lowest number that is free is the next. */
	CT_EQ(3, dup(7));
	CT_EQ(4, dup(7));
}

CR_ROW(above_the_limit)
{
	struct rlimit limit = { 100, 200 };
	int fd = open_with("a", "text", O_RDONLY);

	CT_EQ(900, dup2(fd, 900));
	CT_EQ(0, setrlimit(RLIMIT_NOFILE, &limit));
	cr_ready();
	CT_EQ(0, getrlimit(RLIMIT_NOFILE, &limit));
	CT_EQ(100, limit.rlim_cur);
	CT_EQ(200, limit.rlim_max);
	reads(900, "text");
	CT_ERRNO(EBADF, dup2(fd, 901));
}

CR_ROW(none_at_all)
{
	close(0);
	close(1);
	cr_ready();
	CT_ERRNO(EBADF, fcntl(0, F_GETFD));
	CT_ERRNO(EBADF, fcntl(1, F_GETFD));
	CT_EQ(0, open("/dev/null", O_RDWR));
}

/* More than goes into one record. */
CR_ROW(many)
{
	struct rlimit limit = { 4096, 4096 };
	int fd = open_with("a", "text", O_RDONLY), i;

	CT_EQ(0, setrlimit(RLIMIT_NOFILE, &limit));
	for (i = 10; i < 3000; i++)
		CT_EQ(i, dup2(fd, i));
	cr_ready();
	for (i = 10; i < 3000; i++)
		CT_EQ(0, fcntl(i, F_GETFD));
	CT_ERRNO(EBADF, fcntl(3000, F_GETFD));
	reads(2999, "text");
}

/* -- file descriptions --------------------------------------------------------------- */

CR_ROW(one_position)
{
	int fd = open_with("a", "0123456789", O_RDWR), other;

	other = dup(fd);
	CT_EQ(4, lseek(fd, 4, SEEK_SET));
	cr_ready();
	CT_EQ(4, position(other));
	reads(fd, "456");
	CT_EQ(7, position(other));
}

CR_ROW(two_positions)
{
	int fd = open_with("a", "0123456789", O_RDWR), other;

	other = open(cr_file("a"), O_RDONLY);
	CT_EQ(4, lseek(fd, 4, SEEK_SET));
	CT_EQ(8, lseek(other, 8, SEEK_SET));
	cr_ready();
	reads(fd, "456");
	reads(other, "89");
	CT_EQ(7, position(fd));
}

static void reads_two(void *arg)
{
	int fd = *(int *)arg;

	cr_await();
	CT_UNTIL(position(fd) == 4);
	reads(fd, "45");
}

CR_ROW(position_of_two_processes)
{
	int fd = open_with("a", "0123456789", O_RDWR);
	pid_t child = cr_child(reads_two, &fd);

	reads(fd, "01");
	cr_ready();
	reads(fd, "23");
	CT_EQ(0, ct_reap(child));
	CT_EQ(6, position(fd));
}

/* Far behind what is there, and at the end of all. */
CR_ROW(far_positions)
{
	int fd = open_with("a", "text", O_RDWR);
	int other = open(cr_file("a"), O_RDWR);

	CT_EQ(1L << 40, lseek(fd, 1L << 40, SEEK_SET));
	CT_EQ(4, lseek(other, 0, SEEK_END));
	cr_ready();
	CT_EQ(1L << 40, position(fd));
	CT_EQ(4, position(other));
}

CR_ROW(flags)
{
	static const int flags[] = {
		O_RDONLY, O_WRONLY, O_RDWR, O_WRONLY | O_APPEND,
		O_RDWR | O_NONBLOCK, O_RDWR | O_DSYNC, O_RDWR | O_SYNC,
		O_RDONLY | O_NOATIME, O_RDONLY | O_NOFOLLOW,
	};
	int fd = open_with("a", "text", O_RDONLY), was[9], i;

	close(fd);
	for (i = 0; i < 9; i++) {
		CT_EQ(3 + i, open(cr_file("a"), flags[i]));
		was[i] = fcntl(3 + i, F_GETFL);
	}
	CT_EQ(0, fcntl(3, F_SETFL, O_NONBLOCK | O_NOATIME));
	was[0] = fcntl(3, F_GETFL);
	cr_ready();
	for (i = 0; i < 9; i++)
		CT_EQ(was[i], fcntl(3 + i, F_GETFL));
	CT_ERRNO(EBADF, write(3, "", 1));
	CT_ERRNO(EBADF, read(4, &i, 1));
}

CR_ROW(appends)
{
	int fd = open_with("a", "", O_WRONLY | O_APPEND), other;
	char text[64];

	CT_EQ(3, write(fd, "one", 3));
	other = open(cr_file("a"), O_WRONLY | O_APPEND);
	CT_EQ(3, write(other, "two", 3));
	cr_ready();
	CT_EQ(5, write(fd, "three", 5));
	CT_CHECK(ct_read_file(cr_file("a"), text, sizeof(text)) > 0);
	CT_STREQ(cr_is_copy() ? "onetwothreethree" : "onetwothree", text);
}

/* Opened while it was allowed, used when it would not be any more. */
CR_ROW(rights_of_old)
{
	int fd = open(cr_file("secret"), O_RDWR | O_CREAT, 0600);

	CT_EQ(4, write(fd, "text", 4));
	ct_become_user();
	prctl(PR_SET_PDEATHSIG, 0);
	CT_ERRNO(EACCES, open(cr_file("secret"), O_RDONLY));
	cr_ready();
	CT_ERRNO(EACCES, open(cr_file("secret"), O_RDONLY));
	CT_EQ(0, lseek(fd, 0, SEEK_SET));
	reads(fd, "text");
	CT_EQ(4, pwrite(fd, "text", 4, 0));
}

/* -- what they refer to -------------------------------------------------------------- */

CR_ROW(renamed)
{
	int fd = open_with("a", "text", O_RDWR);

	CT_EQ(0, rename(cr_file("a"), cr_file("b")));
	open_with("a", "another", O_RDONLY);
	cr_ready();
	reads(fd, "text");
	CT_STREQ(cr_file("b"), leads_to(fd));
}

CR_ROW(symbolic_link)
{
	int fd = open_with("a", "text", O_RDWR);

	CT_EQ(0, symlink("a", cr_file("link")));
	fd = open(cr_file("link"), O_RDONLY);
	cr_ready();
	reads(fd, "text");
	CT_STREQ(cr_file("a"), leads_to(fd));
}

CR_ROW(directory, .without = CR_MOVED)
{
	char first[256], next[256], name[16];
	struct dirent *entry;
	DIR *dir;
	int i;

	for (i = 0; i < 20; i++) {
		snprintf(name, sizeof(name), "file%d", i);
		close(open(cr_file(name), O_CREAT | O_WRONLY, 0600));
	}
	CT_CHECK(dir = opendir(cr_dir));
	for (i = 0; i < 8; i++)
		CT_CHECK(entry = readdir(dir));
	strcpy(first, entry->d_name);
	/* The library has read ahead; this is where the kernel is to go on. */
	seekdir(dir, telldir(dir));
	CT_CHECK(entry = readdir(dir));
	strcpy(next, entry->d_name);
	rewinddir(dir);
	for (i = 0; i < 8; i++)
		CT_CHECK(entry = readdir(dir));
	CT_STREQ(first, entry->d_name);
	seekdir(dir, telldir(dir));
	cr_ready();
	CT_CHECK(entry = readdir(dir));
	CT_STREQ(next, entry->d_name);
	CT_EQ(0, faccessat(dirfd(dir), "file3", F_OK, 0));
}

CR_ROW(devices)
{
	static const char * const names[] = {
		"/dev/null", "/dev/zero", "/dev/full", "/dev/random",
		"/dev/urandom",
	};
	struct stat st;
	char c = 1;
	int i;

	for (i = 0; i < 5; i++)
		CT_EQ(3 + i, open(names[i], O_RDWR));
	cr_ready();
	for (i = 0; i < 5; i++) {
		CT_EQ(0, fstat(3 + i, &st));
		CT_CHECK(S_ISCHR(st.st_mode));
		CT_STREQ(names[i], leads_to(3 + i));
	}
	CT_EQ(0, read(3, &c, 1));
	CT_EQ(1, read(4, &c, 1));
	CT_EQ(0, c);
	CT_ERRNO(ENOSPC, write(5, &c, 1));
	CT_EQ(1, read(7, &c, 1));
}

/* Elsewhere the files have other inodes. */
CR_ROW(path_only, .without = CR_MOVED)
{
	struct stat was[4], st;
	int i;

	open_with("a", "text", O_RDONLY);
	CT_EQ(0, close(3));
	CT_EQ(0, symlink("a", cr_file("link")));
	CT_EQ(3, open(cr_file("a"), O_PATH));
	CT_EQ(4, open(cr_dir, O_PATH | O_DIRECTORY));
	CT_EQ(5, open(cr_file("link"), O_PATH | O_NOFOLLOW));
	CT_EQ(6, open("/dev/kmsg", O_PATH));
	for (i = 0; i < 4; i++)
		CT_EQ(0, fstat(3 + i, &was[i]));
	cr_ready();
	for (i = 0; i < 4; i++) {
		CT_EQ(0, fstat(3 + i, &st));
		CT_EQ(was[i].st_ino, st.st_ino);
		CT_EQ(was[i].st_mode, st.st_mode);
		CT_CHECK(fcntl(3 + i, F_GETFL) & O_PATH);
		CT_ERRNO(EBADF, read(3 + i, &st, 1));
	}
	CT_EQ(7, openat(4, "a", O_RDONLY));
	reads(7, "text");
}

CR_ROW(proc_files)
{
	int status = open("/proc/self/status", O_RDONLY);
	int version = open("/proc/version", O_RDONLY);
	int comm = open("/proc/1/comm", O_RDWR);
	char text[64] = "";

	CT_CHECK(status >= 0 && version >= 0 && comm >= 0);
	reads(version, "Linux ");
	cr_ready();
	reads(version, "version ");
	reads(status, "Name:\tfiles");
	CT_EQ(7, write(comm, "renamed", 7));
	CT_EQ(0, prctl(PR_GET_NAME, text));
	CT_STREQ("renamed", text);
}

/* -- files without a name ------------------------------------------------------------ */

#define BIG	(3 << 20)

static void fill(int fd, int seed)
{
	char block[4096];
	int i;

	for (i = 0; i < BIG / 4096; i += 7) {
		memset(block, seed + i, sizeof(block));
		CT_EQ(4096, pwrite(fd, block, sizeof(block), (off_t)i * 4096));
	}
}

static void is_filled(int fd, int seed)
{
	unsigned char block[4096];
	int i, want;

	for (i = 0; i < BIG / 4096; i++) {
		CT_EQ(4096, pread(fd, block, sizeof(block), (off_t)i * 4096));
		want = i % 7 ? 0 : (unsigned char)(seed + i);
		CT_EQ(want, block[0]);
		CT_EQ(want, block[4095]);
	}
}

CR_ROW(deleted)
{
	int fd = open_with("a", "", O_RDWR), other;
	struct stat st;
	char name[256];

	other = open(cr_file("a"), O_RDONLY);
	CT_EQ(0, ftruncate(fd, BIG));
	fill(fd, 3);
	CT_EQ(0, fchmod(fd, 0640));
	CT_EQ(0, fchown(fd, 1001, 1002));
	CT_EQ(0, unlink(cr_file("a")));
	CT_EQ(100, lseek(other, 100, SEEK_SET));
	strcpy(name, leads_to(fd));
	cr_ready();
	is_filled(fd, 3);
	CT_STREQ(name, leads_to(fd));
	CT_EQ(0, fstat(fd, &st));
	CT_EQ(BIG, st.st_size);
	CT_EQ(0, st.st_nlink);
	CT_EQ(S_IFREG | 0640, st.st_mode);
	CT_EQ(1001, st.st_uid);
	CT_EQ(1002, st.st_gid);
	/* Both are the same file still. */
	CT_EQ(4, pwrite(fd, "text", 4, 100));
	reads(other, "text");
	CT_ERRNO(EBADF, write(other, "", 1));
}

CR_ROW(temporary)
{
	int fd = open(cr_dir, O_TMPFILE | O_RDWR, 0600);

	CT_CHECK(fd >= 0);
	CT_EQ(4, write(fd, "text", 4));
	CT_EQ(1, lseek(fd, 1, SEEK_SET));
	cr_ready();
	reads(fd, "ext");
}

/* Mapped, and in two processes. */
static void looks_and_writes(void *arg)
{
	volatile char *at = arg;

	cr_await();
	CT_UNTIL(at[0] == 'n');
	at[4096] = 'c';
}

CR_ROW(deleted_and_mapped)
{
	int fd = open_with("a", "", O_RDWR);
	volatile char *at;
	pid_t child;

	CT_EQ(0, ftruncate(fd, 8192));
	at = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	CT_CHECK(at != MAP_FAILED);
	CT_EQ(0, unlink(cr_file("a")));
	at[0] = 'o';
	child = cr_child(looks_and_writes, (void *)at);
	cr_ready();
	CT_EQ('o', at[0]);
	at[0] = 'n';
	CT_EQ(0, ct_reap(child));
	CT_EQ('c', at[4096]);
	CT_EQ(1, pread(fd, (char *)at, 1, 4096));
	CT_EQ('c', at[0]);
}

CR_ROW(memfd)
{
	int fd = syscall(SYS_memfd_create, "some name", 2 /* MFD_ALLOW_SEALING */);
	char path[64];
	int other;

	CT_CHECK(fd >= 0);
	CT_EQ(0, ftruncate(fd, BIG));
	fill(fd, 5);
	CT_EQ(0, fcntl(fd, F_ADD_SEALS, F_SEAL_GROW | F_SEAL_SHRINK));
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	other = open(path, O_RDONLY);
	CT_CHECK(other >= 0);
	CT_EQ(200, lseek(other, 200, SEEK_SET));
	cr_ready();
	is_filled(fd, 5);
	CT_STREQ("/memfd:some name (deleted)", leads_to(fd));
	CT_EQ(F_SEAL_GROW | F_SEAL_SHRINK, fcntl(fd, F_GET_SEALS));
	CT_ERRNO(EPERM, ftruncate(fd, BIG + 1));
	CT_EQ(0, fcntl(fd, F_ADD_SEALS, F_SEAL_SEAL));
	CT_EQ(4, pwrite(fd, "text", 4, 200));
	reads(other, "text");
}

CR_ROW(memfd_that_cannot_be_sealed)
{
	int fd = syscall(SYS_memfd_create, "x", 0);

	CT_EQ(F_SEAL_SEAL, fcntl(fd, F_GET_SEALS));
	cr_ready();
	CT_EQ(F_SEAL_SEAL, fcntl(fd, F_GET_SEALS));
	CT_EQ(0, ftruncate(fd, 100));
}

CR_ROW(memfd_that_cannot_be_written)
{
	int fd = syscall(SYS_memfd_create, "x", 2 /* MFD_ALLOW_SEALING */);

	CT_EQ(4, write(fd, "text", 4));
	CT_EQ(0, fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE));
	cr_ready();
	CT_ERRNO(EPERM, pwrite(fd, "x", 1, 0));
	CT_EQ(F_SEAL_WRITE, fcntl(fd, F_GET_SEALS));
	CT_EQ(0, lseek(fd, 0, SEEK_SET));
	reads(fd, "text");
}

/* A window that is only for whoever opened it. */
CR_ROW(memfd_that_was_mapped_before)
{
	int fd = syscall(SYS_memfd_create, "x", 2 /* MFD_ALLOW_SEALING */);
	char *at, *seen;

	CT_EQ(0, ftruncate(fd, 4096));
	at = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	CT_CHECK(at != MAP_FAILED);
	CT_EQ(0, fcntl(fd, F_ADD_SEALS, F_SEAL_FUTURE_WRITE));
	seen = mmap(NULL, 4096, PROT_READ, MAP_SHARED, fd, 0);
	CT_CHECK(seen != MAP_FAILED);
	at[0] = 'a';
	cr_ready();
	CT_EQ('a', seen[0]);
	at[0] = 'b';
	CT_EQ('b', seen[0]);
	CT_EQ(F_SEAL_FUTURE_WRITE, fcntl(fd, F_GET_SEALS));
	CT_EQ((long)MAP_FAILED, (long)mmap(NULL, 4096, PROT_READ | PROT_WRITE,
					   MAP_SHARED, fd, 0));
	CT_ERRNO(EACCES, mprotect(seen, 4096, PROT_READ | PROT_WRITE));
	CT_ERRNO(EPERM, pwrite(fd, "x", 1, 0));
}

/* Holes stay holes. */
CR_ROW(holes)
{
	int fd = syscall(SYS_memfd_create, "x", 0);
	struct stat was, st;

	CT_EQ(0, ftruncate(fd, 1L << 33));
	CT_EQ(4, pwrite(fd, "text", 4, 1L << 32));
	CT_EQ(0, fstat(fd, &was));
	cr_ready();
	CT_EQ(0, fstat(fd, &st));
	CT_EQ(1L << 33, st.st_size);
	CT_EQ(was.st_blocks, st.st_blocks);
	CT_EQ(1L << 32, lseek(fd, 1L << 32, SEEK_SET));
	reads(fd, "text");
}

/* -- tables that processes share ------------------------------------------------------ */

static int in_shared_table;

static int shares_table(void *arg)
{
	(void)arg;
	cr_await();
	CT_UNTIL(fcntl(20, F_GETFD) >= 0);
	close(in_shared_table);
	_exit(0);
}

CR_ROW(shared_table)
{
	static char stack[65536] __attribute__((aligned(16)));
	int fd = open_with("a", "text", O_RDONLY);
	pid_t child;

	in_shared_table = fd;
	child = clone(shares_table, stack + sizeof(stack), CLONE_FILES | SIGCHLD,
		      NULL);
	CT_CHECK(child > 0);
	cr_ready();
	CT_EQ(20, dup2(fd, 20));
	CT_EQ(0, ct_reap(child));
	CT_ERRNO(EBADF, fcntl(fd, F_GETFD));
	reads(20, "text");
}

/* -- locks ---------------------------------------------------------------------------- */

/* The original has its locks, so there cannot be another one beside it. */
#define LOCK_ROW(row) CR_ROW(row, .without = CR_COPY)

LOCK_ROW(flocks)
{
	int fd = open_with("a", "text", O_RDWR), other;

	CT_EQ(0, flock(fd, LOCK_EX));
	other = open(cr_file("a"), O_RDONLY);
	cr_ready();
	CT_ERRNO(EAGAIN, flock(other, LOCK_SH | LOCK_NB));
	CT_EQ(0, flock(fd, LOCK_SH));
	CT_EQ(0, flock(other, LOCK_SH | LOCK_NB));
	CT_ERRNO(EAGAIN, flock(other, LOCK_EX | LOCK_NB));
	close(fd);
	CT_EQ(0, flock(other, LOCK_EX | LOCK_NB));
}

static void range(int fd, int cmd, int type, off_t start, off_t len)
{
	struct flock fl = {
		.l_type = type, .l_whence = SEEK_SET,
		.l_start = start, .l_len = len,
	};

	CT_EQ(0, fcntl(fd, cmd, &fl));
}

static void is_locked(int fd, int cmd, off_t at, int type, off_t start, off_t len)
{
	struct flock fl = {
		.l_type = F_WRLCK, .l_whence = SEEK_SET,
		.l_start = at, .l_len = 1,
	};

	CT_EQ(0, fcntl(fd, cmd, &fl));
	CT_EQ(type, fl.l_type);
	if (type == F_UNLCK)
		return;
	CT_EQ(start, fl.l_start);
	CT_EQ(len, fl.l_len);
}

static void finds_locks(void *arg)
{
	int fd = *(int *)arg;

	cr_await();
	is_locked(fd, F_GETLK, 15, F_WRLCK, 10, 10);
	is_locked(fd, F_GETLK, 30, F_RDLCK, 30, 5);
	is_locked(fd, F_GETLK, 50, F_WRLCK, 40, 0);
	is_locked(fd, F_GETLK, 25, F_UNLCK, 0, 0);
}

LOCK_ROW(locks_of_a_process)
{
	int fd = open_with("a", "text", O_RDWR);
	pid_t child = cr_child(finds_locks, &fd);

	range(fd, F_SETLK, F_WRLCK, 10, 10);
	range(fd, F_SETLK, F_RDLCK, 30, 5);
	range(fd, F_SETLK, F_WRLCK, 40, 0);
	cr_ready();
	CT_EQ(0, ct_reap(child));
	/* They are its own. */
	range(fd, F_SETLK, F_UNLCK, 0, 0);
	is_locked(fd, F_OFD_GETLK, 15, F_UNLCK, 0, 0);
}

LOCK_ROW(locks_of_a_description)
{
	int fd = open_with("a", "text", O_RDWR), other;

	other = open(cr_file("a"), O_RDWR);
	range(fd, F_OFD_SETLK, F_WRLCK, 5, 7);
	cr_ready();
	is_locked(other, F_OFD_GETLK, 6, F_WRLCK, 5, 7);
	is_locked(fd, F_OFD_GETLK, 6, F_UNLCK, 0, 0);
	close(fd);
	is_locked(other, F_OFD_GETLK, 6, F_UNLCK, 0, 0);
}

/* One waits for the other. */
static void waits_for_lock(void *arg)
{
	int fd = open(cr_file("a"), O_RDWR);

	(void)arg;
	CT_EQ(0, flock(fd, LOCK_EX));
	CT_CHECK(cr_told());
}

LOCK_ROW(waiting_for_a_lock)
{
	int fd = open_with("a", "text", O_RDWR);
	pid_t child;

	CT_EQ(0, flock(fd, LOCK_EX));
	child = cr_child(waits_for_lock, NULL);
	cr_until_in_call(child, child, SYS_flock);
	cr_ready();
	CT_EQ(0, flock(fd, LOCK_UN));
	CT_EQ(0, ct_reap(child));
}

CR_MAIN
