/* SPDX-License-Identifier: GPL-2.0 */
/* For the tests of what files remember: terminals, locks, sockets' peers. */
#ifndef CT_FILE_H
#define CT_FILE_H

#include <termios.h>
#include <sys/ioctl.h>

/* -- terminals -------------------------------------------------------------- */

struct ct_terminal {
	int master;
	char slave[64];
};

static inline void ct_open_terminal(struct ct_terminal *terminal)
{
	int zero = 0;
	int number;

	terminal->master = open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC);
	CT_CHECK(terminal->master >= 0);
	CT_EQ(0, ioctl(terminal->master, TIOCSPTLCK, &zero));
	CT_EQ(0, ioctl(terminal->master, TIOCGPTN, &number));
	snprintf(terminal->slave, sizeof(terminal->slave), "/dev/pts/%d",
		 number);
}

/* Makes the caller the leader of a session on it; gives its end. */
static inline int ct_lead_terminal(const struct ct_terminal *terminal)
{
	int tty;

	CT_EQ(getpid(), setsid());
	signal(SIGTTOU, SIG_IGN);
	signal(SIGHUP, SIG_IGN);
	tty = open(terminal->slave, O_RDWR | O_CLOEXEC);
	CT_CHECK(tty >= 0);
	CT_EQ(0, ioctl(tty, TIOCSCTTY, 0));
	return tty;
}

/* -- locks ------------------------------------------------------------------ */

#define CT_LOCK_LEN 5

static inline int ct_lock(int file, int start)
{
	struct flock lock = {
		.l_type = F_WRLCK, .l_start = start, .l_len = CT_LOCK_LEN,
	};

	return fcntl(file, F_SETLK, &lock);
}

/* The number that F_GETLK gives of the one who has it. */
static inline pid_t ct_lock_holder(int file, int start)
{
	struct flock lock = {
		.l_type = F_WRLCK, .l_start = start, .l_len = CT_LOCK_LEN,
	};

	CT_EQ(0, fcntl(file, F_GETLK, &lock));
	CT_EQ(F_WRLCK, lock.l_type);
	CT_EQ(start, lock.l_start);
	return lock.l_pid;
}

/* The number in /proc/locks; -1 when the lock is not listed. */
static inline int ct_lock_listed(int file, int start)
{
	char line[256], wanted[64], *word, *rest;
	int pid = -1, column;
	struct stat stat;
	FILE *list;

	CT_EQ(0, fstat(file, &stat));
	snprintf(wanted, sizeof(wanted), ":%llu %d %d\n",
		 (unsigned long long)stat.st_ino, start,
		 start + CT_LOCK_LEN - 1);
	list = fopen("/proc/locks", "re");
	CT_CHECK(list);
	while (pid < 0 && fgets(line, sizeof(line), list)) {
		if (!strstr(line, wanted))
			continue;
		word = strtok_r(line, " ", &rest);
		for (column = 0; word && column < 4; column++)
			word = strtok_r(NULL, " ", &rest);
		CT_CHECK(word);
		pid = atoi(word);
	}
	fclose(list);
	return pid;
}

/* -- sockets ---------------------------------------------------------------- */

static inline pid_t ct_peer(int fd)
{
	struct ucred creds;
	socklen_t len = sizeof(creds);

	CT_EQ(0, getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &creds, &len));
	return creds.pid;
}

union ct_creds_control {
	struct cmsghdr head;
	char space[CMSG_SPACE(sizeof(struct ucred))];
};

/* Sends a byte in the name of a process; as sendmsg(). */
static inline ssize_t ct_send_creds(int fd, pid_t pid)
{
	struct ucred creds = { .pid = pid, .uid = getuid(), .gid = getgid() };
	union ct_creds_control control = { .space = "" };
	struct iovec data = { "x", 1 };
	struct msghdr msg = {
		.msg_iov = &data, .msg_iovlen = 1,
		.msg_control = &control, .msg_controllen = sizeof(control),
	};

	control.head.cmsg_level = SOL_SOCKET;
	control.head.cmsg_type = SCM_CREDENTIALS;
	control.head.cmsg_len = CMSG_LEN(sizeof(creds));
	memcpy(CMSG_DATA(&control.head), &creds, sizeof(creds));
	return sendmsg(fd, &msg, 0);
}

/* Takes a byte, and gives the number of its sender. */
static inline pid_t ct_receive_creds(int fd)
{
	union ct_creds_control control;
	struct ucred creds;
	char byte;
	struct iovec data = { &byte, 1 };
	struct msghdr msg = {
		.msg_iov = &data, .msg_iovlen = 1,
		.msg_control = &control, .msg_controllen = sizeof(control),
	};

	CT_EQ(1, recvmsg(fd, &msg, 0));
	CT_CHECK(CMSG_FIRSTHDR(&msg));
	CT_EQ(SCM_CREDENTIALS, control.head.cmsg_type);
	memcpy(&creds, CMSG_DATA(&control.head), sizeof(creds));
	return creds.pid;
}

#endif
