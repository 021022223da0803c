/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/* Syscalls by which tasks execute programs.
 *
 * On x86-64 the registers do not say it until the end: once the new program is known, the kernel
 * writes the number of execve to them, and whether the task is a 32-bit one is that of the new
 * program (set_personality_64bit() in arch/x86/kernel/process_64.c). */
#pragma once
#include "arch/arch.h"
#include "lib/kernel.h"
#include "lib/preemption.h"
#include "lib/records.h"

#ifdef EXEC_ENTRIES
#define COMPAT_EXEC (1ULL << 32)

/* The number of the syscall, and COMPAT_EXEC for a 32-bit one; -1 if the kernel executes the program.
 * `comm` is the name of the task before. */
struct exec_entry {
	u64 syscall;
	u64 comm[NAME_WORDS];
};
/* By task_struct, from begin_new_exec() to sched_process_exec. */
BPF_TABLE("lru_hash", u64, struct exec_entry, exec_entries, 16 * EXECS_AT_ONCE);

static __always_inline void save_exec_entry(void)
{
	struct task_struct *task = current_task();
	u64 key = bpf_get_current_task();
	s32 number = current_syscall(task);
	bool compat = is_compat(task);
	struct exec_entry entry = {};
	entry.syscall = (u32)number | (compat && number >= 0 ? COMPAT_EXEC : 0);
	copy_name(entry.comm, FIELD_WORD(task, comm, 0), FIELD_WORD(task, comm, 1));
	if (number >= 0 && !is_exec(number, compat)) /* another way to rename a task */
		return;
	if (exec_entries.update(&key, &entry) < 0)
		count(COUNTER_UNTRACKED);
}

/* At task_rename, which begin_new_exec() calls, or at that function itself. */
int on_begin_exec(void *ctx)
{
	disable_preemption();
	save_exec_entry();
	enable_preemption();
	return 0;
}
#endif

static __always_inline void delete_exec_entry(void)
{
#ifdef EXEC_ENTRIES
	u64 key = bpf_get_current_task();
	exec_entries.delete(&key);
#endif
}

/* Set the syscall that the current task is in, -1 for none, and whether it is a 32-bit one. */
static __always_inline void set_syscall(struct header *header, struct task_struct *task)
{
	bool compat = is_compat(task);
	s32 number = named_syscall(task, compat);
	header->syscall = number;
	header->flags = compat ? FLAG_COMPAT : 0;
#ifdef EXEC_ENTRIES
	u64 key = bpf_get_current_task();
	struct exec_entry *entry = is_exec(number, compat) ? exec_entries.lookup(&key) : NULL;
	if (entry) {
		header->syscall = (u32)entry->syscall;
		header->flags = entry->syscall >> 32;
	}
#endif
}
