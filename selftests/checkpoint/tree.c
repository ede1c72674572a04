// SPDX-License-Identifier: GPL-2.0
/* modes: host */
/* timeout: 900 */
/*
 * Checkpoint and restart: processes and their numbers, groups, sessions,
 * parents, and the dead among them.
 */
#include "ct-checkpoint.h"
#include <sys/resource.h>

struct who {
	pid_t pid, tid, ppid, pgrp, sid;
};

static struct who who_am_i(void)
{
	struct who me = {
		.pid = getpid(), .tid = ct_gettid(), .ppid = getppid(),
		.pgrp = getpgrp(), .sid = getsid(0),
	};

	return me;
}

static void same_as(struct who then)
{
	struct who now = who_am_i();

	CT_EQ(then.pid, now.pid);
	CT_EQ(then.tid, now.tid);
	CT_EQ(then.ppid, now.ppid);
	CT_EQ(then.pgrp, now.pgrp);
	CT_EQ(then.sid, now.sid);
	/* And as others are told. */
	CT_EQ(then.pid, ct_read_number("/proc/self/stat"));
	CT_EQ(then.ppid, ct_status(then.pid, "PPid"));
	CT_EQ(then.pgrp, ct_stat_field("/proc/self/stat", 5));
	CT_EQ(then.sid, ct_stat_field("/proc/self/stat", 6));
}

/* Settles, waits, and is who it was. */
static void stay(void)
{
	struct who me = who_am_i();

	cr_settled();
	cr_await();
	same_as(me);
}

static void member(void *arg)
{
	(void)arg;
	stay();
}

/* -- the least ------------------------------------------------------------------- */

CR_ROW(alone)
{
	struct who me = who_am_i();

	cr_ready();
	CT_EQ(1, me.pid);
	CT_EQ(0, me.ppid);
	same_as(me);
}

CR_ROW(second, .below = true)
{
	struct who me = who_am_i();

	cr_ready();
	CT_EQ(2, me.pid);
	CT_EQ(1, me.ppid);
	same_as(me);
}

/* -- families -------------------------------------------------------------------- */

#define CHILDREN 3

static void parent_of_members(void *arg)
{
	pid_t child[CHILDREN];
	int i;

	(void)arg;
	for (i = 0; i < CHILDREN; i++)
		child[i] = cr_child(member, NULL);
	stay();
	for (i = 0; i < CHILDREN; i++)
		CT_EQ(0, ct_reap(child[i]));
	CT_EQ(-ECHILD, ct_reap(-1));
}

CR_ROW(family, .below = true)
{
	struct who me = who_am_i();
	pid_t child[CHILDREN];
	int i;

	cr_gathering();
	for (i = 0; i < CHILDREN; i++)
		child[i] = cr_child(parent_of_members, NULL);
	cr_gather(CHILDREN * (CHILDREN + 1));
	cr_ready();
	same_as(me);
	for (i = 0; i < CHILDREN; i++)
		CT_EQ(0, ct_reap(child[i]));
	CT_EQ(-ECHILD, ct_reap(-1));
}

static void chain_link(void *arg)
{
	long depth = (long)arg;
	pid_t child = 0;

	if (depth)
		child = cr_child(chain_link, (void *)(depth - 1));
	stay();
	if (child)
		CT_EQ(0, ct_reap(child));
}

CR_ROW(deep, .below = true)
{
	pid_t child;

	cr_gathering();
	child = cr_child(chain_link, (void *)20L);
	cr_gather(21);
	cr_ready();
	CT_EQ(0, ct_reap(child));
}

#define CROWD 50

CR_ROW(crowd)
{
	pid_t child[CROWD];
	int i;

	cr_gathering();
	for (i = 0; i < CROWD; i++)
		child[i] = cr_child(member, NULL);
	cr_gather(CROWD);
	cr_ready();
	for (i = 0; i < CROWD; i++)
		CT_EQ(0, ct_reap(child[i]));
}

/* Numbers with gaps, in an order that is not that of the tree. */
static void late_parent(void *arg)
{
	pid_t child;

	(void)arg;
	CT_UNTIL(!access(cr_file("go"), F_OK));
	child = cr_child(member, NULL);
	stay();
	CT_EQ(0, ct_reap(child));
}

