/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the hook table points to.  A replacement is called ct_hook_FUNC, the
 * trampoline before it ct_tramp_FUNC, the way to the original
 * static_call(ct_orig_FUNC).
 *
 * Replacements of functions that a kernel header declares get their type from
 * there, so a change of the prototype breaks the build.
 */
#ifndef CT_HOOK_HANDLERS_H
#define CT_HOOK_HANDLERS_H

#include <linux/cgroup.h>
#include <linux/cpuset.h>
#include <linux/dcache.h>
#include <linux/fs.h>
#include <linux/fs_context.h>
#include <linux/memcontrol.h>
#include <linux/netdevice.h>
#include <linux/netfilter.h>
#include <linux/netlink.h>
#include <linux/oom.h>
#include <linux/pid.h>
#include <linux/pid_namespace.h>
#include <linux/proc_fs.h>
#include <linux/ptrace.h>
#include <linux/sched/numa_balancing.h>
#include <linux/sched/task.h>
#include <linux/security.h>
#include <linux/signal.h>
#include <linux/socket.h>
#include <linux/sockptr.h>
#include <linux/static_call.h>
#include <linux/tty.h>
#include <net/sock.h>

#include "compat/affinity.h"
#include "compat/netlink.h"

/* Not declared in any header for modules; compared with BTF at load. */
struct dentry *proc_lookup(struct inode *dir, struct dentry *dentry,
			   unsigned int flags);
int proc_readdir(struct file *file, struct dir_context *ctx);
struct dentry *proc_root_lookup(struct inode *dir, struct dentry *dentry,
				unsigned int flags);
int proc_misc_d_revalidate(struct dentry *dentry, unsigned int flags);
int proc_fill_super(struct super_block *s, struct fs_context *fc);
const char *proc_self_get_link(struct dentry *dentry, struct inode *inode,
			       struct delayed_call *done);
const char *proc_thread_self_get_link(struct dentry *dentry,
				      struct inode *inode,
				      struct delayed_call *done);
struct pid_entry;
struct dentry *proc_pident_lookup(struct inode *dir, struct dentry *dentry,
				  const struct pid_entry *p,
				  const struct pid_entry *end);
int proc_pident_readdir(struct file *file, struct dir_context *ctx,
			const struct pid_entry *ents, unsigned int nents);
long __x64_sys_pidfd_open(const struct pt_regs *regs);
long __ia32_sys_pidfd_open(const struct pt_regs *regs);

/* The lock is only handed on; its type depends on the kernel. */
pid_t locks_translate_pid(void *lock, struct pid_namespace *ns);
struct wait_opts;
struct bpf_prog;
struct sock_fprog;
struct nf_hook_ops;
struct genl_info;
struct key;
struct seq_file;
struct sockaddr;
struct socket;
union bpf_attr;
struct vhost_task *vhost_task_create(bool (*fn)(void *),
				     void (*handle_sigkill)(void *),
				     void *arg, const char *name);
void io_uring_show_fdinfo(struct seq_file *m, struct file *f);
void request_key_auth_describe(const struct key *key, struct seq_file *m);
int netlink_seq_show(struct seq_file *seq, void *v);
int netdev_nl_napi_fill_one(struct sk_buff *rsp, struct napi_struct *napi,
			    const struct genl_info *info);
int netlink_bind(struct socket *sock, struct sockaddr *addr, int addr_len);
int netlink_setsockopt(struct socket *sock, int level, int optname,
		       sockptr_t optval, unsigned int optlen);
int sock_diag_rcv_msg(struct sk_buff *skb, struct nlmsghdr *nlh,
		      struct netlink_ext_ack *extack);
int rtnetlink_rcv_msg(struct sk_buff *skb, struct nlmsghdr *nlh,
		      struct netlink_ext_ack *extack);
/* Not declared by a kernel without netfilter. */
int nf_register_net_hook(struct net *net, const struct nf_hook_ops *ops);
int packet_rcv(struct sk_buff *skb, struct net_device *dev,
	       struct packet_type *pt, struct net_device *orig_dev);
int tpacket_rcv(struct sk_buff *skb, struct net_device *dev,
		struct packet_type *pt, struct net_device *orig_dev);
int packet_rcv_spkt(struct sk_buff *skb, struct net_device *dev,
		    struct packet_type *pt, struct net_device *orig_dev);
struct bpf_prog *__get_filter(struct sock_fprog *fprog, struct sock *sk);
int wait_consider_task(struct wait_opts *wo, int ptrace, struct task_struct *p);
int __sched_setaffinity(struct task_struct *task, ct_affinity_t *wanted);
void cpuset_change_task_nodemask(struct task_struct *task, nodemask_t *mems);

