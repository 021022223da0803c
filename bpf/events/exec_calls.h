/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/* execve and execveat between their entry and their outcome.
 *
 * A failed call returns like any other and is reported there. Of one that succeeds only the
 * entry saw the arguments: its record waits here for the exec to happen. The key is the task:
 * unlike the thread id it stays when a thread that is not the leader executes. */
#pragma once
#include "events/arguments.h"
#include "lib/records.h"
#include "state/processes.h"

#ifdef EXEC_CALLS
BPF_HASH(entered_execs, u64, struct call_record, EXECS_AT_ONCE);

/* Every exec is kept, also one that is not selected or not matched (mask 0): one that is not
 * found at its success is then known to be a 32-bit call, for which there is no entry, or one for
 * which there was no room. Its success counts it as lost; a failure is reported like any other.
 * Where 32-bit calls are not traced the two cannot be told apart then: no room is counted here. */
static __always_inline void keep_exec(struct call_record *record)
{
	u64 task = bpf_get_current_task();
	bool kept = !entered_execs.update(&task, record);
#ifdef NATIVE_CALLS_ONLY
	if (!kept && record->selected) {
		count(SEEN);
		count(LOST);
	}
#endif
}

static __always_inline void forget_exec(void)
{
	u64 task = bpf_get_current_task();
	entered_execs.delete(&task);
}

/* The slot of the path; behind it are those of the arguments and the environment. */
static __always_inline u64 exec_path_place(const struct call_record *record)
{
	return within(*(const volatile u64 *)&record->array - 1, 1);
}

/* A path that could not be read lies in the kernel now, if the kernel did not put that of a
 * descriptor there (execveat). Its filters were not asked yet (see take_and_judge()). */
static __always_inline void retake_path(struct call_record *record, struct linux_binprm *bprm)
{
	u64 place = exec_path_place(record), *slot = &record->sent.slots[place];
	record->end = (u32)*slot;
	if (*slot != SLOT_UNREADABLE)
		return;
	if (!READ(bprm, fdpath))
		*slot = put_text(&record->end, record->sent.data, READ(bprm, filename));
	judge_text(record, place, 0);
}

static __always_inline u64 retake_texts(struct call_record *record, u64 from, u64 to)
{
	return put_block(&record->end, record->sent.data, sizeof(record->sent.data), from, to);
}

/* What a program cannot read at an exec's entry, as its page is not in memory yet, the kernel has
 * read by now: take it from there. A script's interpreter was given other arguments than its. */
static __always_inline void retake_arguments(struct call_record *record, struct linux_binprm *bprm)
{
	struct task_struct *task = (struct task_struct *)bpf_get_current_task();
	struct mm_struct *mm = READ(task, mm);
	u64 *slots = &record->sent.slots[exec_path_place(record)];
	if (!((slots[0] | slots[1] | slots[2]) & SLOT_UNREADABLE))
		return;
	retake_path(record, bprm);
	if (READ(bprm, interp) != READ(bprm, filename))
		slots[1] = SLOT_UNREADABLE;
	else if (slots[1] != SLOT_NULL)
		slots[1] = retake_texts(record, READ(mm, arg_start), READ(mm, arg_end));
	if (slots[2] != SLOT_NULL)
		slots[2] = retake_texts(record, READ(mm, env_start), READ(mm, env_end));
}

/* The exec has happened: the call succeeded, whatever is left of it. */
static __always_inline void report_exec(struct linux_binprm *bprm)
{
	u64 task = bpf_get_current_task();
	struct call_record *record = entered_execs.lookup(&task);
	if (record && !record->selected)
		goto forget;
#ifdef NATIVE_CALLS_ONLY
	if (!record) /* a 32-bit call, or counted when there was no room for it */
		return;
#endif
	count(SEEN);
	if (record && record->sent.header.mask)
		retake_arguments(record, bprm);
	if (!record)
		count(LOST);
	else if (!record->sent.header.mask)
		count(FILTERED);
	else
		submit_call(record);
forget:
	forget_exec();
}
#else
static __always_inline void forget_exec(void)
{
}
static __always_inline void report_exec(struct linux_binprm *bprm)
{
}
#endif
