/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/* All that is arm64 on the kernel side: registers, 32-bit calls, call numbers.
 *
 * It is compiled by a test, but was never run: none of our kernels is one of arm64. */
#pragma once

#define REGISTERS 6
#define TIF_32BIT (1ULL << 22) /* thread_info.flags: a 32-bit program; asm/thread_info.h */
#define KERNEL_STACK_SIZE 16384 /* with pages of 4 and 16 KiB; asm/memory.h */

static __always_inline bool is_compat(struct task_struct *task)
{
	return FIELD(task, thread_info_flags) & TIF_32BIT;
}

/* A register that a program had when it called; `i` is constant. */
static __always_inline u64 saved_register(struct pt_regs *regs, const u32 i)
{
	u64 value = 0;
	read_kernel(&value, sizeof(value), (u64 *)&regs->regs + i);
	return value;
}

/* An argument of a system call; the first register holds the result when it returns. */
static __always_inline u64 read_register(struct pt_regs *regs, bool compat, const u32 i)
{
	u64 value = i ? saved_register(regs, i) : READ(regs, orig_x0);
	return compat ? (u32)value : value;
}

/* All arguments; `saved` is room for the registers, which are read in one go. */
static __always_inline void read_registers(u64 *arguments, struct pt_regs *saved,
					   const struct pt_regs *regs, bool compat)
{
	read_kernel(saved, sizeof(*saved), regs);
	arguments[0] = saved->orig_x0;
#pragma unroll
	for (u32 i = 1; i < REGISTERS; i++)
		arguments[i] = ((u64 *)&saved->regs)[i];
#pragma unroll
	for (u32 i = 0; i < REGISTERS; i++)
		arguments[i] = compat ? (u32)arguments[i] : arguments[i];
}

/* An argument of the kernel function at whose beginning a kprobe is; `i` is constant. */
static __always_inline u64 function_argument(const struct pt_regs *ctx, const u32 i)
{
	return ((u64 *)&ctx->regs)[i];
}

/* The number of the call that registers belong to. */
static __always_inline u32 call_number(struct pt_regs *regs)
{
	return READ(regs, syscallno);
}

/* execve and execveat, which leave no registers behind when they succeed. */
static __always_inline bool is_exec(u32 number, bool compat)
{
	return compat ? number == 11 || number == 387 : number == 221 || number == 281;
}

/* The user registers of a task lie at the top of its kernel stack; NULL for kernel threads. */
static __always_inline struct pt_regs *user_registers(struct task_struct *task)
{
	if (FIELD(task, flags) & PF_KTHREAD)
		return NULL;
	return (struct pt_regs *)((char *)FIELD(task, stack) + KERNEL_STACK_SIZE - PT_REGS_SIZE);
}

/* The context of a program at the perf event raw_syscalls:sys_exit, or syscalls:sys_exit_NAME. */
struct exit_context {
	u64 unused;
	u32 number;
	s64 retval;
};

/* The call that the task is in, or -1. */
static __always_inline s32 current_call(struct task_struct *task)
{
	struct pt_regs *regs = user_registers(task);
	return regs ? (s32)call_number(regs) : -1;
}

/* The place of the path among the arguments of the calls that open or execute a file; -1 for
 * other calls. */
static __always_inline int path_argument(s32 number, bool compat)
{
	if (compat)
		return number == 5 || number == 8 || number == 11 ? 0
		       : number == 322 || number == 387 || number == 437 ? 1 : -1;
	return number == 221 ? 0 : number == 56 || number == 281 || number == 437 ? 1 : -1;
}

#define SOCKETCALL (-2) /* there is no call that stands for all of sockets */

/* The calls whose first argument is the socket that they bind, connect, listen at and so on. */
static __always_inline bool has_socket_argument(s32 number, bool compat)
{
	if (compat)
		return (number >= 282 && number <= 285) || number == 294 || number == 366;
	return (number >= 200 && number <= 203) || number == 208 || number == 242;
}

static __always_inline bool is_mprotect(s32 number, bool compat)
{
	return compat ? number == 125 || number == 394 : number == 226 || number == 288;
}

static __always_inline bool is_mmap(s32 number, bool compat)
{
	return number == (compat ? 192 : 222);
}

/* dup, dup2, dup3 */
static __always_inline bool is_dup(s32 number, bool compat)
{
	return compat ? number == 41 || number == 63 || number == 358
		      : number == 23 || number == 24;
}

static __always_inline bool is_pkey_mprotect(s32 number, bool compat)
{
	return number == (compat ? 394 : 288);
}

/* Return which argument is the socket that a call reads, writes or otherwise uses; -1 for other
 * calls. Of two the one that is written to counts (splice). */
static __always_inline s32 socket_argument(u32 number, bool compat)
{
	if (compat)
		return number == 340 ? 2
		       : number == 3 || number == 4 || number == 145 || number == 146 ||
				       number == 187 || number == 239 || number == 365 ||
				       number == 366 || number == 374 || number == 392 ||
				       number == 393 || number == 417 ||
				       (number >= 282 && number <= 285) ||
				       (number >= 289 && number <= 297)
			       ? 0
			       : -1;
	return number == 76 ? 2
	       : (number >= 63 && number <= 66) || number == 71 ||
			       (number >= 200 && number <= 203) ||
			       (number >= 206 && number <= 208) ||
			       (number >= 210 && number <= 212) || number == 242 ||
			       number == 243 || number == 269 || number == 286 || number == 287
		       ? 0
		       : -1;
}

/* socket and accept. */
static __always_inline bool returns_socket(u32 number, bool compat)
{
	if (compat)
		return number == 281 || number == 285 || number == 366;
	return number == 198 || number == 202 || number == 242;
}
