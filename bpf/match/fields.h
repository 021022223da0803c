/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/* Filters on what a system call returned, and on the texts that were passed to it or to a hook.
 *
 * They keep records out of the ring that user space would throw away; it judges the others
 * again, for these tables do not express every filter (tracee_ref/tables/fields.py). */
#pragma once
#include "lib/records.h"
#include "lib/kernel.h"

#ifdef USE_RETVALS
/* Stretch i runs from bounds[i] to the next; the first begins at the lowest number. */
struct retval_table {
	s64 bounds[RETVAL_INTERVALS];
	u64 accept[RETVAL_INTERVALS];
};
BPF_HASH(retval_tables, u32, struct retval_table, RETVAL_EVENTS);

/* Whether a <= b, in one bit and without a branch (Hacker's Delight, 2-12): with branches the
 * verifier would go through all that follows once for each stretch. */
static __always_inline u64 not_above(s64 a, s64 b)
{
	return (u64)((a | ~b) & ((a ^ b) | ~(s64)((u64)b - (u64)a))) >> 63;
}

/* Return the scopes that a return value leaves to an event. */
static __always_inline u64 accept_retval(u32 event, s64 retval)
{
	struct retval_table *table = retval_tables.lookup(&event);
	if (!table)
		return ~0ULL;
	u64 at = 0;
#pragma unroll
	for (u32 step = RETVAL_INTERVALS / 2; step; step >>= 1)
		at = within(at + not_above(table->bounds[at + step], retval) * step,
			    RETVAL_INTERVALS - 1);
	return table->accept[at];
}
#else
static __always_inline u64 accept_retval(u32 event, s64 retval)
{
	return ~0ULL;
}
#endif

#ifdef USE_STRINGS
#define STRING_FILTERED(place) (STRING_FILTERED_ARGUMENTS >> (place) & 1)

/* A text, or the beginning of texts. A text that is looked up has all the bits: nodes end at
 * their NUL or before, so what lies behind that of the text does not count. */
struct string_node {
	u32 bits;
	u32 argument; /* event * TEXT_PLACES + its place */
	char text[STRING_KEY_SIZE];
};
BPF_HASH(string_arguments, u32, struct string_argument, STRING_ARGUMENTS);
BPF_LPM_TRIE(string_nodes, struct string_node, u64, STRING_NODES);
BPF_PERCPU_ARRAY(string_scratch, struct string_node, 1);

/* Return the scopes that a text leaves to an event. `text` is the copy in the record, `slot`
 * what became of the copying; behind a text there are TEXT_ROOM bytes that can be read. */
static __always_inline u64 accept_string(u32 event, u32 place, const char *text, u64 slot)
{
	u32 zero = 0, argument = event * SHAPES_MAX + place;
	struct string_argument *filtered = string_arguments.lookup(&argument);
	struct string_node *node = string_scratch.lookup(&zero);
	if (!filtered || !node)
		return ~0ULL;
	if (slot == SLOT_NULL || slot == SLOT_UNREADABLE)
		return filtered->absent;
	if (slot == SLOT_CUT) /* for want of room nothing of it was taken */
		return ~0ULL;
	node->bits = 8 * (sizeof(*node) - sizeof(node->bits));
	node->argument = argument;
	read_kernel(node->text, STRING_KEY_SIZE, text);
	u64 *accept = string_nodes.lookup(node);
	return accept ? *accept : filtered->otherwise;
}
#endif
