// SPDX-License-Identifier: GPL-2.0
/* modes: host contained pidns */
/*
 * The calls that look at or change a task's scheduling, limits and
 * capabilities by its number.
 */
#include "ct.h"
#include <linux/capability.h>
#include <linux/ioprio.h>
#include <sys/resource.h>
/* The kernel's header has another definition of what libc's has. */
#define sched_param kernel_sched_param
#include <linux/sched/types.h>
#undef sched_param
#include "kselftest_harness.h"

FIXTURE(task) {
	struct ct_child child;
	pid_t pid, unused;
};

FIXTURE_SETUP(task)
{
	self->child = ct_spawn(CT_PLAIN, ct_idle, NULL);
	self->pid = self->child.pid;
	self->unused = ct_unused_pid();
}

FIXTURE_TEARDOWN(task)
{
	EXPECT_EQ(0, ct_finish(&self->child));
}

TEST_F(task, affinity)
{
	cpu_set_t set, got;

	CPU_ZERO(&set);
	CPU_SET(0, &set);
	EXPECT_EQ(0, sched_setaffinity(self->pid, sizeof(set), &set));
	EXPECT_EQ(0, sched_getaffinity(self->pid, sizeof(got), &got));
	EXPECT_TRUE(CPU_EQUAL(&set, &got));
	EXPECT_EQ(1, ct_status(self->pid, "Cpus_allowed"));
	CT_ERRNO(ESRCH, sched_setaffinity(self->unused, sizeof(set), &set));
	CT_ERRNO(ESRCH, sched_getaffinity(self->unused, sizeof(set), &set));
	CT_ERRNO(EINVAL, sched_getaffinity(-1, 0, &set));
}

TEST_F(task, policy)
{
	struct sched_param param = { .sched_priority = 7 };
	struct timespec interval;

	EXPECT_EQ(0, sched_setscheduler(self->pid, SCHED_RR, &param));
	EXPECT_EQ(SCHED_RR, sched_getscheduler(self->pid));
	param.sched_priority = 0;
	EXPECT_EQ(0, sched_getparam(self->pid, &param));
	EXPECT_EQ(7, param.sched_priority);
	param.sched_priority = 9;
	EXPECT_EQ(0, sched_setparam(self->pid, &param));
	EXPECT_EQ(0, sched_rr_get_interval(self->pid, &interval));
	EXPECT_TRUE(interval.tv_sec || interval.tv_nsec);
	EXPECT_EQ(SCHED_OTHER, sched_getscheduler(0));

	CT_ERRNO(ESRCH, sched_setscheduler(self->unused, SCHED_RR, &param));
	CT_ERRNO(ESRCH, sched_getscheduler(self->unused));
	CT_ERRNO(ESRCH, sched_setparam(self->unused, &param));
	CT_ERRNO(ESRCH, sched_getparam(self->unused, &param));
	CT_ERRNO(ESRCH, sched_rr_get_interval(self->unused, &interval));
	CT_ERRNO(EINVAL, sched_getscheduler(-1));
}

TEST_F(task, attributes)
{
	struct sched_attr attr = {
		.size = sizeof(attr), .sched_policy = SCHED_BATCH,
		.sched_nice = 5,
	};

	EXPECT_EQ(0, syscall(SYS_sched_setattr, self->pid, &attr, 0));
	memset(&attr, 0, sizeof(attr));
	EXPECT_EQ(0, syscall(SYS_sched_getattr, self->pid, &attr, sizeof(attr),
			     0));
	EXPECT_EQ(SCHED_BATCH, attr.sched_policy);
	EXPECT_EQ(5, attr.sched_nice);
	EXPECT_EQ(5, getpriority(PRIO_PROCESS, self->pid));
	CT_ERRNO(ESRCH, syscall(SYS_sched_setattr, self->unused, &attr, 0));
	CT_ERRNO(ESRCH, syscall(SYS_sched_getattr, self->unused, &attr,
				sizeof(attr), 0));
}

