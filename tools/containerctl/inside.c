// SPDX-License-Identifier: GPL-2.0
/*
 * The process that goes into the container: enter, get a session and perhaps
 * a terminal, execute the command or supervise it.
 */
#include "compiler.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include "containerctl.h"
#include "launch.h"
#include "names.h"
#include "proc.h"
#include "report.h"

static void enter(const struct inside *in)
{
	const struct launch *l = in->launch;
	struct fault why;
	int ret;

	if (l->create)
		ret = container_create(l->name, l->options, &why);
	else
		ret = container_enter(l->name, &why);
	if (ret)
		report_failure(in->report, EXIT_SELF, "%s", why.text);
	/* In there all names begin with the container's own. */
	report_send(in->report, REPORT_ENTERED, container_id(name_leaf(l->name)));
	if (limits_given(&l->limits) && limits_set(&l->limits, &why))
		report_failure(in->report, EXIT_SELF, "%s", why.text);
}

/*
 * The session begins inside: one from outside would read 0 here, and its
 * terminal's keys would signal processes on both sides of the border.
 */
static void begin_session(const struct inside *in)
{
	if (setsid() < 0)
		report_failure(in->report, EXIT_SELF, "cannot begin a session: %s",
			       strerror(errno));
	if (in->slave >= 0 && ioctl(in->slave, TIOCSCTTY, 0) < 0)
		report_failure(in->report, EXIT_SELF,
			       "cannot make the new terminal the controlling one: %s",
			       strerror(errno));
}

/* A redirected standard error stays redirected. */
static void use_terminal(const struct inside *in, int report)
{
	int fd;

	for (fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
		if (fd == STDERR_FILENO && !isatty(fd))
			continue;
		if (dup2(in->slave, fd) < 0)
			report_failure(report, EXIT_SELF, "cannot use the new terminal: %s",
				       strerror(errno));
	}
}

/* Nothing that lives on may depend on the terminal containerctl was called at. */
static void leave_terminal(int report)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	int fd;

	if (null < 0)
		report_failure(report, EXIT_SELF, "cannot open /dev/null: %s", strerror(errno));
	dup2(null, STDIN_FILENO);
	for (fd = STDOUT_FILENO; fd <= STDERR_FILENO; fd++)
		if (isatty(fd))
			dup2(null, fd);
}

static void exec_failed(int report, const char *path)
{
	int err = errno;

	if (err == ENOENT && strchr(path, '/') && !access(path, F_OK))
		report_failure(report, EXIT_CANNOT,
			       "cannot run '%s': the interpreter or loader it names was not found",
			       path);
	if (err == ENOENT || err == ENOTDIR)
		report_failure(report, EXIT_NO_COMMAND, "cannot run '%s': command not found", path);
	report_failure(report, EXIT_CANNOT, "cannot run '%s': %s", path, strerror(err));
}

/**
 * inside_exec() - become the command
 * @in: what to run
 * @report: where to say why that failed; closes when it succeeds
 */
void inside_exec(const struct inside *in, int report)
{
	if (in->slave >= 0)
		use_terminal(in, report);
	else if (in->launch->detach)
		leave_terminal(report);
	sigaction(SIGCHLD, &in->saved->chld, NULL);
	sigprocmask(SIG_SETMASK, &in->saved->mask, NULL);
	execvp(in->launch->argv[0], in->launch->argv);
	exec_failed(report, in->launch->argv[0]);
	_exit(EXIT_SELF);
}

/* Runs in a child of its own with every signal blocked. */
void inside_main(const struct inside *in)
{
	enter(in);
	begin_session(in);
	if (in->launch->supervise)
		supervise(in);
	inside_exec(in, in->report);
}
