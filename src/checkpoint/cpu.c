// SPDX-License-Identifier: GPL-2.0
/*
 * The processor's side of a thread: registers, segments, and the addresses of
 * what user space keeps for the kernel.
 *
 * ptrace's own functions get and set the registers, so that nothing can be set
 * that ptrace could not set.
 */
#include <linux/elf.h>
#include <linux/ptrace.h>
#include <linux/regset.h>
#include <linux/sched/task_stack.h>

#include <asm/desc.h>
#include <asm/ldt.h>
#include <asm/processor.h>
#include <asm/ptrace.h>
#include <asm/segment.h>

#include "checkpoint/checkpoint.h"
#include "checkpoint/task.h"
#include "compat/rseq.h"

DEFINE_STATIC_CALL_NULL(ct_task_user_regset_view, task_user_regset_view);
DEFINE_STATIC_CALL_NULL(ct_regset_tls_get, regset_tls_get);
DEFINE_STATIC_CALL_NULL(ct_regset_tls_set, regset_tls_set);

#define REGS_SIZE	sizeof(struct user_regs_struct)

/**
 * ct_regset - a set of registers of a thread
 * @task: thread at rest
 * @note: NT_PRSTATUS and the like
 *
 * Return: it, or NULL if the processor has none.
 */
const struct user_regset *ct_regset(struct task_struct *task, unsigned int note)
{
	const struct user_regset_view *view;
	unsigned int i;

	view = static_call(ct_task_user_regset_view)(task);
	for (i = 0; i < view->n; i++)
		if (view->regsets[i].core_note_type == note)
			return &view->regsets[i];
	return NULL;
}

static bool has_breakpoints(const struct task_struct *task)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(task->thread.ptrace_bps); i++)
		if (READ_ONCE(task->thread.ptrace_bps[i]))
			return true;
	return false;
}

static bool has_shadow_stack(const struct task_struct *task)
{
#ifdef CONFIG_X86_USER_SHADOW_STACK
	return READ_ONCE(task->thread.features);
#else
	return false;
#endif
}

/* Of what can be told of a thread that may be running. */
static int block_running(struct ct_save *s, struct task_struct *task)
{
	int err = ct_block_xstate(s, task);

	if (!err && test_tsk_thread_flag(task, TIF_ADDR32))
		err = ct_block_thread(s, task, "32-bit program",
				      "programs of the i386 and x32 ABIs cannot be saved",
				      "use a 64-bit build of the program");
	if (!err && (READ_ONCE(task->thread.io_bitmap) ||
		     READ_ONCE(task->thread.iopl_emul)))
		err = ct_block_thread(s, task, "I/O ports",
				      "it has access to I/O ports by ioperm(2) or iopl(2)",
				      "have it give that up, or end it");
	if (!err && has_breakpoints(task))
		err = ct_block_thread(s, task, "hardware breakpoints",
				      "a debugger has set debug registers, and has not cleared them",
				      "clear the breakpoints with the debugger, or start the program anew");
	if (!err && has_shadow_stack(task))
		err = ct_block_thread(s, task, "shadow stack",
				      "it runs with a shadow stack, which cannot be saved",
				      "start the program with glibc.cpu.x86_shstk=off in GLIBC_TUNABLES");
	return err;
}

/* A 64-bit program can go into 32-bit code, and call int 0x80, at any time. */
static bool in_compat_code(struct task_struct *task)
{
	return task_pt_regs(task)->cs != __USER_CS ||
	       task_thread_info(task)->status & TS_COMPAT;
}

static int save_segments(struct ct_save *s, struct task_struct *task)
{
	struct user_desc segments[CONTAINER_IMAGE_SEGMENTS] = {};
	struct membuf to = { .p = segments, .left = sizeof(segments) };
	struct container_image_segment *rec;
	int err;

	BUILD_BUG_ON(sizeof(*rec) != sizeof(struct user_desc));
	BUILD_BUG_ON(CONTAINER_IMAGE_SEGMENTS != GDT_ENTRY_TLS_ENTRIES);
	if (!memchr_inv(task->thread.tls_array, 0,
			sizeof(task->thread.tls_array)))
		return 0;
	err = static_call(ct_regset_tls_get)(task, NULL, to);
	if (err < 0)
		return err;
	rec = ct_out_record(&s->out, CONTAINER_IMAGE_TLS,
			    ct_save_nr(s, task_pid(task)), sizeof(segments));
	if (!rec)
		return -ENOMEM;
	memcpy(rec, segments, sizeof(segments));
	return 0;
}

static int save_registers(struct ct_save *s, struct task_struct *task,
			  struct container_image_cpu **out)
{
	const struct user_regset *regset = ct_regset(task, NT_PRSTATUS);
	struct container_image_cpu *rec;
	int err;

	BUILD_BUG_ON(offsetof(struct container_image_cpu, clear_child_tid) !=
		     REGS_SIZE);
	rec = ct_out_record(&s->out, CONTAINER_IMAGE_CPU,
			    ct_save_nr(s, task_pid(task)), sizeof(*rec));
	if (!rec)
		return -ENOMEM;
	err = regset_get(task, regset, REGS_SIZE, rec);
	if (err < 0)
		return err;
	rec->clear_child_tid = (unsigned long)task->clear_child_tid;
	rec->robust_list = (unsigned long)task->robust_list;
	rec->rseq = (unsigned long)task->rseq;
	rec->rseq_length = ct_rseq_length(task);
	rec->rseq_signature = rec->rseq ? task->rseq_sig : 0;
	*out = rec;
	return 0;
}

