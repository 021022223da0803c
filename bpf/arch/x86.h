/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/* All that is x86 on the kernel side: registers, 32-bit calls, call numbers. */
#pragma once

#define REGISTERS 6
#define TS_COMPAT 0x0002 /* thread_info.status: the current system call is a 32-bit one */
#define USER_SS 0x2b     /* the stack segment of user mode, asm/segment.h */
#define KERNEL_STACK_SIZE 16384

/* Above the registers FRED kernels keep 16 bytes free (since 6.9, 65c9cc9e2c14). */
#define STACK_PADDING_FRED 16

/* A register that a task had when it called; they are 64 bits wide. */
#ifdef TYPED_REGISTERS
/* The verifier is told what lies at the address (since 6.2, a35b9af4ec2c); then a plain load may read
 * it. It is written so because BCC would make a call of a helper of anything that it understands. */
static u64 (*typed_registers)(const struct pt_regs *regs, u32 type) = (void *)CAST_CALL;
#define SAVED(regs, field)                                                                         \
	({                                                                                         \
		u64 _value, _typed = typed_registers(regs, TYPED_REGISTERS);                       \
		asm volatile("%0 = *(u64 *)(%1 + %2)"                                              \
			     : "=r"(_value)                                                        \
			     : "r"(_typed), "i"(offsetof(struct pt_regs, field)));                 \
		_value;                                                                            \
	})
#else
#define SAVED(regs, field) READ(regs, field)
#endif

/* Whether the current task is in a 32-bit call. */
static __always_inline bool is_compat(struct task_struct *task)
{
	return FIELD(task, thread_info_status) & TS_COMPAT;
}

/* An argument of a system call; `i` is constant. */
static __always_inline u64 read_register(struct pt_regs *regs, bool compat, const u32 i)
{
	if (i == 0)
		return compat ? SAVED(regs, bx) : SAVED(regs, di);
	if (i == 1)
		return compat ? SAVED(regs, cx) : SAVED(regs, si);
	if (i == 2)
		return SAVED(regs, dx);
	if (i == 3)
		return compat ? SAVED(regs, si) : SAVED(regs, r10);
	if (i == 4)
		return compat ? SAVED(regs, di) : SAVED(regs, r8);
	return compat ? SAVED(regs, bp) : SAVED(regs, r9);
}

/* All arguments; `saved` is room for the registers, which are read in one go where each would be
 * a call of a helper. */
static __always_inline void read_registers(u64 *arguments, struct pt_regs *saved,
					   struct pt_regs *regs, bool compat)
{
#ifdef TYPED_REGISTERS
	arguments[0] = read_register(regs, compat, 0);
	arguments[1] = read_register(regs, compat, 1);
	arguments[2] = read_register(regs, compat, 2);
	arguments[3] = read_register(regs, compat, 3);
	arguments[4] = read_register(regs, compat, 4);
	arguments[5] = read_register(regs, compat, 5);
#else
	read_kernel(saved, sizeof(*saved), regs);
	arguments[0] = compat ? saved->bx : saved->di;
	arguments[1] = compat ? saved->cx : saved->si;
	arguments[2] = saved->dx;
	arguments[3] = compat ? saved->si : saved->r10;
	arguments[4] = compat ? saved->di : saved->r8;
	arguments[5] = compat ? saved->bp : saved->r9;
#endif
}

/* An argument of the kernel function at whose beginning a kprobe is; `i` is constant. */
static __always_inline u64 function_argument(const struct pt_regs *ctx, const u32 i)
{
	return i == 0 ? ctx->di : i == 1 ? ctx->si : i == 2 ? ctx->dx : i == 3 ? ctx->cx : ctx->r8;
}

/* The number of the call that registers belong to. */
static __always_inline u32 call_number(struct pt_regs *regs)
{
	return SAVED(regs, orig_ax);
}

/* What the call that registers belong to has returned. */
static __always_inline s64 return_value(struct pt_regs *regs)
{
	return SAVED(regs, ax);
}

/* execve and execveat, which leave no registers behind when they succeed. */
static __always_inline bool is_exec(u32 number, bool compat)
{
	return compat ? number == 11 || number == 358 : number == 59 || number == 322;
}

/* The user registers of the current task lie at the top of its kernel stack; NULL for kernel threads. */
static __always_inline struct pt_regs *user_registers(struct task_struct *task)
{
	struct pt_regs *regs = (struct pt_regs *)((char *)FIELD(task, stack) + KERNEL_STACK_SIZE) - 1;
	if ((u16)SAVED(regs, ss) == USER_SS)
		return regs;
	regs = (struct pt_regs *)((char *)regs - STACK_PADDING_FRED);
	return (u16)SAVED(regs, ss) == USER_SS ? regs : NULL;
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
		       : number == 295 || number == 358 || number == 437 ? 1 : -1;
	return number == 2 || number == 59 || number == 85 ? 0
	       : number == 257 || number == 322 || number == 437 ? 1 : -1;
}

#define SOCKETCALL 102 /* the 32-bit call that stands for all of sockets */

/* The calls whose first argument is the socket that they bind, connect, listen at and so on. */
static __always_inline bool has_socket_argument(s32 number, bool compat)
{
	if (compat)
		return number >= 361 && number <= 366;
	return number == 42 || number == 43 || number == 49 || number == 50 || number == 54 ||
	       number == 288;
}

static __always_inline bool is_mprotect(s32 number, bool compat)
{
	return compat ? number == 125 || number == 380 : number == 10 || number == 329;
}

/* Not the 32-bit call with its arguments in memory, which programs gave up long ago. */
static __always_inline bool is_mmap(s32 number, bool compat)
{
	return number == (compat ? 192 : 9);
}

/* dup, dup2, dup3 */
static __always_inline bool is_dup(s32 number, bool compat)
{
	return compat ? number == 41 || number == 63 || number == 330
		      : number == 32 || number == 33 || number == 292;
}

static __always_inline bool is_pkey_mprotect(s32 number, bool compat)
{
	return number == (compat ? 380 : 329);
}

/* Return which argument is the socket that a call reads, writes or otherwise uses; -1 for other
 * calls. Of two the one that is written to counts (splice). */
static __always_inline s32 socket_argument(u32 number, bool compat)
{
	if (compat)
		return number == 313 ? 2
		       : number == 3 || number == 4 || number == SOCKETCALL || number == 145 ||
				       number == 146 || number == 187 || number == 239 ||
				       number == 337 || number == 345 || number == 378 ||
				       number == 379 || number == 417 ||
				       (number >= 361 && number <= 373)
			       ? 0
			       : -1;
	return number == 275 ? 2
	       : number <= 1 || number == 19 || number == 20 || number == 40 ||
			       (number >= 42 && number <= 50) || number == 54 || number == 288 ||
			       number == 299 || number == 307 || number == 327 || number == 328
		       ? 0
		       : -1;
}

/* socket and accept, and the call that stands for all of sockets. */
static __always_inline bool returns_socket(u32 number, bool compat)
{
	if (compat)
		return number == SOCKETCALL || number == 359 || number == 364;
	return number == 41 || number == 43 || number == 288;
}
