// SPDX-License-Identifier: GPL-2.0
/* modes: host */
/*
 * Checkpoint and restart of a thread of which it has been decided that its system
 * call goes on, and that has yet to make the call that does: restart_syscall(2).
 * That lasts an instant; here a debugger makes it last.
 */
#include "ct-checkpoint.h"
#include "ct-spin.h"

#include <sys/ptrace.h>
#include <sys/user.h>

static void sleeps(void *arg)
{
	struct timespec second = { .tv_sec = 1 };

	(void)arg;
	_exit(syscall(SYS_nanosleep, &second, NULL) ? errno : 0);
}

/* From its sleep to there, where it has all the time. */
static void divert(pid_t pid, const volatile int *word)
{
	struct user_regs_struct regs;
	int status;

	CT_EQ(0, ptrace(PTRACE_SEIZE, pid, 0, 0));
	CT_EQ(0, ptrace(PTRACE_INTERRUPT, pid, 0, 0));
	CT_EQ(pid, waitpid(pid, &status, __WALL));
	CT_CHECK(WIFSTOPPED(status));
	CT_EQ(0, ptrace(PTRACE_GETREGS, pid, 0, &regs));
	/* ERESTART_RESTARTBLOCK: there is something to go on with. */
	CT_EQ(-516, (long)regs.rax);
	regs.rax = SYS_restart_syscall;
	regs.orig_rax = -1;
	regs.rbx = (unsigned long)word;
	regs.rip = (unsigned long)call_when_told;
	CT_EQ(0, ptrace(PTRACE_SETREGS, pid, 0, &regs));
	CT_EQ(0, ptrace(PTRACE_DETACH, pid, 0, 0));
}

CR_ROW(decided)
{
	volatile int *word = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
				  MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	pid_t child;

	CT_CHECK(word != MAP_FAILED);
	child = cr_child(sleeps, NULL);
	cr_until_in_call(child, child, SYS_nanosleep);
	divert(child, word);
	cr_ready();
	*word = 1;
	CT_EQ(0, ct_reap(child));
}

CR_MAIN
