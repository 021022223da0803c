/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/* uid and pid filters with an order: the bounds of all scopes cut the numbers into intervals, each
 * with its mask. */
#pragma once
#include "lib/kernel.h"

#define WAYS 4
#define LEVELS 9 /* at most: 262,144 intervals */

/* Count the bounds that are not above the value, at `stride`, 2 * `stride` and so on, fewer than
 * `ways`. */
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

/* Return the last index whose bound is not above the value. The bounds ascend from 0; `size` is a
 * power of two; unused bounds have the highest value. Four ways at a time, as the CPU executes
 * independent comparisons in parallel; no branches, so the verifier follows one path for every size
 * and the CPU has nothing to predict. */
static __always_inline u32 interval_of(const u32 *bounds, const u32 size, u32 value)
{
	u64 at = 0;
	u32 stride = size;
#pragma unroll
	for (u32 level = 0; level < LEVELS && stride > 1; level++) {
		const u32 ways = stride < WAYS ? stride : WAYS;
		stride /= ways;
		/* Up to v6.1 the verifier loses the range of such a sum. */
		at = within(at + stride * passed_bounds(bounds + at, stride, ways, value),
			    size - stride);
	}
	return at;
}

/* A table is split into chunks, with an index of their first bounds: BCC takes seconds to compile
 * one large value. A small table is one chunk without an index. */
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
/* Rule 9: `=` holds if the process or the thread id is the value, `!=` if neither is, an order for
 * the process id only. */
struct pid_chunk {
	u32 bounds[PID_INTERVALS];
	u64 equal[PID_INTERVALS]; /* the scope has the value, or no `=` */
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
	u64 new = all_ones_if_new(started_after_trace);
	equal |= new & NEW_EQUAL;
	rest &= ~(new & NEW_EXCLUDED);
#endif
	return equal & rest;
}
#endif