CR_ROW(gaps, .below = true)
{
	pid_t early, late, old;
	int fd;

	cr_gathering();
	early = cr_child(late_parent, NULL);
	for (int i = 0; i < 5; i++)
		ct_unused_pid();
	late = cr_child(member, NULL);
	fd = open(cr_file("go"), O_CREAT | O_WRONLY, 0600);
	CT_CHECK(fd >= 0);
	close(fd);
	cr_gather(3);
	old = ct_unused_pid();
	cr_ready();
	/* What it remembers of a dead one is not somebody else now. */
	CT_CHECK(ct_unused_pid() > old);
	CT_ERRNO(ESRCH, kill(old, 0));
	CT_EQ(0, ct_reap(early));
	CT_EQ(0, ct_reap(late));
}

/* -- numbers name those whom they named ------------------------------------------- */

static void until_killed(void *arg)
{
	(void)arg;
	cr_settled();
	for (;;)
		pause();
}

CR_ROW(kill_by_number, .below = true)
{
	pid_t child, other, none;

	cr_gathering();
	child = cr_child(until_killed, NULL);
	other = cr_child(until_killed, NULL);
	none = ct_unused_pid();
	cr_gather(2);
	cr_ready();
	CT_EQ(0, kill(child, 0));
	CT_ERRNO(ESRCH, kill(none, 0));
	CT_EQ(0, kill(child, SIGTERM));
	CT_EQ(128 + SIGTERM, ct_reap(child));
	CT_ERRNO(ESRCH, kill(child, 0));
	CT_EQ(0, syscall(SYS_tgkill, other, other, SIGKILL));
	CT_EQ(128 + SIGKILL, ct_reap(other));
}

/* -- groups ------------------------------------------------------------------------ */

static void group_of(void *arg)
{
	CT_EQ(0, setpgid(0, (pid_t)(long)arg));
	until_killed(NULL);
}

CR_ROW(groups, .below = true)
{
	pid_t leader, one, two, mine;

	cr_gathering();
	leader = cr_child(group_of, NULL);
	CT_UNTIL(getpgid(leader) == leader);
	one = cr_child(group_of, (void *)(long)leader);
	two = cr_child(group_of, (void *)(long)leader);
	mine = cr_child(until_killed, NULL);
	cr_gather(4);
	cr_ready();
	CT_EQ(leader, getpgid(one));
	CT_EQ(leader, getpgid(two));
	CT_EQ(getpgrp(), getpgid(mine));
	CT_EQ(0, kill(-leader, SIGUSR1));
	CT_EQ(128 + SIGUSR1, ct_reap(one));
	CT_EQ(128 + SIGUSR1, ct_reap(two));
	CT_EQ(128 + SIGUSR1, ct_reap(leader));
	CT_ERRNO(ESRCH, kill(-leader, 0));
	CT_EQ(0, kill(mine, SIGUSR2));
	CT_EQ(128 + SIGUSR2, ct_reap(mine));
}

/* A group goes on without the process that has its number. */
CR_ROW(group_without_leader, .below = true)
{
	pid_t leader, one, new;

	cr_gathering();
	leader = cr_child(group_of, NULL);
	CT_UNTIL(getpgid(leader) == leader);
	one = cr_child(group_of, (void *)(long)leader);
	cr_gather(2);
	CT_EQ(0, kill(leader, SIGKILL));
	CT_EQ(128 + SIGKILL, ct_reap(leader));
	cr_ready();
	CT_ERRNO(ESRCH, kill(leader, 0));
	CT_EQ(leader, getpgid(one));
	new = fork();
	if (!new)
		_exit(setpgid(0, leader) || getpgrp() != leader);
	CT_CHECK(new != leader);
	CT_EQ(0, ct_reap(new));
	CT_EQ(0, kill(-leader, SIGTERM));
	CT_EQ(128 + SIGTERM, ct_reap(one));
}

/* -- sessions ------------------------------------------------------------------------ */

