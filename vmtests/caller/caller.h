/* SPDX-License-Identifier: Apache-2.0 */
/* Runtime of the generated program (generate.py): syscalls of each ABI, and the printing of their
 * arguments, one line for a syscall, with tabs between. */
#pragma once

typedef unsigned long long u64;
typedef long long s64;

/* The types of an ABI. INT80: a 64-bit program that makes 32-bit syscalls. */
#if defined(__LP64__) && !defined(INT80)
typedef long k_long;
typedef unsigned long k_ulong;
#else
typedef int k_long;
typedef unsigned int k_ulong;
#endif
typedef int k_int;
typedef unsigned int k_uint;
typedef unsigned short k_ushort;
typedef s64 k_wide;
typedef u64 k_uwide;

#if defined(__i386__)
#ifdef VDSO /* as the C library enters the kernel: sysenter, or what the processor has for it */
#define KERNEL_ENTRY "call *vdso_entry"
static k_ulong vdso_entry __attribute__((used));
#define AT_SYSINFO 32
/* Find the entry in the auxiliary vector; `stack` has argc and all that follows it. */
static void find_entry(const k_ulong *stack)
{
	const k_ulong *pair = stack + stack[0] + 2; /* the environment */
	while (*pair++)
		;
	for (; pair[0]; pair += 2)
		if (pair[0] == AT_SYSINFO)
			vdso_entry = pair[1];
}
#define START find_entry((const k_ulong *)__builtin_frame_address(0) + 1)
#else
#define KERNEL_ENTRY "int $0x80"
#endif
static k_long enter(k_long number, k_ulong a, k_ulong b, k_ulong c, k_ulong d, k_ulong e, k_ulong f)
{
	k_long result;
	struct {
		k_long number;
		k_ulong sixth;
	} spilled = {number, f}; /* there are too few registers */
	__asm__ volatile("push %%ebp; mov 4(%%eax), %%ebp; mov (%%eax), %%eax; " KERNEL_ENTRY
			 "; pop %%ebp"
			 : "=a"(result)
			 : "0"(&spilled), "b"(a), "c"(b), "d"(c), "S"(d), "D"(e)
			 : "memory");
	return result;
}
#elif defined(INT80)
#define HIGH 0xabcd123400000000ULL /* what a 32-bit syscall ignores */
static k_long enter(k_long number, u64 a, u64 b, u64 c, u64 d, u64 e, u64 f)
{
	u64 result;
	struct {
		u64 number, sixth;
	} spilled = {HIGH | (unsigned int)number, HIGH | (unsigned int)f};
	__asm__ volatile("push %%rbp; mov 8(%%rax), %%rbp; mov (%%rax), %%rax; int $0x80; pop %%rbp"
			 : "=a"(result)
			 : "0"(&spilled), "b"(HIGH | (unsigned int)a), "c"(HIGH | (unsigned int)b),
			   "d"(HIGH | (unsigned int)c), "S"(HIGH | (unsigned int)d),
			   "D"(HIGH | (unsigned int)e)
			 : "memory", "r8", "r9", "r10", "r11");
	return result;
}
#else
static k_long enter(k_long number, k_ulong a, k_ulong b, k_ulong c, k_ulong d, k_ulong e, k_ulong f)
{
	k_long result;
	register k_ulong r10 __asm__("r10") = d;
	register k_ulong r8 __asm__("r8") = e;
	register k_ulong r9 __asm__("r9") = f;
	__asm__ volatile("syscall"
			 : "=a"(result)
			 : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
			 : "rcx", "r11", "memory");
	return result;
}
#endif

#ifndef START
#define START (void)0
#endif

#if defined(__i386__) || defined(INT80)
#define EXIT 1
#define WRITE 4
#else
#define EXIT 60
#define WRITE 1
#endif

static char output[1 << 16];
static unsigned int written;

static void say(const char *text)
{
	while (*text && written < sizeof(output))
		output[written++] = *text++;
}

static void say_unsigned(u64 value)
{
	char digits[21];
	unsigned int at = 20;
	digits[at] = 0;
	do {
		/* Without a 64-bit division, which is a function of libgcc. */
		u64 quotient = 0, rest = 0;
		for (int bit = 63; bit >= 0; bit--) {
			rest = rest << 1 | (value >> bit & 1);
			if (rest >= 10) {
				rest -= 10;
				quotient |= 1ULL << bit;
			}
		}
		digits[--at] = '0' + rest;
		value = quotient;
	} while (value);
	say(digits + at);
}

static void say_signed(s64 value)
{
	if (value < 0)
		say("-");
	say_unsigned(value < 0 ? -(u64)value : (u64)value);
}

/* Print a tab and a number as its type has it. */
#define NUMBER(type, value)                                                                        \
	(say("\t"), (type) - 1 < (type)1 ? say_signed((s64)(type)(value))                          \
					 : say_unsigned((u64)(type)(value)))
#define TEXT(text) (say("\t"), say(text))
#define ADDRESS(value) NUMBER(k_ulong, value)

#define WORD(value) ((k_ulong)(value))
#define LOW(value) ((k_ulong)(u64)(value))
#define HIGH_WORD(value) ((k_ulong)((u64)(value) >> 32))
#define POINTER(object) ((k_ulong)(unsigned long)(object))

struct {
	unsigned short family, port;
	unsigned char address[4], zero[8];
} static const peer = {2, 0x3412, {127, 0, 0, 1}, {0}};

static const char first_string[] = "first", second_string[] = "and second";
static k_ulong strings[3]; /* char *[] of the ABI */
static k_ulong array[6];

static void end_of_call(k_long result)
{
	NUMBER(k_int, result);
	say("\n");
}
