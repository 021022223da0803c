/* Names of threads and hosts, and inode numbers of namespaces. */
#pragma once
#include "facts.h"
#include "verdict.h"

#if defined(USE_COMM) || defined(USE_UTS) || defined(USE_MNTNS) || defined(USE_PIDNS)
/* Names without `*`, and inode numbers of namespaces: single values. Each lies in one of two slots
 * that its hash names, as tracee_ref/kernel/value_slots.py has arranged it, where the factors come
 * from. In the last byte, which names and numbers leave zero, stands the kind: so an empty slot is
 * no value's. */
enum value_kind { VALUE_COMM = 1, VALUE_UTS, VALUE_MNTNS, VALUE_PIDNS };
struct value_slot {
	u64 words[NAME_WORDS];
	u64 accept;
};
BPF_ARRAY(value_table, struct value_slot, 1 << VALUE_BITS);

static __always_inline u64 accept_value(u64 kind, u64 first, u64 second, u64 otherwise)
{
	second |= kind << 56;
	u64 hash = first * VALUE_FACTOR_1 + second * VALUE_FACTOR_2;
	hash = (hash ^ hash >> 32) * VALUE_FACTOR_3;
	u32 place = hash >> (64 - VALUE_BITS);
	struct value_slot *slot = value_table.lookup(&place);
	if (slot && slot->words[0] == first && slot->words[1] == second)
		return slot->accept;
	place = hash << VALUE_BITS >> (64 - VALUE_BITS);
	slot = value_table.lookup(&place);
	if (slot && slot->words[0] == first && slot->words[1] == second)
		return slot->accept;
	return otherwise;
}

static __always_inline u64 accept_name(u64 kind, const u64 *name, u64 otherwise)
{
	return accept_value(kind, name[0], name[1], otherwise);
}

static __always_inline u64 accept_number(u64 kind, u64 number, u64 otherwise)
{
	return accept_value(kind, number, 0, otherwise);
}
#endif

#ifdef USE_PATTERNS
/* For each kind of name an Aho-Corasick automaton over the texts of all scopes: it reads the
 * name once and meets every text that begins, ends or stands in it. Its rows are indexed by
 * classes of bytes. */
struct pattern_row {
	u32 next[PATTERN_CLASSES]; /* the next row; PATTERN_MET is set where texts end there */
};
struct pattern_class {
	u8 of[256];
};
BPF_ARRAY(pattern_classes, struct pattern_class, 2);
BPF_ARRAY(pattern_rows, struct pattern_row, PATTERN_ROWS);
BPF_ARRAY(pattern_met, struct verdict, PATTERN_ROWS);
#define PATTERN_MET 0x80000000u

static __always_inline u64 accept_pattern(u32 kind, u32 first_row, const u64 *name, u64 unasked)
{
	u32 at = first_row;
	u64 left = NAME_SIZE;
	/* Shifted, for up to 5.11 the stack cannot be read at a variable place. */
	u64 text[NAME_WORDS] = {name[0], name[1]};
	struct verdict all = {.equal = unasked};
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
		at = next & ~PATTERN_MET;
		if (next & PATTERN_MET) {
			struct verdict *met = pattern_met.lookup(&at);
			if (!met)
				return 0;
			join_verdict(&all, met);
		}
		left--;
		asm volatile("" : "+r"(left)); /* see build_path() */
	} while (byte && left); /* the NUL is the end that `*text` asks for */
	return accept_verdict(&all);
}
#endif
