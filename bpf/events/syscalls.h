/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/* The exit of syscalls, when the kernel itself has read their arguments.
 *
 * The saved registers still hold the arguments there. Syscalls with arguments in memory, which may
 * change meanwhile, are hooked at entry, too, as those that do not return, or return in another
 * program (syscall_entry.h). */
#pragma once
#include "events/arguments.h"
#include "events/changed_arguments.h"
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
	record->kept = 0;
#ifdef USE_STRINGS
	__builtin_memset(record->accepted, 0, sizeof(record->accepted));
#endif
	if (!mask)
		return record;
	fill_header(&record->sent.header, task, facts, call->event[compat], mask);
	record->sent.header.flags = compat ? FLAG_COMPAT : 0;
	return record;
}

/* Complete the record of a matched syscall, whose registers are in the slots, and submit it if its
 * arguments match, too. Return the program that submits it instead, or RETURN_DONE. */
static __always_inline u32 report_call(struct call_record *record)
{
	copy_arguments(record);
	if (!record->sent.header.mask) {
		count(COUNTER_FILTERED);
		return RETURN_DONE;
	}
#ifdef ARGUMENTS_AT_ENTRY
	if (may_have_changed(record))
		return start_comparison(RETURN_COMPARE);
#endif
	submit_call(record);
	return RETURN_DONE;
}

/* Match the return of a syscall of a traced process, and start its record, with the registers in
 * the slots; NULL if no scope matches. */
static __always_inline struct call_record *match_return(struct task_struct *task,
							struct facts *facts,
							const struct call *call, u32 number,
							struct pt_regs *regs, s64 retval)
{
	bool compat = is_compat(task);
	count(COUNTER_SEEN);
	u64 accepted = accept_retval(call->event[compat], retval);
	u64 mask = call->selected[compat] & accepted & match_facts(facts);
	struct call_record *record = mask ? start_call(task, call, compat, facts, mask) : NULL;
	if (!record) {
		count(COUNTER_FILTERED);
		return NULL;
	}
	record->sent.header.syscall = number;
	record->sent.header.retval = retval;
	read_arguments(record, call, regs, compat);
	return record;
}

/* execve and execveat: those that succeed are reported by the exec itself. */
static __always_inline u32 start_exec_return(u32 number, s64 retval)
{
#ifdef EXEC_SYSCALLS
	u32 zero = 0;
	struct call_record *record = call_records.lookup(&zero);
	if (retval && record) {
		record->sent.header.tid = (u32)bpf_get_current_pid_tgid();
		record->sent.header.syscall = number;
		record->sent.header.retval = retval;
		return RETURN_EXEC;
	}
	delete_exec();
#endif
	return RETURN_DONE;
}

/* Return the program to go on with. `kept` (constant): the arguments may be kept from the entry. */
static __always_inline u32 handle_syscall_return(const struct call *call, u32 number,
						 struct pt_regs *regs, s64 retval, const bool kept)
{
	struct task_struct *task = current_task();
	bool compat = is_compat(task);
#ifdef NATIVE_SYSCALLS_ONLY
	if (compat)
		return RETURN_DONE;
#endif
	if (!call->selected[compat])
		return RETURN_DONE;
	if (is_exec_event(call->event[compat]))
		return start_exec_return(number, retval);
	struct facts *facts = read_process(task);
	if (!facts)
		return RETURN_DONE;
	struct call_record *record = match_return(task, facts, call, number, regs, retval);
	u32 next = RETURN_DONE;
	if (record && !kept) {
		report_call(record);
	} else if (record) {
		find_kept(record, facts->tid, call_id(call->event[compat], compat));
		next = report_call(record);
	}
	if (kept && next == RETURN_DONE)
		free_kept(facts->tid, call_id(call->event[compat], compat));
	return next;
}

#ifdef EXEC_SYSCALLS
/* Note whether there is a copy of the entry, and what filters say of it. */
static __always_inline void find_kept_exec(struct call_record *record)
{
#ifdef EXECS_AT_ENTRY
	u64 task = bpf_get_current_task();
	struct call_record *kept = pending_execs.lookup(&task);
	if (!kept)
		return;
	record->kept = kept->entered;
#ifdef USE_STRINGS
	__builtin_memcpy(record->accepted, kept->accepted, sizeof(record->accepted));
#endif
#endif
}

