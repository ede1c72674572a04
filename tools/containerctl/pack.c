// SPDX-License-Identifier: GPL-2.0
/*
 * zstd(1) at the other end of a pipe.
 */
#include "compiler.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "pack.h"

static __noreturn void exec_zstd(bool compress, int in, int out, int report)
{
	/* All processors when it packs; unpacking cannot be shared. */
	char *const pack[] = { "zstd", "-q", "-c", "-T0", NULL };
	char *const unpack[] = { "zstd", "-q", "-d", "-c", NULL };
	sigset_t none;
	int err;

	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	signal(SIGPIPE, SIG_DFL);
	/* What is below 3 already is at its place, and must not be closed. */
	if (dup2(in, STDIN_FILENO) >= 0 && dup2(out, STDOUT_FILENO) >= 0)
		execvp("zstd", compress ? pack : unpack);
	err = errno;
	while (write(report, &err, sizeof(err)) < 0 && errno == EINTR)
		;
	_exit(127);
}

/* What exec_zstd() has to say: 0 once it runs, or an errno. */
static int how_it_went(int report)
{
	int err = 0;
	ssize_t n;

	do
		n = read(report, &err, sizeof(err));
	while (n < 0 && errno == EINTR);
	return n == sizeof(err) ? err : 0;
}

/**
 * pack_start() - have zstd(1) between two descriptors
 * @compress: compress, or decompress
 * @in: what it reads
 * @out: what it writes
 * @why: filled in on failure
 *
 * Return: its pid, for pack_wait(), or -1.
 */
pid_t pack_start(bool compress, int in, int out, struct fault *why)
{
	int report[2], err;
	pid_t pid;

	if (pipe2(report, O_CLOEXEC)) {
		fault_set(why, "cannot make a pipe: %s", strerror(errno));
		return -1;
	}
	pid = fork();
	if (!pid)
		exec_zstd(compress, in, out, report[1]);
	err = pid < 0 ? errno : 0;
	close(report[1]);
	if (pid > 0)
		err = how_it_went(report[0]);
	close(report[0]);
	if (!err)
		return pid;
	if (pid > 0)
		waitpid(pid, NULL, 0);
	if (err == ENOENT)
		fault_set(why, "the program zstd is not installed, which %scompresses images",
			  compress ? "" : "de");
	else
		fault_set(why, "cannot run the program zstd: %s", strerror(err));
	return -1;
}

/**
 * pack_wait() - wait for the end of what pack_start() has started
 * @pid: that
 * @why: filled in if it failed
 *
 * Return: 0 or -1.
 */
int pack_wait(pid_t pid, struct fault *why)
{
	int status;

	while (waitpid(pid, &status, 0) < 0) {
		if (errno == EINTR)
			continue;
		fault_set(why, "cannot wait for the program zstd: %s", strerror(errno));
		return -1;
	}
	if (WIFEXITED(status) && !WEXITSTATUS(status))
		return 0;
	if (WIFEXITED(status))
		fault_set(why, "the program zstd failed with status %d", WEXITSTATUS(status));
	else
		fault_set(why, "the program zstd died of signal %d", WTERMSIG(status));
	return -1;
}
