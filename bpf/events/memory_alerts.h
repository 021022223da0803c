/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/* mem_prot_alert: memory that is mapped writable and executable or becomes executable, and
 * executable memory that becomes or ceases to be writable.
 *
 * Only such changes are reported, as syscalls that map and protect memory are frequent. */
#pragma once
#include "events/hook_event.h"

#ifdef EVENT_MEM_PROT_ALERT
#define MAY_WRITE 2 /* PROT_WRITE and VM_WRITE */
#define MAY_EXECUTE 4

static __always_inline u32 alert_of(u64 before, u64 after)
{
	if (!(after & MAY_EXECUTE))
		return ALERT_NONE;
	if (!(before & MAY_EXECUTE))
		return ALERT_X_ADDED;
	if (!(before & MAY_WRITE) && after & MAY_WRITE)
		return ALERT_W_ADDED;
	return before & MAY_WRITE && !(after & MAY_WRITE) ? ALERT_W_REMOVED : ALERT_NONE;
}

/* Return an argument of the mmap() that the task is in; `i` is constant. */
static __always_inline u64 mapping_argument(struct pt_regs *regs, bool compat, const u32 i)
{
	u32 word = 0;
	if (!is_array_mmap(syscall_number(regs), compat))
		return read_register(regs, compat, i);
	read_user(&word, sizeof(word), (u32 *)read_register(regs, compat, 0) + i);
	return word;
}

/* A new mapping: the address is the kernel's choice, the rest is in the registers of the syscall.
 */
int alert_security_mmap_addr(struct pt_regs *ctx)
{
	struct task_struct *task = current_task();
	struct pt_regs *regs = user_registers(task);
	bool compat = is_compat(task);
	u64 write_exec = MAY_WRITE | MAY_EXECUTE;
	if (regs && is_mmap(syscall_number(regs), compat) &&
	    (mapping_argument(regs, compat, 2) & write_exec) == write_exec)
		start_hook(ctx, EVENT_MEM_PROT_ALERT);
	return 0;
}

int alert_security_file_mprotect(struct pt_regs *ctx)
{
	struct vm_area_struct *vma = (struct vm_area_struct *)function_argument(ctx, 0);
	if (alert_of(READ(vma, vm_flags), function_argument(ctx, 1)))
		start_hook(ctx, EVENT_MEM_PROT_ALERT);
	return 0;
}

static __always_inline void put_mapping(struct hook_record *record, u64 address, u64 protection)
{
	u64 *slots = record->sent.slots;
	slots[MEM_PROT_ALERT_ALERT] = ALERT_MAPPED_W_X;
	slots[MEM_PROT_ALERT_ADDR] = address;
	slots[MEM_PROT_ALERT_PROT] = protection;
	slots[MEM_PROT_ALERT_PATHNAME] = SLOT_NULL;
	slots[MEM_PROT_ALERT_PREV_PROT] = slots[MEM_PROT_ALERT_DEV] = slots[MEM_PROT_ALERT_INODE] =
		slots[MEM_PROT_ALERT_CTIME] = 0;
}

static __always_inline void put_protected(struct hook_record *record, struct vm_area_struct *vma,
					  u64 address, u64 protection)
{
	u64 *slots = record->sent.slots, before = READ(vma, vm_flags);
	struct file *file = READ(vma, vm_file);
	struct inode *inode = file ? READ(file, f_inode) : NULL;
	slots[MEM_PROT_ALERT_ALERT] = alert_of(before, protection);
	slots[MEM_PROT_ALERT_ADDR] = address;
	slots[MEM_PROT_ALERT_PROT] = protection;
	slots[MEM_PROT_ALERT_PREV_PROT] = before & (1 | MAY_WRITE | MAY_EXECUTE);
	set_string_at(LEVEL_PROBE, record, MEM_PROT_ALERT_PATHNAME, put_file(record, file));
	slots[MEM_PROT_ALERT_DEV] = inode ? device_of(inode) : 0;
	slots[MEM_PROT_ALERT_INODE] = inode ? READ(inode, i_ino) : 0;
	slots[MEM_PROT_ALERT_CTIME] = inode ? ctime_of(inode) : 0;
}

/* The range of a change is that of the syscall, though the hook runs for each mapping in it. */
int put_mem_prot_alert(struct pt_regs *ctx)
{
	struct task_struct *task = current_task();
	struct pt_regs *regs = user_registers(task);
	bool compat = is_compat(task);
	struct hook_record *record = record_at(LEVEL_PROBE);
	if (!record || !regs)
		return 0;
	record->sent.slots[MEM_PROT_ALERT_LEN] = mapping_argument(regs, compat, 1);
	if (is_mmap(syscall_number(regs), compat))
		put_mapping(record, function_argument(ctx, 0), mapping_argument(regs, compat, 2));
	else
		put_protected(record, (struct vm_area_struct *)function_argument(ctx, 0),
			      read_register(regs, compat, 0), function_argument(ctx, 1));
	submit_hook_at(LEVEL_PROBE, record);
	return 0;
}
#endif
