/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/* Filters on comms and host names with `*`. */
#pragma once
#include "match/facts.h"

#ifdef USE_PATTERNS
/* An Aho-Corasick automaton for each kind of name, over the patterns of all scopes: one pass over
 * the name finds every pattern that is a prefix, suffix or part of it. Rows are indexed by byte
 * class. */
struct pattern_row {
	u32 next[PATTERN_CLASSES]; /* the next row; PATTERN_MATCHED is set if a pattern ends there
				    */
};
struct pattern_class {
	u8 of[256];
};
BPF_ARRAY(pattern_classes, struct pattern_class, NAME_COUNT);
BPF_ARRAY(pattern_rows, struct pattern_row, PATTERN_ROWS);
BPF_ARRAY(pattern_masks, struct scope_masks, PATTERN_ROWS);

static __always_inline u64 accept_pattern(u32 kind, u32 first_row, const u64 *name,
					  u64 without_equal)
{
	u32 at = first_row;
	u64 left = NAME_SIZE;
	/* Shifted, as up to v5.11 the stack cannot be read at a variable offset. */
	u64 text[NAME_WORDS] = {name[0], name[1]};
	struct scope_masks all = {.equal = without_equal};
	struct pattern_class *classes = pattern_classes.lookup(&kind);
	if (!classes)
		return 0;
	u8 byte;
	do {
		struct pattern_row *row = pattern_rows.lookup(&at);
		if (!row)
			return 0;
		byte = text[0];
		text[0] = text[0] >> 8 | text[1] << 56;
		text[1] >>= 8;
		u32 next = row->next[classes->of[byte] & (PATTERN_CLASSES - 1)];
		at = next & ~PATTERN_MATCHED;
		if (next & PATTERN_MATCHED) {
			struct scope_masks *masks = pattern_masks.lookup(&at);
			if (!masks)
				return 0;
			merge_masks(&all, masks);
		}
		left--;
		asm volatile("" : "+r"(left)); /* see build_path_at() */
	} while (byte && left); /* the NUL is the end that `*text` matches */
	return accept_masks(&all);
}
#endif
