// SPDX-License-Identifier: GPL-2.0
/* kernels: stock */
/* modules: kvm_amd */
/*
 * Numbers in what KVM makes: the thread of a virtual machine's timer is called by
 * its maker's.
 */
#include "ct.h"
#include <dirent.h>
#include <linux/kvm.h>
#include <sys/ioctl.h>
#include "kselftest_harness.h"
#include "ct-wall.h"

/* How many tasks, of all that there are, are called so. */
static int count_named(const char *name)
{
	char path[64], text[64];
	struct dirent *entry;
	DIR *dir = opendir("/proc");
	int found = 0;

	CT_CHECK(dir);
	while ((entry = readdir(dir))) {
		snprintf(path, sizeof(path), "/proc/%.16s/comm", entry->d_name);
		if (ct_read_file(path, text, sizeof(text)) <= 0)
			continue;
		text[strcspn(text, "\n")] = 0;
		found += !strcmp(text, name);
	}
	closedir(dir);
	return found;
}

static void make_machine(int fd, void *arg)
{
	struct kvm_pit_config pit = {};
	int kvm = open("/dev/kvm", O_RDWR | O_CLOEXEC), vm;

	(void)arg;
	CT_CHECK(kvm >= 0);
	vm = ioctl(kvm, KVM_CREATE_VM, 0);
	CT_CHECK(vm >= 0);
	CT_EQ(0, ioctl(vm, KVM_CREATE_IRQCHIP, 0));
	CT_EQ(0, ioctl(vm, KVM_CREATE_PIT2, &pit));
	ct_send(fd, getpid());
	ct_wait_hangup(fd);
}

TEST_F(wall, thread_of_a_timer)
{
	struct ct_child child;
	char name[32];
	pid_t own;

	CT_NEED_BOX(variant);
	if (access("/dev/kvm", F_OK))
		SKIP(return, "this machine cannot run virtual machines");
	child = ct_spawn(variant->box, make_machine, NULL);
	own = ct_recv(child.fd);
	EXPECT_NE(own, child.pid);
	snprintf(name, sizeof(name), "kvm-pit/%d", own);
	EXPECT_EQ(1, count_named(name));
	snprintf(name, sizeof(name), "kvm-pit/%d", child.pid);
	EXPECT_EQ(0, count_named(name));
	EXPECT_EQ(0, ct_finish(&child));
}

TEST_HARNESS_MAIN
