/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/* magic_write: a write at the start of a file, with its first bytes.
 *
 * The entry of the write has the file, the position and the data, its exit the number of bytes. A
 * kretprobe would have both, but only for a limited number of calls at a time, all of which can be
 * blocked by writes to full pipes. */
#pragma once
#include "events/hook_event.h"

#ifdef EVENT_MAGIC_WRITE
#define WRITES_AT_ONCE 4096
#define MAGIC_BYTES 32
#define O_APPEND 02000
#define RWF_APPEND 0x10

struct pending_write {
	struct file *file;
	struct inode *inode;
	u64 number;	  /* of the inode */
	const void *data; /* user memory */
	u64 size;	  /* of the first segment */
};
BPF_HASH(pending_writes, u64, struct pending_write, WRITES_AT_ONCE); /* by task_struct */

static __always_inline bool is_at_beginning(struct file *file, const s64 *position, bool append)
{
	struct inode *inode = READ(file, f_inode);
	s64 at = -1;
	if ((READ(inode, i_mode) & S_IFMT) != S_IFREG)
		return false;
	if (append || READ(file, f_flags) & O_APPEND)
		return !READ(inode, i_size);
	read_kernel(&at, sizeof(at), position);
	return !at;
}

static __always_inline void start_write(struct file *file, const void *data, u64 size)
{
	u64 task = bpf_get_current_task();
	struct pending_write write = {.file = file, .data = data, .size = size};
	struct facts *facts = read_facts(current_task());
	write.inode = READ(file, f_inode);
	write.number = READ(write.inode, i_ino);
	if (facts && read_process_state(facts) >= INCOMPLETE &&
	    pending_writes.update(&task, &write) < 0) {
		count(COUNTER_SEEN);
		count(COUNTER_LOST);
	}
}

int begin_vfs_write(struct pt_regs *ctx)
{
	struct file *file = (struct file *)function_argument(ctx, 0);
	if (is_at_beginning(file, (s64 *)function_argument(ctx, 3), false))
		start_write(file, (void *)function_argument(ctx, 1), function_argument(ctx, 2));
	return 0;
}

struct segment {
	u64 data;
	u64 size;
};

/* Read the first segment of a vector, a struct iovec. */
static __always_inline struct segment first_segment(const void *from)
{
	struct segment segment = {};
	u32 words[2] = {};
	if (!is_compat(current_task())) {
		read_user(&segment, sizeof(segment), from);
		return segment;
	}
	read_user(words, sizeof(words), from);
	segment.data = words[0];
	segment.size = words[1];
	return segment;
}

int begin_vfs_writev(struct pt_regs *ctx)
{
	struct file *file = (struct file *)function_argument(ctx, 0);
	bool append = function_argument(ctx, 4) & RWF_APPEND;
	if (!is_at_beginning(file, (s64 *)function_argument(ctx, 3), append))
		return 0;
	struct segment segment = first_segment((void *)function_argument(ctx, 1));
	start_write(file, (void *)segment.data, segment.size);
	return 0;
}

/* Put the path and the inode number. The file may have been closed and its memory reused by now. */
static __always_inline void put_written_file(struct hook_record *record,
					     const struct pending_write *write)
{
	bool unchanged = READ(write->file, f_inode) == write->inode &&
			 READ(write->inode, i_ino) == write->number;
	set_string(record, MAGIC_WRITE_PATHNAME,
		   unchanged ? put_file(record, write->file) : SLOT_UNREADABLE);
	record->sent.slots[MAGIC_WRITE_DEV] = unchanged ? device_of(write->inode) : 0;
	record->sent.slots[MAGIC_WRITE_INODE] = write->number;
}

static __always_inline u64 put_written_bytes(struct hook_record *record,
					     const struct pending_write *write, u64 written)
{
	u64 at = within(record->end, DATA_SIZE - 1);
	u64 size = written < write->size ? written : write->size;
	if (at != record->end)
		return SLOT_CUT;
	size = within(size < MAGIC_BYTES ? size : MAGIC_BYTES, 2 * MAGIC_BYTES - 1);
	if (read_user(record->sent.data + at, size, write->data) < 0)
		return SLOT_UNREADABLE;
	record->end = at + size;
	return size;
}

static __always_inline void report_write(const struct pending_write *write, s64 written)
{
	struct hook_record *record = start_record(EVENT_MAGIC_WRITE);
	if (!record)
		return;
	record->sent.header.retval = written;
	put_written_file(record, write);
	record->sent.slots[MAGIC_WRITE_BYTES] = put_written_bytes(record, write, written);
	submit_hook(record);
}

static __always_inline void end_write(s64 written)
{
	u64 task = bpf_get_current_task();
	struct pending_write *write = pending_writes.lookup(&task);
	if (!write)
		return;
	if (written > 0)
		report_write(write, written);
	pending_writes.delete(&task);
}

#ifdef HOOKS_AT_PERF_EVENTS
int on_write_return(struct syscall_context *ctx)
{
	end_write(ctx->retval);
	return 0;
}
#else
int on_write_return(struct bpf_raw_tracepoint_args *ctx)
{
	disable_preemption();
	end_write(ctx->args[1]);
	enable_preemption();
	return 0;
}
#endif
#endif
