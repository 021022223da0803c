/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/* Copying the arguments of a system call from user memory into a record. */
#pragma once
#include "arch/arch.h"
#include "match/fields.h"
#include "lib/records.h"

/* What an argument is; the numbers are those of tracee_ref/kernel/tracer.py. */
enum shape {
	SHAPE_NUMBER,       /* the register as it is, pointers that are not followed included */
	SHAPE_STRING,       /* char *, up to its NUL */
	SHAPE_STRINGS,      /* char **, up to its NULL */
	SHAPE_SOCKADDR,     /* struct sockaddr *, its length in the next register */
	SHAPE_SOCKADDR_OUT, /* the same, the next register points to the length */
	SHAPE_INT_PAIR,     /* int[2] */
	SHAPE_SKIPPED,      /* not wanted in this run */
	SHAPE_END,          /* no argument, or a number, and so are all behind it */
};
#define STRINGS_MAX 96 /* elements of a char ** that are taken */
#define SOCKADDR_MAX 128 /* sizeof(struct sockaddr_storage) */

#define SLOT_ROOM 8 /* places of arguments, as a power of two for the verifier */

struct call_shape {
	u8 of[SLOT_ROOM];
};
BPF_ARRAY(shapes, struct call_shape, EVENTS);

struct syscall_record {
	struct header header;
	u64 slots[REGISTERS];
	char data[DATA_ROOM];
};

/* A record and how far its data is filled, which lies here rather than in a register so that
 * the verifier need not tell apart the ways in which it came about. */
struct call_record {
	u64 end;
	u64 selected; /* by these scopes */
	u64 entered;  /* whether the call goes on: what cannot be read now may be later */
	u64 array;    /* the place of the first array of texts */
	struct pt_regs registers;
	struct syscall_record sent;
};
BPF_PERCPU_ARRAY(call_records, struct call_record, 1);

/* Copy a text without its NUL to `at`; return its slot. */
static __always_inline u64 take_string(struct call_record *record, u64 at, const void *from)
{
	long taken = read_user_string(record->sent.data + at, PIECE_SIZE, from);
	if (taken <= 0)
		return SLOT_UNREADABLE;
	record->end = at + taken - 1;
	return (taken - 1) | (taken == PIECE_SIZE ? SLOT_CUT : 0);
}

/* Copy bytes to `at`; return their slot. */
static __always_inline u64 take_bytes(struct call_record *record, u64 at, const void *from, u32 size)
{
	size = within(size < SOCKADDR_MAX ? size : SOCKADDR_MAX, 2 * SOCKADDR_MAX - 1);
	if (read_user(record->sent.data + at, size, from) < 0)
		return SLOT_UNREADABLE;
	record->end = at + size;
	return size;
}

/* Copy one more text of an array, with its NUL; return 0 to go on, or the state of the whole:
 * 1 at the end, SLOT_CUT or SLOT_UNREADABLE. */
static __always_inline u64 take_element(struct call_record *record, const void *from)
{
	u64 at = within(record->end, DATA_SIZE - 1);
	const void *text = NULL;
	if (read_user(&text, sizeof(text), from) < 0)
		return SLOT_UNREADABLE;
	if (!text)
		return 1;
	if (at != record->end)
		return SLOT_CUT;
	long taken = read_user_string(record->sent.data + at, PIECE_SIZE, text);
	if (taken <= 0)
		return SLOT_UNREADABLE;
	record->end = at + taken;
	return taken == PIECE_SIZE ? SLOT_CUT : 0;
}

/* Copy the texts of an array; return their slot. */
static __always_inline u64 take_strings(struct call_record *record, const void *from)
{
	u64 begin = record->end, state = 0;
	if (!from)
		return SLOT_NULL;
	u64 left = STRINGS_MAX;
	do {
		state = take_element(record, *(const void *volatile *)&from);
		if (state)
			break;
		from += sizeof(char *);
		left--;
		asm volatile("" : "+r"(left)); /* see build_path_at() */
	} while (left);
	return (u32)(record->end - begin) | (state == 1 ? 0 : state ? state : SLOT_CUT);
}

