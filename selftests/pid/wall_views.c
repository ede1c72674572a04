// SPDX-License-Identifier: GPL-2.0
/* modes: host */
/*
 * Numbers that the kernel keeps and both sides of a container's wall read:
 * each side reads its own, and inside, those of outside are 0.
 */
#include "ct.h"
#include <mqueue.h>
#include <sys/ipc.h>
#include <sys/msg.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <sys/un.h>
#include "ct-file.h"
#include "kselftest_harness.h"
#include "ct-wall.h"

/* -- sockets ---------------------------------------------------------------------- */

static void talk(int fd, void *arg)
{
	struct sockaddr_un *address = arg;
	int sock = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0), yes = 1;

	CT_EQ(0, setsockopt(sock, SOL_SOCKET, SO_PASSCRED, &yes, sizeof(yes)));
	CT_EQ(0, connect(sock, (struct sockaddr *)address, sizeof(*address)));
	CT_EQ(0, ct_peer(sock));
	CT_EQ(1, send(sock, "x", 1, 0));
	CT_EQ(0, ct_receive_creds(sock));
	ct_send(fd, 0);
	ct_wait_hangup(fd);
}

TEST_F(wall, credentials_of_sockets)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int sock, connection, yes = 1;
	struct ct_child box;

	CT_NEED_BOX(variant);
	snprintf(address.sun_path + 1, sizeof(address.sun_path) - 1,
		 "ct-wall-%d", getpid());
	sock = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	ASSERT_LE(0, sock);
	ASSERT_EQ(0, setsockopt(sock, SOL_SOCKET, SO_PASSCRED, &yes,
				sizeof(yes)));
	ASSERT_EQ(0, bind(sock, (struct sockaddr *)&address, sizeof(address)));
	ASSERT_EQ(0, listen(sock, 1));
	box = ct_spawn(variant->box, talk, &address);
	connection = accept(sock, NULL, NULL);
	ASSERT_LE(0, connection);
	EXPECT_EQ(box.pid, ct_peer(connection));
	EXPECT_EQ(box.pid, ct_receive_creds(connection));
	ASSERT_EQ(1, send(connection, "x", 1, 0));
	ct_recv(box.fd);
	EXPECT_EQ(0, ct_finish(&box));
	EXPECT_EQ(box.pid, ct_peer(connection));
}

/* -- locks -------------------------------------------------------------------------- */

static void use_locks(int fd, void *arg)
{
	int file = *(int *)arg;
	pid_t pid;

	CT_EQ(0, ct_lock(file, 20));
	CT_EQ(0, ct_lock_holder(file, 10));
	/* As they have no number, they are not listed. */
	CT_EQ(-1, ct_lock_listed(file, 10));
	CT_EQ(1, ct_lock_listed(file, 20));
	pid = fork();
	if (!pid)
		_exit(ct_lock_holder(file, 20) == 1 ? 0 : 1);
	CT_EQ(0, ct_reap(pid));
	ct_send(fd, 0);
	ct_wait_hangup(fd);
}

TEST_F(wall, holders_of_locks)
{
	int file = open("/tmp", O_TMPFILE | O_RDWR, 0600);
	struct ct_child box;

	CT_NEED_BOX(variant);
	ASSERT_LE(0, file);
	ASSERT_EQ(0, ct_lock(file, 10));
	box = ct_spawn(variant->box, use_locks, &file);
	ct_recv(box.fd);
	EXPECT_EQ(box.pid, ct_lock_holder(file, 20));
	EXPECT_EQ(box.pid, ct_lock_listed(file, 20));
	EXPECT_EQ(getpid(), ct_lock_listed(file, 10));
	EXPECT_EQ(0, ct_finish(&box));
}

/* -- owners of files ------------------------------------------------------------------ */

static void look_at_owners(int fd, void *arg)
{
	int *file = arg;
	struct f_owner_ex owner;

	CT_EQ(0, ct_recv(fd));
	/* The test itself, and us. */
	CT_EQ(0, fcntl(file[0], F_GETOWN));
	CT_EQ(0, fcntl(file[0], F_GETOWN_EX, &owner));
	CT_EQ(0, owner.pid);
	CT_EQ(1, fcntl(file[1], F_GETOWN));
	CT_EQ(0, fcntl(file[0], F_SETOWN, 1));
	ct_send(fd, 0);
	ct_wait_hangup(fd);
}

TEST_F(wall, owners_of_files)
{
	struct ct_child box;
	int file[2];

	CT_NEED_BOX(variant);
	ASSERT_EQ(0, pipe2(file, O_CLOEXEC));
	ASSERT_EQ(0, fcntl(file[0], F_SETOWN, getpid()));
	box = ct_spawn(variant->box, look_at_owners, file);
	ASSERT_EQ(0, fcntl(file[1], F_SETOWN, box.pid));
	EXPECT_EQ(box.pid, fcntl(file[1], F_GETOWN));
	ct_send(box.fd, 0);
	ct_recv(box.fd);
	EXPECT_EQ(box.pid, fcntl(file[0], F_GETOWN));
	EXPECT_EQ(0, ct_finish(&box));
}

/* -- terminals ------------------------------------------------------------------------- */

static void look_at_terminal(int fd, void *arg)
{
	int tty = *(int *)arg, group, session;

	(void)fd;
	CT_EQ(0, ioctl(tty, TIOCGPGRP, &group));
	CT_EQ(0, group);
	CT_EQ(0, ioctl(tty, TIOCGSID, &session));
	CT_EQ(0, session);
	CT_EQ(0, ct_stat_field("/proc/self/stat", 8));
	/* It may be brought into the foreground all the same. */
	CT_EQ(0, setpgid(0, 0));
	signal(SIGTTOU, SIG_IGN);
	group = 1;
	CT_EQ(0, ioctl(tty, TIOCSPGRP, &group));
	CT_EQ(0, ioctl(tty, TIOCGPGRP, &group));
	CT_EQ(1, group);
	CT_EQ(1, ct_stat_field("/proc/self/stat", 8));
}

