// SPDX-License-Identifier: GPL-2.0
/*
 * What a contained task is refused because all that it would get are global
 * numbers: the kernel's log, tracing, BPF programs, files of debugging, and the
 * messages about all processes of the machine.
 *
 * A descriptor that was opened outside and brought along works on.
 */
#include <linux/auto_dev-ioctl.h>
#include <linux/bpf.h>
#include <linux/fs.h>
#include <linux/fs_context.h>
#include <linux/glob.h>
#include <linux/kfd_ioctl.h>
#include <linux/kvm.h>
#include <linux/magic.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netlink.h>
#include <linux/perf_event.h>
#include <linux/security.h>
#include <linux/sock_diag.h>
#include <linux/string.h>
#include <linux/syslog.h>
#include <net/netlink.h>
#include <net/sock.h>
#include <uapi/linux/android/binder.h>

#include "hook/handlers.h"
#include "hook/hook.h"
#include "hook/symbols.h"
#include "pidspace/space.h"

DEFINE_STATIC_CALL_NULL(ct_orig_security_file_open, security_file_open);
DEFINE_STATIC_CALL_NULL(ct_orig_security_file_ioctl, security_file_ioctl);
DEFINE_STATIC_CALL_NULL(ct_orig_security_file_ioctl_compat,
			security_file_ioctl_compat);
DEFINE_STATIC_CALL_NULL(ct_orig_security_socket_getsockname,
			security_socket_getsockname);
DEFINE_STATIC_CALL_NULL(ct_orig_security_socket_getpeername,
			security_socket_getpeername);
DEFINE_STATIC_CALL_NULL(ct_orig_security_syslog, security_syslog);
DEFINE_STATIC_CALL_NULL(ct_orig_security_bpf, security_bpf);
DEFINE_STATIC_CALL_NULL(ct_orig_security_perf_event_open,
			security_perf_event_open);
DEFINE_STATIC_CALL_NULL(ct_orig_vfs_get_tree, vfs_get_tree);
DEFINE_STATIC_CALL_NULL(ct_orig_netlink_bind, netlink_bind);
DEFINE_STATIC_CALL_NULL(ct_orig_netlink_setsockopt, netlink_setsockopt);
DEFINE_STATIC_CALL_NULL(ct_orig_sock_diag_rcv_msg, sock_diag_rcv_msg);

/* In no header: fs/configfs/mount.c. */
#define CONFIGFS_MAGIC	0x62656570

/**
 * struct secret - a file with global numbers
 * @magic: its filesystem
 * @name: its name, NULL: all of the filesystem
 * @parent: pattern of the name of its directory
 */
struct secret {
	unsigned long magic;
	const char *name;
	const char *parent;
};

static const struct secret secrets[] = {
	{ DEBUGFS_MAGIC },
	{ TRACEFS_MAGIC },
	/* all of the kernel's memory */
	{ PROC_SUPER_MAGIC, "kcore", "/" },
	/* "application PID" */
	{ PROC_SUPER_MAGIC, "timers", "asound" },
	{ PROC_SUPER_MAGIC, "DebugData", "cifs" },
	/* addresses of netlink sockets, see ct_hook_netlink_seq_show() */
	{ PROC_SUPER_MAGIC, "nfnetlink_log", "netfilter" },
	{ PROC_SUPER_MAGIC, "nfnetlink_queue", "netfilter" },
	{ PROC_SUPER_MAGIC, "open_files", "cifs" },
	/* of block devices: whom blktrace follows, and who serves it */
	{ SYSFS_MAGIC, "pid", "trace" },
	{ SYSFS_MAGIC, "pid", "nbd*" },
	/* what a graphics driver saves when its device hangs, and who hung it */
	{ SYSFS_MAGIC, "error", "card*" },
	{ SYSFS_MAGIC, "data", "devcd*" },
	/* DAMON's threads; users of IDXD and KFD; who made an iSCSI session */
	{ SYSFS_MAGIC, "pid", "[0-9]*" },
	{ SYSFS_MAGIC, "pid", "file*" },
	{ SYSFS_MAGIC, "proc", "kfd" },
	{ SYSFS_MAGIC, "creator", "session*" },
	/* owners of usNIC's queue pairs */
	{ SYSFS_MAGIC, "summary", "[0-9]*" },
	/* TOMOYO's: who did what, and questions about a process by number */
	{ SECURITYFS_MAGIC, "audit", "tomoyo" },
	{ SECURITYFS_MAGIC, "query", "tomoyo" },
	{ SECURITYFS_MAGIC, ".process_status", "tomoyo" },
	{ SECURITYFS_MAGIC, "domain_policy", "tomoyo" },
	/* OCFS2's heartbeat */
	{ CONFIGFS_MAGIC, "pid", "*" },
};

