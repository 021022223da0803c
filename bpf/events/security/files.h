/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/* LSM hooks that are passed an open file. */
#pragma once
#include "events/hook_event.h"

#ifdef EVENT_SECURITY_FILE_OPEN
/* The path argument of the syscall that opens or executes the file. */
static __always_inline u64 put_path_argument(struct hook_record *record)
{
	struct task_struct *task = current_task();
	struct pt_regs *regs = user_registers(task);
	bool compat = is_compat(task);
	int index = path_argument(current_syscall(task), compat);
	if (!regs || index < 0)
		return SLOT_NULL;
	u64 from = index ? read_register(regs, compat, 1) : read_register(regs, compat, 0);
	return put_user_string(record, (void *)from);
}

HOOK(on_security_file_open, EVENT_SECURITY_FILE_OPEN)

int put_security_file_open(struct pt_regs *ctx)
{
	struct file *file = (struct file *)function_argument(ctx, 0);
	struct hook_record *record = current_record();
	if (!record)
		return 0;
	struct inode *inode = READ(file, f_inode);
	set_string(record, SECURITY_FILE_OPEN_PATHNAME, put_file(record, file));
	record->sent.slots[SECURITY_FILE_OPEN_FLAGS] = READ(file, f_flags);
	record->sent.slots[SECURITY_FILE_OPEN_DEV] = device_of(inode);
	record->sent.slots[SECURITY_FILE_OPEN_INODE] = READ(inode, i_ino);
	record->sent.slots[SECURITY_FILE_OPEN_CTIME] = ctime_of(inode);
	set_string(record, SECURITY_FILE_OPEN_SYSCALL_PATHNAME, put_path_argument(record));
	submit_hook(record);
	return 0;
}
#endif

#ifdef EVENT_SECURITY_BPRM_CHECK
/* Runs for each file that an exec tries: a script, then its interpreter. */
HOOK(on_security_bprm_check, EVENT_SECURITY_BPRM_CHECK)

int put_security_bprm_check(struct pt_regs *ctx)
{
	struct linux_binprm *bprm = (struct linux_binprm *)function_argument(ctx, 0);
	struct hook_record *record = current_record();
	if (!record)
		return 0;
	struct file *file = READ(bprm, file);
	struct inode *inode = READ(file, f_inode);
	set_string(record, SECURITY_BPRM_CHECK_PATHNAME, put_file(record, file));
	record->sent.slots[SECURITY_BPRM_CHECK_DEV] = device_of(inode);
	record->sent.slots[SECURITY_BPRM_CHECK_INODE] = READ(inode, i_ino);
	submit_hook(record);
	return 0;
}
#endif

#ifdef EVENT_SECURITY_KERNEL_READ_FILE
HOOK(on_security_kernel_read_file, EVENT_SECURITY_KERNEL_READ_FILE)

int put_security_kernel_read_file(struct pt_regs *ctx)
{
	struct file *file = (struct file *)function_argument(ctx, 0);
	struct hook_record *record = current_record();
	if (!record)
		return 0;
	struct inode *inode = READ(file, f_inode);
	set_string(record, SECURITY_KERNEL_READ_FILE_PATHNAME, put_file(record, file));
	record->sent.slots[SECURITY_KERNEL_READ_FILE_DEV] = device_of(inode);
	record->sent.slots[SECURITY_KERNEL_READ_FILE_INODE] = READ(inode, i_ino);
	record->sent.slots[SECURITY_KERNEL_READ_FILE_TYPE] = function_argument(ctx, 1);
	record->sent.slots[SECURITY_KERNEL_READ_FILE_CTIME] = ctime_of(inode);
	submit_hook(record);
	return 0;
}
#endif

#ifdef EVENT_SECURITY_KERNEL_POST_READ_FILE
HOOK(on_security_kernel_post_read_file, EVENT_SECURITY_KERNEL_POST_READ_FILE)

int put_security_kernel_post_read_file(struct pt_regs *ctx)
{
	struct hook_record *record = current_record();
	if (!record)
		return 0;
	set_string(record, SECURITY_KERNEL_POST_READ_FILE_PATHNAME,
		   put_file(record, (struct file *)function_argument(ctx, 0)));
	record->sent.slots[SECURITY_KERNEL_POST_READ_FILE_SIZE] = function_argument(ctx, 2);
	record->sent.slots[SECURITY_KERNEL_POST_READ_FILE_TYPE] = function_argument(ctx, 3);
	submit_hook(record);
	return 0;
}
#endif
