/* SPDX-License-Identifier: GPL-2.0 */
/* For the tests that make network devices; after ct-netlink.h. */
#ifndef CT_LINK_H
#define CT_LINK_H

/* Before the kernel's, which then leave out what it has. */
#include <netinet/in.h>
#include <linux/if.h>
#include <linux/rtnetlink.h>
#include <linux/sockios.h>
#include <sys/ioctl.h>

/* The number of a device; 0 if there is none. */
static inline int ct_link_index(const char *device)
{
	int sock = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), ret;
	struct ifreq request = {};

	CT_CHECK(sock >= 0);
	strcpy(request.ifr_name, device);
	ret = ioctl(sock, SIOCGIFINDEX, &request);
	close(sock);
	return ret ? 0 : request.ifr_ifindex;
}

static inline size_t ct_nest_begin(struct ct_message *msg, int type)
{
	size_t at = NLMSG_ALIGN(msg->head.nlmsg_len);

	ct_message_attr(msg, type | NLA_F_NESTED, NULL, 0);
	return at;
}

static inline void ct_nest_end(struct ct_message *msg, size_t at)
{
	struct nlattr *attr = (void *)((char *)msg + at);

	msg->head.nlmsg_len = NLMSG_ALIGN(msg->head.nlmsg_len);
	attr->nla_len = msg->head.nlmsg_len - at;
}

static inline void ct_message_string(struct ct_message *msg, int type,
				     const char *text)
{
	ct_message_attr(msg, type, text, strlen(text) + 1);
}

/* A device; 0 or the error of making it. */
static inline int ct_link_make(const char *name, const char *kind,
			       unsigned int flags)
{
	struct ifinfomsg info = { .ifi_flags = flags, .ifi_change = flags };
	int sock = ct_netlink(NETLINK_ROUTE), ret;
	struct ct_message msg;
	size_t nest;

	ct_message_init(&msg, RTM_NEWLINK,
			NLM_F_CREATE | NLM_F_EXCL | NLM_F_ACK);
	ct_message_add(&msg, &info, sizeof(info));
	ct_message_string(&msg, IFLA_IFNAME, name);
	nest = ct_nest_begin(&msg, IFLA_LINKINFO);
	ct_message_string(&msg, IFLA_INFO_KIND, kind);
	ct_nest_end(&msg, nest);
	ret = ct_ask(sock, &msg);
	close(sock);
	return ret;
}

static inline int ct_link_remove(const char *name)
{
	struct ifinfomsg info = { .ifi_index = ct_link_index(name) };
	struct ct_message msg;
	int sock, ret;

	if (!info.ifi_index)
		return -ENODEV;
	sock = ct_netlink(NETLINK_ROUTE);
	ct_message_init(&msg, RTM_DELLINK, NLM_F_ACK);
	ct_message_add(&msg, &info, sizeof(info));
	ret = ct_ask(sock, &msg);
	close(sock);
	return ret;
}

/* Up, by the other way to do it; 0 or the error. */
static inline int ct_link_raise(const char *name)
{
	struct ifreq request = { .ifr_flags = IFF_UP };
	int sock = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), ret;

	CT_CHECK(sock >= 0);
	strcpy(request.ifr_name, name);
	ret = ioctl(sock, SIOCSIFFLAGS, &request) ? -errno : 0;
	close(sock);
	return ret;
}

#endif
