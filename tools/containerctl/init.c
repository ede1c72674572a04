// SPDX-License-Identifier: GPL-2.0
/*
 * The supervisor inside: the command's parent, and process 1 of a container
 * that "run" created.  It passes signals on, reaps orphans, says when the
 * command stops, and exits with its status.
 *
 * It is what lets the terminal's keys work on programs that do not expect to
 * be process 1, for which a signal without a handler does nothing; and it
 * leads the session, so that the command's process group is not an orphaned
 * one, which ^Z could not stop.
 */
#include "compiler.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "containerctl.h"
#include "launch.h"
#include "report.h"

/**
 * struct supervisor - state of the supervisor
 * @command: the process it looks after, leader of a process group
 * @report: to the process outside, or -1 once nobody listens
 * @sigfd: where all signals arrive
 * @has_terminal: the command has a terminal of its own
 */
struct supervisor {
	pid_t command;
	int report;
	int sigfd;
	bool has_terminal;
};

static void let_go(struct supervisor *s, const struct inside *in)
{
	/* With the terminal open here it outlives a command that closes it. */
	int keep[] = { s->report, s->sigfd, in->slave };
	int ret;

	keep_descriptors(keep, ARRAY_SIZE(keep));
	/* Nor should it keep a file system busy; if that fails, it does. */
	ret = chdir("/");
	(void)ret;
}

/*
 * A signal that the kernel sends comes from "containerctl kill", and the
 * command has got it too; or else the terminal is gone, and then the kernel
 * tells only the leader of the session and the group in the foreground.
 */
static void forward(const struct supervisor *s, const struct signalfd_siginfo *si)
{
	bool group = si->ssi_code == SI_QUEUE && si->ssi_int == FORWARD_TO_GROUP;

	if (si->ssi_code == SI_KERNEL && !(si->ssi_signo == SIGHUP && s->has_terminal))
		return;
	kill(group ? -s->command : s->command, si->ssi_signo);
}

static int exit_status(int status)
{
	if (WIFSIGNALED(status))
		return EXIT_SIGNALLED + WTERMSIG(status);
	return WEXITSTATUS(status);
}

static void reap(const struct supervisor *s)
{
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG | WUNTRACED)) > 0) {
		if (pid != s->command)
			continue;
		if (!WIFSTOPPED(status))
			_exit(exit_status(status));
		if (s->report >= 0)
			report_send(s->report, REPORT_STOPPED, WSTOPSIG(status));
	}
}

static __noreturn void look_after(const struct supervisor *s)
{
	struct signalfd_siginfo si;

	for (;;) {
		if (read(s->sigfd, &si, sizeof(si)) != sizeof(si))
			continue;
		if (si.ssi_signo == SIGCHLD)
			reap(s);
		else
			forward(s, &si);
	}
}

/*
 * Waits until the command has been executed, or says why it was not and ends.
 */
static void await_exec(const struct supervisor *s, int pipe)
{
	struct report r;

	if (report_receive(pipe, &r) == 1) {
		report_forward(s->report, &r);
		_exit(r.value);
	}
	close(pipe);
	report_send(s->report, REPORT_STARTED, 0);
}

/* In the command's process: a process group of its own, in the foreground. */
static void begin_group(const struct inside *in)
{
	setpgid(0, 0);
	if (in->slave >= 0)
		tcsetpgrp(in->slave, getpid());
}

static int open_signals(int report)
{
	sigset_t set;
	int fd;

	signals_relayed(&set);
	fd = signalfd(-1, &set, SFD_CLOEXEC);
	if (fd < 0)
		report_failure(report, EXIT_SELF, "signalfd: %s", strerror(errno));
	return fd;
}

/**
 * supervise() - run the command as a child and look after it
 * @in: what to run; all signals are blocked
 */
void supervise(const struct inside *in)
{
	struct supervisor s = {
		.report = in->report,
		.has_terminal = in->slave >= 0,
	};
	int started[2];

	if (in->launch->init)
		prctl(PR_SET_NAME, "container-init");
	s.sigfd = open_signals(s.report);
	if (pipe2(started, O_CLOEXEC) < 0)
		report_failure(s.report, EXIT_SELF, "pipe: %s", strerror(errno));
	s.command = fork();
	if (s.command < 0)
		report_failure(s.report, EXIT_SELF, "cannot fork: %s", strerror(errno));
	if (!s.command) {
		begin_group(in);
		inside_exec(in, started[1]);
	}
	close(started[1]);
	await_exec(&s, started[0]);
	if (in->launch->detach) {
		close(s.report);
		s.report = -1;
	}
	let_go(&s, in);
	look_after(&s);
}
