// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
/* Matcher without hooks, for BPF_PROG_TEST_RUN: facts in the packet data, the mask written there.
 *
 * It includes the same match/filters.h as the tracer. */

#ifdef SETTINGS
/* Masks that are constants in the tracer; here the tables change while the program stays loaded.
 * The slots are in decision_program.py. */
BPF_ARRAY(settings, u64, SETTINGS);

static __always_inline u64 setting(u32 slot)
{
	u64 *mask = settings.lookup(&slot);
	return mask ? *mask : 0;
}
#endif

#include "match/containers.h"
#include "match/filters.h"

#define ANCESTORS 8

struct question {
	u64 mask; /* the answer */
	u32 event;
	u32 ancestors;
	struct facts facts;
	u32 ancestry[ANCESTORS]; /* the process and those it descends from */
	u32 in_container;
	u32 started_after_trace; /* the container */
	u8 container[CONTAINER_ID_SIZE];
#ifdef USE_BINARY
	struct binary binary;
#endif
};

BPF_ARRAY(select, u64, EVENTS);
#ifdef USE_BINARY
BPF_PERCPU_ARRAY(binary_scratch, struct binary, 1);
#endif

int decide(struct __sk_buff *skb)
{
	struct question *question = (void *)(long)skb->data;
	if ((void *)(question + 1) > (void *)(long)skb->data_end)
		return 1;
	u32 event = question->event, zero = 0;
	u64 *selected = select.lookup(&event);
	struct facts facts = question->facts;
#ifdef USE_BINARY
	struct binary *binary = binary_scratch.lookup(&zero);
	if (!binary)
		return 1;
	*binary = question->binary;
	facts.binary_accepts = accept_binary(binary);
#endif
#ifdef USE_TREE
	struct scope_masks all = NO_TREE_VALUE;
#pragma unroll
	for (int i = 0; i < ANCESTORS; i++)
		if (i < question->ancestors)
			merge_tree_masks(&all, question->ancestry[i]);
	facts.tree_accepts = accept_masks(&all);
#endif
#ifdef USE_CONTAINER
	facts.container_accepts = CONTAINER_OUTSIDE;
	if (question->in_container)
		facts.container_accepts = accept_container(question->container, question->started_after_trace);
#endif
	question->mask = selected ? *selected & match_facts(&facts) : 0;
	return 0;
}