static void in_a_session(void *arg)
{
	pid_t child;

	CT_CHECK(setsid() == getpid());
	child = cr_child(group_of, NULL);
	/* One of them stays without the leader. */
	if (arg) {
		cr_settled();
		return;
	}
	stay();
	CT_EQ(getpid(), getsid(child));
	CT_EQ(child, getpgid(child));
	/* Not out of a session, nor into another. */
	CT_ERRNO(EPERM, setpgid(0, 0));
	CT_EQ(0, kill(child, SIGKILL));
	CT_EQ(128 + SIGKILL, ct_reap(child));
}

CR_ROW(sessions, .below = true)
{
	pid_t child, other;

	cr_gathering();
	child = cr_child(in_a_session, NULL);
	other = cr_child(member, NULL);
	cr_gather(3);
	cr_ready();
	CT_EQ(child, getsid(child));
	CT_EQ(getpid(), getsid(other));
	CT_ERRNO(EPERM, setpgid(child, getpid()));
	CT_EQ(0, ct_reap(child));
	CT_EQ(0, ct_reap(other));
}

CR_ROW(session_without_leader)
{
	pid_t leader, left;

	cr_gathering();
	leader = cr_child(in_a_session, "");
	cr_gather(2);
	CT_EQ(0, ct_reap(leader));
	left = leader + 1;
	CT_EQ(leader, getsid(left));
	cr_ready();
	CT_EQ(leader, getsid(left));
	CT_EQ(left, getpgid(left));
	CT_EQ(1, ct_status(left, "PPid"));
	CT_EQ(0, kill(left, SIGKILL));
	CT_EQ(128 + SIGKILL, ct_reap(left));
}

/* -- who has whose children -------------------------------------------------------------- */

static void orphan(void *arg)
{
	CT_UNTIL(getppid() != (pid_t)(long)arg);
	stay();
	_exit(getppid());
}

static void leaves_orphan(void *arg)
{
	(void)arg;
	cr_child(orphan, (void *)(long)getpid());
}

/* Process 1 has those of the dead. */
CR_ROW(orphans)
{
	pid_t parent, child;
	int status;

	cr_gathering();
	parent = cr_child(leaves_orphan, NULL);
	CT_EQ(0, ct_reap(parent));
	cr_gather(1);
	cr_ready();
	child = wait(&status);
	CT_CHECK(child > parent);
	CT_CHECK(WIFEXITED(status));
	CT_EQ(1, WEXITSTATUS(status));
}

/* And so has who asked for them, before and afterwards. */
CR_ROW(subreaper, .below = true)
{
	pid_t parent, child;
	int status, on = 0;

	CT_EQ(0, prctl(PR_SET_CHILD_SUBREAPER, 1));
	cr_gathering();
	parent = cr_child(leaves_orphan, NULL);
	CT_EQ(0, ct_reap(parent));
	cr_gather(1);
	cr_ready();
	CT_EQ(0, prctl(PR_GET_CHILD_SUBREAPER, &on));
	CT_EQ(1, on);
	child = wait(&status);
	CT_CHECK(child > parent);
	CT_EQ(getpid(), WEXITSTATUS(status));

	parent = fork();
	if (!parent) {
		parent = getpid();
		if (fork())
			_exit(0);
		CT_UNTIL(getppid() != parent);
		_exit(getppid());
	}
	CT_EQ(0, ct_reap(parent));
	CT_CHECK(wait(&status) > 0);
	CT_EQ(getpid(), WEXITSTATUS(status));
}

/* Below a subreaper, but it is not inherited. */
static void below_subreaper(void *arg)
{
	pid_t child;

	(void)arg;
	child = cr_child(member, NULL);
	stay();
	CT_EQ(0, ct_reap(child));
	child = fork();
	if (!child) {
		if (fork())
			_exit(0);
		pause();
	}
	CT_EQ(0, ct_reap(child));
	/* It is our parent's. */
	CT_EQ(-ECHILD, ct_reap(-1));
}

