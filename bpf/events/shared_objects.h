/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/* shared_object_loaded: a file is mapped to be executed, by mmap(). An exec maps the program and its
 * interpreter without a syscall of its own. */
#pragma once
#include "events/hook_event.h"

#ifdef EVENT_SHARED_OBJECT_LOADED
#define MAP_EXECUTABLE 4 /* PROT_EXEC */

int on_executable_mapping(struct pt_regs *ctx)
{
	struct task_struct *task = current_task();
	if (!function_argument(ctx, 0) || !(function_argument(ctx, 1) & MAP_EXECUTABLE))
		return 0;
	if (is_mmap(current_syscall(task), is_compat(task)))
		start_hook(ctx, EVENT_SHARED_OBJECT_LOADED);
	return 0;
}

int put_shared_object_loaded(struct pt_regs *ctx)
{
	struct file *file = (struct file *)function_argument(ctx, 0);
	struct hook_record *record = record_at(LEVEL_PROBE);
	if (!record)
		return 0;
	struct inode *inode = READ(file, f_inode);
	set_string_at(LEVEL_PROBE, record, SHARED_OBJECT_LOADED_PATHNAME, put_file(record, file));
	record->sent.slots[SHARED_OBJECT_LOADED_FLAGS] = READ(file, f_flags);
	record->sent.slots[SHARED_OBJECT_LOADED_DEV] = device_of(inode);
	record->sent.slots[SHARED_OBJECT_LOADED_INODE] = READ(inode, i_ino);
	record->sent.slots[SHARED_OBJECT_LOADED_CTIME] = ctime_of(inode);
	submit_hook_at(LEVEL_PROBE, record);
	return 0;
}
#endif
