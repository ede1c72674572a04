// SPDX-License-Identifier: GPL-2.0
/*
 * containerctl migrate: a container to another machine, through ssh(1).
 *
 * There a containerctl restarts what comes.  It says "ready" before anything is
 * stopped here, and "restarted NAME" when the container runs there; only then the
 * one here ends, which has been stopped meanwhile.
 */
#include "compiler.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "containerctl.h"
#include "names.h"
#include "progress.h"
#include "snapshot.h"

#define SSH_WORDS_MAX	30

enum { OPT_SSH = 256, OPT_REMOTE };

static const struct option migrate_options[] = {
	{ "name", required_argument, NULL, 'n' },
	{ "compress", no_argument, NULL, 'z' },
	{ "progress", no_argument, NULL, 'p' },
	{ "ssh", required_argument, NULL, OPT_SSH },
	{ "remote-containerctl", required_argument, NULL, OPT_REMOTE },
	{ "help", no_argument, NULL, 'h' },
	{ NULL, 0, NULL, 0 }
};

/**
 * struct migration - a container on its way
 * @s: its checkpoint
 * @host: where to
 * @name: what it is to be called there; NULL: as it is here
 * @ssh: the program that runs a command there, with its options
 * @remote: containerctl there
 * @compress: what goes over the line
 * @pid: of ssh
 * @in: what that reads
 * @out: what it says
 */
struct migration {
	struct snapshot s;
	const char *host;
	const char *name;
	char *ssh;
	const char *remote;
	bool compress;
	pid_t pid;
	int in;
	FILE *out;
};

static __noreturn void exec_ssh(const struct migration *m, int in, int out)
{
	char *argv[SSH_WORDS_MAX + 8], *save, *word;
	sigset_t none;
	int n = 0;

	/* Of this process: the words are needed again where it is tried again. */
	for (word = strtok_r(m->ssh, " ", &save); word && n < SSH_WORDS_MAX;
	     word = strtok_r(NULL, " ", &save))
		argv[n++] = word;
	argv[n++] = (char *)m->host;
	argv[n++] = (char *)m->remote;
	argv[n++] = "restart";
	argv[n++] = "--detach";
	argv[n++] = "--report";
	if (m->name && asprintf(&argv[n], "--name=%s", m->name) >= 0)
		n++;
	argv[n++] = "-";
	argv[n] = NULL;
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	signal(SIGPIPE, SIG_DFL);
	if (dup2(in, STDIN_FILENO) >= 0 && dup2(out, STDOUT_FILENO) >= 0)
		execvp(argv[0], argv);
	complain("cannot run '%s': %s", argv[0], strerror(errno));
	_exit(EXIT_NO_COMMAND);
}

static int start_ssh(struct migration *m, struct fault *why)
{
	int in[2], out[2];

	if (pipe2(in, O_CLOEXEC) || pipe2(out, O_CLOEXEC)) {
		fault_set(why, "cannot make a pipe: %s", strerror(errno));
		return -1;
	}
	m->pid = fork();
	if (!m->pid)
		exec_ssh(m, in[0], out[1]);
	close(in[0]);
	close(out[1]);
	m->in = in[1];
	m->out = fdopen(out[0], "re");
	if (m->pid > 0 && m->out)
		return 0;
	fault_set(why, "cannot start ssh: %s", strerror(errno));
	return -1;
}

/* Return: whether the next line from there begins with this word. */
static bool hear(const struct migration *m, const char *word)
{
	size_t len = strlen(word), size = 0;
	char *line = NULL;
	bool heard;

	heard = getline(&line, &size, m->out) > 0 && !strncmp(line, word, len) &&
		(!line[len] || isspace((unsigned char)line[len]));
	free(line);
	return heard;
}

