// SPDX-License-Identifier: GPL-2.0
/*
 * Who a thread acts as: ids, groups, capabilities.
 *
 * Not kept: keyrings (a restored thread has none of its own, and does not have
 * the writer's), the login id that audit has (it is that of who restarts), and
 * the label of a security module: a restored thread has that of who restarts, so
 * one that differs from the label of who takes the checkpoint is a blocker.
 */
#include <linux/capability.h>
#include <linux/cred.h>
#include <linux/key.h>
#include <linux/lsm_hooks.h>
#include <linux/mutex.h>
#include <linux/sched/coredump.h>
#include <linux/sched/user.h>
#include <linux/securebits.h>
#include <linux/security.h>
#include <linux/user_namespace.h>

#include "checkpoint/checkpoint.h"
#include "checkpoint/task.h"
#include "compat/capability.h"
#include "hook/symbols.h"

DEFINE_STATIC_CALL_NULL(ct_alloc_uid, alloc_uid);
DEFINE_STATIC_CALL_NULL(ct_set_cred_ucounts, set_cred_ucounts);
DEFINE_STATIC_CALL_NULL(ct_set_dumpable, set_dumpable);

#ifdef CONFIG_SECURITY_LANDLOCK
/**
 * struct landlock - where Landlock keeps what a thread is confined to
 * @known: it has been looked for
 * @here: it is in use
 * @offset: of a pointer in what security modules have in credentials
 */
static struct {
	bool known;
	bool here;
	int offset;
} landlock;

static DEFINE_MUTEX(landlock_lock);

/* No interface tells who is confined, so its variables are looked at. */
static bool landlock_confines(const struct cred *cred)
{
	const struct lsm_blob_sizes *sizes;
	const bool *initialized;

	mutex_lock(&landlock_lock);
	if (!landlock.known) {
		initialized = (void *)ct_symbol("landlock_initialized");
		sizes = (void *)ct_symbol("landlock_blob_sizes");
		landlock.here = initialized && sizes && *initialized;
		landlock.offset = landlock.here ? sizes->lbs_cred : 0;
		landlock.known = true;
	}
	mutex_unlock(&landlock_lock);
	return landlock.here && cred->security &&
	       *(void **)(cred->security + landlock.offset);
}
#else
static bool landlock_confines(const struct cred *cred)
{
	return false;
}
#endif

static bool has_other_label(struct task_struct *task)
{
	u32 its = 0, ours = 0;

	security_task_getsecid_obj(task, &its);
	security_task_getsecid_obj(current, &ours);
	return its != ours;
}

static int block_cred(struct ct_save *s, struct task_struct *task,
		      const struct cred *cred)
{
	int err = 0;

	if (cred->user_ns != &init_user_ns)
		err = ct_block_thread(s, task, "user namespace",
				      "it is in a user namespace of its own",
				      "run the program outside of user namespaces");
	if (!err && landlock_confines(cred))
		err = ct_block_thread(s, task, "Landlock",
				      "it has confined itself by Landlock, which cannot be saved",
				      "let the program run without its sandbox");
	if (!err && has_other_label(task))
		err = ct_block_thread(s, task, "security label",
				      "a security module (AppArmor, SELinux) has another label for it than for who takes the checkpoint, and it would lose that",
				      "run the program unconfined, or take the checkpoint and restart under the same label");
	return err;
}

static void fill_cred(struct container_image_credentials *rec,
		      const struct cred *cred)
{
	rec->uid = from_kuid(&init_user_ns, cred->uid);
	rec->euid = from_kuid(&init_user_ns, cred->euid);
	rec->suid = from_kuid(&init_user_ns, cred->suid);
	rec->fsuid = from_kuid(&init_user_ns, cred->fsuid);
	rec->gid = from_kgid(&init_user_ns, cred->gid);
	rec->egid = from_kgid(&init_user_ns, cred->egid);
	rec->sgid = from_kgid(&init_user_ns, cred->sgid);
	rec->fsgid = from_kgid(&init_user_ns, cred->fsgid);
	rec->securebits = cred->securebits;
	rec->cap_inheritable = ct_cap_bits(cred->cap_inheritable);
	rec->cap_permitted = ct_cap_bits(cred->cap_permitted);
	rec->cap_effective = ct_cap_bits(cred->cap_effective);
	rec->cap_bounding = ct_cap_bits(cred->cap_bset);
	rec->cap_ambient = ct_cap_bits(cred->cap_ambient);
}