/* pidspace/translate.c */
extern typeof(__task_pid_nr_ns) ct_hook___task_pid_nr_ns;
extern typeof(pid_nr_ns) ct_hook_pid_nr_ns;
extern typeof(pid_vnr) ct_hook_pid_vnr;
extern typeof(find_vpid) ct_hook_find_vpid;
extern typeof(find_task_by_vpid) ct_hook_find_task_by_vpid;
extern typeof(find_get_task_by_vpid) ct_hook_find_get_task_by_vpid;
extern typeof(find_get_pid) ct_hook_find_get_pid;
extern typeof(find_task_by_pid_ns) ct_hook_find_task_by_pid_ns;
extern typeof(find_ge_pid) ct_hook_find_ge_pid;
extern typeof(task_active_pid_ns) ct_hook_task_active_pid_ns;

extern typeof(wait_consider_task) ct_hook_wait_consider_task;
extern typeof(do_send_sig_info) ct_hook_do_send_sig_info;
extern typeof(locks_translate_pid) ct_hook_locks_translate_pid;
DECLARE_STATIC_CALL(ct_orig_wait_consider_task, wait_consider_task);
DECLARE_STATIC_CALL(ct_orig_do_send_sig_info, do_send_sig_info);
DECLARE_STATIC_CALL(ct_orig_locks_translate_pid, locks_translate_pid);

/* pidspace/boundary.c */
extern typeof(__set_task_comm) ct_hook___set_task_comm;
extern typeof(vhost_task_create) ct_hook_vhost_task_create;
extern typeof(io_uring_show_fdinfo) ct_hook_io_uring_show_fdinfo;
extern typeof(request_key_auth_describe) ct_hook_request_key_auth_describe;
extern typeof(task_numa_group_id) ct_hook_task_numa_group_id;
extern typeof(netlink_seq_show) ct_hook_netlink_seq_show;
extern typeof(put_cmsg) ct_hook_put_cmsg;
DECLARE_STATIC_CALL(ct_orig___set_task_comm, __set_task_comm);
DECLARE_STATIC_CALL(ct_orig_vhost_task_create, vhost_task_create);
DECLARE_STATIC_CALL(ct_orig_io_uring_show_fdinfo, io_uring_show_fdinfo);
DECLARE_STATIC_CALL(ct_orig_request_key_auth_describe,
		    request_key_auth_describe);
DECLARE_STATIC_CALL(ct_orig_task_numa_group_id, task_numa_group_id);
DECLARE_STATIC_CALL(ct_orig_netlink_seq_show, netlink_seq_show);
DECLARE_STATIC_CALL(ct_orig_put_cmsg, put_cmsg);
extern typeof(netdev_nl_napi_fill_one) ct_hook_netdev_nl_napi_fill_one;
DECLARE_STATIC_CALL(ct_orig_netdev_nl_napi_fill_one, netdev_nl_napi_fill_one);
extern typeof(netlink_unicast) ct_hook_netlink_unicast;
DECLARE_STATIC_CALL(ct_orig_netlink_unicast, netlink_unicast);
extern typeof(skb_recv_datagram) ct_hook_skb_recv_datagram;
DECLARE_STATIC_CALL(ct_orig_skb_recv_datagram, skb_recv_datagram);

/* pidspace/refuse.c */
extern typeof(security_file_open) ct_hook_security_file_open;
extern typeof(security_file_ioctl) ct_hook_security_file_ioctl;
extern typeof(security_file_ioctl_compat) ct_hook_security_file_ioctl_compat;
extern typeof(security_socket_getsockname) ct_hook_security_socket_getsockname;
extern typeof(security_socket_getpeername) ct_hook_security_socket_getpeername;
extern typeof(security_syslog) ct_hook_security_syslog;
extern typeof(security_bpf) ct_hook_security_bpf;
extern typeof(security_perf_event_open) ct_hook_security_perf_event_open;
extern typeof(vfs_get_tree) ct_hook_vfs_get_tree;
extern typeof(netlink_bind) ct_hook_netlink_bind;
extern typeof(netlink_setsockopt) ct_hook_netlink_setsockopt;
extern typeof(sock_diag_rcv_msg) ct_hook_sock_diag_rcv_msg;
DECLARE_STATIC_CALL(ct_orig_security_file_open, security_file_open);
DECLARE_STATIC_CALL(ct_orig_security_file_ioctl, security_file_ioctl);
DECLARE_STATIC_CALL(ct_orig_security_file_ioctl_compat,
		    security_file_ioctl_compat);
