/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/* socket_dup: a socket's descriptor was duplicated by dup, dup2 or dup3.
 *
 * At the exit of the syscall: the new descriptor is the socket then, whatever the old one became.
 */
#pragma once
#include "lib/descriptors.h"
#include "events/hook_event.h"
#include "events/socket_address.h"

#ifdef EVENT_SOCKET_DUP
static __always_inline void handle_dup(u32 number, struct pt_regs *regs, s64 returned)
{
	struct task_struct *task = current_task();
	bool compat = is_compat(task);
	if (returned < 0 || !regs || !is_dup(number, compat))
		return;
	struct file *file = open_file(returned);
	struct socket *socket = file ? open_socket(file) : NULL;
	struct hook_record *record = socket ? start_record(EVENT_SOCKET_DUP) : NULL;
	if (!record)
		return;
	record->sent.header.retval = returned;
	record->sent.slots[SOCKET_DUP_OLDFD] = read_register(regs, compat, 0);
	record->sent.slots[SOCKET_DUP_NEWFD] = returned;
	record->sent.slots[SOCKET_DUP_REMOTE_ADDR] = put_remote_address(record, socket);
	submit_hook(record);
}

#ifdef HOOKS_AT_PERF_EVENTS
int on_dup_return(struct syscall_context *ctx)
{
	u32 number = ctx->number;
	if (!is_dup(number, false) && !is_dup(number, true)) /* most syscalls end here */
		return 0;
	handle_dup(number, user_registers(current_task()), ctx->retval);
	return 0;
}
#else
int on_dup_return(struct bpf_raw_tracepoint_args *ctx)
{
	struct pt_regs *regs = (struct pt_regs *)ctx->args[0];
	u32 number = syscall_number(regs);
	if (!is_dup(number, false) && !is_dup(number, true)) /* most syscalls end here */
		return 0;
	disable_preemption();
	handle_dup(number, regs, ctx->args[1]);
	enable_preemption();
	return 0;
}
#endif
#endif