TEST_F(task, priority_of_process_and_group)
{
	struct ct_child other = ct_spawn(CT_PLAIN, ct_idle, NULL);

	EXPECT_EQ(0, setpriority(PRIO_PROCESS, self->pid, 3));
	EXPECT_EQ(3, getpriority(PRIO_PROCESS, self->pid));
	EXPECT_EQ(0, getpriority(PRIO_PROCESS, 0));

	ASSERT_EQ(0, setpgid(self->pid, self->pid));
	ASSERT_EQ(0, setpgid(other.pid, self->pid));
	EXPECT_EQ(0, getpriority(PRIO_PGRP, self->pid));
	EXPECT_EQ(0, setpriority(PRIO_PGRP, self->pid, 8));
	EXPECT_EQ(8, getpriority(PRIO_PROCESS, self->pid));
	EXPECT_EQ(8, getpriority(PRIO_PROCESS, other.pid));
	EXPECT_EQ(0, getpriority(PRIO_PROCESS, getpid()));

	CT_ERRNO(ESRCH, getpriority(PRIO_PROCESS, self->unused));
	CT_ERRNO(ESRCH, setpriority(PRIO_PROCESS, self->unused, 1));
	CT_ERRNO(ESRCH, getpriority(PRIO_PGRP, other.pid));
	CT_ERRNO(ESRCH, setpriority(PRIO_PGRP, other.pid, 1));
	EXPECT_EQ(0, ct_finish(&other));
}

TEST_F(task, of_a_user)
{
	struct ct_child user = ct_spawn(CT_PLAIN, ct_idle_user, NULL);

	ct_recv(user.fd);
	EXPECT_EQ(0, setpriority(PRIO_USER, CT_UID, 11));
	EXPECT_EQ(11, getpriority(PRIO_PROCESS, user.pid));
	EXPECT_EQ(11, getpriority(PRIO_USER, CT_UID));
	EXPECT_EQ(0, getpriority(PRIO_PROCESS, self->pid));
	EXPECT_EQ(0, syscall(SYS_ioprio_set, IOPRIO_WHO_USER, CT_UID,
			     IOPRIO_PRIO_VALUE(IOPRIO_CLASS_BE, 6)));
	EXPECT_EQ(IOPRIO_PRIO_VALUE(IOPRIO_CLASS_BE, 6),
		  syscall(SYS_ioprio_get, IOPRIO_WHO_USER, CT_UID));
	EXPECT_EQ(0, ct_finish(&user));
	CT_ERRNO(ESRCH, getpriority(PRIO_USER, CT_UID));
	CT_ERRNO(ESRCH, setpriority(PRIO_USER, CT_UID, 1));
	CT_ERRNO(ESRCH, syscall(SYS_ioprio_get, IOPRIO_WHO_USER, CT_UID));
}

TEST_F(task, io_priority)
{
	int value = IOPRIO_PRIO_VALUE(IOPRIO_CLASS_IDLE, 7);

	EXPECT_EQ(0, syscall(SYS_ioprio_set, IOPRIO_WHO_PROCESS, self->pid,
			     value));
	EXPECT_EQ(value, syscall(SYS_ioprio_get, IOPRIO_WHO_PROCESS,
				 self->pid));
	ASSERT_EQ(0, setpgid(self->pid, self->pid));
	value = IOPRIO_PRIO_VALUE(IOPRIO_CLASS_BE, 2);
	EXPECT_EQ(0, syscall(SYS_ioprio_set, IOPRIO_WHO_PGRP, self->pid, value));
	EXPECT_EQ(value, syscall(SYS_ioprio_get, IOPRIO_WHO_PGRP, self->pid));
	EXPECT_EQ(value, syscall(SYS_ioprio_get, IOPRIO_WHO_PROCESS,
				 self->pid));
	CT_ERRNO(ESRCH, syscall(SYS_ioprio_set, IOPRIO_WHO_PROCESS,
				self->unused, value));
	CT_ERRNO(ESRCH, syscall(SYS_ioprio_get, IOPRIO_WHO_PROCESS,
				self->unused));
	CT_ERRNO(ESRCH, syscall(SYS_ioprio_get, IOPRIO_WHO_PGRP, self->unused));
}

