/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/* uid and pid where a scope has an order: the bounds of all scopes cut the numbers into intervals,
 * each with its mask. */
#pragma once
#include "lib/kernel.h"

#define WAYS 4
#define LEVELS 9 /* at the most: 262,144 places */

/* Return how many of the bounds at the places `stride`, 2 * `stride` and so on, fewer than `ways`,
 * are not above the value. */
static __always_inline u64 passed_bounds(const u32 *bounds, const u32 stride, const u32 ways,
					 u32 value)
{
	u64 passed = 0;
#pragma unroll
	for (u32 way = 1; way < WAYS; way++)
		if (way < ways)
			passed += ((u64)bounds[way * stride] - ((u64)value + 1)) >> 63;
	return passed;
}

/* Return the last index whose bound is not above the value. The bounds rise from 0, fill a
 * power of two of `size` places and repeat at the end. Four ways at once, as the processor does
 * what does not wait for each other at the same time; and no branches: the verifier then sees one
 * path, whatever the size, and the processor has nothing to predict. */
static __always_inline u32 interval_of(const u32 *bounds, const u32 size, u32 value)
{
	u64 at = 0;
	u32 stride = size;
#pragma unroll
	for (u32 level = 0; level < LEVELS && stride > 1; level++) {
		const u32 ways = stride < WAYS ? stride : WAYS;
		stride /= ways;
		/* Up to 6.1 the verifier forgets the range of such a sum. */
		at = within(at + stride * passed_bounds(bounds + at, stride, ways, value),
			    size - stride);
	}
	return at;
}

/* Tables of numbers come in chunks, of which an index holds the first bounds: one large value
 * takes BCC seconds to compile. Few bounds are one chunk, and need no index. */
#ifdef USE_UID_INTERVALS
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

#ifdef USE_PID_INTERVALS
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

static __always_inline u64 accept_pid(u32 pid, u32 tid, u32 started_after_trace)
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
	if (started_after_trace) {
		equal |= NEW_EQUAL;
		rest &= ~NEW_EXCLUDED;
	}
#endif
	return equal & rest;
}
#endif
