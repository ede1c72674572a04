// SPDX-License-Identifier: GPL-2.0
/* modes: host */
/* timeout: 600 */
/*
 * Checkpoint and restart: what is in a processor while a thread runs.  The
 * subjects fill all registers, do nothing but look at a word of memory, and
 * write the registers down again when it changes.
 */
#include "ct-checkpoint.h"
#include "ct-spin.h"

#include <asm/prctl.h>
#include <cpuid.h>
#include <linux/rseq.h>
#include <sys/rseq.h>

/* -- general registers --------------------------------------------------------------- */

/* rcx and rsp are used for looking at the word. */
enum {
	RAX, RBX, RDX, RSI, RDI, RBP, R8, R9, R10, R11, R12, R13, R14, R15,
	FLAGS, REGISTERS,
};

static const char * const register_name[REGISTERS] = {
	"rax", "rbx", "rdx", "rsi", "rdi", "rbp", "r8", "r9", "r10", "r11",
	"r12", "r13", "r14", "r15", "flags",
};

/* Carry, parity, adjust, zero, sign, direction, overflow, alignment check. */
#define ALL_FLAGS 0x40cd5UL

static void fill_registers(uint64_t *in)
{
	int i;

	for (i = 0; i < REGISTERS; i++)
		in[i] = 0x1122334455667788UL * (i + 1) + i;
	in[FLAGS] = ALL_FLAGS | 0x202;
}

static void same_registers(const uint64_t *in, const uint64_t *out,
			   uint64_t except)
{
	int i;

	for (i = 0; i < REGISTERS; i++)
		if (in[i] != out[i] && !(except & (1UL << i)))
			CT_FAIL("%s was %#llx and is %#llx", register_name[i],
				(long long)in[i], (long long)out[i]);
}

CR_ROW(registers)
{
	uint64_t in[REGISTERS], out[REGISTERS];

	fill_registers(in);
	cr_announce();
	spin_registers(cr_spin_word(), in, out);
	same_registers(in, out, 0);
}

CR_ROW(registers_in_calls)
{
	uint64_t in[REGISTERS], out[REGISTERS];

	fill_registers(in);
	cr_announce();
	sleep_registers(cr_spin_word(), in, out);
	same_registers(in, out, 1 << RAX | 1 << R11);
}

/* -- extended state -------------------------------------------------------------------- */

/* Components of it, as the processor counts them. */
enum {
	X87, SSE, AVX, OPMASK = 5, ZMM_HIGH, ZMM_MORE, PKRU = 9, COMPONENTS,
};

#define KNOWN (1 << X87 | 1 << SSE | 1 << AVX | 1 << OPMASK | \
	       1 << ZMM_HIGH | 1 << ZMM_MORE | 1 << PKRU)
static uint64_t processor_has(void)
{
	unsigned int a, b, c, d;
	uint64_t have;

	CT_CHECK(__get_cpuid(1, &a, &b, &c, &d));
	/* OSXSAVE */
	if (!(c & (1 << 27)))
		return 0;
	asm volatile("xgetbv" : "=a"(a), "=d"(d) : "c"(0));
	have = ((uint64_t)d << 32 | a) & KNOWN;
	/* OSPKE: without it the kernel lets what others have leak into it. */
	if (!__get_cpuid_count(7, 0, &a, &b, &c, &d) || !(c & 1 << 4))
		have &= ~(1UL << PKRU);
	return have;
}

static void component(int i, unsigned int *offset, unsigned int *size)
{
	unsigned int c, d;

	CT_CHECK(__get_cpuid_count(13, i, size, offset, &c, &d));
	CT_CHECK(*offset + *size <= AREA);
}

/* The two old components are laid out in another way. */
static void fill_old(struct area *in)
{
	unsigned char *at = in->byte;
	int i;

	/* Round down, double precision; C3 and C0, top of stack 5. */
	*(uint16_t *)at = 0x067f;
	*(uint16_t *)(at + 2) = 0x6900;
	at[4] = 0xff;
	/* Round up, flush to zero, three of the flags. */
	*(uint32_t *)(at + 24) = 0x1f80 | 0x4000 | 0x8000 | 0x25;
	for (i = 0; i < 8; i++) {
		*(uint64_t *)(at + 32 + 16 * i) = 0x8123456789abcdefUL + i;
		*(uint16_t *)(at + 40 + 16 * i) = 0x3fff + i;
	}
	for (i = 0; i < 256; i++)
		at[160 + i] = 3 * i + 1;
}

