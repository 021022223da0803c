/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/* The time at which tracing started, on the clock of start_boottime; 0 before. */
#pragma once

BPF_ARRAY(tracing_began, u64, 1);

static __always_inline u64 began(void)
{
	u32 zero = 0;
	u64 *time = tracing_began.lookup(&zero);
	return time ? *time : 0;
}
