// SPDX-License-Identifier: GPL-2.0
/* modes: host */
/* timeout: 300 */
/*
 * What a restart makes has its group, as any other container, with all its tasks
 * in it; and a limit that the group gets then holds.
 */
#include "ct-checkpoint.h"
#include "ct-group.h"

#define SUBSYS	"numtasks,pidspace"

static void waits(void *arg)
{
	(void)arg;
	cr_await();
}

CR_SUBJECT(limited)
{
	pid_t child = cr_child(waits, NULL);

	/* It has never had a limit when it was saved. */
	cr_ready();
	CT_ERRNO(EAGAIN, fork());
	CT_EQ(0, ct_reap(child));
}

FIXTURE(pid_group) {
	struct cr_guard guard;
	struct cr_life life;
	char dir[32];
};

FIXTURE_SETUP(pid_group)
{
	if (!ct_module_loaded())
		SKIP(return, "the module is not loaded");
	ct_group_dir(self->dir);
	CT_EQ(0, ct_group_mount(self->dir, SUBSYS));
	self->guard = cr_guard();
	self->life = cr_start(&limited_row);
}

static bool gone(void)
{
	return ct_group_hierarchy("numtasks, pidspace") < 0;
}

FIXTURE_TEARDOWN(pid_group)
{
	if (!*self->dir)
		return;
	if (self->guard.pid)
		cr_guard_end(&self->guard);
	CT_EQ(0, umount(self->dir));
	CT_UNTIL(gone());
	CT_EQ(0, rmdir(self->dir));
}

TEST_F(pid_group, restart)
{
	struct cr_life *life = &self->life;

	CT_EQ(2, ct_group_lines(self->dir, life->name, "tasks"));
	CT_EQ(0, ct_group_write(self->dir, life->name, "numtasks.max", "7"));
	cr_die_and_return(life);
	CT_EQ(2, ct_group_lines(self->dir, life->name, "tasks"));
	CT_CHECK(ct_group_has(self->dir, life->name, "tasks", life->pid));
	CT_EQ(life->pid, ct_group_number(self->dir, life->name,
					 "pidspace.init"));
	/* The group is a new one: images know nothing of resources. */
	CT_CHECK(ct_group_number(self->dir, life->name, "numtasks.max") != 7);
	CT_EQ(0, ct_group_write(self->dir, life->name, "numtasks.max", "2"));
	cr_finish(life);
}

CR_MAIN
