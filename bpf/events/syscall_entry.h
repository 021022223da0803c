/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/* The entry of syscalls that do not return, that return in another program, or whose arguments in
 * memory are kept until their exit (kept_arguments.h). */
#pragma once
#include "events/syscalls.h"

#ifdef SYSCALLS_WITHOUT_RETURN
/* exit, exit_group, rt_sigreturn and sigreturn have an entry only. */
static __always_inline void handle_enter_without_return(u32 number)
{
	struct task_struct *task = current_task();
	struct call *call = calls.lookup(&number);
	bool compat = is_compat(task);
	struct facts *facts = call && call->selected[compat] ? read_process(task) : NULL;
	if (!facts)
		return;
	count(COUNTER_SEEN);
	u64 mask = call->selected[compat] & match_facts(facts);
	struct call_record *record = mask ? start_call(task, call, compat, facts, mask) : NULL;
	if (!record) {
		count(COUNTER_FILTERED);
		return;
	}
	/* All their arguments are numbers. */
	read_arguments(record, call, user_registers(task), compat);
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
	bool compat = is_compat(task);
	struct facts *facts = read_facts(task);
	if (!call || !facts || read_process_state(facts) == NOT_TRACED)
		return;
	u64 mask = call->selected[compat] & match_facts(facts);
	struct call_record *record = start_call(task, call, compat, facts, mask);
	if (!record)
		return;
	if (record->sent.header.mask) {
		record->entered = true;
		read_arguments(record, call, user_registers(task), compat);
		copy_arguments(record);
		copy_arrays(record);
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

#ifdef SYSCALLS_AT_ENTRY
/* By enum call_entry: what happens at the entry of syscalls that few programs make. */
BPF_PROG_ARRAY(entry_programs, ENTRY_COUNT);

/* Whether anything happens at the entry of a syscall or of a subcall. */
static __always_inline bool has_entry(const struct call *call)
{
	return call && (call->entry[0] | call->entry[1] | call->subcalls);
}

/* Return the syscall that a task enters, or its subcall if anything happens there. */
static __always_inline struct call *entered_call(struct call *call, bool compat)
{
#ifdef SUBCALLS
	struct pt_regs *regs = user_registers(current_task());
	if (compat && call->subcalls && regs)
		return find_subcall(call, regs);
#endif
	return call;
}

/* Return the enum call_entry of a program to go on with, or ENTRY_NONE. */
static __always_inline u32 handle_syscall_enter(struct call *selected)
{
	struct task_struct *task = current_task();
	bool compat = is_compat(task);
	struct call *call = entered_call(selected, compat);
	u32 entry = call ? call->entry[compat] : ENTRY_NONE;
	if (entry != ENTRY_ARGUMENTS)
		return entry;
#ifdef ARGUMENTS_AT_ENTRY
	keep_arguments(task, call, compat);
#endif
	return ENTRY_NONE;
}

#ifdef SYSCALLS_AT_FUNCTIONS
/* The entry of the function of a selected syscall. */
int on_syscall_enter(u64 *ctx)
{
	struct pt_regs *regs = user_registers(current_task());
	u32 number = regs ? syscall_number(regs) : SYSCALLS_MAX;
	struct call *call = calls.lookup(&number);
	if (!has_entry(call))
		return 0;
	disable_preemption();
	handle_syscall_enter(call);
	enable_preemption();
	return 0;
}
#elif defined(SYSCALLS_AT_PERF_EVENTS)
int on_syscall_enter(struct syscall_context *ctx)
{
	u32 number = ctx->number, entry;
	struct call *call = calls.lookup(&number);
	if (!has_entry(call)) /* most syscalls end here */
		return 0;
	entry = handle_syscall_enter(call);
	if (entry)
		entry_programs.call(ctx, entry);
	return 0;
}
#else
int on_syscall_enter(struct bpf_raw_tracepoint_args *ctx)
{
	u32 number = ctx->args[1], entry;
	struct call *call = calls.lookup(&number);
	if (!has_entry(call)) /* most syscalls end here */
		return 0;
	disable_preemption();
	entry = handle_syscall_enter(call);
	enable_preemption();
	if (entry)
		entry_programs.call(ctx, entry);
	return 0;
}
#endif
#endif
