// SPDX-License-Identifier: GPL-2.0
/* modes: host */
/* timeout: 900 */
/*
 * Checkpoint and restart: what is done about signals, which are blocked, and
 * which wait.
 */
#include "ct-checkpoint.h"

#include <sys/epoll.h>
#include <sys/resource.h>

#define SS_AUTODISARM	(1U << 31)

/* -- what is done about them ---------------------------------------------------- */

/* As the kernel has it; libc has flags of its own. */
struct action {
	void *handler;
	unsigned long flags;
	void *restorer;
	unsigned long mask;
};

static void get_action(int sig, struct action *to)
{
	CT_EQ(0, syscall(SYS_rt_sigaction, sig, NULL, to, 8));
}

static void set_action(int sig, const struct action *from)
{
	CT_EQ(0, syscall(SYS_rt_sigaction, sig, from, NULL, 8));
}

static bool settable(int sig)
{
	return sig != SIGKILL && sig != SIGSTOP;
}

/* Each signal another one: ignored, by itself, or with any flags and masks. */
CR_ROW(actions)
{
	static const unsigned long flags[] = {
		0x04000000, 0x04000000 | SA_SIGINFO | SA_RESTART,
		0x04000000 | SA_NODEFER | SA_ONSTACK, SA_RESETHAND,
		0x04000000 | SA_NOCLDSTOP | SA_NOCLDWAIT, 0x800,
	};
	struct action set[_NSIG], now;
	int sig;

	for (sig = 1; sig < _NSIG; sig++) {
		memset(&set[sig], 0, sizeof(set[sig]));
		if (!settable(sig) || sig % 7 == 6)
			continue;
		set[sig].handler = sig % 7 == 5 ? SIG_IGN :
						  (void *)(0x1000UL * sig);
		set[sig].flags = flags[sig % 6];
		set[sig].restorer = (void *)(0x100000UL + sig);
		set[sig].mask = 0x0101010101010101UL << sig % 8;
		set_action(sig, &set[sig]);
		get_action(sig, &set[sig]);
	}
	cr_ready();
	for (sig = 1; sig < _NSIG; sig++) {
		get_action(sig, &now);
		if (memcmp(&now, &set[sig], sizeof(now)))
			CT_FAIL("signal %d: handler %p, flags %lx, restorer %p, mask %lx",
				sig, now.handler, now.flags, now.restorer, now.mask);
	}
}

static volatile int handled;
static siginfo_t handled_info;
static unsigned long handled_mask;

static unsigned long get_mask(void)
{
	unsigned long mask = 0;

	CT_EQ(0, syscall(SYS_rt_sigprocmask, SIG_BLOCK, NULL, &mask, 8));
	return mask;
}

static void set_mask(unsigned long mask)
{
	CT_EQ(0, syscall(SYS_rt_sigprocmask, SIG_SETMASK, &mask, NULL, 8));
}

#define BIT(sig) (1UL << ((sig) - 1))

static void handler(int sig, siginfo_t *info, void *context)
{
	handled_info = *info;
	handled_mask = get_mask();
	handled++;
}

static void handle(int sig, int flags)
{
	struct sigaction act = { .sa_sigaction = handler,
				 .sa_flags = SA_SIGINFO | flags };

	sigemptyset(&act.sa_mask);
	sigaddset(&act.sa_mask, SIGUSR2);
	CT_EQ(0, sigaction(sig, &act, NULL));
}

CR_ROW(handlers_run)
{
	handle(SIGUSR1, SA_RESTART);
	handle(SIGRTMIN + 3, SA_RESETHAND);
	cr_ready();
	CT_EQ(0, raise(SIGUSR1));
	CT_EQ(1, handled);
	CT_EQ(getpid(), handled_info.si_pid);
	CT_EQ(BIT(SIGUSR1) | BIT(SIGUSR2), handled_mask);
	CT_EQ(0, raise(SIGRTMIN + 3));
	CT_EQ(2, handled);
	CT_CHECK(signal(SIGRTMIN + 3, SIG_IGN) == SIG_DFL);
}

/* -- which are blocked ------------------------------------------------------------- */

static volatile int masked;
static volatile bool unmask;

static void *has_mask(void *arg)
{
	unsigned long mask = (unsigned long)arg;

	set_mask(mask);
	__sync_fetch_and_add(&masked, 1);
	while (!unmask)
		usleep(2000);
	return get_mask() == mask ? NULL : arg;
}

