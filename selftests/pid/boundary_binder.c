// SPDX-License-Identifier: GPL-2.0
/* kernels: stock */
/* modules: binder_linux */
/*
 * binder, which tells who gets a transaction who has sent it.
 */
#include "ct.h"
#include <linux/android/binder.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include "kselftest_harness.h"
#include "ct-wall.h"

#define BUFFERS		(64 * 1024)

static void *buffers;

static int open_binder(void)
{
	int binder = open("/dev/binder", O_RDWR | O_CLOEXEC);

	CT_CHECK(binder >= 0);
	buffers = mmap(NULL, BUFFERS, PROT_READ, MAP_PRIVATE, binder, 0);
	CT_CHECK(buffers != MAP_FAILED);
	return binder;
}

static void close_binder(int binder)
{
	CT_EQ(0, munmap(buffers, BUFFERS));
	close(binder);
}

static void binder_write(int binder, uint32_t command, const void *data,
			 size_t size)
{
	char buf[128];
	struct binder_write_read request = {
		.write_buffer = (uintptr_t)buf,
		.write_size = sizeof(command) + size,
	};

	CT_CHECK(sizeof(command) + size <= sizeof(buf));
	memcpy(buf, &command, sizeof(command));
	memcpy(buf + sizeof(command), data, size);
	CT_EQ(0, ioctl(binder, BINDER_WRITE_READ, &request));
	CT_EQ(request.write_size, request.write_consumed);
}

/* To the manager, whoever that is; it is not answered. */
static void send_transaction(int fd, void *arg)
{
	struct binder_transaction_data transaction = { .code = 1 };
	int binder = open_binder();

	(void)arg;
	binder_write(binder, BC_TRANSACTION, &transaction, sizeof(transaction));
	ct_send(fd, getpid());
	ct_wait_hangup(fd);
	close_binder(binder);
}

static int become_manager(void)
{
	int binder = open_binder();

	/* The last one is there until the kernel has cleaned up behind it. */
	CT_UNTIL(!ioctl(binder, BINDER_SET_CONTEXT_MGR, 0));
	binder_write(binder, BC_ENTER_LOOPER, "", 0);
	return binder;
}

/* Who has sent the next transaction, which is there. */
static pid_t next_sender(int binder)
{
	struct binder_transaction_data transaction;
	char buf[512];
	struct binder_write_read request = {
		.read_buffer = (uintptr_t)buf, .read_size = sizeof(buf),
	};
	uint32_t command;
	size_t at;

	for (;;) {
		request.read_consumed = 0;
		CT_EQ(0, ioctl(binder, BINDER_WRITE_READ, &request));
		for (at = 0; at < request.read_consumed;
		     at += sizeof(command) + _IOC_SIZE(command)) {
			memcpy(&command, buf + at, sizeof(command));
			if (command != BR_TRANSACTION)
				continue;
			memcpy(&transaction, buf + at + sizeof(command),
			       sizeof(transaction));
			return transaction.sender_pid;
		}
	}
}

static void receive_transactions(int fd, void *arg)
{
	int binder = become_manager();
	struct ct_child sender;

	(void)arg;
	ct_send(fd, 0);
	ct_recv(fd);
	ct_send(fd, next_sender(binder));
	close_binder(binder);
	/* Another one, as a thread answers one transaction at a time. */
	binder = become_manager();
	sender = ct_spawn(CT_PLAIN, send_transaction, NULL);
	CT_EQ(sender.pid, ct_recv(sender.fd));
	CT_EQ(sender.pid, next_sender(binder));
	CT_EQ(0, ct_finish(&sender));
	close_binder(binder);
	ct_send(fd, 0);
	ct_wait_hangup(fd);
}

TEST_F(wall, senders_of_transactions)
{
	struct ct_child receiver, sender;

	CT_NEED_BOX(variant);
	receiver = ct_spawn(variant->box, receive_transactions, NULL);
	ct_recv(receiver.fd);
	sender = ct_spawn(CT_PLAIN, send_transaction, NULL);
	EXPECT_EQ(sender.pid, ct_recv(sender.fd));
	ct_send(receiver.fd, 0);
	/* Nobody that it can see. */
	EXPECT_EQ(0, ct_recv(receiver.fd));
	EXPECT_EQ(0, ct_recv(receiver.fd));
	EXPECT_EQ(0, ct_finish(&sender));
	EXPECT_EQ(0, ct_finish(&receiver));
}

TEST_HARNESS_MAIN