/* The end of ssh: its status, which is that of what it ran; 255: its own. */
static int end_ssh(struct migration *m)
{
	int status = 0;

	if (m->in >= 0)
		close(m->in);
	m->in = -1;
	if (m->out)
		fclose(m->out);
	m->out = NULL;
	if (m->pid <= 0)
		return 0;
	while (waitpid(m->pid, &status, 0) < 0 && errno == EINTR)
		;
	m->pid = 0;
	return WIFEXITED(status) ? WEXITSTATUS(status) : EXIT_SIGNALLED + WTERMSIG(status);
}

/* Nothing has been stopped yet. */
static int make_ready(struct migration *m, struct fault *why)
{
	int status;

	if (start_ssh(m, why))
		return -1;
	if (hear(m, "ready"))
		return 0;
	status = end_ssh(m);
	if (status == EXIT_NO_COMMAND)
		fault_set(why, "there is no %s on %s", m->remote, m->host);
	else if (status == 255)
		fault_set(why, "no connection to %s", m->host);
	else
		fault_set(why, "%s cannot take containers (status %d)", m->host, status);
	return -1;
}

/* For who ends us by a key, or hangs up. */
static volatile pid_t ssh_pid;

static void end_connection(int sig)
{
	(void)sig;
	if (ssh_pid > 0)
		kill(ssh_pid, SIGTERM);
}

/*
 * All is on its way: the other side may have restarted the container already.  Whoever
 * ends us now ends the connection only, so that there is a word about that.
 */
static void outlive_signals(const struct migration *m)
{
	static const int signals[] = { SIGHUP, SIGINT, SIGTERM, SIGQUIT };
	struct sigaction action = { .sa_handler = end_connection, .sa_flags = SA_RESTART }, old;
	size_t i;

	ssh_pid = m->pid;
	for (i = 0; i < ARRAY_SIZE(signals); i++)
		if (!sigaction(signals[i], NULL, &old) && old.sa_handler != SIG_IGN)
			sigaction(signals[i], &action, NULL);
}

/* Return: as snapshot_stream(). The container is stopped from here on. */
static int transfer(struct migration *m, struct fault *why)
{
	int in = m->in, ret, status;

	/* The target closes it, so that the other side sees the end. */
	m->in = -1;
	ret = target_from(&m->s.target, m->host, in, m->compress, why);
	ret = ret ? ret : snapshot_stream(&m->s, why);
	if (ret) {
		target_drop(&m->s.target);
	} else {
		outlive_signals(m);
		ret = target_finish(&m->s.target, why);
	}
	if (!ret || m->s.source.err)
		return ret;
	status = end_ssh(m);
	if (status == EXIT_SELF)
		/* It has said why. */
		fault_set(why, "%s has not taken the container", m->host);
	else if (status == 255)
		fault_set(why, "the connection to %s broke", m->host);
	return ret;
}

static int finish_there(struct migration *m, struct fault *why)
{
	bool restarted = hear(m, "restarted");
	int status = end_ssh(m);

	ssh_pid = 0;
	if (restarted)
		return 0;
	/* What ssh was killed by has told nobody there. */
	if (status >= EXIT_SIGNALLED)
		fault_set(why, "the connection to %s broke after everything had been sent: look whether the container runs there, before both do",
			  m->host);
	else
		fault_set(why, "%s could not restart the container (status %d)", m->host,
			  status);
	return -1;
}

/* It runs there: the one here must not take another step. */
static int end_here(struct migration *m, struct fault *why)
{
	struct fault failed;

	if (!container_signal(m->s.name, SIGKILL, &failed))
		return 0;
	/* Nobody can be killed who has ended. */
	if (!container_exists(m->s.name))
		return 0;
	fault_set(why, "the container runs on %s now, but the one here could not be ended: %.300s",
		  m->host, failed.text);
	return -1;
}

/* Return: as snapshot_stream(). */
static int attempt(struct migration *m, struct fault *why)
{
	int ret = snapshot_open(&m->s, why) || make_ready(m, why) ? -1 : 0;

	ret = ret ? ret : transfer(m, why);
	ret = ret ? ret : finish_there(m, why);
	ret = ret ? ret : end_here(m, why);
	end_ssh(m);
	snapshot_close(&m->s);
	return ret;
}

