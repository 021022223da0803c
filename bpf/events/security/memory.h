/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/* LSM hooks of memory mappings. */
#pragma once
#include "events/hook_event.h"

#define PROTECTION                                                                                 \
	7 /* PROT_READ, PROT_WRITE, PROT_EXEC; the lowest flags of a mapping are these             \
	   */

#ifdef EVENT_SECURITY_MMAP_FILE
/* Anonymous memory is not reported. */
int on_security_mmap_file(struct pt_regs *ctx)
{
	if (function_argument(ctx, 0))
		start_hook(ctx, EVENT_SECURITY_MMAP_FILE);
	return 0;
}

int put_security_mmap_file(struct pt_regs *ctx)
{
	struct file *file = (struct file *)function_argument(ctx, 0);
	struct hook_record *record = current_record();
	if (!record)
		return 0;
	struct inode *inode = READ(file, f_inode);
	set_string(record, SECURITY_MMAP_FILE_PATHNAME, put_file(record, file));
	record->sent.slots[SECURITY_MMAP_FILE_FLAGS] = READ(file, f_flags);
	record->sent.slots[SECURITY_MMAP_FILE_DEV] = device_of(inode);
	record->sent.slots[SECURITY_MMAP_FILE_INODE] = READ(inode, i_ino);
	record->sent.slots[SECURITY_MMAP_FILE_CTIME] = ctime_of(inode);
	record->sent.slots[SECURITY_MMAP_FILE_PROT] = function_argument(ctx, 1);
	record->sent.slots[SECURITY_MMAP_FILE_MMAP_FLAGS] = function_argument(ctx, 2);
	submit_hook(record);
	return 0;
}
#endif

#ifdef EVENT_SECURITY_FILE_MPROTECT
/* Runs for each mapping in the range of the syscall. mprotect() has the key -1. */
static __always_inline void put_range(struct hook_record *record)
{
	struct task_struct *task = current_task();
	struct pt_regs *regs = user_registers(task);
	bool compat = is_compat(task);
	s32 number = current_syscall(task);
	record->sent.slots[SECURITY_FILE_MPROTECT_ADDR] =
		record->sent.slots[SECURITY_FILE_MPROTECT_LEN] = 0;
	record->sent.slots[SECURITY_FILE_MPROTECT_PKEY] = -1;
	if (!regs || !is_mprotect(number, compat))
		return;
	record->sent.slots[SECURITY_FILE_MPROTECT_ADDR] = read_register(regs, compat, 0);
	record->sent.slots[SECURITY_FILE_MPROTECT_LEN] = read_register(regs, compat, 1);
	if (is_pkey_mprotect(number, compat))
		record->sent.slots[SECURITY_FILE_MPROTECT_PKEY] = read_register(regs, compat, 3);
}

HOOK(on_security_file_mprotect, EVENT_SECURITY_FILE_MPROTECT)

int put_security_file_mprotect(struct pt_regs *ctx)
{
	struct vm_area_struct *vma = (struct vm_area_struct *)function_argument(ctx, 0);
	struct hook_record *record = current_record();
	if (!record)
		return 0;
	struct file *file = READ(vma, vm_file);
	set_string(record, SECURITY_FILE_MPROTECT_PATHNAME, put_file(record, file));
	record->sent.slots[SECURITY_FILE_MPROTECT_PROT] = function_argument(ctx, 1);
	record->sent.slots[SECURITY_FILE_MPROTECT_CTIME] = file ? ctime_of(READ(file, f_inode)) : 0;
	record->sent.slots[SECURITY_FILE_MPROTECT_PREV_PROT] = READ(vma, vm_flags) & PROTECTION;
	put_range(record);
	submit_hook(record);
	return 0;
}
#endif
