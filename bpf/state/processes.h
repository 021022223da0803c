/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/* What is known of a process for as long as it lives: set at exec, inherited at fork. */
#pragma once
#include "state/start_time.h"
#include "match/filters.h"
#include "lib/path.h"
#include "lib/records.h"

#if defined(USE_BINARY) || defined(USE_FOLLOW) || defined(COMMAND_ONLY)
#define TRACK_PROCESSES
#ifdef COMMAND_ONLY
/* A process that is not in it is not ours: none may be pushed out. */
BPF_HASH(processes, u32, struct process, PROCESSES);
#else
BPF_TABLE("lru_hash", u32, struct process, processes, PROCESSES);
#endif
#endif

#ifdef USE_BINARY
BPF_PERCPU_ARRAY(binary_scratch, struct binary, 1);
#define BINARY_UNKNOWN BINARY_UNASKED
#else
#define BINARY_UNKNOWN ~0ULL
#endif

#ifdef USE_TREE
BPF_TABLE("lru_hash", u32, struct descent, descents, PROCESSES);
#endif

/* How much is known of a process. */
enum process_state {
	NOT_TRACED, /* only a COMMAND and what it starts is traced, and this is neither */
	BEFORE_EXEC, /* our COMMAND before its exec: still our own code */
	INCOMPLETE,   /* its facts were pushed out by those of others, or never learnt */
	COMPLETE,
};

/* Fill in what is known of the process. */
static __always_inline u32 read_process_state(struct facts *facts)
{
	u32 known = COMPLETE;
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
		known = INCOMPLETE;
#endif
#endif
#ifdef USE_TREE
	struct descent *descent = descents.lookup(&facts->pid);
	struct verdict all = NO_DESCENT;
	if (descent)
		join_verdict(&all, &descent->joined);
	facts->descent = accept_verdict(&all);
	if (!descent || descent->incomplete)
		known = INCOMPLETE;
#endif
#ifdef COMMAND_ONLY
	if (process->before_exec)
		known = BEFORE_EXEC;
#endif
	return known;
}

/* Whether a process began after tracing did. Our COMMAND did, by its exec, and so what it
 * starts. An exec by another thread keeps the time of the leader that it replaces. */
static __always_inline bool started_after_trace(struct task_struct *task)
{
#ifdef COMMAND_ONLY
	return true;
#else
	u64 time = trace_start();
	return time && FIELD(FIELD(task, group_leader), start_boottime) > time;
#endif
}

/* The facts lie in a map: of what lies on the stack the verifier tells known values from unknown
 * ones, and would go through all that follows once for each mix. */
BPF_PERCPU_ARRAY(facts_scratch, struct facts, 1);

/* Return the facts of the current task, but for those of its process. */
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

/* Return the facts of an event of the current task; NULL if it is not to be judged. */
static __always_inline struct facts *read_process(struct task_struct *task)
{
	struct facts *facts = read_facts(task);
	if (!facts)
		return NULL;
	u32 known = read_process_state(facts);
	if (known == INCOMPLETE)
		count(COUNTER_UNKNOWN);
	return known >= INCOMPLETE ? facts : NULL;
}

#ifdef USE_FOLLOW
/* Of the scopes that accept the current task, those that follow what it forks or executes
 * (rule 13): their filters on the process hold now, or they follow it already. */
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
	struct descent *known = descents.lookup(&parent_pid);
	if (known) /* with the parent of the first one that was not known: the rest is joined */
		inherited = *known;
	inherited.start_time = READ(child, start_boottime);
	join_descent(&inherited.joined, child_pid);
	if (descents.update(&child_pid, &inherited) < 0)
		count(COUNTER_UNTRACKED);
#endif
}

static __always_inline void inherit_binary(u32 parent_pid, u32 child_pid,
					    struct task_struct *child)
{
#ifdef TRACK_PROCESSES
	struct process *known = processes.lookup(&parent_pid);
	if (!known)
		return;
	struct process inherited = *known;
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

/* A new process is what its parent is; a new thread (same process id) changes nothing. */
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

/* A task is no more. Its process ends with the leader, the last of its tasks to go: at the exit
 * of a task others of the process may still have theirs to report. The id may be another's
 * already (this comes after a grace period); and a leader that was replaced by an exec of
 * another thread is none any more. */
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
/* Judge the program that a process begins to run, by the path that was just built. */
static __always_inline u64 accept_executed(const struct path_buffer *path)
{
	u32 zero = 0;
	struct binary *binary = binary_scratch.lookup(&zero);
	if (!binary)
		return BINARY_UNASKED;
	u64 start = within(path->start, PATH_MAX - 1);
	u64 length = within(PATH_MAX - 1 - start, PATH_MAX - 1);
	binary->mntns = mount_namespace(current_task());
	__builtin_memset(binary->path, 0, sizeof(binary->path));
	if (start && length < sizeof(binary->path))
		read_kernel(binary->path, length, &path->text[start]);
	return accept_binary(binary);
}
#endif

/* A process has begun to run a program: what fork handed down counts no more, but for who
 * follows it and what it descends from. Return the scopes that accept it now. */
static __always_inline u64 update_process_at_exec(struct facts *facts, const struct path_buffer *path)
{
	u64 mask;
#ifdef USE_BINARY
	facts->binary = accept_executed(path);
#endif
	mask = match_facts(facts);
#ifdef TRACK_PROCESSES
	struct process now = {.binary = facts->binary, .followed = facts->followed};
	struct process *known = processes.lookup(&facts->pid);
	if (known)
		now.start_time = known->start_time;
#ifdef USE_FOLLOW
	now.followed |= following(mask);
#endif
	if (processes.update(&facts->pid, &now) < 0)
		count(COUNTER_UNTRACKED);
#endif
	return mask;
}
