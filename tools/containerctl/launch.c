// SPDX-License-Identifier: GPL-2.0
/*
 * The process outside: starts the one that goes into the container, waits for
 * it, and meanwhile stands in for the command towards the caller: passes
 * signals on, relays the terminal, stops when the command stops, and ends
 * with its status.
 */
#include "compiler.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "containerctl.h"
#include "launch.h"
#include "relay.h"
#include "report.h"
#include "terminal.h"

/* How often to look whether a shell has put us into the foreground: no signal tells. */
#define FOREGROUND_POLL_MS 300

/**
 * struct outside - state of the process outside
 * @l: what to run
 * @saved: signal state for the command
 * @term: both terminals, if the command has its own
 * @relay: between them
 * @child: the process that went into the container
 * @sigfd: where signals arrive
 * @report: where reports arrive, or -1 when there will be none any more
 * @id: of the container we created, or -1
 * @started: the command runs
 * @exited: @child has ended, with @status
 * @failed: the command could not be run: @failure
 * @stopping: we were told to stop and wait for the command to have done so
 * @give_up: told to end while only output was left to show
 */
struct outside {
	const struct launch *l;
	struct inherited saved;
	struct terminal term;
	struct relay relay;
	pid_t child;
	int sigfd;
	int report;
	long id;
	int status;
	bool started;
	bool exited;
	bool failed;
	bool stopping;
	bool give_up;
	struct report failure;
};

/*
 * All signals are blocked and some are read.  One that the caller ignores is
 * not: that is for the command to decide, which inherits it.
 */
static int take_signals(struct outside *o)
{
	struct sigaction dfl = { .sa_handler = SIG_DFL };
	sigset_t set, all;

	signals_relayed(&set);
	sigaddset(&set, SIGWINCH);
	sigaction(SIGCHLD, &dfl, &o->saved.chld);
	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, &o->saved.mask);
	o->sigfd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	return o->sigfd;
}

static void forward(const struct outside *o, int sig, bool group)
{
	union sigval value = { .sival_int = group ? FORWARD_TO_GROUP : 0 };

	if (o->l->supervise)
		sigqueue(o->child, sig, value);
	else if (!group || kill(-o->child, sig))
		kill(o->child, sig);
}

static void resume(struct outside *o)
{
	o->stopping = false;
	if (o->l->tty)
		terminal_continued(&o->term);
	forward(o, SIGCONT, true);
}

/*
 * The command has stopped, so this process does, with its whole group as the
 * terminal would have stopped it.  Where nobody could continue us (an orphaned
 * group) the kernel ignores the signal, and the command goes on at once.
 */
static void suspend(struct outside *o)
{
	static const struct timespec now;
	sigset_t stop, cont;

	if (o->l->tty) {
		relay_finish(&o->relay);
		terminal_give_back(&o->term);
	}
	sigemptyset(&stop);
	sigaddset(&stop, SIGTSTP);
	sigemptyset(&cont);
	sigaddset(&cont, SIGCONT);
	kill(0, SIGTSTP);
	sigprocmask(SIG_UNBLOCK, &stop, NULL);
	sigprocmask(SIG_BLOCK, &stop, NULL);
	sigtimedwait(&cont, NULL, &now);
	resume(o);
}

static void told_to_stop(struct outside *o, bool group)
{
	if (o->l->supervise) {
		o->stopping = true;
		forward(o, SIGTSTP, group);
		return;
	}
	/* The command's group is an orphaned one, which ignores SIGTSTP. */
	forward(o, SIGSTOP, true);
	suspend(o);
}

static void reap(struct outside *o)
{
	if (!o->exited && waitpid(o->child, &o->status, WNOHANG) == o->child)
		o->exited = true;
}

static void handle_signal(struct outside *o, const struct signalfd_siginfo *si)
{
	/* A key at the terminal means the group; kill(2) means one process. */
	bool group = si->ssi_code == SI_KERNEL;

	switch (si->ssi_signo) {
	case SIGCHLD:
		reap(o);
		break;
	case SIGCONT:
		resume(o);
		break;
	case SIGTSTP:
		told_to_stop(o, group);
		break;
	case SIGWINCH:
		if (o->l->tty)
			terminal_resize(&o->term);
		break;
	default:
		if (o->exited)
			o->give_up = true;
		else
			forward(o, si->ssi_signo, group);
	}
}

static void handle_signals(struct outside *o)
{
	struct signalfd_siginfo si;

	while (read(o->sigfd, &si, sizeof(si)) == sizeof(si))
		handle_signal(o, &si);
}

