/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/* Shares of scopes in a ring buffer that fills: what one scope writes takes no room of another.
 *
 * While more than SHARED_BYTES wait, a record is only written for a scope that is within its share:
 * of what the reader takes out, one part in SCOPE_COUNT, and once SHARE_BURST / SCOPE_COUNT more.
 * tracee_ref/shares.py has the reasons and the same algorithm; it computes the constants. A run with
 * one scope has none of this. */
#pragma once
#include "generated/abi.h"

/* The state of a ring buffer; `ring` is its number in the text (kernel/build/source.py), as the method
 * of BCC's maps is missing from BCC 0.26. */
static u64 (*query_ring)(void *ring, u64 flags) = (void *)BPF_FUNC_ringbuf_query;
#define QUERY_RING(ring, flags) query_ring((void *)bpf_pseudo_fd(BPF_PSEUDO_MAP_FD, ring), flags)

#ifdef SCOPE_COUNT
BPF_ARRAY(ring_shares, struct shares, RING_COUNT);
BPF_TABLE("percpu_hash", u64, u64, lost_masks, LOST_MASKS); /* mask to number of lost events */

/* A record of `size` bytes with its header, as the ring buffer aligns it. */
static __always_inline u64 bytes_in_ring(u64 size)
{
	return (size + BPF_RINGBUF_HDR_SZ + 7) & ~7ULL;
}

/* Return the index of the lowest bit. For the builtin LLVM looks it up in a table, which a program
 * of BCC does not have. */
static __always_inline u64 lowest_bit(u64 mask)
{
	u64 count = (mask & -mask) - 1; /* of the bits below */
	asm volatile("" : "+r"(count));
	count -= count >> 1 & 0x5555555555555555;
	count = (count & 0x3333333333333333) + (count >> 2 & 0x3333333333333333);
	count = (count + (count >> 4)) & 0x0f0f0f0f0f0f0f0f;
	return count * 0x0101010101010101 >> 56;
}

/* Return the scopes that were over their shares when they wrote last. */
static __always_inline u64 scopes_over(const struct shares *shares)
{
	u64 over = 0;
#pragma unroll
	for (int i = 0; i < (SCOPE_BITS + 7) / 8; i++) /* the product has a bit of each byte on top */
		over |= (((u64 *)shares->over)[i] * 0x0102040810204080 >> 56) << 8 * i;
	return over;
}

/* 1 if a number is negative, else 0. Products with it are no branches: from Linux v6.19 on the verifier
 * follows both values of a mask, too. */
static __always_inline u64 is_negative(u64 number)
{
	asm volatile("" : "+r"(number));
	number >>= 63;
	asm volatile("" : "+r"(number));
	return number;
}

/* Whether a record may be written for one of the scopes in a mask, which is charged for it: one within
 * its share or, if there is none, another one as the reader goes on, whose share may have come back.
 * `position` is that of the reader. */
static __always_inline bool charge_share(u32 ring, u64 mask, u64 size, u64 position)
{
	struct shares *shares = ring_shares.lookup(&ring);
	if (!shares)
		return true;
	u64 limit = position + SHARE_BURST, within = mask & ~scopes_over(shares);
	u64 none = is_negative(within | -within) ^ 1;
	u64 first = (position >> TURN_SHIFT) * none & (SCOPES_MAX - 1), scopes = within + mask * none;
	u64 turned = scopes >> first | scopes << (SCOPES_MAX - 1 - first) << 1;
	u64 scope = (lowest_bit(turned) + first) & (SCOPES_MAX - 1);
	u64 *spent = &shares->spent[scope];
	if (none > is_negative(*spent - limit))
		return false;
	/* What other CPUs add in between is lost. That is a record each, and only of a scope that
	 * owes nothing: to others is added at once. */
	if ((s64)(*spent - position) < 0)
		*spent = position;
	__sync_fetch_and_add(spent, SCOPE_COUNT * bytes_in_ring(size));
	shares->over[scope] = is_negative(*spent - limit) ^ 1;
	return true;
}

/* Whether the ring buffer of this name has room for a record of the scopes in a mask. */
#define HAS_ROOM(name, mask, size)                                                                 \
	(QUERY_RING(name##_MAP, BPF_RB_AVAIL_DATA) <= SHARED_BYTES ||                              \
	 charge_share(RING_##name, mask, size, QUERY_RING(name##_MAP, BPF_RB_CONS_POS)))

static __always_inline void count_lost(u64 *mask)
{
	u64 one = 1, *lost = lost_masks.lookup(mask);
	if (lost)
		__sync_fetch_and_add(lost, 1);
	else
		lost_masks.update(mask, &one);
}
#else
#define HAS_ROOM(name, mask, size) true
static __always_inline void count_lost(u64 *mask)
{
}
#endif