static int save_cred(struct ct_save *s, struct task_struct *task,
		     const struct cred *cred)
{
	const struct group_info *groups = cred->group_info;
	struct container_image_credentials *rec;
	u32 *list;
	int i;

	rec = ct_out_record(&s->out, CONTAINER_IMAGE_CREDENTIALS,
			    ct_save_nr(s, task_pid(task)),
			    sizeof(*rec) + groups->ngroups * sizeof(*list));
	if (!rec)
		return -ENOMEM;
	fill_cred(rec, cred);
	if (task_no_new_privs(task))
		rec->flags |= CONTAINER_IMAGE_NO_NEW_PRIVS;
	list = (u32 *)(rec + 1);
	for (i = 0; i < groups->ngroups; i++)
		list[i] = from_kgid(&init_user_ns, groups->gid[i]);
	return 0;
}

/**
 * ct_save_credentials - save who a thread acts as
 * @s: the checkpoint
 * @task: thread
 *
 * Context: may sleep.
 * Return: 0 or a negative errno.
 */
int ct_save_credentials(struct ct_save *s, struct task_struct *task)
{
	const struct cred *cred = get_task_cred(task);
	int err = block_cred(s, task, cred);

	if (!err)
		err = save_cred(s, task, cred);
	put_cred(cred);
	return err;
}

/**
 * ct_save_zombie_credentials - save whose a process is that has ended
 * @s: the checkpoint
 * @leader: it
 *
 * Who waits for it is told, and they decide over who may send it signals, which
 * programs do to learn whether it is there.
 *
 * Context: may sleep.
 * Return: 0 or -ENOMEM.
 */
int ct_save_zombie_credentials(struct ct_save *s, struct task_struct *leader)
{
	const struct cred *cred = get_task_cred(leader);
	int err = save_cred(s, leader, cred);

	put_cred(cred);
	return err;
}

static int no_right(struct ct_rtask *t, const char *what, const char *lack)
{
	return ct_restart_fail(t->r, -EPERM, "thread %d has %s: writing the image takes %s",
			       t->nr, what, lack);
}

static bool ids_valid(const struct container_image_credentials *rec)
{
	return uid_valid(KUIDT_INIT(rec->uid)) &&
	       uid_valid(KUIDT_INIT(rec->euid)) &&
	       uid_valid(KUIDT_INIT(rec->suid)) &&
	       uid_valid(KUIDT_INIT(rec->fsuid)) &&
	       gid_valid(KGIDT_INIT(rec->gid)) &&
	       gid_valid(KGIDT_INIT(rec->egid)) &&
	       gid_valid(KGIDT_INIT(rec->sgid)) &&
	       gid_valid(KGIDT_INIT(rec->fsgid));
}

static bool caps_consistent(const struct container_image_credentials *rec)
{
	return !(rec->cap_effective & ~rec->cap_permitted) &&
	       !(rec->cap_ambient &
		 ~(rec->cap_permitted & rec->cap_inheritable));
}

/* All that the thread had must be what the writer could give it. */
static int check_rights(struct ct_rtask *t,
			const struct container_image_credentials *rec)
{
	struct container_image_credentials own = {};

	fill_cred(&own, current_cred());
	if (!capable(CAP_SETUID) || !capable(CAP_SETGID))
		return no_right(t, "users and groups",
				"CAP_SETUID and CAP_SETGID");
	if ((rec->securebits != own.securebits ||
	     rec->cap_bounding != own.cap_bounding) && !capable(CAP_SETPCAP))
		return no_right(t, "other secure bits or another bounding set",
				"CAP_SETPCAP");
	if ((rec->cap_permitted & ~own.cap_permitted) ||
	    (rec->cap_bounding & ~own.cap_bounding) ||
	    (rec->cap_inheritable & ~(own.cap_inheritable | own.cap_bounding)))
		return no_right(t, "capabilities that the writer lacks",
				"all of them");
	/* What is locked stays so, as in prctl(PR_SET_SECUREBITS). */
	if ((own.securebits & SECURE_ALL_LOCKS & ~rec->securebits) ||
	    (((own.securebits & SECURE_ALL_LOCKS) >> 1) &
	     (rec->securebits ^ own.securebits)))
		return no_right(t, "secure bits that are locked for the writer",
				"them unlocked");
	/* From the writer; nothing takes it away. */
	if (task_no_new_privs(current) && !(rec->flags & CONTAINER_IMAGE_NO_NEW_PRIVS))
		return no_right(t, "no no_new_privs, which the writer has",
				"a writer without it");
	return 0;
}

static struct group_info *make_groups(const struct ct_record *record)
{
	const struct container_image_credentials *rec = record->payload;
	const u32 *list = (const u32 *)(rec + 1);
	u64 n = (record->rec.length - sizeof(*rec)) / sizeof(*list), i;
	struct group_info *groups;

