/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Checkpoint and restart: a test is a program, the subject, that sets something
 * up, says that it is ready, is saved and restored without knowing it, and then
 * looks whether all is as it was.  A test is a few lines:
 *
 *	CR_ROW(sleeping, .away_ms = 200)
 *	{
 *		... set it up; CT_CHECK() and its relatives, as everywhere
 *		cr_ready();
 *		... look at it; to return is to pass
 *	}
 *
 *	CR_MAIN
 *
 * and runs in each of these modes, as a test of its own called ROW.MODE:
 *
 *	none	nothing happens while it is ready: what shows that the test is
 *		right.  Without the module it runs in a real pid namespace, so
 *		a program can be tried on any machine: build/selftests/checkpoint/X
 *	kill	saved, killed, restarted
 *	goon	saved; the original goes on
 *	copy	saved, and restarted under another name beside the original.
 *		First the original looks, to its end, and then the copy: a file
 *		that both have open is the same for them
 *	chain	three times: saved, killed, restarted
 *	save	saved, and killed; and
 *	load	restarted on another machine, with another kernel: see ct-moved.h.
 *		Only with CR_SAVE and CR_LOAD in the environment, but then only these
 *
 * Options of a row (all may be left out):
 *
 *	.without = CR_COPY | ...	modes that make no sense for it
 *	.below = true			process 2, below a process 1 that only
 *					reaps; else it is process 1 itself
 *	.away_ms			for how long at least it is away
 *	.before_go = fn			called in the test's process, outside of
 *					the container, before a subject looks
 *	.give = fn			called in the test's process at first: what
 *					it returns is the subject's descriptor 3
 *	.timeout			of each mode, in seconds
 *
 * A subject begins with an exec, so that it shares no memory with anyone.  It
 * leads a session, its directory is /, its descriptors are 0 and 1, /dev/null,
 * and 2, a regular file, where CT_FAIL() writes.  What it can use:
 *
 *	cr_dir, cr_file("x")	a directory of its own, and a path in it.  The
 *				copies of a subject share it
 *	cr_ready()		once: I am ready; returns when it is time to look
 *	cr_announce()		the same in process 1, but returns at once; see cr_told()
 *	cr_await()		the same in its other processes and threads, which
 *				say nothing; they must be able to trace process 1
 *	cr_told()		has that time come?  For those who must not wait
 *	cr_spin_word()		in process 1: memory that is 0 until then
 *	cr_until_in_call(pid, tid, nr)  wait until a thread is in a system call
 *	cr_child(fn, arg)	fork(); the child runs that and ends with 0
 *	cr_gathering(), cr_settled(), cr_gather(n)
 *				wait until n descendants are where they should be,
 *				each of which says so once; nothing of it is left
 *				afterwards
 *	cr_away_min(), cr_away_max()	after cr_ready(), in process 1: between
 *				these it was away, in milliseconds, by a clock
 *				that does not stop
 *	cr_is_copy()		in process 1: I am the copy, in mode copy
 *
 * Only what runs outside knows the mode.  It speaks with a subject through the
 * memory of the container's process 1, so that nothing has to be open.
 *
 * Only some of the rows and modes: CR_ONLY='sleeping.* *.kill'.
 *
 * For other tests, CR_SUBJECT() in place of CR_ROW() makes a subject but no tests;
 * they have cr_start(), cr_save(), cr_restart(), cr_finish() and so on.
 */
#ifndef CT_CHECKPOINT_H
#define CT_CHECKPOINT_H

#include "ct.h"

#include <fnmatch.h>
#include <ftw.h>
#include <sys/mman.h>
#include <sys/uio.h>

#include "kselftest_harness.h"

#define CR_RESTART	CT_FILE "/restart"
#define CR_WORD		"checkpoint-subject"
#define CR_PIECE	65536
#define CR_CHAIN	3
/* So that what a subject says of its own waiting is heard. */
#define CR_PATIENCE_MS	(CT_PATIENCE_MS + 3000)
#define CR_NAMES	64	/* of containers that one test may make */

enum {
	CR_NONE = 1,
	CR_KILL = 2,
	CR_GOON = 4,
	CR_COPY = 8,
	CR_CHAINED = 16,
	CR_SAVE = 32,
	CR_LOAD = 64,
};

#define CR_MODES	7
#define CR_MOVED	(CR_SAVE | CR_LOAD)
#define CR_ALL		((1 << CR_MODES) - 1)

