// SPDX-License-Identifier: GPL-2.0
/* modes: host contained pidns */
/*
 * Numbers in System V objects, which remember who used them last even when
 * that one is dead, and in the notification of a message queue.
 */
#include "ct.h"
#include <mqueue.h>
#include <sys/ipc.h>
#include <sys/msg.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include "kselftest_harness.h"

struct message {
	long type;
	char text[8];
};

/* A column of the object's line in /proc/sysvipc. */
static long long column(const char *file, int id, int number)
{
	char path[64], line[512], *word, *rest;
	long long value = -1;
	FILE *list;
	int i;

	snprintf(path, sizeof(path), "/proc/sysvipc/%s", file);
	list = fopen(path, "re");
	CT_CHECK(list);
	/* The names of the columns. */
	CT_CHECK(fgets(line, sizeof(line), list));
	while (value < 0 && fgets(line, sizeof(line), list)) {
		rest = line;
		word = strtok_r(line, "\n ", &rest);
		for (i = 0; word; i++) {
			if (i == 1 && atoi(word) != id)
				break;
			if (i == number)
				value = atoll(word);
			word = strtok_r(NULL, "\n ", &rest);
		}
	}
	fclose(list);
	return value;
}

static void use_shm(int fd, void *arg)
{
	int id = *(int *)arg;
	void *at;

	if (id < 0) {
		id = shmget(IPC_PRIVATE, 4096, IPC_CREAT | 0600);
		CT_CHECK(id >= 0);
	} else {
		at = shmat(id, NULL, 0);
		CT_CHECK(at != (void *)-1);
		CT_EQ(0, shmdt(at));
	}
	ct_send(fd, id);
}

TEST(shared_memory)
{
	struct ct_child maker, user;
	struct shmid_ds stat;
	int id = -1;

	maker = ct_spawn(CT_PLAIN, use_shm, &id);
	id = ct_recv(maker.fd);
	EXPECT_EQ(0, ct_finish(&maker));
	user = ct_spawn(CT_PLAIN, use_shm, &id);
	ct_recv(user.fd);
	EXPECT_EQ(0, ct_finish(&user));

	ASSERT_EQ(0, shmctl(id, IPC_STAT, &stat));
	EXPECT_EQ(maker.pid, stat.shm_cpid);
	EXPECT_EQ(user.pid, stat.shm_lpid);
	EXPECT_EQ(maker.pid, column("shm", id, 4));
	EXPECT_EQ(user.pid, column("shm", id, 5));
	EXPECT_EQ(0, shmctl(id, IPC_RMID, NULL));
}

static void use_queue(int fd, void *arg)
{
	struct message message = { 1, "hello" };
	int id = *(int *)arg;

	if (msgrcv(id, &message, sizeof(message.text), 0, IPC_NOWAIT) < 0)
		CT_EQ(0, msgsnd(id, &message, sizeof(message.text), 0));
	ct_send(fd, 0);
}

TEST(message_queue)
{
	int id = msgget(IPC_PRIVATE, IPC_CREAT | 0600);
	struct ct_child sender, receiver;
	struct msqid_ds stat;

	ASSERT_LE(0, id);
	sender = ct_spawn(CT_PLAIN, use_queue, &id);
	EXPECT_EQ(0, ct_reap(sender.pid));
	receiver = ct_spawn(CT_PLAIN, use_queue, &id);
	EXPECT_EQ(0, ct_reap(receiver.pid));

	ASSERT_EQ(0, msgctl(id, IPC_STAT, &stat));
	EXPECT_EQ(sender.pid, stat.msg_lspid);
	EXPECT_EQ(receiver.pid, stat.msg_lrpid);
	EXPECT_EQ(sender.pid, column("msg", id, 5));
	EXPECT_EQ(receiver.pid, column("msg", id, 6));
	EXPECT_EQ(0, msgctl(id, IPC_RMID, NULL));
}

static void use_semaphore(int fd, void *arg)
{
	struct sembuf up = { .sem_op = 1 };

	(void)fd;
	CT_EQ(0, semop(*(int *)arg, &up, 1));
}

TEST(semaphore)
{
	int id = semget(IPC_PRIVATE, 1, IPC_CREAT | 0600);
	struct ct_child user;

	ASSERT_LE(0, id);
	EXPECT_EQ(0, semctl(id, 0, GETPID));
	user = ct_spawn(CT_PLAIN, use_semaphore, &id);
	EXPECT_EQ(0, ct_reap(user.pid));
	EXPECT_EQ(user.pid, semctl(id, 0, GETPID));
	EXPECT_EQ(0, semctl(id, 0, IPC_RMID));
}

static void send_message(int fd, void *arg)
{
	(void)fd;
	CT_EQ(0, mq_send(*(mqd_t *)arg, "x", 1, 0));
}

TEST(notification)
{
	struct sigevent event = {
		.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGUSR1,
	};
	struct mq_attr attr = { .mq_maxmsg = 2, .mq_msgsize = 8 };
	char name[64], path[128], text[128], *pid;
	struct ct_child sender;
	siginfo_t info;
	mqd_t queue;

	snprintf(name, sizeof(name), "/ct-ipc-%d-%d", ct_mode(), getpid());
	snprintf(path, sizeof(path), "/dev/mqueue%s", name);
	queue = mq_open(name, O_RDWR | O_CREAT | O_EXCL, 0600, &attr);
	ASSERT_NE((mqd_t)-1, queue);
	ct_block(SIGUSR1);
	ASSERT_EQ(0, mq_notify(queue, &event));
	ASSERT_LT(0, ct_read_file(path, text, sizeof(text)));
	pid = strstr(text, "NOTIFY_PID:");
	ASSERT_NE(NULL, pid);
	EXPECT_EQ(getpid(), atoi(pid + strlen("NOTIFY_PID:")));
	/* When we closed that file, we took the notification back. */
	ASSERT_EQ(0, mq_notify(queue, &event));

	sender = ct_spawn(CT_PLAIN, send_message, &queue);
	info = ct_signal(SIGUSR1);
	EXPECT_EQ(SI_MESGQ, info.si_code);
	EXPECT_EQ(sender.pid, info.si_pid);
	EXPECT_EQ(0, ct_finish(&sender));
	EXPECT_EQ(0, mq_unlink(name));
}

TEST_HARNESS_MAIN