static void lead_terminal(int fd, void *arg)
{
	enum ct_box kind = *(enum ct_box *)arg;
	struct ct_terminal terminal;
	struct ct_child box;
	int tty, group;

	ct_open_terminal(&terminal);
	tty = ct_lead_terminal(&terminal);
	box = ct_spawn(kind, look_at_terminal, &tty);
	CT_EQ(0, ct_finish(&box));
	/* Its group is gone; the number that the terminal keeps is ours. */
	CT_EQ(0, ioctl(terminal.master, TIOCGPGRP, &group));
	CT_EQ(box.pid, group);
}

TEST_F(wall, groups_of_a_terminal)
{
	enum ct_box kind = variant->box;
	struct ct_child leader;

	CT_NEED_BOX(variant);
	leader = ct_spawn(CT_PLAIN, lead_terminal, &kind);
	EXPECT_EQ(0, ct_finish(&leader));
}

/* -- System V -------------------------------------------------------------------------- */

struct objects {
	int shm, msg, sem;
};

static void touch_objects(struct objects *ids)
{
	struct { long type; char text; } message = { 1, 'x' };
	struct sembuf up = { .sem_op = 1 };
	void *at = shmat(ids->shm, NULL, 0);

	CT_CHECK(at != (void *)-1);
	CT_EQ(0, shmdt(at));
	CT_EQ(0, msgsnd(ids->msg, &message, 1, 0));
	CT_EQ(0, semop(ids->sem, &up, 1));
}

static void check_objects(struct objects *ids, pid_t maker, pid_t last)
{
	struct shmid_ds shm;
	struct msqid_ds msg;

	CT_EQ(0, shmctl(ids->shm, IPC_STAT, &shm));
	CT_EQ(maker, shm.shm_cpid);
	CT_EQ(last, shm.shm_lpid);
	CT_EQ(0, msgctl(ids->msg, IPC_STAT, &msg));
	CT_EQ(last, msg.msg_lspid);
	CT_EQ(last, semctl(ids->sem, 0, GETPID));
}

static void use_objects(int fd, void *arg)
{
	check_objects(arg, 0, 0);
	touch_objects(arg);
	check_objects(arg, 0, 1);
	ct_send(fd, 0);
	ct_recv(fd);
	check_objects(arg, 0, 0);
}

TEST_F(wall, ipc_objects)
{
	struct objects ids;
	struct ct_child box;

	CT_NEED_BOX(variant);
	ids.shm = shmget(IPC_PRIVATE, 4096, IPC_CREAT | 0600);
	ids.msg = msgget(IPC_PRIVATE, IPC_CREAT | 0600);
	ids.sem = semget(IPC_PRIVATE, 1, IPC_CREAT | 0600);
	ASSERT_TRUE(ids.shm >= 0 && ids.msg >= 0 && ids.sem >= 0);
	touch_objects(&ids);
	box = ct_spawn(variant->box, use_objects, &ids);
	ct_recv(box.fd);
	check_objects(&ids, getpid(), box.pid);
	touch_objects(&ids);
	ct_send(box.fd, 0);
	EXPECT_EQ(0, ct_finish(&box));
	EXPECT_EQ(0, shmctl(ids.shm, IPC_RMID, NULL));
	EXPECT_EQ(0, msgctl(ids.msg, IPC_RMID, NULL));
	EXPECT_EQ(0, semctl(ids.sem, 0, IPC_RMID));
}

/* -- message queues --------------------------------------------------------------------- */

static void await_message(mqd_t queue)
{
	struct sigevent event = {
		.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGUSR1,
	};

	ct_block(SIGUSR1);
	CT_EQ(0, mq_notify(queue, &event));
}

static pid_t take_message(mqd_t queue)
{
	siginfo_t info = ct_signal(SIGUSR1);
	char text[8];

	CT_EQ(SI_MESGQ, info.si_code);
	CT_EQ(1, mq_receive(queue, text, sizeof(text), NULL));
	return info.si_pid;
}

static void notify_both_ways(int fd, void *arg)
{
	mqd_t queue = *(mqd_t *)arg;

	CT_EQ(0, mq_send(queue, "x", 1, 0));
	ct_recv(fd);
	await_message(queue);
	ct_send(fd, 0);
	CT_EQ(0, take_message(queue));
}

TEST_F(wall, notification_of_a_queue)
{
	struct mq_attr attr = { .mq_maxmsg = 2, .mq_msgsize = 8 };
	struct ct_child box;
	char name[64];
	mqd_t queue;

	CT_NEED_BOX(variant);
	snprintf(name, sizeof(name), "/ct-wall-%d", getpid());
	queue = mq_open(name, O_RDWR | O_CREAT | O_EXCL, 0600, &attr);
	ASSERT_NE((mqd_t)-1, queue);
	ASSERT_EQ(0, mq_unlink(name));
	await_message(queue);
	box = ct_spawn(variant->box, notify_both_ways, &queue);
	EXPECT_EQ(box.pid, take_message(queue));
	ct_send(box.fd, 0);
	ct_recv(box.fd);
	EXPECT_EQ(0, mq_send(queue, "x", 1, 0));
	EXPECT_EQ(0, ct_finish(&box));
}

TEST_HARNESS_MAIN
