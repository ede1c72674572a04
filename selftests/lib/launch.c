// SPDX-License-Identifier: GPL-2.0
/*
 * launch host|contained|pidns PROGRAM [ARGUMENT...]
 *
 * Runs a test program in one of the modes and passes its exit status on; one
 * that a signal ends gives 128 and the signal's number, as in a shell.
 *
 *	host		as it is
 *	contained	below a process that became process 1 of a container
 *	pidns		below process 1 of a pid namespace, with its own /proc
 *
 * In the last two the program is process 2, and its processes end with it.  In
 * all of them it leads a session.  Statuses of our own are those of env(1).
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define STATUS_FAILED		125
#define STATUS_NOT_EXECUTABLE	126
#define STATUS_NOT_FOUND	127
#define STATUS_SIGNALLED	128

static volatile sig_atomic_t first_child;

static void __attribute__((noreturn, format(printf, 1, 2)))
fail(const char *fmt, ...)
{
	int error = errno;
	va_list ap;

	fputs("# launch: ", stderr);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fprintf(stderr, ": %s\n", strerror(error));
	_exit(STATUS_FAILED);
}

/* Everything below process 1 ends with it. */
static void stop(int sig)
{
	if (first_child)
		kill(first_child, SIGKILL);
	_exit(STATUS_SIGNALLED + sig);
}

static void __attribute__((noreturn)) run(char **argv)
{
	/* Fails only for one who leads a group, which a new child does not. */
	if (setsid() < 0)
		fail("setsid");
	execv(argv[0], argv);
	fprintf(stderr, "# launch: %s: %s\n", argv[0], strerror(errno));
	_exit(errno == ENOENT ? STATUS_NOT_FOUND : STATUS_NOT_EXECUTABLE);
}

/* As process 1 reaps everyone, but waits for one. */
static int reap_until(pid_t child)
{
	int status;
	pid_t pid;

	for (;;) {
		pid = wait(&status);
		if (pid < 0 && errno != EINTR)
			fail("wait for process %d", child);
		if (pid == child)
			break;
	}
	return WIFEXITED(status) ? WEXITSTATUS(status) :
	       STATUS_SIGNALLED + WTERMSIG(status);
}

static int run_and_reap(char **argv)
{
	pid_t child = fork();

	if (child < 0)
		fail("fork");
	if (!child)
		run(argv);
	return reap_until(child);
}

static void enter_container(void)
{
	const char *file = "/proc/container";
	char name[64];
	struct timespec now;
	int fd, len;

	clock_gettime(CLOCK_MONOTONIC, &now);
	len = snprintf(name, sizeof(name), "test-%d-%lld%09ld\n", getpid(),
		       (long long)now.tv_sec, now.tv_nsec);
	fd = open(file, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		fail("open %s", file);
	if (write(fd, name, len) != len)
		fail("write '%.*s' to %s", len - 1, name, file);
	if (close(fd))
		fail("close %s", file);
}

static void mount_own_proc(void)
{
	if (mount("", "/", NULL, MS_REC | MS_PRIVATE, NULL))
		fail("make the mounts private");
	if (mount("proc", "/proc", "proc", 0, NULL))
		fail("mount /proc");
}

int main(int argc, char **argv)
{
	bool contained, pidns;

	if (argc < 3) {
		fprintf(stderr, "usage: launch host|contained|pidns PROGRAM [ARGUMENT...]\n");
		return STATUS_FAILED;
	}
	contained = !strcmp(argv[1], "contained");
	pidns = !strcmp(argv[1], "pidns");
	if (!contained && !pidns && strcmp(argv[1], "host")) {
		fprintf(stderr, "launch: unknown mode '%s'\n", argv[1]);
		return STATUS_FAILED;
	}
	setenv("CT_MODE", argv[1], 1);
	signal(SIGTERM, stop);
	signal(SIGINT, stop);

	if (pidns && unshare(CLONE_NEWPID | CLONE_NEWNS))
		fail("unshare");
	first_child = fork();
	if (first_child < 0)
		fail("fork");
	if (first_child)
		return reap_until(first_child);

	signal(SIGTERM, SIG_DFL);
	signal(SIGINT, SIG_DFL);
	if (contained)
		enter_container();
	else if (pidns)
		mount_own_proc();
	else
		run(argv + 2);
	_exit(run_and_reap(argv + 2));
}
