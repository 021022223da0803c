/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/* State of processes: set at exec, inherited at fork. */
#pragma once
#include "state/start_time.h"
#include "match/filters.h"
#include "lib/path.h"
#include "lib/records.h"

#if defined(USE_BINARY) || defined(USE_FOLLOW) || defined(COMMAND_ONLY)
#define TRACK_PROCESSES
#ifdef COMMAND_ONLY
/* Only traced processes have an element: none may be evicted. */
BPF_HASH(processes, u32, struct process, PROCESSES);
#else
BPF_TABLE("lru_hash", u32, struct process, processes, PROCESSES);
#endif
#endif

#ifdef USE_BINARY
BPF_PERCPU_ARRAY(binary_scratch, struct binary, 1);
#define BINARY_UNKNOWN BINARY_WITHOUT_EQUAL
#else
#define BINARY_UNKNOWN ~0ULL
#endif

#ifdef USE_TREE
BPF_TABLE("lru_hash", u32, struct descent, descents, PROCESSES);
#endif

/* Completeness of the state of a process. */
enum process_state {
	NOT_TRACED,  /* only a COMMAND and its descendants are traced */
	BEFORE_EXEC, /* the COMMAND before its exec, which runs the tracer's code */
	INCOMPLETE,  /* its element was evicted, or never added */
	COMPLETE,
};

/* Fill the facts that come from the state of the process. */
static __always_inline u32 read_process_state(struct facts *facts)
{
	u32 state = COMPLETE;
	facts->binary = BINARY_UNKNOWN;
	facts->followed = 0;
#ifdef TRACK_PROCESSES
	struct process *process = processes.lookup(&facts->pid);
	if (process) {
		facts->binary = process->binary;
		facts->followed = process->followed;
	}
#ifdef COMMAND_ONLY
	if (!process)
		return NOT_TRACED;
#else
	if (!process)
		state = INCOMPLETE;
#endif
#endif
#ifdef USE_TREE
	struct descent *descent = descents.lookup(&facts->pid);
	struct scope_masks all = NO_DESCENT;
	if (descent)
		merge_masks(&all, &descent->masks);
	facts->descent = accept_masks(&all);
	if (!descent || descent->incomplete)
		state = INCOMPLETE;
#endif
#ifdef COMMAND_ONLY
	if (process->before_exec)
		state = BEFORE_EXEC;
#endif
	return state;
}

/* The COMMAND counts as started after tracing, by its exec, and so do its descendants. An exec by
 * another thread than the leader keeps the start time of the leader. */
static __always_inline bool started_after_trace(struct task_struct *task)
{
#ifdef COMMAND_ONLY
	return true;
#else
	u64 time = trace_start();
	return time && FIELD(FIELD(task, group_leader), start_boottime) > time;
#endif
}

/* In a map: the verifier tracks which bytes of the stack are constant, and would follow the rest of
 * the program once for each combination. */
BPF_PERCPU_ARRAY(facts_scratch, struct facts, 1);

/* Return the facts of the current task without those of read_process_state(). */
static __always_inline struct facts *read_facts(struct task_struct *task)
{
	u32 zero = 0;
	struct facts *facts = facts_scratch.lookup(&zero);
	if (!facts)
		return NULL;
	facts->pid = FIELD(task, tgid);
	facts->tid = FIELD(task, pid);
	facts->uid = FIELD(FIELD(task, cred), uid_val);
#if defined(USE_COMM) || defined(USE_COMM_PATTERNS)
	copy_name(facts->comm, FIELD_WORD(task, comm, 0), FIELD_WORD(task, comm, 1));
#endif
#ifdef USE_NEW
	facts->started_after_trace = started_after_trace(task);
#endif
#ifdef USE_CONTAINER
	facts->container = accept_container_of(task);
#endif
#ifdef USE_MNTNS
	facts->mntns = mount_namespace(task);
#endif
#ifdef USE_PIDNS
	facts->pidns = pid_namespace(task);
#endif
#if defined(USE_UTS) || defined(USE_UTS_PATTERNS)
	read_host_name(task, facts->uts);
#endif
	return facts;
}

/* Return the facts of an event of the current task; NULL if its process is not traced. */
static __always_inline struct facts *read_process(struct task_struct *task)
{
	struct facts *facts = read_facts(task);
	if (!facts)
		return NULL;
	u32 state = read_process_state(facts);
	if (state == INCOMPLETE)
		count(COUNTER_UNKNOWN);
	return state >= INCOMPLETE ? facts : NULL;
}

