/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Threads that fill the registers of their processor, do nothing but look at a
 * word of memory, and write the registers down again when it is not 0.
 */
#ifndef CT_SPIN_H
#define CT_SPIN_H

#include <stdint.h>

/* The order of the registers in @in and @out is that of the code. */
void spin_registers(volatile int *word, const uint64_t *in, uint64_t *out);
void sleep_registers(volatile int *word, const uint64_t *in, uint64_t *out);

asm(".text\n"
".macro load_registers\n"
"	push %rbx\n	push %rbp\n	push %r12\n"
"	push %r13\n	push %r14\n	push %r15\n"
"	push %rdx\n	push %rdi\n"
"	mov 0(%rsi), %rax\n	mov 8(%rsi), %rbx\n"
"	mov 16(%rsi), %rdx\n	mov 32(%rsi), %rdi\n"
"	mov 40(%rsi), %rbp\n	mov 48(%rsi), %r8\n"
"	mov 56(%rsi), %r9\n	mov 64(%rsi), %r10\n"
"	mov 72(%rsi), %r11\n	mov 80(%rsi), %r12\n"
"	mov 88(%rsi), %r13\n	mov 96(%rsi), %r14\n"
"	mov 104(%rsi), %r15\n"
"	push 112(%rsi)\n	mov 24(%rsi), %rsi\n	popfq\n"
".endm\n"
".macro store_registers\n"
"	mov 8(%rsp), %rcx\n"
"	mov %rax, 0(%rcx)\n	mov %rbx, 8(%rcx)\n"
"	mov %rdx, 16(%rcx)\n	mov %rsi, 24(%rcx)\n"
"	mov %rdi, 32(%rcx)\n	mov %rbp, 40(%rcx)\n"
"	mov %r8, 48(%rcx)\n	mov %r9, 56(%rcx)\n"
"	mov %r10, 64(%rcx)\n	mov %r11, 72(%rcx)\n"
"	mov %r12, 80(%rcx)\n	mov %r13, 88(%rcx)\n"
"	mov %r14, 96(%rcx)\n	mov %r15, 104(%rcx)\n"
"	pushfq\n	pop 112(%rcx)\n"
"	push $0x202\n	popfq\n"
"	add $16, %rsp\n"
"	pop %r15\n	pop %r14\n	pop %r13\n"
"	pop %r12\n	pop %rbp\n	pop %rbx\n"
"	ret\n"
".endm\n"
/* Neither mov nor jrcxz change a flag. */
"spin_registers:\n"
"	load_registers\n"
"1:	mov (%rsp), %rcx\n	mov (%rcx), %ecx\n	jrcxz 1b\n"
"	store_registers\n"
/* sched_yield(); the call itself has rax, rcx and r11. */
"sleep_registers:\n"
"	load_registers\n"
"2:	mov $24, %eax\n	syscall\n"
"	mov (%rsp), %rcx\n	mov (%rcx), %ecx\n	jrcxz 2b\n"
"	store_registers\n");

/* For XSAVE, in the standard format. */
#define AREA 16384

struct area {
	unsigned char byte[AREA];
} __attribute__((aligned(64)));

void spin_extended(volatile int *word, const struct area *in, struct area *out,
		   uint64_t mask);
void yield_extended(volatile int *word, const struct area *in, struct area *out,
		    uint64_t mask);

asm(".text\n"
".macro load_extended\n"
"	push %rbx\n	push %r12\n"
"	mov %rdi, %rbx\n	mov %rdx, %r12\n	mov %rcx, %r8\n"
"	mov %ecx, %eax\n	xor %edx, %edx\n"
"	xrstor64 (%rsi)\n"
".endm\n"
".macro store_extended\n"
"	mov %r8d, %eax\n	xor %edx, %edx\n"
"	xsave64 (%r12)\n"
"	fninit\n"
"	pop %r12\n	pop %rbx\n	ret\n"
".endm\n"
"spin_extended:\n"
"	load_extended\n"
"1:	mov (%rbx), %ecx\n	jrcxz 1b\n"
"	store_extended\n"
"yield_extended:\n"
"	load_extended\n"
"2:	mov $24, %eax\n	syscall\n"
"	mov (%rbx), %ecx\n	jrcxz 2b\n"
"	store_extended\n");

/*
 * Not to be called, but gone to: makes the call whose number is in %rax as soon as
 * the word at %rbx is set, and ends with its error (exit_group, 231).
 */
extern const char call_when_told[];

asm(".text\n"
"call_when_told:\n"
"3:	cmpl $0, (%rbx)\n	je 3b\n"
"	syscall\n"
"	neg %eax\n	mov %eax, %edi\n"
"	mov $231, %eax\n	syscall\n");

#endif