static void fill_area(struct area *in, uint64_t mask)
{
	unsigned int i, offset, size, j;

	memset(in, 0, sizeof(*in));
	fill_old(in);
	for (i = AVX; i < COMPONENTS; i++) {
		if (!(mask & (1UL << i)))
			continue;
		component(i, &offset, &size);
		for (j = 0; j < size; j++)
			in->byte[offset + j] = 5 * j + i;
		/* Our own memory must stay accessible: key 0. */
		if (i == PKRU)
			*(uint64_t *)(in->byte + offset) = 0x5a5a5a50;
	}
	*(uint64_t *)(in->byte + 512) = mask;
}

static void same_bytes(const char *what, const struct area *in,
		       const struct area *out, unsigned int offset,
		       unsigned int size)
{
	unsigned int i;

	for (i = offset; i < offset + size; i++)
		if (in->byte[i] != out->byte[i])
			CT_FAIL("%s: byte %u was %#x and is %#x", what,
				i - offset, in->byte[i], out->byte[i]);
}

/* As a whole: what it is instead tells where that comes from. */
static void same_pkru(const struct area *in, const struct area *out,
		      unsigned int offset)
{
	uint32_t was, is;

	memcpy(&was, in->byte + offset, sizeof(was));
	memcpy(&is, out->byte + offset, sizeof(is));
	if (was != is)
		CT_FAIL("PKRU was %#x and is %#x", was, is);
}

static void same_area(const struct area *in, const struct area *out,
		      uint64_t mask)
{
	static const char * const name[COMPONENTS] = {
		[AVX] = "AVX", [OPMASK] = "opmask", [ZMM_HIGH] = "ZMM high",
		[ZMM_MORE] = "ZMM 16 to 31", [PKRU] = "PKRU",
	};
	unsigned int i, offset, size;

	CT_EQ(mask, *(uint64_t *)(out->byte + 512) & mask);
	same_bytes("x87 control and state", in, out, 0, 5);
	same_bytes("MXCSR", in, out, 24, 4);
	for (i = 0; i < 8; i++)
		same_bytes("x87 stack", in, out, 32 + 16 * i, 10);
	same_bytes("SSE", in, out, 160, 256);
	for (i = AVX; i < COMPONENTS; i++) {
		if (!(mask & (1UL << i)))
			continue;
		component(i, &offset, &size);
		if (i == PKRU)
			same_pkru(in, out, offset);
		else
			same_bytes(name[i], in, out, offset, size);
	}
}

static struct area before, after;

static void try_extended(void (*spin)(volatile int *, const struct area *,
				      struct area *, uint64_t))
{
	uint64_t mask = processor_has();

	/* All x86-64 processors that run our kernels under test have it. */
	CT_CHECK(mask);
	fill_area(&before, mask);
	cr_announce();
	spin(cr_spin_word(), &before, &after, mask);
	same_area(&before, &after, mask);
}

CR_ROW(extended)
{
	try_extended(spin_extended);
}

CR_ROW(extended_in_calls)
{
	try_extended(yield_extended);
}

/* Each thread has its own. */
static struct area in_thread[2], out_thread[2];
static volatile int threads_spin;

static void *spin_thread(void *arg)
{
	long which = (long)arg;
	uint64_t mask = processor_has();

	__atomic_add_fetch(&threads_spin, 1, __ATOMIC_SEQ_CST);
	spin_extended(&cr_note.go, &in_thread[which], &out_thread[which], mask);
	return NULL;
}

CR_ROW(extended_of_threads)
{
	uint64_t mask = processor_has();
	pthread_t thread[2];
	long i, j;

	for (i = 0; i < 2; i++) {
		fill_area(&in_thread[i], mask);
		for (j = 0; j < 256; j++)
			in_thread[i].byte[160 + j] += 7 * i;
		CT_EQ(0, pthread_create(&thread[i], NULL, spin_thread, (void *)i));
	}
	CT_UNTIL(threads_spin == 2);
	cr_ready();
	for (i = 0; i < 2; i++) {
		CT_EQ(0, pthread_join(thread[i], NULL));
		same_area(&in_thread[i], &out_thread[i], mask);
	}
}

