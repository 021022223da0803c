/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/* Owners of sockets: the process that used a socket last, with its facts at that time.
 *
 * A packet passes while any task runs. So the facts are matched at the syscalls that create or use
 * a socket, and kept by its inode number, which a file, the socket of a packet and /proc have in
 * common (tracee_ref/kernel/seed/sockets.py adds sockets older than the tracer). */
#pragma once
#include "arch/arch.h"
#include "lib/descriptors.h"
#include "lib/kernel.h"
#include "events/sched.h"

BPF_TABLE("lru_hash", u64, struct owner, owners, SOCKETS);
BPF_PERCPU_ARRAY(owner_scratch, struct owner, 1);

/* Return the inode number of the IP socket at a descriptor of the current task, or 0. */
static __always_inline u64 inet_socket(s32 fd)
{
	struct file *file = open_file(fd);
	struct socket *socket = file ? open_socket(file) : NULL;
	if (!socket)
		return 0;
	u16 family = READ(READ(socket, sk), family);
	return family == AF_INET || family == AF_INET6 ? READ(READ(file, f_inode), i_ino) : 0;
}

/* Make the process of the current task the owner of the socket at its descriptor. */
static __always_inline void set_socket_owner(s32 fd)
{
	u32 zero = 0;
	u64 inode = inet_socket(fd);
	struct facts *facts = inode ? read_facts(current_task()) : NULL;
	struct owner *owner = owner_scratch.lookup(&zero);
	if (!facts || !owner)
		return;
	u32 traced = read_process_state(facts);
	if (traced < INCOMPLETE) { /* not traced */
		owners.delete(&inode);
		return;
	}
	owner->mask = match_facts(facts);
	owner->inode = inode;
	owner->incomplete = traced == INCOMPLETE;
	if (owner->mask) /* else no packet of it is reported */
		fill_header(&owner->header, current_task(), facts, EVENT_PACKET, 0);
	owners.update(&inode, owner);
}

static __always_inline void handle_socket_enter(u32 number)
{
	if (socket_argument(number, false) < 0 && socket_argument(number, true) < 0)
		return; /* most syscalls end here */
	struct task_struct *task = current_task();
	bool compat = is_compat(task);
	s32 index = socket_argument(number, compat), fd = -1;
	if (index < 0)
		return;
	struct pt_regs *regs = user_registers(task);
	if (!regs)
		return;
	if (compat && number == SOCKETCALL)
		read_user(&fd, sizeof(fd), (void *)read_register(regs, compat, 1));
	else
		fd = index == 0 ? read_register(regs, compat, 0) : read_register(regs, compat, 2);
	set_socket_owner(fd);
}

/* Numbers of socketcall(), linux/net.h */
#define SYS_SOCKET 1
#define SYS_ACCEPT 5
#define SYS_ACCEPT4 18

static __always_inline bool subcall_returns_socket(u32 subcall)
{
	return subcall == SYS_SOCKET || subcall == SYS_ACCEPT || subcall == SYS_ACCEPT4;
}

static __always_inline void handle_socket_exit(u32 number, struct pt_regs *regs, s64 retval)
{
	if (!returns_socket(number, false) && !returns_socket(number, true))
		return;
	struct task_struct *task = current_task();
	bool compat = is_compat(task);
	if (retval < 0 || !regs || !returns_socket(number, compat))
		return;
	/* Other results of socketcall() are lengths or 0. */
	if (!compat || number != SOCKETCALL || subcall_returns_socket(read_register(regs, true, 0)))
		set_socket_owner(retval);
}

#ifdef HOOKS_AT_PERF_EVENTS
/* At raw_syscalls:sys_enter, whose context starts like that of sys_exit. */
int on_socket_enter(struct syscall_context *ctx)
{
	handle_socket_enter(ctx->number);
	return 0;
}

int on_socket_exit(struct syscall_context *ctx)
{
	handle_socket_exit(ctx->number, user_registers(current_task()), ctx->retval);
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
	handle_socket_exit(syscall_number(regs), regs, ctx->args[1]);
	enable_preemption();
	return 0;
}
#endif
