// SPDX-License-Identifier: GPL-2.0
/* modes: host */
/*
 * Processor time by processor: cpuacct.usage_percpu, of tasks that change their
 * processor, at rest and all the time.
 */
#include "ct-cpus.h"
#include "ct-module.h"
#include "ct-stopped.h"
#include "ct-tree.h"

#include <sys/mman.h>
#include <time.h>

#include "kselftest_harness.h"

#define CPUS	64

FIXTURE(percpu) {
	struct ct_tree tree;
};

FIXTURE_SETUP(percpu)
{
	CT_NEED_MODULE();
	CT_EQ(0, ct_tree_mount(&self->tree, "container", "cpuacct"));
	ct_group_make(&self->tree, "a");
	ct_group_make(&self->tree, "a/b");
	ct_group_make(&self->tree, "a/c");
}

FIXTURE_TEARDOWN(percpu)
{
	/* An assertion may have ended the test before it did. */
	ct_cpu_online(1, true);
	ct_tree_umount(&self->tree);
}

/* -- what is shown -------------------------------------------------------------- */

/* All columns; those of processors that there are not are 0. */
struct shown {
	int nr;
	long long sum;
	long long on[CPUS];
};

/* A blank after each number, and no more than that. */
static struct shown shown(const struct ct_tree *tree, const char *group)
{
	const char *text = ct_group_text(tree, group, "usage_percpu"), *at = text;
	struct shown s = {};
	char *end;

	while (*at != '\n') {
		CT_CHECK(s.nr < CPUS);
		s.on[s.nr] = strtoll(at, &end, 10);
		if (end == at || *end != ' ' || s.on[s.nr] < 0)
			CT_FAIL("usage_percpu of %s is \"%s\"", group, text);
		s.sum += s.on[s.nr++];
		at = end + 1;
	}
	CT_EQ(0, at[1]);
	return s;
}

static long long usage(const struct ct_tree *tree, const char *group)
{
	return ct_group_number(tree, group, "usage");
}

/* What a process of one thread that does not run has used, in ns. */
static long long used(pid_t pid)
{
	struct timespec time;
	clockid_t clock;

	CT_EQ(0, clock_getcpuclockid(pid, &clock));
	CT_EQ(0, clock_gettime(clock, &time));
	return time.tv_sec * 1000000000LL + time.tv_nsec;
}

/* -- work ------------------------------------------------------------------------ */

static volatile unsigned long sink;

static void spin(void)
{
	unsigned long i;

	for (i = 0; i < 100000; i++)
		sink += i * i;
}

/* Works, and stops itself, again and again. */
static void worker(int fd, void *arg)
{
	for (;;) {
		raise(SIGSTOP);
		spin();
	}
}

static struct ct_child start(void)
{
	struct ct_child child = ct_spawn(CT_PLAIN, worker, NULL);

	ct_wait_stopped(child.pid);
	return child;
}

/* Some work on a processor; how much that was. */
static long long work_on(struct ct_child *child, int cpu)
{
	long long before = used(child->pid);

	CT_EQ(0, ct_cpus_ask(child->pid, 1UL << cpu));
	CT_EQ(0, kill(child->pid, SIGCONT));
	ct_wait_stopped(child->pid);
	return used(child->pid) - before;
}

static void end(struct ct_child *child)
{
	CT_EQ(0, kill(child->pid, SIGKILL));
	CT_EQ(128 + SIGKILL, ct_reap(child->pid));
	close(child->fd);
}

/* -- the tests ------------------------------------------------------------------- */

