/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/* x86-64: registers, 32-bit syscalls, syscall numbers. */
#pragma once

#define REGISTERS 6
#define TS_COMPAT 0x0002 /* thread_info.status: the current syscall is a 32-bit one */
#define USER_SS 0x2b	 /* the stack segment of user mode, asm/segment.h */
#define KERNEL_STACK_SIZE 16384

/* With FRED 16 bytes above the registers are unused (Linux v6.9,
 * 65c9cc9e2c14 ("x86/fred: Reserve space for the FRED stack frame")). */
#define STACK_PADDING_FRED 16

/* Read a user register as it was at the entry of the syscall, all 64 bits. */
#ifdef TYPED_REGISTERS
/* bpf_rdonly_cast() gives the address a type, so that a plain load may read it (Linux v6.2,
 * a35b9af4ec2c ("bpf: Add a kfunc for generic type cast")). The load is in
 * assembly because BCC turns every other dereference into a call of a helper. */
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

/* Whether the current task is in a 32-bit syscall. */
static __always_inline bool is_compat(struct task_struct *task)
{
	return FIELD(task, thread_info_status) & TS_COMPAT;
}

/* Read an argument of a syscall; `i` is constant. Those of a 32-bit one have 32 bits, whatever a
 * 64-bit program has put above them (int 0x80). */
static __always_inline u64 read_register(struct pt_regs *regs, bool compat, const u32 i)
{
	if (i == 0)
		return compat ? (u32)SAVED(regs, bx) : SAVED(regs, di);
	if (i == 1)
		return compat ? (u32)SAVED(regs, cx) : SAVED(regs, si);
	if (i == 2)
		return compat ? (u32)SAVED(regs, dx) : SAVED(regs, dx);
	if (i == 3)
		return compat ? (u32)SAVED(regs, si) : SAVED(regs, r10);
	if (i == 4)
		return compat ? (u32)SAVED(regs, di) : SAVED(regs, r8);
	return compat ? (u32)SAVED(regs, bp) : SAVED(regs, r9);
}

/* Read all arguments; `saved` is scratch space for one read of all registers, where each would be
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
	arguments[0] = compat ? (u32)saved->bx : saved->di;
	arguments[1] = compat ? (u32)saved->cx : saved->si;
	arguments[2] = compat ? (u32)saved->dx : saved->dx;
	arguments[3] = compat ? (u32)saved->si : saved->r10;
	arguments[4] = compat ? (u32)saved->di : saved->r8;
	arguments[5] = compat ? (u32)saved->bp : saved->r9;
#endif
}

/* Return an argument of the function that a kprobe is at; `i` is constant. */
static __always_inline u64 function_argument(const struct pt_regs *ctx, const u32 i)
{
	return i == 0	? ctx->di
	       : i == 1 ? ctx->si
	       : i == 2 ? ctx->dx
	       : i == 3 ? ctx->cx
	       : i == 4 ? ctx->r8
	       : i == 5 ? ctx->r9
			: READ_AT(u64, ctx->sp, 8 * (i - 5)); /* above the return address */
}

/* Return what the function returns that a program at its return is at. */
static __always_inline u64 function_result(const struct pt_regs *ctx)
{
	return ctx->ax;
}

static __always_inline u64 stack_pointer(const struct pt_regs *ctx)
{
	return ctx->sp;
}

/* Return the syscall number in saved registers. */
static __always_inline u32 syscall_number(struct pt_regs *regs)
{
	return SAVED(regs, orig_ax);
}

/* Return the result of the syscall in saved registers. */
static __always_inline s64 return_value(struct pt_regs *regs)
{
	return SAVED(regs, ax);
}

/* execve and execveat: after their success the saved registers are those of the new image. */
static __always_inline bool is_exec(u32 number, bool compat)
{
	return compat ? number == __NR_compat_execve || number == __NR_compat_execveat
		      : number == __NR_execve || number == __NR_execveat;
}

/* After these the saved registers are those from before the signal. */
static __always_inline bool is_sigreturn(u32 number, bool compat)
{
	return compat ? number == __NR_compat_rt_sigreturn || number == __NR_compat_sigreturn
		      : number == __NR_rt_sigreturn;
}

/* Return the user registers of the current task, at the top of its kernel stack; NULL for a kernel
 * thread. */
static __always_inline struct pt_regs *user_registers(struct task_struct *task)
{
	struct pt_regs *regs =
		(struct pt_regs *)((char *)FIELD(task, stack) + KERNEL_STACK_SIZE) - 1;
	if ((u16)SAVED(regs, ss) == USER_SS)
		return regs;
	regs = (struct pt_regs *)((char *)regs - STACK_PADDING_FRED);
	return (u16)SAVED(regs, ss) == USER_SS ? regs : NULL;
}

/* Context of a program at a tracepoint of syscalls; at an entry, the arguments replace retval. */
struct syscall_context {
	u64 unused;
	u32 number;
	s64 retval;
};

