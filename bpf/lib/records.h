/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/* Records: what crosses from the kernel to user space, and the counters that account for it.
 *
 * Layout: struct header, then 64-bit slots, one for each argument, then the bytes of the
 * arguments that are not numbers, in order, each as long as its slot says. */
#pragma once
#include "lib/path.h"
#include "lib/preemption.h"
#include "state/cgroups.h"

#define FLAG_COMPAT 1

struct header {
	u64 time; /* ns since boot, suspended time included (CLOCK_BOOTTIME) */
	s64 retval;
	u32 event;
	s32 syscall; /* number of the call that the task was in, -1 for none */
	/* From here on it is the same for most events of a thread (tracee_ref/output/fast/lines.py). */
	u64 mask;       /* the scopes that matched */
	u64 start_time; /* of the thread, same clock */
	u64 cgroup;     /* id in the hierarchy that tells of containers */
	u32 pid;
	u32 tid;
	u32 ppid;
	u32 inner_pid; /* in the task's own pid namespace */
	u32 inner_tid;
	u32 inner_ppid;
	u32 uid;
	u32 mntns;
	u32 pidns;
	u16 cpu;
	u16 flags;
	u64 comm[NAME_WORDS];
	u64 uts[NAME_WORDS];
	u64 container[CONTAINER_ID_WORDS]; /* zero if in none */
};

/* The slot of an argument that is not a number: its length in bytes, and a state. */
#define SLOT_NULL (1ULL << 32)       /* a NULL pointer was passed */
#define SLOT_UNREADABLE (2ULL << 32) /* there was a value, but it could not be read */
#define SLOT_CUT (4ULL << 32)        /* only the beginning was taken */

#define DATA_SIZE 16384                      /* bytes of arguments in a record, a power of two */
#define PIECE_SIZE 4096                      /* of one text, as PATH_MAX */
#define BLOCK_SIZE 8192                      /* of argv or env, a power of two */
#define DATA_ROOM (DATA_SIZE + PIECE_SIZE)   /* a piece may begin at the last place */

enum counter {
	SEEN,      /* selected events that reached the matcher */
	FILTERED,  /* of these, the ones that no scope matched */
	SUBMITTED, /* handed to the ring buffer */
	LOST,      /* refused by a full ring buffer */
	UNKNOWN,   /* judged without the facts of their process */
	UNTRACKED, /* processes and cgroups of containers for which there was no room */
	COUNTERS
};
/* Those of packets come behind the others: their programs interrupt them. */
BPF_PERCPU_ARRAY(counters, u64, 2 * COUNTERS);
BPF_RINGBUF_OUTPUT(records, RING_PAGES);

static __always_inline void count(u32 counter)
{
	u64 *value = counters.lookup(&counter);
	if (value)
		++*value;
}

/* No wake-up for each record: that would cost the traced process more than the record does.
 * The reader looks by itself every few milliseconds, in which even a storm does not fill the
 * buffer. */
static __always_inline void submit(void *record, u64 size)
{
	if (records.ringbuf_output(record, size, BPF_RB_NO_WAKEUP) < 0)
		count(LOST);
	else
		count(SUBMITTED);
}

/* `task` is the current one: each time that it is asked for is a call of a helper. */
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

/* Put a text of the kernel without its NUL; return its slot. */
static __always_inline u64 put_text(u64 *end, char *data, const void *from)
{
	u64 at = within(*end, DATA_SIZE - 1);
	if (at != *end)
		return SLOT_CUT;
	long taken = read_kernel_string(data + at, PIECE_SIZE, from);
	if (taken <= 0)
		return SLOT_UNREADABLE;
	*end = at + taken - 1;
	return taken - 1;
}

/* Put a path that was just built; return its slot. */
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

/* Put the texts that lie between two addresses of a program, each with its NUL; return their
 * slot. `room` is that of all data, in bytes. */
static __always_inline u64 put_block(u64 *end, char *data, const u64 room, u64 from, u64 to)
{
	u64 at = within(*end, DATA_SIZE - 1);
	u64 size = to - from < BLOCK_SIZE ? to - from : BLOCK_SIZE - 1;
	if (at != *end || at > room - BLOCK_SIZE)
		return SLOT_CUT;
	size = within(size, BLOCK_SIZE - 1);
	if (read_user(data + at, size, (void *)from) < 0)
		return SLOT_UNREADABLE;
	*end = at + size;
	return size | (size < to - from ? SLOT_CUT : 0);
}
