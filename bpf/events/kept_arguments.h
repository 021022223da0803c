/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/* Arguments in user memory, copied at the entry of a syscall and kept until its return (rule 19).
 *
 * At the return the memory may hold something else: the output of the syscall itself, or what
 * another thread wrote while the syscall was blocked. A task has at most one syscall at a time, so
 * a copy is found by the tid alone, without a hash table. What blocks few syscalls needs few
 * copies: elements that are not used are on the CPU that freed them, or in a queue. */
#pragma once
#include "events/compat_arguments.h"
#include "state/processes.h"

#ifdef ARGUMENTS_AT_ENTRY
/* Three strings, the most that a syscall has, fit: the last one starts at the end of the data. */
#define KEPT_DATA_SIZE 8192
#define TIDS_PER_PAGE 256

struct kept_call {
	u64 end;
	u64 call; /* see call_id() */
	u64 slots[SHAPES_MAX];
	u64 accepted[SHAPES_MAX]; /* scopes whose filters on the argument hold */
	char data[KEPT_DATA_SIZE + STRING_SIZE + PADDING];
};
/* Element 0 stays empty. */
BPF_ARRAY(kept_calls, struct kept_call, KEPT_CALLS + 1);

/* The element of a task while it is in a syscall, else 0. Pages save space: an array has at least
 * eight bytes for each element. The last page is for tids that have no page, and stays empty. */
struct kept_page {
	u16 element[TIDS_PER_PAGE];
};
BPF_ARRAY(kept_pages, struct kept_page, KEPT_PAGES + 1);

BPF_QUEUE(free_elements, u32, KEPT_CALLS);
BPF_PERCPU_ARRAY(free_element, u64, 1); /* of this CPU, or 0 */

/* Identify a syscall, which may be a subcall of another; never 0. */
static __always_inline u64 call_id(u32 event, bool compat)
{
	return ((u64)event << 2) | (compat ? 2 : 0) | 1;
}

static __always_inline u16 *element_of(u32 tid)
{
	u32 page = tid / TIDS_PER_PAGE;
	page = page < KEPT_PAGES ? page : KEPT_PAGES;
	struct kept_page *elements = kept_pages.lookup(&page);
	return elements ? &elements->element[within(tid, TIDS_PER_PAGE - 1)] : NULL;
}

/* Take an unused element; return 0 if there is none. */
static __always_inline u32 take_element(void)
{
	u32 zero = 0, index = 0;
	u64 *mine = free_element.lookup(&zero);
	if (mine && *mine) {
		index = *mine;
		*mine = 0;
		return index;
	}
	return free_elements.pop(&index) ? 0 : index;
}

static __always_inline void free_element_of(u16 *element)
{
	u32 zero = 0, index = *element;
	u64 *mine = free_element.lookup(&zero);
	*element = 0;
	if (!mine || !index)
		return;
	if (!*mine)
		*mine = index;
	else
		free_elements.push(&index, BPF_ANY);
}

/* Return the element for the syscall that a task enters. One that is left from an earlier syscall,
 * whose return the tracer missed, is used again. */
static __always_inline struct kept_call *new_kept_call(u32 tid)
{
	u16 *element = element_of(tid);
	if (!element || tid >= KEPT_PAGES * TIDS_PER_PAGE)
		return NULL;
	u32 index = *element;
	if (!index)
		index = take_element();
	*element = index;
	return index ? kept_calls.lookup(&index) : NULL;
}

/* Copy an argument if the syscall reads it; one that it writes is read at the return. */
static __always_inline void keep_argument(struct kept_call *kept, u32 event, u64 index,
					  const struct call_shapes *shapes_of)
{
	u8 shape = shapes_of->of[index];
	u64 at = within(kept->end, KEPT_DATA_SIZE - 1), *slot = &kept->slots[index];
	if (shape == SHAPE_NUMBER)
		return;
	*slot = shape >= SHAPE_STRING
			? copy_argument(&kept->end, kept->data, KEPT_DATA_SIZE, slot, shapes_of, index, shape)
			: SLOT_UNREADABLE;
#ifdef USE_STRINGS
	u64 copied = *(volatile u64 *)slot;
	if (shape == SHAPE_STRING && STRING_FILTERED(index) && copied != SLOT_UNREADABLE)
		kept->accepted[index] = accept_string(event, index, kept->data + at, copied);
#endif
}

static __always_inline void copy_kept(struct kept_call *kept, u32 event)
{
	struct call_shapes *shape = shapes.lookup(&event);
	u64 left = REGISTERS;
	if (!shape)
		return;
	do {
		u64 index = within(REGISTERS - left, SHAPES_MAX - 1);
		if (shape->of[index] == SHAPE_LAST)
			break;
		keep_argument(kept, event, index, shape);
		left--;
		asm volatile("" : "+r"(left)); /* see build_path_at() */
	} while (left);
}

/* Copy the arguments of the syscall that a task enters, if scopes match. */
static __always_inline void keep_arguments(struct task_struct *task, const struct call *call,
					   bool compat)
{
	u32 zero = 0, event = call->event[compat];
	struct facts *facts = read_facts(task);
	struct call_record *scratch = call_records.lookup(&zero);
	struct pt_regs *regs = user_registers(task);
	if (!facts || !scratch || !regs || read_process_state(facts) < INCOMPLETE)
		return;
	if (!(call->selected[compat] & match_facts(facts)))
		return;
	scratch->sent.header.flags = 0;
	read_arguments(scratch, call, regs, compat);
	if (scratch->sent.header.flags & FLAG_NO_ARGUMENTS)
		return;
	struct kept_call *kept = new_kept_call(facts->tid);
	if (!kept) {
		count(COUNTER_UNKEPT);
		return;
	}
	kept->end = 0;
	kept->call = call_id(event, compat);
	__builtin_memcpy(kept->slots, scratch->sent.slots, sizeof(scratch->sent.slots));
#ifdef USE_STRINGS
	__builtin_memset(kept->accepted, 0, sizeof(kept->accepted));
#endif
	copy_kept(kept, event);
}

/* Return the number of the element with the copies of a task's syscall; 0 if there is none, as the
 * entry was not seen (refused by seccomp, or before tracing). */
static __always_inline u32 kept_of(u32 tid, u64 call)
{
	u16 *element = element_of(tid);
	u32 index = element ? *element : 0;
	struct kept_call *kept = kept_calls.lookup(&index);
	return kept && kept->call == call ? index : 0;
}

/* Note in the record where the copies of its syscall are, and what filters say of them. */
static __always_inline void find_kept(struct call_record *record, u32 tid, u64 call)
{
	u32 index = kept_of(tid, call);
	record->kept = index;
#ifdef USE_STRINGS
	struct kept_call *kept = kept_calls.lookup(&index);
	if (index && kept)
		__builtin_memcpy(record->accepted, kept->accepted, sizeof(record->accepted));
#endif
}

static __always_inline void free_kept(u32 tid, u64 call)
{
	u16 *element = element_of(tid);
	if (element && kept_of(tid, call))
		free_element_of(element);
}

/* A task may end in a syscall. */
int on_task_exit(void *ctx)
{
	disable_preemption();
	u16 *element = element_of((u32)bpf_get_current_pid_tgid());
	if (element)
		free_element_of(element);
	enable_preemption();
	return 0;
}
#else
static __always_inline u64 call_id(u32 event, bool compat)
{
	return 0;
}
static __always_inline void find_kept(struct call_record *record, u32 tid, u64 call)
{
}
static __always_inline void free_kept(u32 tid, u64 call)
{
}
#endif