DECLARE_STATIC_CALL(ct_orig_security_socket_getsockname,
		    security_socket_getsockname);
DECLARE_STATIC_CALL(ct_orig_security_socket_getpeername,
		    security_socket_getpeername);
DECLARE_STATIC_CALL(ct_orig_security_syslog, security_syslog);
DECLARE_STATIC_CALL(ct_orig_security_bpf, security_bpf);
DECLARE_STATIC_CALL(ct_orig_security_perf_event_open, security_perf_event_open);
DECLARE_STATIC_CALL(ct_orig_vfs_get_tree, vfs_get_tree);
DECLARE_STATIC_CALL(ct_orig_netlink_bind, netlink_bind);
DECLARE_STATIC_CALL(ct_orig_netlink_setsockopt, netlink_setsockopt);
DECLARE_STATIC_CALL(ct_orig_sock_diag_rcv_msg, sock_diag_rcv_msg);

/* pidspace/tap.c */
extern typeof(netlink_add_tap) ct_hook_netlink_add_tap;
extern typeof(sk_alloc) ct_hook_sk_alloc;
extern typeof(packet_rcv) ct_hook_packet_rcv;
extern typeof(tpacket_rcv) ct_hook_tpacket_rcv;
extern typeof(packet_rcv_spkt) ct_hook_packet_rcv_spkt;
extern typeof(rtnetlink_rcv_msg) ct_hook_rtnetlink_rcv_msg;
extern typeof(nf_register_net_hook) ct_hook_nf_register_net_hook;
DECLARE_STATIC_CALL(ct_orig_sk_alloc, sk_alloc);
DECLARE_STATIC_CALL(ct_orig_packet_rcv, packet_rcv);
DECLARE_STATIC_CALL(ct_orig_tpacket_rcv, tpacket_rcv);
DECLARE_STATIC_CALL(ct_orig_packet_rcv_spkt, packet_rcv_spkt);
DECLARE_STATIC_CALL(ct_orig_rtnetlink_rcv_msg, rtnetlink_rcv_msg);
DECLARE_STATIC_CALL(ct_orig_nf_register_net_hook, nf_register_net_hook);

/* pidspace/address.c */
extern typeof(netlink_broadcast) ct_hook_netlink_broadcast;
extern typeof(netlink_broadcast_filtered) ct_hook_netlink_broadcast_filtered;
extern typeof(__get_filter) ct_hook___get_filter;
DECLARE_STATIC_CALL(ct_orig_netlink_broadcast, netlink_broadcast);
DECLARE_STATIC_CALL(ct_orig_netlink_broadcast_filtered,
		    netlink_broadcast_filtered);
DECLARE_STATIC_CALL(ct_orig___get_filter, __get_filter);

/* pidspace/pidfd.c */
extern typeof(__x64_sys_pidfd_open) ct_hook___x64_sys_pidfd_open;
extern typeof(__ia32_sys_pidfd_open) ct_hook___ia32_sys_pidfd_open;
extern typeof(pidfd_pid) ct_hook_pidfd_pid;
extern typeof(tgid_pidfd_to_pid) ct_hook_tgid_pidfd_to_pid;
DECLARE_STATIC_CALL(ct_orig_pidfd_pid, pidfd_pid);
DECLARE_STATIC_CALL(ct_orig_tgid_pidfd_to_pid, tgid_pidfd_to_pid);

/* pidspace/lifetime.c */
extern typeof(alloc_pid) ct_hook_alloc_pid;
extern typeof(sched_post_fork) ct_hook_sched_post_fork;
extern typeof(free_pid) ct_hook_free_pid;
extern typeof(proc_flush_pid) ct_hook_proc_flush_pid;
extern typeof(disassociate_ctty) ct_hook_disassociate_ctty;
DECLARE_STATIC_CALL(ct_orig_alloc_pid, alloc_pid);
DECLARE_STATIC_CALL(ct_orig_sched_post_fork, sched_post_fork);
DECLARE_STATIC_CALL(ct_orig_free_pid, free_pid);
DECLARE_STATIC_CALL(ct_orig_proc_flush_pid, proc_flush_pid);
DECLARE_STATIC_CALL(ct_orig_disassociate_ctty, disassociate_ctty);

/* pidspace/reaper.c */
extern typeof(reboot_pid_ns) ct_hook_reboot_pid_ns;
DECLARE_STATIC_CALL(ct_orig_reboot_pid_ns, reboot_pid_ns);

