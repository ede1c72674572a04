/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Resource containers: hierarchies of groups of tasks.
 *
 * Terms.  A hierarchy is a mounted (or persistent) tree with the subsystems that
 * it is for.  A group is a directory of one.  A task is in one group of each
 * hierarchy; which ones is a set, and tasks that are in the same groups share
 * it.  A task's entry, found by its global pid, points to its set.  The set in
 * which everything is the root does not exist: such tasks have no entry.
 *
 * Documentation/resource.md has the whole, Documentation/locking.md the locks.
 */
#ifndef CT_RESOURCE_RESOURCE_H
#define CT_RESOURCE_RESOURCE_H

#include <linux/fs.h>
#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/refcount.h>
#include <linux/spinlock.h>
#include <linux/types.h>
#include <linux/wait.h>
#include <linux/workqueue.h>

#include <container/subsys.h>

/* Numbered from 1; 0 stands for subsystems that are in none. */
#define CT_HIERARCHIES_MAX	8
#define CT_AGENT_MAX		PATH_MAX

struct ct_rset;

/**
 * struct ct_rgroup - a group of tasks
 * @hierarchy: whose; NULL for a removed group whose hierarchy may have ended
 * @parent: the group above, with a reference; NULL: this is the root
 * @self: stands for the group where a file has no subsystem
 * @css: the states; of the hierarchy's subsystems only
 * @children: groups right below; under ct_rmutex, read under RCU
 * @sibling: entry there
 * @dentry: of the directory; NULL when removed; read under RCU
 * @files: their dentries, with a reference; under ct_rmutex
 * @nr_files: how many
 * @refs: who needs the memory
 * @sets: sets with this group; under ct_set_lock
 * @populated: how many of @sets have tasks and of @children are populated;
 *	       under ct_set_lock
 * @dead: removed; under ct_rmutex and ct_set_lock, read without
 * @notify_on_release: run the agent
 * @clone_children: take over settings in mkdir
 * @emptied: the agent is to be run; under ct_set_lock
 * @work: does what cannot be done when a task exits: events, agent
 * @rcu: to wait for readers
 */
struct ct_rgroup {
	struct ct_hierarchy *hierarchy;
	struct ct_rgroup *parent;
	struct container_css self;
	struct container_css *css[CONTAINER_SUBSYS_MAX];
	struct list_head children;
	struct list_head sibling;
	struct dentry *dentry;
	struct dentry **files;
	unsigned int nr_files;
	refcount_t refs;
	struct list_head sets;
	unsigned int populated;
	bool dead;
	bool notify_on_release;
	bool clone_children;
	bool emptied;
	struct work_struct work;
	struct rcu_head rcu;
};

/**
 * struct ct_hierarchy - a tree of groups
 * @id: 1 to CT_HIERARCHIES_MAX
 * @subsys: bits of the subsystems' ids
 * @noprefix: files are called FILE, not SUBSYS.FILE
 * @root: the root group
 * @sb: its file system; NULL while that is being made or is going
 * @nr_groups: the root included
 * @agent: the program to run when a group has become empty; under ct_rmutex
 */
struct ct_hierarchy {
	unsigned int id;
	unsigned long subsys;
	bool noprefix;
	struct ct_rgroup *root;
	struct super_block *sb;
	unsigned int nr_groups;
	char *agent;
};