#ifdef USE_FOLLOW
/* Of the scopes that accept the current task, those with follow= set (rule 13) follow what it forks
 * or executes. */
static __always_inline u64 following(u64 accepted)
{
	return trace_start() ? accepted & FOLLOW_SCOPES : 0;
}
#endif

static __always_inline void inherit_descent(u32 parent_pid, u32 child_pid,
					    struct task_struct *child)
{
#ifdef USE_TREE
	struct descent inherited = {.parent = parent_pid, .incomplete = true};
	struct descent *parent = descents.lookup(&parent_pid);
	if (parent) /* as for the first ancestor without an element; later masks are merged */
		inherited = *parent;
	inherited.start_time = READ(child, start_boottime);
	merge_descent(&inherited.masks, child_pid);
	if (descents.update(&child_pid, &inherited) < 0)
		count(COUNTER_UNTRACKED);
#endif
}

static __always_inline void inherit_binary(u32 parent_pid, u32 child_pid, struct task_struct *child)
{
#ifdef TRACK_PROCESSES
	struct process *parent = processes.lookup(&parent_pid);
	if (!parent)
		return;
	struct process inherited = *parent;
	inherited.start_time = READ(child, start_boottime);
#ifdef USE_FOLLOW
	struct facts *facts = read_facts(current_task());
	if (facts) {
		read_process_state(facts);
		inherited.followed |= following(match_facts(facts));
	}
#endif
	if (processes.update(&child_pid, &inherited) < 0)
		count(COUNTER_UNTRACKED);
#endif
}

/* A new process inherits the state of its parent; a new thread shares that of its process. */
static __always_inline void inherit_process(struct task_struct *parent, struct task_struct *child)
{
	u32 parent_pid = READ(parent, tgid), child_pid = READ(child, tgid);
	if (child_pid == parent_pid)
		return;
#ifdef COMMAND_ONLY
	if (!processes.lookup(&parent_pid))
		return;
#endif
	inherit_descent(parent_pid, child_pid, child);
	inherit_binary(parent_pid, child_pid, child);
}

/* A task is freed. The state of a process ends with its leader, the last task to be freed: when a
 * task exits, other tasks of the process may still report their exits. This comes after a grace
 * period, when the tgid may belong to a new process; and a leader that an exec of another thread
 * replaced is not one any more. */
static __always_inline void delete_process(struct task_struct *task)
{
	u32 pid = READ(task, tgid);
	u64 time = READ(task, start_boottime);
	if (READ(task, group_leader) != task)
		return;
#ifdef TRACK_PROCESSES
	struct process *process = processes.lookup(&pid);
	if (process && (!process->start_time || process->start_time == time))
		processes.delete(&pid);
#endif
#ifdef USE_TREE
	struct descent *descent = descents.lookup(&pid);
	if (descent && (!descent->start_time || descent->start_time == time))
		descents.delete(&pid);
#endif
}

#ifdef USE_BINARY
/* Match the executed file, whose path was built last. */
static __always_inline u64 accept_executed(const struct path_buffer *path)
{
	u32 zero = 0;
	struct binary *binary = binary_scratch.lookup(&zero);
	if (!binary)
		return BINARY_WITHOUT_EQUAL;
	u64 start = within(path->start, PATH_MAX - 1);
	u64 length = within(PATH_MAX - 1 - start, PATH_MAX - 1);
	binary->mntns = mount_namespace(current_task());
	__builtin_memset(binary->path, 0, sizeof(binary->path));
	if (start && length < sizeof(binary->path))
		read_kernel(binary->path, length, &path->text[start]);
	return accept_binary(binary);
}
#endif

/* Replace the state that fork handed down, but for followers and descent. Return the scopes that
 * accept the process now. */
static __always_inline u64 update_process_at_exec(struct facts *facts,
						  const struct path_buffer *path)
{
	u64 mask;
#ifdef USE_BINARY
	facts->binary = accept_executed(path);
#endif
	mask = match_facts(facts);
#ifdef TRACK_PROCESSES
	struct process process = {.binary = facts->binary, .followed = facts->followed};
	struct process *old = processes.lookup(&facts->pid);
	if (old)
		process.start_time = old->start_time;
#ifdef USE_FOLLOW
	process.followed |= following(mask);
#endif
	if (processes.update(&facts->pid, &process) < 0)
		count(COUNTER_UNTRACKED);
#endif
	return mask;
}
