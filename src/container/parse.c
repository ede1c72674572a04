// SPDX-License-Identifier: GPL-2.0
/* Names, options and signals as people write them; see parse.h. */
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/signal.h>
#include <linux/string.h>

#include "container/parse.h"

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\n';
}

static bool is_alnum(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	       (c >= '0' && c <= '9');
}

/**
 * ct_name_ok - may a container be called this?
 * @name: not terminated
 * @len: its length
 *
 * Return: true for 1 to 63 letters, digits, dots, underscores and hyphens, the
 * first neither a dot nor a hyphen. Whatever else /proc/container/ may hold
 * one day begins with a dot, so that no name can collide with it.
 */
bool ct_name_ok(const char *name, size_t len)
{
	size_t i;

	if (len < 1 || len > CT_NAME_MAX || name[0] == '.' || name[0] == '-')
		return false;
	for (i = 0; i < len; i++)
		if (!is_alnum(name[i]) && name[i] != '.' && name[i] != '_' &&
		    name[i] != '-')
			return false;
	return true;
}

/* The next word in @line from *@pos on. Return: its length, 0 at the end. */
static size_t next_word(const char *line, size_t len, size_t *pos,
			const char **word)
{
	size_t start;

	while (*pos < len && is_blank(line[*pos]))
		(*pos)++;
	start = *pos;
	while (*pos < len && !is_blank(line[*pos]))
		(*pos)++;
	*word = line + start;
	return *pos - start;
}

static bool word_is(const char *word, size_t len, const char *what)
{
	return len == strlen(what) && !memcmp(word, what, len);
}

/* For messages: words may hold anything, and be long. */
static int printable(const char *word, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++)
		if (word[i] < ' ' || word[i] > '~')
			return i;
	return len < CT_NAME_MAX ? len : CT_NAME_MAX;
}

/* A pid, or 0 for oneself. */
static int parse_pid(const char *word, size_t len, int *pid)
{
	int nr = 0;
	size_t i;

	if (!len || len > 9)
		return -EINVAL;
	for (i = 0; i < len; i++) {
		if (word[i] < '0' || word[i] > '9')
			return -EINVAL;
		nr = nr * 10 + word[i] - '0';
	}
	*pid = nr;
	return 0;
}

static int parse_process(const char *word, size_t len, int *pid, char *why)
{
	int err = parse_pid(word, len, pid);

	if (err)
		snprintf(why, CT_WHY_MAX, "'%.*s' is not a process",
			 printable(word, len), word);
	return err;
}

/* What says how processes are moved; tasks takes nothing else. */
static bool parse_move_option(const char *word, size_t len,
			      struct ct_request *req)
{
	if (word_is(word, len, "pids=keep"))
		req->keep = true;
	else if (word_is(word, len, "pids=new"))
		req->keep = false;
	else if (word_is(word, len, "tree"))
		req->tree = true;
	else
		return false;
	return true;
}

static int parse_option(const char *word, size_t len, struct ct_request *req,
			char *why)
{
	if (parse_move_option(word, len, req))
		return 0;
	if (len > 4 && !memcmp(word, "pid=", 4))
		return parse_process(word + 4, len - 4, &req->pid, why);
	if (word_is(word, len, "init=on")) {
		req->no_reaper = false;
	} else if (word_is(word, len, "init=off")) {
		req->no_reaper = true;
	} else {
		snprintf(why, CT_WHY_MAX,
			 "unknown option '%.*s'; there are pids=new|keep, pid=PID, tree and init=on|off",
			 printable(word, len), word);
		return -EINVAL;
	}
	return 0;
}

/**
 * ct_name_reserved - is this the name of a file in a container's directory?
 * @name: a good name
 *
 * The directories of containers inside another one are beside that one's files,
 * so they cannot be called so. Files to come will have names of this list, or
 * begin with a dot.
 */
bool ct_name_reserved(const char *name)
{
	static const char * const words[] = {
		"tasks", "status", "kill", "proc", "checkpoint", "check", "restart",
		"freeze", "thaw", "limits", "events", "namespaces", "control",
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(words); i++)
		if (!strcmp(name, words[i]))
			return true;
	return false;
}

/**
 * ct_parse_request - parse a line written to /proc/container
 * @line: NAME [OPTION...], separated by blanks; not terminated
 * @len: its length
 * @req: filled on success
 * @why: on failure a sentence without full stop; %CT_WHY_MAX bytes
 *
 * Return: 0 or -EINVAL.
 */
