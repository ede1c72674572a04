/* SPDX-License-Identifier: GPL-2.0 */
/* The controllers that come with the module, each in a file of its own. */
#ifndef CT_RESOURCE_CONTROLLERS_H
#define CT_RESOURCE_CONTROLLERS_H

struct container_subsys;

extern struct container_subsys ct_numtasks;
extern struct container_subsys ct_cpuacct;
extern struct container_subsys ct_freezer;
extern struct container_subsys ct_pidspace;
extern struct container_subsys ct_memory;
extern struct container_subsys ct_cpuset;

int ct_controllers_init(void);
void ct_controllers_exit(void);

/* numtasks.c */
void ct_numtasks_exit(void);

/* freezer.c */
void ct_freezer_exit(void);

/* cpuset.c */
int ct_cpuset_init(void);
void ct_cpuset_exit(void);

#endif
