/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/* Syscalls, hooked at exit, when the kernel itself has read their arguments.
 *
 * The saved registers still hold the arguments there. Syscalls that do not return, or return in
 * another program, are hooked at entry, at tracepoints of their own. */
#pragma once
#include "events/arguments.h"
#include "events/compat_arguments.h"
#include "events/exec_calls.h"
#include "state/processes.h"

/* By event number: with a test of the syscall number the verifier would follow the rest of the
 * program once for each kind of syscall. */
static __always_inline bool is_exec_event(u32 event)
{
	return event == EVENT_EXECVE || event == EVENT_EXECVEAT;
}

/* Start the record of a syscall in the scratch space; the mask may be 0. */
static __always_inline struct call_record *start_call(struct task_struct *task,
						      const struct call *call, bool compat,
						      const struct facts *facts, u64 mask)
{
	u32 zero = 0;
	struct call_record *record = call_records.lookup(&zero);
	if (!record)
		return NULL;
	record->selected = call->selected[compat];
	record->entered = false;
	record->sent.header.mask = mask;
	record->end = 0;
	if (!mask)
		return record;
	fill_header(&record->sent.header, task, facts, call->event[compat], mask);
	record->sent.header.flags = compat ? FLAG_COMPAT : 0;
	return record;
}

/* Complete the record of a matched syscall, whose registers are in the slots, and submit it if its
 * arguments match, too. */
static __always_inline void report_call(struct call_record *record, u32 number, s64 retval)
{
	copy_arguments(record);
	if (!record->sent.header.mask) {
		count(COUNTER_FILTERED);
		return;
	}
	record->sent.header.syscall = number;
	record->sent.header.retval = retval;
	submit_call(record);
}

static __always_inline void handle_syscall_return(const struct call *call, u32 number,
						  struct pt_regs *regs, s64 retval)
{
	struct task_struct *task = current_task();
	bool compat = is_compat(task);
#ifdef NATIVE_SYSCALLS_ONLY
	if (compat)
		return;
#endif
	u64 selected = call->selected[compat];
	if (!selected)
		return;
	if (is_exec_event(call->event[compat])) {
		delete_exec();
		if (!retval) /* reported by the exec itself */
			return;
	}
	struct facts *facts = read_process(task);
	if (!facts)
		return;
	count(COUNTER_SEEN);
	u64 accepted = accept_retval(call->event[compat], retval);
	u64 mask = selected & accepted & match_facts(facts);
	struct call_record *record = mask ? start_call(task, call, compat, facts, mask) : NULL;
	if (!record) {
		count(COUNTER_FILTERED);
		return;
	}
	read_arguments(record, call, regs, compat);
	report_call(record, number, retval);
}

#ifdef SYSCALLS_AT_FUNCTIONS
static __always_inline void handle_syscall_end(struct pt_regs *regs, s64 retval)
{
	u32 number = regs ? syscall_number(regs) : SYSCALLS_MAX;
	struct call *call = calls.lookup(&number);
	if (call && call->selected[0])
		handle_syscall_return(call, number, regs, retval);
}

/* The exit of the function of a selected syscall: ctx[1] is its result. */
int on_syscall_end(u64 *ctx)
{
	disable_preemption();
	handle_syscall_end(user_registers(current_task()), ctx[1]);
	enable_preemption();
	return 0;
}

#ifdef SECCOMP_ARGUMENTS
/* A syscall of a process with seccomp filters: one that they reject never reaches its function. */
int on_syscall_refused(u64 *ctx)
{
	struct pt_regs *regs = user_registers(current_task());
	if ((s32)ctx[SECCOMP_ARGUMENTS] != -1 || !regs)
		return 0;
	disable_preemption();
	handle_syscall_end(regs, return_value(regs));
	enable_preemption();
	return 0;
}
#endif
#elif defined(SYSCALLS_AT_PERF_EVENTS)
int on_syscall_return(struct exit_context *ctx)
{
	u32 number = ctx->number;
	struct call *call = calls.lookup(&number);
	if (!is_selected(call)) /* most syscalls end here */
		return 0;
	struct pt_regs *regs = user_registers(current_task());
	struct call *chosen = regs ? choose_subcall(call, number, regs) : NULL;
	if (chosen)
		handle_syscall_return(chosen, number, regs, ctx->retval);
	repeat_return(ctx, call);
	return 0;
}
#else
int on_syscall_return(struct bpf_raw_tracepoint_args *ctx)
{
	struct pt_regs *regs = (struct pt_regs *)ctx->args[0];
	u32 number = syscall_number(regs);
	struct call *call = calls.lookup(&number);
	if (!is_selected(call)) /* most syscalls end here */
		return 0;
	disable_preemption();
	struct call *chosen = choose_subcall(call, number, regs);
	if (chosen)
		handle_syscall_return(chosen, number, regs, ctx->args[1]);
	enable_preemption();
	repeat_return(ctx, call);
	return 0;
}
#endif

#ifdef SYSCALLS_WITHOUT_RETURN
/* exit, exit_group and rt_sigreturn have an entry only. */
static __always_inline void handle_enter_without_return(u32 number)
{
	struct task_struct *task = current_task();
	struct call *call = calls.lookup(&number);
	struct facts *facts = call && call->selected[0] ? read_process(task) : NULL;
	if (!facts)
		return;
	count(COUNTER_SEEN);
	u64 mask = call->selected[0] & match_facts(facts);
	struct call_record *record = mask ? start_call(task, call, false, facts, mask) : NULL;
	if (!record) {
		count(COUNTER_FILTERED);
		return;
	}
	/* All their arguments are numbers. */
	read_arguments(record, call, user_registers(task), false);
	record->end = 0;
	record->sent.header.syscall = number;
	record->sent.header.retval = 0;
	submit_call(record);
}

int enter_without_return(void *ctx)
{
	disable_preemption();
	handle_enter_without_return(current_syscall(current_task()));
	enable_preemption();
	return 0;
}

#endif

#ifdef EXEC_SYSCALLS
/* execve and execveat: save the record until the exec succeeds (see exec_calls.h). */
static __always_inline void handle_enter_exec(u32 number)
{
	struct task_struct *task = current_task();
	struct call *call = calls.lookup(&number);
	struct facts *facts = read_facts(task);
	if (!call || !facts || read_process_state(facts) == NOT_TRACED)
		return;
	u64 mask = call->selected[0] & match_facts(facts);
	struct call_record *record = start_call(task, call, false, facts, mask);
	if (!record)
		return;
	if (record->sent.header.mask) {
		record->entered = true;
		read_arguments(record, call, user_registers(task), false);
		copy_arguments(record);
		record->sent.header.syscall = number;
	}
	save_exec(record);
}

int enter_exec(void *ctx)
{
	disable_preemption();
	handle_enter_exec(current_syscall(current_task()));
	enable_preemption();
	return 0;
}
#endif
