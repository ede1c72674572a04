/* SPDX-License-Identifier: GPL-2.0 */
/* For the tests that speak netlink. */
#ifndef CT_NETLINK_H
#define CT_NETLINK_H

#include <linux/genetlink.h>
#include <linux/netlink.h>

struct ct_message {
	struct nlmsghdr head;
	char body[4096];
};

static inline int ct_netlink(int protocol)
{
	struct timeval patience = { .tv_sec = CT_PATIENCE_MS / 1000 };
	int sock = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, protocol);

	CT_CHECK(sock >= 0);
	CT_EQ(0, setsockopt(sock, SOL_SOCKET, SO_RCVTIMEO, &patience,
			    sizeof(patience)));
	return sock;
}

static inline void ct_message_init(struct ct_message *msg, int type, int flags)
{
	memset(msg, 0, sizeof(*msg));
	msg->head.nlmsg_len = NLMSG_HDRLEN;
	msg->head.nlmsg_type = type;
	msg->head.nlmsg_flags = NLM_F_REQUEST | flags;
}

static inline void *ct_message_add(struct ct_message *msg, const void *data,
				   size_t size)
{
	void *at = (char *)msg + NLMSG_ALIGN(msg->head.nlmsg_len);

	memcpy(at, data, size);
	msg->head.nlmsg_len = NLMSG_ALIGN(msg->head.nlmsg_len) + size;
	return at;
}

static inline void ct_message_attr(struct ct_message *msg, int type,
				   const void *data, size_t size)
{
	struct nlattr attr = { .nla_len = NLA_HDRLEN + size, .nla_type = type };

	ct_message_add(msg, &attr, sizeof(attr));
	ct_message_add(msg, data, size);
}

/*
 * Sends a request to the kernel and takes its first answer: 0, or the error
 * that it is.
 */
static inline int ct_ask(int sock, struct ct_message *msg)
{
	struct nlmsgerr *error = (void *)msg->body;
	ssize_t len;

	CT_EQ(msg->head.nlmsg_len, send(sock, msg, msg->head.nlmsg_len, 0));
	len = recv(sock, msg, sizeof(*msg), 0);
	CT_CHECK(len >= (ssize_t)sizeof(msg->head));
	return msg->head.nlmsg_type == NLMSG_ERROR ? error->error : 0;
}

/* An attribute of the answer; those begin after @skip bytes of its body. */
static inline void *ct_answer_attr(struct ct_message *msg, size_t skip,
				   int type)
{
	char *end = (char *)msg + msg->head.nlmsg_len;
	struct nlattr *attr = (void *)(msg->body + NLMSG_ALIGN(skip));

	while ((char *)(attr + 1) <= end && attr->nla_len >= NLA_HDRLEN) {
		if ((attr->nla_type & NLA_TYPE_MASK) == type)
			return (char *)attr + NLA_HDRLEN;
		attr = (void *)((char *)attr + NLA_ALIGN(attr->nla_len));
	}
	return NULL;
}

/* The number of a generic netlink family. */
static inline int ct_family(int sock, const char *name)
{
	struct genlmsghdr command = { .cmd = CTRL_CMD_GETFAMILY, .version = 1 };
	struct ct_message msg;
	uint16_t *id;

	ct_message_init(&msg, GENL_ID_CTRL, 0);
	ct_message_add(&msg, &command, sizeof(command));
	ct_message_attr(&msg, CTRL_ATTR_FAMILY_NAME, name, strlen(name) + 1);
	CT_EQ(0, ct_ask(sock, &msg));
	id = ct_answer_attr(&msg, sizeof(command), CTRL_ATTR_FAMILY_ID);
	CT_CHECK(id);
	return *id;
}

/* How many sockets of /proc/net/netlink have this address. */
static inline int ct_count_port(unsigned long wanted)
{
	char line[256], *word, *rest;
	FILE *file = fopen("/proc/net/netlink", "re");
	int found = 0, column;

	CT_CHECK(file);
	CT_CHECK(fgets(line, sizeof(line), file));
	while (fgets(line, sizeof(line), file)) {
		/* sk Eth Pid Groups ...: ten of them, whatever Pid is. */
		word = strtok_r(line, "\n ", &rest);
		for (column = 1; word; column++) {
			if (column == 3)
				found += strtoul(word, NULL, 10) == wanted;
			word = strtok_r(NULL, "\n ", &rest);
		}
		CT_EQ(11, column);
	}
	fclose(file);
	return found;
}

/* A process with a socket; says its address. */
static inline void ct_own_port(int fd, void *arg)
{
	struct sockaddr_nl address = { .nl_family = AF_NETLINK };
	int sock = ct_netlink(NETLINK_USERSOCK);
	socklen_t len = sizeof(address);

	(void)arg;
	CT_EQ(0, bind(sock, (struct sockaddr *)&address, len));
	CT_EQ(0, getsockname(sock, (struct sockaddr *)&address, &len));
	ct_send(fd, address.nl_pid);
	ct_wait_hangup(fd);
}

#endif
