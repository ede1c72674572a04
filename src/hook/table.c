// SPDX-License-Identifier: GPL-2.0
/*
 * The hooks: everything that the module changes in the kernel is in this table
 * (and rendered for people in Documentation/hooks.md).
 */
#include "compat/locks.h"
#include "hook/handlers.h"
#include "hook/hook.h"

#define DIRECT(function, state, prototype, reason)			\
	.func = #function,						\
	.proto = prototype,						\
	.why = reason,							\
	.handler = ct_tramp_##function,					\
	.when = CT_HOOK_##state,					\
	.how = CT_HOOK_DIRECT

#define REDIRECT(function, state, prototype, reason)			\
	.func = #function,						\
	.proto = prototype,						\
	.why = reason,							\
	.handler = ct_hook_##function,					\
	.when = CT_HOOK_##state,					\
	.how = CT_HOOK_REDIRECT

#define ORIGINAL(function)						\
	.original = {							\
		.key = &STATIC_CALL_KEY(ct_orig_##function),		\
		.tramp = STATIC_CALL_TRAMP_ADDR(ct_orig_##function),	\
	}

#define CT_PROTO_PACKET_RCV						\
	"int (struct sk_buff *, struct net_device *, struct packet_type *, struct net_device *)"

struct ct_hook ct_hooks[] = {
	/* Numbers that leave the kernel. */
	{ DIRECT(__task_pid_nr_ns, ACTIVE,
		 "pid_t (struct task_struct *, enum pid_type, struct pid_namespace *)",
		 "the pid, tgid, process group and session of tasks") },
	{ DIRECT(pid_nr_ns, ACTIVE,
		 "pid_t (struct pid *, struct pid_namespace *)",
		 "numbers of a struct pid in a given view: ptrace events, procfs, perf") },
	{ DIRECT(pid_vnr, ACTIVE, "pid_t (struct pid *)",
		 "numbers of a struct pid as current sees it: fork, terminals, credentials") },

	/* Numbers that enter. */
	{ DIRECT(find_vpid, ACTIVE, "struct pid *(int)",
		 "kill, process groups, terminals, timers, fcntl owners") },
	{ DIRECT(find_task_by_vpid, ACTIVE, "struct task_struct *(pid_t)",
		 "tkill, setpgid, getsid, scheduling, prlimit") },
	{ DIRECT(find_get_task_by_vpid, ACTIVE, "struct task_struct *(pid_t)",
		 "ptrace, process_vm_readv, PI futexes") },
	{ DIRECT(find_get_pid, ACTIVE, "struct pid *(pid_t)",
		 "wait, SCM_CREDENTIALS") },
	{ DIRECT(find_task_by_pid_ns, ACTIVE,
		 "struct task_struct *(pid_t, struct pid_namespace *)",
		 "/proc/PID for a contained reader of the host's /proc") },
	{ DIRECT(find_ge_pid, ACTIVE,
		 "struct pid *(int, struct pid_namespace *)",
		 "reading /proc as a directory, for such a reader") },
	{ DIRECT(__x64_sys_pidfd_open, ACTIVE,
		 "long (const struct pt_regs *)",
		 "pidfd_open finds its pid without any of the above"), },
	{ DIRECT(__ia32_sys_pidfd_open, ACTIVE,
		 "long (const struct pt_regs *)",
		 "the same for 32-bit programs"), .optional = true },

	/* Whose view. */
	{ DIRECT(task_active_pid_ns, ACTIVE,
		 "struct pid_namespace *(struct task_struct *)",
		 "who looks, where the viewer is not current: signals, ptrace") },
	{ DIRECT(pidfd_pid, ACTIVE, "struct pid *(const struct file *)",
		 "pidfd_send_signal through the wall of a container"),
	  ORIGINAL(pidfd_pid) },
	{ DIRECT(tgid_pidfd_to_pid, ACTIVE, "struct pid *(const struct file *)",
		 "the same with a /proc/PID directory as pidfd"),
	  ORIGINAL(tgid_pidfd_to_pid) },

	{ DIRECT(wait_consider_task, ACTIVE,
		 "int (struct wait_opts *, int, struct task_struct *)",
		 "the kernel would go on unlocked after waiting for a child without a number"),
	  ORIGINAL(wait_consider_task) },
	{ DIRECT(do_send_sig_info, ACTIVE,
		 "int (int, struct kernel_siginfo *, struct task_struct *, enum pid_type)",
		 "the sender in mq_notify(3), asked for in the wrong namespace"),
	  ORIGINAL(do_send_sig_info) },
	{ DIRECT(locks_translate_pid, ACTIVE,
		 "pid_t (struct " CT_FILE_LOCK " *, struct pid_namespace *)",
		 "holders of file locks, not translated for the host's /proc"),
	  ORIGINAL(locks_translate_pid) },

	/* Numbers that go past all of the above. */
	{ DIRECT(__set_task_comm, ACTIVE,
		 "void (struct task_struct *, const char *, bool)",
		 "names of worker threads, as iou-wrk-PID"),
	  ORIGINAL(__set_task_comm) },
	{ DIRECT(vhost_task_create, ACTIVE,
		 "struct vhost_task *(bool (*)(void *), void (*)(void *), void *, const char *)",
		 "the same, as vhost-PID"),
	  ORIGINAL(vhost_task_create), .optional = true },
	{ DIRECT(io_uring_show_fdinfo, ACTIVE,
		 "void (struct seq_file *, struct file *)",
		 "the thread that polls a ring, in its fdinfo"),
	  ORIGINAL(io_uring_show_fdinfo), .optional = true },
	{ DIRECT(task_numa_group_id, ACTIVE,
		 "pid_t (struct task_struct *)",
		 "Ngid in /proc/PID/status"),
	  ORIGINAL(task_numa_group_id), .optional = true },
	{ DIRECT(request_key_auth_describe, ACTIVE,
		 "void (const struct key *, struct seq_file *)",
		 "for whom a key is requested, in /proc/keys"),
	  ORIGINAL(request_key_auth_describe), .optional = true },
	{ DIRECT(netlink_seq_show, ACTIVE,
		 "int (struct seq_file *, void *)",
		 "addresses of the host's sockets in /proc/net/netlink"),
	  ORIGINAL(netlink_seq_show) },
	{ DIRECT(put_cmsg, ACTIVE,
		 "int (struct msghdr *, int, int, int, void *)",
		 "SCM_CREDENTIALS of netlink and Bluetooth, a number in the sender's view"),
	  ORIGINAL(put_cmsg) },
	{ DIRECT(netdev_nl_napi_fill_one, ACTIVE,
		 "int (struct sk_buff *, struct napi_struct *, const struct genl_info *)",
		 "threads of network devices, in answers of the family netdev"),
	  ORIGINAL(netdev_nl_napi_fill_one), .optional = true },
	{ DIRECT(netlink_unicast, ACTIVE,
		 "int (struct sock *, struct sk_buff *, u32, int)",
		 "who changed the rules, in nftables' answers"),
	  ORIGINAL(netlink_unicast) },
	{ DIRECT(skb_recv_datagram, ACTIVE,
		 "struct sk_buff *(struct sock *, unsigned int, int *)",
		 "who has a virtual machine, in KVM's uevents"),
	  ORIGINAL(skb_recv_datagram) },

	/* What is about nothing but such numbers is refused. */
	{ DIRECT(security_file_open, ACTIVE,
		 "int (struct file *)",
		 "files that are about global numbers, such as debugfs"),
	  ORIGINAL(security_file_open), .optional = true },
	{ DIRECT(security_file_ioctl, ACTIVE,
		 "int (struct file *, unsigned int, unsigned long)",
		 "ioctls that take or give global numbers"),
	  ORIGINAL(security_file_ioctl), .optional = true },
	{ DIRECT(security_file_ioctl_compat, ACTIVE,
		 "int (struct file *, unsigned int, unsigned long)",
		 "the same for 32-bit programs"),
	  ORIGINAL(security_file_ioctl_compat), .optional = true },
	{ DIRECT(security_socket_getsockname, ACTIVE,
		 "int (struct socket *)",
		 "addresses of PPPoL2TP sockets"),
	  ORIGINAL(security_socket_getsockname), .optional = true },
	{ DIRECT(security_socket_getpeername, ACTIVE,
		 "int (struct socket *)",
		 "the same, of a peer"),
	  ORIGINAL(security_socket_getpeername), .optional = true },
	{ DIRECT(security_syslog, ACTIVE,
		 "int (int)",
		 "numbers in the kernel's log"),
	  ORIGINAL(security_syslog), .optional = true },
	{ DIRECT(security_bpf, ACTIVE,
		 "int (int, union bpf_attr *, unsigned int)",
		 "BPF programs, which see global numbers"),
	  ORIGINAL(security_bpf), .optional = true },
	{ DIRECT(security_perf_event_open, ACTIVE,
		 "int (struct perf_event_attr *, int)",
		 "common_pid in perf's raw samples"),
	  ORIGINAL(security_perf_event_open), .optional = true },
	{ DIRECT(vfs_get_tree, ACTIVE,
		 "int (struct fs_context *)",
		 "autofs and coda tell their daemon global numbers"),
	  ORIGINAL(vfs_get_tree) },
	{ DIRECT(netlink_bind, ACTIVE,
		 "int (struct socket *, struct sockaddr *, int)",
		 "messages about the host's processes: connector, audit"),
	  ORIGINAL(netlink_bind) },
	{ DIRECT(netlink_setsockopt, ACTIVE,
		 "int (struct socket *, int, int, sockptr_t, unsigned int)",
		 "the same by NETLINK_ADD_MEMBERSHIP"),
	  ORIGINAL(netlink_setsockopt) },
	{ DIRECT(sock_diag_rcv_msg, ACTIVE,
		 "int (struct sk_buff *, struct nlmsghdr *, struct netlink_ext_ack *)",
		 "the same as /proc/net/netlink, by a message"),
	  ORIGINAL(sock_diag_rcv_msg) },

	/* Copies of all netlink messages. */
	{ DIRECT(netlink_add_tap, ACTIVE, "int (struct netlink_tap *)",
		 "a tap of netlink that a contained task sets up: nlmon") },
	{ DIRECT(sk_alloc, ACTIVE,
		 "struct sock *(struct net *, int, gfp_t, struct proto *, int)",
		 "which packet sockets were made inside"),
	  ORIGINAL(sk_alloc) },
	{ DIRECT(packet_rcv, ACTIVE, CT_PROTO_PACKET_RCV,
		 "what such a socket would hear of the host's taps"),
	  ORIGINAL(packet_rcv) },
	{ DIRECT(tpacket_rcv, ACTIVE, CT_PROTO_PACKET_RCV,
		 "the same, one with a ring"),
	  ORIGINAL(tpacket_rcv) },
	{ DIRECT(packet_rcv_spkt, ACTIVE, CT_PROTO_PACKET_RCV,
		 "the same, one of type SOCK_PACKET"),
	  ORIGINAL(packet_rcv_spkt) },
	{ DIRECT(rtnetlink_rcv_msg, ACTIVE,
		 "int (struct sk_buff *, struct nlmsghdr *, struct netlink_ext_ack *)",
		 "diverting a tap by traffic control"),
	  ORIGINAL(rtnetlink_rcv_msg) },
	{ DIRECT(nf_register_net_hook, ACTIVE,
		 "int (struct net *, const struct nf_hook_ops *)",
		 "diverting a tap by netfilter"),
	  ORIGINAL(nf_register_net_hook), .optional = true },

	/* Lifetime. */
	{ DIRECT(alloc_pid, ACTIVE,
		 "struct pid *(struct pid_namespace *, pid_t *, size_t)",
		 "gives the child of a contained task its number"),
	  ORIGINAL(alloc_pid) },
	{ DIRECT(sched_post_fork, ACTIVE, "void (struct task_struct *)",
		 "catches forks that overlap with entering or with the container's end"),
	  ORIGINAL(sched_post_fork) },
	{ DIRECT(free_pid, ACTIVE, "void (struct pid *)",
		 "gives the number back"),
	  ORIGINAL(free_pid) },
	{ DIRECT(proc_flush_pid, ACTIVE, "void (struct pid *)",
		 "notices the last task, even if its pid lives on as a session"),
	  ORIGINAL(proc_flush_pid) },
	{ DIRECT(disassociate_ctty, ACTIVE, "void (int)",
		 "ends the container when its process 1 exits"),
	  ORIGINAL(disassociate_ctty) },
	{ DIRECT(reboot_pid_ns, ACTIVE, "int (struct pid_namespace *, int)",
		 "the kernel would follow a reaper where there is none"),
	  ORIGINAL(reboot_pid_ns) },

	/* /proc/container, a file and a directory. */
	{ REDIRECT(proc_root_lookup, LOADED,
		   "struct dentry *(struct inode *, struct dentry *, unsigned int)",
		   "finds the directory where the path goes on or asks for one"),
	  ORIGINAL(proc_root_lookup) },
	{ REDIRECT(proc_fill_super, ACTIVE,
		   "int (struct super_block *, struct fs_context *)",
		   "per-viewer numbers in procfs mounts to come"),
	  ORIGINAL(proc_fill_super) },
	{ DIRECT(proc_misc_d_revalidate, LOADED,
		 "int (struct dentry *, unsigned int)",
		 "tells the file from the directory, and containers from each other"),
	  ORIGINAL(proc_misc_d_revalidate) },
	{ DIRECT(proc_lookup, ACTIVE,
		 "struct dentry *(struct inode *, struct dentry *, unsigned int)",
		 "a contained task finds its own container only; views are automount points"),
	  ORIGINAL(proc_lookup) },
	{ DIRECT(proc_readdir, ACTIVE,
		 "int (struct file *, struct dir_context *)",
		 "a contained task lists its own container only"),
	  ORIGINAL(proc_readdir) },

	/* A container's /proc, seen from outside. */
	{ DIRECT(proc_self_get_link, ACTIVE,
		 "const char *(struct dentry *, struct inode *, struct delayed_call *)",
		 "ps and top need a self also where the reader has no number"),
	  ORIGINAL(proc_self_get_link) },
	{ DIRECT(proc_thread_self_get_link, ACTIVE,
		 "const char *(struct dentry *, struct inode *, struct delayed_call *)",
		 "the same for thread-self"),
	  ORIGINAL(proc_thread_self_get_link) },

	/* /proc/PID/container. */
	{ DIRECT(proc_pident_lookup, EITHER,
		 "struct dentry *(struct inode *, struct dentry *, const struct pid_entry *, const struct pid_entry *)",
		 "finds /proc/PID/container"),
	  ORIGINAL(proc_pident_lookup) },
	{ DIRECT(proc_pident_readdir, EITHER,
		 "int (struct file *, struct dir_context *, const struct pid_entry *, unsigned int)",
		 "lists /proc/PID/container") },
	{ DIRECT(proc_pid_arch_status, LOADED,
		 "int (struct seq_file *, struct pid_namespace *, struct pid *, struct task_struct *)",
		 "shows /proc/PID/container, which shares this function with arch_status"),
	  ORIGINAL(proc_pid_arch_status) },

	/* Resource containers. */
	{ DIRECT(cgroup_can_fork, RESOURCE,
		 "int (struct task_struct *, struct kernel_clone_args *)",
		 "a child is charged to the groups of its parent, or refused"),
	  ORIGINAL(cgroup_can_fork) },
	{ DIRECT(cgroup_cancel_fork, RESOURCE,
		 "void (struct task_struct *, struct kernel_clone_args *)",
		 "takes that back when the fork fails otherwise"),
	  ORIGINAL(cgroup_cancel_fork) },
	{ DIRECT(cgroup_post_fork, RESOURCE,
		 "void (struct task_struct *, struct kernel_clone_args *)",
		 "lists the child, and moves it if its parent was moved meanwhile"),
	  ORIGINAL(cgroup_post_fork) },
	{ DIRECT(cgroup_exit, RESOURCE, "void (struct task_struct *)",
		 "a task that exits leaves its groups"),
	  ORIGINAL(cgroup_exit) },
	{ DIRECT(cgroup_release, RESOURCE, "void (struct task_struct *)",
		 "what a zombie was charged for is given back when it has been waited for"),
	  ORIGINAL(cgroup_release) },
	{ DIRECT(exchange_tids, RESOURCE,
		 "void (struct task_struct *, struct task_struct *)",
		 "a thread that calls execve() takes over the pid of its process"),
	  ORIGINAL(exchange_tids) },
};

const unsigned int ct_nr_hooks = ARRAY_SIZE(ct_hooks);
