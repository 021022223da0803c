/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/* Filters on return values and on string arguments of syscalls and hooks.
 *
 * They keep records out of the ring buffer that user space would drop. These tables cannot express
 * every filter, so user space evaluates the rest (tracee_ref/tables/fields.py). */
#pragma once
#include "lib/records.h"
#include "lib/kernel.h"

#ifdef USE_RETVALS
/* Interval i starts at bounds[i]; the first starts at the lowest number. */
struct retval_table {
	s64 bounds[RETVAL_INTERVALS];
	u64 accept[RETVAL_INTERVALS];
};
BPF_HASH(retval_tables, u32, struct retval_table, RETVAL_EVENTS);

/* Whether a <= b, as one bit and without a branch (Hacker's Delight, 2-12): with branches the
 * verifier would explore the rest of the program once for each interval. */
static __always_inline u64 not_above(s64 a, s64 b)
{
	return (u64)((a | ~b) & ((a ^ b) | ~(s64)((u64)b - (u64)a))) >> 63;
}

/* Return the scopes whose filters on the return value of an event hold. */
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
#define STRING_FILTERED(index) (STRING_FILTERED_ARGUMENTS >> (index) & 1)

/* A string or the prefix of strings. The key of a lookup has all bits: a node ends at its NUL or
 * before, so bytes after the NUL of the key do not matter. */
struct string_node {
	u32 bits;
	u32 argument; /* event * ARGUMENTS_MAX + index of the argument */
	char string[STRING_KEY_SIZE];
};
BPF_HASH(string_arguments, u32, struct string_argument, STRING_ARGUMENTS);
BPF_LPM_TRIE(string_nodes, struct string_node, u64, STRING_NODES);
BPF_PERCPU_ARRAY(string_scratch, struct string_node, LEVEL_COUNT);

/* Return the scopes whose filters on a string argument hold. `string` is the copy in the record,
 * with STRING_KEY_SIZE readable bytes; `slot` is the state of the copy. */
static __always_inline u64 accept_string_at(u32 level, u32 event, u32 index, const char *string,
					    u64 slot)
{
	u32 argument = event * ARGUMENTS_MAX + index;
	struct string_argument *filtered = string_arguments.lookup(&argument);
	struct string_node *node = string_scratch.lookup(&level);
	if (!filtered || !node)
		return ~0ULL;
	if (slot == SLOT_NULL || slot == SLOT_UNREADABLE)
		return filtered->absent;
	if (slot == SLOT_CUT) /* no room: nothing was copied */
		return ~0ULL;
	node->bits = 8 * (sizeof(*node) - sizeof(node->bits));
	node->argument = argument;
	read_kernel(node->string, STRING_KEY_SIZE, string);
	u64 *accept = string_nodes.lookup(node);
	return accept ? *accept : filtered->otherwise;
}

static __always_inline u64 accept_string(u32 event, u32 index, const char *string, u64 slot)
{
	return accept_string_at(LEVEL_TASK, event, index, string, slot);
}
#endif
