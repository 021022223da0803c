// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
/* The walk over the headers of a packet without hooks, for BPF_PROG_TEST_RUN. */
#include "tracer.bpf.c"

BPF_ARRAY(walked, struct packet, 1);

int walk(struct __sk_buff *skb)
{
	struct packet packet = {.length = skb->len};
	u32 zero = 0;
	parse_transport(skb, &packet);
	walked.update(&zero, &packet);
	return 0;
}
