// SPDX-License-Identifier: GPL-2.0
/* modes: host */
/*
 * The same workload in groups of numtasks and in the kernel's of pids: what forks
 * give, and what is counted, is the same at each step.
 */
#include "ct-tree.h"

#include <sys/mman.h>

#include "kselftest_harness.h"

#define STEPS	300
#define CROWD	24

struct step {
	int what;
	int err;
	long long top, left, right, peak;
};

struct story {
	int done;
	struct step step[STEPS];
};

/**
 * struct world - a worker and what it has made
 * @tree: the controller's
 * @pid: its children, living ones and zombies
 * @nr: how many
 * @thread: its threads
 * @nr_threads: how many
 * @seed: for what comes next
 */
struct world {
	struct ct_tree *tree;
	pid_t pid[CROWD];
	int nr;
	struct ct_thread thread[CROWD];
	int nr_threads;
	unsigned int seed;
};

/* The same everywhere, unlike libc's. */
static unsigned int next(struct world *w, unsigned int end)
{
	w->seed = w->seed * 1103515245 + 12345;
	return w->seed / 65536 % end;
}

static int fork_one(struct world *w, bool dies)
{
	siginfo_t info;
	pid_t pid;

	if (w->nr == CROWD)
		return 0;
	pid = fork();
	if (pid < 0)
		return errno;
	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		while (!dies)
			pause();
		_exit(0);
	}
	if (dies)
		CT_EQ(0, waitid(P_PID, pid, &info, WEXITED | WNOWAIT));
	w->pid[w->nr++] = pid;
	return 0;
}

static int reap_one(struct world *w)
{
	int i;

	if (!w->nr)
		return 0;
	i = next(w, w->nr);
	kill(w->pid[i], SIGKILL);
	CT_CHECK(ct_reap(w->pid[i]) >= 0);
	w->pid[i] = w->pid[--w->nr];
	return 0;
}

static void *thread_of(void *arg)
{
	return ct_thread_idle(arg);
}

static int start_thread(struct world *w)
{
	struct ct_thread *t = &w->thread[w->nr_threads];
	int err;

	if (w->nr_threads == CROWD)
		return 0;
	pthread_barrier_init(&t->step, NULL, 2);
	err = pthread_create(&t->thread, NULL, thread_of, t);
	if (err)
		return err;
	pthread_barrier_wait(&t->step);
	w->nr_threads++;
	return 0;
}

static int end_thread(struct world *w)
{
	if (!w->nr_threads)
		return 0;
	ct_thread_end(&w->thread[--w->nr_threads]);
	/* One can be joined a little before it is released. */
	CT_UNTIL(ct_status(getpid(), "Threads") == w->nr_threads + 1);
	return 0;
}

/* Somebody, perhaps the worker, to the other side; the others also out of it. */
static int move_one(struct world *w)
{
	static const char * const to[] = { "top/left", "top/right", "." };
	unsigned int i = next(w, w->nr + 1), where = next(w, 3);
	pid_t pid = i < (unsigned int)w->nr ? w->pid[i] : getpid();
	int err;

	if (pid == getpid() && where == 2)
		where = 0;
	err = ct_group_move(w->tree, to[where], pid);
	/* A zombie: the kernel's answer depends on its version. */
	if (pid != getpid() && ct_state(pid) == 'Z')
		return 0;
	return -err;
}

static int set_limit(struct world *w)
{
	static const char * const of[] = { "top", "top/left", "top/right" };
	const char *group = of[next(w, 3)];
	int max = next(w, CROWD);

	if (max % 4 == 0)
		return -ct_group_set(w->tree, group, "max", "max");
	return -ct_group_set_number(w->tree, group, "max", max);
}

static int do_step(struct world *w, int what)
{
	switch (what) {
	case 0 ... 3:
		return fork_one(w, false);
	case 4:
		return fork_one(w, true);
	case 5 ... 6:
		return reap_one(w);
	case 7 ... 8:
		return start_thread(w);
	case 9:
		return end_thread(w);
	case 10:
		return move_one(w);
	default:
		return set_limit(w);
	}
}