CR_ROW(subreaper_of_grandchildren, .below = true)
{
	pid_t child, orphaned;
	int status;

	CT_EQ(0, prctl(PR_SET_CHILD_SUBREAPER, 1));
	cr_gathering();
	child = cr_child(below_subreaper, NULL);
	cr_gather(2);
	cr_ready();
	CT_EQ(0, ct_reap(child));
	orphaned = waitpid(-1, &status, WNOHANG);
	CT_EQ(0, orphaned);
	CT_EQ(0, kill(-1, SIGKILL));
	CT_CHECK(wait(&status) > child);
	CT_EQ(SIGKILL, WTERMSIG(status));
}

/* -- the dead ------------------------------------------------------------------------------- */

static void ends_with(void *arg)
{
	long status = (long)arg;

	if (status < 128)
		_exit(status);
	kill(getpid(), status - 128);
	pause();
}

/* Nobody has waited for them yet. */
CR_ROW(zombies, .below = true)
{
	static const int ends[] = { 0, 7, 128 + SIGKILL, 128 + SIGTERM };
	pid_t child[4];
	siginfo_t info;
	int i;

	for (i = 0; i < 4; i++) {
		child[i] = cr_child(ends_with, (void *)(long)ends[i]);
		CT_UNTIL(ct_state(child[i]) == 'Z');
	}
	cr_ready();
	for (i = 0; i < 4; i++) {
		CT_EQ('Z', ct_state(child[i]));
		CT_EQ(0, kill(child[i], 0));
		CT_EQ(getpid(), ct_status(child[i], "PPid"));
	}
	memset(&info, 0, sizeof(info));
	CT_EQ(0, waitid(P_PID, child[1], &info, WEXITED | WNOWAIT));
	CT_EQ(CLD_EXITED, info.si_code);
	CT_EQ(7, info.si_status);
	CT_EQ(child[1], info.si_pid);
	for (i = 0; i < 4; i++)
		CT_EQ(ends[i], ct_reap(child[i]));
	CT_EQ(-ECHILD, ct_reap(-1));
}

static void works_a_while(void *arg)
{
	struct timespec used;

	(void)arg;
	CT_EQ(0, prctl(PR_SET_NAME, "has ended"));
	do {
		CT_EQ(0, clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used));
	} while (!used.tv_sec && used.tv_nsec < 200000000);
}

static long used_us(const struct rusage *used)
{
	return (used->ru_utime.tv_sec + used->ru_stime.tv_sec) * 1000000 +
	       used->ru_utime.tv_usec + used->ru_stime.tv_usec;
}

/* What it has used, which its parent is told, and what it is called. */
CR_ROW(remains, .below = true)
{
	pid_t child = cr_child(works_a_while, NULL);
	struct rusage before, after;
	char path[64], text[32];
	siginfo_t info;

	CT_EQ(0, syscall(SYS_waitid, P_PID, child, &info, WEXITED | WNOWAIT,
			 &before));
	CT_CHECK(used_us(&before) >= 150000);
	cr_ready();
	snprintf(path, sizeof(path), "/proc/%d/comm", child);
	CT_CHECK(ct_read_file(path, text, sizeof(text)) > 0);
	CT_STREQ("has ended\n", text);
	CT_EQ(child, wait4(child, NULL, 0, &after));
	CT_CHECK(used_us(&after) >= used_us(&before));
	CT_CHECK(after.ru_minflt >= before.ru_minflt);
	/* And no more than that, but for the end of who stands in for it. */
	CT_CHECK(used_us(&after) < used_us(&before) + 100000);
}

static void *ends_them_all(void *arg)
{
	(void)arg;
	CT_UNTIL(ct_state(getpid()) == 'Z');
	syscall(SYS_exit_group, 7);
	return NULL;
}

static void first_thread_ends(void *arg)
{
	pthread_t thread;

	(void)arg;
	CT_EQ(0, pthread_create(&thread, NULL, ends_them_all, NULL));
	syscall(SYS_exit, 3);
}

/* What wait(2) tells is how the process ended, not how its first thread did. */
CR_ROW(zombie_of_threads, .below = true)
{
	pid_t child = cr_child(first_thread_ends, NULL);
	siginfo_t info = {};

	/* All of its threads have ended. */
	CT_EQ(0, waitid(P_PID, child, &info, WEXITED | WNOWAIT));
	CT_EQ(7, info.si_status);
	cr_ready();
	CT_EQ('Z', ct_state(child));
	CT_EQ(7, ct_reap(child));
}

