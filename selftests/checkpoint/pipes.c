// SPDX-License-Identifier: GPL-2.0
/* modes: host */
/* timeout: 900 */
/* Checkpoint and restart: pipes and fifos, what is in them, and who is told. */
#include "ct-checkpoint.h"

#include <poll.h>
#include <sys/ioctl.h>
#include <sys/uio.h>

static void make(int fd[2], int flags)
{
	CT_EQ(0, pipe2(fd, flags));
}

static void puts_text(int fd, const char *text)
{
	CT_EQ((ssize_t)strlen(text), write(fd, text, strlen(text)));
}

/* One read has that, and no more. */
static void reads(int fd, const char *text)
{
	char buf[4096] = "";

	CT_EQ((ssize_t)strlen(text), read(fd, buf, sizeof(buf) - 1));
	CT_STREQ(text, buf);
}

static int in_pipe(int fd)
{
	int n;

	CT_EQ(0, ioctl(fd, FIONREAD, &n));
	return n;
}

static short events(int fd, short wanted)
{
	struct pollfd p = { .fd = fd, .events = wanted };

	CT_CHECK(poll(&p, 1, 0) >= 0);
	return p.revents;
}

/* -- content -------------------------------------------------------------------------- */

CR_ROW(content)
{
	int fd[2];

	make(fd, 0);
	puts_text(fd[1], "one");
	puts_text(fd[1], "two");
	cr_ready();
	CT_EQ(6, in_pipe(fd[0]));
	reads(fd[0], "onetwo");
	puts_text(fd[1], "three");
	reads(fd[0], "three");
}

CR_ROW(empty)
{
	int fd[2];
	char c;

	make(fd, O_NONBLOCK);
	cr_ready();
	CT_ERRNO(EAGAIN, read(fd[0], &c, 1));
	CT_EQ(0, events(fd[0], POLLIN));
	CT_EQ(POLLOUT, events(fd[1], POLLOUT));
}

/* Partly read: what is left begins in the middle of a page. */
CR_ROW(partly_read)
{
	char text[5000], got[5000];
	int fd[2], i;

	for (i = 0; i < 5000; i++)
		text[i] = i * 7;
	make(fd, 0);
	CT_EQ(5000, write(fd[1], text, sizeof(text)));
	CT_EQ(1234, read(fd[0], got, 1234));
	cr_ready();
	CT_EQ(5000 - 1234, in_pipe(fd[0]));
	CT_EQ(5000 - 1234, read(fd[0], got, sizeof(got)));
	CT_EQ(0, memcmp(text + 1234, got, 5000 - 1234));
}

CR_ROW(full)
{
	static char page[4096];
	int fd[2], n = 0, i;

	make(fd, O_NONBLOCK);
	for (;; n++) {
		memset(page, 'a' + n, sizeof(page));
		if (write(fd[1], page, sizeof(page)) < 0)
			break;
	}
	CT_EQ(EAGAIN, errno);
	cr_ready();
	CT_ERRNO(EAGAIN, write(fd[1], page, 1));
	CT_EQ(0, events(fd[1], POLLOUT));
	CT_EQ(n * 4096, in_pipe(fd[0]));
	for (i = 0; i < n; i++) {
		CT_EQ(4096, read(fd[0], page, sizeof(page)));
		CT_EQ('a' + i, page[0]);
		CT_EQ('a' + i, page[4095]);
	}
	CT_EQ(0, in_pipe(fd[0]));
}

/* Packets keep their borders, beside what is none. */
CR_ROW(packets)
{
	int fd[2];

	make(fd, O_DIRECT);
	puts_text(fd[1], "one");
	puts_text(fd[1], "two");
	CT_EQ(0, fcntl(fd[1], F_SETFL, 0));
	puts_text(fd[1], "three");
	puts_text(fd[1], "four");
	cr_ready();
	reads(fd[0], "one");
	reads(fd[0], "two");
	reads(fd[0], "threefour");
	CT_EQ(0, fcntl(fd[1], F_SETFL, O_DIRECT));
	puts_text(fd[1], "five");
	puts_text(fd[1], "six");
	reads(fd[0], "five");
	reads(fd[0], "six");
}

