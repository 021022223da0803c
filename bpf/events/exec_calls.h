/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/* execve and execveat between their entry and their result.
 *
 * A failed exec is reported at the exit of the syscall like every other one. The arguments of a
 * successful exec exist at its entry only: the record waits here for sched_process_exec. The key is
 * the task_struct, which a thread other than the leader keeps when it executes, unlike its tid. */
#pragma once
#include "events/arguments.h"
#include "lib/records.h"
#include "state/processes.h"

#ifdef EXEC_SYSCALLS
BPF_HASH(pending_execs, u64, struct call_record, EXECS_AT_ONCE);

/* Save every exec, also one that is not selected or not matched (mask 0). A successful exec without
 * an element is then a 32-bit syscall, whose entry is not hooked, or one that did not fit into the
 * map: it is counted as lost when it succeeds. If 32-bit syscalls are not traced, only the latter is
 * a loss; as it looks the same at that point, it is counted here. */
static __always_inline void save_exec(struct call_record *record)
{
	u64 task = bpf_get_current_task();
	bool saved = !pending_execs.update(&task, record);
#ifdef NATIVE_SYSCALLS_ONLY
	if (!saved && record->selected) {
		count(COUNTER_SEEN);
		count(COUNTER_LOST);
	}
#endif
}

static __always_inline void delete_exec(void)
{
	u64 task = bpf_get_current_task();
	pending_execs.delete(&task);
}

/* Slots of execve; those of execveat are one higher, as its first argument is a descriptor. */
enum execve_slot { EXECVE_PATHNAME, EXECVE_ARGV, EXECVE_ENVP };

/* The slot of the path; argv and envp follow. */
static __always_inline u64 exec_path_slot(const struct call_record *record)
{
	return within(*(const volatile u64 *)&record->array - 1, 1);
}

/* Copy a path that could not be read at the entry from the kernel's copy, unless that is the path
 * of a descriptor (execveat). Filters on it have not been applied yet (see copy_and_filter()). */
static __always_inline void reread_path(struct call_record *record, struct linux_binprm *bprm)
{
	u64 index = exec_path_slot(record), *slot = &record->sent.slots[index];
	record->end = (u32)*slot;
	if (*slot != SLOT_UNREADABLE)
		return;
	if (!READ(bprm, fdpath))
		*slot = put_string(&record->end, record->sent.data, READ(bprm, filename));
	filter_string(record, index, 0);
}

static __always_inline u64 reread_strings(struct call_record *record, u64 from, u64 to)
{
	return put_strings(&record->end, record->sent.data, sizeof(record->sent.data), from, to);
}

/* Copy from the new image what could not be read at the entry, as its page was not in memory. The
 * interpreter of a script has other arguments than the exec was given. */
static __always_inline void reread_arguments(struct call_record *record, struct linux_binprm *bprm)
{
	struct task_struct *task = (struct task_struct *)bpf_get_current_task();
	struct mm_struct *mm = READ(task, mm);
	u64 *slots = &record->sent.slots[exec_path_slot(record)];
	if (!((slots[EXECVE_PATHNAME] | slots[EXECVE_ARGV] | slots[EXECVE_ENVP]) & SLOT_UNREADABLE))
		return;
	reread_path(record, bprm);
	if (READ(bprm, interp) != READ(bprm, filename))
		slots[EXECVE_ARGV] = SLOT_UNREADABLE;
	else if (slots[EXECVE_ARGV] != SLOT_NULL)
		slots[EXECVE_ARGV] = reread_strings(record, READ(mm, arg_start), READ(mm, arg_end));
	if (slots[EXECVE_ENVP] != SLOT_NULL)
		slots[EXECVE_ENVP] = reread_strings(record, READ(mm, env_start), READ(mm, env_end));
}

/* Report a successful exec. */
static __always_inline void report_exec(struct linux_binprm *bprm)
{
	u64 task = bpf_get_current_task();
	struct call_record *record = pending_execs.lookup(&task);
	if (record && !record->selected)
		goto forget;
#ifdef NATIVE_SYSCALLS_ONLY
	if (!record) /* a 32-bit syscall, or counted by save_exec() */
		return;
#endif
	count(COUNTER_SEEN);
	if (record && record->sent.header.mask)
		reread_arguments(record, bprm);
	if (!record)
		count(COUNTER_LOST);
	else if (!record->sent.header.mask)
		count(COUNTER_FILTERED);
	else
		submit_call(record);
forget:
	delete_exec();
}
#else
static __always_inline void delete_exec(void)
{
}
static __always_inline void report_exec(struct linux_binprm *bprm)
{
}
#endif
