// SPDX-License-Identifier: GPL-2.0
/* modes: host */
/* timeout: 600 */
/* Checkpoint and restart: processes that a signal has stopped. */
#include "ct-checkpoint.h"

#include <dirent.h>

static void *idles(void *arg)
{
	for (;;)
		pause();
	return NULL;
}

static void is_stopped(void *arg)
{
	pthread_t thread;
	long threads = (long)arg;

	/* In an orphaned group most of these signals stop nobody. */
	CT_EQ(0, setpgid(0, 0));
	while (threads--)
		CT_EQ(0, pthread_create(&thread, NULL, idles, NULL));
	cr_settled();
	for (;;)
		pause();
}

static pid_t stopped_child(long threads, int sig)
{
	pid_t child;

	ct_block(SIGCHLD);
	cr_gathering();
	child = cr_child(is_stopped, (void *)threads);
	cr_gather(1);
	CT_EQ(0, kill(child, sig));
	CT_UNTIL(ct_state(child) == 'T');
	return child;
}

static char thread_state(pid_t pid, const char *tid)
{
	char path[300], text[512] = "", *state;

	snprintf(path, sizeof(path), "/proc/%d/task/%s/stat", pid, tid);
	ct_read_file(path, text, sizeof(text));
	state = strrchr(text, ')');
	return state ? state[2] : 0;
}

static void all_stopped(pid_t pid, int count)
{
	struct dirent *entry;
	char path[300];
	int found = 0;
	DIR *dir;

	snprintf(path, sizeof(path), "/proc/%d/task", pid);
	dir = opendir(path);
	CT_CHECK(dir);
	while ((entry = readdir(dir))) {
		if (entry->d_name[0] == '.')
			continue;
		CT_UNTIL(thread_state(pid, entry->d_name) == 'T');
		found++;
	}
	closedir(dir);
	CT_EQ(count, found);
}

static void ends(pid_t child)
{
	int status;

	CT_EQ(0, kill(child, SIGKILL));
	CT_EQ(child, waitpid(child, &status, 0));
	CT_CHECK(WIFSIGNALED(status));
}

/* It stays so, its parent is not told again, and it goes on when it is told to. */
static void told_already(int threads, int sig)
{
	pid_t child = stopped_child(threads, sig);
	siginfo_t info;
	int status;

	CT_EQ(child, waitpid(child, &status, WUNTRACED));
	CT_EQ(sig, WSTOPSIG(status));
	CT_CHECK(ct_take_signal(SIGCHLD, &info, 1000));
	cr_ready();
	all_stopped(child, threads + 1);
	usleep(20000);
	CT_EQ(0, waitpid(child, &status, WUNTRACED | WCONTINUED | WNOHANG));
	CT_CHECK(!ct_signal_pending(SIGCHLD));
	CT_EQ(0, kill(child, SIGCONT));
	CT_EQ(child, waitpid(child, &status, WUNTRACED | WCONTINUED));
	CT_CHECK(WIFCONTINUED(status));
	ct_expect_chld(child, CLD_CONTINUED, SIGCONT);
	CT_UNTIL(ct_state(child) == 'S');
	ends(child);
}

CR_ROW(stopped)
{
	told_already(0, SIGSTOP);
}

CR_ROW(stopped_threads)
{
	told_already(5, SIGTSTP);
}

/* The parent has yet to wait for it. */
CR_ROW(stopped_untold)
{
	pid_t child = stopped_child(2, SIGTTIN);
	int status;

	cr_ready();
	all_stopped(child, 3);
	ct_expect_chld(child, CLD_STOPPED, SIGTTIN);
	CT_EQ(child, waitpid(child, &status, WUNTRACED));
	CT_EQ(SIGTTIN, WSTOPSIG(status));
	CT_EQ(0, waitpid(child, &status, WUNTRACED | WNOHANG));
	CT_CHECK(!ct_signal_pending(SIGCHLD));
	ends(child);
}

CR_ROW(continued_untold)
{
	pid_t child = stopped_child(1, SIGSTOP);
	int status;

	CT_EQ(child, waitpid(child, &status, WUNTRACED));
	CT_EQ(0, kill(child, SIGCONT));
	CT_UNTIL(ct_state(child) == 'S');
	cr_ready();
	CT_EQ(child, waitpid(child, &status, WCONTINUED));
	CT_CHECK(WIFCONTINUED(status));
	CT_EQ(0, waitpid(child, &status, WUNTRACED | WCONTINUED | WNOHANG));
	ends(child);
}

/* What waits for one that is stopped does so until it goes on. */
static volatile int value = -1;

static void handler(int sig, siginfo_t *info, void *context)
{
	value = info->si_value.sival_int;
}

static void has_handler(void *arg)
{
	struct sigaction act = { .sa_sigaction = handler, .sa_flags = SA_SIGINFO };

	CT_EQ(0, sigaction(SIGUSR1, &act, NULL));
	cr_settled();
	while (value < 0)
		usleep(2000);
	_exit(value);
}

CR_ROW(stopped_with_pending)
{
	siginfo_t info = ct_queued(SIGUSR1);
	pid_t child;
	int status;

	cr_gathering();
	child = cr_child(has_handler, NULL);
	cr_gather(1);
	CT_EQ(0, kill(child, SIGSTOP));
	CT_UNTIL(ct_state(child) == 'T');
	info.si_value.sival_int = 77;
	CT_EQ(0, syscall(SYS_rt_sigqueueinfo, child, SIGUSR1, &info));
	cr_ready();
	CT_UNTIL(ct_state(child) == 'T');
	CT_EQ(child, waitpid(child, &status, WUNTRACED));
	CT_EQ(0, kill(child, SIGCONT));
	CT_EQ(77, ct_reap(child));
}

CR_MAIN
