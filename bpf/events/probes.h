/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/* Events at hooks that the user chooses: tracepoints, and functions and static probes of programs.
 * tracee_ref/kernel/probes/ generates the programs of each event from these parts.
 *
 * Of a tracepoint, as in hook_event.h, a program at the hook sets the number of the event,
 * match_tracepoint() ends events that no scope matches, and put_...() fills the record; each goes on
 * by a tail call. They may run in interrupts, with the facts of the interrupted task, and interrupt
 * other programs, but not each other: the kernel runs one program at a perf event on a CPU at a time
 * (bpf_prog_active in trace_call_bpf()).
 *
 * A program in user memory runs in a task, since Linux v6.0, 8c7dcb84e3b7 ("bpf: implement sleepable
 * uprobes by chaining gps"), with preemption on. Where that can be disabled no tail call is allowed
 * meanwhile: it is one program. */
#pragma once
#include "arch/arch.h"
#include "events/sched.h"
#include "lib/records.h"
#include "match/fields.h"

#define ARRAY_MAX 512 /* bytes of an array, a power of two */

struct probe_record {
	u64 end; /* of the data, which begins with the slots */
	u64 event;
	struct {
		struct header header;
		char data[DATA_BUFFER_SIZE];
	} sent;
};
BPF_PERCPU_ARRAY(probe_records, struct probe_record, 1);
BPF_PROG_ARRAY(tracepoint_matcher, 1);
BPF_PROG_ARRAY(tracepoint_fillers, PROBES); /* from FIRST_PROBE on */

static __always_inline struct probe_record *current_probe(void)
{
	u32 zero = 0;
	return probe_records.lookup(&zero);
}

static __always_inline void start_tracepoint(void *ctx, u32 event)
{
	struct probe_record *record = current_probe();
	if (!record)
		return;
	record->event = event;
	tracepoint_matcher.call(ctx, 0);
}

#ifdef USER_PROBES
BPF_PERCPU_ARRAY(user_records, struct probe_record, 1);

static __always_inline struct probe_record *user_record(void)
{
	u32 zero = 0;
	return user_records.lookup(&zero);
}

/* Read a number of user memory; 0 if it cannot be read. */
static __always_inline u64 read_user_number(u64 from, const u32 size)
{
	u64 value = 0;
	read_user(&value, size, (void *)from);
	return value;
}
#endif

/* The program at a tracepoint. */
#define TRACEPOINT(program, event)                                                                 \
	int program(void *ctx)                                                                     \
	{                                                                                          \
		start_tracepoint(ctx, event);                                                      \
		return 0;                                                                          \
	}

/* Match an event of the current task and start its record; return its mask. */
static __always_inline u64 start_probe(const u32 level, struct probe_record *record, u32 event)
{
	u64 *selected = select.lookup(&event);
	if (!selected || !*selected)
		return 0;
	struct facts *facts = read_hooked_at(level);
	u64 mask = facts ? count_event_at(level, *selected, match_facts(facts)) : 0;
	if (mask)
		fill_sched_header(&record->sent.header, facts, event, mask);
	return mask;
}

int match_tracepoint(void *ctx)
{
	struct probe_record *record = current_probe();
	if (!record || !start_probe(LEVEL_PROBE, record, record->event))
		return 0;
	tracepoint_fillers.call(ctx, record->event - FIRST_PROBE);
	count_at(LEVEL_PROBE, COUNTER_LOST);
	return 0;
}

static __always_inline void submit_probe(const u32 level, struct probe_record *record)
{
	if (!record->sent.header.mask) {
		count_at(level, COUNTER_FILTERED);
		return;
	}
	u64 size = sizeof(record->sent.header) + record->end;
	submit_at(level, &record->sent, size, sizeof(record->sent));
}

/* Read a field of the record that is the context; BCC would make other loads a call of a helper. */
#define FIELD_AT(ctx, type, offset)                                                                \
	({                                                                                         \
		u64 _value;                                                                        \
		asm volatile("%0 = *(" #type " *)(%1 + %2)"                                        \
			     : "=r"(_value)                                                        \
			     : "r"(ctx), "i"(offset));                                             \
		_value;                                                                            \
	})

static __always_inline void set_slot(struct probe_record *record, const u32 index, u64 slot)
{
	((u64 *)record->sent.data)[index] = slot;
}

/* As set_string() in hook_event.h. */
static __always_inline void set_text(const u32 level, struct probe_record *record, const u32 index,
				     u64 slot)
{
	set_slot(record, index, slot);
#ifdef USE_STRINGS
	u64 at = within(record->end - (u32)slot, DATA_SIZE - 1);
	if (index < ARGUMENTS_MAX && STRING_FILTERED(index))
		record->sent.header.mask &=
			accept_string_at(level, record->sent.header.event, index,
					 record->sent.data + at, slot);
#endif
}

/* The string at an address, which tells user memory from that of the kernel. */
static __always_inline u64 put_text(struct probe_record *record, u64 from)
{
	u64 at = within(record->end, DATA_SIZE - 1);
	if (!from)
		return SLOT_NULL;
	if (at != record->end)
		return SLOT_CUT;
	char *to = record->sent.data + at;
	long length = (s64)from < 0 ? read_kernel_string(to, STRING_SIZE, (void *)from)
				    : read_user_string(to, STRING_SIZE, (void *)from);
	if (length <= 0)
		return SLOT_UNREADABLE;
	record->end = at + length - 1;
	return length - 1;
}

/* The string in an array of characters, up to its NUL or its size. */
static __always_inline u64 put_characters(struct probe_record *record, void *from, const u32 size)
{
	u64 at = within(record->end, DATA_SIZE - 1);
	if (at != record->end)
		return SLOT_CUT;
	long length = read_kernel_string(record->sent.data + at, size, from);
	if (length <= 0)
		return SLOT_UNREADABLE;
	record->end = at + length - 1;
	return length - 1;
}

static __always_inline u64 put_array(struct probe_record *record, void *from, u64 size)
{
	u64 at = within(record->end, DATA_SIZE - 1);
	if (at != record->end)
		return SLOT_CUT;
	u64 length = within(size < ARRAY_MAX ? size : ARRAY_MAX, 2 * ARRAY_MAX - 1);
	if (read_kernel(record->sent.data + at, length, from) < 0)
		return SLOT_UNREADABLE;
	record->end = at + length;
	return length | (length < size ? SLOT_CUT : 0);
}

/* An array behind the fields: its offset from `base` is in the lower half of its location. */
#define LOCATED(ctx, base, location) ((char *)(ctx) + (base) + ((location)&0xffff))
#define LOCATED_SIZE(location) ((location) >> 16)