/* Pages of a file. */
CR_ROW(spliced)
{
	int file = open(cr_file("a"), O_RDWR | O_CREAT, 0600), fd[2];
	off_t at = 2;

	puts_text(file, "0123456789");
	make(fd, 0);
	CT_EQ(5, splice(file, &at, fd[1], NULL, 5, 0));
	puts_text(fd[1], "x");
	cr_ready();
	reads(fd[0], "23456x");
}

/* -- size and flags ------------------------------------------------------------------- */

CR_ROW(sizes)
{
	int small[2], large[2];

	make(small, 0);
	make(large, 0);
	CT_EQ(4096, fcntl(small[0], F_SETPIPE_SZ, 4096));
	CT_EQ(1 << 20, fcntl(large[0], F_SETPIPE_SZ, 1 << 20));
	puts_text(large[1], "text");
	cr_ready();
	CT_EQ(4096, fcntl(small[1], F_GETPIPE_SZ));
	CT_EQ(1 << 20, fcntl(large[1], F_GETPIPE_SZ));
	reads(large[0], "text");
}

CR_ROW(flags)
{
	int fd[2];

	make(fd, O_NONBLOCK | O_CLOEXEC | O_DIRECT);
	CT_EQ(0, fcntl(fd[0], F_SETFL, 0));
	cr_ready();
	CT_EQ(O_RDONLY, fcntl(fd[0], F_GETFL));
	CT_EQ(O_WRONLY | O_NONBLOCK | O_DIRECT, fcntl(fd[1], F_GETFL));
	CT_EQ(FD_CLOEXEC, fcntl(fd[0], F_GETFD));
	CT_ERRNO(EBADF, write(fd[0], "", 1));
	CT_ERRNO(EBADF, read(fd[1], fd, 1));
}

/* -- who is there --------------------------------------------------------------------- */

CR_ROW(no_writer)
{
	int fd[2];
	char c;

	make(fd, 0);
	puts_text(fd[1], "last");
	close(fd[1]);
	cr_ready();
	CT_EQ(POLLIN | POLLHUP, events(fd[0], POLLIN));
	reads(fd[0], "last");
	CT_EQ(0, read(fd[0], &c, 1));
	CT_EQ(POLLHUP, events(fd[0], POLLIN));
}

CR_ROW(no_reader)
{
	int fd[2];

	signal(SIGPIPE, SIG_IGN);
	make(fd, 0);
	close(fd[0]);
	cr_ready();
	CT_CHECK(events(fd[1], POLLOUT) & POLLERR);
	CT_ERRNO(EPIPE, write(fd[1], "x", 1));
}

/* The last writer goes after it has come back. */
static void writes_and_goes(void *arg)
{
	int *fd = arg;

	close(fd[0]);
	cr_await();
	puts_text(fd[1], "late");
}

CR_ROW(writer_goes)
{
	int fd[2];
	pid_t child;
	char c;

	make(fd, 0);
	child = cr_child(writes_and_goes, fd);
	close(fd[1]);
	cr_ready();
	CT_EQ(0, ct_reap(child));
	reads(fd[0], "late");
	CT_EQ(0, read(fd[0], &c, 1));
}

/* One end is opened again, so that it can do both. */
CR_ROW(both_ways)
{
	char path[64];
	int fd[2], both;

	make(fd, 0);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd[0]);
	both = open(path, O_RDWR);
	CT_CHECK(both >= 0);
	close(fd[0]);
	close(fd[1]);
	puts_text(both, "echo");
	cr_ready();
	reads(both, "echo");
	puts_text(both, "again");
	reads(both, "again");
}

/* -- waiting -------------------------------------------------------------------------- */

static void reads_word(void *arg)
{
	int *fd = arg;

	close(fd[1]);
	reads(fd[0], "word");
	CT_CHECK(cr_told());
}

CR_ROW(waiting_to_read)
{
	int fd[2];
	pid_t child;

	make(fd, 0);
	child = cr_child(reads_word, fd);
	cr_until_in_call(child, child, SYS_read);
	cr_ready();
	puts_text(fd[1], "word");
	CT_EQ(0, ct_reap(child));
}

