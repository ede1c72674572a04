// SPDX-License-Identifier: GPL-2.0
/* modes: host */
/* timeout: 600 */
/*
 * A computation that is saved, killed and brought back again and again ends with
 * the same result as one that is not.
 *
 * How often: CR_GENERATIONS (10).
 */
#include "ct-checkpoint.h"

#define GENERATIONS	10
/* Steps of a batch, after which a worker sleeps for a moment. */
#define STEPS		1000
#define WORDS		16384
/* Batches of both workers between two checkpoints. */
#define PROGRESS	3

/*
 * Every step depends on all before it, and on memory that those have written.
 */
struct work {
	unsigned long long x;
	unsigned long long batches;
	unsigned long long memory[WORDS];
};

/* In process 1: a thread's, and what has come from the other process. */
static struct work own;
static struct heard {
	unsigned long long sum;
	unsigned long long batches;
} heard;
static int results[2];

static void batch(struct work *w)
{
	unsigned long long *word;
	int i;

	for (i = 0; i < STEPS; i++) {
		word = &w->memory[(w->x >> 33) % WORDS];
		w->x = (w->x ^ *word) * 6364136223846793005 + 1442695040888963407;
		*word += w->x;
	}
	w->batches++;
}

static void *works(void *arg)
{
	while (!cr_told()) {
		batch(&own);
		usleep(1000);
	}
	return arg;
}

static void sends(void *arg)
{
	static struct work w = { .x = 1 };

	(void)arg;
	close(results[0]);
	for (;;) {
		batch(&w);
		if (write(results[1], &w.x, sizeof(w.x)) != sizeof(w.x))
			_exit(1);
		usleep(1000);
	}
}

static void add(struct heard *h, unsigned long long x)
{
	h->sum = h->sum * 31 + x;
	h->batches++;
}

static void hear(void)
{
	unsigned long long x;

	CT_EQ(sizeof(x), read(results[0], &x, sizeof(x)));
	add(&heard, x);
}

CR_SUBJECT(computation)
{
	char text[256];
	pthread_t thread;
	pid_t child;
	int status;
	FILE *file;

	CT_EQ(0, pipe(results));
	child = cr_child(sends, NULL);
	close(results[1]);
	CT_EQ(0, pthread_create(&thread, NULL, works, NULL));
	cr_announce();
	while (!cr_told())
		hear();
	CT_EQ(0, pthread_join(thread, NULL));
	CT_EQ(0, kill(child, SIGKILL));
	CT_EQ(child, waitpid(child, &status, 0));
	snprintf(text, sizeof(text), "%llu %llu %llu %llu\n", own.batches, own.x,
		 heard.batches, heard.sum);
	file = fopen(cr_file("result"), "w");
	CT_CHECK(file && fputs(text, file) >= 0 && !fclose(file));
}

/* How far both workers are; the less of it. */
static unsigned long long progress(const struct cr_life *life)
{
	unsigned long long mine = 0, theirs = 0;
	struct iovec here[] = {
		{ &mine, sizeof(mine) }, { &theirs, sizeof(theirs) },
	};
	struct iovec there[] = {
		{ &own.batches, sizeof(mine) },
		{ &heard.batches, sizeof(theirs) },
	};

	CT_EQ((ssize_t)(sizeof(mine) + sizeof(theirs)),
	      process_vm_readv(life->pid, here, 2, there, 2, 0));
	return mine < theirs ? mine : theirs;
}

static void let_work(const struct cr_life *life)
{
	unsigned long long start = progress(life);

	CT_UNTIL(progress(life) >= start + PROGRESS);
}

/* The same without checkpoints. */
static void compare(void)
{
	unsigned long long batches, x, heard_batches, sum;
	static struct work again, other = { .x = 1 };
	struct heard h = { 0 };
	char text[256];

	CT_CHECK(ct_read_file(cr_file("result"), text, sizeof(text)) > 0);
	if (sscanf(text, "%llu %llu %llu %llu", &batches, &x, &heard_batches,
		   &sum) != 4)
		CT_FAIL("no result: %s", text);
	while (again.batches < batches)
		batch(&again);
	CT_EQ(again.x, x);
	while (h.batches < heard_batches) {
		batch(&other);
		add(&h, other.x);
	}
	CT_EQ(h.sum, sum);
}

static int generations(void)
{
	const char *text = getenv("CR_GENERATIONS");

	return text && atoi(text) > 0 ? atoi(text) : GENERATIONS;
}

FIXTURE(soak)
{
	int unused;
};

FIXTURE_SETUP(soak)
{
	CT_NEED_MODULE();
}

FIXTURE_TEARDOWN(soak)
{
}

TEST_F_TIMEOUT(soak, same_result, 590)
{
	struct cr_guard guard = cr_guard();
	struct cr_life life = cr_start(&computation_row);
	int i, n = generations();

	for (i = 0; i < n; i++) {
		let_work(&life);
		cr_die_and_return(&life);
	}
	let_work(&life);
	cr_finish(&life);
	TH_LOG("%d generations", n);
	compare();
	cr_guard_end(&guard);
}

CR_MAIN