static bool name_matches(struct dentry *dentry, const char *pattern)
{
	bool matches;

	/* Against renames, after which the old name may be freed. */
	spin_lock(&dentry->d_lock);
	matches = glob_match(pattern, dentry->d_name.name);
	spin_unlock(&dentry->d_lock);
	return matches;
}

static bool is_secret(const struct file *file)
{
	unsigned long magic = file_inode(file)->i_sb->s_magic;
	struct dentry *dentry = file->f_path.dentry, *parent;
	unsigned int i;
	bool secret;

	for (i = 0; i < ARRAY_SIZE(secrets); i++) {
		if (secrets[i].magic != magic)
			continue;
		if (!secrets[i].name)
			return true;
		if (!name_matches(dentry, secrets[i].name))
			continue;
		parent = dget_parent(dentry);
		secret = name_matches(parent, secrets[i].parent);
		dput(parent);
		if (secret)
			return true;
	}
	return false;
}

int ct_hook_security_file_open(struct file *file)
{
	int ret;

	ct_hook_enter();
	ret = is_secret(file) ? -EPERM :
				static_call(ct_orig_security_file_open)(file);
	ct_hook_leave();
	return ret;
}

/*
 * What takes or gives global numbers: names of KVM's statistics, processes that
 * binder is to freeze, requests to an automounter's new daemon, events of and
 * checkpoints by KFD.
 */
static bool is_foreign_ioctl(unsigned int cmd)
{
	switch (cmd) {
	case KVM_GET_STATS_FD:
	case BINDER_FREEZE:
	case BINDER_GET_FROZEN_INFO:
	case AUTOFS_DEV_IOCTL_SETPIPEFD:
	case AMDKFD_IOC_SMI_EVENTS:
	case AMDKFD_IOC_CRIU_OP:
		return true;
	default:
		return false;
	}
}

int ct_hook_security_file_ioctl(struct file *file, unsigned int cmd,
				unsigned long arg)
{
	int ret = -EPERM;

	ct_hook_enter();
	if (!is_foreign_ioctl(cmd))
		ret = static_call(ct_orig_security_file_ioctl)(file, cmd, arg);
	ct_hook_leave();
	return ret;
}

int ct_hook_security_file_ioctl_compat(struct file *file, unsigned int cmd,
				       unsigned long arg)
{
	int ret = -EPERM;

	ct_hook_enter();
	if (!is_foreign_ioctl(cmd))
		ret = static_call(ct_orig_security_file_ioctl_compat)(file, cmd,
								      arg);
	ct_hook_leave();
	return ret;
}

/* The address of a PPPoL2TP socket holds the number of who made it. */
static bool is_foreign_address(const struct socket *sock)
{
	return sock->sk->sk_family == AF_PPPOX;
}

int ct_hook_security_socket_getsockname(struct socket *sock)
{
	int ret = -EPERM;

	ct_hook_enter();
	if (!is_foreign_address(sock))
		ret = static_call(ct_orig_security_socket_getsockname)(sock);
	ct_hook_leave();
	return ret;
}

int ct_hook_security_socket_getpeername(struct socket *sock)
{
	int ret = -EPERM;

	ct_hook_enter();
	if (!is_foreign_address(sock))
		ret = static_call(ct_orig_security_socket_getpeername)(sock);
	ct_hook_leave();
	return ret;
}

/* The log names processes in text: syslog(2), /proc/kmsg and /dev/kmsg. */
int ct_hook_security_syslog(int type)
{
	int ret;

	switch (type) {
	case SYSLOG_ACTION_OPEN:
	case SYSLOG_ACTION_READ:
	case SYSLOG_ACTION_READ_ALL:
	case SYSLOG_ACTION_READ_CLEAR:
		return -EPERM;
	}
	ct_hook_enter();
	ret = static_call(ct_orig_security_syslog)(type);
	ct_hook_leave();
	return ret;
}

/* A program runs in the kernel, and sees the kernel's numbers. */
int ct_hook_security_bpf(int cmd, union bpf_attr *attr, unsigned int size)
{
	int ret;

	if (cmd == BPF_PROG_LOAD)
		return -EPERM;
	ct_hook_enter();
	ret = static_call(ct_orig_security_bpf)(cmd, attr, size);
	ct_hook_leave();
	return ret;
}