struct cr_life;
struct cr_row;

struct cr_case {
	struct __test_metadata meta;
	struct cr_row *row;
	int mode;
	char name[80];
};

struct cr_row {
	const char *name;
	void (*subject)(void);
	int without;
	bool below;
	int away_ms;
	void (*before_go)(struct cr_life *life);
	int (*give)(void);
	int timeout;
	struct cr_case cases[CR_MODES];
	struct cr_row *next;
};

static struct cr_row *cr_rows;

/* ---- the subject's side ------------------------------------------------------ */

/* In the memory of process 1; the other side reads and writes it. */
/*
 * A program that is just being executed has something else there: what the file
 * has behind its data.
 */
#define CR_READY	0x52454459

struct cr_note {
	int ready;
	int go;
	int copy;
	int pad;
	long long away_min;
	long long away_max;
};

static volatile struct cr_note cr_note;
static char cr_dir[96];

static inline const char *cr_file(const char *name)
{
	static char path[4][sizeof(cr_dir) + 64];
	static unsigned int next;
	char *text = path[next++ % 4];

	snprintf(text, sizeof(path[0]), "%s/%s", cr_dir, name);
	return text;
}

/* Copies the note of another process, or to it; whether that was possible. */
static inline bool cr_note_copy(pid_t pid, struct cr_note *note, bool out)
{
	struct iovec here = { note, sizeof(*note) };
	struct iovec there = { (void *)&cr_note, sizeof(*note) };
	ssize_t ret;

	if (out)
		ret = process_vm_writev(pid, &here, 1, &there, 1, 0);
	else
		ret = process_vm_readv(pid, &here, 1, &there, 1, 0);
	return ret == sizeof(*note);
}

static inline bool cr_told(void)
{
	struct cr_note note;

	if (getpid() == 1)
		return cr_note.go;
	if (!cr_note_copy(1, &note, false))
		CT_FAIL("process 1 cannot be read: %s", strerror(errno));
	return note.go;
}

static inline volatile int *cr_spin_word(void)
{
	CT_EQ(1, getpid());
	return &cr_note.go;
}

/* Many may wait at the same time, on few processors. */
static inline void cr_await(void)
{
	int us = 1000;

	while (!cr_told()) {
		usleep(us);
		if (us < 50000)
			us *= 2;
	}
}

static inline void cr_ready(void)
{
	struct cr_note note = { .ready = CR_READY };

	if (getpid() == 1)
		cr_note.ready = CR_READY;
	else
		CT_CHECK(cr_note_copy(1, &note, true));
	cr_await();
	if (getpid() != 1) {
		CT_CHECK(cr_note_copy(1, &note, false));
		cr_note = note;
	}
}

static inline long long cr_away_min(void)
{
	return cr_note.away_min;
}

static inline long long cr_away_max(void)
{
	return cr_note.away_max;
}

static inline bool cr_is_copy(void)
{
	return cr_note.copy;
}

/* For subjects that go on doing something: ready, but nobody waits. */
static inline void cr_announce(void)
{
	CT_EQ(1, getpid());
	cr_note.ready = CR_READY;
}

static inline void cr_until_in_call(pid_t pid, pid_t tid, long nr)
{
	char path[64], text[256];

	snprintf(path, sizeof(path), "/proc/%d/task/%d/syscall", pid, tid);
	CT_UNTIL(ct_read_file(path, text, sizeof(text)) > 0 &&
		 text[0] >= '0' && text[0] <= '9' && atol(text) == nr);
}

static inline pid_t cr_child(void (*fn)(void *arg), void *arg)
{
	pid_t pid = fork();

	CT_CHECK(pid >= 0);
	if (pid)
		return pid;
	fn(arg);
	_exit(0);
}

static int cr_meeting[2];

static inline void cr_gathering(void)
{
	CT_EQ(0, pipe2(cr_meeting, O_CLOEXEC));
}

/* In a process; its threads have the same descriptors. */
static inline void cr_settled(void)
{
	CT_EQ(1, write(cr_meeting[1], "", 1));
	close(cr_meeting[0]);
	close(cr_meeting[1]);
}

static inline void cr_gather(int count)
{
	struct pollfd wait = { .fd = cr_meeting[0], .events = POLLIN };
	char c;

	close(cr_meeting[1]);
	for (; count; count--) {
		CT_EQ(1, poll(&wait, 1, CT_PATIENCE_MS));
		if (read(cr_meeting[0], &c, 1) != 1)
			CT_FAIL("%d did not settle", count);
	}
	close(cr_meeting[0]);
}

