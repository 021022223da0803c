/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/* Who owns a socket: the process that used it last, with the facts that it had then.
 *
 * A packet may pass while any task runs, so it cannot tell. But the calls that make or use a
 * socket can: at each the facts of the calling task are judged and kept, by the number of the
 * socket's inode. That number is known on all sides: of a file, of what a packet belongs to, and
 * in /proc, for the sockets that were there before us (tracee_ref/kernel/seed/sockets.py). */
#pragma once
#include "arch/arch.h"
#include "lib/descriptors.h"
#include "lib/kernel.h"
#include "events/sched.h"

BPF_TABLE("lru_hash", u64, struct owner, owners, SOCKETS);
BPF_PERCPU_ARRAY(owner_scratch, struct owner, 1);

/* Return the number of the socket's inode behind a descriptor of the current task; 0 if there is
 * none, or one of another family. */
static __always_inline u64 inet_socket(s32 fd)
{
	struct file *file = open_file(fd);
	struct socket *socket = file ? open_socket(file) : NULL;
	if (!socket)
		return 0;
	u16 family = READ(READ(socket, sk), family);
	return family == AF_INET || family == AF_INET6 ? READ(READ(file, f_inode), i_ino) : 0;
}

/* The current task owns the socket behind its descriptor from now on. */
static __always_inline void set_socket_owner(s32 fd)
{
	u32 zero = 0;
	u64 inode = inet_socket(fd);
	struct facts *facts = inode ? read_facts(current_task()) : NULL;
	struct owner *owner = owner_scratch.lookup(&zero);
	if (!facts || !owner)
		return;
	u32 known = read_process_state(facts);
	if (known < INCOMPLETE) { /* nobody whom we may show */
		owners.delete(&inode);
		return;
	}
	owner->mask = match_facts(facts);
	owner->inode = inode;
	owner->incomplete = known == INCOMPLETE;
	if (owner->mask) /* else nothing will be shown of it */
		fill_header(&owner->header, current_task(), facts, EVENT_PACKET, 0);
	owners.update(&inode, owner);
}

static __always_inline void handle_socket_enter(u32 number)
{
	if (socket_argument(number, false) < 0 && socket_argument(number, true) < 0)
		return; /* most calls end here */
	struct task_struct *task = current_task();
	bool compat = is_compat(task);
	s32 place = socket_argument(number, compat), fd = -1;
	if (place < 0)
		return;
	struct pt_regs *regs = user_registers(task);
	if (!regs)
		return;
	if (compat && number == SOCKETCALL)
		read_user(&fd, sizeof(fd), (void *)read_register(regs, compat, 1));
	else
		fd = place == 0 ? read_register(regs, compat, 0) : read_register(regs, compat, 2);
	set_socket_owner(fd);
}

static __always_inline void handle_socket_exit(u32 number, s64 retval)
{
	if (!returns_socket(number, false) && !returns_socket(number, true))
		return;
	struct task_struct *task = current_task();
	bool compat = is_compat(task);
	/* What else socketcall() returns is a length, or 0: seldom a socket, then its own. */
	if (retval >= 0 && returns_socket(number, compat))
		set_socket_owner(retval);
}

#ifdef STEADY_HOOKS
/* At raw_syscalls:sys_enter, whose context begins as that of its sys_exit does. */
int on_socket_enter(struct exit_context *ctx)
{
	handle_socket_enter(ctx->number);
	return 0;
}

int on_socket_exit(struct exit_context *ctx)
{
	handle_socket_exit(ctx->number, ctx->retval);
	return 0;
}
#else
int on_socket_enter(struct bpf_raw_tracepoint_args *ctx)
{
	disable_preemption();
	handle_socket_enter(ctx->args[1]);
	enable_preemption();
	return 0;
}

int on_socket_exit(struct bpf_raw_tracepoint_args *ctx)
{
	struct pt_regs *regs = (struct pt_regs *)ctx->args[0];
	disable_preemption();
	handle_socket_exit(call_number(regs), ctx->args[1]);
	enable_preemption();
	return 0;
}
#endif
