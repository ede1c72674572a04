/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Trampolines of the direct hooks.
 *
 * ftrace has patched the call at the hooked function's entry to come here, so
 * the stack holds the return address into that function and above it the one
 * of its caller.  A trampoline decides with a few instructions whether the
 * call is of interest.  If not it returns, and the function runs as if nothing
 * had happened.  If so it drops the first return address and jumps to the
 * replacement, which then stands in for the function: same arguments, same
 * caller.
 *
 * Only rax, r10 and r11 may be changed: all others may hold arguments or be
 * the caller's.
 *
 * No lock is held and none can be: this runs in NMIs, under tasklist_lock, and
 * where preemption is on.  The slot pages are freed after an RCU-tasks grace
 * period, which no task can let pass in here.  See pidspace/slots.h.
 */
#include <linux/linkage.h>
#include <asm/percpu.h>
#include <asm/unwind_hints.h>

#include "compat/current.h"
#include "hook-offsets.h"
#include "pidspace/slots.h"
#include "resource/entry.h"

/* Is the global number in eax contained?  ZF clear if so. */
.macro TEST_NUMBER
	movl	%eax, %r10d
	shrl	$CT_SLOT_SHIFT, %r10d
	movq	ct_slot_dir(,%r10,8), %r10
	testq	%r10, %r10
	jz	.Lfree\@
	andl	$CT_SLOT_MASK, %eax
	shll	$CT_SLOT_SIZE_SHIFT, %eax
	cmpq	$0, (CT_PAGE_slots + CT_SLOT_ns)(%r10, %rax)
.Lfree\@:
.endm

.macro TEST_CURRENT
	movq	PER_CPU_VAR(CT_CURRENT_TASK), %rax
	movl	CT_TASK_pid(%rax), %eax
	TEST_NUMBER
.endm

/* Go on in the replacement instead of the hooked function. */
.macro REDIRECT func
	addq	$8, %rsp
	UNWIND_HINT_FUNC
	jmp	ct_hook_\func
.endm

/* Redirected when current is contained. */
.macro TRAMPOLINE_CURRENT func
SYM_FUNC_START(ct_tramp_\func)
	TEST_CURRENT
	jnz	.Lcontained_\func
	RET
.Lcontained_\func:
	REDIRECT \func
SYM_FUNC_END(ct_tramp_\func)
.endm

/* Redirected when the struct pid in the first argument is contained. */
.macro TRAMPOLINE_PID func
SYM_FUNC_START(ct_tramp_\func)
	movl	CT_PID_nr(%rdi), %eax
	TEST_NUMBER
	jnz	.Lcontained_\func
	RET
.Lcontained_\func:
	REDIRECT \func
SYM_FUNC_END(ct_tramp_\func)
.endm

/*
 * Redirected when the namespace in \ns is a token, or is the initial one and
 * current is contained.  NULL, if it may be, means current's.
 */
.macro TRAMPOLINE_NS func, ns, nullable=0
SYM_FUNC_START(ct_tramp_\func)
.if \nullable
	testq	\ns, \ns
	jz	.Lcurrent_\func
.endif
	cmpq	$init_pid_ns, \ns
	jne	.Lother_\func
.Lcurrent_\func:
	TEST_CURRENT
	jnz	.Lcontained_\func
.Lhost_\func:
	RET
.Lother_\func:
	cmpl	$0, CT_PIDNS_level(\ns)
	jne	.Lhost_\func
.Lcontained_\func:
	REDIRECT \func
SYM_FUNC_END(ct_tramp_\func)
.endm

	.text

TRAMPOLINE_NS __task_pid_nr_ns, %rdx, nullable=1
TRAMPOLINE_NS pid_nr_ns, %rsi, nullable=1

TRAMPOLINE_CURRENT pid_vnr
TRAMPOLINE_CURRENT find_vpid
TRAMPOLINE_CURRENT find_task_by_vpid
TRAMPOLINE_CURRENT find_get_task_by_vpid
TRAMPOLINE_CURRENT find_get_pid
/*
 * These two read the token's own table unaided when they are given a token;
 * only a contained reader of the host's /proc needs help.
 */
