// SPDX-License-Identifier: GPL-2.0
/* kernels: stock */
/* modules: crc32c_generic ext4 loop */
/* image: disk */
/*
 * Numbers in a filesystem on a disk: of the thread that writes its journal.
 */
#include "ct.h"
#include <linux/loop.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include "kselftest_harness.h"
#include "ct-wall.h"

#define DISK_SIZE	(16 << 20)

static void make_filesystem(const char *path)
{
	int status, file = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	pid_t pid;

	CT_CHECK(file >= 0);
	CT_EQ(0, ftruncate(file, DISK_SIZE));
	close(file);
	pid = fork();
	CT_CHECK(pid >= 0);
	if (!pid) {
		execlp("mkfs.ext4", "mkfs.ext4", "-q", "-F", "-J", "size=4",
		       "-E", "lazy_itable_init=0", path, NULL);
		_exit(127);
	}
	CT_EQ(pid, waitpid(pid, &status, 0));
	CT_EQ(0, status);
}

/* Makes a disk of a file; it is one until nobody has it open. */
static int make_disk(const char *path, char *name, size_t size)
{
	struct loop_config config = {
		.info = { .lo_flags = LO_FLAGS_AUTOCLEAR },
	};
	int control = open("/dev/loop-control", O_RDWR | O_CLOEXEC), disk, number;
	int file = open(path, O_RDWR | O_CLOEXEC);
	char device[32];

	CT_CHECK(control >= 0 && file >= 0);
	number = ioctl(control, LOOP_CTL_GET_FREE);
	CT_CHECK(number >= 0);
	snprintf(name, size, "loop%d", number);
	snprintf(device, sizeof(device), "/dev/%s", name);
	disk = open(device, O_RDWR | O_CLOEXEC);
	CT_CHECK(disk >= 0);
	config.fd = file;
	CT_EQ(0, ioctl(disk, LOOP_CONFIGURE, &config));
	close(file);
	close(control);
	return disk;
}

static void read_inside(int fd, void *arg)
{
	ct_send(fd, ct_read_number(arg));
	ct_wait_hangup(fd);
}

TEST_F(wall, who_writes_a_journal)
{
	char dir[] = "/tmp/ct-disk-XXXXXX", file[64], device[64], name[16];
	char path[64], text[32] = "", comm[32];
	struct ct_child child;
	long long thread;
	int disk;

	CT_NEED_BOX(variant);
	ASSERT_NE(NULL, mkdtemp(dir));
	snprintf(file, sizeof(file), "%s.image", dir);
	make_filesystem(file);
	disk = make_disk(file, name, sizeof(name));
	snprintf(device, sizeof(device), "/dev/%s", name);
	ASSERT_EQ(0, mount(device, dir, "ext4", 0, NULL));
	snprintf(path, sizeof(path), "/sys/fs/ext4/%s/journal_task", name);
	thread = ct_read_number(path);
	EXPECT_LT(0, thread);
	snprintf(comm, sizeof(comm), "/proc/%lld/comm", thread);
	EXPECT_LT(0, ct_read_file(comm, text, sizeof(text)));
	EXPECT_EQ(0, strncmp(text, "jbd2/", 5));
	child = ct_spawn(variant->box, read_inside, path);
	EXPECT_EQ(0, ct_recv(child.fd));
	EXPECT_EQ(0, ct_finish(&child));
	close(disk);
	EXPECT_EQ(0, umount(dir));
	EXPECT_EQ(0, rmdir(dir));
	EXPECT_EQ(0, unlink(file));
}

TEST_HARNESS_MAIN
