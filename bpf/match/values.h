/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/* Single values: names without `*`, inode numbers of namespaces, ids without an order. */
#pragma once
#include "match/facts.h"

#if defined(USE_COMM) || defined(USE_UTS) || defined(USE_MNTNS) || defined(USE_PIDNS) ||           \
	defined(USE_UID) || defined(USE_PID)
/* A cuckoo hash table: a value is in one of two slots, computed from its hash. User space places
 * the values and chooses the factors (tracee_ref/kernel/maps/cuckoo.py). The last byte of the key,
 * which names and numbers leave zero, is the kind: so no key equals an empty slot. */
BPF_ARRAY(value_table, struct value_slot, 1 << VALUE_BITS);

static __always_inline bool holds_value(const struct value_slot *slot, u64 first, u64 second)
{
	return slot && slot->words[0] == first && slot->words[1] == second;
}

static __always_inline void merge_value(struct scope_masks *all, u64 kind, u64 first, u64 second)
{
	second |= kind << 56;
	u64 hash = first * VALUE_FACTOR_1 + second * VALUE_FACTOR_2;
	hash = (hash ^ hash >> 32) * VALUE_FACTOR_3;
	u32 index = hash >> (64 - VALUE_BITS);
	struct value_slot *slot = value_table.lookup(&index);
	if (!holds_value(slot, first, second)) {
		index = hash << VALUE_BITS >> (64 - VALUE_BITS);
		slot = value_table.lookup(&index);
		if (!holds_value(slot, first, second))
			return;
	}
	merge_masks(all, &slot->masks);
}

/* `without_equal` are the scopes without an `=` value of the kind. */
static __always_inline u64 accept_name(u64 kind, const u64 *name, u64 without_equal)
{
	struct scope_masks all = {.equal = without_equal};
	merge_value(&all, kind, name[0], name[1]);
	return accept_masks(&all);
}

static __always_inline u64 accept_number(u64 kind, u64 number, u64 without_equal)
{
	struct scope_masks all = {.equal = without_equal};
	merge_value(&all, kind, number, 0);
	return accept_masks(&all);
}
#endif

#ifdef USE_PID
/* Rule 9: the process id, the thread id and `new` are values that a task has at the same time. */
static __always_inline u64 accept_ids(u32 pid, u32 tid, u32 started_after_trace)
{
	struct scope_masks all = {.equal = PID_WITHOUT_EQUAL};
	merge_value(&all, VALUE_PID, pid, 0);
	if (tid != pid)
		merge_value(&all, VALUE_PID, tid, 0);
#ifdef USE_NEW
	u64 new = all_ones_if_new(started_after_trace);
	all.equal |= new & NEW_EQUAL;
	all.excluded |= new & NEW_EXCLUDED;
#endif
	return accept_masks(&all);
}
#endif