/* What process 1 is when the subject is not. */
static inline int cr_small_init(struct cr_row *row)
{
	pid_t subject = fork(), pid;
	int status;

	CT_CHECK(subject >= 0);
	if (!subject) {
		CT_CHECK(setsid() > 0);
		row->subject();
		_exit(0);
	}
	do {
		pid = wait(&status);
		CT_CHECK(pid > 0);
	} while (pid != subject);
	return WIFEXITED(status) ? WEXITSTATUS(status) :
				   128 + WTERMSIG(status);
}

/* If this is a subject and no test, run it; does not return then. */
static inline void cr_be_subject(int argc, char **argv)
{
	struct cr_row *row;

	if (argc != 4 || strcmp(argv[1], CR_WORD))
		return;
	snprintf(cr_dir, sizeof(cr_dir), "%s", argv[3]);
	for (row = cr_rows; row; row = row->next) {
		if (strcmp(row->name, argv[2]))
			continue;
		if (row->below)
			_exit(cr_small_init(row));
		row->subject();
		_exit(0);
	}
	CT_FAIL("no row %s", argv[2]);
}

/* ---- the other side ------------------------------------------------------------ */

/* A subject, or one of its copies, as the outside sees it. */
struct cr_life {
	struct cr_row *row;
	char name[CT_NAME_MAX + 1];	/* of the container */
	pid_t pid;			/* of its process 1, as we see it */
	bool copy;
	long long away_min, away_max;
};

struct cr_image {
	char *data;
	size_t size;
	size_t room;
	/* By our clock: the snapshot was taken between these. */
	long long before, after;
};

/* Ends what the test leaves behind, even if that is killed; see cr_guard(). */
struct cr_guard {
	pid_t pid;
	int fd;
};

/* "OUTER/" for a test that is itself in a container, below which all are. */
static char cr_inside[24];

static inline int cr_remove_one(const char *path, const struct stat *st, int type,
				struct FTW *where)
{
	(void)st;
	(void)type;
	(void)where;
	remove(path);
	return 0;
}