TRAMPOLINE_CURRENT find_task_by_pid_ns
TRAMPOLINE_CURRENT find_ge_pid
TRAMPOLINE_CURRENT alloc_pid
TRAMPOLINE_CURRENT sched_post_fork
TRAMPOLINE_CURRENT disassociate_ctty
TRAMPOLINE_CURRENT reboot_pid_ns
TRAMPOLINE_CURRENT wait_consider_task
TRAMPOLINE_CURRENT __x64_sys_pidfd_open
TRAMPOLINE_CURRENT __ia32_sys_pidfd_open
TRAMPOLINE_CURRENT pidfd_pid
TRAMPOLINE_CURRENT tgid_pidfd_to_pid
TRAMPOLINE_CURRENT locks_translate_pid
TRAMPOLINE_CURRENT proc_readdir

TRAMPOLINE_CURRENT __set_task_comm
TRAMPOLINE_CURRENT vhost_task_create
TRAMPOLINE_CURRENT io_uring_show_fdinfo
TRAMPOLINE_CURRENT task_numa_group_id
TRAMPOLINE_CURRENT netlink_seq_show
TRAMPOLINE_CURRENT request_key_auth_describe
TRAMPOLINE_CURRENT put_cmsg
TRAMPOLINE_CURRENT netdev_nl_napi_fill_one
TRAMPOLINE_CURRENT netlink_unicast
TRAMPOLINE_CURRENT netlink_broadcast
TRAMPOLINE_CURRENT netlink_broadcast_filtered
TRAMPOLINE_CURRENT __get_filter
TRAMPOLINE_CURRENT skb_recv_datagram
TRAMPOLINE_CURRENT security_socket_getsockname
TRAMPOLINE_CURRENT security_socket_getpeername
TRAMPOLINE_CURRENT security_file_open
TRAMPOLINE_CURRENT security_file_ioctl
TRAMPOLINE_CURRENT security_file_ioctl_compat
TRAMPOLINE_CURRENT security_syslog
TRAMPOLINE_CURRENT security_bpf
TRAMPOLINE_CURRENT security_perf_event_open
TRAMPOLINE_CURRENT vfs_get_tree
TRAMPOLINE_CURRENT netlink_bind
TRAMPOLINE_CURRENT netlink_setsockopt
TRAMPOLINE_CURRENT sock_diag_rcv_msg

TRAMPOLINE_CURRENT netlink_add_tap
TRAMPOLINE_CURRENT rtnetlink_rcv_msg
TRAMPOLINE_CURRENT nf_register_net_hook

/* Packet and netlink sockets only. */
SYM_FUNC_START(ct_tramp_sk_alloc)
	cmpl	$CT_AF_PACKET, %esi
	je	.Lmarked_sk_alloc
	cmpl	$CT_AF_NETLINK, %esi
	jne	.Lhost_sk_alloc
.Lmarked_sk_alloc:
	TEST_CURRENT
	jnz	.Lcontained_sk_alloc
.Lhost_sk_alloc:
	RET
.Lcontained_sk_alloc:
	REDIRECT sk_alloc
SYM_FUNC_END(ct_tramp_sk_alloc)

/* Redirected when the device in the second argument is a tap of netlink. */
.macro TRAMPOLINE_TAP func
SYM_FUNC_START(ct_tramp_\func)
	cmpw	$CT_ARPHRD_NETLINK, CT_NET_DEVICE_type(%rsi)
	je	.Ltap_\func
	RET
.Ltap_\func:
	REDIRECT \func
SYM_FUNC_END(ct_tramp_\func)
.endm

TRAMPOLINE_TAP packet_rcv
TRAMPOLINE_TAP tpacket_rcv
TRAMPOLINE_TAP packet_rcv_spkt

TRAMPOLINE_PID free_pid
TRAMPOLINE_PID proc_flush_pid

SYM_FUNC_START(ct_tramp_task_active_pid_ns)
	movl	CT_TASK_pid(%rdi), %eax
	TEST_NUMBER
	jnz	.Lcontained_task_active_pid_ns
	RET