static void writes_much(void *arg)
{
	static char text[200000];
	int *fd = arg;

	close(fd[0]);
	memset(text, 'x', sizeof(text));
	/* What was written before it was frozen counts; then the rest. */
	for (size_t done = 0; done < sizeof(text); ) {
		ssize_t n = write(fd[1], text + done, sizeof(text) - done);

		CT_CHECK(n > 0);
		done += n;
	}
}

CR_ROW(waiting_to_write)
{
	static char buf[4096];
	size_t done = 0;
	pid_t child;
	int fd[2];
	ssize_t n;

	make(fd, 0);
	child = cr_child(writes_much, fd);
	close(fd[1]);
	cr_until_in_call(child, child, SYS_write);
	cr_ready();
	while ((n = read(fd[0], buf, sizeof(buf))) > 0)
		done += n;
	CT_EQ(0, n);
	CT_EQ(200000, done);
	CT_EQ(0, ct_reap(child));
}

/* A ring of processes, each passing on what it gets. */
#define RING	20

static int ring[RING + 1][2];

static void passes_on(void *arg)
{
	int i = (int)(long)arg, k;
	char c;

	for (k = 0; k <= RING; k++) {
		if (k != i)
			close(ring[k][0]);
		if (k != i + 1)
			close(ring[k][1]);
	}
	while (read(ring[i][0], &c, 1) == 1)
		CT_EQ(1, write(ring[i + 1][1], &c, 1));
}

CR_ROW(chain_of_processes)
{
	char text[] = "abcdefghijklmnopqrstuvwxyz", got[27] = "";
	pid_t pid[RING];
	int i, n = 0;

	for (i = 0; i <= RING; i++)
		make(ring[i], 0);
	for (i = 0; i < RING; i++)
		pid[i] = cr_child(passes_on, (void *)(long)i);
	for (i = 0; i <= RING; i++) {
		if (i)
			close(ring[i][1]);
		if (i != RING)
			close(ring[i][0]);
	}
	puts_text(ring[0][1], text);
	cr_ready();
	close(ring[0][1]);
	while (n < 26) {
		i = read(ring[RING][0], got + n, 26 - n);
		CT_CHECK(i > 0);
		n += i;
	}
	CT_STREQ(text, got);
	for (i = 0; i < RING; i++)
		CT_EQ(0, ct_reap(pid[i]));
}

/* -- while they come and go ------------------------------------------------------------ */

static void writes_text(void *arg)
{
	int *fd = arg;

	close(fd[0]);
	puts_text(fd[1], "text");
}

static void reads_text(void *arg)
{
	int *fd = arg;
	char c;

	close(fd[1]);
	reads(fd[0], "text");
	CT_EQ(0, read(fd[0], &c, 1));
}

static void run_pipeline(void)
{
	pid_t writer, reader;
	int fd[2];

	make(fd, 0);
	writer = cr_child(writes_text, fd);
	reader = cr_child(reads_text, fd);
	close(fd[0]);
	close(fd[1]);
	CT_EQ(0, ct_reap(writer));
	CT_EQ(0, ct_reap(reader));
}

CR_ROW(pipelines)
{
	cr_announce();
	while (!cr_told())
		run_pipeline();
	run_pipeline();
}

/* None of them is taken for one that leads outside. */
TEST(many_times)
{
	struct cr_image image;
	struct cr_guard guard;
	struct cr_life life;
	int i;

	CT_NEED_MODULE();
	if (!cr_mode_wanted(CR_KILL))
		SKIP(return, "nothing of it goes to another machine");
	guard = cr_guard();
	life = cr_start(&pipelines_row);
	for (i = 0; i < 100; i++) {
		image = cr_take(&life);
		cr_image_free(&image);
	}
	cr_die_and_return(&life);
	cr_finish(&life);
	cr_guard_end(&guard);
}

/* -- with a name ---------------------------------------------------------------------- */

/* A fifo is one for the original and a copy beside it. */
#define FIFO_ROW(row) CR_ROW(row, .without = CR_COPY)

