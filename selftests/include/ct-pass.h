/* SPDX-License-Identifier: GPL-2.0 */
/* For the tests that hand descriptors to other processes. */
#ifndef CT_PASS_H
#define CT_PASS_H

union ct_pass_control {
	struct cmsghdr head;
	char space[CMSG_SPACE(sizeof(int))];
};

/* Sends a descriptor along a ct_child's line. */
static inline void ct_pass(int line, int fd)
{
	union ct_pass_control control = { .space = "" };
	struct iovec data = { "x", 1 };
	struct msghdr msg = {
		.msg_iov = &data, .msg_iovlen = 1,
		.msg_control = &control, .msg_controllen = sizeof(control),
	};

	control.head.cmsg_level = SOL_SOCKET;
	control.head.cmsg_type = SCM_RIGHTS;
	control.head.cmsg_len = CMSG_LEN(sizeof(fd));
	memcpy(CMSG_DATA(&control.head), &fd, sizeof(fd));
	CT_EQ(1, sendmsg(line, &msg, MSG_NOSIGNAL));
}

static inline int ct_take(int line)
{
	union ct_pass_control control;
	char byte;
	struct iovec data = { &byte, 1 };
	struct msghdr msg = {
		.msg_iov = &data, .msg_iovlen = 1,
		.msg_control = &control, .msg_controllen = sizeof(control),
	};
	int fd;

	CT_EQ(1, recvmsg(line, &msg, MSG_CMSG_CLOEXEC));
	CT_CHECK(CMSG_FIRSTHDR(&msg));
	CT_EQ(SCM_RIGHTS, control.head.cmsg_type);
	memcpy(&fd, CMSG_DATA(&control.head), sizeof(fd));
	return fd;
}

#endif