.Lcontained_task_active_pid_ns:
	REDIRECT task_active_pid_ns
SYM_FUNC_END(ct_tramp_task_active_pid_ns)

/* Only the siginfo of message queues; 0 and 1 are no pointers. */
SYM_FUNC_START(ct_tramp_do_send_sig_info)
	cmpq	$1, %rsi
	jbe	.Lhost_do_send_sig_info
	cmpl	$CT_SI_MESGQ, CT_SIGINFO_code(%rsi)
	je	.Lqueue_do_send_sig_info
.Lhost_do_send_sig_info:
	RET
.Lqueue_do_send_sig_info:
	REDIRECT do_send_sig_info
SYM_FUNC_END(ct_tramp_do_send_sig_info)

/* Redirected when the inode in the second argument is of a container's procfs. */
.macro TRAMPOLINE_PROCFS func
SYM_FUNC_START(ct_tramp_\func)
	movq	CT_INODE_sb(%rsi), %r10
	movq	CT_SB_info(%r10), %r10
	movq	CT_PROC_INFO_ns(%r10), %r10
	cmpq	$init_pid_ns, %r10
	je	.Lhost_\func
	cmpl	$0, CT_PIDNS_level(%r10)
	jne	.Lhost_\func
	REDIRECT \func
.Lhost_\func:
	RET
SYM_FUNC_END(ct_tramp_\func)
.endm

TRAMPOLINE_PROCFS proc_self_get_link
TRAMPOLINE_PROCFS proc_thread_self_get_link

/* The directories of processes and of threads only, and there one name. */
SYM_FUNC_START(ct_tramp_proc_pident_lookup)
	cmpq	ct_tgid_entries(%rip), %rdx
	je	.Ltask_proc_pident_lookup
	cmpq	ct_tid_entries(%rip), %rdx
	jne	.Lother_proc_pident_lookup
.Ltask_proc_pident_lookup:
	cmpl	$CT_TASK_FILE_LEN, CT_DENTRY_len(%rsi)
	je	.Lours_proc_pident_lookup
.Lother_proc_pident_lookup:
	RET
.Lours_proc_pident_lookup:
	REDIRECT proc_pident_lookup
SYM_FUNC_END(ct_tramp_proc_pident_lookup)

/* The same directories, and when procfs has nothing more to list. */
SYM_FUNC_START(ct_tramp_proc_pident_readdir)
	cmpq	ct_tgid_entries(%rip), %rdx
	je	.Ltask_proc_pident_readdir
	cmpq	ct_tid_entries(%rip), %rdx
	jne	.Lother_proc_pident_readdir
.Ltask_proc_pident_readdir:
	movl	%ecx, %eax
	addq	$2, %rax
	cmpq	%rax, CT_DIR_CONTEXT_pos(%rsi)
	je	.Lend_proc_pident_readdir
.Lother_proc_pident_readdir:
	RET
.Lend_proc_pident_readdir:
	REDIRECT proc_pident_readdir
SYM_FUNC_END(ct_tramp_proc_pident_readdir)

/* Has the task in \task an entry, that is a set of groups?  ZF clear if so. */
.macro TEST_ENTRY task
	movl	CT_TASK_pid(\task), %eax
	movl	%eax, %r10d
	shrl	$CT_RDIR_SHIFT, %r10d
	movq	ct_rdir(,%r10,8), %r10
	testq	%r10, %r10
	jz	.Lroot\@
	andl	$CT_RDIR_MASK, %eax
	cmpq	$0, (%r10, %rax, 8)
.Lroot\@:
.endm

/* Redirected when the task in the first argument has an entry. */
.macro TRAMPOLINE_ENTRY func
SYM_FUNC_START(ct_tramp_\func)
	TEST_ENTRY %rdi
	jnz	.Lentry_\func
	RET
.Lentry_\func:
	REDIRECT \func
SYM_FUNC_END(ct_tramp_\func)
.endm