/* There will be no message any more, so not even standard error is needed. */
static void command_started(struct outside *o)
{
	bool tty = o->l->tty;
	int keep[] = {
		o->sigfd,
		o->report,
		tty ? o->term.in : -1,
		tty ? o->term.out : -1,
		tty ? o->term.master : -1,
		tty ? o->term.slave : -1,
	};

	o->started = true;
	keep_descriptors(keep, ARRAY_SIZE(keep));
}

static void handle_report(struct outside *o, const struct report *r)
{
	switch (r->kind) {
	case REPORT_ENTERED:
		o->id = r->value;
		break;
	case REPORT_STARTED:
		command_started(o);
		break;
	case REPORT_FAILED:
		o->failed = true;
		o->failure = *r;
		break;
	case REPORT_STOPPED:
		if (o->l->tty || o->stopping)
			suspend(o);
		break;
	}
}

static void handle_reports(struct outside *o)
{
	struct report r;
	int ret;

	while (o->report >= 0) {
		ret = report_receive(o->report, &r);
		if (ret < 0)
			return;
		if (ret > 0) {
			handle_report(o, &r);
			continue;
		}
		close(o->report);
		o->report = -1;
		/* Unless it was a supervisor's, executing the command closed it. */
		if (!o->failed && !o->l->supervise)
			command_started(o);
	}
}

/* Return: whether there is nothing left to wait for. */
static bool is_over(struct outside *o)
{
	if (o->l->detach && o->started)
		return true;
	if (!o->exited)
		return false;
	return !o->l->tty || o->give_up || relay_finish(&o->relay);
}

static void wait_for_something(struct outside *o)
{
	bool relaying = o->l->tty && o->started;
	bool keys = relaying && !o->exited && terminal_take(&o->term);
	struct pollfd fds[2 + RELAY_FDS] = {
		{ .fd = o->sigfd, .events = POLLIN },
		{ .fd = o->report, .events = POLLIN },
	};

	if (relaying)
		relay_prepare(&o->relay, fds + 2, keys);
	if (poll(fds, relaying ? 2 + RELAY_FDS : 2,
		 relaying && !keys ? FOREGROUND_POLL_MS : -1) < 0)
		return;
	/* Output first: what was written before a stop is seen before it. */
	if (relaying)
		relay_transfer(&o->relay, fds + 2);
	if (fds[1].revents)
		handle_reports(o);
	if (fds[0].revents)
		handle_signals(o);
	if (o->exited)
		handle_reports(o);
}

/*
 * The name of a container is free a moment after its process 1 has been
 * waited for; the next command line may use it again.
 */
static void wait_until_gone(const struct outside *o)
{
	static const struct timespec pause = { .tv_nsec = 2000000 };
	int tries = 1000;

	while (tries-- && container_id(o->l->name) == o->id)
		nanosleep(&pause, NULL);
}

static int conclude(struct outside *o)
{
	if (o->l->tty)
		terminal_give_back(&o->term);
	if (o->l->init && o->id >= 0 && o->exited)
		wait_until_gone(o);
	if (o->failed) {
		complain("%s", o->failure.why.text);
		return o->failure.value;
	}
	if (!o->exited)
		return 0;
	return WIFSIGNALED(o->status) ? EXIT_SIGNALLED + WTERMSIG(o->status) :
		WEXITSTATUS(o->status);
}

static __noreturn void go_inside(struct outside *o, int report)
{
	struct inside in = {
		.launch = o->l,
		.saved = &o->saved,
		.report = report,
		.slave = o->l->tty ? o->term.slave : -1,
	};

	/* All that is open here and not in there closes on exec, or before. */
	inside_main(&in);
}

static int prepare(struct outside *o, int pipe[2], struct fault *why)
{
	if (o->l->tty) {
		if (terminal_open(&o->term, why))
			return -1;
		relay_init(&o->relay, &o->term);
	}
	if (pipe2(pipe, O_CLOEXEC)) {
		fault_set(why, "cannot make a pipe: %s", strerror(errno));
		return -1;
	}
	o->report = pipe[0];
	fcntl(o->report, F_SETFL, O_NONBLOCK);
	if (take_signals(o) < 0) {
		fault_set(why, "cannot take signals: %s", strerror(errno));
		return -1;
	}
	return 0;
}

/**
 * launch() - run a command in a container
 * @l: which and where
 *
 * Return: the exit status for this process.
 */
int launch(const struct launch *l)
{
	struct outside o = { .l = l, .id = -1 };
	struct fault why;
	int pipe[2];

	if (prepare(&o, pipe, &why)) {
		complain("%s", why.text);
		return EXIT_SELF;
	}
	o.child = fork();
	if (o.child < 0) {
		complain("cannot fork: %s", strerror(errno));
		return EXIT_SELF;
	}
	if (!o.child)
		go_inside(&o, pipe[1]);
	close(pipe[1]);
	while (!is_over(&o))
		wait_for_something(&o);
	return conclude(&o);
}