static inline void cr_end_all(pid_t test)
{
	char name[CT_NAME_MAX + 1];
	int i;

	for (i = 1; i <= CR_NAMES; i++) {
		snprintf(name, sizeof(name), "test-%d-%d", test, i);
		ct_kill_container(name, "KILL");
	}
	nftw(cr_dir, cr_remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

/* Makes the subject's directory, too, unless there is one. */
static inline struct cr_guard cr_guard(void)
{
	struct cr_guard guard;
	pid_t test = getpid();
	int fd[2], null;

	if (!cr_dir[0]) {
		strcpy(cr_dir, "/tmp/cr-XXXXXX");
		CT_CHECK(mkdtemp(cr_dir));
	}
	CT_EQ(0, chmod(cr_dir, 0777));
	CT_EQ(0, pipe2(fd, O_CLOEXEC));
	guard.pid = fork();
	CT_CHECK(guard.pid >= 0);
	guard.fd = fd[1];
	if (guard.pid) {
		close(fd[0]);
		return guard;
	}
	/* A test that takes too long is killed with its process group. */
	setpgid(0, 0);
	close(fd[1]);
	null = open("/dev/null", O_RDWR);
	dup2(null, 0);
	dup2(null, 1);
	dup2(null, 2);
	ct_wait_hangup(fd[0]);
	cr_end_all(test);
	_exit(0);
}

static inline void cr_guard_end(struct cr_guard *guard)
{
	close(guard->fd);
	CT_EQ(0, ct_reap(guard->pid));
}

/* What the subject said of itself. */
static inline void cr_show_log(void)
{
	char text[4096];

	if (ct_read_file(cr_file("log"), text, sizeof(text)) > 0)
		dprintf(STDERR_FILENO, "%s", text);
}

/* How process 1 ended, as ct_reap() has it, or -ETIMEDOUT. */
static inline int cr_reap(const struct cr_life *life)
{
	long long end = ct_now_ms() + CR_PATIENCE_MS;
	int status, ret;

	while (!(ret = waitpid(life->pid, &status, WNOHANG))) {
		if (ct_now_ms() > end)
			return -ETIMEDOUT;
		usleep(1000);
	}
	if (ret < 0)
		return -errno;
	return WIFEXITED(status) ? WEXITSTATUS(status) :
				   128 + WTERMSIG(status);
}

/* @gift: a descriptor from outside, or -1 */
static inline void __attribute__((noreturn)) cr_exec(struct cr_life *life, int gift)
{
	static char *env[] = { NULL };
	char exe[256], log[128];
	ssize_t len;
	sigset_t none;
	int ret;

	len = readlink("/proc/self/exe", exe, sizeof(exe) - 1);
	CT_CHECK(len > 0);
	exe[len] = 0;
	if (ct_module_loaded()) {
		ret = ct_enter(life->name + strlen(cr_inside));
		if (ret)
			CT_FAIL("entering %s: %s", life->name, strerror(-ret));
	} else {
		ct_private_proc();
	}
	snprintf(log, sizeof(log), "%s", cr_file("log"));
	umask(0);
	ret = open(log, O_WRONLY | O_APPEND | O_CREAT, 0666);
	umask(022);
	CT_CHECK(ret >= 0 && dup2(ret, 2) == 2);
	close(0);
	CT_EQ(0, open("/dev/null", O_RDWR));
	CT_EQ(1, dup2(0, 1));
	if (gift > 3)
		CT_EQ(3, dup2(gift, 3));
	if (gift >= 3)
		CT_EQ(0, fcntl(3, F_SETFD, 0));
	CT_EQ(0, close_range(gift < 0 ? 3 : 4, ~0U, 0));
	CT_EQ(0, chdir("/"));
	CT_CHECK(setsid() > 0);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	execle(exe, "subject", CR_WORD, life->row->name, cr_dir, NULL, env);
	CT_FAIL("%s: %s", exe, strerror(errno));
}

/* Starts a subject, and waits until it is ready. */
static inline struct cr_life cr_start(struct cr_row *row)
{
	struct cr_life life = { .row = row };
	long long end = ct_now_ms() + CR_PATIENCE_MS;
	int gift = row->give ? row->give() : -1;
	char unique[CT_NAME_MAX + 1];
	struct cr_note note = { 0 };

	ct_unique_name(unique);
	snprintf(life.name, sizeof(life.name), "%s%.40s", cr_inside, unique);
	fflush(NULL);
	life.pid = ct_module_loaded() ? fork() : ct_fork_namespace();
	CT_CHECK(life.pid >= 0);
	if (!life.pid)
		cr_exec(&life, gift);
	if (gift >= 0)
		close(gift);
	while (!cr_note_copy(life.pid, &note, false) || note.ready != CR_READY) {
		siginfo_t info = { 0 };

		waitid(P_PID, life.pid, &info, WEXITED | WNOHANG | WNOWAIT);
		if (info.si_pid || ct_now_ms() > end) {
			cr_show_log();
			CT_FAIL("%s does not get ready", row->name);
		}
		usleep(1000);
	}
	return life;
}

/*
 * Reads a checkpoint of a container to its end; 0 or -errno.  The option, if
 * any, is written before.
 */
static inline int cr_save(const char *name, const char *option,
			  struct cr_image *image)
{
	char path[128];
	ssize_t ret;
	int fd;

	memset(image, 0, sizeof(*image));
	ct_path(path, sizeof(path), name, "checkpoint");
	image->before = ct_now_ms();
	fd = open(path, (option ? O_RDWR : O_RDONLY) | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	if (option && write(fd, option, strlen(option)) < 0) {
		ret = -errno;
		close(fd);
		return ret;
	}
	do {
		if (image->size + CR_PIECE > image->room) {
			image->room = 2 * image->room + CR_PIECE;
			image->data = realloc(image->data, image->room);
			CT_CHECK(image->data);
		}
		ret = read(fd, image->data + image->size, CR_PIECE);
		if (!image->after)
			image->after = ct_now_ms();
		if (ret > 0)
			image->size += ret;
	} while (ret > 0);
	ret = ret < 0 ? -errno : 0;
	close(fd);
	return ret;
}

static inline void cr_image_free(struct cr_image *image)
{
	free(image->data);
	memset(image, 0, sizeof(*image));
}

/* Writes all of it, in pieces; 0 or -errno. */
static inline int cr_write_all(int fd, const char *data, size_t size)
{
	size_t done = 0;
	ssize_t ret;

	while (done < size) {
		ret = write(fd, data + done,
			    size - done < CR_PIECE ? size - done : CR_PIECE);
		if (ret < 0)
			return -errno;
		done += ret;
	}
	return 0;
}

/* Makes a container of an image; 0 or -errno, with a sentence in @why. */
static inline int cr_restart(const struct cr_image *image, const char *name,
			     char *why, size_t size)
{
	int fd = open(CR_RESTART, O_RDWR | O_CLOEXEC), ret = 0;
	char line[CT_NAME_MAX + 32];
	ssize_t len;

	why[0] = 0;
	if (fd < 0)
		return -errno;
	if (name) {
		snprintf(line, sizeof(line), "options name=%s\n", name);
		ret = cr_write_all(fd, line, strlen(line));
	}
	if (!ret)
		ret = cr_write_all(fd, image->data, image->size);
	if (ret) {
		len = read(fd, why, size - 1);
		why[len > 0 ? len : 0] = 0;
	}
	/* That the end is missing is known when it is closed. */
	if (close(fd) && !ret) {
		ret = -errno;
		snprintf(why, size, "close: %s\n", strerror(-ret));
	}
	return ret;
}

/* Process 1 of a container, as we see it; 0: it has none. */
static inline pid_t cr_first(const char *name)
{
	char path[128], line[256];
	int vpid, pid, found = 0;
	FILE *file;

	ct_path(path, sizeof(path), name, "tasks");
	file = fopen(path, "re");
	while (file && !found && fgets(line, sizeof(line), file))
		if (ct_parse_task(line, &vpid, &pid) && vpid == 1)
			found = pid;
	if (file)
		fclose(file);
	return found;
}

/* The same two with a life; they fail the test if they fail. */
static inline struct cr_image cr_take(struct cr_life *life)
{
	struct cr_image image;
	char path[128], text[4096];
	int ret = cr_save(life->name, NULL, &image);

	if (!ret)
		return image;
	ct_path(path, sizeof(path), life->name, "check");
	if (ct_read_file(path, text, sizeof(text)) > 0)
		dprintf(STDERR_FILENO, "# %s:\n%s", path, text);
	CT_FAIL("checkpoint of %s: %s", life->row->name, strerror(-ret));
}

/* @name: of the copy; NULL: life goes on in this one */
static inline struct cr_life cr_bring_back(const struct cr_life *life,
					   const struct cr_image *image,
					   const char *name)
{
	struct cr_life back = *life;
	long long before = ct_now_ms();
	char why[512];
	int ret;

	ret = cr_restart(image, name, why, sizeof(why));
	if (ret)
		CT_FAIL("restart of %s: %s: %s", life->row->name, strerror(-ret),
			why);
	back.away_min += before - image->after;
	back.away_max += ct_now_ms() - image->before;
	if (name) {
		strcpy(back.name, name);
		back.copy = true;
	}
	back.pid = cr_first(back.name);
	if (!back.pid) {
		cr_show_log();
		CT_FAIL("%s has no process 1 after restart", back.name);
	}
	return back;
}

/* Ends it from outside, and waits until nothing is left of it. */
static inline void cr_end(struct cr_life *life)
{
	CT_EQ(0, ct_kill_container(life->name, "KILL"));
	CT_EQ(128 + SIGKILL, cr_reap(life));
	CT_UNTIL(ct_task_count(life->name) == -1);
}

/* Tells the subject to look. */
static inline void cr_go(struct cr_life *life)
{
	struct cr_note note = {
		.ready = CR_READY, .copy = life->copy,
		.away_min = life->away_min, .away_max = life->away_max,
	};

	if (life->row->before_go)
		life->row->before_go(life);
	/* The sign itself comes last. */
	if (!cr_note_copy(life->pid, &note, true))
		CT_FAIL("process 1 of %s, %d, is gone: %s", life->name, life->pid,
			strerror(errno));
	note.go = 1;
	CT_CHECK(cr_note_copy(life->pid, &note, true));
}

/* It looks, and is content; nothing is left of it. */
static inline void cr_finish(struct cr_life *life)
{
	int status;

	cr_go(life);
	status = cr_reap(life);
	if (status) {
		cr_show_log();
		if (status == -ETIMEDOUT)
			CT_FAIL("%s does not end", life->row->name);
		CT_FAIL("%s%s ends with %d", life->row->name,
			life->copy ? ", the copy," : "", status);
	}
	if (ct_module_loaded())
		CT_UNTIL(ct_task_count(life->name) == -1);
}

/* ---- the modes ------------------------------------------------------------------- */

/* Saved, killed, and back. */
static inline void cr_die_and_return(struct cr_life *life)
{
	struct cr_image image = cr_take(life);

	cr_end(life);
	usleep(life->row->away_ms * 1000);
	*life = cr_bring_back(life, &image, NULL);
	cr_image_free(&image);
}

static inline void cr_run_goon(struct cr_life *life)
{
	struct cr_image image = cr_take(life);

	life->away_max = image.after - image.before;
	cr_image_free(&image);
	cr_finish(life);
}

static inline void cr_run_copy(struct cr_life *life)
{
	struct cr_image image = cr_take(life);
	char name[CT_NAME_MAX + 1];
	struct cr_life copy;

	ct_unique_name(name);
	usleep(life->row->away_ms * 1000);
	copy = cr_bring_back(life, &image, name);
	life->away_max = image.after - image.before;
	cr_image_free(&image);
	cr_finish(life);
	cr_finish(&copy);
}

#include "ct-moved.h"

static inline void cr_run(struct cr_row *row, int mode)
{
	struct cr_guard guard = cr_guard();
	struct cr_life life = cr_start(row);
	int i;

	switch (mode) {
	case CR_NONE:
		cr_finish(&life);
		break;
	case CR_KILL:
		cr_die_and_return(&life);
		cr_finish(&life);
		break;
	case CR_GOON:
		cr_run_goon(&life);
		break;
	case CR_COPY:
		cr_run_copy(&life);
		break;
	case CR_CHAINED:
		for (i = 0; i < CR_CHAIN; i++)
			cr_die_and_return(&life);
		cr_finish(&life);
		break;
	}
	cr_guard_end(&guard);
}

/* ---- rows as tests of the harness ---------------------------------------------------- */

static inline void cr_case_run(struct __test_metadata *_metadata,
			       struct __fixture_variant_metadata *variant)
{
	struct cr_case *this = (struct cr_case *)_metadata;

	(void)variant;
	_metadata->setup_completed = true;
	if (this->mode != CR_NONE)
		CT_NEED_MODULE();
	if (this->mode == CR_SAVE)
		cr_run_save(this->row);
	else if (this->mode == CR_LOAD)
		cr_run_load(this->row);
	else
		cr_run(this->row, this->mode);
}

static inline bool cr_wanted(const char *name)
{
	const char *only = getenv("CR_ONLY");
	char text[4096], *word, *rest;

	if (!only)
		return true;
	CT_CHECK(snprintf(text, sizeof(text), "%s", only) < (int)sizeof(text));
	for (word = strtok_r(text, " ", &rest); word;
	     word = strtok_r(NULL, " ", &rest))
		if (!fnmatch(word, name, 0))
			return true;
	return false;
}

static inline void cr_register(struct cr_row *row)
{
	static const char * const names[CR_MODES] = {
		"none", "kill", "goon", "copy", "chain", "save", "load",
	};
	int i;

	row->next = cr_rows;
	cr_rows = row;
	for (i = 0; i < CR_MODES; i++) {
		struct cr_case *this = &row->cases[i];

		snprintf(this->name, sizeof(this->name), "%s.%s", row->name,
			 names[i]);
		if ((row->without & (1 << i)) || !cr_wanted(this->name) ||
		    !cr_mode_wanted(1 << i))
			continue;
		this->row = row;
		this->mode = 1 << i;
		this->meta.name = this->name;
		this->meta.fn = cr_case_run;
		this->meta.fixture = &_fixture_global;
		this->meta.termsig = -1;
		this->meta.timeout = row->timeout ?: TEST_TIMEOUT_DEFAULT;
		__register_test(&this->meta);
	}
}

#define CR_ROW(row, ...)						\
static void row##_subject(void);					\
static struct cr_row row##_row = {					\
	.name = #row, .subject = row##_subject, ##__VA_ARGS__		\
};									\
static void __attribute__((constructor)) row##_register(void)		\
{									\
	cr_register(&row##_row);					\
}									\
static void row##_subject(void)

#define CR_SUBJECT(row, ...) CR_ROW(row, .without = CR_ALL, ##__VA_ARGS__)

/* Behind all rows. */
#define CR_MAIN								\
static void __attribute__((constructor)) cr_main(int argc, char **argv)	\
{									\
	cr_be_subject(argc, argv);					\
}									\
TEST_HARNESS_MAIN

#endif
