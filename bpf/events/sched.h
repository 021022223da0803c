/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/* Fork, exec and exit: their events, and the process state that they change. */
#pragma once
#include "events/exec_calls.h"
#include "events/mapped_file.h"
#include "state/exec_entries.h"
#include "state/processes.h"

BPF_ARRAY(select, u64, EVENTS);

/* Count an event that a scope selected; return its mask. */
static __always_inline u64 count_event_at(const u32 level, u64 selected, u64 accepted)
{
	count_at(level, COUNTER_SEEN);
	if (!(selected & accepted))
		count_at(level, COUNTER_FILTERED);
	return selected & accepted;
}

static __always_inline u64 count_event(u64 selected, u64 accepted)
{
	return count_event_at(LEVEL_TASK, selected, accepted);
}

/* As read_process(), but with the exec of the COMMAND itself: only what it did before that belongs
 * to the tracer. */
static __always_inline struct facts *read_hooked_at(const u32 level)
{
	struct task_struct *task = current_task();
	struct facts *facts = read_facts_at(level, task);
	if (!facts)
		return NULL;
	u32 traced = read_process_state(facts);
	if (traced == INCOMPLETE)
		count_at(level, COUNTER_UNKNOWN);
	if (traced == BEFORE_EXEC && is_exec(current_syscall(task), is_compat(task)))
		return facts;
	return traced >= INCOMPLETE ? facts : NULL;
}

/* Match an event of the current task; return 0 if it is not selected, not traced, or not matched.
 */
static __always_inline u64 match_event(u32 event, struct facts **facts)
{
	u64 *selected = select.lookup(&event);
	if (!selected || !*selected)
		return 0;
	*facts = read_process(current_task());
	return *facts ? count_event(*selected, match_facts(*facts)) : 0;
}

static __always_inline void fill_sched_header(struct header *header, struct facts *facts, u32 event,
					      u64 mask)
{
	struct task_struct *task = current_task();
	fill_header(header, task, facts, event, mask);
	set_syscall(header, task);
}

#define FORK_SLOTS 9
struct fork_record {
	struct header header;
	u64 slots[FORK_SLOTS];
};

#ifdef SELECT_FORK
/* In a map, as the filters of a run may need the stack. */
BPF_PERCPU_ARRAY(fork_records, struct fork_record, 1);
#endif

static __always_inline void report_fork(struct task_struct *parent, struct task_struct *child)
{
#ifdef SELECT_FORK
	u32 zero = 0;
	struct fork_record *record = fork_records.lookup(&zero);
	struct inner_ids of_parent = {}, of_child = {};
	struct facts *facts;
	u64 mask = match_event(EVENT_FORK, &facts);
	if (!record || !mask)
		return;
	read_inner_ids(parent, &of_parent);
	read_inner_ids(child, &of_child);
	fill_sched_header(&record->header, facts, EVENT_FORK, mask);
	record->slots[FORK_PARENT_TID] = READ(parent, pid);
	record->slots[FORK_PARENT_NS_TID] = of_parent.tid;
	record->slots[FORK_PARENT_PID] = READ(parent, tgid);
	record->slots[FORK_PARENT_NS_PID] = of_parent.pid;
	record->slots[FORK_CHILD_TID] = READ(child, pid);
	record->slots[FORK_CHILD_NS_TID] = of_child.tid;
	record->slots[FORK_CHILD_PID] = READ(child, tgid);
	record->slots[FORK_CHILD_NS_PID] = of_child.pid;
	record->slots[FORK_START_TIME] = READ(child, start_boottime);
	submit(record, sizeof(*record), sizeof(*record));
#endif
}

static __always_inline void handle_fork(struct task_struct *parent, struct task_struct *child)
{
	inherit_process(parent, child);
	report_fork(parent, child);
}

#ifdef HOOKS_AT_PERF_EVENTS
/* At wake_up_new_task(), which io_uring calls for its workers, too: these are no forks. */
int on_fork(struct pt_regs *ctx)
{
	struct task_struct *child = (struct task_struct *)function_argument(ctx, 0);
	if (!(READ(child, flags) & PF_USER_WORKER))
		handle_fork((struct task_struct *)bpf_get_current_task(), child);
	return 0;
}
#else
int on_fork(struct bpf_raw_tracepoint_args *ctx)
{
	disable_preemption();
	handle_fork((struct task_struct *)ctx->args[0], (struct task_struct *)ctx->args[1]);
	enable_preemption();
	return 0;
}
#endif

#define EXIT_SLOTS 2
struct exit_record {
	struct header header;
	u64 slots[EXIT_SLOTS];
};

static __always_inline void report_exit(struct task_struct *task)
{
#ifdef SELECT_EXIT
	struct exit_record record = {};
	struct facts *facts;
	u64 mask = match_event(EVENT_EXIT, &facts);
	if (!mask)
		return;
	fill_sched_header(&record.header, facts, EVENT_EXIT, mask);
	record.slots[EXIT_EXIT_CODE] = READ(task, exit_code);
	record.slots[EXIT_PROCESS_GROUP_EXIT] = READ(READ(task, signal), live_counter) == 0;
	submit(&record, sizeof(record), sizeof(record));
#endif
}

static __always_inline void handle_exit(struct task_struct *task)
{
	report_exit(task);
	delete_exec();
}

int on_exit(void *ctx)
{
	disable_preemption();
	handle_exit((struct task_struct *)bpf_get_current_task());
	enable_preemption();
	return 0;
}

int on_free(struct bpf_raw_tracepoint_args *ctx)
{
	disable_preemption();
	delete_process((struct task_struct *)ctx->args[0]);
	enable_preemption();
	return 0;
}
