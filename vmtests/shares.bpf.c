// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
/* The shares of scopes without a ring buffer, for BPF_PROG_TEST_RUN: a record that is to be written
 * in the packet data, and there whether it may be. */
#include "lib/shares.h"

struct question {
	u64 mask;
	u64 size;
	u64 position; /* of the reader */
	u64 admitted; /* the answer */
};

int charge(struct __sk_buff *skb)
{
	struct question *question = (void *)(long)skb->data;
	if ((void *)(question + 1) > (void *)(long)skb->data_end)
		return 1;
	question->admitted = charge_share(RING_RECORDS, question->mask, question->size,
					  question->position);
	return 0;
}
