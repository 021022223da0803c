/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/* The decision about containers: which scopes accept one, by the start of its id (rule 11). */
#pragma once

#define CONTAINER_ID_SIZE 32 /* the bytes that the 64 hexadecimal digits of an id stand for */
#define CONTAINER_ID_WORDS 4 /* the same in u64: a copy of bytes is made one by one */

#ifdef USE_CONTAINER
/* The start of ids: so many bits of one. */
struct id_prefix {
	u32 bits;
	u8 id[CONTAINER_ID_SIZE];
};
/* The scopes that accept a container whose id starts so: one that was there before us, and one
 * that was made after tracing began. There is always an element for the empty prefix. */
struct container_masks {
	u64 old;
	u64 fresh;
};
BPF_LPM_TRIE(container_prefixes, struct id_prefix, struct container_masks, CONTAINER_PREFIXES);

/* Judge a container once, when it is made. */
static __always_inline u64 accept_container(const u8 *id, bool is_new)
{
	struct id_prefix key = {.bits = 8 * CONTAINER_ID_SIZE};
	__builtin_memcpy(key.id, id, CONTAINER_ID_SIZE);
	struct container_masks *masks = container_prefixes.lookup(&key);
	if (!masks)
		return 0;
	return is_new ? masks->fresh : masks->old;
}
#endif