/**
 * ct_save_cpu - save the registers of a thread
 * @s: the checkpoint
 * @task: thread; not current
 *
 * Registers are saved of threads at rest only. Debug registers, I/O ports, AMX
 * and shadow stacks are blockers.
 *
 * Context: may sleep.
 * Return: 0 or a negative errno.
 */
int ct_save_cpu(struct ct_save *s, struct task_struct *task)
{
	struct container_image_cpu *rec;
	int err = block_running(s, task);

	if (err || !s->frozen)
		return err;
	if (in_compat_code(task))
		return ct_block_thread(s, task, "32-bit code",
				       "it runs code of the i386 ABI, or is in a system call of that",
				       "try again when it has left that");
	err = save_registers(s, task, &rec);
	if (!err)
		err = save_segments(s, task);
	if (!err)
		err = ct_save_xstate(s, task);
	if (!err)
		err = ct_save_resume(s, task, rec);
	return err;
}

static int restore_segments(struct ct_rtask *t)
{
	const struct ct_record *record;
	int err;

	record = ct_thread_record(t, CONTAINER_IMAGE_TLS);
	if (!record)
		return 0;
	if (record->rec.length != CONTAINER_IMAGE_SEGMENTS *
				  sizeof(struct container_image_segment))
		return ct_restart_fail(t->r, -EINVAL,
				       "the image has a wrong number of segments of thread %d",
				       t->nr);
	err = static_call(ct_regset_tls_set)(t->task, NULL, 0,
					     record->rec.length,
					     record->payload, NULL);
	if (err)
		ct_restart_fail(t->r, err,
				"the image has segments of thread %d that no thread can have",
				t->nr);
	return err;
}

/* What user space keeps for the kernel; each is used with checks of its own. */
static int restore_addresses(struct ct_rtask *t,
			     const struct container_image_cpu *rec)
{
	struct task_struct *task = t->task;

	if (rec->clear_child_tid >= TASK_SIZE_MAX ||
	    rec->robust_list >= TASK_SIZE_MAX ||
	    rec->rseq >= TASK_SIZE_MAX - PAGE_SIZE ||
	    rec->rseq_length >= PAGE_SIZE ||
	    !rec->rseq != !rec->rseq_length)
		return ct_restart_fail(t->r, -EINVAL,
				       "the image has impossible addresses of thread %d",
				       t->nr);
	task->clear_child_tid = (int __user *)rec->clear_child_tid;
	task->robust_list = (struct robust_list_head __user *)rec->robust_list;
	if (!rec->rseq)
		return 0;

	if (!IS_ALIGNED(rec->rseq, CT_RSEQ_SIZE) ||
	    !ct_rseq_length_ok(rec->rseq_length))
		return ct_restart_fail(t->r, -EOPNOTSUPP,
				       "thread %d has a restartable sequences area of %u bytes, which this kernel does not know",
				       t->nr, rec->rseq_length);
	task->rseq = (struct rseq __user *)rec->rseq;
	task->rseq_sig = rec->rseq_signature;
	ct_rseq_set_length(task, rec->rseq_length);
	/*
	 * As if it had been preempted and moved: the number of the processor is
	 * told, and a sequence that it is in begins anew.
	 */
	set_bit(RSEQ_EVENT_PREEMPT_BIT, &task->rseq_event_mask);
	set_bit(RSEQ_EVENT_MIGRATE_BIT, &task->rseq_event_mask);
	set_tsk_thread_flag(task, TIF_NOTIFY_RESUME);
	return 0;
}

static int restore_registers(struct ct_rtask *t,
			     const struct container_image_cpu *rec)
{
	const struct user_regset *regset = ct_regset(t->task, NT_PRSTATUS);
	int err = -EINVAL;

	/* 16 bits each, of which the others would be lost without a word. */
	if (rec->cs == __USER_CS && rec->ss <= U16_MAX && rec->ds <= U16_MAX &&
	    rec->es <= U16_MAX && rec->fs <= U16_MAX && rec->gs <= U16_MAX)
		err = regset->set(t->task, regset, 0, REGS_SIZE, rec, NULL);
	if (err)
		return ct_restart_fail(t->r, -EINVAL,
				       "the image has registers of thread %d that no program can have",
				       t->nr);
	return 0;
}

/**
 * ct_restore_cpu - give a thread its registers
 * @t: parked, and not current
 *
 * Context: may sleep.
 * Return: 0 or a negative errno.
 */
int ct_restore_cpu(struct ct_rtask *t)
{
	const struct ct_record *record;
	int err;

	record = ct_thread_record(t, CONTAINER_IMAGE_CPU);
	if (!record)
		return ct_restart_fail(t->r, -EINVAL,
				       "the image lacks the registers of thread %d",
				       t->nr);
	/* What it has from the writer of the image decides which view there is. */
	if (task_pt_regs(t->task)->cs != __USER_CS)
		return ct_restart_fail(t->r, -EOPNOTSUPP,
				       "a restart must be written by a 64-bit program");
	err = restore_registers(t, record->payload);
	if (!err)
		err = restore_segments(t);
	if (!err)
		err = ct_restore_xstate(t);
	if (!err)
		err = restore_addresses(t, record->payload);
	return err;
}
