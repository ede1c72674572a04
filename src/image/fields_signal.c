// SPDX-License-Identifier: GPL-2.0
/* What the records about signals, timers and used time look like. */
#include <container/image_signal.h>

#include "image/fields.h"

static const struct ct_field sighand[] = {
	CT_FIELD(struct container_image_sighand, actions, DEC),
	CT_FIELD(struct container_image_sighand, reserved, DEC),
	{}
};

static const struct ct_field sigaction[] = {
	CT_FIELD(struct container_image_sigaction, signo, DEC),
	CT_FIELD(struct container_image_sigaction, reserved, DEC),
	CT_FIELD(struct container_image_sigaction, handler, HEX),
	CT_FIELD(struct container_image_sigaction, flags, HEX),
	CT_FIELD(struct container_image_sigaction, restorer, HEX),
	CT_FIELD(struct container_image_sigaction, mask, HEX),
	{}
};

static const struct ct_field sigprocess[] = {
	CT_FIELD(struct container_image_sigprocess, flags, HEX),
	CT_FIELD(struct container_image_sigprocess, stop_signal, DEC),
	CT_FIELD(struct container_image_sigprocess, stop_code, DEC),
	CT_FIELD(struct container_image_sigprocess, next_timer, DEC),
	CT_FIELD(struct container_image_sigprocess, pending, HEX),
	CT_FIELD(struct container_image_sigprocess, real, SIGNED),
	CT_FIELD(struct container_image_sigprocess, real_interval, DEC),
	CT_FIELD(struct container_image_sigprocess, virt, DEC),
	CT_FIELD(struct container_image_sigprocess, virt_interval, DEC),
	CT_FIELD(struct container_image_sigprocess, prof, DEC),
	CT_FIELD(struct container_image_sigprocess, prof_interval, DEC),
	{}
};

static const struct ct_field sigthread[] = {
	CT_FIELD(struct container_image_sigthread, flags, HEX),
	CT_FIELD(struct container_image_sigthread, altstack_flags, HEX),
	CT_FIELD(struct container_image_sigthread, altstack, HEX),
	CT_FIELD(struct container_image_sigthread, altstack_size, DEC),
	CT_FIELD(struct container_image_sigthread, blocked, HEX),
	CT_FIELD(struct container_image_sigthread, saved, HEX),
	CT_FIELD(struct container_image_sigthread, pending, HEX),
	{}
};

static const struct ct_field siginfo[] = {
	CT_FIELD(struct container_image_siginfo, signo, SIGNED),
	CT_FIELD(struct container_image_siginfo, error, SIGNED),
	CT_FIELD(struct container_image_siginfo, code, SIGNED),
	CT_FIELD(struct container_image_siginfo, flags, HEX),
	CT_FIELD(struct container_image_siginfo, fields, BYTES),
	{}
};

static const struct ct_field timer[] = {
	CT_FIELD(struct container_image_timer, id, SIGNED),
	CT_FIELD(struct container_image_timer, clock, SIGNED),
	CT_FIELD(struct container_image_timer, notify, DEC),
	CT_FIELD(struct container_image_timer, signo, DEC),
	CT_FIELD(struct container_image_timer, value, HEX),
	CT_FIELD(struct container_image_timer, thread, DEC),
	CT_FIELD(struct container_image_timer, target, DEC),
	CT_FIELD(struct container_image_timer, flags, HEX),
	CT_FIELD(struct container_image_timer, overruns, DEC),
	CT_FIELD(struct container_image_timer, expires, SIGNED),
	CT_FIELD(struct container_image_timer, interval, SIGNED),
	CT_FIELD(struct container_image_timer, overrun, SIGNED),
	CT_FIELD(struct container_image_timer, overrun_last, SIGNED),
	{}
};

static const struct ct_field used_process[] = {
	CT_FIELD(struct container_image_used_process, utime, DEC),
	CT_FIELD(struct container_image_used_process, stime, DEC),
	CT_FIELD(struct container_image_used_process, gtime, DEC),
	CT_FIELD(struct container_image_used_process, runtime, DEC),
	CT_FIELD(struct container_image_used_process, nvcsw, DEC),
	CT_FIELD(struct container_image_used_process, nivcsw, DEC),
	CT_FIELD(struct container_image_used_process, min_flt, DEC),
	CT_FIELD(struct container_image_used_process, maj_flt, DEC),
	CT_FIELD(struct container_image_used_process, inblock, DEC),
	CT_FIELD(struct container_image_used_process, oublock, DEC),
	CT_FIELD(struct container_image_used_process, maxrss, DEC),
	CT_FIELD(struct container_image_used_process, cutime, DEC),
	CT_FIELD(struct container_image_used_process, cstime, DEC),
	CT_FIELD(struct container_image_used_process, cgtime, DEC),
	CT_FIELD(struct container_image_used_process, cnvcsw, DEC),
	CT_FIELD(struct container_image_used_process, cnivcsw, DEC),
	CT_FIELD(struct container_image_used_process, cmin_flt, DEC),
	CT_FIELD(struct container_image_used_process, cmaj_flt, DEC),
	CT_FIELD(struct container_image_used_process, cinblock, DEC),
	CT_FIELD(struct container_image_used_process, coublock, DEC),
	CT_FIELD(struct container_image_used_process, cmaxrss, DEC),
	{}
};

static const struct ct_field used_thread[] = {
	CT_FIELD(struct container_image_used_thread, utime, DEC),
	CT_FIELD(struct container_image_used_thread, stime, DEC),
	CT_FIELD(struct container_image_used_thread, gtime, DEC),
	CT_FIELD(struct container_image_used_thread, runtime, DEC),
	CT_FIELD(struct container_image_used_thread, nvcsw, DEC),
	CT_FIELD(struct container_image_used_thread, nivcsw, DEC),
	CT_FIELD(struct container_image_used_thread, min_flt, DEC),
	CT_FIELD(struct container_image_used_thread, maj_flt, DEC),
	{}
};

#define FIXED(kind, label, structure)					\
	.type = CONTAINER_IMAGE_##kind,					\
	.name = label,							\
	.fields = structure,						\
	.size = sizeof(struct container_image_##structure)

#define ARRAY(structure)						\
	.element = sizeof(struct container_image_##structure),		\
	.element_fields = structure

const struct ct_record_type ct_records_signal[] = {
	{ FIXED(SIGHAND, "signal handlers", sighand), ARRAY(sigaction) },
	{ FIXED(SIGPROCESS, "signals of a process", sigprocess) },
	{ FIXED(SIGTHREAD, "signals of a thread", sigthread) },
	{
		.type = CONTAINER_IMAGE_PENDING_PROCESS,
		.name = "pending signals of a process",
		ARRAY(siginfo)
	},
	{
		.type = CONTAINER_IMAGE_PENDING_THREAD,
		.name = "pending signals of a thread",
		ARRAY(siginfo)
	},
	{
		.type = CONTAINER_IMAGE_TIMERS,
		.name = "timers",
		ARRAY(timer)
	},
	{ FIXED(USED_PROCESS, "time used by a process", used_process) },
	{ FIXED(USED_THREAD, "time used by a thread", used_thread) },
	{}
};