/* procfs/root.c, procfs/entries.c */
extern typeof(proc_root_lookup) ct_hook_proc_root_lookup;
extern typeof(proc_misc_d_revalidate) ct_hook_proc_misc_d_revalidate;
extern typeof(proc_fill_super) ct_hook_proc_fill_super;
extern typeof(proc_lookup) ct_hook_proc_lookup;
extern typeof(proc_readdir) ct_hook_proc_readdir;
DECLARE_STATIC_CALL(ct_orig_proc_root_lookup, proc_root_lookup);
DECLARE_STATIC_CALL(ct_orig_proc_misc_d_revalidate, proc_misc_d_revalidate);
DECLARE_STATIC_CALL(ct_orig_proc_fill_super, proc_fill_super);
DECLARE_STATIC_CALL(ct_orig_proc_lookup, proc_lookup);
DECLARE_STATIC_CALL(ct_orig_proc_readdir, proc_readdir);

/* procfs/self.c */
extern typeof(proc_self_get_link) ct_hook_proc_self_get_link;
extern typeof(proc_thread_self_get_link) ct_hook_proc_thread_self_get_link;
DECLARE_STATIC_CALL(ct_orig_proc_self_get_link, proc_self_get_link);
DECLARE_STATIC_CALL(ct_orig_proc_thread_self_get_link,
		    proc_thread_self_get_link);

/* procfs/taskfile.c */
extern typeof(proc_pident_lookup) ct_hook_proc_pident_lookup;
extern typeof(proc_pident_readdir) ct_hook_proc_pident_readdir;
extern typeof(proc_pid_arch_status) ct_hook_proc_pid_arch_status;
DECLARE_STATIC_CALL(ct_orig_proc_pident_lookup, proc_pident_lookup);
DECLARE_STATIC_CALL(ct_orig_proc_pid_arch_status, proc_pid_arch_status);

/* hook/trampoline.S; addresses only, never called from C */
void ct_tramp___task_pid_nr_ns(void);
void ct_tramp_pid_nr_ns(void);
void ct_tramp_pid_vnr(void);
void ct_tramp_find_vpid(void);
void ct_tramp_find_task_by_vpid(void);
void ct_tramp_find_get_task_by_vpid(void);
void ct_tramp_find_get_pid(void);
void ct_tramp_find_task_by_pid_ns(void);
void ct_tramp_find_ge_pid(void);
void ct_tramp_task_active_pid_ns(void);
void ct_tramp___x64_sys_pidfd_open(void);
void ct_tramp___ia32_sys_pidfd_open(void);
void ct_tramp_pidfd_pid(void);
void ct_tramp_tgid_pidfd_to_pid(void);
void ct_tramp_wait_consider_task(void);
void ct_tramp_do_send_sig_info(void);
void ct_tramp_locks_translate_pid(void);
void ct_tramp___set_task_comm(void);
void ct_tramp_vhost_task_create(void);
void ct_tramp_io_uring_show_fdinfo(void);
void ct_tramp_task_numa_group_id(void);
void ct_tramp_netlink_seq_show(void);
void ct_tramp_request_key_auth_describe(void);
void ct_tramp_put_cmsg(void);
void ct_tramp_netdev_nl_napi_fill_one(void);
void ct_tramp_netlink_unicast(void);
void ct_tramp_netlink_broadcast(void);
void ct_tramp_netlink_broadcast_filtered(void);
void ct_tramp___get_filter(void);
void ct_tramp_skb_recv_datagram(void);
void ct_tramp_security_socket_getsockname(void);
void ct_tramp_security_socket_getpeername(void);
void ct_tramp_security_file_open(void);
void ct_tramp_security_file_ioctl(void);
void ct_tramp_security_file_ioctl_compat(void);
void ct_tramp_security_syslog(void);
void ct_tramp_security_bpf(void);
void ct_tramp_security_perf_event_open(void);
void ct_tramp_vfs_get_tree(void);
void ct_tramp_netlink_bind(void);
void ct_tramp_netlink_setsockopt(void);
void ct_tramp_sock_diag_rcv_msg(void);
void ct_tramp_netlink_add_tap(void);
void ct_tramp_sk_alloc(void);
void ct_tramp_packet_rcv(void);
void ct_tramp_tpacket_rcv(void);
void ct_tramp_packet_rcv_spkt(void);
void ct_tramp_rtnetlink_rcv_msg(void);
void ct_tramp_nf_register_net_hook(void);
void ct_tramp_alloc_pid(void);
void ct_tramp_sched_post_fork(void);
void ct_tramp_free_pid(void);
void ct_tramp_proc_flush_pid(void);
void ct_tramp_disassociate_ctty(void);
void ct_tramp_reboot_pid_ns(void);
void ct_tramp_proc_misc_d_revalidate(void);
void ct_tramp_proc_lookup(void);
void ct_tramp_proc_readdir(void);
void ct_tramp_proc_self_get_link(void);
void ct_tramp_proc_thread_self_get_link(void);
void ct_tramp_proc_pident_lookup(void);
void ct_tramp_proc_pident_readdir(void);
void ct_tramp_proc_pid_arch_status(void);
void ct_tramp_out_of_memory(void);
void ct_tramp_cgroup_can_fork(void);
void ct_tramp_cgroup_cancel_fork(void);
void ct_tramp_cgroup_post_fork(void);
void ct_tramp_cgroup_exit(void);
void ct_tramp_cgroup_release(void);
void ct_tramp_exchange_tids(void);
void ct_tramp_get_mem_cgroup_from_mm(void);
void ct_tramp_mem_cgroup_from_task(void);
void ct_tramp_mem_cgroup_scan_tasks(void);
void ct_tramp_cpuset_cpus_allowed(void);
void ct_tramp_cpuset_cpus_allowed_fallback(void);
void ct_tramp_set_cpus_allowed_ptr(void);
void ct_tramp___sched_setaffinity(void);
void ct_tramp_cpuset_mems_allowed(void);
void ct_tramp_cpuset_change_task_nodemask(void);

