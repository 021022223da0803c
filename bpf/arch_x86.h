/* All that is x86 on the kernel side: registers, 32-bit calls, call numbers. */
#pragma once
#include "task.h"

#define REGISTERS 6
#define TS_COMPAT 0x0002 /* thread_info.status: the current system call is a 32-bit one */
#define USER_SS 0x2b     /* the stack segment of user mode, asm/segment.h */
#define KERNEL_STACK_SIZE 16384

/* Above the registers FRED kernels keep 16 bytes free (since 6.9, 65c9cc9e2c14). */
#define STACK_PADDING_FRED 16

static __always_inline bool is_compat(struct task_struct *task)
{
	return READ(task, thread_info_status) & TS_COMPAT;
}

static __always_inline void read_registers(u64 *registers, struct pt_regs *regs, bool compat)
{
	registers[0] = compat ? READ(regs, bx) : READ(regs, di);
	registers[1] = compat ? READ(regs, cx) : READ(regs, si);
	registers[2] = READ(regs, dx);
	registers[3] = compat ? READ(regs, si) : READ(regs, r10);
	registers[4] = compat ? READ(regs, di) : READ(regs, r8);
	registers[5] = compat ? READ(regs, bp) : READ(regs, r9);
}

/* execve and execveat, which leave no registers behind when they succeed. */
static __always_inline bool is_exec(u32 number, bool compat)
{
	return compat ? number == 11 || number == 358 : number == 59 || number == 322;
}

/* The user registers of a task lie at the top of its kernel stack; NULL for kernel threads. */
static __always_inline struct pt_regs *user_registers(struct task_struct *task)
{
	struct pt_regs *regs = (struct pt_regs *)((char *)READ(task, stack) + KERNEL_STACK_SIZE) - 1;
	if ((u16)READ(regs, ss) == USER_SS)
		return regs;
	regs = (struct pt_regs *)((char *)regs - STACK_PADDING_FRED);
	return (u16)READ(regs, ss) == USER_SS ? regs : NULL;
}

/* The call that the task is in, or -1. */
static __always_inline s32 current_call(struct task_struct *task)
{
	struct pt_regs *regs = user_registers(task);
	return regs ? (s32)READ(regs, orig_ax) : -1;
}
