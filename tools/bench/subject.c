// SPDX-License-Identifier: GPL-2.0
/*
 * The program that is checkpointed when checkpoints are measured.
 *
 *	subject DIR CONTAINER MIB PAGES THREADS PROCESSES
 *
 * enters CONTAINER, unless that is "-", touches MIB mebibytes of its own memory,
 * in pages of 4 KiB (PAGES 4K) or of 2 MiB (2M), each of its PROCESSES an equal
 * share, and waits, with THREADS threads in each process.  It writes a line to
 * the file DIR/said when it is ready, and after each of these signals:
 *
 *	SIGUSR1		writes to pages that it shares with a child, copy on write
 *	SIGUSR2		writes to other pages, as many, without a child
 *	SIGHUP		looks whether all its memory is as it was
 *
 * The first two say how many instructions the first write to a page took; pages
 * that have been written to are no more good for that.  SIGUSR1 says behind it how
 * many the fork() took.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define SMALL	4096ul
#define HUGE	(2ul << 20)
/* Pages that are written to, of those that there are: at most a half. */
#define FAULTS	64

static char said[128], said_new[132];
static unsigned char *memory;
static size_t size, stride;
static size_t mark;	/* which process we are */
static size_t faults;
static int ready[2];
static volatile sig_atomic_t asked;

static void __attribute__((noreturn)) die(const char *what)
{
	fprintf(stderr, "subject: %s: %s\n", what, strerror(errno));
	exit(EXIT_FAILURE);
}

/* All at once, so that nobody reads half of it. */
static void __attribute__((format(printf, 1, 2))) say(const char *format, ...)
{
	va_list args;
	FILE *file = fopen(said_new, "w");

	if (!file)
		die(said_new);
	va_start(args, format);
	vfprintf(file, format, args);
	va_end(args);
	if (fclose(file) || rename(said_new, said))
		die(said);
}

static long long now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000LL + t.tv_nsec;
}

static void enter(const char *name)
{
	int fd = open("/proc/container", O_WRONLY);

	if (fd < 0 || write(fd, name, strlen(name)) != (ssize_t)strlen(name))
		die("/proc/container");
	close(fd);
}

/*
 * No page is like another, also not one that another process has in its place:
 * CRIU compares those.  None is zeros.
 */
static size_t mark_of(size_t at)
{
	return mark << 48 | at;
}

static void touch(void)
{
	size_t at;

	memset(memory, 0xa5, size);
	for (at = 0; at < size; at += SMALL)
		*(size_t *)(memory + at) = mark_of(at);
}

/* What we write is behind the number. */
static int as_it_was(void)
{
	size_t at;

	for (at = 0; at < size; at += SMALL)
		if (*(size_t *)(memory + at) != mark_of(at) ||
		    memory[at + SMALL - 1] != 0xa5)
			return 0;
	return 1;
}

static void get_memory(size_t bytes, int huge)
{
	size = bytes;
	stride = huge ? HUGE : SMALL;
	memory = mmap(NULL, size + HUGE, PROT_READ | PROT_WRITE,
		      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (memory == MAP_FAILED)
		die("mmap");
	memory += HUGE - (size_t)memory % HUGE;
	if (madvise(memory, size, huge ? MADV_HUGEPAGE : MADV_NOHUGEPAGE))
		die("madvise");
	touch();
	faults = size / stride / 2 < FAULTS ? size / stride / 2 : FAULTS;
}

static double write_to(unsigned char *at)
{
	long long start = now();
	size_t i;

	for (i = 0; i < faults; i++)
		at[i * stride + sizeof(size_t)] = 1;
	return (double)(now() - start) / faults;
}

/* The first pages, and behind them the others. */
static double fault_after_fork(long long *forked)
{
	long long start = now();
	pid_t pid = fork();
	double took;

	*forked = now() - start;
	if (pid < 0)
		die("fork");
	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		for (;;)
			pause();
	}
	took = write_to(memory);
	kill(pid, SIGKILL);
	if (waitpid(pid, NULL, 0) != pid)
		die("waitpid");
	return took;
}

static double fault_after_snapshot(void)
{
	return write_to(memory + faults * stride);
}

static void on_signal(int signal)
{
	asked = signal;
}

static void answer(int signal)
{
	long long forked;
	double fault;

	if (signal == SIGUSR1) {
		fault = fault_after_fork(&forked);
		say("%.2f %lld\n", fault, forked);
	} else if (signal == SIGUSR2) {
		say("%.2f\n", fault_after_snapshot());
	} else {
		say("%s\n", as_it_was() ? "as it was" : "memory is not as it was");
	}
}

static void *one_thread(void *arg)
{
	if (write(ready[1], "", 1) != 1)
		die("pipe");
	for (;;)
		pause();
	return arg;
}

static void start_threads(int threads)
{
	pthread_attr_t attr;
	pthread_t t;
	sigset_t set;

	/* Signals are for the first one. */
	sigfillset(&set);
	pthread_sigmask(SIG_BLOCK, &set, NULL);
	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, 65536);
	while (--threads > 0)
		if (pthread_create(&t, &attr, one_thread, NULL))
			die("thread");
}

static void start_process(size_t bytes, int huge, int threads)
{
	pid_t pid = fork();

	if (pid < 0)
		die("fork");
	if (pid)
		return;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	get_memory(bytes, huge);
	start_threads(threads);
	one_thread(NULL);
}

/* All threads but this one have said so; those of this process need no pipe now. */
static void gather(int others)
{
	char buffer[4096];
	ssize_t n;

	for (; others > 0; others -= n) {
		n = read(ready[0], buffer, sizeof(buffer));
		if (n <= 0)
			die("a thread did not start");
	}
	close(ready[0]);
	close(ready[1]);
}

int main(int argc, char **argv)
{
	struct sigaction action = { .sa_handler = on_signal };
	int huge, threads, processes, i;
	sigset_t none, all;
	size_t bytes;

	if (argc != 7) {
		fputs("usage: subject DIR CONTAINER MIB PAGES THREADS PROCESSES\n", stderr);
		return EXIT_FAILURE;
	}
	snprintf(said, sizeof(said), "%s/said", argv[1]);
	snprintf(said_new, sizeof(said_new), "%s.new", said);
	huge = !strcmp(argv[4], "2M");
	threads = atoi(argv[5]);
	processes = atoi(argv[6]);
	bytes = ((size_t)atoi(argv[3]) << 20) / processes;
	bytes -= bytes % (huge ? HUGE : SMALL);
	setsid();
	if (strcmp(argv[2], "-"))
		enter(argv[2]);
	if (pipe(ready))
		die("pipe");
	for (i = 1; i < processes; i++) {
		mark = i;
		start_process(bytes, huge, threads);
	}
	mark = 0;
	get_memory(bytes, huge);
	start_threads(threads);
	gather(threads * processes - 1);
	sigaction(SIGUSR1, &action, NULL);
	sigaction(SIGUSR2, &action, NULL);
	sigaction(SIGHUP, &action, NULL);
	sigemptyset(&none);
	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, NULL);
	say("ready\n");
	for (;;) {
		sigsuspend(&none);
		if (asked)
			answer(asked);
		asked = 0;
	}
}
