// SPDX-License-Identifier: GPL-2.0
/*
 * containerctl ps: ps(1) with the container's /proc in place of the host's, in a
 * mount namespace of its own.
 *
 * ps(1) insists on finding its own number in /proc. We are not in the container,
 * so it runs in a pid namespace, under a number that somebody has there.
 */
#include "compiler.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "containerctl.h"
#include "names.h"
#include "proc.h"

static int no_view(const char *name, int err)
{
	struct fault why;
	char *text = proc_read_status(name, &why);

	if (!text)
		complain("%s", why.text);
	else if (err == EPERM || err == EACCES)
		complain("no permission to look at container '%s': this takes root (CAP_SYS_ADMIN)",
			 name);
	else
		complain("cannot look at container '%s': %s", name, strerror(err));
	free(text);
	return EXIT_SELF;
}

/* Return: 0, or an exit status after a message. */
static int enter_view(const char *name)
{
	char *path;
	int ret;

	if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL))
		return no_view(name, errno);
	if (asprintf(&path, "%s%s/proc", PROC_CONTAINER_DIR, name) < 0)
		return no_view(name, ENOMEM);
	ret = mount(path, "/proc", NULL, MS_BIND, NULL) ? errno : 0;
	free(path);
	if (ret)
		return no_view(name, ret);
	/* In the /proc of a container there is nothing in that directory. */
	if (access("/proc/stat", F_OK)) {
		complain("cannot look at container '%s': /proc is that of a container, not the host's",
			 name);
		return EXIT_SELF;
	}
	return 0;
}

/* A number that somebody has in the container; 0: nobody, or no telling. */
static pid_t some_number(const char *name)
{
	struct fault why;
	char text[32] = "";
	int fd = container_open(name, "tasks", O_RDONLY, &why);

	if (fd < 0)
		return 0;
	if (read(fd, text, sizeof(text) - 1) < 0)
		*text = 0;
	close(fd);
	return atoi(text);
}

static int exec_command(char **command)
{
	int ret;

	/* The caller may end us by a key. */
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	execvp(command[0], command);
	ret = errno == ENOENT ? EXIT_NO_COMMAND : EXIT_CANNOT;
	complain("cannot run '%s': %s", command[0], strerror(errno));
	return ret;
}

static int status_of(const char *name, pid_t pid)
{
	int status;

	if (pid < 0)
		return no_view(name, errno);
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return no_view(name, errno);
	return WIFEXITED(status) ? WEXITSTATUS(status) :
				   EXIT_SIGNALLED + WTERMSIG(status);
}

/*
 * From a container into one inside: there are no pid namespaces here, but we can
 * go in, and are in the list then.
 */
static int exec_inside(const char *name, char **command)
{
	struct fault why;

	if (!container_enter(name, &why))
		return exec_command(command);
	complain("%s", why.text);
	return EXIT_SELF;
}

/* As process 1 of a new pid namespace. */
static int exec_ps(const char *name, pid_t nr, char **command)
{
	struct clone_args args = {
		.exit_signal = SIGCHLD,
		.set_tid = (uintptr_t)&nr,
		.set_tid_size = 1,
	};
	pid_t pid;
	int ret;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	ret = enter_view(name);
	if (ret)
		return ret;
	if (nr <= 1)
		return exec_command(command);
	pid = syscall(SYS_clone3, &args, sizeof(args));
	if (!pid)
		_exit(exec_command(command));
	return status_of(name, pid);
}

static int launch_ps(const char *name, char **command)
{
	pid_t nr = some_number(name), pid;
	bool outside = !unshare(CLONE_NEWNS | CLONE_NEWPID);

	if (!outside && errno != EINVAL)
		return no_view(name, errno);
	pid = fork();
	if (!pid)
		_exit(outside ? exec_ps(name, nr, command) :
				exec_inside(name, command));
	return status_of(name, pid);
}

static int ps_run(int argc, char **argv)
{
	static char *all[] = { "ps", "-ef", NULL };
	char **command = all;
	const char *name;

	if (argc > 1 && (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h"))) {
		command_help(&cmd_ps, stdout);
		return finish_output();
	}
	if (argc > 1 && !strcmp(argv[1], "--")) {
		argc--;
		argv++;
	}
	if (argc < 2)
		return usage_error(&cmd_ps, "which container?");
	name = name_from_line(&cmd_ps, argv[1]);
	if (!name)
		return EXIT_SELF;
	if (argc > 2 && !strcmp(argv[2], "--")) {
		argc--;
		argv++;
	}
	if (argc > 2) {
		argv[1] = "ps";
		command = argv + 1;
	}
	return launch_ps(name, command);
}

const struct command cmd_ps = {
	.name = "ps",
	.synopsis = "NAME [PS-ARGUMENT...]",
	.summary = "list the processes of a container as it sees them",
	.help =
	"Runs ps(1) with the /proc of the container NAME, and -ef or the arguments given.\n"
	"\n"
	"  -h, --help   print this\n"
	"\n"
	"Example: containerctl ps web -eo pid,ppid,stat,args --forest\n",
	.run = ps_run,
};