CR_ROW(masks)
{
	unsigned long masks[4] = { BIT(SIGTERM), 0, ~0UL & ~BIT(SIGKILL) & ~BIT(SIGSTOP),
				   BIT(SIGSEGV) | BIT(64) };
	pthread_t thread[4];
	void *wrong;
	int i;

	for (i = 0; i < 4; i++)
		CT_EQ(0, pthread_create(&thread[i], NULL, has_mask, (void *)masks[i]));
	set_mask(BIT(SIGUSR2) | BIT(SIGRTMAX));
	CT_UNTIL(masked == 4);
	cr_ready();
	CT_EQ(BIT(SIGUSR2) | BIT(SIGRTMAX), get_mask());
	unmask = true;
	for (i = 0; i < 4; i++) {
		CT_EQ(0, pthread_join(thread[i], &wrong));
		if (wrong)
			CT_FAIL("mask %lx is another one", masks[i]);
	}
}

/*
 * A call that blocks others than its thread does, until it ends: the signal that
 * it waits for runs its handler, and afterwards all is as before the call.
 */
struct waiter {
	pthread_t thread;
	long (*call)(void);
	volatile pid_t tid;
	volatile int done;
	long result;
	int error;
	unsigned long after;
};

#define OUTSIDE	(BIT(SIGUSR1) | BIT(SIGHUP))

static void *waits(void *arg)
{
	struct waiter *me = arg;

	set_mask(OUTSIDE);
	me->tid = ct_gettid();
	me->result = me->call();
	me->error = errno;
	me->after = get_mask();
	me->done = 1;
	return NULL;
}

static void waits_with_mask(long (*call)(void), long nr)
{
	struct waiter me = { .call = call };

	handle(SIGUSR1, 0);
	CT_EQ(0, pthread_create(&me.thread, NULL, waits, &me));
	CT_UNTIL(me.tid);
	cr_until_in_call(getpid(), me.tid, nr);
	cr_ready();
	usleep(20000);
	CT_CHECK(!me.done);
	/* Blocked in the call, and not blocked outside of it. */
	CT_EQ(0, syscall(SYS_tgkill, getpid(), me.tid, SIGURG));
	usleep(20000);
	CT_CHECK(!me.done);
	CT_EQ(0, handled);
	CT_EQ(0, syscall(SYS_tgkill, getpid(), me.tid, SIGUSR1));
	CT_UNTIL(me.done);
	CT_EQ(-1, me.result);
	CT_EQ(EINTR, me.error);
	CT_EQ(1, handled);
	/* What came during the call was blocked by what the call blocks. */
	CT_EQ(OUTSIDE, me.after);
	CT_EQ(0, pthread_join(me.thread, NULL));
}

static const unsigned long inside = BIT(SIGURG) | BIT(SIGHUP);

static long suspends(void)
{
	return syscall(SYS_rt_sigsuspend, &inside, 8);
}

CR_ROW(in_sigsuspend)
{
	waits_with_mask(suspends, SYS_rt_sigsuspend);
}

static long ppolls(void)
{
	return syscall(SYS_ppoll, NULL, 0, NULL, &inside, 8);
}

CR_ROW(in_ppoll)
{
	waits_with_mask(ppolls, SYS_ppoll);
}

static long pselects(void)
{
	struct { const void *mask; size_t size; } sigs = { &inside, 8 };

	return syscall(SYS_pselect6, 0, NULL, NULL, NULL, NULL, &sigs);
}

CR_ROW(in_pselect)
{
	waits_with_mask(pselects, SYS_pselect6);
}

static int watcher;

static long epolls(void)
{
	struct epoll_event event;

	return syscall(SYS_epoll_pwait, watcher, &event, 1, -1, &inside, 8);
}

CR_ROW(in_epoll_pwait)
{
	watcher = epoll_create1(0);
	CT_CHECK(watcher >= 0);
	waits_with_mask(epolls, SYS_epoll_pwait);
}

/* -- which wait --------------------------------------------------------------------- */

static void block_all(void)
{
	sigset_t all;

	sigfillset(&all);
	CT_EQ(0, pthread_sigmask(SIG_SETMASK, &all, NULL));
	set_mask(~0UL);
}

static void queue(pid_t pid, pid_t tid, int sig, int value)
{
	siginfo_t info = ct_queued(sig);

	info.si_value.sival_int = value;
	if (tid)
		CT_EQ(0, syscall(SYS_rt_tgsigqueueinfo, pid, tid, sig, &info));
	else
		CT_EQ(0, syscall(SYS_rt_sigqueueinfo, pid, sig, &info));
}