/* Read the arguments of a failed exec but the arrays. */
static __always_inline u32 report_failed_exec(struct call_record *record)
{
	find_kept_exec(record);
	copy_arguments(record);
	if (record->sent.header.mask)
		return RETURN_EXEC_ARRAYS;
	count(COUNTER_FILTERED);
	return RETURN_DONE;
}

static __always_inline u32 handle_exec_return(u32 number, s64 retval)
{
	struct task_struct *task = current_task();
	struct pt_regs *regs = user_registers(task);
	struct call *call = calls.lookup(&number);
	struct facts *facts = read_process(task);
	if (!facts || !call || !regs)
		return RETURN_DONE;
	struct call_record *record = match_return(task, facts, call, number, regs, retval);
	return record ? report_failed_exec(record) : RETURN_DONE;
}

/* The return of an exec that failed. */
int return_exec(void *ctx)
{
	disable_preemption();
	struct call_record *record = returning_call();
	u32 next = RETURN_DONE;
	if (record)
		next = handle_exec_return(record->sent.header.syscall, record->sent.header.retval);
	if (next == RETURN_DONE)
		delete_exec();
	enable_preemption();
	go_on_with(ctx, next);
	return 0;
}

/* Complete the record of an exec that failed. */
static __always_inline u32 complete_failed_exec(void)
{
	struct call_record *record = returning_call();
	if (!record)
		return RETURN_FAILED;
	copy_arrays(record);
#ifdef EXECS_AT_ENTRY
	if (record->kept)
		return RETURN_COMPARE_EXEC;
#endif
	submit_call(record);
	delete_exec();
	return RETURN_DONE;
}

int return_exec_arrays(void *ctx)
{
	disable_preemption();
	u32 next = complete_failed_exec();
	enable_preemption();
	go_on_with(ctx, next);
	return 0;
}
#endif

#ifdef SYSCALLS_AT_FUNCTIONS
static __always_inline u32 handle_syscall_end(struct pt_regs *regs, s64 retval, const bool kept)
{
	u32 number = regs ? syscall_number(regs) : SYSCALLS_MAX;
	struct call *call = calls.lookup(&number);
	if (!call || !call->selected[0])
		return RETURN_DONE;
	return handle_syscall_return(call, number, regs, retval, kept);
}

/* The exit of the function of a selected syscall: ctx[1] is its result. A program at functions may
 * only continue with programs that are loaded for one of the same type (Linux v6.12, 28ead3eaabc1
 * ("bpf: Prevent tail call between progs attached to different hooks")). So this one is for the
 * syscalls whose arguments are kept; on_plain_end() is for others. */
int on_syscall_end(u64 *ctx)
{
	disable_preemption();
	u32 next = handle_syscall_end(user_registers(current_task()), ctx[1], true);
	enable_preemption();
	go_on_with(ctx, next);
	return 0;
}

int on_plain_end(u64 *ctx)
{
	disable_preemption();
	handle_syscall_end(user_registers(current_task()), ctx[1], false);
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
	handle_syscall_end(regs, return_value(regs), false);
	enable_preemption();
	return 0;
}
#endif
#elif defined(SYSCALLS_AT_PERF_EVENTS)
int on_syscall_return(struct syscall_context *ctx)
{
	u32 number = ctx->number;
	struct call *call = calls.lookup(&number);
	if (!is_selected(call)) /* most syscalls end here */
		return 0;
	struct pt_regs *regs = user_registers(current_task());
	struct call *chosen = regs ? choose_subcall(call, number, regs) : NULL;
	u32 subcalls = subcalls_of(call);
	if (chosen)
		go_on_with(ctx, handle_syscall_return(chosen, number, regs, ctx->retval, true));
	repeat_return(ctx, subcalls);
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
	u32 next = RETURN_DONE, subcalls = subcalls_of(call);
	if (chosen)
		next = handle_syscall_return(chosen, number, regs, ctx->args[1], true);
	enable_preemption();
	go_on_with(ctx, next);
	repeat_return(ctx, subcalls);
	return 0;
}
#endif
