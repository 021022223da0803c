/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/* Arguments that changed during their syscall: the copies of its entry and of its return compared.
 *
 * All bytes are compared at once, as nearly always they are the same. If not, a program goes over
 * the arguments, one in each run, and continues by a tail call: with two nested loops it would be
 * too large for the verifier. */
#pragma once
#include "events/exec_calls.h"
#include "events/kept_arguments.h"

/* Return the record of the syscall that returns; NULL if it is that of another task: programs at
 * functions may be preempted between two programs. */
static __always_inline struct call_record *returning_call(void)
{
	u32 zero = 0;
	struct call_record *record = call_records.lookup(&zero);
	return record && record->sent.header.tid == (u32)bpf_get_current_pid_tgid() ? record : NULL;
}

/* Continue with another program, which submits the record. */
static __always_inline void go_on_with(void *ctx, u32 program)
{
	if (program == RETURN_DONE)
		return;
	return_programs.call(ctx, program);
	count(COUNTER_LOST);
}

#if defined(ARGUMENTS_AT_ENTRY) || defined(EXECS_AT_ENTRY)
#define BLOCK_WORDS 4
#define BLOCK_SIZE (BLOCK_WORDS * sizeof(u64))

/* The record with the values of the entry, and after each that changed the one of the return. */
struct changed_call {
	u64 index;   /* of the argument */
	u64 kept_at; /* offset of its bytes in the copy of the entry */
	u64 read_at; /* and in that of the return */
	u64 end;
	struct syscall_record sent;
};
BPF_PERCPU_ARRAY(changed_calls, struct changed_call, 1);

/* Start to compare the arguments of a call one by one. */
static __always_inline u32 start_comparison(u32 program)
{
	u32 zero = 0;
	struct changed_call *changed = changed_calls.lookup(&zero);
	if (changed)
		changed->index = 0;
	return program;
}

static __always_inline bool blocks_differ(const u64 *a, const u64 *b)
{
	return (a[0] ^ b[0]) | (a[1] ^ b[1]) | (a[2] ^ b[2]) | (a[3] ^ b[3]);
}

/* Whether fewer than BLOCK_SIZE bytes differ. */
static __always_inline bool words_differ(const u64 *a, const u64 *b, u64 size)
{
#pragma unroll
	for (u32 i = 0; i < BLOCK_WORDS; i++) {
		if (size < sizeof(u64))
			return size && (*a ^ *b) << (64 - 8 * size);
		if (*a != *b)
			return true;
		a++;
		b++;
		size -= sizeof(u64);
	}
	return false;
}

/* Whether two arrays differ in their first `size` bytes. More than `max` bytes, a constant power of
 * two, count as different. The last block overlaps the one before it. */
static __always_inline bool bytes_differ(const char *a, const char *b, u64 size, const u64 max)
{
	const char *from = a, *other = b;
	u64 last = within(size - BLOCK_SIZE, max - 1), rest = size, left = max / BLOCK_SIZE;
	if (size > max)
		return true;
	if (size < BLOCK_SIZE)
		return words_differ((u64 *)a, (u64 *)b, size);
	do {
		if (rest < BLOCK_SIZE)
			break;
		if (blocks_differ((u64 *)from, (u64 *)other))
			return true;
		from += BLOCK_SIZE;
		other += BLOCK_SIZE;
		rest -= BLOCK_SIZE;
		left--;
		asm volatile("" : "+r"(left)); /* see build_path_at() */
	} while (left);
	return blocks_differ((u64 *)(a + last), (u64 *)(b + last));
}

/* Whether two copies of all arguments differ in a state, a length or a byte. */
static __always_inline bool copies_differ(const struct call_record *record, const u64 *slots,
					  u64 end, const char *data, const u64 max)
{
	u64 size = record->end, differ = size ^ end;
#pragma unroll
	for (u32 i = 0; i < REGISTERS; i++)
		differ |= record->sent.slots[i] ^ slots[i];
	return differ || bytes_differ(record->sent.data, data, size, max);
}

/* Append a copy to the data, cut if there is no room; return its slot. The limits are those that the
 * verifier can follow. */
