/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/* arm64: registers, 32-bit syscalls, syscall numbers.
 *
 * Tests compile it; it was never run on an arm64 kernel. */
#pragma once

#define REGISTERS 6
#define TIF_32BIT                                                                                  \
	(1ULL << 22)		/* thread_info.flags: the task is a 32-bit one; asm/thread_info.h  \
				 */
#define KERNEL_STACK_SIZE 16384 /* with pages of 4 and 16 KiB; asm/memory.h */

static __always_inline bool is_compat(struct task_struct *task)
{
	return FIELD(task, thread_info_flags) & TIF_32BIT;
}

/* Read a user register as it was at the entry of the syscall; `i` is constant. */
static __always_inline u64 saved_register(struct pt_regs *regs, const u32 i)
{
	u64 value = 0;
	read_kernel(&value, sizeof(value), (u64 *)&regs->regs + i);
	return value;
}

/* Read an argument of a syscall. At its exit the first register holds the result. */
static __always_inline u64 read_register(struct pt_regs *regs, bool compat, const u32 i)
{
	u64 value = i ? saved_register(regs, i) : READ(regs, orig_x0);
	return compat ? (u32)value : value;
}

/* Read all arguments; `saved` is scratch space for one read of all registers. */
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

/* Not a load, so that the verifier of another machine accepts it. */
static __always_inline u64 stack_pointer(const struct pt_regs *ctx)
{
	return READ(ctx, sp);
}

/* Return an argument of the function that a kprobe is at; `i` is constant. */
static __always_inline u64 function_argument(const struct pt_regs *ctx, const u32 i)
{
	return i < 8 ? ((u64 *)&ctx->regs)[i] : READ_AT(u64, stack_pointer(ctx), 8 * (i - 8));
}

/* Return what the function returns that a program at its return is at. */
static __always_inline u64 function_result(const struct pt_regs *ctx)
{
	return ((u64 *)&ctx->regs)[0];
}

/* Return the syscall number in saved registers. */
static __always_inline u32 syscall_number(struct pt_regs *regs)
{
	return READ(regs, syscallno);
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

/* Return the user registers, at the top of the kernel stack; NULL for a kernel thread. */
static __always_inline struct pt_regs *user_registers(struct task_struct *task)
{
	if (FIELD(task, flags) & PF_KTHREAD)
		return NULL;
	return (struct pt_regs *)((char *)FIELD(task, stack) + KERNEL_STACK_SIZE - PT_REGS_SIZE);
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

/* As current_syscall(): no syscall stands for others. */
static __always_inline s32 named_syscall(struct task_struct *task, bool compat)
{
	return current_syscall(task);
}

/* Never called: no syscall has subcalls. */
static __always_inline s32 subcall_index(u32 first, u32 word)
{
	return -1;
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
	return number == __NR_execve							    ? 0
	       : number == __NR_openat || number == __NR_execveat || number == __NR_openat2 ? 1
											    : -1;
}

#define SOCKETCALL (-2) /* no syscall multiplexes the socket syscalls */

/* Whether the first argument of a syscall is the socket that it binds, connects and so on. */
static __always_inline bool has_socket_argument(s32 number, bool compat)
{
	if (compat)
		return (number >= __NR_compat_bind && number <= __NR_compat_accept) ||
		       number == __NR_compat_setsockopt || number == __NR_compat_accept4;
	return (number >= __NR_bind && number <= __NR_connect) || number == __NR_setsockopt ||
	       number == __NR_accept4;
}

static __always_inline bool is_mprotect(s32 number, bool compat)
{
	return compat ? number == __NR_compat_mprotect || number == __NR_compat_pkey_mprotect
		      : number == __NR_mprotect || number == __NR_pkey_mprotect;
}

/* No mmap() has its arguments in memory. */
static __always_inline bool is_array_mmap(s32 number, bool compat)
{
	return false;
}

static __always_inline bool is_mmap(s32 number, bool compat)
{
	return number == (compat ? __NR_compat_mmap2 : __NR_mmap);
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
				       number == __NR_compat_readv ||
				       number == __NR_compat_writev ||
				       number == __NR_compat_sendfile32 ||
				       number == __NR_compat_sendfile ||
				       number == __NR_compat_recvmmsg_time32 ||
				       number == __NR_compat_accept4 ||
				       number == __NR_compat_sendmmsg ||
				       number == __NR_compat_preadv2 ||
				       number == __NR_compat_pwritev2 ||
				       number == __NR_compat_recvmmsg ||
				       (number >= __NR_compat_bind &&
					number <= __NR_compat_accept) ||
				       (number >= __NR_compat_send && number <= __NR_compat_recvmsg)
			       ? 0
			       : -1;
	return number == __NR_splice ? 2
	       : (number >= __NR_read && number <= __NR_writev) || number == __NR_sendfile ||
			       (number >= __NR_bind && number <= __NR_connect) ||
			       (number >= __NR_sendto && number <= __NR_setsockopt) ||
			       (number >= __NR_shutdown && number <= __NR_recvmsg) ||
			       number == __NR_accept4 || number == __NR_recvmmsg ||
			       number == __NR_sendmmsg || number == __NR_preadv2 ||
			       number == __NR_pwritev2
		       ? 0
		       : -1;
}

/* Whether a syscall returns a new socket. */
static __always_inline bool returns_socket(u32 number, bool compat)
{
	if (compat)
		return number == __NR_compat_socket || number == __NR_compat_accept ||
		       number == __NR_compat_accept4;
	return number == __NR_socket || number == __NR_accept || number == __NR_accept4;
}
