/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/* Events at the entry of kernel functions, mostly of LSM hooks: matching and recording.
 *
 * An event has two programs. on_...() at the function sets the number of the event; match_hook(),
 * which all share, ends events that no scope matches; put_...() fills the record. Each goes on by a
 * tail call: with the matcher in every program the compiler would take twice as long.
 *
 * Those of declared events are generated (tracee_ref/kernel/build/event_code.py), others are in
 * magic_write.h and memory_alerts.h. The programs of an event exist only if it is selected. */
#pragma once
#include "arch/arch.h"
#include "match/fields.h"
#include "lib/kernel.h"
#include "lib/records.h"
#include "events/sched.h"

#define BYTES_MAX 128 /* of an address; sizeof(struct sockaddr_storage) */

struct hook_record {
	u64 end;
	u64 event;
#ifdef JOINED_EVENTS
	u64 arguments[REGISTERS]; /* of the function, at its entry */
#endif
	struct path_buffer path;
	struct {
		struct header header;
		u64 slots[HOOK_SLOTS];
		char data[DATA_BUFFER_SIZE];
	} sent;
};
/* Of programs at functions, which may run in an interrupt, and of those at raw tracepoints. */
BPF_PERCPU_ARRAY(hook_records, struct hook_record, 2);
BPF_PROG_ARRAY(hook_matcher, 1);
BPF_PROG_ARRAY(hook_fillers, EVENTS); /* by event number */

static __always_inline struct hook_record *record_at(const u32 level)
{
	u32 index = level != LEVEL_PROBE;
	return hook_records.lookup(&index);
}

static __always_inline struct hook_record *current_record(void)
{
	return record_at(LEVEL_TASK);
}

/* Match an event of the current task and start its record; NULL if no scope matches. */
static __always_inline struct hook_record *start_record_at(const u32 level, u32 event)
{
	u64 *selected = select.lookup(&event);
	struct hook_record *record = record_at(level);
	if (!record || !selected || !*selected)
		return NULL;
	struct facts *facts = read_hooked_at(level);
	u64 mask = facts ? count_event_at(level, *selected, match_facts(facts)) : 0;
	if (!mask)
		return NULL;
	fill_sched_header(&record->sent.header, facts, event, mask);
	record->end = 0;
	return record;
}

static __always_inline struct hook_record *start_record(u32 event)
{
	return start_record_at(LEVEL_TASK, event);
}

static __always_inline void start_hook(struct pt_regs *ctx, u32 event)
{
	struct hook_record *record = record_at(LEVEL_PROBE);
	if (!record)
		return;
	record->event = event;
	hook_matcher.call(ctx, 0);
}

int match_hook(struct pt_regs *ctx)
{
	struct hook_record *record = record_at(LEVEL_PROBE);
	if (!record || !start_record_at(LEVEL_PROBE, record->event))
		return 0;
	hook_fillers.call(ctx, record->event);
	count_at(LEVEL_PROBE, COUNTER_LOST);
	return 0;
}

/* Set the slot of the string that was put last, and clear from the mask the scopes whose filters on
 * it do not hold. `index` is constant. */
static __always_inline void set_string_at(const u32 level, struct hook_record *record,
					  const u32 index, u64 slot)
{
	record->sent.slots[index] = slot;
#ifdef USE_STRINGS
	u64 at = within(record->end - (u32)slot, DATA_SIZE - 1);
	if (STRING_FILTERED(index))
		record->sent.header.mask &= accept_string_at(level, record->sent.header.event,
							     index, record->sent.data + at, slot);
#endif
}

static __always_inline void set_string(struct hook_record *record, const u32 index, u64 slot)
{
	set_string_at(LEVEL_TASK, record, index, slot);
}

static __always_inline void submit_hook_at(const u32 level, struct hook_record *record)
{
	if (!record->sent.header.mask) {
		count_at(level, COUNTER_FILTERED);
		return;
	}
	u64 size = sizeof(record->sent) - DATA_BUFFER_SIZE + record->end;
	submit_at(level, &record->sent, size, sizeof(record->sent));
}

static __always_inline void submit_hook(struct hook_record *record)
{
	submit_hook_at(LEVEL_TASK, record);
}

static __always_inline u64 put_kernel_string(struct hook_record *record, const char *string)
{
	return string ? put_string(&record->end, record->sent.data, string) : SLOT_NULL;
}

static __always_inline u64 put_file(struct hook_record *record, struct file *file)
{
	if (!file)
		return SLOT_NULL;
	build_path(&record->path, file);
	return put_path(&record->end, record->sent.data, &record->path);
}

/* The path within the file system: these functions have no mount. */
static __always_inline u64 put_entry(struct hook_record *record, struct dentry *entry)
{
	build_entry_path(&record->path, entry);
	return put_path(&record->end, record->sent.data, &record->path);
}

static __always_inline u64 put_bytes(struct hook_record *record, const void *from, u64 size)
{
	u64 at = within(record->end, DATA_SIZE - 1);
	if (at != record->end)
		return SLOT_CUT;
	size = within(size < BYTES_MAX ? size : BYTES_MAX, 2 * BYTES_MAX - 1);
	if (read_kernel(record->sent.data + at, size, from) < 0)
		return SLOT_UNREADABLE;
	record->end = at + size;
	return size;
}

/* As put_bytes(), up to the size of a string, from kernel or user memory; `user` is constant. */
static __always_inline u64 put_memory(struct hook_record *record, const void *from, u64 size,
				      const bool user)
{
	u64 at = within(record->end, DATA_SIZE - 1);
	if (!from)
		return SLOT_NULL;
	if (at != record->end)
		return SLOT_CUT;
	size = within(size < STRING_SIZE ? size : STRING_SIZE, 2 * STRING_SIZE - 1);
	if ((user ? read_user(record->sent.data + at, size, from)
		  : read_kernel(record->sent.data + at, size, from)) < 0)
		return SLOT_UNREADABLE;
	record->end = at + size;
	return size;
}

static __always_inline u64 put_user_string(struct hook_record *record, const void *from)
{
	u64 at = within(record->end, DATA_SIZE - 1);
	if (!from)
		return SLOT_NULL;
	if (at != record->end)
		return SLOT_CUT;
	long length = read_user_string(record->sent.data + at, STRING_SIZE, from);
	if (length <= 0)
		return SLOT_UNREADABLE;
	record->end = at + length - 1;
	return length - 1;
}
