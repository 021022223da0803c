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
BPF_HASH(processes, u64, struct process, PROCESSES); /* by process_key() */
#else
BPF_TABLE("lru_hash", u64, struct process, processes, PROCESSES);
#endif
#endif

#ifdef USE_BINARY
BPF_PERCPU_ARRAY(binary_scratch, struct binary, 1);
#define BINARY_UNKNOWN BINARY_WITHOUT_EQUAL
#else
#define BINARY_UNKNOWN ~0ULL
#endif

#ifdef USE_TREE
BPF_TABLE("lru_hash", u64, struct tree_state, tree_states, PROCESSES); /* by process_key() */
#endif

#if defined(TRACK_PROCESSES) || defined(USE_TREE)
/* The start time (start_boottime) from which on a process has a key of its own. */
BPF_ARRAY(unique_keys_since, u64, 1);

/* Return the key of the state of a process. Its tgid alone does not identify it: a new process may
 * get the tgid before the old task is freed, which deletes the state of the old process, and no
 * helper compares and deletes in one step. The start time above the tgid does: it recurs after
 * 2^42 ns, which is 73 minutes, at the very ns.
 *
 * User space seeds processes by their tgid, as /proc has no exact start time, and sets
 * unique_keys_since once that is done. Until then the tgid is the key, and nothing is deleted. */
static __always_inline u64 process_key(u32 pid, u64 start_time)
{
	u32 zero = 0;
	u64 *since = unique_keys_since.lookup(&zero);
	if (!since)
		return pid;
	u64 later = (s64)(*since - start_time) >> 63; /* all bits or none, without a branch */
	return pid | (start_time << PID_BITS & later);
}

static __always_inline u64 current_key(u32 pid)
{
	return process_key(pid, FIELD(FIELD(current_task(), group_leader), start_boottime));
}

static __always_inline u64 key_of(struct task_struct *task)
{
	return process_key(READ(task, tgid), READ(READ(task, group_leader), start_boottime));
}
#endif

/* Whether the process of an event is traced, and whether all facts about it are known. In this
 * order: events are reported from INCOMPLETE on; of BEFORE_EXEC, only those of kernel functions
 * within the exec (read_hooked()). */
enum traced {
	NOT_TRACED,  /* only a COMMAND and its descendants are traced */
	BEFORE_EXEC, /* the COMMAND's process before its exec, still running the tracer's code */
	INCOMPLETE,  /* its element was evicted, never added, or lacks masks of ancestors */
	COMPLETE,
};

/* Fill the facts that the maps of processes have; return an enum traced. */
static __always_inline u32 read_process_state(struct facts *facts)
{
	u32 traced = COMPLETE;
	facts->binary_accepts = BINARY_UNKNOWN;
	facts->followed = 0;
#if defined(TRACK_PROCESSES) || defined(USE_TREE)
	u64 key = current_key(facts->pid);
#endif
#ifdef TRACK_PROCESSES
	struct process *process = processes.lookup(&key);
	if (process) {
		facts->binary_accepts = process->binary_accepts;
		facts->followed = process->followed;
	}
#ifdef COMMAND_ONLY
	if (!process)
		return NOT_TRACED;
#else
	if (!process)
		traced = INCOMPLETE;
#endif
#endif
#ifdef USE_TREE
	struct tree_state *tree = tree_states.lookup(&key);
	struct scope_masks all = NO_TREE_VALUE;
	if (tree)
		merge_masks(&all, &tree->masks);
	facts->tree_accepts = accept_masks(&all);
	if (!tree || tree->incomplete)
		traced = INCOMPLETE;
#endif
#ifdef COMMAND_ONLY
	if (process->before_exec)
		traced = BEFORE_EXEC;
#endif
	return traced;
}

/* With a COMMAND, all traced processes count as started after tracing began (rule 9): the command
 * itself because its exec comes after that. An exec by another thread than the leader keeps the
 * start time of the leader. */
static __always_inline bool started_after_trace(struct task_struct *task)
{
#ifdef COMMAND_ONLY
	return true;
#else
	u64 time = trace_start();
	return time && FIELD(FIELD(task, group_leader), start_boottime) > time;
#endif
}

/* Not on the stack: there the verifier would explore each combination of conditionally set fields
 * separately. */
BPF_PERCPU_ARRAY(facts_scratch, struct facts, LEVEL_COUNT);

