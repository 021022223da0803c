/* The helpers that read memory, under names of our own.
 *
 * At each call by its usual name BCC looks up whether the kernel has the helper, and reads all
 * of /proc/kallsyms to do so: half of the start-up. Ours are there from 5.5 on (6ae08ae3dea2). */
#pragma once

static long (*read_user)(void *to, u32 size, const void *from) = (void *)BPF_FUNC_probe_read_user;
static long (*read_kernel)(void *to, u32 size,
			   const void *from) = (void *)BPF_FUNC_probe_read_kernel;
static long (*read_text_of_user)(void *to, u32 size,
				 const void *from) = (void *)BPF_FUNC_probe_read_user_str;
static long (*read_kernel_text)(void *to, u32 size,
				const void *from) = (void *)BPF_FUNC_probe_read_kernel_str;

/* Read a field through a kernel pointer; 0 where it cannot be read. */
#define READ(pointer, field)                                                                       \
	({                                                                                         \
		typeof((pointer)->field) _value = 0;                                               \
		read_kernel(&_value, sizeof(_value), &(pointer)->field);                 \
		_value;                                                                            \
	})

/* Return the length with the NUL, or a negative errno. Of an empty text kernels up to 6.12 and
 * some after it say 0 (strncpy_from_user_nofault in mm/maccess.c, put right in 2025); of 0 alone
 * the highest bit below is set. Without a branch the verifier goes on in one state. */
static __always_inline long read_user_text(void *to, u32 size, const void *from)
{
	long taken = read_text_of_user(to, size, from);
	return taken + ((u64)((taken - 1) & ~taken) >> 63);
}
