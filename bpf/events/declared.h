/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/* What the programs of declared events call: conversions, and arguments of the syscall.
 *
 * The programs themselves are generated: tracee_ref/kernel/build/event_code.py. */
#pragma once
#include "events/hook_event.h"
#include "events/joined.h"
#if defined(CONVERT_LOCAL_ADDRESS) || defined(CONVERT_REMOTE_ADDRESS)
#include "events/socket_address.h"
#endif

static __always_inline u64 put_path_of(struct hook_record *record, struct path *path)
{
	build_path_at(&record->path, READ(path, dentry), READ(path, mnt));
	return put_path(&record->end, record->sent.data, &record->path);
}

/* The string at an address, which tells user memory from that of the kernel. */
static __always_inline u64 put_any_string(struct hook_record *record, u64 from)
{
	return (s64)from < 0 ? put_kernel_string(record, (char *)from)
			     : put_user_string(record, (void *)from);
}

/* Nanoseconds of a struct timespec64. */
static __always_inline u64 nanoseconds_of(u64 time)
{
	return READ_AT(u64, time, 0) * NS_PER_SEC + READ_AT(u64, time, sizeof(u64));
}

#ifdef CONVERT_CREDENTIALS
static __always_inline u64 put_credentials(struct hook_record *record, struct cred *cred)
{
	struct credentials copy = {
		.uid = READ(cred, uid_val),
		.gid = READ(cred, gid_val),
		.suid = READ(cred, suid_val),
		.sgid = READ(cred, sgid_val),
		.euid = READ(cred, euid_val),
		.egid = READ(cred, egid_val),
		.fsuid = READ(cred, fsuid_val),
		.fsgid = READ(cred, fsgid_val),
		.user_namespace = READ(READ(cred, user_ns), ns_inum),
		.securebits = READ(cred, securebits),
	};
	if (!cred)
		return SLOT_NULL;
	/* Of one number or of two, Linux v6.3, f122a08b197d ("capability: just use a 'u64' instead
	 * of a 'u32[2]' array"). */
	read_kernel(&copy.inheritable, sizeof(u64), &cred->cap_inheritable);
	read_kernel(&copy.permitted, sizeof(u64), &cred->cap_permitted);
	read_kernel(&copy.effective, sizeof(u64), &cred->cap_effective);
	read_kernel(&copy.bounding, sizeof(u64), &cred->cap_bset);
	read_kernel(&copy.ambient, sizeof(u64), &cred->cap_ambient);
	return put_bytes(record, &copy, sizeof(copy));
}
#endif

/* Put the path argument of the syscall that opens or executes a file; NULL in others. */
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

/* Return an argument of the syscall that the task is in, 0 outside of one; `i` is constant. */
static __always_inline u64 syscall_argument(const u32 i)
{
	struct task_struct *task = current_task();
	struct pt_regs *regs = user_registers(task);
	return regs ? read_register(regs, is_compat(task), i) : 0;
}

struct mprotect_range {
	u64 address;
	u64 length;
	s64 key;
};

/* The range of the syscall that the task is in, zeros in others. mprotect() has the key -1. */
static __always_inline struct mprotect_range current_range(void)
{
	struct task_struct *task = current_task();
	struct pt_regs *regs = user_registers(task);
	bool compat = is_compat(task);
	s32 number = current_syscall(task);
	struct mprotect_range range = {.key = -1};
	if (!regs || !is_mprotect(number, compat))
		return range;
	range.address = read_register(regs, compat, 0);
	range.length = read_register(regs, compat, 1);
	if (is_pkey_mprotect(number, compat))
		range.key = read_register(regs, compat, 3);
	return range;
}

#ifdef ATOMIC_TRACEPOINTS
/* Raw tracepoints that the kernel calls with preemption off: cgroup_mkdir and others have their path
 * in one buffer, under a spinlock (see TRACE_CGROUP_PATH in kernel/cgroup/cgroup-internal.h). They
 * share the matcher, as events at functions do. */
BPF_PROG_ARRAY(raw_matcher, 1);
BPF_PROG_ARRAY(raw_fillers, EVENTS);

static __always_inline void start_raw(struct bpf_raw_tracepoint_args *ctx, u32 event)
{
	struct hook_record *record = current_record();
	if (!record)
		return;
	record->event = event;
	raw_matcher.call(ctx, 0);
}

int match_raw(struct bpf_raw_tracepoint_args *ctx)
{
	struct hook_record *record = current_record();
	if (!record || !start_record(record->event))
		return 0;
	raw_fillers.call(ctx, record->event);
	count(COUNTER_LOST);
	return 0;
}
#endif

/* Other raw tracepoints have the matcher in their own program: where it must disable preemption,
 * there are no tail calls. */
#define AT_RAW_TRACEPOINT(name)                                                                    \
	int report_##name(struct bpf_raw_tracepoint_args *ctx)                                         \
	{                                                                                          \
		disable_preemption();                                                              \
		put_##name(ctx);                                                                   \
		enable_preemption();                                                               \
		return 0;                                                                          \
	}

#ifdef SYSCALL_ENDS
/* The socket of a descriptor; NULL for other files. */
static __always_inline struct socket *returned_socket(s64 fd)
{
	struct file *file = fd < 0 ? NULL : open_file(fd);
	return file ? open_socket(file) : NULL;
}

/* A program at the end of all syscalls. Most of them leave it at once: ends_##name() is about the
 * number, which a 32-bit syscall shares with another one. */
#ifdef HOOKS_AT_PERF_EVENTS
#define AT_SYSCALL_END(name)                                                                       \
	int report_##name(struct syscall_context *ctx)                                                 \
	{                                                                                          \
		u32 number = ctx->number;                                                          \
		if (!ends_##name(number, false) && !ends_##name(number, true))                     \
			return 0;                                                                  \
		struct task_struct *task = current_task();                                         \
		struct pt_regs *regs = user_registers(task);                                       \
		bool compat = is_compat(task);                                                     \
		if (regs && ends_##name(number, compat))                                           \
			put_##name(regs, compat, ctx->retval);                                  \
		return 0;                                                                          \
	}
#else
#define AT_SYSCALL_END(name)                                                                       \
	int report_##name(struct bpf_raw_tracepoint_args *ctx)                                         \
	{                                                                                          \
		struct pt_regs *regs = (struct pt_regs *)ctx->args[0];                             \
		u32 number = syscall_number(regs);                                                 \
		if (!ends_##name(number, false) && !ends_##name(number, true))                     \
			return 0;                                                                  \
		disable_preemption();                                                              \
		bool compat = is_compat(current_task());                                           \
		s64 returned = ctx->args[1];                                                       \
		if (ends_##name(number, compat))                                                   \
			put_##name(regs, compat, returned);                                        \
		enable_preemption();                                                               \
		return 0;                                                                          \
	}
#endif
#endif
