// SPDX-License-Identifier: GPL-2.0
/*
 * Telling about groups what a task that exits cannot tell itself: that a file
 * has changed, and that the group is empty (release agent).
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/fsnotify.h>
#include <linux/module.h>
#include <linux/poll.h>
#include <linux/slab.h>
#include <linux/umh.h>

#include "resource/entry.h"
#include "resource/resource.h"

DEFINE_SPINLOCK(ct_notify_lock);

/**
 * ct_rgroup_queue - have ct_rgroup_work() run for a group
 * @group: a group that is not removed
 *
 * Context: any but NMI.
 */
void ct_rgroup_queue(struct ct_rgroup *group)
{
	ct_rgroup_get(group);
	if (!queue_work(ct_rwq, &group->work))
		ct_rgroup_put(group);
}

static struct ct_rinode *file_inode_of(struct ct_rgroup *group,
				       const struct container_css *css,
				       const struct container_file *file)
{
	unsigned int i;

	for (i = 0; i < group->nr_files; i++) {
		struct ct_rinode *ri = ct_rinode(d_inode(group->files[i]));

		if (ri->css == css && ri->file == file)
			return ri;
	}
	return NULL;
}

/**
 * container_file_notify - tell watchers that a file has changed
 * @css: a state
 * @file: one of its files
 *
 * poll(2) on it says so at once, inotify(7) soon.
 *
 * Context: any but NMI.
 */
void container_file_notify(struct container_css *css,
			   const struct container_file *file)
{
	struct ct_rgroup *group = css->group;
	struct ct_rinode *ri;
	unsigned long flags;

	spin_lock_irqsave(&ct_notify_lock, flags);
	ri = file_inode_of(group, css, file);
	if (ri) {
		WRITE_ONCE(ri->event, ri->event + 1);
		ri->changed = true;
		wake_up_interruptible_poll(&ri->poll, EPOLLPRI | EPOLLERR);
		ct_rgroup_queue(group);
	}
	spin_unlock_irqrestore(&ct_notify_lock, flags);
}
EXPORT_SYMBOL_GPL(container_file_notify);

static bool take_changed(struct ct_rinode *ri)
{
	bool changed;

	spin_lock_irq(&ct_notify_lock);
	changed = ri->changed;
	ri->changed = false;
	spin_unlock_irq(&ct_notify_lock);
	return changed;
}

/*
 * The files stay as long as ct_rmutex is held: no reference on a dentry
 * outlives the file system.
 */
static void notify_files(struct ct_rgroup *group)
{
	unsigned int i;

	lockdep_assert_held(&ct_rmutex);
	for (i = 0; i < group->nr_files; i++)
		if (take_changed(ct_rinode(d_inode(group->files[i]))))
			fsnotify_dentry(group->files[i], FS_MODIFY);
}

/* Is it still empty, and somebody wants to know? Then not again. */
static bool take_emptied(struct ct_rgroup *group)
{
	bool emptied;

	spin_lock_irq(&ct_set_lock);
	emptied = group->emptied && !group->dead && !group->populated &&
		  list_empty(&group->children) &&
		  READ_ONCE(group->notify_on_release);
	group->emptied = false;
	spin_unlock_irq(&ct_set_lock);
	return emptied;
}

static char *agent_of(struct ct_rgroup *group, char *path)
{
	const char *agent;

	if (group->dead || !take_emptied(group))
		return NULL;
	agent = group->hierarchy->agent;
	if (!agent || ct_rgroup_path(group, path, PATH_MAX) < 0)
		return NULL;
	return kstrdup(agent, GFP_KERNEL);
}

static void run_agent(char *agent, char *path)
{
	char *argv[3], *envp[3];
	int err;

	argv[0] = agent;
	argv[1] = path;
	argv[2] = NULL;
	envp[0] = "HOME=/";
	envp[1] = "PATH=/sbin:/bin:/usr/sbin:/usr/bin";
	envp[2] = NULL;
	err = call_usermodehelper(agent, argv, envp, UMH_WAIT_EXEC);
	if (err)
		pr_info_ratelimited("cannot run the release agent %s (%d)\n",
				    agent, err);
}

/**
 * ct_rgroup_work - what is due for a group
 * @work: its
 */
void ct_rgroup_work(struct work_struct *work)
{
	struct ct_rgroup *group = container_of(work, struct ct_rgroup, work);
	char *path = kmalloc(PATH_MAX, GFP_KERNEL | __GFP_NOFAIL);
	char *agent;

	mutex_lock(&ct_rmutex);
	notify_files(group);
	agent = agent_of(group, path);
	mutex_unlock(&ct_rmutex);
	if (agent)
		run_agent(agent, path);
	kfree(agent);
	kfree(path);
	ct_rgroup_put(group);
}