static void dead_group_leader(void *arg)
{
	(void)arg;
	CT_CHECK(setsid() == getpid());
	cr_child(until_killed, NULL);
	cr_settled();
}

/* A zombie that leads a session and a group, with a child that is not its. */
CR_ROW(zombie_leader, .below = true)
{
	pid_t leader, left;

	CT_EQ(0, prctl(PR_SET_CHILD_SUBREAPER, 1));
	cr_gathering();
	leader = cr_child(dead_group_leader, NULL);
	cr_gather(2);
	CT_UNTIL(ct_state(leader) == 'Z');
	left = leader + 1;
	CT_UNTIL(ct_status(left, "PPid") == getpid());
	cr_ready();
	CT_EQ(leader, getpgid(left));
	CT_EQ(leader, getsid(left));
	CT_EQ(0, kill(-leader, SIGTERM));
	CT_EQ(128 + SIGTERM, ct_reap(left));
	CT_EQ(0, ct_reap(leader));
	CT_ERRNO(ESRCH, kill(-leader, 0));
}

/* One whose parent hears of it in a signal of its choice, or not at all. */
static pid_t clone_child(unsigned long flags, int sig)
{
	pid_t pid = syscall(SYS_clone, flags | sig, 0, 0, 0, 0);

	CT_CHECK(pid >= 0);
	return pid;
}

CR_ROW(exit_signals, .below = true)
{
	pid_t usr, none;

	ct_block(SIGUSR1);
	ct_block(SIGCHLD);
	cr_gathering();
	usr = clone_child(0, SIGUSR1);
	if (!usr) {
		stay();
		_exit(3);
	}
	none = clone_child(0, 0);
	if (!none) {
		stay();
		_exit(4);
	}
	cr_gather(2);
	cr_ready();
	CT_EQ(usr, ct_signal(SIGUSR1).si_pid);
	CT_EQ(-ECHILD, ct_reap(usr));
	CT_EQ(usr, waitpid(usr, NULL, __WCLONE));
	CT_EQ(none, waitpid(none, NULL, __WCLONE));
	CT_CHECK(!ct_signal_pending(SIGCHLD));
}

/* -- stopped ------------------------------------------------------------------------------------ */

static void stops(void *arg)
{
	(void)arg;
	cr_settled();
	raise(SIGSTOP);
	_exit(5);
}

static pid_t stopped_child(void)
{
	pid_t child;

	cr_gathering();
	child = cr_child(stops, NULL);
	cr_gather(1);
	CT_UNTIL(ct_state(child) == 'T');
	return child;
}

CR_ROW(stopped, .below = true)
{
	pid_t child = stopped_child();
	int status;

	CT_EQ(child, waitpid(child, &status, WUNTRACED));
	CT_CHECK(WIFSTOPPED(status));
	cr_ready();
	CT_EQ('T', ct_state(child));
	/* That has been told already. */
	CT_EQ(0, waitpid(child, &status, WUNTRACED | WNOHANG));
	CT_EQ(0, kill(child, SIGCONT));
	CT_EQ(5, ct_reap(child));
}

CR_ROW(stopped_not_told, .below = true)
{
	pid_t child = stopped_child();
	int status;

	cr_ready();
	CT_EQ('T', ct_state(child));
	CT_EQ(child, waitpid(child, &status, WUNTRACED));
	CT_CHECK(WIFSTOPPED(status));
	CT_EQ(SIGSTOP, WSTOPSIG(status));
	CT_EQ(0, kill(child, SIGCONT));
	CT_EQ(child, waitpid(child, &status, WCONTINUED));
	CT_CHECK(WIFCONTINUED(status) || WIFEXITED(status));
	if (!WIFEXITED(status))
		CT_EQ(5, ct_reap(child));
}

CR_ROW(stopped_and_killed, .below = true)
{
	pid_t child = stopped_child();

	cr_ready();
	CT_EQ(0, kill(child, SIGKILL));
	CT_EQ(128 + SIGKILL, ct_reap(child));
}

CR_MAIN