static __always_inline u64 put_copy(struct changed_call *changed, const char *from, u64 slot)
{
	u64 at = within(changed->end, DATA_SIZE - 1), size = (u32)slot;
	if (at != changed->end)
		return SLOT_CUT;
	if (size < STRING_SIZE || at > DATA_SIZE - STRING_SIZE) {
		size = size < STRING_SIZE ? size : STRING_SIZE - 1;
		read_kernel(changed->sent.data + at, within(size, STRING_SIZE - 1), from);
	} else {
		size = size < 2 * STRING_SIZE ? size : 2 * STRING_SIZE - 1;
		/* Not `at`: LLVM 19 adds it to the pointer above, where it has no limit yet. */
		read_kernel(changed->sent.data + within(at, DATA_SIZE - 1),
			    within(size, 2 * STRING_SIZE - 1), from);
	}
	changed->end = at + size;
	return slot - (u32)slot + size | (size < (u32)slot ? SLOT_CUT : 0);
}

/* Mark an argument as changed, and append its slot at the return; return the offset of that. */
static __always_inline u64 put_changed(struct changed_call *changed, u64 index, u64 slot)
{
	u64 at = within(changed->end, DATA_SIZE - 1);
	changed->sent.header.flags |= 1 << (FLAGS_CHANGED_SHIFT + index);
	read_kernel(changed->sent.data + at, sizeof(slot), &slot);
	changed->end = at + sizeof(slot);
	return at;
}

/* Put an argument that is a number. It can change with the array of arguments of a 32-bit syscall,
 * and by ptrace(). */
static __always_inline void put_number(struct changed_call *changed,
				       const struct call_record *record, u64 given)
{
	u64 index = within(changed->index, SHAPES_MAX - 1), found = record->sent.slots[index];
	changed->sent.slots[index] = given;
	if (given != found && !(record->sent.header.flags & FLAG_NO_ARGUMENTS))
		put_changed(changed, index, found);
}

/* Put an argument that is in memory: as it was given, if it could be read then. `given` is its slot
 * of the entry, `kept` are its bytes. */
static __always_inline void put_bytes_of(struct changed_call *changed, struct call_record *record,
					 u64 given, const char *kept)
{
	u64 index = within(changed->index, SHAPES_MAX - 1), found = record->sent.slots[index];
	const char *read = record->sent.data + within(changed->read_at, DATA_SIZE - 1);
	u64 *slot = &changed->sent.slots[index];
	changed->kept_at += (u32)given;
	changed->read_at += (u32)found;
	if (record->sent.header.flags & FLAG_NO_ARGUMENTS)
		found = SLOT_UNREADABLE;
	if (given == SLOT_UNREADABLE) {
		*slot = put_copy(changed, read, found);
		return;
	}
	*slot = put_copy(changed, kept, given);
	if (found == SLOT_UNREADABLE)
		return;
	/* Of a longer one (argv) the rest is taken as changed: something in the record is. */
	if (given == found && !bytes_differ(kept, read, (u32)given, STRING_SIZE))
		return;
	u64 at = put_changed(changed, index, found), copied = put_copy(changed, read, found);
	read_kernel(changed->sent.data + at, sizeof(copied), &copied);
}

/* Put the next argument. */
static __always_inline void put_argument(struct changed_call *changed, struct call_record *record,
					 u8 shape, u64 given, const char *kept)
{
	if (shape == SHAPE_NUMBER || shape == SHAPE_LAST)
		put_number(changed, record, given);
	else
		put_bytes_of(changed, record, given, kept);
	changed->index++;
}

static __always_inline void submit_changed(struct changed_call *changed)
{
	u64 size = offsetof(struct syscall_record, data) + changed->end;
	submit(&changed->sent, size, sizeof(changed->sent));
}

