/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/* The matcher: which scopes accept the facts of an event.
 *
 * Each kind of filter in use has an accept table, computed by tracee_ref/tables/ from the model.
 * The mask of an event is the AND of the masks of all kinds, whatever the number of scopes.
 *
 * Example: -f 2:comm=who -f 3:comm=ping -f 4:comm!=who   (scope N is bit N-1)
 *   table:   "who"  -> { .equal = 0010, .excluded = 1000 }
 *            "ping" -> { .equal = 0100, .excluded = 0000 }
 *   COMM_WITHOUT_EQUAL, the scopes without a comm= value: ...1001
 *            (scope 1 has no comm filter, scope 4 only a !=)
 *   event of "who":  (0010 | ...1001) & ~1000 = ...0011   scopes 1 and 2 pass
 *   event of "ping": (0100 | ...1001) & ~0000 = ...1101   scopes 1, 3 and 4 pass */
#pragma once
#include "match/facts.h"

static __always_inline void merge_masks(struct scope_masks *all, const struct scope_masks *masks)
{
	all->equal |= masks->equal;
	all->excluded |= masks->excluded;
}

/* `all->equal` includes the scopes without an `=` value. */
static __always_inline u64 accept_masks(const struct scope_masks *all)
{
	return all->equal & ~all->excluded;
}

#ifdef USE_NEW
/* Not a branch: if the masks of one side are constants, the verifier of kernels up to v5.15 explores
 * what follows twice, as a spilled constant is not a spilled unknown number to it. */
static __always_inline u64 all_ones_if_new(u64 started_after_trace)
{
	asm volatile("" : "+r"(started_after_trace));
	return -started_after_trace;
}
#endif

#include "match/numbers.h"
#include "match/patterns.h"
#include "match/values.h"

#ifdef USE_BINARY
/* An executed file, with the inode of its mount namespace or 0 for any (rule 10). The path is
 * padded with zeros; one that does not fit is the value of no scope. */
struct binary {
	u32 mntns;
	char path[BINARY_PATH_SIZE];
};
BPF_HASH(binary_table, struct binary, struct scope_masks, BINARY_VALUES);

/* Called once for each exec. `binary` is overwritten. */
static __always_inline u64 accept_binary(struct binary *binary)
{
	struct scope_masks *exact = binary_table.lookup(binary);
	struct scope_masks all = {.equal = BINARY_WITHOUT_EQUAL};
	if (exact)
		merge_masks(&all, exact);
	binary->mntns = 0;
	struct scope_masks *any = binary_table.lookup(binary);
	if (any)
		merge_masks(&all, any);
	return accept_masks(&all);
}
#endif

#ifdef USE_TREE
/* Masks of a process and of its descendants, by its tgid (rule 12). */
BPF_HASH(tree_table, u32, struct scope_masks, TREE_VALUES);
#define NO_TREE_VALUE {.equal = TREE_WITHOUT_EQUAL}

static __always_inline void merge_tree_masks(struct scope_masks *all, u32 pid)
{
	struct scope_masks *masks = tree_table.lookup(&pid);
	if (masks)
		merge_masks(all, masks);
}
#endif

/* Return the scopes whose process filters all hold (rules 3 and 4). */
static __always_inline u64 match_process(const struct facts *facts)
{
	u64 mask = ~0ULL;
#ifdef USE_BINARY
	mask &= facts->binary_accepts;
#endif
#ifdef USE_TREE
	mask &= facts->tree_accepts;
#endif
#ifdef USE_CONTAINER
	mask &= facts->container_accepts;
#endif
#ifdef USE_UID
	mask &= accept_number(VALUE_UID, facts->uid, UID_WITHOUT_EQUAL);
#endif
#ifdef USE_UID_INTERVALS
	mask &= accept_uid(facts->uid);
#endif
#ifdef USE_PID
	mask &= accept_ids(facts->pid, facts->tid, facts->started_after_trace);
#endif
#ifdef USE_PID_INTERVALS
	mask &= accept_pid(facts->pid, facts->tid, facts->started_after_trace);
#endif
#ifdef USE_COMM
	mask &= accept_name(VALUE_COMM, facts->comm, COMM_WITHOUT_EQUAL);
#endif
#ifdef USE_COMM_PATTERNS
	mask &= accept_pattern(NAME_COMM, 0, facts->comm, COMM_WITHOUT_EQUAL);
#endif
#ifdef USE_UTS
	mask &= accept_name(VALUE_UTS, facts->uts, UTS_WITHOUT_EQUAL);
#endif
#ifdef USE_UTS_PATTERNS
	mask &= accept_pattern(NAME_UTS, UTS_ROW, facts->uts, UTS_WITHOUT_EQUAL);
#endif
#ifdef USE_MNTNS
	mask &= accept_number(VALUE_MNTNS, facts->mntns, MNTNS_WITHOUT_EQUAL);
#endif
#ifdef USE_PIDNS
	mask &= accept_number(VALUE_PIDNS, facts->pidns, PIDNS_WITHOUT_EQUAL);
#endif
	return mask;
}

/* The tgid of the tracer: tracee_ref/kernel/build/program.py replaces TRACER_PID in the code. */
static __always_inline u32 tracer_pid(void)
{
	u64 pid;
	asm volatile("%0 = %1" : "=r"(pid) : "i"(TRACER_PID));
	return pid;
}

#ifdef SIGNATURE_PROCESSES
BPF_HASH(signature_processes, u32, u8, SIGNATURE_PROCESSES); /* by tgid: they are the tracer's */
#endif

/* Return the scopes that accept an event of the process, if they selected it. A followed process
 * need not pass the filters (rule 13); the tracer itself never matches (rule 14). */
static __always_inline u64 match_facts(const struct facts *facts)
{
	u64 mask = match_process(facts);
#ifdef USE_FOLLOW
	mask |= facts->followed;
#endif
#ifdef SIGNATURE_PROCESSES
	u32 pid = facts->pid;
	if (mask && signature_processes.lookup(&pid))
		return 0;
#endif
	return facts->pid == tracer_pid() ? 0 : mask;
}
