/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/* Filters on containers: the scopes that accept an id, by its longest prefix (rule 11). */
#pragma once
#include "generated/abi.h"

#ifdef USE_CONTAINER
/* There is always an element for the empty prefix. */
BPF_LPM_TRIE(container_prefixes, struct id_prefix, struct container_masks, CONTAINER_PREFIXES);

/* Called once for each container, when its cgroup is created. */
static __always_inline u64 accept_container(const u8 *id, bool started_after_trace)
{
	struct id_prefix key = {.bits = 8 * CONTAINER_ID_SIZE};
	__builtin_memcpy(key.id, id, CONTAINER_ID_SIZE);
	struct container_masks *masks = container_prefixes.lookup(&key);
	if (!masks)
		return 0;
	return started_after_trace ? masks->after_trace : masks->before_trace;
}
#endif