/* A state that was never touched stays so. */
CR_ROW(extended_untouched)
{
	unsigned short control;
	unsigned int mxcsr;

	asm volatile("fninit");
	cr_ready();
	asm volatile("fnstcw %0" : "=m"(control));
	asm volatile("stmxcsr %0" : "=m"(mxcsr));
	CT_EQ(0x37f, control);
	CT_EQ(0x1f80, mxcsr & ~0x3f);
}

/* -- where threads have their own memory ------------------------------------------------- */

static unsigned long base(int which)
{
	unsigned long value = 0;

	CT_EQ(0, syscall(SYS_arch_prctl, which, &value));
	return value;
}

CR_ROW(bases)
{
	unsigned long fs = base(ARCH_GET_FS), gs, there;
	static unsigned long word = 4711;

	CT_EQ(0, syscall(SYS_arch_prctl, ARCH_SET_GS, &word));
	gs = base(ARCH_GET_GS);
	cr_ready();
	CT_EQ(fs, base(ARCH_GET_FS));
	CT_EQ(gs, base(ARCH_GET_GS));
	asm volatile("mov %%gs:0, %0" : "=r"(there));
	CT_EQ(4711, there);
}

static void *spin_bases(void *arg)
{
	static __thread unsigned long mine;
	unsigned long there;
	long i = (long)arg;

	mine = 1000 + i;
	CT_EQ(0, syscall(SYS_arch_prctl, ARCH_SET_GS, &mine));
	__atomic_add_fetch(&threads_spin, 1, __ATOMIC_SEQ_CST);
	while (!cr_note.go)
		asm volatile("mov %%gs:0, %0" : "=r"(there));
	asm volatile("mov %%gs:0, %0" : "=r"(there));
	CT_EQ(1000 + i, there);
	CT_EQ(1000 + i, mine);
	return NULL;
}

CR_ROW(bases_of_threads)
{
	pthread_t thread[3];
	long i;

	for (i = 0; i < 3; i++)
		CT_EQ(0, pthread_create(&thread[i], NULL, spin_bases, (void *)i));
	CT_UNTIL(threads_spin == 3);
	cr_ready();
	for (i = 0; i < 3; i++)
		CT_EQ(0, pthread_join(thread[i], NULL));
}

/* -- rseq: the kernel tells each thread its processor --------------------------------------- */

static struct rseq *my_rseq(void)
{
	return (struct rseq *)((char *)__builtin_thread_pointer() +
			       __rseq_offset);
}

static void go_to(int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	CT_EQ(0, sched_setaffinity(0, sizeof(set), &set));
}

static void rseq_follows(void)
{
	int cpu;

	for (cpu = 0; cpu < sysconf(_SC_NPROCESSORS_ONLN) && cpu < 2; cpu++) {
		go_to(cpu);
		CT_EQ(cpu, *(volatile uint32_t *)&my_rseq()->cpu_id);
	}
}

static void *rseq_of_thread(void *arg)
{
	rseq_follows();
	threads_spin = 1;
	cr_await();
	rseq_follows();
	return arg;
}

CR_ROW(rseq)
{
	pthread_t thread;

	CT_CHECK(__rseq_size);
	rseq_follows();
	CT_EQ(0, pthread_create(&thread, NULL, rseq_of_thread, NULL));
	CT_UNTIL(threads_spin);
	cr_ready();
	rseq_follows();
	CT_ERRNO(EBUSY, syscall(SYS_rseq, my_rseq(), 32, 0, RSEQ_SIG));
	CT_EQ(0, pthread_join(thread, NULL));
}

/* -- a computation ---------------------------------------------------------------------------- */

static double step_of(double x)
{
	return 3.9 * x * (1 - x);
}

/* Chaos: any bit that is not as it was changes the result. */
static void *computes(void *arg)
{
	double *x = arg;
	long done = 0;

	*x = 0.3;
	while (!cr_note.go || done % 1000) {
		*x = step_of(*x);
		done++;
	}
	x[1] = done;
	return NULL;
}

CR_ROW(computation)
{
	double result[2], x = 0.3;
	pthread_t thread;
	long i;

	CT_EQ(0, pthread_create(&thread, NULL, computes, result));
	cr_ready();
	CT_EQ(0, pthread_join(thread, NULL));
	for (i = 0; i < (long)result[1]; i++)
		x = step_of(x);
	CT_CHECK(i > 0 && x == result[0]);
}

CR_MAIN
