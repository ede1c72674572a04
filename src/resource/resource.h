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

struct ct_container;
struct ct_group_ops;

/**
 * struct ct_rset - the groups of a task, shared by all that are in the same ones
 * @refs: of entries, and of who looks
 * @css: the states of @group; NULL: that of the root
 * @group: by the number of the hierarchy; NULL: the root
 * @link: entries of the sets lists of @group; under ct_set_lock
 * @tasks: entries of tasks; under ct_set_lock
 * @exited: entries of those that have exited; under ct_set_lock
 * @nr_tasks: how many are on @tasks
 * @can_fork: subsystems in @css that have such a callback
 * @cancel_fork: the same
 * @fork: the same
 * @exit: the same
 * @release: the same
 * @hash: entry of the table of sets; under ct_set_lock
 * @rcu: to wait for readers
 *
 * But for the lists nothing changes.  There is none with no group at all.
 */
struct ct_rset {
	refcount_t refs;
	struct container_css *css[CONTAINER_SUBSYS_MAX];
	struct ct_rgroup *group[CT_HIERARCHIES_MAX + 1];
	struct list_head link[CT_HIERARCHIES_MAX + 1];
	struct list_head tasks;
	struct list_head exited;
	unsigned int nr_tasks;
	unsigned long can_fork;
	unsigned long cancel_fork;
	unsigned long fork;
	unsigned long exit;
	unsigned long release;
	struct hlist_node hash;
	struct rcu_head rcu;
};

/**
 * struct ct_rgroup - a group of tasks
 * @hierarchy: whose; of no meaning when removed
 * @number: the hierarchy's; that may have ended
 * @parent: the group above, with a reference; NULL: this is the root
 * @self: stands for the group where a file has no subsystem
 * @css: the states; of the hierarchy's subsystems only
 * @children: groups right below; under ct_rmutex, read under RCU
 * @sibling: entry there
 * @dentry: of the directory; NULL when removed; read under RCU
 * @files: dentries of the files, with a reference; changed under ct_rmutex,
 *	   ct_notify_lock and the lock of the directory's inode; freed with
 *	   that inode
 * @nr_files: how many
 * @refs: who needs the memory
 * @sets: sets with this group; under ct_set_lock
 * @populated: how many of @sets have tasks and of @children are populated;
 *	       under ct_set_lock
 * @dead: removed; under ct_rmutex and ct_set_lock, read without
 * @notify_on_release: run the agent
 * @clone_children: take over settings in mkdir
 * @emptied: the agent is to be run; under ct_set_lock
 * @container: the pid container that it is the group of, or NULL: it was made
 *	       by hand; under ct_rmutex
 * @build: files that are being made; under ct_rmutex
 * @work: does what cannot be done when a task exits: events, agent
 * @rcu: to wait for readers
 */
