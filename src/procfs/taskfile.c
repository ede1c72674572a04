// SPDX-License-Identifier: GPL-2.0
/*
 * /proc/PID/container and /proc/PID/task/TID/container: where a task is.
 *
 *	path:	/NAME		the containers it is in, from the reader's down
 *	pid:	4711	3	its number at each level, the reader's first
 *	SUBSYS,...:/PATH	its group in each hierarchy of resource containers
 *
 * procfs keeps the files of a process in a table. Ours is not in it: when the
 * name is looked up procfs is given a table with just this one entry, and when
 * the directory has been listed to its end this name is added.
 *
 * Nothing that procfs or the VFS keep refers to us, so nothing has to be found
 * when the module goes. The entry is that of arch_status under another name,
 * whose function is hooked and looks at the name that the file was opened by
 * (on machines without AVX512 arch_status itself shows nothing; that is what
 * files which are open when the module goes show then). The dentry is not
 * cached, so there is no such name any more when the last container has gone.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/dcache.h>
#include <linux/fs.h>
#include <linux/module.h>
#include <linux/pid.h>
#include <linux/proc_fs.h>
#include <linux/sched/signal.h>
#include <linux/seq_file.h>

#include "container/container.h"
#include "hook/handlers.h"
#include "hook/hook.h"
#include "hook/symbols.h"
#include "procfs/taskfile.h"
#include "resource/resource.h"

DEFINE_STATIC_CALL_NULL(ct_orig_proc_pident_lookup, proc_pident_lookup);
DEFINE_STATIC_CALL_NULL(ct_orig_proc_pid_arch_status, proc_pid_arch_status);

/* As in fs/proc/base.c; ct_taskfile_init() sees whether it is still so. */
struct pid_entry {
	const char *name;
	unsigned int len;
	umode_t mode;
	const struct inode_operations *iop;
	const struct file_operations *fop;
	const void *show;
};

#define MODEL		"arch_status"
#define MODEL_SHOW	"proc_pid_arch_status"

const struct pid_entry *ct_tgid_entries __ro_after_init;
const struct pid_entry *ct_tid_entries __ro_after_init;
static struct pid_entry our_entry __ro_after_init;

/* -- levels -------------------------------------------------------------- */

/* As many as there can be above one another, the reader's included. */
#define LEVELS_MAX	(CT_DEPTH_MAX + 1)

/**
 * struct level - a process at one level of containers
 * @name: of the container; of no meaning at the reader's own level
 * @nr: the number that the process has there
 */
struct level {
	const char *name;
	pid_t nr;
};

/*
 * The levels that a reader may know of.
 *
 * @pid: of the process
 * @viewer: the token of the reader's container, &init_pid_ns in the system
 *	    container, or a real pid namespace
 * @levels: filled with %LEVELS_MAX or less, the reader's own first
 *
 * Context: RCU read-side section, in which the names can be used.
 * Return: how many; 0 if the reader cannot see the process.
 */
static int levels_below(struct pid *pid, struct pid_namespace *viewer,
			struct level *levels)
{
	struct ct_number *num = ct_number_of(pid);
	unsigned int i = 0, n = 0, live;

	if (!num || viewer == &init_pid_ns) {
		levels[n++].nr = ct_is_token(viewer) ? 0 :
						      pid_nr_ns(pid, viewer);
	} else {
		live = READ_ONCE(num->live);
		while (i < live && num->level[i].ns != viewer)
			i++;
		levels[n++].nr = i < live ? num->level[i++].nr : 0;
	}
	if (!levels[0].nr)
		return 0;
	for (; num && i < READ_ONCE(num->live); i++, n++) {
		levels[n].name = ct_container_of(num->level[i].space)->name;
		levels[n].nr = num->level[i].nr;
	}
	return n;
}

/* -- the file ------------------------------------------------------------- */

static int show(struct seq_file *m, struct pid_namespace *ns, struct pid *pid,
		struct task_struct *task)
{
	struct level levels[LEVELS_MAX];
	int n, i;

	/* On the host's /proc a contained reader has its own view. */
	if (ns == &init_pid_ns)
		ns = ct_current_ns() ?: ns;
	rcu_read_lock();
	n = levels_below(pid, ns, levels);
	if (n) {
		seq_puts(m, "path:\t");
		for (i = 1; i < n; i++)
			seq_printf(m, "/%s", levels[i].name);
		seq_puts(m, n == 1 ? "/\npid:" : "\npid:");
		for (i = 0; i < n; i++)
			seq_printf(m, "\t%d", levels[i].nr);
		seq_putc(m, '\n');
	}
	rcu_read_unlock();
	if (!n)
		return -ESRCH;
	ct_resource_show_task(m, task);
	return 0;
}

