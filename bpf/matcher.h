/* The decision: which scopes accept the facts of an event.
 *
 * One accept table for each kind of filter in use, worked out by tracee_ref/tables/ from
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

/* Tables of numbers come in chunks, of which an index holds the first bounds: one large value
 * takes BCC seconds to compile. Few bounds are one chunk, and need no index. */
#ifdef USE_UID
struct uid_chunk {
	u32 bounds[UID_INTERVALS];
	u64 accept[UID_INTERVALS];
};
BPF_ARRAY(uid_table, struct uid_chunk, UID_CHUNKS);
#if UID_CHUNKS > 1
struct uid_index {
	u32 bounds[UID_CHUNKS];
};
BPF_ARRAY(uid_index, struct uid_index, 1);
#endif

static __always_inline u64 accept_uid(u32 uid)
{
	u32 at = 0;
#if UID_CHUNKS > 1
	struct uid_index *index = uid_index.lookup(&at);
	if (!index)
		return 0;
	at = interval_of(index->bounds, UID_CHUNKS, uid);
#endif
	struct uid_chunk *chunk = uid_table.lookup(&at);
	if (!chunk)
		return 0;
	return chunk->accept[interval_of(chunk->bounds, UID_INTERVALS, uid)];
}
#endif

#ifdef USE_PID
/* Rule 9: `=` asks whether the process id or the thread id is the value, `!=` whether neither
 * is, an order only the process id. */
struct pid_chunk {
	u32 bounds[PID_INTERVALS];
	u64 equal[PID_INTERVALS]; /* a value of the scope, or it has no `=` */
	u64 distinct[PID_INTERVALS];
	u64 order[PID_INTERVALS];
};
BPF_ARRAY(pid_table, struct pid_chunk, PID_CHUNKS);
#if PID_CHUNKS > 1
struct pid_index {
	u32 bounds[PID_CHUNKS];
};
BPF_ARRAY(pid_index, struct pid_index, 1);
#endif

static __always_inline struct pid_chunk *pid_chunk_of(u32 id)
{
	u32 at = 0;
#if PID_CHUNKS > 1
	struct pid_index *index = pid_index.lookup(&at);
	if (!index)
		return NULL;
	at = interval_of(index->bounds, PID_CHUNKS, id);
#endif
	return pid_table.lookup(&at);
}

static __always_inline u64 accept_pid(u32 pid, u32 tid, u32 fresh)
{
	struct pid_chunk *chunk = pid_chunk_of(pid);
	if (!chunk)
		return 0;
	u32 at = interval_of(chunk->bounds, PID_INTERVALS, pid);
	u64 equal = chunk->equal[at], rest = chunk->distinct[at] & chunk->order[at];
	if (tid != pid) {
		chunk = pid_chunk_of(tid);
		if (!chunk)
			return 0;
		at = interval_of(chunk->bounds, PID_INTERVALS, tid);
		equal |= chunk->equal[at];
		rest &= chunk->distinct[at];
	}
#ifdef USE_NEW
	if (fresh) {
		equal |= NEW_EQUAL;
		rest &= ~NEW_EXCLUDED;
	}
#endif
	return equal & rest;
}
#endif

#if defined(USE_COMM) || defined(USE_UTS) || defined(USE_MNTNS) || defined(USE_PIDNS)
/* Names without `*`, and inode numbers of namespaces: single values, by kind. */
enum value_kind { VALUE_COMM, VALUE_UTS, VALUE_MNTNS, VALUE_PIDNS };
struct value {
	u64 kind;
	union {
		char name[NAME_SIZE];
		u64 number[NAME_SIZE / sizeof(u64)];
	};
};
BPF_HASH(value_table, struct value, u64, VALUES);

static __always_inline u64 accept_value(struct value *value, u64 otherwise)
{
	u64 *accept = value_table.lookup(value);
	return accept ? *accept : otherwise;
}

static __always_inline u64 accept_name(u64 kind, const char *name, u64 otherwise)
{
	struct value value = {.kind = kind};
	__builtin_memcpy(value.name, name, NAME_SIZE);
	return accept_value(&value, otherwise);
}

static __always_inline u64 accept_number(u64 kind, u64 number, u64 otherwise)
{
	struct value value = {.kind = kind, .number = {number}};
	return accept_value(&value, otherwise);
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

static __always_inline u64 accept_pattern(u32 kind, u32 first_row, const char *name, u64 unasked)
{
	u32 at = first_row, left = NAME_SIZE;
	u64 text[NAME_SIZE / sizeof(u64)]; /* up to 5.11 the stack cannot be read at a variable place */
	struct verdict all = {.equal = unasked};
	struct pattern_class *classes = pattern_classes.lookup(&kind);
	if (!classes)
		return 0;
	__builtin_memcpy(text, name, NAME_SIZE);
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
	mask &= facts->program;
#endif
#ifdef USE_TREE
	mask &= facts->descent;
#endif
#ifdef USE_CONTAINER
	mask &= facts->container;
#endif
#ifdef USE_UID
	mask &= accept_uid(facts->uid);
#endif
#ifdef USE_PID
	mask &= accept_pid(facts->pid, facts->tid, facts->fresh);
#endif
#ifdef USE_COMM
	mask &= accept_name(VALUE_COMM, facts->comm, COMM_OTHERWISE);
#endif
#ifdef USE_COMM_PATTERNS
	mask &= accept_pattern(0, 0, facts->comm, COMM_UNASKED);
#endif
#ifdef USE_UTS
	mask &= accept_name(VALUE_UTS, facts->uts, UTS_OTHERWISE);
#endif
#ifdef USE_UTS_PATTERNS
	mask &= accept_pattern(1, UTS_ROW, facts->uts, UTS_UNASKED);
#endif
#ifdef USE_MNTNS
	mask &= accept_number(VALUE_MNTNS, facts->mntns, MNTNS_OTHERWISE);
#endif
#ifdef USE_PIDNS
	mask &= accept_number(VALUE_PIDNS, facts->pidns, PIDNS_OTHERWISE);
#endif
	return mask;
}

/* Return the scopes that an event of the process belongs to, if they selected it: followed
 * processes need not meet the filters (rule 13), and the tracer is never shown (rule 14). */
static __always_inline u64 match_facts(const struct facts *facts)
{
	u64 mask = match_process(facts);
#ifdef USE_FOLLOW
	mask |= facts->followed;
#endif
	return facts->pid == TRACER_PID ? 0 : mask;
}