static void none_waits(void)
{
	sigset_t set;
	int sig;

	CT_EQ(0, sigpending(&set));
	for (sig = 1; sig < _NSIG; sig++)
		if (sigismember(&set, sig) == 1)
			CT_FAIL("signal %d waits", sig);
}

static void takes(int sig, int code, int value)
{
	siginfo_t info;

	if (!ct_take_signal(sig, &info, 0))
		CT_FAIL("signal %d does not wait", sig);
	CT_EQ(sig, info.si_signo);
	CT_EQ(code, info.si_code);
	if (code == SI_QUEUE)
		CT_EQ(value, info.si_value.sival_int);
	CT_EQ(getpid(), info.si_pid);
	CT_EQ(getuid(), info.si_uid);
}

/* In the order they came, with all that they say, those of no importance, too. */
CR_ROW(pending)
{
	int i;

	block_all();
	CT_EQ(0, kill(getpid(), SIGTERM));
	CT_EQ(0, kill(getpid(), SIGTERM));
	CT_EQ(0, kill(getpid(), SIGWINCH));
	CT_EQ(0, kill(getpid(), SIGCONT));
	for (i = 0; i < 300; i++)
		queue(getpid(), 0, SIGRTMIN + i % 3, i);
	queue(getpid(), 0, SIGUSR1, 11);
	CT_EQ(0, kill(getpid(), SIGSEGV));
	cr_ready();
	takes(SIGTERM, SI_USER, 0);
	CT_CHECK(!ct_signal_pending(SIGTERM));
	takes(SIGWINCH, SI_USER, 0);
	takes(SIGCONT, SI_USER, 0);
	takes(SIGUSR1, SI_QUEUE, 11);
	takes(SIGSEGV, SI_USER, 0);
	for (i = 0; i < 300; i++)
		takes(SIGRTMIN + i % 3, SI_QUEUE, i);
	none_waits();
}

struct private {
	pthread_t thread;
	volatile pid_t tid;
	int base;
};

static volatile bool look;

static void *has_private(void *arg)
{
	struct private *me = arg;
	int i;

	block_all();
	me->tid = ct_gettid();
	while (!look)
		usleep(2000);
	takes(SIGINT, SI_TKILL, 0);
	takes(SIGUSR2, SI_QUEUE, me->base);
	for (i = 0; i < 40; i++)
		takes(SIGRTMAX, SI_QUEUE, me->base + i);
	none_waits();
	return NULL;
}

/* What one thread is sent, no other gets. */
CR_ROW(pending_of_threads)
{
	struct private thread[3] = { { .base = 1000 }, { .base = 2000 }, { .base = 3000 } };
	int i, k;

	block_all();
	for (i = 0; i < 3; i++) {
		CT_EQ(0, pthread_create(&thread[i].thread, NULL, has_private,
					&thread[i]));
		CT_UNTIL(thread[i].tid);
	}
	for (i = 0; i < 3; i++) {
		CT_EQ(0, syscall(SYS_tgkill, getpid(), thread[i].tid, SIGINT));
		queue(getpid(), thread[i].tid, SIGUSR2, thread[i].base);
	}
	for (k = 0; k < 40; k++)
		for (i = 0; i < 3; i++)
			queue(getpid(), thread[i].tid, SIGRTMAX, thread[i].base + k);
	cr_ready();
	none_waits();
	look = true;
	for (i = 0; i < 3; i++)
		CT_EQ(0, pthread_join(thread[i].thread, NULL));
}

static void sends(void *arg)
{
	queue(getppid(), 0, SIGRTMIN + 5, 55);
	CT_EQ(0, kill(getppid(), SIGUSR1));
	_exit(9);
}

/* The sender's number stays what it was, even if nobody has it any more. */
CR_ROW(pending_from_child)
{
	siginfo_t info;
	pid_t child;

	block_all();
	child = cr_child(sends, NULL);
	CT_UNTIL(ct_signal_pending(SIGCHLD));
	CT_EQ(9, ct_reap(child));
	cr_ready();
	CT_CHECK(ct_take_signal(SIGCHLD, &info, 0));
	CT_EQ(child, info.si_pid);
	CT_EQ(CLD_EXITED, info.si_code);
	CT_EQ(9, info.si_status);
	CT_CHECK(ct_take_signal(SIGRTMIN + 5, &info, 0));
	CT_EQ(child, info.si_pid);
	CT_EQ(55, info.si_value.sival_int);
	CT_CHECK(ct_take_signal(SIGUSR1, &info, 0));
	CT_EQ(child, info.si_pid);
	CT_EQ(SI_USER, info.si_code);
	none_waits();
}

