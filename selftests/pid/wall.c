// SPDX-License-Identifier: GPL-2.0
/* modes: host */
/*
 * No call reaches a task outside by the number that it has there: inside, such
 * a task does not exist.  Each call is made for a task of one's own as well,
 * where it has to succeed.
 */
#include "ct.h"
#include "ct-file.h"
#include "ct-calls.h"
#include "kselftest_harness.h"
#include "ct-wall.h"

/* -- the tests ------------------------------------------------------------------ */

static void try_all(int fd, void *arg)
{
	pid_t *outside = arg;
	struct ct_child inside = ct_spawn(CT_PLAIN, ct_idle, NULL);
	size_t i, j;
	long ret;

	(void)fd;
	CT_EQ(0, setpgid(0, 0));
	CT_EQ(0, setpgid(inside.pid, inside.pid));
	for (i = 0; i < CT_CALLS; i++) {
		ret = ct_calls[i].call(inside.pid);
		/* The kernel was built without the call, or without Yama. */
		if (ret == -ct_no_such_call() ||
		    (ret == -EINVAL && ct_calls[i].error == EINVAL))
			continue;
		if (ret < 0)
			CT_FAIL("%s for a task inside: %s", ct_calls[i].name,
				strerror(-ret));
		for (j = 0; j < 2; j++) {
			ret = ct_calls[i].call(outside[j]);
			if (ret != -ct_calls[i].error)
				CT_FAIL("%s for a task outside: %s, not %s",
					ct_calls[i].name, strerror(-ret),
					strerror(ct_calls[i].error));
		}
	}
	CT_EQ(0, ct_finish(&inside));
}

TEST_F(wall, nobody_outside_exists)
{
	struct ct_child plain, member, box;
	pid_t outside[2];

	CT_NEED_BOX(variant);
	snprintf(ct_cgroup, sizeof(ct_cgroup), CT_CGROUPS "/ct-wall-%d",
		 getpid());
	ASSERT_EQ(0, mkdir(ct_cgroup, 0755));
	plain = ct_spawn(CT_PLAIN, ct_idle, NULL);
	ASSERT_EQ(0, setpgid(plain.pid, plain.pid));
	member = ct_spawn(variant->box, ct_idle, NULL);
	ASSERT_EQ(0, setpgid(member.pid, member.pid));
	outside[0] = plain.pid;
	outside[1] = member.pid;

	box = ct_spawn(variant->box, try_all, outside);
	EXPECT_EQ(0, ct_finish(&box));
	/* Nothing has happened to them. */
	EXPECT_EQ(0, getpriority(PRIO_PROCESS, plain.pid));
	EXPECT_EQ(0, getpriority(PRIO_PROCESS, member.pid));
	EXPECT_EQ(0, ct_finish(&plain));
	EXPECT_EQ(0, ct_finish(&member));
	EXPECT_EQ(0, rmdir(ct_cgroup));
}

/* The number of one outside is free inside, and then means another task. */
static void take_number(int fd, void *arg)
{
	pid_t number = *(pid_t *)arg, pid;
	struct clone_args args = {
		.exit_signal = SIGCHLD, .set_tid = (uintptr_t)&number,
		.set_tid_size = 1,
	};

	(void)fd;
	pid = syscall(SYS_clone3, &args, sizeof(args));
	if (!pid) {
		CT_EQ(number, getpid());
		pause();
	}
	CT_EQ(number, pid);
	CT_EQ(1, ct_status(number, "PPid"));
	CT_EQ(0, kill(number, SIGKILL));
	CT_EQ(128 + SIGKILL, ct_reap(number));
}

TEST_F(wall, a_number_means_the_task_of_ones_own_side)
{
	struct ct_child plain, box;

	CT_NEED_BOX(variant);
	plain = ct_spawn(CT_PLAIN, ct_idle, NULL);
	box = ct_spawn(variant->box, take_number, &plain.pid);
	EXPECT_EQ(0, ct_finish(&box));
	EXPECT_EQ(0, ct_finish(&plain));
}

/* Inside, a whole user is only the tasks inside. */
static void renice_user(int fd, void *arg)
{
	struct ct_child child;

	(void)fd;
	(void)arg;
	CT_ERRNO(ESRCH, setpriority(PRIO_USER, CT_UID, 5));
	CT_ERRNO(ESRCH, syscall(SYS_ioprio_get, 3, CT_UID));
	child = ct_spawn(CT_PLAIN, ct_idle_user, NULL);
	ct_recv(child.fd);
	CT_EQ(0, setpriority(PRIO_USER, CT_UID, 5));
	CT_EQ(5, getpriority(PRIO_PROCESS, child.pid));
	CT_EQ(0, ct_finish(&child));
}

TEST_F(wall, a_user_is_those_inside)
{
	struct ct_child user, box;

	CT_NEED_BOX(variant);
	user = ct_spawn(CT_PLAIN, ct_idle_user, NULL);
	ct_recv(user.fd);
	box = ct_spawn(variant->box, renice_user, NULL);
	EXPECT_EQ(0, ct_finish(&box));
	EXPECT_EQ(0, getpriority(PRIO_PROCESS, user.pid));
	EXPECT_EQ(0, ct_finish(&user));
}

TEST_HARNESS_MAIN
