// SPDX-License-Identifier: GPL-2.0
/* What the records about processes and threads look like. */
#include <container/image_task.h>

#include "image/fields.h"

#define F(field, kind) CT_FIELD(struct container_image_process, field, kind)
static const struct ct_field process_fields[] = {
	F(parent, DEC),
	F(pgrp, DEC),
	F(session, DEC),
	F(flags, HEX),
	F(exit_code, DEC),
	F(exit_signal, DEC),
	F(mm, DEC),
	F(files, DEC),
	F(fs, DEC),
	F(sighand, DEC),
	F(threads, DEC),
	F(stop_signal, DEC),
	F(oom_score_adj, SIGNED),
	F(oom_score_adj_min, SIGNED),
	F(dumpable, DEC),
	{}
};

#undef F

#define F(field, kind) CT_FIELD(struct container_image_rlimit, field, kind)
static const struct ct_field rlimit_fields[] = {
	F(soft, DEC),
	F(hard, DEC),
	{}
};

#undef F

#define F(field, kind) CT_FIELD(struct container_image_thread, field, kind)
static const struct ct_field thread_fields[] = {
	F(process, DEC),
	F(flags, HEX),
	F(comm, TEXT),
	F(policy, DEC),
	F(nice, SIGNED),
	F(rt_priority, DEC),
	F(sched_flags, DEC),
	F(sched_runtime, DEC),
	F(sched_deadline, DEC),
	F(sched_period, DEC),
	F(timer_slack, DEC),
	F(timer_slack_default, DEC),
	F(personality, HEX),
	F(ioprio, DEC),
	F(pdeath_signal, DEC),
	{}
};

#undef F

#define F(field, kind) CT_FIELD(struct container_image_comm, field, kind)
static const struct ct_field comm_fields[] = {
	F(comm, TEXT),
	{}
};

#undef F

static const struct ct_field processors_fields[] = {
	{ .name = "processors", .kind = CT_FIELD_HEX, .size = 8 },
	{}
};

#define F(field, kind) CT_FIELD(struct container_image_credentials, field, kind)
static const struct ct_field credentials_fields[] = {
	F(uid, DEC),
	F(euid, DEC),
	F(suid, DEC),
	F(fsuid, DEC),
	F(gid, DEC),
	F(egid, DEC),
	F(sgid, DEC),
	F(fsgid, DEC),
	F(securebits, HEX),
	F(flags, HEX),
	F(cap_inheritable, HEX),
	F(cap_permitted, HEX),
	F(cap_effective, HEX),
	F(cap_bounding, HEX),
	F(cap_ambient, HEX),
	{}
};

#undef F

static const struct ct_field group_fields[] = {
	{ .name = "group", .kind = CT_FIELD_DEC, .size = 4 },
	{}
};

#define F(field, kind) CT_FIELD(struct container_image_cpu, field, kind)
static const struct ct_field cpu_fields[] = {
	F(r15, HEX),
	F(r14, HEX),
	F(r13, HEX),
	F(r12, HEX),
	F(bp, HEX),
	F(bx, HEX),
	F(r11, HEX),
	F(r10, HEX),
	F(r9, HEX),
	F(r8, HEX),
	F(ax, HEX),
	F(cx, HEX),
	F(dx, HEX),
	F(si, HEX),
	F(di, HEX),
	F(orig_ax, HEX),
	F(ip, HEX),
	F(cs, HEX),
	F(flags, HEX),
	F(sp, HEX),
	F(ss, HEX),
	F(fs_base, HEX),
	F(gs_base, HEX),
	F(ds, HEX),
	F(es, HEX),
	F(fs, HEX),
	F(gs, HEX),
	F(clear_child_tid, HEX),
	F(robust_list, HEX),
	F(rseq, HEX),
	F(rseq_length, DEC),
	F(rseq_signature, HEX),
	{}
};

#undef F