/* To the nanosecond: what it has used where. */
TEST_F(percpu, exact)
{
	static const int order[] = { 0, 1, 1, 0, 1, 0, 0, 1 };
	struct ct_tree *t = &self->tree;
	struct ct_child child = start();
	long long want[2] = {};
	struct shown s;
	unsigned int i;

	if (!(ct_cpus_of(child.pid) & 2))
		SKIP(goto out, "there is one processor");
	/* What was before does not count, wherever that was. */
	work_on(&child, 1);
	CT_EQ(0, ct_group_move(t, "a", child.pid));
	s = shown(t, "a");
	EXPECT_LE(sysconf(_SC_NPROCESSORS_CONF), s.nr);
	EXPECT_EQ(0, s.sum);
	for (i = 0; i < sizeof(order) / sizeof(*order); i++) {
		want[order[i]] += work_on(&child, order[i]);
		/* Also what has not been read in between is known. */
		if (i % 3 == 1)
			continue;
		s = shown(t, "a");
		EXPECT_EQ(want[0], s.on[0]) TH_LOG("row %u", i);
		EXPECT_EQ(want[1], s.on[1]) TH_LOG("row %u", i);
		EXPECT_EQ(want[0] + want[1], s.sum);
		EXPECT_EQ(s.sum, usage(t, "a"));
	}
	TH_LOG("%lld ns and %lld ns", want[0], want[1]);
	EXPECT_LT(0, want[0]);
	EXPECT_LT(0, want[1]);
out:
	end(&child);
}

/* Each group has what was used in it, and those below. */
TEST_F(percpu, hierarchy)
{
	struct ct_tree *t = &self->tree;
	struct ct_child child = start();
	long long b, c, a;
	struct shown s;

	if (!(ct_cpus_of(child.pid) & 2))
		SKIP(goto out, "there is one processor");
	CT_EQ(0, ct_group_move(t, "a/b", child.pid));
	b = work_on(&child, 0);
	/* It takes nothing along, and what is not read yet stays behind. */
	CT_EQ(0, ct_group_move(t, "a/c", child.pid));
	c = work_on(&child, 1);
	CT_EQ(0, ct_group_move(t, "a", child.pid));
	a = work_on(&child, 0);
	CT_EQ(0, ct_group_move(t, ".", child.pid));
	work_on(&child, 1);
	s = shown(t, "a/b");
	EXPECT_EQ(b, s.on[0]);
	EXPECT_EQ(0, s.on[1]);
	s = shown(t, "a/c");
	EXPECT_EQ(0, s.on[0]);
	EXPECT_EQ(c, s.on[1]);
	s = shown(t, "a");
	EXPECT_EQ(b + a, s.on[0]);
	EXPECT_EQ(c, s.on[1]);
	EXPECT_EQ(a + b + c, usage(t, "a"));
	/* A removed group's stays with the one above. */
	CT_EQ(0, rmdir(ct_group_path(t, "a/b", NULL)));
	s = shown(t, "a");
	EXPECT_EQ(b + a, s.on[0]);
	EXPECT_EQ(c, s.on[1]);
	/* All processors begin anew, here only. */
	CT_EQ(0, ct_group_set(t, "a", "usage", "0"));
	s = shown(t, "a");
	EXPECT_EQ(0, s.on[0]);
	EXPECT_EQ(0, s.on[1]);
	EXPECT_EQ(0, usage(t, "a"));
	EXPECT_EQ(c, shown(t, "a/c").on[1]);
	CT_EQ(0, ct_group_move(t, "a/c", child.pid));
	b = work_on(&child, 1);
	s = shown(t, "a");
	EXPECT_EQ(0, s.on[0]);
	EXPECT_EQ(b, s.on[1]);
	EXPECT_EQ(b + c, shown(t, "a/c").on[1]);
out:
	end(&child);
}

/* A processor that goes keeps its column, and what was used there. */
TEST_F(percpu, offline)
{
	struct ct_tree *t = &self->tree;
	struct ct_child child = start();
	long long before, on0, on1;
	struct shown s;

	if (ct_cpu_online(1, false))
		SKIP(goto out, "processors stay");
	CT_EQ(0, ct_cpu_online(1, true));
	CT_EQ(0, ct_group_move(t, "a", child.pid));
	on1 = work_on(&child, 1);
	before = used(child.pid);
	CT_EQ(0, ct_cpu_online(1, false));
	/* Any other will do for it. */
	CT_EQ(0, kill(child.pid, SIGCONT));
	ct_wait_stopped(child.pid);
	on0 = used(child.pid) - before;
	s = shown(t, "a");
	EXPECT_EQ(on1, s.on[1]);
	EXPECT_EQ(on0 + on1, s.sum);
	EXPECT_EQ(s.sum, usage(t, "a"));
	CT_EQ(0, ct_cpu_online(1, true));
	on1 += work_on(&child, 1);
	s = shown(t, "a");
	EXPECT_EQ(on1, s.on[1]);
	EXPECT_EQ(on0 + on1, s.sum);
out:
	end(&child);
}

