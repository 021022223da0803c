/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/* LSM hooks of sockets. */
#pragma once
#include "events/hook_event.h"
#include "events/socket_address.h"

/* The descriptor argument of the syscall; -1 without one (io_uring). */
static __always_inline s64 descriptor_argument(void)
{
	struct task_struct *task = current_task();
	struct pt_regs *regs = user_registers(task);
	bool compat = is_compat(task);
	s32 number = current_syscall(task), fd = -1;
	if (!regs)
		return fd;
	if (has_socket_argument(number, compat))
		fd = read_register(regs, compat, 0);
	else if (compat && number == SOCKETCALL)
		read_user(&fd, sizeof(fd), (void *)read_register(regs, compat, 1));
	return fd;
}

#ifdef EVENT_SECURITY_SOCKET_CREATE
HOOK(on_security_socket_create, EVENT_SECURITY_SOCKET_CREATE)

int put_security_socket_create(struct pt_regs *ctx)
{
	struct hook_record *record = current_record();
	if (!record)
		return 0;
	record->sent.slots[SECURITY_SOCKET_CREATE_FAMILY] = function_argument(ctx, 0);
	record->sent.slots[SECURITY_SOCKET_CREATE_TYPE] = function_argument(ctx, 1);
	record->sent.slots[SECURITY_SOCKET_CREATE_PROTOCOL] = function_argument(ctx, 2);
	record->sent.slots[SECURITY_SOCKET_CREATE_KERN] = function_argument(ctx, 3);
	submit_hook(record);
	return 0;
}
#endif

#ifdef EVENT_SECURITY_SOCKET_LISTEN
HOOK(on_security_socket_listen, EVENT_SECURITY_SOCKET_LISTEN)

int put_security_socket_listen(struct pt_regs *ctx)
{
	struct hook_record *record = current_record();
	if (!record)
		return 0;
	record->sent.slots[SECURITY_SOCKET_LISTEN_SOCKFD] = descriptor_argument();
	record->sent.slots[SECURITY_SOCKET_LISTEN_LOCAL_ADDR] =
		put_local_address(record, (struct socket *)function_argument(ctx, 0));
	record->sent.slots[SECURITY_SOCKET_LISTEN_BACKLOG] = function_argument(ctx, 1);
	submit_hook(record);
	return 0;
}
#endif

#ifdef EVENT_SECURITY_SOCKET_ACCEPT
HOOK(on_security_socket_accept, EVENT_SECURITY_SOCKET_ACCEPT)

int put_security_socket_accept(struct pt_regs *ctx)
{
	struct hook_record *record = current_record();
	if (!record)
		return 0;
	record->sent.slots[SECURITY_SOCKET_ACCEPT_SOCKFD] = descriptor_argument();
	record->sent.slots[SECURITY_SOCKET_ACCEPT_LOCAL_ADDR] =
		put_local_address(record, (struct socket *)function_argument(ctx, 0));
	submit_hook(record);
	return 0;
}
#endif

#ifdef EVENT_SECURITY_SOCKET_SETSOCKOPT
HOOK(on_security_socket_setsockopt, EVENT_SECURITY_SOCKET_SETSOCKOPT)

int put_security_socket_setsockopt(struct pt_regs *ctx)
{
	struct hook_record *record = current_record();
	if (!record)
		return 0;
	record->sent.slots[SECURITY_SOCKET_SETSOCKOPT_SOCKFD] = descriptor_argument();
	record->sent.slots[SECURITY_SOCKET_SETSOCKOPT_LEVEL] = function_argument(ctx, 1);
	record->sent.slots[SECURITY_SOCKET_SETSOCKOPT_OPTNAME] = function_argument(ctx, 2);
	record->sent.slots[SECURITY_SOCKET_SETSOCKOPT_LOCAL_ADDR] =
		put_local_address(record, (struct socket *)function_argument(ctx, 0));
	submit_hook(record);
	return 0;
}
#endif

/* connect and bind: the address argument, from the kernel's copy. */
static __always_inline int put_given_address(struct pt_regs *ctx)
{
	struct hook_record *record = current_record();
	if (!record)
		return 0;
	record->sent.slots[SECURITY_SOCKET_CONNECT_SOCKFD] = descriptor_argument();
	record->sent.slots[SECURITY_SOCKET_CONNECT_REMOTE_ADDR] = put_bytes(
		record, (void *)function_argument(ctx, 1), (u32)function_argument(ctx, 2));
	submit_hook(record);
	return 0;
}

#ifdef EVENT_SECURITY_SOCKET_CONNECT
HOOK(on_security_socket_connect, EVENT_SECURITY_SOCKET_CONNECT)

int put_security_socket_connect(struct pt_regs *ctx)
{
	return put_given_address(ctx);
}
#endif

#ifdef EVENT_SECURITY_SOCKET_BIND
HOOK(on_security_socket_bind, EVENT_SECURITY_SOCKET_BIND)

int put_security_socket_bind(struct pt_regs *ctx)
{
	return put_given_address(ctx);
}
#endif