int ct_parse_request(const char *line, size_t len, struct ct_request *req,
		     char *why)
{
	const char *word;
	size_t pos = 0, n;
	int err;

	memset(req, 0, sizeof(*req));
	n = next_word(line, len, &pos, &word);
	if (!n) {
		snprintf(why, CT_WHY_MAX, "no name was given");
		return -EINVAL;
	}
	if (!ct_name_ok(word, n)) {
		snprintf(why, CT_WHY_MAX,
			 "'%.*s' cannot be a name: it takes 1 to 63 letters, digits, '.', '_' and '-', and begins with neither '.' nor '-'",
			 printable(word, n), word);
		return -EINVAL;
	}
	memcpy(req->name, word, n);

	while ((n = next_word(line, len, &pos, &word))) {
		err = parse_option(word, n, req, why);
		if (err)
			return err;
	}
	return 0;
}

/**
 * ct_parse_adoption - parse a line written to tasks
 * @line: PID [OPTION...], separated by blanks; not terminated
 * @len: its length
 * @req: filled on success
 * @why: on failure a sentence without full stop; %CT_WHY_MAX bytes
 *
 * Return: 0 or -EINVAL.
 */
int ct_parse_adoption(const char *line, size_t len, struct ct_request *req,
		      char *why)
{
	const char *word;
	size_t pos = 0, n;
	int err;

	memset(req, 0, sizeof(*req));
	n = next_word(line, len, &pos, &word);
	err = parse_process(word, n, &req->pid, why);
	if (err)
		return err;
	while ((n = next_word(line, len, &pos, &word))) {
		if (parse_move_option(word, n, req))
			continue;
		snprintf(why, CT_WHY_MAX,
			 "unknown option '%.*s'; there are pids=new|keep and tree",
			 printable(word, n), word);
		return -EINVAL;
	}
	return 0;
}

static const struct {
	const char *name;
	int sig;
} signal_names[] = {
	{ "HUP", SIGHUP },	{ "INT", SIGINT },	{ "QUIT", SIGQUIT },
	{ "ILL", SIGILL },	{ "TRAP", SIGTRAP },	{ "ABRT", SIGABRT },
	{ "IOT", SIGIOT },	{ "BUS", SIGBUS },	{ "FPE", SIGFPE },
	{ "KILL", SIGKILL },	{ "USR1", SIGUSR1 },	{ "SEGV", SIGSEGV },
	{ "USR2", SIGUSR2 },	{ "PIPE", SIGPIPE },	{ "ALRM", SIGALRM },
	{ "TERM", SIGTERM },	{ "STKFLT", SIGSTKFLT },	{ "CHLD", SIGCHLD },
	{ "CONT", SIGCONT },	{ "STOP", SIGSTOP },	{ "TSTP", SIGTSTP },
	{ "TTIN", SIGTTIN },	{ "TTOU", SIGTTOU },	{ "URG", SIGURG },
	{ "XCPU", SIGXCPU },	{ "XFSZ", SIGXFSZ },	{ "VTALRM", SIGVTALRM },
	{ "PROF", SIGPROF },	{ "WINCH", SIGWINCH },	{ "IO", SIGIO },
	{ "POLL", SIGPOLL },	{ "PWR", SIGPWR },	{ "SYS", SIGSYS },
};

static int parse_signal_number(const char *word, size_t len)
{
	int sig = 0;
	size_t i;

	if (len > 2)
		return -EINVAL;
	for (i = 0; i < len; i++) {
		if (word[i] < '0' || word[i] > '9')
			return -EINVAL;
		sig = sig * 10 + word[i] - '0';
	}
	return sig <= _NSIG ? sig : -EINVAL;
}

/**
 * ct_parse_signal - parse a signal
 * @line: a name with or without SIG, or a number; blanks around it
 * @len: its length
 *
 * Return: the signal, 0 for "0" (test for existence), or -EINVAL.
 */
int ct_parse_signal(const char *line, size_t len)
{
	const char *word, *rest;
	size_t pos = 0, n, i;

	n = next_word(line, len, &pos, &word);
	if (!n || next_word(line, len, &pos, &rest))
		return -EINVAL;
	if (word[0] >= '0' && word[0] <= '9')
		return parse_signal_number(word, n);
	if (n > 3 && !memcmp(word, "SIG", 3)) {
		word += 3;
		n -= 3;
	}
	for (i = 0; i < ARRAY_SIZE(signal_names); i++)
		if (word_is(word, n, signal_names[i].name))
			return signal_names[i].sig;
	return -EINVAL;
}