/* -- storms ------------------------------------------------------------------------ */

#define THREADS	3

static struct shared {
	bool stop;
	long rounds;
} *shared;

static bool stopped(void)
{
	return __atomic_load_n(&shared->stop, __ATOMIC_RELAXED);
}

/* Runs where it is told, goes, sleeps and is woken elsewhere. */
static void *wanderer(void *arg)
{
	unsigned long i = (long)arg;

	for (; !stopped(); i++) {
		ct_cpus_ask(0, i % 4 == 3 ? 3 : 1 << i % 2);
		sink += i;
		if (i % 8 == 0)
			usleep(1);
	}
	return NULL;
}

static void *short_wanderer(void *arg)
{
	ct_cpus_ask(0, 1 << (long)arg % 2);
	return NULL;
}

/* Children that wander, with threads that nobody waits for. */
static void churn_once(long round)
{
	pid_t pid = fork();
	pthread_t thread;
	long i;

	CT_CHECK(pid >= 0);
	if (!pid) {
		ct_cpus_ask(0, 1 << round % 2);
		for (i = 0; i < 2; i++)
			if (!pthread_create(&thread, NULL, short_wanderer,
					    (void *)(round + i)))
				pthread_detach(thread);
		ct_cpus_ask(0, 2 >> round % 2);
		_exit(0);
	}
	CT_EQ(0, ct_reap(pid));
}

/* At rest until it is told to begin. */
static void storm(int fd, void *arg)
{
	pthread_t thread[THREADS];
	long i;

	raise(SIGSTOP);
	for (i = 0; i < THREADS; i++)
		CT_EQ(0, pthread_create(&thread[i], NULL, wanderer, (void *)i));
	for (i = 0; !stopped(); i++) {
		churn_once(i);
		__atomic_fetch_add(&shared->rounds, 1, __ATOMIC_RELAXED);
	}
	for (i = 0; i < THREADS; i++)
		CT_EQ(0, pthread_join(thread[i], NULL));
}

static long rounds(void)
{
	return __atomic_load_n(&shared->rounds, __ATOMIC_RELAXED);
}

static struct ct_child storm_prepare(void)
{
	struct ct_child child;

	if (!shared)
		shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE,
			      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	CT_CHECK(shared != MAP_FAILED);
	child = ct_spawn(CT_PLAIN, storm, NULL);
	ct_wait_stopped(child.pid);
	return child;
}

static void storm_end(struct ct_child *child, int nr)
{
	int i;

	__atomic_store_n(&shared->stop, true, __ATOMIC_RELAXED);
	for (i = 0; i < nr; i++)
		CT_EQ(0, ct_finish(&child[i]));
}

/* One more look: nothing has become less. */
static void look(struct ct_tree *t, struct shown *last)
{
	struct shown now = shown(t, "a");
	int i;

	if (last->nr)
		CT_EQ(last->nr, now.nr);
	for (i = 0; i < now.nr; i++)
		if (now.on[i] < last->on[i])
			CT_FAIL("processor %d: %lld after %lld", i, now.on[i],
				last->on[i]);
	CT_CHECK(now.sum <= usage(t, "a"));
	*last = now;
}

/* Between groups: the process, or one thread; and with a group that goes. */
static void push_around(struct ct_tree *t, pid_t pid, int turn)
{
	static const char * const to[] = { "a/b", "a/c", "a" };

	if (turn % 2)
		CT_EQ(0, ct_group_move(t, to[turn % 3], pid));
	else
		CT_EQ(0, ct_group_set_number(t, to[turn % 3], "/tasks", pid));
	if (turn % 8)
		return;
	ct_group_make(t, "a/d");
	CT_EQ(0, ct_group_move(t, "a/d", pid));
	CT_EQ(0, ct_group_move(t, "a/b", pid));
	CT_UNTIL(!rmdir(ct_group_path(t, "a/d", NULL)));
}