struct ct_rgroup {
	struct ct_hierarchy *hierarchy;
	unsigned int number;
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
	struct ct_container *container;
	struct ct_rbuild *build;
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

/**
 * struct ct_rinode - an inode of ours
 * @vfs: the inode
 * @group: the directory's, or the one that the file is in; with a reference
 * @css: of a file: whose state, with a reference; &ct_rgroup.self for our own
 * @file: of a file: what it does
 * @poll: who waits for it to change
 * @event: how often it has
 * @changed: to be told to inotify; under ct_notify_lock
 */
struct ct_rinode {
	struct inode vfs;
	struct ct_rgroup *group;
	struct container_css *css;
	const struct container_file *file;
	wait_queue_head_t poll;
	unsigned int event;
	bool changed;
};

static inline struct ct_rinode *ct_rinode(struct inode *inode)
{
	return container_of(inode, struct ct_rinode, vfs);
}

/*
 * The tree of groups, who is in them, and what is mounted.  Inside of the
 * locks of our inodes, outside of tasklist_lock.
 */
extern struct mutex ct_rmutex;
/* All under ct_rmutex; pointers are read without under RCU. */
extern struct ct_hierarchy *ct_hierarchies[CT_HIERARCHIES_MAX + 1];
extern struct container_subsys *ct_subsys[CONTAINER_SUBSYS_MAX];
/* How often one was unregistered, so that its number may be another one's. */
extern unsigned int ct_subsys_gone;
extern struct workqueue_struct *ct_rwq;
/* Protects what tells watchers of files; a leaf. */
extern spinlock_t ct_notify_lock;

/* The subsystem with the lowest number from *@id on of those in @bits. */
static inline struct container_subsys *ct_subsys_next(unsigned int *id,
						      unsigned long bits)
{
	for (; *id < CONTAINER_SUBSYS_MAX; ++*id)
		if (test_bit(*id, &bits) && ct_subsys[*id])
			return ct_subsys[*id];
	return NULL;
}

#define for_each_subsys(ss, id, bits)					\
	for ((id) = 0; ((ss) = ct_subsys_next(&(id), bits)); (id)++)

/* subsys.c */
struct container_css *ct_css_create(struct container_subsys *ss,
				    struct ct_rgroup *group);
void ct_css_offline(struct container_css *css);
void ct_css_kill(struct container_css *css);
void ct_css_flush(void);
struct module *ct_subsys_module(const struct container_subsys *ss);
int ct_subsys_find(const char *name);
unsigned long ct_subsys_all(void);

/* set.c */
struct ct_rset *ct_rset_find(const struct ct_rset *from, unsigned int hierarchy,
			     struct ct_rgroup *group, gfp_t gfp);
void ct_rset_get(struct ct_rset *set);
void ct_rset_put(struct ct_rset *set);
void ct_rset_put_locked(struct ct_rset *set);
struct ct_rset *ct_rset_of(const struct task_struct *task);
struct container_css *ct_rset_css(const struct ct_rset *set, unsigned int id);

/* fork.c */
struct ct_rentry;
void ct_rentry_list(struct ct_rentry *e);
void ct_rentry_relist(struct ct_rentry *e, struct ct_rset *to);
void ct_rentry_unlist(struct ct_rentry *e);
void ct_tasks_release(void);
void ct_tasks_drop(void);

/* attach.c */
struct ct_rmove;
struct ct_rmove *ct_rmove_begin(struct ct_rgroup *to, unsigned int room,
				gfp_t gfp);
bool ct_rmove_add(struct ct_rmove *move, struct task_struct *task);
int ct_rmove_ask(struct ct_rmove *move);
int ct_rmove_commit(struct ct_rmove *move,
		    bool (*goes)(struct task_struct *task, void *data),
		    void *data);
void ct_rmove_cancel(struct ct_rmove *move);
void ct_rmove_end(struct ct_rmove *move);
bool ct_attach_unasked(struct ct_rmove *move);
int ct_attach(struct ct_rgroup *to, struct task_struct *task, bool process);
void ct_attach_child(struct task_struct *child);

/* group.c */
struct ct_rgroup *ct_rgroup_create(struct ct_hierarchy *h,
				   struct ct_rgroup *parent,
				   struct ct_container *container);
int ct_rgroup_online(struct ct_rgroup *group);
void ct_rgroup_abandon(struct ct_rgroup *group);
int ct_rgroup_remove(struct ct_rgroup *group);
void ct_rgroup_get(struct ct_rgroup *group);
void ct_rgroup_put(struct ct_rgroup *group);
void ct_rgroup_populated(struct ct_rgroup *group, int delta);
int ct_rgroup_path(struct ct_rgroup *group, char *buf, size_t size);

/* hierarchy.c */
struct ct_hierarchy *ct_hierarchy_create(unsigned long subsys, bool noprefix);
void ct_hierarchy_end(struct ct_hierarchy *h);
int ct_hierarchy_add(struct ct_hierarchy *h, unsigned long bits);
void ct_hierarchy_take(struct ct_hierarchy *h, unsigned long bits);
void ct_hierarchy_names(struct seq_file *m, unsigned long bits,
			const char *between);
void ct_resource_show_task(struct seq_file *m, struct task_struct *task);
void ct_resource_settle(void);

/* fs.c */
int ct_fs_init(void);
void ct_fs_unregister(void);
void ct_fs_exit(void);

/* dir.c */
extern const struct inode_operations ct_dir_inode_ops;
int ct_dir_make(struct ct_rgroup *parent, struct ct_container *container);
int ct_dir_remove(struct dentry *dentry);
struct inode *ct_inode_create(struct super_block *sb, struct ct_rgroup *group,
			      umode_t mode);
int ct_files_build(struct ct_rgroup *group, struct dentry *dir,
		   unsigned long subsys, bool own);
void ct_files_show(struct ct_rgroup *group);
void ct_files_abandon(struct ct_rgroup *group);
unsigned int ct_files_hide(struct ct_rgroup *group, unsigned long subsys,
			   bool own);
void ct_files_remove(struct ct_rgroup *group, unsigned int nr);
void ct_files_forget(struct ct_rgroup *group);

/* file.c */
extern const struct file_operations ct_file_ops;
extern const struct container_file * const ct_own_files[];
extern const struct container_file ct_events_file;
extern const struct container_file ct_tasks_file;
extern const struct container_file ct_procs_file;

/* tasks.c */
/**
 * struct ct_rpids - the numbers of a group's tasks at one moment, sorted
 * @nr: how many
 * @room: for how many there is
 * @pid: as the reader sees them
 */
struct ct_rpids {
	unsigned int nr;
	unsigned int room;
	pid_t pid[];
};

struct ct_rpids *ct_rpids_take(struct ct_rgroup *group, bool procs);
int ct_tasks_write(struct file *file, struct ct_rgroup *group, char *buf,
		   bool procs);

/* pidspace.c */
extern const struct ct_group_ops ct_group_ops;
struct ct_container *ct_rgroup_owner(const struct ct_rgroup *group);
int ct_pid_groups_make(struct ct_hierarchy *h);
struct ct_rset *ct_pid_groups_correct(struct ct_rset *set,
				      struct task_struct *task);

/* agent.c */
void ct_rgroup_work(struct work_struct *work);
void ct_rgroup_queue(struct ct_rgroup *group);

/* of the whole room, in hierarchy.c */
int ct_resource_init(void);
void ct_resource_remove(void);
void ct_resource_exit(void);

#endif
