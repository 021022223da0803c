/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/* The time at which tracing started, on the clock of start_boottime; 0 before. */
#pragma once
#include "lib/kernel.h"

BPF_ARRAY(trace_start_time, u64, 1);

static __always_inline u64 trace_start(void)
{
	u32 zero = 0;
	u64 *time = trace_start_time.lookup(&zero);
	return time ? *time : 0;
}
