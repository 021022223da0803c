/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/* task_rename: a thread changes its name. At the raw tracepoint it still has the old one, which is
 * matched (rule 17). */
#pragma once
#include "events/hook_event.h"

static __always_inline void report_rename(struct task_struct *task, const char *name)
{
	struct hook_record *record = start_record(EVENT_TASK_RENAME);
	if (!record)
		return;
	set_string(record, TASK_RENAME_OLD_NAME, put_kernel_string(record, (char *)&task->comm));
	set_string(record, TASK_RENAME_NEW_NAME, put_kernel_string(record, name));
	submit_hook(record);
}

int on_task_rename(struct bpf_raw_tracepoint_args *ctx)
{
	disable_preemption();
	report_rename((struct task_struct *)ctx->args[0], (const char *)ctx->args[1]);
	enable_preemption();
	return 0;
}
