/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/* sched_switch: a CPU goes on with another task. The facts are those of the task that it leaves, which
 * is still the current one.
 *
 * The scheduler has interrupts off, so the program is never preempted. */
#pragma once
#include "events/hook_event.h"

static __always_inline void report_switch(struct task_struct *prev, struct task_struct *next)
{
	struct hook_record *record = start_record(EVENT_SCHED_SWITCH);
	if (!record)
		return;
	record->sent.slots[SCHED_SWITCH_CPU] = bpf_get_smp_processor_id();
	record->sent.slots[SCHED_SWITCH_PREV_TID] = READ(prev, pid);
	set_string(record, SCHED_SWITCH_PREV_COMM, put_kernel_string(record, (char *)&prev->comm));
	record->sent.slots[SCHED_SWITCH_NEXT_TID] = READ(next, pid);
	set_string(record, SCHED_SWITCH_NEXT_COMM, put_kernel_string(record, (char *)&next->comm));
	submit_hook(record);
}

/* In Linux v5.18, fa2c3254d7cf ("sched/tracing: Don't re-read p->state when emitting sched_switch
 * event"), and in no other version a number is before the tasks; later it comes after them. The verifier
 * refuses a variable index, and one beyond the last argument. */
int on_sched_switch(struct bpf_raw_tracepoint_args *ctx)
{
	u64 prev = ctx->args[1], next = ctx->args[2];
#ifdef SWITCH_STATE
	u64 last = ctx->args[3];
	bool after_number = (s64)prev >= 0; /* addresses of the kernel are negative */
	prev = after_number ? next : prev;
	next = after_number ? last : next;
#endif
	report_switch((struct task_struct *)prev, (struct task_struct *)next);
	return 0;
}