	if (n > NGROUPS_MAX)
		return ERR_PTR(-EINVAL);
	groups = groups_alloc(n);
	if (!groups)
		return ERR_PTR(-ENOMEM);
	for (i = 0; i < n; i++) {
		groups->gid[i] = KGIDT_INIT(list[i]);
		if (!gid_valid(groups->gid[i])) {
			put_group_info(groups);
			return ERR_PTR(-EINVAL);
		}
	}
	groups_sort(groups);
	return groups;
}

static void drop_keyrings(struct cred *new)
{
#ifdef CONFIG_KEYS
	key_put(new->session_keyring);
	new->session_keyring = NULL;
	key_put(new->process_keyring);
	new->process_keyring = NULL;
	key_put(new->thread_keyring);
	new->thread_keyring = NULL;
	key_put(new->request_key_auth);
	new->request_key_auth = NULL;
#endif
}

/* As setresuid(2) does it: processes are counted by user. */
static int set_user(struct cred *new)
{
	struct user_struct *user = static_call(ct_alloc_uid)(new->uid);

	if (!user)
		return -EAGAIN;
	free_uid(new->user);
	new->user = user;
	return static_call(ct_set_cred_ucounts)(new);
}

static int commit(const struct container_image_credentials *rec,
		  struct group_info *groups)
{
	struct cred *new = prepare_creds();
	int err;

	if (!new)
		return -ENOMEM;
	new->uid = KUIDT_INIT(rec->uid);
	new->euid = KUIDT_INIT(rec->euid);
	new->suid = KUIDT_INIT(rec->suid);
	new->fsuid = KUIDT_INIT(rec->fsuid);
	new->gid = KGIDT_INIT(rec->gid);
	new->egid = KGIDT_INIT(rec->egid);
	new->sgid = KGIDT_INIT(rec->sgid);
	new->fsgid = KGIDT_INIT(rec->fsgid);
	new->securebits = rec->securebits;
	new->cap_inheritable = ct_cap_set(rec->cap_inheritable);
	new->cap_permitted = ct_cap_set(rec->cap_permitted);
	new->cap_effective = ct_cap_set(rec->cap_effective);
	new->cap_bset = ct_cap_set(rec->cap_bounding);
	new->cap_ambient = ct_cap_set(rec->cap_ambient);
	set_groups(new, groups);
	drop_keyrings(new);
	err = set_user(new);
	if (err) {
		abort_creds(new);
		return err;
	}
	return commit_creds(new);
}

/**
 * ct_restore_credentials - make current act as who it was
 * @t: current's
 *
 * The last that it does for itself: it may have no rights any more.
 *
 * Context: process context, in the task.
 * Return: 0 or a negative errno.
 */
int ct_restore_credentials(struct ct_rtask *t)
{
	const struct container_image_credentials *rec;
	const struct ct_record *record;
	struct group_info *groups;
	int err;

	record = ct_thread_record(t, CONTAINER_IMAGE_CREDENTIALS);
	/* Images have not always had those of a process that has ended. */
	if (!record && !t->rec)
		return 0;
	if (!record)
		return ct_restart_fail(t->r, -EINVAL,
				       "the image lacks the credentials of thread %d",
				       t->nr);
	rec = record->payload;
	groups = make_groups(record);
	if (IS_ERR(groups) || !ids_valid(rec) || !caps_consistent(rec) ||
	    rec->securebits & ~(SECURE_ALL_BITS | SECURE_ALL_LOCKS) ||
	    rec->flags & ~CONTAINER_IMAGE_NO_NEW_PRIVS ||
	    t->process->prec->dumpable > SUID_DUMP_ROOT) {
		err = IS_ERR(groups) ? PTR_ERR(groups) : -EINVAL;
		ct_restart_fail(t->r, err,
				"the image has impossible credentials of thread %d (%d)",
				t->nr, err);
		goto out;
	}
	err = check_rights(t, rec);
	if (err)
		goto out;
	err = commit(rec, groups);
	if (err) {
		ct_restart_fail(t->r, err,
				"thread %d cannot have its credentials (%d)",
				t->nr, err);
		goto out;
	}
	if (rec->flags & CONTAINER_IMAGE_NO_NEW_PRIVS)
		task_set_no_new_privs(current);
	/*
	 * The change has made the process one that leaves no core. Each thread
	 * puts that right after its own change, so the last one leaves it right.
	 */
	static_call(ct_set_dumpable)(current->mm, t->process->prec->dumpable);
out:
	if (!IS_ERR(groups))
		put_group_info(groups);
	return err;
}