/* How many bytes a pair or an address has, whose length, or where that is, is in the next slot.
 * Return false if it cannot be read. */
static __always_inline bool read_size(u32 *size, const u64 *slot, u8 shape)
{
	*size = shape == SHAPE_INT_PAIR ? 2 * sizeof(int) : slot[1];
	return shape != SHAPE_SOCKADDR_OUT || read_user(size, sizeof(*size), (void *)slot[1]) >= 0;
}

/* Copy what an argument points to; return its slot. */
static __always_inline u64 take_argument(struct call_record *record, const u64 *slot, u8 shape)
{
	const void *from = (const void *)*slot;
	u64 at = within(record->end, DATA_SIZE - 1);
	u32 size;
	if (!from)
		return SLOT_NULL;
	if (at != record->end)
		return SLOT_CUT;
	if (shape == SHAPE_STRING)
		return take_string(record, at, from);
	return read_size(&size, slot, shape) ? take_bytes(record, at, from, size) : SLOT_UNREADABLE;
}

/* Take the scopes whose filters on a text do not hold out of the record. */
static __always_inline void judge_text(struct call_record *record, u64 place, u64 at)
{
#ifdef USE_TEXTS
	if (TEXT_FILTERED(place))
		record->sent.header.mask &= accept_text(record->sent.header.event, place,
							record->sent.data + at,
							record->sent.slots[place]);
#endif
}

static __always_inline bool is_read_later(const struct call_record *record, u64 slot)
{
#ifdef EXEC_CALLS
	return record->entered && slot == SLOT_UNREADABLE;
#else
	return false;
#endif
}

/* Take one argument, and the scopes whose filters on it do not hold out of the record. */
static __always_inline void take_and_judge(struct call_record *record, u64 place, u8 shape)
{
	u64 at = within(record->end, DATA_SIZE - 1), *slot = &record->sent.slots[place];
	if (shape == SHAPE_NUMBER || shape == SHAPE_STRINGS)
		return;
	*slot = shape == SHAPE_SKIPPED ? SLOT_NULL : take_argument(record, slot, shape);
	/* Read again: so the verifier need not tell apart the ways in which it came about. */
	if (shape == SHAPE_STRING && !is_read_later(record, *(volatile u64 *)slot))
		judge_text(record, place, at);
}

/* Only execve and execveat have arrays of texts: two of them, behind all other texts. */
static __always_inline void take_arrays(struct call_record *record, const struct call_shape *shape)
{
#ifdef EXEC_CALLS
	u64 *slots = record->sent.slots;
	record->array = shape->of[1] == SHAPE_STRINGS ? 1 : 2;
	u64 first = within(*(volatile u64 *)&record->array, SLOT_ROOM / 2 - 1);
	if (shape->of[first] != SHAPE_STRINGS)
		return;
	slots[first] = take_strings(record, (const void *)slots[first]);
	if (shape->of[first + 1] == SHAPE_STRINGS)
		slots[first + 1] = take_strings(record, (const void *)slots[first + 1]);
#endif
}

/* Turn the registers in the slots into what they stand for, and so complete the record; the
 * mask in it is 0 if filters on arguments leave no scope. */
static __always_inline void take_arguments(struct call_record *record)
{
	u32 event = record->sent.header.event;
	struct call_shape *shape = shapes.lookup(&event);
	u64 left = REGISTERS;
	record->end = 0;
	if (!shape)
		return;
	do {
		u64 place = within(REGISTERS - left, SLOT_ROOM - 1);
		if (shape->of[place] == SHAPE_END)
			break;
		take_and_judge(record, place, shape->of[place]);
		left--;
		asm volatile("" : "+r"(left)); /* see build_path() */
	} while (left && record->sent.header.mask);
	if (record->sent.header.mask)
		take_arrays(record, shape);
}

static __always_inline void submit_call(struct call_record *record)
{
	u64 size = offsetof(struct syscall_record, data) + record->end;
	if (size > sizeof(record->sent)) /* for the verifier; take_arguments() stays below */
		size = sizeof(record->sent);
	submit(&record->sent, size);
}