/* Return the shape of the next argument, SHAPE_COUNT after the last one. Start with the first. */
static __always_inline u8 next_shape(struct changed_call *changed, const struct call_record *record)
{
	u32 event = record->sent.header.event;
	struct call_shapes *shape = shapes.lookup(&event);
	if (!shape || changed->index >= REGISTERS)
		return SHAPE_COUNT;
	if (!changed->index) {
		read_kernel(&changed->sent, offsetof(struct syscall_record, data), &record->sent);
		changed->sent.header.flags &= ~FLAG_NO_ARGUMENTS; /* the entry has them */
		changed->kept_at = changed->read_at = changed->end = 0;
	}
	return shape->of[within(changed->index, SHAPES_MAX - 1)];
}
#endif

#ifdef ARGUMENTS_AT_ENTRY
#define COMPARED_AT_ONCE 1024 /* bytes; of longer copies the arguments are compared one by one */

/* Whether arguments may have changed, of a syscall whose arguments are in the record. */
static __always_inline bool may_have_changed(const struct call_record *record)
{
	u32 index = record->kept;
	struct kept_call *kept = kept_calls.lookup(&index);
	return index && kept &&
	       copies_differ(record, kept->slots, kept->end, kept->data, COMPARED_AT_ONCE);
}

/* Put the next argument of the syscall that returns, or submit its record: with the arguments that
 * it was given, and those that changed marked. Return the program to go on with. */
static __always_inline u32 compare_next(struct call_record *record)
{
	u32 zero = 0, element = record->kept;
	struct changed_call *changed = changed_calls.lookup(&zero);
	struct kept_call *kept = kept_calls.lookup(&element);
	if (!changed || !kept)
		return RETURN_FAILED;
	u8 shape = next_shape(changed, record);
	if (shape == SHAPE_COUNT) {
		submit_changed(changed);
		free_kept(record->sent.header.tid, kept->call);
		return RETURN_DONE;
	}
	put_argument(changed, record, shape, kept->slots[within(changed->index, SHAPES_MAX - 1)],
		     kept->data + within(changed->kept_at, KEPT_DATA_SIZE - 1));
	return RETURN_COMPARE;
}

int compare_argument(void *ctx)
{
	disable_preemption();
	struct call_record *record = returning_call();
	u32 next = record ? compare_next(record) : RETURN_FAILED;
	enable_preemption();
	go_on_with(ctx, next);
	return 0;
}
#endif

#ifdef EXECS_AT_ENTRY
/* As compare_next(), for an exec that failed. */
static __always_inline u32 compare_next_of_exec(struct call_record *record)
{
	u32 zero = 0;
	u64 task = bpf_get_current_task();
	struct changed_call *changed = changed_calls.lookup(&zero);
	struct call_record *kept = pending_execs.lookup(&task);
	if (!changed || !kept)
		return RETURN_FAILED;
	u8 shape = next_shape(changed, record);
	if (shape == SHAPE_COUNT) {
		submit_changed(changed);
		delete_exec();
		return RETURN_DONE;
	}
	put_argument(changed, record, shape,
		     kept->sent.slots[within(changed->index, SHAPES_MAX - 1)],
		     kept->sent.data + within(changed->kept_at, DATA_SIZE - 1));
	return RETURN_COMPARE_EXEC_ARGUMENT;
}

int compare_exec_argument(void *ctx)
{
	disable_preemption();
	struct call_record *record = returning_call();
	u32 next = record ? compare_next_of_exec(record) : RETURN_FAILED;
	enable_preemption();
	go_on_with(ctx, next);
	return 0;
}

/* Submit the record of an exec that failed, unless its arguments have changed. */
static __always_inline u32 compare_all_of_exec(void)
{
	u64 task = bpf_get_current_task();
	struct call_record *record = returning_call();
	struct call_record *kept = pending_execs.lookup(&task);
	if (!record || !kept)
		return RETURN_FAILED;
	if (copies_differ(record, kept->sent.slots, kept->end, kept->sent.data, DATA_SIZE))
		return start_comparison(RETURN_COMPARE_EXEC_ARGUMENT);
	submit_call(record);
	delete_exec();
	return RETURN_DONE;
}

int compare_exec(void *ctx)
{
	disable_preemption();
	u32 next = compare_all_of_exec();
	enable_preemption();
	go_on_with(ctx, next);
	return 0;
}
#endif