/* checkpoint/oom.c */
extern typeof(out_of_memory) ct_hook_out_of_memory;
DECLARE_STATIC_CALL(ct_orig_out_of_memory, out_of_memory);

/* resource/fork.c */
extern typeof(cgroup_can_fork) ct_hook_cgroup_can_fork;
extern typeof(cgroup_cancel_fork) ct_hook_cgroup_cancel_fork;
extern typeof(cgroup_post_fork) ct_hook_cgroup_post_fork;
extern typeof(cgroup_exit) ct_hook_cgroup_exit;
extern typeof(cgroup_release) ct_hook_cgroup_release;
extern typeof(exchange_tids) ct_hook_exchange_tids;
DECLARE_STATIC_CALL(ct_orig_cgroup_can_fork, cgroup_can_fork);
DECLARE_STATIC_CALL(ct_orig_cgroup_cancel_fork, cgroup_cancel_fork);
DECLARE_STATIC_CALL(ct_orig_cgroup_post_fork, cgroup_post_fork);
DECLARE_STATIC_CALL(ct_orig_cgroup_exit, cgroup_exit);
DECLARE_STATIC_CALL(ct_orig_cgroup_release, cgroup_release);
DECLARE_STATIC_CALL(ct_orig_exchange_tids, exchange_tids);

/* resource/memory.c */
extern typeof(get_mem_cgroup_from_mm) ct_hook_get_mem_cgroup_from_mm;
extern typeof(mem_cgroup_from_task) ct_hook_mem_cgroup_from_task;
int ct_hook_mem_cgroup_scan_tasks(struct mem_cgroup *memcg,
				  int (*fn)(struct task_struct *, void *),
				  void *arg);
DECLARE_STATIC_CALL(ct_orig_get_mem_cgroup_from_mm, get_mem_cgroup_from_mm);
DECLARE_STATIC_CALL(ct_orig_mem_cgroup_from_task, mem_cgroup_from_task);
DECLARE_STATIC_CALL(ct_orig_mem_cgroup_scan_tasks, mem_cgroup_scan_tasks);

/* resource/cpuset_tasks.c */
extern typeof(cpuset_cpus_allowed) ct_hook_cpuset_cpus_allowed;
extern typeof(cpuset_cpus_allowed_fallback) ct_hook_cpuset_cpus_allowed_fallback;
extern typeof(set_cpus_allowed_ptr) ct_hook_set_cpus_allowed_ptr;
extern typeof(__sched_setaffinity) ct_hook___sched_setaffinity;
extern typeof(cpuset_mems_allowed) ct_hook_cpuset_mems_allowed;
extern typeof(cpuset_change_task_nodemask) ct_hook_cpuset_change_task_nodemask;
DECLARE_STATIC_CALL(ct_orig_cpuset_cpus_allowed, cpuset_cpus_allowed);
DECLARE_STATIC_CALL(ct_orig_cpuset_cpus_allowed_fallback,
		    cpuset_cpus_allowed_fallback);
DECLARE_STATIC_CALL(ct_orig_set_cpus_allowed_ptr, set_cpus_allowed_ptr);
DECLARE_STATIC_CALL(ct_orig___sched_setaffinity, __sched_setaffinity);
DECLARE_STATIC_CALL(ct_orig_cpuset_mems_allowed, cpuset_mems_allowed);
DECLARE_STATIC_CALL(ct_orig_cpuset_change_task_nodemask,
		    cpuset_change_task_nodemask);

#endif
