// SPDX-License-Identifier: GPL-2.0
/*
 * Root and working directory.
 *
 * An image has their paths from the root of the file systems.  The restored
 * task goes there by chdir(2) and chroot(2), so that it needs the rights for
 * that.
 */
#include <linux/dcache.h>
#include <linux/fs_struct.h>
#include <linux/namei.h>
#include <linux/nsproxy.h>
#include <linux/path.h>
#include <linux/sched/signal.h>
#include <linux/sched/task.h>
#include <linux/slab.h>

#include "checkpoint/checkpoint.h"
#include "checkpoint/freeze.h"
#include "checkpoint/syscall.h"
#include "checkpoint/task.h"
#include "hook/symbols.h"

DEFINE_STATIC_CALL_NULL(ct_d_absolute_path, d_absolute_path);
DEFINE_STATIC_CALL_NULL(ct_free_fs_struct, free_fs_struct);

/* How often to look again at what may just be changing. */
#define LOOKS	3

/**
 * struct directories - what is to be saved
 * @root: referenced
 * @cwd: referenced
 * @umask: of new files
 */
struct directories {
	struct path root;
	struct path cwd;
	int umask;
};

static bool get_directories(struct task_struct *task, struct directories *dirs,
			    const struct fs_struct **fs)
{
	task_lock(task);
	*fs = task->fs;
	if (task->fs) {
		spin_lock(&task->fs->lock);
		dirs->root = task->fs->root;
		path_get(&dirs->root);
		dirs->cwd = task->fs->pwd;
		path_get(&dirs->cwd);
		dirs->umask = task->fs->umask;
		spin_unlock(&task->fs->lock);
	}
	task_unlock(task);
	return *fs;
}

static void put_directories(struct directories *dirs)
{
	path_put(&dirs->root);
	path_put(&dirs->cwd);
}

static int count_users(struct task_struct *leader, const struct fs_struct *fs)
{
	struct task_struct *t;
	int n = 0;

	rcu_read_lock();
	for_each_thread(leader, t)
		if (READ_ONCE(t->fs) == fs)
			n++;
	rcu_read_unlock();
	return n;
}

static int count_in_container(struct ct_save *s, const struct fs_struct *fs)
{
	unsigned int i, count = ct_frozen_count(s->tasks);
	int n = 0;

	for (i = 0; i < count; i++)
		if (READ_ONCE(ct_frozen_task(s->tasks, i, NULL)->fs) == fs)
			n++;
	return n;
}

/*
 * Does somebody outside have it, too?  A task that is being made or is ending
 * looks like one, so it is to be seen several times.
 */
static bool is_shared(struct ct_save *s, struct task_struct *leader)
{
	const struct fs_struct *fs;
	unsigned int i;
	int users;

	for (i = 0; i < LOOKS; i++) {
		task_lock(leader);
		fs = leader->fs;
		users = fs ? READ_ONCE(fs->users) : 0;
		task_unlock(leader);
		if (!fs || users == count_users(leader, fs) ||
		    users == count_in_container(s, fs))
			return false;
		if (s->frozen)
			break;
		schedule_timeout_uninterruptible(1);
	}
	return true;
}

/*
 * A path that leads elsewhere now: something has been mounted there, or it is in
 * another mount namespace.  Only as long as nothing is frozen, for what is in a
 * container may be what serves the file system.
 */
static bool leads_there(const char *name, const struct path *path)
{
	struct path found;
	bool same;

	if (kern_path(name, LOOKUP_DIRECTORY, &found))
		return false;
	same = path_equal(&found, path);
	path_put(&found);
	return same;
}

/* A path in @page, or NULL after a blocker or an error. */
static const char *path_of(struct ct_save *s, const struct path *path,
			   const char *where, char *page, int *err)
{
	char *name;

	*err = 0;
	if (d_unlinked(path->dentry)) {
		*err = ct_block(s, where, "deleted directory",
				"the directory has been removed, so nobody could go there again",
				"have the process go to another directory");
		return NULL;
	}
	name = static_call(ct_d_absolute_path)(path, page, PATH_MAX);
	if (!IS_ERR(name) && (s->frozen || leads_there(name, path)))
		return name;
	*err = ct_block(s, where, "unreachable directory",
			IS_ERR(name) && PTR_ERR(name) == -ENAMETOOLONG ?
			"the directory's path is too long" :
			"the directory is in another mount namespace, has been unmounted, or something else has been mounted over it",
			"have the process go to another directory");
	return NULL;
}

static int save_paths(struct ct_save *s, const struct directories *dirs,
		      char *pages, u32 id)
{
	struct container_image_fs *rec;
	const char *root, *cwd;
	size_t root_size, cwd_size;
	int err;

	root = path_of(s, &dirs->root, "root", pages, &err);
	if (err)
		return err;
	cwd = path_of(s, &dirs->cwd, "cwd", pages + PATH_MAX, &err);
	if (err || !root || !cwd)
		return err;
	root_size = strlen(root) + 1;
	cwd_size = strlen(cwd) + 1;
	rec = ct_out_record(&s->out, CONTAINER_IMAGE_FS, id,
			    sizeof(*rec) + root_size + cwd_size);
	if (!rec)
		return -ENOMEM;
	rec->umask = dirs->umask;
	rec->root_size = root_size;
	rec->cwd_size = cwd_size;
	memcpy(rec + 1, root, root_size);
	memcpy((char *)(rec + 1) + root_size, cwd, cwd_size);
	return 0;
}