/* Return the facts of the current task without those of read_process_state(). */
static __always_inline struct facts *read_facts_at(u32 level, struct task_struct *task)
{
	struct facts *facts = facts_scratch.lookup(&level);
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
	facts->container_accepts = accept_container_of(task);
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

static __always_inline struct facts *read_facts(struct task_struct *task)
{
	return read_facts_at(LEVEL_TASK, task);
}

/* Return the facts of an event of the current task; NULL if its process is not traced, or is the
 * COMMAND's before its exec. */
static __always_inline struct facts *read_process(struct task_struct *task)
{
	struct facts *facts = read_facts(task);
	if (!facts)
		return NULL;
	u32 traced = read_process_state(facts);
	if (traced == INCOMPLETE)
		count(COUNTER_UNKNOWN);
	return traced >= INCOMPLETE ? facts : NULL;
}

#ifdef USE_FOLLOW
/* Of the scopes that accept the current task, return those with the filter `follow` (rule 13): they
 * follow the processes that it forks, or itself after an exec. None before the start of tracing. */
static __always_inline u64 following(u64 accepted)
{
	return trace_start() ? accepted & FOLLOW_SCOPES : 0;
}
#endif

/* The child has the masks of its ancestors, and its own. Without an element of the parent it is
 * incomplete: before tracing starts, user space adds the masks of the ancestors
 * (kernel/seed/processes.py); later it stays so. */
static __always_inline void inherit_tree_state(struct task_struct *parent, struct task_struct *child)
{
#ifdef USE_TREE
	u64 parent_key = key_of(parent), child_key = key_of(child);
	struct tree_state inherited = {.parent = READ(parent, tgid), .incomplete = true};
	struct tree_state *state = tree_states.lookup(&parent_key);
	if (state) /* if incomplete, its .parent is still the ancestor without an element */
		inherited = *state;
	merge_tree_masks(&inherited.masks, READ(child, tgid));
	if (tree_states.update(&child_key, &inherited) < 0)
		count(COUNTER_UNTRACKED);
#endif
}

/* The child has the executed file and the following scopes of its parent; the scopes with `follow`
 * that match the parent now follow the child, too. Without an element of the parent the child has
 * none: an older process with its tgid may have left one. */
static __always_inline void inherit_process_state(struct task_struct *parent,
						  struct task_struct *child)
{
#ifdef TRACK_PROCESSES
	u64 parent_key = key_of(parent), child_key = key_of(child);
	struct process *state = processes.lookup(&parent_key);
	if (!state) {
		processes.delete(&child_key);
		return;
	}
	struct process inherited = *state;
#ifdef USE_FOLLOW
	struct facts *facts = read_facts(current_task());
	if (facts) {
		read_process_state(facts);
		inherited.followed |= following(match_facts(facts));
	}
#endif
	if (processes.update(&child_key, &inherited) < 0)
		count(COUNTER_UNTRACKED);
#endif
}

/* A new process inherits the state of its parent; a new thread shares that of its process. */
static __always_inline void inherit_process(struct task_struct *parent, struct task_struct *child)
{
	if (READ(child, tgid) == READ(parent, tgid))
		return;
#ifdef COMMAND_ONLY
	u64 parent_key = key_of(parent), child_key = key_of(child);
	if (!processes.lookup(&parent_key)) {
		processes.delete(&child_key);
		return;
	}
#endif
	inherit_tree_state(parent, child);
	inherit_process_state(parent, child);
}

/* Called when a task is freed, not when it exits: other tasks of the process may still report their
 * exits then. The leader is the last task of a process to be freed. */
static __always_inline void delete_process(struct task_struct *task)
{
#if defined(TRACK_PROCESSES) || defined(USE_TREE)
	/* A thread, or a former leader that another thread's exec replaced: the process goes on. */
	if (READ(task, group_leader) != task)
		return;
	u64 key = key_of(task);
	if (!(key >> PID_BITS)) /* a new process may have it */
		return;
#ifdef TRACK_PROCESSES
	processes.delete(&key);
#endif
#ifdef USE_TREE
	tree_states.delete(&key);
#endif
#endif
}

#ifdef USE_BINARY
/* Return the scopes that accept the executed file; build_path() built its path in `path`, with
 * `start` 0 if it failed. */
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

/* Replace the executed file of the process. Inherited `followed` and the tree state stay, and
 * `before_exec` ends. Return the scopes that accept the process now. */
static __always_inline u64 update_process_at_exec(struct facts *facts,
						  const struct path_buffer *path)
{
	u64 mask;
#ifdef USE_BINARY
	facts->binary_accepts = accept_executed(path);
#endif
	mask = match_facts(facts);
#ifdef TRACK_PROCESSES
	struct process process = {
		.binary_accepts = facts->binary_accepts,
		.followed = facts->followed,
	};
	u64 key = current_key(facts->pid);
#ifdef USE_FOLLOW
	process.followed |= following(mask);
#endif
	if (processes.update(&key, &process) < 0)
		count(COUNTER_UNTRACKED);
#endif
	return mask;
}
