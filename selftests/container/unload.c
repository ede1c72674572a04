// SPDX-License-Identifier: GPL-2.0
/* modes: host */
/*
 * The module cannot be unloaded while there are containers.
 */
#include "ct.h"
#include "kselftest_harness.h"

static int unload(unsigned int flags)
{
	return syscall(SYS_delete_module, "container", O_NONBLOCK | flags);
}

TEST(refused_while_a_container_exists)
{
	struct ct_child box, more;

	CT_NEED_MODULE();
	box = ct_spawn(CT_CONTAINER, ct_idle, NULL);
	CT_ERRNO(EWOULDBLOCK, unload(0));
	CT_ERRNO(EWOULDBLOCK, unload(0));
	/* That was all. */
	EXPECT_EQ(1, ct_task_count(box.name));
	more = ct_spawn(CT_CONTAINER, ct_idle, NULL);
	CT_ERRNO(EWOULDBLOCK, unload(0));
	EXPECT_EQ(0, ct_finish(&box));
	CT_ERRNO(EWOULDBLOCK, unload(0));
	EXPECT_EQ(1, ct_task_count(more.name));
	EXPECT_EQ(0, ct_finish(&more));
	EXPECT_TRUE(ct_module_loaded());
}

static void try_inside(int fd, void *arg)
{
	CT_ERRNO(EWOULDBLOCK, unload(0));
	/* Without the capability it is refused anyway. */
	ct_become_user();
	CT_ERRNO(EPERM, unload(0));
}

TEST(refused_inside)
{
	struct ct_child box;

	CT_NEED_MODULE();
	box = ct_spawn(CT_CONTAINER, try_inside, NULL);
	EXPECT_EQ(0, ct_finish(&box));
}

TEST_HARNESS_MAIN
