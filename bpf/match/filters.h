/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/* The decision: which scopes accept the facts of an event.
 *
 * One accept table for each kind of filter in use, worked out by tracee_ref/tables/ from
 * the model: the mask of an event is the AND of what the tables say, whatever the number of
 * scopes. A kind that no scope uses is not compiled in. */
#pragma once
#include "match/facts.h"

static __always_inline void join_verdict(struct verdict *all, const struct verdict *met)
{
	all->equal |= met->equal;
	all->excluded |= met->excluded;
}

/* `equal` holds the scopes without an `=` value too, by now. */
static __always_inline u64 accept_verdict(const struct verdict *all)
{
	return all->equal & ~all->excluded;
}

#include "match/numbers.h"
#include "match/patterns.h"
#include "match/values.h"

#ifdef USE_BINARY
/* A program file, with the inode of its mount namespace or 0 for any (rule 10). The key is
 * zero behind the path; a path that does not fit can be no scope's value. */
struct binary {
	u32 mntns;
	char path[BINARY_PATH_SIZE];
};
BPF_HASH(binary_table, struct binary, struct verdict, BINARY_VALUES);

/* Judge a program once, when a process begins to run it. `binary` is clobbered. */
static __always_inline u64 accept_binary(struct binary *binary)
{
	struct verdict *here = binary_table.lookup(binary);
	struct verdict all = {.equal = BINARY_UNASKED};
	if (here)
		join_verdict(&all, here);
	binary->mntns = 0;
	struct verdict *anywhere = binary_table.lookup(binary);
	if (anywhere)
		join_verdict(&all, anywhere);
	return accept_verdict(&all);
}
#endif

#ifdef USE_TREE
/* What it says to be a process, or to descend from it (rule 12). */
BPF_HASH(tree_table, u32, struct verdict, TREE_VALUES);
#define NO_DESCENT {.equal = TREE_UNASKED}

static __always_inline void join_descent(struct verdict *all, u32 pid)
{
	struct verdict *met = tree_table.lookup(&pid);
	if (met)
		join_verdict(all, met);
}
#endif

/* Return the scopes whose filters on the process all hold (rules 3 and 4). */
static __always_inline u64 match_process(const struct facts *facts)
{
	u64 mask = ~0ULL;
#ifdef USE_BINARY
	mask &= facts->binary;
#endif
#ifdef USE_TREE
	mask &= facts->descent;
#endif
#ifdef USE_CONTAINER
	mask &= facts->container;
#endif
#ifdef USE_UID
	mask &= accept_number(VALUE_UID, facts->uid, UID_UNASKED);
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
	mask &= accept_name(VALUE_COMM, facts->comm, COMM_UNASKED);
#endif
#ifdef USE_COMM_PATTERNS
	mask &= accept_pattern(NAME_COMM, 0, facts->comm, COMM_UNASKED);
#endif
#ifdef USE_UTS
	mask &= accept_name(VALUE_UTS, facts->uts, UTS_UNASKED);
#endif
#ifdef USE_UTS_PATTERNS
	mask &= accept_pattern(NAME_UTS, UTS_ROW, facts->uts, UTS_UNASKED);
#endif
#ifdef USE_MNTNS
	mask &= accept_number(VALUE_MNTNS, facts->mntns, MNTNS_UNASKED);
#endif
#ifdef USE_PIDNS
	mask &= accept_number(VALUE_PIDNS, facts->pidns, PIDNS_UNASKED);
#endif
	return mask;
}

/* Our own process id, which tracee_ref/kernel/build/program.py puts in the place of TRACER_PID. */
static __always_inline u32 tracer_pid(void)
{
	u64 pid;
	asm volatile("%0 = %1" : "=r"(pid) : "i"(TRACER_PID));
	return pid;
}

/* Return the scopes that an event of the process belongs to, if they selected it: followed
 * processes need not meet the filters (rule 13), and the tracer is never shown (rule 14). */
static __always_inline u64 match_facts(const struct facts *facts)
{
	u64 mask = match_process(facts);
#ifdef USE_FOLLOW
	mask |= facts->followed;
#endif
	return facts->pid == tracer_pid() ? 0 : mask;
}