TRAMPOLINE_ENTRY cgroup_cancel_fork
TRAMPOLINE_ENTRY cgroup_exit
TRAMPOLINE_ENTRY cgroup_release
TRAMPOLINE_ENTRY cpuset_cpus_allowed
TRAMPOLINE_ENTRY cpuset_cpus_allowed_fallback
TRAMPOLINE_ENTRY set_cpus_allowed_ptr
TRAMPOLINE_ENTRY __sched_setaffinity
TRAMPOLINE_ENTRY cpuset_change_task_nodemask

/*
 * The same; but where it is more than two words, the first argument is where the
 * result is wanted.
 */
SYM_FUNC_START(ct_tramp_cpuset_mems_allowed)
#if CT_NODEMASK_SIZE > 16
	TEST_ENTRY %rsi
#else
	TEST_ENTRY %rdi
#endif
	jnz	.Lentry_cpuset_mems_allowed
	RET
.Lentry_cpuset_mems_allowed:
	REDIRECT cpuset_mems_allowed
SYM_FUNC_END(ct_tramp_cpuset_mems_allowed)

/* Redirected when current has one. */
SYM_FUNC_START(ct_tramp_cgroup_can_fork)
	movq	PER_CPU_VAR(CT_CURRENT_TASK), %r11
	TEST_ENTRY %r11
	jnz	.Lentry_cgroup_can_fork
	RET
.Lentry_cgroup_can_fork:
	REDIRECT cgroup_can_fork
SYM_FUNC_END(ct_tramp_cgroup_can_fork)

/* When the child or current has. */
SYM_FUNC_START(ct_tramp_cgroup_post_fork)
	TEST_ENTRY %rdi
	jnz	.Lentry_cgroup_post_fork
	movq	PER_CPU_VAR(CT_CURRENT_TASK), %r11
	TEST_ENTRY %r11
	jnz	.Lentry_cgroup_post_fork
	RET
.Lentry_cgroup_post_fork:
	REDIRECT cgroup_post_fork
SYM_FUNC_END(ct_tramp_cgroup_post_fork)

/* When one of the two threads has. */
SYM_FUNC_START(ct_tramp_exchange_tids)
	TEST_ENTRY %rdi
	jnz	.Lentry_exchange_tids
	TEST_ENTRY %rsi
	jnz	.Lentry_exchange_tids
	RET
.Lentry_exchange_tids:
	REDIRECT exchange_tids
SYM_FUNC_END(ct_tramp_exchange_tids)

/* NULL is the owner of memory that nobody owns. */
SYM_FUNC_START(ct_tramp_mem_cgroup_from_task)
	testq	%rdi, %rdi
	jz	.Lroot_mem_cgroup_from_task
	TEST_ENTRY %rdi
	jnz	.Lentry_mem_cgroup_from_task
.Lroot_mem_cgroup_from_task:
	RET
.Lentry_mem_cgroup_from_task:
	REDIRECT mem_cgroup_from_task
SYM_FUNC_END(ct_tramp_mem_cgroup_from_task)

/* Whose memory it is can be asked under RCU only, which is not for here. */
SYM_FUNC_START(ct_tramp_get_mem_cgroup_from_mm)
	REDIRECT get_mem_cgroup_from_mm
SYM_FUNC_END(ct_tramp_get_mem_cgroup_from_mm)

SYM_FUNC_START(ct_tramp_mem_cgroup_scan_tasks)
	REDIRECT mem_cgroup_scan_tasks
SYM_FUNC_END(ct_tramp_mem_cgroup_scan_tasks)

SYM_FUNC_START(ct_tramp_proc_pid_arch_status)
	REDIRECT proc_pid_arch_status
SYM_FUNC_END(ct_tramp_proc_pid_arch_status)

SYM_FUNC_START(ct_tramp_out_of_memory)
	REDIRECT out_of_memory
SYM_FUNC_END(ct_tramp_out_of_memory)

SYM_FUNC_START(ct_tramp_proc_lookup)
	REDIRECT proc_lookup
SYM_FUNC_END(ct_tramp_proc_lookup)

SYM_FUNC_START(ct_tramp_proc_misc_d_revalidate)
	REDIRECT proc_misc_d_revalidate
SYM_FUNC_END(ct_tramp_proc_misc_d_revalidate)
