/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/* sched_process_exec: the executed file, its interpreter and its arguments. */
#pragma once
#include "lib/kernel.h"
#include "lib/records.h"
#include "events/sched.h"

#ifdef SELECT_EXEC
struct exec_record {
	struct header header;
	u64 slots[EXEC_SLOTS];
	char data[DATA_SIZE + STRINGS_SIZE];
};

/* A record and the length of its data (see arguments.h). An element of a per-CPU map has at most
 * 32 KiB (PCPU_MIN_UNIT_SIZE). */
struct exec_scratch {
	u64 end;
	struct exec_record sent;
};
BPF_PERCPU_ARRAY(exec_scratches, struct exec_scratch, 1);

static __always_inline u64 put_exec_string(struct exec_scratch *record, const void *from)
{
	return put_string(&record->end, record->sent.data, from);
}

static __always_inline u64 put_file_path(struct exec_scratch *record,
					 const struct path_buffer *path)
{
	return put_path(&record->end, record->sent.data, path);
}

static __always_inline u64 put_exec_strings(struct exec_scratch *record, u64 from, u64 to)
{
	return put_strings(&record->end, record->sent.data, sizeof(record->sent.data), from, to);
}

static __always_inline void put_interpreter(struct exec_scratch *record, struct path_buffer *path,
					    struct file *file)
{
	u64 *slots = record->sent.slots;
	if (!file) {
		slots[EXEC_INTERPRETER_PATHNAME] = SLOT_NULL;
		return;
	}
	struct inode *inode = READ(file, f_inode);
	build_path(path, file);
	slots[EXEC_INTERPRETER_PATHNAME] = put_file_path(record, path);
	slots[EXEC_INTERPRETER_DEV] = device_of(inode);
	slots[EXEC_INTERPRETER_INODE] = READ(inode, i_ino);
	slots[EXEC_INTERPRETER_CTIME] = ctime_of(inode);
}

static __always_inline void put_stdin(struct exec_scratch *record, struct path_buffer *path,
				      struct task_struct *task)
{
	u64 *slots = record->sent.slots;
	struct file *file = NULL;
	read_kernel(&file, sizeof(file), READ(READ(READ(task, files), fdt), fd));
	slots[EXEC_STDIN_TYPE] = 0;
	slots[EXEC_STDIN_PATH] = SLOT_NULL;
	if (!file)
		return;
	build_path(path, file);
	struct inode *inode = READ(file, f_inode);
	/* A pipe or socket has no path: user space prints its inode number. */
	slots[EXEC_STDIN_TYPE] = (READ(inode, i_mode) & S_IFMT) | READ(inode, i_ino)
									  << STDIN_INODE_SHIFT;
	slots[EXEC_STDIN_PATH] = put_file_path(record, path);
}

static __always_inline u64 put_previous_name(struct exec_scratch *record)
{
#ifdef EXEC_ENTRIES
	u64 key = bpf_get_current_task();
	struct exec_entry *entry = exec_entries.lookup(&key);
	if (entry)
		return put_exec_string(record, entry->comm);
#endif
	return SLOT_UNREADABLE;
}

/* Fill all slots. `path` has the path of the executed file, and is overwritten by other paths. */
static __always_inline void put_exec(struct exec_scratch *record, struct linux_binprm *bprm,
				     struct path_buffer *path)
{
	u64 *slots = record->sent.slots;
	struct task_struct *task = (struct task_struct *)bpf_get_current_task();
	struct mm_struct *mm = READ(task, mm);
	struct inode *inode = READ(READ(bprm, file), f_inode);
	record->end = 0;
	slots[EXEC_CMDPATH] = put_exec_string(record, READ(bprm, filename));
	slots[EXEC_PATHNAME] = put_file_path(record, path);
	slots[EXEC_DEV] = device_of(inode);
	slots[EXEC_INODE] = READ(inode, i_ino);
	slots[EXEC_CTIME] = ctime_of(inode);
	slots[EXEC_INODE_MODE] = READ(inode, i_mode);
	put_interpreter(record, path, elf_interpreter(mm));
	slots[EXEC_ARGV] = put_exec_strings(record, READ(mm, arg_start), READ(mm, arg_end));
	slots[EXEC_INTERP] = put_exec_string(record, READ(bprm, interp));
	put_stdin(record, path, task);
	slots[EXEC_INVOKED_FROM_KERNEL] = !!(READ(READ(task, real_parent), flags) & PF_KTHREAD);
	slots[EXEC_PREV_COMM] = put_previous_name(record);
	slots[EXEC_ENV] = SLOT_NULL;
#ifdef EXEC_ENVIRONMENT
	slots[EXEC_ENV] = put_exec_strings(record, READ(mm, env_start), READ(mm, env_end));
#endif
}

static __always_inline void report_exec_event(struct linux_binprm *bprm, struct path_buffer *path,
					      struct facts *facts, u64 accepted)
{
	u32 zero = 0, event = EVENT_EXEC;
	struct exec_scratch *record = exec_scratches.lookup(&zero);
	u64 *selected = select.lookup(&event);
	if (!record || !selected || !*selected)
		return;
	u64 mask = count_event(*selected, accepted);
	if (!mask)
		return;
	fill_sched_header(&record->sent.header, facts, EVENT_EXEC, mask);
	put_exec(record, bprm, path);
	u64 size = offsetof(struct exec_record, data) + record->end;
	submit(&record->sent, size, sizeof(record->sent));
}
#endif

static __always_inline void handle_exec(struct linux_binprm *bprm)
{
	u32 zero = 0;
	struct path_buffer *path = path_buffers.lookup(&zero);
	struct facts *facts = read_facts(current_task());
	if (!path || !facts)
		return;
	if (read_process_state(facts) == NOT_TRACED)
		return;
	report_exec(bprm);
#if defined(SELECT_EXEC) || defined(USE_BINARY)
	build_path(path, READ(bprm, file));
#endif
	u64 accepted = update_process_at_exec(facts, path);
#ifdef SELECT_EXEC
	report_exec_event(bprm, path, facts, accepted);
#endif
}

#ifdef HOOKS_AT_PERF_EVENTS
/* The binprm of an exec, from security_bprm_committed_creds() to the tracepoint, which does not
 * pass it there. An exec that fails in between kills its process: the LRU map evicts its element.
 */
BPF_TABLE("lru_hash", u64, struct linux_binprm *, pending_binprms, 16 * EXECS_AT_ONCE);

int on_bprm_committed(struct pt_regs *ctx)
{
	u64 task = bpf_get_current_task();
	struct linux_binprm *bprm = (struct linux_binprm *)function_argument(ctx, 0);
	if (pending_binprms.update(&task, &bprm) < 0)
		count(COUNTER_UNTRACKED);
	return 0;
}

int on_exec(void *ctx)
{
	u64 task = bpf_get_current_task();
	struct linux_binprm **bprm = pending_binprms.lookup(&task);
	if (bprm)
		handle_exec(*bprm);
	else
		count(COUNTER_UNTRACKED);
	pending_binprms.delete(&task);
	delete_exec_entry();
	return 0;
}
#else
int on_exec(struct bpf_raw_tracepoint_args *ctx)
{
	disable_preemption();
	handle_exec((struct linux_binprm *)ctx->args[2]);
	delete_exec_entry();
	enable_preemption();
	return 0;
}
#endif