static void live(struct ct_tree *tree, unsigned int seed, struct story *story)
{
	struct world w = { .tree = tree, .seed = seed };
	int i;

	CT_EQ(0, ct_group_move(tree, "top/left", getpid()));
	for (i = 0; i < STEPS; i++) {
		struct step *step = &story->step[i];

		step->what = next(&w, 12);
		step->err = do_step(&w, step->what);
		step->top = ct_group_number(tree, "top", "current");
		step->left = ct_group_number(tree, "top/left", "current");
		step->right = ct_group_number(tree, "top/right", "current");
		if (!access(ct_group_path(tree, "top", "peak"), F_OK))
			step->peak = ct_group_number(tree, "top", "peak");
		story->done = i + 1;
	}
	while (w.nr)
		reap_one(&w);
	while (w.nr_threads)
		end_thread(&w);
}

static void run(struct ct_tree *tree, const char *type, const char *name,
		unsigned int seed, struct story *story)
{
	pid_t pid;

	CT_EQ(0, ct_tree_mount(tree, type, name));
	ct_group_make(tree, "top");
	ct_group_make(tree, "top/left");
	ct_group_make(tree, "top/right");
	pid = fork();
	CT_CHECK(pid >= 0);
	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		live(tree, seed, story);
		_exit(0);
	}
	CT_EQ(0, ct_reap(pid));
	CT_EQ(0, ct_group_number(tree, "top", "current"));
	ct_tree_umount(tree);
}

FIXTURE(same_as_pids) { struct ct_tree theirs, ours; struct story *story; };

FIXTURE_VARIANT(same_as_pids) { unsigned int seed; };
FIXTURE_VARIANT_ADD(same_as_pids, 1) { .seed = 1 };
FIXTURE_VARIANT_ADD(same_as_pids, 2) { .seed = 20260 };
FIXTURE_VARIANT_ADD(same_as_pids, 3) { .seed = 4711 };

FIXTURE_SETUP(same_as_pids)
{
	CT_NEED_MODULE();
	self->story = mmap(NULL, 2 * sizeof(*self->story),
			   PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
			   -1, 0);
	ASSERT_NE(MAP_FAILED, self->story);
}

FIXTURE_TEARDOWN(same_as_pids)
{
	ct_tree_umount(&self->ours);
	ct_tree_umount(&self->theirs);
}

TEST_F(same_as_pids, step_by_step)
{
	struct story *theirs = &self->story[0], *ours = &self->story[1];
	int i, refused = 0;

	run(&self->theirs, "cgroup", "pids", variant->seed, theirs);
	run(&self->ours, "container", "numtasks", variant->seed, ours);
	ASSERT_EQ(STEPS, theirs->done);
	ASSERT_EQ(STEPS, ours->done);
	for (i = 0; i < STEPS; i++) {
		struct step *a = &theirs->step[i], *b = &ours->step[i];

		ASSERT_EQ(a->what, b->what);
		ASSERT_EQ(a->err, b->err) TH_LOG("step %d, %d", i, a->what);
		ASSERT_EQ(a->top, b->top) TH_LOG("step %d, %d", i, a->what);
		ASSERT_EQ(a->left, b->left) TH_LOG("step %d, %d", i, a->what);
		ASSERT_EQ(a->right, b->right) TH_LOG("step %d, %d", i, a->what);
		/*
		 * For an instant they count a task that moves on both sides,
		 * and that counts as a peak.
		 */
		if (a->peak) {
			ASSERT_LE(b->peak, a->peak);
			ASSERT_GE(b->peak + 1, a->peak);
		}
		refused += a->err == EAGAIN;
	}
	/* Otherwise nothing has been shown. */
	EXPECT_LT(10, refused);
	TH_LOG("%d steps, %d forks refused, peak %lld", STEPS, refused,
	       ours->step[STEPS - 1].peak);
}

TEST_HARNESS_MAIN