static int migrate(struct migration *m)
{
	int tries = SNAPSHOT_TRIES, ret;
	char bytes[BYTES_TEXT];
	struct fault why = {};

	/* A line that breaks must not end us before we have said so. */
	signal(SIGPIPE, SIG_IGN);
	/* Nobody there needs to be called for a container that cannot go. */
	if (!blockers_pass(m->s.name) && blockers_complain(m->s.name))
		return EXIT_SELF;
	do
		ret = attempt(m, &why);
	while (ret > 0 && --tries && blockers_pass(m->s.name));
	if (ret > 0 && blockers_complain(m->s.name))
		return EXIT_SELF;
	if (ret) {
		complain("%s", why.text);
		if (container_exists(m->s.name))
			complain("container '%s' goes on here", m->s.name);
		return EXIT_SELF;
	}
	if (m->s.always || isatty(STDERR_FILENO))
		fprintf(stderr, "%s: on %s now, %s\n", m->s.name, m->host,
			bytes_text(m->s.bytes, bytes));
	return 0;
}

static int parse_one(struct migration *m, int c)
{
	struct fault why;

	switch (c) {
	case 'n':
		if (!name_is_valid(optarg, &why))
			return usage_error(&cmd_migrate, "%s", why.text);
		m->name = optarg;
		return -1;
	case 'z':
		m->compress = true;
		return -1;
	case 'p':
		m->s.always = true;
		return -1;
	case OPT_SSH:
		m->ssh = optarg;
		return -1;
	case OPT_REMOTE:
		m->remote = optarg;
		return -1;
	case 'h':
		command_help(&cmd_migrate, stdout);
		return finish_output();
	default:
		return bad_option(&cmd_migrate);
	}
}

static int migrate_run(int argc, char **argv)
{
	static char ssh[] = "ssh -T";
	struct migration m = {
		.s.how = "stop", .ssh = ssh, .remote = "containerctl", .in = -1,
		.s.source.fd = -1,
	};
	int c, ret;

	while ((c = getopt_long(argc, argv, "n:zph", migrate_options, NULL)) >= 0) {
		ret = parse_one(&m, c);
		if (ret >= 0)
			return ret;
	}
	if (optind >= argc)
		return usage_error(&cmd_migrate, "which container?");
	if (optind + 1 >= argc)
		return usage_error(&cmd_migrate, "to which host?");
	if (optind + 2 < argc)
		return usage_error(&cmd_migrate, "'%s' is too much", argv[optind + 2]);
	m.s.name = name_from_line(&cmd_migrate, argv[optind]);
	m.host = argv[optind + 1];
	if (!m.s.name)
		return EXIT_SELF;
	if (!m.host[0] || m.host[0] == '-')
		return usage_error(&cmd_migrate, "'%s' is no host", m.host);
	if (!m.ssh[strspn(m.ssh, " ")])
		return usage_error(&cmd_migrate, "--ssh: which program?");
	return migrate(&m);
}

const struct command cmd_migrate = {
	.name = "migrate",
	.synopsis = "[OPTION...] NAME HOST",
	.summary = "move a container to another machine",
	.help =
	"Moves the container NAME to HOST, which has the module and containerctl, through\n"
	"ssh(1).  Its processes are stopped until it runs there, and then end here.  If\n"
	"anything fails they go on here.\n"
	"\n"
	"  -n, --name=NAME  what it is to be called there, if not as here\n"
	"  -z, --compress   compress what goes over the line with zstd(1)\n"
	"  -p, --progress   say how far it is even if standard error is no terminal\n"
	"      --ssh=COMMAND\n"
	"                   run this, with HOST and the command there as arguments, in\n"
	"                   place of 'ssh -T'\n"
	"      --remote-containerctl=COMMAND\n"
	"                   run this there in place of 'containerctl'\n"
	"  -h, --help       print this\n"
	"\n"
	"Example: containerctl migrate --ssh='ssh -p 2222' web root@other\n",
	.run = migrate_run,
};