/* Return the number of the syscall that the task is in, or -1. */
static __always_inline s32 current_syscall(struct task_struct *task)
{
	struct pt_regs *regs = user_registers(task);
	return regs ? (s32)syscall_number(regs) : -1;
}

#define SOCKETCALL __NR_compat_socketcall /* multiplexes all socket syscalls */
#define IPC __NR_compat_ipc		  /* and all of System V IPC */

/* Return the index of a subcall of socketcall() or ipc() in the map calls, from `first` on, or -1.
 * `word` is the first argument: the number of the subcall, below the version of ipc. */
static __always_inline s32 subcall_index(u32 first, u32 word)
{
	return (u16)word < SUBCALLS_EACH ? first + (word >> 16 ? SUBCALLS_EACH : 0) + (u16)word
					 : -1;
}

/* As current_syscall(), but of socketcall() and ipc() the index of the subcall. */
static __always_inline s32 named_syscall(struct task_struct *task, bool compat)
{
	struct pt_regs *regs = user_registers(task);
	s32 number = regs ? (s32)syscall_number(regs) : -1;
	if (!compat || (number != SOCKETCALL && number != IPC))
		return number;
	u32 first = SUBCALLS_FIRST + (number == IPC ? 2 * SUBCALLS_EACH : 0);
	s32 subcall = subcall_index(first, read_register(regs, true, 0));
	return subcall < 0 ? number : subcall;
}

/* The index of the path argument of a syscall that opens or executes a file; -1 for others. */
static __always_inline int path_argument(s32 number, bool compat)
{
	if (compat)
		return number == __NR_compat_open || number == __NR_compat_creat ||
				       number == __NR_compat_execve
			       ? 0
		       : number == __NR_compat_openat || number == __NR_compat_execveat ||
				       number == __NR_compat_openat2
			       ? 1
			       : -1;
	return number == __NR_open || number == __NR_execve || number == __NR_creat	    ? 0
	       : number == __NR_openat || number == __NR_execveat || number == __NR_openat2 ? 1
											    : -1;
}

/* Whether the first argument of a syscall is the socket that it binds, connects and so on. */
static __always_inline bool has_socket_argument(s32 number, bool compat)
{
	if (compat)
		return number >= __NR_compat_bind && number <= __NR_compat_setsockopt;
	return number == __NR_connect || number == __NR_accept || number == __NR_bind ||
	       number == __NR_listen || number == __NR_setsockopt || number == __NR_accept4;
}

static __always_inline bool is_mprotect(s32 number, bool compat)
{
	return compat ? number == __NR_compat_mprotect || number == __NR_compat_pkey_mprotect
		      : number == __NR_mprotect || number == __NR_pkey_mprotect;
}

/* The mmap() of i386, whose arguments are an array in memory. */
static __always_inline bool is_array_mmap(s32 number, bool compat)
{
	return compat && number == __NR_compat_mmap;
}

static __always_inline bool is_mmap(s32 number, bool compat)
{
	return number == (compat ? __NR_compat_mmap2 : __NR_mmap) || is_array_mmap(number, compat);
}

static __always_inline bool is_pkey_mprotect(s32 number, bool compat)
{
	return number == (compat ? __NR_compat_pkey_mprotect : __NR_pkey_mprotect);
}

/* The index of the argument that is the socket of a syscall that reads, writes or otherwise uses
 * one; -1 for others. Of two the one that is written to counts (splice). */
static __always_inline s32 socket_argument(u32 number, bool compat)
{
	if (compat)
		return number == __NR_compat_splice ? 2
		       : number == __NR_compat_read || number == __NR_compat_write ||
				       number == SOCKETCALL || number == __NR_compat_readv ||
				       number == __NR_compat_writev ||
				       number == __NR_compat_sendfile32 ||
				       number == __NR_compat_sendfile ||
				       number == __NR_compat_recvmmsg_time32 ||
				       number == __NR_compat_sendmmsg ||
				       number == __NR_compat_preadv2 ||
				       number == __NR_compat_pwritev2 ||
				       number == __NR_compat_recvmmsg ||
				       (number >= __NR_compat_bind &&
					number <= __NR_compat_shutdown)
			       ? 0
			       : -1;
	return number == __NR_splice ? 2
	       : number <= __NR_write || number == __NR_readv || number == __NR_writev ||
			       number == __NR_sendfile ||
			       (number >= __NR_connect && number <= __NR_listen) ||
			       number == __NR_setsockopt || number == __NR_accept4 ||
			       number == __NR_recvmmsg || number == __NR_sendmmsg ||
			       number == __NR_preadv2 || number == __NR_pwritev2
		       ? 0
		       : -1;
}

/* Whether a syscall returns a new socket, or may (socketcall). */
static __always_inline bool returns_socket(u32 number, bool compat)
{
	if (compat)
		return number == SOCKETCALL || number == __NR_compat_socket ||
		       number == __NR_compat_accept4;
	return number == __NR_socket || number == __NR_accept || number == __NR_accept4;
}
