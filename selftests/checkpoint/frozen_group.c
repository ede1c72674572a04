// SPDX-License-Identifier: GPL-2.0
/* modes: host */
/* timeout: 300 */
/*
 * A container whose tasks are in a frozen group can be saved, and one that is
 * being saved can be frozen: each holds them as long as it says, and neither waits
 * for the other.
 */
#include "ct-checkpoint.h"
#include "ct-tree.h"

/* Counts as long as it runs, in process 1 and in another. */
struct ticks {
	unsigned long first, second;
};

static volatile struct ticks ticks;

static void counts(void *arg)
{
	(void)arg;
	while (!cr_told()) {
		ticks.second++;
		usleep(500);
	}
}

CR_SUBJECT(ticking)
{
	pid_t child = cr_child(counts, NULL);

	cr_announce();
	while (!cr_told()) {
		ticks.first++;
		usleep(500);
	}
	CT_EQ(0, ct_reap(child));
}

static unsigned long count_of(const struct cr_life *life)
{
	struct ticks now;
	struct iovec here = { &now, sizeof(now) };
	struct iovec there = { (void *)&ticks, sizeof(ticks) };

	CT_EQ(sizeof(now), process_vm_readv(life->pid, &here, 1, &there, 1, 0));
	return now.first;
}

static void it_runs(const struct cr_life *life)
{
	unsigned long then = count_of(life);

	CT_UNTIL(count_of(life) > then + 2);
}

static void it_is_still(const struct cr_life *life)
{
	unsigned long then = count_of(life);

	usleep(50000);
	CT_EQ(then, count_of(life));
}

FIXTURE(frozen_group) {
	struct cr_guard guard;
	struct cr_life life;
	struct ct_tree tree;
	char path[128];
};

static void move_all(struct ct_tree *tree, const char *group, const char *name)
{
	char path[128], line[256];
	int vpid, pid;
	FILE *file;

	ct_path(path, sizeof(path), name, "tasks");
	file = fopen(path, "re");
	CT_CHECK(file);
	while (fgets(line, sizeof(line), file))
		if (ct_parse_task(line, &vpid, &pid))
			CT_EQ(0, ct_group_move(tree, group, pid));
	fclose(file);
}

FIXTURE_SETUP(frozen_group)
{
	if (!ct_module_loaded())
		SKIP(return, "the module is not loaded");
	CT_EQ(0, ct_tree_mount(&self->tree, "container", "freezer"));
	ct_group_make(&self->tree, "a");
	self->guard = cr_guard();
	self->life = cr_start(&ticking_row);
	ct_path(self->path, sizeof(self->path), self->life.name, "checkpoint");
	move_all(&self->tree, "a", self->life.name);
	it_runs(&self->life);
}

FIXTURE_TEARDOWN(frozen_group)
{
	if (self->tree.dir[0])
		ct_group_set(&self->tree, "a", "state", "THAWED");
	if (self->life.pid)
		cr_finish(&self->life);
	if (self->guard.pid)
		cr_guard_end(&self->guard);
	ct_tree_umount(&self->tree);
}

static bool is_frozen(struct ct_tree *tree)
{
	return !strcmp("FROZEN\n", ct_group_text(tree, "a", "state"));
}

/* Saves it, and holds it until the descriptor is closed. */
static int save_and_hold(const char *path)
{
	static char buf[CR_PIECE];
	int fd = open(path, O_RDWR | O_CLOEXEC);
	ssize_t ret;

	CT_CHECK(fd >= 0);
	CT_EQ(4, write(fd, "stop", 4));
	while ((ret = read(fd, buf, sizeof(buf))) > 0)
		;
	CT_EQ(0, ret);
	return fd;
}

TEST_F(frozen_group, frozen_then_saved)
{
	struct ct_tree *t = &self->tree;
	int fd;

	CT_EQ(0, ct_group_set(t, "a", "state", "FROZEN"));
	CT_UNTIL(is_frozen(t));
	it_is_still(&self->life);
	/* The checkpoint goes first: the group still holds them. */
	close(save_and_hold(self->path));
	it_is_still(&self->life);
	CT_CHECK(is_frozen(t));
	/* The group goes first. */
	fd = save_and_hold(self->path);
	CT_EQ(0, ct_group_set(t, "a", "state", "THAWED"));
	it_is_still(&self->life);
	close(fd);
	it_runs(&self->life);
}

TEST_F(frozen_group, saved_then_frozen)
{
	struct ct_tree *t = &self->tree;
	int fd = save_and_hold(self->path);

	CT_EQ(0, ct_group_set(t, "a", "state", "FROZEN"));
	CT_UNTIL(is_frozen(t));
	close(fd);
	it_is_still(&self->life);
	CT_UNTIL(is_frozen(t));
	CT_EQ(0, ct_group_set(t, "a", "state", "THAWED"));
	it_runs(&self->life);
}

TEST_F(frozen_group, killed_while_both_hold)
{
	struct ct_tree *t = &self->tree;
	int fd;

	CT_EQ(0, ct_group_set(t, "a", "state", "FROZEN"));
	fd = save_and_hold(self->path);
	cr_end(&self->life);
	self->life.pid = 0;
	close(fd);
	CT_UNTIL(is_frozen(t));
}

CR_MAIN
