/* The decision: which scopes accept the facts of an event.
 *
 * One accept table for each kind of filter in use, worked out by tracee_ref/tables.py from
 * the model: the mask of an event is the AND of what the tables say, whatever the number of
 * scopes. A kind that no scope uses is not compiled in. */
#pragma once
#include "facts.h"
#include "within.h"

/* A value's part in rule 4, for kinds where several values can hold at once: the scopes of
 * which it is an `=` value, and those that exclude it. */
struct verdict {
	u64 equal;
	u64 excluded;
};

/* Return the last index whose bound is not above the value. The bounds rise from 0, fill a
 * power of two of `size` places and repeat at the end. No branches: the verifier then sees one
 * path, whatever the size, and the processor has nothing to predict. */
static __always_inline u32 interval_of(const u32 *bounds, const u32 size, u32 value)
{
	u64 at = 0;
#pragma unroll
	for (u32 step = size / 2; step; step >>= 1) {
		u64 not_above = ((u64)bounds[at + step] - ((u64)value + 1)) >> 63;
		/* Up to 6.1 the verifier forgets the range of such a sum. */
		at = within(at + not_above * step, size - 1);
	}
	return at;
}

#ifdef USE_UID
struct uid_table {
	u32 bounds[UID_INTERVALS];
	u64 accept[UID_INTERVALS];
};
BPF_ARRAY(uid_table, struct uid_table, 1);

static __always_inline u64 accept_uid(u32 uid)
{
	u32 zero = 0;
	struct uid_table *table = uid_table.lookup(&zero);
	if (!table)
		return 0;
	return table->accept[interval_of(table->bounds, UID_INTERVALS, uid)];
}
#endif

#ifdef USE_PID
/* Rule 9: `=` asks whether the process id or the thread id is the value, `!=` whether neither
 * is, an order only the process id. */
struct pid_table {
	u32 bounds[PID_INTERVALS];
	u64 equal[PID_INTERVALS]; /* a value of the scope, or it has no `=` */
	u64 distinct[PID_INTERVALS];
	u64 order[PID_INTERVALS];
};
BPF_ARRAY(pid_table, struct pid_table, 1);

static __always_inline u64 accept_pid(u32 pid, u32 tid)
{
	u32 zero = 0;
	struct pid_table *table = pid_table.lookup(&zero);
	if (!table)
		return 0;
	u32 at = interval_of(table->bounds, PID_INTERVALS, pid);
	u64 equal = table->equal[at], rest = table->distinct[at] & table->order[at];
	if (tid != pid) {
		at = interval_of(table->bounds, PID_INTERVALS, tid);
		equal |= table->equal[at];
		rest &= table->distinct[at];
	}
	return equal & rest;
}
#endif

#ifdef USE_COMM
struct comm_key {
	char text[COMM_SIZE];
};
BPF_HASH(comm_table, struct comm_key, u64, COMM_VALUES);

static __always_inline u64 accept_comm(const char *comm)
{
	u64 *accept = comm_table.lookup((struct comm_key *)comm);
	return accept ? *accept : COMM_OTHERWISE;
}
#endif

#ifdef USE_COMM_PATTERNS
/* An Aho-Corasick automaton over the texts of all scopes: it reads the name once and meets
 * every text that begins, ends or stands in it. Its rows are indexed by classes of bytes. */
struct comm_row {
	u32 next[COMM_CLASSES]; /* the next row; COMM_MET is set where texts end there */
};
struct comm_class {
	u8 of[256];
};
BPF_ARRAY(comm_classes, struct comm_class, 1);
BPF_ARRAY(comm_rows, struct comm_row, COMM_ROWS);
BPF_ARRAY(comm_met, struct verdict, COMM_ROWS);
#define COMM_MET 0x80000000u

static __always_inline u64 accept_comm(const char *comm)
{
	u32 zero = 0, at = 0;
	struct verdict all = {.equal = COMM_UNASKED};
	struct comm_class *classes = comm_classes.lookup(&zero);
	if (!classes)
		return 0;
#pragma unroll
	for (int i = 0; i < COMM_SIZE; i++) {
		struct comm_row *row = comm_rows.lookup(&at);
		if (!row)
			return 0;
		u32 next = row->next[classes->of[(u8)comm[i]] & (COMM_CLASSES - 1)];
		at = next & ~COMM_MET;
		if (next & COMM_MET) {
			struct verdict *met = comm_met.lookup(&at);
			if (!met)
				return 0;
			all.equal |= met->equal;
			all.excluded |= met->excluded;
		}
		if (!comm[i])
			break; /* the NUL is the end that `*text` asks for */
	}
	return all.equal & ~all.excluded;
}
#endif

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
	if (here) {
		all.equal |= here->equal;
		all.excluded |= here->excluded;
	}
	binary->mntns = 0;
	struct verdict *anywhere = binary_table.lookup(binary);
	if (anywhere) {
		all.equal |= anywhere->equal;
		all.excluded |= anywhere->excluded;
	}
	return all.equal & ~all.excluded;
}
#endif

/* Return the scopes whose filters on the process all hold (rules 3, 4 and 14). */
static __always_inline u64 match_facts(const struct facts *facts)
{
	u64 mask = facts->pid == TRACER_PID ? 0 : ~0ULL;
#if defined(USE_PROCESS) || defined(USE_BINARY)
	mask &= facts->process;
#endif
#ifdef USE_UID
	mask &= accept_uid(facts->uid);
#endif
#ifdef USE_PID
	mask &= accept_pid(facts->pid, facts->tid);
#endif
#if defined(USE_COMM) || defined(USE_COMM_PATTERNS)
	mask &= accept_comm(facts->comm);
#endif
	return mask;
}
