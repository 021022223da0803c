/* SPDX-License-Identifier: Apache-2.0 */
/* System calls without a C library, which would make calls of its own and use errno, which is not
 * set up in these threads. */
#pragma once
#include <asm/errno.h>
#include <asm/unistd.h>
#include <linux/futex.h>
#include <linux/mman.h>
#include <linux/prctl.h>
#include <linux/sched.h>
#include <asm/signal.h>

#include "plan.h"

static inline s64 call(s64 number, s64 a, s64 b, s64 c, s64 d, s64 e, s64 f)
{
	s64 result;
	register s64 r10 __asm__("r10") = d;
	register s64 r8 __asm__("r8") = e;
	register s64 r9 __asm__("r9") = f;
	__asm__ volatile("syscall"
			 : "=a"(result)
			 : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
			 : "rcx", "r11", "memory");
	return result;
}

static inline s64 call1(s64 number, s64 a)
{
	return call(number, a, 0, 0, 0, 0, 0);
}

static inline s64 call3(s64 number, s64 a, s64 b, s64 c)
{
	return call(number, a, b, c, 0, 0, 0);
}

static inline void futex_wait(u32 *word, u32 while_it_is)
{
	while (__atomic_load_n(word, __ATOMIC_ACQUIRE) == while_it_is)
		call(__NR_futex, (s64)word, FUTEX_WAIT, while_it_is, 0, 0, 0);
}

static inline void futex_set(u32 *word, u32 value)
{
	__atomic_store_n(word, value, __ATOMIC_RELEASE);
	call3(__NR_futex, (s64)word, FUTEX_WAKE, 1 << 30);
}

/* Exit with a code that no plan has: an error of the workload program itself. */
#define BROKEN_MAP 201
#define BROKEN_PLAN 202
#define BROKEN_JOURNAL 203
static inline void broken(int code)
{
	for (;;)
		call1(__NR_exit_group, code);
}

/* Start a thread on a new stack; the word on its top is the argument of run_thread(). */
s64 clone_thread(u64 flags, void *stack, void *parent_tid, void *child_tid);
__asm__(".globl clone_thread\n"
	"clone_thread:\n"
	"	mov %rcx, %r10\n"
	"	xor %r8d, %r8d\n"
	"	mov $56, %eax\n"
	"	syscall\n"
	"	test %rax, %rax\n"
	"	jnz 1f\n"
	"	xor %ebp, %ebp\n"
	"	pop %rdi\n"
	"	call run_thread\n"
	"1:	ret\n");

/* Entry point: the kernel puts argc and argv on the stack. */
__asm__(".globl _start\n"
	"_start:\n"
	"	xor %ebp, %ebp\n"
	"	mov %rsp, %rdi\n"
	"	and $-16, %rsp\n"
	"	call start\n");
