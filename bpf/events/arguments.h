/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/* Copies of syscall arguments from user memory into a record. */
#pragma once
#include "arch/arch.h"
#include "match/fields.h"
#include "lib/records.h"

#define STRINGS_MAX 96	 /* elements of a char ** that are copied */
#define PADDING 64	 /* after data that is read in blocks, as far as the verifier knows */

BPF_ARRAY(calls, struct call, SYSCALLS_MAX); /* by number; from SUBCALLS_FIRST on by subcall */

BPF_PROG_ARRAY(return_programs, RETURN_COUNT); /* by enum return_program */

BPF_ARRAY(shapes, struct call_shapes, CALL_EVENTS); /* by event number */

struct syscall_record {
	struct header header;
	u64 slots[REGISTERS];
	char data[DATA_BUFFER_SIZE];
};

/* A record and the length of its data. That is in the map rather than in a register, so that the
 * verifier does not track each way in which it was computed. */
struct call_record {
	u64 end;
	u64 selected; /* scopes that selected the event */
	u64 entered;  /* an exec, at its entry: unreadable memory may be readable later */
	u64 array;    /* slot of the first array of strings */
	u64 stride;   /* size of an element of such an array */
	u64 kept;     /* element of kept_calls with the copies of the entry; 0 for none */
#ifdef USE_STRINGS
	u64 accepted[SHAPES_MAX]; /* scopes whose filters hold for the copy of the entry */
#endif
	struct pt_regs registers;
	u32 words[COMPAT_WORDS]; /* of a 32-bit syscall */
	struct syscall_record sent;
	char padding[PADDING];
};
BPF_PERCPU_ARRAY(call_records, struct call_record, 1);

/* Copy a string without its NUL to offset `at` of `data`; return its slot. `end` is the length of
 * the data, in the map (see struct call_record). */
static __always_inline u64 copy_string(u64 *end, char *data, u64 at, const void *from)
{
	long length = read_user_string(data + at, STRING_SIZE, from);
	if (length <= 0)
		return SLOT_UNREADABLE;
	*end = at + length - 1;
	return (length - 1) | (length == STRING_SIZE ? SLOT_CUT : 0);
}

/* Copy bytes to offset `at` of `data`; return their slot. */
static __always_inline u64 copy_bytes(u64 *end, char *data, u64 at, const void *from, u32 size)
{
	size = within(size < STRUCTURE_MAX ? size : STRUCTURE_MAX, 2 * STRUCTURE_MAX - 1);
	if (read_user(data + at, size, from) < 0)
		return SLOT_UNREADABLE;
	*end = at + size;
	return size;
}

/* Copy one string of an array, with its NUL. Return 0 to go on, 1 at the end of the array, or the
 * state of the whole: SLOT_CUT or SLOT_UNREADABLE. */
static __always_inline u64 copy_element(struct call_record *record, const void *from,
					u64 stride)
{
	u64 at = within(record->end, DATA_SIZE - 1);
	const void *string[2]; /* room for what the verifier takes `stride` for */
	string[0] = NULL;
	if (read_user(string, stride, from) < 0)
		return SLOT_UNREADABLE;
	if (!string[0])
		return 1;
	if (at != record->end)
		return SLOT_CUT;
	long length = read_user_string(record->sent.data + at, STRING_SIZE, string[0]);
	if (length <= 0)
		return SLOT_UNREADABLE;
	record->end = at + length;
	return length == STRING_SIZE ? SLOT_CUT : 0;
}

/* Copy the strings of an array; return their slot. */
static __always_inline u64 copy_strings(struct call_record *record, const void *from)
{
	u64 begin = record->end, state = 0;
	if (!from)
		return SLOT_NULL;
	u64 left = STRINGS_MAX, stride = within(record->stride, 2 * sizeof(u64) - 1);
	do {
		state = copy_element(record, *(const void *volatile *)&from, stride);
		if (state)
			break;
		from += stride;
		left--;
		asm volatile("" : "+r"(left)); /* see build_path_at() */
	} while (left);
	return (u32)(record->end - begin) | (state == 1 ? 0 : state ? state : SLOT_CUT);
}

/* Get the size of a structure, without branches, each of which the verifier would follow. Return
 * false if it is in memory and cannot be read. */