static bool is_our_name(const struct dentry *dentry)
{
	const struct qstr *name = &dentry->d_name;

	return name->len == CT_TASK_FILE_LEN &&
	       !memcmp(name->name, CT_TASK_FILE, CT_TASK_FILE_LEN);
}

int ct_hook_proc_pid_arch_status(struct seq_file *m, struct pid_namespace *ns,
				 struct pid *pid, struct task_struct *task)
{
	int ret;

	ct_hook_enter();
	if (is_our_name(m->file->f_path.dentry))
		ret = show(m, ns, pid, task);
	else
		ret = static_call(ct_orig_proc_pid_arch_status)(m, ns, pid, task);
	ct_hook_leave();
	return ret;
}

struct dentry *ct_hook_proc_pident_lookup(struct inode *dir,
					  struct dentry *dentry,
					  const struct pid_entry *p,
					  const struct pid_entry *end)
{
	bool ours = is_our_name(dentry);
	struct dentry *ret;

	if (ours) {
		p = &our_entry;
		end = p + 1;
	}
	ct_hook_enter();
	ret = static_call(ct_orig_proc_pident_lookup)(dir, dentry, p, end);
	if (ours && !IS_ERR(ret))
		d_drop(ret ?: dentry);
	ct_hook_leave();
	return ret;
}

static bool is_alive(const struct file *file)
{
	struct pid *pid = static_call(ct_orig_tgid_pidfd_to_pid)(file);

	return !IS_ERR(pid) && pid_has_task(pid, PIDTYPE_PID);
}

/*
 * Reached when procfs has nothing more to list. Writing to the reader's memory
 * can take for ever, so the module is held rather than the reader waited for.
 */
int ct_hook_proc_pident_readdir(struct file *file, struct dir_context *ctx,
				const struct pid_entry *ents,
				unsigned int nents)
{
	int ret = 0;

	if (!try_module_get(THIS_MODULE))
		return 0;
	/* Of a thread's directory procfs does not tell whose it is. */
	if (ents == ct_tgid_entries && !is_alive(file))
		ret = -ENOENT;
	/* Each lookup makes a new inode, so there is no number to tell. */
	else if (dir_emit(ctx, CT_TASK_FILE, CT_TASK_FILE_LEN, 1, DT_REG))
		ctx->pos++;
	module_put(THIS_MODULE);
	return ret;
}

/* The table's beginning, and in it the entry that ours is made from. */
static int __init find_table(const char *name, const struct pid_entry **table,
			     const struct pid_entry **model)
{
	const struct pid_entry *p, *end;
	struct ct_text_range range;

	if (ct_symbol_range(name, &range)) {
		pr_err("this kernel lacks the table %s\n", name);
		return -ENOENT;
	}
	p = (const struct pid_entry *)range.start;
	*table = p;
	end = p + (range.end - range.start) / sizeof(*p);
	for (; p < end && p->name; p++) {
		if (p->len != strlen(p->name)) {
			p = end;
			break;
		}
		if (!strcmp(p->name, MODEL))
			break;
	}
	if (p == end || !p->name || p->iop || !p->fop ||
	    (unsigned long)p->show != ct_symbol(MODEL_SHOW)) {
		pr_err("the kernel's table %s has changed\n", name);
		return -EINVAL;
	}
	*model = p;
	return 0;
}

/**
 * ct_taskfile_init - find procfs' tables
 *
 * Context: may sleep; at load, after ct_symbols_init().
 * Return: 0, or -ENOENT or -EINVAL after a message that says what does not fit.
 */
int __init ct_taskfile_init(void)
{
	const struct pid_entry *model, *thread;
	int err;

	err = find_table("tgid_base_stuff", &ct_tgid_entries, &model);
	if (!err)
		err = find_table("tid_base_stuff", &ct_tid_entries, &thread);
	if (err)
		return err;
	our_entry = *model;
	our_entry.name = CT_TASK_FILE;
	our_entry.len = CT_TASK_FILE_LEN;
	our_entry.mode = S_IFREG | 0444;
	return 0;
}