/* What makes trace events of functions; NULL: the kernel has not got it. */
static const struct pmu *probes[2] __ro_after_init;

/**
 * ct_refuse_init - find what is refused and has no fixed number
 *
 * Context: may sleep; at load, after ct_symbols_init().
 */
void __init ct_refuse_init(void)
{
	probes[0] = (void *)ct_symbol("perf_kprobe");
	probes[1] = (void *)ct_symbol("perf_uprobe");
}

static bool is_trace_event(const struct perf_event_attr *attr)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(probes); i++)
		if (probes[i] && attr->type == probes[i]->type)
			return true;
	return attr->type == PERF_TYPE_TRACEPOINT;
}

/*
 * Everything else of perf is numbered for who opens it, but raw samples begin
 * with the common fields of trace events, common_pid among them, and these can be
 * asked for in the filters that tracepoints and probes have.
 */
int ct_hook_security_perf_event_open(struct perf_event_attr *attr, int type)
{
	int ret;

	if (is_trace_event(attr) || attr->sample_type & PERF_SAMPLE_RAW)
		return -EPERM;
	ct_hook_enter();
	ret = static_call(ct_orig_security_perf_event_open)(attr, type);
	ct_hook_leave();
	return ret;
}

/* Filesystems that tell a process of theirs who asks, by global number. */
int ct_hook_vfs_get_tree(struct fs_context *fc)
{
	int ret = -EPERM;

	ct_hook_enter();
	if (strcmp(fc->fs_type->name, "autofs") &&
	    strcmp(fc->fs_type->name, "coda") &&
	    strcmp(fc->fs_type->name, "pvfs2"))
		ret = static_call(ct_orig_vfs_get_tree)(fc);
	ct_hook_leave();
	return ret;
}

/* Groups whose messages say who did something: audit, processes, nftables. */
static bool is_foreign_group(const struct sock *sk, unsigned int group)
{
	switch (sk->sk_protocol) {
	case NETLINK_AUDIT:
	case NETLINK_CONNECTOR:
		return true;
	case NETLINK_NETFILTER:
		return group == NFNLGRP_NFTABLES;
	default:
		return false;
	}
}

int ct_hook_netlink_bind(struct socket *sock, struct sockaddr *addr,
			 int addr_len)
{
	const struct sockaddr_nl *nladdr = (struct sockaddr_nl *)addr;
	unsigned int group;
	int ret;

	ct_hook_enter();
	if (addr_len >= sizeof(*nladdr)) {
		for (group = 1; group <= 32; group++) {
			ret = -EPERM;
			if (nladdr->nl_groups & BIT(group - 1) &&
			    is_foreign_group(sock->sk, group))
				goto out;
		}
	}
	ret = static_call(ct_orig_netlink_bind)(sock, addr, addr_len);
out:
	ct_hook_leave();
	return ret;
}

int ct_hook_netlink_setsockopt(struct socket *sock, int level, int optname,
			       sockptr_t optval, unsigned int optlen)
{
	unsigned int group;
	int ret;

	ct_hook_enter();
	if (level == SOL_NETLINK && optname == NETLINK_ADD_MEMBERSHIP &&
	    optlen >= sizeof(group)) {
		ret = -EFAULT;
		if (copy_from_sockptr(&group, optval, sizeof(group)))
			goto out;
		ret = -EPERM;
		if (is_foreign_group(sock->sk, group))
			goto out;
	}
	ret = static_call(ct_orig_netlink_setsockopt)(sock, level, optname,
						      optval, optlen);
out:
	ct_hook_leave();
	return ret;
}

/* The addresses of all netlink sockets; see ct_hook_netlink_seq_show(). */
int ct_hook_sock_diag_rcv_msg(struct sk_buff *skb, struct nlmsghdr *nlh,
			      struct netlink_ext_ack *extack)
{
	const struct sock_diag_req *req = nlmsg_data(nlh);
	int ret = -EPERM;

	ct_hook_enter();
	if (nlh->nlmsg_type != SOCK_DIAG_BY_FAMILY ||
	    nlmsg_len(nlh) < (int)sizeof(*req) ||
	    req->sdiag_family != AF_NETLINK)
		ret = static_call(ct_orig_sock_diag_rcv_msg)(skb, nlh, extack);
	ct_hook_leave();
	return ret;
}
