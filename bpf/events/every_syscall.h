/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/* sys_enter and sys_exit: the entry and the return of every syscall.
 *
 * Filters on their argument need no matcher: the masks of a syscall number are those of the scopes
 * that accept it. So a syscall that no scope asks for costs one lookup. */
#pragma once
#include "events/hook_event.h"

/* By syscall number; the last element is for all numbers that are too high. */
BPF_ARRAY(syscall_masks, struct syscall_masks, SYSCALLS_MAX + 1);

/* The number of a syscall, whether it is a 32-bit one, and its index in the map, which is another for
 * socketcall() and ipc(). */
struct entered_syscall {
	s32 number;
	u32 compat;
	u32 index;
};

/* In a map, so that the verifier does not follow each kind of syscall separately. */
struct every_syscall_record {
	struct entered_syscall entered;
	u32 unused;
	struct {
		struct header header;
		u64 slot;
	} sent;
};
BPF_PERCPU_ARRAY(every_syscall_records, struct every_syscall_record, 1);

static __always_inline struct syscall_masks *masks_at(u32 index)
{
	index = index < SYSCALLS_MAX ? index : SYSCALLS_MAX;
	return syscall_masks.lookup(&index);
}

#ifdef EVENT_SYS_EXIT
/* Syscalls that the registers no longer name at their return, by task_struct: execs (see
 * exec_entries.h), and those that restore the registers from before a signal. */
BPF_TABLE("lru_hash", u64, struct entered_syscall, entered_syscalls, 16 * EXECS_AT_ONCE);

static __always_inline void note_entry(const struct entered_syscall *entered)
{
	u64 task = bpf_get_current_task();
	bool compat = entered->compat;
	if (!is_exec(entered->number, compat) && !is_sigreturn(entered->number, compat))
		return;
	if (entered_syscalls.update(&task, entered) < 0)
		count(COUNTER_UNTRACKED);
}

static __always_inline void restore_entry(struct entered_syscall *entered)
{
	u64 task = bpf_get_current_task();
	if (entered->number >= 0 && !is_exec(entered->number, entered->compat))
		return;
	struct entered_syscall *noted = entered_syscalls.lookup(&task);
	if (noted)
		*entered = *noted;
	entered_syscalls.delete(&task);
}
#else
static __always_inline void note_entry(const struct entered_syscall *entered)
{
}
static __always_inline void restore_entry(struct entered_syscall *entered)
{
}
#endif

/* Return the value of the argument: the id of the syscall's event. */
static __always_inline s32 syscall_value(const struct syscall_masks *masks,
					 const struct entered_syscall *entered)
{
	if (entered->index < SYSCALLS_MAX)
		return masks->value[entered->compat & 1];
	return entered->number < 0 ? -1 : ~entered->number;
}

/* Match an entry or a return, and submit its record. `event` is constant. */
static __always_inline void report_every(struct every_syscall_record *record, const u32 event,
					 const struct syscall_masks *masks, u64 selected,
					 s64 retval)
{
	struct facts *facts = selected ? read_hooked_at(LEVEL_TASK) : NULL;
	if (!facts)
		return;
	u64 mask = count_event(selected, accept_retval(event, retval) & match_facts(facts));
	if (!mask)
		return;
	fill_header(&record->sent.header, current_task(), facts, event, mask);
	record->sent.header.syscall =
		record->entered.index < SYSCALLS_MAX ? record->entered.index : -1;
	record->sent.header.flags = record->entered.compat ? FLAG_COMPAT : 0;
	record->sent.header.retval = retval;
	record->sent.slot = (s64)syscall_value(masks, &record->entered);
	submit(&record->sent, sizeof(record->sent), sizeof(record->sent));
}

/* Return the record of the current syscall, NULL to ignore it. */
static __always_inline struct every_syscall_record *read_entered(void)
{
	u32 zero = 0;
	struct task_struct *task = current_task();
	struct every_syscall_record *record = every_syscall_records.lookup(&zero);
	if (!record)
		return NULL;
	bool compat = is_compat(task);
	struct entered_syscall *entered = &record->entered;
	entered->compat = compat;
	entered->number = current_syscall(task);
	entered->index = named_syscall(task, compat);
	if (compat && entered->number >= SUBCALLS_FIRST) /* not the index of a subcall */
		entered->index = SYSCALLS_MAX;
	return record;
}

static __always_inline bool is_ignored(const struct entered_syscall *entered)
{
#ifdef NATIVE_SYSCALLS_ONLY
	return entered->compat;
#else
	return false;
#endif
}

static __always_inline void handle_every_enter(void)
{
	struct every_syscall_record *record = read_entered();
	if (!record || is_ignored(&record->entered))
		return;
	note_entry(&record->entered);
#ifdef EVENT_SYS_ENTER
	struct syscall_masks *masks = masks_at(record->entered.index);
	if (masks)
		report_every(record, EVENT_SYS_ENTER, masks,
			     masks->enter[record->entered.compat & 1], 0);
#endif
}

static __always_inline void handle_every_exit(s64 retval)
{
#ifdef EVENT_SYS_EXIT
	struct every_syscall_record *record = read_entered();
	if (!record)
		return;
	restore_entry(&record->entered);
	struct syscall_masks *masks = masks_at(record->entered.index);
	if (masks && !is_ignored(&record->entered))
		report_every(record, EVENT_SYS_EXIT, masks,
			     masks->exit[record->entered.compat & 1], retval);
#endif
}

#ifdef HOOKS_AT_PERF_EVENTS
int on_every_enter(struct syscall_context *ctx)
{
	struct syscall_masks *masks = masks_at(ctx->number);
	if (masks && masks->wanted[0]) /* else most syscalls end here */
		handle_every_enter();
	return 0;
}

int on_every_exit(struct syscall_context *ctx)
{
	struct syscall_masks *masks = masks_at(ctx->number);
	if (masks && masks->wanted[1])
		handle_every_exit(ctx->retval);
	return 0;
}
#else
int on_every_enter(struct bpf_raw_tracepoint_args *ctx)
{
	struct syscall_masks *masks = masks_at(ctx->args[1]);
	if (!masks || !masks->wanted[0]) /* most syscalls end here */
		return 0;
	disable_preemption();
	handle_every_enter();
	enable_preemption();
	return 0;
}

int on_every_exit(struct bpf_raw_tracepoint_args *ctx)
{
	struct syscall_masks *masks = masks_at(syscall_number((struct pt_regs *)ctx->args[0]));
	if (!masks || !masks->wanted[1])
		return 0;
	disable_preemption();
	handle_every_exit(ctx->args[1]);
	enable_preemption();
	return 0;
}
#endif
