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
	s64 bounds[RETVAL_STRETCHES];
	u64 accept[RETVAL_STRETCHES];
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
	for (u32 step = RETVAL_STRETCHES / 2; step; step >>= 1)
		at = within(at + not_above(table->bounds[at + step], retval) * step,
			    RETVAL_STRETCHES - 1);
	return table->accept[at];
}
#else
static __always_inline u64 accept_retval(u32 event, s64 retval)
{
	return ~0ULL;
}
#endif

#ifdef USE_TEXTS
#define TEXT_FILTERED(place) (TEXT_FILTERED_PLACES >> (place) & 1)

struct text_argument {
	u64 otherwise; /* for texts that begin with none of the nodes */
	u64 absent;    /* for a text that was not there, or could not be read */
};
/* A text, or the beginning of texts. A text that is looked up has all the bits: nodes end at
 * their NUL or before, so what lies behind that of the text does not count. */
struct text_node {
	u32 bits;
	u32 argument; /* event * TEXT_PLACES + its place */
	char text[TEXT_ROOM];
};
BPF_HASH(text_arguments, u32, struct text_argument, TEXT_ARGUMENTS);
BPF_LPM_TRIE(text_nodes, struct text_node, u64, TEXT_NODES);
BPF_PERCPU_ARRAY(text_scratch, struct text_node, 1);

/* Return the scopes that a text leaves to an event. `text` is the copy in the record, `slot`
 * what became of the copying; behind a text there are TEXT_ROOM bytes that can be read. */
static __always_inline u64 accept_text(u32 event, u32 place, const char *text, u64 slot)
{
	u32 zero = 0, argument = event * TEXT_PLACES + place;
	struct text_argument *filtered = text_arguments.lookup(&argument);
	struct text_node *node = text_scratch.lookup(&zero);
	if (!filtered || !node)
		return ~0ULL;
	if (slot == SLOT_NULL || slot == SLOT_UNREADABLE)
		return filtered->absent;
	if (slot == SLOT_CUT) /* for want of room nothing of it was taken */
		return ~0ULL;
	node->bits = 8 * (sizeof(*node) - sizeof(node->bits));
	node->argument = argument;
	read_kernel(node->text, TEXT_ROOM, text);
	u64 *accept = text_nodes.lookup(node);
	return accept ? *accept : filtered->otherwise;
}
#endif
