/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/* mem_prot_alert: memory that becomes code while it can be written, or after it could.
 *
 * Only that is sent: the calls that map and protect memory are many. */
#pragma once
#include "events/hook_event.h"

#ifdef EVENT_MEM_PROT_ALERT
#define MAY_WRITE 2 /* PROT_WRITE and VM_WRITE */
#define MAY_EXECUTE 4

/* The numbers are upstream's; their names are in tracee_ref/decode/argument_text.py. */
enum alert { NO_ALERT, MAPPED_W_X, X_ADDED, W_ADDED, W_REMOVED };

static __always_inline u32 alert_of(u64 before, u64 after)
{
	if (!(after & MAY_EXECUTE))
		return NO_ALERT;
	if (!(before & MAY_EXECUTE))
		return X_ADDED;
	if (!(before & MAY_WRITE) && after & MAY_WRITE)
		return W_ADDED;
	return before & MAY_WRITE && !(after & MAY_WRITE) ? W_REMOVED : NO_ALERT;
}

/* Memory is mapped: the kernel has chosen the address, the rest is as the program asked. */
int on_security_mmap_addr(struct pt_regs *ctx)
{
	struct task_struct *task = current_task();
	struct pt_regs *regs = user_registers(task);
	bool compat = is_compat(task);
	u64 both = MAY_WRITE | MAY_EXECUTE;
	if (regs && is_mmap(call_number(regs), compat) &&
	    (read_register(regs, compat, 2) & both) == both)
		begin_hook(ctx, EVENT_MEM_PROT_ALERT);
	return 0;
}

int alert_security_file_mprotect(struct pt_regs *ctx)
{
	struct vm_area_struct *vma = (struct vm_area_struct *)function_argument(ctx, 0);
	if (alert_of(READ(vma, vm_flags), function_argument(ctx, 1)))
		begin_hook(ctx, EVENT_MEM_PROT_ALERT);
	return 0;
}

static __always_inline void put_mapping(struct hook_record *record, u64 address, u64 protection)
{
	u64 *slots = record->sent.slots;
	slots[0] = MAPPED_W_X;
	slots[1] = address;
	slots[3] = protection;
	slots[5] = SLOT_NULL;
	slots[4] = slots[6] = slots[7] = slots[8] = 0;
}

static __always_inline void put_protected(struct hook_record *record, struct vm_area_struct *vma,
					  u64 address, u64 protection)
{
	u64 *slots = record->sent.slots, before = READ(vma, vm_flags);
	struct file *file = READ(vma, vm_file);
	struct inode *inode = file ? READ(file, f_inode) : NULL;
	slots[0] = alert_of(before, protection);
	slots[1] = address;
	slots[3] = protection;
	slots[4] = before & (1 | MAY_WRITE | MAY_EXECUTE);
	set_text(record, 5, put_file(record, file));
	slots[6] = inode ? device_of(inode) : 0;
	slots[7] = inode ? READ(inode, i_ino) : 0;
	slots[8] = inode ? ctime_of(inode) : 0;
}

/* Of a change the range is that of the call, though it is told once for each mapping in it. */
int put_mem_prot_alert(struct pt_regs *ctx)
{
	struct task_struct *task = current_task();
	struct pt_regs *regs = user_registers(task);
	bool compat = is_compat(task);
	struct hook_record *record = begun_hook();
	if (!record || !regs)
		return 0;
	record->sent.slots[2] = read_register(regs, compat, 1);
	if (is_mmap(call_number(regs), compat))
		put_mapping(record, function_argument(ctx, 0), read_register(regs, compat, 2));
	else
		put_protected(record, (struct vm_area_struct *)function_argument(ctx, 0),
			      read_register(regs, compat, 0), function_argument(ctx, 1));
	submit_hook(record);
	return 0;
}
#endif