#define F(field, kind) CT_FIELD(struct container_image_xstate, field, kind)
static const struct ct_field xstate_fields[] = {
	F(component, DEC),
	F(size, DEC),
	{}
};

#undef F

static const struct ct_field no_fields[] = {
	{}
};

#define F(field, kind) CT_FIELD(struct container_image_segment, field, kind)
static const struct ct_field segment_fields[] = {
	F(number, DEC),
	F(base, HEX),
	F(limit, HEX),
	F(flags, HEX),
	{}
};

#undef F

#define F(field, kind) CT_FIELD(struct container_image_resume, field, kind)
static const struct ct_field resume_fields[] = {
	F(call, DEC),
	F(flags, HEX),
	F(clock, DEC),
	F(value, HEX),
	F(bitset, HEX),
	F(time, SIGNED),
	F(address, HEX),
	{}
};

#undef F

#define F(field, kind) CT_FIELD(struct container_image_filter, field, kind)
static const struct ct_field filter_fields[] = {
	F(flags, HEX),
	F(length, DEC),
	{}
};

#undef F

static const struct ct_field instruction_fields[] = {
	{ .name = "code", .kind = CT_FIELD_HEX, .offset = 0, .size = 2 },
	{ .name = "if_true", .kind = CT_FIELD_DEC, .offset = 2, .size = 1 },
	{ .name = "if_false", .kind = CT_FIELD_DEC, .offset = 3, .size = 1 },
	{ .name = "value", .kind = CT_FIELD_HEX, .offset = 4, .size = 4 },
	{}
};

#define F(field, kind) CT_FIELD(struct container_image_fs, field, kind)
static const struct ct_field fs_fields[] = {
	F(umask, HEX),
	F(root_size, DEC),
	F(cwd_size, DEC),
	{}
};

#undef F

const struct ct_record_type ct_records_task[] = {
	{
		.type = CONTAINER_IMAGE_PROCESS,
		.name = "process",
		.fields = process_fields,
		.size = sizeof(struct container_image_process),
		.element = sizeof(struct container_image_rlimit),
		.element_fields = rlimit_fields,
	},
	{
		.type = CONTAINER_IMAGE_THREAD,
		.name = "thread",
		.fields = thread_fields,
		.size = sizeof(struct container_image_thread),
		.element = sizeof(__u64),
		.element_fields = processors_fields,
	},
	{
		.type = CONTAINER_IMAGE_CREDENTIALS,
		.name = "credentials",
		.fields = credentials_fields,
		.size = sizeof(struct container_image_credentials),
		.element = sizeof(__u32),
		.element_fields = group_fields,
	},
	{
		.type = CONTAINER_IMAGE_COMM,
		.name = "comm",
		.fields = comm_fields,
		.size = sizeof(struct container_image_comm),
	},
	{
		.type = CONTAINER_IMAGE_CPU,
		.name = "cpu",
		.fields = cpu_fields,
		.size = sizeof(struct container_image_cpu),
	},
	{
		.type = CONTAINER_IMAGE_XSTATE,
		.name = "xstate",
		.fields = xstate_fields,
		.size = sizeof(struct container_image_xstate),
		.element = 1,
	},
	{
		.type = CONTAINER_IMAGE_TLS,
		.name = "segments",
		.fields = no_fields,
		.element = sizeof(struct container_image_segment),
		.element_fields = segment_fields,
	},
	{
		.type = CONTAINER_IMAGE_RESUME,
		.name = "resume",
		.fields = resume_fields,
		.size = sizeof(struct container_image_resume),
	},
	{
		.type = CONTAINER_IMAGE_FILTER,
		.name = "filter",
		.fields = filter_fields,
		.size = sizeof(struct container_image_filter),
		.element = 8,
		.element_fields = instruction_fields,
	},
	{
		.type = CONTAINER_IMAGE_FS,
		.name = "directories",
		.fields = fs_fields,
		.size = sizeof(struct container_image_fs),
		.element = 1,
	},
	{}
};