FIFO_ROW(fifo)
{
	int in, out;

	CT_EQ(0, mkfifo(cr_file("f"), 0600));
	in = open(cr_file("f"), O_RDONLY | O_NONBLOCK);
	out = open(cr_file("f"), O_WRONLY);
	CT_CHECK(in >= 0 && out >= 0);
	CT_EQ(0, fcntl(in, F_SETFL, 0));
	puts_text(out, "text");
	cr_ready();
	reads(in, "text");
	puts_text(out, "more");
	reads(in, "more");
	/* Whoever opens it by its name finds the same. */
	close(out);
	out = open(cr_file("f"), O_WRONLY | O_NONBLOCK);
	CT_CHECK(out >= 0);
	puts_text(out, "again");
	reads(in, "again");
}

/* As long as nobody has written, its reader is not told that nobody is there. */
FIFO_ROW(fifo_without_writer)
{
	int fd[2], out;

	CT_EQ(0, mkfifo(cr_file("f"), 0600));
	CT_EQ(0, mkfifo(cr_file("g"), 0600));
	fd[0] = open(cr_file("f"), O_RDONLY | O_NONBLOCK);
	fd[1] = open(cr_file("g"), O_RDONLY | O_NONBLOCK);
	out = open(cr_file("g"), O_WRONLY);
	CT_CHECK(fd[0] >= 0 && fd[1] >= 0 && out >= 0);
	close(out);
	CT_EQ(0, events(fd[0], POLLIN));
	CT_EQ(POLLHUP, events(fd[1], POLLIN));
	cr_ready();
	CT_EQ(0, events(fd[0], POLLIN));
	CT_EQ(POLLHUP, events(fd[1], POLLIN));
	out = open(cr_file("f"), O_WRONLY);
	close(out);
	CT_EQ(POLLHUP, events(fd[0], POLLIN));
}

FIFO_ROW(fifo_for_both)
{
	int fd;

	CT_EQ(0, mkfifo(cr_file("f"), 0600));
	fd = open(cr_file("f"), O_RDWR);
	puts_text(fd, "text");
	cr_ready();
	reads(fd, "text");
}

static void opens_fifo(void *arg)
{
	int fd = open(cr_file("f"), O_WRONLY);

	(void)arg;
	CT_CHECK(fd >= 0);
	puts_text(fd, "text");
}

FIFO_ROW(waiting_for_a_reader)
{
	pid_t child;
	int fd;

	CT_EQ(0, mkfifo(cr_file("f"), 0600));
	child = cr_child(opens_fifo, NULL);
	cr_until_in_call(child, child, SYS_openat);
	cr_ready();
	fd = open(cr_file("f"), O_RDONLY);
	CT_CHECK(fd >= 0);
	reads(fd, "text");
	CT_EQ(0, ct_reap(child));
}

/* -- signals about it ------------------------------------------------------------------ */

CR_ROW(asynchronous)
{
	int sig = SIGRTMIN + 3, fd[2];
	struct f_owner_ex owner = { F_OWNER_PID, 1 };
	siginfo_t info;

	ct_block(sig);
	make(fd, 0);
	CT_EQ(0, fcntl(fd[0], F_SETOWN_EX, &owner));
	CT_EQ(0, fcntl(fd[0], F_SETSIG, sig));
	CT_EQ(0, fcntl(fd[0], F_SETFL, O_ASYNC));
	cr_ready();
	CT_EQ(O_ASYNC, fcntl(fd[0], F_GETFL) & O_ASYNC);
	CT_EQ(sig, fcntl(fd[0], F_GETSIG));
	memset(&owner, 0, sizeof(owner));
	CT_EQ(0, fcntl(fd[0], F_GETOWN_EX, &owner));
	CT_EQ(F_OWNER_PID, owner.type);
	CT_EQ(getpid(), owner.pid);
	puts_text(fd[1], "x");
	CT_CHECK(ct_take_signal(sig, &info, CT_PATIENCE_MS));
	CT_EQ(fd[0], info.si_fd);
}

CR_MAIN