TEST_F(task, limits)
{
	struct rlimit limit = { 77, 99 }, got;

	EXPECT_EQ(0, prlimit(self->pid, RLIMIT_NOFILE, &limit, NULL));
	EXPECT_EQ(0, prlimit(self->pid, RLIMIT_NOFILE, NULL, &got));
	EXPECT_EQ(77, got.rlim_cur);
	EXPECT_EQ(99, got.rlim_max);
	EXPECT_EQ(0, getrlimit(RLIMIT_NOFILE, &got));
	EXPECT_NE(99, got.rlim_max);
	CT_ERRNO(ESRCH, prlimit(self->unused, RLIMIT_NOFILE, NULL, &got));
}

static int capget_of(pid_t pid, struct __user_cap_data_struct *data)
{
	struct __user_cap_header_struct header = {
		.version = _LINUX_CAPABILITY_VERSION_3, .pid = pid,
	};

	return syscall(SYS_capget, &header, data);
}

static int capset_of(pid_t pid, struct __user_cap_data_struct *data)
{
	struct __user_cap_header_struct header = {
		.version = _LINUX_CAPABILITY_VERSION_3, .pid = pid,
	};

	return syscall(SYS_capset, &header, data);
}

TEST_F(task, capabilities)
{
	struct ct_child user = ct_spawn(CT_PLAIN, ct_idle_user, NULL);
	struct __user_cap_data_struct own[2], data[2];

	ct_recv(user.fd);
	EXPECT_EQ(0, capget_of(0, own));
	EXPECT_NE(0, own[0].effective);
	EXPECT_EQ(0, capget_of(self->pid, data));
	EXPECT_EQ(own[0].effective, data[0].effective);
	EXPECT_EQ(0, capget_of(user.pid, data));
	EXPECT_EQ(0, data[0].effective);
	CT_ERRNO(ESRCH, capget_of(self->unused, data));

	/* To be set, a task has to be the caller. */
	EXPECT_EQ(0, capset_of(getpid(), own));
	CT_ERRNO(EPERM, capset_of(self->pid, own));
	CT_ERRNO(EPERM, capset_of(self->unused, own));
	EXPECT_EQ(0, ct_finish(&user));
}

/* All of them take a thread's number as well. */
TEST(of_a_thread)
{
	struct sched_param param = { .sched_priority = 0 };
	struct ct_thread idle;
	struct rlimit limit;
	cpu_set_t set;

	ct_thread_start(&idle);

	EXPECT_EQ(0, setpriority(PRIO_PROCESS, idle.tid, 4));
	EXPECT_EQ(4, getpriority(PRIO_PROCESS, idle.tid));
	EXPECT_EQ(0, getpriority(PRIO_PROCESS, getpid()));
	EXPECT_EQ(0, sched_setscheduler(idle.tid, SCHED_BATCH, &param));
	EXPECT_EQ(SCHED_BATCH, sched_getscheduler(idle.tid));
	EXPECT_EQ(SCHED_OTHER, sched_getscheduler(getpid()));
	CPU_ZERO(&set);
	CPU_SET(0, &set);
	EXPECT_EQ(0, pthread_setaffinity_np(idle.thread, sizeof(set), &set));
	EXPECT_EQ(0, pthread_getaffinity_np(idle.thread, sizeof(set), &set));
	EXPECT_EQ(1, CPU_COUNT(&set));
	EXPECT_EQ(0, prlimit(idle.tid, RLIMIT_NOFILE, NULL, &limit));

	ct_thread_end(&idle);
}

TEST_HARNESS_MAIN
