/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/* Records in the ring buffer, and the counters of events. */
#pragma once
#include "generated/abi.h"
#include "generated/slots.h"
#include "lib/path.h"
#include "lib/preemption.h"
#include "lib/shares.h"
#include "state/cgroups.h"

#define DATA_SIZE 16384				   /* of arguments in a record, a power of two */
#define STRING_SIZE 4096			   /* of one string, as PATH_MAX */
#define STRINGS_SIZE 8192			   /* of argv or env, a power of two */
#define DATA_BUFFER_SIZE (DATA_SIZE + STRING_SIZE) /* a string may start at the last byte */

/* Programs of a level may interrupt those of another one: each has its own counters and its own
 * scratch space. Those of one level do not interrupt each other, but for the packets', which use no
 * scratch space. */
enum level {
	LEVEL_TASK,   /* in a task, with preemption off */
	LEVEL_PACKET, /* at a cgroup, in any context */
	LEVEL_PROBE,  /* at perf events in any context, which the kernel does not nest */
	LEVEL_COUNT
};
BPF_PERCPU_ARRAY(counters, u64, LEVEL_COUNT *COUNTER_COUNT);
BPF_RINGBUF_OUTPUT(records, RING_PAGES);

static __always_inline void count_at(const u32 level, u32 counter)
{
	u32 index = level * COUNTER_COUNT + counter;
	u64 *value = counters.lookup(&index);
	if (value)
		++*value;
}

/* Undo count_at() for an event that will be counted later. */
static __always_inline void count_back(u32 counter)
{
	u32 index = LEVEL_PROBE * COUNTER_COUNT + counter;
	u64 *value = counters.lookup(&index);
	if (value)
		--*value;
}

static __always_inline void count(u32 counter)
{
	count_at(LEVEL_TASK, counter);
}

/* Write a record, which begins with its header. Without a wake-up, which would cost the traced
 * process more than the record does. The reader polls every few milliseconds, in which even a storm
 * of events does not fill the buffer.
 *
 * A record is no longer than `limit`, which the verifier does not know. It follows what comes after
 * the comparison twice. */
static __always_inline void submit_at(const u32 level, void *record, u64 size, const u64 limit)
{
	u64 *mask = &((struct header *)record)->mask;
	bool room = HAS_ROOM(RECORDS, *mask, size);
	if (size > limit)
		size = limit;
	if (room && !records.ringbuf_output(record, size, BPF_RB_NO_WAKEUP)) {
		count_at(level, COUNTER_SUBMITTED);
		return;
	}
	count_at(level, COUNTER_LOST);
	count_lost(mask);
}

static __always_inline void submit(void *record, u64 size, const u64 limit)
{
	submit_at(LEVEL_TASK, record, size, limit);
}

/* `task` is the current one: to get it is a call of a helper. */
static __always_inline void fill_header(struct header *header, struct task_struct *task,
					const struct facts *facts, u32 event, u64 mask)
{
	struct task_struct *parent = FIELD(task, real_parent);
	struct inner_ids ids = {};
	read_current_ids(task, &ids);
	header->time = bpf_ktime_get_boot_ns();
	header->mask = mask;
	header->start_time = FIELD(task, start_boottime);
	header->cgroup = cgroup_of(task);
	copy_container_id(header->container, header->cgroup);
	header->retval = 0;
	header->event = event;
	header->syscall = -1;
	header->pid = facts->pid;
	header->tid = facts->tid;
	header->ppid = FIELD(parent, tgid);
	header->inner_pid = ids.pid;
	header->inner_tid = ids.tid;
	header->inner_ppid = ids.ppid;
	header->uid = facts->uid;
	header->mntns = mount_namespace(task);
	header->pidns = ids.pidns;
	header->cpu = bpf_get_smp_processor_id();
	header->flags = 0;
	copy_name(header->comm, FIELD_WORD(task, comm, 0), FIELD_WORD(task, comm, 1));
	read_host_name(task, header->uts);
}

/* The bytes of arguments go after the slots of a record, one argument after the other. A string is
 * followed by its NUL until the next argument overwrites it: filters find its end so.
 *
 * `end` is the length of the data so far. It is in the map beside the record rather than in a
 * register, so that the verifier does not track each way in which it was computed. */

/* Put a string of kernel memory without its NUL; return its slot. */
static __always_inline u64 put_string(u64 *end, char *data, const void *from)
{
	u64 at = within(*end, DATA_SIZE - 1);
	if (at != *end)
		return SLOT_CUT;
	long length = read_kernel_string(data + at, STRING_SIZE, from);
	if (length <= 0)
		return SLOT_UNREADABLE;
	*end = at + length - 1;
	return length - 1;
}

/* Put the path that was built last; return its slot. */
static __always_inline u64 put_path(u64 *end, char *data, const struct path_buffer *path)
{
	u64 at = within(*end, DATA_SIZE - 1), start = within(path->start, PATH_MAX - 1);
	u64 length = within(PATH_MAX - 1 - start, PATH_MAX - 1);
	if (!start)
		return SLOT_UNREADABLE;
	if (at != *end)
		return SLOT_CUT;
	read_kernel(data + at, length + 1, &path->text[start]);
	*end = at + length;
	return length;
}

/* Put the strings between two addresses of user memory, with their NULs; return their slot.
 * `capacity` is the size of the data in bytes. */
static __always_inline u64 put_strings(u64 *end, char *data, const u64 capacity, u64 from, u64 to)
{
	u64 at = within(*end, DATA_SIZE - 1);
	u64 size = to - from < STRINGS_SIZE ? to - from : STRINGS_SIZE - 1;
	if (at != *end || at > capacity - STRINGS_SIZE)
		return SLOT_CUT;
	size = within(size, STRINGS_SIZE - 1);
	if (read_user(data + at, size, (void *)from) < 0)
		return SLOT_UNREADABLE;
	*end = at + size;
	return size | (size < to - from ? SLOT_CUT : 0);
}
