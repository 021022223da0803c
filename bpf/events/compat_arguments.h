/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/* Arguments of 32-bit syscalls, and the syscalls behind socketcall() and ipc().
 *
 * An argument is one or two words, each a register or an element of an array in memory: struct call
 * has their indexes, from tracee_ref/decode/compat_arguments.py. */
#pragma once
#include "arch/arch.h"
#include "events/arguments.h"

/* Join the words of an argument; `i` is constant. */
static __always_inline u64 join_words(const u32 *words, const struct call *call, const u32 i)
{
	u64 low = within(call->low[i], COMPAT_WORDS - 1);
	u64 high = within(call->high[i], COMPAT_WORDS - 1);
	return (u64)words[high] << 32 | words[low];
}

/* Read the array of arguments in memory, if there is one. */
static __always_inline void read_argument_array(struct call_record *record, const struct call *call)
{
	u64 size = within(call->array_bytes, (COMPAT_WORDS - ARRAY_WORD) * sizeof(u32) - 1);
	u64 array = within(call->array, SHAPES_MAX - 1);
	if (size && read_user(&record->words[ARRAY_WORD], size, (void *)(u64)record->words[array]) < 0)
		record->sent.header.flags |= FLAG_NO_ARGUMENTS;
}

/* Replace the registers in the slots by the arguments. */
static __always_inline void arrange_arguments(struct call_record *record, const struct call *call)
{
	u64 *slots = record->sent.slots;
	record->stride = sizeof(u32);
#pragma unroll
	for (u32 i = 0; i < REGISTERS; i++)
		record->words[i] = slots[i];
	record->words[NO_WORD] = 0;
	read_argument_array(record, call);
#pragma unroll
	for (u32 i = 0; i < REGISTERS; i++)
		slots[i] = join_words(record->words, call, i);
}

/* Read the arguments of a syscall into the slots of its record. */
static __always_inline void read_arguments(struct call_record *record, const struct call *call,
					   struct pt_regs *regs, bool compat)
{
	read_registers(record->sent.slots, &record->registers, regs, compat);
	record->stride = sizeof(u64);
#ifndef NATIVE_SYSCALLS_ONLY
	if (compat)
		arrange_arguments(record, call);
#endif
}

#ifndef SUBCALLS
static __always_inline bool is_selected(const struct call *call)
{
	return call && (call->selected[0] | call->selected[1]);
}

static __always_inline struct call *choose_subcall(struct call *call, u32 number,
						   struct pt_regs *regs)
{
	return call;
}

static __always_inline u32 subcalls_of(const struct call *call)
{
	return 0;
}

static __always_inline void repeat_return(void *ctx, u32 subcalls)
{
}
#else
/* Whether a syscall, or a subcall of it, is selected. */
static __always_inline bool is_selected(const struct call *call)
{
	return call && (call->selected[0] | call->selected[1] | call->subcalls);
}

/* Return the syscall that a socketcall() or ipc() stands for, or NULL. */
static __always_inline struct call *find_subcall(const struct call *call, struct pt_regs *regs)
{
	s32 index = subcall_index(call->subcalls, read_register(regs, true, 0));
	return calls.lookup(&index);
}

BPF_HASH(repeated_returns, u64, u64, TASKS_AT_ONCE); /* by task_struct */

/* Return the syscall to report: `call`, or if that is not selected its subcall. If both may be, the
 * program runs again for the subcall. */
static __always_inline struct call *choose_subcall(struct call *call, u32 number,
						   struct pt_regs *regs)
{
	u64 task = bpf_get_current_task();
	if (number >= SUBCALLS_FIRST)
		return NULL;
	if (!call->subcalls || !is_compat(current_task()))
		return call;
	if (!call->selected[1] || !repeated_returns.delete(&task))
		return find_subcall(call, regs);
	repeated_returns.update(&task, &task);
	return call;
}

/* Called after choose_subcall(), so that `call` is not used beyond it. The verifier of Linux 7.2
 * tells one element of a map from two: with `call` and the chosen one it would follow the rest
 * twice. */
static __always_inline u32 subcalls_of(const struct call *call)
{
	return *(const volatile u32 *)&call->subcalls;
}

/* Run again if choose_subcall() has returned the call rather than its subcall. */
static __always_inline void repeat_return(void *ctx, u32 subcalls)
{
	u64 task = bpf_get_current_task();
	if (subcalls && repeated_returns.lookup(&task))
		return_programs.call(ctx, RETURN_AGAIN);
}
#endif