/* A slow machine makes fewer rounds. */
#define STORM_MS	8000
#define STORM_ROUNDS	300
#define STORM_LEAST	6

static bool same(struct ct_tree *theirs, struct ct_tree *ours)
{
	return shown(ours, "a").sum == usage(ours, "a") &&
	       !strcmp(ct_group_text(theirs, "a", "usage_percpu"),
		       ct_group_text(ours, "a", "usage_percpu"));
}

/*
 * Whatever happens no column loses anything, and when it is over each has what the
 * kernel's controller has, where nobody was moved.
 */
TEST_F(percpu, storm)
{
	struct ct_tree *t = &self->tree;
	struct ct_child child[2];
	struct ct_tree theirs;
	struct shown last = {};
	int i, looks = 0;
	long long until;

	CT_EQ(0, ct_tree_mount(&theirs, "cgroup", "cpuacct"));
	ct_group_make(&theirs, "a");
	for (i = 0; i < 2; i++) {
		child[i] = storm_prepare();
		CT_EQ(0, ct_group_move(&theirs, "a", child[i].pid));
		CT_EQ(0, ct_group_move(t, "a", child[i].pid));
	}
	for (i = 0; i < 2; i++)
		CT_EQ(0, kill(child[i].pid, SIGCONT));
	until = ct_now_ms() + STORM_MS;
	while (rounds() < STORM_LEAST ||
	       (rounds() < STORM_ROUNDS && ct_now_ms() < until)) {
		look(t, &last);
		push_around(t, child[looks % 2].pid, looks / 2);
		looks++;
	}
	storm_end(child, 2);
	/* A thread that nobody waits for goes a little later. */
	CT_UNTIL(same(&theirs, t));
	look(t, &last);
	TH_LOG("%d looks, %ld rounds, %lld + %lld ns", looks, rounds(),
	       last.on[0], last.on[1]);
	EXPECT_LT(0, last.sum);
	CT_EQ(0, rmdir(ct_group_path(t, "a/b", NULL)));
	CT_UNTIL(same(&theirs, t));
	look(t, &last);
	ct_tree_umount(&theirs);
}

/* Mounted, unmounted and unloaded while tasks are migrated, and with a zombie. */
TEST(percpu_comes_and_goes)
{
	struct shown last = {};
	struct ct_child child;
	struct ct_tree t;
	siginfo_t info;
	pid_t zombie;
	int i, looks;
	long seen;

	CT_NEED_MODULE();
	if (!ct_module_removable())
		SKIP(return, "the module stays");
	child = storm_prepare();
	CT_EQ(0, kill(child.pid, SIGCONT));
	for (i = 0; i < 2; i++) {
		CT_EQ(0, ct_tree_mount(&t, "container", "cpuacct"));
		ct_group_make(&t, "a");
		ct_group_make(&t, "a/b");
		ct_group_make(&t, "a/c");
		zombie = fork();
		CT_CHECK(zombie >= 0);
		if (!zombie) {
			CT_EQ(0, ct_group_move(&t, "a/b", getpid()));
			_exit(0);
		}
		memset(&last, 0, sizeof(last));
		seen = rounds();
		for (looks = 0; looks < 4 || rounds() < seen + 2; looks++) {
			push_around(&t, child.pid, looks);
			look(&t, &last);
		}
		CT_EQ(0, waitid(P_PID, zombie, &info, WEXITED | WNOWAIT));
		CT_EQ(0, ct_group_move(&t, ".", child.pid));
		ct_tree_umount(&t);
		/* Once is enough: it takes long on a slow machine. */
		if (!i) {
			ct_module_unload();
			ct_module_load();
		}
		CT_EQ(0, ct_reap(zombie));
	}
	storm_end(&child, 1);
}

TEST_HARNESS_MAIN
