/* SPDX-License-Identifier: GPL-2.0 */
/* /proc/PID/container, see taskfile.c. */
#ifndef CT_PROCFS_TASKFILE_H
#define CT_PROCFS_TASKFILE_H

#define CT_TASK_FILE		"container"
#define CT_TASK_FILE_LEN	(sizeof(CT_TASK_FILE) - 1)

/*
 * procfs' tables of what is in /proc/PID and in /proc/PID/task/TID; read by the
 * trampolines, too.
 */
struct pid_entry;
extern const struct pid_entry *ct_tgid_entries;
extern const struct pid_entry *ct_tid_entries;

int ct_taskfile_init(void);

#endif
