/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/* Reads of kernel and user memory, and constants of the kernel that BTF does not have.
 *
 * BCC resolves every helper that is called by its usual name against /proc/kallsyms, which takes
 * half of the start-up time. These pointers avoid it. The helpers exist since Linux v5.5,
 * 6ae08ae3dea2 ("bpf: Add probe_read_{user, kernel} and probe_read_{user, kernel}_str helpers"). */
#pragma once
#include "generated/abi.h"

static long (*read_user)(void *to, u32 size, const void *from) = (void *)BPF_FUNC_probe_read_user;
static long (*read_kernel)(void *to, u32 size,
			   const void *from) = (void *)BPF_FUNC_probe_read_kernel;
static long (*probe_user_string)(void *to, u32 size,
				 const void *from) = (void *)BPF_FUNC_probe_read_user_str;
static long (*read_kernel_string)(void *to, u32 size,
				  const void *from) = (void *)BPF_FUNC_probe_read_kernel_str;

/* Read a field through a kernel pointer; 0 if it cannot be read. */
#define READ(pointer, field)                                                                       \
	({                                                                                         \
		typeof((pointer)->field) _value = 0;                                               \
		read_kernel(&_value, sizeof(_value), &(pointer)->field);                           \
		_value;                                                                            \
	})

/* Read a number at an offset from an address in the kernel; 0 if it cannot be read. */
#define READ_AT(type, base, offset)                                                                \
	({                                                                                         \
		type _value = 0;                                                                   \
		read_kernel(&_value, sizeof(_value), (void *)((base) + (offset)));                 \
		_value;                                                                            \
	})

/* Read a string of user memory; return its length with the NUL, or a negative errno.
 *
 * For an empty string kernels up to v6.12, and some stable ones after it, return 0
 * (strncpy_from_user_nofault() in mm/maccess.c). Only for 0 the highest bit below is set: without
 * a branch the verifier follows one state. */
static __always_inline long read_user_string(void *to, u32 size, const void *from)
{
	long length = probe_user_string(to, size, from);
	return length + ((u64)((length - 1) & ~length) >> 63);
}

/* Keep the low bits of a value with an instruction that the compiler cannot remove: it proves
 * ranges that the verifier does not. `bits` is a power of two less one. */
static __always_inline u64 within(u64 value, const u64 bits)
{
	asm volatile("%0 &= %1" : "+r"(value) : "i"(bits));
	return value;
}

/* The current task. If the verifier knows its type, FIELD() is a plain load, which reads 0 from an
 * unmapped address: since Linux v5.11, 3ca1032ab7ab ("bpf: Implement get_current_task_btf and
 * RET_PTR_TO_BTF_ID"). Before, and for other pointers (READ), it is a call of a helper, which takes
 * as long as a lookup in a table of the matcher. */
#ifdef TYPED_TASK
static struct task_struct *(*current_task)(void) = (void *)158; /* BPF_FUNC_get_current_task_btf */
#define FIELD(pointer, field) ((pointer)->field)
#define FIELD_WORD(pointer, field, at) (((u64 *)(pointer)->field)[at])
#else
static __always_inline struct task_struct *current_task(void)
{
	return (struct task_struct *)bpf_get_current_task();
}
#define FIELD(pointer, field) READ(pointer, field)
#define FIELD_WORD(pointer, field, at)                                                             \
	({                                                                                         \
		u64 _word = 0;                                                                     \
		read_kernel(&_word, sizeof(_word), (pointer)->field + 8 * (at));                   \
		_word;                                                                             \
	})
#endif

/* Clear the first NUL of eight characters and all that follows it (little endian; Hacker's
 * Delight, 6-1). */
static __always_inline u64 before_nul(u64 word)
{
	u64 nul = (word - 0x0101010101010101ULL) & ~word & 0x8080808080808080ULL;
	return word & (((nul & -nul) >> 7) - 1);
}

/* Copy up to 15 characters of a name, without the rest of an older name after the NUL. */
static __always_inline void copy_name(u64 *to, u64 first, u64 second)
{
	u64 start = before_nul(first);
	to[0] = start;
	to[1] = start >> 56 ? before_nul(second) & ~0ULL >> 8 : 0;
}

#define NS_PER_SEC 1000000000ULL
#define S_IFMT 0170000
#define S_IFREG 0100000
#define S_IFSOCK 0140000

/* Since Linux v6.13, 4e40eff0b573 ("fs: add infrastructure for multigrain timestamps"), the highest
 * bit of the nanoseconds is a flag: stat() read the time (I_CTIME_QUERIED). */
#define CTIME_NSEC 0x7fffffffULL

static __always_inline u64 ctime_of(struct inode *inode)
{
	return READ(inode, ctime_sec) * NS_PER_SEC + (READ(inode, ctime_nsec) & CTIME_NSEC);
}

static __always_inline u32 device_of(struct inode *inode)
{
	return READ(READ(inode, i_sb), s_dev);
}

/* Address families, linux/socket.h. */
#define AF_UNIX 1
#define AF_INET 2
#define AF_INET6 10
