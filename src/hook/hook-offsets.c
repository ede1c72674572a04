// SPDX-License-Identifier: GPL-2.0
/* Structure offsets for trampoline.S, turned into hook-offsets.h by Kbuild. */
#include <linux/dcache.h>
#include <linux/fs.h>
#include <linux/if_arp.h>
#include <linux/kbuild.h>
#include <linux/netdevice.h>
#include <linux/nodemask.h>
#include <linux/pid.h>
#include <linux/pid_namespace.h>
#include <linux/proc_fs.h>
#include <linux/sched.h>
#include <linux/signal.h>
#include <linux/socket.h>

#include "pidspace/slots.h"
#include "procfs/taskfile.h"

static void __used ct_offsets(void)
{
	OFFSET(CT_TASK_pid, task_struct, pid);
	OFFSET(CT_PID_nr, pid, numbers[0].nr);
	OFFSET(CT_PIDNS_level, pid_namespace, level);
	OFFSET(CT_SIGINFO_code, kernel_siginfo, si_code);
	DEFINE(CT_SI_MESGQ, SI_MESGQ);
	OFFSET(CT_INODE_sb, inode, i_sb);
	OFFSET(CT_SB_info, super_block, s_fs_info);
	OFFSET(CT_PROC_INFO_ns, proc_fs_info, pid_ns);
	OFFSET(CT_DENTRY_len, dentry, d_name.len);
	OFFSET(CT_DIR_CONTEXT_pos, dir_context, pos);
	DEFINE(CT_TASK_FILE_LEN, CT_TASK_FILE_LEN);
	OFFSET(CT_NET_DEVICE_type, net_device, type);
	DEFINE(CT_ARPHRD_NETLINK, ARPHRD_NETLINK);
	DEFINE(CT_AF_PACKET, AF_PACKET);
	DEFINE(CT_AF_NETLINK, AF_NETLINK);
	OFFSET(CT_PAGE_slots, ct_slot_page, slots);
	OFFSET(CT_SLOT_ns, ct_slot, ns);
	DEFINE(CT_SLOT_SIZE, sizeof(struct ct_slot));
	DEFINE(CT_NODEMASK_SIZE, sizeof(nodemask_t));
}