/**
 * ct_save_fs - save a process's root and working directory
 * @s: the checkpoint
 * @task: first thread of the process
 * @id: set to what the record is called; 0: it has none, as it is ending
 *
 * Directories that it shares with a process outside are a blocker.
 *
 * Context: may sleep.
 * Return: 0 or a negative errno.
 */
int ct_save_fs(struct ct_save *s, struct task_struct *task, u32 *id)
{
	const struct fs_struct *fs;
	struct directories dirs;
	char *pages;
	int err;

	*id = 0;
	pages = kvmalloc(2 * PATH_MAX, GFP_KERNEL);
	if (!pages)
		return -ENOMEM;
	if (!get_directories(task, &dirs, &fs)) {
		kvfree(pages);
		return 0;
	}
	/* An address only: it may have gone by now. */
	err = ct_object_id(&s->fss, fs, id);
	if (err > 0)
		err = save_paths(s, &dirs, pages, *id);
	if (!err && is_shared(s, task))
		err = ct_block(s, "cwd", "shared directories",
			       "a process outside shares its root, working directory and umask (CLONE_FS)",
			       "end one of the two");
	put_directories(&dirs);
	kvfree(pages);
	return err;
}

/* The two strings of a record, each of which must be one. */
static bool check_paths(const struct ct_record *record, const char **root,
			const char **cwd)
{
	const struct container_image_fs *rec = record->payload;
	const char *text = (const char *)(rec + 1);

	if (rec->root_size > PATH_MAX || rec->cwd_size > PATH_MAX ||
	    !rec->root_size || !rec->cwd_size ||
	    record->rec.length !=
		    sizeof(*rec) + rec->root_size + rec->cwd_size)
		return false;
	*root = text;
	*cwd = text + rec->root_size;
	return strnlen(*root, rec->root_size) == rec->root_size - 1 &&
	       strnlen(*cwd, rec->cwd_size) == rec->cwd_size - 1 &&
	       **root == '/' && **cwd == '/' && !(rec->umask & ~0777);
}

static long go(struct ct_rtask *t, const char *path, bool root)
{
	const char __user *arg = ct_scratch(t, 0, path, strlen(path) + 1);

	if (IS_ERR(arg))
		return PTR_ERR(arg);
	return root ? ct_sys(chroot, arg) : ct_sys(chdir, arg);
}

/* Leave our own, and share those of another task. */
static int join(struct ct_rtask *t, struct ct_rtask *other)
{
	struct fs_struct *fs, *old;
	bool last;

	task_lock(other->task);
	fs = other->task->fs;
	if (fs) {
		spin_lock(&fs->lock);
		fs->users++;
		spin_unlock(&fs->lock);
	}
	task_unlock(other->task);
	if (!fs)
		return ct_restart_fail(t->r, -ESRCH, "process %d was killed",
				       other->nr);

	task_lock(current);
	old = current->fs;
	current->fs = fs;
	task_unlock(current);
	spin_lock(&old->lock);
	last = !--old->users;
	spin_unlock(&old->lock);
	if (last)
		static_call(ct_free_fs_struct)(old);
	return 0;
}

/* Of several processes that share them, the one that has made them its own. */
static struct ct_rtask *owner_of(struct ct_restart *r, u32 id)
{
	struct ct_rtask *t;
	unsigned long nr;

	xa_for_each(&r->tasks, nr, t)
		if (t->rec && t->prec && t->prec->fs == id)
			return t;
	return NULL;
}

/**
 * ct_restore_thread_fs - share the directories of the process
 * @t: current's; the first thread of its process has restored them
 *
 * Context: process context, in the task.
 * Return: 0 or a negative errno.
 */
int ct_restore_thread_fs(struct ct_rtask *t)
{
	if (current->fs == READ_ONCE(t->process->task->fs))
		return 0;
	return join(t, t->process);
}

/**
 * ct_restore_fs - go to a process's directories
 * @t: current's, the first thread of the process
 *
 * Paths are those of the writer of the image.
 *
 * Context: process context, in the task.
 * Return: 0 or a negative errno.
 */
int ct_restore_fs(struct ct_rtask *t)
{
	const struct container_image_fs *rec;
	const struct ct_record *record;
	const char *root, *cwd;
	struct ct_rtask *owner;
	long err;

	record = ct_in_find(&t->r->in, CONTAINER_IMAGE_FS, t->prec->fs);
	if (!record || !check_paths(record, &root, &cwd))
		return ct_restart_fail(t->r, -EINVAL,
				       "the image lacks the directories of process %d",
				       t->nr);
	owner = owner_of(t->r, t->prec->fs);
	if (owner != t)
		return join(t, owner);
	rec = record->payload;
	/* First where it is, which may be outside its root. */
	err = go(t, cwd, false);
	if (err)
		return ct_restart_fail(t->r, err,
				       "process %d cannot go to its working directory %s (%ld)",
				       t->nr, cwd, err);
	if (strcmp(root, "/")) {
		err = go(t, root, true);
		if (err)
			return ct_restart_fail(t->r, err,
					       "process %d cannot go to its root directory %s (%ld)",
					       t->nr, root, err);
	}
	current->fs->umask = rec->umask;
	return 0;
}