static __always_inline bool read_size(u32 *size, const u64 *slot,
				      const struct call_shapes *sizes, u64 index, u8 shape)
{
	if (shape == SHAPE_SOCKADDR_OUT)
		return read_user(size, sizeof(*size), (void *)slot[1]) >= 0;
	*size = sizes->fixed[index] + sizes->unit[index] * (u32)slot[1];
	return true;
}

/* Copy the memory that an argument points to; return its slot. `data` has `capacity` bytes, a power
 * of two, and room for one string after them. */
static __always_inline u64 copy_argument(u64 *end, char *data, const u64 capacity, const u64 *slot,
					 const struct call_shapes *sizes, u64 index, u8 shape)
{
	const void *from = (const void *)*slot;
	u64 at = within(*end, capacity - 1);
	u32 size;
	if (!from)
		return SLOT_NULL;
	if (at != *end)
		return SLOT_CUT;
	if (shape == SHAPE_STRING)
		return copy_string(end, data, at, from);
	return read_size(&size, slot, sizes, index, shape) ? copy_bytes(end, data, at, from, size)
							  : SLOT_UNREADABLE;
}

/* Clear from the mask the scopes whose filters on a string argument hold neither for the string at
 * `at` nor for the one that the syscall was given (rule 19). */
static __always_inline void filter_string(struct call_record *record, u64 index, u64 at)
{
#ifdef USE_STRINGS
	if (!STRING_FILTERED(index))
		return;
	record->accepted[index] |=
		accept_string(record->sent.header.event, index, record->sent.data + at,
			      record->sent.slots[index]);
	record->sent.header.mask &= record->accepted[index];
#endif
}

static __always_inline bool is_read_later(const struct call_record *record, u64 slot)
{
#ifdef EXEC_SYSCALLS
	return record->entered && slot == SLOT_UNREADABLE;
#else
	return false;
#endif
}

/* Copy an argument, and clear from the mask the scopes whose filters on it do not hold. */
static __always_inline void copy_and_filter(struct call_record *record, u64 index,
					    const struct call_shapes *shapes_of)
{
	u8 shape = shapes_of->of[index];
	u64 at = within(record->end, DATA_SIZE - 1), *slot = &record->sent.slots[index];
	if (shape == SHAPE_NUMBER || shape == SHAPE_STRINGS)
		return;
	*slot = shape == SHAPE_SKIPPED ? SLOT_NULL
				       : copy_argument(&record->end, record->sent.data, DATA_SIZE,
						       slot, shapes_of, index, shape);
	/* Read again, so that the verifier does not track each way in which it was computed. */
	if (shape == SHAPE_STRING && !is_read_later(record, *(volatile u64 *)slot))
		filter_string(record, index, at);
}

#ifdef EXEC_SYSCALLS
/* Only execve and execveat have arrays of strings: two, after all other strings. */
static __always_inline void copy_arrays(struct call_record *record)
{
	u32 event = record->sent.header.event;
	struct call_shapes *shape = shapes.lookup(&event);
	u64 *slots = record->sent.slots;
	if (!shape)
		return;
	record->array = shape->of[1] == SHAPE_STRINGS ? 1 : 2;
	u64 first = within(*(volatile u64 *)&record->array, SHAPES_MAX / 2 - 1);
	if (shape->of[first] != SHAPE_STRINGS)
		return;
	slots[first] = copy_strings(record, (const void *)slots[first]);
	if (shape->of[first + 1] == SHAPE_STRINGS)
		slots[first + 1] = copy_strings(record, (const void *)slots[first + 1]);
}
#endif

/* Replace the registers in the slots by lengths and states, and copy the data, without arrays of
 * strings. The mask is 0 afterwards if filters on arguments leave no scope: then the copies are
 * incomplete, but at the entry of an exec. */
static __always_inline void copy_arguments(struct call_record *record)
{
	u32 event = record->sent.header.event;
	struct call_shapes *shape = shapes.lookup(&event);
	u64 left = REGISTERS;
	record->end = 0;
	if (!shape)
		return;
	do {
		u64 index = within(REGISTERS - left, SHAPES_MAX - 1);
		if (shape->of[index] == SHAPE_LAST)
			break;
		copy_and_filter(record, index, shape);
		left--;
		asm volatile("" : "+r"(left)); /* see build_path_at() */
	} while (left && (record->sent.header.mask | record->entered));
}

static __always_inline void submit_call(struct call_record *record)
{
	u64 size = offsetof(struct syscall_record, data) + record->end;
	submit(&record->sent, size, sizeof(record->sent));
}
