/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/* cgroup_mkdir, cgroup_rmdir and cgroup_attach_task, at raw tracepoints that pass the path.
 *
 * The kernel writes the path to one buffer and holds a spinlock during the tracepoint (see
 * TRACE_CGROUP_PATH in kernel/cgroup/cgroup-internal.h), so these programs are not preempted.
 * All three share one program that matches and reports, as in bpf/events/hook_event.h. */
#pragma once
#include "events/hook_event.h"

BPF_PROG_ARRAY(cgroup_reporter, 1);

static __always_inline void start_cgroup_event(struct bpf_raw_tracepoint_args *ctx, u32 event)
{
	struct hook_record *record = current_record();
	if (!record)
		return;
	record->event = event;
	cgroup_reporter.call(ctx, 0);
}

#ifdef EVENT_CGROUP_MKDIR
int report_cgroup_mkdir(struct bpf_raw_tracepoint_args *ctx)
{
	start_cgroup_event(ctx, EVENT_CGROUP_MKDIR);
	return 0;
}
#endif

#ifdef EVENT_CGROUP_RMDIR
int report_cgroup_rmdir(struct bpf_raw_tracepoint_args *ctx)
{
	start_cgroup_event(ctx, EVENT_CGROUP_RMDIR);
	return 0;
}
#endif

static __always_inline void put_cgroup(struct hook_record *record, struct cgroup *cgroup,
				       const char *path)
{
	record->sent.slots[CGROUP_MKDIR_CGROUP_ID] = cgroup_id(cgroup);
	set_string(record, CGROUP_MKDIR_CGROUP_PATH, put_kernel_string(record, path));
	record->sent.slots[CGROUP_MKDIR_HIERARCHY_ID] = READ(READ(cgroup, root), hierarchy_id);
}

#ifdef EVENT_CGROUP_ATTACH_TASK
int report_cgroup_attach_task(struct bpf_raw_tracepoint_args *ctx)
{
	start_cgroup_event(ctx, EVENT_CGROUP_ATTACH_TASK);
	return 0;
}

/* The moved task; the leader if a whole process is moved. */
static __always_inline void put_moved_task(struct hook_record *record, const char *path,
					   struct task_struct *task)
{
	set_string(record, CGROUP_ATTACH_TASK_CGROUP_PATH, put_kernel_string(record, path));
	set_string(record, CGROUP_ATTACH_TASK_COMM, put_kernel_string(record, (char *)&task->comm));
	record->sent.slots[CGROUP_ATTACH_TASK_PID] = READ(task, pid);
}
#endif

int report_cgroup_event(struct bpf_raw_tracepoint_args *ctx)
{
	const char *path = (const char *)ctx->args[1];
	struct hook_record *record = current_record();
	if (!record || !start_record(record->event))
		return 0;
#ifdef EVENT_CGROUP_ATTACH_TASK
	if (record->event == EVENT_CGROUP_ATTACH_TASK) {
		put_moved_task(record, path, (struct task_struct *)ctx->args[2]);
		submit_hook(record);
		return 0;
	}
#endif
	put_cgroup(record, (struct cgroup *)ctx->args[0], path);
	submit_hook(record);
	return 0;
}