/* Beyond the limit the kernel keeps that a signal came, and nothing else. */
CR_ROW(pending_without_info)
{
	struct rlimit none = { 0, 4096 }, some = { 4096, 4096 };
	siginfo_t info;

	block_all();
	CT_EQ(0, setrlimit(RLIMIT_SIGPENDING, &none));
	CT_EQ(0, syscall(SYS_tgkill, getpid(), getpid(), SIGUSR1));
	CT_EQ(0, setrlimit(RLIMIT_SIGPENDING, &some));
	cr_ready();
	CT_CHECK(ct_take_signal(SIGUSR1, &info, 0));
	CT_EQ(SI_USER, info.si_code);
	CT_EQ(0, info.si_pid);
	none_waits();
}

/* Ignored and yet waiting, as it was blocked when it came. */
CR_ROW(pending_ignored)
{
	block_all();
	CT_CHECK(signal(SIGUSR1, SIG_IGN) == SIG_DFL);
	CT_EQ(0, kill(getpid(), SIGUSR1));
	CT_EQ(0, kill(getpid(), SIGCHLD));
	CT_CHECK(ct_signal_pending(SIGUSR1));
	cr_ready();
	CT_CHECK(ct_signal_pending(SIGCHLD));
	CT_CHECK(ct_signal_pending(SIGUSR1));
	set_mask(0);
	set_mask(~0UL);
	none_waits();
}

/* Delivered once, when it is not blocked any more, and not before. */
CR_ROW(pending_is_delivered)
{
	handle(SIGTERM, 0);
	set_mask(BIT(SIGTERM));
	CT_EQ(0, kill(getpid(), SIGTERM));
	cr_ready();
	CT_EQ(0, handled);
	set_mask(0);
	CT_EQ(1, handled);
	CT_EQ(getpid(), handled_info.si_pid);
	none_waits();
}

/* -- the stack of handlers --------------------------------------------------------------- */

static char stack[65536];
static volatile bool was_on_stack;

static void on_stack(int sig)
{
	char here;

	was_on_stack = &here >= stack && &here < stack + sizeof(stack);
	handled++;
}

static void use_stack(int flags)
{
	stack_t set = { .ss_sp = stack, .ss_flags = flags,
			.ss_size = sizeof(stack) };
	struct sigaction act = { .sa_handler = on_stack, .sa_flags = SA_ONSTACK };

	CT_EQ(0, sigaltstack(&set, NULL));
	CT_EQ(0, sigaction(SIGUSR1, &act, NULL));
}

static void same_stack(int flags)
{
	stack_t now;

	CT_EQ(0, sigaltstack(NULL, &now));
	CT_CHECK(now.ss_sp == stack);
	CT_EQ(sizeof(stack), now.ss_size);
	CT_EQ(flags, now.ss_flags);
}

CR_ROW(altstack)
{
	use_stack(0);
	cr_ready();
	same_stack(0);
	CT_EQ(0, raise(SIGUSR1));
	CT_EQ(1, handled);
	CT_CHECK(was_on_stack);
}

CR_ROW(altstack_autodisarm)
{
	use_stack(SS_AUTODISARM);
	cr_ready();
	same_stack(SS_AUTODISARM);
	CT_EQ(0, raise(SIGUSR1));
	CT_CHECK(was_on_stack);
	same_stack(SS_AUTODISARM);
}

static void stays_on_stack(int sig)
{
	on_stack(sig);
	cr_ready();
	same_stack(SS_ONSTACK);
}

/* In a handler, and back from it. */
CR_ROW(on_altstack)
{
	struct sigaction act = { .sa_handler = stays_on_stack,
				 .sa_flags = SA_ONSTACK };
	unsigned long mask = get_mask();

	use_stack(0);
	CT_EQ(0, sigaction(SIGUSR1, &act, NULL));
	CT_EQ(0, raise(SIGUSR1));
	CT_CHECK(was_on_stack);
	same_stack(0);
	CT_EQ(mask, get_mask());
}

CR_ROW(no_altstack)
{
	stack_t now;

	cr_ready();
	CT_EQ(0, sigaltstack(NULL, &now));
	CT_EQ(SS_DISABLE, now.ss_flags);
}

CR_MAIN
