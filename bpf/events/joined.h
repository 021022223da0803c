/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/* Events at the entry and the return of a kernel function.
 *
 * The record is filled at the entry, kept while the function runs, and completed at the return. The
 * calls that a task is in are a list, the innermost first: a function may be called again before it
 * returns, also by an interrupt. The stack pointer tells the calls apart. */
#pragma once
#include "events/hook_event.h"

#ifdef JOINED_EVENTS
#define JOINED_DATA_SIZE 8192 /* two paths; a power of two */
#define JOINED_DEPTH 4	      /* calls of a list that are looked at */

/* The stack pointer of a function at its return is that of its entry, but for the return address and
 * what the kernel's trampolines differ in. */
#define STACK_TOLERANCE 32

struct joined_call {
	u64 stack; /* pointer at the entry */
	u64 event;
	u64 end;
	u32 next; /* index of the call that this one is in, or 0 */
	u32 unused;
	u64 arguments[REGISTERS];
	struct {
		struct header header;
		u64 slots[HOOK_SLOTS];
		char data[JOINED_DATA_SIZE];
	} sent;
};
BPF_ARRAY(joined_calls, struct joined_call, JOINED_CALLS + 1); /* element 0 stays empty */
BPF_QUEUE(free_joined, u32, JOINED_CALLS);
BPF_HASH(joined_tasks, u64, u32, JOINED_CALLS); /* by task_struct: the innermost call */
BPF_PROG_ARRAY(joined_returner, 1);
BPF_PROG_ARRAY(joined_enders, EVENTS);

static __always_inline void free_call(u32 index)
{
	free_joined.push(&index, BPF_ANY);
}

/* Whether a call has returned without its program at the return (a kretprobe has a limited number of
 * calls at a time): the task is on the same stack, above it. */
static __always_inline bool has_returned(const struct joined_call *call, u64 stack)
{
	return (call->stack ^ stack) < KERNEL_STACK_SIZE && call->stack + STACK_TOLERANCE < stack;
}

/* As has_returned(), at the entry of a function, whose frame is below those that the task is in. Two
 * events may be at one function, but the same event is not at one frame twice. */
static __always_inline bool is_left(const struct joined_call *call, u64 stack, u64 event)
{
	return (call->stack ^ stack) < KERNEL_STACK_SIZE &&
	       (call->stack < stack || (call->stack == stack && call->event == event));
}

static __always_inline void lose_call(u32 index)
{
	count_at(LEVEL_PROBE, COUNTER_SEEN);
	count_at(LEVEL_PROBE, COUNTER_LOST);
	free_call(index);
}

/* Keep the record of a function that begins. It counts as seen at its return. */
static __always_inline void keep_hook(struct pt_regs *ctx, struct hook_record *record)
{
	u64 task = bpf_get_current_task();
	u32 index = 0, *innermost;
	if (!record->sent.header.mask) {
		count_at(LEVEL_PROBE, COUNTER_FILTERED);
		return;
	}
	innermost = joined_tasks.lookup(&task);
	u32 next = innermost ? *innermost : 0;
	struct joined_call *outer = joined_calls.lookup(&next);
	if (next && outer && is_left(outer, stack_pointer(ctx), record->sent.header.event)) {
		u32 left = next;
		next = outer->next;
		lose_call(left);
	}
	u64 end = record->end;
	if (end >= JOINED_DATA_SIZE || free_joined.pop(&index)) {
		count_at(LEVEL_PROBE, COUNTER_LOST);
		return;
	}
	struct joined_call *call = joined_calls.lookup(&index);
	if (!call || joined_tasks.update(&task, &index) < 0) {
		free_call(index);
		count_at(LEVEL_PROBE, COUNTER_LOST);
		return;
	}
	call->stack = stack_pointer(ctx);
	call->event = record->sent.header.event;
	call->next = next;
	call->end = end;
#pragma unroll
	for (u32 i = 0; i < REGISTERS; i++)
		call->arguments[i] = function_argument(ctx, i);
	read_kernel(&call->sent, sizeof(call->sent) - JOINED_DATA_SIZE, &record->sent);
	read_kernel(call->sent.data, within(end, JOINED_DATA_SIZE - 1), record->sent.data);
	count_back(COUNTER_SEEN);
}

/* The program at the return of a function. */
static __always_inline void start_return(struct pt_regs *ctx, u32 event)
{
	struct hook_record *record = record_at(LEVEL_PROBE);
	if (!record)
		return;
	record->event = event;
	joined_returner.call(ctx, 0);
}

/* Find the call that returns, and take it from the list of its task; 0 if it was not kept. */
static __always_inline u32 take_call(u64 task, u64 stack, u64 event)
{
	u32 *innermost = joined_tasks.lookup(&task), *link = innermost;
#pragma unroll
	for (int i = 0; i < JOINED_DEPTH; i++) {
		u32 index = link ? *link : 0;
		struct joined_call *call = index ? joined_calls.lookup(&index) : NULL;
		if (!call)
			return 0;
		if (call->event == event && stack + STACK_TOLERANCE - call->stack <= 2 * STACK_TOLERANCE) {
			*link = call->next;
			if (!*innermost)
				joined_tasks.delete(&task);
			return index;
		}
		if (has_returned(call, stack)) {
			*link = call->next;
			lose_call(index);
			continue;
		}
		link = &call->next;
	}
	return 0;
}

int return_hook(struct pt_regs *ctx)
{
	struct hook_record *record = record_at(LEVEL_PROBE);
	if (!record)
		return 0;
	u32 index = take_call(bpf_get_current_task(), stack_pointer(ctx), record->event);
	struct joined_call *call = index ? joined_calls.lookup(&index) : NULL;
	if (!call)
		return 0;
	record->end = call->end;
	__builtin_memcpy(record->arguments, call->arguments, sizeof(record->arguments));
	read_kernel(&record->sent, sizeof(call->sent) - JOINED_DATA_SIZE, &call->sent);
	read_kernel(record->sent.data, within(call->end, JOINED_DATA_SIZE - 1), call->sent.data);
	free_call(index);
	record->sent.header.time = bpf_ktime_get_boot_ns();
	record->sent.header.cpu = bpf_get_smp_processor_id();
	count_at(LEVEL_PROBE, COUNTER_SEEN);
	joined_enders.call(ctx, record->event);
	count_at(LEVEL_PROBE, COUNTER_LOST);
	return 0;
}

/* At do_exit(): the functions that the task is in never return. */
int on_joined_exit(struct pt_regs *ctx)
{
	u64 task = bpf_get_current_task();
	u32 *innermost = joined_tasks.lookup(&task);
	u32 index = innermost ? *innermost : 0;
#pragma unroll
	for (int i = 0; i < JOINED_DEPTH; i++) {
		struct joined_call *call = index ? joined_calls.lookup(&index) : NULL;
		if (!call)
			break;
		u32 left = index;
		index = call->next;
		free_call(left);
	}
	joined_tasks.delete(&task);
	return 0;
}
#endif
